"""The second factor: codes of an app, recovery codes; once each, also when two come at once; required by setting."""

import threading
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from engine.commands.hall import factors as commands
from engine.errors import Invalid, NotNow, NotYours
from engine.people import factors, sessions, steps, tries
from engine.records import audit
from engine.store.models import Event, Notice, RecoveryCode
from tests.cast import PASSWORD
from tests.people.test_login import _at_once

#: Digits of a full-width keyboard.
WIDE = {ord(str(n)): chr(0xFF10 + n) for n in range(10)}


def _set_up(database, cast, clock, who="zhao"):
    """An app for codes: its secret, and the recovery codes."""
    with database.unit_of_work() as work:
        token = sessions.begin(work, cast.users[who], now=clock())
        this = sessions.find(work, token, now=clock()).id
        commands.begin_totp(work, by=getattr(cast, who), now=clock())
        secret = factors.begun(work, cast.users[who], now=clock())
        code = pyotp.TOTP(secret).at(clock())
        codes, renewed = commands.confirm_totp(work, code, this=this, hall="大厅", by=getattr(cast, who), now=clock())
    with database.reading() as work:
        assert sessions.find(work, token, now=clock()) is None
        assert sessions.find(work, renewed, now=clock()).how == "totp"
    clock.on(seconds=90)
    return secret, codes


def _begin(database, cast, clock, who="zhao"):
    return commands.begin_second(database, cast.users[who], now=clock())


def test_an_app_is_set_up_by_its_first_code_and_asked_for_from_then_on(database, cast, clock):
    assert _begin(database, cast, clock) is None
    secret, codes = _set_up(database, cast, clock)
    step = _begin(database, cast, clock)
    user_id, how, wrong = commands.second(database, step, pyotp.TOTP(secret).at(clock()), now=clock())
    assert (user_id, how, wrong) == (cast.users["zhao"], "totp", 0)
    assert len(codes) == 10 and len(set(codes)) == 10
    with database.reading() as work:
        found = factors.of(work, cast.users["zhao"])
        assert found.any and found.codes_left == 10
        assert not set(codes) & set(work.session.scalars(select(RecoveryCode.code_hash)))
        assert not audit.verify(work).faults


def test_the_secret_lies_sealed(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("select secret from authenticator").scalar_one()
    assert secret.encode() not in bytes(kept)


def test_a_code_of_the_clock_beside_is_taken_and_an_old_one_is_not(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    late = pyotp.TOTP(secret).at(clock() - timedelta(seconds=60))
    with pytest.raises(NotYours):
        commands.by_code(database, cast.users["zhao"], late, now=clock())
    near = pyotp.TOTP(secret).at(clock() - timedelta(seconds=30))
    assert commands.by_code(database, cast.users["zhao"], near, now=clock()) == "totp"


def test_a_code_is_used_once_and_so_is_each_before_it(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    totp = pyotp.TOTP(secret)
    commands.by_code(database, cast.users["zhao"], totp.at(clock()), now=clock())
    for code in (totp.at(clock()), totp.at(clock() - timedelta(seconds=30))):
        with pytest.raises(NotYours):
            commands.by_code(database, cast.users["zhao"], code, now=clock())
    assert commands.by_code(database, cast.users["zhao"], totp.at(clock.on(seconds=30)), now=clock()) == "totp"


def test_a_recovery_code_is_used_once_in_whatever_writing(database, cast, clock):
    _secret, codes = _set_up(database, cast, clock)
    typed = f" {codes[0].lower().replace('-', ' ')} "
    assert commands.second(database, _begin(database, cast, clock), typed, now=clock())[1] == "recovery"
    with pytest.raises(NotYours):
        commands.second(database, _begin(database, cast, clock), codes[0], now=clock())
    with database.reading() as work:
        assert factors.of(work, cast.users["zhao"]).codes_left == 9


def test_a_new_set_ends_the_old_and_nobody_uses_anothers(database, cast, clock):
    _secret, old = _set_up(database, cast, clock)
    _other, theirs = _set_up(database, cast, clock, "wu")
    with database.unit_of_work() as work:
        new = commands.new_codes(work, hall="一站", by=cast.zhao, now=clock())
        work.session.flush()
        told = select(Notice.text).where(Notice.user_id == cast.users["zhao"]).order_by(Notice.id.desc()).limit(1)
        assert "恢复码换了新的" in work.session.scalar(told)
    for code in (old[0], theirs[0]):
        with pytest.raises(NotYours):
            commands.by_code(database, cast.users["zhao"], code, now=clock())
    assert commands.by_code(database, cast.users["zhao"], new[0], now=clock()) == "recovery"


def test_whoever_knows_the_password_does_not_guess_the_code(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    for n in range(5):
        with pytest.raises(NotYours):
            commands.second(database, _begin(database, cast, clock), f"00000{n}", now=clock())
    with pytest.raises(tries.TooMany):
        commands.second(database, _begin(database, cast, clock), pyotp.TOTP(secret).at(clock()), now=clock())
    step = _begin(database, cast, clock)
    assert commands.second(database, step, pyotp.TOTP(secret).at(clock.on(seconds=31)), now=clock())[1] == "totp"
    with database.reading() as work:
        failed = work.session.scalars(select(Event.facts).where(Event.kind == "person.log-in-failed")).all()
        assert failed == [{"user": cast.users["zhao"], "how": "totp"}] * 5


def test_a_step_is_good_once_and_for_minutes(database, cast, clock):
    secret, codes = _set_up(database, cast, clock)
    step = _begin(database, cast, clock)
    commands.second(database, step, pyotp.TOTP(secret).at(clock()), now=clock())
    with pytest.raises(NotNow):
        commands.second(database, step, codes[0], now=clock())
    late = _begin(database, cast, clock)
    with pytest.raises(NotNow):
        commands.second(database, late, codes[0], now=clock.on(minutes=10))


def test_another_telephone_takes_the_place_of_the_first_only_when_it_works(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    with database.unit_of_work() as work:
        this = sessions.find(work, sessions.begin(work, cast.users["zhao"], now=clock()), now=clock())
        commands.begin_totp(work, by=cast.zhao, now=clock())
        with pytest.raises(Invalid):
            commands.confirm_totp(work, "000000", this=this.id if this else 0, hall="大厅", by=cast.zhao, now=clock())
    assert commands.by_code(database, cast.users["zhao"], pyotp.TOTP(secret).at(clock()), now=clock()) == "totp"
    with database.unit_of_work() as work:
        token = sessions.begin(work, cast.users["zhao"], now=clock())
        opened = sessions.find(work, token, now=clock())
        code = pyotp.TOTP(factors.begun(work, cast.users["zhao"], now=clock())).at(clock())
        codes, _token = commands.confirm_totp(work, code, this=opened.id, hall="大厅", by=cast.zhao, now=clock())
    assert codes == ()  # the recovery codes of before are good still
    with pytest.raises(NotYours):
        commands.by_code(database, cast.users["zhao"], pyotp.TOTP(secret).at(clock.on(seconds=60)), now=clock())


def test_a_secret_that_was_begun_waits_a_quarter_of_an_hour(database, cast, clock):
    with database.unit_of_work() as work:
        commands.begin_totp(work, by=cast.zhao, now=clock())
    with database.reading() as work:
        assert factors.begun(work, cast.users["zhao"], now=clock.on(minutes=15)) is None


def test_the_last_factor_of_a_post_that_needs_one_stays(database, cast, clock):
    _set_up(database, cast, clock)
    with pytest.raises(NotNow), database.unit_of_work() as work:
        commands.remove_totp(work, must=True, hall="一站", by=cast.zhao, now=clock())
    with database.unit_of_work() as work:
        commands.remove_totp(work, must=False, hall="一站", by=cast.zhao, now=clock())
        assert not factors.of(work, cast.users["zhao"]).any
        work.session.flush()
        last = work.session.scalars(select(Notice.text).where(Notice.kind == "account").order_by(Notice.id)).all()[-1]
        assert last.startswith("您账号的动态码取消了。不是您本人办的")
    assert _begin(database, cast, clock) is None


def test_whoever_has_no_second_factor_waits_for_no_other_writer(sqlite, cast, clock, monkeypatch):
    monkeypatch.setattr(sqlite, "unit_of_work", None)
    assert commands.begin_second(sqlite, cast.users["chen"], now=clock()) is None


def test_who_heads_them_takes_all_of_it_away_and_they_are_out(database, cast, clock):
    _secret, codes = _set_up(database, cast, clock)
    with database.unit_of_work() as work:
        token = sessions.begin(work, cast.users["zhao"], now=clock())
    for by in (cast.zhao, cast.qian):
        with pytest.raises((NotNow, NotYours)), database.unit_of_work() as work:
            commands.clear(work, cast.users["zhao"], hall="大厅", by=by, now=clock())
    with database.unit_of_work() as work:
        commands.clear(work, cast.users["zhao"], hall="大厅", by=cast.wu, now=clock())
    with database.reading() as work:
        assert not factors.of(work, cast.users["zhao"]).any and sessions.find(work, token, now=clock()) is None
        row = work.session.scalar(select(Event).where(Event.kind == "person.factor-removed"))
        assert (row.by_id, row.facts["user"]) == (cast.users["wu"], cast.users["zhao"])
    with pytest.raises(NotYours):
        commands.by_code(database, cast.users["zhao"], codes[0], now=clock())


def test_a_proof_is_fresh_for_ten_minutes_and_given_by_password_and_code(database, cast, clock):
    secret, _codes = _set_up(database, cast, clock)
    with database.unit_of_work() as work:
        token = sessions.begin(work, cast.users["zhao"], now=clock(), how="totp")
    clock.on(minutes=11)

    def opened():
        with database.reading() as work:
            return sessions.find(work, token, now=clock())

    assert not commands.fresh(opened(), clock())
    for password, code in (("wrong", pyotp.TOTP(secret).at(clock())), (PASSWORD, "000000")):
        with pytest.raises(Invalid):
            commands.prove(database, opened().id, cast.users["zhao"], password, code, now=clock())
    assert not commands.fresh(opened(), clock())
    code = pyotp.TOTP(secret).at(clock())
    commands.prove(database, opened().id, cast.users["zhao"], PASSWORD, code, now=clock())
    assert commands.fresh(opened(), clock())


@pytest.mark.parametrize(
    ("who", "roles", "needs"),
    [
        ("zhao", {"supervisor"}, True),
        ("operator", {"operator", "designer"}, True),
        ("chen", {"supervisor", "operator", "designer"}, False),
        ("chen", {"staff"}, True),
        ("zhao", set(), False),
        ("zhang", {"staff", "supervisor"}, False),
    ],
)
def test_whose_post_needs_one_is_said_by_roles(cast, who, roles, needs):
    assert factors.required(getattr(cast, who), roles) is needs


@pytest.mark.both
@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_a_code_that_two_use_at_once_opens_for_one(database, cast, clock, monkeypatch, kind):
    secret, codes = _set_up(database, cast, clock)
    code, now = (pyotp.TOTP(secret).at(clock()) if kind == "totp" else codes[0]), clock()
    tokens = [_begin(database, cast, clock) for _ in range(2)]
    ready = threading.Barrier(2)
    real, waited = tries.spend, threading.local()

    def together(*args, **more):
        # On SQLite writers stand at the door one by one: there is no moment in which both are inside.
        if database.dialect == "postgresql" and not getattr(waited, "once", False):
            waited.once = True
            ready.wait(20)
        return real(*args, **more)

    monkeypatch.setattr(tries, "spend", together)
    done, refused = [], []

    def enter(token):
        try:
            done.append(commands.second(database, token, code, now=now))
        except NotYours as error:
            refused.append(error)

    threads = [threading.Thread(target=enter, args=(token,)) for token in tokens]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert (len(done), len(refused)) == (1, 1)


@pytest.mark.both
@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_a_code_is_used_up_by_one_of_many_without_any_count_of_tries(database, cast, clock, kind):
    secret, codes = _set_up(database, cast, clock)
    code, now = (pyotp.TOTP(secret).at(clock()) if kind == "totp" else codes[0]), clock()

    def use(_n):
        with database.unit_of_work() as work:
            return factors.use(work, cast.users["zhao"], code, now=now)

    assert _at_once(6, use) == {kind: 1, "None": 5}


@pytest.mark.both
def test_of_many_guesses_at_once_no_more_than_five_are_looked_at(database, cast, clock, monkeypatch):
    _set_up(database, cast, clock)
    looked, real, now = [], factors.use, clock()
    monkeypatch.setattr(factors, "use", lambda *given, **more: looked.append(given) or real(*given, **more))
    came = _at_once(12, lambda n: commands.by_code(database, cast.users["zhao"], f"{n:06d}", now=now))
    assert came == {"NotYours": 5, "TooMany": 7} and len(looked) == 5


@pytest.mark.parametrize("write", [lambda code: f"{code[:3]} {code[3:]}", lambda code: code.translate(WIDE)])
def test_a_code_is_taken_as_apps_and_keyboards_write_it(database, cast, clock, write):
    with database.unit_of_work() as work:
        this = sessions.find(work, sessions.begin(work, cast.users["zhao"], now=clock()), now=clock()).id
        commands.begin_totp(work, by=cast.zhao, now=clock())
        totp = pyotp.TOTP(factors.begun(work, cast.users["zhao"], now=clock()))
        commands.confirm_totp(work, write(totp.at(clock())), this=this, hall="大厅", by=cast.zhao, now=clock())
    code = write(totp.at(clock.on(minutes=2)))
    assert commands.by_code(database, cast.users["zhao"], code, now=clock()) == "totp"


def test_a_step_of_another_kind_is_none(database, cast, clock):
    with database.unit_of_work() as work:
        token = steps.begin(work, "sso", facts={}, now=clock())
    with pytest.raises(NotNow):
        commands.second(database, token, "123456", now=clock())
