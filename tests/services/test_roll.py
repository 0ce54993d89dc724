"""The roll of mediators: who can be chosen, each known by their account, whatever their name and place."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, register_rows
from engine.errors import Invalid
from engine.people import holders, load, units
from engine.reads import case_page, choosable
from engine.reads.knowing import Person
from engine.store import keys
from engine.store.models import Appointment, Case, Holding, RegisterEntry, User
from tests.services import mediating
from tests.services.telling import ROOT
from tests.services.test_meetings import AT, NOW, chosen, complete, office

__all__ = ["office"]

PACKAGE = matters.load(ROOT, "tiaojie")
ROLE = PACKAGE.info.parties["mediator"]


@pytest.fixture
def namesake(office):
    """A second 赖炳根, of a village, on the roll like the first."""
    with office.database.unit_of_work() as work:
        place = units.by_code(work, "350526106202")
        post = mediating.post_of(work)
        user = User(
            kind="staff",
            login="lai2",
            name="赖炳根",
            phone="13700009999",
            phone_index=keys.blind("phone", "13700009999"),
            created_at=NOW,
        )
        work.session.add(user)
        work.session.flush()
        work.session.add(Holding(user_id=user.id, unit_id=place.id, post_id=post.id))
        register_rows.put(
            work, mediating.ROLL, {"kind": "village"}, by=people.SYSTEM, now=NOW, whom=Person("赖炳根", "13700009999")
        )
        holders.forget(work)
        office.second, office.village = user.id, place.name
    return office


def test_an_entry_is_joined_to_the_account_of_the_hall_and_not_to_a_residents(namesake):
    with namesake.database.unit_of_work() as work:
        phone = "13700007777"
        work.session.add(
            User(kind="resident", name="谢某", phone=phone, phone_index=keys.blind("phone", phone), created_at=NOW)
        )
        work.session.flush()
        put = register_rows.put
        other = put(work, mediating.ROLL, {}, by=people.SYSTEM, now=NOW, whom=Person("谢某", phone))
        assert other.user_id is None
        ids = set(work.session.scalars(select(RegisterEntry.user_id).where(RegisterEntry.register == "mediator")))
        assert {namesake.second, *namesake.who.values()} <= ids


def test_two_of_one_name_are_offered_apart_and_the_right_one_is_chosen(namesake):
    with namesake.database.reading() as work:
        known = choosable.of_role(work, PACKAGE, ROLE, on=NOW.date())
        said = {one.user.id: one.said for one in known}
        assert said[namesake.second] == f"赖炳根（{namesake.village}）"
        assert said[namesake.lai.id] == "赖炳根（德化县司法局）"
        assert said[namesake.su.id] == "苏清福"
    with pytest.raises(Invalid) as refused:
        chosen(namesake, "赖炳根")
    assert "有2名调解员叫“赖炳根”" in refused.value.by_field()["mediators.0.name"].zh
    case_id = chosen(namesake, f"赖炳根（{namesake.village}）")
    complete(namesake, case_id, "schedule", session={"when": AT, "place": "村部"})
    with namesake.database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.chosen == {"mediator": [namesake.second]}
        assert [(m["name"], m["account"]) for m in case.answers["mediators"]] == [("赖炳根", str(namesake.second))]
        assert work.session.scalars(select(Appointment.duty_id)).one() == namesake.second


def test_an_objection_to_one_bars_that_one_and_not_the_other_of_the_name(namesake):
    case_id = chosen(namesake, f"赖炳根（{namesake.village}）")
    with namesake.database.unit_of_work() as work:
        cases.tell(work, case_id, "object", {"objection.reason": "远亲"}, party="赖春生", by=namesake.lai, now=NOW)
        assert work.session.get(Case, case_id).answers["objected"] == [str(namesake.second)]
    with pytest.raises(Invalid) as refused:
        complete(namesake, case_id, "choose", mediators=[{"name": f"赖炳根（{namesake.village}）"}])
    assert "已提出异议" in refused.value.fields[0].zh
    complete(namesake, case_id, "choose", mediators=[{"name": "赖炳根（德化县司法局）"}])
    with namesake.database.reading() as work:
        assert work.session.get(Case, case_id).chosen == {"mediator": [namesake.lai.id]}


def test_who_left_the_roll_is_offered_no_more_though_they_hold_the_post(namesake):
    with namesake.database.unit_of_work() as work:
        entry = work.session.scalars(select(RegisterEntry).where(RegisterEntry.user_id == namesake.second)).one()
        register_rows.set_state(work, mediating.ROLL, entry, "left", by=people.SYSTEM, now=NOW)
    case_id = chosen(namesake, "赖炳根")
    with namesake.database.reading() as work:
        assert work.session.get(Case, case_id).chosen == {"mediator": [namesake.lai.id]}


def test_the_desks_form_offers_the_roll_with_where_each_serves(namesake):
    from engine.commands.cases import submit
    from tests.services.test_meetings import STORY

    with namesake.database.unit_of_work() as work:
        case_id = submit(work, "tiaojie", dict(STORY.answers), by=namesake.zhang, now=NOW).case.id
    complete(namesake, case_id, "register")
    with namesake.database.reading() as work:
        lai = load(work, namesake.lai.id, now=NOW)
        desk = case_page.page(work, case_id, actor=lai, now=NOW).desk
        rows = next(one for one in desk.schema["components"] if one.get("path") == "mediators")
        who = next(one for one in rows["components"] if one.get("key") == "name")
        assert f"赖炳根（{namesake.village}）" in [one["value"] for one in who["values"]]
        assert "苏清福（德化县司法局）" in [one["label"] for one in who["values"]]
