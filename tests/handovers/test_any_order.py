"""Whatever people do and however time passes: a thing is in exactly one hand, and no link is there twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from engine import people
from engine.commands import cases, handovers
from engine.commands.handovers import Given
from engine.commands.worker import sweep
from engine.errors import Refused
from engine.records import audit
from engine.records import handovers as proofs
from engine.store.models import Awaited, Case, Handover, HandoverLink, Task
from tests import machines
from tests.conftest import NOW, Clock
from tests.handovers import moving

PEOPLE = ("zhang", "chen", "lin", "zheng", "lai", "ming", "xu", "huang")


class Parcels(RuleBasedStateMachine):
    """Anybody may try anything; what is refused changes nothing."""

    hall: Any = None
    clock: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.cases = [self.hall.submit()]

    @rule()
    def another(self) -> None:
        if len(self.cases) < 3:
            self.cases.append(self.hall.submit())

    @rule(
        who=st.sampled_from(PEOPLE),
        n=st.integers(0, 9),
        outcome=st.sampled_from(handovers.OUTCOMES),
        shown=st.sampled_from(["code", "qr", "own", "wrong", "person"]),
        side=st.sampled_from(proofs.SIDES),
    )
    def somebody_acts(self, who: str, n: int, outcome: Any, shown: str, side: Any) -> None:
        with self.hall.database.reading() as work:
            ids = list(work.session.scalars(select(HandoverLink.id).order_by(HandoverLink.id.desc())))
            link = work.session.get_one(HandoverLink, ids[n % len(ids)])
            proof = {
                "code": proofs.code(link, side),
                "qr": proofs.token(link, side, now=self.clock()),
                "own": proofs.code(link, proofs.other(side)),
                "wrong": "123456",
            }.get(shown, "")
            work.session.expunge_all()
        photo = self.hall.photo(who) if outcome == "different" else None
        given = Given(
            proof,
            signature=moving.INK if shown == "person" else "",
            witness="郑月兰" if shown == "person" else "",
            photos=(photo,) if photo else (),
            note="有点湿" if outcome != "done" else "",
        )
        try:
            with self.hall.database.unit_of_work() as work:
                by = people.load(work, self.hall.users[who], now=self.clock())
                handovers.act(work, link.id, outcome, given, by=by, now=self.clock())
        except Refused:
            pass

    @rule(n=st.integers(0, 2), found=st.booleans())
    def the_station_goes_on(self, n: int, found: bool) -> None:
        case_id = self.cases[n % len(self.cases)]
        answers = {"seek": moving.FOUND if found else {"found": "no"}, "keep_unclaimed": {"kept": {"where": "三号柜"}}}
        with self.hall.database.unit_of_work() as work:
            task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended").limit(1))
            if task is None:
                return
            short = "chen" if task.element == "seek" else "lai"
            by = people.load(work, self.hall.users[short], now=self.clock())
            if task.state == "open":
                cases.claim(work, task.id, version=task.version, by=by, now=self.clock())
            cases.complete(work, task.id, answers[task.element], version=task.version, by=by, now=self.clock())

    @rule(n=st.integers(0, 2), who=st.sampled_from(PEOPLE))
    def somebody_says_it_is_lost(self, n: int, who: str) -> None:
        try:
            with self.hall.database.unit_of_work() as work:
                chain = work.session.scalar(select(Handover).where(Handover.case_id == self.cases[n % len(self.cases)]))
                by = people.load(work, self.hall.users[who], now=self.clock())
                handovers.report(work, chain.id, "lost", "不见了", by=by, now=self.clock())
        except Refused:
            pass

    @rule(n=st.integers(0, 2))
    def the_sender_withdraws(self, n: int) -> None:
        try:
            with self.hall.database.unit_of_work() as work:
                by = people.load(work, self.hall.users["zhang"], now=self.clock())
                cases.withdraw(work, self.cases[n % len(self.cases)], "不寄了", by=by, now=self.clock())
        except Refused:
            pass

    @rule(hours=st.sampled_from([1, 25, 73, 170, 250]))
    def time_passes(self, hours: int) -> None:
        self.clock.on(hours=hours)
        sweep.sweep(self.hall.database, now=self.clock())

    @invariant()
    def one_holder(self) -> None:
        with self.hall.database.reading() as work:
            chains = work.session.scalars(select(Handover).execution_options(populate_existing=True)).all()
            for chain in chains:
                links = work.session.scalars(
                    select(HandoverLink)
                    .where(HandoverLink.handover_id == chain.id)
                    .options(selectinload(HandoverLink.signs))
                    .order_by(HandoverLink.n)
                ).all()
                assert [link.n for link in links] == list(range(1, chain.links + 1))
                assert sum(link.state == "open" for link in links) <= 1
                taken = [link for link in links if link.state in ("done", "different")]
                holder = links[0].giver_key
                for link in taken:  # each was given by who had it
                    assert link.giver_key == holder
                    assert {one.side for one in link.signs} == {"giver", "receiver"}
                    holder = link.receiver_key
                assert chain.holder_key == holder
                assert chain.held_by_link == (taken[-1].n if taken else 0)
                case = work.session.get_one(Case, chain.case_id)
                waits = work.session.scalar(select(Awaited.id).where(Awaited.case_id == case.id).limit(1))
                if any(link.state == "open" for link in links):
                    assert case.status == "running" and waits is not None
            assert audit.verify(work).faults == ()


def _play(database: Any, examples: int, steps: int) -> None:
    Parcels.clock = Clock(NOW)
    Parcels.hall = moving.opened(database, Parcels.clock)
    machines.play(Parcels, examples, steps)


def test_a_thing_is_in_exactly_one_hand_at_any_moment(database: Any, cast: Any) -> None:
    _play(database, 5 if database.engine.dialect.name == "sqlite" else 2, 12)


@pytest.mark.wide
def test_a_thing_is_in_exactly_one_hand_at_any_moment_at_length(database: Any, cast: Any, tmp_path: Path) -> None:
    _play(database, 12 if database.engine.dialect.name == "sqlite" else 4, 25)
