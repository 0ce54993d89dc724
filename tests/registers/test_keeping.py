"""In the night: who is told that an entry runs out; what is past its time is blanked, and nothing else."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from engine.commands import register_rows as rows
from engine.commands.registers import keeping
from engine.errors import NotNow
from engine.records import library, registers
from engine.store.models import Event, Notice, RegisterChange, RegisterIndex
from tests.conftest import NOW

from .declared import XU, ZHANG, register

ONE = register(
    "volunteer",
    title="志愿者",
    title_en="Volunteers",
    about="person",
    fields={
        "skill": {"title": "特长"},
        "illness": {"title": "健康", "kind": "health", "readers": ["head"], "keep": "30d"},
        "insured": {"title": "保险到期", "type": "date"},
        "note": {"title": "备注", "kind": "personal"},
    },
    states={"active": "在册", "left": {"title": "已退出", "ends": True}},
    valid_until="insured",
    runs_out={"before": "30d", "tells": ["person", "agent"]},
    readers=["window"],
    search=["skill", "note"],
    keep="1y",
)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(
        library, "declared", lambda work, kind: {"volunteer": (ONE, None)} if kind == "registers" else {}
    )


def put(work, cast, whom, **values):
    return rows.put(work, ONE, values, by=cast.zhou, now=NOW, whom=whom, place_id=cast.suyang.id, unit_id=cast.lmt.id)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T04:00:00+08:00").astimezone(UTC)


def test_the_person_and_the_posts_are_told_once_before_and_once_after(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, ZHANG, insured="2026-10-10")
        put(work, cast, XU, insured="2027-10-10")
    said = []
    for day in ("2026-09-19", "2026-09-20", "2026-10-10", "2026-10-11", "2026-10-12"):
        with database.unit_of_work() as work:
            keeping.tell(work, now=at(day))
            work.session.flush()
            new = work.session.scalars(select(Notice).order_by(Notice.id)).all()[len(said) :]
            said += [(day, n.channel, n.user_id, n.text) for n in new]
    assert [(day, channel) for day, channel, *_ in said] == [
        ("2026-09-19", "screen"),
        ("2026-09-19", "sms"),
        ("2026-09-19", "screen"),
        ("2026-09-19", "screen"),
        ("2026-10-11", "screen"),
        ("2026-10-11", "sms"),
        ("2026-10-11", "screen"),
        ("2026-10-11", "screen"),
    ]
    assert {said[2][2], said[3][2]} == {cast.users["chen"], cast.users["lin"]}  # the agents of the village
    assert "10月10日" in said[0][3] and "到期" in said[4][3]


def test_posts_are_told_in_the_words_of_the_register(database, cast, monkeypatch):
    grids = register(
        "grid",
        title="网格",
        title_en="Grids",
        about="person",
        fields={"by": {"title": "最晚", "type": "date"}},
        valid_until="by",
        runs_out={"before": "1d", "tells": ["agent"], "says": "七天没有巡查", "says_en": "not patrolled for a week"},
        readers=["window"],
    )
    monkeypatch.setattr(library, "declared", lambda work, kind: {"grid": (grids, None)} if kind == "registers" else {})
    with database.unit_of_work() as work:
        rows.put(work, grids, {"by": "2026-10-10"}, by=cast.zhou, now=NOW, whom=ZHANG, place_id=cast.suyang.id)
        for day in ("2026-10-09", "2026-10-11"):
            keeping.tell(work, now=at(day))
            work.session.flush()
        told = work.session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [n.text for n in told][::2] == [
        "台账“网格”有 1 条快七天没有巡查了，请看一看。",
        "台账“网格”有 1 条七天没有巡查了，请看一看。",
    ]
    assert told[-1].text_en == "1 of “Grids”: not patrolled for a week."


def test_one_that_was_renewed_is_told_of_its_new_day(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, ZHANG, insured="2026-10-01")
        assert keeping.tell(work, now=at("2026-09-20")) == 1
        rows.change(work, ONE, entry, {"insured": "2027-10-01"}, by=cast.zhou, now=NOW)
        assert keeping.tell(work, now=at("2026-10-02")) == 0
        assert keeping.tell(work, now=at("2027-09-20")) == 1


def test_a_field_goes_when_its_own_time_is_over_and_the_person_when_the_registers_is(database, cast):
    with database.unit_of_work() as work:
        entry = put(work, cast, ZHANG, skill="理发", illness="高血压", note="住三楼")
        rows.change(work, ONE, entry, {"illness": "低血压", "note": "住二楼"}, by=cast.zhou, now=NOW, why="他说的")
        rows.set_state(work, ONE, entry, "left", by=cast.zhou, now=NOW)
        id = entry.id
    with database.unit_of_work() as work:
        assert keeping.blank(work, now=at("2026-10-17")) == 0  # the day before
        assert keeping.blank(work, now=at("2026-10-18")) == 1
    with database.unit_of_work() as work:
        entry = registers.get(work, id)
        assert entry.facts == {"skill": "理发", "note": "住二楼"}
        assert entry.title == "张三丰" and entry.keep_until == date(2027, 9, 18)
        history = work.session.scalars(select(RegisterChange.facts).order_by(RegisterChange.version)).all()
        assert [sorted(one) if one else None for one in history] == [["note"], ["state"], None]
        assert keeping.blank(work, now=at("2026-10-19")) == 0  # done once
    with database.unit_of_work() as work:
        assert keeping.blank(work, now=at("2027-09-18")) == 1
    with database.unit_of_work() as work:
        entry = registers.get(work, id)
        assert (entry.facts, entry.title, entry.person, entry.key, entry.user_id) == (
            {"skill": "理发"},
            None,
            None,
            None,
            None,
        )
        assert entry.blanked_at is not None and entry.keep_until is None
        assert set(work.session.scalars(select(RegisterIndex.field))) == {"skill"}
        for change in work.session.scalars(select(RegisterChange)):
            assert change.why is None and not set(change.facts or {}) - {"state"}
        assert registers.of_person(work, ONE, ZHANG) is None
        events = work.session.scalars(select(Event).where(Event.kind == "register.blanked")).all()
        assert [e.facts["entries"] for e in events] == [[id], [id]]
        with pytest.raises(NotNow):
            rows.change(work, ONE, entry, {"skill": "做饭"}, by=cast.zhou, now=NOW)
        again = put(work, cast, ZHANG, skill="做饭")
        assert again.id != id


def test_what_expired_and_was_never_ended_is_blanked_too(database, cast):
    with database.unit_of_work() as work:
        put(work, cast, ZHANG, insured="2026-09-30", note="住三楼")
        assert keeping.blank(work, now=at("2027-09-29")) == 0
        assert keeping.blank(work, now=at("2027-09-30")) == 1


def test_a_full_batch_goes_on(database, cast, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 1)
    with database.unit_of_work() as work:
        for whom in (ZHANG, XU):
            rows.set_state(work, ONE, put(work, cast, whom, note="x"), "left", by=cast.zhou, now=NOW)
    with database.unit_of_work() as work:
        assert [keeping.blank(work, now=at("2027-10-01")) for _ in range(3)] == [1, 1, 0]
