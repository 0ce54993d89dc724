"""The nouns a matter declares or uses: each kind has its rules in a file of its own; here they are called in order."""

from __future__ import annotations

from collections.abc import Callable

from engine.matters.gate import ballots, boards, bonds, handovers, loans, matches, offers, queues, registers, schedules
from engine.matters.gate.reading import Reading

CHECKS: tuple[Callable[[Reading], None], ...] = (
    # registers 台账
    registers.check,
    # bonds 关系
    bonds.check,
    # offers 供给与预订
    offers.check,
    # loans 借还
    loans.check,
    # matches 撮合
    matches.check,
    # handovers 交接
    handovers.check,
    # boards 公开栏
    boards.check,
    # queues 取号
    queues.check,
    # schedules 定期
    schedules.check,
    # ballots 表决
    ballots.check,
)


def check(reading: Reading) -> None:
    for rules in CHECKS:
        rules(reading)
