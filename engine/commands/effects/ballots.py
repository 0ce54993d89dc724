"""表决: a case has something voted on and waits for the result; or it calls the vote off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import feel
from engine.commands import ballot_rows
from engine.commands.ballot_rows import Line, Proposal
from engine.errors import FieldError, Invalid, NotFound
from engine.matters.nouns import Declared
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.people import units
from engine.people.units import Place
from engine.process import Effect
from engine.records import audit, registers
from engine.store import Work
from engine.store.models import Ballot, RegisterEntry
from engine.workdays import ZONE, local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: So many entries of a register are looked through for a roll.
MOST_ENTRIES = 100_000
#: What a line of a given roll may say, besides its name.
_PARTS = ("phone", "id_number", "household")


def open_(a: Applying, effect: Effect) -> None:
    """Announce it; the answer comes when it is counted."""
    one, what = _declared(a, effect)
    given, answers = effect.arguments, effect.headers.get("answers", "")
    at = f"{answers}." if answers else ""
    bodies = tuple(_unit(a.work, a.place, code) for code in _list(given.get("bodies")))
    row = ballot_rows.announce(
        a.work,
        Proposal(
            key=one.key,
            version=a.package.version,
            what=what,
            question=str(given.get("question") or ""),
            words=str(given.get("text") or ""),
            options=tuple(str(name) for name in _list(given.get("options"))),
            bodies=bodies,
            unit=a.office,
            place=a.place,
            opens_at=_moment(given.get("opens_at"), f"{at}opens_at", "开始时间"),
            closes_at=_moment(given.get("closes_at"), f"{at}closes_at", "截止时间"),
            case_id=a.case.id,
            effect=effect.id,
            roll=_roll(a, what, bodies, given.get("roll")),
            at=at,
        ),
        by=a.by,
        now=a.now,
    )
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element, "ballot": row.id})


def close(a: Applying, effect: Effect) -> None:
    """Called off: nothing is counted. A ballot ends otherwise by time, or when all have voted."""
    one, _ = _declared(a, effect)
    reason = str(effect.arguments.get("reason") or "")
    if off(a, reason, one.key):
        a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})


def case_ended(a: Applying) -> None:
    """A vote of a case that has ended decides nothing: it is called off."""
    if a.package.declared("ballots"):  # no look at the table for the many cases that never vote
        off(a, a.case.outcome)


def off(a: Applying, reason: str, key: str = "") -> int:
    """Withdraw the ballots of the case that have not ended; how many there were."""
    found = select(Ballot.id).where(Ballot.case_id == a.case.id, Ballot.state.in_(("announced", "open")))
    ids = list(a.work.session.scalars(found.where(Ballot.key == key) if key else found))
    rows = [ballot_rows.alone(a.work, id) for id in ids]
    live = [row for row in rows if row.state in ("announced", "open")]
    for row in live:
        ballot_rows.withdraw(a.work, row, reason, by=a.by, now=a.now)
    return len(live)


def _declared(a: Applying, effect: Effect) -> tuple[Declared, Declaration]:
    name = effect.headers.get("ballot", "")
    one = a.package.declared("ballots").get(name)
    if one is None or not isinstance(one.what, Declaration):
        raise NotFound(
            f"“{a.package.info.name}”没有声明表决“{name}”。", f"{a.package.name} declares no ballot {name!r}."
        )
    return one, one.what


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]


def _unit(work: Work, near: Place, code: object) -> Place:
    """A unit by its code, or by its name where one has it."""
    tree = units.tree(work)
    found = tree.by_code.get(str(code)) or next((p for p in tree if p.name == str(code)), None)
    if found is None:
        raise Invalid(
            [
                FieldError(
                    "bodies",
                    "分别投票的村",
                    f"没有单位“{code}”。请写村（社区）的名称或代码。",
                    f"There is no unit {code!r}: write the village's name or code.",
                )
            ]
        )
    return found


def _moment(value: object, at: str, label: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(value or ""))
    except ValueError:
        raise Invalid([FieldError(at, label, f"请写{label}。", "Say the day and the time.")]) from None
    return (found if found.tzinfo else found.replace(tzinfo=ZONE)).astimezone(UTC)


def _roll(a: Applying, what: Declaration, bodies: Sequence[Place], given: object) -> tuple[Line, ...]:
    """The roll that the diagram brings, or what the register says today: later changes there change nothing here."""
    if what.roll is None or given is not None:
        return tuple(_line(a.work, a.place, n, row) for n, row in enumerate(_list(given)))
    roll, today = what.roll, local_date(a.now)
    one = a.package.declared("registers")[roll.source]
    inside = {place.id for place in bodies} or {place.id for place in (a.place, *units.tree(a.work).below(a.place))}
    read = feel.compile(roll.where.removeprefix("=")) if roll.where else None
    env = feel.Env(now=a.now, calendar=a.work.calendar)
    entries = a.work.session.scalars(
        select(RegisterEntry)
        .where(*registers.conditions(one, valid_on=today), RegisterEntry.blanked_at.is_(None))
        .order_by(RegisterEntry.id)
        .limit(MOST_ENTRIES)
    )
    found = []
    for entry in entries:
        facts = registers.values(a.work, one, entry, on=today)
        place_id = entry.place_id
        if roll.by:
            place_id = _unit(a.work, a.place, facts.get(roll.by)).id if facts.get(roll.by) else None
        if place_id not in inside or (read is not None and read.evaluate(facts, env) is not True):
            continue
        person = entry.person if isinstance(entry.person, Mapping) else {}
        household = facts.get(roll.household) if roll.household else None
        weight = facts.get(roll.weight) if roll.weight else None
        found.append(
            Line(
                name=str(person.get("name") or entry.title or ""),
                phone=person.get("phone"),
                id_number=person.get("id_number"),
                household=str(household) if household is not None else None,
                place_id=place_id,
                weight=int(weight) if weight is not None else 1,
                consents=bool(roll.consent) and facts.get(roll.consent) is True,
            )
        )
    return tuple(found)


def _line(work: Work, near: Place, n: int, row: object) -> Line:
    """A line of a roll that the diagram brings: name, phone, id_number, household, body, weight; texts, true where they
    agreed to text messages."""
    given: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    name = str(given.get("name") or "").strip()
    if not name:
        zh, en = f"名册第 {n + 1} 行没有姓名。", f"Line {n + 1} of the roll has no name."
        raise Invalid([FieldError(f"roll.{n}.name", "姓名", zh, en)])
    said = {part: str(given.get(part) or "").strip() or None for part in _PARTS}
    body, weight = given.get("body"), given.get("weight")
    try:
        votes = 1 if weight in (None, "") else int(str(weight))
    except ValueError:
        votes = 0
    if not 1 <= votes <= 1_000_000:
        zh, en = f"名册第 {n + 1} 行的票数要是整数。", f"Line {n + 1} of the roll: votes are a whole number."
        raise Invalid([FieldError(f"roll.{n}.weight", "票数", zh, en)])
    place_id = _unit(work, near, body).id if body not in (None, "") else None
    texts = given.get("texts") is True
    return Line(name, said["phone"], said["id_number"], said["household"], place_id, votes, texts)
