"""Files as people send them, whole and small."""

from __future__ import annotations

import io

from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter


def picture(format: str = "PNG") -> bytes:
    """A small red picture."""
    out = io.BytesIO()
    Image.new("RGB", (4, 3), (200, 0, 0)).save(out, format)
    return out.getvalue()


def pdf(password: str = "") -> bytes:
    """One empty page, locked if there is a password."""
    writer = PdfFileWriter()
    page = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    writer.insert_page(PageObject(contents=page, media_box=(0, 0, 200, 200)))
    if password:
        writer.encrypt(owner_pass=password, user_pass=password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
