"""Small diagrams for tests, from one line of BPMN each."""

from engine.findings import Finding
from engine.process import check

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">'
)


def file(body: str) -> bytes:
    """A whole file around what stands in definitions."""
    return f"{HEAD}{body}</bpmn:definitions>".encode()


def short(body: str) -> str:
    """`<task .../>` -> `<bpmn:task .../>`, and <flow a b/> -> a sequence flow from a to b."""
    import re

    body = re.sub(
        r"<flow (\S+) (\S+?)(?: when='([^']*)')?/>",
        lambda f: (
            f'<sequenceFlow id="{f[1]}_{f[2]}" sourceRef="{f[1]}" targetRef="{f[2]}">'
            + (f"<conditionExpression>{f[3]}</conditionExpression>" if f[3] else "")
            + "</sequenceFlow>"
        ),
        body,
    )
    return re.sub(r"<(/?)(?!zeebe:|camunda:|bpmn:)(\w)", r"<\1bpmn:\2", body)


def process(body: str, before: str = "") -> bytes:
    """A file with one executable process of the given content."""
    return file(short(f'{before}<process id="p" name="P" isExecutable="true">{body}</process>'))


def look(body: str, before: str = "", **known) -> list[Finding]:
    """Findings about one process."""
    found = check({"a.bpmn": process(body, before)}, **known)
    assert not [f for f in found if f.rule == "check-failed"], found
    return found


def rules(findings: list[Finding], severity: str | None = None) -> list[tuple[str, str]]:
    """(rule, element) of each, for comparing."""
    return [(f.rule, f.element) for f in findings if severity in (None, f.severity)]
