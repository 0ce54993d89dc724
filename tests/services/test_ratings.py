"""好差评: five levels, once, voluntary; unrated kept apart; a named bad one is mended; the rated never learn who
rated."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import cases
from engine.commands.equipment import Equipment
from engine.commands.worker.wiring import JOBS
from engine.errors import NotFound, NotNow, NotYours
from engine.reads import case_list, case_page, inbox, order_rates, ratings
from engine.records import audit, jobs, papers
from engine.store.models import Case, Job, Notice, Rating, RegisterEntry, WorkOrder
from engine.workdays import local_date
from tests.commands import acting
from tests.services.test_fanying import centre, fire


def work_off(database, clock):
    """What the worker would do now about ratings; papers and messages are left."""
    with database.unit_of_work() as work:
        taken = jobs.lease(work, "test", now=clock(), most=500)
    for job in taken:
        if job.kind in ("close-rating", "open-child"):
            JOBS[jobs.Kind(job.kind)](database, job, Equipment(press=papers.Press), clock())


def rate(database, case_id, level, by, clock, **more):
    with database.unit_of_work() as work:
        cases.rate(work, case_id, level, by=by, now=clock(), **more)


def test_who_does_not_rate_in_seven_days_is_unrated_and_counts_in_no_rate(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    with database.reading() as work:
        job = work.session.scalars(select(Job).where(Job.kind == "close-rating")).one()
        assert job.run_after > clock() + timedelta(days=7)
    clock.on(days=7, minutes=2)
    with pytest.raises(NotNow, match="7 days"):
        rate(database, case_id, 5, cast.zhang, clock)
    work_off(database, clock)
    with database.reading() as work:
        row = work.session.scalars(select(Rating)).one()
        assert (row.level, row.default_unrated, row.by_id) == (None, True, None)
        found = ratings.numbers(work, cast.wu, now=clock())
        assert (found.real, found.unrated, dict(found.levels)) == (0, 1, {})
        assert [e.kind for e in audit.history(work, case_id)][-1] == "case.unrated"
        assert audit.verify(work).faults == ()
    with pytest.raises(NotNow):
        rate(database, case_id, 5, cast.zhang, clock)


def test_a_rating_in_time_leaves_the_job_nothing_to_do(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    rate(database, case_id, 4, cast.zhang, clock, comment="很好")
    clock.on(days=8)
    work_off(database, clock)
    with database.reading() as work:
        row = work.session.scalars(select(Rating)).one()
        assert (row.level, row.default_unrated, row.named) == (4, False, False)
        found = ratings.numbers(work, cast.wu, now=clock())
        assert (found.real, found.unrated, found.share_good) == (1, 0, None)  # one is too few for a rate
        rows, total, held_back = ratings.behind(work, cast.wu, now=clock(), which="4")
        assert ([r.id for r in rows], total, held_back) == ([case_id], 1, 0)


def bad(database, cast, clock, **more):
    """A named bad rating, and the case that follows."""
    centre(database, cast, clock, "zhenggai")
    case_id = acting.finished(database, cast, clock)
    rate(database, case_id, 1, cast.zhang, clock, comment="跑了三趟", named=True, **more)
    work_off(database, clock)
    with database.reading() as work:
        child = work.session.scalars(select(Case).where(Case.matter == "zhenggai")).one()
        assert (child.parent_id, child.office_id) == (case_id, cast.yb.id)
        return case_id, child.id


def done(database, cast, clock, case_id, login, answers):
    with database.unit_of_work() as work:
        by = people.load(work, cast.users[login], now=clock())
        task = acting.task_of(work, case_id)
        cases.complete(work, task.id, answers, version=task.version, by=by, now=clock())


def test_a_named_bad_rating_is_followed_up_mended_and_asked_about(database, cast, clock):
    _, child = bad(database, cast, clock)
    with database.reading() as work:
        task, case = acting.task_of(work, child), work.session.get(Case, child)
        assert (task.element, task.candidates) == ("contact", [f"p:{cast.yb.id}:head"])
        assert clock() < task.due_at <= clock() + timedelta(days=3)  # one working day, over a weekend
        assert case.promised_due > clock() + timedelta(days=13)
    done(database, cast, clock, child, "zhao", {"contact": {"reached": "yes", "facts": "没说清材料", "how": "mend"}})
    done(database, cast, clock, child, "zhao", {"mend": {"done": "印了材料单", "reply": "以后一次说清"}})
    with database.reading() as work:
        told = work.session.scalars(select(Notice.text).where(Notice.case_id == child, Notice.channel == "sms")).all()
        assert any("以后一次说清" in text for text in told)
        assert work.session.get(Case, child).promised_due is None  # asking afterwards keeps no clock running
    fire(database, clock, child)
    done(database, cast, clock, child, "gu", {"visit": {"reached": "yes", "satisfied": "满意", "note": "可以"}})
    with database.reading() as work:
        assert work.session.get(Case, child).status == "finished"
        assert work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "zhenggai.calls")).one()


def test_an_appeal_is_decided_above_and_a_mistaken_rating_counts_no_more(database, cast, clock):
    case_id, child = bad(database, cast, clock)
    why = {"contact": {"reached": "yes", "facts": "他说的是别家", "how": "appeal", "why": "不是我们办的"}}
    done(database, cast, clock, child, "zhao", why)
    verdict = {"appeal": {"upheld": "yes", "reason": "属实", "reply": "您说的是另一家"}}
    with pytest.raises(NotYours):
        done(database, cast, clock, child, "zhao", verdict)
    done(database, cast, clock, child, "wu", verdict)
    with database.reading() as work:
        assert work.session.scalars(select(Rating.mistaken)).one() is True
        found = ratings.numbers(work, cast.wu, now=clock())
        assert (found.real, found.mistaken) == (0, 1)
        assert work.session.get(Case, child).outcome == "ended"
        assert ratings.behind(work, cast.wu, now=clock(), which="1")[1] == 0
        assert [r.id for r in ratings.behind(work, cast.wu, now=clock(), which="mistaken")[0]] == [case_id]


def test_an_unnamed_bad_rating_is_counted_and_nobody_calls(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    rate(database, case_id, 1, cast.zhang, clock)
    with database.reading() as work:
        assert work.session.scalars(select(Job).where(Job.kind == "open-child")).all() == []
        assert ratings.numbers(work, cast.wu, now=clock()).levels == {1: 1}


def test_those_rated_never_see_who_rated_nor_what_follows(database, cast, clock):
    case_id, child = bad(database, cast, clock)
    with database.reading() as work:
        number = work.session.get(Case, child).number
        for login in ("chen", "wang", "zhou"):  # the agent, the one who registered, the one who called
            actor = people.load(work, cast.users[login], now=clock())
            page = case_page.page(work, case_id, actor=actor, now=clock())
            assert page.rated is None and not any("评价" in line.zh for line in page.record)
            assert not any(cast.zhang.name in line.who for line in page.record if line.kind.startswith("case.rat"))
            assert case_list.search(work, number, actor=actor, now=clock()) == []
            for box in ("mine", "open", "unit"):
                assert child not in [r.case_id for r in inbox.tasks_for(work, actor, now=clock(), box=box).rows]
            with pytest.raises(NotFound):
                case_page.page(work, child, actor=actor, now=clock())
        mine = case_page.page(work, case_id, actor=cast.zhang, now=clock())
        assert mine.rated == 1 and "case.rated" in [line.kind for line in mine.record]


def test_a_supervisor_who_did_the_work_does_not_find_it_behind_the_number(database, cast, clock):
    case_id = acting.delivered(database, cast, clock)
    fire(database, clock, case_id)
    with database.unit_of_work() as work:  # the town's head makes the call
        task = acting.task_of(work, case_id)
        by = people.load(work, cast.users["zhou"], now=clock())
        cases.claim(work, task.id, version=task.version, by=by, now=clock())
        cases.transfer(work, task.id, cast.users["qian"], "请您打", version=task.version, by=by, now=clock())
    done(database, cast, clock, case_id, "qian", acting.VISIT)
    rate(database, case_id, 2, cast.zhang, clock)
    with database.reading() as work:
        qian = people.load(work, cast.users["qian"], now=clock())
        assert ratings.behind(work, qian, now=clock(), which="2") == ([], 1, 1)
        assert len(ratings.behind(work, cast.wu, now=clock(), which="2")[0]) == 1


def test_the_three_rates_come_from_the_visits_alone(database, cast, clock):
    from tests.services.test_fanying import DONE, GLAD, TO_YB, do, tell

    centre(database, cast, clock)
    for said in (GLAD, GLAD, GLAD, GLAD, {"visit": {**GLAD["visit"], "solved": "partly"}}):
        case_id = tell(database, cast, clock)
        for login, answers in (("he", TO_YB), ("wang", {"signing": "accept"}), ("wang", DONE)):
            do(database, cast, clock, case_id, login, answers)
        fire(database, clock, case_id)
        do(database, cast, clock, case_id, "gu", said)
    with database.reading() as work:
        month = order_rates.Month.of(local_date(work.session.scalars(select(WorkOrder.due_at)).first()))
        (one,) = order_rates.of(work, cast.wu, month, now=clock()).values()
        assert [(r.name, r.yes, r.of) for r in one.three] == [("answered", 5, 5), ("solved", 4, 5), ("satisfied", 5, 5)]
        assert (one.due, one.late, one.left_out, one.returned) == (5, 0, 0, 0)
        unsolved, n = order_rates.behind(work, cast.wu, month, now=clock(), which="solved", not_so=True)
        assert n == len(unsolved) == 1
