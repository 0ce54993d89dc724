"""Gateways (BPMN 2.0, 10.6 and 13.4)."""

from __future__ import annotations

from collections import deque

from engine.process.language.texts import Text
from engine.process.machine.case import Case, ScopeRun, Token
from engine.process.machine.net import FlowSpec, NodeSpec
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
        self.gathered(token)

    def waiting(self, scope: ScopeRun) -> Token | None:
        """The token that gathers, if one does."""
        id = scope.memory.get("join " + self.name)
        token = scope.tokens.get(id) if id else None
        if token is not None and token.state == WAITING:
            return token
        for token in scope.tokens.values() if id else ():
            if token.task_spec is self and token.state == WAITING:
                return token
        return None

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
    """Waits for one token on every incoming flow; goes out on all (13.4.1). Conditions on its flows are not looked at."""

    def gathered(self, token: Token) -> None:
        token.scope.memory["join " + self.name] = token.id
        if len(token.internal_data["arrived"]) == len(self.ins):
            self.consume(token)

    def chosen(self, token: Token) -> list[FlowSpec]:
        return self.outs


class Inclusive(Joining):
    """Waits while a token that could still arrive is on its way (13.4.3); goes out on every flow whose condition is true."""

    def finish(self) -> None:
        self.upstream = {flow.id: reach_back(self, flow) for flow in self.ins} if len(self.ins) > 1 else {}
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
    """Goes on when its activation condition is true of `activationCount` and the variables; then swallows the rest of that
    turn and starts anew (10.6, 13.4.5)."""

    def finish(self) -> None:
        self.upstream = {flow.id: reach_back(self, flow) for flow in self.ins}
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


def reach_back(gateway: NodeSpec, flow: FlowSpec) -> frozenset[str]:
    """The nodes from which a path leads to this flow without visiting the gateway. Boundary events and links count."""
    seen: set[str] = set()
    todo: deque[NodeSpec] = deque([flow.source])
    while todo:
        spec = todo.popleft()
        if spec.name in seen or spec is gateway:
            continue
        seen.add(spec.name)
        todo += [f.source for f in spec.ins]
        if spec.node.attached_to:
            host = spec.process.task_specs.get(spec.node.attached_to)
            if host is not None:
                todo.append(host)
        for link in getattr(spec, "link_sources", ()):
            todo.append(link)
    return frozenset(seen)
