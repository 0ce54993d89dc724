"""Under random acts and time the register keeps its promises: one entry a person, versions without a gap, an index that
says what the entry says, and a history from which every earlier entry can be told."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from engine.commands import register_rows as rows
from engine.commands.registers import keeping
from engine.errors import NotNow
from engine.reads.knowing import Person
from engine.records import library, registers
from engine.store.models import Event, Notice, RegisterChange, RegisterEntry, RegisterIndex, Reveal
from tests.conftest import NOW

from .declared import VOLUNTEERS, XU, ZHANG

PEOPLE = [ZHANG, XU, Person("苏玉兰", "13800000009"), Person("苏小兰", "13800000009")]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 3), st.sampled_from([[], ["barber"], ["nurse"], ["barber", "nurse"]])),
        st.tuples(st.just("state"), st.integers(0, 3), st.sampled_from(["active", "paused", "left"])),
        st.tuples(st.just("insure"), st.integers(0, 3), st.integers(-30, 400)),
        st.tuples(st.just("wait"), st.integers(1, 900), st.none()),
    ),
    max_size=12,
)


def play(database, cast, acts):
    now = NOW
    with database.unit_of_work() as work:
        for table in (RegisterIndex, RegisterChange, Reveal, Notice, RegisterEntry):
            work.session.execute(delete(table))
        for what, which, value in acts:
            if what == "wait":
                now += timedelta(days=which)
                while keeping.blank(work, now=now):
                    pass
            elif what == "state":
                entry = rows.of_person(work, VOLUNTEERS, PEOPLE[which])
                if entry is not None:
                    rows.set_state(work, VOLUNTEERS, entry, value, by=cast.zhou, now=now)
            else:
                said = {"skills": value} if what == "put" else {"insured": (now + timedelta(days=value)).date()}
                try:
                    rows.put(work, VOLUNTEERS, said, by=cast.zhou, now=now, whom=PEOPLE[which], unit_id=cast.lmt.id)
                except NotNow as refused:  # a blanked entry is nobody's: it is never found by its person
                    raise AssertionError(refused.en) from refused
    with database.reading() as work:
        entries = work.session.scalars(select(RegisterEntry)).all()
        live = [e for e in entries if e.blanked_at is None]
        assert len({e.key for e in live}) == len(live) <= len(PEOPLE)
        for entry in entries:
            changes = work.session.scalars(
                select(RegisterChange).where(RegisterChange.entry_id == entry.id).order_by(RegisterChange.version)
            ).all()
            assert [c.version for c in changes] == list(range(2, entry.version + 1))
            kept = {
                (r.field, r.value)
                for r in work.session.scalars(select(RegisterIndex).where(RegisterIndex.entry_id == entry.id))
            }
            skills = {v for f, v in kept if f == "skills"}
            assert skills == set(entry.facts.get("skills") or [])
            people = {f for f, _ in kept} & {"name", "phone", "id_number"}
            assert people == set(entry.person or {})
            assert (entry.ended_at is not None) == (entry.state == "left")
            if entry.blanked_at is None:
                until = registers.keep_day(
                    VOLUNTEERS.what,
                    entry.facts,
                    at=entry.at,
                    ended_at=entry.ended_at,
                    valid_until=entry.valid_until,
                )
                assert entry.keep_until == until
            else:
                assert entry.person is None and entry.title is None and entry.keep_until is None
        assert all(e.facts.get("entries") for e in work.session.scalars(select(Event)) if e.kind == "register.blanked")


@pytest.mark.parametrize("most", [12, pytest.param(80, marks=pytest.mark.wide)])
def test_the_register_keeps_its_promises_whatever_happens(database, cast, monkeypatch, most):
    monkeypatch.setattr(
        library, "declared", lambda work, kind: {"volunteer": (VOLUNTEERS, None)} if kind == "registers" else {}
    )

    @seed(20260918)
    @settings(
        max_examples=most, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(ACTS)
    def whatever(acts):
        play(database, cast, acts)

    whatever()
