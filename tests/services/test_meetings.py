"""调解会: a meeting books its room and its mediators, is moved, called off, and never names a party on the board."""

from __future__ import annotations

import copy
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from engine import matters, people
from engine.commands import booking, cases
from engine.commands.hall import absences
from engine.errors import Invalid, NotNow, NotYours
from engine.matters import stories
from engine.people import holders, load, units
from engine.reads import absences as reads
from engine.reads import bookings
from engine.reads import meetings as seen
from engine.records import audit, library
from engine.store.models import Appointment, Case, Holding, Leave, Meeting, Notice, Resource, Slot, Task, User
from tests import cast as the_cast
from tests import once
from tests.services import mediating
from tests.services.telling import ROOT

NOW = datetime(2026, 9, 18, 1, tzinfo=UTC)
STORY = stories.read(matters.load(ROOT, "tiaojie"))[0]
AT = "2026-09-22T15:00+08:00"
START = datetime(2026, 9, 22, 7, tzinfo=UTC)


@pytest.fixture
def office(database) -> SimpleNamespace:
    return open_office(database)


def open_office(database: Any) -> SimpleNamespace:
    """A justice office with three mediators, a head, and one room."""
    return SimpleNamespace(database=database, **vars(once.made(database, "meetings", lambda: staffed(database))))


def staffed(database: Any) -> SimpleNamespace:
    with database.unit_of_work() as work:
        cast = the_cast.hire(work, NOW, ())
        sf = units.add(
            work, code="350526-SF", name="德化县司法局", kind="office", parent=cast.county, number="1301", word="德司"
        )
        who = mediating.hire_mediators(work, sf.id, NOW)
        room = mediating.open_room(work, sf.id, NOW.date(), NOW, days=40)
        library.publish(work, matters.load(ROOT, "tiaojie"), by=people.SYSTEM, now=NOW)
        units.forget(work)
        holders.forget(work)
    found = SimpleNamespace(cast=cast, sf=sf.id, room=room, who=who)
    with database.reading() as work:
        found.lai, found.su, found.tu = (load(work, who[n], now=NOW) for n in mediating.NAMES)
        found.zhang = load(work, cast.users["zhang"], now=NOW)
    return found


def answers_of(element: str) -> dict[str, Any]:
    return copy.deepcopy(next(s["answers"] for s in STORY.steps if s.get("task") == element))


def complete(office: Any, case_id: int, element: str, *, now: datetime = NOW, **change: Any) -> Any:
    with office.database.unit_of_work() as work:
        task = work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended").limit(1)
        ).one()
        answers = {**answers_of(element), **change}
        return cases.complete(work, task.id, answers, version=task.version, by=office.lai, now=now)


def chosen(office: Any, *mediators: str) -> int:
    """A case whose mediators were chosen and accepted: the meeting is next."""
    with office.database.unit_of_work() as work:
        case_id = cases.submit(work, "tiaojie", copy.deepcopy(STORY.answers), by=office.zhang, now=NOW).case.id
    complete(office, case_id, "register")
    rows = [{"name": n, "kin": False, "household": False, "interest": False, "earlier": False} for n in mediators]
    complete(office, case_id, "choose", mediators=rows or answers_of("choose")["mediators"])
    complete(office, case_id, "consult")
    return case_id


def taken(office: Any) -> dict[str, int]:
    """Seats taken, by the kind of what is booked."""
    with office.database.reading() as work:
        rows = work.session.execute(
            select(Resource.kind, func.sum(Slot.staff_taken)).join(Slot).group_by(Resource.kind)
        ).all()
        return {kind: int(n) for kind, n in rows if n}


def test_a_meeting_takes_the_room_and_the_mediators_time_in_the_transaction_of_its_step(office):
    case_id = chosen(office, "赖炳根", "苏清福")
    assert taken(office) == {}
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室", "minutes": "90"})
    assert taken(office) == {"room": 3, "person": 6}
    with office.database.reading() as work:
        made = work.session.scalars(select(Meeting)).one()
        assert (made.starts_at, made.ends_at, made.state) == (START, START + timedelta(minutes=90), "planned")
        rows = work.session.scalars(select(Appointment)).all()
        assert {r.state for r in rows} == {"confirmed"} and {r.case_id for r in rows} == {case_id}
        told = work.session.scalars(select(Notice).where(Notice.kind == "mediation-session")).all()
        assert {n.address for n in told if n.channel == "sms"} == {"13800001234", "13800001235"}
        assert "9月22日 15:00" in told[0].text and "说事评理室" in told[0].text and "赖炳根、苏清福" in told[0].text
        reminders = work.session.scalars(select(Notice).where(Notice.kind == "meeting-reminder")).all()
        assert {n.send_after for n in reminders} == {START - timedelta(hours=24), START - timedelta(hours=2)}
        assert {n.user_id for n in reminders if n.channel == "screen" and n.user_id} >= set(
            list(office.who.values())[:2]
        )
        assert audit.verify(work).faults == ()


def test_the_offices_week_shows_the_meeting_and_nobodys_name(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    with office.database.reading() as work:
        rows = bookings.board(work, office.su, START.date(), START.date())
        assert [(r.place, r.duty, r.item, r.meeting) for r in rows] == [("说事评理室", "赖炳根", "调解会", True)]
        assert all(r.name == "" and r.person_phone == "" for r in rows)
        assert "苏玉兰" not in repr(rows) and "赖春生" not in repr(rows)


def test_a_room_that_is_taken_is_refused_by_the_field_with_the_next_free_times(office):
    first, second = chosen(office, "赖炳根"), chosen(office, "苏清福")
    complete(office, first, "schedule", session={"when": AT, "place": "说事评理室"})
    before = taken(office)
    with pytest.raises(Invalid) as refused:
        complete(office, second, "schedule", session={"when": "2026-09-22T16:00+08:00", "place": "说事评理室"})
    assert set(refused.value.by_field()) == {"session.when"}
    said = refused.value.fields[0].zh
    assert "说事评理室这段时间已有安排" in said and "9月22日（周二）17:00" in said and "16:00" not in said
    assert taken(office) == before
    complete(office, second, "schedule", session={"when": "2026-09-22T17:00+08:00", "place": "说事评理室"})


def test_a_mediator_who_sits_elsewhere_then_is_refused_by_the_field(office):
    first, second = chosen(office, "赖炳根"), chosen(office, "赖炳根")
    complete(office, first, "schedule", session={"when": AT, "place": "说事评理室"})
    with pytest.raises(Invalid) as refused:
        complete(office, second, "schedule", session={"when": "2026-09-22T16:30+08:00", "place": "村部"})
    assert "调解员赖炳根这段时间另有调解会" in refused.value.by_field()["session.when"].zh
    complete(office, second, "schedule", session={"when": "2026-09-22T17:00+08:00", "place": "村部"})
    assert taken(office) == {"room": 4, "person": 8}


@pytest.mark.parametrize(
    ("session", "field", "words"),
    [
        ({"when": "2026-09-22T15:10+08:00", "place": "村部"}, "session.when", "整点或者半点"),
        ({"when": "2026-09-18T08:30+08:00", "place": "村部"}, "session.when", "过去"),
        ({"when": "2026-09-22T22:00+08:00", "place": "说事评理室"}, "session.when", "不开放"),
    ],
)
def test_a_time_at_which_nobody_can_meet_is_refused_by_the_field(office, session, field, words):
    case_id = chosen(office)
    with pytest.raises(Invalid) as refused:
        complete(office, case_id, "schedule", session=session)
    assert words in refused.value.by_field()[field].zh
    assert taken(office) == {}


def test_moving_a_meeting_takes_the_new_lets_the_old_go_and_tells_everybody(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    with office.database.unit_of_work() as work:  # half an hour later: the slots of both never change hands
        cases.tell(work, case_id, "move", {"session.when": "2026-09-22T15:30+08:00"}, by=office.lai, now=NOW)
    assert taken(office) == {"room": 4, "person": 4}
    with office.database.unit_of_work() as work:
        cases.tell(
            work, case_id, "move", {"session.when": "2026-09-23T09:00", "session.place": "村部"}, by=office.lai, now=NOW
        )
    assert taken(office) == {"person": 4}
    with office.database.reading() as work:
        rows = work.session.scalars(select(Meeting).order_by(Meeting.id)).all()
        assert [m.state for m in rows] == ["moved", "moved", "planned"]
        moved = work.session.scalars(
            select(Notice).where(Notice.kind == "mediation-moved", Notice.channel == "sms").order_by(Notice.id)
        ).all()
        assert len(moved) == 4 and "9月23日 09:00" in moved[-1].text and "村部" in moved[-1].text
        live = work.session.scalars(
            select(Notice).where(Notice.kind == "meeting-reminder", Notice.state == "waiting")
        ).all()
        assert live and all("9月23日" in n.text for n in live)
        task = work.session.scalars(select(Task).where(Task.element == "mediate", Task.state != "ended")).one()
        assert task.due_at == datetime(2026, 9, 24, 1, tzinfo=UTC)
        assert work.session.get(Case, case_id).answers["session"]["place"] == "村部"
        kinds = [e.kind for e in audit.history(work, case_id)]
        assert kinds.count("meeting.moved") == 2


def test_a_move_to_a_taken_time_keeps_the_old(office):
    first, second = chosen(office, "赖炳根"), chosen(office, "苏清福")
    complete(office, first, "schedule", session={"when": AT, "place": "说事评理室"})
    complete(office, second, "schedule", session={"when": "2026-09-23T15:00+08:00", "place": "说事评理室"})
    before = taken(office)
    with pytest.raises(Invalid), office.database.unit_of_work() as work:
        cases.tell(work, second, "move", {"session.when": AT}, by=office.su, now=NOW)
    assert taken(office) == before
    with office.database.reading() as work:
        assert [m.state for m in work.session.scalars(select(Meeting))] == ["planned", "planned"]


def test_only_a_mediator_moves_a_meeting_and_only_while_there_is_one(office):
    case_id = chosen(office)
    with pytest.raises(NotNow), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "move", {"session.when": AT}, by=office.lai, now=NOW)
    complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    with pytest.raises(NotYours), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "move", {"session.when": "2026-09-23T09:00"}, by=office.zhang, now=NOW)


@pytest.mark.parametrize("how", ["refused", "withdrawn", "objected"])
def test_a_meeting_that_will_not_be_gives_everything_back(office, how):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    with office.database.unit_of_work() as work:
        if how == "refused":
            cases.tell(work, case_id, "refuse", sure=True, party="赖春生", by=office.lai, now=NOW)
        elif how == "withdrawn":
            cases.withdraw(work, case_id, "", by=office.zhang, now=NOW)
        else:
            cases.tell(
                work, case_id, "object", {"objection.reason": "他和苏家是远亲"}, party="赖春生", by=office.lai, now=NOW
            )
    assert taken(office) == {}
    with office.database.reading() as work:
        assert work.session.scalars(select(Meeting.state)).one() == "cancelled"
        assert {a.state for a in work.session.scalars(select(Appointment))} == {"cancelled"}
        waiting = select(Notice).where(Notice.kind == "meeting-reminder", Notice.state == "waiting")
        assert work.session.scalars(waiting).all() == []
        told = work.session.scalars(select(Notice).where(Notice.kind == "meeting-off", Notice.channel == "sms")).all()
        assert len(told) == (2 if how == "withdrawn" else 0)


def test_a_meeting_that_was_held_keeps_its_time_and_counts_as_served(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    complete(office, case_id, "mediate", now=START + timedelta(hours=2))
    with office.database.reading() as work:
        assert work.session.scalars(select(Meeting.state)).one() == "held"
        assert {a.state for a in work.session.scalars(select(Appointment))} == {"served"}


def test_shutting_the_room_calls_the_meeting_off_and_tells_both_sides_and_the_mediator(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    with office.database.unit_of_work() as work:
        window = {"starts_at": START - timedelta(hours=1), "ends_at": START + timedelta(hours=1)}
        hits = booking.preview_closing(work, office.room, **window, by=office.lai, now=NOW)
        assert [h.offer for h in hits] == [None]
        booking.close(work, office.room, **window, reason="漏水维修", by=office.lai, now=NOW)
    assert taken(office) == {}
    with office.database.unit_of_work() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind.like("meeting-lost%"))).all()
        assert {n.address for n in told if n.address} == {"13800001234", "13800001235"}
        assert office.lai.id in {n.user_id for n in told} and "漏水维修" in told[0].text
        cases.tell(work, case_id, "move", {"session.when": "2026-09-23T09:00"}, by=office.lai, now=NOW)
    assert taken(office) == {"room": 4, "person": 4}


def test_a_mediator_who_is_away_is_not_booked(office):
    case_id = chosen(office)
    with office.database.unit_of_work() as work:
        code = seen.time_code(office.lai.id)
        time = Resource(code=code, unit_id=office.sf, kind="person", name="赖炳根", matter="", offer="mediator-time")
        work.session.add(time)
        work.session.flush()
        booking.close(
            work,
            time.id,
            starts_at=START - timedelta(hours=3),
            ends_at=START + timedelta(hours=3),
            reason="外出",
            by=office.lai,
            now=NOW,
        )
    with pytest.raises(Invalid) as refused:
        complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    said = refused.value.by_field()["session.when"].zh
    assert "赖炳根这段时间不在" in said and "9月23日（周三）09:00" in said


def test_the_counters_buttons_do_not_touch_a_meeting(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
    with office.database.reading() as work:
        one = work.session.scalars(select(Appointment).where(Appointment.resource_id == office.room)).one()
    for verb in (booking.cancel, booking.call, booking.miss):
        with pytest.raises(NotNow) as refused, office.database.unit_of_work() as work:
            verb(work, one.id, version=one.version, by=office.lai, now=NOW)
        assert "会面" in refused.value.zh
    with pytest.raises(NotNow), office.database.unit_of_work() as work:
        booking.check_in(work, one.number, by=office.lai, now=START)


@pytest.mark.both
def test_two_meetings_for_one_room_at_once_exactly_one_is_made(office):
    pair = [chosen(office, name) for name in ("赖炳根", "苏清福")]
    told: list[str] = []
    gate = threading.Barrier(2)

    def go(case_id: int) -> None:
        gate.wait()
        try:
            complete(office, case_id, "schedule", session={"when": AT, "place": "说事评理室"})
            told.append("made")
        except Invalid as refusal:
            told.append(next(iter(refusal.by_field())))

    threads = [threading.Thread(target=go, args=(case_id,)) for case_id in pair]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["made", "session.when"]
    assert taken(office) == {"room": 4, "person": 4}
    with office.database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Meeting)) == 1


def test_free_times_pass_over_what_is_taken_and_ask_for_the_whole_length(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": "2026-09-22T10:00+08:00", "place": "说事评理室"})
    with office.database.reading() as work:
        room = work.session.get(Resource, office.room)
        lai = work.session.get(User, office.lai.id)
        after = datetime(2026, 9, 22, 0, 30, tzinfo=UTC)
        free = seen.free_times(work, [lai], room, 120, matter="tiaojie", after=after)
        assert [f"{t.hour + 8:02d}:{t.minute:02d}" for t in free] == ["12:00", "12:30", "13:00", "13:30"]
        short = seen.free_times(work, [lai], room, 60, matter="tiaojie", after=after)
        assert short[0] == datetime(2026, 9, 22, 1, tzinfo=UTC)


def test_a_case_has_one_planned_meeting_whatever_python_does(office):
    case_id = chosen(office)
    complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), office.database.unit_of_work() as work:
        work.session.add(
            Meeting(case_id=case_id, starts_at=START, ends_at=START + timedelta(hours=1), place="现场", booked_at=NOW)
        )
    with office.database.reading() as work:
        assert work.session.get(Case, case_id).stage == "开展调解"
        assert work.session.scalars(select(Holding).where(Holding.unit_id == office.sf)).all()


def away(office, from_at, until_at):
    """赖炳根 is on leave, and 苏清福 acts for him."""
    with office.database.unit_of_work() as work:
        given = {"user_id": office.lai.id, "agent_id": office.su.id}
        return absences.take_leave(
            work, hall="一站", **given, from_at=from_at, until_at=until_at, by=office.lai, now=NOW
        ).id


def test_a_leave_blocks_new_meetings_and_shows_those_that_stand(office):
    day = timedelta(days=1)
    standing = chosen(office, "赖炳根")
    complete(office, standing, "schedule", session={"when": AT, "place": "说事评理室"})
    leave = away(office, START - timedelta(hours=7), START + day)
    with office.database.reading() as work:
        (mine,) = reads.absences(work, actor=office.lai, now=NOW).mine
        number = work.session.get(Case, standing).number
        assert [(s.starts_at, s.what, s.place, s.number) for s in mine.stands] == [
            (START, "调解会", "说事评理室", number)
        ], "what stands is shown, not called off"
        assert work.session.scalars(select(Meeting)).one().state == "planned"
        told = work.session.scalars(select(Notice).where(Notice.user_id == office.lai.id)).all()
        assert sorted(one.channel for one in told if "1 个已经约好的" in one.text) == ["screen", "sms"]
        lai = work.session.get(User, office.lai.id)
        free = seen.free_times(work, [lai], None, 60, matter="tiaojie", after=START - timedelta(hours=8))
        assert free[0] >= START + day
        other = seen.free_times(work, [lai], None, 60, matter="other", after=START - timedelta(hours=8))
        assert other == free, "a leave from everything is one from every matter"
    case_id = chosen(office, "赖炳根")
    with pytest.raises(Invalid) as refused:
        complete(office, case_id, "schedule", session={"when": "2026-09-22T10:00+08:00", "place": "村部"})
    said = refused.value.by_field()["session.when"].zh
    assert "赖炳根这段时间不在" in said and "9月22日（周二）10:00" not in said
    with office.database.unit_of_work() as work:
        absences.end_leave(work, leave, hall="一站", by=office.lai, now=NOW)
    complete(office, case_id, "schedule", session={"when": "2026-09-22T10:00+08:00", "place": "村部"})


def test_a_leave_from_other_matters_leaves_them_their_time(office):
    leave = away(office, START - timedelta(hours=7), START + timedelta(hours=3))
    with office.database.unit_of_work() as work:
        work.session.get_one(Leave, leave).matters = ["daiban"]
    case_id = chosen(office, "赖炳根")
    complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    with office.database.reading() as work:
        (mine,) = reads.absences(work, actor=office.lai, now=NOW).mine
        assert mine.stands == ()
