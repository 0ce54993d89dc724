"""loans 借还: things of a register that people take home and bring back. No times, no places: a copy, and a day.

    loans:
      book:
        title: 借书
        title_en: Borrowing books
        of: book                      # a register of things: one entry a copy
        reserve_by: isbn              # copies with the same value are one title
        days: 30
        renew: 1
        limit: 5
        pause_when: overdue > 15cd
        missed: {after: 60cd, opens: lost-book}
        desk: window

A loan is a row; a case opens only for the exception (`missed`). One copy is lent once at a time, and nobody has more
than `limit`: the database's rules.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from engine.matters.nouns.registers import FieldName
from engine.matters.schema import Part, wrong
from engine.matters.taking_part import Id

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Feel = Annotated[str, StringConstraints(pattern=r"^=.+$", max_length=500)]
#: Calendar days: 60cd.
Days = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}cd$")]
Overdue = Annotated[str, StringConstraints(pattern=r"^overdue > [1-9][0-9]{0,2}cd$")]


def days(text: str) -> int:
    """
    >>> days("60cd"), days("overdue > 15cd")
    (60, 15)
    """
    return int(text.rpartition(" ")[2].removesuffix("cd"))


class LoanPart(Part):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LoanNeed(LoanPart):
    """Who may borrow this copy, and how it is said to whoever may not."""

    if_: Feel = Field(
        alias="if",
        description="条件，FEEL：person.age、register.…、item.…（这一本的） · the condition; item: the copy's fields",
    )
    says: Words = Field(description="不符合时说给本人 · told to whoever does not fulfil it")
    says_en: str = Field(default="", description="英文 · the same in English")


class LoanMissed(LoanPart):
    """A case for what was not brought back, or was lost."""

    after: Days = Field(default="60cd", description="过期多少天以后，如 60cd · so long after it was due, as 60cd")
    opens: Id = Field(description="开出哪个事项的办件；丢了马上开 · the matter whose case it opens; at once when lost")
    with_: dict[str, Words] = Field(
        default={},
        alias="with",
        description="申请表的答案：问题 → 文字，或 FEEL（loan.copy、loan.title、loan.due …） · answers of its form: "
        "text, or FEEL over loan",
    )


class LoanCard(LoanPart):
    """A card by which a person is known at the desk."""

    register_: Id = Field(alias="register", description="哪个台账（一人一条） · a register of persons")
    by: FieldName = Field(description="卡号在哪一项，要能查 · the field with the card's number, which is searched")


class LoanStates(LoanPart):
    """How the register calls the states of a copy."""

    free: Id = Field(default="shelf", description="在架 · on the shelf")
    lent: Id = Field(default="lent", description="借出 · lent")
    held: Id = Field(default="held", description="留着给预约的人 · kept for who reserved it")
    lost: Id = Field(default="lost", description="遗失 · lost")

    def all(self) -> dict[str, str]:
        return {"free": self.free, "lent": self.lent, "held": self.held, "lost": self.lost}


class Loans(LoanPart):
    """What can be borrowed, and by which rules."""

    title: Words = Field(description="叫什么：借书 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    summary: str = Field(default="", description="一两句话说明 · a sentence or two")
    summary_en: str = Field(default="", description="英文说明 · the same in English")
    of: Id = Field(description="哪个台账（一物一条，一条是一本） · a register of things; an entry is a copy")
    reserve_by: FieldName = Field(
        description="按哪一项预约：同值的几本是一种，如 isbn · copies with the same value are one title"
    )
    shows: tuple[FieldName, ...] = Field(default=(), description="目录上还显示哪几项 · what a catalogue shows beside")
    days: int = Field(default=30, ge=1, le=400, description="借几天 · for how many days")
    renew: int = Field(default=1, ge=0, le=12, description="可以续借几次 · how often it may be renewed")
    limit: int = Field(default=5, ge=1, le=100, description="一人同时最多几本 · how many a person may have at once")
    hold: int = Field(default=3, ge=1, le=60, description="到馆后留几天 · for how many days a copy is kept")
    who: LoanNeed | None = Field(default=None, description="谁可以借 · who may borrow")
    pause_when: Overdue | None = Field(
        default=None,
        description="有过期多久没还的就暂停新借：overdue > 15cd · no new loans while one is overdue for so long",
    )
    reminds: tuple[int, ...] = Field(
        default=(-3, 1, 8),
        description="到期后第几天提醒，负数是到期前 · so many days after the due day one is reminded; below 0: before",
    )
    missed: LoanMissed | None = Field(default=None, description="一直没还、丢了，怎么办 · not brought back, or lost")
    guardian: int = Field(
        default=0,
        ge=0,
        le=18,
        description="未满几岁要有登记的监护人（guardian 关系），提醒也给监护人 · below this age a registered guardian "
        "stands behind, and is told too",
    )
    keep: Days = Field(
        default="30cd",
        description="还了、了结了以后多久不再记得是谁借的；借过几次还数得到 · so long after it ended it is not known "
        "any "
        "more who had it; how often a copy was lent stays",
    )
    card: LoanCard | None = Field(default=None, description="借阅卡 · the reader's card")
    desk: Id = Field(description="哪个岗位借还 · the post that lends and takes back")
    states: LoanStates = Field(
        default=LoanStates(), description="台账里各状态的名称 · how the register calls the states"
    )

    @field_validator("who", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"if": given, "says": "不符合借阅条件。", "says_en": "The conditions for borrowing are not met."}
        return given

    @model_validator(mode="after")
    def _whole(self) -> Loans:
        if tuple(sorted(set(self.reminds))) != self.reminds:
            raise wrong(
                "reminds 从早到晚写，每天一次，如 [-3, 1, 8]。", "Write reminds in order, each once: [-3, 1, 8]."
            )
        if len(set(self.states.all().values())) < 4:
            raise wrong("在架、借出、留着、遗失要是四个不同的状态。", "The four states of a copy must differ.")
        if self.missed is not None and self.pause_when is not None and days(self.missed.after) < days(self.pause_when):
            raise wrong(
                "missed 的 after 不能早于 pause_when：先暂停，再开办件。",
                "missed after may not be sooner than pause_when: loans are paused first, then a case opens.",
            )
        return self

    @property
    def paused_after(self) -> int | None:
        """Overdue by more than so many days: no new loans."""
        return days(self.pause_when) if self.pause_when is not None else None
