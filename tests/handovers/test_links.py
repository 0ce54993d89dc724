"""A thing goes from hand to hand: both ends sign, once, and whoever has it is known at any moment."""

from __future__ import annotations

import concurrent.futures

import pytest
from sqlalchemy import select, text, update

from engine import people
from engine.commands import handover_rows, handovers
from engine.commands.handovers import Given
from engine.errors import AlreadyDone, Invalid, NotFound, NotNow, NotYours
from engine.people import tries
from engine.records import audit, files
from engine.records import handovers as proofs
from engine.store.models import Awaited, Case, Document, Event, HandoverLink, Notice, Task, User
from tests.commands.acting import counted
from tests.handovers.moving import FOUND, INK, PNG


def _actor(hall, short):
    with hall.database.reading() as work:
        return people.load(work, hall.users[short], now=hall.clock())


def test_a_parcel_goes_through_four_hands_and_the_case_follows(hall):
    case_id = hall.submit()
    assert hall.chain(case_id).holder_end == "applicant"
    hall.act(case_id, "chen")
    assert hall.chain(case_id).holder_end == "村驿站"
    hall.complete(case_id, "chen", FOUND)
    hall.act(case_id, "zheng")
    assert hall.chain(case_id).holder_name == "郑顺路"
    hall.act(case_id, "lai")
    hall.act(case_id, "ming")
    chain = hall.chain(case_id)
    assert (chain.holder_end, chain.held_by_link, chain.links) == ("receiver", 4, 4)
    with hall.database.reading() as work:
        case = work.session.get_one(Case, case_id)
        assert (case.status, case.outcome) == ("finished", "done")
        assert chain.ended_at is not None
        slips = work.session.scalars(
            select(Document).where(Document.case_id == case_id, Document.kind == "handover").order_by(Document.id)
        )
        said = [row.facts["handover"] for row in slips]
        assert [one["receiver"]["name"] for one in said] == ["村驿站", "郑顺路", "城区驿站", "苏明月"]
        assert {one["giver"]["proof"] for one in said} == {"六位数字"}
        assert said[0]["giver"]["phone"] == "138****0001"
        assert work.session.scalar(select(Awaited.id).where(Awaited.case_id == case_id)) is None
        kinds = list(work.session.scalars(select(Event.kind).where(Event.case_id == case_id)))
        assert kinds.count("handover.opened") == kinds.count("handover.ended") == 4
        assert audit.verify(work).faults == ()


def test_a_step_of_the_station_waits_for_the_station_and_not_for_who_receives(hall):
    case_id = hall.submit()  # its answers name a receiver; later one more names the carrier
    hall.act(case_id, "chen")
    with hall.database.reading() as work:
        task = work.session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open")).one()
        assert [key.partition(":")[0] for key in task.candidates] == ["p"]


def test_each_end_signs_with_its_own_proof(hall):
    case_id = hall.submit()
    link = hall.link(case_id)
    hall.act(case_id, "chen", proof=proofs.token(link, "giver", now=hall.clock()))
    signs = {one.side: (one.proof, one.by_id) for one in hall.link(case_id, 1).signs}
    assert signs == {"giver": ("qr", hall.users["chen"]), "receiver": ("account", hall.users["chen"])}


def test_the_giver_may_type_what_the_receiver_shows(hall):
    case_id = hall.submit()
    hall.act(case_id, "zhang")
    signs = {one.side: one.proof for one in hall.link(case_id, 1).signs}
    assert signs == {"giver": "account", "receiver": "code"}


def test_nobody_else_can_do_anything_with_a_link(hall):
    case_id = hall.submit()
    link = hall.link(case_id)
    for short in ("xu", "huang", "ming"):
        with hall.database.unit_of_work() as work, pytest.raises(NotFound):
            given = Given(proofs.code(link, "giver"))
            handovers.act(work, link.id, "done", given, by=_actor(hall, short), now=hall.clock())
    assert hall.link(case_id).state == "open"


def test_who_shows_their_own_code_has_shown_nothing(hall):
    case_id = hall.submit()
    link = hall.link(case_id)
    for own in (proofs.code(link, "receiver"), proofs.token(link, "receiver", now=hall.clock()), "", "abc"):
        with pytest.raises(Invalid) as refusal:
            hall.act(case_id, "chen", proof=own)
        assert set(refusal.value.by_field()) == {"proof"}


def test_a_qr_is_good_for_half_an_hour_and_for_one_link(hall, clock):
    case_id, other = hall.submit(), hall.submit()
    shown = proofs.token(hall.link(case_id), "giver", now=clock())
    with pytest.raises(Invalid):
        hall.act(other, "chen", proof=shown)
    clock.on(minutes=61)
    with pytest.raises(Invalid) as refusal:
        hall.act(case_id, "chen", proof=shown)
    assert "过了时间" in refusal.value.fields[0].zh
    clock.on(minutes=-35)
    assert hall.act(case_id, "chen", proof=f"https://hall.example/h/{shown}").state == "done"


def test_wrong_codes_are_counted_and_slow(hall, clock):
    case_id = hall.submit()
    link = hall.link(case_id)
    wrong = "000000" if proofs.code(link, "giver") != "000000" else "111111"
    chen = _actor(hall, "chen")

    def tried(given):
        with hall.database.unit_of_work() as work:
            return handovers.tried(work, link.id, given, by=chen, now=clock())

    assert [tried(wrong) for _ in range(5)] == [False] * 5
    with pytest.raises(tries.TooMany):
        tried(proofs.code(link, "giver"))  # the right one too, for a while
    with hall.database.unit_of_work() as work, pytest.raises(tries.TooMany):
        handovers.tried(work, link.id, wrong, by=_actor(hall, "lin"), now=clock())  # whoever tries
    clock.on(minutes=16)
    assert tried(proofs.code(link, "giver"))


def test_who_comes_second_is_told_who_has_it_and_since_when(hall):
    case_id = hall.submit()
    link = hall.link(case_id)
    hall.act(case_id, "chen")
    with hall.database.unit_of_work() as work, pytest.raises(AlreadyDone) as refusal:
        given = Given(proofs.code(link, "giver"))
        handovers.act(work, link.id, "done", given, by=_actor(hall, "lin"), now=hall.clock())
    assert "村驿站" in refusal.value.zh


@pytest.mark.both
def test_two_who_scan_at_once_are_one_hand_over(hall):
    case_id = hall.submit()
    link, code = hall.link(case_id), proofs.code(hall.link(case_id), "giver")
    actors = [_actor(hall, short) for short in ("chen", "lin", "chen", "lin")]

    def scan(actor):
        try:
            with hall.database.unit_of_work() as work:
                handovers.act(work, link.id, "done", Given(code), by=actor, now=hall.clock())
            return "taken"
        except AlreadyDone:
            return "second"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(scan, actors))
    assert found == ["second", "second", "second", "taken"]
    assert hall.chain(case_id).held_by_link == 1
    with hall.database.reading() as work:
        ended = select(Event.id).where(Event.kind == "handover.ended")
        assert len(list(work.session.scalars(ended))) == 1


def test_the_database_keeps_two_of_the_same_link_apart(hall):
    """Without the case's lock: the conditional UPDATE alone lets one win."""
    case_id = hall.submit()
    link = hall.link(case_id)
    by = _actor(hall, "chen")
    with hall.database.unit_of_work() as work:
        first = handover_rows.find(work, link.id)
        case = work.session.get_one(Case, case_id)
        work.session.execute(text("update handover_link set state = 'dropped', ended_at = opened_at"))
        with pytest.raises(AlreadyDone):
            handover_rows.end(work, first, "done", (), case=case, by=by, now=hall.clock())


def test_what_is_different_needs_a_word_and_a_photo_and_moves_all_the_same(hall):
    case_id = hall.carried()
    with pytest.raises(Invalid) as refusal:
        hall.act(case_id, "lai", "different")
    assert set(refusal.value.by_field()) == {"note", "photos"}
    photo = hall.photo("lai")
    hall.act(case_id, "lai", "different", note="箱子一角湿了", photos=(photo,))
    link = hall.link(case_id, 3)
    assert (link.state, link.note, link.files) == ("different", "箱子一角湿了", [photo])
    assert hall.chain(case_id).holder_end == "城区驿站"
    with hall.database.reading() as work:
        case = work.session.get_one(Case, case_id)
        assert case.answers["handover"]["state"] == "different"
        told = select(Notice.text).where(Notice.case_id == case_id, Notice.kind == "different")
        assert "箱子一角湿了" in work.session.scalars(told).first()


def test_a_photo_of_somebody_else_is_refused(hall):
    case_id = hall.carried()
    with pytest.raises(NotYours):
        hall.act(case_id, "lai", "different", note="湿了", photos=(hall.photo("xu"),))
    assert hall.link(case_id).state == "open"


def test_what_lies_in_the_case_already_or_is_no_picture_is_no_photo_of_now(hall):
    case_id = hall.carried()
    with hall.database.unit_of_work() as work:
        now, lai = hall.clock(), hall.users["lai"]
        case = work.session.get_one(Case, case_id)
        old = files.store(work, PNG, "old.png", "image/png", now=now, owner_id=lai, case_id=case.id).id
        pdf = files.store(work, b"%PDF-1.7", "x.pdf", "application/pdf", now=now, owner_id=lai).id
    for sent, refusal in ((old, NotYours), (pdf, Invalid)):
        with pytest.raises(refusal):
            hall.act(case_id, "lai", "different", note="湿了", photos=(sent,))
    assert hall.link(case_id).state == "open"


def test_who_refuses_keeps_the_thing_where_it_is(hall):
    case_id = hall.submit()
    with pytest.raises(Invalid):
        hall.act(case_id, "chen", "refused", proof="")
    hall.act(case_id, "chen", "refused", proof="", note="箱子里有打火机")
    chain = hall.chain(case_id)
    assert (chain.holder_end, chain.held_by_link) == ("applicant", 0)
    with hall.database.reading() as work:
        assert work.session.get_one(Case, case_id).outcome == "refused"


def test_a_resident_who_gives_does_not_say_that_the_other_refuses(hall):
    case_id = hall.submit()
    with pytest.raises(NotYours):
        hall.act(case_id, "zhang", "refused", proof="", note="他不要")


def test_prohibited_goods_open_no_link_and_the_reason_is_told(hall):
    fireworks = {"what": "鞭炮", "class": "danger", "weight": 1, "value": 20, "open": True}
    case_id = hall.submit(parcel=fireworks)
    with hall.database.reading() as work:
        assert work.session.get_one(Case, case_id).outcome == "refused"
        assert list(work.session.scalars(select(HandoverLink.id))) == []
        told = select(Notice.text).where(Notice.case_id == case_id, Notice.kind == "refused")
        assert "110" in work.session.scalars(told).first()


def test_who_has_no_telephone_signs_before_the_post_with_a_witness(hall):
    case_id = hall.submit()
    with pytest.raises(Invalid) as refusal:
        hall.act(case_id, "chen", witness="郑月兰")
    assert set(refusal.value.by_field()) == {"signature"}
    hall.act(case_id, "chen", witness="郑月兰", photos=(hall.photo("chen"),))
    signs = {one.side: (one.proof, one.witness) for one in hall.link(case_id, 1).signs}
    assert signs == {"giver": ("person", "郑月兰"), "receiver": ("account", None)}


def test_a_clerk_of_the_post_writes_down_what_two_others_did(hall):
    """The carrier and the receiver are no staff: the village's clerk may, a clerk elsewhere may not."""
    case_id = hall.carried()
    link = hall.link(case_id)
    given = Given(signature=INK, witness="郑月兰")
    for short, error in (("huang", NotFound), ("zhou", NotFound)):
        with hall.database.unit_of_work() as work, pytest.raises(error):
            handovers.act(work, link.id, "done", given, by=_actor(hall, short), now=hall.clock())
    with hall.database.unit_of_work() as work:
        handovers.act(work, link.id, "done", given, by=_actor(hall, "chen"), now=hall.clock())
    signs = {one.side: (one.proof, one.signature) for one in hall.link(case_id, 3).signs}
    assert signs == {"giver": ("person", None), "receiver": ("person", INK)}


def test_what_waits_for_a_telephone_is_its_owner_s_when_they_sign_in(hall):
    case_id = hall.submit(receiver={"name": "林阿土", "phone": "13911110000"})
    hall.act(case_id, "chen")
    hall.complete(case_id, "chen", FOUND)
    hall.act(case_id, "zheng")
    hall.act(case_id, "lai")
    link = hall.link(case_id)
    assert link.receiver_key.startswith("t:")
    from engine.store import keys

    with hall.database.unit_of_work() as work:
        other = User(kind="resident", name="林水木", phone="13911110000", created_at=hall.clock())
        other.phone_index = keys.blind("phone", "13911110000")
        work.session.add(other)
        work.session.flush()
        assert handover_rows.join(work, other) == 0  # the telephone of somebody else of the house
        other.name = "林阿土"
        assert handover_rows.join(work, other) == 1
        assert work.session.get_one(HandoverLink, link.id).receiver_key == f"u:{other.id}"


def test_codes_go_to_each_end_s_own_telephone_and_nowhere_else(hall):
    case_id = hall.carried()
    link = hall.link(case_id)  # from the carrier to the station
    with hall.database.reading() as work:
        sent = work.session.scalars(select(Notice).where(Notice.case_id == case_id, Notice.kind == "handover")).all()
        with_code = [one for one in sent if proofs.code(link, "giver") in one.text]
        assert [(one.channel, one.address) for one in with_code] == [("sms", "13900005678")]
        assert not any(proofs.code(link, "receiver") in one.text for one in sent)  # a post has no telephone
        assert proofs.code(link, "giver") not in str(work.session.get_one(Case, case_id).answers)


def test_a_link_changed_later_is_found(hall):
    case_id = hall.submit()
    hall.act(case_id, "chen")
    with hall.database.reading() as work:
        assert audit.verify(work).faults == ()
    with hall.database.unit_of_work() as work:
        link = work.session.scalars(select(HandoverLink).where(HandoverLink.n == 1)).one()
        link.receiver_name = "别的驿站"
    with hall.database.reading() as work:
        [fault] = audit.verify(work).faults
        assert fault.where.endswith("#1") and "改动" in fault.zh
    with hall.database.unit_of_work() as work:
        work.session.execute(update(HandoverLink).values(receiver_name="村驿站"))
        work.session.execute(text("delete from handover_sign where side = 'giver'"))
    with hall.database.reading() as work:
        assert len(audit.verify(work).faults) == 1


def test_lost_on_the_way_is_said_by_who_has_it_and_ends_the_link(hall):
    case_id = hall.carried()
    chain = hall.chain(case_id)
    with hall.database.unit_of_work() as work, pytest.raises(NotFound):
        handovers.report(work, chain.id, "lost", "不见了", by=_actor(hall, "ming"), now=hall.clock())
    with hall.database.unit_of_work() as work, pytest.raises(NotNow):  # the matter knows no `damaged`
        handovers.report(work, chain.id, "damaged", "湿了", by=_actor(hall, "zheng"), now=hall.clock())
    with hall.database.unit_of_work() as work:
        handovers.report(work, chain.id, "lost", "车上颠下去了", by=_actor(hall, "zheng"), now=hall.clock())
    assert hall.link(case_id, 3).state == "dropped"
    assert hall.chain(case_id).holder_name == "郑顺路"
    with hall.database.reading() as work:
        assert work.session.get_one(Case, case_id).outcome == "ended"
        assert audit.verify(work).faults == ()


def test_a_thing_under_way_when_its_case_ends_stays_with_who_has_it(hall):
    from engine.commands import cases

    case_id = hall.carried()
    with hall.database.unit_of_work() as work:
        cases.withdraw(work, case_id, "不寄了", by=_actor(hall, "zhang"), now=hall.clock())
    chain = hall.chain(case_id)
    assert hall.link(case_id, 3).state == "dropped"
    assert (chain.holder_name, chain.ended_at) == ("郑顺路", None)


def test_ending_one_link_and_opening_the_next_costs_at_most_twenty_one_statements_and_one_commit(hall):
    """Fifteen of a completion, three for each of the two."""
    for _ in range(2):  # the second finds packages, units and compiled statements in memory
        case_id = hall.carried()
        link = hall.link(case_id)
        with counted(hall.database) as seen, hall.database.unit_of_work() as work:
            by = people.load(work, hall.users["lai"], now=hall.clock())
            handovers.act(work, link.id, "done", Given(proofs.code(link, "giver")), by=by, now=hall.clock())
    assert seen["commits"] == 1
    asked = [one for one in seen["statements"] if not one.startswith("BEGIN")]  # SQLite alone says BEGIN aloud
    assert len(asked) <= 21, "\n".join(asked)
