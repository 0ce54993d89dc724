"""Who is acting: a value made once a request, asked by every command and every read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select

from engine import workdays
from engine.errors import NotFound, NotYours
from engine.people import bonds, holders, masks, units
from engine.people.bonds import Grant
from engine.store import Work
from engine.store.models import Base, Case, Holding, Leave, Post, User

#: 代理 may be passed on this often: A's agent B is away, C acts for B, D for C.
AGENCY_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Position:
    """A post held in a unit, in one's own name or on behalf of someone away."""

    unit_id: int
    unit_path: str
    unit_kind: str
    post: str  # the post's code
    role: str  # clerk, supervisor, designer; operator, security, auditor: 三员
    for_id: int | None = None  # 代理: the user whose post it is
    matters: tuple[str, ...] | None = None  # 代理: only these matters; None: all

    @property
    def key(self) -> str:
        """As in the lists of steps (engine.store.listing)."""
        return f"p:{self.unit_id}:{self.post}"

    @property
    def reads(self) -> bool:
        """Whether the post needs residents' data: a designer's and an administrator's do not (PIPL 6)."""
        return self.role in ("clerk", "supervisor")

    def covers(self, matter: str) -> bool:
        """Whether they may act by it in this matter: their own post in all, one they stand in for as the leave says."""
        return self.for_id is None or _covers(self.matters, matter)


@dataclass(frozen=True, slots=True)
class Absence:
    """Someone away, for whom the actor may act now."""

    user_id: int
    name: str
    matters: tuple[str, ...] | None  # None: all


@dataclass(frozen=True, slots=True)
class Lent:
    """What a leave limited to some matters lets its stand-in read: cases of these matters, in these units."""

    units: frozenset[int]
    matters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system, at one moment, with what they may stand for."""

    id: int | None  # None: the system itself
    kind: str  # resident, staff or system
    name: str
    positions: tuple[Position, ...] = ()
    absences: tuple[Absence, ...] = ()
    realm: frozenset[int] = frozenset()  # units whose cases they may see: their units and all below
    lent: tuple[Lent, ...] = ()  # 代理: the same, in some matters only
    grants: tuple[Grant, ...] = ()  # 关系: what others let them do for them today
    locale: str = "zh"
    place_id: int | None = None  # where a resident belongs
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def masked(self) -> str:
        return masks.name(self.name)

    @property
    def roles(self) -> frozenset[str]:
        own = {p.role for p in self.positions if p.for_id is None}
        return frozenset(own | ({self.kind} if self.kind != "staff" else set()))

    @property
    def key(self) -> str:
        return f"u:{self.id}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Candidate keys that name this actor, their posts, and those they act for."""
        found = [self.key, *(p.key for p in self.positions), *(f"u:{a.user_id}" for a in self.absences)]
        return tuple(dict.fromkeys(found))

    def keys_in(self, matter: str) -> tuple[str, ...]:
        """The same, of what belongs to this matter: a leave limited to other matters lends nothing in it."""
        away = (f"u:{a.user_id}" for a in self.absences if _covers(a.matters, matter))
        return tuple(dict.fromkeys([self.key, *(p.key for p in self.positions_in(matter)), *away]))

    def positions_in(self, matter: str) -> tuple[Position, ...]:
        """Their own positions, and those that somebody who is away lends them in this matter."""
        return tuple(p for p in self.positions if p.for_id is None or _covers(p.matters, matter))

    @property
    def positions_in_all(self) -> tuple[Position, ...]:
        """Their own positions, and those that somebody who is away lends them without a limit: for what belongs to no
        one matter (a shared register, the desk that lends books)."""
        return tuple(p for p in self.positions if p.for_id is None or p.matters is None)

    @property
    def lent_matters(self) -> tuple[str, ...]:
        """Matters in which somebody lends them what they do not lend in all."""
        limited = [p.matters or () for p in self.positions if p.for_id is not None]
        return tuple(sorted({m for some in (*limited, *(a.matters or () for a in self.absences)) for m in some}))

    @property
    def unit_id(self) -> int | None:
        """The unit of their first post: where what they take in at a counter is received."""
        own = [p.unit_id for p in self.positions if p.for_id is None]
        return own[0] if own else self.place_id

    def as_whom(self, keys: list[str] | tuple[str, ...], matter: str) -> tuple[bool, int | None]:
        """(may they, on whose behalf): own name first, then 代理 for this matter."""
        wanted = set(keys)
        if self.key in wanted or any(p.for_id is None and p.key in wanted for p in self.positions):
            return True, None
        for absence in self.absences:
            if f"u:{absence.user_id}" in wanted and _covers(absence.matters, matter):
                return True, absence.user_id
        for position in self.positions:
            if position.for_id is not None and position.key in wanted and _covers(position.matters, matter):
                return True, position.for_id
        return False, None

    def granted(self, power: str, case: Case) -> Grant | None:
        """The bond that lets them do this in this case, for the person it is of."""
        return next((grant for grant in self.grants if grant.over(power, case)), None)

    def for_whom(self, power: str, user_id: int | None) -> Grant | None:
        """The bond that lets them do this for this person at all, whichever matter."""
        if user_id is None:
            return None
        return next((g for g in self.grants if g.case_id is None and g.subject_id == user_id and power in g.lets), None)

    def agent_of(self, case: Case) -> Grant | None:
        """Their mandate in this case, when they are its agent."""
        return next((g for g in self.grants if g.case_id is not None and g.case_id == case.id), None)

    def without(self, apart: Collection[int]) -> Actor:
        """The same person, but not on behalf of these: who keeps away lends nobody their place (回避)."""
        if not apart or not (self.absences or any(p.for_id is not None for p in self.positions)):
            return self
        return replace(
            self,
            positions=tuple(p for p in self.positions if p.for_id not in apart),
            absences=tuple(a for a in self.absences if a.user_id not in apart),
        )

    def themselves(self) -> Actor:
        """The same person with what is their own: what somebody away or a bond lends them is left out (保密)."""
        own = tuple(p for p in self.positions if p.for_id is None)
        return replace(self, positions=own, absences=(), lent=(), grants=())

    def stands_for(self, user_id: int | None, matter: str) -> bool:
        """Whether they may act for this user, who is away, in this matter."""
        return any(a.user_id == user_id and _covers(a.matters, matter) for a in self.absences)

    @property
    def own_units(self) -> frozenset[int]:
        """Units in which they have a post of their own that needs residents' data: restricted cases stay with these
        (and with those a case names); no leave lends them."""
        return frozenset(p.unit_id for p in self.positions if p.for_id is None and p.reads)

    def reaches(self, unit_ids: Collection[int | None], matter: str) -> bool:
        """Whether a case of this matter in one of these units is within what they may read."""
        wanted = {u for u in unit_ids if u is not None}
        return bool(self.realm & wanted) or any(matter in one.matters and one.units & wanted for one in self.lent)

    def supervises(self, unit_id: int | None) -> bool:
        """Whether a supervisor's post of theirs covers this unit."""
        if unit_id is None:
            return any(p.role == "supervisor" and p.unit_kind == "county" and p.for_id is None for p in self.positions)
        return unit_id in self.realm and any(p.role == "supervisor" for p in self.positions if p.for_id is None)


def _covers(matters: tuple[str, ...] | None, matter: str) -> bool:
    return matters is None or matter in matters


#: The system: timers, sweeps, renderings.
SYSTEM = Actor(id=None, kind="system", name="系统")


#: What is bound when an actor is looked for (`whoever`): the moment, and its day.
NOW: Any = bindparam("now")
_TODAY: Any = bindparam("today")


def load(work: Work, user_id: int, *, now: datetime) -> Actor:
    """The actor a user is at this moment. Two statements for someone without an absence to cover or a bond to act
    by."""
    found = load_by(work, _by_id(), {"user_id": user_id}, now=now)
    if found is None:
        raise NotFound(f"没有编号为 {user_id} 的用户。", f"There is no user {user_id}.")
    return found


def load_login(work: Work, login: str, *, now: datetime) -> Actor:
    """The actor of a member of staff, by the name they log in with."""
    found = load_by(work, _by_login(), {"login": login}, now=now)
    if found is None:
        raise NotFound(f"没有登录名为“{login}”的工作人员。", f"There is no member of staff who logs in as {login!r}.")
    return found


@cache
def _by_id() -> Select[Any]:
    return whoever(User.id == bindparam("user_id"))


@cache
def _by_login() -> Select[Any]:
    return whoever((User.login == bindparam("login")) & (User.kind == "staff"))


def whoever(
    condition: ColumnElement[bool],
    *,
    join: tuple[type[Base], ColumnElement[bool]] | None = None,
    columns: Sequence[Any] = (),
) -> Select[Any]:
    """The statement that finds the actor of the one user this condition names, with columns of a table joined to the
    user. It is built once, with its values to be bound (`load_with`; NOW is bound there): to put it together for each
    request costs more than to execute it."""
    covers = (
        exists()
        .where(Leave.agent_id == User.id, Leave.from_at <= NOW, Leave.until_at > NOW, Leave.ended_at.is_(None))
        .correlate(User)
    )
    # Whether they cover for anybody comes along: most do not, and are asked no further.
    query = select(User, Holding, Post, covers, bonds.any_held(_TODAY), *columns)
    if join is not None:
        query = query.join(*join)
    return (
        query.outerjoin(Holding, Holding.user_id == User.id)
        .outerjoin(Post, Post.id == Holding.post_id)
        .where(condition)
        .order_by(Holding.id)
    )


def load_by(work: Work, statement: Select[Any], values: Mapping[str, Any], *, now: datetime) -> Actor | None:
    """The actor whom this statement (`whoever`) finds; None when it finds nobody."""
    found = load_with(work, statement, values, now=now)
    return None if found is None else found[0]


def load_with(
    work: Work, statement: Select[Any], values: Mapping[str, Any], *, now: datetime
) -> tuple[Actor, tuple[Any, ...]] | None:
    """The same, and the columns that it was to bring along: of the session that names them, as a rule."""
    today = workdays.local_date(now)
    rows = work.session.execute(statement, {**values, "now": now, "today": today}).all()
    if not rows:
        return None
    user: User = rows[0][0]
    work.session.info["actor"] = user  # held, so that a notice to whoever acts does not read them again
    if user.disabled_at is not None:
        raise NotYours("这个账号已停用，请联系管理员。", "This account is disabled: ask the administrator.")
    grants = bonds.granted(work, user.id, today) if rows[0][4] else ()
    positions = list(_positions(work, [(row[1], row[2]) for row in rows if row[1] is not None], now))
    # Whoever has left, or runs the hall, is lent nothing, whatever leave names them: it would show them people's data.
    absences = tuple(_absences(work, user.id, now)) if rows[0][3] and any(one.reads for one in positions) else ()
    if absences:
        positions += _borrowed(work, absences, now)
    tree = units.tree(work) if positions else None
    below = {
        pos.unit_path: frozenset(p.id for p in tree if p.path.startswith(pos.unit_path)) for pos in positions if tree
    }
    reading = [pos for pos in positions if pos.reads]
    realm = frozenset[int]().union(
        *(below[pos.unit_path] for pos in reading if pos.for_id is None or pos.matters is None)
    )
    lent = tuple(
        Lent(below[pos.unit_path], pos.matters) for pos in reading if pos.for_id is not None and pos.matters is not None
    )
    actor = Actor(
        id=user.id,
        kind=user.kind,
        name=user.name,
        positions=tuple(positions),
        absences=absences,
        realm=realm,
        lent=lent,
        grants=grants,
        locale=user.locale,
        place_id=user.place_id,
    )
    return actor, tuple(rows[0][5:])


def _positions(
    work: Work, rows: list[tuple[Holding, Post]], now: datetime, away: Absence | None = None
) -> Iterator[Position]:
    today = workdays.local_date(now)
    for holding, post in rows:
        if (holding.from_on and today < holding.from_on) or (holding.until_on and today > holding.until_on):
            continue
        unit = units.place(work, holding.unit_id)
        if not unit.active:
            continue  # nobody acts in an office that is no more
        yield Position(
            unit.id,
            unit.path,
            unit.kind,
            post.code,
            post.role,
            for_id=away.user_id if away else None,
            matters=away.matters if away else None,
        )


def _absences(work: Work, user_id: int, now: datetime) -> Iterator[Absence]:
    """Those away for whom the user acts, directly or through a chain of agents. No cycles: nobody twice.

    Every link is a leave in force, lent by somebody who may do today what they lend: an account that was disabled or a
    post that is over ends the chain there, for those behind it too.
    """
    seen = {user_id}
    agents: dict[int, tuple[str, ...] | None] = {user_id: None}
    lenders = holders.who_work_on_cases(work, workdays.local_date(now)).order_by(None)
    for _ in range(AGENCY_DEPTH):
        rows = work.session.execute(
            select(Leave, User.name)
            .join(User, User.id == Leave.user_id)
            .where(Leave.agent_id.in_(agents), Leave.from_at <= now, Leave.until_at > now, Leave.ended_at.is_(None))
            .where(Leave.user_id.in_(lenders), Leave.user_id.not_in(seen))
            .order_by(Leave.id)
        ).all()
        further: dict[int, tuple[str, ...] | None] = {}
        names: dict[int, str] = {}
        for leave, name in rows:
            through = agents[leave.agent_id]
            own = tuple(leave.matters) if leave.matters is not None else None
            both = own if through is None else through if own is None else tuple(m for m in own if m in through)
            names[leave.user_id] = name
            if leave.user_id in further:  # lent twice: some matters by one leave, others by another
                before = further[leave.user_id]
                both = None if both is None or before is None else tuple(dict.fromkeys((*before, *both)))
            further[leave.user_id] = both
        yield from (Absence(user, names[user], both) for user, both in further.items())
        if not further:
            return
        seen |= set(further)
        agents = further


def _borrowed(work: Work, absences: tuple[Absence, ...], now: datetime) -> list[Position]:
    by_id = {a.user_id: a for a in absences}
    rows = work.session.execute(
        select(Holding, Post).join(Post, Post.id == Holding.post_id).where(Holding.user_id.in_(by_id))
    ).all()
    found: list[Position] = []
    for holding, post in rows:
        # An administrator's powers are not lent by a leave; the work of a post is.
        if post.role in holders.WITHOUT_CASES:
            continue
        found += _positions(work, [(holding, post)], now, by_id[holding.user_id])
    return found
