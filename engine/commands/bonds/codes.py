"""By a code: one person's phone shows six digits, the other types them with that person's number. By a yes: one asks,
the
other confirms on their phone. Codes live ten minutes, serve once, and five wrong tries end them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from engine import crypto
from engine.commands import bond_rows
from engine.commands.bonds.making import person
from engine.errors import FieldError, Invalid, NotYours
from engine.forms import written
from engine.matters.nouns.bonds import Bond as Kind
from engine.people import Actor, tries
from engine.reads import bonds
from engine.reads.knowing import of_user
from engine.records import audit, notices
from engine.store import Database, Work, keys
from engine.store.models import Bond, BondCode, User
from engine.workdays import local_date

LASTS = timedelta(minutes=10)
TRIES = 5


def show_code(
    work: Work,
    key: str,
    *,
    lets: list[str] | None = None,
    until: date | None = None,
    my_name: str = "",
    by: Actor,
    now: datetime,
) -> str:
    """Six digits on the phone of who lets the other act. Older ones of theirs die."""
    kind = _by_code(work, key, by)
    me = work.session.get_one(User, by.id)
    _named(me, my_name)
    if until is not None and not local_date(now) <= until <= kind.last_day(local_date(now)):
        zh = f"最后一天要在今天到 {kind.last_day(local_date(now))} 之间。"
        raise Invalid([FieldError("until", "到哪一天", zh, "The last day is out of what may be.")])
    if not [power for power in kind.lets if lets is None or power in lets]:
        raise Invalid([FieldError("lets", "可以做什么", "请至少选一样。", "Choose at least one.")])
    asked = {"lets": lets, "until": until.isoformat() if until else None}
    return issue(work, "bind", key, f"u:{by.id}", asked, LASTS, me=me, by=by, now=now)


def issue(
    work: Work,
    purpose: str,
    key: str,
    subject_ref: str,
    asked: Mapping[str, object],
    lasts: timedelta,
    *,
    me: User,
    by: Actor,
    now: datetime,
) -> str:
    """A new code; the older ones for the same purpose and person die."""
    tries.within(work, "bond-code", str(by.id), now=now)
    tries.count(work, "bond-code", str(by.id), now=now)
    work.session.execute(
        update(BondCode)
        .where(
            BondCode.issuer_id == by.id,
            BondCode.purpose == purpose,
            BondCode.subject_ref == subject_ref,
            BondCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = BondCode(
        purpose=purpose,
        code_hash=hashed(purpose, me.phone_index or str(me.id), code),
        issuer_id=me.id,
        phone_index=me.phone_index,
        kind=key,
        subject_ref=subject_ref,
        asked=dict(asked),
        created_at=now,
        expires_at=now + lasts,
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, audit.Kind.BOND_CODE, by=by, now=now, facts={"code": row.id, "purpose": purpose, "kind": key})
    return code


def hashed(purpose: str, whose: str, code: str) -> str:
    return keys.current().blind("code", f"bond:{purpose}:{whose}:{code}")


def type_code(
    database: Database, phone: str, code: str, *, my_name: str = "", team: str = "", by: Actor, now: datetime
) -> int:
    """The id of the bond made by the code that this phone shows. A wrong try is remembered although it is refused: this
    takes the database, not a unit of work."""
    wrong = Invalid(
        [
            FieldError(
                "code",
                "绑定码",
                "手机号和绑定码对不上，或者已经过期。请对方重新生成一个。",
                "The number and the code do not fit, or its time is over. Ask for a new code.",
            )
        ]
    )
    index = keys.blind("phone", written.telephone(phone.strip()))
    with database.unit_of_work() as work:
        tries.within(work, "bond-typed", str(by.id), now=now)
        row = work.session.scalar(
            select(BondCode)
            .where(
                BondCode.purpose == "bind",
                BondCode.phone_index == index,
                BondCode.used_at.is_(None),
                BondCode.expires_at > now,
            )
            .order_by(BondCode.id.desc())
            .limit(1)
            .with_for_update()
        )
        fits = row is not None and row.tries < TRIES
        if row is not None and fits:
            fits = crypto.same(row.code_hash, hashed("bind", index, code.strip()))
            row.tries += not fits
        if not fits:
            tries.count(work, "bond-typed", str(by.id), now=now)
    if not fits or row is None:
        raise wrong
    with database.unit_of_work() as work:
        used = work.session.execute(
            update(BondCode).where(BondCode.id == row.id, BondCode.used_at.is_(None)).values(used_at=now)
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]
            raise wrong
        me = work.session.get_one(User, by.id)
        _named(me, my_name)
        kind = _by_code(work, row.kind, by)
        until = row.asked.get("until")
        asked = bond_rows.Asked(
            row.kind,
            kind,
            of_user(work.session.get_one(User, row.issuer_id)),
            of_user(me),
            "code",
            date.fromisoformat(until) if until else None,
            row.asked.get("lets"),
            team=team,
        )
        made = bond_rows.make(work, asked, by=by, now=now)
        if made.team:
            _in_a_team(work, made, now)
        return made.id


def _in_a_team(work: Work, made: Bond, now: datetime) -> None:
    """The member's phone says which team it is: they showed the code, and the leader wrote the name."""
    notices.put(
        work,
        f"bond:{made.id}:team",
        f"{made.holder_name}把您加进了“{made.team}”，可以带队给您报名。不认识、不愿意，在“我的－团队”里马上退出。",
        text_en=f"{made.holder_name} added you to “{made.team}” and may put you down with it. Or leave it, in Teams.",
        kind="bond",
        now=now,
        channel="screen",
        user_id=made.subject_id,
    )


def ask(
    work: Work, key: str, phone: str, name: str, *, my_name: str = "", team: str = "", by: Actor, now: datetime
) -> Bond:
    """The one who would act asks; the other says yes on their phone, or nothing comes of it. The same answer whoever
    has
    that number: nobody learns by it who has an account."""
    tries.within(work, "bond-asked", str(by.id), now=now)
    tries.count(work, "bond-asked", str(by.id), now=now)
    kind = bonds.kind(work, key)
    if "phone" not in kind.ways or "subject" not in kind.made_by:
        raise NotYours(f"“{kind.title}”请到窗口办理。", f"This kind ({kind.title_en}) is made at a counter.")
    me = work.session.get_one(User, by.id)
    _named(me, my_name)
    other = person("subject", name, phone, "")
    asked = bond_rows.Asked(key, kind, other, of_user(me), "phone", confirmed=False, team=team)
    row = bond_rows.make(work, asked, by=by, now=now)
    tries.within(work, "bond-texts", row.subject_phone_index or "", now=now)
    tries.count(work, "bond-texts", row.subject_phone_index or "", now=now)
    zh = f"{me.name}想做您的{kind.title}，替您办事。同意请登录大厅，在“我的－家人”里确认；不认识请不要理会。"
    en = f"{me.name} asks to act for you ({kind.title_en}). To agree, sign in and open “Family”."
    if row.team:
        zh = f"{me.name}请您加入“{row.team}”，由他带队报名。同意请登录大厅，在“我的－团队”里确认；不认识请不要理会。"
        en = f"{me.name} asks you to join “{row.team}”, to be put down with it. To agree, sign in and open “Teams”."
    notices.put(
        work,
        f"bond:{row.id}:asked",
        zh,
        text_en=en,
        kind="bond-asked",
        now=now,
        user_id=row.subject_id,
        address=row.subject_phone,
    )
    return row


def _by_code(work: Work, key: str, by: Actor) -> Kind:
    kind = bonds.kind(work, key)
    if by.kind != "resident" or "code" not in kind.ways or "subject" not in kind.made_by:
        raise NotYours(
            f"“{kind.title}”不能用绑定码建立，请到窗口办理。", f"This kind ({kind.title_en}) is not made by a code."
        )
    return kind


def _named(me: User, given: str) -> None:
    """A bond is between two people who have names: an account that has none yet is given one."""
    if me.name:
        return
    if not given.strip() or len(given.strip()) > 40:
        zh, en = "请填写您自己的姓名，对方要看得到是谁。", "Write your own name: the other side sees who it is."
        raise Invalid([FieldError("my_name", "您的姓名", zh, en)])
    me.name = written.close(given.strip())
