"""What is somebody's, asked for by everybody: the things of which the world of the walk (test_walk) has none. A step in
somebody's hands, one that waits for an opinion, one that came back to the applicant; a leave, a way of signing in; a
request for more time, for many looks, about one's own data; a consent; a place on a waiting list, in a team, kept on a
shelf; a standing order; being shut out; what waits for the other side of a trip.

Each thing is put there for one person. Each of its addresses is asked by every role: whoever it is not for is refused
(403, 404 or sent to sign in), whoever it is for is not, and the hall never breaks. Who may is written down here, from
RULES and the posts' work, not from the code's guards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.people import Actor, load
from engine.reads import knowing
from engine.store import Database, Work, keys
from engine.store.models import (
    ApiToken,
    Appointment,
    BookingPlace,
    Case,
    Consent,
    DataRequest,
    Duty,
    ExtensionRequest,
    Leave,
    LoanHold,
    LookGrant,
    MatchApart,
    MatchLeg,
    MatchPair,
    MatchSide,
    OnlineBlock,
    Passkey,
    Resource,
    Session,
    Slot,
    SlotPlace,
    Standing,
    Task,
    User,
    Waiting,
)
from engine.workdays import local_date
from tests.cast import DAIBAN
from tests.commands import acting
from tests.wide import test_walk as walk
from tests.wide.oracle import ROLES
from tests.wide.test_walk import World

#: The world's transactions are thrown away; these are kept.
_keeping = Database.unit_of_work

_HEADS = {"town_head", "county_head"}
_ACT = {"applicant", "kin_acts", "guardian"}
_TOWN = {"town_clerk", *_HEADS}  # whoever works in 龙门滩镇 or above it

#: What the names in its addresses stand for.
Values = dict[str, Any]


@dataclass(frozen=True)
class Thing:
    """What is somebody's: how it comes to be there, at which addresses it is asked for (with one good body each), and
    for whom it is. `but`: an address that is for others; `asks`: one whose good body is too long to write here, or
    where the law says no today: whoever it is for is told what is wrong."""

    make: Callable[[Work, World, datetime], Values]
    may: set[str]
    at: dict[str, dict[str, Any]]
    but: Mapping[str, set[str]] = field(default_factory=dict)
    asks: tuple[str, ...] = ()


def _as(work: Work, made: World, role: str, now: datetime) -> Actor:
    return load(work, made.people[role], now=now)


# ---------------------------------------------------------------- steps


def _taken(work: Work, made: World, now: datetime) -> tuple[Case, Task]:
    """A case of the applicant's beside those of the walk, whose first step the village's agent has claimed."""
    case = cases.submit(work, "daiban", DAIBAN, by=_as(work, made, "applicant", now), now=now).case
    task = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).one()
    cases.claim(work, task.id, version=task.version, by=_as(work, made, "intake", now), now=now)
    return case, task


def _claimed(work: Work, made: World, now: datetime) -> Values:
    _case, task = _taken(work, made, now)
    return {"task_id": task.id, "version": task.version}


def _asked_opinion(work: Work, made: World, now: datetime) -> Values:
    """The agent asks a clerk of the village, who has the step now."""
    _case, task = _taken(work, made, now)
    cases.delegate(
        work,
        task.id,
        made.people["village_clerk"],
        "材料齐不齐？",
        version=task.version,
        by=_as(work, made, "intake", now),
        now=now,
    )
    return {"task_id": task.id, "version": task.version}


def _came_back(work: Work, made: World, now: datetime) -> Values:
    """The office asks the applicant for what is missing."""
    case, task = _taken(work, made, now)
    by = _as(work, made, "intake", now)
    cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=by, now=now)
    task, by = acting.task_of(work, case.id), _as(work, made, "reviewer", now)
    cases.claim(work, task.id, version=task.version, by=by, now=now)
    cases.complete(work, task.id, acting.CORRECT, version=task.version, by=by, now=now)
    task = acting.task_of(work, case.id)
    return {"task_id": task.id, "version": task.version}


def _more_time(work: Work, made: World, now: datetime) -> Values:
    """The agent asks for more time; the head of the office that decides answers."""
    case = work.session.scalars(select(Case).where(Case.number == made.numbers["open"])).one()
    row = ExtensionRequest(
        case_id=case.id, asked_by_id=made.people["intake"], asked_at=now, reason="要到外地核对", approver="organ_head"
    )
    work.session.add(row)
    work.session.flush()
    return {"number": case.number, "request_id": row.id}


# ---------------------------------------------------------------- one's own


def _leave(work: Work, made: World, now: datetime) -> Values:
    row = work.session.scalars(select(Leave).where(Leave.user_id == made.people["intake"])).first()
    assert row is not None
    return {"leave_id": row.id}


def _ways_in(work: Work, made: World, now: datetime) -> Values:
    """Another session, a program and a passkey of the agent's."""
    mine, later = made.people["intake"], now + timedelta(days=1)
    session = Session(token_hash="s" * 64, user_id=mine, created_at=now, expires_at=later)
    program = ApiToken(token_hash="t" * 64, user_id=mine, name="脚本", created_at=now, expires_at=later)
    key = Passkey(user_id=mine, credential="c", public_key=b"k", sign_count=0, created_at=now)
    work.session.add_all([session, program, key])
    for one in work.session.scalars(select(Session).where(Session.user_id == mine)):
        one.proved_at = now  # shown a moment ago who they are
    work.session.flush()
    return {"session_id": session.id, "token_id": program.id, "key_id": key.id}


def _consent(work: Work, made: World, now: datetime) -> Values:
    row = Consent(user_id=made.people["applicant"], purpose="electronic-service", text="同意电子送达", given_at=now)
    work.session.add(row)
    work.session.flush()
    return {"consent_id": row.id}


def _about_data(kind: str) -> Callable[[Work, World, datetime], Values]:
    def make(work: Work, made: World, now: datetime) -> Values:
        row = DataRequest(
            kind=kind,
            user_id=made.people["applicant"],
            unit_id=made.hall.cast.lmt.id,
            words="名字写错了",
            asked_at=now,
            due_on=local_date(now) + timedelta(days=15),
            open_key=f"walk:{kind}",
        )
        work.session.add(row)
        work.session.flush()
        return {"request_id": row.id}

    return make


def _looks(work: Work, made: World, now: datetime) -> Values:
    row = LookGrant(
        asker_id=made.people["reviewer"],
        unit_id=made.hall.cast.yb.id,
        purpose="verify",
        words="全村参保核对",
        many=40,
        asked_at=now,
    )
    work.session.add(row)
    work.session.flush()
    return {"grant_id": row.id}


# ---------------------------------------------------------------- bookings


def _waits(work: Work, made: World, now: datetime) -> Values:
    row = Waiting(
        resource_id=made.place,
        day=local_date(now) + timedelta(days=3),
        user_id=made.people["applicant"],
        person_index=keys.blind("phone", "13800000001"),
        since_at=now,
    )
    work.session.add(row)
    work.session.flush()
    return {"waiting_id": row.id}


def _shut_out(work: Work, made: World, now: datetime) -> Values:
    row = OnlineBlock(
        person_index=keys.blind("phone", "13800000001"),
        user_id=made.people["applicant"],
        from_at=now,
        until_at=now + timedelta(days=30),
        reason_zh="三次没有来",
        reason_en="Did not come three times",
        asked="那天在医院",
        asked_at=now,
    )
    work.session.add(row)
    work.session.flush()
    return {"block_id": row.id}


def _orders(work: Work, made: World, now: datetime) -> Values:
    job = work.session.scalars(select(Resource).where(Resource.code == "ZY-WALK")).one()
    row = Standing(
        resource_id=job.id,
        at="11:00",
        weekdays="12345",
        from_on=local_date(now),
        until_on=local_date(now) + timedelta(days=30),
        user_id=made.people["applicant"],
        person_index=keys.blind("phone", "13800000001"),
        name="张三丰",
        phone="13800000001",
        made_at=now,
    )
    work.session.add(row)
    work.session.flush()
    return {"standing_id": row.id, "what": "end", "day": local_date(now).isoformat()}


def _in_a_team(work: Work, made: World, now: datetime) -> Values:
    """A team that the party leads has a booking, with a place of the applicant's."""
    slot = work.session.scalars(select(Slot).join(Resource).where(Resource.code == "ZY-WALK")).one()
    booked = Appointment(
        number="G-WALK-1",
        code="W" * 32,
        resource_id=slot.resource_id,
        matter="",
        state="confirmed",
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        kind=slot.kind,
        user_id=made.people["party"],
        person_index="walk-party",
        name="洪某",
        booked_at=now,
        places=1,
        team="剪刀队",
    )
    work.session.add(booked)
    work.session.flush()
    place = BookingPlace(
        appointment_id=booked.id,
        slot_id=slot.id,
        role="cut",
        person_index=keys.blind("phone", "13800000001"),
        user_id=made.people["applicant"],
        name="张三丰",
    )
    taken = work.session.get_one(SlotPlace, (slot.id, "cut"))
    taken.taken += 1
    work.session.add(place)
    work.session.flush()
    return {"place_id": place.id, "booking_id": booked.id}


def _job(work: Work, made: World, now: datetime) -> Values:
    """What 苏洋村 opened to be booked, with who came."""
    place = work.session.get_one(BookingPlace, _in_a_team(work, made, now)["place_id"])
    slot = work.session.get_one(Slot, place.slot_id)
    return {"slot_id": slot.id, "resource_id": slot.resource_id, "place": place.id}


def _on_duty(work: Work, made: World, now: datetime) -> Values:
    row = Duty(
        unit_id=made.hall.cast.yb.id,
        user_id=made.people["reviewer"],
        starts_at=now + timedelta(days=4),
        ends_at=now + timedelta(days=4, hours=3),
    )
    work.session.add(row)
    work.session.flush()
    return {"duty_id": row.id}


def _kept(work: Work, made: World, now: datetime) -> Values:
    """A book that the applicant waits for."""
    row = LoanHold(
        loans=made.nouns["loan.key"],
        post="librarian",
        title="论语",
        who_ref=f"u:{made.people['applicant']}",
        user_id=made.people["applicant"],
        name="张三丰",
        asked_at=now,
    )
    work.session.add(row)
    work.session.flush()
    return {"hold_id": row.id}


# ---------------------------------------------------------------- trips


#: Of a need or a supply: what is its own, and not where and when.
_OWN = set(
    ["id", "number", "side", "user_id", "name", "phone", "id_number", "person_index", "day_key", "opened_id", "case_id"]
)


def _asked_trip(work: Work, made: World, now: datetime) -> Values:
    """The party drives; the applicant's need has asked them."""
    need = work.session.get_one(MatchSide, made.nouns["match.side_id"])
    same = {one.name: getattr(need, one.name) for one in MatchSide.__table__.columns if one.name not in _OWN}
    supply = MatchSide(**same, number="SF-WALK", side="supply", user_id=made.people["party"], name="洪某")
    work.session.add(supply)
    work.session.flush()
    work.session.add(MatchLeg(side_id=supply.id, n=0, from_id=need.place_id, to_id=need.to_id, capacity=3))
    pair = MatchPair(need_id=need.id, supply_id=supply.id, asked_by="need", first=0, last=0, places=1, asked_at=now)
    pair.number = "SF-WALK-1"
    work.session.add(pair)
    work.session.flush()
    return {"side_id": supply.id, "pair_id": pair.id, "version": pair.version}


def _not_again(work: Work, made: World, now: datetime) -> Values:
    mine = knowing.of_user(work.session.get_one(User, made.people["applicant"])).every_index
    row = MatchApart(match="ride", by_index=next(iter(mine)), of_index="walk", at=now)
    work.session.add(row)
    work.session.flush()
    return {"apart_id": row.id}


THINGS: dict[str, Thing] = {
    "a step in the agent's hands": Thing(
        _claimed,
        {"intake", "stand_in_here", *_HEADS},
        {"api.unclaim": {"json": {}}, "desk.unclaim": {"data": {}}},
    ),
    "an opinion that is waited for": Thing(
        _asked_opinion,
        {"village_clerk"},
        {"desk.opinion": {"data": {"opinion": "齐了"}}, "desk.take_back": {"data": {}}},
        {"desk.take_back": {"intake", *_HEADS}},
    ),
    "a step that came back to the applicant": Thing(
        _came_back,
        _ACT,
        {
            "resident.task": {},
            "resident.complete": {"json": {"answers": {}}},
        },
        asks=("resident.complete",),
    ),
    "a request for more time": Thing(
        _more_time,
        {"office_head", "county_head"},  # the organ's head gives it; the town's reads that it was asked
        {"limits.asked": {}, "limits.approve": {"data": {}}, "limits.refuse": {"data": {"answer": "来得及"}}},
        asks=("limits.approve",),
        but={"limits.asked": {"office_head", *_HEADS}},
    ),
    "a leave": Thing(_leave, {"intake", *_HEADS}, {"absences.end": {"data": {}}}),
    "the agent's ways in": Thing(
        _ways_in,
        {"intake"},
        {"account.end_session": {}, "account.end_program": {}, "account.remove_passkey": {}},
    ),
    "a consent": Thing(
        _consent,
        {"applicant"},
        {"resident.consent": {}, "resident.withdraw_consent": {}, "api.withdraw_consent": {"json": {}}},
    ),
    "a wish that data be corrected": Thing(
        _about_data("correct"),
        _TOWN,
        {
            "desk.data_request": {},
            "desk.data_request_answer": {"data": {"done": "1", "answer": "已经改过来了"}},
            "api.answer_data_request": {"json": {"done": True, "answer": "已经改过来了"}},
        },
    ),
    "a wish that data be erased": Thing(
        _about_data("erase"),
        _HEADS,
        {
            "desk.data_request": {},
            "desk.data_request_answer": {"data": {"done": "", "answer": "办件还没有办完"}},
            "api.answer_data_request": {"json": {"done": False, "answer": "办件还没有办完"}},
        },
        {"desk.data_request": _TOWN},
    ),
    "asking for many looks": Thing(
        _looks,
        {"office_head", "county_head"},
        {
            "desk.answer_many_looks": {"data": {"what": "yes"}},
            "api.answer_many_looks": {"json": {"yes": True}},
        },
    ),
    "a place on a waiting list": Thing(_waits, _ACT, {"booking.stop_waiting": {}, "api.leave_waiting": {"json": {}}}),
    "being shut out": Thing(
        _shut_out, {"office_head", *_HEADS}, {"booking.review": {"data": {"lift": "1", "answer": "情况属实"}}}
    ),
    "a standing order": Thing(
        _orders,
        _ACT,
        {
            "offers.change_order": {"data": {}},
            "api.end_standing": {"json": {}},
        },
    ),
    "what a village opened to be booked": Thing(
        _job,
        {"intake", "village_clerk", *_TOWN},
        {
            "offers.door": {},
            "offers.arrive": {"data": {}},
            "offers.roll": {"data": {}},
            "offers.close": {"data": {"reason": "下雨了"}},
            "offers.move": {"data": {}},
            "offers.walk_in": {"data": {}},
            "offers.add_places": {"data": {}},
            "api.door": {},
            "api.arrive": {"json": {}},
        },
        asks=("offers.door", "offers.arrive", "offers.roll", "offers.move", "offers.walk_in")
        + ("offers.add_places", "api.door", "api.arrive"),
    ),
    "who is on duty after hours": Thing(_on_duty, {"reviewer", "office_head", "county_head"}, {"booking.off_duty": {}}),
    "a place in a team": Thing(_in_a_team, {"applicant"}, {"teams.leave": {}}),
    "a book that is kept": Thing(_kept, {"applicant"}, {"loans.cancel": {}, "api.cancel_reservation": {"json": {}}}),
    "a trip that waits for an answer": Thing(
        _asked_trip,
        {"party"},
        {"api.answer_match": {"json": {"act": "refuse"}}, "matches.answer": {"data": {"act": "refuse"}}},
    ),
    "not again with this driver": Thing(
        _not_again, {"applicant"}, {"matches.take_back": {}, "api.take_back_apart": {"json": {}}}
    ),
}


#: What a thing's values are called in a form or a body.
_SENT = {"data": {"version": "version", "place": "place"}, "json": {"version": "version", "place_id": "place"}}


def _ask(made: World, role: str, endpoint: str, values: Values, body: dict[str, Any]) -> Any:
    rules = [rule for rule in made.hall.app.url_map.iter_rules() if rule.endpoint == endpoint]
    assert len(rules) == 1, endpoint
    method = "POST" if "POST" in (rules[0].methods or ()) else "GET"
    known = walk._values(made, endpoint, "open") | values
    with made.hall.app.test_request_context():
        address = made.hall.app.url_map.bind("localhost").build(
            endpoint, {name: known[name] for name in rules[0].arguments}, method=method
        )
    program = endpoint.startswith("api.")
    more = {
        way: {**sent, **{key: values[name] for key, name in _SENT[way].items() if name in values}}
        for way, sent in body.items()
    }
    headers = {"Authorization": f"Bearer {made.tokens[role]}"} if program and role != "stranger" else {}
    return made.client(role, program=program).open(address, method=method, headers=headers, **more)


@pytest.mark.parametrize("name", THINGS)
def test_it_is_for_whom_it_is_and_for_nobody_else(world: World, name: str):
    one, now = THINGS[name], world.hall.clock()
    with _keeping(world.hall.database) as work:
        values = one.make(work, world, now)
    wrong = []
    for endpoint, body in one.at.items():
        theirs = one.but.get(endpoint, one.may)
        for role in ROLES:
            answer = _ask(world, role, endpoint, values, body)
            got, for_them = walk._outcome(answer), role in theirs
            refused = answer.status_code >= 400 and endpoint not in one.asks
            if got == "fault" or (got == "through") != for_them or for_them and refused:
                wrong.append(f"{role} {endpoint}: {answer.status_code} {answer.get_data(as_text=True)[-200:]}")
    assert not wrong, "\n".join(wrong)
