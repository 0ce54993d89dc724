"""Searches a decision table for rules that overlap, are never reached, or leave inputs without an answer.

Every input column is cut into regions where its entries differ; a rule is a box of regions. A gap is a cell of that
grid without a rule, an overlap one with several. What only FEEL can test counts as if it might accept everything, so
that a gap that is reported is a gap; such rules are left out of the search for overlaps.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol

from engine.dmn import cells, tables
from engine.dmn import elements as e
from engine.dmn.types import Type
from engine.feel import values

#: Steps of the search for gaps in one table.
MOST_STEPS = 200_000
#: Overlaps and unreachable rules reported of one table.
MOST_REPORTED = 5
#: Kinds of values that are cut into regions.
SIMPLE = ("number", "string", "boolean", "date")


class Tell(Protocol):
    """Takes what was found: of one rule (from 0), or of the whole table (None)."""

    def __call__(
        self, rule: str, number: int | None, zh: str, en: str, severity: Literal["error", "warning"] = "warning"
    ) -> None: ...


class Grid:
    """A table cut into regions."""

    def __init__(self, table: e.Table, kinds: list[Type], name: str, tell: Tell) -> None:
        self.table = table
        self.name = name
        self.tell = tell
        shapes = [[cells.shape(cell.text) for cell in rule.inputs] for rule in table.rules]
        self.steps = MOST_STEPS
        self.all = (1 << len(table.rules)) - 1
        self.unsure = 0  # rules with an entry that only FEEL can test
        self.impossible: dict[int, int] = {}  # rule -> column whose allowed values its entry misses
        self.columns: list[list[tuple[cells.Region, int]]] = []  # regions with the rules that accept them
        for number, clause in enumerate(table.inputs):
            column = [row[number] for row in shapes]
            self.columns.append(self.cut(number, clause, column, kinds[number]))

    def cut(
        self, number: int, clause: e.Clause, column: list[cells.Shape | None], kind: Type
    ) -> list[tuple[cells.Region, int]]:
        allowed = cells.shape(clause.values or kind.allowed)
        kinds = [kind.kind] if kind.kind in SIMPLE else []
        used = {one.kind for one in column if one is not None and one.kind}
        if not kinds:
            kinds = sorted(used)
        anything = sum(1 << i for i, one in enumerate(column) if one is None or isinstance(one, cells.Anything))
        self.unsure |= sum(1 << i for i, one in enumerate(column) if one is None)
        constraint = allowed if not isinstance(allowed, cells.Anything) else None
        if not used and constraint is None:
            return [(cells.Region("", _sample(kind.kind)), anything)]
        found: list[tuple[cells.Region, int]] = []
        index = tables.Column([cell.text for cell in (rule.inputs[number] for rule in self.table.rules)])
        for region in cells.regions([*column, constraint], kinds):
            if constraint is not None and not (constraint.kind == region.kind and constraint.has(region.example)):
                continue
            sure, maybe = index.rules(region.example)
            found.append((region, sure | maybe))
        reached = anything
        for _, rules in found:
            reached |= rules
        if constraint is not None or kind.kind in SIMPLE:
            for rule in tables.bits(self.all & ~reached):
                self.impossible.setdefault(rule, number)
        return found or [(cells.Region("", _sample(kind.kind)), anything)]

    def example(self, picks: list[cells.Region]) -> str:
        """An input in words."""
        return "，".join(
            f"{clause.label} = {_shown(pick.example) if pick.kind else '任意'}"
            for clause, pick in zip(self.table.inputs, picks, strict=True)
        )

    def report(self) -> None:
        for rule, column in list(self.impossible.items())[:MOST_REPORTED]:
            clause = self.table.inputs[column]
            self.tell(
                "dmn-unreachable-rule",
                rule,
                f"第 {rule + 1} 条规则永远不会命中：“{clause.label}”不可能取“"
                f"{self.table.rules[rule].inputs[column].text}”。"
                "请改正或删去。",
                f"Rule {rule + 1} never matches: “{clause.label}” cannot be "
                f"{self.table.rules[rule].inputs[column].text}. Mend or remove it.",
            )
        policy = self.table.hit_policy
        if policy == "U":
            self.overlaps(same_is_fine=False)
        elif policy == "A":
            self.overlaps(same_is_fine=True)
        elif policy == "F":
            self.hidden()
        self.gaps()

    # ------------------------------------------------------------ overlaps

    def accepted(self) -> list[list[int]]:
        """For every rule and column the regions its entry accepts, as bits."""
        found: list[list[int]] = [[0] * len(self.columns) for _ in self.table.rules]
        for number, column in enumerate(self.columns):
            for place, (_, rules) in enumerate(column):
                for rule in tables.bits(rules):
                    found[rule][number] |= 1 << place
        return found

    def overlaps(self, *, same_is_fine: bool) -> None:
        """Pairs of rules that some input matches both; under A only when their outputs differ."""
        sure = self.all & ~self.unsure
        accepted = self.accepted()
        reported = 0
        for rule in tables.bits(sure):
            others = sure & ~((1 << (rule + 1)) - 1)
            for number, column in enumerate(self.columns):
                if not others:
                    break
                meeting = 0
                for place in tables.bits(accepted[rule][number]):
                    meeting |= column[place][1]
                others &= meeting
            for other in tables.bits(others):
                if same_is_fine and self.outputs(rule) == self.outputs(other):
                    continue
                picks = [
                    column[next(tables.bits(accepted[rule][number] & accepted[other][number]))][0]
                    for number, column in enumerate(self.columns)
                ]
                example = self.example(picks)
                self.tell(
                    "dmn-overlap",
                    other,
                    f"“{self.name}”的规则 {rule + 1} 和规则 {other + 1} 重叠（例如 {example}），"
                    f"命中策略 {self.table.hit_policy} 下结果为空。请让它们互不重叠。",
                    f"Rules {rule + 1} and {other + 1} of “{self.name}” overlap (for example {example}): "
                    f"under hit policy {self.table.hit_policy} the result is null. Make them exclusive.",
                    "error" if not same_is_fine else "warning",
                )
                reported += 1
                if reported >= MOST_REPORTED:
                    return

    def outputs(self, rule: int) -> list[str]:
        return [output.text for output in self.table.rules[rule].outputs]

    # ------------------------------------------------------------ gaps and hidden rules

    def uncovered(self, rules: int, within: int | None = None, *, fractions: bool = True) -> list[cells.Region] | None:
        """A place in the grid that none of the rules covers, or None.

        within: only inside the boxes of these rules (bits). fractions: also between neighbouring whole numbers.
        """

        def open_to(region: cells.Region, on: int) -> bool:
            return (within is None or bool(on & within)) and (fractions or not region.between)

        done: set[tuple[int, int]] = set()
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, rules, ())]
        last = len(self.columns)
        while stack:
            number, left, picks = stack.pop()
            self.steps -= 1
            if self.steps < 0:
                return None
            if not left or number == last:
                if left:
                    continue
                places = list(picks)
                for column in self.columns[number:]:
                    places.append(next((i for i, (region, on) in enumerate(column) if open_to(region, on)), 0))
                return [column[place][0] for column, place in zip(self.columns, places, strict=True)]
            if (number, left) in done:
                continue
            done.add((number, left))
            options: dict[int, int] = {}
            for place, (region, on) in enumerate(self.columns[number]):
                if open_to(region, on):
                    options.setdefault(left & on, place)
            for rest, place in sorted(options.items(), key=lambda one: -one[0].bit_count()):
                stack.append((number + 1, rest, (*picks, place)))
        return None

    def gaps(self) -> None:
        """An input that no rule answers, when nothing else does either."""
        if any(output.default is not None for output in self.table.outputs) or self.table.hit_policy == "C":
            return
        picks = self.uncovered(self.all, fractions=False)
        hint_zh, hint_en = "", ""
        if picks is None:
            picks = self.uncovered(self.all)
            hint_zh = "如果只会是整数，可写成 [0..18) 这样首尾相接的区间。"
            hint_en = " Where only whole numbers come, intervals that meet, such as [0..18), leave no gap."
        if picks is None:
            return
        example = self.example(picks)
        self.tell(
            "dmn-gap",
            None,
            f"“{self.name}”有输入没有规则处理，例如 {example}：结果为空。请补一条规则或填写默认输出。{hint_zh}",
            f"“{self.name}” leaves inputs without a rule, for example {example}: the result is null. "
            f"Add a rule or a default output.{hint_en}",
            "warning",
        )

    def hidden(self) -> None:
        """Rules of an F table that earlier rules always forestall."""
        reported = 0
        for rule in range(1, len(self.table.rules)):
            earlier = ((1 << rule) - 1) & ~self.unsure
            if rule in self.impossible or not earlier:
                continue
            if self.uncovered(earlier, 1 << rule) is None and self.steps >= 0:
                self.tell(
                    "dmn-unreachable-rule",
                    rule,
                    (
                        f"“{self.name}”的第 {rule + 1} 条规则永远轮不到：前面的规则已经处理了它的全部输入。"
                        "请调整顺序或删去。"
                    ),
                    f"Rule {rule + 1} of “{self.name}” is never reached: earlier rules answer all its inputs. "
                    "Move or remove it.",
                )
                reported += 1
                if reported >= MOST_REPORTED:
                    return


def _sample(kind: str) -> Any:
    return {"number": Decimal(0), "string": "其他", "boolean": True, "date": date(2026, 1, 1)}.get(kind)


def _shown(value: Any) -> str:
    return values.text_of(value, None, True)
