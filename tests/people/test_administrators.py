"""三员分立: who runs the hall, who gives access and who watches are three people, and each does their own."""

from datetime import date, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select, text

from engine.commands.hall import auditing as commands
from engine.commands.hall import passwords, posts
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.matters import county as counties
from engine.people import SYSTEM, administrators, load, may
from engine.reads import accounts, auditing
from engine.records import audit
from engine.store.models import Case, Event, Holding, Post, User
from engine.workdays import local_date
from tests.commands import acting
from tests.conftest import NOW

TODAY = local_date(NOW)
ROLES = ("operator", "security", "auditor")


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def trio(database, cast):
    """The hall with the two new posts, and one person for each."""
    with database.unit_of_work() as work:
        for role in ("security", "auditor"):
            work.session.add(Post(code=role, name=administrators.ROLES[role][0], name_en=role, role=role))
        work.session.flush()
        for role in ("security", "auditor"):
            user = posts.open_account(work, f"{role}-1", role, by=SYSTEM, now=NOW)
            posts.take(work, user.id, cast.county.id, role, by=SYSTEM, now=NOW)
            cast.users[role] = user.id
    return database, cast


def actor(work, cast, name):
    return load(work, cast.users[name], now=NOW)


@pytest.mark.parametrize(("role", "other"), list(permutations(ROLES, 2)))
def test_nobody_is_two_of_the_three(trio, role, other):
    database, cast = trio
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        posts.take(work, cast.users[role], cast.lmt.id, other, by=SYSTEM, now=NOW)
    assert [(one.field, "三个人" in one.zh) for one in refused.value.fields] == [("post", True)]
    with database.reading() as work:
        assert administrators.held_together(work, on=TODAY) == []


def test_one_follows_the_other_when_the_first_term_is_over(trio):
    database, cast = trio
    with database.unit_of_work() as work:
        held = work.session.scalars(select(Holding).where(Holding.user_id == cast.users["auditor"])).one()
        posts.end(work, held.id, TODAY + timedelta(days=9), by=SYSTEM, now=NOW)
        with pytest.raises(Invalid):
            posts.take(work, cast.users["auditor"], cast.county.id, "operator", by=SYSTEM, now=NOW)
        first = TODAY + timedelta(days=10)
        posts.take(work, cast.users["auditor"], cast.county.id, "operator", from_on=first, by=SYSTEM, now=NOW)


@pytest.mark.parametrize("post", ["operator", "security", "auditor", "designer"])
@pytest.mark.parametrize("by", ["operator", "auditor", "wu", "chen"])
def test_only_a_security_administrator_gives_an_administrators_post(trio, by, post):
    database, cast = trio
    with database.unit_of_work() as work, pytest.raises(NotYours):
        posts.take(work, cast.users["sun"], cast.county.id, post, by=actor(work, cast, by), now=NOW)


def test_a_security_administrator_opens_an_account_gives_posts_and_closes_it(trio):
    database, cast = trio
    with database.unit_of_work() as work:
        by = actor(work, cast, "security")
        user = posts.open_account(work, " Caogl.2 ", "曹管理", by=by, now=NOW)
        row = posts.take(work, user.id, cast.county.id, "operator", by=by, now=NOW)
        found = accounts.listed(work, actor=by, find="caogl", today=TODAY)
        assert [(one.login, [h.post for h in one.held]) for one in found.accounts] == [("caogl.2", ["运维"])]
        posts.end(work, row.id, TODAY, by=by, now=NOW)
        posts.disable(work, user.id, hall="一站", by=by, now=NOW)
        kinds = work.session.scalars(select(Event.kind).where(Event.by_id == by.id).order_by(Event.id)).all()
        opened, changed, closed = "person.account-opened", "person.post-changed", "person.account-disabled"
        assert kinds == [opened, changed, changed, closed]
    with database.unit_of_work() as work, pytest.raises(NotYours, match="yourself"):
        by = actor(work, cast, "security")
        posts.take(work, by.id, cast.county.id, "reviewer", by=by, now=NOW)


@pytest.mark.parametrize("login", ["", "ab", "1abc", "chen", "a b c", "陈", "a" * 41])
def test_an_odd_or_taken_log_in_name_is_refused(trio, login):
    database, cast = trio
    with database.unit_of_work() as work, pytest.raises(Invalid):
        posts.open_account(work, login, "陈小云", by=actor(work, cast, "security"), now=NOW)


def test_where_nobody_is_yet_who_heads_the_county_appoints_the_first_security_administrator(database, cast):
    with database.unit_of_work() as work:
        work.session.add(Post(code="security", name="安全管理员", name_en="security", role="security"))
        work.session.flush()
        assert list(administrators.missing(work, on=TODAY)) == ["security", "auditor"]
        wu = actor(work, cast, "wu")
        with pytest.raises(NotYours):
            posts.take(work, cast.users["sun"], cast.county.id, "operator", by=wu, now=NOW)
        with pytest.raises(NotYours):
            posts.take(work, cast.users["sun"], cast.lmt.id, "security", by=actor(work, cast, "qian"), now=NOW)
        posts.take(work, cast.users["sun"], cast.county.id, "security", by=wu, now=NOW)
        with pytest.raises(NotYours):  # there is one now
            posts.take(work, cast.users["li"], cast.county.id, "security", by=wu, now=NOW)


def test_each_of_the_three_does_their_own_and_none_sees_a_case(trio, clock):
    database, cast = trio
    case_id = acting.submit(database, cast.zhang, clock())
    own = {"operator": "operate", "security": "appoint", "auditor": "audit"}
    with database.reading() as work:
        case = work.session.get_one(Case, case_id)
        for role in ROLES:
            who = actor(work, cast, role)
            assert may(who, "evidence", case) == (role == "auditor")
            assert {verb for verb in (*own.values(), "design") if may(who, verb)} == {own[role]}
            assert not may(who, "see", case) and not may(who, "reveal", case)
            assert who.realm == frozenset()


def test_the_auditor_reads_what_the_two_others_did_and_has_it_verified(trio):
    database, cast = trio
    with database.unit_of_work() as work:
        security = actor(work, cast, "security")
        posts.take(work, cast.users["sun"], cast.mz.id, "window", by=security, now=NOW)
        by = actor(work, cast, "auditor")
        watched = auditing.record(work, actor=by, watched=True).acts
        assert [(one.kind, one.who, one.roles) for one in watched] == [
            ("person.post-changed", "security", ("security",))
        ]
        assert auditing.record(work, actor=by, login="security-1").acts == watched
        assert auditing.record(work, actor=by, kind="hall.audited").acts == ()
    assert commands.verify(database, by=by, now=NOW).faults == ()
    with database.reading() as work:
        assert [one.who for one in auditing.record(work, actor=by, kind="hall.audited").acts] == ["auditor"]
    for other in ("operator", "security", "wu", "chen"):
        with database.unit_of_work() as work:
            who = actor(work, cast, other)
            with pytest.raises(NotYours):
                auditing.record(work, actor=who)
            with pytest.raises(NotYours):
                commands.verify(database, by=who, now=NOW)


def test_the_record_comes_in_pages_and_names_no_resident(trio, clock):
    database, cast = trio
    acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        for _ in range(60):
            audit.record(work, audit.Kind.LOGIN, by=actor(work, cast, "zhang"), now=NOW)
    with database.reading() as work:
        by = actor(work, cast, "auditor")
        first = auditing.record(work, actor=by)
        second = auditing.record(work, actor=by, before=first.before)
        assert len(first.acts) == auditing.PAGE and first.acts[-1].id > second.acts[0].id
        seen = [*first.acts, *second.acts]
        assert "张三丰" not in str(seen) and "13800000001" not in str(seen)
        assert {one.who for one in seen if one.kind == "person.logged-in"} == {"张*丰"}


def test_doctor_and_check_find_two_of_the_three_in_one_hand(trio):
    database, cast = trio
    with database.unit_of_work() as work:  # behind the back of the command
        post = work.session.scalars(select(Post.id).where(Post.code == "auditor")).one()
        work.session.execute(
            text("INSERT INTO holding (user_id, unit_id, post_id) VALUES (:u, :n, :p)"),
            {"u": cast.users["operator"], "n": cast.county.id, "p": post},
        )
    with database.reading() as work:
        (one,) = administrators.held_together(work, on=TODAY)
        assert (one.login, one.roles) == ("operator", ("operator", "auditor"))
    from web import doctor

    (line,) = doctor._administrators([one], [])
    assert line.level == "error" and "operator" in line.zh
    file = """
units: [{code: "350526", kind: county}]
posts: [{code: op, role: operator}, {code: au, role: auditor}, {code: w}]
staff:
  - {login: good, holds: ["350526:op", "350526:w"]}
  - {login: bad, holds: ["350526:op", "350526:au"]}
"""
    found, findings = counties.read(file.encode(), "county.yaml")
    assert found is not None
    assert [(one.rule, one.line, "bad" in one.message_en) for one in findings] == [("county", 6, True)]


def test_the_demo_county_has_three_people_for_the_three(pytestconfig):
    data = (pytestconfig.rootpath / "web" / "demo" / "county.yaml").read_bytes()
    found, findings = counties.read(data, "county.yaml")
    assert findings == []
    role = {post.code: post.role for post in found.posts}
    assert {role[post] for _, post in found.held} >= set(ROLES)


def test_a_disabled_person_or_a_term_that_is_over_counts_no_more(trio):
    database, cast = trio
    with database.unit_of_work() as work:
        post = work.session.scalars(select(Post.id).where(Post.code == "auditor")).one()
        row = Holding(user_id=cast.users["operator"], unit_id=cast.county.id, post_id=post, until_on=date(2026, 9, 1))
        work.session.add(row)
        work.session.flush()
        assert administrators.held_together(work, on=TODAY) == []
        row.until_on = None
        work.session.flush()
        assert len(administrators.held_together(work, on=TODAY)) == 1
        work.session.get_one(User, cast.users["operator"]).disabled_at = NOW
        work.session.flush()
        assert administrators.held_together(work, on=TODAY) == []


def test_nobody_becomes_an_administrator_by_setting_their_password(trio):
    """Who heads the county heads the administrators' unit too, and gives links to others there."""
    database, cast = trio
    with database.unit_of_work() as work:
        wu, security = actor(work, cast, "wu"), actor(work, cast, "security")
        assert passwords.offer(work, cast.users["designer"], hall="大厅", by=wu, now=NOW)
        for role in ROLES:
            with pytest.raises(NotYours, match="security administrator"):
                passwords.offer(work, cast.users[role], hall="大厅", by=wu, now=NOW)
        assert passwords.offer(work, cast.users["operator"], hall="大厅", by=security, now=NOW)
        assert passwords.offer(work, cast.users["chen"], hall="大厅", by=security, now=NOW)
        with pytest.raises(NotNow):
            passwords.offer(work, security.id, hall="大厅", by=security, now=NOW)


def test_of_a_restricted_case_the_auditor_takes_no_package(trio, clock):
    database, cast = trio
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        case = work.session.get_one(Case, case_id)
        case.restricted = True
        assert not may(actor(work, cast, "auditor"), "evidence", case)
        with pytest.raises(NotYours):
            auditing.case_of(work, case.number, actor=actor(work, cast, "operator"))
        with pytest.raises(NotFound):
            auditing.case_of(work, "nothing", actor=actor(work, cast, "auditor"))
