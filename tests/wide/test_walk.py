"""Every route x every role x the states of a case, GET and POST, against tests/wide/oracle.py.

The world is one case, its step, its papers, a material, a booking, a bond, one of each noun (tests/wide/nouns.py),
and the people who stand to it in different ways. Every request is thrown away after it was answered, so that each role
meets the same world.

What is held of every answer:
- the door: who may not come in is sent to sign in (nobody signed in) or refused; the hall never breaks (no 5xx);
- the thing: who may not see or do it is refused, and whoever may is not;
- no answer to somebody who may not see the case holds the applicant's number, identity or name.

Mediations, with who mediates now and who had to stand aside (回避), are walked in tests/wide/test_mediated.py; what is
somebody's own beside the case (a step in their hands, a consent, a place on a waiting list …) in
tests/wide/test_walk_theirs.py. Where the oracle says "absent" and that file has no line, the door alone is walked.

Not walked (each is a line here, not a silence): the bodies of POSTs beyond one good one a route, and the second step of
a preview.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import people
from engine.commands import bond_rows, booking, cases
from engine.matters.nouns.bonds import HALL, MANDATE
from engine.people import holders, load, login, units
from engine.reads.knowing import Person
from engine.records import files, heartbeats
from engine.store import Database, Work, keys
from engine.store.db import OPTIONS, Writing
from engine.store.models import Bond, Case, Document, Holding, Leave, Post, Slot, Task, User
from engine.workdays import local_date
from tests.appointments.conftest import opened
from tests.commands.acting import finished
from tests.hall import Open, open_hall
from tests.wide.nouns import furnish
from tests.wide.oracle import DOORS, KIN, MAY, OF_CASE, RESIDENTS, ROLES, RULES, STATES, Rule

#: What nobody may read who may not see the case: number, identity, name.
SECRETS = ("13800000001", "350526195003071239", "张三丰")

CAST = {
    "applicant": "zhang",
    "resident": "xu",
    "intake": "chen",
    "reviewer": "wang",
    "office_head": "zhao",
    "town_clerk": "zhou",
    "town_head": "qian",
    "other_village": "huang",
    "other_office": "sun",
    "county_head": "wu",
    "designer": "designer",
    "operator": "operator",
}


@dataclass
class World:
    """The hall, the people, and the things."""

    hall: Open
    numbers: dict[str, str] = field(default_factory=dict)  # state -> number of the case
    tasks: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    papers: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    materials: dict[str, int] = field(default_factory=dict)
    booking: int = 0
    booking_code: str = ""
    place: int = 0
    slot: str = ""
    bond: int = 0  # between the applicant and kin_acts
    bonds: dict[str, int] = field(default_factory=dict)  # of each of the kin
    nouns: dict[str, Any] = field(default_factory=dict)  # tests/wide/nouns.py
    people: dict[str, int] = field(default_factory=dict)  # role -> account
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, role: str, *, program: bool = False) -> Any:
        """A browser of its own for every request: signing out or another language stays in it."""
        client = self.hall.app.test_client()
        if role != "stranger" and not program:
            with client.session_transaction() as session:
                session["token"] = self.sessions[role]
        return client


def _staff(work: Work, name: str, unit_id: int, post: str, now: Any, **more: Any) -> int:
    user = User(kind="staff", name=name, login=f"walk-{name}", created_at=now, **more)
    work.session.add(user)
    work.session.flush()
    held = work.session.scalar(select(Post.id).where(Post.code == post))
    work.session.add(Holding(user_id=user.id, unit_id=unit_id, post_id=held))
    return user.id


def _agents(work: Work, case: Case, users: dict[str, int], by: Any, now: Any) -> None:
    """One had the mandate in this case and it was revoked; another has it."""
    for role in ("agent_ended", "agent_of"):
        user = work.session.get_one(User, users[role])
        asked = bond_rows.Asked(
            MANDATE,
            HALL[MANDATE],
            Person(case.applicant_name, case.applicant_phone, case.applicant_id_number, case.applicant_id),
            Person(user.name, user_id=user.id),
            "case",
            unit_id=case.unit_id,
            scope=f"case:{case.id}",
        )
        row = bond_rows.make(work, asked, by=by, now=now, case=case)
        case.mandate_id = row.id
        if role == "agent_ended" or case.finished_at is not None:
            bond_rows.end(work, row, "subject", by=by, now=now, case=case)
    case.flags = [*case.flags, "代办"]


def _case(world: World, state: str, users: dict[str, int], ended: int) -> None:
    """One case of the applicant's in this state, with an internal paper and a material. `ended`: the one whose every
    step was done."""
    hall, now = world.hall, world.hall.clock()
    number = "" if state == "ended" else hall.submit()
    with hall.database.unit_of_work() as work:
        found = Case.id == ended if state == "ended" else Case.number == number
        case = work.session.scalar(select(Case).where(found))
        assert case is not None
        number = case.number
        case.restricted, case.party_ids = state == "restricted", [users["party"]]
        _agents(work, case, users, load(work, hall.cast.users["zhang"], now=now), now)
        paper = work.session.scalar(select(Document).where(Document.case_id == case.id).order_by(Document.id))
        assert paper is not None
        data = b"%PDF-1.7 " + " ".join(SECRETS).encode()
        made = files.store(
            work, data, "p.pdf", "application/pdf", now=now, case_id=case.id, field=f"paper:{paper.kind}"
        )
        paper.file_id, paper.state, paper.sha256, paper.public = made.id, "ready", made.sha256, False
        paper.unit_id = hall.cast.yb.id
        given = files.store(
            work, data, "m.pdf", "application/pdf", now=now, case_id=case.id, owner_id=case.applicant_id, field="m"
        )
        last = select(Task).where(Task.case_id == case.id).order_by(Task.id.desc()).limit(1)
        task = work.session.scalars(last).one()
        world.numbers[state], world.tasks[state], world.versions[state] = number, task.id, task.version
        world.papers[state], world.files[state], world.materials[state] = paper.id, made.id, given.id
        if state == "withdrawn":
            cases.withdraw(work, case.id, "", by=load(work, hall.cast.users["zhang"], now=now), now=now)


def _booking(world: World) -> None:
    hall, now = world.hall, world.hall.clock()
    with hall.database.unit_of_work() as work:
        world.place = opened(work, hall.cast.yb.id, matter="daiban", opens=time(9), closes=time(17))
        first = local_date(now) + timedelta(days=3)
        booking.publish(work, world.place, first=first, last=first, by=people.SYSTEM, now=now)
        slot = work.session.scalar(select(Slot).where(Slot.resource_id == world.place).order_by(Slot.starts_at))
        assert slot is not None
        by = load(work, hall.cast.users["zhang"], now=now)
        made = booking.hold(work, resource_id=world.place, starts_at=[slot.starts_at], by=by, now=now)
        world.booking, world.booking_code, world.slot = made.id, made.code, slot.starts_at.isoformat()


def _kin(work: Work, world: World, now: Any) -> dict[str, int]:
    """Residents with bonds to the applicant: role -> account."""
    today, zhang = local_date(now), work.session.get_one(User, world.hall.cast.users["zhang"])
    found: dict[str, int] = {}
    for n, (role, kind, lets) in enumerate(
        (
            ("kin_sees", "family", ["see"]),
            ("kin_acts", "family", ["see", "apply", "book"]),
            ("guardian", "guardian", ["see", "apply", "book", "fetch", "sign"]),
            ("kin_over", "family", ["see", "apply", "book"]),
            ("kin_ended", "family", ["see", "apply", "book"]),
        )
    ):
        phone = f"1380000008{n}"
        user = User(
            kind="resident", name=f"家人{n}", phone=phone, phone_index=keys.blind("phone", phone), created_at=now
        )
        work.session.add(user)
        work.session.flush()
        over = role == "kin_over"
        row = Bond(
            kind=kind,
            state="held",
            subject_id=zhang.id,
            subject_ref=f"u:{zhang.id}",
            subject_name=zhang.name,
            subject_name_index=keys.blind("name", zhang.name),
            holder_id=user.id,
            holder_ref=f"u:{user.id}",
            holder_name=user.name,
            holder_name_index=keys.blind("name", user.name),
            n=n + 1,
            most=10,
            lets=lets,
            proof={},
            revocable=kind == "family",
            from_on=today - timedelta(days=9),
            until_on=today - timedelta(days=1) if over else today + timedelta(days=90),
            how="counter",
            unit_id=world.hall.cast.lmt.id,
            place_id=zhang.place_id,
            made_at=now,
            confirmed_at=now,
        )
        work.session.add(row)
        work.session.flush()
        if role == "kin_ended":
            row.state, row.ended_at, row.ended_how = "ended", now, "subject"
        world.bonds[role] = row.id
        if role == "kin_acts":
            world.bond = row.id
        found[role] = user.id
    return found


@contextmanager
def _thrown_away(self: Database, session: Any = None) -> Iterator[Work]:
    """A transaction that writes, and is undone when the request was answered."""
    with self._turn, session or Writing(self.engine, **OPTIONS) as opened_:
        opened_.begin()
        opened_.connection(execution_options={"yizhan_writes": True})
        yield Work(opened_, self)
        opened_.flush()


def put_up(sqlite: Database, clock: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """The hall, its people and things; from then on every request is thrown away after it was answered."""
    hall = open_hall(sqlite, clock, tmp_path)
    hall.app.config["PROPAGATE_FAULTS"] = False
    made = World(hall)
    now = clock()
    clock.now = now - timedelta(days=9)
    ended = finished(sqlite, hall.cast, clock)  # before the others came
    assert clock() < now
    clock.now = now
    users = {role: hall.cast.users[short] for role, short in CAST.items()}
    with sqlite.unit_of_work() as work:
        phone = "13800000077"
        party = User(kind="resident", name="洪某", phone=phone, phone_index=keys.blind("phone", phone), created_at=now)
        work.session.add(party)
        work.session.flush()
        heartbeats.beat(work, heartbeats.Reading("walk", "boot", 1.0, now))  # ready to serve: /readyz says so
        users["party"] = party.id
        users |= _kin(work, made, now)
        suyang, mz = hall.cast.suyang.id, hall.cast.mz.id
        users["former"] = _staff(work, "former", suyang, "agent", now)
        users["village_clerk"] = _staff(work, "village_clerk", suyang, "reviewer", now)
        users["disabled"] = _staff(work, "disabled", suyang, "agent", now)
        for role in ("stand_in", "stand_in_here"):
            users[role] = _staff(work, role, mz, "reviewer", now)
        for one, words in (("security", "安全管理员"), ("auditor", "审计管理员")):
            work.session.add(Post(code=one, name=words, name_en=one, role=one))
            work.session.flush()
            users[one] = _staff(work, one, hall.cast.county.id, one, now)
        for agent in ("agent_of", "agent_ended"):
            users[agent] = _staff(work, agent, mz, "reviewer", now)
        work.session.flush()
        for holding in work.session.scalars(select(Holding).where(Holding.user_id == users["former"])):
            holding.until_on = local_date(now) - timedelta(days=1)
        for role, matter in (("stand_in", "yuyue"), ("stand_in_here", "daiban")):
            work.session.add(
                Leave(
                    user_id=users["intake"],
                    agent_id=users[role],
                    from_at=now - timedelta(hours=1),
                    until_at=now + timedelta(days=2),
                    matters=[matter],
                )
            )
        units.forget(work)
        holders.forget(work)
    for state in STATES:
        _case(made, state, users, ended)
    _booking(made)
    made.people = users
    with sqlite.unit_of_work() as work:
        made.nouns = furnish(work, hall.cast, now)
    for role in ROLES:
        if role == "stranger":
            continue
        with sqlite.unit_of_work() as work:
            made.sessions[role] = login.open_session(work, users[role], now=now)
            made.tokens[role] = login.new_token(work, users[role], now=now)
    with sqlite.unit_of_work() as work:
        work.session.get_one(User, users["disabled"]).disabled_at = now
    monkeypatch.setattr(Database, "unit_of_work", _thrown_away)
    return made


#: What a name in an address stands for when this hall has nothing of the kind.
NOTHING = 999_999


def _values(world: World, endpoint: str, state: str) -> dict[str, Any]:
    """What the names in an address stand for."""
    found = {
        "number": world.numbers[state],
        "task_id": world.tasks[state],
        "document_id": world.papers[state],
        "file_id": world.files[state],
        "booking_id": world.booking,
        "place_id": world.place,
        "leave_id": 999_999,
        "user_id": world.hall.cast.users["chen"],
        "request_id": 999_999,
        "incident_id": 999_999,
        "waiting_id": 999_999,
        "block_id": 999_999,
        "window_id": 999_999,
        "ticket_id": 999_999,
        "slot_id": 999_999,
        "resource_id": 999_999,
        "name": "nothing.css" if endpoint == "assets.static" else "daiban",
        "file": "process.bpmn" if endpoint == "studio.file" else "coverage.dmn",
        "which": "mine",
        "verb": "suspend",
        "kind": "erase",
        "consent_id": 999_999,
        "grant_id": 999_999,
        "move_id": 999_999,
        "what": {"booking.step": "cancel", "desk.act": "move", "desk.acted": "move"}.get(endpoint, "transfer"),
        "code": "AAAA-BBBB-CCCC-DDDD",
        "word": "0" * 20,
        "effect": "effect",
        "bond_id": world.bond,
        "key": "family" if endpoint.startswith("bonds.") else "nothing",
        "entry_id": 999_999,
        "holding_id": 999_999,
    }
    if endpoint.startswith("residents."):
        users = world.hall.cast.users
        return found | {
            "user_id": users["zhang"],
            "from_id": users["zhang"],
            "into_id": users["xu"],
            "merge_id": NOTHING,
        }
    noun = _noun(endpoint)
    prefix = f"{noun}."
    return (
        found
        | {name.removeprefix(prefix): v for name, v in world.nouns.items() if name.startswith(prefix)}
        | {
            "what": {"tickets.step": "gone", "tickets.at_window": "sit", "api.ticket_step": "gone"}.get(
                endpoint, found["what"]
            )
        }
    )


#: Which noun a route of the interface is about; of the pages the blueprint says it.
_API = {
    "queue": ("api.hall_now", "api.call_next", "api.ticket_step", "api.hall_measures"),
    "ticket": ("api.ticket", "tickets.own", "tickets.own_now", "tickets.slip", "tickets.come_back", "tickets.give_up"),
    "register": ("api.register_entries", "api.register_entry", "api.add_register_entry", "api.change_register_entry"),
    "board": ("api.board_entry",),
    "review": ("boards.review", "boards.decide"),
    "offer": ("api.offer", "api.book"),
    "handover": ("api.handover", "api.end_handover"),
    "ballot": ("api.ballot", "api.cast_vote"),
    "loan": ("api.loan_titles", "api.renew_loan", "api.lend_copy", "api.take_copy_back"),
    "match": ("api.match_side", "api.ask_match", "api.answer_match"),
}
_NOUN = {endpoint: noun for noun, endpoints in _API.items() for endpoint in endpoints}


def _noun(endpoint: str) -> str:
    kind = endpoint.partition(".")[0]
    pages = {
        "tickets": "queue",
        "registers": "register",
        "boards": "board",
        "offers": "offer",
        "handovers": "handover",
        "ballots": "ballot",
        "schedules": "schedule",
        "loans": "loan",
        "matches": "match",
    }
    return _NOUN.get(endpoint) or pages.get(kind, "-")


def _body(world: World, endpoint: str, state: str) -> dict[str, Any]:
    """One good body a route, so that what refuses is the rule and not the form."""
    version, other = world.versions[state], world.hall.cast.users["lin"]
    answers = {"decision": "accept", "checked": True}
    done = {"json": {"version": version, "answers": answers}}
    seen = {"data": {"version": version}}
    bodies: dict[str, dict[str, Any]] = {
        "api.complete": done,
        "api.draft": done,
        "desk.complete": done,
        "desk.draft": done,
        "desk.preview": done,
        "resident.complete": done,
        "resident.question": done,
        "api.claim": {"json": {"version": version}},
        "api.unclaim": {"json": {"version": version}},
        "api.withdraw": {"json": {"reason": "不办了"}},
        "api.check_in": {"json": {"code": world.booking_code}},
        "api.cancel": {"json": {"version": 1}},
        "api.confirm": {"json": {"version": 1}},
        "api.change": {"json": {"version": 1, "starts_at": [world.slot]}},
        "booking.cancel": {"data": {"version": 1}},
        "booking.confirm": {"data": {"version": 1}},
        "booking.change": {"data": {"version": 1, "starts_at": world.slot}},
        "booking.check_in": {"data": {"code": world.booking_code}},
        "booking.step": {"data": {"version": 1}},
        "desk.claim": seen,
        "desk.unclaim": seen,
        "desk.carry_out": {"data": {"version": version, "to": str(other), "reason": "去开会", "confirmed": "1"}},
        "mending.mend": {"data": {"what": "void", "reason": "印错了"}},
        "mending.correct": {"data": {"name": "张三峰", "reason": "核对过了"}},
        "api.void_paper": {"json": {"reason": "印错了"}},
        "api.reissue_paper": {"json": {"reason": "印错了"}},
        "api.correct_applicant": {"json": {"name": "张三峰", "reason": "核对过了"}},
        "desk.hold": {"data": {"reason": "行政诉讼要用", "until_on": "2027-09-18"}},
        "desk.evidence": {"data": {"purpose": "accountability", "words": "复议要用的"}},
        "desk.reveal": {"data": {"field": "phone", "purpose": "contact", "words": "打电话核对"}},
        "api.change_register_entry": {"json": {"version": 1, "why": "核对过了"}},
        "registers.change": {"data": {"version": 1, "why": "核对过了", "skills": "cook"}},
        "registers.reveal": {"data": {"field": "person.phone", "purpose": "contact", "words": "打电话核对"}},
        "registers.take_out": {"data": {"purpose": "verify", "words": "核对名册"}},
        "tickets.step": {"data": {"version": 1}},
        "tickets.take_for": {"data": {"name": "许小妹"}},
        "boards.decide": {"data": {"what": "approve", "changed": 0}},
        "offers.close": {"data": {"reason": "下雨了"}},
        "offers.move": {"data": {"day": "2026-09-26", "from": "09:00", "reason": "下雨了"}},
        "offers.add_places": {"data": {"places": 1, "role": "cut"}},
        "offers.walk_in": {"data": {"name": "许小妹", "phone": "13800000002", "role": "cut"}},
        "handovers.report": {"data": {"kind": "lost", "note": "路上丢了"}},
        "handovers.staff_report": {"data": {"kind": "lost", "note": "路上丢了"}},
        "ballots.vote": {"data": {"choice": "yes"}},
        "ballots.cast": {"data": {"choice": "yes", "witness": "林志强"}},
        "api.cast_vote": {"json": {"choice": ["yes"]}},
        "api.ask_about_own_data": {"json": {"kind": "erase"}},
        "api.take_own_copy": {"json": {"code": "000000", "ask": "none"}},
        "api.answer_data_request": {"json": {"done": False, "answer": "没有别的依据"}},
        "api.ask_many_looks": {"json": {"many": 40, "purpose": "verify", "words": "全村参保核对"}},
        "api.answer_many_looks": {"json": {"yes": True}},
        "schedules.pause": {"data": {"reason": "等新规定"}},
        "api.hall_measures": {},
        "api.renew_loan": {"json": {"version": 1}},
        "loans.renew": {"data": {"version": 1}},
        "loans.act": {"data": {"act": "recall", "version": 1}},
        "matches.end": {"data": {"version": 1}},
        "matches.reveal": {"data": {"purpose": "contact", "words": "打电话核对"}},
        "residents.find": {"data": {"q": "13800000001"}},
        "residents.code": {"data": {"phone": "13900000009"}},
        "residents.number": {"data": {"phone": "13900000009", "code": "0", "identity": "0", "reason": "看了证件"}},
        "residents.prove": {"data": {"identity": "0", "reason": "看了证件"}},
        "residents.join": {"data": {"identity": "0", "reason": "看了证件"}},
        "residents.part": {"data": {"reason": "弄错了人"}},
        "desk.opinion": {"data": {"version": version, "opinion": "同意"}},
        "resident.withdraw": {"data": {"reason": "不办了"}},
        "calendar.preview": {"data": {"text": "year: 2027\n"}},
        "papers.compare": {"data": {"file": (io.BytesIO(b"%PDF"), "x.pdf")}},
    }
    return bodies.get(endpoint, {"json": {}} if endpoint.startswith("api.") else {"data": {}})


def _ask(world: World, role: str, endpoint: str, rule: Any, method: str, state: str) -> Any:
    values = _values(world, endpoint, state)
    with world.hall.app.test_request_context():
        address = world.hall.app.url_map.bind("localhost").build(
            endpoint, {k: values.get(k, NOTHING) for k in rule.arguments}, method=method
        )
    more = {} if method == "GET" else _body(world, endpoint, state)
    headers = {}
    if endpoint.startswith("api.") and role != "stranger":
        headers["Authorization"] = f"Bearer {world.tokens[role]}"
    client = world.client(role, program=endpoint.startswith("api."))
    return client.open(address, method=method, headers=headers, **more)


def _outcome(answer: Any) -> str:
    """through, refused, signed-out or fault."""
    if answer.status_code >= 500:
        return "fault"
    if answer.status_code == 401:
        return "signed-out"
    if answer.status_code in (302, 303) and answer.location.partition("?")[0] in ("/enter", "/desk/enter"):
        return "signed-out"
    return "refused" if answer.status_code in (403, 404) else "through"


#: What leads to the way in, or to nothing, whoever asks.
_AWAY = ("entry.leave", "entry.not_joined", "assets.static")


def _wrong(world: World, role: str, endpoint: str, rule: Any, method: str, state: str) -> str:
    """What is wrong with the answer, in a line; "" when nothing is."""
    line: Rule = RULES[endpoint]
    answer = _ask(world, role, endpoint, rule, method, state)
    got = _outcome(answer)
    where = f"{role} {method} {rule.rule} ({state}): {answer.status_code}"
    if got == "fault":
        return f"{where}: the hall broke"
    inside = role in DOORS[line.door]
    if not inside:
        if role == "stranger" and got != "signed-out":
            return f"{where}: expected to be sent to sign in"
        if role != "stranger" and got not in ("refused", "signed-out"):
            return f"{where}: the door is not theirs"
    elif line.thing in MAY:
        may = role in MAY[line.thing][state]
        if may and got != "through":
            return f"{where}: {line.thing} is theirs"
        if not may and answer.status_code < 400 and got == "through":
            return f"{where}: {line.thing} is not theirs"
    elif line.thing == "" and got != "through" and endpoint not in _AWAY:
        return f"{where}: the door is theirs"
    sees = role in MAY["case"][state] or role == "applicant"
    # Who holds a bond knows the person's name: it stands on their own page 家人, also of a case they may not open.
    secrets = SECRETS[:2] if role in KIN else SECRETS
    if not sees and line.thing and any(secret in answer.get_data(as_text=True) for secret in secrets):
        return f"{where}: the applicant's data are in the answer"
    return ""


def _routes(world: World) -> list[tuple[str, Any, str]]:
    """(endpoint, rule, method) of every route that is ours."""
    found = [
        (rule.endpoint, rule, method)
        for rule in world.hall.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda one: (one[0], one[1].rule, one[2]))


def test_every_route_has_a_line_in_the_oracle_and_every_line_a_route(world: World):
    routes = {endpoint for endpoint, _rule, _method in _routes(world)}
    assert not routes - set(RULES), "a new route says who may use it, in tests/wide/oracle.py"
    assert not set(RULES) - routes, "the oracle names a route that is gone"
    things = {rule.thing for rule in RULES.values()} - {"", "absent"}
    assert things <= set(MAY)


def _picked(endpoint: str, method: str, role: str, state: str) -> bool:
    """One in six, always the same ones: the sample of the normal run."""
    return hashlib.sha256(f"{endpoint} {method} {role} {state}".encode()).digest()[0] % 6 == 0


def _walk(world: World, *, sample: bool, states: tuple[str, ...] = STATES) -> list[str]:
    wrong = []
    for endpoint, rule, method in _routes(world):
        for state in states:
            told = MAY.get(RULES[endpoint].thing)
            if state != "open" and (
                told is None or told[state] == told["open"] and RULES[endpoint].thing not in OF_CASE
            ):
                continue  # the thing is all that differs between the states
            for role in ROLES:
                if sample and not _picked(endpoint, method, role, state):
                    continue
                found = _wrong(world, role, endpoint, rule, method, state)
                if found:
                    wrong.append(found)
    return wrong


def test_a_sample_of_the_walk(world: World):
    wrong = _walk(world, sample=True)
    assert not wrong, "\n".join(wrong)


@pytest.mark.wide
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("state", STATES)
def test_every_route_for_every_role_in_every_state(world: World, state: str):
    wrong = _walk(world, sample=False, states=(state,))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("state", STATES)
def test_a_material_is_read_by_its_sender_and_by_those_who_see_the_case(world: World, state: str):
    for role in ROLES:
        answer = world.client(role).get(f"/files/{world.materials[state]}")
        assert (answer.status_code == 200) == (role in MAY["material"][state]), (role, state, answer.status_code)


@pytest.mark.parametrize("kin", ["kin_sees", "kin_acts", "guardian", "kin_over", "kin_ended"])
def test_a_booking_for_the_applicant_needs_a_bond_in_force_of_ones_own(world: World, kin: str):
    """By whose bond, by whom: only the holder, only while it holds, only one that lets them book."""
    slot, bond = world.nouns["offer.slot_id"], world.bonds[kin]
    for role in ROLES:
        client = world.client(role)
        asked = client.get(f"/offers/{slot}?for={bond}")
        sent = client.post(f"/offers/{slot}/book", data={"for": bond, "as": "person", "role": "cut"})
        headers = {} if role == "stranger" else {"Authorization": f"Bearer {world.tokens[role]}"}
        program = world.client(role, program=True)
        body = {"bond": bond, "role": "cut"}
        told = program.post(f"/api/v1/offers/{slot}/book", json=body, headers=headers)
        may = role == kin and kin in ("kin_acts", "guardian")
        for answer in (sent, told):
            assert (_outcome(answer) == "through") == may, (role, kin, answer.status_code)
        if role in RESIDENTS and not may:
            assert _outcome(asked) == "refused", (role, kin, asked.status_code)
