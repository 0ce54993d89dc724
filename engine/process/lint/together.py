"""Which flows of a scope can hold tokens at the same time: what is not among them never happens.

The structural concurrency relation of a Petri net (Kovalyov 1992): a superset of what really comes together, whatever
the data, the people and the moments are. A join whose flows are not in it can never be passed: that is certain. The
reverse says nothing, and is not asked.

Wherever a node could do more than one thing, the net does all of them: an inclusive gateway takes every branch, a
complex one goes on with every token, every start begins. Only an exclusive choice, and an activity that ends either in
the normal way or by an interruption, take one way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from engine.process.language import model as m

#: With more flows than this the relation costs too much for a check while somebody draws.
MOST = 1500


class Together:
    """The relation over the flows of one scope, as bits."""

    def __init__(self, scope: m.Scope, roots: Iterable[str]) -> None:
        self._number: dict[str, int] = {}
        self._with: list[int] = []  # place -> the places that can be marked beside it (its own bit: twice)
        self._marked: list[bool] = []
        self._moves: list[tuple[list[int], list[int]]] = []  # transitions: from these places to those
        self.known = len(scope.flows) <= MOST
        if self.known:
            self._draw(scope)
            self._begin([self._place("to " + root) for root in dict.fromkeys(roots)])
            self._settle()

    def never(self, flows: Iterable[str]) -> tuple[str, str] | None:
        """Two of these flows (ids) that each get a token, but never both; None when there are none, or one of them
        gets none at all: then something before is the cause."""
        places = [(flow, self._number.get("flow " + flow)) for flow in flows] if self.known else []
        if any(place is None or not self._marked[place] for _, place in places):
            return None
        for n, (one, at) in enumerate(places):
            for other, beside in places[n + 1 :]:
                if at is not None and beside is not None and not self._with[at] >> beside & 1:
                    return one, other
        return None

    # -------- the net

    def _place(self, name: str) -> int:
        if name not in self._number:
            self._number[name] = len(self._with)
            self._with.append(0)
            self._marked.append(False)
        return self._number[name]

    def _draw(self, scope: m.Scope) -> None:
        catches = {
            d.link: n.id
            for n in scope.nodes
            if n.kind == "intermediateCatchEvent"
            for d in n.definitions
            if d.kind == "link"
        }
        for node in scope.nodes:
            if node.kind == "boundaryEvent":
                continue
            comes = [self._place("flow " + f) for f in node.incoming] + [self._place("to " + node.id)]
            goes = self._out(scope, node, catches)
            if node.kind == "parallelGateway":
                self._move(comes[:-1], goes)
                self._move(comes[-1:], goes)
                continue
            within = self._place("at " + node.id)
            for place in comes:
                self._move([place], [within])
            if node.kind == "exclusiveGateway" or (
                node.kind == "eventBasedGateway" and node.event_gateway_type != "Parallel"
            ):
                for place in goes:
                    self._move([within], [place])
            else:
                self._move([within], goes, again=node.completion_quantity > 1)
            for boundary in scope.boundaries.get(node.id, ()):
                if any(d.kind == "compensate" for d in boundary.definitions):
                    continue
                stays = [] if boundary.interrupting else [within]
                self._move([within], [*stays, *self._out(scope, boundary, catches)])

    def _out(self, scope: m.Scope, node: m.Node, catches: dict[str, str]) -> list[int]:
        found = [self._place("flow " + f.id) for f in scope.out_of(node)]
        if node.kind == "intermediateThrowEvent":
            links = [catches[d.link] for d in node.definitions if d.kind == "link" and d.link in catches]
            found += [self._place("to " + target) for target in links]
        return found

    def _move(self, before: list[int], after: list[int], again: bool = False) -> None:
        if before and after:
            self._moves.append((before, after))
            if again:  # it puts more than one token on each
                self._moves.append((before, [*before, *after]))

    # -------- the relation

    def _begin(self, roots: list[int]) -> None:
        bits = sum(1 << place for place in roots)
        for place in roots:
            self._marked[place] = True
            self._with[place] |= bits & ~(1 << place)

    def _settle(self) -> None:
        """The least relation that holds the beginning and is closed under every move."""
        out_of: dict[int, list[int]] = {}
        for n, (before, _) in enumerate(self._moves):
            for place in before:
                out_of.setdefault(place, []).append(n)
        waiting, queued = deque(range(len(self._moves))), set(range(len(self._moves)))
        while waiting:
            n = waiting.popleft()
            queued.discard(n)
            before, after = self._moves[n]
            if not self._enabled(before):
                continue
            beside = -1
            for place in before:
                beside &= self._with[place]
            for place in self._fire(after, beside):
                for follower in out_of.get(place, ()):
                    if follower not in queued:
                        queued.add(follower)
                        waiting.append(follower)

    def _enabled(self, before: list[int]) -> bool:
        return all(self._marked[p] for p in before) and all(
            self._with[one] >> other & 1 for n, one in enumerate(before) for other in before[n + 1 :]
        )

    def _fire(self, after: list[int], beside: int) -> set[int]:
        """Mark `after`, each beside the others and beside what stood beside all that was before. Which changed."""
        changed: set[int] = set()
        all_after = sum(1 << place for place in after)
        for place in after:
            new = (beside | (all_after & ~(1 << place))) & ~self._with[place]
            if not self._marked[place]:
                self._marked[place] = True
                changed.add(place)
            if new:
                self._with[place] |= new
                changed.add(place)
                while new:
                    other = (new & -new).bit_length() - 1
                    new &= new - 1
                    if not self._with[other] >> place & 1:
                        self._with[other] |= 1 << place
                        changed.add(other)
        return changed
