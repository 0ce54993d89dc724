"""Writing loans (借还): a copy goes out, comes back, is kept for who waits. Who may is asked above; why not is here.

The copy's row of the register is locked first, then what is asked of it: two desks that lend one copy do it one after
the other, and the database's index refuses the second whatever the program thinks. A person's place among their own
(1 to the limit) is an index too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine import feel
from engine.commands import register_rows
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.forms.kinds import CHECKS, Wrong
from engine.matters.nouns.bonds import GUARDIAN
from engine.people import Actor
from engine.people.access import borrows_for
from engine.people.bonds import in_force
from engine.reads import knowing
from engine.reads.knowing import Person, age_on, born_on
from engine.records import audit, lending, notices, registers
from engine.records.lending import Kind
from engine.store import Work, keys
from engine.store.models import Bond, Loan, LoanHold, RegisterEntry, User
from engine.workdays import local_date, say

#: Who is asked to bring something back early has at least so many days.
RECALL_DAYS = 7


def copy(work: Work, kind: Kind, code: str, state: str = "") -> RegisterEntry:
    """A copy by what is on it, ours until the end of the transaction. What is printed on every copy of a title (an
    ISBN) will do where only one is meant: of those in `state`, when the desk lends (free) or takes back (lent)."""
    found = registers.find(work, kind.of, code.strip(), lock=True) if code.strip() else None
    if found is None and state and code.strip():
        found = _one_of_title(work, kind, code.strip(), state)
    if found is None or found.blanked_at is not None:
        raise Invalid(
            [
                FieldError(
                    "copy",
                    "条码",
                    f"“{registers.register_of(kind.of).title}”里没有条码 {code.strip()[:40]}，请核对或重扫。",
                    f"There is no copy {code.strip()[:40]!r}: check it, or scan it again.",
                )
            ]
        )
    return found


def _one_of_title(work: Work, kind: Kind, code: str, state: str) -> RegisterEntry | None:
    """The one copy in this state of the title whose value (an ISBN, typed with or without its strokes) this is."""
    field = registers.register_of(kind.of).fields[kind.loans.reserve_by]
    if field.check:
        checked = CHECKS[field.check](code)
        if isinstance(checked, Wrong):
            return None
        code = checked
    rows = [one for one in copies_of(work, kind, code) if one.state == kind.state(state)]
    if len(rows) > 1:
        raise Invalid(
            [
                FieldError(
                    "copy",
                    "条码",
                    f"这个书号有 {len(rows)} 本，请扫书上贴的条码。",
                    f"{len(rows)} copies have this number: scan the bar code that is stuck on the copy.",
                )
            ]
        )
    return locked(work, rows[0].id) if rows else None


def locked(work: Work, entry_id: int) -> RegisterEntry:
    """A copy's row, ours until the end of the transaction."""
    found = register_rows.get(work, entry_id, lock=True)
    if found is None:
        raise NotFound("没有这一本。", f"There is no copy {entry_id}.")
    return found


# ---------------------------------------------------------------- out


def lend(
    work: Work,
    kind: Kind,
    code: str,
    whom: Person,
    *,
    unit_id: int | None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Loan:
    """This copy to this person, until so many days from today. `bond_id`: by which somebody else fetches it for them.
    NotNow says why not."""
    _known(whom)
    entry = copy(work, kind, code, "free")
    name, who, on = entry.title or code, lending.refs(whom), local_date(now)
    there = lending.of_copy(work, entry.id)
    if there is not None:
        mine = there.who_ref in who
        raise AlreadyDone(
            f"《{name}》已经借给{'这位读者' if mine else '别的读者'}了，应还日期 {say(there.due_on)}。请先还书。",
            f"{name} is lent already, until {there.due_on}: take it back first.",
        )
    title = kind.title_of(entry)
    hold = next((h for h in lending.waiting(work, kind.key, title) if h.who_ref in who), None)
    _on_shelf(kind, entry, hold, name)
    if hold is None:
        _spoken_for(work, kind, entry, title, name)
    mine_now = lending.live_of(work, kind.key, who)
    _paused(kind, mine_now, on)
    _who(work, kind, entry, whom, now)
    guardian = guardian_of(work, kind, whom, on)
    n = _place(kind, mine_now)
    loan = Loan(
        loans=kind.key,
        post=kind.loans.desk,
        title=title,
        entry_id=entry.id,
        **_borrower(whom, who[0], guardian),
        bond_id=bond_id or (hold.bond_id if hold is not None else None),
        unit_id=unit_id,
        n=n,
        most=kind.loans.limit,
        lent_at=now,
        lent_by_id=by.id,
        due_on=on + timedelta(days=kind.loans.days),
        renewed=0,
        version=1,
    )
    loan.next_on = next_on(kind, loan, on)
    work.session.add(loan)
    try:
        with work.session.begin_nested():
            work.session.flush()
    except IntegrityError:
        raise AlreadyDone(
            "这本书或这位读者刚刚在别的窗口办了借书。请再扫一次。",
            "This copy, or this person's loan, was just written at another desk: scan it again.",
        ) from None
    if hold is not None:
        _end_hold(work, hold, "lent", now)
        if hold.entry_id is not None and hold.entry_id != entry.id:  # another copy was kept for them
            let_go(work, kind, hold.entry_id, by=by, now=now)
    register_rows.set_state(work, kind.of, entry, kind.state("lent"), by=by, now=now)
    record(work, audit.Kind.LOAN_LENT, loan, by, now, due=loan.due_on.isoformat())
    return loan


def _on_shelf(kind: Kind, entry: RegisterEntry, hold: LoanHold | None, name: str) -> None:
    if entry.state == kind.state("free"):
        return
    kept_for_them = hold is not None and hold.entry_id == entry.id
    if entry.state == kind.state("held") and kept_for_them:
        return
    if entry.state == kind.state("held"):
        raise NotNow(
            f"《{name}》留给预约的读者了，不能借给别人。", f"{name} is kept for somebody who reserved it.", taken=True
        )
    titles = registers.register_of(kind.of).states
    state = titles[entry.state].title if entry.state in titles else entry.state
    raise NotNow(
        f"《{name}》现在是“{state}”，不能借。书在手上的，请先按还书办理或改台账。",
        f"{name} is {entry.state!r} in the register and cannot be lent: take it back, or mend the register.",
        taken=True,
    )


def _spoken_for(work: Work, kind: Kind, entry: RegisterEntry, title: str, name: str) -> None:
    """Somebody waits who has no copy kept: this one is theirs."""
    if any(h.state == "waiting" for h in lending.waiting(work, kind.key, title)):
        raise NotNow(
            f"《{name}》有人在预约等候，请先按还书办理，留给预约的读者。",
            f"Somebody waits for {name}: take it back first, and it is kept for them.",
            taken=True,
        )


def _paused(kind: Kind, mine: list[Loan], on: date) -> None:
    after = kind.loans.paused_after
    late = max((lending.overdue(loan, on) for loan in mine), default=0)
    if after is not None and late > after:
        raise NotNow(
            f"有书过期 {late} 天没还，暂停新借，还了就恢复。馆内看书不受影响。",
            f"A loan is overdue by {late} days: no new ones until it is back. Reading on the spot goes on.",
        )


def _place(kind: Kind, mine: list[Loan]) -> int:
    taken = {loan.n for loan in mine}
    free = next((n for n in range(1, kind.loans.limit + 1) if n not in taken), None)
    if free is None:
        raise NotNow(
            f"这位读者已经借了 {len(mine)} 本，最多 {kind.loans.limit} 本。请先还一本。",
            f"They have {len(mine)} already, and may have {kind.loans.limit}: take one back first.",
        )
    return free


def _who(work: Work, kind: Kind, entry: RegisterEntry, whom: Person, now: datetime) -> None:
    need = kind.loans.who
    if need is None:
        return
    expression = feel.compile(need.if_.removeprefix("="))
    item = registers.values(work, kind.of, entry, on=local_date(now))
    context = knowing.context(work, expression, package=kind.package, person=whom, now=now, item=item)
    if expression.evaluate(context, feel.Env(now=now, calendar=work.calendar)) is not True:
        raise NotNow(need.says, need.says_en or need.says)


def guardian_of(work: Work, kind: Kind, whom: Person, on: date) -> tuple[int | None, str | None] | None:
    """(account, telephone) of who stands behind a child; None: nobody needs to. NotNow: nobody is registered."""
    age = age_on(born_on(whom.id_number), on)
    if age is None or age >= kind.loans.guardian:
        return None
    mine: list[ColumnElement[bool]] = []
    if whom.id_number:
        mine.append(Bond.subject_id_index.in_(keys.blinds("id", whom.id_number)))
    if whom.user_id is not None:
        mine.append(Bond.subject_id == whom.user_id)
    bond = work.session.scalar(
        select(Bond)
        .where(Bond.kind == GUARDIAN, Bond.state == "held", Bond.from_on <= on, Bond.until_on >= on, or_(*mine))
        .order_by(Bond.id)
        .limit(1)
    )
    if bond is None:
        raise NotNow(
            f"未满 {kind.loans.guardian} 岁要有登记的监护人。请监护人先在窗口登记关系，再来借。",
            f"Below {kind.loans.guardian} a registered guardian stands behind: register the bond at a counter first.",
        )
    return bond.holder_id, bond.holder_phone


def _known(whom: Person) -> None:
    """Whom limits are counted on is known by more than a name, which others have too."""
    if whom.user_id is None and not whom.id_number and not whom.phone:
        raise NotNow(
            "没有登记他的身份证号，也没有手机号，分不清是谁。请带证件到窗口登记完整，再来借。",
            "Neither their identity number nor their telephone is registered, so nobody knows who it is: have either "
            "registered at a counter, then borrow.",
        )


def _borrower(whom: Person, who: str, guardian: tuple[int | None, str | None] | None) -> dict[str, Any]:
    return {
        "who_ref": who,
        "user_id": whom.user_id,
        "name": whom.name,
        "phone": whom.phone,
        "id_number": whom.id_number,
        "guardian_id": guardian[0] if guardian is not None else None,
        "guardian_phone": guardian[1] if guardian is not None else None,
        "place_id": whom.place_id,
    }


# ---------------------------------------------------------------- back


def end(work: Work, kind: Kind, loan: Loan, entry: RegisterEntry, how: str, *, by: Actor, now: datetime) -> None:
    """It is over: brought back (the copy goes to who waits, or on the shelf), or settled without it."""
    loan.ended_at, loan.ended_how, loan.next_on = now, how, None
    loan.version += 1
    if how == "returned":
        shelve(work, kind, entry, by=by, now=now)
    elif entry.state != kind.state("lost"):
        register_rows.set_state(work, kind.of, entry, kind.state("lost"), by=by, now=now)
    record(work, audit.Kind.LOAN_ENDED, loan, by, now, how=how)


def take_back(work: Work, kind: Kind, entry: RegisterEntry, *, by: Actor, now: datetime) -> Loan | None:
    """A copy is back: the loan that ends by it. One that was not lent (found in a corner, or returned twice) is put
    where it belongs. `entry` is locked."""
    loan = lending.of_copy(work, entry.id)
    if loan is not None:
        end(work, kind, loan, entry, "returned", by=by, now=now)
    elif entry.state in (kind.state("lent"), kind.state("lost"), kind.state("free")):
        shelve(work, kind, entry, by=by, now=now)
    return loan


def shelve(work: Work, kind: Kind, entry: RegisterEntry, *, by: Actor, now: datetime) -> LoanHold | None:
    """A copy is free: kept for the first who waits for its title, else on the shelf. `entry` is locked."""
    work.written(LoanHold)
    hold = work.session.scalar(
        select(LoanHold)
        .where(LoanHold.loans == kind.key, LoanHold.title == kind.title_of(entry), LoanHold.state == "waiting")
        .order_by(LoanHold.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if hold is None:
        if entry.state != kind.state("free"):
            register_rows.set_state(work, kind.of, entry, kind.state("free"), by=by, now=now)
        return None
    hold.state, hold.entry_id = "ready", entry.id
    hold.until_on = local_date(now) + timedelta(days=kind.loans.hold)
    hold.version += 1
    work.session.flush()
    if entry.state != kind.state("held"):
        register_rows.set_state(work, kind.of, entry, kind.state("held"), by=by, now=now)
    last = say(hold.until_on)
    zh = f"您预约的《{entry.title or ''}》到了，给您留到{last}，请来取。"
    en = f"{entry.title or ''}, which you reserved, is kept for you until {hold.until_on}."
    tell(work, hold, f"loan-hold:{hold.id}:ready:{entry.id}:{hold.version}", zh, en, now=now)
    record(work, audit.Kind.LOAN_KEPT, hold, by, now, entry=entry.id, until=hold.until_on.isoformat())
    return hold


def let_go(work: Work, kind: Kind, entry_id: int, *, by: Actor, now: datetime) -> None:
    """A copy that was kept goes to the next who waits, or back on the shelf."""
    entry = register_rows.get(work, entry_id, lock=True)
    if entry is not None and entry.state == kind.state("held"):
        shelve(work, kind, entry, by=by, now=now)


def renew(work: Work, kind: Kind, loan: Loan, *, by: Actor, now: datetime) -> None:
    """Once more as long, counted from the day it is due. NotNow: overdue, renewed already, or somebody waits."""
    renew_all(work, kind, [loan], by=by, now=now)


def renew_all(work: Work, kind: Kind, loans: Sequence[Loan], *, by: Actor, now: datetime) -> None:
    """The same of each of them, or of none."""
    on = local_date(now)
    for loan in loans:
        _renewable(work, kind, loan, on)
    for loan in loans:
        loan.renewed += 1
        loan.due_on += timedelta(days=kind.loans.days)
        loan.next_on = next_on(kind, loan, on)
        loan.version += 1
        record(work, audit.Kind.LOAN_RENEWED, loan, by, now, due=loan.due_on.isoformat())


def _renewable(work: Work, kind: Kind, loan: Loan, on: date) -> None:
    if loan.missed_at is not None or lending.overdue(loan, on):
        raise NotNow("已经过期，不能续借。请尽快来还。", "It is overdue and cannot be renewed: please bring it back.")
    if loan.recalled_at is not None:
        raise NotNow("书屋请您提前还，不能续借。", "It was recalled and cannot be renewed.")
    if loan.renewed >= kind.loans.renew:
        raise NotNow(
            f"已经续借过 {loan.renewed} 次，不能再续。",
            f"It was renewed {loan.renewed} time(s), and no more is possible.",
        )
    if any(h.state == "waiting" and h.who_ref != loan.who_ref for h in lending.waiting(work, kind.key, loan.title)):
        raise NotNow("有别的读者预约了，不能续借。请按时还。", "Somebody else reserved it: it cannot be renewed.")


def grant_all(work: Work, kind: Kind, loans: Sequence[Loan], until: date, *, by: Actor, now: datetime) -> None:
    """The desk allows more time for each of them or for none, whatever the rules say of renewing: a reader was ill.
    NotNow: that day has passed, or one counts as lost."""
    on = local_date(now)
    if any(loan.missed_at is not None for loan in loans):
        raise NotNow("这本已经登记遗失，要先了结。", "It counts as lost: settle that first.")
    if until < on:
        raise NotNow("宽限的日子已经过了。", f"Expected a day to come, but {until} has passed.")
    for loan in loans:
        loan.due_on = max(loan.due_on, until)
        loan.next_on = next_on(kind, loan, on)
        loan.version += 1
        record(work, audit.Kind.LOAN_RENEWED, loan, by, now, due=loan.due_on.isoformat(), granted=True)


def recall(work: Work, kind: Kind, loan: Loan, name: str, *, by: Actor, now: datetime) -> None:
    """It is wanted back before its day: within a week, unless it is due sooner. Twice is the same as once."""
    if loan.recalled_at is not None:
        return
    on = local_date(now)
    loan.recalled_at = now
    loan.due_on = max(on, min(loan.due_on, on + timedelta(days=RECALL_DAYS)))
    loan.next_on = next_on(kind, loan, on)
    loan.version += 1
    zh = f"您借的《{name}》书屋请您{say(loan.due_on)}前还回来，不好意思。"
    en = f"Please bring {name} back by {loan.due_on}: it is needed."
    tell(work, loan, f"loan:{loan.id}:recall", zh, en, now=now)
    record(work, audit.Kind.LOAN_RECALLED, loan, by, now, due=loan.due_on.isoformat())


def miss(work: Work, kind: Kind, loan: Loan, entry: RegisterEntry, *, by: Actor, now: datetime) -> None:
    """It is lost, or was not brought back for too long: the copy is counted as lost until it is settled."""
    loan.missed_at, loan.next_on = now, None
    loan.version += 1
    if entry.state != kind.state("lost"):
        register_rows.set_state(work, kind.of, entry, kind.state("lost"), by=by, now=now)
    record(work, audit.Kind.LOAN_MISSED, loan, by, now)


# ---------------------------------------------------------------- reserved


def reserve(
    work: Work,
    kind: Kind,
    title: str,
    whom: Person,
    *,
    unit_id: int | None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> LoanHold:
    """Any copy of this title, as soon as there is one. Twice is the same as once. `bond_id`: by which somebody else
    asks for them."""
    _known(whom)
    who, on = lending.refs(whom), local_date(now)
    copies = copies_of(work, kind, title)
    if not any(one.state != kind.state("lost") for one in copies):
        raise NotFound("这一种现在没有可借的，不能预约。", f"There is no copy of {title!r} to wait for.")
    for loan in lending.live_of(work, kind.key, who):
        if loan.title == title:
            raise NotNow("这本书正借着，不用预约。", "It is lent to the same person already.")
    there = next((h for h in lending.waiting(work, kind.key, title) if h.who_ref in who), None)
    if there is not None:
        return there
    _who(work, kind, copies[0], whom, now)
    hold = LoanHold(
        loans=kind.key,
        post=kind.loans.desk,
        title=title,
        **_borrower(whom, who[0], guardian_of(work, kind, whom, on)),
        bond_id=bond_id,
        unit_id=unit_id,
        state="waiting",
        asked_at=now,
        version=1,
    )
    most = [h for h in mine_waiting(work, kind.key, who)]
    if len(most) >= kind.loans.limit:
        raise NotNow(
            f"已经预约了 {len(most)} 种，一人最多 {kind.loans.limit} 种。请先取消一种。",
            f"{len(most)} are reserved already, and a person may have {kind.loans.limit}: cancel one first.",
        )
    try:
        with work.session.begin_nested():
            work.session.add(hold)
            work.session.flush()
    except IntegrityError:  # the same person's other telephone was quicker
        return next(h for h in lending.waiting(work, kind.key, title) if h.who_ref in who)
    record(work, audit.Kind.LOAN_RESERVED, hold, by, now)
    free = next((one for one in copies if one.state == kind.state("free")), None)
    if free is not None:
        entry = register_rows.get(work, free.id, lock=True)
        if entry is not None and entry.state == kind.state("free"):
            shelve(work, kind, entry, by=by, now=now)
    return hold


def copies_of(work: Work, kind: Kind, title: str) -> list[RegisterEntry]:
    """Every copy of a title, the oldest first."""
    if title.startswith("#"):
        one = work.session.scalar(registers.by_key(kind.of.key, title[1:]))
        return [one] if one is not None else []
    found = registers.matching(work, kind.of, {kind.loans.reserve_by: title})
    return [one for one in reversed(found) if one.blanked_at is None and one.ended_at is None]


def mine_waiting(work: Work, key: str, who: Collection[str]) -> list[LoanHold]:
    return list(
        work.session.scalars(
            select(LoanHold).where(LoanHold.loans == key, LoanHold.who_ref.in_(who), LoanHold.ended_at.is_(None))
        )
    )


def drop(work: Work, kind: Kind, hold: LoanHold, how: str, *, by: Actor, now: datetime) -> None:
    """Somebody does not want it any more, or did not come: a copy that was kept goes on to the next."""
    kept = hold.entry_id if hold.state == "ready" else None
    entry = register_rows.get(work, kept, lock=True) if kept is not None else None
    _end_hold(work, hold, how, now)
    record(work, audit.Kind.LOAN_HOLD_ENDED, hold, by, now, how=how)
    if entry is not None and entry.state == kind.state("held"):
        shelve(work, kind, entry, by=by, now=now)


def bond_ended(work: Work, bond: Bond, holds: Sequence[int], loans: Sequence[int], *, by: Actor, now: datetime) -> None:
    """A bond is over by which somebody reserved and fetched for another (the ids of what goes on by it). Of somebody
    without an account nobody could fetch what is kept: they wait no more, and a copy goes to the next. What is lent
    stays lent, and whoever fetched it hears when it is due: nothing more of it reaches them."""
    kept = select(LoanHold).where(LoanHold.id.in_(holds), LoanHold.ended_at.is_(None)).order_by(LoanHold.id)
    for hold in work.session.scalars(kept.with_for_update()).all() if holds else ():
        kind = lending.kinds(work).get(hold.loans)
        if kind is None:  # lent no more: nothing of it goes to anybody
            _end_hold(work, hold, "cancelled", now)
        else:
            drop(work, kind, hold, "cancelled", by=by, now=now)
    lent = select(Loan).where(Loan.id.in_(loans)).order_by(Loan.due_on, Loan.id)
    for loan in work.session.scalars(lent).all() if loans else ():
        entry = work.session.get(RegisterEntry, loan.entry_id)
        name, key = (entry.title if entry is not None else "") or "", f"loan:{loan.id}:bond-over:{bond.id}"
        zh = f"您替{loan.name}借的《{name}》还没有还，{say(loan.due_on)}到期，请按时还。关系结束了，以后不再提醒您。"
        en = f"{name}, which you fetched for {loan.name}, is due on {loan.due_on}: please have it brought back. "
        en += "The bond is over, and you are reminded no more."
        _tell_one(work, key, zh, en, user_id=bond.holder_id, phone=bond.holder_phone, now=now)


def joined(work: Work, user: User, who: str) -> None:
    """Whom others borrowed for has an account now: what they have and wait for is theirs to see and renew."""
    models: tuple[type[Loan] | type[LoanHold], ...] = (Loan, LoanHold)
    for model in models:
        known = list(lending.kinds(work))
        work.session.execute(
            update(model)
            .where(model.loans.in_(known), model.who_ref == who, model.user_id.is_(None), model.ended_at.is_(None))
            .values(user_id=user.id)
            .execution_options(synchronize_session="fetch")
        )


def _end_hold(work: Work, hold: LoanHold, how: str, now: datetime) -> None:
    hold.state, hold.ended_at = how, now
    hold.version += 1
    work.session.flush()


# ---------------------------------------------------------------- days, words


def next_on(kind: Kind, loan: Loan, on: date) -> date | None:
    """The next day after `on` on which something is due of a loan: a reminder, or its case."""
    ahead = [loan.due_on + timedelta(days=n) for n in kind.loans.reminds]
    if kind.loans.missed is not None:
        ahead.append(loan.due_on + timedelta(days=missed_days(kind) + 1))
    return min((day for day in ahead if day > on), default=None)


def missed_days(kind: Kind) -> int:
    assert kind.loans.missed is not None
    return int(kind.loans.missed.after.removesuffix("cd"))


def forget(row: Loan | LoanHold, now: datetime) -> None:
    """Nobody knows any more who it was; which copy it was, and when, stays."""
    row.user_id = row.phone = row.id_number = row.guardian_id = row.guardian_phone = row.place_id = None
    row.bond_id = None
    row.name = row.who_ref = ""
    row.forgotten_at = now
    row.version += 1


def tell(work: Work, row: Loan | LoanHold, key: str, zh: str, en: str, *, now: datetime) -> None:
    """Whoever borrows, who stands behind a child, and who asked for it by a bond: on the screen and by a text message
    (not in quiet hours)."""
    people, on = [(row.user_id, row.phone, "")], local_date(now)
    if (row.guardian_id is not None or row.guardian_phone) and _guards(work, row, on):
        people.append((row.guardian_id, row.guardian_phone, ":guardian"))
    bond = work.session.get(Bond, row.bond_id) if row.bond_id is not None else None
    if bond is not None and in_force(bond, on) and bond.holder_id != row.guardian_id:
        people.append((bond.holder_id, bond.holder_phone, ":bond"))
    for user_id, phone, more in people:
        _tell_one(work, f"{key}{more}", zh, en, user_id=user_id, phone=phone, now=now)


def _tell_one(work: Work, key: str, zh: str, en: str, *, user_id: int | None, phone: str | None, now: datetime) -> None:
    if user_id is not None:
        notices.put(work, f"{key}:screen", kind="loan", text=zh, text_en=en, channel="screen", user_id=user_id, now=now)
    address = phone or (_phone(work, user_id) if user_id is not None else None)
    if address:
        notices.put(work, f"{key}:sms", kind="loan", text=zh, channel="sms", address=address, now=now)


def _guards(work: Work, row: Loan | LoanHold, on: date) -> bool:
    """Whether who stood behind the child when it was lent still does: a bond that was ended is told nothing."""
    holder = (
        Bond.holder_id == row.guardian_id
        if row.guardian_id is not None
        else Bond.holder_phone_index.in_(keys.blinds("phone", row.guardian_phone or ""))
    )
    child = [Bond.subject_id == row.user_id] if row.user_id is not None else []
    if row.id_number:
        child.append(Bond.subject_id_index.in_(keys.blinds("id", row.id_number)))
    held = select(Bond.id).where(
        Bond.kind == GUARDIAN, Bond.state == "held", Bond.from_on <= on, Bond.until_on >= on, holder, or_(*child)
    )
    return bool(child) and work.session.scalar(held.limit(1)) is not None


def _phone(work: Work, user_id: int) -> str | None:
    user = work.session.get(User, user_id)
    return user.phone if user is not None else None


def record(work: Work, what: audit.Kind, row: Loan | LoanHold, by: Actor, now: datetime, **facts: Any) -> None:
    """A line of the record, for whom and by which bond where it is not one's own; which book somebody reads is not in
    it, only the row's number."""
    which = {"loan": row.id} if isinstance(row, Loan) else {"hold": row.id}
    grant = borrows_for(by, row) if by.id != row.user_id else None
    bond_id = grant.id if grant is not None else row.bond_id if by.kind == "staff" else None
    if bond_id is not None:
        which["bond"] = bond_id
    for_id = row.user_id if bond_id is not None else None
    audit.record(work, what, by=by, now=now, for_id=for_id, facts={"loans": row.loans, **which, **facts}, later=True)
