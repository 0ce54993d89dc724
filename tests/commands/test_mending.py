"""A wrong paper is voided and issued again; an applicant's name or number is corrected, with reason, record and new
papers."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid, NotNow, NotYours
from engine.reads import attachments, case_page
from engine.records import audit
from engine.store.models import Case, Document, RegisterEntry
from tests.commands import acting

NEW_ID = "350526195003071247"


def papers_of(database, case_id, kind):
    with database.reading() as work:
        return list(
            work.session.scalars(
                select(Document).where(Document.case_id == case_id, Document.kind == kind).order_by(Document.id)
            )
        )


def test_a_paper_issued_again_has_a_new_number_and_says_what_it_replaces_and_why(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    (old,) = papers_of(database, case_id, "acceptance")
    with database.unit_of_work() as work:
        made = cases.reissue_paper(work, old.id, "承诺期限印错", by=cast.zhao, now=clock.on(days=1))
        assert made.number == "德医保受〔2026〕2号"
    before, after = papers_of(database, case_id, "acceptance")
    assert (before.state, before.void_reason, before.number) == ("void", "承诺期限印错", "德医保受〔2026〕1号")
    assert after.facts["paper"]["note"] == "本件替代德医保受〔2026〕1号，原件作废。原因：承诺期限印错"
    assert after.facts["issued_on"] == "2026-09-19" and after.facts["applicant"] == before.facts["applicant"]
    with database.reading() as work:
        told = attachments.verify(work, before.check_code)
        assert (told.state, told.reason, told.by_number) == ("void", "承诺期限印错", after.number)
        lines = [e.kind for e in audit.history(work, case_id)][-2:]
        assert lines == ["document.voided", "document.issued"]
        assert audit.verify(work).faults == ()


def test_a_void_paper_is_not_issued_again_from_the_void_one(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    (old,) = papers_of(database, case_id, "acceptance")
    with database.unit_of_work() as work:
        cases.void_paper(work, old.id, "发错了人", by=cast.zhao, now=clock())
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.reissue_paper(work, old.id, "再来一份", by=cast.zhao, now=clock())


def test_only_a_supervisor_of_the_case_voids_and_never_without_a_reason(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    (paper,) = papers_of(database, case_id, "acceptance")
    for other in (cast.wang, cast.chen, cast.zhang, cast.sun):
        with pytest.raises(NotYours), database.unit_of_work() as work:
            cases.void_paper(work, paper.id, "理由", by=other, now=clock())
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.void_paper(work, paper.id, "  ", by=cast.zhao, now=clock())
    assert [p.state for p in papers_of(database, case_id, "acceptance")] == ["pending"]


def test_a_paper_is_voided_by_the_heads_of_who_signed_it_and_by_no_other_head_of_the_case(database, cast, clock):
    """The 医保局 accepts; 苏洋村 says that it took the papers in."""
    case_id = acting.accepted(database, cast, clock)
    (accepted,) = papers_of(database, case_id, "acceptance")
    (taken_in,) = papers_of(database, case_id, "proxy_acceptance")
    assert (accepted.unit_id, taken_in.unit_id) == (cast.yb.id, cast.suyang.id)
    for paper, may_not in ((accepted, cast.qian), (taken_in, cast.zhao)):
        for act in (cases.void_paper, cases.reissue_paper):
            with pytest.raises(NotYours), database.unit_of_work() as work:
                act(work, paper.id, "我说了算", by=may_not, now=clock())
    with database.unit_of_work() as work:
        cases.void_paper(work, taken_in.id, "收错了材料", by=cast.qian, now=clock())
        cases.reissue_paper(work, accepted.id, "日期印错", by=cast.wu, now=clock())
    again = papers_of(database, case_id, "acceptance")[-1]
    assert again.unit_id == cast.yb.id
    with database.unit_of_work() as work:
        cases.void_paper(work, again.id, "又印错", by=cast.zhao, now=clock())


def test_an_old_paper_of_whom_nobody_knows_who_signed_it_is_its_office_s(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    (paper,) = papers_of(database, case_id, "proxy_acceptance")
    with database.unit_of_work() as work:
        work.session.get(Document, paper.id).unit_id = None
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.void_paper(work, paper.id, "印错", by=cast.qian, now=clock())
    with database.unit_of_work() as work:
        cases.void_paper(work, paper.id, "印错", by=cast.zhao, now=clock())


def test_a_head_of_where_the_person_lives_corrects_stops_and_keeps_back_nothing_of_the_office_s(database, cast, clock):
    case_id, until = acting.accepted(database, cast, clock), date(2027, 9, 18)
    for act in (
        lambda work, by: cases.correct_applicant(work, case_id, {"name": "张三峰"}, "音同字不同", by=by, now=clock()),
        lambda work, by: cases.suspend(work, case_id, "appraisal", "10wd", by=by, now=clock()),
        lambda work, by: cases.hold(work, case_id, "行政诉讼要用", until, by=by, now=clock()),
        lambda work, by: cases.let_go(work, case_id, by=by, now=clock()),
        lambda work, by: cases.resume(work, case_id, by=by, now=clock()),
    ):
        with pytest.raises(NotYours), database.unit_of_work() as work:
            act(work, cast.qian)


def test_a_corrected_number_is_in_the_case_its_answers_its_next_steps_and_its_papers(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        done = cases.correct_applicant(
            work, case_id, {"id_number": NEW_ID}, "户口簿核对，原来抄错两位", by=cast.zhao, now=clock()
        )
        assert ("paper", "受理通知书") in {(c.what, c.name) for c in done.changes}
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.applicant_id_number == NEW_ID and case.answers["applicant"]["id_number"] == NEW_ID
        kept = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "信息更正")).one()
        assert kept.facts["reason"] == "户口簿核对，原来抄错两位" and kept.facts["fields"] == ["id_number"]
        assert "更正申请人信息" in [
            line.zh for line in case_page.page(work, case_id, actor=cast.zhao, now=clock()).record
        ]
    for kind in ("receipt", "acceptance", "proxy_acceptance"):
        before, after = papers_of(database, case_id, kind)
        assert (before.state, after.state) == ("void", "pending")
        assert after.facts["applicant"]["id_number"] == NEW_ID
    (signed,) = papers_of(database, case_id, "authority")  # it was signed by hand as it is
    assert signed.state == "pending" and signed.facts["principal"]["id_number"] != NEW_ID
    acting.claim(database, case_id, cast.wang, clock())
    acting.complete(database, case_id, acting.REGISTER, cast.wang, clock())
    with database.reading() as work:
        assert work.session.get(Case, case_id).answers["applicant"]["id_number"] == NEW_ID
    (closing,) = papers_of(database, case_id, "closing")
    assert closing.facts["applicant"]["id_number"] == NEW_ID


def test_a_name_is_corrected_after_the_end_too_and_is_found_by_its_new_writing(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    with database.unit_of_work() as work:
        cases.correct_applicant(work, case_id, {"name": "张三峰"}, "音同字不同", by=cast.zhao, now=clock())
    with database.reading() as work:
        from engine.store import keys

        case = work.session.get(Case, case_id)
        assert (case.applicant_name, case.name_index) == ("张三峰", keys.blind("name", "张三峰"))
    assert papers_of(database, case_id, "closing")[-1].facts["applicant"]["name"] == "张三峰"


def test_a_number_that_is_none_is_refused_by_its_field_and_nothing_moves(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        cases.correct_applicant(work, case_id, {"id_number": "350526195003071238"}, "抄错", by=cast.zhao, now=clock())
    assert set(refused.value.by_field()) == {"id_number"}
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.correct_applicant(work, case_id, {"name": "张三丰"}, "没有变", by=cast.zhao, now=clock())
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.correct_applicant(work, case_id, {"name": "张三"}, "我改的", by=cast.wang, now=clock())
    assert len(papers_of(database, case_id, "acceptance")) == 1
