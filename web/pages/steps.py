"""The work on a step: claim, complete, draft, and 退回, 转办, 委派, 撤回 with their previews."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands.applying import Done
from engine.errors import FieldError, Invalid, NotFound
from engine.plain import is_id
from engine.reads import case_list, case_page
from engine.reads import inbox as lists
from engine.reads.colleagues import to_have
from engine.records import library
from engine.store import Work
from web import confirming, edge, names, sentences
from web.confirming import How, Shown
from web.edge import guard
from web.names import named
from web.pages.desk import pages


def _seen() -> int | None:
    return request.form.get("version", type=edge.whole)


def _back(case_id: int) -> ResponseReturnValue:
    """To the case whose task was just written."""
    return redirect(url_for("desk.case", number=case_list.number_of(edge.work(), case_id)))


@pages.post("/tasks/<int:task_id>/claim")
@guard("staff")
def claim(task_id: int) -> ResponseReturnValue:
    task = cases.claim(edge.work(), task_id, version=_seen(), by=edge.actor(), now=edge.now())
    flash(_("已签收，归您办了。"))
    return _back(task.case_id)


@pages.post("/tasks/<int:task_id>/unclaim")
@guard("staff")
def unclaim(task_id: int) -> ResponseReturnValue:
    cases.unclaim(edge.work(), task_id, version=_seen(), by=edge.actor(), now=edge.now())
    flash(_("已退签，别人可以签收了。"))
    return redirect(url_for("desk.inbox"))


def sent() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


def _version(body: Mapping[str, Any]) -> int | None:
    found = body.get("version")
    return found if isinstance(found, int) else None


@pages.post("/tasks/<int:task_id>/complete")
@guard("staff")
def complete(task_id: int) -> ResponseReturnValue:
    body = sent()
    expect = body.get("expect")
    done = cases.complete(
        edge.work(),
        task_id,
        body["answers"],
        version=_version(body),
        by=edge.actor(),
        now=edge.now(),
        expect=expect if isinstance(expect, str) else None,
    )
    _say(done, _("已办好。"))
    onward = _next_in_hand(done.case.id) if body.get("onward") else done.case.number
    return jsonify(location=url_for("desk.case", number=onward) if onward else url_for("desk.inbox"))


def _next_in_hand(case_id: int) -> str | None:
    """The number of the most urgent other case in my hands."""
    rows = lists.tasks_for(edge.work(), edge.actor(), now=edge.now(), box="mine", limit=5).rows
    return next((row.number for row in rows if row.case_id != case_id), None)


def _say(done: Done, words: str) -> None:
    nexts = [c for c in done.changes if c.what == "opens"]
    if nexts:
        words += _("下一步：%(next)s。", next=_("、").join(sentences.change(c)["text"] for c in nexts))
    papers = [named(d.title) for d in done.documents]
    if papers:
        words += _("开出：%(papers)s。", papers=_("、").join(papers))
    flash(words)


@pages.post("/tasks/<int:task_id>/preview")
@guard("staff", alone=True)
def preview(task_id: int) -> ResponseReturnValue:
    """What completing would do: the same command, run and thrown away."""
    body = sent()
    with edge.hall().database.rehearsal() as work:
        done = cases.complete(work, task_id, body["answers"], version=_version(body), by=edge.actor(), now=edge.now())
        names.about(library.version(work, done.case.version_hash))
    return jsonify(
        review=render_template(
            "staff/preview.html",
            done=done,
            changes=[sentences.change(c) for c in done.changes],
            to=url_for("desk.complete", task_id=task_id),
            version=_version(body),
        )
    )


@pages.post("/tasks/<int:task_id>/draft")
@guard("staff")
def draft(task_id: int) -> ResponseReturnValue:
    cases.save_draft(edge.work(), f"task:{task_id}", sent()["answers"], by=edge.actor(), now=edge.now())
    return jsonify(said=_("已暂存，退出登录也不会丢。"))


@pages.post("/tasks/<int:task_id>/opinion")
@guard("staff")
def opinion(task_id: int) -> ResponseReturnValue:
    task = cases.give_opinion(
        edge.work(), task_id, request.form.get("opinion", ""), version=_seen(), by=edge.actor(), now=edge.now()
    )
    flash(_("意见已交回。"))
    return _back(task.case_id)


@pages.post("/tasks/<int:task_id>/take-back")
@guard("staff")
def take_back(task_id: int) -> ResponseReturnValue:
    """收回委派: nobody is asked any more."""
    task = cases.take_back(edge.work(), task_id, version=_seen(), by=edge.actor(), now=edge.now())
    flash(_("已收回委派，这一步又在问的人手里。"))
    return _back(task.case_id)


#: Operations with a page of their own: asked, previewed, confirmed.
_ASKED = {
    "return": ("退回", "退回理由"),
    "transfer": ("转办", "转办理由"),
    "delegate": ("委派征求意见", "想问什么"),
    "recall": ("撤回", ""),
}


@pages.get("/tasks/<int:task_id>/<any('return','transfer','delegate','recall'):what>")
@guard("staff")
def ask(task_id: int, what: str) -> ResponseReturnValue:
    """What to whom, and why."""
    return _ask_page(task_id, what, Shown(), {"to": "", "reason": ""})


def _ask_page(task_id: int, what: str, seen: Shown, sent: Mapping[str, str]) -> str:
    work = edge.work()
    page = case_page.of_task(work, task_id, actor=edge.actor(), now=edge.now())
    names.about(library.version(work, page.version_hash))
    step = next(t for t in page.tasks if t.id == task_id)
    title, reason = _ASKED[what]
    targets: list[tuple[str, str]] = []
    if what == "return":
        targets = list(cases.return_targets(work, task_id))
    if what in ("transfer", "delegate"):
        targets = colleagues([task_id])
    return render_template(
        "staff/ask.html",
        step=step,
        number=page.number,
        what=what,
        title=_(title),
        reason_words=_(reason),
        targets=targets,
        wrong=seen.wrong,
        plan=seen.plan,
        stale=seen.stale,
        sent=sent,
    )


def colleagues(task_ids: Collection[int]) -> list[tuple[str, str]]:
    """To whom these tasks may go: (id, name, unit and post)."""
    return [
        (
            str(one.id),
            _("%(name)s（%(unit)s·%(post)s）", name=one.name, unit=named(one.unit), post=named(one.post)),
        )
        for one in to_have(edge.work(), edge.actor(), task_ids)
    ]


@pages.post("/tasks/<int:task_id>/<any('return','transfer','delegate','recall'):what>")
@guard("staff", alone=True)
def carry_out(task_id: int, what: str) -> ResponseReturnValue:
    """First the preview; confirmed, exactly that plan."""
    sent = {k: request.form.get(k, "")[:500] for k in ("to", "reason")}
    seen = confirming.previewed(lambda work, how: _do(work, task_id, what, sent, how))
    if seen.done is not None:
        flash(_("已%(what)s。", what=_(_ASKED[what][0])))
        if isinstance(seen.done, Done):
            return redirect(url_for("desk.case", number=seen.done.case.number))
        return redirect(url_for("desk.inbox"))
    with edge.reading():
        return _ask_page(task_id, what, seen, sent), seen.status


def _do(work: Work, task_id: int, what: str, sent: Mapping[str, str], how: How) -> Any:
    by, now, version, expect = edge.actor(), edge.now(), None if how.anew else _seen(), how.expect
    if what == "recall":
        return cases.recall(work, task_id, by=by, now=now, expect=expect)
    if not sent["to"]:
        words = _("退到哪一步") if what == "return" else _("交给谁")
        raise Invalid([FieldError("to", words, "请选一个。", "Choose one.")])
    if what == "return":
        return cases.return_(work, task_id, sent["to"], sent["reason"], version=version, by=by, now=now, expect=expect)
    if not is_id(sent["to"]):
        raise NotFound("没有这位工作人员。", "There is no such clerk.")
    if what == "transfer":
        return cases.transfer(work, task_id, int(sent["to"]), sent["reason"], version=version, by=by, now=now)
    return cases.delegate(work, task_id, int(sent["to"]), sent["reason"], version=version, by=by, now=now)
