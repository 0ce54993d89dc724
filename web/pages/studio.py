"""What designers see: the matters, their versions, diagrams, tables, forms and what the check finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import matters as matters_
from engine.errors import NotFound
from engine.findings import Finding
from engine.people import units
from engine.proof import Verdict, prove, releases, verdicts
from engine.proof.playing import Played
from engine.reads import missed, moves, studio, versions
from engine.records import library
from engine.store import Work
from web import edge, names
from web.edge import guard
from web.language import english
from web.pages import covered

pages = Blueprint("studio", __name__, url_prefix="/desk/matters")


def _findings(work: Work, package: matters_.Package) -> list[Finding]:
    """What is wrong with a published version. Hints are for files."""
    return [f for f in verdicts.findings_of(work, package) if f.severity != "hint"]


@pages.get("")
@guard("designer")
def matters() -> ResponseReturnValue:
    work = edge.work()
    running = versions.running(work)
    count = versions.published(work)
    packages = library.published(work)
    known = verdicts.newest(work, packages)
    return render_template(
        "staff/matters.html",
        matters=[
            {
                "name": p.name,
                "title": p.info.name,
                "code": p.info.code,
                "shape": p.info.shape,
                "running": running.get(p.name, 0),
                "versions": count[p.name][0],
                "published_at": count[p.name][1],
                "findings": sum(f.severity != "hint" for f in known[p.name].findings) if p.name in known else None,
            }
            for p in packages
        ],
        missed=missed.wanted(work, edge.actor()),
        drafts=studio.open_drafts(work, edge.actor()),
    )


@pages.get("/<name>")
@guard("designer")
def matter(name: str) -> ResponseReturnValue:
    work = edge.work()
    package = library.current(work, name)
    names.about(package)
    tree = units.tree(work)
    findings = _findings(work, package)
    return render_template(
        "staff/matter.html",
        matter=package.info,
        name=name,
        county=tree.county.name,
        findings=[
            {
                "text": f.message_en if english() else f.message_zh,
                "element": f.element,
                "where": f.element_name or f.element,
                "file": f.file,
                "line": f.line,
            }
            for f in findings
        ],
        draft=studio.of(work, name, edge.actor()),
        release=releases.last(work, name),
        behind=moves.behind(work, name),
        marks={"findings": [f.element for f in findings if f.element]},
        versions=versions.of(work, name),
        decisions=sorted(f.rpartition("/")[2] for f in package.files if f.endswith(".dmn")),
        forms=sorted(f.rpartition("/")[2] for f in package.files if f.endswith(".form")),
    )


@pages.post("/<name>/proof")
@guard("designer", takes="file")
def proof(name: str) -> ResponseReturnValue:
    """Check and play the stories of a draft: of a zip that was sent, else of what lies in the content folder, else
    of the version that is published. Nothing is kept."""
    content, sent = edge.hall().settings.content, request.files.get("draft")
    if sent is not None and sent.filename:
        files, about = matters_.draft(name, sent.read(), content), sent.filename[:80]
    elif name in matters_.names(content):
        files, about = matters_.read_files(content, name), f"bpmn/{name}"
    else:
        files, about = dict(library.current(edge.work(), name).files), name
    played: list[Played] = []
    county = verdicts.county_of(edge.work())
    verdict = prove(name, files, county=county, content=content, each=played.append)
    drawing = "" if sent is not None and sent.filename else url_for("studio.file", name=name, file="process.bpmn")
    return proved(verdict, name, about, url_for("studio.matter", name=name), covered.of(name, files, played, drawing))


def proved(
    verdict: Verdict, name: str, about: str, back: str, coverage: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """The page that says what the check found and how the stories went."""
    chinese = not english()
    return render_template(
        "staff/proof.html",
        name=name,
        about=about,
        back=back,
        good=verdict.good,
        stories=verdict.stories,
        coverage=coverage,
        findings=[
            {
                "where": f"{f.file}:{f.line}" if f.line else f.file,
                "text": f.message_zh if chinese else f.message_en,
                "severity": f.severity,
            }
            for f in verdict.findings
            if f.severity != "hint"
        ],
    )


@pages.get("/<name>/files/<file>")
@guard("designer")
def file(name: str, file: str) -> ResponseReturnValue:
    """One file of the published version, for drawing."""
    package = library.current(edge.work(), name)
    found = next((v for k, v in package.files.items() if k.rpartition("/")[2] == file), None)
    if found is None:
        raise NotFound("事项里没有这个文件。", "There is no such file in the matter.")
    if request.args.get("shown") and file.endswith(".bpmn"):  # to look at: on an English page with English names
        names.about(package)
        found = names.diagram(found)
    kind = "application/json" if file.endswith(".form") else "application/xml"
    return Response(found, content_type=f"{kind}; charset=utf-8")


@pages.get("/<name>/try")
@guard("designer")
def modeler(name: str) -> ResponseReturnValue:
    """The diagram in the modeler, to try and change; nothing is stored here."""
    package = library.current(edge.work(), name)
    templates = templates_of(edge.hall().settings.content)
    return render_template("staff/modeler.html", name=name, title=package.info.name, templates=templates)


def templates_of(content: Path) -> list[Any]:
    """The element templates of the house, for the modeler."""
    folder = content / "bpmn" / "_templates"
    templates: list[Any] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        found = json.loads(path.read_text())
        templates += found if isinstance(found, list) else [found]
    return templates


@pages.get("/<name>/decisions/<file>")
@guard("designer")
def decision(name: str, file: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
    return render_template("staff/decision.html", name=name, title=package.info.name, file=file)
