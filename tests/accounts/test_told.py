"""Whose way in is changed, by another or at their own screen, is told: on the screen, and by text to a telephone."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import select, update

from engine.commands import accounts
from engine.commands.hall import factors, passkeys, passwords, single_sign_on
from engine.people import SYSTEM, sessions
from engine.people import factors as own_factors
from engine.store.models import Notice, User
from tests.accounts.test_merging import merge, two
from tests.accounts.test_numbers import ID, NEW, WHY
from tests.authenticator import Authenticator
from tests.cast import PASSWORD
from tests.hall import Open, open_hall
from tests.people.test_passkeys import HALL

__all__ = ["two"]  # a fixture

CLERK = "13900001111"


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    return open_hall(sqlite, clock, tmp_path)


def told(database, user_id: int) -> list[tuple[str, str | None, str]]:
    """(channel, telephone, words) of what they were told of their account, in order."""
    with database.reading() as work:
        asked = select(Notice).where(Notice.kind == "account", Notice.user_id == user_id).order_by(Notice.id)
        rows = work.session.scalars(asked).all()
        assert all(row.text_en for row in rows if row.channel == "screen")
        return [(row.channel, row.address, row.text) for row in rows]


def reaches(database, who: int, phone: str | None) -> None:
    with database.unit_of_work() as work:
        work.session.execute(update(User).where(User.id == who).values(phone=phone))


def link(database, cast, clock, by) -> str:
    with database.unit_of_work() as work:
        return passwords.offer(work, cast.users["chen"], hall="大厅", by=by, now=clock()).key


@pytest.mark.parametrize("phone", [CLERK, "0595-12345678", None])
def test_of_a_link_to_a_new_password_by_text_where_a_telephone_takes_texts(database, cast, clock, phone):
    reaches(database, cast.users["chen"], phone)
    link(database, cast, clock, cast.qian)
    screen, *texts = told(database, cast.users["chen"])
    assert screen[:2] == ("screen", None)
    assert cast.qian.name in screen[2] and "不是您要的" in screen[2] and "一小时内有效" in screen[2]
    assert texts == ([("sms", CLERK, f"【大厅】{screen[2]}")] if phone == CLERK else [])
    assert told(database, cast.users["qian"]) == []


def test_of_a_link_that_who_runs_the_machine_made(database, cast, clock):
    link(database, cast, clock, SYSTEM)
    ((_channel, _phone, words),) = told(database, cast.users["chen"])
    assert words.startswith("系统发了一个")


def test_of_a_password_that_was_set_by_a_link(database, cast, clock):
    reaches(database, cast.users["chen"], CLERK)
    key = link(database, cast, clock, cast.qian)
    passwords.set_by_link(database, key, "三条小船在溪边 12", hall="大厅", now=clock())
    came = told(database, cast.users["chen"])
    assert [one[:2] for one in came] == [("screen", None), ("sms", CLERK)] * 2
    assert "刚用链接重设过" in came[2][2] and key not in str(came)


def test_of_second_factors_that_were_taken_away(database, cast, clock):
    reaches(database, cast.users["chen"], CLERK)
    with database.unit_of_work() as work:
        factors.clear(work, cast.users["chen"], hall="大厅", by=cast.qian, now=clock())
    screen, text = told(database, cast.users["chen"])
    assert "取消了您的两步验证" in screen[2] and text == ("sms", CLERK, f"【大厅】{screen[2]}")


def test_of_what_they_did_themselves_or_somebody_at_their_screen(database, cast, clock):
    chen = cast.users["chen"]
    reaches(database, chen, CLERK)
    passwords.change(database, chen, PASSWORD, "三条小船在溪边 12", this=None, hall="大厅", now=clock())
    with database.unit_of_work() as work:
        this = sessions.find(work, sessions.begin(work, chen, now=clock()), now=clock()).id
        factors.begin_totp(work, by=cast.chen, now=clock())
        code = pyotp.TOTP(own_factors.begun(work, chen, now=clock())).at(clock())
        factors.confirm_totp(work, code, this=this, hall="大厅", by=cast.chen, now=clock())
        token, options = passkeys.new_options(work, HALL, by=cast.chen, now=clock())
        made = Authenticator().create(options)
        passkeys.add(work, token, made, "电脑", HALL, this=this, by=cast.chen, now=clock())
    single_sign_on.match(database, "https://id", "1", "chen", fixed=True, hall="大厅", now=clock())
    came = told(database, chen)
    said = ("登录密码改过了", "加了动态码", "加了一个通行密钥", "统一登录能进")
    assert [one[:2] for one in came] == [("screen", None), ("sms", CLERK)] * 4
    assert all(words in came[2 * n][2] and "不是您本人办的" in came[2 * n][2] for n, words in enumerate(said))


def test_of_a_number_that_a_counter_changed_on_both_numbers(database, cast, clock):
    zhang = cast.users["zhang"]
    with database.unit_of_work() as work:
        code = accounts.ask_at_counter(work, zhang, NEW, hall="大厅", by=cast.zhou, now=clock())
    accounts.change_at_counter(database, zhang, NEW, code, ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    screen, *texts = told(database, zhang)
    assert "窗口换成尾号0009" in screen[2] and [one[1] for one in texts] == ["13800000001", NEW]


def test_of_a_new_number_with_the_last_digits_of_the_one_before(database, cast, clock):
    zhang, alike = cast.users["zhang"], "13900000001"
    with database.unit_of_work() as work:
        code = accounts.ask_at_counter(work, zhang, alike, hall="大厅", by=cast.zhou, now=clock())
    accounts.change_at_counter(database, zhang, alike, code, ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    assert [one[1] for one in told(database, zhang)] == [None, "13800000001", alike]


def test_of_an_account_that_a_counter_opened_again(database, cast, clock):
    zhang = cast.users["zhang"]
    accounts.prove_at_counter(database, zhang, ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    screen, text = told(database, zhang)
    assert "核对本人" in screen[2] and text[1] == "13800000001"


def test_of_a_merge_and_of_its_end_on_both_numbers(database, cast, clock, two):
    old, new = two
    merge_id = merge(database, clock, cast.zhou, old, new)
    came = told(database, new)
    assert [one[1] for one in came] == [None, "13800000001", NEW] and told(database, old) == []
    assert "合并为一个" in came[0][2]
    accounts.part(database, merge_id, "弄错了，不是同一个人", hall="大厅", by=cast.zhou, now=clock())
    assert [one[1] for one in told(database, new)][3:] == [None, NEW]
    ((_screen, _none, words), (_sms, phone, _same)) = told(database, old)
    assert "已经分开" in words and phone == "13800000001"


def test_it_stands_on_the_page_of_their_own(hall: Open):
    zhang = hall.cast.users["zhang"]
    accounts.prove_at_counter(hall.database, zhang, ID, WHY, hall="大厅", by=hall.cast.zhou, now=hall.clock())
    with hall.database.unit_of_work() as work:
        factors.clear(work, hall.cast.users["chen"], hall="大厅", by=hall.cast.qian, now=hall.clock())
    assert "取消了您的两步验证" in hall.client("chen").get("/desk/notices").text
    assert "data-account-changed" in hall.client("zhang").get("/mine").text
    assert "data-account-changed" not in hall.client("xu").get("/mine").text
    hall.clock.on(days=31)
    assert "data-account-changed" not in hall.client("zhang").get("/mine").text
