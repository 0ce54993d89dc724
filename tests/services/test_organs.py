"""署名机关: each paper bears the head, number, seal and basis of who decides that step, and of nobody else (RULES
D11, M8)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.commands.worker import background
from engine.errors import NotFound, NotNow, NotYours
from engine.people import bonds, units
from engine.records import library, papers
from engine.store.models import Case, Document
from engine.workdays import local_date
from tests.commands import acting

FORM = {
    "type": "default",
    "id": "apply",
    "schemaVersion": 19,
    "components": [
        {"type": "textfield", "id": "f1", "key": "applicant.name", "label": "姓名"},
        {"type": "textfield", "id": "f2", "key": "ground", "label": "情形"},
    ],
}
DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://example.com/signed">
  <bpmn:process id="signed" name="署名" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="paper"/>
    <bpmn:serviceTask id="paper" name="签发办结通知单">
      <bpmn:extensionElements><zeebe:taskDefinition type="issue-paper"/>
        <zeebe:taskHeaders><zeebe:header key="kind" value="%(kind)s"/></zeebe:taskHeaders>
        <zeebe:ioMapping><zeebe:input source="={ground: ground, result: &quot;办好&quot;, accepted_on:
        &quot;2026-09-18&quot;,
          reason: &quot;谈不成&quot;, dispute: {type: &quot;邻里&quot;}, parties: [{name: &quot;甲&quot;}]}"
          target="facts"/>
        </zeebe:ioMapping>
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="paper" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
MATTER = """
code: QM-01
name: 署名
name_en: Signed
office: YB
limits: {regime: service}
basis:
  - {id: one, law: 甲法, article: 第一条}
  - {id: two, law: 乙法, article: 第二条}
  - {law: 丙法, article: 第三条}
in_force: {since: 2026-01-01}
who: {name: applicant.name}
"""


def read(said: str, kind: str = "closing") -> matters.Package:
    return matters.read(
        "signed",
        {
            "bpmn/signed/matter.yaml": (MATTER + said).encode(),
            "bpmn/signed/process.bpmn": (DIAGRAM % {"kind": kind}).encode(),
            "forms/signed/apply.form": json.dumps(FORM, ensure_ascii=False).encode(),
        },
    )


def issued(
    database: Any, cast: SimpleNamespace, clock: Any, said: str, kind: str = "closing", ground: str = ""
) -> Document:
    with database.unit_of_work() as work:
        library.publish(work, read(said, kind), by=people.SYSTEM, now=clock())
    with database.unit_of_work() as work:
        raw = {"applicant": {"name": "张三丰"}, "ground": ground}
        case = cases.submit(work, "signed", raw, by=cast.zhang, now=clock()).case
        return work.session.scalars(select(Document).where(Document.case_id == case.id)).one()


# ---------------------------------------------------------------- who signs


def test_the_village_signs_what_it_takes_in_and_the_bureau_what_it_decides(sqlite, clock, hired):
    acting.finished(sqlite, hired, clock)
    with sqlite.reading() as work:
        heads = {d.kind: d.facts["organ"]["name"] for d in work.session.scalars(select(Document))}
        numbers = {d.kind: d.number for d in work.session.scalars(select(Document))}
    bureau = "德化县医疗保障局"
    assert heads == {
        "receipt": "苏洋村",
        "proxy_acceptance": "苏洋村",
        "authority": bureau,
        "acceptance": bureau,
        "closing": bureau,
        "service_receipt": bureau,
    }
    assert (numbers["proxy_acceptance"], numbers["acceptance"]) == ("苏村代〔2026〕1号", "德医保受〔2026〕1号")


def test_an_agent_who_must_keep_away_hands_it_to_another_and_the_principal_loses_nothing(sqlite, clock, hired):
    case_id = acting.submit(sqlite, hired.zhang, clock())
    acting.claim(sqlite, case_id, hired.chen, clock())
    acting.complete(sqlite, case_id, {"agent_conflict": True}, hired.chen, clock())
    task = acting.now_open(sqlite, case_id)
    assert (task.element, task.state) == ("take_in", "open")
    with pytest.raises(NotYours):
        acting.claim(sqlite, case_id, hired.chen, clock())
    acting.claim(sqlite, case_id, hired.lin, clock())
    acting.complete(sqlite, case_id, acting.TAKE_IN, hired.lin, clock())
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        agent = bonds.mandate(work, case, local_date(clock()))
        assert (agent.holder_id, case.status, case.outcome) == (hired.users["lin"], "running", "")


def test_a_committee_is_the_nearest_one_on_the_way_up(sqlite, clock, hired):
    paper = issued(
        sqlite, hired, clock, "organs: {talk: committee}\npapers: {mediation_end: {organ: talk}}", "mediation_end"
    )
    assert paper.facts["organ"]["name"] == "德化县龙门滩镇人民调解委员会"
    assert paper.number == "（2026）德滩人调终字第1号"


def test_where_there_is_no_committee_it_is_said_and_nothing_is_issued(sqlite, clock, hired):
    said = "organs: {talk: {unit: committee, at: county}}\npapers: {mediation_end: {organ: talk}}"
    with pytest.raises(NotFound) as refused:
        issued(sqlite, hired, clock, said, "mediation_end")
    assert "德化县没有人民调解委员会，上一级也没有" in refused.value.zh
    with sqlite.reading() as work:
        assert work.session.scalars(select(Case.id)).all() == []


TAKES = "organs: {takes: {unit: party, from: ground}}\npapers: {closing: {organ: takes}}"


def party_organizations(database: Any, hired: SimpleNamespace) -> None:
    """One of the county, one of 龙门滩镇, one of 浔中镇."""
    with database.unit_of_work() as work:
        for code, parent, name in (
            ("350526", hired.county, "中共德化县委员会"),
            ("350526106", hired.lmt, "中共德化县龙门滩镇委员会"),
            ("350526100", hired.xunzhong, "中共德化县浔中镇委员会"),
        ):
            above = units.place(work, parent.id)
            units.add(work, code=f"{code}-DW", name=name, kind="party", parent=above, seal_name=name)


def test_the_party_organization_that_an_answer_names_signs(sqlite, clock, hired):
    party_organizations(sqlite, hired)
    named = issued(sqlite, hired, clock, TAKES, ground="350526100-DW")
    assert named.facts["organ"]["name"] == "中共德化县浔中镇委员会"
    assert [one["organ"] for one in named.facts["signers"]] == ["中共德化县浔中镇委员会"]


def test_where_no_answer_names_one_the_nearest_party_organization_signs(sqlite, clock, hired):
    party_organizations(sqlite, hired)
    assert issued(sqlite, hired, clock, TAKES).facts["organ"]["name"] == "中共德化县龙门滩镇委员会"


@pytest.mark.parametrize(
    ("code", "words"),
    [("350526106201", "苏洋村不是党组织"), ("350526-YB", "德化县医疗保障局不是党组织"), ("350526199-DW", "没有代码为")],
)
def test_an_answer_that_names_a_unit_of_another_kind_lets_nobody_sign(sqlite, clock, hired, code, words):
    party_organizations(sqlite, hired)
    with pytest.raises(NotFound) as refused:
        issued(sqlite, hired, clock, TAKES, ground=code)
    assert words in refused.value.zh and refused.value.facts["field"] == "ground"
    with sqlite.reading() as work:
        assert work.session.scalars(select(Case.id)).all() == []


JOINT = "organs: {talk: [committee, {unit: committee, from: ground}]}\npapers: {mediation_end: {organ: talk}}"


def test_two_committees_that_mediate_together_both_seal_and_the_nearest_leads(sqlite, clock, hired):
    paper = issued(sqlite, hired, clock, JOINT, "mediation_end", ground="350526100-TW")
    signers = [one["organ"] for one in paper.facts["signers"]]
    assert signers == ["德化县龙门滩镇人民调解委员会", "浔中镇人民调解委员会"]
    assert paper.number == "（2026）德滩人调终字第1号"


@pytest.mark.parametrize("ground", ["", "350526106-TW"])
def test_where_no_other_is_named_the_committee_signs_once(sqlite, clock, hired, ground):
    paper = issued(sqlite, hired, clock, JOINT, "mediation_end", ground=ground)
    assert [one["organ"] for one in paper.facts["signers"]] == ["德化县龙门滩镇人民调解委员会"]


def test_a_committees_paper_is_not_sealed_by_a_bureau(sqlite, clock, hired):
    with pytest.raises(NotNow) as refused:
        issued(sqlite, hired, clock, "papers: {mediation_end: {organ: office}}", "mediation_end")
    assert "人民调解法 第二十九条" in refused.value.zh and "德化县医疗保障局" in refused.value.zh


def test_several_sign_jointly_and_the_first_leads(sqlite, clock, hired):
    paper = issued(sqlite, hired, clock, "organs: {joint: [MZ, YB]}\npapers: {closing: {organ: joint}}")
    assert [one["organ"] for one in paper.facts["signers"]] == ["德化县民政局", "德化县医疗保障局"]
    assert paper.facts["organ"]["name"] == "德化县民政局"
    made = papers.compose(papers.library().kind("closing"), paper.facts, seal=_seals(paper))
    assert made.html.count('class="organ"') == 2 and made.html.count('class="seal"') == 2


def _seals(paper: Document) -> list[dict[str, Any]]:
    return [{**one, "kind": "sample"} for one in paper.facts["signers"]]


def test_a_job_of_the_press_carries_every_seal_and_says_whose_paper_it_signs(sqlite, clock, hired):
    issued(sqlite, hired, clock, "organs: {joint: [MZ, YB]}\npapers: {closing: {organ: joint}}")
    seen: list[papers.Job] = []

    class Press:
        def render(self, job: papers.Job) -> papers.Made:
            seen.append(job)
            return papers.Made(b"%PDF-1.7 x", "0" * 64, "", 1, False)

    background.run(sqlite, background.Equipment(press=Press()), now=clock())
    (job,) = seen
    assert [one["organ"] for one in job.seal] == ["德化县民政局", "德化县医疗保障局"]
    assert job.reason == "德化县民政局、德化县医疗保障局：办结通知单"


# ---------------------------------------------------------------- who has no seal


def partner(work: Any, hired: SimpleNamespace) -> None:
    units.add(work, code="350526-HZ", name="爱心商行", kind="partner", parent=units.place(work, hired.county.id))


def test_a_matter_that_lets_a_body_without_a_seal_sign_is_not_published(sqlite, clock, hired):
    with sqlite.unit_of_work() as work:
        partner(work, hired)
    with pytest.raises(matters.BadMatter) as refused:
        issued(sqlite, hired, clock, "organs: {shop: HZ}\npapers: {closing: {organ: shop}}")
    assert "没有登记印章，不能署名" in refused.value.zh


def test_a_unit_that_lost_its_seal_signs_nothing_while_a_case_runs(sqlite, clock, hired):
    from engine.store.models import Unit

    with sqlite.unit_of_work() as work:
        work.session.get(Unit, hired.yb.id).seal_name = ""
        units.forget(work)
    with pytest.raises(NotNow) as refused:
        issued(sqlite, hired, clock, "papers: {closing: {organ: office}}")
    assert "德化县医疗保障局没有登记印章" in refused.value.zh


# ---------------------------------------------------------------- on what basis


@pytest.mark.parametrize(
    ("basis", "ground", "printed"),
    [
        ("[one]", "", ["《甲法》第一条"]),
        ("[]", "", []),
        ("{late: [one], else: [two]}", "late", ["《甲法》第一条"]),
        ("{late: [one], else: [two]}", "other", ["《乙法》第二条"]),
        ("{late: [one]}", "other", []),
        ('\'=if ground = "late" then ["two", "one"] else ["one"]\'', "late", ["《乙法》第二条", "《甲法》第一条"]),
    ],
)
def test_a_paper_prints_the_basis_of_its_own_act_and_ground(sqlite, clock, hired, basis, ground, printed):
    paper = issued(sqlite, hired, clock, f"papers: {{closing: {{basis: {basis}}}}}", ground=ground)
    assert paper.facts["grounds"] == printed


def test_a_list_of_papers_prints_what_has_no_id(sqlite, clock, hired):
    assert issued(sqlite, hired, clock, "papers: [closing]").facts["grounds"] == ["《丙法》第三条"]


def test_a_blurred_photo_cites_nothing_about_authority(sqlite, clock, hired):
    case_id = acting.taken_in(sqlite, hired, clock)
    acting.claim(sqlite, case_id, hired.wang, clock())
    acting.complete(sqlite, case_id, acting.CORRECT, hired.wang, clock())
    with sqlite.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "correction")).one()
        assert not any("民法典" in ground for ground in paper.facts["grounds"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("organs: {a: ofice}", "是不是“office”"),
        ("papers: {closing: {organ: offce}}", "是不是“office”"),
        ("organs: {decide: office}\npapers: {closing: {organ: decid}}", "是不是“decide”"),
        ("papers: {closing: {basis: [onne]}}", "是不是“one”"),
        ("papers: {closing: {basis: one}}", "应写成列表"),
        ("papers: {closing: {basis: '=one +'}}", "有误"),
        ("organs: {a: [YB]}", "两个以上"),
        ("organs: {a: {unit: partner}}", "合作单位没有印章"),
        ("papers: [closing, closing]", "列了两次"),
        ("papers: {closing: {seal: office}}", "papers.closing.seal"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_read_with_the_nearest_word(said, words):
    with pytest.raises(matters.BadMatter) as refused:
        read(said)
    assert words in refused.value.zh


# ---------------------------------------------------------------- what papers state


def test_a_signature_on_the_screen_is_no_paper_and_what_nobody_took_is_not_counted(sqlite, clock, hired):
    case_id = acting.accepted(sqlite, hired, clock)
    with sqlite.reading() as work:
        for kind in ("receipt", "acceptance"):
            paper = work.session.scalars(
                select(Document).where(Document.case_id == case_id, Document.kind == kind)
            ).one()
            authority = next(m for m in paper.facts["materials"] if m["name"] == "授权委托书")
            assert authority == {"name": "授权委托书", "electronic": True}
            html = papers.compose(papers.library().kind(kind), paper.facts).html
            assert "纸质" not in html
