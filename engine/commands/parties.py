"""Those who take part in a case: found again by blind index, joined to their accounts; and who was chosen for it.

Who they are, which answers name them and since when they see the case is declared by the matter (`parties` of
matter.yaml): as a rule from its acceptance on, for until then only the applicant's word says who they are. An
account is theirs when the telephone is the same and, where the account has a name, the name too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, select

from engine import forms
from engine.matters import Matter
from engine.matters.taking_part import Role
from engine.people import Actor, accounts, load, numbers
from engine.reads import choosable, taking_part
from engine.records import audit
from engine.store import Work, keys
from engine.store.models import Case, CaseParty, Task, User


def follow(
    work: Work,
    case: Case,
    info: Matter,
    variables: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
) -> set[int]:
    """What the new variables of a case say of those who take part in it. Call it before they become its answers. Whom a
    party objected to, by account: they keep away (回避)."""
    gone: set[int] = set()
    before = case.answers or {}
    roles = taking_part.outside(info)
    changed = any(forms.dig(before, r.source) != forms.dig(variables, r.source) for r in roles.values())
    if changed and _who(before, roles) != _who(variables, roles):
        _sync(work, case, info, variables, by=by, now=now)
    for name, role in taking_part.staff(info).items():
        objected = forms.dig(variables, role.objected)
        if role.objected and objected != forms.dig(before, role.objected):
            gone |= _stand_down(work, case, name, objected)
    return gone


def _who(answers: Mapping[str, Any], roles: Mapping[str, Role]) -> list[tuple[str, ...]]:
    """All that is kept of the parties beside the answers: a form that says more about the same people changes nothing
    of it."""
    return [
        (name, *(str(row.get(key) or "") for key in (of.side, of.name, of.phone, of.id_number, of.address)))
        for name, role in roles.items()
        for of in (role.keys,)
        for row in taking_part.rows(answers, role)
    ]


def _sync(work: Work, case: Case, info: Matter, variables: Mapping[str, Any], *, by: Actor, now: datetime) -> None:
    """Write the parties as the case's answers name them now, those who may see it by now joined to their accounts."""
    work.session.execute(delete(CaseParty).where(CaseParty.case_id == case.id))
    found = [
        (name, role.keys, row)
        for name, role in taking_part.outside(info).items()
        for row in taking_part.rows(variables, role)
    ]
    rows = [
        CaseParty(
            case_id=case.id,
            role=name,
            n=n,
            side=str(row.get(of.side) or "")[:20],
            name=str(row[of.name])[:40],
            name_index=keys.blind("name", str(row[of.name])),
            phone_index=taking_part.blind("phone", row.get(of.phone)),
            id_index=taking_part.blind("id", row.get(of.id_number)),
            address_index=taking_part.blind("address", row.get(of.address)),
        )
        for n, (name, of, row) in enumerate(found)
    ]
    _join_accounts(work, case, info, rows, by=by, now=now)
    columns = [c.key for c in CaseParty.__table__.columns if c.key != "id"]
    if rows:
        work.session.execute(insert(CaseParty), [{name: getattr(row, name) for name in columns} for row in rows])


def admit(work: Work, case: Case, info: Matter, *, by: Actor, now: datetime) -> None:
    """Join those who may see the case by now to their accounts."""
    if _welcome(case, info):
        found = work.session.execute(
            select(CaseParty, User)
            .outerjoin(User, and_(User.phone_index == CaseParty.phone_index, accounts.may_log_in()))
            .where(CaseParty.case_id == case.id)
            .order_by(CaseParty.n)
        ).all()
        accounts.seen(work, ((row.phone_index, user) for row, user in found))
        _join_accounts(work, case, info, list(dict.fromkeys(row for row, _user in found)), by=by, now=now)


def _welcome(case: Case, info: Matter) -> set[str]:
    """The roles that may see the case by now."""
    return {name for name, role in taking_part.outside(info).items() if _may_see_by_now(case, role)}


def _join_accounts(
    work: Work, case: Case, info: Matter, parties: Sequence[CaseParty], *, by: Actor, now: datetime
) -> None:
    taking_part.forget_joined(work)
    welcome = _welcome(case, info)
    rows = [row for row in parties if row.role in welcome]
    if not welcome:
        return
    users = accounts.by_phone(work, [row.phone_index for row in rows])
    for row in rows:
        user = users.get(row.phone_index or "")
        theirs = user is not None and _same(user, row) and not numbers.from_before(user, case.received_at)
        row.user_id = user.id if user is not None and theirs else None
    known = sorted({r.user_id for r in rows if r.user_id is not None and r.user_id != case.applicant_id})
    if known != list(case.party_ids or []):
        case.party_ids = known
        audit.record(work, audit.Kind.PARTIES_JOINED, by=by, now=now, case=case, facts={"parties": len(known)})


def _may_see_by_now(case: Case, role: Role) -> bool:
    return role.since == "submission" or case.accepted_at is not None


def signed_in(work: Work, user_id: int, *, now: datetime) -> list[Case]:
    """The resident of this account logged in: see `join`."""
    return join(work, work.session.get_one(User, user_id), by=load(work, user_id, now=now), now=now)


def join(work: Work, user: User, *, by: Actor, now: datetime) -> list[Case]:
    """Somebody logged in: the running cases in which they are a party, as far as they may see them by now, are
    theirs to see, and the steps that wait for their hand are theirs to do. Returns the cases."""
    if user.kind != "resident" or not user.phone_index:
        return []
    rows = work.session.scalars(
        select(CaseParty)
        .join(Case, Case.id == CaseParty.case_id)
        .where(
            CaseParty.phone_index == user.phone_index,
            CaseParty.user_id.is_(None),
            Case.status.in_(["running", "suspended"]),
        )
    ).all()
    joined = []
    for row in rows:
        if not _same(user, row):
            continue
        case = work.session.get_one(Case, row.case_id)
        if numbers.from_before(user, case.received_at):
            continue  # of who had this number then
        role = taking_part.outside(taking_part.package_of(work, case).info).get(row.role)
        if role is None or not _may_see_by_now(case, role):
            continue
        row.user_id = user.id
        taking_part.forget_joined(work)
        work.session.flush()
        if user.id == case.applicant_id:
            continue
        case.party_ids = sorted({*(case.party_ids or []), user.id})
        audit.record(work, audit.Kind.PARTIES_JOINED, by=by, now=now, case=case, facts={"parties": len(case.party_ids)})
        joined.append(case)
        waiting = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).all()
        for task in waiting:
            key = f"u:{user.id}"
            if (
                not _is_answer(row.role, role)
                and taking_part.same(dict(task.variables or {}).get(row.role), row, role.keys)
                and key not in task.candidates
            ):
                task.candidates = [*task.candidates, key]
    return joined


def _stand_down(work: Work, case: Case, role: str, objected: Any) -> set[int]:
    """Whom a party objected to is chosen no more."""
    names = objected if isinstance(objected, list) else []
    ids = case.chosen.get(role, [])
    people = work.session.scalars(select(User).where(User.id.in_(ids))).all() if names else []
    gone = {user.id for user in people if choosable.named(names, user)}
    if gone:
        case.chosen = {**case.chosen, role: [i for i in ids if i not in gone]}
    return gone


def hands(work: Work, case: Case, info: Matter, variables: Mapping[str, Any]) -> list[str]:
    """Whose own hand a step waits for, as candidate keys: the account of the party it is about. A step that is done
    once for each party of a role keeps it under the role's name."""
    about = [
        (name, role.keys, variables[name])
        for name, role in taking_part.outside(info).items()
        if isinstance(variables.get(name), Mapping) and not _is_answer(name, role)
    ]
    if not about:
        return []
    return [
        f"u:{row.user_id}"
        for name, of, one in about
        for row in taking_part.joined(work, case)
        if row.role == name and taking_part.same(one, row, of)
    ]


def _is_answer(name: str, role: Role) -> bool:
    """Whether what stands under the role's name is the answer itself that names its one person (`receiver` from
    `receiver`), which every step of the case has: then it says of no step that it is theirs."""
    return role.source.partition(".")[0] == name


def _same(user: User, row: CaseParty) -> bool:
    if not user.name:
        return numbers.says_who(user)
    return row.name_index in keys.blinds("name", user.name)
