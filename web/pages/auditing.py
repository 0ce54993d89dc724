"""审计: an audit administrator reads the record, watches the two others, has everything verified (三员分立)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.commands import cases
from engine.commands.hall import auditing as commands
from engine.people import administrators
from engine.plain import is_id
from engine.reads import auditing
from web import edge, names, recorded
from web.edge import guard
from web.language import english
from web.pages.case import packed

pages = Blueprint("auditing", __name__, url_prefix="/desk/audit")


@pages.get("")
@guard("auditor")
def record() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip()[:80] for name in ("kind", "login", "watched", "before")}
    before = asked["before"]
    found = auditing.record(
        edge.work(),
        actor=edge.actor(),
        kind=asked["kind"],
        login=asked["login"],
        watched=asked["watched"] == "1",
        before=int(before) if is_id(before) else 0,
    )
    n = 1 if english() else 0
    roles = {role: words[n] for role, words in administrators.ROLES.items()}
    kinds = [(kind, recorded.said(kind)) for kind in found.kinds]
    return render_template(
        "staff/audit.html",
        found=found,
        kinds=kinds,
        called=recorded.said,
        place=recorded.place,
        roles=roles,
        facts_of={one.id: recorded.facts(one, found.names) for one in found.acts},
        asked=asked,
        purposes=names.purposes(),
    )


@pages.post("/verify")
@guard("auditor", alone=True)
def verify() -> ResponseReturnValue:
    hall = edge.hall()
    found = commands.verify(hall.database, hall.settings.anchor_file, by=edge.actor(), now=edge.now())
    with edge.reading():
        return render_template("staff/audit_verified.html", found=found, lang=int(english()), place=recorded.place)


@pages.post("/evidence")
@guard("auditor", alone=True)
def evidence() -> ResponseReturnValue:
    """责任证据包 of the case with this number, for a purpose that is recorded and that the applicant sees."""
    number, purpose, words = (request.form.get(name, "").strip()[:200] for name in ("number", "purpose", "words"))
    with edge.reading() as work:
        case_id = auditing.case_of(work, number, actor=edge.actor())
    made = cases.evidence_package(edge.hall().database, case_id, purpose, words, by=edge.actor(), now=edge.now())
    return packed(made, number)
