"""The rows of bonds (关系): made, confirmed, ended, joined to accounts. Effects of diagrams and the verbs of people
both
come here; who may ask for it is judged above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, union_all, update
from sqlalchemy.exc import IntegrityError

from engine.commands import appointments, loan_rows
from engine.errors import AlreadyDone, FieldError, Invalid, NotNow
from engine.matters.nouns.bonds import ADULT, LEADER
from engine.matters.nouns.bonds import Bond as Kind
from engine.people import SYSTEM, Actor, bonds, numbers, units
from engine.reads.bonds import CONFIRM_DAYS
from engine.reads.knowing import Person, born_on
from engine.records import audit, jobs, notices
from engine.store import Work, keys
from engine.store.models import (
    Appointment,
    Bond,
    BookingPlace,
    Case,
    Loan,
    LoanHold,
    MatchSide,
    Resource,
    Standing,
    Task,
    Team,
    User,
    Waiting,
)
from engine.workdays import local_date


@dataclass(frozen=True, slots=True)
class Asked:
    """The bond that is wanted."""

    key: str  # as in the database: family, or the declaration's key
    kind: Kind
    subject: Person
    holder: Person
    how: str  # counter, code, phone, case
    until: date | None = None  # its last day; None: as long as the kind lasts
    lets: Sequence[str] | None = None  # of what the kind lets; None: all
    matters: Sequence[str] | None = None
    offers: Sequence[str] | None = None
    entries: Sequence[str] | None = None
    proof: Mapping[str, Any] = field(default_factory=dict)
    unit_id: int | None = None
    scope: str = ""  # "case:12": in this case alone
    team: str = ""  # of a leader and a member: what their team is called
    confirmed: bool = True  # False: the subject has to confirm it first


def make(work: Work, asked: Asked, *, by: Actor, now: datetime, case: Case | None = None) -> Bond:
    """The bond, held from now on; or asked for, when the other side has still to confirm it. Refused by the field."""
    today = local_date(now)
    subject, holder = known_all(work, [asked.subject, asked.holder])
    until = _sound(asked, subject, holder, today)
    named = " ".join(asked.team.split())
    team = team_of(work, named, holder, asked.unit_id, now) if named else None
    values: dict[str, Any] = dict(
        kind=asked.key,
        state="held" if asked.confirmed else "asked",
        **_side("subject", subject),
        **_side("holder", holder),
        scope=asked.scope,
        team=named,
        team_id=team.id if team is not None else None,
        n=1,
        most=asked.kind.most,
        lets=[one for one in asked.kind.lets if asked.lets is None or one in asked.lets],
        matters=_list(asked.matters),
        offers=_list(asked.offers),
        entries=_list(asked.entries),
        proof=dict(asked.proof),
        revocable=asked.kind.revocable,
        from_on=today,
        until_on=until,
        how=asked.how,
        made_by_id=by.id,
        case_id=case.id if case is not None else None,
        unit_id=asked.unit_id,
        place_id=subject.place_id,
        made_at=now,
        confirmed_at=now if asked.confirmed else None,
    )
    if asked.scope:
        # In a case that this transaction has locked, whose agent before was ended: one statement, for each step of a
        # case has few. The database refuses a second all the same.
        row = work.insert(Bond(**values))
    else:
        row = Bond(**values)
        _put(work, row, asked.kind, refs_of(subject), refs_of(holder), now)
    audit.record(
        work,
        audit.Kind.BOND_MADE if asked.confirmed else audit.Kind.BOND_ASKED,
        by=by,
        now=now,
        case=case,
        for_id=row.subject_id if row.subject_id != by.id else None,
        facts={"bond": row.id, "kind": row.kind, "how": row.how, "until": row.until_on.isoformat()},
    )
    return row


def known(work: Work, person: Person) -> Person:
    """The person with their account, when they have one: the same identity number or telephone, and the same name (an
    account that has no name yet has only its telephone)."""
    return known_all(work, [person])[0]


def known_all(work: Work, people: Sequence[Person]) -> list[Person]:
    """The same of several, in one statement; none where all are known."""
    by_id, by_phone = _blinds(people, "id"), _blinds(people, "phone")
    if not by_id and not by_phone:
        return list(people)
    users = work.session.scalars(
        select(User)
        .where(
            User.kind == "resident",
            User.disabled_at.is_(None),
            or_(User.id_index.in_(by_id), User.phone_index.in_(by_phone)),
        )
        .order_by(User.id)
    ).all()
    return [_as_known(person, users) for person in people]


def _blinds(people: Sequence[Person], kind: str) -> set[str]:
    """How those of unknown account are found: by identity number (`id`) or telephone (`phone`)."""
    said = [p.id_number if kind == "id" else p.phone for p in people if p.user_id is None]
    return {index for one in said if one for index in keys.blinds(kind, one)}


def _as_known(person: Person, users: Sequence[User]) -> Person:
    if person.user_id is not None:
        return person
    by_id, by_phone = _blinds([person], "id"), _blinds([person], "phone")
    mine = [user for user in users if user.id_index in by_id or user.phone_index in by_phone]
    for user in sorted(mine, key=lambda u: u.id_index not in by_id):
        if user.name != person.name and not numbers.says_who(user):
            continue
        if user.id_number and person.id_number and user.id_number != person.id_number:
            continue
        return Person(
            person.name,
            person.phone or user.phone,
            person.id_number or user.id_number,
            user.id,
            person.place_id or user.place_id,
        )
    return person


def ref_of(person: Person) -> str:
    """Under which word a bond or a team of theirs is written now."""
    return refs_of(person)[0]


def refs_of(person: Person) -> tuple[str, ...]:
    """Under which words one of theirs may stand: for look-ups."""
    return bonds.refs(user_id=person.user_id, id_number=person.id_number, phone=person.phone, name=person.name)


def _side(side: str, person: Person) -> dict[str, Any]:
    return {
        f"{side}_id": person.user_id,
        f"{side}_ref": ref_of(person),
        f"{side}_name": person.name,
        f"{side}_phone": person.phone,
        f"{side}_id_number": person.id_number,
        f"{side}_name_index": keys.blind("name", person.name),
        f"{side}_phone_index": keys.blind("phone", person.phone) if person.phone else None,
        f"{side}_id_index": keys.blind("id", person.id_number) if person.id_number else None,
    }


def _sound(asked: Asked, subject: Person, holder: Person, today: date) -> date:
    """The last day of a bond that may be; refused by the field that is wrong."""
    wrong: list[FieldError] = []
    last = asked.kind.last_day(today)
    for side, person, wanted in (
        ("subject", subject, asked.kind.between[0]),
        ("holder", holder, asked.kind.between[1]),
    ):
        if not person.name:
            wrong.append(FieldError(side, "姓名", "请填写姓名。", "The name is missing."))
            continue
        born = born_on(person.id_number)
        of_age = _birthday(born, ADULT) if born is not None else None
        if wanted == "adult" and of_age is not None and today < of_age:
            zh = f"{person.name}未满 {ADULT} 岁，不能做{asked.kind.title}。请换一位成年人。"
            en = f"{person.name} is under {ADULT} and cannot be this ({asked.kind.title_en}). Name an adult."
            wrong.append(FieldError(f"{side}.id_number", "身份证号", zh, en))
        if wanted == "child" and of_age is not None:
            if today >= of_age:
                zh = f"{person.name}已满 {ADULT} 岁，要由本人建立关系。"
                en = f"{person.name} is {ADULT} or older and makes such bonds in person."
                wrong.append(FieldError(f"{side}.id_number", "身份证号", zh, en))
            last = min(last, of_age - timedelta(days=1))
    wrong += _team(asked)
    if ref_of(subject) == ref_of(holder):
        zh, en = "两方是同一个人。请填写另一方。", "Both sides are the same person: name the other."
        wrong.append(FieldError("holder", "姓名", zh, en))
    until = asked.until or last
    if until < today:
        zh, en = f"最后一天 {until} 已经过了。", f"The last day, {until}, is over."
        wrong.append(FieldError("until", "到哪一天", zh, en))
    elif asked.until is not None and until > last:
        zh, en = f"最长到 {last}，您写的是 {until}。", f"It may last until {last}, but {until} was given."
        wrong.append(FieldError("until", "到哪一天", zh, en))
    if wrong:
        raise Invalid(wrong)
    return until


def _team(asked: Asked) -> list[FieldError]:
    """A leader's bond has the name of the team, and no other has one: a code for the one is not typed as the other."""
    named, leads = bool(asked.team.strip()), asked.key == LEADER
    if leads and not named:
        zh, en = "请写团队的名称；队员在“团队”里看得到。", "Write the team's name: its members see it."
        return [FieldError("team", "团队名称", zh, en)]
    if named and not leads:
        zh = f"这是“{asked.kind.title}”的，不是队长的。请对方打开“团队”重新给您看一个数。"
        en = f"This is of another kind ({asked.kind.title_en}). Ask for a code from the page of teams."
        return [FieldError("code", "绑定码", zh, en)]
    if len(asked.team.strip()) > 80:
        zh, en = "团队名称至多 80 字。", "A team's name has 80 characters at most."
        return [FieldError("team", "团队名称", zh, en)]
    return []


def team_of(work: Work, name: str, leader: Person, unit_id: int | None, now: datetime) -> Team:
    """The team of this name that the leader leads, a new one when there is none where they live. Invalid: others have
    the name there; the database says so, also of two who take it at once. One that nobody is in any more gives it
    back."""
    where = leader.place_id or unit_id or units.tree(work).county.id
    refs, today = refs_of(leader), local_date(now)
    leads: list[ColumnElement[bool]] = [Team.leader_ref.in_(refs)]
    leads += [Team.second_id == leader.user_id] if leader.user_id is not None else []
    there = work.session.scalars(
        select(Team).where(Team.name == name, Team.ended_at.is_(None), or_(Team.unit_id == where, *leads))
    ).all()
    own = next((one for one in there if one.leader_ref in refs or one.second_id == leader.user_id is not None), None)
    if own is not None:
        return own
    members = select(Bond.id).where(Bond.team_id == Team.id, Bond.ended_at.is_(None), Bond.until_on >= today).exists()
    work.session.execute(
        update(Team)
        .where(Team.name == name, Team.unit_id == where, Team.ended_at.is_(None), ~members)
        .values(ended_at=now, second_id=None)
        .execution_options(synchronize_session=False)
    )
    made = work.insert_once(Team(unit_id=where, name=name, leader_ref=refs[0], leader_id=leader.user_id, made_at=now))
    if made is None:
        place = units.place(work, where).name
        zh = f"{place}已经有一个团队叫“{name}”了，是别的队长带的。请换一个名称；要一起带，请他的队长加您做第二位队长。"
        en = f"Another team of {place} is called {name}. Choose another name, or let its leader make you the second."
        raise Invalid([FieldError("team", "团队名称", zh, en)])
    return made


def second(work: Work, bond: Bond, *, by: Actor, now: datetime) -> Team:
    """A member leads their team too, beside its leader: two at most. NotNow: there is a second, or they could not."""
    team = work.session.get_one(Team, bond.team_id)
    if bond.subject_id is None:
        raise NotNow(
            "他还没有自己的账号，不能带队。请他先登录一次。", "They have no account yet: let them log in once."
        )
    done = work.session.execute(
        update(Team)
        .where(Team.id == team.id, Team.second_id.is_(None), Team.ended_at.is_(None), Team.leader_id == by.id)
        .values(second_id=bond.subject_id)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotNow(
            "一个团队最多两位队长，已经有第二位了。要换人，请先请他不再带队。",
            "A team has two leaders at most, and has both: let the second lead no more first.",
        )
    facts = {"team": team.id, "bond": bond.id}
    audit.record(work, audit.Kind.TEAM_LED, by=by, now=now, for_id=bond.subject_id, facts=facts)
    return team


def leads_no_more(work: Work, team: Team, *, by: Actor, now: datetime) -> bool:
    """The second leader leads it no more; whether there was one."""
    before = team.second_id
    if before is None:
        return False
    team.second_id = None
    for_id = before if before != by.id else None
    audit.record(work, audit.Kind.TEAM_LEFT, by=by, now=now, for_id=for_id, facts={"team": team.id})
    return True


def _birthday(born: date, years: int) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:  # born on 29 February: of age on 1 March (民法典 201: the day after)
        return date(born.year + years, 3, 1)


def _put(work: Work, row: Bond, kind: Kind, subject: Collection[str], holder: Collection[str], now: datetime) -> None:
    """Into the lowest free place. The database says whether it is free: of two at once for the last, one is refused.
    Those of the subject and kind that are over give their places back: a day ends them, and needs no sweep for it."""
    today, since = local_date(now), now - timedelta(days=CONFIRM_DAYS)
    of = (
        Bond.kind == row.kind,
        Bond.subject_ref.in_(subject),
        Bond.scope == row.scope,
        Bond.ended_at.is_(None),
    )
    for _ in range(kind.most + 1):
        there = work.session.execute(
            select(Bond.n, Bond.until_on, Bond.state, Bond.made_at, Bond.holder_ref).where(*of)
        ).all()
        over = {one for one in there if one.until_on < today or (one.state == "asked" and one.made_at < since)}
        if over:
            expired = or_(Bond.until_on < today, (Bond.state == "asked") & (Bond.made_at < since))
            for one in work.session.scalars(select(Bond).where(*of, expired).order_by(Bond.id)).all():
                end(work, one, "expired", by=SYSTEM, now=now)
        live = set(there) - over
        if any(one.holder_ref in holder for one in live):
            raise NotNow(
                f"{row.holder_name}已经是{row.subject_name}的{kind.title}，不用再加。要改，请先解除。",
                f"This bond ({kind.title_en}) is there already. To change it, end it first.",
            )
        taken = {one.n for one in live}
        free = next((n for n in range(1, kind.most + 1) if n not in taken), None)
        if free is None:
            raise NotNow(
                f"{row.subject_name}的{kind.title}最多 {kind.most} 位，已经满了。请先解除一位，再加新的。",
                f"At most {kind.most} of this kind ({kind.title_en}) for one person, and all are taken. End one first.",
            )
        row.n = free
        if work.insert_once(row) is not None:
            return
    raise NotNow("同时有别人在登记，请再试一次。", "Somebody else was registering at the same time: try again.")


def confirm(work: Work, bond: Bond, *, by: Actor, now: datetime) -> None:
    """The subject says yes on their phone."""
    done = work.session.execute(
        update(Bond)
        .where(Bond.id == bond.id, Bond.state == "asked", Bond.made_at >= now - timedelta(days=CONFIRM_DAYS))
        .values(state="held", confirmed_at=now, subject_id=by.id)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotNow("这个请求已经处理过，或者过期了。", "This request was answered before, or its time is over.")
    audit.record(
        work,
        audit.Kind.BOND_MADE,
        by=by,
        now=now,
        facts={"bond": bond.id, "kind": bond.kind, "how": bond.how, "until": bond.until_on.isoformat()},
    )


def end(work: Work, bond: Bond, how: str, *, by: Actor, now: datetime, case: Case | None = None) -> None:
    """It is over from this moment: the next page of the holder is judged without it. The second who ends it is told."""
    done = work.session.execute(
        update(Bond)
        .where(Bond.id == bond.id, Bond.ended_at.is_(None))
        .values(state="ended", ended_at=now, ended_by_id=by.id, ended_how=how)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyDone("这个关系已经解除了。", "This bond was ended before.", when=bond.ended_at)
    if bond.scope:
        if case is not None and case.id == bond.case_id:  # its own step: written with everything else of it
            case.mandate_id = None if case.mandate_id == bond.id else case.mandate_id
        else:
            work.session.execute(
                update(Case)
                .where(Case.id == bond.case_id, Case.mandate_id == bond.id)
                .values(mandate_id=None)
                .execution_options(synchronize_session="fetch")
            )
    if bond.kind == LEADER:
        _leaves_team(work, bond, by, now)
    _hears_no_more(work, bond, now)
    of_it = _of_it(work, bond)
    _let_go(work, bond, of_it["task"])
    _waits_no_more(work, of_it["waiting"], by, now)
    _asks_no_more(work, of_it["side"], now)
    loan_rows.bond_ended(work, bond, of_it["hold"], of_it["loan"], by=by, now=now)
    for id_ in of_it["order"]:
        end_order(work, id_, by=by, now=now)
    audit.record(
        work,
        audit.Kind.BOND_ENDED,
        by=by,
        now=now,
        case=case,
        for_id=bond.subject_id if bond.subject_id != by.id else None,
        facts={"bond": bond.id, "kind": bond.kind, "how": how},
    )


def _of_it(work: Work, bond: Bond) -> dict[str, list[int]]:
    """What goes on by it, in one look: the steps that its holder claimed (task); of somebody without an account, where
    they wait (waiting, hold) and what they look for (side); the standing orders (order); what is lent (loan)."""
    work.written(Waiting, MatchSide, Standing, LoanHold, Loan)
    parts: dict[str, tuple[type[Task | Waiting | MatchSide | Standing | LoanHold | Loan], ColumnElement[bool]]] = {
        "task": (Task, Task.state == "claimed"),
        "waiting": (Waiting, and_(Waiting.user_id.is_(None), Waiting.state.in_(("waiting", "offered")))),
        "side": (MatchSide, and_(MatchSide.user_id.is_(None), MatchSide.ended_at.is_(None))),
        "order": (Standing, Standing.state == "active"),
        "hold": (LoanHold, and_(LoanHold.user_id.is_(None), LoanHold.ended_at.is_(None))),
        "loan": (Loan, Loan.ended_at.is_(None)),
    }
    looks = [
        select(literal(what).label("what"), kind.id.label("id")).where(kind.bond_id == bond.id, live)
        for what, (kind, live) in parts.items()
    ]
    found: dict[str, list[int]] = {what: [] for what in parts}
    for what, id_ in work.session.execute(union_all(*looks)):
        found[what].append(id_)
    return {what: sorted(ids) for what, ids in found.items()}


def _let_go(work: Work, bond: Bond, ids: Sequence[int]) -> None:
    """Steps that the holder claimed by it wait for somebody again. What this transaction has changed of steps is not
    written for that: as they are here counts, not as they were."""
    found = list(work.session.scalars(select(Task).where(Task.id.in_(ids)).order_by(Task.id))) if ids else []
    found += [row for row in work.session.dirty if isinstance(row, Task) and row.id not in ids]
    for task in found:
        if task.bond_id != bond.id or task.state != "claimed":
            continue
        task.state, task.assignee_id, task.acting_for_id, task.bond_id, task.claimed_at = "open", None, None, None, None
        task.version += 1


def _leaves_team(work: Work, bond: Bond, by: Actor, now: datetime) -> None:
    """What the leader put them down for and has not begun: their places are free for others."""
    team = work.session.get(Team, bond.team_id) if bond.team_id is not None else None
    if team is not None and bond.subject_id is not None and team.second_id == bond.subject_id:
        leads_no_more(work, team, by=by, now=now)
    for place, made in appointments.led_places(work, bond.id, now=now):
        appointments.leave_place(work, made, place, f"{bond.subject_name}不在这个团队了", by=by, now=now)


def _hears_no_more(work: Work, bond: Bond, now: datetime) -> None:
    """Of bookings of somebody without a telephone the holder was told on their own: that is over."""
    index = bond.subject_id_index
    if bond.holder_id is None or bond.subject_id is not None or index is None:
        return
    for made in work.session.scalars(
        select(Appointment).where(
            Appointment.person_index == index, Appointment.booked_by_id == bond.holder_id, Appointment.ends_at > now
        )
    ).all():
        made.phone, made.booked_by_id = bond.subject_phone, None
        notices.cancel(work, f"appointment:{made.id}:", now=now)


def end_order(work: Work, order_id: int, *, by: Actor, now: datetime) -> None:
    """A standing order that was made by a bond which is over: nothing more is booked of it. What is booked stays, as
    any booking made by the bond does, and whose it is hears of it."""
    order = work.session.get_one(Standing, order_id, with_for_update=True, populate_existing=True)
    if order.state != "active":
        return
    order.state, order.ended_at, order.reason = "ended", now, "替订的关系结束了"
    order.version += 1
    audit.record(
        work,
        audit.Kind.STANDING_ENDED,
        by=by,
        now=now,
        facts={"standing": order.id, "resource": order.resource_id, "bond": order.bond_id, "given_back": 0},
    )
    resource = work.session.get_one(Resource, order.resource_id)
    facts = {"place": (resource.name, resource.name_en or resource.name)}
    key = f"standing:{order.id}:bond-over"
    phone = order.phone if order.user_id is not None else None  # without an account it was the other's
    appointments.say(work, key, "standing-bond-over", facts, user_id=order.user_id, phone=phone, now=now)
    made_by = work.session.get(User, order.made_by_id) if order.made_by_id is not None else None
    if made_by is not None:
        key, kind = f"{key}:by", "standing-bond-over"
        appointments.say(work, key, kind, facts, user_id=made_by.id, phone=made_by.phone, now=now)


def _asks_no_more(work: Work, ids: Sequence[int], now: datetime) -> None:
    """Needs of somebody without an account, whose other side would wait for an answer in vain, are called off by the
    worker, which tells whoever agreed. Who has an account answers by themselves."""
    for id_ in ids:
        jobs.put_once(work, jobs.Kind.MATCH_DUE, f"match:{id_}:bond", {"side": id_, "what": "bond"}, now=now)


def _waits_no_more(work: Work, ids: Sequence[int], by: Actor, now: datetime) -> None:
    """Of somebody without an account nobody could confirm a place that is offered: they wait no more, and one that was
    kept for them goes to the next. Who has an account waits on, by themselves."""
    if not ids:
        return
    rows = work.session.scalars(
        select(Waiting)
        .where(Waiting.id.in_(ids), Waiting.state.in_(("waiting", "offered")))
        .order_by(Waiting.id)
        .with_for_update()
    ).all()
    for row in rows:
        row.state, kept, row.appointment_id = "left", row.appointment_id, None
        made = appointments.locked(work, kept) if kept is not None else None
        if made is not None and made.state == "held":
            appointments.give_back(work, made, "cancelled", "替订的关系结束了", by=by, now=now, by_hall=True)


def join(work: Work, user: User, *, by: Actor, now: datetime) -> int:
    """Somebody logged in: bonds made with their words before they had an account are theirs now. How many were. One
    that the account has already is ended instead, for two of a kind between two persons cannot be."""
    if user.kind != "resident" or not user.phone_index:
        return 0
    phones = keys.blinds("phone", user.phone or "")
    ids = keys.blinds("id", user.id_number) if user.id_number else ()
    joined = 0
    for side in ("subject", "holder"):
        column = {name: getattr(Bond, f"{side}_{name}") for name in ("id", "phone_index", "id_index")}
        rows = work.session.scalars(
            select(Bond).where(
                column["id"].is_(None),
                Bond.ended_at.is_(None),
                or_(column["phone_index"].in_(phones), column["id_index"].in_(ids)),
            )
        ).all()
        for row in rows:
            if not _same(user, row, side):
                continue
            try:
                with work.session.begin_nested():
                    setattr(row, f"{side}_id", user.id)
                    before = getattr(row, f"{side}_ref")
                    setattr(row, f"{side}_ref", f"u:{user.id}")
                    if side == "holder" and row.team_id is not None:  # who led it before they had an account
                        work.session.execute(
                            update(Team)
                            .where(Team.leader_ref == before)
                            .values(leader_ref=f"u:{user.id}", leader_id=user.id)
                        )
                    work.session.flush()
                    if side == "subject" and row.subject_id_index:  # what was borrowed for them is in their list too
                        loan_rows.joined(work, user, f"i:{row.subject_id_index}")
                    if side == "subject" and row.kind == LEADER:  # what they did for the team before is theirs too
                        work.session.execute(
                            update(BookingPlace)
                            .where(BookingPlace.bond_id == row.id, BookingPlace.user_id.is_(None))
                            .values(user_id=user.id)
                        )
            except IntegrityError:
                work.session.refresh(row)
                end(work, row, side, by=by, now=now)
                continue
            joined += 1
            facts = {"bond": row.id, "kind": row.kind, "side": side}
            audit.record(work, audit.Kind.BOND_JOINED, by=by, now=now, facts=facts)
    return joined


def _same(user: User, row: Bond, side: str) -> bool:
    """A telephone may be a family's: the name decides. Where identity numbers are known on both sides, they do too."""
    number = getattr(row, f"{side}_id_number")
    if number and user.id_number and number != user.id_number:
        return False
    if not user.name:  # an account's first hour: nothing is opened to a telephone alone
        return False
    if not (number and user.id_number) and numbers.from_before(user, row.made_at):  # of who had this number then
        return False
    return getattr(row, f"{side}_name_index") in keys.blinds("name", user.name)


def _list(names: Sequence[str] | None) -> list[str] | None:
    return sorted(set(names)) if names is not None else None
