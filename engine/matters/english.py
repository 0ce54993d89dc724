"""A matter's English: a plain table bpmn/<matter>/en.yaml (Chinese as it stands in the matter's files: English). Pure.

What is stored, and every paper, stays Chinese: the table is laid over at the edge, on English pages only. Words that
many matters use stand once, in bpmn/_shared/en.yaml. `yizhan check` lists what has no English yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from engine.errors import Refused
from engine.findings import Finding
from engine.matters import lines
from engine.matters.info import Matter
from engine.process.language.read import parse

#: The name of the table in a matter's folder.
FILE = "en.yaml"

#: The front matter of a paper file.
_HEAD = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)

_CHINESE = re.compile("[\u4e00-\u9fff]")

#: What of a component of a form a person reads. The values of options are data and stay as they are.
_SEEN = frozenset(
    {
        "label",
        "dateLabel",
        "timeLabel",
        "text",
        "html",
        "description",
        "hint",
        "pattern_hint",
        "alt",
        "title",
        "prefixAdorner",
        "suffixAdorner",
    }
)


class BadTable(Refused):
    """Expected a table Chinese -> English, but the file is another thing."""

    status = 422
    slug = "english"


def read(name: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """The English of a matter: the shared words, and its own over them."""
    found: dict[str, str] = {}
    for owner in ("_shared", name):
        found |= _table(f"bpmn/{owner}/{FILE}", files)
    return _papers(files) | found


def _papers(files: Mapping[str, bytes]) -> dict[str, str]:
    """The titles of a matter's own papers; each says its English itself. One that cannot be read says none."""
    found: dict[str, str] = {}
    for file, data in files.items():
        head = _HEAD.match(data.decode("utf-8", "replace")) if file.endswith(".html") else None
        said = lines.read(head[1].encode(), file).value if head is not None else None
        if isinstance(said, dict) and said.get("title") and said.get("title_en"):
            found[str(said["title"])] = str(said["title_en"])
    return found


def said(name: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """What a matter's own file and its papers say in both languages themselves: Chinese -> English."""
    file = f"bpmn/{name}/matter.yaml"
    whole = lines.read(files[file], file).value if file in files else None
    return _papers({file: data for file, data in files.items() if file.startswith(f"forms/{name}/")}) | dict(
        _twins(whole)
    )


def _twins(part: Any) -> Iterator[tuple[str, str]]:
    """Every text that stands beside its English: title and title_en, name and name_en."""
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and isinstance(part.get(f"{key}_en"), str):
                yield value, part[f"{key}_en"]
            yield from _twins(value)
    elif isinstance(part, list):
        for one in part:
            yield from _twins(one)


def _table(file: str, files: Mapping[str, bytes]) -> dict[str, str]:
    if file not in files:
        return {}
    table, faults = table_of(files[file], file)
    if faults:
        raise BadTable(faults[0].message_zh, faults[0].message_en, file=file)
    return table


def table_of(data: bytes, file: str) -> tuple[dict[str, str], list[Finding]]:
    """The lines of a table that can be read, and every fault of the others."""
    text = lines.read(data, file)
    if text.value is None:
        return {}, list(text.findings)
    if not isinstance(text.value, dict):
        zh, en = "应是“中文: 英文”的一张表，每行一条文字。", "Expected lines of Chinese: English."
        return {}, [*text.findings, text.error("english", zh, en)]
    found: dict[str, str] = {}
    findings = list(text.findings)
    for key, value in text.value.items():
        if isinstance(key, str) and isinstance(value, str) and value.strip():
            found[key.strip()] = value.strip()
        else:
            zh = f"应是“中文: 英文”的一张表，每行一条文字（yes、no 要加引号）。有问题的是：{key}"
            en = f"Expected lines of Chinese: English (quote yes and no), but see {key!r}."
            findings.append(text.error("english", zh, en, key))
    return found, findings


def seen(part: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every place of a form's schema that holds words for a reader: (the object, its key)."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in _SEEN and isinstance(value, str):
                yield part, key
            else:
                yield from seen(value)
    elif isinstance(part, list):
        for one in part:
            yield from seen(one)


def named(diagram: Any) -> Iterator[Any]:
    """The elements of a diagram that carry words: names and annotations. Shapes and lines carry none of their own."""
    for element in diagram.iter():
        ours = isinstance(element.tag, str) and "BPMN/20100524/MODEL" in element.tag
        if ours and (element.get("name") or (element.tag.endswith("}text") and element.text)):
            yield element


def diagram(source: bytes, table: Mapping[str, str]) -> bytes:
    """The drawing with its names in English, to be looked at; never to be run."""
    root, _ = parse(source, "process.bpmn")
    if root is None:
        return source
    for element in named(root):
        if element.get("name"):
            element.set("name", table.get(element.get("name").strip(), element.get("name")))
        else:
            element.text = table.get(element.text.strip(), element.text)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def texts(info: Matter, files: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    """Every Chinese text of a matter that a reader of its pages sees -> (file, where in it)."""
    found: dict[str, tuple[str, str]] = {}

    def add(text: str | None, file: str, where: str) -> None:
        if text and _CHINESE.search(text):
            found.setdefault(text.strip(), (file, where))

    for file, data in sorted(files.items()):
        if file.endswith(".form"):
            try:
                schema = json.loads(data)
            except (ValueError, RecursionError):
                continue  # the check of the form says it
            for part, key in seen(schema):
                add(part[key], file, str(part.get("key") or part.get("id") or ""))
        elif file.endswith(".bpmn"):
            root, _ = parse(data, file)
            for element in named(root) if root is not None else ():
                add(element.get("name") or element.text, file, element.get("id") or "")
    matter = next((f for f in files if f.endswith("/matter.yaml")), "matter.yaml")
    for field in ("short", "nature", "kind", "level", "fee"):
        add(getattr(info, field), matter, field)
    add(info.scope_words, matter, "scope")
    add(info.agent_words, matter, "agent_words")
    for field in ("conditions", "results"):
        for text in getattr(info, field):
            add(text, matter, field)
    for material in info.materials:
        for text in (material.name, material.source, material.note):
            add(text, matter, "materials")
    for basis in info.basis:
        add(basis.says, matter, "basis")
    for group in info.groups.values():
        add(group.name, matter, "groups")
    add(info.limits.promised_source if info.limits.promised is not None else "", matter, "limits.promised_source")
    add(info.apply.consent, matter, "apply.consent")
    add(info.apply.withdrawal, matter, "apply.withdrawal")
    add(info.contact.where, matter, "contact.where")
    for text in _at_doors(files[matter], matter) if matter in files else ():
        add(text, matter, "offers")
    return found


def _at_doors(data: bytes, file: str) -> Iterator[str]:
    """What is chosen from at a door (`door` of an offer): staff and guardians read it. Its titles say their English."""
    whole = lines.read(data, file).value
    offers = whole.get("offers") if isinstance(whole, dict) else None
    for offer in offers.values() if isinstance(offers, dict) else ():
        door = offer.get("door") if isinstance(offer, dict) else None
        noted = [door.get(side) for side in ("came", "left")] if isinstance(door, dict) else []
        for one in (one for asked in noted if isinstance(asked, dict) for one in asked.values()):
            options = one.get("options") if isinstance(one, dict) else None
            yield from map(str, options.values() if isinstance(options, dict) else ())


def untold(name: str, info: Matter, files: Mapping[str, bytes]) -> list[str]:
    """The texts of a matter that have no English yet, in the order of its files. BadTable: a table that is none."""
    table = read(name, files) | {info.name: info.name_en}
    return [text for text in texts(info, files) if text not in table]


def check(name: str, info: Matter, files: Mapping[str, bytes]) -> list[Finding]:
    """Hints: what of a published matter has no English. One hint for a matter that has no table at all."""
    own = f"bpmn/{name}/{FILE}"
    try:
        table = read(name, files) | {info.name: info.name_en}
    except BadTable as bad:
        return [Finding(str(bad.facts["file"]), "", "", 0, bad.slug, "error", bad.zh, bad.en)]
    missing = {text: where for text, where in texts(info, files).items() if text not in table}
    if not info.published or not missing:
        return _without_notices(name, info)
    if own not in files:
        zh = (
            f"没有 {FILE}：英文页面上有 {len(missing)} 处文字仍是中文。可以补上“中文: 英文”对照表，"
            "yizhan check --english 列出要补的每一行。"
        )
        en = (
            f"There is no {FILE}: {len(missing)} texts stay Chinese on English pages. A table Chinese: English "
            "mends it; yizhan check --english lists every line of it."
        )
        return [Finding(f"bpmn/{name}/matter.yaml", "", "", 0, "no-english", "hint", zh, en)]
    return [
        Finding(
            file,
            where,
            "",
            0,
            "no-english",
            "hint",
            f"“{_short(text)}”没有英文。请补进 {own}。",
            f"“{_short(text)}” has no English. Add it to {own}.",
        )
        for text, (file, where) in missing.items()
    ] + _without_notices(name, info)


def _without_notices(name: str, info: Matter) -> list[Finding]:
    return [
        Finding(
            f"bpmn/{name}/matter.yaml",
            f"notices.{key}",
            "",
            0,
            "no-english",
            "hint",
            f"通知“{key}”没有英文（en）。",
            f"The notice {key!r} has no English (en).",
        )
        for key, notice in info.notices.items()
        if info.published and not notice.en
    ]


def _short(text: str) -> str:
    first = text.splitlines()[0]
    return first if len(first) <= 30 else f"{first[:29]}…"
