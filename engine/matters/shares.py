"""A total divided by shares so that the cents add up exactly. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext

from engine.errors import Invalid


def allocate(total: Decimal, shares: Sequence[Decimal], digits: int = 2) -> list[Decimal]:
    """Each share's part of the total, in whole cents (10^-digits); what rounding down leaves over goes, a cent each, to
    those whose rest is largest, the first of equals first. The parts always add up to the total.

    >>> allocate(Decimal(100), [Decimal(1)] * 3)
    [Decimal('33.34'), Decimal('33.33'), Decimal('33.33')]

    Raises Invalid: a total that is no whole number of cents, a share below 0, a total and nobody to take it.
    """
    with localcontext() as context:
        context.prec = 60
        cent = Decimal(1).scaleb(-digits)
        if total % cent != 0:
            raise Invalid(
                [],
                f"总数 {total} 不是 {cent} 的整数倍，分不尽。请先舍入到 {digits} 位小数。",
                f"Expected a total in units of {cent}, but it is {total}. Round it to {digits} digits first.",
            )
        if any(share < 0 for share in shares):
            raise Invalid([], "份额不能是负数。", "Expected shares of 0 or more, but one is negative.")
        whole = sum(shares, Decimal(0))
        if whole == 0:
            if total == 0:
                return [Decimal(0).quantize(cent)] * len(shares)
            raise Invalid(
                [], "没有人有份额，总数分不出去。", f"Expected somebody with a share of {total}, but none has."
            )
        exact = [total * share / whole for share in shares]
        parts = [one.quantize(cent, rounding=ROUND_FLOOR) for one in exact]
        left = int((total - sum(parts, Decimal(0))) / cent)
        order = sorted((n for n, s in enumerate(shares) if s), key=lambda n: (parts[n] - exact[n], n))
        for n in order[:left]:
            parts[n] += cent
        return parts
