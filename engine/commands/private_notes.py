"""背对背笔记: what a clerk writes down for themselves alone about one who takes part in a case."""

from __future__ import annotations

from datetime import datetime

from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.people import Actor, may
from engine.reads import taking_part as reads
from engine.store import Work
from engine.store.models import Case, PrivateNote

MAX_NOTE = 4000


def keep(work: Work, case_id: int, party: str, text: str, *, by: Actor, now: datetime) -> PrivateNote:
    """Kept for its author alone. No event of the audit chain says anything of it. Only in a matter that has roles with
    `notes: private`."""
    case = work.session.get(Case, case_id)
    if case is None or not may(by, "see", case) or by.kind != "staff" or by.id is None:
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    if not any(role.notes == "private" for role in reads.package_of(work, case).info.parties.values()):
        raise NotNow(
            "这个事项没有私人笔记。", "Expected a matter whose parties have private notes, but this one has none."
        )
    text = text.strip()
    if not text or len(text) > MAX_NOTE:
        raise Invalid(
            [FieldError("text", "笔记", f"请写笔记，不超过 {MAX_NOTE} 字。", "Write a note of a fair length.")]
        )
    row = PrivateNote(case_id=case.id, author_id=by.id, party=party.strip()[:60], text=text, at=now)
    work.session.add(row)
    work.session.flush()
    return row
