"""What the worker does for the boards: entries whose time is over come down, late reviews are said, followers are
told."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy import and_, or_, select

from engine.commands import board_rows as rows
from engine.commands import one_by_one
from engine.commands.equipment import Equipment
from engine.people import SYSTEM, holders, units
from engine.records import audit, jobs, notices
from engine.records.jobs import Leased
from engine.store import Database, Work
from engine.store.models import BoardEntry, BoardFollow, User
from engine.workdays import say_day

#: How many people are told in one transaction; the next job goes on after the last of them.
CHUNK = 200
WHAT = {
    "new": ("{place}有新的{board}：{title}{day}。", "New on {board}, {place}: {title}{day}."),
    "changed": ("{board}有变动：{title}{day}。{why}", "Changed, {board}: {title}{day}. {why}"),
    "withdrawn": ("{board}已经取消：{title}{day}。{why}", "Called off, {board}: {title}{day}. {why}"),
}


def board_due(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """An entry's time is over, or its reviewer's is."""
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        entry = rows.find(work, str(job.payload["entry"]), lock=True)
        if entry.state == "shown" and entry.until_at <= now:
            rows.take_down(work, entry, "over", now=now, reason="")
            audit.record(work, audit.Kind.BOARD_OVER, by=SYSTEM, now=now, facts={"entry": entry.number})
        elif entry.state == "review" and entry.review_due_at is not None and entry.review_due_at <= now:
            _late(work, entry, now)


def _late(work: Work, entry: BoardEntry, now: datetime) -> None:
    assert entry.review_unit_id is not None
    told = {
        *holders.of(work, entry.review_unit_id, post=entry.review_post),
        *holders.of(work, entry.review_unit_id, role="supervisor"),
    }
    for user_id in sorted(told):
        notices.put(
            work,
            f"board:{entry.number}:late:{user_id}",
            f"公开栏 {entry.number}“{entry.title}”到期还没有审核，请马上看。",
            text_en=f"{entry.number} {entry.title} has not been reviewed in time: please see to it.",
            kind="board",
            now=now,
            channel="screen",
            user_id=user_id,
        )


def board_tell(database: Database, job: Leased, equipment: Equipment, now: datetime) -> None:
    """Those who asked are told, some at a time: on their screen, and by text message within the day's measure."""
    number, what, after = str(job.payload["entry"]), str(job.payload["what"]), int(job.payload["after"])
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)
        entry = rows.find(work, number)
        if what != "withdrawn" and (entry.state != "shown" or entry.until_at <= now):
            return  # by now it is down: its withdrawal is told, or it is over
        people = _followers(work, entry, what, after)
        if job.payload.get("alone"):  # one who could not be told among the others
            people = [user for user in people if user.id == after + 1]
            for user in people:
                _tell(work, entry, what, user, _follows(work, entry, user), equipment.public_url, now)
            return
        own = set(
            work.session.scalars(
                select(BoardFollow.user_id).where(
                    BoardFollow.entry_id == entry.id, BoardFollow.user_id.in_([user.id for user in people])
                )
            )
        )

        def tell(user: User) -> None:
            _tell(work, entry, what, user, user.id in own, equipment.public_url, now)

        def instead(user: User) -> None:
            alone = {"entry": number, "what": what, "after": user.id - 1, "alone": True}
            jobs.put_once(work, jobs.Kind.BOARD_TELL, f"{job.key.split('>')[0]}={user.id}", alone, now=now)

        one_by_one.batch(work, people, tell, said=lambda user: f"{number}: user {user.id} is not told", instead=instead)
        if len(people) == CHUNK:
            last = people[-1].id
            payload = {"entry": number, "what": what, "after": last}
            jobs.put(work, jobs.Kind.BOARD_TELL, f"{job.key.split('>')[0]}>{last}", payload, now=now)


def _follows(work: Work, entry: BoardEntry, user: User) -> bool:
    """Whether they asked for what becomes of this very entry."""
    asked = select(BoardFollow.user_id).where(BoardFollow.entry_id == entry.id, BoardFollow.user_id == user.id)
    return work.session.scalar(asked.limit(1)) is not None


def _followers(work: Work, entry: BoardEntry, what: str, after: int) -> list[User]:
    """Who follows its kind where it is read, at its place, above and below; of what becomes of it later, who follows
    the entry itself too: that it is new they have seen."""
    tree = units.tree(work)
    place = units.place(work, entry.place_id)
    near = {one.id for one in (*tree.above(place), *tree.below(place))}
    wanted = and_(BoardFollow.kind == entry.kind, BoardFollow.place_id.in_(near))
    if what != "new":
        wanted = or_(wanted, BoardFollow.entry_id == entry.id)
    ids = select(BoardFollow.user_id).where(wanted, BoardFollow.user_id > after).distinct()
    query = select(User).where(User.id.in_(ids), User.disabled_at.is_(None)).order_by(User.id).limit(CHUNK)
    return list(work.session.scalars(query))


def _tell(work: Work, entry: BoardEntry, what: str, user: User, own: bool, url: str, now: datetime) -> None:
    place = units.place(work, entry.place_id)
    zh, en = WHAT[what]
    day = entry.begins_on
    why = entry.change if what == "changed" else entry.reason
    text = zh.format(
        place=place.name,
        board=entry.shown.get("title", ""),
        title=entry.title,
        day=f"，{say_day(day)}" if day else "",
        why=f"{why}。" if why and not why.endswith("。") else why,
    )
    text_en = en.format(
        place=place.name_en or place.name,
        board=entry.shown.get("title_en", ""),
        title=entry.title,
        day=f", {day.isoformat()}" if day else "",
        why=why,
    )
    text += f"看全文 {url}/board/{entry.number} 。不想再收：{url}/board/told"
    text_en += f" See {url}/board/{entry.number} . To stop: {url}/board/told"
    key = f"board:{entry.number}:{entry.changed}:{what}:{user.id}"
    put = partial(notices.put, work, text=text, text_en=text_en, kind="board", now=now, user_id=user.id)
    put(f"{key}:screen", channel="screen")
    # What becomes of the very entry somebody asked about is told by text message whatever else came that day.
    if user.phone and (own or rows.within(work, user.id, now)):
        put(f"{key}:sms", channel="sms", address=user.phone)
