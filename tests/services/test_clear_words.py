"""What is said in a mediation is heard; its papers say only what was so (人民调解法 17, 25, 33; RULES M1, M3, M6)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid
from engine.people import load
from engine.reads import case_page
from engine.store.models import Appointment, Case, Document, Task
from tests.papers.facts import FACTS
from tests.papers.made import flat, render, text
from tests.services.telling import ROOT
from tests.services.test_parties import INK, NOW, OTHER_PHONE, STORY, do, office, resident, start

__all__ = ["office"]
MET = datetime(2026, 9, 22, 7, tzinfo=UTC)
#: Each step after the acceptance, and those before it.
STEPS = ("choose", "consult", "schedule", "mediate", "draft", "sign", "seal")


def facts_of(hall: Any, case_id: int, kind: str) -> dict[str, Any]:
    with hall.database.reading() as work:
        row = work.session.scalars(select(Document).where(Document.case_id == case_id, Document.kind == kind)).one()
        return dict(row.facts)


def until(hall: Any, step: str, people_: list[dict[str, Any]] | None = None) -> int:
    case_id = start(hall)
    do(hall, case_id, "register", **({"parties": people_} if people_ else {}))
    for element in STEPS[: STEPS.index(step)]:
        signing = {"_in_person": {"how": "signature", "witness": "王淑贞", "present": True}}
        for _n in range(2 if element == "sign" else 1):
            change = signing if element == "sign" else {}
            do(hall, case_id, element, now=MET if STEPS.index(element) > 2 else NOW, **change)
    return case_id


@pytest.mark.parametrize("step", STEPS)
def test_the_other_side_says_no_at_every_step_until_all_have_signed_and_sealed(office, step):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = until(office, step)
    with office.database.unit_of_work() as work:
        actor = load(work, other, now=MET)
        assert "refuse" in case_page.page(work, case_id, actor=actor, now=MET).can
        cases.tell(work, case_id, "refuse", sure=True, by=actor, now=MET)
    with office.database.reading() as work:
        open_ = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all()
        assert [task.element for task in open_] == ["closing"]
        assert open_[0].variables["end_reason"] == "赖春生明确拒绝调解"
        assert {row.state for row in work.session.scalars(select(Appointment))} <= {"cancelled", "served"}


@pytest.mark.parametrize("step", ["choose", "mediate", "sign"])
def test_the_police_are_told_at_any_time_and_the_mediation_goes_on_or_stops(office, step):
    case_id = until(office, step)
    said = {"police_reason": "有人扬言报复"}
    with office.database.unit_of_work() as work:
        place = work.session.get(Case, case_id).place_id
        cases.tell(work, case_id, "police", said, sure=True, by=office.lai, now=MET)
    with office.database.unit_of_work() as work:
        case = work.session.get(Case, case_id)
        assert "涉警" in case.flags and case.place_id == place and case.status == "running"
        assert work.session.scalar(select(Task).where(Task.element == step, Task.state != "ended").limit(1))
        cases.tell(work, case_id, "hand_over", said, sure=True, by=office.lai, now=MET)
    with office.database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "referred")
        assert not work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).all()


def test_all_willing_is_printed_only_when_each_was_asked(office):
    two = copy.deepcopy(STORY.answers["parties"])
    asked = [{**row, "willing": "yes"} for row in two]
    printed = []
    for people_ in (two, [asked[0], two[1]], asked):
        case_id = until(office, "choose", people_)
        printed.append(facts_of(office, case_id, "mediation_registration")["consent"])
    assert printed[0] == printed[1] == "申请人自愿申请调解，对方的意愿尚待征询"
    assert printed[2] == "经征询，各方自愿参加调解"


def test_the_court_is_asked_only_when_it_can_be_and_its_form_is_made_when_all_have_signed(office):
    case_id = until(office, "seal")
    with office.database.reading() as work:
        form = json.loads((ROOT / "forms/tiaojie/seal.form").read_text())
        wants = next(c for c in form["components"][0]["components"] if c["key"] == "wants_confirmation")
        assert "身份关系" in wants["conditional"]["hide"] and "agreement.status" in wants["conditional"]["hide"]
    do(office, case_id, "seal", seal={"name": "赖炳根", "signature": INK, "wants_confirmation": True}, now=MET)
    answers = {"court": "德化县人民法院", "applications": [{"name": "苏玉兰", "signature": INK}, {"name": "赖春生"}]}
    with office.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.element == "confirm")).one()
        with pytest.raises(Invalid) as refused:
            cases.complete(work, task.id, answers, version=task.version, by=office.lai, now=MET)
        assert set(refused.value.by_field()) == {"applications.1.signature"}
    with office.database.reading() as work:
        kinds = set(work.session.scalars(select(Document.kind).where(Document.case_id == case_id)))
        assert "mediation_agreement" in kinds and "mediation_confirmation" not in kinds


def test_what_a_paper_prints_of_a_party_is_asked_of_them():
    form = json.loads((ROOT / "forms/tiaojie/register.form").read_text())
    rows = next(one for one in form["components"] if one.get("path") == "parties")
    asked = {one["key"] for one in rows["components"]}
    assert {"side", "name", "gender", "ethnic", "age", "job", "phone", "id_number", "address"} <= asked


def test_who_was_there_signs_the_record_and_the_line_is_filled(office):
    case_id = until(office, "mediate")
    there = [{"name": name, "signature": INK} for name in ("苏玉兰", "赖春生", "赖炳根")]
    do(office, case_id, "mediate", present=there, now=MET)
    facts = facts_of(office, case_id, "mediation_record")
    assert all(row["signature"] for row in facts["parties"] + facts["mediators"])


@pytest.mark.parametrize(
    ("kind", "name"), [("婚姻家庭纠纷", "婚姻家庭纠纷"), ("身份关系", "身份关系纠纷"), ("其他纠纷", "其他纠纷")]
)
def test_a_dispute_has_one_name_on_every_paper(kind, name, tmp_path):
    for paper in ("mediation_end", "mediation_rights", "mediation_confirmation"):
        facts = copy.deepcopy(FACTS[paper])
        facts["dispute"]["type"] = kind
        words = flat(text(render(paper, facts).pdf, tmp_path))
        assert name in words and "纠纷纠纷" not in words
