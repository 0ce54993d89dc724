"""Comparing (对比) two versions of a matter, or a draft with what it began from: in words, and on the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotFound
from engine.proof import drafting
from engine.proof.comparing import AREAS, Change, Comparison, compare
from engine.reads import studio, versions
from engine.records import library
from web import edge, formats, names
from web.edge import guard
from web.language import english

pages = Blueprint("comparing", __name__, url_prefix="/desk/matters")

#: How the draft is called among the sides.
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Side:
    """What may be compared."""

    key: str  # "draft", else the first signs of the version
    title: str


def sides(name: str) -> list[Side]:
    """The open draft, then every version, the newest first. NotFound: there is no such matter."""
    work, out = edge.work(), []
    draft = studio.of(work, name, edge.actor())
    if draft is not None:
        out.append(Side(DRAFT, _("草稿，第 %(n)s 次", n=draft.revision)))
    for one in versions.of(work, name):
        used = _("在用") if one.current else ""
        parts = (one.hash, formats.moment(one.at), used, one.note[:40])
        out.append(Side(one.hash, " · ".join(part for part in parts if part)))
    if not out:
        raise NotFound(f"没有事项“{name}”。", f"There is no matter {name!r}.")
    return out


def files(name: str, key: str) -> dict[str, bytes]:
    """Every file of one side."""
    work = edge.work()
    if key == DRAFT:
        found = studio.row(work, studio.must_be(work, name, edge.actor()))
        return drafting.files_of(work, found, edge.hall().settings.content)
    one = next((v for v in versions.of(work, name) if v.hash == key), None)
    if one is None:
        raise NotFound("这个事项没有这一版。", "This matter has no such version.")
    return dict(library.version(work, one.whole).files)


def _chosen(name: str, listed: list[Side]) -> tuple[str, str]:
    """(before, after) as asked for; else the draft with what it began from, or the version in use with the one before
    it."""
    keys, work = [one.key for one in listed], edge.work()
    current = next((v.hash for v in versions.of(work, name) if v.current), keys[0])
    after = request.args.get("after") or (DRAFT if DRAFT in keys else current)
    draft = studio.of(work, name, edge.actor())
    if after == DRAFT and draft is not None:
        earlier = draft.based_on[:12] if draft.based_on else keys[-1]
    else:
        at = keys.index(after) if after in keys else 0
        earlier = next((key for key in (*keys[at + 1 :], *reversed(keys[:at])) if key != DRAFT), after)
    return request.args.get("before") or earlier, after


@pages.get("/<name>/compare")
@guard("designer")
def page(name: str) -> ResponseReturnValue:
    listed = sides(name)
    before, after = _chosen(name, listed)
    found = compare(name, files(name, before), files(name, after))
    drawings = [path for path, marks in found.marks.items() if any(marks.values())]
    return render_template(
        "staff/compare.html",
        name=name,
        title=title_of(name),
        sides=listed,
        before=before,
        after=after,
        draft=DRAFT,
        areas=in_words(found),
        n=len(found.acts),
        drawings=[{"path": path, "marks": found.marks[path]} for path in drawings],
    )


@pages.get("/<name>/compare/drawing")
@guard("designer")
def drawing(name: str) -> ResponseReturnValue:
    """One drawing of one side."""
    found = files(name, request.args.get("of", "")).get(request.args.get("path", ""))
    if found is None or not request.args["path"].endswith(".bpmn"):
        raise NotFound("这一版没有这张流程图。", "This version has no such diagram.")
    return Response(names.diagram(found), content_type="application/xml; charset=utf-8")


def title_of(name: str) -> str:
    """What a matter, or the draft of one, is called."""
    work = edge.work()
    draft = studio.of(work, name, edge.actor())
    if draft is not None:
        return draft.title
    return next((p.info.name for p in library.published(work) if p.name == name), name)


def in_words(found: Comparison) -> list[Mapping[str, object]]:
    """The changes by area, each in the language of the page, for staff/changes.html."""
    out: list[Mapping[str, object]] = []
    for area, (zh, en) in AREAS.items():
        changes = found.of(area)
        if changes:
            by_place: dict[tuple[str, str], list[Change]] = {}
            for one in changes:
                by_place.setdefault((one.where_en if english() else one.where, one.element), []).append(one)
            places = [
                {
                    "where": where,
                    "element": element,
                    "file": ones[0].file,
                    "said": [{"what": one.what, "text": one.en if english() else one.zh} for one in ones],
                }
                for (where, element), ones in by_place.items()
            ]
            out.append({"key": area, "title": en if english() else zh, "places": places})
    return out
