"""Yes, no, and the end: at once, by either side, by the guardian of a child, or at a counter."""

from __future__ import annotations

from datetime import datetime

from engine.commands import bond_rows
from engine.commands.cases import inputs
from engine.errors import NotFound, NotNow, NotYours
from engine.forms import written
from engine.matters.nouns.bonds import MANDATE
from engine.people import SYSTEM, Actor, load, may, require
from engine.people.access import side_of
from engine.reads import bonds
from engine.records import library, notices
from engine.store import Work
from engine.store.models import Bond, Case, User


def say_yes(work: Work, bond_id: int, *, by: Actor, now: datetime) -> Bond:
    """The subject agrees to what was asked."""
    row = _asked(work, bond_id, by)
    bond_rows.confirm(work, row, by=by, now=now)
    _tell(work, row, row.holder_phone, row.holder_id, "yes", now)
    return row


def decline(work: Work, bond_id: int, *, by: Actor, now: datetime) -> None:
    """The subject does not agree."""
    bond_rows.end(work, _asked(work, bond_id, by), "declined", by=by, now=now)


def _asked(work: Work, bond_id: int, by: Actor) -> Bond:
    row = bonds.one(work, bond_id)
    if by.id is None or row.subject_id != by.id:
        raise NotFound("没有这个请求。", "There is no such request.")
    if row.state != "asked":
        raise NotNow("这个请求已经处理过。", "This request was answered before.")
    return row


def end(work: Work, bond_id: int, *, by: Actor, now: datetime) -> Bond:
    """解除: over from this moment. Both sides are told."""
    row = bonds.one(work, bond_id)
    if not may(by, "see", row):
        raise NotFound("没有这个关系。", "There is no such bond.")
    side = side_of(by, row)
    if side:
        if not row.revocable:
            raise NotYours(
                "监护关系不能在手机上解除，请带证件到窗口办理。",
                "A guardianship is not ended on the phone: come to the counter with your papers.",
            )
        how = side
    else:
        require(by, "serve", row)
        how = "counter"
    bond_rows.end(work, row, how, by=by, now=now)
    _tell_both(work, row, by, now)
    if row.kind == MANDATE and row.case_id is not None:
        _tell_case(work, row.case_id, by, now)
    return row


def expire(work: Work, row: Bond, *, now: datetime) -> None:
    """到期: its last day is over, and with it whatever waits by it. Both sides are told."""
    bond_rows.end(work, row, "expired", by=SYSTEM, now=now)
    _tell_both(work, row, SYSTEM, now)


def _tell_both(work: Work, row: Bond, by: Actor, now: datetime) -> None:
    for phone, user_id, whose in (
        (row.holder_phone, row.holder_id, "holder"),
        (row.subject_phone, row.subject_id, "subject"),
    ):
        if user_id != by.id:
            _tell(work, row, phone, user_id, f"ended-{whose}", now)


def _tell_case(work: Work, case_id: int, by: Actor, now: datetime) -> None:
    """The diagram hears that its agent is one no longer, where its matter names the message for it."""
    case = work.session.get_one(Case, case_id)
    mandate = library.version(work, case.version_hash).info.mandate
    if mandate is not None and mandate.ends:
        inputs.deliver_to_waiting(work, case, mandate.ends, by=by, now=now)


def _tell(work: Work, row: Bond, phone: str | None, user_id: int | None, what: str, now: datetime) -> None:
    title = bonds.kinds(work).get(row.kind)
    words, words_en = (title.title, title.title_en) if title else (row.kind, row.kind)
    if what == "yes" and row.team:
        zh, en = f"{row.subject_name}加入了“{row.team}”。", f"{row.subject_name} joined “{row.team}”."
    elif row.team:
        zh = f"{row.subject_name}不在{row.holder_name}带的“{row.team}”了。还没有开始的报名，名额已经退出。"
        en = f"{row.subject_name} is no longer in “{row.team}”. Places in what has not begun were given back."
    elif what == "yes":
        zh, en = f"{row.subject_name}同意您做{words}。", f"{row.subject_name} agreed ({words_en})."
    elif row.ended_how == "expired":
        zh = f"{row.holder_name}与{row.subject_name}的关系（{words}）到期了，从现在起不能再代办。要继续，请再建立一次。"
        en = f"The bond ({words_en}) of {row.holder_name} with {row.subject_name} has run out: make it anew to go on."
    else:
        zh = f"{row.holder_name}与{row.subject_name}的关系（{words}）已解除，从现在起不能再代办。"
        en = f"The bond ({words_en}) of {row.holder_name} with {row.subject_name} has ended."
    if user_id is not None:
        notices.put(
            work, f"bond:{row.id}:{what}:s", zh, text_en=en, kind="bond", now=now, channel="screen", user_id=user_id
        )
    if phone and written.takes_texts(phone):
        notices.put(work, f"bond:{row.id}:{what}", zh, kind="bond", now=now, user_id=user_id, address=phone)


def signed_in(work: Work, user_id: int, *, now: datetime) -> int:
    """Somebody logged in: bonds made in their name before they had an account are theirs now."""
    return bond_rows.join(work, work.session.get_one(User, user_id), by=load(work, user_id, now=now), now=now)
