"""借还: the catalogue, one's own loans, and the desk. HTTP only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import loans
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.reads import bonds
from engine.reads import loans as reads
from engine.store import Work, again
from web import edge, formats, problems
from web.edge import guard
from web.language import english

pages = Blueprint("loans", __name__)


# ---------------------------------------------------------------- residents


@pages.get("/loans")
@guard("anyone")
def listed() -> ResponseReturnValue:
    found = reads.shelves(edge.work())
    if len(found) == 1:
        return redirect(url_for("loans.catalogue", key=found[0].key))
    return render_template("resident/loans.html", shelves=found, tab="resident.around")


@pages.get("/loans/<key>")
@guard("anyone")
def catalogue(key: str) -> ResponseReturnValue:
    return _catalogue(key)


def _catalogue(key: str, wrong: str = "") -> str:
    text = request.args.get("q", "")[:80]
    shelf, found = reads.catalogue(edge.work(), key, text)
    actor = edge.actor()
    return render_template(
        "resident/loans_catalogue.html",
        shelf=shelf,
        titles=found,
        text=text,
        wrong=wrong,
        others=bonds.who_for_offer(actor, "book", key),
        chosen=request.values.get("for", type=edge.whole),
        resident=actor.kind == "resident",
        tab="resident.around",
    )


@pages.post("/loans/<key>/reserve")
@guard("resident", alone=True)
def reserve(key: str) -> ResponseReturnValue:
    title = request.form.get("title", "")[:80]
    bond_id = request.form.get("for", type=edge.whole)
    by, now = edge.actor(), edge.now()

    def ask(work: Work) -> bool:
        hold = loans.reserve(work, key, title, bond_id=bond_id, by=by, now=now)
        return hold.state == "ready"

    try:
        ready = _write(ask)
    except (NotNow, NotFound, NotYours) as error:
        with edge.reading():
            return _catalogue(key, error.en if english() else error.zh), error.status
    flash(_("给您留着了，请在留架日期前来取。") if ready else _("预约好了，还回来就通知您。"))
    return redirect(url_for("loans.mine"))


@pages.get("/my-loans")
@guard("resident")
def mine() -> ResponseReturnValue:
    return _mine()


def _mine(wrong: str = "") -> str:
    own, wanted = reads.mine(edge.work(), edge.actor(), now=edge.now())
    return render_template("resident/loans_mine.html", own=own, wanted=wanted, wrong=wrong, tab="resident.mine")


@pages.post("/my-loans/<int:loan_id>/renew")
@guard("resident", alone=True)
def renew(loan_id: int) -> ResponseReturnValue:
    return _own(
        lambda work, by, now: loans.renew(work, loan_id, version=edge.sent_id(), by=by, now=now), _("续借好了。")
    )


@pages.post("/my-loans/waiting/<int:hold_id>/cancel")
@guard("resident", alone=True)
def cancel(hold_id: int) -> ResponseReturnValue:
    return _own(lambda work, by, now: loans.cancel(work, hold_id, by=by, now=now), _("预约取消了。"))


def _own(do: Any, said: str) -> ResponseReturnValue:
    by, now = edge.actor(), edge.now()
    try:
        _write(lambda work: do(work, by, now))
    except NotNow as error:
        with edge.reading():
            return _mine(error.en if english() else error.zh), error.status
    flash(said)
    return redirect(url_for("loans.mine"))


def _write(do: Any) -> Any:
    def once() -> Any:
        with edge.hall().database.unit_of_work() as work:
            return do(work)

    return again(once)


# ---------------------------------------------------------------- the desk


@pages.get("/desk/loans")
@guard("staff")
def desks() -> ResponseReturnValue:
    found = reads.desks(edge.work(), edge.actor())
    if len(found) == 1:
        return redirect(url_for("loans.desk", key=found[0].key))
    return render_template("staff/loans.html", shelves=found)


@pages.get("/desk/loans/<key>")
@guard("staff")
def desk(key: str) -> ResponseReturnValue:
    return _desk(key, request.args.get("mode", "lend"), request.args.get("who", "")[:40])


def _desk(
    key: str,
    mode: str,
    who: str,
    wrong: tuple[FieldError, ...] = (),
    people: list[tuple[str, str]] | None = None,
) -> str:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    shelf = reads.desk(work, key, actor)
    reader = None
    if who and mode == "lend":
        try:
            reader = reads.reader(work, key, who, actor, now=now)
        except Invalid as error:  # a bond that is over: said, and the next reader is scanned
            wrong = tuple(error.fields)
    return render_template(
        "staff/loans_desk.html",
        shelf=shelf,
        mode="back" if mode == "back" else "lend",
        reader=reader,
        people=people or [],
        late=reads.late(work, key, actor, now=now) if reader is None else [],
        wrong=wrong,
    )


@pages.post("/desk/loans/<key>")
@guard("staff", alone=True)
def scan(key: str) -> ResponseReturnValue:
    """One scan: who it is, then copy after copy. What is refused is said, and the next one is scanned."""
    mode, who = request.form.get("mode", "lend"), request.form.get("who", "")[:40]
    copy, text = request.form.get("copy", "").strip()[:80], request.form.get("reader", "").strip()[:80]
    by, now = edge.actor(), edge.now()
    try:
        if mode == "back":
            flash(_write(lambda work: _back(loans.take_back(work, key, copy, by=by, now=now))))
        elif who and not copy:
            who = ""  # this reader has everything: the next
        elif who:
            flash(_write(lambda work: _lent(loans.lend(work, key, copy, who, by=by, now=now))))
        else:
            with edge.reading():
                found = reads.look_for(edge.work(), key, text, by, now=now)
                if len(found) > 1:
                    return _desk(key, mode, "", people=found)
            who = found[0][0]
    except (Invalid, NotNow) as error:
        with edge.reading():
            return _desk(key, mode, who, problems.as_fields(error, "copy", _("条码"))), error.status
    return redirect(url_for("loans.desk", key=key, mode=mode, who=who or None), 303)


def _lent(one: loans.Lent) -> str:
    assert one.loan is not None
    return _("《%(title)s》借到 %(day)s", title=one.title, day=formats.day(one.loan.due_on))


def _back(one: loans.Lent) -> str:
    if one.kept is not None:
        return _("《%(title)s》有人预约，请放到留书架。", title=one.title)
    return _("《%(title)s》还了，请放回书架。", title=one.title)


@pages.post("/desk/loans/loan/<int:loan_id>")
@guard("staff", alone=True)
def act(loan_id: int) -> ResponseReturnValue:
    """Renew, recall, or say that it is lost."""
    by, now, what = edge.actor(), edge.now(), request.form.get("act", "")
    verbs = {"renew": loans.renew, "recall": loans.recall, "lose": loans.lose}
    verb = verbs.get(what)
    if verb is None:
        raise NotFound("没有这个操作。", f"There is no such act {what!r}.")
    key = _write(lambda work: verb(work, loan_id, version=edge.sent_id(), by=by, now=now).loans)
    flash({"renew": _("续借好了。"), "recall": _("已请读者提前还。"), "lose": _("登记了遗失，办件已开。")}[what])
    return redirect(url_for("loans.desk", key=key, who=request.form.get("who", "")[:40] or None), 303)
