"""What a file is, by its bytes. The browser's word is not believed; the name only tells formats apart that share one
head, and gives a refusal its word."""

from __future__ import annotations

import re

import filetype

from engine.records.incoming import boxes, compound, packed
from engine.records.incoming.unfit import Unfit

#: Media type -> the ending of a name; what people may hand in.
PACKED = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/ofd": "ofd",
}
COMPOUND = {"application/msword": "doc", "application/vnd.ms-excel": "xls"}
ALLOWED = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/gif": "gif",
    "image/tiff": "tif",
    "application/pdf": "pdf",
    **PACKED,
    **COMPOUND,
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-wav": "wav",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
}

_HTML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|script|svg|\?xml|iframe|img)\b", re.IGNORECASE)
_UNPACK = ("请解压后一个一个上传。", "Unpack it and send the files one by one.")
_SAVE = ("请另存为 PDF，或者截图、拍照上传。", "Save it as PDF, or send a photo of it.")
#: How an unwanted file begins -> what people call it (zh, en), what to do.
_HEADS = (
    (b"Rar!\x1a\x07", ("RAR 压缩包", "a RAR archive"), _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", ("7Z 压缩包", "a 7Z archive"), _UNPACK),
    (b"PK", ("ZIP 压缩包", "a ZIP archive"), _UNPACK),
    (b"\x1f\x8b", ("GZ 压缩包", "a GZ archive"), _UNPACK),
    (b"MZ", ("电脑程序", "a program"), ("请只上传材料。", "Send documents only.")),
    (b"\x7fELF", ("电脑程序", "a program"), ("请只上传材料。", "Send documents only.")),
    (b"{\\rtf", ("RTF", "RTF"), _SAVE),
    (b"8BPS", ("PSD", "PSD"), _SAVE),
    (b"\x1a\x45\xdf\xa3", ("MKV 或 WEBM 视频", "MKV or WEBM"), ("请转成 MP4 再上传。", "Turn it into MP4 first.")),
)


def of(data: bytes, name: str) -> str:
    """The media type of a file people may hand in (and of two that become pictures: BMP, AVIF). Unfit names the format
    when nobody may."""
    if data[:8] == compound.MAGIC:
        return compound.kind(data, name)
    if data[:4] == b"PK\x03\x04":
        found = packed.kind(data)
        if found:
            return found
    if data[4:8] == b"ftyp":
        found = boxes.kind(data)
        if found:
            return found
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "image/tiff"
    if data[:2] == b"BM":
        return "image/bmp"
    if data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t \0").startswith(b"%PDF-"):
        return "application/pdf"
    guessed = filetype.guess(data[:8192])
    if guessed is not None and guessed.mime in ALLOWED and guessed.mime not in (*PACKED, *COMPOUND):
        return str(guessed.mime)
    raise _unknown(data, name)


def _unknown(data: bytes, name: str) -> Unfit:
    ending = name.rpartition(".")[2].upper() if "." in name else ""
    called, do = next(((words, do) for head, words, do in _HEADS if data.startswith(head)), (None, _SAVE))
    if called is None and _HTML.match(data[:1024]):
        called = ("网页", "a web page")
    if called is None:
        called = (ending, ending) if re.fullmatch(r"[A-Z0-9]{2,5}", ending) else ("不认识的", "unknown")
    return Unfit(
        f"是{called[0]}格式，大厅不收这种格式。{do[0]}"
        "可以传：照片（JPG、PNG）、PDF、OFD、Word、Excel、录音（MP3、M4A）、视频（MP4、MOV）。",
        f"The file is {called[1]}, which is not taken. {do[1]} Taken are photos (JPG, PNG), PDF, OFD, Word, Excel, "
        "sound (MP3, M4A) and video (MP4, MOV).",
    )
