"""撮合: a supply is offered, a need said; one asks the other, who says yes or no; either calls it off.

Residents act for themselves; a post that the declaration names enters for somebody at the counter, and acts for those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine import feel, forms
from engine.commands import match_rows
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.people import SYSTEM, Actor, may, require, units
from engine.reads import knowing
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.reads.matches import Declared, Where
from engine.records import audit, jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import MatchPair, MatchSide, User
from engine.workdays import local_date

#: Most stops of one way.
MOST_STOPS = 12


def _where(
    work: Work, what: Declared, side: str, stops: Sequence[str], starts_at: datetime, until_at: datetime, now: datetime
) -> Where:
    """From where to where and when. Invalid, with the field."""
    least = 2 if what.match.way else 1
    known = {one.code: one.id for one in units.tree(work).standing}
    wrong: list[FieldError] = []
    strange = [code for code in stops if code not in known]
    most = MOST_STOPS if side == "supply" and what.match.way else least
    if strange or not least <= len(stops) <= most:
        zh = "请选出发地和目的地。" if what.match.way else "请选一个地点。"
        en = "Choose where it begins and where it ends." if what.match.way else "Choose a place."
        wrong.append(FieldError("stops", "地点", zh, en))
    elif len(set(stops)) != len(stops):
        wrong.append(FieldError("stops", "地点", "同一个地点只写一次。", "Name each place once."))
    if until_at < starts_at:
        wrong.append(
            FieldError("until", "最晚", "最晚的时间要不早于最早的时间。", "The latest is before the earliest.")
        )
    elif local_date(until_at) != local_date(starts_at):
        wrong.append(FieldError("until", "最晚", "最早和最晚要在同一天。", "Both times must be on the same day."))
    if until_at <= now:
        wrong.append(FieldError("day", "日期", "这个时间已经过了，请另选。", "That time has passed: choose another."))
    if wrong:
        raise Invalid(wrong)
    return Where(tuple(known[code] for code in stops), starts_at, until_at)


def say(
    work: Work,
    key: str,
    side: str,
    *,
    stops: Sequence[str],
    starts_at: datetime,
    until_at: datetime,
    answers: Mapping[str, Any] | None = None,
    person: Person | None = None,
    by: Actor,
    now: datetime,
) -> MatchSide:
    """Offer a supply or say a need: for oneself; a named post for `person`, at the counter. `stops`: codes of places.

    Raises Invalid (the form, place or time), NotNow (who may not, and why), NotYours."""
    what = reads.of(work, key)
    declaration = what.match.of(side)
    if person is None:
        if by.id is None or by.kind != "resident":
            raise NotYours("请先登录。", "Log in first.")
        person, channel, unit_id = knowing.of_user(work.session.get_one(User, by.id)), "online", None
    else:
        channel, unit_id = "counter", reads.position(what, by)
        if unit_id is None:
            raise NotYours("您的岗位不替人登记这一项。", "Your post does not enter these for others.")
        if not person.name or not person.phone:
            zh, en = "请填写本人的姓名和电话。", "Give their name and telephone."
            raise Invalid([FieldError("name", "姓名和电话", zh, en)])
    where = _where(work, what, side, stops, starts_at, until_at, now)
    given: dict[str, Any] = {}
    if declaration.ask:
        env = feel.Env(now=now, calendar=work.calendar)
        given = forms.check(what.package.form(declaration.ask), answers or {}, env=env)
    n = reads.places(work, what, declaration, person, where, given, now)
    if n is None:
        raise Invalid([FieldError("places", "几个位子", "请填几个位子，1 个以上。", "Say how many places, 1 or more.")])
    reasons = reads.why_not(work, what, declaration, person, where, given, now)
    if reasons:
        raise NotNow("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons), unfit=True)
    return match_rows.say(
        work,
        what,
        side,
        person=person,
        where=where,
        answers=given,
        guardian=_guardian(work, what, side, person, where, n, now),
        n=n,
        unit_id=unit_id if unit_id is not None else where.stops[0],
        channel=channel,
        by=by,
        now=now,
    )


def _guardian(work: Work, what: Declared, side: str, person: Person, where: Where, n: int, now: datetime) -> str:
    """Who comes with somebody under age; "" for whoever is of age. NotNow: nobody is."""
    under = what.match.of(side).guardian
    if not under:
        return ""
    age = knowing.age_on(knowing.born_on(person.id_number), where.day)
    if age is None:
        raise NotNow(
            f"还不知道年龄：不满 {under} 周岁要和监护人一起。请先实名登录，或到窗口出示证件登记。",
            f"Expected to know the age (under {under} a guardian comes too): log in under your name and number, or "
            "come to the counter.",
            unfit=True,
        )
    if age >= under:
        return ""
    found = reads.guardians(work, what, person, where, now)
    if not found:
        raise NotNow(
            f"不满 {under} 周岁要和监护人一起，还没有登记监护人。请到“家人”里登记，或请监护人来窗口。",
            f"Under {under} a guardian comes too, but none is registered: add one under Family.",
            unfit=True,
        )
    if n < 2:
        zh = "监护人要一起去，请写 2 个以上的位子。"
        raise Invalid([FieldError("places", "几个位子", zh, "The guardian comes too: ask for 2 places or more.")])
    return found[0]


# ---------------------------------------------------------------- asked and answered


def _acts(by: Actor, row: MatchSide) -> bool:
    """Whether the actor acts for this side: whose it is; staff for those who were entered at a counter of theirs."""
    return may(by, "work", row) or (row.channel == "counter" and may(by, "serve", row))


def _for(by: Actor, row: MatchSide) -> None:
    if not _acts(by, row):
        raise NotYours("这一条不是您的，不能替人答应。", "It is not yours: nobody answers for another.")


def ask(work: Work, mine_id: int, other_id: int, *, by: Actor, now: datetime) -> MatchPair:
    """With one's own need ask a supply, or with one's own supply offer to a need."""
    mine, other = reads.side(work, mine_id), reads.side(work, other_id)
    _for(by, mine)
    if mine.side == other.side:
        raise NotNow("要一边供、一边求才能配。", "One must be a supply, the other a need.")
    need, supply = (mine, other) if mine.side == "need" else (other, mine)
    what = reads.of(work, mine.match)
    _fit(work, what, supply, now)
    return match_rows.ask(work, what, need.id, supply.id, mine.side, by=by, now=now)


def _fit(work: Work, what: Declared, supply: MatchSide, now: datetime) -> None:
    """Its documents hold on the day."""
    where = Where((supply.place_id, supply.to_id), supply.starts_at, supply.until_at)
    gone = reads.lapsed(work, what, what.match.supply, match_rows.person_of(supply), where, supply.answers or {}, now)
    if gone:
        raise NotNow(gone[0].zh, gone[0].en, unfit=True)


def _pair(work: Work, pair_id: int, version: int) -> MatchPair:
    row = reads.pair(work, pair_id)
    if row.version != version:
        raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")
    return row


def _asked(row: MatchPair) -> MatchSide:
    """Which side says yes or no."""
    return row.supply if row.asked_by == "need" else row.need


def agree(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """The other side says yes: both are booked in this transaction, and see each other from here on."""
    row = _pair(work, pair_id, version)
    _for(by, _asked(row))
    what = reads.of(work, row.supply.match)
    _fit(work, what, row.supply, now)
    match_rows.agree(work, what, row, by=by, now=now)
    return row


def refuse(work: Work, pair_id: int, *, version: int, reason: str = "", by: Actor, now: datetime) -> MatchPair:
    """The other side says no."""
    row = _pair(work, pair_id, version)
    _for(by, _asked(row))
    match_rows.refuse(work, reads.of(work, row.supply.match), row, reason, by=by, now=now)
    return row


def cancel(work: Work, pair_id: int, *, version: int, reason: str = "", by: Actor, now: datetime) -> MatchPair:
    """Either side calls it off, or takes back what it asked. The need is open again."""
    row = _pair(work, pair_id, version)
    side = next((one.side for one in (row.need, row.supply) if may(by, "work", one)), "")
    side = side or next((one.side for one in (row.need, row.supply) if _acts(by, one)), "")
    if not side:
        _for(by, row.need)
    if row.state == "asked" and side != row.asked_by:
        return refuse(work, pair_id, version=version, reason=reason, by=by, now=now)
    match_rows.cancel(work, reads.of(work, row.supply.match), row, side, reason, by=by, now=now)
    return row


def end(work: Work, side_id: int, *, version: int, reason: str = "", by: Actor, now: datetime) -> int:
    """Call off a need or supply, with all its pairs: the others are told. How many were."""
    row = reads.side(work, side_id)
    if not may(by, "work", row):
        require(by, "serve", row)
    if row.version != version:
        raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")
    return match_rows.end_side(work, reads.of(work, row.match), row, "cancelled", reason, by=by, now=now)


def forget(work: Work, side_id: int, *, by: Actor, now: datetime) -> None:
    """Whose it was asks that it be erased, once it is over: only from where to where stays."""
    row = reads.side(work, side_id)
    if not may(by, "work", row):
        raise NotYours("这一条不是您的。", "It is not yours.")
    if row.ended_at is None:
        raise NotNow("请先取消，再删去。", "Call it off first, then have it erased.")
    match_rows.forget(work, row, by=by, now=now)


def reveal(work: Work, side_id: int, reason: str, *, by: Actor, now: datetime) -> None:
    """Staff look at whole names and numbers: with a reason, and a line in the audit."""
    row = reads.side(work, side_id)
    require(by, "reveal", row)
    if not reason.strip():
        zh, en = "请写为什么要看完整信息。", "Say why you need the whole names and numbers."
        raise Invalid([FieldError("reason", "原因", zh, en)])
    facts = {"match": row.match, "number": row.number, "why": "given"}
    audit.record(work, audit.Kind.MATCH_REVEALED, by=by, now=now, facts=facts)


def match_due(database: Database, job: Leased, equipment: object, now: datetime) -> None:
    """Nobody found in time, the morning's look at documents, over, forgotten."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        match_rows.fell_due(work, int(job.payload["side"]), str(job.payload["what"]), by=SYSTEM, now=now)
