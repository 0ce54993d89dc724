"""说事评理: what a mediator or a party does beside the steps of the diagram."""

from __future__ import annotations

from datetime import datetime

from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, may
from engine.store import Work
from engine.store.models import Case, PrivateNote

#: What a diagram of mediation waits for while it can be refused.
REFUSED = "mediation-refused"
MAX_NOTE = 4000


def note(work: Work, case_id: int, party: str, text: str, *, by: Actor, now: datetime) -> PrivateNote:
    """背对背笔记: kept for its author alone. No event of the audit chain says anything of it."""
    case = work.session.get(Case, case_id)
    if case is None or by.kind != "staff" or by.id is None or not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    text = text.strip()
    if not text or len(text) > MAX_NOTE:
        raise Invalid(
            [FieldError("text", "笔记", f"请写笔记，不超过 {MAX_NOTE} 字。", "Write a note of a fair length.")]
        )
    row = PrivateNote(case_id=case.id, author_id=by.id, party=party.strip()[:60], text=text, at=now)
    work.session.add(row)
    work.session.flush()
    return row


def refuse(work: Work, case_id: int, party: str, *, by: Actor, now: datetime) -> cases.Done:
    """一方明确拒绝: the mediation cannot go on (人民调解法 17). Told by the applicant, or by a mediator of the case."""
    case = work.session.get(Case, case_id)
    if case is None or not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    if by.kind != "staff" and by.id != case.applicant_id:
        raise NotYours("只有当事人或者调解员可以登记拒绝调解。", "Only a party or a mediator registers a refusal.")
    said = {"refused_by": party.strip()[:60]}
    done = cases.deliver(work, case_id, REFUSED, said, key=case.number, by=by, now=now)
    if done is None:
        raise NotNow("现在不在调解中，不用登记拒绝。", "Nothing is being mediated now that could be refused.")
    return done
