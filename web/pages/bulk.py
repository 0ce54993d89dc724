"""批量: rows picked in a list, signed for, handed on or done together; a result for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import cases
from engine.commands.cases import bulk
from engine.commands.cases.bulk import Picked
from engine.errors import FieldError, Invalid, NotNow
from engine.plain import is_id
from engine.reads import inbox
from engine.store import Work
from web import edge, names
from web.edge import guard
from web.pages.steps import colleagues

pages = Blueprint("bulk", __name__, url_prefix="/desk/bulk")

WORDS = {"claim": "批量签收", "transfer": "批量转办", "complete": "批量办理"}


def _picked(these: Sequence[str]) -> list[Picked]:
    """Rows as the list names them: task:version."""
    found = []
    for text in these:
        task, _sep, version = text.partition(":")
        if not is_id(task) or not is_id(version):
            raise Invalid([FieldError("task", "", "页面不完整，请刷新后再选。", "The page is stale: reload it.")])
        found.append(Picked(int(task), int(version)))
    if not found:
        raise NotNow("请先勾选要办的行。", "Choose some rows first.")
    if len(found) > bulk.MOST:
        raise NotNow(f"一次最多选 {bulk.MOST} 行，请分几次办。", f"Choose at most {bulk.MOST} rows at once.")
    return found


@pages.get("/<any('transfer','complete'):what>")
@guard("staff")
def ask(what: str) -> ResponseReturnValue:
    """To whom, or with which answers; the rows it will be done to are shown first."""
    picked = _picked(request.args.getlist("task"))
    return _ask_page(what, picked)


def _ask_page(what: str, picked: list[Picked], wrong: tuple[FieldError, ...] = (), sent: Any = None) -> str:
    work = edge.work()
    rows = inbox.rows(work, edge.actor(), [p.task_id for p in picked], now=edge.now())
    schema: Any = None
    alike = True
    if what == "complete":
        alike = len({(row.matter, row.element) for row in rows}) == 1
        if alike:
            schema = _form(work, rows[0].task_id)
    return render_template(
        "staff/bulk_ask.html",
        what=what,
        title=_(WORDS[what]),
        rows=rows,
        alike=alike,
        schema=schema,
        wrong=wrong,
        tasks=[f"{p.task_id}:{p.version}" for p in picked],
        sent=sent or {"to": "", "reason": ""},
        targets=colleagues([p.task_id for p in picked]) if what == "transfer" else (),
    )


def _form(work: Work, task_id: int) -> Any:
    """The step's form, empty: what is answered is answered for every row. None: the step is done case by case."""
    found = inbox.shared_form(work, task_id)
    if found is None:
        return None
    package, schema = found
    names.about(package)
    return names.EMPTY_FORM if schema is None else names.schema(schema)


@pages.post("/claim")
@guard("staff", alone=True)
def claim() -> ResponseReturnValue:
    by, now = edge.actor(), edge.now()
    picked = _picked(request.form.getlist("task"))
    return _done("claim", picked, lambda work, p: cases.claim(work, p.task_id, version=p.version, by=by, now=now))


@pages.post("/transfer")
@guard("staff", alone=True)
def transfer() -> ResponseReturnValue:
    by, now = edge.actor(), edge.now()
    picked = _picked(request.form.getlist("task"))
    to, reason = request.form.get("to", ""), request.form.get("reason", "")[:500]
    wrong = []
    if not is_id(to):
        wrong.append(FieldError("to", _("交给谁"), "请选一个。", "Choose one."))
    if not reason.strip():
        wrong.append(FieldError("reason", _("转办理由"), "请填写转办理由。", "Give a reason."))
    if wrong:
        with edge.reading():
            return _ask_page("transfer", picked, tuple(wrong), {"to": to, "reason": reason}), 422
    return _done(
        "transfer",
        picked,
        lambda work, p: cases.transfer(work, p.task_id, int(to), reason, version=p.version, by=by, now=now),
    )


@pages.post("/complete")
@guard("staff", alone=True)
def complete() -> ResponseReturnValue:
    body = request.get_json(silent=True)
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("answers"), dict)
        or not isinstance(body.get("tasks"), list)
    ):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    by, now, answers = edge.actor(), edge.now(), body["answers"]
    picked = _picked([str(t) for t in body["tasks"]])
    return jsonify(
        review=_done("complete", picked, lambda work, p: bulk.complete(work, p, answers, by=by, now=now), part=True)
    )


def _done(what: str, picked: list[Picked], verb: Callable[[Work, Picked], object], part: bool = False) -> str:
    """Do it, and the table of what became of each row."""
    database, actor = edge.hall().database, edge.actor()
    with database.reading() as work:  # before: afterwards a row may be nobody's of mine
        rows = {row.task_id: row for row in inbox.rows(work, actor, [p.task_id for p in picked], now=edge.now())}
    results = bulk.each(database, picked, verb)
    good = sum(one.done for one in results)
    with edge.reading():  # the numbers in the left column are those of after
        return render_template(
            "staff/bulk_result.html" if part else "staff/bulk_done.html",
            title=_(WORDS[what]),
            good=good,
            bad=len(results) - good,
            results=[(one, rows.get(one.task_id)) for one in results],
        )
