"""Who looked behind a mask, at what, and why: for the person it is about, and for the head of whoever looked (RULES
Y1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from engine.people import Actor, masks, units
from engine.reads import sight
from engine.store import Work
from engine.store.models import Case, Holding, LookGrant, Reveal, User
from engine.store.models.records import BOOKING

#: What somebody may need whole data for; chosen, and then said in their own words.
PURPOSES = {
    "contact": "联系申请人",
    "verify": "核对身份和材料",
    "deliver": "送达文书和结果",
    "correct": "更正登记的信息",
    "complaint": "处理投诉和反映",
    "accountability": "追责、复议、诉讼取证",
}
#: A look at everything of a case: its 责任证据包 was taken.
ALL = "evidence"
#: How the field of an opening begins: of what only its handlers read (a restricted case, its papers, health values).
#: Nobody looked behind a mask: it is their work, so it is not counted among the looks of an hour.
OPENED = "opened:"
CASE, PAPER = f"{OPENED}case", f"{OPENED}paper"
FIELDS = {"name": "姓名", "phone": "电话", "id_number": "身份证", ALL: "责任证据包（全部）"} | {
    CASE: "办件的内容",
    PAPER: "文书",
}
#: How the field of a look at a need or a supply begins; its number follows.
MATCH = "match:"
#: How far back a head's list looks, and how many lines it has at most.
LATELY, MOST = timedelta(days=30), 200


@dataclass(frozen=True, slots=True)
class Looked:
    """One look behind a mask."""

    at: datetime
    who: str  # masked for the person it is about
    unit: str
    field: str  # 姓名, 电话, 身份证
    purpose: str
    number: str  # of the case; of an entry of a register, what that is called


@dataclass(frozen=True, slots=True)
class Looks:
    """What a head sees: who of theirs looked how often lately, and each look."""

    people: tuple[tuple[str, int], ...]  # most first
    lately: tuple[Looked, ...]
    total: int


def of_case(work: Work, case: Case, *, masked: bool) -> tuple[Looked, ...]:
    """Every look at the applicant's data in a case, the newest first."""
    rows = work.session.execute(
        select(Reveal, User.name, Case.number)
        .join(User, User.id == Reveal.by_id)
        .join(Case, Case.id == Reveal.case_id)
        .where(Reveal.case_id == case.id)
        .order_by(Reveal.id.desc())
    ).all()
    return _looked(work, [(row, masks.name(name) if masked else name, number) for row, name, number in rows])


def of_entry(work: Work, entry_id: int, *, masked: bool) -> tuple[Looked, ...]:
    """Every look at whole data of an entry of a register, the newest first."""
    rows = work.session.execute(
        select(Reveal, User.name)
        .join(User, User.id == Reveal.by_id)
        .where(Reveal.entry_id == entry_id)
        .order_by(Reveal.id.desc())
        .limit(MOST)
    ).all()
    return _looked(work, [(row, masks.name(name) if masked else name, "") for row, name in rows])


def _theirs_to_know(actor: Actor) -> ColumnElement[bool]:
    """No look into a confidential case, but for the people of its office: that somebody looked tells that there is
    one."""
    kept = aliased(Case)
    return ~exists().where(kept.id == Reveal.case_id, kept.confidential, kept.office_id.not_in(actor.own_units))


def of_my_people(work: Work, actor: Actor, *, now: datetime) -> Looks:
    """The looks of those who work in the units this actor heads, lately."""
    heads = [p for p in actor.positions if p.role == "supervisor" and p.for_id is None]
    under = {place.id for place in units.tree(work) for p in heads if place.path.startswith(p.unit_path)}
    theirs = select(Holding.user_id).where(Holding.unit_id.in_(under))
    lately = (Reveal.by_id.in_(theirs), Reveal.at > now - LATELY, _theirs_to_know(actor))
    counted = work.session.execute(
        select(User.name, func.count())
        .select_from(Reveal)
        .join(User, User.id == Reveal.by_id)
        .where(*lately)
        .group_by(User.id, User.name)
        .order_by(func.count().desc(), User.id)
    ).all()
    rows = work.session.execute(
        select(Reveal, User.name, Case.number)
        .join(User, User.id == Reveal.by_id)
        .outerjoin(Case, and_(Case.id == Reveal.case_id, sight.named(work, actor)))
        .where(*lately)
        .order_by(Reveal.id.desc())
        .limit(MOST)
    ).all()
    return Looks(
        tuple((name, n) for name, n in counted),
        _looked(work, [(row, name, number or "") for row, name, number in rows]),
        sum(n for _name, n in counted),
    )


def _looked(work: Work, rows: Sequence[tuple[Reveal, str, str]]) -> tuple[Looked, ...]:
    ids = {row.by_id for row, _name, _number in rows}
    at = {
        user: units.place(work, unit).name
        for user, unit in work.session.execute(
            select(Holding.user_id, func.min(Holding.unit_id)).where(Holding.user_id.in_(ids)).group_by(Holding.user_id)
        )
    }
    return tuple(
        Looked(
            row.at,
            name,
            at.get(row.by_id, ""),
            field_words(row.field),
            row.purpose,
            number or number_in(row.field),
        )
        for row, name, number in rows
    )


def number_in(field: str) -> str:
    """The number of the match or booking that was looked at; "" where it is another's field."""
    kind = next((one for one in (MATCH, BOOKING) if field.startswith(one)), None)
    return field.removeprefix(kind) if kind is not None else ""


def field_words(name: str) -> str:
    """What people call it; a field of a register by its own name."""
    plain = name.removeprefix("person.")
    if plain.startswith(BOOKING):
        return "姓名"
    return "姓名、电话" if plain.startswith(MATCH) else FIELDS.get(plain, plain.removeprefix(OPENED))


@dataclass(frozen=True, slots=True)
class Many:
    """One asking for many looks at once."""

    id: int
    who: str
    unit: str
    purpose: str
    words: str
    many: int
    used: int
    at: datetime
    state: str
    until: datetime | None
    granter: str
    answer: str
    mine: bool  # the reader asked
    waits: bool  # … and the reader may answer it


def of_many(work: Work, actor: Actor, *, now: datetime, only: int | None = None) -> tuple[Many, ...]:
    """What I asked lately, and what waits for me as a head, or was answered by us lately; or `only` one of them."""
    heads = {p.unit_id for p in actor.positions if p.role == "supervisor" and p.for_id is None}
    under = {place.id for place in units.tree(work) if any(f"/{unit}/" in place.path for unit in heads)}
    asker, granter = aliased(User), aliased(User)
    rows = work.session.execute(
        select(LookGrant, asker.name, granter.name)
        .join(asker, asker.id == LookGrant.asker_id)
        .outerjoin(granter, granter.id == LookGrant.granter_id)
        .where(
            or_(LookGrant.asker_id == actor.id, LookGrant.unit_id.in_(under)),
            LookGrant.id == only
            if only is not None
            else or_(LookGrant.state == "asked", LookGrant.asked_at > now - LATELY),
        )
        .order_by((LookGrant.state == "asked").desc(), LookGrant.id.desc())
        .limit(MOST)
    ).all()
    return tuple(
        Many(
            id=row.id,
            who=who,
            unit=units.place(work, row.unit_id).name,
            purpose=PURPOSES.get(row.purpose, row.purpose),
            words=row.words,
            many=row.many,
            used=row.used,
            at=row.asked_at,
            state="over" if row.until_at is not None and row.until_at <= now else row.state,
            until=row.until_at,
            granter=by or "",
            answer=row.answer,
            mine=row.asker_id == actor.id,
            waits=row.state == "asked" and row.asker_id != actor.id and actor.supervises(row.unit_id),
        )
        for row, who, by in rows
    )
