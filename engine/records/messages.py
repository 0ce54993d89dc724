"""Messages and signals on their way from one case to another: jobs, written in the commit that says them.

A message that nobody waits for is a job that is kept; its key says for which name and correlation key, so that a case
that begins to wait for it can have it looked at again at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update

from engine import crypto
from engine.records import jobs
from engine.store import Work
from engine.store.models import Case, Job


def throw(work: Work, case: Case, effect: str, arguments: Mapping[str, Any], *, now: datetime) -> None:
    """A message this case says to whoever waits for it."""
    name, key = str(arguments.get("name") or ""), arguments.get("key")
    payload = {"name": name, "key": key, "sender": case.id, "at": now.isoformat()}
    jobs.put(
        work,
        jobs.Kind.DELIVER_MESSAGE,
        f"{_about(name, key)}:{case.number}:{effect}",
        payload,
        now=now,
        case_id=case.id,
        private=dict(arguments.get("variables") or {}),
    )


def tell(
    work: Work,
    case_id: int,
    name: str,
    key: str,
    variables: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """A message of the hall's own to the case that waits for it by this key (an offer's number). Said twice at one
    moment (full, left, full again), it is two messages: what says it says it once."""
    payload = {"name": name, "key": key, "sender": case_id, "at": now.isoformat()}
    jobs.put(
        work,
        jobs.Kind.DELIVER_MESSAGE,
        f"{_about(name, key)}:{case_id}:{secrets.token_hex(8)}",
        payload,
        now=now,
        case_id=case_id,
        private=dict(variables),
    )


def broadcast(work: Work, case: Case, effect: str, arguments: Mapping[str, Any], *, now: datetime) -> None:
    """A signal for every other case that waits for it."""
    payload = {"name": str(arguments.get("name") or ""), "sender": case.id}
    jobs.put(
        work,
        jobs.Kind.BROADCAST_SIGNAL,
        f"signal:{case.number}:{effect}",
        payload,
        now=now,
        case_id=case.id,
        private=dict(arguments.get("variables") or {}),
    )


def expect(work: Work, awaited: Sequence[tuple[str, str | None]], *, now: datetime) -> None:
    """Somebody waits for these (name, key) from now on: what is kept of them, or in a worker's hands this moment, is
    looked at again.

    A worker that has it in hand is fenced off by the next lease: it delivers nothing twice.
    """
    if not awaited:
        return
    work.session.execute(
        update(Job)
        .where(
            jobs.PENDING,
            or_(*(work.begins(Job.key, f"{_about(name, key)}:") for name, key in awaited)),
        )
        .values(run_after=now),
        execution_options={"synchronize_session": False},
    )


def _about(name: str, key: str | None) -> str:
    """The beginning of the keys of all messages of this name and correlation key; a correlation key may be private."""
    digest = crypto.fingerprint(repr((name, key)).encode())
    return f"message:{digest[:24]}"
