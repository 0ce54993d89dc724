"""`yizhan check` as a designer calls it."""

import json

import pytest
from click.testing import CliRunner

from web.cli import main

from .drawing import process

GOOD = process('<startEvent id="s"/><flow s e/><endEvent id="e"/>')
CALLS = process(
    '<startEvent id="s"/><flow s t/><userTask id="t" name="填表"><extensionElements><zeebe:formDefinition '
    'formId="apply"/>'
    '<zeebe:assignmentDefinition candidateGroups="clerk"/></extensionElements></userTask><flow t e/><endEvent id="e"/>'
)
FORM = {"id": "apply", "components": [{"type": "textfield", "key": "name", "label": "姓名"}]}


def run(*arguments):
    done = CliRunner().invoke(main, ["check", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_good_file_gives_nothing_and_exit_0(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(GOOD)
    done = run(tmp_path / "a.bpmn", "--json")
    assert done.exit_code == 0 and json.loads(done.output) == []


def test_a_warning_alone_leaves_exit_0(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(CALLS.replace(b"zeebe:assignmentDefinition", b"zeebe:userTask"))
    (tmp_path / "apply.form").write_text(json.dumps(FORM))
    done = run(tmp_path, "--json")
    assert [(f["rule"], f["severity"]) for f in json.loads(done.output)] == [("nobody-asked", "warning")]
    assert done.exit_code == 0


def test_findings_are_the_eight_agreed_fields(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(CALLS)
    done = run(tmp_path / "a.bpmn", "--json")
    (finding,) = json.loads(done.output)
    assert done.exit_code == 1
    assert list(finding) == ["file", "element", "element_name", "line", "rule", "severity", "message_zh", "message_en"]
    assert (finding["rule"], finding["element"], finding["element_name"]) == ("form-missing", "t", "填表")
    assert finding["file"] == str(tmp_path / "a.bpmn")


def test_the_form_beside_a_diagram_is_found_by_its_id(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(CALLS)
    (tmp_path / "whatever.form").write_text(json.dumps(FORM))
    assert run(tmp_path / "a.bpmn").exit_code == 0


def test_a_person_reads_chinese_and_on_request_english(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(CALLS)
    chinese, english = run(tmp_path).output, run(tmp_path, "--lang", "en").output
    assert "错误" in chinese and "用户任务「填表」(t)的表单“apply”不存在" in chinese and "1 个错误" in chinese
    assert 'User task "填表" (t) opens the form "apply", which does not exist' in english


@pytest.mark.parametrize("name", ["a.bpmn", "a.dmn", "a.form", "a.txt"])
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"{", b"<a>", "<定义/>".encode()])
def test_any_file_is_answered_with_an_error(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    done = run(tmp_path / name, "--json")
    assert done.exit_code == 1 and json.loads(done.output)[0]["severity"] == "error"


FAULTS = {
    "duplicate-key": [{"type": "number", "key": "a"}, {"type": "number", "key": "a"}],
    "unknown-component": [{"type": "slider", "key": "a"}],
    "key-missing": [{"type": "textfield", "label": "姓名"}],
    "bad-key": [{"type": "textfield", "key": "a b"}],
    "feel-syntax": [{"type": "textfield", "key": "a", "conditional": {"hide": "=1 +"}}],
    "bad-pattern": [{"type": "textfield", "key": "a", "validate": {"pattern": "("}}],
    "unknown-check": [{"type": "textfield", "key": "a", "properties": {"check": "passport"}}],
}


@pytest.mark.parametrize("rule", FAULTS)
def test_faults_of_a_form_are_found(tmp_path, rule):
    (tmp_path / "a.form").write_text(json.dumps({"id": "a", "components": FAULTS[rule]}, indent=1))
    done = run(tmp_path, "--json")
    assert done.exit_code == 1 and rule in {f["rule"] for f in json.loads(done.output)}


def test_the_line_of_a_form_s_component_is_told(tmp_path):
    (tmp_path / "a.form").write_text(json.dumps({"id": "a", "components": FAULTS["duplicate-key"]}, indent=1))
    (finding,) = json.loads(run(tmp_path, "--json").output)
    assert finding["line"] == 6 and finding["element"] == "a"


def test_the_county_s_own_matters_have_no_errors():
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    done = run(root / "bpmn", root / "forms", "--json")
    assert [f for f in json.loads(done.output) if f["severity"] == "error"] == []


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\x00", b"a: [", b"- 1", b"&a [*a]", b"code: {}\nname: 3", "名: !!python/object:os.system x".encode()],
)
def test_a_broken_matter_is_answered(tmp_path, data):
    folder = tmp_path / "bpmn" / "m"
    folder.mkdir(parents=True)
    (folder / "matter.yaml").write_bytes(data)
    (folder / "process.bpmn").write_bytes(GOOD)
    done = run(folder, "--json")
    found = json.loads(done.output)
    assert done.exit_code == 1 and found[0]["file"].endswith("matter.yaml")
    assert "check-failed" not in {f["rule"] for f in found}


def test_a_file_whose_name_is_no_text_is_answered(tmp_path):
    import os

    path = os.fsencode(tmp_path) + b"/\xff.bpmn"
    try:
        with open(path, "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes only text as names")
    assert json.loads(run(tmp_path, "--json").output)[0]["rule"] == "not-well-formed"


def test_the_ids_the_engine_s_library_keeps_for_itself_are_free_here(tmp_path):
    (tmp_path / "a.bpmn").write_bytes(
        process('<startEvent id="Start"/><flow Start Root/><task id="Root"/><flow Root End/><endEvent id="End"/>')
    )
    assert run(tmp_path).exit_code == 0
    done = CliRunner().invoke(main, ["play", str(tmp_path / "a.bpmn"), "--json"])
    assert json.loads(done.output)["trace"] == ["Start", "Root", "End"]


def test_papers_and_notices_a_diagram_asks_for_must_stand_in_the_matter():
    from pathlib import Path

    from engine import matters
    from engine.commands import gate

    root = Path(__file__).resolve().parents[2]
    files = matters.read_files(root, "yuyue")
    assert [f for f in gate.check(matters.Source("yuyue", files)) if f.severity == "error"] == []
    diagram = files["bpmn/yuyue/process.bpmn"]
    assert b'value="appointment"' in diagram and b'value="appointment-declined"' in diagram
    broken = diagram.replace(b'value="appointment"', b'value="passport"')
    broken = broken.replace(b'value="appointment-declined"', b'value="by-pigeon"')
    found = gate.check(matters.Source("yuyue", {**files, "bpmn/yuyue/process.bpmn": broken}))
    assert {"paper-missing", "notice-missing"} <= {f.rule for f in found if f.severity == "error"}
