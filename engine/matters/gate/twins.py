"""Two names that differ by two letters the wrong way round are one name, written wrongly once.

A field nobody reads, a fact of a register, the name of a register itself: nothing else in the matter refers to them, so
nothing else can tell that they are misspelt. That the same word stands elsewhere, written right, can.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from engine.findings import Finding, swapped
from engine.matters.gate.reading import Reading

_COLUMN = re.compile(rb'<output\b[^>]*?\bname="(\w{4,})"')
_LEAST = 4  # letters: shorter names may differ so on purpose


def check(reading: Reading) -> None:
    where: dict[str, tuple[str, int]] = {}
    count: Counter[str] = Counter()
    for name, file, line in _names(reading):
        count[name] += 1
        where.setdefault(name, (file, line))
    like: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in count:
        like[tuple(sorted(name))].append(name)
    for same in like.values():
        for rare in same:
            for other in same:
                if swapped(rare, other) and (count[rare], rare) < (count[other], other):
                    file, line = where[rare]
                    reading.findings.append(
                        Finding(
                            file,
                            rare,
                            "",
                            line,
                            "twin-names",
                            "error",
                            f"这里写的是“{rare}”，别处写的是“{other}”，只差两个字母的次序。是不是“{other}”？请写成一样。",
                            f'Here it says "{rare}", elsewhere "{other}": two letters the wrong way round. Did '
                            f"you mean "
                            f'"{other}"? Write them the same.',
                        )
                    )


def _names(reading: Reading) -> Iterator[tuple[str, str, int]]:
    """(name, file, line) of the names a designer gives."""
    for one in {form.file: form for form in reading.forms.values()}.values():
        for path, _ in one.form.walk():
            for part in path.split("."):
                if len(part) >= _LEAST:
                    yield part, one.file, one.line(path) or _within(one.data, part)
    for file, _, _, node in reading.nodes():
        for io in (*node.extension.inputs, *node.extension.outputs):
            for part in io.target.split("."):
                if len(part) >= _LEAST:
                    yield part, file, io.line
        register = node.extension.header("register")
        if register and len(register) >= _LEAST:
            yield register, file, node.line
    for file, data in reading.files.items():
        for found in _COLUMN.finditer(data) if file.endswith(".dmn") else ():
            yield found[1].decode("utf-8", "replace"), file, data.count(b"\n", 0, found.start()) + 1
    for n, story in reading.told.stories:
        for k, step in enumerate(story.steps):
            for key in step.answers:
                if len(key) >= _LEAST:
                    yield (
                        key,
                        reading.story_text.file,
                        reading.story_text.line(*reading.told.above, n, "steps", k, "answers", key),
                    )


def _within(data: bytes, part: str) -> int:
    at = data.find(part.encode())
    return data.count(b"\n", 0, at) + 1 if at >= 0 else 1
