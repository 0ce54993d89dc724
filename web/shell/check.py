"""`yizhan check PATH...`: what is wrong with diagrams, decisions, forms and whole matters, before anybody runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.findings import Finding

KINDS = (".bpmn", ".dmn", ".form")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="以 JSON 列表输出 · findings as a JSON list")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 · language of the report")
def command(paths: tuple[Path, ...], as_json: bool, lang: str) -> None:
    """检查流程图、决策、表单和事项目录。有错误时退出码为 1。

    Checks .bpmn, .dmn and .form files, folders of them, and whole matters (a folder with matter.yaml).
    """
    files = find(paths)
    findings = check(files)
    if as_json:
        click.echo(json.dumps([f.as_json() for f in findings], ensure_ascii=False, indent=1))
    else:
        report(findings, len(files), lang)
    raise SystemExit(1 if any(f.severity == "error" for f in findings) else 0)


def find(paths: Iterable[Path]) -> list[Path]:
    """The files to check: those named, and those below the folders named. In order, once each."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            for below in sorted(path.rglob("*")):
                if below.is_file() and (below.suffix in KINDS or below.name == "matter.yaml"):
                    found.setdefault(below)
        else:
            found.setdefault(path)
    return list(found)


def check(files: list[Path]) -> list[Finding]:
    """Findings about these files. Files of a matter are checked with the whole matter around them; others with the
    files beside them: a form or decision next to a diagram is one it may call."""
    from engine.findings import in_order

    findings: list[Finding] = []
    wanted = {file.resolve(): named(file) for file in files}
    loose: dict[Path, list[Path]] = {}
    matters: dict[tuple[Path, str], None] = {}
    for file in files:
        matter = matter_of(file)
        if matter is not None:
            matters.setdefault(matter)
        else:
            loose.setdefault(file.resolve().parent, []).append(file)
    for root, name in matters:
        findings += _guarded(named(root / "bpmn" / name), partial(_matter, root, name, wanted))
    for folder, some in loose.items():
        findings += _guarded(named(folder), partial(_loose, folder, some))
    return in_order(findings)


def named(path: Path) -> str:
    """The path as text that can be printed, whatever bytes its name has."""
    return str(path).encode("utf-8", "replace").decode("utf-8")


def _guarded(where: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Findings, or one that says what hindered the check: an unreadable file, or a fault of the check's own."""
    from engine.findings import Finding

    try:
        return look()
    except OSError as problem:
        zh, en = f"读不了：{problem.strerror}。", f"Cannot be read: {problem.strerror}."
    except Exception as fault:
        what = f"{type(fault).__name__}: {fault}"[:300]
        zh, en = (
            f"检查程序自身出错（{what}），请报告此文件。",
            f"The check itself failed ({what}). Please report this file.",
        )
    return [Finding(where, "", "", 0, "check-failed", "error", zh, en)]


def matter_of(file: Path) -> tuple[Path, str] | None:
    """(root, name) of the matter a file belongs to: bpmn/<name>/ with a matter.yaml, or forms/<name>/ beside it."""
    where = file.resolve().parent
    if where.parent.name in ("bpmn", "forms"):
        root = where.parent.parent
        if (root / "bpmn" / where.name / "matter.yaml").is_file():
            return root, where.name
    return None


def _matter(root: Path, name: str, wanted: dict[Path, str]) -> list[Finding]:
    """Findings about the wanted files of one matter. matter.yaml wanted means: about all of it."""
    from dataclasses import replace

    from engine import matters
    from engine.matters.lint import check as check_matter

    whole = (root / "bpmn" / name / "matter.yaml").resolve() in wanted
    findings = []
    for finding in check_matter(name, matters.read_files(root, name)):
        path = (root / finding.file).resolve()
        if path in wanted:
            findings.append(replace(finding, file=wanted[path]))
        elif whole:
            findings.append(replace(finding, file=named(path)))
    return findings


def _loose(folder: Path, files: list[Path]) -> list[Finding]:
    from engine import dmn, process
    from engine.forms import lint as form_lint
    from engine.process.language.read import read

    findings: list[Finding] = []
    diagrams: dict[str, bytes] = {}
    forms: set[str] = set()
    decisions: set[str] = set()
    processes = []
    here = {file.resolve() for file in files}
    beside = [p for p in sorted(folder.iterdir()) if p.is_file() and p.suffix in KINDS and p.resolve() not in here]
    models = {p.name: p.read_bytes() for p in [*files, *beside] if p.suffix == ".dmn"}
    for file in files:
        data = file.read_bytes()
        kind = file.suffix if file.suffix in KINDS else _guess(data)
        if kind == ".dmn":
            findings += dmn.check(data, named(file), {n: d for n, d in models.items() if n != file.name})
        elif kind == ".form":
            findings += form_lint.check(data, named(file))
            forms.update(form_lint.ids(data, named(file)))
        else:
            diagrams[named(file)] = data
    for file in beside:
        if file.suffix == ".form":
            forms.update(form_lint.ids(file.read_bytes(), file.name))
        elif file.suffix == ".bpmn" and diagrams:
            diagram, _ = read(file.read_bytes(), named(file))
            processes += list(diagram.processes) if diagram is not None else []
    for data in models.values() if diagrams else ():
        for decision in dmn.load(data).definitions.decisions:
            decisions |= {name for name in (decision.id, decision.name) if name}
    if diagrams:
        findings += process.check(diagrams, forms=forms, decisions=decisions, processes=processes)
    return findings


def _guess(data: bytes) -> str:
    """The kind of a file whose name does not say."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:4000]
    if start.startswith(b"{"):
        return ".form"
    return ".dmn" if b"omg.org/spec/DMN" in start else ".bpmn"


def report(findings: list[Finding], count: int, lang: str) -> None:
    """The findings for a person, file by file."""
    chinese = lang == "zh"
    file = None
    for finding in findings:
        if finding.file != file:
            file = finding.file
            click.secho(file, bold=True)
        word = {"error": "错误", "warning": "警告", "hint": "提示"}[finding.severity] if chinese else finding.severity
        line = (f"第 {finding.line} 行" if chinese else f"line {finding.line}") if finding.line else ""
        click.echo(
            "  "
            + click.style(word, fg={"error": "red", "warning": "yellow", "hint": "cyan"}[finding.severity])
            + (f"  {line}" if line else "")
            + f"  {finding.message_zh if chinese else finding.message_en}"
            + click.style(f"  [{finding.rule}]", dim=True)
        )
    errors = sum(f.severity == "error" for f in findings)
    warnings = sum(f.severity == "warning" for f in findings)
    hints = len(findings) - errors - warnings
    if chinese:
        more = f"，{hints} 个提示" if hints else ""
        click.echo(f"检查了 {count} 个文件：{errors} 个错误，{warnings} 个警告{more}。")
    else:
        more = f", {hints} hint(s)" if hints else ""
        click.echo(f"{count} file(s) checked: {errors} error(s), {warnings} warning(s){more}.")
