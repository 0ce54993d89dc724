"""Steps of a story that are a noun's own verbs: a vote, a hand-over, what is said about a notice. By the real commands.

A noun adds its verbs to VERBS of engine/matters/story_file.py with their keys, and here who plays them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import select

from engine import matters, people
from engine.commands import boards, handovers
from engine.errors import Invalid
from engine.matters import story_file
from engine.proof import booking_steps, handing, lending_steps, matching_steps, posting, voting
from engine.proof.county import Hall
from engine.store import Database, Work
from engine.store.models import Case, Task, User


class Playing(Protocol):
    """What of a story being played its steps use."""

    database: Database
    hall: Hall
    package: matters.Package
    now: datetime
    where: str

    @property
    def case_id(self) -> int: ...
    def actor(self, work: Work, user_id: int) -> people.Actor: ...
    def problem(self, text: str) -> None: ...


Step = Mapping[str, Any]


# ---------------------------------------------------------------- offers 供给与预订


def _book(player: Playing, step: Step) -> None:
    booking_steps.book(player.database, player.package, player.case_id, step["book"], now=player.now)


def _cancel(player: Playing, step: Step) -> None:
    if step["cancel"].get("match"):
        _match("cancel")(player, step)
        return
    booking_steps.cancel(player.database, player.package, player.case_id, step["cancel"], now=player.now)


def _attend(verb: str) -> Callable[[Playing, Step], None]:
    def act(player: Playing, step: Step) -> None:
        if step[verb].get("match"):
            _match(verb)(player, step)
            return
        booking_steps.attend(player.database, player.package, player.case_id, verb, step[verb], now=player.now)

    return act


def _bring(player: Playing, step: Step) -> None:
    booking_steps.bring(player.database, player.package, step["bring"], now=player.now)


# ---------------------------------------------------------------- matches 撮合, loans 借还


def _match(verb: str) -> Callable[[Playing, Step], None]:
    def act(player: Playing, step: Step) -> None:
        matching_steps.act(player.database, player.package, player.hall, verb, step[verb], now=player.now)

    return act


def _loan(verb: str) -> Callable[[Playing, Step], None]:
    def act(player: Playing, step: Step) -> None:
        lending_steps.act(player.database, player.package, player.hall, verb, step[verb], now=player.now)

    return act


# ---------------------------------------------------------------- boards 公开栏


def _review(player: Playing, step: Step) -> None:
    board, refuse = str(step["review"]), step.get("refuse")
    with player.database.unit_of_work() as work:
        entry = posting.entry(work, player.package, player.case_id, board, "review")
        by = posting.reviewer(work, entry, board, player.hall, now=player.now)
        if refuse is None:
            boards.approve(work, entry.number, changed=entry.changed, by=by, now=player.now)
        else:
            boards.refuse(work, entry.number, str(refuse), changed=entry.changed, by=by, now=player.now)


def _object(player: Playing, step: Step) -> None:
    with player.database.unit_of_work() as work:
        entry = posting.entry(work, player.package, player.case_id, step.get("board"), "shown")
        by = player.actor(work, player.hall.applicant)
        boards.object_to(work, entry.number, str(step["object"]), by=by, now=player.now)


# ---------------------------------------------------------------- ballots 表决


def _vote(player: Playing, step: Step) -> None:
    votes = story_file.choices(step["vote"])
    voting.vote(player.database, player.case_id, votes, str(step.get("body") or ""), now=player.now)


# ---------------------------------------------------------------- handovers 交接


def _handed(player: Playing, step: Step) -> None:
    refused: Invalid | None = None
    try:
        with player.database.unit_of_work() as work:
            handing.act(work, player.package, player.case_id, step, player.hall, now=player.now)
    except Invalid as refusal:
        refused = refusal
    wrong = sorted(refused.by_field()) if refused is not None else []
    if refused is not None and wrong != sorted(step.get("refused") or ()):
        raise refused
    if refused is None and "refused" in step:
        player.problem(f"{player.where}应拒绝 {step['refused']}，但通过了")


def _trouble(player: Playing, step: Step) -> None:
    with player.database.unit_of_work() as work:
        chain = handing.chain(work, player.package, player.case_id, str(step.get("thing")))
        by = handing.holder(work, chain, player.hall, now=player.now)
        handovers.report(work, chain.id, step["trouble"], str(step.get("note", "")), by=by, now=player.now)


# ---------------------------------------------------------------- who is kept away


def _shut(player: Playing, step: Step) -> None:
    """Whoever must keep away neither opens the case nor can take one of its open tasks."""
    with player.database.reading() as work:
        staff = work.session.scalars(select(User).where(User.kind == "staff"))
        user = next((one for one in staff if one.name == str(step["shut"])), None)
        if user is None:
            player.problem(f"{player.where}people 里没有“{step['shut']}”")
            return
        by, case = player.actor(work, user.id), work.session.get_one(Case, player.case_id)
        if people.may(by, "see", case):
            player.problem(f"{player.where}{user.name}应打不开这个件，但打得开")
        tasks = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state.in_(("open", "claimed"))))
        for task in tasks:
            if people.may(by, "claim", task, case=case):
                player.problem(f"{player.where}{user.name}不应办“{task.name}”，但办得了")


STEPS: Mapping[str, Callable[[Playing, Step], None]] = MappingProxyType(
    {
        # offers 供给与预订
        "book": _book,
        "cancel": _cancel,
        "arrive": _attend("arrive"),
        "leave": _attend("leave"),
        "bring": _bring,
        # matches 撮合
        **{verb: _match(verb) for verb in ("supply", "need", "ask", "agree", "decline", "absent")},
        **{verb: _match(verb) for verb in ("apart", "rejoin", "charged", "late")},
        # loans 借还
        **{verb: _loan(verb) for verb in ("lend", "take_back", "renew", "reserve", "recall", "lose")},
        # boards 公开栏
        "review": _review,
        "object": _object,
        # handovers 交接
        "handed": _handed,
        "trouble": _trouble,
        # ballots 表决
        "vote": _vote,
        "shut": _shut,
    }
)
