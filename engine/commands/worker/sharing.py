"""数据共享: a case asks a source outside and goes on with the answer, whenever and by whichever way it comes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import cases
from engine.commands.applying import Done
from engine.commands.equipment import Equipment
from engine.errors import NotYours
from engine.people import SYSTEM
from engine.records import jobs, sources
from engine.records.jobs import Leased
from engine.records.sources import Answer, Question
from engine.store import Database, Work
from engine.store.models import Awaited, Case

log = logging.getLogger("yizhan.sharing")

#: Tries to reach a source before the diagram is told that it cannot be reached (UNAVAILABLE).
TRIES = 3
#: When an answer that comes later is looked for; after the last the diagram is told.
LOOKS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440, 1440, 1440))


def come_in(
    work: Work, number: str, effect: str, token: str, found: bool, data: Mapping[str, Any] | None, *, now: datetime
) -> bool:
    """An answer that the source sends itself, with the question's token. False: it was answered before."""
    if not sources.opens(token, number, effect):
        raise NotYours("令牌不对，这个结果不能收。", "Expected the token of this question, but it is another.")
    case_id = work.session.scalar(select(Case.id).where(Case.number == number))
    return case_id is not None and _tell(work, case_id, effect, Answer(found, data), now) is not None


def _tell(work: Work, case_id: int, effect: str, answer: Answer, now: datetime) -> Done | None:
    said = {"found": answer.found, "data": dict(answer.data) if answer.data is not None else None}
    return cases.answer(work, case_id, effect, said, by=SYSTEM, now=now)


def _question(database: Database, job: Leased) -> Question | None:
    """None: nobody waits for it any more."""
    given, private = job.payload, job.private or {}
    with database.reading() as work:
        waits = select(Awaited.id).where(Awaited.case_id == given["case"], Awaited.key == str(given["effect"]))
        number = work.session.scalar(select(Case.number).where(Case.id == given["case"], waits.exists()))
    if number is None:
        return None
    effect = str(given["effect"])
    query = private.get("query")
    return Question(
        key=f"{number}:{effect}",
        source=str(given["source"]),
        query=query if isinstance(query, Mapping) else {},
        purpose=str(private.get("purpose") or ""),
        number=number,
        answer_to=f"/api/v1/answers/{number}/{effect}",
        token=sources.token(number, effect),
    )


def ask(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    question = _question(database, job)
    if question is None:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
        return
    source = equipment.sources.get(question.source) or equipment.sources.get("*") or sources.Demo()
    try:
        answer = source.ask(question)
    except OSError as broken:
        if job.attempts < TRIES:
            raise
        _give_up(database, job, str(broken), now)
        return
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if answer is not None:
            _tell(work, job.payload["case"], str(job.payload["effect"]), answer, now)
        else:
            _look_later(work, job, 0, now)


def collect(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    question = _question(database, job)
    answer, broken = None, "no answer came"
    if question is not None:
        source = equipment.sources.get(question.source) or equipment.sources.get("*") or sources.Demo()
        try:
            answer = source.collect(question)
        except OSError as error:  # as good as no answer yet: it is looked for again
            log.warning("%s: the answer of %s could not be collected: %s", question.number, question.source, error)
            broken = str(error)
    looked = int(job.payload["looked"]) + 1
    if question is not None and answer is None and looked >= len(LOOKS):
        _give_up(database, job, broken, now)
        return
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if answer is not None:
            _tell(work, job.payload["case"], str(job.payload["effect"]), answer, now)
        elif question is not None:
            _look_later(work, job, looked, now)


def _look_later(work: Work, job: Leased, looked: int, now: datetime) -> None:
    given = {**job.payload, "looked": looked}
    key = f"collect:{given['case']}:{given['effect']}:{looked}"
    jobs.put(
        work,
        jobs.Kind.COLLECT_ANSWER,
        key,
        given,
        now=now,
        case_id=job.case_id,
        after=now + LOOKS[looked],
        private=job.private,
    )


def _give_up(database: Database, job: Leased, why: str, now: datetime) -> None:
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        cases.answer(
            work, job.payload["case"], str(job.payload["effect"]), by=SYSTEM, now=now, error=("UNAVAILABLE", why)
        )
