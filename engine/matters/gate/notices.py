"""通知: every name in braces must be one that is filled when the notice is sent; every notice must be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.findings import meant
from engine.matters.gate import people, scope, shapes
from engine.matters.gate.reading import Reading
from engine.process.language import model as m

#: What `fill` replaces: a name between braces. Anything else in braces is a slip.
_BRACES = re.compile(r"\{([^{}]*)\}")
SENDERS = ("send-notice", "remind")


def check(reading: Reading, known: Mapping[str, scope.Known]) -> None:
    info = reading.info
    if info is None:
        return
    given, open_ = _given(reading, known)
    for name, notice in info.notices.items():
        if name not in given:
            wanted = {*given, *reading.house.notices}
            people.unnamed(reading, "notice-unused", "通知", "notice", name, wanted, "notices", name)
            continue
        offered = {*reading.house.said, *given[name]}
        for key, text in (("zh", notice.zh), ("en", notice.en)):
            for placeholder in dict.fromkeys(_BRACES.findall(text)):
                if placeholder in offered or (name in open_ and re.fullmatch(r"[a-z_]+", placeholder)):
                    continue
                zh, en = meant(placeholder, offered, 40)
                reading.of_matter(
                    "placeholder",
                    f"通知“{name}”里的 {{{placeholder}}} 没有人填，会照原样发出去。{zh}",
                    f"Nobody fills {{{placeholder}}} of the notice {name!r}: it would be sent as it stands. {en}",
                    "notices",
                    name,
                    key,
                )
            loose = _BRACES.sub("", text)
            if "{" in loose or "}" in loose:
                reading.of_matter(
                    "placeholder",
                    f"通知“{name}”的花括号不成对。名称写在一对花括号里，如 {{number}}。",
                    (
                        f"The braces of the notice {name!r} do not match. Write names in a pair of them, such as "
                        f"{{number}}."
                    ),
                    "notices",
                    name,
                    key,
                )
        _same(reading, name, notice.zh, notice.en)
    for file, _, _, node in reading.nodes():
        template = node.extension.header("template")
        if node.extension.task_type in SENDERS and template and template not in info.notices:
            zh, en = meant(template, info.notices, 40)
            reading.say(
                file,
                node,
                "notice-missing",
                f"的通知“{template}”在 matter.yaml 的 notices 里没有内容。{zh}",
                f'sends the notice "{template}", which has no text in matter.yaml. {en}',
            )


def _same(reading: Reading, name: str, zh: str, en: str) -> None:
    """Both languages should say the same: when, where, how much. Whom it is to and whom to call may be left out."""
    if not en:
        return  # said with what has no English
    lacks = sorted(set(_BRACES.findall(zh)) - set(_BRACES.findall(en)) - {"applicant", "phone", "matter", "office"})
    more = sorted(set(_BRACES.findall(en)) - set(_BRACES.findall(zh)) - {"applicant", "phone", "matter", "office"})
    if lacks or more:
        listed = "、".join(f"{{{one}}}" for one in lacks or more)
        which_zh, which_en = ("英文", "English") if lacks else ("中文", "Chinese")
        reading.of_matter(
            "languages-differ",
            f"通知“{name}”的{which_zh}里没有 {listed}，两种文字应说同样的内容。",
            f"The {which_en} of the notice {name!r} lacks {listed.replace('、', ', ')}; both should say the same.",
            "notices",
            name,
            "en" if lacks else "zh",
            severity="hint",
        )


def _given(reading: Reading, known: Mapping[str, scope.Known]) -> tuple[dict[str, set[str]], set[str]]:
    """notice -> the facts it is sent with (by whichever sender: those of all of them); and those with facts unknown."""
    found: dict[str, set[str]] = {}
    open_: set[str] = set()
    for _, process, _, node in reading.nodes():
        kind = node.extension.task_type or ""
        name = node.extension.header("template") if kind in SENDERS else reading.house.effect_notices.get(kind)
        if kind == "start-clock":
            name = f"{node.extension.header('limit')}-due"
        if not name:
            continue
        own = found.setdefault(name, set(reading.house.notices.get(name, ())))
        if kind == "start-clock":
            own |= set(reading.house.notices.get("*-due", ()))
        for path, shape in facts_of(reading, known, process, node):
            own.add(path)
            if shape.open and path == "*":
                open_.add(name)
    return found, open_


def facts_of(
    reading: Reading, known: Mapping[str, scope.Known], process: m.Process, node: m.Node
) -> Iterator[tuple[str, shapes.Shape]]:
    """The entries of the argument `facts` of an effect: (name, shape); ("*", OPEN) when nobody can know them."""
    here = scope.at_node(reading, node, known[process.id].scope)
    shape = here.get("facts") if any(io.target.split(".")[0] == "facts" for io in node.extension.inputs) else None
    if shape is None:
        return
    yield from shape.entries.items()
    if shape.open:
        yield "*", shapes.OPEN
