"""A library's afternoon: sixty loans at the desk by the keyboard alone, five in a run, a child with a guardian, a
renewal and a reservation on telephones, a reader who is long overdue; and at closing time the stock adds up."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import bond_rows, register_rows
from engine.matters.nouns.bonds import GUARDIAN, HALL
from engine.reads.knowing import Person, of_user
from engine.records import audit, lending, library
from engine.store.models import Event, Loan, RegisterEntry, User
from tests.browser.conftest import Site
from tests.browser.pictures import looked_at
from tests.cast import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.wide, pytest.mark.xdist_group("browser")]

#: A book number, typed with its hyphens where the bar code does not read; and the title that somebody waits for.
ISBN, WANTED = "9787020002207", "9787506365437"
CHILD = Person("张小明", None, "350526201603014014")
COPIES = 66


def filled(site: Site) -> None:
    """66 copies, eleven readers with a card, a child whose guardian is 张三丰."""
    with site.database.unit_of_work() as work:
        more: Any = {"by": people.SYSTEM, "now": site.clock()}
        for name in ("juanshu", "peishu"):
            library.publish(work, matters.load(ROOT, name), **more)
        book = lending.kind(work, "books").of
        reader = library.declared(work, "registers")["reader"][0]
        for n in range(COPIES):
            facts = {"barcode": f"NM{n:03d}", "title": f"书{n:02d}", "class": "child" if 55 <= n < 60 else "all"}
            facts |= {0: {"isbn": ISBN}, 60: {"isbn": WANTED, "title": "红楼梦"}, 61: {"class": "adult"}}.get(n, {})
            register_rows.put(work, book, facts, **more)
        for n in range(11):
            whom = Person(f"读者{n}", f"1370000{n:04d}", None)
            register_rows.put(work, reader, {"card": f"DZ{n:03d}"}, whom=whom, **more)
        register_rows.put(work, reader, {"card": "DZ900"}, whom=CHILD, **more)
        register_rows.put(work, reader, {"card": "DZ901"}, whom=Person("迟还", "13700009999", None), **more)
        holder = of_user(work.session.get_one(User, site.cast.users["zhang"]))
        kind = HALL[GUARDIAN].model_copy(update={"between": ("person", "adult")})
        asked = bond_rows.Asked(GUARDIAN, kind, CHILD, holder, "counter", until=None, unit_id=site.cast.lmt.id)
        bond_rows.make(work, asked, by=site.cast.zhou, now=site.clock())


def _desk(site: Site) -> Any:
    page = site.staff("zhou")
    page.goto("/desk/loans/books")
    return page


def types(desk: Any, *texts: str) -> None:
    """As a scanner types, without a click: the field has the cursor again."""
    for text in texts:
        desk.locator("#copy:focus, #reader:focus").wait_for()
        desk.keyboard.type(text)
        with desk.expect_navigation():
            desk.keyboard.press("Enter")


def test_an_afternoon_of_sixty_loans_adds_up_at_closing_time(site: Site) -> None:
    site.clock.at("2026-09-01 15:00")
    filled(site)
    desk = _desk(site)
    types(desk, "DZ901", "NM062", "")
    site.clock.at("2026-09-20 15:00")
    desk = _desk(site)
    types(desk, "13800000001", "NM060", "NM063", "")
    # Somebody waits for what he has.
    waits = site.resident("13800000002", width=360)
    waits.goto("/loans")
    waits.get_by_label(re.compile("^找什么")).fill("红楼")
    waits.get_by_role("button", name="查目录").click()
    waits.get_by_role("heading", name="红楼梦").wait_for()
    looked_at(waits, "library-catalogue")
    waits.get_by_role("button", name="预约《红楼梦》").click()
    waits.get_by_text(re.compile("还回来就轮到您")).wait_for()
    looked_at(waits, "library-waits")

    # Friday, 16 October, at two: eleven readers take five each, the first by a number that is typed.
    site.clock.at("2026-10-16 14:00")
    desk = _desk(site)
    for n in range(11):
        first = "978-7-02-000220-7" if n == 0 else f"NM{n * 5:03d}"
        types(desk, f"DZ{n:03d}", first, *(f"NM{n * 5 + k:03d}" for k in range(1, 5)))
        assert "已借 5 本" in desk.inner_text("main")
        if n == 0:
            looked_at(desk, "library-five")
            types(desk, "NM064")
            assert "5" in desk.locator("#refused-1").inner_text()  # a sixth is not lent
        types(desk, "")
    # A child: adults' books are refused, five of the children's shelf are not.
    types(desk, "DZ900", "NM061")
    assert "少儿" in desk.locator("#refused-1").inner_text()
    looked_at(desk, "library-child")
    types(desk, *(f"NM{n:03d}" for n in range(55, 60)), "")
    # Fifteen days overdue: nothing new until it is back.
    types(desk, "DZ901", "NM064")
    assert "过期" in desk.locator("#refused-1").inner_text()
    looked_at(desk, "library-paused")
    types(desk, "")
    assert "过期 15 天" in desk.inner_text("main")

    # He renews one on his telephone; the other somebody waits for. He brings it, and it is kept for her.
    his = site.resident("13800000001", width=360)
    his.goto("/my-loans")
    his.get_by_role("button", name="续借《书63》").click()
    his.get_by_text("续借好了。").wait_for()
    assert not his.get_by_role("button", name="续借《红楼梦》").count()
    looked_at(his, "library-renewed")
    desk.get_by_role("link", name="归还").click()
    types(desk, "NM060")
    assert "有人预约" in desk.inner_text("body")
    looked_at(desk, "library-kept")
    waits = site.resident("13800000002", width=360)
    waits.goto("/my-loans")
    assert "到了，留到" in waits.inner_text("main")
    looked_at(waits, "library-fetch")
    desk.goto("/desk/loans/books")
    types(desk, "13800000002")
    assert "给他留着" in desk.inner_text("main") and "红楼梦" in desk.inner_text("main")
    types(desk, "NM060", "")

    # Closing time: what the record says was lent and came back is what is out, and the shelf has the rest.
    with site.database.reading() as work:
        said = Counter(work.session.scalars(select(Event.kind).where(Event.kind.startswith("loan."))))
        out = work.session.scalars(select(Loan).where(Loan.ended_at.is_(None))).all()
        book = lending.kind(work, "books").of
        stock = Counter(work.session.scalars(select(RegisterEntry.state).where(RegisterEntry.register == book.key)))
        assert not audit.verify(work).faults
    assert said[audit.Kind.LOAN_LENT] == 64 and said[audit.Kind.LOAN_ENDED] == 1
    assert said[audit.Kind.LOAN_LENT] - said[audit.Kind.LOAN_ENDED] == len(out) == stock["lent"] == 63
    assert stock == {"lent": 63, "shelf": COPIES - 63}
    assert len([one for one in out if one.lent_at == site.clock()]) == 61  # sixty, and hers
    assert [t for t in site.troubles if "422" not in t and "409" not in t] == []
