"""What people hand in, looked at when it is chosen: what it is by its own bytes, whether it opens, whether anything in
it could run.

Nothing here knows the database. A picture leaves without the place where it was taken; HEIC, AVIF, BMP and TIFF leave
as what every office's screen shows, when they can be read here. What is refused is refused by its name, with what to
do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.errors import FieldError, Invalid
from engine.records.incoming import behind, boxes, clamd, compound, kinds, packed, pdf, pictures
from engine.records.incoming.unfit import Unfit

#: Largest upload, in bytes.
MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be kept."""

    data: bytes
    type: str  # its media type, as its bytes show it
    name: str  # what the person called it; with another ending where it was turned into something else
    taken: datetime | None = None  # when a camera says that it was taken, by the clock on the wall


def examine(data: bytes, name: str, *, field: str = "", label: str = "文件") -> Examined:
    """The file as it may be kept. Invalid, at `field`, says what is wrong with it and what to do."""
    try:
        if not data:
            raise Unfit("是空文件，请重新选择。", "The file is empty: choose it again.")
        if len(data) > MOST_BYTES:
            most = MOST_BYTES // 1048576
            raise Unfit(
                f"有 {len(data) / 1048576:.0f} MB，最大 {most} MB。请压缩，或拍成照片后再传。",
                f"The file exceeds {most} MB: compress it, or send photos of it.",
            )
        kind = kinds.of(data, name)
        kept, type, ending = _READ[kind](data, kind)
        scanner = clamd.configured()
        if scanner is not None:  # what came, not what is kept: a picture written anew has lost what hung on it
            scanner.look(data)
    except Unfit as unfit:
        raise Invalid([FieldError(field, label, f"“{label}”{unfit.zh}", unfit.en)]) from None
    taken = pictures.taken(kept) if type.startswith("image/") else None
    return Examined(kept, type, name if ending in ("", _ending(name)) else f"{_stem(name)}.{ending}", taken)


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return "jpg" if ending == "jpeg" else ending


def _stem(name: str) -> str:
    return name.rpartition(".")[0] if "." in name else name or "file"


def _pdf(data: bytes, kind: str) -> tuple[bytes, str, str]:
    pdf.check(data)
    return data, kind, ""


def _sound(data: bytes, kind: str) -> tuple[bytes, str, str]:
    behind.check(data)
    return data, kind, ""


def _boxes(data: bytes, kind: str) -> tuple[bytes, str, str]:
    boxes.check(data)
    behind.check(data)
    return data, kind, ""


#: Media type -> (data, type) -> (what is kept, its type, the ending of its name; "" leaves the name).
_READ: dict[str, Callable[[bytes, str], tuple[bytes, str, str]]] = {
    **dict.fromkeys(("image/jpeg", "image/png", "image/webp", "image/gif"), pictures.clean),
    **dict.fromkeys(("image/bmp", "image/avif"), pictures.turned),
    **dict.fromkeys(("image/heic", "image/tiff"), pictures.turned_if_readable),
    "application/pdf": _pdf,
    **dict.fromkeys(kinds.PACKED, packed.read),
    **dict.fromkeys(kinds.COMPOUND, compound.read),
    **dict.fromkeys(("audio/mpeg", "audio/x-wav", "audio/amr"), _sound),
    **dict.fromkeys(("audio/mp4", "video/mp4", "video/quicktime", "video/3gpp"), _boxes),
}
