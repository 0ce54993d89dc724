"""What the stories of a matter pass, painted on its drawing, and the exits that none of them takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from engine import matters
from engine.proof import covering
from engine.proof.playing import Played
from web import names

#: What an exit is, as people say it.
KINDS = {"end": "结束", "flow": "出口", "boundary": "边上的事件"}


def of(name: str, files: Mapping[str, bytes], played: Sequence[Played], drawing: str) -> dict[str, Any] | None:
    """For the page of the proof: marks for the drawing and a list. None where nothing was played."""
    if not played:
        return None
    package = matters.read(name, files)
    names.about(package)
    found = covering.covered(package, played)
    return {
        "drawing": drawing,
        "marks": {
            "flows": sorted(found.passed),
            "counts": dict(found.passed),
            "bare": [one.element for one in found.missing],
        },
        "missing": [(_(KINDS[one.kind]), one.name) for one in found.missing],
        "exits": len(found.exits),
        "taken": len(found.exits) - len(found.missing),
    }
