"""When a vote is quorate and when it passes: rules over counts, in whole numbers. Pure.

    rule = read("yes >= 2/3 of roll")
    rule.met({"yes": 243, "roll": 360})          # True: 3 * 243 >= 2 * 360, never a float
    rule.needed({"roll": 361})                   # (241,): the smallest number that will do

The words are few and closed: a count, >= (以上, the number itself included) or > (超过, it is not: 民法典 1259), a
share of a count, a count or a number; several joined by "and". Shares: half, 2/3, 75%.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from engine.errors import Refused
from engine.findings import meant

#: What is counted -> Chinese, English. `votes` is the count of the option that is looked at.
COUNTS: Mapping[str, tuple[str, str]] = {
    "roll": ("全体", "the whole roll"),
    "present": ("实到", "those present"),
    "yes": ("赞成", "yes"),
    "no": ("反对", "no"),
    "abstain": ("弃权", "abstentions"),
    "votes": ("得票", "votes"),
}
_SHARE = re.compile(r"^(half|(\d{1,4})\s*/\s*(\d{1,4})|(\d{1,3})\s*%)\s+of\s+(\S+)$")
_CONDITION = re.compile(r"^([a-z]*)\s*(>=|>)\s*(\S.*)$")

#: The largest roll for which `weaker_than` looks at every possible count. Thresholds of law are shares of at most
#: quarters and thirds: two rules that differ do so long before.
TRIED = 24


class BadRule(Refused):
    """Expected a rule over counts, but it cannot be read."""

    status = 422
    slug = "bad-rule"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a count with a share of another."""

    left: str
    strict: bool  # > and not >=
    share: Fraction
    of: str  # "" : `share` is a plain number

    def bar(self, counts: Mapping[str, int]) -> Fraction:
        """What the left side is held against."""
        return self.share * counts[self.of] if self.of else self.share

    def met(self, counts: Mapping[str, int]) -> bool:
        bar = self.bar(counts)
        return counts[self.left] > bar if self.strict else counts[self.left] >= bar

    def needed(self, counts: Mapping[str, int]) -> int:
        """The smallest whole number that meets it.

        >>> read("yes >= 2/3 of roll").conditions[0].needed({"roll": 901})
        601
        >>> read("yes > half of present").conditions[0].needed({"present": 10})
        6
        """
        bar = self.bar(counts)
        return bar.numerator // bar.denominator + 1 if self.strict else -((-bar.numerator) // bar.denominator)

    @property
    def reads(self) -> frozenset[str]:
        return frozenset({self.left, self.of} - {""})

    def words(self) -> tuple[str, str]:
        """As people say it."""
        left = COUNTS[self.left]
        if not self.of:
            return (
                f"{left[0]}{'超过' if self.strict else '不少于'} {self.share}",
                f"{left[1]} {'over' if self.strict else 'at least'} {self.share}",
            )
        of = COUNTS[self.of]
        if self.share == 1:
            return (
                f"{left[0]}{'多于' if self.strict else '不少于'}{of[0]}",
                f"{left[1]} {'more than' if self.strict else 'no fewer than'} {of[1]}",
            )
        if self.share == Fraction(1, 2):
            return (
                f"{left[0]}{'超过' if self.strict else '达到'}{of[0]}的半数",
                f"{left[1]} {'over' if self.strict else 'at least'} half of {of[1]}",
            )
        return (
            f"{left[0]}{'超过' if self.strict else '达到'}{of[0]}的 {self.share}{'' if self.strict else ' 以上'}",
            f"{left[1]} {'over' if self.strict else 'at least'} {self.share} of {of[1]}",
        )

    def explained(self, counts: Mapping[str, int]) -> tuple[str, str]:
        """The same worked out: what was needed, what there is.

        >>> read(">= 2/3 of roll", "present").conditions[0].explained({"present": 136, "roll": 205})[1]
        'the whole roll 205 x 2/3 needs 137; those present 136: not reached'
        """
        need, has, left = self.needed(counts), counts[self.left], COUNTS[self.left]
        ok = self.met(counts)
        end = ("达到", "reached") if ok else ("没有达到", "not reached")
        if not self.of:
            return (
                f"要有 {need}；{left[0]} {has}：{end[0]}",
                f"{need} are needed; {left[1]} {has}: {end[1]}",
            )
        of, whole = COUNTS[self.of], counts[self.of]
        times = "" if self.share == 1 else f" × {self.share}"
        return (
            f"{of[0]} {whole}{times}，要有 {need}；{left[0]} {has}：{end[0]}",
            f"{of[1]} {whole}{times.replace('×', 'x')} needs {need}; {left[1]} {has}: {end[1]}",
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all hold."""

    text: str
    conditions: tuple[Condition, ...]

    def met(self, counts: Mapping[str, int]) -> bool:
        return all(one.met(counts) for one in self.conditions)

    def needed(self, counts: Mapping[str, int]) -> tuple[int, ...]:
        """Of each condition, the smallest whole number of its left side that meets it."""
        return tuple(one.needed(counts) for one in self.conditions)

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(one.reads for one in self.conditions))

    def words(self) -> tuple[str, str]:
        both = [one.words() for one in self.conditions]
        return "，并且".join(zh for zh, _ in both), " and ".join(en for _, en in both)

    def explained(self, counts: Mapping[str, int]) -> tuple[str, str]:
        both = [one.explained(counts) for one in self.conditions]
        return "；".join(zh for zh, _ in both), "; ".join(en for _, en in both)


def read(text: str, left: str = "") -> Rule:
    """A rule from its text. `left`: the count that a condition without one is about. BadRule says what is wrong.

    >>> read("> half of roll", "present").conditions[0].left
    'present'
    """
    return Rule(text, tuple(_condition(one.strip(), left) for one in re.split(r"\band\b", text)))


def _condition(text: str, left: str) -> Condition:
    found = _CONDITION.match(text)
    if found is None or not (found[1] or left):
        raise BadRule(
            f"“{text}”不是规则。写法：yes >= 2/3 of roll、present > half of roll、yes > no。",
            f'"{text}" is no rule. Write: yes >= 2/3 of roll, present > half of roll, yes > no.',
        )
    count, amount = found[1] or left, found[3].strip()
    _known(count)
    share = _SHARE.match(amount)
    if share is not None:
        _known(share[5])
        if share[1] == "half":
            part = Fraction(1, 2)
        elif share[4]:
            part = Fraction(int(share[4]), 100)
        elif int(share[3]) == 0:
            raise BadRule(f"“{amount}”的分母是 0。", f'The share "{amount}" is divided by 0.')
        else:
            part = Fraction(int(share[2]), int(share[3]))
        if part > 1:
            raise BadRule(
                f"“{amount}”多于全部，没有人数能达到。", f'"{amount}" is more than all: no count can reach it.'
            )
        return Condition(count, found[2] == ">", part, share[5])
    if re.fullmatch(r"\d{1,9}", amount):
        return Condition(count, found[2] == ">", Fraction(int(amount)), "")
    if re.search(r"\sof\s", amount):
        raise BadRule(
            f"“{amount}”的份额不认识。份额写 half（半数）、2/3 或 75%，例如 half of present。",
            f'The share in "{amount}" is not known. Write half, 2/3 or 75%, such as half of present.',
        )
    _known(amount)
    return Condition(count, found[2] == ">", Fraction(1), amount)


def _known(count: str) -> None:
    if count not in COUNTS:
        zh, en = meant(count, COUNTS)
        raise BadRule(f"不认识“{count}”。{zh}", f'"{count}" is no count. {en}')


def weaker_than(rule: Rule, law: Rule) -> dict[str, int] | None:
    """Counts that this rule accepts and the law's refuses; None when there are none: it is as strict or stricter.

    >>> weaker_than(read("yes > half of roll"), read("yes >= 2/3 of roll"))
    {'roll': 5, 'present': 3, 'yes': 3, 'no': 0, 'abstain': 0, 'votes': 3}
    >>> weaker_than(read("yes >= 3/4 of roll"), read("yes >= 2/3 of roll")) is None
    True
    """
    for roll in range(1, TRIED + 1):
        for present in range(roll + 1):
            for yes in range(present + 1):
                for no in sorted({0, present - yes}):
                    counts = {
                        "roll": roll,
                        "present": present,
                        "yes": yes,
                        "no": no,
                        "abstain": present - yes - no,
                        "votes": yes,
                    }
                    if rule.met(counts) and not law.met(counts):
                        return counts
    return None
