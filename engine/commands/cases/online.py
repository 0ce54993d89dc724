"""An application as it comes in: from a resident's own phone, for themselves or for somebody who lets them (关系); by a
program; at a counter. With consent, and the place they were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import forms
from engine.commands.applying import Done
from engine.commands.cases import consent as consents
from engine.commands.cases.submit import Behalf, Person, submit
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.forms import written
from engine.matters import Package
from engine.people import Actor, login, tries, units
from engine.people.bonds import Grant
from engine.people.units import Place
from engine.reads import bonds, offering
from engine.records import library
from engine.store import Work, keys
from engine.store.models import User


def apply_online(
    work: Work,
    matter: str,
    answers: Mapping[str, Any],
    *,
    consent: bool,
    place: Place | None = None,
    key: str | None = None,
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Done:
    """提交 from a phone or by a program. A matter that asks for consent is not taken in without it, and keeps the
    sentence the person agreed to. `place`: where they live, when it had to be asked; it is asked once. `bond_id`: the
    bond by which `by` applies for somebody else. Sent twice with the same key, it is one case with one consent.
    TooMany for somebody who floods the clerks: what was refused for its answers is not counted."""
    package = library.current(work, matter)
    _not_without_a_time(work, package)
    grant = _grant(work, package, answers, bond_id, by) if bond_id is not None else None
    person, behalf, number = None, None, _told(package, answers, "id_number")
    if grant is not None:
        about = bonds.subject(bonds.one(work, grant.id))
        person = Person(about.name, about.phone, about.id_number)
        behalf = Behalf(grant.id, about.user_id)
        number = number or about.id_number
        if place is None and about.place_id is not None and not _told(package, answers, "place"):
            place = units.place(work, about.place_id)  # where they live, not where who acts for them does
    elif by.kind == "resident":
        number = number or work.session.get_one(User, by.id).id_number
    whose = consents.ask(
        work,
        package,
        consent,
        number,
        answers=answers,
        by=by,
        now=now,
        for_ref=grant.subject_ref if grant is not None else "",
    )
    for limit in ("apply", "apply-day"):
        tries.within(work, limit, by.key, now=now)
    done = submit(work, matter, answers, by=by, now=now, place=place, key=key, person=person, behalf=behalf)
    if done.case.received_at != now:
        return done  # sent before
    if grant is None and by.kind == "resident" and by.id is not None:
        family = {one.id_index for one in by.grants if one.id_index}
        if done.case.id_index is None or done.case.id_index not in family:
            login.one_and_the_same(work, by.id, done.case, now=now)
    tries.spend(work, [(limit, by.key) for limit in ("apply", "apply-day")], now=now)  # many at once: no more than may
    if place is not None and grant is None:
        work.session.get_one(User, by.id).place_id = place.id
    consents.keep(work, package, done.case, whose, by=by, now=now)
    work.session.flush()
    return done


def _not_without_a_time(work: Work, package: Package) -> None:
    """Where each booking opens a case (`each`), nobody begins one without."""
    if offering.booked_first(work, package.name):
        raise NotNow(
            f"“{package.info.name}”要先选时间：请从“我要预约”选好地点和时间，再填这张表。",
            "This begins with a time: choose place and time under bookings, and its form comes then.",
            booking=True,
        )


def receive(
    work: Work,
    matter: str,
    answers: Mapping[str, Any],
    *,
    consent: bool,
    channel: str = "counter",
    place: Place | None = None,
    key: str | None = None,
    signed_later: bool = False,
    by: Actor,
    now: datetime,
) -> Done:
    """收件 at a counter, by an agent or on the telephone: the clerk asked for the consent, and says so. `place`: the
    village the applicant lives in, where that says who handles it. `signed_later`: as `submit` has it. NotYours for
    staff whose post handles no cases: who runs the hall, or has left."""
    if by.kind == "staff" and not by.own_units:
        raise NotYours(
            "您今天不在办件的岗位上，不能替人收件。请由窗口或代办员收件。",
            "You hold no post that handles cases today: a window or an agent takes it in.",
        )
    package = library.current(work, matter)
    _not_without_a_time(work, package)
    number = _told(package, answers, "id_number")
    whose = consents.ask(work, package, consent, number, answers=answers, by=by, now=now)
    mine = _account(work, _told(package, answers, "name"), number) if package.info.readers == "restricted" else None
    done = submit(
        work,
        matter,
        answers,
        by=by,
        now=now,
        channel=channel,
        place=place,
        key=key,
        applicant_id=mine,
        signed_later=signed_later,
    )
    if done.case.received_at == now:
        consents.keep(work, package, done.case, whose, by=by, now=now)
        work.session.flush()
    return done


def _account(work: Work, name: str | None, number: str | None) -> int | None:
    """Whose account a case is that a counter takes in: the one whose identity number and name are those of the form. Of
    a restricted case nobody but its handlers tells the person anything: they read it on their own telephone."""
    if not name or not number:
        return None
    rows = work.session.execute(
        select(User.id, User.name).where(
            User.kind == "resident", User.disabled_at.is_(None), User.id_index.in_(keys.blinds("id", number))
        )
    ).all()
    found = [row.id for row in rows if written.name(row.name or "") == written.name(name)]
    return found[0] if len(found) == 1 else None


def _told(package: Package, answers: Mapping[str, Any], what: str) -> str | None:
    """What the form says of the applicant; None when it does not ask."""
    path = getattr(package.info.who, what)
    found = forms.dig(answers, path) if path else None
    return str(found).strip() or None if found not in (None, "") else None


def _grant(work: Work, package: Package, answers: Mapping[str, Any], bond_id: int, by: Actor) -> Grant:
    """The bond by which they apply: it holds, lets them apply in this matter, and the form names its person."""
    grant = next((g for g in by.grants if g.id == bond_id), None)
    if grant is None or not grant.covers("apply", package.name):
        raise NotYours(
            f"您不能替这个人办“{package.info.name}”：没有这项委托，或者已经解除、到期。请重新选给谁办。",
            f"You may not apply for this person in {package.info.name_en}: there is no such bond, or it is over.",
        )
    about = bonds.subject(bonds.one(work, bond_id))
    wrong = []
    for what, label, known in (("name", "姓名", about.name), ("id_number", "身份证号", about.id_number)):
        said = _told(package, answers, what)
        if said is not None and known and said != known:
            zh = f"您选的是替{about.name}办，这里要填{about.name}的{label}。"
            en = f"You apply for {about.name}: this must be theirs."
            wrong.append(FieldError(getattr(package.info.who, what), label, zh, en))
    if wrong:
        raise Invalid(wrong)
    return grant
