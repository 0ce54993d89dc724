"""收件凭证 when a matter takes in, 送达回证 when it hands over."""

import pytest
from sqlalchemy import select

from engine.errors import Invalid
from engine.records import papers
from engine.records.papers.workers import make
from engine.store.models import Document
from tests.commands import acting
from tests.papers.made import flat, text


def _paper(database, case_id, kind):
    with database.reading() as work:
        return work.session.scalar(select(Document).where(Document.case_id == case_id, Document.kind == kind))


def _read(row, folder):
    made = make(papers.Job(row.template.removeprefix("shared:"), row.facts, seal=None))
    return flat(text(made.pdf, folder))


def _to_the_hand_over(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.complete(database, case_id, acting.REGISTER, cast.wang, clock.on(days=3))
    return case_id


def test_a_receipt_lists_what_was_handed_in_and_accounts_for_the_deadline(database, cast, clock, tmp_path):
    # Nobody has signed yet: the agent lets it be signed at the door (RULES D11).
    on_paper = {k: v for k, v in acting.DAIBAN.items() if k != "mandate_signature"}
    case_id = acting.submit(database, cast.chen, clock(), on_paper, channel="agent")
    row = _paper(database, case_id, "receipt")
    assert row is not None and row.public and row.number is None
    read = _read(row, tmp_path)
    for words in (
        "收件凭证",
        "张三丰",
        "原件份数与复印件份数分别登记",
        "期限逐日计算",
        "9月20日第1日",
        "9月24日第5日",
        "2026年9月24日前",
        "2026年10月9日",
    ):
        assert words in read, words
    assert "350526195003071239" not in read
    assert "授权委托书1份" not in read


def test_an_application_sent_twice_has_one_receipt(database, cast, clock):
    for _ in range(2):
        case_id = acting.submit(database, cast.zhang, clock(), key="k")
    with database.reading() as work:
        rows = work.session.scalars(select(Document.kind).where(Document.case_id == case_id)).all()
    assert rows == ["receipt"]


def test_what_is_handed_over_is_written_down_with_its_day(database, cast, clock, tmp_path):
    case_id = _to_the_hand_over(database, cast, clock)
    acting.complete(database, case_id, acting.HAND_OVER, cast.chen, clock.on(hours=2))
    row = _paper(database, case_id, "service_receipt")
    facts = row.facts
    assert [one["title"] for one in facts["documents"]] == ["办结通知单"]
    assert facts["way"] == "上门" and facts["server"]["name"] == "陈小云" and "proxy" not in facts
    assert facts["received_at"].startswith("2026-09-21T")
    assert not row.public  # the office's own file
    read = _read(row, tmp_path)
    assert "√上门" in read and "2026年9月21日" in read


def test_a_grown_up_of_the_household_signs_for_the_applicant_by_name_and_relation(database, cast, clock):
    case_id = _to_the_hand_over(database, cast, clock)
    answers = {"handover": {**acting.HAND_OVER["handover"], "received_by": "张小明", "relation": "同住成年家属"}}
    acting.complete(database, case_id, answers, cast.chen, clock())
    assert _paper(database, case_id, "service_receipt").facts["proxy"]["name"] == "张小明"


def test_who_refuses_a_paper_is_served_before_a_witness_or_not_at_all(database, cast, clock, tmp_path):
    case_id = _to_the_hand_over(database, cast, clock)
    left = {"way": "left"}
    with pytest.raises(Invalid) as refused:
        acting.complete(database, case_id, {"handover": left}, cast.chen, clock())
    assert set(refused.value.by_field()) == {"handover.refused", "handover.witness"}
    # each alone is not enough: a reason before nobody, or a witness of nothing (D4)
    for given, lacks in (("refused", "witness"), ("witness", "refused")):
        with pytest.raises(Invalid) as refused:
            half = {"handover": {**left, given: "说不需要"}}
            acting.complete(database, case_id, half, cast.chen, clock())
        assert set(refused.value.by_field()) == {f"handover.{lacks}"}
    answers = {"handover": {**left, "refused": "说不需要", "witness": "林建成（村委会主任）"}}
    acting.complete(database, case_id, answers, cast.chen, clock())
    read = _read(_paper(database, case_id, "service_receipt"), tmp_path)
    for words in ("√留置", "拒绝签收", "说不需要", "林建成（村委会主任）"):
        assert words in read, words


def test_electronic_service_says_that_it_was_agreed_to(database, cast, clock, tmp_path):
    case_id = _to_the_hand_over(database, cast, clock)
    answers = {"handover": {**acting.HAND_OVER["handover"], "way": "electronic"}}
    acting.complete(database, case_id, answers, cast.chen, clock())
    assert "同意电子送达" in _read(_paper(database, case_id, "service_receipt"), tmp_path)
