"""我要反映: from the word to the 回访; and a complaint about a clerk never reaches that clerk, by any way (RULES
W6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases
from engine.commands.hall import absences
from engine.commands.worker import alarms
from engine.commands.worker.wiring import JOBS
from engine.errors import Invalid, NotFound, NotNow, NotYours, Refused
from engine.people import holders, units
from engine.reads import case_list, case_page, inbox
from engine.records import library
from engine.records.jobs import Kind
from engine.store.models import (
    Case,
    Document,
    Holding,
    Notice,
    Post,
    RegisterEntry,
    Reminder,
    Task,
    Timer,
    User,
)
from engine.workdays import local_date, say
from tests import listed
from tests.between.small import work_off
from tests.commands import acting
from tests.services.telling import ROOT

LAMP = {
    "danger": "no",
    "kind": "problem",
    "report": {"text": "村口路灯坏了半个月", "place": "苏洋村村口"},
    "about": {"number": ""},
    "applicant": {"name": "张三丰", "phone": "13800000001"},
    "consent_visit": True,
}
RUDE = {**LAMP, "kind": "clerk", "report": {"text": "窗口的人态度不好"}, "about": {"clerk": "王丽", "number": ""}}
TO_YB = {"finding": "clear", "category": "工作人员作风", "dispatch": {"unit": "350526-YB", "level": "一般"}}
DONE = {"done": {"text": "已约谈", "reply": "已经批评教育，向您道歉"}}
GLAD = {"visit": {"reached": "yes", "answered": "yes", "solved": "yes", "satisfied": "满意", "note": "可以了"}}


def centre(database, cast, clock, *names):
    """The hall's centre with two dispatchers (何、顾) and a head (高); two at the counter of the bureau (wang, li)."""
    with database.unit_of_work() as work:
        fw = units.add(
            work,
            code="350526-FW",
            name="进城党群城市家园",
            kind="centre",
            parent=cast.county,
            number="1501",
            word="德家园",
            phone="0595-23500000",
        )
        posts = {p.code: p.id for p in work.session.scalars(select(Post))}
        for login, name, post in (("he", "何芳", "window"), ("gu", "顾平", "window"), ("gao", "高兰", "head")):
            user = User(kind="staff", login=login, name=name, created_at=clock(), password_hash=_hash(work))
            work.session.add(user)
            work.session.flush()
            work.session.add(Holding(user_id=user.id, unit_id=fw.id, post_id=posts[post]))
            cast.users[login] = user.id
        for login in ("wang", "li"):
            work.session.add(Holding(user_id=cast.users[login], unit_id=cast.yb.id, post_id=posts["window"]))
        work.session.flush()
        holders.forget(work)
        for name in ("fanying", *names):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
    return fw


def _hash(work):
    return work.session.scalar(select(User.password_hash).where(User.login == "chen"))


def who(work, cast, login, now):
    return people.load(work, cast.users[login], now=now)


def tell(database, cast, clock, answers=LAMP, **more):
    with database.unit_of_work() as work:
        return cases.submit(work, "fanying", answers, by=cast.zhang, now=clock(), **more).case.id


def do(database, cast, clock, case_id, login, answers):
    with database.unit_of_work() as work:
        by = who(work, cast, login, clock())
        task = acting.task_of(work, case_id)
        cases.complete(work, task.id, answers, version=task.version, by=by, now=clock())


def fire(database, clock, case_id):
    with database.unit_of_work() as work:
        timer = work.session.scalars(select(Timer).where(Timer.case_id == case_id).order_by(Timer.due_at)).first()
        clock.now = max(clock.now, timer.due_at)
        cases.fire(work, timer, now=clock())


def test_a_report_goes_to_the_right_office_and_is_answered_and_asked_about(database, cast, clock):
    centre(database, cast, clock)
    case_id = tell(database, cast, clock)
    with database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.case_id == case_id, Notice.channel == "sms")).one()
        assert told.address == "13800000001" and "您反映的事收到了" in told.text
        assert work.session.get(Case, case_id).promised_due is None  # nothing runs before the dispatch (W3)
    clock.on(days=3)
    do(database, cast, clock, case_id, "he", TO_YB)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.office_id == cast.yb.id and case.accepted_at == clock()
        gao = who(work, cast, "gao", clock())
        assert case_page.page(work, case_id, actor=gao, now=clock()).office == cast.yb.name  # the centre sees it still
        assert case.promised_due is not None and case.promised_due > clock() + timedelta(days=5)
        task = acting.task_of(work, case_id)
        assert (task.element, task.candidates) == ("sign", [f"p:{cast.yb.id}:window"])
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "order")).all()
        assert {cast.users["wang"], cast.users["li"]} <= set(told)
    do(database, cast, clock, case_id, "wang", {"signing": "accept"})
    do(database, cast, clock, case_id, "wang", DONE)
    fire(database, clock, case_id)
    do(database, cast, clock, case_id, "gu", GLAD)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "done")
        visits = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "fanying.calls")).one()
        assert visits.facts["satisfied"] == "满意"


def complained(database, cast, clock, about=RUDE):
    centre(database, cast, clock)
    case_id = tell(database, cast, clock, about)
    do(database, cast, clock, case_id, "he", TO_YB)
    return case_id


def test_the_clerk_complained_about_neither_finds_nor_opens_it_and_is_not_told(database, cast, clock):
    case_id = complained(database, cast, clock)
    with database.reading() as work:
        wang, li = who(work, cast, "wang", clock()), who(work, cast, "li", clock())
        number = work.session.get(Case, case_id).number
        assert [r.case_id for r in inbox.tasks_for(work, li, now=clock(), box="open").rows] == [case_id]
        for box in inbox.BOXES:
            assert inbox.tasks_for(work, wang, now=clock(), box=box).rows == (), box
        assert case_list.search(work, number, actor=wang, now=clock()) == []
        assert case_list.search(work, number, actor=li, now=clock()) != []
        with pytest.raises(NotFound):
            case_page.by_number(work, number, actor=wang, now=clock())
        told = work.session.scalars(select(Notice.user_id).where(Notice.case_id == case_id)).all()
        assert cast.users["wang"] not in told and cast.users["li"] in told


def test_they_get_it_neither_by_claim_nor_completion_nor_transfer_nor_delegation(database, cast, clock):
    case_id = complained(database, cast, clock)
    with database.unit_of_work() as work:
        wang, li = who(work, cast, "wang", clock()), who(work, cast, "li", clock())
        task = acting.task_of(work, case_id)
        with pytest.raises(NotYours):
            cases.claim(work, task.id, version=task.version, by=wang, now=clock())
        with pytest.raises(NotYours):
            cases.complete(work, task.id, {"signing": "accept"}, version=task.version, by=wang, now=clock())
        cases.claim(work, task.id, version=task.version, by=li, now=clock())
        with pytest.raises(NotYours, match="keep away"):
            cases.transfer(work, task.id, wang.id, "她熟悉", version=task.version, by=li, now=clock())
        with pytest.raises(NotYours, match="keep away"):
            cases.delegate(work, task.id, wang.id, "您怎么看", version=task.version, by=li, now=clock())
        with pytest.raises(NotYours, match="keep away"):
            cases.transfer(
                work, task.id, wang.id, "她熟悉", version=task.version, by=who(work, cast, "zhao", clock()), now=clock()
            )
        assert (task.state, task.assignee_id) == ("claimed", li.id)


def test_nor_as_the_agent_of_a_colleague_on_leave_nor_may_others_stand_for_them(database, cast, clock):
    case_id = complained(database, cast, clock)
    ends = clock() + timedelta(days=9)
    with database.unit_of_work() as work:
        task = acting.task_of(work, case_id)
        cases.claim(work, task.id, version=task.version, by=who(work, cast, "li", clock()), now=clock())
        # li goes on leave and names the very person as agent; chen of another unit stands for wang
        absences.take_leave(
            work,
            hall="一站",
            user_id=cast.users["li"],
            agent_id=cast.users["wang"],
            from_at=clock(),
            until_at=ends,
            by=who(work, cast, "li", clock()),
            now=clock(),
        )
    with database.unit_of_work() as work:
        absences.take_leave(
            work,
            hall="一站",
            user_id=cast.users["wang"],
            agent_id=cast.users["chen"],
            from_at=clock(),
            until_at=ends,
            by=who(work, cast, "wang", clock()),
            now=clock(),
        )
    clock.on(hours=1)
    with database.unit_of_work() as work:
        wang = who(work, cast, "wang", clock())
        assert wang.stands_for(cast.users["li"], "fanying")
        task = acting.task_of(work, case_id)
        assert inbox.tasks_for(work, wang, now=clock()).rows == ()
        with pytest.raises(NotYours):
            cases.complete(work, task.id, {"signing": "accept"}, version=task.version, by=wang, now=clock())
        cases.unclaim(work, task.id, version=task.version, by=who(work, cast, "zhao", clock()), now=clock())
    with database.unit_of_work() as work:
        # borrowed posts: through wang, chen would hold the bureau's counter
        chen, task = who(work, cast, "chen", clock()), acting.task_of(work, case_id)
        borrowed = [a.user_id for a in chen.absences]
        assert cast.users["wang"] in borrowed
        lent = [p for p in chen.without({cast.users["wang"]}).positions if p.for_id == cast.users["wang"]]
        assert lent == []
        for login in ("wang",):
            with pytest.raises(NotYours):
                cases.claim(work, task.id, version=task.version, by=who(work, cast, login, clock()), now=clock())


def test_nor_when_it_is_recalled_or_handed_on_for_being_late(database, cast, clock):
    """Wang signs for an order; then it turns out to be about her, and the steps she has done come back."""
    centre(database, cast, clock)
    case_id = tell(database, cast, clock)
    do(database, cast, clock, case_id, "he", TO_YB)
    do(database, cast, clock, case_id, "wang", {"signing": "accept"})
    with database.unit_of_work() as work:
        wang, task = who(work, cast, "wang", clock()), acting.task_of(work, case_id)
        cases.claim(work, task.id, version=task.version, by=wang, now=clock())
        assert task.element == "handle" and task.assignee_id == wang.id
    with database.unit_of_work() as work:
        from engine.commands import candidates
        from engine.commands.cases.finding import find_case, live_tasks

        case = find_case(work, case_id)
        candidates.keep_away(work, case, live_tasks(work, case), [cast.users["wang"]])
    with database.unit_of_work() as work:
        wang, li = who(work, cast, "wang", clock()), who(work, cast, "li", clock())
        task = acting.task_of(work, case_id)
        assert (task.state, task.assignee_id) == ("open", None)
        assert listed.candidates(work, task.id) != []
        signed = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.element == "sign")).one()
        with pytest.raises(NotYours):
            cases.recall(work, signed.id, by=wang, now=clock())
        cases.claim(work, task.id, version=task.version, by=li, now=clock())
        with pytest.raises(Refused):  # taken is taken: nothing goes back from here (W2)
            cases.return_(work, task.id, "sign", "先核实", version=task.version, by=li, now=clock())
        cases.unclaim(work, task.id, version=task.version, by=li, now=clock())
    with database.unit_of_work() as work:
        wang, task = who(work, cast, "wang", clock()), acting.task_of(work, case_id)
        assert task.element == "handle" and task.assignee_id != wang.id
        with pytest.raises(NotYours):
            cases.claim(work, task.id, version=task.version, by=wang, now=clock())
        # late: it goes to the bureau's head, unless the head is the one complained about
        case = work.session.get(Case, case_id)
        candidates.keep_away(work, case, [task], [cast.users["zhao"]])
        assert alarms._reassign(work, case, task, "head", clock())["to"] == f"p:{cast.county.id}:head"


def test_when_only_they_hold_the_post_the_next_unit_above_gets_it(database, cast, clock):
    centre(database, cast, clock)
    with database.unit_of_work() as work:
        li = work.session.scalars(
            select(Holding)
            .join(Post, Post.id == Holding.post_id)
            .where(Holding.user_id == cast.users["li"], Post.code == "window")
        ).one()
        work.session.delete(li)
        work.session.flush()
        holders.forget(work)
    case_id = tell(database, cast, clock, RUDE)
    do(database, cast, clock, case_id, "he", TO_YB)
    with database.reading() as work:
        task = acting.task_of(work, case_id)
        assert task.candidates == [f"p:{cast.yb.id}:head"]  # nobody else sits at that counter: the bureau's head


def test_a_case_number_keeps_everybody_away_who_worked_on_that_case(database, cast, clock):
    other = acting.accepted(database, cast, clock)
    acting.claim(database, other, cast.wang, clock())
    acting.complete(database, other, acting.REGISTER, cast.wang, clock())
    with database.reading() as work:
        number = work.session.get(Case, other).number
    about = {**RUDE, "about": {"clerk": "", "number": number}}
    case_id = complained(database, cast, clock, about)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.apart == f"/{cast.users['chen']}/{cast.users['wang']}/"
        for login in ("wang", "chen"):
            with pytest.raises(NotFound):
                case_page.page(work, case_id, actor=who(work, cast, login, clock()), now=clock())


def test_a_complaint_about_the_dispatcher_is_registered_by_another(database, cast, clock):
    centre(database, cast, clock)
    case_id = tell(database, cast, clock, {**RUDE, "about": {"clerk": "何芳", "number": ""}})
    with pytest.raises(NotYours):
        do(database, cast, clock, case_id, "he", TO_YB)
    do(database, cast, clock, case_id, "gu", TO_YB)


def test_the_one_complained_about_does_not_hear_a_reminder(database, cast, clock):
    case_id = complained(database, cast, clock)
    with database.unit_of_work() as work:
        task = acting.task_of(work, case_id)
        cases.remind(work, task.id, by=cast.zhang, now=clock())
        assert work.session.scalars(select(Reminder)).one()
        told = work.session.scalars(select(Notice.user_id).where(Notice.kind == "remind")).all()
        assert told == [cast.users["li"]]


# ---------------------------------------------------------------- 没解决，请重办


def answered(database, cast, clock, answers=LAMP):
    """A report that was answered today: the receipt names the day until which it may be done again."""
    centre(database, cast, clock)
    case_id = tell(database, cast, clock, answers)
    do(database, cast, clock, case_id, "he", {**TO_YB, "category": "政务服务"})
    do(database, cast, clock, case_id, "wang", {"signing": "accept"})
    do(database, cast, clock, case_id, "wang", DONE)
    return case_id


def offered(database, case_id, actor, now):
    with database.reading() as work:
        return [one.name for one in case_page.page(work, case_id, actor=actor, now=now).tells]


def test_until_the_printed_day_the_resident_has_it_done_again_and_says_why(database, cast, clock):
    case_id = answered(database, cast, clock, {**LAMP, "consent_visit": False})
    with database.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "order_reply")).one()
        last = local_date(clock()) + timedelta(days=15)
        assert paper.facts["reopen_by_on"] == last.isoformat()
        # whose answer it is, and by when it was due: the office and the clerk who handled it, five days from dispatch
        assert paper.facts["handler"] == {"unit": "德化县医疗保障局", "name": "王丽"}
        order = work.session.scalars(select(Document).where(Document.kind == "order")).one()
        assert paper.facts["due_at"][:10] == order.facts["order"]["due_at"][:10]
        told = work.session.scalars(select(Notice).where(Notice.kind == "replied")).first()
        assert f"{say(last)}以前" in told.text and f"until {last.isoformat()}" in told.text_en
    assert offered(database, case_id, cast.zhang, clock()) == ["redo"]
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        cases.tell(work, case_id, "redo", {"redo_reason": ""}, sure=True, by=cast.zhang, now=clock())
    assert set(refused.value.by_field()) == {"redo_reason"}
    with database.unit_of_work() as work:
        cases.tell(work, case_id, "redo", {"redo_reason": "灯还是不亮"}, sure=True, by=cast.zhang, now=clock())
    task = acting.now_open(database, case_id)
    assert task.element == "handle"
    with database.reading() as work:
        assert work.session.get(Case, case_id).answers["redo_reason"] == "灯还是不亮"
    assert offered(database, case_id, cast.zhang, clock()) == []  # nothing to be done again while it is being done


def test_the_centre_writes_it_down_for_who_calls_and_after_the_day_nobody_can(database, cast, clock):
    case_id = answered(database, cast, clock, {**LAMP, "consent_visit": False})
    with database.reading() as work:
        he, wang = who(work, cast, "he", clock()), who(work, cast, "wang", clock())
    assert offered(database, case_id, he, clock()) == ["redo"]
    assert offered(database, case_id, wang, clock()) == []  # not the office whose work it is about
    clock.now += timedelta(days=16)
    fire(database, clock, case_id)
    with database.reading() as work:
        assert work.session.get(Case, case_id).status == "finished"
    with pytest.raises(NotNow), database.unit_of_work() as work:
        cases.tell(work, case_id, "redo", {"redo_reason": "又坏了"}, sure=True, by=cast.zhang, now=clock())


def told(database, case_id, kind):
    """What the applicant of a case was told by text message, the last of this kind."""
    with database.reading() as work:
        rows = select(Notice.text).where(Notice.case_id == case_id, Notice.kind == kind, Notice.channel == "sms")
        return work.session.scalars(rows.order_by(Notice.id.desc())).first()


def joined(database, cast, clock):
    """(the earlier, the later): two report one lamp, the later is joined and the earlier is answered by its name."""
    centre(database, cast, clock)
    first = tell(database, cast, clock)
    do(database, cast, clock, first, "he", {**TO_YB, "category": "道路设施"})
    do(database, cast, clock, first, "wang", {"signing": "accept"})
    with database.unit_of_work() as work:
        number = work.session.get_one(Case, first).number
        other = {**LAMP, "applicant": {"name": "许文", "phone": "13800000002"}}
        later = cases.submit(work, "fanying", other, by=cast.xu, now=clock()).case.id
    do(database, cast, clock, later, "he", {"finding": "same", "same_number": number})
    clock.on(days=1)
    answer = {"done": {"text": "换了灯头", "reply": "张三丰家门口的路灯修好了"}}
    do(database, cast, clock, first, "wang", answer)
    work_off(database, clock(), handlers={kind: JOBS[kind] for kind in (Kind.FOLLOW_JOINED, Kind.ANSWER_JOINED)})
    return first, later


def test_the_second_who_reports_a_thing_is_answered_in_words_a_clerk_looked_at(database, cast, clock):
    _, later = joined(database, cast, clock)
    assert told(database, later, "replied_both") is None  # not a word of the first one's answer goes out by itself
    with pytest.raises(Invalid) as refused:
        do(database, cast, clock, later, "gu", {"same_reply": {"way": "same", "names_nobody": False}})
    assert [f.field for f in refused.value.fields] == ["same_reply.names_nobody"]
    do(database, cast, clock, later, "gu", {"same_reply": {"way": "own", "text": "村口的路灯修好了"}})
    said = told(database, later, "replied_both")
    assert "村口的路灯修好了" in said and "张三丰" not in said
    until = local_date(clock()) + timedelta(days=15)
    assert f"{until.month}月{until.day}日" in said


def test_the_second_may_ask_for_it_to_be_done_again_and_has_a_day_and_an_office(database, cast, clock):
    _, later = joined(database, cast, clock)
    do(database, cast, clock, later, "gu", {"same_reply": {"way": "own", "text": "村口的路灯修好了"}})
    with database.unit_of_work() as work:
        cases.tell(work, later, "redo", {"redo_reason": "还是不亮"}, sure=True, by=cast.xu, now=clock())
    assert "已经要求重办" in told(database, later, "redone")
    do(database, cast, clock, later, "he", {**TO_YB, "category": "道路设施"})
    said = told(database, later, "dispatched")
    assert "县医疗保障局" in said and "月" in said.split("，")[1], said
    do(database, cast, clock, later, "wang", {"signing": "accept"})
    do(database, cast, clock, later, "wang", DONE)
    assert "向您道歉" in told(database, later, "replied")
    with database.reading() as work:
        papers = work.session.scalars(select(Document.kind).where(Document.case_id == later).order_by(Document.id))
        assert {"order", "order_reply"} <= set(papers)
