"""A matter as one frozen, checked value: bpmn/<matter>/ and forms/<matter>/. Its version is the hash of its content."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import ValidationError

from engine import crypto, dmn, forms, process
from engine.errors import NotFound, Refused
from engine.findings import Finding, errors
from engine.forms import Form
from engine.matters import english, lines, schema
from engine.matters import nouns as nouns_
from engine.matters.info import Matter
from engine.matters.nouns import Declared, Nouns

#: What belongs to a matter; other files in its folders are ignored. In which of the two a kind belongs, the gate says:
#: one in the wrong folder is read, so that it is named and not lost.
_READ = (".bpmn", ".dmn", ".yaml", ".yml", ".form", ".html")
_KINDS = {"bpmn": _READ, "forms": _READ}
_TESTS = ("/stories.yaml", "/clauses.yaml")
SHARED = "_shared"
#: The program's own words that many matters use (受理, 身份证号 …).
WORDS = Path(__file__).resolve().parents[2] / "bpmn" / SHARED / english.FILE


class BadMatter(Refused):
    """Expected a matter that can run, but it has faults. Facts: findings."""

    status = 422
    slug = "bad-matter"

    def __init__(self, name: str, findings: list[Finding]) -> None:
        first = errors(findings)
        zh = f"事项“{name}”有 {len(first)} 处错误：" + "；".join(
            f"{f.file}{f'（{f.element_name or f.element}）' if f.element else ''}：{f.message_zh}" for f in first[:5]
        )
        en = f"The matter {name!r} has {len(first)} fault(s): " + "; ".join(
            f"{f.file} {f.element}: {f.message_en}" for f in first[:5]
        )
        super().__init__(zh, en, findings=[f.as_json() for f in findings])
        self.findings = findings


class Files(Protocol):
    """A matter as files, good or not: what the check looks at. A Package is one."""

    @property
    def name(self) -> str: ...
    @property
    def files(self) -> Mapping[str, bytes]: ...


@dataclass(frozen=True)
class Source:
    """A matter's files, unread: they may hold anything."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Package:
    """One version of a matter."""

    name: str  # its folder
    version: str  # SHA-256 of its content
    info: Matter
    files: Mapping[str, bytes] = field(repr=False)  # bpmn/<name>/process.bpmn …
    forms: Mapping[str, Form] = field(repr=False)  # form id -> form
    decisions: Mapping[str, dmn.Model] = field(repr=False)  # decision id -> its model
    english: Mapping[str, str] = field(repr=False, default_factory=dict)  # its Chinese words -> English (en.yaml)
    nouns: Mapping[str, Mapping[str, Declared]] = field(repr=False, default_factory=dict)  # kind -> name -> declaration

    def declared(self, kind: str) -> Mapping[str, Declared]:
        """The declarations of a kind (registers, offers …) that it has or uses, by the name it calls them."""
        return self.nouns.get(kind, {})

    @cached_property
    def definition(self) -> process.Definition:
        """The diagrams, ready to run; read on first use."""
        return process.load(self.diagrams, decisions=dict(self.decisions))

    @cached_property
    def element_names(self) -> Mapping[str, str]:
        """What its diagrams call each element, as far as they do."""
        specs = [one for made in self.definition.processes.values() for one in made.task_specs.values()]
        nodes = [node for one in specs if (node := getattr(one, "node", None)) is not None]
        return {node.id: node.name for node in nodes if node.name}

    @cached_property
    def starts(self) -> tuple[process.StartTrigger, ...]:
        """The messages and signals that begin it."""
        return tuple(process.start_triggers(self.definition))

    @cached_property
    def main(self) -> str | None:
        """The process that an application begins, where the diagrams hold several: the one that begins plainly, or has
        the matter's name. None: there is one only."""
        runs = self.definition.executable()
        plain = [one.id for one in runs if one.starts("none")]
        if len(runs) < 2 or not plain:
            return None
        return self.name if self.name in plain else plain[0]

    @property
    def diagrams(self) -> dict[str, bytes]:
        return {k.rpartition("/")[2]: v for k, v in self.files.items() if k.endswith(".bpmn")}

    @property
    def diagram(self) -> bytes:
        """process.bpmn, for drawing."""
        return self.files[f"bpmn/{self.name}/process.bpmn"]

    def form(self, form_id: str) -> Form:
        found = self.forms.get(form_id)
        if found is None:
            raise NotFound(f"事项“{self.info.name}”没有表单“{form_id}”。", f"{self.name} has no form {form_id!r}.")
        return found

    def to_zip(self) -> bytes:
        """The files as one zip, the same bytes for the same content."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(self.files):
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), self.files[name])
        return out.getvalue()


#: What a matter may be called: its folder, part of addresses.
NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def names(root: Path) -> list[str]:
    """The matters in this folder: those with a matter.yaml."""
    return sorted(p.parent.name for p in (root / "bpmn").glob("*/matter.yaml") if not p.parent.name.startswith("_"))


def read_files(root: Path, name: str) -> dict[str, bytes]:
    """The files of a matter, and the shared forms it may use, by their path."""
    found: dict[str, bytes] = {}
    for folder, kinds in _KINDS.items():
        for path in sorted((root / folder / name).rglob("*")):
            if path.is_file() and path.suffix in kinds:
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    if f"bpmn/{name}/matter.yaml" not in found:
        raise NotFound(f"没有事项“{name}”。", f"There is no matter {name!r}.")
    return found | _shared_files(root, used(found[f"bpmn/{name}/matter.yaml"]))


def used(matter: bytes) -> tuple[str, ...]:
    """The shared files of nouns that this matter.yaml names (`uses`), whatever else is wrong with it."""
    written = lines.read(matter, "matter.yaml").value
    listed = written.get("uses") if isinstance(written, dict) else None
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def shared_file(name: str) -> str:
    """Where a shared file of nouns stands."""
    return f"bpmn/{SHARED}/{name}.yaml"


def _shared_files(root: Path, uses: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Shared fragments belong to every matter's version: a form changed there changes each matter. Of the shared nouns
    only those it uses. A folder without shared words of its own has the program's, as it has the program's papers."""
    nouns = {shared_file(one) for one in uses}
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in _KINDS
        for path in sorted((root / folder / SHARED).rglob("*"))
        if path.is_file()
        and (path.suffix == ".form" or path.name == english.FILE or path.relative_to(root).as_posix() in nouns)
    }
    words = f"bpmn/{SHARED}/{english.FILE}"
    if words not in found and WORDS.is_file():
        found[words] = WORDS.read_bytes()
    return found


def load(root: Path, name: str) -> Package:
    """The matter in these folders. BadMatter lists every fault."""
    return read(name, read_files(root, name))


def from_zip(name: str, content: bytes) -> Package:
    """A published version, from what the store kept."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return read(name, {i.filename: archive.read(i) for i in archive.infolist()})


#: A draft that somebody sends: most files and most bytes when unpacked.
MOST_FILES, MOST_BYTES = 400, 20_000_000


def draft(name: str, content: bytes, root: Path) -> dict[str, bytes]:
    """The files of a matter in a zip that a designer sends, its folders bpmn/<name>/ and forms/<name>/ somewhere in
    it; the shared forms it may use are those of `root` where it brings none. BadDraft when it is no such zip."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > MOST_FILES or sum(m.file_size for m in members) > MOST_BYTES:
                raise BadDraft(
                    f"压缩包太大：最多 {MOST_FILES} 个文件、{MOST_BYTES // 1_000_000} MB。",
                    f"The zip is too large: at most {MOST_FILES} files and {MOST_BYTES // 1_000_000} MB.",
                )
            for member in members:
                path = re.search(rf"(?:^|/)((bpmn|forms)/(?:{re.escape(name)}|{SHARED})/.+)$", member.filename)
                if path is not None and member.filename.endswith(_KINDS[path[2]]):
                    found[path[1]] = archive.read(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise BadDraft(f"不是能打开的 zip 文件（{error}）。", f"No zip that can be opened ({error}).") from None
    if f"bpmn/{name}/matter.yaml" not in found:
        raise BadDraft(
            f"压缩包里没有 bpmn/{name}/matter.yaml。请把 bpmn/{name}/ 和 forms/{name}/ 一起打包。",
            f"There is no bpmn/{name}/matter.yaml in the zip: pack bpmn/{name}/ and forms/{name}/ together.",
        )
    return _shared_files(root, used(found[f"bpmn/{name}/matter.yaml"])) | found


def with_shared(files: Mapping[str, bytes], root: Path, name: str) -> dict[str, bytes]:
    """A matter's files, and of the folder's shared ones those it uses and does not bring."""
    return _shared_files(root, used(files.get(f"bpmn/{name}/matter.yaml", b""))) | dict(files)


class BadDraft(Refused):
    """Expected a zip with a matter's folders, but it is none."""

    status = 422
    slug = "bad-draft"


def version_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents, in order."""
    total = crypto.Hasher()
    for name in sorted(files):
        if not name.endswith(_TESTS):  # stories and clauses are tests of a version, not part of it
            total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return total.hexdigest()


def read(name: str, files: Mapping[str, bytes]) -> Package:
    """A package from its files."""
    findings: list[Finding] = []
    info = _info(name, files, findings)
    models = _decisions(name, files, findings)
    found_forms = _forms(name, files, findings)
    words: dict[str, str] = {}
    try:
        words = english.read(name, files)
    except english.BadTable as bad:
        findings.append(_finding(str(bad.facts["file"]), bad.slug, bad.zh, bad.en))
    if f"bpmn/{name}/process.bpmn" not in files:
        findings.append(_finding(f"bpmn/{name}/process.bpmn", "no-diagram", "缺少流程图。", "There is no diagram."))
    declared, _ = read_nouns(name, info, files, findings)
    if info is not None:
        findings += _cross(name, info, found_forms)
    if errors(findings) or info is None:
        raise BadMatter(name, findings)
    return Package(
        name=name,
        version=version_of(files),
        info=info,
        files=MappingProxyType(dict(files)),
        forms=MappingProxyType(found_forms),
        decisions=MappingProxyType(models),
        english=MappingProxyType(words | {info.name: info.name_en}),
        nouns=MappingProxyType(declared),
    )


def _readable_nouns(matter: bytes) -> Nouns:
    """The declarations of a matter.yaml that has a fault: each that can be read by itself, so that one slip elsewhere
    does not make every name unknown."""
    written = lines.read(matter, "matter.yaml").value
    found: dict[str, dict[str, Any]] = {}
    for kind in nouns_.KINDS if isinstance(written, dict) else ():
        given = written.get(kind)
        for name, what in given.items() if isinstance(given, dict) else ():
            with suppress(ValidationError):
                found.setdefault(kind, {})[name] = getattr(Nouns.model_validate({kind: {name: what}}), kind)[name]
    return Nouns(**found)


def read_nouns(
    name: str, info: Matter | None, files: Mapping[str, bytes], findings: list[Finding]
) -> tuple[dict[str, dict[str, Declared]], dict[str, lines.Text]]:
    """What the matter declares and what the shared files it uses declare, by kind and name; and those files as text."""
    matter = f"bpmn/{name}/matter.yaml"
    own = info if info is not None else _readable_nouns(files.get(matter, b""))
    found = nouns_.declared(name, matter, own)
    texts: dict[str, lines.Text] = {}
    for one in used(files.get(matter, b"")):
        file = shared_file(one)
        if file not in files:
            zh, en = f"uses 写了“{one}”，但没有文件 {file}。", f"uses names {one!r}, but there is no file {file}."
            findings.append(_finding(matter, "uses", zh, en, "uses"))
            continue
        text = texts[file] = lines.read(files[file], file)
        shared, faults = schema.check(Nouns, text, "matter")
        findings += [*text.findings, *faults]
        if shared is None:
            continue
        for kind, given in nouns_.declared("", file, shared).items():
            for twice in sorted(set(given) & set(found.get(kind, {}))):
                before = found[kind][twice].file
                zh = f"{kind} 的“{twice}”在 {before} 里已经有了。请给其中一个换名字。"
                en = f"{twice!r} of {kind} stands in {before} already. Rename one of them."
                findings.append(_finding(file, "noun-twice", zh, en, f"{kind}.{twice}"))
            found.setdefault(kind, {}).update(given)
    return found, texts


def _finding(file: str, rule: str, zh: str, en: str, element: str = "") -> Finding:
    return Finding(file, element, "", 0, rule, "error", zh, en)


def _info(name: str, files: Mapping[str, bytes], findings: list[Finding]) -> Matter | None:
    file = f"bpmn/{name}/matter.yaml"
    text = lines.read(files[file], file)
    info, faults = schema.check(Matter, text, "matter")
    findings += [*text.findings, *faults]
    return info


def _decisions(name: str, files: Mapping[str, bytes], findings: list[Finding]) -> dict[str, dmn.Model]:
    """The decisions and services of the package's DMN files, by id and by name. The files may import each other."""
    found: dict[str, dmn.Model] = {}
    sources = {file: files[file] for file in sorted(files) if file.endswith(".dmn")}
    for file, source in sources.items():
        model = dmn.load(source, {other: text for other, text in sources.items() if other != file}, filename=file)
        findings += [finding for finding in model.findings if finding.file == file]
        for decision in model.names:
            found[decision] = model
    return found


def _forms(name: str, files: Mapping[str, bytes], findings: list[Finding]) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for file in sorted((f for f in files if f.endswith(".form")), key=lambda f: SHARED not in f):
        try:
            form = forms.load(files[file])
        except Refused as error:
            findings.append(_finding(file, error.slug, error.zh, error.en, str(error.facts.get("field", ""))))
            continue
        found[Path(file).stem] = form  # by its file's name; a matter's own form hides a shared one
        if form.id:
            found[form.id] = form
    return found


def _cross(name: str, info: Matter, found: Mapping[str, Form]) -> list[Finding]:
    """What matter.yaml says about other files must be so."""
    out: list[Finding] = []
    file = f"bpmn/{name}/matter.yaml"
    form = found.get(info.apply.form)
    if form is None:
        zh, en = f"没有申请表单“{info.apply.form}”。", f"There is no application form {info.apply.form!r}."
        return [_finding(file, "no-form", zh, en, "apply.form")]
    paths = {path for path, _ in form.walk()}
    for key, path in info.who:
        if path and path not in paths and getattr(info.who, key) != Matter.model_fields["who"].default.__dict__[key]:
            zh, en = f"申请表单没有字段“{path}”。", f"The application form has no field {path!r}."
            out.append(_finding(file, "no-field", zh, en, f"who.{key}"))
    if info.who.name not in paths:
        zh, en = f"申请表单没有申请人姓名字段“{info.who.name}”。", f"The form has no field {info.who.name!r}."
        out.append(_finding(file, "no-field", zh, en, "who.name"))
    for material in info.materials:
        if material.field and material.field not in paths:
            zh = f"材料“{material.name}”指向的字段“{material.field}”不在申请表单里。"
            en = f"The field {material.field!r} of a material is not in the application form."
            out.append(_finding(file, "no-field", zh, en, "materials"))
    return out
