"""Staff who are chosen for a role of a case, each known by their account: who must stand aside is refused by name; what
only speaks against them is shown to people, who weigh it (engine/reads/taking_part.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import FieldError, Invalid, NotFound, NotYours, Refused
from engine.matters.taking_part import Role
from engine.people import Actor, apart, may
from engine.process import Effect
from engine.reads import choosable, taking_part
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, CaseParty, Tie
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How many who could be chosen instead are named.
SHOWN = 12
KINDS = {"kin": "近亲属", "household": "同户", "interest": "有利害关系"}


def check(a: Applying, effect: Effect) -> None:
    """Raises Invalid at the name of each who cannot be chosen, is one of two of a name, or must stand aside. Who is
    left is chosen for the role; the answer is the same rows, each with their account and where they serve."""
    name = str(effect.headers.get("role") or "")
    role = taking_part.staff(a.package.info).get(name)
    if role is None:
        roles = "、".join(taking_part.staff(a.package.info)) or "（没有）"
        raise Refused(
            f"核对人选：matter.yaml 的 parties 里没有带 post 的角色“{name}”，只有：{roles}。",
            f"Expected a role of staff in matter.yaml, but {name!r} is none.",
        )
    given = effect.arguments.get("people")
    rows = [m for m in given if isinstance(m, Mapping)] if isinstance(given, list) else []
    known = choosable.of_role(a.work, a.package, role, on=local_date(a.now))
    wrong: list[FieldError] = []
    people: list[choosable.Choosable] = []
    texts = [str(row.get(role.keys.name) or "").strip() for row in rows]
    of_text = {text: choosable.meant(known, text) for text in texts if text}
    one_each = [meant[0].user for meant in of_text.values() if len(meant) == 1]
    against = taking_part.known_of(a.work, a.case, one_each)
    for n, text in enumerate(texts):
        meant = of_text.get(text, [])
        said = _wrong(a, role, known, meant, text, against) if text else None
        if said is not None:
            wrong.append(FieldError(f"{role.source}.{n}.{role.keys.name}", "姓名", *said))
        people += meant[:1] if text else ()
    if wrong:
        raise Invalid(wrong)
    if len({one.user.id for one in people}) < len(people):
        zh, en = f"同一名{role.name}写了两次。", f"One {role.name_en} is named twice."
        raise Invalid([FieldError(role.source, role.name, zh, en)])
    named = [row for row in rows if row.get(role.keys.name)]
    aside = {
        one.user.id
        for row, one in zip(named, people, strict=True)
        if any(row.get(why) is True for why in role.aside_if)
    }
    ids = [] if aside else [one.user.id for one in people]
    # 回避: whoever must stand aside, or was chosen and is no more, neither reads the case nor gets a step of it, also
    # where their post is of the office that has it (RULES M2).
    a.keep_away(aside | set(a.case.chosen.get(name, [])) - set(ids))
    a.case.chosen = {**a.case.chosen, name: ids}
    chosen = [
        {**row, role.keys.name: one.user.name, choosable.ACCOUNT: str(one.user.id), "where": one.where}
        for row, one in zip(named, people, strict=True)
    ]
    a.answer(effect, {"chosen": chosen})


def _wrong(
    a: Applying,
    role: Role,
    known: list[choosable.Choosable],
    meant: list[choosable.Choosable],
    text: str,
    against: taking_part.Known,
) -> tuple[str, str] | None:
    """Why nobody is chosen by these words; None: somebody is."""
    if not meant:
        all_ = "、".join(one.said for one in known[:SHOWN]) + (" …" if len(known) > SHOWN else "")
        return (
            f"“{text}”不在{role.name}名册里。可以请：{all_ or '（名册还是空的）'}。",
            f"Expected one of the roll of {role.name_en}, but {text} is not on it: {all_}.",
        )
    if len(meant) > 1:
        all_ = "、".join(one.said for one in meant)
        return (
            f"有{len(meant)}名{role.name}叫“{text}”，请写明是哪一位：{all_}。",
            f"{len(meant)} of the roll of {role.name_en} are called {text}: say which, {all_}.",
        )
    user = meant[0].user
    doubts = [d for d in taking_part.doubts(a.case, role, user, against, seen_by=a.by) if d.hard]
    if doubts:
        return (
            f"{user.name}须回避：{'；'.join(d.zh for d in doubts)}。请另选一名。",
            f"{user.name} must stand aside: {'; '.join(d.en for d in doubts)}. Choose another.",
        )
    if user.id in apart.read(a.case.apart):
        return (
            f"{user.name}已经回避本件，不能再选。请另选一名。",
            f"{user.name} keeps away from this case already. Choose another.",
        )
    return None


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
