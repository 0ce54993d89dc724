"""The stories of every matter, played with each completion counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from engine import matters, people
from engine.commands import cases
from engine.errors import AlreadyDone, Invalid, NotYours
from engine.process.language.effects import TYPES
from engine.proof import Scratch, playing
from engine.proof.attaching import handed_in
from engine.proof.proving import Stage
from engine.store import Work
from engine.store.models import Appointment, Resource
from tests.cast import ROOT
from tests.costs.counting import Cost, counting

#: The effects that are an offer, a record, a hand-over …: what a noun does for a diagram.
NOUNS = frozenset(
    {
        *("record", "archive-case", "look-up", "sum-up", "for-each", "dispatch-order"),
        "keep-away",
        "set-order-aside",
        *("make-bond", "end-bond", "take-mandate"),
        *("open-offer", "close-offer", "move-offer", "call-roll", "book", "release", "release-appointment"),
        *("book-meeting", "end-meeting"),
        *("end-loan", "hand-over", "take-ticket"),
        *("join-case", "answer-joined"),
        *("publish-notice", "change-notice", "withdraw-notice"),
        *("open-ballot", "close-ballot"),
        *("open-need", "open-supply", "match", "release-match"),
        *("lend", "take-back", "renew", "reserve", "recall"),
    }
)


@dataclass(frozen=True)
class Completion:
    """One step that somebody did, and what it cost."""

    matter: str
    story: str
    task: str
    effects: tuple[str, ...]
    cost: Cost
    meeting: int = 0  # bookings of a meeting that it made, and persons whose time it opened
    called_off: int = 0  # bookings that ended with the offer that it closed

    @property
    def nouns(self) -> int:
        """So many offers, records, hand-overs …: of a meeting, everything that it holds is a booking of its own; a
        match books both its sides; a booking that is called off is a place that is given back, somebody who is
        told, and reminders that are not sent."""
        more = self.effects.count("match") + 3 * self.called_off + max(0, self.meeting - 1)
        return sum(one in NOUNS for one in self.effects) + more

    def __str__(self) -> str:
        what = f"{self.matter} “{self.story}” {self.task} {list(self.effects)}"
        return f"{what}: {len(self.cost)} statements, {self.cost.commits} commits\n    {self.cost}"


class Counting(playing.Player):
    """Plays a story; what a step needs first (its files handed in) is prepared outside the counted transaction."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.done: list[Completion] = []
        self._ready: tuple[int, Any, int, int] | None = None

    def complete(self, work: Work, step: Mapping[str, Any]) -> None:
        task = self._task(work, str(step["task"]))
        by = self.agent(work) if step.get("by") == "agent" else self.holder(work, task)
        answers = step.get("answers") or {}
        if task.form:
            answers = handed_in(work, self.package.form(task.form), answers, by=by, now=self.now)
        assert by.id is not None
        self._ready = (task.id, answers, task.version, by.id)

    def _complete(self, step: Mapping[str, Any]) -> None:
        with self.database.unit_of_work() as work:
            self.complete(work, step)
        assert self._ready is not None
        id, answers, version, user = self._ready
        before, held, off = len(self.played.effects), self._held_by_meetings(), self._called_off()
        try:
            with counting(self.database) as cost, self.database.unit_of_work() as work:
                by = people.load(work, user, now=self.now)
                cases.complete(work, id, answers, version=version, by=by, now=self.now)
        except Invalid as refusal:
            assert sorted(refusal.by_field()) == sorted(step.get("refused") or ()), refusal.zh
            return
        except (NotYours, AlreadyDone):
            if not step.get("error"):
                raise
            return
        said = tuple(one for one in self.played.effects[before:] if one in TYPES)
        made = self._held_by_meetings() - held
        off = self._called_off() - off
        self.done.append(Completion(self.package.name, self.story.name, str(step["task"]), said, cost, made, off))
        self.played.tasks.append(str(step["task"]))

    def _called_off(self) -> int:
        """How many bookings the hall itself has called off so far."""
        with self.database.reading() as work:
            return work.session.scalar(select(func.count()).where(Appointment.by_hall)) or 0

    def _held_by_meetings(self) -> int:
        """How many bookings meetings have made so far, and for how many persons there is what stands for their time."""
        bookings = select(func.count()).where(Appointment.meeting_id.is_not(None)).scalar_subquery()
        people = select(func.count()).where(Resource.kind == "person").scalar_subquery()
        with self.database.reading() as work:
            return work.session.scalar(select(bookings + people)) or 0


def completions(matter: str) -> Iterator[Completion]:
    """Every completion of every story of a matter."""
    package = matters.load(ROOT, matter)
    with Scratch() as scratch:
        stage = Stage(package, scratch)
        for story in stage.book.stories:
            with scratch.inside() as database:
                player = Counting(database, stage.set(story), package, story)
                database.watcher = player.watch
                try:
                    player.run()
                finally:
                    database.watcher = None
                assert player.played.problems == [], (story.name, player.played.problems)
                yield from player.done
