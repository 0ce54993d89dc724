"""What the hall's people see: the inbox, the case, the work on a step, the counter."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import cases
from engine.commands.applying import Done
from engine.commands.hall import calendars
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.people import units
from engine.plain import plain
from engine.reads import case_list, case_page
from engine.reads import inbox as lists
from engine.reads.case_page import CasePage
from engine.reads.colleagues import near
from engine.reads.reveals import PURPOSES
from engine.records import library
from web import edge, formats, names, sentences
from web.edge import guard
from web.language import english
from web.names import named
from web.pages import limits, operations, taking_part
from web.pages.resident import EMPTY_FORM

pages = Blueprint("desk", __name__, url_prefix="/desk")

_COLOURS = ("black", "red", "yellow", "green", "paused", "done")


@pages.app_context_processor
def shell() -> dict[str, Any]:
    """The left column and who I am, on every page of the hall's people."""
    actor = edge.actor()
    if actor.kind != "staff" or not request.path.startswith("/desk"):
        return {}
    return {"nav": _nav(), "standing": _standing()}


def _standing() -> str:
    work = edge.work_or_none()
    own = [p for p in edge.actor().positions if p.for_id is None]
    if work is None or not own:
        return ""
    tree = units.tree(work)
    return _("、").join(dict.fromkeys(tree.by_id[p.unit_id].name for p in own if p.unit_id in tree.by_id))


def _nav() -> list[dict[str, Any]]:
    actor, work = edge.actor(), edge.work_or_none()
    number: Mapping[str, int] = lists.waiting(work, actor) if work is not None else {}
    which = request.view_args.get("which") if request.view_args else None

    def one(
        endpoint: str, name: str, icon: str, key: str = "", count: int | None = None, heading: str = "", **values: str
    ) -> dict[str, Any]:
        here = request.endpoint == endpoint and (not values or values.get("which") == which)
        return {
            "address": _address(endpoint, values),
            "name": name,
            "icon": icon,
            "key": key,
            "count": count,
            "here": here,
            "heading": heading,
        }

    found = [
        one("desk.inbox", _("待办"), "inbox", "g i", number.get("mine")),
        one("desk.listed", _("待签收"), "hand", "g c", number.get("open"), which="open"),
        one("desk.window", _("窗口"), "window", "g w"),
        one("booking.week", _("预约"), "calendar", "g b"),
        one("desk.listed", _("本单位在办"), "people", "g u", which="unit"),
        *([one("services.carried", _("我代办的"), "hand", "g a")] if _is_agent() else []),
        one("desk.listed", _("已办"), "done", "g d", which="done"),
        one("desk.notices", _("抄送和通知"), "copy", "g n"),
        one("absences.mine", _("请假代理"), "person", "g l"),
    ]
    if "supervisor" in actor.roles:
        found.append(one("overview.numbers", _("运行情况"), "chart", "g s", heading=_("管理")))
        found.append(one("overview.reveals", _("谁看过完整信息"), "eye"))
        found.append(one("limits.extensions", _("待批延期"), "clock", "g e", limits.waiting()))
    if calendars.may_publish(actor):
        found.append(one("calendar.year", _("工作日历"), "calendar", "g k"))
    if "operator" in actor.roles:
        found.append(one("operations.now", _("运维"), "gear", "g o", operations.open_incidents()))
    if "designer" in actor.roles:
        found.append(one("studio.matters", _("事项和流程"), "flow", "g f", heading=_("设计")))
    return found


def _address(endpoint: str, values: Mapping[str, Any]) -> str:
    return url_for(endpoint, **values)


def _is_agent(matter: str | None = None) -> bool:
    """Whether they may apply for others: by a post of their own, or for an agent who is away (in this matter)."""
    return any(p.post == "agent" and (matter is None or p.covers(matter)) for p in edge.actor().positions)


@pages.get("")
@guard("staff")
def inbox() -> ResponseReturnValue:
    return _list("mine")


@pages.get("/list/<which>")
@guard("staff")
def listed(which: str) -> ResponseReturnValue:
    if which not in lists.BOXES:
        raise NotFound("没有这个列表。", "There is no such list.")
    return _list(which)


def _list(which: Any) -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    chosen = {k: request.args.get(k, "")[:60] for k in ("colour", "matter", "flag")}
    filters = lists.Filters(chosen["matter"] or None, chosen["colour"] or None, chosen["flag"] or None)
    page = lists.tasks_for(work, actor, now=now, box=which, filters=filters, after=request.args.get("after") or None)
    counts = lists.counts(work, actor, now=now, box=which)
    total = sum(counts.colours.values())

    def to(**change: str) -> str:
        values = {**{k: v for k, v in chosen.items() if v}, **change}
        values = {k: v for k, v in values.items() if v}
        return (
            _address("desk.inbox", values) if which == "mine" else _address("desk.listed", {"which": which, **values})
        )

    def option(name: str, value: str, words: str, count: int) -> dict[str, Any]:
        here = chosen[name] == value
        colour = value if name == "colour" else ""
        return {"words": words, "count": count, "to": to(**{name: value}), "here": here, "colour": colour}

    groups = [
        {
            "name": _("时限"),
            "options": [option("colour", "", _("全部"), total)]
            + [
                option("colour", c, _(formats.COLOUR_WORDS[c]), counts.colours[c])
                for c in _COLOURS
                if counts.colours.get(c)
            ],
        },
        {
            "name": _("事项"),
            "options": [option("matter", "", _("全部"), total)]
            + [option("matter", m, words, n) for m, words, n in counts.matters],
        },
    ]
    if counts.flags:
        groups.append(
            {
                "name": _("标记"),
                "options": [option("flag", "", _("全部"), total)]
                + [option("flag", f, _(f), n) for f, n in counts.flags.items()],
            }
        )
    titles = {"mine": _("待办"), "open": _("待签收"), "done": _("已办"), "unit": _("本单位在办")}
    return render_template(
        "staff/inbox.html",
        title=titles[which],
        which=which,
        page=page,
        came=sentences.came,
        filters=groups,
        total=total,
        bulk=_bulk(which),
        first=to() if request.args.get("after") else "",
        more=to(after=page.next) if page.next else "",
    )


def _bulk(which: str) -> tuple[tuple[str, str], ...]:
    """What may be done to several rows of a list at once."""
    found = {
        "open": (("claim", _("批量签收")),),
        "mine": (("complete", _("批量办理")), ("transfer", _("批量转办"))),
        "unit": (("transfer", _("批量转办")),) if "supervisor" in edge.actor().roles else (),
    }
    return found.get(which, ())


@pages.get("/find")
@guard("staff")
def find() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    found = case_list.search(edge.work(), query, actor=edge.actor(), now=edge.now(), limit=50)
    if len(found) == 1 and found[0].number == query:
        return redirect(url_for("desk.case", number=query))
    return render_template("staff/find.html", query=query, found=found, status=sentences.status)


@pages.get("/notices")
@guard("staff")
def notices() -> ResponseReturnValue:
    rows = lists.notices_for(edge.work(), edge.actor(), limit=100)
    return render_template(
        "staff/notices.html",
        notices=[{"text": (n.text_en if english() else "") or n.text, "at": n.created_at} for n in rows],
    )


# ---------------------------------------------------------------- the case


def _page(number: str) -> CasePage:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    return page


@pages.get("/cases/<number>")
@guard("staff", writes=True)
def case(number: str) -> ResponseReturnValue:
    """The page of a case. Opening one's own open step marks it as seen: after that it is not recalled."""
    page = _page(number)
    work = None
    if page.desk is not None:
        cases.mark_seen(edge.work(), page.desk.task_id, by=edge.actor(), now=edge.now())
        mine = next(t for t in page.tasks if t.id == page.desk.task_id)
        work = {
            "desk": page.desk,
            "can": mine.can,
            "held": mine.state == "claimed",
            "schema": names.schema(page.desk.schema or EMPTY_FORM),
            "answers": plain(dict(page.desk.data)),
            "version": mine.version,
        }
    return render_template(
        "staff/case.html",
        case=page,
        stuck=sentences.where(page.where),
        status=sentences.status(page.status, page.outcome),
        due_at=page.account.leading.due_at if page.account.leading else None,
        event=sentences.event,
        came=sentences.came,
        ends=sentences.ENDS,
        purposes=[(key, _(words)) for key, words in PURPOSES.items()],
        lasting=formats.lasting,
        channel=_(sentences.CHANNELS.get(page.channel, page.channel)),
        work=work,
        limits=_limits(page),
        marks={"current": [element for element in page.lit if element not in page.beside], "done": list(page.passed)},
        recall=next((t.id for t in reversed(page.tasks) if "recall" in t.can), None),
        materials=library.version(edge.work(), page.version_hash).info.materials,
        **taking_part.beside(page),
        **limits.tab(page.id),
    )


@pages.get("/cases/<number>/glance")
@guard("staff")
def glance(number: str) -> ResponseReturnValue:
    """The third pane of the inbox: the case in short."""
    page = _page(number)
    held = page.desk is not None and any(t.id == page.desk.task_id and t.state == "claimed" for t in page.tasks)
    return render_template(
        "staff/glance.html",
        case=page,
        stuck=sentences.where(page.where),
        held=held,
        event=sentences.event,
        came=sentences.came,
        due_at=page.account.leading.due_at if page.account.leading else None,
    )


def _limits(page: CasePage) -> list[dict[str, Any]]:
    """The day-by-day account of each limit."""
    found = []
    for one in (*page.account.limits.values(), *page.sides):
        found.append(
            {
                "name": one.name if not english() else one.id,
                "limit": one.limit.en() if english() else one.limit.zh(),
                "source": one.source,
                "due_on": one.due_on,
                "used": one.used,
                "remaining": one.remaining,
                "state": one.state,
                "days": [{"day": d.date, "counts": d.counts, "kind": d.kind, "name": d.name} for d in one.days],
            }
        )
    return found


@pages.get("/cases/<number>/process.bpmn")
@guard("staff")
def diagram(number: str) -> ResponseReturnValue:
    """The diagram of the version this case runs on."""
    page = _page(number)
    source = names.diagram(library.version(edge.work(), page.version_hash).diagram)
    return Response(source, content_type="application/xml; charset=utf-8")


@pages.post("/cases/<number>/reveal")
@guard("staff")
def reveal(number: str) -> ResponseReturnValue:
    """Look behind a mask, for a purpose that is recorded."""
    page = _page(number)
    field, purpose, words = (request.form.get(name, "")[:200] for name in ("field", "purpose", "words"))
    value = cases.reveal(edge.work(), page.id, field, purpose, words, by=edge.actor(), now=edge.now())
    return render_template("staff/revealed.html", number=number, value=value, purpose=f"{PURPOSES[purpose]}：{words}")


# ---------------------------------------------------------------- operations on a step


def _seen() -> int | None:
    return request.form.get("version", type=int)


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


def _sent() -> dict[str, Any]:
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
    body = _sent()
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
    body = _sent()
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
    cases.save_draft(edge.work(), f"task:{task_id}", _sent()["answers"], by=edge.actor(), now=edge.now())
    return jsonify(said=_("已暂存，退出登录也不会丢。"))


@pages.post("/tasks/<int:task_id>/opinion")
@guard("staff")
def opinion(task_id: int) -> ResponseReturnValue:
    task = cases.give_opinion(
        edge.work(), task_id, request.form.get("opinion", ""), version=_seen(), by=edge.actor(), now=edge.now()
    )
    flash(_("意见已交回。"))
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
    return _ask_page(task_id, what)


def _ask_page(task_id: int, what: str, wrong: tuple[FieldError, ...] = (), plan: Any = None, sent: Any = None) -> str:
    work = edge.work()
    page = case_page.of_task(work, task_id, actor=edge.actor(), now=edge.now())
    names.about(library.version(work, page.version_hash))
    step = next(t for t in page.tasks if t.id == task_id)
    title, reason = _ASKED[what]
    targets: list[tuple[str, str]] = []
    if what == "return":
        targets = list(cases.return_targets(work, task_id))
    if what in ("transfer", "delegate"):
        targets = colleagues()
    return render_template(
        "staff/ask.html",
        step=step,
        number=page.number,
        what=what,
        title=_(title),
        reason_words=_(reason),
        targets=targets,
        wrong=wrong,
        plan=plan,
        sent=sent or {"to": "", "reason": ""},
    )


def colleagues() -> list[tuple[str, str]]:
    """To whom a task may go: (id, name, unit and post)."""
    return [
        (
            str(one.id),
            _("%(name)s（%(unit)s·%(post)s）", name=one.name, unit=named(one.unit), post=named(one.post)),
        )
        for one in near(edge.work(), edge.actor(), cases=True)
    ]


@pages.post("/tasks/<int:task_id>/<any('return','transfer','delegate','recall'):what>")
@guard("staff", alone=True)
def carry_out(task_id: int, what: str) -> ResponseReturnValue:
    """First the preview; confirmed, exactly that plan."""
    sent = {k: request.form.get(k, "")[:500] for k in ("to", "reason", "expect", "confirmed")}
    database = edge.hall().database
    try:
        if sent["confirmed"]:
            with database.unit_of_work() as work:
                done = _do(work, task_id, what, sent, expect=sent["expect"] or None)
            flash(_("已%(what)s。", what=_(_ASKED[what][0])))
            if isinstance(done, Done):
                return redirect(url_for("desk.case", number=done.case.number))
            return redirect(url_for("desk.inbox"))
        with database.rehearsal() as work:
            plan = _plan(_do(work, task_id, what, sent, expect=None))
        wrong: tuple[FieldError, ...] = ()
    except Invalid as error:
        plan, wrong = None, tuple(error.fields)
    with edge.reading():
        return _ask_page(task_id, what, wrong, plan, sent), 422 if wrong else 200


def _plan(done: Any) -> dict[str, Any]:
    """What the rehearsal did, in words, and the token that binds the confirmation to it."""
    if not isinstance(done, Done):
        return {"changes": [], "token": "", "before": None, "after": None}
    return {
        "changes": [sentences.change(c) for c in done.changes],
        "token": done.token,
        "before": done.due_before,
        "after": done.due_after,
    }


def _do(work: Any, task_id: int, what: str, sent: Mapping[str, str], *, expect: str | None) -> Any:
    by, now, version = edge.actor(), edge.now(), _seen()
    if what == "recall":
        return cases.recall(work, task_id, by=by, now=now, expect=expect)
    if not sent["to"]:
        words = _("退到哪一步") if what == "return" else _("交给谁")
        raise Invalid([FieldError("to", words, "请选一个。", "Choose one.")])
    if what == "return":
        return cases.return_(work, task_id, sent["to"], sent["reason"], version=version, by=by, now=now, expect=expect)
    if not sent["to"].isdigit():
        raise NotFound("没有这位工作人员。", "There is no such clerk.")
    if what == "transfer":
        return cases.transfer(work, task_id, int(sent["to"]), sent["reason"], version=version, by=by, now=now)
    return cases.delegate(work, task_id, int(sent["to"]), sent["reason"], version=version, by=by, now=now)


# ---------------------------------------------------------------- the counter


@pages.get("/window")
@guard("staff")
def window() -> ResponseReturnValue:
    """What can be taken in at a counter."""
    found = [
        p
        for p in library.published(edge.work())
        if "counter" in p.info.apply.channels or "phone" in p.info.apply.channels
    ]
    return render_template(
        "staff/window.html",
        matters=[
            {
                "name": p.name,
                "title": p.info.name_en if english() else p.info.name,
                "summary": (p.info.summary_en if english() else "") or p.info.summary,
                "code": p.info.code,
            }
            for p in found
        ],
    )


@pages.get("/window/<name>")
@guard("staff")
def take_in(name: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
    names.about(package)
    form = package.form(package.info.apply.form)
    return render_template(
        "staff/take_in.html",
        title=package.info.name_en if english() else package.info.name,
        name=name,
        schema=names.schema(forms.browser_schema(form)),
        materials=package.info.materials,
        channels=[
            (c, _(sentences.CHANNELS[c]))
            for c in ("counter", "agent", "phone")
            if c in package.info.apply.channels and (c != "agent" or _is_agent(name))
        ],
        once=secrets.token_urlsafe(12),
    )


@pages.post("/window/<name>")
@guard("staff")
def taken_in(name: str) -> ResponseReturnValue:
    body = _sent()
    channel = str(body.get("channel") or "counter")
    if channel not in ("counter", "agent", "phone"):
        raise NotNow("窗口只能选窗口、代办或电话。", "Expected counter, agent or phone.")
    if channel == "agent" and not _is_agent(name):
        raise NotNow("只有代办员可以代办。", "Only an agent may apply for another.")
    done = cases.submit(
        edge.work(),
        name,
        body["answers"],
        by=edge.actor(),
        now=edge.now(),
        channel=channel,
        key=str(body.get("once") or "") or None,
    )
    flash(_("已收件，编号 %(number)s。", number=done.case.number))
    return jsonify(location=url_for("desk.case", number=done.case.number)), 201
