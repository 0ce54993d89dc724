"""Names of matters, units and places on English pages: each has an English name of its own; without one it stays."""

from __future__ import annotations

from flask import g
from sqlalchemy import select

from engine.people import units
from engine.records import library
from engine.store import Work
from engine.store.models import Resource
from web.language import english


def named(text: str | None) -> str:
    """The English name of a matter, unit or place on an English page; any other text as it is."""
    if not text:
        return ""
    work: Work | None = g.get("work")
    if not english() or work is None:
        return text
    if "names" not in g:
        g.names = _names(work)
    return str(g.names.get(text, text))


def _names(work: Work) -> dict[str, str]:
    """Every name that has an English one; read once a request, and for English pages only."""
    found = {package.info.name: package.info.name_en for package in library.published(work)}
    found |= {name: name_en for name, name_en in work.session.execute(select(Resource.name, Resource.name_en)).all()}
    found |= {place.name: place.name_en for place in units.tree(work)}
    return {name: name_en for name, name_en in found.items() if name_en}
