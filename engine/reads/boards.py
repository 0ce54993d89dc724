"""公开栏: what the public reads, by place and kind; what staff see of their own and have to review; who follows what.

The public sees what is up now and nothing else: a row that waits, was refused, withdrawn or is over is not found, by
whatever way it is asked for. Lists read rows only: what an entry says stands in it as it was published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from engine.errors import NotFound
from engine.matters.nouns.boards import KINDS
from engine.people import Actor, may, units
from engine.people.units import Place
from engine.records import library
from engine.store import Work
from engine.store.models import BoardEntry, BoardFollow, BoardObjection, User
from engine.workdays import ZONE, local_date, lunar

#: Entries on one page; in a feed.
PAGE, FEED = 20, 100


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an entry."""

    name: str
    title: str
    title_en: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is shown."""

    number: str
    kind: str
    state: str
    board: str
    board_en: str
    title: str
    place: Place
    unit: Place
    facts: tuple[Fact, ...]  # without the heading
    begins: date | datetime | None
    ends: date | datetime | None
    where: str
    from_at: datetime | None
    last_on: date
    changed: int
    changed_at: datetime
    change: str
    objections: dict[str, Any] | None
    case_id: int | None

    @property
    def begins_on(self) -> date | None:
        return self.begins.date() if isinstance(self.begins, datetime) else self.begins

    @property
    def another_year(self) -> bool:
        """Whether it is up into another year than it was put up in: its last day needs the year, or 18 September of
        the next one reads as the day itself."""
        return self.from_at is not None and local_date(self.from_at).year != self.last_on.year

    @property
    def lunar(self) -> str:
        """The lunar date of a market day; "" for other kinds, for whom it is no use."""
        return lunar.of(self.begins_on).name if self.kind == "market" and self.begins_on is not None else ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list."""

    entries: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry as staff see it: with what only they read, and what they may do."""

    entry: Entry
    hidden: dict[str, Any]
    reason: str
    asked_at: datetime
    review_due_at: datetime | None
    reviewed: str  # by whom, masked; "" when nobody did
    may_review: bool
    may_withdraw: bool
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class Objection:
    """What a reader said, for the staff of the unit."""

    number: str
    name: str
    phone: str | None
    words: str
    at: datetime
    heard: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """What a resident is told of."""

    kind: str
    place: Place | None
    entry: Entry | None


def declared(work: Work) -> bool:
    """Whether any matter published now has a board, or something is up."""
    return bool(library.declared(work, "boards"))


def kinds(work: Work) -> list[str]:
    """The kinds of the boards of the matters published now, in the order people look for them."""
    there = {getattr(one.what, "kind", "") for one, _ in library.declared(work, "boards").values()}
    return [kind for kind in KINDS if kind in there]


def places(work: Work) -> list[Place]:
    """Whose boards there are: the county, its towns, their villages, from the top down."""
    tree = units.tree(work)
    wanted = ("county", "town", *units.VILLAGES)
    return sorted((one for one in tree if one.kind in wanted), key=lambda one: one.path)


def listing(
    work: Work, *, now: datetime, kind: str = "", place: Place | None = None, q: str = "", page: int = 1
) -> Listed:
    """What is up: for a place, its own, those above it and below; those with a day by their day, the others newest
    first."""
    query = _up(now, kind, place, work)
    for word in q.split()[:5]:
        # What is up are some thousand rows at most, found by index first; among these a word is looked for.
        query = query.where(or_(*(c.contains(word, autoescape=True) for c in (BoardEntry.title, BoardEntry.words))))
    today = local_date(now)
    coming = BoardEntry.begins_on.is_not(None) & (BoardEntry.begins_on >= today)
    order = func.coalesce(BoardEntry.begins_on, date(9999, 1, 1)), BoardEntry.from_at.desc(), BoardEntry.id.desc()
    query = query.order_by(coming.desc(), *order) if kind in ("market", "activity") else query.order_by(*order[1:])
    page = max(1, min(page, 500))
    rows = list(work.session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1)))
    return Listed(tuple(shown(work, row) for row in rows[:PAGE]), len(rows) > PAGE)


def feed(work: Work, *, now: datetime, kind: str = "", place: Place | None = None) -> list[Entry]:
    """The newest that are up, for a reader of feeds."""
    query = _up(now, kind, place, work).order_by(BoardEntry.changed_at.desc(), BoardEntry.id.desc()).limit(FEED)
    return [shown(work, row) for row in work.session.scalars(query)]


def one(work: Work, number: str, *, now: datetime, actor: Actor) -> Entry:
    """An entry that is up. NotFound for the public as soon as it is not."""
    row = work.session.scalar(select(BoardEntry).where(BoardEntry.number == number))
    if row is None or row.state != "shown" or row.until_at <= now or not may(actor, "see", row):
        raise NotFound(
            "公开栏上没有这一条，或者已经撤下、到期。", "There is no such entry, or it was taken down or is over."
        )
    return shown(work, row)


def _up(now: datetime, kind: str, place: Place | None, work: Work) -> Select[BoardEntry]:
    query = select(BoardEntry).where(BoardEntry.state == "shown", BoardEntry.until_at > now)
    if kind:
        query = query.where(BoardEntry.kind == kind)
    if place is not None and place.parent_id is not None:
        tree = units.tree(work)
        near = {one.id for one in (*tree.above(place), *tree.below(place))}
        query = query.where(BoardEntry.place_id.in_(sorted(near)))
    return query


def shown(work: Work, row: BoardEntry) -> Entry:
    fields = row.shown.get("fields", {})
    heading = next(iter(fields), "")
    facts = tuple(
        Fact(name, said["title"], said["title_en"], said["type"], row.facts[name])
        for name, said in fields.items()
        if name in row.facts and name != heading
    )
    return Entry(
        number=row.number,
        kind=row.kind,
        state=row.state,
        board=row.shown.get("title", row.title),
        board_en=row.shown.get("title_en", row.title),
        title=row.title,
        place=units.place(work, row.place_id),
        unit=units.place(work, row.unit_id),
        facts=facts,
        begins=_moment(row.facts.get(row.shown.get("day") or "")),
        ends=_moment(row.facts.get(row.shown.get("ends") or "")),
        where=str(row.facts.get(row.shown.get("where") or "") or ""),
        from_at=row.from_at,
        last_on=local_date(row.until_at - timedelta(seconds=1)),
        changed=row.changed,
        changed_at=row.changed_at,
        change=row.change,
        objections=row.shown.get("objections"),
        case_id=row.case_id,
    )


def _moment(text: Any) -> date | datetime | None:
    if not text:
        return None
    if len(str(text)) == 10:
        return date.fromisoformat(str(text))
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo is not None else found.replace(tzinfo=ZONE)


def calendar(entries: Iterable[Entry], *, name: str, address: str, now: datetime) -> bytes:
    """A calendar file of the entries that have a day (RFC 5545). `address`: where entries are read, before the number.
    The same entry has the same UID and a higher SEQUENCE when it was changed: a calendar that holds it follows."""
    found = icalendar.Calendar()
    found.add("prodid", "-//Yizhan//boards//ZH")
    found.add("version", "2.0")
    found.add("x-wr-calname", name)
    for entry in entries:
        if entry.begins is None:
            continue
        event = icalendar.Event()
        event.add("uid", f"{entry.number}@board.yizhan")
        event.add("dtstamp", entry.changed_at)
        event.add("last-modified", entry.changed_at)
        event.add("sequence", entry.changed)
        event.add("summary", f"{entry.title}（农历{entry.lunar}）" if entry.lunar else entry.title)
        event.add("dtstart", entry.begins)
        if entry.ends is not None and type(entry.ends) is type(entry.begins):
            event.add("dtend", entry.ends)
        elif not isinstance(entry.begins, datetime):
            event.add("dtend", entry.begins + timedelta(days=1))
        if entry.where:
            event.add("location", entry.where)
        lines = [f"{fact.title}：{fact.value}" for fact in entry.facts if fact.type not in ("date", "moment")]
        event.add("description", "\n".join(lines))
        event.add("url", f"{address}/{entry.number}")
        found.add_component(event)
    return bytes(found.to_ical())


# ---------------------------------------------------------------- who is told


def followed(work: Work, *, actor: Actor, now: datetime) -> list[Followed]:
    """What this resident is told of."""
    if actor.id is None:
        return []
    rows = work.session.execute(
        select(BoardFollow, BoardEntry)
        .outerjoin(BoardEntry, BoardEntry.id == BoardFollow.entry_id)
        .where(BoardFollow.user_id == actor.id)
        .order_by(BoardFollow.id)
    ).all()
    found = []
    for follow, entry in rows:
        if entry is not None and (entry.state != "shown" or entry.until_at <= now):
            continue  # it is over: nothing will be told of it
        place = units.place(work, follow.place_id) if follow.place_id is not None else None
        found.append(Followed(follow.kind or "", place, shown(work, entry) if entry is not None else None))
    return found


def follows(work: Work, number: str, *, actor: Actor) -> bool:
    """Whether this resident follows the entry."""
    if actor.id is None:
        return False
    query = (
        select(BoardFollow.id)
        .join(BoardEntry, BoardEntry.id == BoardFollow.entry_id)
        .where(BoardEntry.number == number, BoardFollow.user_id == actor.id)
    )
    return work.session.scalar(query) is not None


# ---------------------------------------------------------------- staff


def queue(work: Work, *, actor: Actor) -> list[Waiting]:
    """What waits for this actor's review, the most urgent first."""
    mine = _mine(actor)
    if mine is None:
        return []
    query = select(BoardEntry).where(BoardEntry.state == "review", mine).order_by(BoardEntry.review_due_at).limit(200)
    return [_waiting(work, row, actor) for row in work.session.scalars(query)]


def concerned(work: Work, *, actor: Actor) -> bool:
    """Whether this actor has to do with the boards: something waits for them, or their units published something."""
    if actor.kind != "staff" or not actor.realm:
        return False
    ours = select(BoardEntry.id).where(BoardEntry.unit_id.in_(sorted(actor.realm))).limit(1)
    return bool(count(work, actor=actor)) or work.session.scalar(ours) is not None


def count(work: Work, *, actor: Actor) -> int:
    """How many wait for this actor's review."""
    mine = _mine(actor)
    if mine is None:
        return 0
    return work.session.scalar(select(func.count()).where(BoardEntry.state == "review", mine)) or 0


def _mine(actor: Actor) -> ColumnElement[bool] | None:
    if not actor.positions or actor.kind != "staff":
        return None

    def reviews(matter: str) -> ColumnElement[bool]:
        posts = sorted({(p.unit_id, p.post) for p in actor.positions_in(matter)})
        return or_(
            false(), *(and_(BoardEntry.review_unit_id == unit, BoardEntry.review_post == post) for unit, post in posts)
        )

    lent = (and_(reviews(matter), BoardEntry.board.startswith(f"{matter}.")) for matter in actor.lent_matters)
    return or_(reviews(""), *lent)


def own(work: Work, *, actor: Actor, page: int = 1) -> tuple[list[Waiting], bool]:
    """What the units of this actor published or asked to publish, newest first; whether there is more."""
    if actor.kind != "staff" or not actor.realm:
        return [], False
    page = max(1, min(page, 500))
    query = select(BoardEntry).where(BoardEntry.unit_id.in_(sorted(actor.realm)))
    query = query.order_by(BoardEntry.asked_at.desc(), BoardEntry.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
    rows = list(work.session.scalars(query))
    return [_waiting(work, row, actor) for row in rows[:PAGE]], len(rows) > PAGE


def for_staff(work: Work, number: str, *, actor: Actor) -> Waiting:
    """An entry with all that staff may see of it. NotFound for who has nothing to do with it."""
    row = work.session.scalar(select(BoardEntry).where(BoardEntry.number == number))
    if row is None or actor.kind != "staff" or not may(actor, "reveal", row):
        raise NotFound("公开栏没有这一条，或您不能查看。", f"There is no entry {number[:20]!r} you may see.")
    said = work.session.scalars(
        select(BoardObjection).where(BoardObjection.entry_id == row.id).order_by(BoardObjection.id)
    )
    return _waiting(work, row, actor, tuple(Objection(o.number, o.name, o.phone, o.words, o.at, o.heard) for o in said))


def _waiting(work: Work, row: BoardEntry, actor: Actor, said: tuple[Objection, ...] = ()) -> Waiting:
    reviewer = work.session.get(User, row.reviewed_by_id) if row.reviewed_by_id is not None else None
    return Waiting(
        shown(work, row),
        {row.shown.get("hides", {}).get(name, name): value for name, value in (row.hidden or {}).items()},
        row.reason,
        row.asked_at,
        row.review_due_at,
        reviewer.name if reviewer is not None else "",
        row.state == "review" and may(actor, "review", row),
        row.state == "shown" and may(actor, "withdraw", row),
        said,
    )
