"""At a door (接人): whether this person may fetch that one. By a bond that lets them `fetch`, known again by the
photo; or
by a code that the guardian gave for this once; never by a picture of a message. Everybody who comes and is not on the
list is kept waiting, and the guardian is called on the number on file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from engine import crypto
from engine.commands.bonds.codes import hashed, issue
from engine.errors import NotFound, NotYours
from engine.matters.nouns.bonds import ADULT, GUARDIAN
from engine.people import Actor, may
from engine.reads import bonds
from engine.reads.knowing import age_on, born_on
from engine.records import audit
from engine.store import Work
from engine.store.models import Bond, BondCode, User
from engine.workdays import local_date

LASTS = timedelta(minutes=30)
TRIES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door is to do."""

    may: bool
    why: str  # list, code; young, code-wrong, code-over, stranger
    bond_id: int | None = None
    name: str = ""  # who comes by a code, as the guardian said
    call: tuple[tuple[str, str], ...] = ()  # (name, telephone) of the guardians


def fetch_code(work: Work, guardian_bond: int, name: str, key: str, *, by: Actor, now: datetime) -> str:
    """A code for somebody who is not on the list: once, for half an hour, by the guardian alone."""
    grant = next((g for g in by.grants if g.id == guardian_bond and g.kind == GUARDIAN), None)
    if grant is None:
        raise NotYours(
            "只有登记的监护人能给一次性接人码。", "Only a registered guardian gives a code to fetch a child."
        )
    kind = bonds.kind(work, key)
    if "code" not in kind.proof:
        raise NotYours(f"“{kind.title}”不用接人码。", f"This kind ({kind.title_en}) knows no codes.")
    me = work.session.get_one(User, by.id)
    return issue(work, "fetch", key, grant.subject_ref, {"name": name.strip()[:40]}, LASTS, me=me, by=by, now=now)


def check(
    work: Work, subject_bond: int, *, holder_bond: int | None = None, code: str = "", by: Actor, now: datetime
) -> Answer:
    """The door asks: about the child of this bond (any bond of theirs), whether the person of `holder_bond` may fetch
    them now, or somebody with a code. What was asked and answered is kept."""
    about = bonds.one(work, subject_bond)
    if "fetch" not in about.lets or not may(by, "serve", about):
        raise NotFound("没有这个孩子的接送名单。", "There is no such list.")
    today = local_date(now)
    rows = work.session.scalars(
        select(Bond)
        .where(
            Bond.subject_ref == about.subject_ref,
            or_(Bond.kind == GUARDIAN, Bond.kind == about.kind),
            Bond.state == "held",
            Bond.from_on <= today,
            Bond.until_on >= today,
        )
        .order_by(Bond.id)
    ).all()
    call = tuple((row.holder_name, row.holder_phone or "") for row in rows if row.kind == GUARDIAN)
    answer = _by_code(work, about, code, call, now) if code else _by_list(rows, holder_bond, today, call)
    audit.record(
        work,
        audit.Kind.BOND_CHECKED,
        by=by,
        now=now,
        for_id=about.subject_id,
        facts={"bond": answer.bond_id or about.id, "may": answer.may, "why": answer.why},
    )
    return answer


def _by_list(rows: Sequence[Bond], holder_bond: int | None, today: date, call: tuple[tuple[str, str], ...]) -> Answer:
    found = next((row for row in rows if row.id == holder_bond and "fetch" in row.lets), None)
    if found is None:
        return Answer(False, "stranger", call=call)
    age = age_on(born_on(found.holder_id_number), today)
    if age is not None and age < ADULT:
        return Answer(False, "young", found.id, call=call)
    return Answer(True, "list", found.id)


def _by_code(work: Work, about: Bond, code: str, call: tuple[tuple[str, str], ...], now: datetime) -> Answer:
    for row in work.session.scalars(
        select(BondCode)
        .where(BondCode.purpose == "fetch", BondCode.subject_ref == about.subject_ref, BondCode.used_at.is_(None))
        .order_by(BondCode.id.desc())
        .with_for_update()
    ):
        if row.expires_at <= now or row.tries >= TRIES:
            continue
        whose = row.phone_index or str(row.issuer_id)
        if crypto.same(row.code_hash, hashed("fetch", whose, code.strip())):
            row.used_at = now
            return Answer(True, "code", name=str(row.asked.get("name") or ""), call=call)
        row.tries += 1
        return Answer(False, "code-wrong", call=call)
    return Answer(False, "code-over", call=call)
