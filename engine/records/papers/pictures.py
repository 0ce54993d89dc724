"""Line art for papers: the same shapes as SVG (pages, previews) and as PDF operators (papers).

Setting an SVG into a page means parsing its paths again for every paper, a fifth of the time of a receipt. A seal never
changes and a check code is only squares, so both are written straight as PDF operators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

#: A path command in units of the picture, y down: ("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y), ("Z",).
Command = tuple[str | float, ...]

#: Control point distance for a quarter circle of radius 1.
_QUARTER = 0.5522847498


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled or stroked path."""

    commands: tuple[Command, ...]
    colour: str  # #rrggbb
    stroke: float | None = None  # line width; None: filled (non-zero rule)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. Units are its own; `size` of them are its width."""

    size: float
    svg: bytes = field(repr=False)
    operators: bytes | None = field(repr=False, default=None)  # None: it holds a raster image and is set from the SVG
    ratio: float = 1.0  # width to height


def circle(radius: float, x: float = 0, y: float = 0) -> tuple[Command, ...]:
    """A circle as four curves."""
    k = radius * _QUARTER
    return (
        ("M", x + radius, y),
        ("C", x + radius, y + k, x + k, y + radius, x, y + radius),
        ("C", x - k, y + radius, x - radius, y + k, x - radius, y),
        ("C", x - radius, y - k, x - k, y - radius, x, y - radius),
        ("C", x + k, y - radius, x + radius, y - k, x + radius, y),
        ("Z",),
    )


def rectangle(x: float, y: float, width: float, height: float) -> tuple[Command, ...]:
    return (("M", x, y), ("L", x + width, y), ("L", x + width, y + height), ("L", x, y + height), ("Z",))


def moved(
    commands: Iterable[Command], a: float, b: float, c: float, d: float, e: float, f: float
) -> tuple[Command, ...]:
    """A path under the matrix (x, y) -> (ax + cy + e, bx + dy + f)."""
    done: list[Command] = []
    for command in commands:
        point: list[str | float] = [command[0]]
        numbers = [float(v) for v in command[1:]]
        for n in range(0, len(numbers), 2):
            x, y = numbers[n], numbers[n + 1]
            point += [a * x + c * y + e, b * x + d * y + f]
        done.append(tuple(point))
    return tuple(done)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def picture(size: float, shapes: Iterable[Shape], unit: str = "mm") -> Picture:
    """Shapes within 0..size as a picture; later shapes lie over earlier ones."""
    shapes = tuple(shapes)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(size)}{unit}" height="{_number(size)}{unit}" ']
    svg.append(f'viewBox="0 0 {_number(size)} {_number(size)}">')
    operators: list[str] = []
    for shape in shapes:
        path = "".join(f"{c[0]}{' '.join(_number(float(v)) for v in c[1:])}" for c in shape.commands)
        if shape.stroke is None:
            svg.append(f'<path fill="{shape.colour}" d="{path}"/>')
        else:
            svg.append(f'<path fill="none" stroke="{shape.colour}" stroke-width="{_number(shape.stroke)}" d="{path}"/>')
        colour = " ".join(_number(int(shape.colour[n : n + 2], 16) / 255) for n in (1, 3, 5))
        operators.append(f"{colour} {'rg' if shape.stroke is None else 'RG'}")
        if shape.stroke is not None:
            operators.append(f"{_number(shape.stroke)} w")
        for command in shape.commands:
            numbers = " ".join(_number(float(v)) for v in command[1:])
            operators.append({"M": f"{numbers} m", "L": f"{numbers} l", "C": f"{numbers} c", "Z": "h"}[str(command[0])])
        operators.append("f" if shape.stroke is None else "S")
    svg.append("</svg>")
    return Picture(size, "".join(svg).encode(), "\n".join(operators).encode())


def squares(size: int, runs: Iterable[tuple[int, int, int]]) -> Picture:
    """A code of black squares: runs of (column, row, length)."""
    runs = tuple(runs)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>'
    operators = "\n".join(["0 0 0 rg", *(f"{x} {y} {length} 1 re" for x, y, length in runs), "f"])
    return Picture(float(size), svg.encode(), operators.encode())


def strokes(width: int, height: int, path: str, line: int) -> Picture:
    """A pen's path, `M1 2 L3 4 …`, drawn with round ends."""
    points = [(command, x, y) for command, x, y in re.findall(r"([ML])(\d+) (\d+)", path)]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><path fill="none" stroke="#000" '
        f'stroke-width="{line}" stroke-linecap="round" stroke-linejoin="round" '
        f'd="{"".join(f"{command}{x} {y}" for command, x, y in points)}"/></svg>'
    )
    lines = [
        f"0 0 0 RG 1 J 1 j {line} w",
        *(f"{x} {y} {'m' if command == 'M' else 'l'}" for command, x, y in points),
        "S",
    ]
    return Picture(float(width), svg.encode(), "\n".join(lines).encode(), width / height)
