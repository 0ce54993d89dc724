"""Simple mode (简易模式): a draft's steps as a list, for people who do not draw. The drawing stays the only model."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import studio as commands
from engine.drawing import Listing, acts
from engine.errors import FieldError, Invalid, NotFound, NotYours, Refused
from engine.matters import simple
from engine.proof import drafting, verdicts
from engine.reads import studio as reads
from engine.store import again
from web import edge
from web.edge import guard
from web.language import english
from web.pages.drafting import findings_shown
from web.studio_words import AT, COMPARES, EFFECTS, FORKS

pages = Blueprint("simple_steps", __name__, url_prefix="/desk/matters")

DOES = ("decide", "handle", "each")
#: Limits that a step may be given here, in working days.
MOST_DAYS = 90


@pages.get("/<name>/draft/steps")
@guard("designer")
def steps(name: str) -> ResponseReturnValue:
    return _page(name)


def _page(name: str, said: dict[str, Any] | None = None, wrong: Invalid | None = None) -> ResponseReturnValue:
    """The list; `said` and `wrong`: what was typed, and what is wrong with it."""
    work, actor = edge.work(), edge.actor()
    found = reads.must_be(work, name, actor)
    row = reads.row(work, found)
    files = commands.own_files(work, found.id)
    listing, about, cannot = None, None, None
    try:
        listing, about = simple.listing(name, files), simple.about(name, files)
    except Refused as refusal:
        cannot = refusal
    findings = drafting.check(work, row, edge.hall().settings.content)
    county = verdicts.county_of(work)
    typed: dict[str, Any] = defaultdict(str, said or {})
    chosen = request.args.get("step", "") or typed["step"]
    one = listing.find(chosen) if listing is not None else None
    body = render_template(
        "staff/draft_steps.html",
        draft=found,
        listing=listing,
        cannot=cannot,
        one=one,
        places=_places(listing) if listing is not None else [],
        refusals=acts.refusals(listing, one) if listing is not None else {},
        about=about,
        limit_words={step: _limit_words(limit) for step, limit in about.limits.items()} if about is not None else {},
        posts=[post for post in county.posts if post.role in ("clerk", "supervisor")] if county is not None else [],
        findings=findings_shown(findings),
        typed=typed,
        wrong=wrong.fields if wrong is not None else (),
        ats={key: _(text) for key, text in AT.items()},
        compares={key: _(text) for key, text in COMPARES.items()},
        effects={key: _(text) for key, text in EFFECTS.items()},
        forks={key: _(text) for key, text in FORKS.items()},
        english=english(),
        others=reads.others(work, found, actor, now=edge.now()),
    )
    return body, 422 if wrong is not None else 200


def _places(listing: Listing) -> list[tuple[str, str]]:
    """Where a step may be put: (flow, in words)."""
    return [(place.flow, _place_words(place.after, place.branch)) for place in listing.places()]


def _place_words(after: str, branch: str) -> str:
    if branch:
        return _("“%(after)s”选“%(way)s”以后", after=after, way=branch)
    return _("“%(after)s”之后", after=after)


@pages.post("/<name>/draft/steps/add")
@guard("designer", writes=False)
def add(name: str) -> ResponseReturnValue:
    said = _typed()
    try:
        problems, does = _asked_of(said), said.get("does", "")
        if does not in DOES:
            problems.append(FieldError("does", "做什么", "请选一种", "Choose one"))
        workers, faults = _workers(does == "each")
        problems += faults
        asks, faults = _asks(name, said)
        problems += faults
        if problems:
            raise Invalid(problems)
        kind = cast(Literal["decide", "handle", "each"], does)
        _change(
            name,
            lambda files: simple.add(
                name,
                files,
                said.get("flow", ""),
                kind,
                said["name"],
                said["name_en"],
                workers,
                limit=_limit(said),
                asks=asks,
                refuses=said.get("refuses", ""),
            ),
        )
    except Refused as refusal:
        return _page(name, said, _wrong(refusal))
    flash(_("已加上“%(name)s”，它的表单可以再改。", name=said["name"]))
    return redirect(url_for("simple_steps.steps", name=name))


@pages.post("/<name>/draft/steps/change")
@guard("designer", writes=False)
def change(name: str) -> ResponseReturnValue:
    said = _typed()
    try:
        problems = _asked_of(said, english_too=False)
        workers, faults = _workers(request.form.get("several") == "1", needed=False)
        problems += faults
        if problems:
            raise Invalid(problems)
        _change(
            name,
            lambda files: simple.change(
                name,
                files,
                said["step"],
                name=said["name"],
                name_en=said["name_en"],
                workers=workers,
                limit=_limit(said) if "days" in request.form else None,
                yes=said.get("yes", ""),
                no=said.get("no", ""),
                refuses=said.get("refuses", ""),
            ),
        )
    except Refused as refusal:
        return _page(name, said, _wrong(refusal))
    flash(_("“%(name)s”已经改好。", name=said["name"]))
    return redirect(url_for("simple_steps.steps", name=name))


@pages.post("/<name>/draft/steps/up")
@guard("designer", writes=False)
def up(name: str) -> ResponseReturnValue:
    _change(name, lambda files: simple.up(name, files, request.form.get("step", "")))
    flash(_("已经上移一步。"))
    return redirect(url_for("simple_steps.steps", name=name))


@pages.post("/<name>/draft/steps/remove")
@guard("designer", writes=False)
def remove(name: str) -> ResponseReturnValue:
    _change(name, lambda files: simple.remove(name, files, request.form.get("step", "")))
    flash(_("已经去掉这一步；要它回来，在草稿的改动历史里回到前一次。"))
    return redirect(url_for("simple_steps.steps", name=name))


def _wrong(refusal: Refused) -> Invalid:
    """What the list says of it, beside what was typed; what is not there, or not theirs, is told as everywhere."""
    if isinstance(refusal, Invalid):
        return refusal
    if isinstance(refusal, (NotFound, NotYours)):
        raise refusal
    return Invalid([FieldError("steps", "步骤", refusal.zh, refusal.en)])


def _change(name: str, of: Any) -> None:
    """Change the draft's files by what `of` makes of them, in one transaction."""

    def write() -> None:
        with edge.hall().database.unit_of_work() as work:
            found = reads.must_be(work, name, edge.actor())
            commands.rewrite(work, found.id, of, by=edge.actor(), now=edge.now())

    again(write)


def _typed() -> dict[str, Any]:
    return {key: value.strip()[:200] for key, value in request.form.items() if key != "csrf_token"}


def _asked_of(said: dict[str, Any], *, english_too: bool = True) -> list[FieldError]:
    """What is wrong with the name and the limit."""
    problems = []
    if not 1 <= len(said.get("name", "")) <= 40:
        problems.append(FieldError("name", "名称", "请写 1 到 40 个字", "Expected 1 to 40 characters"))
    if english_too and not said.get("name_en"):
        problems.append(FieldError("name_en", "英文名称", "请写：英文界面的人要看", "Say what it is called in English"))
    days = said.get("days", "")
    if days and not (days.isascii() and days.isdecimal() and 1 <= int(days[:6]) <= MOST_DAYS):
        zh, en = (
            f"请写 1 到 {MOST_DAYS} 之间的整数，或者不写",
            f"Expected a whole number from 1 to {MOST_DAYS}, or nothing",
        )
        problems.append(FieldError("days", "几个工作日", zh, en))
    return problems


def _limit(said: dict[str, Any]) -> str:
    return f"{int(said['days'])}wd" if said.get("days") else ""


def _limit_words(limit: str) -> str:
    """3wd as people say it; what counts from elsewhere, as it is written."""
    days = limit.removesuffix("wd")
    return _("%(n)s 个工作日", n=days) if days.isdecimal() and days != limit else limit


def _workers(several: bool, *, needed: bool = True) -> tuple[tuple[simple.Worker, ...], list[FieldError]]:
    """Who was chosen: groups the matter has, and one new post."""
    chosen = [simple.Worker(group) for group in request.form.getlist("groups") if group]
    called, post = request.form.get("called", "").strip()[:40], request.form.get("post", "")
    problems = []
    if post:
        if not called or any(mark in called for mark in ',"=[]{}'):
            zh, en = "请写这个岗位怎么称呼，不带标点", "Say what this post is called, without punctuation"
            problems.append(FieldError("called", "怎么称呼", zh, en))
        at = request.form.get("where", "")
        if at not in AT:
            problems.append(FieldError("where", "哪里的", "请选是哪里的", "Choose where"))
        chosen.append(simple.Worker(called, post, at))
    if needed and not chosen:
        problems.append(FieldError("groups", "谁来办", "请选谁来办，或者新加一个岗位", "Choose who, or add a post"))
    if several and needed and len(chosen) < 2:
        problems.append(FieldError("groups", "谁来办", "会签至少要两家", "At least two sign together"))
    return tuple(chosen), problems


def _asks(name: str, said: dict[str, Any]) -> tuple[simple.Asks | None, list[FieldError]]:
    """The condition that was chosen; None: always."""
    field = said.get("field", "")
    if not field:
        return None, []
    work = edge.work()
    known = simple.about(name, commands.own_files(work, reads.must_be(work, name, edge.actor()).id)).asked
    compares, value = said.get("compares", "="), said.get("value", "")
    if field not in known or compares not in COMPARES:
        return None, [FieldError("field", "条件", "申请表里没有这一项", "The application has no such field")]
    number = known[field][1]
    if not value or (number and not _is_number(value)):
        zh, en = ("请写一个数", "Expected a number") if number else ("请写比什么", "Say what it is compared with")
        return None, [FieldError("value", "条件", zh, en)]
    return simple.Asks(field, cast(Any, compares), value, number), []


def _is_number(text: str) -> bool:
    whole, _dot, part = text.partition(".")
    return text.isascii() and whole.isdecimal() and (not part or part.isdecimal()) and len(text) < 16
