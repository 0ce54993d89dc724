"""当面办理: a party without a telephone does their step before a clerk who holds the post that the matter names."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from engine import forms, matters
from engine.commands import cases
from engine.errors import Invalid, NotYours
from engine.matters import in_person, stories
from engine.people import load
from engine.reads import case_page
from engine.records import audit, files, papers
from engine.records.papers.pages import text_of
from engine.store.models import Case, Document, File, Holding, Post, Task, User
from tests import made
from tests.check.test_gate import look
from tests.hall import open_hall
from tests.services.telling import ROOT
from tests.services.test_pages import mediator
from tests.services.test_parties import INK, NOW, OTHER_PHONE, actor, office, resident, until_signing

__all__ = ["office"]

WITNESS = "王淑贞"
SIGNED = {"signs": True, "signature": INK}
PHOTO = made.picture()


def sign(office: Any, case_id: int, party: str, answers: dict[str, Any], *, by: Any) -> Any:
    with office.database.unit_of_work() as work:
        task = next(t for t in _signing(work, case_id) if t.variables["party"]["name"] == party)
        return cases.complete(work, task.id, answers, version=task.version, by=by, now=NOW)


def _signing(work: Any, case_id: int) -> list[Task]:
    return list(
        work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "sign", Task.state != "ended"))
    )


def refused(office: Any, case_id: int, given: dict[str, Any] | None, party: str = "苏玉兰") -> set[str]:
    answers = {**SIGNED, **({in_person.KEY: given} if given is not None else {})}
    with pytest.raises(Invalid) as refusal:
        sign(office, case_id, party, answers, by=office.lai)
    return set(refusal.value.by_field())


def photo(office: Any, data: bytes = PHOTO) -> str:
    with office.database.unit_of_work() as work:
        return str(files.upload(work, data, "指印.png", by=office.lai, now=NOW).id)


def clerk(office: Any, post: str) -> Any:
    """Somebody of the bureau who gets the step and holds another post."""
    with office.database.unit_of_work() as work:
        row = work.session.scalars(select(Post).where(Post.code == post)).one()
        unit = work.session.scalars(select(Holding).where(Holding.user_id == office.lai.id)).one().unit_id
        user = User(kind="staff", login="other-post", name="许窗口", created_at=NOW)
        work.session.add(user)
        work.session.flush()
        work.session.add(Holding(user_id=user.id, unit_id=unit, post_id=row.id))
        work.session.flush()
        return load(work, user.id, now=NOW)


def test_the_mediator_must_say_how_it_was_done_and_who_saw_it(office):
    case_id = until_signing(office)
    key = in_person.KEY
    assert refused(office, case_id, None) == {f"{key}.how", f"{key}.witness"}
    assert refused(office, case_id, {"how": "signature"}) == {f"{key}.witness"}
    assert refused(office, case_id, {"how": "by phone", "witness": WITNESS}) == {f"{key}.how"}
    assert refused(office, case_id, {"how": "fingerprint", "witness": WITNESS}) == {f"{key}.print"}
    for nobody in ("苏玉兰", "赖炳根"):  # the party, the mediator: neither is a witness
        assert refused(office, case_id, {"how": "signature", "witness": nobody}) == {f"{key}.witness"}
    text = photo(office, made.pdf())
    assert refused(office, case_id, {"how": "fingerprint", "witness": WITNESS, "print": [text]}) == {f"{key}.print"}
    with office.database.reading() as work:
        assert len(_signing(work, case_id)) == 2  # none of them signed anything


def test_a_fingerprint_stands_where_the_signature_would_bound_to_the_same_words_and_is_printed(office):
    case_id = until_signing(office)
    number = photo(office)
    given = {"how": "fingerprint", "witness": WITNESS, "print": [number]}
    sign(office, case_id, "苏玉兰", {"signs": True, in_person.KEY: given}, by=office.lai)
    sign(office, case_id, "赖春生", {**SIGNED, in_person.KEY: {"how": "signature", "witness": "陈水金"}}, by=office.lai)
    with office.database.unit_of_work() as work:
        seal = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "seal")).one()
        said = {"seal": {"name": "赖炳根", "signature": INK}, "stamped": True}
        cases.complete(work, seal.id, said, version=seal.version, by=office.lai, now=NOW)
    with office.database.reading() as work:
        case = work.session.get(Case, case_id)
        assert in_person.KEY not in case.answers
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        by_name = {one["name"]: one["signature"] for one in paper.facts["parties"]}
        first, second = by_name["苏玉兰"], by_name["赖春生"]
        assert first["print"] == number and first["in_person"] == {"how": "fingerprint", "witness": WITNESS}
        assert second["in_person"] == {"how": "signature", "witness": "陈水金"} and "print" not in second
        assert all(forms.signing.fits(one, case.answers) for one in (first, second))
        changed = {**case.answers, "agreement": {**case.answers["agreement"], "way": "改了"}}
        assert not forms.signing.fits(first, changed)
        assert work.session.get(File, int(number)).case_id == case_id
        kind = next(one for one in papers.catalogue() if one.key == paper.kind)
        html = papers.compose(kind, paper.facts).html
        told = "".join(text_of(html).split())
        assert f"当面按指印，见证人：{WITNESS}" in told and "当面签名，见证人：陈水金" in told


def test_the_history_tells_it_to_the_hall_and_masked_to_the_applicant_and_the_record_holds_no_name(office):
    case_id = until_signing(office)
    sign(office, case_id, "苏玉兰", {**SIGNED, in_person.KEY: {"how": "signature", "witness": WITNESS}}, by=office.lai)
    with office.database.reading() as work:
        page = case_page.page(work, case_id, actor=office.lai, now=NOW)
        done = next(s for s in page.tasks if s.in_person is not None)
        assert (done.for_whom, done.in_person.how, done.in_person.witness) == ("苏玉兰", "signature", WITNESS)
        line = next(one for one in page.record if one.in_person is not None)
        assert (line.for_whom, line.in_person.witness) == ("苏玉兰", WITNESS)
        theirs = case_page.page(work, case_id, actor=office.zhang, now=NOW)
        line = next(one for one in theirs.record if one.in_person is not None)
        assert WITNESS not in (line.in_person.witness,) and "苏玉兰" not in (line.for_whom, line.in_person.name)
        events = [e for e in audit.history(work, case_id) if "in_person" in e.facts]
        assert [(e.facts["in_person"], e.facts["account"]) for e in events] == [("signature", False)]
        assert WITNESS not in str([e.facts for e in audit.history(work, case_id)])
        assert not audit.verify(work).faults


def test_a_clerk_without_the_post_does_it_for_nobody_though_the_step_came_to_them(office):
    case_id = until_signing(office)
    other = clerk(office, "window")
    with office.database.unit_of_work() as work:
        task = _signing(work, case_id)[0]
        task.candidates = [*task.candidates, other.key]
        name, number = task.variables["party"]["name"], task.id
    with office.database.reading() as work:
        desk = case_page.page(work, case_id, actor=other, now=NOW).desk
        assert desk.task_id == number and desk.in_person.name == name and not desk.in_person.may
        assert "人民调解员" in desk.in_person.post[0]
    with pytest.raises(NotYours) as refusal:
        given = {"how": "signature", "witness": WITNESS}
        sign(office, case_id, name, {**SIGNED, in_person.KEY: given}, by=other)
    assert "人民调解员" in refusal.value.zh and "post" in refusal.value.en


def test_one_with_an_account_signs_alone_or_is_there_and_that_is_recorded(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = until_signing(office)
    given = {"how": "signature", "witness": WITNESS}
    assert refused(office, case_id, given, "赖春生") == {f"{in_person.KEY}.present"}
    with office.database.reading() as work:
        page = case_page.page(work, case_id, actor=actor(office, other), now=NOW)
        assert page.desk.in_person is None and in_person.KEY not in str(page.desk.schema)  # nothing is asked of them
    sign(office, case_id, "赖春生", {**SIGNED, in_person.KEY: {**given, "present": True}}, by=office.lai)
    with office.database.reading() as work:
        facts = [e.facts for e in audit.history(work, case_id) if "in_person" in e.facts]
        assert [one["account"] for one in facts] == [True]


def test_who_declines_signs_nothing_and_it_is_said_so(office):
    case_id = until_signing(office)
    given = {"how": "signature", "witness": WITNESS}
    sign(office, case_id, "苏玉兰", {"signs": False, in_person.KEY: given}, by=office.lai)
    with office.database.reading() as work:
        done = next(s for s in case_page.page(work, case_id, actor=office.lai, now=NOW).tasks if s.in_person)
        assert done.in_person.how == "spoken"


def test_the_desk_asks_it_under_the_step_in_both_languages_and_the_case_says_it_afterwards(sqlite, clock, tmp_path):
    hall = open_hall(sqlite, clock, tmp_path)
    mediator(hall)
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    with hall.database.unit_of_work() as work:
        case = cases.submit(work, "tiaojie", story.answers, by=hall.cast.zhang, now=clock()).case
        case_id, number = case.id, case.number
    for element in ("register", "choose", "consult", "schedule", "mediate", "draft"):
        with hall.database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == element)).one()
            answers = next(step["answers"] for step in story.steps if step.get("task") == element)
            lai = load(work, hall.cast.users["lai"], now=clock())
            cases.complete(work, task.id, answers, version=task.version, by=lai, now=clock())
    client = hall.client("lai")
    with hall.database.reading() as work:
        task_id, version = (task := _signing(work, case_id)[0]).id, task.version
        party = task.variables["party"]["name"]
    client.post(f"/desk/tasks/{task_id}/claim", data={"version": version})
    page = client.get(f"/desk/cases/{number}").text
    assert f"当面办理：代{party}办理" in page and "本人没有账号" in page
    assert "按指印，拍照上传" in json_in(page) and "见证人姓名" in json_in(page)
    to = f"/desk/tasks/{task_id}/complete"
    wrong = client.post(to, json={"answers": SIGNED, "version": version + 1})
    assert wrong.status_code == 422
    fields = [one["field"] for one in wrong.get_json()["fields"]]
    assert fields == [f"{in_person.KEY}.how", f"{in_person.KEY}.witness"]
    given = {"how": "signature", "witness": WITNESS}
    done = client.post(to, json={"answers": {**SIGNED, in_person.KEY: given}, "version": version + 1})
    assert done.status_code == 200
    page = client.get(f"/desk/cases/{number}").text
    assert page.count(f"当面签名，见证人：{WITNESS}") >= 2  # among the steps, and in the record
    client.post("/language", data={"to": "en"})
    page = client.get(f"/desk/cases/{number}").text
    assert f"signed in person, witness: {WITNESS}" in page


def json_in(page: str) -> str:
    """The schema of the form on a page, as its reader sees the words."""
    schema = re.search(r"<script[^>]*data-schema>(.*?)</script>", page, re.DOTALL)
    assert schema is not None
    return json.dumps(json.loads(schema[1]), ensure_ascii=False)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("post: mediator, witness", "post: nobody-at-all, witness", "没有岗位"),
        ("in_person: {post: mediator, witness: true}", "in_person: {post: mediator, witnes: true}", "witness"),
        ("in_person: {post: mediator, witness: true}", "in_person: {witness: true}", "post"),
        ("    post: mediator\n", "    post: mediator\n    in_person: {post: mediator}\n", "in_person"),
    ],
)
def test_the_gate_knows_the_post_and_every_key(before, after, words):
    text = (ROOT / "bpmn/tiaojie/matter.yaml").read_text("utf-8")
    assert before in text
    assert any(words in f.message_zh for f in _findings(matter=text.replace(before, after, 1)))


def test_the_gate_wants_a_step_that_is_theirs():
    drawing = (ROOT / "bpmn/tiaojie/process.bpmn").read_text("utf-8")
    found = _findings(drawing=drawing.replace('inputElement="party"', 'inputElement="who"'))
    assert "in-person-nothing" in [f.rule for f in found]
    assert "in-person-nothing" not in [f.rule for f in _findings()]


def _findings(**changed: str) -> list[Any]:
    named = {"matter": "bpmn/tiaojie/matter.yaml", "drawing": "bpmn/tiaojie/process.bpmn"}
    files = matters.read_files(ROOT, "tiaojie") | {named[k]: v.encode() for k, v in changed.items()}
    return look("tiaojie", files)
