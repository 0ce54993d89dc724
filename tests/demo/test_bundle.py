"""身后一件事 in the demo county, by the real worker: the children are opened, answered and listed; what one of them
refuses undoes nothing; the parent is due no earlier than the latest child."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.records import library
from engine.store.models import Case, Document, Task
from tests.between import small
from tests.cast import ROOT
from web import demo
from web.demo import permits

CHILDREN = ("shenhou_hukou", "shenhou_yanglao", "shenhou_yibao", "shenhou_jintie")


@pytest.mark.wide
def test_four_offices_decide_their_own_and_one_list_says_all(sqlite: Any, clock: Any) -> None:
    clock.at("2026-09-18 15:00")
    with sqlite.unit_of_work() as work:
        for name in ("shenhou", *CHILDREN):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
    there = demo.people_it(sqlite, now=clock(), seed=2026)
    first = demo._shown(there.residents)
    assert permits.fill(sqlite, there.staff, there.residents, first, clock()) == 1

    def step(matter: str, answers: dict[str, Any]) -> None:
        with sqlite.unit_of_work() as work:
            (case_id,) = work.session.scalars(select(Case.id).where(Case.matter == matter))
            task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
            by = next(one for one in there.staff.values() if set(one.keys) & set(task.candidates))
            cases.claim(work, task.id, version=task.version, by=by, now=clock())
            cases.complete(work, task.id, answers, version=task.version, by=by, now=clock())
        small.work_off(sqlite, clock())

    for _ in range(8):  # nobody is connected: each of the two sources says after a minute that it knows nothing
        clock.on(minutes=2)
        small.work_off(sqlite, clock())
    step("shenhou", {"look": {"ok": "yes", "words": "户口簿原件"}})
    step("shenhou_hukou", {"done": {"ok": "yes", "number": "德公注2026-118"}})
    step("shenhou_jintie", {"done": {"ok": "no", "findings": "津贴名册里没有这个人", "reason": "没有领过津贴"}})
    step("shenhou_yibao", {"done": {"ok": "yes", "amount": 318}})
    step("shenhou_yanglao", {"done": {"ok": "yes", "over": 1, "amount": 186, "grant": 2400}})
    with sqlite.reading() as work:
        rows = {one.matter: one for one in work.session.scalars(select(Case).order_by(Case.id))}
        offices = {one: rows[one].office_id for one in CHILDREN}
        assert len(set(offices.values())) == 4, "each its own organ"
        assert {one: rows[one].outcome for one in CHILDREN} == {
            "shenhou_hukou": "done",
            "shenhou_yanglao": "done",
            "shenhou_yibao": "done",
            "shenhou_jintie": "refused",
        }
        parent = rows["shenhou"]
        assert (parent.status, parent.outcome) == ("finished", "done")
        assert parent.promised_due >= max(rows[one].promised_due for one in CHILDREN)
        said = work.session.scalars(
            select(Document.facts).where(Document.case_id == parent.id, Document.kind == "sw_list")
        ).one()
        results = [row["result"] for row in said["rows"]]
        refusal, owed = (
            work.session.scalars(
                select(Document.facts).where(Document.case_id == rows[child].id, Document.kind == kind)
            ).one()
            for child, kind in (("shenhou_jintie", "refusal"), ("shenhou_yanglao", "yl_return"))
        )
        assert refusal["reason"] == "没有领过津贴" and refusal["remedies"]["court"] and refusal["accepted_on"]
        assert "186 元" in owed["reason"] and owed["remedies"]["reconsideration"]
        assert results == ["办好了", "办好了", "办好了", "不予，理由见那一件"]
