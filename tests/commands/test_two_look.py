"""Two must look (`apart` names another step): whoever did the one never does the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import NotYours
from engine.people import holders
from engine.store.models import Task, User
from tests import listed
from tests.between import small
from tests.cast import ROOT

NAME = "small_two_look"


def step(id: str, name: str, apart: str = "") -> str:
    more = f'<zeebe:properties><zeebe:property name="apart" value="{apart}"/></zeebe:properties>' if apart else ""
    return (
        f'<userTask id="{id}" name="{name}"><extensionElements><zeebe:formDefinition formId="decide"/>'
        f'<zeebe:assignmentDefinition candidateGroups="审核"/>{more}</extensionElements></userTask>'
    )


IN_TURN = (
    '<startEvent id="s"/><flow s look/>'
    + step("look", "查验")
    + "<flow look again/>"
    + step("again", "复查", apart="look")
    + '<flow again fit/><exclusiveGateway id="fit" name="行吗" default="fit_e"/>'
    + '<flow fit look when=\'=decision = "back"\'/><flow fit e/><endEvent id="e"/>'
)
BESIDE = (
    '<startEvent id="s"/><flow s both/><parallelGateway id="both"/><flow both look/><flow both again/>'
    + step("look", "查验", apart="again")
    + step("again", "复查", apart="look")
    + '<flow look all/><flow again all/><parallelGateway id="all"/><flow all e/><endEvent id="e"/>'
)


@pytest.fixture
def database(sqlite: Any) -> Any:
    return sqlite


def begun(database: Any, cast: Any, now: Any, body: str) -> int:
    small.publish(database, now, small.matter(NAME, "两人看", body))
    return small.submit(database, NAME, cast.zhang, now)


def row(database: Any, case_id: int, element: str) -> Task:
    with database.reading() as work:
        return work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended")
        ).one()


def claim(database: Any, task: Task, by: Any, now: Any) -> None:
    with database.unit_of_work() as work:
        cases.claim(work, task.id, version=None, by=by, now=now)


def test_who_did_the_first_look_can_neither_claim_nor_do_the_second(database, cast, clock):
    case_id = begun(database, cast, clock(), IN_TURN)
    small.complete(database, case_id, "look", cast.wang, clock(), decision="ok")
    with pytest.raises(NotYours) as refused:
        claim(database, row(database, case_id, "again"), cast.wang, clock())
    assert "复查" in refused.value.zh and "另一个人" in refused.value.zh and "somebody else" in refused.value.en
    with pytest.raises(NotYours):
        small.complete(database, case_id, "again", cast.wang, clock(), decision="ok")
    small.complete(database, case_id, "again", cast.li, clock(), decision="ok")
    assert small.waiting(database, case_id) == set()


def test_two_steps_at_once_are_done_by_two_though_one_had_taken_both(database, cast, clock):
    case_id = begun(database, cast, clock(), BESIDE)
    for element in ("look", "again"):
        claim(database, row(database, case_id, element), cast.wang, clock())
    small.complete(database, case_id, "look", cast.wang, clock(), decision="ok")
    left = row(database, case_id, "again")
    assert (left.state, left.assignee_id) == ("open", None)
    with database.reading() as work:
        assert listed.candidates(work, left.id)
    with pytest.raises(NotYours):
        small.complete(database, case_id, "again", cast.wang, clock(), decision="ok")
    small.complete(database, case_id, "again", cast.li, clock(), decision="ok")
    assert small.waiting(database, case_id) == set()


def test_what_was_sent_back_may_be_looked_at_by_the_two_the_other_way_round(database, cast, clock):
    case_id = begun(database, cast, clock(), IN_TURN)
    small.complete(database, case_id, "look", cast.wang, clock(), decision="ok")
    small.complete(database, case_id, "again", cast.li, clock(), decision="back")
    small.complete(database, case_id, "look", cast.li, clock(), decision="ok")
    with pytest.raises(NotYours):
        small.complete(database, case_id, "again", cast.li, clock(), decision="ok")
    small.complete(database, case_id, "again", cast.wang, clock(), decision="ok")
    assert small.waiting(database, case_id) == set()


def test_where_nobody_else_holds_the_post_the_head_has_the_second_look(database, cast, clock):
    case_id = begun(database, cast, clock(), IN_TURN)
    with database.unit_of_work() as work:
        work.session.get_one(User, cast.li.id).disabled_at = clock() - timedelta(days=1)
        holders.forget(work)
    small.complete(database, case_id, "look", cast.wang, clock(), decision="ok")
    assert row(database, case_id, "again").candidates == [f"p:{cast.yb.id}:head"]
    small.complete(database, case_id, "again", cast.zhao, clock(), decision="ok")
    assert small.waiting(database, case_id) == set()


@pytest.mark.parametrize(
    ("matter", "step", "other"),
    [("juanzeng", "jz_second", "jz_look"), ("zhenggai", "appeal", "contact"), ("fanying", "final", "handle")],
)
def test_where_two_must_look_the_diagram_says_so(matter, step, other):
    drawn = ElementTree.fromstring((ROOT / "bpmn" / matter / "process.bpmn").read_bytes())
    task = next(node for node in drawn.iter() if node.get("id") == step)
    assert [one.get("value") for one in task.iter() if one.get("name") == "apart"] == [other]
