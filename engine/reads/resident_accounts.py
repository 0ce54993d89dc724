"""Accounts of residents as a counter sees them: found by identity number, telephone or the number of a case; masked.
And what of one account would move to another of the same person (合并账号), before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Table, and_, func, or_, select

from engine.errors import NotFound
from engine.people import Actor, login, masks
from engine.people.access import require
from engine.store import Work, keys
from engine.store.models import (
    AccountMerge,
    Appointment,
    BoardFollow,
    Bond,
    BookingPlace,
    Case,
    CaseParty,
    Consent,
    DataRequest,
    Draft,
    File,
    Handover,
    HandoverLink,
    Listed,
    Loan,
    LoanHold,
    MatchSide,
    Notice,
    OnlineBlock,
    PrivateNote,
    RegisterEntry,
    Session,
    Standing,
    Task,
    Team,
    Ticket,
    User,
    Waiting,
)
from engine.store.models.boards import BoardObjection

#: How long a merge may be put back.
UNDO = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Moves:
    """A column that says whose a row is. `refs`: it holds u:<id> in place of the id."""

    what: str  # what people call these rows: a key of WHAT
    column: Any
    refs: bool = False
    live: ColumnElement[bool] | None = None  # only these rows: what is signed and over stays as it was signed

    @property
    def table(self) -> Table:
        return self.column.class_.__table__  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.key}"

    def of(self, user_id: int) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = self.column == (f"u:{user_id}" if self.refs else user_id)
        return mine if self.live is None else and_(mine, self.live)

    def value(self, user_id: int) -> int | str:
        return f"u:{user_id}" if self.refs else user_id


#: What a person calls it, in the order a clerk reads it out.
WHAT: Mapping[str, tuple[str, str]] = {
    "case": ("办件", "cases"),
    "task": ("等本人办的步骤", "steps that wait for them"),
    "booking": ("预约", "bookings"),
    "bond": ("家人和委托关系、团队", "bonds and teams"),
    "register": ("台账", "entries of registers"),
    "loan": ("借阅", "loans"),
    "handover": ("没办完的交接", "open hand-overs"),
    "match": ("互相帮", "needs and supplies"),
    "ticket": ("取的号", "tickets"),
    "draft": ("没提交的草稿", "drafts"),
    "file": ("传过的材料", "files"),
    "consent": ("同意书和对自己信息的要求", "consents, and what they asked about their data"),
    "told": ("通知和订阅", "notices and what they follow"),
}

_OPEN = HandoverLink.state == "open"
#: Every column that says whose a row is. A test holds that no column that names a person is in neither this list nor
#: STAYS.
MOVES: tuple[Moves, ...] = (
    Moves("case", Case.applicant_id),
    Moves("case", CaseParty.user_id),
    Moves("case", PrivateNote.author_id),
    Moves("task", Task.assignee_id),
    Moves("booking", Appointment.user_id),
    Moves("booking", BookingPlace.user_id),
    Moves("booking", Standing.user_id),
    Moves("booking", Waiting.user_id),
    Moves("booking", OnlineBlock.user_id),
    Moves("bond", Bond.holder_id),
    Moves("bond", Bond.holder_ref, refs=True),
    Moves("bond", Bond.subject_id),
    Moves("bond", Bond.subject_ref, refs=True),
    Moves("bond", Team.leader_id),
    Moves("bond", Team.leader_ref, refs=True),
    Moves("bond", Team.second_id),
    Moves("register", RegisterEntry.user_id),
    Moves("loan", Loan.user_id),
    Moves("loan", Loan.guardian_id),
    Moves("loan", Loan.who_ref, refs=True),
    Moves("loan", LoanHold.user_id),
    Moves("loan", LoanHold.guardian_id),
    Moves("loan", LoanHold.who_ref, refs=True),
    Moves("handover", Handover.holder_key, refs=True),
    Moves("handover", HandoverLink.giver_key, refs=True, live=_OPEN),
    Moves("handover", HandoverLink.receiver_key, refs=True, live=_OPEN),
    Moves("match", MatchSide.user_id),
    Moves("ticket", Ticket.user_id),
    Moves("draft", Draft.user_id),
    Moves("file", File.owner_id),
    Moves("consent", Consent.user_id),
    Moves("consent", DataRequest.user_id),
    Moves("told", Notice.user_id),
    Moves("told", BoardFollow.user_id),
    Moves("told", BoardObjection.user_id),
)
#: Columns that name a person and stay: who did it, and what is a clerk's.
STAYS: Mapping[str, str] = {
    "api_token.user_id": "ended",
    "session.user_id": "ended",
    "bond_code.issuer_id": "lives minutes",
    "board_told.user_id": "how many texts of a day",
    "user.merged_into_id": "says that it moved",
    **dict.fromkeys(("account_merge.from_id", "account_merge.into_id"), "says what moved"),
    **dict.fromkeys(
        (
            "duty.user_id",
            "hall_window.clerk_id",
            "holding.user_id",
            "studio_editor.user_id",
            "leave.user_id",
            "leave.agent_id",
            "tie.user_id",
            "reset_link.user_id",
            "authenticator.user_id",
            "recovery_code.user_id",
            "passkey.user_id",
            "sign_in_step.user_id",
            "look_grant.asker_id",
            "look_grant.granter_id",
        ),
        "a clerk's",
    ),
    **dict.fromkeys(("appointment.duty_id", "task.acting_for_id", "ballot_mark.before_id"), "a clerk's"),
}


def moves_or_stays(table: str, column: str) -> bool:
    """Whether somebody thought of this column that names a person. Who did something (…by_id) did it with the account
    of that day: the record says so and stays."""
    name = f"{table}.{column}"
    return name in STAYS or column.endswith("by_id") or any(one.name == name for one in MOVES)


@dataclass(frozen=True, slots=True)
class Account:
    """One account, masked."""

    id: int
    name: str
    phone: str  # "" without one
    proof: str  # what the hall knows of whose it is: "id", "name" or ""
    created_at: datetime
    entered_at: datetime | None
    doubted: bool
    disabled: bool
    merged_into_id: int | None


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge, for the counters it was done at."""

    id: int
    at: datetime
    who: str
    from_name: str
    from_phone: str
    into_phone: str
    reason: str
    undone_at: datetime | None
    undoable: bool


def find(work: Work, text: str, *, actor: Actor) -> tuple[Account, ...]:
    """By a whole identity number, a whole telephone, or the number of a case: an account is found by what is known of
    it, and by the cases that were handed in with it (one that lost its number keeps them)."""
    require(actor, "serve", User(kind="resident"))
    text = text.strip()
    if not text:
        return ()
    by_id, by_phone = keys.blinds("id", text), keys.blinds("phone", text)
    of_cases = or_(Case.id_index.in_(by_id), Case.phone_index.in_(by_phone), Case.number == text)
    from_cases = select(Case.applicant_id).where(of_cases, Case.bond_id.is_(None), Case.applicant_id.is_not(None))
    found = work.session.scalars(
        select(User)
        .where(
            User.kind == "resident",
            or_(User.id_index.in_(by_id), User.phone_index.in_(by_phone), User.id.in_(from_cases)),
        )
        .order_by(User.id)
        .limit(10)
    ).all()
    return tuple(_account(work, user) for user in found)


def one(work: Work, user_id: int, *, actor: Actor) -> Account:
    """One account. NotFound for whoever may not serve it: staff accounts and those of nobody look alike."""
    return _account(work, row(work, user_id, actor=actor))


def row(work: Work, user_id: int, *, actor: Actor, lock: bool = False) -> User:
    user = work.session.get(User, user_id, with_for_update=lock, populate_existing=lock)
    if user is None or user.kind != "resident":
        raise NotFound("没有这个账号。", f"There is no account {user_id}.")
    require(actor, "serve", user)
    return user


def _account(work: Work, user: User) -> Account:
    last = work.session.scalar(select(func.max(Session.created_at)).where(Session.user_id == user.id))
    return Account(
        user.id,
        masks.name(user.name) if user.name else "",
        masks.phone(user.phone) if user.phone else "",
        login.known_of(work, user).asked,
        user.created_at,
        last,
        login.is_doubted(user),
        user.disabled_at is not None,
        user.merged_into_id,
    )


def counts(work: Work, user_id: int) -> dict[str, int]:
    """How many rows of each column of MOVES are theirs, by its name. One statement."""
    asked: list[ScalarSelect[int]] = [
        select(func.count()).select_from(each.table).where(each.of(user_id)).scalar_subquery() for each in MOVES
    ]
    row = work.session.execute(select(*asked)).one()
    return {each.name: int(n) for each, n in zip(MOVES, row, strict=True)}


#: What is counted for the reader: one column a kind of thing, so that nothing is counted twice.
_READ_OUT: Mapping[str, Sequence[str]] = {
    "case": ("case.applicant_id", "case_party.user_id"),
    "task": ("task.assignee_id",),
    "booking": ("appointment.user_id", "booking_place.user_id", "standing.user_id", "waiting.user_id"),
    "bond": ("bond.holder_id", "bond.subject_id"),
    "register": ("register_entry.user_id",),
    "loan": ("loan.user_id", "loan_hold.user_id"),
    "handover": ("handover_link.giver_key", "handover_link.receiver_key"),
    "match": ("match_side.user_id",),
    "ticket": ("ticket.user_id",),
    "draft": ("draft.user_id",),
    "file": ("file.owner_id",),
    "consent": ("consent.user_id", "data_request.user_id"),
    "told": ("notice.user_id", "board_follow.user_id"),
}


def read_out(found: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """(Chinese, English, how many) of every kind of thing that there is."""
    said = [(*WHAT[what], sum(found[name] for name in names)) for what, names in _READ_OUT.items()]
    return [(zh, en, n) for zh, en, n in said if n]


@dataclass(frozen=True, slots=True)
class Together:
    """What has to be thought of when what two accounts have is one person's: what must be ended first, in words, and
    the places (1 to `most`) that rows of the first get among those of the second."""

    stops: tuple[tuple[str, str], ...]
    bonds: Mapping[int, int]  # id -> place
    loans: Mapping[int, int]


def together(work: Work, from_id: int, into_id: int) -> Together:
    """Four statements."""
    both, refs = (from_id, into_id), (f"u:{from_id}", f"u:{into_id}")
    stops: list[tuple[str, str]] = []
    bonds = work.session.execute(
        select(
            Bond.id, Bond.kind, Bond.scope, Bond.subject_ref, Bond.holder_ref, Bond.n, Bond.most, Bond.subject_id
        ).where(Bond.ended_at.is_(None), or_(Bond.subject_ref.in_(refs), Bond.holder_ref.in_(refs)))
    ).all()
    pairs = [(b.kind, b.scope, *("one" if ref in refs else ref for ref in b[3:5])) for b in bonds]
    if any(b.subject_ref in refs and b.holder_ref in refs for b in bonds):
        stops.append(("这两个账号之间登记了关系，请先解除", "a bond between the two accounts: end it first"))
    if len(set(pairs)) < len(pairs):
        zh = "两个账号和同一个人有同一种关系，请先解除其中一个"
        stops.append((zh, "both accounts have one bond with one person: end one of them first"))
    own = [b for b in bonds if b.subject_ref in refs]
    placed = _places([(b.id, b.subject_ref == refs[0], (b.kind, b.scope), b.n, b.most) for b in own])
    loans = work.session.execute(
        select(Loan.id, Loan.loans, Loan.n, Loan.most, Loan.who_ref).where(
            Loan.ended_at.is_(None), Loan.who_ref.in_(refs)
        )
    ).all()
    lent = _places([(one.id, one.who_ref == refs[0], one.loans, one.n, one.most) for one in loans])
    if placed is None:
        zh = "两个账号的家人、委托合在一起超过一个人可以有的，请先解除一个"
        stops.append((zh, "together the accounts have more bonds than one person may: end one first"))
    if lent is None:
        zh = "两个账号借着的东西合在一起超过一个人可以借的，请先还一件"
        stops.append((zh, "together the accounts borrow more than one person may: return one first"))
    holds = work.session.execute(
        select(LoanHold.loans, LoanHold.title).where(LoanHold.ended_at.is_(None), LoanHold.who_ref.in_(refs))
    ).all()
    if len({tuple(one) for one in holds}) < len(holds):
        stops.append(("两个账号预约了同一种东西，请先取消一个", "both accounts reserved one thing: give up one first"))
    waiting = work.session.execute(select(Waiting.resource_id, Waiting.day).where(Waiting.user_id.in_(both))).all()
    if len({tuple(one) for one in waiting}) < len(waiting):
        zh = "两个账号在候补同一个地方的同一天，请先取消一个"
        stops.append((zh, "both accounts wait for one place and day: give up one first"))
    return Together(tuple(stops), placed or {}, lent or {})


def _places(rows: Sequence[tuple[int, bool, object, int, int]]) -> dict[int, int] | None:
    """(id, moves, of which kind, place, most) -> new places of those that move and whose place is taken; None where
    there are not enough."""
    taken: dict[object, set[int]] = {}
    for _id, _moves, kind, n, _most in rows:
        taken.setdefault(kind, set()).add(n)
    staying = {(kind, n) for _id, moves, kind, n, _most in rows if not moves}
    found: dict[int, int] = {}
    for id_, moves, kind, n, most in rows:
        if not moves or (kind, n) not in staying:
            continue
        free = next((place for place in range(1, most + 1) if place not in taken[kind]), None)
        if free is None:
            return None
        taken[kind].add(free)
        found[id_] = free
    return found


def candidates_of(work: Work, user_id: int) -> list[int]:
    """The live steps that wait for this account by name."""
    return list(
        work.session.scalars(select(Listed.task_id).where(Listed.key == f"u:{user_id}").order_by(Listed.task_id))
    )


def merges(work: Work, *, actor: Actor, now: datetime, most: int = 50) -> tuple[Merged, ...]:
    """The merges of late at the counters of whoever asks, and of those below them; the newest first. One whose time is
    over says of nobody any more who it was."""
    require(actor, "serve", User(kind="resident"))
    inside = AccountMerge.unit_id.in_(actor.realm)
    rows = work.session.execute(
        select(AccountMerge, User.name)
        .join(User, User.id == AccountMerge.by_id)
        .where(AccountMerge.erased_at.is_(None), or_(inside, AccountMerge.by_id == actor.id))
        .order_by(AccountMerge.id.desc())
        .limit(most)
    ).all()
    return tuple(
        Merged(
            merge.id,
            merge.at,
            name,
            masks.name(merge.before["from"]["name"]) if merge.before["from"]["name"] else "",
            masks.phone(merge.before["from"]["phone"] or ""),
            masks.phone(merge.before["into"]["phone"] or ""),
            merge.reason,
            merge.undone_at,
            merge.undone_at is None and merge.at + UNDO > now,
        )
        for merge, name in rows
    )
