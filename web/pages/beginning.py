"""A new matter (新建事项): from a few questions, or from a copy of one that there is; a draft that runs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import studio as commands
from engine.errors import FieldError, Invalid
from engine.records import library
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
    said = {"name": "", "title": "", "title_en": "", "days": "", "where": "", "source": "", "like": ""} | said
    try:
        with edge.hall().database.unit_of_work() as work:
            files = _files(work, said)
            draft = commands.begin_new(work, said["name"], said["title"], files, by=edge.actor(), now=edge.now())
            matter = draft.matter
    except Invalid as refusal:
        return _page(said, tuple(refusal.fields))
    return redirect(url_for("simple_steps.steps", name=matter))


def _files(work: Any, said: dict[str, str]) -> dict[str, bytes]:
    """The files of the new matter, by what was answered."""
    problems = []
    if not said["title_en"]:
        zh, en = "请写英文名称：英文界面的人要看", "Say what it is called in English"
        problems.append(FieldError("title_en", "英文名称", zh, en))
    days = said["days"] or "2"
    if said["like"]:
        if not library.known(work, said["like"]):
            problems.append(FieldError("like", "照哪个事项", "没有这个事项", "There is no such matter"))
    elif not (days.isascii() and days.isdecimal() and 1 <= int(days[:6]) <= MOST_DAYS):
        zh = f"请写 1 到 {MOST_DAYS} 之间的整数"
        problems.append(FieldError("days", "几个工作日办好", zh, f"Expected a whole number from 1 to {MOST_DAYS}"))
    if said["where"] and said["where"] not in skeleton.PLACES:
        problems.append(FieldError("where", "哪里办", "请选一处", "Choose one"))
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
        where=said["where"] or "town",
        days=int(days),
        source=said["source"] or skeleton.PROMISE,
        head=said.get("head") == "1",
    )
