"""迁移, in batches: a plan says to which version and what became of which element; the worker moves case after case,
one transaction each, and goes on where it was whoever dies. What could not be moved says why, and runs on as before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import undefer

from engine import process
from engine.commands import cases
from engine.commands.cases.finding import needs
from engine.commands.cases.versions import RUNS, matched
from engine.commands.equipment import Equipment
from engine.errors import FieldError, Invalid, NotFound, NotNow, Refused
from engine.people import Actor, load, require
from engine.records import jobs, library
from engine.records.jobs import Fenced, Leased
from engine.store import Database, Work, again
from engine.store.models import Case, MovedCase, VersionMove

log = logging.getLogger("yizhan.moving")

#: Cases moved before other work has its turn.
TURN = 20
#: The most cases of one plan.
MOST = 20_000

Chosen = Mapping[
    str, Mapping[str, str]
]  # version a case comes from -> "process/element" -> what it is now; "": nothing


def begin(
    work: Work, matter: str, to: str, chosen: Chosen, cases_: Mapping[int, str], why: str, *, by: Actor, now: datetime
) -> VersionMove:
    """Have these cases (id -> the version it was looked at under) moved to a published version of their matter."""
    require(by, "move")
    needs(why, "why", "为什么迁移")
    package = library.version(work, to)
    if package.name != matter:
        raise NotFound("这个事项没有这一版。", "This matter has no such version.")
    for frm, said in chosen.items():
        _sensible(work, frm, to, said)
    if not cases_:
        zh, en = "请至少选一件。", "Choose at least one case."
        raise Invalid([FieldError("cases", "迁移哪些件", zh, en)])
    if len(cases_) > MOST:
        raise NotNow(f"一次最多迁移 {MOST} 件，请分几次。", f"At most {MOST} cases are moved at a time.")
    assert by.id is not None
    row = VersionMove(
        matter=matter,
        to_hash=to,
        chosen={frm: dict(said) for frm, said in chosen.items() if said},
        why=why.strip()[:400],
        state="moving",
        made_by_id=by.id,
        made_at=now,
    )
    _must_be_alone(work, row)
    # those the reader could have seen: a confidential case is its office's to move
    there = select(Case.id).where(
        Case.matter == matter, Case.status.in_(RUNS), ~Case.confidential, Case.version_hash != to
    )
    ids = set(work.session.scalars(there))
    work.session.add_all(
        MovedCase(move_id=row.id, case_id=id, from_hash=frm, told=[], after="")
        for id, frm in sorted(cases_.items())
        if id in ids
    )
    _wake(work, row, now)
    work.session.flush()
    return row


def everything(work: Work, matter: str, frm: str, *, by: Actor) -> dict[int, str]:
    """All cases that run on a version, but for confidential ones."""
    require(by, "move")
    found = select(Case.id).where(
        Case.matter == matter, Case.version_hash == frm, Case.status.in_(RUNS), ~Case.confidential
    )
    return dict.fromkeys(work.session.scalars(found), frm)


def stop(work: Work, move_id: int, *, by: Actor, now: datetime) -> VersionMove:
    """No further case of it is moved; those that were stay moved."""
    row = _found(work, move_id, by)
    if row.state != "moving":
        raise NotNow("它已经停了或做完了。", "Expected a move under way, but it has ended.")
    row.state, row.ended_at = "stopped", now
    return row


def go_on_again(work: Work, move_id: int, *, by: Actor, now: datetime) -> VersionMove:
    """What waits is moved, and what could not be is tried once more."""
    row = _found(work, move_id, by)
    if row.state not in ("stopped", "done"):
        raise NotNow("它正在做。", "It is under way.")
    for one in work.session.scalars(select(MovedCase).where(MovedCase.move_id == row.id, MovedCase.state == "refused")):
        one.state = "waiting"
    _again(work, row, "moving", now)
    return row


def undo(work: Work, move_id: int, *, by: Actor, now: datetime) -> VersionMove:
    """Put back every case of it on which nobody has acted since."""
    row = _found(work, move_id, by)
    if row.state not in ("stopped", "done"):
        raise NotNow("它还在做，请先停下。", "It is under way: stop it first.")
    moved = select(func.count()).where(MovedCase.move_id == row.id, MovedCase.state == "moved")
    if not work.session.scalar(moved):
        raise NotNow("没有可以撤销的件。", "There is no case to put back.")
    _again(work, row, "undoing", now)
    return row


def _found(work: Work, move_id: int, by: Actor) -> VersionMove:
    require(by, "move")
    row = work.session.get(VersionMove, move_id, with_for_update=True, populate_existing=True)
    if row is None or row.alone:
        raise NotFound("没有这次迁移。", "There is no such move.")
    return row


def _again(work: Work, row: VersionMove, state: str, now: datetime) -> None:
    row.state, row.ended_at = state, None
    _must_be_alone(work, row)
    _wake(work, row, now)


def _must_be_alone(work: Work, row: VersionMove) -> None:
    """One plan at a time of a matter: the database holds it."""
    try:
        with work.attempt():
            work.session.add(row)
            work.session.flush()
    except IntegrityError:
        raise NotNow(
            "这个事项正有一次迁移在做，请等它做完或先停下它。",
            "Cases of this matter are being moved already: wait for that, or stop it.",
        ) from None


def _wake(work: Work, row: VersionMove, now: datetime) -> None:
    if not jobs.put_once(work, jobs.Kind.MOVE_CASES, f"move:{row.id}", {"move": row.id}, now=now):
        jobs.anew(work, f"move:{row.id}", now=now, after=now)


def _sensible(work: Work, frm: str, to: str, said: Mapping[str, str]) -> None:
    """Every choice names an element on both sides, of one kind, and none twice."""
    old, new = library.version(work, frm), library.version(work, to)
    found = {process_.process + "/" + process_.old: process_ for process_ in matched(old, new, said).pairs}
    wrong = []
    taken: set[str] = set()
    for key, element in said.items():
        pair = found.get(key)
        if pair is None or (element and (pair.new != element or element in taken)):
            wrong.append(FieldError(key, key, "没有这样的对应，或者一步对了两步。", "There is no such pair."))
        elif element and not pair.fits:
            zh = f"“{key.partition('/')[2]}”和“{element}”不是同一种，接不上。"
            wrong.append(FieldError(key, key, zh, f"{key!r} and {element!r} are not of one kind."))
        taken.add(element)
    if wrong:
        raise Invalid(wrong)


# ---------------------------------------------------------------- the worker


def go_on(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One turn of a plan: some cases, each in a transaction of its own."""
    id = int(job.payload["move"])
    with database.reading() as work:
        row = work.session.get_one(VersionMove, id)
        state = row.state
        wanted = {"moving": "waiting", "undoing": "moved"}.get(state)
        next_ = select(MovedCase.id).where(MovedCase.move_id == id, MovedCase.state == wanted)
        ids = list(work.session.scalars(next_.order_by(MovedCase.id).limit(TURN))) if wanted else []
    for one in ids:
        one_case(database, id, one, state, equipment.now(now))
    with database.unit_of_work() as work:
        if len(ids) == TURN:
            jobs.keep(work, job, after=now)
            return
        jobs.done(work, job, now=now)
        row = work.session.get_one(VersionMove, id, with_for_update=True)
        if row.state == state and wanted:
            row.state, row.ended_at = "done", now


def one_case(database: Database, move_id: int, id: int, state: str, now: datetime) -> None:
    """One case. What it is refused for is kept with it; the others go on."""

    def once() -> None:
        with database.unit_of_work() as work:
            plan = work.session.get_one(VersionMove, move_id)
            row = work.session.get_one(MovedCase, id)
            if plan.state != state:
                return  # somebody stopped it between our look and our try
            by = load(work, plan.made_by_id, now=now)
            if state == "moving" and row.state == "waiting":
                said = plan.chosen.get(row.from_hash, {})
                case = work.session.get_one(Case, row.case_id)
                if case.version_hash != row.from_hash and case.version_hash != plan.to_hash:
                    raise NotNow(
                        "这个件已经换到别的版本，请重新看一遍再迁移。",
                        "It has gone to another version meanwhile: look at it again.",
                    )
                cases.move_version(work, row.case_id, plan.to_hash, said, plan.why, by=by, now=now, plan=move_id)
            elif state == "undoing" and row.state == "moved":
                cases.undo_move(work, id, by=by, now=now, of_plan=True)

    try:
        again(once)
    except (OperationalError, Fenced):  # the database is away: the job is tried again, not this case given up
        raise
    except Refused as refused:
        reasons = refused.reasons if isinstance(refused, cases.CannotMove) else ((refused.zh, refused.en),)
        _refuse(database, id, state, reasons, now)
    except Exception:  # whatever is wrong with one case hinders no other
        log.exception("case %s of move %s", id, move_id)
        zh, en = "程序出错，没有迁移，请报运维。", "The program failed and nothing was moved: tell the operator."
        _refuse(database, id, state, ((zh, en),), now)


def _refuse(database: Database, id: int, state: str, reasons: tuple[tuple[str, str], ...], now: datetime) -> None:
    with database.unit_of_work() as work:
        row = work.session.get_one(MovedCase, id)
        row.state = "refused" if state == "moving" else "kept"
        row.told, row.at = [list(one) for one in reasons], now


# ---------------------------------------------------------------- before it is begun


@dataclass(frozen=True, slots=True)
class Became:
    """One element of the version cases come from, and what it is in the other."""

    key: str  # "process/element"
    name: str
    behind: str  # of one without a name: the named element that it stands behind, or on
    kind: str  # the name of its class: UserTask, Exclusive …
    new: str  # its id there; "": it is no more
    how: str  # id, name, place, chosen, none
    fits: bool
    choices: tuple[tuple[str, str, str], ...]  # (id, name, what it stands behind) of what it could be


@dataclass(frozen=True, slots=True)
class Seen:
    """One case, and what would come of it."""

    id: int
    number: str
    stage: str
    hinders: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]


def became(work: Work, frm: str, to: str, chosen: Mapping[str, str], *, by: Actor) -> list[Became]:
    """What became of every element: a proposal, with what a person said."""
    require(by, "move")
    old, new = library.version(work, frm).definition, library.version(work, to).definition
    found = matched(library.version(work, frm), library.version(work, to), chosen)
    shown = []
    for pair in found.pairs:
        spec = old.processes[pair.process].task_specs[pair.old]
        there = new.processes.get(found.processes.get(pair.process, ""))
        choices = process.alike_in(spec, there) if there is not None else []
        shown.append(
            Became(
                f"{pair.process}/{pair.old}",
                spec.node.name,
                process.behind(spec),
                type(spec).__name__,
                pair.new or "",
                pair.how,
                pair.fits,
                tuple((one.name, one.node.name, process.behind(one)) for one in choices),
            )
        )
    return shown


def preview(
    work: Work, matter: str, frm: str, to: str, chosen: Mapping[str, str], *, by: Actor, now: datetime, most: int
) -> list[Seen]:
    """What would come of the first so many cases of a version. Nothing changes; nothing of a person is said."""
    require(by, "move")
    package = library.version(work, to)
    rows = work.session.scalars(
        select(Case)
        .where(Case.matter == matter, Case.version_hash == frm, Case.status.in_(RUNS), ~Case.confidential)
        .order_by(Case.id)
        .limit(most)
        .options(undefer(Case.state))
    )
    seen = []
    for case in rows:
        found = cases.look_at_move(work, case, package, chosen, now=now)
        seen.append(Seen(case.id, case.number, case.stage, found.hinders, found.notes))
    return seen
