"""`yizhan check PATH...`: what is wrong with diagrams, decisions, forms and whole matters, before anybody runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.findings import Finding
    from engine.matters import County, House

KINDS = (".bpmn", ".dmn", ".form")
#: Found in a folder, they stand for more than themselves: all of a matter, all that matters share.
WHOLE = ("matter.yaml", "facts.yaml", "words.yaml")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="以 JSON 列表输出 · findings as a JSON list")
@click.option(
    "--county",
    "county_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="县的清单（单位、岗位、人员） · the county's units, posts and staff, such as web/demo/county.yaml",
)
@click.option(
    "--english", is_flag=True, help="列出还没有英文的文字，照抄进 en.yaml · lines for en.yaml that are missing"
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 · language of the report")
def command(paths: tuple[Path, ...], as_json: bool, county_file: Path | None, english: bool, lang: str) -> None:
    """检查流程图、决策、表单和事项目录。有错误时退出码为 1。

    Checks .bpmn, .dmn and .form files, folders of them, and whole matters (a folder with matter.yaml). A matter is
    checked as publishing checks it; any file of it may be named alone. With --county, posts and units too.
    """
    files = find(paths)
    if english:
        raise SystemExit(_english(files))
    findings = check(files, county_file)
    if as_json:
        click.echo(json.dumps([f.as_json() for f in findings], ensure_ascii=False, indent=1))
    else:
        report(findings, len(files), lang)
    raise SystemExit(1 if any(f.severity == "error" for f in findings) else 0)


def _english(files: list[Path]) -> int:
    """What has no English yet, of each matter, as lines to paste and fill in; 1 where a matter cannot be read."""
    from engine import matters as rooms
    from engine.errors import Refused
    from engine.matters import english

    wanted = dict.fromkeys(found for file in files if (found := matter_of(file)) is not None)
    wrong = 0
    for root, name in wanted:
        try:
            package = rooms.read(name, rooms.read_files(root, name))
            lines = english.untold(name, package.info, package.files)
        except Refused as refused:
            click.echo(f"{name}: {refused.zh} {refused.en}", err=True)
            wrong = 1
            continue
        if lines:
            click.echo(f"# bpmn/{name}/{english.FILE}")
        for line in lines:
            click.echo(f'{json.dumps(line, ensure_ascii=False)}: ""')
    return wrong


def find(paths: Iterable[Path]) -> list[Path]:
    """The files to check: those named, and those below the folders named. In order, once each."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            for below in sorted(path.rglob("*")):
                if below.is_file() and (below.suffix in KINDS or below.name in WHOLE):
                    found.setdefault(below)
        else:
            found.setdefault(path)
    return list(found)


def check(files: list[Path], county_file: Path | None = None) -> list[Finding]:
    """Findings about these files. Files of a matter are checked with the whole matter around them; others with the
    files beside them: a form or decision next to a diagram is one it may call."""
    from engine.findings import in_order
    from engine.matters import county as counties

    findings: list[Finding] = []
    county: County | None = None
    if county_file is not None:
        county, findings = counties.read(county_file.read_bytes(), named(county_file))
    wanted = {file.resolve(): named(file) for file in files}
    loose: dict[Path, list[Path]] = {}
    matters: dict[tuple[Path, str], None] = {}
    shared: dict[Path, None] = {}
    for file in files:
        matter, content = matter_of(file), shared_of(file)
        if matter is not None:
            matters.setdefault(matter)
        elif words_of(file) is not None:
            findings += _guarded(named(file), partial(_words, file))
        elif content is not None:
            shared.setdefault(content)
        else:
            loose.setdefault(file.resolve().parent, []).append(file)
    for root, name in matters:
        findings += _guarded(named(root / "bpmn" / name), partial(_matter, root, name, wanted, county))
    for content in shared:
        findings += _guarded(named(content), partial(_shared, content, wanted))
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


def shared_of(file: Path) -> Path | None:
    """The content folder whose shared papers and facts a file belongs to: forms/_shared/."""
    if file.suffix not in (".html", ".yaml"):
        return None
    for above in file.resolve().parents:
        if above.name == "_shared" and above.parent.name == "forms":
            return above.parent.parent
    return None


def words_of(file: Path) -> Path | None:
    """The content folder whose everyday words a file is: bpmn/words.yaml."""
    where = file.resolve()
    return where.parent.parent if where.name == "words.yaml" and where.parent.name == "bpmn" else None


def _words(file: Path) -> list[Finding]:
    """Findings about the everyday words of a content folder."""
    from dataclasses import replace

    from engine import matters
    from engine.matters import everyday

    root = words_of(file)
    assert root is not None
    return [replace(one, file=named(file)) for one in everyday.check(root, matters.names(root))]


def _matter(root: Path, name: str, wanted: dict[Path, str], county: County | None) -> list[Finding]:
    """Findings about the wanted files of one matter. matter.yaml wanted means: about all of it."""
    from engine.commands import gate

    whole = (root / "bpmn" / name / "matter.yaml").resolve() in wanted
    return _of_wanted(gate.of_folder(root, name, county, house=_house(root)), root, wanted, whole)


def _shared(root: Path, wanted: dict[Path, str]) -> list[Finding]:
    """Findings about the wanted ones of the shared papers; facts.yaml wanted means: about all of them."""
    from engine.commands import gate

    whole = (root / "forms" / "_shared" / "facts.yaml").resolve() in wanted
    return _of_wanted(gate.shared(root), root, wanted, whole)


def _of_wanted(found: list[Finding], root: Path, wanted: dict[Path, str], whole: bool) -> list[Finding]:
    from dataclasses import replace

    findings = []
    for finding in found:
        path = (root / finding.file).resolve()
        if path in wanted:
            findings.append(replace(finding, file=wanted[path]))
        elif whole:
            findings.append(replace(finding, file=named(path)))
    return findings


@lru_cache(maxsize=4)
def _house(root: Path) -> House:
    """What runs the matters of a content folder: its own shared papers, the program's where it has none."""
    from engine.commands import gate

    return gate.house(root)


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
