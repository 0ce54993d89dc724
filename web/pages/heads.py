"""处置: what a head does to a case of their units: 催办, 改派, 跳转, 移送, 终止. Each is shown first and done as shown.
挂起 and 延期 are on the 时限 tab (web.pages.limits)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.people import units
from engine.reads import case_page
from engine.reads.case_page import CasePage
from engine.reads.history import Step
from engine.records import library
from engine.store import Work
from web import confirming, edge, names
from web.edge import guard
from web.names import named
from web.pages.desk import pages
from web.pages.steps import colleagues

#: What a head may do, in the order in which it is offered: the words of the button, of the reason, of the choice.
ACTS: Mapping[str, tuple[str, str, str]] = {
    "urge": ("催办", "留言", ""),
    "give": ("改派", "改派理由", "交给谁"),
    "jump": ("跳转", "跳转理由", "跳到哪一步"),
    "move": ("移送", "移送理由", "移送给哪个单位"),
    "end": ("终止", "终止理由", ""),
}
#: About one of the steps that are open; the others are about the whole case.
OF_A_STEP = ("urge", "give", "jump")
#: Where the case goes, and whether it goes on: of a head of its office, or of one above.
OF_THE_OFFICE = ("jump", "move", "end")
_PATH = "/cases/<number>/head/<any('urge','give','jump','move','end'):what>"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent."""

    step: str = ""
    version: str = ""
    to: str = ""
    reason: str = ""


@pages.app_template_global()
def head_acts(page: CasePage) -> list[tuple[str, str]]:
    """(act, words) of what the reader, as a head, may do to this case now."""
    if "supervise" not in page.can or page.status not in ("running", "suspended"):
        return []
    steps = _open(page)
    theirs = [what for what in ACTS if "direct" in page.can or what not in OF_THE_OFFICE]
    return [(what, _(ACTS[what][0])) for what in theirs if steps or what not in OF_A_STEP]


@pages.get(_PATH)
@guard("supervisor")
def act(number: str, what: str) -> ResponseReturnValue:
    """About which step, to whom or where, and why."""
    return _page(number, what, Asked(step=request.args.get("step", "")))


@pages.post(_PATH)
@guard("supervisor", alone=True)
def acted(number: str, what: str) -> ResponseReturnValue:
    """First what it would do; confirmed, exactly that."""
    sent = Asked(**{one.name: request.form.get(one.name, "").strip()[:500] for one in fields(Asked)})
    seen = confirming.previewed(lambda work, how: _do(work, number, what, sent, how.expect))
    if seen.done is not None:
        flash(_("已%(what)s。", what=_(ACTS[what][0])))
        return redirect(url_for("desk.case", number=number))
    with edge.reading():
        return _page(number, what, sent, seen.plan, seen.wrong, seen.stale), seen.status


def _seen(work: Work, number: str, what: str) -> CasePage:
    """The case, for a head of it alone; for what is the office's, a head of that."""
    page = case_page.by_number(work, number, actor=edge.actor(), now=edge.now())
    if "supervise" not in page.can:
        raise NotYours(
            "只有办件所在单位的负责人才能处置。", "Only a head of one of the units of this case may do this."
        )
    if what in OF_THE_OFFICE and "direct" not in page.can:
        raise NotYours(
            "终止、移送、跳转由承办单位的负责人决定。您可以催办，或请承办单位处理。",
            "Its office's head ends, refers or redirects a case: urge them, or ask them to.",
        )
    return page


def _open(page: CasePage) -> list[Step]:
    return [one for one in page.tasks if one.state != "ended"]


def _do(work: Work, number: str, what: str, sent: Asked, expect: str | None) -> Any:
    page, by, now = _seen(work, number, what), edge.actor(), edge.now()
    if what == "end":
        return cases.terminate(work, page.id, sent.reason, by=by, now=now, expect=expect)
    if what == "move":
        if not sent.to:
            raise Invalid([FieldError("to", _("移送给哪个单位"), "请选一个单位。", "Choose a unit.")])
        return cases.move_office(work, page.id, sent.to, sent.reason, by=by, now=now, expect=expect)
    step = next((one for one in _open(page) if str(one.id) == sent.step), None)
    if step is None:
        raise Invalid([FieldError("step", _("哪一步"), "请选一步。", "Choose a step.")])
    known = expect is not None and sent.version.isdecimal() and len(sent.version) < 10
    version = int(sent.version) if known else step.version
    if what == "urge":
        return cases.remind(work, step.id, by=by, now=now, text=sent.reason)
    if what == "jump":
        return cases.jump(work, step.id, sent.to, sent.reason, version=version, by=by, now=now, expect=expect)
    if not (sent.to.isdecimal() and len(sent.to) < 19):
        raise Invalid([FieldError("to", _("交给谁"), "请选一个人。", "Choose somebody.")])
    return cases.transfer(work, step.id, int(sent.to), sent.reason, version=version, by=by, now=now)


def _page(
    number: str, what: str, sent: Asked, plan: Any = None, wrong: tuple[FieldError, ...] = (), stale: str = ""
) -> str:
    work = edge.work()
    page = _seen(work, number, what)
    names.about(library.version(work, page.version_hash))
    steps = _open(page)
    if not steps and what in OF_A_STEP:
        raise NotFound("这个办件现在没有等着办的步骤。", "No step of this case is open now.")
    alone = steps[0] if len(steps) == 1 else None
    chosen = next((one for one in steps if str(one.id) == sent.step), alone) if what in OF_A_STEP else None
    title, reason, choice = ACTS[what]
    targets: list[tuple[str, str]] = []
    if what == "give":
        targets = colleagues([(chosen or steps[0]).id])
    elif what == "jump":
        about = chosen or steps[0]
        targets = [(id, named(name)) for id, name in cases.jump_targets(work, about.id)]
    elif what == "move":
        targets = [(one.code, named(one.name)) for one in units.tree(work).standing if one.kind != "county"]
    return render_template(
        "staff/head.html",
        page=page,
        what=what,
        title=_(title),
        reason_words=_(reason),
        choice=_(choice) if choice else "",
        chosen_words=dict(targets).get(sent.to, ""),
        targets=targets,
        steps=steps if what in OF_A_STEP else [],
        chosen=chosen,
        sent=sent,
        plan=plan,
        wrong=wrong,
        stale=stale,
        optional=what == "urge",
    )
