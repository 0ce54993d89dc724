"""Publishing (发布): what the content folder holds becomes what the hall offers. Each matter for itself: one that is
wrong is named and left out, and the version that was published before goes on serving.

    plan = look(database, content, now=now)          # proves what is new, writes nothing but verdicts
    publish(database, plan, by=actor, note="…", now=now)

A matter goes off for new cases when its matter.yaml says `published: false` or its folder is gone; its running cases go
on, and it comes back when it is there again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select

from engine import matters
from engine.commands.booking import due
from engine.errors import Refused
from engine.findings import Finding
from engine.matters import County
from engine.people import Actor
from engine.process.language.read import read as read_diagram
from engine.proof import outdated, verdicts
from engine.proof.outdated import Outdated
from engine.proof.proving import Verdict, offered, prove
from engine.proof.scratch import Scratch
from engine.records import library, papers
from engine.store import Database, Work
from engine.store.models import Case, MatterVerdict, MatterVersion

log = logging.getLogger("yizhan.publishing")

Does = Literal["publish", "withdraw", "refuse", "keep"]


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to happen with one matter."""

    name: str  # its folder
    title: str
    does: Does
    why: str = ""  # withdraw: unpublished or gone
    verdict: Verdict | None = None  # of what the content folder holds; None when it is gone
    serving: bool = False  # a version is offered now
    running: int = 0  # cases that run on any version of it
    package: matters.Package | None = None  # publish: what becomes the version new cases get


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen, in order of name."""

    matters: tuple[Planned, ...]
    outdated: tuple[Outdated, ...] = ()  # stored versions whose running cases the program can no longer carry out

    def that(self, does: Does) -> list[Planned]:
        return [one for one in self.matters if one.does == does]


@dataclass(frozen=True, slots=True)
class Looked:
    """One new matter of several, as soon as its verdict is there."""

    planned: Planned
    n: int
    of: int


class NoContent(Refused):
    """Expected a content folder with bpmn/ in it, but there is none: nothing is withdrawn for that."""

    slug = "no-content"


def look(
    database: Database,
    content: Path,
    *,
    now: datetime,
    county: County | None = None,
    proving: Callable[[str], None] = lambda name: None,
    proved: Callable[[Looked], None] = lambda one: None,
) -> Plan:
    """What publishing this content folder would do. New verdicts are kept; nothing else is written.

    `county`: its lists, where the hall has none yet (a demo county that is about to be made). `proving` is told the
    name of each matter whose stories have to be played, `proved` of each new one when its verdict is kept.
    """
    if not (content / "bpmn").is_dir():
        raise NoContent(
            f"内容目录 {content} 里没有 bpmn/，什么都没有发布，也没有撤下。请检查 YIZHAN_CONTENT。",
            f"There is no bpmn/ in {content}: nothing is published and nothing withdrawn. Check YIZHAN_CONTENT.",
        )
    with papers.using(content / "forms"):
        found, broken = _files(content)
        with database.reading() as work:
            lists = county or verdicts.county_of(work)
            keys = {name: verdicts.key_of(files, lists, found) for name, files in found.items()}
            known = verdicts.kept(work, keys.values())
            serving = {
                row.matter: row for row in work.session.scalars(select(MatterVersion).where(MatterVersion.current))
            }
            running, stands = _running(work), _standing_by_hand(work, found)
        new = [name for name, key in keys.items() if key not in known]
        if new:
            with Scratch() as scratch:
                for n, name in enumerate(new, 1):
                    plays = verdicts.plays_of(found[name])
                    with database.reading() as work:
                        again = verdicts.played(work, name, plays)
                    if again is None:
                        proving(name)
                    if offered(name, found[name]):
                        verdict = prove(name, found[name], scratch=scratch, county=lists, content=content, again=again)
                    else:  # only for trying: nobody waits for its verdict
                        verdict = Verdict(name, (), offered=False)
                    with database.unit_of_work() as work:
                        version = matters.version_of(found[name])
                        known[keys[name]] = verdicts.keep(
                            work, keys[name], verdict, version=version, now=now, plays=plays
                        )
                    row, running_ = known[keys[name]], running.get(name, 0)
                    proved(Looked(_planned(name, row, found[name], serving.get(name), running_), n, len(new)))
        with database.unit_of_work() as work:
            unread = {name: verdicts.key_of({name: repr(v.reasons).encode()}, lists) for name, v in broken.items()}
            for name, key in unread.items():
                verdicts.keep(work, key, broken[name], version="", now=now)
            behind = outdated.find(work)
            old = [verdicts.keep_outdated(work, one, now=now) for one in behind]
            verdicts.stand(work, [*keys.values(), *unread.values(), *old])
    planned = [
        _planned(name, known[keys[name]], found[name], serving.get(name), running.get(name, 0), stands.get(name, ""))
        for name in found
    ]
    planned += [
        Planned(name, _title(serving.get(name), name), "refuse", "", verdict, name in serving, running.get(name, 0))
        for name, verdict in broken.items()
    ]
    planned += [
        Planned(name, row.name, "withdraw", "目录已不在", None, True, running.get(name, 0))
        for name, row in serving.items()
        if name not in found and name not in broken and not row.from_studio
    ]
    return Plan(tuple(sorted(planned, key=lambda one: one.name)), tuple(behind))


def checked(database: Database, content: Path, *, county: County) -> Plan:
    """What of this content folder the check alone finds fit and the hall does not offer: for a hall of trial with the
    program's own matters, which opens before their stories are played. Nothing is written, no verdict is kept."""
    with papers.using(content / "forms"):
        there, planned = standing(database), []
        for name, files in _files(content)[0].items():
            played = Verdict(name, (), played=True)
            if name in there or not offered(name, files):
                continue
            verdict = prove(name, files, county=county, content=content, again=played)
            if verdict.good:
                package = matters.read(name, files)
                planned.append(Planned(name, package.info.name, "publish", "", verdict, package=package))
    return Plan(tuple(planned))


def publish(database: Database, plan: Plan, *, by: Actor, note: str, now: datetime) -> None:
    """Do what was planned, one matter a transaction. Who and why is kept with the version and in the audit."""
    for one in plan.matters:
        if one.does == "publish" and one.package is not None:
            with database.unit_of_work() as work:
                library.publish(work, one.package, by=by, now=now, note=note)
                due.open_offers(work, one.package, now=now)
        elif one.does == "withdraw":
            with database.unit_of_work() as work:
                library.withdraw(work, one.name, by=by, now=now, note=note)
        elif one.does == "refuse":
            reasons = "; ".join(f"{f.file}:{f.line} {f.message_en}" for f in reasons_of(one)[:3])
            log.warning("matter %s is left out, %s findings: %s", one.name, len(reasons_of(one)), reasons)
    for old in plan.outdated:
        log.warning(
            "%s running cases of matter %s are on version %s, which the program can no longer carry out: %s",
            old.running,
            old.matter,
            old.version[:12],
            "; ".join(f"{f.file}:{f.line} {f.message_en}" for f in old.findings[:3]),
        )


def standing(database: Database) -> set[str]:
    """The names of what the hall offers now."""
    with database.reading() as work:
        return set(work.session.scalars(select(MatterVersion.matter).where(MatterVersion.current)))


def calls(package: matters.Package) -> frozenset[str]:
    """The matters whose cases its diagrams open: without them what is applied for gets stuck."""
    found = set()
    for file, data in package.diagrams.items():
        diagram, _ = read_diagram(data, file)
        for process in diagram.executable() if diagram is not None else ():
            for _, node in process.walk():
                if node.extension.task_type in ("open-child-case", "run-child-case", "for-each"):
                    found.add((node.extension.header("matter") or "").strip())
    return frozenset(found - {"", package.name})


def reasons_of(one: Planned) -> tuple[Finding, ...]:
    """The findings that forbid it."""
    return one.verdict.reasons if one.verdict is not None else ()


def _files(content: Path) -> tuple[dict[str, dict[str, bytes]], dict[str, Verdict]]:
    """(files of each matter, verdict on each folder that cannot be read as one)."""
    found: dict[str, dict[str, bytes]] = {}
    broken: dict[str, Verdict] = {}
    for folder in sorted((content / "bpmn").iterdir()):
        if folder.name.startswith(("_", ".")) or not folder.is_dir():
            continue
        try:
            found[folder.name] = matters.read_files(content, folder.name)
        except (OSError, Refused) as error:
            # A matter.yaml that was misnamed is a slip, not a wish to withdraw: only a folder that is gone is one.
            if isinstance(error, Refused):
                zh, en = (
                    "目录里没有 matter.yaml。请补上，或改正文件名。",
                    "There is no matter.yaml here: add it, or mend its name.",
                )
            else:
                zh, en = f"读不了：{error.strerror or error}。", f"Cannot be read: {error.strerror or error}."
            finding = Finding(f"bpmn/{folder.name}/matter.yaml", "", "", 0, "unreadable", "error", zh, en)
            if any(folder.glob("*.bpmn")):
                broken[folder.name] = Verdict(folder.name, (finding,))
    return found, broken


def _running(work: Work) -> dict[str, int]:
    rows = work.session.execute(
        select(Case.matter, func.count()).where(Case.finished_at.is_(None)).group_by(Case.matter)
    )
    return {matter: n for matter, n in rows}


def _standing_by_hand(work: Work, found: Mapping[str, Mapping[str, bytes]]) -> dict[str, str]:
    """The matters of which the studio said the last word since the folder said what it says, and which word. A folder
    that says something new is published as ever: who keeps a matter there pulls first (`yizhan pull`)."""
    out: dict[str, str] = {}
    rows = work.session.scalars(select(MatterVersion).where(MatterVersion.matter.in_(found))).all()
    for name, files in found.items():
        mine = [row for row in rows if row.matter == name]
        if matters.version_of(files) not in {row.hash for row in mine}:
            continue
        if any(row.current and row.from_studio for row in mine):
            out[name] = "工作室发布的版本在用"
        elif any(row.taken_off for row in mine) and not any(row.current for row in mine):
            out[name] = "在工作室撤下"
    return out


def _title(row: MatterVersion | None, name: str) -> str:
    return row.name if row is not None else name


def _planned(
    name: str,
    row: MatterVerdict,
    files: Mapping[str, bytes],
    serving: MatterVersion | None,
    running: int,
    by_hand: str = "",
) -> Planned:
    verdict, title = verdicts.read(row), _title(serving, name)
    there = serving is not None
    if by_hand:
        return Planned(name, title, "keep", by_hand, verdict, there, running)
    if not row.offered:
        does: Does = "withdraw" if there else "keep"
        return Planned(name, title, does, "matter.yaml 写着 published: false", verdict, there, running)
    if not row.good:
        return Planned(name, title, "refuse", "", verdict, there, running)
    if serving is not None and serving.hash == row.version:
        return Planned(name, title, "keep", "", verdict, there, running)
    package = matters.read(name, files)
    return Planned(name, package.info.name, "publish", "", verdict, there, running, package)
