"""What a step of a case does with needs and supplies: each effect as a diagram asks for it, each error a way out, and
what the case hears of them later."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, matching
from engine.records import library
from engine.store.models import Event, MatchLeg, MatchPair, MatchSide, Notice
from tests.between import small
from tests.conftest import NOW

KEY = "swap.tool"
DAY = "2026-09-20"
HEARD = ("matched", "off", "unmatched", "over")
DECLARED = """
matches:
  tool:
    title: 农具互借
    title_en: Tools between neighbours
    supply: {title: 我有, title_en: I have, places: 1}
    need:
      title: 我要
      title_en: I need
      who: {if: "=person.age = null or person.age >= 18", says: 满十八周岁, says_en: eighteen or older}
      a_day: 2
    accept: giver
    until: 24h
    matched: {tells: tool-matched}
    off: {tells: tool-off}
    unmatched: {tells: tool-unmatched}
    over: {tells: tool-over}
"""
HERE = small.given("from", "=&quot;350526106201&quot;")
AT = small.given("starts_at", f"=&quot;{DAY}T08:00:00&quot;") + HERE
CHILD = small.given("person", "={name: &quot;小明&quot;, id_number: &quot;350526201703150016&quot;}")
OTHER = small.given("person", "={name: &quot;林阿婆&quot;, phone: &quot;13911112222&quot;}")
BOTH = small.given("need", "=need.number") + small.given("supply", "=order")
OURS = small.given("need", "=need.number") + small.given("supply", "=supply.number")
GIVE = small.given("need", "=order") + small.given("supply", "=supply.number")
MATCH = "match=tool"
#: A step of the drawings below -> the effect, its headers, what it is given.
STEPS = {
    "want": ("open-need", MATCH, AT),
    "want-child": ("open-need", MATCH, AT + CHILD),
    "want-nowhere": ("open-need", MATCH, AT.replace("350526106201", "999")),
    "want-yesterday": ("open-need", MATCH, AT.replace(DAY, "2026-09-17")),
    "want-backwards": ("open-need", MATCH, AT + small.given("until_at", f"=&quot;{DAY}T07:00:00&quot;")),
    "give": ("open-supply", MATCH, AT),
    "give-other": ("open-supply", MATCH, AT + OTHER),
    "give-nowhere": ("open-supply", MATCH, AT.replace("350526106201", "999")),
    "pair": ("match", "", BOTH),
    "pair-agreed": ("match", "agreed=true", BOTH),
    "pair-ours": ("match", "", OURS),
    "pair-given": ("match", "", GIVE),
    "pair-strange": ("match", "", small.given("need", "=order") + small.given("supply", "=order")),
    "let-go": ("release-match", "what=pair", small.given("reason", "=&quot;机器坏了&quot;")),
    "end": ("release-match", "what=all", small.given("number", "=need.number")),
    "end-all": ("release-match", "", ""),
}
FAILS = {"open-need": ("REFUSED",), "open-supply": ("REFUSED",), "match": ("FULL", "REFUSED"), "release-match": ()}
BEFORE = "".join(
    f'<message id="m-{key}" name="tool-{key}"><extensionElements>'
    f'<zeebe:subscription correlationKey="=need.number"/></extensionElements></message>'
    for key in HEARD
) + "".join(f'<error id="{code}" errorCode="{code}"/>' for code in ("FULL", "REFUSED"))


def drawn(*steps, hears=True):
    """One effect after another, a task between two of them at which the messages are heard (each opens a task)."""
    body, before = '<startEvent id="s"/>', "s"
    for n, step in enumerate(steps, 1):
        here, look = f"do{n}", f"look{n}"
        kind, headers, given = STEPS[step]
        body += f'<sequenceFlow id="f{n}" sourceRef="{before}" targetRef="{here}"/>'
        body += small.service(here, kind, headers, given)
        for code in FAILS[kind]:
            at = f"{here}-{code}"
            body += (
                f'<boundaryEvent id="{at}" attachedToRef="{here}"><errorEventDefinition id="{at}-d" errorRef="{code}"/>'
                f'</boundaryEvent><sequenceFlow id="{at}-f" sourceRef="{at}" targetRef="{at}-e"/>'
                f'<endEvent id="{at}-e"/>'
            )
        body += f'<sequenceFlow id="g{n}" sourceRef="{here}" targetRef="{look}"/>' + small.task(look, "看看")
        for key in HEARD if hears else ():
            at = f"{look}-{key}"
            body += (
                f'<boundaryEvent id="{at}" attachedToRef="{look}" cancelActivity="false">'
                f'<messageEventDefinition id="{at}-d" messageRef="m-{key}"/></boundaryEvent>'
                f'<sequenceFlow id="{at}-f" sourceRef="{at}" targetRef="heard-{key}-{n}"/>'
                + small.task(f"heard-{key}-{n}", "听到")
                + f'<sequenceFlow id="{at}-g" sourceRef="heard-{key}-{n}" targetRef="{at}-e"/><endEvent id="{at}-e"/>'
            )
        before = look
    return body + f'<sequenceFlow id="h" sourceRef="{before}" targetRef="e"/><endEvent id="e"/>'


class Swap:
    """A matter that does these steps with its own match, published over and over; `begin` opens a case of it."""

    def __init__(self, database, cast):
        self.database, self.cast, self.now = database, cast, NOW

    def publish(self, *steps, declared=DECLARED, hears=True):
        made = small.matter("swap", "互借", drawn(*steps, hears=hears), BEFORE)
        file = "bpmn/swap/matter.yaml"
        text = made.files[file] + declared.encode()
        with self.database.unit_of_work() as work:
            library.publish(work, matters.read("swap", {**made.files, file: text}), by=people.SYSTEM, now=NOW)

    def begin(self, order=""):
        return small.submit(self.database, "swap", self.cast.zhang, NOW, order=order)

    def go_on(self, case_id, n, by=people.SYSTEM):
        small.complete(self.database, case_id, f"look{n}", by, self.now)

    def until(self, **span):
        self.now = NOW + timedelta(**span)
        small.work_off(self.database, self.now)

    def say(self, side, who, at="08:00", desk="wang"):
        """许小妹 says it herself, or a clerk enters it at the counter."""
        moment = datetime.fromisoformat(f"{DAY}T{at}+08:00")
        by, person = (self.cast.xu, None)
        if who != "xu":
            by, person = getattr(self.cast, desk), matching.Person(who, "13911113333")
        with self.database.unit_of_work() as work:
            row = matching.say(
                work,
                KEY,
                side,
                stops=["350526106201"],
                starts_at=moment,
                until_at=moment,
                person=person,
                by=by,
                now=NOW,
            )
            return row.number

    def all(self, model, *which):
        with self.database.reading() as work:
            return work.session.scalars(select(model).where(*which).order_by(model.id)).all()

    def side(self, side):
        (row,) = self.all(MatchSide, MatchSide.side == side)
        return row

    def taken(self):
        with self.database.reading() as work:
            return list(work.session.scalars(select(MatchLeg.taken).order_by(MatchLeg.side_id, MatchLeg.n)))

    def answer(self, verb):
        """许小妹 says yes, no, or calls off."""
        pair = self.all(MatchPair)[-1]
        with self.database.unit_of_work() as work:
            verb(work, pair.id, version=pair.version, by=self.cast.xu, now=NOW)

    def errors(self, case_id):
        rows = self.all(Event, Event.case_id == case_id, Event.kind == "effect.answered")
        return [row.facts["error"] for row in rows]

    def open(self, case_id):
        return small.waiting(self.database, case_id)


@pytest.fixture
def swap(database, cast):
    return Swap(database, cast)


def test_a_case_says_a_need_asks_hears_the_yes_lets_the_pair_go_and_ends_it(swap):
    swap.publish("want", "pair", "let-go", "end")
    number = swap.say("supply", "xu")
    case_id = swap.begin(number)
    need = swap.side("need")
    said = small.answers(swap.database, case_id)["need"]
    assert (said["number"], said["state"], said["day"], said["from"]) == (need.number, "open", DAY, "350526106201")
    assert (need.case_id, need.user_id, need.channel) == (case_id, swap.cast.zhang.id, "counter")
    swap.go_on(case_id, 1)
    pair = small.answers(swap.database, case_id)["pair"]
    assert (pair["state"], pair["need"], pair["supply"], pair["places"]) == ("asked", need.number, number, 1)
    assert swap.taken() == [0]
    swap.answer(matching.agree)
    swap.until()
    assert swap.open(case_id) == {"look2", "heard-matched-2"} and swap.taken() == [1]
    swap.go_on(case_id, 2)
    assert swap.taken() == [0] and (swap.side("need").state, swap.side("supply").state) == ("open", "open")
    (told,) = swap.all(Notice, Notice.key.contains(f":off:{swap.all(MatchPair)[0].id}"), Notice.channel == "screen")
    assert told.user_id == swap.cast.xu.id and "机器坏了" in told.text
    swap.go_on(case_id, 3)
    assert swap.side("need").state == "cancelled" and swap.side("supply").state == "open"
    swap.until()
    assert "heard-over-4" not in swap.open(case_id), "a case that ends its own need is not told of it"
    assert swap.errors(case_id) == ["", ""]


def test_a_need_of_the_case_is_booked_at_once_where_the_declaration_says_auto(swap):
    swap.publish("want", "pair", declared=DECLARED.replace("accept: giver", "accept: auto"))
    case_id = swap.begin(swap.say("supply", "xu"))
    swap.go_on(case_id, 1)
    assert small.answers(swap.database, case_id)["pair"]["state"] == "agreed" and swap.taken() == [1]
    swap.until()
    assert swap.open(case_id) == {"look2", "heard-matched-2"}


def test_a_supply_of_the_case_is_offered_and_the_other_says_yes_even_where_it_is_auto(swap):
    swap.publish("give", "pair-given", declared=DECLARED.replace("accept: giver", "accept: auto"), hears=False)
    case_id = swap.begin(swap.say("need", "xu"))
    swap.go_on(case_id, 1)
    assert small.answers(swap.database, case_id)["pair"]["state"] == "asked" and swap.taken() == [0]
    swap.answer(matching.agree)
    assert swap.taken() == [1] and swap.side("need").state == "matched"


def test_both_sides_of_one_case_are_booked_at_once(swap):
    swap.publish("want", "give-other", "pair-ours", "end-all")
    case_id = swap.begin()
    swap.go_on(case_id, 1)
    swap.go_on(case_id, 2)
    assert (swap.side("supply").name, swap.side("supply").user_id) == ("林阿婆", None)
    assert small.answers(swap.database, case_id)["pair"]["state"] == "agreed" and swap.taken() == [1]
    swap.go_on(case_id, 3)
    assert {row.state for row in swap.all(MatchSide)} == {"cancelled"} and swap.taken() == [0]
    assert swap.errors(case_id) == ["", "", ""]


@pytest.mark.parametrize(("desk", "state"), [("wang", "agreed"), ("zhou", "asked")])
def test_a_desk_answers_for_whom_it_entered_and_asked_and_no_other_desk_does(swap, desk, state):
    swap.publish("want", "pair-agreed")
    case_id = swap.begin(swap.say("supply", "林阿婆", desk=desk))
    swap.go_on(case_id, 1, swap.cast.wang)
    assert small.answers(swap.database, case_id)["pair"]["state"] == state


def test_a_supply_told_for_themselves_is_asked_though_the_diagram_says_that_they_agreed(swap):
    swap.publish("want", "pair-agreed")
    case_id = swap.begin(swap.say("supply", "xu"))
    swap.go_on(case_id, 1, swap.cast.wang)
    assert small.answers(swap.database, case_id)["pair"]["state"] == "asked"


@pytest.mark.parametrize("step", ["want-child", "want-nowhere", "want-yesterday", "want-backwards", "give-nowhere"])
def test_what_cannot_be_said_leaves_by_the_way_the_diagram_draws_for_it(swap, step):
    swap.publish(step)
    case_id = swap.begin()
    assert swap.errors(case_id) == ["REFUSED"] and swap.all(MatchSide) == []
    assert small.outcome(swap.database, case_id)[0] == "finished"


def test_as_many_as_one_may_have_in_a_day_is_refused_by_the_same_way(swap):
    swap.publish("want")
    said = [swap.errors(swap.begin()) for _ in range(3)]
    assert said == [[""], [""], ["REFUSED"]] and len(swap.all(MatchSide)) == 2


def test_what_somebody_else_took_is_full(swap):
    swap.publish("want", "pair", declared=DECLARED.replace("accept: giver", "accept: auto"))
    number = swap.say("supply", "xu")
    first, second = swap.begin(number), swap.begin(number)
    swap.go_on(first, 1)
    swap.go_on(second, 1)
    assert (swap.errors(first), swap.errors(second)) == (["", ""], ["", "FULL"])
    assert small.outcome(swap.database, second)[0] == "finished"
    assert swap.taken() == [1] and len(swap.all(MatchPair)) == 1


@pytest.mark.parametrize("what", ["none", "later", "called off", "not ours", "own"])
def test_what_does_not_go_together_is_refused(swap, what):
    steps = {"not ours": ("want", "pair-strange"), "own": ("want", "give", "pair-ours")}.get(what, ("want", "pair"))
    swap.publish(*steps)
    if what == "none":
        order = "CH0"
    elif what == "own":
        order = ""
    else:
        order = swap.say("supply", "xu", "15:00" if what == "later" else "08:00")
    if what == "called off":
        row = swap.side("supply")
        with swap.database.unit_of_work() as work:
            matching.end(work, row.id, version=row.version, by=swap.cast.xu, now=NOW)
    case_id = swap.begin(order)
    for n in range(1, len(steps)):
        swap.go_on(case_id, n)
    assert swap.errors(case_id)[-1] == "REFUSED" and swap.all(MatchPair) == []
    assert small.outcome(swap.database, case_id)[0] == "finished"


def test_what_was_asked_is_not_asked_twice(swap):
    swap.publish("want", "pair", "pair")
    case_id = swap.begin(swap.say("supply", "xu"))
    swap.go_on(case_id, 1)
    swap.go_on(case_id, 2)
    assert swap.errors(case_id) == ["", "", "REFUSED"] and len(swap.all(MatchPair)) == 1


def test_the_case_hears_that_the_other_side_called_off_and_its_need_is_open_again(swap):
    swap.publish("want", "pair")
    case_id = swap.begin(swap.say("supply", "xu"))
    swap.go_on(case_id, 1)
    swap.answer(matching.agree)
    swap.answer(matching.cancel)
    swap.until()
    assert swap.open(case_id) == {"look2", "heard-matched-2", "heard-off-2"}
    assert (swap.side("need").state, swap.taken()) == ("open", [0])
    said = small.answers(swap.database, case_id)["need"]
    assert (said["number"], said["state"]) == (swap.side("need").number, "open")


def test_the_case_hears_that_nobody_was_found_in_time_and_in_the_end_that_it_is_over(swap):
    swap.publish("want")
    case_id = swap.begin()
    swap.until(hours=22)  # 07:00 of the day before: twenty-five hours
    assert swap.open(case_id) == {"look1"}
    swap.until(hours=23, minutes=30)
    assert swap.open(case_id) == {"look1", "heard-unmatched-1"}
    swap.until(days=2, hours=6)
    assert swap.open(case_id) == {"look1", "heard-unmatched-1", "heard-over-1"} and swap.side("need").state == "over"


def test_a_need_that_a_case_put_opens_no_other_case(swap):
    opens = "unmatched: {opens: swap, answers: {applicant.name: =need.name, order: =need.number}}"
    swap.publish("want", declared=DECLARED.replace("unmatched: {tells: tool-unmatched}", opens))
    swap.begin()
    swap.until(hours=24)
    assert len(small.of_matter(swap.database, "swap")) == 1 and swap.side("need").told_at is not None


def test_the_case_of_a_need_that_nobody_took_speaks_for_that_need(swap):
    """`opens`: its diagram has the need as `need`, and pairs it and calls it off as if it had put it there."""
    opens = "unmatched: {opens: swap, answers: {applicant.name: =need.name, order: =need.from}}"
    changed = DECLARED.replace("unmatched: {tells: tool-unmatched}", opens).replace("accept: giver", "accept: auto")
    swap.publish("give-other", "pair-ours", "let-go", "end", declared=changed)
    number = swap.say("need", "xu")
    swap.until(hours=24)
    (case,) = small.of_matter(swap.database, "swap")
    answers = small.answers(swap.database, case.id)
    assert (case.applicant_id, swap.side("need").opened_id, answers["need"]["number"]) == (
        swap.cast.xu.id,
        case.id,
        number,
    )
    assert answers["order"] == "350526106201"
    swap.go_on(case.id, 1)
    assert small.answers(swap.database, case.id)["pair"]["state"] == "agreed" and swap.taken() == [1]
    swap.go_on(case.id, 2)
    assert swap.side("need").state == "open" and swap.taken() == [0]
    swap.go_on(case.id, 3)
    assert swap.side("need").state == "cancelled" and swap.side("supply").state == "open"


def test_what_a_withdrawn_case_put_there_is_called_off(swap):
    swap.publish("want", "pair")
    case_id = swap.begin(swap.say("supply", "xu"))
    swap.go_on(case_id, 1)
    swap.answer(matching.agree)
    with swap.database.unit_of_work() as work:
        cases.withdraw(work, case_id, "不用了", by=swap.cast.zhang, now=NOW)
    assert swap.side("need").state == "cancelled" and swap.side("supply").state == "open" and swap.taken() == [0]
