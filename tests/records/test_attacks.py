"""Files made to do harm, one test a trick: each is refused by its name, quickly, before anything of it could run."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PdfFileWriter

from engine.records import incoming
from engine.records.incoming import pictures
from tests import made
from tests.records.test_incoming import OUTSIDE, TYPES, WORD, docx, old, pdf, said

REL = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def xlsx(**more: bytes) -> bytes:
    types = TYPES.format("openxmlformats-officedocument.spreadsheetml.sheet").encode()
    return zipped({"[Content_Types].xml": types, "xl/workbook.xml": b"<workbook/>", **more})


def word(body: str) -> bytes:
    return f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'.encode()


def lying(data: bytes, says: int) -> bytes:
    """The list of members says that each unpacks to so many bytes."""
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data = data[: at + 24] + struct.pack("<I", says) + data[at + 28 :]
        at = data.find(b"PK\x01\x02", at + 4)
    return data


MACRO_TYPES = TYPES.format("ms-word.document.macroEnabled")
DEFINED = '<?xml version="1.0" encoding="UTF-16"?>'

PACKED = [
    pytest.param(
        zipped({"[Content_Types].xml": MACRO_TYPES.encode(), "word/document.xml": word("")}), "宏", id="docm renamed"
    ),
    pytest.param(
        zipped(
            {"[Content_Types].xml": (DEFINED + MACRO_TYPES).encode("utf-16"), "word/document.xml": word("")},
        ),
        "宏",
        id="docm whose list of types is in UTF-16",
    ),
    pytest.param(
        zipped(
            {
                "[Content_Types].xml": MACRO_TYPES.replace("macroE", "m&#97;croE").encode(),
                "word/document.xml": word(""),
            }
        ),
        "宏",
        id="docm whose list of types is spelt by numbers",
    ),
    pytest.param(
        zipped({"[CONTENT_TYPES].XML": MACRO_TYPES.encode(), "word/document.xml": word("")}),
        "宏",
        id="docm whose list of types is in capitals",
    ),
    pytest.param(
        docx(
            **{
                "word/other.bin": b"x",
                "[content_types].xml": TYPES.replace("vnd.{}", "vnd.ms-office.vbaProject").encode(),
            }
        ),
        "宏",
        id="macros under another name",
    ),
    pytest.param(xlsx(**{"xl/macrosheets/sheet1.xml": b"<x/>"}), "宏", id="xlsm with a macro sheet"),
    pytest.param(
        docx(
            **{
                "word/_rels/settings.xml.rels": OUTSIDE.replace(b"External", b"Ex&#116;ernal").replace(
                    b"<Relationships>", f'<Relationships xmlns="{REL}">'.encode()
                )
            }
        ),
        "模板",
        id="template from elsewhere, spelt by numbers",
    ),
    pytest.param(
        docx(**{"word/_rels/settings.xml.rels": (DEFINED + OUTSIDE.decode()).encode("utf-16")}),
        "模板",
        id="template from elsewhere, in UTF-16",
    ),
    pytest.param(
        docx(**{"word/document.xml": word("<w:instrText>DDE</w:instrText><w:instrText>AUTO c:\\x</w:instrText>")}),
        "DDE",
        id="a field that starts a program, in two runs",
    ),
    pytest.param(docx(**{"word/document.xml": word('<w:fldSimple w:instr="dde cmd"/>')}), "DDE", id="a simple field"),
    pytest.param(
        xlsx(**{"xl/externalLinks/externalLink1.xml": b'<externalLink><ddeLink ddeService="cmd"/></externalLink>'}),
        "DDE",
        id="a link of a table that starts a program",
    ),
    pytest.param(
        docx(**{"word/document.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'}),
        "DTD",
        id="entities",
    ),
    pytest.param(docx(**{"word/embeddings/oleObject1.bin": old("\x01Ole10Native")}), "OLE", id="an embedded file"),
    pytest.param(docx(**{"word/embeddings/x.bin": b"MZ\x90\0" + bytes(99)}), "程序", id="an embedded program"),
    pytest.param(
        docx(**{"word/embeddings/t.xlsx": xlsx(**{"xl/vbaProject.bin": b"x"})}), "宏", id="macros in an embedded table"
    ),
    pytest.param(
        docx(**{"word/embeddings/a.docx": docx(**{"word/embeddings/b.docx": docx()})}), "嵌入", id="three deep"
    ),
    pytest.param(docx(**{"word/embeddings/a.zip": zipped({"a.exe": b"MZ"})}), "嵌入", id="a zip in it"),
    pytest.param(lying(docx(**{"word/media/a.bin": bytes(3_000_000)}), 10), "没有传完整", id="bomb that lies"),
    pytest.param(docx(**{f"word/{n}.xml": bytes(900_000) for n in range(230)}), "解开后太大", id="many small bombs"),
]


@pytest.mark.parametrize("data, words", PACKED)
def test_an_office_file_with_a_trick_is_refused(data: bytes, words: str) -> None:
    assert words in said(data, "申请.docx")


def test_what_offices_really_send_is_taken() -> None:
    """A table in a letter, a link to a page, a formula, a field of the date."""
    rels = (
        f'<Relationships xmlns="{REL}"><Relationship Id="a" Type="http://x/hyperlink" Target="https://dehua.gov.cn" '
        'TargetMode="External"/></Relationships>'
    )
    members = {
        "word/_rels/document.xml.rels": rels.encode(),
        "word/embeddings/t.xlsx": xlsx(),
        "word/embeddings/formula.bin": old("Equation Native"),
        "word/document.xml": word("<w:instrText> DATE \\@ yyyy </w:instrText>"),
    }
    assert said(docx(**members), "申请.docx") == ""


def sheet(kind: int, name: bytes = b"Macro1") -> bytes:
    """An old table whose list of sheets has one of this kind."""
    record = b"\x85\0" + bytes([8 + len(name), 0]) + bytes(4) + bytes([0, kind, len(name), 0]) + name
    return old("Workbook") + record


def test_an_old_table_with_a_macro_sheet_is_refused_and_one_without_is_taken() -> None:
    assert "宏表" in said(sheet(1), "a.xls")
    assert said(sheet(0), "a.xls") == ""


@pytest.mark.parametrize("name", ["a.doc", "a.xls"])
def test_an_old_file_with_a_program_in_it_is_refused(name: str) -> None:
    stream = "WordDocument" if name == "a.doc" else "Workbook"
    assert "OLE" in said(old(stream, "\x01Ole10Native"), name)


# ---------------------------------------------------------------- PDF


def rendition(*, packed: bool, user: str | None = None) -> bytes:
    """A script that runs by an action of media: nothing in the file says /JavaScript."""
    writer = PdfFileWriter(stream_xrefs=packed)
    action = generic.DictionaryObject(
        {
            generic.NameObject("/S"): generic.NameObject("/Rendition"),
            generic.NameObject("/JS"): generic.TextStringObject("app.alert(1)"),
        }
    )
    stream = writer.prepare_object_stream() if packed else None
    writer.root[generic.NameObject("/OpenAction")] = writer.add_object(action, obj_stream=stream)
    page = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    from pyhanko.pdf_utils.writer import PageObject

    writer.insert_page(PageObject(contents=page, media_box=(0, 0, 200, 200)))
    if user is not None:
        writer.encrypt(owner_pass="bank", user_pass=user)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(rendition(packed=False), id="plain"),
        pytest.param(rendition(packed=True), id="in an object stream"),
        pytest.param(rendition(packed=False, user=""), id="in a file that forbids printing"),
        pytest.param(rendition(packed=False).replace(b"/JS", b"/J#53"), id="in another spelling"),
    ],
)
def test_a_script_of_a_media_action_is_found(data: bytes) -> None:
    assert "脚本" in said(data)


def test_a_pdf_whose_objects_lead_in_a_circle_is_taken() -> None:
    assert said(pdf({"/Names": {"/A": "/B"}})) == ""


# ---------------------------------------------------------------- two files in one

ZIP = zipped({"evil/Main.class": b"\xca\xfe\xba\xbe"})
MP3 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xfb\x90\x00" + bytes(413)
MP4 = struct.pack(">I", 24) + b"ftypmp42" + bytes(4) + b"mp42isom"


@pytest.mark.parametrize(
    "data, name",
    [
        pytest.param(MP3 + ZIP, "录音.mp3", id="sound and a zip"),
        pytest.param(MP3 + ZIP + b"x" * 0 + bytes(50), "录音.mp3", id="sound, a zip and something behind it"),
        pytest.param(MP4 + struct.pack(">I", 0) + b"mdat" + ZIP, "录像.mp4", id="video and a zip"),
        pytest.param(made.pdf() + ZIP, "证明.pdf", id="paper and a zip"),
        pytest.param(old("WordDocument") + ZIP, "申请.doc", id="letter and a zip"),
    ],
)
def test_a_file_that_is_a_zip_besides_is_refused(data: bytes, name: str) -> None:
    assert "别的文件" in said(data, name)


def test_sound_and_video_are_taken_though_they_hold_the_letters_of_a_zip() -> None:
    assert said(MP3 + b"PK\x05\x06" + bytes(18), "录音.mp3") == ""
    assert said(MP4 + struct.pack(">I", 408) + b"mdat" + b"PK\x05\x06" * 100, "录像.mp4") == ""


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_what_hangs_on_a_picture_is_gone_when_it_is_kept(format: str) -> None:
    evil = b"<script>alert(1)</script>" + ZIP
    kept = incoming.examine(made.picture(format) + evil, f"a.{format.lower()}").data
    assert b"<script>" not in kept and b"PK\x05\x06" not in kept
    comment = io.BytesIO()
    Image.new("RGB", (4, 3)).save(comment, format, comment=b"<?php system(1) ?>", exif=b"")
    assert b"<?php" not in incoming.examine(comment.getvalue(), "a").data


# ---------------------------------------------------------------- pictures that are too much


def gif(frames: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"!\xf9\x04\0\0\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    return head + frame * frames + b";"


def test_a_moving_picture_of_very_many_frames_is_refused_without_counting_them(monkeypatch) -> None:
    """20 MB of them would be seven hundred thousand, each looked through from the first."""
    assert "500 帧" in said(gif(100_000), "动图.gif")
    assert said(gif(20), "动图.gif") == ""


def test_a_scan_whose_later_pages_are_huge_is_refused_before_they_are_opened(monkeypatch) -> None:
    monkeypatch.setattr(pictures, "MOST_POINTS", 10_000)
    out = io.BytesIO()
    small, huge = Image.new("1", (10, 10)), Image.new("1", (200, 200))
    small.save(out, "TIFF", save_all=True, append_images=[small, huge], compression="group4")
    loaded: list[tuple[int, int]] = []
    load = pictures._load_whole
    monkeypatch.setattr(pictures, "_load_whole", lambda picture: (loaded.append(picture.size), load(picture)))
    assert "太大" in said(out.getvalue(), "扫描.tif")
    assert (200, 200) not in loaded


def test_a_picture_that_says_it_is_huge_is_refused_by_its_head() -> None:
    out = io.BytesIO()
    Image.new("1", (10, 10)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    import zlib

    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert "太大" in said(bytes(data), "图.png")
