"""Two accounts of one person become one at a counter, and are put apart again."""

import pytest
from sqlalchemy import func, select

from engine.commands import accounts, bond_rows, cases
from engine.errors import AlreadyDone, Invalid, NotNow, NotYours
from engine.people import load, login
from engine.people.tries import TooMany
from engine.reads import bonds as bond_reads
from engine.reads import case_list, knowing
from engine.reads import resident_accounts as reads
from engine.records import audit, notices
from engine.store import Database
from engine.store.models import (
    AccountMerge,
    Base,
    Bond,
    Case,
    CaseParty,
    Draft,
    Event,
    Notice,
    Task,
    User,
)
from engine.store.models.base import BigId
from tests.cast import DAIBAN
from tests.commands.acting import counted
from tests.people.test_login import _at_once

ID = "350526195003071239"
NEW = "13900000009"
WHY = "两个号码都是本人，看了身份证"


def signed_in(database: Database, phone: str, now) -> int:
    with database.unit_of_work() as work:
        code = login.issue_code(work, phone, now=now, ask=f"browser of {phone}")
    return login.resident(database, phone, code, now=now, ask=f"browser of {phone}").user_id


def submit(database, user_id, clock, **changes):
    with database.unit_of_work() as work:
        by = load(work, user_id, now=clock())
        return cases.submit(work, "daiban", {**DAIBAN, **changes}, by=by, now=clock()).case.id


@pytest.fixture
def two(database, cast, clock):
    """(张三丰's account, his other one by his new number that knows no identity number)."""
    old = cast.users["zhang"]
    submit(database, old, clock)
    new = signed_in(database, NEW, clock())
    with database.unit_of_work() as work:
        for user_id, about in ((old, "matter:daiban"), (old, "matter:jisong"), (new, "matter:daiban")):
            work.session.add(Draft(user_id=user_id, about=about, values={}, saved_at=clock()))
        notices.put(work, "told", "您好", kind="told", now=clock(), channel="screen", user_id=old)
    return old, new


def code_for(database, clock, by, phone=NEW, of=None):
    with database.unit_of_work() as work:
        return accounts.ask_at_counter(work, of, phone, hall="大厅", by=by, now=clock())


def merge(database, clock, by, old, new, *, keep="into", identity=ID, code=None, why=WHY):
    code = code_for(database, clock, by, of=new) if code is None else code
    return accounts.merge(database, old, new, identity, why, code=code, keep=keep, hall="大厅", by=by, now=clock())


def test_every_column_that_names_a_person_moves_or_says_why_it_stays():
    forgotten = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.target_fullname == "user.id" for key in column.foreign_keys)
        and not reads.moves_or_stays(table.name, column.name)
    ]
    assert forgotten == []
    assert all(isinstance(one.table.c.id.type, type(BigId)) for one in reads.MOVES)
    named = {name for names in reads._READ_OUT.values() for name in names}
    assert named <= {one.name for one in reads.MOVES} and set(reads._READ_OUT) == set(reads.WHAT)


def test_a_merge_moves_what_the_preview_said_and_tells_both_numbers(database, cast, clock, two):
    old, new = two
    with database.reading() as work:
        said = dict((zh, n) for zh, _en, n in reads.read_out(reads.counts(work, old)))
        waits = reads.candidates_of(work, old)
    assert said["办件"] == 1 and said["没提交的草稿"] == 2
    token = None
    with database.unit_of_work() as work:
        token = login.open_session(work, old, now=clock())
    code = code_for(database, clock, cast.zhou, of=new)
    with counted(database) as seen:
        merge_id = merge(database, clock, cast.zhou, old, new, code=code)
    assert len(seen["statements"]) < 75, len(seen["statements"])  # however many rows move
    with database.reading() as work:
        gone, kept = work.session.get(User, old), work.session.get(User, new)
        assert gone.phone is None and gone.merged_into_id == new and gone.disabled_at is not None
        assert (kept.name, kept.phone, kept.id_number) == ("张三丰", NEW, ID)
        assert login.actor_of_session(work, token, now=clock()) is None
        by = load(work, new, now=clock())
        assert len(case_list.mine(work, by, now=clock())) == 1
        assert work.session.scalar(select(Case.phone_index)) == kept.phone_index
        left = work.session.execute(select(Draft.about, Draft.user_id).order_by(Draft.id)).all()
        assert sorted(left) == [("matter:daiban", old), ("matter:daiban", new), ("matter:jisong", new)]
        assert all(f"u:{old}" not in (t.candidates or []) for t in work.session.scalars(select(Task)))
        assert reads.candidates_of(work, new) == waits
        told = work.session.scalars(select(Notice).where(Notice.kind == "account")).all()
        assert {n.address for n in told} == {"13800000001", NEW, None} and "可以分开" in told[0].text
        row = work.session.get(AccountMerge, merge_id)
        assert row.reason == WHY and row.unit_id == cast.lmt.id
        found = work.session.scalar(select(Event).where(Event.kind == "account.merged"))
        assert found.facts["moved"]["case.applicant_id"] == 1 and WHY not in str(found.facts)
        assert not audit.verify(work).faults
    with pytest.raises(AlreadyDone):
        merge(database, clock.on(minutes=1) and clock, cast.zhou, old, new)


def test_what_was_merged_by_mistake_goes_back_exactly(database, cast, clock, two):
    old, new = two
    case_id = submit(database, new, clock.on(minutes=1) and clock)
    with database.reading() as work:
        before = {i: reads.counts(work, i) for i in two}
        phones = {i: work.session.get(User, i).phone for i in two}
    merge_id = merge(database, clock, cast.zhou, old, new, keep="from")
    with database.reading() as work:
        assert work.session.get(User, new).phone == "13800000001"
    with pytest.raises(NotYours):  # neither who did it nor a head of that counter
        accounts.part(database, merge_id, "弄错了人", hall="大厅", by=cast.sun, now=clock())
    accounts.part(database, merge_id, "弄错了，不是同一个人", hall="大厅", by=cast.qian, now=clock.on(days=6))
    with database.reading() as work:
        after = {i: reads.counts(work, i) for i in two}
        for counts in (*before.values(), *after.values()):
            counts["notice.user_id"] = 0  # what they were told since
        assert after == before
        assert {i: work.session.get(User, i).phone for i in two} == phones
        assert work.session.get(Case, case_id).applicant_id == new
        assert work.session.get(User, old).disabled_at is None
        assert not audit.verify(work).faults
    with pytest.raises(AlreadyDone):
        accounts.part(database, merge_id, "再撤一次", hall="大厅", by=cast.zhou, now=clock())


def test_where_both_take_part_each_does_again_when_they_are_put_apart(database, cast, clock, two):
    """A case of another names both accounts, and a step waits for both."""
    old, new = two
    case_id = submit(database, cast.users["xu"], clock)
    both = [f"u:{old}", f"u:{new}"]
    with database.unit_of_work() as work:
        case = work.session.get(Case, case_id)
        case.party_ids = sorted(two)
        for n, user_id in enumerate(two):
            work.session.add(
                CaseParty(case_id=case_id, role="p", n=n, side="", name="", name_index="", user_id=user_id)
            )
        task = work.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.id)).first()
        task.candidates = [*task.candidates, *both]
        task_id = task.id
    merge_id = merge(database, clock, cast.zhou, old, new)
    accounts.part(database, merge_id, "弄错了，不是同一个人", hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        assert work.session.get(Case, case_id).party_ids == sorted(two)
        assert [work.session.scalar(select(CaseParty.user_id).where(CaseParty.n == n)) for n in (0, 1)] == list(two)
        assert set(both) <= set(work.session.get(Task, task_id).candidates)
        assert [reads.candidates_of(work, i) for i in two] == [[task_id], [task_id]]


def test_a_merge_whose_account_went_into_a_third_is_undone_after_the_later_one(database, cast, clock, two):
    old, new = two
    third = signed_in(database, "13900000007", clock())
    first = merge(database, clock, cast.zhou, old, new)
    clock.on(minutes=2)
    code = code_for(database, clock, cast.zhou, phone="13900000007", of=third)
    second = merge(database, clock, cast.zhou, new, third, code=code)
    with pytest.raises(NotNow, match="undo that merge first"):
        accounts.part(database, first, "弄错了，不是同一个人", hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        assert work.session.get(User, old).merged_into_id == new and work.session.get(User, new).phone is None
    for merge_id in (second, first):
        accounts.part(database, merge_id, "弄错了，不是同一个人", hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        phones = [work.session.get(User, i).phone for i in (old, new, third)]
        assert phones == ["13800000001", NEW, "13900000007"]
        assert work.session.scalar(select(Case.applicant_id)) == old


def test_a_number_changed_since_stays_with_the_account_that_was_kept(database, cast, clock, two):
    old, new = two
    merge_id = merge(database, clock, cast.zhou, old, new)
    clock.on(minutes=2)
    newer = "13900000006"
    code = code_for(database, clock, cast.zhou, phone=newer, of=new)
    accounts.change_at_counter(database, new, newer, code, ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    accounts.part(database, merge_id, "弄错了，不是同一个人", hall="大厅", by=cast.zhou, now=clock())
    with database.reading() as work:
        gone, kept = (work.session.get(User, i) for i in two)
        assert (gone.phone, kept.phone) == ("13800000001", newer)
        assert (kept.name, kept.id_number) == ("", None)
    assert signed_in(database, newer, clock()) == new


def test_after_seven_days_it_stays(database, cast, clock, two):
    merge_id = merge(database, clock, cast.zhou, *two)
    with pytest.raises(NotNow, match="seven days"):
        accounts.part(database, merge_id, "弄错了人", hall="大厅", by=cast.zhou, now=clock.on(days=7))


def test_the_card_says_whether_it_is_one_person(database, cast, clock, two):
    old, new = two
    for identity in ("350526195003071230", "", "1239"):
        with pytest.raises(Invalid) as refused:
            merge(database, clock.on(minutes=2) and clock, cast.zhou, old, new, identity=identity)
        assert refused.value.fields[0].field == "identity"
    with pytest.raises(Invalid):  # another person's account
        accounts.merge(database, old, cast.users["xu"], ID, WHY, hall="大厅", by=cast.zhou, now=clock())
    with pytest.raises(Invalid) as refused:  # of an account that knows no number, its telephone says so
        merge(database, clock, cast.zhou, old, new, code="000000")
    assert refused.value.fields[0].field == "code"
    with pytest.raises(Invalid) as refused:
        merge(database, clock, cast.zhou, old, new, code="0", why="有")
    assert refused.value.fields[0].field == "reason"
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(AccountMerge)) == 0
    with pytest.raises(TooMany):  # nobody finds an identity number out at a counter
        for _ in range(9):
            with pytest.raises(Invalid):
                merge(database, clock, cast.zhou, old, new, identity="350526195003071230", code="0")


def test_two_accounts_that_know_nobody_are_not_merged(database, cast, clock):
    one, other = signed_in(database, NEW, clock()), signed_in(database, "13900000008", clock())
    with pytest.raises(NotNow, match="Neither account"):
        accounts.merge(database, one, other, ID, WHY, hall="大厅", by=cast.zhou, now=clock())


@pytest.mark.parametrize("who", ["zhang", "designer", "operator"])
def test_whoever_has_no_counter_serves_no_account(database, cast, clock, two, who):
    with pytest.raises(NotYours):
        merge(database, clock, getattr(cast, who), *two, code="0")
    with database.reading() as work, pytest.raises(NotYours):
        reads.find(work, NEW, actor=getattr(cast, who))


def _family(database, cast, clock, subject, holder, now):
    with database.unit_of_work() as work:
        sides = [knowing.of_user(work.session.get(User, i)) for i in (subject, holder)]
        asked = bond_rows.Asked("family", bond_reads.kind(work, "family"), *sides, "counter", confirmed=True)
        return bond_rows.make(work, asked, by=cast.zhou, now=now).id


def test_bonds_of_both_go_together_and_one_between_the_two_is_ended_first(database, cast, clock, two):
    old, new = two
    with database.unit_of_work() as work:
        work.session.get(User, new).name = "张三丰"
    third = signed_in(database, "13900000007", clock())
    with database.unit_of_work() as work:
        work.session.get(User, third).name = "张小宝"
    first = _family(database, cast, clock, old, third, clock())
    second = _family(database, cast, clock, new, cast.users["xu"], clock())
    merge(database, clock, cast.zhou, old, new)
    with database.reading() as work:
        rows = [work.session.get(Bond, i) for i in (first, second)]
        assert {r.subject_id for r in rows} == {new} and {r.subject_ref for r in rows} == {f"u:{new}"}
        assert len({r.n for r in rows}) == 2
        assert work.session.get(User, third).name == "张小宝"


def test_a_bond_between_the_two_stops_the_merge(database, cast, clock, two):
    old, new = two
    with database.unit_of_work() as work:
        work.session.get(User, new).name = "张三丰"
    _family(database, cast, clock, old, new, clock())
    with pytest.raises(NotNow) as refused:
        merge(database, clock, cast.zhou, old, new)
    assert "请先解除" in refused.value.zh
    with database.reading() as work:
        assert work.session.get(User, old).merged_into_id is None


@pytest.mark.both
def test_of_two_counters_that_merge_at_once_one_does(database, cast, clock, two):
    old, new = two
    with database.unit_of_work() as work:  # both know the card: no code
        for i in two:
            work.session.get(User, i).id_number = ID
    clerks = (cast.zhou, cast.chen)

    def act(n):
        pair = (old, new) if n == 0 else (new, old)  # and the other way round
        accounts.merge(database, *pair, ID, WHY, hall="大厅", by=clerks[n], now=clock())
        return "merged"

    assert _at_once(2, act) == {"merged": 1, "AlreadyDone": 1}
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(AccountMerge)) == 1
        assert work.session.scalar(select(Case.applicant_id)) in two
        assert not audit.verify(work).faults


def test_an_elder_without_a_telephone_is_served_at_the_counter_under_a_neighbours_number(database, cast, clock):
    """Texts go where they asked for them to go; the case is nobody's account, and the neighbour sees none of it."""
    applicant = {**DAIBAN["applicant"], "name": "陈阿婆", "id_number": "350526194303071228", "phone": "13800000002"}
    with database.unit_of_work() as work:
        done = cases.receive(
            work,
            "daiban",
            {**DAIBAN, "applicant": applicant},
            consent=True,
            channel="counter",
            place=cast.suyang,
            by=cast.zhou,
            now=clock(),
        )
        assert done.case.applicant_id is None
    with database.reading() as work:
        assert case_list.mine(work, cast.xu, now=clock()) == []
        assert reads.find(work, "350526194303071228", actor=cast.zhou) == ()
        found = reads.find(work, ID, actor=cast.zhou)
        assert [(one.name, one.phone) for one in found] == [("张*丰", "138****0001")]
