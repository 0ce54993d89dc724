"""matches: every form, answer and name in a declaration means something; nothing is charged, and nothing personal is
shown before both agreed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine import feel
from engine.findings import Finding, meant, nearest
from engine.matters.gate.form_rules import paths_of
from engine.matters.gate.offers import PERSON
from engine.matters.gate.reading import Reading
from engine.matters.gate.scope import brought_by
from engine.matters.nouns import Declared
from engine.matters.nouns.bonds import HALL
from engine.matters.nouns.matches import HEARD, SAYS, Match, MatchSideOf, heard
from engine.process.language import model as m

#: What an expression may read of the need or supply itself.
WHERE = ("from", "to", "day", "starts_at", "until_at")
#: Words of a question for money.
MONEY = ("元", "费用", "车费", "油费", "收费", "价", "fee", "price", "cost")
#: Answers that say who somebody is, and where they can be reached.
PERSONAL = ("phone", "telephone", "id_number", "address", "plate", "name")


def check(reading: Reading) -> None:
    for one in reading.declared("matches").values():
        match = one.what
        assert isinstance(match, Match)
        for word, side in (("supply", match.supply), ("need", match.need)):
            _form(reading, one, word, side)
            for path, text in _expressions(side):
                _reads(reading, one, side, text, word, *path)
        _afterwards(reading, one, match)
    if reading.info is None:  # what it declares is not known while matter.yaml cannot be read
        return
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        if node.extension.task_type in ("open-need", "open-supply"):
            _effect(reading, file, node)
    _heard(reading)


def _heard(reading: Reading) -> None:
    """A message of a diagram that is nearly what a match of a shared file tells, and that nothing else sends: whoever
    waits for it would wait for ever. (Of the matter's own file `_afterwards` says it.)"""
    shared = [one.what for one in reading.declared("matches").values() if one.file != reading.matter.file]
    there = {one.name for diagram in reading.diagrams.values() for one in diagram.messages}
    missing = [word for word in heard(shared) if word not in there]
    thrown = {node.message for _, _, _, node in reading.nodes("sendTask")}
    for _, _, _, node in reading.nodes("intermediateThrowEvent", "endEvent"):
        thrown |= {one.ref for one in node.definitions}
    for file, diagram in reading.diagrams.items():
        for message in diagram.messages if missing else ():
            name = message.name or ""
            if not nearest(name, missing) or message.id in thrown or brought_by(reading, name) is not None:
                continue
            zh, en = meant(name, missing, 20)
            zh, en = f"没有谁发出消息“{name}”。{zh}", f"Nobody sends the message {name!r}. {en}"
            reading.findings.append(Finding(file, message.id, name, message.line, "match-name", "error", zh, en))


def _effect(reading: Reading, file: str, node: m.Node) -> None:
    """It names what is declared, and gives an end where there is a way."""
    name, known = node.extension.header("match") or "", reading.declared("matches")
    if name not in known:
        zh, en = meant(name, known, 40)
        zh, en = f"撮合“{name}”没有声明。{zh}", f"names the match {name!r}, which is not declared. {en}"
        reading.say(file, node, "match-unknown", zh, en)
        return
    match = known[name].what
    if isinstance(match, Match) and match.way and not any(one.target == "to" for one in node.extension.inputs):
        reading.say(
            file,
            node,
            "match-unknown",
            f"“{name}”有路线，要写输入 to（到哪里）。",
            f"puts something with a way ({name!r}) and does not say where to: it needs the input `to`.",
        )


def _afterwards(reading: Reading, one: Declared, match: Match) -> None:
    """What a match tells a case is a message of the diagram; what it opens is a matter. Of a shared file another
    matter's diagram may wait for it."""
    messages = {x.name for diagram in reading.diagrams.values() for x in diagram.messages if x.name}
    for name in HEARD:
        tells = getattr(getattr(match, name), "tells", "")
        if tells and tells not in messages and one.file == reading.matter.file:
            zh, en = meant(tells, messages, 20)
            zh, en = f"流程图里没有消息“{tells}”。{zh}", f"No message of the diagram is {tells!r}. {en}"
            reading.of_noun(one, "match-name", zh, en, name, "tells")
    if match.slip is not None and match.slip.paper and match.slip.paper not in reading.kinds:
        zh, en = meant(match.slip.paper, reading.kinds, 20)
        zh, en = f"没有文书“{match.slip.paper}”。{zh}", f"There is no paper {match.slip.paper!r}. {en}"
        reading.of_noun(one, "match-name", zh, en, "slip", "paper")
    for at, posts in ((("posts",), match.posts), (("arrive", "posts"), match.arrive.posts if match.arrive else ())):
        for n, post in enumerate(posts):
            if reading.county is not None and post not in reading.county.post_codes:
                zh, en = meant(post, reading.county.post_codes, 40)
                zh, en = f"县里没有岗位“{post}”。{zh}", f'The county has no post "{post}". {en}'
                reading.of_noun(one, "post", zh, en, *at, n)
    if match.arrive is not None and match.arrive.kin:
        kinds = (*reading.declared("bonds"), *HALL)
        if match.arrive.kin not in kinds:
            zh, en = meant(match.arrive.kin, kinds, 20)
            zh, en = f"没有关系“{match.arrive.kin}”。{zh}", f"There is no bond {match.arrive.kin!r}. {en}"
            reading.of_noun(one, "match-name", zh, en, "arrive", "kin")
    both = ("need", "supply")
    for key, sides in (("unmatched", ("need",)), ("arrive", both), ("charged", both), ("late", ("late",))):
        _opens(reading, one, key, sides)


def _opens(reading: Reading, one: Declared, key: str, sides: tuple[str, ...]) -> None:
    """The matter whose case it opens is there, and its form is given what is known of these sides."""
    what = getattr(one.what, key)
    if what is None or not what.opens:
        return
    if reading.house.matters is not None:
        there = {*reading.house.matters, reading.name}
        if what.opens not in there:
            zh, en = meant(what.opens, there, 20)
            zh, en = f"没有事项“{what.opens}”。{zh}", f"There is no matter {what.opens!r}. {en}"
            reading.of_noun(one, "match-name", zh, en, key, "opens")
    for path, text in what.answers.items():
        if text.startswith("="):
            _of_sides(reading, one, text, sides, key, "answers", path)


def _of_sides(reading: Reading, one: Declared, text: str, sides: tuple[str, ...], *path: object) -> None:
    try:
        body = feel.compile(text.removeprefix("="))
    except feel.FeelError as error:
        reading.of_noun(one, "match-feel", f"表达式读不懂：{error.zh}", f"It is no FEEL: {error.en}", *path)
        return
    for read in body.reads:
        whole = ".".join((read.name, *(str(part) for part in read.path)))
        known = [f"{side}.{name}" for side in sides for name in (*SAYS, "name", "phone")]
        if whole not in known:
            zh, en = meant(whole, known, 20)
            reading.of_noun(one, "match-feel", f"没有“{whole}”。{zh}", f"There is no {whole!r}. {en}", *path)


def _asked(reading: Reading, side: MatchSideOf) -> list[str]:
    form = reading.forms.get(side.ask)
    return sorted({path.split(".")[0] for path in paths_of(form.form)}) if form is not None else []


def _form(reading: Reading, one: Declared, word: str, side: MatchSideOf) -> None:
    if side.ask and side.ask not in reading.forms:
        zh, en = meant(side.ask, reading.forms, 20)
        reading.of_noun(
            one, "match-name", f"没有表单“{side.ask}”。{zh}", f"There is no form {side.ask!r}. {en}", word, "ask"
        )
        return
    asked = _asked(reading, side)
    for key, names in (("tells", side.tells), ("shows", side.shows)):
        for n, name in enumerate(names):
            if name not in asked:
                zh, en = meant(name, asked, 20)
                reading.of_noun(
                    one,
                    "match-name",
                    f"表单“{side.ask}”里没有答案“{name}”。{zh}",
                    f"The form {side.ask!r} has no answer {name!r}. {en}",
                    word,
                    key,
                    n,
                )
    for n, name in enumerate(side.tells):
        if name in PERSONAL:
            reading.of_noun(
                one,
                "match-personal",
                f"“{name}”能认出人、找到人，双方同意以前不能给人看。请写到 shows 里。",
                f"{name!r} says who or where somebody is: show it once both agreed (under shows).",
                word,
                "tells",
                n,
            )
    form = reading.forms.get(side.ask)
    charged = isinstance(one.what, Match) and one.what.fee != "none"  # then how it is shared is declared, and shown
    for field in form.form.fields if form is not None and not charged else ():
        if field.type in ("number", "textfield") and any(money in field.label.lower() for money in MONEY):
            reading.of_noun(
                one,
                "match-fee",
                f"表单“{side.ask}”问了“{field.label}”。撮合不收费，也不分摊费用，请删去这一项。",
                f"The form {side.ask!r} asks {field.label!r}: nothing is charged and no cost is shared; remove it.",
                word,
                "ask",
            )


def _expressions(side: MatchSideOf) -> Iterator[tuple[tuple[object, ...], str]]:
    if side.who is not None:
        yield ("who", "if"), side.who.if_
    for name, need in side.needs.items():
        yield ("needs", name, "if"), need.if_
    for name, document in side.valid.items():
        yield ("valid", name, "until"), document.until
        if document.number:
            yield ("valid", name, "number"), document.number
    if isinstance(side.places, str):
        yield ("places",), side.places


def _reads(reading: Reading, one: Declared, side: MatchSideOf, text: str, *path: object) -> None:
    """It can be read, and reads what there is."""
    try:
        body = feel.compile(text.removeprefix("="))
    except feel.FeelError as error:
        reading.of_noun(one, "match-feel", f"表达式读不懂：{error.zh}", f"It is no FEEL: {error.en}", *path)
        return
    known: dict[str, Iterable[str] | None] = {
        "person": PERSON,
        "match": WHERE,
        "ask": _asked(reading, side),
        "register": list(reading.declared("registers")),
        "bond": None,  # the hall's own and the matter's
    }
    for read in body.reads:
        listed = known.get(read.name, ())
        if read.name not in known:
            zh, en = meant(read.name, known)
            reading.of_noun(one, "match-feel", f"没有“{read.name}”。{zh}", f"There is no {read.name!r}. {en}", *path)
        elif listed is not None and read.path and read.path[0] not in listed:
            zh, en = meant(read.path[0], listed)
            whole = f"{read.name}.{read.path[0]}"
            reading.of_noun(one, "match-feel", f"没有“{whole}”。{zh}", f"There is no {whole!r}. {en}", *path)
        elif read.name == "register" and len(read.path) > 1:
            _field(reading, one, str(read.path[0]), str(read.path[1]), *path)


def _field(reading: Reading, one: Declared, register: str, field: str, *path: object) -> None:
    kept = reading.declared("registers")[register].what
    there = [*getattr(kept, "fields", ()), "state"]
    if field not in there:
        zh, en = meant(field, there)
        reading.of_noun(
            one,
            "match-feel",
            f"台账“{register}”没有这一项“{field}”。{zh}",
            f"The register {register!r} has no {field!r}. {en}",
            *path,
        )
