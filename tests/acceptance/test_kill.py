"""kill -9 of the web and the worker at random points of scripted journeys: nothing acknowledged is lost or doubled.

Four journeys, and a thousand in `make soak`. A journey is a resident who applies and three desks that
claim and complete, over HTTP; whoever gets no answer looks again and goes on, as a person would.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import func, select

from engine.people import login
from engine.records import audit
from engine.store import db, keys, migrate
from engine.store.models import Case, Document, Event, File, Job, Notice, Task, User
from tests import cast as the_cast
from tests.acceptance.serving import names_nobody
from tests.commands import acting
from tests.soaking import parts

#: Papers of a journey.
PAPERS = ["acceptance", "authority", "closing", "proxy_acceptance", "receipt", "service_receipt"]
#: Journeys that one applicant begins: the hall takes twenty an hour of one person (engine.people.tries), and what was
#: begun and cut off may count.
EACH = 10
#: Journeys under way at once.
HANDS = 2
#: How long a process that has come up works before it is killed, at least and at most, as a share of the time it took
#: to come up: on a slow machine both are long, and something is done all the same.
BETWEEN = (0.2, 1.0)


class Hall:
    """A web and a worker process on one hall (SQLite, unless another database is said), killed and started again."""

    def __init__(self, home, seed, **environment):
        self.home, self.dice, self.environment = home, random.Random(seed), environment
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.processes, self.kills, self.over = {}, 0, threading.Event()
        self.begun = {}  # name -> when its process was started

    def start(self, name):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_") or k == "YIZHAN_DATA_KEY"}
        environment |= {"YIZHAN_HOME": str(self.home), "YIZHAN_PORT": str(self.port), **self.environment}
        self.begun[name] = time.monotonic()
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "web.cli", name],
                cwd=the_cast.ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def torment(self):
        """Kill one or the other, again and again; each has come up before it is killed, or nothing would ever be
        done."""
        while not self.over.is_set():
            name = self.dice.choice(["serve", "worker"])
            while not self.up(name) and not self.over.wait(0.1):
                continue
            took = time.monotonic() - self.begun[name]
            if self.over.wait(self.dice.uniform(*BETWEEN) * took):
                return
            process = self.processes[name]
            # The whole group: the worker's press is a child of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.kills += 1
            self.start(name)

    def up(self, name):
        if name == "serve":
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        said = (self.home / "worker.log").read_text(errors="replace")
        return f":{self.processes[name].pid} is running" in said

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Person:
    """Somebody with a token, who tries again when nobody answers."""

    def __init__(self, hall, token):
        self.hall, self.headers = hall, {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, patience=120.0, **more):
        """The answer; None when it was cut off and nobody knows what happened."""
        until = time.monotonic() + patience
        while True:
            try:
                answer = requests.request(method, self.hall.url + path, headers=self.headers, timeout=30, **more)
                answer.raise_for_status() if answer.status_code == 503 else None
                return answer
            except requests.RequestException:  # cut off, half an answer, none in time, or the database is away
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
                if method != "GET":
                    return None


def do(person, path, body):
    """Send something that changes; the answer, or None when nobody knows."""
    answer = person.ask("POST", path, json=body)
    if answer is not None:
        assert answer.status_code < 500, answer.text[:500]
    return answer


def find(person, box, number):
    rows = person.ask("GET", f"/inbox?list={box}&limit=200").json()["rows"]
    return next((row for row in rows if row["number"] == number), None)


def journey(n, people, acknowledged):
    while True:
        sent = {"matter": "daiban", "answers": the_cast.DAIBAN, "key": f"journey-{n}", "consent": True}
        answer = do(people[f"applicant-{n // EACH}"], "/cases", sent)
        if answer is not None and answer.status_code == 201:
            break
        assert answer is None, answer.text
    number = answer.json()["number"]
    acknowledged.append((number, "apply"))
    for who, element, answers in (
        ("chen", "take_in", acting.TAKE_IN),
        ("wang", "accept", acting.ACCEPT),
        ("wang", "register", acting.REGISTER),
        ("chen", "hand_over", acting.HAND_OVER),
    ):
        until = time.monotonic() + 150
        while True:
            assert time.monotonic() < until, f"{number} is stuck before {element}"
            mine = find(people[who], "mine", number)
            if mine is None:
                free = find(people[who], "open", number)
                if free is None:
                    if find(people[who], "done", number) and acknowledged_or_done(people[who], number, element):
                        break  # the answer was lost, the deed was not
                    time.sleep(0.1)
                    continue
                do(people[who], f"/tasks/{free['task_id']}/claim", {"version": free["version"]})
                continue
            done = do(
                people[who], f"/tasks/{mine['task_id']}/complete", {"version": mine["version"], "answers": answers}
            )
            if done is not None and done.status_code == 200:
                acknowledged.append((number, element))
                break


def acknowledged_or_done(person, number, element):
    case = person.ask("GET", f"/cases/{number}").json()
    names = {"take_in": "代办收件", "accept": "受理审查", "register": "医保参保登记", "hand_over": "代办员送达"}
    return any(step["name"] == names[element] and step["state"] == "ended" for step in case["steps"])


@pytest.mark.parametrize(
    ("seed", "rounds"),
    [
        pytest.param(4, 4, marks=pytest.mark.wide),
        *(
            pytest.param(1000 + n, rounds, marks=[pytest.mark.soak, pytest.mark.timeout(4 * 3600)])
            for n, rounds in parts(1000)
        ),
    ],
)
def test_web_and_worker_killed_at_random_lose_nothing_and_double_nothing(tmp_path, seed, rounds):
    home = tmp_path / "hall"
    home.mkdir()
    now = datetime.now(UTC)
    database = db.connect(f"sqlite:///{home / 'hall.db'}", files=home / "files")
    migrate.upgrade(database)
    with database.unit_of_work() as work:
        cast = the_cast.hire(work, now)
        tokens = tokens_of(work, cast, rounds, now)
    play(Hall(home, seed), tokens, rounds, database)
    database.close()


def tokens_of(work, cast, rounds, now):
    """Tokens for the two desks, and for as many applicants as that many journeys need."""
    users = {name: cast.users[name] for name in ("chen", "wang")}
    village = work.session.get_one(User, cast.users["zhang"]).place_id  # whose agent takes them in
    for n in range(-(-rounds // EACH)):
        phone = f"1390000{n:04}"
        applicant = User(kind="resident", name="张三丰", phone=phone, phone_index=keys.blind("phone", phone))
        applicant.created_at, applicant.place_id = now, village
        users[f"applicant-{n}"] = work.insert(applicant).id
    return {name: login.new_token(work, user, now=now) for name, user in users.items()}


def play(hall, tokens, rounds, database):
    """So many journeys while the hall is tormented; then everything that was acknowledged is there, once."""
    for name in ("serve", "worker"):
        hall.start(name)
    people = {name: Person(hall, token) for name, token in tokens.items()}
    acknowledged, faults = [], []
    queue = iter(range(rounds))
    taking = threading.Lock()

    def hand():
        while True:
            with taking:
                n = next(queue, None)
            if n is None:
                return
            try:
                journey(n, people, acknowledged)
            except Exception as error:  # told below, by the test's own thread
                faults.append(repr(error))
                return

    torment = threading.Thread(target=hall.torment, daemon=True)
    hands = [threading.Thread(target=hand) for _ in range(HANDS)]
    try:
        torment.start()
        for thread in hands:
            thread.start()
        for thread in hands:
            thread.join()
        until = time.monotonic() + 60
        while hall.kills < 2 and time.monotonic() < until:  # a quick machine: what still waits for the worker is hit
            time.sleep(0.1)
        hall.over.set()
        torment.join()
        settled(database)
    finally:
        hall.over.set()
        hall.stop()
    print(f"{rounds} journeys, {len(acknowledged)} acknowledged acts, {hall.kills} kills")
    assert not faults, faults
    assert hall.kills >= 2
    assert names_nobody(hall.home / "serve.log")

    with database.reading() as work:
        cases_ = {c.number: c.id for c in work.session.scalars(select(Case))}
        assert len(cases_) == rounds
        for number, element in acknowledged:
            if element == "apply":
                assert number in cases_
                continue
            ended = work.session.scalars(
                select(Task).where(Task.case_id == cases_[number], Task.element == element)
            ).all()
            assert [t.ended for t in ended] == ["APPROVED"], (number, element)
            events = work.session.scalar(
                select(func.count())
                .select_from(Event)
                .where(Event.task_id == ended[0].id, Event.kind == "task.completed")
            )
            assert events == 1, (number, element)
        for number, case_id in cases_.items():
            papers = work.session.scalars(select(Document).where(Document.case_id == case_id)).all()
            assert sorted(p.kind for p in papers) == PAPERS, number
            assert all(p.state == "ready" for p in papers), number
            files = work.session.scalars(select(File.field).where(File.case_id == case_id)).all()
            assert sorted(files) == [f"paper:{p}" for p in sorted(p.kind for p in papers)], number
            rendered = work.session.scalars(
                select(Event.id).where(Event.case_id == case_id, Event.kind == "document.rendered")
            ).all()
            assert len(rendered) == len(PAPERS), number
        serials = sorted(int(n.split("-")[3]) for n in cases_)
        assert serials == list(range(1, rounds + 1))
        told = list(work.session.scalars(select(Notice)))
        assert told and {n.state for n in told if n.send_after <= datetime.now(UTC)} == {"sent"}
        assert {n.state for n in told} <= {"sent", "waiting"}
        found = audit.verify(work)
        assert found.faults == ()


def settled(database):
    """Wait until the worker has nothing left (a killed worker's leases end by themselves). What is for the morning
    waits: no text messages go out in the night."""
    until = time.monotonic() + 200
    while time.monotonic() < until:
        with database.reading() as work:
            soon = datetime.now(UTC) + timedelta(minutes=20)
            left = work.session.scalar(
                select(func.count()).select_from(Job).where(Job.state != "done", Job.run_after <= soon)
            )
        if not left:
            return
        time.sleep(0.5)
    raise AssertionError("the worker did not come to an end")
