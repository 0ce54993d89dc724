"""材料原件 beside a case: they go to the office it is referred to the same day, signed by both ends; they come back
when it is decided, whatever becomes of it; who is late with them is written."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, gate, handovers
from engine.commands.handovers import Given
from engine.errors import NotFound, NotNow
from engine.findings import errors
from engine.people import holders
from engine.reads import handovers as reads
from engine.records import handovers as proofs
from engine.records import library
from engine.store.models import Case, Document, Handover, HandoverLink
from engine.workdays import ZONE
from tests.between import small
from tests.between.small import complete, given, service, task, waiting
from tests.check.drawing import file, short
from tests.check.test_gate import COUNTY, HOUSE
from tests.conftest import NOW

NAME = "small_originals"
FORM = [
    {"type": "textfield", "id": "f1", "key": "applicant.name", "label": "姓名", "validate": {"required": True}},
    {"type": "textfield", "id": "f2", "key": "applicant.phone", "label": "电话"},
    {"type": "textfield", "id": "f3", "key": "taken", "label": "收了哪些"},
    {"type": "select", "id": "f4", "key": "where.town", "label": "哪个镇", "properties": {"offers": "towns"}},
]
INFO = """
code: T-YJ
name: 带原件的事
name_en: With originals
office: YB
limits: {regime: service, promised: 5wd, promised_source: 试}
basis: [{law: 试验法}]
in_force: {since: 2026-01-01}
apply: {form: ask, channels: [online, counter]}
who: {id_number: ""}
materials: [{name: 房产证, originals: 1}, {name: 照片, copies: 2}]
papers: {transfer: {organ: office}, handover: {organ: office}}
groups:
  审核: {post: reviewer, at: office, name: 审核}
  窗口: {post: window, at: town, from: where.town, name: 镇窗口}
"""
DECLARED = """
handovers:
  originals:
    name: 原件交接
    name_en: Originals
    thing: {kind: originals, words: 材料原件, words_en: Originals}
    links: [applicant -> 窗口, 窗口 -> 审核]
    back: [审核 -> 窗口, 窗口 -> applicant]
    beside: true
    within: 2wd
    paper: handover
"""
#: The same, and the case hears of what goes wrong with them; it goes on meanwhile.
TOLD = DECLARED + "    lost: original-lost\n    damaged: original-damaged\n"
HEARS = "".join(
    f'<message id="{name}" name="original-{name}"><extensionElements>'
    '<zeebe:subscription correlationKey="=case.number"/></extensionElements></message>'
    for name in ("lost", "damaged")
)
HEARD = "".join(
    f'<subProcess id="{name}_sub" triggeredByEvent="true"><startEvent id="{name}_told" isInterrupting="false">'
    f'<messageEventDefinition messageRef="{name}"/></startEvent><flow {name}_told {name}_noted/>'
    f'<endEvent id="{name}_noted"/></subProcess>'
    for name in ("lost", "damaged")
)
KEY = """
handovers:
  key:
    name: 钥匙交接
    name_en: Key
    thing: {kind: keys, words: 钥匙, words_en: Key}
    links: [窗口 -> applicant, applicant -> 窗口]
    different: noted
"""
REFER = (
    '<startEvent id="s"/><flow s look/>'
    + task("look", "看归谁管")
    + (
        "<flow look refer/>"
        + service("refer", "refer-case", inputs=given("unit", "=&quot;MZ&quot;") + given("reason", "=decision"))
        + "<flow refer do/>"
        + task("do", "办理")
        + '<flow do e/><endEvent id="e"/>'
    )
)
TAKE = (
    '<startEvent id="s"/><flow s take/>'
    + service("take", "hand-over", "handover=originals", given("thing", "=taken"))
    + "<flow take do/>"
    + task("do", "办理")
    + "<flow do yes/>"
    + service("yes", "decide", "outcome=approve")
    + "<flow yes last/>"
    + task("last", "再办一步")
    + '<flow last e/><endEvent id="e"/>'
)


def files(body: str, declared: str = "", before: str = "") -> dict[str, bytes]:
    ask = {"type": "default", "id": "ask", "schemaVersion": 19, "components": FORM}
    return {
        f"bpmn/{NAME}/matter.yaml": (INFO + declared).encode(),
        f"bpmn/{NAME}/process.bpmn": file(
            short(f'{before}<process id="{NAME}" name="带原件的事" isExecutable="true">{body}</process>')
        ),
        f"forms/{NAME}/ask.form": json.dumps(ask, ensure_ascii=False).encode(),
        f"forms/{NAME}/decide.form": json.dumps(small.DECIDE).encode(),
    }


@pytest.fixture
def submitted(database, cast, clock):
    """`submitted(body, declared, **answers)`: a case that the town's counter took in on paper; its id."""

    def submit(body, declared="", before="", **answers):
        with database.unit_of_work() as work:
            holders.forget(work)
            library.publish(work, matters.read(NAME, files(body, declared, before)), by=people.SYSTEM, now=clock())
        who = {"applicant": {"name": "张三丰", "phone": "13800000001"}, **answers}
        with database.unit_of_work() as work:
            made = cases.submit(work, NAME, who, channel="counter", by=cast.zhou, now=clock())
            return made.case.id

    return submit


def link(database) -> HandoverLink | None:
    """The open link, with its chain."""
    from sqlalchemy.orm import joinedload

    with database.reading() as work:
        found = work.session.scalar(
            select(HandoverLink).where(HandoverLink.state == "open").options(joinedload(HandoverLink.handover))
        )
        work.session.expunge_all()
        return found


def sign(database, clock, by, outcome="done", **more):
    """The open link ends by this person, with what the other end shows."""
    open_ = link(database)
    with database.unit_of_work() as work:
        side = "giver" if open_.giver_key in by.keys else "receiver"
        shown = Given(proofs.code(open_, proofs.other(side)), **more)
        return handovers.act(work, open_.id, outcome, shown, by=by, now=clock())


def chain(database) -> Handover:
    with database.reading() as work:
        found = work.session.scalars(select(Handover)).one()
        work.session.expunge_all()
        return found


def test_originals_follow_a_referral_the_same_day_signed_by_both_ends(database, cast, clock, submitted):
    case_id = submitted(REFER)
    complete(database, case_id, "look", cast.wang, clock.on(hours=1), decision="属民政职责")
    open_ = link(database)
    assert (open_.handover.thing, open_.handover.thing_kind) == (["房产证 × 1"], "originals")
    assert open_.giver_key == f"p:{cast.lmt.id}:window" and open_.receiver_key == f"p:{cast.mz.id}:reviewer"
    assert open_.due_at.astimezone(ZONE).strftime("%m-%d %H:%M") == "09-18 17:30", "the same day"
    assert waiting(database, case_id) == {"do"}, "nobody waits for it"
    sign(database, clock, cast.sun)
    assert (chain(database).holder_end, chain(database).ended_at) == ("office", None)
    with database.reading() as work:
        kinds = work.session.scalars(select(Document.kind).order_by(Document.id)).all()
        assert kinds == ["transfer", "handover"]
        slip = work.session.scalars(select(Document).where(Document.kind == "transfer")).one()
        assert slip.facts["transfer"]["originals"] == ["房产证 × 1"]
        assert work.session.get_one(Case, case_id).received_at == NOW, "the clock runs from the first receipt"
        assert reads.desk(work, cast.zhou, now=clock()).late == ()
    complete(database, case_id, "do", cast.sun, clock(), decision="好")
    assert chain(database).ended_at is None, "they are somebody's: who has them says what became of them"
    with database.unit_of_work() as work:
        handovers.settle(work, chain(database).id, "还给本人了", by=cast.sun, now=clock())
    assert chain(database).ended_at is not None


def test_after_hours_the_same_day_is_the_next_working_day_and_a_delay_is_the_counters(database, cast, clock, submitted):
    case_id = submitted(REFER)
    clock.on(hours=9)  # Friday 18:00; Sunday the 20th is worked
    complete(database, case_id, "look", cast.wang, clock(), decision="属民政职责")
    assert link(database).due_at.astimezone(ZONE).strftime("%m-%d %H:%M") == "09-20 17:30"
    clock.on(days=3, hours=16)  # Tuesday 10:00
    sign(database, clock, cast.sun)
    with database.reading() as work:
        late = reads.desk(work, cast.zhou, now=clock()).late
        assert [(one.late_workdays, one.charged) for one in late] == [(2, "龙门滩镇")]
        assert reads.desk(work, cast.sun, now=clock()).late == (), "who received it was not late"
        (shown,) = reads.of_case(work, case_id, actor=cast.sun, now=clock())
        assert shown.links[0].late_workdays == 2


def test_what_the_office_does_not_take_is_given_once_more(database, cast, clock, submitted):
    case_id = submitted(REFER)
    complete(database, case_id, "look", cast.wang, clock.on(hours=1), decision="属民政职责")
    with pytest.raises(NotNow), database.unit_of_work() as work:
        handovers.again(work, chain(database).id, by=cast.zhou, now=clock())
    sign(database, clock, cast.sun, "refused", note="少一页")
    assert chain(database).holder_key == f"p:{cast.lmt.id}:window"
    with database.reading() as work:
        assert reads.desk(work, cast.zhou, now=clock()).again == {chain(database).id}
    with pytest.raises(NotFound), database.unit_of_work() as work:
        handovers.again(work, chain(database).id, by=cast.sun, now=clock())
    with database.unit_of_work() as work:
        handovers.again(work, chain(database).id, by=cast.zhou, now=clock())
    sign(database, clock, cast.zhou)
    assert chain(database).holder_key == f"p:{cast.mz.id}:reviewer"
    assert waiting(database, case_id) == {"do"}


def test_originals_go_their_way_beside_the_case_and_come_back_when_it_is_decided(database, cast, clock, submitted):
    case_id = submitted(TAKE, DECLARED, taken="房产证一本")
    assert waiting(database, case_id) == {"do"}
    assert (link(database).giver_end, link(database).receiver_end) == ("applicant", "窗口")
    sign(database, clock, cast.zhou)
    assert link(database).receiver_key == f"p:{cast.yb.id}:reviewer", "the next link opened by itself"
    complete(database, case_id, "do", cast.wang, clock.on(hours=2), decision="好")
    back = link(database)
    assert back is not None and (back.giver_end, back.receiver_end) == ("窗口", "applicant"), "from where they are"
    sign(database, clock, cast.zhou)
    assert (chain(database).holder_end, chain(database).ended_at) == ("applicant", clock())
    complete(database, case_id, "last", cast.wang, clock(), decision="好")
    assert small.outcome(database, case_id)[0] == "finished"


def test_they_come_back_however_the_case_ends_and_after_it(database, cast, clock, submitted):
    case_id = submitted(TAKE, DECLARED, taken="房产证一本")
    sign(database, clock, cast.zhou)
    sign(database, clock, cast.wang)
    with database.unit_of_work() as work:
        cases.terminate(work, case_id, "办错了", by=cast.zhao, now=clock.on(hours=1))
    assert (link(database).giver_end, link(database).receiver_end) == ("审核", "窗口")
    sign(database, clock, cast.zhou)
    sign(database, clock, cast.zhou)
    assert chain(database).holder_end == "applicant" and link(database) is None


def test_what_its_owner_still_has_at_the_decision_is_asked_for_no_more(database, cast, clock, submitted):
    """Signed after the decision it would go out to the office, and nobody would bring it back."""
    case_id = submitted(TAKE, DECLARED, taken="房产证一本")
    assert link(database).giver_end == "applicant"
    complete(database, case_id, "do", cast.wang, clock.on(hours=2), decision="好")
    assert link(database) is None
    assert (chain(database).holder_end, chain(database).ended_at) == ("applicant", clock())
    with database.reading() as work:
        assert work.session.scalars(select(HandoverLink.state)).all() == ["dropped"]


def test_what_is_on_its_way_home_does_not_follow_a_case_to_another_office(database, cast, clock, submitted):
    case_id = submitted(TAKE, DECLARED, taken="房产证一本")
    sign(database, clock, cast.zhou)
    complete(database, case_id, "do", cast.wang, clock.on(hours=2), decision="好")
    with database.unit_of_work() as work:
        cases.move_office(work, case_id, "350526-MZ", "还有一步归民政", by=cast.zhao, now=clock())
    open_ = link(database)
    assert (open_.giver_end, open_.receiver_end) == ("窗口", "applicant"), "it is its owner's after the decision"


def test_nothing_taken_nothing_on_its_way(database, cast, clock, submitted):
    case_id = submitted(TAKE, DECLARED)
    assert waiting(database, case_id) == {"do"} and link(database) is None


def test_an_answer_says_of_which_unit_the_receiver_is(database, cast, clock, submitted):
    submitted(TAKE, DECLARED, taken="房产证一本", where={"town": "350526100"})
    assert link(database).receiver_key.split(":")[1] == str(holders_unit(database, cast, "350526100"))


def test_what_was_not_taken_is_the_next_link_once_more_when_the_diagram_comes_back(database, cast, clock, submitted):
    again = (
        '<startEvent id="s"/><flow s take/>'
        + service("take", "hand-over", "handover=key")
        + '<boundaryEvent id="no" attachedToRef="take"><errorEventDefinition errorRef="r"/></boundaryEvent>'
        + "<flow no take/><flow take back/>"
        + service("back", "hand-over", "handover=key")
        + '<boundaryEvent id="no2" attachedToRef="back"><errorEventDefinition errorRef="r"/></boundaryEvent>'
        + '<flow no2 back/><flow back e/><endEvent id="e"/>'
    )
    case_id = submitted(again, KEY, before='<error id="r" errorCode="REFUSED"/>')
    sign(database, clock, cast.zhang, "refused", note="钥匙断了")
    assert (link(database).giver_end, link(database).n) == ("窗口", 2), "the same link, for another key"
    sign(database, clock, cast.zhou)
    assert (link(database).giver_end, link(database).n) == ("applicant", 3)
    sign(database, clock, cast.zhou, "refused", note="少一把")
    assert (link(database).giver_end, link(database).n) == ("applicant", 4)
    sign(database, clock, cast.zhou)
    assert small.outcome(database, case_id)[0] == "finished"


def holders_unit(database, cast, code) -> int:
    from engine.people import units

    with database.reading() as work:
        return holders.nearest(work, units.by_code(work, code), "window").id


@pytest.mark.parametrize(
    ("was", "becomes", "rule", "said"),
    [
        ("from: where.town", "from: where.twon", "no-field", "where.town"),
        ("back: [审核 -> 窗口, 窗口 -> applicant]", "back: [审核 -> 窗口]", "handover-chain", "applicant"),
        ("back: [审核 -> 窗口,", "back: [村里 -> 窗口,", "handover-name", "村里"),
        ("", "", "", ""),
    ],
)
def test_a_slip_in_the_way_is_found(was, becomes, rule, said):
    content = files(TAKE, DECLARED)
    name = f"bpmn/{NAME}/matter.yaml"
    text = content[name].decode()
    assert was in text
    found = errors(
        gate.check(matters.Source(NAME, {**content, name: text.replace(was, becomes, 1).encode()}), COUNTY, house=HOUSE)
    )
    if rule:
        assert any(f.rule == rule and said in f.message_zh and f.line for f in found), found
    else:
        assert found == []


def test_a_form_offers_the_towns_of_the_county_and_takes_no_other_unit(database, cast, clock, submitted):
    from engine.errors import Invalid

    with pytest.raises(Invalid) as refused:
        submitted(TAKE, DECLARED, where={"town": "350526-YB"})
    assert [one.field for one in refused.value.fields] == ["where.town"]


def test_what_is_lost_beside_a_case_is_asked_for_no_more_until_it_is_given(database, cast, clock, submitted):
    case_id = submitted(TAKE + HEARD, TOLD, HEARS, taken="房产证一本")
    sign(database, clock, cast.zhou)
    sign(database, clock, cast.wang)
    with database.unit_of_work() as work:
        handovers.report(work, chain(database).id, "lost", "柜子里没有了", by=cast.wang, now=clock.on(hours=1))
    complete(database, case_id, "do", cast.wang, clock.on(hours=1), decision="好")
    assert link(database) is None, "decided, but there is nothing to bring home"
    complete(database, case_id, "last", cast.wang, clock.on(hours=1), decision="好")
    assert link(database) is None and chain(database).ended_at is None, "it stays on the list of whoever lost it"
    with database.unit_of_work() as work:
        handovers.settle(work, chain(database).id, "补办了一本，交给本人", by=cast.wang, now=clock())
    assert chain(database).ended_at is not None


def test_what_was_said_to_be_lost_on_its_way_and_is_found_is_given_once_more(database, cast, clock, submitted):
    submitted(TAKE + HEARD, TOLD, HEARS, taken="房产证一本")
    sign(database, clock, cast.zhou)
    with database.unit_of_work() as work:
        handovers.report(work, chain(database).id, "lost", "不见了", by=cast.zhou, now=clock.on(hours=1))
    assert link(database) is None and chain(database).lost_at is not None
    with database.unit_of_work() as work:
        handovers.again(work, chain(database).id, by=cast.zhou, now=clock.on(hours=1))
    assert link(database) is not None and chain(database).lost_at is None
