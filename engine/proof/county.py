"""The county a story is played in: small, and with every unit and post the matter names.

Two clerks hold every post of the matter in every unit (the second is there for where the first must keep away), a third
person heads every unit, and one resident applies. Whom and what a story calls by name stands in its stories.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from engine import matters, people
from engine.commands import bond_rows, booking, match_rows, matching, register_rows
from engine.commands.candidates import COUNTER, SUPERVISOR, unit_at
from engine.errors import Refused
from engine.matters.county import FROM_CASE
from engine.matters.nouns.bonds import HALL
from engine.matters.nouns.bonds import Bond as BondKind
from engine.matters.nouns.loans import Loans
from engine.matters.nouns.matches import POSTS, Match
from engine.matters.nouns.queues import Queue
from engine.matters.stories import Book, Story, when
from engine.people import SYSTEM, holders, units
from engine.people.units import Place
from engine.proof import booking_steps
from engine.reads.knowing import Person, of_user
from engine.records import library, registers
from engine.store import Work, keys, models
from engine.store.models import (
    Appointment,
    AppointmentSlot,
    Case,
    Holding,
    Loan,
    MatchPair,
    MatchSide,
    Post,
    Resource,
    ResourceOpening,
    Schedule,
    Slot,
    User,
    Window,
    WorkOrder,
)
from engine.workdays import at_end_of_day, at_start_of_day, local_date

#: The region code the scratch county has (GB/T 2260); codes of towns and villages in the content begin with it.
CODE = "350526"
#: Where the applicant lives, and the town above it.
TOWN, VILLAGE = f"{CODE}106", f"{CODE}106201"
#: Codes of towns and villages, and of grids, as they stand in a matter's files.
_PLACE = rf"(?<!\d){CODE}\d{{3}}(?:\d{{3}})?(?!\d)"
_GRID = rf"(?<!\d){CODE}\d{{6}}-W\d+"
#: How long a room of a story is open from the day of the story on.
ROOM_DAYS = 90
#: How long before it is due an order of theirs was sent out.
_BEFORE = timedelta(days=7)
#: Words of matter.yaml that are no unit's code but told from the case.
_TOLD = frozenset((*FROM_CASE, ""))


@dataclass(frozen=True, slots=True)
class Hall:
    """Who is there."""

    applicant: int
    clerk: int
    second: int  # where the clerk must keep away
    head: int
    village: str  # code


def found(work: Work, package: matters.Package, book: Book, *, now: datetime) -> Hall:
    """The county, its people, the matter published, its rooms open from this day on."""
    county = units.add(work, code=CODE, name="试办县", kind="county", number="0001", word="试政", phone="12345")
    _places(work, package, county)
    _bodies(work, county)
    _offices(work, package, book, county)
    posts = _posts(work, package, book)
    clerk, second, head = (
        User(kind="staff", login=f"staff-{n}", name=name, created_at=now)
        for n, name in enumerate(("全能员甲", "全能员乙", "主管人丙"))
    )
    applicant = _resident(work, now)
    work.session.add_all([clerk, second, head])
    work.session.flush()
    everywhere = [place.id for place in units.tree(work)]
    able = [code for code in posts if code != SUPERVISOR or _needs(package, SUPERVISOR)]
    work.session.add_all(
        Holding(user_id=who.id, unit_id=place, post_id=posts[post])
        for who in (clerk, second)
        for place in everywhere
        for post in able
    )
    work.session.add_all(Holding(user_id=head.id, unit_id=place, post_id=posts[SUPERVISOR]) for place in everywhere)
    _named(work, package, book, posts, county, now)
    work.session.flush()
    holders.forget(work)
    library.publish(work, package, by=SYSTEM, now=now)
    # A story is one case: what else would begin by itself while it waits rests.
    work.session.execute(update(Schedule).values(paused_at=now, pause_reason="story"))
    _rooms(work, package, book, county, now)
    _entries(work, package, book, now)
    _bonds(work, package, book, applicant, now)
    _orders(work, package, book, now)
    booking_steps.opened(work, package, now=now)
    _halls(work, package, county)
    return Hall(applicant.id, clerk.id, second.id, head.id, VILLAGE)


# ---------------------------------------------------------------- units


def _places(work: Work, package: matters.Package, county: Place) -> None:
    """The towns and villages whose codes stand anywhere in the matter's files, and the applicant's own."""
    codes = {TOWN, VILLAGE} | set(_codes(package.files))
    towns: dict[str, Place] = {}
    for code in sorted({code[:9] for code in codes}):
        n = len(towns)
        towns[code] = units.add(
            work,
            code=code,
            name=f"{_word(n)}镇",
            kind="town",
            parent=county,
            number=f"{2100 + n}",
            word=f"{_word(n)}政",
        )
    for n, code in enumerate(sorted(code for code in codes if len(code) == 12)):
        units.add(
            work,
            code=code,
            name=f"{_word(n)}村",
            kind="village",
            parent=towns[code[:9]],
            number=f"{3200 + n}",
            word=f"{_word(n)}村",
        )
    _grids(work, package)


def _grids(work: Work, package: matters.Package) -> None:
    """The grids whose codes stand anywhere in the matter's files (350526106201-W1), and the first one of the
    applicant's village where steps are a grid's."""
    codes = set(_codes(package.files, _GRID))
    if any(group.at == "grid" for group in package.info.groups.values()):
        codes.add(f"{VILLAGE}-W1")
    for n, code in enumerate(sorted(codes)):
        village, _, name = code.partition("-W")
        parent = units.by_code(work, village)
        units.add(work, code=code, name=f"{parent.name}第{name}网格", kind="grid", parent=parent, number=f"{5000 + n}")


def _bodies(work: Work, county: Place) -> None:
    """What a county has beside its offices: a centre, a party organization, and in every town a people's mediation
    committee and a party committee."""
    units.add(
        work, code=f"{CODE}-ZX", name="试办县服务中心", kind="centre", parent=county, number="1500", word="试中心"
    )
    units.add(work, code=f"{CODE}-DW", name="试办县党组织", kind="party", parent=county, number="8501", word="试党")
    for n, town in enumerate([place for place in units.tree(work) if place.kind == "town"]):
        units.add(
            work,
            code=f"{town.code}-TW",
            name=f"{town.name}人民调解委员会",
            kind="committee",
            parent=town,
            number=f"{7100 + n}",
            word=f"{_word(n)}调",
        )
        units.add(
            work,
            code=f"{town.code}-DW",
            name=f"{town.name}党委",
            kind="party",
            parent=town,
            number=f"{8600 + n}",
            word=f"{_word(n)}党",
        )


def _codes(files: Mapping[str, bytes], pattern: str = _PLACE) -> Iterable[str]:
    for data in files.values():
        yield from (m[0] for m in re.finditer(pattern, data.decode("utf-8", "replace")))


def _word(n: int) -> str:
    """A made-up name: 甲, 乙 … 甲一, 甲二."""
    stems = "甲乙丙丁戊己庚辛壬癸"
    return stems[n % 10] + ("" if n < 10 else f"{n // 10}")


def _offices(work: Work, package: matters.Package, book: Book, county: Place) -> None:
    """The offices the matter names by code: YB, 350526-YB."""
    named = {package.info.office, *(g.at for g in package.info.groups.values())}
    named |= {p.at for p in book.people} | {r.at for r in book.rooms}
    for who in package.info.organs.values():
        named |= {one for one in (who if isinstance(who, tuple) else (who,)) if isinstance(one, str)}
    for data in package.diagrams.values():  # post@CODE in a diagram
        named |= set(re.findall(r"[\w-]+@([A-Z][A-Z0-9]{0,9})\b", data.decode("utf-8", "replace")))
    named = {at for at in named if at not in _TOLD and not at.isdigit() and not re.fullmatch(_GRID, at)}
    offices = sorted({at.removeprefix(f"{CODE}-") for at in named})
    for n, code in enumerate(offices):
        units.add(
            work,
            code=f"{CODE}-{code}",
            name=f"试办县{code}局",
            kind="office",
            parent=county,
            number=f"{1100 + n}",
            word=f"试{code}",
            phone="0595-12345",
            address="试办县政务服务中心",
        )


# ---------------------------------------------------------------- people


def _needs(package: matters.Package, post: str) -> bool:
    groups, roles = package.info.groups.values(), package.info.parties.values()
    return any(one.post == post for one in groups) or any(
        one.in_person is not None and one.in_person.post == post for one in roles
    )


def _posts(work: Work, package: matters.Package, book: Book) -> dict[str, int]:
    wanted = {COUNTER: "窗口", SUPERVISOR: "负责人"}
    wanted |= {g.post: g.name or g.post for g in package.info.groups.values()}
    before = [one.in_person.post for one in package.info.parties.values() if one.in_person is not None]
    wanted |= {post: post for post in (*before, *(p.post for p in book.people)) if post not in wanted}
    for data in package.diagrams.values():
        for post in re.findall(r"([\w-]+)@[\w-]+", data.decode("utf-8", "replace")):
            wanted.setdefault(post, post)
    rows = [
        Post(code=code, name=name, name_en=code, role="supervisor" if code == SUPERVISOR else "clerk")
        for code, name in wanted.items()
    ]
    work.session.add_all(rows)
    work.session.flush()
    return {row.code: row.id for row in rows}


def _resident(work: Work, now: datetime) -> User:
    phone, number = "13800000001", f"{CODE}195003071239"
    row = User(
        kind="resident",
        name="申请人某",
        phone=phone,
        phone_index=keys.blind("phone", phone),
        id_number=number,
        id_index=keys.blind("id", number),
        place_id=units.by_code(work, VILLAGE).id,
        created_at=now,
    )
    work.session.add(row)
    return row


def _named(
    work: Work, package: matters.Package, book: Book, posts: Mapping[str, int], county: Place, now: datetime
) -> None:
    for n, person in enumerate(book.people):
        phone = f"1370000{n:04d}"
        user = User(
            kind="staff",
            login=f"named-{n}",
            name=person.name,
            phone=phone,
            phone_index=keys.blind("phone", phone),
            created_at=now,
        )
        work.session.add(user)
        work.session.flush()
        at = _at(work, package, person.at)
        work.session.add(Holding(user_id=user.id, unit_id=at.id, post_id=posts[person.post]))


def _at(work: Work, package: matters.Package, at: str) -> Place:
    home = units.by_code(work, VILLAGE)
    office = unit_at(work, package.info.office, place=home, intake=home, office=home)
    return unit_at(work, at, place=home, intake=home, office=office)


# ---------------------------------------------------------------- registers


def _entries(work: Work, package: matters.Package, book: Book, now: datetime) -> None:
    """What stands in the registers of the matter, as its stories.yaml says. Somebody by name alone is the resident
    whom later steps call so; others get telephones one after the other."""
    n = 0
    for given in book.entries:
        one = package.declared("registers")[given.register]
        place = units.by_code(work, given.place).id if given.place else None
        for k in range(given.times):
            n += 1
            name = f"{given.name}{k + 1}" if given.times > 1 else given.name
            phone = given.phone or f"1380001{n:04d}"
            whom = Person(name, phone=phone, id_number=given.id_number or None) if name else None
            if name and given.times == 1 and not given.phone and not given.id_number:
                whom = of_user(booking_steps.resident(work, name, None, now))
            register_rows.put(work, one, given.facts, by=SYSTEM, now=now, whom=whom, state=given.state, place_id=place)


# ---------------------------------------------------------------- orders


def _orders(work: Work, package: matters.Package, book: Book, now: datetime) -> None:
    """Orders that were sent out before the stories begin: no more than what is counted of them."""
    n = 0
    for given in book.orders:
        unit = units.by_code(work, given.unit)
        due = at_end_of_day(given.due)
        closed = at_start_of_day(given.closed) if given.closed is not None else None
        for _ in range(given.times):
            n += 1
            row = Case(
                number=given.number or f"ORDER-{n:04d}",
                matter=package.name,
                matter_name=package.info.name,
                version_hash=package.version,
                status="running" if closed is None else "finished",
                channel="phone",
                answers={},
                ledger=[],
                applicant_name="某某",
                place_id=unit.id,
                unit_id=unit.id,
                office_id=unit.id,
                received_at=due - _BEFORE,
                finished_at=closed,
            )
            work.session.add(row)
            work.session.flush()
            work.session.add(
                WorkOrder(
                    case_id=row.id,
                    dispatched_at=due - _BEFORE,
                    due_at=due,
                    closed_at=closed,
                    returned=given.returned,
                    redone=given.redone,
                    answered=given.answered,
                    solved=given.solved,
                    stars=given.stars,
                    left_out=given.left_out,
                )
            )


# ---------------------------------------------------------------- bonds


def _born(side: Mapping[str, str]) -> date | None:
    return date.fromisoformat(side["born"]) if "born" in side else None


def _bonds(work: Work, package: matters.Package, book: Book, applicant: User, now: datetime) -> None:
    """Who may act for whom when the stories begin, as at a counter that saw the papers."""
    for given in book.bonds:
        own = package.declared("bonds").get(given.bond)
        kind = own.what if own is not None and isinstance(own.what, BondKind) else HALL[given.bond]
        subject, holder = (
            of_user(applicant)
            if isinstance(side, str)
            else of_user(booking_steps.resident(work, side["name"], _born(side), now))
            if "born" in side or (given.team and len(side) == 1)
            else Person(side.get("name", ""), side.get("phone"), side.get("id_number"))
            for side in (given.subject, given.holder)
        )
        asked = bond_rows.Asked(
            own.key if own is not None else given.bond, kind, subject, holder, "counter", team=given.team
        )
        bond_rows.make(work, asked, by=SYSTEM, now=now)


# ---------------------------------------------------------------- rooms


def _rooms(work: Work, package: matters.Package, book: Book, county: Place, now: datetime) -> None:
    first: date = now.date()
    for n, one in enumerate(book.rooms):
        room = Resource(
            code=f"room-{n}",
            unit_id=_at(work, package, one.at).id,
            kind="room",
            name=one.name,
            matter="",
            offer=package.declared("offers")[one.offer].key,
        )
        work.session.add(room)
        work.session.flush()
        rule = {
            "opens": "09:00",
            "closes": "21:00",
            "minutes": 30,
            "public": 0,
            "staff": 1,
            "kind": "normal",
            "days": "any",
        }
        work.session.add(ResourceOpening(resource_id=room.id, rule=rule))
        work.session.flush()
        booking.publish(work, room.id, first=first, last=first + timedelta(days=ROOM_DAYS), by=SYSTEM, now=now)


def _halls(work: Work, package: matters.Package, county: Place) -> None:
    """The halls of its lines, with a window of the county's and one of each unit that calls there."""
    wanted: dict[str, set[str]] = {}
    for one in package.declared("queues").values():
        assert isinstance(one.what, Queue)
        wanted.setdefault(one.what.at, set()).update(one.what.windows)
    by_code = units.tree(work).by_code
    for code, callers in sorted(wanted.items()):
        hall = models.Hall(code=code, name="试办大厅", unit_id=county.id)
        work.session.add(hall)
        work.session.flush()
        theirs = [by_code.get(one) or by_code.get(f"{CODE}-{one}") or county for one in sorted(callers)]
        work.session.add_all(
            Window(hall_id=hall.id, unit_id=unit.id, code=f"{n}", name="试办窗口")
            for n, unit in enumerate([county, *theirs], 1)
        )
    work.session.flush()


def booked(work: Work, package: matters.Package, story: Story, hall: Hall, *, now: datetime) -> Appointment:
    """The booking that a story speaks of (`facts: {appointment: …}`): confirmed, its seat taken."""
    facts = story.facts["appointment"]
    lacking = [key for key in ("number", "starts_at", "ends_at") if not facts.get(key)]
    if lacking:
        raise Refused(
            f"facts.appointment 里没有写 {'、'.join(lacking)}：预约要有编号和起止时间。",
            f"facts.appointment lacks {', '.join(lacking)}: a booking has a number, a beginning and an end.",
        )
    kind = facts.get("kind") or "normal"
    begins, ends = (datetime.fromisoformat(str(facts[at])).astimezone(UTC) for at in ("starts_at", "ends_at"))
    window = Resource(
        code="story",
        unit_id=units.tree(work).county.id,
        kind="window",
        name=str(facts.get("resource") or "窗口"),
        matter=package.name,
        items=[],
        policy={},
    )
    work.session.add(window)
    work.session.flush()
    slot = Slot(
        resource_id=window.id,
        starts_at=begins,
        ends_at=ends,
        kind=kind,
        public_capacity=1,
        public_taken=1,
    )
    who = story.answers.get("applicant") or {}
    made = Appointment(
        number=facts["number"],
        code=facts["number"],
        resource_id=window.id,
        matter=package.name,
        state="confirmed",
        channel=facts.get("channel") or "online",
        starts_at=begins,
        ends_at=ends,
        kind=kind,
        user_id=hall.applicant,
        person_index="story",
        name=who.get("name") or "申请人某",
        phone=who.get("phone"),
        booked_at=now,
    )
    work.session.add_all([slot, made])
    work.session.flush()
    work.session.add(AppointmentSlot(appointment_id=made.id, slot_id=slot.id))
    return made


def wanted(
    work: Work, package: matters.Package, story: Story, hall: Hall, *, now: datetime
) -> tuple[MatchSide | MatchPair, dict[str, Any]]:
    """The need that a story speaks of (`facts: {need: {from, to, starts_at, …}}`): the applicant's, not matched in
    time, and this is its case; and what the case knows of it. With `supply: {who, answers}` somebody gave it, nobody
    said that they arrived or it was said that they asked for money, and this is the case of that. It is of the match
    that opens this matter."""
    said = story.facts["need"]
    one, why = next(
        (d, d.what.why_opened(package.name))
        for d in package.declared("matches").values()
        if isinstance(d.what, Match) and d.what.why_opened(package.name)
    )
    starts_at = when(said["starts_at"]).astimezone(UTC)
    given = said.get("supply")
    then = starts_at - timedelta(days=1) if given else now
    where: dict[str, Any] = {
        "stops": [str(said[at]) for at in ("from", "to") if said.get(at)],
        "starts_at": starts_at,
        "until_at": when(said["until_at"]).astimezone(UTC) if said.get("until_at") else starts_at + timedelta(hours=1),
        "now": then,
    }
    applicant = people.load(work, hall.applicant, now=then)
    row = matching.say(work, one.key, "need", answers=said.get("answers") or {}, by=applicant, **where)
    row.told_at = then
    if not given:
        return row, {"need": match_rows.known_of(work, row)}
    giver = people.load(work, booking_steps.resident(work, str(given["who"]), None, then).id, now=then)
    supply = matching.say(work, one.key, "supply", answers=given.get("answers") or {}, by=giver, **where)
    pair = matching.ask(work, row.id, supply.id, by=applicant, now=then)
    matching.agree(work, pair.id, version=pair.version, by=giver, now=then)
    if why == "late":
        pair.late, pair.late_at = row.side, then
        return pair, {why: match_rows.known_of(work, row)}
    if why == "charged":
        pair.charged_at = then
    else:
        pair.called = POSTS
    return pair, {side.side: match_rows.known_of(work, side) for side in (row, supply)}


def lent(work: Work, package: matters.Package, story: Story, hall: Hall, case: Case, *, now: datetime) -> None:
    """The loan that a story speaks of (`facts: {loan: {copy, title, …}}`): missed, and this is its case. It is of the
    loans that open this matter."""
    said = story.facts["loan"]
    one = next(
        d
        for d in package.declared("loans").values()
        if isinstance(d.what, Loans) and d.what.missed is not None and d.what.missed.opens == package.name
    )
    assert isinstance(one.what, Loans)
    of = package.declared("registers")[one.what.of]
    register = registers.register_of(of)
    facts = {name: str(said["title"]) for name, field in register.fields.items() if field.required}
    facts[register.key] = str(said["copy"])
    copy = register_rows.put(work, of, facts, by=SYSTEM, now=now, state=one.what.states.lost, unit_id=case.unit_id)
    work.session.add(
        Loan(
            loans=one.key,
            post=one.what.desk,
            title=f"#{copy.key}",
            entry_id=copy.id,
            who_ref=f"u:{hall.applicant}",
            user_id=hall.applicant,
            name=case.applicant_name or "读者",
            n=1,
            most=one.what.limit,
            lent_at=now,
            due_on=local_date(now),
            renewed=0,
            version=1,
            missed_at=now,
            case_id=case.id,
        )
    )
    work.session.flush()
