"""Taking a place of an offer whose bookings are rows: a person, or a team with its members, by the offer's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import feel, forms
from engine.commands import bond_rows, offer_rows
from engine.commands.booking import naming
from engine.commands.offer_rows import Wish
from engine.errors import FieldError, Invalid, NotNow, NotYours
from engine.matters.nouns.bonds import LEADER
from engine.matters.nouns.offers import DELIVERED
from engine.people import Actor, may, require
from engine.people.bonds import in_force
from engine.reads import bonds, choosing, knowing
from engine.reads import offers as reads
from engine.reads.knowing import Person
from engine.reads.teams import for_desk, led_ids
from engine.store import Work, keys
from engine.store.models import Appointment, Bond, Slot, User
from engine.workdays import local_date

#: Most people of one team.
MOST = 60


def book(
    work: Work,
    slot_id: int,
    *,
    role: str = "",
    answers: Mapping[str, Any] | None = None,
    person: Person | None = None,
    team: str = "",
    members: Sequence[tuple[str, str, str]] = (),
    led: Sequence[tuple[int, str]] = (),
    team_id: int | None = None,
    leader_role: str | None = None,
    channel: str = "online",
    bond_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Appointment:
    """Book one time, at once. Online for oneself, or by a bond for somebody who lets one (关系); staff of the unit for
    `person`, or for whom a bond is about whose other side came. Limits and price are those of who comes. A team: its
    members by the bond with their leader (`led`: bond, role), and its leader, who need not come; by name (name,
    telephone, role) where the offer allows that (`members: [bond, named]`), on the word of who books. At the desk a
    team of the unit by `team_id`, in the name of its leader, who comes too where `leader_role` says as what.

    Raises NotFound, NotNow (full, too late, not fit: with the reason), NotYours, Invalid (the form)."""
    slot, places = offer_rows.find_places(work, slot_id)
    if channel == "online":
        if by.id is None or by.kind == "system":
            raise NotYours("请先登录再预订。", "Log in to book.")
        leader = _for_whom(work, slot, bond_id, team, by)
    else:
        require(by, "serve", slot.resource)
        if team_id is not None:
            person, team = _team_at_the_desk(work, team_id, led, by)
        elif bond_id is not None:
            person = _at_the_desk(work, slot, bond_id, by, now)
        if person is None:
            raise Invalid([FieldError("name", "姓名", "请填写来的人的姓名和电话。", "Give the name and telephone.")])
        leader = (
            person
            if bond_id is not None or team_id is not None
            else known_person(work, person.name, person.phone or "")
        )
    what = reads.of(work, slot.resource.offer)
    given = check(work, what, answers or {}, now=now)
    listed: list[tuple[Person, str]] = [(leader, role)]
    bound: dict[str, int] = {}
    if team or led:
        ours = _led(work, slot, leader, led, now)
        team = _one_team(ours, team)
        bound = {one.index: bond.id for one, bond in ours}
        roles = dict(led)
        listed = [(one, roles[bond.id]) for one, bond in ours]
        named = [(known_person(work, name, phone), of) for name, phone, of in members if name.strip()]
        named += [(leader, leader_role)] if leader_role is not None else []
        if "named" not in what.offer.members:
            _only_members(named, leader)
        listed += named
        if not listed or len(listed) > MOST:
            zh, en = f"请写 1 到 {MOST} 名队员，一人一行。", f"List 1 to {MOST} members, a line each."
            raise Invalid([FieldError("members", "队员", zh, en)])
        # Who books answers for the team: the booking is theirs, whether or not they come themselves.
        listed.sort(key=lambda one: one[0].index != leader.index)
    wish = Wish(slot.id, tuple(listed), team.strip(), given, leader, bound, slot=slot, places=places)
    return offer_rows.book(work, [wish], channel=channel, by=by, now=now)[0]


def _led(
    work: Work, slot: Slot, leader: Person, led: Sequence[tuple[int, str]], now: datetime
) -> list[tuple[Person, Bond]]:
    """Those whom the leader chose, who let them and do so still on that day. The bonds are held until it is booked:
    who leaves the team at this moment is either refused here or taken off when it ends."""
    if not led:
        return []
    rows = work.session.scalars(
        select(Bond)
        .where(Bond.id.in_([bond_id for bond_id, _role in led]), Bond.kind == LEADER)
        .order_by(Bond.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    today, day = local_date(now), local_date(slot.starts_at)
    teams = set(work.session.scalars(led_ids(leader.user_id))) if leader.user_id is not None else set()
    ours = [row for row in rows if row.team_id in teams or _holds(row, leader)]
    if len(ours) < len({bond_id for bond_id, _role in led}) or not all(in_force(row, today) for row in ours):
        raise NotYours(
            "选的队员里有人不在您的团队了。请刷新这一页，重新选。",
            "Somebody you chose is no member of your team any more. Reload the page and choose again.",
        )
    late = next((row for row in ours if row.until_on < day), None)
    if late is not None:
        zh = f"{late.subject_name}的队员关系到 {late.until_on} 为止，这一次在那以后。请先续上，再报名。"
        en = f"The bond with {late.subject_name} lasts until {late.until_on}, and this is after it: renew it first."
        raise Invalid([FieldError("members", "队员", zh, en)])
    return [(bonds.comes(work, row), row) for row in ours]


def _holds(row: Bond, leader: Person) -> bool:
    """Whether it is the leader's own bond: by their account, or, of who has none, as the bond names them."""
    if leader.user_id is not None:
        return row.holder_id == leader.user_id
    return row.holder_ref in bond_rows.refs_of(leader)


def _team_at_the_desk(work: Work, team_id: int, led: Sequence[tuple[int, str]], by: Actor) -> tuple[Person, str]:
    """The leader in whose name a clerk books for a team of their units, and its name. Invalid: nobody was chosen."""
    team = for_desk(work, team_id, by)
    if not led:
        zh, en = "请至少选一位队员。", "Choose one member at least."
        raise Invalid([FieldError("members", "队员", zh, en)])
    if team.leader_id is not None:
        return knowing.of_user(work.session.get_one(User, team.leader_id)), team.name
    row = work.session.scalars(select(Bond).where(Bond.team_id == team.id).order_by(Bond.id.desc()).limit(1)).one()
    return bonds.holder(row), team.name


def _one_team(ours: Sequence[tuple[Person, Bond]], team: str) -> str:
    """The team's name: that of the bonds."""
    names = {bond.team for _one, bond in ours}
    if len({bond.team_id for _one, bond in ours}) > 1:
        zh, en = "一次只能报一个团队。请只选同一个团队的队员。", "One team at a time: choose members of the same team."
        raise Invalid([FieldError("members", "队员", zh, en)])
    return names.pop() if names else team


def _only_members(named: Sequence[tuple[Person, str]], leader: Person) -> None:
    """Of an offer whose teams come with their own members: nobody but the leader is written down by name."""
    strange = [one.name for one, _role in named if one.index != leader.index]
    if strange:
        zh = f"{strange[0]}不是选出来的队员。这一项的队员要从您的团队里选：请先让他在“团队”里加入，再报名。"
        en = f"{strange[0]} was not chosen from your team. Members are chosen from it: have them join it first."
        raise Invalid([FieldError("members", "队员", zh, en)])


def _for_whom(work: Work, slot: Slot, bond_id: int | None, team: str, by: Actor) -> Person:
    """Oneself, or whom a bond lets one book for: with one's own telephone where they have none, to be reached."""
    if bond_id is None:
        me = knowing.of_user(work.session.get_one(User, by.id))
        naming.must_have_name(me.name)
        return me
    if team:
        raise NotNow("团队由自己的名义报名。", "A team is booked in one's own name.")
    return bonds.to_reach(work, by, bond_id, slot.resource.offer)


def _at_the_desk(work: Work, slot: Slot, bond_id: int, by: Actor, now: datetime) -> Person:
    """Whom somebody at the desk comes for: the clerk sees the bond, which holds and lets them."""
    row = bonds.one(work, bond_id)
    offer = slot.resource.offer
    if not may(by, "serve", row) or not in_force(row, local_date(now)) or not bonds.lets_book(row, offer):
        raise NotYours(
            "这个关系不能替他订这一项，或者已经解除、到期。请核对关系，或由本人来订。",
            "This bond does not let anybody book this for them, or is over. Look at it again, or let them come.",
        )
    whom = bonds.comes(work, row)
    return whom if whom.phone or not whom.id_number else replace(whom, phone=row.holder_phone)


def check(work: Work, what: reads.Declared, answers: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The answers of the offer's form; {} for what asks nothing."""
    form = choosing.form(work, what, now=now)
    if form is None:
        return {}
    given = forms.check(form, answers, env=feel.Env(now=now, calendar=work.calendar))
    return {name: one for name, one in given.items() if name != DELIVERED or one}  # unticked is not answered


def known_person(work: Work, name: str, phone: str) -> Person:
    """Somebody by name and telephone: their account when they have one under both, so that nobody counts twice."""
    name, phone = name.strip()[:40], phone.strip()[:20]
    if phone:
        user = work.session.scalar(
            select(User).where(User.phone_index.in_(keys.blinds("phone", phone)), User.kind == "resident").limit(1)
        )
        if user is not None and user.name == name:
            return knowing.of_user(user)
    return Person(name, phone or None)
