"""Teams (团队): whom the caller leads, whose team they are in; members and the second leader."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from engine.commands import bonds
from engine.matters.nouns.bonds import LEADER
from engine.reads import teams as reads
from engine.store import Work
from web import edge
from web.api.declaring import Shape, operation, shaped


class MemberOut(Shape):
    bond_id: int  # by which a leader puts them down: `led` of a booking
    name: str
    phone: str
    until_on: date


class TeamOut(Shape):
    id: int
    name: str
    unit: str
    first: bool  # the caller leads it and names the second
    leader: str  # "" when it is the caller
    second: str
    people: list[MemberOut]  # its members for a leader; its leader for a member


class TeamsOut(Shape):
    led: list[TeamOut]
    within: list[TeamOut]


class NamedIn(Shape):
    my_name: str = Field("", max_length=40)


class TeamCodeOut(Shape):
    code: str


class MemberIn(Shape):
    team: str = Field(max_length=80, description="Its name; no other of the same unit has it.")
    phone: str = Field(max_length=40)
    code: str = Field(max_length=12)
    my_name: str = Field("", max_length=40)


class SecondIn(Shape):
    bond: int = Field(description="The bond of the member who shall lead the team too.")


def _mine(work: Work) -> TeamsOut:
    actor, now = edge.actor(), edge.now()
    led, within = reads.led(work, actor, now=now), reads.of(work, actor, now=now)
    return TeamsOut(led=[shaped(TeamOut, one) for one in led], within=[shaped(TeamOut, one) for one in within])


@operation("get", "/teams", who="resident", tag="teams", gives=TeamsOut)
def teams() -> TeamsOut:
    """The teams that the caller leads, alone or as one of two, and those they are in."""
    return _mine(edge.work())


@operation("post", "/teams/code", who="resident", tag="teams", takes=NamedIn, gives=TeamCodeOut, status=201)
def team_code(body: NamedIn) -> TeamCodeOut:
    """Six digits by which the caller joins a team: its leader sends them."""
    code = bonds.show_code(edge.work(), LEADER, my_name=body.my_name, by=edge.actor(), now=edge.now())
    return TeamCodeOut(code=code)


@operation(
    "post", "/teams/members", who="resident", tag="teams", takes=MemberIn, gives=TeamsOut, status=201, alone=True
)
def add_member(body: MemberIn) -> TeamsOut:
    """Somebody who shows their code is a member of a team of the caller's. 422: the name is another team's."""
    bonds.type_code(
        edge.hall().database,
        body.phone,
        body.code,
        my_name=body.my_name,
        team=body.team,
        by=edge.actor(),
        now=edge.now(),
    )
    with edge.hall().database.reading() as work:
        return _mine(work)


@operation("post", "/teams/second", who="resident", tag="teams", takes=SecondIn, gives=TeamsOut)
def second_leader(body: SecondIn) -> TeamsOut:
    """A member leads the team too. 409 when it has two leaders."""
    bonds.share_lead(edge.work(), body.bond, by=edge.actor(), now=edge.now())
    return _mine(edge.work())


@operation("post", "/teams/{team_id}/second/end", who="resident", tag="teams", gives=TeamsOut)
def second_leader_ends(team_id: int) -> TeamsOut:
    """The second leader leads it no more: by the leader, or by themselves."""
    bonds.end_lead(edge.work(), team_id, by=edge.actor(), now=edge.now())
    return _mine(edge.work())
