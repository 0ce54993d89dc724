"""密钥轮换: two keys live together, everything is sealed anew in small steps, what is looked for is found throughout,
and the old key can go."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from engine import crypto
from engine.commands import bond_rows
from engine.commands.hall import rotating
from engine.commands.worker import background
from engine.errors import NotFound, NotNow
from engine.matters.nouns.bonds import HALL
from engine.people import bonds
from engine.reads import case_list, tracking
from engine.reads.knowing import Person
from engine.records import anchors, files, inspection, lending, rotation, sources
from engine.store import keys
from engine.store.keys import Keys
from engine.store.models import Case, File, KeyMove, KeyTurn, LoanHold, RecoveryCode, Team, Unit, User
from engine.store.models.base import Base
from tests import once
from tests.commands import acting
from tests.records.test_records import equipment, work_off
from web import start
from web.settings import BadSettings

OLD = crypto.Key(b"0123456789abcdef0123456789abcdef")
NEW = crypto.Key(b"n" * 32)


#: One kind of database is enough for what is asked of keys and settings.
ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def own_keys(monkeypatch, tmp_path):
    """This process has the hall's key from its file, as a hall has; afterwards again that of the tests."""
    monkeypatch.delenv("YIZHAN_DATA_KEY")
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path / "home"))
    keys.file().parent.mkdir(parents=True)
    keys.write(Keys(OLD))
    keys.configure(OLD)
    yield
    keys.configure(OLD)


@pytest.fixture
def hall(database, cast, clock, own_keys):
    def make():
        case_id = acting.finished(database, cast, clock)
        acting.submit(database, cast.xu, clock())
        with database.unit_of_work() as work:
            files.store(work, b"a photo", "照片.jpg", "image/jpeg", case_id=case_id, now=clock())
        work_off(database, equipment(), clock())
        background.seal(database, now=clock())
        return clock()

    clock.now = once.made(database, "rotation", make)
    return database


def found(database, by, now):
    with database.reading() as work:
        hits = [case_list.search(work, one, actor=by, now=now) for one in ("13800000001", "张三丰")]
        return [sorted(line.number for line in hit) for hit in hits]


def rotate(database, clock, **more):
    return rotating.rotate(database, now=clock, wait=lambda seconds: None, new=NEW, **more)


def test_everything_is_sealed_anew_and_the_old_key_can_go(hall, cast, clock):
    with hall.reading() as work:
        phone = work.session.get(Case, 1).applicant_phone
        number = work.session.get(Case, 1).number
        before = work.session.get(Case, 1).phone_index
    done = rotate(hall, clock)
    assert done.sealed > 20 and done.files >= 1 and done.indexed > 5
    assert keys.held() == Keys(NEW, OLD)
    rotating.drop(hall, now=clock())
    assert keys.held() == Keys(NEW)
    keys.configure(NEW)  # and nothing of the old one
    with hall.reading() as work:
        case = work.session.get(Case, 1, populate_existing=True)
        assert (case.applicant_phone, case.number) == (phone, number)
        assert case.phone_index == keys.blind("phone", phone) != before
        assert inspection.inspect(work, now=clock()).faults == ()
        assert all(line.good for line in anchors.read(anchors.place(work)))
        for row in work.session.scalars(select(File)):
            files.read(work, row)
        assert work.session.scalars(select(KeyMove)).all() == []
        # Wherever an index of theirs stood, also inside a key or JSON, the old one stands no more.
        ring = keys.Keyring(OLD.secret)
        gone = {ring.blind(kind, said) for kind in ("phone", "name") for said in (phone, case.applicant_name)}
        for table in Base.metadata.sorted_tables:
            rows = str(work.session.execute(select(table)).all())
            assert not [one for one in gone if one in rows], table.name
    acting.submit(hall, cast.zhang, clock())


def test_it_goes_on_after_a_stop_in_any_place_while_people_work(hall, cast, clock, monkeypatch):
    """Three rows a step, stopped after each fifth: between two tries a case is taken in, people are found by telephone
    and by name, and nobody is two people."""
    monkeypatch.setattr(rotation, "MOST", 3)
    steps, whole = 0, rotation._step

    class Stopped(Exception):
        pass

    def step(*given):
        nonlocal steps
        steps += 1
        if steps % 40 == 0:
            raise Stopped
        return whole(*given[:-1], 3)

    monkeypatch.setattr(rotation, "_step", step)
    at_first, tries = found(hall, cast.chen, clock()), 0
    assert at_first[0] and at_first[1]
    while True:
        tries += 1
        try:
            rotate(hall, clock)
            break
        except Stopped:
            assert found(hall, cast.chen, clock()) == at_first
            with hall.unit_of_work() as work:
                indexes = keys.blinds("phone", "13800000001")
                assert len(work.session.scalars(select(User.id).where(User.phone_index.in_(indexes))).all()) <= 1
    assert tries > 3
    with hall.reading() as work:
        assert set(work.session.scalars(select(KeyTurn.stage))) == {"done"}
    assert found(hall, cast.chen, clock()) == at_first
    rotating.drop(hall, now=clock())
    assert found(hall, cast.chen, clock()) == at_first


@ONCE
def test_the_old_key_stays_while_something_needs_it(hall, clock):
    with pytest.raises(NotNow, match="one key only"):
        rotating.drop(hall, now=clock())
    rotate(hall, clock)
    with hall.unit_of_work() as work:
        late = keys.Keyring(OLD.secret).seal(b"a name", b"text")
        work.session.execute(text('UPDATE "user" SET name = :name WHERE id = 1'), {"name": late})
    with pytest.raises(NotNow, match="user:1"):
        rotating.drop(hall, now=clock())
    rotate(hall, clock)
    rotating.drop(hall, now=clock())


@ONCE
def test_where_the_setting_holds_the_keys_it_says_the_next_step(hall, clock, monkeypatch):
    for said, wanted in (
        (Keys(OLD), "OLD NEW:next"),
        (Keys(OLD, NEW, "next"), "NEW OLD:index"),
        (Keys(NEW, OLD, "index"), "NEW OLD:"),
    ):
        monkeypatch.setenv("YIZHAN_DATA_KEY", said.text())
        keys.configure(said)
        with pytest.raises(NotNow, match=re.escape(wanted[:7])) as stopped:
            rotate(hall, clock)
        # With one key only a new one is made for the operator, who has no other way to make it.
        assert (NEW.text() in stopped.value.en) == (said.other is None)
    monkeypatch.setenv("YIZHAN_DATA_KEY", Keys(NEW, OLD).text())
    assert rotate(hall, clock).indexed > 5
    assert rotating.drop(hall, now=clock()).by_setting


@ONCE
def test_a_hall_does_not_start_without_its_key_or_with_one_of_two(hall, clock):
    start.right_key(hall)
    keys.configure(NEW)
    with pytest.raises(BadSettings, match="does not open this database"):
        start.right_key(hall)
    keys.configure(OLD)
    keys.file().unlink()
    keys._current = None
    with pytest.raises(BadSettings, match="its key is missing"):
        start.right_key(hall)
    assert not keys.file().exists()
    keys.write(Keys(NEW, OLD, "index"))
    keys.configure(keys.held())
    with hall.unit_of_work() as work:
        rotation.begin(work, now=clock())
    start.right_key(hall)
    keys.configure(NEW)
    with pytest.raises(BadSettings, match="being changed"):
        start.right_key(hall)


def test_another_process_follows_the_file(own_keys, monkeypatch):
    """It opens what was sealed with a new key a moment ago, and seals with it from then on."""
    keys._current = keys._read_from = None
    ring = keys.current()
    ring.seal(b"x")
    keys.write(Keys(OLD, NEW, "next"))
    late = keys.Keyring(NEW.secret).seal(b"a name", b"text")
    assert keys.current().open(late, b"text") == b"a name"
    keys.write(Keys(NEW, OLD, "index"))
    monkeypatch.setattr(keys, "_look_again", 0.0)
    assert keys.Keyring(NEW.secret).open(keys.current().seal(b"y", b"text"), b"text") == b"y"
    assert keys.blind("phone", "13800000001") == keys.Keyring(OLD.secret).blind("phone", "13800000001")
    keys.write(Keys(NEW, OLD))
    monkeypatch.setattr(keys, "_look_again", 0.0)
    assert set(keys.blinds("phone", "13800000001")) == {
        keys.Keyring(one.secret).blind("phone", "13800000001") for one in (OLD, NEW)
    }


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(own_keys, monkeypatch):
    keys._current = keys._read_from = None
    load = keys._load

    def load_late():
        found = load()
        keys.write(Keys(NEW, OLD))
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(keys, "_load", load_late)
        assert keys.current().other is None
    monkeypatch.setattr(keys, "_look_again", 0.0)
    assert keys.current().other is not None


@ONCE
def test_what_was_handed_out_before_is_good_while_both_keys_are(hall, clock):
    """A receipt's QR, and the address for an answer that was asked for."""
    with hall.reading() as work:
        number = work.session.get(Case, 1).number
    word, token = tracking.word_of(number), sources.token(number, "e1")
    keys.configure(Keys(NEW, OLD))
    assert tracking.word_of(number) != word
    with hall.reading() as work:
        assert tracking.by_word(work, number, word, now=clock()).number == number
        with pytest.raises(NotFound):
            tracking.by_word(work, number, word[:-1], now=clock())
    assert sources.opens(token, number, "e1") and not sources.opens(token, number, "e2")
    keys.configure(NEW)
    assert not sources.opens(token, number, "e1")


@pytest.mark.wide
@ONCE
def test_who_has_recovery_codes_of_before_is_named(hall, cast, clock):
    with hall.unit_of_work() as work:
        code = keys.blind("recovery", f"{cast.chen.id}:abc")
        work.session.add(RecoveryCode(user_id=cast.chen.id, code_hash=code, created_at=clock()))
    clock.now += timedelta(days=1)
    rotate(hall, clock)
    with hall.unit_of_work() as work:
        code = keys.blind("recovery", f"{cast.chen.id}:def")
        work.session.add(RecoveryCode(user_id=cast.chen.id, code_hash=code, created_at=clock()))
        login = work.session.get(User, cast.chen.id).login
    assert rotating.drop(hall, now=clock()) == rotating.Dropped(by_setting=False, codes=1, of=(login,))


@pytest.mark.wide
@ONCE
def test_two_changes_at_once_are_one(hall, clock):
    """The second would make another new key, and the first one's be lost with what it sealed."""

    def again(seconds):
        with pytest.raises(NotNow, match="is running"):
            rotating.rotate(hall, now=clock, wait=lambda seconds: None)
        with pytest.raises(NotNow, match="is running"):
            rotating.drop(hall, now=clock())

    rotating.rotate(hall, now=clock, wait=again, new=NEW)
    assert keys.held() == Keys(NEW, OLD)


def ref_by(key, name, phone):
    ring = keys.Keyring(key.secret)
    return bonds.ref(
        user_id=None, id_index=None, phone_index=ring.blind("phone", phone), name_index=ring.blind("name", name)
    )


def team_led_by(work, ref, now):
    unit = work.session.scalars(select(Unit.id).order_by(Unit.id)).first()
    work.session.add(Team(unit_id=unit, name="志愿队", leader_ref=ref, made_at=now))


@ONCE
def test_a_key_that_was_cut_off_is_made_anew_whole(hall, clock):
    """Telephone and name as one word is longer than its column. Where the name's index stands nowhere else in the
    table, it comes from the row's own text, else from wherever it stands whole."""
    borrower = {"name": "李四光", "phone": "13800000002", "who_ref": ref_by(OLD, "李四光", "13800000002")}
    with hall.unit_of_work() as work:
        team_led_by(work, ref_by(OLD, "张三丰", "13800000001"), clock())
        work.session.add(LoanHold(loans="x.books", post="desk", title="书", asked_at=clock(), **borrower))
    done = rotate(hall, clock)
    with hall.reading() as work:
        assert work.session.scalars(select(Team.leader_ref)).one() == ref_by(NEW, "张三丰", "13800000001")
        assert work.session.scalars(select(LoanHold.who_ref)).one() == ref_by(NEW, "李四光", "13800000002")
    assert done.left == 0


@pytest.mark.wide
def test_one_person_twice_in_the_minutes_of_the_indexes_stops_nothing(hall, clock, monkeypatch, caplog):
    """While one row has the old index and a new one the other, the database cannot see that they are one person's.
    Made anew they would be: the second stays as it is, and is named for somebody to look at."""
    through, late = rotating._through, []

    def hold(work, key):
        person = {"name": "李四光", "phone": "13800000002", "who_ref": ref_by(key, "李四光", "13800000002")}
        work.session.add(LoanHold(loans="x.books", post="desk", title="书", asked_at=clock(), **person))

    def then_again(database, stage, now):
        if stage == "index" and not late:
            late.append(True)
            with database.unit_of_work() as work:
                hold(work, NEW)
        through(database, stage, now)

    with hall.unit_of_work() as work:
        hold(work, OLD)
    monkeypatch.setattr(rotating, "_through", then_again)
    assert rotate(hall, clock).left == 1
    assert "loan_hold:1" in caplog.text and "李四光" not in caplog.text
    with hall.reading() as work:
        refs = set(work.session.scalars(select(LoanHold.who_ref)))
        assert refs == {ref_by(one, "李四光", "13800000002") for one in (OLD, NEW)}
    rotating.drop(hall, now=clock())


@pytest.mark.wide
@ONCE
def test_what_is_written_behind_the_first_pass_is_made_anew_by_the_second(hall, clock, monkeypatch):
    """Between the look for indexes and the new key's making them, work goes on by the old one: also in rows that hold
    no text of their own."""
    through, late = rotating._through, []

    def then_write(database, stage, now):
        through(database, stage, now)
        if stage == "seal" and not late:
            late.append(keys.blind("phone", "13800000077"))
            person = {"name": "王五", "phone": "13800000077", "phone_index": late[0], "created_at": now()}
            with database.unit_of_work() as work:
                work.session.add(User(kind="resident", **person))
                team_led_by(work, f"p:{late[0]}:x", now())

    monkeypatch.setattr(rotating, "_through", then_write)
    assert rotate(hall, clock).left == 0
    index = keys.Keyring(NEW.secret).blind("phone", "13800000077")
    assert index != late[0]
    with hall.reading() as work:
        assert work.session.scalars(select(Team.leader_ref)).one() == f"p:{index}:x"
        assert work.session.scalar(select(User.id).where(User.phone_index == index))


def test_who_has_no_account_is_one_person_while_indexes_are_made_anew(hall, cast, clock):
    """A bond of before is known again by either key: nobody holds it twice, none takes a second place for it, and what
    was borrowed counts."""
    mother, son = Person("苏玉兰", "13900000001", None, None), Person("苏小明", "13900000002", None, None)
    asked = bond_rows.Asked("family", HALL["family"], mother, son, "counter", unit_id=cast.lmt.id)
    with hall.unit_of_work() as work:
        made = bond_rows.make(work, asked, by=cast.zhou, now=clock())
        old = (made.subject_ref, bond_rows.refs_of(mother)[0])
        assert old[0] == old[1] == bond_rows.ref_of(mother)
    keys.configure(Keys(NEW, OLD))
    with hall.unit_of_work() as work:
        assert bond_rows.ref_of(mother) not in old
        assert bond_rows.refs_of(mother)[0] == bond_rows.ref_of(mother) and old[0] in bond_rows.refs_of(mother)
        with pytest.raises(NotNow):
            bond_rows.make(work, asked, by=cast.zhou, now=clock())
        assert old[0] in lending.refs(mother) and lending.refs(mother)[0] == bond_rows.ref_of(mother)
