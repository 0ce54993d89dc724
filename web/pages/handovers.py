"""交接: 我的交接, the scan desk, and a link's page, by which it ends. Drawn from what matters declare (handovers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from engine.commands import handovers
from engine.errors import FieldError, Invalid, NotFound
from engine.people import tries
from engine.reads import handovers as reads
from engine.records import files
from engine.records.papers import codes
from engine.store import Work, again
from web import edge, formats, problems, throttle
from web.edge import guard
from web.language import english

pages = Blueprint("handovers", __name__)


def chains(case_id: int) -> list[dict[str, Any]]:
    """The chains of a case, for its page."""
    actor = edge.actor()
    to = "handovers.staff_one" if actor.kind == "staff" else "handovers.one"
    return [
        {
            "title": one.thing_en if english() else one.thing,
            "lines": one.lines,
            "holder": one.holder,
            "since": one.since,
            "ended": one.ended,
            "links": [_link(link, to) for link in one.links],
            "troubles": [(_said()[kind], note, at) for kind, note, at in one.troubles],
        }
        for one in reads.of_case(edge.work(), case_id, actor=actor, now=edge.now())
    ]


# ---------------------------------------------------------------- in words


def _outcomes(link: reads.Link) -> dict[str, str]:
    if link.mine == "giver":
        return {
            "done": _("交出去了，没有问题"),
            "different": _("交出去了，但对方说有出入"),
            "refused": _("对方不收"),
        }
    return {"done": _("收到了，没有问题"), "different": _("收下，但有出入"), "refused": _("不收")}


def _troubles() -> dict[str, str]:
    """What whoever has a thing may tell of it."""
    return {"lost": _("丢了"), "damaged": _("坏了")}


def _said() -> dict[str, str]:
    return {**_troubles(), "settled": _("办件结束后处理了")}


def _words(link: reads.Link) -> str:
    ended = formats.moment(link.ended_at)
    return {
        "open": _("等双方交接"),
        "done": _("%(when)s 交接完成", when=ended),
        "different": _("%(when)s 收下，有出入", when=ended),
        "refused": _("%(when)s 没有收", when=ended),
        "dropped": _("%(when)s 取消", when=ended),
    }[link.state]


def _how(link: reads.Link) -> str:
    """How both ends signed."""
    words = {
        "account": _("本人账号"),
        "qr": _("扫码"),
        "code": _("六位数字"),
        "signature": _("签名"),
        "photo": _("照片"),
        "person": _("当面登记"),
    }
    said = [
        _("交的人：%(how)s", how=words[s.proof]) if s.side == "giver" else _("接的人：%(how)s", how=words[s.proof])
        for s in sorted(link.signs, key=lambda s: s.side)
    ]
    witness = next((s.witness for s in link.signs if s.witness), "")
    if witness:
        said.append(_("见证人%(name)s", name=witness))
    return _("，").join(said)


def _delay(link: reads.Link) -> str:
    """That it was handed over after its time, and whose delay that is."""
    if link.late_workdays is None:
        return ""
    if not link.late_workdays:
        return _("过了时间才交，记在%(unit)s", unit=link.charged)
    return _("晚交 %(n)s 个工作日，记在%(unit)s", n=link.late_workdays, unit=link.charged)


def _link(link: reads.Link, to: str = "") -> dict[str, Any]:
    """A link for a template."""
    qr = ""
    if link.token:
        qr = codes.qr_data_uri(url_for("handovers.opened", token=link.token, _external=True))
    return {
        "id": link.id,
        "number": link.number,
        "matter_name": link.matter_name,
        "title": link.thing_en if english() else link.thing,
        "lines": link.lines,
        "giver": link.giver,
        "receiver": link.receiver,
        "place": link.place,
        "state": link.state,
        "words": _words(link),
        "how": _how(link),
        "until": formats.due(link.due_at) if link.due_at and link.state == "open" else "",
        "late": link.late,
        "delay": _delay(link),
        "note": link.note,
        "photos": link.photos,
        "mine": link.mine,
        "writes_down": link.writes_down,
        "proofs": link.proofs,
        "photo": link.photo,
        "code": link.code,
        "qr": qr,
        "phone": link.phone,
        "address": url_for(to, link_id=link.id) if to and (link.mine or link.writes_down) else "",
    }


def _found(link_id: int) -> reads.Link:
    return reads.one(edge.work(), link_id, actor=edge.actor(), now=edge.now())


def _page(template: str, link_id: int, wrong: tuple[FieldError, ...], given: Mapping[str, Any]) -> str:
    link = _found(link_id)
    chain = reads.holds(edge.work(), link.handover_id, actor=edge.actor())
    return render_template(
        template,
        link=_link(link),
        outcomes=list(_outcomes(link).items()),
        troubles=list(_troubles().items()),
        holds=chain,
        wrong=wrong,
        given=given,
        tab="resident.mine",
    )


# ---------------------------------------------------------------- a link ends


def _act(link_id: int, template: str, back: str) -> ResponseReturnValue:
    """Both ends sign. A wrong code is counted even though it is refused: so each step has a transaction of its own."""
    said = {name: request.form.get(name, "")[:most] for name, most in _FIELDS.items()}
    by, now = edge.actor(), edge.now()
    try:
        if not again(_writing(lambda work: handovers.tried(work, link_id, said["proof"], by=by, now=now))):
            raise _wrong_code()
        sent = [one for one in request.files.getlist("photos") if one.filename]
        for _one in sent:
            throttle.count("upload", f"u{by.id}")

        def ends(work: Work) -> str:
            outcome: Any = said["outcome"]
            return handovers.act(work, link_id, outcome, _given(work, said, sent), by=by, now=now).state

        state = again(_writing(ends))
    except (Invalid, tries.TooMany) as error:
        with edge.reading():
            return _page(template, link_id, problems.as_fields(error, "proof", _("对方的码")), said), error.status
    flash(
        {"done": _("交接完成，双方都已确认。"), "different": _("已经记下有出入。"), "refused": _("已经记下不收。")}[
            state
        ]
    )
    return redirect(url_for(back))


_FIELDS = {"proof": 400, "outcome": 12, "note": 500, "signature": 20_000, "witness": 40}


def _writing(do: Callable[[Work], Any]) -> Callable[[], Any]:
    def once() -> Any:
        with edge.hall().database.unit_of_work() as work:
            return do(work)

    return once


def _given(work: Work, said: Mapping[str, str], sent: list[FileStorage]) -> handovers.Given:
    photos = []
    for one in sent[: handovers.MOST_PHOTOS + 1]:
        one.stream.seek(0)
        name = one.filename or ""
        kept = files.upload(work, one.read(), name, by=edge.actor(), now=edge.now(), field="photos", label=_("照片"))
        photos.append(kept.id)
    return handovers.Given(said["proof"], said["signature"], tuple(photos), said["note"], said["witness"])


def _wrong_code() -> Invalid:
    zh = "码不对，或者过了时间。请对方重新打开“我的交接”，扫他的二维码，或输入他的六位数字。"
    en = "The code is wrong or out of date. Let the other open it anew: scan their QR, or type their six digits."
    return Invalid([FieldError("proof", _("对方的码"), zh, en)])


def _look(to: str, empty: Callable[[tuple[FieldError, ...]], str]) -> ResponseReturnValue:
    """Which link a scanned or typed code means; wrong ones are counted for the person."""
    given, by, now = request.form.get("proof", "")[:400], edge.actor(), edge.now()

    def found(work: Work) -> int | None:
        tries.within(work, "handover-by", str(by.id), now=now)
        link_id = reads.scanned(work, given, actor=by, now=now)
        if link_id is None and given.strip():
            tries.count(work, "handover-by", str(by.id), now=now)
        return link_id

    try:
        link_id = again(_writing(found))
        if link_id is None:
            zh = "没有找到这个码的交接。请核对数字，或在下面的列表里选一件。"
            en = "No hand-over of yours has this code. Check the digits, or choose one from the list below."
            raise Invalid([FieldError("proof", _("对方的码"), zh, en)])
    except (Invalid, tries.TooMany) as error:
        with edge.reading():
            return empty(problems.as_fields(error, "proof", _("对方的码"))), error.status
    return redirect(url_for(to, link_id=link_id, proof=given))


@pages.get("/h/<token>")
@guard("signed-in")
def opened(token: str) -> ResponseReturnValue:
    """What a QR opens in any telephone's own camera: the link's page, with the code filled in."""
    link_id = reads.scanned(edge.work(), token, actor=edge.actor(), now=edge.now())
    if link_id is None:
        raise NotFound(
            "这个二维码不是要您交接的，或者已经换了新的。请对方重新打开“我的交接”。",
            "This QR is not of a hand-over of yours, or is out of date: let the other open it anew.",
        )
    to = "handovers.staff_one" if edge.actor().kind == "staff" else "handovers.one"
    return redirect(url_for(to, link_id=link_id, proof=token))


# ---------------------------------------------------------------- residents


@pages.get("/handovers")
@guard("resident")
def mine() -> ResponseReturnValue:
    return _mine()


def _mine(wrong: tuple[FieldError, ...] = ()) -> str:
    links = reads.mine(edge.work(), edge.actor(), now=edge.now())
    return render_template(
        "resident/handovers.html", links=[_link(one) for one in links], wrong=wrong, tab="resident.mine"
    )


@pages.post("/handovers/scan")
@guard("resident", alone=True)
def scan() -> ResponseReturnValue:
    return _look("handovers.one", _mine)


@pages.get("/handovers/<int:link_id>")
@guard("resident")
def one(link_id: int) -> ResponseReturnValue:
    return _page("resident/handover.html", link_id, (), {"proof": request.args.get("proof", "")[:400]})


@pages.post("/handovers/<int:link_id>")
@guard("resident", alone=True, takes="file")
def act(link_id: int) -> ResponseReturnValue:
    return _act(link_id, "resident/handover.html", "handovers.mine")


@pages.post("/handovers/<int:link_id>/trouble")
@guard("resident")
def report(link_id: int) -> ResponseReturnValue:
    return _report(link_id, "handovers.mine")


def _report(link_id: int, back: str) -> ResponseReturnValue:
    link = _found(link_id)
    kind, note = request.form.get("kind", ""), request.form.get("note", "")
    handovers.report(edge.work(), link.handover_id, kind, note, by=edge.actor(), now=edge.now())
    flash(_("已经告诉大厅，会有人联系您。"))
    return redirect(url_for(back))


# ---------------------------------------------------------------- the desk


@pages.get("/desk/handovers")
@guard("staff")
def desk() -> ResponseReturnValue:
    return _desk()


def _desk(wrong: tuple[FieldError, ...] = ()) -> str:
    found = reads.desk(edge.work(), edge.actor(), now=edge.now())
    shown = {
        "places": [(place, [_link(one) for one in links]) for place, links in found.places],
        "today": found.today,
        "held": found.held,
        "again": found.again,
        "late": [_link(one) for one in found.late],
    }
    return render_template("staff/handovers.html", desk=shown, wrong=wrong)


@pages.post("/desk/handovers")
@guard("staff", alone=True)
def find() -> ResponseReturnValue:
    return _look("handovers.staff_one", _desk)


@pages.get("/desk/handovers/<int:link_id>")
@guard("staff")
def staff_one(link_id: int) -> ResponseReturnValue:
    return _page("staff/handover_link.html", link_id, (), {"proof": request.args.get("proof", "")[:400]})


@pages.post("/desk/handovers/<int:link_id>")
@guard("staff", alone=True, takes="file")
def staff_act(link_id: int) -> ResponseReturnValue:
    return _act(link_id, "staff/handover_link.html", "handovers.desk")


@pages.post("/desk/handovers/things/<int:handover_id>")
@guard("staff")
def settle(handover_id: int) -> ResponseReturnValue:
    """What became of a thing that was under way when its case ended."""
    note = request.form.get("note", "")
    handovers.settle(edge.work(), handover_id, note, by=edge.actor(), now=edge.now())
    flash(_("记下了，这件东西不再列出。"))
    return redirect(url_for("handovers.desk"))


@pages.post("/desk/handovers/things/<int:handover_id>/again")
@guard("staff")
def again_(handover_id: int) -> ResponseReturnValue:
    """What was not taken is given once more to the same end."""
    handovers.again(edge.work(), handover_id, by=edge.actor(), now=edge.now())
    flash(_("又开了一环，对方签收了才算交到。"))
    return redirect(url_for("handovers.desk"))


@pages.post("/desk/handovers/<int:link_id>/trouble")
@guard("staff")
def staff_report(link_id: int) -> ResponseReturnValue:
    return _report(link_id, "handovers.desk")
