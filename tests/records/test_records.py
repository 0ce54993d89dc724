"""What is kept: the chain of events, jobs leased and fenced, papers frozen and rendered once, notices, files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from engine import people
from engine.commands.worker import background
from engine.errors import Invalid, NotFound, NotNow, NotYours, Refused
from engine.people import SYSTEM
from engine.reads import attachments
from engine.records import audit, documents, files, jobs, library, notices, papers
from engine.store.models import Case, Document, File, Incident, Job, MatterVersion, Notice
from tests.cast import DAIBAN, ROOT
from tests.commands import acting

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


class Plain:
    """A press in this process."""

    def __init__(self):
        self.made = 0

    def render(self, job):
        from engine.records.papers import workers

        self.made += 1
        return workers.make(job)


class Sent:
    """A channel that remembers."""

    def __init__(self, fails=0):
        self.keys, self.fails = [], fails

    def send(self, message):
        if self.fails:
            self.fails -= 1
            raise OSError("the gateway is away")
        self.keys.append(message.key)
        return "ok"


def equipment(**more):
    return background.Equipment(press=more.pop("press", None) or Plain(), sign=False, worker="test", **more)


def work_off(database, tools, now):
    while background.run(database, tools, now=now):
        pass


# ---------------------------------------------------------------- audit


def test_the_record_of_a_case_holds_together(database, cast, clock):
    acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        assert audit.seal(work, now=clock()).count == 16  # fifteen of the case, and the matter's publishing
        assert audit.seal(work, now=clock()) is None
    acting.submit(database, cast.xu, clock())
    with database.unit_of_work() as work:
        audit.seal(work, now=clock())
    with database.reading() as work:
        found = audit.verify(work)
    assert (found.chains, found.seals, found.faults) == (3, 2, ())  # two cases, and the publishing of the matter


def _break(database, sql):
    """What someone with the database file in hand could do."""
    with database.unit_of_work() as work:
        if database.dialect == "sqlite":
            for verb in ("update", "delete"):
                work.session.execute(text(f"DROP TRIGGER event_no_{verb}"))
        else:
            work.session.execute(text("ALTER TABLE event DISABLE TRIGGER ALL"))
            work.session.execute(text("ALTER TABLE sealed_event DROP CONSTRAINT fk_sealed_event_event_id"))
        work.session.execute(text(sql))
    with database.reading() as work:
        return [f.where.split("#")[0].split(":")[0] for f in audit.verify(work).faults]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE event SET by_id = 99 WHERE chain = 'case:1' AND seq = 3", "case"),
        ("DELETE FROM event WHERE chain = 'case:1' AND seq = 4", "case"),
        ("DELETE FROM event WHERE chain = 'case:1' AND seq = 7", "case"),
    ],
)
def test_a_changed_a_missing_and_a_cut_off_event_are_found(database, cast, clock, sql, found):
    acting.accepted(database, cast, clock)
    assert found in _break(database, sql)


def test_an_event_of_a_person_that_vanished_is_found_by_its_seal(sqlite, clock):
    with sqlite.unit_of_work() as work:
        audit.record(work, audit.Kind.LOGIN, by=SYSTEM, now=clock())
        audit.seal(work, now=clock())
    sqlite.engine.dispose()
    with sqlite.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DROP TRIGGER event_no_delete")
        connection.exec_driver_sql("DELETE FROM event")
        connection.exec_driver_sql("BEGIN")
    with sqlite.reading() as work:
        assert [f.where for f in audit.verify(work).faults] == ["seal:1"]


# ---------------------------------------------------------------- jobs


def test_a_job_is_leased_by_one_worker_and_done_once(database, clock):
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.RENDER_PAPER, "k", private={"name": "张三丰"}, now=clock())
    with database.unit_of_work() as work:
        (mine,) = jobs.lease(work, "a", now=clock())
    with database.unit_of_work() as work:
        assert jobs.lease(work, "b", now=clock()) == []
        jobs.done(work, mine, now=clock())
    with database.reading() as work:
        assert (mine.private, work.session.scalars(select(Job.private)).one()) == ({"name": "张三丰"}, None)
    with pytest.raises(jobs.Fenced), database.unit_of_work() as work:
        jobs.done(work, mine, now=clock())


def test_a_worker_that_slept_past_its_lease_finds_its_work_taken_and_keeps_nothing(database, clock):
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.RENDER_PAPER, "k", now=clock())
    with database.unit_of_work() as work:
        (slept,) = jobs.lease(work, "a", now=clock())
    with database.unit_of_work() as work:
        (second,) = jobs.lease(work, "b", now=clock.on(seconds=121))
    assert second.fence == slept.fence + 1
    with pytest.raises(jobs.Fenced), database.unit_of_work() as work:
        jobs.done(work, slept, now=clock())
    with database.unit_of_work() as work:
        jobs.done(work, second, now=clock())


def test_the_leases_of_a_dead_worker_of_this_machine_end_when_the_next_one_starts(database, clock):
    from web.worker import bury

    gone = subprocess.Popen(["true"])
    gone.wait()
    tools = equipment()
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.RENDER_PAPER, "k", now=clock())
        jobs.put(work, jobs.Kind.RENDER_PAPER, "elsewhere", now=clock())
    with database.unit_of_work() as work:
        jobs.lease(work, f"here:{gone.pid}", now=clock(), most=1)
        jobs.lease(work, "another-machine:1", now=clock(), most=1)
    tools.worker = "here:1"
    assert bury(database, tools, now=clock()) == 1
    with database.reading() as work:
        assert [j.state for j in work.session.scalars(select(Job).order_by(Job.id))] == ["ready", "leased"]


def test_a_job_is_queued_once_for_one_reason(database, clock):
    with database.unit_of_work() as work:
        assert jobs.put_once(work, jobs.Kind.RENDER_PAPER, "k", now=clock())
        assert not jobs.put_once(work, jobs.Kind.RENDER_PAPER, "k", now=clock())


def test_a_job_that_fails_waits_longer_each_time_and_becomes_an_incident(database, clock):
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.OPEN_CHILD, "k", now=clock())

    def failing(database, job, tools, now):
        raise ValueError("broken")

    waits = []
    for _ in range(6):
        background.run(database, equipment(), now=clock(), handlers={jobs.Kind.OPEN_CHILD: failing})
        with database.reading() as work:
            row = work.session.scalar(select(Job))
            waits.append((row.state, (row.run_after - clock()).total_seconds()))
        clock.on(hours=2)
    assert [w for w in waits[:5]] == [("ready", s) for s in (5, 30, 120, 600, 3600)]
    with database.reading() as work:
        incident = work.session.scalar(select(Incident))
        assert "broken" in incident.zh and work.session.scalar(select(Job.state)) == "failed"
    with database.unit_of_work() as work:
        jobs.again(work, row.id, now=clock())
    with database.reading() as work:
        assert work.session.scalar(select(Job.state)) == "ready"


def test_a_kind_of_job_that_nobody_does_is_never_queued(database, clock):
    for put in (jobs.put, jobs.put_once):
        with pytest.raises(ValueError, match="no-such-kind"), database.unit_of_work() as work:
            put(work, "no-such-kind", "k", now=clock())
    with database.reading() as work:
        assert work.session.scalar(select(Job.id)) is None


def test_a_job_of_another_version_of_the_program_is_an_incident_at_once(database, clock):
    with database.unit_of_work() as work:
        jobs.put(work, jobs.Kind.OPEN_CHILD, "k", now=clock()).kind = "of-tomorrow"
    background.run(database, equipment(), now=clock())
    with database.reading() as work:
        assert "of-tomorrow" in work.session.scalar(select(Incident.zh))
        assert work.session.scalar(select(Job.state)) == "failed"


# ---------------------------------------------------------------- papers


def test_a_paper_is_rendered_once_and_reads_back_in_chinese(database, cast, clock, tmp_path):
    case_id = acting.accepted(database, cast, clock)
    tools = equipment()
    work_off(database, tools, clock())
    work_off(database, tools, clock.on(hours=1))
    assert tools.press.made == 4
    with database.reading() as work:
        paper = work.session.scalars(
            select(Document).where(Document.case_id == case_id, Document.kind == "acceptance")
        ).one()
        assert paper.state == "ready" and paper.sha256
        opened = attachments.paper(work, paper.id, actor=cast.zhang)
        number = work.session.get(Case, case_id).number
        with pytest.raises(NotYours):
            attachments.paper(work, paper.id, actor=cast.xu)
    pdf = tmp_path / "paper.pdf"
    pdf.write_bytes(opened.data)
    said = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    for words in ("受理通知书", number, "张三丰", "德医保受〔2026〕1号", "2026年9月18日"):
        assert words in said.replace(" ", "") or words in said, words


def test_what_a_paper_says_was_frozen_when_it_was_issued(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        work.session.execute(update(Case).where(Case.id == case_id).values(applicant_name="别人"))
    with database.reading() as work:
        assert work.session.scalar(select(Document)).facts["applicant"]["name"] == "张三丰"


def test_a_stranger_verifies_a_paper_by_its_code_and_learns_nothing_more(database, cast, clock):
    acting.accepted(database, cast, clock)
    work_off(database, equipment(), clock())
    with database.reading() as work:
        code = work.session.scalar(select(Document.check_code).where(Document.kind == "acceptance"))
        found = attachments.verify(work, code.lower().replace("-", " "))
        assert (found.title, found.person, found.organ, found.state) == (
            "受理通知书",
            "张*丰",
            "德化县医疗保障局",
            "ready",
        )
        with pytest.raises(NotFound):
            attachments.verify(work, "2222-2222-2222-2222")


def test_a_void_paper_keeps_its_number_and_is_not_given_out(database, cast, clock):
    acting.accepted(database, cast, clock)
    work_off(database, equipment(), clock())
    with database.unit_of_work() as work:
        paper = work.session.scalar(select(Document).where(Document.kind == "acceptance"))
        documents.void(work, paper.id, "印错了", by=cast.zhao, now=clock())
    with database.reading() as work:
        with pytest.raises(NotNow):
            attachments.paper(work, paper.id, actor=cast.zhang)
        assert attachments.verify(work, paper.check_code).state == "void"
    acting.accepted(database, cast, clock)
    with database.reading() as work:
        accepted = select(Document.number).where(Document.kind == "acceptance").order_by(Document.id)
        numbers = work.session.scalars(accepted).all()
        assert numbers == ["德医保受〔2026〕1号", "德医保受〔2026〕2号"]


def test_a_paper_is_not_issued_without_what_it_must_say(database, cast, clock):
    with pytest.raises(papers.MissingFacts) as refused, database.unit_of_work() as work:
        documents.issue(work, "refusal", {}, key="k", organ=cast.yb, by=SYSTEM, now=clock())
    assert {"applicant.name", "findings", "reason"} <= {fault.field for fault in refused.value.fields}


# ---------------------------------------------------------------- notices


def test_a_notice_is_sent_once_and_tried_again_when_the_gateway_is_away(database, cast, clock):
    acting.accepted(database, cast, clock)
    channel = Sent(fails=1)
    tools = equipment(channels={"*": channel})
    work_off(database, tools, clock())
    assert channel.keys == []
    work_off(database, tools, clock.on(seconds=6))
    work_off(database, tools, clock.on(hours=1))
    assert len(channel.keys) == 1
    with database.reading() as work:
        sms = work.session.scalar(select(Notice).where(Notice.channel == "sms"))
        assert (sms.state, sms.answer, sms.address) == ("sent", "ok", "13800000001")
        assert "张*丰" in sms.text and "张三丰" not in sms.text


def test_nobody_gets_a_text_message_in_the_night(database, cast, clock):
    clock.at("2026-09-18 22:30")
    acting.accepted(database, cast, clock)
    channel = Sent()
    work_off(database, equipment(channels={"*": channel}), clock())
    assert channel.keys == []
    work_off(database, equipment(channels={"*": channel}), clock.at("2026-09-19 08:00"))
    assert len(channel.keys) == 1


@pytest.mark.parametrize(
    "asked, goes_out",
    [
        ("2026-09-18 20:59", "2026-09-18 20:59"),
        ("2026-09-18 21:00", "2026-09-19 08:00"),
        ("2026-09-18 23:59", "2026-09-19 08:00"),
        ("2026-09-19 00:00", "2026-09-19 08:00"),
        ("2026-09-19 07:59", "2026-09-19 08:00"),
        ("2026-09-19 08:00", "2026-09-19 08:00"),
    ],
)
def test_the_quiet_hours_begin_at_nine_and_end_at_eight(clock, asked, goes_out):
    at = clock.at(asked)
    assert notices.next_waking(at) == clock.at(goes_out)


def test_a_cancelled_notice_is_not_sent(database, cast, clock):
    acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        key = work.session.scalar(select(Notice.key).where(Notice.channel == "sms"))
        assert notices.cancel(work, key, now=clock()) == 1
    channel = Sent()
    work_off(database, equipment(channels={"*": channel}), clock())
    assert channel.keys == []
    with database.reading() as work:
        assert {j.state for j in work.session.scalars(select(Job))} == {"done"}


# ---------------------------------------------------------------- files


def test_a_file_is_kept_by_its_content_sealed_and_outside_the_database(database, cast, clock):
    with database.unit_of_work() as work:
        kept = files.upload(work, PNG, "身份证.png", by=cast.zhang, now=clock())
        again = files.read(work, kept)
        assert (kept.type, kept.size, len(kept.sha256)) == ("image/png", len(again), 64)
    on_disk = [p for p in Path(database.files).rglob("*") if p.is_file()]
    assert len(on_disk) == 1 and again not in on_disk[0].read_bytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "空文件"), (b"MZ" + b"\0" * 200, "电脑程序"), (b"<html><script>", "网页")],
    ids=["empty", "program", "page"],
)
def test_what_nobody_may_hand_in_is_refused(database, cast, clock, data, words):
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        files.upload(work, data, "身份证.png", by=cast.zhang, now=clock(), field="id_copies", label="身份证照片")
    assert words in refused.value.by_field()["id_copies"].zh


def test_thirty_megabytes_are_too_many(database, cast, clock):
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        files.upload(work, PNG + b"\0" * 30 * 1024 * 1024, "a.png", by=cast.zhang, now=clock(), field="f", label="照片")
    assert "最大 20 MB" in refused.value.by_field()["f"].zh


def test_a_case_takes_only_its_senders_files(database, cast, clock):
    with database.unit_of_work() as work:
        kept = files.upload(work, PNG, "身份证.png", by=cast.zhang, now=clock())
    with pytest.raises(NotYours):
        acting.submit(database, cast.xu, clock(), {**DAIBAN, "id_copies": [str(kept.id)]})
    case_id = acting.submit(database, cast.zhang, clock(), {**DAIBAN, "id_copies": [str(kept.id)]})
    with database.reading() as work:
        assert work.session.get(File, kept.id).case_id == case_id
        assert attachments.attachment(work, kept.id, actor=cast.chen).sha256 == kept.sha256
        with pytest.raises(Refused):
            attachments.attachment(work, kept.id, actor=cast.huang)


# ---------------------------------------------------------------- published matters


def test_running_cases_stay_on_the_version_they_began_with(database, cast, clock):
    from engine import matters

    case_id = acting.submit(database, cast.zhang, clock())
    folder = matters.read_files(ROOT, "daiban")
    name = "bpmn/daiban/matter.yaml"
    folder[name] = folder[name].replace(b"promised: 5wd", b"promised: 4wd")
    changed = matters.read("daiban", folder)
    with database.unit_of_work() as work:
        assert library.publish(work, changed, by=people.SYSTEM, now=clock()) is True
        assert library.publish(work, changed, by=people.SYSTEM, now=clock()) is False
    later = acting.submit(database, cast.xu, clock())
    library._packages.clear()  # as in another process
    with database.reading() as work:
        old, new = work.session.get(Case, case_id), work.session.get(Case, later)
        assert old.version_hash != new.version_hash
        assert library.version(work, old.version_hash).info.limits.promised == "5wd"
        assert library.current(work, "daiban").info.limits.promised == "4wd"
        assert len(work.session.scalars(select(MatterVersion.hash)).all()) == 2
    acting.claim(database, case_id, cast.chen, clock())
    acting.complete(database, case_id, acting.TAKE_IN, cast.chen, clock())
