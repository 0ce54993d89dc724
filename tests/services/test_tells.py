"""What may be said to a running case, and by whom: the matter declares it, one command and one API operation carry
it out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.commands.cases import telling
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.matters import stories
from engine.matters.taking_part import Asked
from engine.people import apart, load
from engine.reads import case_page
from engine.records import library
from engine.store.models import Case, Holding, Post, Task, User
from tests.hall import open_hall
from tests.services.telling import ROOT
from tests.services.test_meetings import AT, NOW, chosen, complete, office
from tests.services.test_pages import mediator
from tests.services.test_parties import OTHER_PHONE, resident, start

__all__ = ["office"]


def refused_by(office, case_id):
    with office.database.reading() as work:
        return (work.session.get(Case, case_id).answers or {}).get("refused_by")


def agent_of_the_village(office):
    """A village agent who sees the case because they took it in, and is no mediator."""
    with office.database.unit_of_work() as work:
        case = work.session.scalars(select(Case)).one()
        case.handled_by = apart.write([case.place_id])
        post = work.session.scalars(select(Post).where(Post.code == "agent")).one()
        user = User(kind="staff", login="villager", name="村里的代办员", created_at=NOW)
        work.session.add(user)
        work.session.flush()
        work.session.add(Holding(user_id=user.id, unit_id=case.place_id, post_id=post.id))
        work.session.flush()
        return load(work, user.id, now=NOW)


def test_a_village_agent_who_is_no_mediator_ends_nothing_in_an_invented_name(office):
    case_id = chosen(office)
    agent = agent_of_the_village(office)
    for party in ("赖春生", "谁也不是"):
        with pytest.raises(NotYours) as refused, office.database.unit_of_work() as work:
            cases.tell(work, case_id, "refuse", sure=True, party=party, by=agent, now=NOW)
        assert "不能替当事人说" in refused.value.zh
    with pytest.raises(NotYours), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "refuse", sure=True, by=agent, now=NOW)
    with office.database.reading() as work:
        page = case_page.page(work, case_id, actor=agent, now=NOW)
        assert page.tells == () and "refuse" not in page.can
        assert work.session.get(Case, case_id).status == "running"
    assert refused_by(office, case_id) is None


def test_a_mediator_writes_down_only_what_a_party_of_this_case_said(office):
    case_id = chosen(office)
    for party in ("谁也不是", ""):
        with pytest.raises(Invalid) as refused, office.database.unit_of_work() as work:
            cases.tell(work, case_id, "refuse", sure=True, party=party, by=office.lai, now=NOW)
        assert set(refused.value.by_field()) == {"party"}
    with office.database.unit_of_work() as work:
        cases.tell(work, case_id, "refuse", sure=True, party="赖春生", by=office.lai, now=NOW)
    assert refused_by(office, case_id) == "赖春生"


def test_the_applicant_speaks_in_their_own_name_and_in_nobody_elses(office):
    case_id = chosen(office)
    with pytest.raises(NotYours), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "refuse", sure=True, party="赖春生", by=office.zhang, now=NOW)
    with office.database.unit_of_work() as work:
        cases.tell(work, case_id, "refuse", sure=True, by=office.zhang, now=NOW)
    assert refused_by(office, case_id) == "苏玉兰"


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"objection.whom": "路人甲", "objection.reason": "不公"}, "objection.whom"),
        ({"objection.reason": ""}, "objection.reason"),
        ({"objection.reason": "长" * 301}, "objection.reason"),
        ({"objection.reason": "不公", "objection.wish": "x"}, "objection.wish"),
    ],
)
def test_what_is_asked_is_checked_by_its_field(office, answers, field):
    case_id = chosen(office)
    with pytest.raises(Invalid) as refused, office.database.unit_of_work() as work:
        cases.tell(work, case_id, "object", answers, by=office.zhang, now=NOW)
    assert set(refused.value.by_field()) == {field}


def test_what_the_matter_does_not_know_or_the_case_does_not_wait_for_is_refused(office):
    case_id = chosen(office)
    with pytest.raises(NotFound), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "revoke", sure=True, by=office.zhang, now=NOW)
    with pytest.raises(NotNow), office.database.unit_of_work() as work:
        cases.tell(work, case_id, "move", {"session.when": AT}, by=office.lai, now=NOW)
    with office.database.reading() as work:
        offered = case_page.page(work, case_id, actor=office.lai, now=NOW).tells
        assert [t.name for t in offered] == ["object", "refuse", "police", "hand_over"]
    complete(office, case_id, "schedule", session={"when": AT, "place": "村部"})
    with office.database.reading() as work:
        offered = case_page.page(work, case_id, actor=office.lai, now=NOW).tells
        assert [t.name for t in offered] == ["object", "refuse", "move", "police", "hand_over"]
        assert [(t.own, t.parties) for t in offered[:3]] == [
            (False, ("苏玉兰", "赖春生")),
            (False, ("苏玉兰", "赖春生")),
            (True, ()),
        ]
        places = [value for value, _words in offered[2].options["session.place"]]
        assert places[0] == "说事评理室" and "村部" in places


def test_a_program_says_it_over_the_interface_and_is_held_to_the_same(sqlite, clock, tmp_path):
    hall = open_hall(sqlite, clock, tmp_path)
    mediator(hall)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with hall.database.unit_of_work() as work:
        case = cases.submit(work, "tiaojie", story.answers, by=hall.cast.zhang, now=clock()).case
        number, case_id = case.number, case.id
    for element in ("register", "choose", "consult"):
        with hall.database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == element)).one()
            answers = next(step["answers"] for step in story.steps if step.get("task") == element)
            lai = load(work, hall.cast.users["lai"], now=clock())
            cases.complete(work, task.id, answers, version=task.version, by=lai, now=clock())
    client = hall.app.test_client()
    phone = "13800000001"
    asked = client.post("/api/v1/session/code", json={"phone": phone}).get_json()
    sent = {"phone": phone, "code": asked["shown"], "ask": asked["ask"]}
    token = client.post("/api/v1/session", json=sent).get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    offered = client.get(f"/api/v1/cases/{number}/tells", headers=headers).get_json()
    assert [one["name"] for one in offered] == ["object", "refuse"]
    assert offered[0]["asks"] == ["objection.whom", "objection.reason"] and offered[0]["own"]
    wrong = client.post(f"/api/v1/cases/{number}/tells/object", json={"answers": {}}, headers=headers)
    assert wrong.status_code == 422 and wrong.get_json()["fields"][0]["field"] == "objection.reason"
    assert client.post(f"/api/v1/cases/{number}/tells/nothing", json={}, headers=headers).status_code == 404
    others = client.post(
        f"/api/v1/cases/{number}/tells/refuse", json={"party": "赖春生", "sure": True}, headers=headers
    )
    assert others.status_code == 403
    assert [one["sure"] for one in offered] == [False, True]
    unsure = client.post(f"/api/v1/cases/{number}/tells/refuse", json={}, headers=headers)
    assert unsure.status_code == 422 and [one["field"] for one in unsure.get_json()["fields"]] == ["sure"]
    assert client.post(f"/api/v1/cases/{number}/tells/refuse", json={"sure": True}, headers=headers).status_code == 204
    with hall.database.reading() as work:
        assert work.session.get(Case, case_id).answers["refused_by"] == "苏玉兰"


def test_what_cannot_be_undone_is_asked_once_more_by_the_command_and_by_the_page(office):
    case_id = chosen(office)
    for given in ({}, {"party": "赖春生"}):
        by = office.lai if given else office.zhang
        with pytest.raises(Invalid) as refused, office.database.unit_of_work() as work:
            cases.tell(work, case_id, "refuse", **given, by=by, now=NOW)
        assert set(refused.value.by_field()) == {"sure"}
    assert refused_by(office, case_id) is None
    with office.database.unit_of_work() as work:  # what can be taken back needs no second word
        cases.tell(work, case_id, "object", {"objection.reason": "不公"}, by=office.zhang, now=NOW)


# ---------------------------------------------------------------- what a role sees, and since when


def declared(**changes):
    """说事评理 in which its parties are declared otherwise."""
    files = matters.read_files(ROOT, "tiaojie")
    text = files["bpmn/tiaojie/matter.yaml"].decode()
    for before, after in changes.values():
        assert before in text
        text = text.replace(before, after, 1)
    return matters.read("tiaojie", {**files, "bpmn/tiaojie/matter.yaml": text.encode()})


SEES = "sees: [answers, papers]"


def party_page(office, package, *, until):
    """The case as the other side sees it on their own telephone."""
    other = resident(office, "赖春生", OTHER_PHONE)
    with office.database.unit_of_work() as work:
        library.publish(work, package, by=people.SYSTEM, now=NOW)
    case_id = chosen(office) if until == "chosen" else start(office)
    with office.database.reading() as work:
        return case_page.page(work, case_id, actor=load(work, other, now=NOW), now=NOW)


def phones_of(page):
    return {line.text for line in page.answers if line.path.endswith("phone")}


@pytest.mark.parametrize(
    ("sees", "answers", "papers", "phones"),
    [
        ("[answers, papers]", True, True, False),
        ("[answers, papers, phones]", True, True, True),
        ("[answers]", True, False, False),
        ("[papers]", False, True, False),
        ("[]", False, False, False),
    ],
)
def test_a_party_sees_what_their_role_sees(office, sees, answers, papers, phones):
    page = party_page(office, declared(sees=(SEES, f"sees: {sees}")), until="chosen")
    assert (bool(page.answers), bool(page.papers)) == (answers, papers)
    if answers:
        assert ("13800001234" in phones_of(page)) is phones and phones_of(page)


def test_before_its_acceptance_the_other_side_does_not_see_a_case(office):
    with pytest.raises(NotFound):
        party_page(office, matters.load(ROOT, "tiaojie"), until="submitted")


def test_unless_their_role_sees_it_since_its_submission(office):
    since = ("since: acceptance", "since: submission")
    page = party_page(office, declared(since=since), until="submitted")
    assert page.status == "running" and page.accepted_at is None and page.answers


@pytest.mark.parametrize("raw, kept", [("2999", 2999), ("0", 0), ("三千", None), ("-1", None), ("3000人", None)])
def test_a_number_that_is_asked_is_kept_as_a_number(raw, kept):
    """What the diagram compares must not be text: "999" is more than "3000" then."""
    asked = Asked.model_validate({"title": "现在里面多少人", "kind": "number", "required": True})
    if kept is None:
        with pytest.raises(ValueError):
            telling._answer(asked, raw, [])
    else:
        assert telling._answer(asked, raw, []) == kept
    assert "填数字" in telling._missing("gate.inside", asked, raw).zh
