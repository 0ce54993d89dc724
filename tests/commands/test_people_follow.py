"""When people, terms and units change, what is under way follows: tasks, questions, cases; nothing strands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engine.commands import cases
from engine.commands.equipment import Equipment
from engine.commands.hall import following, handover, posts, reorganising
from engine.commands.worker import background
from engine.errors import Invalid, NotNow, NotYours
from engine.people import SYSTEM, holders, load, may, units
from engine.records import audit
from engine.records.jobs import Kind
from engine.store.models import Case, Event, Holding, Job, Notice, Post, Task, Unit, User
from engine.workdays import say
from tests.commands import acting
from tests.people.test_login import _at_once
from web.cli import main

LAST = date(2026, 9, 18)


def claimed(database, case_id, by, now):
    acting.claim(database, case_id, by, now)
    return live(database, case_id)


def live(database, case_id):
    with database.reading() as work:
        found = select(Task).where(Task.case_id == case_id, Task.state != "ended")
        return work.session.scalars(found).one()


def who_may(database, cast, case_id, now):
    """Short names of the staff who could claim or work on what is open now."""
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended")).one()
        able = set()
        for short, id_ in cast.users.items():
            actor = load(work, id_, now=now)
            if may(actor, "claim", task, case=case) or may(actor, "work", task, case=case):
                able.add(short)
        return able


def until(database, cast, who, day):
    """The last day of every post this person holds; nobody says so to the hall: the worker has to find it."""
    with database.unit_of_work() as work:
        for one in work.session.scalars(select(Holding).where(Holding.user_id == cast.users[who])):
            one.until_on = day
        holders.forget(work)


def midnight(database, clock):
    """The worker's look at the beginning of the next day."""
    now = clock.on(days=1)
    with database.reading() as work:
        ids = following.affected(work, on=now.date())
    for case_id in ids:
        with database.unit_of_work() as work:
            following.follow(work, case_id, by=SYSTEM, now=now)
    return ids


def test_at_midnight_what_waits_for_a_term_that_ended_goes_up_and_comes_back(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    for who in ("chen", "lin"):
        until(database, cast, who, LAST)
    assert who_may(database, cast, case_id, clock()) == {"chen", "lin"}, "their last day is not over"
    assert midnight(database, clock) == [case_id]
    assert who_may(database, cast, case_id, clock()) == {"qian"}
    task = live(database, case_id)
    assert task.unit_id == cast.lmt.id and task.instead == {"post": "agent", "unit": cast.suyang.id}
    with database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind == "nobody-there")).one()
        assert told.user_id == cast.users["qian"]
        assert [e.facts["element"] for e in audit.history(work, case_id) if e.kind == "task.moved"] == [task.element]
    with database.unit_of_work() as work:
        posts.take(work, cast.users["huang"], cast.suyang.id, "agent", by=cast.qian, now=clock())
    assert who_may(database, cast, case_id, clock()) == {"huang"}, "somebody holds the post again: nobody had begun"
    assert live(database, case_id).instead is None
    assert midnight(database, clock) == [], "nothing is left to follow"


def test_whoever_is_given_a_post_or_loses_it_is_told_and_so_is_who_heads_them(database, cast, clock):
    with database.unit_of_work() as work:
        row = posts.take(work, cast.users["sun"], cast.yb.id, "reviewer", until_on=LAST, by=cast.wu, now=clock())
        posts.end(work, row.id, LAST, by=cast.wu, now=clock())
    with database.reading() as work:
        told = work.session.execute(select(Notice.user_id, Notice.text).where(Notice.key.startswith("post:"))).all()
        said = {(user, text) for user, text in told}
        unit, name = cast.yb.name, work.session.get_one(User, cast.users["sun"]).name
    last = say(LAST)
    assert said == {
        (cast.users["sun"], f"吴县长办理：您任{unit}的审核（到{last}为止）。"),
        (cast.users["zhao"], f"吴县长办理：{name}任{unit}的审核（到{last}为止）。"),
        (cast.users["sun"], f"吴县长办理：您不再任{unit}的审核，最后一天是{last}。"),
        (cast.users["zhao"], f"吴县长办理：{name}不再任{unit}的审核，最后一天是{last}。"),
    }


def test_whoever_leaves_has_nothing_in_hand_any_more(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    acting.claim(database, case_id, cast.wang, clock())
    with database.unit_of_work() as work:
        posts.disable(work, cast.users["wang"], hall="一站", by=cast.wu, now=clock())
    task = live(database, case_id)
    assert (task.state, task.assignee_id, task.candidates) == ("open", None, [f"p:{cast.yb.id}:reviewer"])
    assert who_may(database, SimpleUsers(cast, "li", "zhao"), case_id, clock()) == {"li"}
    with database.reading() as work:
        assert work.session.scalars(select(Notice).where(Notice.kind == "moved")).one().user_id == cast.users["li"]
        said = dict(work.session.execute(select(Notice.user_id, Notice.text).where(Notice.kind == "account")).all())
        assert set(said) == {cast.users["wang"], cast.users["zhao"]}  # and who heads them
        assert "停用了您的账号" in said[cast.users["wang"]] and "停用了王丽的账号" in said[cast.users["zhao"]]


class SimpleUsers:
    """Some of the cast: a disabled account is refused when it is loaded."""

    def __init__(self, cast, *shorts):
        self.users = {short: cast.users[short] for short in shorts}


def test_a_question_to_somebody_who_left_goes_back_to_whoever_asked(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    task = claimed(database, case_id, cast.wang, clock())
    with database.unit_of_work() as work:
        cases.delegate(work, task.id, cast.users["sun"], "是低保户吗？", version=None, by=cast.wang, now=clock())
    with database.unit_of_work() as work:
        posts.disable(work, cast.users["sun"], hall="一站", by=cast.wu, now=clock())
    task = live(database, case_id)
    assert (task.assignee_id, task.state, task.delegated) == (cast.users["wang"], "claimed", [])


@pytest.mark.parametrize("by", ["wang", "zhao"])
def test_a_question_can_be_taken_back_by_who_asked_and_by_a_head(database, cast, clock, by):
    case_id = acting.accepted(database, cast, clock)
    task = claimed(database, case_id, cast.wang, clock())
    with database.unit_of_work() as work:
        cases.delegate(work, task.id, cast.users["li"], "看一下", version=None, by=cast.wang, now=clock())
    with database.unit_of_work() as work, pytest.raises(NotYours):
        cases.take_back(work, task.id, version=None, by=cast.li, now=clock())
    with database.unit_of_work() as work:
        cases.take_back(work, task.id, version=None, by=getattr(cast, by), now=clock())
    now = live(database, case_id)
    assert (now.assignee_id, now.delegated) == (cast.users["wang"], [])
    with database.reading() as work:
        assert work.session.scalars(select(Notice).where(Notice.kind == "not-asked")).one().user_id == cast.users["li"]
    with database.unit_of_work() as work, pytest.raises(NotNow):
        cases.take_back(work, task.id, version=None, by=cast.wang, now=clock())


def test_whoever_has_nothing_to_do_with_a_step_is_not_told_how_it_stands(database, cast, clock):
    """Nobody has claimed it and nobody was asked: a stranger is refused before they hear that."""
    case_id = acting.accepted(database, cast, clock)
    task = live(database, case_id)
    for verb in (cases.unclaim, cases.take_back):
        with database.unit_of_work() as work, pytest.raises(NotYours):
            verb(work, task.id, version=None, by=cast.huang, now=clock())
        with database.unit_of_work() as work, pytest.raises(NotNow):
            verb(work, task.id, version=None, by=cast.wang, now=clock())


def test_a_head_s_transfer_clears_the_question(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    task = claimed(database, case_id, cast.wang, clock())
    with database.unit_of_work() as work:
        cases.delegate(work, task.id, cast.users["sun"], "看一下", version=None, by=cast.wang, now=clock())
    with database.unit_of_work() as work:
        cases.transfer(work, task.id, cast.users["li"], "王丽出差", version=None, by=cast.zhao, now=clock())
    now = live(database, case_id)
    assert (now.assignee_id, now.delegated) == (cast.users["li"], [])
    acting.complete(database, case_id, acting.REGISTER, cast.li, clock())


def test_a_hand_over_takes_along_what_was_asked_and_what_they_were_asked(database, cast, clock):
    mine, theirs = acting.accepted(database, cast, clock), acting.accepted(database, cast, clock)
    asked = claimed(database, mine, cast.wang, clock())
    was_asked = claimed(database, theirs, cast.li, clock())
    with database.unit_of_work() as work:
        cases.delegate(work, asked.id, cast.users["sun"], "问民政", version=None, by=cast.wang, now=clock())
        cases.delegate(work, was_asked.id, cast.users["wang"], "问王丽", version=None, by=cast.li, now=clock())
    with database.unit_of_work() as work:
        to = cast.users["zhao"]
        plan = handover.plan(work, cast.users["wang"], to, by=cast.wu, now=clock())
        assert [(item.task_id, item.question) for item in plan.goes] == [(asked.id, True), (was_asked.id, True)]
        handover.hand_over(work, cast.users["wang"], to, "调离", expect=plan.token, by=cast.wu, now=clock())
    with database.reading() as work:
        first, second = work.session.get(Task, asked.id), work.session.get(Task, was_asked.id)
        assert (first.assignee_id, first.delegated[0]["from"]) == (cast.users["sun"], to)
        assert (second.assignee_id, second.delegated[0]["to"]) == (to, to)


# ---------------------------------------------------------------- another office


def test_a_head_moves_a_case_to_another_office_with_its_clock_and_its_record(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.reading() as work:
        due = work.session.get(Case, case_id).promised_due
    with database.rehearsal() as work:
        shown = cases.move_office(work, case_id, cast.mz.code, "机构职责调整", by=cast.wu, now=clock())
    with database.unit_of_work() as work:
        cases.move_office(work, case_id, cast.mz.code, "机构职责调整", by=cast.wu, now=clock(), expect=shown.token)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.office_id, case.promised_due) == (cast.mz.id, due)
        assert audit.verify(work).faults == ()
    assert who_may(database, cast, case_id, clock()) == {"sun"}


@pytest.mark.parametrize(
    ("by", "unit", "why", "refused"),
    [
        ("zhao", "mz", "", Invalid),  # no reason
        ("wang", "mz", "职责调整", NotYours),  # no head
        ("wu", "fudong", "职责调整", Invalid),  # nobody works there
        ("wu", "yb", "职责调整", NotNow),  # it is there
    ],
)
def test_a_case_is_not_moved_without_a_reason_by_anybody_or_to_nobody(database, cast, clock, by, unit, why, refused):
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work, pytest.raises(refused):
        cases.move_office(work, case_id, getattr(cast, unit).code, why, by=getattr(cast, by), now=clock())


# ---------------------------------------------------------------- units that change


def merged(database, cast, clock, unit, into, along=True):
    with database.reading() as work:
        plan = reorganising.plan(work, unit.id, into_id=into.id, along=along, by=cast.wu, now=clock())
    with database.unit_of_work() as work:
        done = reorganising.close(
            work, unit.id, into_id=into.id, along=along, expect=plan.token, by=cast.wu, now=clock()
        )
    assert done == plan, "what was done is what was shown"
    return plan


def test_a_merged_office_s_cases_go_on_at_its_successor_with_their_clocks(database, cast, clock):
    held, waits = acting.accepted(database, cast, clock), acting.accepted(database, cast, clock)
    acting.claim(database, held, cast.wang, clock())
    with database.reading() as work:
        before = {one: work.session.get(Case, one).promised_due for one in (held, waits)}
    plan = merged(database, cast, clock, cast.yb, cast.mz)
    assert [case.case_id for case in plan.cases] == [held, waits]
    with database.reading() as work:
        for one in (held, waits):
            case = work.session.get(Case, one)
            assert (case.office_id, case.promised_due) == (cast.mz.id, before[one])
        assert audit.verify(work).faults == ()
        said = work.session.scalars(select(Event).where(Event.kind == "unit.changed")).one().facts
        assert (said["along"], said["into"], said["cases"]) == (True, cast.mz.id, [held, waits])
    assert live(database, held).assignee_id == cast.users["wang"], "she came along with what she holds"
    assert who_may(database, cast, waits, clock.on(days=1)) == {"wang", "li", "sun"}


def test_a_closed_office_s_people_do_not_come_along(database, cast, clock):
    held = acting.accepted(database, cast, clock)
    acting.claim(database, held, cast.wang, clock())
    merged(database, cast, clock, cast.yb, cast.mz, along=False)
    assert who_may(database, cast, held, clock()) == {"sun"}


def test_a_merged_village_leaves_the_choices_and_its_people_belong_to_its_successor(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    merged(database, cast, clock, cast.suyang, cast.xiabi)
    with database.reading() as work:
        assert work.session.get(User, cast.users["zhang"]).place_id == cast.xiabi.id
        assert work.session.get(Case, case_id).place_id == cast.xiabi.id
        assert cast.suyang.id not in {one.id for one in units.tree(work).standing}
        assert units.tree(work).by_id[cast.suyang.id].path.startswith(cast.xiabi.path), (
            "its successor reads what it did"
        )
    assert who_may(database, cast, case_id, clock()) == {"chen", "lin", "huang"}


def test_a_town_that_is_merged_takes_its_villages_along(database, cast, clock):
    plan = merged(database, cast, clock, cast.lmt, cast.xunzhong)
    assert {one.id for one in plan.below if one.kind == "village"} == {cast.suyang.id, cast.xiabi.id}
    with database.reading() as work:
        tree = units.tree(work)
        assert tree.level(tree.by_id[cast.suyang.id], "town").id == cast.xunzhong.id
        assert work.session.get(Unit, cast.suyang.id).path == f"{cast.xunzhong.path}{cast.suyang.id}/"
        assert load(work, cast.users["qian"], now=clock()).supervises(cast.suyang.id), "he came along"


@pytest.mark.parametrize(
    ("unit", "into", "by", "refused"),
    [
        ("lmt", "suyang", "wu", Invalid),  # below it
        ("lmt", "lmt", "wu", Invalid),
        ("county", "lmt", "wu", NotNow),
        ("yb", "mz", "zhao", NotYours),
    ],
)
def test_a_unit_is_not_closed_into_itself_or_by_anybody(database, cast, clock, unit, into, by, refused):
    with database.unit_of_work() as work, pytest.raises(refused):
        reorganising.plan(
            work, getattr(cast, unit).id, into_id=getattr(cast, into).id, by=getattr(cast, by), now=clock()
        )


def test_a_plan_that_is_not_so_any_more_is_not_carried_out(database, cast, clock):
    with database.reading() as work:
        plan = reorganising.plan(work, cast.yb.id, into_id=cast.mz.id, by=cast.wu, now=clock())
    acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work, pytest.raises(NotNow):
        reorganising.close(work, cast.yb.id, into_id=cast.mz.id, expect=plan.token, by=cast.wu, now=clock())


def test_a_renamed_unit_signs_with_its_new_name_from_now_on(database, cast, clock):
    with database.unit_of_work() as work:
        after = reorganising.rename(work, cast.yb.id, "德化县医疗保障中心", by=cast.wu, now=clock())
        assert (after.name, after.seal_name) == ("德化县医疗保障中心", "德化县医疗保障中心")


# ---------------------------------------------------------------- the worker


def test_the_worker_looks_when_the_day_changes_and_asks_for_the_next_night(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    for who in ("chen", "lin"):
        until(database, cast, who, LAST)
    with database.unit_of_work() as work:
        following.ask_at_midnight(work, now=clock())
        following.ask_at_midnight(work, now=clock())
    job = one_job(database)
    assert (job.kind, job.run_after - clock()) == ("follow-people", timedelta(hours=15, seconds=30))
    tools = Equipment(press=None, sign=False, worker="test")
    handlers = {Kind.FOLLOW_PEOPLE: following.follow_people}
    background.run(database, tools, now=clock.on(hours=15, minutes=1), handlers=handlers)
    assert who_may(database, cast, case_id, clock()) == {"qian"}
    assert one_job(database).key == "follow-people:2026-09-20"


def one_job(database):
    with database.reading() as work:
        jobs = select(Job).where(Job.kind == "follow-people", Job.state == "ready")
        return work.session.scalars(jobs).one()


def test_a_post_is_given_by_who_heads_the_unit_and_checked(database, cast, clock):
    with database.unit_of_work() as work, pytest.raises(NotYours):
        posts.take(work, cast.users["huang"], cast.yb.id, "reviewer", by=cast.qian, now=clock())
    for post, first, last in (("judge", None, None), ("agent", date(2026, 9, 20), date(2026, 9, 19))):
        with database.unit_of_work() as work, pytest.raises(Invalid):
            posts.take(
                work, cast.users["huang"], cast.suyang.id, post, from_on=first, until_on=last, by=cast.qian, now=clock()
            )
    with database.unit_of_work() as work:
        row = posts.take(work, cast.users["huang"], cast.suyang.id, "agent", by=cast.qian, now=clock())
        posts.end(work, row.id, LAST, by=cast.qian, now=clock())
    with database.reading() as work:
        post = work.session.scalars(select(Post.id).where(Post.code == "agent")).one()
        held = select(Holding).where(Holding.user_id == cast.users["huang"], Holding.post_id == post)
        assert {one.unit_id: one.until_on for one in work.session.scalars(held)}[cast.suyang.id] == LAST


def test_the_shell_shows_a_merger_and_does_exactly_that(database, cast, clock, monkeypatch, tmp_path):
    if database.dialect != "sqlite":
        pytest.skip("the shell opens the database by its address: one kind is enough")
    case_id = acting.submit(database, cast.zhang, clock())
    monkeypatch.setenv("YIZHAN_DATABASE_URL", f"sqlite:///{database.url.database}")
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))

    def shell(*words):
        done = CliRunner().invoke(main, ["unit", "merge", cast.yb.code, "--into", cast.mz.code, "--by", *words])
        return done.exit_code, done.output

    assert shell("zhao")[0] == 1, "he heads an office, not the county"
    code, shown = shell("wu")
    assert code == 0 and "在办的件 1" in shown and "什么都还没有改" in shown
    with database.reading() as work:
        assert work.session.get(Case, case_id).office_id == cast.yb.id
    assert shell("wu", "--confirm", "0" * 16)[0] == 1
    token = shown.rsplit("--confirm ", 1)[1].split()[0]
    assert shell("wu", "--confirm", token)[0] == 0
    with database.reading() as work:
        assert work.session.get(Case, case_id).office_id == cast.mz.id


@pytest.mark.both
def test_two_who_open_one_log_in_name_at_once_open_one_account(database, cast, clock):
    now = clock()

    def opened(_n):
        with database.unit_of_work() as work:
            return posts.open_account(work, "caogl", "曹管理", by=SYSTEM, now=now).login

    assert _at_once(4, opened) == {"caogl": 1, "Invalid": 3}
