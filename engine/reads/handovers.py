"""Hand-overs as people see them: what waits for me, what I gave, what is to be handed today, the chain of a case.

A name is whole for the two ends of a link and masked for anybody else; a post is called by its unit's name. A code or a
QR is only ever in what its own end reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from engine.errors import NotFound
from engine.people import Actor, access, masks, units
from engine.records import handovers as proofs
from engine.records import library
from engine.records.handovers import Side
from engine.store import Work
from engine.store.models import Case, Handover, HandoverLink, HandoverTrouble
from engine.workdays import at_end_of_day, local_date

#: A list is never longer: what is more is told, not shown.
MOST = 200


@dataclass(frozen=True, slots=True)
class Signed:
    """How an end signed."""

    side: Side
    proof: str
    witness: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One link as this reader may see it."""

    id: int
    handover_id: int
    n: int
    number: str  # of the case; "" without one
    matter_name: str
    thing: str
    thing_en: str
    kind: str
    lines: tuple[str, ...]
    giver: str
    receiver: str
    place: str  # the unit where it happens
    state: str
    opened_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    late: bool
    note: str
    photos: tuple[int, ...]
    signs: tuple[Signed, ...]
    mine: Side | None  # the reader's end
    writes_down: bool  # the reader may write it down for people without a telephone
    witness: bool
    proofs: tuple[str, ...]  # what the other end may show
    photo: str  # when a photo is wanted
    code: str  # the reader's own six digits, while it is open
    token: str  # what the reader's own QR says now
    phone: str  # the other end's telephone, when it is a unit's
    late_workdays: int | None = None  # handed over after its time: by so many working days; None: in time
    charged: str = ""  # the unit that was late with it


@dataclass(frozen=True, slots=True)
class Chain:
    """A thing and all its links."""

    id: int
    thing: str
    thing_en: str
    kind: str
    lines: tuple[str, ...]
    holder: str
    since: datetime
    ended: bool
    mine: bool  # the reader has it
    links: tuple[Link, ...]
    troubles: tuple[tuple[str, str, datetime], ...]  # (kind, what was said, when)


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Link]:
    """What waits for this person at either end, the earliest due first; then what they gave and received."""
    open_, ended = _of_keys(work, actor, "open"), _of_keys(work, actor, "ended")
    return [_shown(work, one, actor, now) for one in (*open_, *ended)]


def _of_keys(work: Work, actor: Actor, which: str) -> list[HandoverLink]:
    query = _links().where(_theirs(actor))
    if which == "open":
        query = query.where(HandoverLink.state == "open").order_by(HandoverLink.due_at, HandoverLink.id)
    else:
        taken = HandoverLink.state.in_(("done", "different", "refused"))
        query = query.where(taken).order_by(HandoverLink.id.desc())
    found = list(work.session.scalars(query.limit(MOST if which == "open" else 50)))
    _read_numbers(work, found, actor)
    return found


def _theirs(actor: Actor) -> ColumnElement[bool]:
    """Links of which this actor is an end, or stands in for one in the matter: `access.may`, told to the database."""

    def ends(keys: Collection[str]) -> ColumnElement[bool]:
        return or_(HandoverLink.giver_key.in_(keys), HandoverLink.receiver_key.in_(keys))

    lent = (
        and_(ends(actor.keys_in(matter)), HandoverLink.handover.has(Handover.kind.startswith(f"{matter}.")))
        for matter in actor.lent_matters
    )
    return or_(ends(actor.keys_in("")), *lent)


def _held_by(actor: Actor) -> ColumnElement[bool]:
    """Things that lie with a post of this actor's, or with one lent to them in the matter."""

    def lies(matter: str) -> ColumnElement[bool]:
        return Handover.holder_key.in_([key for key in actor.keys_in(matter) if key.startswith("p:")])

    lent = (and_(lies(matter), Handover.kind.startswith(f"{matter}.")) for matter in actor.lent_matters)
    return or_(lies(""), *lent)


def there_are(work: Work) -> bool:
    """Whether any published matter hands things over."""
    return bool(library.declared(work, "handovers"))


def waiting(work: Work, actor: Actor) -> int:
    """How many open links wait for this person or their posts."""
    query = select(HandoverLink.id).where(_theirs(actor), HandoverLink.state == "open").limit(MOST)
    return len(list(work.session.scalars(query)))


@dataclass(frozen=True, slots=True)
class Desk:
    """What a counter has to do with: by place, what is due today or late first; and what lies there."""

    places: tuple[tuple[str, tuple[Link, ...]], ...]
    today: int  # due today or late
    #: (thing's id, thing, in English, case, since, whether its case has ended: somebody says what became of it)
    held: tuple[tuple[int, str, str, str, datetime, bool], ...]
    late: tuple[Link, ...]  # what units of this clerk's gave late, the last first
    again: frozenset[int]  # of what lies there: what was refused and may be given once more


def desk(work: Work, actor: Actor, *, now: datetime) -> Desk:
    """The open links of this clerk's posts, by the place where they happen, and what their posts have now."""
    links = [_shown(work, one, actor, now) for one in _of_keys(work, actor, "open")]
    by_place: dict[str, list[Link]] = {}
    for link in links:
        by_place.setdefault(link.place, []).append(link)
    end = at_end_of_day(local_date(now))
    rows = work.session.execute(
        select(Handover.id, Handover.name, Handover.name_en, Case.number, Handover.opened_at, Case.finished_at)
        .outerjoin(Case, Case.id == Handover.case_id)
        .where(_held_by(actor), Handover.ended_at.is_(None))
        .order_by(Handover.opened_at)
        .limit(MOST)
    ).all()
    return Desk(
        tuple((place, tuple(found)) for place, found in by_place.items()),
        sum(1 for link in links if link.due_at is not None and link.due_at <= end),
        tuple(
            (id, name, name_en, number or "", at, number is None or ended is not None)
            for id, name, name_en, number, at, ended in rows
        ),
        tuple(_shown(work, one, actor, now) for one in _given_late(work, actor, now)),
        _refused(work, [row[0] for row in rows]),
    )


#: How long what came late stays on the desk, and how many of them.
LATE_DAYS, LATE_MOST = timedelta(days=90), 50


def _given_late(work: Work, actor: Actor, now: datetime) -> list[HandoverLink]:
    """What the units of this clerk's posts handed over after its time: the delay is theirs."""
    own = {one.unit_id for one in actor.positions if one.for_id is None}
    ours = [work.begins(HandoverLink.giver_key, f"p:{unit_id}:") for unit_id in own]
    if not ours:
        return []
    query = _links().where(
        or_(*ours),
        HandoverLink.state.in_(("done", "different")),
        HandoverLink.ended_at > HandoverLink.due_at,
        HandoverLink.due_at > now - LATE_DAYS,
    )
    found = list(work.session.scalars(query.order_by(HandoverLink.id.desc()).limit(LATE_MOST)))
    _read_numbers(work, found, actor)
    return found


def _refused(work: Work, chains: list[int]) -> frozenset[int]:
    """Of these things, those whose last link was not taken and that no case waits for."""
    if not chains:
        return frozenset()
    rows = work.session.scalars(
        select(Handover.id)
        .join(HandoverLink, and_(HandoverLink.handover_id == Handover.id, HandoverLink.n == Handover.links))
        .where(Handover.id.in_(chains), HandoverLink.state.in_(("refused", "dropped")), HandoverLink.effect.is_(None))
    )
    return frozenset(rows)


def one(work: Work, link_id: int, *, actor: Actor, now: datetime) -> Link:
    """A link for one of its ends, or for the post that writes it down."""
    link = work.session.scalar(_links().where(HandoverLink.id == link_id))
    if link is None or not access.may(actor, "see", link):
        raise NotFound("没有这次交接，或不是交给您、由您交出的。", f"There is no link {link_id} of yours.")
    return _shown(work, link, actor, now)


def holds(work: Work, handover_id: int, *, actor: Actor) -> bool:
    """Whether the reader has the thing."""
    chain = work.session.get(Handover, handover_id)
    return chain is not None and access.may(actor, "work", chain)


def scanned(work: Work, given: str, *, actor: Actor, now: datetime) -> int | None:
    """Which open link of this person a scanned QR or six typed digits mean; None: none, or more than one."""
    shown = proofs.read_token(given)
    if shown is not None:
        link = work.session.scalar(_links().where(HandoverLink.tag == shown.tag))
        return link.id if link is not None and access.may(actor, "see", link) else None
    found = [
        link.id
        for link in _of_keys(work, actor, "open")
        if any(proofs.proves(link, side, given, now=now) == "code" for side in _others(link, actor))
    ]
    return found[0] if len(found) == 1 else None


def _others(link: HandoverLink, actor: Actor) -> list[Side]:
    mine = _side(link, actor)
    return [proofs.other(mine)] if mine is not None else []


@dataclass(frozen=True, slots=True)
class Waits:
    """The hand-over a case waits for, for everybody who sees the case: people's names are masked."""

    thing: str
    thing_en: str
    giver: str
    receiver: str
    since: datetime


def waits_for(work: Work, case_id: int, effects: Iterable[str]) -> Waits | None:
    """The open link behind one of these awaited effects; None: the case waits for none."""
    keys = list(effects)
    if not keys:
        return None
    link = work.session.scalar(
        select(HandoverLink)
        .join(Handover)
        .where(Handover.case_id == case_id, HandoverLink.effect.in_(keys), HandoverLink.state == "open")
        .options(joinedload(HandoverLink.handover))
        .order_by(HandoverLink.id)
        .limit(1)
    )
    if link is None:
        return None
    return Waits(
        link.handover.name,
        link.handover.name_en,
        _name(work, link.giver_key, link.giver_name, whole=False),
        _name(work, link.receiver_key, link.receiver_name, whole=False),
        link.opened_at,
    )


def of_case(work: Work, case_id: int, *, actor: Actor, now: datetime) -> list[Chain]:
    """The chains of a case, for whoever sees the case."""
    chains = work.session.scalars(select(Handover).where(Handover.case_id == case_id).order_by(Handover.id)).all()
    if not chains:
        return []
    links = list(
        work.session.scalars(
            _links().where(HandoverLink.handover_id.in_([one.id for one in chains])).order_by(HandoverLink.n)
        )
    )
    troubles = list(
        work.session.scalars(
            select(HandoverTrouble)
            .where(HandoverTrouble.handover_id.in_([one.id for one in chains]))
            .order_by(HandoverTrouble.id)
        )
    )
    found = []
    for chain in chains:
        own = [link for link in links if link.handover_id == chain.id]
        got = next((link for link in own if link.n == chain.held_by_link), None)
        found.append(
            Chain(
                chain.id,
                chain.name,
                chain.name_en,
                chain.thing_kind,
                tuple(chain.thing),
                _name(work, chain.holder_key, chain.holder_name, whole=access.may(actor, "see", chain)),
                (got.ended_at or chain.opened_at) if got is not None else chain.opened_at,
                chain.ended_at is not None,
                access.may(actor, "see", chain) and chain.ended_at is None,
                tuple(_shown(work, link, actor, now) for link in own),
                tuple((t.kind, t.note, t.at) for t in troubles if t.handover_id == chain.id),
            )
        )
    return found


def _links() -> Select[HandoverLink]:
    return (
        select(HandoverLink)
        .options(joinedload(HandoverLink.handover), selectinload(HandoverLink.signs))
        .execution_options(populate_existing=True)
    )


def _side(link: HandoverLink, actor: Actor) -> Side | None:
    keys = actor.keys_in(access.matter_of(link.handover.kind))
    at: list[Side] = [side for side in proofs.SIDES if getattr(link, f"{side}_key") in keys]
    return at[0] if len(at) == 1 else None


def _name(work: Work, key: str, name: str, *, whole: bool) -> str:
    if key.startswith("p:"):
        unit = units.place(work, int(key.split(":")[1])).name
        return name if unit in name else f"{name}（{unit}）"
    return name if whole else masks.name(name)


def _phone(link: HandoverLink, side: Side) -> str:
    """A unit's telephone; a person's own stays theirs."""
    at_a_post = getattr(link, f"{side}_key").startswith("p:")
    return (getattr(link, f"{side}_phone") or "") if at_a_post else ""


def _shown(work: Work, link: HandoverLink, actor: Actor, now: datetime) -> Link:
    chain = link.handover
    number, title = _of(work, chain.case_id, actor)
    mine = _side(link, actor)
    open_ = link.state == "open"
    other = proofs.other(mine) if mine is not None else None
    return Link(
        link.id,
        chain.id,
        link.n,
        number,
        title,
        chain.name,
        chain.name_en,
        chain.thing_kind,
        tuple(chain.thing) if access.may(actor, "see", link) else (),
        _name(work, link.giver_key, link.giver_name, whole=mine is not None),
        _name(work, link.receiver_key, link.receiver_name, whole=mine is not None),
        units.place(work, link.unit_id).name,
        link.state,
        link.opened_at,
        link.due_at,
        link.ended_at,
        open_ and link.due_at is not None and link.due_at < now,
        link.note or "",
        tuple(link.files),
        tuple(Signed(s.side, s.proof, s.witness or "", s.at) for s in link.signs),  # type: ignore[arg-type]
        mine,
        open_ and access.writes_down(actor, link),
        link.witness,
        tuple(link.proof),
        link.photo,
        proofs.code(link, mine) if open_ and mine is not None else "",
        proofs.token(link, mine, now=now) if open_ and mine is not None else "",
        _phone(link, other) if other is not None and open_ else "",
        *_late(work, link),
    )


def _late(work: Work, link: HandoverLink) -> tuple[int | None, str]:
    """By how many working days it came late, and whose delay that is: the post's that had it to give."""
    if link.state not in ("done", "different") or link.due_at is None or link.ended_at is None:
        return None, ""
    if link.ended_at <= link.due_at or not link.giver_key.startswith("p:"):
        return None, ""
    days = work.calendar.count(local_date(link.due_at), local_date(link.ended_at))
    return days, units.place(work, int(link.giver_key.split(":")[1])).name


def _of(work: Work, case_id: int | None, actor: Actor) -> tuple[str, str]:
    """(number, matter) of a case; read once a request."""
    if case_id is None:
        return "", ""
    known: dict[int, tuple[str, str]] = work.session.info.setdefault("handover-cases", {})
    if case_id not in known:
        known[case_id] = _told(work.session.get_one(Case, case_id), actor)
    return known[case_id]


def _read_numbers(work: Work, links: Iterable[HandoverLink], actor: Actor) -> None:
    """Read the cases of these links in one statement, before each asks for its own."""
    ids = {link.handover.case_id for link in links if link.handover.case_id is not None}
    known: dict[int, tuple[str, str]] = work.session.info.setdefault("handover-cases", {})
    if ids - set(known):
        rows = work.session.scalars(select(Case).where(Case.id.in_(ids)))
        known.update({case.id: _told(case, actor) for case in rows})


def _told(case: Case, actor: Actor) -> tuple[str, str]:
    """An end of a link is told which case it is of; of a restricted one only who may see that."""
    return ("", "") if case.restricted and not access.may(actor, "see", case) else (case.number, case.matter_name)
