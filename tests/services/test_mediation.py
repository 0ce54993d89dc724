"""说事评理 beside its steps: notes nobody else reads, who refuses, what speaks against a mediator, the police."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from engine import feel, matters, workdays
from engine.commands import cases, private_notes
from engine.errors import Invalid, NotFound, NotNow
from engine.matters import stories
from engine.people import load
from engine.reads import case_list, case_page
from engine.reads import taking_part as seen
from engine.records import audit
from engine.store.models import Case, Notice, RegisterEntry, Task
from tests.services.telling import ROOT, Teller


def told(database: Any, until: int | None) -> Teller:
    """The first story of 说事评理, up to a step of it."""
    story = stories.read(matters.load(ROOT, "tiaojie"))[0]
    cut = stories.Story(story.name, story.at, story.answers, story.steps[:until], {})
    teller = Teller(database, "tiaojie", cut)
    teller.tell()
    return teller


def test_a_private_note_is_read_by_its_author_alone_and_leaves_no_word_anywhere(sqlite, clock):
    teller = told(sqlite, 3)
    secret = "赖某私下说愿意让两米"
    with sqlite.unit_of_work() as work:
        mediator = load(work, teller.who.clerk, now=teller.now)
        before = len(list(audit.history(work, teller.case_id)))
        private_notes.keep(work, teller.case_id, "赖春生", secret, by=mediator, now=teller.now)
        assert len(list(audit.history(work, teller.case_id))) == before
    with sqlite.reading() as work:
        assert [n.text for n in seen.notes(work, teller.case_id, actor=mediator)] == [secret]
        for other in ("wu", "zhao", "zhang", "chen"):
            actor = load(work, teller.who.users[other], now=teller.now)
            assert seen.notes(work, teller.case_id, actor=actor) == []
            assert case_list.search(work, secret, actor=actor, now=teller.now) == []
        assert secret.encode() not in bytes(work.session.execute(text("select text from private_note")).scalar_one())
    with pytest.raises(Invalid), sqlite.unit_of_work() as work:
        private_notes.keep(work, teller.case_id, "", "  ", by=mediator, now=teller.now)


def test_who_may_not_see_the_case_writes_no_note_and_registers_no_refusal(sqlite, clock):
    teller = told(sqlite, 4)
    with sqlite.unit_of_work() as work:
        for other in ("huang", "sun", "xu"):
            actor = load(work, teller.who.users[other], now=teller.now)
            with pytest.raises(NotFound):
                private_notes.keep(work, teller.case_id, "", "x", by=actor, now=teller.now)
            with pytest.raises(NotFound):
                cases.tell(work, teller.case_id, "refuse", sure=True, party="甲", by=actor, now=teller.now)


def test_a_clear_refusal_ends_the_talking_and_only_while_there_is_talking(sqlite, clock):
    early = told(sqlite, 0)
    with sqlite.unit_of_work() as work:
        mediator = load(work, early.who.clerk, now=early.now)
        with pytest.raises(NotNow):
            cases.tell(work, early.case_id, "refuse", sure=True, party="赖春生", by=mediator, now=early.now)
        early.complete(work, stories.read(matters.load(ROOT, "tiaojie"))[0].steps[0])
        assert "refuse" in case_page.page(work, early.case_id, actor=mediator, now=early.now).can
        cases.tell(work, early.case_id, "refuse", sure=True, party="赖春生", by=mediator, now=early.now)
        case = work.session.get(Case, early.case_id)
        assert case.stage == "终止调解" and case.answers["refused_by"] == "赖春生"


def test_every_party_with_a_telephone_is_told_of_the_meeting(sqlite, clock):
    teller = told(sqlite, 4)
    with sqlite.reading() as work:
        sent = work.session.scalars(
            select(Notice).where(Notice.kind == "mediation-session", Notice.channel == "sms")
        ).all()
        assert {n.address for n in sent} == {"13800001234", "13800001235"}
        assert teller.case_id


def test_a_mediator_whom_a_party_had_replaced_keeps_away_from_the_case(sqlite, clock):
    """Also by the post they share with those who mediate now: the case is closed to them, and they are not chosen
    again."""
    story = next(s for s in stories.read(matters.load(ROOT, "tiaojie")) if s.name.startswith("排好期后"))
    teller = Teller(sqlite, "tiaojie", stories.Story(story.name, story.at, story.answers, story.steps[:8], {}))
    teller.tell()
    before, now_one = teller.who.mediators["赖炳根"], teller.who.mediators["苏清福"]
    with sqlite.unit_of_work() as work:
        case = work.session.get_one(Case, teller.case_id)
        assert str(before) in case.apart and str(now_one) not in case.apart
        assert case_page.page(work, case.id, actor=load(work, now_one, now=teller.now), now=teller.now).can
        replaced = load(work, before, now=teller.now)
        with pytest.raises(NotFound):
            case_page.page(work, case.id, actor=replaced, now=teller.now)
        with pytest.raises(NotFound):
            cases.tell(work, case.id, "refuse", sure=True, party="赖春生", by=replaced, now=teller.now)
        assert case_list.search(work, "赖春生", actor=replaced, now=teller.now) == []
        assert "case.kept-away" in [e.kind for e in audit.history(work, case.id)]
        waits = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state == "open")).one()
        assert waits.element == "schedule" and str(before) in waits.apart


def test_who_was_ticked_as_kin_is_not_chosen_again(sqlite, clock):
    story = next(s for s in stories.read(matters.load(ROOT, "tiaojie")) if s.name.startswith("一方说亲戚不公"))
    kin = story.steps[1]["answers"]["mediators"][0]
    assert kin["kin"] is True
    again = {"task": "choose", "answers": {"mediators": [{**kin, "kin": False}], "chosen_by": "parties"}}
    steps = (*story.steps[:2], again)
    teller = Teller(sqlite, "tiaojie", stories.Story(story.name, story.at, story.answers, steps, {}))
    with pytest.raises(Invalid) as refusal:
        teller.tell()
    assert refusal.value.fields[0].zh == f"{kin['name']}已经回避本件，不能再选。请另选一名。"


def test_an_earlier_case_of_a_party_and_the_mediators_own_name_are_pointed_out(sqlite, clock):
    teller = told(sqlite, None)
    with sqlite.unit_of_work() as work:
        by = load(work, teller.who.users["zhang"], now=teller.now)
        answers = dict(teller.story.answers)
        answers["parties"] = [answers["parties"][0], {"side": "乙方", "name": "万能工"}]
        second = cases.submit(work, "tiaojie", answers, by=by, now=teller.now).case
        mediator = load(work, teller.who.clerk, now=teller.now)
        found = seen.neutrality(work, second.id, actor=mediator)
        assert [d.kind for d in found] == ["earlier", "namesake"]
        assert teller.number in found[0].zh and "是您办的" in found[0].zh and "苏玉兰" not in found[0].zh


def test_the_police_are_told_and_only_the_office_reads_on(sqlite, clock):
    package = matters.load(ROOT, "tiaojie")
    story = next(s for s in stories.read(package) if "公安" in s.name)
    teller = Teller(sqlite, "tiaojie", story)
    teller.tell()
    with sqlite.reading() as work:
        case = work.session.get(Case, teller.case_id)
        assert case.restricted and case.place_id == case.unit_id == case.office_id and "涉警" in case.flags
        entry = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "报告公安")).one()
        assert entry.facts["reason"] == "一方持刀威胁"
        village = load(work, teller.who.users["chen"], now=teller.now)
        with pytest.raises(NotFound):
            case_page.page(work, case.id, actor=village, now=teller.now)
        trace = [e.facts for e in audit.history(work, case.id) if e.facts.get("kind") == "report-police"]
        assert trace and "一方持刀威胁" not in str(trace)


def test_the_last_day_to_ask_the_court_rolls_over_the_holidays_m6():
    package = matters.load(ROOT, "tiaojie")
    processes = package.definition.diagrams[0].processes
    nodes = {n.id: n for p in processes for _, n in p.walk()}
    counted, due = nodes["confirm-until"].extension.script or "", nodes["confirm"].extension.due_date
    env = feel.Env(calendar=workdays.china())
    for agreed, last in (("2026-09-05", "2026-10-08"), ("2026-09-22", "2026-10-22")):
        until = feel.evaluate(counted.lstrip("="), {"outcome_agreement": {"on": agreed}}, env)
        assert until == last
        assert feel.evaluate(due.lstrip("="), {"confirmation_until": until}, env).date().isoformat() == last
