"""记入台账, 归档: facts that outlive the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.process import Effect
from engine.records import audit
from engine.store.models import Document, File, RegisterEntry

if TYPE_CHECKING:
    from engine.commands.applying import Applying


def record(a: Applying, effect: Effect) -> None:
    facts = effect.arguments.get("facts")
    a.work.session.add(
        RegisterEntry(
            register=effect.headers.get("register", ""),
            case_id=a.case.id,
            unit_id=a.case.office_id,
            facts=dict(facts) if isinstance(facts, Mapping) else {},
            at=a.now,
            by_id=a.by.id,
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": effect.headers.get("register", "")})


def archive(a: Applying, effect: Effect) -> None:
    """归档: what is in the file, as it is now: the materials sent in and the papers issued."""
    a.work.session.flush()
    names = a.work.session.scalars(
        select(File.name).where(File.case_id == a.case.id, ~File.field.startswith("paper:")).order_by(File.id)
    )
    papers = a.work.session.execute(
        select(Document.title, Document.number)
        .where(Document.case_id == a.case.id, Document.state != "void")
        .order_by(Document.id)
    )
    listed = {"materials": list(names), "papers": [{"title": title, "number": number} for title, number in papers]}
    a.work.session.add(
        RegisterEntry(
            register="归档目录", case_id=a.case.id, unit_id=a.case.unit_id, facts=listed, at=a.now, by_id=a.by.id
        )
    )
    a.record(audit.Kind.RECORD, facts={"register": "归档目录"})
