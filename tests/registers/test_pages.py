"""Registers on pages: who may read, what is masked, how it is revealed, added and changed."""

from datetime import date

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import register_rows as rows
from engine.records import library, registers
from engine.store.models import Event, RegisterChange, RegisterEntry, Reveal
from tests import hall as the_hall
from tests.cast import ROOT
from tests.conftest import NOW

from .declared import ZHANG

KEY = "volunteer"


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    opened = the_hall.open_hall(sqlite, clock, tmp_path)
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "dengji_zhiyuanzhe"), by=people.SYSTEM, now=NOW)
        one, _ = library.declared(work, "registers")[KEY]
        entry = rows.put(
            work,
            one,
            {
                "skills": ["barber"],
                "policy": "PICC-2026-0917",
                "guardian_phone": "13800000009",
                "licences": [{"kind": "nurse", "number": "N-77", "valid_until": "2028-06-30"}],
            },
            by=people.SYSTEM,
            now=NOW,
            whom=ZHANG,
            place_id=opened.cast.suyang.id,
            unit_id=opened.cast.lmt.id,
        )
        opened.entry = entry.id
    return opened


def page(hall, short, path, status=200):
    answer = hall.client(short).get(path)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def test_the_list_shows_what_its_readers_may_read_masked(hall):
    shown = page(hall, "zhou", "/desk/registers")
    assert "志愿者" in shown
    shown = page(hall, "zhou", f"/desk/registers/{KEY}")
    assert "张*丰" in shown and "张三丰" not in shown and "理发" in shown and "苏洋村" in shown
    assert "13800000001" not in shown


def test_another_town_a_resident_and_a_post_that_is_no_reader_see_nothing(hall):
    assert "志愿者" not in page(hall, "wang", "/desk/registers")  # a reviewer
    page(hall, "wang", f"/desk/registers/{KEY}", 403)
    page(hall, "wang", f"/desk/register-entries/{hall.entry}", 403)
    page(hall, "huang", f"/desk/register-entries/{hall.entry}", 403)  # an agent of another village
    assert "张*丰" not in page(hall, "huang", f"/desk/registers/{KEY}")
    assert "张*丰" in page(hall, "chen", f"/desk/registers/{KEY}")  # the agent of the village
    assert "张*丰" in page(hall, "wu", f"/desk/registers/{KEY}")  # the head of the county
    page(hall, "designer", f"/desk/registers/{KEY}", 403)
    assert hall.client("xu").get(f"/desk/register-entries/{hall.entry}").status_code in (302, 403)


def test_it_is_found_by_the_whole_number_and_by_state(hall):
    def found(**asked):
        query = "&".join(f"{k}={v}" for k, v in asked.items())
        return "张*丰" in page(hall, "zhou", f"/desk/registers/{KEY}?{query}")

    assert found(field="id_number", q=ZHANG.id_number)
    assert found(field="phone", q="138 0000 0001")
    assert found(field="name", q="张三丰")
    assert not found(field="name", q="许小妹")
    assert found(state="active") and not found(state="left") and not found(state="expired")
    assert found(place=hall.cast.suyang.id) and not found(place=hall.cast.xiabi.id)
    assert found(field="skills", q="barber") and not found(field="skills", q="driving")


def test_a_list_is_read_on_by_id(hall, monkeypatch):
    from engine.reads import registers as reads

    monkeypatch.setattr(reads.listed, "__kwdefaults__", {**reads.listed.__kwdefaults__, "most": 2})
    with hall.database.unit_of_work() as work:
        one, _ = library.declared(work, "registers")[KEY]
        for n in range(4):
            whom = people.SYSTEM and type(ZHANG)(f"王小{'一二三四'[n]}", f"1390000000{n}")
            rows.put(work, one, {}, by=people.SYSTEM, now=NOW, whom=whom, unit_id=hall.cast.lmt.id)
    first = page(hall, "zhou", f"/desk/registers/{KEY}")
    assert "王*四" in first and "王*二" not in first and "更早的" in first
    second = page(hall, "zhou", f"/desk/registers/{KEY}?before={hall.entry + 3}")
    assert "王*二" in second and "王*四" not in second


def test_a_mask_is_lifted_for_a_purpose_and_it_stays_on_record(hall):
    client = hall.client("zhou")
    path = f"/desk/register-entries/{hall.entry}"
    shown = client.get(path).text
    assert "138****0001" in shown and "••••0917" in shown and "N-77" in shown
    refused = client.post(f"{path}/reveal", data={"field": "policy", "purpose": "", "words": "核对保险"})
    assert refused.status_code == 422 and "PICC-2026-0917" not in refused.text
    lifted = client.post(f"{path}/reveal", data={"field": "policy", "purpose": "verify", "words": "核对保险单"})
    assert "PICC-2026-0917" in lifted.text
    whole = client.post(
        f"{path}/reveal", data={"field": "person.id_number", "purpose": "verify", "words": "核对保险单"}
    )
    assert ZHANG.id_number in whole.text
    with hall.database.reading() as work:
        looks = work.session.scalars(select(Reveal).order_by(Reveal.id)).all()
        assert [(r.entry_id, r.field) for r in looks] == [(hall.entry, "policy"), (hall.entry, "person.id_number")]
        assert work.session.scalars(select(Event.kind).where(Event.kind == "person.revealed")).all() == [
            "person.revealed",
            "person.revealed",
        ]
    assert "周敏" in client.get(path).text  # who looked stands on the card
    mine = hall.client("zhang").get("/me/registers").text
    assert "周*" in mine and "核对保险单" in mine


def test_a_resident_sees_their_own_whole_and_nobody_elses(hall):
    mine = hall.client("zhang").get("/me/registers").text
    for text in ("张三丰", "PICC-2026-0917", "理发", "护士执业证书", "2028-06-30", "13800000009"):
        assert text in mine, text
    assert "张三丰" not in hall.client("xu").get("/me/registers").text
    assert "我的台账" in hall.client("zhang").get("/mine").text


def test_a_writer_adds_an_entry_and_is_told_of_one_that_is_there(hall):
    client = hall.client("zhou")
    form = {
        "person.name": "许小妹",
        "person.phone": "13800000002",
        "skills": ["cook", "driving"],
        "licences.0.kind": "driver",
        "licences.0.number": "350526-D",
        "insured_until": "2027-01-31",
        "state": "active",
        "place": str(hall.cast.xiabi.id),
    }
    assert client.get(f"/desk/registers/{KEY}/new").status_code == 200
    wrong = client.post(f"/desk/registers/{KEY}/new", data={**form, "insured_until": "明年", "person.phone": "12"})
    assert wrong.status_code == 422 and "许小妹" in wrong.text
    done = client.post(f"/desk/registers/{KEY}/new", data=form)
    assert done.status_code == 302, done.text[:3000]
    with hall.database.reading() as work:
        entry = work.session.scalars(select(RegisterEntry).order_by(RegisterEntry.id.desc())).first()
        assert entry.facts == {
            "skills": ["cook", "driving"],
            "licences": [{"kind": "driver", "number": "350526-D"}],
            "insured_until": "2027-01-31",
        }
        assert (entry.user_id, entry.place_id, entry.unit_id) == (
            hall.cast.users["xu"],
            hall.cast.xiabi.id,
            hall.cast.lmt.id,
        )
        event = work.session.scalars(select(Event).where(Event.kind == "register.changed")).one()
        assert event.facts["what"] == "added"
    again = client.post(f"/desk/registers/{KEY}/new", data=form)
    assert again.status_code == 422 and "已经有这一条" in again.text


def test_a_change_says_why_and_leaves_what_is_masked(hall):
    client = hall.client("zhou")
    path = f"/desk/register-entries/{hall.entry}/change"
    assert "PICC" not in client.get(path).text
    form = {"version": "1", "skills": ["barber", "cook"], "licences.0.kind": "nurse", "licences.0.number": "N-78"}
    form |= {"state": "paused", "why": ""}
    refused = client.post(path, data=form)
    assert refused.status_code == 422 and "请写明为什么改" in refused.text
    assert client.post(path, data={**form, "why": "证书换了新的"}).status_code == 302
    with hall.database.reading() as work:
        entry = registers.get(work, hall.entry)
        assert entry.state == "paused" and entry.facts["policy"] == "PICC-2026-0917"
        assert entry.facts["licences"] == [{"kind": "nurse", "number": "N-78"}]
        change = work.session.scalars(select(RegisterChange)).one()
        assert change.why == "证书换了新的" and set(change.facts) == {"skills", "licences", "state"}
    shown = client.get(f"/desk/register-entries/{hall.entry}").text
    assert "证书换了新的" in shown and "暂停" in shown
    stale = client.post(path, data={**form, "version": "1", "state": "active", "why": "再改一次"})
    assert stale.status_code == 409 and "已被别人改过" in stale.text


def test_who_only_reads_neither_adds_nor_changes(hall):
    client = hall.client("chen")  # an agent reads volunteers
    assert client.get(f"/desk/registers/{KEY}/new").status_code == 403
    assert client.get(f"/desk/register-entries/{hall.entry}/change").status_code == 403
    assert client.post(f"/desk/register-entries/{hall.entry}/change", data={"version": "1"}).status_code == 403


def test_the_days_are_days(hall):
    with hall.database.reading() as work:
        assert registers.get(work, hall.entry).valid_until is None
        one, _ = library.declared(work, "registers")[KEY]
        licence = registers.values(work, one, registers.get(work, hall.entry), on=NOW.date())["licences"][0]
        assert licence["valid_until"] == date(2028, 6, 30)


def test_a_list_neither_shows_nor_finds_by_what_its_reader_does_not_read(hall):
    """`readers` of a field hold for its column and its search, too: whom a search finds says what stands there."""
    file = "bpmn/_shared/volunteers.yaml"
    files = matters.read_files(ROOT, "dengji_zhiyuanzhe")
    text = files[file].decode().replace("title_en: Skills", "title_en: Skills\n        readers: [head]")
    with hall.database.unit_of_work() as work:
        library.publish(
            work, matters.read("dengji_zhiyuanzhe", {**files, file: text.encode()}), by=people.SYSTEM, now=NOW
        )
    for short, reads_it in (("zhou", False), ("chen", False), ("wu", True)):
        shown = page(hall, short, f"/desk/registers/{KEY}")
        assert ("张*丰" in shown, "理发" in shown) == (True, reads_it), short
        assert ('value="skills"' in shown) == reads_it, short
        # a search by it is no search: who reads it not is shown all, with the value and without
        wrong = page(hall, short, f"/desk/registers/{KEY}?field=skills&q=driving")
        assert ("张*丰" in wrong) == (not reads_it), short


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "9" * 400, "1e30"])
def test_what_is_a_number_to_python_only_is_refused_by_the_field(hall, text):
    data = {"person.name": "许小妹", "person.phone": "13800000002"}
    data |= {"training.0.name": "急救", "training.0.hours": text}
    answer = hall.client("zhou").post(f"/desk/registers/{KEY}/new", data=data)
    assert answer.status_code == 422, answer.status_code
