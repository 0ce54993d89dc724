"""全程代办: the authority is signed and bound, both are told, and the principal takes it back at any time."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.forms import signing
from engine.people import bonds
from engine.reads import case_page, inbox
from engine.store.models import Case, Document, Holding, Notice, Post, RegisterEntry, Task, Timer
from engine.workdays import local_date
from tests.cast import DAIBAN
from tests.commands import acting


def test_the_authority_names_the_agent_the_scope_and_the_term_and_carries_the_bound_signature(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    with sqlite.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "authority")).one()
        case = work.session.get(Case, case_id)
        answers = dict(case.answers)
        assert paper.facts["principal"]["name"] == "张三丰" and paper.facts["agent"]["name"] == "陈小云"
        assert paper.facts["scope"] == ["提交申请表和材料", "按告知补正材料", "领取并转交办理结果"]
        assert paper.facts["until_on"] == "2027-09-17" and paper.facts["data_sha256"]
        agent = bonds.mandate(work, case, local_date(clock()))
        assert (agent.holder_id, agent.lets, agent.until_on) == (
            hired.users["chen"],
            ["see", "apply"],
            date(2027, 9, 17),
        )
        assert case.flags == ["老年", "代办"]
    ink = answers["mandate_signature"]
    assert signing.fits(ink, answers)
    assert not signing.fits(ink, {**answers, "mandate_until": "2027-09-18"})


def test_both_are_told_that_it_was_accepted(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    with sqlite.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.case_id == case_id, Notice.kind == "accepted")).all()
        assert {n.user_id for n in told} == {hired.users["zhang"], hired.users["chen"]}
        assert all("授权委托书和代办收件单，委托人和代办员各一份" in n.text for n in told)


def test_only_the_principal_revokes_and_then_the_agent_has_nothing_left_to_do(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    for other, refusal in ((hired.chen, NotYours), (hired.wu, NotYours), (hired.xu, NotFound)):  # xu sees no such case
        with pytest.raises(refusal), sqlite.unit_of_work() as work:
            cases.tell(work, case_id, "revoke", sure=True, by=other, now=clock())
    with sqlite.unit_of_work() as work:
        assert "revoke" in case_page.page(work, case_id, actor=hired.zhang, now=clock()).can
        assert "revoke" not in case_page.page(work, case_id, actor=hired.chen, now=clock()).can
        cases.tell(work, case_id, "revoke", sure=True, by=hired.zhang, now=clock())
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "withdrawn")
        assert work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all() == []
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "revoked")).all()
        assert set(told) == {hired.users["zhang"], hired.users["chen"]}
    with pytest.raises(NotNow), sqlite.unit_of_work() as work:
        cases.tell(work, case_id, "revoke", sure=True, by=hired.zhang, now=clock())


def test_an_agent_never_rates_the_own_work(sqlite, clock, hired):
    case_id = acting.finished(sqlite, hired, clock)
    with pytest.raises(NotYours), sqlite.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=hired.chen, now=clock())
    with sqlite.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=hired.zhang, now=clock())


def test_an_unsigned_application_waits_for_a_signature_before_it_is_looked_at(sqlite, clock, hired):
    unsigned = {k: v for k, v in DAIBAN.items() if k != "mandate_signature"}
    case_id = acting.submit(sqlite, hired.chen, clock(), unsigned, channel="agent", applicant_id=hired.users["zhang"])
    assert acting.now_open(sqlite, case_id).element == "sign"
    with sqlite.reading() as work:  # and no paper says that it was received
        receipts = work.session.scalars(select(Document).where(Document.case_id == case_id)).all()
        assert receipts and not any("授权委托书" in str(paper.facts.get("materials")) for paper in receipts)


def test_each_adult_of_the_family_and_each_childs_guardian_stands_on_the_authority(sqlite, clock, hired):
    ink = DAIBAN["mandate_signature"]
    persons = [
        {"name": "张大妈", "id_number": "350526199203071223", "relation": "配偶", "signature": ink},
        {
            "name": "张一诺",
            "id_number": "350526201703150016",
            "relation": "孙子女、外孙子女",
            "guardian": "other",
            "guardian_consents": True,
            "guardian_name": "张小军",
            "guardian_signature": ink,
        },
    ]
    case_id = acting.submit(sqlite, hired.zhang, clock(), {**DAIBAN, "for_whom": "family", "persons": persons})
    acting.claim(sqlite, case_id, hired.chen, clock())
    acting.complete(sqlite, case_id, acting.TAKE_IN, hired.chen, clock())
    with sqlite.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "authority")).one()
        assert [(one["name"], one.get("guardian")) for one in paper.facts["others"]] == [
            ("张大妈", None),
            ("张一诺", "张小军"),
        ]
        assert all(one["signature"]["path"] == ink for one in paper.facts["others"])
    with pytest.raises(Invalid) as refused:
        consents = {**persons[1], "guardian_consents": False}
        acting.submit(sqlite, hired.zhang, clock(), {**DAIBAN, "for_whom": "family", "persons": [consents]})
    assert [one.field for one in refused.value.fields] == ["persons.0.guardian_consents"]


def test_every_case_is_visited_by_somebody_else_than_the_agent_and_no_clock_runs_meanwhile(database, cast, clock):
    case_id = acting.delivered(database, cast, clock)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome, case.promised_due) == ("running", "approve", None)
        assert case.stopped_at is not None
    clock.on(days=3)
    with database.unit_of_work() as work:
        cases.fire(work, work.session.scalars(select(Timer).where(Timer.case_id == case_id)).one(), now=clock())
    with database.unit_of_work() as work:
        task = acting.task_of(work, case_id)
        assert task.element == "visit" and task.candidates == [f"p:{cast.lmt.id}:window"]
        # the agent gets a post at the town's window, too: their own case is still not theirs to visit
        post = work.session.scalars(select(Post).where(Post.code == "window")).one()
        work.session.add(Holding(user_id=cast.users["chen"], unit_id=cast.lmt.id, post_id=post.id))
    with database.unit_of_work() as work:
        agent = cast.actor("chen", clock(), work)
        task = acting.task_of(work, case_id)
        assert [r.case_id for r in inbox.tasks_for(work, agent, now=clock(), box="open").rows] == []
        with pytest.raises(NotYours):
            cases.claim(work, task.id, version=task.version, by=agent, now=clock())
        with pytest.raises(NotYours):
            cases.complete(work, task.id, acting.VISIT, version=task.version, by=agent, now=clock())
        other = cast.actor("zhou", clock(), work)
        cases.claim(work, task.id, version=task.version, by=other, now=clock())
        with pytest.raises(NotYours):
            cases.transfer(work, task.id, agent.id, "他熟悉", version=task.version, by=other, now=clock())
        cases.complete(work, task.id, acting.VISIT, version=task.version, by=other, now=clock())
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.status == "finished" and case.stopped_at < case.finished_at
        registers = work.session.scalars(
            select(RegisterEntry.register).where(RegisterEntry.case_id == case_id).order_by(RegisterEntry.id)
        ).all()
        assert registers == ["归档目录", "daiban.agency", "daiban.calls"]
        lines = [line.zh for line in case_page.page(work, case_id, actor=cast.zhou, now=clock()).record]
        assert "记入台账“归档目录”" in lines and "记入台账“代办台账”" in lines
        filed = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "归档目录")).one().facts
        assert [p["title"] for p in filed["papers"]] == [
            "收件凭证",
            "授权委托书",
            "代办收件单",
            "受理通知书",
            "办结通知单",
            "送达回证",
        ]
