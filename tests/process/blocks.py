"""Random drawings that look like real ones: blocks in blocks, and now and then the mistake people make.

Sequences, exclusive, inclusive and parallel blocks, loops, sub-processes, ad-hoc ones, multi-instances, boundary events
and undoing. The mistakes: a block joined by another kind of gateway than split it, a branch that ends before the join.
"""

from __future__ import annotations

from random import Random

from .drawing import draw, many

CONDITIONS = ("n > 1", "n < 3", "n = 2", "m > n", "true", "false")
BOUNDARIES = ("timer:PT1H", "message:M", "signal:S", "error:E", "condition:= n > 3", "escalation:F", "cycle:R2/PT1H")
STARTS = ("timer:PT3H", "message:M", "signal:S", "error:E", "condition:= n > 3", "escalation:F")


def blocks(seed: int) -> bytes:
    dice = Random(seed)
    lines = ["start s", "end e"]
    first, last = _Blocks(dice, lines, []).several(dice.randint(3, 7))
    return draw(*lines, f"s > {first}", f"{last} > e")


class _Blocks:
    """Adds parts to `lines`; each part is (its first node, its last)."""

    def __init__(self, dice: Random, lines: list[str], count: list[int], depth: int = 0) -> None:
        self.dice, self.lines, self.count, self.depth = dice, lines, count, depth

    def id(self, stem: str) -> str:
        self.count.append(0)
        return f"{stem}{len(self.count)}"

    def several(self, parts: int) -> tuple[str, str]:
        first, last = self.part(parts)
        while parts > 1 and self.dice.random() < 0.6:
            parts -= 1
            start, end = self.part(parts)
            self.lines.append(f"{last} > {start}")
            last = end
        return first, last

    def part(self, size: int) -> tuple[str, str]:
        kinds = ["user", "task", "event", "many", "service"]
        if size > 1:
            kinds += ["and", "or", "xor", "and", "loop", "undo", "gate"]
            if self.depth < 2:
                kinds += ["sub", "adhoc", "transaction"]
        kind = self.dice.choice(kinds)
        made: tuple[str, str] = getattr(self, "_" + kind)(size)
        return made

    # -------- leaves

    def _user(self, size: int) -> tuple[str, str]:
        id = self.id("user")
        self.lines.append(f"user {id}")
        self.boundary(id)
        return id, id

    def _task(self, size: int) -> tuple[str, str]:
        id = self.id("script")
        self.lines.append(f"script {id} = n + 1 -> {self.dice.choice('nm')}")
        return id, id

    def _service(self, size: int) -> tuple[str, str]:
        id = self.id("service")
        self.lines.append(f"service {id}")
        self.boundary(id)
        return id, id

    def _event(self, size: int) -> tuple[str, str]:
        id = self.id("catch")
        what = self.dice.choice(
            ("timer:PT1H", "message:M", "signal:S", "condition:= n > 2", "date:2026-05-01T00:00:00")
        )
        self.lines.append(f"catch {id} {what}")
        return id, id

    def _many(self, size: int) -> tuple[str, str]:
        id, dice = self.id("many"), self.dice
        done = dice.choice(["", "", "= numberOfCompletedInstances > 1", "= n > m"])
        self.lines += [f"user {id}", many("= [1, 2, 3]", "x", "all", "= x", done, sequential=dice.random() < 0.5)]
        self.boundary(id)
        return id, id

    # -------- blocks

    def _split(self, kind: str, size: int) -> tuple[str, str]:
        dice, split, join = self.dice, self.id("split"), self.id("join")
        joined = kind if dice.random() < 0.7 else dice.choice(["and", "or", "xor", "complex"])
        condition = f" activationCount >= {dice.randint(1, 3)}" if joined == "complex" else ""
        self.lines += [f"{kind} {split}", f"{joined} {join}{condition}"]
        branches = dice.randint(2, 3)
        for branch in range(branches):
            first, last = self.several(max(1, size // branches))
            word = "" if kind == "and" else (" *" if branch == branches - 1 else f" [{dice.choice(CONDITIONS)}]")
            self.lines.append(f"{split} > {first}{word}")
            if branch and dice.random() < 0.12:
                ended = self.id("ended")
                self.lines += [f"end {ended}", f"{last} > {ended}"]
            else:
                self.lines.append(f"{last} > {join}")
        return split, join

    def _and(self, size: int) -> tuple[str, str]:
        return self._split("and", size)

    def _or(self, size: int) -> tuple[str, str]:
        return self._split("or", size)

    def _xor(self, size: int) -> tuple[str, str]:
        return self._split("xor", size)

    def _gate(self, size: int) -> tuple[str, str]:
        gate, merge = self.id("gate"), self.id("merge")
        self.lines += [f"event {gate}", f"xor {merge}"]
        for what in ("timer:PT2H", "message:M"):
            id = self.id("caught")
            self.lines += [f"catch {id} {what}", f"{gate} > {id}"]
            first, last = self.several(1)
            self.lines += [f"{id} > {first}", f"{last} > {merge}"]
        return gate, merge

    def _loop(self, size: int) -> tuple[str, str]:
        merge, again, up, out = self.id("merge"), self.id("again"), self.id("up"), self.id("out")
        self.lines += [f"xor {merge}", f"script {up} = n + 1 -> n", f"xor {again}", f"task {out}"]
        first, last = self.several(size - 1)
        self.lines += [
            f"{merge} > {first}",
            f"{last} > {up} > {again}",
            f"{again} > {merge} [n < 4]",
            f"{again} > {out} *",
        ]
        return merge, out

    def _undo(self, size: int) -> tuple[str, str]:
        done, undo, on = self.id("user"), self.id("undo"), self.id("on")
        kind = self.dice.choice(["task", "user"])
        self.lines += [f"user {done}", f"on {on} {done} compensate", f'{kind} {undo} isForCompensation="true"']
        self.lines += [f"undo {on} {undo}"]
        first, last = self.several(1)
        choice, throw, merge = self.id("xor"), self.id("throw"), self.id("merge")
        self.lines += [f"xor {choice}", f"throw {throw} compensate", f"xor {merge}", f"{done} > {first}"]
        self.lines += [
            f"{last} > {choice}",
            f"{choice} > {throw} [n > 1]",
            f"{throw} > {merge}",
            f"{choice} > {merge} *",
        ]
        return done, merge

    def _within(self, head: str, size: int, *, start: bool = True) -> tuple[str, str]:
        dice, inner = self.dice, _Blocks(self.dice, [], self.count, self.depth + 1)
        id = self.id(head.split()[0])
        first, last = inner.several(size - 1)
        if start:
            begin, end = self.id("start"), self.id("end")
            inner.lines += [f"start {begin}", f"{begin} > {first}", f"end {end}", f"{last} > {end}"]
        else:
            inner.several(1)
        if start and dice.random() < 0.4:
            sub, event, then = self.id("eventsub"), self.id("start"), self.id("user")
            gentle = dice.choice(["", " !"])
            what = dice.choice(STARTS)
            gentle = "" if what.startswith("error") else gentle
            inner.lines += [
                f"eventsub {sub} {{",
                f"start {event} {what}{gentle}",
                f"user {then}",
                f"{event} > {then}",
                "}",
            ]
        name, _, more = head.partition(" ")
        self.lines += [f"{name} {id} {more + ' ' if more else ''}{{", *inner.lines, "}"]
        self.boundary(id)
        return id, id

    def _sub(self, size: int) -> tuple[str, str]:
        return self._within("sub", size)

    def _transaction(self, size: int) -> tuple[str, str]:
        return self._within("transaction", size)

    def _adhoc(self, size: int) -> tuple[str, str]:
        order = self.dice.choice(["", ' ordering="Sequential"'])
        return self._within("adhoc" + order, size, start=False)

    def boundary(self, host: str) -> None:
        if self.dice.random() > 0.3:
            return
        what, id = self.dice.choice(BOUNDARIES), self.id("on")
        gentle = " !" if not what.startswith("error") and self.dice.random() < 0.5 else ""
        first, last = self.several(1)
        self.lines += [f"on {id} {host} {what}{gentle}", f"{id} > {first}"]
        if self.dice.random() < 0.5:
            end = self.id("end")
            self.lines += [f"end {end} {self.dice.choice(['', '', '', 'terminate', 'compensate'])}", f"{last} > {end}"]
