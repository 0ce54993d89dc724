"""提交: an application becomes a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from engine import forms, matters, process
from engine.commands import candidates
from engine.commands.applying import Done, env_of, standing
from engine.commands.cases import in_time, taken_in
from engine.commands.cases.attachments import file_ids, must_be_newer
from engine.commands.cases.changing import change
from engine.commands.effects import facts, hall_papers
from engine.commands.effects.mandates import make as make_mandate
from engine.deadlines import Event as ClockEvent
from engine.errors import NotNow, NotYours
from engine.forms import written
from engine.matters import mandates
from engine.people import Actor, apart, units
from engine.people.bonds import AGENCY, UNSIGNED
from engine.people.units import Place
from engine.reads import form_choices
from engine.reads.knowing import Person as Bonded
from engine.records import audit, counters, files, library, papers
from engine.store import Work, keys
from engine.store.models import Case, Draft
from engine.workdays import local_date

#: From this age on an applicant's case is marked 老年 (老年人权益保障法 2).
OLD = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Who applies."""

    name: str
    phone: str | None
    id_number: str | None


@dataclass(frozen=True, slots=True)
class Behalf:
    """By which bond somebody applies for another, and that one's account, when they have one."""

    bond_id: int
    user_id: int | None


def person_of(case: Case) -> Person:
    """The applicant of a case, for a case that follows from it."""
    return Person(case.applicant_name, case.applicant_phone, case.applicant_id_number)


def submit(
    work: Work,
    matter: str,
    raw: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    channel: str = "",
    unit: Place | None = None,
    place: Place | None = None,
    key: str | None = None,
    applicant_id: int | None = None,
    parent: tuple[int, str | None] | None = None,
    variables: Mapping[str, Any] | None = None,
    person: Person | None = None,
    begin: tuple[str, str | None] | None = None,
    asked: bool = True,
    behalf: Behalf | None = None,
    signed_later: bool = False,
    title: str = "",
) -> Done:
    """提交: a new case of a matter, from a resident's or a counter's application.

    unit: who takes it in (the clerk's own unit without it). place: the village the case belongs to (told from the form,
    the resident or the counter without it). key: the sender's own key; sent twice, the first case is returned.
    applicant_id: the account of the applicant, when a clerk applies for them. variables: what the process knows beside
    the answers (a booking, a parent case). person: who applies, when the form does not ask it again. begin: (process,
    start event) when a message, a signal or a schedule begins it. asked: the answers are those of the application form.
    behalf: the bond by which `by` applies for somebody else. signed_later: an agent takes it in for somebody who signs
    the mandate at the visit (`sign_mandate`); till then the agent has none. title: what it is called in lists, other
    than the matter: 2026年7月的月结单.
    """
    # find and may
    package = library.current(work, matter)
    info = package.info
    if key is not None:
        key = f"{by.id or 0}:{key}"[:80]
        sent = work.session.scalar(select(Case).where(Case.request_key == key))
        if sent is not None:
            return Done(sent, (), (), (), sent.promised_due, sent.promised_due, "")
    channel = channel or ("online" if by.kind == "resident" else "counter" if by.kind == "staff" else "system")
    _open_for(package, channel, by, local_date(now))

    # check
    tree = units.tree(work)
    env = env_of(work, now, unit)
    application = mandates.application(package, channel, signed_later=signed_later)
    form = form_choices.filled(work, application, package, on=local_date(now))
    answers = forms.check(form, raw, env=env) if asked else dict(raw)
    late = in_time.check(package, answers, channel=channel, work=work, now=now, env=env) if asked else []
    who = info.who
    known = person or Person(by.name if by.kind == "resident" else "", None, None)
    name = _text(answers, who.name) or known.name
    phone = _text(answers, who.phone) or known.phone
    id_number = _text(answers, who.id_number) or known.id_number
    place = tree.today(_place(work, place, _text(answers, who.place), by, unit))
    intake = unit or (units.place(work, by.unit_id) if by.kind == "staff" and by.unit_id else None) or place
    office = candidates.office_of(work, package, place, intake)
    if channel == "counter":
        late = [*late, *taken_in.check(info, tree, intake=intake, place=place, office=office)]
    attached = file_ids(form, answers) if asked else []
    if attached:
        must_be_newer(work, form, answers, {})
    acts = _text(answers, who.agent)
    agent = Bonded(acts) if acts else None
    signed = mandates.given(info, answers)
    if channel == "agent":
        agent = Bonded(by.name, user_id=by.id)
        mandates.another_witnesses(answers, by.name)
        if not info.agent:
            raise NotNow(f"“{info.name}”须本人办理，不能代办。", "This matter cannot be handled by an agent.")
    agent = agent if signed else None
    marks = _agency(info, answers, channel, signed=agent is not None)
    if behalf is not None:
        applicant_id = behalf.user_id
    elif by.kind == "resident" and channel != "agent":
        applicant_id = applicant_id or by.id
    day = local_date(now)
    hidden = info.readers == "confidential"
    if hidden:
        # Neither a village, a counter nor an account has it: nothing of it is found by who somebody is.
        if by.kind == "staff" and office.id not in by.own_units:
            raise NotYours(
                f"“{info.name}”只由{office.name}自己的人登记。请带来人过去，或打 {info.contact.phone}。",
                f"Only the people of {office.name_en or office.name} write this down: take the person there.",
            )
        intake = place = office
        applicant_id = None
    serial = counters.take(work, f"case:{intake.id}:{day:%Y%m%d}")
    number = papers.numbers.case_number(tree.county.code[:6], day, intake.number or "0000", serial)

    # advance
    case = Case(
        number=number,
        matter=package.name,
        matter_name=title.replace(" ", "")[:120] or info.name,
        version_hash=package.version,
        version=0,
        status="running",
        stage="",
        outcome="",
        channel=channel,
        request_key=key,
        submitted_by_id=by.id if not hidden or by.kind == "staff" else None,
        answers={},
        ledger=[],
        subscriptions=[],
        applicant_id=applicant_id,
        applicant_name=name,
        applicant_phone=phone,
        applicant_id_number=id_number,
        bond_id=behalf.bond_id if behalf is not None else None,
        name_index=keys.blind("name", name) if name and not hidden else None,
        surname_index=keys.blind("surname", written.surname(name)) if name and not hidden else None,
        phone_index=keys.blind("phone", phone) if phone and not hidden else None,
        id_index=keys.blind("id", id_number) if id_number and not hidden else None,
        place_id=place.id,
        unit_id=intake.id,
        office_id=office.id,
        received_at=now,
        colour="green",
        flags=[*marks, *_flags(id_number, day), *late],
        restricted=info.readers != "normal",
        confidential=hidden,
        # At a counter they wrote it down themselves; online `intake` is no more than the village of whoever applies.
        handled_by=apart.write([intake.id]) if by.kind == "staff" and channel != "system" and not hidden else "",
        events_count=0,
        events_head="",
        parent_id=parent[0] if parent else None,
        parent_key=parent[1] if parent else None,
    )
    work.session.add(case)
    work.session.flush()
    begins = {
        **answers,
        **(variables or {}),
        "case": {
            "number": number,
            "matter": package.name,
            "channel": channel,
            "received_at": now.isoformat(),
            "received_on": day.isoformat(),
            **standing(work, case),
            "agent": agent is not None,
        },
    }
    step = process.start(package.definition, process.Start(begins, *(begin or (package.main, None))), now=now, env=env)

    # apply
    for_id = behalf.user_id if behalf is not None else None
    applying = change(work, case, by=by, now=now, live=(), package=package, for_id=for_id)
    said = {"matter": package.name, "version": package.version, "channel": channel, "number": number}
    applying.record(audit.Kind.CASE_SUBMITTED, facts=said if behalf is None else {**said, "bond": behalf.bond_id})
    if agent is not None:
        make_mandate(applying, agent, answers)
    applying.clock(ClockEvent("received", now))
    if attached:
        files.attach(work, attached, case, by=by)
    applying.step(step)
    if case.status == "finished" and UNSIGNED in marks:
        raise NotNow(
            f"“{info.name}”当场就办完，要先签委托书：请到“窗口”一个一个替他们收件，当面签。",
            "This is done at once, so the mandate is signed first: take them in one by one at the counter.",
        )
    hall_papers.took_in(applying)
    if agent is not None:
        hall_papers.mandate(applying, answers)
    if by.id is not None:
        work.session.execute(delete(Draft).where(Draft.user_id == by.id, Draft.about == f"matter:{package.name}"))
    return applying.finish()


def _open_for(package: matters.Package, channel: str, by: Actor, day: date) -> None:
    info = package.info
    if channel not in info.apply.channels and channel != "system" and not (channel == "agent" and info.agent):
        if info.internal:
            raise NotNow(
                f"“{info.name}”由大厅自己开，不用申请，也不在窗口收件。有疑问打 {info.contact.phone or '大厅电话'}。",
                "This matter is opened by the hall itself: nobody applies for it. Ring the hall with a question.",
            )
        can = "、".join(facts.CHANNELS[one] for one in info.apply.channels if one != "system")
        raise NotNow(
            f"“{info.name}”不能在{facts.CHANNELS.get(channel, channel)}办，可以在{can}办。",
            f"Expected a channel of {', '.join(info.apply.channels)}, but it is {channel}.",
        )
    if by.kind == "resident" and channel == "counter":
        raise NotYours("窗口收件须由工作人员操作。", "Only staff take in at a counter.")
    if day < info.in_force.since or (info.in_force.until and day > info.in_force.until):
        raise NotNow(f"“{info.name}”目前不在办理期内。", "This matter is not in force on this day.")


def _place(work: Work, given: Place | None, code: str | None, by: Actor, unit: Place | None) -> Place:
    if given is not None:
        return given
    if code:
        return units.by_code(work, code)
    if by.kind == "resident" and by.place_id is not None:
        return units.place(work, by.place_id)
    if unit is not None:
        return unit
    if by.unit_id is not None:
        return units.place(work, by.unit_id)
    return units.tree(work).county


def _agency(info: matters.Matter, answers: Mapping[str, Any], channel: str, *, signed: bool) -> list[str]:
    """How a case is marked that an agent acts in, or took in for somebody who signs at the visit. What the village
    found of its own has no agent. Where the diagram has the mandate signed, its own step says that it is missing."""
    if signed:
        return [AGENCY]
    if channel != "agent" or mandates.found_by_village(info, answers):
        return []
    return [AGENCY, UNSIGNED] if mandates.asked_by_hall(info) else [AGENCY]


def _flags(id_number: str | None, day: date) -> list[str]:
    flags: list[str] = []
    if id_number and len(id_number) == 18 and day.year - int(id_number[6:10]) >= OLD:
        born = (int(id_number[10:12]), int(id_number[12:14]))
        if day.year - int(id_number[6:10]) > OLD or (day.month, day.day) >= born:
            flags.append("老年")
    return flags


def _text(data: Mapping[str, Any], path: str) -> str | None:
    found = forms.dig(data, path)
    return str(found).strip() or None if found not in (None, "") else None
