"""What is handed in: taken, cleaned, turned into what an office opens, or refused by its name. One test a trick."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime

import pytest
from PIL import Image, ImageFile
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from engine.errors import Invalid
from engine.records import incoming
from engine.records.incoming import pictures

#: 德化县政府, where a telephone might have been.
PLACE = {1: "N", 2: (25.0, 29.0, 30.0), 3: "E", 4: (118.0, 14.0, 20.0)}


def photo(format: str = "JPEG", *, size: tuple[int, int] = (60, 40), **manner: object) -> bytes:
    """A picture with a place, a day and a way up."""
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "PHONE"
    exif.get_ifd(0x8825).update(PLACE)
    exif.get_ifd(0x8769)[0x9003] = "2026:09:17 18:30:00"
    out = io.BytesIO()
    picture.save(out, format, exif=exif.tobytes(), **manner)
    return out.getvalue()


def said(data: bytes, name: str = "file.pdf") -> str:
    """Why it is not taken; "" when it is."""
    try:
        incoming.examine(data, name, field="photos", label=name)
    except Invalid as refused:
        assert refused.fields[0].field == "photos" and refused.fields[0].en
        return refused.fields[0].zh
    return ""


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("format, ending", [("JPEG", "jpg"), ("WEBP", "webp"), ("PNG", "png")])
def test_a_photo_loses_its_place_and_keeps_the_picture(format: str, ending: str) -> None:
    sent = photo(format)
    assert opened(sent).getexif().get_ifd(0x8825), "the test's own photo has a place"
    kept = incoming.examine(sent, f"IMG.{ending}")
    exif = opened(kept.data).getexif()
    assert not exif.get_ifd(0x8825) and b"PHONE" not in kept.data
    assert opened(kept.data).size == (60, 40)
    if format != "PNG":  # which way is up is part of the picture; so is the day, for a report
        assert exif[0x0112] == 6
        assert exif.get_ifd(0x8769)[0x9003] == "2026:09:17 18:30:00"


@pytest.mark.parametrize("format, name", [("JPEG", "a.jpg"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_when_a_photo_was_taken_is_known(format: str, name: str) -> None:
    assert incoming.examine(photo(format), name).taken == datetime(2026, 9, 17, 18, 30)


def test_a_picture_without_its_moment_has_none() -> None:
    assert incoming.examine(photo("PNG"), "a.png").taken is None
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:19:47 99:30:00"
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif.tobytes())
    assert incoming.examine(out.getvalue(), "a.jpg").taken is None


def test_what_hangs_behind_a_picture_is_gone() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as inside:
        inside.writestr("run.js", "alert(1)")
    for format, ending in (("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif")):
        kept = incoming.examine(photo(format) + packed.getvalue() + b"<script>alert(1)</script>", f"a.{ending}")
        assert b"PK\x03\x04" not in kept.data and b"<script" not in kept.data


@pytest.mark.parametrize("format, name", [("AVIF", "IMG_2001.avif"), ("BMP", "屏幕.bmp"), ("TIFF", "扫描.tif")])
def test_what_a_browser_does_not_show_becomes_a_jpeg(format: str, name: str) -> None:
    kept = incoming.examine(photo(format), name)
    assert (kept.type, kept.name) == ("image/jpeg", f"{name.partition('.')[0]}.jpg")
    assert not opened(kept.data).getexif().get_ifd(0x8825)
    assert opened(kept.data).format == "JPEG"


def test_a_scan_of_several_pages_becomes_a_pdf() -> None:
    out = io.BytesIO()
    pages = [Image.new("L", (80, 120), shade) for shade in (0, 128, 255)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    kept = incoming.examine(out.getvalue(), "合同.tiff")
    assert (kept.type, kept.name) == ("application/pdf", "合同.pdf")
    assert said(kept.data) == ""


def test_a_picture_is_measured_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """900 million points in a few bytes: what says its size is believed before any memory is taken."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    small = photo()
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was opened"))
    assert "图片太大" in said(bomb, "a.png")
    monkeypatch.setattr(pictures, "MOST_POINTS", 1000)
    assert "图片太大（60×40）" in said(small, "a.jpg")


@pytest.mark.parametrize("format, name", [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("AVIF", "a.avif")])
def test_a_picture_cut_off_anywhere_is_refused(format: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it in a program that drew one
    whole = photo(format, size=(300, 200))
    for share in (0.3, 0.6, 0.9):
        assert "没有传完整" in said(whole[: int(len(whole) * share)], name), share


def box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


@pytest.mark.parametrize("brand, type", [(b"qt  ", "video/quicktime"), (b"heic", "image/heic"), (b"mp42", "video/mp4")])
def test_a_file_of_boxes_that_was_cut_off_is_refused(brand: bytes, type: str) -> None:
    whole = box(b"ftyp", brand + bytes(4) + brand) + box(b"mdat", bytes(500))
    assert incoming.examine(whole, "VID").type == type or brand == b"heic"
    assert "没有传完整" in said(whole[:-200], "VID.mov")


# ---------------------------------------------------------------- PDF


def pdf(root: dict[str, object] | None = None, *, packed: bool = False, user: str = "", owner: str = "") -> bytes:
    """One empty page, with this in its catalogue."""
    writer = PdfFileWriter(stream_xrefs=packed)
    page = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    writer.insert_page(PageObject(contents=page, media_box=(0, 0, 200, 200)))
    for key, value in (root or {}).items():
        writer.root[generic.NameObject(key)] = _pdf(value)
        if packed:
            stream = writer.prepare_object_stream()
            writer.root[generic.NameObject(key)] = writer.add_object(_pdf(value), obj_stream=stream)
    if user or owner:
        writer.encrypt(owner_pass=owner or user, user_pass=user)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _pdf(value: object) -> generic.PdfObject:
    if isinstance(value, dict):
        made = {generic.NameObject(key): _pdf(one) for key, one in value.items()}
        return generic.DictionaryObject(made)
    text = str(value)
    return generic.NameObject(text) if text.startswith("/") else generic.TextStringObject(text)


SCRIPT = {"/OpenAction": {"/S": "/JavaScript", "/JS": "app.alert(1)"}}


@pytest.mark.parametrize(
    "data, words",
    [
        pytest.param(pdf(SCRIPT), "脚本", id="script"),
        pytest.param(pdf(SCRIPT, packed=True), "脚本", id="script in an object stream"),
        pytest.param(
            pdf(SCRIPT).replace(b"/JavaScript", b"/J#61vaScript").replace(b"alert", b"ale"),
            "脚本",
            id="script in another spelling",
        ),
        pytest.param(pdf({"/OpenAction": {"/S": "/Launch", "/F": "cmd.exe"}}), "启动程序", id="launch"),
        pytest.param(pdf({"/AcroForm": {"/XFA": "x"}}), "动态表单", id="xfa"),
        pytest.param(pdf(user="secret"), "有密码", id="locked"),
        pytest.param(pdf() + b"<html><script>alert(1)</script>", "别的文件", id="page behind it"),
        pytest.param(pdf()[:-120], "没有传完整", id="cut off"),
        pytest.param(b"%PDF-1.7\n" + bytes(300), "没有传完整", id="head alone"),
    ],
)
def test_a_pdf_that_runs_is_locked_or_torn_is_refused(data: bytes, words: str) -> None:
    assert words in said(data)


def test_a_pdf_that_only_forbids_printing_is_taken() -> None:
    """Banks lock their statements against changes; anybody may read them."""
    assert said(pdf(user="", owner="bank")) == ""
    assert said(pdf(packed=True)) == ""


# ---------------------------------------------------------------- packed and compound files

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.{}.main+xml"/></Types>'
)


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(**more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", TYPES.format("openxmlformats-officedocument"))
        if "word/document.xml" not in more:
            packed.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}"/>')
        for name, content in more.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_todays_word_is_taken_as_it_came() -> None:
    assert incoming.examine(docx(), "申请.docx").data == docx()


OUTSIDE = (
    b'<Relationships><Relationship Id="r" Type="http://x/attachedTemplate" Target="http://evil/t.dotm" '
    b'TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    "data, name, words",
    [
        pytest.param(docx(**{"word/vbaProject.bin": b"x"}), "a.docx", "宏", id="macros"),
        pytest.param(docx(**{"word/activeX/activeX1.bin": b"x"}), "a.docx", "控件", id="controls"),
        pytest.param(docx(**{"word/_rels/settings.xml.rels": OUTSIDE}), "a.docx", "模板", id="template from elsewhere"),
        pytest.param(docx(**{"word/media/a.bin": bytes(30_000_000)}), "a.docx", "解开后太大", id="bomb"),
        pytest.param(docx(**{f"word/{n}": b"" for n in range(6000)}), "a.docx", "解开后太大", id="many members"),
        pytest.param(docx()[:-30], "a.docx", "没有传完整", id="cut off"),
        pytest.param(docx() + b"MZ" + bytes(100), "a.docx", "多出来", id="program behind it"),
        pytest.param(docx().replace(b"[Content_Types].xml", b"[Content_Typos].xml"), "a.zip", "ZIP", id="any zip"),
    ],
)
def test_a_packed_file_with_a_trick_is_refused(data: bytes, name: str, words: str) -> None:
    assert words in said(data, name)


def old(*names: str, head: bytes = b"") -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + head + bytes(500) + "".join(names).encode("utf-16-le")


@pytest.mark.parametrize(
    "data, name, words",
    [
        pytest.param(old("WordDocument"), "a.doc", "", id="doc"),
        pytest.param(old("Workbook"), "a.xls", "", id="xls"),
        pytest.param(old("WordDocument", "_VBA_PROJECT"), "a.doc", "宏", id="macros"),
        pytest.param(old("EncryptedPackage"), "a.docx", "有密码", id="locked docx"),
        pytest.param(old(head=b"\xec\xa5\xc1\0" + bytes(6) + b"\0\x01"), "a.doc", "有密码", id="locked doc"),
        pytest.param(old(head=bytes.fromhex("0908100000060500") + bytes(12) + b"\x2f\0"), "a.xls", "有密码", id="xls"),
        pytest.param(old("PowerPoint Document"), "讲稿.ppt", "PPT", id="ppt"),
    ],
)
def test_an_old_office_file_is_taken_unless_it_runs_or_is_locked(data: bytes, name: str, words: str) -> None:
    assert words in said(data, name) if words else said(data, name) == ""


@pytest.mark.parametrize(
    "data, name, words",
    [
        (b"Rar!\x1a\x07\0" + bytes(99), "材料.rar", "RAR 压缩包"),
        (b"<svg onload=alert(1)>", "图.svg", "网页"),
        (b"{\\rtf1 x}", "申请.rtf", "RTF"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "录像.webm", "MP4"),
        (b"hello", "说明.txt", "TXT"),
        (bytes(range(256)), "东西", "不认识"),
    ],
)
def test_a_refusal_names_the_format_and_what_to_do(data: bytes, name: str, words: str) -> None:
    told = said(data, name)
    assert words in told and "可以传" in told


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 11, 12, 40])
@pytest.mark.parametrize(
    "make", [photo, pdf, docx, lambda: old("WordDocument"), lambda: photo("TIFF"), lambda: photo("AVIF")]
)
def test_heads_alone_never_break_the_door(make: Callable[[], bytes], cut: int) -> None:
    assert said(make()[:cut], "x.bin")
