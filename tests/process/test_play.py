"""`yizhan play`: a diagram tried from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from web.cli import main

from .drawing import definitions, draw, ext
from .drawing import process as pool

GROUPS = ext(
    '<zeebe:assignmentDefinition candidateGroups="窗口"/><zeebe:taskSchedule dueDate="2026-01-06T17:00:00+08:00"/>'
)
MATTER = draw(
    "start s",
    'user accept name="受理"',
    GROUPS,
    "xor g",
    "service issue issue.paper",
    "user mend",
    "end done",
    "on late accept timer:P3D !",
    "service remind remind",
    "s > accept > g",
    "g > issue [ok]",
    "g > mend *",
    "issue > done",
    "mend > accept",
    "late > remind",
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "matter.bpmn").write_bytes(MATTER)
    return tmp_path


def yizhan(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["play", *arguments])
    assert result.exit_code == code, result.output
    loaded: dict[str, Any] = json.loads(result.output)
    return loaded


def test_it_prints_what_came_of_it(files: Path) -> None:
    result = yizhan(str(files / "matter.bpmn"), "--answers", '{"accept": {"ok": true}}')
    assert set(result) == {
        "status",
        "trace",
        "open",
        "effects",
        "variables",
        "incidents",
        "decisions",
        "now",
        "findings",
    }
    assert result["status"] == "finished" and result["trace"] == ["s", "accept", "g", "issue", "done"]
    assert result["variables"] == {"ok": True}
    assert result["effects"] == [{"element": "issue", "kind": "issue.paper", "arguments": {}}]


def test_a_list_answers_visits_one_after_the_other_and_wait_leaves_open(files: Path) -> None:
    answers = {"accept": [{"ok": False}, {"$wait": True}]}
    result = yizhan(str(files / "matter.bpmn"), "--answers", json.dumps(answers), "--json")
    assert result["status"] == "waiting" and result["trace"] == ["s", "accept", "g", "mend", "late", "remind"]
    [task] = result["open"]
    assert (task["id"], task["name"], task["candidates"]) == ("accept", "受理", ["窗口"])
    assert task["due"] == "2026-01-06T09:00:00+00:00"
    assert result["now"] == "2026-01-08T01:00:00+00:00", "the clock went on to the timer"


def test_an_answer_may_be_an_error_a_message_or_results(files: Path) -> None:
    data = draw("start s", "service w", "on b w error:LATE", "catch c message:paid", "task z", "s > w", "b > c > z")
    (files / "x.bpmn").write_bytes(data)
    answers = {"w": {"$error": "LATE", "why": "忙"}, "c": {"$message": {"amount": 5}}}
    result = yizhan(str(files / "x.bpmn"), "--answers", json.dumps(answers))
    assert result["trace"] == ["s", "b", "c", "z"] and result["variables"] == {"why": "忙", "amount": 5}
    failed = yizhan(str(files / "x.bpmn"), "--answers", '{"w": {"$error": "OTHER"}}', code=1)
    assert failed["status"] == "failed" and failed["incidents"][0]["code"] == "uncaught-error"


def test_a_diagram_that_cannot_run_is_refused_with_findings_that_name_the_element(files: Path) -> None:
    data = draw("start s", 'receive r paid name="等付款"', "s > r").replace(b' messageRef="ref_message_paid"', b"")
    (files / "bad.bpmn").write_bytes(data)
    result = yizhan(str(files / "bad.bpmn"), code=1)
    assert result["status"] == "refused" and result["trace"] == []
    assert any(f["element"] == "r" and "等付款" in f["message_zh"] for f in result["findings"])
    assert yizhan(str(files / "missing.bpmn"), code=1)["status"] == "refused"


@pytest.mark.parametrize("data", [b"", b"<a/>", b"\xff\xfe\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_whatever_is_no_diagram_is_refused(files: Path, data: bytes) -> None:
    (files / "bad.bpmn").write_bytes(data)
    assert yizhan(str(files / "bad.bpmn"), code=1)["status"] == "refused"


def test_max_steps_ends_a_diagram_that_goes_round_and_round(files: Path) -> None:
    data = draw(
        "start s",
        "script i = 0 -> n",
        "xor m",
        "script t = n + 1 -> n",
        "xor g",
        "end e",
        "s > i > m > t > g",
        "g > m [n >= 0]",
        "g > e *",
    )
    (files / "loop.bpmn").write_bytes(data)
    result = yizhan(str(files / "loop.bpmn"), "--max-steps", "50", code=1)
    assert result["status"] == "failed" and result["incidents"][0]["code"] == "limit"


def test_a_diagram_that_needs_just_so_many_steps_is_finished(files: Path) -> None:
    (files / "x.bpmn").write_bytes(draw("start s", "task a", "end e", "s > a > e"))
    assert yizhan(str(files / "x.bpmn"), "--max-steps", "3")["status"] == "finished"
    assert yizhan(str(files / "x.bpmn"), "--max-steps", "2", code=1)["status"] == "failed"


def test_processes_of_several_files_are_deployed_together(files: Path) -> None:
    (files / "a.bpmn").write_bytes(draw("start s", "call c", ext('<zeebe:calledElement processId="child"/>'), "s > c"))
    (files / "b.bpmn").write_bytes(draw("start cs", "script t = 2 -> x", "cs > t", id="child"))
    result = yizhan(str(files / "a.bpmn"), str(files / "b.bpmn"), "--process", "p")
    assert result["trace"] == ["s", "cs", "t", "c"] and result["variables"] == {"x": 2}


def test_process_says_which_to_start_in_which_order(files: Path) -> None:
    data = definitions(pool("start s", "task x", "s > x", id="a"), pool("start t", "task y", "t > y", id="b"))
    (files / "two.bpmn").write_bytes(data)
    path = str(files / "two.bpmn")
    assert yizhan(path, "--process", "b")["trace"] == ["t", "y"]
    assert yizhan(path, "--process", "b", "--process", "a")["trace"] == ["t", "y", "s", "x"]
    assert yizhan(path, "--process", "nobody", code=1)["status"] == "refused"


def test_a_batch_gives_one_result_a_line_whatever_the_lines_say(files: Path) -> None:
    runs = [
        {"files": ["matter.bpmn"], "answers": {"accept": {"ok": True}}, "max_steps": 100},
        {
            "files": [str(files / "matter.bpmn")],
            "process": "p",
            "answers": {"accept": [{"$wait": True}]},
            "input": {"n": 1},
        },
        {"files": ["missing.bpmn"]},
        {"files": ["matter.bpmn"], "process": ["p"], "now": "yesterday"},
    ]
    lines = [json.dumps(r, ensure_ascii=False) for r in runs]
    (files / "runs.jsonl").write_text("\n".join([*lines, "not json", "[1]", ""]), encoding="utf-8")
    result = CliRunner().invoke(main, ["play", "--batch", str(files / "runs.jsonl"), "--json"])
    found = [json.loads(line) for line in result.output.splitlines()]
    assert [r["status"] for r in found] == ["finished", "waiting", "refused", "refused", "refused", "refused"]
    assert found[1]["variables"] == {"n": 1}


def test_a_decision_file_is_deployed_with_the_diagram(files: Path) -> None:
    from .test_activities import RULE, TABLE

    (files / "d.bpmn").write_bytes(draw("start s", "rule r", RULE, "s > r"))
    (files / "d.dmn").write_bytes(TABLE)
    result = yizhan(str(files / "d.bpmn"), str(files / "d.dmn"), "--input", '{"income": 700}')
    assert result["variables"]["level"] == "B" and result["decisions"][0]["decision"] == "grade"
    (files / "d.dmn").write_bytes(b"nothing")
    assert yizhan(str(files / "d.bpmn"), str(files / "d.dmn"), code=1)["status"] == "refused"


@pytest.mark.parametrize("option", [["--input", "[1]"], ["--answers", "{"]])
def test_options_that_are_no_json_object_are_told(files: Path, option: list[str]) -> None:
    result = CliRunner().invoke(main, ["play", str(files / "matter.bpmn"), *option])
    assert result.exit_code == 2 and option[0] in result.output


def test_working_days_are_known_to_the_expressions(files: Path) -> None:
    data = draw("start s", 'script t = add workdays(date("2026-03-06"), 1) -> due', "s > t")
    (files / "w.bpmn").write_bytes(data)
    result = CliRunner().invoke(main, ["play", str(files / "w.bpmn"), "--json"])
    assert json.loads(result.output)["variables"]["due"] == "2026-03-09"


def test_a_folder_is_tried_diagram_by_diagram(tmp_path: Path) -> None:
    drawings = {
        "ends": draw("start s", "user u", "s > u"),
        "waits": draw("start s", "catch c message:M", "s > c"),
        "told": draw(
            "start s", "xor g", "task a", "task b", "and j", "s > g", "g > a [x = 1]", "g > b *", "a > j", "b > j"
        ),
        "refused": draw("start s", "and f", "s > f > nowhere"),
    }
    for name, data in drawings.items():
        (tmp_path / f"{name}.bpmn").write_bytes(data)
    out = tmp_path / "out.json"
    found = CliRunner().invoke(main, ["play", "--batch", str(tmp_path), "--out", str(out)])
    assert found.exit_code == 0, found.output
    rows = {Path(row["file"]).stem: row for row in json.loads(out.read_text(encoding="utf-8"))["files"]}
    assert {name: row["kind"] for name, row in rows.items()} == {name: name for name in drawings}
    assert rows["waits"]["why"] == ["message M"] and rows["told"]["why"] == ["waits-in-vain j"]
    assert "ends          1   25.0 %" in found.output and "sticks        0" in found.output


def test_a_folder_with_a_diagram_that_sticks_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.bpmn").write_bytes(draw("start s", "catch c condition:= ready", "s > c"))
    monkeypatch.setattr("engine.process.run.tell_standstill", lambda case: None)
    found = CliRunner().invoke(main, ["play", "--batch", str(tmp_path), "--out", str(tmp_path / "o.json")])
    assert found.exit_code == 1 and "STICKS" in found.output and "x.bpmn" in found.output
