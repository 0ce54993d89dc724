"""Wiring is a table: every effect of a diagram and every job of the worker has its handler, or the hall does not
start."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.commands import wiring
from engine.commands.effects import sums
from engine.commands.schedules import each
from engine.commands.worker import sharing
from engine.commands.worker.wiring import JOBS
from engine.matters import clocks, corrections
from engine.process.language.effects import TYPES
from engine.records import jobs


def named(table: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(kind): f"{handler.__module__.removeprefix('engine.commands.')}.{handler.__name__}"
        for kind, handler in table.items()
    }


def test_every_effect_has_its_handler():
    assert named(wiring.EFFECTS) == {
        "issue-paper": "effects.papers.issue_paper",
        "set-order-aside": "effects.orders.set_aside",
        "deliver-paper": "effects.hall_papers.deliver",
        "send-notice": "effects.notices.send_notice",
        "remind": "effects.notices.remind",
        "publish-notice": "effects.boards.publish",
        "change-notice": "effects.boards.change",
        "withdraw-notice": "effects.boards.withdraw",
        "accept-case": "effects.decisions.accept",
        "decline-case": "effects.decisions.decline",
        "request-correction": "effects.decisions.ask_correction",
        "decide": "effects.decisions.decide",
        "close-case": "effects.decisions.close",
        "archive-case": "effects.registers.archive",
        "start-clock": "effects.side_limits.start",
        "stop-clock": "effects.side_limits.stop",
        "pause-clock": "effects.time_limits.pause",
        "resume-clock": "effects.time_limits.resume",
        "extend-clock": "effects.time_limits.extend",
        "hearing": "effects.time_limits.hearing",
        "release-appointment": "effects.appointments.release",
        "check-chosen": "effects.chosen.check",
        "open-offer": "effects.offers.open_",
        "close-offer": "effects.offers.close",
        "move-offer": "effects.offers.move",
        "hold-arrivals": "effects.offers.hold_arrivals",
        "call-roll": "effects.rolls.call",
        "book": "effects.offers.book",
        "release": "effects.offers.release",
        "give-back": "effects.giving_back.give_back",
        "open-child-case": "effects.other_cases.open_child",
        "run-child-case": "effects.other_cases.open_child",
        "share-data": "effects.other_cases.share",
        "refer-case": "effects.referring.refer",
        "join-case": "effects.joining.join",
        "answer-joined": "effects.joining.answer_joined",
        "message": "effects.other_cases.message",
        "signal": "effects.other_cases.signal",
        "dispatch-order": "effects.orders.dispatch",
        "take-mandate": "effects.mandates.take_mandate",
        "keep-away": "effects.orders.keep_away",
        "report-police": "effects.orders.report_police",
        "record": "effects.registers.record",
        "look-up": "effects.registers.look_up",
        "make-bond": "effects.bonds.make",
        "end-bond": "effects.bonds.end",
        "ask-rating": "effects.ratings.ask",
        "set-rating-aside": "effects.ratings.set_aside",
        "open-ballot": "effects.ballots.open_",
        "close-ballot": "effects.ballots.close",
        "end-loan": "effects.loans.end",
        "lend": "effects.loans.lend",
        "recall": "effects.loans.recall",
        "renew": "effects.loans.renew",
        "reserve": "effects.loans.reserve",
        "take-back": "effects.loans.take_back",
        "match": "effects.matches.match",
        "open-need": "effects.matches.open_need",
        "open-supply": "effects.matches.open_supply",
        "release-match": "effects.matches.release",
        "match-arrived": "effects.matches.arrived",
        "hand-over": "effects.handovers.hand_over",
        "take-ticket": "effects.queues.take_ticket",
        "sum-up": "effects.sums.sum_up",
        "for-each": "effects.for_each.begin",
    }
    assert set(wiring.EFFECTS) == {*TYPES, *wiring.BETWEEN_CASES}


def test_every_job_has_its_handler():
    assert named(JOBS) == {
        "render-paper": "worker.paperwork.render",
        "replay": "worker.replays.go_on",
        "release-due": "worker.releases.come_into_force",
        "send-code": "worker.paperwork.send",
        "send-notice": "worker.paperwork.send",
        "open-child": "worker.messages.open_child",
        "answer-parent": "worker.messages.answer_parent",
        "answer-joined": "worker.messages.answer_joined",
        "follow-joined": "worker.messages.follow_joined",
        "deliver-message": "worker.messages.deliver",
        "broadcast-signal": "worker.messages.broadcast",
        "hear-signal": "worker.messages.hear",
        "share-data": "worker.sharing.ask",
        "collect-answer": "worker.sharing.collect",
        "close-rating": "worker.paperwork.close_rating",
        "appointment-due": "booking.due.appointment_due",
        "booking-moment": "booking.due.booking_moment",
        "nobody-opened": "booking.due.nobody_opened",
        "standing-due": "booking.due.standing_due",
        "publish-slots": "booking.due.publish_slots",
        "offer-due": "booking.due.offer_due",
        "board-due": "boards.due.board_due",
        "board-tell": "boards.due.board_tell",
        "tell-register": "worker.telling.tell_register",
        "ballot-tell": "worker.telling_voters.tell_voters",
        "follow-calendar": "hall.calendars.follow_late",
        "follow-people": "hall.following.follow_people",
        "begin-scheduled": "schedules.runs.begin_run",
        "ballot-due": "ballots.closing.fall_due",
        "forget-tickets": "queues.due.forget_tickets",
        "for-each": "schedules.each.go_on",
        "for-each-ended": "schedules.each.one_ended",
        "loans-due": "loans.due.look",
        "match-due": "matching.match_due",
        "keep-registers": "registers.keeping.keep_registers",
        "bonds-due": "bonds.due.bonds_due",
        "erase": "hall.erasing.erase_due",
        "anchor-seal": "worker.anchoring.send",
        "move-cases": "moving.go_on",
    }
    assert set(JOBS) == set(jobs.Kind)


@pytest.mark.parametrize(
    "table, module, line, name",
    [
        ("effect", "engine.commands.wiring", "keep_away", "keep-away"),
        ("job", "engine.commands.worker.wiring", "follow_late", "follow-calendar"),
    ],
)
def test_the_hall_does_not_start_without_a_handler_and_says_of_what(tmp_path, table, module, line, name):
    """The module as it is, one line of its table deleted: what the next start would say."""
    lines = Path(sys.modules[module].__file__).read_text("utf-8").splitlines()
    (tmp_path / "shorter.py").write_text("\n".join(each for each in lines if line not in each), "utf-8")
    started = subprocess.run([sys.executable, tmp_path / "shorter.py"], capture_output=True, text=True, check=False)
    assert started.returncode != 0
    assert f"one handler for each {table}, but there is no handler of {name}" in started.stderr


def test_a_handler_of_nothing_stops_the_start_too():
    with pytest.raises(RuntimeError, match="a handler of refer-cats, which the list does not know"):
        wiring.check([*wiring.EFFECTS, "refer-cats"], [*TYPES, *wiring.BETWEEN_CASES], "effect")


#: What an effect asks for is kept whole and read when a job does it.
LATER = {"for-each": (each, sums), "share-data": (sharing,)}


def _words_of(handler: Any) -> str:
    """The program text that a handler can read its effect in: its module, what that uses of this room, and the two
    places where effects mean something to the clocks."""
    here = inspect.getmodule(handler)
    used = [inspect.getmodule(one) for one in vars(here).values() if inspect.ismodule(one) or callable(one)]
    ours = {one for one in used if one is not None and one.__name__.startswith("engine.commands.")}
    return "".join(inspect.getsource(one) for one in {here, *ours, clocks, corrections} if one is not None)


def test_every_header_and_argument_of_an_effect_is_read_by_somebody():
    """What a designer may write and nobody reads is a promise that is not kept."""
    unread = {}
    for kind in TYPES.values():
        text = _words_of(wiring.EFFECTS[kind.type]) if kind.type in wiring.EFFECTS else ""
        text += "".join(inspect.getsource(one) for one in LATER.get(kind.type, ()))
        said = [*(one.key for one in kind.headers), *(one.name for one in kind.arguments)]
        if text and (left := [word for word in said if f'"{word}"' not in text]):
            unread[kind.type] = left
    assert unread == {}
