"""Matches (撮合): what is declared, who may, what is looked for and found, what somebody has, the desk's day.

A list is one statement over plain columns: a need fits a supply when its places lie on the supply's way in that order,
the windows overlap, and every leg it rides has room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy import case as sql_case
from sqlalchemy.orm import aliased, joinedload, selectinload

from engine import feel, forms
from engine.booking import written
from engine.errors import NotFound
from engine.matters import Package
from engine.matters.nouns.matches import POSTS, Match, MatchDocument, MatchSideOf
from engine.matters.nouns.offers import OfferNeed
from engine.people import Actor, masks, may, units
from engine.people.access import matter_of, said_for
from engine.reads import attachments, knowing
from engine.reads.knowing import Person
from engine.records import documents, library
from engine.store import Work
from engine.store.models import Document, MatchApart, MatchLeg, MatchPair, MatchSide, User
from engine.workdays import ZONE

#: Most rows of one list.
MOST = 60
GUARDIANS = feel.compile("bond.guardian[acts = true]")


@dataclass(frozen=True, slots=True)
class Declared:
    """A match as it is published now."""

    key: str
    match: Match
    package: Package


@dataclass(frozen=True, slots=True)
class Not:
    """Why somebody may not."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Held:
    """A document as it is with somebody: until when, and under which number."""

    document: MatchDocument
    until: date | None
    number: str


@dataclass(frozen=True, slots=True)
class Where:
    """From where to where and when, as it is said or looked for: the stops in order; one place without a way."""

    stops: tuple[int, ...]
    starts_at: datetime
    until_at: datetime

    @property
    def day(self) -> date:
        return self.starts_at.astimezone(ZONE).date()


def declared(work: Work) -> dict[str, Declared]:
    """Every published match, by its key."""
    return {key: Declared(key, what, of) for key, (what, of) in library.of_kind(work, "matches", Match).items()}


def of(work: Work, key: str) -> Declared:
    """The published match with this key. NotFound: there is none any more."""
    found = declared(work).get(key)
    if found is None:
        raise NotFound("这一项现在不开放了。", "This is not open any more.")
    return found


# ---------------------------------------------------------------- may they


def _value(
    work: Work, text: str, what: Declared, person: Person, where: Where, answers: Mapping[str, Any], now: datetime
) -> Any:
    return _values(work, [text], what, person, where, answers, now)[0]


def _values(
    work: Work,
    texts: Sequence[str],
    what: Declared,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> list[Any]:
    """What each of these expressions says of this person: what they read is read once for all of them."""
    if not texts:
        return []
    expressions = [feel.compile(text.removeprefix("=")) for text in texts]
    facts = {
        "from": units.place(work, where.stops[0]).code,
        "to": units.place(work, where.stops[-1]).code,
        "day": where.day.isoformat(),
        "starts_at": where.starts_at.isoformat(),
        "until_at": where.until_at.isoformat(),
    }
    context = knowing.context(
        work,
        *expressions,
        package=what.package,
        person=person,
        now=now,
        on=where.day,
        match=facts,
        ask=dict(answers),
    )
    env = feel.Env(now=now, calendar=work.calendar)
    return [one.evaluate(context, env) for one in expressions]


def places(
    work: Work,
    what: Declared,
    side: MatchSideOf,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> int | None:
    """How many places it has or wants; None when the answers do not say a number of 1 or more."""
    if isinstance(side.places, int):
        return side.places
    found = feel.to_json(_value(work, side.places, what, person, where, answers, now))
    try:
        n = int(found)
    except (TypeError, ValueError):
        return None
    return n if 1 <= n <= 1000 else None


def why_not(
    work: Work,
    what: Declared,
    side: MatchSideOf,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> list[Not]:
    """Every reason why this person may not be on this side; empty: they may."""
    return _looked(work, what, side, list(side.needs.values()), person, where, answers, now)[0]


def no_more(
    work: Work,
    what: Declared,
    side: MatchSideOf,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> tuple[list[Not], list[Held]]:
    """Why what was said by this person holds no more: who they are now, and their documents on the day. And those of
    the documents that bear a number: they stand on the slip, read once with the reasons."""
    gone, papers = _looked(work, what, side, [], person, where, answers, now)
    return gone, [one for one in papers if one.document.number]


def _looked(
    work: Work,
    what: Declared,
    side: MatchSideOf,
    needs: Sequence[OfferNeed],
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> tuple[list[Not], list[Held]]:
    """Who they are, their documents on the day, and these needs: what all of them read is read once."""
    who = [side.who] if side.who is not None else []
    papers = list(side.valid.values())
    texts = [need.if_ for need in (*who, *needs)]
    said = _values(work, [*texts, *_of_documents(papers)], what, person, where, answers, now)
    asked = len(texts)
    held_ = _as_said(papers, said[asked:])
    gone = [*_unmet(who, said[: len(who)]), *_lapsed(held_, where.day), *_unmet(needs, said[len(who) : asked])]
    return gone, held_


def _of_documents(papers: Sequence[MatchDocument]) -> list[str]:
    """What is asked of each: its last day, and its number."""
    return [text for one in papers for text in (one.until, one.number or "null")]


def _as_said(papers: Sequence[MatchDocument], values: Sequence[Any]) -> list[Held]:
    days, numbers = values[::2], values[1::2]
    return [
        Held(one, _day(feel.to_json(until)), str(feel.to_json(number) or "").strip())
        for one, until, number in zip(papers, days, numbers, strict=True)
    ]


def numbered(
    work: Work,
    what: Declared,
    side: MatchSideOf,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    now: datetime,
) -> list[Held]:
    """Those documents of this side that bear a number: they stand on the slip."""
    papers = [one for one in side.valid.values() if one.number]
    return _as_said(papers, _values(work, _of_documents(papers), what, person, where, answers, now))


def _unmet(asked: Sequence[OfferNeed], holds: Sequence[Any]) -> list[Not]:
    """Those that are not so. Null is not yes."""
    return [
        Not(f"要求：{need.says}", f"Required: {need.says_en or need.says}")
        for need, yes in zip(asked, holds, strict=True)
        if yes is not True
    ]


def _lapsed(papers: Sequence[Held], on: date) -> list[Not]:
    """The documents that do not hold on the day it is about, or of which no number is known."""
    found = []
    for held in papers:
        document, last = held.document, held.until
        if last is None:
            found.append(
                Not(f"没有登记“{document.title}”的有效期。", f"No last day of the {document.title_en} is known.")
            )
        elif last < on:
            zh = f"{document.title}的有效期到 {last}，{on} 那天已经过期。请先更新登记。"
            en = f"The {document.title_en} is valid until {last}, which is before {on}: renew it first."
            found.append(Not(zh, en))
        elif document.number and not held.number:
            zh = f"没有登记“{document.title}”的号码。请先更新登记。"
            found.append(Not(zh, f"No number of the {document.title_en} is known: have it entered first."))
    return found


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def guardians(work: Work, what: Declared, person: Person, where: Where, now: datetime) -> list[str]:
    """Who is a guardian of this person on that day."""
    context = knowing.context(work, GUARDIANS, package=what.package, person=person, now=now, on=where.day)
    found = GUARDIANS.evaluate(context, feel.Env(now=now, calendar=work.calendar))
    return [str(one["name"]) for one in found or ()]


# ---------------------------------------------------------------- found


@dataclass(frozen=True, slots=True)
class Row:
    """One need or supply, as others see it: who it is stays masked."""

    id: int
    number: str
    match: str
    side: str
    stops: tuple[str, ...]
    day: date
    starts_at: datetime
    until_at: datetime
    places: int
    free: int  # of a supply, on the legs that are looked for
    state: str
    version: int
    name: str
    guardian: bool
    said: tuple[tuple[str, str], ...]  # what others read before both agreed
    mine: bool  # whose it is, or who may book for them
    told: bool
    who: str = ""  # whose it is, for who may book for them
    silent: bool = False  # nobody said that they arrived, and the posts were told: the desk telephones


def fits(from_id: Any, to_id: Any, places: Any, supply_id: Any) -> ColumnElement[bool]:
    """Whether a supply goes from here to there, in that order, with room on every leg between."""
    first, last, full = aliased(MatchLeg), aliased(MatchLeg), aliased(MatchLeg)
    no_room = exists().where(
        full.side_id == first.side_id, full.n >= first.n, full.n <= last.n, full.capacity - full.taken < places
    )
    return exists().where(
        first.side_id == supply_id,
        last.side_id == supply_id,
        first.from_id == from_id,
        last.to_id == to_id,
        first.n <= last.n,
        ~no_room,
    )


def find(
    work: Work,
    key: str,
    side: str,
    *,
    from_id: int | None = None,
    to_id: int | None = None,
    day: date | None = None,
    window: tuple[datetime, datetime] | None = None,
    places: int = 1,
    actor: Actor,
    now: datetime,
) -> list[Row]:
    """What is open on this side: by place, day and window, in order of time. Two statements."""
    what = of(work, key)
    query = select(MatchSide).where(
        MatchSide.match == key, MatchSide.side == side, MatchSide.state == "open", MatchSide.until_at > now
    )
    if day is not None:
        query = query.where(MatchSide.day == day)
    if window is not None:
        query = query.where(MatchSide.starts_at <= window[1], MatchSide.until_at >= window[0])
    if side == "supply":
        leg = aliased(MatchLeg)
        if from_id is not None and to_id is not None:
            query = query.where(fits(from_id, to_id, places, MatchSide.id))
        else:
            room = exists().where(leg.side_id == MatchSide.id, leg.capacity - leg.taken >= places)
            if from_id is not None:
                room = room.where(leg.from_id == from_id)
            if to_id is not None:
                room = room.where(leg.to_id == to_id)
            query = query.where(room)
    else:
        if from_id is not None:
            query = query.where(MatchSide.place_id == from_id)
        if to_id is not None:
            query = query.where(MatchSide.to_id == to_id)
    return _rows(work, what, work.session.scalars(_ordered(query)).all(), actor)


def _ordered(query: Any) -> Any:
    return query.options(selectinload(MatchSide.legs)).order_by(MatchSide.starts_at, MatchSide.id).limit(MOST)


def fitting(work: Work, row: MatchSide, *, actor: Actor, now: datetime) -> list[Row]:
    """What is open on the other side and fits this need or supply; not one's own."""
    what = of(work, row.match)
    other = "need" if row.side == "supply" else "supply"
    query = select(MatchSide).where(
        MatchSide.match == row.match,
        MatchSide.side == other,
        MatchSide.state == "open",
        MatchSide.day == row.day,
        MatchSide.starts_at <= row.until_at,
        MatchSide.until_at >= row.starts_at,
        MatchSide.until_at > now,
        or_(MatchSide.person_index.is_(None), MatchSide.person_index != row.person_index),
    )
    if row.side == "need":
        query = query.where(fits(row.place_id, row.to_id, row.places, MatchSide.id))
    else:
        query = query.where(fits(MatchSide.place_id, MatchSide.to_id, MatchSide.places, row.id))
    asked = exists().where(
        MatchPair.need_id == (row.id if row.side == "need" else MatchSide.id),
        MatchPair.supply_id == (row.id if row.side == "supply" else MatchSide.id),
        MatchPair.state.in_(("asked", "agreed")),
    )
    query = query.where(~asked)
    if what.match.apart and row.person_index is not None:
        query = query.where(~exists().where(_between(row.match, MatchSide.person_index, known_as(row))))
    return _rows(work, what, work.session.scalars(_ordered(query)).all(), actor)


def known_as(row: MatchSide) -> tuple[str, ...]:
    """The indexes of whose it is: while the key is changed, those of before too."""
    if row.person_index is None:
        return ()
    whose = Person(row.name or "", row.phone, row.id_number, row.user_id)
    return tuple(dict.fromkeys((row.person_index, *whose.indexes)))


def _between(key: str, one: Any, others: Sequence[str]) -> ColumnElement[bool]:
    """One of these two said: not again. Whoever said it."""
    return and_(
        MatchApart.match == key,
        or_(
            and_(MatchApart.by_index == one, MatchApart.of_index.in_(others)),
            and_(MatchApart.of_index == one, MatchApart.by_index.in_(others)),
        ),
    )


def apart(work: Work, what: Declared, one: MatchSide, other: MatchSide) -> bool:
    """Whether either of these two said that they are matched no more."""
    if not what.match.apart:
        return False
    mine, theirs = known_as(one), known_as(other)
    said = select(MatchApart.id).where(or_(*(_between(what.key, index, theirs) for index in mine)))
    return bool(mine and theirs) and work.session.scalar(said.limit(1)) is not None


def parted_from(work: Work, what: Declared, row: MatchSide) -> frozenset[str]:
    """The indexes of all from whom the person of this side parted: asked once, however many pairs there are."""
    if not what.match.apart or row.person_index is None:
        return frozenset()
    query = select(MatchApart.of_index).where(MatchApart.match == what.key, MatchApart.by_index.in_(known_as(row)))
    return frozenset(work.session.scalars(query))


@dataclass(frozen=True, slots=True)
class Parted:
    """Somebody said: not again. Whom it was about is known by the trip alone, once that is forgotten."""

    id: int
    match: str
    at: datetime
    day: date | None  # of the trip
    stops: tuple[str, ...]
    name: str  # masked; "" once it is forgotten
    side: str  # whose name it is


def said_apart(work: Work, actor: Actor) -> list[Parted]:
    """All that the actor said so, and those for whom they may book; also of trips that are forgotten."""
    if actor.id is None:
        return []
    indexes = knowing.of_user(work.session.get_one(User, actor.id)).every_index
    granted = [one.person_index for one in actor.grants if one.case_id is None and "book" in one.lets]
    return said_by(work, [*indexes, *(one for one in granted if one)], most=MOST)


def said_by(work: Work, indexes: Sequence[str], *, most: int | None = None) -> list[Parted]:
    """What was said so under these indexes, the newest first; never what was said of them."""
    need, supply = aliased(MatchSide), aliased(MatchSide)
    rows = work.session.execute(
        select(MatchApart, need, supply)
        .outerjoin(MatchPair, MatchPair.id == MatchApart.pair_id)
        .outerjoin(need, need.id == MatchPair.need_id)
        .outerjoin(supply, supply.id == MatchPair.supply_id)
        .where(MatchApart.by_index.in_(indexes))
        .order_by(MatchApart.id.desc())
        .limit(most)
    ).all()
    return [_parted(work, *row) for row in rows]


def _parted(work: Work, said: MatchApart, need: MatchSide | None, supply: MatchSide | None) -> Parted:
    other = next((one for one in (need, supply) if one is not None and one.person_index == said.of_index), None)
    ends = dict.fromkeys((need.place_id, need.to_id)) if need is not None else ()
    return Parted(
        id=said.id,
        match=said.match,
        at=said.at,
        day=need.day if need is not None else None,
        stops=tuple(units.place(work, id_).name for id_ in ends),
        name=masks.name(other.name or "") if other is not None else "",
        side=other.side if other is not None else "",
    )


def parted(work: Work, what: Declared, row: MatchSide, other: MatchSide) -> list[MatchApart]:
    """What the person of this side said of the other's."""
    query = select(MatchApart).where(
        MatchApart.match == what.key,
        MatchApart.by_index.in_(known_as(row)),
        MatchApart.of_index.in_(known_as(other)),
    )
    return list(work.session.scalars(query))


def stops_of(row: MatchSide) -> tuple[int, ...]:
    """The places it passes, in order; a need's are where it begins and ends."""
    if row.side == "need":
        return (row.place_id,) if row.place_id == row.to_id else (row.place_id, row.to_id)
    if len(row.legs) == 1 and row.legs[0].from_id == row.legs[0].to_id:
        return (row.legs[0].from_id,)
    return (row.legs[0].from_id, *(leg.to_id for leg in row.legs))


def acts(actor: Actor, row: MatchSide) -> bool:
    """Whether it is the actor's own, or of somebody who lets them book."""
    return actor.id is not None and (actor.id == row.user_id or said_for(actor, "work", row) is not None)


def _theirs(actor: Actor, side: Any) -> ColumnElement[bool]:
    """Those of the actor, and of those who let them book. A little wide: `acts` judges each, name and all."""
    whose = [side.user_id == actor.id]
    for grant in actor.grants:
        if grant.case_id is None and "book" in grant.lets:
            if grant.subject_id is not None:
                whose.append(side.user_id == grant.subject_id)
            elif grant.person_index:
                whose.append(side.person_index == grant.person_index)
    return or_(*whose)


def _rows(work: Work, what: Declared, rows: Sequence[MatchSide], actor: Actor) -> list[Row]:
    return [_row(work, what, row, actor) for row in rows]


def _row(work: Work, what: Declared, row: MatchSide, actor: Actor) -> Row:
    free = min((leg.capacity - leg.taken for leg in row.legs), default=0)
    most = max((leg.capacity - leg.taken for leg in row.legs), default=0)
    mine = acts(actor, row)
    return Row(
        id=row.id,
        number=row.number,
        match=row.match,
        side=row.side,
        stops=tuple(units.place(work, id_).name for id_ in stops_of(row)),
        day=row.day,
        starts_at=row.starts_at,
        until_at=row.until_at,
        places=row.places,
        free=free or most,
        state=row.state,
        version=row.version,
        name=(row.name or "") if mine else masks.name(row.name or ""),
        guardian=row.guardian is not None,
        said=tuple(said(what, row, what.match.of(row.side).tells)),
        mine=mine,
        told=row.told_at is not None,
        who=(row.name or "") if mine and row.user_id != actor.id else "",
    )


def said(what: Declared, row: MatchSide, names: Sequence[str]) -> list[tuple[str, str]]:
    """Those of its answers, in words: (question, answer)."""
    side = what.match.of(row.side)
    if not side.ask or not row.answers or not names:
        return []
    kept = {name: value for name, value in row.answers.items() if name in names}
    lines = forms.describe(what.package.form(side.ask), kept)
    return [(line.label, line.text) for line in lines if line.text and line.path.split(".")[0] in names]


# ---------------------------------------------------------------- one's own


@dataclass(frozen=True, slots=True)
class Pair:
    """A need and a supply, for one of its sides: the other is whole only while both have agreed."""

    id: int
    number: str
    state: str
    version: int
    asked_by: str
    mine: str  # which side is the reader's: need, supply; "" for staff
    answers: bool  # it is the reader who says yes or no
    other: Row
    name: str
    phone: str
    shown: tuple[tuple[str, str], ...]
    places: int
    stops: tuple[str, ...]
    late: bool  # it begins soon: to cancel now is late
    reason: str
    absent: str = ""  # which side did not come, as the other says
    came: bool = False  # the time has come: one may say that the other did not
    arrived: str = ""  # which side said that they arrived; desk
    arrives: bool = False  # the time has come: the reader may say so
    called: int = 0  # nobody said so in time: 1 both were told, 2 the family, 3 the posts
    slip: bool = False  # the paper can be opened
    parts: bool = False  # the reader may say: not again with this one
    apart: bool = False  # and did
    charges: bool = False  # the reader may say that the other asks for money
    charged: bool = False  # it was said
    lates: bool = False  # the reader may say that the other was late
    was_late: str = ""  # which side was


@dataclass(frozen=True, slots=True)
class One:
    """A need or supply with all about it, for whose it is or for staff."""

    row: Row
    what: Declared
    answers: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]
    found: tuple[Row, ...]
    phone: str
    guardian: str
    reason: str


def side(work: Work, side_id: int) -> MatchSide:
    """A need or supply, with its legs. NotFound."""
    row = work.session.scalar(select(MatchSide).where(MatchSide.id == side_id).options(selectinload(MatchSide.legs)))
    if row is None:
        raise NotFound("没有这一条。", "There is none of that number.")
    return row


def seen(work: Work, side_id: int, *, actor: Actor) -> MatchSide:
    """The same, when the actor may see it. NotFound otherwise: whether it is there is nobody else's business."""
    row = side(work, side_id)
    if not may(actor, "see", row):
        raise NotFound("没有这一条。", "There is none of that number.")
    return row


def pair_query(*where: ColumnElement[bool]) -> Any:
    return (
        select(MatchPair)
        .where(*where)
        .options(
            joinedload(MatchPair.need).selectinload(MatchSide.legs),
            joinedload(MatchPair.supply).selectinload(MatchSide.legs),
        )
        .order_by(MatchPair.id)
    )


def pair(work: Work, pair_id: int) -> MatchPair:
    """A pair with both sides. NotFound."""
    found: MatchPair | None = work.session.scalar(pair_query(MatchPair.id == pair_id))
    if found is None:
        raise NotFound("没有这一条。", "There is none of that number.")
    return found


def agreed_of(work: Work, row: MatchSide) -> Sequence[MatchPair]:
    """The pairs of this side that both have agreed to and that are not over."""
    either = or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id)
    return work.session.scalars(pair_query(either, MatchPair.state == "agreed")).all()


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Row]:
    """One's own needs and supplies and those of whom one may book for, those to come first."""
    if actor.id is None:
        return []
    rows = work.session.scalars(
        select(MatchSide)
        .where(_theirs(actor, MatchSide))
        .options(selectinload(MatchSide.legs))
        .order_by(MatchSide.ended_at.is_not(None), MatchSide.starts_at.desc(), MatchSide.id.desc())
        .limit(MOST)
    ).all()
    known = declared(work)
    return [_row(work, known[row.match], row, actor) for row in rows if row.match in known and acts(actor, row)]


def waiting(work: Work, actor: Actor) -> int:
    """How many pairs wait for the actor's yes or no."""
    need, supply = aliased(MatchSide), aliased(MatchSide)
    return int(
        work.session.scalar(
            select(func.count())
            .select_from(MatchPair)
            .join(need, need.id == MatchPair.need_id)
            .join(supply, supply.id == MatchPair.supply_id)
            .where(
                MatchPair.state == "asked",
                or_(
                    and_(MatchPair.asked_by == "need", _theirs(actor, supply)),
                    and_(MatchPair.asked_by == "supply", _theirs(actor, need)),
                ),
            )
        )
        or 0
    )


def one(work: Work, side_id: int, *, actor: Actor, now: datetime, whole: bool = False) -> One:
    """One's own, or one of the unit's. `whole`: staff asked to see names and numbers, and it was recorded."""
    row = seen(work, side_id, actor=actor)
    what = of(work, row.match)
    pairs = work.session.scalars(pair_query(or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id))).all()
    own = acts(actor, row)
    declaration = what.match.of(row.side)
    env = feel.Env(now=now, calendar=work.calendar)
    lines = (
        forms.describe(what.package.form(declaration.ask), row.answers, env=env)
        if declaration.ask and row.answers and (own or whole)
        else ()
    )
    open_ = row.state == "open" and row.until_at > now
    gone = parted_from(work, what, row)
    papers = documents.of_keys(work, [slip_key(one.id) for one in pairs if own and one.state == "agreed"])
    return One(
        row=_row(work, what, row, actor),
        what=what,
        answers=tuple((line.label, line.text) for line in lines),
        pairs=tuple(
            _pair(work, what, found, row, own or row.channel == "counter", gone, papers, actor, whole, now)
            for found in pairs
        ),
        found=tuple(fitting(work, row, actor=actor, now=now)) if open_ else (),
        phone=(row.phone or "") if own or whole else masks.phone(row.phone),
        guardian=(row.guardian or "") if own or whole else masks.name(row.guardian or ""),
        reason=row.reason,
    )


def _pair(
    work: Work,
    what: Declared,
    found: MatchPair,
    row: MatchSide,
    answers: bool,
    gone: frozenset[str],
    papers: Mapping[str, Document],
    actor: Actor,
    whole: bool,
    now: datetime,
) -> Pair:
    other = found.supply if row.id == found.need_id else found.need
    own = acts(actor, row)
    open_ = found.state == "agreed" and (own or whole)
    stops = ridden(found, found.supply.legs)
    paper = papers.get(slip_key(found.id))
    parts = answers and may_part(what, found, row, other)
    return Pair(
        id=found.id,
        number=found.number,
        state=found.state,
        version=found.version,
        asked_by=found.asked_by,
        mine=row.side if answers else "",
        answers=answers and found.state == "asked" and found.asked_by == other.side,
        other=_row(work, what, other, actor),
        name=(other.name or "") if open_ else masks.name(other.name or ""),
        phone=(other.phone or "") if open_ else masks.phone(other.phone),
        shown=tuple(said(what, other, what.match.of(other.side).shows)) if open_ else (),
        places=found.places,
        stops=tuple(units.place(work, id_).name for id_ in stops),
        late=found.supply.starts_at - written.span(what.match.free_until) <= now,
        reason=found.reason,
        absent=found.absent or "",
        came=(answers and may_say(found, found.need, found.need.starts_at, now) and found.arrived_by != row.side),
        arrived=found.arrived_by or "",
        arrives=(answers or may(actor, "serve", found)) and may_arrive(what, found, found.need, found.supply, now),
        called=found.called,
        slip=paper is not None and paper.state == "ready",
        parts=parts,
        apart=parts and not gone.isdisjoint(known_as(other)),
        charges=answers and row.side == "need" and may_charge(what, found, now),
        charged=found.charged_at is not None and answers and row.side == "need",
        lates=answers and may_be_late(what, found, now),
        was_late=found.late or "" if answers else "",
    )


#: How long after it one may say that the other side did not come, or that they arrived.
SAY = timedelta(days=3)


def held(pair: MatchPair) -> bool:
    """It was agreed, was not called off, and nobody said that the other stayed away."""
    return pair.agreed_at is not None and pair.state in ("agreed", "over") and pair.absent is None


def may_say(pair: MatchPair, need: MatchSide, begins: datetime, now: datetime) -> bool:
    """Whether it is the time to say how what was agreed went."""
    return held(pair) and begins <= now <= need.until_at + SAY


def may_arrive(what: Declared, pair: MatchPair, need: MatchSide, supply: MatchSide, now: datetime) -> bool:
    """Whether it is the time to say that they arrived, and nobody said it, nor that the other stayed away."""
    begins = max(need.starts_at, supply.starts_at)
    return what.match.arrive is not None and pair.arrived_at is None and may_say(pair, need, begins, now)


def may_be_late(what: Declared, pair: MatchPair, now: datetime) -> bool:
    """Whether it may be said now that a side was late: once a pair."""
    return what.match.late is not None and pair.late_at is None and may_say(pair, pair.need, pair.need.starts_at, now)


def lately(work: Work, what: Declared, row: MatchSide, since: datetime) -> list[bool]:
    """Each time since then that the person of this side was late, the oldest first: whether it opened a case."""
    side = aliased(MatchSide)
    late = sql_case((MatchPair.late == "need", MatchPair.need_id), else_=MatchPair.supply_id)
    query = (
        select(MatchPair.late_id)
        .join(side, side.id == late)
        .where(MatchPair.late_at >= since, side.match == what.key, side.person_index.in_(known_as(row)))
        .order_by(MatchPair.late_at, MatchPair.id)
    )
    return [id_ is not None for id_ in work.session.scalars(query)]


def may_part(what: Declared, pair: MatchPair, row: MatchSide, other: MatchSide) -> bool:
    """Whether the person of this side may say: not again. Once both knew each other, while it is known who they are."""
    return what.match.apart and pair.agreed_at is not None and bool(row.person_index and other.person_index)


def may_charge(what: Declared, pair: MatchPair, now: datetime) -> bool:
    """Whether the need may say that the supply asked for money: once both knew each other, and nobody said it."""
    asked = what.match.charged is not None and pair.agreed_at is not None and pair.charged_at is None
    return asked and pair.need.forgotten_at is None and now <= pair.need.until_at + SAY


def ridden(found: MatchPair, legs: Sequence[MatchLeg]) -> tuple[int, ...]:
    """The places that a pair passes together, in order."""
    legs = legs[found.first : found.last + 1]
    if legs[0].from_id == legs[0].to_id:
        return (legs[0].from_id,)
    return (legs[0].from_id, *(leg.to_id for leg in legs))


def slip_key(pair_id: int) -> str:
    """What asks for the paper of a pair."""
    return f"match-slip:{pair_id}"


def slip(work: Work, side_id: int, pair_id: int, *, actor: Actor) -> attachments.Opened:
    """The paper of a pair that holds, for whose side it is. NotFound for everybody else; NotNow while it is made."""
    row, found = seen(work, side_id, actor=actor), pair(work, pair_id)
    paper = documents.of_key(work, slip_key(found.id))
    if row.id not in (found.need_id, found.supply_id) or not acts(actor, row) or paper is None:
        raise NotFound("没有这份确认单。", "There is no such slip.")
    return attachments.opened(work, paper)


# ---------------------------------------------------------------- the desk


def at_work(work: Work, actor: Actor) -> bool:
    """Whether the actor has to do with matches: something is published, and a post of theirs enters for others."""
    return any(position(what, actor) is not None for what in declared(work).values())


def position(what: Declared, actor: Actor) -> int | None:
    """The unit for which the actor enters needs and supplies of others; None: they do not."""
    if actor.kind != "staff":
        return None
    positions = actor.positions_in(matter_of(what.key))
    return next((p.unit_id for p in positions if not what.match.posts or p.post in what.match.posts), None)


def desk(work: Work, actor: Actor, key: str, day: date) -> list[Row]:
    """The needs and supplies of a day that begin at, or were entered by, the actor's units. Three statements."""
    what = of(work, key)
    rows = work.session.scalars(
        _ordered(
            select(MatchSide).where(
                MatchSide.match == key,
                MatchSide.day == day,
                or_(MatchSide.place_id.in_(actor.realm), MatchSide.unit_id.in_(actor.realm)),
            )
        )
    ).all()
    silent = _silent(work, what, [row.id for row in rows])
    return [replace(one, silent=True) if one.id in silent else one for one in _rows(work, what, rows, actor)]


def _silent(work: Work, what: Declared, side_ids: Sequence[int]) -> set[int]:
    """Those of which nobody said that they arrived, after everybody was told."""
    if what.match.arrive is None or not side_ids:
        return set()
    found = work.session.execute(
        select(MatchPair.need_id, MatchPair.supply_id).where(
            or_(MatchPair.need_id.in_(side_ids), MatchPair.supply_id.in_(side_ids)),
            MatchPair.called == POSTS,
            MatchPair.state.in_(("agreed", "over")),
            MatchPair.arrived_at.is_(None),
            MatchPair.absent.is_(None),
        )
    )
    return {id_ for pair in found for id_ in pair}


def place_ids(work: Work) -> dict[str, int]:
    """Code of a place -> its id."""
    return {one.code: one.id for one in units.tree(work)}


def stops(work: Work) -> list[tuple[str, str]]:
    """The places one can go from and to: (code, name), towns with their villages."""
    return [
        (one.code, one.name)
        for one in units.tree(work).standing
        if one.kind in ("town", "village", "community", "centre")
    ]
