"""A PDF that came from outside: can it be opened, and is there anything in it that runs.

Nothing of it is drawn or run.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import Any

from engine.records.incoming import behind
from engine.records.incoming.unfit import Unfit, locked, runs, torn


def _name(word: str) -> bytes:
    """A PDF name as it may be written: any of its characters also as # and two hexadecimal digits."""
    parts = [rf"(?:{re.escape(char)}|#{ord(char):02x}|#{ord(char):02X})" for char in word]
    return ("/" + "".join(parts) + r"(?![A-Za-z0-9])").encode()


#: What runs when a page is opened, printed or pressed. Attached files stay: an electronic invoice carries its own data.
_RUNS = (
    (re.compile(_name("JavaScript")), "脚本", "a script"),
    (re.compile(_name("Launch")), "会启动程序的动作", "an action that starts a program"),
    (re.compile(_name("XFA")), "动态表单", "a dynamic form (XFA)"),
    (re.compile(_name("RichMedia")), "动画", "rich media"),
)
#: What no PDF carries behind its last mark of the end.
_BEHIND = re.compile(rb"<(?:html|script|!doctype|svg)|PK\x03\x04|MZ\x90", re.IGNORECASE)


#: What reading a malformed file may raise beside pyHanko's own errors.
_MALFORMED = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, OverflowError),
    *(OSError, EOFError, RecursionError, NotImplementedError, zlib.error),
)


def check(data: bytes) -> None:
    """Unfit when the PDF is torn, asks for a password, carries something that runs, or is something else besides."""
    from pyhanko.pdf_utils.crypt import AuthStatus
    from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    faults: tuple[type[Exception], ...] = (PdfError, *_MALFORMED)
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        if reader.encrypted and reader.decrypt(b"").status == AuthStatus.FAILED:
            raise locked()
        pages = int(reader.root["/Pages"]["/Count"])
        scripted = _has_script(reader)
        inner = [_stream(reader, number) for number in _packed_objects(reader)]
    except PdfDecodeLimitError:
        raise Unfit(
            "解开后太大，不能收。请重新导出，或者截图、拍照上传。",
            "Unpacked, the PDF is too large. Export it again, or send photos of it.",
        ) from None
    except faults:  # pyHanko raises many kinds for a malformed file, and all of them mean the same here
        raise torn() from None
    if pages < 1:
        raise torn()
    for part in (data, *inner):
        for pattern, zh, en in _RUNS:
            if pattern.search(part):
                raise runs(zh, en)
    if scripted:
        raise runs("脚本", "a script")
    end = data.rfind(b"%%EOF")
    if _BEHIND.search(data, max(end, 0)):
        raise runs("别的文件", "another file")
    behind.check(data)


#: Most objects that are looked at one by one: a scan of a thousand pages has five thousand.
_MOST_OBJECTS = 200_000


def _has_script(reader: Any) -> bool:
    """Whether any dictionary that the file leads to has a script: /JS runs in more kinds of action than /JavaScript."""
    from pyhanko.pdf_utils import generic

    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.root]
    looked = 0
    while waiting and looked < _MOST_OBJECTS:
        one = waiting.pop()
        looked += 1
        if isinstance(one, generic.IndirectObject):
            if (one.idnum, one.generation) in seen:
                continue
            seen.add((one.idnum, one.generation))
            one = one.get_object()
        if isinstance(one, generic.DictionaryObject):  # a stream is one
            if "/JS" in one:
                return True
            waiting.extend(one.raw_get(key, decrypt=generic.EncryptedObjAccess.RAW) for key in one)
        elif isinstance(one, generic.ArrayObject):
            waiting.extend(one.raw_get(n, decrypt=generic.EncryptedObjAccess.RAW) for n in range(len(one)))
    return looked >= _MOST_OBJECTS


def _packed_objects(reader: Any) -> set[int]:
    """The numbers of the streams in which objects lie packed, in every revision of the file."""
    found: set[int] = set()
    for revision in range(reader.total_revisions):
        for one in reader.get_historical_resolver(revision).object_streams_used():
            found.add(int(one.idnum))
    return found


def _stream(reader: Any, number: int) -> bytes:
    """An object stream unpacked, within pyHanko's bounds."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.decode_limits import DecodePurpose

    stream = reader.get_object(generic.Reference(number, 0, reader))
    return bytes(stream.read_data(DecodePurpose.OBJECT_STREAM))
