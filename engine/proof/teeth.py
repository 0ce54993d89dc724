"""Whether a clause has teeth: without the element that keeps it, the gate refuses the matter or its story goes
otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine import matters
from engine.commands import gate
from engine.errors import Refused
from engine.findings import errors
from engine.matters import clauses
from engine.matters.clauses import Clause
from engine.proof.proving import Stage
from engine.proof.scratch import Scratch
from engine.records import papers


@dataclass(frozen=True, slots=True)
class Bite:
    """How the loss of a clause's element was noticed."""

    clause: Clause
    by: str  # gate, story, test (named, not run: a program is proved by its own tests), or "" when nothing noticed
    says: str = ""  # the first finding or problem


def bite(
    name: str,
    files: Mapping[str, bytes],
    clause: Clause,
    *,
    scratch: Scratch | None = None,
    content: Path | None = None,
) -> Bite:
    """Take the clause's element out, and see who notices. NoSuchPlace when it is not there."""
    without = clauses.taken_out(name, files, clause.without)
    with papers.using(content / "forms" if content is not None else None), ExitStack() as stack:
        house = gate.house(content) if content is not None else None
        found = errors(gate.check(matters.Source(name, without), house=house))
        ours = [one for one in found if one.file != clauses.file_of(name)]  # its own clause misses the place
        if ours:
            return Bite(clause, "gate", ours[0].message_zh)
        if clause.proved_by:
            return Bite(clause, "test", clause.proved_by)
        try:
            stage = Stage(matters.read(name, without), scratch or stack.enter_context(Scratch()))
            story = next(one for one in stage.book.stories if one.name == clause.story)
            problems = list(stage.play(story).problems)
        except Refused as refusal:
            problems = [refusal.zh]
    return Bite(clause, "story" if problems else "", problems[0] if problems else "")
