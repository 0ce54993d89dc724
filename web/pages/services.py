"""The agent's desk (代办)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.reads import agency
from web import edge
from web.edge import guard

pages = Blueprint("services", __name__, url_prefix="/desk")

AUTHORITY = {"ok": "有效", "soon": "快到期", "over": "已到期", "none": ""}


@pages.get("/carried")
@guard("staff")
def carried() -> ResponseReturnValue:
    """我代办的: the residents I carry."""
    found = agency.carried(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/carried.html", carried=found, authority=AUTHORITY)
