"""补正 as one operation (RULES T3, T4): everything at once, in a paper, to whom it concerns, and once."""

import copy

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.errors import Invalid
from engine.store.models import Case, Document, Notice, Task
from engine.workdays import ZONE
from tests.cast import DAIBAN
from tests.commands import acting


def asked(database, cast, clock, raw=acting.CORRECT):
    case_id = acting.taken_in(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    acting.complete(database, case_id, raw, cast.wang, clock.on(hours=2))
    return case_id


def corrected(database, cast, clock):
    case_id = asked(database, cast, clock)
    raw = {"applicant": DAIBAN["applicant"], "correction_note": "已重新拍摄"}
    acting.complete(database, case_id, raw, cast.zhang, clock.on(days=3))
    acting.claim(database, case_id, cast.wang, clock())
    return case_id


def other(reason=""):
    raw = copy.deepcopy(acting.CORRECT)
    raw["correction"] |= {
        "items": [{"material": "户口簿", "problem": "缺户主页", "fix": "补拍户主页"}],
        "reason": reason,
    }
    return raw


def test_the_notice_says_everything_and_the_applicant_is_told_until_when_and_the_clock_stands(database, cast, clock):
    case_id = asked(database, cast, clock)
    with database.reading() as work:
        paper = work.session.scalar(select(Document).where(Document.kind == "correction"))
        assert paper.facts["items"] == acting.CORRECT["correction"]["items"]
        assert paper.facts["due_on"] == "2026-10-09"
        assert paper.facts["organ"]["phone"] == "0595-12393"
        told = [n.text for n in work.session.scalars(select(Notice).where(Notice.kind == "correction"))]
        assert all("居民身份证（照片不清）" in text and "10月9日" in text and "0595-12393" in text for text in told)
        assert {n.user_id for n in work.session.scalars(select(Notice).where(Notice.kind == "correction"))} == {
            cast.users["zhang"],
            cast.users["chen"],  # the agent who took it in
        }
        case = work.session.get(Case, case_id)
        assert (case.colour, case.paused_at) == ("paused", clock())
        task = work.session.scalar(select(Task).where(Task.case_id == case_id, Task.state != "ended"))
        assert (task.element, task.assignee_id) == ("correct", cast.users["zhang"])
        assert str(task.due_at.astimezone(ZONE).date()) == "2026-10-09"


def test_the_same_thing_is_not_asked_twice_and_the_refusal_stands_by_its_row(database, cast, clock):
    case_id = corrected(database, cast, clock)
    with pytest.raises(Invalid) as caught:
        acting.complete(database, case_id, acting.CORRECT, cast.wang, clock.on(hours=1))
    (one,) = caught.value.fields
    assert one.field == "correction.items.0.material"
    assert "已告知过" in one.zh and "补正只能一次性告知" in one.zh
    with database.reading() as work:
        assert len(list(work.session.scalars(select(Document).where(Document.kind == "correction")))) == 1
        assert acting.task_of(work, case_id).element == "accept"


def test_something_else_the_second_time_needs_why_it_could_not_be_seen(database, cast, clock):
    case_id = corrected(database, cast, clock)
    with pytest.raises(Invalid) as caught:
        acting.complete(database, case_id, other(), cast.wang, clock.on(hours=1))
    (one,) = caught.value.fields
    assert (one.field, one.label) == ("correction.reason", "首次看不出的理由")
    assert "请写明理由" in one.zh
    acting.complete(database, case_id, other("户主页在补正后的照片里才看得到"), cast.wang, clock.on(hours=1))
    with database.reading() as work:
        assert work.session.get(Case, case_id).ledger[-1]["reason"] == "户主页在补正后的照片里才看得到"
        papers = list(work.session.scalars(select(Document).where(Document.kind == "correction").order_by(Document.id)))
        assert [p.facts["items"][0]["material"] for p in papers] == ["居民身份证", "户口簿"]


def test_an_item_that_does_not_say_how_to_mend_it_is_refused_and_nothing_is_issued(database, cast, clock):
    case_id = acting.taken_in(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    raw = copy.deepcopy(acting.CORRECT)
    raw["correction"]["items"][0]["fix"] = "  "
    with pytest.raises(Invalid) as caught:
        acting.complete(database, case_id, raw, cast.wang, clock.on(hours=2))
    assert {f.field for f in caught.value.fields} == {"correction.items.0.fix"}
    with database.reading() as work:
        assert work.session.scalar(select(Document.id).where(Document.kind == "correction")) is None


def test_a_preview_shows_the_paper_and_keeps_nothing(database, cast, clock):
    case_id = acting.taken_in(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    task = acting.now_open(database, case_id)
    with database.rehearsal() as work:
        plan = cases.complete(work, task.id, acting.CORRECT, version=task.version, by=cast.wang, now=clock())
        assert "补正告知书" in {c.name for c in plan.changes if c.what == "paper"}
    with database.reading() as work:
        assert work.session.scalar(select(Document.id).where(Document.kind == "correction")) is None
