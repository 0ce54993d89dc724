"""The rows of hand-overs: the one place where a thing changes its holder.

A link is ended by one conditional UPDATE, and the holder moves by another that names the link: of two who act at once
one wins, and the thing is in exactly one hand at any moment, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine.errors import AlreadyDone, NotFound
from engine.people import Actor, access, accounts, masks, numbers
from engine.records import audit, handovers
from engine.records.handovers import Side
from engine.store import Work, keys
from engine.store.models import Case, Handover, HandoverLink, HandoverSign, User
from engine.workdays import say_at


@dataclass(frozen=True, slots=True)
class End:
    """Somebody at one end of a link: a person, or whoever holds a post in a unit."""

    end: str  # as the declaration calls it
    key: str  # u:<user>, p:<unit>:<post>; t:<telephone> of a person without an account
    name: str
    phone: str | None = None
    unit_id: int | None = None  # of a post
    user_id: int | None = None


def find(work: Work, link_id: int) -> HandoverLink:
    """A link with its chain, as it is now."""
    link = work.session.scalar(
        select(HandoverLink)
        .where(HandoverLink.id == link_id)
        .options(joinedload(HandoverLink.handover))
        .execution_options(populate_existing=True)
    )
    if link is None:
        raise NotFound("没有这次交接。", f"There is no link {link_id}.")
    return link


def open_of(work: Work, handover_id: int) -> HandoverLink | None:
    return work.session.scalar(
        select(HandoverLink)
        .where(HandoverLink.handover_id == handover_id, HandoverLink.state == "open")
        .options(joinedload(HandoverLink.handover))
    )


def end(
    work: Work,
    link: HandoverLink,
    state: str,
    signs: Iterable[HandoverSign],
    *,
    note: str = "",
    files: Iterable[int] = (),
    case: Case | None,
    by: Actor,
    now: datetime,
) -> None:
    """A link ends in this state; where the thing was taken, the receiver has it now. AlreadyDone, with who and when,
    for whoever comes second. The audit keeps the hash of all that was said."""
    listed = list(signs)
    said: dict[str, Any] = {"state": state, "ended_at": now, "note": note or None, "files": list(files)}
    for name, value in said.items():
        set_committed_value(link, name, value)
    said["hash"] = handovers.digest(link, listed)
    set_committed_value(link, "hash", said["hash"])
    waiting = update(HandoverLink).where(HandoverLink.id == link.id, HandoverLink.state == "open")
    if not _changed(work, waiting.values(**said)):
        raise already(work, link.id)
    if state in ("done", "different"):
        holder = {
            "holder_end": link.receiver_end,
            "holder_key": link.receiver_key,
            "holder_name": link.receiver_name,
            "held_by_link": link.n,
        }
        there = update(Handover).where(
            Handover.id == link.handover_id, Handover.held_by_link < link.n, Handover.holder_key == link.giver_key
        )
        if not _changed(work, there.values(**holder)):
            raise AssertionError(f"Expected {link.giver_key} to hold {link.handover_id}, but somebody else does")
        for name, value in holder.items():
            set_committed_value(link.handover, name, value)
    work.session.add_all(listed)
    set_committed_value(link, "signs", listed)
    facts = {
        "handover": link.handover_id,
        "n": link.n,
        "state": state,
        "proof": {one.side: one.proof for one in listed},
        "hash": said["hash"],
    }
    audit.record(work, audit.Kind.HANDOVER_ENDED, by=by, now=now, case=case, facts=facts)


def drop(work: Work, link: HandoverLink, *, case: Case | None, by: Actor, now: datetime) -> None:
    """A link that will not be: the thing stays where it is."""
    end(work, link, "dropped", (), case=case, by=by, now=now)


def already(work: Work, link_id: int) -> AlreadyDone:
    """Who was first, and when."""
    link = find(work, link_id)
    name = link.receiver_name if link.receiver_key.startswith("p:") else masks.name(link.receiver_name)
    when = say_at(link.ended_at) if link.ended_at is not None else ""
    zh = {
        "done": f"这一环已于 {when} 交给{name}，不能再交一次。",
        "different": f"这一环已于 {when} 交给{name}（有出入），不能再交一次。",
        "refused": f"这一环已于 {when} 被{name}拒收。",
    }.get(link.state, f"这一环已于 {when} 取消，东西还在原来的人手里。")
    en = f"Expected an open link, but it was {link.state} already. Look at the chain for who has the thing now."
    return AlreadyDone(zh, en, state=link.state, when=link.ended_at)


def _changed(work: Work, statement: Any) -> int:
    result = cast(
        "CursorResult[Any]", work.session.execute(statement, execution_options={"synchronize_session": False})
    )
    return result.rowcount


def side_of(link: HandoverLink, actor: Actor) -> Side | None:
    """At which end this actor is; None: at none, or at both (nobody hands over to themselves)."""
    held = set(actor.keys_in(access.matter_of(link.handover.kind)))
    sides: list[Side] = []
    if link.giver_key in held:
        sides.append("giver")
    if link.receiver_key in held:
        sides.append("receiver")
    return sides[0] if len(sides) == 1 else None


def account_of(work: Work, name: str, phone: str) -> User | None:
    """The account of a person told by name and telephone; a telephone that is somebody else's is not theirs."""
    known = accounts.by_phone(work, keys.blinds("phone", phone))
    found = next(iter(known.values()), None)
    return found if found is not None and (numbers.says_who(found) or found.name == name) else None


def signed_in(work: Work, user_id: int) -> int:
    """The resident of this account logged in: see `join`."""
    return join(work, work.session.get_one(User, user_id))


def join(work: Work, user: User) -> int:
    """Somebody signed in: what waits for their telephone is theirs to see. Returns how many links."""
    if user.kind != "resident" or not user.phone_index:
        return 0
    key, count = f"t:{user.phone_index}", 0
    links = work.session.scalars(
        select(HandoverLink)
        .where(
            (HandoverLink.giver_key == key) | (HandoverLink.receiver_key == key),
            HandoverLink.state == "open",
        )
        .options(joinedload(HandoverLink.handover))
    ).all()
    for link in links:
        for side in handovers.SIDES:
            theirs = numbers.says_who(user) or getattr(link, f"{side}_name") == user.name
            if getattr(link, f"{side}_key") == key and theirs and not numbers.from_before(user, link.opened_at):
                setattr(link, f"{side}_key", f"u:{user.id}")
                if link.handover.holder_key == key:
                    link.handover.holder_key = f"u:{user.id}"
                count += 1
    work.session.flush()
    return count


def lines(thing: Any) -> list[str]:
    """What is handed over, a line each, from an answer of whatever shape: text, a row of a list, a list."""
    if thing is None or thing == "":
        return []
    if isinstance(thing, Mapping):
        text = " ".join(str(v) for v in thing.values() if isinstance(v, (str, int, float)) and str(v).strip())
        return [text[:200]] if text else []
    if isinstance(thing, (list, tuple)):
        return [line for one in thing for line in lines(one)][:40]
    return [str(thing)[:200]]
