"""One votes: on the telephone for themselves or with a mandate, or in person before staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from engine.commands import ballot_rows
from engine.errors import FieldError, Invalid, NotFound, NotNow, NotYours
from engine.people import Actor
from engine.people.access import require
from engine.reads import ballots as reads
from engine.records import audit
from engine.store import Work
from engine.store.models import Ballot, BallotBody, BallotMark, BallotProxy, BallotVoter
from engine.workdays import say_at


def vote(
    work: Work, code: str, choice: Sequence[str], *, by: Actor, now: datetime, for_id: int | None = None
) -> BallotVoter:
    """The vote of whoever acts, or, with `for_id`, of the voter who sent them. Returns the line of the roll."""
    row = ballot_rows.held(work, reads.find(work, code).id)
    me = reads.my_line(work, by, row.id)
    if me is None:
        raise NotYours(
            "这次表决的名册上没有您。名册有误的，请在投票前找村里更正。",
            "You are not on the roll of this ballot. If that is wrong, ask the village.",
        )
    voter = me
    if for_id is not None and for_id != me.id:
        proxy = work.session.get(BallotProxy, for_id)
        found = work.session.get(BallotVoter, for_id)
        if proxy is None or found is None or proxy.holder_id != me.id or found.ballot_id != row.id:
            raise NotYours(
                "这个人没有委托您投票，或者已经收回委托。", "This person has not sent you, or has taken it back."
            )
        voter = found
    _cast(work, row, voter, choice, way="online", proxy_id=me.id if voter is not me else None, by=by, now=now)
    return voter


def vote_in_person(
    work: Work,
    code: str,
    voter_id: int,
    choice: Sequence[str],
    *,
    witness: str = "",
    proxy_id: int | None = None,
    by: Actor,
    now: datetime,
) -> BallotVoter:
    """A voter without a telephone, on the pad before a clerk, who does not look. `proxy_id`: who votes for them."""
    row = ballot_rows.held(work, reads.find(work, code).id)
    voter = work.session.get(BallotVoter, voter_id)
    if voter is None or voter.ballot_id != row.id:
        raise NotFound("名册上没有这个人。", "There is no such person on the roll.")
    require(by, "serve", reads.body(work, row, voter.body_id))
    if reads.line_of(work, by, row.id, voter.id):
        raise NotYours(
            "不能自己给自己当面办，请另一位工作人员来办。", "You cannot be your own witness: ask a colleague."
        )
    if row.settings["witness"] and not witness.strip():
        raise Invalid([FieldError("witness", "见证人", "请写见证人的姓名。", "Write the name of the witness.")])
    if proxy_id is not None:
        proxy = work.session.get(BallotProxy, voter.id)
        if proxy is None or proxy.holder_id != proxy_id:
            raise NotYours("没有这份委托，不能代投。", "There is no such mandate.")
    _cast(
        work,
        row,
        voter,
        choice,
        way="desk",
        proxy_id=proxy_id,
        before_id=by.id,
        witness=witness.strip()[:40] or None,
        by=by,
        now=now,
    )
    return voter


def _cast(
    work: Work,
    row: Ballot,
    voter: BallotVoter,
    choice: Sequence[str],
    *,
    way: str,
    by: Actor,
    now: datetime,
    proxy_id: int | None = None,
    before_id: int | None = None,
    witness: str | None = None,
) -> None:
    must_be_open(row, now)
    chosen = checked(row, choice)
    new = ballot_rows.put_in(
        work,
        row,
        voter,
        chosen,
        way=way,
        now=now,
        proxy_id=proxy_id,
        before_id=before_id,
        witness=witness,
    )
    if not new:
        _again(work, row, voter, chosen, way, proxy_id, before_id, witness, now)
    if proxy_id is None and row.settings["proxies"]:  # they came themselves: nobody votes for them any more
        work.session.execute(delete(BallotProxy).where(BallotProxy.voter_id == voter.id))
    facts = {"ballot": row.id, "voter": voter.id, "way": way, "proxy": proxy_id, "again": not new}
    audit.record(work, audit.Kind.BALLOT_VOTED, by=by, now=now, facts=facts)


def _again(
    work: Work,
    row: Ballot,
    voter: BallotVoter,
    chosen: Sequence[str],
    way: str,
    proxy_id: int | None,
    before_id: int | None,
    witness: str | None,
    now: datetime,
) -> None:
    if not row.settings["change"]:
        why = "无记名投票交出后混在一起，谁也认不出，不能改。" if row.secret else "这次表决交出后不能改。"
        raise NotNow(
            f"{'您' if way == 'online' and proxy_id is None else '这位'}已经投过票了。{why}",
            "This vote was cast already"
            + (": in a secret ballot nobody can find it again." if row.secret else " and cannot be changed."),
        )
    mark = work.session.get(BallotMark, voter.id)
    if mark is not None and mark.proxy_id is None and proxy_id is not None:
        raise NotNow("本人已经投过票，不能再代投。", "The voter has voted in person: nobody votes for them any more.")
    ballot_rows.put_anew(work, voter, chosen, way=way, now=now, proxy_id=proxy_id, before_id=before_id, witness=witness)


def must_be_open(row: Ballot, now: datetime) -> None:
    """Between the opening and the close by the clock, whether or not the worker has come by."""
    if row.state in ("counted", "withdrawn") or now >= row.closes_at:
        end = "已经撤回" if row.state == "withdrawn" else "已经截止"
        raise NotNow(f"这次表决{end}，不能再投。", "This ballot is over: no more votes are taken.")
    if now < row.opens_at:
        raise NotNow(
            f"还没有开始投票：{say_at(row.opens_at)} 开始。", f"The vote has not begun: it opens at {row.opens_at}."
        )


def checked(row: Ballot, choice: Sequence[str]) -> list[str]:
    """What was chosen, in the order of the options: the order of clicks is nobody's business."""
    known = ballot_rows.choices(row)
    most = int(row.settings["most"]) if row.options else 1
    chosen = [id for id in known if id in set(choice)]
    if not chosen or set(choice) - set(known):
        raise Invalid([FieldError("choice", "您的选择", "请选一项。", "Choose one.")])
    if len(chosen) > most:
        zh, en = f"最多选 {most} 项，您选了 {len(chosen)} 项。", f"Choose {most} at most: you chose {len(chosen)}."
        raise Invalid([FieldError("choice", "您的选择", zh, en)])
    return chosen


def body_of(work: Work, voter: BallotVoter) -> BallotBody:
    return work.session.scalars(select(BallotBody).where(BallotBody.id == voter.body_id)).one()
