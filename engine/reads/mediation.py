"""说事评理: what helps a mediator stay neutral, what only they may read, and when everybody meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from engine.errors import NotFound
from engine.people import Actor, masks, may
from engine.reads import meetings
from engine.store import Work, keys
from engine.store.models import Case, CaseParty, Meeting, PrivateNote, Task, Tie, User


@dataclass(frozen=True, slots=True)
class Note:
    """A private note of the reader's own."""

    party: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against a mediator."""

    #: self, household, kin, interest, objected, objected-before: the mediator must stand aside.
    #: namesake, earlier: the reader weighs it, nothing is decided here.
    kind: str
    zh: str
    en: str

    @property
    def hard(self) -> bool:
        return self.kind not in ("namesake", "earlier")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mediator who could be chosen, and what speaks against it."""

    user_id: int
    name: str
    doubts: tuple[Doubt, ...]

    @property
    def free(self) -> bool:
        return not any(d.hard for d in self.doubts)


@dataclass(frozen=True, slots=True)
class Met:
    """A meeting as people on the case see it."""

    starts_at: datetime
    ends_at: datetime
    place: str
    state: str
    reason: str


#: state of a meeting -> what people call it
STATES = {"planned": "待开", "held": "已开", "moved": "已改期", "cancelled": "已取消"}


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


def mediated(work: Work, case_id: int) -> Case | None:
    """The case when it has parties on two sides and is read by few: a mediation."""
    row = work.session.get(Case, case_id)
    return row if row is not None and row.restricted and parties(row) else None


def indexed(work: Work, case_id: int) -> list[CaseParty]:
    """The parties as they are found again: in the order of the form."""
    return list(work.session.scalars(select(CaseParty).where(CaseParty.case_id == case_id).order_by(CaseParty.n)))


def neutrality(work: Work, case_id: int, *, actor: Actor) -> list[Doubt]:
    """What speaks against the reader as a mediator of this case."""
    case = work.session.get(Case, case_id)
    if case is None or actor.kind != "staff" or not may(actor, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    me = work.session.get(User, actor.id) if actor.id is not None else None
    return doubts(work, case, me, seen_by=actor) if me is not None else []


def candidates(work: Work, case: Case, *, actor: Actor) -> list[Candidate]:
    """Every mediator of the county, those against whom nothing speaks first."""
    rows = [
        Candidate(user.id, user.name, tuple(doubts(work, case, user, seen_by=actor)))
        for user in meetings.mediators(work)
    ]
    return sorted(rows, key=lambda c: (not c.free, len(c.doubts)))


def doubts(work: Work, case: Case, mediator: User, *, seen_by: Actor) -> list[Doubt]:
    """What speaks against this mediator, party by party on every side: the same person, the same household, declared
    ties, an objection, and earlier cases of the same people (by blind index of identity number, telephone, name)."""
    found: list[Doubt] = []
    you, you_en = ("您", "you") if mediator.id == seen_by.id else ("其", "them")
    ties = list(work.session.scalars(select(Tie).where(Tie.user_id == mediator.id)))
    answers = case.answers or {}
    if mediator.name in (answers.get("objected") or ()):
        found.append(Doubt("objected", "本案当事人已提出异议", "a party of this case has objected"))
    for party in indexed(work, case.id):
        shown = masks.name(party.name)
        same_name = keys.blind("name", mediator.name) == party.name_index
        same_phone = bool(mediator.phone_index) and mediator.phone_index == party.phone_index
        same_id = bool(mediator.id_index) and mediator.id_index == party.id_index
        if same_id or (same_name and same_phone):
            found.append(Doubt("self", f"{shown}就是本人", f"{shown} is the same person"))
        elif same_phone:
            found.append(
                Doubt("household", f"{shown}和{you}用同一个电话，同户", f"{shown} shares a telephone with {you_en}")
            )
        elif (
            same_name
            and not (mediator.phone_index and party.phone_index)
            and not (mediator.id_index and party.id_index)
        ):
            found.append(
                Doubt(
                    "namesake",
                    f"{shown}与{you}同名，是本人的须回避",
                    f"{shown} has the same name: stand aside if it is {you_en}",
                )
            )
        for tie in ties:
            if (doubt := _tied(tie, party, shown)) is not None and doubt not in found:
                found.append(doubt)
        found += [d for d in _earlier(work, case, party, shown, mediator, seen_by) if d not in found]
    return found


def _tied(tie: Tie, party: CaseParty, shown: str) -> Doubt | None:
    person = (
        (tie.id_index is not None and tie.id_index == party.id_index)
        or (tie.phone_index is not None and tie.phone_index == party.phone_index)
        or (tie.name_index == party.name_index and (tie.phone_index is None or party.phone_index is None))
    )
    home = tie.kind == "household" and tie.address_index is not None and tie.address_index == party.address_index
    if not person and not home:
        return None
    zh = {"kin": "是近亲属", "household": "与调解员同户", "interest": "有利害关系"}[tie.kind]
    en = {"kin": "is declared as kin", "household": "is of the same household", "interest": "has a declared interest"}
    return Doubt(tie.kind, f"{shown}{zh}（已申报）", f"{shown} {en[tie.kind]}")


def _earlier(work: Work, case: Case, party: CaseParty, shown: str, mediator: User, seen_by: Actor) -> list[Doubt]:
    same = [and_(CaseParty.name_index == party.name_index, CaseParty.phone_index.is_(None))]
    if party.phone_index is None:
        same = [CaseParty.name_index == party.name_index]
    else:
        same.append(CaseParty.phone_index == party.phone_index)
    if party.id_index is not None:
        same.append(CaseParty.id_index == party.id_index)
    before = work.session.scalars(
        select(Case)
        .where(
            Case.id.in_(select(CaseParty.case_id).where(or_(*same), CaseParty.case_id != case.id)),
            Case.matter == case.matter,
        )
        .order_by(Case.id.desc())
        .limit(10)
    ).all()
    found = []
    for one in before:
        if not may(seen_by, "see", one):
            continue
        answers = one.answers or {}
        led = any(isinstance(m, Mapping) and m.get("name") == mediator.name for m in answers.get("mediators") or ())
        led = led or bool(
            work.session.scalar(select(Task.id).where(Task.case_id == one.id, Task.ended_by_id == mediator.id).limit(1))
        )
        if mediator.name in (answers.get("objected") or ()):
            found.append(
                Doubt(
                    "objected-before",
                    f"{shown}的前案 {one.number} 中当事人对其提出过异议",
                    f"in case {one.number} of {shown} there was an objection",
                )
            )
            continue
        mine = mediator.id == seen_by.id
        who, who_en = ("，是您办的" if mine else "，是其办的", ", handled by the same mediator") if led else ("", "")
        found.append(Doubt("earlier", f"{shown}有过前案 {one.number}{who}", f"{shown} had a case {one.number}{who_en}"))
    return found


def met(work: Work, case_id: int) -> list[Met]:
    """Every meeting of a case, the newest first. Whoever may see the case may see them."""
    rows: list[Meeting] = meetings.of_case(work, case_id)
    return [Met(m.starts_at, m.ends_at, m.place, m.state, m.reason) for m in reversed(rows)]


def chosen(case: Case) -> list[str]:
    """The names of the mediators of a case."""
    found = (case.answers or {}).get("mediators")
    rows = found if isinstance(found, list) else []
    return [str(m["name"]) for m in rows if isinstance(m, Mapping) and m.get("name")]


def free_times(work: Work, case: Case, *, now: datetime, minutes: int = 120) -> list[tuple[str, list[datetime]]]:
    """For each room of the matter, the next times at which it and the chosen mediators are free."""
    people = [u for u in meetings.mediators(work) if u.name in chosen(case)]
    return [
        (room.name, meetings.free_times(work, people, room, minutes, after=now))
        for room in meetings.rooms(work, case.matter)
    ]
