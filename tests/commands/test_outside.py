"""What lives outside a case goes when its time is over: who it was, never how many, and never what is still held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from engine import matters
from engine.commands import cases
from engine.commands.hall import erased_rows, outside
from engine.matters.keeping import house
from engine.people import login, sessions
from engine.records import audit, files, kept, library
from engine.store import keys
from engine.store.models import (
    Appointment,
    Bond,
    BookingPlace,
    Consent,
    Event,
    File,
    Notice,
    Resource,
    Reveal,
    Session,
    Slot,
    Standing,
    StandingDay,
    User,
    Waiting,
)
from engine.store.models.base import Base
from engine.workdays import local_date
from tests.cast import ROOT
from tests.commands import acting
from tests.commands.test_erasing import everything, faults, night

HAN = ("韩老汉", "13900000077")
YEARS = timedelta(days=3 * 366)
AGES = timedelta(days=6 * 366)


def resource(work, cast, **more):
    one = Resource(
        code=f"r{sorted(more.values())}", unit_id=cast.zhang.place_id, kind="session", name="午餐", matter="", **more
    )
    work.session.add(one)
    work.session.flush()
    return one


def booking(work, where, n, at, **more):
    """One booking of an offer, served, with its place."""
    one = Appointment(
        **{
            "number": f"B{n}",
            "code": f"code{n}",
            "resource_id": where.id,
            "matter": "",
            "state": "served",
            "starts_at": at - timedelta(hours=1),
            "ends_at": at,
            "kind": "normal",
            "person_index": "blind",
            "name": HAN[0],
            "phone": HAN[1],
            "booked_at": at - timedelta(days=1),
            "ended_at": at,
            "answers": {"dish": HAN[0]},
            "reason": HAN[0],
            "cents": 800,
            **more,
        }
    )
    work.session.add(one)
    slot = Slot(
        resource_id=where.id,
        starts_at=at + timedelta(minutes=n),
        ends_at=at + timedelta(hours=1),
        kind="normal",
        public_capacity=9,
    )
    work.session.add(slot)
    work.session.flush()
    work.session.add(
        BookingPlace(
            appointment_id=one.id, slot_id=slot.id, person_index="blind", name=HAN[0], phone=HAN[1], fetched_by=HAN[0]
        )
    )
    work.session.flush()
    return one.id


def bond(work, clock, state="ended", **more):
    one = Bond(
        **{
            "kind": "family",
            "state": state,
            "subject_ref": f"p:{state}:a",
            "subject_name": HAN[0],
            "subject_phone": HAN[1],
            "subject_name_index": "n",
            "subject_phone_index": "p",
            "holder_ref": f"p:{state}:b",
            "holder_name": "韩小弟",
            "holder_name_index": "m",
            "n": 1,
            "most": 3,
            "lets": ["see"],
            "proof": {"words": HAN[0]},
            "revocable": True,
            "from_on": local_date(clock()),
            "until_on": local_date(clock()),
            "how": "counter",
            "made_at": clock(),
            "confirmed_at": clock(),
            "ended_at": clock() if state == "ended" else None,
            "ended_how": "expired" if state == "ended" else None,
            **more,
        }
    )
    work.session.add(one)
    work.session.flush()
    return one.id


@pytest.fixture
def said(database, cast, clock):
    """Everything of somebody without an account, and what is still open of them."""
    with database.unit_of_work() as work:
        where, at = resource(work, cast), clock()
        ids = {"served": booking(work, where, 1, at)}
        ids["open"] = booking(work, where, 2, at, state="confirmed", ended_at=None)
        days = {"from_on": local_date(at), "until_on": local_date(at), "at": "11:00", "weekdays": "1", "made_at": at}
        who = {"resource_id": where.id, "person_index": "blind", "name": HAN[0], "phone": HAN[1]}
        order = Standing(**days, **who, answers={"a": HAN[0]}, state="ended", ended_at=at, reason=HAN[0])
        work.session.add(order)
        work.session.flush()
        work.session.add(
            StandingDay(standing_id=order.id, day=local_date(at), state="full", reason=HAN[0], answers={"a": HAN[0]})
        )
        work.session.add(Waiting(**who, day=local_date(at), state="left", since_at=at))
        notice = {
            "channel": "sms",
            "address": HAN[1],
            "kind": "booking",
            "text": HAN[0],
            "created_at": at,
            "send_after": at,
        }
        work.session.add(Notice(key="n:1", state="sent", **notice))
        work.session.add(Notice(key="n:2", state="waiting", **notice))
        audit.record(work, audit.Kind.REVEALED, by=cast.chen, now=at, facts={"field": "phone"})
        work.session.add(Reveal(by_id=cast.chen.id, field="phone", purpose=f"打电话给{HAN[0]}", at=at))
        ids["bond"], ids["held"] = bond(work, clock), bond(work, clock, "held")
    return ids


def test_who_it_was_goes_and_how_many_stays(database, cast, clock, said):
    clock.on(days=YEARS.days - 10)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Appointment, said["served"]).name == HAN[0]
        assert work.session.get(Appointment, said["served"]).keep_until == date(2029, 9, 18)
    clock.on(days=AGES.days)
    night(database, clock)
    with database.reading() as work:
        gone, stays = (work.session.get(Appointment, said[name]) for name in ("served", "open"))
        assert (gone.name, gone.answers, gone.erased_at) == ("", None, clock())
        assert (gone.number, gone.state, gone.cents, gone.places) == ("B1", "served", 800, 1)
        assert (stays.name, stays.erased_at) == (HAN[0], None)
        assert work.session.get(Bond, said["bond"]).subject_name == ""
        assert work.session.get(Bond, said["held"]).subject_name == HAN[0]
        told = work.session.scalars(select(Event.facts).where(Event.kind == audit.Kind.ROWS_ERASED.value)).all()
        assert sum(one.get("offer", 0) for one in told) == 3 and sum(one.get("notice", 0) for one in told) == 1
    left = {where for where, value in everything(database) if HAN[0] in value or HAN[1] in value}
    # what is open, waits to be sent, or holds
    assert {where.partition(".")[0] for where in left} == {"appointment", "booking_place", "notice", "bond"}
    assert faults(database) == []


def test_a_batch_is_small_and_the_next_goes_on(database, cast, clock, monkeypatch):
    monkeypatch.setattr(outside, "BATCH", 2)
    monkeypatch.setattr(outside, "DATED", 2)
    with database.unit_of_work() as work:
        where = resource(work, cast)
        for n in range(5):
            booking(work, where, n, clock())
    clock.on(days=AGES.days)
    blank = select(Appointment.id).where(Appointment.erased_at.is_not(None))
    with database.unit_of_work() as work:
        assert outside.erase_some(work, now=clock()) is True
        assert len(work.session.scalars(blank).all()) == 2
    night(database, clock)
    with database.reading() as work:
        assert len(work.session.scalars(blank).all()) == 5


def test_a_hold_on_the_case_that_opened_it_keeps_its_bookings(database, cast, clock):
    case_id = acting.finished(database, cast, clock)
    with database.unit_of_work() as work:
        booked = booking(work, resource(work, cast, case_id=case_id), 1, clock())
    clock.on(days=AGES.days)
    with database.unit_of_work() as work:
        cases.hold(work, case_id, "上级检查要用", local_date(clock()) + timedelta(days=9), by=cast.zhao, now=clock())
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Appointment, booked).name == HAN[0]
    clock.on(days=10)
    night(database, clock)
    with database.reading() as work:
        assert work.session.get(Appointment, booked).name == ""


def test_the_preview_counts_what_the_night_will_blank(database, cast, clock, said):
    clock.on(days=3 * 365 - 20)
    with database.unit_of_work() as work:
        for one in kept.ALL:
            if one.dated:
                outside.date_over(work, one)
        today = local_date(clock())
        now, soon = kept.counts(work, today=today, ahead=today + timedelta(days=30))
        assert (now["offer"], soon["offer"], now["notice"]) == (0, 3, 1)


def test_what_a_declaration_says_itself_comes_first():
    one = kept.ALL[0]
    assert kept.until(one, date(2026, 1, 31), "1y") == date(2027, 1, 31)
    assert kept.until(one, date(2026, 1, 31), "permanent") == kept.NEVER
    assert kept.until(one, date(2026, 1, 31), "90d") == date(2026, 5, 1)
    assert kept.until(one, date(2026, 1, 31), None) == date(2026 + house().kinds["offer"], 1, 31)


def test_an_offer_says_it_itself_and_what_it_says_today_is_longer(database, cast, clock, monkeypatch):
    said = {"lunch": "90d", "rides": "permanent"}
    package = matters.load(ROOT, "shitang")
    lunch = package.declared("offers")["lunch"]

    def declared(_work, kind):
        offers = {
            key: replace(lunch, key=key, what=lunch.what.model_copy(update={"keep": k})) for key, k in said.items()
        }
        return {key: (one, package) for key, one in offers.items()} if kind == "offers" else {}

    monkeypatch.setattr(library, "declared", declared)
    with database.unit_of_work() as work:
        first, second = (booking(work, resource(work, cast, offer=key), n, clock()) for n, key in enumerate(said))
        assert outside.erase_some(work, now=clock()) is False
    said["lunch"] = "6m"
    clock.on(days=100)
    night(database, clock)
    with database.reading() as work:
        kept_longer, for_good = (work.session.get(Appointment, id) for id in (first, second))
        assert (kept_longer.name, kept_longer.keep_until) == (HAN[0], date(2027, 3, 18))
        assert (for_good.name, for_good.keep_until) == (HAN[0], kept.NEVER)
    clock.on(days=100)
    night(database, clock)
    with database.reading() as work:
        assert [work.session.get(Appointment, id).name for id in (first, second)] == ["", HAN[0]]


def test_an_account_that_nobody_uses_and_nothing_names_goes_and_the_number_makes_a_new_one(database, cast, clock):
    with database.unit_of_work() as work:
        made = [
            User(kind="resident", name=HAN[0], phone=phone, phone_index=keys.blind("phone", phone), created_at=clock())
            for phone in ("13900000070", "13900000071", "13900000072")
        ]
        work.session.add_all(made)
        work.session.flush()
        alone, named, used = (one.id for one in made)
        sessions.begin(work, alone, now=clock())
        work.session.add(Consent(user_id=alone, purpose="sms", given_at=clock(), withdrawn_at=clock()))
        bond(work, clock, "held", holder_id=named)
    clock.on(days=AGES.days)
    with database.unit_of_work() as work:
        sessions.begin(work, used, now=clock())
    night(database, clock)
    with database.reading() as work:
        gone = work.session.get(User, alone)
        assert (gone.name, gone.phone, gone.phone_index, gone.erased_at) == ("", None, None, clock())
        assert gone.disabled_at == clock()
        assert not work.session.scalars(select(Session.id).where(Session.user_id == alone)).all()
        assert not work.session.scalars(select(Consent.id).where(Consent.user_id == alone)).all()
        stays = work.session.get(User, named)
        assert (stays.name, stays.keep_until) == (HAN[0], local_date(clock()) + outside.AGAIN)
        assert work.session.get(User, used).name == HAN[0]
        assert work.session.get(User, cast.chen.id).erased_at is None
    with database.unit_of_work() as work:
        code = login.issue_code(work, "13900000070", now=clock())
    again = login.resident(database, "13900000070", code, now=clock(), name="新机主").user_id
    with database.reading() as work:
        assert again not in (alone, named, used) and work.session.get(User, again).name == "新机主"
    assert faults(database) == []


@pytest.mark.wide
def test_a_picture_of_a_bond_goes_after_the_bond_and_one_of_a_day_of_an_order_stays(database, cast, clock):
    """What names a file is asked again each week: by then it may name nothing any more."""
    with database.unit_of_work() as work:

        def picture(data, field):
            return files.store(work, data, "a.jpg", "image/jpeg", owner_id=cast.zhang.id, field=field, now=clock()).id

        photo, meal = picture(b"photo", "photo"), picture(b"meal", "")
        made = bond(work, clock, proof={"photo": photo}, made_by_id=cast.zhang.id)
        where = resource(work, cast)
        days = {"from_on": local_date(clock()), "until_on": local_date(clock()), "at": "11:00", "weekdays": "1"}
        who = {"resource_id": where.id, "person_index": "blind", "name": "张三丰", "user_id": cast.zhang.id}
        order = Standing(**days, **who, made_at=clock(), state="active")
        work.session.add(order)
        work.session.flush()
        work.session.add(
            StandingDay(standing_id=order.id, day=local_date(clock()), state="skipped", answers={"p": meal})
        )
    clock.on(days=200)
    night(database, clock)
    with database.reading() as work:
        marks = dict(work.session.execute(select(File.id, File.field)).all())
        assert marks == {photo: "named:photo", meal: "named:"}
    with database.unit_of_work() as work:
        outside.blank(work, Bond, [made], now=clock())
    for _n in range(8):
        clock.on(days=1)
        night(database, clock)
    with database.reading() as work:
        assert set(work.session.scalars(select(File.id))) == {meal}


@pytest.mark.parametrize("one", kept.ALL, ids=lambda one: one.table.__tablename__)
def test_the_night_finds_them_by_an_index(sqlite, one):
    def plan(work, query) -> str:
        said = query.compile(work.session.get_bind(), compile_kwargs={"literal_binds": True})
        return " ".join(row[-1] for row in work.session.execute(text(f"EXPLAIN QUERY PLAN {said}".replace(":", "\\:"))))

    name, today = one.table.__tablename__, date(2040, 1, 1)
    with sqlite.reading() as work:
        due = plan(work, select(one.columns.id).where(one.due(today, today=today)))
        assert any(f"ix_{name}_{what}" in due for what in ("kept", "keep_until", "withdrawn_at")), due
        if one.dated:
            undated = plan(work, select(one.columns.id).where(one.columns.keep_until.is_(None), one.live))
            assert f"ix_{name}_undated" in undated, undated


#: Tables with words or blind indexes about somebody that neither of the two lists erases: what does, or why they stay.
ELSEWHERE = {
    "case": "erased_rows.CASE",
    "document": "engine.records.documents.forget, with its case or its match",
    "file": "engine.records.files.remove: with its case, or when nothing names it any more",
    "register_entry": "`keep` of its register (engine.commands.registers.keeping)",
    "register_change": "`keep` of its register",
    "match_side": "`keep` of its match (engine.commands.match_rows.forget)",
    "match_apart": "holds when the ride is forgotten; taken back, or erased with who said it (match_rows.erase_of)",
    "match_pair": "with its sides (engine.commands.match_rows.forget)",
    "loan": "`keep` of its loans (engine.commands.loan_rows.forget)",
    "loan_hold": "`keep` of its loans (engine.commands.loan_rows.forget)",
    "missed": "what three people typed, of nobody; tidied away after ninety days (engine.commands.hall.missed)",
    "slot": "why its door is held: words of the diagram, and of nobody",
    "ticket": "the night after its day (engine.commands.ticket_rows.forget)",
    "ballot_key": "destroyed when the votes were counted",
    "one_time_code": "tidied away every round (engine.people.tries.forget_old), and with its account",
    "authenticator": "of the hall's own people, as long as they sign in by it",
    "passkey": "of the hall's own people, as long as they sign in by it",
    "leave": "of the hall's own people: who acted for whom, as the record of decisions needs it",
    "tie": "of the hall's own people: whom they may not decide about, as long as they work here",
    "schedule": "why one of the hall's own people stopped it: there is one row a schedule",
}


def personal(table) -> set[str]:
    """Columns that may say who somebody is."""
    return {
        column.name
        for column in table.columns
        if type(column.type).__name__.startswith("Sealed") or column.name.endswith("_index")
    }


def blanked() -> dict[str, set[str]]:
    """table -> columns that a night blanks; all of them where rows go whole."""
    found: dict[str, set[str]] = {}
    for table, says in [
        *((table, says) for table, _which, says in erased_rows.BLANKED),
        *outside.SAYS.items(),
        *((table, says) for hang in outside.HANGS.values() for table, _of, says in hang),
    ]:
        found.setdefault(table.__tablename__, set()).update(says)
    gone = [table for table, _which in erased_rows.DELETED] + [table for table, _of in outside.WITH_ACCOUNT]
    return found | {table.__tablename__: {column.name for column in table.__table__.columns} for table in gone}


def test_every_table_with_words_about_somebody_says_what_erases_them_or_why_they_stay():
    tables = {table.name: personal(table) for table in Base.metadata.sorted_tables if personal(table)}
    known = blanked()
    assert {name for name in tables if name not in known and name not in ELSEWHERE} == set()
    assert {name for name in ELSEWHERE if name not in tables} == set()
    left = {name: columns - known[name] for name, columns in tables.items() if name in known}
    assert {name: columns for name, columns in left.items() if columns} == {}


#: Keys to an account that a blanked row keeps: who of the hall did it. What a resident may be goes.
STAFF = {
    "account_merge": {"by_id", "undone_by_id"},
    "appointment": {"duty_id"},
    "ballot_mark": {"before_id"},
    "board_entry": {"reviewed_by_id"},
    "data_request": {"answered_by_id"},
    "extension_request": {"asked_by_id", "answered_by_id"},
    "incident": {"solved_by_id"},
    "legal_hold": {"by_id", "ended_by_id"},
    "look_grant": {"asker_id", "granter_id"},
    "moved_case": {"by_id"},
    "online_block": {"reviewed_by_id"},
    "reveal": {"by_id"},
    "schedule_run": {"asked_by_id"},
    "version_move": {"made_by_id"},
}


def test_no_blanked_row_keeps_whose_it_was_but_one_that_is_marked_as_blank():
    """An account that such a row named would be no stranger's for ever."""
    known = blanked() | {"case": set(erased_rows.CASE)}
    marked = {(table.__tablename__, name) for table, names in outside.ERASED_TOO for name in names}
    left: dict[str, set[str]] = {}
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys if table.name in known else ():
            name = key.parent.name
            if key.column.table.name == "user" and name not in known[table.name] and (table.name, name) not in marked:
                left.setdefault(table.name, set()).add(name)
    assert left == STAFF


#: Tables whose rows may be of a case or not, and that `kept` does not list: what becomes of those of none.
OF_NONE = {
    "file": ELSEWHERE["file"],
    "document": ELSEWHERE["document"],
    "register_entry": ELSEWHERE["register_entry"],
    "register_change": ELSEWHERE["register_change"],
    "match_side": ELSEWHERE["match_side"],
    "loan": ELSEWHERE["loan"],
    "ticket": ELSEWHERE["ticket"],
    "job": "what it knew of people goes when it is done (engine.records.jobs.done); else somebody must see to it",
    "incident": "somebody must see to it; the words of a job without a case are the machine's",
    "handover": "opened by a case only (engine.commands.effects.handovers.begin)",
    "board_entry": "published by a case only (engine.commands.effects.boards)",
    "ballot": "why it was withdrawn, as the public was told",
    "resource": "where a place of the hall is",
    "schedule_run": "why one of the hall's own people asked for it, and the machine's words",
    "for_each_item": "of the case that lists them",
}


def test_what_is_of_no_case_goes_too_or_says_why_it_stays():
    may_be_none = {
        table.name
        for table in Base.metadata.sorted_tables
        if "case_id" in table.columns and table.columns["case_id"].nullable and personal(table)
    }
    assert may_be_none - {one.table.__tablename__ for one in kept.ALL} == set(OF_NONE)


def test_what_is_kept_outside_a_case_is_told_and_blanked():
    assert {one.table for one in kept.ALL} == set(outside.SAYS) | {Consent}
    assert {one.kind for one in kept.ALL} == set(house().kinds)
    for one in kept.ALL:
        said = set(outside.SAYS.get(one.table, {}))
        assert one.table is Consent or personal(one.table.__table__) <= said, one.table
