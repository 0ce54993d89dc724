"""Entries of registers: put, found, changed, ended; each change leaves its history."""

import concurrent.futures
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from engine.commands import register_rows as rows
from engine.errors import AlreadyDone, Invalid
from engine.reads import registers as reads
from engine.reads.knowing import Person
from engine.records import registers
from engine.store import again
from engine.store.models import RegisterChange, RegisterEntry, RegisterIndex
from engine.workdays import local_date
from tests.conftest import NOW

from .declared import BOOKS, VISITS, VOLUNTEERS, XU, ZHANG, register


def put(work, cast, values, *, whom=ZHANG, one=VOLUNTEERS, **more):
    more = {"place_id": cast.suyang.id, "unit_id": cast.lmt.id, **more}
    return rows.put(work, one, values, by=cast.zhou, now=NOW, whom=whom, **more)


def test_a_person_has_one_entry_however_often_it_is_put(database, cast):
    with database.unit_of_work() as work:
        first = put(work, cast, {"skills": ["barber"], "insured": date(2027, 1, 31)})
        assert (first.state, first.title, first.valid_until, first.version) == (
            "active",
            "张三丰",
            date(2027, 1, 31),
            1,
        )
        assert first.user_id == cast.users["zhang"]
    with database.unit_of_work() as work:
        again = put(work, cast, {"skills": ["理发", "护理"]})  # by its words, as a sheet has them
        assert (again.id, again.version, again.facts["skills"]) == (first.id, 2, ["barber", "nurse"])
        assert again.facts["insured"] == "2027-01-31"  # what is not given stays
    with database.reading() as work:
        change = work.session.scalars(select(RegisterChange)).one()
        assert (change.version, change.facts) == (2, {"skills": [["barber"], ["barber", "nurse"]]})


def test_putting_the_same_again_changes_nothing(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, {"hours": 3})
        assert put(work, cast, {"hours": 3}).version == 1
        assert work.session.scalar(select(func.count()).select_from(RegisterChange)) == 0


def test_a_family_that_shares_a_telephone_is_not_one_person(database, cast):
    with database.unit_of_work() as work:
        one = put(work, cast, {"hours": 1}, whom=Person("苏玉兰", "13800000009"))
        other = put(work, cast, {"hours": 2}, whom=Person("苏小兰", "13800000009"))
        assert one.id != other.id
        assert rows.of_person(work, VOLUNTEERS, Person("苏玉兰", "13800000009")).id == one.id


def test_who_is_known_by_telephone_and_name_stays_the_same_when_the_identity_number_comes(database, cast):
    with database.unit_of_work() as work:
        first = put(work, cast, {"hours": 1}, whom=Person("张三丰", "13800000001"))
        later = put(work, cast, {"hours": 2}, whom=ZHANG)
        assert (later.id, later.person["id_number"]) == (first.id, ZHANG.id_number)
        assert rows.of_person(work, VOLUNTEERS, Person("张 三丰", "+86 138 0000 0001")).id == first.id
        assert rows.of_person(work, VOLUNTEERS, Person("张三丰", None, ZHANG.id_number)).id == first.id
        assert rows.of_person(work, VOLUNTEERS, replace(ZHANG, id_number=XU.id_number)) is None


def test_an_account_used_for_a_parent_is_not_the_parent(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, {"hours": 1}, whom=Person("张母", None, "350526195003071220", cast.users["zhang"]))
        assert rows.of_person(work, VOLUNTEERS, Person("张三丰", None, None, cast.users["zhang"])) is None


def test_a_thing_is_known_by_its_key(database, cast):
    with database.unit_of_work() as work:
        book = put(work, cast, {"barcode": "978-1", "title": "活着", "shelf": "A3"}, whom=None, one=BOOKS)
        assert (book.key, book.title, book.state) == ("978-1", "活着", "shelf")
        assert rows.find(work, BOOKS, "978-1").id == book.id
        assert rows.find(work, BOOKS, "978-2") is None
        lent = rows.set_state(work, BOOKS, book, "lent", by=cast.zhou, now=NOW)
        assert (lent.state, lent.version, lent.ended_at) == ("lent", 2, None)
        assert work.session.scalars(select(RegisterChange.what)).one() == "state"


def test_a_line_of_a_case_has_no_key_and_is_never_the_same(database, cast):
    with database.unit_of_work() as work:
        ids = {put(work, cast, {"note": "在家"}, whom=None, one=VISITS).id for _ in range(3)}
        assert len(ids) == 3


def test_the_version_that_was_seen_must_still_be_so(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, {"hours": 1})
        rows.change(work, VOLUNTEERS, entry, {"hours": 2}, by=cast.zhou, now=NOW, version=1)
        with pytest.raises(AlreadyDone):
            rows.change(work, VOLUNTEERS, entry, {"hours": 3}, by=cast.zhou, now=NOW, version=1)
        assert entry.facts["hours"] == 2


def test_an_entry_ends_and_comes_back(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, {"insured": "2026-12-31", "illness": "高血压"})
        rows.set_state(work, VOLUNTEERS, entry, "left", by=cast.zhou, now=NOW, why="搬走了")
        assert (entry.ended_at, entry.keep_until) == (NOW, date(2026, 10, 18))  # the illness goes first
        rows.set_state(work, VOLUNTEERS, entry, "active", by=cast.zhou, now=NOW)
        assert entry.ended_at is None
        assert entry.keep_until == date(2027, 1, 30)  # counted from when it will expire


def test_what_is_past_its_day_is_expired(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, {"insured": "2026-09-20"})
        assert registers.state_on(entry, date(2026, 9, 20)) == "active"
        assert registers.state_on(entry, date(2026, 9, 21)) == "expired"
        assert registers.values(work, VOLUNTEERS, entry, on=date(2026, 9, 21))["state"] == "expired"


def test_entries_are_found_by_what_the_register_searches(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, {"skills": ["barber", "nurse"], "wechat": "san feng"})
        put(work, cast, {"skills": ["nurse"]}, whom=XU, place_id=cast.fudong.id, unit_id=cast.xunzhong.id)
        found = rows.matching(work, VOLUNTEERS, {"skills": "nurse"})
        assert [entry.title for entry in found] == ["许小妹", "张三丰"]
        assert [e.title for e in rows.matching(work, VOLUNTEERS, {"skills": "barber"})] == ["张三丰"]
        assert [e.title for e in rows.matching(work, VOLUNTEERS, {"skills": ["barber", "nurse"]}, most=1)] == ["许小妹"]
        assert [e.title for e in rows.matching(work, VOLUNTEERS, {"name": "许小妹"})] == ["许小妹"]
        assert [e.title for e in rows.matching(work, VOLUNTEERS, {"wechat": "san feng"})] == ["张三丰"]
        assert [e.title for e in rows.matching(work, VOLUNTEERS, places=[cast.suyang.id])] == ["张三丰"]
        with pytest.raises(ValueError, match="illness"):
            rows.matching(work, VOLUNTEERS, {"illness": "高血压"})
        kept = work.session.scalars(select(RegisterIndex.value)).all()
        assert "san feng" not in kept and "许小妹" not in kept and "barber" in kept


def test_nothing_about_a_person_lies_open_in_the_tables(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, {"wechat": "san feng", "illness": "高血压"})
        rows.change(work, VOLUNTEERS, entry, {"illness": "已好"}, by=cast.zhou, now=NOW, why="体检后")
    with database.engine.connect() as connection:
        for table in ("register_entry", "register_index", "register_change"):
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):
                text = " ".join(str(bytes(v) if isinstance(v, memoryview) else v) for v in row)
                for word in ("张三丰", "san feng", "高血压", "13800000001", "350526195003071239", "体检后"):
                    assert word not in text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"skills": ["cook"]}, "skills"),
        ({"insured": "明年"}, "insured"),
        ({"hours": "三"}, "hours"),
        ({"licences": [{"kind": "driver"}]}, "licences.0.number"),
        ({"licences": [{"number": "1", "kind": "pilot"}]}, "licences.0.kind"),
        ({"licenses": []}, "licenses"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_field(database, cast, values, field):
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        put(work, cast, values)
    assert [one.field for one in refused.value.fields] == [field]


def test_a_new_entry_costs_three_statements_and_so_does_a_change_of_what_is_not_searched(database, cast):
    said: list[str] = []

    def hear(connection, cursor, statement, *rest):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "BEGIN")):
            said.append(statement)

    with database.unit_of_work() as work:
        whom = replace(ZHANG, user_id=cast.users["zhang"])
        event.listen(database.engine, "before_cursor_execute", hear)
        put(work, cast, {"hours": 1}, whom=whom)
        made = len(said)
        put(work, cast, {"hours": 2}, whom=whom)
        changed = len(said) - made
        event.remove(database.engine, "before_cursor_execute", hear)
    assert (made, changed) == (3, 3), "\n".join(said)


@pytest.mark.both
def test_two_who_put_the_same_at_once_make_one_entry(database, cast, monkeypatch):
    """The second looked before the first had stored its own: the database keeps the key, the second changes it."""
    with database.unit_of_work() as work:
        first = put(work, cast, {"hours": 1})
        work.session.expunge_all()
        monkeypatch.setattr(rows, "_known", lambda *a: None)
        second = put(work, cast, {"hours": 2})
        assert (second.id, second.version, second.facts["hours"]) == (first.id, 2, 2)
        assert work.session.scalar(select(func.count()).select_from(RegisterEntry)) == 1


def test_entries_under_an_earlier_name_are_found(database, cast):
    with database.unit_of_work() as work:
        work.session.add(
            RegisterEntry(register="走访台账", unit_id=cast.yb.id, facts={"note": "旧"}, at=NOW - timedelta(days=400))
        )
        work.session.flush()  # `put` writes its own row alone
        put(work, cast, {"note": "新"}, whom=None, one=VISITS)
        assert [e.facts["note"] for e in rows.matching(work, VISITS)] == ["新", "旧"]


def test_a_line_of_a_case_is_called_by_its_label_and_by_its_day_without_one(database, cast):
    named = register(
        "call",
        title="走访",
        title_en="Visits",
        about="case",
        label="elder",
        fields={"elder": {"title": "老人", "kind": "personal", "mask": "name", "required": True}},
        readers=["window"],
    )
    with database.unit_of_work() as work:
        called = put(work, cast, {"elder": "陈阿公"}, whom=None, one=named)
        plain = put(work, cast, {"note": "在家"}, whom=None, one=VISITS)
        assert reads.name_of(named.what, called) == "陈*公"
        assert reads.name_of(VISITS.what, plain) == local_date(plain.at).isoformat()


STOCK = register(
    "lot",
    title="物资",
    title_en="Goods",
    about="thing",
    key="number",
    fields={
        "number": {"title": "批号", "required": True},
        "left": {"title": "剩下", "type": "number", "least": 0, "most": 100},
    },
    readers=["window"],
)


def test_what_is_added_is_added_to_what_is_there_and_never_goes_below(database, cast):
    def add(work, n):
        return put(work, cast, {"number": "L1"}, whom=None, one=STOCK, add={"left": n})

    with database.unit_of_work() as work:
        assert add(work, 10).facts["left"] == 10  # nothing was there
    with database.unit_of_work() as work:
        assert add(work, -4).facts["left"] == 6
        assert add(work, -0.5).facts["left"] == 5.5
    for n, said in ((-6, "不能少于 0"), (95, "不能多于 100"), ("三", "应是数字")):
        with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
            add(work, n)
        assert [one.field for one in refused.value.fields] == ["left"] and said in refused.value.fields[0].zh
    with database.reading() as work:
        entry = registers.find(work, STOCK, "L1")
        assert (entry.version, entry.facts["left"]) == (3, 5.5)
        assert [c.facts["left"] for c in work.session.scalars(select(RegisterChange).order_by(RegisterChange.id))] == [
            [10, 6],
            [6, 5.5],
        ]


@pytest.mark.both
def test_eight_who_take_one_of_five_at_once_are_five(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, {"number": "L1"}, whom=None, one=STOCK, add={"left": 5})

    def take(_):
        def one():
            with database.unit_of_work() as work:
                put(work, cast, {"number": "L1"}, whom=None, one=STOCK, add={"left": -1})

        for _ in range(20):
            try:
                again(one)
                return "took"
            except AlreadyDone:
                continue  # another was faster: look again
            except Invalid:
                return "none left"
        return "busy"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(take, range(8))) == {"took": 5, "none left": 3}
    with database.reading() as work:
        assert registers.find(work, STOCK, "L1").facts["left"] == 0


def test_of_two_who_bring_the_first_of_a_stock_both_count(database, cast, monkeypatch):
    """The second looked before the first had stored its own."""
    with database.unit_of_work() as work:
        put(work, cast, {"number": "L1"}, whom=None, one=STOCK, add={"left": 3})
        work.session.expunge_all()
        monkeypatch.setattr(rows, "_known", lambda *a: None)
        assert put(work, cast, {"number": "L1"}, whom=None, one=STOCK, add={"left": 2}).facts["left"] == 5


def test_only_a_number_has_bounds_and_they_hold_whoever_writes(database, cast):
    for wrong in ({"title": "名", "least": 0}, {"title": "数", "type": "number", "least": 3, "most": 2}):
        with pytest.raises(ValueError, match=r"number|larger"):
            register("x", **{**STOCK.what.model_dump(exclude={"fields"}), "fields": {"number": wrong}})
    with database.unit_of_work() as work, pytest.raises(Invalid) as refused:
        put(work, cast, {"number": "L2", "left": 101}, whom=None, one=STOCK)
    assert [one.field for one in refused.value.fields] == ["left"]
