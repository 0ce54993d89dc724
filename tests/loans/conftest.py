"""A library: three copies of one title, one of another, a window that lends, people who borrow."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import loans, register_rows
from engine.records import lending, library
from engine.store.models import Loan, LoanHold, RegisterEntry
from tests.cast import ROOT
from tests.conftest import NOW
from tests.loans.test_gate import GOOD

KEY = "yuyue.borrow"
COPIES = {
    "B1": ("红楼梦", "111"),
    "B2": ("红楼梦", "111"),
    "B3": ("西游记", "222"),
    "B4": ("边城", "333"),
    "B5": ("呼兰河传", "444"),
    "B6": ("家", "555"),
    "B7": ("茶馆", "666"),
}


def package(text=GOOD):
    files = matters.read_files(ROOT, "yuyue")
    file = "bpmn/yuyue/matter.yaml"
    return matters.read("yuyue", {**files, file: files[file] + text.encode()})


@pytest.fixture
def shelf(database, cast):
    """`shelf.lend("B1", "zhang")`, `shelf.back("B1")` …: each a transaction of its own."""
    with database.unit_of_work() as work:
        library.publish(work, package(), by=people.SYSTEM, now=NOW)
        book = lending.kind(work, KEY).of
        for code, (title, isbn) in COPIES.items():
            facts = {"barcode": code, "title": title, "isbn": isbn, "class": "adult"}
            register_rows.put(work, book, facts, by=cast.zhou, now=NOW, unit_id=cast.lmt.id)
    clock = SimpleNamespace(now=NOW)

    def actor(name):
        if name == "zhou":
            return cast.zhou
        with database.reading() as work:
            return people.load(work, cast.users[name], now=clock.now)

    def do(verb, *args, by="zhou", **more):
        whose = actor(by)
        with database.unit_of_work() as work:
            return verb(work, *args, by=whose, now=clock.now, **more)

    def who(name):
        return f"u:{cast.users[name]}"

    def rows(model):
        with database.reading() as work:
            return list(work.session.scalars(select(model).order_by(model.id)))

    def loan_of(code):
        with database.reading() as work:
            return work.session.scalar(
                select(Loan)
                .join(RegisterEntry, RegisterEntry.id == Loan.entry_id)
                .where(RegisterEntry.key == code, Loan.ended_at.is_(None))
            )

    def state(code):
        with database.reading() as work:
            return work.session.scalar(select(RegisterEntry.state).where(RegisterEntry.key == code))

    return SimpleNamespace(
        database=database,
        cast=cast,
        clock=clock,
        do=do,
        actor=actor,
        who=who,
        lend=lambda code, name: do(loans.lend, KEY, code, who(name)),
        back=lambda code: do(loans.take_back, KEY, code),
        reserve=lambda title, name: do(loans.reserve, KEY, title, by=name),
        renew=lambda code, name: do(loans.renew, loan_of(code).id, version=loan_of(code).version, by=name),
        loan_of=loan_of,
        state=state,
        loans=lambda: rows(Loan),
        holds=lambda: rows(LoanHold),
    )
