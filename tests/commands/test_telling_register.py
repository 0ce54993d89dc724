"""发给台账里同意接收的人: a notice to many goes to who agreed and is valid, three a day at most, none at night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import cases, register_rows
from engine.commands.worker import background
from engine.findings import errors
from engine.proof.playing import equipment
from engine.reads.knowing import Person
from engine.records import library
from engine.store.models import Notice
from tests.check.test_boards import DIAGRAM, FILES, NAME, YAML, gate
from tests.check.test_gate import COUNTY, HOUSE
from tests.commands import test_boards as acting
from tests.commands.test_boards import NOW, RAIN, town

__all__ = ["town"]

REGISTER = """registers:
  reader:
    title: 想知道的人
    title_en: Who wants to know
    about: person
    fields:
      agreed: {title: 同意发短信, title_en: Agreed, type: boolean}
      hall: {title: 哪里, title_en: Where}
    states: {active: 在册, left: {title: 已退出, ends: true}}
    readers: [window]
    writers: [window]
    search: [hall]
"""
TO = '<zeebe:header key="template" value="moved"/><zeebe:header key="to" value="applicant"/>'
MANY = TO.replace("applicant", "register") + (
    '<zeebe:header key="register" value="reader" /><zeebe:header key="consent" value="agreed" />'
)


def files(many=MANY):
    drawing = FILES[DIAGRAM].decode()
    assert TO in drawing
    where = 'target="facts.lunar"/></zeebe:ioMapping>'
    asked = 'target="facts.lunar"/><zeebe:input source="={hall: &quot;A&quot;}" target="where" /></zeebe:ioMapping>'
    drawing = drawing.replace(TO, many)
    at = drawing.index(many)
    drawing = drawing[:at] + drawing[at:].replace(where, asked, 1)
    words = FILES[YAML].decode().replace("registers:\n", REGISTER, 1)
    return {**FILES, DIAGRAM: drawing.encode(), YAML: words.encode()}


@pytest.mark.parametrize(
    ("right", "slip", "offered"),
    [('value="reader"', 'value="raeder"', "reader"), ('value="agreed"', 'value="hall"', "agreed")],
)
def test_the_gate_asks_for_a_register_of_persons_and_their_consent(right, slip, offered):
    good = gate.check(matters.Source(NAME, files()), COUNTY, house=HOUSE)
    assert errors(good) == []
    found = errors(gate.check(matters.Source(NAME, files(MANY.replace(right, slip))), COUNTY, house=HOUSE))
    assert [f.rule for f in found] == ["notice-register"] and offered in found[0].message_en


def moved(town, now):
    """The market is moved for rain: what is told to the register."""
    case_id, _ = acting.shown(town)
    with town.database.unit_of_work() as work:
        cases.tell(work, case_id, "rain", RAIN, sure=True, by=town.zhang, now=now)
    while background.run(town.database, equipment(), now=now):
        pass


def sent(town, channel="sms"):
    with town.database.reading() as work:
        rows = work.session.scalars(
            select(Notice).where(Notice.kind == "moved", Notice.channel == channel).order_by(Notice.id)
        )
        return [(n.address if channel == "sms" else n.user_id, n.send_after) for n in rows]


def test_who_agreed_and_fits_is_told_and_nobody_else(town, monkeypatch):
    monkeypatch.setattr("engine.commands.worker.telling.CHUNK", 2)
    night = datetime(2026, 12, 10, 14, 0, tzinfo=UTC)
    with town.database.unit_of_work() as work:
        package = matters.read(NAME, files())
        library.publish(work, package, by=people.SYSTEM, now=NOW)
        one = package.declared("registers")["reader"]
        for n, (agreed, hall) in enumerate([(True, "A"), (False, "A"), (True, "B"), (None, "A"), (True, "A")]):
            whom = Person(f"村民{n}", f"1390000000{n}")
            given = {"agreed": agreed, "hall": hall} if agreed is not None else {"hall": hall}
            register_rows.put(work, one, given, whom=whom, by=people.SYSTEM, now=NOW)
        xu = Person("许小妹", "13800000002", user_id=town.xu.id)
        register_rows.put(work, one, {"agreed": True, "hall": "A"}, whom=xu, by=people.SYSTEM, now=NOW)
        gone = register_rows.put(
            work, one, {"agreed": True, "hall": "A"}, whom=Person("走了的", "13900000009"), by=people.SYSTEM, now=NOW
        )
        register_rows.set_state(work, one, gone, "left", by=people.SYSTEM, now=NOW)
    moved(town, night)
    assert {address for address, _ in sent(town)} == {"13900000000", "13900000004", "13800000002"}
    assert {at for _, at in sent(town)} == {datetime(2026, 12, 11, 0, 0, tzinfo=UTC)}
    assert [user for user, _ in sent(town, "screen")] == [town.xu.id]
    for _ in range(4):
        moved(town, night)
    told = [address for address, _ in sent(town)]
    assert {who: told.count(who) for who in set(told)} == dict.fromkeys(set(told), 3)
    assert len(sent(town, "screen")) == 5
