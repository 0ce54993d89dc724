"""委托: who acts for the applicant in one case, from when, until when: a bond of the hall (民法典 161, 163, 173)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import feel, forms
from engine.commands import bond_rows
from engine.errors import FieldError, Invalid
from engine.matters import Package, mandates
from engine.matters.nouns.bonds import HALL, MANDATE
from engine.people.bonds import AGENCY, hold, mandate_given
from engine.process import Effect
from engine.reads.knowing import Person
from engine.records import audit
from engine.store.models import Bond
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def make(a: Applying, holder: Person, answers: Mapping[str, Any]) -> None:
    """In force from now on, as long and as wide as the answers say. One that is in force for another time or another
    width is ended and made anew: each has the days it was given for."""
    case, said = a.case, mandates.of(a.package.info)
    until = _date(forms.dig(answers, said.until))
    lets = sorted(_lets(a.package, answers))
    before = mandate_given(a.work, case)
    if before is not None:
        bond_rows.end(a.work, before, "case", by=a.by, now=a.now, case=case)
    subject = Person(
        case.applicant_name, case.applicant_phone, case.applicant_id_number, case.applicant_id, case.place_id
    )
    asked = bond_rows.Asked(
        MANDATE, HALL[MANDATE], subject, holder, "case", until, lets, unit_id=case.unit_id, scope=f"case:{case.id}"
    )
    try:
        made = bond_rows.make(a.work, asked, by=a.by, now=a.now, case=case)
    except Invalid as refusal:
        raise Invalid(
            [
                FieldError(said.until if one.field == "until" else "", one.label, one.zh, one.en)
                for one in refusal.fields
            ]
        ) from None
    case.mandate_id = made.id
    hold(a.work, made)
    if before is not None:
        _follow(a, before.id, made)


def _follow(a: Applying, before: int, made: Bond) -> None:
    """What waits for whoever held the mandate before waits for who holds this one."""
    old, new = f"b:{before}", f"b:{made.id}" if "apply" in made.lets else ""
    for task in a.live:
        if old not in task.candidates:
            continue
        task.candidates = [one for one in dict.fromkeys(new if k == old else k for k in task.candidates) if one]
        task.version += 1


def take_mandate(a: Applying, effect: Effect) -> None:
    """The clerk who took in becomes the agent; one whom the applicant chose before stays, for the days signed now."""
    case, today = a.case, local_date(a.now)
    before = mandate_given(a.work, case)
    if before is not None and before.holder_id is not None:
        holder: Person | None = Person(before.holder_name, before.holder_phone, None, before.holder_id)
    else:
        holder = Person(a.by.name, None, None, a.by.id) if a.by.kind == "staff" else None
    signed = mandates.given(a.package.info, a.variables)
    if holder is not None and signed and not _same(a, before, today):
        make(a, holder, a.variables)
    if AGENCY not in case.flags:
        case.flags = [*case.flags, AGENCY]
    agent = holder.user_id if holder is not None else None
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "agent": agent, "bond": case.mandate_id})


def _same(a: Applying, before: Bond | None, today: date) -> bool:
    """Whether the one in force is what the answers say: then nothing is made anew."""
    if before is None or before.ended_at is not None or before.until_on < today:
        return False
    until = _date(forms.dig(a.variables, mandates.of(a.package.info).until))
    return until in (None, before.until_on) and set(before.lets) == _lets(a.package, a.variables)


def stand_down(a: Applying) -> None:
    """Who acts now keeps away: they are no agent of this applicant any more (民法典 第一百六十八条)."""
    row = mandate_given(a.work, a.case)
    if row is not None and row.holder_id == a.by.id:
        bond_rows.end(a.work, row, "holder", by=a.by, now=a.now, case=a.case)


def back_to(a: Applying, before: int | None) -> None:
    """撤回: the step that made, renewed or ended a mandate was not done. What it made is over; what it ended holds
    again, as it was."""
    row = mandate_given(a.work, a.case)
    if (row.id if row is not None else None) == before:
        return
    if row is not None:
        bond_rows.end(a.work, row, "case", by=a.by, now=a.now, case=a.case)
    old = a.work.session.get(Bond, before) if before is not None else None
    if old is None:
        return
    old.state, old.ended_at, old.ended_by_id, old.ended_how = "held", None, None, None
    a.case.mandate_id = old.id
    facts = {"bond": old.id, "kind": old.kind, "how": old.how, "until": old.until_on.isoformat()}
    a.record(audit.Kind.BOND_MADE, facts=facts)


def case_ended(a: Applying) -> None:
    """What was to be done is done: the agent's authority ends with the case (民法典 第一百七十三条)."""
    row = mandate_given(a.work, a.case)
    if row is not None and row.ended_at is None:
        bond_rows.end(a.work, row, "case", by=a.by, now=a.now, case=a.case)


def told(a: Applying) -> Bond | None:
    """The mandate of who is told what goes on: in force, or ended by this very step. Who stood down is told nothing."""
    today = local_date(a.now)
    row = mandate_given(a.work, a.case)
    if row is not None and row.ended_at is None and row.until_on >= today:
        return row
    if AGENCY not in a.case.flags:
        return None
    return a.work.session.scalar(
        select(Bond)
        .where(
            Bond.case_id == a.case.id,
            Bond.kind == MANDATE,
            Bond.ended_at == a.now,
            Bond.ended_how != "holder",
        )
        .order_by(Bond.id.desc())
        .limit(1)
    )


def _lets(package: Package, answers: Mapping[str, Any]) -> set[str]:
    """To see the case; and the principal's own steps in it, where the answers let it."""
    said = mandates.of(package.info)
    if not said.acts:
        return {"see"}
    values = {name: feel.from_json(value) for name, value in answers.items()}
    return {"see", "apply"} if feel.evaluate(said.acts.removeprefix("="), values) is True else {"see"}


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
