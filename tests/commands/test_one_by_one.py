"""What the worker does of many in one night: a bad one keeps back no other, and who runs the hall sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from engine.commands import loan_rows, one_by_one
from engine.commands.booking import closing, office, opening, standing
from engine.commands.hall import following
from engine.commands.loans import due as loans_due
from engine.commands.worker import background
from engine.proof.playing import equipment
from engine.records import counters, jobs
from engine.records.jobs import Kind
from engine.store.models import Counter, Job, LoanHold, Notice, Resource, Slot, Standing
from tests.commands import acting
from tests.loans.conftest import NOW as MORNING
from tests.loans.conftest import shelf
from tests.offers.conftest import NOW, open_hall, work_off

__all__ = ["shelf"]  # a fixture


def bad(known, which):
    """The function, which fails for this one alone."""

    def tried(work, *args, **kwargs):
        if which in args:
            raise RuntimeError("a bad row")
        return known(work, *args, **kwargs)

    return tried


def failed(database):
    with database.reading() as work:
        rows = select(Job.key).where(Job.state == "ready", Job.attempts > 0).order_by(Job.id)
        return list(work.session.scalars(rows))


def test_one_that_fails_is_undone_alone_and_kept(database):
    kept = []

    def do(work, one):
        counters.take(work, one)
        if one == "b":
            raise ValueError("bad")

    done = one_by_one.each(database, ["a", "b", "c"], do, said="counted", instead=lambda work, one: kept.append(one))
    with database.reading() as work:
        assert sorted(work.session.scalars(select(Counter.name))) == ["a", "c"]
    assert (done, kept) == (2, ["b"])
    with database.unit_of_work() as work:
        done = one_by_one.batch(
            work, ["d", "b", "e"], lambda one: do(work, one), said=str, instead=lambda one: kept.append(one)
        )
        assert (done, kept) == (2, ["b", "b"])
    with database.reading() as work:
        assert sorted(work.session.scalars(select(Counter.name))) == ["a", "c", "d", "e"]


def test_where_the_database_fails_no_row_is_blamed(database):
    def do(work, one):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        one_by_one.each(database, [1], do, said="done", instead=lambda work, one: None)
    with pytest.raises(OperationalError), database.unit_of_work() as work:
        one_by_one.batch(work, [1], lambda one: do(work, one), said=str, instead=lambda one: None)


@pytest.mark.parametrize("part", ["offer", "resource", "follow"])
def test_a_night_makes_the_times_of_all_but_the_bad_one_which_fails_for_itself(database, monkeypatch, part):
    hall = open_hall(database)
    night = NOW + timedelta(days=3)
    with database.unit_of_work() as work:
        lunch = work.session.scalar(select(Resource.id).where(Resource.offer == "zhiyuan.lunch"))
        before = work.session.scalar(select(Slot.id).where(Slot.resource_id == lunch).order_by(Slot.id.desc()).limit(1))
        jobs.put_once(work, Kind.PUBLISH_SLOTS, "tonight", now=night)
    bad_one = {"offer": "zhiyuan.lunch", "resource": "a bad rule", "follow": 10_000}[part]
    if part == "offer":
        monkeypatch.setattr(opening, "establish_one", bad(opening.establish_one, bad_one))
    elif part == "follow":
        monkeypatch.setattr(closing, "resources_tonight", lambda work, *, now: [bad_one])
        monkeypatch.setattr(closing, "follow_tonight", bad(closing.follow_tonight, bad_one))
    else:
        real = office.publish_one

        def publish_one(work, resource, *, now):
            if resource.offer != "zhiyuan.lunch":
                raise RuntimeError(bad_one)
            return real(work, resource, now=now)

        with database.unit_of_work() as work:
            shut = Resource(code="broken", unit_id=hall.centre.id, kind="window", name="坏了的窗口", matter="")
            work.session.add(shut)
            work.session.flush()
            bad_one = shut.id
        monkeypatch.setattr(office, "publish_one", publish_one)
    work_off(database, night)
    with database.reading() as work:
        newest = work.session.scalar(select(Slot.id).where(Slot.resource_id == lunch).order_by(Slot.id.desc()).limit(1))
        assert newest > before, "the others have their times"
        next_night = select(Job.id).where(Job.key == f"publish-slots:{(night + timedelta(days=1)).date()}")
        assert work.session.scalar(next_night) is not None, "and the next night is asked for"
    assert failed(database) == [f"publish-slots:{part}:{bad_one}:{night.date()}"]
    monkeypatch.undo()
    if part != "follow":  # which there is not
        work_off(database, night + timedelta(hours=1))  # mended: its own job goes well
        assert failed(database) == []


def test_orders_of_a_night_are_asked_for_some_at_a_time(database, monkeypatch):
    hall = open_hall(database)
    monkeypatch.setattr(standing, "BATCH", 2)
    with database.unit_of_work() as work:
        lunch = work.session.scalar(select(Resource.id).where(Resource.offer == "zhiyuan.lunch"))
        for one in hall.residents[:5]:
            whose = {"user_id": one.id, "person_index": f"i{one.id}", "name": one.name, "phone": None}
            days = {"at": "11:00", "weekdays": "12345", "from_on": NOW.date(), "until_on": NOW.date()}
            work.session.add(Standing(resource_id=lunch, made_at=NOW, **days, **whose))
    asked, last = [], 0
    while last is not None:
        with database.unit_of_work() as work:
            last = standing.ask_some(work, last, now=NOW)
            asked.append(last)
    with database.reading() as work:
        assert len(work.session.scalars(select(Job.id).where(Job.kind == "standing-due")).all()) == 5
    assert len(asked) == 3


def test_a_case_that_cannot_be_followed_keeps_back_no_other(database, cast, monkeypatch, clock):
    seen, ids = [], [acting.submit(database, cast.zhang, clock()) for _ in range(3)]

    def follow(work, case_id, *, by, now):
        if case_id == ids[1]:
            raise RuntimeError("a bad case")
        seen.append(case_id)
        return []

    monkeypatch.setattr(following, "affected", lambda work, *, on: ids)
    monkeypatch.setattr(following, "follow", follow)
    with database.unit_of_work() as work:
        following.ask_at_midnight(work, now=clock())
    night = clock.on(hours=15, minutes=1)
    background.run(database, equipment(), now=night, handlers={Kind.FOLLOW_PEOPLE: following.follow_people})
    background.run(database, equipment(), now=night, handlers={Kind.FOLLOW_PEOPLE: following.follow_people})
    assert seen == [ids[0], ids[2]]
    assert [key for key in failed(database) if "people" in key] == [f"follow-people:case:{ids[1]}:2026-09-19"]


def test_a_reservation_that_cannot_expire_and_a_loan_that_cannot_be_said_keep_back_no_other(shelf, monkeypatch):
    for code, title in (("B1", "111"), ("B3", "222")):
        shelf.lend(code, "zhang")
        shelf.reserve(title, "xu")
        shelf.back(code)
    first, second = sorted(hold.id for hold in shelf.holds())
    shelf.clock.now = MORNING + timedelta(days=5)
    drop = loan_rows.drop

    def dropped(work, kind, hold, how, *, by, now):
        drop(work, kind, hold, how, by=by, now=now)
        if hold.id == first:
            raise RuntimeError("a bad reservation")

    monkeypatch.setattr(loan_rows, "drop", dropped)
    with shelf.database.unit_of_work() as work:
        assert loans_due.expire(work, now=shelf.clock.now) == 1
    with shelf.database.reading() as work:
        states = {hold.id: hold.state for hold in work.session.scalars(select(LoanHold).order_by(LoanHold.id))}
        assert states == {first: "ready", second: "expired"}
        told = work.session.scalars(select(Notice.key).where(Notice.key.contains(":expired"))).all()
        assert all(f"loan-hold:{first}:" not in key for key in told), "what it said is undone with it"
        own = select(Job.payload).where(Job.key == f"loan-hold:{first}:expire:2026-09-23")
        assert work.session.scalar(own) == {"hold": first}
    monkeypatch.undo()
    work_off(shelf.database, shelf.clock.now)
    assert {hold.state for hold in shelf.holds()} == {"expired"}
