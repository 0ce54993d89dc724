"""批量查看要两个人: more looks behind masks in an hour than one may have alone, or a whole list taken out, asks a
head, who grants a number for an hour. Rules of the database: nobody grants their own, and no more is used than was
granted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from engine.commands.applying import masked_name
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor, holders, may, require, units
from engine.people.tries import TooMany
from engine.reads import reveals
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import Case, LookGrant, Reveal
from engine.workdays import local_date, say_at

#: Looks behind a mask by one person in an hour: a counter needs a few, a copier of the register needs many.
MOST, WITHIN = 20, timedelta(hours=1)
#: How long what was granted may be used, and the most one word grants.
LASTS, MOST_GRANTED = timedelta(hours=1), 5000
#: The shortest words that say anything.
LEAST_WORDS = 4


def said_why(purpose: str, words: str) -> str:
    """Why somebody looks behind a mask, as it is kept. Invalid: no purpose of the list, or too few words."""
    if purpose not in reveals.PURPOSES:
        raise Invalid([FieldError("purpose", "为什么要看", "请选一个用途。", "Choose a purpose.")])
    words = words.strip()
    if len(words) < LEAST_WORDS:
        zh = f"请用至少{LEAST_WORDS}个字写明这次为什么要看。"
        raise Invalid([FieldError("words", "这次的事由", zh, f"Say why, in at least {LEAST_WORDS} characters.")])
    return f"{reveals.PURPOSES[purpose]}：{words}"[:200]


def look(
    work: Work,
    field: str,
    purpose: str,
    words: str,
    *,
    case: Case | None = None,
    entry_id: int | None = None,
    by: Actor,
    now: datetime,
    **facts: object,
) -> str:
    """One look behind a mask, by a person, for a purpose of the list, with words, so many an hour: kept with its words,
    which are returned, and in the record. `facts`: what else the record says of it. NotYours, Invalid, TooMany."""
    said = said_why(purpose, words)
    if by.id is None:
        raise NotYours("完整信息要由人来看，要记下是谁。", "Expected a person: who looks is recorded.")
    not_too_often(work, by.id, now=now)
    case_id = case.id if case is not None else None
    work.session.add(Reveal(by_id=by.id, case_id=case_id, entry_id=entry_id, field=field, purpose=said, at=now))
    facts |= {"field": field, "purpose": purpose}
    audit.record(work, audit.Kind.REVEALED, by=by, now=now, case=case, facts=facts)
    return said


def not_too_often(work: Work, user_id: int, *, now: datetime, many: int = 1) -> None:
    """TooMany: with these they would look behind more masks in this hour than one person may alone, and no head has
    granted so many."""
    behind = (Reveal.by_id == user_id, Reveal.at > now - WITHIN, ~Reveal.field.startswith(reveals.OPENED))
    looked = work.session.scalar(select(func.count()).where(*behind)) or 0
    if looked + many <= MOST or _use(work, user_id, many, now=now):
        return
    said = f"这一次要看 {many} 人" if many > 1 else f"您这一小时已看了 {looked} 次"
    raise TooMany(
        f"{said}，一个人一小时最多看 {MOST} 次完整信息。要成批看的，请在“批量查看”里请负责人同意，写明件数。",
        f"One person looks behind {MOST} masks in an hour at most ({looked} so far, {many} more asked): ask a head for "
        "more under 批量查看.",
    )


def _use(work: Work, user_id: int, many: int, *, now: datetime) -> bool:
    """So many of what was granted are used, or none: one conditional UPDATE, whoever else uses it at this moment."""
    room = (
        select(LookGrant.id)
        .where(
            LookGrant.asker_id == user_id,
            LookGrant.state == "granted",
            LookGrant.until_at > now,
            LookGrant.used + many <= LookGrant.many,
        )
        .order_by(LookGrant.id)
        .limit(1)
    )
    found = work.session.scalar(room)
    if found is None:
        return False
    done = work.session.execute(
        update(LookGrant)
        .where(LookGrant.id == found, LookGrant.used + many <= LookGrant.many)
        .values(used=LookGrant.used + many)
        .returning(LookGrant.id)
        .execution_options(synchronize_session=False)
    )
    return done.scalar_one_or_none() is not None


def ask_for_many(work: Work, many: int, purpose: str, words: str, *, by: Actor, now: datetime) -> LookGrant:
    """Ask a head for so many looks in one hour. Invalid by the field; NotNow when one is asked already."""
    own = next((p for p in by.positions if p.for_id is None and p.role in ("clerk", "supervisor")), None)
    if by.id is None or own is None:
        raise NotYours("只有办件的工作人员可以申请批量查看。", "Only who handles cases asks for many looks.")
    wrong = []
    if not MOST < many <= MOST_GRANTED:
        zh = f"请填件数，{MOST + 1} 到 {MOST_GRANTED}；{MOST} 以内的不用申请。"
        wrong.append(FieldError("many", "要看几人", zh, f"Give a number, {MOST + 1} to {MOST_GRANTED}."))
    try:
        said_why(purpose, words)
    except Invalid as error:
        wrong += error.fields
    if wrong:
        raise Invalid(wrong)
    _none_waits(work, by.id)
    wanted = LookGrant(
        asker_id=by.id,
        unit_id=own.unit_id,
        purpose=purpose,
        words=words.strip()[:500],
        many=many,
        asked_at=now,
        state="asked",
        used=0,
    )
    row = work.insert_once(wanted)
    if row is None:  # asked twice at once: the other stands by now, or was answered already
        _none_waits(work, by.id)
        raise NotNow("刚才已经申请过，请刷新看一看。", "You asked a moment ago: look again.")
    facts = {"grant": row.id, "many": many, "purpose": purpose}
    audit.record(work, audit.Kind.LOOKS_ASKED, by=by, now=now, facts=facts)
    day = local_date(now)
    heads = holders.supervisors(work, own.unit_id, {by.id}, on=day) or holders.supervisors(
        work, units.tree(work).county.id, {by.id}, on=day
    )
    for user_id in heads:
        notices.put(
            work,
            f"looks:{row.id}:{user_id}",
            f"{by.name}申请成批看 {many} 人的完整信息，请到“批量查看”答复。",
            text_en=f"{by.name} asks to see whole data of {many} people: answer under 批量查看.",
            kind="looks",
            channel="screen",
            user_id=user_id,
            now=now,
        )
    return row


def _none_waits(work: Work, asker_id: int) -> None:
    before = work.session.scalar(
        select(LookGrant).where(LookGrant.asker_id == asker_id, LookGrant.state == "asked").limit(1)
    )
    if before is not None:
        raise NotNow(
            f"您已于 {say_at(before.asked_at)} 申请看 {before.many} 人，正等负责人答复。",
            f"Expected nothing asked yet, but you asked for {before.many} at {say_at(before.asked_at)}.",
        )


def answer_many(work: Work, grant_id: int, yes: bool, words: str, *, by: Actor, now: datetime) -> LookGrant:
    """A head's word, never on their own asking: for an hour, or no, with the reason."""
    row = work.session.scalar(
        select(LookGrant).where(LookGrant.id == grant_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None or not may(by, "see", row):
        raise NotFound("没有这项申请，或不归您答复。", f"There is no request {grant_id} you may see.")
    require(by, "supervise", row)
    if row.state != "asked":
        who = masked_name(work, row.granter_id) if row.granter_id is not None else ""
        raise AlreadyDone(f"{who}已经答复过这项申请。", "Expected an open request, but it is answered.")
    if not yes and len(words.strip()) < LEAST_WORDS:
        zh = "请写明为什么不同意。"
        raise Invalid([FieldError("answer", "理由", zh, "Say why not.")])
    row.state, row.granter_id, row.answered_at = "granted" if yes else "refused", by.id, now
    row.until_at, row.answer = now + LASTS if yes else None, words.strip()[:500]
    work.session.flush()
    facts = {"grant": row.id, "many": row.many, "granted": yes}
    audit.record(work, audit.Kind.LOOKS_ANSWERED, by=by, now=now, facts=facts)
    said = f"同意了，{say_at(now + LASTS)} 以前有效" if yes else f"没有同意：{row.answer}"
    en = "granted, for an hour" if yes else "refused"
    notices.put(
        work,
        f"looks:{row.id}:answered",
        f"您申请成批看 {row.many} 人的完整信息，负责人{said}。",
        text_en=f"Your request to see whole data of {row.many} people was {en}.",
        kind="looks",
        channel="screen",
        user_id=row.asker_id,
        now=now,
    )
    return row
