"""What the worker does for registers in the night: who is told that an entry runs out, or has; and what is past its
time is blanked (个人信息保护法 19, 47: kept no longer than needed).

Blanked means: a field whose own time is over goes; when the register's time is over, everything about a person goes,
from the entry, its index and its history. Plain fields stay, so that what was done may still be counted. Each batch is
a transaction of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, or_, select, update

from engine.commands.equipment import Equipment
from engine.matters.nouns import Declared
from engine.matters.nouns.registers import ABOUT_SOMEBODY, RUNS_OUT, Register, after
from engine.people import SYSTEM, holders, units
from engine.records import audit, jobs, library, notices, registers
from engine.records.jobs import Leased
from engine.records.kept import unless_resident
from engine.store import Database, Work
from engine.store.models import RegisterChange, RegisterEntry, RegisterIndex
from engine.workdays import local_date, say

#: When it is done, local time: no hall is open.
AT = time(4)
#: Entries of one transaction.
BATCH = 200


def keep_registers(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """One batch; when it was full another follows at once, else the next night."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        many = tell(work, now=now) + blank(work, now=now)
        if many >= BATCH:
            jobs.put_once(work, jobs.Kind.KEEP_REGISTERS, f"keep-registers:after:{job.id}", now=now)
        else:
            ask_to_keep(work, now=now)


def ask_to_keep(work: Work, *, now: datetime) -> None:
    """Have it done in the coming night."""
    jobs.put_daily(work, jobs.Kind.KEEP_REGISTERS, AT, now=now)


# ---------------------------------------------------------------- running out


def tell(work: Work, *, now: datetime) -> int:
    """Whoever is to be told of entries that run out soon, or have: once for each day that an entry runs out on."""
    today, told = local_date(now), 0
    staff: Counter[tuple[int, str, str]] = Counter()
    known: dict[str, Register] = {}
    for one, _ in library.declared(work, "registers").values():
        register = known[one.key] = registers.register_of(one)
        if register.runs_out is None:
            continue
        last = after(today, register.runs_out.before)
        soon = [RegisterEntry.valid_until >= today, RegisterEntry.valid_until <= last]
        unsaid = or_(RegisterEntry.told_for.is_(None), RegisterEntry.told_for != RegisterEntry.valid_until)
        told += _tell(work, one, register, [*soon, unsaid], "soon", staff, now)
        over = [RegisterEntry.valid_until < today]
        unsaid = or_(RegisterEntry.told_over.is_(None), RegisterEntry.told_over != RegisterEntry.valid_until)
        told += _tell(work, one, register, [*over, unsaid], "over", staff, now)
    for (user_id, name, which), count in sorted(staff.items()):
        title = known[name].title
        zh, en = _said(known[name], which, count)
        key = f"register:{title}:{which}:{user_id}:{now.isoformat(timespec='seconds')}"
        notices.put(work, key, kind=RUNS_OUT, text=zh, text_en=en, channel="screen", user_id=user_id, now=now)
    return told


def _tell(
    work: Work,
    one: Declared,
    register: Register,
    asked: list[Any],
    which: str,
    staff: Counter[tuple[int, str, str]],
    now: datetime,
) -> int:
    assert register.runs_out is not None
    rows = work.session.scalars(
        select(RegisterEntry)
        .where(RegisterEntry.register.in_(registers.names(one)), RegisterEntry.ended_at.is_(None), *asked)
        .order_by(RegisterEntry.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for entry in rows:
        for whom in register.runs_out.tells:
            if whom == "person":
                _tell_person(work, one, register, entry, which, now)
            else:
                for user_id in _holders(work, entry, whom):
                    staff[user_id, one.key, which] += 1
        if which == "soon":
            entry.told_for = entry.valid_until
        else:
            entry.told_over = entry.told_for = entry.valid_until
    work.session.flush()
    return len(rows)


def _said(register: Register, which: str, count: int) -> tuple[str, str]:
    """What a post is told, in the register's own words where it has some."""
    assert register.runs_out is not None
    own, own_en, soon = register.runs_out.says, register.runs_out.says_en, which == "soon"
    if own:
        zh = f"台账“{register.title}”有 {count} 条{'快' if soon else ''}{own}了，请看一看。"
        return zh, f"{count} of “{register.title_en}”: {own_en or own}{', soon' if soon else ''}."
    zh = f"台账“{register.title}”有 {count} 条{'快到期了' if soon else '过期了'}，请看一看要不要更新。"
    return zh, f"{count} of “{register.title_en}” {'run out soon' if soon else 'have run out'}."


def _tell_person(
    work: Work, one: Declared, register: Register, entry: RegisterEntry, which: str, now: datetime
) -> None:
    known = entry.person if isinstance(entry.person, Mapping) else {}
    phone = units.tree(work).county.phone
    assert entry.valid_until is not None
    day = say(entry.valid_until)
    if which == "soon":
        zh = f"您在“{register.title}”的登记{day}到期，要继续请打 {phone} 或到大厅更新。"
        en = f"Your entry in “{register.title_en}” is valid until {entry.valid_until}; call {phone} to renew it."
    else:
        zh = f"您在“{register.title}”的登记{day}已到期，更新以前不能再用。电话 {phone}。"
        en = f"Your entry in “{register.title_en}” ran out on {entry.valid_until}; renew it before it is used again."
    key = f"register:{which}:{entry.valid_until}:{entry.id}"
    if entry.user_id is not None:
        notices.put(
            work,
            f"{key}:screen",
            kind=RUNS_OUT,
            text=zh,
            text_en=en,
            channel="screen",
            user_id=entry.user_id,
            case_id=entry.case_id,
            now=now,
        )
    if known.get("phone"):
        address = str(known["phone"])
        notices.put(
            work,
            f"{key}:sms",
            kind=RUNS_OUT,
            text=zh,
            channel="sms",
            address=address,
            case_id=entry.case_id,
            now=now,
        )


def _holders(work: Work, entry: RegisterEntry, post: str) -> list[int]:
    """Who holds the post where the entry belongs, or at the next unit above where somebody does."""
    where = entry.place_id or entry.unit_id
    if where is None:
        return []
    return holders.near(work, units.place(work, where), post)


# ---------------------------------------------------------------- blanking


def blank(work: Work, *, now: datetime) -> int:
    """Blank what is past its time; how many entries."""
    today = local_date(now)
    by_name = _by_name(work)
    rows = work.session.scalars(
        select(RegisterEntry)
        .where(RegisterEntry.keep_until <= today, RegisterEntry.register.in_(list(by_name)))
        .order_by(RegisterEntry.keep_until, RegisterEntry.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    done: dict[str, list[int]] = {}
    for entry in rows:
        one = by_name[entry.register]
        _blank(work, registers.register_of(one), entry, today, now)
        done.setdefault(one.key, []).append(entry.id)
    for key, ids in sorted(done.items()):
        audit.record(work, audit.Kind.REGISTER_BLANKED, by=SYSTEM, now=now, facts={"register": key, "entries": ids})
    work.session.flush()
    return len(rows)


def _blank(work: Work, register: Register, entry: RegisterEntry, today: date, now: datetime) -> None:
    end = local_date(entry.ended_at) if entry.ended_at is not None else entry.valid_until or local_date(entry.at)
    whole = bool(register.keep) and after(end, register.keep) <= today
    gone = {
        name
        for name, field in register.fields.items()
        if (field.keep and after(end, field.keep) <= today)
        or (whole and not field.keep and field.kind in ABOUT_SOMEBODY)
    }
    left = _go(work, entry, gone, personal=whole and register.about == "person", whole=whole, now=now)
    if register.key in gone:
        entry.key = entry.title = None
    day = registers.keep_day(register, left, at=entry.at, ended_at=entry.ended_at, valid_until=entry.valid_until)
    entry.keep_until = None if day is None or day <= today else day


def blank_of_cases(work: Work, case_ids: Sequence[int], *, now: datetime) -> None:
    """Lines that these cases left in registers which say no time of their own go with the case: what they say of
    people, not what is counted. Of a register that nobody declares any more, everything."""
    by_name = _by_name(work)
    rows = work.session.scalars(
        select(RegisterEntry)
        .where(RegisterEntry.case_id.in_(case_ids), RegisterEntry.blanked_at.is_(None))
        .order_by(RegisterEntry.id)
        .with_for_update()
    ).all()
    for entry in rows:
        one = by_name.get(entry.register)
        register = registers.register_of(one) if one is not None else None
        facts = dict(entry.facts) if isinstance(entry.facts, Mapping) else {}
        if register is None:
            gone = set(facts)
        elif register.about == "case" and not register.keep:
            gone = {name for name, field in register.fields.items() if field.kind in ABOUT_SOMEBODY}
        else:
            continue
        _go(work, entry, gone, personal=True, whole=True, now=now)
        entry.keep_until = None


def _by_name(work: Work) -> dict[str, Declared]:
    return {name: one for one, _ in library.declared(work, "registers").values() for name in registers.names(one)}


def _go(
    work: Work, entry: RegisterEntry, gone: set[str], *, personal: bool, whole: bool, now: datetime
) -> dict[str, Any]:
    """These fields go, `personal`: with whose line it is; from the entry, its index and its history. What is left.
    `whole`: its time is over, and which resident had it written goes too."""
    _blank_history(work, entry, gone, personal)
    fields = [*gone, *(("name", "phone", "id_number") if personal else ())]
    work.session.execute(
        delete(RegisterIndex).where(RegisterIndex.entry_id == entry.id, RegisterIndex.field.in_(fields))
    )
    facts = dict(entry.facts) if isinstance(entry.facts, Mapping) else {}
    left = {name: value for name, value in facts.items() if name not in gone}
    entry.facts = left
    if personal:
        entry.person = entry.title = entry.key = entry.user_id = None
    if whole:
        entry.blanked_at = now
        entry.by_id = unless_resident(RegisterEntry.by_id)
        work.session.execute(
            update(RegisterChange)
            .where(RegisterChange.entry_id == entry.id)
            .values(by_id=unless_resident(RegisterChange.by_id))
            .execution_options(synchronize_session=False)
        )
    entry.version += 1
    entry.changed_at = now
    work.session.add(
        RegisterChange(entry_id=entry.id, version=entry.version, at=now, by_id=None, what="blanked", facts=None)
    )
    return left


def _blank_history(work: Work, entry: RegisterEntry, gone: set[str], personal: bool) -> None:
    """The history says no more than the entry does."""
    rows = work.session.scalars(
        select(RegisterChange).where(RegisterChange.entry_id == entry.id, RegisterChange.what != "blanked")
    ).all()
    for row in rows:
        said = row.facts if isinstance(row.facts, Mapping) else {}
        kept = {
            name: value
            for name, value in said.items()
            if name not in gone and not (personal and name.startswith("person."))
        }
        if len(kept) < len(said) or personal:
            values: dict[str, Any] = {"facts": kept or None}
            if personal:
                values["why"] = None
            work.session.execute(update(RegisterChange).where(RegisterChange.id == row.id).values(**values))
