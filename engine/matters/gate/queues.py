"""queues: the hall, the units that call, the matters and the decision must exist; an effect names a line there is."""

from __future__ import annotations

from engine.findings import meant
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared
from engine.matters.nouns.queues import Queue
from engine.process.language import model as m

#: What a decision about classes may ask for.
INPUTS = ("needs", "age", "matter", "booked")


def check(reading: Reading) -> None:
    for one in reading.declared("queues").values():
        queue = one.what
        assert isinstance(queue, Queue)
        _places(reading, one, queue)
        _matters(reading, one, queue)
        _examples(reading, one, queue)
        if queue.decision:
            _decision(reading, one, queue)
    if reading.info is None:  # what it declares is not known while matter.yaml cannot be read
        return
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        if node.extension.task_type == "take-ticket":
            _effect(reading, file, node)


def _places(reading: Reading, one: Declared, queue: Queue) -> None:
    county = reading.county
    if county is None:
        return
    there = county.halls.get(queue.at)
    if there is None:
        like = meant(queue.at, county.halls, 40)
        zh = f"县的清单里没有大厅“{queue.at}”。{like[0]}"
        reading.of_noun(one, "queue-hall", zh, f"The county has no hall {queue.at!r}. {like[1]}", "at")
        return
    for n, code in enumerate(queue.windows):
        unit = county.by_code.get(code)
        if unit is None:
            like = meant(code, county.by_code, 40)
            zh = f"没有单位“{code}”。{like[0]}"
            reading.of_noun(one, "queue-window", zh, f"There is no unit {code!r}. {like[1]}", "windows", n)
        elif unit.code not in there:
            whose = unit.name or unit.code
            zh = f"{whose} 在大厅“{queue.at}”没有窗口，这个队没有人叫。请换单位，或在县的清单里给它窗口。"
            en = f"{unit.code} has no window in the hall {queue.at!r}: name another unit, or give it a window there."
            reading.of_noun(one, "queue-window", zh, en, "windows", n)


def _matters(reading: Reading, one: Declared, queue: Queue) -> None:
    there = reading.house.matters
    for n, name in enumerate(queue.matters):
        if there is not None and name not in there and name != reading.name:
            like = meant(name, there, 40)
            zh = f"没有事项“{name}”。{like[0]}"
            reading.of_noun(one, "queue-matter", zh, f"There is no matter {name!r}. {like[1]}", "matters", n)
        elif name == reading.name and reading.info is not None and "counter" not in reading.info.apply.channels:
            zh = f"“{name}”不能在窗口办（apply.channels 没有 counter），取号没有用。请加上 counter，或从这里删去。"
            en = f"{name!r} is not taken in at a counter (apply.channels): add counter there, or remove it here."
            reading.of_noun(one, "queue-matter", zh, en, "matters", n)


def _examples(reading: Reading, one: Declared, queue: Queue) -> None:
    """What the designer says must be so, played by the order that is declared."""
    for n, example in enumerate(queue.examples):
        found = example.found(queue.order)
        if found != example.next:
            zh = f"第 {n + 1} 个举例：{example.now} 下一个应当是“{example.next}”，照现在的写法叫的是“{found}”。"
            en = f"Example {n + 1}: at {example.now} {example.next!r} should be next, but this order calls {found!r}."
            reading.of_noun(one, "queue-example", zh, en, "examples", n)


def _decision(reading: Reading, one: Declared, queue: Queue) -> None:
    model = reading.models.get(queue.decision)
    if model is None:
        like = meant(queue.decision, reading.models, 40)
        zh = f"没有决策表“{queue.decision}”。{like[0]}"
        reading.of_noun(one, "queue-decision", zh, f"There is no decision {queue.decision!r}. {like[1]}", "decision")
        return
    for want in model.wants(queue.decision):
        if want.name not in INPUTS:
            like = meant(want.name, INPUTS, 40)
            zh = f"决策表“{queue.decision}”要用“{want.name}”，取号时没有这一项。{like[0]}"
            en = f"The decision {queue.decision!r} needs {want.name!r}, which a ticket does not have. {like[1]}"
            reading.of_noun(one, "queue-decision", zh, en, "decision")


def _effect(reading: Reading, file: str, node: m.Node) -> None:
    name = dict(node.extension.headers).get("queue", "")
    known = reading.declared("queues")
    if name and name not in known:
        like = meant(name, known, 40)
        zh = f"的队“{name}”没有声明。请写在 queues 里，或用 uses 引用。{like[0]}"
        reading.say(file, node, "queue-unknown", zh, f'names the line "{name}", which is not declared. {like[1]}')
