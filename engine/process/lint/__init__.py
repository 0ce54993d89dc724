"""The linter: what is wrong with a diagram, in plain words, before anybody runs it.

    findings = check({"process.bpmn": data}, forms=..., decisions=..., roles=..., effects=...)

An error means the engine cannot run it right, or BPMN 2.0 gives the drawing no meaning. A warning means it runs, look
again. On any bytes at all the answer is findings: the linter does not raise. Inside a process that is drawn beside an
executable one but not executable itself, everything is a warning: nobody runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from engine.findings import Finding, in_order
from engine.process.language import model as m
from engine.process.language.effects import EffectKind
from engine.process.language.read import parse, read_tree
from engine.process.lint import activities, events, expressions, foreign, gateways, ids, paths, standard, variables
from engine.process.lint.page import Known, Page

#: In the order a reader wants them; each has check_process(page, process).
_OF_A_PROCESS = (ids, events, gateways, activities, expressions, variables, paths)
_OF_A_FILE = (ids, foreign, standard)
_OTHER_KINDS = (".dmn", ".form", ".yaml", ".yml", ".json", ".html", ".css", ".md")


def check(
    files: Mapping[str, bytes],
    *,
    forms: Mapping[str, Collection[str] | None] | Collection[str] | None = None,
    decisions: Collection[str] | None = None,
    roles: Collection[str] | None = None,
    effects: Mapping[str, EffectKind] | None = None,
    variables: Collection[str] | None = None,
    processes: Collection[m.Process] = (),
) -> list[Finding]:
    """Every finding of the BPMN files together, in order of file and line; habits of other engines last.

    files      name -> bytes; decisions, forms and other texts among them (by their names) are passed over
    forms      the forms there are: ids, or id -> keys the form sets (None: not known). None: unknown, nothing is said
    decisions  ids of the DMN decisions there are; None: unknown
    roles      groups a task may be given to; None: unknown
    effects    the closed list that counts; None: the whole list, and an unknown type is only a warning
    variables  names set before the process starts
    processes  further processes that calls may reach
    """
    findings: list[Finding] = []
    read: list[tuple[str, object, m.Diagram]] = []
    for file, data in files.items():
        if file.lower().endswith(_OTHER_KINDS):
            continue
        root, problems = parse(data, file)
        findings += problems
        if root is not None:
            diagram, problems = read_tree(root, file)
            findings += problems
            read.append((file, root, diagram))
    known = Known(
        processes={p.id: p for p in (*processes, *(p for _, _, d in read for p in d.processes))},
        global_tasks=frozenset(t.id for _, _, d in read for t in d.global_tasks),
        forms=_forms(forms),
        decisions=None if decisions is None else frozenset(decisions),
        roles=None if roles is None else frozenset(roles),
        effects=effects,
        variables=None if variables is None else frozenset(variables),
        diagrams=tuple(d for _, _, d in read),
    )
    taken: dict[str, str] = {}
    for file, root, diagram in read:
        page = Page(file, root, diagram, known)
        for family in _OF_A_FILE:
            _guarded(page, lambda page=page, family=family: family.check_file(page))  # type: ignore[misc]
        some_run = bool(diagram.executable())
        for process in diagram.processes:
            page.softened = some_run and not process.executable
            for rules in _OF_A_PROCESS:
                _guarded(page, lambda page=page, rules=rules, one=process: rules.check_process(page, one))  # type: ignore[misc]
        page.softened = False
        for process in diagram.executable():
            if process.id in taken:
                page.error(
                    "duplicate-process",
                    process,
                    f"在文件“{taken[process.id]}”里已有同 id 的流程。请改掉其中一个。",
                    f'has the same id as a process in "{taken[process.id]}". Change one.',
                )
            taken.setdefault(process.id, file)
        findings += page.findings
    # What another engine says is the noise around the cause: a file of it has hundreds. It stands behind the rest.
    return sorted(in_order(findings), key=lambda f: (f.file, f.rule == "other-engine"))


def _guarded(page: Page, rules: Callable[[], None]) -> None:
    """A fault in a rule must not hide what the others found, nor let an unchecked diagram through."""
    try:
        rules()
    except Exception as fault:
        page.softened = False
        page.error(
            "check-failed",
            None,
            f"检查程序自身出错（{type(fault).__name__}: {fault}），请报告此文件。",
            f"the check itself failed ({type(fault).__name__}: {fault}). Please report this file.",
        )


def _forms(
    forms: Mapping[str, Collection[str] | None] | Collection[str] | None,
) -> Mapping[str, frozenset[str] | None] | None:
    if forms is None:
        return None
    if isinstance(forms, Mapping):
        return {id: None if keys is None else frozenset(keys) for id, keys in forms.items()}
    return dict.fromkeys(forms)


__all__ = ["check"]
