"""记入台账, 查台账, 归档: records that outlive the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, String, cast, literal, null, select, union_all

from engine.commands import readings, register_rows
from engine.errors import Invalid
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import EXPIRED, Register
from engine.people import units
from engine.process import Effect
from engine.reads import reveals
from engine.reads.knowing import Person
from engine.records import audit, registers
from engine.store import keys
from engine.store.models import Document, File, RegisterEntry, User
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def record(a: Applying, effect: Effect) -> None:
    """A declared register's entry. A running case of an older version may name a ledger that nobody declared: a line is
    written under that name, as it was when the version was published."""
    name = effect.headers.get("register", "")
    facts = effect.arguments.get("facts")
    values = dict(facts) if isinstance(facts, Mapping) else {}
    one = a.package.declared("registers").get(name)
    if one is None:
        a.work.session.add(
            RegisterEntry(
                register=name, case_id=a.case.id, unit_id=a.case.office_id, facts=values, at=a.now, by_id=a.by.id
            )
        )
        a.record(audit.Kind.RECORD, facts={"register": name})
        return
    register = registers.register_of(one)
    given = effect.arguments.get("add")
    add = dict(given) if isinstance(given, Mapping) else {}
    try:
        entry = register_rows.put(
            a.work,
            one,
            values,
            by=a.by,
            now=a.now,
            whom=whom(a, effect) if register.about == "person" else None,
            state=str(effect.headers.get("state") or effect.arguments.get("state") or ""),
            unit_id=a.case.office_id,
            place_id=_place(a, effect) or a.case.place_id,
            case_id=a.case.id,
            options=registers.options(one, a.package),
            at="facts.",
            add=add,
        )
    except Invalid as refused:
        summed = {f"facts.{name}": effect.headers.get("answers") or f"add.{name}" for name in add}
        raise Invalid([replace(one, field=summed.get(one.field, one.field)) for one in refused.fields]) from refused
    a.record(
        audit.Kind.RECORD,
        facts={"register": one.key, "entry": entry.id, "version": entry.version, "title": register.title},
    )


def look_up(a: Applying, effect: Effect) -> None:
    """Answered at once, capped. Nothing found is an answer too, or the error that the task asks for."""
    one = a.package.declared("registers")[effect.headers["register"]]
    register, on = registers.register_of(one), local_date(a.now)
    most = min(int(effect.headers.get("most") or 20), registers.MOST)
    found = _found(a, effect, one, register, on, most + 1)
    if effect.headers.get("own") == "true" and a.by.kind == "resident":
        found = [entry for entry in found if _telephone_is_theirs(a, entry)]
    said = [registers.said(a.work, one, entry, on=on) for entry in found[:most]]
    hidden = register.sensitive
    if hidden and effect.headers.get("sensitive") == "true":
        audit.read(
            a.work,
            one.key,
            [e.id for e in found[:most]],
            sorted(hidden),
            by=a.by,
            now=a.now,
            case=a.case,
            purpose=effect.headers.get("purpose", ""),
        )
        if found:
            what = f"{reveals.OPENED}{register.title}"[:80]
            readings.note(a.work, a.case, what, effect.headers.get("purpose", ""), by=a.by, now=a.now)
    elif hidden:
        said = [{name: value for name, value in entry.items() if name not in hidden} for entry in said]
    if not said and effect.headers.get("none") == "error":
        a.throw(effect, "NOT_FOUND", f"台账“{register.title}”里没有查到")
        return
    answer = {"found": bool(said), "entry": said[0] if said else None, "entries": said, "more": len(found) > most}
    a.answer(effect, answer)


def _found(a: Applying, effect: Effect, one: Declared, register: Register, on: date, most: int) -> list[RegisterEntry]:
    """The entries that the task asks for, the newest first."""
    person, key = effect.arguments.get("person"), effect.arguments.get("key")
    valid = effect.headers.get("only", "valid") == "valid"
    state = effect.arguments.get("state")
    states = [str(s) for s in state] if isinstance(state, list | tuple) else [str(state)] if state else []
    if person is not None or key not in (None, ""):
        entry = (
            registers.of_person(a.work, one, whom(a, effect))
            if person is not None
            else registers.find(a.work, one, key)
        )
        fits = entry is not None and (not states or registers.state_on(entry, on) in states)
        gone = entry is not None and valid and (entry.ended_at is not None or registers.state_on(entry, on) == EXPIRED)
        return [entry] if entry is not None and fits and not gone else []
    where = effect.arguments.get("where")
    place = _place(a, effect)
    tree = units.tree(a.work)
    return registers.matching(
        a.work,
        one,
        {str(k): v for k, v in where.items() if v is not None} if isinstance(where, Mapping) else {},
        states=states,
        places=[p.id for p in tree.below(units.place(a.work, place))] if place is not None else (),
        valid_on=on if valid else None,
        most=most,
    )


def whom(a: Applying, effect: Effect) -> Person:
    """Whom an effect is about: the argument `person`, else the applicant."""
    case, given = a.case, effect.arguments.get("person")
    if isinstance(given, Mapping):
        said = {key: str(given.get(key) or "").strip() for key in ("name", "phone", "id_number")}
        return Person(said["name"], said["phone"] or None, said["id_number"] or None)
    return Person(case.applicant_name, case.applicant_phone, case.applicant_id_number)


def _telephone_is_theirs(a: Applying, entry: RegisterEntry) -> bool:
    """Whether the entry bears the telephone that this account came in by: a name and an identity number anybody may
    type who knows them."""
    user = a.work.session.get(User, a.by.id)
    person = entry.person if isinstance(entry.person, Mapping) else {}
    number = person.get("phone")
    index = user.phone_index if user is not None else None
    return index is not None and bool(number) and index in keys.blinds("phone", str(number))


def _place(a: Applying, effect: Effect) -> int | None:
    code = str(effect.arguments.get("place") or "").strip()
    return units.by_code(a.work, code).id if code else None


def archive(a: Applying, effect: Effect) -> None:
    """归档: what is in the file, as it is now: the materials sent in and the papers issued."""
    files, papers = _in_file(a)
    listed = {"materials": files, "papers": [{"title": title, "number": number} for title, number in papers]}
    a.work.insert(
        RegisterEntry(
            register="归档目录",
            case_id=a.case.id,
            unit_id=a.case.unit_id,
            place_id=a.case.place_id,
            facts=listed,
            at=a.now,
            changed_at=a.now,
            by_id=a.by.id,
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": "归档目录"})


def _in_file(a: Applying) -> tuple[list[str], list[tuple[str, str | None]]]:
    """The names of the case's materials, and title and number of its papers: one statement, and what this step itself
    has handed in and issued, which is written with everything else at its end."""
    case_id, session = a.case.id, a.work.session
    no_text, no_bytes = cast(null(), String), cast(null(), LargeBinary)  # a file's name is sealed, a paper's title not
    stored: Any = union_all(
        select(
            literal("file").label("what"), File.id, File.name, no_text.label("title"), no_text.label("number")
        ).where(File.case_id == case_id, ~File.field.startswith("paper:")),
        select(literal("paper"), Document.id, no_bytes, Document.title, Document.number).where(
            Document.case_id == case_id, Document.state != "void"
        ),
    ).order_by("what", "id")
    rows = session.execute(stored).all()
    voided = {one.id for one in session.dirty if isinstance(one, Document) and one.state == "void"}
    files = [one.name for one in rows if one.what == "file"]
    papers = [(one.title, one.number) for one in rows if one.what == "paper" and one.id not in voided]
    known = {one.id for one in rows if one.what == "file"}
    new = [one for one in session.dirty if isinstance(one, File) and one.case_id == case_id and one.id not in known]
    files += [one.name for one in new if not one.field.startswith("paper:")]
    papers += [(one.title, one.number) for one in a.work.new(Document) if one.case_id == case_id]
    return files, papers
