"""Messages and signals between cases: by name and key, in jobs, once, whoever dies."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker import messages
from engine.commands.worker.wiring import JOBS
from engine.records import jobs
from engine.store.models import Case, Incident, Job
from tests.between import small
from tests.between.small import matter, outcome, publish, submit, task, waiting, work_off

KEY = '<extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements>'
MESSAGE = f'<message id="m" name="goods-arrived">{KEY}</message>'
#: What travels along: nothing but what the diagram names.
ALONG = (
    '<extensionElements><zeebe:ioMapping><zeebe:input source="=applicant" target="applicant"/>'
    '<zeebe:input source="=order" target="order"/></zeebe:ioMapping></extensionElements>'
)
SIGNAL = '<signal id="sig" name="hall-closed"/>'

WAITS = matter(
    "small_waits",
    "等货",
    '<startEvent id="s"/><flow s arrived/><intermediateCatchEvent id="arrived"><messageEventDefinition messageRef="m"/>'
    "</intermediateCatchEvent><flow arrived unpack/>" + task("unpack", "开箱") + '<flow unpack e/><endEvent id="e"/>',
    MESSAGE,
)
SLOW = matter(
    "small_slow",
    "先做事再等货",
    '<startEvent id="s"/><flow s before/>' + task("before", "准备") + "<flow before arrived/>"
    '<receiveTask id="arrived" name="等货" messageRef="m"/><flow arrived unpack/>'
    + task("unpack", "开箱")
    + '<flow unpack e/><endEvent id="e"/>',
    MESSAGE,
)
SENDS = matter(
    "small_sends",
    "发货",
    '<startEvent id="s"/><flow s send/><intermediateThrowEvent id="send">'
    + ALONG
    + '<messageEventDefinition messageRef="m"/>'
    '</intermediateThrowEvent><flow send e/><endEvent id="e"/>',
    MESSAGE,
)
BEGINS = matter(
    "small_begins",
    "到货登记",
    '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><flow s book/>'
    + task("book", "登记")
    + '<flow book e/><endEvent id="e"/>',
    MESSAGE,
)
LISTENS = matter(
    "small_listens",
    "听信号",
    '<startEvent id="s"/><flow s heard/><intermediateCatchEvent id="heard"><signalEventDefinition signalRef="sig"/>'
    "</intermediateCatchEvent><flow heard close/>" + task("close", "收摊") + '<flow close e/><endEvent id="e"/>',
    SIGNAL,
)
CALLS = matter(
    "small_calls",
    "发信号",
    '<startEvent id="s"/><flow s call/><intermediateThrowEvent id="call">'
    + ALONG
    + '<signalEventDefinition signalRef="sig"/>'
    '</intermediateThrowEvent><flow call e/><endEvent id="e"/>',
    SIGNAL,
)
SIGNALLED = matter(
    "small_signalled",
    "信号起办",
    '<startEvent id="s"><signalEventDefinition signalRef="sig"/></startEvent><flow s note/>'
    + task("note", "记一笔")
    + '<flow note e/><endEvent id="e"/>',
    SIGNAL,
)


def test_a_message_reaches_the_case_with_its_key_and_no_other(database, cast, clock):
    publish(database, clock(), WAITS, SENDS)
    seven, eight = (submit(database, "small_waits", cast.zhang, clock(), order=order) for order in "78")
    sender = submit(database, "small_sends", cast.zhang, clock(), order="8")
    assert outcome(database, sender)[0] == "finished" and waiting(database, eight) == set()
    work_off(database, clock())
    assert (waiting(database, seven), waiting(database, eight)) == (set(), {"unpack"})
    assert work_off(database, clock.on(hours=7)) == 0


def test_of_two_that_wait_for_the_same_the_first_gets_the_first_message(database, cast, clock):
    publish(database, clock(), WAITS, SENDS)
    first, second = (submit(database, "small_waits", cast.zhang, clock(), order="7") for _ in range(2))
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    work_off(database, clock())
    assert (waiting(database, first), waiting(database, second)) == ({"unpack"}, set())
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    work_off(database, clock())
    assert waiting(database, second) == {"unpack"}


def test_a_message_sent_too_early_is_kept_and_delivered_the_moment_somebody_waits(database, cast, clock):
    publish(database, clock(), SLOW, SENDS)
    case = submit(database, "small_slow", cast.zhang, clock(), order="7")
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    work_off(database, clock())
    small.complete(database, case, "before", cast.wang, clock.on(minutes=10))
    assert waiting(database, case) == set()
    work_off(database, clock())  # not in six hours: now
    assert waiting(database, case) == {"unpack"}


def test_a_message_nobody_wants_in_thirty_days_is_an_incident_a_person_can_read(database, cast, clock):
    publish(database, clock(), SENDS)
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    work_off(database, clock())
    with database.reading() as work:
        assert work.session.scalars(select(Incident)).all() == []
    work_off(database, clock.on(days=31))
    with database.reading() as work:
        assert "没有办件在等它" in work.session.scalars(select(Incident.zh)).one()


def test_a_message_that_begins_a_matter_opens_one_case_for_the_same_applicant(database, cast, clock):
    publish(database, clock(), BEGINS, SENDS)
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    work_off(database, clock())
    (begun,) = small.of_matter(database, "small_begins")
    assert (begun.applicant_id, begun.channel) == (cast.zhang.id, "system")
    assert waiting(database, begun.id) == {"book"} and small.answers(database, begun.id)["order"] == "7"
    # Who waits goes before who would begin.
    publish(database, clock(), WAITS)
    case = submit(database, "small_waits", cast.zhang, clock(), order="8")
    submit(database, "small_sends", cast.zhang, clock(), order="8")
    work_off(database, clock())
    assert waiting(database, case) == {"unpack"} and len(small.of_matter(database, "small_begins")) == 1


def test_a_signal_is_heard_by_all_who_wait_at_that_moment_and_begins_its_matter(database, cast, clock):
    publish(database, clock(), LISTENS, CALLS, SIGNALLED)
    three = [submit(database, "small_listens", cast.zhang, clock()) for _ in range(3)]
    submit(database, "small_calls", cast.zhang, clock())
    work_off(database, clock())
    late = submit(database, "small_listens", cast.zhang, clock.on(minutes=1))
    assert work_off(database, clock()) == 0
    assert [waiting(database, case) for case in three] == [{"close"}] * 3 and waiting(database, late) == set()
    assert [waiting(database, c.id) for c in small.of_matter(database, "small_signalled")] == [{"note"}]


class Dies(BaseException):
    """The worker's process is gone at this point: nothing after it runs, not even a handler of errors."""


@pytest.mark.parametrize("kind", ["deliver-message", "broadcast-signal", "hear-signal"])
@pytest.mark.parametrize("after_commit", [False, True])
def test_what_is_told_is_told_once_when_the_worker_dies_before_or_after_its_commit(
    database, cast, clock, monkeypatch, kind, after_commit
):
    publish(database, clock(), WAITS, SENDS, LISTENS, CALLS, SIGNALLED)
    case = submit(database, "small_waits", cast.zhang, clock(), order="7")
    ear = submit(database, "small_listens", cast.zhang, clock())
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    submit(database, "small_calls", cast.zhang, clock())
    real, handler, died = jobs.done, JOBS[jobs.Kind(kind)], []

    def done(work, job, *, now):
        real(work, job, now=now)
        if not after_commit and job.kind == kind and not died:
            died.append(job.id)
            raise Dies

    def handles(database, job, equipment, now):
        handler(database, job, equipment, now)
        if after_commit and not died:
            died.append(job.id)
            raise Dies

    monkeypatch.setattr(messages.jobs, "done", done)
    for _ in range(3):
        try:
            work_off(database, clock(), handlers=JOBS | {jobs.Kind(kind): handles})
        except Dies:
            clock.on(minutes=3)  # the lease of the dead worker runs out
    work_off(database, clock())
    assert died and waiting(database, case) == {"unpack"} and waiting(database, ear) == {"close"}
    assert len(small.of_matter(database, "small_signalled")) == 1
    with database.reading() as work:
        assert set(
            work.session.scalars(select(Job.state).where(Job.kind.like("%-message") | Job.kind.like("%-signal")))
        ) == {"done"}
        rows = work.session.execute(select(Case.id, Case.version).where(Case.id.in_((case, ear))))
        versions = {row[0]: row[1] for row in rows}
    assert versions == {case: 2, ear: 2}  # begun, told: each once


def test_a_message_for_a_case_that_has_ended_in_the_meantime_is_not_lost_on_it(database, cast, clock):
    publish(database, clock(), WAITS, SENDS)
    gone, stays = (submit(database, "small_waits", cast.zhang, clock(), order="7") for _ in range(2))
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    with database.unit_of_work() as work:
        cases.withdraw(work, gone, "不等了", by=cast.zhang, now=clock())
    work_off(database, clock())
    assert waiting(database, stays) == {"unpack"}


@pytest.mark.both
def test_a_case_that_begins_to_wait_after_the_worker_has_looked_gets_its_message_at_once(
    database, cast, clock, monkeypatch
):
    publish(database, clock(), WAITS, SENDS)
    submit(database, "small_sends", cast.zhang, clock(), order="7")
    look, came = messages._waiting, []

    def looked(work, name, key):
        found = look(work, name, key)
        if not came:  # nobody yet; and now, before the message is laid aside, somebody
            came.append(submit(database, "small_waits", cast.zhang, clock(), order="7"))
        return found

    monkeypatch.setattr(messages, "_waiting", looked)
    work_off(database, clock())
    assert waiting(database, came[0]) == {"unpack"}


@pytest.mark.both
def test_three_workers_at_once_tell_everybody_once_and_never_lock_each_other_out(database, cast, clock):
    publish(database, clock(), WAITS, SENDS, LISTENS, CALLS)
    cases_ = {order: submit(database, "small_waits", cast.zhang, clock(), order=order) for order in "abcdef"}
    ears = [submit(database, "small_listens", cast.zhang, clock()) for _ in range(4)]
    for order in "fedcba":
        submit(database, "small_sends", cast.zhang, clock(), order=order)
    submit(database, "small_calls", cast.zhang, clock())
    faults: list[BaseException] = []

    def worker() -> None:
        try:
            work_off(database, clock())
        except BaseException as fault:  # told to the test, which fails with it
            faults.append(fault)

    threads = [threading.Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for _ in range(3):  # what one of them put off for another
        work_off(database, clock.on(minutes=3))
    assert faults == []
    assert {order: waiting(database, case) for order, case in cases_.items()} == dict.fromkeys("abcdef", {"unpack"})
    assert [waiting(database, ear) for ear in ears] == [{"close"}] * 4
    with database.reading() as work:
        told = select(Case.id, Case.version).where(Case.id.in_([*cases_.values(), *ears]))
        assert {row[1] for row in work.session.execute(told)} == {2}
        assert work.session.scalars(select(Incident)).all() == []
