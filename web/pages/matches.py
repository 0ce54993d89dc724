"""撮合: needs and supplies by place and day, one's own with who asked, the slip of both; the desk enters for others."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import feel, forms
from engine.commands import booking, matching
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.plain import is_id
from engine.reads import bonds
from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.workdays import local_date
from web import edge, names
from web.edge import guard
from web.language import english
from web.pages.papers import send_opened

pages = Blueprint("matches", __name__)

SIDES = ("need", "supply")


def _side(side: str) -> str:
    if side not in SIDES:
        raise NotFound("没有这一页。", "There is no such page.")
    return side


def title(what: Any) -> str:
    """A title of a declaration, in the reader's language."""
    return str(what.title_en if english() else what.title)


def line() -> str | None:
    """What can be looked for here, for the tile; None: nothing is published."""
    found = reads.declared(edge.work())
    return _("、").join(title(one.match) for one in list(found.values())[:4]) if found else None


def own_line() -> tuple[str | None, int]:
    """What the resident has of it (None: the hall has none), and how many wait for their answer."""
    work = edge.work()
    if not reads.declared(work):
        return None, 0
    n = reads.waiting(work, edge.actor())
    return _("%(n)s 个等您答复", n=n) if n else _("我的空位、我的需求、配上了谁"), n


# ---------------------------------------------------------------- looked for


@pages.get("/matches")
@guard("anyone")
def listed() -> ResponseReturnValue:
    """What is open, by side, place and day."""
    work, now = edge.work(), edge.now()
    known = reads.declared(work)
    what = known.get(request.args.get("match", "")) or next(iter(known.values()), None)
    side = request.args.get("side", "supply")
    side = side if side in SIDES else "supply"
    ids = reads.place_ids(work)
    start, end = request.args.get("from", ""), request.args.get("to", "")
    rows = (
        reads.find(
            work,
            what.key,
            side,
            from_id=ids.get(start),
            to_id=ids.get(end),
            day=request.args.get("day", type=edge.day),
            actor=edge.actor(),
            now=now,
        )
        if what is not None
        else []
    )
    days: dict[date, list[reads.Row]] = {}
    for one in rows:
        days.setdefault(one.day, []).append(one)
    return render_template(
        "resident/matches.html",
        known=list(known.values()),
        what=what,
        side=side,
        places=reads.stops(work),
        start=start,
        end=end,
        days=days,
        tab="booking.doors",
    )


# ---------------------------------------------------------------- said


@pages.get("/matches/<key>/<side>")
@guard("resident")
def say(key: str, side: str) -> ResponseReturnValue:
    """The page on which one says it for oneself."""
    return _say("resident/match_say.html", key, _side(side), url_for("matches.check", key=key, side=side))


@pages.get("/desk/matches/<key>/<side>")
@guard("staff")
def say_at_desk(key: str, side: str) -> ResponseReturnValue:
    """The same, for somebody at the counter or on the telephone."""
    what = reads.of(edge.work(), key)
    _enters(what)
    return _say("staff/match_say.html", key, _side(side), url_for("matches.check_at_desk", key=key, side=side))


def _enters(what: reads.Declared) -> None:
    if reads.position(what, edge.actor()) is None:
        raise NotYours("您的岗位不替人登记这一项。", "Your post does not enter these for others.")


def _say(template: str, key: str, side: str, check: str) -> str:
    work = edge.work()
    what = reads.of(work, key)
    declared = what.match.of(side)
    form = what.package.form(declared.ask) if declared.ask else None
    return render_template(
        template,
        what=what,
        side=side,
        declared=declared,
        schema=names.schema(forms.browser_schema(form)) if form is not None else {"type": "default", "components": []},
        others=bonds.who_for_offer(edge.actor(), "book", key) if side == "need" else (),
        whom=request.args.get("for", 0, type=int),
        places=reads.stops(work),
        tomorrow=(local_date(edge.now()) + timedelta(days=1)).isoformat(),
        check=check,
        tab="booking.doors",
    )


def _sent() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


def _bond(body: dict[str, Any]) -> int | None:
    """For whom: the bond by which one says a need of somebody else; None: one's own."""
    text = str(body.get("for") or "")
    return int(text) if is_id(text) else None


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    """Where and when, from what was sent. Invalid, with the field."""

    def at(name: str) -> datetime:
        try:
            return booking.local(edge.day(str(body.get("day"))), time.fromisoformat(str(body.get(name))))
        except ValueError:
            raise Invalid([FieldError(name, _("时间"), "请填日期和时间。", "Give a day and a time.")]) from None

    stops = [str(body.get(name) or "") for name in ("from", "via", "via_too", "to")]
    return {
        "stops": [code[:40] for code in stops if code],
        "starts_at": at("since"),
        "until_at": at("until"),
        "answers": body["answers"],
    }


@pages.post("/matches/<key>/<side>/check")
@guard("resident", writes=False)
def check(key: str, side: str) -> ResponseReturnValue:
    """What was said, in words, before it is said to others. Nothing is stored."""
    return _check(key, _side(side), url_for("matches.send", key=key, side=side))


@pages.post("/desk/matches/<key>/<side>/check")
@guard("staff", writes=False)
def check_at_desk(key: str, side: str) -> ResponseReturnValue:
    _enters(reads.of(edge.work(), key))
    return _check(key, _side(side), url_for("matches.send_at_desk", key=key, side=side))


def _check(key: str, side: str, send: str) -> ResponseReturnValue:
    work, now = edge.work(), edge.now()
    what = reads.of(work, key)
    declared = what.match.of(side)
    body = _sent()
    asked = _asked(body)
    lines: Any = ()
    if declared.ask:
        form = what.package.form(declared.ask)
        env = feel.Env(now=now, calendar=work.calendar)
        lines = forms.describe(form, forms.check(form, body["answers"], env=env), env=env)
    known = dict(reads.stops(work))
    shown = render_template(
        "resident/match_review.html",
        what=what,
        declared=declared,
        stops=[known[code] for code in asked["stops"] if code in known],
        starts_at=asked["starts_at"],
        until_at=asked["until_at"],
        lines=lines,
        comes=dict(bonds.who_for_offer(edge.actor(), "book", key)).get(_bond(body) or 0, ""),
        send=send,
    )
    return jsonify(review=shown)


@pages.post("/matches/<key>/<side>/send")
@guard("resident")
def send(key: str, side: str) -> ResponseReturnValue:
    body = _sent()
    asked = _asked(body)
    made = matching.say(edge.work(), key, _side(side), **asked, bond_id=_bond(body), by=edge.actor(), now=edge.now())
    return jsonify(location=url_for("matches.one", side_id=made.id)), 201


@pages.post("/desk/matches/<key>/<side>/send")
@guard("staff")
def send_at_desk(key: str, side: str) -> ResponseReturnValue:
    body = _sent()
    person = Person(
        str(body.get("name") or "").strip()[:40],
        str(body.get("phone") or "").strip()[:20] or None,
        str(body.get("id_number") or "").strip()[:20] or None,
    )
    made = matching.say(edge.work(), key, _side(side), **_asked(body), person=person, by=edge.actor(), now=edge.now())
    return jsonify(location=url_for("matches.desk_one", side_id=made.id)), 201


# ---------------------------------------------------------------- one's own


@pages.get("/my/matches")
@guard("resident")
def mine() -> ResponseReturnValue:
    rows = reads.mine(edge.work(), edge.actor(), now=edge.now())
    known = reads.declared(edge.work())
    apart = [one for one in reads.said_apart(edge.work(), edge.actor()) if one.match in known]
    return render_template("resident/match_mine.html", rows=rows, known=known, apart=apart, tab="resident.mine")


@pages.post("/my/matches/apart/<int:apart_id>")
@guard("resident")
def take_back(apart_id: int) -> ResponseReturnValue:
    """They may be matched again."""
    matching.take_back(edge.work(), apart_id, by=edge.actor(), now=edge.now())
    flash(_("好的，以后又可以配了。"))
    return redirect(url_for("matches.mine"))


@pages.get("/my/matches/<int:side_id>")
@guard("resident")
def one(side_id: int) -> ResponseReturnValue:
    found = reads.one(edge.work(), side_id, actor=edge.actor(), now=edge.now())
    return render_template("resident/match_one.html", it=found, whole=False, tab="resident.mine")


@pages.get("/my/matches/<int:side_id>/pairs/<int:pair_id>.pdf")
@guard("resident")
def slip(side_id: int, pair_id: int) -> ResponseReturnValue:
    """The paper of what both agreed to."""
    return send_opened(reads.slip(edge.work(), side_id, pair_id, actor=edge.actor()))


@pages.get("/desk/matches/<int:side_id>")
@guard("staff")
def desk_one(side_id: int) -> ResponseReturnValue:
    found = reads.one(edge.work(), side_id, actor=edge.actor(), now=edge.now())
    return render_template("staff/match_one.html", it=found, whole=False, purposes=names.purposes())


@pages.post("/desk/matches/<int:side_id>/reveal")
@guard("staff")
def reveal(side_id: int) -> ResponseReturnValue:
    """Whole names and telephones, with a reason and a line in the audit."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    reads.seen(work, side_id, actor=actor)
    purpose, words = (request.form.get(name, "")[:200] for name in ("purpose", "words"))
    matching.reveal(work, side_id, purpose, words, by=actor, now=now)
    found = reads.one(work, side_id, actor=actor, now=now, whole=True)
    return render_template("staff/match_one.html", it=found, whole=True, purposes={})


def _back(side_id: int) -> ResponseReturnValue:
    to = "matches.desk_one" if edge.actor().kind == "staff" else "matches.one"
    return redirect(url_for(to, side_id=side_id))


@pages.post("/matches/own/<int:side_id>/ask/<int:other_id>")
@guard("signed-in")
def ask(side_id: int, other_id: int) -> ResponseReturnValue:
    """With one's need ask a supply; with one's supply offer to a need."""
    reads.seen(edge.work(), side_id, actor=edge.actor())
    made = matching.ask(edge.work(), side_id, other_id, by=edge.actor(), now=edge.now())
    flash(_("配好了，双方的姓名和电话都看得到了。") if made.state == "agreed" else _("问了，等对方答复。"))
    return _back(side_id)


@pages.post("/matches/own/<int:side_id>/pairs/<int:pair_id>")
@guard("signed-in")
def answer(side_id: int, pair_id: int) -> ResponseReturnValue:
    """Yes, no, or called off."""
    reads.seen(edge.work(), side_id, actor=edge.actor())
    what: dict[str, Any] = {"version": edge.sent_id(), "by": edge.actor(), "now": edge.now()}
    act = request.form.get("act", "")
    if act == "agree":
        matching.agree(edge.work(), pair_id, **what)
        flash(_("配好了，双方的姓名和电话都看得到了。"))
    elif act == "refuse":
        matching.refuse(edge.work(), pair_id, reason=request.form.get("reason", "")[:200], **what)
        flash(_("已告诉对方这次不方便。"))
    elif act == "arrive":
        matching.arrive(edge.work(), pair_id, **what)
        flash(_("记下了：已经到了。"))
    elif act == "absent":
        matching.absent(edge.work(), pair_id, **what)
        flash(_("记下了，已经告诉对方。"))
    elif act == "apart":
        matching.part(edge.work(), pair_id, **what)
        flash(_("记下了，以后不再给您和对方配。对方不知道是您说的。"))
    elif act == "rejoin":
        matching.rejoin(edge.work(), pair_id, **what)
        flash(_("好的，以后又可以配了。"))
    elif act == "late":
        matching.late(edge.work(), pair_id, **what)
        flash(_("记下了，已经告诉对方。"))
    elif act == "charged":
        matching.charge(edge.work(), pair_id, **what)
        flash(_("记下了，钱不用付。协调员会来核实。"))
    else:
        matching.cancel(edge.work(), pair_id, reason=request.form.get("reason", "")[:200], **what)
        flash(_("已取消，告诉对方了。"))
    return _back(side_id)


@pages.post("/matches/own/<int:side_id>/end")
@guard("signed-in")
def end(side_id: int) -> ResponseReturnValue:
    """Call the whole need or supply off."""
    reads.seen(edge.work(), side_id, actor=edge.actor())
    reason = request.form.get("reason", "")[:200]
    told = matching.end(edge.work(), side_id, version=edge.sent_id(), reason=reason, by=edge.actor(), now=edge.now())
    flash(_("已取消，通知了 %(n)s 位。", n=told))
    return _back(side_id)


@pages.post("/my/matches/<int:side_id>/forget")
@guard("resident")
def forget(side_id: int) -> ResponseReturnValue:
    reads.seen(edge.work(), side_id, actor=edge.actor())
    matching.forget(edge.work(), side_id, by=edge.actor(), now=edge.now())
    flash(_("已删去您的姓名、电话和填写的内容。"))
    return redirect(url_for("matches.mine"))


# ---------------------------------------------------------------- the desk


@pages.get("/desk/matches")
@guard("staff")
def desk() -> ResponseReturnValue:
    """A day of the units: who has room, who looks for it, who has nothing yet."""
    work, actor = edge.work(), edge.actor()
    known = reads.declared(work)
    what = known.get(request.args.get("match", "")) or next(iter(known.values()), None)
    day = request.args.get("day", type=edge.day) or local_date(edge.now())
    return render_template(
        "staff/matches.html",
        known=list(known.values()),
        what=what,
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        rows=reads.desk(work, actor, what.key, day) if what is not None else [],
        enters=what is not None and reads.position(what, actor) is not None,
    )
