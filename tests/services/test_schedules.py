"""The two services that begin by themselves: 月度通报 counts real cases, 年度分红 pays each member to the cent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, register_rows
from engine.commands.equipment import Equipment
from engine.commands.worker import background, sweep
from engine.people import load
from engine.proof.playing import equipment
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Case, Document, Notice, RegisterEntry, Task
from engine.workdays import ZONE
from tests.cast import DAIBAN, ROOT
from tests.services.telling import hire_everybody


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def work_off(database, now, tools: Equipment | None = None) -> None:
    tools = tools or equipment()
    while background.run(database, tools, now=now) or sweep.sweep(database, now=now).busy:
        pass


def test_the_month_is_counted_town_by_town_from_real_cases_and_the_heads_are_told(sqlite):
    before = local("2026-09-18 09:00")
    who = hire_everybody(sqlite, matters.load(ROOT, "tongbao"), before)
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "daiban"), by=people.SYSTEM, now=before)
        chen = load(work, who.users["chen"], now=before)
        for n in range(3):
            cases.submit(work, "daiban", DAIBAN, by=chen, now=before, channel="agent", key=f"k{n}")
        late = local("2026-10-02 09:00")
        cases.submit(work, "daiban", DAIBAN, by=chen, now=late, channel="agent", key="october")
    work_off(sqlite, local("2026-10-13 08:00"))
    with sqlite.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.matter == "tongbao")).one()
        counted = {g["name"]: g["count"] for g in case.answers["groups"]}
        assert counted == {"龙门滩镇": 3, "浔中镇": 0} and case.answers["total"]["count"] == 3
        assert all(g["few"] for g in case.answers["groups"])
        task = work.session.scalars(select(Task).where(Task.case_id == case.id)).one()
        wu = load(work, who.users["wu"], now=local("2026-10-13 09:00"))
        if task.state == "open":
            cases.claim(work, task.id, version=task.version, by=wu, now=local("2026-10-13 09:00"))
        said = {"look": {"verdict": "publish", "words": "平稳"}}
        cases.complete(work, task.id, said, version=task.version, by=wu, now=local("2026-10-13 09:00"))
    work_off(sqlite, local("2026-10-13 09:00"))
    with sqlite.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "monthly_report")).one()
        assert paper.state != "failed"
        rates = [one["rate"] for one in paper.facts["towns"]]
        assert rates == ["样本不足", "样本不足"]  # no rank under ten
        told = set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "report_out")))
        assert who.users["qian"] in told and who.users["zhou"] not in told


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
