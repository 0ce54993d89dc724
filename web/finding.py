"""想办什么事: what is meant by what somebody types, among the matters and what is done elsewhere. For pages and for
programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request

from engine.commands.hall import missed
from engine.matters import Package, everyday, searching
from engine.matters.everyday import Elsewhere
from engine.records import library
from web import edge

#: What was made last, and of what: matters change seldom, and whoever looks waits for nothing.
_last: dict[str, Any] = {"of": None, "finder": None}


@dataclass(frozen=True, slots=True)
class Found:
    """One that was found: a matter, or what is done elsewhere (then `package` is None)."""

    package: Package | None
    elsewhere: Elsewhere | None = None


def offered(words: everyday.Words) -> list[Package]:
    """What people come for: what residents begin, and of what the hall's people write down what the everyday words name
    (an umbrella, a glass of water); not what the system opens, nor what staff alone look for."""
    named = {to for one in words.everyday for to in one.to}
    return [
        p
        for p in library.published(edge.work())
        if p.info.published and (p.info.for_residents or (p.name in named and not p.info.internal))
    ]


def find(typed: str) -> list[Found]:
    """What is meant, the likeliest first."""
    words = everyday.read(edge.hall().settings.content)
    packages = {p.name: p for p in offered(words)}
    found = []
    for hit in _finder(list(packages.values()), words).find(typed):
        key = hit.thing.key
        elsewhere = words.elsewhere.get(key.removeprefix(everyday.ELSEWHERE))
        found.append(Found(packages.get(key), elsewhere if key not in packages else None))
    return found


def missed_it(typed: str) -> None:
    """Nothing was found: whoever keeps the words hears of it, and of nobody who typed it."""
    hall = edge.hall()
    with hall.database.unit_of_work() as work:
        missed.note(work, typed, request.remote_addr or "", now=edge.now())


def _finder(packages: list[Package], words: everyday.Words) -> searching.Finder:
    of = (tuple(p.version for p in packages), words)
    if _last["of"] != of:
        made = searching.Finder(everyday.things(words, packages))
        _last.update(of=of, finder=made)
        return made
    finder: searching.Finder = _last["finder"]
    return finder
