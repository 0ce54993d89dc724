"""A leave that is limited to some matters lends nothing of the others: hand-overs, reviews of boards, votes (代理)."""

from datetime import timedelta

import pytest

from engine.matters import load as load_matter
from engine.people import lending, load
from engine.people.access import may, writes_down
from engine.reads import boards, handovers, matches
from engine.store.models import BoardEntry, Handover, HandoverLink, Leave
from tests.cast import ROOT
from tests.conftest import NOW
from tests.hall import open_hall


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    opened = open_hall(sqlite, clock, tmp_path)
    cast = opened.cast
    with sqlite.unit_of_work() as work:
        clerk = f"p:{cast.suyang.id}:agent"
        chain = Handover(
            kind="daiban.originals",
            name="原件",
            name_en="Originals",
            thing_kind="originals",
            thing=["户口簿"],
            unit_id=cast.suyang.id,
            place_id=cast.suyang.id,
            links=1,
            holder_end="agent",
            holder_key=clerk,
            holder_name="苏洋村",
            opened_at=NOW,
        )
        work.session.add(chain)
        work.session.flush()
        link = HandoverLink(
            handover_id=chain.id,
            n=1,
            tag="walk",
            secret="ab" * 20,
            giver_end="agent",
            giver_key=clerk,
            giver_name="苏洋村",
            receiver_end="applicant",
            receiver_key=f"u:{cast.users['zhang']}",
            receiver_name="张三丰",
            unit_id=cast.suyang.id,
            place_id=cast.suyang.id,
            proof=["code"],
            photo="never",
            post="agent",
            opened_at=NOW,
        )
        entry = BoardEntry(
            key="k",
            number="GL-1",
            board="daiban.news",
            kind="notice",
            state="review",
            unit_id=cast.xiabi.id,
            place_id=cast.xiabi.id,
            title="公示",
            facts={},
            shown={"fields": {}},
            hidden={},
            asked_at=NOW,
            changed_at=NOW,
            review_unit_id=cast.suyang.id,
            review_post="agent",
            until_at=NOW + timedelta(days=9),
        )
        work.session.add_all([link, entry])
        work.session.flush()
        opened.chain, opened.link, opened.entry = chain.id, link.id, entry.id
    return opened


def lend(hall, matters):
    with hall.database.unit_of_work() as work:
        work.session.add(
            Leave(
                user_id=hall.cast.users["chen"],
                agent_id=hall.cast.users["sun"],
                from_at=NOW - timedelta(hours=1),
                until_at=NOW + timedelta(days=2),
                matters=matters,
            )
        )


@pytest.mark.parametrize(
    "matters, has", [(["yuyue"], False), (["daiban"], True), (["yuyue", "daiban"], True), (None, True)]
)
def test_what_a_post_hands_over_reviews_and_writes_down_is_lent_by_matter(hall, matters, has):
    lend(hall, matters)
    with hall.database.reading() as work:
        sun = load(work, hall.cast.users["sun"], now=NOW)
        link, chain = work.session.get(HandoverLink, hall.link), work.session.get(Handover, hall.chain)
        work.session.refresh(link, ["handover"])
        entry = work.session.get(BoardEntry, hall.entry)
        assert (may(sun, "see", link), may(sun, "work", link), may(sun, "work", chain)) == (has, has, has)
        assert (writes_down(sun, link), may(sun, "review", entry), may(sun, "reveal", entry)) == (has, has, has)
        # and the lists say the same as the judge
        assert bool(handovers.mine(work, sun, now=NOW)) == has
        assert (handovers.waiting(work, sun), len(handovers.desk(work, sun, now=NOW).held)) == (int(has), int(has))
        assert (boards.count(work, actor=sun), len(boards.queue(work, actor=sun))) == (int(has), int(has))


def test_who_has_the_post_has_it_in_every_matter(hall):
    with hall.database.reading() as work:
        chen = load(work, hall.cast.users["chen"], now=NOW)
        assert handovers.waiting(work, chen) == 1 and boards.count(work, actor=chen) == 1
        huang = load(work, hall.cast.users["huang"], now=NOW)
        assert handovers.waiting(work, huang) == 0 and boards.count(work, actor=huang) == 0


@pytest.mark.parametrize(
    ("matters", "enters", "serves"), [(["yuyue"], False, False), (["daiban"], True, False), (None, True, True)]
)
def test_a_post_is_lent_by_matter_for_rides_and_whole_for_the_desk_of_books(hall, matters, enters, serves):
    ride = load_matter(ROOT, "shunfeng").declared("matches")["ride"].what
    what = matches.Declared("daiban.ride", ride, load_matter(ROOT, "daiban"))
    lend(hall, matters)
    with hall.database.reading() as work:
        sun = load(work, hall.cast.users["sun"], now=NOW)
        assert (matches.position(what, sun) is not None, lending.serves(sun, "agent")) == (enters, serves)
        assert matches.position(what, load(work, hall.cast.users["chen"], now=NOW)) == hall.cast.suyang.id
