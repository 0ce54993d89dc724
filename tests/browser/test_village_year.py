"""A village's year, on telephones of 360 pixels and desks of 1440: talked over in the parlour, put forward, voted on by
three villages, public with an objection, carried out, reported, and each member's dividend."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from engine import matters
from engine.commands import register_rows
from engine.people import SYSTEM
from engine.proof import voting
from engine.reads.knowing import Person
from engine.store.models import Ballot, BoardEntry, Case, Notice, RegisterEntry, User
from tests.browser import desk
from tests.browser.conftest import Site
from tests.browser.filling import phone
from tests.browser.test_long_days import apply, newest, people_of, seen, texts, work_off
from tests.cast import ROOT
from web.demo.playing import Resident

pytestmark = [
    pytest.mark.browser,
    pytest.mark.wide,
    pytest.mark.flaky(reruns=0),  # the hall is the module's: what was voted, is voted
    pytest.mark.xdist_group("browser"),
]

MATTERS = ("yishi", "fanying", "baotuan", "fenhong")
VILLAGES = ("350526103204", "350526103202", "350526103205")
QUESTION = "同意把村集体的钱投到园区吗"
#: What each may vote about: the shares of the first three.
SHARES = (500, 400, 220)


def enrolled(county: Site) -> list[list[Resident]]:
    """Three members of each village on the register of who votes; the first of each has shares in the collective."""
    package = [matters.load(ROOT, name) for name in ("baotuan", "fenhong")]
    voter, member = package[0].declared("registers")["voter"], package[1].declared("registers")["member"]
    told = [people_of(county, place)[:3] for place in VILLAGES]
    with county.database.unit_of_work() as work:
        for people in told:
            for n, one in enumerate(people):
                whom = Person(one.actor.name, one.phone, one.id_number, one.actor.id)
                facts = {"household": f"{one.place.code}-{n}", "capable": True, "texts": True}
                more: Any = {"by": SYSTEM, "now": county.clock(), "whom": whom, "place_id": one.place.id}
                register_rows.put(work, voter, facts, **more)
        for people, shares in zip(told, SHARES, strict=True):
            one = people[0]
            whom = Person(one.actor.name, one.phone, one.id_number, one.actor.id)
            register_rows.put(work, member, {"shares": shares}, by=SYSTEM, now=county.clock(), whom=whom)
    return told


def ballot(county: Site, case_id: int) -> Ballot:
    with county.database.reading() as work:
        found = work.session.scalars(select(Ballot).where(Ballot.case_id == case_id).order_by(Ballot.id.desc())).first()
        assert found is not None
        work.session.expunge_all()
    return found


def votes(county: Site, who: Resident, answer: str) -> None:
    page = phone(county, who.phone)
    page.goto("/mine")
    page.get_by_text("1 项等您投").click()
    page.get_by_role("link", name=re.compile(f"{QUESTION}.*正在投票")).click()
    page.get_by_label(answer, exact=True).check()
    seen(page, "year-ballot")
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="交出选票").click()
    page.get_by_role("heading", name="您已投票").wait_for()
    seen(page, "year-voted")


def test_a_villages_year_from_the_talk_in_the_parlour_to_the_dividend_of_each(county: Site) -> None:
    county.clock.at("2026-09-18 10:00")
    (su, second, third), (lai, *_more), (chen, *_others) = enrolled(county)

    # Talked over: announced five days before, minutes, on the board; what is decided belongs to the members.
    page = phone(county, su.phone)
    me = {"name": su.actor.name, "phone": su.phone}
    topic = {"title": "三个村合起来办点产业", "kind": "public", "why": "一个村的本钱不够"}
    apply(page, "yishi", {"applicant": me, "topic": topic})
    talk = newest(county, "yishi")
    village = desk.at(county, "sucx")
    plan = {"day": "2026-09-23", "from": "19:30", "where": "会客厅", "chair": "苏彩霞", "recorder": "林巧云"}
    desk.does(village, county, talk, "ys_plan", {"plan": {**plan, "invited": 6, "papers": "园区招商的材料"}})
    county.clock.at("2026-09-23 20:30")
    village = desk.at(county, "sucx")
    desk.does(village, county, talk, "ys_talk", {"talk": {"present": 5, "result": "agreed"}})
    minutes = {"points": "都说要合起来做", "agreed": "请理事会提议案，三个村分别表决", "signed": True}
    desk.does(village, county, talk, "ys_minutes", {"minutes": minutes, "acts": []})

    # Put forward on the telephone; the party's branch discusses it; the town sets the days.
    county.clock.at("2026-09-24 10:00")
    page = phone(county, su.phone)
    words = {"title": QUESTION, "text": "三个村共出二百六十万元，入股园区厂房。", "villages": list(VILLAGES)}
    apply(page, "baotuan", {"applicant": me, "proposal": words})
    proposal = newest(county, "baotuan")
    village, town = desk.at(county, "sucx"), desk.at(county, "huangcl")
    desk.does(village, county, proposal, "party_talk", {"party": {"decision": "agree"}})
    desk.opens(town, county, proposal, "set_days")
    near = {"again": "go", "opens_at": "2026-10-03T09:00", "closes_at": "2026-10-05T17:00"}
    package = matters.load(ROOT, "baotuan")
    desk.fill_in(town, package, "baotuan-days", {"days": near})
    town.get_by_role("button", name="办好，往下走").click()
    refused = town.locator("[data-form-summary]:visible, .yz-errors:visible").first
    refused.wait_for()
    assert "10" in refused.inner_text(), refused.inner_text()  # nine days are no notice
    far = {"again": "go", "opens_at": "2026-10-10T09:00", "closes_at": "2026-10-12T17:00"}
    desk.fill_in(town, package, "baotuan-days", {"days": far})
    desk.seen(town, "baotuan-set_days")
    desk.done(town)

    # The first time one village has too few: nothing is counted, it is announced anew, ten days again.
    county.clock.at("2026-10-10 10:00")
    votes(county, su, "同意")
    for place, many in zip(VILLAGES, (1, 3, 1), strict=True):
        voting.vote(county.database, proposal, {"yes": many}, place, now=county.clock())
    county.clock.at("2026-10-12 17:01")
    work_off(county)
    assert "人数不够" in texts(county, su)
    town = desk.at(county, "huangcl")
    again = {"again": "go", "opens_at": "2026-10-24T09:00", "closes_at": "2026-10-26T17:00"}
    desk.does(town, county, proposal, "set_days", {"days": again})
    county.clock.at("2026-10-24 10:00")
    work_off(county)
    for who, answer in ((su, "同意"), (lai, "同意"), (chen, "不同意")):
        votes(county, who, answer)
    for place, many in zip(VILLAGES, (1, 2, 2), strict=True):
        voting.vote(county.database, proposal, {"yes": many}, place, now=county.clock())
    county.clock.at("2026-10-26 17:01")
    work_off(county)
    page = phone(county, chen.phone)
    page.goto(f"/ballots/{ballot(county, proposal).code}")
    result = page.inner_text("main")
    assert result.count("2/3") >= 3 and "没有达到" not in result  # three villages, each by itself, of all its members
    seen(page, "year-result")

    # Public: somebody who did not vote objects, and the town answers before anything is signed.
    with county.database.reading() as work:
        shown = select(BoardEntry.number).where(BoardEntry.case_id == proposal, BoardEntry.board.endswith("resolution"))
        number = work.session.scalars(shown).one()
    page = phone(county, third.phone)
    page.goto(f"/board/{number}")
    page.get_by_text("我对决议有异议").first.click()
    page.get_by_label("您的意见").fill("我家没有收到通知")
    seen(page, "year-objection")
    page.get_by_role("button", name="发出去").click()
    page.wait_for_url(re.compile("/board"))
    seen(page, "year-objected")
    county.clock.at("2026-10-28 10:00")
    town = desk.at(county, "huangcl")
    reply = "通知九月二十四日送到您家，有签收。"
    desk.does(town, county, proposal, "answer_objection", {"voice": {"result": "stands", "reply": reply}})
    work_off(county)
    with county.database.reading() as work:  # to the telephone that the objection left
        (sent,) = work.session.scalars(select(Notice).where(Notice.kind == "voice_answered"))
        assert reply in sent.text and sent.address == third.phone
    county.clock.at("2026-11-13 09:00")
    work_off(county)
    town = desk.at(county, "huangcl")
    contract = {"number": "HT-2026-01", "day": "2026-11-13", "note": "三个村各签一份"}
    desk.does(town, county, proposal, "sign_up", {"contract": contract})

    # What came of it is told in January, and stands on the board.
    county.clock.at("2027-01-05 09:30")
    work_off(county)
    with county.database.unit_of_work() as work:
        work.session.execute(update(User).values(proved_at=county.clock()))  # nobody was silent for a season
    town = desk.at(county, "huangcl")
    told = {"income": 50000, "words": "厂房租出去了，租金在集体账户", "next": "again"}
    desk.does(town, county, proposal, "run_report", {"report": told})
    assert "已超" not in town.inner_text("main")  # what was promised was done in November
    page = phone(county, second.phone)
    page.goto("/board?kind=notice")
    page.get_by_role("link", name=re.compile(QUESTION)).first.click()
    assert "厂房租出去了" in page.inner_text("main")
    seen(page, "year-report")

    # The dividend: the sheet by the register, a slip for each, who has no share has none, and nobody reads another's.
    county.clock.at("2027-01-10 09:01")
    work_off(county)
    dividend = newest(county, "fenhong")
    hall = desk.at(county, "chenxl")
    figures = {"income": 50000, "losses": 8000, "reserve": 20, "words": "园区租金收入"}
    desk.does(hall, county, dividend, "year_books", {"figures": figures})
    head = desk.at(county, "liuxz")
    desk.does(head, county, dividend, "agree", {"agreement": {"verdict": "yes", "words": "同意"}})
    work_off(county)
    with county.database.reading() as work:
        rows = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register == "fenhong.dividend"))
        amounts = sorted((row.facts or {})["amount"] for row in rows)
        cases = select(Case.number, Case.applicant_id).where(Case.matter == "fenhong", Case.applicant_id.is_not(None))
        mine = {who: number for number, who in work.session.execute(cases)}
    assert amounts == [6600, 12000, 15000]  # 33,600 by 500, 400 and 220 shares: to the cent
    for who, amount, other in ((su, "15000", lai), (lai, "12000", su)):
        page = phone(county, who.phone)
        page.goto("/mine")
        page.get_by_role("link", name=re.compile("分红")).first.click()
        assert amount in re.sub("[,，]", "", page.inner_text("main")) or amount in texts(county, who)
        assert page.get_by_role("link", name=re.compile("分红单")).count()
        seen(page, "year-dividend")
        assert page.goto(f"/mine/{mine[other.actor.id]}").status in (403, 404)
    assert "分红" not in texts(county, second)
    assert not [one for one in county.troubles if "404" not in one and "422" not in one and "403" not in one]
