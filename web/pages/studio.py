"""What designers see: the matters, their versions, diagrams, tables, forms and what the check finds."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from engine.commands import gate
from engine.errors import NotFound
from engine.findings import Finding
from engine.matters import County, Package
from engine.people import units
from engine.reads import county as counties
from engine.reads import versions
from engine.records import library
from web import edge, names
from web.edge import guard
from web.language import english

pages = Blueprint("studio", __name__, url_prefix="/desk/matters")


@pages.get("")
@guard("designer")
def matters() -> ResponseReturnValue:
    work = edge.work()
    running = versions.running(work)
    count = versions.published(work)
    county = counties.county(work)
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
                "findings": len(_findings(p, county)),
            }
            for p in library.published(work)
        ],
    )


#: (version, county) -> findings: a list of forty matters must not check forty matters for each reader.
_checked: dict[tuple[str, County | None], list[Finding]] = {}


def _findings(package: Package, county: County | None) -> list[Finding]:
    """What the gate says of the whole package: the same as `yizhan check` and publishing say. Hints are for files."""
    key = (package.version, county)  # the version is the hash of all its files
    if key not in _checked:
        if len(_checked) > 500:
            _checked.clear()
        _checked[key] = gate.check(package, county, house=gate.house(edge.hall().settings.content))
    return [f for f in _checked[key] if f.severity != "hint"]


@pages.get("/<name>")
@guard("designer")
def matter(name: str) -> ResponseReturnValue:
    work = edge.work()
    package = library.current(work, name)
    names.about(package)
    tree = units.tree(work)
    findings = _findings(package, counties.county(work))
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
        marks={"findings": [f.element for f in findings if f.element]},
        versions=versions.of(work, name),
        decisions=sorted(f.rpartition("/")[2] for f in package.files if f.endswith(".dmn")),
        forms=sorted(f.rpartition("/")[2] for f in package.files if f.endswith(".form")),
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
    folder = edge.hall().settings.content / "bpmn" / "_templates"
    templates: list[Any] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        found = json.loads(path.read_text())
        templates += found if isinstance(found, list) else [found]
    return render_template("staff/modeler.html", name=name, title=package.info.name, templates=templates)


@pages.get("/<name>/decisions/<file>")
@guard("designer")
def decision(name: str, file: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
    return render_template("staff/decision.html", name=name, title=package.info.name, file=file)
