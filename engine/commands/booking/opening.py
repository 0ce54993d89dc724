"""What a post of the unit does with offers: a further time, called off, moved; and what opens by itself is made."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from engine.booking import written
from engine.commands import appointments, offer_rows
from engine.commands.offer_rows import Opening
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns.offers import Offer
from engine.people import Actor, require, units
from engine.people.units import Place
from engine.reads import offers as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Resource, ResourceOpening, Slot, SlotPlace


def find(work: Work, resource_id: int, *, by: Actor) -> Resource:
    """An open offer of the actor's units, locked. NotFound, NotYours."""
    row = work.session.get(Resource, resource_id, with_for_update=True, populate_existing=True)
    if row is None or not row.offer or row.matter:
        raise NotFound("没有这项供给。", "There is no such offer.")
    require(by, "serve", row)
    if not row.active:
        raise NotNow("它已经结束或取消了。", "It is over or was called off already.")
    return row


def open_(
    work: Work,
    key: str,
    unit_id: int,
    *,
    name: str = "",
    about: str = "",
    starts_at: datetime,
    ends_at: datetime,
    parent_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Resource:
    """A further time of an offer at a unit of the actor's: a session, a job, an extra lunch."""
    what = reads.of(work, key)
    place = units.place(work, unit_id)
    require(by, "serve", Resource(unit_id=place.id))
    if what.offer.opened_by:
        raise NotNow("这一项由办件开放，请从办件里开。", "This is opened by a case: open it there.")
    if what.offer.each:
        raise NotNow("这一项按资源的开放规则放号。", "Its times are made by the opening rules of its resource.")
    parent = find(work, parent_id, by=by) if parent_id is not None else None
    roles = offer_rows.declared_roles(what.offer)
    places = what.offer.places
    row, _slot = offer_rows.open_(
        work,
        what,
        Opening(
            name=name.strip() or what.offer.title,
            name_en="" if name.strip() else what.offer.title_en,
            starts_at=starts_at,
            ends_at=ends_at,
            unit_id=place.id,
            place_id=place.id,
            places=roles or (places if isinstance(places, int) else 1),
            about=about.strip() or what.offer.summary,
            parent_id=parent.id if parent is not None else None,
        ),
        case=None,
        by=by,
        now=now,
    )
    return row


def add_places(work: Work, slot_id: int, places: int, *, role: str = "", by: Actor, now: datetime) -> Slot:
    """So many more places of one time (of a role, where they are by role): who waits is offered them in their turn."""
    slot = offer_rows.find_slot(work, slot_id)
    resource = slot.resource
    require(by, "serve", resource)
    work.session.refresh(slot, ["public_capacity", "public_taken", "closed", "starts_at"], with_for_update=True)
    if slot.starts_at <= now or slot.closed:
        raise NotNow("已经开始、结束或取消了，不能再加名额。", "It has begun, or was called off: no more places.")
    most = 10_000 - slot.public_capacity
    if not 1 <= places <= most:
        zh, en = f"请填 1 到 {most} 之间的数。", f"Expected a number from 1 to {most}."
        raise Invalid([FieldError("places", "加几个名额", zh, en)])
    rows = reads.roles_of(work, [slot_id]).get(slot_id, [])
    named = next((row for row in rows if row.role == role), None)
    if rows and named is None:
        titles = "、".join(row.title for row in rows)
        raise Invalid([FieldError("role", "角色", f"请选一个角色：{titles}。", "Choose one of the roles.")])
    if named is not None:
        named.capacity += places
    slot.public_capacity += places
    work.session.flush()
    facts = {"number": resource.code, "slot": slot.id, "places": places, "role": role}
    audit.record(work, audit.Kind.OFFER_PLACES, by=by, now=now, facts=facts)
    appointments.cover(work, resource, now=now)
    appointments.offer_all(work, resource, [slot], now=now)
    return slot


# ---------------------------------------------------------------- what opens by itself


def establish(work: Work) -> int:
    """Every unit that has an offer by its declaration (`at`, `opens`) has its resource, with the rules of today's
    declaration; how many are new. What is declared no more makes no further times."""
    made = sum(establish_one(work, key) for key in by_themselves(work))
    close_undeclared(work)
    return made


def by_themselves(work: Work) -> list[str]:
    """The offers that open by themselves."""
    return [key for key, what in reads.declared(work).items() if what.offer.opens is not None]


def _code(key: str, place: Place) -> str:
    return f"{key}@{place.code}"[:60]


def establish_one(work: Work, key: str) -> int:
    """The same of one offer. Nothing, where it is declared no more."""
    what = reads.declared(work).get(key)
    if what is None or what.offer.opens is None:
        return 0
    places = {_code(key, place): place for place in places_of(work, what.offer)}
    found = work.session.scalars(select(Resource).where(Resource.code.in_(places)))
    known, rules, made = {row.code: row for row in found}, rules_of(what.offer), 0
    for code, place in places.items():
        row = known.get(code)
        if row is None:
            made += 1
            row = Resource(code=code, unit_id=place.id, place_id=place.id, kind="session", name="", matter="")
            work.session.add(row)
        row.kind = offer_rows.KEPT_AS.get(what.offer.kind, "session")
        row.name, row.name_en = what.offer.title[:80], what.offer.title_en[:120]
        row.about, row.matter, row.offer = what.offer.summary[:500], what.offer.each, what.key
        row.policy, row.active = what.offer.numbers(), True
        work.session.flush()
        listed = work.session.scalars(
            select(ResourceOpening.rule).where(ResourceOpening.resource_id == row.id).order_by(ResourceOpening.id)
        ).all()
        if list(listed) != rules:
            work.session.execute(delete(ResourceOpening).where(ResourceOpening.resource_id == row.id))
            work.session.add_all(ResourceOpening(resource_id=row.id, rule=rule) for rule in rules)
    work.session.flush()
    return made


def close_undeclared(work: Work) -> None:
    """What was opened by a declaration that is no more, or no more there, makes no further times."""
    opens = [(key, reads.declared(work)[key].offer) for key in by_themselves(work)]
    wanted = {_code(key, place) for key, offer in opens for place in places_of(work, offer)}
    for row in work.session.scalars(select(Resource).where(Resource.code.like("%@%"), Resource.active)):
        if row.code not in wanted:
            row.active = False
    work.session.flush()


def rules_of(offer: Offer) -> list[dict[str, object]]:
    """The opening rules of a declaration, as rows keep them."""
    opens = offer.opens
    assert opens is not None
    roles = offer_rows.declared_roles(offer)
    return written.rules(
        weekly_=opens.weekly,
        dates=opens.dates,
        lunar_=opens.lunar,
        terms=[(term.since, term.until) for term in opens.terms],
        days=opens.days,
        minutes=opens.minutes,
        public=sum(role.capacity for role in roles) if roles else int(offer.places),  # type: ignore[arg-type]
        staff=offer.staff,
    )


def places_of(work: Work, offer: Offer) -> list[Place]:
    """The units of `at`: by kind, by code, or by the short code of an office."""
    tree = units.tree(work)
    kinds = {kind for at in offer.at for kind in units.alike(at)}
    short = {f"{tree.county.code}-{at}" for at in offer.at}
    found = [one for one in tree.standing if one.kind in kinds or one.code in offer.at or one.code in short]
    return sorted(found, key=lambda one: one.path)


def give_roles(work: Work, resource: Resource, first: date, last: date) -> None:
    """The places by role of slots that have been made, where the declaration has roles."""
    if not resource.offer:
        return
    what = reads.declared(work).get(resource.offer)
    roles = offer_rows.declared_roles(what.offer) if what is not None else ()
    if not roles:
        return
    since = written.start_of(first)
    bare = work.session.scalars(
        select(Slot.id)
        .outerjoin(SlotPlace, SlotPlace.slot_id == Slot.id)
        .where(
            Slot.resource_id == resource.id,
            Slot.starts_at >= since,
            Slot.starts_at < written.start_of(last + timedelta(days=1)),
            SlotPlace.slot_id.is_(None),
        )
    ).all()
    for slot_id in bare:
        work.session.add_all(offer_rows.places_of(slot_id, roles))
    work.session.flush()
