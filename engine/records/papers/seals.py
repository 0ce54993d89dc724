"""Seals, drawn to measure.

国务院关于国家行政机关和企业事业单位社会团体印章管理的规定 (国发〔1999〕25号): round, the legal name on the ring from
left to right, a star in the centre; 45 mm at most for an office of the county, 42 mm for a town; a special seal
(专用章) differs in name and in look, here by a line across its lower part. The state emblem is never drawn. A drawn
seal is a picture: it has legal force only as an electronic seal of the state's system (国务院关于在线政务服务的若干规定
第九条), so every drawing says 样章 unless the office declares its own.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from engine.records.papers import fonts
from engine.records.papers.pictures import Command, Picture, Shape, circle, moved, picture, rectangle

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


#: What a caller says of the seals: nothing, one, or one of each who signs jointly.
Given = Seal | Mapping[str, Any] | Sequence[Seal | Mapping[str, Any]] | None


def given(value: Given) -> list[Seal]:
    """The seals of a paper, who leads first."""
    found = []
    for one in value if isinstance(value, Sequence) else (value,):
        seal = one if isinstance(one, Seal) else Seal.of(one)
        if seal is not None:
            found.append(seal)
    return found


@lru_cache(maxsize=128)
def draw(seal: Seal, place: Path) -> Picture:
    """The seal, in millimetres. Every glyph is an outline set by its own rotation."""
    d = seal.millimetres
    shapes = [*(_sample(d, place) if seal.kind == "sample" else ())]
    if not seal.image:
        return picture(d, [*shapes, *_ring(seal, place)])
    data = base64.b64encode(seal.image).decode()
    over = picture(d, shapes).svg.decode().split(">", 1)[1]
    return Picture(
        d,
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{d}mm" height="{d}mm" viewBox="0 0 {d} {d}">'
        f'<image width="{d}" height="{d}" href="data:image/png;base64,{data}"/>{over}'.encode(),
    )


def _ring(seal: Seal, place: Path) -> Iterator[Shape]:
    d = seal.millimetres
    line = max(1.0, d * 0.026)
    yield Shape(circle(d / 2 - line / 2, d / 2, d / 2), RED, line)
    yield Shape(_star(d * 0.165, d / 2), RED)
    count = len(seal.organ)
    height = d * (0.115 if count <= 14 else 0.1)
    radius = d / 2 - line - d * 0.03 - height / 2
    # The text spans up to 260 degrees, 220 above a lower line; short names keep 1.35 ems instead of spreading out.
    step = min((220 if seal.purpose else 260) / max(count - 1, 1), math.degrees(height * 1.35 / radius))
    squeeze = min(1.0, math.radians(step) * (radius - height * 0.3) / height * 1.02)
    for n, char in enumerate(seal.organ):
        angle = math.radians((n - (count - 1) / 2) * step)
        x, y = d / 2 + radius * math.sin(angle), d / 2 - radius * math.cos(angle)
        yield from _glyph(char, place, height, x, y, angle, squeeze)
    if seal.purpose:
        size = min(d * 0.1, d * 0.62 / len(seal.purpose))
        for n, char in enumerate(seal.purpose):
            x = (n - (len(seal.purpose) - 1) / 2) * size * 1.06
            yield from _glyph(char, place, size, d / 2 + x, d * 0.77)


#: Of 样章: grey, so that it is not taken for a part of the seal; under it, so that the seal stays readable.
GREY = "#9a9a9a"


def _sample(d: float, place: Path) -> Iterator[Shape]:
    """样章, framed and slanted across the seal."""
    size, angle = d * 0.26, math.radians(-24)
    cos, sin = math.cos(angle), math.sin(angle)
    frame = rectangle(-size * 1.25, -size * 0.68, size * 2.5, size * 1.36)
    yield Shape(moved(frame, cos, sin, -sin, cos, d / 2, d / 2), GREY, d * 0.012)
    for char, along in (("样", -0.56 * size), ("章", 0.56 * size)):
        yield from _glyph(char, place, size, d / 2 + along * cos, d / 2 + along * sin, angle, colour=GREY)


def _glyph(
    char: str, place: Path, size: float, x: float, y: float, angle: float = 0, squeeze: float = 1, colour: str = RED
) -> Iterator[Shape]:
    """A character `size` high whose em box is centred on (x, y), turned clockwise by `angle`."""
    found = fonts.outline(char, place)
    if found is None:
        return
    commands, width = found
    scale = size / 1000
    cos, sin = math.cos(angle), math.sin(angle)
    # 380 is the middle of the ideographic em box of Noto CJK (880 above, 120 below the baseline); its y axis points up.
    centred = moved(commands, scale * squeeze, 0, 0, -scale, -width / 2 * scale * squeeze, 380 * scale)
    yield Shape(moved(centred, cos, sin, -sin, cos, x, y), colour)


def _star(radius: float, centre: float) -> tuple[Command, ...]:
    """A five-pointed star with its point up; the inner corners lie at 0.382 of the radius, as on the flag."""
    points: list[Command] = []
    for n in range(10):
        r = radius if n % 2 == 0 else radius * 0.381966
        angle = math.radians(36 * n - 90)
        points.append(("L" if n else "M", centre + r * math.cos(angle), centre + r * math.sin(angle)))
    return (*points, ("Z",))
