"""Logs (日志): one line a happening, without personal data; JSON by setting, with the request it belongs to.

Whatever a line says, numbers that could be a telephone's or a person's are taken out, and of a fault its kind and its
places in the program are kept: what a ValueError quotes is what somebody typed.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request

#: Digits in a row that may be somebody's: a telephone, an identity number. Rows' own numbers and cases' keep theirs.
_NUMBERS = re.compile(r"(?<![\w-])\+?\d(?:[\d ]{6,}\d)[\dXx]?(?![\w-])")
#: Of these a fault's own words are kept: they are the program's or the machine's. (PostgreSQL quotes values in its
#: DETAIL, which is not.)
_SPEAK = (OSError, AttributeError, TypeError, NameError, ImportError, AssertionError, RuntimeError)
_SPEAKING = frozenset(("OperationalError", "ProgrammingError", "InterfaceError", "InternalError"))
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

access = logging.getLogger("yizhan.access")


def scrubbed(text: str) -> str:
    """Without what may be somebody's number.

    >>> scrubbed("13805950001 asked for 350526198001011234 at 127.0.0.1, case 350526-YB-20260918-00001")
    '# asked for # at 127.0.0.1, case 350526-YB-20260918-00001'
    """
    return _NUMBERS.sub("#", text)


def said(error: BaseException) -> str:
    """What may be told of a fault: its kind, and its words where they are not somebody's."""
    kind = type(error).__name__
    if isinstance(error, UnicodeError) or not (isinstance(error, _SPEAK) or kind in _SPEAKING):
        return kind
    words = str(getattr(error, "orig", None) or error).split("DETAIL:")[0].splitlines()
    return f"{kind}: {scrubbed(words[0][:300])}" if words else kind


def _faults(error: BaseException | None) -> Iterator[str]:
    """The fault and what it came of, the last first, each with where in the program it was."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)]
        yield "\n".join([said(error), *(f"    {place}" for place in reversed(places[-30:]))])
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Lines(logging.Formatter):
    """For people's eyes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.exc_text = None  # another's words for the fault, if it has written it down before us
        line = super().format(record)
        return f"{line} [{asked}]" if (asked := getattr(record, "request", "")) else line

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = scrubbed(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        error = ei[1] if isinstance(ei, tuple) else None
        return "\n".join(_faults(error))


class Json(logging.Formatter):
    """For programs: one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
        }
        if asked := getattr(record, "request", ""):
            told["request"] = asked
        told.update(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[1] is not None:
            told["fault"] = list(_faults(record.exc_info[1]))
        return json.dumps(told, ensure_ascii=False, default=str)


class _Request(logging.Filter):
    """Says which request a line belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = request_id() if has_request_context() else ""
        return True


def formatter(kind: str) -> logging.Formatter:
    """`text` or `json`, as YIZHAN_LOG says."""
    return Json() if kind == "json" else Lines()


def begin(kind: str, level: int) -> None:
    """All that this process logs, to its error output."""
    handler = logging.StreamHandler()
    dress(handler, kind)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    if kind == "json":  # where a program reads, each request is a line
        access.setLevel(logging.INFO)


def dress(handler: logging.Handler, kind: str) -> None:
    handler.setFormatter(formatter(kind))
    handler.addFilter(_Request())


def request_id() -> str:
    """The request's own name: a proxy of ours may give it; else it is made here."""
    found: str | None = g.get("request_id")
    if found is None:
        found = g.request_id = secrets.token_hex(8)
    return found


def route() -> str:
    """The pattern of this request's route: its address may hold a number or a name."""
    return request.url_rule.rule if request.url_rule is not None else "none"


def took_s() -> float | None:
    """Seconds since this request was asked; None: it was refused before anybody looked at the time."""
    asked: float | None = g.get("asked_s")
    return None if asked is None else time.perf_counter() - asked


def watch(app: Flask, *, proxied: bool) -> None:
    """Name each request, say the name in its answer, and log it by its route."""

    @app.before_request
    def named() -> None:
        given = request.headers.get("X-Request-Id", "") if proxied else ""
        if _ID.fullmatch(given):
            g.request_id = given
        g.asked_s = time.perf_counter()

    @app.after_request
    def told(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if access.isEnabledFor(logging.INFO):
            facts = {"method": request.method[:10], "route": route(), "status": response.status_code}
            facts["ms"] = round((took_s() or 0) * 1000)
            access.info("%(method)s %(route)s %(status)s", facts, extra={"facts": facts})
        return response
