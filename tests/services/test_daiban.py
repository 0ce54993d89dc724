"""全程代办: the authority is signed and bound, both are told, and the principal takes it back at any time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotNow, NotYours
from engine.forms import signing
from engine.reads import case_page
from engine.store.models import Case, Document, Notice, Task
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
        assert (case.agent_id, case.flags) == (hired.users["chen"], ["老年", "代办"])
    ink = answers["mandate_signature"]
    assert signing.fits(ink, answers)
    assert not signing.fits(ink, {**answers, "mandate_until": "2027-09-18"})


def test_both_are_told_that_it_was_accepted(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    with sqlite.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.case_id == case_id, Notice.kind == "accepted")).all()
        assert {n.user_id for n in told} == {hired.users["zhang"], hired.users["chen"]}
        assert all("授权委托书和代办受理单，委托人和代办员各一份" in n.text for n in told)


def test_only_the_principal_revokes_and_then_the_agent_has_nothing_left_to_do(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    for other in (hired.chen, hired.xu, hired.wu):
        with pytest.raises(NotYours), sqlite.unit_of_work() as work:
            cases.revoke_authority(work, case_id, by=other, now=clock())
    with sqlite.unit_of_work() as work:
        assert "revoke" in case_page.page(work, case_id, actor=hired.zhang, now=clock()).can
        assert "revoke" not in case_page.page(work, case_id, actor=hired.chen, now=clock()).can
        cases.revoke_authority(work, case_id, by=hired.zhang, now=clock())
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "withdrawn")
        assert work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all() == []
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "revoked")).all()
        assert set(told) == {hired.users["zhang"], hired.users["chen"]}
    with pytest.raises(NotNow), sqlite.unit_of_work() as work:
        cases.revoke_authority(work, case_id, by=hired.zhang, now=clock())


def test_an_agent_never_rates_the_own_work(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    acting.claim(sqlite, case_id, hired.wang, clock())
    acting.complete(sqlite, case_id, acting.REGISTER, hired.wang, clock())
    acting.claim(sqlite, case_id, hired.chen, clock())
    acting.complete(sqlite, case_id, acting.HAND_OVER, hired.chen, clock())
    with pytest.raises(NotYours), sqlite.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=hired.chen, now=clock())
    with sqlite.unit_of_work() as work:
        cases.rate(work, case_id, 5, by=hired.zhang, now=clock())


def test_an_unsigned_application_waits_for_a_signature_before_it_is_looked_at(sqlite, clock, hired):
    unsigned = {k: v for k, v in DAIBAN.items() if k != "mandate_signature"}
    case_id = acting.submit(sqlite, hired.chen, clock(), unsigned, channel="agent", applicant_id=hired.users["zhang"])
    assert acting.now_open(sqlite, case_id).element == "sign"
