"""A booking and its process go together: one transaction books, and what happens at the counter moves the diagram."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from engine import matters, people
from engine.commands import booking, cases
from engine.errors import AlreadyDone, NotNow
from engine.people import login
from engine.reads import bookings
from engine.records import audit, library
from engine.store.models import Appointment, Case, Consent, Document, Duty, Notice, OnlineBlock, Resource, Slot, Task
from web.app import create_app
from web.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_hall(hall):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "yuyue"), by=people.SYSTEM, now=hall.now)
        work.session.add(
            Duty(unit_id=hall.centre, user_id=hall.clerk.id, starts_at=hall.at(15, 17), ends_at=hall.at(15, 21))
        )
    return hall


def book(hall, who=0, day=15, hour=18, minute=0, now=None):
    now = now or hall.now
    with hall.database.unit_of_work() as work:
        held = booking.hold(
            work,
            resource_id=hall.resource,
            starts_at=[hall.at(day, hour, minute)],
            item="medical",
            by=hall.residents[who],
            now=now,
        )
        return booking.confirm(work, held.id, version=1, by=hall.residents[who], now=now).id


def seen(hall, made):
    with hall.database.reading() as work:
        row = work.session.get(Appointment, made)
        tasks = work.session.query(Task).filter(Task.case_id == row.case_id, Task.state != "ended").all()
        case = work.session.get(Case, row.case_id)
        return row.state, [t.element for t in tasks], case.status, case.outcome, row.version


def answer(hall, made, answers, now):
    with hall.database.unit_of_work() as work:
        case = work.session.get(Appointment, made).case_id
        task = work.session.query(Task).filter(Task.case_id == case, Task.state != "ended").one()
        cases.claim(work, task.id, version=task.version, by=hall.clerk, now=now)
        cases.complete(work, task.id, answers, version=task.version, by=hall.clerk, now=now)


def test_confirming_takes_the_seat_names_the_clerk_and_opens_the_task_in_one_commit(open_hall):
    commits = []
    event.listen(open_hall.database.engine, "commit", lambda c: commits.append(1))
    made = book(open_hall)
    assert len(commits) == 1
    assert seen(open_hall, made)[:3] == ("confirmed", ["confirm"], "running")
    with open_hall.database.reading() as work:
        assert work.session.get(Appointment, made).duty_id == open_hall.clerk.id


def test_when_the_process_cannot_start_nothing_is_booked(hall):
    with pytest.raises(Exception, match="yuyue|no matter|published"):
        book(hall)
    assert hall.taken() == 0
    with hall.database.reading() as work:
        assert work.session.query(Appointment).count() == 0


def test_an_evening_from_booking_to_served(open_hall):
    made = book(open_hall)
    answer(open_hall, made, {"duty_answer": "yes"}, open_hall.now)
    code = seen(open_hall, made)
    assert code[1] == []
    evening = open_hall.at(15, 17, 50)
    with open_hall.database.unit_of_work() as work:
        row = work.session.get(Appointment, made)
        booking.check_in(work, row.code, by=open_hall.clerk, now=evening)
    assert seen(open_hall, made)[:2] == ("checked_in", ["serve"])
    answer(open_hall, made, {"serve_result": "done", "serve_note": "办好了"}, evening)
    with open_hall.database.unit_of_work() as work:
        version = work.session.get(Appointment, made).version
        booking.serve(work, made, version=version, by=open_hall.clerk, now=evening)
    state, tasks, status, outcome, _ = seen(open_hall, made)
    assert (state, tasks, status, outcome) == ("served", [], "finished", "done")
    with open_hall.database.reading() as work:
        assert audit.verify(work).faults == ()


ITEMS = [
    {"code": "medical", "name": "医保参保、报销、备案", "bring": ["社保卡"]},
    {"code": "marriage", "name": "婚姻登记"},
]


def said_at_the_end(hall, item, hour=18):
    """Held without a word of what for, which is said when it is confirmed: the booking."""
    with hall.database.unit_of_work() as work:
        work.session.get(Resource, hall.resource).items = ITEMS
        given = {"starts_at": [hall.at(15, hour)], "by": hall.residents[0], "now": hall.now}
        held = booking.hold(work, resource_id=hall.resource, **given)
        answers = {"item": item}
        return booking.confirm(work, held.id, version=1, answers=answers, by=hall.residents[0], now=hall.now).id


def test_what_it_is_about_is_kept_and_what_to_bring_follows_it_on_page_and_paper(open_hall):
    made = said_at_the_end(open_hall, "medical")
    with open_hall.database.reading() as work:
        one = bookings.one(work, open_hall.residents[0], made)
        assert (one.item, one.bring) == ("医保参保、报销、备案", ("本人身份证件", "社保卡"))
    answer(open_hall, made, {"duty_answer": "yes"}, open_hall.now)
    with open_hall.database.reading() as work:
        case_id = work.session.get(Appointment, made).case_id
        [paper] = work.session.query(Document).filter(Document.case_id == case_id, Document.kind == "appointment").all()
        assert paper.facts["appointment"]["item_name"] == "医保参保、报销、备案"
        assert paper.facts["bring"] == ["本人身份证件", "社保卡"]


def test_what_cannot_be_done_in_the_evening_is_refused_also_when_it_is_said_only_at_the_end(open_hall):
    assert seen(open_hall, said_at_the_end(open_hall, "marriage"))[::3] == ("cancelled", "declined")


def test_it_is_said_to_be_booked_only_when_the_person_on_duty_has_confirmed_it(open_hall):
    made = book(open_hall)

    def told():
        with open_hall.database.reading() as work:
            rows = work.session.query(Notice).filter(Notice.case_id == work.session.get(Appointment, made).case_id)
            rows = rows.filter(
                Notice.channel == "screen", Notice.kind.in_(["appointment-asked", "appointment-confirmed"])
            )
            return [(n.kind, n.text) for n in rows.order_by(Notice.id)]

    [(kind, text)] = told()
    assert kind == "appointment-asked" and "预约成功" not in text
    answer(open_hall, made, {"duty_answer": "yes", "duty_note": "请从东门进"}, open_hall.now)
    kind, text = told()[-1]
    assert kind == "appointment-confirmed" and text.startswith("预约成功：9月15日") and "请从东门进。" in text


def test_who_is_declined_is_told_what_else_is_free(open_hall):
    made = book(open_hall)
    answer(open_hall, made, {"duty_answer": "no", "duty_reason": "停电"}, open_hall.now)
    with open_hall.database.reading() as work:
        case_id = work.session.get(Appointment, made).case_id
        rows = select(Notice).where(Notice.case_id == case_id, Notice.kind == "appointment-declined")
        told = work.session.scalars(rows.order_by(Notice.id)).first()
        assert "停电" in told.text and "还有空的时间：9月15日 18:30、" in told.text and "18:00" not in told.text
        assert "Still free: 09-15 18:30, " in told.text_en


def test_in_office_hours_nobody_has_to_confirm_and_it_is_booked_at_once(open_hall):
    with open_hall.database.unit_of_work() as work:
        work.session.query(Slot).update({"kind": "normal"})
    made = book(open_hall)
    with open_hall.database.reading() as work:
        rows = work.session.query(Notice).filter(Notice.case_id == work.session.get(Appointment, made).case_id)
        kinds = {n.kind for n in rows}
    assert "appointment-confirmed" in kinds and "appointment-asked" not in kinds


def test_checking_in_too_early_says_when(open_hall):
    made = book(open_hall)
    with open_hall.database.reading() as work:
        code = work.session.get(Appointment, made).code
    with pytest.raises(NotNow) as caught:
        open_hall.do(booking.check_in, code, by=open_hall.residents[0], now=open_hall.at(15, 12))
    assert "9月15日 17:00" in caught.value.zh


def test_cancelling_ends_the_process_and_calls_the_reminders_off(open_hall):
    made = book(open_hall)
    open_hall.do(booking.cancel, made, version=2, by=open_hall.residents[0], now=open_hall.now)
    assert seen(open_hall, made)[:4] == ("cancelled", [], "finished", "withdrawn")
    with open_hall.database.reading() as work:
        left = work.session.query(Notice).filter(Notice.kind == "appointment-reminder", Notice.state != "cancelled")
        assert left.count() == 0
    assert open_hall.taken() == 0


def test_two_hours_before_it_is_too_late_to_cancel_online(open_hall):
    made = book(open_hall)
    with pytest.raises(NotNow):
        open_hall.do(booking.cancel, made, version=2, by=open_hall.residents[0], now=open_hall.at(15, 16, 30))
    open_hall.do(booking.cancel, made, version=2, by=open_hall.clerk, now=open_hall.at(15, 16, 30))


def test_a_no_show_warns_and_the_second_blocks_only_online_booking_until_a_person_reviews_it(open_hall):
    for day in (15, 16):
        made = book(open_hall, day=day)
        answer(open_hall, made, {"duty_answer": "yes"}, open_hall.now)
        over = open_hall.at(day, 18, 50)
        version = seen(open_hall, made)[4]
        with pytest.raises(NotNow):
            open_hall.do(booking.miss, made, version=version, by=open_hall.clerk, now=open_hall.at(day, 18, 10))
        open_hall.do(booking.miss, made, version=version, by=open_hall.clerk, now=over)
        assert seen(open_hall, made)[:4] == ("no_show", [], "finished", "ended")
    later = open_hall.at(16, 19)
    with pytest.raises(NotNow) as caught:
        book(open_hall, day=18, now=later)
    assert "人工复核" in caught.value.zh
    caller = booking.Person("居民1", "13800000001")
    open_hall.do(
        booking.hold,
        resource_id=open_hall.resource,
        starts_at=[open_hall.at(18, 18)],
        person=caller,
        channel="phone",
        by=open_hall.clerk,
        now=later,
    )
    open_hall.do(booking.ask_review, says="当天住院了", by=open_hall.residents[0], now=later)
    with open_hall.database.reading() as work:
        block = work.session.query(OnlineBlock).one().id
        assert [b.id for b in bookings.reviews(work, open_hall.head)] == [block]
    open_hall.do(booking.review, block, lift=True, answer="情况属实", by=open_hall.head, now=later)
    assert book(open_hall, day=21, now=later)


def test_closing_a_window_moves_each_booking_to_the_next_free_time_and_blames_nobody(open_hall):
    made = book(open_hall)
    window = {"starts_at": open_hall.at(15, 17), "ends_at": open_hall.at(15, 19)}
    with open_hall.database.reading() as work:
        (hit,) = booking.preview_closing(work, open_hall.resource, by=open_hall.clerk, now=open_hall.now, **window)
    assert hit.offer == open_hall.at(15, 19)
    open_hall.do(booking.close, open_hall.resource, reason="停电检修", by=open_hall.clerk, now=open_hall.now, **window)
    with open_hall.database.reading() as work:
        row = work.session.get(Appointment, made)
        assert (row.state, row.starts_at, row.by_hall) == ("held", open_hall.at(15, 19), True)
    again = open_hall.do(
        booking.confirm, made, version=3, by=open_hall.residents[0], now=open_hall.now + timedelta(hours=2)
    )
    assert again.state == "confirmed" and open_hall.taken(open_hall.at(15, 19)) == 1


def test_a_walk_in_takes_the_seat_of_who_did_not_come(open_hall):
    for n, (hour, minute) in enumerate([(18, 0), (18, 30), (19, 0), (19, 30)]):
        book(open_hall, who=n, hour=hour, minute=minute)
    with open_hall.database.reading() as work:
        first = work.session.query(Appointment).filter(Appointment.starts_at == open_hall.at(15, 18)).one().id
    for minute in (1, 2, 3):
        version = seen(open_hall, first)[4]
        open_hall.do(booking.call, first, version=version, by=open_hall.clerk, now=open_hall.at(15, 18, minute))
    with pytest.raises(NotNow):
        open_hall.do(
            booking.call, first, version=seen(open_hall, first)[4], by=open_hall.clerk, now=open_hall.at(15, 18, 5)
        )
    open_hall.do(
        booking.miss, first, version=seen(open_hall, first)[4], by=open_hall.clerk, now=open_hall.at(15, 18, 5)
    )
    came = open_hall.do(
        booking.walk_in,
        resource_id=open_hall.resource,
        person=booking.Person("路过", "13700000000"),
        item="medical",
        by=open_hall.clerk,
        now=open_hall.at(15, 18, 6),
    )
    assert (came.starts_at, came.state) == (open_hall.at(15, 18), "checked_in")


def test_confirming_twice_is_refused(open_hall):
    made = book(open_hall)
    with pytest.raises(AlreadyDone):
        open_hall.do(booking.confirm, made, version=2, by=open_hall.residents[0], now=open_hall.now)


def test_the_worker_lets_holds_go_and_marks_who_did_not_come(open_hall):
    from engine.commands.booking import due
    from engine.commands.worker import background
    from engine.store.models import Job, Slot

    with open_hall.database.unit_of_work() as work:
        booking.hold(
            work,
            resource_id=open_hall.resource,
            starts_at=[open_hall.at(16, 18)],
            item="medical",
            by=open_hall.residents[1],
            now=open_hall.now,
        )
        due.ask_for_slots(work, now=open_hall.now)
    made = book(open_hall)
    equipment = background.Equipment(press=None, channels={})

    def work_through(now):
        with open_hall.database.unit_of_work() as work:  # papers and messages are other tests' business
            work.session.query(Job).filter(Job.kind.in_(["render-paper", "send-notice"])).delete()
        while background.run(open_hall.database, equipment, now=now):
            pass

    work_through(open_hall.now + timedelta(minutes=31))
    assert open_hall.taken(open_hall.at(16, 18)) == 0
    assert seen(open_hall, made)[0] == "confirmed"
    work_through(open_hall.at(15, 18, 50))
    assert seen(open_hall, made)[0] == "no_show"
    with open_hall.database.reading() as work:
        assert work.session.query(Slot).filter(Slot.starts_at > open_hall.at(26, 0)).count() > 0
        assert work.session.query(Job).filter(Job.state == "failed").count() == 0


def test_a_clerk_says_that_they_asked_for_the_consent_of_the_matter(open_hall, tmp_path):
    says = "我同意大厅把我的姓名和电话给值班的人看"
    files = dict(matters.read_files(ROOT, "yuyue"))
    text = files["bpmn/yuyue/matter.yaml"].decode().replace("apply:\n", f"apply:\n  consent: {says}\n", 1)
    files["bpmn/yuyue/matter.yaml"] = text.encode()
    with open_hall.database.unit_of_work() as work:
        library.publish(work, matters.package.read("yuyue", files), by=people.SYSTEM, now=open_hall.now)
        work.session.get(Resource, open_hall.resource).items = ITEMS
        opened = login.open_session(work, open_hall.clerk.id, now=open_hall.now)
    settings = Settings(home=tmp_path, database_url="", secret_key="test")
    app = create_app(settings, database=open_hall.database, clock=lambda: open_hall.now, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session["token"] = opened
    page = client.get("/desk/bookings").text
    assert says in page and 'name="consent"' in page
    who = {"place": open_hall.resource, "name": "王小明", "phone": "13800000077", "item": "medical"}
    for when in ({"starts_at": "2026-09-15T18:00"}, {}):
        client.post("/desk/bookings/walk-in", data=who | when)
        with open_hall.database.reading() as work:
            assert work.session.scalars(select(Appointment)).all() == [] == work.session.scalars(select(Case)).all()
    asked = client.post("/desk/bookings/walk-in", data=who | {"starts_at": "2026-09-15T18:00", "consent": "yes"})
    assert asked.status_code == 302
    with open_hall.database.reading() as work:
        kept = work.session.scalars(select(Consent)).one()
        assert (kept.text, kept.user_id) == (says, open_hall.clerk.id)
        assert kept.facts["taken_down_by"] == open_hall.clerk.id
