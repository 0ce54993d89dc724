"""What a 责任证据包 holds of one case: its events with the proof of their place, its papers and files, and what was in
force at each act: version of the matter, calendar, who held which post.

A part that cannot be read any more (a damaged page, random bytes) says so in its place, and the package is made all the
same: that it cannot be read is what it has to show.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import jinja2
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import undefer

from engine import workdays
from engine.people import units
from engine.people.actor import AGENCY_DEPTH
from engine.reads.labels import EVENTS
from engine.reads.reveals import FIELDS, PURPOSES
from engine.records import audit, evidence, files
from engine.store import Work, signing
from engine.store.models import (
    CalendarFile,
    Case,
    DecisionHit,
    Document,
    Event,
    File,
    Holding,
    Leave,
    MatterVersion,
    Post,
    Reveal,
    Seal,
    SealedEvent,
    Task,
    User,
)
from engine.workdays import ZONE, local_date

#: What stands in a name of a file; the rest of what somebody called it is left out.
_SAFE = re.compile(r"[^\w.()（）-]+")
_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for the package, when and why."""

    who: str
    why: str
    at: datetime


def package(work: Work, case: Case, asked: Asked) -> bytes:
    """The whole package of a case. Who may have it was asked before."""
    gathered = _Gathering(work, case)
    parts = gathered.parts()
    parts["index.html"] = _index(gathered, asked)
    about = {
        "number": case.number,
        "case": case.id,
        "made_at": audit.moment(asked.at),
        "made_by": asked.who,
        "why": asked.why,
        "signed_since": work.session.scalar(select(func.min(Seal.id)).where(Seal.signature.is_not(None))),
    }
    return evidence.pack(parts, about, now=asked.at)


class _Gathering:
    """The parts of one case's package, as plain data; what cannot be read is remembered with its reason."""

    def __init__(self, work: Work, case: Case) -> None:
        self.work, self.case = work, case
        self.broken: dict[str, str] = {}
        self.files: dict[str, bytes] = {}

    def parts(self) -> dict[str, bytes]:
        named: dict[str, Callable[[], Any]] = {
            "case.json": lambda: self.of_case,
            "events.json": lambda: self.events,
            "seals.json": lambda: self.seals,
            "steps.json": lambda: self.steps,
            "decisions.json": lambda: self.decisions,
            "papers.json": lambda: self.papers,
            "materials.json": lambda: self.materials,
            "looks.json": lambda: self.looks,
            "versions.json": lambda: self.versions,
            "calendar.json": lambda: self.calendar,
            "acts.json": lambda: self.acts,
        }
        out = {name: evidence.as_json(self.read(name, found)) for name, found in named.items()}
        return {**out, **self.files}

    def read(self, name: str, found: Callable[[], Any]) -> Any:
        """This part; when it cannot be read, what says so."""
        if name not in self.broken:
            try:
                with self.work.session.begin_nested():  # PostgreSQL reads on only behind a savepoint
                    return found()
            except Exception as error:  # any bytes may lie there, and each reader of them fails in its own way
                self.broken[name] = f"{type(error).__name__}: {error}"[:200]
        return {"unreadable": self.broken[name]}

    @cached_property
    def of_case(self) -> dict[str, Any]:
        case = self.case
        place, intake, office = (
            units.place(self.work, one).name for one in (case.place_id, case.unit_id, case.office_id)
        )
        moments = ("received_at", "accepted_at", "decided_at", "finished_at", "promised_due", "statutory_due")
        return {
            "id": case.id,
            "number": case.number,
            "matter": case.matter,
            "matter_name": case.matter_name,
            "version": case.version_hash,
            "status": case.status,
            "outcome": case.outcome,
            "channel": case.channel,
            "applicant": [case.applicant_name, case.applicant_phone, case.applicant_id_number],
            "place": place,
            "intake": intake,
            "office": office,
            **{name: _at(getattr(case, name)) for name in moments},
            "events_count": case.events_count,
            "events_head": case.events_head,
        }

    @cached_property
    def rows(self) -> list[Event]:
        return list(audit.history(self.work, self.case.id))

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The chain of the case, each with all that its hash is over."""
        return [
            {
                "id": one.id,
                "chain": one.chain,
                "seq": one.seq,
                "at": audit.moment(one.at),
                "kind": one.kind,
                "by": one.by_id,
                "for": one.for_id,
                "case": one.case_id,
                "task": one.task_id,
                "facts": one.facts,
                "previous": one.previous,
                "hash": one.hash,
                "words": EVENTS.get(one.kind, one.kind),
            }
            for one in self.rows
        ]

    @cached_property
    def seals(self) -> list[dict[str, Any]]:
        """The seals over the case's events, with all that they cover: other people's events by their hash alone."""
        session, own = self.work.session, [one.id for one in self.rows]
        ids = set(session.scalars(select(SealedEvent.seal_id).where(SealedEvent.event_id.in_(own))))
        covered = session.execute(
            select(SealedEvent.seal_id, Event.id, Event.hash)
            .join(Event, Event.id == SealedEvent.event_id)
            .where(SealedEvent.seal_id.in_(ids))
            .order_by(Event.id)
        )
        rows: dict[int, list[list[Any]]] = {id: [] for id in ids}
        for seal, event, hash in covered:
            rows[seal].append([event, hash])
        return [
            {
                "id": one.id,
                "at": audit.moment(one.at),
                "count": one.count,
                "previous": one.previous,
                "hash": one.hash,
                "public": one.public,
                "signature": one.signature,
                "events": rows[one.id],
            }
            for one in session.scalars(select(Seal).where(Seal.id.in_(ids)).order_by(Seal.id))
        ]

    @cached_property
    def names(self) -> dict[int, str]:
        ids = {one for event in self.rows for one in (event.by_id, event.for_id) if one is not None}
        ids |= {one for task in self.tasks for one in (task.assignee_id, task.ended_by_id) if one is not None}
        ids |= {one.by_id for one in self.reveals}
        rows = self.work.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
        return {id: name for id, name in rows}

    @cached_property
    def tasks(self) -> list[Task]:
        return list(
            self.work.session.scalars(
                select(Task).where(Task.case_id == self.case.id).order_by(Task.id).options(undefer(Task.result))
            )
        )

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        return [
            {
                "id": one.id,
                "element": one.element,
                "name": one.name,
                "round": one.round,
                "candidates": one.candidates,
                "assignee": self._who(one.assignee_id),
                "ended_by": self._who(one.ended_by_id),
                "opened_at": _at(one.opened_at),
                "claimed_at": _at(one.claimed_at),
                "due_at": _at(one.due_at),
                "ended_at": _at(one.ended_at),
                "ended": one.ended,
                "reason": one.reason,
                "answers": one.result,
            }
            for one in self.tasks
        ]

    @cached_property
    def decisions(self) -> list[dict[str, Any]]:
        rows = self.work.session.scalars(
            select(DecisionHit).where(DecisionHit.case_id == self.case.id).order_by(DecisionHit.id)
        )
        return [
            {"element": one.element, "decision": one.decision, "rules": one.rules, "result": one.result}
            | {"at": _at(one.at)}
            for one in rows
        ]

    @cached_property
    def papers(self) -> list[dict[str, Any]]:
        rows = self.work.session.execute(
            select(Document, File)
            .outerjoin(File, File.id == Document.file_id)
            .where(Document.case_id == self.case.id)
            .order_by(Document.id)
        )
        out = []
        for one, file in rows.all():
            name, trouble = self._take(file, f"papers/{one.id}-{_safe(one.title)}.pdf") if file else ("", "")
            out.append(
                {
                    "id": one.id,
                    "kind": one.kind,
                    "title": one.title,
                    "number": one.number,
                    "check_code": one.check_code,
                    "version": one.version_hash,
                    "state": one.state,
                    "sha256": one.sha256,
                    "issued_at": _at(one.issued_at),
                    "voided_at": _at(one.voided_at),
                    "file": name,
                    "trouble": trouble,
                }
            )
        return out

    @cached_property
    def materials(self) -> list[dict[str, Any]]:
        """What was handed in. The files of papers stand with the papers, and of papers made again only the newest."""
        rows = self.work.session.scalars(select(File).where(File.case_id == self.case.id).order_by(File.id))
        out = []
        for one in rows.all():
            if one.field.startswith("paper:"):
                continue
            name, trouble = self._take(one, f"materials/{one.id}-{_safe(one.name)}")
            out.append(
                {"id": one.id, "name": one.name, "field": one.field, "type": one.type, "sha256": one.sha256}
                | {"uploaded_at": _at(one.uploaded_at), "by": self._who(one.owner_id), "file": name, "trouble": trouble}
            )
        return out

    def _take(self, file: File, name: str) -> tuple[str, str]:
        """Put a stored file into the package: under which name, and why it cannot be read."""
        try:
            self.files[name] = files.read(self.work, file)
        except Exception as error:  # gone, or other bytes than were stored: that is what the package shows
            return "", f"{type(error).__name__}: {error}"[:200]
        return name, ""

    @cached_property
    def reveals(self) -> list[Reveal]:
        """Without their purposes, which are sealed: one that does not open must not hide the others."""
        columns = (Reveal.id, Reveal.by_id, Reveal.field, Reveal.at)
        rows = self.work.session.execute(
            select(*columns).where(Reveal.case_id == self.case.id, Reveal.entry_id.is_(None)).order_by(Reveal.id)
        )
        return list(rows.all())  # type: ignore[arg-type]

    @cached_property
    def looks(self) -> list[dict[str, Any]]:
        return [
            {"id": one.id, "by": one.by_id, "who": self._who(one.by_id), "field": one.field, "at": _at(one.at)}
            | self._purpose(one.id)
            for one in self.reveals
        ]

    def _purpose(self, reveal_id: int) -> dict[str, Any]:
        try:
            purpose = self.work.session.scalar(select(Reveal.purpose).where(Reveal.id == reveal_id))
        except Exception as error:  # other bytes than were sealed
            return {"purpose": "", "trouble": type(error).__name__}
        return {"purpose": purpose, "trouble": ""}

    @cached_property
    def versions(self) -> list[dict[str, Any]]:
        """The versions of the matter that the case and its papers were made by, with their files: model, forms,
        decisions, wording."""
        hashes = {self.case.version_hash}
        hashes |= {one["version"] for one in self.papers if one["version"]}
        hashes |= {self._version_by(one) for one in self.rows} - {""}
        out = []
        for hash in sorted(hashes):
            row = self.work.session.get_one(MatterVersion, hash)
            with zipfile.ZipFile(io.BytesIO(row.content)) as archive:  # what lies there, not what a process remembers
                names = archive.namelist()
                for name in names:
                    self.files[f"versions/{hash[:12]}/{name}"] = archive.read(name)
            out.append({"hash": hash, "matter": row.matter, "title": row.name, "files": len(names)})
        return out

    def _version_by(self, event: Event) -> str:
        """The version of the matter that this event says the case goes by. (A register's entry has versions too.)"""
        return str(event.facts.get("version", "")) if event.kind == audit.Kind.CASE_SUBMITTED else ""

    @cached_property
    def calendars(self) -> list[CalendarFile]:
        return list(self.work.session.scalars(select(CalendarFile).order_by(CalendarFile.id)))

    @cached_property
    def calendar(self) -> dict[str, Any]:
        """The national calendar's version, and the county's files over it in their order."""
        for one in self.calendars:
            self.files[f"calendar/{one.id}.yaml"] = one.text.encode()
        return {
            "national": workdays.china().version,
            "county": [
                {"id": one.id, "source": one.source, "published_on": one.published_on.isoformat()}
                | {"added_at": _at(one.added_at), "by": one.by_id}
                for one in self.calendars
            ],
        }

    def calendar_at(self, at: datetime) -> str:
        """The version of the calendar that was in force then."""
        return workdays.china(tuple(one.text for one in self.calendars if one.added_at <= at)).version

    @cached_property
    def acts(self) -> list[dict[str, Any]]:
        """Who did what, by which posts, on whose behalf; and by which version and calendar."""
        seal_of = {event: one["id"] for one in self.seals for event, _ in one["events"]}
        version, out = self.case.version_hash, []
        calendars: dict[int, str] = {}
        for one in self.rows:
            version = self._version_by(one) or version
            known = sum(1 for file in self.calendars if file.added_at <= one.at)
            if known not in calendars:
                calendars[known] = self.calendar_at(one.at)
            out.append(
                {
                    "seq": one.seq,
                    "at": _at(one.at),
                    "words": EVENTS.get(one.kind, one.kind),
                    "step": self._step.get(one.task_id or 0, ""),
                    "who": self._who(one.by_id),
                    "posts": self.posts(one.by_id, one.at),
                    "for": self._who(one.for_id) if one.for_id else "",
                    "leaves": self.leaves(one.for_id, one.by_id, one.at),
                    "version": version,
                    "calendar": calendars[known],
                    "seal": seal_of.get(one.id),
                }
            )
        return out

    @cached_property
    def _step(self) -> dict[int, str]:
        return {one.id: one.name for one in self.tasks}

    @cached_property
    def terms(self) -> dict[tuple[int, int, str], list[tuple[datetime | None, Any, Any, str]]]:
        """By (who, unit, post): each term they were given, oldest first, and which event says so. A post that somebody
        has had since before there was a record has the row alone."""
        out: dict[tuple[int, int, str], list[tuple[datetime | None, Any, Any, str]]] = {}
        changes = select(Event).where(Event.kind == audit.Kind.POST_CHANGED.value).order_by(Event.id)
        for one in self.work.session.scalars(changes):
            key = (one.facts["user"], one.facts["unit"], one.facts["post"])
            first, last = (date.fromisoformat(day) if day else None for day in one.facts["term"])
            out.setdefault(key, []).append((one.at, first, last, one.hash))
        rows = self.work.session.execute(
            select(Holding.user_id, Holding.unit_id, Post.code, Holding.from_on, Holding.until_on)
            .join(Post, Post.id == Holding.post_id)
            .where(Holding.user_id.in_(self.names))
        )
        for user, unit, post, first, last in rows:
            out.setdefault((user, unit, post), [(None, first, last, "")])
        return out

    @cached_property
    def titles(self) -> dict[str, str]:
        return {code: name for code, name in self.work.session.execute(select(Post.code, Post.name))}

    def posts(self, user_id: int | None, at: datetime) -> list[dict[str, Any]]:
        """The posts they held at that moment, as the record says: unit, post, term, and the hash of the event."""
        day, out = local_date(at), []
        for (who, unit, post), given in sorted(self.terms.items()):
            if who != user_id:
                continue
            before = [one for one in given if one[0] is None or one[0] <= at]
            if not before:
                continue
            _, first, last, hash = before[-1]
            if (first is None or first <= day) and (last is None or day <= last):
                term = [one.isoformat() if one else None for one in (first, last)]
                place, title = units.place(self.work, unit).name, self.titles.get(post, post)
                out.append({"unit": place, "post": title, "term": term, "event": hash})
        return out

    def leaves(self, user_id: int | None, agent_id: int | None, at: datetime) -> list[dict[str, Any]]:
        """代理: the leaves by which one acted for the other then, as they were in force: one, or a chain of them, from
        who was away on. None for who acted by a bond."""
        ways: dict[int, tuple[Leave, ...]] = {user_id: ()} if user_id is not None and agent_id is not None else {}
        for _ in range(AGENCY_DEPTH):
            then = and_(Leave.from_at <= at, Leave.until_at > at, or_(Leave.ended_at.is_(None), Leave.ended_at > at))
            found = self.work.session.scalars(select(Leave).where(Leave.user_id.in_(ways), then).order_by(Leave.id))
            further: dict[int, tuple[Leave, ...]] = {}
            for row in found:
                further.setdefault(row.agent_id, (*ways[row.user_id], row))
            if agent_id in further:
                return [self._link(row) for row in further[agent_id]]
            ways = further
        return []

    def _link(self, row: Leave) -> dict[str, Any]:
        return {
            "id": row.id,
            "whose": self._called(row.user_id),
            "agent": self._called(row.agent_id),
            "from": _at(row.from_at),
            "until": _at(row.until_at),
            "matters": row.matters,
        }

    def _called(self, user_id: int) -> str:
        """Somebody who need not have acted in the case themselves."""
        try:
            return self.work.session.scalar(select(User.name).where(User.id == user_id)) or self._who(user_id)
        except Exception:  # a name that does not open: the number says who it was
            return self._who(user_id)

    def _who(self, user_id: int | None) -> str:
        if user_id is None:
            return "系统"
        try:
            return self.names.get(user_id, f"用户 {user_id}")
        except Exception:  # a name that does not open: the number says who it was
            return f"用户 {user_id}"


def _index(gathered: _Gathering, asked: Asked) -> bytes:
    """The readable page. What could not be read stands on it as what it is."""
    read = gathered.read
    text = _PAGE.from_string((evidence.HERE / "index.html").read_text(encoding="utf-8")).render(
        case=read("case.json", lambda: gathered.of_case),
        acts=read("acts.json", lambda: gathered.acts),
        papers=read("papers.json", lambda: gathered.papers),
        materials=read("materials.json", lambda: gathered.materials),
        looks=read("looks.json", lambda: gathered.looks),
        versions=read("versions.json", lambda: gathered.versions),
        calendar=read("calendar.json", lambda: gathered.calendar),
        broken=gathered.broken,
        fields=FIELDS,
        purposes=PURPOSES,
        asked=asked,
        fingerprint=signing.fingerprint(signing.public()),
        local=_local,
    )
    return text.encode()


def _at(moment: datetime | None) -> str | None:
    return audit.moment(moment) if moment is not None else None


def _local(moment: str | datetime | None) -> str:
    """A moment as people read it, by the county's clock."""
    if moment is None:
        return ""
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _safe(name: str) -> str:
    return _SAFE.sub("_", name).strip("._")[:80] or "file"
