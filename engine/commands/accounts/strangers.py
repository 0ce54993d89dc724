"""A number has another owner by now: who says so of themselves, and whose application says so."""

from __future__ import annotations

from datetime import datetime

from engine.people import Actor, login
from engine.people import actor as actors
from engine.records import audit
from engine.store import Database


def given_on(database: Database, user_id: int, phone: str, *, now: datetime) -> int:
    """这是我新换的号码: whoever showed that they have this telephone is another than whose account it was. Returns
    their own account."""
    with database.unit_of_work() as work:
        mine = login.another_owner(work, user_id, phone, now=now)
        by = actors.load(work, mine, now=now)
        audit.record(work, audit.Kind.PHONE_GIVEN_ON, by=by, now=now, facts={"before": user_id, "now": mine})
        return mine


def doubted(database: Database, user_id: int, *, session: str, program: str, by: Actor, now: datetime) -> None:
    """Whoever is signed in (`session`, or a `program` of theirs: its token) said to be another than whose account it
    is: they are out."""
    with database.unit_of_work() as work:
        login.doubt(work, user_id, now=now)
        if session:
            login.close_session(work, session, now=now)
        elif program:
            login.revoke_token(work, program, now=now)
        audit.record(work, audit.Kind.ACCOUNT_DOUBTED, by=by, now=now)
