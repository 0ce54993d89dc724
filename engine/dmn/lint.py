"""What a designer should mend in a DMN file: links that lead nowhere, names and types that are not there, texts FEEL
cannot read, and tables whose rules overlap, cannot be reached or leave values without an answer (`grid`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from engine import feel
from engine.dmn import cells, external
from engine.dmn import elements as e
from engine.dmn.grid import SIMPLE, Grid, Tell
from engine.dmn.types import Type
from engine.feel import java, tree, values
from engine.findings import Finding, in_order

if TYPE_CHECKING:
    from engine.dmn.model import Graph, Model


class _Notes:
    """Findings of one file."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.findings: list[Finding] = []

    def add(
        self,
        rule: str,
        element: str,
        name: str,
        line: int,
        zh: str,
        en: str,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        self.findings.append(Finding(self.model.filename, element, name, line, rule, severity, zh, en))


def check(source: bytes, filename: str = "", imports: Mapping[str, bytes | Model] | None = None) -> list[Finding]:
    """Everything a designer should look at in a DMN file, in the order of its lines. Never raises."""
    from engine.dmn.model import load

    model = load(source, imports, filename=filename)
    notes = _Notes(model)
    for decision in model.definitions.decisions:
        _Logic(notes, decision, model).check(decision.logic)
    for knowledge in model.definitions.knowledge:
        _Logic(notes, knowledge, model).check(knowledge.function)
    _constraints(notes, model)
    return in_order([*model.findings, *notes.findings])


# ---------------------------------------------------------------- links


def links(model: Model) -> None:
    """Adds to a model just loaded what is wrong between its elements."""
    notes = _Notes(model)
    definitions = model.definitions
    names: dict[str, Graph] = {}
    graph: list[Graph] = [*definitions.inputs, *definitions.decisions, *definitions.knowledge, *definitions.services]
    for element in graph:
        other = names.setdefault(element.name, element)
        if other is not element and element.name:
            notes.add(
                "dmn-duplicate-name",
                element.id,
                element.name,
                element.line,
                f"名称“{element.name}”重复（第 {other.line} 行已有）。请改成不同的名称。",
                f"Expected the name “{element.name}” once, but line {other.line} has it too. Rename one of them.",
            )
        _type(notes, model, element, element.type_ref, element.line)
    for decision in definitions.decisions:
        for ref in decision.information:
            _ref(notes, model, decision, ref, (e.InputData, e.Decision), "信息需求", "information requirement")
        for ref in decision.knowledge:
            _ref(notes, model, decision, ref, (e.Knowledge, e.Service), "知识需求", "knowledge requirement")
        for box in e.walk(decision.logic):
            _box_types(notes, model, decision, box)
    for knowledge in definitions.knowledge:
        for ref in knowledge.knowledge:
            _ref(notes, model, knowledge, ref, (e.Knowledge, e.Service), "知识需求", "knowledge requirement")
        for box in e.walk(knowledge.function):
            _box_types(notes, model, knowledge, box)
    for service in definitions.services:
        if not service.outputs:
            notes.add(
                "dmn-service-output",
                service.id,
                service.name,
                service.line,
                f"决策服务“{service.name}”没有输出决策。请指定至少一个。",
                f"Expected decision service “{service.name}” to have an output decision.",
            )
        for ref in (*service.outputs, *service.encapsulated, *service.input_decisions):
            _ref(notes, model, service, ref, (e.Decision,), "引用的决策", "decision")
        for ref in service.input_data:
            _ref(notes, model, service, ref, (e.InputData,), "引用的输入数据", "input data")
    _items(notes, model, definitions.items)
    _cycles(notes, model)
    model.findings.extend(notes.findings)


def _ref(
    notes: _Notes, model: Model, owner: e.Node, ref: e.Ref, kinds: tuple[type, ...], what_zh: str, what_en: str
) -> None:
    target = model.resolve(ref.href)
    if target is None:
        notes.add(
            "dmn-dangling-href",
            owner.id,
            owner.name,
            ref.line,
            f"“{owner.name}”的{what_zh}指向“{ref.href}”，但没有这个元素。请重新连线或补上导入。",
            f"Expected the {what_en} of “{owner.name}” to lead to an element, but “{ref.href}” is not there. "
            "Draw it again or add the import.",
        )
    elif not isinstance(target[1], kinds):
        notes.add(
            "dmn-wrong-href",
            owner.id,
            owner.name,
            ref.line,
            f"“{owner.name}”的{what_zh}指向“{target[1].name}”，类别不对。请改正连线。",
            f"The {what_en} of “{owner.name}” leads to “{target[1].name}”, which is of another kind. Draw it again.",
        )


def _type(notes: _Notes, model: Model, owner: e.Node, type_ref: str, line: int) -> None:
    if type_ref and model.types.unknown(type_ref):
        notes.add(
            "dmn-unknown-type",
            owner.id,
            owner.name,
            line,
            f"“{owner.name}”用到的数据类型“{type_ref}”不存在，按任意类型处理。请定义它或改成已有类型。",
            f"Expected type “{type_ref}” (used in “{owner.name}”) to exist, but it does not: anything is accepted. "
            "Define it or use another.",
        )


def _box_types(notes: _Notes, model: Model, owner: e.Node, box: e.Boxed) -> None:
    _type(notes, model, owner, box.type_ref, box.line)
    if isinstance(box, e.Context):
        for entry in box.entries:
            _type(notes, model, owner, entry.type_ref, entry.line)
    elif isinstance(box, e.Relation):
        for column in box.columns:
            _type(notes, model, owner, column.type_ref, column.line)
    elif isinstance(box, e.Function):
        for parameter in box.parameters:
            _type(notes, model, owner, parameter.type_ref, box.line)
        if box.kind != "FEEL" and external.described_in(box).get("class", "") not in java.CLASSES:
            notes.add(
                "dmn-external",
                box.id or owner.id,
                owner.name,
                box.line,
                f"“{owner.name}”是 {box.kind} 函数，这里不执行外部代码，结果为空。请改写成 FEEL。",
                f"“{owner.name}” is a {box.kind} function and no outside code runs here: its result is null. "
                "Write it in FEEL.",
                "warning",
            )
    elif isinstance(box, e.Table):
        for output in box.outputs:
            _type(notes, model, owner, output.type_ref, output.line)


def _items(notes: _Notes, model: Model, items: Iterable[e.Item]) -> None:
    seen: set[str] = set()
    for item in items:
        if item.name in seen:
            notes.add(
                "dmn-duplicate-name",
                item.id,
                item.name,
                item.line,
                f"数据类型“{item.name}”重复定义。请改成不同的名称。",
                f"Expected type “{item.name}” once, but it is defined twice. Rename one of them.",
            )
        seen.add(item.name)
        waiting = [item]
        while waiting:
            one = waiting.pop()
            waiting.extend(one.components)
            node = e.Node(name=item.name, id=one.id or item.id)
            _type(notes, model, node, one.type_ref, one.line)
            if one.function is not None:
                for name in (one.function.output, *(parameter.type_ref for parameter in one.function.parameters)):
                    _type(notes, model, node, name, one.line)
    known = {item.name: item for item in items}
    for item in items:
        path, one = [item.name], item
        while not one.components and one.type_ref in known:
            one = known[one.type_ref]
            if one.name in path:
                if one.name == item.name:
                    notes.add(
                        "dmn-type-cycle",
                        item.id,
                        item.name,
                        item.line,
                        f"数据类型“{item.name}”的定义绕回了自己：{' → '.join(path)}。请改正。",
                        f"Type “{item.name}” is defined by itself: {' → '.join(path)}. Break the circle.",
                    )
                break
            path.append(one.name)


def _cycles(notes: _Notes, model: Model) -> None:
    """Decisions that require themselves through others."""
    state: dict[int, int] = {}
    for start in model.definitions.decisions:
        if state.get(id(start)):
            continue
        path: list[e.Decision] = []
        stack: list[tuple[e.Decision, Iterator[e.Ref]]] = [(start, iter(start.information))]
        state[id(start)] = 1
        path.append(start)
        while stack:
            decision, refs = stack[-1]
            ref = next(refs, None)
            if ref is None:
                state[id(decision)] = 2
                stack.pop()
                path.pop()
                continue
            target = model.resolve(ref.href)
            if target is None or target[0] is not model or not isinstance(target[1], e.Decision):
                continue
            required = target[1]
            if state.get(id(required)) == 1:
                names = [one.name for one in path[path.index(required) :]] + [required.name]
                notes.add(
                    "dmn-cycle",
                    decision.id,
                    decision.name,
                    ref.line,
                    f"决策互相依赖，形成循环：{' → '.join(names)}。请去掉其中一条连线。",
                    f"Decisions require each other in a circle: {' → '.join(names)}. Remove one requirement.",
                )
            elif not state.get(id(required)):
                state[id(required)] = 1
                path.append(required)
                stack.append((required, iter(required.information)))


def _constraints(notes: _Notes, model: Model) -> None:
    """Allowed values that FEEL cannot read."""
    for item in model.definitions.items:
        waiting = [item]
        while waiting:
            one = waiting.pop()
            waiting.extend(one.components)
            for text in (one.allowed, one.constraint):
                if text:
                    try:
                        feel.compile_tests(text, names=model.compiler.names(()))
                    except feel.FeelError as error:
                        _syntax(notes, one.id or item.id, item.name, one.line, text, error)


def _syntax(notes: _Notes, element: str, name: str, line: int, text: str, error: feel.FeelError) -> None:
    shown = text if len(text) <= 80 else text[:77] + "..."
    notes.add(
        "dmn-feel",
        element,
        name,
        line,
        f"“{name}”的表达式“{shown}”读不懂：{error.zh}",
        f"Expected FEEL in “{name}”, but “{shown}” cannot be read: {error.en}",
    )


# ---------------------------------------------------------------- logic


class _Logic:
    """Checks the logic of one decision or knowledge model."""

    def __init__(self, notes: _Notes, owner: e.Decision | e.Knowledge, model: Model) -> None:
        self.notes = notes
        self.owner = owner
        self.model = model
        self.compiler = model.compiler
        self.known: dict[str, Type] = {}
        self.missing: list[str] = []  # names used without being in scope
        refs = (*owner.information, *owner.knowledge) if isinstance(owner, e.Decision) else owner.knowledge
        for ref in refs:
            target = model.resolve(ref.href)
            if target is not None:
                holder, required = target
                alias = "" if holder is model else model.aliases.get(holder.namespace, "")
                self.known[alias or required.variable] = (
                    _anything() if alias else holder.types.lazy(required.type_ref).found()
                )

    def check(self, box: e.Boxed | None) -> None:
        self.box(box, dict(self.known))
        self.fits(box, self.owner.type_ref if isinstance(self.owner, e.Decision) else "")

    def fits(self, box: e.Boxed | None, type_ref: str) -> None:
        """A constant must be of the types declared for it."""
        value = cells.constant(box.text) if isinstance(box, e.Literal) else None
        if box is None or value is None:
            return
        for name in dict.fromkeys((box.type_ref, type_ref)):
            kind = self.model.types.lazy(name)
            if not kind.convert(value)[1] and not kind.convert(kind.from_json(value))[1]:
                self.add(
                    "dmn-type-mismatch",
                    box,
                    (
                        f"“{self.owner.name}”里的“{values.text_of(value, None, True)}”不是 {name}，结果会是空值。"
                        "请改正值或类型。"
                    ),
                    f"Expected {name} in “{self.owner.name}”, but {values.text_of(value, None, True)} is not: "
                    "it is null. "
                    "Mend the value or the type.",
                )

    def add(
        self, rule: str, box: e.Boxed, zh: str, en: str, severity: Literal["error", "warning"] = "error", line: int = 0
    ) -> None:
        self.notes.add(rule, box.id or self.owner.id, self.owner.name, line or box.line, zh, en, severity)

    def box(self, box: e.Boxed | None, scope: dict[str, Type]) -> None:
        if box is None:
            return
        lazy = self.model.types.lazy
        if isinstance(box, e.Literal):
            self.literal(box, scope)
        elif isinstance(box, e.Context):
            inner = dict(scope)
            for entry in box.entries:
                if isinstance(entry.expression, e.Function) and entry.name:
                    inner[entry.name] = _anything()
                self.box(entry.expression, inner)
                self.fits(entry.expression, entry.type_ref)
                if entry.name:
                    inner[entry.name] = lazy(entry.type_ref).found()
        elif isinstance(box, e.Invocation):
            self.box(box.function, scope)
            self.bindings(box)
            for binding in box.bindings:
                self.box(binding.expression, scope)
        elif isinstance(box, e.ListOf):
            for item in box.items:
                self.box(item, scope)
        elif isinstance(box, e.Relation):
            for row in box.rows:
                for cell in row:
                    self.box(cell, scope)
        elif isinstance(box, e.Function):
            if box.kind == "FEEL":
                parameters = {parameter.name: lazy(parameter.type_ref).found() for parameter in box.parameters}
                self.box(box.body, {**scope, **parameters})
        elif isinstance(box, e.Conditional):
            for part in (box.test, box.then, box.otherwise):
                self.box(part, scope)
        elif isinstance(box, e.Filter):
            self.box(box.collection, scope)
            # The names of an item's own parts are not known here, so unknown names in the condition are let pass.
            self.box(box.match, {**scope, "item": _anything(), "*": _anything()})
        elif isinstance(box, e.Iterator):
            self.box(box.collection, scope)
            self.box(box.body, {**scope, box.variable: _anything(), "partial": _anything()})
        elif isinstance(box, e.Table):
            self.table(box, scope)

    def literal(self, box: e.Literal, scope: dict[str, Type]) -> None:
        if box.language or not box.text:
            return
        try:
            expression = feel.compile(box.text, names=self.compiler.names(scope))
        except feel.FeelError as error:
            _syntax(self.notes, box.id or self.owner.id, self.owner.name, box.line, box.text, error)
            return
        self.names(box, _outside(expression), scope)
        self.shadowed(box, expression, scope)

    def bindings(self, box: e.Invocation) -> None:
        """The bindings of an invocation of a knowledge model must be its parameters."""
        called = self.model.by_name.get(box.function.text) if isinstance(box.function, e.Literal) else None
        if not isinstance(called, e.Knowledge) or called.function is None:
            return
        wanted = [parameter.name for parameter in called.function.parameters]
        given = [binding.name for binding in box.bindings]
        if sorted(wanted) != sorted(given):
            self.add(
                "dmn-argument",
                box,
                (
                    f"调用“{called.name}”要给的参数是 {'、'.join(wanted) or '无'}，写的是 "
                    f"{'、'.join(given) or '无'}，结果为空。请改正。"
                ),
                f"Expected the invocation of “{called.name}” to bind {', '.join(wanted) or 'nothing'}, "
                f"but it binds {', '.join(given) or 'nothing'}: the result is null.",
            )

    def shadowed(self, box: e.Boxed, expression: feel.Expression, scope: Mapping[str, Type]) -> None:
        """A variable named like a built-in function hides it: `date("2026-07-01")` is null where `date` is an input."""
        for node in tree.walk(expression.tree):
            if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
                name = node.function.name
                if (
                    name in scope
                    and name in feel.builtin_names()
                    and scope[name].found().kind not in ("Any", "function")
                ):
                    self.add(
                        "dmn-shadowed-function",
                        box,
                        f"“{self.owner.name}”调用函数 {name}()，但这里有同名变量“{name}”，调用结果为空。请给变量改名。",
                        f"“{self.owner.name}” calls {name}(), but a variable “{name}” hides the function: "
                        "the result is null. Rename the variable.",
                    )

    def names(self, box: e.Boxed, names: Iterable[str], scope: Mapping[str, Type], line: int = 0) -> None:
        if "*" in scope:
            return
        for name in sorted(names):
            if name in scope:
                continue
            known = name in self.missing
            self.missing.append(name)
            if isinstance(self.owner, e.Decision) and not self.owner.information:
                if known:
                    continue
                self.add(
                    "dmn-undeclared-input",
                    box,
                    (
                        f"“{self.owner.name}”直接使用名称“{name}”，但没有画出输入数据。可以运行，"
                        "但建议补画输入数据和连线，以便检查类型。"
                    ),
                    f"“{self.owner.name}” uses “{name}” without an input data drawn. It runs; draw the input and its "
                    "requirement so that types can be checked.",
                    "warning",
                    line=line,
                )
            else:
                other = self.model.by_name.get(name)
                hint_zh = "请加一条需求连线" if other is not None else "请检查拼写，或补上需求连线"
                hint_en = (
                    "Draw the requirement" if other is not None else "Look at the spelling, or draw the requirement"
                )
                self.add(
                    "dmn-unknown-name",
                    box,
                    f"“{self.owner.name}”用到的名称“{name}”在这里不可用，结果会是空值。{hint_zh}。",
                    (
                        f"Expected “{name}” (used in “{self.owner.name}”) to be in scope, but it is not: it is "
                        f"null. {hint_en}."
                    ),
                    line=line,
                )

    # ------------------------------------------------------------ tables

    def type_of(self, literal: e.Literal, scope: Mapping[str, Type]) -> Type:
        """The type of an input expression: declared, else of the name it is."""
        if literal.type_ref:
            return self.model.types.lazy(literal.type_ref).found()
        head, *path = [part.strip() for part in literal.text.split(".")]
        kind = scope.get(literal.text.strip()) or scope.get(head)
        if kind is None:
            return _anything()
        for part in path if literal.text.strip() not in scope else []:
            kind = kind.found().parts.get(part, _anything())
        return kind.found()

    def table(self, box: e.Table, scope: dict[str, Type]) -> None:
        kinds: list[Type] = []
        for number, clause in enumerate(box.inputs):
            if not clause.expression.text.strip():
                self.empty_column(box, number, clause)
            self.literal(clause.expression, scope)
            kinds.append(self.type_of(clause.expression, scope))
            if clause.values:
                self.tests(box, clause.values, scope, clause.line)
        for number, rule in enumerate(box.rules, 1):
            for clause, cell, kind in zip(box.inputs, rule.inputs, kinds, strict=True):
                one = cells.shape(cell.text)
                if one is None:
                    self.tests(box, cell.text, scope, cell.line)
                elif not isinstance(one, cells.Anything) and kind.kind in SIMPLE and one.kind != kind.kind:
                    self.add(
                        "dmn-type-mismatch",
                        box,
                        f"第 {number} 条规则的“{clause.label}”写的是{values.kind_zh(one.kind)}“{cell.text}”，"
                        f"但该列是{values.kind_zh(kind.kind)}，永远不会命中。请改正。",
                        f"Expected {kind.kind} in column “{clause.label}” of rule {number}, but “{cell.text}” is "
                        f"{one.kind}: the rule never matches.",
                        line=cell.line,
                    )
            for output, result in zip(box.outputs, rule.outputs, strict=True):
                self.output(box, output, result, number, scope)
        for output in box.outputs:
            if output.default is not None:
                self.literal(output.default, scope)
        if box.hit_policy in ("P", "O"):
            allowed = [
                output.values or self.model.types.lazy(output.type_ref).found().allowed for output in box.outputs
            ]
            if not any(allowed) and not self.model.types.lazy(box.type_ref).found().allowed:
                self.add(
                    "dmn-no-priority",
                    box,
                    (
                        f"命中策略为优先级（{box.hit_policy}），但输出列没有列出取值顺序。请在输出列填写允许的取值"
                        "，重要的在前。"
                    ),
                    f"Expected output values in order of priority (hit policy {box.hit_policy}), but none are given.",
                    "warning",
                )
        if box.inputs and box.rules:
            Grid(box, kinds, self.owner.name, self.teller(box)).report()

    def empty_column(self, box: e.Table, number: int, clause: e.Clause) -> None:
        """Nothing is asked in this column: it is null for every case, and a rule that tests it never holds."""
        tested = any(
            not isinstance(cells.shape(rule.inputs[number].text), cells.Anything)
            for rule in box.rules
            if number < len(rule.inputs)
        )
        label = clause.label or str(number + 1)
        self.add(
            "dmn-empty-input",
            box,
            f"输入列“{label}”没有表达式，值总是空"
            + ("，写了条件的规则永远不会命中" if tested else "")
            + "。请写上要比较的变量，例如 年龄。",
            f"Expected an expression in input column “{label}”, but there is none: it is always null"
            + (", and rules that test it never match" if tested else "")
            + ". Write the variable to compare.",
            "error" if tested else "warning",
            line=clause.line,
        )

    def teller(self, box: e.Table) -> Tell:
        """Adds what a search of the table finds."""

        def tell(
            rule: str, number: int | None, zh: str, en: str, severity: Literal["error", "warning"] = "warning"
        ) -> None:
            element = box.rules[number] if number is not None else box
            identifier = element.id or box.id or self.owner.id
            self.notes.add(rule, identifier, self.owner.name, element.line or box.line, zh, en, severity)

        return tell

    def tests(self, box: e.Table, text: str, scope: Mapping[str, Type], line: int) -> None:
        try:
            tests = feel.compile_tests(text, names=self.compiler.names(scope))
        except feel.FeelError as error:
            _syntax(self.notes, box.id or self.owner.id, self.owner.name, line, text, error)
            return
        self.names(box, _outside(tests), scope, line)

    def output(
        self, box: e.Table, output: e.OutputClause, result: e.Literal, number: int, scope: dict[str, Type]
    ) -> None:
        if not result.text:
            return
        one = cells.shape(result.text)
        if isinstance(one, cells.Points | cells.Spans) and not one.negated and _constant(one):
            kind = self.model.types.lazy(output.type_ref).found()
            if kind.kind in SIMPLE and one.kind != kind.kind:
                self.add(
                    "dmn-type-mismatch",
                    box,
                    f"第 {number} 条规则的输出“{result.text}”是{values.kind_zh(one.kind)}，"
                    f"但输出列要求{values.kind_zh(kind.kind)}，结果会是空值。请改正。",
                    (
                        f"Expected {kind.kind} as the output of rule {number}, but “{result.text}” is {one.kind}: "
                        "it is null."
                    ),
                    line=result.line,
                )
                return
            allowed = cells.shape(output.values or kind.allowed)
            value = _constant(one)[0]
            if allowed is not None and not isinstance(allowed, cells.Anything):
                fits = allowed.kind == one.kind and allowed.has(value)
                if not fits:
                    self.add(
                        "dmn-output-value",
                        box,
                        (
                            f"第 {number} 条规则的输出“{result.text}”不在允许的取值“{output.values or kind.allowed}"
                            "”内。请改正。"
                        ),
                        f"Expected the output of rule {number} to be one of {output.values or kind.allowed}, "
                        f"but it is {result.text}.",
                        line=result.line,
                    )
            return
        self.literal(result, scope)


def _outside(expression: feel.Expression) -> list[str]:
    """The free names that are read outside of filters: inside, a name may be a part of the item."""
    read: set[str] = set()
    waiting: list[tree.Node] = [expression.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Name):
            read.add(node.name)
        waiting.extend([node.source] if isinstance(node, tree.Filter) else tree.children(node))
    return [name for name in expression.names if name in read and name != "?"]


def _anything() -> Type:
    return Type("Any", "Any")


def _constant(one: cells.Points | cells.Spans) -> list[Any]:
    """The single value of a shape that is a constant, else nothing."""
    if isinstance(one, cells.Points):
        return list(one.values) if len(one.values) == 1 else []
    if len(one.spans) == 1 and one.spans[0].low is not None and one.spans[0].low == one.spans[0].high:
        return [one.spans[0].low]
    return []


def undeclared(model: Model, decision: e.Decision) -> list[str]:
    """The names that a decision uses without requiring them, each once."""
    logic = _Logic(_Notes(model), decision, model)
    logic.check(decision.logic)
    return list(dict.fromkeys(logic.missing))


def gap(source: bytes, decision: str, imports: Mapping[str, bytes | Model] | None = None) -> dict[str, Any] | None:
    """An input (by the text of each input expression) that falls through the table of a decision; None without one."""
    from engine.dmn.model import load

    model = load(source, imports)
    element = model.find(decision)
    if not isinstance(element, e.Decision) or not isinstance(element.logic, e.Table):
        return None
    logic = _Logic(_Notes(model), element, model)
    table = element.logic
    kinds = [logic.type_of(clause.expression, logic.known) for clause in table.inputs]
    grid = Grid(table, kinds, element.name, logic.teller(table))
    picks = grid.uncovered(grid.all)
    if picks is None:
        return None
    return {clause.expression.text: pick.example for clause, pick in zip(table.inputs, picks, strict=True)}
