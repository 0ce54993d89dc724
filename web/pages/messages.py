"""要您做的事 and 消息: what waits for a resident, first on the first page and counted at the tab, and all they were
told."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.reads import inbox, messages, sight
from engine.reads import pressing as reads
from engine.records import notices as outbox
from web import edge, formats
from web.edge import guard
from web.language import english
from web.names import named
from web.pages import around

pages = Blueprint("messages", __name__)


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing that waits: what it is, a line under it, its picture, where it is done."""

    name: str
    line: str
    icon: str
    address: str


def to_do() -> list[ToDo]:
    """要您做的事, the most pressing first; asked once a page. Nothing on a page about a refusal."""
    if "to_do" not in g:
        g.to_do = _asked() if edge.work_or_none() is not None and edge.actor().kind == "resident" else []
    found: list[ToDo] = g.to_do
    return found


def _asked() -> list[ToDo]:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    boxes: tuple[sight.Box, ...] = ("mine", "open")
    steps = [row for box in boxes for row in inbox.tasks_for(work, actor, now=now, box=box).rows]
    found = [
        ToDo(
            named(row.step),
            " · ".join(filter(None, (named(row.matter_name), formats.due(row.due_at) if row.due_at else ""))),
            "bell",
            url_for("resident.task", task_id=row.task_id),
        )
        for row in steps
    ]
    others = [_pressing(one) for one in reads.pressing(work, actor, now=now)]
    tiles = [ToDo(one.name, one.line, one.icon, one.address) for one in around.waiting_tiles()]
    rates = [one for kind, one in others if kind == "rate"]
    return [*found, *(one for kind, one in others if kind != "rate"), *tiles, *rates]


def _pressing(one: reads.Pressing) -> tuple[str, ToDo]:
    title = named(one.title)
    if one.kind == "kept":
        line = _("给您留着，%(at)s以前确认", at=formats.moment(one.at))
        return one.kind, ToDo(title, line, "calendar", url_for("booking.one", booking_id=one.id))
    if one.kind == "soon":
        line = _("%(at)s开始", at=formats.moment(one.at))
        return one.kind, ToDo(title, line, "calendar", url_for("booking.one", booking_id=one.id))
    line = _("办完了，请评一评，%(day)s截止", day=formats.day(one.at))
    return one.kind, ToDo(title, line, "chat", url_for("resident.rate", number=one.number))


def unread() -> int:
    """How many messages nobody has opened the page of; asked once a page."""
    if "unread" not in g:
        work = edge.work_or_none()
        told = work is not None and edge.actor().kind == "resident"
        g.unread = messages.unread(edge.work(), edge.actor(), now=edge.now()) if told else 0
    found: int = g.unread
    return found


@pages.app_context_processor
def waiting() -> dict[str, object]:
    """For the pages of residents, asked for only where a template shows them."""
    return {"to_do": to_do, "unread": unread}


@pages.get("/mine/messages")
@guard("resident", writes=True)
def mine() -> ResponseReturnValue:
    """What one was told. Opening it marks it as read."""
    before = request.args.get("before", type=edge.whole)
    found = messages.mine(edge.work(), edge.actor(), now=edge.now(), before=before)
    outbox.seen(edge.work(), edge.actor().id, now=edge.now())
    g.unread = 0
    return render_template(
        "resident/messages.html",
        messages=[
            {
                "text": (one.text_en if english() else "") or one.text,
                "at": one.at,
                "unread": one.unread,
                "number": one.number,
                "matter": one.matter,
            }
            for one in found.rows
        ],
        before=found.before,
        tab="resident.mine",
    )
