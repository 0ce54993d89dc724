"""Check a paper file before anybody needs it: what would fail when it is issued is found when it is written."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError, meta

from engine.findings import Finding, in_order
from engine.records.papers.kinds import BadPaper, Library, library
from engine.records.papers.pages import environment_of

#: Names every template has without declaring them (see pages.compose and the base templates).
_GIVEN = {"kind", "copy", "sample", "seal", "seals", "verify", "id_number", "phone", "person", "m"}


def check(text: str, file: str, shared: Library | None = None) -> list[Finding]:
    """What is wrong with a paper file: its head, its template, facts it reads without declaring, what it must print."""
    shared = shared or library()
    found: list[Finding] = []

    def wrong(rule: str, line: int, zh: str, en: str, element: str = "") -> None:
        found.append(Finding(file, element, "", line, rule, "error", zh, en))

    try:
        kind = shared.read(text, file)
    except BadPaper as error:
        wrong("bad-paper", 0, error.zh, error.en)
        return found
    before = text[: len(text) - len(kind.body)].count("\n")

    def line_of(pattern: str) -> int:
        match = re.search(pattern, kind.body)
        return before + kind.body[: match.start()].count("\n") + 1 if match else 0

    try:
        tree = environment_of(shared).parse(kind.body)
    except TemplateSyntaxError as error:
        wrong("bad-template", before + error.lineno, f"模板写法有误：{error.message}", f"Template: {error.message}")
        return found
    for name in meta.find_referenced_templates(tree):
        if name not in shared.fragments:
            wrong(
                "unknown-fragment",
                0,
                f"没有名为 {name} 的共用模板，可用的有：{'、'.join(shared.fragments)}。",
                f"There is no shared template {name}; there are {', '.join(shared.fragments)}.",
                str(name),
            )
    known = {re.split(r"[.\[]", path)[0] for path in (*kind.required, *kind.optional)}
    for name in sorted(meta.find_undeclared_variables(tree) - known - _GIVEN):
        wrong(
            "undeclared-fact",
            line_of(rf"\b{re.escape(name)}\b"),
            f"模板用到 {name}，但文件开头的 facts 或 optional 没有写它。请补上名称，便于检查和填写。",
            f"The template reads {name}, which neither facts nor optional declares.",
            name,
        )
    if kind.adverse and "remedies_text" not in kind.body:
        wrong(
            "no-remedies",
            0,
            (
                f"《{kind.title}》对当事人不利，必须写明复议和诉讼的途径与期限。请加入 {{{{ m.remedies_text"
                f"(remedies, …) }}}}。"
            ),
            f"{kind.title_en} is adverse and must print the remedies: add m.remedies_text(remedies, …).",
        )
    for match in re.finditer(r"""(?:src|href)\s*=\s*["'](?!\{\{|data:image/)([^"']+)""", kind.body):
        wrong(
            "outside-resource",
            before + kind.body[: match.start()].count("\n") + 1,
            f"文书不能引用外部资源 {match[1]}，请改为内嵌图片。",
            f"A paper may not name the outside resource {match[1]}; embed it as data.",
            match[1],
        )
    return in_order(found)
