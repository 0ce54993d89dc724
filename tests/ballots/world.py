"""A village that votes: 苏洋村 with as many voters as a test wants, each with an account of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from engine import people
from engine.commands import ballot_rows
from engine.commands.ballot_rows import Line, Proposal
from engine.commands.ballots import closing
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.people import SYSTEM
from engine.store import keys
from engine.store.models import Ballot, BallotVoter, MatterVersion, User
from tests.conftest import NOW

OPENS = NOW + timedelta(days=10)
CLOSES = OPENS + timedelta(days=3)
DURING = OPENS + timedelta(hours=2)

OPEN = Declaration(name="成员大会表决", name_en="Vote of the members", body="members-assembly", post="agent")
SECRET = Declaration(
    name="选举", name_en="Election", body="own", passes="yes > half of present", secret=True, post="agent"
)


def resident(work: Any, n: int) -> int:
    phone = f"139{n:08d}"
    row = User(kind="resident", name=f"村民{n}", phone=phone, phone_index=keys.blind("phone", phone), created_at=NOW)
    work.session.add(row)
    work.session.flush()
    return row.id


def line(n: int, place: int | None = None, **more: Any) -> Line:
    return Line(f"村民{n}", f"139{n:08d}", place_id=place, **more)


def announced(
    work: Any,
    cast: SimpleNamespace,
    what: Declaration,
    lines: list[Line],
    *,
    now: datetime = NOW,
    bodies: tuple = (),
    options: tuple[str, ...] = (),
    opens: datetime = OPENS,
    closes: datetime = CLOSES,
) -> Ballot:
    return ballot_rows.announce(
        work,
        Proposal(
            key="proposal",
            version=work.session.scalar(select(MatterVersion.hash).limit(1)),
            what=what,
            question="同意把村集体的 86 万元投到园区吗？",
            words="三个村各出一份。",
            options=options,
            bodies=bodies,
            unit=cast.suyang,
            place=cast.suyang,
            opens_at=opens,
            closes_at=closes,
            roll=tuple(lines),
        ),
        by=SYSTEM,
        now=now,
    )


def village(
    database: Any, cast: SimpleNamespace, what: Declaration, voters: int, *, of: Any = None, **more: Any
) -> SimpleNamespace:
    """A ballot with so many voters, each of whom can sign in. Attributes: code, id, users, lines (ids of the roll)."""
    with database.unit_of_work() as work:
        users = [resident(work, n) for n in range(voters)]
        lines = [line(n, **(of(n) if of else {})) for n in range(voters)]
        row = announced(work, cast, what, lines, **more)
        ids = {v.name: v.id for v in work.session.scalars(select(BallotVoter).where(BallotVoter.ballot_id == row.id))}
    return SimpleNamespace(
        code=row.code, id=row.id, users=users, lines=[ids[f"村民{n}"] for n in range(voters)], database=database
    )


def actor(database: Any, user_id: int, now: datetime = DURING) -> people.Actor:
    with database.reading() as work:
        return people.load(work, user_id, now=now)


def closed(database: Any, ballot_id: int, now: datetime = CLOSES) -> dict[str, Any]:
    """The worker comes by at the close: the result."""
    with database.unit_of_work() as work:
        closing.due(work, ballot_id, now=now)
    ballot_rows.scrub(database)
    with database.reading() as work:
        return work.session.get_one(Ballot, ballot_id).result
