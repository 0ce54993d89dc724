"""说事评理: what a mediator or a party does beside the steps of the diagram."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine.commands import cases
from engine.commands.effects import meetings
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, may
from engine.store import Work
from engine.store.models import Case, CaseParty, PrivateNote, Subscription, Task
from engine.workdays import ZONE

#: What a diagram of mediation waits for while it can be refused, a mediator objected to, a meeting moved.
REFUSED = "mediation-refused"
OBJECTED = "mediation-objected"
MOVED = "mediation-moved"
#: The step during which a meeting is to come, and how long after its time the step is due (as the diagram says).
TALK, TALK_DUE = "mediate", timedelta(days=1)
MAX_NOTE = 4000
MAX_REASON = 300


def note(work: Work, case_id: int, party: str, text: str, *, by: Actor, now: datetime) -> PrivateNote:
    """背对背笔记: kept for its author alone. No event of the audit chain says anything of it."""
    case = _case(work, case_id, by)
    if by.kind != "staff" or by.id is None:
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
    """一方明确拒绝: the mediation cannot go on (人民调解法 17). Told by a party, or by a mediator of the case."""
    case = _case(work, case_id, by)
    who = _speaker(work, case, party, by)
    done = cases.deliver(work, case_id, REFUSED, {"refused_by": who}, key=case.number, by=by, now=now)
    if done is None:
        raise NotNow("现在不在调解中，不用登记拒绝。", "Nothing is being mediated now that could be refused.")
    return done


def object_to(
    work: Work, case_id: int, *, whom: str = "", reason: str, party: str = "", by: Actor, now: datetime
) -> cases.Done:
    """要求换人（回避）: a party objects to a mediator (`whom`; empty: to all of them). Whoever it is is replaced, a
    meeting that was to come is called off, and they are no candidate in this case any more. Told by a party, or by a
    mediator for a party who said so. Raises NotNow when nobody has been chosen, or an agreement is being written."""
    case = _case(work, case_id, by)
    who = _speaker(work, case, party, by)
    chosen = [str(m.get("name")) for m in (case.answers or {}).get("mediators") or () if isinstance(m, Mapping)]
    whom, reason = whom.strip(), reason.strip()
    if whom and whom not in chosen:
        raise Invalid([FieldError("whom", "调解员", "请选本案的调解员。", "Choose a mediator of this case.")])
    if not reason or len(reason) > MAX_REASON:
        raise Invalid(
            [FieldError("reason", "理由", f"请写明理由，不超过 {MAX_REASON} 字。", "Give a reason of a fair length.")]
        )
    said = {"objection": {"by": who, "whom": whom, "reason": reason}}
    done = cases.deliver(work, case_id, OBJECTED, said, key=case.number, by=by, now=now)
    if done is None:
        raise NotNow("现在没有可以更换的调解员。", "There is no mediator now who could be replaced.")
    return done


def move(work: Work, case_id: int, given: Mapping[str, Any], *, by: Actor, now: datetime) -> cases.Done:
    """改期: another time or place for the meeting that is to come. The new room and the mediators' time are taken, then
    the old let go; everybody is told. `given`: when (ISO), minutes, place. Raises Invalid by the field on a clash."""
    case = _case(work, case_id, by)
    # The talk is a step of the mediators' office: whoever may do it may move its meeting.
    task = work.session.scalar(
        select(Task).where(Task.case_id == case.id, Task.element == TALK, Task.state != "ended").with_for_update()
    )
    waits = work.session.scalar(
        select(Subscription.id).where(Subscription.case_id == case.id, Subscription.name == MOVED).limit(1)
    )
    if task is None or waits is None:
        raise NotNow("现在没有可以改期的调解会。", "There is no meeting now that could be moved.")
    if not (may(by, "work", task, case=case) or may(by, "claim", task, case=case)):
        raise NotYours("只有承办的调解员可以改期。", "Only a mediator of the case moves its meeting.")
    answers = case.answers or {}
    before = answers.get("session")
    session: dict[str, Any] = {
        **(before if isinstance(before, Mapping) else {}),
        **{k: v for k, v in given.items() if v not in (None, "")},
    }
    want = meetings.wanted(
        {
            "starts_at": session.get("when"),
            "minutes": session.get("minutes"),
            "place": session.get("place"),
            "mediators": answers.get("mediators"),
        }
    )
    meetings.book(work, case, want, by=by, now=now)
    session["when"] = want.starts_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    task.due_at = want.starts_at + TALK_DUE
    work.session.flush()
    done = cases.deliver(work, case.id, MOVED, {"session": session}, key=case.number, by=by, now=now)
    assert done is not None  # it waits: looked above, in this transaction
    return done


def _case(work: Work, case_id: int, by: Actor) -> Case:
    case = work.session.scalar(select(Case).where(Case.id == case_id).options(undefer(Case.answers)))
    if case is None or not may(by, "see", case):
        raise NotFound("没有这个办件，或您不能查看。", f"There is no case {case_id} you may see.")
    return case


def _speaker(work: Work, case: Case, party: str, by: Actor) -> str:
    """Whose word it is: a party's own, or the party a mediator names. Raises NotYours for anybody else."""
    if by.kind == "staff":
        return party.strip()[:60]
    row = work.session.scalar(
        select(CaseParty).where(CaseParty.case_id == case.id, CaseParty.user_id == by.id).limit(1)
    )
    if row is not None and by.id is not None:
        return row.name
    if by.id is not None and by.id == case.applicant_id:
        return case.applicant_name
    raise NotYours("只有当事人或者调解员可以这样做。", "Only a party or a mediator may do this.")
