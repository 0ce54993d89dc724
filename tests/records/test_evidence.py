"""责任证据包: it proves itself offline, names any changed byte, and shows what was done to the database before."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import crypto
from engine.commands import cases
from engine.commands.cases.reading import reveal
from engine.commands.hall import posts
from engine.commands.worker import background
from engine.crypto.signing import pair_of, sign
from engine.errors import Invalid, NotYours
from engine.people import SYSTEM, load
from engine.reads import evidence as reading
from engine.records import audit, evidence, files
from engine.records.evidence import verify
from engine.store import signing
from engine.store.models import Case, Event, File, Holding, Leave, Reveal
from tests.commands import acting
from tests.records.test_records import equipment, work_off
from tests.records.test_tampering import Undone, _change

#: What is asked here is asked of the package: one database is enough.
ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_verifier_is_python_of_3_9():
    """As it says of itself: an office's machine has what it has. What came later is no syntax, or an argument."""
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    later = {"strict"}  # of zip
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert len(calls) > 100 and not [call.lineno for call in calls if {one.arg for one in call.keywords} & later]


def hall_of(database, cast, clock, until=acting.accepted):
    """A case with its papers, a material and a look behind its mask; another person's case beside it."""
    with database.unit_of_work() as work:  # a term that ends the day before the case does
        posts.take(work, cast.wang.id, cast.wang.unit_id, cast.wang.positions[0].post, by=SYSTEM, now=clock())
    case_id = until(database, cast, clock)
    acting.submit(database, cast.xu, clock())
    with database.unit_of_work() as work:
        files.store(work, b"%PDF a photo", "照片 1/2.jpg", "image/jpeg", case_id=case_id, now=clock())
    work_off(database, equipment(), clock())
    background.seal(database, now=clock())
    with database.unit_of_work() as work:
        reveal(work, case_id, "phone", "contact", "打电话核对", by=cast.chen, now=clock.on(minutes=1))
    return case_id


def take(database, case_id, by, now, words="复议要用的"):
    return cases.evidence_package(database, case_id, "accountability", words, by=by, now=now)


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def faults(parts, folder):
    """What the program of the package finds in these files."""
    for name, data in parts.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    package, _ = verify.verify(str(folder))
    assert all(zh and en for _, zh, en in package.faults)
    return [where for where, _, _ in package.faults]


def test_a_package_proves_itself_offline(database, cast, clock, tmp_path):
    case_id = hall_of(database, cast, clock, acting.finished)
    data = take(database, case_id, cast.zhao, clock.on(minutes=1))
    parts = unzipped(data)
    (tmp_path / "package.zip").write_bytes(data)
    (tmp_path / "verify.py").write_bytes(parts["verify.py"])
    # Alone: without site-packages, without our own, without anything of the environment.
    run = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(tmp_path / "package.zip")]
    done = subprocess.run(run, capture_output=True, text=True, cwd="/", env={})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "结论：完好" in done.stdout and "Verdict: intact" in done.stdout
    assert signing.fingerprint(signing.public()) in done.stdout

    events = json.loads(parts["events.json"])
    assert events[-1]["kind"] == "person.revealed" and events[-1]["facts"]["field"] == "evidence"
    index = parts["index.html"].decode()
    assert "责任证据包" in index and "复议要用的" in index and "照片 1/2.jpg" in index
    acts = json.loads(parts["acts.json"])
    accepted = next(one for one in acts if one["words"] == "受理")
    assert [(post["unit"], post["post"]) for post in accepted["posts"]] and accepted["posts"][0]["event"]
    assert (
        accepted["seal"] and accepted["calendar"] and accepted["version"] == json.loads(parts["case.json"])["version"]
    )
    assert any(name.endswith("process.bpmn") for name in parts) and any(name.endswith(".pdf") for name in parts)
    # Other people's events stand in it by their hash alone, and the proof of the seals has them all.
    others = {hash for seal in json.loads(parts["seals.json"]) for _, hash in seal["events"]}
    assert len(others) > len(events)
    assert cast.xu.name not in "".join(data.decode(errors="replace") for data in parts.values())
    with database.reading() as work:
        assert audit.verify(work).faults == ()
        assert work.session.scalars(select(Reveal.field).order_by(Reveal.id.desc()).limit(1)).one() == "evidence"


@ONCE
def test_only_who_heads_the_units_of_a_case_takes_it_and_says_why(database, cast, clock):
    case_id = acting.accepted(database, cast, clock)
    for by in (cast.chen, cast.wang, cast.zhang, cast.operator):
        with pytest.raises(NotYours):
            take(database, case_id, by, clock())
    with pytest.raises(Invalid):
        take(database, case_id, cast.zhao, clock(), words="看")
    with database.reading() as work:
        assert work.session.scalars(select(Event).where(Event.kind == audit.Kind.REVEALED)).all() == []


@ONCE
def test_any_changed_byte_is_found_and_named(database, cast, clock, tmp_path):
    parts = unzipped(take(database, hall_of(database, cast, clock), cast.zhao, clock.on(minutes=1)))
    assert faults(parts, tmp_path / "whole") == []
    changed = {
        name: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        for name, data in parts.items()
        if name != "manifest.json"
    }
    found = faults({**parts, **changed}, tmp_path / "changed")
    assert set(changed) - set(found) == set()
    manifest = parts["manifest.json"]
    for n, at in enumerate((30, len(manifest) // 2, len(manifest) - 40)):
        other = manifest[:at] + bytes([manifest[at] ^ 1]) + manifest[at + 1 :]
        assert faults({**parts, "manifest.json": other}, tmp_path / f"manifest{n}") != []
    gone = {name: data for name, data in parts.items() if not name.startswith("papers/")}
    assert [one for one in faults(gone, tmp_path / "gone") if one.startswith("papers/")]
    assert faults({**parts, "papers/extra.pdf": b"x"}, tmp_path / "added") == ["papers/extra.pdf"]


@ONCE
def test_who_makes_the_manifest_anew_is_known_by_the_key(database, cast, clock, tmp_path, monkeypatch):
    """They hold the whole package and can sign it; they cannot sign its seals."""
    parts = unzipped(take(database, hall_of(database, cast, clock), cast.zhao, clock.on(minutes=1)))
    case = json.loads(parts["case.json"]) | {"outcome": "reject"}
    parts["case.json"] = json.dumps(case).encode()
    about = {k: v for k, v in json.loads(parts.pop("manifest.json")).items() if k in ("number", "signed_since")}
    parts.pop("verify.py")
    monkeypatch.setenv("YIZHAN_SEAL_KEY", "YW5vdGhlciBrZXkgb2Ygc29tZWJvZHkgZWxzZSAhISE=")
    forged = unzipped(evidence.pack(parts, about, now=clock()))
    found = faults(forged, tmp_path / "forged")
    assert "case:1" in found and {one for one in found if one.startswith("seal:")}
    assert signing.fingerprint(json.loads(forged["manifest.json"])["public"]) != ""


RANDOM = "x'0102030405060708090a0b0c0d0e0f10'"
#: What was done to the database before the package was taken, and what the package says.
BEFORE = {
    "an event changed": ("UPDATE event SET by_id = 99 WHERE chain = 'case:1' AND seq = 3", "case:1#3"),
    "an event taken out": (
        "DELETE FROM sealed_event WHERE event_id = (SELECT id FROM event WHERE chain = 'case:1' AND seq = 3); "
        "DELETE FROM event WHERE chain = 'case:1' AND seq = 3",
        "case:1#4",
    ),
    "facts of random bytes": ("UPDATE event SET facts = '{\x01' WHERE chain = 'case:1' AND seq = 3", "events.json"),
    "the outcome": ("UPDATE \"case\" SET outcome = 'reject' WHERE id = 1", "case:1"),
    "the status": (
        "UPDATE \"case\" SET status = 'terminated', outcome = 'ended', finished_at = received_at WHERE id = 1; "
        "UPDATE \"case\" SET outcome = 'approve' WHERE id = 1",
        "case:1",
    ),
    "the number": ("UPDATE \"case\" SET number = 'X' WHERE id = 1", "case:1"),
    "the hash of a paper": ("UPDATE document SET sha256 = 'f' WHERE state = 'ready' AND case_id = 1", "document:"),
    "a paper made void": ("UPDATE document SET state = 'void' WHERE state = 'ready' AND case_id = 1", "document:"),
    "a paper gone": ("DELETE FROM document WHERE state = 'ready' AND case_id = 1", "document:"),
    "a look taken away": ("DELETE FROM reveal", "reveal:"),
    "a look changed": ("UPDATE reveal SET field = 'name'", "reveal:"),
    "the purpose of a look": (f"UPDATE reveal SET purpose = {RANDOM}", "reveal:"),
    "what was said with a step": (f"UPDATE task SET reason = {RANDOM} WHERE case_id = 1", "steps.json"),
    "a seal recomputed": ("UPDATE seal SET at = '2026-09-18 01:02:03.000000' WHERE id = 1", "seal:1"),
    "the signature of a seal": ("UPDATE seal SET signature = NULL WHERE id = 2", "seal:2"),
    "the matter's version": (
        f"UPDATE matter_version SET content = x'504b0506{'00' * 18}' WHERE matter = 'daiban'",  # a zip of nothing
        "version",
    ),
}


@ONCE
def test_what_was_tampered_with_before_is_found_offline_too(database, cast, clock, tmp_path):
    case_id = hall_of(database, cast, clock)
    background.seal(database, now=clock())
    asked = reading.Asked("张", "复议", clock())

    def looked(work, name):
        data = reading.package(work, work.session.get(Case, case_id, populate_existing=True), asked)
        return faults(unzipped(data), tmp_path / name)

    with database.reading() as work:
        assert looked(work, "whole") == []
    missed = {}
    for what, (statements, where) in BEFORE.items():
        with pytest.raises(Undone), database.unit_of_work() as work:
            work.session.get(Case, case_id)
            _change(work, *statements.split("; "))
            found = looked(work, what.replace(" ", "_"))
            if not any(one.startswith(where) for one in found):
                missed[what] = found
            raise Undone
    assert missed == {}
    # Files, last: they are not taken back.
    with database.reading() as work:
        for row in work.session.scalars(select(File).where(File.case_id == case_id).order_by(File.id)).all():
            path = files.path(work, row.sha256)
            data = path.read_bytes()
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        found = looked(work, "the files")
    assert {one.partition(":")[0] for one in found} == {"document", "file"}


@ONCE
def test_posts_are_those_of_the_day_of_the_act(database, cast, clock):
    """Who has a post no more had it when they acted."""
    with database.unit_of_work() as work:
        wang = cast.wang
        posts.take(work, wang.id, wang.unit_id, wang.positions[0].post, by=SYSTEM, now=clock(), until_on=None)
    case_id = acting.accepted(database, cast, clock)
    with database.unit_of_work() as work:
        posts.take(
            work,
            cast.wang.id,
            cast.wang.unit_id,
            cast.wang.positions[0].post,
            from_on=date(2026, 1, 1),
            until_on=date(2026, 1, 2),
            by=SYSTEM,
            now=clock.on(days=1),
        )
    parts = unzipped(take(database, case_id, cast.zhao, clock.on(days=1)))
    acts = json.loads(parts["acts.json"])
    of_wang = [one["posts"] for one in acts if one["who"] == cast.wang.name]
    assert of_wang and all(post["term"] == [None, None] for posts_ in of_wang for post in posts_)


def test_who_acted_for_another_is_shown_with_each_leave_that_was_in_force_then(database, cast, clock):
    """陈小云 lent to 黄丽华, who lent to 林志强. A leave that was ended before lends nothing, and is not named."""
    case_id = acting.submit(database, cast.zhang, clock())
    with database.unit_of_work() as work:
        for away, agent, ended in (("chen", "lin", True), ("chen", "huang", False), ("huang", "sun", False)):
            span = {"from_at": clock() - timedelta(hours=2), "until_at": clock() + timedelta(days=2)}
            over = clock() - timedelta(hours=1) if ended else None
            work.session.add(Leave(user_id=cast.users[away], agent_id=cast.users[agent], ended_at=over, **span))
        held = work.session.scalars(select(Holding).where(Holding.user_id == cast.users["lin"])).one()
        held.until_on = date(2026, 1, 1)
    with database.reading() as work:
        sun = load(work, cast.users["sun"], now=clock())
    task_id = acting.claim(database, case_id, sun, clock())
    with database.unit_of_work() as work:  # both are over by the time somebody asks
        work.session.execute(update(Leave).values(ended_at=clock.on(days=1)))
    parts = unzipped(take(database, case_id, cast.zhao, clock()))
    (claimed,) = [one for one in json.loads(parts["acts.json"]) if one["for"]]
    assert (claimed["who"], claimed["for"]) == ("孙燕", "陈小云") and task_id
    assert [(one["whose"], one["agent"]) for one in claimed["leaves"]] == [("陈小云", "黄丽华"), ("黄丽华", "孙燕")]
    assert "经黄丽华" in parts["index.html"].decode()


def test_its_arithmetic_agrees_with_the_libraries():
    """Ed25519, SM2 and SM3 are written out in the package's program: they say what the libraries say."""
    data = "一站\0".encode() * 20
    assert verify.sm3(data) == crypto.NATIONAL.hasher(data).digest()
    assert verify.fits(crypto.NATIONAL.hashed(data), data) and verify.fits(crypto.INTERNATIONAL.hashed(data), data)
    assert not verify.fits(crypto.NATIONAL.hashed(data), data + b"x")
    for suite in crypto.SUITES.values():
        pair = pair_of(suite.signature, b"\x11" * 32)
        said = sign(pair, "你好".encode())
        assert verify.signed(pair.public, "你好", said) and not verify.signed(pair.public, "你好！", said)
        assert not verify.signed(pair_of(suite.signature, b"\x12" * 32).public, "你好", said)
        assert not verify.signed(pair.public, "你好", said[:-6] + "AAAA==")
