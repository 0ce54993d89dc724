"""Who may mediate this case: a mediator who is a party, shares a household with one, is kin or was objected to, is
refused by name; what only speaks against them is shown to people, who weigh it (engine/reads/mediation.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands.effects.meetings import named
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.people import Actor, may
from engine.process import Effect
from engine.reads import mediation as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, CaseParty, Tie

if TYPE_CHECKING:
    from engine.commands.applying import Applying

KINDS = {"kin": "近亲属", "household": "同户", "interest": "有利害关系"}


def check(a: Applying, effect: Effect) -> None:
    """Raises Invalid at the name of each who must stand aside."""
    given = effect.arguments.get("mediators")
    rows = [m for m in given if isinstance(m, Mapping)] if isinstance(given, list) else []
    names = [str(m.get("name") or "").strip() for m in rows]
    if len(set(names)) < len(names):
        raise Invalid([FieldError("mediators", "调解员", "同一名调解员写了两次。", "A mediator is named twice.")])
    wrong, users = [], named(a.work, names)
    for n, user in enumerate(users):
        doubts = [d for d in reads.doubts(a.work, a.case, user, seen_by=a.by) if d.hard]
        if doubts:
            zh = f"{user.name}须回避：{'；'.join(d.zh for d in doubts)}。请另选一名。"
            en = f"{user.name} must stand aside: {'; '.join(d.en for d in doubts)}. Choose another."
            wrong.append(FieldError(f"mediators.{n}.name", "姓名", zh, en))
    if wrong:
        raise Invalid(wrong)
    aside = any(m.get(why) is True for m in rows for why in ("kin", "household", "interest", "earlier"))
    a.case.lead_ids = [] if aside else [user.id for user in users]  # who must stand aside reads nothing of it


def declare(work: Work, case_id: int, n: int, kind: str, *, by: Actor, now: datetime) -> Tie:
    """申报关系: a mediator says how they are close to a party of this case. It holds in every later case of theirs."""
    case = work.session.get(Case, case_id)
    if case is None or by.kind != "staff" or by.id is None or not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    if not any(p.post == "mediator" for p in by.positions):
        raise NotYours("只有调解员申报自己与当事人的关系。", "Only a mediator declares their ties.")
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
