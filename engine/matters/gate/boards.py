"""boards: what may be public, what a step publishes, who reads it first, what an objection becomes."""

from __future__ import annotations

from collections.abc import Mapping

from engine import feel
from engine.feel import tree
from engine.findings import meant, nearest
from engine.matters.county import FROM_CASE
from engine.matters.gate import notices, scope
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared
from engine.matters.nouns.boards import PERSONAL, Board, Review
from engine.matters.nouns.registers import Register
from engine.process.language import model as m

#: The effects that name a board, and the error by which a refusal comes back.
PUBLISH, CHANGE, WITHDRAW = "publish-notice", "change-notice", "withdraw-notice"
REFUSED = "NOT_PUBLISHED"


def check(reading: Reading) -> None:
    if reading.info is None:
        return  # its faults are said; what it declares is not known
    boards = reading.declared("boards")
    for one in boards.values():
        assert isinstance(one.what, Board)
        _personal(reading, one, one.what)
        _until(reading, one, one.what)
        if one.what.review is not None:
            _review(reading, one, one.what.review)
        if one.what.objections is not None:
            _message(reading, one, one.what.objections.message)
    known = {p.id: scope.of_process(reading, p) for d in reading.diagrams.values() for p in d.processes}
    used = set()
    for file, process, within, node in reading.nodes("serviceTask", "sendTask"):
        _to_register(reading, file, node)
        if node.extension.task_type in (PUBLISH, CHANGE, WITHDRAW):
            used.add(node.extension.header("board") or "")
            _step(reading, file, process, node, boards, known)
            if node.extension.task_type == PUBLISH:
                _answered(reading, file, within, node, boards)
    for name, one in boards.items():
        if one.file not in reading.noun_files and name not in used and reading.diagrams:
            zh = f"没有一步往公开栏“{name}”发布。请加一步“公示”（{PUBLISH}），或删去它。"
            en = f'Nothing publishes on the board "{name}". Add a step {PUBLISH}, or remove the board.'
            reading.of_noun(one, "board-unused", zh, en, severity="warning")


def _to_register(reading: Reading, file: str, node: m.Node) -> None:
    """A notice to a register goes to those who agreed: which register, and which of its fields says so."""
    said = node.extension
    if said.task_type != "send-notice" or said.header("to") != "register":
        return
    people = {
        name: one.what
        for name, one in reading.declared("registers").items()
        if isinstance(one.what, Register) and one.what.about == "person"
    }
    name = said.header("register") or ""
    if name not in people:
        like = meant(name, people, 40)
        zh = f"发给台账，但“{name}”不是 registers 里一人一条的台账。{like[0]}"
        en = f'is sent to a register, but "{name}" is none of persons. {like[1]}'
        reading.say(file, node, "notice-register", zh, en)
        return
    agreed = [field for field, one in people[name].fields.items() if one.type == "boolean"]
    consent = said.header("consent") or ""
    if consent not in agreed:
        like = meant(consent, agreed, 40)
        zh = f"要写 consent：台账里哪一项（是否）说他同意接收；“{consent}”不是。{like[0]}"
        en = f'needs consent: the yes/no field by which they agreed to be told; "{consent}" is none. {like[1]}'
        reading.say(file, node, "notice-register", zh, en)


def _personal(reading: Reading, one: Declared, board: Board) -> None:
    for name, shown in board.shows.items():
        words = f"{name} {shown.title} {shown.title_en}".lower()
        found = next((word for word in PERSONAL if word in words), "")
        if found and shown.type not in ("contact", "person"):
            zh = (
                f"“{name}”（{shown.title}）是个人的{found}，不能给大家看。单位的咨询电话写 type: contact；"
                "只给工作人员看的写进 hides。"
            )
            en = (
                f'"{name}" ({shown.title}) says {found} of a person, which must not be public. For the telephone of a '
                "desk write type: contact; what only staff read goes into hides."
            )
            reading.of_noun(one, "board-personal", zh, en, "shows", name)
        if not shown.title_en:
            zh, en = f"“{shown.title}”没有英文（title_en）。", f"{shown.title} has no title_en."
            reading.of_noun(one, "no-english", zh, en, "shows", name, severity="hint")
    if not board.title_en:
        zh, en = f"公开栏“{board.title}”没有英文（title_en）。", f"The board {board.title} has no title_en."
        reading.of_noun(one, "no-english", zh, en, severity="hint")


def _until(reading: Reading, one: Declared, board: Board) -> None:
    if not board.until:
        return
    try:
        expression = feel.compile(board.until.removeprefix("="))
    except feel.FeelError as fault:
        zh, en = f"until 看不懂：{fault.zh}", f"until cannot be read: {fault.en}"
        reading.of_noun(one, "board-until", zh, en, "until")
        return
    facts = [*board.shows, *board.hides]
    for name in expression.names:
        if name not in facts:
            like = meant(name, facts, 40)
            zh = f"until 用到“{name}”，它不在 shows、hides 里，总是空值。{like[0]}"
            en = f'until reads "{name}", which stands neither in shows nor in hides. {like[1]}'
            reading.of_noun(one, "board-until", zh, en, "until")


def _review(reading: Reading, one: Declared, review: Review) -> None:
    county, info = reading.county, reading.info
    if review.at not in (county.words if county is not None else FROM_CASE) and (
        county is not None or nearest(review.at, FROM_CASE)
    ):
        like = meant(review.at, county.words if county is not None else FROM_CASE, 40)
        zh, en = f"没有单位“{review.at}”。{like[0]}", f'There is no unit "{review.at}". {like[1]}'
        reading.of_noun(one, "unit", zh, en, "review", "at")
    if county is None or info is None:
        return
    if review.post not in county.post_codes:
        like = meant(review.post, county.post_codes, 40)
        zh, en = f"县里没有岗位“{review.post}”。{like[0]}", f'The county has no post "{review.post}". {like[1]}'
        reading.of_noun(one, "post", zh, en, "review", "post")
    elif not any(county.answers(unit, review.post) for unit in county.meant(review.at, info.office)):
        zh = f"没有人担任“{review.post}”（{review.at}），发布的内容没有人审核。请先安排人，或改岗位。"
        en = f'Nobody holds the post "{review.post}" ({review.at}): nothing would be reviewed. Appoint somebody.'
        reading.of_noun(one, "nobody-holds", zh, en, "review", "post", severity="warning")


def _message(reading: Reading, one: Declared, message: str) -> None:
    messages = {said.name for diagram in reading.diagrams.values() for said in diagram.messages if said.name}
    if reading.diagrams and message not in messages:
        like = meant(message, messages, 40)
        zh = f"objections 送出消息“{message}”，流程图里没有它，没有人听得到异议。{like[0]}"
        en = f'objections sends the message "{message}", which is not in the diagram: nobody would hear. {like[1]}'
        reading.of_noun(one, "board-message", zh, en, "objections", "message")


def _step(
    reading: Reading,
    file: str,
    process: m.Process,
    node: m.Node,
    boards: Mapping[str, Declared],
    known: Mapping[str, scope.Known],
) -> None:
    name = node.extension.header("board") or ""
    one = boards.get(name)
    if one is None:
        if name:  # without one the lint of drawings says so
            like = meant(name, boards, 40)
            zh = f"的公开栏“{name}”在 matter.yaml 的 boards 里没有。{like[0]}"
            en = f'names the board "{name}", which matter.yaml does not have. {like[1]}'
            reading.say(file, node, "board-unknown", zh, en)
        return
    board = one.what
    assert isinstance(board, Board)
    if node.extension.task_type == WITHDRAW:
        return
    facts = dict(notices.facts_of(reading, known, process, node))
    kept = [*board.shows, *board.hides]
    for fact in facts:
        if fact != "*" and fact not in kept:
            like = meant(fact, kept, 40)
            zh = f"发布“{fact}”，公开栏“{name}”的 shows、hides 里都没有它，会被拒绝。{like[0]}"
            en = f'publishes "{fact}", which the board "{name}" neither shows nor hides: it would be refused. {like[1]}'
            reading.say(file, node, "board-fact", zh, en)
    if node.extension.task_type == PUBLISH and "*" not in facts:
        for fact, shown in board.shows.items():
            if shown.required and fact not in facts:
                zh = f"没有给出“{fact}”（{shown.title}），公开栏“{name}”必须有它。"
                en = f'does not give "{fact}" ({shown.title}), which the board "{name}" must show.'
                reading.say(file, node, "board-fact", zh, en)
    _wired(reading, file, node, board)


def _wired(reading: Reading, file: str, node: m.Node, board: Board) -> None:
    """A telephone or an identity number of the application must not be wired into what is shown."""
    info = reading.info
    if info is None:
        return
    numbers = {info.who.phone, info.who.id_number}
    for role in info.parties.values():
        numbers |= {f"{role.source}.{role.keys.phone}", f"{role.source}.{role.keys.id_number}"}
    for io in node.extension.inputs:
        head, _, fact = io.target.partition(".")
        source = io.source.strip()
        if head != "facts" or not source.startswith("="):
            continue
        sources = {fact: source} if fact else _entries(source)
        for into, text in sources.items():
            shown = board.shows.get(into)
            if shown is None:
                continue
            read = {".".join((one.name, *one.path)) for one in _reads(text)}
            for path in sorted(read & numbers):
                zh = f"把“{path}”（个人的电话、证件号）写进公开的“{into}”。请去掉，或写进 hides。"
                en = f'puts "{path}", a telephone or identity number of a person, into "{into}", which is public.'
                reading.say(file, node, "board-personal", zh, en, line=io.line)


def _entries(source: str) -> dict[str, str]:
    """`={a: b, c: d}` -> the text of each entry; nothing when it is no context."""
    node = scope.parsed(source)
    if not isinstance(node, tree.ContextOf):
        return {}
    text = source.strip().removeprefix("=")
    return {key: text[value.start : value.end] for key, value in zip(node.keys, node.values, strict=True)}


def _reads(text: str) -> list[feel.Read]:
    try:
        return feel.compile(text.strip().removeprefix("=")).reads
    except feel.FeelError:
        return []


def _answered(reading: Reading, file: str, within: m.Scope, node: m.Node, boards: Mapping[str, Declared]) -> None:
    """What is reviewed may be refused: the drawing says what happens then."""
    one = boards.get(node.extension.header("board") or "")
    if one is None or not isinstance(one.what, Board) or one.what.review is None:
        return
    codes = {error.id: error.code for error in reading.diagrams[file].errors}
    for event in within.boundaries.get(node.id, ()):
        for said in event.definitions:
            if said.kind == "error" and (not said.ref or codes.get(said.ref) in (None, REFUSED)):
                return
    zh = f"先审后发，审核可能不通过。请在这一步的边上加错误边界事件（代码 {REFUSED}），画出不通过以后怎么办。"
    en = f"is reviewed first and may be refused: add an error boundary event (code {REFUSED}) that says what then."
    reading.say(file, node, "board-refusal", zh, en)
