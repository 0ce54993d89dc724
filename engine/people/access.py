"""May this actor do this to this thing? One place, asked by every command and read.

How an actor stands to a thing is found here (`relations`); what that lets them do is the table of
engine/people/permissions.py, which heads and operators see as a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from engine.errors import NotYours
from engine.matters.county import ADMINISTRATORS
from engine.matters.nouns.bonds import GUARDIAN
from engine.people import apart, lending, shelves
from engine.people.actor import Actor
from engine.people.bonds import Grant
from engine.people.permissions import VERBS, Thing, lets
from engine.store.models import (
    AccountMerge,
    Appointment,
    Ballot,
    BallotBody,
    BoardEntry,
    Bond,
    BookingPlace,
    Case,
    DataRequest,
    Document,
    Hall,
    Handover,
    HandoverLink,
    Loan,
    LoanHold,
    LookGrant,
    MatchPair,
    MatchSide,
    OnlineBlock,
    Resource,
    Schedule,
    ScheduleRun,
    Standing,
    Task,
    Ticket,
    User,
    Waiting,
    Window,
)

#: The post of whoever looks after the people of a village.
AGENT = "agent"

Verb = Literal[
    "see",
    "claim",
    "work",
    "supervise",
    "direct",
    "void",
    "withdraw",
    "reveal",
    "design",
    "move",
    "operate",
    "serve",
    "book",
    "review",
    "appoint",
    "audit",
    "evidence",
]


def may(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> bool:
    """Whether they may. A task is judged together with its case (pass `case`, or have it loaded)."""
    if actor.kind == "system":
        return True
    if isinstance(thing, Task):
        return _lets("task", _to_task(actor, thing, case or thing.case), verb)
    if isinstance(thing, Case):
        return _lets("case", _to_case(actor, thing), verb)
    if isinstance(thing, Document):
        return case is not None and _lets("paper", _to_paper(actor, thing, case), verb)
    if isinstance(thing, Appointment):
        return _lets("booking", _to_booking(actor, thing), verb)
    if isinstance(thing, BookingPlace):
        return _lets("booking", _to_own_place(actor, thing), verb)
    if isinstance(thing, Standing):
        return _lets("booking", _to_standing(actor, thing), verb)
    if isinstance(thing, Waiting):
        return _lets("booking", _to_waiting(actor, thing), verb)
    if isinstance(thing, Bond):
        return _lets("bond", _to_bond(actor, thing), verb)
    if isinstance(thing, Resource):
        return _lets("place", _to_offered(actor, thing), verb)
    if isinstance(thing, OnlineBlock):
        return _lets("block", _to_block(actor, thing), verb)
    if isinstance(thing, (Schedule, ScheduleRun)):
        return _lets("schedule", _to_schedule(actor, thing), verb)
    if isinstance(thing, shelves.Kept):
        return shelves.may(actor, verb, thing)
    if isinstance(thing, (Hall, Window, Ticket)):
        return _lets("queue", _to_queue(actor, thing), verb)
    if isinstance(thing, (Loan, LoanHold, lending.LoanDesk)):
        return _lets("loan", _to_loan(actor, thing), verb)
    if isinstance(thing, BoardEntry):
        return _lets("entry", _to_entry(actor, thing), verb)
    if isinstance(thing, (Ballot, BallotBody)):
        return _lets("ballot", _to_ballot(actor, thing), verb)
    if isinstance(thing, (HandoverLink, Handover)):
        return _lets("handover", _to_handover(actor, thing), verb)
    if isinstance(thing, (User, AccountMerge)):
        return _lets("account", _to_account(actor, thing), verb)
    if isinstance(thing, (MatchSide, MatchPair)):
        return _lets("match", _to_match(actor, thing), verb)
    if isinstance(thing, LookGrant):
        return _lets("looks", _to_looks(actor, thing), verb)
    if isinstance(thing, DataRequest):
        return _lets("request", _to_request(actor, thing), verb)
    if thing is None:
        return _lets("hall", iter(actor.roles & {"designer", *ADMINISTRATORS}), verb)
    return False


def _lets(thing: Thing, relations: Iterator[str], verb: str) -> bool:
    return any(lets(thing, relation, verb) for relation in relations)


def require(actor: Actor, verb: Verb, thing: object = None, *, case: Case | None = None) -> None:
    """Refuse unless they may."""
    if not may(actor, verb, thing, case=case):
        zh, en = VERBS[verb]
        raise NotYours(f"您没有权限{zh}这一项。如需办理，请联系负责的窗口。", f"You may not {en} this.")


def writes_down(actor: Actor, link: HandoverLink) -> bool:
    """Whether they have the post before which it is done in person, there: elsewhere the post is another's."""
    there = {link.unit_id, link.place_id}
    positions = actor.positions_in(matter_of(link.handover.kind))
    return bool(link.post) and any(p.post == link.post and p.unit_id in there for p in positions)


def matter_of(key: str) -> str:
    """The matter that declares what goes by this key; "" of what several share: it is lent by a whole leave only."""
    return key.partition(".")[0] if "." in key else ""


def _to_looks(actor: Actor, row: LookGrant) -> Iterator[str]:
    """Many looks at once are two persons' doing: who asks, and a head who is somebody else."""
    if actor.id is not None and row.asker_id == actor.id:
        yield "own"
    elif actor.supervises(row.unit_id):
        yield "head"


def _to_request(actor: Actor, row: DataRequest) -> Iterator[str]:
    """What somebody asks about their own data: theirs, and of the unit that answers; never of staff about
    themselves."""
    if actor.id is not None and row.user_id == actor.id:
        yield "own"
    elif actor.kind == "staff" and row.unit_id in actor.realm:
        yield "unit"
        if actor.supervises(row.unit_id):
            yield "head"


def _to_account(actor: Actor, thing: User | AccountMerge) -> Iterator[str]:
    """An account of a resident is served at any counter of the county; a merge is put apart by the heads of where it
    was made too."""
    if actor.kind != "staff" or not {"clerk", "supervisor"} & actor.roles:
        return
    if isinstance(thing, User):
        if thing.kind == "resident":
            yield "counter"
    elif thing.unit_id is not None and actor.supervises(thing.unit_id):
        yield "head"


def _to_place(actor: Actor, resource: Resource) -> Iterator[str]:
    """Bookings are the business of the unit's staff and of those above it."""
    if actor.kind == "staff" and resource.unit_id in actor.realm:
        yield "unit"
        if actor.supervises(resource.unit_id):
            yield "head"


def _is_agent(actor: Actor) -> bool:
    return any(p.post == AGENT for p in actor.positions)


def _to_offered(actor: Actor, resource: Resource) -> Iterator[str]:
    """What is open to the public an agent books for the people of their village, whoever's it is."""
    yield from _to_place(actor, resource)
    if resource.offer and not resource.matter and _is_agent(actor):
        yield "village-agent"


def _to_standing(actor: Actor, order: Standing) -> Iterator[str]:
    """A standing order is its person's, and the unit's that serves it (as its bookings are)."""
    if actor.id is not None and order.user_id == actor.id:
        yield "own"
    yield from _by_bond(lambda verb: ordered_for(actor, verb, order))
    yield from _to_place(actor, order.resource)


def ordered_for(actor: Actor, verb: str, order: Standing) -> Grant | None:
    """The bond by which the actor sees (see or book) or changes (book) somebody else's standing order."""
    mine = [g for g in actor.grants if g.of_person(order.user_id, order.person_index, order.name)]
    return _that_lets(mine, verb, lambda grant, power: grant.over_offer(power, order.resource.offer))


def _to_waiting(actor: Actor, row: Waiting) -> Iterator[str]:
    """A place on a waiting list is its person's, and theirs whom the person lets book or see that."""
    if actor.id is not None and row.user_id == actor.id:
        yield "own"
    yield from _by_bond(lambda verb: waits_for(actor, verb, row))


def waits_for(actor: Actor, verb: str, row: Waiting) -> Grant | None:
    """The bond by which the actor sees (see or book) or gives up (book) somebody else's place on a waiting list."""
    what = row.resource
    mine = [g for g in actor.grants if g.of_person(row.user_id, row.person_index, row.name or "")]
    if what.matter:
        return _that_lets(mine, verb, lambda grant, power: grant.covers(power, what.matter))
    return _that_lets(mine, verb, lambda grant, power: grant.over_offer(power, what.offer))


def _to_booking(actor: Actor, booking: Appointment) -> Iterator[str]:
    if actor.id is not None and booking.user_id == actor.id:
        yield "own"
    yield from _by_bond(lambda verb: booked_for(actor, verb, booking))
    if actor.kind == "staff" and booking.booked_by_id == actor.id and _is_agent(actor):
        yield "booker"
    yield from _to_place(actor, booking.resource)


def _to_own_place(actor: Actor, place: BookingPlace) -> Iterator[str]:
    """Of a team's booking, which is its leader's: whoever has a place in it sees it, and gives that place back."""
    if actor.id is not None and place.user_id == actor.id:
        yield "member"


def _to_block(actor: Actor, block: OnlineBlock) -> Iterator[str]:
    if actor.id is not None and block.user_id == actor.id:
        yield "own"
    elif "supervisor" in actor.roles:
        yield "head"


def _to_schedule(actor: Actor, thing: Schedule | ScheduleRun) -> Iterator[str]:
    """Who runs the hall sees and moves them all; a head sees the runs of the units they head."""
    if "operator" in actor.roles:
        yield "operator"
    if isinstance(thing, ScheduleRun) and actor.supervises(thing.unit_id):
        yield "head"


def _to_handover(actor: Actor, thing: HandoverLink | Handover) -> Iterator[str]:
    """交接: the two ends of a link; where it is done in person, the named post of that unit. Of the thing itself,
    whoever has it says what happened to it."""
    if isinstance(thing, Handover):
        if thing.holder_key in actor.keys_in(matter_of(thing.kind)):
            yield "holder"
        return
    matter = matter_of(thing.handover.kind)
    if {thing.giver_key, thing.receiver_key} & set(actor.keys_in(matter)):
        yield "end"
    if writes_down(actor, thing):
        yield "post"


def _to_loan(actor: Actor, thing: Loan | LoanHold | lending.LoanDesk) -> Iterator[str]:
    """Who has it, or waits for it; the guardian of a child; who may book for somebody who has no account, or asked for
    this one by the bond; the desk. Nobody else: what somebody reads is theirs."""
    if lending.serves(actor, thing.post):
        yield "desk"
    if isinstance(thing, lending.LoanDesk) or actor.id is None:
        return
    if thing.user_id == actor.id:
        yield "own"
    elif thing.guardian_id == actor.id and _guards(actor, thing):
        yield "guardian"
    elif borrows_for(actor, thing) is not None:
        yield "bond-book"


def borrows_for(actor: Actor, row: Loan | LoanHold) -> Grant | None:
    """The bond by which the actor sees and renews what somebody else borrows. Of what somebody with an account has,
    only what was asked for by a bond: the rest they asked for themselves, and it is theirs alone."""
    if row.user_id is not None and row.bond_id is None:
        return None
    mine = (g for g in actor.grants if g.of_borrower(row.user_id, row.who_ref))
    return next((g for g in mine if g.over_offer("book", row.loans)), None)


def _guards(actor: Actor, thing: Loan | LoanHold) -> bool:
    """Whether they are guardian of the child who borrowed today: who was so when it was lent need not be."""
    for grant in actor.grants:
        if grant.kind != GUARDIAN:
            continue
        if thing.user_id is not None and grant.subject_id is not None:
            if thing.user_id == grant.subject_id:
                return True
        elif grant.of_borrower(thing.user_id, thing.who_ref):
            return True
    return False


def _to_entry(actor: Actor, entry: BoardEntry) -> Iterator[str]:
    """What is up is everybody's to read. The rest is the business of who published it, of those above them, and of the
    post that reviews it, which is not done by who asked for it."""
    if entry.state == "shown":
        yield "everybody"
    if actor.kind != "staff":
        return
    if entry.unit_id in actor.realm:
        yield "unit"
    positions = actor.positions_in(matter_of(entry.board))
    if any(p.unit_id == entry.review_unit_id and p.post == entry.review_post for p in positions):
        yield "reviewer"
        if entry.by_id is None or entry.by_id != actor.id:
            yield "reviewer-other"


def _to_ballot(actor: Actor, thing: Ballot | BallotBody) -> Iterator[str]:
    """A vote is the business of the village that votes and of who holds it; who votes in person does so before the
    post that the ballot names, of either."""
    ballot = thing if isinstance(thing, Ballot) else thing.ballot
    units = {ballot.unit_id, ballot.place_id, *([thing.unit_id] if isinstance(thing, BallotBody) else [])}
    if actor.kind != "staff" or not units & actor.realm:
        return
    yield "unit"
    post = ballot.settings["post"]
    positions = actor.positions_in(matter_of(ballot.key))
    if isinstance(thing, BallotBody) and post and any(p.post == post for p in positions):
        yield "teller"


def said_for(actor: Actor, verb: str, side: MatchSide) -> Grant | None:
    """The bond by which the actor sees (see or book) or acts for (book) somebody else's need or supply."""
    mine = [g for g in actor.grants if g.of_person(side.user_id, side.person_index or "", side.name or "")]
    return _that_lets(mine, verb, lambda grant, power: grant.over_offer(power, side.match))


def _to_match(actor: Actor, thing: MatchSide | MatchPair) -> Iterator[str]:
    """撮合: whose need or supply it is; of a pair either side; staff of where it was entered or begins, and above."""
    sides = (thing.need, thing.supply) if isinstance(thing, MatchPair) else (thing,)
    if actor.id is not None and actor.id in {side.user_id for side in sides}:
        yield "own"
    yield from _by_bond(lambda verb: next(filter(None, (said_for(actor, verb, side) for side in sides)), None))
    if actor.kind == "staff" and {unit for side in sides for unit in (side.unit_id, side.place_id)} & actor.realm:
        yield "unit"


def _to_queue(actor: Actor, thing: Hall | Window | Ticket) -> Iterator[str]:
    """Who waits in a hall is the business of whoever has a window there, and of those above who runs it."""
    if isinstance(thing, Window):
        if actor.kind == "staff" and thing.unit_id in actor.realm:
            yield "window"
        return
    if isinstance(thing, Ticket) and actor.id is not None and thing.user_id == actor.id:
        yield "own"
    hall = thing if isinstance(thing, Hall) else thing.hall
    if actor.kind != "staff":
        return
    if {hall.unit_id, *(window.unit_id for window in hall.windows if window.active)} & actor.realm:
        yield "unit"
    if actor.supervises(hall.unit_id):
        yield "head"


def booked_for(actor: Actor, verb: str, booking: Appointment) -> Grant | None:
    """The bond by which the actor sees (see or book) or moves (book) somebody else's booking."""
    return _that_lets(actor.grants, verb, lambda grant, power: grant.over_booking(power, booking))


def _that_lets(grants: Iterable[Grant], verb: str, lets: Callable[[Grant, str], bool]) -> Grant | None:
    """The first of these bonds that lets its holder see (see or book) or act (book)."""
    powers = ("book", "see") if verb == "see" else ("book",)
    return next((grant for grant in grants if any(lets(grant, power) for power in powers)), None)


def _by_bond(found: Callable[[str], Grant | None]) -> Iterator[str]:
    """How somebody stands to what is another's, by the bond that is found for a verb."""
    if found("work") is not None:
        yield "bond-book"
    elif found("see") is not None:
        yield "bond-see"


def _to_bond(actor: Actor, bond: Bond) -> Iterator[str]:
    """Its two sides and the subject's guardians; staff of the units it was made in, or where the person lives."""
    if side_of(actor, bond):
        yield "side"
        if bond.revocable:
            yield "side-revocable"
    if actor.kind == "staff" and actor.realm & {u for u in (bond.unit_id, bond.place_id) if u is not None}:
        yield "unit"


def side_of(actor: Actor, bond: Bond) -> str:
    """Which side of a bond the actor is: subject, holder, guardian (of the subject); "" when none."""
    if actor.id is not None and actor.id == bond.subject_id:
        return "subject"
    if actor.id is not None and actor.id == bond.holder_id:
        return "holder"
    guards = any(g.kind == GUARDIAN and g.subject_ref == bond.subject_ref for g in actor.grants)
    return "guardian" if guards and bond.kind != GUARDIAN else ""


def _to_case(actor: Actor, case: Case) -> Iterator[str]:
    """How the actor stands to a case; nobody who must keep away from it stands to it as staff."""
    if case.confidential:
        yield from _to_confidential(actor, case)
        return
    if actor.id is not None:
        if actor.id == case.applicant_id:
            yield "applicant"
        if actor.id in (case.party_ids or ()):
            yield "party"
    if actor.grants:
        if actor.agent_of(case) is not None:
            yield "agent"
        if actor.granted("see", case) is not None:
            yield "bond-see"
        if actor.granted("apply", case) is not None:
            yield "bond-apply"
    if actor.kind != "staff" or keeps_away(actor, case):
        return
    if not case.restricted and "auditor" in actor.roles:
        yield "auditor"
    if "operator" in actor.roles:
        yield "operator"
    if any(actor.id in ids for ids in case.chosen.values()):
        yield "chosen"  # for a role in it, whatever unit they are of
    if case.restricted:  # health and child data (Y3): who handles it, no one above, and no village as such
        inside = bool(actor.own_units & apart.handle(case.office_id, case.handled_by))
    else:
        inside = actor.reaches((case.place_id, case.unit_id, case.office_id), case.matter)
    if inside:
        yield "unit"
        if any(actor.supervises(u) for u in (case.office_id, case.unit_id, case.place_id)):
            yield "head"
        if actor.supervises(case.office_id):  # whether it goes on is no matter of where the person lives
            yield "office-head"
    elif not case.restricted and had_it(actor, case):
        # 移送: an office that had it goes on seeing it; names and numbers are whole for the one that has it now.
        yield "past-office"


def _to_confidential(actor: Actor, case: Case) -> Iterator[str]:
    """保密: the people of the office itself, by a post of their own, and who was chosen by name. No account of the
    applicant's, no bond, mandate, leave, auditor or head above: a telephone is shared, a guardian may be whom it is
    about."""
    if actor.kind != "staff" or keeps_away(actor, case):
        return
    if any(actor.id in ids for ids in case.chosen.values()):
        yield "chosen"
    ours = actor.own_units & apart.handle(case.office_id, case.handled_by)
    if ours:
        yield "unit"
        if any(p.role == "supervisor" and p.unit_id in ours and p.for_id is None for p in actor.positions):
            yield "head"
            if actor.supervises(case.office_id):
                yield "office-head"


def _to_paper(actor: Actor, paper: Document, case: Case) -> Iterator[str]:
    """Whoever sees the case; an office that had it, only what was issued until it was referred (移送)."""
    ways = [relation for relation in _to_case(actor, case) if lets("case", relation, "see")]
    if ways == ["past-office"] and case.referred_at is not None and paper.issued_at > case.referred_at:
        return
    if ways:
        yield "case-staff" if actor.kind == "staff" else "case-public" if paper.public else "none"
        if actor.supervises(paper.unit_id if paper.unit_id is not None else case.office_id):
            yield "issuer-head"


def had_it(actor: Actor, case: Case) -> bool:
    """Whether the actor is of an office that the case was referred from (移送)."""
    return bool({p.unit_id for p in actor.positions} & apart.read(case.past_offices))


def keeps_away(actor: Actor, thing: Case | Task) -> bool:
    """回避: the actor is one of those who must keep away from this case or task (RULES W6)."""
    return actor.id is not None and actor.id in apart.read(thing.apart)


def as_whom(actor: Actor, task: Task, case: Case) -> tuple[bool, int | None]:
    """(may they do this step, on whose behalf): by name or post, for somebody away, or by a bond with the applicant."""
    found, for_id = actor.as_whom(task.candidates, case.matter)
    if found:
        return True, for_id
    grant = _acts(actor, task, case)
    return (True, grant.subject_id) if grant is not None else (False, None)


def by_bond(actor: Actor, task: Task, case: Case) -> Grant | None:
    """The bond by which they do this step, when it is not their own by name or post."""
    return None if actor.as_whom(task.candidates, case.matter)[0] else _acts(actor, task, case)


def _acts(actor: Actor, task: Task, case: Case) -> Grant | None:
    """The bond by which they do a step of the applicant's; the case it was applied for by a bond has the bond's key."""
    grant = actor.granted("apply", case)
    if grant is None:
        return None
    waits = {f"u:{grant.subject_id}", f"b:{grant.id}"} & set(task.candidates)
    return grant if waits and (task.assignee_id in (None, actor.id, grant.subject_id)) else None


def _to_task(actor: Actor, task: Task, case: Case) -> Iterator[str]:
    away = apart.read(task.apart) | apart.read(case.apart)
    seen = _lets("case", _to_case(actor, case), "see")
    if seen:
        yield "case-seen"
    if actor.kind == "staff" and actor.id in away:
        return
    actor = actor.themselves() if case.confidential else actor.without(away)
    if as_whom(actor, task, case)[0]:
        yield "candidate"
    if task.assignee_id is not None:
        # Whoever took a step by a bond has it no longer when the bond is over: it waits for the person themselves.
        mine = task.assignee_id == actor.id and task.bond_id is None
        if mine or actor.stands_for(task.assignee_id, case.matter) or _acts(actor, task, case) is not None:
            yield "holder"
    # Who may not see a restricted case does not give its steps to others either.
    if actor.supervises(task.unit_id if task.unit_id is not None else case.office_id) and (seen or not case.restricted):
        yield "head"
