"""公开栏: for everybody by kind and place, one entry, calendar files and a feed; for residents what they are told of;
for staff what waits to be reviewed and what they published."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import boards
from engine.errors import Invalid, NotFound
from engine.matters.nouns.boards import KINDS
from engine.people.units import Place
from engine.reads import boards as reads
from engine.reads.boards import Entry, Fact
from web import edge, formats, throttle
from web.edge import guard
from web.language import english
from web.names import named

pages = Blueprint("boards", __name__)


def kind_name(kind: str) -> str:
    """What people call a kind of entry, in the language of the page."""
    zh, en = KINDS.get(kind, (kind, kind))
    return en if english() else zh


@pages.app_template_filter("fact_of_entry")
def fact_of_entry(fact: Fact) -> str:
    """A fact of an entry as it is read."""
    if fact.type == "date":
        return formats.day(date.fromisoformat(str(fact.value)))
    if fact.type == "moment":
        return formats.moment(datetime.fromisoformat(str(fact.value)))
    if fact.type == "money":
        return _("%(sum)s 元", sum=fact.value)
    return str(fact.value)


def _place(code: str) -> Place | None:
    if not code:
        return None
    found = next((one for one in reads.places(edge.work()) if one.code == code), None)
    if found is None:
        raise NotFound("没有这个地方。", f"There is no place {code[:20]!r}.")
    return found


def _kind(kind: str) -> str:
    if kind and kind not in KINDS:
        raise NotFound("没有这一类。", f"There is no kind {kind[:20]!r}.")
    return kind


# ---------------------------------------------------------------- for everybody


@pages.get("/board")
@guard("anyone")
def listed() -> ResponseReturnValue:
    """What is up, by kind and place, searched."""
    return _listed(_place(request.args.get("place", "")))


@pages.get("/board/at/<code>")
@guard("anyone")
def at_place(code: str) -> ResponseReturnValue:
    """A village's, town's own page: an address that can be written on a door."""
    return _listed(_place(code), own=True)


def _listed(place: Place | None, own: bool = False) -> str:
    kind, q = _kind(request.args.get("kind", "")), request.args.get("q", "").strip()[:60]
    page = request.args.get("page", 1, type=int)
    work = edge.work()
    return render_template(
        "resident/board.html",
        found=reads.listing(work, now=edge.now(), kind=kind, place=place, q=q, page=page),
        kind=kind,
        kinds=[(one, kind_name(one)) for one in reads.kinds(work)],
        kind_name=kind_name,
        place=place,
        places=reads.places(work),
        own=own,
        q=q,
        page=page,
        tab="resident.home",
    )


@pages.get("/board/<number>")
@guard("anyone")
def entry(number: str) -> ResponseReturnValue:
    return _entry(number)


def _entry(number: str, wrong: Any = (), given: Any = None) -> str:
    work, by = edge.work(), edge.actor()
    return render_template(
        "resident/board_entry.html",
        one=reads.one(work, number, now=edge.now(), actor=by),
        follows=reads.follows(work, number, actor=by),
        kind_name=kind_name,
        wrong=wrong,
        given=given or {},
        tab="resident.home",
    )


def _ics(entries: list[Entry], name: str, file: str) -> Response:
    address = url_for("boards.listed", _external=True)
    data = reads.calendar(entries, name=name, address=address, now=edge.now())
    headers = {"Content-Disposition": f'attachment; filename="{file}.ics"'}
    return Response(data, mimetype="text/calendar", headers=headers)


@pages.get("/board/<number>.ics")
@guard("anyone")
def entry_calendar(number: str) -> ResponseReturnValue:
    """One entry for a calendar."""
    one = reads.one(edge.work(), number, now=edge.now(), actor=edge.actor())
    if one.begins is None:
        raise NotFound("这一条没有日子，放不进日历。", "This entry has no day to put into a calendar.")
    return _ics([one], one.title, number)


@pages.get("/board.ics")
@guard("anyone")
def calendar() -> ResponseReturnValue:
    """What has a day, of a kind and a place: a calendar asks for it again and again and follows changes."""
    kind, place = _kind(request.args.get("kind", "")), _place(request.args.get("place", ""))
    entries = reads.feed(edge.work(), now=edge.now(), kind=kind, place=place)
    return _ics(entries, _title(kind, place), "board")


@pages.get("/board.atom")
@guard("anyone")
def feed() -> ResponseReturnValue:
    """The newest, of a kind and a place, for a reader of feeds (RFC 4287)."""
    kind, place = _kind(request.args.get("kind", "")), _place(request.args.get("place", ""))
    entries = reads.feed(edge.work(), now=edge.now(), kind=kind, place=place)
    text = render_template("resident/board.xml", entries=entries, title=_title(kind, place), updated=edge.now())
    return Response(text, mimetype="application/atom+xml")


def _title(kind: str, place: Place | None) -> str:
    parts = [named(place.name) if place is not None else "", kind_name(kind) if kind else _("公开栏")]
    return " ".join(part for part in parts if part)


@pages.post("/board/<number>/say")
@guard("anyone", alone=True)
def say(number: str) -> ResponseReturnValue:
    """What a reader has to say, to the case that published it."""
    throttle.count("objection")
    given = {name: request.form.get(name, "") for name in ("words", "name", "phone")}
    try:
        with edge.hall().database.unit_of_work() as work:
            said = boards.object_to(work, number, **given, by=edge.actor(), now=edge.now())
    except Invalid as error:
        with edge.reading():
            return _entry(number, error.fields, given), 422
    flash(_("收到了，编号 %(number)s。请记下：会有人看，按您留的电话答复。", number=said.number))
    return redirect(url_for("boards.entry", number=number))


# ---------------------------------------------------------------- 要不要告诉我


@pages.get("/board/told")
@guard("resident")
def told() -> ResponseReturnValue:
    """What I am told of, and how to stop."""
    work, by = edge.work(), edge.actor()
    places = reads.places(work)
    return render_template(
        "resident/board_told.html",
        followed=reads.followed(work, actor=by, now=edge.now()),
        kinds=[(one, kind_name(one)) for one in reads.kinds(work)],
        kind_name=kind_name,
        places=places,
        home=next((one.code for one in places if one.id == by.place_id), ""),
        tab="resident.mine",
    )


@pages.post("/board/told")
@guard("resident")
def follow() -> ResponseReturnValue:
    kind, place = request.form.get("kind", ""), request.form.get("place", "")
    boards.follow(edge.work(), kind, place, by=edge.actor(), now=edge.now())
    flash(_("好的，有新的就告诉您，一天最多三条短信，晚上不发。"))
    return redirect(url_for("boards.told"))


@pages.post("/board/told/stop")
@guard("resident")
def stop() -> ResponseReturnValue:
    """Tell me no more of one thing, or of anything."""
    what = {name: request.form.get(name, "") for name in ("kind", "place", "number")}
    boards.unfollow(edge.work(), **what, by=edge.actor(), now=edge.now())
    flash(_("不再提醒了。"))
    return redirect(url_for("boards.told"))


@pages.post("/board/<number>/tell-me")
@guard("resident")
def follow_entry(number: str) -> ResponseReturnValue:
    boards.follow_entry(edge.work(), number, by=edge.actor(), now=edge.now())
    flash(_("好的，改期、取消都会告诉您。"))
    return redirect(url_for("boards.entry", number=number))


# ---------------------------------------------------------------- staff


@pages.get("/desk/board")
@guard("staff")
def desk() -> ResponseReturnValue:
    """What waits for my review, and what my units published."""
    work, by = edge.work(), edge.actor()
    page = request.args.get("page", 1, type=int)
    own, more = reads.own(work, actor=by, page=page)
    return render_template(
        "staff/boards.html", queue=reads.queue(work, actor=by), own=own, more=more, page=page, states=states()
    )


def states() -> dict[str, str]:
    """How an entry stands, in words."""
    return {
        "review": _("等审核"),
        "shown": _("公开中"),
        "refused": _("没有通过"),
        "withdrawn": _("已撤下"),
        "over": _("已到期"),
        "kept": _("旧公示，未公开"),
    }


@pages.get("/desk/board/<number>")
@guard("staff")
def review(number: str) -> ResponseReturnValue:
    return _review(number)


def _review(number: str, wrong: Any = ()) -> str:
    one = reads.for_staff(edge.work(), number, actor=edge.actor())
    return render_template(
        "staff/board_entry.html", one=one, states=states(), wrong=wrong, reason=request.form.get("reason", "")
    )


@pages.post("/desk/board/<number>")
@guard("staff")
def decide(number: str) -> ResponseReturnValue:
    """Let it up, refuse it, or take it down: the last two with a reason."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    what, reason = request.form.get("what", ""), request.form.get("reason", "")
    changed = request.form.get("changed", -1, type=int)
    try:
        if what == "approve":
            boards.approve(work, number, changed=changed, by=by, now=now)
            flash(_("已公开，关注的人会收到通知。"))
        elif what == "refuse":
            boards.refuse(work, number, reason, changed=changed, by=by, now=now)
            flash(_("已退回，理由告诉了经办人。"))
        else:
            boards.withdraw(work, number, reason, by=by, now=now)
            flash(_("已撤下，关注的人会收到通知。"))
    except Invalid as error:
        return _review(number, error.fields), 422
    return redirect(url_for("boards.desk"))
