"""The counter (窗口): what can be taken in, and taking it in."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import cases, queues
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.matters import Package, mandates
from engine.people import groups, units
from engine.plain import is_id
from engine.reads import repeated, tickets
from engine.records import library
from web import edge, names, sentences
from web.edge import guard
from web.language import english
from web.pages.application import application_form, places
from web.pages.desk import is_agent, pages
from web.pages.steps import sent

#: Where a step is done that depends on the village the applicant lives in.
LOCAL = frozenset({"village", "town"})


@pages.get("/window")
@guard("staff")
def window() -> ResponseReturnValue:
    """What can be taken in at a counter."""
    found = [
        p
        for p in library.published(edge.work())
        if ("counter" in p.info.apply.channels or "phone" in p.info.apply.channels) and _theirs(p)
    ]
    return render_template(
        "staff/window.html",
        matters=[
            {
                "name": p.name,
                "title": p.info.name_en if english() else p.info.name,
                "summary": (p.info.summary_en if english() else "") or p.info.summary,
                "code": p.info.code,
            }
            for p in found
        ],
    )


@pages.get("/window/<name>")
@guard("staff")
def take_in(name: str) -> ResponseReturnValue:
    package = library.current(edge.work(), name)
    if not _theirs(package):
        raise NotYours(
            "这一项只由主管单位自己的人登记，请带来人过去，或者打那里的电话。",
            "Only the office's own people write this down: take the person there, or ring them.",
        )
    names.about(package)
    form = application_form(package, mandates.at_counter(package) if is_agent(name) else None)
    number = request.args.get("ticket", "")
    whose = tickets.whose(edge.work(), int(number), edge.actor()) if is_id(number) else None
    return render_template(
        "staff/take_in.html",
        title=package.info.name_en if english() else package.info.name,
        name=name,
        schema=names.schema(forms.browser_schema(form)),
        materials=package.info.materials,
        consent=package.info.apply.consent,
        places=_places(package),
        village=_own_place(package),
        asks=_asks(package),
        channels=[
            (c, _(sentences.CHANNELS[c]))
            for c in ("counter", "agent", "phone")
            if (is_agent(name) and package.info.agent if c == "agent" else c in package.info.apply.channels)
        ],
        once=secrets.token_urlsafe(12),
        answers=_known(package, whose) if whose is not None else {},
        ticket=whose,
    )


def _theirs(package: Package) -> bool:
    """Whether this counter writes it down: what is confidential is written down by its office's own people alone."""
    actor = edge.actor()
    if package.info.readers != "confidential":
        return True
    if actor.unit_id is None:
        return False
    own = units.place(edge.work(), actor.unit_id)
    try:
        office = groups.unit_at(edge.work(), package.info.office, place=own, intake=own, office=own)
    except NotFound:  # this county has no such office: nobody's to write down
        return False
    return office.id in actor.own_units


def _known(package: Package, whose: tickets.Whose) -> dict[str, Any]:
    """What a number says of the person before the window, laid into the form: nobody is asked twice."""
    who = package.info.who
    found: dict[str, Any] = {}
    for path, value in ((who.name, whose.name), (who.phone, whose.phone), (who.id_number, whose.id_number)):
        at = found
        if path and value:
            *above, last = path.split(".")
            for step in above:
                at = at.setdefault(step, {})
            at[last] = value
    return found


def _asks(package: Package) -> str:
    """Which place a hall's counter must ask, since it says who handles a step and the form does not: grid, village or
    neither."""
    levels = {group.at for group in package.info.groups.values()}
    if package.info.who.place:
        return ""
    return "grid" if "grid" in levels else "village" if levels & LOCAL else ""


def _places(package: Package) -> list[tuple[str, str]]:
    """What is offered then: every village, or one's own grids: nobody writes of a grid that is another's."""
    asked = _asks(package)
    if asked != "grid":
        return places() if asked else []
    tree, mine = units.tree(edge.work()), edge.actor().realm
    found = [one for one in tree.standing if one.kind == "grid" and one.id in mine]
    return [(one.code, tree.full_name(one)) for one in sorted(found, key=lambda one: one.path)]


def _own_place(package: Package) -> str:
    """The code of the village or grid whose counter this is; "" at a hall or a bureau, or where there are several."""
    offered = _places(package)
    if _asks(package) == "grid":
        return offered[0][0] if len(offered) == 1 else ""
    unit_id = edge.actor().unit_id
    unit = units.place(edge.work(), unit_id) if unit_id is not None else None
    return unit.code if unit is not None and unit.kind in units.VILLAGES else ""


def _place(package: Package, body: dict[str, Any]) -> units.Place | None:
    """The village or grid that was chosen, or the counter's own; None where it says nothing about who handles it."""
    asked = _asks(package)
    if not asked:
        return None
    code = str(body.get("place") or "") or _own_place(package)
    if any(code == one for one, _name in _places(package)):
        return units.by_code(edge.work(), code)
    if asked == "grid":
        label, words = "网格", "请选择是哪个网格的：只能选您自己的网格。没有可选的，请负责人把您登记为网格员。"
        en = "Choose the grid: one of your own. If there is none, ask the head to enter you as its worker."
    else:
        label, words = "所在村（社区）", "请选择申请人所在的村（社区）：由那里的人接着办。"
        en = "Choose the village or community the applicant lives in: it is handled there."
    raise Invalid([FieldError("place", label, words, en)])


@pages.post("/window/<name>")
@guard("staff")
def taken_in(name: str) -> ResponseReturnValue:
    body = sent()
    channel = str(body.get("channel") or "counter")
    if channel not in ("counter", "agent", "phone"):
        raise NotNow("窗口只能选窗口、代办或电话。", "Expected counter, agent or phone.")
    if channel == "agent" and not is_agent(name):
        raise NotNow("只有代办员可以代办。", "Only an agent may apply for another.")
    package = library.current(edge.work(), name)
    done = cases.receive(
        edge.work(),
        name,
        body["answers"],
        place=_place(package, body),
        consent=body.get("consent") == "yes",
        by=edge.actor(),
        now=edge.now(),
        channel=channel,
        key=str(body.get("once") or "") or None,
    )
    ticket = body.get("ticket")
    if isinstance(ticket, int):
        queues.to_case(edge.work(), ticket, done.case, by=edge.actor(), now=edge.now())
    flash(_("已收件，编号 %(number)s。", number=done.case.number))
    for number, _at in repeated.like(edge.work(), done.case):
        flash(_("同一个人的同一件事还有一件在办，编号 %(number)s。是重复的，请撤回其中一件。", number=number))
    return jsonify(location=url_for("desk.case", number=done.case.number)), 201
