"""On any bytes at all the check answers with findings."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.findings import Finding
from engine.forms import lint as form_lint
from engine.process import check
from engine.process.language import model
from engine.process.language.dialect import ELEMENTS

from .drawing import file, process

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
SEEDS = [p.read_bytes() for p in CORPUS if p.suffix == ".bpmn" and p.stat().st_size]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def answered(data: bytes) -> list[Finding]:
    findings = check({"a.bpmn": data})
    assert isinstance(findings, list)
    for finding in findings:
        assert finding.rule != "check-failed", finding.message_en
        assert finding.message_zh and finding.message_en and finding.severity in ("error", "warning")
        json.dumps(finding.as_json())
    return findings


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.name)
def test_the_corpus_is_answered(path):
    data = path.read_bytes()
    if path.suffix == ".form":
        assert form_lint.check(data, path.name)
    else:
        assert answered(data) or path.stem == "everything"  # the one that is right


@QUICK
@given(st.binary(max_size=400))
def test_random_bytes_are_answered(data):
    assert any(f.severity == "error" for f in answered(data))


@QUICK
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "components",
                        "key",
                        "type",
                        "conditional",
                        "hide",
                        "path",
                        "validate",
                        "pattern",
                        "properties",
                        "expression",
                    ]
                ),
                x,
            )
        ),
    ).map(lambda x: json.dumps({"id": "a", "components": [x, {"type": "group", "components": x}]}).encode())
)
def test_any_form_is_answered(data):
    assert isinstance(form_lint.check(data, "a.form"), list)


@QUICK
@given(st.integers(0, 10**9))
def test_a_mutated_file_is_answered(seed):
    chance = random.Random(seed)
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 6)):
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        to = min(to, at + 200)
        how = chance.randrange(4)
        if how == 0:
            del data[at:to]
        elif how == 1:
            data[at:at] = data[at:to]
        elif how == 2 and data:
            data[at % len(data)] = chance.randrange(256)
        else:
            other = chance.choice(SEEDS)
            start = chance.randrange(len(other))
            data[at:to] = other[start : start + 200]
    answered(bytes(data))


@QUICK
@given(st.integers(0, 10**9))
def test_random_structures_are_answered(seed):
    """Well-formed drawings without sense: any element in any other, references to anything."""
    chance = random.Random(seed)
    ids = [f"e{i}" for i in range(12)] + ["", "中文", "no such"]
    names = (
        sorted(ELEMENTS) + sorted(model.NODES) * 3 + ["sequenceFlow"] * 40 + ["incoming", "timeDuration", "condition"]
    )
    attributes = [
        "sourceRef",
        "targetRef",
        "attachedToRef",
        "default",
        "messageRef",
        "signalRef",
        "errorRef",
        "escalationRef",
        "activityRef",
        "calledElement",
        "processRef",
        "operationRef",
        "dataObjectRef",
        "itemSubjectRef",
        "noneBehaviorEventRef",
    ]
    flags = [
        "isExecutable",
        "triggeredByEvent",
        "isForCompensation",
        "parallelMultiple",
        "cancelActivity",
        "isInterrupting",
        "instantiate",
    ]
    texts = ["= a", "=", "${x}", "PT1S", "e1", "", "= 1 +", "R3/PT1S", "=loopCounter > 2"]

    def element(depth: int) -> str:
        name = chance.choice(names)
        said = "".join(f' {a}="{chance.choice(ids)}"' for a in attributes if chance.random() < 0.25)
        said += "".join(f' {a}="{chance.choice(["true", "false", "x"])}"' for a in flags if chance.random() < 0.2)
        if chance.random() < 0.9:
            said += f' id="{chance.choice(ids)}"'
        inner = "".join(element(depth + 1) for _ in range(chance.randrange(5))) if depth < 4 else ""
        if chance.random() < 0.2:
            inner += (
                "<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection='=a'/><zeebe:script "
                "expression='=b'/>"
                "<zeebe:ioMapping><zeebe:input source='=c' target='d'/><zeebe:output source='e' target=''/>"
                "</zeebe:ioMapping>"
                "</bpmn:extensionElements>"
            )
        return f"<bpmn:{name}{said}>{inner}{chance.choice(texts).replace('<', '&lt;')}</bpmn:{name}>"

    body = "".join(element(0) for _ in range(8))
    answered(file(body))
    answered(process(body.replace("bpmn:", "")))


def test_five_megabytes_and_two_thousand_elements_take_less_than_three_seconds():
    """CPU time, so that neighbours on the machine do not matter."""
    import time

    parts = ['<startEvent id="s"/><flow s t0/>']
    for i in range(0, 1000, 2):
        parts.append(
            f'<userTask id="t{i}" name="第 {i} 步"><documentation>{"说明" * 700}</documentation><extensionElements>'
            '<zeebe:assignmentDefinition candidateGroups="clerk"/><zeebe:ioMapping><zeebe:input source="=a + '
            f'{i}" target="b"/>'
            f'</zeebe:ioMapping></extensionElements></userTask><exclusiveGateway id="t{i + 1}" '
            f'default="t{i + 1}_t{i + 2}"/>'
            f"<flow t{i} t{i + 1}/><flow t{i + 1} t{i + 2}/><flow t{i + 1} t{max(0, i - 4)} when='=x > {i}'/>"
        )
    parts.append('<endEvent id="t1000"/>')
    data = process("".join(parts))
    data = data.replace(b"</bpmn:definitions>", b"<!-- " + b"x" * (5_000_000 - len(data)) + b" --></bpmn:definitions>")
    assert len(data) > 5_000_000
    before = time.process_time()
    findings = check({"a.bpmn": data})
    used = time.process_time() - before
    assert not [f for f in findings if f.severity == "error"], findings[:3]
    assert used < 3, used
