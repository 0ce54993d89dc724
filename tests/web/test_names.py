"""Words of matters on English pages."""

from __future__ import annotations

import re

import pytest
from flask import session
from sqlalchemy import select, update

from engine.commands import cases
from engine.reads.stuck import Sentence
from engine.reads.taking_part import Doubt
from engine.reads.tracking import word_of
from engine.store.models import Notice, Reminder, Resource
from tests.commands import acting
from tests.hall import Open
from web import names, sentences


@pytest.fixture
def english(hall: Open):
    with hall.app.test_request_context("/"):
        session["language"] = "en"
        yield hall


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("第一百七十三条", "art. 173"),
        ("第二十八条至第三十条", "art. 28 to art. 30"),
        ("行政许可法 第42条第一款", "《行政许可法》 art. 42(1)"),
        ("行政许可法 第47、48条", "《行政许可法》 art. 47, 48"),
        ("中华人民共和国民法典第十条", "《中华人民共和国民法典》 art. 10"),
        ("《会计档案管理办法》 附表一", "《会计档案管理办法》 annex 1"),
        ("服务承诺", "Service promise"),
    ],
)
def test_a_place_in_the_law_keeps_the_laws_title_and_counts_in_figures(english, text, said):
    assert names.cited(text) == said


def test_steps_papers_and_options_are_named_alone_and_together_and_what_has_no_english_stays(english):
    assert names.named("代办收件") == "The agent takes in"
    assert names.named("归档、代办收件") == "File, The agent takes in"
    assert names.named("受理通知书") == "Notice of acceptance"
    assert names.named("2026年7月的受理通知书") == "Notice of acceptance, 2026-07"
    assert names.named("2026年7月的张三") == "2026年7月的张三"
    assert names.named("张三、李四") == "张三、李四"
    assert names.named("") == ""


def test_the_sentence_of_where_a_case_stands_is_english_to_the_name_of_the_step(english):
    sentence = Sentence("……", "“代办收件” waits at 苏洋村 to be signed for.", names=("代办收件", "苏洋村"))
    assert sentences.where(sentence) == "“The agent takes in” waits at 苏洋村 to be signed for."


def test_on_a_chinese_page_nothing_is_changed(hall: Open):
    with hall.app.test_request_context("/"):
        assert names.named("代办收件") == "代办收件" and names.cited("第十条") == "第十条"
        form = {"components": [{"label": "姓名"}]}
        assert names.schema(form) is form and names.diagram(b"<a/>") == b"<a/>"


def test_a_forms_words_are_said_and_its_values_and_conditions_are_not_touched(english):
    form = {
        "components": [
            {"label": "姓名", "values": [{"label": "满意", "value": "满意"}], "conditional": {"hide": '=a="满意"'}}
        ]
    }
    said = names.schema(form)["components"][0]
    assert said == {
        "label": "Name",
        "values": [{"label": "Satisfied", "value": "满意"}],
        "conditional": {"hide": '=a="满意"'},
    }
    assert form["components"][0]["label"] == "姓名"


def test_a_notice_is_read_in_the_language_of_its_page_and_sent_in_chinese(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        task = hall.task(number)
        cases.claim(work, task.id, version=task.version, by=hall.cast.chen, now=hall.clock())
    with hall.database.unit_of_work() as work:
        cases.transfer(
            work, task.id, hall.cast.lin.id, "请假", version=task.version + 1, by=hall.cast.chen, now=hall.clock()
        )
    client = hall.client("lin")

    def read() -> str:
        """What stands there, without its links."""
        return re.sub("<[^>]+>", "", client.get("/desk/notices").text)

    assert f"代办收件（{number}）已转给您办理。" in read()
    client.post("/language", data={"to": "en", "next": "/desk"})
    english = read()
    assert f"The agent takes in ({number}) is now yours." in english and "已转给您" not in english
    with hall.database.unit_of_work() as work:
        work.session.execute(update(Notice).values(text_en=None))  # one from before there was English
    assert "已转给您办理" in client.get("/desk/notices").text


def test_a_preview_says_whom_a_notice_goes_to_and_what_it_says(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        task = hall.task(number)
        by = hall.cast.chen
        cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=by, now=hall.clock())
    client = hall.client("wang")
    task = hall.task(number)
    client.post(f"/desk/tasks/{task.id}/claim", data={"version": str(task.version)})
    body = {"version": task.version + 1, "answers": acting.ACCEPT}
    review = client.post(f"/desk/tasks/{task.id}/preview", json=body).json["review"]
    assert "申请人和代办员：张*丰您好" in review and "accepted" not in review
    client.post("/language", data={"to": "en", "next": "/desk"})
    review = client.post(f"/desk/tasks/{task.id}/preview", json=body).json["review"]
    assert "The applicant and the agent: Your case" in review and "Notice of acceptance" in review


def test_a_unit_with_a_post_is_named_part_by_part_and_a_name_without_english_hides_no_word_of_a_matter(english):
    with english.database.unit_of_work() as work:
        work.session.add(
            Resource(code="c", unit_id=english.cast.lmt.id, kind="window", name="综合窗口", matter="yuyue")
        )
    assert names.named("德化县医疗保障局·审核") == "德化县医疗保障局, reviewer"
    assert names.named("综合窗口") == "General counter"


def test_a_reason_gives_the_law_in_its_brackets_and_a_document_keeps_its_title(english):
    why = Doubt("late", "……", "Expected a clock that may be stopped, but there is none (行政许可法 第42条第一款).")
    assert names.reason(why) == "Expected a clock that may be stopped, but there is none (《行政许可法》 art. 42(1))."
    assert names.titled("台风停工通知") == "《台风停工通知》" and names.titled("元旦") == "New Year"


def test_what_an_english_page_stores_is_chinese(hall: Open):
    number = hall.submit()
    client = hall.client()
    client.post("/language", data={"to": "en", "next": "/"})
    assert client.post(f"/track/{number}/{word_of(number)}/remind").status_code == 302
    with hall.database.reading() as work:
        assert work.session.scalars(select(Reminder.text)).one() == "群众凭回执催办"
