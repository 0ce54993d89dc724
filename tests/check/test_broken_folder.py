"""A content folder full of broken matters: each is named, none stops another, and nothing raises."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.commands import gate
from engine.findings import errors
from tests.cast import ROOT
from web.cli import main

#: A small matter that is right, and what is done to it.
SMALL = "zhenggai"


def matter(text: str | bytes) -> Callable[[Path, Path], None]:
    return lambda bpmn, forms: _write(bpmn / "matter.yaml", text)


def file(name: str, text: str | bytes) -> Callable[[Path, Path], None]:
    return lambda bpmn, forms: _write((forms if name.endswith((".form", ".html")) else bpmn) / name, text)


def gone(name: str) -> Callable[[Path, Path], None]:
    return lambda bpmn, forms: ((forms if name.endswith(".form") else bpmn) / name).unlink()


def changed(name: str, right: str, wrong: str) -> Callable[[Path, Path], None]:
    def change(bpmn: Path, forms: Path) -> None:
        path = (forms if name.endswith(".form") else bpmn) / name
        assert right in path.read_text()
        path.write_text(path.read_text().replace(right, wrong))

    return change


def _write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

BROKEN: dict[str, Callable[[Path, Path], None]] = {
    "yaml-bracket": matter("code: [\n"),
    "yaml-tab": matter("code: A-1\n\tname: x\n"),
    "yaml-colon": matter("code: A-1\nname: a: b: c\n"),
    "yaml-quote": matter('code: "A-1\nname: x\n'),
    "yaml-list": matter("- 1\n- 2\n"),
    "yaml-empty": matter(""),
    "yaml-null": matter("~\n"),
    "yaml-number": matter("3\n"),
    "yaml-recursive": matter("&a [*a]"),
    "yaml-recursive-map": matter("a: &a {b: *a}\n"),
    "yaml-laughs": matter(LAUGHS),
    "yaml-deep": matter(_nested(50_000)),
    "yaml-tag": matter("name: !!python/object:os.system x\n"),
    "yaml-date": matter("in_force: {since: 2026-13-45}\n"),
    "yaml-key-list": matter("? [a, b]\n: c\n"),
    "yaml-two-documents": matter("code: A-1\n---\ncode: A-2\n"),
    "yaml-binary": matter(bytes(range(256))),
    "yaml-utf16": matter("code: A-1\n".encode("utf-16")),
    "yaml-gbk": matter("name: 差评整改\n".encode("gbk")),
    "yaml-nul": matter(b"code: A\0B\n"),
    "yaml-large": matter(b"words: [" + b"x, " * 3_500_000 + b"x]\n"),
    "wrong-types": matter("code: 7\nname: [a]\nlimits: 3\nbasis: yes\ngroups: [a]\nnotices: 1\npapers: {a: 1}\n"),
    "no-matter-yaml": gone("matter.yaml"),
    "no-diagram": gone("process.bpmn"),
    "no-form": gone("mend.form"),
    "duplicate-key": changed("matter.yaml", "visits: 0", "visits: 0\nvisits: 1"),
    "stories-syntax": file("stories.yaml", "- name: [\n"),
    "stories-mapping": file("stories.yaml", "name: x\n"),
    "stories-numbers": file("stories.yaml", "[1, 2, 3]\n"),
    "stories-steps": file(
        "stories.yaml", "- {name: x, at: 2026-09-18, answers: {}, steps: [1, [], {taks: a}], end: 3}\n"
    ),
    "stories-moment": file("stories.yaml", "- {name: x, at: soon, answers: {}, steps: [], end: {}}\n"),
    "english-list": file("en.yaml", "- a\n"),
    "english-yes": file("en.yaml", "是: yes\n"),
    "english-gbk": file("en.yaml", "是: 是\n".encode("gbk")),
    "diagram-not-xml": file("process.bpmn", "<bpmn"),
    "diagram-other": file("process.bpmn", "<html/>"),
    "diagram-large": file("process.bpmn", b"<a>" + b"x" * 17_000_000 + b"</a>"),
    "form-not-json": file("mend.form", "{"),
    "form-list": file("mend.form", "[]"),
    "form-deep": file("mend.form", _nested(100_000)),
    "form-large": file("mend.form", b'{"id": "mend", "components": [], "x": "' + b"x" * 10_000_000 + b'"}'),
    "form-binary": file("mend.form", bytes(range(256))),
    "paper-no-head": file("own.html", "<p>Hello</p>"),
    "paper-bad-head": file("own.html", "---\nkind: [\n---\n<p></p>"),
    "paper-bad-template": file("own.html", "---\nkind: own\ntitle: 甲\ntitle_en: A\n---\n{% if %}"),
    "paper-unknown-name": file("own.html", "---\nkind: own\ntitle: 甲\ntitle_en: A\n---\n{{ parcel.tooo }}"),
    "paper-gbk": file("own.html", "---\nkind: own\ntitle: 甲\ntitle_en: A\n---\n乙".encode("gbk")),
    "decision-not-xml": file("triage.dmn", "<a"),
    "decision-empty": file("triage.dmn", ""),
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every broken matter beside the good ones."""
    root = tmp_path_factory.mktemp("content")
    shutil.copytree(ROOT / "bpmn", root / "bpmn")
    shutil.copytree(ROOT / "forms", root / "forms")
    for name, harm in BROKEN.items():
        bpmn, forms = root / "bpmn" / name, root / "forms" / name
        shutil.copytree(ROOT / "bpmn" / SMALL, bpmn)
        shutil.copytree(ROOT / "forms" / SMALL, forms)
        harm(bpmn, forms)
    os.symlink(root / "bpmn" / "loop", root / "bpmn" / "loop")  # a link to itself
    (root / "bpmn" / "unreadable").mkdir()
    (root / "bpmn" / "unreadable" / "matter.yaml").mkdir()  # a folder where a file should be
    return root


@pytest.fixture(scope="module")
def found(content: Path) -> dict[str, list]:
    return gate.folder(content)


def test_there_are_forty_of_them() -> None:
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_matter_is_named_with_what_is_wrong(found: dict[str, list], name: str) -> None:
    wrong = errors(found[name])
    assert wrong and all(name in f.file for f in wrong)
    assert not [f for f in wrong if f.rule == "check-failed"], [f.message_en for f in wrong]
    assert all(f.message_zh and f.message_en for f in wrong)


def test_the_good_ones_beside_them_pass(found: dict[str, list]) -> None:
    for name in ("daiban", "fanying", "tiaojie", "yuyue", SMALL):
        assert errors(found[name]) == [], name
    assert errors(found["_shared"]) == []
    assert errors(found["unreadable"])


def test_the_command_names_each_of_them_too(content: Path) -> None:
    done = CliRunner().invoke(main, ["check", str(content / "bpmn"), str(content / "forms"), "--json"])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
    files = [f["file"] for f in json.loads(done.output) if f["severity"] == "error"]
    unnamed = [name for name in BROKEN if name != "no-matter-yaml" and not any(f"/{name}/" in file for file in files)]
    assert unnamed == []


def test_a_broken_shared_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "forms" / "_shared", tmp_path / "forms" / "_shared")
    place = tmp_path / "forms" / "_shared"
    (place / "facts.yaml").write_text("common:\n  facst: {a.b: c}\nother: [\n")
    assert [f.line for f in errors(gate.shared(tmp_path)) if f.file.endswith("facts.yaml")]
    (place / "facts.yaml").write_text("common:\n  facst: {a.b: c}\n")
    (one,) = [f for f in errors(gate.shared(tmp_path)) if f.file.endswith("facts.yaml")]
    assert (one.line, "facts" in one.message_en) == (2, True)
    (place / "papers" / "closing.html").write_bytes(b"\xff\xfe")
    assert [f for f in errors(gate.shared(tmp_path)) if f.file.endswith("closing.html")]
