"""名册一起办: whoever looks after a village ticks its people on one screen, for a matter, a meal, a time or a
visit; each is told, or marked to be told aloud."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import booking
from engine.commands.hall import rolls
from engine.errors import FieldError, Invalid, NotFound
from engine.forms import written
from engine.matters import Package
from engine.people import masks, units
from engine.plain import is_id
from engine.reads import aloud, case_page, offers, registers
from engine.records import library
from engine.store import Work
from web import edge, names
from web.edge import guard
from web.language import english
from web.pages.desk import is_agent

pages = Blueprint("together", __name__, url_prefix="/desk/together")

MATTER, SLOT = "matter:", "slot:"


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list, as the page shows them."""

    id: int
    name: str
    phone: str
    place: str
    aloud: bool  # no text message reaches them


def channel_of(package: Package) -> str:
    """How the one at the desk takes this matter in for somebody: as their agent, at a counter; "": they may not."""
    info = package.info
    if info.agent and is_agent(package.name):
        return "agent"
    return next((one for one in ("counter", "phone") if one in info.apply.channels), "")


def _matters(work: Work) -> list[tuple[str, str, bool]]:
    """What can be taken in for many: (key, name, whether as their agent). Not what is booked with a time."""
    found = []
    for package in library.published(work):
        info = package.info
        channel = channel_of(package)
        if not channel or not info.who.name or any(one.each == package.name for one in info.offers.values()):
            continue
        words = (info.name_en if english() else "") or info.name
        found.append((f"{MATTER}{package.name}", words, channel == "agent"))
    return sorted(found, key=lambda one: one[1])


def _lists(work: Work) -> list[registers.Shelf]:
    return [one for one in registers.for_actor(work, edge.actor()) if one.about == "person"]


def _lines(work: Work, key: str, after: int) -> tuple[list[Line], bool]:
    """A page of the list, no longer than what is taken in at once, and whether more follow."""
    tree = units.tree(work)
    found: list[Line] = []
    listed = registers.standing(work, edge.actor(), key, now=edge.now(), after=after, most=rolls.MOST + 1)
    for entry_id, person in listed[: rolls.MOST]:
        at = tree.by_id.get(person.place_id or 0)
        reached = bool(person.phone and written.takes_texts(person.phone))
        place = at.name if at is not None else ""
        found.append(Line(entry_id, person.name, masks.phone(person.phone or ""), place, not reached))
    return found, len(listed) > rolls.MOST


@pages.get("")
@guard("staff")
def ask() -> ResponseReturnValue:
    """Which list, for what; then the people to tick, and what is answered once for all of them."""
    work = edge.work()
    lists = _lists(work)
    chosen, what = request.args.get("list", ""), request.args.get("what", "")
    chosen = chosen or (lists[0].key if len(lists) == 1 else "")
    schema, consent, slot, title = None, "", None, ""
    if what.startswith(MATTER):
        package = _package(work, what)
        names.about(package)
        form = package.form(package.info.apply.form)
        rights = forms.Rights(hidden=rolls.own_paths(package))
        schema = names.schema(forms.browser_schema(form, rights))
        consent = package.info.apply.consent
        title = package.info.name_en if english() else package.info.name
    elif what.startswith(SLOT):
        slot = _slot(work, what)
        title = slot.name
        asked = offers.asked(work, slot.offer, slot_id=slot.slot_id, now=edge.now())
        schema = names.schema(forms.browser_schema(asked)) if asked is not None else None
    people, more = _lines(work, chosen, request.args.get("after", 0, type=edge.whole)) if chosen else ([], False)
    return render_template(
        "staff/together.html",
        lists=lists,
        chosen=chosen,
        what=what,
        title=title,
        matters=_matters(work),
        slots=offers.list_open(work, most=60, now=edge.now()),
        people=people,
        after=request.args.get("after", 0, type=edge.whole),
        more=people[-1].id if more else None,
        all=bool(request.args.get("all")),
        unread=aloud.waiting(work, edge.actor(), now=edge.now()),
        schema=schema if schema is None or schema["components"] else None,
        consent=consent,
        slot=slot,
        once=secrets.token_urlsafe(12),
    )


def _package(work: Work, what: str) -> Package:
    if what not in {key for key, _name, _agent in _matters(work)}:
        raise NotFound("没有这个事项，或者不能一起办。", "There is no such matter, or it is not taken in for many.")
    return library.current(work, what.removeprefix(MATTER))


def _slot(work: Work, what: str) -> offers.Open:
    number = what.removeprefix(SLOT)
    found = next((one for one in offers.list_open(work, most=60, now=edge.now()) if str(one.slot_id) == number), None)
    if found is None:
        raise NotFound("这个时间已经过了，或者不能再订。", "This time is over, or cannot be booked any more.")
    return found


def _chosen(sent: Mapping[str, Any], name: str) -> set[int]:
    """Ids that were ticked: a list of a plain form, or joined by commas as the form island sends them."""
    found = sent.get(name) or ""
    parts: Sequence[str] = request.form.getlist(name) if sent is request.form else str(found).split(",")
    return {int(part) for part in parts if is_id(part)}


@pages.post("")
@guard("staff", alone=True)
def together() -> ResponseReturnValue:
    """Each of them gets a case or a place; what became of everyone, on one page."""
    body = request.get_json(silent=True)
    if body is not None and not (isinstance(body, dict) and isinstance(body.get("answers", {}), dict)):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    sent: Mapping[str, Any] = body if body is not None else request.form
    answers = body.get("answers", {}) if body is not None else {}
    what, database = str(sent.get("what") or ""), edge.hall().database
    ticked, aloud = _chosen(sent, "who"), _chosen(sent, "aloud")
    with edge.reading() as work:
        listed_in = str(sent.get("list") or "")[:80]
        known = registers.standing(work, edge.actor(), listed_in, now=edge.now(), only=sorted(ticked)[:500], most=500)
        package = _package(work, what) if what.startswith(MATTER) else None
        slot = _slot(work, what) if package is None else None
    listed = [
        booking.Listed(person.name, person.phone or "", entry_id in aloud, person)
        for entry_id, person in known
        if entry_id in ticked
    ]
    if not listed:
        zh, en = "请先勾选要办的人。", "Tick the people first."
        raise Invalid([FieldError("who", _("给谁办"), zh, en)])
    if package is not None:
        common = rolls.Common(
            package.name,
            channel_of(package),
            answers,
            sent.get("consent") == "yes",
            str(sent.get("once") or secrets.token_urlsafe(12)),
        )
        done = rolls.take_in(database, listed, common, by=edge.actor(), now=edge.now())
    else:
        assert slot is not None
        with database.unit_of_work() as work:
            done = booking.roll(work, slot.slot_id, listed, answers=answers, by=edge.actor(), now=edge.now())
    with edge.reading():
        page = render_template(
            "staff/together_review.html" if body is not None else "staff/together_done.html",
            rolled=done,
            good=sum(bool(one.number) for one in done),
        )
    return jsonify(review=page) if body is not None else page


@pages.post("/told/case/<number>")
@guard("staff")
def told(number: str) -> ResponseReturnValue:
    """A case was read out to whom it is about."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    rolls.told(edge.work(), page.id, by=edge.actor(), now=edge.now())
    flash(_("记下了，已经念给他听。"))
    return redirect(url_for("together.ask"))


@pages.post("/told/booking/<int:booking_id>")
@guard("staff")
def told_booking(booking_id: int) -> ResponseReturnValue:
    """A booking was read out to them."""
    booking.told(edge.work(), booking_id, by=edge.actor(), now=edge.now())
    flash(_("记下了，已经念给他听。"))
    return redirect(url_for("together.ask"))
