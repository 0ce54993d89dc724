"""Log-in: passwords (argon2id), one-time codes, sessions and API tokens. Only hashes are kept.

Failures are counted in a transaction of their own, so that a refused log-in is still remembered: these functions
take the database, not a unit of work.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select, update

from engine import crypto
from engine.errors import NotNow, NotYours
from engine.forms import written
from engine.people import actor as actors
from engine.people import passwords, sessions, tries
from engine.people.actor import Actor
from engine.people.devices import Device
from engine.store import Database, Work, keys
from engine.store.models import ApiToken, OneTimeCode, Session, User

SESSION_LASTS = sessions.LASTS
TOKEN_LASTS = timedelta(days=90)
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 5
#: An account nobody used for so long opens by its telephone alone no more.
SILENCE = timedelta(days=180)
#: OWASP's second recommendation: 19 MiB, two passes, one lane; about 20 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Verified when the name is unknown, so that an unknown name takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(8))


def hash_password(password: str) -> str:
    if len(password) < 8:
        raise NotNow("密码至少 8 位。", "Expected a password of at least 8 characters.")
    return _hasher.hash(passwords.narrow(password))


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who gave the right password."""

    user_id: int
    wrong_before: int = 0  # how often a wrong one was tried for this name, from elsewhere, in the last hour
    new_device: bool = False  # nobody of this name had signed in on this device


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
            return Entered(found.id, wrong, not known)
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
    index = keys.blind("phone", phone)
    whose = f"{index}:{_ask_hash(ask)[:32]}"
    counted = [("code", whose)]
    counted += [("code-day", whose)] if known else [("code-phone", index), ("code-day", index)]
    counted += [("code-device", _ask_hash(ask)[:32])] if ask else []
    counted += [("code-address", address)] if address and not known else []
    for what, key in counted:
        tries.within(work, what, key, now=now)
    for what, key in counted:
        tries.count(work, what, key, now=now)
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
    return _hash(ask) if ask else ""


def resident(database: Database, phone: str, code: str, *, now: datetime, name: str = "", ask: str = "") -> int:
    """The id of the resident with this phone and code, given where it was asked for (`ask`); a first log-in makes the
    account."""
    phone = written.telephone(phone)
    index = keys.blind("phone", phone)
    with database.unit_of_work() as work:
        row = work.session.scalar(
            select(OneTimeCode)
            .where(
                OneTimeCode.phone_index == index,
                OneTimeCode.ask == _ask_hash(ask),
                OneTimeCode.used_at.is_(None),
                OneTimeCode.expires_at > now,
            )
            .order_by(OneTimeCode.id.desc())
            .limit(1)
        )
        if row is not None and row.tries < CODE_TRIES:
            row.tries += 1
            if crypto.same(row.code_hash.encode(), _code_hash(index, code.strip()).encode()):
                row.used_at = now
                return _resident(work, phone, index, name, now)
    raise NotYours("验证码不正确或已过期，请重新获取。", "The code is not right or has expired: ask for a new one.")


def _resident(work: Work, phone: str, index: str, name: str, now: datetime) -> int:
    user = work.session.scalar(
        select(User).where(User.phone_index.in_(keys.blinds("phone", phone)), User.kind == "resident")
    )
    if user is None:
        user = User(kind="resident", name=name, phone=phone, phone_index=index, created_at=now)
        work.session.add(user)
        work.session.flush()
    elif user.disabled_at is not None:
        raise NotYours("这个账号已停用，请联系大厅。", "This account is disabled: ask the hall.")
    return user.id


# ---------------------------------------------------------------- a number is not a person


def unproved(work: Work, user_id: int, *, now: datetime) -> str:
    """What must be proved beside the telephone before this account opens: "id" (the last four of the identity number),
    "name", or "" when nothing need be. A number that nobody signed in by for half a year may have another owner now:
    carriers give numbers out again."""
    user = work.session.get_one(User, user_id)
    last = work.session.scalar(select(func.max(Session.created_at)).where(Session.user_id == user_id))
    if max(last or user.created_at, user.created_at) + SILENCE > now:
        return ""
    return "id" if user.id_number else "name" if user.name else ""


def prove(database: Database, user_id: int, proof: str, *, now: datetime) -> None:
    """Check that whoever has the telephone is the person. Raises NotYours; TooMany after three wrong answers a day."""
    with database.unit_of_work() as work:
        tries.within(work, "proof", str(user_id), now=now)
        asked = unproved(work, user_id, now=now)
        user = work.session.get_one(User, user_id)
        if asked == "id":
            right, given = (user.id_number or "")[-4:], written.narrow(proof).strip()
        else:
            right, given = written.name(user.name), written.name(proof)
        if not asked or crypto.same(given.upper().encode(), right.upper().encode()):
            tries.forget(work, "proof", str(user_id))
            return
        tries.count(work, "proof", str(user_id), now=now)
    raise NotYours(
        "和登记的不一样。可以再试；也可以带身份证到窗口核对，或者选“这是我新换的号码”。",
        "It is not as registered. Try again, come to the counter with your card, or say that the number is new to you.",
    )


def another_owner(work: Work, user_id: int, *, now: datetime) -> int:
    """Whoever holds the number now is somebody else: a new account for them. The one before keeps all that is theirs,
    without a telephone, and gets their new one at the counter. Returns the new account."""
    before = work.session.get_one(User, user_id)
    phone, index = before.phone, before.phone_index
    assert phone and index
    before.phone = before.phone_index = None
    work.session.flush()
    return _resident(work, phone, index, "", now)


def _code_hash(index: str, code: str) -> str:
    return keys.current().blind("code", f"{index}:{code}")


# ---------------------------------------------------------------- sessions and tokens


def open_session(work: Work, user_id: int, *, now: datetime) -> str:
    """A new session's token, for a cookie."""
    return sessions.begin(work, user_id, now=now)


def close_session(work: Work, token: str, *, now: datetime) -> None:
    work.session.execute(update(Session).where(Session.token_hash == _hash(token)).values(ended_at=now))


def new_token(work: Work, user_id: int, *, now: datetime, name: str = "") -> str:
    """A new API token. Shown once; only its hash is kept."""
    token = f"yz_{secrets.token_urlsafe(32)}"
    work.session.add(
        ApiToken(token_hash=_hash(token), user_id=user_id, name=name, created_at=now, expires_at=now + TOKEN_LASTS)
    )
    work.session.flush()
    return token


def revoke_token(work: Work, token: str, *, now: datetime) -> None:
    work.session.execute(update(ApiToken).where(ApiToken.token_hash == _hash(token)).values(revoked_at=now))


def actor_of_session(work: Work, token: str, *, now: datetime) -> Actor | None:
    """Who a session's token stands for; None when it is unknown, ended or expired."""
    found = sessions.find(work, token, now=now)
    return None if found is None else found.actor


def actor_of_token(work: Work, token: str, *, now: datetime) -> Actor | None:
    """Who an API token stands for; None when it is unknown, revoked or expired."""
    return actors.load_where(
        work,
        User.id
        == select(ApiToken.user_id)
        .where(ApiToken.token_hash == _hash(token), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
        .scalar_subquery(),
        now=now,
    )


def _hash(token: str) -> str:
    return crypto.fingerprint(token.encode())
