"""The gate: everything wrong with a matter that can be seen without running it. Pure, and it never raises.

    findings = check(package, county, house)

`package`: a Package, or a Source for files that may hold anything. `county`: the lists of the county; None: what needs
them is one hint. `house`: what runs the matter (engine.commands.gate fills it). `yizhan check`, publishing, the studio
and the tests all call this; `prove` (the stories through the real commands) begins with it.

One file a subject; each is `check(reading, …)` and adds to `reading.findings`:

    people       posts, units, groups, users             notices     names in braces, notices sent
    papers       kinds, places, required facts           form_rules  what forms read, sign and are opened by
    steps        properties, effects, decisions, waits   variables   what FEEL in the diagrams reads
    story_rules  what stories speak of                   tables      en.yaml
    drawings     shapes of the picture, types           twins       one name written in two ways
    inputs       a target that hides what a line below reads
    (clauses: engine/matters/clauses.py reads clauses.yaml and says what is wrong with it)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine import dmn, process
from engine.findings import Finding, in_order
from engine.forms import lint as form_lint
from engine.matters import clauses
from engine.matters.county import County
from engine.matters.gate import (
    declared,
    drawings,
    form_rules,
    inputs,
    keeping,
    notices,
    papers,
    people,
    reading,
    register_steps,
    scope,
    steps,
    story_rules,
    tables,
    taking_part,
    twins,
    variables,
)
from engine.matters.gate.reading import Reading
from engine.matters.house import House
from engine.matters.package import SHARED, BadMatter, Files
from engine.matters.package import read as read_package
from engine.process.language import effects

#: What the lint of diagrams says for files alone, and a rule here says better: with the nearest word, and as an error.
_SAID_HERE = frozenset(
    {
        "unset-variable",
        "role-missing",
        "form-missing",
        "decision-missing",
        "header-unknown",
        "argument-unknown",
        "effect-unknown",
    }
)
#: What is a warning for a file alone, and an error in a matter: nothing but a slip draws so.
_STRICT = frozenset({"dangling-reference", "flow-not-declared", "dmn-variable-name", "header-unknown"})


def check(package: Files, county: County | None = None, house: House | None = None) -> list[Finding]:
    """Every finding about one matter, in order of file and line."""
    name, files = package.name, package.files
    try:
        read = reading.read(name, files, house or House(), county)
    except Exception as fault:  # a fault of the program must not let a matter through, nor stop another
        return [_failed(f"bpmn/{name}/matter.yaml", fault)]
    for rules in (_files, _whole, _english, _readable):
        _guarded(read, rules)
    if county is None:
        zh = "没有给出县的清单，岗位、单位、有没有人担任没有检查（yizhan check --county FILE）。"
        en = "No county was given: posts, units and who holds them were not checked (yizhan check --county FILE)."
        read.of_matter("no-county", zh, en, severity="hint")
    return in_order(read.findings)


def _guarded(read: Reading, rules: Callable[[Reading], None]) -> None:
    try:
        rules(read)
    except Exception as fault:
        read.findings.append(_failed(read.matter.file, fault))


def _failed(file: str, fault: Exception) -> Finding:
    what = f"{type(fault).__name__}: {fault}"[:300]
    zh, en = (
        f"检查程序自身出错（{what}），请报告此文件。",
        f"The check itself failed ({what}). Please report this file.",
    )
    return Finding(file, "", "", 0, "check-failed", "error", zh, en)


def _files(read: Reading) -> None:
    """Each file by itself: forms, decisions, diagrams."""
    decisions: dict[str, bytes] = {f.rpartition("/")[2]: d for f, d in read.files.items() if f.endswith(".dmn")}
    for file, data in read.files.items():
        if file.endswith(".form"):
            read.findings.extend(form_lint.check(data, file))
        elif file.endswith(".dmn"):
            others = {n: d for n, d in decisions.items() if n != file.rpartition("/")[2]}
            read.findings.extend(_strict(f) for f in dmn.check(data, file, others))
    found = process.check(
        {file: data for file, data in read.files.items() if file.endswith(".bpmn")},
        forms={id: frozenset(one.form.keys) for id, one in read.forms.items()},
        decisions=list(read.models),
        roles=None if read.info is None else set(read.info.groups),
        effects=effects.TYPES,
    )
    read.findings.extend(_strict(f) for f in found if f.rule not in _SAID_HERE)


def _strict(finding: Finding) -> Finding:
    return replace(finding, severity="error") if finding.rule in _STRICT else finding


def _whole(read: Reading) -> None:
    """The files together."""
    known = {
        process.id: scope.of_process(read, process)
        for diagram in read.diagrams.values()
        for process in diagram.executable()
    }
    form_rules.of_matter(read)
    people.check(read)
    taking_part.check(read)
    keeping.check(read)
    declared.check(read)
    steps.check(read, known)
    register_steps.check(read, known)
    variables.check(read, known)
    inputs.check(read, known)
    drawings.check(read)
    twins.check(read)
    form_rules.check(read, known)
    notices.check(read, known)
    papers.check(read, known)
    story_rules.check(read, known)
    _clauses(read)


def _clauses(read: Reading) -> None:
    if read.info is None:
        return  # its slip is said, and not what follows from it
    stories = [story.name for _, story in read.told.stories]
    services, tests = read.info.services, read.house.tests
    read.findings.extend(clauses.check(read.name, read.files, stories=stories, services=services, tests=tests))


def _english(read: Reading) -> None:
    tables.check(read)


def _readable(read: Reading) -> None:
    """What the reader of packages would refuse beyond all that."""
    if f"bpmn/{read.name}/process.bpmn" not in read.files:
        return_file = f"bpmn/{read.name}/process.bpmn"
        zh, en = "缺少流程图。请放入 process.bpmn。", "There is no diagram. Put process.bpmn there."
        read.findings.append(Finding(return_file, "", "", 0, "no-diagram", "error", zh, en))
    try:
        read_package(read.name, read.files)
    except BadMatter as bad:
        told = {f.file for f in read.findings if f.severity == "error"}
        read.findings.extend([f for f in bad.findings if f.file not in told])


__all__ = ["SHARED", "check"]
