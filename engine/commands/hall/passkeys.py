"""通行密钥 (WebAuthn): adding one, and signing in by one. The telephone or computer checks its owner (user
verification), so that a passkey alone is two factors; what it signed is good once, and its count only ever grows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import webauthn
from sqlalchemy import select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from engine.commands.hall import passwords, signing_in
from engine.errors import NotNow, NotYours
from engine.people import Actor, factors, sessions, steps
from engine.records import audit
from engine.store import Database, Work, again
from engine.store.models import Passkey, User

#: How many one person may have.
MOST = 10


@dataclass(frozen=True, slots=True)
class Party:
    """The hall, as browsers know it: a passkey works on this name alone, so that no other site can ask for it."""

    id: str  # hall.example.cn
    origin: str  # https://hall.example.cn
    name: str


def new_options(work: Work, party: Party, *, by: Actor, now: datetime) -> tuple[str, dict[str, Any]]:
    """What the browser needs to make one: (token of the step, options)."""
    assert by.id is not None
    user = work.session.get_one(User, by.id)
    there = work.session.scalars(select(Passkey).where(Passkey.user_id == by.id).order_by(Passkey.id)).all()
    if len(there) >= MOST:
        raise NotNow(f"最多 {MOST} 个通行密钥，请先取消不用的。", f"Expected fewer than {MOST} passkeys: remove some.")
    made = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=_handle(by.id),
        user_name=user.login or "",
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_known(row) for row in there],
    )
    facts = {"challenge": bytes_to_base64url(made.challenge)}
    token = steps.begin(work, "new-passkey", user_id=by.id, facts=facts, now=now)
    return token, json.loads(options_to_json(made))


def add(
    work: Work, token: str, credential: str, name: str, party: Party, *, this: int, by: Actor, now: datetime
) -> tuple[tuple[str, ...], str]:
    """The browser made one: it is theirs. Recovery codes when there are none yet, and the token under which the session
    goes on. Refused when it is not what was asked for."""
    step = steps.take(work, "new-passkey", token, now=now)
    if step.user_id != by.id or by.id is None:
        raise steps.over()
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(step.facts["challenge"]),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
        transports = [str(one) for one in json.loads(credential).get("response", {}).get("transports") or ()][:8]
    except (WebAuthnException, ValueError, KeyError, AttributeError, TypeError):
        raise NotYours("这个通行密钥没有通过核对，请再试一次。", "The passkey did not verify: try again.") from None
    row = work.insert_once(
        Passkey(
            user_id=by.id,
            name=name.strip()[:40] or "通行密钥",
            credential=bytes_to_base64url(made.credential_id),
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=[one for one in transports if one in set(AuthenticatorTransport)],
            created_at=now,
        ),
        "credential",
    )
    if row is None:
        raise NotNow("这个通行密钥已经加过了。", "Expected a new passkey, but it was added before.")
    audit.record(work, audit.Kind.FACTOR_ADDED, by=by, now=now, facts={"factor": "passkey", "key": row.id})
    zh, en = "您的账号加了一个通行密钥。", "A passkey was added to your account."
    passwords.tell(work, by.id, zh, en, hall=party.name, now=now)
    codes = () if factors.of(work, by.id).codes_left else factors.new_codes(work, by.id, now=now)
    return codes, sessions.renew(work, this, "passkey", now=now)


def options(work: Work, party: Party, *, second: str = "", now: datetime) -> tuple[str, dict[str, Any]]:
    """What the browser needs to ask for one: (token of the step, options). `second`: the step of somebody whose
    password was right; without it any passkey of this hall will do."""
    user_id = steps.find(work, "second", second, now=now).user_id if second else None
    rows = (
        work.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)).all()
        if user_id is not None
        else ()
    )
    made = webauthn.generate_authentication_options(
        rp_id=party.id,
        allow_credentials=[_known(row) for row in rows],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    facts = {"challenge": bytes_to_base64url(made.challenge)}
    return steps.begin(work, "passkey", user_id=user_id, facts=facts, now=now), json.loads(options_to_json(made))


def enter(database: Database, token: str, credential: str, party: Party, *, now: datetime) -> tuple[int, str]:
    """Whose passkey signed what was asked: (user, log-in name). Recorded when it was somebody's and did not verify."""

    def write() -> tuple[int | None, str, bool]:
        with database.unit_of_work() as work:
            step = steps.take(work, "passkey", token, now=now)
            row = _of(work, credential)
            if row is None or step.user_id not in (None, row.user_id) or not _handle_is(credential, row.user_id):
                return None, "", False
            user = work.session.get_one(User, row.user_id)
            if user.disabled_at is not None or user.kind != "staff":
                return None, "", False
            right = _signed(work, row, credential, step.facts["challenge"], party, now)
            return row.user_id, user.login or "", right

    user_id, login, right = again(write)
    if user_id is None or not right:
        signing_in.failed(database, user_id, "passkey", now=now)
        raise NotYours(
            "这个通行密钥没有通过核对。可以再试一次，或者用密码登录。",
            "The passkey did not verify: try again, or sign in by your password.",
        )
    return user_id, login


def _of(work: Work, credential: str) -> Passkey | None:
    try:
        given = json.loads(credential)
        which = str(given["id"])[:1400]
    except (ValueError, KeyError, TypeError):
        return None
    return work.session.scalar(select(Passkey).where(Passkey.credential == which))


def _handle_is(credential: str, user_id: int) -> bool:
    """Whether the account that the authenticator says the key is of is the one it is of here; many say none."""
    try:
        said = json.loads(credential)["response"].get("userHandle")
        return not said or base64url_to_bytes(said) == _handle(user_id)
    except (ValueError, KeyError, AttributeError, TypeError):
        return False


def _handle(user_id: int) -> bytes:
    return f"staff:{user_id}".encode()


def _signed(work: Work, row: Passkey, credential: str, challenge: str, party: Party, now: datetime) -> bool:
    """Whether this key signed this challenge, with a count above the last: one that stands still was copied."""
    try:
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, AttributeError, TypeError):
        return False
    counted = work.session.execute(
        update(Passkey)
        .where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
        .values(sign_count=done.new_sign_count, used_at=now),
        execution_options={"synchronize_session": False},
    )
    return bool(counted.rowcount == 1)  # type: ignore[attr-defined]


def _known(row: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(row.credential), transports=[AuthenticatorTransport(one) for one in row.transports]
    )
