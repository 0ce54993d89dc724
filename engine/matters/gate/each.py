"""sum-up and for-each: the registers, fields, processes and forms they name exist, and `each` reads what is there."""

from __future__ import annotations

from collections.abc import Iterable

from engine import feel
from engine.feel import tree
from engine.feel.table import BUILT_INS
from engine.findings import meant
from engine.matters.gate import shapes
from engine.matters.gate.reading import Reading
from engine.matters.gate.shapes import LEAF, OPEN, Shape
from engine.matters.nouns.registers import Register
from engine.process.language import model as m

_BUILT_IN = frozenset(BUILT_INS)
#: What a group may be told from, beside the fields of its register.
LEVELS = ("town", "village", "unit")
#: … and groups of bookings (engine.reads.statements).
BOOKED_BY = ("offer", "person", *LEVELS, "month", "day", "state", "chosen", "round")


def check(reading: Reading) -> None:
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        if node.extension.task_type == "sum-up":
            _sum(reading, file, node)
        elif node.extension.task_type == "for-each":
            _each(reading, file, node)


def _header(node: m.Node, key: str) -> str:
    return (node.extension.header(key) or "").strip()


def _given(node: m.Node) -> dict[str, str]:
    return {io.target.split(".")[0]: io.source for io in node.extension.inputs}


def _register(reading: Reading, file: str, node: m.Node, rule: str, key: str = "register") -> Register | None:
    name = _header(node, key)
    one = reading.declared("registers").get(name)
    if one is None:
        zh, en = meant(name, reading.declared("registers"), 40)
        reading.say(
            file,
            node,
            rule,
            f"的 {key} 是“{name}”，事项没有声明这个台账。{zh}",
            f'has "{name}" as its {key}, a register the matter does not declare. {en}',
        )
        return None
    assert isinstance(one.what, Register)
    return one.what


def _one_of(reading: Reading, file: str, node: m.Node, rule: str, key: str, known: Iterable[str]) -> None:
    value, words = _header(node, key), list(known)
    if value and value not in words:
        zh, en = meant(value, words, 40)
        reading.say(
            file,
            node,
            rule,
            f"的 {key} 是“{value}”，没有这一项。{zh}",
            f'has "{value}" as its {key}; there is no such thing. {en}',
        )


def _whole(reading: Reading, file: str, node: m.Node, rule: str, key: str, most: int) -> None:
    value = _header(node, key)
    if value and not (value.isascii() and value.isdigit() and int(value) <= most and str(int(value)) == value):
        reading.say(
            file,
            node,
            rule,
            f"的 {key} 是“{value}”，应为 0 到 {most} 的整数。",
            f'has "{value}" as its {key}; write a whole number from 0 to {most}.',
        )


def _sum(reading: Reading, file: str, node: m.Node) -> None:
    rule = "sum-up"
    if sum(bool(_header(node, key)) for key in ("register", "cases", "offer", "orders")) != 1:
        reading.say(
            file,
            node,
            rule,
            "要汇总什么？请写 register（台账）、cases（办件）、orders（工单）或 offer（预订），只写一个。",
            "sums up what? Write register, cases, orders or offer, one of them.",
        )
        return
    _whole(reading, file, node, rule, "least", 1000)
    if _header(node, "offer"):
        _one_of(reading, file, node, rule, "offer", ["all", *reading.declared("offers")])
        _one_of(reading, file, node, rule, "by", BOOKED_BY)
        if _header(node, "value"):
            reading.say(
                file,
                node,
                rule,
                "汇总预订，加的总是价钱和各份，不用写 value。",
                "adds up the price of bookings and its parts: remove value.",
            )
        return
    if _header(node, "orders"):
        _orders(reading, file, node)
        return
    if _header(node, "cases"):
        if _header(node, "value"):
            reading.say(
                file,
                node,
                rule,
                "汇总办件只计件数，不用写 value。",
                "counts cases, which have no field to add up: remove value.",
            )
        _one_of(reading, file, node, rule, "by", [*LEVELS, "matter"])
        return
    register = _register(reading, file, node, rule)
    if register is None:
        return
    numbers = [name for name, field in register.fields.items() if field.type == "number"]
    _one_of(reading, file, node, rule, "value", numbers)
    plain = [
        name
        for name, field in register.fields.items()
        if field.type in ("text", "choice", "list", "boolean", "number", "date") and field.kind == "plain"
    ]
    _one_of(reading, file, node, rule, "by", [*plain, *LEVELS, "state", "month"])


def _orders(reading: Reading, file: str, node: m.Node) -> None:
    """The month is told by `from`; what is counted and how many are too few is the county's rule, not a matter's."""
    _one_of(reading, file, node, "sum-up", "by", LEVELS)
    for key in ("value", "least"):
        if _header(node, key):
            zh, en = f"汇总工单，怎样数是定好的，不用写 {key}。", f"counts orders by the county's rule: remove {key}."
            reading.say(file, node, "sum-up", zh, en)
    if "from" not in _given(node):
        zh, en = (
            "汇总工单，请用输入 from 写是哪个月的哪一天。",
            "counts the orders of which month? Give a day of it as from.",
        )
        reading.say(file, node, "sum-up", zh, en)


def _each(reading: Reading, file: str, node: m.Node) -> None:
    rule, given = "for-each", _given(node)
    if bool(_header(node, "register")) == ("items" in given):
        reading.say(
            file,
            node,
            rule,
            "要逐条办理什么？请写 register（台账），或者用输入 items 给一列，只写一个。",
            "goes through what? Write register, or give items by an input mapping, one of them.",
        )
    register = _register(reading, file, node, rule) if _header(node, "register") else None
    into = [key for key in ("matter", "process", "record") if _header(node, key)]
    if len(into) != 1:
        reading.say(
            file,
            node,
            rule,
            "每条做什么？请写 matter（开哪个事项）、process（开本事项的哪个流程）或 record（记入哪个台账），只写一个。",
            "does what for each? Write matter, process or record, one of them.",
        )
    processes = [p.id for d in reading.diagrams.values() for p in d.executable() if p.starts("none")]
    _one_of(reading, file, node, rule, "process", processes)
    line = _register(reading, file, node, rule, "record") if _header(node, "record") else None
    _whole(reading, file, node, rule, "digits", 6)
    if bool(_header(node, "share")) != ("total" in given):
        reading.say(
            file,
            node,
            rule,
            "share（按哪项份额分）和输入 total（要分的总数）要写就一起写。",
            "divides a total by shares: give both the header share and the input total, or neither.",
        )
    if register is not None:
        numbers = [name for name, field in register.fields.items() if field.type == "number"]
        _one_of(reading, file, node, rule, "share", numbers)
    _own_names(reading, file, node)
    _said(reading, file, node, line)
    _title(reading, file, node)


def _title(reading: Reading, file: str, node: m.Node) -> None:
    """What each case is called is FEEL over what `each` reads; a line of a register has no title."""
    text = _header(node, "title")
    body = _body(text) if text else None
    if text and (body is None or _header(node, "record")):
        reading.say(
            file,
            node,
            "for-each",
            '的 title 是开出的办件在列表里叫什么，写 FEEL，如 month + "的月结单"；记台账的不写。',
            'has a `title`, which is what the cases it opens are called: FEEL, such as month + "的月结单".',
        )
    for read in shapes.unknown(body, _reads(reading, node), _BUILT_IN) if body is not None else ():
        zh, en = meant(read.name, read.known)
        reading.say(
            file,
            node,
            "for-each",
            f"的 title 读取“{read.path}”，没有它。{zh}",
            f'reads "{read.path}" in its title, which is not there. {en}',
        )


#: What `each` may read of its own, whatever `variables` says (engine.commands.schedules.each).
OWN = {"item": ("这一条", "the item"), "n": ("第几条", "its number"), "amount": ("分到的金额", "its part of total")}


def _own_names(reading: Reading, file: str, node: m.Node) -> None:
    """A variable under the name of one of for-each's own is lost."""
    for name in sorted(_variables(node) & OWN.keys()):
        zh, en = OWN[name]
        reading.say(
            file,
            node,
            "for-each",
            f"的输入 variables 里有“{name}”，它会被逐条办理自己的 {name}（{zh}）盖住，读到的不是它。请换一个名称。",
            f'gives "{name}" in its input variables, but in `each` that is {en}: what you give is never read. '
            "Choose another name.",
        )


def _variables(node: m.Node) -> set[str]:
    """The names that the input `variables` gives."""
    source = _given(node).get("variables", "")
    body = _body(source) if source.startswith("=") else None
    if isinstance(body, tree.ContextOf):
        return set(body.keys)
    return {io.target.split(".")[1] for io in node.extension.inputs if io.target.startswith("variables.")}


def _said(reading: Reading, file: str, node: m.Node, line: Register | None) -> None:
    """`each` is FEEL over what is there, and gives what the form or the register asks for."""
    text = _header(node, "each")
    if not text:
        return
    body = _body(text)
    if body is None:
        reading.say(
            file,
            node,
            "for-each",
            "的 each 不是 FEEL。请写 {字段: item.字段, 金额: amount} 这样的上下文。",
            "has an `each` that is no FEEL. Write a context such as {field: item.field, money: amount}.",
        )
        return
    for read in shapes.unknown(body, _reads(reading, node), _BUILT_IN):
        zh, en = meant(read.name, read.known)
        reading.say(
            file,
            node,
            "for-each",
            f"的 each 读取“{read.path}”，没有它。{zh}",
            f'reads "{read.path}" in its each, which is not there. {en}',
        )
    if not isinstance(body, tree.ContextOf):
        return
    matter = _header(node, "matter")
    form = reading.application if matter in ("", reading.name) and not _header(node, "process") else None
    known = list(line.fields) if line is not None else None
    if known is None and form is not None and not _header(node, "record"):
        known = list(form.form.keys)
    for key in body.keys:
        if known is not None and key not in known:
            zh, en = meant(key, known, 40)
            reading.say(
                file,
                node,
                "for-each",
                f"的 each 给“{key}”，那里没有这一项。{zh}",
                f'gives "{key}" in its each, which nobody asks for there. {en}',
            )


def _body(text: str) -> tree.Node | None:
    try:
        return feel.compile(text.removeprefix("=")).tree
    except feel.FeelError:
        return None


def _reads(reading: Reading, node: m.Node) -> dict[str, Shape]:
    """What `each` may read: the record, its number, its amount, and what variables gives."""
    found: dict[str, Shape] = {"item": OPEN, "n": LEAF, "amount": LEAF}
    one = reading.declared("registers").get(_header(node, "register"))
    if one is not None and isinstance(one.what, Register):
        own = ("id", "version", "name", "key", "state", "valid_until", "since", "place")
        fields = [name for name in one.what.fields if name not in one.what.sensitive]
        found["item"] = Shape({**dict.fromkeys([*own, *fields], OPEN), "person": OPEN})
    found |= {name: OPEN for name in _variables(node) - OWN.keys()}
    return found


def begins(reading: Reading, process: str) -> dict[str, Shape] | None:
    """What a process that a for-each opens has at its beginning; None: none does."""
    found: dict[str, Shape] | None = None
    for _, _, _, node in reading.nodes("serviceTask"):
        if node.extension.task_type != "for-each" or _header(node, "process") != process:
            continue
        body = _body(_header(node, "each")) if _header(node, "each") else None
        given = shapes.of(body, _reads(reading, node)).entries if body is not None else {"item": OPEN, "amount": LEAF}
        found = shapes.all_of([found or {}, given, shapes.of_paths(reading.house.begins)])
    return found
