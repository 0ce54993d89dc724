"""A clause of a matter names what keeps it and the story that shows it: without the one, the other goes otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from engine import matters
from engine.commands import gate
from engine.errors import Refused
from engine.matters import clauses, package
from engine.matters.services import SERVICES
from engine.proof import Scratch, teeth
from tests.cast import ROOT

NAME = "fanying"
FILES = matters.read_files(ROOT, NAME)
ALL = [(name, clause) for name in matters.names(ROOT) for clause in clauses.read(name, matters.read_files(ROOT, name))]
#: Those that no story of one case can show: their test must pass here, and fail without the element.
TESTED = [(name, clause) for name, clause in ALL if clause.proved_by]
#: Of every so many clauses one always bites in `make test`; all of them in `make wide`.
EVERY = 9


def bites(some: list[tuple[str, clauses.Clause]]) -> list[str]:
    toothless = []
    with Scratch() as scratch:
        for name, clause in some:
            found = teeth.bite(name, matters.read_files(ROOT, name), clause, scratch=scratch, content=ROOT)
            if not found.by:
                toothless.append(f"{name} {clause.id}: {clause.without}")
    return toothless


def test_some_clauses_have_teeth() -> None:
    assert bites(ALL[::EVERY]) == []


@pytest.mark.wide
@pytest.mark.timeout(1200)
def test_every_clause_has_teeth() -> None:
    assert bites(ALL) == []


@pytest.mark.wide
@pytest.mark.parametrize(("name", "clause"), TESTED, ids=[clause.id for _, clause in TESTED])
def test_a_test_that_a_clause_names_fails_on_the_files_without_its_element(
    name: str, clause: clauses.Clause, tmp_path: Path
) -> None:
    for folder in ("bpmn", "forms"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file, data in clauses.taken_out(name, matters.read_files(ROOT, name), clause.without).items():
        (tmp_path / file).write_bytes(data)
    env = {**os.environ, "CONTENT_UNDER_TEST": str(tmp_path)}
    env.pop("TESTS_SHARE", None)  # of this run: the test that is named may be of another share
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", clause.proved_by],
        cwd=ROOT,
        env=env,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout.decode()[-2000:]


def test_a_clause_stands_once_and_belongs_to_its_matters_service() -> None:
    assert [id for id, times in Counter(clause.id for _, clause in ALL).items() if times > 1] == []
    services = {name: matters.load(ROOT, name).info.services for name in {name for name, _ in ALL}}
    assert [clause.id for name, clause in ALL if clause.order[0] not in services[name]] == []
    assert {clause.order[0] for _, clause in ALL} <= set(SERVICES)


def found(*rows: str) -> list[str]:
    text = "\n".join(rows).encode()
    return [
        finding.message_zh
        for finding in gate.check(matters.Source(NAME, {**FILES, clauses.file_of(NAME): text}), house=gate.house(ROOT))
        if finding.file == clauses.file_of(NAME)
    ]


def row(id: str = "8.1", without: str = "process.bpmn#confer", story: str = "退了两次，会商定责", **more: str) -> str:
    said = {
        "id": id,
        "says": "一条规定",
        "says_en": "a rule",
        "source": "P",
        "without": without,
        "story": story,
        **more,
    }
    return "- {" + ", ".join(f'{key}: "{value}"' for key, value in said.items()) + "}"


def test_a_good_clause_has_no_finding() -> None:
    assert found(row()) == []
    ours = f"{__name__.replace('.', '/')}.py::test_a_good_clause_has_no_finding"
    assert found(row(story="", proved_by=ours)) == []


def test_where_the_tests_are_not_installed_the_name_of_one_is_taken_as_it_is(tmp_path: Path) -> None:
    for folder in ("bpmn", "forms"):
        (tmp_path / folder).mkdir()
    assert gate.house(tmp_path).tests is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (row(id="9.1"), "应以 matter.yaml 的 service"),
        (row(id="one"), "服务号和序号"),
        (row(story="退了两次，会商定"), "退了两次，会商定责"),
        (row(without="process.bpmn#confur"), "confer"),
        (row(without="proces.bpmn#confer"), "process.bpmn"),
        (row(without="matter.yaml#basis.nothing"), "没有“nothing”"),
        (row(without="apply.form#nobody"), "没有“nobody”"),
        (row(whithout="x"), "whithout"),
        (row(story="", proved_by="tests/offers/test_jobs.py::test_there_is_none"), "没有测试"),
        (row(story="", proved_by="tests/offers/test_no_such_file.py::test_it"), "没有测试"),
        (row(story="", proved_by="../etc/passwd::test_it"), "proved_by"),
        (row(proved_by=f"{__name__.replace('.', '/')}.py::test_a_good_clause_has_no_finding"), "写一样"),
        (row(story=""), "写一样"),
        ("says: no list", "一列条款"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest_word(wrong: str, says: str) -> None:
    told = found(wrong)
    assert told and any(says in one for one in told), told


def test_a_flow_to_nowhere_after_the_element_is_said_by_the_drawing_and_fails_no_check() -> None:
    file = f"bpmn/{NAME}/process.bpmn"
    drawn = FILES[file].decode()
    (flow,) = [part.split(">")[0] for part in drawn.split("<bpmn:sequenceFlow")[1:] if 'sourceRef="stamp"' in part]
    target = flow.split('targetRef="')[1].split('"')[0]
    slip = drawn.replace(flow, flow.replace(f'targetRef="{target}"', 'targetRef="nowhere"')).encode()
    rules = {finding.rule for finding in gate.check(matters.Source(NAME, {**FILES, file: slip}))}
    assert "dangling-flow" in rules and "check-failed" not in rules


def test_two_clauses_do_not_share_a_number() -> None:
    assert any("两条" in one for one in found(row(), row()))


def test_a_clause_whose_element_does_nothing_has_no_teeth() -> None:
    """A clause that names another story than its own is found out."""
    day = "process.bpmn#day"  # the gate has nothing against an order that waits for ever for its signature
    clause = clauses.Clause("8.4", "过时就是接下", "late is accepted", "P", day, "有人身危险，当场告知报警并核实")
    assert teeth.bite(NAME, FILES, clause, content=ROOT).by == ""
    clause = clauses.Clause("8.4", "过时就是接下", "late is accepted", "P", day, "过了二十四小时没退，就是接下了")
    assert teeth.bite(NAME, FILES, clause, content=ROOT).by == "story"


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if n % 7 == 0 else [pytest.mark.wide]) for n, name in enumerate(matters.names(ROOT))],
)
def test_a_drawing_without_one_of_its_elements_can_still_be_read(name: str) -> None:
    """Whatever is taken out, what is left is a drawing: the gate says what is wrong with it, and does not fail."""
    files = matters.read_files(ROOT, name)
    text = files[f"bpmn/{name}/process.bpmn"].decode()
    ids = [part.split('"')[0] for part in text.split(' id="')[1:]]
    taken = 0
    for id in ids:
        try:
            without = clauses.taken_out(name, files, f"process.bpmn#{id}")
        except Refused:
            continue  # a shape of the picture is no element
        taken += 1
        if taken in (5, 25, 60):
            rules = {finding.rule for finding in gate.check(matters.Source(name, without))}
            assert not rules & {"check-failed", "shape-of-nothing", "xml"}, (id, rules)
    assert taken > 5


def test_clauses_are_tests_of_a_version_and_no_part_of_it() -> None:
    changed = {**FILES, clauses.file_of(NAME): FILES[clauses.file_of(NAME)] + b"\n# a word more\n"}
    assert package.version_of(changed) == package.version_of(FILES)
