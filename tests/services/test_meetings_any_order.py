"""Meetings, whatever people do and however time passes: room and people are booked together or not at all, nobody
sits in two at once, and what is over gives its time back."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from engine.commands import booking, cases
from engine.commands.worker import sweep
from engine.errors import Refused
from engine.records import audit
from engine.store.models import Appointment, Case, Meeting, Notice, Resource, Slot, Task
from tests import machines
from tests.conftest import fresh_database
from tests.services import mediating, test_meetings
from tests.services.test_meetings import NOW, START

#: States of a booking that has its time.
HAS = ("held", "confirmed", "checked_in", "called", "served")
PLACES = (mediating.ROOM, "村部")


class Meetings(RuleBasedStateMachine):
    """Three disputes that share a room and three mediators."""

    office: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        who = (("赖炳根",), ("赖炳根", "苏清福"), ("苏清福",))
        self.cases = [test_meetings.chosen(self.office, *names) for names in who]

    def _try(self, verb: Any, *args: Any, by: Any, **more: Any) -> None:
        with contextlib.suppress(Refused), self.office.database.unit_of_work() as work:
            verb(work, *args, by=by, now=self.now, **more)

    def _task(self, case_id: int, element: str) -> bool:
        with self.office.database.reading() as work:
            query = select(Task.id).where(Task.case_id == case_id, Task.element == element, Task.state != "ended")
            return work.session.scalar(query.limit(1)) is not None

    @rule(
        n=st.integers(0, 2), half=st.integers(0, 5), place=st.sampled_from(PLACES), long=st.sampled_from(["60", "90"])
    )
    def set_or_moved(self, n: int, half: int, place: str, long: str) -> None:
        at = f"2026-09-22T{15 + half // 2:02d}:{30 * (half % 2):02d}+08:00"
        case_id = self.cases[n]
        if not self._task(case_id, "schedule"):
            self._try(cases.tell, case_id, "move", {"session.when": at, "session.place": place}, by=self.office.lai)
            return
        said = {"when": at, "place": place, "minutes": long}
        with contextlib.suppress(Refused):
            test_meetings.complete(self.office, case_id, "schedule", now=self.now, session=said)

    @rule(n=st.integers(0, 2), how=st.sampled_from(["refuse", "withdraw", "held"]))
    def it_will_not_be_or_was(self, n: int, how: str) -> None:
        case_id = self.cases[n]
        if how == "withdraw":
            self._try(cases.withdraw, case_id, "", by=self.office.zhang)
        elif how == "held":
            if self._task(case_id, "mediate"):
                with contextlib.suppress(Refused):
                    test_meetings.complete(self.office, case_id, "mediate", now=self.now)
        else:
            self._try(cases.tell, case_id, "refuse", sure=True, party="赖春生", by=self.office.lai)

    @rule(half=st.integers(0, 4))
    def the_room_is_shut(self, half: int) -> None:
        starts = START + timedelta(minutes=30 * half)
        window = {"starts_at": starts, "ends_at": starts + timedelta(minutes=30)}
        self._try(booking.close, self.office.room, **window, reason="漏水维修", by=self.office.lai)

    @rule(hours=st.sampled_from([1, 30, 80]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        sweep.sweep(self.office.database, now=self.now)

    @invariant()
    def all_or_nothing_and_nobody_twice(self) -> None:
        with self.office.database.reading() as work:
            planned = work.session.scalars(
                select(Meeting).where(Meeting.state == "planned", Meeting.case_id.in_(self.cases)).order_by(Meeting.id)
            ).all()
            assert len({one.case_id for one in planned}) == len(planned), "one planned meeting a case"
            query = select(Appointment, Resource).join(Resource).where(Appointment.state.in_(HAS))
            booked = work.session.execute(query.order_by(Appointment.id)).all()
            live = [(made, what) for made, what in booked if made.state != "served" and made.case_id in self.cases]
            self._whole(work, planned, live)
            self._counted(work, booked)

    def _whole(self, work: Any, planned: Any, live: Any) -> None:
        for meeting in planned:
            case = work.session.get_one(Case, meeting.case_id)
            assert case.status in ("running", "suspended"), "an ended case meets no more"
            mine = [(made, what) for made, what in live if made.case_id == meeting.case_id]
            assert {(made.starts_at, made.ends_at) for made, _ in mine} == {(meeting.starts_at, meeting.ends_at)}
            kinds = Counter(what.kind for _, what in mine)
            assert kinds["person"] >= 1 and kinds["room"] == (meeting.place == mediating.ROOM), kinds
        assert {made.case_id for made, _ in live} <= {one.case_id for one in planned}, "nothing is kept for no meeting"
        reminders = select(Notice).where(
            Notice.kind == "meeting-reminder", Notice.state == "waiting", Notice.case_id.in_(self.cases)
        )
        times: dict[int, datetime] = {one.case_id: one.starts_at for one in planned}
        for told in work.session.scalars(reminders.order_by(Notice.id)):
            assert told.case_id in times and told.send_after < times[told.case_id], "who is reminded meets"

    def _counted(self, work: Any, booked: Any) -> None:
        taken: Counter[int] = Counter()
        slots = work.session.scalars(select(Slot).where(Slot.starts_at >= NOW).order_by(Slot.id)).all()
        for made, what in booked:
            for slot in slots:
                if slot.resource_id == what.id and made.starts_at <= slot.starts_at < made.ends_at:
                    taken[slot.id] += 1
        for slot in slots:
            assert slot.staff_taken == taken[slot.id] <= 1, "each half hour is somebody's once"

    def teardown(self) -> None:
        with self.office.database.reading() as work:
            assert audit.verify(work).faults == ()
        for case_id in self.cases:  # the next example finds the room free
            self._try(cases.withdraw, case_id, "", by=self.office.zhang)


def _play(database: Any, examples: int, steps: int) -> None:
    Meetings.office = test_meetings.open_office(database)
    machines.play(Meetings, examples, steps)


def test_room_and_people_are_booked_together_or_not_at_all(sqlite: Any) -> None:
    _play(sqlite, 1, 6)


@pytest.mark.wide
@pytest.mark.parametrize(("which", "examples"), [("sqlite", 8), ("postgres", 3)])
def test_room_and_people_are_booked_together_or_not_at_all_at_length(
    request: pytest.FixtureRequest, tmp_path: Any, which: str, examples: int
) -> None:
    with fresh_database(request, tmp_path, which) as database:
        _play(database, examples, 20)
