"""Who is who, and who may: numbers with a new owner, terms that are over, offices that are no more, leaves, votes."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine import people, process
from engine.commands import cases
from engine.commands.hall import absences
from engine.errors import Refused
from engine.people import holders, units
from engine.process import Return
from engine.reads import inbox
from engine.store import Database
from engine.store.models import Case, Holding, Notice, Post, Task, Unit, User
from engine.workdays import UnknownYear, china
from tests.commands import acting
from tests.conftest import Clock
from tests.hall import Open
from tests.process.drawing import draw, many
from tests.process.playing import NOW, begin, complete, open_now, task

# ---------------------------------------------------------------- whose number it is


def test_the_next_owner_of_a_number_does_not_see_the_one_before(hall: Open, clock: Clock) -> None:
    number = hall.submit()
    clock.on(days=400)  # 张三丰 gave the number back, and the carrier gave it to somebody else
    stranger = hall.client()
    asked = stranger.post("/enter", data={"phone": "13800000001"}).get_data(as_text=True)
    shown = re.search(r"data-shown-code>(\d{6})<", asked)
    assert shown is not None
    stranger.post("/enter/code", data={"phone": "13800000001", "code": shown[1]})
    for page in (f"/mine/{number}", "/apply/daiban"):
        text = stranger.get(page).get_data(as_text=True)
        assert "张三丰" not in text and "350526195003071239" not in text, page


# ---------------------------------------------------------------- terms that are over


def end_terms(hall: Open, post: str, unit: int) -> None:
    """Whoever held this post there held it until the first of September; today is the eighteenth."""
    with hall.database.unit_of_work() as work:
        held = select(Holding).join(Post, Post.id == Holding.post_id).where(Post.code == post, Holding.unit_id == unit)
        for holding in work.session.scalars(held):
            holding.until_on = date(2026, 9, 1)
        holders.forget(work)


def test_a_task_goes_where_somebody_holds_the_post_today(hall: Open) -> None:
    end_terms(hall, "agent", hall.cast.suyang.id)
    live = hall.task(hall.submit())
    with hall.database.reading() as work:
        keys = set(work.session.get(Task, live.id).candidates)
        may = [
            short
            for short, id in hall.cast.users.items()
            if keys & {position.key for position in people.load(work, id, now=hall.clock()).positions}
        ]
    assert may, f"nobody sees the task today: {keys}"


def test_the_supervisor_who_has_it_instead_is_told_once_a_day_and_reads_why_on_the_step(hall: Open) -> None:
    end_terms(hall, "agent", hall.cast.suyang.id)
    numbers = [hall.submit() for _ in range(3)]
    with hall.database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind == "nobody-there")).all()
        assert [(one.user_id, one.case_id is not None) for one in told] == [(hall.cast.users["qian"], True)]
        assert "苏洋村的代办员今天没有人在岗" in told[0].text and numbers[0] in told[0].text
    page = hall.client("qian").get(f"/desk/cases/{numbers[2]}").get_data(as_text=True)
    assert "苏洋村的代办员今天没有人在岗，由龙门滩镇负责人办理或转办" in page
    assert "苏洋村的代办员今天没有人在岗" in hall.client("qian").get("/desk/list/open").get_data(as_text=True)


def test_a_disabled_account_and_a_post_to_come_are_nobody(hall: Open, clock: Clock) -> None:
    with hall.database.unit_of_work() as work:
        work.session.get(User, hall.cast.users["chen"]).disabled_at = clock()
        held = select(Holding).where(Holding.user_id == hall.cast.users["lin"])
        for holding in work.session.scalars(held):
            holding.from_on = date(2026, 9, 19)
        holders.forget(work)
    with hall.database.reading() as work:
        assert not holders.held(work, hall.cast.suyang.id, "agent", on=date(2026, 9, 18))
        assert holders.held(work, hall.cast.suyang.id, "agent", on=date(2026, 9, 19)), "from tomorrow on"
        assert holders.of(work, hall.cast.suyang.id, post="agent") == []
    with hall.database.reading() as work:
        task = work.session.get(Task, hall.task(hall.submit()).id)
        assert task.candidates == [f"p:{hall.cast.lmt.id}:head"]


def test_what_an_office_that_was_merged_decided_is_decided_by_its_successor(hall: Open) -> None:
    with hall.database.unit_of_work() as work:
        gone = work.session.get(Unit, hall.cast.yb.id)
        gone.active, gone.successor_id = False, hall.cast.mz.id
        units.forget(work)
    number = hall.submit()
    with hall.database.reading() as work:
        assert work.session.scalars(select(Case.office_id).where(Case.number == number)).one() == hall.cast.mz.id
        assert people.load(work, hall.cast.users["wang"], now=hall.clock()).positions == ()


def test_reminders_go_to_who_is_head_today(hall: Open) -> None:
    end_terms(hall, "head", hall.cast.yb.id)
    with hall.database.reading() as work:
        assert holders.supervisors(work, hall.cast.yb.id) == [hall.cast.users["wu"]]


# ---------------------------------------------------------------- offices that are no more


def dissolve(database: Database, unit: int) -> None:
    with database.unit_of_work() as work:
        work.session.get(Unit, unit).active = False
        units.forget(work)
        holders.forget(work)


def test_no_new_case_goes_to_an_office_that_is_no_more(database: Database, cast: SimpleNamespace, clock: Clock) -> None:
    dissolve(database, cast.yb.id)
    try:
        made = acting.submit(database, cast.zhang, clock())
    except Refused:
        return  # right too: nobody takes its matters
    with database.reading() as work:
        assert work.session.get(Case, made).office_id != cast.yb.id


def test_a_village_that_is_no_more_cannot_be_chosen(hall: Open) -> None:
    dissolve(hall.database, hall.cast.xiabi.id)
    with hall.database.unit_of_work() as work:
        work.session.get(User, hall.cast.users["zhang"]).place_id = None  # so that the page asks where he lives
    page = hall.client("zhang").get("/apply/daiban")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "苏洋村" in text, "the others are still a choice"
    assert "霞碧村" not in text


def test_open_cases_can_be_moved_to_the_office_that_takes_over() -> None:
    words = ("move", "office", "take_over", "reassign")
    assert [name for name in dir(cases) if not name.startswith("_") and any(word in name for word in words)]


# ---------------------------------------------------------------- sending back, voting, standing in


def test_sent_back_out_of_a_branch_both_branches_begin_again() -> None:
    data = draw(
        "start s",
        "user z",
        "and f",
        "user a",
        "user b",
        "and j",
        "user after",
        "end e",
        "s > z > f",
        "f > a > j",
        "f > b > j",
        "j > after > e",
    )
    definition, step = begin(data)
    step = complete(definition, step, "z")
    step = complete(definition, step, "b")
    step = process.advance(definition, step.state, Return(task(step, "a").id, "z"), now=NOW)
    assert open_now(step) == ["z"]
    step = complete(definition, step, "z")
    assert sorted(open_now(step)) == ["a", "b"]
    for element in ("a", "b", "after"):
        step = complete(definition, step, element)
    assert step.finished


def vote(done: str = "") -> bytes:
    """Three people are asked at once, behind a task one can go back to."""
    asked = many("= voters", "who", "votes", "= yes", done)
    return draw("start s", "user z", "user v", asked, "user after", "end e", "s > z > v > after > e")


def test_one_no_among_three_does_not_end_a_vote_that_half_may_carry() -> None:
    definition, step = begin(vote("= count(votes[item = true]) / 3 >= 0.5"), voters=["甲", "乙", "丙"])
    step = complete(definition, step, "z")
    step = complete(definition, step, "v", yes=False)
    assert open_now(step) == ["v", "v"]
    step = complete(definition, step, "v", yes=True)
    step = complete(definition, step, "v", yes=True)
    assert open_now(step) == ["after"]


def test_sent_back_out_of_a_vote_that_is_half_done_all_vote_again() -> None:
    definition, step = begin(vote(), voters=["甲", "乙", "丙"])
    step = complete(definition, step, "z")
    step = complete(definition, step, "v", yes=True)
    step = process.advance(definition, step.state, Return(task(step, "v").id, "z"), now=NOW)
    assert open_now(step) == ["z"]
    assert open_now(complete(definition, step, "z")) == ["v", "v", "v"]


def test_only_who_did_a_task_has_it_among_what_is_done(hall: Open, clock: Clock) -> None:
    number = hall.submit()
    live = hall.task(number)
    with hall.database.unit_of_work() as work:
        cases.claim(work, live.id, version=live.version, by=hall.cast.chen, now=clock())
    live = hall.task(number)
    with hall.database.unit_of_work() as work:
        cases.complete(work, live.id, acting.TAKE_IN, version=live.version, by=hall.cast.chen, now=clock())

    def done(short: str) -> list[int]:
        with hall.database.reading() as work:
            actor = hall.cast.actor(short, clock(), work)
            return [row.task_id for row in inbox.tasks_for(work, actor, now=clock(), box="done").rows]

    assert done("chen") == [live.id]
    assert done("lin") == [], "the same post, but it was not her who did it"


def test_leaves_make_no_circle_and_who_is_away_has_one_stand_in_at_a_time(
    database: Database, cast: SimpleNamespace, clock: Clock
) -> None:
    def leave(who: str, agent: str, first: int = 0) -> None:
        with database.unit_of_work() as work:
            absences.take_leave(
                work,
                hall="一站",
                user_id=cast.users[who],
                agent_id=cast.users[agent],
                from_at=clock() + timedelta(days=first),
                until_at=clock() + timedelta(days=first + 5),
                by=getattr(cast, who),
                now=clock(),
            )

    leave("chen", "lin")
    leave("lin", "huang")
    with pytest.raises(Refused):
        leave("huang", "chen")
    with pytest.raises(Refused):
        leave("chen", "huang", first=2)
    leave("chen", "huang", first=6)


def test_a_make_up_sunday_is_a_working_day_and_an_unknown_year_is_not_guessed() -> None:
    calendar = china()
    assert calendar.is_workday(date(2026, 9, 20)) and not calendar.is_workday(date(2026, 10, 1))
    unknown = max(calendar.years) + 1
    with pytest.raises(UnknownYear):
        calendar.add(date(unknown - 1, 12, 30), 5)
