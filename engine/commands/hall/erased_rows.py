"""What of each table goes when a case is erased, and what stays: one table, held by a test against the database's own
(tests/commands/test_erasing.py). A table that belongs to a case and has no line here fails it.

What stays are numbers, times, units and codes: what statistics count, and what the audit's hashes are over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, delete, literal, or_, select, update

from engine.records.kept import unless_resident
from engine.store import Work
from engine.store.models import (
    Appointment,
    Awaited,
    Ballot,
    BallotBody,
    BallotMark,
    BallotVoter,
    BoardEntry,
    BoardObjection,
    Bond,
    BookingPlace,
    Case,
    CaseAnswer,
    CaseParty,
    Consent,
    DataRequest,
    DecisionHit,
    Draft,
    Escalation,
    ExtensionRequest,
    ForEach,
    ForEachItem,
    Handover,
    HandoverLink,
    HandoverSign,
    HandoverTrouble,
    Incident,
    Job,
    LegalHold,
    Listed,
    Meeting,
    MovedCase,
    Notice,
    PrivateNote,
    Rating,
    Reminder,
    Resource,
    Reveal,
    ScheduleRun,
    Subscription,
    Task,
    Timer,
    VersionMove,
)
from engine.store.models.base import Base, Sealed

#: In place of the words of an entry that was public: it is named as what it is now.
GONE = "（已清除）"


def _unless_erasure(column: Any) -> ColumnElement[Any]:
    """Who asked for erasure reads the answer after it: it is kept for its own time (retention.yaml, `request`)."""
    return case((DataRequest.kind == "erase", column), else_=literal("", column.type))


def own(prefix: str, key: Any) -> ColumnElement[str]:
    """A value that is nobody's and no other row's, where the database wants one."""
    return literal(prefix) + cast(key, String)


def _of(column: Any) -> Callable[[Sequence[int]], ColumnElement[bool]]:
    return lambda ids: column.in_(ids)


def _by(column: Any, parent: Any, of: Any) -> Callable[[Sequence[int]], ColumnElement[bool]]:
    """Rows of rows: by the key of what belongs to the case."""
    return lambda ids: column.in_(select(parent).where(of.in_(ids)))


def _drafts(ids: Sequence[int]) -> ColumnElement[bool]:
    return Draft.about.in_(select(literal("task:") + cast(Task.id, String)).where(Task.case_id.in_(ids)))


def _alone(ids: Sequence[int]) -> ColumnElement[bool]:
    """A move of one case, by a head: a designer's plan of many says nothing of anybody."""
    return VersionMove.alone & VersionMove.id.in_(select(MovedCase.move_id).where(MovedCase.case_id.in_(ids)))


#: Of a booking, of a place in it, of a bond: the same with a case and without (engine.commands.hall.outside).
OF_BOOKING: Mapping[str, Any] = {
    "person_index": "",
    "name": "",
    "phone": None,
    "user_id": None,
    "booked_by_id": None,
    "day_key": None,
    "reason": "",
    "answers": None,
    "team": "",
}
OF_PLACE: Mapping[str, Any] = {
    "person_index": own("erased:", BookingPlace.id),
    "name": "",
    "phone": None,
    "user_id": None,
    "bond_id": None,
    "fetched_by": None,
    "brought_by": None,
    "handed_to": None,
    "noted": None,
    "came_by_id": unless_resident(BookingPlace.came_by_id),
    "left_by_id": unless_resident(BookingPlace.left_by_id),
}
OF_BOND: Mapping[str, Any] = {
    "subject_id": None,
    "subject_ref": own("erased:s", Bond.id),
    "subject_name": "",
    "subject_phone": None,
    "subject_id_number": None,
    "subject_name_index": "",
    "subject_phone_index": None,
    "subject_id_index": None,
    "holder_id": unless_resident(Bond.holder_id),
    "holder_ref": own("erased:h", Bond.id),
    "holder_name": "",
    "holder_phone": None,
    "holder_id_number": None,
    "holder_name_index": "",
    "holder_phone_index": None,
    "holder_id_index": None,
    "proof": {},
    "made_by_id": unless_resident(Bond.made_by_id),
    "ended_by_id": unless_resident(Bond.ended_by_id),
}

#: Rows that go whole.
DELETED: Sequence[tuple[type[Base], Callable[[Sequence[int]], ColumnElement[bool]]]] = (
    (Listed, _by(Listed.task_id, Task.id, Task.case_id)),
    (Draft, _drafts),
    (Awaited, _of(Awaited.case_id)),
    (Timer, _of(Timer.case_id)),
    (Subscription, _of(Subscription.case_id)),
    (DecisionHit, _of(DecisionHit.case_id)),
    (PrivateNote, _of(PrivateNote.case_id)),
    (CaseParty, _of(CaseParty.case_id)),
    (CaseAnswer, _of(CaseAnswer.case_id)),
)

#: Rows that stay, for the numbers: table, which of them, what each column says from then on.
BLANKED: Sequence[tuple[type[Base], Callable[[Sequence[int]], ColumnElement[bool]], Mapping[str, Any]]] = (
    (
        Task,
        _of(Task.case_id),
        {
            "reason": "",
            "variables": {},
            "result": None,
            "headers": {},
            "properties": {},
            "effects": None,
            "instead": None,
            "delegated": [],
            "candidates": [],
            "bond_id": None,
            "assignee_id": unless_resident(Task.assignee_id),
            "acting_for_id": unless_resident(Task.acting_for_id),
            "ended_by_id": unless_resident(Task.ended_by_id),
        },
    ),
    (
        Reminder,
        _by(Reminder.task_id, Task.id, Task.case_id),
        {"text": "", "by_id": unless_resident(Reminder.by_id)},
    ),
    (Incident, _of(Incident.case_id), {"zh": "", "en": ""}),
    (Rating, _of(Rating.case_id), {"comment": None, "by_id": None}),
    (Meeting, _of(Meeting.case_id), {"reason": "", "place": ""}),
    (Escalation, _of(Escalation.case_id), {"facts": {}}),
    (
        ExtensionRequest,
        _of(ExtensionRequest.case_id),
        {"reason": "", "answer": None},
    ),
    (ForEach, _of(ForEach.case_id), {"given": {}}),
    (MovedCase, _of(MovedCase.case_id), {"before": None}),
    (VersionMove, _alone, {"why": ""}),
    (
        ForEachItem,
        lambda ids: or_(
            ForEachItem.case_id.in_(ids),
            ForEachItem.for_each_id.in_(select(ForEach.id).where(ForEach.case_id.in_(ids))),
        ),
        {
            "record": {},
            "amount": None,
            "error": "",
            "reason": case((ForEachItem.reason.is_not(None), literal("", type_=Sealed())), else_=None),
        },
    ),
    (
        Handover,
        _of(Handover.case_id),
        {"thing": {}, "holder_key": "erased", "holder_name": ""},
    ),
    (
        HandoverLink,
        _by(HandoverLink.handover_id, Handover.id, Handover.case_id),
        {
            "secret": "",
            "giver_key": "erased:giver",
            "giver_name": "",
            "giver_phone": None,
            "receiver_key": "erased:receiver",
            "receiver_name": "",
            "receiver_phone": None,
            "note": None,
            "files": [],
        },
    ),
    (
        HandoverSign,
        lambda ids: HandoverSign.link_id.in_(
            select(HandoverLink.id)
            .join(Handover, Handover.id == HandoverLink.handover_id)
            .where(Handover.case_id.in_(ids))
        ),
        {"signature": None, "witness": None, "by_id": unless_resident(HandoverSign.by_id)},
    ),
    (
        HandoverTrouble,
        _by(HandoverTrouble.handover_id, Handover.id, Handover.case_id),
        {"note": "", "files": [], "by_id": unless_resident(HandoverTrouble.by_id)},
    ),
    (Job, _of(Job.case_id), {"payload": {}, "private": None, "error": ""}),
    (
        Notice,
        _of(Notice.case_id),
        {"address": None, "text": "", "text_en": None, "answer": "", "user_id": unless_resident(Notice.user_id)},
    ),
    (
        Appointment,
        _of(Appointment.case_id),
        OF_BOOKING,
    ),
    (
        BookingPlace,
        _by(BookingPlace.appointment_id, Appointment.id, Appointment.case_id),
        OF_PLACE,
    ),
    (Resource, _of(Resource.case_id), {"address": None}),
    (ScheduleRun, _of(ScheduleRun.case_id), {"error": "", "reason": None}),
    (Ballot, _of(Ballot.case_id), {"reason": ""}),
    (
        BallotVoter,
        _by(BallotVoter.ballot_id, Ballot.id, Ballot.case_id),
        {
            "name": "",
            "name_index": "",
            "person_index": own("erased:", BallotVoter.id),
            "phone_index": None,
            "id_index": None,
            "household_index": None,
            "phone": None,
        },
    ),
    (
        BallotMark,
        lambda ids: BallotMark.body_id.in_(
            select(BallotBody.id).join(Ballot, Ballot.id == BallotBody.ballot_id).where(Ballot.case_id.in_(ids))
        ),
        {"witness": None, "choice": None},
    ),
    (
        BoardEntry,
        _of(BoardEntry.case_id),
        {"title": GONE, "words": "", "facts": {}, "hidden": {}, "reason": "", "change": "", "state": "over"}
        | {"by_id": unless_resident(BoardEntry.by_id)},
    ),
    (
        BoardObjection,
        _by(BoardObjection.entry_id, BoardEntry.id, BoardEntry.case_id),
        {"user_id": None, "name": "", "phone": None, "words": ""},
    ),
    (
        Bond,
        lambda ids: Bond.case_id.in_(ids) & (Bond.state == "ended"),
        OF_BOND,
    ),
    (Consent, _of(Consent.case_id), {"facts": {}}),
    (DataRequest, _of(DataRequest.case_id), {"words": "", "answer": _unless_erasure(DataRequest.answer)}),
    (Reveal, _of(Reveal.case_id), {"purpose": ""}),
    (LegalHold, _of(LegalHold.case_id), {"reason": ""}),
)

#: The case itself.
CASE: Mapping[str, Any] = MappingProxyType(
    {
        "state": None,
        "answers": {},
        "ledger": [],
        "subscriptions": [],
        "applicant_id": None,
        "applicant_name": "",
        "applicant_phone": None,
        "applicant_id_number": None,
        "name_index": None,
        "surname_index": None,
        "phone_index": None,
        "id_index": None,
        "mandate_id": None,
        "bond_id": None,
        "request_key": None,
        "party_ids": [],
        "submitted_by_id": unless_resident(Case.submitted_by_id),
    }
)

#: Tables that belong to a case and stay as they are, with the reason; papers and files are dealt with one by one.
STAYS: Mapping[str, str] = MappingProxyType(
    {
        "case": "its children are cases: each has a time of its own",
        "document": "engine.records.documents.forget: facts and file go, number and hash stay",
        "file": "engine.records.files.remove: the row, and the bytes on disk",
        "case_join": "numbers of two cases",
        "side_clock": "a limit and its days",
        "work_order": "units, days and what an order counts for in the rates of its month",
        "notice_case": "numbers of cases; the notice is one to the hall's people",
        "appointment_slot": "numbers",
        "booking_part": "whole cents and who paid",
        "booking_trouble": "that nobody came, not who",
        "register_entry": "`keep` of its register, else with its case (engine.commands.registers.keeping)",
        "register_change": "`keep` of its register",
        "register_index": "`keep` of its register",
        "match_side": "`keep` of its match (engine.commands.match_rows.forget)",
        "match_pair": "`keep` of its match",
        "match_leg": "places of a way",
        "match_apart": "two blind indexes; goes with all that is theirs (engine.commands.match_rows.erase_of)",
        "loan": "`keep` of its loans (engine.commands.loan_rows.forget)",
        "ticket": "forgotten in the night after its day (engine.commands.ticket_rows.forget)",
        "ballot_body": "counts of a body",
        "ballot_proxy": "numbers of lines of the roll; its file goes with the files",
        "ballot_box": "destroyed when the votes were counted",
        "ballot_key": "destroyed when the votes were counted",
        "board_follow": "whom to tell, until they end it",
        "slot": "times and counts of what the case opened",
        "slot_place": "times and counts",
        "resource_opening": "when it was open",
        "resource_closure": "why it was shut, as the public was told",
        "standing": "an order of its person's own, not of the case",
        "standing_day": "days of an order",
        "waiting": "a place of its person's own, not of the case",
        "booking_place": "by its booking",
    }
)


def blank(work: Work, ids: Sequence[int], *, now: datetime) -> None:
    """Everything but the papers and files of these cases; where a table says when, from now on."""
    for table, which in DELETED:
        work.session.execute(delete(table).where(which(ids)).execution_options(synchronize_session=False))
    # What hangs on other rows goes before them: whose it is, is found through what it hangs on.
    for table, which, says in reversed(BLANKED):
        more: dict[str, Any] = {"erased_at": now} if hasattr(table, "erased_at") else {}
        if table is DataRequest:  # one that nobody answered yet says what it says from now on, until its own time
            said, over = literal(now, DataRequest.erased_at.type), DataRequest.answered_at.is_not(None)
            more = {"erased_at": case((and_(over, DataRequest.kind != "erase"), said), else_=None)}
        work.session.execute(
            update(table).where(which(ids)).values({**says, **more}).execution_options(synchronize_session=False)
        )
