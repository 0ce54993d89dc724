"""What falls due of loans, each morning after the quiet hours: reminders, cases of what was not brought back, copies
that nobody fetched."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, or_, select

from engine.commands import loan_rows, one_by_one
from engine.commands.equipment import Equipment
from engine.commands.loans.desk import open_case
from engine.matters.nouns.loans import days
from engine.people import SYSTEM
from engine.records import audit, jobs, lending
from engine.records.jobs import Leased
from engine.records.lending import Kind
from engine.store import Database, Work
from engine.store.models import Loan, LoanHold, RegisterEntry
from engine.workdays import local_date, say

#: When it is done, local time.
AT = time(8, 5)
#: Rows of one transaction.
BATCH = 100


def look(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One batch; when it was full another follows at once, else the next morning. Or one loan that was not brought
    back for too long."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if "loan" in job.payload:
            miss(work, int(job.payload["loan"]), now=now)
            return
        if "hold" in job.payload:  # one that failed among the others
            _expire_one(work, work.session.get(LoanHold, int(job.payload["hold"]), with_for_update=True), now)
            return
        if "remind" in job.payload:
            _remind_one(work, work.session.get(Loan, int(job.payload["remind"]), with_for_update=True), now)
            return
        many = expire(work, now=now) + serve_waiting(work, now=now) + remind(work, now=now)
        many = max(many, forget(work, now=now))
        if many >= BATCH:
            jobs.put_once(work, jobs.Kind.LOANS_DUE, f"loans-due:after:{job.id}", now=now)
        else:
            ask_to_look(work, now=now)


def ask_to_look(work: Work, *, now: datetime) -> None:
    """Have it done in the coming morning."""
    jobs.put_daily(work, jobs.Kind.LOANS_DUE, AT, now=now)


def expire(work: Work, *, now: datetime) -> int:
    """Copies that were kept and not fetched go to the next who waits; how many did. One that cannot has a job of its
    own today, and keeps back no other."""
    known, today, done = lending.kinds(work), local_date(now), 0
    failed: list[int] = []

    def instead(hold: LoanHold) -> None:
        failed.append(hold.id)
        key = f"loan-hold:{hold.id}:expire:{today}"
        jobs.put_once(work, jobs.Kind.LOANS_DUE, key, {"hold": hold.id}, now=now)

    while done < BATCH:
        rows = work.session.scalars(
            select(LoanHold)
            .where(LoanHold.state == "ready", LoanHold.until_on < today, LoanHold.loans.in_(list(known)))
            .where(LoanHold.id.not_in(failed))
            .order_by(LoanHold.until_on, LoanHold.id)
            .limit(BATCH - done)
            .with_for_update(skip_locked=True)
        ).all()
        done += one_by_one.batch(
            work,
            rows,
            lambda hold: _expire_one(work, hold, now),
            said=lambda hold: f"reservation {hold.id}",
            instead=instead,
        )
        if not rows:
            break
    return done


def _expire_one(work: Work, hold: LoanHold | None, now: datetime) -> None:
    """None, or fetched meanwhile: nothing."""
    kind = lending.kinds(work).get(hold.loans) if hold is not None else None
    if hold is None or kind is None or hold.state != "ready" or hold.until_on is None:
        return
    if hold.until_on >= local_date(now):
        return
    loan_rows.tell(
        work,
        hold,
        f"loan-hold:{hold.id}:expired",
        "您预约的书没有来取，已经让给下一位。还想看请重新预约。",
        "What you reserved was not fetched and went to the next: reserve it again if you still want it.",
        now=now,
    )
    loan_rows.drop(work, kind, hold, "expired", by=SYSTEM, now=now)


def serve_waiting(work: Work, *, now: datetime) -> int:
    """Somebody waits while a copy stands on the shelf: added since, found again, or given back in the same moment."""
    known, kept = lending.kinds(work), 0
    titles = work.session.execute(
        select(LoanHold.loans, LoanHold.title)
        .where(LoanHold.state == "waiting", LoanHold.loans.in_(list(known)))
        .group_by(LoanHold.loans, LoanHold.title)
        .order_by(LoanHold.loans, LoanHold.title)
    ).all()

    def serve(wanted: tuple[str, str]) -> None:
        nonlocal kept
        kind, served = known[wanted[0]], 0
        for one in loan_rows.copies_of(work, kind, wanted[1]):
            if one.state == kind.state("free") and kept + served < BATCH:
                entry = loan_rows.locked(work, one.id)
                if entry.state == kind.state("free"):
                    served += loan_rows.shelve(work, kind, entry, by=SYSTEM, now=now) is not None
        work.session.flush()
        kept += served

    one_by_one.batch(
        work,
        [(key, title) for key, title in titles],
        serve,
        said=lambda one: f"who waits for {one}",
        instead=lambda one: None,  # in the log; whoever waits does so until the next morning
    )
    return kept


def remind(work: Work, *, now: datetime) -> int:
    """Reminders before and after the day; a case when it was not brought back for too long.

    A case is opened by a job of its own: one that cannot be opened (its matter is not published) keeps back neither the
    reminders of the others nor their cases. Who runs the hall sees the job that failed; the next morning asks again."""
    known, today = lending.kinds(work), local_date(now)
    rows = work.session.scalars(
        select(Loan)
        .where(Loan.next_on <= today, Loan.ended_at.is_(None), Loan.loans.in_(list(known)))
        .order_by(Loan.next_on, Loan.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()

    def instead(loan: Loan) -> None:
        loan.next_on = today + timedelta(days=1)
        key = f"loan:{loan.id}:remind:{today}"
        jobs.put_once(work, jobs.Kind.LOANS_DUE, key, {"remind": loan.id}, now=now)

    one_by_one.batch(
        work, rows, lambda loan: _remind_one(work, loan, now), said=lambda loan: f"loan {loan.id}", instead=instead
    )
    work.session.flush()
    return len(rows)


def _remind_one(work: Work, loan: Loan | None, now: datetime) -> None:
    """None, or brought back meanwhile: nothing."""
    kind, today = lending.kinds(work).get(loan.loans) if loan is not None else None, local_date(now)
    if loan is None or kind is None or loan.ended_at is not None:
        return
    missed = kind.loans.missed
    if missed is not None and lending.overdue(loan, today) > loan_rows.missed_days(kind):
        loan.next_on = today + timedelta(days=1)
        key = f"loan:{loan.id}:missed:{today}"
        jobs.put_once(work, jobs.Kind.LOANS_DUE, key, {"loan": loan.id}, now=now)
        return
    _say(work, kind, loan, today, now)
    loan.next_on = loan_rows.next_on(kind, loan, today)


def miss(work: Work, loan_id: int, *, now: datetime) -> None:
    """The case of a loan that was not brought back for too long; none when it was meanwhile."""
    loan = work.session.get(Loan, loan_id, with_for_update=True)
    kind = lending.kinds(work).get(loan.loans) if loan is not None else None
    if loan is None or kind is None or loan.ended_at is not None or kind.loans.missed is None:
        return
    if lending.overdue(loan, local_date(now)) > loan_rows.missed_days(kind):  # it may have been renewed
        open_case(work, kind, loan, lost=False, by=SYSTEM, now=now)


#: How long who had a loan is kept where its declaration is published no more.
KEPT = timedelta(days=30)


def forget(work: Work, *, now: datetime) -> int:
    """Who had what ended so long ago that it is kept no longer: the person goes, copy and days stay for the counts.
    What a person reads is nobody's business (公共图书馆法 43)."""
    spans = {key: timedelta(days=days(kind.loans.keep)) for key, kind in lending.kinds(work).items()}
    shortest = min(spans.values(), default=KEPT)
    gone = 0
    models: tuple[type[Loan] | type[LoanHold], ...] = (Loan, LoanHold)
    for model in models:
        over = [model.ended_at.is_not(None), model.forgotten_at.is_(None)]
        each = [and_(model.loans == key, model.ended_at < now - span) for key, span in spans.items()]
        each.append(and_(model.loans.not_in(list(spans)), model.ended_at < now - KEPT))
        rows = work.session.scalars(
            select(model)
            .where(*over, model.ended_at < now - min(shortest, KEPT), or_(*each))
            .order_by(model.ended_at, model.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        gone += one_by_one.batch(
            work,
            [row for row in rows if isinstance(row, (Loan, LoanHold))],
            lambda row: loan_rows.forget(row, now),
            said=lambda row: f"{type(row).__name__} {row.id}: who had it is not forgotten",
            instead=lambda row: None,  # in the log; the next morning tries again
        )
    if gone:
        audit.record(work, audit.Kind.LOANS_FORGOTTEN, by=SYSTEM, now=now, facts={"count": gone})
    return gone


def _say(work: Work, kind: Kind, loan: Loan, today: date, now: datetime) -> None:
    entry = work.session.get(RegisterEntry, loan.entry_id)
    name, late = (entry.title if entry is not None else "") or "", lending.overdue(loan, today)
    if late:
        zh = f"您借的《{name}》已经过期 {late} 天，请尽快来还。"
        en = f"{name} is overdue by {late} day(s): please bring it back."
        after = kind.loans.paused_after
        if after is not None:
            zh += f"过期超过 {after} 天会暂停新借。"
    else:
        zh = f"您借的《{name}》{say(loan.due_on)}到期，请按时还；没有人预约的可以续借。"
        en = f"{name} is due on {loan.due_on}; it may be renewed if nobody waits for it."
    loan_rows.tell(work, loan, f"loan:{loan.id}:remind:{today}", zh, en, now=now)
