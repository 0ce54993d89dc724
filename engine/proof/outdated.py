"""Stored versions that the program can no longer carry out: their running cases would stop at a step that nobody sees
coming. Asked at each start, so that the operator knows before the clerk does.

A case keeps the version it began with. When the program drops an effect, or a name for users, or a key of matter.yaml,
new cases never meet it (the gate refuses the content), but the old version lies in the store with its cases running.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from engine import matters
from engine.commands import candidates, wiring
from engine.errors import Refused
from engine.findings import Finding
from engine.process import CannotRun
from engine.reads.taking_part import staff
from engine.records import library
from engine.store import Work
from engine.store.models import Case, MatterVersion, User


@dataclass(frozen=True, slots=True)
class Outdated:
    """A stored version with running cases that needs something the program no longer has."""

    matter: str
    title: str
    version: str
    running: int
    findings: tuple[Finding, ...]


def find(work: Work) -> list[Outdated]:
    """Every version with running cases that cannot be carried out to its end, in order of matter."""
    rows = work.session.execute(
        select(Case.version_hash, MatterVersion.matter, MatterVersion.name, func.count())
        .join(MatterVersion, MatterVersion.hash == Case.version_hash)
        .where(Case.finished_at.is_(None))
        .group_by(Case.version_hash, MatterVersion.matter, MatterVersion.name)
        .order_by(MatterVersion.matter, Case.version_hash)
    ).all()
    found = []
    for version, matter, title, running in rows:
        findings = tuple(_needs(work, matter, version))
        if findings:
            found.append(Outdated(matter, title, version, running, findings))
    return found


def _needs(work: Work, matter: str, version: str) -> Iterator[Finding]:
    try:
        package = library.version(work, version)
        diagrams = package.definition.diagrams
    except (matters.BadMatter, CannotRun) as unreadable:
        yield from (f for f in _findings(unreadable, matter) if f.severity == "error")
        return
    for diagram in diagrams:
        for process in diagram.processes:
            for _, node in process.walk():
                said = node.extension
                effect = (said.task_type or "").strip()
                if effect and effect not in wiring.EFFECTS and effect not in wiring.FORMER:
                    yield _finding(
                        diagram.file,
                        node.id,
                        node.name or node.id,
                        node.line,
                        f"要做“{effect}”，程序里已经没有这个效果：办到这里会停下。",
                        f'asks for "{effect}", an effect the program no longer has: cases will stop here.',
                    )
                for text in (said.assignee, said.candidate_users):
                    for who in _users(text):
                        if not _known(work, package, who):
                            yield _finding(
                                diagram.file,
                                node.id,
                                node.name or node.id,
                                node.line,
                                f"指定的经办人“{who}”，程序里已经没有：办到这里会停下。",
                                f'names the user "{who}", whom the program no longer knows: cases will stop here.',
                            )


def _findings(error: Refused, matter: str) -> list[Finding]:
    """What makes a stored version unreadable today."""
    listed = getattr(error, "findings", None)
    return list(listed) if listed else [Finding(f"bpmn/{matter}", "", "", 0, "unreadable", "error", error.zh, error.en)]


def _finding(file: str, element: str, name: str, line: int, zh: str, en: str) -> Finding:
    return Finding(file, element, name, line, "version-outdated", "error", f"“{name}”{zh}", f'"{name}" {en}')


def _users(text: str | None) -> list[str]:
    if not text or text.startswith("="):
        return []  # what an expression gives is known only when the case is there
    return [who for part in text.split(",") if (who := part.strip())]


def _known(work: Work, package: matters.Package, who: str) -> bool:
    if who.startswith(candidates.ROLE):
        return who.removeprefix(candidates.ROLE) in staff(package.info)
    if who in candidates.OF_CASE or who.isdigit():
        return True
    return work.session.scalar(select(User.id).where(User.login == who.lower())) is not None
