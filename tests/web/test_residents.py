"""A resident's way: find, apply, follow, correct, rate."""

import io
import json
import re

from sqlalchemy import select

from engine import matters
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Case, Consent, File, Task
from tests import made
from tests.cast import DAIBAN, ROOT
from tests.hall import Open


def _apply(client, answers=None, **more):
    return client.post("/apply/daiban", json={"answers": answers or DAIBAN, "consent": True, "once": "k1", **more})


def test_people_find_a_matter_by_the_words_they_use(hall: Open):
    client = hall.client()
    for words in ("新农合", "跑腿", "医保登记"):
        assert "全程代办" in client.get("/matters", query_string={"q": words}).text, words
    assert "没有找到“电影票”" in client.get("/matters", query_string={"q": "电影票"}).text
    assert "全程代办" in client.get("/matters", query_string={"function": "病有所医"}).text
    assert "全程代办" not in client.get("/matters", query_string={"function": "居有所乐"}).text


def test_the_empty_search_suggests_words_of_what_the_hall_offers(hall: Open, clock):
    client = hall.client()
    assert 'placeholder="如：代办"' in client.get("/matters").text
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "tiaojie"), by=SYSTEM, now=clock())
    assert 'placeholder="如：代办、调解"' in client.get("/matters").text
    client.post("/language", data={"to": "en"})
    shown = re.search(r'placeholder="(Such as: [^"]+)"', client.get("/matters").text)
    assert shown is not None and not re.search("[\u4e00-\u9fff]", shown[1])
    with hall.database.unit_of_work() as work:
        for name in ("daiban", "tiaojie"):
            library.withdraw(work, name, by=SYSTEM, now=clock())
    assert "placeholder" not in client.get("/matters").text


def test_the_guide_says_how_long_what_it_costs_and_by_which_law(hall: Open):
    text = hall.client().get("/matters/daiban").text
    for words in ("5 个工作日", "10 个工作日", "不收费", "社会保险经办条例", "授权委托书", "0595-12345"):
        assert words in text, words


def test_the_guide_says_that_bound_family_may_apply_where_no_agent_may(hall: Open, clock):
    with hall.database.unit_of_work() as work:
        for name in ("shunfeng", "fuer", "zuzhi", "xunzhen"):
            library.publish(work, matters.load(ROOT, name), by=SYSTEM, now=clock())

    def said(name):
        return "绑定过的家人可以在网上替他办" in hall.client().get(f"/matters/{name}").text

    assert said("shunfeng")
    assert not said("daiban")  # an agent may
    assert not said("fuer")  # nobody but herself sees that it is there
    assert not said("zuzhi")  # it says how in its own words
    assert not said("xunzhen")  # a hospital applies, and has no family


def test_the_guide_names_in_words_who_handles_it_also_where_that_is_the_counter_that_takes_it(hall: Open, clock):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "daoban"), by=SYSTEM, now=clock())
    assert matters.load(ROOT, "daoban").info.office == "intake"
    text = hall.client().get("/matters/daoban").text
    assert "收件的窗口" in text and ">intake<" not in text


def test_an_unknown_matter_is_a_page_with_a_way_on(hall: Open):
    answer = hall.client().get("/matters/passport")
    assert answer.status_code == 404
    assert "没有事项“passport”" in answer.text and 'href="/"' in answer.text


def test_the_check_shows_the_answers_in_words_and_stores_nothing(hall: Open):
    answer = hall.client("zhang").post("/apply/daiban/check", json={"answers": DAIBAN})
    assert answer.status_code == 200
    assert "张三丰" in answer.json["review"] and "我同意村代办员" in answer.json["review"]
    with hall.database.reading() as work:
        assert work.session.scalar(select(Case.id)) is None


def test_wrong_answers_come_back_by_the_field_in_chinese(hall: Open):
    answers = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "id_number": "350526195003071230", "phone": ""}}
    answer = hall.client("zhang").post("/apply/daiban/check", json={"answers": answers})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    wrong = {f["field"]: f["text"] for f in answer.json["fields"]}
    assert "校验" in wrong["applicant.id_number"]
    assert "请填写" in wrong["applicant.phone"]


def test_sending_gives_a_number_and_sending_twice_gives_the_same(hall: Open):
    client = hall.client("zhang")
    first, second = _apply(client), _apply(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["location"] == second.json["location"]
    page = client.get(first.json["location"]).text
    assert "350526-20260918-3201-0001-" in page and "收到您的申请了" in page and "还" not in page[:0]
    with hall.database.reading() as work:
        assert len(list(work.session.scalars(select(Case)))) == 1


def test_without_consent_nothing_is_sent_and_with_it_the_consent_is_kept(hall: Open):
    client = hall.client("zhang")
    assert _apply(client, consent=False).status_code == 422
    assert _apply(client).status_code == 201
    with hall.database.reading() as work:
        (kept,) = work.session.scalars(select(Consent))
        assert kept.purpose == "matter:daiban" and "我同意村代办员" in kept.text


def test_malformed_json_is_refused_in_words(hall: Open):
    client = hall.client("zhang")
    for body in (b"{", b"[]", b'{"answers": 7}', b"null"):
        answer = client.post("/apply/daiban", data=body, content_type="application/json")
        assert answer.status_code == 422 and "看不懂" in answer.json["fields"][0]["text"], body


def test_a_file_too_large_is_refused_in_words_and_never_a_fault(hall: Open):
    client = hall.client("zhang")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
    body = head + b"0" * (30 * 1024 * 1024) + b"\r\n--x--\r\n"
    answer = client.post(
        "/files", data=body, content_type="multipart/form-data; boundary=x", headers={"Accept": "application/json"}
    )
    assert answer.status_code == 413
    assert "太大" in answer.json["detail"]


def test_a_file_is_judged_by_its_content_not_its_name(hall: Open):
    client = hall.client("zhang")
    for name, data, called in (("a.jpg", b"<script>alert(1)</script>", "网页"), ("b.pdf", b"MZ" + b"0" * 99, "程序")):
        answer = client.post("/files", data={"file": (io.BytesIO(data), name)}, headers={"Accept": "application/json"})
        assert answer.status_code == 422 and called in answer.json["fields"][0]["text"], name
        assert answer.json["detail"] == answer.json["fields"][0]["text"], "one fault is said, not counted"


def test_a_handed_in_file_is_seen_by_its_owner_and_the_cases_clerks_only(hall: Open):
    client = hall.client("zhang")
    kept = client.post("/files", data={"file": (io.BytesIO(made.picture()), "身份证.png")}).json["id"]
    answers = {**DAIBAN, "id_copies": [kept]}
    assert _apply(client, answers).status_code == 201
    with hall.database.reading() as work:
        assert work.session.get(File, int(kept)).case_id is not None
    for role, status in (("zhang", 200), ("chen", 200), ("wang", 200), ("xu", 404), ("sun", 404)):
        code = hall.client(role).get(f"/files/{kept}").status_code
        assert code == status or (status == 404 and code == 403), role


def test_the_case_says_in_plain_words_who_has_it_and_until_when(hall: Open):
    number = hall.submit()
    text = hall.client("zhang").get(f"/mine/{number}").text
    assert "苏洋村" in text and "代办收件" in text and "9月24日（周四）" in text
    assert "陈小云" not in text  # a resident is told the unit, not the clerk


def test_progress_is_found_by_number_and_phone_and_by_nothing_less(hall: Open):
    number = hall.submit()
    client = hall.client()
    assert "代办收件" in client.post("/track", data={"number": number, "phone": "13800000001"}).text
    wrong = client.post("/track", data={"number": number, "phone": "13800000002"})
    assert wrong.status_code == 404 and "没有查到" in wrong.text
    assert client.post("/track", data={"number": "12345", "phone": "13800000001"}).status_code in (400, 404)


def test_guessing_numbers_is_stopped(hall: Open):
    number = hall.submit()
    client = hall.client()
    codes = [
        client.post("/track", data={"number": number, "phone": f"1380000{n:04d}"}).status_code for n in range(2, 25)
    ]
    assert codes[0] == 404 and codes[-1] == 429


def test_an_application_can_be_taken_back_once(hall: Open):
    number = hall.submit()
    client = hall.client("zhang")
    answer = client.post(f"/mine/{number}/withdraw", data={"reason": "不办了"})
    assert answer.status_code == 302
    assert "撤销" in client.get(f"/mine/{number}").text
    assert client.post(f"/mine/{number}/withdraw", data={}).status_code == 409


def test_what_is_decided_is_not_taken_back_any_more(hall: Open):
    number = hall.submit()
    client = hall.client("zhang")
    there = f'action="/mine/{number}/withdraw"'
    assert there in client.get(f"/mine/{number}").text
    with hall.database.unit_of_work() as work:
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        case.decided_at = hall.clock()
    assert there not in client.get(f"/mine/{number}").text
    answer = client.post(f"/mine/{number}/withdraw", data={"reason": "不办了"})
    assert answer.status_code == 409 and "已经作出决定" in answer.text
    with hall.database.reading() as work:
        assert work.session.scalars(select(Case.status).where(Case.number == number)).one() == "running"


def test_a_running_case_is_not_rated(hall: Open):
    number = hall.submit()
    answer = hall.client("zhang").post(f"/mine/{number}/rate", data={"level": "5"})
    assert answer.status_code == 409 and "办结后才能评价" in answer.text


def test_residents_pages_are_light(hall: Open):
    """At most 150 KB packed in all, 350 KB where a form is drawn (Elder-friendly and light)."""
    import gzip
    import re

    from web.assets import BUILD

    client = hall.client("zhang")
    number = hall.submit()
    for path, limit in (("/", 150), ("/matters/daiban", 150), (f"/mine/{number}", 150), ("/apply/daiban", 350)):
        html = client.get(path).text
        total = len(gzip.compress(html.encode()))
        for name in set(re.findall(r"/build/([\w.-]+)", html)):
            total += (BUILD / f"{name}.gz").stat().st_size
        assert total < limit * 1000, f"{path}: {total / 1000:.0f} KB"


def test_a_newcomer_is_asked_for_their_village_once(hall: Open):
    client = hall.client()
    answer = client.post("/enter", data={"phone": "13900000009"})
    import re

    code = re.search(r"data-shown-code>(\d{6})<", answer.text)[1]
    client.post("/enter/code", data={"phone": "13900000009", "code": code})
    assert "龙门滩镇苏洋村" in client.get("/apply/daiban").text
    missing = _apply(client)
    assert missing.status_code == 422 and missing.json["fields"][0]["field"] == "place"
    sent = _apply(client, place="350526106201")
    assert sent.status_code == 201
    assert "苏洋村" in client.get(sent.json["location"].replace("receipt", "mine")).text
    assert 'name="place"' not in client.get("/apply/daiban").text


def test_who_applies_for_the_same_again_is_told_of_the_first_and_may_go_on(hall: Open):
    client = hall.client("zhang")
    check = "/apply/daiban/check"
    assert "data-before" not in client.post(check, json={"answers": DAIBAN}).json["review"]
    number = _apply(client).json["location"].rsplit("/", 1)[1]
    told = client.post(check, json={"answers": DAIBAN}).json["review"]
    assert number in told and f'href="/mine/{number}"' in told and 'data-form-send="send"' in told
    assert _apply(client, once="k2").json["location"].rsplit("/", 1)[1] != number
    # another person who writes the same identity number learns nothing
    assert "data-before" not in hall.client("xu").post(check, json={"answers": DAIBAN}).json["review"]
    with hall.database.unit_of_work() as work:
        for case in work.session.scalars(select(Case)):
            case.status, case.finished_at = "finished", case.received_at
    assert "data-before" not in client.post(check, json={"answers": DAIBAN}).json["review"]


def test_the_counter_is_told_of_the_first_too(hall: Open):
    number = _apply(hall.client("zhang")).json["location"].rsplit("/", 1)[1]
    clerk = hall.client("chen")
    taken = clerk.post(
        "/desk/window/daiban", json={"answers": DAIBAN, "channel": "counter", "consent": "yes", "once": "w"}
    )
    assert taken.status_code == 201
    page = clerk.get(taken.json["location"]).text
    assert f"还有一件在办，编号 {number}" in page


def test_a_counter_that_is_no_village_s_asks_for_the_village_and_its_agent_goes_on(hall: Open):
    clerk = hall.client("wang")
    assert 'name="place"' in clerk.get("/desk/window/daiban").text
    given = {"answers": DAIBAN, "channel": "counter", "consent": "yes", "once": "h"}
    missing = clerk.post("/desk/window/daiban", json=given)
    assert missing.status_code == 422 and missing.json["fields"][0]["field"] == "place"
    taken = clerk.post("/desk/window/daiban", json={**given, "place": "350526106201"})
    assert taken.status_code == 201
    with hall.database.reading() as work:
        number = taken.json["location"].rsplit("/", 1)[1]
        case = work.session.scalars(select(Case).where(Case.number == number)).one()
        task = work.session.scalars(select(Task).where(Task.case_id == case.id, Task.state != "ended")).one()
        assert case.place_id == hall.cast.suyang.id
        assert task.candidates == [f"p:{hall.cast.suyang.id}:agent"] and task.instead is None
    own = hall.client("chen").get("/desk/window/daiban").text
    assert re.search(r'<option value="350526106201" selected>', own)


#: What a field takes that asks for somebody's voice, and for no document.
SOUND = ".m4a,.mp3,.amr,.wav"


def test_fields_for_documents_offer_every_document_the_hall_takes():
    found = {}

    def walk(components, where):
        for one in components:
            if one.get("type") == "filepicker" and one.get("accept") and one["accept"] != SOUND:
                found[where, one["key"]] = set(one["accept"].split(","))
            walk(one.get("components", ()), where)

    for path in sorted((ROOT / "forms").glob("*/*.form")):
        walk(json.loads(path.read_text(encoding="utf-8"))["components"], path.name)
    assert found
    for where, endings in found.items():
        assert {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"} <= endings, where
        if ".pdf" in endings:
            assert {".ofd", ".doc", ".docx", ".xls", ".xlsx"} <= endings, where
