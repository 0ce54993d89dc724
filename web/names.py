"""The words of matters, units and places on English pages. What is stored stays Chinese; here it is said in English.

    named("申请人补正")        the English of a step, a label, a material, a matter, a unit, a paper …; else as it is
    schema(form)              a form's schema with English labels, options and hints
    diagram(source)           a drawing with English names
    label(line), answer(line) one answer of a form
    reason(one), titled(text) a sentence in both languages; the title of a document

A matter brings its words as data (bpmn/<matter>/en.yaml, engine/matters/english.py). A page about one case or matter
says so by `about(package)`: that version's words then go before those of other matters.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from flask import g
from flask_babel import gettext as _

from engine.forms import Line
from engine.matters import Package, english
from engine.reads import english_names
from engine.reads.reveals import PURPOSES
from engine.store import Work
from web import edge, formats, language

#: The schema of a step that asks nothing: only to be confirmed.
EMPTY_FORM: dict[str, Any] = {"type": "default", "id": "empty", "schemaVersion": 19, "components": []}


def purposes() -> dict[str, str]:
    """What one may look behind a mask for, to be chosen from."""
    return {key: _(words) for key, words in PURPOSES.items()}


def sought(text: str) -> str:
    """What somebody looked for, as it was kept: the kind of work, and after a colon which step or what they wrote."""
    if not language.english():
        return text
    head, colon, rest = text.partition("：")
    return f"{_(head)}: {named(rest)}" if colon else _(head)


class Reason(Protocol):
    """A sentence in both languages."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


def about(package: Package) -> None:
    """This page is about this version of a matter."""
    g.about = package.english


def named(text: str | None) -> str:
    """The English of a name on an English page; any other text, and on a Chinese page every text, as it is."""
    if not text:
        return ""
    return _said(str(text)) if language.english() else text


def _said(text: str) -> str:
    found = _found(text.strip())
    if found is not None:
        return found
    month = _OF_MONTH.fullmatch(text)  # what a case of one month is called: 2026年7月的用餐月结单
    if month is not None and _found(month[3]) is not None:
        return f"{_found(month[3])}, {month[1]}-{int(month[2]):02}"
    for sign, between in (("、", ", "), ("·", ", ")):  # several names in one text: steps, options; a unit and a post
        parts = text.split(sign)
        said = [_said(part) for part in parts] if len(parts) > 1 else parts
        if said != parts:
            return between.join(said)
    return text


def _found(text: str) -> str | None:
    own: Mapping[str, str] = g.get("about") or {}
    if text in own:
        return own[text]
    if "names" not in g:
        work: Work | None = g.get("work")
        if work is not None:
            g.names = english_names.all_of(work)
        else:  # a page without a transaction of its own, or one about a refusal
            with edge.hall().database.reading() as own_work:
                g.names = english_names.all_of(own_work)
    names: Mapping[str, str] = g.names
    return names.get(text)


_OF_MONTH = re.compile("(\\d{4})年(\\d{1,2})月的(.+)")

_ARTICLE = re.compile(
    "(?:第([一二三四五六七八九十百千零0-9]+(?:、[0-9]+)*)条)(?:第([一二三四五六七八九十0-9]+)款)?(?:第"
    "([一二三四五六七八九十0-9]+)项)?"
)
_ANNEX = re.compile("附[表件]([一二三四五六七八九十0-9]+)")
_DIGITS = {sign: n for n, sign in enumerate("零一二三四五六七八九")}


def cited(text: str | None) -> str:
    """A place in the law on an English page: the law keeps its title, in its brackets; its articles are counted in
    figures.

    第一百七十三条 -> art. 173; 行政许可法 第42条第一款 -> 《行政许可法》 art. 42(1); 附表一 -> annex 1
    """
    if not text or not language.english():
        return text or ""
    known = _found(text)
    if known is not None:
        return known

    def figures(found: re.Match[str]) -> str:
        article, paragraph, item = found.groups()
        number = ", ".join(_figure(part) for part in article.split("、"))
        return f" art. {number}" + "".join(f"({_figure(part)})" for part in (paragraph, item) if part)

    said = re.sub("^([^《》（第 ]+(?:法典|法|条例|办法|规定|意见$|决定$|通知$))", "《\\1》", text)
    said = _ANNEX.sub(lambda found: f" annex {_figure(found[1])}", said)
    return _ARTICLE.sub(figures, said).replace("至", " to").replace("  ", " ").strip()


def _figure(number: str) -> str:
    """一百七十三 -> 173"""
    if number.isascii() and number.isdigit():
        return number
    total = last = 0
    for sign in number:
        if sign in "十百千":
            total, last = total + (last or 1) * {"十": 10, "百": 100, "千": 1000}[sign], 0
        else:
            last = _DIGITS[sign]
    return str(total + last)


_LAW_IN = re.compile("\\(([^()]*[\u4e00-\u9fff][^()]*)\\)")


def reason(one: Reason) -> str:
    """Why something may not be: in the page's language, the law in it as `cited` says it."""
    return _LAW_IN.sub(lambda law: f"({cited(law[1])})", one.en) if language.english() else one.zh


def titled(text: str | None) -> str:
    """The title of a document: on an English page in its brackets, for it has none in English."""
    known = named(text)
    return f"《{known}》" if language.english() and known and known == text and "《" not in known else known


def schema(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """A form's schema as this page's reader sees it. Keys, conditions and values stay as they are."""
    if not language.english():
        return form
    said = copy.deepcopy(dict(form))
    for part, key in english.seen(said):
        part[key] = _said(part[key])
    return said


def diagram(source: bytes) -> bytes:
    """A drawing as this page's reader sees it."""
    return english.diagram(source, g.get("about") or {}) if language.english() else source


def label(line: Line) -> str:
    """What an answer answers; with its number, the row of a list."""
    return f"{named(line.label)} {line.row}" if line.row else named(line.label)


def answer(line: Line) -> str:
    """An answer in words."""
    if not language.english() or not line.parts:
        return line.text
    if line.type == "signature":
        return _("已签名（%(day)s）", day=_day(line.parts[0]))
    if line.type == "fingerprint":
        return _("已按指印（%(day)s）", day=_day(line.parts[0]))
    if line.type == "datetime":
        return _day(line.parts[0])
    if line.type == "filepicker":
        return _("%(n)s 个文件", n=line.parts[0])
    if line.type == "checkbox":
        return _("是") if line.parts[0] == "是" else _("否")
    return ", ".join(_said(part) for part in line.parts)


def _day(text: str) -> str:
    """A day of an answer, with its time of day if it has one; what is a time alone stays."""
    try:
        return f"{formats.day(text[:10], True)}{text[10:16]}"
    except ValueError:
        return text


def within(text: str, parts: Iterable[str]) -> str:
    """An English sentence in which these names still stand in Chinese."""
    for part in sorted({p for p in parts if p}, key=len, reverse=True):
        text = text.replace(part, named(part))
    return text
