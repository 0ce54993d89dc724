"""What is kept no longer is erased: nothing of a person is left, numbers and hashes are; who is kept back stays."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from engine.commands import cases
from engine.commands.cases.finding import find_case
from engine.commands.hall import erased_rows, erasing, outside, own_data
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.matters import BadMatter
from engine.people import SYSTEM, load
from engine.reads import case_page, keeping, overview
from engine.records import audit, files, inspection, jobs, library
from engine.store.models import (
    BondCode,
    Case,
    DataRequest,
    Document,
    Draft,
    Event,
    File,
    Job,
    LegalHold,
    Notice,
    Task,
    User,
)
from engine.store.models.base import Base
from engine.workdays import local_date
from tests.commands import acting
from tests.records.test_records import equipment, work_off

YEARS = timedelta(days=10 * 366)
PERSON = ("张三丰", "13800000001", "350526195003071239")


@pytest.fixture
def ended(database, cast, clock):
    """A finished case with a look behind its mask, a material, and a draft of a step. Its papers wait to be made."""
    case_id = acting.finished(database, cast, clock)
    with database.unit_of_work() as work:
        cases.reveal(work, case_id, "phone", "contact", "打电话核对张三丰", by=cast.chen, now=clock())
        files.store(
            work,
            "张三丰的户口簿".encode(),
            "张三丰.jpg",
            "image/jpeg",
            owner_id=cast.zhang.id,
            case_id=case_id,
            now=clock(),
        )
        task = work.session.scalars(select(Task.id).where(Task.case_id == case_id).order_by(Task.id)).first()
        work.session.add(Draft(user_id=cast.chen.id, about=f"task:{task}", values={"note": "张三丰"}, saved_at=clock()))
    return case_id


@pytest.fixture
def made(database, clock, ended):
    """The same with its papers."""
    work_off(database, equipment(), clock())
    return ended


def night(database, clock) -> None:
    """The job, until nothing is left to do in this night."""
    for _n in range(20):
        with database.unit_of_work() as work:
            erasing.ask_to_erase(work, now=clock() - timedelta(days=2))
            found = jobs.lease(work, "w", now=clock(), kinds=[jobs.Kind.ERASE])
        if not found:
            return
        for job in found:
            erasing.erase_due(database, job, equipment(), clock())


def everything(database) -> list[tuple[str, str]]:
    """(table.column, text) of every value in the database, opened where it is sealed."""
    found = []
    with database.reading() as work:
        for table in Base.metadata.sorted_tables:
            for row in work.session.execute(select(table)).mappings():
                for name, value in row.items():
                    if isinstance(value, bytes):
                        value = value.decode("utf-8", "replace")
                    if isinstance(value, (str, dict, list)):
                        found.append((f"{table.name}.{name}", json.dumps(value, ensure_ascii=False)))
    return found


def faults(database) -> list[str]:
    with database.reading() as work:
        return [f"{fault.where} {fault.en}" for fault in inspection.inspect(work).faults]


def test_nothing_of_a_person_is_left_and_the_record_still_holds(database, cast, clock, made):
    ended = made
    with database.reading() as work:
        before = work.session.get(Case, ended)
        number, outcome, received, events = before.number, before.outcome, before.received_at, before.events_count
        on_disk = [database.files / sha[:2] / sha[2:4] / sha for sha in work.session.scalars(select(File.sha256))]
    assert on_disk and all(path.exists() for path in on_disk)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).keep_until == date(2036, 9, 21)
        assert work.session.get(Case, ended).erased_at is None
    clock.on(days=YEARS.days)
    night(database, clock)
    with database.reading() as work:
        case = work.session.get(Case, ended)
        assert (case.number, case.outcome, case.received_at) == (number, outcome, received)
        assert case.erased_at == clock() and case.applicant_id is None and case.events_count > events
        assert {d.state for d in work.session.scalars(select(Document))} == {"void"}
        assert all(d.sha256 and d.file_id is None for d in work.session.scalars(select(Document)))
        assert {n.text for n in work.session.scalars(select(Notice).where(Notice.case_id == ended))} == {""}
        assert not work.session.scalars(select(Draft)).all() and not work.session.scalars(select(File)).all()
        assert [e.facts for e in work.session.scalars(select(Event).where(Event.kind == "case.erased"))] == [
            {"matter": "daiban", "why": "retention"}
        ]
    assert not any(path.exists() for path in on_disk)
    left = [where for where, text in everything(database) if any(word in text for word in PERSON)]
    assert {where.partition(".")[0] for where in left} <= {"user"}  # their account is theirs
    assert faults(database) == []


def test_what_a_case_was_is_shown_and_what_it_said_is_not(database, cast, clock, ended):
    with database.reading() as work:
        zhang = load(work, cast.zhang.id, now=clock())
    clock.on(days=YEARS.days)
    night(database, clock)
    night(database, clock)
    with database.reading() as work:
        number = work.session.get(Case, ended).number
        chen = load(work, cast.chen.id, now=clock())
        gone = keeping.erased(work, number, actor=chen)
        assert gone is not None and gone.erased_at == clock() and gone.papers and gone.why == "retention"
        with pytest.raises(NotNow) as refused:
            case_page.page(work, ended, actor=chen, now=clock())
        assert "已于" in refused.value.zh and refused.value.facts["erased"]
        assert keeping.erased(work, number, actor=zhang) is None  # it is nobody's any more
        with pytest.raises(NotFound):
            case_page.page(work, ended, actor=zhang, now=clock())


def test_numbers_are_what_they_were(database, cast, clock, ended):
    def count():
        with database.reading() as work:
            zhao = load(work, cast.users["zhao"], now=clock())
            return overview.numbers(work, zhao, now=clock())

    before = count()
    with database.unit_of_work() as work:
        erasing.erase(work, [find_case(work, ended)], why="asked", by=SYSTEM, now=clock())
    assert count() == before


def test_a_held_case_is_kept_until_the_hold_is_over(database, cast, clock, ended):
    clock.on(days=YEARS.days)
    zhao = cast.zhao
    with database.unit_of_work() as work:
        last = local_date(clock()) + timedelta(days=30)
        cases.hold(work, ended, "行政诉讼 (2036) 闽0526行初7号", last, by=zhao, now=clock())
    night(database, clock)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).erased_at is None
        found = keeping.preview(work, zhao, now=clock())
        assert (found.now, found.held_count) == (0, 1)
        assert found.held[0].reason.startswith("行政诉讼")
    clock.on(days=31)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).erased_at is not None
        assert work.session.scalars(select(LegalHold)).one().reason == ""
    assert faults(database) == []


def test_a_hold_is_a_heads_with_a_reason_and_a_day(database, cast, clock, ended):
    last = local_date(clock()) + timedelta(days=30)
    with pytest.raises(NotYours), database.unit_of_work() as work:
        cases.hold(work, ended, "上级检查要用", last, by=cast.chen, now=clock())
    with pytest.raises(Invalid) as refused, database.unit_of_work() as work:
        cases.hold(work, ended, "要", local_date(clock()), by=cast.zhao, now=clock())
    assert set(refused.value.by_field()) == {"reason", "until_on"}
    with database.unit_of_work() as work:
        cases.hold(work, ended, "上级检查要用", last, by=cast.zhao, now=clock())
    with pytest.raises(NotNow) as twice, database.unit_of_work() as work:
        cases.hold(work, ended, "再来一次检查", last, by=cast.zhao, now=clock())
    assert "已于" in twice.value.zh
    with database.unit_of_work() as work:
        cases.let_go(work, ended, by=cast.zhao, now=clock())
    with pytest.raises(NotFound), database.unit_of_work() as work:
        cases.let_go(work, ended, by=cast.zhao, now=clock())
    with database.reading() as work:
        kinds = [e.kind for e in audit.history(work, ended)]
        assert kinds[-2:] == ["case.held", "case.let-go"]


@pytest.mark.both
def test_of_a_hold_and_the_night_one_comes_first(database, cast, clock, ended):
    """Either the case is erased and the hold refused, or it is held and nothing of it is gone."""
    clock.on(days=YEARS.days)
    with database.unit_of_work() as work:
        erasing.date_ended(work)
    ready, said = threading.Barrier(2), []

    def lay():
        ready.wait()
        try:
            with database.unit_of_work() as work:
                last = local_date(clock()) + timedelta(days=30)
                cases.hold(work, ended, "上级检查要用", last, by=cast.zhao, now=clock())
            said.append("held")
        except NotNow:
            said.append("too late")

    def sweep():
        ready.wait()
        erasing.erase_some(database, now=clock())

    both = [threading.Thread(target=lay), threading.Thread(target=sweep)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with database.reading() as work:
        gone = work.session.get(Case, ended).erased_at is not None
        assert said == (["too late"] if gone else ["held"])
        assert gone == (work.session.scalar(select(LegalHold.id)) is None)
    assert faults(database) == []


def test_what_was_begun_and_never_sent_goes_and_what_is_named_elsewhere_stays(database, cast, clock):
    with database.unit_of_work() as work:
        loose = files.store(work, b"loose", "a.jpg", "image/jpeg", owner_id=cast.zhang.id, now=clock()).id
        used = files.store(work, b"used", "b.jpg", "image/jpeg", owner_id=cast.zhang.id, now=clock()).id
        new = Draft(user_id=cast.zhang.id, about="matter:yuyue", values={"file": str(used)}, saved_at=clock())
        work.session.add(new)
        work.session.add(
            Draft(user_id=cast.zhang.id, about="matter:daiban", values={"file": str(loose)}, saved_at=clock())
        )
        code = {
            "purpose": "fetch",
            "code_hash": "y",
            "kind": "family",
            "subject_ref": "u:1",
        }
        work.session.add(
            BondCode(**code, issuer_id=cast.zhang.id, asked={"name": "许小妹"}, created_at=clock(), expires_at=clock())
        )
        work.session.flush()
        again = new.id
    clock.on(days=89)
    with database.unit_of_work() as work:
        work.session.execute(update(Draft).where(Draft.id == again).values(saved_at=clock()))
    clock.on(days=9)
    night(database, clock)
    with database.reading() as work:
        assert set(work.session.scalars(select(File.id))) == {used}
        assert set(work.session.scalars(select(Draft.id))) == {again}
        assert not work.session.scalars(select(BondCode)).all()
        assert work.session.scalars(select(Event.facts).where(Event.kind == "hall.leftovers-forgotten")).one() == {
            "drafts": 1,
            "files": 1,
            "codes": 1,
        }


def test_a_matter_that_keeps_longer_today_keeps_its_old_cases_longer(database, cast, clock, ended):
    with database.unit_of_work() as work:
        erasing.date_ended(work)
        work.session.execute(update(Case).values(keep_until=local_date(clock())))
    assert erasing.erase_some(database, now=clock()) == 1
    with database.reading() as work:
        case = work.session.get(Case, ended)
        assert case.erased_at is None and case.keep_until == date(2036, 9, 21)


def test_whose_case_it_was_goes_too_and_the_account_that_it_named_with_it(database, cast, clock, ended):
    with database.unit_of_work() as work:
        asked = own_data.ask(
            work, "correct", work.session.get(Case, ended).number, "住址写错了", by=cast.zhang, now=clock()
        )
        own_data.answer(work, asked.id, True, "已更正住址", by=load(work, cast.users["zhao"], now=clock()), now=clock())
    with database.reading() as work:
        assert work.session.get(Case, ended).submitted_by_id == cast.zhang.id
    with database.unit_of_work() as work:  # no gateway took them yet: what is to be sent is not over
        work.session.execute(update(Notice).where(Notice.channel == "sms").values(state="sent", sent_at=clock()))
    clock.on(days=YEARS.days)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).submitted_by_id is None
        assert work.session.get(DataRequest, asked.id).erased_at == clock()
        assert work.session.get(User, cast.zhang.id).erased_at == clock()


@pytest.mark.parametrize("of", ["version", "current"])
def test_a_version_that_cannot_be_read_any_more_keeps_nobody_else(database, cast, clock, ended, monkeypatch, of):
    """Its cases wait, without standing before the others in every batch."""
    with database.reading() as work:
        broken = work.session.get(Case, ended).version_hash
    real = getattr(library, of)

    def read(work, asked):
        if asked in (broken, "daiban"):
            raise BadMatter("daiban", [])
        return real(work, asked)

    monkeypatch.setattr(erasing, "BATCH", 1)
    with database.unit_of_work() as work:
        if of == "current":
            assert erasing.date_ended(work) == 1
    clock.on(days=YEARS.days)
    with monkeypatch.context() as patch:
        patch.setattr(library, of, read)
        with database.unit_of_work() as work:
            assert erasing.date_ended(work) == 0
        assert erasing.erase_some(database, now=clock()) == (1 if of == "current" else 0)
        assert erasing.erase_some(database, now=clock()) == 0
        with database.reading() as work:
            case = work.session.get(Case, ended)
            assert case.erased_at is None
            assert case.keep_until == (local_date(clock()) + erasing.AGAIN if of == "current" else None)
    clock.on(days=8)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).erased_at is not None


def test_one_case_that_cannot_be_erased_keeps_back_no_other_and_is_seen(database, cast, clock, ended, monkeypatch):
    second, real = acting.finished(database, cast, clock), erasing.erase

    def erase(work, cases, **more):
        real(work, cases, **more)
        if ended in {case.id for case in cases}:
            raise RuntimeError("no")

    monkeypatch.setattr(erasing, "BATCH", 1)
    clock.on(days=YEARS.days)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "erase", erase)
        with database.unit_of_work() as work:
            erasing.date_ended(work)
            erasing.date_ended(work)
        for _n in range(2):
            erasing.erase_some(database, now=clock())
        with database.reading() as work:
            gone = {id: work.session.get(Case, id).erased_at for id in (ended, second)}
            assert gone == {ended: None, second: clock()}
            assert work.session.scalars(select(File.id).where(File.case_id == ended)).all()
            assert [job.payload for job in work.session.scalars(select(Job).where(Job.kind == "erase"))] == [
                {"case": ended}
            ]
    night(database, clock)  # its own job, once what was wrong with it is mended
    with database.reading() as work:
        assert work.session.get(Case, ended).erased_at == clock()


def test_what_one_step_did_stays_when_another_fails(database, cast, clock, ended, monkeypatch):
    def broken(work, *, now):
        raise RuntimeError("no")

    monkeypatch.setattr(outside, "erase_some", broken)
    with pytest.raises(RuntimeError):
        night(database, clock)
    with database.reading() as work:
        assert work.session.get(Case, ended).keep_until is not None
        assert work.session.scalars(select(Job.state).where(Job.kind == "erase")).one() == "leased"


def test_every_table_that_belongs_to_a_case_says_what_becomes_of_it():
    told = {table.__tablename__ for table, _which in erased_rows.DELETED}
    told |= {table.__tablename__ for table, _which, _says in erased_rows.BLANKED} | set(erased_rows.STAYS)
    near, known = {"case"}, 0
    while known != len(near):  # what belongs to a case, and what belongs to that
        known = len(near)
        near |= {
            table.name
            for table in Base.metadata.sorted_tables
            if any(key.column.table.name in near - {"bond", "register_entry"} for key in table.foreign_keys)
        }
    assert near - told == set()
    assert all(table in Base.metadata.tables for table in told)


@pytest.mark.parametrize("table", [t for t, _w, _s in erased_rows.BLANKED], ids=lambda t: t.__tablename__)
def test_every_sealed_word_of_such_a_table_is_blanked(table):
    says = next(s for t, _w, s in erased_rows.BLANKED if t is table)
    sealed = {c.name for c in table.__table__.columns if type(c.type).__name__.startswith("Sealed")}
    assert sealed - set(says) == set()


def test_one_broken_night_goes_on_where_it_was(database, cast, clock, ended):
    with database.unit_of_work() as work:
        erasing.ask_to_erase(work, now=clock())
        erasing.ask_to_erase(work, now=clock())
    with database.reading() as work:
        assert len(work.session.scalars(select(Job).where(Job.kind == "erase")).all()) == 1
