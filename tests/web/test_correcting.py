"""补正: whoever has to mend something reads each item, what is wrong with it and where it is answered, on the page of
their case and on the step itself; wrong digits are told at the question."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from tests.cast import DAIBAN
from tests.commands import acting
from tests.hall import Open

ASKED = {
    "decision": "correct",
    "correction": {
        "items": [
            {"material": "居民身份证", "problem": "照片不清", "fix": "重新拍摄"},
            {"material": "户口簿", "problem": "没有提交", "fix": "补交复印件"},
        ],
        "due_on": "2026-10-09",
    },
}


@pytest.fixture
def asked(hall: Open) -> SimpleNamespace:
    """A case of 张三丰 that waits for what they were asked to mend."""
    case_id = acting.taken_in(hall.database, hall.cast, hall.clock)
    acting.claim(hall.database, case_id, hall.cast.wang, hall.clock())
    acting.complete(hall.database, case_id, ASKED, hall.cast.wang, hall.clock())
    task = acting.now_open(hall.database, case_id)
    page = hall.client("zhang").get("/mine").text
    number = re.search(r'href="/mine/(\d{6}-[\d-]+)"', page)[1]
    return SimpleNamespace(task=task.id, version=task.version, number=number)


def words(page: str) -> str:
    part = re.search(r"<section[^>]*data-correcting>.*?</section>", page, re.DOTALL)
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", part[0])) if part else ""


@pytest.mark.parametrize("where", ["case", "task"])
def test_each_item_what_is_wrong_where_to_answer_and_the_deadline_of_the_notice(hall: Open, asked, where: str) -> None:
    address = f"/mine/{asked.number}" if where == "case" else f"/mine/task/{asked.task}"
    page = hall.client("zhang").get(address).text
    said = words(page)
    assert "要补正2项，请在10月9日（周五）前补好" in said
    assert "居民身份证哪里不对：照片不清怎么补：重新拍摄" in said and "户口簿哪里不对：没有提交" in said
    assert "身份证照片" in said, "where the first is answered"
    where_else = "材料送到县行政服务中心医保窗口。"
    if where == "task":
        assert said.endswith(f"没有专门的一题：写在“补正说明”里，{where_else}"), "no field is about the second"
    else:
        assert where_else in said
    if where == "task":
        assert 'data-form-goto="id_copies"' in page
        assert "17:30" not in re.search(r"<main.*</main>", page, re.DOTALL)[0].split("data-form ")[0], "one deadline"


def test_after_the_answer_nothing_is_asked_any_more(hall: Open, asked) -> None:
    answers = {"applicant": DAIBAN["applicant"], "correction_note": "已重新拍摄"}
    body = {"version": asked.version, "answers": answers}
    assert hall.client("zhang").post(f"/mine/task/{asked.task}", json=body).status_code == 200
    assert words(hall.client("zhang").get(f"/mine/{asked.number}").text) == ""


def test_a_wrong_digit_of_a_step_is_told_at_its_question_and_nothing_is_stored(hall: Open, asked) -> None:
    applicant = {**DAIBAN["applicant"], "id_number": "350526195003071230"}
    address = f"/mine/task/{asked.task}/question"
    answer = hall.client("zhang").post(address, json={"question": True, "answers": {"applicant": applicant}})
    assert answer.status_code == 422
    wrong = {one["field"]: one["text"] for one in answer.json["fields"]}
    assert "校验码" in wrong["applicant.id_number"]
    assert hall.client("xu").post(address, json={"answers": {}}).status_code == 404
    assert hall.client("zhang").get(f"/mine/task/{asked.task}").status_code == 200
