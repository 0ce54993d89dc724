"""Matches (撮合): needs and supplies that look for each other: a ride and a seat, a spare bed and a guest.

    matches:
      ride:
        title: 探亲顺风车
        title_en: Shared ride
        supply:
          title: 我有空位
          title_en: I have seats
          ask: trip
          places: "=ask.seats"
          who: {if: '=register.driver.state = "active"', says: 登记过的司机, says_en: a registered driver}
          valid: {licence: {title: 驾驶证, title_en: Licence, until: "=register.driver.licence_until"}}
        need: {title: 找顺风车, title_en: Looking for a ride, ask: ride, guardian: 18}
        way: true
        accept: giver
        until: 12h

Each is a row, no case. Values are FEEL where they begin with `=`, over what engine/reads/knowing.py knows of a person
and `ask`, the answers of the form. How much of a supply is left is counted by leg, in the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from engine.booking import written
from engine.errors import Refused
from engine.matters.nouns.offers import Feel, OfferNeed, Words
from engine.matters.schema import Part, wrong
from engine.matters.taking_part import Id


class MatchPart(Part):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class MatchDocument(MatchPart):
    """A document that must hold on the day: a licence, an insurance."""

    title: Words = Field(description="叫什么：驾驶证、交强险 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    until: Feel = Field(
        description="有效期到哪天，FEEL；没有的不能登记 · valid until which day, FEEL; none: it cannot be offered"
    )
    number: Feel | Literal[""] = Field(
        default="",
        description="号码，FEEL：保单号；写了的，号码和有效期都印在确认单上，没有号码的不能登记 · its number, "
        "FEEL: it stands on the slip with the last day; without one it cannot be offered",
    )


class MatchSideOf(MatchPart):
    """What one of the two sides says and fulfils."""

    title: Words = Field(description="叫什么：我有空位、找顺风车 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    ask: Id | Literal[""] = Field(default="", description="填的表单 · the form that is filled in")
    places: int | Feel = Field(
        default=1,
        description="供给有几个位子、需求要几个：一个数，或 FEEL 读 ask · how many a supply has or a need wants: "
        "a number, or FEEL over ask",
    )
    who: OfferNeed | None = Field(default=None, description="谁可以 · who may")
    needs: dict[Id, OfferNeed] = Field(default={}, description="还要符合什么 · what else must be so")
    valid: dict[Id, MatchDocument] = Field(
        default={},
        description="那一天要有效的证件、保险；当天早上再查一次 · documents that must hold on the day; looked at again "
        "that morning",
    )
    guardian: int = Field(
        default=0,
        ge=0,
        le=18,
        description="不满几周岁要有监护人一起：18；0 不要求 · under this age a guardian comes too; 0: never asked",
    )
    a_day: int = Field(default=10, ge=1, le=50, description="一个人一天最多几次 · how many a person may have in a day")
    tells: tuple[Id, ...] = Field(
        default=(),
        description="配上之前对方就看得到的答案 · answers that others read before both agreed",
    )
    shows: tuple[Id, ...] = Field(
        default=(), description="双方同意以后对方才看得到的答案：车牌 · answers shown once both agreed: the plate"
    )

    @field_validator("places")
    @classmethod
    def _places(cls, places: Any) -> Any:
        if isinstance(places, int) and not 1 <= places <= 1000:
            raise wrong("位子应为 1 到 1000。", "Places are 1 to 1000.")
        return places


class MatchSlip(MatchPart):
    """The page that both have once they agreed: 同乘确认单."""

    title: Words = Field(description="叫什么 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    paper: Id | Literal[""] = Field(
        default="",
        description="文书的种类：双方同意就开，一方取消就作废，能查验；不写只有网页 · the kind of paper: issued when "
        "both "
        "have agreed, void when one calls it off; without it there is only the page",
    )
    says: tuple[Words, ...] = Field(default=(), description="印在上面的提示，一行一条 · notes on it, a line each")
    says_en: tuple[Words, ...] = Field(default=(), description="英文 · the same in English")

    @model_validator(mode="after")
    def _both(self) -> MatchSlip:
        if len(self.says) != len(self.says_en):
            raise wrong(
                f"says 有 {len(self.says)} 行，says_en 有 {len(self.says_en)} 行，要一样多。",
                f"says has {len(self.says)} lines and says_en {len(self.says_en)}: write as many.",
            )
        return self


class MatchShared(MatchPart):
    """Cost is shared, and both read how before they agree: fuel and tolls by head. Never more than the cost."""

    shared: Words = Field(description="怎样分摊：油费、过路费按人头，到了现付 · how it is shared")
    shared_en: Words = Field(description="英文 · the same in English")


class MatchTells(MatchPart):
    """A message to the case that put a need or a supply there."""

    tells: Words = Field(
        description="流程图里的消息，correlationKey 是需求（供给）的编号 · a message of the diagram; its correlation "
        "key "
        "is the number of the need or supply"
    )


class MatchUnmatched(MatchPart):
    """A need that nobody took in time: somebody looks for another way."""

    after: str = Field(
        default="",
        description="说了以后过多久：24h；不写是开始前 until · so long after it was said: 24h; without it `until` "
        "before "
        "it begins",
    )
    tells: Words | Literal[""] = Field(
        default="", description="办件提出的：给办件的消息 · put by a case: the message to that case"
    )
    opens: Id | Literal[""] = Field(
        default="", description="开出哪个事项的办件，由协调的人办，一次 · the matter whose case it opens, once"
    )
    answers: dict[str, str] = Field(
        default={},
        description="申请表单填什么：路径 → 文字或 FEEL（need） · what its form gets: words, or FEEL over need",
    )

    @field_validator("after")
    @classmethod
    def _after(cls, text: str) -> str:
        return _span(text) if text else text

    @model_validator(mode="after")
    def _for_something(self) -> MatchUnmatched:
        if not self.tells and not self.opens:
            raise wrong(
                "unmatched 要写 opens（开出哪个事项）或 tells（给办件的消息）。",
                "unmatched needs `opens`, the matter of a case, or `tells`, a message to the case.",
            )
        if self.answers and not self.opens:
            raise wrong(
                "写了 answers，还要写 opens：开出哪个事项。", "answers needs `opens`: the matter whose form it is."
            )
        return self


class MatchArrival(MatchPart):
    """Who agreed says that they arrived; without a word people ring, one after another."""

    takes: str = Field(
        description="路上最多多久：2h，从两边都能出发的最晚时间算 · how long it takes at most, from the "
        "latest time at which both can set out"
    )
    after: str = Field(
        default="60min", description="该到了以后多久没有人说到了，就告诉双方 · nobody said so long after: both are told"
    )
    every: str = Field(
        default="15min", description="再隔多久告诉家人，再隔多久告诉岗位 · so long later the family, then the posts"
    )
    kin: Id | Literal[""] = Field(
        default="",
        description="告诉哪种关系的人：family；没有的直接告诉岗位 · holders of which "
        "bond are told; nobody has it: the posts at once",
    )
    posts: tuple[Id, ...] = Field(
        min_length=1,
        description="最后告诉哪些岗位：起点的，没有人的往上找 · posts told at last, from where it begins upwards",
    )
    opens: Id | Literal[""] = Field(
        default="",
        description="告诉岗位的同时开出哪个事项的办件，由协调的人找到人为止 · the matter whose case it opens, once, "
        "as the posts are told: for whoever finds them",
    )
    answers: dict[str, str] = Field(
        default={},
        description="申请表单填什么：路径 → 文字或 FEEL（need、supply） · what its form gets: words, or FEEL over need "
        "and supply",
    )
    tells: Words | Literal[""] = Field(
        default="",
        description="后来有人说到了，给那件办件的消息，关联键是需求的编号 · somebody says later that they arrived: the "
        "message to that case, by the number of the need",
    )

    @field_validator("takes", "after", "every")
    @classmethod
    def _spans(cls, text: str) -> str:
        return _span(text)

    @model_validator(mode="after")
    def _within_a_day(self) -> MatchArrival:
        last = written.span(self.takes) + written.span(self.after) + 2 * written.span(self.every)
        if last > timedelta(days=1):
            raise wrong(
                "takes、after 和两次 every 加起来超过一天，太晚了。请写短一些。",
                "takes, after and twice every are more than a day: too late for anybody in need. Make them shorter.",
            )
        return self

    @model_validator(mode="after")
    def _for_a_case(self) -> MatchArrival:
        if (self.answers or self.tells) and not self.opens:
            raise wrong(
                "写了 answers 或 tells，还要写 opens：开出哪个事项。",
                "answers and tells need `opens`: the matter whose case it is.",
            )
        return self

    @property
    def waits(self) -> timedelta:
        """From the latest time to set out until both are told."""
        return written.span(self.takes) + written.span(self.after)


class MatchCharged(MatchPart):
    """One side asks for money all the same: that trip is off, and somebody finds out."""

    opens: Id = Field(description="开出哪个事项的办件，由协调的人核实，一次 · the matter whose case it opens, once")
    answers: dict[str, str] = Field(
        default={},
        description="申请表单填什么：路径 → 文字或 FEEL（need、supply） · what its form gets: words, or FEEL over need "
        "and supply",
    )


class MatchLate(MatchPart):
    """Who is late so often is talked with, and shut out of nothing."""

    times: int = Field(ge=2, le=20, description="几次 · how often")
    within: str = Field(default="30cd", description="多久以内 · within how long")
    opens: Id = Field(description="开出哪个事项的办件，由协调的人谈一谈 · the matter whose case it opens: for a talk")
    answers: dict[str, str] = Field(
        default={},
        description="申请表单填什么：路径 → 文字或 FEEL（late：迟到的那一边） · what its form gets: words, or FEEL "
        "over late, the side that was late",
    )

    @field_validator("within")
    @classmethod
    def _within(cls, text: str) -> str:
        return _span(text)


def _span(text: str) -> str:
    try:
        written.span(text)
    except Refused as refused:
        raise wrong(refused.zh, refused.en) from None
    return text


#: The notice by which people look for who did not arrive; of a story it stands among those of the case.
CALL = "match-call"
#: Who is told when nobody says that they arrived, in this order.
BOTH, KIN, POSTS = 1, 2, 3
#: What a message says of a need or supply (engine/commands/match_rows.py `facts_of`).
SAYS = (
    "number",
    "side",
    "state",
    "day",
    "starts_at",
    "until_at",
    "from",
    "from_name",
    "to",
    "to_name",
    "places",
)
#: What a match tells the case of a need or supply -> whether it surely comes in time.
HEARD = {"matched": False, "off": False, "unmatched": False, "arrive": False, "over": True}


def heard(matches: Iterable[Part]) -> dict[str, bool]:
    """The messages that matches tell to cases -> whether it surely comes in time."""
    found: dict[str, bool] = {}
    for match in matches:
        for key, surely in HEARD.items():
            name = getattr(getattr(match, key, None), "tells", "")
            if name:
                found[name] = found.get(name, False) or surely
    return found


class Match(MatchPart):
    """Needs and supplies that look for each other."""

    title: Words = Field(description="叫什么 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    summary: str = Field(default="", description="一两句话说明 · a sentence or two")
    summary_en: str = Field(default="", description="英文说明 · the same in English")
    supply: MatchSideOf = Field(description="供的一方 · the side that gives")
    need: MatchSideOf = Field(description="求的一方 · the side that wants")
    way: bool = Field(
        default=False,
        description="有路线：从哪里经过哪里到哪里，每一段各算位子；不写只有一个地点 · it goes from place to place, "
        "counted leg by leg; without it there is one place",
    )
    accept: Literal["giver", "auto"] = Field(
        default="giver",
        description="有人求时：giver 由供的一方同意；auto 有位子就配上 · a need asks: the giver answers, or at once",
    )
    until: str = Field(
        default="12h",
        description="开始前多久还没配上就告诉本人 · nobody found so long before it begins: they are told",
    )
    free_until: str = Field(
        default="2h", description="开始前多久算临时取消，另打电话 · a later cancellation is said to be late"
    )
    keep: str = Field(default="30cd", description="过后多久删去个人信息 · how long after it personal data are kept")
    fee: Literal["none"] | MatchShared = Field(
        default="none",
        description="none 不收费也不分摊；分摊成本的写 shared：怎样分摊，不能有盈利 · nothing is charged; or how "
        "cost is "
        "shared, without profit",
    )
    slip: MatchSlip | None = Field(default=None, description="双方同意以后的确认单 · the slip both have once agreed")
    matched: MatchTells | None = Field(
        default=None, description="配上了，告诉办件 · both have agreed: told to the case"
    )
    off: MatchTells | None = Field(
        default=None, description="配上以后对方取消了，告诉办件 · called off by the other side: told to the case"
    )
    unmatched: MatchUnmatched | None = Field(
        default=None, description="到时候没有配上，怎么办 · nobody found in time: what follows"
    )
    arrive: MatchArrival | None = Field(
        default=None,
        description="到了要说一声；没有人说的，先告诉双方，再告诉家人，再告诉岗位；不写不问 · who rides says that they "
        "arrived; without a word both are told, then the family, then the posts; without it nobody is asked",
    )
    charged: MatchCharged | None = Field(
        default=None,
        description="求的一方说供的一方要收钱：这一趟作罢，开出哪个事项的办件去核实；不写没有这个按钮 · the need says "
        "that the supply asks for money: that trip is off, and a case finds out",
    )
    late: MatchLate | None = Field(
        default=None,
        description="一方可以说对方迟到了；临时取消（free_until 以内）也算。满几次就开出哪个事项的办件；不写不记 · "
        "either side may say that the other was late; calling off within free_until counts too. So often opens a "
        "case; without it nothing is kept",
    )
    apart: bool = Field(
        default=False,
        description="任何一方可以说以后不再和对方一起：从此不再配，对方不知道 · either side may say: not again; the "
        "two are matched no more, and the other is not told",
    )
    over: MatchTells | None = Field(
        default=None,
        description="时间过了，或者本人取消了，告诉办件；一定会来 · over or called off: told to the case; this one "
        "surely comes",
    )
    posts: tuple[Id, ...] = Field(
        default=(), description="哪些岗位可以替人登记；不写是本单位的人都可以 · posts that enter for others; none: all"
    )

    @model_validator(mode="before")
    @classmethod
    def _off_is_a_word(cls, given: Any) -> Any:
        """YAML reads the key `off` as false: here it is a word."""
        if not isinstance(given, dict):
            return given
        return {"off" if key is False else key: value for key, value in given.items()}

    @field_validator("until", "free_until", "keep")
    @classmethod
    def _spans(cls, text: str) -> str:
        return _span(text)

    @property
    def costs(self) -> tuple[str, str]:
        """What is said of money, in both languages."""
        if isinstance(self.fee, MatchShared):
            return f"分摊成本：{self.fee.shared}", f"Cost is shared: {self.fee.shared_en}"
        return "不收费", "Free of charge"

    def opens(self, key: Literal["unmatched", "arrive", "charged", "late"]) -> str:
        """The matter of the case that it opens then; "" for none."""
        what: MatchUnmatched | MatchArrival | MatchCharged | MatchLate | None = getattr(self, key)
        return what.opens if what is not None else ""

    def why_opened(self, matter: str) -> str:
        """What opens a case of this matter: unmatched, arrive, charged, late; "" when nothing of it does."""
        keys: tuple[Literal["unmatched", "arrive", "charged", "late"], ...]
        keys = ("unmatched", "arrive", "charged", "late")
        return next((key for key in keys if self.opens(key) == matter), "")

    def of(self, side: str) -> MatchSideOf:
        """One of its two sides."""
        return self.supply if side == "supply" else self.need
