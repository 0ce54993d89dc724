"""Both sides of a mediation: who may not lead it, who sees it, who signs where, and how long they may go to court."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, parties
from engine.commands.effects import chosen as chosen_people
from engine.errors import Invalid, NotFound, NotNow, NotYours
from engine.forms import signing
from engine.matters import stories
from engine.people import holders, load, units
from engine.reads import case_list, case_page
from engine.reads import taking_part as seen
from engine.records import audit, clocks, library
from engine.store import keys
from engine.store.models import Case, CaseParty, Document, Notice, SideClock, Task, Tie, User
from tests import cast as the_cast
from tests import once
from tests.services import mediating
from tests.services.telling import ROOT

NOW = datetime(2026, 9, 18, 1, tzinfo=UTC)
PACKAGE = matters.load(ROOT, "tiaojie")
STORY = stories.read(PACKAGE)[0]
ROLE = PACKAGE.info.parties["mediator"]
INK = "M10 10" + " L20 30" * 12
OTHER_PHONE = "13800001235"


@pytest.fixture
def office(sqlite) -> SimpleNamespace:
    return SimpleNamespace(database=sqlite, **vars(once.made(sqlite, "parties", lambda: staffed(sqlite))))


def staffed(sqlite: Any) -> SimpleNamespace:
    with sqlite.unit_of_work() as work:
        cast = the_cast.hire(work, NOW, ())
        sf = units.add(
            work, code="350526-SF", name="德化县司法局", kind="office", parent=cast.county, number="1301", word="德司"
        )
        who = mediating.hire_mediators(work, sf.id, NOW)
        mediating.open_room(work, sf.id, NOW.date(), NOW, days=40)
        library.publish(work, matters.load(ROOT, "tiaojie"), by=people.SYSTEM, now=NOW)
        units.forget(work)
        holders.forget(work)
    found = SimpleNamespace(cast=cast, who=who)
    with sqlite.reading() as work:
        found.lai, found.su = (load(work, who[n], now=NOW) for n in mediating.NAMES[:2])
        found.zhang = load(work, cast.users["zhang"], now=NOW)
        found.xu = load(work, cast.users["xu"], now=NOW)
    return found


def resident(office: Any, name: str, phone: str) -> int:
    with office.database.unit_of_work() as work:
        user = User(kind="resident", name=name, phone=phone, phone_index=keys.blind("phone", phone), created_at=NOW)
        work.session.add(user)
        work.session.flush()
        return user.id


def actor(office: Any, user_id: int) -> people.Actor:
    with office.database.reading() as work:
        return load(work, user_id, now=NOW)


def start(office: Any, *, by: Any = None, people_: list[dict[str, Any]] | None = None) -> int:
    answers = copy.deepcopy(STORY.answers)
    if people_ is not None:
        answers["parties"] = people_
    with office.database.unit_of_work() as work:
        return cases.submit(work, "tiaojie", answers, by=by or office.zhang, now=NOW).case.id


def do(office: Any, case_id: int, element: str, *, by: Any = None, now: datetime = NOW, **change: Any) -> Any:
    with office.database.unit_of_work() as work:
        task = work.session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == element, Task.state != "ended").limit(1)
        ).one()
        answers = copy.deepcopy(next(s["answers"] for s in STORY.steps if s.get("task") == element))
        answers.update(change)
        return cases.complete(work, task.id, answers, version=task.version, by=by or office.lai, now=now)


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": n, "kin": False, "household": False, "interest": False, "earlier": False} for n in names]


def register(office: Any, case_id: int, people_: list[dict[str, Any]] | None = None) -> None:
    do(office, case_id, "register", **({"parties": people_} if people_ is not None else {}))


def until_signing(office: Any) -> int:
    case_id = start(office)
    for element in ("register", "choose", "consult", "schedule"):
        do(office, case_id, element)
    later = datetime(2026, 9, 22, 7, tzinfo=UTC)
    do(office, case_id, "mediate", now=later)
    do(office, case_id, "draft", now=later)
    return case_id


# ---------------------------------------------------------------- who may not lead it


def test_who_is_no_mediator_is_refused_at_the_field_with_those_who_are(office):
    case_id = start(office)
    register(office, case_id)
    with pytest.raises(Invalid) as refused:
        do(office, case_id, "choose", mediators=named("赖炳根", "路人甲"))
    assert set(refused.value.by_field()) == {"mediators.1.name"}
    assert "苏清福" in refused.value.fields[0].zh


@pytest.mark.parametrize(
    ("party", "kind", "words"),
    [
        ({"name": "赖炳根", "phone": "13700000000"}, "self", "就是本人"),
        ({"name": "赖大嫂", "phone": "13700000000"}, "household", "同户"),
    ],
)
def test_a_mediator_who_is_a_party_or_shares_its_telephone_is_no_candidate(office, party, kind, words):
    people_ = [{"side": "甲方", "name": "苏玉兰", "phone": "13800001234"}, {"side": "乙方", **party}]
    case_id = start(office, people_=people_)
    register(office, case_id, people_)
    with office.database.reading() as work:
        case = work.session.get(Case, case_id)
        lai = next(c for c in seen.candidates(work, case, ROLE, actor=office.su, now=NOW) if c.name == "赖炳根")
        assert not lai.free and [d.kind for d in lai.doubts] == [kind]
        assert party["name"] not in lai.doubts[0].zh  # masked
    with pytest.raises(Invalid) as refused:
        do(office, case_id, "choose", mediators=named("苏清福", "赖炳根"))
    assert words in refused.value.by_field()["mediators.1.name"].zh
    do(office, case_id, "choose", mediators=named("苏清福", "涂世明"))


def test_a_declared_tie_speaks_against_the_mediator_in_later_cases_too(office):
    first = start(office)
    register(office, first)
    with office.database.unit_of_work() as work:
        chosen_people.declare(work, first, 1, "kin", by=office.lai, now=NOW)
        chosen_people.declare(work, first, 1, "kin", by=office.lai, now=NOW)  # twice is once
    second = start(office)
    register(office, second)
    with pytest.raises(Invalid) as refused:
        do(office, second, "choose", by=office.su, mediators=named("赖炳根"))
    assert "近亲属（已申报）" in refused.value.fields[0].zh
    with office.database.unit_of_work() as work:
        assert len(work.session.scalars(select(Tie)).all()) == 1
        with pytest.raises(NotFound):
            chosen_people.declare(work, first, 1, "kin", by=office.xu, now=NOW)
        with pytest.raises(Invalid):
            chosen_people.declare(work, first, 9, "kin", by=office.lai, now=NOW)


def test_the_same_declared_household_is_found_by_its_address_whoever_of_it_quarrels(office):
    home = "霞碧村 12 号"
    people_ = [
        {"side": "甲方", "name": "苏玉兰", "phone": "13800001234"},
        {"side": "乙方", "name": "赖老伯", "phone": "13811110001", "address": home},
    ]
    first = start(office, people_=people_)
    register(office, first, people_)
    with office.database.unit_of_work() as work:
        chosen_people.declare(work, first, 1, "household", by=office.lai, now=NOW)
    people_[1] = {"side": "乙方", "name": "赖小妹", "phone": "13811110002", "address": " 霞碧村12号 "}
    second = start(office, people_=people_)
    register(office, second, people_)
    with office.database.reading() as work:
        case = work.session.get(Case, second)
        lai = work.session.get(User, office.lai.id)
        known = seen.known_of(work, case, [lai])
        assert "household" in [d.kind for d in seen.doubts(case, ROLE, lai, known, seen_by=office.su)]


def test_earlier_cases_are_found_by_any_party_on_any_side(office):
    first = start(office)
    register(office, first)
    do(office, first, "choose")
    people_ = [
        {"side": "甲方", "name": "许小妹", "phone": "13800000002"},
        {"side": "乙方", "name": "林大牛", "phone": "13822220000"},
        {"side": "乙方", "name": "赖春生", "phone": OTHER_PHONE},
    ]
    second = start(office, by=office.xu, people_=people_)
    register(office, second, people_)
    with office.database.reading() as work:
        case, number = work.session.get(Case, second), work.session.get(Case, first).number
        lai = next(c for c in seen.candidates(work, case, ROLE, actor=office.su, now=NOW) if c.name == "赖炳根")
        assert lai.free and [d.kind for d in lai.doubts] == ["earlier"]
        assert number in lai.doubts[0].zh and "是其办的" in lai.doubts[0].zh


def test_an_objection_of_the_other_side_replaces_the_mediator_and_bars_them_in_this_case(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = start(office)
    for element in ("register", "choose", "consult", "schedule"):
        do(office, case_id, element)
    with office.database.unit_of_work() as work:
        assert "object" in case_page.page(work, case_id, actor=load(work, other, now=NOW), now=NOW).can
        with pytest.raises(Invalid):
            cases.tell(work, case_id, "object", {"objection.reason": " "}, by=actor(office, other), now=NOW)
        with pytest.raises(NotFound):
            cases.tell(work, case_id, "object", {"objection.reason": "不公"}, by=office.xu, now=NOW)
    with office.database.unit_of_work() as work:
        cases.tell(work, case_id, "object", {"objection.reason": "他和苏家是远亲"}, by=actor(office, other), now=NOW)
        case = work.session.get(Case, case_id)
        assert case.stage == "选定调解员" and case.answers["objected"] == [str(office.lai.id)]
        assert case.answers["objection"]["by"] == "赖春生"
    with pytest.raises(NotYours):  # whom they objected to keeps away: they choose nobody either, nor read the case
        do(office, case_id, "choose")
    with office.database.reading() as work, pytest.raises(NotFound):
        case_page.page(work, case_id, actor=office.lai, now=NOW)
    with pytest.raises(Invalid) as refused:
        do(office, case_id, "choose", by=office.su)
    assert "已提出异议" in refused.value.fields[0].zh
    with office.database.unit_of_work() as work, pytest.raises(NotNow):
        cases.tell(work, case_id, "object", {"objection.reason": "再换"}, by=actor(office, other), now=NOW)
    do(office, case_id, "choose", by=office.su, mediators=named("苏清福"))


# ---------------------------------------------------------------- who sees it, who signs where


def test_the_other_side_sees_the_case_from_its_acceptance_on_and_nobody_else_does(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = start(office)
    with office.database.reading() as work, pytest.raises(NotFound):
        case_page.page(work, case_id, actor=actor(office, other), now=NOW)
    register(office, case_id)
    with office.database.reading() as work:
        page = case_page.page(work, case_id, actor=actor(office, other), now=NOW)
        assert not page.mine and page.applicant == "苏*兰" and "withdraw" not in page.can
        assert [c.id for c in case_list.mine(work, actor(office, other), now=NOW)] == [case_id]
        assert case_list.mine(work, office.xu, now=NOW) == []
        with pytest.raises(NotFound):
            case_page.page(work, case_id, actor=office.xu, now=NOW)
    with office.database.unit_of_work() as work, pytest.raises(NotYours):
        cases.withdraw(work, case_id, "", by=actor(office, other), now=NOW)


def test_the_same_telephone_under_another_name_is_not_the_party(office):
    stranger = resident(office, "陌生人", OTHER_PHONE)
    case_id = start(office)
    register(office, case_id)
    with office.database.reading() as work:
        assert work.session.get(Case, case_id).party_ids == []
        with pytest.raises(NotFound):
            case_page.page(work, case_id, actor=actor(office, stranger), now=NOW)


def test_a_party_who_logs_in_later_finds_the_case_and_what_waits_for_their_hand(office):
    case_id = until_signing(office)
    other = resident(office, "", OTHER_PHONE)
    with office.database.unit_of_work() as work:
        joined = parties.join(work, work.session.get(User, other), by=actor(office, other), now=NOW)
        assert [c.id for c in joined] == [case_id]
        assert parties.join(work, work.session.get(User, other), by=actor(office, other), now=NOW) == []
    with office.database.reading() as work:
        page = case_page.page(work, case_id, actor=actor(office, other), now=NOW)
        assert page.desk is not None and page.desk.data["party"]["name"] == "赖春生"
        assert audit.verify(work).faults == ()


@pytest.mark.parametrize("name", ["", "赖春生"])  # whatever they call themselves
def test_whoever_was_given_a_partys_number_later_finds_nothing_of_the_partys(office, name):
    case_id = until_signing(office)
    other = resident(office, name, OTHER_PHONE)
    with office.database.unit_of_work() as work:
        user = work.session.get(User, other)
        user.number_at = NOW
        assert parties.join(work, user, by=actor(office, other), now=NOW) == []
    with office.database.reading() as work, pytest.raises(NotFound):
        case_page.page(work, case_id, actor=actor(office, other), now=NOW)


def test_each_side_signs_in_its_own_way_and_each_signature_is_bound_to_the_agreement(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = until_signing(office)
    him = actor(office, other)
    with office.database.unit_of_work() as work:
        told = work.session.scalars(
            select(Notice).where(Notice.kind == "mediation-sign", Notice.user_id == other)
        ).all()
        assert [n.channel for n in told] == ["screen", "sms"] or len(told) >= 1
        open_ = work.session.scalars(select(Task).where(Task.element == "sign", Task.state != "ended")).all()
        assert len(open_) == 2
        mine = [t for t in open_ if f"u:{other}" in t.candidates]
        theirs = [t for t in open_ if f"u:{other}" not in t.candidates]
        assert len(mine) == len(theirs) == 1
    with office.database.unit_of_work() as work, pytest.raises(NotYours):  # not in another's name
        cases.complete(
            work, theirs[0].id, {"signs": True, "signature": INK}, version=theirs[0].version, by=him, now=NOW
        )
    with office.database.unit_of_work() as work:  # his own phone
        cases.complete(work, mine[0].id, {"signs": True, "signature": INK}, version=mine[0].version, by=him, now=NOW)
    do(office, case_id, "sign")  # the mediator's tablet
    do(office, case_id, "seal")
    with office.database.reading() as work:
        answers = work.session.get(Case, case_id).answers
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        signed = {p["name"]: p["signature"] for p in paper.facts["parties"]}
        assert set(signed) == {"苏玉兰", "赖春生"}
        assert all(signing.fits(s, answers) for s in signed.values())
        changed = copy.deepcopy(answers)
        changed["agreement"]["terms"][0]["text"] += "。"
        assert not any(signing.fits(s, changed) for s in signed.values())
        by = {t.id: t.ended_by_id for t in work.session.scalars(select(Task).where(Task.element == "sign"))}
        assert by[mine[0].id] == other and by[theirs[0].id] == office.lai.id


def test_any_number_of_parties_on_each_side_all_sign(office):
    people_ = [
        {"side": "甲方", "name": "苏玉兰", "phone": "13800001234"},
        {"side": "甲方", "name": "苏大", "phone": "13800001236"},
        {"side": "乙方", "name": "赖春生", "phone": OTHER_PHONE},
        {"side": "第三人", "name": "村集体"},
    ]
    case_id = start(office, people_=people_)
    register(office, case_id, people_)
    do(office, case_id, "choose", mediators=named("赖炳根", "苏清福"))
    do(office, case_id, "consult", replies=[{"name": p["name"], "accepts": True} for p in people_])
    do(office, case_id, "schedule")
    later = datetime(2026, 9, 22, 7, tzinfo=UTC)
    do(office, case_id, "mediate", now=later)
    do(office, case_id, "draft", now=later)
    with office.database.reading() as work:
        rows = work.session.scalars(select(CaseParty).where(CaseParty.case_id == case_id).order_by(CaseParty.n)).all()
        assert [(r.side, r.name) for r in rows] == [(p["side"], p["name"]) for p in people_]
    for _ in people_:
        do(office, case_id, "sign", now=later)
    do(office, case_id, "seal", now=later)
    with office.database.reading() as work:
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_agreement")).one()
        assert [p["name"] for p in paper.facts["parties"]] == [p["name"] for p in people_]
        assert paper.facts["copies"] == 5


@pytest.mark.parametrize("phone", [OTHER_PHONE, "13800001239"])
def test_a_form_that_says_the_same_parties_keeps_them_and_one_that_says_others_writes_them_anew(office, phone):
    other = resident(office, "赖春生", phone)
    case_id = start(office)
    people_ = [dict(one) for one in STORY.answers["parties"]]
    people_[1]["phone"] = phone
    register(office, case_id, people_)
    with office.database.reading() as work:
        rows = work.session.scalars(select(CaseParty).where(CaseParty.case_id == case_id).order_by(CaseParty.n)).all()
        assert [row.phone_index for row in rows] == [keys.blind("phone", one["phone"]) for one in people_]
        assert rows[1].user_id == other  # joined by the step that accepted the case, whoever wrote the row
        assert work.session.get(Case, case_id).party_ids == [other]


def test_one_who_will_not_sign_ends_the_signing_and_brings_everybody_back_to_talk(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    case_id = until_signing(office)
    with office.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.element == "sign", Task.state != "ended")).all()
        mine = next(t for t in task if f"u:{other}" in t.candidates)
        cases.complete(work, mine.id, {"signs": False}, version=mine.version, by=actor(office, other), now=NOW)
        assert work.session.get(Case, case_id).stage == "排期"
        assert not work.session.scalars(select(Task).where(Task.element == "sign", Task.state != "ended")).all()


# ---------------------------------------------------------------- 司法确认


def agreed(office: Any, on: datetime, *, wants: bool = False, status: bool = False) -> int:
    case_id = start(office)
    for element in ("register", "choose", "consult"):
        do(office, case_id, element)
    do(office, case_id, "schedule", session={"when": "2026-09-18T15:00+08:00", "place": "村部"})
    do(office, case_id, "mediate", now=on)
    text = copy.deepcopy(next(s["answers"] for s in STORY.steps if s.get("task") == "draft"))
    text["agreement"]["status"] = status
    do(office, case_id, "draft", now=on, **text)
    there = {"how": "signature", "witness": "王淑贞", "present": True}  # both come, with a telephone or without
    do(office, case_id, "sign", now=on, _in_person=there)
    do(office, case_id, "sign", now=on, _in_person=there)
    seal = copy.deepcopy(next(s["answers"] for s in STORY.steps if s.get("task") == "seal"))
    seal["seal"]["wants_confirmation"] = wants
    do(office, case_id, "seal", now=on, **seal)
    return case_id


def test_the_thirty_days_for_the_court_are_an_account_of_the_case_for_both_sides(office):
    other = resident(office, "赖春生", OTHER_PHONE)
    on = datetime(2026, 9, 18, 8, tzinfo=UTC)
    case_id = agreed(office, on)
    for reader in (office.lai, office.zhang, actor(office, other)):
        with office.database.reading() as work:
            side = case_page.page(work, case_id, actor=reader, now=on).sides[0]
            assert side.id == "judicial_confirmation" and side.name == "调解协议司法确认申请"
            assert side.due_on == date(2026, 10, 19)  # the thirtieth day, 18 October, is a Sunday
            assert [d.counts for d in side.days if d.counts is not None][-1] == 30
            assert side.days[-1].date == date(2026, 10, 19) and side.days[-1].counts is None
            assert side.remaining == 30
    with office.database.reading() as work:
        row = work.session.scalars(select(SideClock)).one()
        later = clocks.side(work, row, datetime(2026, 10, 10, 2, tzinfo=UTC))
        assert later.used == 22 and later.state == "running"


def test_m6_the_last_day_in_the_holidays_moves_to_the_eighth_of_october(office):
    with office.database.reading() as work:
        row = SideClock(case_id=1, regime="judicial_confirmation", starts_on=date(2026, 9, 5))
        found = clocks.side(work, row, datetime(2026, 9, 6, tzinfo=UTC))
        assert found.due_on == date(2026, 10, 8) and "第30日" in found.explain() and "顺延" in found.explain()


def test_everybody_is_reminded_once_before_the_last_day_and_not_after_they_asked(office):
    on = datetime(2026, 9, 18, 8, tzinfo=UTC)
    agreed(office, on, wants=True)
    with office.database.reading() as work:
        told = work.session.scalars(select(Notice).where(Notice.kind == "judicial_confirmation-due")).all()
        assert sorted(n.address for n in told if n.channel == "sms") == ["13800001234", OTHER_PHONE]
        assert {n.send_after for n in told} == {datetime(2026, 10, 12, 1, tzinfo=UTC)}  # five working days before
        assert "10月19日" in told[0].text
        task = work.session.scalars(select(Task).where(Task.element == "confirm", Task.state != "ended")).one()
        assert task.due_at == datetime(2026, 10, 19, 9, 30, tzinfo=UTC)
    with office.database.unit_of_work() as work:
        task = work.session.scalars(select(Task).where(Task.element == "confirm", Task.state != "ended")).one()
        both = [{"name": one["name"], "signature": INK} for one in task.variables["applications"]]
        answers = {"court": "德化县人民法院", "confirmation_sent": True, "applications": both}
        cases.complete(work, task.id, answers, version=task.version, by=office.lai, now=on + timedelta(days=3))
    with office.database.reading() as work:
        left = work.session.scalars(
            select(Notice).where(Notice.kind == "judicial_confirmation-due", Notice.state == "waiting")
        ).all()
        assert left == []
        row = work.session.scalars(select(SideClock)).one()
        assert row.stopped_at is not None and clocks.side(work, row, on + timedelta(days=40)).state == "met"
        paper = work.session.scalars(select(Document).where(Document.kind == "mediation_confirmation")).one()
        assert paper.facts["apply_by_on"] == "2026-10-19"


def test_what_settles_identity_adoption_or_marriage_is_not_offered_the_court(office):
    on = datetime(2026, 9, 18, 8, tzinfo=UTC)
    case_id = agreed(office, on, wants=True, status=True)
    with office.database.reading() as work:
        assert case_page.page(work, case_id, actor=office.lai, now=on).sides == ()
        assert not work.session.scalars(select(Task).where(Task.element == "confirm")).all()
