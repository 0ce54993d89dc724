"""Publishing a draft, read like a release note (发布说明): what the check finds, how the stories go, what changed in
words, what recorded cases would have come to; then why, and from when on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.proof import drafting, replays
from engine.proof.comparing import compare
from engine.reads import studio
from engine.records import library
from web import edge
from web.edge import guard
from web.language import english
from web.pages.comparing import in_words
from web.pages.drafting import findings_shown, revision_sent

pages = Blueprint("releasing", __name__, url_prefix="/desk/matters")


def _draft(name: str) -> studio.Draft:
    return studio.must_be(edge.work(), name, edge.actor())


@pages.get("/<name>/draft/release")
@guard("designer")
def page(name: str) -> ResponseReturnValue:
    work, found = edge.work(), _draft(name)
    row, content = studio.row(work, found), edge.hall().settings.content
    files = drafting.files_of(work, row, content)
    findings = drafting.check(work, row, content)
    played = drafting.played(work, name, files)
    before = dict(library.version(work, found.based_on).files) if found.based_on else {}
    changes = compare(name, before, files) if found.based_on else None
    return render_template(
        "staff/release.html",
        draft=found,
        findings=findings_shown(findings),
        wrong=any(one.severity == "error" for one in findings),
        stories=played.stories if played is not None else None,
        changes=in_words(changes) if changes is not None else None,
        replay=_replay(found),
        amounts=replays.AMOUNTS,
    )


@pages.get("/<name>/draft/release/replay")
@guard("designer")
def replayed(name: str) -> ResponseReturnValue:
    """How far the replay is: the piece of the page that is fetched again while it runs."""
    found = _draft(name)
    return render_template("parts/replay.html", draft=found, replay=_replay(found))


def _replay(draft: studio.Draft) -> dict[str, Any] | None:
    found = replays.newest(edge.work(), draft.id)
    if found is None:
        return None
    at = 1 if english() else 0

    def groups(listed: tuple[replays.Group, ...]) -> list[dict[str, Any]]:
        return [{"n": g.n, "said": [pair[at] for pair in g.said], "numbers": g.numbers} for g in listed]

    return {
        "found": found,
        "stale": found.revision != draft.revision,
        "other": groups(found.other),
        "hindered": groups(found.hindered),
        "n_hindered": sum(g.n for g in found.hindered),
    }


@pages.post("/<name>/draft/release/stories")
@guard("designer", writes=False)
def stories(name: str) -> ResponseReturnValue:
    """Play the stories; how they went is kept, and publishing does not play them again."""
    hall = edge.hall()
    drafting.prove_and_keep(
        hall.database,
        _draft(name).id,
        revision=revision_sent(),
        content=hall.settings.content,
        by=edge.actor(),
        now=edge.now(),
    )
    return redirect(url_for("releasing.page", name=name, _anchor="stories"))


@pages.post("/<name>/draft/release/replay")
@guard("designer", writes=True)
def replay(name: str) -> ResponseReturnValue:
    """Have recorded cases replayed by the worker."""
    said = request.form.get("most", "")
    replays.ask(
        edge.work(),
        _draft(name).id,
        revision=revision_sent(),
        most=int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 0,
        content=edge.hall().settings.content,
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("开始回放，办过的件不会动。"))
    return redirect(url_for("releasing.page", name=name, _anchor="replay"))
