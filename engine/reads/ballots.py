"""Ballots as people see them: what waits for one's vote, how it stands, how it ended. Never what somebody voted in a
secret one: there is nothing to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased, joinedload

from engine.errors import NotFound, NotYours
from engine.matters import majority
from engine.people import Actor, masks, units
from engine.people.access import may
from engine.records import library
from engine.store import Work, keys
from engine.store.models import Ballot, BallotBody, BallotMark, BallotProxy, BallotVoter, User

#: How many ballots a list shows.
MOST = 100
#: How many lines of a roll the desk sees at once.
MOST_LINES = 200


def find(work: Work, code: str) -> Ballot:
    """By the code in its address. NotFound says it is not there."""
    row = work.session.scalar(select(Ballot).where(Ballot.code == code))
    if row is None:
        raise NotFound("没有这次表决。", "There is no such ballot.")
    return row


def body(work: Work, row: Ballot, body_id: int) -> BallotBody:
    """One body, with its ballot, so that it can be judged."""
    found = work.session.scalar(
        select(BallotBody)
        .where(BallotBody.id == body_id, BallotBody.ballot_id == row.id)
        .options(joinedload(BallotBody.ballot))
    )
    if found is None:
        raise NotFound("没有这一组。", "There is no such body.")
    return found


def bodies(work: Work, ballot_id: int) -> list[BallotBody]:
    return list(
        work.session.scalars(
            select(BallotBody)
            .where(BallotBody.ballot_id == ballot_id)
            .options(joinedload(BallotBody.ballot))
            .order_by(BallotBody.n)
        )
    )


# ---------------------------------------------------------------- whose line is it


def _is_theirs(user: User) -> ColumnElement[bool] | None:
    """Lines of a roll that are this person's: by an identity number the hall knows, or by telephone and name."""
    ways: list[ColumnElement[bool]] = []
    if user.id_index:
        ways.append(BallotVoter.id_index == user.id_index)
    if user.phone_index and user.number_at is None:  # a roll may still have the number of who had it before
        same_phone: ColumnElement[bool] = BallotVoter.phone_index == user.phone_index
        if user.name:
            same_phone = same_phone & BallotVoter.name_index.in_(keys.blinds("name", user.name))
        ways.append(same_phone)
    return or_(*ways) if ways else None


def my_line(work: Work, actor: Actor, ballot_id: int) -> BallotVoter | None:
    """The line of the roll that is whoever acts; None without one, or when a shared telephone leaves it open."""
    user = work.session.get(User, actor.id) if actor.id is not None else None
    theirs = _is_theirs(user) if user is not None else None
    if theirs is None:
        return None
    found = list(work.session.scalars(select(BallotVoter).where(BallotVoter.ballot_id == ballot_id, theirs).limit(2)))
    return found[0] if len(found) == 1 else None


def line_of(work: Work, actor: Actor, ballot_id: int, voter_id: int) -> bool:
    """Whether this line is whoever acts."""
    mine = my_line(work, actor, ballot_id)
    return mine is not None and mine.id == voter_id


# ---------------------------------------------------------------- residents


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ballot on whose roll one stands."""

    code: str
    name: str
    name_en: str
    question: str
    body: str
    stage: str  # soon, open, counting, over, off
    opens_at: datetime
    closes_at: datetime
    voted: bool
    passed: bool | None


def stage(row: Ballot, now: datetime) -> str:
    """Where it stands by the clock."""
    if row.state == "withdrawn":
        return "off"
    if row.state == "counted":
        return "over"
    if now >= row.closes_at:
        return "counting"
    return "open" if now >= row.opens_at else "soon"


def mine(work: Work, actor: Actor, *, now: datetime) -> list[Waiting]:
    """Those on whose roll whoever acts stands: first what is open, then what comes, then what is over."""
    user = work.session.get(User, actor.id) if actor.id is not None else None
    theirs = _is_theirs(user) if user is not None else None
    if theirs is None:
        return []
    rows = work.session.execute(
        select(Ballot, BallotBody.name, BallotMark.voter_id)
        .join(BallotVoter, BallotVoter.ballot_id == Ballot.id)
        .join(BallotBody, BallotBody.id == BallotVoter.body_id)
        .outerjoin(BallotMark, BallotMark.voter_id == BallotVoter.id)
        .where(theirs)
        .order_by(Ballot.closes_at.desc(), Ballot.id)
        .limit(MOST)
    ).all()
    found = [
        Waiting(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            question=row.question,
            body=body_name,
            stage=stage(row, now),
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            voted=mark is not None,
            passed=row.result["passed"] if row.result else None,
        )
        for row, body_name, mark in rows
    ]
    order = {"open": 0, "soon": 1, "counting": 2, "over": 3, "off": 4}
    return sorted(found, key=lambda one: order[one.stage])


def waiting(work: Work, actor: Actor, *, now: datetime) -> int:
    """How many wait for the vote of whoever acts."""
    return sum(one.stage == "open" and not one.voted for one in mine(work, actor, now=now))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roll, as another sees them."""

    id: int
    name: str  # masked, except one's own household's


@dataclass(frozen=True, slots=True)
class Mandate:
    """Somebody who sent whoever reads this."""

    voter_id: int
    name: str
    voted: bool


@dataclass(frozen=True, slots=True)
class BodyHere:
    """How one body stands."""

    id: int
    n: int
    name: str
    heads: int
    voted: int
    may_serve: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One ballot, for somebody on its roll or for staff."""

    code: str
    name: str
    name_en: str
    question: str
    words: str
    options: tuple[tuple[str, str], ...]  # id, name; none: yes, no, abstain
    most: int
    secret: bool
    changes: bool  # what was voted may be changed until the close
    stage: str
    announced_at: datetime
    opens_at: datetime
    closes_at: datetime
    reason: str
    rules: tuple[tuple[str, str], tuple[str, str]]  # quorum, majority in words, in Chinese and English
    source: str
    carried: str | int
    bodies: tuple[BodyHere, ...]
    result: Mapping[str, Any] | None
    case_id: int | None
    witness: bool = True
    proxies: Mapping[str, Any] | None = None
    # of whoever reads it
    line: int | None = None
    body: str = ""
    voted: bool = False
    voted_for_me: str = ""  # who voted for them
    choice: tuple[str, ...] = ()  # of an open vote of one's own
    holder: str = ""  # whom they sent
    may_send: tuple[Person, ...] = ()
    mandates: tuple[Mandate, ...] = ()


def _page(row: Ballot, found: Sequence[BodyHere], now: datetime, **more: Any) -> Page:
    settings = row.settings
    return Page(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        question=row.question,
        words=row.words,
        options=tuple((str(one["id"]), str(one["name"])) for one in row.options),
        most=int(settings["most"]) if row.options else 1,
        secret=row.secret,
        changes=bool(settings["change"]),
        stage=stage(row, now),
        announced_at=row.announced_at,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        reason=row.reason,
        rules=(
            majority.read(settings["present"], "present").words(),
            majority.read(settings["passes"]).words(),
        ),
        source=settings["source"],
        carried=settings["carried"],
        bodies=tuple(found),
        result=row.result,
        case_id=row.case_id,
        witness=bool(settings["witness"]),
        proxies=settings["proxies"],
        **more,
    )


def for_voter(work: Work, actor: Actor, code: str, *, now: datetime) -> Page:
    """The ballot, for somebody on its roll."""
    row = find(work, code)
    me = my_line(work, actor, row.id)
    if me is None:
        raise NotYours(
            "这次表决的名册上没有您，或者几个人登记了同一个电话、分不清是谁。请带身份证找村里当面投。",
            "You are not on the roll of this ballot, or several people gave the same telephone: vote in person with "
            "your identity card.",
        )
    mark = work.session.get(BallotMark, me.id)
    found = [BodyHere(b.id, b.n, b.name, b.heads, b.voted) for b in bodies(work, row.id)]
    more: dict[str, Any] = {}
    if row.settings["proxies"]:
        more = _sent(work, row, me)
    by = work.session.get(BallotVoter, mark.proxy_id) if mark is not None and mark.proxy_id is not None else None
    return _page(
        row,
        found,
        now,
        line=me.id,
        body=next((b.name for b in found if b.id == me.body_id), ""),
        voted=mark is not None,
        voted_for_me=by.name if by is not None else "",
        choice=tuple(mark.choice or ()) if mark is not None else (),
        **more,
    )


def _sent(work: Work, row: Ballot, me: BallotVoter) -> dict[str, Any]:
    """Whom one may send, has sent, and who sent one."""
    may_send: list[Person] = []
    if row.settings["proxies"]["per"] == "household":
        may_send = household(work, row.code, me.id)
    holder = work.session.scalar(
        select(BallotVoter)
        .join(BallotProxy, BallotProxy.holder_id == BallotVoter.id)
        .where(BallotProxy.voter_id == me.id)
    )
    sent = work.session.execute(
        select(BallotVoter, BallotMark.voter_id)
        .join(BallotProxy, BallotProxy.voter_id == BallotVoter.id)
        .outerjoin(BallotMark, BallotMark.voter_id == BallotVoter.id)
        .where(BallotProxy.holder_id == me.id)
        .order_by(BallotVoter.n)
    ).all()
    return {
        "may_send": tuple(may_send),
        "holder": holder.name if holder is not None else "",
        "mandates": tuple(Mandate(one.id, one.name, mark is not None) for one, mark in sent),
    }


# ---------------------------------------------------------------- the desk


@dataclass(frozen=True, slots=True)
class Held:
    """A ballot on the desk's list."""

    code: str
    name: str
    question: str
    place: str
    stage: str
    opens_at: datetime
    closes_at: datetime
    heads: int
    voted: int
    passed: bool | None


def of_desk(work: Work, actor: Actor, *, now: datetime) -> list[Held]:
    """Those of the units of whoever acts, and of those below, the newest first."""
    if actor.kind != "staff" or not actor.realm:
        return []
    realm = sorted(actor.realm)
    inside = select(BallotBody.ballot_id).where(BallotBody.unit_id.in_(realm))
    rows = list(
        work.session.scalars(
            select(Ballot)
            .where(or_(Ballot.unit_id.in_(realm), Ballot.place_id.in_(realm), Ballot.id.in_(inside)))
            .order_by(Ballot.announced_at.desc(), Ballot.id.desc())
            .limit(MOST)
        )
    )
    told: dict[int, list[BallotBody]] = {}
    for one in work.session.scalars(select(BallotBody).where(BallotBody.ballot_id.in_([row.id for row in rows]))):
        told.setdefault(one.ballot_id, []).append(one)
    return [
        Held(
            code=row.code,
            name=row.name,
            question=row.question,
            place=units.place(work, row.place_id).name,
            stage=stage(row, now),
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            heads=sum(one.heads for one in told.get(row.id, ())),
            voted=sum(one.voted for one in told.get(row.id, ())),
            passed=row.result["passed"] if row.result else None,
        )
        for row in rows
    ]


def for_desk(work: Work, actor: Actor, code: str, *, now: datetime) -> Page:
    """The ballot, for staff of the unit that holds it, of a village that votes, or above."""
    row = find(work, code)
    there = bodies(work, row.id)
    if not (may(actor, "see", row) or any(may(actor, "see", one) for one in there)):
        raise NotYours("您的岗位看不到这次表决。", "Your post does not see this ballot.")
    found = [BodyHere(b.id, b.n, b.name, b.heads, b.voted, may(actor, "serve", b)) for b in there]
    return _page(row, found, now)


@dataclass(frozen=True, slots=True)
class LineHere:
    """A line of the roll, as the desk sees it."""

    id: int
    n: int
    name: str
    body: str
    voted: bool | None  # None: in a secret ballot only the person themselves is told
    proxy: str  # who votes, or voted, for them
    proxy_id: int | None
    choice: tuple[str, ...]  # of an open ballot that is over
    way: str
    may_serve: bool


def roll(
    work: Work, actor: Actor, code: str, *, name: str = "", body_id: int | None = None, voter_id: int | None = None
) -> list[LineHere]:
    """Lines of the roll: of one body in order, or those of this name. Names are masked in the whole list."""
    row = find(work, code)
    there = {one.id: one for one in bodies(work, row.id)}
    seen = [id for id, one in there.items() if may(actor, "see", row) or may(actor, "see", one)]
    sent = aliased(BallotVoter)
    asked = (
        select(BallotVoter, BallotMark, sent)
        .outerjoin(BallotMark, BallotMark.voter_id == BallotVoter.id)
        .outerjoin(BallotProxy, BallotProxy.voter_id == BallotVoter.id)
        .outerjoin(sent, sent.id == BallotProxy.holder_id)
        .where(BallotVoter.ballot_id == row.id, BallotVoter.body_id.in_(seen))
        .order_by(BallotVoter.body_id, BallotVoter.n)
        .limit(MOST_LINES)
    )
    named = bool(name.strip()) or voter_id is not None
    if name.strip():
        asked = asked.where(BallotVoter.name_index.in_(keys.blinds("name", name)))
    if body_id is not None:
        asked = asked.where(BallotVoter.body_id == body_id)
    if voter_id is not None:
        asked = asked.where(BallotVoter.id == voter_id)
    found = []
    for voter, mark, holder in work.session.execute(asked).all():
        serves = may(actor, "serve", there[voter.body_id])
        whole = named and serves
        told = not row.secret or whole
        by = holder.id if holder is not None else mark.proxy_id if mark is not None else None
        found.append(
            LineHere(
                id=voter.id,
                n=voter.n,
                name=voter.name if whole else masks.name(voter.name),
                body=there[voter.body_id].name,
                voted=(mark is not None) if told else None,
                proxy="" if holder is None else holder.name if whole else masks.name(holder.name),
                proxy_id=by,
                choice=tuple(mark.choice or ()) if mark is not None and row.state == "counted" else (),
                way=mark.way if mark is not None and told else "",
                may_serve=serves,
            )
        )
    return found


# ---------------------------------------------------------------- what the case is told


def told(work: Work, row: Ballot) -> dict[str, Any]:
    """The result as the diagram gets it: `ballot.passed`, `ballot.outcome`, `ballot.bodies` with the counts."""
    assert row.result is not None
    rows = []
    names = {str(one["id"]): str(one["name"]) for one in row.options}
    for one in row.result["bodies"]:
        counts = one["counts"] or {}
        rows.append(
            {
                "name": one["name"],
                "unit": units.place(work, one["unit"]).code,
                "roll": one["roll"],
                "present": one["present"],
                "online": one["online"],
                "desk": one["desk"],
                "proxy": one["proxy"],
                "quorum": one["quorum"]["met"],
                "quorum_needed": one["quorum"]["needed"],
                "counted": one["counts"] is not None,
                **(
                    {"votes": [{"name": names[id], "votes": n} for id, n in counts.items()]}
                    if row.options
                    else {id: counts.get(id, 0) for id in ("yes", "no", "abstain")}
                ),
                "needed": one["majority"]["needed"] if one["majority"] else None,
                "passed": one["passed"],
                "chosen": [names[id] for id in one.get("chosen", ())],
                "tied": [names[id] for id in one.get("tied", ())],
                "why": f"{one['quorum']['zh']}" + (f"；{one['majority']['zh']}" if one["majority"] else ""),
            }
        )
    return {
        "code": row.code,
        "question": row.question,
        "secret": row.secret,
        "passed": row.result["passed"],
        "outcome": row.result["outcome"],
        "bodies": rows,
    }


def household(work: Work, code: str, voter_id: int) -> list[Person]:
    """The others of a voter's household on the roll: whom they may send, or who may have been sent."""
    row = find(work, code)
    me = work.session.get(BallotVoter, voter_id)
    if me is None or me.ballot_id != row.id or me.household_index is None:
        return []
    others = work.session.scalars(
        select(BallotVoter)
        .where(
            BallotVoter.body_id == me.body_id,
            BallotVoter.household_index == me.household_index,
            BallotVoter.id != me.id,
        )
        .order_by(BallotVoter.n)
    )
    return [Person(one.id, one.name) for one in others]


def any_declared(work: Work) -> bool:
    """Whether the hall's matters hold votes at all."""
    return bool(library.declared(work, "ballots"))


def held_by(work: Work, actor: Actor) -> bool:
    """Whether there is a vote that the desk of whoever acts has to do with."""
    if actor.kind != "staff" or not actor.realm:
        return False
    realm = sorted(actor.realm)
    inside = select(BallotBody.id).where(BallotBody.ballot_id == Ballot.id, BallotBody.unit_id.in_(realm)).exists()
    return (
        work.session.scalar(
            select(Ballot.id).where(or_(Ballot.unit_id.in_(realm), Ballot.place_id.in_(realm), inside)).limit(1)
        )
        is not None
    )
