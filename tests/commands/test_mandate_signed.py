"""委托书: in every matter that an agent may file somebody signs for it, at once or at the visit; before that the agent
acts for nobody."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from engine import matters
from engine.commands import cases
from engine.commands.booking.roll import Listed
from engine.commands.hall import rolls
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow
from engine.forms import signing
from engine.matters import mandates, stories
from engine.matters.nouns.bonds import MANDATE
from engine.people import units
from engine.people.bonds import UNSIGNED, mandate
from engine.proof.playing import handed_in
from engine.reads import agency, case_page
from engine.reads.knowing import Person
from engine.records import files, library
from engine.store.models import Bond, Case, File
from engine.workdays import local_date
from tests import cast as the_cast
from tests.cast import DAIBAN, ROOT

INK = DAIBAN["mandate_signature"]
SIGNED = {"scope": ["submit", "correct"], "until": "2026-12-31", "how": "signs", "signature": INK}
ELDER = {
    "applicant": {"name": "陈秀英", "phone": "13800001234", "id_number": "350526194503121242"},
    "elder": {"home": "here", "elsewhere": "no"},
    "account": "6217001830000012345",
}
FIRE = {
    "applicant": {"name": "赖水木", "phone": "13800001234", "id_number": "350526196803121278"},
    "trouble": {"kind": "urgent", "text": "昨晚厨房着火", "amount": 1500},
}
#: What an agent may file, as the house has it; where the diagram itself has it signed, the hall asks nothing.
FILED = [name for name in matters.names(ROOT) if (info := matters.load(ROOT, name).info).agent and info.mandate is None]


@pytest.fixture
def folk(sqlite, clock):
    return the_cast.hired(sqlite, clock(), ("gaoling", "linshi"))


def file_it(database, cast, clock, said, *, matter="gaoling", by="chen", **more):
    with database.unit_of_work() as work:
        actor = cast.actor(by, clock(), work)
        answers = {**(ELDER if matter == "gaoling" else FIRE), **({"mandate": said} if said else {})}
        return cases.submit(
            work, matter, answers, by=actor, now=clock(), channel="agent", place=cast.suyang, **more
        ).case.id


def refused(database, cast, clock, said, **more):
    with pytest.raises(Invalid) as wrong:
        file_it(database, cast, clock, said, **more)
    return {one.field for one in wrong.value.fields}


def sign(database, cast, clock, case_id, said=SIGNED, by="chen"):
    with database.unit_of_work() as work:
        actor = cast.actor(by, clock(), work)
        return cases.sign_mandate(work, case_id, {"mandate": said}, by=actor, now=clock())


def on_the_roll(database, cast, clock, by="chen"):
    """The agent ticks an elder; nobody signs on that screen."""
    who = ELDER["applicant"]
    elder = Listed(
        who["name"], who["phone"], False, Person(who["name"], who["phone"], who["id_number"], None, cast.suyang.id)
    )
    common = rolls.Common("gaoling", "agent", {**ELDER, "mandate": SIGNED}, True, "once-1")
    with database.reading() as work:
        actor = cast.actor(by, clock(), work)
    (done,) = rolls.take_in(database, [elder], common, by=actor, now=clock())
    assert done.number, done.why
    with database.reading() as work:
        return work.session.scalars(select(Case.id).where(Case.number == done.number)).one()


@pytest.mark.parametrize("name", FILED)
def test_no_matter_of_the_house_is_filed_by_an_agent_without_a_signature(name, sqlite, clock):
    cast = the_cast.hired(sqlite, clock(), (name,))
    package = matters.load(ROOT, name)
    story = next(one for one in stories.read(package) if not one.refused)
    with pytest.raises(Invalid) as wrong, sqlite.unit_of_work() as work:
        chen = cast.actor("chen", clock(), work)
        given = handed_in(work, package.form(package.info.apply.form), story.answers, by=chen, now=clock())
        cases.submit(work, name, given, by=chen, now=clock(), channel="agent", place=cast.suyang)
    asked = {"mandate.scope", "mandate.until", "mandate.how", "mandate.signature"}
    found = {"mandate.ground"} if package.info.agent_basis else set()
    assert {one.field for one in wrong.value.fields} >= asked | found


def test_signed_at_once_it_is_a_mandate_of_those_days_and_that_width(sqlite, folk, clock):
    case_id = file_it(sqlite, folk, clock, SIGNED)
    other = file_it(sqlite, folk, clock, {**SIGNED, "scope": ["submit"]}, key="2")
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        held = mandate(work, case, local_date(clock()))
        assert (held.until_on, held.lets, held.holder_id) == (date(2026, 12, 31), ["see", "apply"], folk.users["chen"])
        assert mandate(work, work.session.get(Case, other), local_date(clock())).lets == ["see"]
        assert case.flags == ["代办", "老年"]
        kept = case.answers["mandate"]["signature"]
        assert signing.fits(kept, case.answers)
        assert not signing.fits(kept, {**case.answers, "mandate": {**SIGNED, "until": "2027-12-31"}})
        page = case_page.page(work, case_id, actor=folk.actor("chen", clock(), work), now=clock())
        assert "委托到哪一天" in {line.label for line in page.answers}


def test_a_day_that_is_over_a_slip_of_the_pen_and_no_signature_are_refused_at_their_fields(sqlite, folk, clock):
    assert refused(sqlite, folk, clock, {**SIGNED, "signature": ""}) == {"mandate.signature"}
    assert refused(sqlite, folk, clock, {**SIGNED, "signature": "M1 1 L2 2"}) == {"mandate.signature"}
    assert refused(sqlite, folk, clock, {**SIGNED, "until": "2026-09-17"}) == {"mandate.until"}
    assert refused(sqlite, folk, clock, {**SIGNED, "how": "marks"}) == {"mandate.mark", "mandate.witness"}
    with sqlite.reading() as work:
        assert work.session.scalars(select(Bond)).all() == [] and work.session.scalars(select(Case)).all() == []


def test_who_ticks_the_roll_takes_in_and_acts_only_when_it_was_signed_at_the_visit(sqlite, folk, clock):
    case_id = on_the_roll(sqlite, folk, clock)
    with sqlite.reading() as work:
        case, chen = work.session.get(Case, case_id), folk.actor("chen", clock(), work)
        assert case.flags == ["代办", UNSIGNED, "老年"] and case.mandate_id is None
        assert "mandate" not in case.answers and work.session.scalars(select(Bond)).all() == []
        assert chen.agent_of(case) is None and agency.carried(work, chen, now=clock()) == []
        assert [one.applicant for one in agency.awaiting_signing(work, chen, now=clock())] == ["陈秀英"]
    clock.on(days=2)
    sign(sqlite, folk, clock, case_id)
    with sqlite.reading() as work:
        case, chen = work.session.get(Case, case_id), folk.actor("chen", clock(), work)
        held = mandate(work, case, local_date(clock()))
        assert (held.kind, held.from_on, held.holder_id) == (MANDATE, date(2026, 9, 20), folk.users["chen"])
        assert case.flags == ["代办", "老年"] and case.answers["mandate"]["signature"]["at"].startswith("2026-09-20")
        assert signing.fits(case.answers["mandate"]["signature"], case.answers)
        assert chen.agent_of(case) is not None
        assert agency.awaiting_signing(work, chen, now=clock()) == []
        assert [one.case.id for one in agency.carried(work, chen, now=clock())] == [case_id]


def test_what_is_done_at_once_is_not_taken_in_before_it_is_signed(sqlite, clock):
    folk = the_cast.hired(sqlite, clock(), ("yidi",))
    trip = {"applicant": ELDER["applicant"], "trip": {"where": "out", "city": "上海市", "kind": "short"}}
    with pytest.raises(NotNow) as refused_now, sqlite.unit_of_work() as work:
        chen = folk.actor("chen", clock(), work)
        cases.submit(work, "yidi", trip, by=chen, now=clock(), channel="agent", place=folk.suyang, signed_later=True)
    assert "要先签委托书" in refused_now.value.zh
    with sqlite.reading() as work:
        assert work.session.scalars(select(Case)).all() == []


def test_a_finger_counts_before_a_witness_who_is_not_the_agent(sqlite, folk, clock):
    case_id = on_the_roll(sqlite, folk, clock)
    with sqlite.unit_of_work() as work:
        photo = str(files.store(work, b"a mark", "mark.jpg", "image/jpeg", now=clock(), owner_id=folk.chen.id).id)
    marked = {"scope": ["submit"], "until": "2026-12-31", "how": "marks", "mark": [photo], "witness": "陈小云"}
    with pytest.raises(Invalid) as wrong:
        sign(sqlite, folk, clock, case_id, marked)
    assert [one.field for one in wrong.value.fields] == ["mandate.witness"]
    assert refused(sqlite, folk, clock, marked, key="own") == {"mandate.witness"}, "nor when it is filed at once"
    sign(sqlite, folk, clock, case_id, {**marked, "witness": "苏水生"})
    with sqlite.reading() as work:
        assert mandate(work, work.session.get(Case, case_id), local_date(clock())) is not None
        assert work.session.scalars(select(File.case_id)).all() == [case_id]


@pytest.mark.parametrize("who", ["huang", "zhou", "sun", "zhang"])
def test_nobody_but_an_agent_of_that_village_has_it_signed(sqlite, folk, clock, who):
    case_id = on_the_roll(sqlite, folk, clock)
    with pytest.raises(NotFound):
        sign(sqlite, folk, clock, case_id, by=who)


def test_signed_twice_is_said_and_a_case_that_is_over_is_not_signed(sqlite, folk, clock):
    case_id = on_the_roll(sqlite, folk, clock)
    sign(sqlite, folk, clock, case_id)
    with pytest.raises(AlreadyDone):
        sign(sqlite, folk, clock, case_id, by="lin")
    with sqlite.reading() as work:
        assert len(work.session.scalars(select(Bond)).all()) == 1
    with sqlite.unit_of_work() as work:
        case = work.session.get(Case, case_id)
        case.status, case.finished_at, case.flags = "finished", clock(), [UNSIGNED]
    with pytest.raises(NotNow):
        sign(sqlite, folk, clock, case_id)


def test_what_the_village_found_by_law_gives_its_agent_no_authority(sqlite, folk, clock):
    assert refused(sqlite, folk, clock, None, matter="linshi") >= {"mandate.ground"}
    case_id = file_it(sqlite, folk, clock, {"ground": "found"}, matter="linshi")
    with sqlite.reading() as work:
        case = work.session.get(Case, case_id)
        assert case.flags == [] and case.mandate_id is None and case.answers["mandate"] == {"ground": "found"}
        assert work.session.scalars(select(Bond)).all() == []
    assert refused(sqlite, folk, clock, {**SIGNED, "ground": "mandate", "signature": ""}, matter="linshi") == {
        "mandate.signature"
    }
    # where no law says so, nobody is asked and saying it is worth nothing
    assert "mandate.ground" not in dict(mandates.application(matters.load(ROOT, "gaoling"), "agent").walk())
    assert refused(sqlite, folk, clock, {"ground": "found"}) >= {"mandate.signature"}


def test_a_resident_and_a_counter_are_not_asked_for_a_mandate(sqlite, folk, clock):
    package = matters.load(ROOT, "gaoling")
    for channel in ("online", "counter", "phone"):
        assert not any(path.startswith("mandate") for path, _one in mandates.application(package, channel).walk())
    with sqlite.unit_of_work() as work:
        place = units.by_code(work, folk.suyang.code)
        done = cases.submit(work, "gaoling", ELDER, by=folk.zhou, now=clock(), channel="counter", place=place)
        assert "代办" not in done.case.flags
        assert library.version(work, done.case.version_hash).version == package.version
