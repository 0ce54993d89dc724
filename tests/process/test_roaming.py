"""Random diagrams under everything a hall can do: no case stands still untold, and its rows agree with its tokens."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.soaking import parts

from .blocks import blocks
from .playing import load
from .roaming import Roamer
from .wild import wild


def roamed(seed: int, steps: int, seen: Counter[str]) -> int:
    draw = wild if seed % 3 == 0 else blocks
    roamer = Roamer(load(draw(seed), await_effects=True, lint=False), seed)
    taken = roamer.roam(steps)
    seen += roamer.seen
    return taken


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_a_sample_of_drawings_is_never_untold(first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + 30):
        roamed(seed, 25, seen)
    assert min(seen[kind] for kind in ("Complete", "Fire", "Return", "Jump", "Retry")) > 0, (
        "every kind of move was made"
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("part", "steps"), parts(20_000, 5_000))
def test_twenty_thousand_steps_are_never_untold(part: int, steps: int) -> None:
    seen: Counter[str] = Counter()
    taken, seed = 0, part * 1_000_000
    while taken < steps:
        taken += roamed(seed, 40, seen)
        seed += 1
    kinds = ("Complete", "Fire", "Return", "Reopen", "Jump", "Retry", "Deliver", "Signal")
    assert min(seen[kind] for kind in kinds) >= steps // 500
