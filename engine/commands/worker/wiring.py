"""Who does which job: a table, checked at the start as the table of effects is (engine/commands/wiring.py)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.commands import ballots, bonds, matching, moving, schedules
from engine.commands.boards import due as boards
from engine.commands.booking import due
from engine.commands.equipment import Handler
from engine.commands.hall import calendars, erasing, following
from engine.commands.loans import due as loans
from engine.commands.queues import due as forgetting
from engine.commands.registers import keeping
from engine.commands.wiring import check
from engine.commands.worker import anchoring, messages, paperwork, releases, replays, sharing, telling, telling_voters
from engine.records.jobs import Kind

JOBS: Mapping[Kind, Handler] = MappingProxyType(
    {
        # what goes out
        Kind.RENDER_PAPER: paperwork.render,
        Kind.SEND_NOTICE: paperwork.send,
        Kind.SEND_CODE: paperwork.send,
        # between cases
        Kind.OPEN_CHILD: messages.open_child,
        Kind.ANSWER_PARENT: messages.answer_parent,
        Kind.ANSWER_JOINED: messages.answer_joined,
        Kind.FOLLOW_JOINED: messages.follow_joined,
        Kind.DELIVER_MESSAGE: messages.deliver,
        Kind.BROADCAST_SIGNAL: messages.broadcast,
        Kind.HEAR_SIGNAL: messages.hear,
        # sources outside
        Kind.SHARE_DATA: sharing.ask,
        Kind.COLLECT_ANSWER: sharing.collect,
        # what falls due
        Kind.CLOSE_RATING: paperwork.close_rating,
        Kind.APPOINTMENT_DUE: due.appointment_due,
        Kind.OFFER_DUE: due.offer_due,
        Kind.BOOKING_MOMENT: due.booking_moment,
        Kind.NOBODY_OPENED: due.nobody_opened,
        Kind.STANDING_DUE: due.standing_due,
        Kind.PUBLISH_SLOTS: due.publish_slots,
        Kind.FOLLOW_CALENDAR: calendars.follow_late,
        Kind.BOARD_DUE: boards.board_due,
        Kind.BOARD_TELL: boards.board_tell,
        Kind.TELL_REGISTER: telling.tell_register,
        Kind.BEGIN_SCHEDULED: schedules.begin_run,
        # matches 撮合
        Kind.MATCH_DUE: matching.match_due,
        # ballots 表决
        Kind.BALLOT_DUE: ballots.fall_due,
        Kind.BALLOT_TELL: telling_voters.tell_voters,
        Kind.FORGET_TICKETS: forgetting.forget_tickets,
        Kind.FOR_EACH: schedules.go_on,
        Kind.FOR_EACH_ENDED: schedules.one_ended,
        Kind.KEEP_REGISTERS: keeping.keep_registers,
        Kind.LOANS_DUE: loans.look,
        Kind.FOLLOW_PEOPLE: following.follow_people,
        Kind.BONDS_DUE: bonds.bonds_due,
        Kind.ERASE: erasing.erase_due,
        Kind.ANCHOR_SEAL: anchoring.send,
        # the studio
        Kind.REPLAY: replays.go_on,
        Kind.MOVE_CASES: moving.go_on,
        Kind.RELEASE_DUE: releases.come_into_force,
    }
)

check(JOBS, Kind, "job")
