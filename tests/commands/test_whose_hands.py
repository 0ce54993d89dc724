"""Into whose hands a step, a question, a leave or everything of a person may be given: of who works on cases today."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.hall import absences, handover
from engine.errors import Invalid, NotFound, NotYours
from engine.people import holders, load
from engine.reads import attachments, case_page, colleagues, inbox
from engine.records import files
from engine.store.models import Case, Holding, Post, User
from engine.workdays import local_date
from tests.cast import DAIBAN
from tests.commands import acting

WHO = ("operator", "designer", "security", "former")


@pytest.fixture
def hands(database, cast, clock):
    """Those who must get nothing: who runs the hall, who draws, who appoints, who left their post yesterday."""
    with database.unit_of_work() as work:
        post = Post(code="security", name="安全管理员", name_en="security", role="security")
        work.session.add(post)
        work.session.flush()
        agent = work.session.scalars(select(Post.id).where(Post.code == "agent")).one()
        yesterday = local_date(clock()) - timedelta(days=1)
        for name, at, held, until in (
            ("security", cast.county.id, post.id, None),
            ("former", cast.suyang.id, agent, yesterday),
        ):
            user = User(kind="staff", name=f"某{name}", login=name, created_at=clock())
            work.session.add(user)
            work.session.flush()
            work.session.add(Holding(user_id=user.id, unit_id=at, post_id=held, until_on=until))
            cast.users[name] = user.id
        holders.forget(work)
    return cast


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("verb", [cases.transfer, cases.delegate])
def test_a_step_goes_to_nobody_who_works_on_no_cases(database, hands, clock, verb, who):
    case_id = acting.accepted(database, hands, clock)
    acting.claim(database, case_id, hands.wang, clock())
    task = acting.now_open(database, case_id)
    with pytest.raises(NotFound), database.unit_of_work() as work:
        verb(work, task.id, hands.users[who], "他熟悉", version=task.version, by=hands.wang, now=clock())
    with database.reading() as work, pytest.raises(NotFound):
        case_page.page(work, case_id, actor=load(work, hands.users[who], now=clock()), now=clock())


@pytest.mark.parametrize("who", WHO)
def test_nobody_who_works_on_no_cases_stands_in(database, hands, clock, who):
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        absences.take_leave(
            work,
            hall="一站",
            user_id=hands.users["chen"],
            agent_id=hands.users[who],
            from_at=clock() - timedelta(hours=1),
            until_at=clock() + timedelta(days=2),
            by=hands.chen,
            now=clock(),
        )
    assert [one.field for one in refused.value.fields] == ["agent"]


def test_who_stood_in_and_left_their_post_is_lent_nothing_any_more(database, cast, clock):
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        absences.take_leave(
            work,
            hall="一站",
            user_id=cast.users["chen"],
            agent_id=cast.users["sun"],
            from_at=clock() - timedelta(hours=1),
            until_at=clock() + timedelta(days=2),
            by=cast.chen,
            now=clock(),
        )
        assert case_page.page(work, case_id, actor=load(work, cast.users["sun"], now=clock()), now=clock()).number
    with database.unit_of_work() as work:
        held = work.session.scalars(select(Holding).where(Holding.user_id == cast.users["sun"])).one()
        held.until_on = local_date(clock()) - timedelta(days=1)
        holders.forget(work)
    with database.reading() as work:
        sun = load(work, cast.users["sun"], now=clock())
        assert (sun.absences, sun.positions, sun.realm) == ((), (), frozenset())
        with pytest.raises(NotFound):
            case_page.page(work, case_id, actor=sun, now=clock())


@pytest.mark.parametrize("who", WHO)
def test_everything_of_a_person_goes_to_nobody_who_works_on_no_cases(database, hands, clock, who):
    with pytest.raises(Invalid) as refused, database.reading() as work:
        handover.plan(work, hands.users["wang"], hands.users[who], by=hands.zhao, now=clock())
    assert [one.field for one in refused.value.fields] == ["to"]


def test_who_did_a_step_and_left_their_post_opens_and_lists_the_case_no_more(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)

    def finds():
        with database.reading() as work:
            wang = load(work, cast.users["wang"], now=clock())
            rows = inbox.tasks_for(work, wang, now=clock(), box="done").rows
            try:
                return case_page.page(work, case_id, actor=wang, now=clock()).id == case_id, len(rows)
            except NotFound:
                return False, len(rows)

    assert finds() == (True, 1)
    with database.unit_of_work() as work:
        held = work.session.scalars(select(Holding).where(Holding.user_id == cast.users["wang"])).one()
        held.until_on = local_date(clock()) - timedelta(days=1)
        holders.forget(work)
    assert finds() == (False, 0)


def test_what_a_clerk_or_a_relative_handed_in_is_theirs_to_open_until_it_is_of_a_case_they_do_not_see(
    database, cast, clock
):
    case_id = acting.submit(database, cast.zhang, clock())

    def opens(short, file_id):
        with database.reading() as work:
            try:
                return attachments.attachment(work, file_id, actor=load(work, cast.users[short], now=clock())).data
            except NotFound as refused:
                return refused.en

    with database.unit_of_work() as work:
        given = {
            short: files.store(work, b"seen", "a.png", "image/png", now=clock(), owner_id=cast.users[short]).id
            for short in ("chen", "xu")
        }
    assert [opens(short, one) for short, one in given.items()] == [b"seen", b"seen"]
    with database.unit_of_work() as work:
        for short, one in given.items():
            files.attach(work, [one], work.session.get(Case, case_id), by=load(work, cast.users[short], now=clock()))
        held = work.session.scalars(select(Holding).where(Holding.user_id == cast.users["chen"])).one()
        held.until_on = local_date(clock()) - timedelta(days=1)
        holders.forget(work)
    nothing = opens("chen", 999_999)
    assert [opens(short, one) for short, one in given.items()] == [nothing, nothing]
    assert [opens("zhang", one) for one in given.values()] == [b"seen", b"seen"]


@pytest.mark.parametrize("who", WHO)
def test_nobody_who_works_on_no_cases_takes_in_an_application_for_somebody(database, hands, clock, who):
    with pytest.raises(NotYours), database.unit_of_work() as work:
        by = load(work, hands.users[who], now=clock())
        cases.receive(work, "daiban", DAIBAN, consent=True, by=by, now=clock())


@pytest.fixture
def restricted(database, cast, clock):
    """A case of health, accepted at the 医保局 and in 王丽's hands."""
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        work.session.get(Case, case_id).restricted = True
    acting.claim(database, case_id, cast.wang, clock())
    return case_id


@pytest.mark.parametrize("verb", [cases.transfer, cases.delegate])
def test_a_step_of_a_restricted_case_goes_to_nobody_of_an_office_that_is_not_named_for_it(
    database, cast, clock, restricted, verb
):
    """Whoever has the step reads the case: the 民政局 did, as long as the question waited."""
    task = acting.now_open(database, restricted)
    for short in ("sun", "zhou", "wu"):
        with pytest.raises(NotYours) as refused, database.unit_of_work() as work:
            verb(work, task.id, cast.users[short], "他熟悉", version=task.version, by=cast.wang, now=clock())
        assert "限制查看" in refused.value.zh
    with database.unit_of_work() as work:
        verb(work, task.id, cast.users["li"], "他熟悉", version=task.version, by=cast.wang, now=clock())
    with database.reading() as work:
        assert case_page.page(work, restricted, actor=cast.li, now=clock()).id == restricted
        with pytest.raises(NotFound):
            case_page.page(work, restricted, actor=load(work, cast.users["sun"], now=clock()), now=clock())


def test_who_was_chosen_for_a_restricted_case_and_who_may_claim_the_step_are_given_it(
    database, cast, clock, restricted
):
    task = acting.now_open(database, restricted)
    with database.unit_of_work() as work:
        work.session.get(Case, restricted).chosen = {"mediator": [cast.users["sun"]]}
        row = work.session.get(type(task), task.id)
        row.candidates = [*row.candidates, f"p:{cast.lmt.id}:window", f"u:{cast.users['huang']}"]
    with database.reading() as work:
        offered = {one.name for one in colleagues.to_have(work, cast.wang, [task.id])}
        assert offered == {"李明", "赵建国"}  # near 王丽: nobody of another office is
        county = {one.name for one in colleagues.to_have(work, cast.wu, [task.id])}
        assert county == {"王丽", "李明", "赵建国", "孙燕", "周敏", "黄丽华"}
    for short in ("sun", "zhou", "huang"):
        with database.unit_of_work() as work:
            row = work.session.get(type(task), task.id)
            by = load(work, row.assignee_id, now=clock())
            cases.transfer(work, task.id, cast.users[short], "归他", version=row.version, by=by, now=clock())


def test_a_restricted_case_stays_when_everything_of_a_person_goes_to_somebody_of_another_office(
    database, cast, clock, restricted
):
    with database.reading() as work:
        found = handover.plan(work, cast.users["wang"], cast.users["sun"], by=cast.zhao, now=clock())
        assert found.goes == () and [one.why_not[0] for one in found.stays] == ["是限制查看的办件，接的人不能看"]
        mine = handover.plan(work, cast.users["wang"], cast.users["li"], by=cast.zhao, now=clock())
        assert [one.case_id for one in mine.goes] == [restricted] and mine.stays == ()
