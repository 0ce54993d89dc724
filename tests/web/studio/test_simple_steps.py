"""A designer who does not draw changes a matter as a list of steps; the drawing stays the only model."""

from __future__ import annotations

import re

import pytest

from engine.matters import simple
from web import skeleton

NAME = "qingjia"
HERE = f"/desk/matters/{NAME}/draft"


@pytest.fixture
def designer(hall):
    client = hall.client("designer")
    said = {"name": NAME, "title": "村干部请假", "title_en": "Leave of absence"}
    assert client.post("/desk/matters/new", data=said).status_code == 302
    return client


def flow_after(client, name):
    """The value of the place after the step of this name, as the page offers it."""
    page = client.get(f"{HERE}/steps").text
    found = re.search(rf'<option value="([^"]+)">“{name}”之后', page)
    assert found, page
    return found[1]


def added(client, name="镇里审批", does="decide", after="看材料", **more):
    said = {"name": name, "name_en": "The town decides", "does": does, "flow": flow_after(client, after)}
    said |= {"post": "head", "where": "town", "called": "镇负责人"} | more
    return client.post(f"{HERE}/steps/add", data=said)


def drawing(client):
    return client.get(f"{HERE}/file?path=bpmn/{NAME}/process.bpmn").text


def says(client):
    """The names of the list, in order."""
    page = client.get(f"{HERE}/steps").text
    return re.findall(r'yz-step-head">\s*<strong>(.*?)</strong>', page)


def test_a_drawing_is_shown_as_a_list(designer):
    assert says(designer) == ["收到申请", "受理", "看材料", "告诉办好了", "办结", "办好了"]
    page = designer.get(f"{HERE}/steps").text
    assert "镇便民服务中心" in page and "2 个工作日" in page and "没有办" in page


def test_a_step_is_added_with_its_form_limit_and_stories_and_what_is_proved_is_good(designer):
    assert added(designer, days="3", refuses="tell_not").status_code == 302
    assert says(designer)[2:4] == ["看材料", "镇里审批"]
    about = designer.get(f"{HERE}/file?path=bpmn/{NAME}/matter.yaml").text
    assert "step_1: 3wd" in about and "镇负责人: {post: head, at: town, name: 镇负责人}" in about
    assert "# Made by yizhan new" in about  # comments stay
    assert "step_1_decision" in designer.get(f"{HERE}/file?path=forms/{NAME}/step_1.form").text
    stories = designer.get(f"{HERE}/file?path=bpmn/{NAME}/stories.yaml").text
    assert stories.count("task: step_1") == 2 and "镇里审批：不同意" in stories
    verdict = designer.post(f"{HERE}/proof").text
    assert verdict.count("镇里审批：不同意") == 1 and "没有照着走" not in verdict
    page = designer.get(f"{HERE}/steps").text
    assert "没有发现问题" in page and "3 个工作日" in page and "镇负责人" in page


def test_a_step_moves_up_and_goes_and_the_drawing_is_as_it_was(designer):
    before = drawing(designer)
    added(designer, refuses="tell_not")
    assert designer.post(f"{HERE}/steps/up", data={"step": "step_1"}).status_code == 302
    assert says(designer)[2:4] == ["镇里审批", "看材料"]
    assert "没有照着走" not in (verdict := designer.post(f"{HERE}/proof").text) and "镇里审批：不同意" in verdict
    assert designer.post(f"{HERE}/steps/up", data={"step": "look"}).status_code == 302
    assert "没有照着走" not in (verdict := designer.post(f"{HERE}/proof").text) and "镇里审批：不同意" in verdict
    assert designer.post(f"{HERE}/steps/remove", data={"step": "step_1"}).status_code == 302
    assert "step_1" not in drawing(designer) and says(designer)[2] == "看材料"
    assert re.sub(r"\s+|x=\"[\d.]+\"", "", drawing(designer)) == re.sub(r"\s+|x=\"[\d.]+\"", "", before)
    assert designer.get(f"{HERE}/file?path=forms/{NAME}/step_1.form").status_code == 404


def test_a_step_is_changed(designer):
    added(designer, refuses="tell_not")
    said = {"step": "step_1", "name": "镇长定", "name_en": "The mayor decides", "groups": "窗口", "days": ""}
    said |= {"yes": "准", "no": "不准", "refuses": "look"}
    assert designer.post(f"{HERE}/steps/change", data=said).status_code == 302
    page = designer.get(f"{HERE}/steps").text
    assert "镇长定" in page and "不准 →" in re.sub(r"\s+", " ", page) and "回到“看材料”" in page
    assert "镇长定: The mayor decides" in designer.get(f"{HERE}/file?path=bpmn/{NAME}/en.yaml").text


def test_what_is_wrong_is_named_and_what_was_typed_stays(designer):
    answer = added(designer, name="", post="", days="0")
    assert answer.status_code == 422
    assert (
        "请写 1 到 40 个字" in answer.text and "请选谁来办" in answer.text and "请写 1 到 90 之间的整数" in answer.text
    )
    assert 'value="The town decides"' in answer.text
    answer = added(designer, does="each")
    assert answer.status_code == 422 and "会签至少要两家" in answer.text
    answer = added(designer, called="镇=负责人")
    assert answer.status_code == 422 and "不带标点" in answer.text


def test_a_place_that_is_gone_is_told_and_nothing_is_lost(designer):
    answer = added(designer, flow="gone")
    assert answer.status_code == 422 and "这个位置已经变了" in answer.text and 'value="镇里审批"' in answer.text


def test_a_drawing_that_cannot_be_read_says_so_and_leads_to_the_canvas(designer):
    path = f"bpmn/{NAME}/process.bpmn"
    designer.post(f"{HERE}/file", json={"path": path, "text": "<bpmn", "base": 1})
    page = designer.get(f"{HERE}/steps")
    assert page.status_code == 200 and "不是完整的 XML" in page.text and "在画布上打开" in page.text


@pytest.mark.parametrize("file", ["matter.yaml", "en.yaml"])
def test_a_file_that_is_no_yaml_says_so_and_nothing_is_lost(designer, file):
    designer.post(f"{HERE}/file", json={"path": f"bpmn/{NAME}/{file}", "text": "a: [", "base": 1})
    page = designer.get(f"{HERE}/steps")
    assert page.status_code == 200 and "不是正确的 YAML" in page.text
    said = {"name": "镇里审批", "name_en": "The town", "does": "handle", "flow": "f4", "groups": "窗口"}
    answer = designer.post(f"{HERE}/steps/add", data=said)
    assert answer.status_code == 422 and "不是正确的 YAML" in answer.text


def test_others_than_designers_change_no_steps(designer, hall):
    assert hall.client("chen").get(f"{HERE}/steps").status_code in (403, 404)
    assert hall.client("chen").post(f"{HERE}/steps/up", data={"step": "look"}).status_code in (403, 404)


def test_a_condition_asks_the_application(designer):
    assert added(designer, field="applicant.name", compares="=", value="要批").status_code == 302
    assert '=applicant.name = "要批"' in drawing(designer) and "step_1_if" in drawing(designer)
    refused = added(designer, name="再批", field="applicant.id", value="1")
    assert refused.status_code == 422 and "申请表里没有这一项" in refused.text


@pytest.mark.parametrize("operator", ["'", '"', "<", "&"])
def test_names_of_designers_stay_text_in_the_file(operator):
    files = skeleton.files(NAME, "请假", "Leave")
    flow = simple.listing(NAME, files).find("look").exit
    worker = simple.Worker("窗口")
    changed = simple.add(NAME, files, flow, "handle", f"登{operator}记", "Note", (worker,))
    assert simple.listing(NAME, files | changed).find("step_1").name == f"登{operator}记"
