"""Log-in: passwords (argon2id), one-time codes, sessions and API tokens. Only hashes are kept.

Failures are counted in a transaction of their own, so that a refused log-in is still remembered: these functions
take the database, not a unit of work.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import ColumnElement, Select, bindparam, func, select, update

from engine import crypto
from engine.errors import NotNow, NotYours, Refused
from engine.forms import written
from engine.people import actor as actors
from engine.people import passwords, sessions, tries
from engine.people.actor import Actor
from engine.people.devices import Device
from engine.store import Database, Work, keys
from engine.store.models import ApiToken, Case, OneTimeCode, Session, User

SESSION_LASTS = sessions.LASTS
TOKEN_LASTS = timedelta(days=90)
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 5
#: An account nobody used for so long opens by its telephone alone no more: carriers give numbers out again after three
#: months. A hall may set another (YIZHAN_SILENCE_DAYS).
SILENCE = timedelta(days=90)
#: OWASP's second recommendation: 19 MiB, two passes, one lane; about 20 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Verified when the name is unknown, so that an unknown name takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(8))


def hash_password(password: str) -> str:
    return _hasher.hash(passwords.narrow(password))


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who gave the right password, or the right code."""

    user_id: int
    wrong_before: int = 0  # how often a wrong one was tried for this name, from elsewhere, in the last hour


def staff(
    database: Database, login: str, password: str, *, now: datetime, address: str = "", device: Device | None = None
) -> Entered:
    """Who has this log-in name and password. Guessing is slowed by name, by address and by both; on a `device` that
    knows the person only by what was mistyped there, so that nobody is kept out by a stranger's tries.

    The password is checked outside any transaction that writes: twenty milliseconds of argon2 hold up nobody.
    """
    login = login.strip().lower()
    known = device is not None and device.knows("login", login)
    counted: list[tuple[str, str]]
    if known and device is not None:
        counted = [("login-device", f"{login}:{device.id}")]
    else:
        counted = [("login-from", f"{login}:{address}"), ("login", login)]
        counted += [("address", address)] if address else []
    with database.reading() as work:
        for what, key in counted:
            tries.within(work, what, key, now=now)
        found = work.session.execute(
            select(User.id, User.password_hash).where(
                User.login == login, User.kind == "staff", User.disabled_at.is_(None)
            )
        ).one_or_none()
        wrong = tries.so_far(work, "login", login, now=now)
    right = matches(found.password_hash if found is not None else None, password)
    with database.unit_of_work() as work:
        if right:
            assert found is not None
            for what, key in counted:
                if what != "address":  # others behind it are not helped by one who knows their own password
                    tries.forget(work, what, key)
            return Entered(found.id, wrong)
        for what, key in counted:
            tries.within(work, what, key, now=now)  # many at once: the later ones wait like those after them
            tries.count(work, what, key, now=now)
    raise NotYours("用户名或密码不正确。", "The name or the password is not right.")


def id_of(database: Database, login: str) -> int | None:
    """Who signs in by this name; None: nobody."""
    with database.reading() as work:
        return work.session.scalar(select(User.id).where(User.login == login.strip().lower(), User.kind == "staff"))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password of that hash; None (nobody) takes as long."""
    try:
        _hasher.verify(stored or _NOBODY, passwords.narrow(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def issue_code(work: Work, phone: str, *, now: datetime, ask: str = "", known: bool = False, address: str = "") -> str:
    """A new six-digit code for this phone; the caller sends it.

    `ask`: a secret of the browser or program that asks; the code works only there, so that a stranger who asks or
    guesses for the same phone takes nothing from the person who holds it. `known`: that device has signed in with this
    phone before, and is counted by itself: others' asking does not use up its codes.
    """
    index, device, address = keys.blind("phone", phone), _ask_hash(ask)[:32], tries.network(address)
    whose = f"{index}:{device}"
    counted = [("code", whose)]
    counted += [("code-day", whose)] if known else [("code-phone", index), ("code-day", index)]
    counted += [("code-device", device)] if ask else []
    counted += [("code-address", address)] if address and not known else []
    tries.spend(work, counted, now=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    work.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.phone_index == index, OneTimeCode.ask == _ask_hash(ask), OneTimeCode.used_at.is_(None))
        .values(used_at=now)
    )
    work.session.add(
        OneTimeCode(
            phone_index=index,
            ask=_ask_hash(ask),
            code_hash=_code_hash(index, code),
            created_at=now,
            expires_at=now + CODE_LASTS,
        )
    )
    return code


def code_key(phone: str) -> str:
    """The key under which a code is sent. Two codes for one telephone may be asked for in one microsecond, by two
    devices: neither is in the other's way."""
    return f"code:{keys.blind('phone', phone)}:{secrets.token_hex(8)}"


def _ask_hash(ask: str) -> str:
    return sessions.hashed(ask) if ask else ""


def resident(database: Database, phone: str, code: str, *, now: datetime, name: str = "", ask: str = "") -> Entered:
    """The resident with this phone and code, given where it was asked for (`ask`); a first log-in makes the account.

    Where no code waits nothing is written: a script that sends codes nobody asked for costs one look at an index.
    """
    phone, ask = written.telephone(phone), _ask_hash(ask)
    index = keys.blind("phone", phone)
    code_id = _waiting(database, index, ask, now)
    if code_id is None:
        raise _wrong_code()
    with database.unit_of_work() as work:
        right = _tried(work, code_id, index, code, now)
        if right:
            work.session.execute(update(OneTimeCode).where(OneTimeCode.id == code_id).values(used_at=now))
            wrong = tries.so_far(work, "code-wrong", index, now=now)
            own = tries.so_far(work, "code-wrong", f"{index}:{ask[:32]}", now=now)
            tries.forget(work, "code-wrong", index)
            tries.forget(work, "code-wrong", f"{index}:{ask[:32]}")
            return Entered(_resident(work, phone, index, name, now), max(0, wrong - own))
        if right is False:
            tries.count(work, "code-wrong", index, now=now)
            tries.count(work, "code-wrong", f"{index}:{ask[:32]}", now=now)
    raise _wrong_code()


def try_code(database: Database, phone: str, code: str, *, now: datetime, ask: str) -> int:
    """The id of the code that waits for this phone where it was asked for, if this is it; `use_codes` ends it. NotYours
    for a wrong one, which is counted."""
    index = keys.blind("phone", written.telephone(phone))
    code_id = _waiting(database, index, _ask_hash(ask), now)
    if code_id is not None:
        with database.unit_of_work() as work:
            right = _tried(work, code_id, index, code, now)
        if right:
            return code_id
    raise _wrong_code()


def _good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a code that may still be tried."""
    return OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now, OneTimeCode.tries < CODE_TRIES


def _waiting(database: Database, index: str, ask_hash: str, now: datetime) -> int | None:
    """The newest code that waits for this phone where it was asked for."""
    here = OneTimeCode.phone_index == index, OneTimeCode.ask == ask_hash
    newest = select(OneTimeCode.id).where(*here, *_good(now)).order_by(OneTimeCode.id.desc()).limit(1)
    with database.reading() as work:
        return work.session.scalar(newest)


def _tried(work: Work, code_id: int, index: str, code: str, now: datetime) -> bool | None:
    """Whether this is it, which is one try less; None: it may not be tried any more. One statement: of many guesses at
    once no more than five are looked at."""
    tried = update(OneTimeCode).where(OneTimeCode.id == code_id, *_good(now)).values(tries=OneTimeCode.tries + 1)
    stored = work.session.scalar(tried.returning(OneTimeCode.code_hash), execution_options=_PAST)
    return None if stored is None else crypto.same(stored.encode(), _code_hash(index, code.strip()).encode())


def use_codes(work: Work, ids: Sequence[int], *, now: datetime) -> None:
    """These codes were right, and are used up with what they were given for. Of two who come with one code one wins."""
    used = update(OneTimeCode).where(OneTimeCode.id.in_(ids), OneTimeCode.used_at.is_(None)).values(used_at=now)
    done = work.session.execute(used, execution_options=_PAST)
    if done.rowcount != len(set(ids)):  # type: ignore[attr-defined]
        raise _wrong_code()


def _wrong_code() -> NotYours:
    return NotYours("验证码不正确或已过期，请重新获取。", "The code is not right or has expired: ask for a new one.")


def _resident(work: Work, phone: str, index: str, name: str, now: datetime) -> int:
    """The account with this phone; it is made when there is none."""
    by_phone = select(User).where(User.phone_index.in_(keys.blinds("phone", phone)), User.kind == "resident")
    user = work.session.scalar(by_phone)
    if user is None:
        made = work.insert_once(User(kind="resident", name=name, phone=phone, phone_index=index, created_at=now))
        if made is not None:
            return made.id
        user = work.session.scalars(by_phone).one()  # two codes, two devices, one moment: the other was first
    if user.disabled_at is not None:
        raise NotYours("这个账号已停用，请联系大厅。", "This account is disabled: ask the hall.")
    return user.id


# ---------------------------------------------------------------- a number is not a person


def unproved(work: Work, user_id: int, *, now: datetime, silence: timedelta = SILENCE, known: bool = False) -> str:
    """What must be proved beside the telephone before this account opens: "id" (the last four of the identity number),
    "name", or "" when nothing need be. A number that nobody signed in by for so long may have another owner now; so has
    one that somebody signed in by who said to be another. `known`: on a device where the account was open before
    silence says nothing."""
    user = work.session.get_one(User, user_id)
    if is_doubted(user):
        return known_of(work, user).asked
    if known:
        return ""
    seen = [
        work.session.scalar(select(func.max(Session.created_at)).where(Session.user_id == user_id)),
        work.session.scalar(select(func.max(ApiToken.created_at)).where(ApiToken.user_id == user_id)),
        user.proved_at,
        user.created_at,
    ]
    if max(at for at in seen if at is not None) + silence > now:
        return ""
    return known_of(work, user).asked


def asked_of(work: Work, user_id: int) -> tuple[str, bool]:
    """What proves whose account it is, and whether somebody who signed in said to be another."""
    user = work.session.get_one(User, user_id)
    return known_of(work, user).asked, is_doubted(user)


def is_doubted(user: User) -> bool:
    return user.doubted_at is not None and (user.proved_at is None or user.doubted_at > user.proved_at)


#: So many of the latest identity numbers (names) that an account gave are good for a proof.
_LATEST = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What the hall knows of whose account it is."""

    numbers: tuple[str, ...]  # identity numbers, the account's own or the latest that were given with it
    names: tuple[str, ...]

    @property
    def asked(self) -> str:
        """What proves it: "id", "name", or "" when nothing is known."""
        return "id" if self.numbers else "name" if self.names else ""

    def is_of(self, card: str) -> bool:
        """Whether a card with this identity number (this name, where no number is known) is of this account."""
        if self.numbers:
            return bool(card.strip()) and _closed(card) in map(_closed, self.numbers)
        return bool(card.strip()) and written.name(card) in map(written.name, self.names)

    def differs(self, name: str | None, number: str | None) -> bool:
        """Whether a form that says so of the applicant speaks of somebody else."""
        if number and self.numbers:
            return _closed(number) not in map(_closed, self.numbers)
        return bool(name and self.names) and written.name(name or "") not in map(written.name, self.names)


@cache
def _handed_in() -> Select[str | None, str]:
    return (
        select(Case.applicant_id_number, Case.applicant_name)
        .where(Case.applicant_id == bindparam("user_id"), Case.bond_id.is_(None), Case.id != bindparam("but"))
        .order_by(Case.id.desc())
        .limit(20)
    )


def known_of(work: Work, user: User, *, but: int | None = None) -> Known:
    """An account made by a telephone has no identity number of its own; the cases that were handed in with it name one,
    as a rule (`but` this one). One statement."""
    told = work.session.execute(_handed_in(), {"user_id": user.id, "but": but or 0}).all()
    numbers = [number for number in (user.id_number, *(number for number, _name in told)) if number]
    names = [name for name in (user.name, *(name for _number, name in told)) if name]
    return Known(tuple(dict.fromkeys(numbers))[:_LATEST], tuple(dict.fromkeys(names))[:_LATEST])


def _closed(number: str) -> str:
    return written.identity(number).upper()


class Doubted(Refused):
    """Expected the application of whose account it is, but it is another's. The session ends; whoever has the telephone
    proves that they are the person of the account, or has one of their own (facts: user)."""

    status = 403
    slug = "proof-needed"


def doubt(work: Work, user_id: int, *, now: datetime) -> None:
    """From now on this account opens by its telephone alone nowhere."""
    work.session.execute(update(User).where(User.id == user_id).values(doubted_at=now), execution_options=_PAST)


#: How long after a proof nobody is doubted: as long as a session lasts.
PROVED = SESSION_LASTS


def one_and_the_same(work: Work, user_id: int, case: Case, *, now: datetime) -> None:
    """Refuse (Doubted) an application that names another applicant than the account's, unless the person has proved of
    late whose account it is: then it is for one of the family."""
    user = work.session.get_one(User, user_id)
    if user.proved_at is not None and user.proved_at + PROVED > now:
        return
    if known_of(work, user, but=case.id).differs(case.applicant_name, case.applicant_id_number):
        raise Doubted(
            "您填的申请人和这个账号以前的不是同一个人。号码会换主人，请先核对一下您是谁；填的内容还在这台设备上。",
            "The applicant is not whom this account was of. Numbers change owners: please say first who you are. What "
            "you typed is kept on this device.",
            user=user_id,
        )


def phone_of(database: Database, user_id: int) -> str:
    """The telephone by which this account is signed in; "" without one."""
    with database.reading() as work:
        return work.session.get_one(User, user_id).phone or ""


#: What is written past the rows a session has read.
_PAST = {"synchronize_session": False}


def prove(database: Database, user_id: int, phone: str, proof: str, *, now: datetime) -> None:
    """Check that whoever showed that they have this telephone is the person, and remember it. Raises NotYours; TooMany
    after three wrong answers a day; NotNow when the account has the number no more."""
    with database.unit_of_work() as work:
        tries.spend(work, [("proof", str(user_id))], now=now)
        user = work.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
        _still_has(user, phone)
        known = known_of(work, user)
        if known.asked == "id":
            given, right = written.narrow(proof).strip().upper(), [_closed(one)[-4:] for one in known.numbers]
        else:
            given, right = written.name(proof), [written.name(one) for one in known.names]
        # compared with each, so that the time says nothing
        if not right or sum(crypto.same(given.encode(), one.encode()) for one in right):
            tries.forget(work, "proof", str(user_id))
            user.proved_at = now
            return
    raise NotYours(
        "和登记的不一样。可以再试；也可以带身份证到窗口核对，或者选“这是我新换的号码”。",
        "It is not as registered. Try again, come to the counter with your card, or say that the number is new to you.",
    )


def another_owner(work: Work, user_id: int, phone: str, *, now: datetime) -> int:
    """Whoever holds the number now is somebody else: a new account for them. The one before keeps all that is theirs,
    without a telephone, and gets their new one at the counter. Returns the new account."""
    before = work.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    index = _still_has(before, phone)
    before.phone = before.phone_index = None
    work.session.flush()
    sessions.end_all(work, user_id, now=now)
    mine = _resident(work, phone, index, "", now)
    work.session.get_one(User, mine).number_at = now
    return mine


def _still_has(user: User, phone: str) -> str:
    """The index of this number, which is the account's. Between the code and the proof are minutes, in which a counter
    may give the account another number: whoever has the one of before has nothing of it any more."""
    if user.phone_index is None or user.phone_index not in keys.blinds("phone", written.telephone(phone)):
        raise NotNow(
            "这个号码刚才已经换给新账号了，或者不再是这个账号的，请重新登录。",
            "This number has a new account already, or is no longer of this one: sign in again.",
        )
    return user.phone_index


def _code_hash(index: str, code: str) -> str:
    return keys.current().blind("code", f"{index}:{code}")


# ---------------------------------------------------------------- sessions and tokens


def open_session(work: Work, user_id: int, *, now: datetime) -> str:
    """A new session's token, for a cookie."""
    return sessions.begin(work, user_id, now=now)


def close_session(work: Work, token: str, *, now: datetime) -> None:
    work.session.execute(update(Session).where(Session.token_hash == sessions.hashed(token)).values(ended_at=now))


def new_token(work: Work, user_id: int, *, now: datetime, name: str = "") -> str:
    """A new API token. Shown once; only its hash is kept."""
    token = f"yz_{secrets.token_urlsafe(32)}"
    work.session.add(
        ApiToken(
            token_hash=sessions.hashed(token), user_id=user_id, name=name, created_at=now, expires_at=now + TOKEN_LASTS
        )
    )
    work.session.flush()
    return token


def revoke_token(work: Work, token: str, *, now: datetime) -> None:
    work.session.execute(update(ApiToken).where(ApiToken.token_hash == sessions.hashed(token)).values(revoked_at=now))


def actor_of_session(work: Work, token: str, *, now: datetime) -> Actor | None:
    """Who a session's token stands for; None when it is unknown, ended or expired."""
    found = sessions.find(work, token, now=now)
    return None if found is None else found.actor


@cache
def _by_token() -> Select[Any]:
    owner = select(ApiToken.user_id).where(
        ApiToken.token_hash == bindparam("token_hash"), ApiToken.revoked_at.is_(None), ApiToken.expires_at > actors.NOW
    )
    return actors.whoever(User.id == owner.scalar_subquery())


def actor_of_token(work: Work, token: str, *, now: datetime) -> Actor | None:
    """Who an API token stands for; None when it is unknown, revoked or expired."""
    return actors.load_by(work, _by_token(), {"token_hash": sessions.hashed(token)}, now=now)
