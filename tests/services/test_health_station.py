"""健康服务站: a health value is learnt by nobody who may not read it, every reading is kept and shown to the person,
their own curve is theirs alone, and what was kept by consent goes with it."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.routing import BuildError

from engine import matters, people
from engine.commands import cases, registers
from engine.commands.hall import erasing
from engine.people import load, units
from engine.records import library
from engine.store import Work
from engine.store.models import Case, Consent, Document, Holding, Post, RegisterEntry, Reveal, Task, User
from tests.cast import ROOT
from tests.hall import Open, open_hall

#: Numbers that stand nowhere else on any page.
VALUES = re.compile(r"(?<![\dA-Za-z.#-])(?:173|15\.7|97)(?![\dA-Za-z.%])")
ZHANG = {"name": "张三丰", "phone": "13800000001", "id_number": "350526195003071239"}
WHO = {"applicant": ZHANG, "seen": {"now": "fine"}}
PERSON = {"age": 76, "pregnant": "no", "known": "no"}
VITAL = {"device": "BP-1", "systolic": 173, "diastolic": 97, "meter": "GL-1", "glucose": 15.7, "when": "random"}
MEASURED = {"vital": VITAL | {"licence": "2026350501", "sign": "no", "by": "易护珍"}}


@pytest.fixture
def station(sqlite, clock, tmp_path):
    """The station with its nurse and head, the hospital with its doctor, and 张三丰 measured once."""
    hall = open_hall(sqlite, clock, tmp_path)
    hall.app.config["PROPAGATE_FAULTS"] = False
    with sqlite.unit_of_work() as work:
        _staffed(work, hall)
        library.publish(work, matters.load(ROOT, "jiankang"), by=people.SYSTEM, now=clock())
    with sqlite.unit_of_work() as work:
        nurse = load(work, hall.cast.users["nurse"], now=clock())
        for number, kind in (("BP-1", "pressure"), ("GL-1", "sugar")):
            facts = {"number": number, "kind": kind, "checked_on": "2026-06-01"}
            registers.add(work, "jiankang.health_device", facts, by=nurse, now=clock())
    return SimpleNamespace(hall=hall, number=_measured(hall))


def _staffed(work: Work, hall: Open) -> None:
    found = {}
    for code, name in (("JK", "健康服务站"), ("WS", "县总医院")):
        found[code] = units.add(
            work,
            code=f"350526-{code}",
            name=name,
            kind="office",
            parent=hall.cast.county,
            number=f"13{len(found):02}",
            word=f"德{code}",
        )
    posts = {code: id for code, id in work.session.execute(select(Post.code, Post.id))}
    for code, name in (("nurse", "护士"), ("doctor", "巡诊医生")):
        row = Post(code=code, name=name, name_en=code, role="clerk")
        work.session.add(row)
        work.session.flush()
        posts[code] = row.id
    for login, name, unit, held in (
        ("nurse", "易护珍", "JK", ("nurse", "window")),
        ("chief", "林健康", "JK", ("head",)),
        ("doctor", "易杏华", "WS", ("doctor",)),
    ):
        user = User(kind="staff", login=login, name=name, created_at=hall.clock())
        work.session.add(user)
        work.session.flush()
        hall.cast.users[login] = user.id
        work.session.add_all(Holding(user_id=user.id, unit_id=found[unit].id, post_id=posts[one]) for one in held)
    units.forget(work)
    people.holders.forget(work)


def _measured(hall: Open) -> str:
    with hall.database.unit_of_work() as work:
        nurse = load(work, hall.cast.users["nurse"], now=hall.clock())
        done = cases.receive(work, "jiankang", {**WHO, "person": PERSON}, consent=True, by=nurse, now=hall.clock())
        number = done.case.number
    _do(hall, number, MEASURED)
    return number


def _do(hall: Open, number: str, answers: dict[str, Any]) -> None:
    """The nurse does the step that is open."""
    with hall.database.unit_of_work() as work:
        nurse = load(work, hall.cast.users["nurse"], now=hall.clock())
        task = work.session.scalars(
            select(Task).join(Case, Case.id == Task.case_id).where(Case.number == number, Task.state != "ended")
        ).one()
        cases.complete(work, task.id, answers, version=task.version, by=nurse, now=hall.clock())


# ---------------------------------------------------------------- who reads, and that it is kept


def test_an_opening_is_kept_once_a_day_with_what_for_and_shown_to_the_person(station):
    hall, number = station.hall, station.number
    nurse, zhang = hall.client("nurse"), hall.client("zhang")
    for _n in range(2):
        assert nurse.get(f"/desk/cases/{number}").status_code == 200
    assert zhang.get(f"/mine/{number}").status_code == 200  # their own: nobody looked
    with hall.database.reading() as work:
        rows = [tuple(row) for row in work.session.execute(select(Reveal.by_id, Reveal.field, Reveal.purpose))]
    assert rows == [(hall.cast.users["nurse"], "opened:case", "办理：当面告诉")]
    for page in (f"/mine/{number}", "/mine/data"):
        assert "办理：当面告诉" in zhang.get(page).text and "办件的内容" in zhang.get(page).text, page
    program = hall.program("nurse")
    assert program("GET", f"/cases/{number}").status_code == 200
    with hall.database.reading() as work:
        assert len(work.session.scalars(select(Reveal.id)).all()) == 1


@pytest.mark.wide
def test_the_receiving_doctor_reads_it_after_the_person_agreed_to_be_sent_and_not_before(station):
    hall, number = station.hall, station.number
    doctor = hall.client("doctor")
    assert doctor.get(f"/desk/cases/{number}").status_code == 404
    _do(hall, number, {"told": {"said": True, "send": "yes", "where": "县总医院", "escort": "no"}})
    assert doctor.get(f"/desk/cases/{number}").status_code == 200


@pytest.mark.wide
def test_what_was_high_before_is_read_for_a_purpose_that_the_person_sees(station):
    hall = station.hall
    again = {"vital": {"device": "BP-1", "systolic": 173, "diastolic": 97, "sign": "no", "by": "易护珍"}}
    with hall.database.unit_of_work() as work:
        nurse = load(work, hall.cast.users["nurse"], now=hall.clock())
        done = cases.receive(work, "jiankang", {**WHO, "person": PERSON}, consent=True, by=nurse, now=hall.clock())
    _do(hall, done.case.number, again)
    with hall.database.reading() as work:
        row = work.session.scalars(select(Reveal)).one()
    assert (row.field, row.purpose) == ("opened:测量记录", "办理：判断要不要转诊")
    assert "判断要不要转诊" in hall.client("zhang").get("/mine/data").text


# ---------------------------------------------------------------- the curve


def test_the_curve_and_its_table_are_the_persons_alone(station):
    hall = station.hall
    hall.clock.on(days=8)
    _measured(hall)
    page = hall.client("zhang").get("/mine/curves").text
    assert page.count("data-curve") == 1 and page.count("<svg") >= 3
    assert page.count("<td>173</td>") == 2 and page.count("<td>15.7</td>") == 2
    other = hall.client("xu").get("/mine/curves").text
    assert "data-curve" not in other and not VALUES.search(other)


# ---------------------------------------------------------------- consent taken back


def test_with_the_consent_the_numbers_go_and_that_it_was_done_stays(station):
    hall, number = station.hall, station.number
    zhang = hall.client("zhang")
    with hall.database.reading() as work:
        consent = work.session.scalars(select(Consent.id)).one()
    before = zhang.get(f"/mine/data/consents/{consent}").text
    assert "今天夜里" in before and "来量过这件事留下来" in before
    assert zhang.post(f"/mine/data/consents/{consent}").status_code == 302
    with hall.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        assert case.finished_at is not None and case.erased_at is None  # the diagram ended by itself
    with hall.database.unit_of_work() as work:
        erasing.date_ended(work)
    assert erasing.erase_some(hall.database, now=hall.clock()) == 1
    with hall.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        assert case.erased_at is not None and case.number == number and not case.answers
        entry = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register.contains("reading"))).one()
        assert set(entry.facts) == {"on", "device"}
        papers = work.session.scalars(select(Document)).all()
        assert papers and not any(VALUES.search(str(paper.facts)) for paper in papers)
    assert "data-curve" not in zhang.get("/mine/curves").text
    assert "本人撤回了同意" in hall.client("nurse").get(f"/desk/cases/{number}").text


# ---------------------------------------------------------------- nobody else learns of it

#: Whoever has nothing to do with it: the village's agent, the town's counter and head, an office's reviewer, the
#: county's head, the operator, the designer, another resident, a stranger.
OTHERS = ("chen", "zhou", "qian", "wang", "wu", "operator", "designer", "xu", "")
#: A sample of lists, counts, searches, numbers, notices and exports; all routes are asked in `make wide`.
SAMPLE = (
    "/desk/inbox",
    "/desk/cases",
    "/desk/cases/{number}",
    "/desk/cases/{number}/glance",
    "/desk/search?q={number}",
    "/desk/find?q=张三丰",
    "/desk/registers/jiankang.health_reading",
    "/desk/register-entries/{entry}",
    "/desk/overview",
    "/desk/notices",
    "/mine/{number}",
    "/papers/{paper}",
    "/track?number={number}&phone=13800000001",
    "/api/v1/cases/{number}",
    "/api/v1/tasks/{task}",
)


def _things(station: SimpleNamespace) -> dict[str, Any]:
    with station.hall.database.reading() as work:
        case = work.session.scalars(select(Case).where(Case.number == station.number)).one()
        task = work.session.scalars(select(Task.id).where(Task.case_id == case.id, Task.state != "ended")).one()
        paper = work.session.scalars(select(Document.id).where(Document.case_id == case.id)).first()
        entry = work.session.scalars(select(RegisterEntry.id).where(RegisterEntry.case_id == case.id)).first()
    return {"number": station.number, "task": task, "paper": paper, "entry": entry}


def _said(answer: Any) -> str:
    if answer.data[:2] == b"PK" and "sheet" in (answer.content_type or ""):
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        return " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    return answer.data.decode("utf-8", "replace")


def _learnt(station: SimpleNamespace, short: str, address: str) -> str:
    """What somebody else learns at this address: a value, or that there is such a case; "" is nothing."""
    client = station.hall.client(short or None)
    text = _said(client.get(address))
    asked = station.number in address  # who asks by the number knows it
    if VALUES.search(text):
        return f"{short or 'stranger'} {address}: {VALUES.search(text)}"
    return f"{short or 'stranger'} {address}: the number" if station.number in text and not asked else ""


def test_a_health_value_is_learnt_by_nobody_who_may_not(station):
    things = _things(station)
    own = _said(station.hall.client("zhang").get("/mine/curves"))
    assert VALUES.search(own)  # there is something to learn
    learnt = [_learnt(station, short, one.format(**things)) for short in OTHERS for one in SAMPLE]
    taken = station.hall.client("wu").post(
        "/desk/registers/jiankang.health_reading/take-out", data={"purpose": "verify", "words": "核对测量记录"}
    )
    assert [one for one in learnt if one] == [] and not VALUES.search(_said(taken))


@pytest.mark.wide
def test_a_health_value_is_learnt_at_no_address_whatever(station):
    things = _things(station)
    known = {"number": station.number, "task_id": things["task"], "document_id": things["paper"]}
    known |= {"entry_id": things["entry"], "key": "jiankang.health_reading", "name": "jiankang", "matter": "jiankang"}
    learnt, asked = [], 0
    adapter, addresses = station.hall.app.url_map.bind("localhost"), list[str]()
    for rule in station.hall.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            try:
                addresses.append(adapter.build(rule.endpoint, {one: known.get(one, 1) for one in rule.arguments}))
            except (BuildError, ValueError):  # a part that takes words of its own
                continue
    for short in ("wu", "xu"):  # the head of the county, and another resident
        for address in addresses:
            learnt.append(_learnt(station, short, address))
            asked += 1
    assert [one for one in learnt if one] == [] and asked > 200
