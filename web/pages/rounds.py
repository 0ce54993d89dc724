"""送上门: the round that one brings, on a telephone; the unit's list of a meal by round, on a large screen."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import booking
from engine.reads import rounds as reads
from web import edge
from web.edge import guard

pages = Blueprint("rounds", __name__)


@pages.get("/rounds")
@guard("resident")
def mine() -> ResponseReturnValue:
    """What one brings today and later."""
    return render_template(
        "resident/rounds.html", rounds=reads.mine(edge.work(), edge.actor(), now=edge.now()), tab="booking.doors"
    )


@pages.get("/rounds/<int:slot_id>")
@guard("resident")
def one(slot_id: int) -> ResponseReturnValue:
    """Door by door, from check-in to check-out."""
    found = reads.own(edge.work(), edge.actor(), slot_id, now=edge.now())
    return render_template("resident/round.html", it=found, tab="booking.doors")


@pages.post("/rounds/<int:slot_id>/<int:place_id>/brought")
@guard("resident")
def brought(slot_id: int, place_id: int) -> ResponseReturnValue:
    """It was handed over, to whom."""
    _bring(place_id)
    return redirect(url_for("rounds.one", slot_id=slot_id))


@pages.post("/rounds/<int:slot_id>/<int:place_id>/nobody")
@guard("resident")
def nobody(slot_id: int, place_id: int) -> ResponseReturnValue:
    """Nobody opens."""
    _nobody(place_id)
    return redirect(url_for("rounds.one", slot_id=slot_id))


@pages.get("/desk/offers/<int:slot_id>/rounds")
@guard("staff")
def kitchen(slot_id: int) -> ResponseReturnValue:
    """What is brought of this time, round by round, and who brings it."""
    found = reads.kitchen(edge.work(), edge.actor(), slot_id, now=edge.now())
    return render_template("staff/rounds.html", it=found, masked=reads.masked)


@pages.post("/desk/offers/<int:slot_id>/rounds/<int:place_id>/brought")
@guard("staff")
def desk_brought(slot_id: int, place_id: int) -> ResponseReturnValue:
    """The unit brought it itself."""
    reads.kitchen(edge.work(), edge.actor(), slot_id, now=edge.now())
    _bring(place_id)
    return redirect(url_for("rounds.kitchen", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/rounds/<int:place_id>/nobody")
@guard("staff")
def desk_nobody(slot_id: int, place_id: int) -> ResponseReturnValue:
    """Nobody opened to the unit."""
    reads.kitchen(edge.work(), edge.actor(), slot_id, now=edge.now())
    _nobody(place_id)
    return redirect(url_for("rounds.kitchen", slot_id=slot_id))


def _bring(place_id: int) -> None:
    to = request.form.get("to", "")[:40] or request.form.get("who", "")[:40]
    booking.bring(edge.work(), place_id, to, by=edge.actor(), now=edge.now())
    flash(_("记下了，送到了。"))


def _nobody(place_id: int) -> None:
    booking.nobody(edge.work(), place_id, request.form.get("words", "")[:200], by=edge.actor(), now=edge.now())
    flash(_("记下了。带回去，不放门口；单位马上打电话找人。"))
