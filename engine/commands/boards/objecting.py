"""提出异议: a reader speaks to the case that published an entry, and gets a number for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine.commands import board_rows as rows
from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.forms import written
from engine.people import Actor, holders, units
from engine.people.units import Place
from engine.records import audit, notices
from engine.store import Work
from engine.store.models import BoardEntry, BoardObjection, Subscription, User
from engine.workdays import ZONE

#: Words of one objection, and how many one account may send about one entry.
MOST_WORDS, MOST_EACH = 500, 3


@dataclass(frozen=True, slots=True)
class Said:
    """What the reader holds in hand afterwards."""

    number: str
    heard: bool  # the case had waited for it; else the staff of the unit look at it


def object_to(
    work: Work, number: str, words: str, *, name: str = "", phone: str = "", by: Actor, now: datetime
) -> Said:
    """Say this about an entry. Who is signed in speaks in their own name; else name and telephone are asked, where the
    board hears anyone.

    Raises NotFound for what is not up, NotNow when the board hears nobody, NotYours for who may not, Invalid by field.
    """
    entry = rows.find(work, number, lock=True)
    if entry.state != "shown" or entry.until_at <= now:
        raise NotFound(f"公开栏没有编号 {number}，或者已经撤下。", f"There is no entry {number} that is up.")
    hears = entry.shown.get("objections")
    if not hears:
        raise NotNow(
            "这一条不收意见。有事请打大厅电话。",
            "Expected an entry that hears objections, but this one does not. Call us.",
        )
    user = work.session.get(User, by.id) if by.id is not None else None
    _may_speak(work, entry, hears["who"], by)
    who, telephone = (user.name, user.phone) if user is not None else (name.strip(), phone.strip())
    _checked(words, who, telephone, user)
    if user is not None:
        before = work.session.scalar(
            select(func.count()).where(BoardObjection.entry_id == entry.id, BoardObjection.user_id == user.id)
        )
        if before is not None and before >= MOST_EACH:
            raise NotNow(
                f"您对这一条已经说过 {MOST_EACH} 次，都收到了，会答复您。",
                f"Expected at most {MOST_EACH} objections of one person; yours were received and will be answered.",
            )
    count = work.session.scalar(select(func.count()).where(BoardObjection.entry_id == entry.id)) or 0
    row = BoardObjection(
        entry_id=entry.id,
        number=f"{entry.number}-{count + 1}",
        user_id=user.id if user is not None else None,
        name=who,
        phone=telephone or None,
        words=words.strip(),
        at=now,
    )
    row.heard = _deliver(work, entry, hears["message"], row, by, now)
    work.session.add(row)
    audit.record(work, audit.Kind.BOARD_OBJECTED, by=by, now=now, facts={"entry": entry.number, "heard": row.heard})
    _acknowledge(work, entry, row, now)
    if not row.heard:
        _tell_unit(work, entry, row, now)
    return Said(row.number, row.heard)


def _may_speak(work: Work, entry: BoardEntry, who: str, by: Actor) -> None:
    if who == "anyone":
        return
    if by.kind != "resident":
        raise NotYours(
            "请先用手机号登录再说。", "Expected a resident who is signed in: sign in with your telephone first."
        )
    place = units.place(work, entry.place_id)
    if who == "place" and not belongs(work, by, place):
        raise NotYours(
            f"这一条只收{place.name}的人的意见。您登记的地方不是这里；登记错了，请到窗口改。",
            f"Expected somebody of {place.name_en or place.name}, but you are registered elsewhere. If that is "
            "wrong, a counter mends it.",
        )


def belongs(work: Work, by: Actor, place: Place) -> bool:
    """Whether they are registered at this place or below it."""
    return by.place_id is not None and units.place(work, by.place_id).path.startswith(place.path)


def _checked(words: str, name: str, phone: str | None, user: User | None) -> None:
    faults = []
    words = words.strip()
    if not words or len(words) > MOST_WORDS:
        zh, en = f"请写您的意见，不超过 {MOST_WORDS} 字。", f"Expected your words, at most {MOST_WORDS} characters."
        faults.append(FieldError("words", "意见", zh, en))
    if user is None:
        if not name or len(name) > 50:
            faults.append(
                FieldError("name", "姓名", "请写姓名：不具名的没法答复。", "Expected your name, to answer you.")
            )
        if written.number(phone or "") is None:
            zh, en = "请写能打通的电话号码。", "Expected a telephone number on which you can be reached."
            faults.append(FieldError("phone", "电话", zh, en))
    if faults:
        raise Invalid(faults)


def _deliver(work: Work, entry: BoardEntry, message: str, row: BoardObjection, by: Actor, now: datetime) -> bool:
    """To the case as its message; whether it waited for one."""
    if entry.case_id is None:
        return False
    waits = work.session.scalars(
        select(Subscription).where(
            Subscription.case_id == entry.case_id, Subscription.name == message, Subscription.kind == "message"
        )
    ).all()
    found = next((one for one in waits if one.correlation == entry.number), waits[0] if waits else None)
    if found is None:
        return False
    said = {
        "number": row.number,
        "entry": entry.number,
        "who": row.name,
        "phone": row.phone,
        "words": row.words,
        "at": now.astimezone(ZONE).isoformat(timespec="minutes"),
    }
    key = found.correlation
    return cases.deliver(work, entry.case_id, message, {"objection": said}, key=key, by=by, now=now) is not None


def _acknowledge(work: Work, entry: BoardEntry, row: BoardObjection, now: datetime) -> None:
    text = f"您对公开栏“{entry.title}”说的话收到了，编号 {row.number}。会有人看，答复打您留的电话。"
    text_en = f"We have what you said about {entry.title}: number {row.number}. You will be answered by telephone."
    key = f"board:objection:{row.number}"
    notices.put_both(work, key, text, text_en=text_en, kind="board", now=now, user_id=row.user_id, phone=row.phone)


def _tell_unit(work: Work, entry: BoardEntry, row: BoardObjection, now: datetime) -> None:
    """No case hears it any more: those of the unit that published do."""
    for user_id in holders.of(work, entry.unit_id):
        notices.put(
            work,
            f"board:objection:{row.number}:unit:{user_id}",
            f"有人对公开栏 {entry.number}“{entry.title}”提出意见（{row.number}），请到“公开栏”里看。",
            text_en=f"Somebody objects to {entry.number} {entry.title} ({row.number}): see the boards.",
            kind="board",
            now=now,
            channel="screen",
            user_id=user_id,
        )
