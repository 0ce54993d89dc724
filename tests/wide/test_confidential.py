"""保密: a test tries to learn of a confidential case by every list, count, search, number, notice and export, as every
role, and learns nothing.

The world is the one of the walk (test_walk). Every address of the hall, pages and interface, is asked by every role
before a woman came to the station (bpmn/fuer) and after, with her number or her name in whatever it searches by: the
two answers are the same to the letter. And what is hers (number, steps, papers, files) is asked for by its own address
beside what was never there: those answers are the same too.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.errors import NotFound, NotYours
from engine.people import holders, load, units
from engine.reads import attachments, case_page, inbox, monitoring, own_data
from engine.records import files, library, papers
from engine.store import Database
from engine.store.models import Case, Document, Holding, Post, RegisterEntry, Task, User
from engine.workdays import local_date
from tests.cast import ROOT
from tests.wide import test_walk as walk
from tests.wide.test_walk import World

#: The world's transactions are thrown away; these are kept.
_keeping = Database.unit_of_work

HER_NAME = "阿芳"
ANSWERS = {
    "help": {
        "danger": "no",
        "age": 13,
        "mind": "capable",
        "seen": ["minor"],
        "suspect": "guardian",
        "coerced": "no",
        "wants": "unsure",
    },
    "applicant": {"name": HER_NAME},
    "safe": {"words": "找她的班主任"},
}
REPORT = {
    "made": True,
    "post": "浔中派出所",
    "at": "2026-09-18T09:06",
    "found": "班主任带来",
    "sort": "二、不满十四周岁受性侵害、怀孕、流产",
    "initials": "林某一号",
    "seen": "班主任说她停经三个月",
    "guardian": "suspect",
}
#: Who tries. Whoever else the walk knows stands to the case as one of these does.
ROLES = (
    "stranger",
    "applicant",
    "guardian",
    "intake",
    "stand_in",
    "reviewer",
    "office_head",
    "town_head",
    "county_head",
    "designer",
    "operator",
    "security",
    "auditor",
)
#: What says nothing of cases; the measures count the requests themselves (their numbers are compared in _learned), and
#: the auditor's proof counts every record there is, what they may not read too: its numbers rise with whatever anybody
#: does, and it names nothing of hers unless somebody tampered with it.
LEFT_OUT = ("assets.static", "entry.leave", "monitoring.metrics", "auditing.verify")
#: Random in every answer: marks of a session, keys sent once; the id of what this very request made, which is the next
#: of all cases.
_NOISE = re.compile(r'[A-Za-z0-9_.\-]{16,}|(?<="id":)\d+')
#: When a workbook was written, which it says itself.
_WRITTEN = re.compile(r"<dcterms:\w+[^>]*>[^<]*")


@dataclass
class Station:
    """The station before anybody came."""

    world: World
    listener: int
    number: str  # of whoever comes first


@pytest.fixture
def station(world: World) -> Station:
    made = world
    hall, now = made.hall, made.hall.clock()
    with _keeping(hall.database) as work:
        unit = units.add(
            work,
            code="350526-FE",
            name="县妇女儿童服务站",
            kind="office",
            parent=hall.cast.county,
            number="1116",
            word="德妇儿",
        )
        work.session.add(Post(code="listener", name="接访员", name_en="Listener", role="clerk"))
        work.session.flush()
        listener = walk._staff(work, "listener", unit.id, "listener", now)
        head = work.session.scalar(select(Post.id).where(Post.code == "head"))
        work.session.add(
            Holding(user_id=walk._staff(work, "station", unit.id, "listener", now), unit_id=unit.id, post_id=head)
        )
        units.forget(work)
        holders.forget(work)
        library.publish(work, matters.load(ROOT, "fuer"), by=people.SYSTEM, now=now)
    return Station(made, listener, papers.numbers.case_number("350526", local_date(now), "1116", 1))


def _she_comes(one: Station) -> None:
    """Her case: reported, a paper issued, a step waiting, somebody asked about her, a line in the register."""
    made, now = one.world, one.world.hall.clock()
    with _keeping(made.hall.database) as work:
        by = load(work, one.listener, now=now)
        case = cases.submit(work, "fuer", ANSWERS, by=by, now=now, channel="counter").case
        assert case.number == one.number and case.confidential and case.restricted
        task = work.session.scalars(select(Task).where(Task.case_id == case.id)).one()
        cases.complete(work, task.id, {"report": REPORT}, version=task.version, by=by, now=now)
        cases.tell(work, case.id, "asked", {"asked.who": "自称她父亲", "asked.how": "到窗口问"}, by=by, now=now)
        assert work.session.scalar(select(RegisterEntry.id).where(RegisterEntry.case_id == case.id))
        paper = work.session.scalars(select(Document).where(Document.case_id == case.id)).first()
        assert paper is not None
        kept = files.store(
            work, b"%PDF-1.7", "p.pdf", "application/pdf", now=now, case_id=case.id, field=f"paper:{paper.kind}"
        )
        paper.file_id, paper.state, paper.sha256 = kept.id, "ready", kept.sha256
        waits = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).one()
        for thing, hers, nothing in (
            ("numbers", case.number, papers.numbers.case_number("350526", local_date(now), "1116", 77)),
            ("tasks", waits.id, walk.NOTHING),
            ("papers", paper.id, walk.NOTHING),
            ("files", kept.id, walk.NOTHING),
            ("materials", kept.id, walk.NOTHING),
            ("versions", waits.version, waits.version),
        ):
            getattr(made, thing).update({"hers": hers, "nothing": nothing})


def _picked(*of: str, sample: int) -> bool:
    return hashlib.sha256(" ".join(of).encode()).digest()[0] % sample == 0


def _words(answer: Any) -> str:
    """What an answer says; of a workbook or another archive, what is in it."""
    said = answer.get_data()
    if said[:4] != b"PK\x03\x04":
        return said.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(said)) as archive:
        parts = {name: archive.read(name).decode("utf-8", "replace") for name in sorted(archive.namelist())}
    return "\n".join(f"{name} {_WRITTEN.sub('', text)}" for name, text in parts.items())


def _asked(one: Station, role: str, endpoint: str, rule: Any, method: str, state: str) -> str:
    """What this role is told at this address, without what is random."""
    made = one.world
    typed = one.number if _picked(endpoint, role, sample=2) else HER_NAME
    with made.hall.app.test_request_context():
        values = walk._values(made, endpoint, state)
        address = made.hall.app.url_map.bind("localhost").build(
            endpoint, {name: values.get(name, walk.NOTHING) for name in rule.arguments}, method=method
        )
    more: dict[str, Any] = {"query_string": {"q": typed, "text": typed, "number": typed, "words": typed}}
    if method != "GET":
        more = walk._body(made, endpoint, state)
        if endpoint in ("residents.find", "tracking.look_up"):
            more = {"data": {"q": typed, "number": one.number, "phone": "13800000001"}}
    headers = {}
    if endpoint.startswith("api.") and role != "stranger":
        headers["Authorization"] = f"Bearer {made.tokens[role]}"
    with pytest.MonkeyPatch.context() as patch:
        # codes and pictures of codes that are made for this answer are the same whenever it is asked
        patch.setattr(random, "_urandom", random.Random(f"{endpoint} {role} {method}").randbytes)
        answer = made.client(role, program=endpoint.startswith("api.")).open(
            address, method=method, headers=headers, **more
        )
    where = answer.location or ""
    text = f"{answer.status_code} {where} {_words(answer)}"
    text = text.replace(address, "A")
    for number in (one.number, made.numbers.get("nothing")):
        text = text.replace(number or one.number, "N")
    return _NOISE.sub("~", text)


def _addresses(made: World) -> Iterator[tuple[str, Any, str]]:
    for endpoint, rule, method in walk._routes(made):
        if endpoint not in LEFT_OUT:
            yield endpoint, rule, method


def _learned(one: Station, *, sample: int) -> list[str]:
    """The addresses that tell somebody that she came."""
    every = [
        (role, *at) for at in _addresses(one.world) for role in ROLES if _picked(at[0], at[2], role, sample=sample)
    ]
    assert len(every) > 100
    hall = one.world.hall
    before = {n: _asked(one, *at, "open") for n, at in enumerate(every)}
    with hall.database.reading() as work:
        measured = monitoring.standing(work, now=hall.clock())
    _she_comes(one)
    found = []
    with hall.database.reading() as work:
        assert monitoring.standing(work, now=hall.clock()) == measured
    for n, (role, endpoint, rule, method) in enumerate(every):
        where = f"{role} {method} {rule.rule}"
        after = _asked(one, role, endpoint, rule, method, "open")
        if after != before[n]:
            again = _asked(one, role, endpoint, rule, method, "open")
            if _differs(before[n], after) - _differs(after, again):
                found.append(f"{where}: {sorted(_differs(before[n], after))[:3]}")
        if HER_NAME in after and HER_NAME not in before[n]:
            found.append(f"{where}: her name")
        if {"number", "task_id", "document_id", "file_id"} & set(rule.arguments):
            hers, nothing = (_asked(one, role, endpoint, rule, method, state) for state in ("hers", "nothing"))
            refused = (
                hers.startswith(("401", "403", "404")) and "妇女儿童" not in hers and "number" not in rule.arguments
            )
            if hers != nothing and not refused:  # an id alone is one among the ids of all cases
                found.append(f"{where}: hers is told from nothing: {sorted(_differs(hers, nothing))[:3]}")
    return found


def _differs(one: str, other: str) -> set[str]:
    """The lines that are in one of the two only, shortened."""
    return {line.strip()[:160] for line in set(one.splitlines()) ^ set(other.splitlines())}


def test_a_sample_of_the_addresses_tells_nothing_of_a_confidential_case(station: Station):
    found = _learned(station, sample=23)
    assert not found, "\n".join(found)


@pytest.mark.wide
def test_no_address_tells_anybody_of_a_confidential_case(station: Station):
    found = _learned(station, sample=1)
    assert not found, "\n".join(found)


def test_who_is_told_that_she_waits_is_of_the_station(station: Station):
    """Not when her step is late either: no head above, no stand-in, and nothing to her telephone."""
    from engine.commands.worker import alarms
    from engine.store.models import Notice

    _she_comes(station)
    hall = station.world.hall
    with _keeping(hall.database) as work:
        case = work.session.scalars(select(Case).where(Case.number == station.number)).one()
        assert (case.applicant_id, case.name_index, case.phone_index, case.id_index) == (None, None, None, None)
        late = hall.clock() + walk.timedelta(days=40)
        alarms.wake(work, case.id, now=late)
        work.session.flush()
        theirs = set(work.session.scalars(select(Holding.user_id).where(Holding.unit_id == case.office_id)))
        told = work.session.execute(select(Notice.user_id, Notice.channel).where(Notice.case_id == case.id)).all()
        assert told and {user for user, _channel in told} <= theirs
        assert {channel for _user, channel in told} == {"screen"}


def test_who_asks_by_her_number_is_told_nothing_and_the_station_reads_that_it_was_tried(station: Station):
    from engine.records import audit
    from engine.store.models import Event

    _she_comes(station)
    hall = station.world.hall
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "unit_of_work", _keeping)
        hers = hall.app.test_client().post("/track", data={"number": station.number, "phone": "13800000001"})
    unknown = papers.numbers.case_number("350526", local_date(hall.clock()), "1116", 78)
    nothing = hall.app.test_client().post("/track", data={"number": unknown, "phone": "13800000001"})
    assert hers.status_code == nothing.status_code == 404
    assert _NOISE.sub("", hers.text.replace(station.number, "")) == _NOISE.sub("", nothing.text.replace(unknown, ""))
    with hall.database.reading() as work:
        kinds = work.session.scalars(
            select(Event.kind).join(Case, Case.id == Event.case_id).where(Case.number == station.number)
        )
        assert audit.Kind.CASE_ASKED_ABOUT.value in set(kinds)


def test_her_step_is_given_to_nobody_outside_the_station_by_whoever_has_it(station: Station):
    _she_comes(station)
    hall = station.world.hall
    with _keeping(hall.database) as work:
        case = work.session.scalars(select(Case).where(Case.number == station.number)).one()
        task = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).one()
        by = load(work, station.listener, now=hall.clock())
        cases.claim(work, task.id, version=task.version, by=by, now=hall.clock())
        task.properties = {**task.properties, "operations": "transfer, delegate"}  # as another matter may
        work.session.flush()
        for verb in (cases.transfer, cases.delegate):
            for role in ("reviewer", "office_head", "county_head"):
                with pytest.raises(NotYours, match="confidential"):
                    who = station.world.people[role]
                    verb(work, task.id, who, "她熟悉", version=None, by=by, now=hall.clock())
        colleague = work.session.scalars(select(User.id).where(User.login == "walk-station")).one()
        cases.transfer(work, task.id, colleague, "我明天不在", version=None, by=by, now=hall.clock())
        assert task.assignee_id == colleague


def test_who_listened_to_her_and_left_the_station_opens_and_lists_her_case_no_more(station: Station):
    _she_comes(station)
    hall, now = station.world.hall, station.world.hall.clock()

    def finds() -> tuple[bool, bool]:
        with hall.database.reading() as work:
            by = load(work, station.listener, now=now)
            rows = inbox.tasks_for(work, by, now=now, box="done").rows
            try:
                opened = case_page.by_number(work, station.number, actor=by, now=now).number == station.number
            except NotFound:
                opened = False
            return opened, station.number in {row.number for row in rows}

    assert finds() == (True, True)
    with _keeping(hall.database) as work:
        held = work.session.scalars(select(Holding).where(Holding.user_id == station.listener)).one()
        held.unit_id = hall.cast.mz.id
        holders.forget(work)
    assert finds() == (False, False)


def test_what_an_account_sent_to_a_confidential_case_is_that_account_s_no_more(station: Station):
    _she_comes(station)
    hall, now = station.world.hall, station.world.hall.clock()
    with _keeping(hall.database) as work:
        zhang = load(work, hall.cast.users["zhang"], now=now)
        case = work.session.scalars(select(Case).where(Case.number == station.number)).one()
        sent = files.store(work, b"seen", "a.png", "image/png", now=now, owner_id=zhang.id)
        assert attachments.attachment(work, sent.id, actor=zhang).data == b"seen"
        assert sent.id in {one.row.id for one in own_data.files_of(work, zhang)}
        files.attach(work, [sent.id], case, by=zhang)
        work.session.flush()
        assert sent.id not in {one.row.id for one in own_data.files_of(work, zhang)}
        with pytest.raises(NotFound):
            attachments.attachment(work, sent.id, actor=zhang)
        by = load(work, station.listener, now=now)
        assert attachments.attachment(work, sent.id, actor=by).data == b"seen"
