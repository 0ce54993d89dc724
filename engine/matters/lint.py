"""A whole matter under the eyes of the linter: its diagrams, decisions and forms, each knowing of the others."""

from __future__ import annotations

from collections.abc import Mapping

from engine import dmn, forms, process
from engine.errors import Refused
from engine.findings import Finding, in_order
from engine.forms import lint as form_lint
from engine.matters.package import BadMatter, _info, read
from engine.process import effects

#: What every case has before its process starts, beside the answers of the application form.
CASE_VARIABLES = frozenset({"case", "matter", "applicant", "agent", "principal", "appointment", "channel"})


def check(name: str, files: Mapping[str, bytes]) -> list[Finding]:
    """Every finding about one matter. `files` as `read_files` gives them. Never raises for what a file holds."""
    findings: list[Finding] = []
    known_forms: dict[str, frozenset[str] | None] = {}
    decisions: set[str] = set()
    imports = {file.rpartition("/")[2]: data for file, data in files.items() if file.endswith(".dmn")}
    for file, data in files.items():
        if file.endswith(".form"):
            findings += form_lint.check(data, file)
            for id in form_lint.ids(data, file):
                known_forms[id] = _keys(data, file)
        elif file.endswith(".dmn"):
            findings += dmn.check(data, file, {n: d for n, d in imports.items() if n != file.rpartition("/")[2]})
            for decision in dmn.load(data).definitions.decisions:
                decisions |= {n for n in (decision.id, decision.name) if n}
    info = _info(name, files, [])
    variables: frozenset[str] | None = None
    if info is not None:
        keys = known_forms.get(info.apply.form)
        variables = CASE_VARIABLES | (keys or frozenset())
    findings += process.check(
        {file: data for file, data in files.items() if file.endswith(".bpmn")},
        forms=known_forms,
        decisions=decisions,
        roles=None if info is None else set(info.groups),
        effects=effects.TYPES,
        variables=variables,
    )
    try:
        read(name, files)
    except BadMatter as bad:
        told = {f.file for f in findings if f.severity == "error"}
        findings += [f for f in bad.findings if f.file not in told]
    return in_order(findings)


def _keys(data: bytes, file: str) -> frozenset[str] | None:
    try:
        return frozenset(forms.load(data, file).keys)
    except Refused:
        return None
