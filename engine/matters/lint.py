"""A whole matter under the eyes of the linter: its diagrams, decisions and forms, each knowing of the others."""

from __future__ import annotations

from collections.abc import Mapping

from engine import dmn, forms, process
from engine.errors import Refused
from engine.findings import Finding, in_order
from engine.forms import lint as form_lint
from engine.matters import english
from engine.matters.info import Matter
from engine.matters.package import BadMatter, _info, read
from engine.process.language import effects
from engine.process.language.read import read as read_diagram
from engine.process.lint.page import label

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
    if info is not None:
        for file, data in files.items():
            if file.endswith(".bpmn"):
                findings += _named_in_matter(file, data, info)
        findings += english.check(name, info, files)
    try:
        read(name, files)
    except BadMatter as bad:
        told = {f.file for f in findings if f.severity == "error"}
        findings += [f for f in bad.findings if f.file not in told]
    return in_order(findings)


def _named_in_matter(file: str, data: bytes, info: Matter) -> list[Finding]:
    """The papers and notices a diagram asks for must stand in matter.yaml."""
    diagram, _ = read_diagram(data, file)
    findings: list[Finding] = []
    for scope in diagram.processes if diagram is not None else ():
        for _, node in scope.walk():
            said = node.extension
            in_zh, in_en = label(node)
            in_en = in_en[:1].upper() + in_en[1:]
            kind, template = said.header("kind"), said.header("template")
            if said.task_type in ("issue-paper", "deliver-paper") and kind and kind not in info.papers:
                zh = f"{in_zh}的文书“{kind}”没有列在 matter.yaml 的 papers 里。请列入，或改正种类。"
                en = f'{in_en} names the paper "{kind}", which is not among the papers of matter.yaml. List it, or mend the kind.'
                findings.append(Finding(file, node.id, node.name, node.line, "paper-missing", "error", zh, en))
            if said.task_type in ("send-notice", "remind") and template and template not in info.notices:
                zh = f"{in_zh}的通知“{template}”在 matter.yaml 的 notices 里没有内容。请补上，或改正名称。"
                en = f'{in_en} sends the notice "{template}", which has no text in matter.yaml. Write it, or mend the name.'
                findings.append(Finding(file, node.id, node.name, node.line, "notice-missing", "error", zh, en))
    return findings


def _keys(data: bytes, file: str) -> frozenset[str] | None:
    try:
        return frozenset(forms.load(data, file).keys)
    except Refused:
        return None
