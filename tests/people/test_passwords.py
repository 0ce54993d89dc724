"""Which password may be set, changing one's own, and the link that sets a new one."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands.hall import passwords as commands
from engine.commands.hall import restored
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.people import SYSTEM, login, passwords, sessions, steps, tries
from engine.people.passwords import Whose
from engine.records import audit
from engine.store.models import Event, ResetLink, User
from tests.cast import PASSWORD, ROOT
from tests.people.test_login import _at_once

NEW = "三条小船在溪边 12"
CHEN = Whose("chen", "陈小云", "13800000001", "350526199003071239")


@pytest.mark.parametrize(
    "password",
    [
        "short-one",
        "四个汉字",
        "1234567890",
        "woaini1314",
        "woaini5201314",
        "password2026!",
        "P@ssw0rd2026",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "qwer1234asdf",
        "iloveyou2024",
        "admin@123456",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "zhangwei1990",
        "ZhangWei19900101",
        "Wang.Xiaoming0812",
        "zwl19900101",
        "19900101 zwl",
        "20260918",
        "a13912345678",
        "13912345678",
        "我是chen呀呀呀",
        "陈小云的密码呀",
        "my 00000001 code",
        "kept 19900307 so",
        "the 071239 gate",
        "x" * 129,
    ],
)
def test_what_is_guessed_first_is_no_password(password):
    assert passwords.wrong(passwords.narrow(password), CHEN) is not None


@pytest.mark.parametrize(
    "password", [NEW, "五个字也行", "德化白瓷真好看", "correct horse battery", "Tr0ub4dor&3xk", "x9-Kettle-moss"]
)
def test_a_sentence_of_ones_own_is_one(password):
    passwords.check(password, CHEN)


def test_the_list_is_what_its_maker_makes():
    made = subprocess.run(
        [sys.executable, ROOT / ".ci" / "common_passwords.py"], capture_output=True, text=True, check=True
    )
    kept = (ROOT / "engine" / "people" / "common_passwords.txt").read_text()
    assert kept == made.stdout and len(kept.split()) > 4000


def test_one_password_typed_on_two_keyboards_is_one():
    assert login.matches(login.hash_password("ｐａｓｓｗｏｒｄ－ｏｎｅ"), "password-one")


def _signed_in(database, cast, clock):
    with database.unit_of_work() as work:
        tokens = [sessions.begin(work, cast.users["chen"], now=clock()) for _ in range(2)]
        program = login.new_token(work, cast.users["chen"], now=clock())
        this = sessions.find(work, tokens[0], now=clock()).id
    return tokens, program, this


def _open(database, tokens, program, clock):
    with database.reading() as work:
        held = [sessions.find(work, token, now=clock()) is not None for token in tokens]
        return [*held, login.actor_of_token(work, program, now=clock()) is not None]


def test_who_changes_their_password_stays_in_and_everybody_else_is_out(database, cast, clock):
    tokens, program, this = _signed_in(database, cast, clock)
    assert commands.change(database, cast.users["chen"], PASSWORD, NEW, this=this, hall="大厅", now=clock()) == 2
    assert _open(database, tokens, program, clock) == [True, False, False]
    assert login.staff(database, "chen", NEW, now=clock()).user_id == cast.users["chen"]
    with pytest.raises(NotYours):
        login.staff(database, "chen", PASSWORD, now=clock())
    with database.reading() as work:
        row = work.session.scalar(select(Event).where(Event.kind == "person.password-changed"))
        assert (row.by_id, row.facts) == (cast.users["chen"], {"ended": 2})
        assert not audit.verify(work).faults


@pytest.mark.parametrize(("old", "new", "field"), [("wrong-one", NEW, "old"), (PASSWORD, "woaini1314", "password")])
def test_without_the_old_one_or_with_a_common_one_nothing_changes(database, cast, clock, old, new, field):
    tokens, program, this = _signed_in(database, cast, clock)
    with pytest.raises(Invalid) as refused:
        commands.change(database, cast.users["chen"], old, new, this=this, hall="大厅", now=clock())
    assert refused.value.fields[0].field == field
    assert _open(database, tokens, program, clock) == [True, True, True]
    assert login.staff(database, "chen", PASSWORD, now=clock())


def test_whoever_sits_at_an_open_session_does_not_guess_the_old_one(database, cast, clock):
    for _ in range(5):
        with pytest.raises(Invalid):
            commands.change(database, cast.users["chen"], "wrong-one", NEW, this=None, hall="大厅", now=clock())
    with pytest.raises(tries.TooMany):
        commands.change(database, cast.users["chen"], PASSWORD, NEW, this=None, hall="大厅", now=clock())


@pytest.mark.both
def test_of_many_guesses_of_the_old_one_at_once_no_more_than_five_are_looked_at(database, cast, clock, monkeypatch):
    looked, real = [], login.matches
    monkeypatch.setattr(login, "matches", lambda *given: looked.append(given) or real(*given))

    def act(n):
        return commands.change(database, cast.users["chen"], f"wrong-one-{n}", NEW, this=None, hall="大厅", now=clock())

    assert _at_once(12, act) == {"Invalid": 5, "TooMany": 7}
    assert len(looked) == 5


def test_what_was_mistyped_counts_no_more_after_the_right_one(database, cast, clock):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Invalid):
                commands.is_own(database, cast.users["chen"], "wrong-one", now=clock())
        assert commands.is_own(database, cast.users["chen"], PASSWORD, now=clock())


def _offer(database, cast, clock, who="chen", by="qian"):
    with database.unit_of_work() as work:
        by = SYSTEM if by is None else getattr(cast, by)
        return commands.offer(work, cast.users[who], hall="大厅", by=by, now=clock()).key


def test_a_head_hands_over_a_link_and_its_owner_sets_the_password(database, cast, clock):
    tokens, program, _this = _signed_in(database, cast, clock)
    key = _offer(database, cast, clock)
    with database.reading() as work:
        found = commands.find(work, key, now=clock())
        assert (found.login, found.until_at) == ("chen", clock() + timedelta(hours=1))
        assert key not in work.session.scalar(select(ResetLink.token_hash))
    commands.set_by_link(database, key, NEW, hall="大厅", now=clock.on(minutes=59))
    assert login.staff(database, "chen", NEW, now=clock()).user_id == cast.users["chen"]
    assert _open(database, tokens, program, clock) == [False, False, False]
    with pytest.raises(NotFound):
        commands.set_by_link(database, key, "另外一句只有我知道的话", hall="大厅", now=clock())
    with database.reading() as work:
        kinds = ("person.reset-offered", "person.password-changed")
        rows = work.session.scalars(select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)).all()
        assert [(row.kind, row.by_id) for row in rows] == [
            ("person.reset-offered", cast.users["qian"]),
            ("person.password-changed", cast.users["chen"]),
        ]


@pytest.mark.parametrize("late", [True, False])
def test_a_link_that_is_late_or_replaced_sets_nothing(database, cast, clock, late):
    key = _offer(database, cast, clock)
    if late:
        clock.on(minutes=60)
    else:
        _offer(database, cast, clock)
    with pytest.raises(NotFound):
        commands.set_by_link(database, key, NEW, hall="大厅", now=clock())
    assert login.staff(database, "chen", PASSWORD, now=clock())


def test_a_common_password_uses_up_no_link(database, cast, clock):
    key = _offer(database, cast, clock)
    with pytest.raises(Invalid):
        commands.set_by_link(database, key, "woaini1314", hall="大厅", now=clock())
    commands.set_by_link(database, key, NEW, hall="大厅", now=clock())


@pytest.mark.parametrize(
    ("by", "who", "error"),
    [
        ("lin", "chen", NotYours),
        ("zhao", "chen", NotYours),  # heads another office
        ("qian", "operator", NotYours),  # of the county
        ("qian", "qian", NotNow),  # oneself
        ("qian", "zhang", NotFound),  # a resident
    ],
)
def test_nobody_but_who_heads_them_hands_out_a_link(database, cast, clock, by, who, error):
    with pytest.raises(error):
        _offer(database, cast, clock, who, by)


def test_who_runs_the_machine_helps_whom_nobody_heads(database, cast, clock):
    commands.set_by_link(database, _offer(database, cast, clock, "wu", None), NEW, hall="大厅", now=clock())
    assert login.staff(database, "wu", NEW, now=clock()).user_id == cast.users["wu"]


def test_an_account_that_was_closed_is_not_opened_by_a_link(database, cast, clock):
    key = _offer(database, cast, clock)
    with database.unit_of_work() as work:
        work.session.get_one(User, cast.users["chen"]).disabled_at = clock()
    with pytest.raises(NotFound):
        commands.set_by_link(database, key, NEW, hall="大厅", now=clock())


@pytest.mark.both
def test_a_link_that_two_use_at_once_works_for_one(database, cast, clock, monkeypatch):
    key, now = _offer(database, cast, clock), clock()
    ready = threading.Barrier(2)
    real = login.hash_password

    def together(password):
        hashed = real(password)
        ready.wait(20)  # both have read the link as good, and neither has written
        return hashed

    monkeypatch.setattr(login, "hash_password", together)
    done, refused = [], []

    def use(new):
        try:
            commands.set_by_link(database, key, new, hall="大厅", now=now)
            done.append(new)
        except NotFound as error:
            refused.append(error)

    threads = [threading.Thread(target=use, args=(new,)) for new in (NEW, "另外一句只有我知道的话")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(done) == 1 and len(refused) == 1
    assert login.staff(database, "chen", done[0], now=now).user_id == cast.users["chen"]


def test_argon2_holds_up_no_other_writer(sqlite, cast, clock, monkeypatch):
    """Twenty milliseconds in the transaction that writes would be twenty for everybody who waits at its door."""
    inside, slow, hasher = [], [], login._hasher
    real = type(sqlite).unit_of_work

    @contextmanager
    def watched(database, *args):
        with real(database, *args) as work:
            inside.append(work)
            try:
                yield work
            finally:
                inside.remove(work)

    class Watched:
        def hash(self, password):
            slow.append(("hash", bool(inside)))
            return hasher.hash(password)

        def verify(self, stored, password):
            slow.append(("verify", bool(inside)))
            return hasher.verify(stored, password)

    key = _offer(sqlite, cast, clock)
    monkeypatch.setattr(type(sqlite), "unit_of_work", watched)
    monkeypatch.setattr(login, "_hasher", Watched())
    login.staff(sqlite, "chen", PASSWORD, now=clock())
    with pytest.raises(NotYours):
        login.staff(sqlite, "chen", "wrong-password", now=clock())
    commands.set_by_link(sqlite, key, NEW, hall="大厅", now=clock())
    commands.change(sqlite, cast.users["chen"], NEW, "另外一句只有我知道的话", this=None, hall="大厅", now=clock())
    assert [name for name, _within in slow] == ["verify", "verify", "hash", "verify", "hash"]
    assert not any(within for _name, within in slow)


def test_a_link_and_a_half_sign_in_of_before_are_good_no_more_in_a_hall_that_was_put_back(sqlite, cast, clock):
    key = _offer(sqlite, cast, clock)
    with sqlite.unit_of_work() as work:
        step = steps.begin(work, "second", user_id=cast.users["chen"], facts={"wrong": 0}, now=clock())
    with sqlite.unit_of_work() as work:
        restored.settle(work, backed_up_at=clock(), now=clock.on(minutes=5))
    with sqlite.reading() as work:
        with pytest.raises(NotFound):
            commands.find(work, key, now=clock())
        with pytest.raises(NotNow):
            steps.find(work, "second", step, now=clock())
