"""What supervisors see: numbers first, the list behind each number, then the case."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.people import units
from engine.reads import overview as reads
from web import edge, told
from web.edge import guard

pages = Blueprint("overview", __name__, url_prefix="/desk/overview")


@pages.get("")
@guard("supervisor")
def numbers() -> ResponseReturnValue:
    found = reads.numbers(edge.work(), edge.actor(), now=edge.now())
    rated = sum(found.ratings.values())
    good = sum(n for level, n in found.ratings.items() if level >= 3)
    return render_template(
        "staff/overview.html",
        numbers=found,
        levels=[(_(words), found.ratings.get(level, 0)) for level, words in told.LEVELS],
        rated=rated,
        good=round(100 * good / rated) if rated >= 5 else None,
        title=_("运行情况"),
    )


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
    unit, matter = request.args.get("unit", type=int), request.args.get("matter", "")[:60]
    offset = max(0, request.args.get("from", 0, type=int))
    found, total = reads.behind(
        edge.work(), edge.actor(), now=edge.now(), which=which, unit=unit, matter=matter, offset=offset
    )
    tree = units.tree(edge.work())
    name = tree.by_id[unit].name if unit in tree.by_id else (found[0].title if matter and found else "")
    more = {"which": which, "unit": unit, "matter": matter or None}
    return render_template(
        "staff/behind.html", found=found, total=total, title=_(_WHICH[which]), name=name, status=told.status,
        more=url_for("overview.behind", **more, **{"from": offset + 100}) if offset + 100 < total else "",
    )  # fmt: skip
