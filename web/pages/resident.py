"""What residents see: one screen of doors, the matters, the application, their cases."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters import Package
from engine.people import units
from engine.plain import plain
from engine.reads import case_list, case_page, inbox, residents
from engine.reads.case_page import CasePage
from engine.records import files, library
from web import edge, formats, names, sentences, throttle
from web.edge import guard
from web.language import english
from web.names import named
from web.pages import taking_part, tracking

pages = Blueprint("resident", __name__)

#: The six functions of the hall for a life (幼有所育 …), with the words and picture of each.
FUNCTIONS = (
    ("幼有所育", "child"),
    ("老有所养", "old"),
    ("病有所医", "health"),
    ("食有所安", "food"),
    ("居有所乐", "house"),
    ("事有所办", "work"),
)


#: A step that asks nothing: only to be confirmed.
EMPTY_FORM: dict[str, Any] = {"type": "default", "id": "empty", "schemaVersion": 19, "components": []}


def _functions() -> list[tuple[str, str, str]]:
    words = {
        "幼有所育": _("幼有所育"),
        "老有所养": _("老有所养"),
        "病有所医": _("病有所医"),
        "食有所安": _("食有所安"),
        "居有所乐": _("居有所乐"),
        "事有所办": _("事有所办"),
    }
    return [(name, words[name], picture) for name, picture in FUNCTIONS]


@pages.get("/")
@guard("anyone")
def home() -> ResponseReturnValue:
    return render_template("resident/home.html", functions=_functions(), tab="resident.home")


def _brief(package: Package) -> dict[str, Any]:
    info = package.info
    rules = info.limits.rules()
    promised = (rules.promised.en() if english() else rules.promised.zh()) if rules.promised else ""
    parts = [
        _("%(promised)s办好", promised=promised) if promised and rules.promised and rules.promised.n else _("当场办好"),
        named(info.fee),
    ]
    return {
        "name": package.name,
        "title": info.name_en if english() else info.name,
        "brief": " · ".join(p for p in parts if p),
        "words": (info.name, info.name_en, info.summary, *info.words, *info.functions),
        "functions": info.functions,
    }


def _published() -> list[Package]:
    """What residents may begin; not what only the system opens (差评整改)."""
    return [p for p in library.published(edge.work()) if p.info.published and set(p.info.apply.channels) != {"system"}]


@pages.get("/matters")
@guard("anyone")
def matters() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    function = request.args.get("function", "")[:10]
    found = [_brief(p) for p in _published()]
    if function:
        found = [m for m in found if function in m["functions"]]
    if query:
        # Every character pair counts, so that 医保登记 finds 城乡居民医保参保登记.
        found = sorted((m for m in found if _fits(query, m["words"])), key=lambda m: -_fits(query, m["words"]))
    return render_template(
        "resident/matters.html",
        matters=found,
        query=query,
        function=function,
        function_words=dict((name, words) for name, words, _picture in _functions()).get(function, ""),
        tab="resident.matters",
    )


def _fits(query: str, words: tuple[str, ...]) -> float:
    text = " ".join(words).lower()
    query = query.lower()
    if query in text:
        return 2.0
    pairs = {query[i : i + 2] for i in range(len(query) - 1)} or {query}
    share = sum(p in text for p in pairs) / len(pairs)
    return share if share >= 0.5 else 0.0


def _current(name: str) -> Package:
    """The matter this page is about."""
    package = library.current(edge.work(), name)
    names.about(package)
    return package


_KINDS = {"required": "必须带", "shared": "不用带，我们来查", "deferrable": "可以后补", "optional": "有就带"}


@pages.get("/matters/<name>")
@guard("anyone")
def guide(name: str) -> ResponseReturnValue:
    package = _current(name)
    info = package.info
    rules = info.limits.rules()

    def limit(value: Any) -> str:
        return (value.en() if english() else value.zh()) if value is not None and value.n else ""

    return render_template(
        "resident/guide.html",
        tab="resident.matters",
        matter={
            "name": package.name,
            "title": info.name_en if english() else info.name,
            "summary": (info.summary_en or info.summary) if english() else info.summary,
            "promised": limit(rules.promised) or _("当场办好"),
            "statutory": limit(rules.statutory),
            "fee": info.fee,
            "visits": _("不用跑") if info.visits == 0 else _("%(n)s 次", n=info.visits),
            "scope": info.scope,
            "agent": info.agent,
            "results": info.results,
            "office": _office(info.office),
            "open": "online" in info.apply.channels,
            "conditions": info.conditions,
            "materials": [
                {
                    "name": m.name,
                    "words": " · ".join(
                        w
                        for w in (
                            _(_KINDS[m.kind]),
                            _("原件 %(n)s 份", n=m.originals) if m.originals else "",
                            _("复印件 %(n)s 份", n=m.copies) if m.copies else "",
                            named(m.note),
                        )
                        if w
                    ),
                }
                for m in info.materials
            ],
            "basis": [
                {"law": f"《{b.law}》" if "《" not in b.law else b.law, "article": b.article, "says": b.says}
                for b in info.basis
            ],
            "complaint": info.complaint.phone,
        },
    )


def _office(code: str) -> str:
    words = {"village": _("村（社区）"), "town": _("乡镇"), "county": _("县大厅")}
    if code in words:
        return words[code]
    found = next((u for u in units.tree(edge.work()) if u.code.endswith(code)), None)
    return named(found.name) if found else code


@pages.get("/apply/<name>")
@guard("resident")
def apply(name: str) -> ResponseReturnValue:
    package = _current(name)
    _open_online(package)
    form = package.form(package.info.apply.form)
    return render_template(
        "resident/apply.html",
        title=package.info.name_en if english() else package.info.name,
        schema=names.schema(forms.browser_schema(form)),
        answers=_known(package),
        draft=f"{edge.actor().id}:apply:{name}:{package.version[:8]}",
        check=url_for("resident.check", name=name),
        places=_places() if _asks_place(package) else (),
        tab="resident.matters",
    )


def _asks_place(package: Package) -> bool:
    """Whether we must ask where the applicant lives: neither the form nor their account says it."""
    return edge.actor().place_id is None and not package.info.who.place


def _places() -> list[tuple[str, str]]:
    """(code, name) of every village and community, town by town."""
    tree = units.tree(edge.work())
    found = [u for u in tree if u.kind in ("village", "community")]
    return [(u.code, tree.full_name(u)) for u in sorted(found, key=lambda u: u.path)]


def _place(package: Package, body: dict[str, Any]) -> Any:
    """The village an application belongs to, when it had to be asked."""
    if not _asks_place(package):
        return None
    found = next((u for u in units.tree(edge.work()) if u.code == body.get("place")), None)
    if found is None or found.kind not in ("village", "community"):
        words = _("所在村（社区）")
        raise Invalid([FieldError("place", words, "请选择您所在的村（社区）。", "Choose your village or community.")])
    return found


def _open_online(package: Package) -> None:
    if "online" not in package.info.apply.channels:
        raise NotFound(
            f"“{package.info.name}”不能在网上申请，请到窗口或打大厅电话。",
            "This matter is not open for applications online.",
        )


def _known(package: Package) -> dict[str, Any]:
    """What we know of the applicant already, laid into the form so that nothing is asked twice."""
    person = residents.own(edge.work(), edge.actor())
    found: dict[str, Any] = {}
    who = package.info.who
    paths = {path for path, _field in package.form(package.info.apply.form).walk()}
    about = request.args.get("about", "")[:40]
    if about and "about.number" in paths:  # came from a case's own page
        found["about"] = {"number": about}
    for path, value in ((who.name, person.name), (who.phone, person.phone), (who.id_number, person.id_number)):
        if not path or not value or path not in paths:
            continue
        place = found
        *groups, last = path.split(".")
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return found


def _sent() -> dict[str, Any]:
    """The JSON a form's script sends."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


@pages.post("/apply/<name>/check")
@guard("resident", writes=False)
def check(name: str) -> ResponseReturnValue:
    """Check the answers as the command will, and show them in words. Nothing is stored."""
    package = _current(name)
    _open_online(package)
    form = package.form(package.info.apply.form)
    body = _sent()
    place = _place(package, body)
    answers = forms.check(form, body["answers"], env=_env())
    rules = package.info.limits.rules()
    return jsonify(
        review=render_template(
            "resident/review.html",
            lines=forms.describe(form, answers, env=_env()),
            place=units.tree(edge.work()).full_name(place) if place else "",
            consent=package.info.apply.consent,
            promised=(rules.promised.en() if english() else rules.promised.zh()) if rules.promised else "",
            send=url_for("resident.send", name=name),
            once=secrets.token_urlsafe(12),
        )
    )


def _env() -> Any:
    from engine import feel

    return feel.Env(now=edge.now(), calendar=edge.work().calendar)


@pages.post("/files")
@guard("signed-in", alone=True)
def upload() -> ResponseReturnValue:
    """Keep one chosen file; answers {id, name, size}."""
    throttle.count("upload", f"u{edge.actor().id}")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid([FieldError("file", "", "没有选择文件。", "There is no file.")])
    with edge.hall().database.unit_of_work() as work:
        kept = files.upload(
            work, sent.read(), sent.filename or "", by=edge.actor(), now=edge.now(), label=sent.filename or "文件"
        )
        said = {"id": str(kept.id), "name": kept.name, "size": kept.size}
    return jsonify(said), 201


@pages.get("/agent")
@guard("anyone")
def agent() -> ResponseReturnValue:
    return render_template(
        "resident/words.html",
        title=_("找人代办"),
        texts=[
            _("走不开、不会办，可以请村（社区）代办员帮您跑。代办不收费，只收法定的费用。"),
            _("下面这些事可以请人代办。点进去看要准备什么，或打电话请代办员上门。"),
        ],
        matters=[_brief(p) for p in _published() if p.info.agent],
        tab="resident.home",
    )


@pages.get("/report")
@guard("anyone")
def report() -> ResponseReturnValue:
    behind = library.behind(edge.work(), "report")
    return render_template(
        "resident/report.html",
        about=request.args.get("about", "")[:40],
        door=behind.name if behind is not None else "",
        tab="resident.home",
    )


@pages.post("/apply/<name>")
@guard("resident")
def send(name: str) -> ResponseReturnValue:
    """The application, for good. Sent twice with the same key, it is one case."""
    body = _sent()
    package = _current(name)
    done = cases.apply_online(
        edge.work(),
        name,
        body["answers"],
        by=edge.actor(),
        now=edge.now(),
        consent=body.get("consent") is True,
        place=_place(package, body),
        key=str(body.get("once") or "") or None,
    )
    return jsonify(location=url_for("resident.receipt", number=done.case.number)), 201


def _shown(page: CasePage) -> dict[str, Any]:
    """A resident's case in plain words."""
    running = page.status in ("running", "suspended")
    live = [t for t in page.tasks if t.state != "ended"]
    due_at = page.account.leading.due_at if running and page.account.leading else None
    return {
        "number": page.number,
        "version": page.version,
        "matter_name": page.title,
        "where": sentences.where(page.where),
        "who": _("、").join(dict.fromkeys(t.unit or _("您自己") for t in live)) if running else "",
        "next": _("、").join(dict.fromkeys(t.name for t in live)),
        "until": formats.due(due_at) if due_at else "",
        "due_at": due_at,
        "colour": page.colour,
        "outcome": sentences.outcome(page.outcome) if not running else "",
        "office": page.office,
        "phone": page.office_phone or edge.hall().settings.hall_phone,
        "todo": {"id": page.desk.task_id, "name": page.desk.name} if page.desk else None,
        "steps": [
            {"name": t.name, "state": "done" if t.state == "ended" else "now", "words": sentences.step(t)}
            for t in page.tasks
            if t.ended not in ("CANCELLED", "SUPERSEDED")
        ],
        "papers": [
            {
                "id": p.id,
                "title": p.title,
                "number": p.number or "",
                "issued_at": p.issued_at,
                "ready": p.state == "ready",
            }
            for p in page.papers
            if p.state != "void"
        ],
        "answers": page.answers,
        "reveals": page.reveals,
        "withdraw": "withdraw" in page.can,
        "agent": page.agent,
        "rate": "rate" in page.can and page.status == "finished",
        "rated": _(dict(sentences.LEVELS)[page.rated]) if page.rated else "",
    }


def _page(number: str) -> CasePage:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    return page


@pages.get("/receipt/<number>")
@guard("resident")
def receipt(number: str) -> ResponseReturnValue:
    page = _page(number)
    return render_template(
        "resident/receipt.html",
        case=_shown(page),
        qr=tracking.qr_of(page.number),
        told=[  # at once, when it came in; what is told later stands on the case's own page
            (en if english() else "") or zh
            for at, channel, zh, en in page.notices
            if channel == "screen" and at <= page.received_at + timedelta(minutes=1)
        ],
        tab="resident.mine",
    )


@pages.get("/mine")
@guard("resident")
def mine() -> ResponseReturnValue:
    work, actor = edge.work(), edge.actor()
    boxes: tuple[inbox.Box, ...] = ("mine", "open")
    todo = [t for box in boxes for t in inbox.tasks_for(work, actor, now=edge.now(), box=box).rows]
    found = case_list.mine(edge.work(), edge.actor(), now=edge.now(), limit=100)
    return render_template(
        "resident/mine.html",
        todo=[
            {
                "id": t.task_id,
                "name": t.step,
                "matter_name": t.matter_name,
                "until": formats.due(t.due_at) if t.due_at else "",
            }
            for t in todo
        ],
        cases=[
            {
                "number": c.number,
                "matter_name": c.title,
                "status": sentences.status(c.status, c.outcome)
                if c.finished_at
                else c.stage or sentences.status(c.status),
                "applicant": c.applicant,
            }
            for c in found
        ],
        tab="resident.mine",
    )


@pages.get("/mine/<number>")
@guard("resident")
def case(number: str) -> ResponseReturnValue:
    page = _page(number)
    return render_template(
        "resident/case.html", case={**_shown(page), **taking_part.resident_part(page)}, tab="resident.mine"
    )


@pages.get("/mine/task/<int:task_id>")
@guard("resident", writes=True)
def task(task_id: int) -> ResponseReturnValue:
    """A step that waits for the resident: a correction, a confirmation."""
    page = case_page.of_task(edge.work(), task_id, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    desk = page.desk
    if desk is None or desk.task_id != task_id:
        raise NotNow("这一步已经办过了，谢谢。", "This step is done already. Thank you.")
    cases.mark_seen(edge.work(), task_id, by=edge.actor(), now=edge.now())
    due_at = next((t.due_at for t in page.tasks if t.id == task_id), None)
    return render_template(
        "resident/task.html",
        task={
            "id": desk.task_id,
            "version": desk.version,
            "name": desk.name,
            "number": page.number,
            "matter_name": page.title,
            "until": formats.due(due_at) if due_at else "",
        },
        schema=names.schema(desk.schema or EMPTY_FORM),
        answers=plain(dict(desk.data)),
        shown=desk.shown,
        notes=desk.notes,
        came=sentences.came,
        tab="resident.mine",
    )


@pages.post("/mine/task/<int:task_id>")
@guard("resident")
def complete(task_id: int) -> ResponseReturnValue:
    body = _sent()
    done = cases.complete(
        edge.work(), task_id, body["answers"], version=_version(body), by=edge.actor(), now=edge.now()
    )
    flash(_("已经提交，谢谢。"))
    return jsonify(location=url_for("resident.case", number=done.case.number))


def _version(body: dict[str, Any]) -> int | None:
    found = body.get("version")
    return found if isinstance(found, int) else None


@pages.post("/mine/<number>/withdraw")
@guard("resident")
def withdraw(number: str) -> ResponseReturnValue:
    page = _page(number)
    cases.withdraw(
        edge.work(),
        page.id,
        request.form.get("reason", "")[:200],
        by=edge.actor(),
        now=edge.now(),
        version=request.form.get("version", type=int),
    )
    flash(_("已经撤销。编号和文书都还在。"))
    return redirect(url_for("resident.case", number=number))


@pages.get("/mine/<number>/rate")
@guard("resident")
def rate(number: str) -> ResponseReturnValue:
    page = _page(number)
    return _rate_page(page)


def _rate_page(
    page: CasePage, wrong: tuple[FieldError, ...] = (), chosen: int = 0, comment: str = "", named: bool = False
) -> str:
    return render_template(
        "resident/rate.html",
        case=_shown(page),
        levels=[(n, _(words)) for n, words in sentences.LEVELS],
        wrong=wrong,
        chosen=chosen,
        comment=comment,
        named=named,
        tab="resident.mine",
    )


@pages.post("/mine/<number>/rate")
@guard("resident")
def rated(number: str) -> ResponseReturnValue:
    page = _page(number)
    level, comment = request.form.get("level", 0, type=int), request.form.get("comment", "")[:500]
    named = request.form.get("named") == "1"
    try:
        cases.rate(edge.work(), page.id, level, by=edge.actor(), now=edge.now(), comment=comment, named=named)
    except Invalid as error:
        return _rate_page(page, tuple(error.fields), level, comment, named), 422
    flash(_("谢谢您的评价。"))
    return redirect(url_for("resident.case", number=number))
