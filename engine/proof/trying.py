"""A play (试走): a story while it is being written. Each look plays it from its beginning, by the real commands on a
scratch hall, with a clock of its own; what was played before is taken from the moments that are kept. The hall's own
rows, keys and network are not touched.

    tries = Tries()
    seen = tries.look(package, {"at": "2026-09-18 09:00", "answers": {…}, "steps": [{"task": "look", …}]}, content=…)
    seen.waiting           the steps that wait for somebody, each with its form as they see it
    seen.refused           why the next step did not go; it and what follows were not played

A step back is the same story without its last step. What a designer plays is text of stories.yaml: engine.proof.storing
writes it there.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine import crypto, forms, matters, people
from engine.errors import NotFound, Refused
from engine.matters import mandates, stories
from engine.matters.stories import Book, Story
from engine.people import units
from engine.plain import dumps, plain
from engine.proof import county, playing, storing
from engine.proof.county import Hall
from engine.proof.moments import MOST_CONTENT, Beat, Moment, Moments, packed, played_of
from engine.proof.playing import Drawing, Played, Player, Stuck
from engine.proof.scratch import Scratch, empty
from engine.reads import case_page, form_choices
from engine.records import papers
from engine.store import Database, Work
from engine.store.models import (
    Awaited,
    Case,
    DecisionHit,
    Document,
    File,
    Notice,
    Post,
    Subscription,
    Task,
    User,
)
from engine.workdays import ZONE, local_date

#: Steps of one play.
MOST_STEPS = 120
#: Seconds of computing of one look: past it, there is no end in sight.
PATIENCE_S = 15.0
#: Plays at one time in a process; others wait for their turn.
AT_ONCE = 2
#: So many different open steps are shown with their form.
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that waits for somebody."""

    element: str
    name: str
    more: int  # how many others like it
    due_at: datetime | None
    who: tuple[tuple[str, str, str], ...]  # (unit, post, its code) or (person, "", "")
    instead: bool  # nobody has it of those the diagram means: the supervisor
    by: str  # who does it in the play
    agent: bool  # an agent may do it in the applicant's place
    desk: case_page.Desk | None
    answers: Mapping[str, Any]  # what its form shows first; files by their names


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper that was issued."""

    code: str
    kind: str
    title: str
    number: str
    state: str
    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that would be sent."""

    kind: str
    channel: str
    to: str
    text: str
    text_en: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made by a table."""

    element: str
    decision: str
    rules: Any
    result: Any


@dataclass(frozen=True)
class Seen:
    """What a play has come to."""

    played: Played
    steps: tuple[Mapping[str, Any], ...]  # those that were played
    beats: tuple[Beat, ...]  # the application's, then each step's
    refused: Refused | None
    now: datetime
    next_at: datetime | None  # when something falls due by itself
    page: case_page.CasePage | None  # as a head reads it
    outside: case_page.CasePage | None  # as the applicant reads it
    waiting: tuple[Waiting, ...]
    awaited: tuple[tuple[str, str], ...]  # (element, kind)
    messages: tuple[tuple[str, str], ...]  # (name, element)
    papers: tuple[Sheet, ...]
    notices: tuple[Told, ...]
    decisions: tuple[Decided, ...]
    variables: Mapping[str, Any]
    changed: frozenset[str]  # of them, what the last step changed
    dues: tuple[Mapping[str, str], ...]  # before each step: until when open steps were due


class Slow(Refused):
    """Expected a play of some steps, but it has too many."""

    slug = "play-too-long"


class Tries:
    """Scratch halls and moments that all plays of a process share. For any number of threads."""

    def __init__(self, moments: Moments | None = None) -> None:
        self.moments = moments or Moments()
        self._free: list[Scratch] = []
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        atexit.register(self.close)

    def close(self) -> None:
        while self._free:
            self._free.pop().close()

    @contextmanager
    def _scratch(self, content: Path) -> Iterator[tuple[Scratch, Database]]:
        # Whoever takes a scratch hall puts into it what it is to hold. A new one for each look would compile every
        # statement again.
        with self._turn, papers.using(content / "forms"):
            scratch = self._free.pop() if self._free else Scratch()
            try:
                with scratch.inside() as database:
                    yield scratch, database
            finally:
                scratch.rest()
                self._free.append(scratch)

    # ------------------------------------------------------------ before it begins

    def door(self, package: matters.Package, channel: str, at: datetime, *, content: Path) -> forms.Form:
        """The form that somebody fills in to apply, with the choices that the county of its stories offers."""
        with self._scratch(content) as (scratch, database):
            hall = self._founded(scratch, package, stories.book(package), at)
            scratch.put(hall.unpacked())
            with database.reading() as work:
                form = mandates.application(package, channel)
                return form_choices.filled(work, form, package, on=local_date(at))

    def _founded(self, scratch: Scratch, package: matters.Package, book: Book, at: datetime) -> Moment:
        """The county on that day, before anything happens."""
        name = f"county:{package.version}:{at.astimezone(ZONE):%Y-%m-%d}"
        found = self.moments.get(name)
        if found is None:
            scratch.put(empty())
            with scratch.database.unit_of_work() as work:
                hall = county.found(work, package, book, now=at.astimezone(UTC))
            now = at.astimezone(UTC)
            content = packed(scratch.content())
            found = Moment(content, hall, now, "", 0, frozenset(), {}, {}, {}, {}, (0, 0, 0), Beat(now))
            self.moments.put(name, found)
        return found

    # ------------------------------------------------------------ playing

    def look(self, package: matters.Package, told: Mapping[str, Any], *, content: Path) -> Seen:
        """What this story has come to. Never raises for what a step holds: `refused` says it."""
        if len(told.get("steps") or ()) > MOST_STEPS:
            raise Slow(
                f"一次试走最多 {MOST_STEPS} 步。请退回几步，或先存成故事。", f"A play has at most {MOST_STEPS} steps."
            )
        story = storing.read(package, told)
        with self._scratch(content) as (scratch, database):
            founded = self._founded(scratch, package, stories.book(package), story.at)
            player = _player(database, founded.hall, package, story)
            database.watcher = player.watch
            try:
                return self._play(scratch, player, package, told, founded)
            finally:
                database.watcher = None

    def _play(
        self,
        scratch: Scratch,
        player: Player,
        package: matters.Package,
        told: Mapping[str, Any],
        founded: Moment,
    ) -> Seen:
        steps = player.story.steps
        names = _names(package, told)
        known: list[Moment] = []
        for name in names:
            found = self.moments.get(name)
            if found is None:
                break
            known.append(found)
        refused: Refused | None = None
        last = known[-1] if known else founded
        scratch.put(last.unpacked())
        if known:  # the county of a day is one for all who begin on it, each at their own time
            last.resume(player)
        _press(player).made.update(last.papers)
        for n in range(len(known), len(names)):
            try:
                _one(player, n)
            except Refused as refusal:
                refused = refusal
            except Exception as fault:  # a fault of a command's own is told like one of the story's
                refused = Stuck(
                    f"{player.where}程序出错（{type(fault).__name__}: {str(fault)[:300]}），请报告。",
                    f"The program failed ({type(fault).__name__}: {str(fault)[:300]}). Please report it.",
                )
            if refused is not None:
                scratch.put(last.unpacked())
                if known:
                    last.resume(player)
                break
            last = _moment(scratch, player, founded.hall, last)
            self.moments.put(names[n], last)
            known.append(last)
        went = steps[: max(len(known) - 1, 0)]
        if not known:
            return _nothing(player, refused, went)
        before = known[-2] if len(known) > 1 else None
        return self._seen(player, known, went, refused, before)

    def _seen(
        self,
        player: Player,
        known: Sequence[Moment],
        went: Sequence[Mapping[str, Any]],
        refused: Refused | None,
        before: Moment | None,
    ) -> Seen:
        database, earlier = player.database, before.variables if before is not None else {}
        next_at = player.due_next()
        with database.reading() as work:
            player.where = ""
            player.read(work)
            now, case_id = player.now, player.case_id
            variables = known[-1].variables
            return Seen(
                played=player.played,
                steps=tuple(went),
                beats=tuple(one.beat for one in known),
                refused=refused,
                now=now,
                next_at=max(next_at, now) if next_at is not None else None,
                page=_page(work, player, player.hall.head, player.hall.clerk),
                outside=_page(work, player, player.hall.applicant),
                waiting=tuple(_waiting(work, player)),
                awaited=tuple(
                    (row.element, row.kind)
                    for row in work.session.scalars(
                        select(Awaited).where(Awaited.case_id == case_id).order_by(Awaited.id)
                    )
                ),
                messages=tuple(
                    (row.name, row.element)
                    for row in work.session.scalars(
                        select(Subscription)
                        .where(Subscription.case_id == case_id, Subscription.kind == "message")
                        .order_by(Subscription.id)
                    )
                ),
                papers=tuple(_sheets(work, case_id)),
                notices=tuple(_told(work, case_id)),
                decisions=tuple(
                    Decided(row.element, row.decision, plain(row.rules), plain(row.result))
                    for row in work.session.scalars(
                        select(DecisionHit).where(DecisionHit.case_id == case_id).order_by(DecisionHit.id)
                    )
                ),
                variables=variables,
                changed=frozenset(k for k, v in variables.items() if before is not None and earlier.get(k) != v),
                dues=tuple(one.due for one in known[:-1]),
            )

    def prove(self, package: matters.Package, story: Story, *, content: Path) -> list[str]:
        """What is not as this story of the matter says; nothing of earlier plays is used."""
        with self._scratch(content) as (scratch, database):
            founded = self._founded(scratch, package, stories.book(package), story.at)
            scratch.put(founded.unpacked())
            return playing.play(database, founded.hall, package, story).problems

    def paper(self, package: matters.Package, told: Mapping[str, Any], code: str, *, content: Path) -> str:
        """A paper of this play as a page for the browser. NotFound when it issued none of that code."""
        seen = self.look(package, told, content=content)
        names = _names(package, {**told, "steps": list(told.get("steps") or ())[: len(seen.steps)]})
        found = self.moments.get(names[-1])
        page = found.papers.get(code) if found is not None else None
        if page is None:
            raise NotFound("这次试走没有这份文书。", "This play issued no such paper.")
        return page


# ---------------------------------------------------------------- the player


class _Press(Drawing):
    """Draws papers, and keeps them as pages to look at."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def drawn(self, job: papers.Job, composed: papers.Composed) -> None:
        if job.check_code:
            self.made[job.check_code] = papers.as_page(composed)


def _player(database: Database, hall: Hall, package: matters.Package, story: Story) -> Player:
    player = Player(database, hall, package, story)
    player.equipment = playing.equipment(_Press())
    player.gives_up_at = time.thread_time() + PATIENCE_S
    return player


def _press(player: Player) -> _Press:
    assert isinstance(player.equipment.press, _Press)
    return player.equipment.press


def _one(player: Player, n: int) -> None:
    """The application, or the n-th step."""
    if n:
        player.step(n, player.story.steps[n - 1])
        return
    player.prepare()
    player.begin()


def _names(package: matters.Package, told: Mapping[str, Any]) -> list[str]:
    """The name of the moment after the application, and after each step: of everything that led there."""
    steps = list(told.get("steps") or ())
    head = {key: value for key, value in told.items() if key not in ("steps", "end", "name", "says")}
    name = crypto.fingerprint(f"{package.version}\n{dumps(plain(head), sort=True)}".encode())
    names = [name]
    for step in steps:
        name = crypto.fingerprint(f"{name}\n{dumps(plain(step), sort=True)}".encode())
        names.append(name)
    return names


def _moment(scratch: Scratch, player: Player, hall: Hall, before: Moment) -> Moment:
    content = scratch.content()
    if len(content) > MOST_CONTENT:
        raise Slow(
            "这一步办出来的东西太多，试走装不下了。请少放几条，或分开试。",
            "This step made more than a play can hold. Try it with fewer.",
        )
    known = before.seen
    with player.database.reading() as work:
        live = work.session.scalars(
            select(Task).where(Task.case_id == player.case_id, Task.state != "ended").order_by(Task.id)
        ).all()
        documents = work.session.execute(
            select(Document.id, Document.title)
            .where(Document.case_id == player.case_id, Document.id > known[1])
            .order_by(Document.id)
        ).all()
        notices = work.session.execute(
            select(Notice.id, Notice.kind)
            .where(Notice.case_id == player.case_id, Notice.id > known[2])
            .order_by(Notice.id)
        ).all()
        newest = work.session.scalar(select(func.max(Task.id))) or 0
        variables = _variables(work, player.case_id)
    problems = player.played.problems[len(before.played.get("problems", ())) :]
    beat = Beat(
        player.now,
        tuple(dict.fromkeys(one.name for one in live if one.id > known[0])),
        tuple(title for _id, title in documents),
        tuple(dict.fromkeys(kind for _id, kind in notices)),
        tuple(problems),
    )
    due: dict[str, str] = {}
    for one in live:
        if one.due_at is not None:
            due.setdefault(one.element, one.due_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"))
    return Moment(
        packed(content),
        hall,
        player.now,
        player.number,
        player.incident,
        frozenset(player.not_done),
        played_of(player.played),
        dict(_press(player).made),
        due,
        variables,
        (
            newest,
            max((id for id, _ in documents), default=known[1]),
            max((id for id, _ in notices), default=known[2]),
        ),
        beat,
    )


# ---------------------------------------------------------------- what there is to see


def _nothing(player: Player, refused: Refused | None, went: Sequence[Mapping[str, Any]]) -> Seen:
    """The application was refused: there is no case."""
    return Seen(
        player.played,
        tuple(went),
        (),
        refused,
        player.now,
        None,
        None,
        None,
        (),
        (),
        (),
        (),
        (),
        (),
        {},
        frozenset(),
        (),
    )


def _variables(work: Work, case_id: int) -> dict[str, Any]:
    case = work.session.get(Case, case_id)
    found: dict[str, Any] = plain(dict(case.answers or {})) if case is not None else {}
    return found


def _page(work: Work, player: Player, *readers: int) -> case_page.CasePage | None:
    """The case as the first of these reads it who may."""
    for one in readers:
        try:
            return case_page.page(work, player.case_id, actor=player.actor(work, one), now=player.now)
        except Refused:
            continue  # kept from them, as from whoever must not know of it: the next
    return None


def _waiting(work: Work, player: Player) -> Iterator[Waiting]:
    live = work.session.scalars(
        select(Task).where(Task.case_id == player.case_id, Task.state != "ended").order_by(Task.id)
    ).all()
    of: dict[str, list[Task]] = {}
    for task in live:
        of.setdefault(task.element, []).append(task)
    case, agent = work.session.get_one(Case, player.case_id), _agent(work, player)
    named = _files(work)
    for element, tasks in list(of.items())[:MOST_SHOWN]:
        task = tasks[0]
        desk, by, answers = None, "", {}
        try:
            holder = player.holder(work, task)
            by = holder.name
            page = case_page.page(work, player.case_id, actor=holder, now=player.now, step=task.id)
            desk = page.desk if page.desk is not None and page.desk.task_id == task.id else None
        except Refused:
            pass  # nobody of the county may: its form is nobody's to see, and `who` says for whom it waits
        if desk is not None:
            answers = plain(dict(desk.data))
            if task.form:
                storing.by_name(player.package.form(task.form).fields, answers, named)
        yield Waiting(
            element,
            task.name,
            len(tasks) - 1,
            task.due_at,
            tuple(_who(work, task.candidates)),
            task.instead is not None,
            by,
            agent is not None and people.may(agent, "claim", task, case=case),
            desk,
            answers,
        )


def _agent(work: Work, player: Player) -> people.Actor | None:
    """Who holds the mandate of this case, if somebody does."""
    try:
        return player.agent(work)
    except Stuck:
        return None


def _files(work: Work) -> dict[str, str]:
    return {str(id): name for id, name in work.session.execute(select(File.id, File.name))}


def _who(work: Work, keys: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    posts = {post.code: post.name for post in work.session.scalars(select(Post))}
    for key in keys:
        kind, _, rest = key.partition(":")
        if kind == "p":
            unit, _, post = rest.partition(":")
            yield units.place(work, int(unit)).name, posts.get(post, post), post
        elif kind == "u":
            user = work.session.get(User, int(rest))
            yield (user.name if user is not None else rest), "", ""


def _sheets(work: Work, case_id: int) -> Iterator[Sheet]:
    for row in work.session.scalars(select(Document).where(Document.case_id == case_id).order_by(Document.id)):
        yield Sheet(
            row.check_code, row.kind, row.title, row.number or "", row.state, row.issued_at, plain(dict(row.facts))
        )


def _told(work: Work, case_id: int) -> Iterator[Told]:
    rows = work.session.execute(
        select(Notice, User.name)
        .outerjoin(User, User.id == Notice.user_id)
        .where(Notice.case_id == case_id)
        .order_by(Notice.id)
    )
    for row, name in rows:
        yield Told(row.kind, row.channel, name or row.address or "", row.text, row.text_en or "", row.send_after)


def after(seen: Seen, days: int, calendar: Any) -> str:
    """So many working days on, at the same time of day, as a step of a story says it."""
    local = seen.now.astimezone(ZONE)
    day = calendar.add(local.date(), days)
    return datetime.combine(day, local.time()).strftime("%Y-%m-%d %H:%M")


def next_due(seen: Seen) -> str | None:
    """When something falls due next, to the minute after it, as a step of a story says it."""
    if seen.next_at is None:
        return None
    local = seen.next_at.astimezone(ZONE)
    if local.second or local.microsecond:
        local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return local.strftime("%Y-%m-%d %H:%M")
