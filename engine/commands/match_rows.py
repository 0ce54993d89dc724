"""Needs, supplies and their pairs as rows: said, asked, agreed, ended. Below the verbs (engine/commands/matching).

A supply's room is counted leg by leg: `_take` takes every leg a need rides by one conditional UPDATE, all or none, and
the table's CHECK would stop a mistake. What is locked is locked in one order: supplies by id, then needs by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from engine import feel, forms
from engine.booking import written
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns.matches import BOTH, CALL, KIN, POSTS
from engine.people import SYSTEM, Actor, bonds, holders, masks, units
from engine.people.access import said_for
from engine.reads import knowing
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.reads.matches import Declared, Where
from engine.records import audit, counters, documents, jobs, messages, notices
from engine.store import Work
from engine.store.models import Case, MatchApart, MatchLeg, MatchPair, MatchSide, User
from engine.workdays import ZONE, local_date, say_at, say_whole

#: A pair is over, and each side masked again, so long after the last moment it may begin: nobody is cut off on the way.
AFTER = timedelta(hours=6)
#: Most stops of one way.
MOST_STOPS = 12
#: When, on the day itself, documents are looked at again.
MORNING = time(6)


def _changed(work: Work, statement: Any) -> int:
    result = cast(
        "CursorResult[Any]", work.session.execute(statement, execution_options={"synchronize_session": False})
    )
    return result.rowcount


def lock(work: Work, *side_ids: int) -> list[MatchSide]:
    """Hold these rows and read them anew: supplies first, each by id."""
    return _lock(work, MatchSide.id.in_(side_ids))


def lock_numbered(work: Work, *numbers: str) -> list[MatchSide]:
    """The same, by their numbers; fewer where there is none of that number."""
    return _lock(work, MatchSide.number.in_(numbers))


def _lock(work: Work, which: ColumnElement[bool]) -> list[MatchSide]:
    query = (
        select(MatchSide)
        .where(which)
        .order_by(MatchSide.side.desc(), MatchSide.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(query))


# ---------------------------------------------------------------- said


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


def put(
    work: Work,
    what: Declared,
    side: str,
    *,
    stops: Sequence[str],
    starts_at: datetime,
    until_at: datetime,
    answers: Mapping[str, Any],
    person: Person,
    unit_id: int | None,
    channel: str,
    case: Case | None = None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> MatchSide:
    """A supply or a need, judged and written. `stops`: codes of places. Invalid (the form, place or time), NotNow (who
    may not, and why)."""
    declaration = what.match.of(side)
    where = _where(work, what, side, stops, starts_at, until_at, now)
    given: dict[str, Any] = {}
    if declaration.ask:
        env = feel.Env(now=now, calendar=work.calendar)
        given = forms.check(what.package.form(declaration.ask), answers, env=env)
    n = reads.places(work, what, declaration, person, where, given, now)
    if n is None:
        raise Invalid([FieldError("places", "几个位子", "请填几个位子，1 个以上。", "Say how many places, 1 or more.")])
    reasons = reads.why_not(work, what, declaration, person, where, given, now)
    if reasons:
        raise NotNow("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons), unfit=True)
    return say(
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
        case=case,
        bond_id=bond_id,
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


def say(
    work: Work,
    what: Declared,
    side: str,
    *,
    person: Person,
    where: Where,
    answers: Mapping[str, Any],
    guardian: str,
    n: int,
    unit_id: int,
    channel: str,
    case: Case | None = None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> MatchSide:
    """A supply or a need of this person, which the verbs have judged. NotNow: as many as one may have that day."""
    day = now.astimezone(ZONE).strftime("%y%m%d")
    number = f"CH{unit_id:03d}{day}{counters.take(work, f'match:{unit_id}:{day}'):04d}"
    for turn in range(what.match.of(side).a_day):
        row = MatchSide(
            number=number,
            match=what.key,
            side=side,
            unit_id=unit_id,
            place_id=where.stops[0],
            to_id=where.stops[-1],
            day=where.day,
            starts_at=where.starts_at,
            until_at=where.until_at,
            places=n,
            state="open",
            channel=channel,
            user_id=person.user_id,
            entered_by_id=by.id if by.id != person.user_id else None,
            bond_id=bond_id,
            case_id=case.id if case is not None else None,
            person_index=person.index,
            name=person.name,
            phone=person.phone,
            id_number=person.id_number,
            guardian=guardian or None,
            answers=dict(answers) or None,
            day_key=f"{what.key}:{side}:{person.index}:{where.day}:{turn}",
            made_at=now,
        )
        try:
            with work.session.begin_nested():
                work.session.add(row)
                work.session.flush()
        except IntegrityError:
            continue
        if side == "supply":
            ends = where.stops if len(where.stops) > 1 else where.stops * 2
            work.session.add_all(
                MatchLeg(side_id=row.id, n=i, from_id=a, to_id=b, capacity=n, taken=0)
                for i, (a, b) in enumerate(zip(ends, ends[1:], strict=False))
            )
            work.session.flush()
        _dues(work, what, row, now)
        record(work, audit.Kind.MATCH_OFFERED if side == "supply" else audit.Kind.MATCH_WANTED, row, by, now)
        return row
    most = what.match.of(side).a_day
    raise NotNow(
        f"同一个人一天最多 {most} 次，那一天已经满了。可以先取消一个。",
        f"Expected at most {most} a person and day, but that day has them: call one off first.",
    )


def _dues(work: Work, what: Declared, row: MatchSide, now: datetime) -> None:
    """What falls due of it: nobody found in time, the morning's look at documents, over, forgotten."""
    morning = row.starts_at.astimezone(ZONE).replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    after = what.match.unmatched.after if what.match.unmatched is not None else ""
    moments = {
        "unmatched": now + written.span(after) if after else max(row.starts_at - written.span(what.match.until), now),
        "over": row.until_at + AFTER,
        "forget": row.until_at + max(written.span(what.match.keep), AFTER),
    }
    if what.match.of(row.side).valid or what.match.of(row.side).who is not None:
        moments["documents"] = min(morning, row.starts_at)
    for act, at in moments.items():
        if act == "documents" and at <= now:
            continue  # they were looked at when it was said, this very morning
        payload = {"side": row.id, "what": act}
        jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:{row.id}:{act}", payload, now=now, after=at)


def record(
    work: Work,
    kind: audit.Kind,
    row: MatchSide,
    by: Actor,
    now: datetime,
    during: Case | None = None,
    **more: Any,
) -> None:
    """during: whose step did it; it stands in that case's history."""
    facts = {"match": row.match, "number": row.number, "unit": row.unit_id} | more
    facts, for_id = _for_whom([row], by, facts)
    audit.record(work, kind, by=by, now=now, case=during, for_id=for_id, facts=facts, later=True)


def _record_pair(
    work: Work, kind: audit.Kind, row: MatchPair, by: Actor, now: datetime, case: Case | None = None
) -> None:
    """case: whose step did it; it stands in that case's history."""
    facts: dict[str, Any] = {"number": row.number, "need": row.need_id, "supply": row.supply_id, "places": row.places}
    sides = [work.session.get_one(MatchSide, id_) for id_ in (row.need_id, row.supply_id)] if by.grants else []
    facts, for_id = _for_whom(sides, by, facts)
    audit.record(work, kind, by=by, now=now, case=case, for_id=for_id, facts=facts, later=True)


def _for_whom(sides: Sequence[MatchSide], by: Actor, facts: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """For whom it was done and by which bond, when none of it is the actor's own."""
    if by.id is not None and any(side.user_id == by.id for side in sides):
        return facts, None
    for side in sides:
        grant = said_for(by, "work", side)
        if grant is not None:
            return {**facts, "bond": grant.id}, side.user_id
    return facts, None


# ---------------------------------------------------------------- asked and agreed


def _goes(row: MatchSide) -> Where:
    return Where((row.place_id, row.to_id), row.starts_at, row.until_at)


def fit(work: Work, what: Declared, supply: MatchSide, now: datetime) -> list[reads.Held]:
    """Who offers it still may, and the documents hold on the day: those that stand on the slip, should they agree."""
    gone, papers = reads.no_more(
        work, what, what.match.supply, person_of(supply), _goes(supply), supply.answers or {}, now
    )
    if gone:
        raise NotNow(gone[0].zh, gone[0].en, unfit=True)
    return papers


def ask(
    work: Work,
    what: Declared,
    need_id: int,
    supply_id: int,
    asked_by: str,
    *,
    papers: Sequence[reads.Held],
    by: Actor,
    now: datetime,
) -> MatchPair:
    """One side asks the other. papers: the supply's, as it was found to fit. NotNow: it is no longer open, does not
    fit, or was asked already."""
    return ask_held(work, what, *_both(work, need_id, supply_id), asked_by, papers=papers, by=by, now=now)


def ask_held(
    work: Work,
    what: Declared,
    supply: MatchSide,
    need: MatchSide,
    asked_by: str,
    *,
    papers: Sequence[reads.Held],
    agreed: bool = False,
    case: Case | None = None,
    by: Actor,
    now: datetime,
) -> MatchPair:
    """The same, of rows that are held already. agreed: the other side has said yes. case: whose step asks."""
    _open(supply, need, now)
    if need.person_index == supply.person_index:
        raise NotNow("两边是同一个人，不能配。", "Both are of the same person.")
    _together(work, what, supply, need)
    legs, earlier = _legs_and_earlier(work, supply, need)
    first, last = _ridden(legs, need)
    if min(leg.capacity - leg.taken for leg in legs[first : last + 1]) < need.places:
        raise _full()
    at_once = agreed or (asked_by == "need" and what.match.accept == "auto")
    pair = MatchPair(
        # the need is held: nobody else counts on from the same pair
        number=f"{need.number}-{max((int(one.number.rpartition('-')[2]) for one in earlier), default=0) + 1}",
        need_id=need.id,
        supply_id=supply.id,
        asked_by=asked_by,
        state="agreed" if at_once else "asked",
        agreed_at=now if at_once else None,
        version=2 if at_once else 1,
        first=first,
        last=last,
        places=need.places,
        asked_at=now,
    )
    row = work.insert_once(pair)
    if row is None:
        raise NotNow("已经问过了，等对方答复。", "It has been asked already: wait for the answer.", twice=True)
    set_committed_value(row, "need", need)
    set_committed_value(row, "supply", supply)
    _record_pair(work, audit.Kind.MATCH_ASKED, row, by, now, case)
    if at_once:
        _booked(work, what, row, supply, need, legs, earlier, papers, by, now, case)
    else:
        other = supply if asked_by == "need" else need
        _tell(
            work,
            other,
            f"asked:{row.id}",
            f"{what.match.title}：{say_at(need.starts_at)}有人想和您同行，请到“我的{what.match.title}”同意或不同意。",
            f"{what.match.title_en}: somebody asks you for {_said(need)}. Say yes or no under My matches.",
            now,
        )
    return row


def _legs_and_earlier(work: Work, supply: MatchSide, need: MatchSide) -> tuple[list[MatchLeg], list[MatchPair]]:
    """The legs of a way, and the pairs that the need had so far: both are few, and read in one statement."""
    query = select(MatchLeg, MatchPair).outerjoin(MatchPair, MatchPair.need_id == need.id)
    query = query.where(MatchLeg.side_id == supply.id).order_by(MatchLeg.n, MatchPair.id)
    rows = work.session.execute(query.execution_options(populate_existing=True)).all()
    return list(dict.fromkeys(leg for leg, _ in rows)), list(dict.fromkeys(one for _, one in rows if one is not None))


def _both(work: Work, need_id: int, supply_id: int) -> tuple[MatchSide, MatchSide]:
    rows = {row.id: row for row in lock(work, need_id, supply_id)}
    return rows[supply_id], rows[need_id]


def held(work: Work, pair_id: int) -> tuple[MatchSide, MatchSide]:
    """Supply and need of a pair, held; the pair is read anew."""
    pair = work.session.get_one(MatchPair, pair_id)
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair)
    return supply, need


def _together(work: Work, what: Declared, supply: MatchSide, need: MatchSide) -> None:
    """NotNow: one of them said "not again". It does not say which."""
    if reads.apart(work, what, supply, need):
        raise NotNow("这两位不能配，请另找。", "These two are not matched: look for another.", unfit=True)


def _open(supply: MatchSide, need: MatchSide, now: datetime) -> None:
    for row in (supply, need):
        if row.state != "open":
            zh = {"matched": "已经配上别人了", "cancelled": "已经取消了", "over": "已经结束了"}[row.state]
            en = {"matched": "is matched already", "cancelled": "was called off", "over": "is over"}[row.state]
            raise NotNow(f"这一条{zh}，请另找。", f"Expected it to be open, but it {en}.", state=row.state)
        if row.until_at <= now:
            raise NotNow("时间已经过了，请另找。", "Expected a time to come, but it has passed.")
    if need.match != supply.match or need.day != supply.day:
        raise NotNow("不是同一天的，配不上。", "They are not of the same day.")
    if need.starts_at > supply.until_at or supply.starts_at > need.until_at:
        raise NotNow("时间对不上，请另找。", "Their times do not meet.")


def _ridden(legs: Sequence[MatchLeg], need: MatchSide) -> tuple[int, int]:
    """The first and the last leg that a need rides. NotNow: its places are not on the way in that order."""
    first = next((leg.n for leg in legs if leg.from_id == need.place_id), None)
    last = next((leg.n for leg in legs if leg.to_id == need.to_id and first is not None and leg.n >= first), None)
    if first is None or last is None:
        raise NotNow("不顺路：这条路线不按这个方向经过您的起点和终点。", "It does not go from there to there.")
    return first, last


def _full() -> NotNow:
    return NotNow("这一段路的位子刚刚满了，请另找。", "Every place on that part of the way is taken now.", full=True)


def _take(work: Work, pair: MatchPair) -> bool:
    """Take every leg it rides, or none: by one statement, under the supply's lock."""
    taken = list(
        work.session.scalars(
            update(MatchLeg)
            .values(taken=MatchLeg.taken + pair.places)
            .where(
                MatchLeg.side_id == pair.supply_id,
                MatchLeg.n.between(pair.first, pair.last),
                MatchLeg.taken + pair.places <= MatchLeg.capacity,
            )
            .returning(MatchLeg.n),
            execution_options={"synchronize_session": False},
        )
    )
    if len(taken) == pair.last - pair.first + 1:
        return True
    _give(work, pair, taken)
    return False


def _give(work: Work, pair: MatchPair, legs: Sequence[int]) -> None:
    if not legs:
        return
    given = _changed(
        work,
        update(MatchLeg)
        .values(taken=MatchLeg.taken - pair.places)
        .where(MatchLeg.side_id == pair.supply_id, MatchLeg.n.in_(legs), MatchLeg.taken >= pair.places),
    )
    if given != len(legs):
        raise AssertionError(f"Expected pair {pair.id} to hold {len(legs)} legs, but it gave back {given}")


def agree(
    work: Work, what: Declared, pair: MatchPair, *, papers: Sequence[reads.Held], by: Actor, now: datetime
) -> None:
    """Both are booked, in this transaction; from here on each sees the other. NotNow: too late, or full, and nothing
    was booked."""
    agree_held(work, what, pair, *_both(work, pair.need_id, pair.supply_id), papers=papers, by=by, now=now)


def agree_held(
    work: Work,
    what: Declared,
    pair: MatchPair,
    supply: MatchSide,
    need: MatchSide,
    *,
    papers: Sequence[reads.Held],
    by: Actor,
    now: datetime,
) -> None:
    """The same, of rows that are held already."""
    _open(supply, need, now)
    _together(work, what, supply, need)
    version = work.session.execute(
        update(MatchPair)
        .values(state="agreed", agreed_at=now, version=MatchPair.version + 1)
        .where(MatchPair.id == pair.id, MatchPair.state == "asked")
        .returning(MatchPair.version),
        execution_options={"synchronize_session": False},
    ).scalar_one_or_none()
    if version is None:
        raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")
    for name, value in {"state": "agreed", "agreed_at": now, "version": version}.items():
        set_committed_value(pair, name, value)
    _booked(work, what, pair, supply, need, *_legs_and_earlier(work, supply, need), papers, by, now)


def _booked(
    work: Work,
    what: Declared,
    pair: MatchPair,
    supply: MatchSide,
    need: MatchSide,
    legs: Sequence[MatchLeg],
    others: Sequence[MatchPair],
    papers: Sequence[reads.Held],
    by: Actor,
    now: datetime,
    case: Case | None = None,
) -> None:
    """They are agreed: the places are taken, whoever else was asked waits no more, and everybody hears of it. others:
    the pairs of the need, of which it may be one."""
    if not _take(work, pair):
        raise _full()
    need.state, need.version = "matched", need.version + 1
    _record_pair(work, audit.Kind.MATCH_AGREED, pair, by, now, case)
    for other in others:
        if other.state == "asked" and other.id != pair.id:
            _end(work, other, "withdrawn", "", now)
    _issue_slip(work, what, pair, supply, need, legs, papers, by, now, case)
    for row in (supply, need):
        _tell(
            work,
            row,
            f"agreed:{pair.id}",
            f"{what.match.title}：{say_at(need.starts_at)}的配好了，双方都同意了。对方的姓名和电话请登录后看。",
            f"{what.match.title_en}: both have agreed for {_said(need)}. Log in for the other's name and telephone.",
            now,
        )
        tell_case(work, what, row, "matched", now)
    if what.match.arrive is not None:
        _call_later(work, pair, min(supply.until_at, need.until_at) + what.match.arrive.waits, now)


def _call_later(work: Work, pair: MatchPair, at: datetime, now: datetime) -> None:
    """Look then whether somebody said that they arrived: a job, found by when it is due. Asked once a pair and call,
    under the pair's lock, so that it is written with the notices' jobs and costs no statement of its own."""
    payload = {"pair": pair.id, "what": "call"}
    key = f"match:pair:{pair.id}:call:{pair.called}"
    jobs.put(work, jobs.Kind.MATCH_DUE, key, payload, now=now, after=max(at, now))


def _issue_slip(
    work: Work,
    what: Declared,
    pair: MatchPair,
    supply: MatchSide,
    need: MatchSide,
    legs: Sequence[MatchLeg],
    papers: Sequence[reads.Held],
    by: Actor,
    now: datetime,
    case: Case | None,
) -> None:
    """The paper that both have once they agreed, when the declaration names one. Telephones are masked on it."""
    slip = what.match.slip
    if slip is None or not slip.paper:
        return
    organ = units.place(work, need.unit_id)
    lines = [line for row in (supply, need) for line in reads.said(what, row, what.match.of(row.side).tells)]
    lines += reads.said(what, supply, what.match.supply.shows)  # the plate, that who waits at the roadside looks for
    facts = {
        "case": {"number": pair.number, "title": what.match.title},
        "organ": {"name": organ.name, "phone": organ.phone},
        "issued_on": local_date(now).isoformat(),
        "slip": {
            "number": pair.number,
            "way": " → ".join(units.place(work, id_).name for id_ in reads.ridden(pair, legs)),
            "starts_at": max(supply.starts_at, need.starts_at).astimezone(ZONE).isoformat(),
            "until_at": min(supply.until_at, need.until_at).astimezone(ZONE).isoformat(),
            "places": pair.places,
            "fee": what.match.costs[0],
            "supply": {"name": supply.name, "phone": masks.phone(supply.phone)},
            "need": {"name": need.name, "phone": masks.phone(need.phone), "guardian": need.guardian},
            "documents": [_document(one) for one in (*papers, *_of_need(work, what, need, now))],
            "lines": [f"{question}：{answer}" for question, answer in lines],
            "notes": list(slip.says),
        },
    }
    key = reads.slip_key(pair.id)
    documents.issue(work, slip.paper, facts, key=key, organ=organ, by=by, now=now, during=case, package=what.package)


def _of_need(work: Work, what: Declared, need: MatchSide, now: datetime) -> list[reads.Held]:
    """The documents of who needs it that stand on the slip: nobody had to look at them before."""
    side = what.match.need
    if not any(one.number for one in side.valid.values()):
        return []
    return reads.no_more(work, what, side, person_of(need), _goes(need), need.answers or {}, now)[1]


def _document(held: reads.Held) -> str:
    until = f"有效期至{say_whole(held.until)}" if held.until is not None else "有效期没有登记"
    return f"{held.document.title}：{held.number or '号码没有登记'}，{until}"


# ---------------------------------------------------------------- ended


def _end(work: Work, pair: MatchPair, state: str, reason: str, now: datetime) -> None:
    """A pair is over in this way; what it held of the supply is given back unless it was used."""
    if pair.state == "agreed" and state != "over":
        _give(work, pair, list(range(pair.first, pair.last + 1)))
        paper = documents.of_key(work, reads.slip_key(pair.id))
        if paper is not None and paper.state != "void":
            documents.void(work, paper.id, "有一方取消了", by=SYSTEM, now=now)
    pair.state, pair.reason, pair.ended_at, pair.version = state, reason[:200], now, pair.version + 1
    work.session.flush()


def refuse(work: Work, what: Declared, pair: MatchPair, reason: str, *, by: Actor, now: datetime) -> None:
    """The other side says no. Nobody's record suffers."""
    supply, need = _both(work, pair.need_id, pair.supply_id)
    _still(work, pair, "asked")
    _end(work, pair, "refused", reason, now)
    _record_pair(work, audit.Kind.MATCH_REFUSED, pair, by, now)
    asked = need if pair.asked_by == "need" else supply
    _tell(
        work,
        asked,
        f"refused:{pair.id}",
        f"{what.match.title}：{say_at(need.starts_at)}对方这次不方便，请另找。{reason}",
        f"{what.match.title_en}: the other side cannot, for {_said(need)}. Look for another. {reason}",
        now,
    )


def cancel(work: Work, what: Declared, pair: MatchPair, side: str, reason: str, *, by: Actor, now: datetime) -> None:
    """One side calls it off, or takes back what it asked; the need is open again, and the other side is told."""
    supply, need = _both(work, pair.need_id, pair.supply_id)
    _still(work, pair, "asked", "agreed")
    was = pair.state
    _end(work, pair, "cancelled" if was == "agreed" else "withdrawn", reason, now)
    if was == "agreed" and need.state == "matched":
        need.state, need.version = "open", need.version + 1
    _record_pair(work, audit.Kind.MATCH_CANCELLED, pair, by, now)
    if was == "agreed":
        _tell_off(work, what, pair, need if side == "supply" else supply, need, reason, now)
    else:
        _tell_closed(work, what, pair, need if side == "supply" else supply, need, now)
    work.session.flush()


def _still(work: Work, pair: MatchPair, *states: str) -> None:
    work.session.refresh(pair, ["state", "version"])
    if pair.state not in states:
        raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")


def _tell_off(
    work: Work, what: Declared, pair: MatchPair, row: MatchSide, need: MatchSide, reason: str, now: datetime
) -> None:
    late = need.starts_at - written.span(what.match.free_until) <= now
    more, more_en = ("时间很近了，请马上另外安排。", " It is soon: arrange something else now.") if late else ("", "")
    _tell(
        work,
        row,
        f"off:{pair.id}",
        f"{what.match.title}：{say_at(need.starts_at)}的，对方取消了。{more}{reason}",
        f"{what.match.title_en}: the other side called off {_said(need)}.{more_en} {reason}",
        now,
        urgent=late,
    )
    tell_case(work, what, row, "off", now)


def _tell_closed(work: Work, what: Declared, pair: MatchPair, row: MatchSide, need: MatchSide, now: datetime) -> None:
    """What was only asked is called off: who asked waits for no answer, who was asked has none to give."""
    _tell(
        work,
        row,
        f"closed:{pair.id}",
        f"{what.match.title}：{say_at(need.starts_at)}的，对方取消了，不用再等答复。您的还在，可以另找。",
        f"{what.match.title_en}: the other side called off {_said(need)} before anything was agreed. Yours stands: "
        "look for another.",
        now,
    )


def end_side(
    work: Work,
    what: Declared,
    row: MatchSide,
    state: str,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    stopped: bool = False,
    case: Case | None = None,
) -> int:
    """A need or supply is called off (`cancelled`) or its time is over: its pairs end with it, and the others are
    told. How many were told. case: whose step does it; that need not be told, and writes what changed with the step."""
    others = select(MatchPair.supply_id if row.side == "need" else MatchPair.need_id).where(
        or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id), MatchPair.ended_at.is_(None)
    )
    if row.side == "supply":
        lock(work, row.id)  # first: nobody asks it or agrees while its needs are held
    held = {one.id: one for one in lock(work, row.id, *work.session.scalars(others))}
    row = held[row.id]
    if row.ended_at is not None:
        raise NotNow("已经取消或结束了。", "It was called off, or is over.")
    row.state, row.ended_at, row.reason, row.day_key = state, now, reason[:200], None
    row.version += 1
    told = 0
    for pair in work.session.scalars(
        select(MatchPair)
        .where(or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id), MatchPair.ended_at.is_(None))
        .order_by(MatchPair.id)
        .execution_options(populate_existing=True)
    ).all():
        was = pair.state
        ends = ("over" if state == "over" else "cancelled") if was == "agreed" else "withdrawn"
        _end(work, pair, ends, reason, now)
        other = held.get(pair.need_id if row.side == "supply" else pair.supply_id)
        if state == "over":
            continue
        if other is None:  # asked and agreed between our look and our lock
            raise NotNow("刚刚有变化，请刷新再看。", "It has changed a moment ago: look again.")
        if was == "asked":  # the question is closed on both sides: who waits for an answer looks elsewhere
            _tell_closed(work, what, pair, other, other if other.side == "need" else row, now)
            told += 1
            continue
        if other.side == "need" and other.state == "matched":
            other.state, other.version = "open", other.version + 1
        _tell_off(work, what, pair, other, other if other.side == "need" else row, reason, now)
        told += 1
    kind = audit.Kind.MATCH_STOPPED if stopped else audit.Kind.MATCH_ENDED
    record(work, kind, row, by, now, case, state=state)
    if case is None:
        work.session.flush()
        tell_case(work, what, row, "over", now)
    return told


def absent(work: Work, what: Declared, pair: MatchPair, side: str, *, by: Actor, now: datetime) -> MatchSide:
    """The other side did not come, as this side says. It is told, and may say otherwise at the counter; the row of
    whoever did not come is returned. NotNow: nothing was agreed, or it is not the time to say so."""
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair, ["state", "version", "absent", "arrived_by"])
    if pair.agreed_at is None or pair.state not in ("agreed", "over"):
        raise NotNow("没有约好，说不上没有来。", "Nothing was agreed, so nobody stayed away.")
    if pair.absent is not None:
        raise NotNow("已经说过了，窗口会问。", "It has been said already: the counter asks.")
    _in_time(need, need.starts_at, now)
    if pair.arrived_by == side:
        raise NotNow("您已经说过到了。", "Expected nobody to have arrived, but you said that you did.")
    row = need if side == "supply" else supply
    pair.absent, pair.version = row.side, pair.version + 1
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_ABSENT, pair, by, now)
    _tell(
        work,
        row,
        f"absent:{pair.id}",
        f"{what.match.title}：{say_at(need.starts_at)}的，对方说没有等到您。有特殊情况请打窗口电话说明。",
        f"{what.match.title_en}: for {_said(need)} the other side says that you did not come. Ring the counter if it "
        "was otherwise.",
        now,
    )
    return row


def _in_time(need: MatchSide, begins: datetime, now: datetime) -> None:
    """NotNow: it is too early, or too late, to say how it went."""
    if now < begins:
        raise NotNow("还没有到约好的时间。", "The time has not come yet.")
    if now > need.until_at + reads.SAY:
        raise NotNow("过去太久了，请打窗口电话。", "It is too long ago: ring the counter.")


# ---------------------------------------------------------------- arrived


def arrive_later(work: Work, pair_id: int, *, now: datetime) -> None:
    """Whose case it is has found them: it is said by a job. Asked once a pair, by the last step of its case."""
    payload = {"pair": pair_id, "what": "found"}
    jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:pair:{pair_id}:found", payload, now=now)


def found(work: Work, pair_id: int, *, by: Actor, now: datetime) -> None:
    """They were found: said as the desk says it. What was said already, or is asked no more, stays as it is."""
    supply, need = held(work, pair_id)
    pair = reads.pair(work, pair_id)
    what = reads.declared(work).get(need.match)
    if what is not None and reads.may_arrive(what, pair, need, supply, now):
        arrive(work, what, pair, "desk", by=by, now=now)


def arrive(work: Work, what: Declared, pair: MatchPair, side: str, *, by: Actor, now: datetime) -> None:
    """They arrived, as this side says, or the desk that telephoned. Whoever was alarmed is told. NotNow: it is not the
    time to say so."""
    if what.match.arrive is None:
        raise NotNow("这一项不用点“到了”。", "Expected a match that asks who arrived, but this one does not.")
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair)
    if pair.agreed_at is None or pair.state not in ("agreed", "over"):
        raise NotNow("没有约好，说不上到了。", "Nothing was agreed, so nobody arrives.")
    if pair.absent is not None:
        raise NotNow("已经说了没有来，窗口会问。", "It was said that somebody did not come: the counter asks.")
    if pair.arrived_at is not None:
        raise NotNow("已经说过到了。", "It has been said already.")
    _in_time(need, max(supply.starts_at, need.starts_at), now)
    pair.arrived_at, pair.arrived_by, pair.version = now, side, pair.version + 1
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_ARRIVED, pair, by, now)
    if pair.opened_id is not None and what.match.arrive.tells:
        messages.tell(
            work, pair.opened_id, what.match.arrive.tells, need.number, {"need": facts_of(work, need)}, now=now
        )
    zh = f"{what.match.title}：{say_at(need.starts_at)}的，已经到了。"
    en = f"{what.match.title_en}: {_said(need)} has arrived."
    for row in (supply, need):
        if row.side != side:
            _tell(work, row, f"arrived:{pair.id}", zh, en, now)
    if pair.called >= KIN:
        _tell_kin(work, what, pair, (need, supply), "arrived", zh, en, now)
    if pair.called >= POSTS:
        _tell_posts(work, what, pair, need, "arrived", f"{zh}（{pair.number}）", f"{en} ({pair.number})", now)


def call(work: Work, pair_id: int, *, by: Actor, now: datetime) -> None:
    """Nobody said that they arrived: both are told, then their family where they have one, then the posts, once each.
    Nothing when it was said, called off, or somebody did not come."""
    pair = work.session.get(MatchPair, pair_id)
    if pair is None:
        return
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair)
    what = reads.declared(work).get(need.match)
    if what is None or what.match.arrive is None or not reads.held(pair) or pair.arrived_at is not None:
        return
    if pair.called >= POSTS or need.forgotten_at is not None or supply.forgotten_at is not None:
        return
    pair.called += 1
    if pair.called == BOTH:
        _tell_both(work, what, pair, supply, need, now)
    if pair.called == KIN:
        zh = (
            f"{what.match.title}：您家人{say_at(need.starts_at)}的，该到了还没有人说到了。请给家人打电话；"
            f"找不到人的打 {_counter(work, need)}，有危险打 110。"
        )
        en = (
            f"{what.match.title_en}: of somebody of your family, {_said(need)}: they should be there, and nobody said "
            f"so. Ring them; if you cannot reach them ring {_counter(work, need)}, in danger 110."
        )
        if not _tell_kin(work, what, pair, (need, supply), "call", zh, en, now):
            pair.called = POSTS
    if pair.called == POSTS:
        zh = (
            f"{what.match.title} {pair.number}：{say_at(need.starts_at)}的，该到了还没有人说到了。请给双方打电话；"
            "都找不到的打 110。"
        )
        en = (
            f"{what.match.title_en} {pair.number}: {_said(need)}; they should be there, and nobody said so. Telephone "
            "both; if neither can be reached, call 110."
        )
        _tell_posts(work, what, pair, need, "desk", zh, en, now)
        if what.match.arrive.opens:  # by a job of its own: what was told is told even where the case cannot be opened
            payload = {"pair": pair.id, "what": "open", "matter": what.match.arrive.opens}
            jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:pair:{pair.id}:open", payload, now=now)
    pair.version += 1
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_CALLED, pair, by, now)
    if pair.called < POSTS:
        _call_later(work, pair, now + written.span(what.match.arrive.every), now)


def _tell_both(work: Work, what: Declared, pair: MatchPair, supply: MatchSide, need: MatchSide, now: datetime) -> None:
    for row in (supply, need):
        _tell(
            work,
            row,
            f"call:{pair.id}",
            f"{what.match.title}：{say_at(need.starts_at)}的，该到了还没有人点“到了”。到了请点一下；还没到请给对方"
            "打电话，有危险打 110。",
            f"{what.match.title_en}: {_said(need)}: you should be there, and nobody said so. Say so if you are; else "
            "ring the other, in danger 110.",
            now,
            urgent=True,
            kind=CALL,
        )


def _counter(work: Work, need: MatchSide) -> str:
    return units.place(work, need.unit_id).phone or units.tree(work).county.phone


def _tell_kin(
    work: Work, what: Declared, pair: MatchPair, rows: Sequence[MatchSide], key: str, zh: str, en: str, now: datetime
) -> bool:
    """Those whom a bond of this kind names for the persons of these sides, each once; whether there is anybody."""
    kin = what.match.arrive.kin if what.match.arrive is not None else ""
    declared = what.package.declared("bonds").get(kin)
    told: set[str] = set()
    for row in rows:
        if not kin or row.person_index is None:
            continue
        for bond in bonds.holders(
            work,
            declared.key if declared is not None else kin,
            user_id=row.user_id,
            person_index=row.person_index,
            name=row.name or "",
            today=local_date(now),
        ):
            if bond.holder_ref in told:  # of the same family as both
                continue
            told.add(bond.holder_ref)
            notices.put_both(
                work,
                f"match:{row.id}:{pair.id}:kin-{key}:{bond.id}",
                zh,
                text_en=en,
                kind=CALL,
                user_id=bond.holder_id,
                phone=bond.holder_phone,
                case_id=_case_of(row),
                urgent=True,
                now=now,
            )
    return bool(told)


def _tell_posts(
    work: Work, what: Declared, pair: MatchPair, need: MatchSide, key: str, zh: str, en: str, now: datetime
) -> None:
    """Whoever sits in these posts where it begins, or next above; when nobody does, who heads it there. Somebody is to
    look for them."""
    assert what.match.arrive is not None
    start = units.place(work, need.place_id)
    told = {user for post in what.match.arrive.posts for user in holders.near(work, start, post)}
    for user_id in sorted(told or holders.supervisors(work, start.id)):
        notices.put(
            work,
            f"match:pair:{pair.id}:{key}:{user_id}:screen",  # of a pair: a side has the same number
            zh,
            text_en=en,
            kind=CALL,
            channel="screen",
            user_id=user_id,
            case_id=_case_of(need),
            now=now,
        )


def _case_of(row: MatchSide) -> int | None:
    """The case that put it there, or was opened for it."""
    return row.case_id or row.opened_id


# ---------------------------------------------------------------- not again, and money


def part(work: Work, what: Declared, pair: MatchPair, side: str, *, by: Actor, now: datetime) -> None:
    """The person of this side is matched with the other's no more; what still waits or holds between them is over. The
    other is told what is called off, and not why. NotNow: nobody knows any more who they are."""
    mine, other = (pair.need, pair.supply) if side == "need" else (pair.supply, pair.need)
    if not reads.may_part(what, pair, mine, other):
        raise NotNow("这一条不能说以后不再一起。", "Expected two who had agreed and are still known.")
    assert mine.person_index is not None
    assert other.person_index is not None
    if not reads.parted(work, what, mine, other):
        row = MatchApart(
            match=what.key, by_index=mine.person_index, of_index=other.person_index, at=now, pair_id=pair.id
        )
        work.insert_once(row)
    _record_pair(work, audit.Kind.MATCH_APART, pair, by, now)
    for live in _live_between(work, what, mine, other):
        cancel(work, what, live, mine.side if live.id == pair.id else _side_of(live, mine), "", by=by, now=now)


def _side_of(pair: MatchPair, mine: MatchSide) -> str:
    return "need" if pair.need.person_index in reads.known_as(mine) else "supply"


def _live_between(work: Work, what: Declared, mine: MatchSide, other: MatchSide) -> Sequence[MatchPair]:
    """What still waits for an answer, or was agreed, between these two persons, on whatever day."""
    need, supply = aliased(MatchSide), aliased(MatchSide)
    one, two = reads.known_as(mine), reads.known_as(other)
    query = (
        select(MatchPair.id)
        .join(need, need.id == MatchPair.need_id)
        .join(supply, supply.id == MatchPair.supply_id)
        .where(
            need.match == what.key,
            MatchPair.ended_at.is_(None),
            or_(
                and_(need.person_index.in_(one), supply.person_index.in_(two)),
                and_(need.person_index.in_(two), supply.person_index.in_(one)),
            ),
        )
    )
    return work.session.scalars(reads.pair_query(MatchPair.id.in_(query))).all()


def rejoin(work: Work, what: Declared, pair: MatchPair, side: str, *, by: Actor, now: datetime) -> None:
    """The person of this side thinks better of it. What the other said stands."""
    mine, other = (pair.need, pair.supply) if side == "need" else (pair.supply, pair.need)
    for row in reads.parted(work, what, mine, other):
        work.session.delete(row)
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_APART, pair, by, now)


def take_back(work: Work, apart_id: int, *, by: Actor, now: datetime) -> None:
    """One thinks better of what one said, however long ago: the trip may be forgotten. NotFound: not said by them."""
    said = next((one for one in reads.said_apart(work, by) if one.id == apart_id), None)
    if said is None:
        raise NotFound("没有这一条，或不是您说的。", "There is none of that number that you said.")
    work.session.delete(work.session.get_one(MatchApart, apart_id))
    work.session.flush()
    facts = {"match": said.match, "rejoined": True}
    audit.record(work, audit.Kind.MATCH_APART, by=by, now=now, facts=facts, later=True)


def erase_of(work: Work, user: User, *, by: Actor, now: datetime) -> int:
    """Who asks to be erased: what is over of theirs, and what they said of others. That another would not meet them
    stays: it is that other's. How many went."""
    over = select(MatchSide).where(
        MatchSide.user_id == user.id, MatchSide.ended_at.is_not(None), MatchSide.forgotten_at.is_(None)
    )
    rows = work.session.scalars(over.order_by(MatchSide.id)).all()
    for row in rows:
        forget(work, row, by=by, now=now)
    theirs = MatchApart.by_index.in_(knowing.of_user(user).every_index)
    return len(rows) + _changed(work, delete(MatchApart).where(theirs))


def late(work: Work, what: Declared, pair: MatchPair, side: str, *, by: Actor, now: datetime) -> None:
    """The other side was late, as this one says. It is told, and may say otherwise at the counter. NotNow: it is not
    the time to say so, or it was said."""
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair, ["state", "version", "absent", "late_at"])
    if not reads.may_be_late(what, pair, now):
        raise NotNow("这一条不能说迟到，或者已经说过了。", "It cannot be said of this one, or was said.")
    row = need if side == "supply" else supply
    count_late(work, what, pair, row, by=by, now=now)
    _tell(
        work,
        row,
        f"late:{pair.id}",
        f"{what.match.title}：{say_at(need.starts_at)}的，对方说您迟到了。有特殊情况请打窗口电话说明。",
        f"{what.match.title_en}: for {_said(need)} the other side says that you were late. Ring the counter if it was "
        "otherwise.",
        now,
    )


def count_late(work: Work, what: Declared, pair: MatchPair, row: MatchSide, *, by: Actor, now: datetime) -> None:
    """This side was late, or called off too late: so often, and a case is opened in which somebody talks with them."""
    if what.match.late is None or pair.late_at is not None:
        return
    pair.late, pair.late_at, pair.version = row.side, now, pair.version + 1
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_LATE, pair, by, now)
    times = reads.lately(work, what, row, now - written.span(what.match.late.within))
    since = times[::-1].index(True) if True in times else len(times)  # how often since they were talked with
    if since and since % what.match.late.times == 0:
        payload = {"pair": pair.id, "what": "late"}
        jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:pair:{pair.id}:late", payload, now=now)


def soon(what: Declared, pair: MatchPair, now: datetime) -> bool:
    """Whether to call it off now is late: both had agreed, and it begins soon."""
    begins = max(pair.need.starts_at, pair.supply.starts_at)
    return pair.state == "agreed" and begins - written.span(what.match.free_until) < now <= begins


def charge(work: Work, what: Declared, pair: MatchPair, *, by: Actor, now: datetime) -> None:
    """The need says that the supply asks for money: what is still to come is off, and a case finds out. NotNow: it is
    not the time to say so, or it was said."""
    supply, need = _both(work, pair.need_id, pair.supply_id)
    work.session.refresh(pair, ["state", "version", "agreed_at", "charged_at"])
    if not reads.may_charge(what, pair, now):
        raise NotNow("这一条不能再说，请打窗口电话。", "It cannot be said of this one: ring the counter.")
    pair.charged_at, pair.version = now, pair.version + 1
    work.session.flush()
    _record_pair(work, audit.Kind.MATCH_CHARGED, pair, by, now)
    if pair.state == "agreed" and now < max(supply.starts_at, need.starts_at):
        cancel(work, what, pair, "need", f"这一项{what.match.costs[0]}。", by=by, now=now)
    payload = {"pair": pair.id, "what": "charged"}
    jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:pair:{pair.id}:charged", payload, now=now)


# ---------------------------------------------------------------- due


def fell_due(work: Work, side_id: int, act: str, *, by: Actor, now: datetime) -> MatchSide | None:
    """What was to happen to a need or supply at this time. A need that nobody took is returned, once."""
    row = work.session.get(MatchSide, side_id)
    if row is None:
        return None
    if act == "forget":
        forget(work, row, by=by, now=now)
        return None
    what = reads.declared(work).get(row.match)
    (row,) = lock(work, row.id)
    if row.ended_at is not None or what is None:
        if row.ended_at is None:  # it is declared no more: its time is over all the same
            row.state, row.ended_at, row.day_key = "over", now, None
        return None
    if act == "over":
        end_side(work, what, row, "over", "", by=by, now=now)
    elif act == "bond":
        if row.user_id is None:  # nobody could answer for them any more
            row.bond_id = row.phone = None
            end_side(work, what, row, "cancelled", "替他登记的关系结束了", by=by, now=now)
    elif act == "documents":
        side = what.match.of(row.side)
        gone, _papers = reads.no_more(work, what, side, person_of(row), _goes(row), row.answers or {}, now)
        if gone:
            zh, en = gone[0].zh.rstrip("。") + "。", gone[0].en.rstrip(".") + "."
            end_side(work, what, row, "cancelled", zh, by=by, now=now, stopped=True)
            _tell(
                work,
                row,
                f"stopped:{row.id}",
                f"{what.match.title}：{zh}{say_at(row.starts_at)}的已经取消。",
                f"{what.match.title_en}: {en} What you said for {_said(row)} was called off.",
                now,
                urgent=True,
            )
    elif act == "unmatched" and row.side == "need" and row.state == "open" and row.told_at is None:
        row.told_at = now
        _tell(
            work,
            row,
            f"unmatched:{row.id}",
            f"{what.match.title}：{say_at(row.starts_at)}的还没有找到。还会继续找；要紧的请打电话给窗口，或另外安排。",
            f"{what.match.title_en}: nothing was found yet for {_said(row)}. We go on looking; ring the counter if it "
            "is pressing.",
            now,
        )
        tell_case(work, what, row, "unmatched", now)
        return row
    return None


def person_of(row: MatchSide) -> Person:
    """Whose it is, as an expression knows them."""
    return knowing.Person(row.name or "", row.phone, row.id_number, row.user_id)


def forget(work: Work, row: MatchSide, *, by: Actor, now: datetime) -> None:
    """Who it was goes; from where to where, which day and how many stay, for the counts."""
    if row.forgotten_at is not None:
        return
    if row.ended_at is None:
        row.state, row.ended_at, row.day_key = "over", now, None
    row.name = row.phone = row.id_number = row.guardian = row.person_index = None
    row.user_id = row.answers = None
    row.reason = ""
    row.forgotten_at = now
    work.session.execute(
        update(MatchPair)
        .where(or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id), MatchPair.ended_at.is_not(None))
        .values(reason="")
    )
    for pair_id in work.session.scalars(
        select(MatchPair.id).where(
            or_(MatchPair.need_id == row.id, MatchPair.supply_id == row.id), MatchPair.agreed_at.is_not(None)
        )
    ).all():
        documents.forget(work, reads.slip_key(pair_id), by=by, now=now)
    record(work, audit.Kind.MATCH_FORGOTTEN, row, by, now)


# ---------------------------------------------------------------- told


def facts_of(work: Work, row: MatchSide) -> dict[str, Any]:
    """A need or supply as a diagram reads it: never whose it is on the other side."""
    start, end = units.place(work, row.place_id), units.place(work, row.to_id)
    return {
        "number": row.number,
        "side": row.side,
        "state": row.state,
        "day": row.day.isoformat(),
        "starts_at": row.starts_at.astimezone(ZONE).isoformat(),
        "until_at": row.until_at.astimezone(ZONE).isoformat(),
        "from": start.code,
        "from_name": start.name,
        "to": end.code,
        "to_name": end.name,
        "places": row.places,
    }


def known_of(work: Work, row: MatchSide) -> dict[str, Any]:
    """The same, and whose it is: for a case of whoever telephones."""
    return facts_of(work, row) | {"name": row.name, "phone": row.phone}


def tell_case(work: Work, what: Declared, row: MatchSide, key: str, now: datetime) -> None:
    """A message by its number to the case that put it there, or was opened for it, when the declaration says one (HEARD
    of engine/matters/nouns/matches.py)."""
    name = getattr(getattr(what.match, key), "tells", "")
    case_id = _case_of(row)
    if case_id is not None and name:
        messages.tell(work, case_id, name, row.number, {row.side: facts_of(work, row)}, now=now)


def _said(row: MatchSide) -> str:
    return f"{row.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def _tell(
    work: Work,
    row: MatchSide,
    key: str,
    zh: str,
    en: str,
    now: datetime,
    *,
    urgent: bool = False,
    kind: str = "match",
) -> None:
    """On their screen, and by text message: without names or numbers, which they read when logged in."""
    notices.put_both(
        work,
        f"match:{row.id}:{key}",
        zh,
        text_en=en,
        kind=kind,
        # Somebody without an account hears of it through who said it for them.
        user_id=row.user_id or (row.entered_by_id if row.bond_id is not None else None),
        phone=row.phone,
        case_id=_case_of(row) if kind == CALL else None,
        urgent=urgent,
        now=now,
    )
