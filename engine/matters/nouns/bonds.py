"""Bonds (关系): who may do what for whom, between two persons, until when. Declared here; every row of the table `bond`
is of one of these kinds.

Four kinds every county has: 监护, 家人, 委托 (of one case, to its agent) and 队长 (of a team, over its members). They
are the program's own and not content, because the law (民法典 27, 1045, 161 to 173), the consent of a child's guardian
and the pages 家人 and 团队 rest on them: a county that could leave them out, or let a guardian be unmade by one tap of
a child, would have another law.
Every other kind is a matter's, or of a shared file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from engine.matters.nouns.keep import KEEP, Keep
from engine.matters.schema import OptionalFeel, Part, wrong

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Side = Literal["person", "child", "adult"]
Power = Literal["see", "apply", "book", "fetch", "sign", "lead"]
Proof = Literal["photo", "code"]
Shown = Literal["id", "household", "birth", "paper"]
Way = Literal["counter", "code", "phone", "case"]

SIDES: tuple[Side, ...] = get_args(Side)
POWERS: tuple[Power, ...] = get_args(Power)
WAYS: tuple[Way, ...] = get_args(Way)
#: From this age on a person is an adult (民法典 17); a child's guardian consents below the other (个人信息保护法 31).
ADULT, CONSENTS = 18, 14
_LASTS = re.compile(r"^([1-9]\d{0,3})(cd|m|y)$")


class Bond(Part):
    """A kind of bond: between whom, what it lets the one do for the other, how it is made, until when."""

    title: Words = Field(description="叫什么：接送人、照护人 · what it is called: 接送人, 照护人")
    title_en: Words = Field(description="英文 · the same in English")
    between: tuple[Side, Side] = Field(
        default=("person", "person"),
        description="哪两方：先写被照顾、被代办的一方，再写可以替他办的一方；person 不限，child 未满 18 岁，adult 满 "
        "18 岁"
        " · the two sides: first whom it is about, then who may act for them; a child is under 18, an adult is not",
    )
    lets: tuple[Power, ...] = Field(
        default=(),
        description="可以替他做什么：see 看，apply 办，book 约，fetch 接，sign 签，lead 带队报名 · what the second may "
        "do for the first: see their things, apply, book, fetch them, sign, put them down for what their team does",
    )
    made_by: tuple[Literal["subject", "guardian", "clerk"], ...] = Field(
        default=("subject",),
        description="谁可以建立：本人、他的监护人、窗口 · who makes it: the first side, their guardian, a clerk",
    )
    ways: tuple[Way, ...] = Field(
        default=WAYS,
        description="怎样建立：窗口、验证码、手机确认、办件 · how it is made: at a counter, by a code, by confirming "
        "on "
        "the phone, by a case",
    )
    shown: tuple[Shown, ...] = Field(
        default=("id",),
        description="在窗口建立要看的证件：身份证、户口簿、出生证、书面证明 · what is shown at a counter: identity "
        "card, "
        "household book, birth certificate, a paper",
    )
    proof: tuple[Proof, ...] = Field(
        default=(),
        description="以后凭什么认人：photo 留照片，code 一次性验证码 · how the second is known again: a photo that is "
        "kept, a code that serves once",
    )
    until: OptionalFeel = Field(
        default="",
        description="到哪一天为止（FEEL，读办件的答案）；不写就由建立的人定 · the last day (FEEL over a case's "
        "answers); "
        "without it whoever makes it says",
    )
    lasts: str = Field(
        default="3y",
        pattern=_LASTS.pattern,
        description="最长多久：400cd 天，6m 月，3y 年 · how long at most: days, months, years",
    )
    most: int = Field(
        default=20, ge=1, le=99, description="一个人最多几位 · how many at most for one person at one time"
    )
    revocable: bool = Field(
        default=True,
        description="双方可以随时解除；false 只能在窗口解除 · either side may end it at any time; false: only a "
        "counter may",
    )
    keep: Keep | None = KEEP

    @field_validator("made_by", "lets", "ways", "proof", "shown", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound(self) -> Bond:
        if not self.lets:
            raise wrong(
                "lets 没有写，这种关系什么也不能做。请写 see、apply、book、fetch、sign 中的几个。",
                "`lets` is missing: such a bond lets nobody do anything. Name some of see, apply, book, fetch, sign.",
            )
        if "lead" in self.lets and self.lets != ("lead",):
            raise wrong(
                "lead（带队报名）是队长的，不和别的写在一起：队长只替队员报团队的名。请用大厅自带的 leader。",
                "lead goes with nothing else: a leader puts members down for what the team does, and no more. Use the "
                "hall's own `leader`.",
            )
        if "guardian" in self.made_by and self.between[0] != "child":
            raise wrong(
                "made_by 写了 guardian，between 的第一方就要是 child：成年人的关系由本人建立。",
                "made_by: guardian needs a child as the first of `between`: adults make their own bonds.",
            )
        return self

    def last_day(self, first: date) -> date:
        """The last day at most of one that begins on this day.

        >>> HALL["family"].last_day(date(2026, 2, 28))
        datetime.date(2029, 2, 27)
        """
        found = _LASTS.match(self.lasts)
        assert found is not None
        n, unit = int(found[1]), found[2]
        if unit == "cd":
            return first + timedelta(days=n - 1)
        months = n if unit == "m" else 12 * n
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        year, month = min(year, 9998), month + 1
        for day in range(first.day, 0, -1):
            try:
                return date(year, month, day) - timedelta(days=1)
            except ValueError:
                continue
        raise AssertionError("every month has a first day")


GUARDIAN, FAMILY, MANDATE, LEADER = "guardian", "family", "mandate", "leader"
#: The kinds every county has: name -> kind.
HALL: Mapping[str, Bond] = MappingProxyType(
    {
        GUARDIAN: Bond(
            title="监护人",
            title_en="Guardian",
            between=("child", "adult"),
            lets=("see", "apply", "book", "fetch", "sign"),
            made_by=("clerk",),
            ways=("counter",),
            shown=("household", "birth", "paper"),
            lasts="18y",
            most=4,
            revocable=False,
        ),
        FAMILY: Bond(
            title="家人",
            title_en="Family",
            lets=("see", "apply", "book"),
            ways=("counter", "code", "phone"),
            lasts="3y",
            most=10,
        ),
        # One case, one agent. The paper says until when: the law knows no longest time.
        MANDATE: Bond(
            title="委托代办",
            title_en="Mandate of an agent",
            between=("person", "adult"),
            lets=("see", "apply"),
            ways=("case",),
            lasts="99y",
            most=1,
        ),
        # About the member, who lets a leader put them down for what their team does: nothing of theirs is seen by it.
        LEADER: Bond(
            title="队长",
            title_en="Team leader",
            between=("person", "adult"),
            lets=("lead",),
            ways=("counter", "code", "phone"),
            lasts="2y",
            most=20,
        ),
    }
)
