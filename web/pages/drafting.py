"""The studio (工作室): a draft of a matter, changed in the browser, checked as it changes, proved and published."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import matters as matters_
from engine.commands import studio as commands
from engine.errors import FieldError, Invalid, NotFound
from engine.findings import Finding
from engine.matters import asking, rewriting, stories
from engine.matters.info import Matter
from engine.proof import Verdict, drafting, prove, pulling, releases, verdicts
from engine.proof.playing import Played
from engine.reads import studio as reads
from engine.reads import versions
from engine.records import library
from engine.store import Work
from web import edge
from web.edge import guard
from web.language import english
from web.pages import covered
from web.pages.studio import proved, templates_of
from web.security import POLICY

pages = Blueprint("drafting", __name__, url_prefix="/desk/matters")

#: How a file is shown for changing: by its name or its ending, else as text.
EDITORS = {
    "matter.yaml": "staff/draft_matter.html",
    ".bpmn": "staff/draft_drawing.html",
    ".form": "staff/draft_form.html",
    ".dmn": "staff/draft_decision.html",
}
#: So many places of a text are changed at once.
MOST_CHANGES = 200
#: What a change was, as people say it.
KINDS = {
    "begin": "开始",
    "edit": "修改",
    "take-away": "删除",
    "restore": "回到第 %(n)s 次",
    "bring": "上传",
    "steps": "改步骤",
}


def _draft(name: str) -> reads.Draft:
    return reads.must_be(edge.work(), name, edge.actor())


def findings_shown(findings: list[Finding]) -> list[dict[str, Any]]:
    """What the check found, for the list and for the badges on the drawing. Hints are for files."""
    return [
        {
            "file": f.file.rpartition("/")[2],
            "path": f.file,
            "element": f.element,
            "where": f.element_name or f.element,
            "line": f.line,
            "severity": f.severity,
            "text": f.message_en if english() else f.message_zh,
        }
        for f in findings
        if f.severity != "hint"
    ]


def _kind(path: str) -> str:
    """What a file is, as a designer calls it."""
    name = path.rpartition("/")[2]
    words = {
        "matter.yaml": _("事项说明"),
        "stories.yaml": _("故事"),
        "clauses.yaml": _("条款"),
        "en.yaml": _("英文"),
    }
    endings = {"bpmn": _("流程图"), "dmn": _("决策表"), "form": _("表单"), "j2": _("文书"), "html": _("文书")}
    return words.get(name) or endings.get(name.rpartition(".")[2]) or _("其他")


@pages.post("/<name>/draft")
@guard("designer", writes=True)
def begin(name: str) -> ResponseReturnValue:
    draft = commands.begin(edge.work(), name, by=edge.actor(), now=edge.now())
    return redirect(url_for("drafting.draft", name=draft.matter))


@pages.get("/<name>/draft")
@guard("designer")
def draft(name: str) -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    found = _draft(name)
    findings = drafting.check(work, reads.row(work, found), edge.hall().settings.content)
    return render_template(
        "staff/draft.html",
        draft=found,
        files=[{"one": one, "kind": _kind(one.path)} for one in reads.files(work, found)],
        history=[
            {"one": one, "what": _(KINDS[one.kind], n=one.words) if one.words else _(KINDS[one.kind])}
            for one in reads.history(work, found)
        ],
        others=reads.others(work, found, actor, now=now),
        findings=findings_shown(findings),
        published=library.known(work, name),
        release=releases.last(work, name),
    )


@pages.get("/<name>/draft/edit")
@guard("designer")
def edit(name: str) -> ResponseReturnValue:
    work, found = edge.work(), _draft(name)
    path = request.args.get("path") or f"bpmn/{name}/process.bpmn"
    content, revision = reads.content(work, found, path)
    own = EDITORS.get(path.rpartition("/")[2]) or EDITORS.get(path[path.rfind(".") :])
    way = own if own and request.args.get("shown") != "text" else "staff/draft_text.html"
    findings = drafting.check(work, reads.row(work, found), edge.hall().settings.content)
    page = render_template(
        way,
        draft=found,
        path=path,
        revision=revision,
        text=content.decode("utf-8", "replace"),
        findings=findings_shown(findings),
        templates=templates_of(edge.hall().settings.content) if path.endswith(".bpmn") else [],
        beside=_beside(work, found, path),
        own_editor=own,
        asked=asking.asked(Matter) if way == EDITORS["matter.yaml"] else None,
        as_text=way != own,
    )
    return Response(page, headers={"Content-Security-Policy": f"{POLICY}; frame-src 'self'"})


def _beside(work: Work, found: reads.Draft, path: str) -> dict[str, Any] | None:
    """What is shown beside a file, on the facts of a story: a paper as it is printed, else what a story comes to."""
    name, file = found.matter, path.rpartition("/")[2]
    paper = path.startswith("forms/") and path.endswith(".html")
    if not paper and file not in ("matter.yaml", "stories.yaml"):
        return None
    files = drafting.files_of(work, reads.row(work, found), edge.hall().settings.content)
    told, _findings = stories.only(name, files)
    known = [one for one in told if not one.refused]
    kind = file.removesuffix(".html")
    issuing = [one.name for one in known if paper and kind in _listed(one.end.get("papers"))]
    to = "previewing.paper" if paper else "previewing.told"
    return {
        "to": url_for(to, name=name, path=path) if paper else url_for(to, name=name),
        "title": _("印出来的样子") if paper else _("走一个故事"),
        "paper": paper,
        "stories": known,
        "chosen": issuing[0] if issuing else "",
    }


def _listed(papers: Any) -> list[str]:
    return [str(one) for one in papers] if isinstance(papers, list | tuple | dict) else []


@pages.get("/<name>/draft/file")
@guard("designer")
def file(name: str) -> ResponseReturnValue:
    """A file of the draft, as it is now."""
    content, _revision = reads.content(edge.work(), _draft(name), request.args.get("path", ""))
    return Response(content, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


@pages.post("/<name>/draft/file")
@guard("designer", writes=False, takes="json")
def keep(name: str) -> ResponseReturnValue:
    """Keep what was changed, and say what the check finds now."""
    found, said = _draft(name), _said("path", "text", "base")
    path, base = str(said["path"]), said["base"]
    if not isinstance(said["text"], str) or not isinstance(base, int):
        raise Invalid(
            [FieldError("text", path, "请发送文字和它的次数", "Expected a text and the number of its change")]
        )
    try:
        text = said["text"].encode()
    except UnicodeEncodeError:
        zh, en = "文字里有不成字的编码", "There are characters in it that are none"
        raise Invalid([FieldError("text", path, zh, en)]) from None
    with edge.hall().database.unit_of_work() as work:
        kept = commands.save(work, found.id, path, text, base=base, by=edge.actor(), now=edge.now())
    work = edge.work()
    findings = drafting.check(work, reads.row(work, found), edge.hall().settings.content, {path: text})
    return jsonify(
        revision=kept.revision,
        changed=kept.changed,
        findings=findings_shown(findings),
        others=_others(found),
        draft=name,
    )


@pages.post("/<name>/draft/said")
@guard("designer", writes=False, takes="json")
def rewrite(name: str) -> ResponseReturnValue:
    """A text of YAML with some of its places changed; nothing is kept by it. Without a value a place is gone."""
    _draft(name)
    body = _said("text", "changes")
    text, changes = body["text"], body["changes"]
    if not isinstance(text, str) or len(text) > commands.MOST_BYTES or not isinstance(changes, list):
        raise Invalid([FieldError("text", "内容", "请发送文字和要改的几处", "Expected a text and what to change")])
    for one in changes[:MOST_CHANGES]:
        at = one.get("at") if isinstance(one, dict) else None
        if not isinstance(at, list) or not at or not all(type(part) in (str, int) for part in at):
            raise Invalid([FieldError("changes", "改动", "每一处要说在哪里", "Each change says where it is")])
        value = rewriting.read(one["yaml"]) if isinstance(one.get("yaml"), str) else one.get("value", rewriting.GONE)
        text = rewriting.said(text, at, value)
    # as text: whoever shows it wants the keys in the order of the file, and jsonify puts them in that of letters
    return jsonify(text=text, value=json.dumps(rewriting.read(text), ensure_ascii=False))


@pages.post("/<name>/draft/here")
@guard("designer", writes=True, takes="json")
def here(name: str) -> ResponseReturnValue:
    """Somebody has it open still; who else has."""
    found, said = _draft(name), _said("path")
    commands.is_here(edge.work(), found.id, str(said["path"]), by=edge.actor(), now=edge.now())
    return jsonify(others=_others(found))


def _said(*names: str) -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not set(names) <= body.keys():
        wanted = ", ".join(names)
        raise Invalid([FieldError("body", "内容", f"请发送 JSON：{wanted}", f"Expected JSON with {wanted}")])
    return body


def _others(found: reads.Draft) -> list[dict[str, str]]:
    seen = reads.others(edge.work(), found, edge.actor(), now=edge.now())
    return [{"who": who, "file": path.rpartition("/")[2]} for who, path in seen]


@pages.post("/<name>/draft/remove")
@guard("designer", writes=True)
def remove(name: str) -> ResponseReturnValue:
    commands.take_away(edge.work(), _draft(name).id, request.form.get("path", ""), by=edge.actor(), now=edge.now())
    return redirect(url_for("drafting.draft", name=name))


@pages.post("/<name>/draft/restore")
@guard("designer", writes=True)
def restore(name: str) -> ResponseReturnValue:
    revision = revision_sent()
    count = commands.restore(edge.work(), _draft(name).id, revision, by=edge.actor(), now=edge.now())
    said = _("已回到第 %(n)s 次，%(count)s 个文件变了。", n=revision, count=count)
    flash(said if count else _("没有不同，没有改。"))
    return redirect(url_for("drafting.draft", name=name))


@pages.post("/<name>/draft/bring")
@guard("designer", writes=True, takes="file")
def bring(name: str) -> ResponseReturnValue:
    """A zip of the matter's folders, from a desktop modeler or a repository, becomes what the draft says."""
    sent = request.files.get("zip")
    if sent is None or not sent.filename:
        raise Invalid([FieldError("zip", "压缩包", "请选择文件", "Choose a file")])
    content, found = sent.read(), _draft(name)
    files = matters_.draft(name, content, edge.hall().settings.content)
    downloaded = pulling.of_zip(content, name)
    if downloaded is not None:  # what others changed since stays, or is in the way
        inside = pulling.here(edge.work(), name, draft=True).files
        both = pulling.merged(*downloaded, inside)
        pulling.must_not_be_overtaken(both)
        files = dict(both.files)
    count = commands.bring(edge.work(), found.id, files, by=edge.actor(), now=edge.now())
    flash(_("%(n)s 个文件和原来不同，已经换上。", n=count) if count else _("没有不同，没有改。"))
    return redirect(url_for("drafting.draft", name=name))


@pages.get("/<name>/draft/zip")
@guard("designer")
def packed(name: str) -> ResponseReturnValue:
    """The draft's files, as they lie in a folder."""
    work, out = edge.work(), io.BytesIO()
    found, day = _draft(name), (1980, 1, 1, 0, 0, 0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in reads.files(work, found):
            content, _revision = reads.content(work, found, one.path)
            archive.writestr(zipfile.ZipInfo(one.path, day), content)
        manifest = pulling.written({name: pulling.entry(pulling.here(work, name, draft=True))})
        archive.writestr(zipfile.ZipInfo(pulling.MANIFEST, day), manifest)
    return Response(
        out.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}-{found.revision}.zip"'},
    )


@pages.post("/<name>/draft/proof")
@guard("designer", writes=False)
def proof(name: str) -> ResponseReturnValue:
    """Check it and play its stories. Nothing is published."""
    work, found = edge.work(), _draft(name)
    content = edge.hall().settings.content
    files = drafting.files_of(work, reads.row(work, found), content)
    played: list[Played] = []
    verdict = prove(name, files, county=verdicts.county_of(work), content=content, each=played.append)
    drawing = url_for("drafting.file", name=name, path=f"bpmn/{name}/process.bpmn")
    return _proved(name, found, verdict, covered.of(name, files, played, drawing))


def _proved(
    name: str, found: reads.Draft, verdict: Verdict, coverage: dict[str, Any] | None = None
) -> ResponseReturnValue:
    about = _("%(title)s 的草稿，第 %(n)s 次", title=found.title, n=found.revision)
    return proved(verdict, name, about, url_for("drafting.draft", name=name), coverage)


def revision_sent() -> int:
    """Which change was sent; -1, which none is, for what is no number."""
    said = request.form.get("revision", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else -1


@pages.post("/<name>/draft/drop")
@guard("designer", writes=True)
def drop(name: str) -> ResponseReturnValue:
    commands.drop(edge.work(), _draft(name).id, by=edge.actor(), now=edge.now())
    flash(_("草稿已放弃，改动都还在历史里。"))
    return redirect(url_for("studio.matters"))


@pages.post("/<name>/choose")
@guard("designer", writes=False)
def choose(name: str) -> ResponseReturnValue:
    """An older version is the one that new cases get again."""
    wanted = request.form.get("version", "")
    one = next((v for v in versions.of(edge.work(), name) if v.hash == wanted), None)
    if one is None:
        raise NotFound("这个事项没有这一版。", "This matter has no such version.")
    note = request.form.get("note", "")
    drafting.choose(edge.hall().database, name, one.whole, note=note, by=edge.actor(), now=edge.now())
    flash(_("新的办件按这一版走了，在办的留在原来的版本。"))
    return redirect(url_for("studio.matter", name=name))


@pages.post("/<name>/withdraw")
@guard("designer", writes=True)
def withdraw(name: str) -> ResponseReturnValue:
    """Off for new cases, until somebody publishes it again."""
    note = request.form.get("note", "").strip()
    if not note:
        raise Invalid([FieldError("note", "撤下的理由", "请写明为什么撤下", "Say why it is taken off")])
    library.withdraw(edge.work(), name, by=edge.actor(), now=edge.now(), note=note[:400], studio=True)
    flash(_("已撤下：不再收新的，在办的照常办完。"))
    return redirect(url_for("studio.matters"))
