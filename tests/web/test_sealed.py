"""Nothing personal lies open: after one small service of each noun was used, the file of the database, the log and the
audit hold neither telephone, identity number nor name of whom it was about."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.store.models import Bond, Event, Job, Notice, RegisterEntry
from tests.hall import Open
from tests.wide.nouns import furnish

#: Of three people: the applicant of the cast, who is told only by forms, and who comes to the desk.
PEOPLE = (
    ("张三丰", "13800000001", "350526195003071239"),
    ("欧阳封笔", "13955512347", "350526196502283310"),
    ("慕容守密", "13655598761", "350526197112054525"),
)
#: What was said in confidence.
WORDS = ("独居要人敲门", "祠堂后门第三间", "路上淋湿了户口簿")


def _used(hall: Open, at: dict[str, Any]) -> None:
    """People use each noun by its pages, as they would."""
    zhang, chen, zhou = hall.client("zhang"), hall.client("chen"), hall.client("zhou")
    (_n, _p, _i), (name, phone, number), (other, other_phone, _other) = PEOPLE
    joins = {
        "kind": "leader",
        "subject.name": name,
        "subject.id_number": number,
        "holder.name": PEOPLE[0][0],
        "holder.phone": PEOPLE[0][1],
        "shown": "id",
        "team": "理发队",
    }
    assert zhou.post("/desk/bonds/new", data=joins).status_code == 302
    with hall.database.reading() as work:
        led = work.session.scalars(select(Bond.id).where(Bond.kind == "leader")).one()
    said: list[tuple[Any, str, dict[str, Any]]] = [
        (
            zhou,
            "/desk/registers/volunteer/new",
            {
                "person.name": name,
                "person.phone": phone,
                "person.id_number": number,
                "guardian": other,
                "guardian_phone": other_phone,
                "policy": WORDS[0],
            },
        ),
        (
            zhou,
            f"/desk/register-entries/{at['register.entry_id']}/change",
            {"version": 1, "why": WORDS[0], "guardian": name, "guardian_phone": phone, "skills": "cook"},
        ),
        (
            zhou,
            f"/desk/register-entries/{at['register.entry_id']}/reveal",
            {"field": "person.phone", "purpose": "contact", "words": "打电话核对保险"},
        ),
        (zhou, "/desk/halls/jiayuan/take", {"name": name, "phone": phone, "need": "wheelchair"}),
        (
            zhang,
            f"/offers/{at['offer.slot_id']}/book",
            {"as": "team", "led": str(led), f"role-{led}": "cut"},
        ),
        (chen, f"/desk/offers/{at['offer.slot_id']}/walk-in", {"name": other, "phone": other_phone, "role": "cut"}),
        (hall.client(), f"/board/{at['board.number']}/say", {"words": WORDS[1], "name": name, "phone": phone}),
        (
            chen,
            f"/desk/handovers/{at['handover.link_id']}",
            {"proof": at["handover.token"], "outcome": "different", "note": WORDS[2]},
        ),
        (zhang, f"/ballots/{at['ballot.code']}/vote", {"choice": "yes"}),
    ]
    for client, path, data in said:
        answer = client.post(path, data=data)
        assert answer.status_code < 400, (path, answer.status_code, answer.text[answer.text.find("<main") :][:1500])
    # what is refused is logged and shown, and no more kept than what is done
    for client, path, data in said:
        client.post(path, data={key: f"{value} " * 3 for key, value in data.items()})


def test_nothing_personal_lies_open_in_the_database_the_log_or_the_audit(
    hall: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with hall.database.unit_of_work() as work:
        at = furnish(work, hall.cast, hall.clock())
    with caplog.at_level(logging.DEBUG):
        _used(hall, at)
    secrets = {word: f"{n}" for n, person in enumerate(PEOPLE) for word in person} | {word: word for word in WORDS}
    with hall.database.reading() as work:
        kept = work.session.scalars(select(RegisterEntry)).all()
        assert any((entry.person or {}).get("phone") == PEOPLE[1][1] for entry in kept)  # it is there, sealed
        facts = [json.dumps(e.facts, ensure_ascii=False) for e in work.session.scalars(select(Event))]
        jobs = [json.dumps(j.payload, ensure_ascii=False) for j in work.session.scalars(select(Job))]
        notices = [f"{n.key} {n.kind}" for n in work.session.scalars(select(Notice))]
    for what, texts in (("audit", facts), ("job", jobs), ("notice's key", notices), ("log", [caplog.text])):
        assert texts or what == "job"
        assert [(what, secret) for secret in secrets for text in texts if secret in text] == []
    file = Path(str(hall.database.engine.url.database))
    found = []
    for one in (file, *file.parent.glob(f"{file.name}-wal")):
        data = one.read_bytes()
        found += [(one.name[-12:], s) for s in secrets if s.encode() in data or json.dumps(s)[1:-1].encode() in data]
    assert found == []
