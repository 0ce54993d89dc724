"""Originals beside a case, whatever people do and however time passes: they are in one hand, the case never waits for
them, they follow a referral, and once the case is decided or over they are on their way home until they are there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from engine import matters, people
from engine.commands import cases, handovers
from engine.commands.handovers import Given
from engine.commands.worker import sweep
from engine.errors import Refused
from engine.people import holders
from engine.records import audit, library
from engine.records import handovers as proofs
from engine.store.models import Awaited, Case, Event, Handover, HandoverLink, Task
from tests import cast as the_cast
from tests import machines
from tests.between.small import given, service, task
from tests.conftest import NOW, Clock, fresh_database
from tests.handovers.test_referred import HEARD, HEARS, NAME, TOLD, files

#: Taken in, looked at, perhaps referred, handled, decided, and one step more.
WAY = (
    '<startEvent id="s"/><flow s take/>'
    + service("take", "hand-over", "handover=originals", given("thing", "=taken"))
    + "<flow take look/>"
    + task("look", "看归谁管")
    + '<flow look which/><exclusiveGateway id="which" default="which_do"/>'
    + "<flow which refer when='=decision = \"移送\"'/><flow which do/>"
    + service("refer", "refer-case", inputs=given("unit", "=&quot;MZ&quot;") + given("reason", "=decision"))
    + "<flow refer do/>"
    + task("do", "办理")
    + "<flow do yes/>"
    + service("yes", "decide", "outcome=approve")
    + "<flow yes last/>"
    + task("last", "再办一步")
    + '<flow last e/><endEvent id="e"/>'
)
PEOPLE = ("zhang", "zhou", "wang", "sun", "chen", "zhao", "xu")
HOME = ("applicant",)


def _again(*args: Any, **given: Any) -> bool:
    handovers.again(*args, **given)
    return True


class Originals(RuleBasedStateMachine):
    """Anybody may try anything; what is refused changes nothing."""

    database: Any = None
    cast: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(NOW)
        self.cases: list[int] = []
        self.lost: set[int] = set()
        self.another("房产证一本")

    def _try(self, verb: Any, *args: Any, who: str, **more: Any) -> Any:
        try:
            with self.database.unit_of_work() as work:
                by = people.load(work, self.cast.users[who], now=self.clock())
                return verb(work, *args, by=by, now=self.clock(), **more)
        except Refused:
            return None

    @rule(taken=st.sampled_from(["房产证一本", ""]))
    def another(self, taken: str) -> None:
        """The town's counter takes one in."""
        if len(self.cases) < 3:
            asked = {"applicant": {"name": "张三丰", "phone": "13800000001"}, "taken": taken}
            with self.database.unit_of_work() as work:
                by = people.load(work, self.cast.users["zhou"], now=self.clock())
                made = cases.submit(work, NAME, asked, channel="counter", by=by, now=self.clock())
                self.cases.append(made.case.id)

    @rule(
        who=st.sampled_from(PEOPLE),
        n=st.integers(0, 5),
        outcome=st.sampled_from([*handovers.OUTCOMES, "done", "done"]),
        shown=st.sampled_from(["code", "code", "qr", "own", "wrong"]),
        side=st.sampled_from(proofs.SIDES),
    )
    def somebody_signs(self, who: str, n: int, outcome: Any, shown: str, side: Any) -> None:
        with self.database.reading() as work:
            links = list(work.session.scalars(self._links().order_by(HandoverLink.id.desc())))
            if not links:
                return
            link = links[n % len(links)]
            proof = {
                "code": proofs.code(link, side),
                "qr": proofs.token(link, side, now=self.clock()),
                "own": proofs.code(link, proofs.other(side)),
            }.get(shown, "123456")
            id_ = link.id
        said = Given(proof, note="少一页" if outcome != "done" else "")
        self._try(handovers.act, id_, outcome, said, who=who)

    @rule(n=st.integers(0, 2), right=st.booleans())
    def the_ends_sign(self, n: int, right: bool) -> None:
        """Whoever stands at an end takes what is open: things do move on."""
        with self.database.reading() as work:
            query = self._links().where(HandoverLink.state == "open").order_by(HandoverLink.id)
            open_ = list(work.session.scalars(query))
            if not open_:
                return
            link = open_[n % len(open_)]
            side = proofs.SIDES[right]
            proof, id_, key = proofs.code(link, proofs.other(side)), link.id, getattr(link, f"{side}_key")
            who = next(one for one in PEOPLE if key in people.load(work, self.cast.users[one], now=self.clock()).keys)
        self._try(handovers.act, id_, "done", Given(proof), who=who)

    @rule(n=st.integers(0, 2), refer=st.booleans())
    def the_case_goes_on(self, n: int, refer: bool) -> None:
        with self.database.reading() as work:
            case_id = self.cases[n % len(self.cases)]
            query = select(Task).where(Task.case_id == case_id, Task.state != "ended").order_by(Task.id).limit(1)
            open_ = work.session.scalar(query)
            office = work.session.get_one(Case, case_id).office_id
            work.session.expunge_all()
        if open_ is not None:
            said = {"decision": "移送" if refer else "好"}
            who = "sun" if office == self.cast.mz.id else "wang"
            self._try(cases.complete, open_.id, said, version=open_.version, who=who)

    @rule(n=st.integers(0, 3), who=st.sampled_from(PEOPLE))
    def once_more(self, n: int, who: str) -> None:
        if (chain := self._chain(n)) is not None and self._try(_again, chain, who=who):
            self.lost.discard(chain)  # it was found

    @rule(n=st.integers(0, 3), who=st.sampled_from(PEOPLE), kind=st.sampled_from(handovers.TROUBLES))
    def lost_or_damaged(self, n: int, who: str, kind: Any) -> None:
        chain = self._chain(n)
        if chain is not None and self._try(handovers.report, chain, kind, "柜子里没有了", who=who) and kind == "lost":
            self.lost.add(chain)

    @rule(n=st.integers(0, 3), who=st.sampled_from(PEOPLE))
    def settled(self, n: int, who: str) -> None:
        if (chain := self._chain(n)) is not None:
            self._try(handovers.settle, chain, "还给本人了", who=who)

    def _links(self) -> Any:
        """Those of this example's cases: the hall is the same for all of them."""
        chains = select(Handover.id).where(Handover.case_id.in_(self.cases))
        return (
            select(HandoverLink).where(HandoverLink.handover_id.in_(chains)).options(joinedload(HandoverLink.handover))
        )

    def _chain(self, n: int) -> int | None:
        with self.database.reading() as work:
            query = select(Handover.id).where(Handover.case_id.in_(self.cases)).order_by(Handover.id)
            ids = list(work.session.scalars(query))
            return ids[n % len(ids)] if ids else None

    @rule(n=st.integers(0, 2), why=st.sampled_from(["withdraw", "terminate"]))
    def the_case_is_ended(self, n: int, why: str) -> None:
        verb, who = (cases.withdraw, "zhang") if why == "withdraw" else (cases.terminate, "zhao")
        self._try(verb, self.cases[n % len(self.cases)], "不办了", who=who)

    @rule(hours=st.sampled_from([1, 26, 100]))
    def time_passes(self, hours: int) -> None:
        self.clock.on(hours=hours)
        sweep.sweep(self.database, now=self.clock())

    @invariant()
    def in_one_hand_and_on_its_way(self) -> None:
        if not self.cases:
            return
        with self.database.reading() as work:
            query = select(Handover).where(Handover.case_id.in_(self.cases)).order_by(Handover.id)
            for chain in work.session.scalars(query):
                self._one(work, chain)
            waits = select(Awaited.id).where(Awaited.case_id.in_(self.cases)).limit(1)
            assert work.session.scalar(waits) is None, "no case waits for what goes on beside it"

    def teardown(self) -> None:
        with self.database.reading() as work:
            assert audit.verify(work).faults == ()

    def _one(self, work: Any, chain: Handover) -> None:
        links = work.session.scalars(
            select(HandoverLink)
            .where(HandoverLink.handover_id == chain.id)
            .options(selectinload(HandoverLink.signs))
            .order_by(HandoverLink.n)
        ).all()
        assert [link.n for link in links] == list(range(1, chain.links + 1))
        open_ = [link for link in links if link.state == "open"]
        assert len(open_) <= 1
        holder = links[0].giver_key
        for link in links:
            if link.state in ("done", "different"):
                assert link.giver_key == holder, "it was given by who had it"
                assert {one.side for one in link.signs} == {"giver", "receiver"}
                holder = link.receiver_key
            else:
                assert link.hash or link.state == "open"
        assert (chain.holder_key, chain.held_by_link) == (
            holder,
            max((one.n for one in links if one.state in ("done", "different")), default=0),
        )
        for link in open_:
            assert (link.giver_key, link.receiver_key == holder) == (holder, False), "who has it gives it"
        case = work.session.get_one(Case, chain.case_id)
        assert (chain.lost_at is not None) == (chain.id in self.lost)
        if chain.id in self.lost:
            assert not open_, "nobody is asked for what is lost"
            return
        decided = case.decided_at is not None or case.status not in ("running", "suspended")
        settled = chain.ended_at is not None
        if settled:
            assert not open_, "what is settled is handed over no more"
        if not decided and not settled and open_ and case.referred_at is not None and holder.startswith("p:"):
            assert open_[0].receiver_key.startswith((f"p:{case.office_id}:", "u:")) or holder.startswith(
                f"p:{case.office_id}:"
            ), "what lies with a case that was referred is on its way to the office that has it"
        if decided and not settled and holder.startswith("p:"):
            last = links[-1]
            assert open_ or last.state in ("refused", "dropped"), "it is on its way home, or to be given once more"
            if open_ and not chain.kind.endswith(".~originals"):  # of the hall's own no way home is declared
                assert open_[0].receiver_end in ("窗口", *HOME), "towards home"
        events = work.session.scalar(
            select(Event.id).where(Event.case_id == case.id, Event.kind == audit.Kind.HANDOVER_OPENED.value).limit(1)
        )
        assert events is not None


def _play(database: Any, examples: int, steps: int) -> None:
    Originals.database = database
    with database.unit_of_work() as work:
        the_cast.hire(work, NOW)
        holders.forget(work)
        library.publish(work, matters.read(NAME, files(WAY + HEARD, TOLD, HEARS)), by=people.SYSTEM, now=NOW)
    with database.reading() as work:
        Originals.cast = the_cast.meet(work, NOW)
    machines.play(Originals, examples, steps)


def test_originals_beside_a_case_are_in_one_hand_and_come_home(sqlite: Any) -> None:
    _play(sqlite, 2, 8)


@pytest.mark.wide
@pytest.mark.parametrize(("which", "examples"), [("sqlite", 12), ("postgres", 5)])
def test_originals_beside_a_case_are_in_one_hand_and_come_home_at_length(
    request: pytest.FixtureRequest, tmp_path: Any, which: str, examples: int
) -> None:
    with fresh_database(request, tmp_path, which) as database:
        _play(database, examples, 30)
