"""What clerks see: the inbox, the case, the work."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.edge import guard

pages = Blueprint("desk", __name__, url_prefix="/desk")


@pages.get("")
@guard("staff")
def inbox() -> ResponseReturnValue:
    return render_template("staff/base.html")


@pages.get("/find")
@guard("staff")
def find() -> ResponseReturnValue:
    return render_template("staff/base.html")
