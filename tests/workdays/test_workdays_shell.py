"""`yizhan workdays`: what a clerk on the telephone reads out."""

import json

from click.testing import CliRunner

from web.cli import main


def run(*words):
    return CliRunner().invoke(main, ["workdays", *words])


def test_it_prints_the_due_date():
    done = run("2026-09-18", "+5")
    assert done.exit_code == 0
    assert done.stdout == "2026-09-24 9月24日（周四）\n"


def test_it_counts_back_with_a_minus():
    assert run("2026-09-24", "-5").stdout.startswith("2026-09-18")


def test_it_explains_day_by_day():
    assert "9月20日 周日 调休上班 第1日" in run("2026-09-18", "+5", "--explain").stdout


def test_its_json_has_start_n_due_and_days():
    answer = json.loads(run("2026-09-18", "+10", "--json").stdout)
    assert (answer["start"], answer["n"], answer["due"]) == ("2026-09-18", 10, "2026-10-09")
    assert answer["days"][0]["counts"] is None and answer["days"][-1]["counts"] == 10
    assert answer["days"][2] == {
        "date": "2026-09-20",
        "weekday": "周日",
        "counts": 1,
        "kind": "调休上班",
        "name": "国庆节",
    }


def test_an_unknown_year_is_named_and_the_exit_code_is_not_zero():
    done = run("2026-12-28", "+5")
    assert done.exit_code == 1
    assert "2027" in done.stderr and done.stdout == ""


def test_a_county_file_is_read(tmp_path):
    file = tmp_path / "county.yaml"
    file.write_text("source: 更正\npublished_on: 2026-09-01\nholidays: {2026-09-20: 台风停工}")
    assert run("2026-09-18", "+5", "--calendar", str(file)).stdout.startswith("2026-09-28")
    file.write_text("source: 更正")
    assert "published_on" in run("2026-09-18", "+5", "--calendar", str(file)).stderr


def test_what_is_no_date_and_no_number_is_said_so():
    assert run("tomorrow", "+5").exit_code == 2
    assert run("2026-09-18", "soon").exit_code == 2
