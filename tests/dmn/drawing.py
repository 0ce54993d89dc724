"""Writes DMN files for the tests: small texts instead of XML by hand."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

SPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(*parts: str, namespace: str = "test", name: str = "测试", space: str = SPACE) -> bytes:
    """A file of the parts."""
    body = "\n".join(parts)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="{space}" name={quoteattr(name)} id="defs" '
        f"namespace={quoteattr(namespace)}>\n{body}\n</definitions>"
    ).encode()


def typed(type_ref: str) -> str:
    return f" typeRef={quoteattr(type_ref)}" if type_ref else ""


def given(name: str, type_ref: str = "", id: str = "") -> str:
    """An input data."""
    return (
        f"<inputData name={quoteattr(name)} id={quoteattr(id or 'i_' + name)}>"
        f"<variable name={quoteattr(name)}{typed(type_ref)}/></inputData>"
    )


def literal(text: str, type_ref: str = "") -> str:
    return f"<literalExpression{typed(type_ref)}><text>{escape(text)}</text></literalExpression>"


def decision(
    name: str, logic: str, type_ref: str = "", needs: Sequence[str] = (), knows: Sequence[str] = (), id: str = ""
) -> str:
    """A decision. `needs`: ids prefixed i_ (input) or d_ (decision), or whole hrefs; `knows`: the same of knowledge."""
    information = "".join(
        f"<informationRequirement><{'requiredInput' if '#i_' in href else 'requiredDecision'} href={quoteattr(href)}/>"
        "</informationRequirement>"
        for href in (need if "#" in need else f"#{need}" for need in needs)
    )
    knowledge = "".join(
        f"<knowledgeRequirement><requiredKnowledge href={quoteattr(href)}/></knowledgeRequirement>"
        for href in (need if "#" in need else f"#{need}" for need in knows)
    )
    return (
        f"<decision name={quoteattr(name)} id={quoteattr(id or 'd_' + name)}>"
        f"<variable name={quoteattr(name)}{typed(type_ref)}/>{information}{knowledge}{logic}</decision>"
    )


def knowledge(
    name: str, parameters: Sequence[tuple[str, str]], body: str, type_ref: str = "", knows: Sequence[str] = ()
) -> str:
    """A business knowledge model."""
    formal = "".join(f"<formalParameter name={quoteattr(n)}{typed(t)}/>" for n, t in parameters)
    needs = "".join(
        f"<knowledgeRequirement><requiredKnowledge href={quoteattr('#' + need)}/></knowledgeRequirement>"
        for need in knows
    )
    return (
        f"<businessKnowledgeModel name={quoteattr(name)} id={quoteattr('b_' + name)}>"
        f"<variable name={quoteattr(name)}{typed(type_ref)}/>"
        f"<encapsulatedLogic>{formal}{body}</encapsulatedLogic>{needs}</businessKnowledgeModel>"
    )


def table(
    inputs: Sequence[tuple[str, str] | tuple[str, str, str]],
    rules: Sequence[tuple[Sequence[str], Sequence[str]]],
    *,
    outputs: Sequence[tuple[str, str] | tuple[str, str, str]] = (("", ""),),
    policy: str = "UNIQUE",
    aggregation: str = "",
    defaults: Sequence[str] = (),
) -> str:
    """A decision table. An input is (expression, type, allowed values?), an output (name, type, values?)."""
    out = [
        f'<decisionTable id="table" hitPolicy={quoteattr(policy)}'
        + (f' aggregation="{aggregation}"' if aggregation else "")
        + ">"
    ]
    for expression, type_ref, *allowed in inputs:
        values = f"<inputValues><text>{escape(allowed[0])}</text></inputValues>" if allowed and allowed[0] else ""
        out.append(
            f"<input label={quoteattr(expression)}><inputExpression{typed(type_ref)}>"
            f"<text>{escape(expression)}</text></inputExpression>{values}</input>"
        )
    for number, (name, type_ref, *allowed) in enumerate(outputs):
        values = f"<outputValues><text>{escape(allowed[0])}</text></outputValues>" if allowed and allowed[0] else ""
        default = (
            f"<defaultOutputEntry><text>{escape(defaults[number])}</text></defaultOutputEntry>" if defaults else ""
        )
        named = f" name={quoteattr(name)}" if name else ""
        out.append(f"<output{named}{typed(type_ref)}>{values}{default}</output>")
    for number, (tests, results) in enumerate(rules, 1):
        cells = "".join(f"<inputEntry><text>{escape(test)}</text></inputEntry>" for test in tests)
        cells += "".join(f"<outputEntry><text>{escape(result)}</text></outputEntry>" for result in results)
        out.append(f'<rule id="r{number}">{cells}</rule>')
    out.append("</decisionTable>")
    return "".join(out)


def context(*entries: tuple[str, str] | tuple[str, str, str]) -> str:
    """A boxed context of (name, expression, type?). An empty name is the result cell."""
    out = []
    for name, body, *type_ref in entries:
        variable = f"<variable name={quoteattr(name)}{typed(type_ref[0] if type_ref else '')}/>" if name else ""
        out.append(f"<contextEntry>{variable}{body}</contextEntry>")
    return f"<context>{''.join(out)}</context>"


def service(
    name: str,
    outputs: Sequence[str],
    encapsulated: Sequence[str] = (),
    decisions: Sequence[str] = (),
    data: Sequence[str] = (),
) -> str:
    """A decision service over ids."""

    def refs(tag: str, ids: Sequence[str]) -> str:
        return "".join(f"<{tag} href={quoteattr('#' + one)}/>" for one in ids)

    return (
        f"<decisionService name={quoteattr(name)} id={quoteattr('s_' + name)}><variable name={quoteattr(name)}/>"
        + refs("outputDecision", outputs)
        + refs("encapsulatedDecision", encapsulated)
        + refs("inputDecision", decisions)
        + refs("inputData", data)
        + "</decisionService>"
    )
