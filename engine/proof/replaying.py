"""Replay (发布回放): what recorded cases of the version in use would have come to on another one.

    records(work, version, ids)                      what was recorded of ended cases; it stays in memory
    with Replay(before, after) as replay:
        replay.of(record) -> Went                    the same, other, or not to be replayed, in words

Each case is played twice by the real commands on scratch halls (engine.proof.scratch): on the version it went by and on
the other one, with its own answers and decisions at their own times. What differs between the two plays is the
version's doing. A case whose first play does not come out as it was recorded proves nothing and says why. The real hall
is read and never written; what people wrote is in memory alone, and no word of it is in what is said.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from engine import crypto, forms, matters
from engine.errors import Invalid, Refused
from engine.matters import mandates
from engine.matters.stories import Book, Story
from engine.people import units
from engine.proof import county
from engine.proof.county import Hall
from engine.proof.playing import Drawing, Player, equipment
from engine.proof.scratch import Scratch, empty
from engine.records import audit, library, papers
from engine.store import Database, Work
from engine.store.models import Case, Document, Event, Post, Task
from engine.workdays import ZONE

#: A sentence in Chinese and in English.
Said = tuple[str, str]

#: What happened to a case that cannot be done again from what was recorded, and how that is said.
_NOT_AGAIN: dict[audit.Kind, Said] = {
    audit.Kind.CASE_WITHDRAWN: ("申请人撤回了申请", "the applicant withdrew it"),
    audit.Kind.CASE_SUSPENDED: ("中间挂起过", "it was suspended"),
    audit.Kind.TASK_JUMPED: ("中间跳转过", "somebody had it go on from another step"),
    audit.Kind.TASK_RECALLED: ("有一步撤回过", "a step was taken back"),
    audit.Kind.EXTENSION_APPROVED: ("延过期", "it was extended"),
}
#: What may be the reason that a case does not come out as it was recorded: what came was not kept.
_NOT_KEPT: dict[audit.Kind, Said] = {
    audit.Kind.EFFECT_ANSWERED: ("等过外面的答复，答复的内容没有留存", "it waited for an answer that was not kept"),
    audit.Kind.MESSAGE: ("中间来过消息，消息的内容没有留存", "a message came, and what it said was not kept"),
}
_ELSE: Said = ("要靠大厅里的台账、预约或别的件", "it needs registers, bookings or other cases")
_DONE = ("APPROVED", "REJECTED")
#: Seconds of computing after which a case that comes to no end is given up.
LONGEST_S = 20.0
#: What kinds of units are called whose codes differ from hall to hall.
_KINDS_OF_UNITS: dict[str, Said] = {
    "town": ("镇", "town"),
    "village": ("村", "village"),
    "grid": ("网格", "grid"),
    "county": ("县", "county"),
}
#: So many elements are named in one sentence.
_NAMED = 6
#: Stands for every signature.
_INK = "M20 60" + " L40 80 L60 70 L90 120" * 4


@dataclass(frozen=True, slots=True)
class Act:
    """One decision: a step done with these answers, or sent back."""

    at: datetime
    element: str
    answers: Mapping[str, Any] = field(repr=False)
    back_to: str = ""  # 退回: to which step


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of an ended case."""

    number: str  # "": who replays may not know which case it was
    received_at: datetime
    ended_at: datetime
    channel: str
    answers: Mapping[str, Any] = field(repr=False)
    acts: tuple[Act, ...]
    outcome: str
    places: tuple[tuple[str, str], ...] = ()  # (code, kind) of the county's towns and villages that the answers name
    hindered: Said | None = None  # why it cannot be replayed
    perhaps: Said = _ELSE  # why it may come out otherwise on its own version


@dataclass(frozen=True, slots=True)
class Went:
    """What came of one case."""

    number: str
    differences: tuple[Said, ...] = ()  # () and not hindered: it goes as it went
    hindered: Said | None = None


# ---------------------------------------------------------------- what was recorded


def ended(work: Work, version: str, most: int) -> list[int]:
    """The cases of this version that ended last, the newest first; confidential ones are as if they were not there."""
    found = (
        select(Case.id)
        .where(Case.version_hash == version, Case.finished_at.is_not(None), ~Case.confidential)
        .order_by(Case.finished_at.desc(), Case.id.desc())
        .limit(most)
    )
    return list(work.session.scalars(found))


def record(work: Work, case_id: int) -> Record:
    """What was recorded of this case."""
    case = work.session.get_one(Case, case_id)
    package = library.version(work, case.version_hash)
    tasks = work.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.ended_at, Task.id)).all()
    events = work.session.scalars(select(Event).where(Event.case_id == case_id).order_by(Event.id)).all()
    answers = _application(case, package, tasks)
    known = {place.code: place.kind for place in units.tree(work) if place.kind in ("town", "village")}
    assert case.finished_at is not None
    return Record(
        number="" if case.restricted else case.number,
        received_at=case.received_at,
        ended_at=case.finished_at,
        channel=case.channel,
        answers=answers,
        acts=tuple(_acts(tasks, events)),
        outcome=case.outcome,
        places=tuple(
            (code, kind) for code, kind in known.items() if code in _texts([answers, *(t.result for t in tasks)])
        ),
        hindered=_hindered(case, events),
        perhaps=_of_events(_NOT_KEPT, events) or _ELSE,
    )


def _hindered(case: Case, events: Sequence[Event]) -> Said | None:
    if case.erased_at is not None:
        return "过了保存期限，内容已经清除", "what it said was erased: it is kept no longer"
    if case.parent_id is not None:
        return "是别的办件开出来的", "another case opened it"
    if case.channel == "system":
        return "是大厅自己开的", "the hall opened it itself"
    return _of_events(_NOT_AGAIN, events)


def _of_events(table: Mapping[audit.Kind, Said], events: Sequence[Event]) -> Said | None:
    kinds = {one.kind for one in events}
    return next((said for kind, said in table.items() if kind.value in kinds), None)


def _application(case: Case, package: matters.Package, tasks: Sequence[Task]) -> dict[str, Any]:
    """What was applied with: the answers as the first step found them, else as they are now."""
    if case.erased_at is not None:
        return {}
    first = min(tasks, key=lambda task: task.id, default=None)
    found = {**(case.answers or {}), **(dict(first.variables or {}) if first is not None else {})}
    keys = mandates.application(package, case.channel).keys
    return {key: found[key] for key in keys if key in found}


def _acts(tasks: Sequence[Task], events: Sequence[Event]) -> Iterator[Act]:
    back = {
        one.task_id: str((one.facts or {}).get("to", ""))
        for one in events
        if one.kind == audit.Kind.TASK_RETURNED.value
    }
    for task in tasks:
        if task.ended in _DONE and task.ended_at is not None:
            yield Act(task.ended_at, task.element, dict(task.result or {}))
        elif task.ended == "RETURNED" and task.ended_at is not None and task.id in back:
            yield Act(task.ended_at, task.element, {}, back[task.id])


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        value = list(value.values())
    return set().union(*(_texts(one) for one in value)) if isinstance(value, list) else set()


# ---------------------------------------------------------------- one play


@dataclass(slots=True)
class Way:
    """How one play went, without a word of what anybody wrote."""

    done: list[str] = field(default_factory=list)  # elements that people did, in order
    trace: list[str] = field(default_factory=list)  # elements passed
    papers: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    outcome: str = ""
    finished: bool = False
    hands: dict[str, Said] = field(default_factory=dict)  # element -> who may do it
    due: dict[str, datetime | None] = field(default_factory=dict)  # element -> until when, the first time
    limits: dict[str, datetime | None] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    stopped: Said | None = None  # what was not accepted


class _Blank(Drawing):
    """Prints nothing and composes nothing: that the papers can be drawn is for the stories to show."""

    def render(self, job: papers.Job) -> papers.Made:
        return papers.Made(_BLANK, crypto.fingerprint(_BLANK), "", 1, False)


_BLANK = b"not drawn"


class _Replayer(Player):
    """Plays a record instead of a story."""

    def __init__(self, database: Database, hall: Hall, package: matters.Package, record: Record) -> None:
        story = Story(
            record.number, record.received_at.astimezone(ZONE), record.answers, (), {}, channel=record.channel
        )
        super().__init__(database, hall, package, story)
        self.record, self.way = record, Way()
        self.equipment = equipment(_Blank())

    def run(self) -> None:
        form = mandates.application(self.package, self.record.channel)
        self.story = Story(
            self.story.name,
            self.story.at,
            _made_up(form, self.record.answers, self.now),
            (),
            {},
            channel=self.record.channel,
        )
        try:
            self.where = "apply"
            self.submit()
            self._work_off()
            for act in self.record.acts:
                self.where = act.element
                self._until(act.at.astimezone(UTC))
                self._act(act)
                self._work_off()
            self._until(self.record.ended_at.astimezone(UTC))
        except Invalid as refusal:
            fields = "、".join(dict.fromkeys(one.label or one.field for one in refusal.fields))
            self.way.stopped = self._stopped(f"不收原来的答复：{fields}", f"what was answered is refused: {fields}")
        except Refused as refusal:
            self.way.stopped = self._stopped(
                f"不能照原来的办（{refusal.slug}）", f"cannot be done as it was ({refusal.slug})"
            )
        with self.database.reading() as work:
            self._see(work)

    def _stopped(self, zh: str, en: str) -> Said:
        name = "申请" if self.where == "apply" else f"“{self._name(self.where)}”"
        return f"{name}{zh}", f"{'The application' if self.where == 'apply' else name}: {en}"

    def _name(self, element: str) -> str:
        return self.package.element_names.get(element, element)

    def _act(self, act: Act) -> None:
        with self.database.reading() as work:
            task = work.session.scalar(
                select(Task).where(Task.case_id == self.case_id, Task.element == act.element, Task.state != "ended")
            )
            form = self.package.form(task.form) if task is not None and task.form else None
        if task is None:
            return  # the version has no such step here: it is seen in the path
        if act.back_to:
            self.do({"return": act.element, "to": act.back_to})
        else:
            answers = _made_up(form, act.answers, self.now) if form is not None else act.answers
            with self.database.unit_of_work() as work:
                self.complete(work, {"task": act.element, "answers": answers})
        self.way.done.append(act.element)

    def _see(self, work: Work) -> None:
        """What stands in the rows now."""
        way = self.way
        way.trace = list(self.played.trace)
        if not self.case_id:
            return
        self.read(work)
        titles = {kind: title for kind, title in work.session.execute(select(Document.kind, Document.title))}
        way.papers = [f"《{titles[kind]}》" for kind in self.played.papers]
        way.notices = list(self.played.notices)
        case = work.session.get_one(Case, self.case_id)
        way.outcome, way.finished = case.outcome, case.finished_at is not None
        way.limits = {"promised": self._end_of("due_on"), "statutory": self._end_of("statutory_on")}
        for task in work.session.scalars(select(Task).where(Task.case_id == self.case_id).order_by(Task.id)):
            way.hands.setdefault(task.element, self._hands(work, task.candidates))
            way.due.setdefault(task.element, task.due_at)
            if task.state != "ended":
                way.open.append(task.element)

    def _end_of(self, limit: str) -> datetime | None:
        day = getattr(self.played, limit)
        return datetime(day.year, day.month, day.day, tzinfo=ZONE) if day is not None else None

    def _hands(self, work: Work, candidates: Sequence[str]) -> Said:
        """Who may do it, by post and kind of unit: not by the numbers of one scratch hall."""
        said: set[Said] = set()
        for key in candidates:
            kind, _, rest = key.partition(":")
            if kind == "p":
                unit, _, code = rest.partition(":")
                place = units.place(work, int(unit))
                post = work.session.scalars(select(Post).where(Post.code == code)).one_or_none()
                own = place.code.rpartition("-")[2]
                zh, en = _KINDS_OF_UNITS.get(place.kind, (own, own))
                name, name_en = (post.name, post.name_en) if post is not None else (code, code)
                said.add((f"{zh}·{name}", f"{name_en} ({en})"))
            elif kind == "u":
                applicant = int(rest) == self.hall.applicant
                said.add(("申请人", "the applicant") if applicant else ("指定的人", "somebody named"))
            else:
                said.add((key, key))
        ordered = sorted(said)
        return "、".join(zh for zh, _ in ordered), ", ".join(en for _, en in ordered)


def _made_up(form: forms.Form, answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answers with a made-up picture for every file that was handed in, and made-up ink for every signature: those
    themselves stay where they are."""
    sent = copy.deepcopy(dict(answers))
    picture = f"回放@{now.astimezone(ZONE):%Y-%m-%d %H:%M}.jpg"

    def invented(one: forms.Field, value: Any) -> Any:
        if one.properties.get("check") == "signature":
            return _INK
        if one.type == "filepicker":
            return [picture for _ in (value if isinstance(value, list) else [value])]
        return value

    forms.changed(form.fields, sent, invented)
    return sent


# ---------------------------------------------------------------- both plays, and what differs


class _Stage:
    """A scratch hall with one version published in it, put back for each case."""

    def __init__(self, package: matters.Package) -> None:
        self.package, self.scratch = package, Scratch()
        self._founded: dict[Any, tuple[bytes, Hall]] = {}

    def play(self, record: Record) -> Way:
        with self.scratch.inside() as database:
            content, hall = self._set(record)
            self.scratch.put(content)
            player = _Replayer(database, hall, self.package, record)
            player.gives_up_at = time.thread_time() + LONGEST_S
            database.watcher = player.watch
            try:
                player.run()
            finally:
                database.watcher = None
            return player.way

    def _set(self, record: Record) -> tuple[bytes, Hall]:
        """The county as it is at the beginning: rooms are open for some weeks from the day it was made."""
        at = record.received_at.astimezone(ZONE)
        key = (at.year, at.isocalendar().week, record.places)
        if key not in self._founded:
            self.scratch.put(empty())
            with self.scratch.database.unit_of_work() as work:
                begin = datetime.fromisocalendar(at.isocalendar().year, at.isocalendar().week, 1).replace(tzinfo=ZONE)
                hall = county.found(work, self.package, Book(), now=min(begin, at).astimezone(UTC))
                _settle(work, record.places)
            self._founded[key] = (self.scratch.content(), hall)
        return self._founded[key]


def _settle(work: Work, places: Collection[tuple[str, str]]) -> None:
    """The towns and villages that the answers name."""
    there = {place.code: place for place in units.tree(work)}
    town = next(place for place in there.values() if place.kind == "town")
    for n, (code, kind) in enumerate(sorted(places)):
        if code not in there:
            parent = there.get(code[:9], town) if kind == "village" else units.tree(work).county
            units.add(work, code=code, name=f"回放{n}", kind=kind, parent=parent, number=f"{6000 + n}", word=f"回{n}")
            there = {place.code: place for place in units.tree(work)}


class Replay:
    """Two versions, beside each other. For one thread; close it, or use `with`."""

    def __init__(self, before: matters.Package, after: matters.Package) -> None:
        self._before, self._after = _Stage(before), _Stage(after)

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self._before.scratch.close()
        self._after.scratch.close()

    def of(self, record: Record) -> Went:
        """One case. Never raises for what a version holds."""
        if record.hindered is not None:
            return Went(record.number, hindered=record.hindered)
        was = self._before.play(record)
        hindered = self._as_recorded(record, was)
        if hindered is not None:
            return Went(record.number, hindered=hindered)
        names = {**self._before.package.element_names, **self._after.package.element_names}
        return Went(record.number, tuple(differences(was, self._after.play(record), names)))

    def _as_recorded(self, record: Record, way: Way) -> Said | None:
        """Why the first play is not what happened; None: it is."""
        if way.stopped is not None:
            return f"在原来的版本上，{way.stopped[0]}", f"On the version it went by: {way.stopped[1]}"
        names = self._before.package.element_names
        for n, act in enumerate(record.acts):
            if n >= len(way.done) or way.done[n] != act.element:
                name = names.get(act.element, act.element)
                return self._otherwise(record, f"也走不到“{name}”", f"“{name}” is not reached")
        if not way.finished or way.outcome != record.outcome:
            return self._otherwise(record, "也办不出原来的结果", "it does not come out as it did")
        return None

    def _otherwise(self, record: Record, zh: str, en: str) -> Said:
        return f"在原来的版本上{zh}：{record.perhaps[0]}", f"On its own version {en}: {record.perhaps[1]}"


def differences(one: Way, other: Way, names: Mapping[str, str]) -> Iterator[Said]:
    """What is other in how a case went: path, who, papers, deadlines, outcome."""

    def called(elements: Collection[str]) -> str:
        named = [f"“{names[element]}”" for element in elements if element in names]
        more = f" … {len(named)}" if len(named) > _NAMED else ""
        return "、".join(named[:_NAMED]) + more

    waits = [e for e in other.open if e not in one.open]
    if other.stopped is not None:
        yield other.stopped
    elif waits:
        yield (
            f"停在{called(waits)}：当时没有办过这一步，没有记录",
            f"stops at {called(waits)}: nobody ever did that step",
        )
    new = [e for e in dict.fromkeys(other.trace) if e not in one.trace and e in names]
    gone = [e for e in dict.fromkeys(one.trace) if e not in other.trace and e in names]
    if new:
        yield f"多经过{called(new)}", f"passes {called(new)} too"
    if gone and other.stopped is None and not waits:
        yield f"不再经过{called(gone)}", f"passes {called(gone)} no more"
    if not new and not gone and one.done != other.done:
        yield "各步办的次数或次序不同", "the steps are done in another order, or more or less often"
    for element in one.hands.keys() & other.hands.keys():
        if one.hands[element] != other.hands[element]:
            who, was, name = other.hands[element], one.hands[element], called([element])
            yield f"{name}改由{who[0]}办（原来是{was[0]}）", f"{name} is for {who[1]}, not {was[1]}"
    if other.stopped is None and not waits:
        yield from _of_lists(("文书", "papers"), one.papers, other.papers)
        yield from _of_lists(("通知", "notices"), one.notices, other.notices)
        if (one.finished, one.outcome) != (other.finished, other.outcome):
            yield f"结果由“{one.outcome}”变为“{other.outcome}”", f"comes to {other.outcome!r}, not {one.outcome!r}"
    for element in sorted(one.due.keys() & other.due.keys()):
        yield from _of_times(
            (f"{called([element])}的期限", f"{called([element])} is due"), one.due[element], other.due[element]
        )
    for limit, label in (
        ("promised", ("承诺时限", "the promised limit ends")),
        ("statutory", ("法定时限", "the limit by law ends")),
    ):
        yield from _of_times(label, one.limits.get(limit), other.limits.get(limit))


def _of_lists(label: Said, one: Sequence[str], other: Sequence[str]) -> Iterator[Said]:
    new, gone = [x for x in other if x not in one], [x for x in one if x not in other]
    if new:
        yield f"多出{label[0]} {'、'.join(new)}", f"gets {label[1]} {', '.join(new)} too"
    if gone:
        yield f"没有了{label[0]} {'、'.join(gone)}", f"gets {label[1]} {', '.join(gone)} no more"
    if not new and not gone and list(one) != list(other):
        yield f"{label[0]}的次数或次序不同", f"{label[1]} come in another order, or more or less often"


def _of_times(label: Said, one: datetime | None, other: datetime | None) -> Iterator[Said]:
    """Said by how much, so that cases that shift alike are told together."""
    if one == other:
        return
    if one is None:
        yield f"{label[0]}：原来没有，现在有", f"{label[1]}: there was none, now there is"
    elif other is None:
        yield f"{label[0]}：原来有，现在没有", f"{label[1]}: there was one, now there is none"
    else:
        seconds = abs((other - one).total_seconds())
        days, hours = int(seconds // 86400), round(seconds % 86400 / 3600)
        zh = "".join(part for part in (f"{days} 天" if days else "", f"{hours} 小时" if hours else "")) or "不到一小时"
        en = (
            " ".join(part for part in (f"{days} day(s)" if days else "", f"{hours} hour(s)" if hours else ""))
            or "minutes"
        )
        yield (
            f"{label[0]}{'早' if other < one else '晚'} {zh}",
            f"{label[1]} {en} {'sooner' if other < one else 'later'}",
        )
