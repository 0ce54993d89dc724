"""What a draft would give people, beside its text: a paper, and the notices, on the facts of one of its stories."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotFound, Refused
from engine.matters import BadMatter, Package, stories
from engine.matters.stories import Story
from engine.proof import storing, trying
from engine.reads import studio as reads
from web import edge
from web.edge import guard
from web.language import english
from web.pages.playing import PAPER_POLICY, notices_of, package_of, step_words, tries

pages = Blueprint("previewing", __name__, url_prefix="/desk/matters/<name>/draft")


def _story(package: Package) -> Story:
    wanted = request.args.get("story", "")
    found = next((one for one in stories.read(package) if one.name == wanted and not one.refused), None)
    if found is None:
        raise NotFound("事项里没有这个故事。", "The matter has no such story.")
    return found


def _words(refusal: Refused) -> str:
    return refusal.en if english() else refusal.zh


@pages.get("/told")
@guard("designer")
def told(name: str) -> ResponseReturnValue:
    """What a story of the draft comes to: its steps in words, what is not as it says, whom it tells what."""
    reads.must_be(edge.work(), name, edge.actor())
    seen, why, steps = None, "", []
    try:
        package = package_of(name, "draft")
        one = _story(package)
        steps = [step_words(step, package) for step in one.steps]
        seen = tries.look(package, storing.of(one, whole=True), content=edge.hall().settings.content)
        why = _words(seen.refused) if seen.refused is not None else ""
    except BadMatter as bad:
        why = "；".join(finding.message_en if english() else finding.message_zh for finding in bad.findings[:3])
    except Refused as refusal:
        why = _words(refusal)
    return render_template(
        "parts/draft_told.html",
        seen=seen,
        why=why,
        steps=steps,
        notices=notices_of(seen) if seen is not None else [],
        problems=_problems(name) if seen is not None and not why else [],
    )


def _problems(name: str) -> list[str]:
    package = package_of(name, "draft")
    return tries.prove(package, _story(package), content=edge.hall().settings.content)


@pages.get("/paper")
@guard("designer")
def paper(name: str) -> ResponseReturnValue:
    """A paper of the draft as a story issues it, in a frame in which nothing runs and nothing is fetched."""
    reads.must_be(edge.work(), name, edge.actor())
    kind = request.args.get("path", "").rpartition("/")[2].removesuffix(".html")
    try:
        page = _paper(name, kind)
    except BadMatter as bad:
        said = "；".join(finding.message_en if english() else finding.message_zh for finding in bad.findings[:3])
        page = render_template("parts/draft_no_paper.html", said=said)
    except Refused as refusal:
        page = render_template("parts/draft_no_paper.html", said=_words(refusal))
    headers = {"Content-Security-Policy": PAPER_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(page, content_type="text/html; charset=utf-8", headers=headers)


def _paper(name: str, kind: str) -> str:
    package, content = package_of(name, "draft"), edge.hall().settings.content
    said: dict[str, Any] = storing.of(_story(package), whole=True)
    seen: trying.Seen = tries.look(package, said, content=content)
    found = [one for one in seen.papers if one.kind == kind]
    if found:
        with suppress(NotFound):  # it was issued, and could not be drawn: the problems say why
            return tries.paper(package, said, found[-1].code, content=content)
    went = [*seen.played.problems, *([_words(seen.refused)] if seen.refused is not None else [])]
    return render_template(
        "parts/draft_no_paper.html", said="；".join(went) or _("这个故事不发这份文书，请选别的故事。")
    )
