"""Who does what a diagram asks for: a table, not a side effect of imports.

    EFFECTS     effect of a diagram -> the function that carries it out, in the transaction of the step
    AFTER_CASE  what follows the end of a case, however it ended, in the same transaction

Every kind of engine/process/language/effects.py stands here exactly once; a kind without a handler, or a handler of an
unknown kind, stops the program at its start with the name. What the worker does with jobs is the same kind of table:
engine/commands/worker/wiring.py (a job calls the verbs of cases, which need this table: two files, no circle).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.commands.effects import (
    appointments,
    ballots,
    boards,
    bonds,
    chosen,
    decisions,
    for_each,
    giving_back,
    hall_papers,
    handovers,
    joining,
    loans,
    mandates,
    matches,
    notices,
    offers,
    orders,
    other_cases,
    papers,
    queues,
    ratings,
    referring,
    registers,
    rolls,
    side_limits,
    sums,
    time_limits,
)
from engine.process.language.effects import TYPES
from engine.process.step import Effect

if TYPE_CHECKING:
    from engine.commands.applying import Applying

Handler = Callable[["Applying", Effect], None]
AfterCase = Callable[["Applying"], None]

#: What the process itself sends between cases; no designer writes these as the type of a task.
BETWEEN_CASES = ("message", "signal")

EFFECTS: Mapping[str, Handler] = MappingProxyType(
    {
        # papers and notices
        "issue-paper": papers.issue_paper,
        "deliver-paper": hall_papers.deliver,
        "send-notice": notices.send_notice,
        "remind": notices.remind,
        # acceptance, decision, end
        "accept-case": decisions.accept,
        "decline-case": decisions.decline,
        "request-correction": decisions.ask_correction,
        "decide": decisions.decide,
        "close-case": decisions.close,
        "archive-case": registers.archive,
        # clocks: the ledger moves by the effect's meaning (engine/matters/clocks.py); here is what else follows
        "start-clock": side_limits.start,
        "stop-clock": side_limits.stop,
        "pause-clock": time_limits.pause,
        "resume-clock": time_limits.resume,
        "extend-clock": time_limits.extend,
        "hearing": time_limits.hearing,
        # appointments, and who was chosen
        "release-appointment": appointments.release,
        "check-chosen": chosen.check,
        # other cases, other offices
        "open-child-case": other_cases.open_child,
        "run-child-case": other_cases.open_child,
        "share-data": other_cases.share,
        "refer-case": referring.refer,
        "join-case": joining.join,
        "answer-joined": joining.answer_joined,
        "message": other_cases.message,
        "signal": other_cases.signal,
        # orders and people
        "dispatch-order": orders.dispatch,
        "take-mandate": mandates.take_mandate,
        "keep-away": orders.keep_away,
        "report-police": orders.report_police,
        # records and ratings
        "record": registers.record,
        "ask-rating": ratings.ask,
        "set-rating-aside": ratings.set_aside,
        # registers 台账
        "look-up": registers.look_up,
        # bonds 关系
        "make-bond": bonds.make,
        "end-bond": bonds.end,
        # offers 供给与预订
        "open-offer": offers.open_,
        "close-offer": offers.close,
        "hold-arrivals": offers.hold_arrivals,
        "move-offer": offers.move,
        "call-roll": rolls.call,
        "book": offers.book,
        "release": offers.release,
        "give-back": giving_back.give_back,
        # loans 借还
        "lend": loans.lend,
        "take-back": loans.take_back,
        "renew": loans.renew,
        "reserve": loans.reserve,
        "recall": loans.recall,
        "end-loan": loans.end,
        # matches 撮合
        "open-need": matches.open_need,
        "open-supply": matches.open_supply,
        "match": matches.match,
        "release-match": matches.release,
        "match-arrived": matches.arrived,
        # handovers 交接
        "hand-over": handovers.hand_over,
        # boards 公开栏
        "publish-notice": boards.publish,
        "change-notice": boards.change,
        "withdraw-notice": boards.withdraw,
        # queues 取号
        "take-ticket": queues.take_ticket,
        # schedules 定期
        "sum-up": sums.sum_up,
        "set-order-aside": orders.set_aside,
        "for-each": for_each.begin,
        # ballots 表决
        "open-ballot": ballots.open_,
        "close-ballot": ballots.close,
    }
)

#: Effects by the names they had: no designer writes them any more, but versions with running cases ask for them.
FORMER: Mapping[str, Handler] = MappingProxyType({"book-meeting": offers.book, "end-meeting": offers.end_meeting})

AFTER_CASE: tuple[AfterCase, ...] = (
    mandates.case_ended,
    offers.case_ended,
    matches.case_ended,
    appointments.case_ended,
    boards.case_ended,
    ballots.case_ended,
    handovers.case_ended,
    joining.case_ended,
    other_cases.answer_parent,
)


def check(handled: Iterable[str], known: Iterable[str], what: str) -> None:
    """Stops the program when a kind has no handler, or a handler no kind; the message names them."""
    without, strange = sorted(set(known) - set(handled)), sorted(set(handled) - set(known))
    if without or strange:
        parts = [f"no handler of {', '.join(without)}"] if without else []
        parts += [f"a handler of {', '.join(strange)}, which the list does not know"] if strange else []
        raise RuntimeError(f"Expected one handler for each {what}, but there is {' and '.join(parts)}")


if len(set(AFTER_CASE)) != len(AFTER_CASE):
    raise RuntimeError("Expected what follows the end of a case to follow it once, but it stands in AFTER_CASE twice")
check(EFFECTS, [*TYPES, *BETWEEN_CASES], "effect")
