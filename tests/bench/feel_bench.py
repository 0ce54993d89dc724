"""FEEL measured beside pySFeel and beside npm feelin in embedded V8, in one run."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

from engine import feel
from tests.feelin import Feelin, script

CONDITION = 'age >= 18 and amount <= 5000 and kind in ("low income", "orphan") and not(served)'
CONTEXT = {"age": 30, "amount": 1200, "kind": "orphan", "served": False}
# pySFeel answers null to `a >= 1 and b <= 2` without parentheses: a condition both read alike.
PYSFEEL = '(age >= 18) and (amount <= 5000) and (kind = "orphan")'


def _each(work: Callable[[], object], seconds: float = 0.4) -> float:
    """Microseconds a call takes: the best of five rounds, so that a busy machine disturbs little."""
    work()
    start = time.perf_counter()
    work()
    once = max(time.perf_counter() - start, 1e-7)
    count = max(1, int(seconds / 5 / once))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - start) / count)
    return best * 1e6


def _row(name: str, value: float, unit: str, baseline: float | str, target: float | None = None) -> dict[str, Any]:
    ratio = baseline / value if isinstance(baseline, float) else None
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "baseline": round(baseline, 1) if isinstance(baseline, float) else baseline,
        "ratio": round(ratio, 1) if ratio is not None else None,
        "target": f">= {target:g}x" if target is not None else None,
        "met": ratio >= target if ratio is not None and target is not None else None,
    }


def _pysfeel() -> float:
    import pySFeel  # takes about 15 s of its own: it builds its grammar anew each time

    parser = pySFeel.SFeelParser()
    for name, value in (("age", "30"), ("amount", "1200"), ("kind", '"orphan"')):
        parser.sFeelParse(f"{name} <- {value}")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        answer = parser.sFeelParse(PYSFEEL)[1]
        if answer is not True:
            raise RuntimeError(f"pySFeel answers {answer!r}")
        return _each(lambda: parser.sFeelParse(PYSFEEL))


def figures() -> list[dict[str, Any]]:
    """The rows for `yizhan bench`."""
    rows = []
    condition = feel.compile(CONDITION)
    assert condition.evaluate(CONTEXT) is True
    ours = _each(lambda: condition.evaluate(CONTEXT))
    same = feel.compile(PYSFEEL)
    rows.append(
        _row("condition, compiled; beside pySFeel", _each(lambda: same.evaluate(CONTEXT)), "us", _pysfeel(), 20)
    )
    source = script("feelin")
    if source is None:
        rows.append(
            _row("condition, compiled; beside feelin in V8", ours, "us", "feelin is not installed (web/frontend)")
        )
    else:
        with contextlib.closing(Feelin(source)) as v8:
            if v8.evaluate(CONDITION, CONTEXT) is not True:
                raise RuntimeError("feelin does not answer true")
            theirs = _each(lambda: v8.evaluate(CONDITION, CONTEXT))
        rows.append(_row("condition, compiled; beside feelin in V8", ours, "us", theirs, 50))
    rows.append(_row("condition, by text (cached)", _each(lambda: feel.evaluate(CONDITION, CONTEXT)), "us", ours))
    from engine.feel.parser import parse

    rows.append(_row("condition, read anew", _each(lambda: parse(CONDITION)), "us", "-"))
    return rows
