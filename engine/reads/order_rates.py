"""三率 and what goes with them, of the orders of one month (SERVICES 14; RULES W5), and the cases behind each number.

The month is that in which an order is **due**, not when it came. Of the asker's own words nothing counts but what they
said when called back. A rate is of counts, half up to one decimal, never of rates; of fewer than LEAST nothing is said
(样本不足). What is counted is kept in rows (work_order): the cost is that of the month, whatever else the hall has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select

from engine.people import Actor
from engine.reads import sight
from engine.reads.case_list import COLUMNS, Brief, brief
from engine.store import Work
from engine.store.models import Case, WorkOrder
from engine.workdays import at_start_of_day, local_date

#: A rate of fewer than these says nothing, and whoever has fewer due has no rank (P).
LEAST = 10
#: 综合: how much each of the three weighs (P).
WEIGHTS: Mapping[str, Decimal] = MappingProxyType(
    {"answered": Decimal("0.2"), "solved": Decimal("0.4"), "satisfied": Decimal("0.4")}
)
#: How many stars are satisfied.
SATISFIED = 3

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Month:
    """A month of orders: its first day, and where it begins and ends."""

    first: date

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, text: str, otherwise: date) -> Month:
        """2026-09; another text is the month of `otherwise`, and so is one before or after all of ours: a date that
        no calendar holds has no month beside it."""
        try:
            found = date.fromisoformat(f"{text}-01")
        except ValueError:
            return cls.of(otherwise)
        return cls(found) if 1900 < found.year < 9000 else cls.of(otherwise)

    @property
    def after(self) -> Month:
        return Month.of(self.first + timedelta(days=31))

    @property
    def before(self) -> Month:
        return Month.of(self.first - timedelta(days=1))

    @property
    def begins(self) -> datetime:
        return at_start_of_day(self.first)

    @property
    def ends(self) -> datetime:
        return at_start_of_day(self.after.first)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    name: str
    yes: int
    of: int

    @property
    def exact(self) -> Decimal | None:
        """Per cent; None of too few."""
        return Decimal(100 * self.yes) / self.of if self.of >= LEAST else None

    @property
    def share(self) -> Decimal | None:
        """The same, half up to one decimal."""
        return _one_decimal(self.exact)


@dataclass(frozen=True, slots=True)
class Counted:
    """The orders of one month and one unit, or of several together. Every field is a number that opens its list."""

    due: int = 0  # due in the month, without those left out
    late: int = 0  # … closed late, or open past their due
    asked: int = 0  # … whose asker said whether they were contacted
    answered: int = 0
    judged: int = 0  # … whose asker said whether it is solved
    solved: int = 0
    rated: int = 0  # … whose asker gave stars
    satisfied: int = 0
    left_out: int = 0  # due in the month, and in no rate
    dispatched: int = 0  # sent out in the month
    signed: int = 0  # … signed for in time
    returned: int = 0  # … returned once or more
    wrong: int = 0  # … and rightly
    closed: int = 0  # closed in the month
    redone: int = 0  # … after they were done again

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def any(self) -> bool:
        return bool(self.due or self.dispatched or self.closed or self.left_out)

    @property
    def three(self) -> tuple[Rate, Rate, Rate]:
        """响应率, 解决率, 满意率."""
        return (
            Rate("answered", self.answered, self.asked),
            Rate("solved", self.solved, self.judged),
            Rate("satisfied", self.satisfied, self.rated),
        )

    @property
    def others(self) -> tuple[Rate, ...]:
        """逾期率, 退单率, 错派率, 重办率, 及时签收率."""
        return (
            Rate("late", self.late, self.due),
            Rate("returned", self.returned, self.dispatched),
            Rate("wrong", self.wrong, self.dispatched),
            Rate("redone", self.redone, self.closed),
            Rate("signed", self.signed, self.dispatched),
        )

    @property
    def exact(self) -> Decimal | None:
        """综合 before it is rounded, by which units are ranked; None when one of the three is of too few."""
        found = Decimal(0)
        for rate in self.three:
            if rate.exact is None:
                return None
            found += WEIGHTS[rate.name] * rate.exact
        return found

    @property
    def overall(self) -> Decimal | None:
        """综合."""
        return _one_decimal(self.exact)


def _one_decimal(exact: Decimal | None) -> Decimal | None:
    return exact.quantize(Decimal("0.1"), ROUND_HALF_UP) if exact is not None else None


def _conditions(month: Month, now: datetime) -> dict[str, ColumnElement[bool]]:
    """What each number counts. A due day ends at 24:00, which is the next day's beginning."""
    one = WorkOrder
    counts = and_(one.left_out == "", one.set_aside_id.is_(None))
    due = and_(one.due_at > month.begins, one.due_at <= month.ends)
    sent = and_(one.dispatched_at >= month.begins, one.dispatched_at < month.ends, counts)
    closed = and_(one.closed_at >= month.begins, one.closed_at < month.ends, counts)
    mine = and_(due, counts)
    late = or_(one.closed_at > one.due_at, and_(one.closed_at.is_(None), one.due_at <= now))
    return {
        "due": mine,
        "late": and_(mine, late),
        "asked": and_(mine, one.answered.is_not(None)),
        "answered": and_(mine, one.answered.is_(True)),
        "judged": and_(mine, one.solved.is_not(None)),
        "solved": and_(mine, one.solved.is_(True)),
        "rated": and_(mine, one.stars.is_not(None)),
        "satisfied": and_(mine, one.stars >= SATISFIED),
        "left_out": and_(due, not_(counts)),
        "dispatched": sent,
        "signed": and_(sent, one.signed.is_(True)),
        "returned": and_(sent, one.returned > 0),
        "wrong": and_(sent, one.wrong.is_(True)),
        "closed": closed,
        "redone": and_(closed, one.redone > 0),
    }


#: Which numbers are counted together: they look at the same rows.
_TOGETHER = (
    ("due", "late", "asked", "answered", "judged", "solved", "rated", "satisfied", "left_out"),
    ("dispatched", "signed", "returned", "wrong"),
    ("closed", "redone"),
)
#: What a number's list says it is: its name, and of which it is a part.
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "late": "due",
        "answered": "asked",
        "solved": "judged",
        "satisfied": "rated",
        "signed": "dispatched",
        "returned": "dispatched",
        "wrong": "dispatched",
        "redone": "closed",
    }
)
NUMBERS = tuple(name for group in _TOGETHER for name in group)


def of(work: Work, actor: Actor, month: Month, *, now: datetime) -> dict[int, Counted]:
    """Unit that an order was dispatched to -> what was counted of it. Three statements."""
    wanted = _conditions(month, now)
    found: dict[int, dict[str, int]] = {}
    for names in _TOGETHER:
        first = wanted[names[0]] if "left_out" not in names else or_(wanted["due"], wanted["left_out"])
        rows = work.session.execute(
            select(Case.office_id, *(func.sum(case((wanted[name], 1), else_=0)) for name in names))
            .join(Case, Case.id == WorkOrder.case_id)
            .where(first, sight.of_cases(work, actor))
            .group_by(Case.office_id)
        )
        for office, *numbers in rows:
            found.setdefault(office, {}).update(zip(names, (int(n or 0) for n in numbers), strict=True))
    return {office: Counted(**counts) for office, counts in found.items()}


def total(counted: Iterable[Counted]) -> Counted:
    out = Counted()
    for one in counted:
        out += one
    return out


def ranks(counted: Mapping[Any, Counted]) -> dict[Any, int]:
    """The ranks of those that have one, by 综合; those alike share one."""
    shares = {key: one.exact for key, one in counted.items() if one.due >= LEAST and one.exact is not None}
    better = sorted(shares.values(), reverse=True)
    return {key: better.index(share) + 1 for key, share in shares.items()}


def behind(
    work: Work,
    actor: Actor,
    month: Month,
    *,
    now: datetime,
    which: str,
    not_so: bool = False,
    unit_ids: Iterable[int] | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Brief], int]:
    """The cases behind a number; `not_so`: those of the same whole that it does not count."""
    wanted = _conditions(month, now)
    conditions = [sight.of_cases(work, actor)]
    if not_so:
        conditions += [wanted[PARTS[which]], not_(func.coalesce(wanted[which], false()))]
    else:
        conditions.append(wanted[which])
    if unit_ids is not None:
        conditions.append(Case.office_id.in_(list(unit_ids)))
    joined = WorkOrder.case_id == Case.id
    count = select(func.count()).select_from(Case).join(WorkOrder, joined).where(*conditions)
    rows = work.session.scalars(
        select(Case)
        .join(WorkOrder, joined)
        .where(*conditions)
        .order_by(WorkOrder.due_at, Case.id)
        .offset(offset)
        .limit(limit)
        .options(COLUMNS)
    )
    return [brief(work, one, now, False) for one in rows], work.session.scalar(count) or 0


#: What an order is pressed for (督办), and how that is said.
PRESSED: Mapping[str, str] = MappingProxyType(
    {
        "open": "过期没办结",
        "late": "过期才办结",
        "unsolved": "回访说没解决",
        "unhappy": "重办了还不满意",
        "refused": "不该退的退了",
    }
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """An order of a month that is pressed for: its number and its unit, nobody's name."""

    number: str
    unit_id: int
    why: tuple[str, ...]  # of PRESSED


def pressed(work: Work, actor: Actor, month: Month, *, now: datetime, limit: int = 200) -> tuple[list[Pressed], int]:
    """督办: orders due in the month that are late, not solved, done again and still not well, or sent back without
    ground; and how many there are. What is restricted is counted in the rates and named in no list."""
    one, wanted = WorkOrder, _conditions(month, now)
    why: dict[str, ColumnElement[bool]] = {
        "open": and_(one.closed_at.is_(None), one.due_at <= now),
        "late": one.closed_at > one.due_at,
        "unsolved": one.solved.is_(False),
        "unhappy": and_(one.redone > 0, one.stars < SATISFIED),
        "refused": and_(one.returned > 0, one.wrong.is_(False)),
    }
    mine = (wanted["due"], or_(*why.values()), ~Case.restricted, sight.of_cases(work, actor))
    joined = select(Case.number, Case.office_id, *(case((of, 1), else_=0) for of in why.values()))
    joined = joined.join(WorkOrder, WorkOrder.case_id == Case.id).where(*mine)
    rows = work.session.execute(joined.order_by(WorkOrder.due_at, Case.id).limit(limit)).all()
    count = select(func.count()).select_from(Case).join(WorkOrder, WorkOrder.case_id == Case.id).where(*mine)
    total = len(rows) if len(rows) < limit else work.session.scalar(count) or 0
    return [
        Pressed(number, unit, tuple(name for name, so in zip(why, flags, strict=True) if so))
        for number, unit, *flags in rows
    ], total


def this_month(now: datetime) -> Month:
    return Month.of(local_date(now))
