"""补签委托书: at the visit the principal signs for what an agent took in for them. From then on the agent acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import forms, process
from engine.commands.applying import Done, env_of
from engine.commands.cases.attachments import file_ids
from engine.commands.cases.changing import advance
from engine.commands.cases.finding import find_case
from engine.commands.effects import hall_papers
from engine.commands.effects.mandates import make
from engine.matters import mandates
from engine.people import Actor
from engine.people.bonds import UNSIGNED
from engine.reads import agency
from engine.reads.knowing import Person
from engine.records import files, library
from engine.store import Work


def sign_mandate(work: Work, case_id: int, raw: Mapping[str, Any], *, by: Actor, now: datetime) -> Done:
    """The principal lets this agent act, by their signature or by a finger's mark before a witness. NotFound for who is
    no agent of their village; AlreadyDone when it was signed; NotNow when the case is over."""
    # find and may
    case = find_case(work, case_id)
    agency.must_await_signing(case, by)

    # check
    package = library.version(work, case.version_hash)
    form = mandates.part(package)
    answers = forms.check(form, raw, env=env_of(work, now), known=case.answers or {})
    mandates.another_witnesses(answers, by.name)
    attached = file_ids(form, answers)
    given = {mandates.KEY: answers[mandates.KEY]}

    # advance: the diagram may ask what was signed
    step, applying = advance(work, case, process.Amend(given), by=by, now=now)

    # apply
    case.flags = [flag for flag in case.flags if flag != UNSIGNED]
    make(applying, Person(by.name, user_id=by.id), given)
    if attached:
        files.attach(work, attached, case, by=by)
    applying.step(step)
    hall_papers.mandate(applying, {**(case.answers or {}), **given})
    return applying.finish()
