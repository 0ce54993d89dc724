"""Who a diagram means: candidate groups, users and offices, told from the matter and the case."""

from __future__ import annotations

from sqlalchemy import select

from engine import matters
from engine.errors import NotFound
from engine.people import holders, units
from engine.people.units import Place
from engine.process.step import OpenTask
from engine.store import Work
from engine.store.models import Case, User

#: The post that helps at a counter, when an applicant without an account must do something.
COUNTER = "window"
#: The post that gets what nobody else can (审批人为空 -> the supervisor).
SUPERVISOR = "head"


def unit_at(work: Work, at: str, *, place: Place, intake: Place, office: Place) -> Place:
    """The unit meant by `village`, `town`, `county`, `office`, `intake`, an office's short code, or a unit's code."""
    tree = units.tree(work)
    if at == "office":
        return office
    if at == "intake":
        return intake
    if at in ("village", "town", "county"):
        found = tree.level(place, at) or (tree.level(intake, at) if at != "county" else None)
        return found or (place if at == "village" else tree.county)
    return tree.by_code.get(at) or tree.by_code.get(f"{tree.county.code}-{at}") or units.by_code(work, at)


def office_of(work: Work, package: matters.Package, place: Place, intake: Place) -> Place:
    """The office that decides in this matter, for this place."""
    return unit_at(work, package.info.office, place=place, intake=intake, office=place)


def candidates(work: Work, package: matters.Package, case: Case, task: OpenTask) -> tuple[list[str], int | None]:
    """(candidate keys, the unit the task belongs to). Never empty: what names nobody goes to the supervisor."""
    place, intake, office = (units.place(work, i) for i in (case.place_id, case.unit_id, case.office_id))
    keys: list[str] = []
    unit: Place | None = None
    for user in [*([task.assignee] if task.assignee else []), *task.candidate_users]:
        keys += _user(work, case, user)
    for group in task.candidate_groups:
        known = package.info.groups.get(group)
        if known is not None:
            post, at = known.post, known.at
        else:
            post, _, at = group.partition("@")
        found = unit_at(work, at or "office", place=place, intake=intake, office=office)
        found = holders.nearest(work, found, post)
        unit = unit or found
        keys.append(f"p:{found.id}:{post}")
    if not keys:
        unit = holders.nearest(work, office, SUPERVISOR)
        office = unit
        keys = [f"p:{office.id}:{SUPERVISOR}"]
    return list(dict.fromkeys(keys)), unit.id if unit else None


def _user(work: Work, case: Case, who: str) -> list[str]:
    """Keys of a user a diagram names: applicant, agent, submitter, an id, or a log-in name."""
    if who in ("applicant", "principal"):
        found = [case.applicant_id] if case.applicant_id else [case.agent_id] if case.agent_id else []
        return [f"u:{i}" for i in found] or [f"p:{case.unit_id}:{COUNTER}"]
    if who == "agent":
        return [f"u:{case.agent_id}"] if case.agent_id else _user(work, case, "applicant")
    if who in ("submitter", "initiator"):
        return [f"u:{case.submitted_by_id}"] if case.submitted_by_id else _user(work, case, "applicant")
    if who.isdigit():
        return [f"u:{who}"]
    found_id = work.session.scalar(select(User.id).where(User.login == who.lower()))
    if found_id is None:
        raise NotFound(f"流程指定的经办人“{who}”不存在。", f"The diagram names {who!r}, but there is no such user.")
    return [f"u:{found_id}"]
