"""Loans as somebody reads them: the catalogue, one's own, the desk. What a person borrows only they, a child's guardian
and the desk see (公共图书馆法 43)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select

from engine.errors import AlreadyDone, FieldError, Invalid, NotFound
from engine.forms import written
from engine.matters.nouns.registers import parts
from engine.people import Actor, masks, may, require
from engine.people.access import Verb
from engine.people.bonds import granted, in_force
from engine.plain import is_id
from engine.reads import bonds
from engine.reads.knowing import Person, of_user
from engine.reads.registers import text_of
from engine.records import lending, registers
from engine.records.lending import Kind
from engine.store import Work, keys
from engine.store.models import Bond, Loan, LoanHold, RegisterEntry, RegisterIndex, User
from engine.workdays import local_date

#: Copies looked at for one page of the catalogue, and titles on it.
LOOKED, PAGE = 200, 30


# ---------------------------------------------------------------- the catalogue


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be borrowed, as people choose it."""

    key: str
    title: str
    title_en: str
    summary: str
    summary_en: str
    days: int
    renew: int
    limit: int
    waiting: int = 0  # kept now for who reserved it, of a desk


@dataclass(frozen=True, slots=True)
class Title:
    """One title of a catalogue: all its copies."""

    title: str  # by which one reserves
    name: str
    lines: tuple[tuple[str, str, str], ...]  # what it is called, in English, and what it says
    copies: int
    free: int
    queue: int  # how many wait for it
    times: int = 0  # how often it was lent


def shelves(work: Work) -> list[Shelf]:
    return [shelf(kind) for kind in lending.kinds(work).values()]


def shelf(kind: Kind) -> Shelf:
    one = kind.loans
    return Shelf(kind.key, one.title, one.title_en, one.summary, one.summary_en, one.days, one.renew, one.limit)


def there_are(work: Work) -> bool:
    return bool(lending.kinds(work))


def catalogue(work: Work, key: str, text: str = "") -> tuple[Shelf, list[Title]]:
    """The titles in which every part of the text stands, in any of the fields found by words; the newest without one.
    Four statements, whatever the size."""
    kind = lending.kind(work, key)
    register = registers.register_of(kind.of)
    listed = registers.names(kind.of)
    query = select(RegisterEntry).where(
        RegisterEntry.register.in_(listed), RegisterEntry.ended_at.is_(None), RegisterEntry.blanked_at.is_(None)
    )
    fields = [f"{name}~" for name, field in register.fields.items() if field.words]
    for word in text.split()[:6]:
        signs = parts(word)
        wanted = [one for one in signs if len(one) == 2] or signs
        whole = select(RegisterIndex.entry_id).where(
            RegisterIndex.register.in_(listed),
            RegisterIndex.field == kind.loans.reserve_by,
            RegisterIndex.value == word[:80],
        )
        each = [
            RegisterEntry.id.in_(
                select(RegisterIndex.entry_id).where(
                    RegisterIndex.register.in_(listed), RegisterIndex.field.in_(fields), RegisterIndex.value == one
                )
            )
            for one in wanted[:12]
        ]
        by_words = [and_(*each)] if each else []
        query = query.where(or_(RegisterEntry.id.in_(whole), *by_words))
    rows = work.session.scalars(query.order_by(RegisterEntry.id.desc()).limit(LOOKED)).all()
    found: dict[str, RegisterEntry] = {}
    for row in rows:
        found.setdefault(kind.title_of(row), row)
    titles = list(found)[:PAGE]
    counts, queues = _counts(work, kind, titles), lending.queued(work, kind.key, titles)
    times = lending.times(work, kind.key, titles)
    return shelf(kind), [_title(kind, name, found[name], counts, queues, times) for name in titles]


def title(work: Work, key: str, name: str) -> tuple[Shelf, Title]:
    """One title. NotFound."""
    kind = lending.kind(work, key)
    if name.startswith("#"):
        row = work.session.scalar(registers.by_key(kind.of.key, name[1:]))
    else:
        row = next(iter(registers.matching(work, kind.of, {kind.loans.reserve_by: name}, most=1)), None)
    if row is None:
        raise NotFound("目录里没有这一种。", f"The catalogue has no {name!r}.")
    counts, queues = _counts(work, kind, [name]), lending.queued(work, kind.key, [name])
    return shelf(kind), _title(kind, name, row, counts, queues, lending.times(work, kind.key, [name]))


def _title(
    kind: Kind,
    name: str,
    row: RegisterEntry,
    counts: Mapping[str, tuple[int, int]],
    queues: Mapping[str, int],
    times: Mapping[str, int],
) -> Title:
    register = registers.register_of(kind.of)
    facts = row.facts if isinstance(row.facts, Mapping) else {}
    lines = tuple(
        (field.title, field.title_en or field.title, text_of(field, facts.get(one), None))
        for one in kind.loans.shows
        if (field := register.fields[one]) and facts.get(one) not in (None, "")
    )
    copies, free = counts.get(name, (1, int(row.state == kind.state("free"))))
    return Title(name, row.title or name, lines, copies, free, queues.get(name, 0), times.get(name, 0))


def _counts(work: Work, kind: Kind, titles: list[str]) -> dict[str, tuple[int, int]]:
    """title -> (copies that are not lost, copies on the shelf)."""
    rows = work.session.execute(
        select(RegisterIndex.value, RegisterEntry.state, func.count())
        .join(RegisterEntry, RegisterEntry.id == RegisterIndex.entry_id)
        .where(
            RegisterIndex.register.in_(registers.names(kind.of)),
            RegisterIndex.field == kind.loans.reserve_by,
            RegisterIndex.value.in_(titles),
            RegisterEntry.ended_at.is_(None),
            RegisterEntry.state != kind.state("lost"),
        )
        .group_by(RegisterIndex.value, RegisterEntry.state)
    )
    found: dict[str, tuple[int, int]] = {}
    for name, state, count in rows:
        copies, free = found.get(name, (0, 0))
        found[name] = (copies + count, free + (count if state == kind.state("free") else 0))
    return found


# ---------------------------------------------------------------- one's own


@dataclass(frozen=True, slots=True)
class Own:
    """A loan, for whoever has it, their guardian, or the desk."""

    id: int
    version: int
    key: str
    what: str  # the declaration's title
    name: str
    whose: str  # of a child, for the guardian; of anybody, masked, for the desk
    due: date
    late: int
    renewed: int
    may_renew: bool  # as it looks now; asked again when it is done
    recalled: bool
    lost: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A title somebody waits for."""

    id: int
    key: str
    title: str
    name: str
    whose: str
    ready: bool
    until: date | None
    before: int


def mine(work: Work, actor: Actor, *, now: datetime) -> tuple[list[Own], list[Wanted]]:
    """What one has and waits for; a child's too, for the guardian; and theirs for whom one asked by a bond."""
    if actor.id is None:
        return [], []
    loans, holds = lending.mine(work, actor)
    # 监护 is asked today: who was a child's guardian when it was lent reads nothing of it any more.
    loans = [row for row in loans if may(actor, "see", row)]
    return _owns(work, loans, actor, now), _wanted(work, [row for row in holds if may(actor, "see", row)], actor)


def waiting(work: Work, actor: Actor) -> int:
    """How many loans and reservations somebody has: for the tile."""
    if actor.id is None:
        return 0
    if not any("book" in grant.lets for grant in actor.grants):
        own = [select(func.count()).where(row.ended_at.is_(None), row.user_id == actor.id) for row in (Loan, LoanHold)]
        return sum(work.session.scalar(one) or 0 for one in own)
    loans, holds = lending.mine(work, actor)
    return sum(may(actor, "see", row) for row in (*loans, *holds))


def _owns(work: Work, loans: list[Loan], actor: Actor, now: datetime) -> list[Own]:
    known, on = lending.kinds(work), local_date(now)
    names = _names(work, [loan.entry_id for loan in loans])
    queues = _others(work, loans)
    found = []
    for loan in loans:
        kind = known.get(loan.loans)
        late = lending.overdue(loan, on)
        may_renew = (
            kind is not None
            and not late
            and loan.recalled_at is None
            and loan.missed_at is None
            and loan.renewed < kind.loans.renew
            and not queues.get((loan.loans, loan.title), 0)
        )
        whose = _whose(loan, actor)
        found.append(
            Own(
                loan.id,
                loan.version,
                loan.loans,
                kind.loans.title if kind is not None else "",
                names.get(loan.entry_id, ""),
                whose,
                loan.due_on,
                late,
                loan.renewed,
                may_renew,
                loan.recalled_at is not None,
                loan.missed_at is not None,
            )
        )
    return found


def _whose(row: Loan | LoanHold, actor: Actor) -> str:
    """Of another: by name for who acts for them, masked at the desk."""
    if row.user_id is not None and row.user_id == actor.id:
        return ""
    return masks.name(row.name) if actor.kind == "staff" else row.name


def _others(work: Work, loans: list[Loan]) -> dict[tuple[str, str], int]:
    """How many wait for each title without a copy kept for them."""
    if not loans:
        return {}
    rows = work.session.execute(
        select(LoanHold.loans, LoanHold.title, func.count())
        .where(LoanHold.title.in_({loan.title for loan in loans}), LoanHold.state == "waiting")
        .group_by(LoanHold.loans, LoanHold.title)
    )
    return {(key, name): count for key, name, count in rows}


def _wanted(work: Work, holds: list[LoanHold], actor: Actor) -> list[Wanted]:
    known = lending.kinds(work)
    found = []
    for hold in holds:
        kind = known.get(hold.loans)
        ahead = (
            select(func.count())
            .select_from(LoanHold)
            .where(
                LoanHold.loans == hold.loans,
                LoanHold.title == hold.title,
                LoanHold.ended_at.is_(None),
                LoanHold.id < hold.id,
            )
        )
        name = title(work, hold.loans, hold.title)[1].name if kind is not None else hold.title
        found.append(
            Wanted(
                hold.id,
                hold.loans,
                hold.title,
                name,
                _whose(hold, actor),
                hold.state == "ready",
                hold.until_on,
                work.session.scalar(ahead) or 0,
            )
        )
    return found


def _names(work: Work, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = work.session.execute(
        select(RegisterEntry.id, RegisterEntry.title, RegisterEntry.key).where(RegisterEntry.id.in_(ids))
    )
    return {id: name or key or "" for id, name, key in rows}


def find(work: Work, loan_id: int, actor: Actor, *, version: int | None = None, verb: Verb = "work") -> Loan:
    """A loan, ours until the end of the transaction. NotFound for who may not see it: not even that there is one."""
    loan = work.session.scalar(
        select(Loan).where(Loan.id == loan_id).with_for_update().execution_options(populate_existing=True)
    )
    if loan is None or not may(actor, "see", loan):
        raise NotFound("没有这笔借阅。", f"There is no loan {loan_id}.")
    require(actor, verb, loan)
    if loan.ended_at is not None or (version is not None and loan.version != version):
        raise AlreadyDone("这笔借阅刚刚有了变化，请刷新后再看。", "The loan has changed since: look again.")
    return loan


def find_hold(work: Work, hold_id: int, actor: Actor) -> LoanHold:
    hold = work.session.scalar(
        select(LoanHold).where(LoanHold.id == hold_id).with_for_update().execution_options(populate_existing=True)
    )
    if hold is None or not may(actor, "see", hold):
        raise NotFound("没有这个预约。", f"There is no reservation {hold_id}.")
    require(actor, "work", hold)
    return hold


# ---------------------------------------------------------------- the desk


@dataclass(frozen=True, slots=True)
class Reader:
    """Who stands at the desk."""

    who: str  # how the next requests name them
    name: str  # masked
    card: str
    loans: tuple[Own, ...]
    ready: tuple[str, ...]  # titles kept for them now
    by: str = ""  # who stands at the desk for them, masked
    stands: tuple[tuple[str, str], ...] = ()  # for whom they may borrow: how the next request names them, masked name


def desks(work: Work, actor: Actor) -> list[Shelf]:
    """The desks somebody serves at."""
    return [shelf(kind) for kind in lending.kinds(work).values() if may(actor, "serve", kind.desk)]


def desk(work: Work, key: str, actor: Actor) -> Shelf:
    kind = lending.kind(work, key)
    require(actor, "serve", kind.desk)
    return shelf(kind)


def look_for(work: Work, key: str, text: str, actor: Actor, *, now: datetime) -> list[tuple[str, str]]:
    """(who, masked name) of whom a card, an identity number or a telephone is: several where a family shares one. A
    child or an elder without an account is found by their own number when somebody may borrow for them. Invalid when
    there is nobody."""
    kind = lending.kind(work, key)
    require(actor, "serve", kind.desk)
    given = text.strip()[:80]
    found: list[tuple[str, str]] = []
    card = kind.loans.card
    if given and card is not None:
        one = kind.package.declared("registers")[card.register_]
        for entry in registers.matching(work, one, {card.by: given}, most=5):
            if entry.user_id is not None:
                found.append((f"u:{entry.user_id}", masks.name(entry.title or "")))
            elif entry.blanked_at is None and entry.ended_at is None:
                found.append((f"r:{entry.id}", masks.name(entry.title or "")))
    if given and not found:
        query = select(User).where(User.kind == "resident", User.disabled_at.is_(None))
        kind_of, column = ("id", User.id_index) if len(given) == 18 else ("phone", User.phone_index)
        value = written.compared("phone", given) if kind_of == "phone" else given.upper()
        for user in work.session.scalars(query.where(column.in_(keys.blinds(kind_of, value))).order_by(User.id)):
            found.append((f"u:{user.id}", masks.name(user.name)))
    if given and not found:
        found = _wards(work, kind.key, given, now)
    if not found:
        zh = "没有找到这位读者。请核对卡号、身份证号或手机号；还没有卡的，先登记读者。"
        en = "Nobody has this card, identity number or telephone: check it, or register the reader first."
        raise Invalid([FieldError("reader", "读者", zh, en)])
    return found


def _wards(work: Work, key: str, given: str, now: datetime) -> list[tuple[str, str]]:
    """Whom a bond is about that lets somebody borrow for them, by their identity number or telephone."""
    today = local_date(now)
    if len(given) == 18:
        column, values = Bond.subject_id_index, keys.blinds("id", given.upper())
    else:
        column, values = Bond.subject_phone_index, keys.blinds("phone", written.compared("phone", given))
    rows = work.session.scalars(
        select(Bond)
        .where(column.in_(values), Bond.state == "held", Bond.from_on <= today, Bond.until_on >= today)
        .order_by(Bond.id)
    )
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        if bonds.lets_book(row, key):
            found.setdefault(row.subject_ref, (f"b:{row.id}", masks.name(row.subject_name)))
    return list(found.values())


def one_reader(work: Work, key: str, text: str, actor: Actor, *, now: datetime) -> str:
    """The same for a program, which cannot choose: Invalid when there are several."""
    found = look_for(work, key, text, actor, now=now)
    if len(found) > 1:
        zh = "这个电话是几位读者共用的，请用卡号或身份证号。"
        en = "Several readers share this telephone: send a card or an identity number."
        raise Invalid([FieldError("reader", "读者", zh, en)])
    return found[0][0]


def whom(work: Work, kind: Kind, who: str, *, now: datetime) -> tuple[Person, int | None]:
    """The person that `look_for` named, and the bond by which somebody else stands at the desk for them. Invalid: it is
    over, or does not let them borrow."""
    what, _, number = who.partition(":")
    if what == "b" and is_id(number):
        row = work.session.get(Bond, int(number))
        if row is None or not in_force(row, local_date(now)) or not bonds.lets_book(row, kind.key):
            zh = "这个关系不能替他借，或者已经解除、到期。请核对关系，或由本人来借。"
            en = "This bond does not let anybody borrow for them, or is over: look at it again, or let them come."
            raise Invalid([FieldError("reader", "读者", zh, en)])
        return bonds.comes(work, row), row.id
    return _reader(work, kind, who), None


def _reader(work: Work, kind: Kind, who: str) -> Person:
    what, _, number = who.partition(":")
    if what == "u" and is_id(number):
        user = work.session.get(User, int(number))
        if user is not None and user.kind == "resident" and user.disabled_at is None:
            return of_user(user)
    card = kind.loans.card
    if what == "r" and is_id(number) and card is not None:
        entry = registers.get(work, int(number))
        one = kind.package.declared("registers")[card.register_]
        if entry is not None and entry.register in registers.names(one) and isinstance(entry.person, Mapping):
            told = entry.person
            return Person(
                str(told.get("name") or ""), told.get("phone"), told.get("id_number"), entry.user_id, entry.place_id
            )
    raise Invalid([FieldError("reader", "读者", "请先扫读者的卡。", "Scan the reader's card first.")])


def reader(work: Work, key: str, who: str, actor: Actor, *, now: datetime) -> Reader:
    """What the person at the desk has, and what is kept for them."""
    kind = lending.kind(work, key)
    require(actor, "serve", kind.desk)
    person, bond_id = whom(work, kind, who, now=now)
    refs = lending.refs(person)
    loans = _owns(work, lending.live_of(work, key, refs), actor, now)
    kept = work.session.scalars(
        select(LoanHold.entry_id).where(LoanHold.loans == key, LoanHold.who_ref.in_(refs), LoanHold.state == "ready")
    ).all()
    names = _names(work, [one for one in kept if one is not None])
    bond = work.session.get(Bond, bond_id) if bond_id is not None else None
    by = masks.name(bond.holder_name) if bond is not None else ""
    stands = _stands(work, person.user_id, key, now) if bond is None and person.user_id is not None else ()
    return Reader(who, masks.name(person.name), "", tuple(loans), tuple(names.values()), by, stands)


def _stands(work: Work, user_id: int, key: str, now: datetime) -> tuple[tuple[str, str], ...]:
    """For whom the person at the desk may borrow, each once."""
    found: dict[str, tuple[str, str]] = {}
    for grant in granted(work, user_id, local_date(now)):
        if grant.over_offer("book", key):
            found.setdefault(grant.subject_ref, (f"b:{grant.id}", masks.name(grant.subject_name)))
    return tuple(found.values())


def kept_for(work: Work, entry_id: int) -> LoanHold | None:
    """For whom a copy is kept."""
    return work.session.scalar(select(LoanHold).where(LoanHold.entry_id == entry_id, LoanHold.state == "ready"))


def late(work: Work, key: str, actor: Actor, *, now: datetime, most: int = 100) -> list[Own]:
    """What should be back, the longest first."""
    kind = lending.kind(work, key)
    require(actor, "serve", kind.desk)
    rows = work.session.scalars(
        select(Loan)
        .where(Loan.loans == key, Loan.ended_at.is_(None), Loan.due_on < local_date(now))
        .order_by(Loan.due_on, Loan.id)
        .limit(most)
    )
    return _owns(work, list(rows), actor, now)
