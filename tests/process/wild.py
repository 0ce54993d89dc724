"""Random drawings of every kind of node, joined at random: most are nonsense, none may crash the engine."""

from __future__ import annotations

from random import Random

from .drawing import draw

NODES = [
    "task",
    "user",
    "script",
    "service",
    "receive",
    "send",
    "xor",
    "and",
    "or",
    "complex",
    "event",
    "throw",
    "catch",
    "sub",
    "transaction",
    "adhoc",
    "sub",
]
TRIGGERS = (
    "signal:S",
    "message:M",
    "timer:PT1H",
    "cycle:R2/PT1H",
    "condition:= n > 2",
    "error:E",
    "escalation:F",
    "signal:S + message:M",
    "signal:S + timer:PT2H &",
)
THROWN = ("signal:S", "message:M", "escalation:F", "compensate", "link:L")
CAUGHT = ("signal:S", "message:M", "timer:PT1H", "condition:= n > 2", "link:L", "signal:S + message:M &")
ENDS = ("", "", "", "terminate", "error:E", "escalation:F", "signal:S", "message:M", "compensate")
MULTI = (
    ' <multiInstanceLoopCharacteristics isSequential="{0}"><loopCardinality>{1}</loopCardinality>'
    "</multiInstanceLoopCharacteristics>"
)


def wild(seed: int) -> bytes:
    return draw(*_Scope(Random(seed), [0]).lines(0, ""))


class _Scope:
    def __init__(self, dice: Random, count: list[int]) -> None:
        self.dice, self.count = dice, count

    def id(self, stem: str) -> str:
        self.count[0] += 1
        return f"{stem}{self.count[0]}"

    def lines(self, depth: int, kind: str) -> list[str]:
        dice, lines = self.dice, list[str]()
        nodes = [self.id("start")]
        lines.append(f"start {nodes[0]}")
        hosts: list[str] = []
        for _ in range(dice.randint(1, 6)):
            what = dice.choice(NODES)
            nodes.append(id := self.id(what))
            lines += self.node(what, id, depth)
            if what not in ("xor", "and", "or", "complex", "event", "throw", "catch"):
                hosts.append(id)
        ends = [self.id("end") for _ in range(dice.randint(1, 2))]
        lines += [f"end {e} {dice.choice((*ENDS, 'cancel') if kind == 'transaction' else ENDS)}" for e in ends]
        outs = nodes + self.boundaries(hosts, lines)
        lines += [f"{a} > {b}" for a, b in zip(nodes, [*nodes[1:], ends[0]], strict=True)]
        for out in [*outs[len(nodes) :], *dice.choices(outs, k=dice.randint(0, 4))]:
            lines.append(f"{out} > {dice.choice([*nodes[1:], *ends])}{dice.choice(['', ' [n > 1]', ' [n < 3]', ' *'])}")
        if dice.random() < 0.3:
            sub, start, inner = self.id("eventsub"), self.id("start"), self.id("user")
            gentle = dice.choice(["", " !"])
            lines += [
                f"eventsub {sub} {{",
                f"start {start} {dice.choice(TRIGGERS)}{gentle}",
                f"user {inner}",
                f"{start} > {inner}",
                "}",
            ]
        return lines

    def node(self, what: str, id: str, depth: int) -> list[str]:
        dice = self.dice
        if what in ("sub", "transaction", "adhoc"):
            if depth >= 2:
                return [f"task {id}"]
            return [f"{what} {id} {{", *self.lines(depth + 1, what), "}"]
        said = {
            "script": "= n + 1 -> n",
            "receive": "M",
            "send": "M",
            "complex": f"activationCount >= {dice.randint(1, 2)}",
            "throw": dice.choice(THROWN),
            "catch": dice.choice(CAUGHT),
        }
        lines = [f"{what} {id} {said.get(what, '')}".strip()]
        if what in ("task", "user", "script") and dice.random() < 0.25:
            lines.append(MULTI.format(dice.choice(["true", "false"]), dice.randint(0, 3)))
        return lines

    def boundaries(self, hosts: list[str], lines: list[str]) -> list[str]:
        made = []
        for host in hosts:
            if self.dice.random() > 0.35:
                continue
            id, trigger = self.id("on"), self.dice.choice((*TRIGGERS, "compensate", "cancel"))
            if trigger == "compensate":
                undo = self.id("undo")
                lines += [f"on {id} {host} compensate", f'task {undo} isForCompensation="true"', f"undo {id} {undo}"]
                continue
            gentle = " !" if trigger not in ("error:E", "cancel") and self.dice.random() < 0.4 else ""
            lines.append(f"on {id} {host} {trigger}{gentle}")
            made.append(id)
        return made
