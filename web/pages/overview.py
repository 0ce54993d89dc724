"""What supervisors see: numbers first, the list behind each number, then the case."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.people import units
from engine.reads import by_place, confidential, order_rates, pressed, ratings
from engine.reads import overview as reads
from engine.reads import reveals as looks
from engine.reads.order_rates import Month
from engine.workdays import local_date
from web import edge, sentences
from web.edge import guard
from web.pages import spreadsheets

pages = Blueprint("overview", __name__, url_prefix="/desk/overview")


@pages.get("")
@guard("supervisor")
def numbers() -> ResponseReturnValue:
    found = reads.numbers(edge.work(), edge.actor(), now=edge.now())
    rated = ratings.numbers(edge.work(), edge.actor(), now=edge.now())
    month = order_rates.this_month(edge.now())
    orders = order_rates.of(edge.work(), edge.actor(), month, now=edge.now())
    counted = order_rates.total(orders.values())
    return render_template(
        "staff/overview.html",
        numbers=found,
        levels=[(level, _(words), rated.levels.get(level, 0)) for level, words in sentences.LEVELS],
        rated=rated,
        confidential=confidential.last_year(edge.work(), edge.actor(), now=edge.now()),
        month=month,
        three=[(_(_THREE[rate.name]), rate) for rate in counted.three],
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


@pages.get("/pressed")
@guard("supervisor")
def pressed_orders() -> ResponseReturnValue:
    """督办: what is pressed, and what is late of the same matters."""
    found = pressed.read(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/pressed.html", found=found)


@pages.get("/places")
@guard("supervisor")
def places() -> ResponseReturnValue:
    """Every town with its villages on one page; the same as a spreadsheet."""
    this, centre = order_rates.this_month(edge.now()), _centre()
    month = Month.read(request.args.get("month", "")[:7], this.first)
    found = by_place.read(edge.work(), edge.actor(), now=edge.now(), month=month, centre=centre)
    if request.args.get("as") == "xlsx":
        return spreadsheets.answer(by_place.sheet(found), f"{edge.now():%Y-%m-%d}.xlsx")
    types = {code: _(words) for code, words in by_place.TYPES.items()}
    months = [this]
    for _n in range(11):
        months.append(months[-1].before)
    return render_template(
        "staff/places.html",
        found=found,
        villages=sum(len(one.below) for one in found.towns),
        months=[str(one) for one in months],
        centre=centre,
        types=types,
        three=[_(_THREE[name]) for name in _THREE],
        others=[_(_ORDERS_RATES[name]) for name in _ORDERS_RATES],
        typed=lambda codes: _("、").join(types[code] for code in codes if code in types),
        pairs=lambda one, two: list(zip(one, two, strict=True)),
        told=partial(by_place.said, few=_("样本不足")),
        least=order_rates.LEAST,
        title=_("各镇各村"),
    )


def _centre() -> str:
    asked = request.args.get("centre", "")
    return asked if asked in by_place.TYPES else ""


_ORDERS = {
    "due": "到期",
    "late": "逾期工单",
    "asked": "问到有没有联系",
    "answered": "按时联系了",
    "judged": "问到解决没有",
    "solved": "解决了",
    "rated": "给了几颗星",
    "satisfied": "满意",
    "left_out": "不计入比率",
    "dispatched": "派出",
    "signed": "及时签收",
    "returned": "退过单",
    "wrong": "派错了",
    "closed": "办结",
    "redone": "重办过",
}
_ORDERS_RATES = {"late": "逾期率", "returned": "退单率", "wrong": "错派率", "redone": "重办率", "signed": "及时签收率"}


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


@pages.get("/orders")
@guard("supervisor")
def orders() -> ResponseReturnValue:
    """The orders behind a number of a month; with `no`, those of the same whole that are not counted in it."""
    which = request.args.get("which", "due")
    which = which if which in _ORDERS else "due"
    month = Month.read(request.args.get("month", "")[:7], local_date(edge.now()))
    no = request.args.get("no") is not None and which in order_rates.PARTS
    unit, centre = request.args.get("unit", type=edge.whole), _centre()
    offset = max(0, request.args.get("from", 0, type=edge.whole))
    tree = units.tree(edge.work())
    of = tree.by_id.get(unit) if unit is not None else None
    alone = request.args.get("alone") is not None
    ids = by_place.units_of(tree, of, alone=alone, centre=centre) if unit is None or of else []
    found, total = order_rates.behind(
        edge.work(), edge.actor(), month, now=edge.now(), which=which, not_so=no, unit_ids=ids, offset=offset
    )
    told = {"which": which, "month": str(month), "unit": unit, "centre": centre or None, "no": 1 if no else None}
    more: dict[str, Any] = {**told, "alone": request.args.get("alone"), "from": offset + 100}
    words = _(_ORDERS[which])
    return render_template(
        "staff/behind.html",
        found=found,
        total=total,
        title=f"{_('%(month)s 的工单', month=str(month))} · {_('不是：%(what)s', what=words) if no else words}",
        name=of.name if of is not None else "",
        more=url_for("overview.orders", **more) if offset + 100 < total else "",
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
    tree = units.tree(edge.work())
    alone, centre = request.args.get("alone"), _centre()
    there = tree.by_id.get(place) if place is not None else None
    ids = by_place.units_of(tree, there, alone=alone is not None, centre=centre) if place is None or there else []
    found, total = reads.behind(
        edge.work(), edge.actor(), now=edge.now(), which=which, unit=unit, places=ids, matter=matter, offset=offset
    )
    of = unit if unit is not None else place
    name = tree.by_id[of].name if of in tree.by_id else (found[0].title if matter and found else "")
    more: dict[str, Any] = {
        "which": which,
        "unit": unit,
        "place": place,
        "alone": alone,
        "centre": centre or None,
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
