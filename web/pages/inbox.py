"""The lists of a clerk: mine, to claim, the unit's, done; the search; what one was told."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotFound
from engine.reads import case_list
from engine.reads import inbox as lists
from web import edge, formats, sentences
from web.edge import guard
from web.language import english
from web.pages.desk import address, pages

_COLOURS = ("black", "red", "yellow", "green", "paused", "done")


@pages.get("")
@guard("staff")
def inbox() -> ResponseReturnValue:
    return _list("mine")


@pages.get("/list/<which>")
@guard("staff")
def listed(which: str) -> ResponseReturnValue:
    if which not in lists.BOXES:
        raise NotFound("没有这个列表。", "There is no such list.")
    return _list(which)


def _list(which: Any) -> ResponseReturnValue:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    chosen = {k: request.args.get(k, "")[:60] for k in ("colour", "matter", "flag")}
    filters = lists.Filters(chosen["matter"] or None, chosen["colour"] or None, chosen["flag"] or None)
    page = lists.tasks_for(work, actor, now=now, box=which, filters=filters, after=request.args.get("after") or None)
    counts = lists.counts(work, actor, now=now, box=which)
    total = sum(counts.colours.values())

    def to(**change: str) -> str:
        values = {**{k: v for k, v in chosen.items() if v}, **change}
        values = {k: v for k, v in values.items() if v}
        return address("desk.inbox", values) if which == "mine" else address("desk.listed", {"which": which, **values})

    def option(name: str, value: str, words: str, count: int) -> dict[str, Any]:
        here = chosen[name] == value
        colour = value if name == "colour" else ""
        return {"words": words, "count": count, "to": to(**{name: value}), "here": here, "colour": colour}

    groups = [
        {
            "name": _("时限"),
            "options": [option("colour", "", _("全部"), total)]
            + [
                option("colour", c, _(formats.COLOUR_WORDS[c]), counts.colours[c])
                for c in _COLOURS
                if counts.colours.get(c)
            ],
        },
        {
            "name": _("事项"),
            "options": [option("matter", "", _("全部"), total)]
            + [option("matter", m, words, n) for m, words, n in counts.matters],
        },
    ]
    if counts.flags:
        groups.append(
            {
                "name": _("标记"),
                "options": [option("flag", "", _("全部"), total)]
                + [option("flag", f, _(f), n) for f, n in counts.flags.items()],
            }
        )
    titles = {"mine": _("待办"), "open": _("待签收"), "done": _("已办"), "unit": _("本单位在办")}
    return render_template(
        "staff/inbox.html",
        title=titles[which],
        which=which,
        page=page,
        came=sentences.came,
        filters=groups,
        total=total,
        bulk=_bulk(which),
        first=to() if request.args.get("after") else "",
        more=to(after=page.next) if page.next else "",
    )


def _bulk(which: str) -> tuple[tuple[str, str], ...]:
    """What may be done to several rows of a list at once."""
    found = {
        "open": (("claim", _("批量签收")),),
        "mine": (("complete", _("批量办理")), ("transfer", _("批量转办"))),
        "unit": (("transfer", _("批量转办")),) if "supervisor" in edge.actor().roles else (),
    }
    return found.get(which, ())


@pages.get("/find")
@guard("staff")
def find() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    found = case_list.search(edge.work(), query, actor=edge.actor(), now=edge.now(), limit=50)
    if len(found) == 1 and found[0].number == query:
        return redirect(url_for("desk.case", number=query))
    return render_template("staff/find.html", query=query, found=found, status=sentences.status)


@pages.get("/notices")
@guard("staff")
def notices() -> ResponseReturnValue:
    rows = lists.notices_for(edge.work(), edge.actor(), limit=100)
    return render_template(
        "staff/notices.html",
        notices=[{"text": (n.text_en if english() else "") or n.text, "at": n.created_at} for n in rows],
    )
