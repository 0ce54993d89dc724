"""docs/services.md: every service of the hall, the matters that carry it, and its clauses with what keeps and what
shows each. Made from the matters' own files, so that it cannot say what is not so."""

from __future__ import annotations

from pathlib import Path

import yaml

from engine.matters import clauses, package, stories
from engine.matters.package import Package

#: The hall's services by number: their names. A matter says which of them it carries (`service`).
SERVICES: dict[int, str] = {
    int(number): str(name)
    for number, name in yaml.safe_load(
        (Path(__file__).parent / "data" / "services.yaml").read_text(encoding="utf-8")
    ).items()
}

#: Where the pictures of matters are (`make shots`), and how the page names them.
PICTURES = "screenshots/services"

_HEAD = """# 服务和条款 · Services and clauses

<!-- made by `yizhan docs` from bpmn/ -->

每个服务由哪些事项承担，每条规定靠哪个要素做到，哪个故事说明它。去掉那个要素，
检查必须不通过，或者故事必须走不通（`yizhan stories --clauses`）。一个办件的故事说明不了的，写的是测试，
在去掉了那个要素的文件上跑，必须不通过。

Which matters carry each service, what keeps each rule, and the story that shows it. Without that element the check must
refuse the matter, or the story must go otherwise (`yizhan stories --clauses`). Where no story of one case can show a
rule, a test stands instead: run on the files without the element, it must fail.
"""


def text(content: Path) -> str:
    """The whole page, for the matters of this folder; a matter's picture is shown where docs beside them have one."""
    found: dict[int, list[Package]] = {}
    for name in package.names(content):
        one = package.load(content, name)
        for number in one.info.services:
            found.setdefault(number, []).append(one)
    parts = [_HEAD, f"有 {len(found)} 个服务（共 {len(SERVICES)} 个）有事项承担。"]
    parts += [f"{len(found)} of {len(SERVICES)} services are carried by matters.\n"]
    for number, name in SERVICES.items():
        carried = found.get(number, [])
        parts.append(f"## {number} {name}\n")
        if not carried:
            parts.append("还没有 · not yet\n")
        for one in carried:
            parts.append(
                f"**{one.info.name}** `{one.name}` · {one.info.name_en} · {len(stories.read(one))} 个故事 · stories\n"
            )
            if (content / "docs" / PICTURES / f"{one.name}.png").exists():
                parts.append(f"![{one.info.name}]({PICTURES}/{one.name}.png)\n")
            theirs = (clause for clause in clauses.read(one.name, one.files) if clause.order[0] == number)
            listed = sorted(theirs, key=lambda clause: clause.order)
            if listed:
                parts.append(
                    "| 条款 | 规定 · rule | 出处 · source | 靠什么 · kept by | 故事 · shown by |\n|---|---|---|---|---|"
                )
                parts += [_row(clause) for clause in listed]
                parts[-1] += "\n"
    return "\n".join(parts)


def _row(clause: clauses.Clause) -> str:
    says = f"{_cell(clause.says)}<br>{_cell(clause.says_en)}"
    shown = _cell(clause.story) or f"测试 · test `{clause.proved_by}`"
    return f"| {clause.id} | {says} | {_cell(clause.source)} | `{clause.without}` | {shown} |"


def _cell(said: str) -> str:
    return said.replace("|", "\\|").replace("\n", " ")
