"""`yizhan tck DIR`: runs test cases laid out as the DMN Technology Compatibility Kit lays them out.

DIR holds folders with a .dmn file and *-test-*.xml files, at any depth; DIR may be one such folder itself. A test case
passes when all its result nodes are as expected; numbers may differ by 0.00000001, as in the kit's own runners.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from lxml import etree

TOLERANCE = Decimal("0.00000001")
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@click.command("tck")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON / 输出 JSON")
def command(directory: Path, as_json: bool) -> None:
    """Run DMN TCK test cases / 运行 DMN TCK 测试用例."""
    report = run(directory, now=datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for failure in report["failures"]:
            click.echo(
                f"{failure['folder']} {failure['case']} {failure['result_node']}: "
                f"应为 expected {failure['expected']} 实为 got {failure['got']} {' | '.join(failure['warnings'][:2])}"
            )
        click.echo(f"通过 passed {report['passed']} / {report['total']}")
    sys.exit(0 if report["passed"] == report["total"] else 1)


def run(directory: Path, *, now: datetime) -> dict[str, Any]:
    """`{"passed", "total", "failures"}` over every test case under a directory. `now`: aware, for now() and today()."""
    passed = total = 0
    failures: list[dict[str, Any]] = []
    for file in sorted(directory.rglob("*.xml")):
        for case in _cases(file, now):
            total += 1
            if case:
                failures += case
            else:
                passed += 1
    return {"passed": passed, "total": total, "failures": failures}


def _cases(file: Path, now: datetime) -> list[list[dict[str, Any]]]:
    """The failures of each test case of a file: none for one that passes."""
    from engine import dmn, feel

    root = _parse(file.read_bytes())
    if root is None or etree.QName(root).localname != "testCases":
        return []
    folder = file.parent
    named = next((_text(child) for child in _children(root, "modelName")), "")
    path = folder / Path(named).name
    sources = {other.name: other.read_bytes() for other in sorted(folder.glob("*.dmn"))}
    source = sources.pop(path.name, b"")
    model = dmn.load(source, sources, filename=path.name)
    found: list[list[dict[str, Any]]] = []
    for case in _children(root, "testCase"):
        inputs: dict[str, Any] = {}
        for node in _children(case, "inputNode"):
            space = node.get("namespace")
            inputs[f"{{{space}}}{node.get('name')}" if space else node.get("name") or ""] = value_of(node)
        failures: list[dict[str, Any]] = []
        for node in _children(case, "resultNode"):
            name = node.get("name") or ""
            expected = value_of(next(_children(node, "expected"), node))
            env = feel.Env(now=now)
            asked = name
            if case.get("type") in ("decisionService", "bkm"):
                asked = case.get("invocableName") or name
            got: Any = None
            notes: list[str] = []
            try:
                result = model.evaluate(asked, inputs, env, strict=True)
                got = result.value
                notes = [warning.en for warning in result.warnings]
                if asked != name and isinstance(got, dict) and name in got and not same(expected, got):
                    got = got[name]
            except Exception as error:  # whatever goes wrong is a failure of the case, and the run goes on
                notes = [f"{type(error).__name__}: {error}"]
                ok = False
            else:
                ok = same(expected, got)
            if not ok:
                failures.append(
                    {
                        "folder": folder.name,
                        "test": file.name,
                        "case": case.get("id") or "",
                        "result_node": name,
                        "expected": _shown(expected),
                        "got": _shown(got),
                        "warnings": notes,
                    }
                )
        found.append(failures)
    return found


def _parse(source: bytes) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError:
        return None
    return None if root.getroottree().docinfo.internalDTD is not None else root


def _children(node: etree._Element, tag: str) -> Any:
    return (child for child in node if isinstance(child.tag, str) and etree.QName(child).localname == tag)


def _text(node: etree._Element) -> str:
    return "".join(str(part) for part in node.itertext())


def value_of(node: etree._Element) -> Any:
    """The FEEL value under an inputNode, expected, item or component."""
    for child in node:
        if not isinstance(child.tag, str):
            continue
        tag = etree.QName(child).localname
        if tag == "value":
            return _single(child)
        if tag == "list":
            if child.get(NIL) in ("true", "1"):
                return None
            return [value_of(item) for item in _children(child, "item")]
        if tag == "component":
            return {part.get("name") or "": value_of(part) for part in _children(node, "component")}
    return None


def _single(node: etree._Element) -> Any:
    from engine.feel import dates

    if node.get(NIL) in ("true", "1"):
        return None
    text = _text(node)
    kind = (node.get(TYPE) or "").rpartition(":")[2]
    bare = text.strip()
    if kind in ("decimal", "double", "float", "integer", "int", "long", "short", "byte", "nonNegativeInteger"):
        try:
            number = Decimal(bare)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    if kind == "boolean":
        return bare in ("true", "1")
    if kind == "date":
        return dates.parse_date(bare)
    if kind == "time":
        return dates.parse_time(bare)
    if kind == "dateTime":
        return dates.parse_datetime(bare)
    if kind in ("duration", "dayTimeDuration", "yearMonthDuration"):
        return dates.parse_duration(bare)
    return text


def same(expected: Any, got: Any) -> bool:
    """Whether a result is as expected."""
    from engine.feel import values

    if isinstance(expected, Decimal) and isinstance(got, Decimal):
        return abs(expected - got) < TOLERANCE
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(same(one, other) for one, other in zip(expected, got, strict=True))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(value, got[name]) for name, value in expected.items())
    return values.equal(expected, got) is True


def _shown(value: Any) -> str:
    from engine.feel import values

    return values.text_of(value, None, True)
