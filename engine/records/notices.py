"""Notices (通知): the outbox. Written in the transaction that wants them; a job sends each through its channel.

A channel is anything with `send(notice) -> str` (what the gateway answered) that is idempotent by `notice.key`. The
development channel keeps them on the screen; a real gateway is named by a URL.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, insert, literal_column, or_, select, update

from engine import crypto
from engine.forms import written
from engine.people import masks
from engine.records import http_calls, jobs
from engine.store import Work, fresh
from engine.store.models import Case, Notice, NoticeCase
from engine.workdays import ZONE, local_date

log = logging.getLogger("yizhan.notices")

#: No text messages in the night (RULES A7); those asked for then go out in the morning.
QUIET_FROM, QUIET_UNTIL = time(21), time(8)
#: Of log-in codes: of no use to anybody an hour later, and somebody waits for each now.
CODE = "code"
#: Of how somebody comes in: what was changed of it.
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as a channel gets it."""

    key: str  # the same notice always has the same key: a gateway drops the second
    channel: str
    address: str
    kind: str
    text: str


def gateway_key(row: Notice) -> str:
    """Under which key a gateway gets a notice. It delivers one key once, and a hall that was put back from a backup
    may say something else under a key that it has had before: so the key names the words too. What was said already is
    not said again, and what is new is not lost."""
    return row.key if row.kind == CODE else f"{row.key}:{crypto.fingerprint(row.text.encode())[:12]}"


class Channel(Protocol):
    def send(self, message: Message) -> str:
        """Deliver it; what the gateway answered. Raises OSError when it should be tried again."""
        ...


class Screen:
    """The development channel: the notice is in the log and on the screen, and goes nowhere."""

    def send(self, message: Message) -> str:
        log.info("%s -> …%s (%s): %s", message.channel, message.address[-4:], message.kind, message.text)
        return "development"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that takes JSON by HTTP POST: {key, channel, address, kind, text}, with a bearer token."""

    url: str
    token: str = ""
    total_s: float = http_calls.TOTAL_S

    def send(self, message: Message) -> str:
        body = {
            "key": message.key,
            "channel": message.channel,
            "address": message.address,
            "kind": message.kind,
            "text": message.text,
        }
        said = json.dumps(body, ensure_ascii=False)
        request = http_calls.asking(self.url, said, token=self.token, key=message.key)
        # Cut off, it is sent again under the same key: whether the first went out is the gateway's to know.
        return str(http_calls.call(request, total_s=self.total_s, most=200))


def put(
    work: Work,
    key: str,
    text: str,
    *,
    kind: str,
    now: datetime,
    text_en: str = "",
    channel: str = "sms",
    user_id: int | None = None,
    address: str | None = None,
    case_id: int | None = None,
    urgent: bool = False,
    after: datetime | None = None,
) -> Notice | None:
    """Put a notice into the outbox, and the job that sends it. The key names what asked for it.

    None, and nothing is put there: a text message for a fixed line, which would be lost, and would read as sent.

    `after`: not before this moment (a reminder). One on the screen then shows itself from that moment on.
    `text_en`: the same in English, for an English page; what is sent is Chinese.
    """
    if channel == "sms" and address and not written.takes_texts(address):
        return None
    after = max(after or now, now)
    if not urgent and channel != "screen":
        after = next_waking(after)
    row = fresh(
        Notice,
        key=key,
        case_id=case_id,
        user_id=user_id,
        channel=channel,
        address=address,
        kind=kind,
        text=text,
        text_en=text_en or None,
        state="waiting" if channel != "screen" else "sent",
        created_at=now,
        send_after=after,
        sent_at=now if channel == "screen" else None,
    )
    work.session.add(row)
    work.session.info.setdefault("notices", []).append(key)  # what this transaction has put there: `put_so_far`
    if channel != "screen":
        sending = jobs.Kind.SEND_CODE if kind == CODE else jobs.Kind.SEND_NOTICE
        jobs.put(work, sending, f"notice:{key}", {"key": key}, now=now, case_id=case_id, after=after)
    return row


def put_of_account(
    work: Work, user_id: int, zh: str, en: str, *, phones: Collection[str | None], hall: str, now: datetime
) -> None:
    """Tell somebody how they come in from now on: on their screen, and by text on each of these telephones, at once and
    at any hour, for who did not want it has to act soon."""
    key = f"{ACCOUNT}:{user_id}:{secrets.token_hex(8)}"  # two changes of one moment are told both
    put(work, f"{key}:screen", zh, text_en=en, kind=ACCOUNT, now=now, user_id=user_id, channel="screen")
    for n, phone in enumerate(sorted({one for one in phones if one})):
        put(
            work,
            f"{key}:{n}",
            f"【{hall}】{zh}",
            kind=ACCOUNT,
            now=now,
            address=phone,
            user_id=user_id,
            urgent=True,
        )


@dataclass(frozen=True, slots=True)
class Words:
    """What a notice says of one case, and of several of the same cause: `{count}` of them, `{number}` the first."""

    one: str
    many: str


def put_for_cause(
    work: Work,
    cause: str,
    zh: Words,
    en: Words,
    *,
    kind: str,
    now: datetime,
    user_id: int,
    case: Case,
) -> Notice:
    """Tell somebody on their screen of a case. Sixty cases of one cause on one day are one notice that counts them,
    names the first and links to each; when one more comes it is unread again.

    `cause`: what they have in common. It is never called off with the step of one of them."""
    key = f"{cause}:{local_date(now).isoformat()}:{user_id}"
    new = Notice(
        key=key,
        case_id=case.id,
        user_id=user_id,
        channel="screen",
        kind=kind,
        text=zh.one,
        text_en=en.one,
        state="sent",
        created_at=now,
        send_after=now,
        sent_at=now,
    )
    row = work.insert_once(new, "key")
    if row is not None:
        work.session.execute(insert(NoticeCase).values(notice_id=row.id, case_id=case.id))
        return row
    row = work.session.scalars(select(Notice).where(Notice.key == key).with_for_update()).one()
    known = set(work.session.scalars(select(NoticeCase.case_id).where(NoticeCase.notice_id == row.id)))
    if case.id in known:
        return row
    work.session.execute(insert(NoticeCase).values(notice_id=row.id, case_id=case.id))
    facts = {"count": len(known) + 1, "number": work.session.get_one(Case, row.case_id).number}
    row.text, row.text_en = fill(zh.many, facts), fill(en.many, facts)
    row.created_at, row.read_at = now, None
    return row


def seen(work: Work, user_id: int | None, *, now: datetime) -> None:
    """They opened the page that lists what they were told."""
    work.session.execute(
        update(Notice)
        .where(Notice.user_id == user_id, Notice.channel == "screen", Notice.read_at.is_(None))
        .where(Notice.send_after <= now)
        .values(read_at=now),
        execution_options={"synchronize_session": False},
    )


def put_so_far(work: Work) -> list[str]:
    """Keys of the notices that this transaction has put into the outbox."""
    return list(work.session.info.get("notices", ()))


def call_off(work: Work, keys: Collection[str], *, now: datetime) -> int:
    """What they say is not so any more: whoever has not had them gets them no more, and on screens they are gone."""
    done = work.session.execute(
        update(Notice)
        .where(Notice.key.in_(keys), Notice.state.in_(("waiting", "held")) | (Notice.channel == "screen"))
        .values(state="cancelled"),
        execution_options={"synchronize_session": "fetch"},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def put_both(
    work: Work,
    key: str,
    text: str,
    *,
    kind: str,
    now: datetime,
    text_en: str,
    user_id: int | None,
    phone: str | None,
    case_id: int | None = None,
    urgent: bool = False,
    after: datetime | None = None,
) -> None:
    """To one person, on their screen and by text message, as far as they have an account and a telephone."""
    for channel, reached in (("screen", user_id is not None), ("sms", bool(phone))):
        if reached:
            put(
                work,
                f"{key}:{channel}",
                text,
                kind=kind,
                now=now,
                text_en=text_en,
                channel=channel,
                user_id=user_id,
                address=phone if channel == "sms" else None,
                case_id=case_id,
                urgent=urgent,
                after=after,
            )


def cancel(work: Work, key_prefix: str, *, now: datetime) -> int:
    """Call off the notices whose key begins so and that nobody has had yet; returns how many."""
    return cancel_all(work, [key_prefix], now=now)


def cancel_all(work: Work, prefixes: Sequence[str], *, now: datetime) -> int:
    """The same of several beginnings, by one statement."""
    pending = Notice.state.in_(("waiting", "held")) | ((Notice.channel == "screen") & (Notice.send_after > now))
    done = work.session.execute(
        update(Notice)
        .where(or_(*(work.begins(Notice.key, one) for one in prefixes)), pending, Notice.state != "cancelled")
        .values(state="cancelled"),
        execution_options={"synchronize_session": "fetch"},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def give_up(work: Work, key: str) -> None:
    """The gateway would not take it: an operator sees it, and may try again."""
    work.session.execute(update(Notice).where(Notice.key == key, Notice.state == "waiting").values(state="failed"))


_HELD: ColumnElement[bool] = literal_column("notice.state = 'held'")  # as the partial index says it


def hold(work: Work, *, now: datetime) -> tuple[int, int]:
    """The hall was put back from a backup: what waited then and was due before now may have gone out since. It is held
    for somebody's word; log-in codes are called off. How many were held, how many codes dropped.

    What is due later has not been sent by anybody: it waits on."""
    waits, session = Notice.state == "waiting", work.session
    never: dict[str, Any] = {"synchronize_session": False}
    dropped = session.execute(
        update(Notice).where(waits, Notice.kind == CODE).values(state="cancelled"), execution_options=never
    )
    held = session.execute(
        update(Notice).where(waits, Notice.send_after <= now).values(state="held"), execution_options=never
    )
    return int(held.rowcount), int(dropped.rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Held:
    """A notice that waits for somebody's word."""

    id: int
    kind: str
    channel: str
    address: str  # masked
    number: str | None  # of the case
    created_at: datetime


def held(work: Work, *, most: int = 200) -> list[Held]:
    """The notices that are held, the oldest first."""
    rows = work.session.execute(
        select(Notice.id, Notice.kind, Notice.channel, Notice.address, Case.number, Notice.created_at)
        .outerjoin(Case, Case.id == Notice.case_id)
        .where(_HELD)
        .order_by(Notice.id)
        .limit(most)
    )
    return [Held(id, kind, channel, masks.phone(to or ""), number, at) for id, kind, channel, to, number, at in rows]


def count_held(work: Work) -> int:
    return work.session.scalar(select(func.count()).select_from(Notice).where(_HELD)) or 0


def let_go(work: Work, ids: Collection[int] | None, *, send: bool, now: datetime) -> int:
    """Send held notices, or drop them; None: all. How many. The quiet hours are kept."""
    chosen = select(Notice).where(_HELD) if ids is None else select(Notice).where(_HELD, Notice.id.in_(ids))
    rows = list(work.session.scalars(chosen.order_by(Notice.id)))
    for row in rows:
        row.state = "waiting" if send else "cancelled"
        if send:
            row.send_after = next_waking(now)
            jobs.anew(work, f"notice:{row.key}", now=now, after=row.send_after)
    work.session.flush()
    return len(rows)


def next_waking(now: datetime) -> datetime:
    """Now, or the coming morning's end of the quiet hours."""
    local = now.astimezone(ZONE)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    morning = local.replace(hour=QUIET_UNTIL.hour, minute=0, second=0, microsecond=0)
    return morning if local.time() < QUIET_UNTIL else morning + timedelta(days=1)


def fill(template: str, facts: Mapping[str, Any]) -> str:
    """A template's text: `{number}` is replaced by the fact; a fact that is not there leaves nothing.

    >>> fill("{applicant}：您的办件 {number} 已受理。", {"applicant": "张*三", "number": "350526-1"})
    '张*三：您的办件 350526-1 已受理。'
    """
    out = template
    for name, value in facts.items():
        out = out.replace("{" + name + "}", str(value) if value is not None else "")
    return out
