"""The parties (当事人) of a case on both sides: found again by blind index, joined to their accounts.

A party with an account is shown the case from its acceptance on: until then only the applicant's word says who they
are. The account is theirs when the telephone is the same and, where the account has a name, the name too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from engine.people import Actor, load
from engine.records import audit
from engine.store import Work, keys
from engine.store.models import Case, CaseParty, Task, TaskCandidate, User

#: Under this name a step that is done once for each party knows whose turn it is.
VARIABLE = "party"


def sync(work: Work, case: Case, parties: Any, *, by: Actor, now: datetime) -> None:
    """Write the parties as the case's answers name them now."""
    rows = [p for p in parties if isinstance(p, Mapping) and p.get("name")] if isinstance(parties, list) else []
    work.session.execute(delete(CaseParty).where(CaseParty.case_id == case.id))
    work.session.add_all(
        CaseParty(
            case_id=case.id,
            n=n,
            side=str(p.get("side") or "")[:20],
            name=str(p["name"])[:40],
            name_index=keys.blind("name", str(p["name"])),
            phone_index=_blind("phone", p.get("phone")),
            id_index=_blind("id", p.get("id_number")),
            address_index=_blind("address", p.get("address")),
        )
        for n, p in enumerate(rows)
    )
    work.session.flush()
    if case.accepted_at is not None:
        admit(work, case, by=by, now=now)


def admit(work: Work, case: Case, *, by: Actor, now: datetime) -> None:
    """Join the parties of an accepted case to their accounts."""
    rows = work.session.scalars(select(CaseParty).where(CaseParty.case_id == case.id).order_by(CaseParty.n)).all()
    wanted = [r.phone_index for r in rows if r.phone_index]
    users = {
        u.phone_index: u
        for u in work.session.scalars(
            select(User).where(User.kind == "resident", User.phone_index.in_(wanted), User.disabled_at.is_(None))
        )
    }
    for row in rows:
        user = users.get(row.phone_index)
        row.user_id = user.id if user is not None and _same(user, row) else None
    work.session.flush()
    known = sorted({r.user_id for r in rows if r.user_id is not None and r.user_id != case.applicant_id})
    if known != list(case.party_ids or []):
        case.party_ids = known
        audit.record(work, audit.Kind.PARTIES_JOINED, by=by, now=now, case=case, facts={"parties": len(known)})


def signed_in(work: Work, user_id: int, *, now: datetime) -> list[Case]:
    """The resident of this account logged in: see `join`."""
    return join(work, work.session.get_one(User, user_id), by=load(work, user_id, now=now), now=now)


def join(work: Work, user: User, *, by: Actor, now: datetime) -> list[Case]:
    """Somebody logged in: the accepted, running cases in which they are a party are theirs to see, and the steps that
    wait for their hand are theirs to do. Returns the cases."""
    if user.kind != "resident" or not user.phone_index:
        return []
    rows = work.session.scalars(
        select(CaseParty)
        .join(Case, Case.id == CaseParty.case_id)
        .where(
            CaseParty.phone_index == user.phone_index,
            CaseParty.user_id.is_(None),
            Case.accepted_at.is_not(None),
            Case.status.in_(["running", "suspended"]),
        )
    ).all()
    joined = []
    for row in rows:
        if not _same(user, row):
            continue
        row.user_id = user.id
        work.session.flush()
        case = work.session.get_one(Case, row.case_id)
        if user.id == case.applicant_id:
            continue
        case.party_ids = sorted({*(case.party_ids or []), user.id})
        audit.record(work, audit.Kind.PARTIES_JOINED, by=by, now=now, case=case, facts={"parties": len(case.party_ids)})
        joined.append(case)
        waiting = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).all()
        for task in waiting:
            key = f"u:{user.id}"
            if _is(dict(task.variables or {}).get(VARIABLE), row) and key not in task.candidates:
                task.candidates = [*task.candidates, key]
                work.session.add(TaskCandidate(key=key, task_id=task.id))
    return joined


def stand_down(work: Work, case: Case, objected: Any, live: Sequence[Task]) -> None:
    """Whom a party objected to leads the case no more: they neither read it for that nor get a step of it."""
    names = set(objected) if isinstance(objected, list) else set()
    leads = work.session.scalars(select(User).where(User.id.in_(case.lead_ids or []))).all() if names else []
    gone = {user.id for user in leads if user.name in names}
    if not gone:
        return
    case.lead_ids = [i for i in case.lead_ids if i not in gone]
    keys_gone = {f"u:{i}" for i in gone}
    for task in live:
        if not keys_gone & set(task.candidates):
            continue
        task.candidates = [key for key in task.candidates if key not in keys_gone]
        work.session.execute(
            delete(TaskCandidate).where(TaskCandidate.task_id == task.id, TaskCandidate.key.in_(keys_gone))
        )


def hands(work: Work, case: Case, variables: Mapping[str, Any]) -> list[str]:
    """Whose own hand a step waits for, as candidate keys: the account of the party it is about."""
    party = variables.get(VARIABLE)
    if not isinstance(party, Mapping):
        return []
    rows = work.session.scalars(
        select(CaseParty).where(CaseParty.case_id == case.id, CaseParty.user_id.is_not(None)).order_by(CaseParty.n)
    )
    return [f"u:{row.user_id}" for row in rows if _is(party, row)]


def _is(party: Any, row: CaseParty) -> bool:
    return (
        isinstance(party, Mapping)
        and keys.blind("name", str(party.get("name") or "")) == row.name_index
        and str(party.get("side") or "")[:20] == row.side
        and _blind("phone", party.get("phone")) == row.phone_index
    )


def _same(user: User, row: CaseParty) -> bool:
    return not user.name or keys.blind("name", user.name) == row.name_index


def _blind(kind: str, value: Any) -> str | None:
    text = str(value or "").strip()
    return keys.blind(kind, text) if text else None
