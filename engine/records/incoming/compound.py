"""Compound files ([MS-CFB]): what Word, Excel and WPS wrote until 2003, and many offices still write.

The streams of one have names in UTF-16 in its directory; which there are says what it is. The streams themselves are
not read: looking for a name finds what a macro or a password needs, wherever it lies.
"""

from __future__ import annotations

import re

from engine.records.incoming import behind
from engine.records.incoming.unfit import Unfit, locked, runs, torn

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The header of a compound file; the first stream commonly lies right behind it.
_HEADER = 512


def _named(data: bytes, name: str) -> bool:
    return name.encode("utf-16-le") in data


def kind(data: bytes, name: str) -> str:
    """application/msword or application/vnd.ms-excel. Unfit: a locked file of today's Word, or something else in a
    compound file."""
    if _named(data, "EncryptedPackage"):
        raise locked()
    first = data[_HEADER : _HEADER + 4]
    if _named(data, "WordDocument") or first[:2] == b"\xec\xa5":
        return "application/msword"
    if _named(data, "Workbook") or (_named(data, "Book") and first[:1] == b"\x09") or first[:2] == b"\x09\x08":
        return "application/vnd.ms-excel"
    if len(data) <= _HEADER:
        raise torn()
    called = {"ppt": "PPT", "dps": "WPS 演示", "msg": "邮件", "msi": "安装程序"}.get(
        name.rpartition(".")[2].lower(), "不认识的 Office"
    )
    raise Unfit(
        f"是{called}格式，大厅不收这种格式。请另存为 PDF，或者截图、拍照上传。",
        "This kind of office file is not taken: save it as PDF, or send a photo of it.",
    )


def runs_macros(data: bytes) -> bool:
    """Whether a project of macros lies in it, under whichever name."""
    return any(_named(data, name) for name in ("_VBA_PROJECT", "VBA_PROJECT_CUR", "\x01CompObjMacros"))


def embedded(data: bytes) -> None:
    """Unfit when something else than a picture or a formula is packed in it by OLE: whoever clicks it starts it."""
    if _named(data, "\x01Ole10Native"):
        raise runs("嵌入的文件（OLE 对象）", "an embedded file (OLE)")


#: BoundSheet8 ([MS-XLS] 2.4.28) of a macro sheet: its length, position, hidden or not, type 1, a short name.
_SHEET = re.compile(rb"\x85\0(.)\0.{4}[\0-\x02]\x01(.)([\0\x01])", re.DOTALL)


def _macro_sheet(data: bytes) -> bool:
    """Whether the book has a sheet of Excel 4.0 macros, which need no VBA. Its list is not unpacked: a record whose
    length is just what its name needs is no accident."""
    return any(int(f[1][0]) == 8 + f[2][0] * (2 if f[3] == b"\x01" else 1) for f in _SHEET.finditer(data))


def read(data: bytes, kind: str) -> tuple[bytes, str, str]:
    """The file as it came. Unfit when it has macros or a password."""
    if runs_macros(data):
        raise runs("宏", "macros")
    if kind == "application/vnd.ms-excel" and _macro_sheet(data):
        raise runs("宏表", "a macro sheet")
    embedded(data)
    behind.check(data)
    word = data[_HEADER : _HEADER + 12]
    if kind == "application/msword" and word[:2] == b"\xec\xa5" and word[11] & 0x01:  # fEncrypted of the FIB
        raise locked()
    if kind == "application/vnd.ms-excel" and data[_HEADER : _HEADER + 2] == b"\x09\x08":
        length = int.from_bytes(data[_HEADER + 2 : _HEADER + 4], "little")
        if data[_HEADER + 4 + length : _HEADER + 6 + length] == b"\x2f\0":  # FILEPASS follows the BOF of a locked book
            raise locked()
    return data, kind, ""
