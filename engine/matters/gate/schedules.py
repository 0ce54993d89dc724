"""schedules, and timer start events: what begins by itself can begin, and its form gets what it asks for."""

from __future__ import annotations

from engine import feel
from engine.feel.table import BUILT_INS
from engine.findings import meant
from engine.matters.gate import each, shapes
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.gate.shapes import LEAF, TEMPORAL, Shape
from engine.matters.nouns import Declared
from engine.matters.nouns.schedules import MATTER, UNITS, Schedule, unreadable
from engine.matters.package import SHARED
from engine.matters.plans import TimerStart, timer_starts
from engine.process.language import model as m

_UNIT = Shape(dict.fromkeys(("code", "name", "kind"), LEAF))
#: What the answers of a schedule may read.
READS: dict[str, Shape] = {
    "run": Shape({"due": TEMPORAL, "period": Shape({"from": TEMPORAL, "until": TEMPORAL}), "unit": _UNIT}),
    "unit": _UNIT,
}
_BUILT_IN = frozenset(BUILT_INS)


def check(reading: Reading) -> None:
    timed = {one.process.id: one for one in timer_starts(reading.diagrams.values())}
    processes = {p.id: p for d in reading.diagrams.values() for p in d.executable()}
    declared = reading.declared("schedules")
    for one in declared.values():
        what = one.what
        assert isinstance(what, Schedule)
        if f"/{SHARED}/" in one.file:
            reading.of_noun(
                one,
                "schedule-shared",
                f"定期“{one.name}”写在共用文件里，几个事项都会开始它。请写进开始它的那个事项的 matter.yaml。",
                f'The schedule "{one.name}" stands in a shared file: several matters would begin it. Move it into the '
                "matter.yaml of the one that does.",
            )
        if what.starts != MATTER and reading.diagrams and what.starts not in processes:
            zh, en = meant(what.starts, [MATTER, *processes], 40)
            reading.of_noun(
                one,
                "schedule-starts",
                f"定期“{one.name}”要开始“{what.starts}”，流程图里没有这个流程。{zh}",
                f'The schedule "{one.name}" starts "{what.starts}", no process of the diagrams. {en}',
                "starts",
            )
            continue
        _when(reading, one, what, timed.get(what.starts))
        if what.starts in processes and not _begins(processes[what.starts]):
            reading.of_noun(
                one,
                "schedule-starts",
                f"流程“{what.starts}”只能由消息或信号开始。请给它一个普通的启动事件，或定时启动事件。",
                f'The process "{what.starts}" begins by a message or signal only. Give it a plain start event, or a '
                "timer start event.",
                "starts",
            )
        _units(reading, one, what)
        _answers(reading, one, what)
    each.check(reading)
    for drawn in timed.values():
        _drawn(reading, drawn, [one for one in declared.values() if _starts(one) == drawn.process.id])


def _starts(one: Declared) -> str:
    assert isinstance(one.what, Schedule)
    return one.what.starts


def _begins(process: m.Process) -> bool:
    return any(n.event_kind in ("none", "timer") for n in process.starts())


def _when(reading: Reading, one: Declared, what: Schedule, drawn: TimerStart | None) -> None:
    if not what.every and drawn is None:
        reading.of_noun(
            one,
            "schedule-when",
            f"定期“{one.name}”没有说多久一次。请写 every，例如“每月5日 08:00”，或给流程一个定时启动事件。",
            f'The schedule "{one.name}" does not say how often. Write every, such as "month on day 5 at 08:00", or '
            "give the process a timer start event.",
        )
    elif what.every and drawn is not None:
        reading.of_noun(
            one,
            "schedule-twice",
            f"“{what.starts}”的定时启动事件“{drawn.node.name or drawn.node.id}”已经说了多久一次，every "
            "又说一次。请删去一个。",
            f'The timer start event "{drawn.node.name or drawn.node.id}" of "{what.starts}" says how often, and every '
            "says it again. Remove one of them.",
            "every",
        )


def _drawn(reading: Reading, drawn: TimerStart, named: list[Declared]) -> None:
    node = drawn.node
    if drawn.rule is not None:
        if len(named) > 1:
            reading.say(
                drawn.file,
                node,
                "schedule-twice",
                f"说了多久一次，而 {'、'.join(one.name for one in named)} 都要按它开始。请留一个，或在各自的 "
                "every 里写。",
                f"says how often, and {', '.join(one.name for one in named)} all follow it. Keep one, or write every "
                "in each.",
            )
        return
    said = node.definitions[0].text.strip() if len(node.definitions) == 1 else ""
    zh, en = unreadable(said)
    reading.say(
        drawn.file,
        node,
        "schedule-when",
        "是定时启动事件，但看不出什么时候开始：这里还没有办件，不能用 FEEL、时长或 cron，也不能同时等别的。请写日期 "
        f"2026-12-01T08:00，或周期 R/2026-01-05T08:00/P1M。周期也可以用人话写：{zh.partition('请写：')[2]}",
        "is a timer start event, but nobody can tell when: there is no case yet, so FEEL, a duration, cron or another "
        f"trigger beside it mean nothing. Write a date 2026-12-01T08:00 or a cycle R/2026-01-05T08:00/P1M. {en}",
    )


def _units(reading: Reading, one: Declared, what: Schedule) -> None:
    county = reading.county
    if county is not None and not any(county.of_kind(kind) for kind in UNITS[what.for_]):
        reading.of_noun(
            one,
            "schedule-for-nobody",
            f"定期“{one.name}”要给每个 {what.for_} 各开始一次，县的清单里一个也没有。",
            f'The schedule "{one.name}" begins for each {what.for_}, and the county has none.',
            "for",
            severity="warning",
        )


def _answers(reading: Reading, one: Declared, what: Schedule) -> None:
    form = reading.application if what.starts == MATTER else None
    paths = paths_of(form.form) if form is not None else ()
    for path, text in what.answers.items():
        if form is not None and path not in paths:
            zh, en = meant(path, paths, 60)
            reading.of_noun(
                one,
                "schedule-answer",
                f"定期“{one.name}”要填“{path}”，申请表单没有这个字段。{zh}",
                f'The schedule "{one.name}" fills "{path}", but the application form has no such field. {en}',
                "answers",
                path,
            )
        if not text.strip().startswith("="):
            continue
        try:
            body = feel.compile(text.strip()[1:]).tree
        except feel.FeelError as problem:
            reading.of_noun(
                one,
                "schedule-answer",
                f"“{path}”的 FEEL 读不懂：{problem.zh}",
                f'The FEEL of "{path}" cannot be read: {problem.en}',
                "answers",
                path,
            )
            continue
        for read in shapes.unknown(body, READS, _BUILT_IN):
            zh, en = meant(read.name, read.known)
            reading.of_noun(
                one,
                "schedule-answer",
                f"“{path}”读取“{read.path}”，定期开始时没有它，只有 run.due、run.period.from、"
                f"run.period.until 和 unit。{zh}",
                f'"{path}" reads "{read.path}", which is not there when it begins: only run.due, run.period.from, '
                f"run.period.until and unit. {en}",
                "answers",
                path,
            )
    if form is None:
        return
    for asked in form.form.fields:
        given = [path for path in what.answers if path == asked.key or path.startswith(f"{asked.key}.")]
        if asked.validation.get("required") is True and not asked.hide and not given:
            reading.of_noun(
                one,
                "schedule-answer",
                f"申请表单必填「{asked.label}」（{asked.key}），定期“{one.name}”没有填，开始不了。请在 answers 里写。",
                f'The form requires "{asked.label}" ({asked.key}), which the schedule "{one.name}" does not fill: it '
                "could not begin. Write it in answers.",
                "answers",
            )
