"""Standard loops and multi-instance (BPMN 2.0, 10.3 and 13.3.7).

The body token holds the counts as variables, so that conditions see them: loopCounter, numberOfInstances,
numberOfActiveInstances, numberOfCompletedInstances, numberOfTerminatedInstances.
"""

from __future__ import annotations

from typing import Any

from engine.process.language.model import Loop
from engine.process.language.texts import exact, text
from engine.process.machine.case import Token
from engine.process.machine.net import Failure
from engine.process.machine.spiff import STARTED
from engine.process.machine.triggers import Trigger

MOST = 10_000  # instances of one multi-instance


class LoopPlan:
    """The loop marker of an activity, ready to run."""

    def __init__(self, loop: Loop, names: Any) -> None:
        self.loop = loop
        self.maximum = text(loop.maximum, always_feel=True)
        self.condition = text(loop.condition, always_feel=True)
        self.cardinality = text(loop.cardinality, always_feel=True)
        self.done_when = text(loop.completion_condition, always_feel=True)
        self.items = text(loop.input_collection) or text("=" + loop.data_input if loop.data_input else None)
        self.item = loop.input_element or loop.input_item
        self.into = loop.output_collection or loop.data_output
        self.each = text(loop.output_element) or text("=" + loop.output_item if loop.output_item else None)
        self.none_event = Trigger(loop.none_event, names) if loop.none_event else None
        self.one_event = Trigger(loop.one_event, names) if loop.one_event else None
        self.complex = tuple(
            (text(b.condition, always_feel=True), Trigger(b.event, names) if b.event else None)
            for b in loop.complex_behaviors
        )

    # -------- opening

    def open(self, body: Token) -> bool | None:
        body.internal_data["body"] = 1
        if self.loop.kind == "standard":
            body.data["loopCounter"] = 0
            if self.loop.test_before and not self._again(body):
                return True
            self._one(body)
            return None
        items = self._items(body)
        total = len(items)
        body.data.update(
            numberOfInstances=total,
            numberOfActiveInstances=0,
            numberOfCompletedInstances=0,
            numberOfTerminatedInstances=0,
        )
        if self.into:
            body.data[self.into] = [None] * total
        if total == 0:
            self._publish(body)
            return True
        if self.loop.sequential or self.item:
            body.internal_data["items"] = items
        if self.loop.sequential:
            self._next(body)
        else:
            for index, item in enumerate(items):
                self._instance(body, index, item)
        return None

    def _number(self, body: Token, source: Any, what_zh: str, what_en: str) -> int:
        value = body.evaluate(source)
        spec = body.task_spec
        if not isinstance(value, int) or isinstance(value, bool) or value < 0 or value > MOST:
            raise Failure(
                "loop",
                f"「{spec.title}」的{what_zh}应是 0 到 {MOST} 的整数，得到的是 {value}。",
                f'The {what_en} of "{spec.title}" must be a whole number from 0 to {MOST}, but is {value}.',
                error="loop",
            )
        return value

    def _items(self, body: Token) -> list[Any]:
        if self.cardinality is not None:
            return [None] * self._number(body, self.cardinality, "多实例个数", "number of instances")
        if self.items is None:
            return []
        value = body.evaluate(self.items)
        if self.items.expression is None and isinstance(value, str):
            value = body.look(value)
        if not isinstance(value, list) or len(value) > MOST:
            spec = body.task_spec
            raise Failure(
                "loop",
                f"「{spec.title}」的多实例集合应是列表(最多 {MOST} 项),得到的是 {str(value)[:60]}。",
                f'The input collection of "{spec.title}" must be a list of at most {MOST}, but is {str(value)[:60]}.',
                error="loop",
            )
        return value

    def _instance(self, body: Token, index: int, item: Any) -> Token:
        case = body.workflow
        token = case.ready_token(body.task_spec, body.scope, body.at, body)
        token.data["loopCounter"] = index + 1
        if self.item:
            token.data[self.item] = item
        if (
            self.into
            and self.each is not None
            and len(self.each.names) == 1
            and self.each.names[0] == self.each.text[1:].strip()
        ):
            token.data.setdefault(self.each.names[0], None)  # each instance answers for itself
        body.data["numberOfActiveInstances"] += 1
        return token

    def _next(self, body: Token) -> None:
        index = body.data["numberOfCompletedInstances"] + body.data["numberOfTerminatedInstances"]
        self._instance(body, index, body.internal_data["items"][index])

    def _one(self, body: Token) -> None:
        body.data["loopCounter"] += 1
        body.workflow.ready_token(body.task_spec, body.scope, body.at, body)

    def _again(self, body: Token) -> bool:
        """Whether a standard loop goes round once more."""
        most = None if self.maximum is None else self._number(body, self.maximum, "循环上限", "loop maximum")
        if most is not None and body.data["loopCounter"] >= most:
            return False
        return self.condition is None or body.holds(self.condition)

    def reopen(self, body: Token, number: int) -> None:
        """One finished instance is to be done again; of a sequential loop, the one after it is put off."""
        case = body.workflow
        body.internal_data["done"] = [d for d in body.internal_data["done"] if d[0] != number]
        body.data["numberOfCompletedInstances"] -= 1
        if self.loop.sequential:
            for child in list(body.children):
                case.cancel_token(child, "superseded", body.task_spec.name)
                body.data["numberOfActiveInstances"] -= 1
        items = body.internal_data.get("items")
        self._instance(body, number - 1, items[number - 1] if items else None)

    # -------- an instance is done

    def collect(self, token: Token) -> None:
        """Its part of the output collection, read while its own variables are there."""
        body = token.parent
        if self.into and body is not None:
            value = token.evaluate(self.each) if self.each is not None else None
            index = token.data["loopCounter"] - 1
            body.data[self.into] = [*body.data[self.into][:index], value, *body.data[self.into][index + 1 :]]

    def closed(self, token: Token) -> None:
        body = token.parent
        case = token.workflow
        case.forget(token)
        assert body is not None
        if self.loop.kind == "standard":
            try:
                self._turn(body)
            except Failure as failure:
                case.failed(body, failure)
            return
        body.data["numberOfActiveInstances"] -= 1
        body.data["numberOfCompletedInstances"] += 1
        body.internal_data.setdefault("done", []).append([token.data["loopCounter"], token.id])
        try:
            self._settle(body, self._behave(body))
        except Failure as failure:
            case.failed(body, failure)

    def _settle(self, body: Token, done: bool = False) -> None:
        """After an instance: enough, or the next."""
        done = done or (self.done_when is not None and body.holds(self.done_when))
        ended = body.data["numberOfCompletedInstances"] + body.data["numberOfTerminatedInstances"]
        if done or ended >= body.data["numberOfInstances"]:
            self._finish(body)
        elif self.loop.sequential:
            self._next(body)

    def _turn(self, body: Token) -> None:
        """After a turn of a standard loop: once more, or on."""
        if self._again(body):
            self._one(body)
        else:
            body.complete()

    def resume(self, body: Token) -> bool:
        """Go on after an incident of the body. False when it never began: it is to be entered anew."""
        counts = body.data
        if self.loop.kind == "standard" and counts.get("loopCounter"):
            body.force(STARTED)
            self._turn(body)
        elif counts.get("numberOfCompletedInstances"):
            body.force(STARTED)
            self._settle(body)
        else:
            return False
        return True

    def _behave(self, body: Token) -> bool:
        """Events thrown as an instance ends (10.3). True when a complex behaviour ends the whole."""
        first = body.data["numberOfCompletedInstances"] == 1
        if self.loop.behavior == "None":
            self._implicit(body, self.none_event)
        elif self.loop.behavior == "One" and first:
            self._implicit(body, self.one_event)
        elif self.loop.behavior == "Complex":
            # a condition that holds throws its event, cancels the remaining instances and lets a token go on
            held = [trigger for condition, trigger in self.complex if condition is not None and body.holds(condition)]
            for trigger in held:
                self._implicit(body, trigger)
            return bool(held)
        return False

    def _implicit(self, body: Token, trigger: Trigger | None) -> None:
        """An implicit throw event is there "to be caught by a boundary event on the multi-instance activity": that one
        goes on beside it and never cancels it, whose instances or token the same table lets run on."""
        if trigger is None:
            return
        for boundary in body.task_spec.boundaries:
            for catch in boundary.catches:
                if catch.kind == trigger.kind and catch.target == trigger.target:
                    boundary.strike(body.workflow, body, {}, interrupt=False)
                    return

    def _finish(self, body: Token) -> None:
        """Enough are done: the rest is cancelled, the collection handed on."""
        case = body.workflow
        for child in list(body.children):
            body.data["numberOfTerminatedInstances"] += 1
            case.cancel_token(child, reason=body.task_spec.name)
        self._publish(body)
        body.complete()

    def _publish(self, body: Token) -> None:
        if self.into:
            body.assign_outside(self.into, exact(body.data[self.into]))
