"""Offers (供给): anything with a capacity in time that people book (预订): a window, a room, a session, a volunteer
job, a meal, a place, a trip.

    offers:
      job:
        title: 志愿服务
        title_en: Volunteer job
        kind: job
        opened_by: case
        places: [{role: cut, title: 理发, capacity: 2}, {role: help, title: 帮手, capacity: 3}]
        taker: [person, team]
        who: {if: "=person.age >= 16", says: 满 16 周岁, says_en: 16 years of age}
        covered: {tells: need-covered}
        unclaimed: {after: 48h, tells: nobody-yet}

A booking is a row: it opens a case only where `each` names a matter. When it opens is said by `opens` (for each unit
of `at`), or by a case (`opened_by: case`, effect open-offer), or by the county's list of what can be booked. Values are
FEEL where they begin with `=`, over what engine/reads/knowing.py knows of a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from engine import booking
from engine.booking import written
from engine.errors import Refused
from engine.matters.nouns.keep import KEEP, Keep
from engine.matters.schema import Part, wrong
from engine.matters.taking_part import Id

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
#: A FEEL expression, with its sign.
Feel = Annotated[str, StringConstraints(pattern=r"^=.+$", max_length=500)]
Kind = Literal["window", "room", "time", "session", "job", "meal", "place", "trip", "loan"]
#: How who comes, or who fetches, is known: the code of the booking, its name, a leader's word, a hand-over.
How = Literal["qr", "code", "name", "leader", "hand-over"]


#: The part of a price that the person pays, and what they pay beside it to have it brought to their door.
SELF, DELIVERY = "self", "delivery"
#: What the answer of a booking is called by which somebody has it brought to their door.
DELIVERED = "delivered"

#: What the case that opened an offer hears: the key of the declaration -> whether it surely comes in time.
HEARD = {"covered": False, "left": False, "unclaimed": False, "over": True}


def _readable(reader: Any, value: Any) -> Any:
    """A value that a reader of engine.booking.written can read, or what it says of it."""
    try:
        reader(str(value))
    except Refused as refused:
        raise wrong(refused.zh, refused.en) from None
    return value


class OfferPart(Part):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class OfferNeed(OfferPart):
    """A condition, and how the button says it is not fulfilled."""

    if_: Feel = Field(alias="if", description="条件，FEEL · the condition, FEEL")
    says: Words = Field(description="要求是什么，不符合时说给本人 · what is asked, told to whoever does not fulfil it")
    says_en: str = Field(default="", description="英文 · the same in English")


class OfferPlace(OfferPart):
    """The places of one role."""

    role: Id = Field(description="角色的代码 · code of the role")
    title: Words = Field(description="叫什么：理发、帮手 · what it is called: 理发, 帮手")
    title_en: str = Field(default="", description="英文 · the same in English")
    capacity: int = Field(ge=1, le=10_000, description="几个名额 · how many places")
    who: OfferNeed | None = Field(default=None, description="谁可以报这个角色 · who may take this role")


class OfferTerm(OfferPart):
    """One term (学期)."""

    since: date = Field(description="从哪天起 · from this day")
    until: date = Field(description="到哪天为止 · until this day")


class OfferOpens(OfferPart):
    """When it opens, by itself."""

    weekly: tuple[str, ...] = Field(
        default=(),
        description="每周：mon-sat 11:00-12:30，可写几行 · every week, as mon-sat 11:00-12:30; several too",
    )
    dates: tuple[str, ...] = Field(
        default=(), description="列出的日子：2026-10-17 09:00-11:00 · listed days, as 2026-10-17 09:00-11:00"
    )
    lunar: tuple[str, ...] = Field(
        default=(),
        description="农历的日子（墟日）：逢三逢八 06:00-12:00 · days of the lunar month, market days",
    )
    terms: tuple[OfferTerm, ...] = Field(
        default=(), description="只在这些学期里开放 · weekly and lunar days only within these terms"
    )
    days: Literal["any", "working", "non_working"] = Field(
        default="any", description="只在工作日或只在休息日 · only on working days, or only on days off"
    )
    minutes: int | None = Field(
        default=None,
        ge=5,
        le=1440,
        description="一个时段几分钟；不写是整段 · how long one time is, in minutes; the whole opening without it",
    )

    @field_validator("weekly", "dates", "lunar", mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _times(self) -> OfferOpens:
        for reader, lines in ((written.weekly, self.weekly), (written.dated, self.dates), (written.lunar, self.lunar)):
            for line in lines:
                _readable(reader, line)
        if not (self.weekly or self.dates or self.lunar):
            raise wrong("weekly、dates、lunar 至少写一个。", "Write at least one of weekly, dates and lunar.")
        if any(term.until < term.since for term in self.terms):
            raise wrong("terms：结束要不早于开始。", "A term must not end before it begins.")
        return self


class OfferTells(OfferPart):
    """A message to the case that opened it."""

    tells: Words = Field(
        description="流程图里的消息，correlationKey 是供给的编号 · a message of the diagram; its "
        "correlation key is the offer's number"
    )
    names: bool = Field(
        default=False,
        description="带上谁来：people，每位 name、came_at、left_at；只有办件要写在文书上的才写 · with who comes: "
        "people, each name, came_at, left_at; only where a paper of the case must name them",
    )


class OfferUnclaimed(OfferTells):
    """A message when nobody, or not enough, came forward in time."""

    after: str = Field(default="48h", description="开放多久以后还没有报满 · so long after it opened, and not full yet")

    @field_validator("after")
    @classmethod
    def _after(cls, text: str) -> str:
        found: str = _readable(written.span, text)
        return found


class OfferChoice(OfferPart):
    """What is chosen with a booking: one thing of a register, such as a dish of the day's menu. The answer goes by the
    register's name; without one it is the first that fits."""

    register_: Id = Field(
        alias="register",
        description="从哪个台账里选（about: thing）；答案就用台账的名称 · the register of things to choose from; "
        "the answer goes by its name",
    )
    title: Words = Field(description="选什么：吃什么 · what is chosen: 吃什么")
    title_en: Words = Field(description="英文 · the same in English")
    when: Feel | Literal[""] = Field(
        default="",
        description="哪天有，FEEL 读 entry（台账的一条）和 offer · on which days there is one, FEEL over entry and "
        "offer",
    )
    fits: Feel | Literal[""] = Field(
        default="",
        description="这个人能不能选，FEEL 还读 person、register；不能的只说不能选，不说为什么 · whether this person "
        "may have it, FEEL over person and register too; who may not is told so, and never why",
    )
    first: Feel | Literal[""] = Field(
        default="", description="没有选的，先给哪一样，FEEL · which comes first for who chose nothing, FEEL"
    )


class OfferPrice(OfferPart):
    """What it costs, by a decision."""

    decision: Id = Field(description="决策的 id · id of the decision")
    inputs: dict[str, Feel] = Field(
        default={},
        alias="with",
        description="决策的输入 → FEEL；不写的取自表单的同名答案 · input → FEEL; else the form's answer of its name",
    )


class OfferSubsidy(OfferPart):
    """Who else pays a part of the price, for whom, and how much."""

    title: Words = Field(description="叫什么：县里补 · what it is called: 县里补")
    title_en: str = Field(default="", description="英文 · the same in English")
    register_: Id | Literal[""] = Field(
        default="",
        alias="register",
        description="给谁：那天在这个台账里在册、没过期的人；不写是每个人 · for whom: whoever has an entry of this "
        "register that holds on that day; everybody without it",
    )
    if_: Feel | Literal[""] = Field(
        default="", alias="if", description="还要符合什么，FEEL · a further condition, FEEL"
    )
    pays: Feel | Literal[""] = Field(
        default="",
        description="补几元，FEEL，可读 price（全价）；最多补到本人付 0 · how many yuan, FEEL over price too; never "
        "more than the person pays",
    )
    share: int = Field(default=0, ge=0, le=100, description="补本人那份的百分之几 · percent of the person's own part")
    payer: Literal["county", "town", "village", "unit"] = Field(
        default="county",
        description="谁出：县、本人的镇、本人的村、开办的单位 · who pays: the county, the person's town or village, "
        "the unit that offers it",
    )

    @model_validator(mode="after")
    def _one_way(self) -> OfferSubsidy:
        if self.pays and self.share:
            raise wrong("pays 和 share 只写一个。", "Write pays or share, not both.")
        return self


class OfferRelease(OfferPart):
    """How late a place may be given back, and when it is given to others."""

    free_until: str = Field(
        default="", description="开始前多久还可以自己退：2h；不写用默认 · until how long before people may cancel: 2h"
    )
    no_show: str = Field(
        default="",
        description="开始后多久没签到就让出：30min · lost when nobody checked in so long after the start",
    )

    @field_validator("free_until", "no_show")
    @classmethod
    def _span(cls, text: str) -> str:
        return str(_readable(written.span, text)) if text else text


class OfferOpened(OfferPart):
    """A case that is opened for the exception alone, and what its application form gets."""

    opens: str = Field(default="", description="开出哪个事项的办件 · the matter whose case it opens")
    answers: dict[str, str] = Field(
        default={},
        description="申请表单填什么：路径 → 文字或 FEEL（person、offer、booking） · what its form gets: words or FEEL",
    )

    @model_validator(mode="after")
    def _for_a_case(self) -> OfferOpened:
        if self.answers and not self.opens:
            raise wrong(
                "写了 answers，还要写 opens：开出哪个事项。", "answers needs `opens`: the matter whose form it is."
            )
        return self


class OfferMissed(OfferOpened):
    """What follows when nobody came: a case only for the exception."""

    at: str = Field(
        default="",
        description="几点还没有来：13:00；不写是结束时 · not there at this time: 13:00; at the end without it",
    )

    @field_validator("at")
    @classmethod
    def _at(cls, text: str) -> str:
        return str(_readable(written.clock, text)) if text else text


class OfferLeftAt(OfferOpened):
    """What is done when somebody is still there at this time."""

    call: bool = Field(
        default=False, description="通知预订的人和本单位 · who booked is told, and the unit that has to telephone"
    )


class OfferNoted(OfferPart):
    """One thing that is noted at the door of each who comes or leaves: a temperature, why a child was let go."""

    title: Words = Field(description="记什么 · what is noted")
    title_en: Words = Field(description="英文 · the same in English")
    kind: Literal["text", "number", "choice"] = Field(default="text", description="填什么 · what it holds")
    options: dict[str, Words] = Field(default={}, description="选项：值 → 文字 · of a choice: value → words")
    required: bool = Field(default=True, description="必填 · whether it must be there")
    least: float | None = Field(default=None, description="数字最小 · of a number: the least that is taken")
    most: float | None = Field(default=None, description="数字最大 · of a number: the most that is taken")
    says: str = Field(
        default="", description="不到最小、超过最大时怎么办 · what to do when a number is below or above that"
    )
    says_en: str = Field(default="", description="英文 · the same in English")

    @model_validator(mode="after")
    def _fits(self) -> OfferNoted:
        if (self.kind == "choice") != bool(self.options):
            raise wrong("kind: choice 要写 options，其他 kind 不写。", "A choice has options; no other kind has.")
        bounds = self.least is not None or self.most is not None
        if bounds != bool(self.says and self.says_en) or (bounds and self.kind != "number"):
            raise wrong(
                "数字写了 least、most 的，要写 says、says_en：不在里面的怎么办；别的不写。",
                "A number with least or most says what to do outside them (says, says_en); nothing else does.",
            )
        return self

    def read(self, text: str) -> tuple[Any, str, str]:
        """(value, why not, the same in English) of what was typed; None and no reason for nothing that may be empty."""
        text = text.strip()[:200]
        if not text:
            return None, *(("请填写。", "This is required.") if self.required else ("", ""))
        if self.kind == "choice":
            known = "、".join(self.options.values())
            return (text, "", "") if text in self.options else (None, f"请选：{known}。", f"Choose one of: {known}.")
        if self.kind == "text":
            return text, "", ""
        try:
            value = float(text)
        except ValueError:
            return None, f"“{text}”不是数字。", f"Expected a number, but got {text!r}."
        outside = (self.least is not None and value < self.least) or (self.most is not None and value > self.most)
        return (None, self.says, self.says_en) if outside or value != value else (value, "", "")

    def said(self, value: Any) -> str:
        """The value in words."""
        return self.options.get(str(value), f"{value:g}" if isinstance(value, float) else str(value))


class OfferDoor(OfferPart):
    """What is noted of each who comes and leaves, and the slip that is made when they have left."""

    came: dict[Id, OfferNoted] = Field(default={}, description="来的时候另记什么 · noted of who comes")
    left: dict[Id, OfferNoted] = Field(default={}, description="走的时候另记什么 · noted of who leaves")
    paper: Id | Literal[""] = Field(
        default="",
        description="走了就出的单子，一人一次一张，本人和替他订的人看 · the paper that is made when somebody has left, "
        "one each time, for them and whoever books for them",
    )


class OfferDelivered(OfferPart):
    """What is booked may be brought to the door (送上门): who may have that, where to, by whom, and what follows when
    nobody opens. It is handed over in person: what is left at a door is not delivered."""

    title: Words = Field(
        default="送到家里", description="表单里那一项叫什么 · what the answer is called in the form: 送到家里"
    )
    title_en: Words = Field(default="Bring it to my door", description="英文 · the same in English")
    by: Id = Field(
        description="谁送：同一天报了这个供给的人；它的每个角色是一条路线 · who brings it: whoever has a place of this "
        "offer on that day; each of its roles is a round"
    )
    round: Feel = Field(description="走哪条路线，FEEL，值是那个角色 · which round, FEEL: one of those roles")
    door: Feel = Field(
        description="送到哪里，FEEL；只给当天签到出发、还没有签退的人看 · where to, FEEL; read by whoever brings it on "
        "that day, from check-in to check-out"
    )
    who: OfferNeed | None = Field(default=None, description="谁可以要求送 · who may have it brought")
    fee: OfferPrice | None = Field(
        default=None, description="另付多少，决策 · what that costs beside the price, by a decision"
    )
    nobody: OfferOpened = Field(
        default=OfferOpened(),
        description="没有人开门，马上开出哪个办件 · nobody opens: the case that is opened at once",
    )

    @field_validator("fee", mode="before")
    @classmethod
    def _decision(cls, given: Any) -> Any:
        return {"decision": given} if isinstance(given, str) else given


class OfferHours(OfferPart):
    """Where attended hours are entered when somebody checks out."""

    register_: Id = Field(alias="register", description="记入哪个台账 · the register they are entered into")
    facts: dict[Id, Feel] = Field(
        alias="with",
        description="台账的各项 → FEEL（attended.minutes、attended.day、person、offer） · its fields → FEEL",
    )
    a_day: str = Field(
        default="",
        description="一个人一天最多记多久，几处加起来算：8h；多的不记；不写没有上限 · how much counts of a person's "
        "day at most, of all such offers together: 8h; what is more does not count; without it there is no limit",
    )
    proof: Id | Literal[""] = Field(
        default="",
        description="哪个事项出证明：时长的页面有一个按钮 · the matter that issues a paper of them: a button",
    )

    @field_validator("a_day")
    @classmethod
    def _a_day(cls, text: str) -> str:
        return str(_readable(written.span, text)) and text if text else text

    @property
    def most(self) -> int | None:
        """The minutes of a day that count at most; None: all."""
        return int(written.span(self.a_day) // timedelta(minutes=1)) if self.a_day else None


class Offer(OfferPart):
    """Something with a capacity in time that people book."""

    title: Words = Field(description="叫什么 · what it is called")
    title_en: Words = Field(description="英文 · the same in English")
    summary: str = Field(default="", description="一两句话说明 · a sentence or two")
    summary_en: str = Field(default="", description="英文说明 · the same in English")
    kind: Kind = Field(description="是哪一种：窗口、房间、人的时间、场次、志愿岗、餐、名额、行程、借阅 · what it is")
    of: Id | Literal[""] = Field(
        default="",
        description="kind: time 的，是哪个台账里的人的时间，凭账号一人一份 · of kind time: the register whose people's "
        "time it is, one each, by their account",
    )
    at: tuple[str, ...] = Field(
        default=(),
        description="哪些单位有：单位的种类（village、town …）或代码；不写是县的资源清单里的，或由办件开放 · "
        "which units have it: kinds of units or codes; without it those of the county's list, or what cases open",
    )
    opens: OfferOpens | None = Field(default=None, description="什么时候开放 · when it opens")
    opened_by: Literal["", "case"] = Field(
        default="", description="case 是由办件的“开放供给”开放 · case: opened by open-offer of a case"
    )
    places: int | Feel | tuple[OfferPlace, ...] = Field(
        default=1,
        description="名额：一个数；FEEL（读办件的内容）；或按角色列出 · a number, FEEL over the case, or by role",
    )
    staff: int = Field(default=0, ge=0, le=1000, description="另有几个只由工作人员给的 · places only staff may give")
    taker: tuple[Literal["person", "team"], ...] = Field(
        default=("person",), description="个人报、团队报 · taken by a person, by a team"
    )
    members: tuple[Literal["bond", "named"], ...] = Field(
        default=("bond",),
        description="团队的队员从哪里来：bond 只从队长自己的队员里选（关系 leader）；[bond, named] 也可以写姓名、电话"
        " · where a team's members come from: bond, those who let its leader (the bond `leader`) put them down; "
        "[bond, named], also by name and telephone",
    )
    who: OfferNeed | None = Field(default=None, description="谁可以预订 · who may book it")
    needs: dict[Id, OfferNeed] = Field(
        default={}, description="还要有什么；没有的，按钮上说明原因 · what else is needed; the button says why not"
    )
    ask: Id | Literal[""] = Field(default="", description="预订时填的表单 · the form that is filled in when booking")
    choice: OfferChoice | None = Field(
        default=None,
        description="订的时候从台账里选一样：当天的菜 · one thing of a register is chosen with it: a dish of the day",
    )
    price: OfferPrice | None = Field(
        default=None, description="价钱：预订前给本人看，随预订保存 · its price: shown before, kept with the booking"
    )
    subsidy: dict[Id, OfferSubsidy] = Field(
        default={},
        description="谁付价钱的哪一份：名称 → 给谁、补多少；名称是决策的输出时就补那个数 · who pays which part: name → "
        "for whom and how much; an output of the decision by that name is the amount",
    )
    cut_off: str = Field(
        default="",
        description="截止：16:00 the day before、16:00 3 days before、09:00 the same day、2h · until when one may book",
    )
    policy: dict[str, Any] = Field(
        default={}, description="自己的预约规则，名称见 engine/booking/data/policy.yaml · its own numbers of the policy"
    )
    waiting: bool = Field(default=True, description="满了可以候补 · whether there is a waiting list")
    first: Feel | Literal[""] = Field(
        default="",
        description="候补里谁在前：条件成立的先得空位，同样的按先后；读的和 who 一样 · who of those that wait is "
        "offered a place first; among equals whoever came first. It reads what `who` reads",
    )
    each: Id | Literal[""] = Field(
        default="",
        description="每个预订开出哪个事项的办件，事项要征得同意的，订的时候问；不写就只是一行"
        " · each booking opens a case of this matter, and asks for its consent",
    )
    parent: Id | Literal[""] = Field(
        default="",
        description="属于哪个活动的场次（都由办件开放）：活动改期、取消，场次跟着 · the offer it is a session of, both "
        "opened by a case: they move and end with it",
    )
    covered: OfferTells | None = Field(default=None, description="报满了，告诉办件 · every place is taken")
    left: OfferTells | None = Field(default=None, description="报满后有人退出，告诉办件 · somebody left after that")
    unclaimed: OfferUnclaimed | None = Field(default=None, description="到时没有报满，告诉办件 · not full in time")
    over: OfferTells | None = Field(default=None, description="结束了，告诉办件 · its time is over")
    standing: bool | Literal["term"] = Field(
        default=False, description="可以按周几长期预订；term 是整个学期 · standing orders by weekday; term: for a term"
    )
    check_in: tuple[How, ...] = Field(default=(), description="怎样签到 · how people check in")
    check_out: tuple[How, ...] = Field(default=(), description="怎样签退 · how people check out")
    delivered: OfferDelivered | None = Field(
        default=None,
        description="可以送上门：谁可以、送到哪里、谁送、没人开门怎么办 · it may be brought to the door: who may have "
        "that, where to, by whom, and when nobody opens",
    )
    door: OfferDoor | None = Field(
        default=None,
        description="门口另记什么，走了出哪张单 · what is noted at the door, and the slip for who has left",
    )
    hours: bool | OfferHours = Field(
        default=False,
        description="记服务时长，签到到签退，不含路上；或写记入哪个台账 · hours are kept, in a register too",
    )
    release: OfferRelease = Field(default=OfferRelease(), description="退出和让出 · giving a place back, losing it")
    keep: Keep | None = KEEP
    address_for: str = Field(
        default="",
        description="过后多久订了的人还看得到详细地点：7cd；办件开放时给了 address 的都要写 · for how long after it "
        "whoever booked still reads where exactly it was; needed where the case that opens it gives an `address`",
    )
    missed: OfferMissed | None = Field(default=None, description="没有来，怎么办 · when nobody came")
    left_at: dict[str, OfferLeftAt] = Field(
        default={}, description="几点还在：时间 → 怎么办 · still there at this time → what is done"
    )

    @field_validator("at", mode="before")
    @classmethod
    def _one(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("address_for")
    @classmethod
    def _address_for(cls, text: str) -> str:
        if text:
            _readable(written.span, text)
        return text

    @field_validator("price", mode="before")
    @classmethod
    def _decision(cls, given: Any) -> Any:
        return {"decision": given} if isinstance(given, str) else given

    @field_validator("places")
    @classmethod
    def _places(cls, places: Any) -> Any:
        if isinstance(places, int) and not 0 <= places <= 10_000:
            raise wrong("名额应为 0 到 10000。", "Places are 0 to 10000.")
        if isinstance(places, tuple):
            roles = [one.role for one in places]
            if not roles or len(set(roles)) != len(roles):
                raise wrong("每个角色写一次，至少一个。", "Write each role once, and at least one.")
        return places

    @field_validator("left_at")
    @classmethod
    def _left_at(cls, times: dict[str, OfferLeftAt]) -> dict[str, OfferLeftAt]:
        return {str(_readable(written.clock, at)): what for at, what in times.items()}

    @field_validator("cut_off")
    @classmethod
    def _cut(cls, text: str) -> str:
        return str(_readable(written.CutOff.read, text)) if text else text

    @field_validator("policy")
    @classmethod
    def _policy(cls, numbers: dict[str, Any]) -> dict[str, Any]:
        try:
            booking.load_policy(numbers)
        except (Refused, TypeError, ValueError) as error:
            zh, en = (error.zh, error.en) if isinstance(error, Refused) else (str(error), str(error))
            raise wrong(zh, en) from None
        return numbers

    @model_validator(mode="after")
    def _whole(self) -> Offer:
        if (self.kind == "time") != bool(self.of):
            raise wrong(
                "kind: time 要写 of（哪个台账里的人），其他的不写。",
                "What is of kind time says whose (of: a register); nothing else does.",
            )
        if self.places == 0 and not self.staff:
            raise wrong(
                "places: 0 是不对外、只由工作人员订的，要写 staff：几个。",
                "places: 0 is only booked by staff: write how many under `staff`.",
            )
        if self.opened_by and self.opens is not None:
            raise wrong(
                "opened_by: case 的由办件说时间，不写 opens。",
                "A case says when it opens: write opens or opened_by, not both.",
            )
        if self.opens is not None and isinstance(self.places, str):
            raise wrong(
                "places 写 FEEL 的由办件开放（opened_by: case）；自己开放的写一个数或按角色列出。",
                "Places in FEEL are read from a case (opened_by: case); what opens by itself has a number or roles.",
            )
        if self.opened_by and self.each:
            raise wrong(
                "办件开放的（opened_by: case），预订只是一行，不写 each。",
                "What a case opened has bookings that are rows: write opened_by or each, not both.",
            )
        if self.each and (self.roles() or "team" in self.taker):
            raise wrong(
                "each 的每个预订是一个人一个名额、一个办件：places 写一个数，taker 写 person。",
                "With each, a booking is one person, one place and one case: places is a number, taker is person.",
            )
        if self.choice is not None and (self.each or self.opened_by or "team" in self.taker):
            raise wrong(
                "choice 是一个人的一份，自己开放的才选：不写 each、opened_by，taker 写 person。",
                "choice is of one person's place in what opens by itself: no each, no opened_by, taker is person.",
            )
        if self.members != ("bond",) and "team" not in self.taker:
            raise wrong(
                "members 说团队的队员从哪里来，taker 要写 team。",
                "members says where a team's members come from: write team in taker.",
            )
        if not self.opened_by and (self.covered or self.left or self.unclaimed or self.over):
            raise wrong(
                "covered、left、unclaimed、over 是告诉开放它的办件的，要写 opened_by: case。",
                "covered, left, unclaimed and over are told to the case that opened it: write opened_by: case.",
            )
        if self.parent and not self.opened_by:
            raise wrong(
                "场次（parent）跟着办件开放的活动走，要写 opened_by: case。",
                "A session (parent) goes with an event that a case opened: write opened_by: case.",
            )
        if self.subsidy and self.price is None:
            raise wrong(
                "写了 subsidy，还要写 price：补的是价钱的一份。", "subsidy pays a part of the price: write price."
            )
        if {SELF, DELIVERY, "pays"} & set(self.subsidy):
            raise wrong(
                "subsidy 的名称不能是 self、pays、delivery：那是本人付的。",
                "self, pays and delivery are what the person pays: another name.",
            )
        if self.delivered is not None and (self.each or self.opened_by or "team" in self.taker or not self.check_in):
            raise wrong(
                "delivered 是一个人的一份、自己开放的才送：不写 each、opened_by，taker 写 person，要写 check_in。",
                "delivered is of one person's place in what opens by itself: no each, no opened_by, taker is person, "
                "and check_in is there.",
            )
        if self.delivered is not None and self.delivered.fee is not None and self.price is None:
            raise wrong("delivered 写了 fee，还要写 price。", "delivered has a fee: write price too.")
        return self

    @field_validator("members", mode="before")
    @classmethod
    def _one_or_both(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _around(self) -> Offer:
        """What happens around a booking is asked of bookings that are rows, and each thing needs the one before it."""
        if self.standing and (self.opens is None or self.each):
            raise wrong(
                "standing：长期预订的要自己开放（opens），预订只是一行（不写 each）。",
                "standing: what is ordered for many days opens by itself (opens), and its bookings are rows (no each).",
            )
        if self.standing == "term" and self.opens is not None and not self.opens.terms:
            raise wrong("standing: term 要在 opens 里写 terms。", "standing: term needs the terms, under opens.")
        around = (self.check_out, self.hours, self.missed, self.left_at, self.release.no_show)
        if self.each and any(around):
            raise wrong(
                "写了 each，到场以后由那个办件管：不写 check_out、hours、missed、left_at、release.no_show。",
                "With `each` the case says what follows: no check_out, hours, missed, left_at, release.no_show.",
            )
        if (self.missed or self.check_out or self.release.no_show) and not self.check_in:
            raise wrong(
                "missed、check_out、release.no_show 要知道谁来了：写 check_in。",
                "missed, check_out and release.no_show have to know who came: write check_in.",
            )
        if self.door is not None and not (self.check_in and self.check_out):
            raise wrong(
                "door 是门口记的，要写 check_in 和 check_out。",
                "door is noted at a door: write check_in and check_out.",
            )
        if (self.hours or self.left_at) and not self.check_out:
            raise wrong(
                "hours、left_at 要知道谁走了：写 check_out。",
                "hours and left_at have to know who has left: write check_out.",
            )
        return self

    def numbers(self) -> dict[str, Any]:
        """Its own numbers over the default policy. What has a cut-off needs no day between."""
        found: dict[str, Any] = {"book_from_days": 0} if self.cut_off or not self.each else {}
        if self.release.free_until:
            hours = written.span(self.release.free_until) / timedelta(hours=1)
            found["cancel_hours"] = int(hours) if hours == int(hours) else hours
        return found | dict(self.policy)

    @property
    def asks(self) -> bool:
        """Whether a booking has to fulfil anything beside the rules of booking."""
        return bool(self.answered or self.who or self.needs or self.price or self.cut_off)

    @property
    def answered(self) -> bool:
        """Whether anything is answered when it is booked."""
        return bool(self.ask or self.choice or self.delivered)

    def roles(self) -> tuple[OfferPlace, ...]:
        """Its places by role, when they are declared so."""
        return self.places if isinstance(self.places, tuple) else ()


def naming(offers: Iterable[Part]) -> set[str]:
    """Those of the messages that say who comes."""
    said = (getattr(offer, key, None) for offer in offers for key in HEARD)
    return {one.tells for one in said if one is not None and one.names}


def heard(offers: Iterable[Part]) -> dict[str, bool]:
    """The messages that offers tell to the cases that opened them -> whether it surely comes in time."""
    found: dict[str, bool] = {}
    for offer in offers:
        for key, surely in HEARD.items():
            said = getattr(offer, key, None)
            if said is not None:
                found[said.tells] = found.get(said.tells, False) or surely
    return found
