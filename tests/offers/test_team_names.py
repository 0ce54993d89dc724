"""A team's name is its own in its unit, a rule of the database; two lead it at most; the desk puts a team down."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from engine.commands import bond_rows, bonds, booking
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.matters.nouns.bonds import HALL, LEADER
from engine.reads import teams
from engine.reads.knowing import Person
from engine.store.models import Bond, Event, Notice, Team, User
from tests.conftest import fresh_database
from tests.offers.conftest import NOW, left
from tests.offers.test_teams import TEAM, closed, joins, names, take


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.wide)])
def database(request, tmp_path):
    with fresh_database(request, tmp_path, request.param) as made:
        yield made


@pytest.fixture
def hall(hall):
    closed(hall)
    hall.leader, hall.one, hall.two, hall.other = hall.residents[1:5]
    return hall


def led(hall, who, now=NOW):
    with hall.database.reading() as work:
        return [
            (t.name, t.second, [(m.name, m.own) for m in t.people])
            for t in teams.led(work, hall.actor(who.id, now), now=now)
        ]


def rows(hall):
    with hall.database.reading() as work:
        return list(work.session.scalars(select(Team).order_by(Team.id)))


def test_no_two_teams_of_one_unit_have_the_same_name(hall):
    joins(hall, hall.one, hall.leader)
    joins(hall, hall.two, hall.leader)  # the same team
    with pytest.raises(Invalid) as refused:
        joins(hall, hall.two, hall.other)
    (field,) = refused.value.fields
    assert field.field == "team" and "已经有一个团队叫" in field.zh and "第二位队长" in field.zh
    assert led(hall, hall.other) == [] and len(rows(hall)) == 1
    joins(hall, hall.two, hall.other, team="另一个队")
    (team, _) = rows(hall)
    values = {"unit_id": team.unit_id, "name": TEAM, "leader_ref": "u:1", "made_at": NOW}
    with hall.database.unit_of_work() as work, pytest.raises(IntegrityError), work.session.begin_nested():
        work.session.execute(insert(Team).values(**values))
    with hall.database.unit_of_work() as work, pytest.raises(IntegrityError), work.session.begin_nested():
        work.session.execute(insert(Team).values(**values | {"name": "三队", "leader_id": 1, "second_id": 1}))


def test_the_same_name_is_free_elsewhere_and_once_nobody_is_in_it(hall):
    bond = joins(hall, hall.one, hall.leader)
    with hall.database.unit_of_work() as work:
        work.session.get(User, hall.other.id).place_id = hall.centre.id
    joins(hall, hall.two, hall.other)  # of another unit
    with hall.database.unit_of_work() as work:
        work.session.get(User, hall.other.id).place_id = hall.village.id
    hall.do(bonds.end, bond, by=hall.actor(hall.one.id), now=NOW)
    third = hall.residents[6]
    joins(hall, hall.one, third)
    assert [(t.ended_at is None, t.leader_id) for t in rows(hall)] == [
        (False, hall.leader.id),
        (True, hall.other.id),
        (True, third.id),
    ]


def test_a_second_leader_books_with_the_team_and_adds_members(hall):
    need = hall.asked()
    one, two = joins(hall, hall.one, hall.leader), joins(hall, hall.two, hall.leader)
    for wrong in (hall.other, hall.one):
        with pytest.raises(NotFound):
            hall.do(bonds.share_lead, one, by=hall.actor(wrong.id), now=NOW)
    hall.do(bonds.share_lead, one, by=hall.actor(hall.leader.id), now=NOW)
    with pytest.raises(NotNow, match="two leaders"):
        hall.do(bonds.share_lead, two, by=hall.actor(hall.leader.id), now=NOW)
    assert led(hall, hall.leader) == [(TEAM, hall.one.name, [(hall.one.name, True), (hall.two.name, True)])]
    assert led(hall, hall.one) == [(TEAM, "", [(hall.two.name, False)])]
    with hall.database.reading() as work:
        told = set(work.session.scalars(select(Notice.user_id).where(Notice.key.like("team:%:led:%"))))
        assert told == {hall.leader.id, hall.one.id, hall.two.id}
        event = work.session.scalars(select(Event).where(Event.kind == "bond.team-led")).one()
        assert (event.by_id, event.for_id) == (hall.leader.id, hall.one.id)
    three = joins(hall, hall.other, hall.one)  # the second adds one: of the same team
    assert len(rows(hall)) == 1 and len(led(hall, hall.leader)[0][2]) == 3
    made = take(hall, need, hall.one, [(two, "cut"), (three, "help")])
    assert (made.user_id, made.team, names(hall, made)) == (hall.one.id, TEAM, [hall.two.name, hall.other.name])
    with pytest.raises(NotYours):
        hall.do(bonds.end_lead, rows(hall)[0].id, by=hall.actor(hall.two.id), now=NOW)
    hall.do(bonds.end_lead, rows(hall)[0].id, by=hall.actor(hall.one.id), now=NOW)
    with pytest.raises(NotYours):
        take(hall, hall.asked(), hall.one, [(two, "cut")])
    hall.do(bonds.share_lead, two, by=hall.actor(hall.leader.id), now=NOW)
    hall.do(bonds.end, two, by=hall.actor(hall.two.id), now=NOW)  # who leaves the team leads it no more
    assert rows(hall)[0].second_id is None


def test_the_desk_puts_a_team_of_its_unit_down(hall):
    need = hall.asked()
    one = joins(hall, hall.one, hall.leader)
    (team,) = rows(hall)
    with hall.database.reading() as work:
        assert [t[:2] for t in teams.at_desk(work, hall.villager)] == [(team.id, TEAM)]
        found = teams.of_desk(work, team.id, hall.villager, now=NOW)
        assert [m.bond_id for m in found.people] == [one] and hall.one.name not in found.people[0].name
    given = {"channel": "counter", "team_id": team.id, "by": hall.villager, "now": NOW}
    with pytest.raises(Invalid):
        hall.do(booking.take_place, need.slot, **given)
    other = joins(hall, hall.two, hall.other, team="另一个队")
    with pytest.raises(NotYours):
        hall.do(booking.take_place, need.slot, led=[(other, "cut")], **given)
    made = hall.do(booking.take_place, need.slot, led=[(one, "cut")], leader_role="help", **given)
    assert (made.user_id, made.team, made.channel) == (hall.leader.id, TEAM, "counter")
    assert names(hall, made) == sorted([hall.leader.name, hall.one.name])
    assert left(hall.database, need.slot) == (2, {"cut": 1, "help": 1})
    with pytest.raises(NotFound):
        hall.do(booking.take_place, need.slot, led=[(one, "cut")], **given | {"team_id": 999})


def test_a_team_made_at_a_counter_is_its_leaders_when_they_log_in(hall):
    """Its leader had no account, and no place: the team is of the unit of the counter."""
    leader = Person("林小梅", "13900000099")
    member = Person(hall.one.name, user_id=hall.one.id)
    asked = bond_rows.Asked(LEADER, HALL[LEADER], member, leader, "counter", unit_id=hall.centre.id, team=TEAM)
    bond = hall.do(bond_rows.make, asked, by=hall.clerk, now=NOW)
    (team,) = rows(hall)
    assert (team.unit_id, team.leader_id, bond.team_id) == (hall.centre.id, None, team.id)
    again = bond_rows.Asked(
        LEADER, HALL[LEADER], Person(hall.two.name, user_id=hall.two.id), leader, "counter", team=TEAM
    )
    hall.do(bond_rows.make, again, by=hall.clerk, now=NOW)
    assert len(rows(hall)) == 1, "the same leader's, wherever it is written down"
    with hall.database.unit_of_work() as work:
        row = work.session.get(User, hall.other.id)
        work.session.execute(
            Bond.__table__.update().values(
                holder_phone_index=row.phone_index, holder_name_index=bond_rows.keys.blind("name", row.name)
            )
        )
        assert bonds.signed_in(work, row.id, now=NOW) == 2
    (team,) = rows(hall)
    assert team.leader_id == hall.other.id and len(led(hall, hall.other)[0][2]) == 2
