"""Consent (个人信息保护法 29, 31): asked on every way in, and kept with the sentence the person agreed to. Below
fourteen it is the guardian's: one whom the hall knows as such."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import select

from engine import feel
from engine.errors import FieldError, Invalid
from engine.matters import Package
from engine.matters.nouns.bonds import CONSENTS, GUARDIAN
from engine.people import Actor
from engine.reads.knowing import age_on, born_on
from engine.store import Work, keys
from engine.store.models import Bond, Case, Consent
from engine.workdays import local_date

#: Of a booking: it is for nothing that cannot wait to be asked.
NO_ANSWERS: Mapping[str, Any] = MappingProxyType({})
#: How an application came -> whether somebody is there to be asked. The system's own cases ask nobody.
Given = Literal["self", "guardian", ""]


def ask(
    work: Work,
    package: Package,
    given: bool,
    id_number: str | None,
    *,
    answers: Mapping[str, Any] = NO_ANSWERS,
    by: Actor,
    now: datetime,
    for_ref: str = "",
) -> tuple[str, int | None]:
    """("self" or "guardian", the guardian's bond): who consents; "": nobody was asked, or nobody is awaited (`unless`).
    Refused when nobody did, or the wrong person.

    by: who sends it: the person, who acts for them (`for_ref`: the subject of that bond), or a clerk who asked at the
    counter.
    """
    if not package.info.apply.consent:
        return "", None
    if not given:
        unless = package.info.apply.unless
        if unless and feel.evaluate(unless.removeprefix("="), answers) is True:
            return "", None
        raise Invalid([FieldError("consent", "同意使用个人信息", "要先同意才能办理。", "Your consent is needed.")])
    age = age_on(born_on(id_number), local_date(now))
    if age is None or age >= CONSENTS:
        return "self", None
    if by.kind == "resident":
        grant = next((g for g in by.grants if g.kind == GUARDIAN and g.subject_ref == for_ref), None)
        if grant is None:
            raise _guardian_needed()
        return "guardian", grant.id
    today = local_date(now)
    found = work.session.scalar(
        select(Bond.id)
        .where(
            Bond.kind == GUARDIAN,
            Bond.state == "held",
            Bond.from_on <= today,
            Bond.until_on >= today,
            Bond.subject_id_index.in_(keys.blinds("id", id_number or "")),
        )
        .limit(1)
    )
    if found is None:
        raise _guardian_needed()
    return "guardian", found


def _guardian_needed() -> Invalid:
    return Invalid(
        [
            FieldError(
                "consent",
                "同意使用个人信息",
                f"申请人不满 {CONSENTS} 岁，要由监护人替他办并同意。监护人先带户口簿或出生证到窗口登记。",
                f"The applicant is under {CONSENTS}: a guardian applies for them and consents. Guardians are "
                f"registered "
                "at the counter, with the household book or birth certificate.",
            )
        ]
    )


def keep(work: Work, package: Package, case: Case, whose: tuple[str, int | None], *, by: Actor, now: datetime) -> None:
    """Keep the sentence. At a counter under the applicant's account, when they have one; else under the clerk's, who
    heard it."""
    who, bond = whose
    if not who or by.id is None:
        return
    facts: dict[str, object] = {"number": case.number, "by": who}
    if bond is not None:
        facts["bond"] = bond
    if by.kind == "staff":
        facts["taken_down_by"] = by.id
    user_id = case.applicant_id if by.kind == "staff" and case.applicant_id is not None else by.id
    text = package.info.apply.consent
    purpose = f"matter:{package.name}"
    work.session.add(Consent(user_id=user_id, purpose=purpose, text=text, given_at=now, case_id=case.id, facts=facts))
