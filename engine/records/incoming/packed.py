"""Files that are a zip of others: today's Word and Excel, and OFD (GB/T 33190), the layout of electronic licences.

What it would unpack to is bounded before anything is unpacked; every member is unpacked once, so that a file that did
not arrive whole is told at once.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from engine.records.incoming import compound
from engine.records.incoming.unfit import Unfit, runs, torn

#: Most members, most bytes unpacked, and how much smaller packed than unpacked anything honest is.
MOST_MEMBERS, MOST_UNPACKED, MOST_RATIO = 5000, 200_000_000, 400
_RATIO_FLOOR = 1_000_000

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OFD = "application/ofd"
_MACROS = re.compile(r"(^|/)(vbaProject\.bin|vbaData\.xml|macrosheets/|activeX/)", re.IGNORECASE)
#: No office writes one; whoever does wants files or addresses read by the program that opens it. In UTF-16, too.
_DECLARES = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)")
_EMBEDDED = re.compile(r"(^|/)embeddings/", re.IGNORECASE)
#: Types of parts that run ([MS-OFFMACRO2]), and kinds of relationships that fetch something that runs.
_RUNS = ("macroenabled", "vbaproject", "ms-excel.intlmacrosheet", "ms-excel.macrosheet", "activex")
_FETCHES = ("/attachedtemplate", "/oleobject", "/frame", "/subdocument")
#: A field that asks another program for its text, and starts it.
_DDE = re.compile(r"\bDDE(AUTO)?\b", re.IGNORECASE)
#: How deep a file may lie in another: a table in a letter, and no further.
_DEEPEST = 1


def kind(data: bytes) -> str:
    """The media type by the members; "" for any other zip. Unfit when the list of members is not there: torn."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = {one.filename for one in packed.infolist()[:MOST_MEMBERS]}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise torn() from None
    if "OFD.xml" in names:
        return _OFD
    lower = {one.lower() for one in names}  # an office finds its parts whatever their case
    if "[content_types].xml" in lower:
        if any(one.startswith("word/") for one in lower):
            return _WORD
        if any(one.startswith("xl/") for one in lower):
            return _EXCEL
    return ""


def read(data: bytes, kind: str, depth: int = 0) -> tuple[bytes, str, str]:
    """The file as it came. Unfit when it is torn, locked, would unpack to too much, or carries something that runs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            _bounded(members)
            if any(one.flag_bits & 1 for one in members):
                raise Unfit(
                    "里面的文件有密码，窗口打不开。请去掉密码另存一份，或者截图、拍照上传。",
                    "The file is locked by a password. Save a copy without one, or send a photo of it.",
                )
            for one in members:
                if _MACROS.search(one.filename):
                    raise runs("宏或控件", "macros or controls")
                content = _unpacked(packed, one)
                if one.filename.lower().endswith((".xml", ".rels")) and _DECLARES.search(content):
                    raise runs("文档类型声明（DTD）", "a document type declaration")
                if _EMBEDDED.search(one.filename):
                    _look_into(content, depth)
                elif kind != _OFD and one.filename.lower().endswith((".xml", ".rels")):
                    _read_part(one.filename.lower(), content)
                if one.filename == "OFD.xml" and b"ofdspec.org" not in content:
                    raise torn()
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError):
        raise torn() from None
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 + int.from_bytes(data[end + 20 : end + 22], "little") != len(data):
        raise runs("多出来的内容", "something behind its end")
    return data, kind, ""


def _look_into(content: bytes, depth: int) -> None:
    """What lies embedded: a table or letter is looked at like one that came alone; a packed program is not taken."""
    if content[:8] == compound.MAGIC:
        compound.embedded(content)
        if compound.runs_macros(content):
            raise runs("宏", "macros")
    elif content[:4] == b"PK\x03\x04":
        inner = kind(content)
        if not inner or depth >= _DEEPEST:
            raise runs("嵌入的文件", "an embedded file")
        read(content, inner, depth + 1)
    elif content[:2] == b"MZ":
        raise runs("嵌入的程序", "an embedded program")


def _read_part(name: str, content: bytes) -> None:
    """A part as an office reads it, whatever its encoding and however its letters are written; a document type, which
    no office writes, is refused: its entities could be anything."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        if content.strip(b"\xef\xbb\xbf\xff\xfe\0 \r\n\t"):
            raise torn() from None
        return
    if root.getroottree().docinfo.internalDTD is not None:
        raise runs("文档类型声明（DTD）", "a document type declaration")
    if name == "[content_types].xml":
        types = " ".join(one.get("ContentType", "") for one in root.iter("{*}*")).lower()
        if any(one in types for one in _RUNS):
            raise runs("宏或控件", "macros or controls")
    elif name.endswith(".rels"):
        for one in root.iter("{*}Relationship"):
            if one.get("TargetMode", "").lower() == "external" and one.get("Type", "").lower().endswith(_FETCHES):
                raise runs("指向外面的模板或对象", "a template or object from elsewhere")
    elif name.startswith("xl/externallinks/") and next(root.iter("{*}ddeLink"), None) is not None:
        raise runs("会启动别的程序的链接（DDE）", "a link that starts another program (DDE)")
    elif name.startswith("word/"):
        said = "".join(one.text or "" for one in root.iter("{*}instrText"))
        simple = " ".join(value for one in root.iter("{*}fldSimple") for value in map(str, one.attrib.values()))
        if _DDE.search(said) or _DDE.search(simple):
            raise runs("会启动别的程序的域（DDE）", "a field that starts another program (DDE)")


def _bounded(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(one.file_size for one in members)
    bomb = any(
        one.file_size > _RATIO_FLOOR and one.file_size > MOST_RATIO * max(one.compress_size, 1) for one in members
    )
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or bomb:
        raise Unfit(
            "解开后太大，不能收。请分成几个文件，或者另存为 PDF 再传。",
            "Unpacked, the file is too large. Send it in parts, or save it as PDF.",
        )


def _unpacked(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a member, its check sum proved; never more than the list of members promised."""
    with packed.open(member) as source:
        content = source.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise torn()
    return content
