"""Log-in: passwords (argon2id), one-time codes, sessions and API tokens. Only hashes are kept.

Failures are counted in a transaction of their own, so that a refused log-in is still remembered: these functions
take the database, not a unit of work.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update

from engine.errors import NotNow, NotYours
from engine.forms import written
from engine.people import actor as actors
from engine.people import tries
from engine.people.actor import Actor
from engine.store import Database, Work, keys
from engine.store.models import ApiToken, OneTimeCode, Session, User

SESSION_LASTS = timedelta(hours=12)
TOKEN_LASTS = timedelta(days=90)
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 5
#: OWASP's second recommendation: 19 MiB, two passes, one lane; about 20 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Verified when the name is unknown, so that an unknown name takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(8))


def hash_password(password: str) -> str:
    if len(password) < 8:
        raise NotNow("密码至少 8 位。", "Expected a password of at least 8 characters.")
    return _hasher.hash(password)


def staff(database: Database, login: str, password: str, *, now: datetime, address: str = "") -> int:
    """The id of the user with this log-in name and password."""
    login = login.strip().lower()
    with database.unit_of_work() as work:
        tries.within(work, "login", login, now=now)
        if address:
            tries.within(work, "address", address, now=now)
        user = work.session.scalar(select(User).where(User.login == login, User.kind == "staff"))
        if _matches(user.password_hash if user and not user.disabled_at else None, password):
            assert user is not None
            tries.forget(work, "login", login)
            return user.id
        tries.count(work, "login", login, now=now)
        if address:
            tries.count(work, "address", address, now=now)
    raise NotYours("用户名或密码不正确。", "The name or the password is not right.")


def _matches(stored: str | None, password: str) -> bool:
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def issue_code(work: Work, phone: str, *, now: datetime) -> str:
    """A new six-digit code for this phone; older ones die. The caller sends it."""
    index = keys.blind("phone", phone)
    for limit in ("code", "code-day"):
        tries.within(work, limit, index, now=now)
        tries.count(work, limit, index, now=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    work.session.execute(
        update(OneTimeCode).where(OneTimeCode.phone_index == index, OneTimeCode.used_at.is_(None)).values(used_at=now)
    )
    work.session.add(
        OneTimeCode(phone_index=index, code_hash=_code_hash(index, code), created_at=now, expires_at=now + CODE_LASTS)
    )
    return code


def resident(database: Database, phone: str, code: str, *, now: datetime, name: str = "") -> int:
    """The id of the resident with this phone and code; a first log-in makes the account."""
    phone = written.telephone(phone)
    index = keys.blind("phone", phone)
    with database.unit_of_work() as work:
        row = work.session.scalar(
            select(OneTimeCode)
            .where(OneTimeCode.phone_index == index, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
            .order_by(OneTimeCode.id.desc())
            .limit(1)
        )
        if row is not None and row.tries < CODE_TRIES:
            row.tries += 1
            if hmac.compare_digest(row.code_hash, _code_hash(index, code.strip())):
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


def _code_hash(index: str, code: str) -> str:
    return keys.current().blind("code", f"{index}:{code}")


# ---------------------------------------------------------------- sessions and tokens


def open_session(work: Work, user_id: int, *, now: datetime) -> str:
    """A new session's token, for a cookie."""
    token = secrets.token_urlsafe(32)
    work.session.add(Session(token_hash=_hash(token), user_id=user_id, created_at=now, expires_at=now + SESSION_LASTS))
    return token


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
    return actors.load_where(
        work,
        User.id
        == select(Session.user_id)
        .where(Session.token_hash == _hash(token), Session.ended_at.is_(None), Session.expires_at > now)
        .scalar_subquery(),
        now=now,
    )


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
    return hashlib.sha256(token.encode()).hexdigest()
