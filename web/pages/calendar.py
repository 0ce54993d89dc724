"""工作日历: the years that are known, the days of a year, and laying a correction over them, shown before it is
done."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.hall import calendar_publishing, calendars
from engine.errors import AlreadyDone, FieldError, Invalid, NotNow
from engine.reads import calendar as reads
from engine.workdays import local_date
from web import edge
from web.edge import guard
from web.language import english
from web.problems import sentence

pages = Blueprint("calendar", __name__, url_prefix="/desk/calendar")

#: Limits whose day moves -> the words.
LIMITS = {
    "accept": "受理期限",
    "promised": "承诺时限",
    "statutory": "法定时限",
    "deliver": "送达期限",
    "hearing_ask": "申请听证期限",
    "hearing_hold": "组织听证期限",
}
_NAMES = {key: word for word, key in calendar_publishing.WORDS.items()}
#: Moves on one page.
PAGE = 50


@pages.get("")
@guard("staff")
def year() -> ResponseReturnValue:
    """The calendar as it is."""
    return _page()


@pages.post("")
@guard("staff", takes="file")
def preview() -> ResponseReturnValue:
    """What a file would change: which days, which deadlines."""
    try:
        text = _text()
        found = calendar_publishing.preview(edge.work(), text, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _page(text=_sent(), wrong=_by_line(_sent(), error)), 422
    return _page(text=text, plan=_plan(found))


@pages.post("/publish")
@guard("staff")
def publish() -> ResponseReturnValue:
    """Exactly what was shown, or nothing."""
    text, work = _sent(), edge.work()
    try:
        with work.attempt():
            expect = request.form.get("expect", "")
            done = calendar_publishing.publish(work, text, expect, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _page(text=text, wrong=_by_line(text, error)), 422
    except AlreadyDone as error:
        return _page(text=text, stale=sentence(error)), 409
    except NotNow as error:
        found = calendar_publishing.preview(work, text, by=edge.actor(), now=edge.now())
        return _page(text=text, plan=_plan(found), stale=sentence(error)), 409
    moved = len({m.case_id for m in done.moves})
    flash(_("已发布：改了 %(days)s 天，%(n)s 个办件的时限跟着变，每件都有记录。", days=len(done.days), n=moved))
    return redirect(url_for("calendar.year"))


def _sent() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")[: calendar_publishing.MOST_BYTES]


def _text() -> str:
    """The file that was chosen, else what stands in the box."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return calendar_publishing.text_of(file.stream.read(calendar_publishing.MOST_BYTES + 1))
    return calendar_publishing.text_of(request.form.get("text", "").encode())


def _by_line(text: str, error: Invalid) -> list[FieldError]:
    return [
        dataclasses.replace(
            one,
            field="text",
            label=_("第 %(n)s 行", n=line)
            if (line := calendar_publishing.line_of(text, one.field))
            else _NAMES.get(one.field, ""),
        )
        for one in error.fields
    ]


def _plan(found: calendars.Correction) -> dict[str, Any]:
    number = max(1, request.form.get("page", 1, type=edge.whole))
    last = max(1, -(-len(found.moves) // PAGE))
    number = min(number, last)
    return {
        "source": found.source,
        "days": found.days,
        "total": len(found.moves),
        "page": number,
        "last": last,
        "cases": len({m.case_id for m in found.moves}),
        "moves": found.moves[(number - 1) * PAGE : number * PAGE],
        "bookings": found.bookings,
        "token": calendar_publishing.token(found),
    }


def _page(text: str = "", plan: Any = None, wrong: Any = (), stale: str = "") -> str:
    work = edge.work()
    published = reads.files(work)
    known = reads.years(work, published)
    this = local_date(edge.now()).year
    shown = request.args.get("year", this, type=edge.whole)
    return render_template(
        "staff/calendar.html",
        known=known,
        year=shown,
        holidays=reads.holidays(work, shown),
        this=this,
        next_known=any(y.year == this + 1 for y in known),
        files=published,
        may=calendars.may_publish(edge.actor()),
        text=text,
        plan=plan,
        wrong=wrong,
        stale=stale,
        limits=LIMITS,
        english=english(),
        spoken=str if english() else calendar_publishing.spoken,
    )
