"""A hall that was put back from a backup: what must not happen again is stopped before anybody serves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from engine.people import SYSTEM, Actor, require, units
from engine.records import audit, counters, jobs, notices
from engine.store import Work
from engine.store.models import ApiToken, Event, OneTimeCode, ResetLink, Session, SignInStep
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Settled:
    """What was stopped."""

    held: int  # notices that may have gone out since: they wait for somebody's word
    codes: int  # log-in codes
    leases: int  # of jobs in hand then
    sessions: int  # everybody signs in again: who signed out since must not be signed in
    tokens: int  # of programs, still good: one that was revoked since must be revoked again
    series: int  # of numbers, that go on further up: what was given out since is not given out again
    epoch: int  # how often this hall was put back, this time included


def settle(work: Work, *, backed_up_at: datetime, now: datetime) -> Settled:
    """Before the hall serves again: notices held, codes and sessions ended, leases released, series of numbers moved
    on; recorded. From here on a new epoch of the hall runs: what it did between the backup and now is lost, and the
    anchors outside that speak of that time are no finding (engine.records.inspection)."""
    held, codes = notices.hold(work, now=now)
    asked = work.session.execute(delete(OneTimeCode), execution_options={"synchronize_session": False})
    for half in (SignInStep, ResetLink):  # what was used since the backup is not good once more
        work.session.execute(delete(half), execution_options={"synchronize_session": False})
    ended = work.session.execute(
        update(Session).where(Session.ended_at.is_(None), Session.expires_at > now).values(ended_at=now),
        execution_options={"synchronize_session": False},
    )
    tokens = select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    before = select(func.count()).select_from(Event).where(Event.chain == "user:0", Event.kind == audit.Kind.RESTORED)
    done = Settled(
        held=held,
        codes=max(codes, int(asked.rowcount)),  # type: ignore[attr-defined]
        leases=jobs.release_all(work, now=now),
        sessions=int(ended.rowcount),  # type: ignore[attr-defined]
        tokens=work.session.scalar(tokens) or 0,
        series=counters.leap(work, [place.id for place in units.tree(work)], today=local_date(now)),
        epoch=1 + (work.session.scalar(before) or 0),
    )
    facts = {"backed_up_at": backed_up_at.isoformat(), **asdict(done)}
    audit.record(work, audit.Kind.RESTORED, by=SYSTEM, now=now, facts=facts)
    return done


def let_go(work: Work, ids: Collection[int] | None, *, send: bool, by: Actor, now: datetime) -> int:
    """An operator's word on held notices: sent, or dropped. None: all of them. How many."""
    require(by, "operate")
    done = notices.let_go(work, ids, send=send, now=now)
    if done:
        facts = {"notices": done, "sent": send}
        audit.record(work, audit.Kind.NOTICES_LET_GO, by=by, now=now, facts=facts)
    return done
