"""Numbers (取号): the hall's machine, its screen, a telephone's page; and the clerk's bar and the head's numbers."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import queues
from engine.errors import NotFound, NotNow
from engine.people import tries
from engine.plain import is_id
from engine.reads import tickets as reads
from engine.reads.knowing import Person
from engine.records import papers
from engine.workdays import local_date
from web import edge
from web.edge import guard
from web.language import english
from web.pages import tracking

pages = Blueprint("tickets", __name__)

#: How long the machine shows a number before it is ready for the next person, in seconds.
SHOWN_S = 20
#: How often a screen or a telephone asks anew, in seconds.
ASKS_S = 4
#: How many days back a head's numbers reach.
DAYS = 7


def _line(at: reads.HallRow) -> reads.Line:
    """The line that was chosen; the only one when there is but one."""
    own = reads.lines_at(edge.work(), at)
    wanted = request.values.get("queue", "")
    found = next((one for one in own if one.key == wanted), own[0] if len(own) == 1 else None)
    if found is None:
        raise NotFound("没有这个队。", "There is no such line.")
    return found


def _choices(at: reads.HallRow, *, staff: bool = False) -> list[dict[str, Any]]:
    """What may be chosen at the machine, on a telephone or by staff, line by line."""
    return [
        {
            "key": one.key,
            "name": (one.queue.name_en if english() else "") or one.queue.name,
            "ask": one.queue.ask,
            "matters": [
                {"name": p.name, "title": p.info.name_en if english() else p.info.short or p.info.name}
                for p in reads.choices(edge.work(), one)
            ],
            "needs": [
                {"name": name, "title": (need.name_en if english() else "") or need.name, "class": need.class_}
                for name, need in one.queue.needs.items()
                if staff or not need.quiet
            ],
        }
        for one in reads.lines_at(edge.work(), at)
    ]


# ---------------------------------------------------------------- the hall's machine


@pages.get("/halls")
@guard("anyone")
def halls() -> ResponseReturnValue:
    """The halls, and how many wait in each."""
    work, now = edge.work(), edge.now()
    found = [(row, reads.wall(work, row, now=now)) for row in reads.halls(work)]
    return render_template("resident/halls.html", halls=found, tab="resident.home")


@pages.get("/halls/<code>/machine")
@guard("anyone")
def machine(code: str) -> ResponseReturnValue:
    """Large buttons: what for, then what one says of oneself, then the number. Nobody says who they are."""
    work, now = edge.work(), edge.now()
    at = reads.shown(work, code)
    opens, zh, en = reads.gives_numbers(work, at, now)
    chosen = request.args.get("matter") if "matter" in request.args else None
    return render_template(
        "resident/kiosk.html",
        hall=at,
        ready=session.get("machine") == code,
        shut="" if opens else (en if english() else zh),
        lines=_choices(at),
        key=request.args.get("queue", ""),
        chosen=chosen,
        qr=papers.codes.qr_data_uri(_here(at)),
    )


def _here(at: reads.HallRow) -> str:
    """The address that hangs in the hall for telephones."""
    return url_for("tickets.here", code=at.code, c=reads.place_code(at, edge.now()), _external=True)


@pages.post("/desk/halls/<code>/machine")
@guard("staff")
def make_machine(code: str) -> ResponseReturnValue:
    """This browser becomes the hall's machine; whoever was signed in here is signed out."""
    reads.desk(edge.work(), code, edge.actor(), now=edge.now())  # only who serves there
    session.clear()
    session["machine"] = code
    return redirect(url_for("tickets.machine", code=code))


@pages.post("/halls/<code>/take")
@guard("anyone")
def take(code: str) -> ResponseReturnValue:
    """A number: at the machine, or by a telephone that has just scanned the code in the hall."""
    work, now = edge.work(), edge.now()
    at = reads.shown(work, code)
    given: dict[str, Any] = {
        "needs": [one for one in request.form.getlist("need") if one],
        "matter": request.form.get("matter", "")[:40],
        "by": edge.actor(),
        "now": now,
    }
    key = _line(at).key
    if session.get("machine") == code:
        made = queues.take(work, key, **given)
        return redirect(url_for("tickets.slip", code=made.code))
    if edge.actor().kind != "resident":  # who says not who they are takes another by forgetting a cookie
        tries.spend(work, [("number", tries.network(request.remote_addr or ""))], now=now)
    holder = session.setdefault("holder", secrets.token_urlsafe(12))
    made = queues.take_here(work, key, place_code=request.form.get("c", ""), holder=holder, **given)
    return redirect(url_for("tickets.own", code=made.code))


@pages.get("/halls/<code>/here")
@guard("anyone")
def here(code: str) -> ResponseReturnValue:
    """What a telephone shows after the code in the hall was scanned."""
    work, now = edge.work(), edge.now()
    at = reads.shown(work, code)
    opens, zh, en = reads.gives_numbers(work, at, now)
    return render_template(
        "resident/ticket_take.html",
        hall=at,
        lines=_choices(at),
        c=request.args.get("c", ""),
        fresh=reads.is_here(at, request.args.get("c", ""), now),
        shut="" if opens else (en if english() else zh),
        tab="resident.home",
    )


# ---------------------------------------------------------------- one number


@pages.get("/tickets/<code>")
@guard("anyone")
def own(code: str) -> ResponseReturnValue:
    """One's own number: how many are before, and where to go when it is called."""
    return render_template("resident/ticket.html", one=_own(code), asks=ASKS_S, tab="resident.home")


@pages.get("/tickets/<code>/now")
@guard("anyone")
def own_now(code: str) -> ResponseReturnValue:
    """What of that page changes."""
    return render_template("resident/ticket_now.html", one=_own(code))


def _own(code: str) -> reads.Own:
    return reads.own(edge.work(), code, now=edge.now())


@pages.get("/tickets/<code>/slip")
@guard("anyone")
def slip(code: str) -> ResponseReturnValue:
    """The slip, for the machine's printer."""
    address = url_for("tickets.own", code=code, _external=True)
    return render_template(
        "resident/ticket_slip.html",
        one=_own(code),
        qr=papers.codes.qr_data_uri(address),
        machine=session.get("machine", ""),
        shown=SHOWN_S,
    )


@pages.post("/tickets/<code>/back")
@guard("anyone")
def come_back(code: str) -> ResponseReturnValue:
    """Whoever missed their call is here."""
    queues.back(edge.work(), code, by=edge.actor(), now=edge.now())
    flash(_("好了，叫到再请您。"))
    return redirect(url_for("tickets.own", code=code))


@pages.post("/tickets/<code>/leave")
@guard("anyone")
def give_up(code: str) -> ResponseReturnValue:
    queues.give_up(edge.work(), code, by=edge.actor(), now=edge.now())
    flash(_("这个号取消了。"))
    return redirect(url_for("tickets.own", code=code))


# ---------------------------------------------------------------- the screen


@pages.get("/halls/<code>/wall")
@guard("anyone")
def wall(code: str) -> ResponseReturnValue:
    """The large screen: numbers and windows, never a name."""
    at = reads.shown(edge.work(), code)
    return render_template("resident/wall.html", hall=at, asks=ASKS_S, **_wall(at))


@pages.get("/halls/<code>/wall/now")
@guard("anyone")
def wall_now(code: str) -> ResponseReturnValue:
    at = reads.shown(edge.work(), code)
    return render_template("resident/wall_now.html", hall=at, **_wall(at))


def _wall(at: reads.HallRow) -> dict[str, Any]:
    return {"shown": reads.wall(edge.work(), at, now=edge.now()), "qr": papers.codes.qr_data_uri(_here(at))}


# ---------------------------------------------------------------- the window


@pages.get("/desk/halls")
@guard("staff")
def desks() -> ResponseReturnValue:
    """The halls one may serve in; with one only, that one at once."""
    found = reads.halls(edge.work(), edge.actor())
    if len(found) == 1:
        return redirect(url_for("tickets.desk", code=found[0].code))
    return render_template("staff/halls.html", halls=found)


@pages.get("/desk/halls/<code>")
@guard("staff")
def desk(code: str) -> ResponseReturnValue:
    """Who waits, and what I do with whom."""
    found = reads.desk(edge.work(), code, edge.actor(), now=edge.now())
    lines = _choices(reads.shown(edge.work(), code), staff=True)
    row = found.at_mine
    serving = row is not None and row.state == "serving"
    taken = reads.taken_in(edge.work(), row.id, local_date(edge.now())) if row is not None and serving else ()
    return render_template("staff/hall.html", desk=found, lines=lines, states=_states(), taken=taken)


def _states() -> dict[str, str]:
    return {state: words[1] if english() else words[0] for state, words in reads.STATES.items()}


@pages.post("/desk/halls/<code>/windows/<int:window_id>/<what>")
@guard("staff")
def at_window(code: str, window_id: int, what: str) -> ResponseReturnValue:
    """Sit down, leave, call the next; the day's work ends."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    if what == "sit":
        queues.sit(work, window_id, by=by, now=now)
    elif what == "leave":
        queues.leave(work, window_id, by=by, now=now)
    elif what == "next":
        if queues.call_next(work, window_id, by=by, now=now) is None:
            flash(_("现在没有人在等。"))
    elif what == "close":
        made = queues.all_tomorrow(work, window_id, by=by, now=now)
        numbers = _("、").join(_("%(old)s 换成 %(new)s", old=old, new=new.number) for old, new in made)
        told = _("约好了，下一个上班日最先叫。请把新号告诉他们：%(numbers)s。", numbers=numbers)
        flash(told if made else _("现在没有人在等。"))
    else:
        raise NotFound("没有这个操作。", "There is no such step.")
    return redirect(url_for("tickets.desk", code=code))


_STEPS = {
    "recall": queues.recall,
    "park": queues.park,
    "serve": queues.serve,
    "done": queues.done,
    "gone": queues.gone,
}


@pages.post("/desk/halls/<code>/tickets/<int:ticket_id>/<what>")
@guard("staff")
def step(code: str, ticket_id: int, what: str) -> ResponseReturnValue:
    """Again, missed, here, done, left; this one; to another window or line."""
    work = edge.work()
    given: dict[str, Any] = {"version": edge.sent_id(), "by": edge.actor(), "now": edge.now()}
    if what in _STEPS:
        _STEPS[what](work, ticket_id, **given)
    elif what == "call":
        queues.call(work, ticket_id, window_id=edge.sent_id("window"), **given)
    elif what == "pass":
        kind, _sep, where = request.form.get("to", "").partition(":")
        target: dict[str, Any] = {"queue": where} if kind == "line" else {}
        if kind == "window" and is_id(where):
            target = {"window_id": int(where)}
        queues.pass_on(work, ticket_id, note=request.form.get("note", ""), **target, **given)
    elif what == "tomorrow":
        made = queues.tomorrow(work, ticket_id, **given)
        return redirect(url_for("tickets.slip", code=made.code))
    else:
        raise NotFound("没有这个操作。", "There is no such step.")
    return redirect(url_for("tickets.desk", code=code))


@pages.get("/desk/halls/<code>/tickets/<int:ticket_id>/receipt")
@guard("staff")
def receipt(code: str, ticket_id: int) -> ResponseReturnValue:
    """What was taken in for the person before one's own window, all on one sheet, for the printer."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    whose = reads.whose(work, ticket_id, actor)  # only whom one serves oneself
    found = reads.taken_in(work, ticket_id, local_date(now))
    if not found:
        raise NotFound("这个号还没有收件，没有回执可打。", "Nothing was taken in for this number yet.")
    return render_template(
        "staff/window_receipt.html",
        whose=whose,
        rows=[(one, tracking.qr_of(one.number)) for one in found],
        code=code,
        now=now,
    )


@pages.post("/desk/halls/<code>/take")
@guard("staff")
def take_for(code: str) -> ResponseReturnValue:
    """For somebody who stands there; with a booking, its code or number is enough."""
    work, by, now = edge.work(), edge.actor(), edge.now()
    at = reads.shown(work, code)
    booked = request.form.get("booked", "").strip()[:60]
    if booked:
        made = queues.arrived(work, booked, by=by, now=now)
        if made is None:
            raise NotNow("这个预约不排这个大厅的队。", "This booking waits in no line of this hall.")
    else:
        name, phone = request.form.get("name", "").strip()[:40], request.form.get("phone", "").strip()[:20]
        person = Person(name, phone or None) if name or phone else None
        made = queues.take_for(
            work,
            _line(at).key,
            person=person,
            needs=[one for one in request.form.getlist("need") if one],
            matter=request.form.get("matter", "")[:40],
            by=by,
            now=now,
        )
    flash(_("号 %(number)s。", number=made.number))
    return redirect(url_for("tickets.desk", code=code))


@pages.post("/desk/halls/<code>/back")
@guard("staff")
def put_back(code: str) -> ResponseReturnValue:
    """Somebody whose call was missed stands there: staff type the number."""
    work, now = edge.work(), edge.now()
    reads.desk(work, code, edge.actor(), now=now)  # only who serves there
    ticket = reads.code_of(work, reads.shown(work, code), request.form.get("number", "")[:8], now=now)
    made = queues.back(work, ticket, by=edge.actor(), now=now)
    flash(_("%(number)s 重新排上了。", number=made.number))
    return redirect(url_for("tickets.desk", code=code))


@pages.get("/desk/halls/<code>/numbers")
@guard("staff")
def numbers(code: str) -> ResponseReturnValue:
    """How many came, how long they waited and were served, by class and day."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    today = local_date(now)
    found = reads.measures(work, code, actor, first=today - timedelta(days=DAYS - 1), last=today, now=now)
    lines = {one.key: one.queue for one in reads.lines(work)}
    return render_template(
        "staff/hall_numbers.html",
        desk=reads.desk(work, code, actor, now=now),
        rows=found,
        lines=lines,
        today=today,
    )
