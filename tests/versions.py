"""Other versions of a matter, for tests: the same files with some words changed, published or only kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from engine import matters
from engine.people import Actor
from engine.records import library
from engine.store import Database


def files(
    package: matters.Package, drawing: Callable[[str], str], matter: Callable[[str], str] = str
) -> dict[str, bytes]:
    """The files of a package with another drawing and another matter.yaml."""
    found = dict(package.files)
    for path, change in (("process.bpmn", drawing), ("matter.yaml", matter)):
        key = f"bpmn/{package.name}/{path}"
        text = found[key].decode()
        found[key] = change(text).encode()
    return found


def publish(
    database: Database,
    name: str,
    drawing: Callable[[str], str] = str,
    matter: Callable[[str], str] = str,
    *,
    by: Actor,
    now: datetime,
) -> str:
    """A version that differs so from the one that is published now; its hash."""
    with database.unit_of_work() as work:
        before = library.current(work, name)
        package = matters.read(name, files(before, drawing, matter))
        library.publish(work, package, by=by, now=now, note="测试")
        return package.version


def replaced(*pairs: tuple[str, str]) -> Callable[[str], str]:
    """Words in the place of others, which must be there."""

    def change(text: str) -> str:
        for before, after in pairs:
            assert before in text, before
            text = text.replace(before, after)
        return text

    return change


def renamed(old: str, new: str) -> Callable[[str], str]:
    """An element has another id in the drawing."""
    return lambda text: re.sub(rf'\b(id|sourceRef|targetRef|attachedToRef|bpmnElement)="{old}"', rf'\1="{new}"', text)
