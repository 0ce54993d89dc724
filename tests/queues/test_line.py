"""The order of a line: the worked examples of the county's sheet, and what must hold whatever comes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.booking.line import Called, Class, Waits, following, in_order, put_back

NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
ABC = (Class("A"), Class("B", turn=5), Class("C", turn=3, first_after=timedelta(minutes=45)))


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def waits(code, minutes, number, **more):
    return Waits(number, code, at(minutes), number, **more)


def called(text):
    return [Called(one) for one in text]


def nth(line, past, minutes, **more):
    found = following(ABC, line, called(past), at(minutes), **more)
    return found and found.who.number


def test_classes_are_called_in_order_and_each_by_arrival():
    line = [waits("C", 0, 1), waits("B", 1, 2), waits("A", 2, 3), waits("A", 1, 4)]
    assert in_order(ABC, line, [], at(10)) == [4, 3, 2, 1]


def test_after_three_of_a_or_b_one_of_c():
    line = [waits("C", 0, 1), waits("A", 0, 2), waits("B", 0, 3)]
    assert nth(line, "AAB", 5) == 1
    assert nth(line, "AAB" + "C" + "AB", 5) == 2, "it counts from the last one of C"


def test_who_waited_as_long_as_their_class_bears_goes_first():
    line = [waits("A", -5, 1), waits("C", -45, 2)]
    assert nth(line, "", -1) == 1, "44 minutes: not yet"
    assert nth(line, "", 0) == 2


def test_two_in_a_row_for_waiting_too_long_only_when_nobody_before_them_waits():
    line = [waits("A", 0, 1), waits("C", -50, 2), waits("C", -49, 3)]
    assert in_order(ABC, line, [], at(0)) == [2, 1, 3]
    assert in_order(ABC, line[1:], [], at(0)) == [2, 3]


def test_who_booked_for_later_waits_for_their_time_unless_nobody_else_is_there():
    early, other = waits("A", 15, 1), waits("C", 0, 2)
    assert nth([early, other], "", 5) == 2
    assert nth([early], "", 5) == 1


def test_who_missed_a_call_comes_after_three_further_calls():
    late = put_back(waits("A", -30, 1), made=7, places=3)
    line = [late, *(waits("A", n, 10 + n) for n in range(5))]
    assert in_order(ABC, line, [], at(10), made=7) == [10, 11, 12, 1, 13, 14]


def test_nobody_waits_and_nobody_is_called():
    assert following(ABC, [], [], NOON) is None


@st.composite
def classes(draw):
    out = [Class("A")]
    for code in "BCD"[: draw(st.integers(0, 3))]:
        turn = draw(st.none() | st.integers(1, 6))
        after = draw(st.none() | st.integers(0, 60).map(lambda m: timedelta(minutes=m)))
        out.append(Class(code, turn if turn or after else 3, after))
    return tuple(out)


people = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(-90, 20), st.integers(0, 4)), min_size=1, max_size=14)


def line_of(rows, known):
    codes = {one.code for one in known}
    return [
        Waits(n, code if code in codes else "A", at(minutes), n, behind)
        for n, (code, minutes, behind) in enumerate(rows, 1)
    ]


@given(classes(), people, st.text("ABCD", max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_is_the_same_however_the_line_is_written_and_loses_nobody(known, rows, past, dice):
    line = line_of(rows, known)
    mixed = list(line)
    dice.shuffle(mixed)
    first = in_order(known, line, called(past), NOON)
    assert in_order(known, mixed, called(past), NOON) == first
    assert sorted(first) == sorted(one.id for one in line)


@given(classes(), people, st.integers(0, 13), st.lists(st.sampled_from("ABCD"), max_size=200))
@settings(max_examples=200, deadline=None)
def test_nobody_waits_for_ever_whoever_keeps_coming(known, rows, which, coming):
    """After each call somebody new comes; whoever was there first is called within a number of calls that depends on
    how many were before them of their own class, not on how many came after."""
    line = line_of(rows, known)
    mine = line[which % len(line)]
    codes = {one.code for one in known}
    bound = 2 * (len(line) + 1) * (sum(1 + (one.turn or 1) for one in known) + 1)
    bound += 200  # an hour until their class bears no more, and as many who came meanwhile and bear nothing
    past, made, now, number = [], 0, at(20), 1000
    for call in range(bound):
        found = following(known, line, past, now, made=made)
        assert found is not None
        if found.who.id == mine.id:
            return
        line.remove(found.who)
        past.append(Called(found.who.code, found.over))
        made, now, number = made + 1, now + timedelta(minutes=1), number + 1
        code = coming[call % len(coming)] if coming else "A"
        line.append(Waits(number, code if code in codes else "A", now, number))
    raise AssertionError(f"{mine} was not called in {bound} calls")
