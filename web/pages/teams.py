"""团队: whom I lead, whose team I am in; joining by six digits or a yes on the phone; giving back one's own place."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import bonds, booking
from engine.errors import FieldError, Invalid
from engine.matters.nouns.bonds import LEADER
from engine.reads import bonds as all_bonds
from engine.reads import teams as reads
from engine.store import Work
from web import edge
from web.edge import guard

pages = Blueprint("teams", __name__)


def _form(name: str, most: int = 40) -> str:
    return request.form.get(name, "")[:most].strip()


@pages.get("/teams")
@guard("resident")
def mine() -> ResponseReturnValue:
    return _mine()


def _mine(wrong: tuple[FieldError, ...] = (), which: str = "", code: str = "", work: Work | None = None) -> str:
    work, actor, now = work or edge.work(), edge.actor(), edge.now()
    asked = [one for one in all_bonds.mine(work, actor, now=now).asked if one.team]
    return render_template(
        "resident/teams.html",
        led=reads.led(work, actor, now=now),
        within=reads.of(work, actor, now=now),
        doing=reads.doing(work, actor, now=now),
        announcing=reads.announcing(work),
        asked=asked,
        wrong=wrong,
        which=which,
        code=code,
        named=bool(actor.name),
        sent=request.form,
        tab="resident.mine",
    )


@pages.post("/teams/code")
@guard("resident")
def show_code() -> ResponseReturnValue:
    """Six digits that a leader types: I join."""
    try:
        code = bonds.show_code(edge.work(), LEADER, my_name=_form("my_name"), by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _mine(tuple(error.fields), "code"), error.status
    return _mine(code=code)


@pages.post("/teams/add")
@guard("resident", alone=True)
def typed() -> ResponseReturnValue:
    """A member beside me shows their code."""
    try:
        bonds.type_code(
            edge.hall().database,
            _form("phone"),
            _form("code", 12),
            my_name=_form("my_name"),
            team=_form("team", 80),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        with edge.hall().database.reading() as work:  # a code is tried in transactions of its own
            return _mine(tuple(error.fields), "add", work=work), error.status
    flash(_("队员加好了，可以带他报名。"))
    return redirect(url_for("teams.mine"))


@pages.post("/teams/ask")
@guard("resident")
def ask() -> ResponseReturnValue:
    """Somebody who is not here: they say yes on their phone."""
    try:
        bonds.ask(
            edge.work(),
            LEADER,
            _form("phone"),
            _form("name"),
            my_name=_form("my_name"),
            team=_form("team", 80),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        wrong = tuple(FieldError(one.field.replace("subject.", ""), one.label, one.zh, one.en) for one in error.fields)
        return _mine(wrong, "ask"), error.status
    flash(_("已经发出邀请。对方在手机上同意以后就是您的队员。"))
    return redirect(url_for("teams.mine"))


@pages.post("/teams/second/<int:bond_id>")
@guard("resident")
def second(bond_id: int) -> ResponseReturnValue:
    """A member of mine leads the team too."""
    bonds.share_lead(edge.work(), bond_id, by=edge.actor(), now=edge.now())
    flash(_("好了，他也可以带队报名、加队员。队员都会收到通知。"))
    return redirect(url_for("teams.mine"))


@pages.post("/teams/<int:team_id>/second/end")
@guard("resident")
def second_ends(team_id: int) -> ResponseReturnValue:
    bonds.end_lead(edge.work(), team_id, by=edge.actor(), now=edge.now())
    flash(_("好了，第二位队长不再带这个队。"))
    return redirect(url_for("teams.mine"))


@pages.post("/team-places/<int:place_id>/leave")
@guard("resident")
def leave(place_id: int) -> ResponseReturnValue:
    booking.leave_team(edge.work(), place_id, by=edge.actor(), now=edge.now())
    flash(_("您的名额退了，队长会收到通知。"))
    return redirect(url_for("booking.mine"))
