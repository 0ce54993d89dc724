"""工作日历: what is known, what a correction would move, publishing exactly that."""

import io
import re

import pytest
from sqlalchemy import select

from engine.commands.hall import calendar_publishing
from engine.errors import Invalid
from engine.store.models import CalendarFile, Case
from tests import permit
from tests.hall import Open

TYPHOON = """source: 德化县关于9月22日台风停工的通知（德政办〔2026〕9号）
published_on: 2026-09-18
holidays:
  2026-09-22: 台风停工
"""


def shown(answer):
    return re.search(r'name="expect" value="(\w+)"', answer.text)[1]


def test_everybody_who_works_here_reads_the_year_and_only_some_may_change_it(hall: Open):
    text = hall.client("wang").get("/desk/calendar").text
    assert "10月1日（周四）至10月7日（周三），共 7 天" in text and "9月20日（周日）、10月10日（周六）" in text
    assert "2027 年的放假安排还没有" in text and "国务院办公厅节假日安排" in text and "还没有发布过" in text
    assert "发布新一年的安排" not in text and ">工作日历</a>" not in text
    for short in ("wu", "operator"):
        assert "发布新一年的安排" in hall.client(short).get("/desk/calendar").text, short
    assert "没有 1990 年的安排" in hall.client("wang").get("/desk/calendar?year=1990").text
    for short in ("wang", "zhao", "designer"):
        client = hall.client(short)
        assert client.post("/desk/calendar", data={"text": TYPHOON}).status_code == 403, short
        assert client.post("/desk/calendar/publish", data={"text": TYPHOON, "expect": "x"}).status_code == 403, short


def test_a_correction_is_shown_then_published_exactly_so(hall: Open):
    number = permit.open_case(hall)
    client = hall.client("wu")
    plan = client.post("/desk/calendar", data={"file": (io.BytesIO(TYPHOON.encode()), "typhoon.yaml")})
    assert plan.status_code == 200 and "2026年9月22日（周二）" in plan.text
    row = re.sub(r"<[^>]+>", " ", re.search(rf"<tr><td[^>]*>{number}.*?</tr>", plan.text, re.S)[0])
    assert row.split()[1:] == ["食品小作坊许可", "承诺时限", "10月9日（周五）", "10月10日（周六）"]
    with hall.database.reading() as work:
        assert work.session.scalar(select(CalendarFile.id)) is None
    done = client.post("/desk/calendar/publish", data={"text": TYPHOON, "expect": shown(plan)})
    assert done.status_code == 302
    text = client.get("/desk/calendar").text
    assert "已发布：改了 1 天，1 个办件的时限跟着变" in text and "台风停工" in text and "吴县长" in text
    with hall.database.reading() as work:
        assert work.session.scalar(select(Case.promised_due)).isoformat() == "2026-10-10T09:30:00+00:00"
    again = client.post("/desk/calendar/publish", data={"text": TYPHOON, "expect": shown(plan)})
    assert again.status_code == 409 and "这份日历已经发布过" in again.text


def test_what_changed_since_the_preview_is_shown_anew_and_nothing_is_published(hall: Open):
    client = hall.client("operator")
    plan = client.post("/desk/calendar", data={"text": TYPHOON})
    assert "没有在办的办件要改时限" in plan.text
    number = permit.open_case(hall)
    answer = client.post("/desk/calendar/publish", data={"text": TYPHOON, "expect": shown(plan)})
    assert answer.status_code == 409 and "预览之后情况有了变化" in answer.text and number in answer.text
    with hall.database.reading() as work:
        assert work.session.scalar(select(CalendarFile.id)) is None
    assert client.post("/desk/calendar/publish", data={"text": TYPHOON, "expect": shown(answer)}).status_code == 302


def test_faults_are_told_by_the_line_and_what_was_written_stays(hall: Open):
    text = TYPHOON + "  2027-05-01: 劳动节\nfestivals: {}\n"
    answer = hall.client("wu").post("/desk/calendar", data={"text": text})
    assert answer.status_code == 422
    words = re.sub(r"<[^>]+>", "", answer.text)
    assert "第 5 行：2027 年没有整年的数据" in words and "第 6 行：不认识的字段" in words
    assert "2027-05-01: 劳动节" in re.search(r'id="text".*?</textarea>', answer.text, re.S)[0]
    broken = hall.client("wu").post("/desk/calendar", data={"text": "source: [无\nholidays: }"})
    assert broken.status_code == 422 and "不是能读的 YAML" in broken.text


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"a" * 70_000, b"\xff\xfe\x00b"])
def test_what_is_no_short_text_is_refused(hall: Open, data):
    answer = hall.client("wu").post("/desk/calendar", data={"file": (io.BytesIO(data), "calendar.yaml")})
    assert answer.status_code == 422 and ("不是文本文件" in answer.text or "文件太大" in answer.text)


def test_a_file_in_the_old_chinese_encoding_is_read():
    assert calendar_publishing.text_of(TYPHOON.encode("gb18030")) == TYPHOON
    with pytest.raises(Invalid):
        calendar_publishing.text_of(b"\x00\x01")


def test_a_file_in_people_s_own_words_is_read_and_kept_as_the_machine_s(hall: Open):
    text = "文件：台风停工通知\n公布日期：2026-09-18\n放假：\n  2026-09-22：台风停工\n"
    client = hall.client("wu")
    plan = client.post("/desk/calendar", data={"text": text})
    assert "2026年9月22日（周二）" in plan.text
    assert client.post("/desk/calendar/publish", data={"text": text, "expect": shown(plan)}).status_code == 302
    with hall.database.reading() as work:
        kept = work.session.scalar(select(CalendarFile.text))
        assert kept == "source: 台风停工通知\npublished_on: 2026-09-18\nholidays:\n  2026-09-22: 台风停工\n"
    assert "公布日期: 2026-09-18" in client.get("/desk/calendar").text
    wrong = client.post("/desk/calendar", data={"text": text.replace("2026-09-22", "2099-09-22")})
    assert "第 4 行：2099 年没有整年的数据" in re.sub(r"<[^>]+>", "", wrong.text)


def test_many_moves_come_in_pages(hall: Open, monkeypatch):
    from web.pages import calendar

    monkeypatch.setattr(calendar, "PAGE", 1)
    permit.open_case(hall)
    client = hall.client("wu")
    first = client.post("/desk/calendar", data={"text": TYPHOON})
    second = client.post("/desk/calendar", data={"text": TYPHOON, "page": "2"})
    assert "第 1 页，共 2 页" in first.text and "第 2 页，共 2 页" in second.text
    assert "承诺时限" in first.text and "法定时限" in second.text
    assert shown(first) == shown(second)
