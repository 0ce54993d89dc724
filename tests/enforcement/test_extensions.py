"""An extension is approved by whom the law names (RULES T5); a pause needs a lawful cause (RULES T6)."""

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid, NotNow, NotYours, Refused
from engine.people import units
from engine.reads import limits
from engine.records import audit
from engine.store.models import Case, Document, Notice
from tests.enforcement import hall as halls
from tests.enforcement.hall import at


@pytest.fixture
def database(sqlite):
    """The kind of database does not matter here."""
    return sqlite


NOW = at("2026-09-28 10:00")
IN_TIME = at("2026-09-22 10:00")
REASON = "需进一步核实"


def make(database, regime="{regime: permit, promised: 10wd}"):
    with database.unit_of_work() as work:
        hall = halls.build(work, regime=regime)
        return hall, halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00")


def test_the_head_of_the_office_extends_once_and_the_due_day_moves(database):
    hall, one = make(database)
    with database.unit_of_work() as work:
        cases.extend(work, one, REASON, by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.promised_due, case.statutory_due) == (at("2026-10-22 17:30"), at("2026-11-06 00:00"))
        assert case.next_alert_at == at("2026-10-21 00:00")
        assert [e.facts["clock"] for e in audit.history(work, one) if e.kind == "case.clock"] == ["extended"]
    with database.reading() as work:
        paper = work.session.scalar(select(Document))
        assert (paper.kind, paper.facts["old_due_on"], paper.facts["new_due_on"]) == (
            "extension",
            "2026-10-22",
            "2026-11-05",
        )
        assert any(REASON in n.text and n.user_id == hall.resident for n in work.session.scalars(select(Notice)))
    with database.unit_of_work() as work, pytest.raises(NotNow, match="allows 1"):
        cases.extend(work, one, REASON, by=halls.actor(work, hall.head, NOW), now=NOW)


def test_a_clerk_does_not_extend(database):
    hall, one = make(database)
    with database.unit_of_work() as work, pytest.raises(NotYours):
        cases.extend(work, one, REASON, by=halls.actor(work, hall.chen, NOW), now=NOW)


def test_joint_handling_is_extended_by_the_county_only(database):
    hall, one = make(database, "{regime: permit_joint}")
    with database.unit_of_work() as work, pytest.raises(NotYours):
        cases.extend(work, one, REASON, by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.unit_of_work() as work:
        cases.extend(work, one, REASON, by=halls.actor(work, hall.mayor, NOW), now=NOW)
    with database.reading() as work:
        assert work.session.get(Case, one).statutory_due == at("2026-12-18 00:00")


def test_more_time_for_an_order_is_given_by_who_sent_it_out_and_not_by_who_handles_it(database):
    hall, one = make(database, "{regime: dispatched_order, promised: 5wd}")
    with database.unit_of_work() as work:  # the county sent it out, the office handles it
        case = work.session.get(Case, one)
        case.unit_id = units.tree(work).county.id
    with database.unit_of_work() as work:
        head = halls.actor(work, hall.head, IN_TIME)
        asked = cases.ask_extension(work, one, REASON, by=head, now=IN_TIME)
        assert not limits.options(work, one, actor=head, now=IN_TIME).extend
        assert limits.waiting(work, actor=head) == ()
        with pytest.raises(NotYours, match="dispatched"):
            cases.approve_extension(work, asked.id, by=head, now=IN_TIME)
    with database.unit_of_work() as work:
        mayor = halls.actor(work, hall.mayor, IN_TIME)
        assert [row.number for row in limits.waiting(work, actor=mayor)] != []
        cases.approve_extension(work, asked.id, by=mayor, now=IN_TIME)


def test_a_suspended_case_alerts_nobody_and_its_due_day_moves_when_it_is_resumed(database):
    hall, one = make(database)
    with database.unit_of_work() as work:
        head = halls.actor(work, hall.head, NOW)
        cases.suspend(work, one, "appraisal", "10wd", "德特〔2026〕1号", by=head, now=at("2026-09-22 09:00"))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.colour, case.next_alert_at, case.status) == ("paused", None, "suspended")
    with database.unit_of_work() as work:
        cases.resume(work, one, by=halls.actor(work, hall.head, NOW), now=at("2026-09-30 09:00"))
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.promised_due, case.paused_at) == (at("2026-10-15 17:30"), None)  # RULES T7


@pytest.mark.parametrize(
    ("due", "after"), [("2026-09-24 17:30", "2026-10-08 17:30"), ("2026-09-23 12:00", "2026-09-23 12:00")]
)
def test_a_step_s_limit_waits_through_the_pause_and_one_set_by_hand_does_not(database, due, after):
    with database.unit_of_work() as work:
        hall = halls.build(work, regime="{regime: permit, promised: 10wd, steps: {review: 5wd}}")
        one = halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", due=at(due))
    with database.unit_of_work() as work:
        head = halls.actor(work, hall.head, NOW)
        cases.suspend(work, one, "testing", "10wd", "1号", by=head, now=at("2026-09-22 09:00"))
    with database.unit_of_work() as work:
        cases.resume(work, one, by=halls.actor(work, hall.head, NOW), now=at("2026-09-29 09:00"))
    with database.reading() as work:
        assert work.session.get(Case, one).step_due == at(after)


def test_without_a_notice_s_number_the_notice_is_issued_and_the_applicant_is_told(database):
    hall, one = make(database)
    with database.unit_of_work() as work:
        cases.suspend(work, one, "appraisal", "10wd", by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.reading() as work:
        paper = work.session.scalar(select(Document))
        assert (paper.kind, paper.facts["procedure"], paper.facts["takes"]) == ("suspension", "鉴定", "10 个工作日")
        assert work.session.get(Case, one).ledger[-1]["notice"] == paper.number
        assert any("鉴定" in n.text and n.user_id == hall.resident for n in work.session.scalars(select(Notice)))


def test_without_the_time_needed_no_number_is_used_up(database):
    hall, one = make(database)
    with pytest.raises(Invalid), database.unit_of_work() as work:
        cases.suspend(work, one, "appraisal", "", by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.reading() as work:
        assert work.session.scalar(select(Document.id)) is None


def test_an_unlawful_cause_is_refused_and_nothing_is_stored(database):
    hall, one = make(database)
    with pytest.raises(Refused) as caught, database.unit_of_work() as work:
        cases.suspend(work, one, "site_visit", "3wd", "1号", by=halls.actor(work, hall.head, NOW), now=NOW)
    assert "行政许可法 第45条" in caught.value.zh
    with database.reading() as work:
        assert work.session.get(Case, one).status == "running"
