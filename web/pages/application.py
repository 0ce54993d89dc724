"""Applying: the form, the check before sending, the files, the application itself."""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine import forms
from engine.commands import cases
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.matters import Package
from engine.people import units
from engine.reads import bonds, form_choices, offering, repeated, residents
from engine.records import files, incoming
from engine.workdays import local_date, say
from web import edge, names, throttle
from web.edge import guard
from web.language import english
from web.pages.resident import current, pages


@pages.get("/apply/<name>")
@guard("resident")
def apply(name: str) -> ResponseReturnValue:
    package = current(name)
    _open_online(package)
    if offering.booked_first(edge.work(), package.name):  # a case of it begins with a time
        return redirect(url_for("booking.doors"))
    others = bonds.who_for(edge.work(), edge.actor(), "apply", package.name)
    title = package.info.name_en if english() else package.info.name
    if others and "for" not in request.args:  # one question a screen: for whom, before anything else
        about = request.args.get("about", "")[:40]
        return render_template(
            "resident/apply_for.html", title=title, name=name, others=others, about=about, tab="resident.matters"
        )
    bond = _bond()
    if bond is not None and bond not in {id_ for id_, _who in others}:
        raise NotYours(
            "您不能替这个人办这件事：没有委托，或者已经解除、到期。",
            "You may not apply for this person: there is no such bond, or it is over.",
        )
    form = application_form(package)
    return render_template(
        "resident/apply.html",
        for_name=dict(others).get(bond, "") if bond is not None else "",
        title=title,
        schema=names.schema(forms.browser_schema(form)),
        answers=_known(package, bond),
        draft=f"{edge.actor().id}:apply:{name}:{package.version[:8]}" + (f":{bond}" if bond is not None else ""),
        check=_at("resident.check", name, bond),
        places=places() if _asks_place(package) else (),
        tab="resident.matters",
    )


def _asks_place(package: Package) -> bool:
    """Whether we must ask where the applicant lives: neither the form nor their account says it."""
    return edge.actor().place_id is None and not package.info.who.place


def places() -> list[tuple[str, str]]:
    """(code, name) of every village and community, town by town."""
    tree = units.tree(edge.work())
    found = [u for u in tree.standing if u.kind in units.VILLAGES]
    return [(u.code, tree.full_name(u)) for u in sorted(found, key=lambda u: u.path)]


def _place(package: Package, body: dict[str, Any]) -> Any:
    """The village an application belongs to, when it had to be asked."""
    if not _asks_place(package):
        return None
    found = next((u for u in units.tree(edge.work()).standing if u.code == body.get("place")), None)
    if found is None or found.kind not in units.VILLAGES:
        words = _("所在村（社区）")
        raise Invalid([FieldError("place", words, "请选择您所在的村（社区）。", "Choose your village or community.")])
    return found


def _open_online(package: Package) -> None:
    if "online" not in package.info.apply.channels:
        raise NotFound(
            f"“{package.info.name}”不能在网上申请，请到窗口或打大厅电话。",
            "This matter is not open for applications online.",
        )


def _at(endpoint: str, name: str, bond: int | None) -> str:
    """An address of this application, with for whom it is."""
    more: dict[str, Any] = {"for": bond} if bond is not None else {}
    return url_for(endpoint, name=name, **more)


def _bond() -> int | None:
    """The bond by which they apply for somebody else; None for themselves."""
    return request.args.get("for", type=edge.whole)


def _known(package: Package, bond: int | None) -> dict[str, Any]:
    """What we know of the applicant already, laid into the form so that nothing is asked twice."""
    person: Any = residents.own(edge.work(), edge.actor())
    if bond is not None:
        person = bonds.subject(bonds.one(edge.work(), bond))
    found: dict[str, Any] = {}
    who = package.info.who
    paths = {path for path, _field in package.form(package.info.apply.form).walk()}
    about = request.args.get("about", "")[:40]
    if about and "about.number" in paths:  # came from a case's own page
        found["about"] = {"number": about}
    for path, value in ((who.name, person.name), (who.phone, person.phone), (who.id_number, person.id_number)):
        if not path or not value or path not in paths:
            continue
        place = found
        *groups, last = path.split(".")
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return found


def sent() -> dict[str, Any]:
    """The JSON a form's script sends."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise Invalid([FieldError("", "", "送来的内容看不懂，请刷新这一页再试。", "Expected JSON with answers.")])
    return body


@pages.post("/apply/<name>/check")
@guard("resident", writes=False)
def check(name: str) -> ResponseReturnValue:
    """Check the answers as the command will, and show them in words. Nothing is stored. `question`: only what is
    wrong so far is asked, while the person goes from one question to the next."""
    package = current(name)
    _open_online(package)
    form = application_form(package)
    body = sent()
    question = body.get("question") is True
    place = None if question else _place(package, body)
    answers = forms.check(form, body["answers"], env=_env())
    if question:
        return jsonify({})
    return jsonify(
        review=render_template(
            "resident/review.html",
            lines=forms.describe(form, answers, env=_env()),
            place=units.tree(edge.work()).full_name(place) if place else "",
            before=_before(name, _bond()),
            consent=package.info.apply.consent,
            promised=_promised(package),
            send=_at("resident.send", name, _bond()),
            once=secrets.token_urlsafe(12),
        )
    )


def _promised(package: Package) -> str:
    """How soon it is done, as one says it; "" where nothing is promised."""
    promised = package.info.limits.rules().promised
    if promised is None:
        return ""
    if not promised.n:
        return _("我们承诺当场办好。")
    return _("我们承诺 %(time)s内办好。", time=promised.en() if english() else promised.zh())


def _before(name: str, bond: int | None) -> list[dict[str, str]]:
    """What the person has open of this matter already: the second time says so, and may go on."""
    whom = edge.actor().id if bond is None else bonds.subject(bonds.one(edge.work(), bond)).user_id
    if whom is None:
        return []
    return [
        {"number": number, "on": say(local_date(at)), "at": url_for("resident.case", number=number)}
        for number, at in repeated.by_account(edge.work(), name, whom)
    ]


def application_form(package: Package, form: forms.Form | None = None) -> forms.Form:
    """The application form (or this one, which is it and more), with the choices that registers give today."""
    form = form or package.form(package.info.apply.form)
    return form_choices.filled(edge.work(), form, package, on=local_date(edge.now()))


def _env() -> Any:
    from engine import feel

    return feel.Env(now=edge.now(), calendar=edge.work().calendar)


@pages.post("/files")
@guard("signed-in", alone=True, takes="file")
def upload() -> ResponseReturnValue:
    """Keep one chosen file; answers {id, name, size}."""
    throttle.count("upload", f"u{edge.actor().id}")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid([FieldError("file", "", "没有选择文件。", "There is no file.")])
    examined = incoming.examine(sent.read(), sent.filename or "", label=sent.filename or _("文件"))
    with edge.hall().database.unit_of_work() as work:
        kept = files.keep(work, examined, by=edge.actor(), now=edge.now())
        said = {"id": str(kept.id), "name": kept.name, "size": kept.size}
    return jsonify(said), 201


@pages.post("/apply/<name>")
@guard("resident")
def send(name: str) -> ResponseReturnValue:
    """The application, for good. Sent twice with the same key, it is one case."""
    body = sent()
    package = current(name)
    done = cases.apply_online(
        edge.work(),
        name,
        body["answers"],
        by=edge.actor(),
        now=edge.now(),
        consent=body.get("consent") is True,
        place=_place(package, body),
        key=str(body.get("once") or "") or None,
        bond_id=_bond(),
    )
    return jsonify(location=url_for("resident.receipt", number=done.case.number)), 201
