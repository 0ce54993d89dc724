"""Comparing (对比): what is other in one version of a matter than in another, in words and on the drawing. Pure.

compare(name, before, after) -> Comparison     files of two versions; never raises for what a file holds

changed.py     what a change is, and how two tables of words differ
drawings.py    diagrams: steps, ways, who, limits; shapes that only moved
asked.py       forms: fields
decided.py     decision tables: rows, columns
written.py     matter.yaml, shared nouns, stories, clauses, English; papers and other text
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.proof.comparing import asked, decided, drawings, written
from engine.proof.comparing.changed import AREAS, Change, What

__all__ = ["AREAS", "Change", "Comparison", "What", "compare"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is other in `after`, in the order people read it."""

    changes: tuple[Change, ...]
    #: file -> what became of it -> ids of its elements: what the drawing is coloured by
    marks: Mapping[str, Mapping[What, tuple[str, ...]]]

    @property
    def acts(self) -> tuple[Change, ...]:
        """What makes a difference to a case, or to what people read: not what only moved."""
        return tuple(one for one in self.changes if one.area != "moved")

    def of(self, area: str) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.area == area)


def compare(name: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Comparison:
    """Every difference between two versions of the matter `name`, each said once."""
    found: list[Change] = []
    marks: dict[str, Mapping[What, tuple[str, ...]]] = {}
    for path in sorted(before.keys() | after.keys()):
        one, other = before.get(path), after.get(path)
        if one == other:
            continue
        if one is None or other is None:
            found.append(_whole(path, gone=other is None))
            continue
        if path.endswith(".bpmn"):
            changes, marks[path] = drawings.compare(path, one, other)
        elif path.endswith(".form"):
            changes = asked.compare(path, one, other)
        elif path.endswith(".dmn"):
            changes = decided.compare(path, one, other)
        else:
            changes = written.compare(name, path, one, other)
        found += changes
    order = {area: n for n, area in enumerate(AREAS)}
    return Comparison(tuple(sorted(found, key=lambda change: order[change.area])), marks)


def _whole(path: str, *, gone: bool) -> Change:
    file = path.rpartition("/")[2]
    zh, en = ("删去了这个文件", "the file is taken away") if gone else ("新增的文件", "a new file")
    return Change("gone" if gone else "added", written.area_of(path), path, "", file, file, zh, en)
