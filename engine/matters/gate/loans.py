"""loans: the register, its fields and states, the post, the card, the matter of what is lost, what FEEL reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine import feel
from engine.findings import meant
from engine.matters.gate.answers import answered
from engine.matters.gate.reading import Reading
from engine.matters.gate.registers import registers
from engine.matters.nouns import Declared
from engine.matters.nouns.loans import Loans
from engine.matters.nouns.registers import ABOUT_SOMEBODY, OWN, Register
from engine.process.language import model as m

#: What an expression of a lost loan may read (engine/commands/loan_rows.py `facts`).
LOAN = ("id", "name", "phone", "copy", "title", "lent_on", "due", "renewed", "overdue", "lost", "unit")
PERSON = ("name", "age", "village")
#: Effects that name a declaration of loans.
NAMED = ("lend", "take-back", "renew", "reserve", "recall")
#: How an effect may end a loan.
ENDS = ("returned", "replaced", "paid", "waived")


def check(reading: Reading) -> None:
    for one in reading.declared("loans").values():
        assert isinstance(one.what, Loans)
        of = _register(reading, one, one.what)
        _names(reading, one, one.what)
        for path, text, known in _expressions(reading, one.what, of):
            _reads(reading, one, text, known, *path)
    if reading.info is None:  # what it declares is not known while matter.yaml cannot be read
        return
    for file, _, _, node in reading.nodes("serviceTask", "sendTask"):
        if node.extension.task_type == "end-loan":
            _effect(reading, file, node)
        elif node.extension.task_type in NAMED and (
            name := node.extension.header("loans") or ""
        ) not in reading.declared("loans"):
            zh, en = meant(name, reading.declared("loans"), 40)
            zh, en = f"借还“{name}”没有声明。{zh}", f"names the loans {name!r}, which are not declared. {en}"
            reading.say(file, node, "loan-name", zh, en)


def _register(reading: Reading, one: Declared, loans: Loans) -> Register | None:
    """The register that is lent from, when everything about it is right."""
    things = {name: r for name, (_, r) in registers(reading).items() if r.about == "thing"}
    found = things.get(loans.of)
    if found is None:
        zh, en = meant(loans.of, things, 40)
        zh = f"没有一物一条的台账“{loans.of}”。{zh}"
        reading.of_noun(one, "loan-register", zh, f"There is no register of things {loans.of!r}. {en}", "of")
        return None
    for at, names in (("reserve_by", (loans.reserve_by,)), ("shows", loans.shows)):
        for n, name in enumerate(names):
            path = (at,) if at == "reserve_by" else (at, n)
            field = found.fields.get(name)
            if field is None:
                zh, en = meant(name, found.fields, 40)
                said = (f"台账“{loans.of}”没有“{name}”这一项。{zh}", f"{loans.of!r} has no field {name!r}. {en}")
                reading.of_noun(one, "loan-register", *said, *path)
            elif field.kind in ABOUT_SOMEBODY:
                zh = f"“{name}”是个人信息，不能放在目录上。"
                reading.of_noun(one, "loan-register", zh, f"{name!r} is about somebody: no catalogue shows it.", *path)
            elif at == "reserve_by" and name not in found.search:
                zh = f"按“{name}”预约，台账的 search 里要有它。"
                en = f"One reserves by {name!r}: the register's search must have it."
                reading.of_noun(one, "loan-register", zh, en, *path)
    for name, state in loans.states.all().items():
        if state not in found.states:
            zh, en = meant(state, found.states, 40)
            zh = f"台账“{loans.of}”没有状态“{state}”（{name}）。{zh}"
            en = f"The register {loans.of!r} has no state {state!r} ({name}). {en}"
            reading.of_noun(one, "loan-state", zh, en, *(("states", name) if _said(loans, name) else ("of",)))
        elif found.states[state].ends:
            zh = f"状态“{state}”是结束的（ends: true），这一本就不能再借还。请去掉 ends。"
            en = f"The state {state!r} ends the entry, but a copy in it may come back: remove ends."
            reading.of_noun(one, "loan-state", zh, en, "of")
    return found


def _said(loans: Loans, name: str) -> bool:
    return name in loans.states.model_fields_set


def _names(reading: Reading, one: Declared, loans: Loans) -> None:
    if reading.county is not None and loans.desk not in reading.county.post_codes:
        zh, en = meant(loans.desk, reading.county.post_codes, 40)
        reading.of_noun(
            one, "post", f"县里没有岗位“{loans.desk}”。{zh}", f"There is no post {loans.desk!r}. {en}", "desk"
        )
    if loans.missed is not None and reading.house.matters is not None:
        there = {*reading.house.matters, reading.name}
        if loans.missed.opens not in there:
            zh, en = meant(loans.missed.opens, there, 40)
            zh = f"没有事项“{loans.missed.opens}”。{zh}"
            en = f"There is no matter {loans.missed.opens!r}. {en}"
            reading.of_noun(one, "loan-missed", zh, en, "missed", "opens")
        answered(reading, one, "loan-missed", loans.missed.opens, loans.missed.with_, "missed", "with")
    if loans.card is None:
        return
    persons = {name: r for name, (_, r) in registers(reading).items() if r.about == "person"}
    found = persons.get(loans.card.register_)
    if found is None:
        zh, en = meant(loans.card.register_, persons, 40)
        zh = f"没有一人一条的台账“{loans.card.register_}”。{zh}"
        en = f"There is no register of persons {loans.card.register_!r}. {en}"
        reading.of_noun(one, "loan-card", zh, en, "card", "register")
    elif loans.card.by not in found.search:
        zh, en = meant(loans.card.by, found.search, 40)
        zh = f"台账“{loans.card.register_}”的 search 里没有“{loans.card.by}”，按卡号找不到人。{zh}"
        en = f"The register {loans.card.register_!r} does not search {loans.card.by!r}. {en}"
        reading.of_noun(one, "loan-card", zh, en, "card", "by")


Known = dict[str, Iterable[str] | None]


def _expressions(
    reading: Reading, loans: Loans, of: Register | None
) -> Iterator[tuple[tuple[object, ...], str, Known]]:
    if loans.who is not None:
        fields = [*of.fields, *OWN] if of is not None else None
        mine = list(reading.declared("registers")) if "registers" in reading.nouns else None
        yield ("who", "if"), loans.who.if_, {"person": PERSON, "item": fields, "register": mine, "bond": None}
    if loans.missed is not None:
        for name, text in loans.missed.with_.items():
            if text.startswith("="):
                yield ("missed", "with", name), text, {"loan": LOAN}


def _reads(reading: Reading, one: Declared, text: str, known: Known, *path: object) -> None:
    """It can be read, and reads what there is."""
    try:
        body = feel.compile(text.removeprefix("="))
    except feel.FeelError as error:
        reading.of_noun(one, "loan-feel", f"表达式读不懂：{error.zh}", f"It is no FEEL: {error.en}", *path)
        return
    for read in body.reads:
        listed = known.get(read.name, ())
        if read.name not in known:
            zh, en = meant(read.name, known)
            reading.of_noun(one, "loan-feel", f"没有“{read.name}”。{zh}", f"There is no {read.name!r}. {en}", *path)
        elif listed is not None and read.path and read.path[0] not in listed:
            zh, en = meant(read.path[0], listed)
            whole = f"{read.name}.{read.path[0]}"
            reading.of_noun(one, "loan-feel", f"没有“{whole}”。{zh}", f"There is no {whole!r}. {en}", *path)


def _effect(reading: Reading, file: str, node: m.Node) -> None:
    how = node.extension.header("how") or ""
    if how not in ENDS:
        zh, en = meant(how, ENDS)
        reading.say(file, node, "loan-end", f"怎样了结写“{how}”不对。{zh}", f"ends a loan as {how!r}. {en}")
