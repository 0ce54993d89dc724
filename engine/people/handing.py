"""转办, 委派: in whose hands a step of a restricted case (限制查看) may be put: whoever has the step reads the case."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, true

from engine.people import apart
from engine.people.access import as_whom, may
from engine.people.actor import Actor
from engine.people.holders import WITHOUT_CASES
from engine.store.models import Case, Holding, Post, Task, User


def may_have(actor: Actor, task: Task, case: Case) -> bool:
    """Who sees the case already, or may claim this step as the drawing says; of a confidential case (保密), who sees
    it."""
    if not (case.restricted or case.confidential):
        return True
    return may(actor, "see", case) or (not case.confidential and as_whom(actor, task, case)[0])


def among(task: Task, case: Case) -> ColumnElement[bool]:
    """The same of a query over Holding, Post and User: by their own post, or by name."""
    if not (case.restricted or case.confidential):
        return true()
    reads = Post.role.not_in(WITHOUT_CASES)
    here = and_(reads, Holding.unit_id.in_(sorted(apart.handle(case.office_id, case.handled_by))))
    ids = {one for some in case.chosen.values() for one in some}
    by_post: ColumnElement[bool] = false()
    if not case.confidential:
        for kind, _, rest in (key.partition(":") for key in task.candidates):
            if kind == "u":
                ids.add(int(rest))
            elif kind == "p":
                unit, _, post = rest.partition(":")
                by_post = or_(by_post, and_(Holding.unit_id == int(unit), Post.code == post))
    away = apart.read(case.apart) | apart.read(task.apart)
    return and_(or_(here, by_post, User.id.in_(sorted(ids))), User.id.not_in(sorted(away)))
