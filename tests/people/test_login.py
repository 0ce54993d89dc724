"""Log-in: passwords, one-time codes, sessions, tokens, and the throttle."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.errors import NotYours
from engine.people import login, tries
from engine.store.models import ApiToken, OneTimeCode, Session, User
from tests.cast import PASSWORD


def test_staff_log_in_with_name_and_password(database, cast, clock):
    assert login.staff(database, " Chen ", PASSWORD, now=clock()) == cast.users["chen"]


@pytest.mark.parametrize(("name", "password"), [("chen", "wrong-password"), ("nobody", PASSWORD), ("chen", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(database, cast, clock, name, password):
    with pytest.raises(NotYours) as refused:
        login.staff(database, name, password, now=clock())
    assert refused.value.zh == "用户名或密码不正确。"


def test_five_failures_close_the_door_for_a_while_even_to_the_right_password(database, cast, clock):
    for _ in range(5):
        with pytest.raises(NotYours):
            login.staff(database, "chen", "wrong-password", now=clock())
    with pytest.raises(tries.TooMany) as refused:
        login.staff(database, "chen", PASSWORD, now=clock())
    assert refused.value.facts["minutes"] == 16
    assert login.staff(database, "wang", PASSWORD, now=clock()) == cast.users["wang"]
    assert login.staff(database, "chen", PASSWORD, now=clock.on(minutes=16)) == cast.users["chen"]


def test_a_disabled_account_does_not_log_in(database, cast, clock):
    with database.unit_of_work() as work:
        work.session.get(User, cast.users["chen"]).disabled_at = clock()
    with pytest.raises(NotYours):
        login.staff(database, "chen", PASSWORD, now=clock())


def test_a_resident_logs_in_with_a_code_and_the_first_time_makes_the_account(database, cast, clock):
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000009", now=clock())
    made = login.resident(database, "13800000009", code, now=clock())
    with database.reading() as work:
        assert work.session.get(User, made).phone == "13800000009"
        assert work.session.scalar(select(OneTimeCode.code_hash)) != code
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13800000001", now=clock.on(minutes=2))
    assert login.resident(database, "13800000001", code, now=clock()) == cast.users["zhang"]


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
        login.issue_code(work, "13800000001", now=clock())
    with pytest.raises(tries.TooMany), database.unit_of_work() as work:
        login.issue_code(work, "13800000001", now=clock.on(seconds=30))


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
