"""What proves a hand-over: the tokens and codes of a link's two ends, and the hash of what was said when it ended.

Each end has a secret way to show that it is there: a token in a QR, good for half an hour to an hour, and six digits,
good while the link is open. Whoever acts at one end shows what the other end's person gave them: both have signed then.
Neither is stored: both come from the link's secret.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from engine import crypto
from engine.plain import dumps
from engine.store import Work, keys
from engine.store.models import Case, Event, Handover, HandoverLink, HandoverSign
from engine.workdays import ZONE

Side = Literal["giver", "receiver"]
SIDES: tuple[Side, Side] = ("giver", "receiver")

#: A token is good in the period it was made in and in the next.
PERIOD = timedelta(minutes=30)
#: Letters that nobody confuses when a token is read aloud or typed.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TAG, _MAC = 12, 16
_TOKEN = re.compile(rf"([{_LETTERS}]{{{_TAG}}})([gr])([{_LETTERS}]{{{_MAC}}})")
#: The kind of event that keeps a link's hash.
ENDED = "handover.ended"


def new_tag() -> str:
    """A link's name in a QR: a stranger learns nothing from it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_TAG))


def new_secret() -> str:
    return secrets.token_hex(16)


def other(side: Side) -> Side:
    return "receiver" if side == "giver" else "giver"


def token(link: HandoverLink, side: Side, *, now: datetime) -> str:
    """What this end's QR says now."""
    return f"{link.tag}{side[0]}{_mac(link, side, _period(now))}"


def code(link: HandoverLink, side: Side) -> str:
    """This end's six digits, while the link is open."""
    return f"{int.from_bytes(_hmac(link, f'code|{side}')[:8]) % 1_000_000:06d}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A token as it was scanned: of which link, of which end."""

    tag: str
    side: Side
    mac: str


def read_token(text: str) -> Shown | None:
    """The token in what was scanned or typed: bare, or at the end of an address. None: it is none of ours."""
    found = _TOKEN.fullmatch(text.strip().rstrip("/").rpartition("/")[2].lower())
    if found is None:
        return None
    return Shown(found[1], "giver" if found[2] == "g" else "receiver", found[3])


def proves(link: HandoverLink, side: Side, given: str, *, now: datetime) -> Literal["qr", "code", "stale", ""]:
    """How what was scanned or typed proves that this end is there; stale: a QR whose time is over; "" not at all."""
    shown = read_token(given)
    if shown is not None:
        if shown.tag != link.tag or shown.side != side:
            return ""
        period = _period(now)
        good = any(crypto.same(shown.mac, _mac(link, side, one)) for one in (period, period - 1))
        return "qr" if good else "stale"
    digits = re.sub(r"\D", "", given)
    return "code" if len(digits) == 6 and crypto.same(digits, code(link, side)) else ""


def _period(now: datetime) -> int:
    return int(now.timestamp() // PERIOD.total_seconds())


def _mac(link: HandoverLink, side: Side, period: int) -> str:
    number = int.from_bytes(_hmac(link, f"qr|{side}|{period}"))
    out = ""
    for _ in range(_MAC):
        number, rest = divmod(number, len(_LETTERS))
        out += _LETTERS[rest]
    return out


def _hmac(link: HandoverLink, text: str) -> bytes:
    return keys.current().suite.keyed(bytes.fromhex(link.secret), f"{link.tag}|{text}".encode())


# ---------------------------------------------------------------- what was said, unchanged


def digest(link: HandoverLink, signs: Iterable[HandoverSign], suite: crypto.Suite | None = None) -> str:
    """The hash (by the hall's suite, or the given one) of all that a link says when it has ended. The link's secret is
    in it: from the hash in the audit nobody finds a name by trying names."""
    said = [
        link.handover_id,
        link.n,
        link.secret,
        [link.giver_end, link.giver_key, link.giver_name, link.giver_phone],
        [link.receiver_end, link.receiver_key, link.receiver_name, link.receiver_phone],
        _at(link.opened_at),
        link.state,
        _at(link.ended_at),
        link.note,
        list(link.files),
        [
            [one.side, one.proof, one.by_id, one.signature, one.witness, _at(one.at)]
            for one in sorted(signs, key=lambda s: s.side)
        ],
    ]
    return (suite or keys.current().suite).hashed(dumps(said).encode())


def _at(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="microseconds") if at is not None else ""


@dataclass(frozen=True, slots=True)
class Changed:
    """An ended link that does not say any more what it said."""

    handover_id: int
    n: int
    why: Literal["changed", "missing", "unrecorded"]


def changed(work: Work) -> list[Changed]:
    """Every link that was changed, removed or added behind the audit's back."""
    recorded = {
        (facts.get("handover"), facts.get("n")): facts.get("hash")
        for facts in work.session.scalars(select(Event.facts).where(Event.kind == ENDED))
    }
    found = []
    erased = set(  # what was said of people is gone with its case; the hash of what it was stays
        work.session.scalars(
            select(HandoverLink.id)
            .join(Handover, Handover.id == HandoverLink.handover_id)
            .join(Case, Case.id == Handover.case_id)
            .where(Case.erased_at.is_not(None))
        )
    )
    links = work.session.scalars(
        select(HandoverLink)
        .where(HandoverLink.state != "open")
        .options(selectinload(HandoverLink.signs))
        .order_by(HandoverLink.id)
        .execution_options(yield_per=1000)
    )
    for link in links:
        was = recorded.pop((link.handover_id, link.n), None)
        if was is None:
            found.append(Changed(link.handover_id, link.n, "unrecorded"))
        elif link.id not in erased and was != digest(link, link.signs, crypto.suite_of(str(was))):
            found.append(Changed(link.handover_id, link.n, "changed"))
    found += [Changed(int(id or 0), int(n or 0), "missing") for id, n in recorded]
    return found
