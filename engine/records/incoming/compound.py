"""Compound files ([MS-CFB]): what Word, Excel and WPS wrote until 2003, and many offices still write.

The streams of one have names in UTF-16 in its directory; which there are says what it is. The streams themselves are
not read: looking for a name finds what a macro or a password needs, wherever it lies.
"""

from __future__ import annotations

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


def read(data: bytes, kind: str) -> tuple[bytes, str, str]:
    """The file as it came. Unfit when it has macros or a password."""
    if _named(data, "_VBA_PROJECT") or _named(data, "VBA_PROJECT_CUR") or _named(data, "\x01CompObjMacros"):
        raise runs("宏", "macros")
    word = data[_HEADER : _HEADER + 12]
    if kind == "application/msword" and word[:2] == b"\xec\xa5" and word[11] & 0x01:  # fEncrypted of the FIB
        raise locked()
    if kind == "application/vnd.ms-excel" and data[_HEADER : _HEADER + 2] == b"\x09\x08":
        length = int.from_bytes(data[_HEADER + 2 : _HEADER + 4], "little")
        if data[_HEADER + 4 + length : _HEADER + 6 + length] == b"\x2f\0":  # FILEPASS follows the BOF of a locked book
            raise locked()
    return data, kind, ""
