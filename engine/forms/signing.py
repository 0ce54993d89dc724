"""A handwritten signature on the screen (手写签名), bound to what was signed.

What the browser sends is the pen's path: `M12 30 L13 31 …` (several strokes), in a box of 600 x 200. What is kept is
that path, the SHA-256 of the signed data as the server holds it (never as the browser sends it), and the moment. Change
one character of what was signed and `fits` says no.

This is a picture of a person's will with evidence around it. It is not a reliable electronic signature in the sense of
电子签名法 art. 13, and it is not used for marriage, adoption or inheritance (art. 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engine import crypto
from engine.plain import dig, dumps

BOX = (600, 200)
MAX_PATH = 20_000
#: Fewer points than this is a slip of the finger.
MIN_POINTS = 8
_PATH = re.compile(r"(M\d{1,3} \d{1,3}( L\d{1,3} \d{1,3})*\s*)+")


def readable(path: object) -> bool:
    """Whether this is a pen's path with enough ink in it.

    >>> readable("M1 1" + " L2 2" * 8), readable("M1 1 L2 2"), readable("<svg onload=x>")
    (True, False, False)
    """
    return (
        isinstance(path, str)
        and len(path) <= MAX_PATH
        and path.count("L") >= MIN_POINTS
        and _PATH.fullmatch(path) is not None
    )


def digest(data: Mapping[str, Any], names: Iterable[str]) -> str:
    """SHA-256 over the named values (dotted paths) in canonical JSON.

    >>> from decimal import Decimal
    >>> digest({"a": 1, "b": 2}, ["a"]) == digest({"a": Decimal("1.0"), "b": 3}, ["a"])
    True
    """
    values = {name: dig(data, name) for name in names}
    return crypto.fingerprint(dumps(values, sort=True).encode())


def signed(path: str, data: Mapping[str, Any], names: Iterable[str], now: datetime | None) -> dict[str, Any]:
    """What is kept of a signature."""
    return {
        "path": path,
        "signs": list(names),
        "sha256": digest(data, names),
        "at": now.isoformat(timespec="seconds") if now is not None else None,
    }


def fits(signature: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether the data is still what was signed."""
    return bool(signature.get("sha256") == digest(data, signature.get("signs") or []))


def svg(signature: Mapping[str, Any]) -> str:
    """The signature as an SVG picture for papers and pages. A path that is not one draws nothing."""
    path = signature.get("path")
    drawn = path if readable(path) else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BOX[0]} {BOX[1]}" role="img" aria-label="手写签名">'
        f'<path d="{drawn}" fill="none" stroke="#111" stroke-width="5" stroke-linecap="round" '
        'stroke-linejoin="round"/></svg>'
    )
