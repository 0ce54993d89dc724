"""One application from the first word to the paper, through the commands."""

from sqlalchemy import select

from engine.commands import cases
from engine.store.models import Case, Document, Task
from tests.cast import DAIBAN
from tests.commands import acting


def open_tasks(work, case_id):
    return list(
        work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state != "ended").order_by(Task.id))
    )


def test_an_application_goes_through_two_desks_to_two_papers(database, cast, clock):
    with database.unit_of_work() as work:
        done = cases.submit(work, "daiban", DAIBAN, by=cast.zhang, now=clock())
        case_id = done.case.id
        assert done.case.number == "350526-20260918-3201-0001-" + done.case.number[-1]
    with database.unit_of_work() as work:
        (task,) = open_tasks(work, case_id)
        assert (task.element, task.state) == ("take_in", "open")
        cases.claim(work, task.id, version=task.version, by=cast.chen, now=clock.on(hours=1))
    with database.unit_of_work() as work:
        (task,) = open_tasks(work, case_id)
        done = cases.complete(work, task.id, acting.TAKE_IN, version=task.version, by=cast.chen, now=clock())
        assert [d.title for d in done.documents] == ["授权委托书", "代办收件单"]
        assert done.documents[-1].number == "苏村代〔2026〕1号"  # by the village that took in, not by the bureau
    with database.unit_of_work() as work:
        (task,) = open_tasks(work, case_id)
        assert (task.element, task.candidates) == ("accept", [f"p:{cast.yb.id}:reviewer"])
        cases.claim(work, task.id, version=task.version, by=cast.wang, now=clock())
        done = cases.complete(work, task.id, acting.ACCEPT, version=task.version, by=cast.wang, now=clock())
        assert [d.title for d in done.documents] == ["受理通知书"]
        assert done.documents[-1].number == "德医保受〔2026〕1号"
    with database.unit_of_work() as work:
        (task,) = open_tasks(work, case_id)
        assert task.element == "register"
        cases.claim(work, task.id, version=task.version, by=cast.wang, now=clock.on(days=3))
        answers = {"registration": {"result": "approve", "number": "350526000123"}}
        cases.complete(work, task.id, answers, version=task.version, by=cast.wang, now=clock())
    with database.unit_of_work() as work:
        (task,) = open_tasks(work, case_id)
        answers = {"handover": {"way": "home", "received_by": "张三丰", "relation": "本人"}}
        cases.complete(work, task.id, answers, version=task.version, by=cast.chen, now=clock.on(hours=2))
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome) == ("running", "approve") and case.promised_due is None
    acting.visited(database, case_id, cast.zhou, clock)
    with database.reading() as work:
        case = work.session.get(Case, case_id)
        assert (case.status, case.outcome, case.colour) == ("finished", "approve", "done")
        papers = list(work.session.scalars(select(Document).where(Document.case_id == case_id).order_by(Document.id)))
        assert [d.kind for d in papers] == [
            "receipt",
            "authority",
            "proxy_acceptance",
            "acceptance",
            "closing",
            "service_receipt",
        ]
