"""签发文书: a paper of the matter, frozen and filed with the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

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
    facts = facts_of(a, extra, kind=kind, organ=organ)
    if any(path.startswith("numbers.") for path in paper.optional):
        facts["numbers"] = _numbers(a)
    row = documents.issue(
        a.work,
        kind,
        facts,
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


def _numbers(a: Applying) -> dict[str, str]:
    """The newest number of each kind of paper of this case: what another paper refers to."""
    a.work.written(Document)
    rows = a.work.session.execute(
        select(Document.kind, Document.number)
        .where(Document.case_id == a.case.id, Document.state != "void", Document.number.is_not(None))
        .order_by(Document.id)
    )
    return {kind: number for kind, number in rows if number is not None}
