"""我的信息: what the hall has of me, a copy of it, what I agreed to, and what I ask about it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.commands import cases
from engine.errors import AlreadyDone
from engine.matters import BadMatter
from engine.reads import own_data as reads
from engine.records import files, inspection, library
from engine.store.models import Case, Consent, DataRequest, Event, File, Notice, Reveal
from engine.workdays import local_date
from tests.cast import DAIBAN
from tests.hall import Open


def applied(hall: Open) -> str:
    """全程代办 of 张三丰 from his phone, with his consent."""
    with hall.database.unit_of_work() as work:
        done = cases.apply_online(work, "daiban", DAIBAN, consent=True, by=hall.cast.zhang, now=hall.clock())
        return done.case.number


def of(hall: Open, number: str) -> Case:
    with hall.database.reading() as work:
        return work.session.scalar(select(Case).where(Case.number == number))


def consent_of(hall: Open) -> int:
    with hall.database.reading() as work:
        return work.session.scalars(select(Consent.id).where(Consent.case_id.is_not(None))).one()


def copied(hall: Open, client: Any) -> Any:
    sent = client.post("/mine/data/copy/code")
    assert sent.status_code == 200
    found = re.search(r"data-shown-code>\s*(\d{6})", sent.text)
    if found is None:  # outside development the page does not show it: it is in the text message
        with hall.database.reading() as work:
            text = work.session.scalars(select(Notice.text).where(Notice.kind == "code").order_by(Notice.id)).all()[-1]
        found = re.search(r"(\d{6})", text)
    return client.post("/mine/data/copy", data={"code": found[1]})


def test_the_page_says_what_the_hall_has_what_i_agreed_to_and_who_looked(hall: Open):
    number = applied(hall)
    sent = {"field": "phone", "purpose": "contact", "words": "打电话核对"}
    assert hall.client("chen").post(f"/desk/cases/{number}/reveal", data=sent).status_code == 200
    page = hall.client("zhang").get("/mine/data").text
    assert "张三丰" in page and "138****0001" in page and "13800000001" not in page
    assert "我同意村代办员" in page and "打电话核对" in page and "陈*云" in page
    assert "我同意村代办员" not in hall.client("xu").get("/mine/data").text
    assert "我的信息" in hall.client("zhang").get("/mine").text
    assert hall.client("chen").get("/mine/data").status_code in (302, 403)


def test_a_copy_needs_a_code_and_holds_all_that_is_mine_and_nothing_of_others(hall: Open):
    number = applied(hall)
    with hall.database.unit_of_work() as work:
        others = cases.submit(
            work,
            "daiban",
            {**DAIBAN, "applicant": {**DAIBAN["applicant"], "name": "许小妹"}},
            by=hall.cast.xu,
            now=hall.clock(),
        ).case.number
    client = hall.client("zhang")
    assert client.post("/mine/data/copy", data={"code": "000000"}).status_code == 403
    got = copied(hall, client)
    assert got.status_code == 200 and got.mimetype == "application/zip" and got.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(got.data)) as packed:
        names = packed.namelist()
        data = json.loads(packed.read("data.json"))
        page = packed.read("我的信息.html").decode()
    assert "我的信息.html" in names and data["person"]["id_number"] == DAIBAN["applicant"]["id_number"]
    assert [case["number"] for case in data["cases"]] == [number] and number in page
    assert others not in json.dumps(data, ensure_ascii=False) and "许小妹" not in page
    with hall.database.reading() as work:
        kept = work.session.scalars(select(Event).where(Event.kind == "person.data-taken")).one()
        assert kept.by_id == hall.cast.zhang.id


def _code_of(page: str) -> str:
    return re.search(r"data-shown-code>\s*(\d{6})", page)[1]


def test_the_code_for_coming_in_opens_no_copy_and_that_for_the_copy_lets_nobody_in(hall: Open):
    client = hall.client("zhang")
    coming = _code_of(client.post("/enter", data={"phone": "13800000001"}).text)
    assert client.post("/mine/data/copy", data={"code": coming}).status_code == 403
    copying = _code_of(client.post("/mine/data/copy/code").text)
    came = client.post("/enter/code", data={"phone": "13800000001", "code": copying})
    assert came.status_code == 403
    assert client.post("/mine/data/copy", data={"code": copying}).status_code == 200
    assert client.post("/mine/data/copy", data={"code": copying}).status_code == 403


def test_the_copy_is_read_in_words_and_the_halls_time_and_has_every_look(hall: Open):
    number = applied(hall)
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        looks = [
            {
                "by_id": hall.cast.chen.id,
                "case_id": case.id,
                "field": "phone",
                "purpose": f"第{n}次",
                "at": hall.clock(),
            }
            for n in range(reads.MOST + 1)
        ]
        work.session.execute(insert(Reveal), looks)
    client = hall.client("zhang")
    with zipfile.ZipFile(io.BytesIO(copied(hall, client).data)) as packed:
        page, data = packed.read("我的信息.html").decode(), json.loads(packed.read("data.json"))
    lines = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page))
    assert {term for term in lines if re.search("[a-z_]{2,}", term)} == set()
    assert lines["状态"] == "办理中" and "+00:00" not in page and "谁看过我的完整信息 (51)" in page
    assert len(data["looks"]) == reads.MOST + 1 and data["cases"][0]["received_at"].endswith("+00:00")
    assert client.get("/mine/data").text.count("<strong>陈*云 · 电话") == reads.MOST


def test_a_file_that_cannot_be_had_is_named_and_the_others_are_there(hall: Open):
    with hall.database.unit_of_work() as work:
        for name in ("户口簿.jpg", "结婚证.jpg", "身份证.jpg"):
            files.store(work, name.encode(), name, "image/jpeg", owner_id=hall.cast.zhang.id, now=hall.clock())
        gone, torn, _whole = work.session.scalars(select(File.sha256).order_by(File.id)).all()
        (hall.database.files / gone[:2] / gone[2:4] / gone).unlink()
        torn_file = hall.database.files / torn[:2] / torn[2:4] / torn
        torn_file.write_bytes(torn_file.read_bytes()[:20])
    got = copied(hall, hall.client("zhang"))
    assert got.status_code == 200
    with zipfile.ZipFile(io.BytesIO(got.data)) as packed:
        assert sum(name.endswith("身份证.jpg") for name in packed.namelist()) == 1
        left_out = packed.read("没有放进来的文件.txt").decode()
        assert "户口簿.jpg" in left_out and "结婚证.jpg" in left_out and "身份证.jpg" not in left_out


def test_what_the_page_counts_is_what_the_copy_holds(hall: Open):
    applied(hall)
    zhang = hall.cast.zhang
    with hall.database.reading() as work:
        whole = reads.everything(work, zhang, now=hall.clock())
        mine = reads.mine(work, zhang, today=local_date(hall.clock()))
        assert dict(mine.counts) == {kind: len(whole[kind]) for kind in reads.OWN} and dict(mine.counts)["cases"] == 1


def test_two_copies_a_day_and_no_more(hall: Open):
    client = hall.client("zhang")
    codes = []
    for _n in range(3):
        codes.append(copied(hall, client).status_code)
        hall.clock.on(minutes=11)
    assert codes == [200, 200, 429]
    hall.clock.on(days=1)
    assert copied(hall, hall.client("zhang")).status_code == 200


def test_a_consent_is_taken_back_knowing_what_stops_and_the_clerk_and_the_office_know(hall: Open):
    number = applied(hall)
    row, zhang = consent_of(hall), hall.client("zhang")
    before = zhang.get(f"/mine/data/consents/{row}").text
    assert "撤回以后会怎样" in before and number in before and "停办" in before
    assert hall.client("xu").post(f"/mine/data/consents/{row}").status_code == 404
    assert zhang.post(f"/mine/data/consents/{row}").status_code == 302
    assert zhang.post(f"/mine/data/consents/{row}").status_code == 409
    assert "撤回" in zhang.get("/mine/data").text
    case = of(hall, number)
    assert "已撤回同意" in case.flags and case.status == "running"
    with hall.database.reading() as work:
        told = set(work.session.scalars(select(Notice.user_id).where(Notice.kind == "consent")))
        assert hall.cast.users["chen"] in told
        asked = work.session.scalars(select(DataRequest)).one()
        assert (asked.kind, asked.case_id, asked.due_on.isoformat()) == ("withdrawn", case.id, "2026-10-18")
    page = hall.client("chen").get(f"/desk/cases/{number}").text
    assert "data-asked" in page and "已撤回同意" in page
    head = hall.client("zhao")
    assert "撤回同意以后" in head.get("/desk/data-requests").text
    sent = {"what": "refused", "answer": "社会保险经办条例第六条要求登记，继续办"}
    assert head.post(f"/desk/data-requests/{asked.id}", data=sent).status_code == 302
    assert "社会保险经办条例第六条" in zhang.get("/mine/data").text
    assert head.post(f"/desk/data-requests/{asked.id}", data=sent).status_code in (404, 409)


def test_electronic_service_is_asked_once_kept_and_taken_back(hall: Open):
    zhang = hall.client("zhang")
    assert "同意电子送达" in zhang.get("/mine/data").text
    for _n in range(2):
        assert zhang.post("/mine/data/electronic").status_code == 302
    with hall.database.reading() as work:
        row = work.session.scalars(select(Consent).where(Consent.purpose == "electronic-service")).one()
    page = zhang.get("/mine/data").text
    assert "同意电子送达：" not in page and "电子送达" in page
    assert "纸质" in zhang.get(f"/mine/data/consents/{row.id}").text
    zhang.post(f"/mine/data/consents/{row.id}")
    assert "同意电子送达：" in zhang.get("/mine/data").text


def test_a_correction_is_asked_of_the_office_once_and_answered(hall: Open):
    number, zhang = applied(hall), hall.client("zhang")
    for sent in ({"number": "", "words": "名字写错了"}, {"number": number, "words": "错"}):
        assert zhang.post("/mine/data/ask/correct", data=sent).status_code == 422
    assert (
        hall.client("xu").post("/mine/data/ask/correct", data={"number": number, "words": "改掉它"}).status_code == 404
    )
    sent = {"number": number, "words": "住址应当是苏洋村 9 号"}
    assert zhang.post("/mine/data/ask/correct", data=sent).status_code == 302
    assert zhang.post("/mine/data/ask/correct", data=sent).status_code == 409
    head = hall.client("zhao")
    assert "苏洋村 9 号" in head.get("/desk/data-requests").text
    assert "苏洋村 9 号" not in hall.client("huang").get("/desk/data-requests").text
    with hall.database.reading() as work:
        row = work.session.scalars(select(DataRequest.id)).one()
    assert hall.client("huang").get(f"/desk/data-requests/{row}").status_code == 404
    assert head.post(f"/desk/data-requests/{row}", data={"what": "done", "answer": ""}).status_code == 422
    assert head.post(f"/desk/data-requests/{row}", data={"what": "done", "answer": "已更正住址"}).status_code == 302
    assert "已更正住址" in zhang.get("/mine/data").text


@pytest.mark.parametrize(("by_consent", "ended", "code"), [(True, True, 302), (True, False, 409), (False, True, 409)])
def test_what_may_go_is_erased_and_what_may_not_says_why(hall: Open, monkeypatch, by_consent, ended, code):
    """全程代办 decides, so it stays for its years; where consent alone is the ground, it goes when they say so."""
    from engine.commands.hall import own_data

    monkeypatch.setattr(own_data, "goes_early", lambda package: by_consent)
    number, zhang = applied(hall), hall.client("zhang")
    if ended:
        with hall.database.unit_of_work() as work:
            case = work.session.scalar(select(Case).where(Case.number == number))
            cases.withdraw(work, case.id, "不办了", by=hall.cast.zhang, now=hall.clock())
    assert zhang.post("/mine/data/ask/erase", data={"number": number}).status_code == 302
    with hall.database.reading() as work:
        row = work.session.scalars(select(DataRequest.id)).one()
    sent = {"what": "done", "answer": "已按要求删除"}
    assert hall.client("lin").post(f"/desk/data-requests/{row}", data=sent).status_code in (403, 404)
    answered = hall.client("zhao").post(f"/desk/data-requests/{row}", data=sent)
    assert answered.status_code == code
    if code == 409:
        assert ("还在办" if not ended else "保存期限没有满") in answered.text
    assert (of(hall, number).erased_at is not None) is (code == 302)
    assert ("已按要求删除" in zhang.get("/mine/data").text) is (code == 302)  # who asked reads the answer
    with hall.database.reading() as work:
        assert inspection.inspect(work).faults == () or all(
            "anchor" in f.where for f in inspection.inspect(work).faults
        )


def test_which_matters_go_early():
    from engine import matters
    from engine.commands.hall.own_data import goes_early
    from tests.cast import ROOT

    found = {name: goes_early(matters.load(ROOT, name)) for name in ("daiban", "jieshuzheng", "shangjia", "fanying")}
    assert found == {"daiban": False, "jieshuzheng": True, "shangjia": False, "fanying": False}


def test_two_who_take_the_same_consent_back_at_once_are_one(database, cast, clock):
    from engine.commands.hall import own_data

    with database.unit_of_work() as work:
        row = own_data.agree_electronic(work, by=cast.zhang, now=clock())
        own_data.withdraw_consent(work, row.id, by=cast.zhang, now=clock())
        with pytest.raises(AlreadyDone):
            own_data.withdraw_consent(work, row.id, by=cast.zhang, now=clock())


def test_a_matter_that_cannot_be_read_any_more_keeps_nobody_from_their_own_data(hall: Open, monkeypatch):

    number, zhang = applied(hall), hall.client("zhang")
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        cases.withdraw(work, case.id, "不办了", by=hall.cast.zhang, now=hall.clock())
    assert zhang.post("/mine/data/ask/erase", data={"number": number}).status_code == 302
    with hall.database.reading() as work:
        row = work.session.scalars(select(DataRequest.id)).one()

    def unread(work, version):
        raise BadMatter("daiban", [])

    monkeypatch.setattr(library, "version", unread)
    assert zhang.get("/mine/data").status_code == 200
    with zipfile.ZipFile(io.BytesIO(copied(hall, zhang).data)) as packed:
        assert DAIBAN["applicant"]["name"] in packed.read("data.json").decode()
    answered = hall.client("zhao").post(f"/desk/data-requests/{row}", data={"what": "done", "answer": "已按要求删除"})
    assert answered.status_code == 409 and "打不开" in answered.text
