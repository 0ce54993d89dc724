"""保全: a case that is not to be erased while it is needed: a suit, an inspection, a complaint. By a head of its
office, or of one above, with the reason, until a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from engine.commands.applying import masked_name
from engine.commands.cases.finding import find_case
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.people import Actor, require
from engine.records import audit
from engine.store import Work
from engine.store.models import LegalHold
from engine.workdays import local_date, say, say_at

#: The longest one hold lasts; then it is looked at again, and laid anew if need be.
LONGEST = timedelta(days=3 * 366)
#: The shortest reason that says anything.
LEAST_WORDS = 4


def hold(work: Work, case_id: int, reason: str, until_on: date | None, *, by: Actor, now: datetime) -> LegalHold:
    """Keep a case back from erasing, through `until_on`. Invalid by the field; NotNow: it is erased, or held."""
    # find and may
    case = find_case(work, case_id)
    require(by, "direct", case)
    if case.erased_at is not None:
        raise NotNow(
            f"这个办件的个人信息已于 {say_at(case.erased_at)} 清除，没有可以保全的了。",
            "Expected a case that can be kept back, but what it said of people is erased.",
        )

    # check
    today, wrong = local_date(now), []
    if len(reason.strip()) < LEAST_WORDS:
        zh = f"请用至少{LEAST_WORDS}个字写明为什么要保全，比如案号、检查的文号。"
        wrong.append(FieldError("reason", "保全的理由", zh, "Say why: the number of the suit or inspection."))
    if until_on is None or not today < until_on <= today + LONGEST:
        zh = "请填保全到哪一天：今天以后、三年以内。到期还需要的，可以再办。"
        wrong.append(FieldError("until_on", "保全到哪一天", zh, "Give its last day: after today, within three years."))
    if wrong:
        raise Invalid(wrong)
    assert until_on is not None and by.id is not None
    before = _live(work, case.id)
    if before is not None and before.until_on >= today:
        who = masked_name(work, before.by_id)
        raise NotNow(
            f"{who}已于 {say_at(before.from_at)} 保全本件，到{say(before.until_on)}。要改，请先解除。",
            f"Expected a case nobody keeps back, but {who} does until {before.until_on}.",
        )

    # apply
    if before is not None:  # its last day is over
        before.ended_at, before.ended_by_id = now, by.id
        work.session.flush()
    row = LegalHold(case_id=case.id, reason=reason.strip()[:500], by_id=by.id, from_at=now, until_on=until_on)
    work.session.add(row)
    work.session.flush()
    facts = {"hold": row.id, "until": until_on.isoformat()}
    audit.record(work, audit.Kind.CASE_HELD, by=by, now=now, case=case, facts=facts)
    case.version += 1
    work.session.flush()
    return row


def let_go(work: Work, case_id: int, *, by: Actor, now: datetime) -> None:
    """The hold ends before its day: the case is kept as long as any other."""
    case = find_case(work, case_id)
    require(by, "direct", case)
    row = _live(work, case.id)
    if row is None:
        raise NotFound("本件没有保全，请刷新后再看。", "Expected a hold, but nobody keeps this case back.")
    row.ended_at, row.ended_by_id = now, by.id
    audit.record(work, audit.Kind.CASE_LET_GO, by=by, now=now, case=case, facts={"hold": row.id})
    case.version += 1
    work.session.flush()


def _live(work: Work, case_id: int) -> LegalHold | None:
    return work.session.scalar(select(LegalHold).where(LegalHold.case_id == case_id, LegalHold.ended_at.is_(None)))
