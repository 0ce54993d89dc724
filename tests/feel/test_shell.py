"""`yizhan feel` from the shell."""

import json
from pathlib import Path

from click.testing import CliRunner

from web.cli import main


def test_an_expression_prints_its_value_as_json() -> None:
    run = CliRunner().invoke(main, ["feel", "年龄 + 0.5", "--context", '{"年龄": 61}'])
    assert (run.exit_code, run.stdout) == (0, "61.5\n")


def test_an_unreadable_expression_exits_1_and_points_at_the_place() -> None:
    run = CliRunner().invoke(main, ["feel", "年龄 > （18"])
    assert run.exit_code == 1
    assert run.stderr.splitlines()[1] == " " * 7 + "^"
    assert "请用英文半角写 (" in run.stderr


def test_a_batch_answers_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "b.jsonl"
    file.write_text(
        '{"expr": "x + 1", "context": {"x": 2}}\n\n{"expr": "1 +"}\nnot json\n{"expr": "y"}\n', encoding="utf-8"
    )
    run = CliRunner().invoke(main, ["feel", "--batch", str(file)])
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.exit_code == 0
    assert rows[0] == {"value": 3, "error": None, "warnings": []}
    assert rows[1]["error"]["code"] == "syntax" and rows[1]["error"]["position"] == 3
    assert rows[2]["error"]["code"] == "line"
    assert rows[3]["value"] is None and rows[3]["warnings"][0]["code"] == "name"


def test_the_clock_may_be_told() -> None:
    run = CliRunner().invoke(main, ["feel", "workdays(5)", "--now", "2026-09-18T09:00:00+08:00"])
    assert run.stdout == '"2026-09-24T17:30:00+08:00"\n'
