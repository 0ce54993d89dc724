"""合并账号: two accounts of one person become one, at a counter; put apart again within seven days.

All in one transaction. The rows that move are remembered by column and id, so that exactly they go back; who did
something in the past did it with the account of that day, and the record stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from engine import crypto
from engine.commands.accounts import numbers
from engine.errors import AlreadyDone, NotFound, NotNow
from engine.forms import written
from engine.people import Actor, login, sessions, tries, units
from engine.people.access import require
from engine.reads import resident_accounts as reads
from engine.reads.resident_accounts import MOVES, UNDO
from engine.records import audit, notices
from engine.store import Database, Work, keys, listing
from engine.store.models import AccountMerge, Bond, Case, CaseParty, Draft, Loan, Task, User
from engine.store.models import BoardFollow as Follow

#: The steps that somebody has in hand, among what moves.
HELD = "task.assignee_id"

_PAST: dict[str, Any] = {"synchronize_session": False}
#: Beside the columns of MOVES: lists that name the account.
PARTIES, CANDIDATES = "case.party_ids", "task.candidates"


def merge(
    database: Database,
    from_id: int,
    into_id: int,
    identity: str,
    reason: str,
    *,
    code: str = "",
    keep: str = "into",
    hall: str,
    by: Actor,
    now: datetime,
) -> int:
    """What the account `from_id` has is the account `into_id`'s now; the merge's id.

    identity: the number on the card, which every account that knows one knows. Of an account that knows none the
    telephone is shown: `code` was sent to it and read out. keep: whose number the person uses, "from" or "into".
    """
    numbers.must_say_why(reason)
    codes = _proved(database, from_id, into_id, identity, code, by=by, now=now)
    with database.unit_of_work() as work:
        if from_id == into_id:
            raise NotNow("这是同一个账号。", "Expected two accounts, but it is one.")
        rows = {i: reads.row(work, i, actor=by, lock=True) for i in sorted((from_id, into_id))}
        gone, kept = rows[from_id], rows[into_id]
        for one in (gone, kept):
            if one.merged_into_id is not None or one.disabled_at is not None:
                raise AlreadyDone("这个账号已经合并或停用，请刷新再看。", "One of them is merged or closed already.")
        both = reads.together(work, from_id, into_id)
        if both.stops:
            raise NotNow("；".join(zh for zh, _en in both.stops) + "。", "; ".join(en for _zh, en in both.stops) + ".")
        login.use_codes(work, codes, now=now)
        tries.spend(work, [("merge", str(by.id))], now=now)
        _find_places(work, both)
        moved = _move(work, from_id, into_id)
        before = {side: _known(one) for side, one in (("from", gone), ("into", kept))}
        _one_person(work, gone, kept, keep, identity, now)
        sessions.end_all(work, from_id, now=now)
        if keep == "from":
            sessions.end_all(work, into_id, now=now)
        made = work.insert(
            AccountMerge(
                from_id=from_id,
                into_id=into_id,
                by_id=by.id,
                unit_id=by.unit_id,
                reason=reason.strip()[:400],
                before=before,
                moved=moved,
                at=now,
            )
        )
        facts = {
            "merge": made.id,
            "from": from_id,
            "into": into_id,
            "moved": {name: len(ids) for name, ids in moved.items()},
            "words": crypto.fingerprint(reason.encode())[:16],
        }
        audit.record(work, audit.Kind.ACCOUNTS_MERGED, by=by, now=now, for_id=into_id, facts=facts)
        where = units.place(work, by.unit_id).name if by.unit_id is not None else "大厅"
        zh = f"您的两个大厅账号已在{where}窗口合并为一个。不是您本人办的，请在 7 天内打大厅电话或到窗口，可以分开。"
        en = (
            "Your two accounts of the hall were made one at a counter. If it was not you, call the hall or come to a "
            "counter within seven days: they can be put apart."
        )
        phones = [before[side]["phone"] for side in ("from", "into")]
        notices.put_of_account(work, into_id, zh, en, phones=phones, hall=hall, now=now)
        return made.id


def part(database: Database, merge_id: int, reason: str, *, hall: str, by: Actor, now: datetime) -> None:
    """Put apart again what was merged by mistake, within seven days: exactly the rows that moved go back, as far as
    they are still there. What was done since stays with the account it was done with."""
    numbers.must_say_why(reason)
    with database.unit_of_work() as work:
        row = work.session.get(AccountMerge, merge_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound("没有这次合并。", f"There is no merge {merge_id}.")
        users = {i: reads.row(work, i, actor=by, lock=True) for i in sorted((row.from_id, row.into_id))}
        if row.by_id != by.id:
            require(by, "supervise", row)
        if row.undone_at is not None:
            raise AlreadyDone("这次合并已经撤销了。", "This merge has been undone already.", when=row.undone_at)
        if row.at + UNDO <= now:
            raise NotNow("合并已过 7 天，不能撤销。", "It is more than seven days ago: it cannot be undone.")
        gone, kept = users[row.from_id], users[row.into_id]
        if kept.merged_into_id is not None:  # what moved is a third account's by now
            zh = "保留的账号后来又并入了另一个账号，请先撤销那一次合并。"
            raise NotNow(zh, "The account that was kept went into another one since: undo that merge first.")
        gone.disabled_at = gone.merged_into_id = None
        work.session.flush()
        _back(work, row)
        _as_before(work, gone, kept, row.before)
        row.undone_at, row.undone_by_id, row.undone_why = now, by.id, reason.strip()[:400]
        sessions.end_all(work, kept.id, now=now)
        facts = {"merge": row.id, "words": crypto.fingerprint(reason.encode())[:16]}
        audit.record(work, audit.Kind.ACCOUNTS_PARTED, by=by, now=now, for_id=kept.id, facts=facts)
        zh = "之前合并的两个大厅账号已经分开，各自恢复原来的内容。不是您本人办的，请打大厅电话。"
        en = "The two accounts that were made one are apart again. If it was not you who asked, call the hall."
        for user, side in ((gone, "from"), (kept, "into")):
            phones = {user.phone, row.before[side]["phone"]}
            notices.put_of_account(work, user.id, zh, en, phones=phones, hall=hall, now=now)


def _proved(
    database: Database, from_id: int, into_id: int, identity: str, code: str, *, by: Actor, now: datetime
) -> list[int]:
    """Both accounts are of whoever stands before the counter. The ids of the codes that said so."""
    with database.reading() as work:
        users = [reads.row(work, i, actor=by) for i in (from_id, into_id)]
        known = {user.id: bool(login.known_of(work, user).numbers) for user in users}
        phones = {user.id: user.phone for user in users}
    if not any(known.values()):
        zh = "两个账号都没有登记过身份证号，大厅不知道是不是同一个人。请先用其中一个办一件要身份证号的事项。"
        raise NotNow(zh, "Neither account knows an identity number: nothing says that they are of one person.")
    codes = []
    for user_id, knows in known.items():
        if knows:
            numbers.identified(database, user_id, identity, by=by, now=now)
        elif phones[user_id]:
            codes.append(numbers.with_code(database, phones[user_id] or "", code, by=by, now=now))
        else:
            zh = "这个账号没有手机号，也没有登记过身份证号，不能证明是这个人的。"
            raise NotNow(zh, "An account without number and identity cannot be proved to be theirs.")
    return codes


def _known(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "phone": user.phone,
        "id_number": user.id_number,
        "number_at": user.number_at.isoformat() if user.number_at else None,
        "place_id": user.place_id,
    }


def _one_person(work: Work, gone: User, kept: User, keep: str, identity: str, now: datetime) -> None:
    """Names and numbers of the one account there is now."""
    number = gone.phone if keep == "from" or not kept.phone else kept.phone
    olds = [one.phone_index for one in (gone, kept) if one.phone_index]
    gone.phone = gone.phone_index = None
    gone.disabled_at, gone.merged_into_id = now, kept.id
    kept.name = kept.name or gone.name
    kept.id_number = kept.id_number or identity_of(identity)
    kept.id_index = keys.blind("id", kept.id_number) if kept.id_number else None
    kept.place_id = kept.place_id or gone.place_id
    kept.proved_at = now
    work.session.flush()
    if number and number != kept.phone:
        numbers.renumber(work, kept, number, now=now)
    for old in olds:
        if number and old != kept.phone_index:
            numbers.cases_follow(work, kept.id, old, number)


def identity_of(given: str) -> str | None:
    """The identity number that was typed; None of what is a name."""
    given = written.identity(given)
    return given if len(given) == 18 else None


def _move(work: Work, from_id: int, into_id: int) -> dict[str, list[int]]:
    """Every row that is theirs; by column, which. One statement a column that has any."""
    found = reads.counts(work, from_id)
    left = _doubles(work, from_id, into_id)
    moved: dict[str, list[int]] = {}
    if found["case_party.user_id"]:
        moved[PARTIES] = _in_parties(work, from_id, into_id)
    waiting = sorted(set(reads.candidates_of(work, from_id)) - set(reads.candidates_of(work, into_id)))
    if waiting:
        _candidate(work, waiting, from_id, into_id)
        moved[CANDIDATES] = waiting
    for each in MOVES:
        if not found[each.name]:
            continue
        change = update(each.table).where(each.of(from_id)).values({each.column.key: each.value(into_id)})
        if each.name in left:
            change = change.where(each.table.c.id.not_in(left[each.name]))
        ids = list(work.session.scalars(change.returning(each.table.c.id), execution_options=_PAST))
        if ids:
            moved[each.name] = sorted(ids)
    _list(work, moved)
    return moved


def _list(work: Work, moved: Mapping[str, Sequence[int]]) -> None:
    """Steps that another account has in hand now stand in its list."""
    if moved.get(HELD):
        listing.again(work.session, work.database, Task.id.in_(moved[HELD]))


def _find_places(work: Work, both: reads.Together) -> None:
    """A person's bonds and loans of a kind are numbered: those whose number the other account has get a free one."""
    for table, places in ((Bond, both.bonds), (Loan, both.loans)):
        for id_, n in places.items():
            work.session.execute(update(table).where(table.id == id_).values(n=n), execution_options=_PAST)


def _doubles(work: Work, from_id: int, into_id: int) -> dict[str, Sequence[int]]:
    """What the other account has too and no person has twice (a draft of one form, a board that is followed): the one
    of the account that stays is kept."""
    theirs = select(Draft.about).where(Draft.user_id == into_id)
    drafts = work.session.scalars(select(Draft.id).where(Draft.user_id == from_id, Draft.about.in_(theirs))).all()
    rows = work.session.execute(
        select(Follow.id, Follow.user_id, Follow.kind, Follow.place_id, Follow.entry_id).where(
            Follow.user_id.in_((from_id, into_id))
        )
    ).all()
    mine = {(r.kind, r.place_id, r.entry_id) for r in rows if r.user_id == into_id}
    follows = [r.id for r in rows if r.user_id == from_id and (r.kind, r.place_id, r.entry_id) in mine]
    return {"draft.user_id": drafts, "board_follow.user_id": follows}


def _in_parties(work: Work, from_id: int, into_id: int) -> list[int]:
    """The cases whose list of parties names the account; the other is in its place. One that names both stays as it
    is: put apart again, each is a party as before."""
    cases = work.session.scalars(
        select(Case).where(Case.id.in_(select(CaseParty.case_id).where(CaseParty.user_id == from_id))).order_by(Case.id)
    ).all()
    changed = []
    for case in cases:
        ids = set(case.party_ids or ())
        if from_id in ids and into_id not in ids:
            ids = (ids - {from_id}) | ({into_id} if case.applicant_id not in (from_id, into_id) else set())
            case.party_ids = sorted(ids)
            changed.append(case.id)
    work.session.flush()
    return changed


def _candidate(work: Work, task_ids: Sequence[int], old: int, new: int) -> None:
    """These steps wait for the other account."""
    keys_ = (f"u:{old}", f"u:{new}")
    for task in work.session.scalars(select(Task).where(Task.id.in_(task_ids)).order_by(Task.id)):
        task.candidates = list(dict.fromkeys(keys_[1] if key == keys_[0] else key for key in task.candidates))
    work.session.flush()


def _back(work: Work, row: AccountMerge) -> None:
    """Exactly what moved, as far as it is still the other account's."""
    moved: dict[str, list[int]] = dict(row.moved)
    for case in work.session.scalars(select(Case).where(Case.id.in_(moved.pop(PARTIES, []))).order_by(Case.id)):
        case.party_ids = sorted({*(set(case.party_ids or ()) - {row.into_id}), row.from_id})
    waiting = moved.pop(CANDIDATES, [])
    if waiting:
        _candidate(work, waiting, row.into_id, row.from_id)
    work.session.flush()
    for each in MOVES:
        ids = moved.get(each.name)
        if ids:
            change = update(each.table).where(each.of(row.into_id), each.table.c.id.in_(ids))
            work.session.execute(change.values({each.column.key: each.value(row.from_id)}), execution_options=_PAST)
    _list(work, moved)


def _as_before(work: Work, gone: User, kept: User, before: dict[str, Any]) -> None:
    """Names and numbers of each, as they were; a number that the kept account got since the merge stays with it."""
    newer = kept.phone not in (None, before["from"]["phone"], before["into"]["phone"])
    if not newer:
        kept.phone = kept.phone_index = None
    work.session.flush()
    for user, was in ((gone, before["from"]), (kept, before["into"])):
        user.name, user.id_number, user.place_id = was["name"], was["id_number"], was["place_id"]
        user.id_index = keys.blind("id", was["id_number"]) if was["id_number"] else None
        if user is kept and newer:
            continue
        user.number_at = datetime.fromisoformat(was["number_at"]) if was["number_at"] else None
        if was["phone"] and numbers.holder(work, was["phone"]) is None:  # nobody signed in by it meanwhile
            user.phone, user.phone_index = was["phone"], keys.blind("phone", was["phone"])
        work.session.flush()
