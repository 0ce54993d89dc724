"""Boxed expressions, compiled once to closures (OMG DMN 1.5, 7.3 and 10.2.2).

A program takes the names in scope and the run, and answers a value; for wrong data the answer is null and a warning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine import feel
from engine.dmn import cells, external, tables
from engine.dmn import elements as e
from engine.dmn.types import ANY, Type, Types
from engine.feel import tree, values
from engine.feel.parser import parse
from engine.feel.runtime import Run as FeelRun
from engine.feel.table import call_function

Scope = dict[str, Any]

#: How deep decisions, knowledge models and functions may call each other in one evaluation.
MOST_CALLS = 100
#: What one evaluation of a model may spend, in FEEL's steps (of about half a microsecond).
MOST_STEPS = 2_000_000
#: Steps of one boxed expression beside what its FEEL texts cost.
STEP = 4


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched, and with what: stored with the case, shown to whoever asks why."""

    decision: str  # name of the decision or knowledge model the table is in
    table: str  # id of the table
    rule: int  # from 1
    rule_id: str
    inputs: tuple[tuple[str, Any], ...]  # label of each input column and the value tested
    outputs: tuple[tuple[str, Any], ...]  # name of each output column and the value given
    annotations: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The hit as JSON holds it: decision, table, rule, rule_id, inputs and outputs by name, annotations."""
        return {
            "decision": self.decision,
            "table": self.table,
            "rule": self.rule,
            "rule_id": self.rule_id,
            "inputs": {name: feel.to_json(value) for name, value in self.inputs},
            "outputs": {name: feel.to_json(value) for name, value in self.outputs},
            "annotations": list(self.annotations),
        }


@dataclass(slots=True)
class Run:
    """One evaluation of a model: what the caller lent, what was found on the way."""

    env: feel.Env
    hits: list[Hit] = field(default_factory=list)
    calls: int = 0
    left: int = MOST_STEPS
    strict: bool = False  # leave texts as they are, even where a type says date
    linear: bool = False  # test every cell of a table by FEEL (the measure of the index)
    envs: dict[int, feel.Env] = field(default_factory=dict)  # of each model: the caller's, with the model's types

    def warn(self, code: str, zh: str, en: str) -> None:
        """Record why a value is null."""
        if len(self.env.warnings) < 100:
            self.env.warnings.append(feel.Warning(code, zh, en, 0))

    def step(self, cost: int = STEP) -> None:
        """Spend on one boxed expression."""
        self.left -= cost
        if self.left < 0:
            raise feel.FeelError(
                "决策计算量太大，已停止。请缩小循环或列表。",
                "The decision does too much work and was stopped. Use smaller loops or lists.",
                code="limit",
            )

    def feel(self, key: int) -> FeelRun:
        """FEEL's part of this evaluation, with no more to spend than what is left of the whole."""
        run = FeelRun(self.envs.get(key, self.env))
        run.left = min(run.left, self.left)
        return run

    def enter(self) -> None:
        """One call deeper."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            self.calls = 0
            raise feel.FeelError(
                f"决策或知识模型相互调用超过 {MOST_CALLS} 层，已停止。请检查是否无限递归。",
                (
                    f"Decisions and knowledge models call each other more than {MOST_CALLS} deep. Look for endless "
                    "recursion."
                ),
                code="limit",
            )

    def leave(self) -> None:
        """Back from a call."""
        self.calls -= 1


Program = Callable[[Scope, Run], Any]


def nothing(scope: Scope, run: Run) -> Any:
    """The program of what is not there."""
    return None


class Compiler:
    """Compiles the expressions of one model."""

    def __init__(self, types: Types, vocabulary: Iterable[str], own: object) -> None:
        self.types = types
        # A part called `date` must not hide the function date() from every text of the model.
        self.vocabulary = frozenset(vocabulary) - feel.builtin_names()
        self.key = id(own)
        self._names: dict[frozenset[str], frozenset[str]] = {}

    # ------------------------------------------------------------ FEEL

    def names(self, scope: Iterable[str]) -> frozenset[str]:
        """Names a FEEL text may use: those in scope, and parts of structures that cannot be mistaken for arithmetic."""
        mine = frozenset(scope)
        found = self._names.get(mine)
        if found is None:
            found = mine | {word for word in self.vocabulary if not _arithmetic(word, mine)}
            self._names[mine] = found
        return found

    def feel(self, literal: e.Literal, scope: frozenset[str], owner: str) -> Program:
        """A FEEL text."""
        if literal.language:
            return nothing
        text = literal.text
        if not text:
            return nothing
        constant = cells.constant(text)
        if constant is not None:
            return lambda context, run: constant
        key = self.key
        try:
            expression = feel.compile(text, names=self.names(scope))
        except feel.FeelError as error:
            return _broken(error, owner)
        evaluate = expression.evaluate

        def run_feel(context: Scope, run: Run) -> Any:
            part = run.feel(key)
            budget = part.left
            answer = evaluate(context, run=part)
            run.step(STEP + budget - part.left)
            return answer

        return run_feel

    def test(self, text: str, scope: frozenset[str], owner: str) -> tables.CellTest:
        """A unary test."""
        key = self.key
        try:
            tests = feel.compile_tests(text, names=self.names(scope))
        except feel.FeelError as error:
            broken = _broken(error, owner)

            def never(value: Any, context: Mapping[str, Any], run: Any) -> bool | None:
                broken({}, run)
                return None

            return never

        def run_test(value: Any, context: Mapping[str, Any], run: Any) -> bool | None:
            part = run.feel(key)
            budget = part.left
            answer = tests.test(value, context, run=part)
            run.step(STEP + budget - part.left)
            return answer

        return run_test

    # ------------------------------------------------------------ every kind of box

    def program(self, box: e.Boxed | None, scope: frozenset[str], owner: str) -> Program:
        """The program of an expression, its declared type applied."""
        if box is None:
            return nothing
        made = self._plain(box, scope, owner)
        if isinstance(box, e.Function):
            return made
        return self.typed(made, box.type_ref, owner)

    def typed(self, program: Program, type_ref: str, what: str) -> Program:
        """The program with its answer converted to a type."""
        target = self.types.lazy(type_ref)
        if not type_ref or target is ANY:
            return program

        def run_typed(scope: Scope, run: Run) -> Any:
            return convert(program(scope, run), target, what, run)

        return run_typed

    def answered(self, program: Program, type_ref: str, what: str) -> Program:
        """The body of a function with its answer converted; the declared type is the answer's or the whole
        function's."""
        target = self.types.lazy(type_ref).found()
        if target.kind != "function":
            return self.typed(program, type_ref, what)
        result = target.result or ANY

        def run_answered(scope: Scope, run: Run) -> Any:
            return convert(program(scope, run), result, what, run)

        return run_answered

    def _plain(self, box: e.Boxed, scope: frozenset[str], owner: str) -> Program:
        if isinstance(box, e.Literal):
            return self.feel(box, scope, owner)
        if isinstance(box, e.Table):
            return self.table(box, scope, owner)
        if isinstance(box, e.Context):
            return self.context(box, scope, owner)
        if isinstance(box, e.Invocation):
            return self.invocation(box, scope, owner)
        if isinstance(box, e.ListOf):
            items = [self.program(item, scope, owner) for item in box.items]
            return lambda context, run: [item(context, run) for item in items]
        if isinstance(box, e.Relation):
            return self.relation(box, scope, owner)
        if isinstance(box, e.Function):
            return self.function(box, scope, owner)
        if isinstance(box, e.Conditional):
            return self.conditional(box, scope, owner)
        if isinstance(box, e.Filter):
            return self.filter(box, scope, owner)
        if isinstance(box, e.Iterator):
            return self.iterator(box, scope, owner)
        return nothing

    def context(self, box: e.Context, scope: frozenset[str], owner: str) -> Program:
        """Entries see those above them. The result cell, when there is one, is the answer."""
        entries: list[tuple[str | None, Program]] = []
        for entry in box.entries:
            program = self.program(entry.expression, scope, owner)
            if entry.name is not None:
                program = self.typed(program, entry.type_ref, entry.name)
                scope = scope | {entry.name}
            entries.append((entry.name, program))

        def run_context(outer: Scope, run: Run) -> Any:
            inner = dict(outer)
            made: dict[str, Any] = {}
            for name, program in entries:
                value = program(inner, run)
                if name is None:
                    return value
                made[name] = inner[name] = value
            return made

        return run_context

    def relation(self, box: e.Relation, scope: frozenset[str], owner: str) -> Program:
        names = [column.name or "" for column in box.columns]
        rows = [
            [
                self.typed(self.program(cell, scope, owner), column.type_ref, column.name or "")
                for cell, column in zip(row, box.columns, strict=True)
            ]
            for row in box.rows
        ]

        def run_relation(context: Scope, run: Run) -> Any:
            return [{name: cell(context, run) for name, cell in zip(names, row, strict=True)} for row in rows]

        return run_relation

    def invocation(self, box: e.Invocation, scope: frozenset[str], owner: str) -> Program:
        function = self.program(box.function, scope, owner)
        bindings = [(binding.name, self.program(binding.expression, scope, owner)) for binding in box.bindings]
        label = box.function.text if isinstance(box.function, e.Literal) else "?"
        key = self.key

        def run_invocation(context: Scope, run: Run) -> Any:
            called = function(context, run)
            if not isinstance(called, values.Function):
                run.warn(
                    "dmn-not-a-function",
                    f"“{owner}”要调用“{label}”，但它不是函数，结果为空。请检查名称和知识需求。",
                    f"Expected “{label}” (called in “{owner}”) to be a function, but it is not: the result is null.",
                )
                return None
            given = {name: program(context, run) for name, program in bindings}
            return call(called, given, label, run, run.feel(key))

        return run_invocation

    def function(self, box: e.Function, scope: frozenset[str], owner: str) -> Program:
        """A function value that remembers the scope it was made in."""
        names = tuple(parameter.name for parameter in box.parameters)
        types = [self.types.lazy(parameter.type_ref) for parameter in box.parameters]
        if box.kind != "FEEL":
            return external.program(box, names, types, self, scope, owner)
        body = self.answered(self.program(box.body, scope | set(names), owner), box.type_ref, owner)
        signature = self.signature(box)

        def run_function(outer: Scope, run: Run) -> Any:
            def called(_: Any, arguments: list[Any]) -> Any:
                inner = dict(outer)
                for name, kind, argument in zip(names, types, arguments, strict=True):
                    value, fits = kind.convert(argument)
                    if not fits:
                        mismatch(argument, kind, f"{owner}({name})", run)
                        return None
                    inner[name] = value
                run.enter()
                answer = body(inner, run)
                run.leave()
                return answer

            return values.Function(names, called, label=owner, **signature)

        return run_function

    def signature(self, box: e.Function) -> dict[str, Any]:
        """Types of the parameters and the result as FEEL knows them, for `instance of`."""
        result = box.type_ref or (box.body.type_ref if box.body is not None else "")
        declared = self.types.lazy(box.type_ref).found()
        if declared.kind == "function":
            result = declared.result.name if declared.result is not None else ""
        return {
            "types": tuple(type_name(parameter.type_ref) for parameter in box.parameters),
            "result": type_name(result),
        }

    def conditional(self, box: e.Conditional, scope: frozenset[str], owner: str) -> Program:
        test = self.program(box.test, scope, owner)
        then = self.program(box.then, scope, owner)
        otherwise = self.program(box.otherwise, scope, owner)

        def run_conditional(context: Scope, run: Run) -> Any:
            answer = test(context, run)
            if answer is not None and not isinstance(answer, bool):
                not_boolean(owner, run)
                return None
            return then(context, run) if answer is True else otherwise(context, run)

        return run_conditional

    def filter(self, box: e.Filter, scope: frozenset[str], owner: str) -> Program:
        collection = self.program(box.collection, scope, owner)
        match = self.program(box.match, scope | {"item"}, owner)

        def run_filter(context: Scope, run: Run) -> Any:
            items = _items(collection(context, run))
            if items is None:
                return None
            kept = []
            for item in items:
                run.step()
                inner = {**context, **item, "item": item} if isinstance(item, dict) else {**context, "item": item}
                answer = match(inner, run)
                if answer is True:
                    kept.append(item)
                elif answer is not False and answer is not None:
                    not_boolean(owner, run)
                    return None
            return kept

        return run_filter

    def iterator(self, box: e.Iterator, scope: frozenset[str], owner: str) -> Program:
        collection = self.typed(self.program(box.collection, scope, owner), box.collection_type, owner)
        variable = box.variable
        keeps = box.kind == "for" and any("partial" in text for text in _texts(box.body))
        extra = {variable, "partial"} if keeps else {variable}
        body = self.typed(self.program(box.body, scope | extra, owner), box.body_type, owner)

        def run_for(context: Scope, run: Run) -> Any:
            items = _items(collection(context, run))
            if items is None:
                return None
            made: list[Any] = []
            for item in items:
                run.step()
                inner = {**context, variable: item}
                if keeps:
                    run.step(len(made))
                    inner["partial"] = list(made)
                made.append(body(inner, run))
            return made

        def run_quantified(context: Scope, run: Run) -> Any:
            items = _items(collection(context, run))
            if items is None:
                return None
            # 10.2.2: every answer must be true, false or null; then as FEEL's own `some` and `every`.
            decisive = box.kind == "some"
            answers = set()
            for item in items:
                run.step()
                answer = body({**context, variable: item}, run)
                if answer is not None and not isinstance(answer, bool):
                    not_boolean(owner, run)
                    return None
                answers.add(answer)
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive

        return run_for if box.kind == "for" else run_quantified

    # ------------------------------------------------------------ decision tables

    def table(self, box: e.Table, scope: frozenset[str], owner: str) -> Program:
        return TableProgram(self, box, scope, owner)


class TableProgram:
    """A decision table. At the first call its entries are indexed, and those that are more than constants compiled."""

    def __init__(self, compiler: Compiler, table: e.Table, scope: frozenset[str], owner: str) -> None:
        self.compiler = compiler
        self.table = table
        self.owner = owner
        self.scope = scope
        self.inputs = [
            compiler.program(clause.expression, scope, f"{owner}:{clause.label or clause.expression.text}")
            for clause in table.inputs
        ]
        self.values = [
            compiler.test(clause.values, scope, owner) if clause.values not in ("", "-") else None
            for clause in table.inputs
        ]
        self.names = [output.name for output in table.outputs]
        self.labels = [clause.label for clause in table.inputs]
        self.output_types = [compiler.types.lazy(output.type_ref) for output in table.outputs]
        self.tests: dict[tuple[int, int], tables.CellTest] = {}
        self.results: dict[tuple[int, int], Program] = {}
        self.defaults = [
            compiler.feel(output.default, scope, owner) if output.default is not None else None
            for output in table.outputs
        ]
        self.index: tables.Index | None = None
        self.orders: list[list[Any]] | None = None

    def prepared(self) -> tables.Index:
        """The index, made at the first call."""
        if self.index is None:
            entries = [[cell.text for cell in rule.inputs] for rule in self.table.rules]
            index = tables.Index(entries, len(self.table.inputs), self.test)
            for rule, number in index.by_feel():
                self.test(rule, number)
            for rule in range(len(entries)):
                for number in range(len(self.table.outputs)):
                    self.result(rule, number)
            self.index = index
        return self.index

    def test(self, rule: int, column: int) -> tables.CellTest:
        """FEEL's test of one input entry."""
        key = (rule, column)
        found = self.tests.get(key)
        if found is None:
            text = self.table.rules[rule].inputs[column].text
            found = _always if text in ("", "-") else self.compiler.test(text, self.scope, self.owner)
            self.tests[key] = found
        return found

    def result(self, rule: int, column: int) -> Program:
        """One output entry."""
        key = (rule, column)
        found = self.results.get(key)
        if found is None:
            found = self.results[key] = self.compiler.feel(
                self.table.rules[rule].outputs[column], self.scope, f"{self.owner}:{rule + 1}"
            )
        return found

    def __call__(self, scope: Scope, run: Run) -> Any:
        table, index = self.table, self.prepared()
        tested = [program(scope, run) for program in self.inputs]
        for number, allowed in enumerate(self.values):
            if allowed is not None and tested[number] is not None and not self.fits(number, tested[number], scope, run):
                return None
        first = table.hit_policy == "F"
        matching = index.linear if run.linear else index.matching
        rules = matching(tested, scope, run, first=first)
        if not rules:
            return self.default(scope, run)
        try:
            if table.hit_policy == "U":
                tables.unique(rules)
            return self.answer(rules, tested, scope, run)
        except tables.NoSingleAnswer as failed:
            run.warn("dmn-hit-policy", f"“{self.owner}”：{failed.zh}", f"“{self.owner}”: {failed}")
            return None

    def fits(self, number: int, value: Any, scope: Scope, run: Run) -> bool:
        """Whether an input is among the column's allowed values (every element of a list, or the list itself)."""
        allowed = self.values[number]
        assert allowed is not None
        if allowed(value, scope, run) is True:
            return True
        if isinstance(value, list) and all(allowed(item, scope, run) is True for item in value):
            return True
        run.warn(
            "dmn-input-value",
            f"“{self.owner}”的输入“{self.labels[number]}”不在允许的取值内，结果为空。",
            f"Expected input “{self.labels[number]}” of “{self.owner}” to be an allowed value, but it is not: "
            "the result is null.",
        )
        return False

    def outputs(self, rule: int, scope: Scope, run: Run) -> list[Any]:
        """The values of a rule's output entries."""
        return [
            convert(self.result(rule, column)(scope, run), kind, f"{self.owner}:{rule + 1}", run)
            for column, kind in enumerate(self.output_types)
        ]

    def shaped(self, outputs: list[Any]) -> Any:
        """One value, or a context when there are several output columns."""
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip(self.names, outputs, strict=True))

    def answer(self, rules: list[int], tested: list[Any], scope: Scope, run: Run) -> Any:
        policy = self.table.hit_policy
        found = [(rule, self.outputs(rule, scope, run)) for rule in rules]
        if policy == "A" and any(values.equal(found[0][1], outputs) is not True for _, outputs in found[1:]):
            names = "、".join(str(rule + 1) for rule, _ in found[:10])
            raise tables.NoSingleAnswer(
                f"命中策略为任意（A），但命中的规则 {names} 输出不同，结果为空。请让它们的输出一致。",
                f"Expected the rules that match (A) to agree, but rules {names} differ: the result is null.",
            )
        if policy in ("P", "O"):
            orders = self.priorities(scope, run)
            found.sort(key=lambda one: tables.ranks(one[1], orders))
        if policy in ("U", "A", "P", "F"):
            self.hit(found[0], tested, run)
            return self.shaped(found[0][1])
        for one in found:
            self.hit(one, tested, run)
        how = self.table.aggregation
        if policy != "C" or not how:
            return [self.shaped(outputs) for _, outputs in found]
        if how == "COUNT":
            return Decimal(len(found))
        columns = [tables.aggregate(how, [outputs[i] for _, outputs in found]) for i in range(len(self.names))]
        return self.shaped(columns)

    def hit(self, one: tuple[int, list[Any]], tested: list[Any], run: Run) -> None:
        rule, outputs = one
        element = self.table.rules[rule]
        names = [name or self.table.output_label or self.owner for name in self.names]
        run.hits.append(
            Hit(
                decision=self.owner,
                table=self.table.id,
                rule=rule + 1,
                rule_id=element.id,
                inputs=tuple(zip(self.labels, tested, strict=True)),
                outputs=tuple(zip(names, outputs, strict=True)),
                annotations=element.annotations,
            )
        )

    def default(self, scope: Scope, run: Run) -> Any:
        """What a table answers when no rule matches."""
        if any(default is not None for default in self.defaults):
            outputs = [
                convert(default(scope, run), kind, self.owner, run) if default is not None else None
                for default, kind in zip(self.defaults, self.output_types, strict=True)
            ]
            answer = self.shaped(outputs)
            many = self.table.hit_policy in ("R", "O", "C") and not self.table.aggregation
            return [answer] if many and not isinstance(answer, list) else answer
        if self.table.hit_policy == "C":
            if not self.table.aggregation:
                return []
            if self.table.aggregation == "COUNT":
                return Decimal(0)
        run.warn(
            "dmn-no-rule",
            f"“{self.owner}”没有规则命中，也没有默认输出，结果为空。",
            f"No rule of “{self.owner}” matches and there is no default output: the result is null.",
        )
        return None

    def priorities(self, scope: Scope, run: Run) -> list[list[Any]]:
        """The order of each output's allowed values, the most important first (8.2.10)."""
        if self.orders is None:
            texts = [
                output.values or self.compiler.types.lazy(output.type_ref).found().allowed
                for output in self.table.outputs
            ]
            if len(texts) == 1 and not texts[0]:
                texts = [self.compiler.types.lazy(self.table.type_ref).found().allowed]
            orders: list[list[Any]] = []
            for text in texts:
                literal = e.Literal(text=f"[{text}]")
                order = self.compiler.feel(literal, self.scope, self.owner)(scope, run) if text else []
                orders.append(order if isinstance(order, list) else [])
            self.orders = orders
        return self.orders


# ---------------------------------------------------------------- what all of them use


def _always(value: Any, context: Mapping[str, Any], run: Any) -> bool | None:
    return True


def _broken(error: feel.FeelError, owner: str) -> Program:
    """The program of a text that cannot be read: null, and a warning each time."""

    def run_broken(scope: Scope, run: Run) -> Any:
        run.warn(
            "dmn-syntax", f"“{owner}”的表达式有误，结果为空：{error.zh}", f"“{owner}”: {error.en} The result is null."
        )
        return None

    return run_broken


def _items(value: Any) -> list[Any] | None:
    """What a boxed iterator or filter goes over: a list, the whole numbers of a range, or one value as a list."""
    if value is None:
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, values.Range):
        listed = feel.evaluate("for i in r return i", {"r": value})
        return listed if isinstance(listed, list) else None
    return [value]


def _texts(box: object) -> Iterator[str]:
    """Every FEEL text in an expression."""
    if isinstance(box, e.Literal | e.Cell):
        yield box.text
    elif isinstance(box, tuple):
        for one in box:
            yield from _texts(one)
    elif dataclasses.is_dataclass(box):
        for part in dataclasses.fields(box):
            yield from _texts(getattr(box, part.name))


def _arithmetic(word: str, scope: frozenset[str]) -> bool:
    """Whether a name such as `a-b` or `a.b` would swallow an operation on names, or the path of one, in scope."""
    return any(sign in word and any(part.strip() in scope for part in word.split(sign)) for sign in "+-*/.")


def not_boolean(owner: str, run: Run) -> None:
    """Record that a condition is neither true nor false."""
    run.warn(
        "dmn-not-boolean",
        f"“{owner}”的条件不是真或假，结果为空。",
        f"Expected the condition in “{owner}” to be true or false, but it is not: the result is null.",
    )


def mismatch(value: Any, kind: Type, what: str, run: Run) -> None:
    """Record that a value does not fit its type."""
    name = kind.name
    run.warn(
        "dmn-type",
        f"“{what}”应为 {name}，实际是{values.kind_zh(values.kind_of(value))}，按空值处理。",
        (
            f"Expected “{what}” to be {name}, but it is {values.kind_of(value)} (or not an allowed value): it "
            "becomes null."
        ),
    )


def convert(value: Any, kind: Type, what: str, run: Run) -> Any:
    """The value as one of the type, or null and a warning."""
    if value is None or kind is ANY:
        return value
    converted, fits = kind.convert(value)
    if not fits and not run.strict:
        # Values between the steps of a process are JSON: dates travel as ISO texts.
        converted, fits = kind.convert(kind.from_json(value, fill=False))
    if not fits:
        mismatch(value, kind, what, run)
    return converted


def call(function: values.Function, arguments: Mapping[str, Any], label: str, run: Run, part: FeelRun) -> Any:
    """Call a function by the names of its parameters, as FEEL's `f(a: 1, b: 2)` does."""
    missing = [name for name in function.names[: len(function.names) - function.optional] if name not in arguments]
    strange = [name for name in arguments if name not in function.names]
    if missing or strange:
        run.warn(
            "dmn-argument",
            f"调用“{label}”的参数应为 {'、'.join(function.names)}，实际是 {'、'.join(arguments)}，结果为空。",
            f"Expected the arguments of “{label}” to be {', '.join(function.names)}, "
            f"but they are {', '.join(arguments)}: the result is null.",
        )
        return None
    ordered = [arguments.get(name) for name in function.names]
    return call_function(part, function, ordered)


@lru_cache(maxsize=4096)
def type_name(type_ref: str) -> tree.TypeName | None:
    """A type reference as FEEL's own tree of types, or None."""
    if not type_ref:
        return None
    try:
        node = parse(f"null instance of {type_ref}", [type_ref])
    except feel.FeelError:
        return None
    return node.type if isinstance(node, tree.InstanceOf) else None
