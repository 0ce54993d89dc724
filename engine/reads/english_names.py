"""The English of every name the hall knows: papers, matters and their steps, places, posts, units."""

from __future__ import annotations

from sqlalchemy import select

from engine.people import units
from engine.records import library, papers
from engine.store import Work
from engine.store.models import Post, Resource


def all_of(work: Work) -> dict[str, str]:
    """Every Chinese text that has an English one, with it. Read once a request, and for English pages only."""
    found: dict[str, str] = {kind.title: kind.title_en for kind in papers.catalogue()}
    for package in library.published(work):
        found |= package.english
    stored = [
        *work.session.execute(select(Resource.name, Resource.name_en)),
        *work.session.execute(select(Post.name, Post.name_en)),
    ]
    stored += [(place.name, place.name_en) for place in units.tree(work)]
    return found | {name: name_en for name, name_en in stored if name_en}
