"""The policy of booking, RULES A2 and A5 to A7, each number from its data."""

from datetime import UTC, datetime, timedelta

import pytest

from engine import booking
from engine.booking import Block, Past, Warned
from engine.errors import NotNow, Refused

POLICY = booking.load_policy()
NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # 10:00 in the hall


def at(day, hour=9, month=3):
    return datetime(2026, month, day, hour, 0, tzinfo=UTC) - timedelta(hours=8)


def past(day, state, matter="yibao", ended=None, booked=None, month=3, online=True):
    start = at(day, month=month)
    return Past(start, matter, state, booked or start - timedelta(days=3), ended or start, online)


def refusal(starts_at, history=(), **more):
    with pytest.raises(NotNow) as caught:
        booking.check_new(POLICY, starts_at, "yibao", list(history), NOW, **more)
    return caught.value.zh


def test_online_booking_is_at_least_a_day_and_at_most_sixty_days_ahead():
    assert "提前 1 天" in refusal(at(10, 15))
    booking.check_new(POLICY, at(11), "yibao", [], NOW)
    booking.check_new(POLICY, at(9, month=5), "yibao", [], NOW)
    assert "60 天" in refusal(at(10, month=5))


def test_staff_may_book_for_today():
    booking.check_new(POLICY, at(10, 15), "yibao", [], NOW, online=False)


def test_one_booking_a_person_a_day_and_a_cancelled_one_does_not_count():
    assert "已经有预约（09:00）" in refusal(at(12, 15), [past(12, "confirmed")])
    booking.check_new(POLICY, at(12, 15), "yibao", [past(12, "cancelled")], NOW)


def test_no_more_than_twenty_five_slots_at_once():
    assert "25" in refusal(at(12), count=26)


def test_the_first_no_show_warns_and_the_second_in_a_month_blocks_thirty_days():
    assert isinstance(booking.block_for(POLICY, [past(2, "no_show")], NOW), Warned)
    block = booking.block_for(POLICY, [past(2, "no_show"), past(6, "no_show")], NOW)
    assert isinstance(block, Block)
    assert block.until == at(6) + timedelta(days=30)
    with pytest.raises(NotNow) as caught:
        booking.refuse_blocked(block)
    assert "4月5日" in caught.value.zh and "人工复核" in caught.value.zh and "窗口" in caught.value.zh


def test_no_shows_in_two_months_do_not_add_up():
    assert booking.block_for(POLICY, [past(27, "no_show", month=2), past(2, "no_show")], NOW) != Block
    assert not isinstance(booking.block_for(POLICY, [past(27, "no_show", month=2), past(2, "no_show")], NOW), Block)


def test_a_block_ends():
    history = [past(2, "no_show", month=1), past(6, "no_show", month=1)]
    assert booking.block_for(POLICY, history, NOW) is None


def test_five_cancellations_in_a_month_block_and_four_do_not():
    four = [past(d, "cancelled") for d in (2, 3, 4, 5)]
    assert booking.block_for(POLICY, four, NOW) is None
    assert isinstance(booking.block_for(POLICY, [*four, past(6, "cancelled")], NOW), Block)


def test_a_fourth_booking_of_one_matter_in_a_day_blocks():
    three = [past(d, "confirmed", booked=at(9, 10)) for d in (12, 13, 16)]
    assert booking.block_for(POLICY, three, NOW) is None
    assert isinstance(booking.block_for(POLICY, [*three, past(17, "confirmed", booked=at(9, 11))], NOW), Block)


def test_what_staff_booked_never_blocks():
    history = [past(d, "no_show", online=False) for d in (2, 3, 4)]
    assert booking.block_for(POLICY, history, NOW) is None


def test_cancelling_online_ends_two_hours_before():
    booking.check_cancel(POLICY, NOW + timedelta(hours=2), NOW)
    with pytest.raises(NotNow):
        booking.check_cancel(POLICY, NOW + timedelta(hours=1, minutes=59), NOW)
    booking.check_cancel(POLICY, NOW + timedelta(minutes=1), NOW, online=False)


def test_reminders_come_a_day_and_two_hours_before():
    assert booking.reminders(POLICY, at(12, 15), NOW) == [at(11, 15), at(12, 13)]


def test_a_reminder_in_the_quiet_hours_comes_the_evening_before():
    # 09:00: two hours before is 07:00, quiet; so 20:50 on the evening before.
    assert booking.reminders(POLICY, at(12, 9), NOW) == [at(11, 9), at(11, 20) + timedelta(minutes=50)]


def test_no_reminder_lies_before_the_booking_itself():
    assert booking.reminders(POLICY, at(12, 15), at(12, 8)) == [at(12, 13)]


def test_an_unknown_rule_stops_the_program():
    with pytest.raises(Refused):
        booking.load_policy({"per_week": 1})
    assert booking.load_policy({"per_day": 2}).per_day == 2
