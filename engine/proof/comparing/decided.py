"""Two versions of a decision table: rows, columns, and how the rows are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from engine.dmn import elements as e
from engine.dmn import read as dmn
from engine.proof.comparing.changed import Change, Label, differences


def compare(file: str, before: bytes, after: bytes) -> list[Change]:
    """What is other in the decisions of a file."""
    (one, faults), (other, more) = dmn.read(before, file), dmn.read(after, file)
    name = file.rpartition("/")[2]
    if any(f.severity == "error" for f in (*faults, *more)) and not (one.decisions and other.decisions):
        zh, en = "有一边的决策表读不了，比不出来", "one side cannot be read: not compared"
        return [Change("changed", "decisions", file, "", name, name, zh, en)]
    changes = list(_decisions(file, one, other))
    rest = [
        {_label(part.name): _as_facts(getattr(side, part.name)) for part in fields(side) if part.name in _REST}
        for side in (one, other)
    ]
    for zh, en in differences(*rest):
        changes.append(Change("changed", "decisions", file, "", name, name, zh, en))
    if not changes:
        zh, en = "只是画法或写法变了，结果没有不同", "only the looks or the writing is other, what it decides is not"
        changes.append(Change("changed", "moved", file, "", name, name, zh, en))
    return changes


#: What of a file is compared as it stands, beside its decisions.
_REST = ("imports", "items", "inputs", "knowledge", "services")


def _label(name: str) -> Label:
    return {"items": ("数据类型", "types"), "inputs": ("输入", "inputs")}.get(name, (name, name))


def _decisions(file: str, one: e.Definitions, other: e.Definitions) -> Iterator[Change]:
    was, now = ({d.id or d.name: d for d in side.decisions} for side in (one, other))
    for key in dict.fromkeys((*now, *was)):
        decision = now.get(key) or was[key]
        where = decision.name or key
        if key not in was:
            yield Change("added", "decisions", file, "", where, where, "新增的决策", "a new decision")
        elif key not in now:
            yield Change("gone", "decisions", file, "", where, where, "去掉了这个决策", "this decision is taken away")
        else:
            for what, zh, en in _decision(was[key], decision):
                yield Change(what, "decisions", file, "", where, where, zh, en)


def _decision(one: e.Decision, other: e.Decision) -> Iterator[tuple[Any, str, str]]:
    for zh, en in differences(_facts(one), _facts(other)):
        yield "changed", zh, en
    if isinstance(one.logic, e.Table) and isinstance(other.logic, e.Table):
        yield from _rows(one.logic, other.logic)


def _facts(one: e.Decision) -> dict[Label, Any]:
    """What a decision says, but for the rows of its table."""
    facts: dict[Label, Any] = {
        ("名称", "name"): one.name,
        ("问什么", "question"): one.question,
        ("允许的答案", "allowed answers"): one.allowed_answers,
        ("结果叫", "result is called"): one.variable,
        ("结果的类型", "type of the result"): one.type_ref,
        ("要先有", "needs"): [ref.href for ref in (*one.information, *one.knowledge)],
    }
    table = one.logic
    if not isinstance(table, e.Table):
        return {**facts, ("怎样得出", "logic"): _as_facts(table)}
    return {
        **facts,
        ("命中规则", "hit policy"): table.hit_policy + table.aggregation,
        ("看什么", "inputs"): [" ".join((c.label, c.expression.text, c.values)).strip() for c in table.inputs],
        ("得出什么", "outputs"): [_column(c) for c in table.outputs],
    }


def _column(one: e.OutputClause) -> str:
    default = f"，默认 {one.default.text}" if one.default is not None else ""
    return " ".join(part for part in (one.label, one.name, one.values) if part) + default


def _rows(one: e.Table, other: e.Table) -> Iterator[tuple[Any, str, str]]:
    """Rows by their id; one that was given another id but says the same is the same row."""
    was, now = ({rule.id or f"#{n}": (n, rule) for n, rule in enumerate(t.rules, 1)} for t in (one, other))
    left = {_row(one, rule): key for key, (_, rule) in was.items() if key not in now}
    pairs = {key: key if key in was else left.pop(_row(other, rule), None) for key, (_, rule) in now.items()}
    for key, (n, rule) in now.items():
        before = pairs[key]
        text = _row(other, rule)
        if before is None:
            yield "added", f"新增第 {n} 行：{text}", f"new row {n}: {text}"
        elif (old := _row(one, was[before][1])) != text:
            yield "changed", f"第 {n} 行：{old} 改为 {text}", f"row {n}: {old} is now {text}"
    kept = {before for before in pairs.values() if before is not None}
    for key, (n, rule) in was.items():
        if key not in kept:
            text = _row(one, rule)
            yield "gone", f"去掉了原来的第 {n} 行：{text}", f"row {n} of before is taken away: {text}"
    order = [before for before in pairs.values() if before is not None]
    if order != [key for key in was if key in kept]:
        yield "changed", "各行的次序变了", "the rows are in another order"


def _row(table: e.Table, rule: e.Rule) -> str:
    """A row as it is read: 若 年龄 >= 65，则 天数 10."""
    asked = [
        f"{clause.label or clause.expression.text} {cell.text}"
        for clause, cell in zip(table.inputs, rule.inputs, strict=False)
        if cell.text.strip() not in ("", "-")
    ]
    given = [
        f"{clause.label or clause.name} {cell.text}".strip()
        for clause, cell in zip(table.outputs, rule.outputs, strict=False)
    ]
    notes = f"（{'；'.join(rule.annotations)}）" if any(rule.annotations) else ""
    return f"{'，'.join(asked) or '其余'} → {'，'.join(given)}{notes}"


def _as_facts(value: Any) -> Any:
    """What a boxed expression says, without ids and lines."""
    if isinstance(value, e.Literal):
        return value.text
    if isinstance(value, tuple):
        return [_as_facts(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        said: Mapping[str, Any] = {
            part.name: _as_facts(getattr(value, part.name)) for part in fields(value) if part.name not in ("id", "line")
        }
        return {key: one for key, one in said.items() if one not in (None, "", [], {}, False)}
    return value
