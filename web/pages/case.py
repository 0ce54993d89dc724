"""The page of one case, its glance, its diagram, and what is behind a mask."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.people.bonds import UNSIGNED
from engine.plain import plain
from engine.reads import agency, bonds, case_page, keeping, moves, own_data, schedules, tickets
from engine.reads.case_page import CasePage
from engine.reads.reveals import PURPOSES
from engine.records import library
from engine.workdays import local_date
from web import edge, formats, names, sentences
from web.edge import guard
from web.language import english
from web.pages import handovers, limits, taking_part
from web.pages.desk import pages


def _page(number: str, step: int | None = None) -> CasePage:
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now(), step=step)
    names.about(library.version(edge.work(), page.version_hash))
    return page


@pages.get("/cases/<number>")
@guard("staff", writes=True)
def case(number: str) -> ResponseReturnValue:
    """The page of a case, with the step it was opened for (`step`). Opening one's own open step marks it as seen: after
    that it is not recalled."""
    gone = keeping.erased(edge.work(), number, actor=edge.actor())
    if gone is not None:
        return render_template(
            "staff/erased.html", gone=gone, status=sentences.status(gone.status, gone.outcome), why=_(WHY[gone.why])
        )
    page = _page(number, request.args.get("step", type=edge.whole))
    cases.open_case(edge.work(), page, by=edge.actor(), now=edge.now())
    work = None
    if page.desk is not None:
        cases.mark_seen(edge.work(), page.desk.task_id, by=edge.actor(), now=edge.now())
        mine = next(t for t in page.tasks if t.id == page.desk.task_id)
        work = {
            "desk": page.desk,
            "can": mine.can,
            "held": mine.state == "claimed",
            "schema": names.schema(page.desk.schema or names.EMPTY_FORM),
            "answers": plain(dict(page.desk.data)),
            "version": mine.version,
        }
    return render_template(
        "staff/case.html",
        case=page,
        behind=bonds.of_case(edge.work(), page.id, actor=edge.actor(), now=edge.now()),
        stuck=sentences.where(page.where),
        status=sentences.status(page.status, page.outcome),
        says=sentences.status,
        due_at=page.account.leading.due_at if page.account.leading else None,
        event=sentences.event,
        came=sentences.came,
        ends=sentences.ENDS,
        purposes=names.purposes(),
        lasting=formats.lasting,
        channel=_(sentences.CHANNELS.get(page.channel, page.channel)),
        work=work,
        numbers=tickets.of_cases(edge.work(), page.id),
        may_sign=UNSIGNED in page.flags and agency.signs(edge.work(), page.id, edge.actor()),
        limits=_limits(page),
        marks={"current": [element for element in page.lit if element not in page.beside], "done": list(page.passed)},
        asking=[t for t in page.tasks if "take-back" in t.can],
        recall=next((t.id for t in reversed(page.tasks) if "recall" in t.can), None),
        materials=library.version(edge.work(), page.version_hash).info.materials,
        each=_each(page),
        **taking_part.beside(page),
        **limits.tab(page.id),
        chains=handovers.chains(page.id),
        asked_data=own_data.of_case(edge.work(), page.id, today=local_date(edge.now())),
        moves=moves.of_case(edge.work(), page.id),
        older="direct" in page.can and moves.older(edge.work(), page.matter, page.version_hash),
        hold=keeping.hold_of(edge.work(), page.id, now=edge.now()),
    )


#: Why what a case said of people was erased.
WHY = {"retention": "保存期满", "asked": "本人要求删除，按规定可以删", "taken-back": "本人撤回了同意"}


def _each(page: CasePage) -> list[schedules.Progress]:
    """How far what the case does for each of many records is; asked only where its matter does such a thing."""
    package = library.version(edge.work(), page.version_hash)
    drawn = any(b'type="for-each"' in diagram for diagram in package.diagrams.values())
    return schedules.of_case(edge.work(), page.id, actor=edge.actor()) if drawn else []


@pages.get("/cases/<number>/glance")
@guard("staff")
def glance(number: str) -> ResponseReturnValue:
    """The third pane of the inbox: the case in short."""
    page = _page(number)
    held = page.desk is not None and any(t.id == page.desk.task_id and t.state == "claimed" for t in page.tasks)
    return render_template(
        "staff/glance.html",
        case=page,
        stuck=sentences.where(page.where),
        held=held,
        event=sentences.event,
        came=sentences.came,
        due_at=page.account.leading.due_at if page.account.leading else None,
    )


def _limits(page: CasePage) -> list[dict[str, Any]]:
    """The day-by-day account of each limit."""
    found = []
    for one in (*page.account.limits.values(), *page.sides):
        found.append(
            {
                "name": one.name if not english() else one.id,
                "limit": one.limit.en() if english() else one.limit.zh(),
                "source": one.source,
                "due_on": one.due_on,
                "used": one.used,
                "remaining": one.remaining,
                "state": one.state,
                "days": [{"day": d.date, "counts": d.counts, "kind": d.kind, "name": d.name} for d in one.days],
            }
        )
    return found


@pages.get("/cases/<number>/process.bpmn")
@guard("staff")
def diagram(number: str) -> ResponseReturnValue:
    """The diagram of the version this case runs on."""
    page = _page(number)
    source = names.diagram(library.version(edge.work(), page.version_hash).diagram)
    return Response(source, content_type="application/xml; charset=utf-8")


@pages.post("/cases/<number>/reveal")
@guard("staff")
def reveal(number: str) -> ResponseReturnValue:
    """Look behind a mask, for a purpose that is recorded."""
    page = _page(number)
    field, purpose, words = (request.form.get(name, "")[:200] for name in ("field", "purpose", "words"))
    value = cases.reveal(edge.work(), page.id, field, purpose, words, by=edge.actor(), now=edge.now())
    return render_template("staff/revealed.html", number=number, value=value, purpose=f"{PURPOSES[purpose]}：{words}")


@pages.post("/cases/<number>/evidence")
@guard("staff", alone=True)
def evidence(number: str) -> ResponseReturnValue:
    """责任证据包: everything of the case with its proof as a zip, for a purpose that is recorded."""
    with edge.reading():
        case_id = _page(number).id
    purpose, words = (request.form.get(name, "")[:200] for name in ("purpose", "words"))
    made = cases.evidence_package(edge.hall().database, case_id, purpose, words, by=edge.actor(), now=edge.now())
    return packed(made, number)


def packed(made: bytes, number: str) -> Response:
    """An evidence package as a file to keep."""
    response = send_file(io.BytesIO(made), mimetype="application/zip", max_age=0)
    name = quote(f"责任证据包-{number}.zip")
    response.headers["Content-Disposition"] = f"attachment; filename=evidence.zip; filename*=UTF-8''{name}"
    return response
