"""迁移, as people see it: which versions cases run on, how a plan goes, what was moved of one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.errors import NotFound, NotYours
from engine.people import Actor, masks, may
from engine.people.access import require
from engine.store import Work
from engine.store.models import Case, MatterVersion, MovedCase, User, VersionMove

RUNS = ("running", "suspended")
#: So many cases of each sort are shown of a plan; the others are counted.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Running:
    """A version, and the cases that run on it."""

    hash: str  # the first twelve signs, as people compare them
    whole: str
    at: datetime
    note: str
    current: bool
    cases: int


@dataclass(frozen=True, slots=True)
class Item:
    """One case of a plan."""

    id: int
    number: str
    stage: str
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, and how far it is."""

    id: int
    to: str  # the first twelve signs
    why: str
    state: str
    by: str  # masked
    at: datetime
    ended_at: datetime | None
    counts: dict[str, int]  # state of its cases -> how many
    items: dict[str, tuple[Item, ...]]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class CaseMoved:
    """One move of one case."""

    id: int
    frm: str
    to: str
    at: datetime
    by: str
    why: str
    told: tuple[tuple[str, str], ...]


def versions(work: Work, matter: str, actor: Actor) -> tuple[Running, ...]:
    """The versions on which cases run, and the one in use; of confidential cases nothing is said."""
    require(actor, "move")
    counted = dict(
        work.session.execute(
            select(Case.version_hash, func.count())
            .where(Case.matter == matter, Case.status.in_(RUNS), ~Case.confidential)
            .group_by(Case.version_hash)
        ).all()
    )
    rows = work.session.execute(
        select(MatterVersion.hash, MatterVersion.published_at, MatterVersion.note, MatterVersion.current)
        .where(MatterVersion.matter == matter)
        .order_by(MatterVersion.published_at.desc())
    ).all()
    if not rows:
        raise NotFound(f"没有事项“{matter}”。", f"There is no matter {matter!r}.")
    return tuple(
        Running(hash[:12], hash, at, note, current, counted.get(hash, 0))
        for hash, at, note, current in rows
        if current or counted.get(hash)
    )


def behind(work: Work, matter: str) -> int:
    """How many cases run on a version that is not in use."""
    return (
        work.session.scalar(
            select(func.count())
            .select_from(Case)
            .join(MatterVersion, MatterVersion.hash == Case.version_hash)
            .where(Case.matter == matter, Case.status.in_(RUNS), ~Case.confidential, ~MatterVersion.current)
        )
        or 0
    )


def plans(work: Work, matter: str, actor: Actor) -> tuple[Plan, ...]:
    """The last plans of a matter, the newest first; those of a designer (one case alone is its office's)."""
    require(actor, "move")
    ids = work.session.scalars(
        select(VersionMove.id)
        .where(VersionMove.matter == matter, ~VersionMove.alone)
        .order_by(VersionMove.id.desc())
        .limit(10)
    )
    return tuple(plan(work, matter, id, actor, shown=0) for id in ids)


def plan(work: Work, matter: str, id: int, actor: Actor, *, shown: int = SHOWN) -> Plan:
    require(actor, "move")
    row = work.session.get(VersionMove, id)
    if row is None or row.matter != matter or row.alone:
        raise NotFound("没有这次迁移。", "There is no such move.")
    counts = dict(
        work.session.execute(
            select(MovedCase.state, func.count()).where(MovedCase.move_id == id).group_by(MovedCase.state)
        ).all()
    )
    items = {}
    for state in counts if shown else ():
        found = work.session.execute(
            select(MovedCase.id, Case.number, Case.stage, MovedCase.told)
            .join(Case, Case.id == MovedCase.case_id)
            .where(MovedCase.move_id == id, MovedCase.state == state, ~Case.confidential)
            .order_by(MovedCase.id)
            .limit(shown)
        )
        items[state] = tuple(
            Item(moved, number, stage, tuple((zh, en) for zh, en in told)) for moved, number, stage, told in found
        )
    by = work.session.scalar(select(User.name).where(User.id == row.made_by_id)) or ""
    return Plan(row.id, row.to_hash[:12], row.why, row.state, masks.name(by), row.made_at, row.ended_at, counts, items)


def of_case(work: Work, case_id: int) -> tuple[CaseMoved, ...]:
    """The moves of a case that stand, the newest first: for whoever sees the case."""
    rows = work.session.execute(
        select(MovedCase, VersionMove, User.name)
        .join(VersionMove, VersionMove.id == MovedCase.move_id)
        .outerjoin(User, User.id == MovedCase.by_id)
        .where(MovedCase.case_id == case_id, MovedCase.state == "moved")
        .order_by(MovedCase.id.desc())
    )
    return tuple(
        CaseMoved(
            row.id,
            row.from_hash[:12],
            move.to_hash[:12],
            row.at or move.made_at,
            masks.name(name or ""),
            move.why,
            tuple((zh, en) for zh, en in row.told),
        )
        for row, move, name in rows
    )


def to_move(work: Work, number: str, actor: Actor) -> Case:
    """The case that this actor may move: NotYours for who only sees it, for everybody else as if it were not there."""
    case = work.session.scalar(select(Case).where(Case.number == number.strip()))
    if case is None or not may(actor, "move", case):
        if case is not None and may(actor, "see", case):
            raise NotYours(
                "办件由承办单位的负责人或者运维迁到别的版本。您可以请他们办。",
                "A head of its office, or who runs the hall, moves a case to another version: ask them to.",
            )
        raise NotFound(
            f"没有编号为“{number}”的办件，或您不能查看。请核对编号。", f"There is no case {number!r} you may see."
        )
    return case


def current(work: Work, matter: str) -> Running | None:
    """The version of a matter that is in use."""
    row = work.session.execute(
        select(MatterVersion.hash, MatterVersion.published_at, MatterVersion.note).where(
            MatterVersion.matter == matter, MatterVersion.current
        )
    ).one_or_none()
    return Running(row[0][:12], row[0], row[1], row[2], True, 0) if row is not None else None


def older(work: Work, matter: str, version: str) -> bool:
    """Whether another version of the matter than this one is in use."""
    now = current(work, matter)
    return now is not None and now.whole != version
