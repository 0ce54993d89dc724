"""Who takes part in a case, on the pages: who they are, when they meet, what each may say to it, what staff keep to
themselves. Drawn from what the matter declares (`parties`, `tells`, `meeting` of matter.yaml), the same for every
matter."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases, private_notes
from engine.commands.effects import chosen
from engine.errors import FieldError, Invalid, NotNow
from engine.people import masks
from engine.reads import case_page, choosable, meetings
from engine.reads import taking_part as reads
from engine.reads.case_page import CasePage
from engine.records import library
from web import edge, names
from web.edge import guard
from web.language import english

pages = Blueprint("taking_part", __name__)


def beside(page: CasePage) -> dict[str, Any]:
    """What the clerk's page of a case shows of those who take part; None for a matter that declares nobody."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    row = reads.case_of(work, page.id)
    package = library.version(work, page.version_hash)
    info = package.info
    tells = [_tell(one) for one in page.tells]
    if not (info.parties or tells):
        return {"taking": None}
    form = package.form(page.desk.form_id) if page.desk is not None and page.desk.form_id else None
    planning = form is not None and any(f.properties.get("offers") == meetings.ROOMS for _path, f in form.walk())
    plans = planning or any(asked["rooms"] for one in tells for asked in one["asks"])
    offered = choosable.offered_roles(form, package) if form is not None else {}
    people = reads.indexed(work, page.id)
    return {
        "taking": {
            "people": [(p.n, _side(info, p), p.name, p.user_id is not None) for p in people],
            "chosen": _chosen(info, row),
            "tells": tells,
            "planning": planning,
            "doubts": reads.neutrality(work, page.id, actor=actor),
            "private": any(role.notes == "private" for role in info.parties.values()),
            "notes": reads.notes(work, page.id, actor=actor),
            "meeting": _meeting(info),
            "meetings": reads.met(work, page.id),
            "states": {k: _(v) for k, v in reads.STATES.items()},
            "candidates": [
                (_name(role), reads.candidates(work, row, role, actor=actor, now=now)) for role in offered.values()
            ],
            "free": reads.free_times(work, row, now=now) if plans else [],
            "may_declare": reads.role_of(info, actor) is not None,
            "ties": [(k, _(v)) for k, v in chosen.KINDS.items()],
        },
    }


def resident_part(page: CasePage) -> dict[str, Any]:
    """A party's case: who the sides are, who was chosen, when they meet, what one may say, and further limits."""
    row = reads.case_of(edge.work(), page.id)
    info = library.version(edge.work(), page.version_hash).info
    me = edge.actor().id
    people = reads.indexed(edge.work(), page.id)
    taking = {
        "people": [(_side(info, p), p.name if p.user_id == me and me else masks.name(p.name)) for p in people],
        "chosen": _chosen(info, row) if page.status in ("running", "finished") else [],
        "meeting": _meeting(info),
        "meetings": reads.met(edge.work(), page.id),
    }
    return {
        "taking": taking if info.parties else None,
        "tells": [_tell(one) for one in page.tells if one.own],
        "sides": [_limit(one) for one in page.sides],
    }


def _name(role: Any) -> str:
    return str(role.name_en if english() else role.name)


def _side(info: Any, party: Any) -> str:
    return str(party.side or _name(info.parties[party.role]) if party.role in info.parties else party.side)


def _chosen(info: Any, row: Any) -> list[tuple[str, list[str]]]:
    found = [(_name(role), reads.names(row, role)) for role in reads.staff(info).values()]
    return [(words, people) for words, people in found if people]


def _meeting(info: Any) -> str:
    return "" if info.meeting is None else str(info.meeting.name_en if english() else info.meeting.name)


def _tell(one: reads.Offered) -> dict[str, Any]:
    """A tell in the reader's language."""
    tell, other = one.tell, english()

    def said(zh: str, en: str) -> str:
        return (en if other else "") or zh

    return {
        "name": one.name,
        "heading": said(tell.asked_as, tell.asked_as_en) or said(tell.words, tell.words_en),
        "explains": said(tell.explains, tell.explains_en),
        "words": said(tell.words, tell.words_en),
        "sure": tell.sure,
        "own": one.own,
        "parties": one.parties,
        "asks": [
            {
                "path": path,
                "title": said(asked.title, asked.title_en),
                "kind": asked.kind,
                "required": asked.required,
                "most": asked.most,
                "rooms": asked.rooms,
                "options": [
                    (value, words if asked.people else names.named(words)) for value, words in one.options[path]
                ],
                "value": str(one.current.get(path) or "")[:16]
                if asked.kind == "moment"
                else one.current.get(path) or "",
            }
            for path, asked in tell.asks.items()
        ],
    }


def _limit(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "limit": one.limit.en() if english() else one.limit.zh(),
        "source": one.source,
        "due_on": one.due_on,
        "remaining": one.remaining,
        "used": one.used,
        "state": one.state,
        "start": one.start,
        "days": [{"day": d.date, "counts": d.counts, "kind": d.kind, "name": d.name} for d in one.days],
    }


def _page(number: str) -> CasePage:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    names.about(library.version(edge.work(), page.version_hash))
    return page


def _send(page: CasePage, name: str) -> None:
    """Say it to the case, with what the page's form sent."""
    known = library.version(edge.work(), page.version_hash).info.tells.get(name)
    asks = known.asks if known is not None else {}
    cases.tell(
        edge.work(),
        page.id,
        name,
        {path: request.form.get(path, "")[: asks[path].most + 1] for path in asks},
        party=request.form.get("party", ""),
        sure=request.form.get("sure") == "1",
        by=edge.actor(),
        now=edge.now(),
    )
    if known is not None:
        flash((known.done_en if english() else "") or known.done or _("已经告诉办件了。"))


# ---------------------------------------------------------------- staff


@pages.post("/desk/cases/<number>/tells/<name>")
@guard("staff")
def staff_tell(number: str, name: str) -> ResponseReturnValue:
    """What I say to the case, or what a party told me to write down."""
    _send(_page(number), name)
    return redirect(url_for("desk.case", number=number))


@pages.post("/desk/cases/<number>/tie")
@guard("staff")
def tie(number: str) -> ResponseReturnValue:
    """申报关系: how I am close to a party."""
    page = _page(number)
    n = request.form.get("party", type=edge.whole)
    if n is None:
        raise Invalid([FieldError("party", _("当事人"), "请选当事人。", "Choose a party.")])
    chosen.declare(edge.work(), page.id, n, request.form.get("kind", ""), by=edge.actor(), now=edge.now())
    flash(_("已申报。选人时会提醒，以后的办件也一样。"))
    return redirect(url_for("desk.case", number=number) + "#notes")


@pages.post("/desk/cases/<number>/notes")
@guard("staff")
def note(number: str) -> ResponseReturnValue:
    """背对背笔记: for myself alone."""
    page = _page(number)
    private_notes.keep(
        edge.work(),
        page.id,
        request.form.get("party", ""),
        request.form.get("text", ""),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("笔记记下了，只有您自己看得到。"))
    return redirect(url_for("desk.case", number=number) + "#notes")


# ---------------------------------------------------------------- residents


@pages.get("/mine/<number>/tells/<name>")
@guard("resident")
def say(number: str, name: str) -> ResponseReturnValue:
    """One thing that I may say to my case: what follows from it, what is asked, and the button."""
    return _say(_page(number), name)


def _say(page: CasePage, name: str, wrong: tuple[FieldError, ...] = ()) -> str:
    tell = next((one for one in resident_part(page)["tells"] if one["name"] == name), None)
    if tell is None:
        raise NotNow("现在不能说这句话，办件没有在等它。", "The case does not wait to be told this now.")
    return render_template(
        "resident/say.html",
        number=page.number,
        matter_name=page.title,
        tell=tell,
        wrong=wrong,
        said=request.form,
        tab="resident.mine",
    )


@pages.post("/mine/<number>/tells/<name>")
@guard("resident")
def tell(number: str, name: str) -> ResponseReturnValue:
    page = _page(number)
    try:
        _send(page, name)
    except Invalid as error:
        return _say(page, name, tuple(error.fields)), 422
    return redirect(url_for("resident.case", number=number))
