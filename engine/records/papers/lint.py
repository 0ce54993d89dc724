"""A paper file as its designer would want it checked: its head by the line, and every name its template reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import TemplateSyntaxError, nodes
from pydantic import Field, ValidationError

from engine.errors import Refused
from engine.findings import Finding, meant
from engine.matters import lines, schema
from engine.matters.schema import Part
from engine.records.papers import pages
from engine.records.papers.kinds import FORMS, Library, PaperKind

_HEAD = re.compile(rb"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
#: A paper is written by a person.
MAX_BYTES = 500_000
#: What the page gives every template (pages.compose).
GIVEN = frozenset({"kind", "copy", "sample", "seal", "seals", "verify", "id_number", "phone", "person"})
#: Entries of what the page gives, and of a signature.
_GIVEN_ENTRIES = {
    "kind": frozenset({"key", "title", "title_en", "series", "basis", "when", "adverse", "audience"}),
    "seal": frozenset({"url", "millimetres", "kind"}),
    "verify": frozenset({"qr", "url", "code"}),
    "loop": frozenset({"index", "index0", "first", "last", "length", "revindex", "previtem", "nextitem"}),
}
_INK = frozenset({"path", "sha256", "at", "signs", "print", "in_person", "how", "witness"})


class PaperHead(Part):
    """What stands between the two lines of --- at the top of a paper file."""

    kind: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="种类：流程图用的名称，与文件名相同 · the name a diagram uses, as the file's",
    )
    title: str = Field(min_length=1, description="标题 · title in Chinese")
    title_en: str = Field(min_length=1, description="英文标题 · title in English")
    series: str = Field(
        default="", description="文号里的字，如“受”；不写则没有文号 · the word of its number; none without it"
    )
    seal: Literal["none", "formal", "special", "committee"] = Field(default="none", description="盖什么章 · which seal")
    basis: str = Field(default="", description="要求出具它的法律 · the law that asks for it")
    when: str = Field(default="", description="什么时候签发 · when it is issued")
    replaces: bool = Field(default=False, description="同一办件里新的取代旧的 · of one case only the newest counts")
    adverse: bool = Field(
        default=False,
        description="不利决定：必须有理由和救济途径 · refuses somebody: reasons and remedies are compulsory",
    )
    audience: Literal["party", "file", "public"] = Field(
        default="party", description="给谁：决定遮盖什么 · who keeps it: what is masked"
    )
    uses: tuple[str, ...] = Field(default=(), description="facts.yaml 里的内容组 · sets of facts of facts.yaml")
    facts: dict[str, str] = Field(
        default={}, description="必须有的内容：路径 → 名称 · facts it needs: path → what people call it"
    )
    optional: dict[str, str] = Field(default={}, description="有就印的内容 · facts it prints when they are there")
    sheet: dict[str, str] | None = Field(
        default=None,
        description="同样的内容也给一份 XLSX：表名 → 一列内容，每项一行，列名就是上面写的名称 · the same as a "
        "spreadsheet too: a sheet's name → the list on it, its columns called as above",
    )


class FactSet(Part):
    """One set of facts of forms/_shared/facts.yaml."""

    facts: dict[str, str] = Field(
        default={}, description="必须有的内容：路径 → 名称 · facts needed: path → what people call it"
    )
    optional: dict[str, str] = Field(default={}, description="有就印的内容 · facts printed when they are there")


_PATH = re.compile(r"[a-z0-9_]+(\[\])?(\.[a-z0-9_]+(\[\])?)*")


def read(data: bytes, file: str, library: Library) -> tuple[PaperKind | None, list[Finding]]:
    """A paper file: its kind, unless it cannot be read, and everything wrong with it. Never raises."""
    if len(data) > MAX_BYTES:
        zh = f"文件超过上限 {MAX_BYTES:,} 字节。文书模板是人写的，请检查是不是放错了文件。"
        en = f"The file is larger than {MAX_BYTES:,} bytes. Check that it is the right file."
        return None, [Finding(file, "", "", 1, "too-large", "error", zh, en)]
    found = _HEAD.match(data)
    if found is None:
        zh = "文件开头应有两行 --- 之间的说明（kind、title……）。"
        en = "Expected a head (kind, title …) between two lines of --- at the top of the file."
        return None, [Finding(file, "", "", 1, "paper-head", "error", zh, en)]
    text = lines.read(found[1], file, first_line=2)
    head, faults = schema.check(PaperHead, text, "paper-head")
    findings = [*text.findings, *faults]
    if head is None:
        return None, findings
    stem = Path(file).stem
    if head.kind != stem:
        zh = f"kind 是“{head.kind}”，文件名是“{stem}”，应当一样。请改其中一个。"
        en = f'The kind is "{head.kind}", the file is called "{stem}": both must be the same. Change one.'
        findings.append(text.error("paper-head", zh, en, "kind"))
    for n, used in enumerate(head.uses):
        if used not in library.sets:
            zh, en = meant(used, library.sets, 40)
            findings.append(
                text.error(
                    "paper-facts", f"facts.yaml 里没有“{used}”。{zh}", f'facts.yaml has no "{used}". {en}', "uses", n
                )
            )
    for part, paths in (("facts", head.facts), ("optional", head.optional)):
        findings += _labels(text, paths, part)
    if findings:
        return None, findings
    try:
        kind = library.read(data.decode("utf-8"), file)
        body = kind.body
        tree = pages.environment_of(library).parse(body)
    except TemplateSyntaxError as error:
        line = _first(data) + error.lineno - 1
        zh = f"模板写法有误（{error.message}）。请检查 {{{{ }}}} 和 {{% %}} 是否成对。"
        en = f"The template is written wrongly ({error.message}). Check that {{{{ }}}} and {{% %}} match."
        return None, [Finding(file, "", "", line, "paper-template", "error", zh, en)]
    except Refused as refused:
        return None, [Finding(file, "", "", 1, "paper-head", "error", refused.zh, refused.en)]
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        zh, en = "文件不是 UTF-8 编码。请另存为 UTF-8。", "The file is not UTF-8. Save it as UTF-8."
        return None, [Finding(file, "", "", line, "paper-template", "error", zh, en)]
    return kind, [*_Names(kind, library, file, _first(data) - 1).all(tree)]


def _labels(text: lines.Text, paths: Mapping[str, str], *at: object) -> Iterator[Finding]:
    for path, label in paths.items():
        if not _PATH.fullmatch(path) or not label.strip():
            zh = f"内容项“{path}”应写作 case.number 或 materials[].name（小写字母），后面写中文名称。"
            en = f'Write "{path}" as case.number or materials[].name (small letters), and then what people call it.'
            yield text.error("paper-facts", zh, en, *at, path)
            continue
        last = path.removesuffix("[]").rpartition(".")[2]
        yield from _dated(text, path, last, label, *at)


def _dated(text: lines.Text, path: str, last: str, label: str, *at: object) -> Iterator[Finding]:
    """`…_on` is a date, `…_at` a time: a name that only happens to be `at` or `on` is typed by accident."""
    moment = any(word in label for word in ("时间", "时限", "期限", "日期", "之日", "到期"))
    if last in ("at", "on") and not moment:
        kind_zh, kind_en = ("带时区的时间", "a time with its offset") if last == "at" else ("日期", "a date")
        zh = (
            f"“{path}”叫 {last}，会被当作{kind_zh}，而“{label}”不像。请换个名称，如 "
            f"{path.rpartition('.')[0] or 'x'}.place。"
        )
        en = (
            f'"{path}" is called {last} and is taken for {kind_en}, but "{label}" does not look like one. Call it '
            "otherwise."
        )
        yield text.error("paper-typed-by-name", zh, en, *at, path)


def _first(data: bytes) -> int:
    """The line on which the template begins."""
    found = _HEAD.match(data)
    return data.count(b"\n", 0, found.start(2)) + 1 if found is not None else 1


class _Names:
    """Down a template: every name it reads must be a declared fact, or given by the page."""

    def __init__(self, kind: PaperKind, library: Library, file: str, offset: int) -> None:
        self.file, self.offset = file, offset
        self.environment = pages.environment_of(library)
        self.globals = set(self.environment.globals) | GIVEN | {"loop", "caller", "super", "self", "varargs", "kwargs"}
        self.facts: dict[str, Any] = {}
        for path in (*kind.required, *kind.optional):
            here = self.facts
            for part in path.replace("[]", "").split("."):
                here = here.setdefault(part, {})
        self.findings: list[Finding] = []

    def all(self, tree: nodes.Template) -> list[Finding]:
        self.look(tree, {})
        return list(dict.fromkeys(self.findings))

    def look(self, node: nodes.Node, local: dict[str, Any]) -> None:
        """`local`: names set inside the template -> the facts they stand for; None: nobody knows."""
        match node:
            case nodes.For():
                self.look(node.iter, local)
                inner = dict(local)
                stands = self.stands(node.iter, local)
                names = [n.name for n in node.target.find_all(nodes.Name)] or [getattr(node.target, "name", "")]
                for name in names:
                    inner[name] = stands if len(names) == 1 else None
                for part in (*([node.test] if node.test else ()), *node.body):
                    self.look(part, inner)
                for part in node.else_:
                    self.look(part, local)
            case nodes.Assign():
                self.look(node.node, local)
                one = isinstance(node.target, nodes.Name)
                for target in [node.target] if one else node.target.find_all(nodes.Name):
                    local[getattr(target, "name", "")] = self.stands(node.node, local) if one else None
            case nodes.Macro() | nodes.CallBlock():
                inner = {**local, **{argument.name: None for argument in node.args}}
                for part in node.iter_child_nodes(exclude=("args",)):
                    self.look(part, inner)
            case nodes.Import():
                local[node.target] = None
            case nodes.FromImport():
                for imported in node.names:
                    local[imported if isinstance(imported, str) else imported[1]] = None
            case nodes.Name():
                self.name(node, local)
            case nodes.Getattr() | nodes.Getitem():
                self.entry(node, local)
            case nodes.Block() | nodes.If() | nodes.With() | nodes.Scope():
                inner = dict(local)
                for part in node.iter_child_nodes():
                    self.look(part, inner)
            case _:
                for part in node.iter_child_nodes():
                    self.look(part, local)

    def name(self, node: nodes.Name, local: Mapping[str, Any]) -> None:
        there = node.name in local or node.name in self.globals or node.name in self.facts or node.name == "m"
        if node.ctx == "load" and not there:
            self.say(node, node.name, [*self.facts, *local, *GIVEN])

    def entry(self, node: nodes.Getattr | nodes.Getitem, local: Mapping[str, Any]) -> None:
        self.look(node.node, dict(local))
        if isinstance(node, nodes.Getitem):
            self.look(node.arg, dict(local))
            return
        if isinstance(node.node, nodes.Name) and node.node.name in _GIVEN_ENTRIES and node.node.name not in self.facts:
            known = _GIVEN_ENTRIES[node.node.name]
            if node.attr not in known and node.node.name not in local:
                self.say(node, f"{node.node.name}.{node.attr}", known)
            return
        if isinstance(node.node, nodes.Name) and node.node.name == "m":
            module = self.environment.get_template("macros.html").module
            known_macros = [name for name in dir(module) if not name.startswith("_")]
            if node.attr not in known_macros:
                self.say(node, f"m.{node.attr}", [f"m.{name}" for name in known_macros])
            return
        there = self.stands(node.node, local)
        if there and node.attr not in there and node.attr not in _INK:
            self.say(node, f"{_written(node.node)}.{node.attr}", [f"{_written(node.node)}.{name}" for name in there])

    def stands(self, node: nodes.Node, local: Mapping[str, Any]) -> Any:
        """The facts an expression stands for; None (or nothing) when nobody can know."""
        if isinstance(node, nodes.Name):
            return local[node.name] if node.name in local else self.facts.get(node.name)
        if isinstance(node, nodes.Getattr):
            there = self.stands(node.node, local)
            return there.get(node.attr) if there else None
        if isinstance(node, nodes.Or):  # x or []
            return self.stands(node.left, local)
        if isinstance(node, nodes.Getitem):
            return self.stands(node.node, local)
        return None

    def say(self, node: nodes.Node, name: str, known: Any) -> None:
        zh, en = meant(name, known, 60)
        self.findings.append(
            Finding(
                self.file,
                name,
                "",
                node.lineno + self.offset,
                "paper-name",
                "error",
                f"模板读取“{name}”，文件开头没有声明它，到时印不出来。{zh}",
                f'The template reads "{name}", which the head does not declare: it cannot be printed. {en}',
            )
        )


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return "…"


def shared(forms: Path) -> tuple[Library, list[Finding]]:
    """The shared papers of a forms folder, laid over the program's own as the run does (kinds.library); those that
    cannot be read are left out, and what is wrong with the folder's files is said. Never raises for what they hold."""
    roots = tuple(dict.fromkeys((FORMS, forms.resolve())))
    files = [
        path for root in roots for path in sorted((root / "_shared").rglob("*")) if path.suffix in {".html", ".yaml"}
    ]
    stamp = tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file())
    return _read_shared(roots, stamp)


@lru_cache(maxsize=8)
def _read_shared(roots: tuple[Path, ...], stamp: tuple[tuple[str, int, int], ...]) -> tuple[Library, list[Finding]]:
    sets: dict[str, Mapping[str, Any]] = {}
    fragments: dict[str, str] = {}
    papers: dict[str, tuple[Path, Path]] = {}
    findings: list[Finding] = []
    for root in roots:
        said: list[Finding] = []
        place = root / "_shared"
        sets |= _sets(root, place / "facts.yaml", said)
        for path in sorted(place.glob("*.html")):
            fragments[path.name] = _fragment(root, path, said)
        papers |= {path.name: (root, path) for path in sorted((place / "papers").glob("*.html"))}
        if root is roots[-1]:
            findings += said
    library = Library(css="", fragments=fragments, sets=sets, kinds={}, stamp=stamp)
    kinds: dict[str, PaperKind] = {}
    for root, path in papers.values():
        kind, faults = read(path.read_bytes(), _named(root, path), library)
        findings += faults if root is roots[-1] else ()
        if kind is not None:
            kinds[kind.key] = kind
    return Library(css="", fragments=fragments, sets=sets, kinds=kinds, stamp=stamp), findings


def _sets(root: Path, facts: Path, findings: list[Finding]) -> dict[str, Mapping[str, Any]]:
    """The sets of one facts.yaml that can be read."""
    found: dict[str, Mapping[str, Any]] = {}
    if not facts.is_file():
        return found
    text = lines.read(facts.read_bytes(), _named(root, facts))
    findings += text.findings
    for name, value in text.value.items() if isinstance(text.value, dict) else ():
        try:
            one = FactSet.model_validate(value)
        except ValidationError as error:
            findings += schema.faults(FactSet, error, text, "facts", name)
            continue
        found[str(name)] = {"facts": one.facts, "optional": one.optional}
        findings += _labels(text, one.facts, name, "facts")
        findings += _labels(text, one.optional, name, "optional")
    return found


def _fragment(root: Path, path: Path, findings: list[Finding]) -> str:
    data = path.read_bytes()
    if _HEAD.match(data):
        zh = f"这是文书，放错了文件夹，没有人会找到它。请移到 forms/_shared/papers/{path.name}。"
        en = f"This is a paper in the wrong folder: nobody finds it. Move it to forms/_shared/papers/{path.name}."
        findings.append(Finding(_named(root, path), "", "", 1, "wrong-folder", "error", zh, en))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        zh, en = "文件不是 UTF-8 编码。请另存为 UTF-8。", "The file is not UTF-8. Save it as UTF-8."
        findings.append(Finding(_named(root, path), "", "", line, "shared", "error", zh, en))
        return ""


def _named(forms: Path, path: Path) -> str:
    return path.relative_to(forms.parent).as_posix()
