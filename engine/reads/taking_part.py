"""Who takes part in a case: the parties, who was chosen for it and what speaks against whom, what staff keep to
themselves, what each may say to it now, and when everybody meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Exists, and_, exists, literal, or_, select, union_all

from engine import forms, matters
from engine.errors import NotFound
from engine.matters import in_person as questions
from engine.matters.taking_part import Keys, Role, Tell
from engine.people import Actor, groups, masks, may
from engine.reads import choosable, meetings
from engine.records import library
from engine.store import Work, keys
from engine.store.models import Case, CaseParty, Meeting, Post, PrivateNote, Subscription, Task, Tie, User
from engine.workdays import local_date

#: What a transaction remembers of the parties with accounts, by case; forgotten when they change.
_JOINED = "parties with accounts"


@dataclass(frozen=True, slots=True)
class Note:
    """A private note of the reader's own."""

    party: str
    text: str
    at: datetime


#: What is weighed by people: it bars nobody by itself.
SOFT = ("namesake", "earlier")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against choosing somebody."""

    #: self, household, kin, interest, objected, objected-before: they must stand aside (matter.yaml stand_aside).
    #: namesake, earlier: the reader weighs it, nothing is decided here.
    kind: str
    zh: str
    en: str

    @property
    def hard(self) -> bool:
        return self.kind not in SOFT


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the staff who could be chosen for a role, and what speaks against it."""

    user_id: int
    name: str  # with where they serve, when another has the same
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


def package_of(work: Work, case: Case) -> matters.Package:
    return library.version(work, case.version_hash)


def case_of(work: Work, case_id: int) -> Case:
    """The row of a case that the reader sees already."""
    return work.session.get_one(Case, case_id)


def outside(info: matters.Matter) -> dict[str, Role]:
    """The roles of people from outside, in the order of the matter."""
    return {name: role for name, role in info.parties.items() if not role.post}


def staff(info: matters.Matter) -> dict[str, Role]:
    """The roles of staff who are chosen by name."""
    return {name: role for name, role in info.parties.items() if role.post}


def rows(answers: Mapping[str, Any] | None, role: Role) -> list[Mapping[str, Any]]:
    """The rows of the answer that lists a role's people: those with a name."""
    found = forms.dig(answers or {}, role.source)
    listed = found if isinstance(found, list) else [found]
    return [row for row in listed if isinstance(row, Mapping) and row.get(role.keys.name)]


def names(case: Case, role: Role) -> list[str]:
    """The names of a role's people in this case."""
    return [str(row[role.keys.name]) for row in rows(case.answers, role)]


def phones(case: Case, info: matters.Matter) -> list[str]:
    """The telephones of everybody from outside, the applicant's first."""
    found = [case.applicant_phone or ""]
    for role in outside(info).values():
        found += [str(row.get(role.keys.phone) or "") for row in rows(case.answers, role)]
    return [phone for phone in dict.fromkeys(found) if phone]


def indexed(work: Work, case_id: int) -> list[CaseParty]:
    """The parties as they are found again: in the order of the form."""
    return list(work.session.scalars(select(CaseParty).where(CaseParty.case_id == case_id).order_by(CaseParty.n)))


def joined(work: Work, case: Case) -> Sequence[CaseParty]:
    """The parties that have an account, in the order of the form: read once a transaction, however many steps it
    opens."""
    known: dict[int, Sequence[CaseParty]] = work.session.info.setdefault(_JOINED, {})
    if case.id not in known:
        known[case.id] = work.session.scalars(
            select(CaseParty).where(CaseParty.case_id == case.id, CaseParty.user_id.is_not(None)).order_by(CaseParty.n)
        ).all()
    return known[case.id]


def any_joined() -> Exists:
    """Whether a party of the case of a query has an account: asked with the case, for in most of them none has."""
    return exists().where(CaseParty.case_id == Case.id, CaseParty.user_id.is_not(None)).correlate(Case)


def seen(work: Work, case: Case, joined: bool) -> None:
    """The case was found, and locked, with parties that have an account or with none (`any_joined`)."""
    known: dict[int, Sequence[CaseParty]] = work.session.info.setdefault(_JOINED, {})
    known.pop(case.id, None)
    if not joined:
        known[case.id] = ()


def forget_joined(work: Work) -> None:
    """Who is joined has changed in this transaction."""
    work.session.info.pop(_JOINED, None)


def role_of(info: matters.Matter, actor: Actor) -> tuple[str, Role] | None:
    """The role of staff that this actor's posts let them be chosen for."""
    held = {p.post for p in actor.positions}
    return next(((name, role) for name, role in staff(info).items() if role.post in held), None)


def neutrality(work: Work, case_id: int, *, actor: Actor) -> list[Doubt]:
    """What speaks against the reader being chosen in this case."""
    case = work.session.get(Case, case_id)
    if case is None or actor.kind != "staff" or not may(actor, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    mine = role_of(package_of(work, case).info, actor)
    me = work.session.get(User, actor.id) if actor.id is not None else None
    if me is None or mine is None:
        return []
    return doubts(case, mine[1], me, known_of(work, case, [me]), seen_by=actor)


def candidates(work: Work, case: Case, role: Role, *, actor: Actor, now: datetime) -> list[Candidate]:
    """Everybody of the county who could be chosen for a role, those against whom nothing speaks first."""
    people = choosable.of_role(work, package_of(work, case), role, on=local_date(now))
    known = known_of(work, case, [one.user for one in people])
    found = [
        Candidate(one.user.id, one.said, tuple(doubts(case, role, one.user, known, seen_by=actor))) for one in people
    ]
    return sorted(found, key=lambda c: (not c.free, len(c.doubts)))


@dataclass(frozen=True, slots=True)
class Known:
    """What is held against people when they are to be chosen in a case: read for all of them at once."""

    parties: list[CaseParty]
    ties: dict[int, list[Tie]]  # by account
    earlier: dict[int, list[Case]]  # the newest cases of the same people, by party
    done: set[tuple[int, int]]  # (case, account): who ended a step of it


def known_of(work: Work, case: Case, people: Sequence[User]) -> Known:
    """What `doubts` holds against these people in this case."""
    ids = [one.id for one in people]
    ties: dict[int, list[Tie]] = {}
    parties: dict[int, CaseParty] = {}  # in the order of the form
    both = select(CaseParty, Tie).outerjoin(Tie, Tie.user_id.in_(ids)).where(CaseParty.case_id == case.id)
    for party, tie in work.session.execute(both.order_by(CaseParty.n, CaseParty.id, Tie.id)):
        parties[party.id] = party
        if tie is not None and tie not in ties.setdefault(tie.user_id, []):
            ties[tie.user_id].append(tie)
    earlier = _earlier_cases(work, case, [*parties.values()])
    cases = {one.id for found in earlier.values() for one in found}
    done: set[tuple[int, int]] = set()
    if cases:
        query = select(Task.case_id, Task.ended_by_id).where(Task.case_id.in_(cases), Task.ended_by_id.in_(ids))
        done = {(case_id, by_id) for case_id, by_id in work.session.execute(query.distinct()) if by_id is not None}
    return Known([*parties.values()], ties, earlier, done)


def _earlier_cases(work: Work, case: Case, parties: Sequence[CaseParty]) -> dict[int, list[Case]]:
    """The newest ten other cases of this matter of each party, the newest first."""
    if not parties:
        return {}
    newest = []
    for party in parties:
        same = [and_(CaseParty.name_index == party.name_index, CaseParty.phone_index.is_(None))]
        if party.phone_index is None:
            same = [CaseParty.name_index == party.name_index]
        else:
            same.append(CaseParty.phone_index == party.phone_index)
        if party.id_index is not None:
            same.append(CaseParty.id_index == party.id_index)
        others = select(CaseParty.case_id).where(or_(*same), CaseParty.case_id != case.id)
        ids = select(Case.id, literal(party.id).label("party")).where(Case.id.in_(others), Case.matter == case.matter)
        newest.append(select(ids.order_by(Case.id.desc()).limit(10).subquery()))
    all_ = union_all(*newest).subquery()
    found: dict[int, list[Case]] = {}
    query = select(Case, all_.c.party).join(all_, all_.c.id == Case.id).order_by(Case.id.desc())
    for one, party_id in work.session.execute(query):
        found.setdefault(party_id, []).append(one)
    return found


def doubts(case: Case, role: Role, person: User, known: Known, *, seen_by: Actor) -> list[Doubt]:
    """What speaks against this person in this role, party by party on every side: the same person, the same household,
    declared ties, an objection (as far as the role says that they count), and earlier cases of the same people (by
    blind index of identity number, telephone, name)."""
    found: list[Doubt] = []
    you, you_en = ("您", "you") if person.id == seen_by.id else ("其", "them")
    if choosable.named(_objected(case, role), person):
        found.append(Doubt("objected", "本案当事人已提出异议", "a party of this case has objected"))
    for party in known.parties:
        shown = masks.name(party.name)
        same_name = party.name_index in keys.blinds("name", person.name)
        same_phone = bool(person.phone_index) and person.phone_index == party.phone_index
        same_id = bool(person.id_index) and person.id_index == party.id_index
        if same_id or (same_name and same_phone):
            found.append(Doubt("self", f"{shown}就是本人", f"{shown} is the same person"))
        elif same_phone:
            found.append(
                Doubt("household", f"{shown}和{you}用同一个电话，同户", f"{shown} shares a telephone with {you_en}")
            )
        elif same_name and not (person.phone_index and party.phone_index) and not (person.id_index and party.id_index):
            found.append(
                Doubt(
                    "namesake",
                    f"{shown}与{you}同名，是本人的须回避",
                    f"{shown} has the same name: stand aside if it is {you_en}",
                )
            )
        for tie in known.ties.get(person.id, ()):
            if (doubt := _tied(tie, party, shown, role)) is not None and doubt not in found:
                found.append(doubt)
        found += [d for d in _earlier(known, role, party, shown, person, seen_by) if d not in found]
    counts = {*role.stand_aside, *(["objected-before"] if "objected" in role.stand_aside else []), *SOFT}
    return [doubt for doubt in found if doubt.kind in counts]


def _objected(case: Case, role: Role) -> list[str]:
    """Those of a role whom a party objected to in this case: accounts, or names."""
    found = forms.dig(case.answers or {}, role.objected)
    return [str(name) for name in found] if isinstance(found, list) else []


def _tied(tie: Tie, party: CaseParty, shown: str, role: Role) -> Doubt | None:
    person = (
        (tie.id_index is not None and tie.id_index == party.id_index)
        or (tie.phone_index is not None and tie.phone_index == party.phone_index)
        or (tie.name_index == party.name_index and (tie.phone_index is None or party.phone_index is None))
    )
    home = tie.kind == "household" and tie.address_index is not None and tie.address_index == party.address_index
    if not person and not home:
        return None
    zh = {"kin": "是近亲属", "household": f"与{role.name}同户", "interest": "有利害关系"}[tie.kind]
    en = {"kin": "is declared as kin", "household": "is of the same household", "interest": "has a declared interest"}
    return Doubt(tie.kind, f"{shown}{zh}（已申报）", f"{shown} {en[tie.kind]}")


def _earlier(known: Known, role: Role, party: CaseParty, shown: str, person: User, seen_by: Actor) -> list[Doubt]:
    found = []
    for one in known.earlier.get(party.id, ()):
        if not may(seen_by, "see", one):
            continue
        led = (one.id, person.id) in known.done
        led = led or any(choosable.is_of(row, role, person) for row in rows(one.answers, role))
        if choosable.named(_objected(one, role), person):
            found.append(
                Doubt(
                    "objected-before",
                    f"{shown}的前案 {one.number} 中当事人对其提出过异议",
                    f"in case {one.number} of {shown} there was an objection",
                )
            )
            continue
        mine = person.id == seen_by.id
        who, who_en = ("，是您办的" if mine else "，是其办的", ", handled by the same person") if led else ("", "")
        found.append(Doubt("earlier", f"{shown}有过前案 {one.number}{who}", f"{shown} had a case {one.number}{who_en}"))
    return found


def met(work: Work, case_id: int) -> list[Met]:
    """Every meeting of a case, the newest first. Whoever may see the case may see them."""
    held: list[Meeting] = meetings.of_case(work, case_id)
    return [Met(m.starts_at, m.ends_at, m.place, m.state, m.reason) for m in reversed(held)]


def free_times(work: Work, case: Case, *, now: datetime, minutes: int = 120) -> list[tuple[str, list[datetime]]]:
    """For each room of the matter, the next times at which it and those who lead the meeting are free."""
    package = package_of(work, case)
    if package.info.meeting is None:
        return []
    leading = case.chosen.get(package.info.meeting.led_by, ())
    people = list(work.session.scalars(select(User).where(User.id.in_(leading)).order_by(User.id)))
    return [
        (room.name, meetings.free_times(work, people, room, minutes, matter=package.name, after=now))
        for room in meetings.rooms(work, package)
    ]


# ---------------------------------------------------------------- whose step it is


@dataclass(frozen=True, slots=True)
class Turn:
    """The party whose own step a task is: one that is done once for each of a role keeps them under the role's name."""

    role: Role
    name: str
    user_id: int | None  # their account, once they may see the case


def turn(work: Work, info: matters.Matter, task: Task) -> Turn | None:
    """Whose step this is; None: nobody's in particular."""
    said = _said(info, task)
    if said is None:
        return None
    name, role, one = said
    row = next((r for r in indexed(work, task.case_id) if r.role == name and same(one, r, role.keys)), None)
    return Turn(role, str(one[role.keys.name]), row.user_id if row is not None else None)


def _said(info: matters.Matter, task: Task) -> tuple[str, Role, Mapping[str, Any]] | None:
    """The party that the task's own variables name: (role's name, role, who)."""
    known = task.variables if isinstance(task.variables, Mapping) else {}
    for name, role in outside(info).items():
        one = known.get(name)
        if isinstance(one, Mapping) and one.get(role.keys.name):
            return name, role, one
    return None


def same(party: Any, row: CaseParty, of: Keys) -> bool:
    """Whether a row of the answers is this party."""
    return (
        isinstance(party, Mapping)
        and row.name_index in keys.blinds("name", str(party.get(of.name) or ""))
        and str(party.get(of.side) or "")[:20] == row.side
        and _is(row.phone_index, "phone", party.get(of.phone))
    )


def _is(index: str | None, kind: str, value: Any) -> bool:
    """Whether a row's index is of this value, or neither is there."""
    text = str(value or "").strip()
    return index in keys.blinds(kind, text) if text else index is None


def blind(kind: str, value: Any) -> str | None:
    text = str(value or "").strip()
    return keys.blind(kind, text) if text else None


def in_person(work: Work, info: matters.Matter, task: Task, actor: Actor) -> Turn | None:
    """The party for whom this clerk would do the step at the desk (当面办理); None: it is not done so, or is theirs."""
    said = _said(info, task) if actor.kind == "staff" else None
    if said is None or said[1].in_person is None:
        return None  # no look at the parties for the many steps that are not done so
    found = turn(work, info, task)
    return found if found is not None and found.user_id != actor.id else None


def asking(form: forms.Form, rights: forms.Rights, turn: Turn) -> forms.Form:
    """The form of a step with what is asked of the clerk who does it for a party who is there."""
    assert turn.role.in_person is not None
    return questions.asking(form, rights, witness=turn.role.in_person.witness, account=turn.user_id is not None)


def post_name(work: Work, code: str) -> tuple[str, str]:
    """What a post is called, in Chinese and in English."""
    row = work.session.scalar(select(Post).where(Post.code == code))
    return (row.name, row.name_en or row.name) if row is not None else (code, code)


def may_stand_by(role: Role, case: Case, actor: Actor) -> bool:
    """Whether a party may do their step in person before this clerk: they hold the post that the role names."""
    wanted = role.in_person
    return wanted is not None and any(p.post == wanted.post and p.covers(case.matter) for p in actor.positions)


# ---------------------------------------------------------------- what may be said to it


@dataclass(frozen=True, slots=True)
class Offered:
    """Something that this actor may say to a case now."""

    name: str
    tell: Tell
    own: bool  # of themselves
    parties: tuple[str, ...]  # in whose name they may write it down
    options: Mapping[str, tuple[tuple[str, str], ...]]  # of what is asked: path -> (value, words)
    current: Mapping[str, Any]  # what stands there now


def offered(work: Work, case: Case, actor: Actor) -> list[Offered]:
    """What the case waits to be told and this actor may tell it, in the order of the matter."""
    if case.status not in ("running", "suspended") or actor.id is None:
        return []
    package = package_of(work, case)
    found = []
    for name, tell in package.info.tells.items():
        if waits(work, case, tell) is None:
            continue
        own, parties = own_name(work, package, case, tell, actor), spoken_for(work, package, case, tell, actor)
        if own is None and not parties:
            continue
        options = {path: tuple(options_of(work, case, tell, path)) for path in tell.asks}
        if any(asked.required and asked.kind == "choice" and not options[path] for path, asked in tell.asks.items()):
            continue
        current = {path: forms.dig(case.answers or {}, path) for path, asked in tell.asks.items() if asked.keep}
        found.append(Offered(name, tell, own is not None, tuple(parties), options, current))
    return found


def waits(work: Work, case: Case, tell: Tell) -> Subscription | None:
    """The subscription of the case that this tell would answer; None: it is not waited for now."""
    found = work.session.scalar(
        select(Subscription)
        .where(Subscription.case_id == case.id, Subscription.name == tell.message, Subscription.kind == "message")
        .order_by(Subscription.id)
        .limit(1)
    )
    if found is None or not tell.while_:
        return found
    step = select(Task.id).where(Task.case_id == case.id, Task.element == tell.while_, Task.state != "ended").limit(1)
    return found if work.session.scalar(step) is not None else None


def own_name(work: Work, package: matters.Package, case: Case, tell: Tell, actor: Actor) -> str | None:
    """The name under which this actor tells it of themselves; None: they may not."""
    if actor.id is None:
        return None
    for name in (one for one in tell.who if one in outside(package.info)):
        row = work.session.scalar(
            select(CaseParty)
            .where(CaseParty.case_id == case.id, CaseParty.role == name, CaseParty.user_id == actor.id)
            .limit(1)
        )
        if row is not None:
            return row.name
    if "applicant" in tell.who and actor.id == case.applicant_id:
        return case.applicant_name
    if "agent" in tell.who and actor.agent_of(case) is not None:
        return actor.name
    return actor.name if _of(work, package, case, tell.who, actor) else None


def spoken_for(work: Work, package: matters.Package, case: Case, tell: Tell, actor: Actor) -> list[str]:
    """The parties of this case in whose name this actor may write it down; empty: they may not."""
    if not tell.taken_down_by or not _of(work, package, case, tell.taken_down_by, actor):
        return []
    found = [row.name for row in indexed(work, case.id) if row.role in tell.who]
    if "applicant" in tell.who and case.applicant_name not in found:
        found.append(case.applicant_name)
    return list(dict.fromkeys(found))


def _of(work: Work, package: matters.Package, case: Case, roles: Iterable[str], actor: Actor) -> bool:
    """Whether this clerk was chosen for one of these roles, or is of one of these groups, in this case."""
    if actor.kind != "staff":
        return False
    for name in roles:
        if actor.id in case.chosen.get(name, ()):
            return True
        group = package.info.groups.get(name)
        if group is not None and groups.of(work, group, case, actor):
            return True
    return False


def options_of(work: Work, case: Case, tell: Tell, path: str) -> list[tuple[str, str]]:
    """What can be chosen for one thing that is asked: (value, words)."""
    asked = tell.asks[path]
    found: list[tuple[str, str]] = []
    package = package_of(work, case)
    if asked.people:
        role = package.info.parties[asked.people]
        listed = rows(case.answers, role)
        twice = Counter(str(row[role.keys.name]) for row in listed)
        for row in listed:
            name = str(row[role.keys.name])
            words = f"{name}（{row['where']}）" if twice[name] > 1 and row.get("where") else name
            found.append((str(row.get(choosable.ACCOUNT) or name), words))
    if asked.rooms:
        found += [(room.name, room.name) for room in meetings.rooms(work, package)]
    return found + list(asked.options.items())
