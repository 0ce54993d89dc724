"""Backup under load, the machine gone, restore elsewhere, journeys go on: on both databases."""

import json
import threading
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import func, select, text

from engine import crypto
from engine.commands.hall import restored
from engine.commands.worker import background
from engine.errors import NotNow, NotYours
from engine.people import SYSTEM, login
from engine.records import anchors, audit, counters, files, inspection, jobs, notices
from engine.store import connect, keys, migrate
from engine.store.models import Case, Event, File, Job, Notice, OneTimeCode, Session
from tests.commands import acting
from tests.store.rows import putting
from web import backups


def opened(settings):
    return connect(settings.database_url or None, files=settings.home / "files")


def store(database, data, now):
    with database.unit_of_work() as work:
        return files.store(work, data, "照片.jpg", "image/jpeg", now=now).id


def tell(database, key, now, **more):
    with database.unit_of_work() as work:
        notices.put(work, key, "您的办件已受理。", kind="accepted", now=now, address="13805950001", **more)


def state_of(database, key):
    with database.reading() as work:
        return work.session.scalar(select(Notice.state).where(Notice.key == key))


def test_a_hall_backed_up_under_load_goes_on_elsewhere(database, settings, elsewhere, cast, clock, tmp_path_factory):
    """Nothing that was stored before the backup began is missing, the record is whole, and an open case is finished on
    the other machine."""
    begun = acting.taken_in(database, cast, clock)
    first = store(database, b"a photo", clock())
    stop, failed = threading.Event(), []

    def write(number):
        try:
            while not stop.is_set():
                acting.submit(database, cast.zhang, clock())
                store(database, f"photo {number} {threading.get_ident()} {len(failed)}".encode(), clock())
        except Exception as error:  # shown by the test
            failed.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(2)]
    for one in writers:
        one.start()
    to = tmp_path_factory.mktemp("copies") / "copy"
    try:
        made = backups.backup(settings, to, now=clock())
    finally:
        stop.set()
        for one in writers:
            one.join()
    assert failed == []
    assert made.counts["case"] >= 1 and made.files >= 1 and made.revision == migrate.head()
    assert not (to / "keys").exists() and (to.stat().st_mode & 0o777) == 0o700

    done = backups.restore(elsewhere, to, now=clock)
    assert done.verdict.faults == () and done.sealed
    there = opened(elsewhere)
    try:
        with there.reading() as work:
            assert work.session.scalar(select(func.count()).select_from(Case)) == made.counts["case"]
            assert files.read(work, work.session.get(File, first)) == b"a photo"
            for file in work.session.scalars(select(File)):
                files.read(work, file)
            kinds = list(work.session.scalars(select(Event.kind).where(Event.chain == "user:0")))
            assert kinds[-1] == audit.Kind.RESTORED
        acting.claim(there, begun, cast.wang, clock.on(hours=1))
        acting.complete(there, begun, acting.ACCEPT, cast.wang, clock.on(minutes=5))
        given = acting.submit(there, cast.zhang, clock())
        background.seal(there, now=clock())
        with there.reading() as work:
            # What the first machine gave out after the backup stands on people's papers: no number of it comes again.
            assert int(work.session.get(Case, given).number.split("-")[3]) > counters.LEAP
            assert inspection.inspect(work, now=clock()).faults == ()
    finally:
        there.close()
    with database.reading() as work:
        last = select(Event.kind).where(Event.chain == "user:0").order_by(Event.seq.desc()).limit(1)
        assert work.session.scalar(last) == audit.Kind.BACKED_UP


def test_a_restored_hall_sends_nothing_twice(database, settings, elsewhere, cast, clock, tmp_path):
    """What waited may have gone out since: held until an operator says. Codes are dropped, leases taken back, everybody
    signs in again; a reminder of tomorrow waits as it did."""
    tell(database, "waits", clock())
    tell(database, "waits too", clock())
    tell(database, "tomorrow", clock(), after=clock() + timedelta(days=1))
    with database.unit_of_work() as work:
        notices.put(work, "code", "验证码 123456", kind="code", now=clock(), address="13805950001", urgent=True)
        login.open_session(work, cast.users["wang"], now=clock())
        login.issue_code(work, "13805950001", now=clock())
        jobs.lease(work, "gone:1", now=clock(), most=1)
    to = tmp_path / ".." / f"{tmp_path.name}-copy"
    backups.backup(settings, to, now=clock())

    clock.on(hours=2)
    done = backups.restore(elsewhere, to, now=clock)
    assert (done.settled.held, done.settled.leases, done.settled.sessions) == (2, 1, 1)
    there = opened(elsewhere)
    try:
        assert [state_of(there, key) for key in ("waits", "waits too", "tomorrow", "code")] == [
            "held",
            "held",
            "waiting",
            "cancelled",
        ]
        with there.reading() as work:
            assert work.session.scalar(select(func.count()).select_from(OneTimeCode)) == 0
            assert work.session.scalar(select(func.count()).select_from(Job).where(Job.state == "leased")) == 0
            assert work.session.scalar(select(Session.ended_at)) == clock()
            waiting, other = notices.held(work)
            assert "5950" not in waiting.address
        with pytest.raises(NotYours), there.unit_of_work() as work:
            restored.let_go(work, [waiting.id], send=True, by=cast.wang, now=clock())
        with there.unit_of_work() as work:
            assert restored.let_go(work, [waiting.id], send=True, by=cast.operator, now=clock()) == 1
            assert restored.let_go(work, None, send=False, by=cast.operator, now=clock()) == 1
        assert [state_of(there, key) for key in ("waits", "waits too")] == ["waiting", "cancelled"]
        with there.reading() as work:
            assert work.session.scalar(select(Job.state).where(Job.key == "notice:waits")) == "ready"
            assert notices.held(work) == [] and other.kind == "accepted"
    finally:
        there.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_restored_hall_begins_a_new_epoch(database, settings, elsewhere, cast, clock, tmp_path):
    """Its anchor comes along; what stands outside of the time that was lost is no finding, and anything else is. A
    gateway that has had a key drops it for the same words alone."""
    tell(database, "case:7:accepted", clock())
    with database.reading() as work:
        first = notices.gateway_key(work.session.scalars(select(Notice)).one())
    background.seal(database, now=clock())
    to = tmp_path / ".." / f"{tmp_path.name}-copy"
    backups.backup(settings, to, now=clock())
    out = tmp_path / "outside.jsonl"
    acting.submit(database, cast.zhang, clock.on(minutes=1))
    background.seal(database, now=clock())
    with database.reading() as work:
        line, _ = anchors.daily(work, clock().date())
        anchors.Outside(out).publish(line, "day")
        assert inspection.inspect(work, out, now=clock()).faults == ()

    clock.on(hours=2)
    done = backups.restore(elsewhere, to, now=clock)
    assert done.settled.epoch == 1 and done.verdict.faults == ()
    there = opened(elsewhere)
    try:
        assert anchors.read(there.files / "anchor" / "seals.jsonl")
        acting.submit(there, cast.xu, clock())
        background.seal(there, now=clock())
        with there.reading() as work:
            assert inspection.inspect(work, out, now=clock()).faults == ()
            facts = work.session.scalars(select(Event.facts).where(Event.kind == audit.Kind.RESTORED)).one()
            assert facts["epoch"] == 1 and facts["series"] > 0
            row = work.session.scalars(select(Notice).where(Notice.key == "case:7:accepted")).one()
            assert notices.gateway_key(row) == first
            other = Notice(key=row.key, kind=row.kind, text="您的另一件办件已受理。")
            assert notices.gateway_key(other) != first
        with there.unit_of_work() as work:  # without a restore that says so, a seal that is gone is a finding
            if work.dialect == "sqlite":
                work.session.execute(text("DROP TRIGGER event_no_update"))
            moved = {**facts, "backed_up_at": clock().isoformat()}
            work.session.execute(
                text("UPDATE event SET facts = :facts WHERE kind = 'hall.restored'"), {"facts": json.dumps(moved)}
            )
        with there.reading() as work:
            assert [f.where for f in inspection.inspect(work, out).faults if f.where.startswith("seal:")]
    finally:
        there.close()


@pytest.mark.parametrize("harm", ["changed", "missing file", "no manifest", "newer", "extra letter in the list"])
def test_a_backup_that_does_not_fit_is_refused_and_nothing_is_touched(
    sqlite, harm, settings_of, home_elsewhere, tmp_path, clock
):
    store(sqlite, b"a photo", clock())
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(sqlite), to, now=clock())
    stored = next((to / "files").glob("??/??/*"))
    manifest = json.loads((to / "manifest.json").read_text())
    if harm == "changed":
        data = stored.read_bytes()
        stored.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif harm == "missing file":
        stored.unlink()
    elif harm == "no manifest":
        (to / "manifest.json").unlink()
    elif harm == "newer":
        (to / "manifest.json").write_text(json.dumps(manifest | {"revision": "9999"}))
    else:
        (to / "files.list").write_text((to / "files.list").read_text() + "x")
    with pytest.raises(NotNow) as refused:
        backups.restore(home_elsewhere, to, now=clock)
    assert "什么都没有动" in refused.value.zh and "othing was touched" in refused.value.en
    assert not home_elsewhere.home.exists()


def test_a_restore_overwrites_nothing(sqlite, settings_of, home_elsewhere, tmp_path, clock):
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(sqlite), to, now=clock())
    home_elsewhere.home.mkdir()
    (home_elsewhere.home / "notes.txt").write_text("mine")
    with pytest.raises(NotNow, match="notes.txt"):
        backups.restore(home_elsewhere, to, now=clock)
    with pytest.raises(NotNow, match="overwrites nothing"):
        backups.backup(settings_of(sqlite), to, now=clock())
    with pytest.raises(NotNow, match="own folder"):
        backups.backup(settings_of(sqlite), settings_of(sqlite).home / "copy", now=clock())


def test_the_wrong_key_opens_no_backup(sqlite, settings_of, home_elsewhere, tmp_path, clock):
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(sqlite), to, now=clock())
    with keys.borrowing(keys.Keyring(b"x" * 32)), pytest.raises(NotNow, match="does not open"):
        backups.restore(home_elsewhere, to, now=clock)
    assert not home_elsewhere.home.exists()


def test_keys_go_in_only_when_they_are_asked_for_and_there(sqlite, settings_of, tmp_path, clock):
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    with pytest.raises(NotNow, match="YIZHAN_DATA_KEY"):
        backups.backup(settings_of(sqlite), to, with_keys=True, now=clock())
    assert not to.exists() and not list(to.parent.glob(".*.partial"))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "data.key").write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    made = backups.backup(settings_of(sqlite), to, with_keys=True, now=clock())
    assert made.with_keys and "keys/data.key" in made.parts


def test_a_file_that_is_gone_from_the_disk_fails_the_backup(sqlite, settings_of, tmp_path, clock):
    store(sqlite, b"a photo", clock())
    next((tmp_path / "files").glob("??/??/*")).unlink()
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    with pytest.raises(NotNow, match="not on the disk"):
        backups.backup(settings_of(sqlite), to, now=clock())
    assert not to.exists()


@pytest.mark.parametrize("with_keys", [True, False], ids=["with keys", "the data key alone"])
def test_a_restored_hall_knows_its_own_seals(
    sqlite, settings_of, home_elsewhere, tmp_path, clock, monkeypatch, with_keys
):
    """A hall whose keys are files, as most are: the signing key is not lost where it is in the backup, and no seal of
    before is called wrongly signed where it is not."""
    monkeypatch.delenv("YIZHAN_SEAL_KEY")
    before, to = settings_of(sqlite), tmp_path.parent / f"{tmp_path.name}-copy"
    store(sqlite, b"a photo", clock())
    with sqlite.unit_of_work() as work:
        audit.record(work, audit.Kind.AUDITED, by=SYSTEM, now=clock(), facts={})
    assert background.seal(sqlite, now=clock())
    (tmp_path / "keys" / "data.key").write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    backups.backup(before, to, with_keys=with_keys, now=clock())
    signer = (tmp_path / "keys" / "seal.key").read_bytes()

    monkeypatch.setenv("YIZHAN_HOME", str(home_elsewhere.home))
    done = backups.restore(home_elsewhere, to, now=clock)
    assert done.verdict.seals == 1 and done.verdict.faults == ()
    here = home_elsewhere.home / "keys" / "seal.key"
    assert (here.read_bytes() if here.exists() else None) == (signer if with_keys else None)
    there = opened(home_elsewhere)
    try:
        assert background.seal(there, now=clock())
        with there.reading() as work:
            assert inspection.inspect(work, now=clock()).faults == ()
    finally:
        there.close()


def test_nobody_without_the_data_key_adds_a_signer_to_a_backup(sqlite, settings_of, home_elsewhere, tmp_path, clock):
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(sqlite), to, now=clock())
    forged = keys.Keyring(b"x" * 32).seal(b"ed25519:AAAA", b"backup signers")
    (to / "seal.known").write_bytes(forged)
    manifest = json.loads((to / "manifest.json").read_text())
    manifest["parts"]["seal.known"] = crypto.fingerprint(forged)
    (to / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NotNow, match="not written with the data key"):
        backups.restore(home_elsewhere, to, now=clock)


def test_an_older_database_is_backed_up_before_its_update(sqlite, settings_of, tmp_path, clock):
    """The record of today has columns that it has not; the backup is what the operator came for."""
    with sqlite.unit_of_work() as work:
        work.session.execute(text("UPDATE alembic_version SET version_num = '0076'"))
        work.session.execute(text("ALTER TABLE event DROP COLUMN proof"))
    made = backups.backup(settings_of(sqlite), tmp_path.parent / f"{tmp_path.name}-copy", now=clock())
    assert made.revision == "0076"


@pytest.mark.wide
def test_a_backup_of_before_seals_were_signed_is_restored_and_updated(settings_of, home_elsewhere, tmp_path, clock):
    """Seals of then have no signature, events no keyed hash: none of it is a finding."""
    old = connect(f"sqlite:///{tmp_path / 'hall.db'}", files=tmp_path / "files")
    with old._writer.begin() as connection:
        command.upgrade(migrate._config(connection), "0074")
    at, previous, made = clock(), audit.GENESIS, []
    with old._writer.begin() as connection:
        put = putting(connection, at.replace(tzinfo=None))
        for n in (1, 2):
            words = ("user:0", n, at, "hall.audited", None, None, None, None, {}, previous)
            names = ("chain", "seq", "at", "kind", "by_id", "for_id", "case_id", "task_id", "facts", "previous")
            row = dict(zip(names, words, strict=True)) | {"at": at.replace(tzinfo=None)}
            previous = audit.digest(*words)
            made.append((put("event", **row, hash=previous), previous))
        hash = audit.seal_hash(audit.GENESIS, at, made[:1])
        seal = put("seal", previous=audit.GENESIS, hash=hash, count=1)
        put("sealed_event", event_id=made[0][0], seal_id=seal)
    line = {"seal": seal, "at": audit.moment(at), "count": 1, "hash": hash}
    proof = keys.current().proof(anchors._words("", *line.values()))
    (tmp_path / "files" / "anchor").mkdir(parents=True)
    (tmp_path / "files" / "anchor" / "seals.jsonl").write_text(json.dumps(line | {"proof": proof}) + "\n")
    old.close()
    to = tmp_path.parent / f"{tmp_path.name}-copy"
    backups.backup(settings_of(old), to, now=clock())
    done = backups.restore(home_elsewhere, to, now=clock)
    assert (done.manifest.revision, done.verdict.seals, done.verdict.faults) == ("0074", 1, ())
