"""说事评理: what helps a mediator stay neutral, and what only they may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from engine.errors import NotFound
from engine.people import Actor, masks, may
from engine.store import Work, keys
from engine.store.models import Case, PrivateNote, Task, User


@dataclass(frozen=True, slots=True)
class Note:
    """A private note of the reader's own."""

    party: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may speak against a mediator: the reader weighs it, nothing is decided here."""

    kind: str  # earlier: a case before; kin: the same telephone as a party; self: is a party
    zh: str
    en: str


def notes(work: Work, case_id: int, *, actor: Actor) -> list[Note]:
    """The reader's own notes on a case. Nobody else's, whatever post the reader holds (RULES Y3)."""
    if actor.id is None:
        return []
    rows = work.session.scalars(
        select(PrivateNote)
        .where(PrivateNote.case_id == case_id, PrivateNote.author_id == actor.id)
        .order_by(PrivateNote.id)
    )
    return [Note(n.party, n.text, n.at) for n in rows]


def parties(case: Case) -> list[Mapping[str, Any]]:
    """The parties of a case, as its form knows them."""
    found = (case.answers or {}).get("parties")
    return [p for p in found if isinstance(p, Mapping) and p.get("name")] if isinstance(found, list) else []


def neutrality(work: Work, case_id: int, *, actor: Actor) -> list[Doubt]:
    """Earlier cases of the same parties (by blind index), which of them this mediator handled, and shared data."""
    case = work.session.get(Case, case_id)
    if case is None or actor.kind != "staff" or not may(actor, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    me = work.session.get(User, actor.id) if actor.id is not None else None
    found: list[Doubt] = []
    for party in parties(case):
        name, phone, number = str(party["name"]), str(party.get("phone") or ""), str(party.get("id_number") or "")
        shown = masks.name(name)
        if me is not None and me.name == name and (not me.phone or not phone or me.phone == phone):
            found.append(
                Doubt("self", f"{shown}与您同名，是本人的须回避", f"{shown} has your name: stand aside if it is you")
            )
        elif me is not None and me.phone and me.phone == phone:
            found.append(Doubt("kin", f"{shown}和您用同一个电话，可能同户", f"{shown} shares your telephone"))
        same = [Case.name_index == keys.blind("name", name)]
        if phone:
            same.append(Case.phone_index == keys.blind("phone", phone))
        if number:
            same.append(Case.id_index == keys.blind("id", number))
        before = work.session.scalars(
            select(Case)
            .where(or_(*same), Case.id != case.id, Case.matter == case.matter)
            .order_by(Case.id.desc())
            .limit(10)
        )
        for one in before:
            if not may(actor, "see", one):
                continue
            mine = work.session.scalar(
                select(Task.id).where(Task.case_id == one.id, Task.ended_by_id == actor.id).limit(1)
            )
            who, who_en = ("，是您办的", ", handled by you") if mine else ("", "")
            found.append(
                Doubt("earlier", f"{shown}有过前案 {one.number}{who}", f"{shown} had a case {one.number}{who_en}")
            )
    return found
