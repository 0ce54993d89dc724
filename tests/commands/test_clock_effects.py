"""Effects that move a clock, deliver and remind: each as a diagram asks for it, with what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, gate
from engine.commands.hall import own_data
from engine.commands.worker import sweep
from engine.errors import Invalid, NotNow, Refused
from engine.findings import errors
from engine.records import clocks, library
from engine.store.models import Case, Consent, Document, Notice, Task
from tests.between import small
from tests.between.small import given, service
from tests.check.drawing import file, short
from tests.check.test_gate import COUNTY, HOUSE

NAME = "small_clocks"
INFO = """
code: T-ZT
name: 停一停
name_en: Stopped
office: YB
limits: {regime: permit, promised: 10wd, promised_source: 试, steps: {beside: 3wd}}
basis: [{law: 试验法}]
in_force: {since: 2026-01-01}
apply: {form: ask, channels: [online, counter]}
who: {phone: "", id_number: ""}
groups: {审核: {post: reviewer, at: office, name: 审核}}
papers: {approval: {organ: office}, service_receipt: {organ: office}}
"""
ACCEPT = ("accept", "accept-case", "", "")
PREPARE = given("facts.prepare", "=&quot;备好样品&quot;")
PAUSE = ("stop", "pause-clock", "cause=inspection", given("days", "=5") + PREPARE)
RESUME = ("on", "resume-clock", "", "")
EXTEND = (
    "longer",
    "extend-clock",
    "",
    given("workdays", "=4") + given("approved_by", "=&quot;局长&quot;") + given("reason", "=decision"),
)
DECIDE = ("yes", "decide", "outcome=approve", "")
FACTS = {"findings": "=decision", "decision": "=decision", "grounds": "=[decision]"}
PAPER = ("paper", "issue-paper", "kind=approval", "".join(given(f"facts.{k}", v) for k, v in FACTS.items()))
DELIVER = ("hand", "deliver-paper", "kind=approval", "")


def line(*steps: Any) -> str:
    """One step after another: the id of a task, or an effect (id, kind, headers, inputs)."""
    ids = [one if isinstance(one, str) else one[0] for one in steps]
    drawn = [small.task(one, one) if isinstance(one, str) else service(*one) for one in steps]
    flows = "".join(f"<flow {a} {b}/>" for a, b in zip(["s", *ids], [*ids, "e"], strict=True))
    return f'<startEvent id="s"/>{"".join(drawn)}{flows}<endEvent id="e"/>'


def files(body: str, info: str = INFO) -> dict[str, bytes]:
    return {
        f"bpmn/{NAME}/matter.yaml": info.encode(),
        f"bpmn/{NAME}/process.bpmn": file(
            short(f'<process id="{NAME}" name="停一停" isExecutable="true">{body}</process>')
        ),
        f"forms/{NAME}/ask.form": json.dumps(small.FORM, ensure_ascii=False).encode(),
        f"forms/{NAME}/decide.form": json.dumps(small.DECIDE, ensure_ascii=False).encode(),
    }


class Desk:
    """A case of the matter, worked at one desk by somebody who reviews."""

    def __init__(self, database: Any, cast: Any, clock: Any, body: str, info: str = INFO) -> None:
        self.database, self.cast, self.clock = database, cast, clock
        with database.unit_of_work() as work:
            library.publish(work, matters.read(NAME, files(body, info)), by=people.SYSTEM, now=clock())
        who = {"name": "张三丰", "phone": "13800000001"}
        self.case_id = small.submit(database, NAME, cast.zhang, clock(), applicant=who)

    def go(self, element: str, said: str = "好", **on: int) -> None:
        small.complete(self.database, self.case_id, element, self.cast.wang, self.clock.on(**on), decision=said)

    def row(self) -> Case:
        with self.database.reading() as work:
            return work.session.get_one(Case, self.case_id)

    def account(self) -> Any:
        with self.database.reading() as work:
            case = work.session.get_one(Case, self.case_id)
            rules = library.version(work, case.version_hash).info.limits.rules()
            return clocks.ledger(work, case, rules).account(self.clock())

    def papers(self, kind: str) -> list[Document]:
        with self.database.reading() as work:
            query = select(Document).where(Document.case_id == self.case_id, Document.kind == kind)
            return list(work.session.scalars(query.order_by(Document.id)))

    def told(self, kind: str) -> list[tuple[int | None, str]]:
        with self.database.reading() as work:
            query = select(Notice).where(Notice.case_id == self.case_id, Notice.kind == kind)
            rows = work.session.scalars(query.where(Notice.channel == "screen").order_by(Notice.id))
            return [(one.user_id, one.text) for one in rows]

    def task(self, element: str) -> Task:
        with self.database.reading() as work:
            query = select(Task).where(Task.case_id == self.case_id, Task.element == element).order_by(Task.id)
            return list(work.session.scalars(query))[-1]


@pytest.fixture
def database(sqlite: Any) -> Any:
    """What an effect means is the same in both stores."""
    return sqlite


@pytest.fixture
def desk(database: Any, cast: Any, clock: Any) -> Any:
    return lambda *steps, info=INFO: Desk(database, cast, clock, line(*steps), info)


def test_a_pause_is_told_in_writing_and_the_days_of_it_do_not_count(desk):
    here = desk("look", ACCEPT, PAUSE, "inspect", RESUME, "do", DECIDE, PAPER, DELIVER)
    here.go("look", hours=1)
    (paper,) = here.papers("suspension")
    said = [paper.facts[name] for name in ("procedure", "takes", "prepare")]
    assert said == ["检验", "5 个工作日", "备好样品"]
    ((who, text),) = here.told("suspended")
    assert who == here.cast.zhang.id and "检验" in text and "5 个工作日" in text
    assert here.account().phase == "paused" and here.row().paused_at is not None
    assert here.row().status == "running", "the diagram goes on"
    before = here.account().limits["statutory"]
    here.go("inspect", days=7)  # from Friday to Friday
    after = here.account()
    assert (after.phase, after.limits["statutory"].used) == ("running", 0)
    assert [str(one.due_on) for one in (before, after.limits["statutory"])] == ["2026-10-22", "2026-10-29"]
    ((_, text),) = here.told("resumed")
    assert "新的办结期限" in text
    here.go("do", hours=1)
    assert here.account().phase == "done" and len(here.papers("service_receipt")) == 1


def test_the_limit_of_an_open_step_stands_still_with_the_clock(database, cast, clock):
    both = (
        '<startEvent id="s"/><flow s accept/>'
        + service(*ACCEPT)
        + '<flow accept fork/><parallelGateway id="fork"/><flow fork beside/><flow fork stop/>'
        + small.task("beside", "另一边")
        + service(*PAUSE)
        + "<flow stop inspect/>"
        + small.task("inspect", "检验")
        + "<flow inspect on/>"
        + service(*RESUME)
        + '<flow on e/><flow beside e/><endEvent id="e"/>'
    )
    here = Desk(database, cast, clock, both)
    due = here.task("beside").due_at
    here.go("inspect", days=5)
    later = here.task("beside").due_at
    assert due is not None and later is not None and later > due


@pytest.mark.parametrize(
    ("steps", "info", "element", "said", "kind"),
    [
        (("look", ACCEPT, (*PAUSE[:3], given("days", "=0.5"))), INFO, "look", "1 到 999", Invalid),
        (("look", ACCEPT, (*PAUSE[:3], given("days", "=null"))), INFO, "look", "所需时间", Invalid),
        (("look", PAUSE), INFO, "look", "没有在计时", NotNow),
        (("look", ACCEPT, PAUSE, "again", ("more", *PAUSE[1:])), INFO, "again", "已暂停", NotNow),
        (("look", ACCEPT, RESUME), INFO, "look", "没有暂停", NotNow),
        (("look", EXTEND), INFO, "look", "尚未起算", NotNow),
        (("look", ACCEPT, EXTEND, "again", ("more", *EXTEND[1:])), INFO, "again", "不能再延", NotNow),
        (
            ("look", ACCEPT, (*EXTEND[:3], EXTEND[3].replace("=4", "=11"))),
            INFO,
            "look",
            "最多延长 10 个工作日",
            Invalid,
        ),
        (
            ("look", ACCEPT, (*EXTEND[:3], EXTEND[3].replace("=&quot;局长&quot;", "=null"))),
            INFO,
            "look",
            "批准",
            Invalid,
        ),
        (("look", ACCEPT, DECIDE, "again", EXTEND), INFO, "again", "作出决定", NotNow),
        (("look", DELIVER), INFO, "look", "还没有签发过", NotNow),
        (
            ("look", ACCEPT, PAPER, (*DELIVER[:2], "kind=approval way=electronic", "")),
            INFO,
            "look",
            "须受送达人同意",
            NotNow,
        ),
    ],
)
def test_what_the_law_does_not_allow_is_said_at_the_step_before(desk, steps, info, element, said, kind):
    """No boundary event: whoever completes the step before reads why, and nothing of it has happened."""
    here = desk(*steps, "rest", info=info)
    if element != "look":
        here.go("look", hours=1)
    before = here.row().version
    with pytest.raises(Refused) as refusal:
        here.go(element, hours=1)
    assert isinstance(refusal.value, kind)
    zh = "；".join(one.zh for one in refusal.value.fields) if isinstance(refusal.value, Invalid) else refusal.value.zh
    assert said in zh
    assert here.row().version == before and here.task(element).state != "ended"


def test_a_pause_of_another_cause_stands(desk):
    other = ("on", "resume-clock", "cause=expert-review", "")
    here = desk("look", ACCEPT, PAUSE, "inspect", other, "do", ("on2", "resume-clock", "cause=inspection", ""), "rest")
    here.go("look", hours=1)
    here.go("inspect", days=1)
    assert here.account().phase == "paused" and here.told("resumed") == []
    here.go("do", days=1)
    assert here.account().phase == "running" and len(here.told("resumed")) == 1


def test_an_extension_is_as_long_as_the_diagram_says_and_the_paper_says_by_whom(desk):
    here = desk("look", ACCEPT, "ask", EXTEND, "do")
    here.go("look", hours=1)
    before = here.account().limits["statutory"]
    here.go("ask", "资料要再核对", hours=1)
    after = here.account().limits["statutory"]
    assert (before.limit.n, after.limit.n) == (20, 24)
    (paper,) = here.papers("extension")
    assert (paper.facts["added_workdays"], paper.facts["reason"]) == (4, "资料要再核对")
    assert paper.facts["new_due_on"] == after.due_on.isoformat() and paper.facts["approver"] == "本行政机关负责人"
    ((_, text),) = here.told("extended")
    assert "资料要再核对" in text


def test_under_another_law_its_own_approver_and_days_hold(desk):
    """A promise of service is extended by five days by the head of the office, without the diagram naming a number."""
    info = INFO.replace("regime: permit", "regime: service")
    own = info + 'notices: {extended: {zh: "再等几天：{reason}", en: "Some days more: {reason}"}}\n'
    short_ = (*EXTEND[:3], EXTEND[3].replace(given("workdays", "=4"), ""))
    here = desk("look", ACCEPT, "ask", short_, "do", info=own)
    here.go("look", hours=1)
    before = here.account().limits["promised"].limit.n
    here.go("ask", "下雨", hours=1)
    assert here.account().limits["promised"].limit.n == before + 5
    assert here.told("extended")[0][1] == "再等几天：下雨", "the matter's own words"


@pytest.mark.parametrize(
    ("way", "more", "shown"),
    [
        ("window", "", ("窗口", "张三丰")),
        ("electronic", given("agreed", "=true"), ("电子", "张三丰")),
        ("mail", given("to", "=&quot;李四光&quot;"), ("邮寄", "李四光")),
        ("agent", "", ("上门", "张三丰")),
        ("notice", "", ("公告", "张三丰")),
    ],
)
def test_a_paper_is_delivered_with_a_receipt_and_ends_the_time_to_deliver(desk, way, more, shown):
    here = desk("look", ACCEPT, DECIDE, PAPER, (*DELIVER[:2], f"kind=approval way={way}", more), "rest")
    here.go("look", hours=1)
    (receipt,) = here.papers("service_receipt")
    facts = receipt.facts
    assert (facts["way"], facts["recipient"]["name"]) == shown
    assert [one["number"] for one in facts["documents"]] == [here.papers("approval")[0].number]
    assert here.account().limits["deliver"].state == "met"
    if shown[1] != "张三丰":
        assert not facts["recipient"].get("phone"), "of somebody else the name alone is known"


@pytest.mark.parametrize(("held", "way"), [("asked here", "电子"), ("kept", "电子"), ("taken back", "窗口")])
def test_electronic_service_is_agreed_to_once_and_goes_on_paper_when_it_is_taken_back(database, desk, held, way):
    more = given("agreed", "=true") if held == "asked here" else ""
    here = desk("look", ACCEPT, DECIDE, PAPER, (*DELIVER[:2], "kind=approval way=electronic", more), "rest")
    with database.unit_of_work() as work:
        if held != "asked here":
            row = own_data.agree_electronic(work, by=here.cast.zhang, now=here.clock())
        if held == "taken back":
            own_data.withdraw_consent(work, row.id, by=here.cast.zhang, now=here.clock())
    here.go("look", hours=1)
    assert here.papers("service_receipt")[0].facts["way"] == way
    with database.reading() as work:
        (kept,) = work.session.scalars(select(Consent).where(Consent.purpose == "electronic-service")).all()
        assert kept.user_id == here.cast.zhang.id and (kept.withdrawn_at is None) is (held != "taken back")


def test_without_the_receipt_among_its_papers_the_clock_alone_is_told(desk):
    info = INFO.replace(", service_receipt: {organ: office}", "")
    here = desk("look", ACCEPT, DECIDE, PAPER, DELIVER, "rest", info=info)
    here.go("look", hours=1)
    assert here.papers("service_receipt") == [] and here.account().limits["deliver"].state == "met"


def test_a_void_paper_is_not_delivered(database, desk):
    here = desk("look", ACCEPT, DECIDE, PAPER, "again", DELIVER, "rest")
    here.go("look", hours=1)
    with database.unit_of_work() as work:
        cases.void_paper(work, here.papers("approval")[0].id, "写错了", by=here.cast.zhao, now=here.clock())
    with pytest.raises(NotNow, match="to have been issued"):
        here.go("again", hours=1)


@pytest.mark.parametrize("to", ["assignee", "unit", "supervisor"])
def test_whoever_is_meant_is_reminded_once_on_their_screen(desk, to):
    beside = ("tell", "remind", f"to={to}", "")
    here = desk("look", beside, "rest")
    here.go("look", hours=1)
    told, users = [who for who, _ in here.told("remind")], here.cast.users
    if to == "assignee":
        assert told == [], "nobody has the step"
    else:
        assert users["wang" if to == "unit" else "zhao"] in told and len(told) == len(set(told))


def test_who_has_the_step_is_reminded_in_the_matter_s_own_words(database, cast, clock):
    body = (
        '<startEvent id="s"/><flow s do/>'
        + small.task("do", "办理")
        + '<boundaryEvent id="late" attachedToRef="do" cancelActivity="false"><timerEventDefinition><timeDuration>P2D'
        + "</timeDuration></timerEventDefinition></boundaryEvent><flow late tell/>"
        + service("tell", "remind", "template=hurry")
        + '<flow tell e1/><endEvent id="e1"/><flow do e/><endEvent id="e"/>'
    )
    info = INFO + 'notices: {hurry: {zh: "{number} 快一点", en: "{number}: hurry"}}\n'
    here = Desk(database, cast, clock, body, info)
    with database.unit_of_work() as work:
        task = here.task("do")
        cases.claim(work, task.id, version=task.version, by=cast.wang, now=clock())
    for _ in range(2):
        sweep.sweep(database, now=clock.on(days=2))
    ((who, text),) = here.told("remind")
    assert who == cast.wang.id and text.endswith("快一点")


@pytest.mark.parametrize(
    ("step", "regime", "said"),
    [
        (PAUSE, "service", "不能暂停"),
        (RESUME, "service", "不能暂停"),
        (("longer", "extend-clock", "", EXTEND[3]), "judicial_confirmation", "不能延长"),
        (("hand", "deliver-paper", "kind=approval", ""), "permit", "没有签发"),
        (PAUSE, "permit", ""),
    ],
)
def test_the_check_knows_what_the_law_of_the_matter_does_not_allow(step, regime, said):
    info = INFO.replace("regime: permit", f"regime: {regime}")
    if regime == "judicial_confirmation":
        info = info.replace("promised: 10wd", "promised: 10cd")
    content = files(line("look", ACCEPT, step, "rest"), info)
    found = errors(gate.check(matters.Source(NAME, content), COUNTY, house=HOUSE))
    about = [one for one in found if one.element == step[0]]
    assert ([one.rule for one in about] == []) if not said else any(said in one.message_zh for one in about), found
