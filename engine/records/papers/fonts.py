"""The fonts of the papers: cut once at set-up, small in every PDF, and checked before a paper is issued.

A Noto CJK collection is a CFF font of 65,535 glyphs: twenty characters from it cost more than 100 KB in a PDF and most
of the time of a one-page receipt. So set-up draws the glyphs we need (all of the unified ideographs, which hold GBK,
and the punctuation of official papers) into plain TrueType files:

    Yizhan Song         宋体, every ideograph: body text and names
    Yizhan Song (bold)  stands in for 小标宋: titles; GB 2312
    Yizhan Hei          黑体: headings and labels; GB 2312

Names outside that (Extension A, B …) fall back to the system's Noto Serif CJK SC; a character found in no font of the
list is refused before issue (`missing`), so no paper is ever printed with an empty box. An office that owns 仿宋, 楷体
or 小标宋 puts fangsong.ttf, kaiti.ttf or xiaobiaosong.ttf into the folder and the papers use them.

GB/T 9704 sets the body in 仿宋; ours is 宋体 unless the office brings its own. The only free 仿宋 (Fandol) comes inside
a TeX package of 49 MB, holds GB 2312 alone (no 玥 喆 祎 珺 赟 镕 …, so a name would change its type in the middle), and
would be a third of all that set-up fetches: not worth it for papers whose text, seal and code are the same without it.

    python -m engine.records.papers.fonts        cut the fonts now (about 20 s, once)
"""

from __future__ import annotations

import io
import struct
import sys
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from engine import crypto
from engine.forms import letters
from engine.records.papers.pictures import Command

#: Raise when the recipe below changes: set-up then cuts the fonts again.
RECIPE = 5

#: Largest distance of the quadratic outline from the cubic one, in units of 1000 an em (at 16 pt: 0.006 mm).
TOLERANCE = 1.0

#: How many glyphs a process draws at a time.
STRETCH = 1500

#: Where Debian, macOS-like and user installations keep fonts.
SYSTEM_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


@cache
def folder() -> Path:
    """Where the cut fonts live: inside the virtual environment, for they belong to the installation and not to the
    data."""
    return Path(sys.prefix) / "share" / "yizhan" / "fonts"


@dataclass(frozen=True, slots=True)
class Cut:
    """One font to cut."""

    family: str  # the CSS family
    weight: int  # the CSS weight, 400 or 700
    source: str  # file of the system's collection
    face: str  # the face of the collection, by its full name
    file: str  # the file we write
    wide: bool  # True: all unified ideographs; False: GB 2312


CUTS = (
    Cut("Yizhan Song", 400, "NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", "song.ttf", True),
    Cut("Yizhan Song", 700, "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC", "song-bold.ttf", False),
    Cut("Yizhan Hei", 400, "NotoSansCJK-Regular.ttc", "Noto Sans CJK SC", "hei.ttf", False),
)

#: Fonts an office may own and add: family -> file name.
OWN = {"Yizhan Fang": "fangsong.ttf", "Yizhan Kai": "kaiti.ttf", "Yizhan Title": "xiaobiaosong.ttf"}

#: What a style sheet may fall back to when the cut fonts lack a character.
FALLBACK = ("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC")

#: What Pango takes for the letters of a foreign passport (Š, ğ, ế) and for Cyrillic: Debian has it with fontconfig.
FOREIGN = ("DejaVuSerif.ttf", "DejaVu Serif")


def characters(wide: bool) -> set[int]:
    """The code points of a cut: Latin, signs used in papers, and GB 2312 or all unified ideographs."""
    wanted = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))
    for first, last in (
        (0x2010, 0x2040),  # dashes, quotes, dots, per mille
        (0x20A0, 0x20BF),  # currency
        (0x2100, 0x2140),  # letter-like: № ℃
        (0x2150, 0x2190),  # fractions, Roman numerals
        (0x2190, 0x2200),  # arrows
        (0x2200, 0x2270),  # mathematics
        (0x2460, 0x2500),  # ① ⑴
        (0x2500, 0x2580),  # rules
        (0x25A0, 0x2610),  # squares, circles, stars
        (0x3000, 0x3040),  # 〔〕《》、。
        (0xFF00, 0xFFEF),  # full-width
    ):
        wanted |= set(range(first, last))
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                wanted.add(ord(bytes((high, low)).decode("gb2312")))
            except (UnicodeDecodeError, TypeError):
                continue
    if wide:
        wanted |= set(range(0x4E00, 0xA000)) | {0x3400 + n for n in (0x2CE, 0x6E1)} | {0x4DAE}  # 㛎-type names, 䶮
    return wanted


def find(name: str) -> Path | None:
    """The system's font file of that name, or None."""
    for place in SYSTEM_FOLDERS:
        for path in sorted(Path(place).expanduser().rglob(name)):
            return path
    return None


def face(path: Path, name: str) -> Any:
    """The face of a collection (or the only one of a file) by its family name."""
    from fontTools.ttLib import TTCollection, TTFont

    data = io.BytesIO(path.read_bytes())  # held in memory: a lazily read font keeps its file open for ever
    if path.suffix.lower() not in {".ttc", ".otc"}:
        return TTFont(data, lazy=True)
    collection = TTCollection(data, lazy=True)
    for one in collection.fonts:
        if one["name"].getBestFamilyName() == name:
            return one
    raise LookupError(f"Expected the face {name} in {path}, but it is not there.")


def rank(code: int) -> tuple[int, int]:
    """Where a character stands in a cut font: signs, then GB 2312's 3,755 common ideographs by use, then the others.

    A PDF keeps the glyph numbers of its subset, so tables as long as its highest one: what is common comes first.
    """
    if not 0x3400 <= code < 0xA000:
        return 0, code
    try:
        high, low = chr(code).encode("gb2312")
    except UnicodeEncodeError:
        return 3, code
    return (1 if high < 0xD8 else 2), high << 8 | low


@lru_cache(maxsize=4)
def _source(recipe: Cut) -> tuple[Any, dict[int, str]]:
    """The collection's face and the part of its cmap that is wanted, in the order of the cut font."""
    path = find(recipe.source)
    if path is None:
        raise FileNotFoundError(recipe.source)
    source = face(path, recipe.face)
    cmap = source.getBestCmap()
    wanted = sorted(characters(recipe.wide) & set(cmap), key=rank)
    return source, {code: cmap[code] for code in wanted}


def _names(cmap: dict[int, str]) -> list[str]:
    return list(dict.fromkeys([".notdef", *cmap.values()]))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A TrueType glyph ready to be written."""

    data: bytes  # compiled; b"" when it has no outline
    advance: int
    points: int
    contours: int
    box: tuple[int, int, int, int]  # xMin, yMin, xMax, yMax


def _draw(recipe: Cut, first: int, last: int) -> list[Drawn]:
    """A stretch of the glyphs of the cut font: the part of the work that is shared out."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    source, cmap = _source(recipe)
    shapes, metrics = source.getGlyphSet(), source["hmtx"].metrics
    done = []
    for name in _names(cmap)[first:last]:
        pen = TTGlyphPen(None)
        # CFF outlines run the other way round than TrueType's.
        shapes[name].draw(Cu2QuPen(pen, TOLERANCE, reverse_direction=True))
        glyph = pen.glyph()
        data = glyph.compile(None, recalcBBoxes=True)
        points, contours = glyph.getMaxpValues() if glyph.numberOfContours else (0, 0)
        box = struct.unpack_from(">4h", data, 2) if data else (0, 0, 0, 0)
        done.append(Drawn(data, metrics[name][0], points, contours, box))
    return done


def assemble(recipe: Cut, drawn: list[Drawn], target: Path) -> int:
    """Write the drawn glyphs as a TrueType file; returns how many characters it has.

    The file has no time stamp of its own: the same collection gives the same bytes.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    source, cmap = _source(recipe)
    # Short names: the glyph names themselves are not written (post format 3).
    short = {name: ".notdef" if n == 0 else f"g{n}" for n, name in enumerate(_names(cmap))}
    order = list(short.values())
    head, os2, hhea = source["head"], source["OS/2"], source["hhea"]
    build = FontBuilder(head.unitsPerEm, isTTF=True)
    build.setupGlyphOrder(order)
    build.setupCharacterMap({code: short[name] for code, name in cmap.items()})
    # The glyphs are compiled already: reading them back to measure them would take as long as drawing them.
    build.font.recalcBBoxes = False
    build.font["loca"], build.font["glyf"] = newTable("loca"), newTable("glyf")
    build.font["glyf"].glyphs = {name: Glyph(one.data) for name, one in zip(order, drawn, strict=True)}
    build.font["glyf"].glyphOrder = order
    build.setupMaxp()
    build.font["maxp"].numGlyphs = len(order)
    build.font["maxp"].maxPoints = max(one.points for one in drawn)
    build.font["maxp"].maxContours = max(one.contours for one in drawn)
    build.setupHorizontalMetrics({name: (one.advance, one.box[0]) for name, one in zip(order, drawn, strict=True)})
    build.setupHorizontalHeader(ascent=hhea.ascent, descent=hhea.descent)
    style = "Bold" if recipe.weight >= 700 else "Regular"
    build.setupNameTable(
        {
            "familyName": recipe.family,
            "styleName": style,
            "uniqueFontIdentifier": f"{recipe.family} {style} {RECIPE}",
            "fullName": f"{recipe.family} {style}",
            "psName": f"{recipe.family.replace(' ', '')}-{style}",
            "version": f"Version {RECIPE}.000",
            "licenseDescription": "SIL Open Font License 1.1; cut from Noto CJK",
        }
    )
    build.setupOS2(
        usWeightClass=recipe.weight,
        sTypoAscender=os2.sTypoAscender,
        sTypoDescender=os2.sTypoDescender,
        sTypoLineGap=os2.sTypoLineGap,
        usWinAscent=os2.usWinAscent,
        usWinDescent=os2.usWinDescent,
        fsSelection=0x20 if style == "Bold" else 0x40,
        fsType=0,
    )
    build.setupPost(keepGlyphNames=False)
    for n, (edge, choose) in enumerate((("xMin", min), ("yMin", min), ("xMax", max), ("yMax", max))):
        setattr(build.font["head"], edge, choose(one.box[n] for one in drawn if one.data))
    build.font["hhea"].advanceWidthMax = max(one.advance for one in drawn)
    build.font["head"].macStyle = 1 if style == "Bold" else 0
    build.font["head"].created = build.font["head"].modified = head.created
    build.font.recalcTimestamp = False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    build.font.save(part)
    part.replace(target)
    return len(cmap)


def stamp() -> str:
    """What the cut fonts depend on: this recipe and the collections they are cut from."""
    total = crypto.Hasher(str((RECIPE, TOLERANCE, CUTS)).encode())
    for one in CUTS:
        path = find(one.source)
        total.update(f"{path}:{path.stat().st_size if path else 0}".encode())
    return total.hexdigest()


def ready(place: Path | None = None) -> bool:
    """Whether the cut fonts are there and fit this recipe."""
    place = place or folder()
    mark = place / "stamp"
    return mark.is_file() and mark.read_text() == stamp() and all((place / one.file).is_file() for one in CUTS)


def build(place: Path | None = None, processes: int = 2) -> bool:
    """Cut all fonts, in that many processes; False when the system has no Noto CJK to cut (papers then use what it
    has)."""
    place = place or folder()
    if ready(place):
        return True
    if any(find(one.source) is None for one in CUTS):
        return False
    from concurrent.futures import Future, ProcessPoolExecutor

    place.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        work: dict[Cut, list[Future[list[Drawn]]]] = {}
        for one in CUTS:
            count = len(_names(_source(one)[1]))
            work[one] = [pool.submit(_draw, one, n, min(n + STRETCH, count)) for n in range(0, count, STRETCH)]
        for one, parts in work.items():
            drawn = [glyph for part in parts for glyph in part.result()]
            count = assemble(one, drawn, place / one.file)
            size = (place / one.file).stat().st_size / 1e6
            print(f"{one.file}: {count} characters, {size:.1f} MB, {time.monotonic() - start:.0f} s", flush=True)
    (place / "stamp").write_text(stamp())
    faces.cache_clear()
    coverage.cache_clear()
    return True


@dataclass(frozen=True, slots=True)
class Face:
    """A font file the style sheet may name."""

    family: str
    weight: int
    path: Path
    cut: bool = False  # one of ours: the family is its own name. Else the office's, whatever it calls itself


@lru_cache(maxsize=4)
def faces(place: Path) -> tuple[Face, ...]:
    """The font files there are: those in this folder, the office's own first, and the installation's cuts for the
    rest."""
    own = [Face(family, 400, place / file) for family, file in OWN.items() if (place / file).is_file()]
    home = next((one for one in (place, folder()) if ready(one)), None)
    return (*own, *(Face(one.family, one.weight, home / one.file, True) for one in CUTS if home))


def rules(place: Path) -> str:
    """The @font-face rules of the office's own fonts. The URLs are the papers' own scheme `font:`, never a path."""
    return "\n".join(
        f"@font-face{{font-family:'{one.family}';font-weight:{one.weight};src:url('font:{one.path.name}')}}"
        for one in faces(place)
        if not one.cut
    )


@lru_cache(maxsize=8)
def coverage(place: Path) -> frozenset[int]:
    """Every code point a paper can print: of our body font and of the fallbacks of the system."""
    from fontTools.ttLib import TTFont

    codes: set[int] = set()
    for one in faces(place):
        if one.weight == 400 and one.family == "Yizhan Song":
            with TTFont(one.path, lazy=True) as font:
                codes |= set(font.getBestCmap())
    for name, family in (FALLBACK, FOREIGN):
        path = find(name)
        if path is not None:
            codes |= set(face(path, family).getBestCmap())
    return frozenset(codes)


def missing(text: str, place: Path | None = None) -> list[str]:
    """The characters of the text that no font of the papers can draw, in order, each once. Layout controls are not
    counted."""
    known = coverage(place or folder())
    if ord("中") not in known:
        return []  # a machine without any Chinese font: set-up has said so, and no form is refused for it
    found = dict.fromkeys(c for c in text if ord(c) > 0x7E and ord(c) not in known and c not in INVISIBLE)
    return list(found)


#: Characters with no shape of their own: no-break space, zero-width, soft hyphen, byte-order mark.
INVISIBLE = frozenset("\u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff\x85")

letters.drawn_by(missing)  # what a form takes, a paper can print


@lru_cache(maxsize=2048)
def outline(char: str, place: Path, bold: bool = True) -> tuple[tuple[Command, ...], float] | None:
    """The shape of a character (y up, 1000 an em) and its width; None when no font has it.

    Seals are drawn from outlines: glyphs on a ring stay where they are put, and do not pollute the text of the paper.
    """
    from fontTools.pens.basePen import BasePen

    class Pen(BasePen):  # type: ignore[misc]
        """Curves of either kind as cubic ones."""

        def __init__(self, glyphs: Any) -> None:
            super().__init__(glyphs)
            self.commands: list[Command] = []

        def _moveTo(self, point: tuple[float, float]) -> None:
            self.commands.append(("M", *point))

        def _lineTo(self, point: tuple[float, float]) -> None:
            self.commands.append(("L", *point))

        def _curveToOne(self, *points: tuple[float, float]) -> None:
            self.commands.append(("C", *(v for point in points for v in point)))

        def _closePath(self) -> None:
            self.commands.append(("Z",))

    for name, family in ((f"font:{bold}", ""), ("NotoSerifCJK-Bold.ttc" if bold else FALLBACK[0], FALLBACK[1])):
        drawn = _drawing(place, name, family)
        shape = drawn[1].get(ord(char)) if drawn else None
        if drawn and shape is not None:
            pen = Pen(drawn[0])
            drawn[0][shape].draw(pen)
            return tuple(pen.commands), float(drawn[0][shape].width)
    return None


@lru_cache(maxsize=8)
def _drawing(place: Path, name: str, family: str) -> tuple[Any, dict[int, str]] | None:
    """(glyph set, cmap) of a cut font (`font:True` is the bold one) or of a font of the system; None when it is not
    there."""
    from fontTools.ttLib import TTFont

    if name.startswith("font:"):
        weight = 700 if name == "font:True" else 400
        cuts = [one.path for one in faces(place) if one.family == "Yizhan Song" and one.weight == weight]
        font = TTFont(io.BytesIO(cuts[0].read_bytes()), lazy=True) if cuts else None
    else:
        path = find(name)
        font = face(path, family) if path else None
    return (font.getGlyphSet(), font.getBestCmap()) if font else None


def main() -> None:
    """Cut the fonts, with progress."""
    if not build():
        print("No Noto CJK fonts on this machine: papers use the fonts the system has.")


if __name__ == "__main__":
    main()
