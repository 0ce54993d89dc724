"""A notice to many: those of a register who agreed to be told, some at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.commands import board_rows
from engine.commands.equipment import Equipment
from engine.people import tries
from engine.records import jobs, library, notices, registers
from engine.records.jobs import Leased
from engine.store import Database, Work, keys
from engine.store.models import Case, RegisterEntry
from engine.workdays import local_date

#: How many entries are read in one transaction; the next job goes on below the last of them.
CHUNK = registers.MOST


def tell_register(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Everybody whose entry is valid, fits and says yes: on their screen, and by text message within the day's
    measure; at night it waits for the morning."""
    asked, said = job.payload, job.private or {}
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        case = work.session.get_one(Case, job.case_id)
        one = library.version(work, case.version_hash).declared("registers")[str(asked["register"])]
        entries = registers.matching(
            work,
            one,
            said.get("where"),
            states=asked["states"],
            places=asked["places"],
            valid_on=local_date(now),
            most=CHUNK,
            before=asked["before"],
        )
        for entry in entries:
            if (entry.facts or {}).get(asked["consent"]) is True:
                _tell(work, job, entry, now)
        if len(entries) == CHUNK:
            last = entries[-1].id
            key = f"{job.key.split('>')[0]}>{last}"
            payload = {**asked, "before": last}
            jobs.put(work, jobs.Kind.TELL_REGISTER, key, payload, now=now, case_id=case.id, private=said)


def _tell(work: Work, job: Leased, entry: RegisterEntry, now: datetime) -> None:
    asked, said = job.payload, job.private or {}
    person = entry.person if isinstance(entry.person, Mapping) else {}
    phone = str(person.get("phone") or "")
    key = f"{job.key.split('>')[0]}:{entry.id}"
    for channel in asked["channels"]:
        if channel == "screen" and entry.user_id is None or channel != "screen" and not phone:
            continue
        if channel == "sms" and not within(work, entry.user_id, phone, now):
            continue
        notices.put(
            work,
            f"{key}:{channel}",
            str(said["zh"]),
            text_en=str(said["en"]),
            kind=str(asked["kind"]),
            now=now,
            channel=channel,
            user_id=entry.user_id,
            address=phone if channel != "screen" else None,
            case_id=job.case_id,
        )


def within(work: Work, user_id: int | None, phone: str, now: datetime) -> bool:
    """Whether this person may have one more text message of those that go to many."""
    if user_id is not None:
        return board_rows.within(work, user_id, now)
    name = keys.blind("phone", phone)
    try:
        tries.within(work, "told", name, now=now)
    except tries.TooMany:
        return False
    tries.count(work, "told", name, now=now)
    return True
