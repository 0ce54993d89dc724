"""Publishing a draft, read like a release note (发布说明): what the check finds, how the stories go, what changed in
words, what recorded cases would have come to; then why, from when on, and a second person's word."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import FieldError, Invalid, NotFound
from engine.proof import drafting, releases, replays
from engine.proof.comparing import compare
from engine.reads import studio
from engine.records import library
from engine.workdays import ZONE
from web import edge
from web.edge import guard
from web.language import english
from web.pages.comparing import in_words, title_of
from web.pages.drafting import findings_shown, revision_sent
from web.pages.studio import proved

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
        by_two=edge.hall().settings.publish_by_two,
        release=releases.last(work, name),
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


@pages.post("/<name>/draft/publish")
@guard("designer", writes=False)
def publish(name: str) -> ResponseReturnValue:
    """Prove the draft as it was looked at. It becomes the version that new cases get, or waits for its day, or for a
    second designer's word."""
    found, hall = _draft(name), edge.hall()
    verdict, state = releases.ask(
        hall.database,
        found.id,
        revision=revision_sent(),
        note=request.form.get("note", ""),
        in_force_at=_moment(request.form.get("in_force_at", "")),
        second=hall.settings.publish_by_two,
        content=hall.settings.content,
        by=edge.actor(),
        now=edge.now(),
    )
    if not state:
        about = _("%(title)s 的草稿，第 %(n)s 次", title=found.title, n=found.revision)
        return proved(verdict, name, about, url_for("drafting.draft", name=name))
    return _went(name, state)


def _moment(text: str) -> datetime | None:
    """A local moment as a browser sends it; None: at once."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()[:16]).replace(tzinfo=ZONE)
    except ValueError:
        zh, en = "请写年月日和时间，如 2027-01-01 08:00", "Expected a day and a time, such as 2027-01-01 08:00"
        raise Invalid([FieldError("in_force_at", "生效日期", zh, en)]) from None


def _went(name: str, state: str) -> ResponseReturnValue:
    said = {
        "published": _("已发布：新的办件按这一版走，在办的留在原来的版本。"),
        "scheduled": _("已定下生效日期，到时自动换上。"),
        "asked": _("已请另一位流程设计员批准，批准了才发布。"),
    }
    flash(said[state])
    return redirect(url_for("studio.matter" if state == "published" else "releasing.waiting", name=name))


@pages.get("/<name>/release")
@guard("designer")
def waiting(name: str) -> ResponseReturnValue:
    """What waits for a word or for its day, as it was frozen: what is other than the version in use, and why."""
    work, release = edge.work(), _release(name)
    before = dict(library.version(work, release.before).files) if release.before else {}
    changes = compare(name, before, releases.files(work, release)) if release.before else None
    return render_template(
        "staff/release_waiting.html",
        name=name,
        title=title_of(name),
        release=release,
        told=release.told[1 if english() else 0],
        changes=in_words(changes) if changes is not None else None,
        may_approve=releases.may_approve(work, release, edge.actor()),
    )


def _release(name: str) -> releases.Release:
    found = releases.last(edge.work(), name)
    if found is None:
        raise NotFound("这个事项没有等着的发布。", "No release of this matter is waiting.")
    return found


@pages.post("/<name>/release/approve")
@guard("designer", writes=False)
def approve(name: str) -> ResponseReturnValue:
    hall, release = edge.hall(), _release(name)
    verdict = releases.approve(
        hall.database,
        release.id,
        why=request.form.get("why", ""),
        content=hall.settings.content,
        by=edge.actor(),
        now=edge.now(),
    )
    if not verdict.good:
        return proved(verdict, name, release.version[:12], url_for("releasing.waiting", name=name))
    with hall.database.reading() as work:
        now = releases.last(work, name)
    return _went(name, now.state if now is not None else "published")


@pages.post("/<name>/release/refuse")
@guard("designer", writes=True)
def refuse(name: str) -> ResponseReturnValue:
    why = request.form.get("why", "")
    releases.refuse(edge.work(), _release(name).id, why=why, by=edge.actor(), now=edge.now())
    flash(_("已退回，草稿还开着。"))
    return redirect(url_for("studio.matters"))


@pages.post("/<name>/release/cancel")
@guard("designer", writes=True)
def cancel(name: str) -> ResponseReturnValue:
    releases.cancel(edge.work(), _release(name).id, by=edge.actor(), now=edge.now())
    flash(_("已取消，没有发布，草稿还开着。"))
    return redirect(url_for("studio.matters"))
