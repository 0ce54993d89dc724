"""A small matter that passes the check and its stories, to be changed bit by bit: where `yizhan new` and the studio
begin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template

from engine.drawing import adopting
from engine.matters import rewriting, simple

#: Its files: where they go in the content folder.
FILES = {
    "matter.yaml": "bpmn",
    "process.bpmn": "bpmn",
    "stories.yaml": "bpmn",
    "en.yaml": "bpmn",
    "apply.form": "forms",
    "look.form": "forms",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a small matter is looked at: who does it there, and what matter.yaml says of it."""

    post: str
    called: str
    called_en: str
    level: str


#: Unit of the case -> who looks at it.
PLACES = {
    "village": Place("agent", "村（社区）服务中心", "Village service centre", "镇村级"),
    "town": Place("window", "镇便民服务中心", "Town service centre", "镇村级"),
    "county": Place("window", "县政务服务中心", "County service centre", "县级"),
}
#: The law a promise rests on while nobody has said one: the county's own word.
PROMISE = "本县服务承诺"


def files(
    name: str,
    title: str,
    title_en: str,
    *,
    where: str = "town",
    days: int = 2,
    source: str = PROMISE,
    head: bool = False,
) -> dict[str, bytes]:
    """The files of a matter of this name, by their paths: an applicant asks, a counter looks within so many working
    days, the head decides when there shall be one (`head`), either way they are told."""
    place = PLACES[where]
    words = {"id": name, "code": name.upper().replace("_", "-"), "where": where, "post": place.post}
    words |= {"days": str(days), "level": place.level, "called": place.called, "called_en": place.called_en}
    words["due"] = "due: 2026-09-21, " if days == 2 else ""
    out = {}
    for file, kind in FILES.items():
        text = resources.files("web").joinpath("skeleton", file).read_text("utf-8")
        if file.endswith(".bpmn"):
            said = {"title": escape(title, quote=True)}
        else:  # JSON is YAML: quotes and colons of a title stay what they are
            said = {"title": json.dumps(title, ensure_ascii=False), "title_en": json.dumps(title_en)}
            said["source"] = source if source == PROMISE else json.dumps(source, ensure_ascii=False)
        out[f"{kind}/{name}/{file}"] = Template(text).safe_substitute(words | said).encode()
    if head:
        looks = next(card for card in simple.listing(name, out).steps() if card.refusal is not None)
        who, says_no = simple.Worker("负责人", "head", where), looks.refusal.nodes[0] if looks.refusal else ""
        zh, en = "负责人审批", "The head decides"
        made = simple.add(name, out, looks.exit, "decide", zh, en, (who,), limit="1wd", refuses=says_no)
        out |= {path: content for path, content in made.items() if content is not None}
        english = f"bpmn/{name}/en.yaml"
        out[english] = rewriting.said(out[english].decode(), (who.group,), "The head").encode()
    return out


def copied(
    old: str, files: Mapping[str, bytes], name: str, title: str, title_en: str, beside: Iterable[str]
) -> dict[str, bytes]:
    """The own files of a matter under another name. `beside`: names of the county's matters, which stay what they
    are."""
    stay = frozenset(beside) - {old}
    token = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(old)}(?![A-Za-z0-9])[A-Za-z0-9_]*")

    def renamed(text: str) -> str:
        return token.sub(lambda m: m[0] if m[0] in stay else name + m[0][len(old) :], text)

    out = {}
    for path, content in files.items():
        kind, _old, rest = path.split("/", 2)
        out[f"{kind}/{name}/{renamed(rest)}"] = renamed(content.decode()).encode()
    about = f"bpmn/{name}/matter.yaml"
    text = out[about].decode()
    for key, value in (("code", name.upper().replace("_", "-")), ("name", title), ("name_en", title_en)):
        text = rewriting.said(text, (key,), value)
    out[about] = text.encode()
    return out


def adopted(
    name: str, title: str, title_en: str, source: bytes, *, where: str = "town", days: int = 2, law: str = PROMISE
) -> tuple[dict[str, bytes], adopting.Adopted]:
    """The files of a matter made of a diagram of another engine, and the report of what became of it (adopted.md)."""
    made = adopting.adopt(source, name)
    out = files(name, title, title_en, where=where, days=days, source=law)
    place = PLACES[where]
    shown = out[f"bpmn/{name}/process.bpmn"].decode() + out[f"forms/{name}/look.form"].decode()
    out[f"bpmn/{name}/process.bpmn"] = made.drawing
    del out[f"forms/{name}/look.form"]
    for file, form in made.forms.items():
        out[f"forms/{name}/{file}"] = form
    about = out[f"bpmn/{name}/matter.yaml"].decode()
    about = rewriting.said(about, ("limits", "steps"), rewriting.GONE)
    for group in made.groups:
        about = rewriting.said(about, ("groups", group), {"post": place.post, "at": where, "name": group})
    if adopting.GROUP not in made.groups:
        about = rewriting.said(about, ("groups", adopting.GROUP), rewriting.GONE)
    out[f"bpmn/{name}/matter.yaml"] = about.encode()
    english = out[f"bpmn/{name}/en.yaml"].decode()
    for zh in rewriting.read(english):
        if str(zh) in shown:
            english = rewriting.said(english, (zh,), rewriting.GONE)
    out[f"bpmn/{name}/en.yaml"] = english.encode()
    out[f"bpmn/{name}/stories.yaml"] = b"[]\n"
    out[f"forms/{name}/adopted.md"] = report(title, made).encode()
    return out, made


def report(title: str, made: adopting.Adopted) -> str:
    """What became of each element, what cannot be had first."""
    lines = [f"# {title}：从别的引擎带来 · brought from another engine", ""]
    for outcome, zh, en in (
        ("cannot", "要自己补的", "to be done by hand"),
        ("changed", "写成另一种的", "written otherwise"),
        ("kept", "照旧的", "kept"),
    ):
        some = [line for line in made.lines if line.outcome == outcome]
        lines += [f"## {zh} · {en}（{len(some)}）", ""]
        lines += [f"- **{line.name}** `{line.element}`：{line.zh}。 {line.en}." for line in some] or ["- —"]
        lines.append("")
    return "\n".join(lines)
