"""关系: 家人 in 我的 (who may act for me, for whom I may act), the desk's list, making at the counter, and the door
where
children are fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import bonds
from engine.commands.bonds.making import SHOWN, person
from engine.errors import FieldError, Invalid, NotFound
from engine.matters.nouns.bonds import FAMILY, GUARDIAN, HALL
from engine.people import tries
from engine.reads import bonds as reads
from engine.reads import loans
from engine.reads.labels import EVENTS
from engine.records import files
from engine.workdays import local_date
from web import edge
from web.edge import guard
from web.language import english

pages = Blueprint("bonds", __name__)

#: power -> what it is called on the page.
POWERS = {
    "see": "看进度和文书",
    "apply": "办事",
    "book": "预约",
    "fetch": "接人",
    "sign": "代签",
    "lead": "带队报名",
}
HOW = {"counter": "窗口登记", "code": "绑定码", "phone": "手机办理", "case": "办件"}
ENDED = {
    "subject": "本人解除",
    "holder": "对方解除",
    "guardian": "监护人解除",
    "counter": "窗口解除",
    "case": "办件解除",
    "expired": "到期",
    "closed": "账号注销",
    "died": "本人去世",
    "declined": "没有同意",
}
#: What the door says, and what it does then.
DOOR = {
    "list": "在接送名单上",
    "code": "一次性接人码正确",
    "young": "来接的人不满 18 岁",
    "code-wrong": "接人码不对",
    "code-over": "没有能用的接人码：过期、用过，或者没有给过",
    "stranger": "不在接送名单上",
}


def _title(line: reads.Line) -> str:
    return line.title_en if english() else line.title


def _until(text: str) -> date | None:
    if not text:
        return None
    try:
        return edge.day(text)
    except ValueError:
        zh, en = "日期写作 2026-12-31。", "Write a date such as 2026-12-31."
        raise Invalid([FieldError("until", "到哪一天", zh, en)]) from None


def _form(name: str, most: int = 60) -> str:
    return request.form.get(name, "")[:most].strip()


# ---------------------------------------------------------------- residents


@pages.get("/family")
@guard("resident")
def mine() -> ResponseReturnValue:
    """家人: large and plain."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    found = reads.mine(work, actor, now=now)
    own = replace(  # teams have a page of their own
        found,
        **{
            side: tuple(one for one in getattr(found, side) if not one.team)
            for side in ("for_me", "for_others", "asked")
        },
    )
    return render_template(
        "resident/family.html",
        own=own,
        title=_title,
        powers=POWERS,
        children=reads.children(work, actor, now=now),
        acts=reads.acts(work, actor),
        me=actor.id,
        labels=EVENTS,
        lists=_list_kinds(),
        tab="resident.mine",
    )


def _list_kinds() -> list[tuple[str, str]]:
    """(key, title) of the kinds that a guardian keeps as a list: who may fetch the child."""
    found = reads.kinds(edge.work())
    return [
        (key, one.title_en if english() else one.title)
        for key, one in found.items()
        if "guardian" in one.made_by and "fetch" in one.lets and "phone" in one.ways
    ]


@pages.get("/family/let")
@guard("resident")
def let() -> ResponseReturnValue:
    """Let somebody act for me: what for, until when."""
    return _let()


def _let(wrong: tuple[FieldError, ...] = (), code: str = "") -> str:
    kind = HALL[FAMILY]
    today = local_date(edge.now())
    return render_template(
        "resident/family_let.html",
        kind=kind,
        powers=POWERS,
        code=code,
        wrong=wrong,
        named=bool(edge.actor().name),
        sent=request.form,
        chosen=request.form.getlist("lets") or list(kind.lets),
        until=_form("until") or kind.last_day(today).isoformat(),
        last=kind.last_day(today).isoformat(),
        today=today.isoformat(),
        tab="resident.mine",
    )


@pages.post("/family/let")
@guard("resident")
def show_code() -> ResponseReturnValue:
    """Six digits, large."""
    try:
        code = bonds.show_code(
            edge.work(),
            FAMILY,
            lets=request.form.getlist("lets")[:5],
            until=_until(_form("until", 10)),
            my_name=_form("my_name", 40),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        return _let(tuple(error.fields)), error.status
    return _let(code=code)


@pages.get("/family/bind")
@guard("resident")
def bind() -> ResponseReturnValue:
    """Act for somebody: their number and the code on their phone; or ask them."""
    return _bind(bool(edge.actor().name))


def _bind(named: bool, wrong: tuple[FieldError, ...] = (), which: str = "code") -> str:
    return render_template(
        "resident/family_bind.html", wrong=wrong, which=which, named=named, sent=request.form, tab="resident.mine"
    )


@pages.post("/family/bind")
@guard("resident", alone=True)
def typed() -> ResponseReturnValue:
    actor = edge.actor()
    try:
        bonds.type_code(
            edge.hall().database,
            _form("phone", 40),
            _form("code", 12),
            my_name=_form("my_name", 40),
            by=actor,
            now=edge.now(),
        )
    except Invalid as error:
        return _bind(bool(actor.name), tuple(error.fields)), error.status
    flash(_("绑定好了。现在可以替对方办事。"))
    return redirect(url_for("bonds.mine"))


@pages.post("/family/ask")
@guard("resident")
def ask() -> ResponseReturnValue:
    try:
        bonds.ask(
            edge.work(),
            FAMILY,
            _form("phone", 40),
            _form("name", 40),
            my_name=_form("my_name", 40),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        wrong = tuple(FieldError(one.field.replace("subject.", ""), one.label, one.zh, one.en) for one in error.fields)
        return _bind(bool(edge.actor().name), wrong, "ask"), error.status
    flash(_("已经发出请求。对方在手机上确认以后就可以替他办事。"))
    return redirect(url_for("bonds.mine"))


@pages.post("/family/<int:bond_id>/yes")
@guard("resident")
def yes(bond_id: int) -> ResponseReturnValue:
    row = bonds.say_yes(edge.work(), bond_id, by=edge.actor(), now=edge.now())
    flash(_("已同意。您随时可以解除。"))
    return redirect(url_for("teams.mine" if row.team else "bonds.mine"))


@pages.post("/family/<int:bond_id>/no")
@guard("resident")
def no(bond_id: int) -> ResponseReturnValue:
    bonds.decline(edge.work(), bond_id, by=edge.actor(), now=edge.now())
    flash(_("没有同意，对方不能替您办事。"))
    return redirect(url_for("bonds.mine"))


@pages.get("/family/<int:bond_id>")
@guard("resident")
def one(bond_id: int) -> ResponseReturnValue:
    """Before it is ended: what it was, and what follows."""
    line = _line(bond_id)
    return render_template(
        "resident/family_one.html", one=line, title=_title(line), powers=POWERS, how=HOW, tab="resident.mine"
    )


def _line(bond_id: int) -> reads.Line:
    return reads.seen(edge.work(), bond_id, actor=edge.actor(), now=edge.now())


@pages.post("/family/<int:bond_id>/end")
@guard("resident")
def end(bond_id: int) -> ResponseReturnValue:
    line = _line(bond_id)
    bonds.end(edge.work(), bond_id, by=edge.actor(), now=edge.now())
    flash(_("已解除，马上生效。"))
    if line.team:
        return redirect(url_for("teams.mine"))
    if line.kind != FAMILY and line.side == "guardian":
        return redirect(url_for("bonds.fetchers", bond_id=_guardian_of(line), key=line.kind))
    return redirect(url_for("bonds.mine"))


def _guardian_of(line: reads.Line) -> int:
    return next(g.id for g in edge.actor().grants if g.kind == GUARDIAN and g.subject_ref == line.subject_ref)


@pages.get("/bonds/<int:bond_id>/photo")
@guard("signed-in")
def photo(bond_id: int) -> ResponseReturnValue:
    """The picture kept with a bond, for its sides and the door."""
    data, kind = reads.photo(edge.work(), bond_id, actor=edge.actor())
    return Response(data, mimetype=kind, headers={"Cache-Control": "private, no-store"})


# ---------------------------------------------------------------- who may fetch a child


@pages.get("/family/<int:bond_id>/list/<key>")
@guard("resident")
def fetchers(bond_id: int, key: str) -> ResponseReturnValue:
    """接送名单 of one child: who is on it, adding somebody, a code for this once."""
    return _fetchers(bond_id, key)


def _fetchers(bond_id: int, key: str, wrong: tuple[FieldError, ...] = (), code: str = "") -> str:
    work, actor, now = edge.work(), edge.actor(), edge.now()
    child = next((c for c in reads.children(work, actor, now=now) if c[0] == bond_id), None)
    if child is None:
        raise NotFound("没有这个孩子，或者您不是登记的监护人。", "There is no such child of yours.")
    kind = reads.kind(work, key)
    own = reads.mine(work, actor, now=now)
    ref = next(g.subject_ref for g in actor.grants if g.id == bond_id)
    today = local_date(now)
    return render_template(
        "resident/family_list.html",
        child=child,
        key=key,
        title=kind.title_en if english() else kind.title,
        kind=kind,
        listed=[line for line in own.for_me if line.kind == key and line.subject_ref == ref],
        wrong=wrong,
        code=code,
        sent=request.form,
        until=_form("until", 10) or kind.last_day(today).isoformat(),
        last=kind.last_day(today).isoformat(),
        today=today.isoformat(),
        tab="resident.mine",
    )


@pages.post("/family/<int:bond_id>/list/<key>")
@guard("resident", takes="file")
def add_fetcher(bond_id: int, key: str) -> ResponseReturnValue:
    try:
        who = person("holder", _form("name", 40), _form("phone", 40), _form("id_number", 20))
        bonds.by_guardian(
            edge.work(),
            key,
            bond_id,
            who,
            until=_until(_form("until", 10)),
            photo=_photo(),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        wrong = tuple(FieldError(one.field.replace("holder.", ""), one.label, one.zh, one.en) for one in error.fields)
        return _fetchers(bond_id, key, wrong), error.status
    flash(_("已加进名单。"))
    return redirect(url_for("bonds.fetchers", bond_id=bond_id, key=key))


def _photo() -> int | None:
    """The picture that came with the form."""
    sent = request.files.get("photo")
    data = sent.read() if sent is not None else b""
    if not data or sent is None:
        return None
    # In the transaction of the form: throttle.count has one of its own, which would wait for this one.
    who = f"u{edge.actor().id}"
    tries.within(edge.work(), "upload", who, now=edge.now())
    tries.count(edge.work(), "upload", who, now=edge.now())
    label = _("照片")
    return files.upload(
        edge.work(), data, sent.filename or "photo.jpg", by=edge.actor(), now=edge.now(), field="photo", label=label
    ).id


@pages.post("/family/<int:bond_id>/list/<key>/code")
@guard("resident")
def fetch_code(bond_id: int, key: str) -> ResponseReturnValue:
    """For somebody who is not on the list: once, half an hour."""
    who = _form("who", 40)
    if not who:
        zh, en = "请写来接的人的姓名。", "Write who comes."
        return _fetchers(bond_id, key, (FieldError("who", _("谁来接"), zh, en),)), 422
    code = bonds.fetch_code(edge.work(), bond_id, who, key, by=edge.actor(), now=edge.now())
    return _fetchers(bond_id, key, code=code)


# ---------------------------------------------------------------- the desk


@pages.get("/desk/bonds")
@guard("staff")
def listed() -> ResponseReturnValue:
    """关系: those of my units; found by name, telephone or identity number of either side."""
    text = request.args.get("q", "")[:40]
    return render_template(
        "staff/bonds.html",
        rows=reads.at_desk(edge.work(), edge.actor(), text=text, now=edge.now()),
        text=text,
        title=_title,
        powers=POWERS,
        how=HOW,
        ended=ENDED,
        makes=_makes(),
        desks=loans.desks(edge.work(), edge.actor()),
    )


def _makes() -> bool:
    return bool({"clerk", "supervisor"} & edge.actor().roles)


@pages.get("/desk/bonds/new")
@guard("staff")
def new() -> ResponseReturnValue:
    return _new()


def _new(wrong: tuple[FieldError, ...] = ()) -> str:
    found = reads.kinds(edge.work())
    return render_template(
        "staff/bond_new.html",
        kinds=[
            {
                "key": key,
                "title": one.title_en if english() else one.title,
                "shown": [(s, SHOWN[s][1 if english() else 0]) for s in one.shown],
                "last": one.last_day(local_date(edge.now())).isoformat(),
            }
            for key, one in found.items()
            if "counter" in one.ways
        ],
        shown=[(key, words[1 if english() else 0]) for key, words in SHOWN.items()],
        sent=request.form,
        ticked=request.form.getlist("shown"),
        wrong=wrong,
    )


@pages.post("/desk/bonds/new")
@guard("staff", takes="file")
def make() -> ResponseReturnValue:
    try:
        sides: dict[str, Any] = {}
        wrong: list[FieldError] = []
        for side in ("subject", "holder"):
            try:
                sides[side] = person(
                    side, _form(f"{side}.name", 40), _form(f"{side}.phone", 40), _form(f"{side}.id_number", 20)
                )
            except Invalid as error:
                wrong += error.fields
        if wrong:
            raise Invalid(wrong)
        bonds.at_counter(
            edge.work(),
            _form("kind", 80),
            **sides,
            shown=request.form.getlist("shown"),
            until=_until(_form("until", 10)),
            photo=_photo(),
            team=_form("team", 80),
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as error:
        return _new(tuple(error.fields)), error.status
    flash(_("已登记。"))
    return redirect(url_for("bonds.listed"))


@pages.post("/desk/bonds/<int:bond_id>/end")
@guard("staff")
def end_at_desk(bond_id: int) -> ResponseReturnValue:
    bonds.end(edge.work(), bond_id, by=edge.actor(), now=edge.now())
    flash(_("已解除，双方都会收到通知。"))
    return redirect(url_for("bonds.listed"))


@pages.get("/desk/fetch/<int:bond_id>")
@guard("staff")
def door(bond_id: int) -> ResponseReturnValue:
    """接人: the list of one child, with pictures; who stands there, or the code they say."""
    return _door(bond_id)


def _door(bond_id: int, answer: bonds.Answer | None = None) -> str:
    child, listed = reads.door(edge.work(), bond_id, actor=edge.actor(), now=edge.now())
    return render_template(
        "staff/fetch.html", bond_id=bond_id, child=child, listed=listed, title=_title, answer=answer, words=DOOR
    )


@pages.post("/desk/fetch/<int:bond_id>")
@guard("staff")
def checked(bond_id: int) -> ResponseReturnValue:
    answer = bonds.check(
        edge.work(),
        bond_id,
        holder_bond=request.form.get("who", type=int),
        code=_form("code", 12),
        by=edge.actor(),
        now=edge.now(),
    )
    return _door(bond_id, answer)
