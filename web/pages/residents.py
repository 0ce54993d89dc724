"""群众账号 at the desk: found by identity number, telephone or case number; whose it is, another number, two that
become one, and a merge put apart again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import accounts
from engine.errors import FieldError, Invalid
from engine.people import tries
from engine.reads import resident_accounts as reads
from engine.store import Work, again
from web import edge, problems
from web.edge import guard
from web.language import english

pages = Blueprint("residents", __name__, url_prefix="/desk/residents")


@pages.get("")
@guard("staff")
def desk() -> ResponseReturnValue:
    """Where one is looked for, and the merges of late."""
    return _desk()


def _desk(
    found: tuple[reads.Account, ...] | None = None, of: int | None = None, wrong: tuple[FieldError, ...] = ()
) -> str:
    work, actor = edge.work(), edge.actor()
    return render_template(
        "staff/residents.html",
        found=found,
        of=reads.one(work, of, actor=actor) if of is not None else None,
        merges=reads.merges(work, actor=actor, now=edge.now()),
        text="" if found else request.form.get("q", "")[:40],  # kept where it led nowhere; else it is on no page
        wrong=wrong,
    )


@pages.post("/find")
@guard("staff")
def find() -> ResponseReturnValue:
    """By a whole number. Sent as a form, for an identity number belongs into no address; counted by the hour."""
    work, actor = edge.work(), edge.actor()
    of = request.form.get("of", type=edge.whole)
    found = reads.find(work, request.form.get("q", "")[:40], actor=actor)
    tries.spend(work, [("account-find", str(actor.id))], now=edge.now())
    return _desk(found, of)


@pages.get("/<int:user_id>")
@guard("staff")
def one(user_id: int) -> ResponseReturnValue:
    return _one(edge.work(), user_id)


def _one(
    work: Work, user_id: int, wrong: tuple[FieldError, ...] = (), which: str = "", shown: str = "", sent: bool = False
) -> str:
    found = reads.one(work, user_id, actor=edge.actor())
    return render_template(
        "staff/resident_one.html",
        account=found,
        holds=_lines(reads.counts(work, user_id)),
        wrong=wrong,
        which=which,
        shown=shown,
        sent=sent,
        form=request.form,
    )


def _lines(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(en if english() else zh, n) for zh, en, n in reads.read_out(counts)]


@pages.post("/<int:user_id>/code")
@guard("staff", alone=True)
def code(user_id: int) -> ResponseReturnValue:
    """A code to the number that is read out at the counter."""
    other = request.form.get("other", type=edge.whole)

    def ask() -> str:
        with edge.hall().database.unit_of_work() as work:
            return accounts.ask_at_counter(
                work,
                user_id,
                request.form.get("phone", "")[:40],
                hall=edge.hall().settings.hall_name,
                by=edge.actor(),
                now=edge.now(),
                address=request.remote_addr or "",
            )

    wrong: tuple[FieldError, ...] = ()
    shown, status = "", 200
    try:
        made = again(ask)
        shown = made if edge.hall().settings.development else ""
    except (Invalid, tries.TooMany) as error:
        wrong, status = problems.as_fields(error, "phone"), error.status
    with edge.reading() as work:
        if other is not None:
            from_id = request.form.get("from", type=edge.whole) or user_id
            return _preview(work, from_id, other, wrong, shown, not wrong), status
        return _one(work, user_id, wrong, "number", shown, not wrong), status


@pages.post("/<int:user_id>/number")
@guard("staff", alone=True)
def number(user_id: int) -> ResponseReturnValue:
    """Another number: the old one is lost, the card was shown."""

    def act() -> None:
        accounts.change_at_counter(
            edge.hall().database,
            user_id,
            request.form.get("phone", "")[:40],
            request.form.get("code", "")[:12],
            request.form.get("identity", "")[:40],
            request.form.get("reason", "")[:400],
            hall=edge.hall().settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
        )

    return _acted(user_id, "number", act, _("号码已经换好。新旧号码都会收到短信。"))


@pages.post("/<int:user_id>/prove")
@guard("staff", alone=True)
def prove(user_id: int) -> ResponseReturnValue:
    """Whose account it is: the card was shown; it opens by the telephone again."""

    def act() -> None:
        accounts.prove_at_counter(
            edge.hall().database,
            user_id,
            request.form.get("identity", "")[:40],
            request.form.get("reason", "")[:400],
            hall=edge.hall().settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
        )

    return _acted(user_id, "prove", act, _("已核对本人。他现在可以用手机号登录了。"))


def _acted(user_id: int, which: str, act: Callable[[], None], done: str) -> ResponseReturnValue:
    try:
        again(act)
    except (Invalid, tries.TooMany) as error:
        wrong = problems.as_fields(error, "identity")
        with edge.reading() as work:
            return _one(work, user_id, wrong, which, sent=which == "number"), error.status
    flash(done)
    return redirect(url_for("residents.one", user_id=user_id))


@pages.get("/<int:from_id>/into/<int:into_id>")
@guard("staff")
def preview(from_id: int, into_id: int) -> ResponseReturnValue:
    """What would move, before it does."""
    return _preview(edge.work(), from_id, into_id)


def _preview(
    work: Work,
    from_id: int,
    into_id: int,
    wrong: tuple[FieldError, ...] = (),
    shown: str = "",
    sent: bool = False,
) -> str:
    actor = edge.actor()
    gone, kept = reads.one(work, from_id, actor=actor), reads.one(work, into_id, actor=actor)
    unknown = next((a for a in (gone, kept) if a.proof != "id" and a.phone), None)
    return render_template(
        "staff/resident_merge.html",
        gone=gone,
        kept=kept,
        moves=_lines(reads.counts(work, from_id)),
        stays=_lines(reads.counts(work, into_id)),
        stops=[en if english() else zh for zh, en in reads.together(work, from_id, into_id).stops],
        unknown=unknown,
        days=reads.UNDO.days,
        wrong=wrong,
        shown=shown,
        sent=sent,
        form=request.form,
    )


@pages.post("/<int:from_id>/into/<int:into_id>")
@guard("staff", alone=True)
def join(from_id: int, into_id: int) -> ResponseReturnValue:
    """合并, for good after seven days."""
    keep = "from" if request.form.get("keep") == "from" else "into"

    def act() -> int:
        return accounts.merge(
            edge.hall().database,
            from_id,
            into_id,
            request.form.get("identity", "")[:40],
            request.form.get("reason", "")[:400],
            code=request.form.get("code", "")[:12],
            keep=keep,
            hall=edge.hall().settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
        )

    try:
        again(act)
    except (Invalid, tries.TooMany) as error:
        wrong = problems.as_fields(error, "identity")
        with edge.reading() as work:
            return _preview(work, from_id, into_id, wrong, sent=True), error.status
    flash(_("已合并成一个账号。两个号码都会收到短信，7 天内可以撤销。"))
    return redirect(url_for("residents.one", user_id=into_id))


@pages.post("/merges/<int:merge_id>/part")
@guard("staff", alone=True)
def part(merge_id: int) -> ResponseReturnValue:
    """撤销合并: exactly what moved goes back."""

    def act() -> None:
        accounts.part(
            edge.hall().database,
            merge_id,
            request.form.get("reason", "")[:400],
            hall=edge.hall().settings.hall_name,
            by=edge.actor(),
            now=edge.now(),
        )

    try:
        again(act)
    except Invalid as error:
        with edge.reading():
            return _desk(wrong=tuple(error.fields)), error.status
    flash(_("合并已撤销，两个账号恢复原样。"))
    return redirect(url_for("residents.desk"))
