"""RULES T2-T11 and M6, each vector a test that cites it. Days are Asia/Shanghai; 2026-09-18 is a Friday."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.deadlines import Event, Ledger, Limit, rules
from engine.errors import Invalid, NotNow, Refused
from engine.workdays import china

SHANGHAI = ZoneInfo("Asia/Shanghai")
D = date.fromisoformat


def at(text, clock="09:00"):
    return datetime.fromisoformat(f"{text} {clock}").replace(tzinfo=SHANGHAI)


def case(regime="permit", *events, promised=None, calendar=None, steps=None):
    return Ledger(rules(regime, promised=promised, steps=steps), calendar or china()).with_events(events)


def received(day="2026-09-18"):
    return Event("received", at(day))


def accepted(day="2026-09-18"):
    return Event("accepted", at(day, "10:00"))


def asked(day, *items, reason=""):
    return Event("correction_asked", at(day, "11:00"), items=items, reason=reason)


def paused(day, cause="appraisal", **more):
    return Event("paused", at(day), **{"cause": cause, "notice": "德特〔2026〕1号", "needs": "10wd"} | more)


def due(ledger, limit, now="2026-09-21"):
    return ledger.account(at(now)).limits[limit].due_on


# ---------------------------------------------------------------- T2, T3, T4: receipt and 补正


@pytest.mark.parametrize(
    ("start", "promised", "day"),
    [
        ("2026-02-09", "5wd", "2026-02-14"),
        ("2026-02-09", "20wd", "2026-03-13"),
        ("2026-04-30", "5wd", "2026-05-11"),
        ("2026-09-18", "5wd", "2026-09-24"),
        ("2026-09-18", "10wd", "2026-10-09"),
    ],
)
def test_t2_the_start_day_does_not_count_and_days_are_working_days(start, promised, day):
    ledger = case("permit", received(start), accepted(start), promised=promised)
    assert due(ledger, "promised", start) == D(day)


def test_t2_thirty_working_days_are_the_permit_limit_extended_once():
    ledger = case("permit", received("2026-02-09"), accepted("2026-02-09"))
    assert due(ledger, "statutory", "2026-02-10") == D("2026-03-13")
    assert due(ledger.with_event(extended("2026-02-11")), "statutory", "2026-02-11") == D("2026-03-27")


def test_t2_joint_handling_has_forty_five_working_days():
    ledger = case("permit_joint", received(), accepted())
    assert due(ledger, "statutory") == D("2026-11-26")


def test_t3_silence_past_five_working_days_is_acceptance_from_the_day_of_receipt():
    ledger = case("permit", received())
    last = ledger.account(at("2026-09-24", "23:59"))
    assert (last.phase, last.deemed_due, last.limits["accept"].due_on) == ("received", False, D("2026-09-24"))
    after = ledger.account(at("2026-09-25", "00:00"))
    assert (after.deemed_due, after.accepted_on) == (True, D("2026-09-18"))
    assert after.limits["statutory"].due_on == D("2026-10-22")


def test_t3_recorded_later_the_deemed_acceptance_is_still_backdated():
    ledger = case("permit", received(), Event("deemed_accepted", at("2026-09-28")))
    account = ledger.account(at("2026-09-28"))
    assert (account.deemed, account.deemed_due, account.accepted_on) == (True, False, D("2026-09-18"))
    assert account.limits["statutory"].due_on == D("2026-10-22")
    with pytest.raises(NotNow, match="2026-09-18"):
        ledger.with_event(accepted("2026-09-29"))


def test_t3_the_moment_of_deemed_acceptance_is_announced_and_the_office_is_warned_before():
    moments = case("permit", received()).account(at("2026-09-18")).changes()
    assert moments == [
        (at("2026-09-23", "00:00"), "yellow"),
        (at("2026-09-23", "08:00"), "T-1wd"),
        (at("2026-09-25", "00:00"), "step_overdue"),
        (at("2026-09-25", "00:00"), "deemed_accepted"),
    ]


def test_t3_acceptance_cannot_be_deemed_before_the_window_ends():
    with pytest.raises(NotNow, match="window"):
        case("permit", received()).with_event(Event("deemed_accepted", at("2026-09-24", "17:00")))


def test_t3_a_regime_without_that_rule_deems_nothing():
    account = case("subsistence", received()).account(at("2026-10-20"))
    assert (account.accepted_on, account.deemed_due, account.countdown()) == (None, False, "待受理")


def test_t3_after_the_window_no_correction_may_be_asked():
    with pytest.raises(NotNow, match="silence"):
        case("permit", received()).with_event(asked("2026-09-25", "身份证"))


def test_t3_a_correction_names_everything_that_is_missing():
    with pytest.raises(Invalid) as caught:
        case("permit", received()).with_event(asked("2026-09-21"))
    assert "items" in caught.value.by_field()


def test_t3_asking_holds_the_clock_and_the_answer_starts_a_new_window():
    ledger = case("permit", received(), asked("2026-09-24", "身份证", "场地证明"))
    waiting = ledger.account(at("2026-10-20"))
    assert (waiting.phase, waiting.colour, waiting.deemed_due, waiting.changes()) == ("correcting", "paused", False, [])
    ledger = ledger.with_event(Event("correction_answered", at("2026-10-20")))
    account = ledger.account(at("2026-10-20"))
    assert account.limits["accept"].due_on == D("2026-10-27")
    silent = ledger.account(at("2026-10-28", "00:00"))
    assert (silent.deemed_due, silent.accepted_on) == (True, D("2026-10-20"))


def test_t4_a_second_correction_for_what_could_be_seen_the_first_time_is_refused():
    ledger = case("permit", received(), asked("2026-09-21", "身份证"), Event("correction_answered", at("2026-09-22")))
    with pytest.raises(NotNow) as caught:
        ledger.with_event(asked("2026-09-23", "场地证明"))
    assert "一次性告知" in caught.value.zh and "第32条" in caught.value.zh
    with pytest.raises(NotNow, match="asked already"):
        ledger.with_event(asked("2026-09-23", "身份证", reason="仍不清楚"))


def test_t4_what_could_not_be_seen_the_first_time_may_be_asked_with_the_reason():
    ledger = case("permit", received(), asked("2026-09-21", "身份证"), Event("correction_answered", at("2026-09-22")))
    ledger = ledger.with_event(asked("2026-09-23", "场地证明", reason="新交的身份证显示住址已变更"))
    assert ledger.account(at("2026-09-23", "12:00")).phase == "correcting"


def test_t4_after_acceptance_nothing_more_may_be_asked():
    with pytest.raises(NotNow, match="accepted"):
        case("permit", received(), accepted()).with_event(asked("2026-09-21", "身份证"))


# ---------------------------------------------------------------- T5: extension


def extended(day, role="organ_head", reason="案情复杂，需进一步核实"):
    return Event("extended", at(day, "15:00"), approver="局长甲", approver_role=role, reason=reason)


def test_t5_the_limit_is_extended_once_by_ten_working_days_with_the_head_s_approval():
    ledger = case("permit", received(), accepted(), promised="10wd")
    ledger = ledger.with_event(extended("2026-09-28"))
    assert due(ledger, "statutory", "2026-09-28") == D("2026-11-05")
    assert due(ledger, "promised", "2026-09-28") == D("2026-10-22")
    with pytest.raises(NotNow, match="第42条"):
        ledger.with_event(extended("2026-09-29"))


def test_t5_an_extension_needs_the_right_approver_and_a_reason():
    ledger = case("permit", received(), accepted())
    with pytest.raises(Invalid) as caught:
        ledger.with_event(extended("2026-09-28", role="supervisor", reason=" "))
    assert set(caught.value.by_field()) == {"approver", "reason"}
    assert "本行政机关负责人" in caught.value.by_field()["approver"].zh


def test_t5_joint_handling_is_extended_by_fifteen_by_the_government():
    ledger = case("permit_joint", received("2026-03-02"), accepted("2026-03-02"))
    with pytest.raises(Invalid):
        ledger.with_event(extended("2026-03-10"))
    ledger = ledger.with_event(extended("2026-03-10", role="government"))
    assert due(ledger, "statutory", "2026-03-10") == china().add(D("2026-03-02"), 60)


def test_t5_a_limit_that_has_ended_is_not_extended():
    with pytest.raises(NotNow, match="2026-10-22"):
        case("permit", received(), accepted()).with_event(extended("2026-10-23"))


def test_t5_review_by_the_lower_office_takes_twenty_working_days():
    assert due(case("permit_lower_review", received(), accepted()), "statutory") == D("2026-10-22")


# ---------------------------------------------------------------- T6, T7: pauses


@pytest.mark.parametrize(
    "cause",
    ["hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"],
)
def test_t6_the_eight_lawful_causes_stop_the_clock(cause):
    account = case("permit", received(), accepted(), paused("2026-09-22", cause)).account(at("2026-09-28"))
    assert (account.phase, account.colour, account.changes()) == ("paused", "paused", [])


@pytest.mark.parametrize("cause", ["site_visit", "technical_review", "holiday", ""])
def test_t6_any_other_cause_is_refused_naming_the_law(cause):
    with pytest.raises(Refused) as caught:
        case("permit", received(), accepted()).with_event(paused("2026-09-22", cause))
    assert "行政许可法 第45条" in caught.value.zh and "听证" in caught.value.zh


def test_t6_the_time_needed_must_be_told_in_writing():
    with pytest.raises(Invalid) as caught:
        case("permit", received(), accepted()).with_event(paused("2026-09-22", notice="", needs=""))
    assert set(caught.value.by_field()) == {"notice", "needs"}


def test_t6_a_regime_whose_law_knows_no_pause_refuses_every_cause():
    with pytest.raises(Refused, match="第22条"):
        case("subsistence", received(), accepted()).with_event(paused("2026-09-22", "hearing"))


def test_t7_the_new_due_day_is_the_old_one_plus_the_working_days_of_the_pause():
    ledger = case("permit", received(), accepted(), promised="10wd")
    assert due(ledger, "promised") == D("2026-10-09")
    ledger = ledger.with_events([paused("2026-09-22"), Event("resumed", at("2026-09-30"))])
    assert due(ledger, "promised", "2026-09-30") == D("2026-10-15")


def test_t7_a_clock_stopped_on_its_last_day_gets_the_days_of_the_pause_too():
    ledger = case("permit", received(), accepted(), promised="5wd")
    ledger = ledger.with_events([paused("2026-09-24"), Event("resumed", at("2026-09-29"))])
    assert due(ledger, "promised", "2026-09-29") == D("2026-09-29")
    after_closing = case("permit", received(), accepted(), promised="5wd").with_event(
        Event("paused", at("2026-09-24", "18:00"), cause="testing", notice="1号", needs="5wd")
    )
    assert due(after_closing, "promised", "2026-09-28") == D("2026-09-24")


def test_t7_a_pause_within_one_day_moves_nothing():
    ledger = case("permit", received(), accepted(), promised="10wd")
    ledger = ledger.with_events([paused("2026-09-22"), Event("resumed", at("2026-09-22", "16:00"))])
    assert due(ledger, "promised", "2026-09-23") == D("2026-10-09")


def test_t7_the_account_shows_the_days_the_clock_stood_still():
    ledger = case("permit", received(), accepted(), promised="10wd")
    ledger = ledger.with_events([paused("2026-09-22"), Event("resumed", at("2026-09-30"))])
    text = ledger.account(at("2026-09-30")).explain()
    assert (
        "9月22日 周二 第3日; 9月23日 周三 暂停（鉴定）; 9月24日 周四 暂停（鉴定）; 9月25日 周五 节假日（中秋）" in text
    )
    assert text.endswith("10月15日 周四 第10日。到期日 10月15日（周四）。")


def test_t7_nothing_but_a_running_clock_is_paused_and_nothing_but_a_paused_one_resumed():
    ledger = case("permit", received(), accepted())
    with pytest.raises(NotNow):
        ledger.with_event(Event("resumed", at("2026-09-22")))
    with pytest.raises(NotNow):
        ledger.with_events([paused("2026-09-22"), paused("2026-09-23")])
    with pytest.raises(NotNow):
        case("permit", received()).with_event(paused("2026-09-22"))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 300),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 15)), max_size=3),
)
def test_t7_pausing_never_shortens_and_the_due_day_is_a_working_day(offset, n, spans):
    start = date(2025, 1, 2) + timedelta(days=offset)
    ledger = case("permit", received(start.isoformat()), accepted(start.isoformat()), promised=f"{n}wd")
    before = due(ledger, "promised", start.isoformat())
    day, held = start, 0
    for gap, length in spans:
        begin = day + timedelta(days=gap)
        day = begin + timedelta(days=length)
        stop, go = paused(begin.isoformat()), Event("resumed", at(day.isoformat(), "17:00"))
        if begin > due(ledger, "promised", begin.isoformat()):
            break
        ledger = ledger.with_events([stop, go])
        held += china().count(begin, day)
    after = due(ledger, "promised", day.isoformat())
    assert china().is_workday(after)
    assert after == china().add(before, held) >= before  # RULES T7, literally


# ---------------------------------------------------------------- T8-T10, M6


def test_t8_a_promise_longer_than_the_law_does_not_load():
    with pytest.raises(Invalid) as caught:
        rules("permit", promised="21wd")
    assert "承诺时限" in caught.value.zh and "第42条" in caught.value.zh
    assert rules("permit", promised="20wd").promised == Limit(20, "wd")


@pytest.mark.parametrize(("promised", "fits"), [("20cd", True), ("21cd", False), ("24h", True), ("即办", True)])
def test_t8_promises_in_other_units_are_compared_safely(promised, fits):
    if fits:
        assert rules("permit", promised=promised).promised
    else:
        with pytest.raises(Invalid):
            rules("permit", promised=promised)


def test_t9_the_certificate_is_delivered_within_ten_working_days_of_the_decision():
    ledger = case("permit", received(), accepted(), Event("decided", at("2026-09-28")))
    account = ledger.account(at("2026-09-28"))
    assert (account.phase, account.limits["deliver"].due_on) == ("decided", D("2026-10-16"))
    done = ledger.with_event(Event("delivered", at("2026-10-12"))).account(at("2026-12-01"))
    assert (done.phase, done.colour, done.limits["deliver"].state) == ("done", "done", "met")


def hearing(*, notified="2026-03-10", held="2026-03-19", host="法制股甲", reviewer="审批股乙", signed=True):
    return [
        received("2026-03-02"),
        accepted("2026-03-02"),
        Event("hearing_told", at("2026-03-03", "11:00")),
        Event("hearing_asked", at("2026-03-09")),
        Event("hearing_notified", at(notified, "10:00")),
        Event("hearing_held", at(held), facts={"host": host, "reviewer": reviewer, "transcript_signed": signed}),
    ]


def test_t10_a_hearing_is_asked_for_within_five_and_held_within_twenty_working_days():
    account = case("permit", *hearing()[:4]).account(at("2026-03-09"))
    assert account.limits["hearing_ask"].due_on == D("2026-03-10")
    assert account.limits["hearing_hold"].due_on == china().add(D("2026-03-09"), 20)
    with pytest.raises(NotNow, match="2026-03-10"):
        case("permit", *hearing()[:3], Event("hearing_asked", at("2026-03-11")))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"held": "2026-03-18"}, "at"),
        ({"host": "审批股乙"}, "host"),
        ({"host": ""}, "host"),
        ({"signed": False}, "transcript_signed"),
    ],
)
def test_t10_notice_host_and_transcript_of_a_hearing(wrong, field):
    with pytest.raises(Invalid) as caught:
        case("permit", *hearing(**wrong))
    assert set(caught.value.by_field()) == {field}


def test_t10_a_hearing_as_the_law_wants_it_is_recorded():
    assert case("permit", *hearing()).account(at("2026-03-20")).limits["hearing_hold"].state == "met"


def test_m6_judicial_confirmation_is_thirty_calendar_days_rolled_over_the_holiday():
    ledger = case("judicial_confirmation", received("2026-09-05"))
    account = ledger.account(at("2026-09-06"))
    assert account.due_on == D("2026-10-08")
    assert "10月5日 周一 节假日（国庆节） 第30日; 10月6日 周二 顺延（国庆节）" in account.explain()


# ---------------------------------------------------------------- T11: colours and words


@pytest.mark.parametrize(
    ("now", "clock", "colour"),
    [
        ("2026-09-18", "10:00", "green"),
        ("2026-10-07", "23:59", "green"),
        ("2026-10-08", "00:00", "yellow"),
        ("2026-10-09", "17:29", "yellow"),
        ("2026-10-09", "17:30", "red"),
        ("2026-10-22", "23:59", "red"),
        ("2026-10-23", "00:00", "black"),
    ],
)
def test_t11_yellow_a_working_day_before_the_promise_red_past_it_black_past_the_law(now, clock, colour):
    ledger = case("permit", received(), accepted(), promised="10wd")
    assert ledger.account(at(now, clock)).colour == colour


def test_t11_a_step_overdue_is_yellow():
    account = case("permit", received(), accepted(), promised="10wd").account(at("2026-09-22"))
    from engine.deadlines import colour_of

    marks = account.marks.with_step(at("2026-09-21", "17:30"))
    assert (account.colour, colour_of(marks, at("2026-09-22"))) == ("green", "yellow")


def test_t11_the_changes_of_colour_are_known_beforehand_and_nobody_is_reminded_in_the_night():
    account = case("permit", received(), accepted(), promised="10wd").account(at("2026-09-18", "10:00"))
    assert account.changes() == [
        (at("2026-10-08", "00:00"), "yellow"),
        (at("2026-10-08", "08:00"), "T-1wd"),
        (at("2026-10-09", "17:30"), "red"),
        (at("2026-10-23", "00:00"), "black"),
    ]
    assert account.changes(at("2026-10-09", "17:30")) == [(at("2026-10-23", "00:00"), "black")]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60 * 24 * 60))
def test_t11_a_colour_changes_only_at_the_moments_announced(minutes):
    ledger = case("permit", received(), accepted(), promised="10wd")
    now = at("2026-09-18", "10:00") + timedelta(minutes=minutes)
    moments = [moment for moment, _ in ledger.account(at("2026-09-18", "10:00")).changes()]
    last = max((m for m in moments if m <= now), default=at("2026-09-18", "10:00"))
    assert ledger.account(now).colour == ledger.account(last).colour


@pytest.mark.parametrize(
    ("now", "clock", "zh", "en"),
    [
        (
            "2026-11-23",
            "09:00",
            "还剩 2 个工作日，11月25日（周三）17:30 前",
            "2 working day(s) left, by 2026-11-25 17:30",
        ),
        ("2026-11-25", "09:00", "今天 17:30 前", "Today by 17:30"),
        (
            "2026-11-26",
            "09:00",
            "已超承诺时限 1 个工作日，法定时限还剩 14 个工作日，12月16日（周三）止",
            "1 working day(s) past the promise; 14 working day(s) to the statutory limit on 2026-12-16",
        ),
        ("2026-12-18", "09:00", "已超法定时限 2 个工作日", "2 working day(s) past the limit (statutory)"),
    ],
)
def test_the_countdown_is_what_a_person_understands(now, clock, zh, en):
    ledger = case("permit", received("2026-11-18"), accepted("2026-11-18"), promised="5wd")
    account = ledger.account(at(now, clock))
    assert (account.countdown(), account.countdown("en")) == (zh, en)


def test_the_countdown_before_acceptance_in_a_pause_and_after_the_end():
    ledger = case("permit", received())
    assert ledger.account(at("2026-09-21")).countdown() == "还剩 3 个工作日，9月24日（周四）24:00 前"
    ledger = ledger.with_event(accepted()).with_event(paused("2026-09-22"))
    assert ledger.account(at("2026-09-28")).countdown() == "已暂停计时（鉴定），恢复后还剩 17 个工作日"
    ledger = ledger.with_events([Event("resumed", at("2026-09-28")), Event("stopped", at("2026-09-29"), reason="撤回")])
    assert ledger.account(at("2026-09-30")).countdown() == "已办结"


def test_used_and_remaining_add_up_to_the_limit():
    account = case("permit", received(), accepted(), promised="10wd").account(at("2026-09-21"))
    promised = account.limits["promised"]
    assert (promised.used, promised.remaining, promised.state) == (2, 8, "running")
    late = case("permit", received(), accepted(), promised="10wd").account(at("2026-10-13"))
    assert (late.limits["promised"].used, late.limits["promised"].remaining) == (13, -3)


def test_an_account_explains_itself_in_english_too():
    account = case("permit", received(), accepted(), promised="1wd").account(at("2026-09-18", "11:00"))
    assert account.explain("promised", "en") == (
        "Promised: 1 working days (服务承诺). 2026-09-18 Fri start day, not counted; 2026-09-19 Sat weekend; "
        "2026-09-20 Sun make-up working day: day 1. Due 2026-09-20."
    )
    with pytest.raises(Refused, match="accept"):
        account.explain("deliver")


# ---------------------------------------------------------------- T1: calendars


def test_t1_a_due_day_in_a_year_nobody_knows_is_pending_and_never_guessed():
    account = case("permit", received("2026-12-21"), accepted("2026-12-21")).account(at("2026-12-21", "11:00"))
    statutory = account.limits["statutory"]
    assert (statutory.due_on, statutory.state, statutory.not_before) == (None, "pending", D("2027-01-01"))
    assert account.colour == "green"
    assert account.countdown() == "到期日待 2027 年节假日安排公布后确定，不早于 2027年1月1日"


def test_t1_a_case_overdue_since_last_year_still_opens_when_the_new_year_is_not_known():
    ledger = case("permit", received("2026-12-01"), accepted("2026-12-01"), promised="5wd")
    account = ledger.account(at("2027-01-11"))
    assert (account.colour, account.limits["promised"].remaining) == ("black", -17)
    assert account.countdown() == "已超法定时限 2 个工作日"  # 29 December was the last day; two more are known


def test_t1_a_case_received_in_a_year_nobody_knows_waits_for_the_calendar():
    account = case("permit", received("2027-01-05")).account(at("2027-01-06"))
    assert (account.phase, account.colour, account.changes()) == ("received", "green", [])
    assert account.countdown().startswith("到期日待 2027 年节假日安排公布后确定")


def test_t1_a_corrected_calendar_moves_the_due_day():
    ledger = case("permit", received(), accepted(), promised="10wd")
    corrected = china(["source: 更正\npublished_on: 2026-09-01\nholidays: {2026-09-20: 台风停工}"])
    assert due(ledger.under(corrected), "promised") == D("2026-10-10")


# ---------------------------------------------------------------- order, JSON, units


def test_nothing_happens_before_receipt_or_after_the_end():
    with pytest.raises(NotNow, match="received"):
        case("permit", accepted())
    ended = case("permit", received(), Event("stopped", at("2026-09-19")))
    with pytest.raises(NotNow):
        ended.with_event(accepted("2026-09-20"))
    with pytest.raises(NotNow, match="decision"):
        case("permit", received(), accepted(), Event("delivered", at("2026-09-21")))
    with pytest.raises(NotNow):
        case("permit", received(), received())


def test_an_event_earlier_than_the_last_one_is_refused():
    with pytest.raises(NotNow, match="not before"):
        case("permit", received("2026-09-21"), accepted("2026-09-18"))


def test_a_decision_waits_for_acceptance_and_for_the_clock_to_run():
    with pytest.raises(NotNow):
        case("permit", received(), Event("decided", at("2026-09-21")))
    with pytest.raises(NotNow):
        case("permit", received(), accepted(), paused("2026-09-22"), Event("decided", at("2026-09-23")))


def test_events_travel_as_json():
    events = (*hearing(), paused("2026-03-20"), asked("2026-03-21", "甲", reason="乙"))
    assert tuple(Event.from_json(e.to_json()) for e in events) == tuple(events)


def test_an_order_s_steps_are_in_hours_and_the_clock_starts_at_dispatch():
    ledger = case("order", received())
    assert ledger.step_due("return", at("2026-09-18", "16:00")).due_at == at("2026-09-19", "16:00")
    assert ledger.step_due("sign", at("2026-09-18", "16:00")).due_at == at("2026-09-20", "17:30")
    assert due(ledger, "statutory") == D("2026-09-24")
    with pytest.raises(Invalid, match="1 field"):
        ledger.step_due("nonsense", at("2026-09-18"))


def test_a_correction_of_an_insurance_case_does_not_count_against_the_office():
    ledger = case("insurance_registration", received())
    assert due(ledger, "statutory") == D("2026-10-09")
    ledger = ledger.with_events([asked("2026-09-22", "户口簿"), Event("correction_answered", at("2026-09-30"))])
    assert due(ledger, "statutory", "2026-09-30") == D("2026-10-15")


def test_same_day_service_ends_when_the_office_closes():
    account = case("service", received(), promised="即办").account(at("2026-09-18", "17:00"))
    assert (account.countdown(), account.colour) == ("今天 17:30 前", "green")
    assert case("service", received(), promised="即办").account(at("2026-09-18", "17:30")).colour == "red"


def test_naive_moments_and_unknown_events_are_errors_of_the_programmer():
    with pytest.raises(ValueError, match="zone"):
        Event("received", datetime(2026, 9, 18))
    with pytest.raises(ValueError, match="sleeping"):
        Event("sleeping", at("2026-09-18"))
    with pytest.raises(ValueError, match="zone"):
        case("permit", received()).account(datetime(2026, 9, 18))
