"""An application a resident sends from their own phone: with their consent, and the place they were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.commands.applying import Done
from engine.commands.cases.submit import submit
from engine.errors import FieldError, Invalid
from engine.people import Actor, tries
from engine.people.units import Place
from engine.records import library
from engine.store import Work
from engine.store.models import Consent, User


def apply_online(
    work: Work,
    matter: str,
    answers: Mapping[str, Any],
    *,
    consent: bool,
    place: Place | None = None,
    key: str | None = None,
    by: Actor,
    now: datetime,
) -> Done:
    """提交 by the applicant. A matter that asks for consent is not taken in without it, and keeps the sentence the
    person agreed to. TooMany for somebody who floods the clerks: what was refused for its answers is not counted.
    `place`: where they live, when it had to be asked; it is asked once. Sent twice with the same
    key, it is one case with one consent."""
    asked = library.current(work, matter).info.apply.consent
    if asked and not consent:
        raise Invalid([FieldError("", "同意使用个人信息", "要先同意才能办理。", "Your consent is needed.")])
    for limit in ("apply", "apply-day"):
        tries.within(work, limit, by.key, now=now)
    done = submit(work, matter, answers, by=by, now=now, place=place, key=key)
    if done.case.received_at != now:
        return done  # sent before
    for limit in ("apply", "apply-day"):
        tries.count(work, limit, by.key, now=now)
    if place is not None:
        work.session.get_one(User, by.id).place_id = place.id
    if asked:
        facts = {"number": done.case.number}
        work.session.add(Consent(user_id=by.id, purpose=f"matter:{matter}", text=asked, given_at=now, facts=facts))
    work.session.flush()
    return done
