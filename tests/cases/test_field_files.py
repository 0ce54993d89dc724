"""What people send along, and the papers they get."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.errors import Invalid
from engine.people import SYSTEM
from engine.records import files
from engine.records.papers import signing
from engine.store import Database
from engine.store.models import Document
from tests.hall import Open
from tests.made import pdf

NOW = datetime(2026, 9, 18, 1, tzinfo=UTC)


def ofd() -> bytes:
    """The smallest OFD (GB/T 33190): what an electronic business licence is."""
    names = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    root = f'<ofd:OFD {names} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("OFD.xml", f'<?xml version="1.0" encoding="UTF-8"?>{root}</ofd:DocBody></ofd:OFD>')
        packed.writestr("Doc_0/Document.xml", f"<ofd:Document {names}/>")
    return out.getvalue()


def compound(inside: bytes) -> bytes:
    """A compound file, as Word, Excel and WPS wrote until 2003."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + inside + bytes(4096)


def boxed(brand: bytes, *others: bytes) -> bytes:
    """The head of an ISO media file of these brands."""
    box = b"ftyp" + brand + bytes(4) + b"".join(others)
    return (len(box) + 4).to_bytes(4, "big") + box + bytes(100)


def refusal(database: Database, name: str, data: bytes) -> str:
    """What is said to somebody who sends this; nothing if it is taken."""
    with database.unit_of_work() as work:
        try:
            files.upload(work, data, name, by=SYSTEM, now=NOW)
        except Invalid as refused:
            return refused.fields[0].zh
    return ""


@pytest.mark.parametrize(
    "name, data",
    [
        pytest.param("电子营业执照.ofd", ofd(), id="ofd"),
        pytest.param("申请书.doc", compound(b"\xec\xa5\xc1\0"), id="doc"),
        pytest.param("名册.xls", compound(b"\x09\x08\x10\0\0\x06\x05\0"), id="xls"),
        pytest.param("扫描件.tif", b"II*\0" + bytes(60), id="tiff"),
        pytest.param("IMG_0001.HEIC", boxed(b"heic", b"mif1", b"heic"), id="heic"),
        pytest.param("IMG_0002.heic", boxed(b"mif1", b"mif1", b"heic"), id="heic as mif1"),
    ],
)
def test_what_offices_and_telephones_make_is_taken(database: Database, name: str, data: bytes) -> None:
    assert refusal(database, name, data) == ""


@pytest.mark.parametrize(
    "name, data, format",
    [
        pytest.param("VID_0001.mov", boxed(b"qt  ", b"qt  "), "MOV", id="mov"),
        pytest.param("VID_0002.3gp", boxed(b"3gp4", b"isom", b"3gp4"), "3GP", id="3gp"),
        pytest.param("photo.avif", boxed(b"avif", b"avif", b"mif1"), "AVIF", id="avif"),
    ],
)
def test_a_format_is_taken_or_refused_by_its_name(database: Database, name: str, data: bytes, format: str) -> None:
    said = refusal(database, name, data)
    assert not said or format in said.upper(), said


def test_a_locked_pdf_is_refused_at_once(database: Database) -> None:
    assert refusal(database, "户口本.pdf", pdf()) == ""
    assert refusal(database, "户口本(1).pdf", pdf("secret"))


def test_a_picture_that_was_cut_off_on_the_way_is_refused_at_once(database: Database) -> None:
    assert refusal(database, "户口本.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(200))


def test_a_paper_signed_while_the_certificate_was_good_stays_good(tmp_path: Path) -> None:
    signer = signing.demo_identity(tmp_path, "德化县", now=NOW)
    paper = signing.sign(pdf(), signer, now=NOW)
    assert signing.validate(paper, signer.roots(), now=NOW).good
    run_out = NOW + timedelta(days=signing.DEMO_DAYS + 30)
    later = signing.validate(paper, signer.roots(), now=run_out)
    assert later.good, later.zh


def test_a_paper_that_failed_is_not_said_to_be_on_its_way(hall: Open) -> None:
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        papers = list(work.session.scalars(select(Document)))
        assert papers
        for paper in papers:
            paper.state = "failed"
    page = hall.client("zhang").get(f"/mine/{number}")
    assert page.status_code == 200
    assert "正在生成" not in page.get_data(as_text=True)
