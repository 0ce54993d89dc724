"""Bookings (预约): a calendar for residents, three taps from the door to the seat; a week for the office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import booking
from engine.errors import FieldError, Invalid, NotFound
from engine.plain import is_id
from engine.reads import attending, bonds, offering, offers, standing, statements, teams
from engine.reads import bookings as reads
from engine.records import papers
from engine.workdays import local_date
from web import edge, formats, names
from web.edge import guard
from web.pages import own_name

pages = Blueprint("booking", __name__)

#: How many days a resident is shown at once.
SHOWN_DAYS = 21
KINDS = {"normal": "上班时间", "after_hours": "下班后", "non_working_day": "周末节假日"}


def _moment(text: str | None) -> datetime:
    try:
        found = edge.moment(text or "")
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise Invalid([FieldError("starts_at", _("时间"), "请选择一个时间。", "Choose a time.")])
    return found


def _place(place_id: int, *, staff: bool = False) -> reads.Place:
    places = reads.places(edge.work(), staff=edge.actor() if staff else None)
    found = next((p for p in places if p.id == place_id), None)
    if found is None:
        raise NotFound("没有这个预约地点。", "There is no such place.")
    return found


# ---------------------------------------------------------------- residents


@pages.get("/book")
@guard("anyone")
def doors() -> ResponseReturnValue:
    """Where to go; with one place only, its calendar at once."""
    near = edge.actor().place_id
    places = [p for p in reads.places(edge.work(), near=near) if p.items or p.offer]
    if len(places) == 1:
        return redirect(url_for("booking.calendar", place_id=places[0].id))
    soon = reads.next_times(edge.work(), [one.id for one in places], now=edge.now())
    return render_template("resident/book_places.html", places=places, soon=soon, tab="booking.doors")


@pages.get("/book/<int:place_id>")
@guard("anyone")
def calendar(place_id: int) -> ResponseReturnValue:
    return own_name.asked_first() or _calendar(place_id)


def _calendar(place_id: int, moving: reads.Booked | None = None) -> ResponseReturnValue:
    work, now = edge.work(), edge.now()
    place = _place(place_id)
    first = local_date(now) + timedelta(days=1)
    found = [
        d
        for d in reads.days(work, place_id, first, first + timedelta(days=SHOWN_DAYS - 1), now=now)
        if d.times  # a day on which nothing opens is no choice
    ]
    free = [d for d in found if d.free]
    chosen = request.args.get("day", free[0].day if free else first, type=edge.day)
    times = reads.times(work, place_id, chosen, now=now)
    here = next((d for d in found if d.day == chosen), None)
    return render_template(
        "resident/book_times.html",
        place=place,
        days=found,
        chosen=chosen,
        times=times,
        here=here,
        kinds=KINDS,
        moving=moving,
        others=() if moving else bonds.who_for(work, edge.actor(), "book", place.matter),
        whom=request.args.get("for", 0, type=int),
        item=_item(place, request.args.get("item", "")),
        tab="booking.doors",
    )


def _item(place: reads.Place, said: str) -> str:
    """The code of what somebody comes for, by its code or its name; "" when the place does no such thing."""
    return next((code for code, name in place.items if said in (code, name)), "")


@pages.post("/book/<int:place_id>")
@guard("resident")
def hold(place_id: int) -> ResponseReturnValue:
    """Keep a time; the next page asks what for and confirms."""
    made = booking.hold(
        edge.work(),
        resource_id=place_id,
        starts_at=[_moment(request.form.get("starts_at"))],
        item=_item(_place(place_id), request.form.get("item", "")),
        bond_id=request.form.get("for", type=int),
        by=edge.actor(),
        now=edge.now(),
    )
    return redirect(url_for("booking.one", booking_id=made.id))


@pages.post("/book/<int:place_id>/wait")
@guard("resident")
def wait(place_id: int) -> ResponseReturnValue:
    """Join a full day's waiting list."""
    day = request.form.get("day", local_date(edge.now()), type=edge.day)
    bond_id = request.form.get("for", type=int)
    booking.wait(edge.work(), resource_id=place_id, day=day, bond_id=bond_id, by=edge.actor(), now=edge.now())
    flash(_("已加入候补。有空位时会通知您，并为您保留两小时。"))
    return redirect(url_for("booking.mine"))


@pages.get("/bookings")
@guard("resident")
def mine() -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    return render_template(
        "resident/book_mine.html",
        coming=reads.mine(work, actor, now=now),
        past=reads.mine(work, actor, past=True, now=now),
        waiting=reads.waiting(work, actor),
        block=reads.block_of(work, actor, now=now),
        led=teams.coming(work, actor, now=now),
        ordered=standing.mine(work, actor, now=now),
        priced=bool(statements.kinds(work)),
        states=_states(),
        tab="booking.doors",
    )


def _states() -> dict[str, str]:
    return {state: _(words[0]) for state, words in booking.STATES.items()}


@pages.get("/bookings/<int:booking_id>")
@guard("resident")
def one(booking_id: int) -> ResponseReturnValue:
    return _one(booking_id)


def _one(booking_id: int, wrong: tuple[FieldError, ...] = ()) -> str:
    found = reads.one(edge.work(), edge.actor(), booking_id)
    code = papers.codes.qr_data_uri(found.code) if found.code else ""
    own = offers.own(edge.work(), edge.actor(), booking_id, now=edge.now()) if found.row else None
    if own is not None:
        return render_template(
            "resident/offer_booked.html",
            one=found,
            own=own,
            schema=names.schema(forms.browser_schema(own.form)) if own.form is not None else None,
            qr=code,
            states=_states(),
            slips=attending.slips(edge.work(), own.places),
            tab="booking.doors",
        )
    place = _place(found.resource_id)
    form = offers.asked(edge.work(), place.offer, now=edge.now()) if found.state in ("held", "expired") else None
    return render_template(
        "resident/book_one.html",
        one=found,
        place=place,
        schema=names.schema(forms.browser_schema(form)) if form is not None else None,
        qr=code,
        states=_states(),
        kinds=KINDS,
        wrong=wrong,
        cost=offers.cost_of(edge.work(), edge.actor(), booking_id, now=edge.now()) if place.offer else None,
        priced=offers.has_price(edge.work(), place.offer),
        consent=offering.consent_of(edge.work(), place.matter),
        tab="booking.doors",
    )


@pages.post("/bookings/<int:booking_id>/confirm")
@guard("resident")
def confirm(booking_id: int) -> ResponseReturnValue:
    """Say what for, and the seat is booked."""
    found = reads.one(edge.work(), edge.actor(), booking_id)
    answers: dict[str, Any] = {
        "item": request.form.get("item", "")[:80] or found.item or None,
        "note": request.form.get("note", "")[:300],
        "needs_help": request.form.get("needs_help") == "1",
    }
    if found.row:
        booking.confirm(edge.work(), booking_id, version=edge.sent_id(), by=edge.actor(), now=edge.now())
        flash(_("订好了。"))
        return redirect(url_for("booking.one", booking_id=booking_id))
    place = _place(found.resource_id)
    if not place.items:  # nothing to choose from: what it asks, its form did (offers.confirm)
        answers = {}
    elif answers["item"] not in {code for code, _name in place.items}:
        wrong = FieldError("item", _("办什么事"), "请选一项要办的事，不确定就选“先问问”。", "Choose what it is about.")
        return _one(booking_id, (wrong,)), 422
    made = booking.confirm(
        edge.work(),
        booking_id,
        version=edge.sent_id(),
        answers=answers,
        consent=request.form.get("consent") == "yes",
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_declined(made.state, made.reason) or _("预约好了。到时候出示这一页的二维码。"))
    return redirect(url_for("booking.one", booking_id=booking_id))


@pages.get("/bookings/<int:booking_id>/change")
@guard("resident")
def other_times(booking_id: int) -> ResponseReturnValue:
    found = reads.one(edge.work(), edge.actor(), booking_id)
    return _calendar(found.resource_id, moving=found)


@pages.post("/bookings/<int:booking_id>/change")
@guard("resident")
def change(booking_id: int) -> ResponseReturnValue:
    booking.change(
        edge.work(),
        booking_id,
        version=edge.sent_id(),
        starts_at=[_moment(request.form.get("starts_at"))],
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已改到新的时间。"))
    return redirect(url_for("booking.one", booking_id=booking_id))


@pages.post("/bookings/<int:booking_id>/cancel")
@guard("resident")
def cancel(booking_id: int) -> ResponseReturnValue:
    booking.cancel(edge.work(), booking_id, version=edge.sent_id(), by=edge.actor(), now=edge.now())
    flash(_("已取消，位子让给别人了。"))
    return redirect(url_for("booking.mine"))


@pages.post("/waiting/<int:waiting_id>/leave")
@guard("resident")
def stop_waiting(waiting_id: int) -> ResponseReturnValue:
    booking.stop_waiting(edge.work(), waiting_id, by=edge.actor(), now=edge.now())
    flash(_("已退出候补。"))
    return redirect(url_for("booking.mine"))


@pages.post("/bookings/review")
@guard("resident")
def ask_review() -> ResponseReturnValue:
    """Ask a person to look at a pause of online booking."""
    booking.ask_review(edge.work(), says=request.form.get("says", ""), by=edge.actor(), now=edge.now())
    flash(_("已收到复核申请，工作人员会答复您。这期间可以打电话或到窗口预约。"))
    return redirect(url_for("booking.mine"))


@pages.get("/bookings/<int:booking_id>/calendar.ics")
@guard("resident")
def calendar_file(booking_id: int) -> ResponseReturnValue:
    found = reads.one(edge.work(), edge.actor(), booking_id)
    return Response(
        reads.calendar_file(found, now=edge.now()),
        mimetype="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="{found.number}.ics"'},
    )


# ---------------------------------------------------------------- the office


@pages.get("/desk/bookings")
@guard("staff")
def week() -> ResponseReturnValue:
    return _week()


def _week(wrong: str = "", status: int = 200) -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    today = local_date(now)
    chosen = request.args.get("day", today, type=edge.day)
    monday = chosen - timedelta(days=chosen.weekday())
    sunday = monday + timedelta(days=6)
    booked: dict[date, list[reads.Booked]] = {monday + timedelta(days=n): [] for n in range(7)}
    for one in reads.board(work, actor, monday, sunday):
        booked[local_date(one.starts_at)].append(one)
    loads: dict[date, tuple[int, int]] = {}
    for load in reads.load(work, actor, monday, sunday):
        if load.kind in ("room", "person"):  # not a number of visitors
            continue
        seats, taken = loads.get(load.day, (0, 0))
        loads[load.day] = (seats + load.capacity, taken + load.taken)
    places = [p for p in reads.places(work) if p.items]
    page = render_template(
        "staff/bookings.html",
        days=booked,
        loads=loads,
        today=today,
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        roster=reads.roster(work, actor, monday, sunday),
        on_duty=reads.may_be_on_duty(work, actor, on=today),
        states=_states(),
        kinds=KINDS,
        places=places,
        consents=_consents(places),
        own=reads.places(work, staff=actor),
        wrong=wrong,
        counts=reads.counts(work, actor, today),
        reviews=reads.reviews(work, actor),
        off={d.day for d in reads.days(work, 0, monday, sunday, now=now) if d.workday is False},
    )
    return page, status


@pages.post("/desk/bookings/duty")
@guard("staff")
def put_on_duty() -> ResponseReturnValue:
    """排班: one of the unit's people is on duty from then to then."""
    sent, day = request.form, request.form.get("day", "", type=str)
    starts = reads.at(day, sent.get("from", ""))
    ends = reads.at(day, sent.get("until", ""))
    who = sent.get("who", "")
    if starts is None or ends is None or not is_id(who):
        zh, en = "请选谁值班，填好日期、从几点到几点。", "Say who, on which day, from when to when."
        raise Invalid([FieldError("who", _("谁值班"), zh, en)])
    booking.roster(
        edge.work(),
        resource_id=sent.get("place", 0, type=edge.whole),
        user_id=int(who),
        starts_at=starts,
        ends_at=ends,
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("值班排好了。"))
    return redirect(url_for("booking.week", day=day))


@pages.post("/desk/bookings/duty/<int:duty_id>/off")
@guard("staff")
def off_duty(duty_id: int) -> ResponseReturnValue:
    """Whoever was booked then goes to who is left on duty."""
    booking.unroster(edge.work(), duty_id, by=edge.actor(), now=edge.now())
    flash(_("值班取消了，已约的转给还在值班的人。"))
    return redirect(url_for("booking.week", day=request.form.get("day", "")))


@pages.post("/desk/bookings/check-in")
@guard("staff")
def check_in() -> ResponseReturnValue:
    """Scan or type a code: the person is here."""
    made = booking.check_in(edge.work(), request.form.get("code", "").strip()[:60], by=edge.actor(), now=edge.now())
    flash(_("%(who)s 已签到（%(when)s）。", who=made.name, when=formats.moment(made.starts_at)))
    return redirect(url_for("booking.week"))


_STEPS = {
    "call": booking.call,
    "serve": booking.serve,
    "miss": booking.miss,
    "cancel": booking.cancel,
}


@pages.post("/desk/bookings/<int:booking_id>/<what>")
@guard("staff")
def step(booking_id: int, what: str) -> ResponseReturnValue:
    """Call, served, not there, cancel."""
    function = _STEPS.get(what)
    if function is None:
        raise NotFound("没有这个操作。", "There is no such step.")
    made = function(edge.work(), booking_id, version=edge.sent_id(), by=edge.actor(), now=edge.now())
    flash(_("%(number)s：%(state)s。", number=made.number, state=_states()[made.state]))
    return redirect(url_for("booking.week", day=local_date(made.starts_at).isoformat()))


def _consents(places: Sequence[reads.Place]) -> list[dict[str, Any]]:
    """What is asked of whoever comes, with the places where it is."""
    asked: dict[str, list[str]] = {}
    for matter in sorted({place.matter for place in places}):
        if text := offering.consent_of(edge.work(), matter):
            asked.setdefault(text, []).extend(place.name for place in places if place.matter == matter)
    return [{"text": text, "names": found} for text, found in asked.items()]


@pages.post("/desk/bookings/walk-in")
@guard("staff")
def walk_in() -> ResponseReturnValue:
    """Somebody stands at the counter, or telephones for another day."""
    name, phone = request.form.get("name", "").strip()[:40], request.form.get("phone", "").strip()[:20]
    if not name or not phone:
        raise Invalid([FieldError("name", _("姓名和电话"), "请填写姓名和电话。", "Give a name and a telephone.")])
    person = booking.Person(name, phone)
    given: dict[str, Any] = {
        "resource_id": request.form.get("place", 0, type=edge.whole),
        "person": person,
        "item": request.form.get("item", "ask")[:80],
        "by": edge.actor(),
        "now": edge.now(),
    }
    when, agreed = request.form.get("starts_at", ""), request.form.get("consent") == "yes"
    if when:
        day, _sep, clock = when.partition("T")
        try:
            at = booking.local(edge.day(day), time.fromisoformat(clock))
        except ValueError:
            raise Invalid(
                [FieldError("starts_at", _("时间"), "请选日期和时间。", "Choose a day and a time.")]
            ) from None
        made = booking.hold(edge.work(), starts_at=[at], channel="phone", **given)
        made = booking.confirm(
            edge.work(), made.id, version=made.version, consent=agreed, by=edge.actor(), now=edge.now()
        )
    else:
        made = booking.walk_in(edge.work(), consent=agreed, **given)
    flash(
        _declined(made.state, made.reason)
        or _("%(number)s：%(when)s。", number=made.number, when=formats.moment(made.starts_at))
    )
    return redirect(url_for("booking.week", day=local_date(made.starts_at).isoformat()))


def _declined(state: str, reason: str) -> str:
    """What is said when the matter's process declined the booking at once; empty: it stands."""
    if state != "cancelled":
        return ""
    return _("没有约成，位子已经退回：%(reason)s", reason=reason)


def _window() -> dict[str, Any]:
    try:
        day = edge.day(request.values.get("day", ""))
        starts = booking.local(day, time.fromisoformat(request.values.get("from", "")))
        ends = booking.local(day, time.fromisoformat(request.values.get("until", "")))
        place = edge.whole(request.values.get("place", ""))
    except ValueError:
        raise Invalid(
            [FieldError("day", _("停用时间"), "请选地点，填日期和起止时间。", "Choose a place, a day and times.")]
        ) from None
    return {"resource_id": place, "starts_at": starts, "ends_at": ends}


@pages.get("/desk/bookings/close")
@guard("staff")
def preview_closing() -> ResponseReturnValue:
    """What a closure would hit, before anything happens."""
    if not request.args:
        return redirect(url_for("booking.week"))
    window = _window()
    hits = booking.preview_closing(edge.work(), **window, by=edge.actor(), now=edge.now())
    return render_template(
        "staff/booking_close.html",
        window=window,
        hits=hits,
        place=_place(window["resource_id"], staff=True),
        sent=request.args,
    )


@pages.post("/desk/bookings/close")
@guard("staff")
def close() -> ResponseReturnValue:
    hit = booking.close(
        edge.work(), **_window(), reason=request.form.get("reason", ""), by=edge.actor(), now=edge.now()
    )
    flash(_("已停用，%(n)s 位已预约的人收到了通知。", n=len(hit)))
    return redirect(url_for("booking.week", day=request.form.get("day", "")))


@pages.post("/desk/bookings/reviews/<int:block_id>")
@guard("supervisor")
def review(block_id: int) -> ResponseReturnValue:
    booking.review(
        edge.work(),
        block_id,
        lift=request.form.get("lift") == "1",
        answer=request.form.get("answer", ""),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已答复。"))
    return redirect(url_for("booking.week"))
