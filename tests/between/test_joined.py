"""同一件事: a case is joined to an earlier one and answered with it; neither applicant learns of the other."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from engine.commands import cases
from engine.errors import NotFound, NotNow, Refused
from engine.people import apart
from engine.reads import case_page, tracking
from engine.store.models import Awaited, Case, CaseJoin, Event, Job, Notice
from tests.between import small
from tests.between.small import matter, outcome, publish, submit, task, waiting, work_off
from tests.cast import ROOT

#: The tasks that docs/nouns.md shows designers: `join` with its timer, and `tell`.
PAGE = (ROOT / "docs" / "nouns.md").read_text().partition("## 同一件事")[2].partition("```xml\n")[2].partition("```")[0]
SAME = matter(
    "small_same",
    "小事",
    '<startEvent id="s"/><flow s look/>'
    + task("look", "登记")
    + '<flow look which/><exclusiveGateway id="which" default="which_own"/>'
    "<flow which join when='=decision != \"自己办\"'/><flow which own/>" + PAGE + "<flow join_late look/>"
    '<flow join got/><exclusiveGateway id="got" default="got_look"/>'
    "<flow got e0 when='=joined.answered'/><flow got look/>"
    '<endEvent id="e0"/>'
    + task("own", "办理")
    + "<flow own tell/>"
    + "<flow tell after/>"
    + task("after", "回访")
    + '<flow after e1/><endEvent id="e1"/>',
)
OTHER = matter(
    "small_strange",
    "别的事",
    '<startEvent id="s"/><flow s look/>' + task("look", "登记") + '<flow look e/><endEvent id="e"/>',
)


@pytest.fixture
def hall(database, cast, clock):
    publish(database, clock(), SAME, OTHER)
    return database


def number(database, case_id: int) -> str:
    with database.reading() as work:
        return work.session.get_one(Case, case_id).number


def two(database, cast, clock) -> tuple[int, int]:
    """(the earlier, the later), of two residents, each waiting to be registered."""
    first = submit(database, "small_same", cast.zhang, clock())
    return first, submit(database, "small_same", cast.xu, clock.on(minutes=5))


def refused(database, case_id: int, cast, clock, said: str, kind: type[Refused] = NotNow) -> None:
    with pytest.raises(kind) as refusal:
        small.complete(database, case_id, "look", cast.wang, clock.on(minutes=1), decision=said)
    assert said in refusal.value.zh and "look" in waiting(database, case_id)


def test_both_are_answered_when_the_first_is_and_each_keeps_its_own_end(hall, cast, clock):
    first, later = two(hall, cast, clock)
    small.complete(hall, first, "look", cast.wang, clock.on(minutes=1), decision="自己办")
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    work_off(hall, clock())
    assert waiting(hall, later) == set() and outcome(hall, later)[0] == "running"
    small.complete(hall, first, "own", cast.wang, clock.on(hours=1), decision="修好了")
    assert outcome(hall, later)[0] == "running"  # two cases are never locked at once
    work_off(hall, clock())
    assert outcome(hall, later)[0] == "finished" and waiting(hall, first) == {"after"}
    said = small.answers(hall, later)["joined"]
    assert said == {"number": number(hall, first), "answered": True, "answer": "修好了", "outcome": None}


@pytest.mark.both
def test_one_that_joins_after_the_answer_has_it_at_once(hall, cast, clock):
    first, later = two(hall, cast, clock)
    small.complete(hall, first, "look", cast.wang, clock.on(minutes=1), decision="自己办")
    small.complete(hall, first, "own", cast.wang, clock.on(hours=1), decision="修好了")
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    assert outcome(hall, later)[0] == "finished" and small.answers(hall, later)["joined"]["answer"] == "修好了"


def test_when_the_first_ends_without_an_answer_the_other_goes_on_by_itself(hall, cast, clock):
    first, later = two(hall, cast, clock)
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    with hall.unit_of_work() as work:
        cases.withdraw(work, first, "不用了", by=cast.zhang, now=clock.on(minutes=1))
    work_off(hall, clock())
    assert waiting(hall, later) == {"look"}
    assert small.answers(hall, later)["joined"]["answered"] is False


def test_one_that_ended_while_it_was_joined_to_is_found_by_the_look_afterwards(hall, cast, clock):
    """The first ends in a transaction that does not see the join: the job that follows the join tells it."""
    first, later = two(hall, cast, clock)
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    with hall.unit_of_work() as work:
        work.session.get_one(Case, first).status = "withdrawn"
        work.session.get_one(Case, first).finished_at = clock()
    work_off(hall, clock())
    assert waiting(hall, later) == {"look"}


def test_a_number_that_cannot_be_joined_is_refused_in_plain_words(hall, cast, clock):
    first, later = two(hall, cast, clock)
    strange = submit(hall, "small_strange", cast.xu, clock())
    refused(hall, later, cast, clock, number(hall, later))
    refused(hall, later, cast, clock, number(hall, strange))
    right = number(hall, first)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    with pytest.raises(Refused, match="check digit"):
        small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=wrong)
    with hall.unit_of_work() as work:
        cases.withdraw(work, first, "不用了", by=cast.zhang, now=clock.on(minutes=1))
    refused(hall, later, cast, clock, right)
    with hall.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(CaseJoin)) == 0


def test_two_cases_cannot_wait_for_each_other(hall, cast, clock):
    first, later = two(hall, cast, clock)
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    refused(hall, first, cast, clock, number(hall, later))
    third = submit(hall, "small_same", cast.xu, clock.on(minutes=9))
    with pytest.raises(NotNow, match=number(hall, first)):  # it names the one to join
        small.complete(hall, third, "look", cast.wang, clock.on(minutes=1), decision=number(hall, later))
    small.complete(hall, third, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    with hall.reading() as work:
        assert len(work.session.scalars(select(Awaited.key).order_by(Awaited.id)).all()) == 2


def test_one_that_kept_away_is_told_as_if_it_were_not_there(hall, cast, clock):
    first, later = two(hall, cast, clock)
    with hall.unit_of_work() as work:
        work.session.get_one(Case, first).apart = apart.write([cast.wang.id])
    refused(hall, later, cast, clock, number(hall, first), NotFound)


def test_clerks_see_both_numbers_and_neither_applicant_learns_of_the_other(hall, cast, clock):
    first, later = two(hall, cast, clock)
    small.complete(hall, later, "look", cast.wang, clock.on(minutes=1), decision=number(hall, first))
    one, two_ = number(hall, first), number(hall, later)
    with hall.reading() as work:
        assert case_page.page(work, first, actor=cast.wang, now=clock()).same == ((two_, False, True),)
        seen = case_page.page(work, later, actor=cast.wang, now=clock())
        assert seen.same == ((one, True, True),) and one in seen.where.zh
        for who, case_id, other in ((cast.zhang, first, two_), (cast.xu, later, one)):
            page = case_page.page(work, case_id, actor=who, now=clock())
            assert page.same == () and other not in repr(page)
        told = tracking.by_word(work, two_, tracking.word_of(two_), now=clock())
        assert one not in repr(told) and "一并答复" in told.where.zh
        notices = work.session.scalars(select(Notice).order_by(Notice.id)).all()
        assert not any(one in n.text for n in notices if n.case_id == later)
        joined = work.session.scalars(select(Event).where(Event.kind == "case.joined").order_by(Event.id)).one()
        assert joined.case_id == later and joined.facts["number"] == one
        assert not work.session.scalars(select(Job).where(Job.state == "dead")).all()
