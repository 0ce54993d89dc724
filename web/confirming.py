"""Shown first, then done exactly so: the one way of whatever moves a case by hand (处置, 时限, 退回 and 转办).

What nobody was shown is not done: a confirmation without the plan's token, or with that of another plan, is answered
with the plan as it is now (409). What was typed stays on the page, also when the plan cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from engine.errors import FieldError, Invalid, NotNow, Refused
from engine.store import Work
from web import edge, sentences
from web.problems import sentence

#: The token of no plan.
NEVER = "-"


@dataclass(frozen=True, slots=True)
class How:
    """In what a verb is run: as a preview, to confirm one, or again as things are after a confirmation failed."""

    expect: str | None = None  # the token that was shown; None: a preview
    anew: bool = False  # what the page was drawn from counts no more


@dataclass(frozen=True, slots=True)
class Shown:
    """What to answer: it is done, or the page again."""

    done: Any = None
    plan: dict[str, Any] | None = None
    wrong: tuple[FieldError, ...] = ()
    stale: str = ""

    @property
    def status(self) -> int:
        return 422 if self.wrong else 409 if self.stale else 200


def previewed(do: Callable[[Work, How], Any]) -> Shown:
    """Run the verb as the request asks; it gives what was done, or the step that it moved."""
    database, stale = edge.hall().database, ""
    try:
        if request.form.get("confirmed"):
            expect = request.form.get("expect", "").strip() or NEVER
            try:
                with database.unit_of_work() as work:
                    done = do(work, How(expect))
                    if sentences.plan(done)["token"] != expect:
                        raise _changed()
                return Shown(done)
            except NotNow as changed:
                stale = sentence(changed)
        with database.rehearsal() as work:
            return Shown(plan=sentences.plan(do(work, How(anew=bool(stale)))), stale=stale)
    except Invalid as error:
        return Shown(wrong=tuple(error.fields), stale=stale)
    except Refused as error:
        if isinstance(error, NotNow):
            return Shown(stale=sentence(error))  # what is so now, not only that it has changed
        if not stale:
            raise
        return Shown(stale=stale)


def _changed() -> NotNow:
    return NotNow(
        "这一步还没有给您看过会怎样，或者情况有了变化，请看过再确认。",
        "Expected a confirmation of the plan you saw, but it is of none or of another: look again.",
    )
