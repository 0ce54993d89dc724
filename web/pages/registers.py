"""Registers (台账): those I may read, their entries, one entry with its history; added and changed by their writers.
For residents: what the hall keeps of me."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from math import isfinite
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import registers
from engine.errors import FieldError, Invalid
from engine.matters.nouns.registers import MOST_ROWS, Register, RegisterColumn, RegisterField
from engine.reads import coverage, reveals
from engine.reads import registers as reads
from engine.records.sheets import MOST_BYTES, BadSheet
from web import edge, names
from web.edge import guard
from web.language import english
from web.names import named
from web.pages import spreadsheets
from web.problems import sentence

pages = Blueprint("registers", __name__)


@pages.app_template_filter("said")
def said(title: Any) -> str:
    """A title in the language of the page."""
    return str((title.en or named(title.zh)) if english() else title.zh)


@pages.app_template_filter("title_of")
def title_of(field: Any) -> str:
    """What a field of a declaration is called, in the language of the page."""
    return str((field.title_en or named(field.title)) if english() else field.title)


@pages.get("/desk/registers")
@guard("staff")
def shelves() -> ResponseReturnValue:
    """Every register I may read."""
    return render_template("staff/registers.html", shelves=reads.for_actor(edge.work(), edge.actor()))


@pages.get("/desk/registers/<key>")
@guard("staff")
def listed(key: str) -> ResponseReturnValue:
    """Its entries: looked for, in a state, in a village; read on from where the last page ended."""
    asked = {name: request.args.get(name, "") for name in ("field", "q", "state")}
    found = reads.listed(
        edge.work(),
        edge.actor(),
        key,
        now=edge.now(),
        field=asked["field"],
        text=asked["q"],
        state=asked["state"],
        place=request.args.get("place", type=edge.whole),
        before=request.args.get("before", type=edge.whole),
    )
    asked["place"] = request.args.get("place", "")
    return render_template("staff/register.html", found=found, asked=asked)


@pages.get("/desk/registers/<key>/coverage")
@guard("staff")
def reach(key: str) -> ResponseReturnValue:
    """How far each village is from the nearest facility of each kind, in a town or in all; also as a sheet."""
    found = coverage.of(edge.work(), edge.actor(), key, now=edge.now())
    town, kind = request.args.get("town", "")[:40], request.args.get("kind", -1, type=edge.whole)
    if town:
        found = found.within(town)
    if request.args.get("as") == "xlsx":
        return spreadsheets.answer(coverage.sheet(found), f"{key}-{edge.now():%Y-%m-%d}.xlsx")
    kind = kind if 0 <= kind < len(found.kinds) else -1
    return render_template("staff/coverage.html", found=found, town=town, kind=kind)


@pages.get("/desk/registers/<key>/new")
@guard("staff")
def new(key: str) -> ResponseReturnValue:
    one, package = reads.declared(edge.work(), key)
    form = reads.form(edge.work(), edge.actor(), one, package)
    return render_template("staff/register_edit.html", form=form, card=None, sent=_Sent({}), wrong=())


@pages.post("/desk/registers/<key>/new")
@guard("staff")
def add(key: str) -> ResponseReturnValue:
    work, actor = edge.work(), edge.actor()
    one, package = reads.declared(work, key)
    form = reads.form(work, actor, one, package)
    try:
        values, person = _given(form.register, form.fields)
        entry = registers.add(
            work,
            key,
            {k: v for k, v in values.items() if v is not None},
            by=actor,
            now=edge.now(),
            person=person,
            place_id=request.form.get("place", type=edge.whole),
            state=request.form.get("state", "")[:40],
        )
    except Invalid as error:
        shown = render_template(
            "staff/register_edit.html", form=form, card=None, sent=_Sent(request.form), wrong=error.fields
        )
        return shown, 422
    flash(_("已记入台账。"))
    return redirect(url_for("registers.entry", entry_id=entry.id))


@pages.get("/desk/registers/<key>/sheet")
@guard("staff")
def sheet(key: str) -> ResponseReturnValue:
    """Entries from a spreadsheet, and into one."""
    return _sheet(key)


def _sheet(key: str, **shown: Any) -> str:
    given = {"plan": None, "data": "", "wrong": (), "refused": ""} | shown
    shelf = reads.shelf_of(edge.work(), edge.actor(), key)
    return render_template("staff/register_sheet.html", shelf=shelf, purposes=names.purposes(), **given)


@pages.get("/desk/registers/<key>/template.xlsx")
@guard("staff")
def template(key: str) -> ResponseReturnValue:
    return spreadsheets.answer(registers.template(edge.work(), key, by=edge.actor()), f"{key}-template.xlsx")


@pages.post("/desk/registers/<key>/sheet")
@guard("staff", takes="file")
def import_sheet(key: str) -> ResponseReturnValue:
    """First what the sheet would do, errors by cell; confirmed, exactly that."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    sent = request.form.get("data", "")
    try:
        if sent:
            done = registers.import_sheet(
                work, key, spreadsheets.sent_again(sent), expect=request.form.get("expect", ""), by=actor, now=now
            )
            flash(_("已导入：新记 %(new)s 条，改了 %(changed)s 条。", new=done.new, changed=done.changed))
            return redirect(url_for("registers.listed", key=key))
        file = request.files.get("file")
        data = file.stream.read(MOST_BYTES + 1) if file is not None else b""
        planned = registers.plan(work, key, data, by=actor, now=now)
    except BadSheet as refused:
        return _sheet(key, refused=sentence(refused)), 422
    return _sheet(key, plan=planned, data=b64encode(data).decode()), 422 if planned.faults else 200


@pages.post("/desk/registers/<key>/take-out")
@guard("staff")
def take_out(key: str) -> ResponseReturnValue:
    """All that I may read of it as a spreadsheet, for a purpose that is recorded."""
    purpose, words, state = (request.form.get(name, "")[:200] for name in ("purpose", "words", "state"))
    try:
        data = registers.take_out(edge.work(), key, purpose, words, by=edge.actor(), now=edge.now(), state=state)
    except Invalid as error:
        return _sheet(key, wrong=error.fields), 422
    return spreadsheets.answer(data, f"{key}.xlsx")


@pages.get("/desk/register-entries/<int:entry_id>")
@guard("staff")
def entry(entry_id: int) -> ResponseReturnValue:
    return _card(entry_id)


def _card(entry_id: int, revealed: reads.Line | None = None, wrong: Any = ()) -> str:
    card = reads.card(edge.work(), edge.actor(), entry_id, now=edge.now())
    return render_template(
        "staff/register_entry.html",
        card=card,
        looks=reveals.of_entry(edge.work(), entry_id, masked=False),
        purposes=names.purposes(),
        revealed=revealed,
        wrong=wrong,
    )


@pages.post("/desk/register-entries/<int:entry_id>/reveal")
@guard("staff")
def reveal(entry_id: int) -> ResponseReturnValue:
    """One field whole, for a purpose that is recorded."""
    field, purpose, words = (request.form.get(name, "")[:200] for name in ("field", "purpose", "words"))
    try:
        line = registers.reveal(edge.work(), entry_id, field, purpose, words, by=edge.actor(), now=edge.now())
    except Invalid as error:
        return _card(entry_id, wrong=error.fields), 422
    return _card(entry_id, revealed=line)


@pages.get("/desk/register-entries/<int:entry_id>/change")
@guard("staff")
def changing(entry_id: int) -> ResponseReturnValue:
    card, form = reads.editing(edge.work(), edge.actor(), entry_id, now=edge.now())
    return render_template("staff/register_edit.html", form=form, card=card, sent=_Sent({}), wrong=())


@pages.post("/desk/register-entries/<int:entry_id>/change")
@guard("staff")
def change(entry_id: int) -> ResponseReturnValue:
    """What is left empty of masked fields stays; the others are as they were sent."""
    work, actor, now = edge.work(), edge.actor(), edge.now()
    card, form = reads.editing(work, actor, entry_id, now=now)
    try:
        values, person = _given(form.register, form.fields)
        hidden = {line.name for line in card.lines if line.masked}
        registers.change(
            work,
            entry_id,
            {k: v for k, v in values.items() if v is not None or k not in hidden},
            version=request.form.get("version", card.version, type=edge.whole),
            why=request.form.get("why", ""),
            by=actor,
            now=now,
            person=person,
            state=request.form.get("state", "")[:40],
        )
    except Invalid as error:
        shown = render_template(
            "staff/register_edit.html", form=form, card=card, sent=_Sent(request.form), wrong=error.fields
        )
        return shown, 422
    flash(_("已改好，改动记在下面。"))
    return redirect(url_for("registers.entry", entry_id=entry_id))


@pages.get("/me/registers")
@guard("resident")
def mine() -> ResponseReturnValue:
    """我的台账: what the hall keeps of me, whole."""
    cards = reads.mine(edge.work(), edge.actor(), now=edge.now())
    looks = {card.id: reveals.of_entry(edge.work(), card.id, masked=True) for card in cards}
    return render_template("resident/registers.html", cards=cards, looks=looks, tab="resident.mine")


class _Sent:
    """What was typed, for the form that is shown again."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self.form = form

    def __call__(self, name: str, otherwise: str = "") -> str:
        return str(self.form.get(name, otherwise)) if self.form else otherwise

    def all(self, name: str, otherwise: list[str]) -> list[str]:
        return request.form.getlist(name) if self.form else otherwise


def _given(register: Register, fields: Mapping[str, RegisterField]) -> tuple[dict[str, Any], dict[str, str] | None]:
    """The values of the form as an entry keeps them, and whom it is about. Invalid: what is no number."""
    wrong: list[FieldError] = []
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if field.type == "rows":
            values[name] = _rows(name, field, wrong)
        elif field.type == "list" and field.options:
            values[name] = request.form.getlist(name) or None
        elif field.type == "list":
            values[name] = [t.strip() for t in request.form.get(name, "").replace("，", "、").split("、") if t.strip()]
        else:
            values[name] = _typed(name, field, request.form.get(name, ""), wrong)
    if wrong:
        raise Invalid(wrong)
    if register.about != "person":
        return values, None
    return values, {key: request.form.get(f"person.{key}", "").strip()[:80] for key in reads.PERSON}


def _rows(name: str, field: RegisterField, wrong: list[FieldError]) -> list[dict[str, Any]] | None:
    rows = []
    for n in range(MOST_ROWS):
        if not any(f"{name}.{n}.{column}" in request.form for column in field.columns):
            break
        row = {
            column: _typed(f"{name}.{n}.{column}", one, request.form.get(f"{name}.{n}.{column}", ""), wrong)
            for column, one in field.columns.items()
        }
        if any(value is not None for value in row.values()):
            rows.append(row)
    return rows or None


def _typed(name: str, field: RegisterField | RegisterColumn, text: str, wrong: list[FieldError]) -> Any:
    text = text.strip()
    if not text:
        return None
    if field.type == "boolean":
        return text == "true"
    if field.type == "number":
        number = _number(text)
        if number is None:
            wrong.append(FieldError(name, field.title, "请填数字。", "Expected a number."))
            return None
        return int(number) if number == int(number) else number
    return text


def _number(text: str) -> float | None:
    """None: no number. nan and inf are numbers to Python and to nobody else."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
