"""撮合: a supply is offered, a need said; one asks the other, who says yes or no; either calls it off.

Residents act for themselves; a post that the declaration names enters for somebody at the counter, and acts for those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine import feel
from engine.commands import cases, match_rows
from engine.commands.cases.looking_at_many import look
from engine.commands.cases.submit import Person as Applicant
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.matters.nouns.matches import MatchArrival, MatchCharged, MatchLate, MatchUnmatched
from engine.people import SYSTEM, Actor, may, require, units
from engine.plain import plain
from engine.reads import bonds, knowing, reveals
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.reads.matches import Declared
from engine.records import audit, jobs
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import Case, MatchPair, MatchSide, User


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
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> MatchSide:
    """Offer a supply or say a need: for oneself; by a bond a need of somebody who lets one book; a named post for
    `person`, at the counter. `stops`: codes of places.

    Raises Invalid (the form, place or time), NotNow (who may not, and why), NotYours."""
    what = reads.of(work, key)
    if person is None:
        if by.id is None or by.kind != "resident":
            raise NotYours("请先登录。", "Log in first.")
        if bond_id is None:
            person = knowing.of_user(work.session.get_one(User, by.id))
        elif side == "need":
            person = bonds.to_reach(work, by, bond_id, key)
        else:
            zh = "提供的要本人自己登记。替别人的，只能登记需求。"
            raise NotNow(zh, "A supply is offered by the person themselves: for another one says a need.")
        channel, unit_id = "online", None
    else:
        bond_id, channel, unit_id = None, "counter", reads.position(what, by)
        if unit_id is None:
            raise NotYours("您的岗位不替人登记这一项。", "Your post does not enter these for others.")
        if not person.name or not person.phone:
            zh, en = "请填写本人的姓名和电话。", "Give their name and telephone."
            raise Invalid([FieldError("name", "姓名和电话", zh, en)])
    return match_rows.put(
        work,
        what,
        side,
        stops=stops,
        starts_at=starts_at,
        until_at=until_at,
        answers=answers or {},
        person=person,
        bond_id=bond_id,
        unit_id=unit_id,
        channel=channel,
        by=by,
        now=now,
    )


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
    papers = match_rows.fit(work, what, supply, now)
    return match_rows.ask(work, what, need.id, supply.id, mine.side, papers=papers, by=by, now=now)


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
    papers = match_rows.fit(work, what, row.supply, now)
    match_rows.agree(work, what, row, papers=papers, by=by, now=now)
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
    what = reads.of(work, row.supply.match)
    late = match_rows.soon(what, row, now)
    match_rows.cancel(work, what, row, side, reason, by=by, now=now)
    if late:
        match_rows.count_late(work, what, row, row.need if side == "need" else row.supply, by=by, now=now)
    return row


def absent(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """One side says that the other did not come. Who stands at the roadside has their case at once, when the
    declaration opens one for what is not matched."""
    row = _pair(work, pair_id, version)
    side = _mine(row, by)
    what = reads.of(work, row.supply.match)
    match_rows.absent(work, what, row, side, by=by, now=now)
    if side == "need" and now <= row.need.until_at + match_rows.AFTER:
        _ask_for_case(work, what, row.need, now)
    return row


def arrive(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """Who rides or drives says that they arrived; or the desk of the place, which asked by telephone."""
    row = _pair(work, pair_id, version)
    side = next((one.side for one in (row.need, row.supply) if _acts(by, one)), "")
    if not side and may(by, "serve", row):
        side = "desk"
    if not side:
        _for(by, row.need)
    match_rows.arrive(work, reads.of(work, row.supply.match), row, side, by=by, now=now)
    return row


def _mine(pair: MatchPair, by: Actor) -> str:
    """Which side the actor acts for. NotYours."""
    side = next((one.side for one in (pair.need, pair.supply) if _acts(by, one)), "")
    if not side:
        _for(by, pair.need)
    return side


def part(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """Not again with this one: from here on nobody matches the two, and the other does not learn of it."""
    row = _pair(work, pair_id, version)
    match_rows.part(work, reads.of(work, row.supply.match), row, _mine(row, by), by=by, now=now)
    return row


def rejoin(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """Whoever said "not again" takes it back."""
    row = _pair(work, pair_id, version)
    match_rows.rejoin(work, reads.of(work, row.supply.match), row, _mine(row, by), by=by, now=now)
    return row


def take_back(work: Work, apart_id: int, *, by: Actor, now: datetime) -> None:
    """The same by what was said alone: also when the trip is forgotten. NotFound: it was not said by them."""
    match_rows.take_back(work, apart_id, by=by, now=now)


def late(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """One side says that the other was late."""
    row = _pair(work, pair_id, version)
    match_rows.late(work, reads.of(work, row.supply.match), row, _mine(row, by), by=by, now=now)
    return row


def charge(work: Work, pair_id: int, *, version: int, by: Actor, now: datetime) -> MatchPair:
    """Whoever needs it says that the other asks for money."""
    row = _pair(work, pair_id, version)
    _for(by, row.need)
    match_rows.charge(work, reads.of(work, row.supply.match), row, by=by, now=now)
    return row


def end(work: Work, side_id: int, *, version: int, reason: str = "", by: Actor, now: datetime) -> int:
    """Call off a need or supply, with all its pairs: the others are told. How many were."""
    row = reads.side(work, side_id)
    if not may(by, "work", row):
        require(by, "serve", row)
    if row.version != version:
        raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")
    what = reads.of(work, row.match)
    late = [one for one in reads.agreed_of(work, row) if match_rows.soon(what, one, now)] if _acts(by, row) else []
    told = match_rows.end_side(work, what, row, "cancelled", reason, by=by, now=now)
    for one in late:
        match_rows.count_late(work, what, one, row, by=by, now=now)
    return told


def forget(work: Work, side_id: int, *, by: Actor, now: datetime) -> None:
    """Whose it was asks that it be erased, once it is over: only from where to where stays."""
    row = reads.side(work, side_id)
    if not may(by, "work", row):
        raise NotYours("这一条不是您的。", "It is not yours.")
    if row.ended_at is None:
        raise NotNow("请先取消，再删去。", "Call it off first, then have it erased.")
    match_rows.forget(work, row, by=by, now=now)


def reveal(work: Work, side_id: int, purpose: str, words: str, *, by: Actor, now: datetime) -> None:
    """Staff look at whole names and numbers: for a purpose of the list, with words, so many an hour; shown to the
    person and to the head as any look behind a mask."""
    row = reads.side(work, side_id)
    require(by, "reveal", row)
    field = f"{reveals.MATCH}{row.number}"
    look(work, field, purpose, words, by=by, now=now, match=row.match, number=row.number)


def match_due(database: Database, job: Leased, equipment: object, now: datetime) -> None:
    """Nobody found in time, the morning's look at documents, nobody arrived or they were found, over, forgotten."""
    act = str(job.payload["what"])
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        if "pair" in job.payload:
            pair_id = int(job.payload["pair"])
            if act == "open":
                _open_search(work, pair_id, now)
            elif act == "charged":
                _open_charged(work, pair_id, now)
            elif act == "late":
                _open_late(work, pair_id, now)
            elif act == "found":
                match_rows.found(work, pair_id, by=SYSTEM, now=now)
            else:
                match_rows.call(work, pair_id, by=SYSTEM, now=now)
            return
        side_id = int(job.payload["side"])
        if act == "open":
            row = work.session.get_one(MatchSide, side_id, with_for_update=True)
            _open_case(work, reads.of(work, row.match), row, now)
            return
        left = match_rows.fell_due(work, side_id, act, by=SYSTEM, now=now)
        if left is not None:
            _ask_for_case(work, reads.of(work, left.match), left, now)


def _ask_for_case(work: Work, what: Declared, row: MatchSide, now: datetime) -> None:
    """Have its case opened: by a job of its own, so that what was told is told even where the case cannot be opened.
    One that a case put there is that case's to go on with."""
    unmatched = what.match.unmatched
    if unmatched is not None and unmatched.opens and row.case_id is None:
        payload = {"side": row.id, "what": "open", "matter": unmatched.opens}
        jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:{row.id}:open", payload, now=now)


def _open_case(work: Work, what: Declared, row: MatchSide, now: datetime) -> None:
    """A need that nobody took: its case, for whoever looks for another way. Once."""
    unmatched = what.match.unmatched
    if unmatched is None or not unmatched.opens or row.opened_id is not None:
        return
    about = {row.side: match_rows.known_of(work, row)}
    case = _submit(work, unmatched, row, about, f"match:{row.id}:unmatched", now)
    row.opened_id = case.id
    match_rows.record(work, audit.Kind.MATCH_OPENED, row, SYSTEM, now, case=case.number)


def _open_search(work: Work, pair_id: int, now: datetime) -> None:
    """Nobody said that these two arrived: a case, for whoever finds them. Nothing when it was said meanwhile. Once."""
    supply, need = match_rows.held(work, pair_id)
    pair = reads.pair(work, pair_id)
    what = reads.declared(work).get(need.match)
    arrive = what.match.arrive if what is not None else None
    if what is None or arrive is None or not arrive.opens or pair.opened_id is not None:
        return
    if need.forgotten_at is not None or not reads.may_arrive(what, pair, need, supply, now):
        return
    about = {row.side: match_rows.known_of(work, row) for row in (need, supply)}
    case = _submit(work, arrive, need, about, f"match:pair:{pair.id}:search", now)
    pair.opened_id = case.id
    match_rows.record(work, audit.Kind.MATCH_OPENED, need, SYSTEM, now, case=case.number)


def _open_charged(work: Work, pair_id: int, now: datetime) -> None:
    """Somebody asked for money: a case, for whoever finds out. Once."""
    supply, need = match_rows.held(work, pair_id)
    pair = reads.pair(work, pair_id)
    what = reads.declared(work).get(need.match)
    charged = what.match.charged if what is not None else None
    if charged is None or pair.charged_id is not None or None in (need.name, supply.name):
        return
    about = {row.side: match_rows.known_of(work, row) for row in (need, supply)}
    case = _submit(work, charged, need, about, f"match:pair:{pair.id}:charged", now)
    pair.charged_id = case.id
    match_rows.record(work, audit.Kind.MATCH_OPENED, need, SYSTEM, now, case=case.number)


def _open_late(work: Work, pair_id: int, now: datetime) -> None:
    """Somebody was late once too often: a case, for whoever talks with them. Once."""
    supply, need = match_rows.held(work, pair_id)
    pair = reads.pair(work, pair_id)
    what = reads.declared(work).get(need.match)
    late = what.match.late if what is not None else None
    row = need if pair.late == "need" else supply
    if late is None or pair.late_id is not None or row.name is None:
        return
    case = _submit(work, late, row, {"late": match_rows.known_of(work, row)}, f"match:pair:{pair.id}:late", now)
    pair.late_id = case.id
    match_rows.record(work, audit.Kind.MATCH_OPENED, row, SYSTEM, now, case=case.number)


def _submit(
    work: Work,
    opening: MatchUnmatched | MatchArrival | MatchCharged | MatchLate,
    row: MatchSide,
    about: Mapping[str, Any],
    key: str,
    now: datetime,
) -> Case:
    """The case of the matter that a declaration opens, of the person of this side; its form is given what is known of
    the sides."""
    env = feel.Env(now=now, calendar=work.calendar)
    answers: dict[str, Any] = {}
    for path, text in opening.answers.items():
        value = feel.to_json(feel.compile(text[1:]).evaluate(about, env)) if text.startswith("=") else text
        *above, last = path.split(".")
        at = answers
        for part in above:
            at = at.setdefault(part, {})
        at[last] = plain(value)
    done = cases.submit(
        work,
        opening.opens,
        answers,
        by=SYSTEM,
        now=now,
        channel="system",
        unit=units.place(work, row.unit_id),
        place=units.place(work, row.place_id),
        key=key,
        applicant_id=row.user_id,
        variables=dict(about),
        person=Applicant(row.name or "", row.phone, row.id_number),
        asked=False,
    )
    return done.case
