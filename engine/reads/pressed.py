"""督办: what a supervisor keeps an eye on: what a matter's register says is pressed, until it is taken off, and what is
late of the same matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.people import Actor, shelves
from engine.reads import overview, registers
from engine.reads.case_list import Brief
from engine.records import library
from engine.records import registers as records
from engine.store import Work
from engine.store.models import RegisterEntry
from engine.workdays import local_date

#: What registers whose entries are pressed say of themselves (`feeds`), and the fields such a register has.
FEEDS = "press"


@dataclass(frozen=True, slots=True)
class Pressed:
    """One that is pressed."""

    number: str
    why: str
    unit: str
    since: date | None


@dataclass(frozen=True, slots=True)
class Listed:
    """The two parts of the page."""

    pressed: tuple[Pressed, ...]
    late: tuple[Brief, ...]  # the most urgent
    late_in_all: int


def read(work: Work, actor: Actor, *, now: datetime, most: int = 100) -> Listed:
    """What is pressed first, the longest first; then what is late. Registers the actor may not read are left out."""
    found: list[Pressed] = []
    matters: set[str] = set()
    for one, package in library.declared(work, "registers").values():
        register = records.register_of(one)
        if register.feeds != FEEDS or not shelves.may(actor, "reveal", shelves.Kept(one)):
            continue
        rows = work.session.scalars(
            select(RegisterEntry)
            .where(
                registers.visible(work, actor, one),
                records.live(local_date(now)),
                RegisterEntry.register == one.key,
            )
            .order_by(RegisterEntry.id)
            .limit(most)
        ).all()
        options = records.options(one, package)
        for facts in (entry.facts or {} for entry in rows):
            why = registers.text_of(register.fields["why"], facts.get("why"), options.get("why"))
            since = facts.get("on")
            day = date.fromisoformat(since) if since else None
            found.append(Pressed(str(facts.get("number") or ""), why, str(facts.get("unit") or ""), day))
        matters.add(package.name)
    late: list[Brief] = []
    in_all = 0
    for name in sorted(matters):
        listed, total = overview.behind(work, actor, which="overdue", matter=name, now=now, limit=most)
        late += listed
        in_all += total
    return Listed(tuple(found), tuple(late), in_all)


def there_are(work: Work) -> bool:
    """Whether something published presses: else there is no such page."""
    return any(
        records.register_of(one).feeds == FEEDS for one, _package in library.declared(work, "registers").values()
    )
