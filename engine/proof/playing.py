"""One story, played by the real commands on a scratch hall (engine.proof.scratch), on a clock of its own.

What a person does is a command by somebody who may; what falls due is done by the worker's own sweep and jobs, moment
by moment; papers are drawn to HTML with every fact they read, notices are filled. What then stands in the rows is
compared with what the story says. Nothing here reads the machine's clock.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import isodate
from sqlalchemy import func, select, update

from engine import crypto, forms, matters, people
from engine.commands import appointments, cases, schedules
from engine.commands.cases import consent
from engine.commands.effects import hall_papers
from engine.commands.equipment import Equipment
from engine.commands.registers import keeping
from engine.commands.worker import background, sweep
from engine.errors import AlreadyDone, Invalid, NotNow, NotYours, Refused
from engine.matters import mandates, plans
from engine.matters.nouns.bonds import MANDATE
from engine.matters.nouns.matches import CALL
from engine.matters.stories import Story, when
from engine.people import apart, units
from engine.plain import plain
from engine.proof import booking_steps, noun_steps
from engine.proof.attaching import handed_in
from engine.proof.county import Hall, booked, lent, wanted
from engine.records import audit, clocks, jobs, papers, registers, sources
from engine.store import Database, Work
from engine.store.models import (
    Awaited,
    BoardEntry,
    Bond,
    Case,
    Document,
    ForEach,
    ForEachItem,
    Incident,
    Job,
    MatchPair,
    Notice,
    RegisterEntry,
    Task,
    Timer,
)
from engine.workdays import ZONE, local_date

#: The hall itself gives these papers when it takes in and hands over (engine.commands.effects.hall_papers): a story
#: need not list them.
HALL_PAPERS = frozenset({"receipt", "service_receipt"})
#: The hall itself asks for a rating, in the matter's words when it has some: a story need not list that either.
HALL_NOTICES = frozenset({"rating"})
#: Jobs that open a case of the matter that their payload names.
OPENING = ("open-child", "match-due", "nobody-opened")
#: More rounds at one moment, or moments in one wait, are a story without an end.
MOST_ROUNDS, MOST_MOMENTS = 200, 5000
#: A name in braces that nobody filled in.
_UNFILLED = re.compile(r"\{[A-Za-z_][\w.]*\}")
#: How a story calls its own case's number.
OWN_NUMBER = frozenset({"STORY", "350526-STORY"})


@dataclass(slots=True)
class Played:
    """What happened when it was played."""

    story: Story
    problems: list[str] = field(default_factory=list)  # empty: everything was as the story says
    tasks: list[str] = field(default_factory=list)  # elements completed by people, in order
    papers: list[str] = field(default_factory=list)  # kinds, in the order they were issued
    notices: list[str] = field(default_factory=list)  # kinds, in order; one that goes to several people counts once
    effects: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)  # elements the case has passed
    flows: list[str] = field(default_factory=list)  # sequence flows it has taken
    finished: bool = False
    outcome: str = ""
    due_on: date | None = None  # last day of the promised limit
    statutory_on: date | None = None
    open: list[str] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)  # board -> how its newest entry stands
    flags: list[str] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)
    case_id: int = 0
    cpu_s: float = 0.0  # seconds of computing it took, without what its county costs


class Stuck(Refused):
    """Expected the story to go on, but it cannot."""

    slug = "story-stuck"


def play(database: Database, hall: Hall, package: matters.Package, story: Story) -> Played:
    """Play a story in this hall, in which the matter is published. Never raises for what the story holds."""
    player = Player(database, hall, package, story)
    began = time.process_time()
    database.watcher = player.watch
    try:
        player.run()
    except Invalid as refusal:
        fields = "；".join(f"{e.field}：{e.zh}" for e in refusal.fields)
        player.problem(f"{player.where}不被接受：{fields or refusal.zh}")
    except Refused as refusal:
        player.problem(f"{player.where}{refusal.zh}")
    except Exception as fault:  # a fault of a command's own is no reason to stop the other stories
        player.problem(f"{player.where}程序出错（{type(fault).__name__}: {str(fault)[:300]}），请报告。")
    finally:
        database.watcher = None
    player.played.cpu_s = time.process_time() - began
    return player.played


class Drawing:
    """A press that composes the HTML of a paper and prints nothing."""

    def render(self, job: papers.Job) -> papers.Made:
        kind = papers.library().read(job.paper) if job.paper.startswith("---") else papers.library().kind(job.paper)
        made = papers.compose(
            kind,
            job.facts,
            check_code=job.check_code,
            verify_url=job.verify_url,
            seal=job.seal,
            sample=job.sample,
            copy=job.copy,
        )
        if kind.title not in unescape(made.html):
            raise papers.BadPaper(
                f"《{kind.title}》没有印出自己的名称。", f"{kind.title_en} does not print its own title."
            )
        self.drawn(job, made)
        return papers.Made(_DRAWN, crypto.fingerprint(_DRAWN), "", 1, False)

    def drawn(self, job: papers.Job, composed: papers.Composed) -> None:
        """A paper was drawn. Who plays to look at it keeps it (engine.proof.trying)."""


#: Stands for every paper that was drawn: its file is written once.
_DRAWN = b"drawn"


class Swallow:
    """A gateway that takes every message and sends none."""

    def send(self, message: object) -> str:
        return "story"


class Silent:
    """Another office that never answers: the story says what it answers."""

    def ask(self, question: sources.Question) -> sources.Answer | None:
        return None

    def collect(self, question: sources.Question) -> sources.Answer | None:
        return None


def equipment(press: Drawing | None = None) -> Equipment:
    return Equipment(
        press=press or Drawing(),
        channels={"*": Swallow()},
        sources={"*": Silent()},
        public_url="https://hall.test",
        sign=False,
    )


class Player:
    """Plays one story."""

    def __init__(self, database: Database, hall: Hall, package: matters.Package, story: Story) -> None:
        self.database, self.hall, self.package, self.story = database, hall, package, story
        self.now = story.at.astimezone(UTC)
        self.played = Played(story)
        self.equipment = equipment()
        self.where = ""  # begins a problem: at which step
        self.number = ""
        self.gives_up_at: float | None = None  # by this thread's clock (time.thread_time); None: only by its rounds
        self.incident = 0  # the last one that was told
        self.not_done: set[int] = set()  # items of a for-each that failed and were told

    @property
    def case_id(self) -> int:
        return self.played.case_id

    def problem(self, text: str) -> None:
        if text not in self.played.problems:
            self.played.problems.append(text)

    def watch(self, case_id: int, step: Any) -> None:
        """A step was stored."""
        if self.played.case_id in (0, case_id):
            self.played.trace += step.trace
            self.played.flows += step.flows
            self.played.effects += [effect.kind for effect in step.effects]

    # ------------------------------------------------------------ the whole

    def run(self) -> None:
        self.prepare()
        if self.story.refused:
            self._refused()
            return
        self.begin()
        for n, step in enumerate(self.story.steps, 1):
            self.step(n, step)
        self.where = ""
        with self.database.reading() as work:
            self.read(work)
            self._compare()

    def prepare(self) -> None:
        """What there is when the story begins."""
        for one in self.story.booked:
            self.where = f"以前的预订（{one['who']}）："
            booking_steps.booked_before(self.database, self.package, one)
        for answers in self.story.earlier:
            self.where = "更早的件："
            self.earlier(answers)
        self.where = "申请："

    def begin(self) -> None:
        """Somebody applies, or what begins it is due; the worker does what it asks for."""
        self.submit()
        self._work_off()

    def step(self, n: int, step: Mapping[str, Any]) -> None:
        """Its n-th step; the worker does what it asks for."""
        self.where = f"第 {n} 步（{_short(step)}）："
        self.do(step)
        self._work_off()

    def _begin_by_schedule(self) -> None:
        """As the worker begins it when its turn is due (engine.commands.schedules.turns)."""
        plan = plans.find(self.package, self.story.schedule)
        if plan is None:
            raise Stuck(f"没有定期“{self.story.schedule}”。", f"There is no schedule {self.story.schedule}.")
        just_before = self.now - timedelta(microseconds=1)
        turn = plan.rule.due_after(
            just_before, self.database.calendar, closed=plan.closed, since=plan.since, until=plan.until
        )
        if turn is None or turn.due != self.now:
            next_on = f"{turn.due.astimezone(ZONE):%Y-%m-%d %H:%M}" if turn is not None else "没有下一次"
            raise Stuck(
                f"这一刻不是定期“{plan.title}”到期的时候；之后是 {next_on}。",
                f"The schedule {plan.name} is not due at this moment.",
            )
        with self.database.unit_of_work() as work:
            unit = schedules.of_unit(work, plan, self.story.unit)
            if not unit:
                raise Stuck("没有单位要办这个定期。", "No unit gets a run of this schedule.")
            done = schedules.begin(work, self.package, plan, turn, unit[0], key="story", now=self.now)
            self.played.case_id, self.number = done.case.id, done.case.number

    def earlier(self, answers: Mapping[str, Any]) -> None:
        """A case that is open already: the hall took it in for somebody without an account."""
        self.played.case_id = -1  # no step of it is one of the story's
        with self.database.unit_of_work() as work:
            by = self.actor(work, self.hall.clerk)
            given = handed_in(work, self.package.form(self.package.info.apply.form), answers, by=by, now=self.now)
            place = units.by_code(work, self.hall.village)
            cases.submit(
                work, self.package.name, given, by=by, now=self.now, channel="counter", unit=place, place=place
            )
        self.played.case_id = 0

    def submit(self) -> None:
        story, hall = self.story, self.hall
        if story.schedule:
            self._begin_by_schedule()
            return
        with self.database.unit_of_work() as work:
            booking = None
            if "appointment" in story.facts:  # as the verbs of bookings have it when they begin the case
                booking = booked(work, self.package, story, hall, now=self.now)
            by = {"online": lambda: self.actor(work, hall.applicant), "system": lambda: people.SYSTEM}.get(
                story.channel, lambda: self.actor(work, hall.clerk)
            )()
            facts = dict(story.facts)
            need = None
            if "need" in facts:  # as the worker has it when nobody took a need in time, or nobody arrived
                need, known = wanted(work, self.package, story, hall, now=self.now)
                facts |= known
            form = mandates.application(self.package, story.channel)
            given = handed_in(work, form, story.answers, by=by, now=self.now)
            whose = self._consents(work, given, by)
            done = cases.submit(
                work,
                self.package.name,
                given,
                by=by,
                now=self.now,
                channel=story.channel,
                unit=units.by_code(work, story.counter) if story.counter else None,
                variables=facts,
                place=units.by_code(work, story.place or hall.village),
                applicant_id=hall.applicant,
                key=appointments.request_key(booking) if booking is not None else None,
            )
            consent.keep(work, self.package, done.case, whose, by=by, now=self.now)
            if booking is not None:
                booking.case_id = done.case.id
            if "loan" in story.facts:  # as the verbs of loans have it when they open the case
                lent(work, self.package, story, hall, done.case, now=self.now)
            if isinstance(need, MatchPair) and need.charged_at is not None:
                need.charged_id = done.case.id
            elif isinstance(need, MatchPair) and need.late_at is not None:
                need.late_id = done.case.id
            elif need is not None:
                need.opened_id = done.case.id
            self.played.case_id, self.number = done.case.id, done.case.number

    def _consents(self, work: Work, answers: Mapping[str, Any], by: people.Actor) -> tuple[str, int | None]:
        """Whoever applies agrees, as on every other way in; the hall's own cases ask nobody, and a booking that opens a
        case asked when it was made."""
        if by.kind == "system":
            return "", None
        path = self.package.info.who.id_number
        said = forms.dig(answers, path) if path else None
        number = str(said or "") or None
        return consent.ask(work, self.package, self.story.consent, number, answers=answers, by=by, now=self.now)

    def _refused(self) -> None:
        """The application must be refused for these fields: what is wrong in it, or comes too late."""
        try:
            self.submit()
        except Invalid as refusal:
            if sorted(refusal.by_field()) != sorted(self.story.refused):
                raise
            return
        self.problem(f"申请应因 {list(self.story.refused)} 被拒绝，但收下了")

    def actor(self, work: Work, user_id: int) -> people.Actor:
        return people.load(work, user_id, now=self.now)

    def follow(self, n: int) -> None:
        """The story is from now on that of a case which a for-each of this one opened; its number is STORY."""
        with self.database.reading() as work:
            opened = work.session.scalar(
                select(Case)
                .join(ForEachItem, ForEachItem.case_id == Case.id)
                .join(ForEach, ForEach.id == ForEachItem.for_each_id)
                .where(ForEach.case_id == self.case_id, ForEachItem.n == n)
                .order_by(ForEach.id.desc())
                .limit(1)
            )
            if opened is None:
                raise Stuck(f"没有逐条办理开出的第 {n} 件。", f"No for-each of this case opened a case number {n}.")
            self.played.case_id, self.number = opened.id, opened.number

    # ------------------------------------------------------------ one step

    def do(self, step: Mapping[str, Any]) -> None:
        if "at" in step:
            self._until(when(step["at"]).astimezone(UTC))
        if "wait" in step:
            self._until(self.now + isodate.parse_duration(str(step["wait"])))
        if "follow" in step:
            self.follow(step["follow"])
        if "open" in step:
            with self.database.reading() as work:
                live = self._open(work)
            if live != sorted(step["open"]):
                self.problem(f"{self.where}此时应开着 {step['open']}，实际是 {live}")
        if "task" in step:
            self._complete(step)
        elif "message" in step:
            key = self.number if step.get("key") in OWN_NUMBER else step.get("key")
            with self.database.unit_of_work() as work:
                heard = cases.deliver(
                    work,
                    self.case_id,
                    str(step["message"]),
                    step.get("variables"),
                    key=key,
                    by=people.SYSTEM,
                    now=self.now,
                )
            if heard is None:
                raise Stuck(f"没有在等消息“{step['message']}”。", f"Nothing waits for {step['message']}.")
        elif "answer" in step:
            self._answer(step)
        elif "return" in step:
            with self.database.unit_of_work() as work:
                task = self._task(work, str(step["return"]))
                by = self.holder(work, task)
                if task.state == "open":
                    cases.claim(work, task.id, version=task.version, by=by, now=self.now)
                cases.return_(work, task.id, str(step["to"]), "请补充", version=task.version, by=by, now=self.now)
        elif "extend" in step:
            self._extend(step)
        else:
            for verb, act in noun_steps.STEPS.items():
                if verb in step:
                    act(self, step)

    def _extend(self, step: Mapping[str, Any]) -> None:
        """By the head of every unit: whose word the law wants is told apart in tests/enforcement."""
        try:
            with self.database.unit_of_work() as work:
                by = self.actor(work, self.hall.head)
                cases.extend(work, self.case_id, str(step["extend"]), by=by, now=self.now)
        except NotNow:
            if "refused" not in step:
                raise
        else:
            if "refused" in step:
                self.problem(f"{self.where}应当不能再延期，却延了")

    def _answer(self, step: Mapping[str, Any]) -> None:
        with self.database.unit_of_work() as work:
            key = work.session.scalar(
                select(Awaited.key)
                .where(Awaited.case_id == self.case_id, Awaited.element == step["answer"])
                .order_by(Awaited.id)
                .limit(1)
            )
            if key is None:
                raise Stuck(f"没有在等“{step['answer']}”的结果。", f"Nothing waits for {step['answer']}.")
            error = (str(step["error"]), "") if step.get("error") else None
            cases.answer(work, self.case_id, key, step.get("variables"), by=people.SYSTEM, now=self.now, error=error)

    def _open(self, work: Work) -> list[str]:
        live = work.session.scalars(select(Task.element).where(Task.case_id == self.case_id, Task.state != "ended"))
        return sorted(live)

    def _task(self, work: Work, element: str) -> Task:
        found = work.session.scalar(
            select(Task)
            .where(Task.case_id == self.case_id, Task.element == element, Task.state != "ended")
            .order_by(Task.id)
            .limit(1)  # a step that everybody does at once has as many tasks: the story does one after the other
        )
        if found is None:
            raise Stuck(f"“{element}”没有打开；开着的是 {self._open(work)}。", f"The task {element} is not open.")
        return found

    def holder(self, work: Work, task: Task) -> people.Actor:
        """Somebody who may do it: the person it is for, else a clerk who need not keep away."""
        away = apart.read(task.apart)
        named = [int(key[2:]) for key in task.candidates if key.startswith("u:")]
        if task.assignee_id is not None:
            named.insert(0, task.assignee_id)
        able = [one for one in (*named, self.hall.clerk, self.hall.second, self.hall.head) if one not in away]
        if not able:
            raise Stuck(f"“{task.name}”没有人可以办：都要回避。", f"Nobody may do {task.name!r}: all must keep away.")
        return self.actor(work, able[0])

    def agent(self, work: Work) -> people.Actor:
        """Who has, or had last, the mandate of this case: whether they still may is for the command to say."""
        holder = work.session.scalar(
            select(Bond.holder_id)
            .where(Bond.case_id == self.case_id, Bond.kind == MANDATE)
            .order_by(Bond.id.desc())
            .limit(1)
        )
        if holder is None:
            raise Stuck("本件没有人接受过委托。", "Nobody has taken a mandate in this case.")
        return self.actor(work, holder)

    def complete(self, work: Work, step: Mapping[str, Any]) -> None:
        """Somebody who may completes the open task of this step."""
        task = self._task(work, str(step["task"]))
        by = self.agent(work) if step.get("by") == "agent" else self.holder(work, task)
        answers = step.get("answers") or {}
        if task.form:
            answers = handed_in(work, self.package.form(task.form), answers, by=by, now=self.now)
        cases.complete(work, task.id, answers, version=task.version, by=by, now=self.now)

    def _complete(self, step: Mapping[str, Any]) -> None:
        refused: Invalid | None = None
        with self.database.reading() as work:
            task = self._task(work, str(step["task"]))
            name = task.name
            if "due" in step:
                shown = task.due_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if task.due_at else "没有期限"
                if not shown.startswith(str(step["due"])):
                    self.problem(f"“{name}”应在 {step['due']} 前办，实际是 {shown}")
        try:
            with self.database.unit_of_work() as work:
                self.complete(work, step)
        except Invalid as refusal:
            refused = refusal
        except (NotYours, AlreadyDone):
            if not step.get("error"):
                raise
            return
        except NotNow as refusal:  # the law refuses it and names the field, as a second request for corrections
            names = [str(one).rpartition(".")[2] for one in step.get("refused") or ()]
            if names != [str(refusal.facts.get("field") or "").rpartition(".")[2]]:
                raise
            return
        if step.get("error"):
            self.problem(f"“{name}”应办不了，但办成了")
        if refused is not None:
            wrong = sorted(refused.by_field())
            if wrong != sorted(step.get("refused") or ()):
                raise refused
            return
        if "refused" in step:
            self.problem(f"“{name}”的表单应拒绝 {step['refused']}，但通过了")
        self.played.tasks.append(str(step["task"]))

    # ------------------------------------------------------------ time

    def _until(self, moment: datetime) -> None:
        """Let time pass: the worker does what falls due, each at its own moment."""
        for _ in range(MOST_MOMENTS):
            self._hurry()
            following = self.due_next()
            if following is None or following > moment:
                self.now = max(self.now, moment)
                self._registers()
                return
            self.now = max(self.now, following)
            self._work_off()
        raise Stuck(f"到 {moment:%Y-%m-%d} 为止要做的事没有尽头。", "What falls due until then has no end.")

    def _hurry(self) -> None:
        """Somebody may be waiting for it: not for ever."""
        if self.gives_up_at is not None and time.thread_time() > self.gives_up_at:
            raise Stuck(
                "走了很久还没有停，不再往下走了。是不是有一个没有出口的圈，或者一步里有成千上万件？",
                "It was played for long and came to no end. Is there a loop without an exit, or a step of thousands?",
            )

    def _registers(self) -> None:
        """The night before looked at the registers: whose entry runs out is told. (Only the last night that went by:
        a story waits for months.)"""
        if any(getattr(one.what, "runs_out", None) for one in self.package.declared("registers").values()):
            with self.database.unit_of_work() as work:
                keeping.tell(work, now=self.now)

    def due_next(self) -> datetime | None:
        """When something falls due next."""
        with self.database.reading() as work:
            found = work.session.execute(_NEXT).one()
        return min((at for at in found if at is not None), default=None)

    def _work_off(self) -> None:
        """The worker comes by: everything that is due now is done."""
        for _ in range(MOST_ROUNDS):
            self._hurry()
            self._hold_back()
            swept = sweep.sweep(self.database, now=self.now)
            if not background.run(self.database, self.equipment, now=self.now) and not swept.busy:
                break
        else:
            raise Stuck("系统处理没有尽头。", "What the worker has to do at this moment has no end.")
        with self.database.reading() as work:
            new = (
                select(Incident).where(Incident.solved_at.is_(None), Incident.id > self.incident).order_by(Incident.id)
            )
            for row in work.session.scalars(new):
                self.incident = row.id
                self.problem(f"{self.where}“{row.name or row.element}”出了异常：{row.zh}")
            left = (
                select(ForEachItem, ForEach.name)
                .join(ForEach, ForEach.id == ForEachItem.for_each_id)
                .where(ForEachItem.state == "failed")
                .order_by(ForEachItem.id)
            )
            for item, name in work.session.execute(left):
                if item.id not in self.not_done:  # the step waits for it, so nothing further would say why
                    self.not_done.add(item.id)
                    self.problem(f"{self.where}“{name}”的第 {item.n} 条没有办成：{item.error}")

    def _hold_back(self) -> None:
        """Cases of other matters are not opened here: what they answer stands in the story (`answer`)."""
        with self.database.reading() as work:
            others = [
                row.id
                for row in work.session.scalars(select(Job).where(Job.kind.in_(OPENING), Job.state == "ready"))
                if row.payload.get("matter", self.package.name) != self.package.name
            ]
        if others:
            with self.database.unit_of_work() as work:
                work.session.execute(update(Job).where(Job.id.in_(others)).values(state="done", ended_at=self.now))

    # ------------------------------------------------------------ what came of it

    def read(self, work: Work) -> None:
        """What came of it until now."""
        played = self.played
        case = work.session.get_one(Case, self.case_id)
        issued = work.session.scalars(select(Document).where(Document.case_id == case.id).order_by(Document.id)).all()
        wanted = self.story.end.get("papers") or ()
        own_papers = (d.kind for d in issued if d.key != hall_papers.mandate_key(case.number))
        played.papers = [kind for kind in own_papers if kind in wanted or kind not in HALL_PAPERS]
        for paper in issued:
            if paper.state == "pending":  # one that failed left an incident that says why
                self.problem(f"文书“{paper.title}”没有生成。")
        sent = work.session.scalars(select(Notice).where(Notice.case_id == case.id).order_by(Notice.id)).all()
        own = {*self.package.info.notices, "correction", CALL} - HALL_NOTICES | set(self.story.end.get("notices") or ())
        told = {re.sub(r":\d+:\w+$", "", n.key): n.kind for n in sent if n.kind in own}
        played.notices = list(told.values())
        for notice in sent:
            for left in _UNFILLED.findall(f"{notice.text}\n{notice.text_en or ''}"):
                self.problem(f"通知“{notice.kind}”里的 {left} 没有填上内容。")
        played.finished, played.outcome = case.status == "finished", case.outcome
        rules = self.package.info.limits.rules(local_date(case.received_at))
        limits = clocks.ledger(work, case, rules).account(self.now).limits
        promised, statutory = limits.get("promised"), limits.get("statutory")
        played.due_on = promised.due_on if promised else None
        played.statutory_on = statutory.due_on if statutory else None
        played.open = self._open(work)
        names = {one.key: name for name, one in self.package.declared("boards").items()}
        rows = select(BoardEntry.board, BoardEntry.state).where(BoardEntry.case_id == case.id).order_by(BoardEntry.id)
        played.entries = {names[key]: state for key, state in work.session.execute(rows)} if names else {}
        played.flags = list(case.flags)
        self._stand_in_registers(work, self.story.end.get("registers") or {})
        played.variables = dict(case.answers or {})
        for fault in audit.verify(work).faults:
            self.problem(f"审计记录对不上：{fault}")

    def _compare(self) -> None:
        played = self.played
        found: Mapping[str, Any] = {
            "finished": played.finished,
            "outcome": played.outcome,
            "papers": played.papers,
            "notices": played.notices,
            "effects": played.effects,
            "due": str(played.due_on) if played.due_on else None,
            "statutory": str(played.statutory_on) if played.statutory_on else None,
            "open": played.open,
            "entries": played.entries,
            "flags": played.flags,
        }
        for name, expected in self.story.end.items():
            if name == "at":
                if expected not in played.trace:
                    self.problem(f"应走到“{expected}”，实际最后到“{played.trace[-1] if played.trace else '—'}”")
            elif name == "registers":
                continue  # looked into where the rest was read (_stand_in_registers)
            elif name == "variables":
                for key, value in expected.items():
                    if plain(played.variables.get(key)) != value:
                        self.problem(f"变量 {key} 应为 {value}，实际是 {played.variables.get(key)}")
            else:
                wanted = _wanted(name, expected)
                if found[name] != wanted:
                    self.problem(f"{name} 应为 {wanted}，实际是 {found[name]}")

    def _stand_in_registers(self, work: Work, expected: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """What stands in registers at the end, by the name or key of whom or what an entry is about."""
        for name, entries in expected.items():
            listed = registers.names(self.package.declared("registers")[name])
            rows = work.session.scalars(select(RegisterEntry).where(RegisterEntry.register.in_(listed))).all()
            found = {row.title: {**(row.facts or {}), "state": row.state} for row in rows}
            for title, fields in entries.items():
                for key, value in fields.items():
                    now = plain(found.get(title, {}).get(key))
                    if now != plain(value):
                        self.problem(f"台账 {name} 里“{title}”的 {key} 应为 {value}，实际是 {now}")


def _wanted(name: str, expected: Any) -> Any:
    if name in ("due", "statutory"):
        return str(expected) if expected is not None else None
    if name == "open" and isinstance(expected, Sequence):
        return sorted(expected)
    return expected


def _short(step: Mapping[str, Any]) -> str:
    for key in ("task", "message", "answer", "return", "extend", *noun_steps.STEPS, "at", "wait", "open"):
        if key in step:
            return f"{key}: {step[key]}"
    return ""


#: When the next timer, deadline and job falls due.
_NEXT = select(
    select(func.min(Timer.wake_at)).scalar_subquery(),
    select(func.min(Case.next_alert_at)).scalar_subquery(),
    select(func.min(Job.run_after)).where(jobs.PENDING).scalar_subquery(),
)
