"""What a person does to the county's calendar from its page: see what a file would move, then publish exactly that.

The text they sent is data of a stranger until `engine.workdays` has read it: it is decoded and limited here first.
"""

from __future__ import annotations

import re
from datetime import datetime

from engine import crypto
from engine.commands.hall import calendars
from engine.commands.hall.calendars import Correction
from engine.errors import FieldError, Invalid, NotNow
from engine.people import Actor
from engine.store import Work

#: A year's announcement is two kilobytes; more than this is another file.
MOST_BYTES = 64 * 1024

#: What people call the parts of the file; a file may be written in these words.
WORDS = {"文件": "source", "公布日期": "published_on", "整年": "years", "放假": "holidays", "上班": "workdays"}
_KEY = re.compile(rf"^({'|'.join(WORDS)})[ ]*[:：][ ]*", re.M)
_DAY = re.compile(r"^([ ]+\d{4}-\d{2}-\d{2})[ ]*[:：][ ]*", re.M)


def canonical(text: str) -> str:
    """The text with the file's own keys, line for line.

    >>> canonical("公布日期：2026-11-04\\n放假：\\n  2027-01-01：元旦")
    'published_on: 2026-11-04\\nholidays:\\n  2027-01-01: 元旦'
    """
    text = _DAY.sub(r"\1: ", text)
    return re.sub(r"[ ]+$", "", _KEY.sub(lambda m: f"{WORDS[m[1]]}: ", text), flags=re.M)


def spoken(text: str) -> str:
    """The other way: a file in people's words.

    >>> spoken("years: [2027]")
    '整年: [2027]'
    """
    names = {key: word for word, key in WORDS.items()}
    return re.sub(rf"^({'|'.join(names)}):", lambda m: f"{names[m[1]]}:", text, flags=re.M)


def preview(work: Work, text: str, *, by: Actor, now: datetime) -> Correction:
    """What publishing it would change; nothing is written."""
    return calendars.preview(work, canonical(text), by=by, now=now)


def text_of(data: bytes) -> str:
    """The text of a file somebody sent. Invalid unless it is text in UTF-8 or GB 18030, and short."""
    if len(data) > MOST_BYTES:
        raise _wrong(f"文件太大：最多 {MOST_BYTES // 1024} KB。", f"Expected at most {MOST_BYTES // 1024} KB.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text) is None:
            return text.replace("\r\n", "\n")
        break
    raise _wrong(
        "这不是文本文件：请上传日历文件（文本），或把内容贴到框里。", "Expected a text file, but this is none."
    )


def _wrong(zh: str, en: str) -> Invalid:
    return Invalid([FieldError("file", "日历文件", zh, en)])


def line_of(text: str, field: str) -> int | None:
    """The line of the text a fault is about; None when it is about the whole."""
    key = field.rpartition(".")[2]
    if not key:
        return None
    for n, line in enumerate(canonical(text).splitlines(), 1):
        if line.strip().startswith((f"{key}:", f"'{key}'", f'"{key}"', f"? {key}")):
            return n
    return None


def token(found: Correction) -> str:
    """Names exactly what a preview showed."""
    days = ",".join(d.isoformat() for d in found.days)
    moves = ";".join(f"{m.case_id}|{m.limit}|{m.before}|{m.after}" for m in found.moves)
    return crypto.fingerprint(f"{found.source}\n{days}\n{moves}".encode())[:16]


def publish(work: Work, text: str, expect: str, *, by: Actor, now: datetime) -> Correction:
    """Publish what was shown; NotNow when by now it would move something else, and nothing is published."""
    done = calendars.publish(work, canonical(text), by=by, now=now)
    if token(done) != expect:
        raise NotNow(
            "预览之后情况有了变化，请重新查看后再发布。",
            "Expected the moves you saw, but they have changed: look again.",
        )
    return done
