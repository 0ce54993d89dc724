"""Polyglots: a file that is another file besides, for a program that reads it from its end.

A ZIP is read from its end, so it may hang behind anything (GIFAR); a picture is written anew and loses it, what is kept
as it came must not have one.
"""

from __future__ import annotations

from engine.records.incoming.unfit import runs

_END = b"PK\x05\x06"
#: The end of a ZIP and the longest comment behind it.
_REACH = 22 + 65_535


def check(data: bytes) -> None:
    """Unfit when a ZIP ends where this file ends, or hangs behind it."""
    at = data.rfind(_END, max(0, len(data) - _REACH))
    while at >= 0:
        members = int.from_bytes(data[at + 10 : at + 12], "little")
        length = int.from_bytes(data[at + 12 : at + 16], "little")
        comment = int.from_bytes(data[at + 20 : at + 22], "little")
        # Four letters may stand anywhere; an end of a ZIP says how long its list is, and that list lies before it.
        if at + 22 + comment <= len(data) and data[at - length : at - length + 4] == b"PK\x01\x02" and members:
            raise runs("别的文件", "another file")
        at = data.rfind(_END, 0, at) if at else -1
