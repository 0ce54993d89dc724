"""Paths of the drawing: what is never reached, joins that wait for ever, loops without a way out."""

from __future__ import annotations

from collections import deque

from engine.process.language import model as m
from engine.process.lint.page import Page, label, listed
from engine.process.lint.together import Together

#: Nodes where the instance rests; a loop through one is not an endless spin.
_WAITS = frozenset(
    {"userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway", "callActivity"}
)


def check_process(page: Page, process: m.Process) -> None:
    holder: dict[str, tuple[m.Scope, m.Node]] = {node.id: (scope, node) for scope, node in process.walk()}
    for scope in process.all_scopes():
        if scope.kind == "adHocSubProcess" or not scope.nodes:
            continue
        next_of, roots = _graph(scope)
        reached = _reach(next_of, roots)
        _unreached(page, scope, next_of, reached)
        order = _order(next_of, roots)
        _deadlocks(page, scope, {**next_of, _TOP: roots}, order, holder)
        _endless(page, scope, next_of, reached, holder)
        _implicit_ends(page, scope, reached)


def _graph(scope: m.Scope) -> tuple[dict[str, list[str]], list[str]]:
    """Nodes and flows alike are vertices: node -> its flows -> the next nodes. Links, boundary events and compensation
    count as ways on. Roots: where tokens begin."""
    next_of: dict[str, list[str]] = {node.id: [] for node in scope.nodes}
    catches = {
        d.link: n.id
        for n in scope.nodes
        if n.kind == "intermediateCatchEvent"
        for d in n.definitions
        if d.kind == "link"
    }
    for node in scope.nodes:
        for flow in scope.out_of(node):
            if flow.target in scope.by_id:
                next_of[node.id].append("flow " + flow.id)
                next_of["flow " + flow.id] = [flow.target]
        if node.kind == "intermediateThrowEvent":
            for d in node.definitions:
                if d.kind == "link" and d.link in catches:
                    next_of[node.id].append(catches[d.link])
        if node.kind == "boundaryEvent" and node.attached_to in next_of:
            next_of[node.attached_to].append(node.id)
            if node.id in scope.compensation and scope.compensation[node.id] in next_of:
                next_of[node.id].append(scope.compensation[node.id])
    arrived = {target for targets in next_of.values() for target in targets}
    begins = [n for n in scope.nodes if n.kind == "startEvent" or n.instantiate]
    if begins:
        roots = [n.id for n in begins]
    else:  # without a start event, whatever no flow leads to begins (BPMN 2.0, 13.2)
        roots = [n.id for n in scope.nodes if n.id not in arrived and not _apart(n)]
    roots += [n.id for n in scope.nodes if _apart(n)]
    return next_of, roots


def _apart(node: m.Node) -> bool:
    """Started by something else than a flow."""
    return node.for_compensation or (node.scope is not None and node.scope.triggered_by_event)


def _reach(next_of: dict[str, list[str]], roots: list[str]) -> set[str]:
    reached, waiting = set(roots), deque(roots)
    while waiting:
        for following in next_of.get(waiting.popleft(), ()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


def _unreached(page: Page, scope: m.Scope, next_of: dict[str, list[str]], reached: set[str]) -> None:
    left = [n for n in scope.nodes if n.id not in reached]
    if not left:
        return
    arrived = {t for v, targets in next_of.items() if v not in reached for t in targets}
    causes = [n for n in left if n.id not in arrived] or left[:1]
    ids = {n.id for n in left}
    for number, node in enumerate(causes):
        if node.kind == "boundaryEvent":
            continue  # told as not attached, or it hangs on an activity that is told
        # Counted for the first few only: with very many, the work would grow with their square.
        behind = len(_reach(next_of, [node.id]) & ids) - 1 if number < 20 else 0
        also = f"（连同它后面的 {behind} 个要素）" if behind > 0 else ""
        also_en = f" (nor the {behind} behind it)" if behind > 0 else ""
        page.error(
            "unreachable",
            node,
            f"{also}从开始事件走不到，永远不会执行。请连上，或删去。",
            f"is never reached from the start{also_en}. Connect it, or remove it.",
        )


def _implicit_ends(page: Page, scope: m.Scope, reached: set[str]) -> None:
    """BPMN 2.0: where end events are used, every other path must lead to one. It runs: the token ends there."""
    ends = any(n.kind == "endEvent" for n in scope.nodes)
    for node in scope.nodes:
        if not ends and node.kind not in ("intermediateCatchEvent", "intermediateThrowEvent"):
            continue
        if not node.incoming and not ends and not any(d.kind == "link" for d in node.definitions):
            page.warn(
                "unconnected",
                node,
                "没有入线。中间事件应在一条路径上。",
                "has no incoming flow. An intermediate event stands on a path.",
            )
        if (
            node.outgoing
            or node.id not in reached
            or _apart(node)
            or node.kind in ("endEvent", "boundaryEvent", "startEvent")
        ):
            continue
        if any(d.kind == "link" for d in node.definitions):
            continue
        page.warn(
            "dead-end",
            node,
            "没有出线，路径在这里默默结束。请连到结束事件。",
            "has no outgoing flow: the path ends here without a word. Lead it to an end event.",
        )


# ---------------------------------------------------------------- dominators (Cooper, Harvey and Kennedy 2001)

_TOP = "start of everything"


def _order(next_of: dict[str, list[str]], roots: list[str]) -> list[str]:
    """Reverse postorder from one vertex above all roots; no recursion."""
    seen, post = {_TOP}, []
    stack = [(_TOP, iter(roots))]
    while stack:
        vertex, following = stack[-1]
        for target in following:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(next_of.get(target, ()))))
                break
        else:
            post.append(vertex)
            stack.pop()
    return post[::-1]


def _dominators(next_of: dict[str, list[str]], order: list[str]) -> dict[str, str]:
    """Vertex -> its immediate dominator."""
    number = {vertex: n for n, vertex in enumerate(order)}
    before: dict[str, list[str]] = {vertex: [] for vertex in order}
    for vertex in order:
        for target in next_of.get(vertex, ()):
            if target in before:
                before[target].append(vertex)
    above = {_TOP: _TOP}
    changed = True
    while changed:
        changed = False
        for vertex in order[1:]:
            candidates = [v for v in before[vertex] if v in above]
            new = candidates[0] if candidates else _TOP
            for other in candidates[1:]:
                while new != other:
                    while number[new] > number[other]:
                        new = above[new]
                    while number[other] > number[new]:
                        other = above[other]
            if above.get(vertex) != new:
                above[vertex] = new
                changed = True
    return above


def _deadlocks(
    page: Page,
    scope: m.Scope,
    next_of: dict[str, list[str]],
    order: list[str],
    holder: dict[str, tuple[m.Scope, m.Node]],
) -> None:
    """Joins that wait for ever: an error where the structure leaves no doubt and nothing else ends the wait, a warning
    where it can happen."""
    joins = [n for n in scope.nodes if len(n.incoming) > 1 and _waits_for_all(n)]
    if not joins:
        return
    above = _dominators(next_of, order)
    together = Together(scope, next_of[_TOP])

    def chain(vertex: str) -> list[str]:
        found = [vertex]
        while vertex != _TOP and vertex in above:
            vertex = above[vertex]
            found.append(vertex)
        return found

    for join in joins:
        arrivals = [f"flow {f}" for f in join.incoming if f"flow {f}" in above]
        ended_from_outside = _stopped_from_outside(scope, {join.id}, holder)
        for arrival in arrivals:
            if join.id in chain(arrival):
                flow = scope.flow_by_id[arrival[5:]]
                (page.warn if ended_from_outside else page.error)(
                    "deadlock",
                    join,
                    f"等连线“{flow.id}”送来令牌，而那条路要先通过它自己：永远等不到。循环请用排他网关汇合。",
                    f'waits for a token on the flow "{flow.id}", but that path comes after the join itself: it '
                    "waits for ever. Join "
                    "a loop with an exclusive gateway.",
                )
                break
        else:
            split = _exclusive_split(scope, next_of, join, [chain(a) for a in arrivals])
            apart = together.never(a[5:] for a in arrivals)
            if apart is not None:
                at, at_en = label(split) if split is not None else ("", "")
                (page.warn if ended_from_outside else page.error)(
                    "deadlock",
                    join,
                    f"要等所有入线，但连线“{apart[0]}”和“{apart[1]}”"
                    + (f"来自{at}的不同分支，只会走其中一条" if at else "不会都送来令牌")
                    + "：一定会永远等下去。请改用排他网关汇合。",
                    f'waits for all its flows, but never gets a token on both "{apart[0]}" and "{apart[1]}"'
                    + (f": they come from different branches of {at_en}, of which only one is taken" if at_en else "")
                    + ". It waits for ever. Join with an exclusive gateway.",
                )
            elif split is not None:
                may = split.kind == "inclusiveGateway"
                page.warn(
                    "deadlock",
                    join,
                    f"要等所有入线，但它们来自{label(split)[0]}的不同分支，"
                    + ("不一定都走到" if may else "只会走其中一条")
                    + "：会永远等下去。请改用"
                    + ("包容" if may else "排他")
                    + "网关汇合。",
                    f"waits for all its flows, but they come from different branches of {label(split)[1]}, "
                    + ("not all of which need be taken" if may else "of which only one is taken")
                    + f": it can wait for ever. Join with an {'inclusive' if may else 'exclusive'} gateway.",
                )


def _waits_for_all(node: m.Node) -> bool:
    return node.kind == "parallelGateway" or (
        node.kind == "complexGateway" and not (node.activation_condition or "").strip()
    )


def _exclusive_split(
    scope: m.Scope, next_of: dict[str, list[str]], join: m.Node, chains: list[list[str]]
) -> m.Node | None:
    """The node that sends its token to one arrival of the join or another, never to both."""
    again: dict[str, bool] = {}  # whether a node can be reached from itself without passing the join
    for i, one in enumerate(chains):
        places = {vertex: n for n, vertex in enumerate(one)}
        for other in chains[i + 1 :]:
            position = next(n for n, vertex in enumerate(other) if vertex in places)
            meet = other[position]
            node = scope.by_id.get(meet)
            if node is None or position == 0 or places[meet] == 0:
                continue
            here, there = one[places[meet] - 1], other[position - 1]
            if not _either_or(scope, node, here, there):
                continue
            # A second round through the split may bring the missing token: then it is no sure deadlock.
            if node.id not in again:
                without = {v: t for v, t in next_of.items() if v != join.id}
                again[node.id] = node.id in _reach(without, next_of[node.id])
            if not again[node.id]:
                return node
    return None


def _either_or(scope: m.Scope, node: m.Node, here: str, there: str) -> bool:
    if node.kind in ("exclusiveGateway", "eventBasedGateway", "inclusiveGateway"):
        return here.startswith("flow ") and there.startswith("flow ")
    # An activity is left by an interrupting boundary event, or in the normal way.
    return any(
        boundary.id in (here, there)
        and boundary.interrupting
        and not any(d.kind == "compensate" for d in boundary.definitions)
        for boundary in scope.boundaries.get(node.id, ())
    )


# ---------------------------------------------------------------- loops


def _components(next_of: dict[str, list[str]], vertices: list[str]) -> list[list[str]]:
    """Strongly connected components (Tarjan), without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    for root in vertices:
        if root in index:
            continue
        work = [(root, iter(next_of.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            vertex, following = work[-1]
            for target in following:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on.add(target)
                    work.append((target, iter(next_of.get(target, ()))))
                    break
                if target in on:
                    low[vertex] = min(low[vertex], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[vertex])
                if low[vertex] == index[vertex]:
                    component: list[str] = []
                    while True:
                        member = stack.pop()
                        on.discard(member)
                        component.append(member)
                        if member == vertex:
                            break
                    found.append(component)
    return found


def _endless(
    page: Page,
    scope: m.Scope,
    next_of: dict[str, list[str]],
    reached: set[str],
    holder: dict[str, tuple[m.Scope, m.Node]],
) -> None:
    for component in _components(next_of, [n.id for n in scope.nodes if n.id in reached]):
        inside = set(component)
        if len(component) == 1 and component[0] not in next_of.get(component[0], ()):
            continue
        if any(target not in inside for vertex in component for target in next_of.get(vertex, ())):
            continue
        nodes = [n for n in scope.nodes if n.id in inside]
        if not nodes or _stopped_from_outside(scope, inside, holder):
            continue
        rests = any(n.kind in _WAITS or n.scope is not None for n in nodes)
        (page.warn if rests else page.error)(
            "endless-loop",
            nodes[0],
            (
                f"所在的循环没有出口（{listed((n.name or n.id for n in nodes), 5)}），办件永远办不完。"
                "请加一个排他网关离开。"
            ),
            f"is in a loop without a way out ({listed((n.name or n.id for n in nodes), 5)}): the case never "
            "ends. Add an "
            "exclusive gateway that leaves it.",
        )


def _stopped_from_outside(scope: m.Scope, inside: set[str], holder: dict[str, tuple[m.Scope, m.Node]]) -> bool:
    """Something else can end the loop: a terminate end beside it, an interrupting event of its scope or of one
    above."""
    current: m.Scope | None = scope
    seen: set[str] = set()  # with duplicate ids a scope can seem to be inside itself
    while current is not None and current.id not in seen:
        seen.add(current.id)
        for node in current.nodes:
            if node.id in inside:
                continue
            kinds = {d.kind for d in node.definitions}
            if node.kind == "endEvent" and kinds & {"terminate", "error", "cancel"}:
                return True
            if (
                node.scope is not None
                and node.scope.triggered_by_event
                and any(s.interrupting for s in node.scope.starts())
            ):
                return True
        at = holder.get(current.id)
        if at is None:
            return False
        above, node = at
        if any(b.interrupting for b in above.boundaries.get(node.id, ())):
            return True
        current = above
    return False
