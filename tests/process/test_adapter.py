"""SpiffWorkflow is touched in one file: its imports, and the names it keeps to itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.workflow import Workflow

ROOT = Path(__file__).parents[2]
ADAPTER = "engine/process/machine/spiff.py"
#: What instances of SpiffWorkflow's classes keep to themselves, set when they are made.
OF_INSTANCES = {"_state", "_parent", "_children", "_wf_spec", "_inputs", "_outputs"}
PRIVATE = OF_INSTANCES | {
    name
    for kind in (Task, TaskSpec, Workflow, WorkflowSpec)
    for name in vars(kind)
    if name.startswith("_") and not name.startswith("__")
}


def sources() -> Iterator[tuple[str, ast.AST]]:
    for folder in ("engine", "web"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def is_method(node: ast.FunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg == "self"


def test_one_file_imports_spiffworkflow() -> None:
    found = set()
    for path, tree in sources():
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "SpiffWorkflow" for name in names):
                found.add(path)
    assert found == {ADAPTER}


def test_the_machine_uses_none_of_spiffworkflows_private_names() -> None:
    found = []
    for path, tree in sources():
        if not path.startswith("engine/process/") or path == ADAPTER:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
                found.append(f"{path}:{node.lineno} {node.attr}")
            elif isinstance(node, ast.FunctionDef) and node.name in PRIVATE and is_method(node):
                found.append(f"{path}:{node.lineno} {node.name}")
    assert "_set_state" in PRIVATE and "_on_complete_hook" in PRIVATE
    assert found == [], "these belong into " + ADAPTER
