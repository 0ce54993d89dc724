"""A child's loans and the guardian: nobody lends to a child without one; the guardian sees, renews, reserves and is
told, and from the moment the bond is over none of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import bond_rows, loans, register_rows
from engine.errors import NotFound, NotNow, NotYours
from engine.matters.nouns.bonds import GUARDIAN, HALL
from engine.people import may
from engine.reads import loans as reads
from engine.reads.knowing import Person, of_user
from engine.records import lending, library
from engine.store import keys
from engine.store.models import Bond, Notice, User
from tests.loans.conftest import KEY, package
from tests.loans.test_gate import GOOD

CHILD = "350526201603014014"  # ten years old


@pytest.fixture
def child(shelf):
    """小明, ten, with an account; 张三丰 may be his guardian."""
    with shelf.database.unit_of_work() as work:
        row = User(
            kind="resident",
            name="张小明",
            phone="13800000077",
            phone_index=keys.blind("phone", "13800000077"),
            id_number=CHILD,
            id_index=keys.blind("id", CHILD),
            created_at=shelf.clock.now,
        )
        work.session.add(row)
        work.session.flush()
        guarded = package(GOOD.replace("    reserve_by: isbn\n", "    reserve_by: isbn\n    guardian: 14\n"))
        library.publish(work, guarded, by=people.SYSTEM, now=shelf.clock.now)
        book = lending.kind(work, KEY).of
        for code, title, isbn in (("C1", "小王子", "771"), ("C2", "草房子", "772")):
            facts = {"barcode": code, "title": title, "isbn": isbn, "class": "child"}
            register_rows.put(work, book, facts, by=shelf.cast.zhou, now=shelf.clock.now, unit_id=shelf.cast.lmt.id)
        shelf.cast.users["child"] = row.id
    return Person("张小明", "13800000077", CHILD, shelf.cast.users["child"])


def guard(shelf, child, by="zhang", until=None):
    with shelf.database.unit_of_work() as work:
        holder = of_user(work.session.get(User, shelf.cast.users[by]))
        kind = HALL[GUARDIAN].model_copy(update={"between": ("person", "adult")})
        asked = bond_rows.Asked(GUARDIAN, kind, child, holder, "counter", until=until, unit_id=shelf.cast.lmt.id)
        return bond_rows.make(work, asked, by=shelf.cast.zhou, now=shelf.clock.now).id


def unguard(shelf, bond_id):
    with shelf.database.unit_of_work() as work:
        row = work.session.get(Bond, bond_id)
        bond_rows.end(work, row, "counter", by=shelf.cast.zhou, now=shelf.clock.now)


def test_nobody_lends_to_a_child_without_a_registered_guardian(shelf, child):
    with pytest.raises(NotNow) as refused:
        shelf.lend("C1", "child")
    assert "监护人" in refused.value.zh
    bond = guard(shelf, child)
    shelf.lend("C1", "child")
    unguard(shelf, bond)
    with pytest.raises(NotNow):
        shelf.lend("C2", "child")


def test_the_guardian_sees_renews_and_reserves_and_is_told(shelf, child):
    bond = guard(shelf, child)
    shelf.lend("C1", "child")
    with shelf.database.reading() as work:
        zhang = shelf.actor("zhang")
        (own,), _ = reads.mine(work, zhang, now=shelf.clock.now)
        assert own.whose and reads.waiting(work, zhang) == 1
    shelf.renew("C1", "zhang")
    hold = shelf.do(loans.reserve, KEY, "772", bond_id=bond, by="zhang")
    assert hold.user_id == shelf.cast.users["child"]
    with shelf.database.reading() as work:
        told = set(
            work.session.scalars(select(Notice.user_id).where(Notice.kind == "loan", Notice.channel == "screen"))
        )
        assert {shelf.cast.users["zhang"], shelf.cast.users["child"]} <= told


def test_a_bond_that_is_ended_ends_it_at_once(shelf, child):
    bond = guard(shelf, child)
    shelf.lend("C1", "child")
    unguard(shelf, bond)
    with shelf.database.reading() as work:
        zhang = shelf.actor("zhang")
        assert reads.mine(work, zhang, now=shelf.clock.now) == ([], []) and reads.waiting(work, zhang) == 0
        assert not may(zhang, "see", shelf.loan_of("C1"))
        before = len(work.session.scalars(select(Notice.id).where(Notice.user_id == shelf.cast.users["zhang"])).all())
    with pytest.raises((NotFound, NotYours)):
        shelf.renew("C1", "zhang")
    with pytest.raises(NotYours):
        shelf.do(loans.reserve, KEY, "772", bond_id=bond, by="zhang")
    shelf.renew("C1", "child")  # the child still has the book, and hears of it alone
    with shelf.database.reading() as work:
        rows = work.session.scalars(select(Notice.id).where(Notice.user_id == shelf.cast.users["zhang"])).all()
        assert len(rows) == before


def test_somebody_who_is_no_guardian_does_nothing_for_a_child(shelf, child):
    bond = guard(shelf, child)
    with pytest.raises(NotYours):
        shelf.do(loans.reserve, KEY, "771", bond_id=bond, by="xu")
