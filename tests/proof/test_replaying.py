"""Recorded cases, replayed on another version: what would be other, in words."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import func, select

from engine import matters
from engine.proof import replaying
from engine.store.models import Case, Event, Task
from tests.cast import DAIBAN, ROOT
from tests.commands import acting

NAME = "daiban"
DRAWING = f"bpmn/{NAME}/process.bpmn"
MATTER = f"bpmn/{NAME}/matter.yaml"


def other(path: str, before: str, after: str) -> matters.Package:
    files = matters.read_files(ROOT, NAME)
    text = files[path].decode()
    assert before in text
    return matters.read(NAME, {**files, path: text.replace(before, after).encode()})


@pytest.fixture
def approved(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    with database.reading() as work:
        return replaying.record(work, case_id)


def went(record, after: matters.Package) -> replaying.Went:
    with replaying.Replay(matters.load(ROOT, NAME), after) as replay:
        return replay.of(record)


def test_on_the_version_it_went_by_a_case_goes_as_it_went(approved):
    found = went(approved, matters.load(ROOT, NAME))
    assert found.hindered is None, found.hindered
    assert found.differences == ()


def test_what_is_called_otherwise_makes_no_difference_to_a_case(approved):
    assert went(approved, other(DRAWING, 'name="受理审查"', 'name="看材料"')).differences == ()


def test_a_shorter_limit_of_a_step_is_said_by_how_much(approved):
    found = went(approved, other(MATTER, "take_in: 3wd", "take_in: 2wd"))
    assert [zh for zh, _ in found.differences] == ["“代办收件”的期限早 1 天"]


def test_a_shorter_promise_is_said_of_the_case(approved):
    found = went(approved, other(MATTER, "promised: 5wd", "promised: 3wd"))
    assert [zh for zh, _ in found.differences] == ["承诺时限早 2 天"]


def test_another_post_is_said_of_the_step(approved):
    found = went(approved, other(DRAWING, 'candidateGroups="回访"', 'candidateGroups="代办员"'))
    assert (
        "“回访”改由村·代办员办（原来是镇·乡镇便民服务中心）",
        "“回访” is for agent (village), not window (town)",
    ) in found.differences


def test_a_step_that_nobody_did_then_is_where_a_case_stops(approved):
    step = '<bpmn:userTask id="{}" name="{}"><bpmn:extensionElements><zeebe:assignmentDefinition '
    more = step.format("second", "复核") + 'candidateGroups="医保审核"/></bpmn:extensionElements></bpmn:userTask>'
    files = matters.read_files(ROOT, NAME)
    text = files[DRAWING].decode()
    into = next(line for line in text.splitlines() if "sequenceFlow" in line and 'targetRef="register"' in line)
    flow = into.replace('targetRef="register"', 'targetRef="second"')
    on = '<bpmn:sequenceFlow id="from_second" sourceRef="second" targetRef="register"/>'
    text = text.replace(into, f"{flow}{more}{on}" if into.rstrip().endswith("/>") else flow)
    assert on in text
    found = went(approved, matters.read(NAME, {**files, DRAWING: text.encode()}))
    assert found.differences[0][0] == "停在“复核”：当时没有办过这一步，没有记录"


def test_a_form_that_asks_more_says_what_it_asks(approved):
    form = f"forms/{NAME}/register.form"
    files = matters.read_files(ROOT, NAME)
    more = '{"type": "textfield", "id": "more", "key": "more", "label": "核对人", "validate": {"required": true}}'
    text = files[form].decode().replace('"components": [', f'"components": [{more},', 1)
    found = went(approved, matters.read(NAME, {**files, form: text.encode()}))
    assert found.differences[0][0] == "“医保参保登记”不收原来的答复：核对人"


def test_a_paper_that_is_not_given_any_more_is_missed(approved):
    after = other(DRAWING, 'key="kind" value="closing"', 'key="kind" value="acceptance"')
    assert "没有了文书 《办结通知单》" in [zh for zh, _ in went(approved, after).differences]


def test_what_was_erased_cannot_be_replayed_and_says_so(database, cast, clock, approved):
    with database.unit_of_work() as work:
        case = work.session.scalars(select(Case)).one()
        case.erased_at = clock()
        id_ = case.id
    with database.reading() as work:
        assert went(replaying.record(work, id_), matters.load(ROOT, NAME)).hindered == (
            "过了保存期限，内容已经清除",
            "what it said was erased: it is kept no longer",
        )


def test_a_case_that_does_not_come_out_as_recorded_on_its_own_version_proves_nothing(approved):
    odd = dataclasses.replace(approved, acts=(*approved.acts[:1], *approved.acts[2:]))
    found = went(odd, other(MATTER, "promised: 5wd", "promised: 3wd"))
    assert found.differences == () and found.hindered is not None
    assert found.hindered[0].startswith("在原来的版本上也走不到“医保参保登记”")


def test_replaying_touches_nothing_of_the_hall_and_says_nothing_that_people_wrote(database, approved):
    def rows() -> list[int]:
        with database.reading() as work:
            return [work.session.scalar(select(func.count()).select_from(table)) or 0 for table in (Case, Task, Event)]

    before = rows()
    found = went(approved, other(MATTER, "promised: 5wd", "promised: 3wd"))
    assert rows() == before
    said = repr(found)
    for words in (DAIBAN["applicant"]["name"], DAIBAN["applicant"]["id_number"], DAIBAN["applicant"]["phone"]):
        assert words not in said and words not in repr(approved)


def test_confidential_cases_are_as_if_they_were_not_there_and_restricted_ones_have_no_number(database, approved):
    with database.unit_of_work() as work:
        case = work.session.scalars(select(Case)).one()
        case.restricted = True
        version, id_ = case.version_hash, case.id
    with database.reading() as work:
        assert replaying.ended(work, version, 10) == [id_] and replaying.record(work, id_).number == ""
    with database.unit_of_work() as work:
        work.session.scalars(select(Case)).one().confidential = True
    with database.reading() as work:
        assert replaying.ended(work, version, 10) == []
