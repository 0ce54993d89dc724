"""What inspectors read says no more than is shown: named tests exist, and what is not whole is named at the top."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: The page; its words for: shown whole, shown in part, not met, the operator's, none of the kind; where its rows begin.
PAGES = {
    "asvs": (("done", "part", "not", "operator", "n/a"), "## 1 "),
    "dengbao": (("做到", "部分", "没有", "单位", "—"), "## 身份鉴别"),
}
page = pytest.mark.parametrize("name", PAGES)


@cache
def read(name):
    """(what is listed at the top, the rows: id -> (state, tests))."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    top, rows = text.split(PAGES[name][1], 1)
    found = {}
    for line in rows.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[\w]+-\d+", cells[0]):
            assert len(cells) == 4 and cells[0] not in found, line
            found[cells[0]] = (cells[2], re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cells[3]))
    return set(re.findall(r"^- \*\*([\w-]+)\*\*", top, re.M)), found


@page
def test_every_test_that_is_named_is_there(name):
    _, rows = read(name)
    for id, (_, tests) in rows.items():
        for file, test in tests:
            text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).exists() else ""
            assert re.search(rf"^(?:async )?def {test}\(", text, re.M), f"{name} {id}: {file}::{test}"


@page
def test_nothing_is_said_to_be_done_without_a_test(name):
    done, part, *_ = PAGES[name][0]
    _, rows = read(name)
    assert len(rows) > 30
    assert {id for id, (state, _) in rows.items() if state not in PAGES[name][0]} == set()
    assert {id for id, (state, tests) in rows.items() if state in (done, part) and not tests} == set()


@page
def test_what_is_not_whole_stands_at_the_top_and_nothing_else_does(name):
    _, part, missing, operator, _ = PAGES[name][0]
    top, rows = read(name)
    lacking = {id for id, (state, _) in rows.items() if state in (part, missing)}
    theirs = {id for id, (state, _) in rows.items() if state == operator}
    assert lacking - top == set()
    assert top - lacking - theirs == set()


@page
def test_the_index_and_the_security_page_lead_to_it(name):
    assert re.search(rf"^{name}$", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"), re.M)
    assert f"docs/{name}.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_finding_has_a_test_that_is_there():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    table = text.split("## What was found, and which test holds it", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")
    ]
    found = {row[0]: re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[2]) for row in rows if row[0]}
    assert list(found) == [*(str(n) for n in range(1, 25)), "hostile", "soak", "tampering", "restore"]
    for id, tests in found.items():
        assert tests, id
        for file, test in tests:
            there = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).exists() else ""
            assert re.search(rf"^def {test}\(", there, re.M), f"{id}: {file}::{test}"
