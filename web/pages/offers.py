"""Offers (供给): what can be booked, by place and day, in three taps; the week of the unit's offers for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import feel, forms
from engine.commands import booking
from engine.errors import FieldError, Invalid, NotFound, NotNow
from engine.matters.nouns.offers import DELIVERED
from engine.people import units
from engine.plain import is_id
from engine.reads import attending, bonds, bookings, choosing, registers, residents, standing, statements, teams
from engine.reads import offers as reads
from engine.workdays import local_date
from web import edge, formats, names
from web.edge import guard
from web.pages import own_name, spreadsheets
from web.pages.papers import send_opened

pages = Blueprint("offers", __name__)


def _at(day: str, clock: str, field: str) -> datetime:
    try:
        return booking.local(edge.day(day), time.fromisoformat(clock))
    except ValueError:
        raise Invalid([FieldError(field, _("时间"), "请填日期和时间。", "Give a day and a time.")]) from None


# ---------------------------------------------------------------- residents


@pages.get("/offers")
@guard("anyone")
def listed() -> ResponseReturnValue:
    """What can be booked, by day; of one kind, or at one place."""
    work, now = edge.work(), edge.now()
    kinds = reads.kinds(work, now=now)
    offer = request.args.get("offer", "")
    chosen = offer if any(one.key == offer for one in kinds) else None
    places = reads.places(work, offer=chosen, now=now)
    at = next((one for one in places if one.code == request.args.get("place", "")), None)
    found = reads.list_open(
        work,
        offer=chosen,
        place_ids=[at.id] if at is not None else (),
        day=request.args.get("day", type=edge.day),
        now=now,
    )
    days: dict[date, list[reads.Open]] = {}
    for one in found:
        days.setdefault(local_date(one.starts_at), []).append(one)
    return render_template(
        "resident/offers.html",
        kinds=kinds,
        chosen=chosen,
        places=places,
        at=at,
        days=days,
        soon=reads.next_open(work, chosen, now=now) if not days else None,
        tab="booking.doors",
    )


@pages.get("/offers/<int:slot_id>")
@guard("anyone")
def one(slot_id: int) -> ResponseReturnValue:
    return own_name.asked_first() or _one(slot_id)


def _bond(given: Mapping[str, Any]) -> int | None:
    """For whom: the bond by which one books for somebody else; None: for oneself."""
    text = str(given.get("for") or "")
    return int(text) if is_id(text) else None


def _one(slot_id: int, wrong: str = "") -> str:
    whom = _bond(request.args)
    found = reads.chance(edge.work(), edge.actor(), slot_id, bond_id=whom, now=edge.now())
    others = bonds.who_for_offer(edge.actor(), "book", found.what.key)
    form = found.form if found.what.offer.ask else None  # a choice alone is a list of its own
    return render_template(
        "resident/offer.html",
        it=found,
        offer=found.what.offer,
        schema=names.schema(forms.browser_schema(form)) if form is not None else None,
        me=residents.own(edge.work(), edge.actor()) if edge.actor().kind == "resident" else None,
        draft=f"{edge.actor().id}:offer:{slot_id}:{whom or ''}",
        others=others,
        teams=_teams(found),
        whom=whom or 0,
        comes=next((name for id_, name in others if id_ == whom), ""),
        wrong=wrong,
        tab="booking.doors",
    )


def _teams(found: reads.Chance) -> list[teams.Team]:
    """Whom the reader leads on that day, where teams take part."""
    if "team" not in found.what.offer.taker or edge.actor().kind != "resident":
        return []
    led = teams.led(edge.work(), edge.actor(), day=local_date(found.one.starts_at), now=edge.now())
    return [team for team in led if team.people]


@pages.post("/offers/<int:slot_id>/book")
@guard("resident")
def book(slot_id: int) -> ResponseReturnValue:
    """Take a place of an offer that asks nothing."""
    made = _take(slot_id, request.form.to_dict(), _chosen(), _led())
    flash(_("订好了。"))
    return redirect(url_for("booking.one", booking_id=made))


def _chosen() -> dict[str, Any]:
    """What was chosen on a page without a form of its own: `choice` says what it is called, and which."""
    name, _sep, key = request.form.get("choice", "").partition(":")
    brought = {DELIVERED: True} if request.form.get("delivered") == "1" else {}
    return brought | ({name: key} if name and key else {})


def _led() -> list[tuple[int, str]]:
    """The members of a team that were ticked, each with what they come as."""
    return [(int(one), _form_role(f"role-{one}")) for one in request.form.getlist("led")[:60] if is_id(one)]


def _form_role(name: str) -> str:
    return request.form.get(name, "")[:40]


def _take(slot_id: int, given: dict[str, Any], answers: dict[str, Any], led: Sequence[tuple[int, str]] = ()) -> int:
    of_team = given.get("as") == "team"
    members = _members(str(given.get("members") or ""), str(given.get("role") or "")[:40]) if of_team else []
    if of_team and given.get("me"):  # the leader comes too
        me = residents.own(edge.work(), edge.actor())
        members.insert(0, (me.name, me.phone or "", _form_role("role-me")))
    team = str(given.get("team") or "")[:80].strip() if given.get("as") == "team" else ""
    made = booking.take_place(
        edge.work(),
        slot_id,
        role="" if of_team else str(given.get("role") or "")[:40],
        answers=answers,
        team=team,
        members=members,
        led=led,
        bond_id=_bond(given),
        by=edge.actor(),
        now=edge.now(),
    )
    return made.id


def _members(text: str, otherwise: str) -> list[tuple[str, str, str]]:
    """A line each: name, telephone, role; the role by its title or its code, and the one chosen without it."""
    found = []
    for line in text.splitlines():
        parts = line.replace("，", " ").replace(",", " ").split()
        if not parts:
            continue
        phone = next((part for part in parts[1:] if part.isascii() and part.isdigit() and len(part) >= 7), "")
        role = next((part for part in parts[1:] if part != phone), otherwise)
        found.append((parts[0][:40], phone[:20], role[:40]))
    return found


def _sent() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


@pages.post("/offers/<int:slot_id>/check")
@guard("resident", writes=False)
def check(slot_id: int) -> ResponseReturnValue:
    """The answers in words, and the price, before it is booked. Nothing is stored."""
    work, now = edge.work(), edge.now()
    body = _sent()
    whom = _bond(body)
    found = reads.chance(work, edge.actor(), slot_id, bond_id=whom, now=now)
    form = found.form
    if form is None:
        raise NotFound("这一项没有要填的。", "Nothing is asked here.")
    env = feel.Env(now=now, calendar=work.calendar)
    answers = forms.check(form, body["answers"], env=env)
    lines = forms.describe(form, answers, env=env)
    cost = reads.cost_for(work, edge.actor(), found, answers, bond_id=whom, now=now)
    others = dict(bonds.who_for_offer(edge.actor(), "book", found.what.key))
    shown = render_template(
        "resident/offer_review.html",
        it=found,
        lines=lines,
        cost=cost,
        comes=others.get(whom or 0, ""),
        send=url_for("offers.send", slot_id=slot_id),
    )
    return jsonify(review=shown)


@pages.post("/offers/<int:slot_id>/send")
@guard("resident")
def send(slot_id: int) -> ResponseReturnValue:
    reads.chance(edge.work(), edge.actor(), slot_id, now=edge.now())
    body = _sent()
    made = _take(slot_id, body, body["answers"])
    return jsonify(location=url_for("booking.one", booking_id=made)), 201


@pages.post("/offers/bookings/<int:booking_id>/confirm")
@guard("resident")
def confirm(booking_id: int) -> ResponseReturnValue:
    """A place that was kept for who waited, with what its offer asks."""
    bookings.one(edge.work(), edge.actor(), booking_id)
    body = _sent()
    version = body.get("version")
    booking.confirm(
        edge.work(),
        booking_id,
        version=version if isinstance(version, int) else 0,
        answers=body["answers"],
        consent=body.get("consent") is True,
        by=edge.actor(),
        now=edge.now(),
    )
    return jsonify(location=url_for("booking.one", booking_id=booking_id)), 201


@pages.get("/offers/places/<int:place_id>/slip.pdf")
@guard("resident")
def slip(place_id: int) -> ResponseReturnValue:
    """The slip of one who came and left: theirs, and of whoever books for them."""
    return send_opened(attending.slip(edge.work(), place_id, actor=edge.actor()))


@pages.post("/offers/<int:slot_id>/wait")
@guard("resident")
def wait(slot_id: int) -> ResponseReturnValue:
    """Join the waiting list of a time that is full."""
    whom = _bond(request.form)
    found = reads.chance(edge.work(), edge.actor(), slot_id, bond_id=whom, now=edge.now())
    if not found.what.offer.waiting:
        raise NotNow("这一项没有候补。", "There is no waiting list.")
    booking.wait(
        edge.work(),
        resource_id=found.one.resource_id,
        day=local_date(found.one.starts_at),
        role=request.form.get("role", "")[:40],
        bond_id=whom,
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已加入候补。有名额时通知您，并为您保留两小时。"))
    return redirect(url_for("booking.mine"))


# ---------------------------------------------------------------- standing orders, hours


@pages.get("/offers/<int:slot_id>/standing")
@guard("resident")
def ordering(slot_id: int) -> ResponseReturnValue:
    """Order this time of day by weekday."""
    if (first := own_name.asked_first()) is not None:
        return first
    whom = _bond(request.args)
    found = reads.chance(edge.work(), edge.actor(), slot_id, bond_id=whom, now=edge.now())
    others = dict(bonds.who_for_offer(edge.actor(), "book", found.what.key))
    if not found.what.offer.standing:
        raise NotNow("这一项不能长期预订，请一次一次订。", "This cannot be ordered for many days: book each time.")
    form = choosing.form(edge.work(), found.what, now=edge.now())
    return render_template(
        "resident/standing_new.html",
        it=found,
        offer=found.what.offer,
        schema=_schema(form) if found.what.offer.ask and form is not None else None,
        menu=choosing.every(edge.work(), found.what, now=edge.now()),
        draft=f"{edge.actor().id}:standing:{slot_id}:{whom or ''}",
        whom=whom or 0,
        comes=others.get(whom or 0, ""),
        tab="booking.doors",
    )


def _schema(form: Any) -> Any:
    return names.schema(forms.browser_schema(form))


@dataclass(frozen=True)
class _Order:
    """A standing order as a page sends it: a plain form, or what the form island adds to its answers."""

    weekdays: list[int]
    until: date | None
    working: bool
    role: str
    answers: dict[str, Any]
    more: dict[str, Any]


def _order() -> _Order:
    body = _sent() if request.is_json else {}
    sent = body or request.form.to_dict()
    listed = str(body.get("weekday") or "").split(",") if body else request.form.getlist("weekday")
    try:
        until = edge.day(str(sent["until"])) if sent.get("until") else None
    except ValueError:
        until = None
    return _Order(
        [int(n) for n in listed if n in ("1", "2", "3", "4", "5", "6", "7")],
        until,
        str(sent.get("working") or "") == "1",
        str(sent.get("role") or "")[:40],
        body.get("answers", {}) if body else _chosen(),
        sent,
    )


def _ordered(slot_id: int, sent: _Order, person: booking.Person | None = None) -> int:
    row = booking.order(
        edge.work(),
        slot_id,
        weekdays=sent.weekdays,
        until_on=sent.until,
        working=sent.working,
        role=sent.role,
        answers=sent.answers,
        person=person,
        bond_id=_bond(sent.more) if person is None else None,
        by=edge.actor(),
        now=edge.now(),
    )
    return row.id


def _there(address: str) -> ResponseReturnValue:
    """On to this page: by itself for a plain form, by the island's script for its JSON."""
    return (jsonify(location=address), 201) if request.is_json else redirect(address)


@pages.post("/offers/<int:slot_id>/standing")
@guard("resident")
def order(slot_id: int) -> ResponseReturnValue:
    _ordered(slot_id, _order())
    flash(_("长期预订好了，不用每次再订。"))
    return _there(url_for("offers.orders"))


@pages.get("/standing/<int:standing_id>/day")
@guard("resident")
def day(standing_id: int) -> ResponseReturnValue:
    """What one day of a standing order is asked, to be answered otherwise."""
    on = request.args.get("day", type=edge.day) or local_date(edge.now())
    found = standing.day(edge.work(), edge.actor(), standing_id, on, now=edge.now())
    return render_template(
        "resident/answers.html",
        title=_("%(day)s改一下", day=formats.day(on)),
        about=_("只改这一天，别的天照旧。"),
        schema=_schema(found.form),
        answers=found.answers,
        version=0,
        send=url_for("offers.change_day", standing_id=standing_id, day=on.isoformat()),
        away=url_for("offers.orders"),
        away_words=_("我的长期预订"),
        tab="booking.doors",
    )


@pages.post("/standing/<int:standing_id>/day")
@guard("resident")
def change_day(standing_id: int) -> ResponseReturnValue:
    on = request.args.get("day", type=edge.day)
    if on is None:
        raise Invalid([FieldError("day", _("哪一天"), "请选一天。", "Choose a day.")])
    booking.change_day(edge.work(), standing_id, on, _sent()["answers"], by=edge.actor(), now=edge.now())
    flash(_("改好了。"))
    return _there(url_for("offers.orders"))


@pages.get("/offers/bookings/<int:booking_id>/answers")
@guard("signed-in")
def answers(booking_id: int) -> ResponseReturnValue:
    """What was answered when booking, to be changed until the cut-off."""
    one = bookings.one(edge.work(), edge.actor(), booking_id)
    own = reads.own(edge.work(), edge.actor(), booking_id, now=edge.now())
    if own is None or own.form is None:
        raise NotFound("这一项没有要填的。", "Nothing is asked here.")
    return render_template(
        "resident/answers.html",
        title=_("改填的内容"),
        about=formats.moment(one.starts_at),
        schema=_schema(own.form),
        answers=own.given,
        version=one.version,
        send=url_for("offers.answer", booking_id=booking_id),
        away=_back(own.slot_id, booking_id),
        away_words=_("签到、名单") if edge.actor().kind == "staff" else _("我的预约"),
        tab="booking.doors",
    )


def _back(slot_id: int | None, booking_id: int) -> str:
    if edge.actor().kind == "staff" and slot_id is not None:
        return url_for("offers.door", slot_id=slot_id)
    return url_for("booking.one", booking_id=booking_id)


@pages.post("/offers/bookings/<int:booking_id>/answers")
@guard("signed-in")
def answer(booking_id: int) -> ResponseReturnValue:
    own = reads.own(edge.work(), edge.actor(), booking_id, now=edge.now())
    body = _sent()
    version = body.get("version")
    booking.answer(
        edge.work(),
        booking_id,
        body["answers"],
        version=version if isinstance(version, int) else 0,
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("改好了。"))
    return _there(_back(own.slot_id if own is not None else None, booking_id))


@pages.get("/standing")
@guard("resident")
def orders() -> ResponseReturnValue:
    """One's own standing orders, each with its days."""
    found = standing.mine(edge.work(), edge.actor(), now=edge.now())
    return render_template(
        "resident/standing.html", orders=found, today=local_date(edge.now()), states=_day_states(), tab="booking.doors"
    )


def _day_states() -> dict[str, str]:
    return {
        "booked": _("已订"),
        "wanted": _("要订"),
        "skipped": _("不来"),
        "cancelled": _("已取消"),
        "full": _("满了，有空位再替您订"),
        "missed": _("没有订上"),
    }


@pages.post("/standing/<int:standing_id>/<what>")
@guard("resident")
def change_order(standing_id: int, what: str) -> ResponseReturnValue:
    """Not on this day, this day too, or no more of it."""
    given: dict[str, Any] = {"by": edge.actor(), "now": edge.now()}
    if what == "end":
        n = booking.end_order(edge.work(), standing_id, **given)
        flash(_("长期预订停了，后面 %(n)s 次也取消了。", n=n))
        return redirect(url_for("booking.mine"))
    day = request.form.get("day", type=edge.day)
    if day is None or what not in ("skip", "add"):
        raise Invalid([FieldError("day", _("哪一天"), "请选一天。", "Choose a day.")])
    (booking.skip_day if what == "skip" else booking.add_day)(edge.work(), standing_id, day, **given)
    flash(_("改好了。"))
    return redirect(url_for("offers.orders"))


@pages.get("/hours")
@guard("resident")
def hours() -> ResponseReturnValue:
    """The hours one gave."""
    work = edge.work()
    found = attending.hours(work, edge.actor())
    return render_template("resident/hours.html", found=found, proofs=attending.proofs(work), tab="booking.doors")


@pages.get("/offers/statement")
@guard("resident")
def own_statement() -> ResponseReturnValue:
    """One's own month: each day, what it cost, who paid which part."""
    first, last = _month()
    return render_template(
        "resident/statement.html",
        found=statements.own(edge.work(), edge.actor(), first, last, bond_id=_bond(request.args)),
        month=first,
        others=statements.others(edge.work(), edge.actor()),
        whom=_bond(request.args) or 0,
        outcomes=_outcomes(),
        tab="booking.doors",
    )


def _month() -> tuple[date, date]:
    """The month that is asked for, its first and its last day; this one without any."""
    text = request.values.get("month", "")
    try:
        first = date.fromisoformat(f"{text}-01") if text else local_date(edge.now()).replace(day=1)
    except ValueError:
        first = local_date(edge.now()).replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _outcomes() -> dict[str, str]:
    return {
        "booked": _("已订"),
        "came": _("来了"),
        "missed": _("没有来"),
        "cancelled": _("本人退了"),
        "by_hall": _("大厅取消"),
    }


# ---------------------------------------------------------------- the unit


@pages.get("/desk/offers/statement")
@guard("staff")
def statement() -> ResponseReturnValue:
    """A month of what has a price at the actor's units, a line a person."""
    first, last = _month()
    kinds = statements.kinds(edge.work())
    known = [key for key, _title in kinds]
    key = request.args.get("offer", "")
    key = key if key in known else next(iter(known), "")
    found = statements.of_unit(edge.work(), edge.actor(), key, first, last) if key else None
    return render_template(
        "staff/statement.html",
        found=found,
        kinds=kinds,
        month=first,
        before=(first - timedelta(days=1)).strftime("%Y-%m"),
        after=(last + timedelta(days=1)).strftime("%Y-%m"),
        outcomes=_outcomes(),
    )


@pages.post("/desk/offers/statement")
@guard("staff")
def sheet() -> ResponseReturnValue:
    """The same as a spreadsheet, with whole names: recorded."""
    first, last = _month()
    key = request.form.get("offer", "")[:81]
    data = booking.sheet(edge.work(), key, first, last, by=edge.actor(), now=edge.now())
    return spreadsheets.answer(data, f"{key.rpartition('.')[2]}-{first:%Y-%m}.xlsx")


@pages.get("/desk/offers")
@guard("staff")
def week() -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    today = local_date(now)
    chosen = request.args.get("day", type=edge.day) or today
    monday = chosen - timedelta(days=chosen.weekday())
    sunday = monday + timedelta(days=6)
    held: dict[date, list[reads.Held]] = {monday + timedelta(days=n): [] for n in range(7)}
    for one in reads.board(work, actor, monday, sunday, now=now):
        held[local_date(one.one.starts_at)].append(one)
    tree = units.tree(work)
    own = sorted(
        (tree.by_id[id_] for id_ in actor.realm if id_ in tree.by_id and tree.by_id[id_].active), key=lambda u: u.path
    )
    return render_template(
        "staff/offers.html",
        days=held,
        today=today,
        now=now,
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        openable=reads.openable(work),
        priced=bool(statements.kinds(work)),
        units=own[:200],
        bond=bonds.seen(work, bond, actor=actor, now=now) if (bond := _bond(request.args)) is not None else None,
        teams=teams.at_desk(work, actor) if reads.with_teams(work) else [],
        team=teams.of_desk(work, of, actor, now=now) if (of := request.args.get("team", type=edge.whole)) else None,
        takes_teams=reads.with_teams(work),
    )


@pages.post("/desk/offers/open")
@guard("staff")
def open_() -> ResponseReturnValue:
    """A further time of an offer, at a unit of one's own."""
    sent = request.form
    day = sent.get("day", "")
    row = booking.open_offer(
        edge.work(),
        sent.get("offer", ""),
        sent.get("unit", 0, type=edge.whole),
        name=sent.get("name", "")[:80],
        about=sent.get("about", "")[:500],
        starts_at=_at(day, sent.get("from", ""), "from"),
        ends_at=_at(day, sent.get("until", ""), "until"),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已开放：%(name)s，编号 %(number)s。", name=row.name, number=row.code))
    return redirect(url_for("offers.week", day=day))


@pages.post("/desk/offers/<int:resource_id>/close")
@guard("staff")
def close(resource_id: int) -> ResponseReturnValue:
    told = booking.close_offer(
        edge.work(),
        resource_id,
        reason=request.form.get("reason", ""),
        slot_id=request.form.get("slot", type=edge.whole),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已取消，%(n)s 位已预订的人收到了通知。", n=told))
    return redirect(url_for("offers.week", day=request.form.get("day", "")))


@pages.post("/desk/offers/<int:resource_id>/move")
@guard("staff")
def move(resource_id: int) -> ResponseReturnValue:
    reads.of_unit(edge.work(), edge.actor(), resource_id=resource_id)
    day = request.form.get("day", "")
    told = booking.move_offer(
        edge.work(),
        resource_id,
        _at(day, request.form.get("from", ""), "from"),
        reason=request.form.get("reason", ""),
        slot_id=request.form.get("slot", type=edge.whole),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("已改期，%(n)s 位已预订的人收到了通知。", n=told))
    return redirect(url_for("offers.week", day=day))


@pages.post("/desk/offers/<int:slot_id>/places")
@guard("staff")
def add_places(slot_id: int) -> ResponseReturnValue:
    """More places of one time: who waits is offered them."""
    reads.of_unit(edge.work(), edge.actor(), slot_id=slot_id)
    slot = booking.add_places(
        edge.work(),
        slot_id,
        request.form.get("places", 0, type=edge.whole),
        role=request.form.get("role", "")[:40],
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("名额加好了，候补的人会收到通知。"))
    return redirect(url_for("offers.week", day=local_date(slot.starts_at).isoformat()))


@pages.post("/desk/offers/<int:slot_id>/walk-in")
@guard("staff")
def walk_in(slot_id: int) -> ResponseReturnValue:
    """Somebody stands at the desk, or telephones."""
    reads.of_unit(edge.work(), edge.actor(), slot_id=slot_id)
    name, phone = request.form.get("name", "").strip()[:40], request.form.get("phone", "").strip()[:20]
    bond, team = _bond(request.form), request.form.get("team", type=edge.whole)
    if bond is None and team is None and not (name and phone):
        raise Invalid([FieldError("name", _("姓名和电话"), "请填写姓名和电话。", "Give a name and a telephone.")])
    made = booking.take_place(
        edge.work(),
        slot_id,
        role=request.form.get("role", "")[:40],
        person=booking.Person(name, phone) if bond is None and team is None else None,
        bond_id=bond,
        team_id=team,
        led=_led() if team is not None else (),
        leader_role=_form_role("role-me") if team is not None and request.form.get("me") else None,
        channel="counter",
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("%(number)s：%(when)s。", number=made.number, when=formats.moment(made.starts_at)))
    return redirect(url_for("offers.week", day=local_date(made.starts_at).isoformat()))


# ---------------------------------------------------------------- the door


def _door(slot_id: int, rolled: Sequence[booking.Rolled] = ()) -> str:
    work, actor = edge.work(), edge.actor()
    it = attending.door(work, actor, slot_id, now=edge.now())
    lists = [one for one in registers.for_actor(work, actor) if one.about == "person"]
    asked = reads.asked(work, it.one.offer, slot_id=slot_id, now=edge.now())
    return render_template(
        "staff/door.html",
        it=it,
        rolled=rolled,
        lists=lists,
        schema=_schema(asked) if asked is not None else None,
    )


@pages.get("/desk/offers/<int:slot_id>/door")
@guard("staff")
def door(slot_id: int) -> ResponseReturnValue:
    """Who is expected, who has come, who has left."""
    return _door(slot_id)


def _noted() -> dict[str, str]:
    """What was noted at the door: fields whose name begins so."""
    sent = request.form.items()
    return {name.removeprefix("noted."): text[:200] for name, text in sent if name.startswith("noted.")}


@pages.post("/desk/offers/<int:slot_id>/arrive")
@guard("staff")
def arrive(slot_id: int) -> ResponseReturnValue:
    """A QR was scanned, a number or name typed, or a line chosen."""
    sent = request.form
    text = sent.get("code", "").strip()[:400]
    place = int(sent["place"]) if is_id(sent.get("place", "")) else None
    made = booking.arrive(
        edge.work(),
        slot_id,
        text,
        place_id=place,
        brought_by=sent.get("brought_by", ""),
        noted=_noted(),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("%(number)s 已签到。", number=made.number))
    return redirect(url_for("offers.door", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/leave/<int:place_id>")
@guard("staff")
def leave(slot_id: int, place_id: int) -> ResponseReturnValue:
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    given: dict[str, Any] = {"fetched_by": request.form.get("fetched_by", ""), "noted": _noted()}
    booking.depart(edge.work(), slot_id, place_id=place_id, **given, by=edge.actor(), now=edge.now())
    flash(_("已签退。"))
    return redirect(url_for("offers.door", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/leave")
@guard("staff")
def depart(slot_id: int) -> ResponseReturnValue:
    """A QR was scanned, or a number or name typed, of somebody who leaves."""
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    gone = booking.depart(
        edge.work(),
        slot_id,
        request.form.get("out", "").strip()[:400],
        fetched_by=request.form.get("fetched_by", ""),
        noted=_noted(),
        by=edge.actor(),
        now=edge.now(),
    )
    flash(_("%(n)s 人已签退。", n=len(gone)))
    return redirect(url_for("offers.door", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/told/<int:booking_id>")
@guard("staff")
def told(slot_id: int, booking_id: int) -> ResponseReturnValue:
    """It was read out to them."""
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    booking.told(edge.work(), booking_id, by=edge.actor(), now=edge.now())
    return redirect(url_for("offers.door", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/recall")
@guard("staff")
def recall(slot_id: int) -> ResponseReturnValue:
    """Everybody who has one thing of this time is told what to do, at once."""
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    told = booking.recall(
        edge.work(),
        slot_id,
        request.form.get("chosen", "")[:80],
        request.form.get("words", ""),
        by=edge.actor(),
        now=edge.now(),
    )
    aloud = sum(made.by_voice == "wanted" for made in told)
    flash(_("告诉了 %(n)s 位，其中 %(m)s 位要打电话、念给他听。", n=len(told), m=aloud))
    return redirect(url_for("offers.door", slot_id=slot_id))


@pages.post("/desk/offers/<int:slot_id>/roll")
@guard("staff")
def roll(slot_id: int) -> ResponseReturnValue:
    """Many people on one screen: a line each. What the offer asks is answered once for all of them."""
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    body = _sent() if request.is_json else {}
    sent: Any = body or request.form
    aloud = sent.get("aloud") == "1"
    lines = _members(str(sent.get("people") or ""), "")
    people = [booking.Listed(name, phone, aloud) for name, phone, _role in lines]
    if sent.get("register"):
        listed = registers.people(edge.work(), edge.actor(), str(sent["register"])[:80], now=edge.now())
        people += [booking.Listed(one.name, one.phone or "", aloud, one) for one in listed]
    found = booking.roll(
        edge.work(),
        slot_id,
        people,
        role=str(sent.get("role") or "")[:40],
        answers=body.get("answers", {}),
        by=edge.actor(),
        now=edge.now(),
    )
    if body:
        return jsonify(review=render_template("staff/rolled.html", rolled=found, slot_id=slot_id))
    return _door(slot_id, found)


@pages.post("/desk/offers/<int:slot_id>/standing")
@guard("staff")
def order_for(slot_id: int) -> ResponseReturnValue:
    """A standing order for somebody at the desk or on the telephone."""
    attending.door(edge.work(), edge.actor(), slot_id, now=edge.now())
    sent = _order()
    name, phone = str(sent.more.get("name") or "").strip()[:40], str(sent.more.get("phone") or "").strip()[:20]
    if not name or not phone:
        raise Invalid([FieldError("name", _("姓名和电话"), "请填写姓名和电话。", "Give a name and a telephone.")])
    _ordered(slot_id, sent, booking.Person(name, phone))
    flash(_("长期预订好了，不用每次再订。"))
    return _there(url_for("offers.door", slot_id=slot_id))
