"""热力图: where the cases of a matter spend their working time, on its drawing, as a list of waits and as a table."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.reads import heat as reads
from engine.reads import versions
from engine.records import library
from engine.workdays import local_date
from web import edge, formats, names
from web.edge import guard

pages = Blueprint("heat", __name__, url_prefix="/desk/matters")

#: How many days are looked at first.
FIRST = 30


@pages.get("/<name>/heat")
@guard("designer")
def page(name: str) -> ResponseReturnValue:
    """A version over some days; the one that is in use, and the last thirty, where nothing is said."""
    work, now = edge.work(), edge.now()
    package = library.current(work, name)
    names.about(package)
    today = local_date(now)
    last = request.args.get("last", type=edge.day) or today
    first = min(request.args.get("first", type=edge.day) or last - timedelta(days=FIRST - 1), last)
    known = versions.of(work, name)
    asked = request.args.get("version", "")
    one = next((v for v in known if v.hash == asked), next((v for v in known if v.current), known[0]))
    found = reads.of(work, name, first, last, version=one.whole, now=now)
    shaded = [it for it in found.elements if it.cases]
    marks = {
        "flows": [],
        "heat": {it.element: it.level for it in shaded},
        "counts": {it.element: _("%(n)s 件 %(t)s", n=it.cases, t=span(it.minutes)) for it in shaded},
    }
    drawings = sorted(path for path in package.files if path.endswith(".bpmn"))
    return render_template(
        "staff/heat.html",
        name=name,
        title=package.info.name,
        found=found,
        marks=marks,
        drawing=url_for("comparing.drawing", name=name, of=one.hash, path=drawings[0]) if drawings else "",
        versions=[(v.hash, " · ".join(p for p in (v.hash, formats.moment(v.at), v.note[:40]) if p)) for v in known],
        version=one.hash,
        first=first,
        last=last,
        span=span,
        least=reads.LEAST,
        restricted=package.info.readers == "restricted",
    )


def span(minutes: int) -> str:
    """Working time in words."""
    if minutes < 60:
        return _("%(n)s 分", n=minutes)
    hours = round(minutes / 60, 1)
    return _("%(n)s 时", n=f"{hours:g}")
