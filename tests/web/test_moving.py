"""迁移 in the browser's pages: what would become of each case, a plan and how it went, and one case by its head."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from engine.commands.equipment import Equipment
from engine.commands.worker import background
from engine.errors import Refused
from engine.people import SYSTEM
from engine.records import audit, library
from engine.store.models import Case, Document, Incident, Job, MovedCase
from tests import versions
from tests.commands import acting

#: The step 医保参保登记 is another one, under another name: a case that stands there cannot be moved by itself.
OTHER = (versions.renamed("register", "enrol"), versions.replaced(("医保参保登记", "办理登记")))


def changed(text):
    for one in OTHER:
        text = one(text)
    return text


class NoPress:
    def render(self, job):
        raise AssertionError("no paper is made here")


def work_off(hall):
    with hall.database.unit_of_work() as work:
        for job in work.session.scalars(select(Job).where(Job.kind != "move-cases", Job.state == "ready")):
            job.state = "done"
    while background.run(hall.database, Equipment(press=NoPress()), now=hall.clock()):
        pass


def case_of(hall, id):
    with hall.database.reading() as work:
        case = work.session.get(Case, id)
        return case.number, case.version_hash


@pytest.fixture
def three(hall):
    """Two cases before the step that changed and one at it; the new version."""
    cases = [acting.taken_in(hall.database, hall.cast, hall.clock) for _ in range(2)]
    cases.append(acting.accepted(hall.database, hall.cast, hall.clock))
    to = versions.publish(hall.database, "daiban", changed, by=SYSTEM, now=hall.clock())
    return cases, to


def test_a_designer_sees_of_each_case_whether_it_can_be_moved_and_nothing_of_its_person(hall, three):
    (one, _, stuck), to = three
    page = hall.client("designer").get("/desk/matters/daiban/moving").text
    assert to[:12] in page and page.count('data-case="') == 3
    row = page[page.index(f'data-case="{case_of(hall, stuck)[0]}"') :].partition("</tr>")[0]
    assert "可以迁" in row, "it is known by its place"
    assert "按位置猜的，请核对" in page
    for word in ("张三丰", "张*", "138", "350526"):
        assert word not in re.sub(r"350526-\d+|\d{6}-?\w*-\d+", "", page).replace(case_of(hall, one)[0], ""), word


def choose(hall, frm, **more):
    """What the form sends when a designer says that the step is no more."""
    page = hall.client("designer").get("/desk/matters/daiban/moving").text
    names = re.findall(r'<select class="form-select" name="([^"]+)"', page)
    sent = {"from": frm[:12], "why": "登记一步改了", **more}
    for name in names:
        field = page[page.index(f'name="{name}"') :].partition("</select>")[0]
        chosen = re.search(r'value="([^"]*)" selected', field)
        sent[name] = chosen[1] if chosen else ""
    return {**sent, "is:daiban/register": ""}


def test_two_are_moved_the_third_says_why_and_all_are_put_back(hall, three):
    cases, to = three
    frm = case_of(hall, cases[0])[1]
    client = hall.client("designer")
    looked = client.post("/desk/matters/daiban/moving/look", data=choose(hall, frm))
    assert "2 件可以迁，1 件不能" in looked.text and "新版本里没有这一步" in looked.text
    sent = client.post("/desk/matters/daiban/moving", data=choose(hall, frm, which="all"))
    assert sent.status_code == 302
    where = sent.headers["Location"]
    assert "0 / 3 件" in client.get(where).text
    work_off(hall)
    page = client.get(where).text
    assert "3 / 3 件" in page and "迁好了：2 件" in page and "没有迁：1 件" in page and "新版本里没有这一步" in page
    assert [case_of(hall, one)[1] for one in cases] == [to, to, frm]
    assert client.post(f"{where}/undo").status_code == 302
    work_off(hall)
    assert "撤销了：2 件" in client.get(where).text
    assert {case_of(hall, one)[1] for one in cases} == {frm}


def test_a_plan_without_a_reason_or_a_case_is_asked_for_it_and_two_at_once_are_refused(hall, three):
    cases, _ = three
    frm = case_of(hall, cases[0])[1]
    client = hall.client("designer")
    for given, said in (({"why": " "}, "请填写为什么迁移"), ({}, "请至少选一件")):
        answer = client.post("/desk/matters/daiban/moving", data=choose(hall, frm, **given))
        assert answer.status_code == 422 and said in answer.text
    assert client.post("/desk/matters/daiban/moving", data=choose(hall, frm, case=str(cases[0]))).status_code == 302
    answer = client.post("/desk/matters/daiban/moving", data=choose(hall, frm, case=str(cases[1])))
    assert answer.status_code == 409 and "正有一次迁移在做" in answer.text


def test_the_case_says_that_it_was_moved_by_whom_and_why(hall, three):
    (one, *_), to = three
    number, frm = case_of(hall, one)
    client = hall.client("zhao")
    assert "看能不能迁过去" in client.get(f"/desk/cases/{number}").text
    assert client.post(f"/desk/cases/{number}/version", data={"why": ""}).status_code == 422
    assert client.post(f"/desk/cases/{number}/version", data={"why": "申请人张三丰催办"}).status_code == 302
    page = client.get(f"/desk/cases/{number}").text
    assert f"从 {frm[:12]} 迁到 {to[:12]} 这一版" in page and "申请人张三丰催办" in page and "改按另一个版本办" in page
    with hall.database.reading() as work:
        assert "张三丰" not in str([event.facts for event in audit.history(work, one)])
    assert "张三丰" not in hall.client("designer").get("/desk/matters/daiban/moving").text
    assert client.post(f"/desk/cases/{number}/version/undo").status_code == 302
    assert case_of(hall, one)[1] == frm


def test_who_runs_the_hall_moves_a_case_that_stands_still_and_sees_nothing_of_what_it_says(hall, three):
    (one, *_), to = three
    number, _ = case_of(hall, one)
    client = hall.client("operator")
    page = client.get(f"/desk/cases/{number}/version").text
    assert "可以迁" in page and "张三丰" not in page and "张*" not in page
    assert client.post(f"/desk/cases/{number}/version", data={"why": "版本里的文书没有了"}).status_code == 302
    assert case_of(hall, one)[1] == to
    for name, status in (("wang", 403), ("sun", 404), ("designer", 404)):
        assert hall.client(name).get(f"/desk/cases/{number}/version").status_code == status, name


def test_a_case_whose_version_asks_for_a_paper_that_is_no_more_goes_on_when_it_was_moved(hall, monkeypatch):
    """The program has lost what the old version asks for; the published one asks for what there is."""
    case_id = acting.taken_in(hall.database, hall.cast, hall.clock)
    acting.claim(hall.database, case_id, hall.cast.wang, hall.clock())
    with hall.database.unit_of_work() as work:
        old = library.version(work, work.session.get(Case, case_id).version_hash)
    drawing = "bpmn/daiban/process.bpmn"
    wrong = old.files[drawing].replace(b'key="kind" value="acceptance"', b'key="kind" value="lost_paper"')
    monkeypatch.setitem(old.__dict__, "files", {**old.files, drawing: wrong})
    monkeypatch.setitem(old.__dict__, "definition", _loaded(old))
    with pytest.raises(Refused, match="lost_paper"):
        acting.complete(hall.database, case_id, acting.ACCEPT, hall.cast.wang, hall.clock())
    monkeypatch.undo()
    to = versions.publish(hall.database, "daiban", changed, by=SYSTEM, now=hall.clock())
    number, _ = case_of(hall, case_id)
    assert hall.client("zhao").post(f"/desk/cases/{number}/version", data={"why": "文书换了"}).status_code == 302
    assert case_of(hall, case_id)[1] == to
    acting.complete(hall.database, case_id, acting.ACCEPT, hall.cast.wang, hall.clock())
    with hall.database.reading() as work:
        kinds = set(work.session.scalars(select(Document.kind).where(Document.case_id == case_id)))
        assert "acceptance" in kinds and work.session.scalars(select(MovedCase.state)).all() == ["moved"]


def _loaded(package):
    from engine import process

    return process.load(package.diagrams, decisions=dict(package.decisions), lint=False)


def test_a_case_that_goes_by_the_version_in_use_has_nothing_to_be_moved_to(hall):
    case_id = acting.taken_in(hall.database, hall.cast, hall.clock)
    number, _ = case_of(hall, case_id)
    client = hall.client("zhao")
    assert "已经在这个版本上" in client.get(f"/desk/cases/{number}/version").text
    assert client.post(f"/desk/cases/{number}/version", data={"why": "试试"}).status_code == 409
    assert client.post(f"/desk/cases/{number}/version/undo").status_code == 409


def test_an_incident_of_a_case_on_an_older_version_leads_to_where_it_is_moved(hall, three):
    (one, other, _), _to = three
    number, _ = case_of(hall, one)
    with hall.database.unit_of_work() as work:
        work.session.add(
            Incident(case_id=one, key="i1", element="accept", code="expression", zh="算不出来", at=hall.clock())
        )
    address = f"/desk/cases/{number}/version"
    client = hall.client("operator")
    assert address in client.get("/desk/operations").text
    assert client.post(address, data={"why": "新版本改好了"}).status_code == 302
    assert address not in client.get("/desk/operations").text, "it goes by the version in use: another try is enough"
    page = hall.client("zhao").get(f"/desk/cases/{number}").text
    assert "看这次迁移，没有人办过的可以撤销" in page and case_of(hall, other)[0] != number
