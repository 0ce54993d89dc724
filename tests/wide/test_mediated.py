"""说事评理 walked: whoever mediates, whoever had to stand aside, the two sides and everybody else, at every address
that is about a case.

A dispute of 张三丰 with 许小妹 is told up to a meeting: 赖炳根 was chosen first and one side objected, 苏清福 and
涂世明 mediate now, 林和平 stands on the roll and was never chosen. What each may reach is written here by hand
(RULES M, W6, Y3), not read from the guards.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import matters
from engine.matters import stories
from engine.people import login
from engine.records import files
from engine.store import Database
from engine.store.models import Case, Document, Task
from tests.cast import ROOT
from tests.hall import Open, application
from tests.services import mediating
from tests.services.telling import Teller
from tests.wide.oracle import RULES
from tests.wide.test_walk import NOTHING, SECRETS, World, _ask, _outcome, _routes, _thrown_away, _values

FACTS = "两家因排水沟改道起争执"
#: How each stands to the dispute, and as whom of the cast.
CAST = {
    "applicant": "zhang",
    "party": "xu",
    "village": "chen",
    "other_office": "sun",
    "office_head": "zhao",
    "town_head": "qian",
    "county_head": "wu",
    "designer": "designer",
    "operator": "operator",
}
RESIDENTS = ("applicant", "party")
MEDIATES, ASIDE, NEVER = "mediates", "stood_aside", "never_chosen"
ROLES = (*CAST, MEDIATES, ASIDE, NEVER)

#: thing -> who. A dispute is restricted: its office (where all the mediators have their post) and its two sides, but
#: for whoever stood aside.
OFFICE = {MEDIATES, NEVER}
MAY = {
    "case": {"applicant", "party", *OFFICE},
    "material": {"applicant", "party", *OFFICE},
    "internal-paper": OFFICE,
    "step": OFFICE,
    "masked": OFFICE,
    "evidence": set(),  # its office has no head here
    "more-time": set(),
    "step-of-theirs": set(),
    "own-case": {"applicant"},
    "own-running-case": {"applicant"},
}


def _tell(database: Database) -> Teller:
    story = next(s for s in stories.read(matters.load(ROOT, "tiaojie")) if s.name.startswith("排好期后"))
    sides = [
        {"side": "甲方", "name": "张三丰", "phone": "13800000001"},
        {"side": "乙方", "name": "许小妹", "phone": "13800000002"},
    ]
    answers: dict[str, Any] = {**story.answers, "applicant": sides[0], "parties": sides}
    steps = [dict(step) for step in story.steps[:8]]
    for step in steps:
        said = step.get("answers") or {}
        if "parties" in said:
            step["answers"] = {**said, "parties": sides}
        if "replies" in said:
            step["answers"] = {"replies": [{"name": side["name"], "accepts": True} for side in sides]}
    return Teller(database, "tiaojie", stories.Story(story.name, story.at, answers, tuple(steps), {}))


@pytest.fixture
def dispute(sqlite: Database, clock: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    teller = _tell(sqlite)
    teller.tell()
    now = clock.now = teller.now
    with sqlite.unit_of_work() as work:
        case = work.session.get_one(Case, teller.case_id)
        users = {role: teller.who.users[short] for role, short in CAST.items()}
        users |= {MEDIATES: teller.who.mediators["苏清福"], ASIDE: teller.who.mediators["赖炳根"]}
        users |= {NEVER: mediating.hire_mediators(work, case.office_id, now, ("林和平",))["林和平"]}
    hall = Open(application(sqlite, clock, tmp_path), sqlite, teller.who, clock)
    hall.app.config["PROPAGATE_FAULTS"] = False
    made = World(hall)
    with sqlite.unit_of_work() as work:
        case = work.session.get_one(Case, teller.case_id)
        assert case.restricted and users[ASIDE] not in case.chosen["mediator"]
        waits = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).one()
        paper = work.session.scalars(select(Document).where(Document.case_id == case.id).order_by(Document.id)).first()
        assert paper is not None
        data = b"%PDF-1.7 " + FACTS.encode()
        kept = files.store(
            work, data, "p.pdf", "application/pdf", now=now, case_id=case.id, field=f"paper:{paper.kind}"
        )
        paper.file_id, paper.state, paper.sha256, paper.public = kept.id, "ready", kept.sha256, False
        given = files.store(
            work, data, "m.pdf", "application/pdf", now=now, case_id=case.id, owner_id=case.applicant_id, field="m"
        )
        for thing, value in (
            ("numbers", case.number),
            ("tasks", waits.id),
            ("versions", waits.version),
            ("papers", paper.id),
            ("files", kept.id),
            ("materials", given.id),
        ):
            getattr(made, thing)["open"] = value
    for role in ROLES:
        with sqlite.unit_of_work() as work:
            made.sessions[role] = login.open_session(work, users[role], now=now)
            made.tokens[role] = login.new_token(work, users[role], now=now)
    monkeypatch.setattr(Database, "unit_of_work", _thrown_away)
    return made


def _wrong(one: World, role: str, endpoint: str, rule: Any, method: str) -> str:
    answer = _ask(one, role, endpoint, rule, method, "open")
    got, thing = _outcome(answer), RULES[endpoint].thing
    where = f"{role} {method} {rule.rule}: {answer.status_code}"
    if got == "fault":
        return f"{where}: the hall broke"
    may, inside = (
        role in MAY[thing],
        RULES[endpoint].door in ("signed-in", "resident" if role in RESIDENTS else "staff"),
    )
    if not may and answer.status_code < 400 and got == "through":
        return f"{where}: {thing} is not theirs"
    if may and inside and got == "refused" and method == "GET":
        return f"{where}: {thing} is theirs"
    text = answer.get_data(as_text=True)
    if role not in MAY["case"] and any(secret in text for secret in (FACTS, *SECRETS[:2])):
        return f"{where}: the dispute is in the answer"
    return ""


def test_a_dispute_opens_to_its_sides_and_its_office_but_to_nobody_who_stood_aside(dispute: World):
    """Every address about a case, a step, a paper or a material of it, by page and by interface."""
    wrong, walked = [], 0
    for endpoint, rule, method in _routes(dispute):
        if RULES[endpoint].thing not in MAY or not {"number", "task_id", "document_id", "file_id"} & set(
            rule.arguments
        ):
            continue
        for role in ROLES:
            walked += 1
            wrong.append(_wrong(dispute, role, endpoint, rule, method))
    assert walked > 300
    assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))
    for role in ROLES:
        answer = dispute.client(role).get(f"/files/{dispute.materials['open']}")
        assert (answer.status_code == 200) == (role in MAY["material"]), (role, answer.status_code)


@pytest.mark.wide
def test_no_list_count_or_search_tells_whoever_stood_aside_of_the_dispute(dispute: World):
    """Every page and answer that names no case, searched by its number and by its words."""
    number = dispute.numbers["open"]
    found = []
    for endpoint, rule, method in _routes(dispute):
        if method != "GET" or {"number", "task_id", "document_id", "file_id"} & set(rule.arguments):
            continue
        for role in (ASIDE, "village", "other_office", "county_head"):
            with dispute.hall.app.test_request_context():
                bound = dispute.hall.app.url_map.bind("localhost")
                values = _values(dispute, endpoint, "open")
                named = {one: values.get(one, NOTHING) for one in rule.arguments}
                address = bound.build(endpoint, named, method=method)
            program = endpoint.startswith("api.")
            headers = {"Authorization": f"Bearer {dispute.tokens[role]}"} if program else {}
            for typed in ("", number, FACTS, "许小妹"):
                asked = {"q": typed, "text": typed, "number": typed} if typed else {}
                answer = dispute.client(role, program=program).get(address, headers=headers, query_string=asked)
                text = answer.get_data().decode("utf-8", "replace")
                typed_back = typed in (number, FACTS)
                if FACTS in text and typed != FACTS or number in text and not typed_back:
                    found.append(f"{role} {rule.rule} {typed}")
    assert not found, "\n".join(found)
