"""接受委托: who acts for the applicant from now on (民法典 第一百六十一条)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.process import Effect
from engine.records import audit

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def take_mandate(a: Applying, effect: Effect) -> None:
    """The clerk who took in becomes the agent; one whom the applicant chose before stays."""
    if a.case.agent_id is None and a.by.kind == "staff":
        a.case.agent_id, a.case.agent_name = a.by.id, a.by.name
    if "代办" not in a.case.flags:
        a.case.flags = [*a.case.flags, "代办"]
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "agent": a.case.agent_id})


def stand_down(a: Applying) -> None:
    """Who acts now keeps away: they are no agent of this applicant any more (民法典 第一百六十八条)."""
    if a.case.agent_id == a.by.id:
        a.case.agent_id, a.case.agent_name = None, None
