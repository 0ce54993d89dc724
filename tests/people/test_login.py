"""Log-in: passwords, one-time codes, sessions, tokens, and the throttle."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands.hall import passwords
from engine.errors import NotYours
from engine.people import login, steps, tries
from engine.people.devices import MOST_ACCOUNTS, Device
from engine.store import keys
from engine.store.models import ApiToken, OneTimeCode, ResetLink, Session, SignInStep, Throttle, User
from tests.cast import PASSWORD


def test_staff_log_in_with_name_and_password(database, cast, clock):
    assert login.staff(database, " Chen ", PASSWORD, now=clock()).user_id == cast.users["chen"]


@pytest.mark.parametrize(("name", "password"), [("chen", "wrong-password"), ("nobody", PASSWORD), ("chen", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(database, cast, clock, name, password):
    with pytest.raises(NotYours) as refused:
        login.staff(database, name, password, now=clock())
    assert refused.value.zh == "用户名或密码不正确。"


def _guess(database, name, now, times=1, **more):
    for _ in range(times):
        with pytest.raises(NotYours):
            login.staff(database, name, "wrong-password", now=now, **more)


def test_whoever_guesses_waits_longer_each_time_and_nobody_else_does(database, cast, clock):
    _guess(database, "chen", clock(), 5, address="203.0.113.9")
    with pytest.raises(tries.TooMany) as refused:
        login.staff(database, "chen", PASSWORD, now=clock.on(seconds=28), address="203.0.113.9")
    assert "2 秒后再试" in refused.value.zh
    assert login.staff(database, "chen", PASSWORD, now=clock(), address="198.51.100.1").user_id == cast.users["chen"]
    _guess(database, "chen", clock.on(seconds=2), address="203.0.113.9")
    with pytest.raises(tries.TooMany):  # the sixth failure doubled the wait
        login.staff(database, "chen", PASSWORD, now=clock.on(seconds=59), address="203.0.113.9")
    entered = login.staff(database, "chen", PASSWORD, now=clock.on(seconds=1), address="203.0.113.9")
    assert entered.user_id == cast.users["chen"]


def test_a_stranger_who_guesses_from_everywhere_keeps_nobody_out_of_their_own_device(database, cast, clock):
    own = Device().knowing("login", "Chen")
    for n in range(60):
        try:
            login.staff(database, "chen", "wrong-password", now=clock(), address=f"203.0.113.{n}")
        except (NotYours, tries.TooMany):
            continue
    with pytest.raises(tries.TooMany):
        login.staff(database, "chen", PASSWORD, now=clock(), address="198.51.100.1")
    entered = login.staff(database, "chen", PASSWORD, now=clock(), address="203.0.113.1", device=own)
    assert entered.user_id == cast.users["chen"]
    assert entered.wrong_before == 20


def test_fifty_failures_from_one_address_slow_it_and_shut_out_nobody(database, cast, clock):
    for n in range(50):
        _guess(database, f"name-{n}", clock(), address="203.0.113.9")
    with pytest.raises(tries.TooMany) as refused:
        login.staff(database, "wang", PASSWORD, now=clock(), address="203.0.113.9")
    assert "2 秒后再试" in refused.value.zh
    entered = login.staff(database, "wang", PASSWORD, now=clock.on(seconds=2), address="203.0.113.9")
    assert entered.user_id == cast.users["wang"]


@pytest.mark.parametrize("what", ["address", "code-address", "passkey", "sso", "reset-link"])
def test_whoever_comes_from_one_address_is_slowed_and_never_shut_out(database, clock, what):
    """A whole office signs in behind one address of a morning."""
    now, waits = clock(), []
    for _ in range(tries.LIMITS[what].most + 8):
        try:
            with database.unit_of_work() as work:
                tries.spend(work, [(what, "203.0.113.9")], now=now)
        except tries.TooMany as wait:
            waits.append(wait.seconds)
            now = clock.on(seconds=wait.seconds)
    assert waits and max(waits) <= 60


def test_what_is_mistyped_on_ones_own_device_slows_that_device_alone(database, cast, clock):
    own = Device().knowing("login", "chen")
    _guess(database, "chen", clock(), 10, device=own)
    with pytest.raises(tries.TooMany):
        login.staff(database, "chen", PASSWORD, now=clock(), device=own)
    assert login.staff(database, "chen", PASSWORD, now=clock(), address="198.51.100.1").user_id == cast.users["chen"]
    assert login.staff(database, "chen", PASSWORD, now=clock.on(seconds=10), device=own).user_id == cast.users["chen"]


def test_a_device_says_nothing_of_who_signed_in_on_it(database):
    device = Device().knowing("phone", "13800000001").knowing("login", "chen")
    assert device.knows("login", " CHEN ") and not device.knows("login", "wang") and not device.knows("phone", "chen")
    assert not any("13800000001" in one or "chen" in one for one in device.accounts)
    for n in range(20):
        device = device.knowing("login", f"clerk-{n}")
    assert len(device.accounts) == MOST_ACCOUNTS and device.knows("login", "clerk-19")


def test_a_disabled_account_does_not_log_in(database, cast, clock):
    with database.unit_of_work() as work:
        work.session.get(User, cast.users["chen"]).disabled_at = clock()
    with pytest.raises(NotYours):
        login.staff(database, "chen", PASSWORD, now=clock())


def test_a_resident_logs_in_with_a_code_and_the_first_time_makes_the_account(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000009", now=clock())
    made = login.resident(database, "13800000009", code, now=clock()).user_id
    with database.reading() as work:
        assert work.session.get(User, made).phone == "13800000009"
        assert work.session.scalar(select(OneTimeCode.code_hash)) != code
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock.on(minutes=2))
    assert login.resident(database, "13800000001", code, now=clock()).user_id == cast.users["zhang"]


def test_a_code_is_used_once_and_not_late(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock())
    login.resident(database, "13800000001", code, now=clock())
    with pytest.raises(NotYours):
        login.resident(database, "13800000001", code, now=clock())
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock.on(minutes=2))
    with pytest.raises(NotYours):
        login.resident(database, "13800000001", code, now=clock.on(minutes=6))


def test_a_code_is_guessed_five_times_at_most(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock())
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(NotYours):
            login.resident(database, "13800000001", wrong, now=clock())
    with pytest.raises(NotYours):
        login.resident(database, "13800000001", code, now=clock())


def test_codes_are_not_sent_faster_than_one_a_minute(database, cast, clock):
    with database.unit_of_work() as work:
        login.issue_code(work, "13800000001", now=clock(), ask="browser")
    with pytest.raises(tries.TooMany), database.unit_of_work() as work:
        login.issue_code(work, "13800000001", now=clock.on(seconds=30), ask="browser")


def test_who_asks_for_anothers_code_or_guesses_it_takes_nothing_from_them(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock(), ask="hers")
        login.issue_code(work, "13800000001", now=clock(), ask="a stranger's")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(10):
        with pytest.raises(NotYours):
            login.resident(database, "13800000001", wrong, now=clock(), ask="a stranger's")
    with pytest.raises(NotYours):  # not even the right one, where it was not asked for
        login.resident(database, "13800000001", code, now=clock(), ask="a stranger's")
    assert login.resident(database, "13800000001", code, now=clock(), ask="hers").user_id == cast.users["zhang"]


def test_a_second_code_may_be_asked_for_and_then_the_first_opens_no_more(database, cast, clock):
    with database.unit_of_work() as work:
        first = login.issue_code(work, "13800000001", now=clock(), ask="hers")
        second = login.issue_code(work, "13800000001", now=clock.on(minutes=1), ask="hers")
    with pytest.raises(NotYours):
        login.resident(database, "13800000001", first, now=clock.on(minutes=1), ask="hers")
    assert (
        login.resident(database, "13800000001", second, now=clock.on(minutes=1), ask="hers").user_id
        == cast.users["zhang"]
    )


def test_sixty_codes_to_sixty_phones_from_one_address_are_refused_after_twenty(database, cast, clock):
    sent = 0
    for n in range(60):
        with suppress(tries.TooMany), database.unit_of_work() as work:
            login.issue_code(work, f"139000000{n:02d}", now=clock(), ask=f"cookie-{n}", address="203.0.113.9")
            sent += 1
    assert sent == tries.LIMITS["code-address"].most == 20


def test_whoever_has_a_network_of_ipv6_has_one_address(database, cast, clock):
    sent = 0
    for n in range(40):
        with suppress(tries.TooMany), database.unit_of_work() as work:
            address = f"2001:db8:7:7:{n:x}::1"
            login.issue_code(work, f"139000000{n:02d}", now=clock(), ask=f"cookie-{n}", address=address)
            sent += 1
    assert sent == 20
    with database.unit_of_work() as work:  # next door
        login.issue_code(work, "13900000077", now=clock(), ask="door", address="2001:db8:7:8::1")


def test_codes_asked_by_a_flooder_slow_the_address_and_never_shut_it(database, cast, clock):
    for n in range(21):
        with suppress(tries.TooMany), database.unit_of_work() as work:
            login.issue_code(work, f"139000000{n:02d}", now=clock(), ask=f"cookie-{n}", address="203.0.113.9")
    with pytest.raises(tries.TooMany) as refused, database.unit_of_work() as work:
        login.issue_code(work, "13900000077", now=clock(), ask="neighbour", address="203.0.113.9")
    assert refused.value.seconds == 10 and "用手机流量再试" in refused.value.zh
    with database.unit_of_work() as work:
        login.issue_code(work, "13900000077", now=clock.on(seconds=10), ask="neighbour", address="203.0.113.9")
    with database.unit_of_work() as work:  # where somebody signed in before it is no matter at all
        login.issue_code(work, "13800000001", now=clock(), ask="hers", known=True, address="203.0.113.9")


def test_a_person_is_told_how_often_somebody_else_tried_a_code_and_once(database, cast, clock):
    def codes(ask):
        with database.unit_of_work() as work:
            return login.issue_code(work, "13800000001", now=clock(), ask=ask, known=ask == "hers")

    for _ in range(3):
        with pytest.raises(NotYours):
            login.resident(database, "13800000001", "no", now=clock(), ask="nobody asked")
    code, _theirs = codes("hers"), codes("a stranger's")
    for ask, times in (("a stranger's", 4), ("hers", 1)):
        for _ in range(times):
            with pytest.raises(NotYours):
                login.resident(database, "13800000001", "no", now=clock(), ask=ask)
    assert login.resident(database, "13800000001", code, now=clock(), ask="hers").wrong_before == 4
    clock.on(minutes=1)
    assert login.resident(database, "13800000001", codes("hers"), now=clock(), ask="hers").wrong_before == 0


def test_what_counts_no_more_leaves_no_row(database, cast, clock):
    for n in range(5):
        with suppress(NotYours):
            login.staff(database, f"name-{n}" * 40, "wrong-password", now=clock(), address="203.0.113.9")
    with database.unit_of_work() as work:
        login.issue_code(work, "13800000001", now=clock(), ask="hers")
        steps.begin(work, "second", user_id=cast.users["chen"], facts={"wrong": 0}, now=clock())
        passwords.offer(work, cast.users["chen"], hall="大厅", by=cast.qian, now=clock())
    with database.unit_of_work() as work:
        assert tries.forget_old(work, now=clock.on(hours=20)) == 0
    with database.unit_of_work() as work:
        assert tries.forget_old(work, now=clock.on(hours=20)) > 8
        left = {one: work.session.scalars(select(one)).all() for one in (OneTimeCode, Throttle, SignInStep, ResetLink)}
        assert not any(left.values()), left


def _at_once(many, act):
    """What came of it in each of many threads that begin together."""
    together = threading.Barrier(many)

    def one(n):
        together.wait()
        try:
            return act(n)
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(many) as hands:
        return Counter(str(found) for found in hands.map(one, range(many)))


@pytest.mark.both
def test_of_many_guesses_at_once_no_more_than_five_are_looked_at(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock(), ask="hers")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    came = _at_once(12, lambda n: login.resident(database, "13800000001", wrong, now=clock(), ask="hers"))
    assert came == {"NotYours": 12}
    with database.reading() as work:
        assert work.session.scalar(select(OneTimeCode.tries)) == 5
        assert tries.so_far(work, "code-wrong", keys.blind("phone", "13800000001"), now=clock()) == 5


@pytest.mark.both
def test_of_many_codes_asked_at_once_as_many_are_sent_as_may_be(database, cast, clock):
    def ask(n):
        with database.unit_of_work() as work:
            login.issue_code(work, "13800000001", now=clock(), ask=f"cookie-{n}", address="203.0.113.9")

    assert _at_once(10, ask) == {"None": 4, "TooMany": 6}


@pytest.mark.both
def test_two_right_codes_for_a_new_number_at_once_make_one_account(database, cast, clock):
    codes = []
    for n in range(3):
        with database.unit_of_work() as work:
            codes.append(login.issue_code(work, "13900000009", now=clock(), ask=str(n)))
    came = _at_once(3, lambda n: login.resident(database, "13900000009", codes[n], now=clock(), ask=str(n)).user_id)
    assert len(came) == 1 and came.total() == 3


def test_strangers_who_ask_all_day_leave_the_person_their_own_codes(database, cast, clock):
    for n in range(20):
        with suppress(tries.TooMany), database.unit_of_work() as work:
            login.issue_code(work, "13800000001", now=clock.on(minutes=5), ask=f"cookie-{n}")
    with pytest.raises(tries.TooMany), database.unit_of_work() as work:
        login.issue_code(work, "13800000001", now=clock.on(minutes=5), ask="new")
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock(), ask="hers", known=True)
    assert (
        login.resident(database, "13800000001", code, now=clock.on(minutes=1), ask="hers").user_id
        == cast.users["zhang"]
    )


def test_a_session_lasts_its_time_and_ends_when_closed(database, cast, clock):
    with database.unit_of_work() as work:
        token = login.open_session(work, cast.users["chen"], now=clock())
    with database.reading() as work:
        assert token not in work.session.scalars(select(Session.token_hash)).all()
        assert login.actor_of_session(work, token, now=clock()).id == cast.users["chen"]
        assert login.actor_of_session(work, "another", now=clock()) is None
        assert login.actor_of_session(work, token, now=clock() + timedelta(hours=13)) is None
    with database.unit_of_work() as work:
        login.close_session(work, token, now=clock())
    with database.reading() as work:
        assert login.actor_of_session(work, token, now=clock()) is None


def test_an_api_token_is_kept_as_a_hash_and_can_be_revoked(database, cast, clock):
    with database.unit_of_work() as work:
        token = login.new_token(work, cast.users["zhang"], now=clock(), name="亲邻富东")
    with database.reading() as work:
        assert work.session.scalar(select(ApiToken.token_hash)) != token
        assert login.actor_of_token(work, token, now=clock()).kind == "resident"
    with database.unit_of_work() as work:
        login.revoke_token(work, token, now=clock())
    with database.reading() as work:
        assert login.actor_of_token(work, token, now=clock()) is None
