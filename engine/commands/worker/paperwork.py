"""What the worker does with one paper to make, one notice to send, one rating that nobody gave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from engine.commands import cases
from engine.commands.equipment import Equipment
from engine.people import SYSTEM, login, numbers, tries
from engine.records import documents, jobs, notices, papers
from engine.records.jobs import Leased
from engine.store import Database, Work, keys
from engine.store.models import Notice

# ---------------------------------------------------------------- papers


def render(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    key = str(job.payload["key"])
    with database.reading() as work:
        one = documents.waiting(work, key)
    if one is None:
        with database.unit_of_work() as work:
            jobs.done(work, job, now=now)
        return
    url = f"{equipment.public_url}/verify/{one.check_code}" if equipment.public_url else None
    signers = one.facts.get("signers") or [{"organ": (one.facts.get("organ") or {}).get("name", "")}]
    made = equipment.press.render(
        papers.Job(
            paper=one.text,
            facts=one.facts,
            check_code=one.check_code,
            verify_url=url,
            seal=[
                {
                    **signer,
                    "kind": "sample" if equipment.sample else "none",
                    "purpose": "业务专用章" if one.kind.seal == "special" else "",
                }
                for signer in signers
            ],
            sample=equipment.sample,
            reason=f"{'、'.join(signer['organ'] for signer in signers)}：{one.kind.title}{one.number or ''}",
            signed_at=one.issued_at if equipment.sign else None,
        )
    )
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        documents.rendered(work, one, made.pdf, by=SYSTEM, now=equipment.now(now))


# ---------------------------------------------------------------- notices


def send(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    key = str(job.payload["key"])
    with database.reading() as work:
        row = _unsent(work, key)
        code = row is not None and row.kind == notices.CODE
        # The gateway was away too long: a code that opens nothing any more only puzzles. Or the number was given to
        # somebody else since: they must not read what is not theirs.
        void = row is not None and (now - row.created_at > login.CODE_LASTS if code else numbers.not_for(work, row))
        message = (
            notices.Message(notices.gateway_key(row), row.channel, row.address or "", row.kind, row.text)
            if row is not None and not void
            else None
        )
        texts = message if message is not None and message.channel == "sms" and not code else None
        whose = keys.blind("phone", texts.address) if texts is not None and texts.address else ""
        later = tries.until(work, "texts", whose, now=now) if whose else None
    if later is not None:  # somebody has them sent to this telephone by the dozen: the rest waits
        with database.unit_of_work() as work:
            jobs.keep(work, job, after=notices.next_waking(later))
        return
    answer = ""
    if message is not None:
        channel = equipment.channels.get(message.channel) or equipment.channels.get("*") or notices.Screen()
        # The gateway knows the key: sent again after a crash, it delivers once.
        answer = channel.send(message)
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        row = _unsent(work, key)
        if row is None:
            return
        if void:
            row.state = "cancelled"
            return
        row.state, row.sent_at, row.answer = "sent", now, answer[:200]
        if whose:
            tries.count(work, "texts", whose, now=now)


def _unsent(work: Work, key: str) -> Notice | None:
    """The notice of this key, when it waits, or could not be sent and is tried again."""
    return work.session.scalar(select(Notice).where(Notice.key == key, Notice.state.in_(("waiting", "failed"))))


# ---------------------------------------------------------------- ratings


def close_rating(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """The days to rate are over (RULES E2)."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        cases.close_rating(work, int(job.payload["case"]), now=now)
