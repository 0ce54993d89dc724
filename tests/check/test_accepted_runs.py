"""What the check accepts, the engine runs: random drawings, each walked until it rests.

An accepted drawing may end in an incident (a case that stops with its cause told); it may not raise, and it may not
stand still with nothing to wait for, unless the check has warned of the deadlock.
"""

import random
from datetime import UTC, datetime

import pytest

from engine import process
from engine.process import Complete, Deliver, Fire, Signal, Start, check
from engine.process.load import RUNS

from .drawing import file, short

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE = (
    '<message id="m" name="m"/><signal id="g" name="g"/><error id="e" errorCode="E"/><escalation id="c" '
    'escalationCode="C"/>'
)
CALLED = '<process id="q" isExecutable="true"><startEvent id="qs"/></process>'
TIMER = "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>"
COMING = [TIMER, '<messageEventDefinition messageRef="m"/>', '<signalEventDefinition signalRef="g"/>']
INSIDE = ["<errorEventDefinition/>", "<escalationEventDefinition/>"]
THROWN = [
    *["", ""],
    '<errorEventDefinition errorRef="e"/>',
    '<escalationEventDefinition escalationRef="c"/>',
    "<terminateEventDefinition/>",
    '<signalEventDefinition signalRef="g"/>',
    "<compensateEventDefinition/>",
    "<cancelEventDefinition/>",
    '<messageEventDefinition messageRef="m"/>',
]
LOOPS = [
    *[""] * 8,
    (
        '<standardLoopCharacteristics loopMaximum="2"><loopCondition>=loopCounter &lt; 2</loopCondition>'
        "</standardLoopCharacteristics>"
    ),
    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
    '<multiInstanceLoopCharacteristics isSequential="true"><extensionElements><zeebe:loopCharacteristics '
    'inputCollection="=[1,2]" inputElement="i" outputCollection="r" outputElement="=i"/></extensionElements>'
    "</multiInstanceLoopCharacteristics>",
]
WORK = {
    "scriptTask": '<extensionElements><zeebe:script expression="=1" resultVariable="x"/></extensionElements>',
    "serviceTask": '<extensionElements><zeebe:taskDefinition type="test.work"/></extensionElements>',
    "task": "",
    "userTask": "",
    "manualTask": "",
    "receiveTask": "",
    "callActivity": "",
}
OTHERS = [
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "complexGateway",
    "eventBasedGateway",
    "catch",
    "endEvent",
]
HOLDERS = ["subProcess", "transaction", "adHocSubProcess", "event", "boundary"]


def random_content(chance: random.Random, name: str, depth: int = 0) -> str:
    """The inside of a process or sub-process; element ids begin with `name`."""
    drawn, begins, nodes, defaults = [], [], [], []
    if chance.random() < 0.9 or not depth:
        drawn.append(f'<startEvent id="{name}s"/>')
        begins.append(name + "s")
    for i in range(chance.randrange(2, 8)):
        id, kind = f"{name}n{i}", chance.choice([*WORK, *OTHERS, *HOLDERS])
        loop = chance.choice(LOOPS)
        if kind in WORK:
            said = (
                ' messageRef="m"' if kind == "receiveTask" else ' calledElement="q"' if kind == "callActivity" else ""
            )
            drawn.append(f'<{kind} id="{id}"{said}>{WORK[kind]}{loop}</{kind}>')
        elif kind == "catch":
            drawn.append(f'<intermediateCatchEvent id="{id}">{chance.choice(COMING)}</intermediateCatchEvent>')
        elif kind == "endEvent":
            drawn.append(f'<endEvent id="{id}">{chance.choice(THROWN)}</endEvent>')
        elif kind in OTHERS:
            drawn.append(f'<{kind} id="{id}" {{{id}}}/>')
            defaults.append(id)
        elif kind == "boundary":
            if nodes:
                how = chance.choice(["true", "false"])
                trigger = chance.choice([*COMING, *INSIDE, "<cancelEventDefinition/>"])
                on = chance.choice(nodes)
                drawn.append(
                    f'<boundaryEvent id="{id}" attachedToRef="{on}" cancelActivity="{how}">{trigger}</boundaryEvent>'
                )
                begins.append(id)
            continue
        elif depth > 1:
            continue
        elif kind == "event":
            trigger = chance.choice([*COMING, *INSIDE, "<compensateEventDefinition/>"])
            drawn.append(
                f'<subProcess id="{id}" triggeredByEvent="true"><startEvent id="{id}s" isInterrupting='
                f'"{chance.choice(["true", "false"])}">{trigger}</startEvent><task id="{id}t"/><flow {id}s '
                f"{id}t/></subProcess>"
            )
            continue
        elif kind == "adHocSubProcess":
            order = chance.choice(["Parallel", "Sequential"])
            drawn.append(
                f'<{kind} id="{id}" ordering="{order}"><task id="{id}a"/><userTask id="{id}b"/>{loop}</{kind}>'
            )
        else:
            drawn.append(f'<{kind} id="{id}">{random_content(chance, id, depth + 1)}{loop}</{kind}>')
        nodes.append(id)
    flows = {}
    for id in nodes:
        flows.setdefault((chance.choice([n for n in begins + nodes if n != id] or nodes), id))
    for _ in range(chance.randrange(3)):
        if nodes:
            flows.setdefault((chance.choice(begins + nodes), chance.choice(nodes)))
    body = "".join(drawn)
    for id in defaults:
        out = [b for a, b in flows if a == id]
        choice = f'<exclusiveGateway id="{id}"' in body or f'<inclusiveGateway id="{id}"' in body
        body = body.replace(f"{{{id}}}", f'default="{id}_{out[-1]}"' if choice and out else "")
        for target in out:
            flows[id, target] = " when='=x = 1'" if choice and target != out[-1] else ""
    return body + "".join(f"<flow {a} {b}{when or ''}/>" for (a, b), when in flows.items())


@pytest.mark.parametrize("seed", range(0, 240, 60))
def test_what_is_accepted_runs_until_it_rests(seed):
    accepted = 0
    for number in range(seed, seed + 60):
        chance = random.Random(number)
        body = random_content(chance, "p")
        data = file(short(f'{BEFORE}<process id="p" isExecutable="true">{body}</process>{CALLED}'))
        findings = check({"a.bpmn": data})
        assert not [f for f in findings if f.rule == "check-failed"], number
        if any(f.severity == "error" and f.rule not in RUNS for f in findings):
            continue
        accepted += 1
        definition = process.load({"a.bpmn": data}, {})
        now, step = NOW, process.start(definition, Start(process_id="p"), now=NOW, limit=300)
        for _ in range(12):
            if step.finished:
                break
            if step.open_tasks:
                given = Complete(chance.choice(step.open_tasks).id)
            elif step.timers:
                timer = min(step.timers, key=lambda t: t.due)
                now, given = max(now, timer.due), Fire(timer.id)
            elif step.subscriptions:
                waits = chance.choice(step.subscriptions)
                given = Deliver(waits.name) if waits.kind == "message" else Signal(waits.name)
            else:
                assert step.incidents or "deadlock" in {f.rule for f in findings}, number
                break
            step = process.advance(definition, step.state, given, now=now, limit=300)
    assert accepted > 8


def test_a_call_in_a_multi_instance_does_not_bring_back_copies_of_the_loop_s_own_counts():
    """Found by the drawings above: the copies overwrote the counts, and the multi-instance never ended."""
    body = (
        '<startEvent id="s"/><flow s c/><callActivity id="c" calledElement="q"><multiInstanceLoopCharacteristics>'
        '<extensionElements><zeebe:loopCharacteristics inputCollection="=[1,2]" inputElement="i" '
        'outputCollection="all" '
        'outputElement="=i * 10"/></extensionElements></multiInstanceLoopCharacteristics></callActivity>'
    )
    data = file(short(f'<process id="p" isExecutable="true">{body}</process>{CALLED}'))
    step = process.start(process.load({"a.bpmn": data}), Start(process_id="p"), now=NOW)
    assert step.finished and step.variables["all"] == [10, 20]
