"""交接: who gave what to whom, where and when.

    handovers:
      parcel:
        name: 包裹
        name_en: Parcel
        thing: {kind: goods, words: 包裹, words_en: Parcel, from: parcel.goods}
        links: [applicant -> 村驿站, 村驿站 -> carrier, {from: carrier, to: receiver, within: 3cd}]
        refuse: prohibited-goods

A chain of links, each opened by the effect `hand-over` and closed by both ends. An end is the applicant, the agent, a
role of `parties` or a group of `groups`: a person, or whoever holds a post in a unit.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from engine.deadlines import Limit
from engine.errors import Invalid
from engine.matters.schema import wrong
from engine.matters.taking_part import Declared, InPerson, Path, Words

Proof = Literal["qr", "code", "signature", "photo"]
#: What can be said with a message to the case while the thing is on its way.
TROUBLES = ("lost", "damaged")

_LINK = re.compile(r"^\s*(.+?)\s*(?:->|→)\s*(.+?)\s*$")


def _limit(text: str) -> str:
    if text:
        try:
            Limit.parse(text)
        except Invalid as refused:
            raise wrong(refused.zh, refused.en) from None
    return text


class HandoverLink(Declared):
    """One link: from whose hand into whose. `giver -> receiver` says the same in a word."""

    giver: Words = Field(alias="from", description="谁交 · who gives")
    receiver: Words = Field(alias="to", description="谁接 · who receives")
    proof: tuple[Proof, ...] | None = Field(
        default=None, min_length=1, description="这一环凭什么；不写同 handovers 的 proof · its own proofs"
    )
    within: str = Field(default="", description="这一环多久内交到；不写同 handovers 的 within · its own limit")

    _within = field_validator("within")(_limit)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        found = _LINK.match(given)
        if found is None:
            raise wrong(
                f"“{given}”不是一环。请写“谁交 -> 谁接”，如 applicant -> 村驿站。",
                f'"{given}" is no link. Write "giver -> receiver", such as applicant -> station.',
            )
        return {"from": found[1], "to": found[2]}

    @model_validator(mode="after")
    def _two(self) -> HandoverLink:
        if self.giver == self.receiver:
            raise wrong(
                f"“{self.giver}”不能交给自己。请写另一头。",
                f'"{self.giver}" cannot hand over to itself. Name the other end.',
            )
        return self

    @property
    def name(self) -> str:
        """As the header `link` of the effect names it."""
        return f"{self.giver} -> {self.receiver}"


class HandoverThing(Declared):
    """What is handed over."""

    kind: Literal["goods", "originals", "papers", "keys", "person", "record"] = Field(
        default="goods",
        description="物品、材料原件、文书、钥匙、人（如孩子）、台账里的一件 · goods, originals of the matter's "
        "materials, papers, keys, a person such as a child, a record of a register",
    )
    words: Words = Field(description="叫什么 · what it is called")
    words_en: Words = Field(description="英文 · the same in English")
    source: Path | Literal[""] = Field(
        default="",
        alias="from",
        description="具体是什么，在哪项答案；效果的 thing 可以另给 · the answer that says what exactly; the effect's "
        "`thing` wins",
    )


class Handover(Declared):
    """One kind of thing that is handed on, and from hand to hand."""

    name: Words = Field(description="名称 · its name")
    name_en: Words = Field(description="英文 · the same in English")
    thing: HandoverThing = Field(description="交的是什么 · what is handed over")
    links: tuple[HandoverLink, ...] = Field(
        min_length=1, description="一环一环，如 applicant -> 村驿站 · the links, such as applicant -> station"
    )
    back: tuple[HandoverLink, ...] = Field(
        default=(),
        description="还回去的几环：一有决定，或者办件结束了，就自己开 · the way back: opened by the hall when the "
        "case is decided, declined or ends in whatever way",
    )
    beside: bool = Field(
        default=False,
        description="true：办件不等它，照样往下走；交完一环自己开下一环 · the case does not wait: a link that is "
        "signed opens the next by itself",
    )
    proof: tuple[Proof, ...] = Field(
        default=("qr", "code"),
        min_length=1,
        description="凭什么算交到了：扫码、六位数字、签名、照片 · what proves it: QR, six digits, signature, photo",
    )
    photo: Literal["different", "always", "never"] = Field(
        default="different", description="什么时候要拍照：有出入时、每次、不要 · when a photo is wanted"
    )
    different: Literal["error", "noted"] = Field(
        default="error",
        description="有出入也收下了：走 DIFFERENT 出口，或只记下 · taken though "
        "different: the error DIFFERENT, or noted",
    )
    within: str = Field(default="", description="每一环多久内交到：3cd、2wd、24h · limit of each link")
    refuse: str = Field(
        default="",
        description="交第一环前看能不能收的决策；outcome 是 refuse 就走 REFUSED 出口 · the decision asked before "
        "the first link; with the outcome refuse the error REFUSED",
    )
    paper: str = Field(default="", description="交完一环出的文书 · the paper that follows each link")
    in_person: InPerson | None = Field(
        default=None,
        description="没有手机的，由哪个岗位当面登记 · who writes a link down for people without a telephone",
    )
    lost: str = Field(default="", description="丢了，发哪条消息 · the message to the case when it is lost")
    damaged: str = Field(default="", description="坏了，发哪条消息 · the message when it is damaged")

    _within = field_validator("within")(_limit)

    def link(self, name: str) -> HandoverLink | None:
        """The link of this name, however its blanks are written."""
        found = _LINK.match(name)
        wanted = f"{found[1]} -> {found[2]}" if found else name
        return next((one for one in self.links if one.name == wanted), None)

    def after(self, giver: str, receiver: str) -> HandoverLink | None:
        """The link that opens by itself after this one: the next of the way out, or of the way back."""
        for way in (self.links, self.back):
            for one, following in itertools.pairwise(way):
                if (one.giver, one.receiver) == (giver, receiver):
                    return following
        return None

    def proofs(self, link: HandoverLink) -> tuple[Proof, ...]:
        return link.proof if link.proof is not None else self.proof

    def limit(self, link: HandoverLink) -> str:
        return link.within or self.within

    def message(self, trouble: str) -> str:
        """The message of a trouble; "" when the matter knows none."""
        return {"lost": self.lost, "damaged": self.damaged}.get(trouble, "")
