"""Passkeys: what verifies, and everything that must not."""

import json
import threading
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from engine.commands.hall import factors as factor_commands
from engine.commands.hall import passkeys
from engine.commands.hall.passkeys import Party
from engine.errors import NotFound, NotNow, NotYours
from engine.people import factors, sessions
from engine.records import audit
from engine.store.models import Event, Notice, Passkey, User
from tests.authenticator import Authenticator, flipped, forged

HALL = Party("localhost", "http://localhost", "一站")


def _add(database, cast, clock, key, who="zhao", name="办公室电脑"):
    with database.unit_of_work() as work:
        this = sessions.find(work, sessions.begin(work, cast.users[who], now=clock()), now=clock()).id
        token, options = passkeys.new_options(work, HALL, by=getattr(cast, who), now=clock())
    with database.unit_of_work() as work:
        made = passkeys.add(work, token, key.create(options), name, HALL, this=this, by=getattr(cast, who), now=clock())
    return options, made


def _options(database, clock, second=""):
    with database.unit_of_work() as work:
        return passkeys.options(work, HALL, second=second, now=clock())


def _enter(database, clock, key):
    token, options = _options(database, clock)
    return passkeys.enter(database, token, key.get(options), HALL, now=clock())


def test_a_passkey_is_added_and_opens_by_itself(database, cast, clock):
    key = Authenticator()
    options, (codes, token) = _add(database, cast, clock, key)
    selection = options["authenticatorSelection"]
    assert selection["userVerification"] == "required" and selection["residentKey"] == "required"
    assert len(codes) == 10
    with database.reading() as work:
        assert sessions.find(work, token, now=clock()).how == "passkey"
        (found,) = factors.of(work, cast.users["zhao"]).passkeys
        assert (found.name, found.used_at) == ("办公室电脑", None)
        assert work.session.scalar(select(Passkey.transports)) == ["internal"]
    assert _enter(database, clock, key) == (cast.users["zhao"], "zhao")
    assert _enter(database, clock, key) == (cast.users["zhao"], "zhao")
    with database.reading() as work:
        assert work.session.scalar(select(Passkey.sign_count)) == 2
        assert not audit.verify(work).faults


def test_several_have_names_and_one_is_taken_away(database, cast, clock):
    first, second = Authenticator(), Authenticator(id=b"another", key=ec.generate_private_key(ec.SECP256R1()))
    _add(database, cast, clock, first)
    options, (codes, _token) = _add(database, cast, clock, second, name=" 手机 ")
    assert codes == () and [one["id"] for one in options["excludeCredentials"]] == ["dGhlIGtleSBvZiBhIHRlc3Q"]
    with database.unit_of_work() as work:
        keys = {key.name: key.id for key in factors.of(work, cast.users["zhao"]).passkeys}
        assert set(keys) == {"办公室电脑", "手机"}
        with pytest.raises(NotFound):
            factor_commands.remove_passkey(work, keys["手机"], must=False, hall="一站", by=cast.wu, now=clock())
        factor_commands.remove_passkey(work, keys["办公室电脑"], must=True, hall="一站", by=cast.zhao, now=clock())
        work.session.flush()
        told = work.session.scalars(select(Notice.text).where(Notice.user_id == cast.users["zhao"])).all()
        assert sum("一个通行密钥取消了" in one for one in told) == 1
        with pytest.raises(NotNow):
            factor_commands.remove_passkey(work, keys["手机"], must=True, hall="一站", by=cast.zhao, now=clock())
    with pytest.raises(NotYours):
        _enter(database, clock, first)
    assert _enter(database, clock, second)[0] == cast.users["zhao"]


@pytest.mark.parametrize(
    "change",
    [
        lambda key: replace(key, origin="http://localhost.evil.example"),
        lambda key: replace(key, rp_id="evil.example"),
        lambda key: replace(key, verifies=False),
        lambda key: replace(key, key=ec.generate_private_key(ec.SECP256R1())),
        lambda key: replace(key, id=b"a key of nobody"),
        lambda key: replace(key, count=key.count - 1),  # a copy that was used less
    ],
    ids=["origin", "name", "unverified", "another-key", "unknown", "count"],
)
def test_what_does_not_verify_does_not_open_and_is_recorded(sqlite, cast, clock, change):
    key = Authenticator()
    _add(sqlite, cast, clock, key)
    _enter(sqlite, clock, key)
    with pytest.raises(NotYours):
        _enter(sqlite, clock, change(key))
    with sqlite.reading() as work:
        facts = work.session.scalars(select(Event.facts).where(Event.kind == "person.log-in-failed")).all()
        assert [one["how"] for one in facts] == ["passkey"]
    key.count = 5
    assert _enter(sqlite, clock, key)[0] == cast.users["zhao"]


@pytest.mark.parametrize("handle", ["staff:8", "staff:", "resident:6", "%%"])
def test_a_key_that_says_it_is_of_another_account_opens_none(sqlite, cast, clock, handle):
    key, zhao = Authenticator(), f"staff:{cast.users['zhao']}"
    _add(sqlite, cast, clock, key)
    assert handle != zhao
    said = handle if handle == "%%" else bytes_to_base64url(handle.encode())
    token, options = _options(sqlite, clock)
    with pytest.raises(NotYours):
        passkeys.enter(sqlite, token, forged(key.get(options), userHandle=said), HALL, now=clock())
    token, options = _options(sqlite, clock)
    own = forged(key.get(options), userHandle=bytes_to_base64url(zhao.encode()))
    assert passkeys.enter(sqlite, token, own, HALL, now=clock())[1] == "zhao"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"id": 7}',
        '{"id": "dGhlIGtleSBvZiBhIHRlc3Q"}',
        '{"id": "dGhlIGtleSBvZiBhIHRlc3Q", "rawId": "x", "type": "public-key", "response": {}}',
        '{"id": "dGhlIGtleSBvZiBhIHRlc3Q", "rawId": "dGhlIGtleSBvZiBhIHRlc3Q", "response": null}',
    ],
)
def test_nonsense_from_a_browser_opens_nothing_and_breaks_nothing(sqlite, cast, clock, answer):
    _add(sqlite, cast, clock, Authenticator())
    token, _said = _options(sqlite, clock)
    with pytest.raises(NotYours):
        passkeys.enter(sqlite, token, answer, HALL, now=clock())
    with sqlite.unit_of_work() as work:
        this = sessions.find(work, sessions.begin(work, cast.users["wu"], now=clock()), now=clock()).id
        token, _said = passkeys.new_options(work, HALL, by=cast.wu, now=clock())
        with pytest.raises(NotYours):
            passkeys.add(work, token, answer, "", HALL, this=this, by=cast.wu, now=clock())


def test_a_changed_signature_does_not_open(sqlite, cast, clock):
    key = Authenticator()
    _add(sqlite, cast, clock, key)
    token, options = _options(sqlite, clock)
    answer = key.get(options)
    signature = json.loads(answer)["response"]["signature"]
    with pytest.raises(NotYours):
        passkeys.enter(sqlite, token, forged(answer, signature=flipped(signature)), HALL, now=clock())


def test_a_challenge_is_answered_once_and_in_its_time(sqlite, cast, clock):
    key = Authenticator()
    _add(sqlite, cast, clock, key)
    token, options = _options(sqlite, clock)
    answer = key.get(options)
    passkeys.enter(sqlite, token, answer, HALL, now=clock())
    with pytest.raises(NotNow):  # the same again: what was listened to
        passkeys.enter(sqlite, token, answer, HALL, now=clock())
    late, options = _options(sqlite, clock)
    with pytest.raises(NotNow):
        passkeys.enter(sqlite, late, key.get(options), HALL, now=clock.on(minutes=10))
    other, _said = _options(sqlite, clock)
    with pytest.raises(NotYours):  # signed for another challenge
        passkeys.enter(sqlite, other, key.get(options), HALL, now=clock())


def test_as_a_second_factor_only_the_persons_own_will_do(sqlite, cast, clock):
    own, other = Authenticator(), Authenticator(id=b"another", key=ec.generate_private_key(ec.SECP256R1()))
    _add(sqlite, cast, clock, own)
    _add(sqlite, cast, clock, other, "wu")
    step = factor_commands.begin_second(sqlite, cast.users["zhao"], now=clock())
    token, options = _options(sqlite, clock, step)
    assert [one["id"] for one in options["allowCredentials"]] == ["dGhlIGtleSBvZiBhIHRlc3Q"]
    with pytest.raises(NotYours):
        passkeys.enter(sqlite, token, other.get(options), HALL, now=clock())
    token, options = _options(sqlite, clock, step)
    assert passkeys.enter(sqlite, token, own.get(options), HALL, now=clock())[1] == "zhao"


def test_a_closed_account_is_not_opened_by_its_passkey(sqlite, cast, clock):
    key = Authenticator()
    _add(sqlite, cast, clock, key)
    with sqlite.unit_of_work() as work:
        work.session.get_one(User, cast.users["zhao"]).disabled_at = clock()
    with pytest.raises(NotYours):
        _enter(sqlite, clock, key)


def test_nobody_adds_one_by_anothers_step_or_twice(sqlite, cast, clock):
    key = Authenticator()
    with sqlite.unit_of_work() as work:
        token, options = passkeys.new_options(work, HALL, by=cast.wu, now=clock())
        with pytest.raises(NotNow):
            passkeys.add(work, token, key.create(options), "", HALL, this=1, by=cast.zhao, now=clock())
    _add(sqlite, cast, clock, key)
    with pytest.raises(NotNow):
        _add(sqlite, cast, clock, key, "wu")


@pytest.mark.both
def test_one_answer_that_two_send_at_once_opens_for_one(database, cast, clock):
    key = Authenticator()
    _add(database, cast, clock, key)
    token, options = _options(database, clock)
    answer, now = key.get(options), clock()
    ready, done, refused = threading.Barrier(2), [], []

    def enter():
        ready.wait(20)
        try:
            done.append(passkeys.enter(database, token, answer, HALL, now=now))
        except (NotNow, NotYours) as error:
            refused.append(error)

    threads = [threading.Thread(target=enter) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert (len(done), len(refused)) == (1, 1)
