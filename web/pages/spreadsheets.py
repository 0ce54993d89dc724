"""Spreadsheets that pages take and give: one that is looked at first comes along with the page that confirms it."""

from __future__ import annotations

import io
from base64 import b64decode

from flask import Response, send_file

from engine.records.sheets import TYPE, BadSheet


def sent_again(text: str) -> bytes:
    """The spreadsheet that the page before sent along. BadSheet."""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise BadSheet(
            "页面带来的表格不完整，没有导入。请重新选择文件。",
            "The spreadsheet that came with the page is not whole: choose the file again.",
        ) from None


def answer(data: bytes, name: str) -> Response:
    """A spreadsheet to download."""
    return send_file(io.BytesIO(data), mimetype=TYPE, as_attachment=True, download_name=name)
