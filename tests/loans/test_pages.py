"""The catalogue, one's own loans and the desk over HTTP, with the library as it is published."""

import re
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import register_rows
from engine.commands.loans import due
from engine.reads.knowing import Person
from engine.records import lending, library
from engine.store.models import Case, Loan, RegisterEntry
from tests.cast import ROOT
from tests.hall import open_hall
from tests.loans.test_children import guard

BOOKS = [
    ("SW1", "红楼梦", "9787020002207"),
    *((f"SW{n}", name, "") for n, name in enumerate(["边城", "家", "茶馆", "活着"], 2)),
]


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    opened = open_hall(sqlite, clock, tmp_path)
    with sqlite.unit_of_work() as work:
        for name in ("juanshu", "peishu"):
            library.publish(work, matters.load(ROOT, name), by=people.SYSTEM, now=clock())
        book = lending.kind(work, "books").of
        for code, title, isbn in BOOKS:
            facts = {"barcode": code, "title": title, "isbn": isbn, "class": "all", "author": "某人"}
            register_rows.put(work, book, facts, by=people.SYSTEM, now=clock())
    return opened


def loans(hall):
    with hall.database.reading() as work:
        return list(work.session.scalars(select(Loan).where(Loan.ended_at.is_(None)).order_by(Loan.id)))


def test_anybody_looks_into_the_catalogue_and_signs_in_to_reserve(hall):
    page = hall.client().get("/loans", follow_redirects=True)
    assert "红楼梦" in page.text and "登录后可以预约" in page.text
    assert "边城" not in hall.client().get("/loans/books?q=楼梦").text
    assert hall.client("zhang").get("/loans/books?q=楼梦").text.count("预约《红楼梦》") == 1


def test_five_books_by_the_keyboard_alone_and_a_wrong_one_does_not_stop_the_row(hall):
    desk = hall.client("zhou")
    page = desk.post("/desk/loans/books", data={"reader": "13800000001"}, follow_redirects=True)
    who = re.search(r'name="who" value="(u:\d+)"', page.text)[1]
    assert "张*丰" in page.text and "autofocus" in page.text
    for code in ("SW1", "SW2", "XX", "SW3", "SW2", "SW4", "SW5"):
        page = desk.post("/desk/loans/books", data={"copy": code, "who": who}, follow_redirects=True)
        assert f'value="{who}"' in page.text and re.search(r'name="copy"[^>]*autofocus', page.text), (
            "the next is scanned"
        )
    assert len(loans(hall)) == 5
    page = desk.post("/desk/loans/books", data={"copy": "", "who": who}, follow_redirects=True)
    assert 'name="reader"' in page.text, "the next reader"
    for code in ("SW1", "SW2"):
        page = desk.post("/desk/loans/books", data={"copy": code, "mode": "back"}, follow_redirects=True)
        assert "请放回书架" in page.text
    assert len(loans(hall)) == 3


def test_an_afternoon_of_sixty_loans_by_the_keyboard_alone(hall, clock):
    """Twelve readers, five books each: a card, five codes or ISBNs, an empty line, the next; then all come back."""
    with hall.database.unit_of_work() as work:
        book = lending.kind(work, "books").of
        reader = library.declared(work, "registers")["reader"][0]
        for n in range(60):
            facts = {"barcode": f"NM{n:03d}", "title": f"书{n}", "class": "all"}
            register_rows.put(work, book, facts, by=people.SYSTEM, now=clock())
        for n in range(12):
            whom = Person(f"读者{n}", f"1370000{n:04d}", None)
            register_rows.put(work, reader, {"card": f"DZ{n:03d}"}, by=people.SYSTEM, now=clock(), whom=whom)
    desk = hall.client("zhou")
    scans = 0
    for n in range(12):
        page = desk.post("/desk/loans/books", data={"reader": f"DZ{n:03d}"}, follow_redirects=True)
        who = re.search(r'name="who" value="([ur]:\d+)"', page.text)[1]
        for k in range(5):
            answer = desk.post("/desk/loans/books", data={"copy": f"NM{n * 5 + k:03d}", "who": who})
            assert answer.status_code == 303, answer.text
            scans += 1
        desk.post("/desk/loans/books", data={"copy": "", "who": who})
    lent = loans(hall)
    assert scans == len(lent) == 60 and len({one.who_ref for one in lent}) == 12
    for n in range(60):
        desk.post("/desk/loans/books", data={"copy": f"NM{n:03d}", "mode": "back"})
    assert loans(hall) == []


def test_one_reserves_sees_and_renews_and_nobody_else_does(hall, clock):
    desk, zhang, xu = hall.client("zhou"), hall.client("zhang"), hall.client("xu")
    page = desk.post("/desk/loans/books", data={"reader": "13800000001"}, follow_redirects=True)
    who = re.search(r'name="who" value="(u:\d+)"', page.text)[1]
    desk.post("/desk/loans/books", data={"copy": "SW1", "who": who})
    loan = loans(hall)[0]
    assert "续借《红楼梦》" in zhang.get("/my-loans").text and "红楼梦" not in xu.get("/my-loans").text
    assert xu.post(f"/my-loans/{loan.id}/renew", data={"version": loan.version}).status_code == 404
    assert zhang.post(f"/my-loans/{loan.id}/renew", data={"version": loan.version}).status_code == 302
    page = xu.post("/loans/books/reserve", data={"title": "9787020002207"}, follow_redirects=True)
    assert "还回来就轮到您" in page.text
    assert zhang.post(f"/my-loans/{loan.id}/renew", data={"version": loan.version + 1}).status_code == 409
    page = desk.post("/desk/loans/books", data={"copy": "SW1", "mode": "back"}, follow_redirects=True)
    assert "有人预约" in page.text
    assert "到了，留到" in xu.get("/my-loans").text


def test_only_the_post_of_the_desk_lends(hall):
    assert hall.client("sun").get("/desk/loans/books").status_code == 403
    assert hall.client("zhang").get("/desk/loans/books").status_code == 403


def test_a_lost_book_opens_its_case_and_the_case_ends_the_loan(hall, clock):
    desk = hall.client("zhou")
    page = desk.post("/desk/loans/books", data={"reader": "13800000001"}, follow_redirects=True)
    who = re.search(r'name="who" value="(u:\d+)"', page.text)[1]
    desk.post("/desk/loans/books", data={"copy": "SW1", "who": who})
    loan = loans(hall)[0]
    desk.post(f"/desk/loans/loan/{loan.id}", data={"act": "lose", "version": loan.version, "who": who})
    with hall.database.reading() as work:
        one = work.session.get(Loan, loan.id)
        case = work.session.get(Case, one.case_id)
        assert (case.matter, case.applicant_name) == ("peishu", "张三丰")
        assert work.session.scalar(select(RegisterEntry.state).where(RegisterEntry.key == "SW1")) == "lost"


def test_programs_have_the_same(hall):
    client = hall.client()
    assert client.get("/api/v1/loans").json[0]["key"] == "books"
    assert [t["name"] for t in client.get("/api/v1/loans/books/titles?q=边城").json] == ["边城"]


def test_the_morning_looks_and_asks_for_the_next(hall, clock):
    with hall.database.unit_of_work() as work:
        assert due.serve_waiting(work, now=clock()) == 0
        due.ask_to_look(work, now=clock())


def test_for_an_elder_without_an_account_by_phone_and_at_the_desk(hall):
    """Her guardian reserves by the page, is told for whom, and fetches it; a program does the same."""
    elder = Person("王阿婆", None, "350526194002020428")
    shelf = SimpleNamespace(database=hall.database, cast=hall.cast, clock=SimpleNamespace(now=hall.clock()))
    bond = guard(shelf, elder)
    client, desk = hall.client("zhang"), hall.client("zhou")
    page = client.get("/loans/books?q=楼梦")
    assert f'<option value="{bond}">王阿婆</option>' in page.text
    page = client.post("/loans/books/reserve", data={"title": "9787020002207", "for": bond}, follow_redirects=True)
    assert "王阿婆预约的" in page.text and "留到" in page.text
    page = desk.post("/desk/loans/books", data={"reader": "350526194002020428"}, follow_redirects=True)
    assert "王*婆" in page.text and "张*丰来替他借" in page.text and "给他留着" in page.text
    assert "替谁借" in desk.post("/desk/loans/books", data={"reader": "13800000001"}, follow_redirects=True).text
    page = desk.post("/desk/loans/books", data={"copy": "SW1", "who": f"b:{bond}"}, follow_redirects=True)
    (loan,) = loans(hall)
    assert (loan.user_id, loan.bond_id) == (None, bond) and "红楼梦" in page.text
    page = client.get("/my-loans")
    assert "王阿婆借的" in page.text and "续借《红楼梦》" in page.text
    assert "替他借" in desk.get("/desk/bonds").text
    zhang, zhou = hall.program("zhang"), hall.program("zhou")
    mine = zhang("POST", f"/my-loans/{loan.id}/renew", {"version": loan.version}).json
    assert [(one["whose"], one["renewed"]) for one in mine["loans"]] == [("王阿婆", 1)]
    done = zhou("POST", "/loans/books/lend", {"copy_code": "SW2", "bond": bond})
    assert done.status_code == 200 and done.json["name"] == "边城"
    mine = zhang("POST", "/loans/books/reserve", {"title": "#SW3", "bond": bond}).json
    assert [one["whose"] for one in mine["waiting"]] == ["王阿婆"]
    assert zhang("POST", "/loans/books/reserve", {"title": "#SW4", "bond": 999}).status_code == 403
    assert zhou("POST", "/loans/books/lend", {"copy_code": "SW5", "bond": 999}).status_code == 422
    page = desk.get("/desk/loans/books?who=b:999")
    assert page.status_code == 200 and "已经解除、到期" in page.text, "a bond that is over is said on the page"
