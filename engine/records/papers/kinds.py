"""Kinds of paper (文书种类): what a paper file says about itself at its top, and the facts it cannot do without.

A paper is one file, forms/_shared/papers/<kind>.html or forms/<matter>/<kind>.html: YAML between two lines of `---`,
then the body as a Jinja template.

    ---
    kind: acceptance                 the name a diagram uses
    title: 受理通知书
    title_en: Notice of acceptance
    series: 受                       the word of its 文号 (one series a kind, organ and year); absent: no 文号
    seal: special                    none | formal | special (专用章) | committee (调解委员会)
    basis: 行政许可法 第三十二条      the law that asks for it
    replaces: true                   of one case only the newest counts; absent: each stands beside the others
    uses: [common, applicant]        sets of facts named in forms/_shared/facts.yaml
    facts:                           more facts it needs: dotted path -> what people call it
      deadline.statutory_on: 法定办结日期
      materials[].name: 材料名称       a list with at least one item, each with a name
    optional:                        facts it prints when they are there
      agent.name: 代理人
    sheet:                           the same as a spreadsheet beside the PDF: a sheet's name -> the list on it,
      各单位: units                    a line each; its columns are called as `units[].…` above
    ---

Types follow the house's names: `…_on` is a date (2026-09-18), `…_at` a date-time with offset; `…[]` a list; the rest
text or number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from engine.errors import FieldError, Invalid, NotFound, Refused
from engine.matters.lines import Loader
from engine.records.papers import numbers

SealUse = Literal["none", "formal", "special", "committee"]

#: The program's own forms. An installation's stand in front of them (`use`), file by file.
FORMS = Path(__file__).resolve().parents[3] / "forms"

#: The installation's forms, of this process; and of whoever reads a paper with other ones for a moment.
_installed: list[Path] = []
_instead: ContextVar[Path | None] = ContextVar("forms_instead", default=None)


def use(forms: Path | None) -> None:
    """From now on this process looks for shared papers, sets of facts and the letterhead in this folder first."""
    _installed[:] = [forms.resolve()] if forms is not None else []


@contextmanager
def using(forms: Path | None) -> Iterator[None]:
    """The same for a block, in this thread. None changes nothing."""
    token = _instead.set(forms.resolve() if forms is not None else _instead.get())
    try:
        yield
    finally:
        _instead.reset(token)


def folder() -> Path:
    """The forms that stand in front now."""
    return _instead.get() or (_installed[0] if _installed else FORMS)


_KEYS = {
    "kind",
    "title",
    "title_en",
    "series",
    "seal",
    "basis",
    "uses",
    "facts",
    "optional",
    "adverse",
    "audience",
    "when",
    "replaces",
    "sheet",
}
#: No spreadsheet holds these: a paper masks them where it prints them, a cell would not.
_OF_PEOPLE = frozenset({"phone", "id_number", "bank_card", "address"})


@dataclass(frozen=True, slots=True)
class _Path:
    """Where a fact of a paper stands: its steps are told apart once, for each paper that is issued asks for all."""

    steps: tuple[str, ...]
    label: str
    needed: bool

    def there(self, facts: Any) -> bool:
        """Whether there is nothing to say of it: it is there, and of no type that must be looked at; or it need not be
        there, and is not."""
        for step in self.steps:
            if facts is None:
                return not self.needed
            if step == "[]" or not isinstance(facts, dict):
                return False
            facts = facts.get(step)
        if facts is None or facts == "" or facts == []:
            return not self.needed
        return not _DATED.search(self.steps[-1])


#: A date or a moment, by its name.
_DATED = re.compile(r"(^|_)(on|at)$")


@dataclass(frozen=True, slots=True)
class PaperKind:
    """What a paper file says about itself."""

    key: str  # the name a diagram uses: acceptance
    title: str  # 受理通知书
    title_en: str
    body: str = field(repr=False)  # the Jinja template, without the front matter
    series: str = ""  # the word of its 文号; "": the paper has none of its own
    seal: SealUse = "none"
    basis: str = ""  # law or rule that asks for it
    when: str = ""  # one line for the designer: when it is issued
    replaces: bool = False  # of one case only the newest counts: an older one is 已被替换
    adverse: bool = False  # refuses or burdens somebody: reasons and remedies are compulsory (行政许可法 38)
    audience: Literal["party", "file", "public"] = "party"  # who keeps it: decides what is masked
    required: Mapping[str, str] = field(default_factory=dict)  # dotted path -> label
    optional: Mapping[str, str] = field(default_factory=dict)
    sheet: Mapping[str, str] = field(default_factory=dict)  # a sheet's name -> the list among the facts that it holds
    paths: tuple[_Path, ...] = field(init=False, repr=False, compare=False)  # where its facts stand

    def __post_init__(self) -> None:
        every = [(self.required, True), (self.optional, False)]
        found = tuple(_Path(tuple(_steps(p)), label, needed) for of, needed in every for p, label in of.items())
        object.__setattr__(self, "paths", found)

    def columns(self, fact: str) -> dict[str, str]:
        """What each item of a list of the facts has: the path within it -> its label."""
        every = {**self.required, **self.optional}
        return {
            path.removeprefix(f"{fact}[]."): label for path, label in every.items() if path.startswith(f"{fact}[].")
        }

    def tables(self, facts: Mapping[str, Any]) -> list[tuple[str, list[list[Any]]]]:
        """The sheets of its spreadsheet, from the facts that the PDF prints: name and rows, the heads first."""
        found = []
        for name, fact in self.sheet.items():
            columns = self.columns(fact)
            rows = [[_at(item, path) for path in columns] for item in facts.get(fact) or ()]
            found.append((name, [list(columns.values()), *rows]))
        return found

    def number(self, word: str, year: int, n: int) -> str:
        """The 文号 of the n-th paper of this series in a year; `word` is how the organ's numbers begin: 德医保."""
        if self.series.startswith("人调"):
            return numbers.mediation_number(word, year, n, self.series)
        return numbers.paper_number(word + self.series, year, n)

    def missing(self, facts: Mapping[str, Any]) -> list[FieldError]:
        """What is absent or of the wrong type, as errors by dotted path."""
        facts = told(facts)
        errors: list[FieldError] = []
        for path in self.paths:
            if not path.there(facts):
                errors += _walk(facts, path.steps, "", path.label, self.title, path.needed)
        return list({error.field: error for error in errors}.values())

    def check(self, facts: Mapping[str, Any]) -> None:
        """Raise MissingFacts unless the paper can be written from these facts."""
        errors = self.missing(facts)
        if errors:
            raise MissingFacts(self, errors)

    def schema(self) -> dict[str, Any]:
        """The facts as a JSON schema (for the designer's panel, the check of a matter and the API)."""
        root: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
        for paths, needed in ((self.required, True), (self.optional, False)):
            for path, label in paths.items():
                _grow(root, path, label, needed)
        return root


def _at(item: Any, path: str) -> Any:
    """What stands there: a text or a number."""
    for step in path.split("."):
        item = item.get(step) if isinstance(item, Mapping) else None
    return item if item is None or isinstance(item, int | float | str) else str(item)


def has_sheet(text: str) -> bool:
    """Whether a paper file says that the paper is to be had as a spreadsheet too."""
    found = re.match(r"---\r?\n(.*?)\r?\n---\r?\n", text, re.S)
    return found is not None and re.search(r"^sheet:", found[1], re.M) is not None


#: What the setting of every paper itself is called: a fact of that name would be printed as a piece of the program.
OWN = frozenset({"copy", "id_number", "kind", "person", "phone", "sample", "seal", "seals", "verify"})


def told(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts, with several `reasons` as the paragraphs of one `reason`."""
    if facts.get("reason") or not facts.get("reasons"):
        return facts
    return {**facts, "reason": "\n".join(str(reason) for reason in facts["reasons"])}


class MissingFacts(Invalid):
    """Expected every fact the paper needs, but some are missing or of another type."""

    slug = "paper-facts"

    def __init__(self, kind: PaperKind, errors: list[FieldError]) -> None:
        names = "、".join(f"{error.label}（{error.field}）" for error in errors[:6])
        super().__init__(
            errors,
            f"《{kind.title}》还不能生成：缺少或有误的内容为 {names}。请补全后重试。",
            f"{kind.title_en} cannot be written yet: {', '.join(e.field for e in errors[:6])} missing or wrong.",
            paper=kind.key,
        )


def _steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


def _walk(value: Any, steps: Sequence[str], at: str, label: str, title: str, needed: bool) -> Iterator[FieldError]:
    if not steps:
        if value is None or value == "" or value == []:
            if needed:
                yield FieldError(at, label, f"《{title}》缺少“{label}”。", f"{title}: {at} is missing.")
        else:
            yield from _type(value, at, label, title)
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        if value is None and not needed:
            return
        if not isinstance(value, (list, tuple)) or (needed and not value):
            yield FieldError(
                at, label, f"《{title}》至少需要一项“{label}”。", f"{title}: {at} needs at least one item."
            )
            return
        for n, item in enumerate(value):
            yield from _walk(item, rest, f"{at}[{n}]", label, title, needed and bool(rest))
        return
    here = f"{at}.{step}" if at else step
    if value is None and not needed:
        return
    if not isinstance(value, Mapping):
        yield FieldError(here, label, f"《{title}》缺少“{label}”。", f"{title}: {here} is missing.")
        return
    yield from _walk(value.get(step), rest, here, label, title, needed)


def _type(value: Any, at: str, label: str, title: str) -> Iterator[FieldError]:
    name = re.split(r"[.\[]", at.rstrip("]"))[-1]
    if name == "on" or name.endswith("_on"):
        try:
            if isinstance(value, datetime) or not isinstance(value, date):
                date.fromisoformat(str(value))
        except (TypeError, ValueError):
            yield FieldError(
                at,
                label,
                f"《{title}》的“{label}”应为日期，如 2026-09-18，现为 {value!r}。",
                f"{title}: {at} should be a date such as 2026-09-18, but is {value!r}.",
            )
    elif name == "at" or name.endswith("_at"):
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("no offset")
        except (TypeError, ValueError):
            yield FieldError(
                at,
                label,
                f"《{title}》的“{label}”应为带时区的时间，如 2026-09-18T09:30:00+08:00，现为 {value!r}。",
                f"{title}: {at} should be a time with its offset, but is {value!r}.",
            )


def _grow(schema: dict[str, Any], path: str, label: str, needed: bool) -> None:
    steps = _steps(path)
    for n, step in enumerate(steps):
        last = n == len(steps) - 1
        if step == "[]":
            schema["type"] = "array"
            schema.pop("properties", None)
            schema.pop("required", None)
            if needed:
                schema["minItems"] = 1
            schema = schema.setdefault("items", {"type": ["string", "number"]} if last else {"type": "object"})
            continue
        if needed and step not in schema.setdefault("required", []):
            schema["required"].append(step)
        schema = schema.setdefault("properties", {}).setdefault(step, {"type": "object"})
        if last:
            schema.clear()
            schema["title"] = label
            if step == "on" or step.endswith("_on"):
                schema.update(type="string", format="date")
            elif step == "at" or step.endswith("_at"):
                schema.update(type="string", format="date-time")


class BadPaper(Refused):
    """Expected a paper file with front matter and a template, but it is not one. Facts: source."""

    status = 422
    slug = "bad-paper"


def read(text: str, sets: Mapping[str, Mapping[str, Any]] | None = None, source: str = "") -> PaperKind:
    """A paper file's text as a kind; `sets` are the named sets of facts. BadPaper says what is wrong."""
    sets = sets or {}
    found = re.match(r"---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", text, re.S)
    name = source or "文书模板"
    if not found:
        raise BadPaper(
            f"{name}：文件开头应有两行 --- 之间的说明（kind、title……）。",
            f"{name}: expected front matter between two lines of ---.",
            source=source,
        )
    try:
        head = yaml.load(found[1], Loader)
    except yaml.YAMLError as error:
        raise BadPaper(
            f"{name}：说明部分不是有效的 YAML：{error}", f"{name}: bad YAML: {error}", source=source
        ) from None
    problems = []
    if not isinstance(head, dict):
        head = {}
    for key in ("kind", "title", "title_en"):
        if not isinstance(head.get(key), str):
            problems.append(f"缺少 {key}")
    problems += [f"不认识的项 {key}" for key in head if key not in _KEYS]
    if head.get("seal", "none") not in ("none", "formal", "special", "committee"):
        problems.append(f"seal 应为 none、formal、special 或 committee，现为 {head['seal']!r}")
    required: dict[str, str] = {}
    optional: dict[str, str] = {}
    uses = [*(["always"] if "always" in sets else []), *(head.get("uses") or [])]
    if head.get("adverse"):
        # 行政许可法 第三十八条: reasons and remedies are told, whatever the author of the paper thought of.
        uses += [name for name in ("reasons", "remedies") if name not in uses]
    for used in uses:
        if used not in sets:
            problems.append(f"uses 提到的 {used!r} 不在 facts.yaml 中")
            continue
        required |= dict(sets[used].get("facts") or {})
        optional |= dict(sets[used].get("optional") or {})
    required |= dict(head.get("facts") or {})
    if head.get("series"):
        required["paper.number"] = "文号"
    optional |= dict(head.get("optional") or {})
    optional = {path: label for path, label in optional.items() if path not in required}
    for path, label in [*required.items(), *optional.items()]:
        if not isinstance(label, str) or not re.fullmatch(r"[a-z0-9_]+(\[\])?(\.[a-z0-9_]+(\[\])?)*", path):
            problems.append(f"内容项 {path!r} 的写法应为 case.number 或 materials[].name，并有中文名称")
        if re.split(r"[.\[]", path)[0] in OWN:
            problems.append(f"内容项不能叫 {path!r}：排版用这个词（{'、'.join(sorted(OWN))}），请换一个")
    sheet, wrong = _sheet(head.get("sheet"), {**required, **optional})
    problems += wrong
    if problems:
        raise BadPaper(
            f"{name}：" + "；".join(problems) + "。", f"{name}: bad front matter: " + "; ".join(problems), source=source
        )
    return PaperKind(
        key=head["kind"],
        title=head["title"],
        title_en=head["title_en"],
        body=found[2],
        series=head.get("series") or "",
        seal=head.get("seal", "none"),
        basis=head.get("basis") or "",
        when=head.get("when") or "",
        replaces=bool(head.get("replaces", False)),
        adverse=bool(head.get("adverse", False)),
        audience=head.get("audience", "party"),
        required=required,
        optional=optional,
        sheet=sheet,
    )


def _sheet(given: Any, labels: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The sheets of a paper's spreadsheet, and what is wrong with them."""
    if given is None:
        return {}, []
    if not isinstance(given, dict):
        return {}, ["sheet 应为 表名: 内容项"]
    sheet = {str(name): str(fact) for name, fact in given.items()}
    problems = []
    for name, fact in sheet.items():
        if not re.fullmatch(r"[^\[\]:*?/\\']{1,31}", name):
            problems.append(f"sheet 的表名 {name!r} 应有 1 到 31 个字，没有 [ ] : * ? / \\ 这些符号")
        paths = [path for path in labels if path.startswith(f"{fact}[].")]
        if not paths:
            problems.append(f"sheet 的“{name}”是 {fact}，它应是内容项中的一列，如 {fact}[].name")
        problems += [
            f"sheet 的“{name}”不能有 {path!r}：表里不遮个人信息，一格里也放不下一列"
            for path in paths
            if path.rpartition(".")[2] in _OF_PEOPLE or path.count("[]") > 1
        ]
    return sheet, problems


@dataclass(frozen=True)
class Library:
    """What all papers share: style sheet, page templates and fragments, sets of facts, and the shared kinds."""

    css: str
    fragments: Mapping[str, str]  # template name -> Jinja source
    sets: Mapping[str, Mapping[str, Any]]
    kinds: Mapping[str, PaperKind]
    stamp: tuple[tuple[str, int, int], ...] = ()  # (path, size, mtime in ns) of what was read
    broken: Mapping[str, BadPaper] = field(default_factory=dict)  # file's name -> why it was left out

    def kind(self, key: str) -> PaperKind:
        """The shared kind of that name; NotFound when there is none, BadPaper when its file has a fault."""
        if key not in self.kinds:
            if key in self.broken:
                raise self.broken[key]
            raise NotFound(
                f"没有名为 {key} 的文书。可用的有：{'、'.join(self.kinds)}。",
                f"There is no paper called {key}; there are: {', '.join(self.kinds)}.",
            )
        return self.kinds[key]

    def read(self, text: str, source: str = "") -> PaperKind:
        """A matter's own paper file, with this library's sets of facts."""
        return read(text, self.sets, source)


def files_of(forms: Path) -> dict[str, Path]:
    """Where each shared file is found: in these forms, else in the program's own. Both files of the sets of facts stand
    there, the program's first: the sets are laid over each other, name by name."""
    found: dict[str, Path] = {}
    for root in dict.fromkeys((FORMS, forms.resolve())):
        shared = root / "_shared"
        for path in sorted(shared.rglob("*")):
            if path.suffix in (".css", ".html", ".yaml"):
                key = path.relative_to(shared).as_posix()
                found[f"{key} of {root}" if path.name == FACTS else key] = path
    return found


def library(forms: Path | None = None) -> Library:
    """The shared papers: each file from this forms folder (the installation's, without one), else the program's own.

    Read again only when a file changed. One with a fault is left out and named (`broken`): it stops no other paper.
    """
    found = files_of(forms or folder())
    stats = [(path, path.stat()) for path in found.values()]
    return _library(
        tuple(zip(found, found.values(), strict=True)), tuple((str(p), s.st_size, s.st_mtime_ns) for p, s in stats)
    )


#: The file of the sets of facts.
FACTS = "facts.yaml"


@lru_cache(maxsize=16)
def _library(files: tuple[tuple[str, Path], ...], stamp: tuple[tuple[str, int, int], ...]) -> Library:
    broken: dict[str, BadPaper] = {}
    sets: dict[str, Mapping[str, Any]] = {}
    fragments: dict[str, str] = {}
    css = ""
    for key, path in files:
        if path.name == FACTS:
            try:
                sets |= _sets(path)
            except BadPaper as bad:
                broken[path.name] = bad
        elif path.suffix == ".css":
            css = path.read_text(encoding="utf-8")
        elif "/" not in key:
            fragments[path.name] = path.read_text(encoding="utf-8")
    kinds: dict[str, PaperKind] = {}
    for key, path in sorted(files):
        if not re.fullmatch(r"papers/[^/]+\.html", key):
            continue
        try:
            kind = read(path.read_text(encoding="utf-8"), sets, path.name)
            if kind.key != path.stem:
                raise BadPaper(
                    f"{path.name}：kind 应与文件名一致，现为 {kind.key}。",
                    f"{path.name}: expected kind to be the file's name, but it is {kind.key}.",
                    source=path.name,
                )
            kinds[kind.key] = kind
        except BadPaper as bad:
            broken[path.stem] = bad
        except UnicodeDecodeError:
            broken[path.stem] = BadPaper(
                f"{path.name}：不是 UTF-8 文本。", f"{path.name} is no UTF-8 text.", source=path.name
            )
    return Library(css=css, fragments=fragments, sets=sets, kinds=kinds, stamp=stamp, broken=broken)


def _sets(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadPaper(f"{path}：不是有效的 YAML：{error}", f"{path}: bad YAML: {error}", source=path.name) from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise BadPaper(f"{path}：应是一组组的内容项。", f"{path}: expected sets of facts by name.", source=path.name)
    return found


def catalogue(forms: Path | None = None) -> list[PaperKind]:
    """The shared kinds, by name."""
    return list(library(forms).kinds.values())
