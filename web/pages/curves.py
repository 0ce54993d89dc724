"""我的测量: what my own cases measured, drawn and as a table. Nobody else has this page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.reads import curves
from web import edge
from web.edge import guard

pages = Blueprint("curves", __name__)

#: The drawing, in its own units; a telephone of 360 px shows one a pixel.
WIDE, HIGH, SIDE, EDGE = 320, 120, 34, 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line of a curve."""

    title: Any
    dots: tuple[tuple[float, float], ...]
    least: Decimal
    most: Decimal
    first: date
    last: date


@pages.get("/mine/curves")
@guard("resident")
def mine() -> ResponseReturnValue:
    found = [(one, _drawn(one)) for one in curves.mine(edge.work(), edge.actor())]
    return render_template("resident/curves.html", found=found, wide=WIDE, high=HIGH, side=SIDE, tab="resident.mine")


def _drawn(curve: curves.Curve) -> list[Drawn]:
    """Each line that has two times or more; one alone stands in the table."""
    found = []
    for n, title in enumerate(curve.lines):
        points = [(on, number) for on, numbers in curve.times if (number := numbers[n]) is not None]
        if len(points) > 1:
            least, most = min(number for _on, number in points), max(number for _on, number in points)
            found.append(Drawn(title, placed(points), least, most, points[0][0], points[-1][0]))
    return found


def placed(points: Sequence[tuple[date, Decimal]]) -> tuple[tuple[float, float], ...]:
    """Where each point is drawn: days to the right, numbers upward; of one day, or one number, in the middle.

    >>> from decimal import Decimal as D
    >>> placed([(date(2026, 12, 1), D(120)), (date(2026, 12, 11), D(140))])
    ((34.0, 108.0), (308.0, 12.0))
    """
    days, numbers = [on.toordinal() for on, _number in points], [float(number) for _on, number in points]

    def spread(value: float, all: Sequence[float], low: float, high: float) -> float:
        wide = max(all) - min(all)
        return (low + high) / 2 if wide == 0 else low + (high - low) * (value - min(all)) / wide

    return tuple(
        (round(spread(at, days, SIDE, WIDE - EDGE), 1), round(spread(number, numbers, HIGH - EDGE, EDGE), 1))
        for at, number in zip(days, numbers, strict=True)
    )
