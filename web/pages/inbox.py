"""The lists of a clerk: mine, to claim, the unit's, done; the search; what one was told."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotFound
from engine.reads import case_list
from engine.reads import inbox as lists
from engine.reads.lists import Filters
from engine.records import notices as outbox
from web import edge, formats, sentences
from web.edge import guard
from web.language import english
from web.pages.desk import address, pages

_COLOURS = ("black", "red", "yellow", "green", "paused", "done")


def _colours() -> dict[str, str]:
    """The filters by time. Yellow is also a step past its own limit while the case is in time (RULES T11): rows that
    say 已超 must not stand under 快到期 alone."""
    return {c: _(formats.COLOUR_WORDS[c]) for c in _COLOURS} | {"yellow": _("快到期，或这一步已超")}


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
    chosen = _chosen()
    filters = Filters(chosen["matter"] or None, chosen["colour"] or None, chosen["flag"] or None)
    page = lists.tasks_for(work, actor, now=now, box=which, filters=filters, after=request.args.get("after") or None)
    counts = lists.counts(work, actor, now=now, box=which, filters=filters)

    def to(**change: str) -> str:
        values = {**{k: v for k, v in chosen.items() if v}, **change}
        values = {k: v for k, v in values.items() if v}
        return address("desk.inbox", values) if which == "mine" else address("desk.listed", {"which": which, **values})

    def option(name: str, value: str, words: str, count: int) -> dict[str, Any]:
        here = chosen[name] == value
        colour = value if name == "colour" else ""
        return {"words": words, "count": count, "to": to(**{name: value}), "here": here, "colour": colour}

    def shown(name: str, value: str, count: int) -> bool:
        """What is chosen stays, to be seen and let go, when it finds nothing."""
        return bool(count) or chosen[name] == value

    matters = {m: (words, n) for m, words, n in counts.matters}
    if chosen["matter"] and chosen["matter"] not in matters:
        matters[chosen["matter"]] = (lists.matter_name(work, chosen["matter"]), 0)
    groups = [
        {
            "name": _("时限"),
            "options": [option("colour", "", _("全部"), sum(counts.colours.values()))]
            + [
                option("colour", c, words, counts.colours.get(c, 0))
                for c, words in _colours().items()
                if shown("colour", c, counts.colours.get(c, 0))
            ],
        },
        {
            "name": _("事项"),
            "options": [option("matter", "", _("全部"), sum(n for _words, n in matters.values()))]
            + [option("matter", m, words, n) for m, (words, n) in matters.items()],
        },
    ]
    flags = [f for f in lists.FLAGS if shown("flag", f, counts.flags[f])]
    if flags:
        groups.append(
            {
                "name": _("标记"),
                "options": [option("flag", "", _("全部"), counts.flags[""])]
                + [option("flag", f, _(f), counts.flags[f]) for f in flags],
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
        total=counts.total,
        bulk=_bulk(which),
        narrowed=any(chosen.values()),
        whole=to(colour="", matter="", flag=""),
        first=to() if request.args.get("after") else "",
        more=to(after=page.next) if page.next else "",
    )


def _chosen() -> dict[str, str]:
    """The filters of the address; what is no filter of ours narrows nothing."""
    said = {name: request.args.get(name, "")[:60] for name in ("colour", "matter", "flag")}
    known = {"colour": said["colour"] in _COLOURS, "flag": said["flag"] in lists.FLAGS}
    known["matter"] = bool(said["matter"] and lists.matter_name(edge.work(), said["matter"]))
    return {name: value if known[name] else "" for name, value in said.items()}


def _bulk(which: str) -> tuple[tuple[str, str], ...]:
    """What may be done to several rows of a list at once."""
    found = {
        "open": (("claim", _("批量签收")),),
        "mine": (("complete", _("批量办理")), ("transfer", _("批量转办"))),
        "unit": (("transfer", _("批量转办")),) if "supervisor" in edge.actor().roles else (),
    }
    return found.get(which, ())


#: So many are listed of what was searched for; who finds more is asked to write more.
FOUND = 50


@pages.get("/find")
@guard("staff")
def find() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:60]
    found = case_list.search(edge.work(), query, actor=edge.actor(), now=edge.now(), limit=FOUND + 1)
    if len(found) == 1 and found[0].number == query:
        return redirect(url_for("desk.case", number=query))
    more = len(found) > FOUND
    return render_template("staff/find.html", query=query, found=found[:FOUND], more=more, status=sentences.status)


@pages.get("/notices")
@guard("staff", writes=True)
def notices() -> ResponseReturnValue:
    """What one was told. Opening it marks it as read."""
    rows = lists.notices_for(edge.work(), edge.actor(), now=edge.now(), limit=100)
    outbox.seen(edge.work(), edge.actor().id, now=edge.now())
    return render_template(
        "staff/notices.html",
        notices=[{"text": (n.text_en if english() else "") or n.text, "at": n.at, "cases": n.cases} for n in rows],
    )
