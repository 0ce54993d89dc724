"""What supervisors see: numbers first, the list behind each number, then the case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.people import units
from engine.reads import by_place, ratings
from engine.reads import overview as reads
from engine.reads import reveals as looks
from web import edge, sentences
from web.edge import guard
from web.pages import spreadsheets

pages = Blueprint("overview", __name__, url_prefix="/desk/overview")


@pages.get("")
@guard("supervisor")
def numbers() -> ResponseReturnValue:
    found = reads.numbers(edge.work(), edge.actor(), now=edge.now())
    rated = ratings.numbers(edge.work(), edge.actor(), now=edge.now())
    return render_template(
        "staff/overview.html",
        numbers=found,
        levels=[(level, _(words), rated.levels.get(level, 0)) for level, words in sentences.LEVELS],
        rated=rated,
        three=[(_(_THREE[rate.name]), rate) for rate in ratings.three(edge.work(), edge.actor(), now=edge.now())],
        title=_("运行情况"),
    )


_THREE = {"answered": "响应率", "solved": "解决率", "satisfied": "满意率"}
_RATED = {
    **{str(level): words for level, words in sentences.LEVELS},
    "good": "基本满意以上",
    "real": "群众自己评的",
    "unrated": "到期没有评价",
    "mistaken": "复核为误评",
}


@pages.get("/places")
@guard("supervisor")
def places() -> ResponseReturnValue:
    """Every town with its villages on one page; the same as a spreadsheet."""
    found = by_place.read(edge.work(), edge.actor(), now=edge.now())
    if request.args.get("as") == "xlsx":
        return spreadsheets.answer(by_place.sheet(found), f"{edge.now():%Y-%m-%d}.xlsx")
    return render_template(
        "staff/places.html",
        spots=found,
        villages=sum(len(one.below) for one in found),
        three=[_(_THREE[name]) for name in _THREE],
        least=by_place.LEAST_RANKED,
        title=_("各镇各村"),
    )


@pages.get("/ratings")
@guard("supervisor")
def rated() -> ResponseReturnValue:
    """The cases behind a number of 好差评. Who rated is not told; what one has handled oneself is not listed."""
    which = request.args.get("which", "real")
    which = which if which in _RATED else "real"
    offset = max(0, request.args.get("from", 0, type=edge.whole))
    found, total, held_back = ratings.behind(edge.work(), edge.actor(), now=edge.now(), which=which, offset=offset)
    onward: dict[str, Any] = {"which": which, "from": offset + 100}
    more = url_for("overview.rated", **onward) if offset + 100 < total - held_back else ""
    return render_template(
        "staff/behind.html",
        found=found,
        total=total,
        title=_(_RATED[which]),
        name=_("近 30 天评价"),
        more=more,
        status=sentences.status,
        held_back=held_back,
    )


@pages.get("/visits")
@guard("supervisor")
def visited() -> ResponseReturnValue:
    """The cases behind one of the three rates: those that count, and those that do not."""
    which = request.args.get("which", "satisfied")
    which = which if which in _THREE else "satisfied"
    yes = request.args.get("no") is None
    found = ratings.behind_three(edge.work(), edge.actor(), now=edge.now(), which=which, yes=yes)
    return render_template(
        "staff/behind.html",
        found=found,
        total=len(found),
        title=_(_THREE[which]),
        name=_("是") if yes else _("不是"),
        more="",
        status=sentences.status,
        held_back=0,
    )


@pages.get("/reveals")
@guard("supervisor")
def reveals() -> ResponseReturnValue:
    """Who of the head's people looked behind masks, at what, and why."""
    found = looks.of_my_people(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/reveals.html", found=found)


_WHICH = {
    "open": "在办",
    "yellow": "快到期",
    "red": "超承诺时限",
    "black": "超法定时限",
    "overdue": "超时",
    "received": "近 30 天收件",
    "done": "近 30 天办结",
}


@pages.get("/cases")
@guard("supervisor")
def behind() -> ResponseReturnValue:
    which = request.args.get("which", "open")
    which = which if which in _WHICH else "open"
    unit, matter = request.args.get("unit", type=edge.whole), request.args.get("matter", "")[:60]
    place = request.args.get("place", type=edge.whole)
    offset = max(0, request.args.get("from", 0, type=edge.whole))
    found, total = reads.behind(
        edge.work(), edge.actor(), now=edge.now(), which=which, unit=unit, place=place, matter=matter, offset=offset
    )
    tree = units.tree(edge.work())
    of = unit if unit is not None else place
    name = tree.by_id[of].name if of in tree.by_id else (found[0].title if matter and found else "")
    more: dict[str, Any] = {
        "which": which,
        "unit": unit,
        "place": place,
        "matter": matter or None,
        "from": offset + 100,
    }
    return render_template(
        "staff/behind.html",
        found=found,
        total=total,
        title=_(_WHICH[which]),
        name=name,
        status=sentences.status,
        more=url_for("overview.behind", **more) if offset + 100 < total else "",
        held_back=0,
    )
