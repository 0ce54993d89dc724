"""The audit record: one event per fact, hash-chained, append-only.

Each case has its own chain, and each person has one for what they do outside cases, so writers never queue behind
each other's chain. From time to time a seal is laid over all events since the last one; the seals are chained too. So
to change, drop or slip in an event one would have to forge its chain, the case's count, and every later seal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import event as event_of
from sqlalchemy import func, select
from sqlalchemy.orm import Session, SessionTransaction

from engine import crypto
from engine.people import Actor
from engine.plain import dumps
from engine.records import handovers
from engine.store import Work, fresh, keys, signing
from engine.store.models import Case, Event, Seal, SealedEvent

GENESIS = "0" * 64
#: PostgreSQL: the lock that whoever seals holds.
SEALING = 7266002


class Kind(StrEnum):
    """Every kind of event."""

    CASE_SUBMITTED = "case.submitted"
    CASE_ACCEPTED = "case.accepted"
    CASE_DECLINED = "case.declined"
    CASE_DECIDED = "case.decided"
    CASE_FINISHED = "case.finished"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_SUSPENDED = "case.suspended"
    CASE_RESUMED = "case.resumed"
    CASE_REDATED = "case.redated"  # a calendar was published or corrected: due days were computed again
    EXTENSION_ASKED = "extension.asked"
    EXTENSION_APPROVED = "extension.approved"
    EXTENSION_REFUSED = "extension.refused"
    CLOCK = "case.clock"  # paused, resumed, extended, asked, answered …
    COLOUR = "case.colour"
    TASK_CLAIMED = "task.claimed"
    TASK_UNCLAIMED = "task.unclaimed"
    TASK_COMPLETED = "task.completed"
    TASK_RETURNED = "task.returned"
    TASK_JUMPED = "task.jumped"  # 跳转: a supervisor had the case go on from another step
    TASK_RECALLED = "task.recalled"
    TASK_TRANSFERRED = "task.transferred"
    TASK_DELEGATED = "task.delegated"
    TASK_OPINION = "task.opinion"
    TASK_TAKEN_BACK = "task.taken-back"  # a question (委派): nobody is asked any more
    TASK_MOVED = "task.moved"  # who had it, or should have, is not there any more
    TASK_REMINDED = "task.reminded"
    TASK_ENDED = "task.ended"
    TIMER_FIRED = "timer.fired"
    MESSAGE = "message.delivered"
    EFFECT = "effect.asked"
    EFFECT_ANSWERED = "effect.answered"
    DOCUMENT_ISSUED = "document.issued"
    DOCUMENT_RENDERED = "document.rendered"
    DOCUMENT_VOIDED = "document.voided"
    APPLICANT_CORRECTED = "case.applicant-corrected"
    DOCUMENT_READ = "document.read"
    NOTICE_SENT = "notice.sent"
    INCIDENT = "incident.opened"
    INCIDENT_RETRIED = "incident.retried"
    INCIDENT_SOLVED = "incident.solved"
    MATTER_PUBLISHED = "matter.published"
    MATTER_WITHDRAWN = "matter.withdrawn"  # off for new cases; running ones go on
    DRAFT_BEGUN = "matter.draft-begun"  # designers change it; nothing of that is offered yet
    DRAFT_DROPPED = "matter.draft-dropped"
    RELEASE_ASKED = "matter.release-asked"  # a second person's word is wanted
    RELEASE_APPROVED = "matter.release-approved"
    RELEASE_REFUSED = "matter.release-refused"
    RELEASE_SCHEDULED = "matter.release-scheduled"  # in force from a day on
    RELEASE_CANCELLED = "matter.release-cancelled"
    LOGIN = "person.logged-in"
    LOGOUT = "person.logged-out"
    LOGIN_FAILED = "person.log-in-failed"  # a wrong password or second factor: for whom, never what was typed
    PASSWORD_CHANGED = "person.password-changed"  # by oneself, or by a link
    RESET_OFFERED = "person.reset-offered"  # a link to set a new password was made
    FACTOR_ADDED = "person.factor-added"  # an app for codes, a passkey
    FACTOR_REMOVED = "person.factor-removed"  # by oneself, or all of them by who heads one
    RECOVERY_CODES = "person.recovery-codes"  # a new set was shown
    SSO_JOINED = "person.sso-joined"  # the single sign-on's account was joined to theirs
    SESSION_ENDED = "person.session-ended"  # by its owner, from elsewhere
    LEAVE = "person.leave"
    LEAVE_ENDED = "person.leave-ended"
    HANDED_OVER = "person.handed-over"
    REVEALED = "person.revealed"
    CONSENTED = "person.consented"
    FILE_STORED = "file.stored"
    PARTIES_JOINED = "case.parties-joined"  # parties on either side were joined to their accounts
    MEETING_BOOKED = "meeting.booked"
    MEETING_MOVED = "meeting.moved"
    MEETING_CANCELLED = "meeting.cancelled"
    TIE_DECLARED = "mediator.tie-declared"
    RATED = "case.rated"
    UNRATED = "case.unrated"  # nobody rated in time
    RATING_SET_ASIDE = "case.rating-set-aside"  # an appeal was upheld: the rating counts no more
    KEPT_AWAY = "case.kept-away"  # 回避: who neither sees the case nor works on it from now on
    APPOINTMENT_HELD = "appointment.held"
    APPOINTMENT_CONFIRMED = "appointment.confirmed"
    APPOINTMENT_CHANGED = "appointment.changed"
    APPOINTMENT_MOVED = "appointment.moved"  # by the hall: the person has to agree
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_EXPIRED = "appointment.expired"
    APPOINTMENT_OFFERED = "appointment.offered"  # to who waited for a place
    APPOINTMENT_CHECKED_IN = "appointment.checked_in"
    APPOINTMENT_CALLED = "appointment.called"
    APPOINTMENT_LEFT = "appointment.left"  # one of a team comes not, or left the team: the others' places stay
    APPOINTMENT_SERVED = "appointment.served"
    APPOINTMENT_MISSED = "appointment.no_show"
    WAITING_JOINED = "waiting.joined"
    WAITING_LEFT = "waiting.left"
    BOOKING_BLOCKED = "booking.blocked"
    BOOKING_REVIEW_ASKED = "booking.review_asked"
    BOOKING_REVIEWED = "booking.reviewed"
    SLOTS_PUBLISHED = "slots.published"
    RESOURCE_CLOSED = "resource.closed"
    DUTY_ROSTERED = "duty.rostered"
    DUTY_UNROSTERED = "duty.unrostered"
    CASE_MOVED = "case.moved"  # its office, its village or its counter was merged or closed
    CASE_MIGRATED = "case.migrated"  # 迁移: it goes on under another version of its matter
    CASE_PUT_BACK = "case.put-back"  # … and under the one before again
    UNIT_CHANGED = "unit.changed"  # added, closed, merged, renamed
    COUNTY_IMPORTED = "county.imported"  # a file of units, posts, people, halls: of which lists how many rows
    POST_CHANGED = "person.post-changed"  # somebody took a post, or their term ends
    ACCOUNT_OPENED = "person.account-opened"  # of a member of staff, by a security administrator
    ACCOUNT_DISABLED = "person.account-disabled"
    CASE_JOINED = "case.joined"  # 同一件事: it waits for the answer of an earlier one
    CASE_REFERRED = "case.referred"  # 移送: another office has it now
    RECORD = "record.added"
    ESCALATED = "deadline.escalated"  # a step of the escalation policy was carried out
    CALENDAR = "calendar.published"
    CLOCK_JUMPED = "clock.jumped"  # a machine's wall clock is not followed any more
    CLOCK_BACK = "clock.back"  # … and is followed again
    CLOCK_CONFIRMED = "clock.confirmed"  # a person says the wall clock is right
    AUDITED = "hall.audited"  # an audit administrator had the record verified: how many faults
    KEYS_TURNED = "hall.keys-turned"  # everything is sealed with a new data key; how much
    KEY_DROPPED = "hall.key-dropped"  # the old one opens nothing any more
    BACKED_UP = "hall.backed-up"  # when, and the hash of its manifest
    ANCHORED = "hall.anchored"  # the newest seal stands outside the hall too: which, and what the other side said
    RESTORED = "hall.restored"  # from a backup of when, and what was held, dropped, ended by it
    NOTICES_LET_GO = "hall.notices-let-go"  # held by a restore: sent or dropped by somebody's word
    ACCOUNT_CHANGED = "account.changed"  # of a member of staff, by a file: which fields
    ACCOUNT_NAMED = "account.named"  # its owner said how they are called
    ACCOUNT_DOUBTED = "account.doubted"  # whoever signed in by its number said to be another: a proof is asked first
    ACCOUNT_PROVED = "account.proved"  # beside the telephone, whose account it is
    PHONE_CHANGED = "account.phone-changed"  # by old and new number, or at a counter
    ACCOUNTS_MERGED = "account.merged"  # two of one person, at a counter; with how many of what moved
    ACCOUNTS_PARTED = "account.parted"  # the same put back
    PHONE_GIVEN_ON = "account.phone-given-on"  # the number has another owner: a new account, the old one without it
    # privacy 个人信息
    CASE_ASKED_ABOUT = "case.asked-about"  # of a confidential one: somebody gave its number and was told nothing
    CASE_ERASED = "case.erased"  # its time was over, or its person asked: what it said of people is gone
    CASE_HELD = "case.held"  # 保全: not to be erased until a day
    CASE_LET_GO = "case.let-go"  # … and again as any other
    LOOKS_ASKED = "person.looks-asked"  # many looks at once: a head is asked
    LOOKS_ANSWERED = "person.looks-answered"
    DATA_TAKEN = "person.data-taken"  # a person took a copy of all that is theirs
    DATA_ASKED = "person.data-asked"  # to correct or erase what the hall has of them
    DATA_ANSWERED = "person.data-answered"
    CONSENT_GIVEN = "person.consent-given"
    CONSENT_WITHDRAWN = "person.consent-withdrawn"
    ROWS_ERASED = "hall.rows-erased"  # of which kinds, outside cases, and how many: their time was over
    LEFTOVERS_FORGOTTEN = "hall.leftovers-forgotten"  # how many drafts, files, codes that nobody can use any more
    # registers 台账
    REGISTER_READ = "register.read"  # health or child data of an entry, or a whole list taken out
    REGISTER_CHANGED = "register.changed"  # by hand: added, changed, another state
    REGISTER_IMPORTED = "register.imported"  # a sheet of entries
    REGISTER_BLANKED = "register.blanked"  # its time was over
    # bonds 关系
    BOND_ASKED = "bond.asked"  # the other side has to confirm it on their phone
    BOND_MADE = "bond.made"
    BOND_ENDED = "bond.ended"
    BOND_JOINED = "bond.joined"  # a side that had no account has one now
    TEAM_LED = "bond.team-led"  # a member leads their team too
    TEAM_LEFT = "bond.team-left"  # the second leader leads it no more
    BOND_CODE = "bond.code"  # six digits were shown: to bind, or to fetch somebody
    BOND_CHECKED = "bond.checked"  # at a door: whether this person may fetch that one
    # offers 供给与预订
    OFFER_OPENED = "offer.opened"
    OFFER_MOVED = "offer.moved"
    OFFER_CLOSED = "offer.closed"
    BOOKINGS_SETTLED = "offer.settled"  # the sheet of a month was made, with whole names
    OFFER_RECALLED = "offer.recalled"  # what was chosen with it is called back: everybody who has it was told
    OFFER_PLACES = "offer.places"  # more places of one time
    STANDING_MADE = "standing.made"
    STANDING_CHANGED = "standing.changed"  # a single day called off or added
    STANDING_ENDED = "standing.ended"
    PLACE_CHECKED_IN = "place.checked_in"
    PLACE_CHECKED_OUT = "place.checked_out"
    PLACE_TROUBLE = "place.trouble"  # nobody came, or somebody was still there
    # loans 借还
    LOAN_LENT = "loan.lent"  # never which book: what somebody reads is theirs
    LOAN_RENEWED = "loan.renewed"
    LOAN_RECALLED = "loan.recalled"
    LOAN_ENDED = "loan.ended"
    LOAN_MISSED = "loan.missed"  # lost, or not brought back for too long
    LOANS_FORGOTTEN = "loans.forgotten"  # how many; whose they were is in no record
    LOAN_RESERVED = "loan.reserved"
    LOAN_KEPT = "loan.kept"  # a copy was put aside for who waits
    LOAN_HOLD_ENDED = "loan.hold-ended"
    # matches 撮合
    MATCH_OFFERED = "match.offered"  # a supply
    MATCH_WANTED = "match.wanted"  # a need
    MATCH_ASKED = "match.asked"
    MATCH_AGREED = "match.agreed"  # from here on each sees the other's name and telephone
    MATCH_REFUSED = "match.refused"
    MATCH_CANCELLED = "match.cancelled"  # a pair, by either side
    MATCH_ENDED = "match.ended"  # a supply or a need: called off, or its time is over
    MATCH_STOPPED = "match.stopped"  # on the day a document was valid no more
    MATCH_ABSENT = "match.absent"  # one side says that the other did not come
    MATCH_ARRIVED = "match.arrived"  # one side, or the desk, says that they arrived
    MATCH_CALLED = "match.called"  # nobody said so in time: who was told
    MATCH_APART = "match.apart"  # one side says: not again with this one; or takes it back
    MATCH_LATE = "match.late"  # one side was late, as the other says, or called off too late
    MATCH_CHARGED = "match.charged"  # the need says that the supply asked for money
    MATCH_OPENED = "match.opened"  # nobody took it in time: its case
    MATCH_REVEALED = "match.revealed"  # before looks at a match were looks like any other (person.revealed)
    MATCH_FORGOTTEN = "match.forgotten"
    # handovers 交接
    HANDOVER_OPENED = "handover.opened"
    HANDOVER_ENDED = "handover.ended"  # with the hash of all that the link says
    HANDOVER_TROUBLE = "handover.trouble"
    # boards 公开栏
    BOARD_PUBLISHED = "board.published"
    BOARD_ASKED = "board.asked"  # waits to be reviewed
    BOARD_REFUSED = "board.refused"
    BOARD_CHANGED = "board.changed"
    BOARD_WITHDRAWN = "board.withdrawn"
    BOARD_OVER = "board.over"
    BOARD_OBJECTED = "board.objected"
    BOARD_FOLLOWED = "board.followed"
    BOARD_UNFOLLOWED = "board.unfollowed"
    # queues 取号
    TICKET_TAKEN = "ticket.taken"
    TICKET_CALLED = "ticket.called"
    TICKET_PARKED = "ticket.parked"  # called as often as the line says, and nobody came
    TICKET_BACK = "ticket.back"
    TICKET_PASSED = "ticket.passed"  # to another window or line
    TICKET_SERVING = "ticket.serving"
    TICKET_CASE = "ticket.case"  # it became a case
    TICKET_DONE = "ticket.done"
    TICKET_GONE = "ticket.gone"
    WINDOW_OPENED = "window.opened"  # who sits there
    WINDOW_LEFT = "window.left"
    TICKETS_FORGOTTEN = "ticket.forgotten"
    # schedules 定期
    SCHEDULE_TURN = "schedule.turn"  # it was due: its runs were opened
    SCHEDULE_BY_HAND = "schedule.by-hand"
    SCHEDULE_PAUSED = "schedule.paused"
    SCHEDULE_RESUMED = "schedule.resumed"
    FOR_EACH_ENDED = "for-each.ended"  # one thing was done for each of many records
    FOR_EACH_RETRIED = "for-each.retried"
    FOR_EACH_LEFT_OUT = "for-each.left-out"
    # ballots 表决
    BALLOT_ANNOUNCED = "ballot.announced"
    BALLOT_OPENED = "ballot.opened"
    BALLOT_VOTED = "ballot.voted"  # that, never what
    BALLOT_ENTRUSTED = "ballot.entrusted"
    BALLOT_REVOKED = "ballot.revoked"
    BALLOT_COUNTED = "ballot.counted"  # with the hash of the result
    BALLOT_WITHDRAWN = "ballot.withdrawn"


def record(
    work: Work,
    kind: Kind,
    *,
    by: Actor,
    now: datetime,
    case: Case | None = None,
    task_id: int | None = None,
    for_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
    later: bool = False,
) -> Event:
    """Add an event. It is written at the end of the transaction with all others; within a case it costs no extra
    statement, else one to read where the chain of whoever acts ends, once a transaction, and what was changed so far is
    written (`later`: with everything else).

    `facts` may hold ids, counts, dates, names of elements; never a person's name, number or words: those stay in
    their own tables, where they can be removed.
    """
    facts = dict(facts or {})
    case_id = case.id if case is not None else None
    if case is not None:
        chain, seq, previous = f"case:{case.id}", case.events_count + 1, case.events_head or GENESIS
    else:
        chain = f"user:{by.id or 0}"
        last, end = _end(work, chain)
        seq, previous = last + 1, end
    hash = digest(chain, seq, now, kind.value, by.id, for_id, case_id, task_id, facts, previous)
    event = fresh(
        Event,
        chain=chain,
        seq=seq,
        at=now,
        kind=kind.value,
        by_id=by.id,
        for_id=for_id,
        case_id=case_id,
        task_id=task_id,
        facts=facts,
        previous=previous,
        hash=hash,
        proof=_proof(hash),
    )
    work.session.add(event)
    if case is not None:
        case.events_count, case.events_head = seq, event.hash
        return event
    work.session.info[_ENDS][chain] = (seq, event.hash)
    if not later:
        work.session.flush()
    return event


def read(
    work: Work,
    register: str,
    entries: list[int],
    fields: list[str],
    *,
    by: Actor,
    now: datetime,
    case: Case | None = None,
    purpose: str = "",
) -> Event:
    """Somebody, or a case, read sensitive fields of these entries of a register."""
    facts = {"register": register, "entries": entries, "fields": fields, "purpose": purpose}
    return record(work, Kind.REGISTER_READ, by=by, now=now, case=case, facts=facts)


#: Where a session keeps the ends of the chains it extends: one statement to read, and nobody else moves them while it
#: holds them.
_ENDS = "chain-ends"


def _end(work: Work, chain: str) -> tuple[int, str]:
    """The number and the hash of a chain's last event, this transaction's own among them; held until its end."""
    ends: dict[str, tuple[int, str]] = work.session.info.setdefault(_ENDS, {})
    if chain not in ends:
        if work.dialect == "postgresql":  # two who extend the same chain: one waits for the other's commit
            work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(chain))))
        ends[chain] = _tail(work, chain) or (0, GENESIS)
    return ends[chain]


@event_of.listens_for(Session, "after_transaction_end")
def _let_go(session: Session, transaction: SessionTransaction) -> None:
    """With the transaction, or the part of it that may have been undone alone, its ends are forgotten."""
    if transaction.nested or transaction.parent is None:
        session.info.pop(_ENDS, None)


def _tail(work: Work, chain: str) -> tuple[int, str] | None:
    """Of the table, not of the class: events of this transaction that wait to be written are of other chains, or their
    ends are known here already."""
    of = Event.__table__.c
    found = work.session.execute(
        select(of.seq, of.hash).where(of.chain == chain).order_by(of.seq.desc()).limit(1)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def digest(
    chain: str,
    seq: int,
    at: datetime,
    kind: str,
    by_id: int | None,
    for_id: int | None,
    case_id: int | None,
    task_id: int | None,
    facts: Mapping[str, Any],
    previous: str,
    suite: crypto.Suite | None = None,
) -> str:
    """The hash, by the hall's suite or the given one, of the event's canonical JSON and its predecessor's hash."""
    text = dumps([chain, seq, moment(at), kind, by_id, for_id, case_id, task_id, _sorted(facts), previous])
    return (suite or keys.current().suite).hashed(text.encode())


def _proof(hash: str) -> str:
    return keys.current().proof(f"event|{hash}")


def _proves(event: Event) -> bool:
    return event.proof is not None and keys.current().proves(event.proof, f"event|{event.hash}")


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _sorted(value[k]) for k in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_sorted(v) for v in value]
    return value


def seal(work: Work, *, now: datetime, most: int = 10_000) -> Seal | None:
    """Lay a seal over the events that have none, in the order of their ids. None when there are none."""
    rows = work.session.execute(
        select(Event.id, Event.hash)
        .outerjoin(SealedEvent, SealedEvent.event_id == Event.id)
        .where(SealedEvent.event_id.is_(None))
        .order_by(Event.id)
        .limit(most)
    ).all()
    if not rows:
        return None
    last = work.session.scalar(select(Seal.hash).order_by(Seal.id.desc()).limit(1)) or GENESIS
    hash = seal_hash(last, now, rows)
    signature = signing.sign(seal_words(now, len(rows), hash))
    made = Seal(at=now, count=len(rows), previous=last, hash=hash, public=signing.public(), signature=signature)
    work.session.add(made)
    work.session.flush()
    work.session.add_all(SealedEvent(event_id=row[0], seal_id=made.id) for row in rows)
    work.session.flush()
    return made


def seal_all(work: Work, *, now: datetime) -> int:
    """Lay seals until every event has one; how many. PostgreSQL: one sealer at a time."""
    if work.dialect == "postgresql":
        work.session.execute(select(func.pg_advisory_xact_lock(SEALING)))
    made = 0
    while seal(work, now=now) is not None:
        made += 1
    return made


def seal_words(at: datetime, count: int, hash: str) -> str:
    """What a seal's signature is over."""
    return f"yizhan seal|{moment(at)}|{count}|{hash}"


def moment(at: datetime) -> str:
    """A moment as it is hashed and signed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def seal_hash(previous: str, at: datetime, rows: Any, suite: crypto.Suite | None = None) -> str:
    """The hash, by the hall's suite or the given one, of the seal before, the moment, and the id and hash of each
    event, in the order of ids."""
    suite = suite or keys.current().suite
    total = suite.hasher(f"{previous}\0{moment(at)}".encode())
    for event_id, event_hash in rows:
        total.update(f"\0{event_id}:{event_hash}".encode())
    return suite.written(total.digest())


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the record does not hold together."""

    where: str  # chain and number, or seal
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found."""

    events: int
    chains: int
    seals: int
    faults: tuple[Fault, ...]


def verify(work: Work) -> Verdict:
    """Recompute every hash: events, chains, the count each case remembers, and seals."""
    faults: list[Fault] = []
    events = chains = 0
    heads: dict[int, tuple[int, str]] = {}
    chain, seq, previous = "", 0, GENESIS
    stream = work.session.execute(
        select(Event, SealedEvent.seal_id)
        .outerjoin(SealedEvent, SealedEvent.event_id == Event.id)
        .order_by(Event.chain, Event.seq)
        .execution_options(yield_per=1000)
    )
    for event, seal_id in stream:
        events += 1
        if event.chain != chain:
            chains += 1
            chain, seq, previous = event.chain, 0, GENESIS
        where = f"{event.chain}#{event.seq}"
        if event.seq != seq + 1:
            faults.append(Fault(where, f"缺少第 {seq + 1} 条", f"expected number {seq + 1}"))
        if event.previous != previous:
            faults.append(Fault(where, "与前一条不衔接", "does not follow its predecessor"))
        found = digest(
            event.chain,
            event.seq,
            event.at,
            event.kind,
            event.by_id,
            event.for_id,
            event.case_id,
            event.task_id,
            event.facts,
            event.previous,
            crypto.suite_of(event.hash),
        )
        if found != event.hash:
            faults.append(Fault(where, "内容被改动", "its content was changed"))
        if seal_id is None and not _proves(event):  # later the seal holds it, whatever the key
            zh, en = "还没有封存，密钥的校验值不符", "it has no seal yet, and its keyed hash does not fit"
            faults.append(Fault(where, zh, en))
        seq, previous = event.seq, event.hash
        if event.case_id is not None:
            heads[event.case_id] = (event.seq, event.hash)
    for case_id, count, head in work.session.execute(select(Case.id, Case.events_count, Case.events_head)):
        if heads.get(case_id, (0, "")) != (count, head):
            zh = f"办件记得有 {count} 条，现有 {heads.get(case_id, (0, ''))[0]} 条或末条不符"
            en = f"the case remembers {count} events; the record ends elsewhere"
            faults.append(Fault(f"case:{case_id}", zh, en))
    seals = 0
    last = GENESIS
    signers, signed = signing.known(), False
    for one in work.session.scalars(select(Seal).order_by(Seal.id)):
        seals += 1
        rows = work.session.execute(
            select(SealedEvent.event_id, Event.hash)
            .outerjoin(Event, Event.id == SealedEvent.event_id)
            .where(SealedEvent.seal_id == one.id)
            .order_by(SealedEvent.event_id)
        ).all()
        again = seal_hash(last, one.at, rows, crypto.suite_of(one.hash))
        if one.previous != last or len(rows) != one.count or again != one.hash:
            faults.append(Fault(f"seal:{one.id}", "封存与事件不符", "the seal does not fit its events"))
        elif signed and one.signature is None or (one.signature is not None and not _is_signed(one, signers)):
            faults.append(Fault(f"seal:{one.id}", "封存的签名不对", "the signature of the seal does not fit"))
        signed = signed or one.signature is not None
        last = one.hash
    faults += [_handed(one) for one in handovers.changed(work)]
    return Verdict(events, chains, seals, tuple(faults))


def _is_signed(one: Seal, signers: frozenset[str]) -> bool:
    words = seal_words(one.at, one.count, one.hash)
    return one.public in signers and signing.fits(one.public, words, one.signature or "")


def _handed(one: handovers.Changed) -> Fault:
    zh = {"changed": "交接记录被改动", "missing": "交接记录不见了", "unrecorded": "交接记录没有审计"}[one.why]
    en = {
        "changed": "a link of the hand-over was changed",
        "missing": "a link of the hand-over is gone",
        "unrecorded": "a link of the hand-over has no event",
    }[one.why]
    return Fault(f"handover:{one.handover_id}#{one.n}", zh, en)


def history(work: Work, case_id: int) -> Iterator[Event]:
    """The events of a case, oldest first."""
    yield from work.session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.seq))


def count(work: Work) -> int:
    return work.session.scalar(select(func.count()).select_from(Event)) or 0
