"""Pausing, resuming and extending: the ledger has moved already, by the effect's meaning (engine/matters/clocks.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.process import Effect
from engine.records import audit

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def recorded(a: Applying, effect: Effect) -> None:
    """Which element of the drawing moved the clock."""
    a.record(audit.Kind.EFFECT, facts={"kind": effect.kind, "element": effect.element})
