"""A team and its leader: members let the leader put them down, see it, give their own place back, and are gone from
what is to come in the moment their bond is. Places and counters agree whatever is done in whatever order."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import matters, people
from engine.commands import bond_rows, bonds, booking
from engine.commands.bonds.making import person
from engine.errors import Invalid, NotFound, NotNow, NotYours, Refused
from engine.matters.nouns.bonds import HALL, LEADER
from engine.people import SYSTEM
from engine.reads import bookings, teams
from engine.reads.knowing import Person
from engine.records import library
from engine.store import keys
from engine.store.models import Appointment, Bond, BookingPlace, Notice, Slot, SlotPlace, User
from engine.workdays import local_date
from tests.cast import ROOT
from tests.offers.conftest import NOW, left

TEAM = "青年理发队"
LATER = NOW + timedelta(days=7, hours=17)


@pytest.fixture
def hall(hall):
    return closed(hall)


def closed(hall):
    """The matter as it is published: members of a team come from the leader's own."""
    files = dict(matters.read_files(ROOT, "zhiyuan"))
    hall.do(library.publish, matters.package.read("zhiyuan", files), by=SYSTEM, now=NOW)
    return hall


def phone_of(hall, who):
    with hall.database.reading() as work:
        return work.session.get(User, who.id).phone


def joins(hall, member, leader, team=TEAM, now=NOW):
    """The member shows six digits, the leader types them."""
    code = hall.do(bonds.show_code, LEADER, by=hall.actor(member.id, now), now=now)
    by = hall.actor(leader.id, now)
    return bonds.type_code(hall.database, phone_of(hall, member), code, team=team, by=by, now=now)


def take(hall, need, leader, led, members=(), now=NOW, **more):
    by = hall.actor(leader.id, now)
    return hall.do(booking.take_place, need.slot, led=led, members=members, by=by, now=now, **more)


def names(hall, made):
    with hall.database.reading() as work:
        rows = work.session.scalars(
            select(BookingPlace).where(BookingPlace.appointment_id == made.id, BookingPlace.live)
        )
        return sorted(row.name for row in rows)


def coming(hall, who, now=NOW):
    with hall.database.reading() as work:
        return teams.coming(work, hall.actor(who.id, now), now=now)


def told(hall, who):
    with hall.database.reading() as work:
        return [n.text for n in work.session.scalars(select(Notice).where(Notice.user_id == who.id))]


def test_a_leader_books_for_those_who_let_it_and_each_sees_it(hall):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    led = [(joins(hall, one, leader), "cut"), (joins(hall, two, leader), "help")]
    assert any(TEAM in text for text in told(hall, one))
    with hall.database.reading() as work:
        [team] = teams.led(work, hall.actor(leader.id), now=NOW)
        assert (team.name, [m.name for m in team.people]) == (TEAM, [one.name, two.name])
        [mine] = teams.of(work, hall.actor(one.id), now=NOW)
        assert (mine.name, mine.people[0].name) == (TEAM, leader.name)
    me = [(leader.name, phone_of(hall, leader), "cut")]
    made = take(hall, need, leader, led, me)
    assert (made.team, made.places, made.user_id) == (TEAM, 3, leader.id)
    assert left(hall.database, need.slot) == (3, {"cut": 2, "help": 1})
    [place] = coming(hall, one)
    assert (place.team, place.role, place.leader) == (TEAM, "理发", "居*2") and place.address
    assert coming(hall, leader) == [] and coming(hall, hall.residents[5]) == []
    assert any("带青年理发队给您报了名" in text for text in told(hall, one))
    with hall.database.reading() as work:  # what the leader sees of a member is the team's, and no more
        actor = hall.actor(leader.id)
        assert [b.id for b in bookings.mine(work, actor, now=NOW)] == [made.id]
        assert bookings.mine(work, hall.actor(one.id), now=NOW) == []


def test_a_name_that_is_written_down_is_no_member(hall):
    need, leader, one = hall.asked(), *hall.residents[1:3]
    led = [(joins(hall, one, leader), "cut")]
    with pytest.raises(Invalid) as refused:
        take(hall, need, leader, led, [("阿土", "13900000000", "help")])
    assert refused.value.fields[0].field == "members" and "阿土" in refused.value.fields[0].zh
    with pytest.raises(Invalid):
        take(hall, need, leader, [], [("阿土", "13900000000", "help")], team="随便")
    assert left(hall.database, need.slot) == (0, {"cut": 0, "help": 0})


def test_nobody_books_with_members_of_another(hall):
    need, leader, other, one = hall.asked(), *hall.residents[1:4]
    bond = joins(hall, one, leader)
    family = hall.do(bonds.show_code, "family", by=hall.actor(one.id), now=NOW)
    family = bonds.type_code(hall.database, phone_of(hall, one), family, by=hall.actor(other.id), now=NOW)
    for by, led in ((other, bond), (other, family), (one, bond), (leader, 9999)):
        with pytest.raises(NotYours):
            take(hall, need, by, [(led, "cut")])
    with pytest.raises(NotYours):  # the leader does not book for them alone: what the member does is theirs
        take(hall, need, leader, [], bond_id=bond, role="cut")


def test_a_bond_that_does_not_last_until_then_does_not_carry(hall):
    need, leader, one = hall.asked(), *hall.residents[1:3]
    code = hall.do(bonds.show_code, LEADER, until=date(2026, 9, 25), by=hall.actor(one.id), now=NOW)
    bond = bonds.type_code(hall.database, phone_of(hall, one), code, team=TEAM, by=hall.actor(leader.id), now=NOW)
    with pytest.raises(Invalid) as refused:
        take(hall, need, leader, [(bond, "cut")])
    assert "2026-09-25" in refused.value.fields[0].zh
    with pytest.raises(NotYours):  # nor after its day
        take(hall, need, leader, [(bond, "cut")], now=LATER)


def test_two_teams_are_booked_apart_and_a_code_of_the_family_makes_no_team(hall):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    led = [(joins(hall, one, leader), "cut"), (joins(hall, two, leader, team="家电队"), "help")]
    with pytest.raises(Invalid):
        take(hall, need, leader, led)
    three = hall.residents[4]
    code = hall.do(bonds.show_code, "family", by=hall.actor(three.id), now=NOW)
    with pytest.raises(Invalid) as refused:
        bonds.type_code(hall.database, phone_of(hall, three), code, team=TEAM, by=hall.actor(leader.id), now=NOW)
    assert refused.value.fields[0].field == "code"
    code = hall.do(bonds.show_code, LEADER, by=hall.actor(three.id), now=NOW)
    with pytest.raises(Invalid) as refused:
        bonds.type_code(hall.database, phone_of(hall, three), code, by=hall.actor(leader.id), now=NOW)
    assert refused.value.fields[0].field == "team"


def test_a_leader_asks_and_nothing_holds_before_the_member_says_yes(hall):
    need, leader, one = hall.asked(), *hall.residents[1:3]
    row = hall.do(bonds.ask, LEADER, phone_of(hall, one), one.name, team=TEAM, by=hall.actor(leader.id), now=NOW)
    assert any(TEAM in text for text in told(hall, one))
    with pytest.raises(NotYours):
        take(hall, need, leader, [(row.id, "cut")])
    hall.do(bonds.say_yes, row.id, by=hall.actor(one.id), now=NOW)
    assert take(hall, need, leader, [(row.id, "cut")]).places == 1


def test_at_the_counter_a_member_without_an_account_joins_and_has_the_hours_later(hall):
    need, leader = hall.asked(), hall.residents[1]
    member = person("subject", "李大山", "13900000077", "350526197001010773")
    holder = person("holder", leader.name, phone_of(hall, leader), "")
    with pytest.raises(Invalid):
        hall.do(bonds.at_counter, LEADER, subject=member, holder=holder, shown=["id"], by=hall.clerk, now=NOW)
    row = hall.do(
        bonds.at_counter, LEADER, subject=member, holder=holder, shown=["id"], team=TEAM, by=hall.clerk, now=NOW
    )
    made = take(hall, need, leader, [(row.id, "cut")])
    assert names(hall, made) == ["李大山"]

    def arrives(work):
        user = User(
            kind="resident",
            name="李大山",
            phone="13900000077",
            phone_index=keys.blind("phone", "13900000077"),
            created_at=NOW,
        )
        work.session.add(user)
        work.session.flush()
        return user.id

    user_id = hall.do(arrives)
    hall.do(bonds.signed_in, user_id, now=NOW)
    [place] = coming(hall, hall.actor(user_id))
    assert place.team == TEAM


@pytest.mark.parametrize("by", ["member", "leader"])
def test_who_ends_the_bond_takes_the_name_off_what_is_to_come_at_once(hall, by):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    led = [(joins(hall, one, leader), "cut"), (joins(hall, two, leader), "help")]
    made = take(hall, need, leader, led)
    hall.do(bonds.end, led[0][0], by=hall.actor((one if by == "member" else leader).id), now=NOW)
    assert names(hall, made) == [two.name] and coming(hall, one) == []
    assert left(hall.database, need.slot) == (1, {"cut": 0, "help": 1})
    if by == "member":
        assert any("少了一位" in text for text in told(hall, leader))
    with pytest.raises(NotYours):
        take(hall, hall.asked(), leader, [(led[0][0], "cut")])
    hall.do(bonds.end, led[1][0], by=hall.actor(two.id), now=NOW)  # the last one: nobody is left to come
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made.id)
        assert (row.state, row.by_hall) == ("cancelled", True)
    assert left(hall.database, need.slot) == (0, {"cut": 0, "help": 0})


def test_a_member_gives_back_their_own_place_and_nobody_elses(hall):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    led = [(joins(hall, one, leader), "cut"), (joins(hall, two, leader), "help")]
    made = take(hall, need, leader, led)
    [place] = coming(hall, one)
    with pytest.raises(NotFound):
        hall.do(booking.leave_team, place.id, by=hall.actor(two.id), now=NOW)
    with pytest.raises(NotNow):  # two hours before it is too late for anybody
        hall.do(booking.leave_team, place.id, by=hall.actor(one.id), now=need.starts_at - timedelta(hours=1))
    hall.do(booking.leave_team, place.id, by=hall.actor(one.id), now=NOW)
    with pytest.raises(NotNow):
        hall.do(booking.leave_team, place.id, by=hall.actor(one.id), now=NOW)
    assert names(hall, made) == [two.name] and left(hall.database, need.slot) == (1, {"cut": 0, "help": 1})
    assert any(f"{one.name}来不了" in text for text in told(hall, leader))
    with hall.database.reading() as work:  # they are in the team as before
        assert work.session.get(Bond, led[0][0]).state == "held"


def test_members_hear_that_it_is_called_off_and_that_it_is_moved(hall):
    need, leader, one, two = hall.asked(), *hall.residents[1:4]
    until = date(2026, 9, 27)
    code = hall.do(bonds.show_code, LEADER, until=until, by=hall.actor(one.id), now=NOW)
    short = bonds.type_code(hall.database, phone_of(hall, one), code, team=TEAM, by=hall.actor(leader.id), now=NOW)
    made = take(hall, need, leader, [(short, "cut"), (joins(hall, two, leader), "help")])
    hall.do(
        booking.move_offer, need.resource, need.starts_at + timedelta(days=3), reason="下雨", by=hall.villager, now=NOW
    )
    assert names(hall, made) == [two.name], "whose bond ends before the new day does not come"
    assert any("改到" in text for text in told(hall, two))
    hall.do(booking.close_offer, need.resource, reason="修路", by=hall.villager, now=NOW)
    assert any("取消了，您不用来了" in text for text in told(hall, two)) and coming(hall, two) == []


ACTS = st.lists(
    st.tuples(st.sampled_from(["join", "end", "take", "take", "leave", "cancel", "day"]), st.integers(0, 5)),
    min_size=6,
    max_size=24,
)


class Undo(Exception):
    """The world is thrown away after each example."""


def _random(hall, need, acts):
    """Two leaders and three members: joined, left, put down, given back, called off, and days go by."""
    leaders, members = hall.residents[1:3], hall.residents[3:6]
    with pytest.raises(Undo), hall.database.unit_of_work() as work:
        now = NOW
        for act, n in acts:
            if act == "day":
                now += timedelta(days=1)
            with contextlib.suppress(Refused), work.session.begin_nested():
                _act(work, need, leaders, members, act, n, now)
                work.session.flush()
            work.session.expire_all()
            _sound(work, need, now)
        raise Undo


def _act(work, need, leaders, members, act, n, now):
    leader, member = leaders[n % 2], members[n % 3]
    held = work.session.scalars(select(Bond).where(Bond.holder_id == leader.id).order_by(Bond.id)).all()
    if act == "join":
        sides = [Person(one.name, user_id=one.id) for one in (member, leader)]
        asked = bond_rows.Asked(
            LEADER, HALL[LEADER], *sides, "counter", local_date(now + timedelta(days=12)), team=TEAM
        )
        bond_rows.make(work, asked, by=SYSTEM, now=now)
    elif act == "end" and held:
        bonds.end(work, held[n % len(held)].id, by=people.load(work, leader.id, now=now), now=now)
    elif act == "take" and held:
        led = [(row.id, "help") for row in held[-1 - n % 2 :]]
        booking.take_place(work, need.slot, led=led, by=people.load(work, leader.id, now=now), now=now)
        assert all(row.state == "held" for row in held[-1 - n % 2 :])
    elif act == "leave":
        by = people.load(work, member.id, now=now)
        for place in teams.coming(work, by, now=now):
            booking.leave_team(work, place.id, by=by, now=now)
    elif act == "cancel":
        for made in work.session.scalars(select(Appointment).where(Appointment.user_id == leader.id)).all():
            if made.state == "confirmed":
                booking.cancel(work, made.id, version=made.version, by=people.load(work, leader.id, now=now), now=now)


def _sound(work, need, now):
    live = work.session.scalars(select(BookingPlace).where(BookingPlace.live)).all()
    slot = work.session.get(Slot, need.slot)
    assert slot.public_taken == len(live)
    [role] = work.session.scalars(
        select(SlotPlace).where(SlotPlace.slot_id == need.slot, SlotPlace.role == "help")
    ).all()
    assert role.taken == len(live) <= role.capacity
    each = Counter(place.appointment_id for place in live)
    for made in work.session.scalars(select(Appointment)).all():
        assert (made.state == "confirmed") == (made.id in each)
        assert made.state != "confirmed" or made.places == each[made.id]
    for place in live:
        bond = work.session.get(Bond, place.bond_id)
        assert bond.subject_id == place.user_id and local_date(slot.starts_at) <= bond.until_on
        assert bond.state == "held" or slot.starts_at <= now


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(acts=ACTS)
def test_names_and_places_agree_with_the_bonds_whatever_is_done(hall, acts):
    need = getattr(hall, "need", None) or hall.asked()
    hall.need = need
    _random(hall, need, acts)
