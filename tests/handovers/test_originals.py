"""材料原件: the counter takes originals in, the office sees them, the owner gets them back. The declaration is the one
that docs/nouns.md shows designers."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, handovers
from engine.commands.handovers import Given
from engine.errors import Invalid
from engine.people import holders
from engine.records import handovers as proofs
from engine.records import library
from engine.store.models import Awaited, Case, Document, Handover, HandoverLink
from tests.cast import ROOT
from tests.check.drawing import file, short
from tests.handovers.moving import INK

NAME = "originals_shown"
FORM = {
    "type": "default",
    "id": "ask",
    "schemaVersion": 19,
    "components": [
        {"type": "textfield", "id": "f1", "key": "applicant.name", "label": "姓名", "validate": {"required": True}},
        {"type": "textfield", "id": "f2", "key": "applicant.phone", "label": "电话"},
    ],
}


def _documented() -> str:
    """The groups and handovers of the section on originals, as the page has them."""
    page = (ROOT / "docs" / "nouns.md").read_text()
    return re.search(r"### 原件.*?```yaml\n(.*?)```", page, re.DOTALL)[1]


def _package() -> matters.Package:
    step = (
        '<serviceTask id="{id}"><extensionElements><zeebe:taskDefinition type="hand-over"/><zeebe:taskHeaders>'
        '<zeebe:header key="handover" value="originals"/></zeebe:taskHeaders></extensionElements></serviceTask>'
        '<boundaryEvent id="{id}_no" attachedToRef="{id}"><errorEventDefinition errorRef="no"/></boundaryEvent>'
        '<boundaryEvent id="{id}_late" attachedToRef="{id}"><timerEventDefinition><timeDuration>P10D</timeDuration>'
        "</timerEventDefinition></boundaryEvent><flow {id}_no e/><flow {id}_late e/>"
    )
    steps = "".join(step.replace("{id}", one) for one in ("take", "show", "back"))
    body = (
        f'<error id="no" name="不收" errorCode="REFUSED"/><process id="p" name="看原件" isExecutable="true">'
        f'<startEvent id="s"/><flow s take/>{steps}<flow take show/><flow show back/><flow back e/><endEvent id="e"/>'
        "</process>"
    )
    info = """
code: T-YJ
name: 看原件
name_en: Originals seen
office: YB
limits: {regime: service, promised: 20wd, promised_source: 试}
basis: [{law: 试验法}]
in_force: {since: 2026-01-01}
apply: {form: ask, channels: [online, counter]}
who: {id_number: ""}
materials:
  - {name: 居民身份证, originals: 1}
  - {name: 房产证, originals: 2}
  - {name: 照片, copies: 2}
papers: {handover: {organ: office}}
"""
    files = {
        f"bpmn/{NAME}/matter.yaml": (info + _documented()).encode(),
        f"bpmn/{NAME}/process.bpmn": file(short(body)),
        f"forms/{NAME}/ask.form": json.dumps(FORM).encode(),
    }
    return matters.read(NAME, files)


@pytest.fixture
def case_id(database, cast, clock) -> int:
    with database.unit_of_work() as work:
        holders.forget(work)
        library.publish(work, _package(), by=people.SYSTEM, now=clock())
        answers = {"applicant": {"name": "张三丰", "phone": "13800000001"}}
        return cases.submit(work, NAME, answers, by=cast.zhang, now=clock()).case.id


def _act(database, clock, by, **given):
    with database.unit_of_work() as work:
        link = work.session.scalar(select(HandoverLink).where(HandoverLink.state == "open"))
        if not given:
            side = "giver" if link.giver_key in by.keys else "receiver"
            given = {"proof": proofs.code(link, proofs.other(side))}
        handovers.act(work, link.id, "done", Given(**given), by=by, now=clock())


def test_the_page_for_designers_shows_a_declaration_that_passes():
    assert set(yaml.safe_load(_documented())) == {"groups", "handovers"}
    assert list(_package().declared("handovers")) == ["originals"]


def test_originals_go_to_the_office_and_back_to_their_owner(database, cast, clock, case_id):
    with database.reading() as work:
        chain = work.session.scalars(select(Handover)).one()
        assert chain.thing == ["居民身份证 × 1", "房产证 × 2"]  # copies need not come back
        assert chain.thing_kind == "originals"
    _act(database, clock, cast.zhou)  # the town's counter, by the owner's six digits
    _act(database, clock, cast.wang)  # the office
    with pytest.raises(Invalid):
        _act(database, clock, cast.wang, signature="M1 1 L2 2")  # too little ink
    _act(database, clock, cast.wang, signature=INK)  # the owner signs on the office's pad
    with database.reading() as work:
        chain = work.session.scalars(select(Handover)).one()
        assert (chain.holder_end, chain.held_by_link) == ("applicant", 3)
        assert work.session.get_one(Case, case_id).status == "finished"
        assert work.session.scalar(select(Awaited.id)) is None
        slips = work.session.scalars(select(Document).where(Document.kind == "handover").order_by(Document.id)).all()
        assert [one.facts["handover"]["lines"] for one in slips] == [["居民身份证 × 1", "房产证 × 2"]] * 3
        assert slips[2].facts["handover"]["receiver"]["proof"] == "签名"


def test_a_link_the_diagram_turned_away_from_is_dropped(database, cast, clock, case_id):
    from engine.commands.worker import sweep

    clock.on(days=11)
    sweep.sweep(database, now=clock())
    with database.reading() as work:
        assert work.session.scalars(select(HandoverLink.state)).all() == ["dropped"]
        assert work.session.scalars(select(Handover)).one().holder_end == "applicant"
