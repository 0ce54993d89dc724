"""Gateways (BPMN 2.0, 10.6 and 13.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from engine.process.language.texts import Text
from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.net import IN_VAIN, Failure, FlowSpec, NodeSpec, reach_back
from engine.process.machine.spiff import WAITING


class Exclusive(NodeSpec):
    """The first flow, in the order of the file, whose condition is true; else the default; else an exception."""

    def chosen(self, token: Token) -> list[FlowSpec]:
        if len(self.outs) == 1 and self.outs[0].condition is None or not self.outs:
            return self.outs
        for flow in self.outs:
            if flow.id != self.node.default and (flow.condition is None or token.holds(flow.condition)):
                return [flow]
        for flow in self.outs:
            if flow.id == self.node.default:
                return [flow]
        raise self.no_flow()


class Joining(NodeSpec):
    """A gateway that gathers tokens: one waiting token a scope remembers what arrived along which flow."""

    def arrive(self, case: Case, scope: ScopeRun, flow: FlowSpec | None, at: str) -> None:
        if len(self.ins) <= 1:
            case.ready_token(self, scope, at)
            return
        token = self.waiting(scope)
        if token is None:
            token = case.token(self, scope, at)
            token.become(WAITING)
            token.internal_data["arrived"] = {}
        token.internal_data["arrived"].setdefault(flow.id if flow else "", []).append(at)
        self.look(token)

    def waiting(self, scope: ScopeRun) -> Token | None:
        """The token that gathers, if one does: it waits, or has failed to reckon its condition."""
        id = scope.memory.get("join " + self.name)
        token = scope.tokens.get(id) if id else None
        if token is not None and "arrived" in token.internal_data:
            return token
        for token in scope.tokens.values() if id else ():
            if token.task_spec is self and "arrived" in token.internal_data:
                return token
        return None

    def look(self, token: Token) -> None:
        """Look at what has arrived (again); what fails is this token's."""
        token.workflow.clear_incident(token)
        token.force(WAITING)
        with token.workflow.blaming(token):
            self.gathered(token)

    def retried(self, token: Token, code: str) -> bool:
        if "arrived" not in token.internal_data:
            return False
        self.look(token)
        if code == IN_VAIN and "arrived" in token.internal_data and token.state == WAITING:
            self.consume(token)  # who retries it has read that the missing ones are not waited for any more
        return True

    @cached_property
    def upstream(self) -> dict[str, frozenset[str]]:
        """Flow -> the nodes from which a token can still come along it."""
        return {flow.id: reach_back(self, flow) for flow in self.ins} if len(self.ins) > 1 else {}

    def lacking(self, token: Token) -> list[FlowSpec]:
        return [flow for flow in self.ins if flow.id not in token.internal_data.get("arrived", ())]

    def in_vain(self, token: Token) -> Failure:
        lacking = self.lacking(token)
        names = "、".join(f"「{flow.source.title}」" for flow in lacking[:5])
        names_en = ", ".join(f'"{flow.source.title}"' for flow in lacking[:5])
        missing = f"还差从{names}来的，它们已结束、取消或根本不会来" if lacking else "它的条件一直不成立"
        missing_en = (
            f"it lacks {names_en}, which ended, was cancelled or never comes" if lacking else "its condition never held"
        )
        return Failure(
            IN_VAIN,
            (
                f"汇合「{self.title}」等的分支不会再来了：{missing}。要么撤销本件；要么重试，不再等它们，"
                "用已到的继续办理。请也改正图。"
            ),
            f'The join "{self.title}" waits for branches that cannot come: {missing_en}. Cancel the case, or '
            "retry: then it "
            "waits for them no longer and goes on with those that came. Mend the diagram too.",
        )

    def gathered(self, token: Token) -> None:
        """One more has arrived."""

    def release(self, token: Token) -> bool:
        """Asked when nothing else moves: may it go on now? False by default."""
        return False

    def consume(self, token: Token) -> None:
        """Take one token from every flow that has one, and go on. What is left over keeps waiting."""
        case, arrived = token.workflow, token.internal_data["arrived"]
        taken = [[flow, ats.pop(0)] for flow, ats in arrived.items()]
        left = {flow: ats for flow, ats in arrived.items() if ats}
        scope = token.scope
        token.internal_data.pop("arrived")
        token.at = case.path.join(taken, self.name, scope)
        case.make_ready(token)
        scope.memory.pop("join " + self.name, None)
        if left:
            rest = case.token(self, scope, next(iter(left.values()))[0])
            rest.become(WAITING)
            rest.internal_data["arrived"] = left
            scope.memory["join " + self.name] = rest.id


class Parallel(Joining):
    """Waits for one token on every incoming flow; goes out on all (13.4.1). Conditions on its flows are not looked
    at."""

    def gathered(self, token: Token) -> None:
        token.scope.memory["join " + self.name] = token.id
        if len(token.internal_data["arrived"]) == len(self.ins):
            self.consume(token)

    def hopes(self, token: Token, stands: Callable[[frozenset[str]], bool]) -> bool:
        return all(stands(self.upstream[flow.id]) for flow in self.lacking(token))

    def chosen(self, token: Token) -> list[FlowSpec]:
        return self.outs


class Inclusive(Joining):
    """Waits while a token that could still arrive is on its way (13.4.3); goes out on every flow whose condition is
    true."""

    def finish(self) -> None:
        self.near = frozenset().union(*self.upstream.values())

    def gathered(self, token: Token) -> None:
        token.scope.memory["join " + self.name] = token.id

    def release(self, token: Token) -> bool:
        arrived = token.internal_data.get("arrived")
        if arrived is None:
            return False
        has = [self.upstream[f] for f in arrived if f in self.upstream]
        lacks = [up for f, up in self.upstream.items() if f not in arrived]
        for other in token.scope.tokens.values():
            spec = other.task_spec
            if spec is self or spec.name not in self.near:
                continue
            if any(spec.name in up for up in lacks) and not any(spec.name in up for up in has):
                return False
        self.consume(token)
        return True

    def hopes(self, token: Token, stands: Callable[[frozenset[str]], bool]) -> bool:
        arrived = token.internal_data["arrived"]
        has = frozenset().union(*(self.upstream[f] for f in arrived if f in self.upstream))
        lacks = frozenset().union(*(up for f, up in self.upstream.items() if f not in arrived))
        return stands(lacks - has)

    def chosen(self, token: Token) -> list[FlowSpec]:
        if len(self.outs) <= 1 and all(f.condition is None for f in self.outs):
            return self.outs
        taken = [
            f for f in self.outs if f.id != self.node.default and (f.condition is None or token.holds(f.condition))
        ]
        if not taken:
            taken = [f for f in self.outs if f.id == self.node.default]
        if not taken:
            raise self.no_flow()
        return taken


class Complex(Joining):
    """Goes on when its activation condition is true of `activationCount` and the variables; then swallows the rest of
    that turn and starts anew (10.6, 13.4.5)."""

    def finish(self) -> None:
        self.activation: Text | None = self.text(self.node.activation_condition, always_feel=True)

    def gathered(self, token: Token) -> None:
        token.scope.memory["join " + self.name] = token.id
        self.try_activate(token)

    def try_activate(self, token: Token) -> None:
        arrived = token.internal_data["arrived"]
        if token.internal_data.get("resetting"):
            return
        token.data["activationCount"] = sum(len(ats) for ats in arrived.values())
        if self.activation is not None:
            if not token.holds(self.activation):
                return
        elif len(arrived) < len(self.ins):
            return
        case, scope = token.workflow, token.scope
        taken = [[flow, ats.pop(0)] for flow, ats in arrived.items()]
        at = case.path.join(taken, self.name, scope)
        token.internal_data["arrived"] = {flow: ats for flow, ats in arrived.items() if ats}
        token.internal_data["resetting"] = [flow for flow, _ in taken]
        token.at = at
        case.ready_token(self, scope, at)

    def hopes(self, token: Token, stands: Callable[[frozenset[str]], bool]) -> bool:
        return stands(frozenset().union(*self.upstream.values()))

    def release(self, token: Token) -> bool:
        """Reset: swallow what was late once nothing more can come (13.4.5)."""
        spent = token.internal_data.get("resetting")
        if spent is None:
            return False
        lacks = [up for f, up in self.upstream.items() if f not in spent and f not in token.internal_data["arrived"]]
        for other in token.scope.tokens.values():
            if other.task_spec is not self and any(other.task_spec.name in up for up in lacks):
                return False
        arrived = token.internal_data["arrived"]
        left = {}
        for flow, ats in arrived.items():
            rest = ats if flow in spent else ats[1:]
            if rest:
                left[flow] = rest
        case, scope = token.workflow, token.scope
        if left:
            token.internal_data["arrived"] = left
            del token.internal_data["resetting"]
            self.try_activate(token)
            return True
        case.forget(token)
        if not scope.tokens:
            case.emptied.append(scope)
        return True

    def chosen(self, token: Token) -> list[FlowSpec]:
        if len(self.outs) <= 1 and all(f.condition is None for f in self.outs):
            return self.outs
        taken = [
            f for f in self.outs if f.id != self.node.default and (f.condition is None or token.holds(f.condition))
        ]
        if not taken:
            taken = [f for f in self.outs if f.id == self.node.default]
        if not taken:
            raise self.no_flow()
        return taken
