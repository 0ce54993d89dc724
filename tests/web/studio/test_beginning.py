"""A new matter from a few questions, or from a copy of one that there is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import matters
from engine.commands import gate
from engine.findings import errors
from engine.proof import prove
from engine.records import papers
from tests import foreign
from tests.drawing.test_adopting import chain
from web import cli, skeleton

ROOT = Path(__file__).resolve().parents[3]
NEW = "/desk/matters/new"
SAID = {"name": "qingjia", "title": "村干部请假", "title_en": "Leave"}


def file(client, path, name="qingjia"):
    return client.get(f"/desk/matters/{name}/draft/file?path={path}").text


def test_questions_make_a_draft_that_opens_as_a_list(hall):
    client = hall.client("designer")
    said = SAID | {"where": "village", "days": "5", "source": "信访工作条例第二十二条", "head": "1"}
    answer = client.post(NEW, data=said)
    assert answer.status_code == 302 and answer.location.endswith("/qingjia/draft/steps")
    about = file(client, "bpmn/qingjia/matter.yaml")
    assert "promised: 5wd" in about and "信访工作条例第二十二条" in about and "office: village" in about
    page = client.get(answer.location).text
    assert "负责人审批" in page and "5 个工作日" in page and "村（社区）服务中心" in page


@pytest.mark.parametrize("where", list(skeleton.PLACES))
@pytest.mark.parametrize("head", [False, True])
def test_whatever_is_answered_runs(where, head):
    files = skeleton.files("qingjia", "请假: “病假”", "Leave", where=where, days=7, source="某法：第一条", head=head)
    verdict = prove("qingjia", matters.with_shared(files, ROOT, "qingjia"), content=ROOT)
    assert verdict.good and verdict.played, verdict.reasons


def test_a_copy_says_everything_under_its_own_name(hall):
    client = hall.client("designer")
    assert client.post(NEW, data=SAID | {"like": foreign.NAME}).status_code == 302
    about = file(client, "bpmn/qingjia/matter.yaml")
    assert "name: 村干部请假" in about and "code: QINGJIA" in about
    assert foreign.NAME not in file(client, "bpmn/qingjia/process.bpmn")
    verdict = client.post("/desk/matters/qingjia/draft/proof").text
    assert "没有照着走" not in verdict


@pytest.mark.parametrize("matter", ["daiban", "kaidian", "xunzhenji", "tousu", "shitang"])
def test_a_copy_of_a_shipped_matter_passes_the_check(matter):
    own = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for kind in ("bpmn", "forms")
        for path in (ROOT / kind / matter).rglob("*")
        if path.is_file()
    }
    beside = [path.parent.name for path in (ROOT / "bpmn").glob("*/matter.yaml")]
    copy = skeleton.copied(matter, own, "xinde", "新的", "New", beside)
    with papers.using(ROOT / "forms"):
        files = matters.with_shared(copy, ROOT, "xinde")
        assert errors(gate.check(matters.Source("xinde", files), None, house=gate.house(ROOT))) == []


def test_what_is_wrong_is_named_and_what_was_typed_stays(hall):
    client = hall.client("designer")
    answer = client.post(NEW, data=SAID | {"name": "请假", "days": "5"})
    assert answer.status_code == 422 and "不能作代号" in answer.text and 'value="村干部请假"' in answer.text
    answer = client.post(NEW, data=SAID | {"days": "百日"})
    assert answer.status_code == 422 and "请写 1 到 90 之间的整数" in answer.text and 'value="百日"' in answer.text
    assert client.post(NEW, data=SAID | {"like": "none"}).status_code == 422


FOREIGN = chain(
    '<userTask id="look" name="看" flowable:candidateGroups="hr"/>',
    '<serviceTask id="sms" name="发短信" flowable:class="com.x.Sms"/>',
)


def test_a_diagram_of_another_engine_becomes_a_draft_with_its_report(hall):
    client = hall.client("designer")
    answer = client.post("/desk/matters/adopt", data=SAID | {"diagram": (io.BytesIO(FOREIGN), "leave.bpmn20.xml")})
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert "1 处要自己补" in page and "com.x.Sms" in page
    steps = client.get("/desk/matters/qingjia/draft/steps").text
    assert "看" in steps and "hr" in steps
    assert "没有发现问题" in client.get("/desk/matters/qingjia/draft").text
    assert "process.bpmn" in client.get("/desk/matters/qingjia/draft").text


@pytest.mark.parametrize(
    ("sent", "words"),
    [(b"<a", "不是完整的 XML"), (b"<x/>", "不是 BPMN 2.0 文件"), (b"", "不是完整的 XML")],
)
def test_what_is_no_diagram_is_told_at_the_field_and_what_was_typed_stays(hall, sent, words):
    client = hall.client("designer")
    answer = client.post("/desk/matters/adopt", data=SAID | {"diagram": (io.BytesIO(sent), "a.bpmn")})
    assert answer.status_code == 422 and words in answer.text and 'value="村干部请假"' in answer.text
    answer = client.post("/desk/matters/adopt", data=SAID | {"name": "A"})
    assert answer.status_code == 422 and "请选择文件" in answer.text and "不能作代号" in answer.text


def test_a_diagram_that_is_too_large_is_told(hall):
    sent = FOREIGN.replace(b"</process>", b"<!--" + b"x" * 1_000_000 + b"--></process>")
    answer = hall.client("designer").post("/desk/matters/adopt", data=SAID | {"diagram": (io.BytesIO(sent), "a.bpmn")})
    assert answer.status_code == 422 and "文件太大" in answer.text


def test_the_shell_brings_a_diagram_into_the_content_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("YIZHAN_CONTENT", str(tmp_path / "content"))
    (tmp_path / "leave.bpmn").write_bytes(FOREIGN)
    said = ["adopt", str(tmp_path / "leave.bpmn"), "qingjia", "--title", "请假", "--title-en", "Leave"]
    answer = CliRunner().invoke(cli.main, said)
    assert answer.exit_code == 0, answer.output
    assert "com.x.Sms" in answer.output and "1 处要自己补" in answer.output
    assert (tmp_path / "content/bpmn/qingjia/process.bpmn").exists()
    again = CliRunner().invoke(cli.main, said)
    assert again.exit_code == 1 and "已经有了" in again.output
    (tmp_path / "leave.bpmn").write_bytes(b"<a")
    wrong = CliRunner().invoke(cli.main, [*said[:2], "other", *said[3:]])
    assert wrong.exit_code == 1 and "不是完整的 XML" in wrong.output
    assert not (tmp_path / "content/bpmn/other").exists()
