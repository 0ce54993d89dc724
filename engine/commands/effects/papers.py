"""签发文书: a paper of the matter, frozen and filed with the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.commands.changes import Change
from engine.commands.effects.facts import facts_of, key_of, texts
from engine.process import Effect
from engine.records import documents
from engine.store.models import Document

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def issue_paper(a: Applying, effect: Effect) -> None:
    extra = effect.arguments.get("facts")
    facts = facts_of(a, extra if isinstance(extra, Mapping) else {})
    reason = effect.arguments.get("reason")
    if reason:
        facts.setdefault("reason", "；".join(texts(reason)))
    issue_for(a, effect, effect.headers.get("kind", ""), facts)


def issue_for(a: Applying, effect: Effect, kind: str, facts: Mapping[str, Any]) -> None:
    _give(a, kind, key_of(a, effect), facts)


def issue(a: Applying, kind: str, key: str, extra: Mapping[str, Any]) -> Document:
    """A paper that a command issues, not the diagram: the case's facts with these added."""
    return _give(a, kind, key, facts_of(a, extra))


def _give(a: Applying, kind: str, key: str, facts: Mapping[str, Any]) -> Document:
    row = documents.issue(
        a.work, kind, facts, key=key, organ=a.office, by=a.by, now=a.now, case=a.case, package=a.package
    )
    a.documents.append(row)
    a.changes.append(Change("paper", row.title))
    return row
