"""What a matter may declare beside its case: the nouns of the hall.

    registers:              declared in matter.yaml, or in bpmn/_shared/<file>.yaml when several matters use them
      diner: {…}
    uses: [volunteers]      those files, in matter.yaml

One file a noun; each gives the model of one declaration. `Nouns` lists them all: matter.yaml and a shared file may hold
the same keys. In the database a declaration goes by its `key`: the name alone when it is shared, else "matter.name".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from engine.matters.nouns.ballots import Ballot
from engine.matters.nouns.boards import Board
from engine.matters.nouns.bonds import Bond
from engine.matters.nouns.handovers import Handover
from engine.matters.nouns.loans import Loans
from engine.matters.nouns.matches import Match
from engine.matters.nouns.offers import Offer
from engine.matters.nouns.queues import Queue
from engine.matters.nouns.registers import Register
from engine.matters.nouns.schedules import Schedule
from engine.matters.schema import Part
from engine.matters.taking_part import Id


class Nouns(Part):
    """The nouns that may stand in matter.yaml and in a shared file, each a name -> a declaration."""

    # registers 台账
    registers: dict[Id, Register] = Field(
        default={}, description="台账：名称 → 各项、状态、谁看 · registers: name → fields, states, readers"
    )

    # bonds 关系
    bonds: dict[Id, Bond] = Field(
        default={},
        description="关系：谁可以替谁办、接谁、看谁的，到什么时候 · bonds between persons: who may act for whom, "
        "until when",
    )

    # offers 供给与预订
    offers: dict[Id, Offer] = Field(
        default={},
        description="可以预订的：名称 → 何时开放、谁可以订 · what can be booked: name → when it opens, who may",
    )

    # loans 借还
    loans: dict[Id, Loans] = Field(
        default={}, description="借还：名称 → 借什么、借几天、几本 · loans: name → of what, for how long, how many"
    )

    # matches 撮合
    matches: dict[Id, Match] = Field(
        default={}, description="撮合：名称 → 谁有、谁要、怎样才配上 · needs and supplies that look for each other"
    )

    # handovers 交接
    handovers: dict[Id, Handover] = Field(
        default={}, description="交接：谁把什么交给谁 · things handed from hand to hand"
    )

    # boards 公开栏
    boards: dict[Id, Board] = Field(
        default={},
        description="公开栏：名称 → 公开什么、给谁看、多久 · boards: name → what the public reads, where, how long",
    )

    # queues 取号
    queues: dict[Id, Queue] = Field(
        default={}, description="取号的队：谁在大厅里等、按什么次序叫 · lines in a hall: who waits, and in which order"
    )

    # schedules 定期
    schedules: dict[Id, Schedule] = Field(
        default={}, description="定期：自己开始的事项或流程 · what begins by itself: name -> when, for whom"
    )

    # ballots 表决
    ballots: dict[Id, Ballot] = Field(
        default={}, description="表决：谁可以投、怎样算通过 · votes: who may vote and how it is decided"
    )


#: The keys of `Nouns`, in order.
KINDS: tuple[str, ...] = tuple(Nouns.model_fields)


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration, with where it stands."""

    kind: str  # registers, bonds …
    name: str  # as the matter calls it
    key: str  # in the database and in addresses
    what: Part
    file: str


def declared(owner: str, file: str, nouns: Nouns) -> dict[str, dict[str, Declared]]:
    """kind -> name -> declaration, of one file. `owner`: the matter; "" for a shared file."""
    found: dict[str, dict[str, Declared]] = {}
    for kind in KINDS:
        given: Mapping[str, Part] = getattr(nouns, kind)
        found[kind] = {
            name: Declared(kind, name, f"{owner}.{name}" if owner else name, what, file) for name, what in given.items()
        }
    return found
