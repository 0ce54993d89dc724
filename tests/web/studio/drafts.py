"""What a designer does to a draft, over HTTP."""

from __future__ import annotations

import re

from engine.records import library
from tests import foreign

NAME = foreign.NAME
DRAWING = f"bpmn/{NAME}/process.bpmn"


def text_of(client, path=DRAWING) -> str:
    return client.get(f"/desk/matters/{NAME}/draft/file?path={path}").text


def keep(client, text, base=0, path=DRAWING):
    return client.post(
        f"/desk/matters/{NAME}/draft/file",
        json={"path": path, "text": text, "base": base},
        headers={"Accept": "application/json"},
    )


def current(hall) -> str:
    with hall.database.reading() as work:
        return library.current(work, NAME).version


def renamed(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after)


def a_name(text: str) -> str:
    """What some step of the drawing is called."""
    found = re.search(r'<bpmn:userTask [^>]*name="([^"]+)"', text)
    assert found is not None
    return found[1]


def publish_draft(client, revision, note="改了名称"):
    return client.post(f"/desk/matters/{NAME}/draft/publish", data={"revision": str(revision), "note": note})
