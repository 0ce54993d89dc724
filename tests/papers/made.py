"""Papers made for the tests, once a process, and read back with poppler's tools."""

from __future__ import annotations

import logging
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.records import papers
from tests.papers.facts import FACTS, seal

CODE = "222J-62S6-2N52-G42B"
URL = "https://hall.example.cn/v/222J62S62N52G42B"


def render(key: str, facts: dict[str, Any] | None = None, **options: Any) -> papers.Rendered:
    """The paper of that kind from these facts, or from the demonstration's."""
    kind = papers.library().kind(key)
    facts = facts or FACTS[key]
    options.setdefault("seal", seal(kind, facts))
    return papers.render(kind, facts, check_code=CODE, verify_url=URL, **options)


@lru_cache(maxsize=64)
def pdf(key: str) -> bytes:
    """The demonstration's paper of that kind."""
    seen: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        return render(key).pdf
    finally:
        logger.removeHandler(handler)
        complaints[key] = seen


#: What WeasyPrint complained of while it made a kind: styles it does not know, pictures it could not load.
complaints: dict[str, list[str]] = {}


def text(data: bytes, folder: Path, *options: str) -> str:
    """The text of a PDF."""
    file = folder / "paper.pdf"
    file.write_bytes(data)
    done = subprocess.run(["pdftotext", *options, str(file), "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def flat(value: str) -> str:
    """Without any white space."""
    return "".join(value.split())
