"""Steps: properties of tasks, effects and their headers, decisions called, limits, exits by time."""

from __future__ import annotations

from collections.abc import Mapping

from engine import deadlines
from engine.deadlines import Before
from engine.feel.table import BUILT_INS
from engine.findings import meant, nearest
from engine.matters import clocks, nodes
from engine.matters.gate import scope, shapes
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.info import InTime
from engine.matters.nouns import matches
from engine.matters.nouns.handovers import Handover
from engine.matters.nouns.offers import heard
from engine.process.language import effects
from engine.process.language import model as m

_BUILT_IN = frozenset(BUILT_INS)
#: Effects that stop or lengthen the case's own clock.
CLOCK_EFFECTS = ("pause-clock", "resume-clock", "extend-clock", "hearing")
#: Words of `clock`.
CLOCKS = ("correction",)
#: Candidates that are somebody outside the hall: a wait for them may last for ever.
OUTSIDE = frozenset({"applicant", "principal"})


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    steps = {node.id: node for _, _, _, node in reading.nodes()}
    for file, _, _, node in reading.nodes():
        _properties(reading, file, node)
        if node.kind in ("serviceTask", "sendTask") or node.extension.task_type:
            _effect(reading, file, node)
        if node.kind == "businessRuleTask":
            _decision(reading, file, node, known)
    _limits(reading, steps)
    _waits(reading)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


def _properties(reading: Reading, file: str, node: m.Node) -> None:
    form = reading.forms.get(node.extension.form or "")

    def say(name: str, value: str, known: object) -> None:
        zh, en = meant(value, known, 40)  # type: ignore[arg-type]
        reading.say(
            file,
            node,
            "property",
            f"的属性 {name} 里的“{value}”不认识。{zh}",
            f'has "{value}" in its property {name}, which is not known. {en}',
        )

    for name, value in node.extension.properties:
        if name not in nodes.PROPERTIES:
            zh, en = meant(name, nodes.PROPERTIES)
            reading.say(
                file,
                node,
                "property-unknown",
                f"的属性“{name}”没有人读。{zh}",
                f'has the property "{name}", which nothing reads. {en}',
            )
            continue
        words = {"operations": nodes.OPERATIONS, "clock": CLOCKS, "batch": ("true", "false")}.get(name)
        if name == "apart":
            words = (*sorted(nodes.APART), *_others(reading, node))
        if words is not None:
            for one in _listed(value):
                if one not in words:
                    say(name, one, words)
        elif name in ("write", "readonly", "hidden") and form is not None:
            paths = paths_of(form.form)
            for one in _listed(value):
                # What the case holds and this form does not show may be kept from it as well.
                if one not in paths and (name != "hidden" or nearest(one, paths) or not _case_has(reading, one)):
                    say(name, one, paths)
        elif name == "shows":
            if not any(
                path.startswith(f"{value.strip()}.") for f in reading.forms.values() for path in paths_of(f.form)
            ):
                say(
                    name,
                    value.strip(),
                    {path.split(".")[0] for f in reading.forms.values() for path in paths_of(f.form)},
                )
        elif name in ("decision", "serves") and form is not None:
            paths = paths_of(form.form)
            if value.strip() not in paths:
                say(name, value.strip(), paths)


def _others(reading: Reading, node: m.Node) -> list[str]:
    """The steps of people beside this one; itself where several do it at once."""
    steps = {one.id for _, _, _, one in reading.nodes() if one.kind == "userTask"}
    return sorted(steps if node.loop is not None else steps - {node.id})


def _case_has(reading: Reading, path: str) -> bool:
    return any(path in paths_of(one.form) for one in reading.forms.values())


def _effect(reading: Reading, file: str, node: m.Node) -> None:
    said = node.extension
    kind = effects.find(said.task_type or "")
    if kind is None:
        if said.task_type and not said.task_type.startswith("="):
            zh, en = meant(said.task_type, effects.TYPES, 40)
            reading.say(
                file,
                node,
                "effect-unknown",
                f"的任务类型“{said.task_type}”不在效果清单里。{zh}",
                f'has the task type "{said.task_type}", which is not in the list of effects. {en}',
            )
        return
    if reading.house.effects is not None and kind.type not in reading.house.effects:
        reading.say(
            file,
            node,
            "effect-without-handler",
            f"的“{kind.zh}”（{kind.type}）还没有人会做，办件会停在这里。请换一种写法。",
            f"asks for {kind.type}, which nothing carries out yet: the case would stay here. Draw it another way.",
        )
    headers = dict(said.headers)
    for key in headers:
        if kind.header(key) is None and key != effects.AWAIT:
            zh, en = meant(key, [h.key for h in kind.headers])
            reading.say(
                file,
                node,
                "header-unknown",
                f"（{kind.zh}）不读参数 {key}。{zh}",
                f'({kind.en}) does not read the header "{key}". {en}',
            )
    if effects.AWAIT in headers and headers[effects.AWAIT] not in ("true", "false"):
        value = headers[effects.AWAIT]
        reading.say(
            file, node, "header-value", f"的 await 是“{value}”，应为 true 或 false。", 'needs true or false as "await".'
        )
    for io in said.inputs:
        name = io.target.split(".")[0]
        if name and kind.argument(name) is None:
            zh, en = meant(name, [a.name for a in kind.arguments])
            reading.say(
                file,
                node,
                "argument-unknown",
                f"（{kind.zh}）不读输入 {name}。{zh}",
                f'({kind.en}) does not read the input "{name}". {en}',
                line=io.line,
            )
    _referred(reading, file, node, kind.type, headers)


def _referred(reading: Reading, file: str, node: m.Node, kind: str, headers: Mapping[str, str]) -> None:
    """Headers that name something outside the diagram."""
    info, house, county = reading.info, reading.house, reading.county

    def say(header: str, what_zh: str, what_en: str, known: object) -> None:
        value = headers[header]
        zh, en = meant(value, known, 60)  # type: ignore[arg-type]
        reading.say(
            file,
            node,
            "header-value",
            f"的 {header} 是“{value}”，没有这个{what_zh}。{zh}",
            f'has "{value}" as its {header}; there is no such {what_en}. {en}',
        )

    if kind in CLOCK_EFFECTS and info is not None:
        _clock(reading, file, node, kind, headers)
    limit = headers.get("limit")
    if limit and kind in ("start-clock", "stop-clock"):
        limits = {r.id for r in deadlines.regimes()}
        if limit not in limits:
            say("limit", "时限", "limit", limits)
    matter = headers.get("matter")
    if matter and house.matters is not None and matter not in house.matters:
        say("matter", "事项", "matter", house.matters)
    source = headers.get("source")
    if source and house.sources is not None and source not in house.sources:
        say("source", "数据源", "source", house.sources)
    unit = headers.get("unit")
    if unit and county is not None and unit not in county.words:
        say("unit", "单位", "unit", county.words)
    resource = headers.get("resource")
    if resource and county is not None and county.resources and resource not in county.resources:
        say("resource", "资源", "resource", county.resources)
    days = headers.get("days")
    if days is not None and not (days.isascii() and days.isdigit() and 0 < int(days) < 1000):
        reading.say(
            file,
            node,
            "header-value",
            f"的 days 是“{days}”，应为 1 到 999 的整数。",
            f'has "{days}" as its days; write a whole number from 1 to 999.',
        )


def _clock(reading: Reading, file: str, node: m.Node, kind: str, headers: Mapping[str, str]) -> None:
    """What the law of the matter's limits never allows is refused here and not to a clerk who can do nothing."""
    assert reading.info is not None
    regime = next((one for one in deadlines.regimes() if one.id == reading.info.limits.regime), None)
    if regime is None:
        return

    def say(zh: str, en: str) -> None:
        reading.say(file, node, "clock-law", zh, en)

    if kind == "extend-clock":
        if regime.extend is None:
            say(f"要延长时限，“{regime.name}”的时限不能延长。", f"extends a clock, which {regime.en} does not allow.")
        return
    if kind == "hearing":
        if regime.hearing is None:
            say(f"要办听证，“{regime.name}”没有听证程序。", f"holds a hearing, which {regime.en} does not know.")
        return
    if regime.pause is None:
        say(f"要停、恢复计时，“{regime.name}”的时限不能暂停。", f"moves a pause, which {regime.en} does not know.")
        return
    named = headers.get("cause", "")
    cause = clocks.LAW.get(named, named)
    if cause and cause not in regime.pause.causes and named in dict(effects.CAUSES):
        known = "、".join(regime.pause.causes.values())
        say(f"的原因是“{named}”，“{regime.name}”只限：{known}。", f"names {named!r}, no cause of {regime.en}.")


def _decision(reading: Reading, file: str, node: m.Node, known: Mapping[str, scope.Known]) -> None:
    said = node.extension
    name = said.decision or ""
    if not name or name.startswith("="):
        return
    model = reading.models.get(name)
    if model is None:
        zh, en = meant(name, reading.models, 40)
        reading.say(
            file,
            node,
            "decision-missing",
            f"的决策“{name}”不存在。{zh}",
            f'calls the decision "{name}", which does not exist. {en}',
        )
        return
    ids = [d.id for d in model.definitions.decisions] + [d.id for d in model.definitions.services]
    if name not in ids and nearest(name, ids):
        zh, en = meant(name, ids, 40)
        reading.say(
            file,
            node,
            "decision-missing",
            f"的决策“{name}”只是名称，它的 id 是另一个。请写 id。{zh}",
            f'calls the decision "{name}" by its name, while its id is another. Write the id. {en}',
        )
    wants = [one.name for one in model.wants(name)]
    given = [io.target.split(".")[0] for io in said.inputs]
    for want in wants:
        everywhere = any(want in one.scope for one in known.values())
        if want not in given and not everywhere:
            near = nearest(want, given)
            zh = f"是不是把它写成了“{near}”？" if near else "请在输入映射里给出。"
            en = f'Was it written as "{near}"?' if near else "Give it by an input mapping."
            reading.say(
                file,
                node,
                "decision-input",
                f"的决策“{name}”要用“{want}”，没有给它，总是空值。{zh}",
                f'calls "{name}", which needs "{want}"; nothing gives it. {en}',
            )
    for io in said.inputs:
        target = io.target.split(".")[0]
        if target not in wants:
            zh, en = meant(target, wants)
            reading.say(
                file,
                node,
                "decision-input",
                f"给决策“{name}”的输入“{target}”，它不用。{zh}",
                f'gives "{target}" to the decision "{name}", which does not read it. {en}',
                line=io.line,
            )


def _limits(reading: Reading, steps: Mapping[str, m.Node]) -> None:
    info = reading.info
    if info is None:
        return
    tasks = [id for id, node in steps.items() if node.kind in ("userTask", "manualTask")]
    for name in info.limits.steps:
        if name not in tasks and reading.diagrams:
            zh, en = meant(name, tasks, 60)
            reading.of_matter(
                "step-unknown",
                f"流程图里没有用户任务“{name}”，这个时限不会起算。{zh}",
                f'The diagram has no user task "{name}": this limit never begins. {en}',
                "limits",
                "steps",
                name,
            )
    for step, before in info.limits.backward.items():
        _backward(reading, before, "limits", "steps", step)
    for n, rule in enumerate(info.apply.in_time):
        _backward(reading, rule.before, "apply", "in_time", n, "until", first=True)
        _when(reading, rule, n)
    timers = [id for id, node in steps.items() if any(d.kind == "timer" for d in node.definitions)]
    for n, row in enumerate(info.escalation or ()):
        timer = row.get("timer")
        if timer and timer not in timers:
            zh, en = meant(str(timer), timers, 60)
            reading.of_matter(
                "step-unknown",
                f"流程图里没有定时事件“{timer}”。{zh}",
                f'The diagram has no timer event "{timer}". {en}',
                "escalation",
                n,
                "timer",
            )


def _backward(reading: Reading, before: Before, *path: object, first: bool = False) -> None:
    """A limit that counts backward needs a date that somebody gives; at submission, one of the application form."""
    forms = [reading.application] if first else list(reading.forms.values())
    fields = {path: field for one in forms if one is not None for path, field in one.form.walk()}
    field = fields.get(before.path)
    if field is None:
        dates = [path for path, one in fields.items() if one.type == "datetime"]
        zh, en = meant(before.path, dates, 40)
        where = ("申请表单", "the application form") if first else ("表单", "the forms")
        reading.of_matter(
            "before-date",
            f"要从“{before.path}”倒数，{where[0]}里没有这个字段。{zh}",
            f'counts backward from "{before.path}", but {where[1]} have no such field. {en}',
            *path,
        )
    elif field.type != "datetime" or field.component.get("subtype") == "time":
        reading.of_matter(
            "before-date",
            f"要从“{before.path}”（{field.label}）倒数，它不是日期。请改用日期字段，或改这个字段的类型。",
            f'counts backward from "{before.path}" ({field.label}), which is no date. Name a date, or make it one.',
            *path,
        )
    elif before.limit.unit == "h" and field.component.get("subtype") == "date":
        reading.of_matter(
            "before-date",
            f"按小时倒数要有钟点，“{before.path}”（{field.label}）只有日期。请按日写，或让它也填时间。",
            f'counts hours backward from "{before.path}" ({field.label}), a date without a time. Count in days, or ask '
            "for the time too.",
            *path,
        )


def _when(reading: Reading, rule: InTime, n: int) -> None:
    form = reading.application
    body = scope.parsed(rule.when)
    fields = shapes.of_form(form.form) if form is not None else {}
    for read in shapes.unknown(body, fields, _BUILT_IN) if body is not None and form is not None else ():
        zh, en = meant(read.name, read.known)
        reading.of_matter(
            "before-date",
            f"when 读取“{read.path}”，申请表单没有它。{zh}",
            f'when reads "{read.path}", which the application form does not have. {en}',
            "apply",
            "in_time",
            n,
            "when",
        )
    known = [one.id for one in reading.info.basis if one.id] if reading.info is not None else []
    if rule.basis and rule.basis not in known:
        zh, en = meant(rule.basis, known, 40)
        reading.of_matter(
            "before-date",
            f"basis 没有 id“{rule.basis}”。{zh}",
            f'There is no basis with the id "{rule.basis}". {en}',
            "apply",
            "in_time",
            n,
            "basis",
        )


# ---------------------------------------------------------------- exits by time


def _waits(reading: Reading) -> None:
    """Who waits for a resident or another office must be able to go on without them."""
    for file, diagram in reading.diagrams.items():
        for process in diagram.executable():
            _waits_in(reading, file, process, timed=False)


def _waits_in(reading: Reading, file: str, around: m.Scope, timed: bool) -> None:
    timed = timed or any(
        d.kind == "timer"
        for sub in around.event_sub_processes()
        for s in (sub.scope.starts() if sub.scope else ())
        for d in s.definitions
    )
    for node in around.nodes:
        own = any(d.kind == "timer" for b in around.boundaries.get(node.id, ()) for d in b.definitions)
        here = timed or own
        if node.scope is not None and not node.scope.triggered_by_event:
            _waits_in(reading, file, node.scope, here)
        elif dict(node.extension.properties).get("clock") == "correction" and not own:
            reading.say(
                file,
                node,
                "wait-without-end",
                "等申请人补正，而过了补正期限没有出口：逾期未补正的，没有人能接着处理。"
                "请加一个定时边界事件，时间是补正期限那一天过完。",
                "waits for corrections and has no exit when their time is over: nobody can go on with what was not "
                "corrected in time. Add a timer boundary event at the end of that day.",
                "warning",
            )
        elif _outside(node) and not _beside(reading, node) and not here and not _raced(reading, around, node):
            reading.say(
                file,
                node,
                "wait-without-end",
                "等群众或别的单位，而没有到时的出口，对方不答复就永远停在这里。请加一个定时边界事件，或用事件网关接一个定时器。",
                "waits for a resident or another office and has no exit by time: without an answer it stays for ever. "
                "Add a timer boundary event, or an event-based gateway with a timer.",
                "warning",
            )


def _beside(reading: Reading, node: m.Node) -> bool:
    """A hand-over that goes on beside the case: nobody waits for it."""
    one = reading.declared("handovers").get(node.extension.header("handover") or "")
    return one is not None and isinstance(one.what, Handover) and one.what.beside


def _outside(node: m.Node) -> bool:
    said = node.extension
    if node.kind == "userTask":
        users = {part.strip() for part in f"{said.assignee or ''},{said.candidate_users or ''}".split(",")}
        return bool(users & OUTSIDE) and not said.candidate_groups
    if node.kind == "receiveTask":
        return True
    if node.kind == "intermediateCatchEvent":
        return any(d.kind in ("message", "signal") for d in node.definitions)
    kind = effects.find(said.task_type or "") if node.kind in ("serviceTask", "sendTask") else None
    return kind is not None and kind.awaited and not (kind.at_once or kind.by_time)


def _raced(reading: Reading, around: m.Scope, node: m.Node) -> bool:
    """For a message the hall surely sends in time; or behind an event-based gateway beside such a one or a timer."""
    told = heard(one.what for one in reading.declared("offers").values())
    told |= matches.heard(one.what for one in reading.declared("matches").values())
    surely = {*reading.house.timed, *(message for message, comes in told.items() if comes)}
    timed = {
        one.id for diagram in reading.diagrams.values() for one in diagram.messages if (one.name or one.id) in surely
    }
    if any(d.ref in timed for d in node.definitions):
        return True
    for flow in around.into(node):
        source = around.by_id.get(flow.source)
        if source is not None and source.kind == "eventBasedGateway":
            for other in around.out_of(source):
                target = around.by_id.get(other.target)
                if target is not None and any(d.kind == "timer" or d.ref in timed for d in target.definitions):
                    return True
    return False
