"""`yizhan play FILE|FOLDER|MATTER`: run a diagram in memory on a virtual clock, and print what came of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine.plain import plain

#: The virtual clock begins on a Monday at nine, unless --now says otherwise.
START = "2026-01-05T09:00:00+08:00"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, metavar="[FILE|FOLDER|MATTER]...")
@click.option("--process", "processes", multiple=True, help="启动哪个流程，可多个 · which process to start, repeatable")
@click.option("--input", "given", default="{}", help="启动时的变量，JSON · variables at the start")
@click.option("--answers", default="{}", help="按环节编号给出的回答，JSON · answers by element id")
@click.option("--max-steps", default=10_000, show_default=True, help="最多完成多少个环节 · elements completed at most")
@click.option("--now", default=START, show_default=True, help="虚拟时钟的起点 · where the virtual clock begins")
@click.option("--json", "as_json", is_flag=True, help="一行 JSON · JSON on one line")
@click.option(
    "--batch",
    type=click.Path(path_type=Path),
    help="一行一次运行的 JSONL 文件，或一个文件夹的流程图 · one run a line, or a folder of diagrams",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("play-batch.json"),
    show_default=True,
    help="文件夹试运行的结果 · where the results of a folder are written",
)
def command(
    files: tuple[str, ...],
    processes: tuple[str, ...],
    given: str,
    answers: str,
    max_steps: int,
    now: str,
    as_json: bool,
    batch: Path | None,
    out: Path,
) -> None:
    """在内存中试运行流程图：给出文件、目录，或内容目录（YIZHAN_CONTENT）里的事项名；同一处的决策表和表单会一起用上。

    All processes of the given files are deployed together, with the decisions and forms beside them. User, manual,
    service and send tasks complete with the answers for their element id, else empty. {"$error": "CODE"} throws that
    error there, {"$message": {…}} delivers a message, a list answers successive visits, {"$wait": true} leaves it open.
    The earliest timer fires when nothing else can move. Prints status (finished, waiting, failed, refused), trace,
    open, effects, variables, incidents, decisions, findings and, when there is any, stuck: what waits for something
    that cannot come.
    """
    if batch is not None and batch.is_dir():
        raise SystemExit(_folder(batch, out, _json(given, "--input"), max_steps, now))
    if batch is not None:
        for line in batch.read_text(encoding="utf-8").splitlines():
            if line.strip():
                click.echo(_dump(_run_line(line, batch.parent), None))
        return
    if not files:
        raise click.UsageError("请给出 .bpmn 文件、目录或事项名。Give a .bpmn file, a folder or a matter's name.")
    run = {
        "files": [str(f) for f in gather(files)],
        "process": list(processes),
        "input": _json(given, "--input"),
        "answers": _json(answers, "--answers"),
        "max_steps": max_steps,
        "now": now,
    }
    result = play(run, Path())
    click.echo(_dump(result, None if as_json else 2))
    raise SystemExit(1 if result["status"] in ("failed", "refused") or "stuck" in result else 0)


#: What a diagram may be played with.
_PARTS = (".bpmn", ".dmn", ".form")


def gather(given: Iterable[str]) -> list[Path]:
    """The files meant: a folder's own, a matter's with the shared forms, a diagram's with decisions and forms beside
    it."""
    from engine import matters
    from web import settings

    found: dict[Path, None] = {}
    for text in given:
        path = Path(text)
        content = settings.content()
        if not path.exists() and text in matters.names(content):
            path = content / "bpmn" / text
        if path.is_dir():
            own = [p for p in sorted(path.iterdir()) if p.suffix in _PARTS and p.is_file()]
            if not any(p.suffix == ".bpmn" for p in own):
                raise click.UsageError(f"{path} 里没有 .bpmn 文件。 There is no .bpmn file in {path}.")
        else:
            own = [path, *(_beside(path) if path.suffix == ".bpmn" else ())]
        found |= dict.fromkeys([*own, *_of_matter(path if path.is_dir() else path.parent)])
    return list(found)


def _beside(diagram: Path) -> list[Path]:
    """The decisions and forms in the diagram's folder."""
    if not diagram.parent.is_dir():
        return []
    return [p for p in sorted(diagram.parent.iterdir()) if p.suffix in (".dmn", ".form") and p.is_file()]


def _of_matter(folder: Path) -> list[Path]:
    """The forms of the matter whose folder this is, and the shared ones: bpmn/<matter>/ has its forms in
    forms/<matter>/."""
    folder = folder.resolve()
    if folder.parent.name != "bpmn":
        return []
    places = (folder.parent.parent / "forms" / name for name in (folder.name, "_shared"))
    return [p for place in places for p in sorted(place.rglob("*.form"))]


def _folder(folder: Path, out: Path, given: Mapping[str, Any], max_steps: int, now: str) -> int:
    """Every diagram of a folder; 1 when one sticks without a word or crashes."""
    from web import play_folder

    moment = datetime.fromisoformat(now).astimezone(UTC)
    rows = [play_folder.tried(path, moment, given, max_steps) for path in play_folder.diagrams(folder)]
    if not rows:
        raise click.UsageError(f"{folder} 里没有流程图（.bpmn）。There is no diagram (.bpmn) in {folder}.")
    out.write_text(play_folder.as_json(rows), encoding="utf-8")
    click.echo(play_folder.table(rows))
    return 1 if any(row["kind"] in play_folder.BAD for row in rows) else 0


def _json(text: str, option: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise click.UsageError(f"{option} 不是 JSON：{error}。{option} is not JSON.") from None
    if not isinstance(value, dict):
        raise click.UsageError(f"{option} 应是一个 JSON 对象。{option} must be a JSON object.")
    return value


def _run_line(line: str, base: Path) -> dict[str, Any]:
    """One run; a line that cannot be read is refused, and the others still run."""
    try:
        run = json.loads(line)
        if not isinstance(run, dict):
            raise TypeError("Expected a JSON object a line")
        return play(run, base)
    except (ValueError, TypeError, KeyError, OSError) as error:
        return _empty("refused", [_problem("", str(error))])


def play(run: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """One run: files, process, input, answers, max_steps -> the result as a JSON object."""
    from engine import feel, process, workdays
    from engine.errors import Refused

    names = run.get("files") or []
    paths = [base / str(f) for f in ([names] if isinstance(names, str) else names)]
    contents: dict[str, bytes] = {}
    for path in paths:
        try:
            contents[str(path)] = path.read_bytes()
        except OSError as error:
            return _empty("refused", [_problem(str(path), error.strerror or str(error))])
    key = tuple(sorted(contents.items()))
    try:
        definition = _loaded(key)
    except process.CannotRun as refused:
        return _empty("refused", [f.as_json() for f in refused.findings])
    except Refused as refused:
        return _empty("refused", [_problem("", refused.zh, refused.en)])
    wanted = run.get("process") or []
    wanted = [wanted] if isinstance(wanted, str) else [str(w) for w in wanted]
    unknown = [w for w in wanted if w not in definition.processes]
    if unknown:
        return _empty("refused", [_problem("", f"没有流程 {unknown[0]}。There is no process {unknown[0]}.")])
    now = datetime.fromisoformat(str(run.get("now") or START)).astimezone(UTC)
    world = process.World(
        definition,
        now,
        env=feel.Env(now=now, calendar=workdays.china()),
        answers=run.get("answers") or {},
        max_steps=int(run.get("max_steps") or 10_000),
    )
    for id in wanted or process.to_start(definition):
        world.start(id, run.get("input") or {})
    result = world.run()
    return {
        "status": result.status,
        "trace": result.trace,
        "open": [
            {
                "id": t.element,
                "task": t.id,
                "name": t.name,
                "candidates": [*([t.assignee] if t.assignee else []), *t.candidate_groups, *t.candidate_users],
                "due": t.due.isoformat() if t.due else None,
            }
            for t in result.open
        ],
        "effects": [{"element": e.element, "kind": e.kind, "arguments": e.arguments} for e in result.effects],
        "variables": result.variables,
        "incidents": [_told(i) for i in result.incidents],
        "decisions": [
            {"element": d.element, "decision": d.decision, "rules": list(d.rules), "result": d.result}
            for d in result.decisions
        ],
        "now": result.now.isoformat(),
        "findings": [f.as_json() for f in definition.findings],
        **({"stuck": [_told(i) for i in result.stuck]} if result.stuck else {}),
    }


def _told(incident: Any) -> dict[str, str]:
    return {
        "element": incident.element,
        "name": incident.name,
        "code": incident.code,
        "message_zh": incident.zh,
        "message_en": incident.en,
    }


_cache: dict[tuple[tuple[str, bytes], ...], Any] = {}


def _loaded(key: tuple[tuple[str, bytes], ...]) -> Any:
    """The definition of these files, read once a program run."""
    from engine import process
    from engine.forms import lint as form_lint

    if key in _cache:
        return _cache[key]
    diagrams = {name: data for name, data in key if not name.endswith((".dmn", ".form"))}
    decisions: dict[str, Any] = {}
    if any(name.endswith(".dmn") for name, _ in key):
        from engine import dmn

        for name, data in key:
            if name.endswith(".dmn"):
                model = dmn.load(data)
                decisions.update({name: model for name in model.names})
    forms = [id for name, data in key if name.endswith(".form") for id in form_lint.ids(data, name)]
    definition = process.load(diagrams, decisions, await_effects=True, forms=forms or None)
    _cache.clear()  # a batch repeats the same files in a row
    _cache[key] = definition
    return definition


def _problem(file: str, text: str, en: str = "") -> dict[str, Any]:
    return {
        "file": file,
        "element": "",
        "element_name": "",
        "line": 0,
        "rule": "unreadable",
        "severity": "error",
        "message_zh": text,
        "message_en": en or text,
    }


def _empty(status: str, findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "status": status,
        "trace": [],
        "open": [],
        "effects": [],
        "variables": {},
        "incidents": [],
        "decisions": [],
        "findings": findings,
    }


def _dump(result: dict[str, Any], indent: int | None) -> str:
    return json.dumps(plain(result), ensure_ascii=False, indent=indent)
