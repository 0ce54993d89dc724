"""派单, 回避, 报告公安: who has the case, who must not, who else must know."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.commands import order_rows
from engine.commands.effects import joining, mandates
from engine.commands.effects.facts import key_of, texts
from engine.commands.effects.notices import ORDER, POLICE, say_to
from engine.people import bonds, groups, units
from engine.process import Effect
from engine.reads import order_rates
from engine.records import audit
from engine.store import Work
from engine.store.models import Case, RegisterEntry, Task, User

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def report_police(a: Applying, effect: Effect) -> None:
    """Told to the head at once; from now on only the deciding office reads the case, unless it goes on (`readers:
    same`). Who could before stays on record."""
    case = a.case
    before = {"place": case.place_id, "unit": case.unit_id}
    a.work.session.add(
        RegisterEntry(
            register="报告公安",
            case_id=case.id,
            unit_id=case.office_id,
            facts={"reason": str(effect.arguments.get("reason") or ""), **before},
            at=a.now,
            by_id=a.by.id,
        )
    )
    say_to(
        a,
        key_of(a, effect),
        "police",
        POLICE,
        "supervisor",
        channels=("screen",),
    )
    same = effect.headers.get("readers") == "same"  # it goes on where it is, and that committee signs its papers
    if not same:
        case.restricted, case.place_id, case.unit_id = True, case.office_id, case.office_id
    if "涉警" not in case.flags:
        case.flags = [*case.flags, "涉警"]
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "readers": "same" if same else "office", **before})


def set_aside(a: Applying, effect: Effect) -> None:
    """An order counts in no rate any more: an appeal was upheld."""
    number = str(effect.arguments.get("order") or "").strip()
    month = order_rates.Month.of(date.fromisoformat(str(effect.arguments["month"])[:10]))
    found = order_rows.find(a.work, number, month.begins, month.ends)
    if found is None:
        a.throw(effect, "NO_ORDER", f"{month} 到期的工单里没有 {number}")
        return
    order_id, unit_id = found
    order_rows.set_aside(a.work, order_id, a.case.id)
    a.answer(effect, {"aside": {"number": number, "name": units.place(a.work, unit_id).name}})
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "order": order_id})


def dispatch(a: Applying, effect: Effect) -> None:
    """派单: the case is this office's now; who receives there is told. `unit`: a group of matter.yaml, or a unit's
    code."""
    named = str(effect.arguments.get("unit") or "")
    group = a.package.info.groups.get(named)
    where = {"place": a.place, "intake": a.intake, "office": a.office}
    found = groups.unit_of(a.work, group, a.variables, **where) if group else groups.unit_at(a.work, named, **where)
    if a.case.accepted_at is None:
        a.case.unit_id = a.case.office_id  # the centre that dispatches it took it in: it goes on seeing it
    else:
        joining.anew(a)
    a.case.office_id = found.id
    moved = a.follow_office()
    a.case.accepted_at = a.case.accepted_at or a.now
    urgent = effect.arguments.get("urgent") is True
    if urgent and "紧急" not in a.case.flags:
        a.case.flags = [*a.case.flags, "紧急"]
    category = effect.headers.get("category", "")
    a.work.session.add(
        RegisterEntry(
            register="派单台账",
            case_id=a.case.id,
            unit_id=found.id,
            at=a.now,
            by_id=a.by.id,
            facts={"unit": found.name, "category": category, "urgent": urgent},
        )
    )
    told: dict[str, object] = {"register": "派单台账", "unit": found.id, "category": category}
    if moved:
        told["tasks"] = [task.element for task in moved]
    a.record(audit.Kind.RECORD, facts=told)
    say_to(a, key_of(a, effect), "order", ORDER, "unit", channels=("screen",))


def keep_away(a: Applying, effect: Effect) -> None:
    """回避: whom the complaint is about; with a case's number, everybody who worked on it (RULES W6)."""
    named = [t for t in texts(effect.arguments.get("people")) if t]
    number = str(effect.arguments.get("case") or "").strip()
    found = people_of(a.work, named) | workers_of(a.work, number)
    if effect.headers.get("who") == "actor" and a.by.kind == "staff" and a.by.id is not None:
        found.add(a.by.id)
        mandates.stand_down(a)
    a.keep_away(found)


def people_of(work: Work, named: list[str]) -> set[int]:
    """The staff these words mean: a log-in, or a text with the name in it (医保窗口的王丽).

    All of one name: a resident cannot tell them apart. Names are sealed in the database, so they are compared here.
    """
    if not named:
        return set()
    staff = work.session.execute(select(User.id, User.login, User.name).where(User.kind == "staff")).all()
    return {
        user
        for user, login, name in staff
        if any((login and text.strip().lower() == login) or (len(name) > 1 and name in text) for text in named)
    }


def workers_of(work: Work, number: str) -> set[int]:
    """The staff who did, hold or took in anything of this case, its agent among them."""
    if not number:
        return set()
    case = work.session.scalar(select(Case).where(Case.number == number))
    if case is None:
        return set()
    tasks = work.session.execute(select(Task.ended_by_id, Task.assignee_id).where(Task.case_id == case.id)).all()
    touched = {i for row in tasks for i in row} | {case.submitted_by_id, *bonds.agents_ever(work, case)}
    ids = [i for i in touched if i is not None]
    return set(work.session.scalars(select(User.id).where(User.id.in_(ids), User.kind == "staff")))
