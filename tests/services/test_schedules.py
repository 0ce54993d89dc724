"""The two services that begin by themselves: 月度通报 counts orders, 年度分红 pays each member to the cent."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert, select

from engine import matters, people
from engine.commands import cases, register_rows
from engine.commands.equipment import Equipment
from engine.commands.worker import background, sweep
from engine.people import load, units
from engine.proof.playing import equipment
from engine.reads import by_place, order_rates
from engine.reads.knowing import Person
from engine.records import library, papers, sheets
from engine.store.models import Case, Document, Notice, RegisterEntry, Task, WorkOrder
from engine.workdays import ZONE
from tests.cast import DAIBAN, PLACES, ROOT
from tests.services.telling import hire_everybody


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def work_off(database, now, tools: Equipment | None = None) -> None:
    tools = tools or equipment()
    while background.run(database, tools, now=now) or sweep.sweep(database, now=now).busy:
        pass


def orders_of_september(work, like):
    """Thirteen of 苏洋村, one of them late and not solved, and nine of 浔中镇; copies of a case, as counted."""
    first = dict(work.session.execute(select(Case.__table__).where(Case.id == like)).mappings().one())
    due = local("2026-09-21 00:00")
    good = {"closed_at": due - timedelta(days=2), "answered": True, "solved": True, "stars": 5}
    bad = {"closed_at": due + timedelta(days=2), "answered": True, "solved": False, "stars": 2}
    suyang, xunzhong = (units.tree(work).by_code[PLACES[short]] for short in ("suyang", "xunzhong"))
    orders = [(suyang, bad), *[(suyang, good)] * 12, *[(xunzhong, good)] * 9]
    for n, (unit, told) in enumerate(orders, 1):
        row = {**first, "id": like + n, "number": f"GD-{n}", "office_id": unit.id, "request_key": None}
        row |= {"status": "finished", "finished_at": told["closed_at"], "next_alert_at": None}  # nothing to wake for
        work.session.execute(insert(Case.__table__).values(row))
        work.session.add(WorkOrder(case_id=like + n, dispatched_at=due - timedelta(days=7), due_at=due, **told))


def test_the_report_of_a_month_its_spreadsheet_and_the_page_tell_the_same_numbers(sqlite):
    before, now = local("2026-09-18 09:00"), local("2026-10-13 09:00")
    who = hire_everybody(sqlite, matters.load(ROOT, "tongbao"), before)
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "daiban"), by=people.SYSTEM, now=before)
        chen = load(work, who.users["chen"], now=before)
        like = cases.submit(work, "daiban", DAIBAN, by=chen, now=before, channel="agent", key="k").case.id
        orders_of_september(work, like)
    work_off(sqlite, local("2026-10-13 08:00"))
    with sqlite.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.matter == "tongbao")).one()
        task = work.session.scalars(select(Task).where(Task.case_id == case.id)).one()
        wu = load(work, who.users["wu"], now=now)
        if task.state == "open":
            cases.claim(work, task.id, version=task.version, by=wu, now=now)
        said = {"look": {"verdict": "publish", "words": "平稳", "signed": "吴"}}
        cases.complete(work, task.id, said, version=task.version, by=wu, now=now)
    with papers.Press() as press:
        work_off(sqlite, now, replace(equipment(), press=press))
    with sqlite.unit_of_work() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "monthly_report")).one()
        wu = load(work, who.users["wu"], now=now)
        book = sheets.read_all(cases.open_sheet(work, paper.id, by=wu, now=now).data, hidden=[])
        printed = cases.open_paper(work, paper.id, by=wu, now=now).data
        page = by_place.read(work, wu, now=now, month=order_rates.Month.of(date(2026, 9, 1)))
        told = set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "report_out")))
    heads, *rows = [[cell.value for cell in row] for row in book["各单位"]]
    sheet = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    spots = {**{one.place.name: one for one in page.towns}, "全县合计": page.whole}
    assert set(sheet) == set(spots)
    for name, spot in spots.items():
        line = sheet[name]
        assert [line[zh] for zh, _ in by_place.ORDERS] == [getattr(spot.orders, key) for _, key in by_place.ORDERS]
        assert line["满意率"] == by_place.said(spot.orders.three[2].share, spot.orders.three[2].of)
        assert line["综合"] == by_place.said(spot.orders.overall, spot.orders.due)
    assert (sheet["龙门滩镇"]["综合"], sheet["龙门滩镇"]["名次"]) == ("93.8%", "1")
    assert sheet["浔中镇"]["名次"] == "样本不足"  # nine at a hundred per cent are not first
    whole = sheet.pop("全县合计")
    assert whole["到期工单"] == sum(line["到期工单"] for line in sheet.values()) == 22
    assert [row[0].value for row in book["督办"][1:]] == ["GD-1"]
    text = read_pdf(printed)
    assert all(said in text for said in ("93.8%", "12/13", "样本不足", "GD-1"))
    assert who.users["qian"] in told and who.users["zhou"] not in told


def read_pdf(data: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()


def test_each_member_gets_their_amount_a_slip_and_the_sum_is_exact(sqlite):
    now = local("2026-01-10 09:00")
    package = matters.load(ROOT, "fenhong")
    who = hire_everybody(sqlite, package, local("2026-01-09 09:00"))
    shares = [1, 1, 1, Decimal("0.5"), 2]
    with sqlite.unit_of_work() as work:
        one = package.declared("registers")["member"]
        for n, share in enumerate(shares):
            register_rows.put(
                work, one, {"shares": share}, by=people.SYSTEM, now=now, whom=Person(f"成员{n}", f"1390000{n:04d}")
            )
        gone = register_rows.put(
            work, one, {"shares": 9}, by=people.SYSTEM, now=now, whom=Person("走了", "13911110000")
        )
        register_rows.set_state(work, one, gone, "left", by=people.SYSTEM, now=now)
    work_off(sqlite, now)

    def do(element: str, **answers: object) -> None:
        with sqlite.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.element == element, Task.state != "ended")).first()
            by = load(work, who.clerk, now=now)
            if task.state == "open":
                cases.claim(work, task.id, version=task.version, by=by, now=now)
            cases.complete(work, task.id, answers, version=task.version, by=by, now=now)
        work_off(sqlite, now)

    do("year_books", figures={"income": 100, "losses": 0, "reserve": 0, "words": "租金"})
    do("agree", agreement={"verdict": "yes", "words": "同意"})
    with sqlite.reading() as work:
        parent = work.session.scalars(select(Case).where(Case.parent_id.is_(None), Case.matter == "fenhong")).one()
        assert parent.status == "finished" and parent.answers["counts"] == {"total": 5, "done": 5, "left_out": 0}
        lines = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "fenhong.dividend")).all()
        amounts = [Decimal(str(x.facts["amount"])) for x in sorted(lines, key=lambda x: x.id)]
        assert sum(amounts) == 100 and amounts == [Decimal(a) for a in ("18.18", "18.18", "18.18", "9.09", "36.37")]
        slips = work.session.scalars(select(Document).where(Document.kind == "dividend_slip")).all()
        assert len(slips) == 5 and {d.state for d in slips} == {"ready"}
        table = work.session.scalars(select(Document).where(Document.kind == "dividend_table")).one()
        assert (table.facts["paid"], table.facts["rest"], table.facts["members"]) == (100, 100, 5)
        sms = work.session.scalars(select(Notice.address).where(Notice.kind == "share_ready", Notice.channel == "sms"))
        assert sorted(sms) == [f"1390000{n:04d}" for n in range(5)]
    do("pay_out", pay={"how": "paid"})
    with sqlite.reading() as work:
        done = work.session.scalars(select(Case).where(Case.parent_id == parent.id, Case.status == "finished")).all()
    assert len(done) == 1
