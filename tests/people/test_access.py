"""Who may see and do what, and where work goes when nobody sits."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.people import holders, masks, units
from engine.reads import sight
from engine.records import library
from engine.store.models import Case, Holding, Leave, Post, Task, Unit, User
from engine.workdays import local_date
from tests.cast import ROOT
from tests.commands import acting


@pytest.fixture
def case_and_task(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.reading() as work:
        return work.session.get(Case, case_id), acting.task_of(work, case_id)


def test_a_case_is_seen_by_its_parties_and_by_the_units_on_its_way(cast, case_and_task):
    case, _ = case_and_task
    seen = {name for name in cast.users if people.may(getattr(cast, name), "see", case)}
    assert seen == {"zhang", "chen", "lin", "zhou", "qian", "wang", "li", "zhao", "wu"}


def test_a_restricted_case_is_not_seen_from_above(cast, case_and_task):
    case, _ = case_and_task
    case.restricted = True
    seen = {name for name in cast.users if people.may(getattr(cast, name), "see", case)}
    assert seen == {"zhang", "wang", "li", "zhao"}


def seers(database, cast, case_id):
    """Who may see it, as `may` says and as their lists say: the same people."""
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        said = {name for name in cast.users if people.may(getattr(cast, name), "see", case)}
        listed = {
            name
            for name in cast.users
            if work.session.scalar(select(Case.id).where(Case.id == case_id, sight.of_cases(work, getattr(cast, name))))
        }
    assert said == listed
    return said


def test_the_village_of_a_restricted_case_reads_it_only_where_a_step_of_it_is_theirs(database, cast, clock):
    """张三丰 of 苏洋村 applied online: that he lives there is no reason for its people to read it. Where the matter
    gives them a step, they do; 霞碧村, the town and the county never."""
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        work.session.get(Case, case_id).restricted = True  # as when the police have it: no step named the village since
    assert seers(database, cast, case_id) == {"zhang", "wang", "li", "zhao"}

    text = matters.read_files(ROOT, "daiban")
    said = text["bpmn/daiban/matter.yaml"] + b"readers: restricted\n"
    with database.unit_of_work() as work:
        again = matters.read("daiban", {**text, "bpmn/daiban/matter.yaml": said})
        library.publish(work, again, by=people.SYSTEM, now=clock())
    named = acting.submit(database, cast.zhang, clock())
    assert seers(database, cast, named) == {"zhang", "chen", "lin", "wang", "li", "zhao"}
    taken_in = acting.submit(database, cast.zhou, clock(), channel="counter")  # they wrote it down themselves
    assert seers(database, cast, taken_in) >= {"zhou", "qian"}


def test_only_candidates_claim_only_the_assignee_works_and_a_blank_assignee_authorises_nobody(cast, case_and_task):
    case, task = case_and_task
    assert {n for n in cast.users if people.may(getattr(cast, n), "claim", task, case=case)} == {"chen", "lin"}
    assert not any(people.may(getattr(cast, n), "work", task, case=case) for n in cast.users)
    task.assignee_id = cast.users["chen"]
    assert {n for n in cast.users if people.may(getattr(cast, n), "work", task, case=case)} == {"chen"}


def test_designing_and_operating_are_posts_of_their_own(cast):
    assert people.may(cast.designer, "design") and not people.may(cast.designer, "operate")
    assert people.may(cast.operator, "operate") and not people.may(cast.wu, "design")


def test_a_post_is_held_from_its_first_to_its_last_day(database, cast, clock):
    with database.unit_of_work() as work:
        held = work.session.scalar(select(Holding).where(Holding.user_id == cast.users["chen"]))
        held.from_on, held.until_on = date(2026, 9, 18), date(2026, 9, 20)
    with database.reading() as work:
        assert people.load(work, cast.users["chen"], now=clock()).positions
        assert people.load(work, cast.users["chen"], now=clock() + timedelta(days=2)).positions
        assert not people.load(work, cast.users["chen"], now=clock() + timedelta(days=3)).positions
        assert not people.load(work, cast.users["chen"], now=clock() - timedelta(days=1)).positions


def test_agency_goes_three_deep_and_covers_only_its_matters(database, cast, clock):
    until = clock() + timedelta(days=2)
    order = ["chen", "lin", "huang", "wang", "li"]  # each is away, the next acts
    with database.unit_of_work() as work:
        for away, agent in zip(order, order[1:], strict=False):
            matters = ["daiban"] if away == "huang" else None
            work.session.add(
                Leave(
                    user_id=cast.users[away],
                    agent_id=cast.users[agent],
                    from_at=clock(),
                    until_at=until,
                    matters=matters,
                )
            )
    with database.reading() as work:
        li = people.load(work, cast.users["li"], now=clock())
        assert {a.user_id for a in li.absences} == {cast.users[n] for n in ("wang", "huang", "lin")}
        suyang = f"p:{cast.suyang.id}:agent"
        assert li.as_whom([suyang], "daiban") == (True, cast.users["lin"])
        assert li.as_whom([suyang], "yuyue") == (False, None)


def _lent(work, cast, clock, *links, **more):
    """(who is away, who acts for them), one leave each."""
    rows = [
        Leave(
            user_id=cast.users[away],
            agent_id=cast.users[agent],
            from_at=clock() - timedelta(hours=1),
            until_at=clock() + timedelta(days=2),
            **more,
        )
        for away, agent in links
    ]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def _over(work, cast, clock, leave):
    leave.ended_at = clock()


def _later(work, cast, clock, leave):
    leave.from_at = clock() + timedelta(hours=1)


def _up(work, cast, clock, leave):
    leave.until_at = clock()


def _disabled(work, cast, clock, leave):
    work.session.get(User, leave.user_id).disabled_at = clock()


def _left_their_post(work, cast, clock, leave):
    held = work.session.scalars(select(Holding).where(Holding.user_id == leave.user_id)).one()
    held.until_on = local_date(clock()) - timedelta(days=1)


def _runs_the_hall_now(work, cast, clock, leave):
    held = work.session.scalars(select(Holding).where(Holding.user_id == leave.user_id)).one()
    held.post_id = work.session.scalars(select(Post.id).where(Post.code == "operator")).one()


def _office_no_more(work, cast, clock, leave):
    held = work.session.scalars(select(Holding).where(Holding.user_id == leave.user_id)).one()
    work.session.get(Unit, held.unit_id).active = False
    units.forget(work)


@pytest.mark.parametrize(
    "broken", [_over, _later, _up, _disabled, _left_their_post, _runs_the_hall_now, _office_no_more]
)
@pytest.mark.parametrize("link", [0, 1, 2])
def test_a_chain_of_stand_ins_is_broken_where_one_of_its_links_is(database, cast, clock, broken, link):
    """陈小云 lends to 黄丽华, who lends to 孙燕, who lends to 李明: what is behind the break is lent no more."""
    order = ("chen", "huang", "sun", "li")
    with database.unit_of_work() as work:
        rows = _lent(work, cast, clock, *zip(order, order[1:], strict=False))
        broken(work, cast, clock, rows[link])
        holders.forget(work)
    with database.reading() as work:
        li = people.load(work, cast.users["li"], now=clock())
        assert {a.user_id for a in li.absences} == {cast.users[one] for one in order[link + 1 : 3]}
        assert li.as_whom([f"p:{cast.suyang.id}:agent"], "daiban") == (False, None)
        assert li.as_whom([f"u:{cast.users['chen']}"], "daiban") == (False, None)
        assert cast.suyang.id not in li.realm


def test_what_is_lent_by_two_leaves_is_lent_and_no_more_than_that(database, cast, clock):
    with database.unit_of_work() as work:
        _lent(work, cast, clock, ("chen", "sun"), matters=["daiban"])
        _lent(work, cast, clock, ("chen", "sun"), matters=["yuyue"])
        _lent(work, cast, clock, ("sun", "li"), matters=["yuyue", "fanying"])
    with database.reading() as work:
        sun, li = (people.load(work, cast.users[one], now=clock()) for one in ("sun", "li"))
        theirs = [f"p:{cast.suyang.id}:agent"]
        assert [sun.as_whom(theirs, one)[0] for one in ("daiban", "yuyue", "fanying")] == [True, True, False]
        assert [li.as_whom(theirs, one)[0] for one in ("daiban", "yuyue", "fanying")] == [False, True, False]


def test_work_for_a_post_nobody_holds_goes_to_the_next_unit_above(database, cast, clock):
    with database.unit_of_work() as work:
        post = work.session.scalar(select(Post).where(Post.code == "agent"))
        for held in work.session.scalars(select(Holding).where(Holding.unit_id == cast.suyang.id)):
            work.session.delete(held)
        work.session.add(Holding(user_id=cast.users["zhou"], unit_id=cast.lmt.id, post_id=post.id))
        work.session.flush()
        holders.forget(work)
    case_id = acting.submit(database, cast.zhang, clock())
    with database.reading() as work:
        task = work.session.scalar(select(Task).where(Task.case_id == case_id))
        assert task.candidates == [f"p:{cast.lmt.id}:agent"]


def test_the_tree_knows_what_is_above_and_below(database, cast):
    with database.reading() as work:
        tree = units.tree(work)
        assert [p.name for p in tree.above(cast.suyang)] == ["苏洋村", "龙门滩镇", "德化县"]
        committee = "龙门滩镇人民调解委员会"
        assert {p.name for p in tree.below(cast.lmt)} == {"龙门滩镇", "苏洋村", "霞碧村", committee}
        assert tree.full_name(cast.suyang) == "龙门滩镇苏洋村"
        assert tree.level(cast.suyang, "town") == cast.lmt


def test_masks_show_enough_to_recognise_and_no_more():
    assert [masks.name(n) for n in ("张三", "张三丰", "欧阳小三")] == ["张*", "张*丰", "欧**三"]
    assert masks.phone("13800000001") == "138****0001"
    assert masks.id_number("350526195003071239") == "3505**********1239"
