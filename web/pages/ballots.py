"""Votes (表决): what waits for one's vote, the vote with one confirm, the result; and the desk's roll and voting booth.

What somebody chose travels in the body of a form and never in an address, so no log has it; the answer to a vote is
the same page whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import ballots
from engine.errors import FieldError, Invalid, NotFound, NotYours
from engine.matters.nouns.ballots import ABSTAIN, NO, YES
from engine.plain import is_id
from engine.reads import ballots as reads
from web import edge
from web.edge import guard

pages = Blueprint("ballots", __name__)


def stages() -> Mapping[str, str]:
    return {
        "soon": _("公告中"),
        "open": _("正在投票"),
        "counting": _("正在计票"),
        "over": _("有结果了"),
        "off": _("已撤回"),
    }


def outcomes() -> Mapping[str, str]:
    return {"passed": _("通过"), "failed": _("没有通过"), "no-quorum": _("到会人数不够，没有计票")}


def choices(page: reads.Page) -> list[tuple[str, str]]:
    """What one may choose, as people read it."""
    return list(page.options) or [(YES, _("同意")), (NO, _("不同意")), (ABSTAIN, _("弃权"))]


def _shown(page: reads.Page, **more: object) -> dict[str, object]:
    return {
        "one": page,
        "choices": choices(page),
        "named": dict(choices(page)),
        "stages": stages(),
        "outcomes": outcomes(),
        **more,
    }


# ---------------------------------------------------------------- residents


@pages.get("/ballots")
@guard("resident")
def mine() -> ResponseReturnValue:
    """Where I may vote, may vote soon, or have voted."""
    found = reads.mine(edge.work(), edge.actor(), now=edge.now())
    return render_template("resident/ballots.html", found=found, stages=stages(), tab="resident.mine")


@pages.get("/ballots/<code>")
@guard("resident")
def one(code: str) -> ResponseReturnValue:
    return _one(code)


def _one(code: str, wrong: Sequence[FieldError] = ()) -> str:
    page = reads.for_voter(edge.work(), edge.actor(), code, now=edge.now())
    return render_template("resident/ballot.html", **_shown(page, wrong=wrong, tab="resident.mine"))


def _for(page: reads.Page) -> reads.Mandate | None:
    """For whom, of those who sent whoever acts; None: for themselves."""
    text = request.form.get("for", "")
    if not text:
        return None
    found = next((m for m in page.mandates if str(m.voter_id) == text), None)
    if found is None:
        raise NotYours(
            "这个人没有委托您投票，或者已经收回委托。", "This person has not sent you, or has taken it back."
        )
    return found


@pages.post("/ballots/<code>/sure")
@guard("resident", writes=False)
def sure(code: str) -> ResponseReturnValue:
    """Asked once more before it is handed in; nothing is kept of it."""
    page = reads.for_voter(edge.work(), edge.actor(), code, now=edge.now())
    chosen = request.form.getlist("choice")
    try:
        _choose(page, chosen)
    except Invalid as wrong:
        return _one(code, wrong.fields), 422
    return render_template(
        "resident/ballot_sure.html", **_shown(page, chosen=chosen, behalf=_for(page), tab="resident.mine")
    )


def _choose(page: reads.Page, chosen: Sequence[str]) -> None:
    """The slip is seen before the page that asks to confirm; the command checks it again."""
    known = {id for id, _name in choices(page)}
    if not chosen or not set(chosen) <= known:
        raise Invalid([FieldError("choice", "您的选择", "请选一项。", "Choose one.")])
    if len(chosen) > page.most:
        zh, en = f"最多选 {page.most} 项，您选了 {len(chosen)} 项。", f"Choose {page.most} at most."
        raise Invalid([FieldError("choice", "您的选择", zh, en)])


@pages.post("/ballots/<code>/vote")
@guard("resident")
def vote(code: str) -> ResponseReturnValue:
    page = reads.for_voter(edge.work(), edge.actor(), code, now=edge.now())
    behalf = _for(page)
    ballots.vote(
        edge.work(),
        code,
        request.form.getlist("choice"),
        for_id=behalf.voter_id if behalf is not None else None,
        by=edge.actor(),
        now=edge.now(),
    )
    return redirect(url_for("ballots.done", code=code))


@pages.get("/ballots/<code>/done")
@guard("resident")
def done(code: str) -> ResponseReturnValue:
    """您已投票: that, and never what."""
    page = reads.for_voter(edge.work(), edge.actor(), code, now=edge.now())
    return render_template("resident/ballot_done.html", **_shown(page, tab="resident.mine"))


@pages.post("/ballots/<code>/send")
@guard("resident")
def send(code: str) -> ResponseReturnValue:
    """A written mandate to somebody of the household."""
    text = request.form.get("holder", "")
    try:
        holder = int(text) if is_id(text) else 0
        if not holder:
            raise Invalid([FieldError("holder", "委托谁", "请选委托谁。", "Choose whom you send.")])
        ballots.entrust(
            edge.work(), code, holder, signed=request.form.get("mandate") == "1", by=edge.actor(), now=edge.now()
        )
    except Invalid as wrong:
        return _one(code, wrong.fields), 422
    return redirect(url_for("ballots.one", code=code))


@pages.post("/ballots/<code>/take-back")
@guard("resident")
def take_back(code: str) -> ResponseReturnValue:
    ballots.revoke(edge.work(), code, by=edge.actor(), now=edge.now())
    return redirect(url_for("ballots.one", code=code))


# ---------------------------------------------------------------- the desk


@pages.get("/desk/ballots")
@guard("staff")
def held() -> ResponseReturnValue:
    found = reads.of_desk(edge.work(), edge.actor(), now=edge.now())
    return render_template("staff/ballots.html", found=found, stages=stages())


@pages.get("/desk/ballots/<code>")
@guard("staff")
def desk(code: str) -> ResponseReturnValue:
    """Who may vote, how many have, the result worked out; a name leads to the booth."""
    work, actor = edge.work(), edge.actor()
    page = reads.for_desk(work, actor, code, now=edge.now())
    name, body = request.args.get("name", "").strip()[:40], request.args.get("body", "")
    lines = reads.roll(work, actor, code, name=name, body_id=int(body) if is_id(body) else None)
    return render_template(
        "staff/ballot.html", **_shown(page, lines=lines, name=name, body=body, most=reads.MOST_LINES)
    )


def _line(code: str, voter_id: int) -> reads.LineHere:
    found = reads.roll(edge.work(), edge.actor(), code, voter_id=voter_id)
    if not found:
        raise NotFound("名册上没有这个人。", "There is no such person on the roll.")
    if not found[0].may_serve:
        raise NotYours("您没有办理当面投票的岗位。", "You do not hold the post that takes votes in person.")
    return found[0]


@pages.get("/desk/ballots/<code>/voters/<int:voter_id>")
@guard("staff")
def voter(code: str, voter_id: int) -> ResponseReturnValue:
    return _voter(code, voter_id)


def _voter(code: str, voter_id: int, wrong: Sequence[FieldError] = ()) -> str:
    line = _line(code, voter_id)
    page = reads.for_desk(edge.work(), edge.actor(), code, now=edge.now())
    others = reads.household(edge.work(), code, voter_id) if page.proxies else []
    return render_template("staff/ballot_voter.html", **_shown(page, line=line, others=others, wrong=wrong))


@pages.post("/desk/ballots/<code>/voters/<int:voter_id>/booth")
@guard("staff", writes=False)
def booth(code: str, voter_id: int) -> ResponseReturnValue:
    """The device goes to the voter: the choice, then once more, and nothing else on the page."""
    line = _line(code, voter_id)
    page = reads.for_desk(edge.work(), edge.actor(), code, now=edge.now())
    witness, chosen = request.form.get("witness", "").strip()[:40], request.form.getlist("choice")
    wrong: list[FieldError] = []
    if request.form.get("known") != "1":
        wrong.append(FieldError("known", "身份", "请先核对身份证。", "Check the identity card first."))
    if page.witness and not witness:
        wrong.append(FieldError("witness", "见证人", "请写见证人的姓名。", "Write the name of the witness."))
    if wrong:
        return _voter(code, voter_id, wrong), 422
    fault: Sequence[FieldError] = ()
    if request.form.get("step") == "chosen":
        try:
            _choose(page, chosen)
        except Invalid as refused:
            chosen, fault = [], refused.fields
    shown = _shown(page, line=line, chosen=chosen, witness=witness, proxy=request.form.get("proxy", ""), wrong=fault)
    return render_template("staff/ballot_booth.html", **shown), 422 if fault else 200


@pages.post("/desk/ballots/<code>/voters/<int:voter_id>/cast")
@guard("staff")
def cast(code: str, voter_id: int) -> ResponseReturnValue:
    proxy = request.form.get("proxy", "")
    ballots.vote_in_person(
        edge.work(),
        code,
        voter_id,
        request.form.getlist("choice"),
        witness=request.form.get("witness", ""),
        proxy_id=int(proxy) if is_id(proxy) else None,
        by=edge.actor(),
        now=edge.now(),
    )
    return redirect(url_for("ballots.handed_in", code=code))


@pages.get("/desk/ballots/<code>/handed-in")
@guard("staff")
def handed_in(code: str) -> ResponseReturnValue:
    page = reads.for_desk(edge.work(), edge.actor(), code, now=edge.now())
    return render_template("staff/ballot_handed_in.html", **_shown(page))


@pages.post("/desk/ballots/<code>/voters/<int:voter_id>/mandate")
@guard("staff")
def mandate(code: str, voter_id: int) -> ResponseReturnValue:
    """A mandate signed on paper is taken down."""
    _line(code, voter_id)
    text = request.form.get("holder", "")
    try:
        if not is_id(text):
            raise Invalid([FieldError("holder", "委托谁", "请选委托谁。", "Choose who is sent.")])
        ballots.entrust_on_paper(
            edge.work(),
            code,
            voter_id,
            int(text),
            seen=request.form.get("seen") == "1",
            by=edge.actor(),
            now=edge.now(),
        )
    except Invalid as wrong:
        return _voter(code, voter_id, wrong.fields), 422
    return redirect(url_for("ballots.voter", code=code, voter_id=voter_id))


# ---------------------------------------------------------------- ways in


def waiting_line() -> str | None:
    """A line for a tile: how many wait for one's vote; None when the hall holds no votes."""
    work, actor = edge.work_or_none(), edge.actor()
    if work is None or not reads.any_declared(work):
        return None
    if actor.kind != "resident":
        return _("登录看有没有要您投的票")
    n = reads.waiting(work, actor, now=edge.now())
    return _("%(n)s 项等您投", n=n) if n else _("公告、投票和结果")


def own_waiting() -> int | None:
    """How many wait for their vote; None for somebody on no roll."""
    work, actor = edge.work_or_none(), edge.actor()
    if work is None or actor.kind != "resident":
        return None
    found = reads.mine(work, actor, now=edge.now())
    if not found:
        return None
    return sum(one.stage == "open" and not one.voted for one in found)
