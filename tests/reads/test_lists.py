"""The lists of steps and their numbers, against what each actor may see and claim by the rules, step by step."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engine.people import Actor, apart
from engine.people.actor import Absence, Lent, Position
from engine.reads import inbox, lists
from engine.reads.lists import Filters
from engine.store import Database, listing
from engine.store.models import Case, Listed, Task
from tests import listed
from tests.commands import acting
from web import doctor
from web.cli import main
from web.settings import Settings

BOXES = ("mine", "open", "unit")
MATTERS = ("daiban", "lundian", "zengju")


def fill(database: Database, cast: Any, now: datetime, steps: int) -> None:
    for _n in range(steps):
        acting.submit(database, cast.zhang, now)


def shuffle(database: Database, cast: Any, now: datetime, draw: random.Random) -> None:
    """Every case and step is another one, by the hands of an ordinary transaction."""
    unit_ids = [u.id for u in (cast.county, cast.yb, cast.mz, cast.lmt, cast.suyang, cast.xunzhong)]
    users = [cast.users[name] for name in ("chen", "lin", "huang", "wang", "li")]
    posts = [f"p:{u.id}:{post}" for u in (cast.yb, cast.mz, cast.suyang) for post in ("reviewer", "window", "agent")]

    def moment() -> datetime | None:
        return None if draw.random() < 0.4 else now + timedelta(hours=draw.choice((-60, -1, 1, 90)))

    def some(of: list[Any], most: int) -> list[Any]:
        return draw.sample(of, draw.randrange(most + 1))

    with database.unit_of_work() as work:
        for task, case in work.session.execute(select(Task, Case).join(Case, Case.id == Task.case_id)).all():
            case.matter = draw.choice(MATTERS)
            case.flags = sorted(some(list(listing.MARKS), 3))
            case.promised_due, case.statutory_due, case.yellow_at = moment(), moment(), moment()
            case.paused_at = now if draw.random() < 0.2 else None
            case.place_id, case.unit_id, case.office_id = (draw.choice(unit_ids) for _ in range(3))
            case.restricted = draw.random() < 0.4
            case.confidential = case.restricted and draw.random() < 0.5
            case.handled_by = apart.write(some(unit_ids, 2)) if case.restricted else ""
            case.apart = apart.write(some(users, 1))
            task.apart = apart.add(case.apart, some(users, 1))
            task.due_at = moment()
            task.candidates = some([*posts, *(f"u:{u}" for u in users)], 3) or [posts[0]]
            task.state = draw.choice(("open", "open", "claimed"))
            task.assignee_id = draw.choice(users) if task.state == "claimed" else None


def people(database: Database, cast: Any, now: datetime) -> list[Actor]:
    """Those of the cast; somebody with three posts; one who stands in for somebody in all, and in one matter."""

    def post(unit: Any, code: str, role: str = "clerk", **lent: Any) -> Position:
        return Position(unit.id, unit.path, unit.kind, code, role, **lent)

    def below(*units: Any) -> frozenset[int]:
        every = (cast.county, cast.yb, cast.mz, cast.lmt, cast.suyang, cast.xiabi, cast.xunzhong, cast.fudong)
        return frozenset(u.id for u in every if any(u.path.startswith(top.path) for top in units))

    chen, lin, huang = (cast.users[name] for name in ("chen", "lin", "huang"))
    many = (post(cast.yb, "reviewer"), post(cast.mz, "window"), post(cast.suyang, "agent"))
    away = post(cast.yb, "reviewer", for_id=chen)
    part = post(cast.mz, "reviewer", for_id=huang, matters=("daiban",))
    with database.reading() as work:
        found = [cast.actor(name, now, work) for name in ("chen", "wang", "zhao", "wu", "huang", "xu")]
    return [
        *found,
        Actor(lin, "staff", "林", many, realm=below(cast.yb, cast.mz, cast.suyang)),
        Actor(
            lin,
            "staff",
            "林",
            (post(cast.suyang, "agent"), away, part),
            (Absence(chen, "陈", None), Absence(huang, "黄", ("daiban",))),
            realm=below(cast.suyang, cast.yb),
            lent=(Lent(below(cast.mz), ("daiban",)),),
        ),
    ]


def belongs(actor: Actor, box: str, task: Task, case: Case) -> bool:
    """The rule, of one step."""
    me = actor.themselves() if case.confidential else actor
    if box == "mine":
        theirs = task.assignee_id == actor.id or me.stands_for(task.assignee_id, case.matter)
        return task.state == "claimed" and theirs and actor.id not in apart.read(task.apart)
    if box == "open":
        away = apart.read(task.apart)
        may, _whom = me.without(away).as_whom(task.candidates, case.matter)
        return task.state == "open" and may and actor.id not in away
    if actor.kind != "staff":
        return case.applicant_id == actor.id
    if actor.id in apart.read(case.apart):
        return False
    if case.restricted:
        return bool(apart.handle(case.office_id, case.handled_by) & actor.own_units)
    return actor.reaches((case.place_id, case.unit_id, case.office_id), case.matter)


def fits(wanted: Filters, task: Task, case: Case, now: datetime) -> bool:
    from engine.deadlines import colour

    shade = colour(case.promised_due, case.statutory_due, task.due_at, case.paused_at is not None, now, case.yellow_at)
    return (
        wanted.matter in (None, case.matter)
        and wanted.colour in (None, shade)
        and (wanted.flag is None or wanted.flag in case.flags)
    )


def whole(work: Any, actor: Actor, box: Any, wanted: Filters, now: datetime) -> list[int]:
    """The list, all its pages."""
    out: list[int] = []
    after = None
    while True:
        page = inbox.tasks_for(work, actor, now=now, box=box, filters=wanted, after=after, limit=4)
        out += [row.task_id for row in page.rows]
        after = page.next
        if after is None:
            return out


def agree(database: Database, cast: Any, now: datetime, draw: random.Random, *, most: int = lists.MOST) -> None:
    for actor in people(database, cast, now):
        for box in BOXES:
            wanted = Filters(
                matter=draw.choice((None, None, *MATTERS)),
                colour=draw.choice((None, None, "green", "yellow", "red", "black", "paused")),
                flag=draw.choice((None, None, *listing.MARKS)),
            )
            with database.reading() as work:
                rows = work.session.execute(
                    select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.state != "ended")
                ).all()
                inside = [(t, c) for t, c in rows if belongs(actor, box, t, c)]
                shall = [t.id for t, c in inside if fits(wanted, t, c, now)]
                said = f"{actor.name} {box} {wanted}"
                assert sorted(whole(work, actor, box, wanted, now)) == sorted(shall), said
                found = lists.numbers(work, actor, box, wanted, now=now)
                assert found.total == min(most, len(shall)), said
                for group, numbers in (("matter", found.matters), ("colour", found.colours), ("flag", found.marks)):
                    for value, number in numbers.items():
                        one = Filters(
                            **{name: getattr(wanted, name) for name in ("matter", "colour", "flag")}
                            | {group: value or None}
                        )
                        assert number == min(most, sum(fits(one, t, c, now) for t, c in inside)), f"{said} {one}"
                assert lists.how_many(work, actor, box) == min(most, len(inside)), said


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("swept", [True, False], ids=["the worker has been", "no worker"])
def test_a_list_has_what_the_rules_say_and_its_numbers_count_it(database, cast, clock, seed, swept):
    draw = random.Random(seed)
    fill(database, cast, clock(), 8)
    shuffle(database, cast, clock(), draw)
    shuffle(database, cast, clock(), draw)  # from what was, to what is
    listed.must_be_right(database, clock())
    if swept:
        with database.unit_of_work() as work:
            assert listing.turn(work.session, now=clock()) > 0
            assert listing.turn(work.session, now=clock()) == 0
        listed.must_be_right(database, clock())
    agree(database, cast, clock(), draw)


def test_a_count_stops_at_the_most_and_says_so(database, cast, clock, monkeypatch):
    monkeypatch.setattr(lists, "MOST", 3)
    draw = random.Random(7)
    fill(database, cast, clock(), 8)
    shuffle(database, cast, clock(), draw)
    agree(database, cast, clock(), draw, most=3)


def test_what_went_past_the_session_is_listed_anew_when_asked(database, cast, clock):
    fill(database, cast, clock(), 3)
    with database.unit_of_work() as work:
        work.session.execute(Task.__table__.update().values(candidates=["u:1"]))
    with database.reading() as work:
        wrong = listing.wrong(work.session, database, at=clock())
    assert {said.partition(":")[0] for _task, said in wrong} == {"p", "u"}
    with database.unit_of_work() as work:
        assert listing.again(work.session, database) == 3
    listed.must_be_right(database, clock())


def test_the_shell_lists_everything_anew_and_the_doctor_says_when_it_must(database, cast, clock, monkeypatch, tmp_path):
    fill(database, cast, clock(), 2)
    monkeypatch.setenv("YIZHAN_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path))

    settings = Settings(home=tmp_path, database_url="", secret_key="a key of the tests")

    def said() -> doctor.Line:
        return next(one for one in doctor._database(database, settings, clock()) if one.about == "lists")

    assert said().level == "ok"
    with database.unit_of_work() as work:
        work.session.execute(Listed.__table__.delete().where(Listed.key.startswith("at:")))
    assert said().level == "error" and "yizhan migrate --relist" in said().zh
    done = CliRunner().invoke(main, ["migrate", "--relist"])
    assert done.exit_code == 0 and "2 步" in done.output
    assert said().level == "ok"
    listed.must_be_right(database, clock())
