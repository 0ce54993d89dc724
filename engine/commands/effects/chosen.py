"""Staff who are chosen by name for a role of a case: who must stand aside is refused by name; what only speaks
against them is shown to people, who weigh it (engine/reads/taking_part.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands.effects.meetings import named
from engine.errors import FieldError, Invalid, NotFound, NotYours, Refused
from engine.people import Actor, may
from engine.process import Effect
from engine.reads import taking_part
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, CaseParty, Tie

if TYPE_CHECKING:
    from engine.commands.applying import Applying

KINDS = {"kin": "近亲属", "household": "同户", "interest": "有利害关系"}


def check(a: Applying, effect: Effect) -> None:
    """Raises Invalid at the name of each who must stand aside. Who is left is chosen for the role."""
    name = str(effect.headers.get("role") or "")
    role = taking_part.staff(a.package.info).get(name)
    if role is None:
        known = "、".join(taking_part.staff(a.package.info)) or "（没有）"
        raise Refused(
            f"核对人选：matter.yaml 的 parties 里没有带 post 的角色“{name}”，只有：{known}。",
            f"Expected a role of staff in matter.yaml, but {name!r} is none.",
        )
    given = effect.arguments.get("people")
    rows = [m for m in given if isinstance(m, Mapping)] if isinstance(given, list) else []
    names = [str(m.get(role.keys.name) or "").strip() for m in rows]
    if len(set(names)) < len(names):
        zh, en = f"同一名{role.name}写了两次。", f"One {role.name_en} is named twice."
        raise Invalid([FieldError(role.source, role.name, zh, en)])
    wrong, users = [], named(a.work, role, names)
    for n, user in enumerate(users):
        doubts = [d for d in taking_part.doubts(a.work, a.case, role, user, seen_by=a.by) if d.hard]
        if doubts:
            zh = f"{user.name}须回避：{'；'.join(d.zh for d in doubts)}。请另选一名。"
            en = f"{user.name} must stand aside: {'; '.join(d.en for d in doubts)}. Choose another."
            wrong.append(FieldError(f"{role.source}.{n}.{role.keys.name}", "姓名", zh, en))
    if wrong:
        raise Invalid(wrong)
    aside = any(m.get(why) is True for m in rows for why in role.aside_if)
    # Who must stand aside reads nothing of the case.
    a.case.chosen = {**a.case.chosen, name: [] if aside else [user.id for user in users]}


def declare(work: Work, case_id: int, n: int, kind: str, *, by: Actor, now: datetime) -> Tie:
    """申报关系: who can be chosen says how they are close to a party of this case. It holds in every later case of
    theirs."""
    case = work.session.get(Case, case_id)
    if case is None or by.kind != "staff" or by.id is None or not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    if taking_part.role_of(taking_part.package_of(work, case).info, by) is None:
        raise NotYours(
            "只有可以被选来办这件事的人申报自己与当事人的关系。",
            "Only who could be chosen for this case declares ties.",
        )
    party = work.session.scalar(select(CaseParty).where(CaseParty.case_id == case.id, CaseParty.n == n))
    if party is None or kind not in KINDS:
        raise Invalid([FieldError("party", "当事人", "请选当事人和关系。", "Choose a party and how you are close.")])
    known = work.session.scalar(
        select(Tie).where(
            Tie.user_id == by.id,
            Tie.kind == kind,
            Tie.name_index == party.name_index,
            Tie.phone_index.is_(None) if party.phone_index is None else Tie.phone_index == party.phone_index,
        )
    )
    if known is not None:
        return known
    row = Tie(
        user_id=by.id,
        kind=kind,
        name=party.name,
        name_index=party.name_index,
        phone_index=party.phone_index,
        id_index=party.id_index,
        address_index=party.address_index,
        at=now,
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, audit.Kind.TIE_DECLARED, by=by, now=now, case=case, facts={"kind": kind, "party": n})
    return row
