"""handovers: every end is somebody, every link begins where the thing is, a refusal has a way out in the diagram."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.dmn.elements import Decision, Table
from engine.feel.table import BUILT_INS
from engine.findings import meant
from engine.matters.gate import scope, shapes
from engine.matters.gate.decisions import by_id
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared
from engine.matters.nouns.handovers import TROUBLES, Handover
from engine.matters.taking_part import ALWAYS
from engine.process.language import model as m

EFFECT = "hand-over"
#: The BPMN errors of the effect.
REFUSED, DIFFERENT = "REFUSED", "DIFFERENT"
_BUILT_IN = frozenset(BUILT_INS)


def declared(reading: Reading) -> Iterator[tuple[Declared, Handover]]:
    for one in reading.declared("handovers").values():
        assert isinstance(one.what, Handover)
        yield one, one.what


def check(reading: Reading) -> None:
    if reading.info is None:
        return
    for one, what in declared(reading):
        _names(reading, one, what)
        _decides(reading, one, what)
        _chain(reading, one, what)
    opened = {_opens(reading, file, around, node) for file, _, around, node in reading.nodes("serviceTask", "sendTask")}
    for one, _ in declared(reading):
        if one.name not in opened:
            reading.of_noun(
                one,
                "handover-unused",
                f"没有一步交接“{one.name}”。请在流程图里加一个“交接”（{EFFECT}）服务任务，或删去它。",
                f'No step hands "{one.name}" over. Add a service task {EFFECT} to the diagram, or remove it.',
                severity="warning",
            )


def _names(reading: Reading, one: Declared, what: Handover) -> None:
    info = reading.info
    assert info is not None

    def name(word: str, known: Collection[str], zh: str, en: str, *path: object) -> None:
        if word and word not in known:
            like = meant(word, known, 40)
            reading.of_noun(one, "handover-name", f"{zh}“{word}”。{like[0]}", f'{en} "{word}". {like[1]}', *path)

    ends = [*ALWAYS, *info.parties, *info.groups]
    for key, way in (("links", what.links), ("back", what.back)):
        for n, link in enumerate(way):
            for end in (link.giver, link.receiver):
                name(end, ends, "没有当事人、角色或候选组", "There is no applicant, role or group", key, n)
    answers = {path for form in reading.forms.values() for path in paths_of(form.form)}
    answers |= {io.target for _, _, _, node in reading.nodes() for io in node.extension.outputs}
    answers |= {node.extension.result for _, _, _, node in reading.nodes() if node.extension.result}
    answers |= {path for path in reading.house.begins if not path.endswith("*")}  # such as what was booked
    name(what.thing.source, answers, "没有答案", "There is no answer", "thing", "from")
    name(what.refuse, reading.models, "没有决策", "There is no decision", "refuse")
    name(what.paper, info.papers, "matter.yaml 的 papers 里没有文书", "papers of matter.yaml have no paper", "paper")
    messages = {said.name for diagram in reading.diagrams.values() for said in diagram.messages if said.name}
    for trouble in TROUBLES:
        name(what.message(trouble), messages, "流程图里没有消息", "The diagram has no message", trouble)
    if what.in_person is not None and reading.county is not None:
        name(
            what.in_person.post,
            reading.county.post_codes,
            "县里没有岗位",
            "The county has no post",
            "in_person",
            "post",
        )


def _decides(reading: Reading, one: Declared, what: Handover) -> None:
    """The decision on what is not taken reads the case itself: every name in its columns must be set by then."""
    model = reading.models.get(what.refuse)
    found = model.find(what.refuse) if model is not None else None
    logic = found.logic if isinstance(found, Decision) else None
    if model is None or not isinstance(logic, Table):
        return
    processes = [process for diagram in reading.diagrams.values() for process in diagram.executable()]
    known = shapes.all_of([scope.of_process(reading, process).scope for process in processes])
    for column in logic.inputs:
        node = scope.parsed(column.expression.text)
        for read in shapes.unknown(node, known, _BUILT_IN) if node is not None else ():
            zh, en = meant(read.name, read.known)
            reading.of_noun(
                one,
                "decision-input",
                f"决策“{what.refuse}”的“{column.label}”读取“{read.path}”，没有任何表单或步骤设置它，总是空值。{zh}",
                f'The decision "{what.refuse}" reads "{read.path}", which nothing sets: it is always null. {en}',
                "refuse",
            )
    by_id(reading, one, "handover-name", what.refuse, "refuse")


def _chain(reading: Reading, one: Declared, what: Handover) -> None:
    """A thing can only be given from where it may have come."""
    been = {what.links[0].giver}
    for n, link in enumerate(what.links):
        if link.giver not in been:
            like = meant(link.giver, been, 40)
            reading.of_noun(
                one,
                "handover-chain",
                f"第 {n + 1} 环由“{link.giver}”交出，但前面没有一环交到他手里。{like[0]}",
                f'Link {n + 1} is given by "{link.giver}", whom no link before it brings the thing to. {like[1]}',
                "links",
                n,
            )
        been.add(link.receiver)
    for n, link in enumerate(what.back):
        if link.giver not in been:
            like = meant(link.giver, been, 40)
            reading.of_noun(
                one,
                "handover-chain",
                f"还回去的第 {n + 1} 环由“{link.giver}”交出，但东西到不了他手里。{like[0]}",
                f'Link {n + 1} of the way back is given by "{link.giver}", who never has the thing. {like[1]}',
                "back",
                n,
            )
        been.add(link.receiver)
    first = what.links[0].giver
    if what.back and what.back[-1].receiver != first:
        reading.of_noun(
            one,
            "handover-chain",
            f"还回去的最后一环交给“{what.back[-1].receiver}”，但东西是“{first}”的。请写到“{first}”为止。",
            f'The way back ends with "{what.back[-1].receiver}", but the thing came from "{first}". End it there.',
            "back",
            len(what.back) - 1,
        )


def _opens(reading: Reading, file: str, around: m.Scope, node: m.Node) -> str:
    """Which hand-over this step opens; "" when it is none."""
    said = node.extension
    if said.task_type != EFFECT:
        return ""
    named = said.header("handover") or ""
    known = reading.declared("handovers")
    if named not in known:
        if named:  # a header that is missing is told already
            zh, en = meant(named, known, 40)
            reading.say(
                file,
                node,
                "handover-name",
                f"交接“{named}”，但 handovers 里没有。{zh}",
                f'hands over "{named}", which is not among handovers. {en}',
            )
        return ""
    what = known[named].what
    assert isinstance(what, Handover)
    link = said.header("link") or ""
    if link and what.link(link) is None:
        zh, en = meant(link, [one.name for one in what.links], 40)
        reading.say(
            file,
            node,
            "handover-name",
            f"交接“{link}”这一环，但“{named}”里没有。{zh}",
            f'opens the link "{link}", which "{named}" has not. {en}',
        )
    _caught(reading, file, around, node, what)
    return named


def _caught(reading: Reading, file: str, around: m.Scope, node: m.Node, what: Handover) -> None:
    """Who refuses must lead somewhere; who takes what is different too, where the matter does not merely note it."""
    codes: set[str | None] = set()
    errors = {error.id: error.code for diagram in reading.diagrams.values() for error in diagram.errors}
    for event in around.boundaries.get(node.id, ()):
        codes |= {errors.get(d.ref or "") for d in event.definitions if d.kind == "error"}
    wanted: tuple[str, ...] = (REFUSED, DIFFERENT) if what.different == "error" else (REFUSED,)
    if what.beside:  # nobody waits for the link: only the decision that is asked before it can refuse
        wanted = (REFUSED,) if what.refuse else ()
    missing = [code for code in wanted if code not in codes and None not in codes]
    if missing:
        listed = "、".join(missing)
        reading.say(
            file,
            node,
            "handover-uncaught",
            f"可能不收或有出入，但没有接 {listed} 的错误边界事件，办件会停在异常里。请加上。",
            f"may be refused or different, but no error boundary event catches {', '.join(missing)}: the case would "
            "stop with an incident. Add one.",
        )
