"""Pictures: opened whole when they are chosen, and written anew, so that what is kept is the picture and nothing else.

The place where it was taken goes (a report of a neighbour's must not tell where the reporter lives); the day it was
taken and which way is up stay. JPEG keeps its tables: nothing visible is lost.
"""

from __future__ import annotations

import io
import threading
import warnings
from datetime import datetime
from typing import Any

import pi_heif
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from engine.records.incoming import behind, boxes
from engine.records.incoming.unfit import Torn, Unfit, torn

# Pillow opens HEIC, as iPhones write it, by this one.
pi_heif.register_heif_opener()

#: Most points of a picture: decoded it takes three or four bytes each. Cameras of telephones give 12 to 50 million.
MOST_POINTS = 64_000_000
#: Most points of all frames of a moving picture, and of all pages of a scan.
MOST_POINTS_OF_ALL = 256_000_000
#: Most of them. Pillow looks through all before each: twenty thousand of one point would hold everybody up for minutes.
MOST_FRAMES = 500
#: How well a picture is kept that has to become a JPEG.
QUALITY = 92
_ORIENTATION, _EXIF, _TAKEN = 0x0112, 0x8769, 0x9003

#: Pictures are opened one at a time, so that many at once never take the machine's memory; and what Pillow is told for
#: one (below) holds for that one.
_turns = threading.Lock()

_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP",),
    "image/avif": ("AVIF",),
    "image/tiff": ("TIFF",),
    "image/heic": ("HEIF",),
}


def clean(data: bytes, kind: str) -> tuple[bytes, str, str]:
    """The same picture without its place and whatever else hung on it. Unfit when it is torn or too large."""
    with _turns:
        picture = _opened(data, kind)
        picture.info.pop("comment", None)
        out = io.BytesIO()
        if kind == "image/jpeg":
            # "keep" takes the tables of the original; a telephone's double picture (MPO) leaves its first.
            manner: dict[str, Any] = {"quality": "keep"} if picture.format == "JPEG" else {"quality": QUALITY}
            picture.save(out, "JPEG", exif=_kept_exif(picture), icc_profile=picture.info.get("icc_profile"), **manner)
        elif kind == "image/png":
            picture.info = {key: picture.info[key] for key in ("transparency", "gamma") if key in picture.info}
            picture.save(out, "PNG", compress_level=4)
        elif kind == "image/webp":
            picture.save(out, "WEBP", quality=QUALITY, exif=_kept_exif(picture), save_all=False)
        else:
            picture.save(out, "GIF", save_all=True)
    return out.getvalue(), kind, ""


def turned(data: bytes, kind: str) -> tuple[bytes, str, str]:
    """The picture as a JPEG (a scan of several pages as a PDF). Unfit when it cannot be opened."""
    with _turns:
        picture = _opened(data, kind)
        if getattr(picture, "n_frames", 1) > 1 and kind == "image/tiff":
            return _pages(picture), "application/pdf", "pdf"
        exif = _kept_exif(picture, upright=True)
        upright = ImageOps.exif_transpose(picture)
        out = io.BytesIO()
        _on_white(upright).save(out, "JPEG", quality=QUALITY, exif=exif)
    return out.getvalue(), "image/jpeg", "jpg"


def turned_if_readable(data: bytes, kind: str) -> tuple[bytes, str, str]:
    """The same for formats that have more packings than any one reader knows: what cannot be read here is kept as it
    came, for a program at the office. Unfit when it is plainly torn or too large."""
    if kind == "image/heic":
        boxes.check(data)
    else:
        if not _begins_whole(data):
            raise torn("TIFF")
    try:
        return turned(data, kind)
    except Torn:
        behind.check(data)
        return data, kind, ""


def _begins_whole(data: bytes) -> bool:
    """Whether the list of what the first page of a TIFF has is there."""
    order: Any = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    return len(data) >= max(8, at + 2 + 12 * int.from_bytes(data[at : at + 2], order) if at else 8)


def _opened(data: bytes, kind: str) -> Image.Image:
    """The picture, decoded to its last line. Its size is looked at before that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow: what looks odd is judged below, by size and by decoding
            picture = Image.open(io.BytesIO(data), formats=_FORMATS[kind])
            points = picture.width * picture.height
            if points > MOST_POINTS or points * _frames(data, picture) > MOST_POINTS_OF_ALL:
                raise _too_large(picture.width, picture.height)
            _load_whole(picture)
    except Image.DecompressionBombError:
        raise _too_large(0, 0) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError):
        raise torn(_FORMATS[kind][0]) from None  # a torn picture breaks in any of these ways
    return picture


def _frames(data: bytes, picture: Image.Image) -> int:
    """How many frames or pages; Unfit when there are too many, which is found without counting them all."""
    if picture.format not in ("GIF", "TIFF"):  # of the others one frame is kept
        return 1
    with Image.open(io.BytesIO(data), formats=[picture.format]) as probe:  # a second one: a seek too far leaves marks
        try:
            probe.seek(MOST_FRAMES)
        except EOFError:
            return int(getattr(picture, "n_frames", 1))
    raise Unfit(
        f"超过 {MOST_FRAMES} 帧或页，不能收。请分成几个文件，或者另存为 PDF 再传。",
        f"The picture has more than {MOST_FRAMES} frames or pages. Send it in parts, or save it as PDF.",
    )


def _load_whole(picture: Image.Image) -> None:
    """Decode to the last line, or fail. WeasyPrint, once imported, tells Pillow for the whole program to take torn
    pictures for whole ones."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        picture.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _too_large(width: int, height: int) -> Unfit:
    size = f"（{width}×{height}）" if width else ""
    return Unfit(
        f"这张图片太大{size}，超过 {MOST_POINTS // 1_000_000}00 万像素。请用相机的普通模式重拍，或缩小后再传。",
        f"The picture is too large: more than {MOST_POINTS // 1_000_000} million points. Take it again in the "
        "camera's ordinary mode, or make it smaller.",
    )


def _kept_exif(picture: Image.Image, *, upright: bool = False) -> bytes:
    """Which way is up and when it was taken; nothing else of what a camera writes."""
    kept = Image.Exif()
    try:
        exif = picture.getexif()
        way, taken = exif.get(_ORIENTATION), exif.get_ifd(_EXIF).get(_TAKEN)
    except (ValueError, TypeError, OSError, SyntaxError, KeyError, IndexError):
        return b""  # what a camera wrote badly is not kept
    if not upright and isinstance(way, int) and 1 < way <= 8:
        kept[_ORIENTATION] = way
    if isinstance(taken, str) and len(taken) <= 19:
        kept.get_ifd(_EXIF)[_TAKEN] = taken
    return kept.tobytes() if len(kept) or kept.get_ifd(_EXIF) else b""


def taken(data: bytes) -> datetime | None:
    """When a camera says that a picture as it is kept was taken, by the clock on the wall; None when none said."""
    try:
        said = Image.open(io.BytesIO(data), formats=("JPEG", "WEBP")).getexif().get_ifd(_EXIF).get(_TAKEN)
        return datetime.strptime(str(said), "%Y:%m:%d %H:%M:%S") if said else None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError):
        return None  # no picture, or a day that is none


def _on_white(picture: Image.Image) -> Image.Image:
    """In red, green and blue; what was transparent is white paper."""
    if picture.mode in ("RGB", "L"):
        return picture
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        paper = Image.new("RGB", over.size, "white")
        paper.paste(over, mask=over.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _pages(picture: Image.Image) -> bytes:
    """Each page of a scan as a page of a PDF."""
    pages, points = [], 0
    for number in range(getattr(picture, "n_frames", 1)):
        try:
            picture.seek(number)
            points += picture.width * picture.height  # each page says its own size
            if picture.width * picture.height > MOST_POINTS or points > MOST_POINTS_OF_ALL:
                raise _too_large(picture.width, picture.height)
            _load_whole(picture)
            pages.append(_on_white(picture.copy()))
        except (OSError, ValueError, EOFError, SyntaxError):
            raise torn() from None
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    return out.getvalue()
