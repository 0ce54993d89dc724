"""What an actor may see, as conditions on queries. The same rule as people.access, told to the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, or_, true
from sqlalchemy.orm import aliased

from engine.matters.nouns.bonds import GUARDIAN
from engine.people import Actor, apart, units
from engine.people.bonds import Grant
from engine.store import Work
from engine.store.models import Case, Listed, Task

#: mine 待办: claimed by me. open 待签收: I may claim. done 已办: I completed. unit: all open work of my units.
Box = Literal["mine", "open", "done", "unit"]


def of_cases(work: Work, actor: Actor) -> ColumnElement[bool]:
    """Cases this actor may see."""
    if actor.kind == "system":
        return true()
    mine = Case.applicant_id == actor.id
    if actor.grants:
        mine = or_(mine, cases_of(actor, "see"))
    if actor.kind != "staff":
        return mine if actor.id is not None else false()
    away = ~Case.apart.contains(apart.mark(actor.id))
    lent = [and_(_at(one.units), Case.matter.in_(one.matters)) for one in actor.lent]
    inside = true() if units.tree(work).county.id in actor.realm else or_(_at(actor.realm), *lent)
    own = and_(Case.restricted, handled_by(actor.own_units)) if actor.own_units else false()
    return or_(mine, and_(away, or_(and_(inside, ~Case.restricted), own)))


def handled_by(unit_ids: Collection[int]) -> ColumnElement[bool]:
    """Restricted cases that one of these units handles: apart.handle, told to the database."""
    marks = [Case.handled_by.contains(apart.mark(unit)) for unit in sorted(unit_ids)]
    return or_(Case.office_id.in_(unit_ids), *marks)


def named(work: Work, actor: Actor) -> ColumnElement[bool]:
    """Cases whose number may stand in a list of something else: a restricted one only for whoever may see it."""
    return or_(~Case.restricted, of_cases(work, actor))


def open_ones(case_id: ColumnElement[Any] | Any) -> ColumnElement[bool]:
    """Rows of no case, or of one that is not confidential: what pages for who runs, counts or audits the hall show."""
    hidden = aliased(Case)
    return ~exists().where(hidden.id == case_id, hidden.confidential)


def cases_of(actor: Actor, power: str) -> ColumnElement[bool]:
    """Cases of those who let the actor do this (关系)."""
    own = [grant.case_id for grant in actor.grants if grant.case_id is not None and power in grant.lets]
    wide = [over(grant) for grant in actor.grants if grant.case_id is None and power in grant.lets]
    return or_(false(), *([Case.id.in_(own)] if own else []), *wide)


def over(grant: Grant) -> ColumnElement[bool]:
    """Cases that a bond opens: Grant.over, told to the database."""
    return and_(~Case.confidential, _over(grant))


def _over(grant: Grant) -> ColumnElement[bool]:
    if grant.case_id is not None:
        return Case.id == grant.case_id
    if grant.subject_id is not None:
        about: ColumnElement[bool] = Case.applicant_id == grant.subject_id
    elif grant.id_index is not None:
        about = and_(Case.applicant_id.is_(None), Case.id_index == grant.id_index, Case.name_index == grant.name_index)
    else:
        return false()
    if grant.matters is not None:
        return and_(about, Case.matter.in_(sorted(grant.matters)))
    return about if grant.kind == GUARDIAN else and_(about, ~Case.restricted)


def _at(unit_ids: Collection[int]) -> ColumnElement[bool]:
    """Cases of these units: where the applicant lives, what took it in, what decides."""
    return or_(Case.place_id.in_(unit_ids), Case.unit_id.in_(unit_ids), Case.office_id.in_(unit_ids))


def had(actor: Actor) -> ColumnElement[bool]:
    """Cases that were referred away from an office of this actor (移送): found when looked for, on no list or board."""
    offices = sorted({p.unit_id for p in actor.positions}) if actor.kind == "staff" else []
    marks = [Case.past_offices.contains(apart.mark(unit)) for unit in offices]
    return and_(~Case.restricted, ~Case.apart.contains(apart.mark(actor.id)), or_(*marks)) if marks else false()


@dataclass(frozen=True, slots=True)
class Own:
    """What of a list is the actor's own: keys of its rows (engine.store.listing), and the key of the rows of those
    steps that they keep away from all the same."""

    keys: tuple[str, ...]
    away: str


def own_keys(work: Work, actor: Actor, box: Box) -> Own:
    """The keys by which a live step is in this actor's list: by their name, their posts, their units. None of them is
    lent by a leave limited to some matters, or by a bond: `by_others` tells those."""
    apart_, whole = f"x:{actor.id}", f"z:{actor.id}"
    if box == "mine":
        return Own((f"h:{actor.id}",), apart_)
    if box == "open":
        return Own(tuple(sorted({actor.key, *(p.key for p in actor.positions if p.for_id is None)})), apart_)
    if box == "done" or actor.kind != "staff":
        return Own((), whole)
    seen = [p for p in actor.positions if p.reads and (p.for_id is None or p.matters is None)]
    paths = {p.unit_path for p in seen}
    tops = {p.unit_id for p in seen if not any(p.unit_path.startswith(q) for q in paths - {p.unit_path})}
    return Own(tuple(sorted([*(f"at:{u}" for u in tops), *(f"own:{u}" for u in actor.own_units)])), whole)


def by_others(work: Work, actor: Actor, box: Box, own: Sequence[str]) -> ColumnElement[bool] | None:
    """The rest of such a list, as a condition on a step and its case: what somebody away, or whom they act for, lets
    them see or claim. None: nobody lends them anything. own: keys of what is in the list anyway."""
    options: list[ColumnElement[bool]] = []
    if box == "mine":
        for absence in actor.absences:
            theirs = and_(Task.assignee_id == absence.user_id, ~Case.confidential)
            options.append(_with_matters(theirs, absence.matters))
        return and_(Task.state == "claimed", _apart(actor.id), or_(*options)) if options else None
    if box == "open":
        options = _lent(actor)
        return and_(Task.state == "open", _apart(actor.id), or_(*options), _not_in(own)) if options else None
    if actor.kind != "staff":
        return and_(Task.state != "ended", of_cases(work, actor))
    lent = [and_(_at(one.units), Case.matter.in_(one.matters)) for one in actor.lent]
    seen = and_(~Case.apart.contains(apart.mark(actor.id)), ~Case.restricted, or_(false(), *lent))
    return and_(Task.state != "ended", seen, _not_in(own)) if lent else None


def _not_in(keys: Sequence[str]) -> ColumnElement[bool]:
    return ~exists().where(Listed.task_id == Task.id, Listed.key.in_(keys)).correlate(Task)


def _lent(actor: Actor) -> list[ColumnElement[bool]]:
    """Steps this actor may claim for somebody else."""
    options: list[ColumnElement[bool]] = []
    for grant in actor.grants:  # 关系: steps of those who let them act
        if "apply" in grant.lets and grant.case_id is None:
            keys = {f"b:{grant.id}", *([f"u:{grant.subject_id}"] if grant.subject_id is not None else [])}
            options.append(and_(_candidate(keys), over(grant)))
    mandates = [grant for grant in actor.grants if grant.case_id is not None and "apply" in grant.lets]
    if mandates:  # 代办: an agent carries many; they are asked at once. `may` asks again which person it is
        keys = {f"b:{g.id}" for g in mandates} | {f"u:{g.subject_id}" for g in mandates if g.subject_id is not None}
        options.append(and_(_candidate(keys), Case.id.in_([g.case_id for g in mandates])))
    for absence in actor.absences:
        lent = {f"u:{absence.user_id}", *(p.key for p in actor.positions if p.for_id == absence.user_id)}
        theirs = and_(_candidate(lent), _apart(absence.user_id), ~Case.confidential)
        options.append(_with_matters(theirs, absence.matters))
    return options


def live(work: Work, actor: Actor) -> ColumnElement[bool]:
    """Live steps in any of the actor's lists."""
    boxes: tuple[Box, ...] = ("mine", "open", "unit")
    options: list[ColumnElement[bool]] = []
    for box in boxes:
        mine = own_keys(work, actor, box)
        if mine.keys:
            options.append(and_(_candidate(set(mine.keys)), ~_candidate({mine.away})))
        if (others := by_others(work, actor, box, mine.keys)) is not None:
            options.append(others)
    return or_(false(), *options)


def marked(flag: str) -> ColumnElement[bool]:
    """Cases that carry this mark."""
    return cast(Case.flags, String).contains(json.dumps(flag, ensure_ascii=False), autoescape=True)


def _apart(user_id: int | None) -> ColumnElement[bool]:
    """Tasks this user need not keep away from (回避)."""
    return ~Task.apart.contains(apart.mark(user_id))


def _candidate(keys: set[str]) -> ColumnElement[bool]:
    return exists().where(Listed.task_id == Task.id, Listed.key.in_(sorted(keys))).correlate(Task)


def _with_matters(condition: Any, matters: tuple[str, ...] | None) -> ColumnElement[bool]:
    return condition if matters is None else and_(condition, Case.matter.in_(matters))
