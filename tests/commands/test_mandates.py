"""委托: an agent's mandate is a bond in one case. While it is in force the agent sees the case and does what the
principal let them; from the moment it is ended they see, do and hear nothing by it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engine.commands import bond_rows, bonds, cases
from engine.commands.hall import handover
from engine.errors import AlreadyDone, Invalid, NotFound, NotYours
from engine.matters.nouns.bonds import HALL, MANDATE
from engine.people import SYSTEM, access
from engine.people.bonds import agents_ever, mandate
from engine.reads import agency, attachments, case_list, case_page
from engine.reads import bonds as reads
from engine.reads.knowing import Person
from engine.store.models import Bond, Case, Document, Event, Holding, Notice
from engine.workdays import local_date
from tests.cast import DAIBAN
from tests.commands import acting

#: The principal did not let the agent answer corrections.
NO_ANSWERS = {**DAIBAN, "mandate_scope": ["submit", "fetch"]}


def in_case(work, case_id, clock):
    return mandate(work, work.session.get(Case, case_id), local_date(clock()))


def taken_in(database, cast, clock, raw=DAIBAN, **more):
    case_id = acting.submit(database, more.pop("by", cast.zhang), clock(), raw, **more)
    acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
    return case_id


def without_a_post(database, cast, clock, name="chen"):
    """The agent has left the village: nothing but the mandate lets them see the case."""
    with database.unit_of_work() as work:
        for row in work.session.scalars(select(Holding).where(Holding.user_id == cast.users[name])):
            row.until_on = local_date(clock()) - timedelta(days=1)


def to_correct(database, cast, clock, case_id):
    acting.claim(database, case_id, cast.wang, clock())
    acting.complete(database, case_id, acting.CORRECT, cast.wang, clock())


def test_the_bond_is_of_one_case_with_the_days_that_were_signed(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    other = taken_in(database, cast, clock)
    with database.reading() as work:
        first, second = in_case(work, case_id, clock), in_case(work, other, clock)
        assert (first.kind, first.scope, first.until_on) == (MANDATE, f"case:{case_id}", date(2027, 9, 17))
        assert (first.subject_id, first.holder_id) == (cast.users["zhang"], cast.users["chen"])
        assert second.scope == f"case:{other}"  # one agent acts for one person in two cases
        chen = cast.actor("chen", clock(), work)
        assert {g.case_id for g in chen.grants} == {case_id, other}


def test_a_case_has_one_agent_by_a_rule_of_the_database(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    with pytest.raises(IntegrityError), database.unit_of_work() as work:
        row = in_case(work, case_id, clock)
        same = {c.key: getattr(row, c.key) for c in Bond.__table__.columns if c.key != "id"}
        work.session.add(Bond(**{**same, "holder_id": cast.users["lin"], "holder_ref": f"u:{cast.users['lin']}"}))


def test_the_mandate_alone_opens_the_case_and_revoking_it_shuts_everything_at_once(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    without_a_post(database, cast, clock)
    with database.reading() as work:
        chen, case = cast.actor("chen", clock(), work), work.session.get(Case, case_id)
        paper = work.session.scalars(select(Document).where(Document.case_id == case_id)).first()
        assert access.may(chen, "see", case) and access.may(chen, "see", paper, case=case)
        assert [one.id for one in case_list.mine(work, chen, now=clock())] == [case_id]
        assert [one.case.id for one in agency.carried(work, chen, now=clock())] == [case_id]
        # nothing else of the same person
        assert not access.may(chen, "see", Case(id=case_id + 1, applicant_id=case.applicant_id, chosen={}))
    with database.unit_of_work() as work:
        zhang = cast.actor("zhang", clock(), work)
        (held,) = [one for one in reads.mine(work, zhang, now=clock()).for_me if one.kind == MANDATE]
        bonds.end(work, held.id, by=zhang, now=clock.on(minutes=1))
    with database.reading() as work:
        chen, case = cast.actor("chen", clock(), work), work.session.get(Case, case_id)
        assert not chen.grants and not access.may(chen, "see", case)
        assert case_list.mine(work, chen, now=clock()) == [] and agency.carried(work, chen, now=clock()) == []
        with pytest.raises((NotFound, NotYours)):
            case_page.page(work, case_id, actor=chen, now=clock())
        with pytest.raises((NotFound, NotYours)):
            attachments.paper(work, paper.id, actor=chen)
        # the diagram heard it: both are told, the agent for the last time
        assert (case.status, case.outcome, case.mandate_id) == ("finished", "withdrawn", None)
        told = work.session.scalars(select(Notice.user_id).where(Notice.case_id == case_id, Notice.kind == "revoked"))
        assert set(told) == {cast.users["zhang"], cast.users["chen"]}


def test_the_day_after_the_last_one_the_agent_sees_nothing_without_anything_running(database, cast, clock):
    case_id = taken_in(database, cast, clock, {**DAIBAN, "mandate_until": local_date(clock()).isoformat()})
    without_a_post(database, cast, clock)
    with database.reading() as work:
        assert access.may(cast.actor("chen", clock(), work), "see", work.session.get(Case, case_id))
    clock.on(days=1)
    with database.reading() as work:
        assert not access.may(cast.actor("chen", clock(), work), "see", work.session.get(Case, case_id))


def test_the_agent_answers_a_correction_where_the_mandate_says_so_and_both_are_named(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    to_correct(database, cast, clock, case_id)
    answer = {"applicant": DAIBAN["applicant"], "correction_note": "已重新拍摄"}
    with database.unit_of_work() as work:
        chen, task = cast.actor("chen", clock(), work), acting.task_of(work, case_id)
        (one,) = agency.carried(work, chen, now=clock())
        assert (one.next, one.mine) == ("申请人补正", True)
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "correction")).all()
        assert cast.users["chen"] in told
        cases.complete(work, task.id, answer, version=task.version, by=chen, now=clock())
    with database.reading() as work:
        event = work.session.scalars(
            select(Event).where(Event.case_id == case_id, Event.kind == "task.completed").order_by(Event.id.desc())
        ).first()
        assert (event.by_id, event.for_id) == (cast.users["chen"], cast.users["zhang"])
        zhang = cast.actor("zhang", clock(), work)
        assert [act.kind for act in reads.acts(work, zhang)].count("task.completed") == 1
        assert acting.task_of(work, case_id).element == "accept"


def test_without_that_the_correction_is_the_principals_alone(database, cast, clock):
    case_id = taken_in(database, cast, clock, NO_ANSWERS)
    to_correct(database, cast, clock, case_id)
    answer = {"applicant": DAIBAN["applicant"], "correction_note": "已重新拍摄"}
    with pytest.raises(AlreadyDone), database.unit_of_work() as work:
        chen, task = cast.actor("chen", clock(), work), acting.task_of(work, case_id)
        cases.complete(work, task.id, answer, version=task.version, by=chen, now=clock())
    with database.unit_of_work() as work:
        task = acting.task_of(work, case_id)
        cases.complete(work, task.id, answer, version=task.version, by=cast.zhang, now=clock())


def test_for_somebody_without_an_account_the_step_goes_back_when_the_mandate_ends(database, cast, clock):
    case_id = taken_in(database, cast, clock, by=cast.chen, channel="agent")
    to_correct(database, cast, clock, case_id)
    with database.unit_of_work() as work:
        held, task = in_case(work, case_id, clock), acting.task_of(work, case_id)
        assert (task.state, task.candidates) == ("open", [f"b:{held.id}", f"p:{cast.lmt.id}:window"])
        chen = cast.actor("chen", clock(), work)
        cases.claim(work, task.id, version=task.version, by=chen, now=clock())
        assert task.bond_id == held.id
    with database.unit_of_work() as work:
        bond_rows.end(work, in_case(work, case_id, clock), "counter", by=cast.zhou, now=clock())
    with database.unit_of_work() as work:
        task, chen = acting.task_of(work, case_id), cast.actor("chen", clock(), work)
        assert (task.state, task.assignee_id, task.bond_id) == ("open", None, None)
        with pytest.raises(NotYours):
            cases.claim(work, task.id, version=task.version, by=chen, now=clock())
        cases.claim(work, task.id, version=task.version, by=cast.zhou, now=clock())


def test_a_claim_by_a_mandate_that_ran_out_is_free_for_the_counter(database, cast, clock):
    raw = {**DAIBAN, "mandate_until": local_date(clock()).isoformat()}
    case_id = taken_in(database, cast, clock, raw, by=cast.chen, channel="agent")
    to_correct(database, cast, clock, case_id)
    with database.unit_of_work() as work:
        task, chen = acting.task_of(work, case_id), cast.actor("chen", clock(), work)
        cases.claim(work, task.id, version=task.version, by=chen, now=clock())
    clock.on(days=1)
    with database.unit_of_work() as work:
        task, chen = acting.task_of(work, case_id), cast.actor("chen", clock(), work)
        assert not access.may(chen, "work", task, case=work.session.get(Case, case_id))
        cases.claim(work, task.id, version=task.version, by=cast.actor("zhou", clock(), work), now=clock())


def test_who_must_keep_away_is_agent_no_longer_and_hears_nothing_more(database, cast, clock):
    case_id = acting.submit(database, cast.chen, clock(), DAIBAN, channel="agent", applicant_id=cast.users["zhang"])
    with database.reading() as work:
        assert in_case(work, case_id, clock).holder_id == cast.users["chen"]
    acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, {"agent_conflict": True}, cast.chen, clock())
    with database.reading() as work:
        assert in_case(work, case_id, clock) is None
        assert work.session.scalars(select(Bond.ended_how)).all() == ["holder"]
    acting.claim(database, case_id, cast.lin, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.lin, clock())
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("running", "")  # the resident loses nothing
        assert in_case(work, case_id, clock).holder_id == cast.users["lin"]
        assert agents_ever(work, case) == {cast.users["chen"], cast.users["lin"]}


def test_it_ends_with_the_case(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    with database.unit_of_work() as work:
        cases.withdraw(work, case_id, "不办了", by=cast.zhang, now=clock())
    with database.reading() as work:
        assert work.session.scalars(select(Bond.ended_how).where(Bond.case_id == case_id)).all() == ["case"]
        assert work.session.get(Case, case_id).mandate_id is None
        assert not cast.actor("chen", clock(), work).grants


def test_an_unsigned_mandate_is_none(database, cast, clock):
    unsigned = {key: value for key, value in DAIBAN.items() if key != "mandate_signature"}
    case_id = acting.submit(database, cast.chen, clock(), unsigned, channel="agent", applicant_id=cast.users["zhang"])
    with database.reading() as work:
        assert work.session.scalars(select(Bond)).all() == []
        assert work.session.get(Case, case_id).flags == ["代办", "老年"]


def test_a_last_day_that_is_over_is_refused_at_its_field(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock(), DAIBAN)
    with database.unit_of_work() as work:
        asked = bond_rows.Asked(
            MANDATE,
            HALL[MANDATE],
            Person("张三丰", user_id=cast.users["zhang"]),
            Person("陈小云", user_id=cast.users["chen"]),
            "case",
            local_date(clock()) - timedelta(days=1),
            scope=f"case:{case_id}",
        )
        with pytest.raises(Invalid) as refused:
            bond_rows.make(work, asked, by=cast.chen, now=clock())
        assert [one.field for one in refused.value.fields] == ["until"]


def test_an_agent_who_goes_is_agent_no_longer_and_the_applicant_is_told_the_case_goes_on(database, cast, clock):
    case_id = taken_in(database, cast, clock)
    with database.reading() as work:
        found = handover.plan(work, cast.users["chen"], cast.users["sun"], by=SYSTEM, now=clock())
        number = work.session.get(Case, case_id).number
    assert found.mandates == (number,)
    with database.unit_of_work() as work:
        handover.hand_over(
            work, cast.users["chen"], cast.users["sun"], "离职", expect=found.token, by=SYSTEM, now=clock()
        )
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (in_case(work, case_id, clock), case.mandate_id, case.status) == (None, None, "running")
        told = work.session.scalars(select(Notice.text).where(Notice.user_id == cast.users["zhang"])).all()
        assert any("离开岗位了" in text and number in text for text in told)
