"""Files of boxes (ISO 14496-12): HEIC, AVIF, MP4, MOV, 3GP, M4A. Each box says its length, so a file that was cut off
shows it without being played."""

from __future__ import annotations

from engine.records.incoming.unfit import torn

#: Brand -> media type; the major brand counts first, then the compatible ones in their order.
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
    b"3g2a": "video/3gpp",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"iso4": "video/mp4",
    b"iso5": "video/mp4",
    b"iso6": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"avc1": "video/mp4",
    b"M4V ": "video/mp4",
    b"dash": "video/mp4",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
}


def kind(data: bytes) -> str:
    """The media type by the brands of the first box; "" when none is known."""
    size = int.from_bytes(data[:4], "big")
    head = data[8 : min(size, 200)]
    brands = [head[:4], *(head[at : at + 4] for at in range(8, len(head) - 3, 4))]
    if brands[:1] in ([b"mif1"], [b"msf1"]) and {b"avif", b"avis"} & set(brands):
        return "image/avif"  # a picture of pictures: what is in it stands among the compatible brands
    return next((_BRANDS[one] for one in brands if one in _BRANDS), "")


def check(data: bytes) -> None:
    """Unfit when a box is longer than what came: the upload was cut off."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 0:  # up to the end, whatever that is
            return
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8 or at + size > len(data):
            raise torn()
        at += size
