"""Bonds made and ended by people: at a counter, by a code, by a yes on the phone, by a guardian; applying for another;
fetching a child. The fixed cast, the moment of the tests."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import bonds, booking, cases
from engine.commands.bonds.making import person
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.matters.nouns.bonds import Bond as Kind
from engine.people.tries import TooMany
from engine.reads import bonds as reads
from engine.reads import bookings, case_list, case_page
from engine.store import keys
from engine.store.models import Bond, Case, Consent, Event, File, Notice, Slot, User
from engine.workdays import local_date
from tests.appointments.conftest import opened
from tests.cast import DAIBAN

CHECKED = select(Event).where(Event.kind == "bond.checked").order_by(Event.id)
CHILD = ("张小宝", "", "350526201601014013")
PICK_UP = Kind(
    title="接送人",
    title_en="Pick-up",
    between=("child", "adult"),
    lets="fetch",
    made_by="guardian",
    proof=("photo", "code"),
    most=5,
)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    """A matter's kind beside the hall's two, without a matter for it."""
    known = reads.kinds
    monkeypatch.setattr(reads, "kinds", lambda work: {**known(work), "care.pick_up": PICK_UP})


def actor(work, cast, name, clock):
    return people.load(work, cast.users[name], now=clock())


def guardian(database, cast, clock, *, of=CHILD, holder=("张三丰", "13800000001", "")):
    with database.unit_of_work() as work:
        return bonds.at_counter(
            work,
            "guardian",
            subject=person("subject", *of),
            holder=person("holder", *holder),
            shown=["household"],
            by=cast.zhou,
            now=clock(),
        ).id


def family(database, cast, clock, **more):
    """许小妹 may act for 张三丰."""
    with database.unit_of_work() as work:
        zhang = actor(work, cast, "zhang", clock)
        code = bonds.show_code(work, "family", by=zhang, now=clock(), **more)
    return bonds.type_code(database, "13800000001", code, by=cast.xu, now=clock())


def test_a_clerk_writes_it_down_when_the_papers_were_shown(database, cast, clock):
    guardian(database, cast, clock)
    with database.unit_of_work() as work:
        row = work.session.scalar(select(Bond))
        assert (row.subject_id, row.holder_id, row.revocable) == (None, cast.users["zhang"], False)
        assert row.unit_id == cast.lmt.id and row.proof == {"shown": ["household"]}
        for by, shown, refusal in (
            (cast.zhou, ["id"], Invalid),
            (cast.zhang, ["household"], NotYours),
            (cast.designer, ["household"], NotYours),
        ):
            with pytest.raises(refusal):
                bonds.at_counter(
                    work,
                    "guardian",
                    subject=person("subject", *CHILD),
                    holder=person("holder", "许小妹", "13800000002", ""),
                    shown=shown,
                    by=by,
                    now=clock(),
                )


def test_a_code_binds_once_and_only_with_its_phone(database, cast, clock):
    with database.unit_of_work() as work:
        code = bonds.show_code(work, "family", by=actor(work, cast, "zhang", clock), now=clock())
    for phone, typed in (("13800000009", code), ("13800000001", "000000" if code != "000000" else "111111")):
        with pytest.raises(Invalid):
            bonds.type_code(database, phone, typed, by=cast.xu, now=clock())
    assert bonds.type_code(database, "13800000001", f" {code} ", by=cast.xu, now=clock())
    with pytest.raises(Invalid):
        bonds.type_code(database, "13800000001", code, by=cast.xu, now=clock())
    with database.reading() as work:
        xu = actor(work, cast, "xu", clock)
        assert [g.subject_name for g in xu.grants] == ["张三丰"]
        own = reads.mine(work, actor(work, cast, "zhang", clock), now=clock())
        assert [line.holder for line in own.for_me] == ["许小妹"] and not own.for_others


def test_a_code_dies_after_ten_minutes_after_five_wrong_and_by_the_next(database, cast, clock):
    with database.unit_of_work() as work:
        first = bonds.show_code(work, "family", by=actor(work, cast, "zhang", clock), now=clock())
        second = bonds.show_code(work, "family", by=actor(work, cast, "zhang", clock), now=clock())
    wrong = next(f"{n:06d}" for n in range(3) if f"{n:06d}" not in (first, second))
    if first != second:
        with pytest.raises(Invalid):
            bonds.type_code(database, "13800000001", first, by=cast.xu, now=clock())
    for _ in range(5):
        with pytest.raises(Invalid):
            bonds.type_code(database, "13800000001", wrong, by=cast.xu, now=clock())
    with pytest.raises(Invalid):
        bonds.type_code(database, "13800000001", second, by=cast.xu, now=clock())
    with database.unit_of_work() as work:
        third = bonds.show_code(work, "family", by=actor(work, cast, "zhang", clock), now=clock())
    clock.on(minutes=11)
    with pytest.raises(Invalid):
        bonds.type_code(database, "13800000001", third, by=cast.xu, now=clock())


def test_who_guesses_is_stopped(database, cast, clock):
    for _ in range(10):
        with pytest.raises(Invalid):
            bonds.type_code(database, "13800000001", "123456", by=cast.xu, now=clock())
    with pytest.raises(TooMany):
        bonds.type_code(database, "13800000001", "123456", by=cast.xu, now=clock())


def test_asked_for_it_holds_from_the_yes_and_nobody_learns_who_has_an_account(database, cast, clock):
    with database.unit_of_work() as work:
        row = bonds.ask(work, "family", "13800000001", "张三丰", by=cast.xu, now=clock())
        nobody = bonds.ask(work, "family", "13800000099", "没有人", by=cast.xu, now=clock())
        assert row.state == nobody.state == "asked" and nobody.subject_id is None
        work.session.flush()
        assert len(work.session.scalars(select(Notice).where(Notice.kind == "bond-asked")).all()) == 2
    with database.unit_of_work() as work:
        assert not actor(work, cast, "xu", clock).grants
        with pytest.raises(NotFound):
            bonds.say_yes(work, row.id, by=cast.xu, now=clock())
        bonds.say_yes(work, row.id, by=cast.zhang, now=clock())
        with pytest.raises(NotNow):
            bonds.say_yes(work, row.id, by=cast.zhang, now=clock())
    with database.reading() as work:
        assert actor(work, cast, "xu", clock).grants


@pytest.mark.parametrize("by", ["zhang", "xu"])
def test_either_side_ends_it_and_it_is_over_at_once(database, cast, clock, by):
    bond = family(database, cast, clock)
    with database.unit_of_work() as work:
        bonds.end(work, bond, by=actor(work, cast, by, clock), now=clock())
        assert not actor(work, cast, "xu", clock).grants
    with database.reading() as work:
        assert work.session.get(Bond, bond).ended_how == ("subject" if by == "zhang" else "holder")


def test_a_guardianship_is_ended_at_the_counter_alone_and_strangers_see_none(database, cast, clock):
    bond = guardian(database, cast, clock)
    with database.unit_of_work() as work:
        with pytest.raises(NotYours):
            bonds.end(work, bond, by=actor(work, cast, "zhang", clock), now=clock())
        for name in ("xu", "sun", "huang", "designer"):
            with pytest.raises(NotFound):
                bonds.end(work, bond, by=actor(work, cast, name, clock), now=clock())
        bonds.end(work, bond, by=actor(work, cast, "zhou", clock), now=clock())


def apply_for(work, cast, clock, bond, *, by="xu", consent=True, **changes):
    return cases.apply_online(
        work,
        "daiban",
        {**DAIBAN, **changes},
        consent=consent,
        bond_id=bond,
        by=actor(work, cast, by, clock),
        now=clock(),
    ).case


def test_applying_for_another_says_who_did_it_for_whom_everywhere(database, cast, clock):
    bond = family(database, cast, clock)
    with database.unit_of_work() as work:
        case = apply_for(work, cast, clock, bond)
        assert (case.applicant_id, case.submitted_by_id, case.bond_id) == (
            cast.users["zhang"],
            cast.users["xu"],
            bond,
        )
        kept = work.session.scalar(select(Consent))
        assert kept.user_id == cast.users["xu"] and kept.facts["by"] == "self"
    with database.reading() as work:
        event = work.session.scalar(select(Event).where(Event.kind == "case.submitted"))
        assert (event.by_id, event.for_id) == (cast.users["xu"], cast.users["zhang"])
        zhang, xu = actor(work, cast, "zhang", clock), actor(work, cast, "xu", clock)
        assert [(a.kind, a.who) for a in reads.acts(work, zhang)] == [("case.submitted", "许*妹")]
        assert [c.number for c in case_list.mine(work, xu, now=clock())] == [case.number]
        page = case_page.page(work, case.id, actor=xu, now=clock())
        assert page.applicant == "张三丰" and page.record[0].for_whom == "张三丰"
        assert [b.holder for b in reads.of_case(work, case.id, actor=cast.chen, now=clock())] == ["许*妹"]


def test_nobody_applies_for_who_did_not_let_them_or_in_another_name(database, cast, clock):
    bond = family(database, cast, clock, lets=["see"])
    with database.unit_of_work() as work:
        with pytest.raises(NotYours):
            apply_for(work, cast, clock, bond)
        with pytest.raises(NotYours):
            apply_for(work, cast, clock, 999)
        bonds.end(work, bond, by=actor(work, cast, "zhang", clock), now=clock())
    bond = family(database, cast, clock)
    with database.unit_of_work() as work:
        other = {**DAIBAN["applicant"], "name": "李四"}
        with pytest.raises(Invalid) as refused:
            apply_for(work, cast, clock, bond, applicant=other)
        assert list(refused.value.by_field()) == ["applicant.name"]


def test_after_the_end_the_case_is_the_applicants_alone(database, cast, clock):
    bond = family(database, cast, clock)
    with database.unit_of_work() as work:
        case = apply_for(work, cast, clock, bond)
    with database.unit_of_work() as work:
        bonds.end(work, bond, by=actor(work, cast, "zhang", clock), now=clock())
    with database.reading() as work:
        row, xu = work.session.get(Case, case.id), actor(work, cast, "xu", clock)
        assert not people.may(xu, "see", row) and not people.may(xu, "withdraw", row)
        assert case_list.mine(work, xu, now=clock()) == []
        assert people.may(actor(work, cast, "zhang", clock), "see", row)


def child_answers():
    mine = {**DAIBAN["applicant"], "name": "张小宝", "id_number": CHILD[2]}
    return {**DAIBAN, "applicant": mine}


def test_below_fourteen_the_guardian_consents_on_every_way_in(database, cast, clock):
    with database.unit_of_work() as work:
        for consent in (False, True):
            with pytest.raises(Invalid) as refused:
                cases.apply_online(work, "daiban", child_answers(), consent=consent, by=cast.zhang, now=clock())
            assert "consent" in refused.value.by_field()
        with pytest.raises(Invalid):
            cases.receive(work, "daiban", child_answers(), consent=True, channel="agent", by=cast.chen, now=clock())
    bond = guardian(database, cast, clock)
    with database.unit_of_work() as work:
        by = actor(work, cast, "zhang", clock)
        with pytest.raises(Invalid):
            cases.apply_online(work, "daiban", child_answers(), consent=False, bond_id=bond, by=by, now=clock())
        case = cases.apply_online(work, "daiban", child_answers(), consent=True, bond_id=bond, by=by, now=clock()).case
        assert case.applicant_id is None and case.applicant_name == "张小宝"
        done = cases.receive(work, "daiban", child_answers(), consent=True, channel="agent", by=cast.chen, now=clock())
        kept = work.session.scalars(select(Consent).order_by(Consent.id)).all()
        assert [k.facts["by"] for k in kept] == ["guardian", "guardian"]
        assert kept[1].facts["taken_down_by"] == cast.users["chen"] and kept[1].facts["number"] == done.case.number
        assert people.may(by, "see", work.session.get(Case, done.case.id)), "the same child, taken in at the counter"


def test_a_sum_of_consent_is_asked_at_the_counter_too(database, cast, clock):
    with database.unit_of_work() as work, pytest.raises(Invalid):
        cases.receive(work, "daiban", DAIBAN, consent=False, channel="agent", by=cast.chen, now=clock())


# ---------------------------------------------------------------- booking for another


def test_booking_for_another_is_theirs_and_says_who_did_it(database, cast, clock):
    bond = family(database, cast, clock)
    with database.unit_of_work() as work:
        place = opened(work, cast.yb.id, matter="daiban", opens=time(9), closes=time(17))
        first = local_date(clock()) + timedelta(days=3)
        booking.publish(work, place, first=first, last=first, by=people.SYSTEM, now=clock())
        slots = work.session.scalars(select(Slot).where(Slot.resource_id == place).order_by(Slot.starts_at)).all()
        xu, zhang = actor(work, cast, "xu", clock), actor(work, cast, "zhang", clock)
        with pytest.raises(NotYours):
            booking.hold(work, resource_id=place, starts_at=[slots[0].starts_at], bond_id=999, by=xu, now=clock())
        made = booking.hold(work, resource_id=place, starts_at=[slots[0].starts_at], bond_id=bond, by=xu, now=clock())
        assert (made.user_id, made.name) == (cast.users["zhang"], "张三丰")
        assert [b.id for b in bookings.mine(work, xu, now=clock())] == [made.id]
        assert [b.id for b in bookings.mine(work, zhang, now=clock())] == [made.id]
        work.session.flush()
        event = work.session.scalar(select(Event).where(Event.kind == "appointment.held"))
        assert (event.by_id, event.for_id) == (cast.users["xu"], cast.users["zhang"])
    with database.unit_of_work() as work:
        bonds.end(work, bond, by=actor(work, cast, "zhang", clock), now=clock())
        xu = actor(work, cast, "xu", clock)
        assert bookings.mine(work, xu, now=clock()) == []
        with pytest.raises(NotFound):
            booking.cancel(work, made.id, version=1, by=xu, now=clock())


# ---------------------------------------------------------------- fetching a child


def photo(work, cast, clock, name="zhang"):
    row = File(
        sha256="0" * 64,
        size=1,
        type="image/jpeg",
        name="p.jpg",
        owner_id=cast.users[name],
        field="photo",
        uploaded_at=clock(),
    )
    work.session.add(row)
    work.session.flush()
    return row.id


def listed(database, cast, clock, who=("李阿姨", "13800000066", "")):
    of = guardian(database, cast, clock)
    with database.unit_of_work() as work:
        row = bonds.by_guardian(
            work,
            "care.pick_up",
            of,
            person("holder", *who),
            photo=photo(work, cast, clock),
            by=actor(work, cast, "zhang", clock),
            now=clock(),
        )
        return of, row.id


def test_the_guardian_keeps_the_list_and_the_door_asks_it(database, cast, clock):
    of, row = listed(database, cast, clock)
    with database.unit_of_work() as work:
        zhou = actor(work, cast, "zhou", clock)
        assert bonds.check(work, row, holder_bond=row, by=zhou, now=clock()).may
        assert bonds.check(work, row, holder_bond=of, by=zhou, now=clock()).may, "the guardian too"
        stranger = bonds.check(work, row, holder_bond=None, by=zhou, now=clock())
        assert (stranger.may, stranger.why, stranger.call) == (False, "stranger", (("张三丰", "13800000001"),))
        with pytest.raises(NotFound):
            bonds.check(work, row, holder_bond=row, by=actor(work, cast, "sun", clock), now=clock())
        bonds.end(work, row, by=actor(work, cast, "zhang", clock), now=clock())
        assert not bonds.check(work, row, holder_bond=row, by=zhou, now=clock()).may
        asked = [e.facts["why"] for e in work.session.scalars(CHECKED)]
        assert asked == ["list", "list", "stranger", "stranger"]


def test_a_code_fetches_once_for_half_an_hour(database, cast, clock):
    of, row = listed(database, cast, clock)
    with database.unit_of_work() as work:
        code = bonds.fetch_code(work, of, "王叔叔", "care.pick_up", by=actor(work, cast, "zhang", clock), now=clock())
        with pytest.raises(NotYours):
            bonds.fetch_code(work, of, "王叔叔", "care.pick_up", by=actor(work, cast, "xu", clock), now=clock())
        zhou = actor(work, cast, "zhou", clock)
        wrong = "000000" if code != "000000" else "111111"
        assert bonds.check(work, row, code=wrong, by=zhou, now=clock()).why == "code-wrong"
        good = bonds.check(work, row, code=code, by=zhou, now=clock())
        assert (good.may, good.name) == (True, "王叔叔")
        assert bonds.check(work, row, code=code, by=zhou, now=clock()).why == "code-over"
        code = bonds.fetch_code(work, of, "王叔叔", "care.pick_up", by=actor(work, cast, "zhang", clock), now=clock())
        later = clock() + timedelta(minutes=31)
        assert bonds.check(work, row, code=code, by=zhou, now=later).why == "code-over"


def test_only_the_guardian_puts_somebody_on_the_list_and_only_adults_with_a_photo(database, cast, clock):
    of = guardian(database, cast, clock)
    with database.unit_of_work() as work:
        zhang, xu = actor(work, cast, "zhang", clock), actor(work, cast, "xu", clock)
        aunt = person("holder", "李阿姨", "13800000066", "")
        with pytest.raises(NotYours):
            bonds.by_guardian(work, "care.pick_up", of, aunt, photo=photo(work, cast, clock, "xu"), by=xu, now=clock())
        with pytest.raises(Invalid) as refused:
            bonds.by_guardian(work, "care.pick_up", of, aunt, by=zhang, now=clock())
        assert "photo" in refused.value.by_field()
        with pytest.raises(NotFound):
            bonds.by_guardian(
                work, "care.pick_up", of, aunt, photo=photo(work, cast, clock, "xu"), by=zhang, now=clock()
            )
        brother = person("holder", "张大宝", "", "350526201001014036")
        with pytest.raises(Invalid):
            bonds.by_guardian(work, "care.pick_up", of, brother, photo=photo(work, cast, clock), by=zhang, now=clock())


def test_an_account_without_a_name_is_asked_for_one(database, cast, clock):
    with database.unit_of_work() as work:
        phone = "13800000044"
        new = User(kind="resident", name="", phone=phone, phone_index=keys.blind("phone", phone), created_at=clock())
        work.session.add(new)
        work.session.flush()
        by = people.load(work, new.id, now=clock())
        with pytest.raises(Invalid) as refused:
            bonds.show_code(work, "family", by=by, now=clock())
        assert "my_name" in refused.value.by_field()
        bonds.show_code(work, "family", my_name="陈小明", by=by, now=clock())
        assert work.session.get(User, new.id).name == "陈小明"
