"""The check code (查验码) and the QR code of a paper.

The code is random and says nothing about anybody; the page behind it shows kind, number, masked name, date, organ,
state and the file's SHA-256. It can be typed from a printed copy, so letters and digits that look alike are left out.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from engine.errors import Refused
from engine.records.papers.pictures import Picture, squares

#: 32 signs, five bits each: no 0, O, 1, I.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

#: Random bytes a code is made of: 80 bits.
RANDOM_BYTES = 10


def check_code(random: bytes) -> str:
    """A check code of 80 random bits (the caller brings them, from `secrets.token_bytes(10)`).

    >>> check_code(bytes(range(10)))
    '222J-62S6-2N52-G42B'
    """
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"Expected {RANDOM_BYTES} random bytes, but got {len(random)}")
    value = int.from_bytes(random)
    signs = [ALPHABET[value >> shift & 31] for shift in range(75, -1, -5)]
    return "-".join("".join(signs[n : n + 4]) for n in range(0, 16, 4))


_TYPED = str.maketrans(
    {**{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)}, **dict.fromkeys(" \u3000\t-－–—_.·", None)}
)


def read_check_code(typed: str) -> str:
    """The code a person typed, in its printed form; Refused when it cannot be one.

    >>> read_check_code("222j 62s6 2n52 g42b")
    '222J-62S6-2N52-G42B'
    """
    signs = typed.translate(_TYPED).replace("-", "").upper()
    if len(signs) != 16 or any(sign not in ALPHABET for sign in signs):
        raise Refused(
            "查验码应为 16 位字母和数字（不含 0、O、1、I），形如 ABCD-EFGH-JKLM-NPQR。请对照文书重新输入。",
            "Expected a check code of 16 letters and digits (no 0, O, 1, I). Please copy it from the paper.",
        )
    return "-".join(signs[n : n + 4] for n in range(0, 16, 4))


@lru_cache(maxsize=64)
def qr(url: str) -> Picture:
    """The QR code of an address: level M, four modules of quiet zone."""
    import segno

    rows = segno.make(url, error="m", micro=False).matrix
    runs, quiet = [], 4
    for y, row in enumerate(rows):
        x = 0
        for dark, same in groupby(row):
            length = len(list(same))
            if dark:
                runs.append((x + quiet, y + quiet, length))
            x += length
    return squares(len(rows) + 2 * quiet, runs)


def qr_data_uri(text: str, *, keep: bool = True) -> str:
    """The same picture as a data address, for a page. `keep=False`: of a secret, that stays nowhere in memory."""
    import base64

    picture = qr(text) if keep else qr.__wrapped__(text)
    return "data:image/svg+xml;base64," + base64.b64encode(picture.svg).decode()
