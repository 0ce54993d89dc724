"""A second factor beside the password: codes of an app (TOTP, RFC 6238), recovery codes, passkeys.

A code is good once, also when two send it in the same moment: whoever's UPDATE moves the mark has it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pyotp
from sqlalchemy import delete, func, or_, select, update

from engine import crypto
from engine.forms import written
from engine.people.actor import Actor
from engine.store import Work, keys
from engine.store.models import Authenticator, Passkey, RecoveryCode

#: A code is shown for so long; the one before and the one after are taken too, for clocks that are a little off.
STEP_S = 30
AROUND = (0, -1, 1)
#: How long a secret that was shown may wait to be tried out.
BEGUN_LASTS = timedelta(minutes=15)
#: Recovery codes of one set, and the letters of each: 50 bits, nothing that looks like something else.
CODES, LETTERS = 10, 10
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

Kind = Literal["totp", "recovery"]


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey, as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has beside their password."""

    totp_since: datetime | None
    codes_left: int
    passkeys: tuple[Key, ...]

    @property
    def any(self) -> bool:
        return self.totp_since is not None or bool(self.passkeys)


def of(work: Work, user_id: int) -> Factors:
    """A person's second factors."""
    since = work.session.scalar(
        select(Authenticator.since_at).where(Authenticator.user_id == user_id, Authenticator.secret.is_not(None))
    )
    left = work.session.scalar(
        select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    rows = work.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return Factors(since, left or 0, tuple(Key(row.id, row.name, row.created_at, row.used_at) for row in rows))


def required(actor: Actor, roles: Collection[str]) -> bool:
    """Whether somebody of these roles (as the setting names them; "staff": everybody) must have one."""
    return actor.kind == "staff" and bool(actor.roles & set(roles) or "staff" in roles)


# ---------------------------------------------------------------- codes of an app


def begin(work: Work, user_id: int, *, now: datetime) -> None:
    """A new secret, to be scanned and then tried out. What works now goes on working until then."""
    row = work.session.get(Authenticator, user_id)
    if row is None:
        row = Authenticator(user_id=user_id)
        work.session.add(row)
    row.next_secret, row.next_at = pyotp.random_base32(), now
    work.session.flush()


def begun(work: Work, user_id: int, *, now: datetime) -> str | None:
    """The secret that waits to be tried out; None: none was begun, or too long ago."""
    row = work.session.get(Authenticator, user_id)
    if row is None or row.next_secret is None or row.next_at is None or row.next_at + BEGUN_LASTS <= now:
        return None
    return row.next_secret


def address(secret: str, *, login: str, hall: str) -> str:
    """What the QR code says: an otpauth address, that every app for codes reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=hall)


def confirm(work: Work, user_id: int, code: str, *, now: datetime) -> bool:
    """Whether the code is one of the secret that was begun; it is the person's from now on."""
    secret = begun(work, user_id, now=now)
    step = _step(secret, _typed(code), now) if secret is not None else None
    if step is None:
        return False
    work.session.execute(
        update(Authenticator)
        .where(Authenticator.user_id == user_id)
        .values(secret=secret, since_at=now, last_step=step, next_secret=None, next_at=None)
    )
    return True


def use(work: Work, user_id: int, given: str, *, now: datetime) -> Kind | None:
    """Which factor this code is, used up by this; None: it is none, or was used before."""
    typed = _typed(given)
    if len(typed) == 6 and typed.isascii() and typed.isdigit():
        return "totp" if _use_totp(work, user_id, typed, now) else None
    if len(typed) == LETTERS:
        done = work.session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.code_hash.in_(keys.blinds("recovery", f"{user_id}:{typed}")),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now),
            execution_options={"synchronize_session": False},
        )
        return "recovery" if done.rowcount == 1 else None  # type: ignore[attr-defined]
    return None


def _typed(given: str) -> str:
    """A code without what groups it ("123 456", "ABCDE-FGHJK"), in narrow letters."""
    return written.close(given).replace("-", "")


def _use_totp(work: Work, user_id: int, code: str, now: datetime) -> bool:
    secret = work.session.scalar(select(Authenticator.secret).where(Authenticator.user_id == user_id))
    step = _step(secret, code, now) if secret is not None else None
    if step is None:
        return False
    done = work.session.execute(
        update(Authenticator)
        .where(
            Authenticator.user_id == user_id,
            or_(Authenticator.last_step.is_(None), Authenticator.last_step < step),
        )
        .values(last_step=step),
        execution_options={"synchronize_session": False},
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The half minute whose code this is; None: of none of those around."""
    at, found = int(now.timestamp()) // STEP_S, None
    totp = pyotp.TOTP(secret)
    for offset in AROUND:  # all of them, whichever fits
        if crypto.same(totp.generate_otp(at + offset), code):
            found = at + offset
    return found


# ---------------------------------------------------------------- recovery codes


def new_codes(work: Work, user_id: int, *, now: datetime) -> tuple[str, ...]:
    """A new set, to be shown this once; those of before are good no more."""
    work.session.execute(
        delete(RecoveryCode).where(RecoveryCode.user_id == user_id), execution_options={"synchronize_session": False}
    )
    codes = tuple("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(CODES))
    work.session.add_all(
        RecoveryCode(user_id=user_id, code_hash=keys.blind("recovery", f"{user_id}:{code}"), created_at=now)
        for code in codes
    )
    return tuple(f"{code[:5]}-{code[5:]}" for code in codes)


# ---------------------------------------------------------------- taking away


def remove_totp(work: Work, user_id: int) -> bool:
    """The app is good no more. Whether there was one."""
    return _gone(work, delete(Authenticator).where(Authenticator.user_id == user_id, Authenticator.secret.is_not(None)))


def remove_passkey(work: Work, user_id: int, key_id: int) -> bool:
    """This key is good no more. Whether it was theirs."""
    return _gone(work, delete(Passkey).where(Passkey.id == key_id, Passkey.user_id == user_id))


def remove_all(work: Work, user_id: int) -> None:
    """The telephone is lost, and the codes with it: the person begins anew."""
    for kind in (Authenticator, RecoveryCode, Passkey):
        _gone(work, delete(kind).where(kind.user_id == user_id))


def _gone(work: Work, statement: object) -> bool:
    done = work.session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    return bool(done.rowcount)
