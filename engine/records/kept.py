"""Until when what lives outside a case is kept: bookings, orders, bonds that ended, notices, accounts. What of them is
over, since when, and what keeps them back; who blanks them is engine.commands.hall.outside.

Rows of a declaration with a `keep` of its own get their day when they are over (`keep_until`); the others are found by
when they were over. Both by an index, whose condition the query repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, text, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from engine.matters import keeping
from engine.matters.nouns.keep import PERMANENT
from engine.matters.nouns.registers import after, before
from engine.records import library
from engine.store import Work
from engine.store.models import (
    AccountMerge,
    Appointment,
    Bond,
    Case,
    Consent,
    DataRequest,
    LegalHold,
    LookGrant,
    Meeting,
    Notice,
    NoticeCase,
    OnlineBlock,
    RegisterEntry,
    Resource,
    Reveal,
    Standing,
    Team,
    User,
    Waiting,
)
from engine.store.models.base import Base
from engine.store.models.bonds import ENDED
from engine.store.models.booking import BOOKING_OVER, ORDER_OVER
from engine.store.models.people import TAKEN_BACK, USED
from engine.store.models.privacy import ANSWERED
from engine.store.models.records import CASELESS, NOTICE_OVER
from engine.workdays import ZONE, local_date

Says = ColumnElement[Any] | InstrumentedAttribute[Any]

#: A day that does not come. Of a case, it keeps it out of the search for those without one.
NEVER = date.max


def held(today: date) -> ColumnElement[bool]:
    """A condition: somebody keeps this case back (保全)."""
    return exists().where(LegalHold.case_id == Case.id, LegalHold.ended_at.is_(None), LegalHold.until_on >= today)


def cases_due(on: date, *, today: date) -> list[ColumnElement[bool]]:
    """The conditions of cases that are erased on this day: theirs has come by then, nobody keeps them back today, and
    no case that asked for them goes on."""
    asked = aliased(Case)
    return [
        Case.erased_at.is_(None),
        Case.keep_until.is_not(None),
        Case.keep_until <= on,
        ~held(today),
        ~exists().where(asked.id == Case.parent_id, asked.finished_at.is_(None)),
    ]


def taken_back(work: Work, case_ids: Sequence[int]) -> set[int]:
    """Those of these cases whose person took their consent back, and gave none since."""
    if not case_ids:
        return set()
    rows = work.session.execute(
        select(Consent.case_id, func.count(Consent.withdrawn_at), func.count())
        .where(Consent.case_id.in_(case_ids))
        .group_by(Consent.case_id)
    )
    return {case_id for case_id, over, all in rows if case_id is not None and over == all}


_RESIDENTS = select(User.id).where(User.kind == "resident")


def unless_resident(column: Any) -> ColumnElement[Any]:
    """What is left of who did it: who of the hall it was stays, for what each has done; a resident's account goes."""
    return case((column.in_(_RESIDENTS), None), else_=column)


@dataclass(frozen=True)
class Kept:
    """One table of what lives outside a case."""

    kind: str  # of retention.yaml
    table: type[Base]
    since: Says  # when it was over
    over: str = ""  # SQL, as its index says it
    key: Says | None = None  # of the declaration whose `keep` it has
    declared: str = ""  # … and of which kind that is
    cases: tuple[Says, ...] = ()  # ids of the cases it has to do with
    listed: ColumnElement[bool] | None = None  # which rows of `notice_case` say more of them

    @property
    def columns(self) -> Any:
        """Its columns; `erased_at` is not of every table."""
        return cast("Any", self.table)

    @property
    def dated(self) -> bool:
        """Whether each row has its day."""
        return hasattr(self.table, "keep_until")

    @cached_property
    def live(self) -> ColumnElement[bool]:
        """It is over."""
        return text(self.over) if self.over else true()  # type: ignore[return-value]

    def kept_back(self, today: date) -> ColumnElement[bool]:
        """A case that it has to do with goes on, or is kept back."""
        stays = or_(Case.finished_at.is_(None), held(today))
        going = [exists().where(Case.id == one, stays).correlate(self.table) for one in self.cases]
        if self.listed is not None:
            going.append(exists().where(Case.id == NoticeCase.case_id, self.listed, stays).correlate(self.table))
        return or_(false(), *going)

    def due(self, on: date, *, today: date) -> ColumnElement[bool]:
        """Its time is over on this day, and nothing keeps it back today."""
        if self.dated:
            ready = and_(self.columns.erased_at.is_(None), self.columns.keep_until <= on)
        else:
            last = before(on, f"{keeping.house().kinds[self.kind]}y")
            blank = self.columns.erased_at.is_(None) if hasattr(self.table, "erased_at") else true()
            ready = and_(blank, self.live, self.since < datetime.combine(last, time(), ZONE))
        return and_(ready, ~self.kept_back(today))


_OFFER = select(Resource.offer)
_OPENED = select(Resource.case_id)

#: Every one; a test holds it against the tables of the database (tests/commands/test_outside.py).
ALL: tuple[Kept, ...] = (
    Kept(
        "offer",
        Appointment,
        Appointment.ends_at,
        BOOKING_OVER,
        _OFFER.where(Resource.id == Appointment.resource_id).correlate(Appointment).scalar_subquery(),
        "offers",
        (
            _OPENED.where(Resource.id == Appointment.resource_id).correlate(Appointment).scalar_subquery(),
            select(Meeting.case_id)
            .where(Meeting.id == Appointment.meeting_id)
            .correlate(Appointment)
            .scalar_subquery(),
        ),
    ),
    Kept(
        "offer",
        Standing,
        Standing.ended_at,
        ORDER_OVER,
        _OFFER.where(Resource.id == Standing.resource_id).correlate(Standing).scalar_subquery(),
        "offers",
        (_OPENED.where(Resource.id == Standing.resource_id).correlate(Standing).scalar_subquery(),),
    ),
    Kept(
        "offer",
        Waiting,
        Waiting.day,
        "",
        _OFFER.where(Resource.id == Waiting.resource_id).correlate(Waiting).scalar_subquery(),
        "offers",
        (_OPENED.where(Resource.id == Waiting.resource_id).correlate(Waiting).scalar_subquery(),),
    ),
    Kept("offer", OnlineBlock, OnlineBlock.until_at),
    Kept("bond", Bond, Bond.ended_at, ENDED, Bond.kind, "bonds", (Bond.case_id,)),
    Kept("team", Team, Team.ended_at, "ended_at is not null"),
    Kept(
        "notice",
        Notice,
        Notice.created_at,
        NOTICE_OVER,
        listed=NoticeCase.notice_id == Notice.id,
    ),
    Kept("request", DataRequest, DataRequest.answered_at, ANSWERED, cases=(DataRequest.case_id,)),
    Kept("reveal", LookGrant, LookGrant.asked_at),
    Kept(
        "reveal",
        Reveal,
        Reveal.at,
        CASELESS,
        cases=(
            select(RegisterEntry.case_id)
            .where(RegisterEntry.id == Reveal.entry_id)
            .correlate(Reveal)
            .scalar_subquery(),
        ),
    ),
    Kept("consent", Consent, Consent.withdrawn_at, TAKEN_BACK),
    Kept("account", AccountMerge, AccountMerge.at),
    Kept("account", User, func.coalesce(User.used_at, User.created_at), USED),
)


def keeps(work: Work, kept: Kept) -> Mapping[str, str]:
    """key of a declaration -> what it says itself."""
    if not kept.declared:
        return {}
    found = library.declared(work, kept.declared)
    said = {key: getattr(one.what, "keep", None) for key, (one, _package) in found.items()}
    return {key: span for key, span in said.items() if span is not None}


def until(kept: Kept, ended: date | datetime, said: str | None) -> date:
    """The day on which what was over then is blanked."""
    on = local_date(ended) if isinstance(ended, datetime) else ended
    span = said if said is not None else f"{keeping.house().kinds[kept.kind]}y"
    return NEVER if span == PERMANENT else after(on, span)


def counts(work: Work, *, today: date, ahead: date) -> tuple[dict[str, int], dict[str, int]]:
    """kind -> how many rows are due today, and how many until a later day."""
    found: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for counted, on in zip(found, (today, ahead), strict=True):
        for one in ALL:
            many = work.session.scalar(select(func.count()).select_from(one.table).where(one.due(on, today=today)))
            counted[one.kind] = counted.get(one.kind, 0) + (many or 0)
    return found
