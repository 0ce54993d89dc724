"""A matter's files read once, each as far as it can be, for the rules of the gate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from engine import dmn, forms
from engine.errors import Refused
from engine.findings import Finding, Severity
from engine.forms import Form
from engine.matters import lines, schema, story_file
from engine.matters.county import County
from engine.matters.house import House, Paper
from engine.matters.info import Apply, Matter
from engine.matters.nouns import Declared
from engine.matters.package import read_nouns
from engine.matters.story_file import Told
from engine.process.language import model as m
from engine.process.language.read import read as read_diagram
from engine.process.lint.page import label


@dataclass(frozen=True, eq=False)
class FormFile:
    """One .form file that can be read."""

    file: str
    data: bytes = field(repr=False)
    form: forms.Form

    def line(self, text: object) -> int:
        """Where a value stands in the file; 0 when it is not there as written."""
        for written in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
            at = self.data.find(written.encode())
            if at >= 0:
                return self.data.count(b"\n", 0, at) + 1
        return 0

    @property
    def stem(self) -> str:
        return PurePosixPath(self.file).stem


@dataclass(frozen=True)
class Reading:
    """Everything the rules look at; what could not be read is not there, and a finding says so."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    house: House
    county: County | None
    matter: lines.Text
    info: Matter | None
    story_text: lines.Text
    told: Told  # stories.yaml, as far as it can be read
    diagrams: dict[str, m.Diagram]
    forms: dict[str, FormFile]  # by id and by the file's name; a matter's own hides a shared one
    models: dict[str, dmn.Model]  # by the decision's id and name
    papers: dict[str, Paper]  # the matter's own
    paper_files: dict[str, str]  # kind -> its file
    findings: list[Finding]
    nouns: dict[str, dict[str, Declared]] = field(default_factory=dict)  # kind -> name -> what it has or uses
    noun_files: dict[str, lines.Text] = field(default_factory=dict)  # the shared files it uses
    #: By id: a form, and the same with what is asked in person.
    asked: dict[str, tuple[Form, Form]] = field(default_factory=dict)

    def declared(self, kind: str) -> Mapping[str, Declared]:
        """The declarations of a kind (registers, offers …), by the name the matter calls them."""
        return self.nouns.get(kind, {})

    def of_noun(self, one: Declared, rule: str, zh: str, en: str, *path: object, severity: Severity = "error") -> None:
        """Something about a declaration, wherever it stands; `path` goes on from its name."""
        text = self.noun_files.get(one.file, self.matter)
        whole = (one.kind, one.name, *path)
        element = ".".join(str(p) for p in whole)
        self.findings.append(Finding(text.file, element, "", text.line(*whole), rule, severity, zh, en))

    def nodes(self, *kinds: str) -> Iterator[tuple[str, m.Process, m.Scope, m.Node]]:
        """The nodes of the processes that run, of these kinds; all without one."""
        for file, diagram in self.diagrams.items():
            for process in diagram.executable():
                for scope, node in process.walk():
                    if not kinds or node.kind in kinds:
                        yield file, process, scope, node

    def say(
        self,
        file: str,
        node: m.Node,
        rule: str,
        zh: str,
        en: str,
        severity: Severity = "error",
        line: int = 0,
    ) -> None:
        """Something about a node; the sentence follows its label."""
        in_zh, in_en = label(node)
        text = f"{in_en} {en}"
        text = text[:1].upper() + text[1:]
        self.findings.append(Finding(file, node.id, node.name, line or node.line, rule, severity, in_zh + zh, text))

    def of_matter(self, rule: str, zh: str, en: str, *path: object, severity: Severity = "error") -> None:
        """Something about matter.yaml."""
        element = ".".join(str(p) for p in path)
        self.findings.append(Finding(self.matter.file, element, "", self.matter.line(*path), rule, severity, zh, en))

    def of_story(self, rule: str, zh: str, en: str, *path: object, severity: Severity = "error") -> None:
        """Something about stories.yaml."""
        element = ".".join(str(p) for p in path)
        line = self.story_text.line(*self.told.above, *path)
        self.findings.append(Finding(self.story_text.file, element, "", line, rule, severity, zh, en))

    def of_story_bonds(self, rule: str, zh: str, en: str, *path: object) -> None:
        """Something about the bonds of stories.yaml."""
        whole = ("bonds", *path)
        element = ".".join(str(p) for p in whole)
        self.findings.append(
            Finding(self.story_text.file, element, "", self.story_text.line(*whole), rule, "error", zh, en)
        )

    def of_entries(self, rule: str, zh: str, en: str, *path: object) -> None:
        """Something about the entries of registers in stories.yaml."""
        whole = ("entries", *path)
        element = ".".join(str(p) for p in whole)
        line = self.story_text.line(*whole)
        self.findings.append(Finding(self.story_text.file, element, "", line, rule, "error", zh, en))

    def of_form(self, one: FormFile, element: str, rule: str, zh: str, en: str, *, line: int = 0) -> None:
        self.findings.append(Finding(one.file, element, "", line, rule, "error", zh, en))

    @property
    def application(self) -> FormFile | None:
        """The form that begins a case. Asked of a matter.yaml with a fault too: one slip in it must not make every
        name the form brings unknown."""
        return self.forms.get(self.applied_by)

    @property
    def applied_by(self) -> str:
        """The id of that form."""
        if self.info is not None:
            return self.info.apply.form
        written = self.matter.value.get("apply") if isinstance(self.matter.value, Mapping) else None
        form = written.get("form") if isinstance(written, Mapping) else None
        return form if isinstance(form, str) else Apply().form

    @property
    def kinds(self) -> dict[str, Paper]:
        """Every kind of paper there is for this matter: its own before the shared ones."""
        return {**(self.house.papers or {}), **self.papers}


def read(name: str, files: Mapping[str, bytes], house: House, county: County | None) -> Reading:
    """Read a matter. Nothing is raised for what a file holds."""
    findings: list[Finding] = []
    file = f"bpmn/{name}/matter.yaml"
    matter = lines.read(files.get(file, b""), file)
    info, faults = schema.check(Matter, matter, "matter")
    findings += [*matter.findings, *faults]
    file = f"bpmn/{name}/stories.yaml"
    story_text = lines.read(files.get(file, b""), file)
    told = story_file.check(story_text)
    findings += [*story_text.findings, *told.findings]
    diagrams = {}
    for file, data in files.items():
        if file.endswith(".bpmn"):
            diagram, _ = read_diagram(data, file)  # what is wrong with it, the lint of diagrams says
            if diagram is not None:
                diagrams[file] = diagram
    nouns, noun_files = read_nouns(name, info, files, findings)
    papers: dict[str, Paper] = {}
    paper_files: dict[str, str] = {}
    for file, data in files.items():
        if file.endswith(".html") and house.read_paper is not None:
            paper, faults = house.read_paper(data, file)
            findings += faults
            if paper is not None:
                papers[paper.key], paper_files[paper.key] = paper, file
    return Reading(
        name,
        files,
        house,
        county,
        matter,
        info,
        story_text,
        told,
        diagrams,
        _forms(files),
        _models(files),
        papers,
        paper_files,
        findings,
        nouns,
        noun_files,
    )


def _forms(files: Mapping[str, bytes]) -> dict[str, FormFile]:
    found: dict[str, FormFile] = {}
    for file in sorted((f for f in files if f.endswith(".form")), key=lambda f: "/_shared/" not in f):
        try:
            one = FormFile(file, files[file], forms.load(files[file], file))
        except Refused:
            continue  # the lint of forms says it
        found[one.stem] = one
        if isinstance(one.form.schema.get("id"), str) and one.form.schema["id"]:
            found[one.form.id] = one
    return found


def _models(files: Mapping[str, bytes]) -> dict[str, dmn.Model]:
    found: dict[str, dmn.Model] = {}
    sources: dict[str, Any] = {file: data for file, data in files.items() if file.endswith(".dmn")}
    for file, data in sources.items():
        model = dmn.load(data, {other: text for other, text in sources.items() if other != file}, filename=file)
        for decision in model.names:
            found[decision] = model
    return found
