"""Whatever people do with a board, however time goes: the public sees what is up, and nobody is told too much."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from engine import feel, people
from engine.commands import board_rows as rows
from engine.commands import boards
from engine.commands.worker import background
from engine.errors import Refused
from engine.matters.nouns import Declared
from engine.matters.nouns.boards import Board, Review
from engine.people import units
from engine.proof.playing import equipment
from engine.reads import boards as reads
from engine.store.models import Notice
from engine.workdays import at_end_of_day, local_date

START = datetime(2026, 12, 10, 1, 0, tzinfo=UTC)
VISITOR = people.Actor(id=None, kind="visitor", name="")
SHOWS = {"what": {"title": "什么"}, "day": {"title": "哪天", "type": "date"}}
PLAIN = Board(kind="market", title="墟日", scope="village", shows=SHOWS, day="day", until="=day")
READ_FIRST = PLAIN.model_copy(update={"review": Review(post="head", at="town")})

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "ask first", "approve", "refuse", "move", "withdraw", "follow", "stop", "later", "work"]
        ),
        st.integers(0, 9),
        st.integers(-1, 12),
    ),
    min_size=5,
    max_size=40,
)


def play(town, acts):
    now, known, follows = START, {}, set()
    for act, n, days in acts:
        day = local_date(now) + timedelta(days=days)
        live = sorted(known)
        number = live[n % len(live)] if live else ""
        model = known.get(number)
        try:
            with town.database.unit_of_work() as work:
                env = feel.Env(now=now, calendar=work.calendar)
                if act in ("ask", "ask first"):
                    board = PLAIN if act == "ask" else READ_FIRST
                    what = Declared("boards", "b", "x.b", board, "matter.yaml")
                    place = units.by_code(work, "350526106201")
                    head = units.by_code(work, "350526106") if board.review else None
                    given_ = {"what": f"第{len(known)}墟", "day": day.isoformat()}
                    made = rows.ask(
                        work,
                        what,
                        given_,
                        env,
                        key=f"{town.run}:{len(known)}",
                        place=place,
                        unit_id=place.id,
                        now=now,
                        reviewed_at=head,
                    )
                    known[made.number] = {"state": made.state, "day": day}
                elif act == "follow":
                    boards.follow(work, "market", "350526106", by=town.xu, now=now)
                    follows.add("market")
                elif act == "stop":
                    boards.unfollow(work, by=town.xu, now=now)
                    follows.clear()
                elif act == "later":
                    now += timedelta(hours=5 * (n + 1))
                elif model is None:
                    pass
                elif act == "approve":
                    changed = rows.find(work, number).changed
                    boards.approve(work, number, changed=changed, by=town.qian, now=now)
                    model["state"] = "shown"
                elif act == "refuse":
                    changed = rows.find(work, number).changed
                    boards.refuse(work, number, "不行", changed=changed, by=town.qian, now=now)
                    model["state"] = "refused"
                elif act == "withdraw":
                    boards.withdraw(work, number, "不办了", by=town.chen, now=now)
                    model["state"] = "withdrawn"
                elif act == "move":
                    entry = rows.find(work, number, lock=True)
                    rows.change(work, entry, PLAIN, {"day": day.isoformat()}, env, now=now, reason="雨")
                    model["day"] = day
        except Refused:
            pass
        if act == "work":
            while background.run(town.database, equipment(), now=now):
                pass
        up = {k for k, one in known.items() if one["state"] == "shown" and at_end_of_day(one["day"]) > now}
        with town.database.reading() as work:
            seen = {one.number for one in reads.listing(work, now=now).entries}
            assert seen == up
            for k in known:
                found = rows.find(work, k)
                assert found.state == known[k]["state"] or (found.state == "over" and k not in up)
                assert date.fromisoformat(found.facts["day"]) == known[k]["day"] == found.begins_on
                if k in up:
                    assert reads.one(work, k, now=now, actor=VISITOR).number == k
            sent = select(Notice.send_after, func.count()).where(Notice.kind == "board", Notice.channel == "sms")
            by_day: dict[date, int] = {}
            for at, count in work.session.execute(sent.group_by(Notice.send_after)):
                by_day[local_date(at)] = by_day.get(local_date(at), 0) + count
                assert 8 <= at.astimezone(rows.ZONE).hour < 21
            keys = list(work.session.scalars(select(Notice.key).where(Notice.kind == "board")))
            assert len(keys) == len(set(keys))
            # Asked for on one day: at most three; those of the evening before go out in the morning too.
            assert all(count <= 6 for count in by_day.values())


def washed(database):
    with database.unit_of_work() as work:
        for table in ("board_follow", "board_told", "notice", "job", "board_entry"):
            work.session.execute(text(f"DELETE FROM {table}"))


def town_of(database, cast):
    with database.reading() as work:
        actors = {short: cast.actor(short, START, work) for short in ("xu", "qian", "chen")}
    return SimpleNamespace(database=database, run=0, **actors)


def run(database, cast, examples):
    town = town_of(database, cast)

    @settings(
        max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
    )
    @given(ACTS)
    def walk(acts):
        washed(database)
        town.run += 1
        play(town, acts)

    walk()


def test_the_public_sees_what_is_up_under_random_acts(database, cast):
    run(database, cast, 12 if database.dialect == "sqlite" else 3)


@pytest.mark.wide
def test_the_public_sees_what_is_up_under_many_random_acts(database, cast):
    run(database, cast, 80 if database.dialect == "sqlite" else 10)
