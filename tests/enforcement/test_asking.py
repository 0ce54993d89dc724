"""申请延期: a clerk asks, the head approves or says why not. 2026-09-18 is a Friday; +10 working days is 10-09."""

import threading

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours, Refused
from engine.reads import limits
from engine.records import audit
from engine.store.models import Case, Document, ExtensionRequest, Notice
from tests.enforcement import hall as halls
from tests.enforcement.hall import at

NOW = at("2026-09-28 10:00")
REASON = "需进一步核实"


def make(database, regime="{regime: permit, promised: 10wd}"):
    with database.unit_of_work() as work:
        hall = halls.build(work, regime=regime)
        one = halls.case(work, hall, received="2026-09-18 09:00", accepted="2026-09-18 10:00", assignee=hall.chen)
        return hall, one


def ask(database, hall, one, who=None, reason=REASON, now=NOW):
    with database.unit_of_work() as work:
        by = halls.actor(work, who or hall.chen, now)
        return cases.ask_extension(work, one, reason, by=by, now=now).id


def told(work, kind):
    return {n.user_id: n.text for n in work.session.scalars(select(Notice).where(Notice.kind == kind))}


def test_who_handles_the_case_asks_and_the_head_of_the_office_is_told(database):
    hall, one = make(database)
    ask(database, hall, one)
    with database.reading() as work:
        row = work.session.scalar(select(ExtensionRequest))
        assert (row.state, row.reason, row.asked_by_id, row.approver) == ("open", REASON, hall.chen, "organ_head")
        assert set(told(work, "extension-asked")) == {hall.head}
        assert work.session.get(Case, one).promised_due == at("2026-10-09 17:30")
        event = list(audit.history(work, one))[-1]
        assert (event.kind, event.by_id, event.facts["request"]) == ("extension.asked", hall.chen, row.id)
        (waiting,) = limits.waiting(work, actor=halls.actor(work, hall.head, NOW))
        assert (waiting.reason, waiting.who, waiting.mine) == (REASON, "陈审核", True)
        assert limits.waiting_count(work, actor=halls.actor(work, hall.chen, NOW)) == 0


def test_approving_extends_with_the_paper_and_everybody_is_told(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    later = at("2026-09-28 15:00")
    with database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.head, later), now=later)
    with database.reading() as work:
        case = work.session.get(Case, one)
        assert (case.promised_due, case.statutory_due) == (at("2026-10-22 17:30"), at("2026-11-06 00:00"))
        row = work.session.get(ExtensionRequest, request)
        assert (row.state, row.answered_by_id, row.answered_at) == ("approved", hall.head, later)
        paper = work.session.scalar(select(Document))
        assert (paper.kind, paper.facts["reason"]) == ("extension", REASON)
        assert REASON in told(work, "extended")[hall.resident]
        assert "10月22日" in told(work, "extension-approved")[hall.chen]
        kinds = [e.kind for e in audit.history(work, one)]
        assert kinds == ["extension.asked", "case.clock", "document.issued", "extension.approved"]
        assert limits.waiting_count(work, actor=halls.actor(work, hall.head, later)) == 0


def test_refusing_needs_a_reason_and_tells_whoever_asked(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    with pytest.raises(Invalid) as caught, database.unit_of_work() as work:
        cases.refuse_extension(work, request, " ", by=halls.actor(work, hall.head, NOW), now=NOW)
    assert [f.field for f in caught.value.fields] == ["answer"]
    with database.unit_of_work() as work:
        cases.refuse_extension(work, request, "抓紧办", by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.reading() as work:
        row = work.session.get(ExtensionRequest, request)
        assert (row.state, row.answer) == ("refused", "抓紧办")
        assert "抓紧办" in told(work, "extension-refused")[hall.chen]
        assert work.session.get(Case, one).promised_due == at("2026-10-09 17:30")
        assert list(audit.history(work, one))[-1].kind == "extension.refused"
    ask(database, hall, one, reason="又有新情况")  # what was refused may be asked again, with another reason


def test_a_stranger_to_the_case_does_not_ask_and_a_clerk_does_not_answer(database):
    hall, one = make(database)
    with pytest.raises(NotYours):
        ask(database, hall, one, who=hall.lin)
    request = ask(database, hall, one)
    for verb in (cases.approve_extension, lambda *a, **k: cases.refuse_extension(*a, "不", **k)):
        with pytest.raises(NotYours), database.unit_of_work() as work:
            verb(work, request, by=halls.actor(work, hall.chen, NOW), now=NOW)
    with pytest.raises(NotFound), database.unit_of_work() as work:
        cases.approve_extension(work, 4711, by=halls.actor(work, hall.head, NOW), now=NOW)


def test_joint_handling_is_asked_of_the_county_and_answered_there_only(database):
    hall, one = make(database, "{regime: permit_joint}")
    request = ask(database, hall, one)
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.head, NOW), now=NOW)
    with database.reading() as work:
        assert set(told(work, "extension-asked")) == {hall.mayor}
        assert limits.waiting_count(work, actor=halls.actor(work, hall.head, NOW)) == 0
        assert limits.waiting_count(work, actor=halls.actor(work, hall.mayor, NOW)) == 1
    with database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.mayor, NOW), now=NOW)


def test_one_request_at_a_time(database):
    hall, one = make(database)
    ask(database, hall, one)
    with pytest.raises(NotNow) as caught:
        ask(database, hall, one)
    assert "陈*核已于 9月28日 10:00 申请延期" in caught.value.zh


def test_the_second_to_answer_is_told_who_did(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    with database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.head, NOW), now=NOW)
    for verb in (cases.approve_extension, lambda *a, **k: cases.refuse_extension(*a, "不", **k)):
        with pytest.raises(AlreadyDone) as caught, database.unit_of_work() as work:
            verb(work, request, by=halls.actor(work, hall.mayor, NOW), now=NOW)
        assert caught.value.facts["who"] == "黄*长"


def test_what_the_law_does_not_allow_is_not_asked_for(database):
    hall, one = make(database)
    with pytest.raises(NotNow, match="ended"):
        ask(database, hall, one, now=at("2026-10-30 10:00"))  # past the statutory day
    with database.unit_of_work() as work:
        cases.extend(work, one, REASON, by=halls.actor(work, hall.head, NOW), now=NOW)
    with pytest.raises(NotNow, match="allows 1"):
        ask(database, hall, one)


@pytest.mark.parametrize(
    ("regime", "words"), [("{regime: insurance_registration}", "不能延长"), ("{regime: mediation}", "双方当事人同意")]
)
def test_a_matter_without_extensions_by_an_office_says_so(database, regime, words):
    hall, one = make(database, regime)
    with pytest.raises(Refused) as caught:
        ask(database, hall, one)
    assert words in caught.value.zh
    with pytest.raises(Refused), database.unit_of_work() as work:
        cases.extend(work, one, REASON, by=halls.actor(work, hall.mayor, NOW), now=NOW)


def test_a_suspended_case_waits_and_is_not_extended(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    with database.unit_of_work() as work:
        cases.suspend(work, one, "testing", "5wd", by=halls.actor(work, hall.head, NOW), now=NOW)
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.head, NOW), now=NOW)


@pytest.mark.both
def test_of_two_who_ask_at_once_one_request_stands(database):
    hall, one = make(database)
    gate, outcomes = threading.Barrier(2), []

    def go():
        gate.wait()
        try:
            outcomes.append(ask(database, hall, one) and "asked")
        except NotNow:
            outcomes.append("told")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "told"]
    with database.reading() as work:
        assert len(list(work.session.scalars(select(ExtensionRequest)))) == 1


@pytest.mark.both
def test_of_two_who_answer_at_once_one_answer_stands(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    gate, outcomes = threading.Barrier(2), []

    def go(verb):
        gate.wait()
        try:
            with database.unit_of_work() as work:
                by = halls.actor(work, hall.head, NOW)
                if verb == "approve":
                    cases.approve_extension(work, request, by=by, now=NOW)
                else:
                    cases.refuse_extension(work, request, "抓紧办", by=by, now=NOW)
            outcomes.append(verb)
        except AlreadyDone:
            outcomes.append("told")

    threads = [threading.Thread(target=go, args=(verb,)) for verb in ("approve", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "told" in outcomes and len(outcomes) == 2
    with database.reading() as work:
        row, case = work.session.get(ExtensionRequest, request), work.session.get(Case, one)
        extended = case.promised_due == at("2026-10-22 17:30")
        assert row.state == ("approved" if extended else "refused")


def test_a_plan_is_confirmed_a_minute_later_and_refused_when_it_changed(database):
    hall, one = make(database)
    request = ask(database, hall, one)
    with database.rehearsal() as work:
        plan = cases.approve_extension(work, request, by=halls.actor(work, hall.head, NOW), now=NOW)
        assert (plan.due_before, plan.due_after) == (at("2026-10-09 17:30"), at("2026-10-22 17:30"))
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.approve_extension(work, request, by=halls.actor(work, hall.head, NOW), now=NOW, expect="0" * 16)
    later = at("2026-09-28 10:01")
    with database.unit_of_work() as work:
        by = halls.actor(work, hall.head, later)
        cases.approve_extension(work, request, by=by, now=later, expect=plan.token)
    with database.reading() as work:
        assert work.session.get(ExtensionRequest, request).state == "approved"


def test_the_day_after_a_pause_is_foretold_from_the_time_needed(database):
    from engine.deadlines import Limit

    hall, one = make(database)
    with database.reading() as work:
        head = halls.actor(work, hall.head, NOW)
        options = limits.options(work, one, actor=head, now=at("2026-09-22 09:00"))
        assert options.suspend and options.extend and not options.ask
        assert ("testing", "检测") in options.causes
        foretold = limits.if_suspended(work, one, "testing", Limit(5, "wd"), actor=head, now=at("2026-09-22 09:00"))
        assert str(foretold) == "2026-10-15"  # RULES T7: paused 09-22 to 09-30
        clerk = limits.options(work, one, actor=halls.actor(work, hall.chen, NOW), now=NOW)
        assert clerk.ask and not clerk.suspend and not clerk.extend
        other = limits.options(work, one, actor=halls.actor(work, hall.lin, NOW), now=NOW)
        assert not other.ask and not other.suspend
