"""签发文书: a paper of the matter, frozen and filed with the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.commands import organs
from engine.commands.changes import Change
from engine.commands.effects.facts import facts_of, key_of, texts
from engine.process import Effect
from engine.records import documents
from engine.store.models import Document

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def issue_paper(a: Applying, effect: Effect) -> None:
    extra = effect.arguments.get("facts")
    given = dict(extra) if isinstance(extra, Mapping) else {}
    reason = effect.arguments.get("reason")
    if reason:
        given.setdefault("reason", "；".join(texts(reason)))
    issue(a, effect.headers.get("kind", ""), key_of(a, effect), given, organ=effect.headers.get("organ", ""))


def issue(a: Applying, kind: str, key: str, extra: Mapping[str, Any], *, organ: str = "") -> Document:
    """A paper: the case's facts with these added. organ: who signs it, when not as the matter says of this kind."""
    places = organs.of_paper(a, kind, organ)
    _, paper = documents.kind_of(a.package, kind)
    if paper.seal != "none":
        organs.must_seal(places, paper.title, paper.seal)
    row = documents.issue(
        a.work,
        kind,
        facts_of(a, extra, kind=kind, organ=organ),
        key=key,
        organ=places[0],
        by=a.by,
        now=a.now,
        case=a.case,
        package=a.package,
    )
    a.documents.append(row)
    a.changes.append(Change("paper", row.title))
    return row
