"""A new matter (新建事项): from a few questions, or from a copy of one that there is; a draft that runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import studio as commands
from engine.drawing import Unreadable
from engine.errors import FieldError, Invalid
from engine.records import library
from engine.store import Work, again
from web import edge, skeleton
from web.edge import guard
from web.studio_words import AT

pages = Blueprint("beginning", __name__, url_prefix="/desk/matters")

#: The longest promise asked for here, in working days.
MOST_DAYS = 90


@pages.get("/new")
@guard("designer")
def new() -> ResponseReturnValue:
    return _page({"like": request.args.get("like", "")}, ())


def _page(said: dict[str, str], wrong: tuple[FieldError, ...]) -> ResponseReturnValue:
    body = render_template(
        "staff/draft_new.html",
        typed=defaultdict(str, said),
        wrong=wrong,
        places={code: _(AT[code]) for code in skeleton.PLACES},
        matters=[(p.name, p.info.name) for p in library.published(edge.work())],
    )
    return body, 422 if wrong else 200


@pages.post("/new")
@guard("designer", writes=False)
def make() -> ResponseReturnValue:
    said = {key: value.strip()[:120] for key, value in request.form.items() if key != "csrf_token"}
    said = {"name": "", "title": "", "title_en": "", "days": "", "where": "town", "source": "", "like": ""} | said
    try:
        _begin(said, lambda work: _files(work, said))
    except Invalid as refusal:
        return _page(said, tuple(refusal.fields))
    return redirect(url_for("simple_steps.steps", name=said["name"]))


def _begin(said: dict[str, str], files: Callable[[Work], Mapping[str, bytes]]) -> None:
    """A draft of these files, in one transaction."""

    def write() -> None:
        with edge.hall().database.unit_of_work() as work:
            made = files(work)
            commands.begin_new(work, said["name"], said["title"], made, by=edge.actor(), now=edge.now())

    again(write)


@pages.get("/adopt")
@guard("designer")
def adopt() -> ResponseReturnValue:
    return _adopting({}, ())


def _adopting(said: dict[str, str], wrong: tuple[FieldError, ...]) -> ResponseReturnValue:
    body = render_template(
        "staff/draft_adopt.html",
        typed=defaultdict(str, said),
        wrong=wrong,
        places={code: _(AT[code]) for code in skeleton.PLACES},
    )
    return body, 422 if wrong else 200


@pages.post("/adopt")
@guard("designer", writes=False, takes="file")
def bring() -> ResponseReturnValue:
    """A diagram of another engine becomes a draft, with the report of what could not be brought."""
    said = {key: value.strip()[:120] for key, value in request.form.items() if key != "csrf_token"}
    said = {"name": "", "title": "", "title_en": "", "where": "town"} | said
    sent = request.files.get("diagram")
    try:
        problems = _asked_of(edge.work(), said)
        if sent is None or not sent.filename:
            problems.append(FieldError("diagram", "流程图", "请选择文件", "Choose a file"))
        if problems or sent is None:
            raise Invalid(problems)
        diagram = sent.read()
        if len(diagram) > commands.MOST_BYTES:
            most = f"{commands.MOST_BYTES // 1000} KB"
            raise Invalid([FieldError("diagram", "流程图", f"文件太大：最多 {most}", f"Expected at most {most}")])
        try:
            files, made = skeleton.adopted(said["name"], said["title"], said["title_en"], diagram, where=said["where"])
        except Unreadable as refusal:
            raise Invalid([FieldError("diagram", "流程图", refusal.zh, refusal.en)]) from None
        _begin(said, lambda _work: files)
    except Invalid as refusal:
        return _adopting(said, tuple(refusal.fields))
    counts = {what: made.count(what) for what in ("cannot", "changed", "kept")}
    flash(_("已带来：%(cannot)s 处要自己补，%(changed)s 处写成另一种，%(kept)s 处照旧。逐项在报告里。", **counts))
    path = f"forms/{said['name']}/adopted.md"
    return redirect(url_for("drafting.edit", name=said["name"], path=path))


def _asked_of(work: Work, said: dict[str, str]) -> list[FieldError]:
    """What is wrong with what every new matter says of itself."""
    problems = commands.cannot_be_called(work, said["name"], said["title"])
    if not said["title_en"]:
        zh, en = "请写英文名称：英文界面的人要看", "Say what it is called in English"
        problems.append(FieldError("title_en", "英文名称", zh, en))
    if said["where"] not in skeleton.PLACES:
        problems.append(FieldError("where", "哪里办", "请选一处", "Choose one"))
    return problems


def _files(work: Work, said: dict[str, str]) -> dict[str, bytes]:
    """The files of the new matter, by what was answered."""
    problems = _asked_of(work, said)
    days = said["days"] or "2"
    if said["like"]:
        if not library.known(work, said["like"]):
            problems.append(FieldError("like", "照哪个事项", "没有这个事项", "There is no such matter"))
    elif not (days.isascii() and days.isdecimal() and 1 <= int(days[:6]) <= MOST_DAYS):
        zh = f"请写 1 到 {MOST_DAYS} 之间的整数"
        problems.append(FieldError("days", "几个工作日办好", zh, f"Expected a whole number from 1 to {MOST_DAYS}"))
    if problems:
        raise Invalid(problems)
    if said["like"]:
        package = library.current(work, said["like"])
        own = commands.own(said["like"], package.files)
        beside = [p.name for p in library.published(work)]
        return skeleton.copied(said["like"], own, said["name"], said["title"], said["title_en"], beside)
    return skeleton.files(
        said["name"],
        said["title"],
        said["title_en"],
        where=said["where"],
        days=int(days),
        source=said["source"] or skeleton.PROMISE,
        head=said.get("head") == "1",
    )
