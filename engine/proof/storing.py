"""A play as a story of stories.yaml: read as the file is read, written into the file with what came of it.

read(package, {"at": …, "answers": …, "steps": […]})         the Story that a play is
told(seen, story, name)                                      the same with its dues and its end
put(data, story)                                             stories.yaml with it, all else byte for byte as it was
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from engine import forms, matters
from engine.errors import FieldError, Invalid
from engine.matters import lines, stories, story_file
from engine.matters.stories import Story
from engine.plain import plain
from engine.workdays import ZONE

if TYPE_CHECKING:
    from engine.proof.trying import Seen

_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|\d{4}-(0[13-9]|1[0-2])-(29|30)|\d{4}-(0[13578]|1[02])-31")
#: Keys of a story in the order in which people write them.
_ORDER = (
    "name",
    "says",
    "at",
    "channel",
    "counter",
    "place",
    "schedule",
    "unit",
    "consent",
    "facts",
    "earlier",
    "booked",
    "answers",
    "steps",
    "end",
)
#: What a play may say beside its steps; who plays is told of anything else.
HEAD = frozenset(_ORDER) - {"steps", "end"}


def read(package: matters.Package, said: Mapping[str, Any]) -> Story:
    """The story of a play. BadStories says what is wrong with it."""
    whole = {"name": "试走", **said, "steps": list(said.get("steps") or ()), "end": {}}
    if not whole.get("schedule"):
        whole.setdefault("answers", {})
    file = stories.file_of(package.name)
    found, findings = stories.only(package.name, {file: text(whole).encode()})
    if findings or not found:
        raise stories.BadStories(findings)
    return found[0]


def of(one: Story, *, whole: bool) -> dict[str, Any]:
    """A story of the matter as a play: its application, and with `whole` all of its steps."""
    said: dict[str, Any] = {"at": one.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"), "channel": one.channel}
    said |= {key: getattr(one, key) for key in ("counter", "place", "schedule", "unit") if getattr(one, key)}
    if one.facts:
        said["facts"] = plain(dict(one.facts))
    if one.earlier:
        said["earlier"] = [{"answers": plain(dict(answers))} for answers in one.earlier]
    if one.booked:
        said["booked"] = [
            {key: value for key, value in plain(dict(booking)).items() if value not in (None, "", [], {}, False)}
            for booking in one.booked
        ]
    if not one.consent:
        said["consent"] = False
    if not one.schedule:
        said["answers"] = plain(dict(one.answers))
    return {**said, "steps": [step_of(step) for step in one.steps] if whole else []}


def step_of(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step as a page can send it. (YAML reads yes and no as true and false, and as keys of a vote they are words.)"""
    found: dict[str, Any] = plain(dict(step))
    return {**found, "vote": story_file.choices(found["vote"])} if "vote" in found else found


def by_name(fields: Sequence[forms.Field], answers: Any, named: Mapping[str, str]) -> None:
    """Files of these answers by their names, as stories have them, in place of their numbers."""

    def name(one: forms.Field, value: Any) -> Any:
        if one.type != "filepicker":
            return value
        return [named.get(str(id), str(id)) for id in (value if isinstance(value, list) else [value])]

    forms.changed(fields, answers, name)


def told(seen: Seen, said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The story of what was played, with until when each step was due and how it ended."""
    steps: list[dict[str, Any]] = []
    for step, due in zip(seen.steps, seen.dues, strict=False):
        step = dict(step)
        element = str(step.get("task"))
        if element in due and not {"due", "at", "wait", "error", "refused"} & step.keys():
            step = {"task": element, "due": due[element], **{k: v for k, v in step.items() if k != "task"}}
        steps.append(step)
    played = seen.played
    end: dict[str, Any] = {"finished": played.finished}
    if played.finished and played.trace:
        end["at"] = played.trace[-1]
    if played.outcome:
        end["outcome"] = played.outcome
    if played.open:
        end["open"] = list(played.open)
    end["papers"], end["notices"] = list(played.papers), list(played.notices)
    for key, day in (("due", played.due_on), ("statutory", played.statutory_on)):
        if day is not None:
            end[key] = str(day)
    head = {key: value for key, value in said.items() if key in HEAD and key != "says"}
    return {**head, "name": name, "steps": steps, "end": end}


def text(story: Mapping[str, Any], indent: str = "", newline: str = "\n") -> str:
    """One entry of the list, as people write it: a line for each step."""
    written: list[str] = []
    for key in sorted(story, key=_ORDER.index):
        begins = "- " if not written else "  "
        value = plain(story[key])
        if key == "steps" and value:
            written.append(f"{begins}steps:")
            written += [f"    - {flow(_born(step))}" for step in value]
        else:
            written.append(f"{begins}{key}: {flow(_born(value) if key == 'booked' else value)}")
    return "".join(f"{indent}{line}{newline}" for line in written)


def _born(said: Any) -> Any:
    """With every date of birth as a date, as the file has it: a page sends it as text."""
    if isinstance(said, Mapping):
        found = {key: _born(one) for key, one in said.items() if key != "answers"}
        born = found.get("born")
        day = {"born": date.fromisoformat(born)} if isinstance(born, str) and _DAY.fullmatch(born) else {}
        return {**said, **found, **day}
    return [_born(one) for one in said] if isinstance(said, list) else said


def value(words: str) -> Any:
    """What somebody typed as YAML; None when it is none, or more than anybody types."""
    read = lines.read(words.encode(), "typed")
    return None if read.findings else read.value


def flow(value: Any) -> str:
    """A value on one line, as a story has it."""
    written: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9, default_style=None
    )
    return written.removesuffix("\n").removesuffix("\n...").strip()


class NoPlace(Invalid):
    """Expected a list of stories that one more can be written under, but the file has another shape."""


def put(data: bytes, story: Mapping[str, Any]) -> bytes:
    """The file with this story after its last one; every other byte stays. NoPlace where it cannot be."""
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    before = data.removeprefix(mark).decode()
    newline = "\r\n" if "\r\n" in before else "\n"
    try:
        root = yaml.compose(before, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise _no_place() from None
    listed = _list(root)
    if listed is None:
        if root is not None and not _empty(root):
            raise _no_place()
        base = before if not before or before.endswith("\n") else before + newline
        if isinstance(root, yaml.MappingNode):
            base += f"stories:{newline}"
        elif root is not None:  # `[]`, or a word for nothing
            base = before[: root.start_mark.index] + before[root.end_mark.index :].lstrip(" \t\r\n")
            base = base if not base or base.endswith("\n") else base + newline
        return mark + (base + text(story, newline=newline)).encode()
    if listed.flow_style and listed.value:
        raise _no_place()
    if not listed.value:  # `stories: []`
        start, end = listed.start_mark.index, listed.end_mark.index
        head = before[:start].rstrip(" ")
        after = before[end:].lstrip(" ").removeprefix("\r").removeprefix("\n")
        return mark + f"{head}{newline}{text(story, newline=newline)}{after}".encode()
    indent = " " * listed.start_mark.column
    at = _end(before, listed.end_mark.index)
    head = before[:at] if before[:at].endswith("\n") else before[:at] + newline
    return mark + (head + text(story, indent, newline) + before[at:]).encode()


def _list(root: Any) -> Any:
    """The list of stories in the file; None where there is none."""
    if isinstance(root, yaml.SequenceNode):
        return root if root.value else None
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == "stories":
                return value if isinstance(value, yaml.SequenceNode) else None
    return None


def _empty(root: Any) -> bool:
    if isinstance(root, yaml.MappingNode):
        return not any(key.value == "stories" for key, _ in root.value)
    return isinstance(root, (yaml.SequenceNode, yaml.ScalarNode)) and not root.value


def _end(whole: str, index: int) -> int:
    """Where the last entry ends: remarks and empty lines after it stay after what is added."""
    while index:
        start = whole.rfind("\n", 0, index - 1) + 1 if whole[index - 1] == "\n" else whole.rfind("\n", 0, index) + 1
        line = whole[start:index].strip()
        if line and not line.startswith("#"):
            return index
        index = start
    return index


def _no_place() -> NoPlace:
    zh = "stories.yaml 不是一列故事（每个以“- name:”开头），没有地方接着写。请先在文件里改好"
    return NoPlace(
        [
            FieldError(
                "name", "stories.yaml", zh, "stories.yaml is no list of stories: mend the file before one is added"
            )
        ]
    )


def names(files: Mapping[str, bytes], matter: str) -> Iterable[str]:
    """What the stories of a file are called."""
    found, _ = stories.only(matter, files)
    return [one.name for one in found]


def has(files: Mapping[str, bytes], matter: str, story: Mapping[str, Any]) -> bool:
    """Whether the file has just this story already."""
    found, _ = stories.only(matter, files)
    (new,), _ = stories.only(matter, {stories.file_of(matter): text(story).encode()})
    return any(replace(one, line=new.line) == new for one in found if one.name == new.name)
