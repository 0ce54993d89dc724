"""What a step of a case does with things that go home and come back: each effect as a diagram asks for it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import loans, register_rows
from engine.errors import NotNow
from engine.records import lending, library
from engine.store import keys
from engine.store.models import Event, Loan, LoanHold, Notice, RegisterEntry, User
from engine.workdays import local_date
from tests.between import small
from tests.conftest import NOW
from tests.loans.conftest import COPIES
from tests.loans.test_gate import GOOD

KEY = "shelves.borrow"
CODES = ("TAKEN", "REFUSED", "NOT_FOUND")
ERRORS = "".join(f'<error id="{code}" errorCode="{code}"/>' for code in CODES)
FAILS = {
    "lend": ("TAKEN", "REFUSED"),
    "take-back": ("NOT_FOUND",),
    "renew": ("REFUSED",),
    "reserve": ("REFUSED",),
    "recall": ("REFUSED",),
}
GIVEN = {"reserve": "title"}


def steps(*kinds):
    """One effect after another, a task between two of them; each error ends the case at `<step>-<code>`."""
    body = '<startEvent id="s"/>'
    before = "s"
    for n, kind in enumerate(kinds, 1):
        here = f"do{n}"
        what = "" if kind == "renew-all" else small.given(GIVEN.get(kind, "copy"), "=order")
        kind = kind.removesuffix("-all")
        body += f'<sequenceFlow id="f{n}" sourceRef="{before}" targetRef="{here}"/>'
        body += small.service(here, kind, "loans=borrow", what)
        for code in FAILS[kind]:
            at = f"{here}-{code}"
            body += (
                f'<boundaryEvent id="{at}" attachedToRef="{here}"><errorEventDefinition id="{at}-d" errorRef="{code}"/>'
                f'</boundaryEvent><sequenceFlow id="{at}-f" sourceRef="{at}" targetRef="{at}-e"/>'
                f'<endEvent id="{at}-e"/>'
            )
        before = f"look{n}"
        body += f'<sequenceFlow id="g{n}" sourceRef="{here}" targetRef="{before}"/>' + small.task(before, "看看")
    return body + f'<sequenceFlow id="h" sourceRef="{before}" targetRef="e"/><endEvent id="e"/>'


class Shelves:
    """A matter that does these with its own books, published over and over; `begin` opens a case of it."""

    def __init__(self, database, cast):
        self.database, self.cast = database, cast
        self.publish("lend")
        with database.unit_of_work() as work:
            for short, n in (("mei", 3), ("lan", 4)):
                phone = f"1380000000{n}"
                index = keys.blind("phone", phone)
                user = User(kind="resident", name=f"居民{n}", phone=phone, phone_index=index, created_at=NOW)
                work.session.add(user)
                work.session.flush()
                cast.users[short] = user.id
            book = lending.kind(work, KEY).of
            for code, (title, isbn) in COPIES.items():
                facts = {"barcode": code, "title": title, "isbn": isbn, "class": "adult"}
                register_rows.put(work, book, facts, by=cast.zhou, now=NOW, unit_id=cast.lmt.id)

    def publish(self, *kinds):
        self.put(steps(*kinds), ERRORS)

    def put(self, body, before=""):
        made = small.matter("shelves", "试借还", body, before)
        file = "bpmn/shelves/matter.yaml"
        good = GOOD.replace("opens: daiban", "opens: shelves")
        text = made.files[file].replace(b"post: reviewer", b"post: window") + good.encode()
        with self.database.unit_of_work() as work:
            library.publish(work, matters.read("shelves", {**made.files, file: text}), by=people.SYSTEM, now=NOW)

    def settles(self, how):
        """The matter as the case of what was lost: a task, end-loan, a task."""
        body = '<startEvent id="s"/><flow s look1/>' + small.task("look1", "看看") + "<flow look1 end/>"
        body += small.service("end", "end-loan", f"how={how}") + "<flow end look2/>" + small.task("look2", "看看")
        self.put(body + '<flow look2 e/><endEvent id="e"/>')

    def desk_act(self, verb, *args, **more):
        with self.database.unit_of_work() as work:
            return verb(work, *args, by=self.cast.zhou, now=NOW, **more)

    def actor(self, name):
        with self.database.reading() as work:
            return people.load(work, self.cast.users[name], now=NOW)

    def begin(self, name, order):
        return small.submit(self.database, "shelves", self.actor(name), NOW, order=order)

    def go_on(self, case_id, n, now=NOW):
        small.complete(self.database, case_id, f"look{n}", people.SYSTEM, now)

    def desk(self, verb, *args):
        with self.database.unit_of_work() as work:
            return verb(work, KEY, *args, by=self.cast.zhou, now=NOW)

    def who(self, name):
        return f"u:{self.cast.users[name]}"

    def row(self, model, *which):
        with self.database.reading() as work:
            return work.session.scalars(select(model).where(*which).order_by(model.id)).all()

    def state(self, code):
        (row,) = self.row(RegisterEntry, RegisterEntry.key == code)
        return row.state

    def heard(self, case_id):
        rows = self.row(Event, Event.case_id == case_id, Event.kind == "effect.answered")
        return [row.facts["error"] for row in rows]


@pytest.fixture
def shelves(database, cast):
    return Shelves(database, cast)


def test_a_copy_is_lent_recalled_and_taken_back_by_the_steps_of_a_case(shelves):
    shelves.publish("lend", "recall", "take-back")
    case_id = shelves.begin("zhang", "B1")
    (loan,) = shelves.row(Loan)
    assert (loan.user_id, shelves.state("B1")) == (shelves.cast.users["zhang"], "lent")
    said = small.answers(shelves.database, case_id)["loan"]
    assert (said["id"], said["copy"], said["title"], said["due"]) == (loan.id, "B1", "红楼梦", loan.due_on.isoformat())
    shelves.go_on(case_id, 1)
    week = local_date(NOW) + timedelta(days=7)
    assert small.answers(shelves.database, case_id)["due"] == week.isoformat()
    (loan,) = shelves.row(Loan)
    assert loan.due_on == week and loan.recalled_at is not None
    assert shelves.row(Notice, Notice.key == f"loan:{loan.id}:recall:screen")
    shelves.go_on(case_id, 2)
    said = small.answers(shelves.database, case_id)
    assert (said["lent"], said["kept"], said["title"]) == (True, False, "红楼梦")
    assert (shelves.row(Loan)[0].ended_how, shelves.state("B1")) == ("returned", "shelf")
    assert shelves.heard(case_id) == ["", "", ""]


def test_what_two_cases_reserved_is_kept_for_the_first_when_a_case_takes_it_back(shelves):
    for code in ("B1", "B2"):
        shelves.desk(loans.lend, code, shelves.who("zhang"))
    shelves.publish("reserve")
    first, second = shelves.begin("mei", "111"), shelves.begin("lan", "111")
    for case_id, before in ((first, 0), (second, 1)):
        said = small.answers(shelves.database, case_id)
        assert (said["ready"], said["until"], said["before"]) == (False, None, before)
    shelves.publish("take-back", "take-back")
    case_id = shelves.begin("zhang", "B2")
    said = small.answers(shelves.database, case_id)
    assert (said["lent"], said["kept"], shelves.state("B2")) == (True, True, "held")
    kept, waits = shelves.row(LoanHold)
    assert (kept.state, kept.user_id, waits.state) == ("ready", shelves.cast.users["mei"], "waiting")
    assert shelves.row(Notice, Notice.key.contains(f"loan-hold:{kept.id}:ready"), Notice.channel == "screen")
    shelves.go_on(case_id, 1)  # the same copy once more: nobody had it, and it stays with who waits for it
    said = small.answers(shelves.database, case_id)
    assert (said["lent"], said["kept"], shelves.state("B2")) == (False, True, "held")


def test_what_stands_on_the_shelf_is_kept_at_once_for_whom_a_case_reserves_it(shelves):
    shelves.publish("reserve")
    said = small.answers(shelves.database, shelves.begin("mei", "222"))
    (hold,) = shelves.row(LoanHold)
    assert (said["ready"], said["until"]) == (True, hold.until_on.isoformat()) and shelves.state("B3") == "held"


@pytest.mark.parametrize(
    ("kind", "order", "code"),
    [
        ("lend", "B1", "TAKEN"),
        ("lend", "B3", "TAKEN"),
        ("lend", "B0", "REFUSED"),
        ("take-back", "B0", "NOT_FOUND"),
        ("renew", "B4", "REFUSED"),
        ("renew", "B0", "REFUSED"),
        ("renew-all", "", "REFUSED"),
        ("reserve", "999", "REFUSED"),
        ("recall", "B4", "REFUSED"),
        ("recall", "B0", "REFUSED"),
    ],
)
def test_what_cannot_be_leaves_by_the_way_the_diagram_draws_for_it(shelves, kind, order, code):
    """B1 is lent to another, B3 kept for another, B4 stands on the shelf, B0 is no copy, 999 no title."""
    shelves.desk(loans.lend, "B1", shelves.who("zhang"))
    shelves.desk(loans.lend, "B3", shelves.who("zhang"))
    with shelves.database.unit_of_work() as work:
        loans.reserve(work, KEY, "222", by=shelves.actor("mei"), now=NOW)
    shelves.desk(loans.take_back, "B3")
    before = [(row.id, row.version) for row in shelves.row(Loan)]
    shelves.publish(kind)
    case_id = shelves.begin("lan", order)
    assert shelves.heard(case_id) == [code]
    assert small.outcome(shelves.database, case_id)[0] == "finished"
    assert [(row.id, row.version) for row in shelves.row(Loan)] == before


def test_who_has_it_may_not_reserve_it(shelves):
    shelves.desk(loans.lend, "B1", shelves.who("mei"))
    shelves.publish("reserve")
    assert shelves.heard(shelves.begin("mei", "111")) == ["REFUSED"] and shelves.row(LoanHold) == []


def test_of_all_that_somebody_has_either_each_is_renewed_or_none(shelves):
    """One of two was renewed already: the diagram hears REFUSED, and the other is due when it was."""
    for code in ("B1", "B4"):
        shelves.desk(loans.lend, code, shelves.who("mei"))
    first, second = shelves.row(Loan)
    with shelves.database.unit_of_work() as work:
        loans.renew(work, second.id, version=second.version, by=shelves.actor("mei"), now=NOW)
    shelves.publish("renew-all")
    assert shelves.heard(shelves.begin("mei", "")) == ["REFUSED"]
    with shelves.database.reading() as work:
        row = work.session.get(Loan, first.id)
        assert (row.due_on, row.renewed) == (first.due_on, 0)
        assert len(work.session.scalars(select(Event).where(Event.kind == "loan.renewed")).all()) == 1


@pytest.mark.parametrize(
    ("how", "state"), [("returned", "shelf"), ("replaced", "lost"), ("paid", "lost"), ("waived", "lost")]
)
def test_what_was_lost_ends_as_the_case_that_it_opened_says(shelves, clock, how, state):
    shelves.settles(how)
    shelves.desk(loans.lend, "B1", shelves.who("zhang"))
    (loan,) = shelves.row(Loan)
    shelves.desk_act(loans.lose, loan.id, version=loan.version)
    (loan,) = shelves.row(Loan)
    assert loan.case_id is not None and loan.ended_at is None
    shelves.go_on(loan.case_id, 1)
    (loan,) = shelves.row(Loan)
    assert (loan.ended_how, shelves.state("B1")) == (how, state)
    shelves.go_on(loan.case_id, 2)
    assert small.outcome(shelves.database, loan.case_id)[0] == "finished"


def test_a_loan_that_ended_at_a_desk_meanwhile_stays_as_it_ended(shelves):
    shelves.settles("paid")
    shelves.desk(loans.lend, "B1", shelves.who("zhang"))
    (loan,) = shelves.row(Loan)
    shelves.desk_act(loans.lose, loan.id, version=loan.version)
    shelves.desk(loans.take_back, "B1")
    (loan,) = shelves.row(Loan)
    shelves.go_on(loan.case_id, 1)
    assert (shelves.row(Loan)[0].ended_how, shelves.state("B1")) == ("returned", "shelf")


def test_a_case_that_no_loan_opened_has_none_to_end_and_is_told_so(shelves):
    shelves.settles("paid")
    case_id = shelves.begin("zhang", "B1")
    with pytest.raises(NotNow, match="none to end"):
        shelves.go_on(case_id, 1)
    assert small.waiting(shelves.database, case_id) == {"look1"}, "nothing of it has happened"
