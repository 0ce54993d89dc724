"""您的姓名: an account made by a telephone has none. It is asked once, before the first booking, and kept."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands import booking
from engine.errors import FieldError, Invalid
from web import edge
from web.edge import guard
from web.pages.resident import pages


def asked_first() -> ResponseReturnValue | None:
    """For pages on which one books: the way to the question, for whoever has no name yet; None for everybody else."""
    actor = edge.actor()
    if actor.kind != "resident" or actor.name:
        return None
    return redirect(url_for("resident.own_name", next=request.full_path.rstrip("?")))


@pages.get("/mine/name")
@guard("resident")
def own_name() -> ResponseReturnValue:
    if edge.actor().name:
        return redirect(edge.onward(url_for("resident.mine")))
    return _page()


def _page(wrong: tuple[FieldError, ...] = ()) -> str:
    given = request.form.get("name", "")[:80]
    return render_template("resident/own_name.html", wrong=wrong, given=given, target=edge.onward(""))


@pages.post("/mine/name")
@guard("resident")
def keep_name() -> ResponseReturnValue:
    try:
        booking.give_name(edge.work(), request.form.get("name", "")[:80], by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _page(tuple(error.fields)), 422
    return redirect(edge.onward(url_for("resident.mine")))
