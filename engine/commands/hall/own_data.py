"""What people may do with their own data (个人信息保护法 15, 44-48): take a copy, take back a consent, agree to
electronic service, ask for a correction or for erasure, which the office answers by a day."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.commands import match_rows
from engine.commands.cases import inputs
from engine.commands.cases.finding import find_case
from engine.commands.hall import erasing
from engine.errors import AlreadyDone, FieldError, Invalid, NotFound, NotNow
from engine.matters import BadMatter, Package, keeping
from engine.matters.info import TakenBack
from engine.people import Actor, holders, may, require, tries, units
from engine.plain import plain
from engine.reads import own_data as reads
from engine.reads.consents import ELECTRONIC, ELECTRONIC_SAID, electronic
from engine.records import audit, files, library, notices
from engine.records.kept import held
from engine.store import Work
from engine.store.models import Case, Consent, DataRequest, Task, User
from engine.workdays import local_date, say_at

#: The shortest words that say anything.
LEAST_WORDS = 4
#: A copy of the papers and materials of one person stops here; the rest is asked for at the counter.
MOST_BYTES = 100_000_000

log = logging.getLogger(__name__)


# ---------------------------------------------------------------- a copy of what is theirs


def take_copy(work: Work, *, by: Actor, now: datetime) -> None:
    """That they take one now, recorded before it is packed. TooMany: as many as they may today."""
    assert by.id is not None
    tries.spend(work, [("own-copy", by.key)], now=now)
    audit.record(work, audit.Kind.DATA_TAKEN, by=by, now=now, facts={"files": len(reads.files_of(work, by))})


def packed(work: Work, data: Mapping[str, Any], page: str, *, by: Actor) -> bytes:
    """A zip of all that the hall has of this person: `page` (HTML, to read), `data` (engine.reads.own_data.everything),
    papers and materials. A file that cannot be had is named, and the others are there. It only reads: nobody waits
    while it is packed."""
    out, left, large, gone = io.BytesIO(), MOST_BYTES, list[str](), list[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr("我的信息.html", page)
        into.writestr("data.json", json.dumps(plain(data), ensure_ascii=False, indent=1))
        for one in reads.files_of(work, by):
            if one.row.size > left:
                large.append(one.path)
                continue
            try:
                content = files.read(work, one.row)
            except NotFound as missing:
                log.error("left out of the copy of %s: %s", by.key, missing.en)
                gone.append(one.path)
                continue
            left -= one.row.size
            into.writestr(one.path, content)
        if large or gone:
            said = [
                *(["文件太大，请到窗口领取：", *large] if large else ()),
                *(["文件打不开，请联系大厅：", *gone] if gone else ()),
            ]
            into.writestr("没有放进来的文件.txt", "\n".join(said))
    return out.getvalue()


# ---------------------------------------------------------------- consents


def agree_electronic(work: Work, *, by: Actor, now: datetime) -> Consent:
    """电子送达: asked once, kept until it is taken back."""
    assert by.id is not None
    before = electronic(work, by.id)
    if before is not None and before.withdrawn_at is None:
        return before
    row = Consent(user_id=by.id, purpose=ELECTRONIC, text=ELECTRONIC_SAID, given_at=now, facts={"by": "self"})
    work.session.add(row)
    work.session.flush()
    audit.record(work, audit.Kind.CONSENT_GIVEN, by=by, now=now, facts={"consent": row.id, "purpose": ELECTRONIC})
    return row


def withdraw_consent(work: Work, consent_id: int, *, by: Actor, now: datetime) -> Consent:
    """撤回同意. What was done before stays lawful (15). Of a case that stands on consent alone (`consent_over`): it
    ends, and what it says of people goes in the coming night. Of another that runs: its clerk is told, and its office
    answers what becomes of it; of electronic service: papers are served on paper from now on."""
    row = work.session.scalar(
        select(Consent).where(Consent.id == consent_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None or row.user_id != by.id:
        raise NotFound("没有这项同意，或不是您的。", f"There is no consent {consent_id} of yours.")
    if row.withdrawn_at is not None:
        raise AlreadyDone(
            f"这项同意已于 {say_at(row.withdrawn_at)} 撤回。", "Expected a consent that holds, but it was taken back."
        )
    row.withdrawn_at = now
    case = find_case(work, row.case_id) if row.case_id is not None else None
    facts = {"consent": row.id, "purpose": row.purpose}
    audit.record(work, audit.Kind.CONSENT_WITHDRAWN, by=by, now=now, case=case, facts=facts)
    taken_back = _taken_back(work, case) if case is not None else TakenBack()
    if case is not None and case.finished_at is None and taken_back.ends:
        inputs.deliver_to_waiting(work, case, taken_back.ends, by=by, now=now)
    if case is not None and case.finished_at is not None and taken_back.erases and case.erased_at is None:
        case.keep_until = local_date(now)
    if case is not None and case.finished_at is None:
        case.flags = [*case.flags, *([] if WITHDRAWN in case.flags else [WITHDRAWN])]
        case.version += 1
        _open(work, "withdrawn", case, "", by=by, now=now)
        _tell_clerks(work, case, now=now)
    work.session.flush()
    return row


def _taken_back(work: Work, case: Case) -> TakenBack:
    """What the matter says, as the case has it; nothing where that version cannot be read any more."""
    try:
        return library.version(work, case.version_hash).info.apply.consent_over
    except (NotFound, BadMatter):
        return TakenBack()


#: The flag of a case whose applicant took their consent back.
WITHDRAWN = "已撤回同意"


def _tell_clerks(work: Work, case: Case, *, now: datetime) -> None:
    """Who has it in hand; else who heads its office."""
    live = work.session.scalars(
        select(Task).where(Task.case_id == case.id, Task.state != "ended").order_by(Task.id)
    ).all()
    day = local_date(now)
    told = {user for task in live for user in holders.of_task(work, task, on=day)} - {case.applicant_id}
    told = told or set(holders.supervisors(work, case.office_id, on=day))
    for user_id in sorted(user for user in told if user is not None):
        notices.put(
            work,
            f"withdrawn:{case.id}:{user_id}:{now.isoformat()}",
            f"{case.number} 的申请人撤回了使用个人信息的同意。没有别的法律依据的，请停办；有的，请写明依据答复本人。",
            text_en=f"The applicant of {case.number} took back their consent: stop it, or tell them on which other "
            "ground it goes on.",
            kind="consent",
            channel="screen",
            user_id=user_id,
            case_id=case.id,
            now=now,
        )


# ---------------------------------------------------------------- asked of the office


def ask(work: Work, kind: str, number: str, words: str, *, by: Actor, now: datetime) -> DataRequest:
    """Ask for a correction ("correct", of a case) or for erasure ("erase", of a case, or of all that is theirs).
    Invalid by the field; TooMany; NotNow when the same is asked already."""
    assert by.id is not None
    if kind not in ("correct", "erase"):
        raise NotFound("没有这种要求。", f"There is no request {kind!r}.")
    case = None
    if number:
        case = work.session.scalar(select(Case).where(Case.number == number.strip()))
        if case is None or case.applicant_id != by.id:
            raise NotFound("没有这个办件，或不是您的。", f"There is no case {number!r} of yours.")
    if case is None and kind == "correct":
        raise Invalid([FieldError("number", "哪一件", "请选要更正的办件。", "Choose the case.")])
    if kind == "correct" and len(words.strip()) < LEAST_WORDS:
        zh = "请写明哪里不对、应当是什么。"
        raise Invalid([FieldError("words", "怎么更正", zh, "Say what is wrong, and what it should be.")])
    tries.spend(work, [("own-data", by.key)], now=now)
    return _open(work, kind, case, words, by=by, now=now)


def _open(work: Work, kind: str, case: Case | None, words: str, *, by: Actor, now: datetime) -> DataRequest:
    assert by.id is not None
    key = f"{by.id}:{kind}:{case.id if case is not None else 'all'}"
    if (before := _asked(work, key, kind)) is not None:
        return before
    due = local_date(now) + timedelta(days=keeping.house().requests)
    unit_id = case.office_id if case is not None else units.tree(work).county.id
    row = DataRequest(
        kind=kind,
        user_id=by.id,
        case_id=case.id if case is not None else None,
        unit_id=unit_id,
        words=words.strip()[:1000],
        asked_at=now,
        due_on=due,
        open_key=key,
        state="open",
    )
    if work.insert_once(row, "open_key") is None:  # asked twice at once: the other stands by now
        before = _asked(work, key, kind)
        assert before is not None
        return before
    if kind != "withdrawn":
        facts = {"request": row.id, "kind": kind}
        audit.record(work, audit.Kind.DATA_ASKED, by=by, now=now, case=_locked(work, case), facts=facts)
    what = {"correct": "更正", "erase": "删除", "withdrawn": "撤回同意以后"}[kind]
    for user_id in holders.supervisors(work, unit_id, on=local_date(now)):
        notices.put(
            work,
            f"data-request:{row.id}:{user_id}",
            f"有人要求{what}自己的个人信息，请在 {due.isoformat()} 以前答复。",
            text_en=f"Somebody asks about their own data ({kind}): answer by {due.isoformat()}.",
            kind="data-request",
            channel="screen",
            user_id=user_id,
            now=now,
        )
    return row


def _asked(work: Work, key: str, kind: str) -> DataRequest | None:
    """The same request, when it is open: of a consent taken back one is enough, of others it is said."""
    before = work.session.scalar(select(DataRequest).where(DataRequest.open_key == key))
    if before is not None and kind != "withdrawn":
        raise NotNow(
            f"您已于 {say_at(before.asked_at)} 提出过同样的要求，{before.due_on.isoformat()} 以前答复。",
            f"Expected nothing asked yet, but you asked at {say_at(before.asked_at)}.",
        )
    return before


def _locked(work: Work, case: Case | None) -> Case | None:
    return find_case(work, case.id) if case is not None else None


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did."""

    request: DataRequest
    erased: int
    kept: tuple[tuple[str, str, str], ...]  # number, why in Chinese, in English
    matches: int = 0  # needs, supplies and words about others that went with them


def answer(work: Work, request_id: int, done: bool, words: str, *, by: Actor, now: datetime) -> Answered:
    """The office's answer, with its reasons. `done` of an erasure erases what may go today, and says what may not; a
    head's word. The person is told."""
    row = work.session.scalar(
        select(DataRequest)
        .where(DataRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or not may(by, "see", row):
        raise NotFound("没有这项要求，或不归您答复。", f"There is no request {request_id} you may see.")
    require(by, "supervise" if row.kind == "erase" else "work", row)
    if row.state != "open":
        raise AlreadyDone("这项要求已经答复过了。", "Expected an open request, but it is answered.")
    if len(words.strip()) < LEAST_WORDS:
        zh = "请写明怎么办的；没有照办的，写明理由和依据。"
        raise Invalid([FieldError("answer", "答复", zh, "Say what was done, or why not.")])
    gone: list[Case] = []
    kept: list[tuple[str, str, str]] = []
    rides = 0
    if done and row.kind == "erase":
        gone, kept = _may_go(work, row, now=now)
        if row.case_id is None:
            rides = match_rows.erase_of(work, work.session.get_one(User, row.user_id), by=by, now=now)
        if not gone and not rides:
            said = "；".join(f"{number}：{zh}" for number, zh, _en in kept) or "没有可以删除的办件"
            raise NotNow(
                f"现在没有能删除的：{said}。请答复“没有照办”，写明理由。",
                "Nothing may be erased today: " + "; ".join(f"{number}: {en}" for number, _zh, en in kept),
            )
    row.state, row.answer = "done" if done else "refused", words.strip()[:1000]
    row.answered_at, row.answered_by_id, row.open_key = now, by.id, None
    case = find_case(work, row.case_id) if row.case_id is not None else None
    facts = {"request": row.id, "kind": row.kind, "done": done, "erased": [c.id for c in gone]}
    if rides:
        facts["matches"] = rides
    audit.record(work, audit.Kind.DATA_ANSWERED, by=by, now=now, case=case, facts=facts)
    _tell_person(work, row, kept, now=now)
    work.session.flush()
    erasing.erase(work, gone, why="asked", by=by, now=now)
    return Answered(row, len(gone), tuple(kept), rides)


def _may_go(work: Work, row: DataRequest, *, now: datetime) -> tuple[list[Case], list[tuple[str, str, str]]]:
    """Which of the cases asked for may be erased today, and which not, with the reason (47)."""
    ids = [row.case_id] if row.case_id is not None else reads.case_ids(work, row.user_id)
    gone, kept = [], []
    for id in ids:
        case = find_case(work, id)
        why = _why_kept(work, case, now=now)
        if why is None:
            gone.append(case)
        else:
            kept.append((case.number, *why))
    return gone, kept


def _why_kept(work: Work, case: Case, *, now: datetime) -> tuple[str, str] | None:
    today = local_date(now)
    if case.erased_at is not None:
        return "已经清除", "it is erased already"
    if case.finished_at is None:
        return "还在办", "it is still running"
    if work.session.scalar(select(Case.id).where(Case.id == case.id, held(today))) is not None:
        return "保全中（诉讼、检查或投诉要用）", "it is kept back"
    if case.keep_until is not None and case.keep_until <= today:
        return None
    try:
        package = library.version(work, case.version_hash)
    except (NotFound, BadMatter):  # the others of the request go all the same
        return "事项打不开，现在说不清能不能删", "its matter cannot be read, so nobody can say whether it may go"
    if not goes_early(package):
        return "法律规定的保存期限没有满", "the time for which the law keeps it is not over"
    return None


def goes_early(package: Package) -> bool:
    """Whether what is kept by consent alone goes when its person says so: no law says how long, and no decision may be
    sued for."""
    info = package.info
    decides = any(kind in ("refusal", "rejection") and info.tells_remedy(kind) for kind in info.papers)
    return bool(info.apply.consent) and not info.retention.basis and not decides


def _tell_person(work: Work, row: DataRequest, kept: Sequence[tuple[str, str, str]], *, now: datetime) -> None:
    said = "已照办" if row.state == "done" else "没有照办"
    more = "".join(f" {number} 没有删除：{zh}。" for number, zh, _en in kept)
    more_en = "".join(f" {number} was kept: {en}." for number, _zh, en in kept)
    user = work.session.get_one(User, row.user_id)
    text = f"您对自己个人信息的要求有了答复：{said}。{more}详情在“我的”—“我的信息”。"
    en = f"Your request about your own data was answered: {row.state}.{more_en} See 我的信息 under Mine."
    notices.put(
        work,
        f"data-request:{row.id}:answered",
        text,
        text_en=en,
        kind="data-request",
        channel="screen",
        user_id=user.id,
        now=now,
    )
    if user.phone:
        key = f"data-request:{row.id}:answered:sms"
        notices.put(work, key, text, kind="data-request", channel="sms", address=user.phone, user_id=user.id, now=now)
