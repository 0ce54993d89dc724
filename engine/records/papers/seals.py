"""Seals, drawn to measure.

国务院关于国家行政机关和企业事业单位社会团体印章管理的规定 (国发〔1999〕25号): round, the legal name on the ring from left to right, a star in
the centre; 45 mm at most for an office of the county, 42 mm for a town; a special seal (专用章) differs in name and in
look, here by a line across its lower part. The state emblem is never drawn. A drawn seal is a picture: it has legal
force only as an electronic seal of the state's system (国务院关于在线政务服务的若干规定 第九条), so every drawing says 样章 unless the
office declares its own.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from engine.records.papers import fonts

RED = "#d7000f"

Kind = Literal["none", "sample", "scanned", "e-seal"]


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as a paper carries it."""

    organ: str  # the name on the ring, the legal name or its standard short form
    kind: Kind = "sample"  # none | sample (样章 across it) | scanned (the office's own picture) | e-seal
    purpose: str = ""  # the lower line of a special seal: 业务专用章
    millimetres: float = 40.0  # outer diameter
    image: bytes = b""  # scanned, e-seal: PNG of the office's own seal; empty: drawn

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Seal | None:
        """A seal from frozen facts ({organ, kind, purpose, millimetres, image as base64}); None when there is none."""
        if not data or data.get("kind") == "none":
            return None
        kind = data.get("kind", "sample")
        if kind not in ("sample", "scanned", "e-seal"):
            raise ValueError(f"Expected a seal kind of none, sample, scanned, e-seal, but got {kind!r}")
        size = float(data.get("millimetres", 40))
        if not 30 <= size <= 45:
            raise ValueError(f"Expected a seal of 30 to 45 mm (国发〔1999〕25号), but got {size}")
        return cls(
            organ=str(data["organ"]),
            kind=kind,
            purpose=str(data.get("purpose", "")),
            millimetres=size,
            image=base64.b64decode(data.get("image", "")),
        )


@lru_cache(maxsize=128)
def svg(seal: Seal, place: Path) -> bytes:
    """The seal as SVG, in millimetres around its centre. Every glyph is an outline set by its own rotation."""
    d = seal.millimetres
    half = d / 2
    parts: list[str] = []
    if seal.image:
        data = base64.b64encode(seal.image).decode()
        parts.append(f'<image x="{-half}" y="{-half}" width="{d}" height="{d}" href="data:image/png;base64,{data}"/>')
    else:
        parts += _ring(seal, place)
    if seal.kind == "sample":
        parts += _sample(d, place)
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{d}mm" height="{d}mm" '
        f'viewBox="{-half} {-half} {d} {d}">{body}</svg>'
    ).encode()


def _ring(seal: Seal, place: Path) -> list[str]:
    d = seal.millimetres
    line = max(1.0, d * 0.026)
    parts = [f'<circle r="{d / 2 - line / 2:.2f}" fill="none" stroke="{RED}" stroke-width="{line:.2f}"/>']
    parts.append(f'<path d="{_star(d * 0.165)}" fill="{RED}"/>')
    count = len(seal.organ)
    height = d * (0.115 if count <= 14 else 0.1)
    radius = d / 2 - line - d * 0.03 - height / 2
    # The text spans up to 260 degrees; short names keep a natural distance of 1.35 ems instead of spreading out.
    step = min(260 / max(count - 1, 1), math.degrees(height * 1.35 / radius))
    squeeze = min(1.0, math.radians(step) * (radius - height * 0.3) / height * 1.02)
    for n, char in enumerate(seal.organ):
        angle = (n - (count - 1) / 2) * step
        parts.append(_glyph(char, place, height, f"rotate({angle:.2f}) translate(0 {-radius:.2f})", squeeze))
    if seal.purpose:
        size = min(d * 0.1, d * 0.62 / len(seal.purpose))
        for n, char in enumerate(seal.purpose):
            x = (n - (len(seal.purpose) - 1) / 2) * size * 1.06
            parts.append(_glyph(char, place, size, f"translate({x:.2f} {d * 0.27:.2f})"))
    return parts


def _sample(d: float, place: Path) -> list[str]:
    """样章, framed and slanted across the seal, in grey so that it is not taken for a part of it."""
    size = d * 0.26
    frame = (
        f'<rect x="{-size * 1.25:.2f}" y="{-size * 0.68:.2f}" width="{size * 2.5:.2f}" height="{size * 1.36:.2f}" '
        f'fill="none" stroke="#555" stroke-width="{d * 0.012:.2f}"/>'
    )
    glyphs = "".join(
        _glyph(char, place, size, f"translate({x * size:.2f} 0)", colour="#555")
        for char, x in (("样", -0.56), ("章", 0.56))
    )
    return [f'<g transform="rotate(-24)" opacity="0.6">{frame}{glyphs}</g>']


def _glyph(char: str, place: Path, size: float, transform: str, squeeze: float = 1.0, colour: str = RED) -> str:
    found = fonts.outline(char, place)
    if found is None:
        return ""
    path, width = found
    scale = size / 1000
    # 380 is the middle of the ideographic em box of Noto CJK (880 above, 120 below the baseline).
    place_glyph = f"{transform} scale({scale * squeeze:.5f} {-scale:.5f}) translate({-width / 2:.0f} -380)"
    return f'<path transform="{place_glyph}" fill="{colour}" d="{path}"/>'


def _star(radius: float) -> str:
    """A five-pointed star with its point up; the inner corners lie at 0.382 of the radius, as on the flag."""
    points = []
    for n in range(10):
        r = radius if n % 2 == 0 else radius * 0.381966
        angle = math.radians(36 * n - 90)
        points.append(f"{r * math.cos(angle):.3f} {r * math.sin(angle):.3f}")
    return "M" + "L".join(points) + "Z"
