"""三率 of a month: due in it, from the asker's own words, of counts; each number opens its list, and costs no scan."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import event, insert, select

from engine.people import load, units
from engine.reads import by_place, order_rates, overview
from engine.reads.order_rates import Counted, Month
from engine.records import sheets
from engine.store.models import Case, Holding, Post, Unit, WorkOrder
from tests.commands import acting
from tests.conftest import NOW

SEPTEMBER = Month(date(2026, 9, 1))
#: The example of the rules: 40 due, 4 not reached, 36 that answered.
EXAMPLE = Counted(due=36, left_out=4, asked=36, answered=34, judged=36, solved=27, rated=36, satisfied=30)


def put(database, cast, rows):
    """Cases like the one that 张三丰 sent, each with what it counts for: (office, facts of its order, facts of it)."""
    first = acting.submit(database, cast.zhang, NOW)
    with database.unit_of_work() as work:
        table = Case.__table__
        like = dict(work.session.execute(select(table).where(table.c.id == first)).mappings().one())
        for n, (office, order, facts) in enumerate(rows, 1):
            made = {**like, "id": first + n, "number": f"N{n}", "office_id": office.id, "request_key": None, **facts}
            work.session.execute(insert(table).values(made))
            told = {
                "dispatched_at": NOW - timedelta(days=5),
                "returned": 0,
                "wrong": False,
                "redone": 0,
                "left_out": "",
            }
            work.session.execute(insert(WorkOrder.__table__).values(case_id=first + n, **{**told, **order}))


def counted(database, cast, month=SEPTEMBER, who="wu", now=NOW):
    with database.reading() as work:
        return order_rates.of(work, load(work, cast.users[who], now=now), month, now=now)


def test_the_rates_are_those_of_the_rules_example():
    assert [str(rate.share) for rate in EXAMPLE.three] == ["94.4", "75.0", "83.3"] and str(EXAMPLE.overall) == "82.2"
    none, few = Counted(), Counted(due=9, asked=9, answered=9, judged=9, solved=9, rated=9, satisfied=9)
    assert by_place.said(none.three[0].share, 0) == "—" and by_place.said(few.three[0].share, 9) == "样本不足"
    assert order_rates.ranks({"nine of nine": few, "none": none, "many": EXAMPLE}) == {"many": 1}


def test_an_order_is_of_the_month_in_which_it_is_due_and_late_though_it_is_closed_in_the_next(database, cast):
    october, last = Month(date(2026, 10, 1)), Month(date(2026, 10, 1)).ends  # the 31st ends at 24:00
    closed = {"closed_at": last + timedelta(days=1), "returned": 1}
    put(database, cast, [(cast.suyang, {"due_at": last, **closed}, {})])
    now = NOW + timedelta(days=60)
    (one,) = counted(database, cast, october, now=now).values()
    assert (one.due, one.late, one.asked, one.closed, one.dispatched) == (1, 1, 0, 0, 0)
    (after,) = counted(database, cast, october.after, now=now).values()
    assert (after.due, after.closed) == (0, 1)
    (sent,) = counted(database, cast, now=now).values()
    assert (sent.dispatched, sent.returned, sent.due) == (1, 1, 0)


@pytest.fixture
def county(database, cast):
    """Sixty orders of three units, in every state."""
    dice, offices = Random(14), (cast.suyang, cast.lmt, cast.yb)
    rows = []
    for n in range(60):
        due = NOW + timedelta(days=dice.randrange(-25, 20))
        closed = dice.choice([None, due + timedelta(days=dice.randrange(-4, 4))])
        order = {"dispatched_at": due - timedelta(days=7), "due_at": due, "closed_at": closed}
        order |= {name: dice.choice([None, True, False]) for name in ("answered", "solved", "signed")}
        order |= {"stars": dice.choice([None, 1, 2, 3, 5]), "returned": dice.randrange(2), "redone": dice.randrange(2)}
        order["left_out"] = dice.choice(["", "", "", "", "回访不到"])
        facts = {"place_id": offices[n % 2].id, "received_at": due - timedelta(days=8)}
        if closed is not None and closed < NOW:
            facts |= {"status": "finished", "finished_at": closed, "promised_due": due, "stopped_at": closed}
        rows.append((offices[n % 3], order, facts))
    put(database, cast, rows)
    return rows


def test_the_numbers_are_those_of_a_recount_and_each_opens_its_list(database, cast, county):
    def right(office):
        mine = [o for at, o, _ in county if at is office]
        due = [o for o in mine if SEPTEMBER.begins < o["due_at"] <= SEPTEMBER.ends]
        out, due = [o for o in due if o["left_out"]], [o for o in due if not o["left_out"]]
        sent = [o for o in mine if SEPTEMBER.begins <= o["dispatched_at"] < SEPTEMBER.ends and not o["left_out"]]
        shut = [o for o in mine if o["closed_at"] and SEPTEMBER.begins <= o["closed_at"] < SEPTEMBER.ends]
        shut = [o for o in shut if not o["left_out"]]
        return Counted(
            due=len(due),
            late=sum((o["closed_at"] or NOW) > o["due_at"] or (not o["closed_at"] and o["due_at"] <= NOW) for o in due),
            asked=sum(o["answered"] is not None for o in due),
            answered=sum(o["answered"] is True for o in due),
            judged=sum(o["solved"] is not None for o in due),
            solved=sum(o["solved"] is True for o in due),
            rated=sum(o["stars"] is not None for o in due),
            satisfied=sum((o["stars"] or 0) >= 3 for o in due),
            left_out=len(out),
            dispatched=len(sent),
            signed=sum(o["signed"] is True for o in sent),
            returned=sum(o["returned"] > 0 for o in sent),
            closed=len(shut),
            redone=sum(o["redone"] > 0 for o in shut),
        )

    offices = (cast.suyang, cast.lmt, cast.yb)
    assert counted(database, cast) == {office.id: right(office) for office in offices}
    with database.reading() as work:
        wu = load(work, cast.users["wu"], now=NOW)
        found = by_place.read(work, wu, now=NOW, month=SEPTEMBER)
        assert found.whole.orders == order_rates.total(right(office) for office in offices)
        lines = [*found.towns, *found.others]
        assert order_rates.total(one.orders for one in lines) == found.whole.orders
        (town,) = (one for one in found.towns if one.place.id == cast.lmt.id)
        assert town.orders == right(cast.suyang) + right(cast.lmt)
        for name, office in itertools.product(order_rates.NUMBERS, offices):
            _, total = order_rates.behind(work, wu, SEPTEMBER, now=NOW, which=name, unit_ids=[office.id])
            assert total == getattr(right(office), name), name
        for part, whole in order_rates.PARTS.items():
            _, rest = order_rates.behind(work, wu, SEPTEMBER, now=NOW, which=part, not_so=True)
            assert rest == getattr(found.whole.orders, whole) - getattr(found.whole.orders, part), part
        assert found.whole.load.open == overview.numbers(work, wu, now=NOW).total.open
        rows = sheets.read_all(by_place.sheet(found), hidden=[])["2026-09 各镇各村"]
        lines = {
            row[0].value: dict(zip((c.value for c in rows[0]), (c.value for c in row), strict=True)) for row in rows
        }
        assert lines["合计"]["到期工单"] == found.whole.orders.due
    seen = counted(database, cast, who="qian")  # who heads the town sees what belongs there
    assert set(seen) <= {cast.suyang.id, cast.lmt.id, cast.yb.id} and seen[cast.suyang.id] == right(cast.suyang)


def test_the_page_looks_at_no_case_that_is_neither_open_nor_of_these_days(sqlite, cast, county):
    asked = []

    def keep(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    for who in ("wu", "qian"):
        event.listen(sqlite.engine, "before_cursor_execute", keep)
        with sqlite.reading() as work:
            by_place.read(work, load(work, cast.users[who], now=NOW), now=NOW)
        event.remove(sqlite.engine, "before_cursor_execute", keep)
    counting = [one for one in asked if "count(" in one[0].lower() or "sum(" in one[0].lower()]
    assert len(counting) == 2 * 6
    with sqlite.engine.connect() as connection:
        for statement, parameters in counting:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            lines = [str(row[3]) for row in plan]
            assert not [one for one in lines if one.startswith(("SCAN case", "SCAN work_order"))] or all(
                "ix_case_open" in one for one in lines if one.startswith("SCAN")
            ), lines


def test_the_villages_of_one_type_of_centre_are_shown_and_summed(database, cast, county):
    with database.unit_of_work() as work:
        work.session.get(Unit, cast.suyang.id).centre = "gathered,resettled"
    with database.reading() as work:
        units.forget(work)
        wu = load(work, cast.users["wu"], now=NOW)
        whole = by_place.read(work, wu, now=NOW, month=SEPTEMBER)
        one = by_place.read(work, wu, now=NOW, month=SEPTEMBER, centre="resettled")
        assert [town.place.name for town in one.towns] == ["龙门滩镇"] and not one.others
        assert [v.place.name for v in one.towns[0].below] == ["苏洋村"]
        (suyang,) = (v for town in whole.towns for v in town.below if v.place.id == cast.suyang.id)
        assert one.whole.orders == suyang.orders == one.towns[0].orders
        assert {code: of.orders for code, of in whole.types} == dict.fromkeys(("gathered", "resettled"), suyang.orders)
        ids = by_place.units_of(units.tree(work), None, alone=False, centre="resettled")
        assert ids == [cast.suyang.id]


def test_who_heads_a_village_alone_has_the_sum_of_what_is_shown(database, cast, county):
    with database.unit_of_work() as work:
        work.session.get(Unit, cast.suyang.id).centre = "resettled"
        head = work.session.scalars(select(Post.id).where(Post.code == "head")).one()
        work.session.add(Holding(user_id=cast.users["chen"], unit_id=cast.suyang.id, post_id=head))
    with database.reading() as work:
        units.forget(work)
        chen = load(work, cast.users["chen"], now=NOW)
        found = by_place.read(work, chen, now=NOW, month=SEPTEMBER, centre="resettled")
        assert [one.place.name for one in found.towns] == ["苏洋村"] and found.whole.orders.due > 0
        assert found.whole.orders == found.towns[0].orders and found.whole.load.open == found.towns[0].load.open


@pytest.mark.parametrize("text", ["9999-12", "0001-01", "2026-13", ""])
def test_a_month_that_no_calendar_holds_is_this_one(text):
    assert Month.read(text, date(2026, 9, 18)) == SEPTEMBER
    assert Month.read("2026-08", date(2026, 9, 18)) == SEPTEMBER.before


def test_a_rate_is_rounded_half_up_and_weighed_before_it_is():
    assert Counted(judged=16, solved=1).three[1].share == Decimal("6.3")  # 6.25
    third = Counted(due=30, asked=30, answered=10, judged=30, solved=10, rated=30, satisfied=10)
    assert third.overall == Decimal("33.3")
