"""stories.yaml: what an example case may say. The models are the check and the reference; who plays them is
elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import isodate
from pydantic import Field, ValidationError, field_validator, model_validator

from engine.findings import Finding, meant
from engine.matters import schema
from engine.matters.lines import Text
from engine.matters.nouns.bonds import LEADER
from engine.matters.schema import Part, wrong

Row = TypeVar("Row", bound=Part)

#: A step is one of these; the other keys belong to it.
VERBS = {
    "task": {"answers", "by", "due", "error", "refused", "says", "item", "open"},
    "message": {"key", "variables", "open"},
    "answer": {"variables", "error", "open"},
    "return": {"to", "open"},
    "extend": {"refused", "open"},
    "vote": {"body", "open"},
    "review": {"refuse", "open"},
    "object": {"board", "open"},
    "handed": {"outcome", "note", "photos", "refused", "open"},
    "trouble": {"thing", "note", "open"},
    "shut": {"open"},
    "follow": {"open"},
    "book": {"open"},
    "cancel": {"open"},
    "arrive": {"open"},
    "leave": {"open"},
    "bring": {"open"},
    "supply": {"open"},
    "need": {"open"},
    "ask": {"open"},
    "agree": {"open"},
    "decline": {"open"},
    "absent": {"open"},
    "apart": {"open"},
    "rejoin": {"open"},
    "charged": {"open"},
    "late": {"open"},
    "lend": {"open"},
    "take_back": {"open"},
    "renew": {"open"},
    "reserve": {"open"},
    "recall": {"open"},
    "lose": {"open"},
    "wait": {"open"},
    "at": {"open"},
    "open": set[str](),
}


class CancelText(Part):
    """Somebody gives back what they booked; or (match) calls off what they said, or what was matched (pair)."""

    offer: str = Field(default="", description="offers 里的名称 · the name in offers")
    match: str = Field(default="", description="或者 matches 里的名称 · or the name in matches")
    pair: bool = Field(
        default=False, description="只取消配上的，需求再等别人 · only what was matched: the need is open again"
    )
    who: str = Field(min_length=1, description="谁 · who")
    for_: str = Field(
        default="",
        alias="for",
        description="替谁：bonds 里让他办的那个人 · for whom: one of bonds who lets them",
    )
    time: datetime | date | str | None = Field(default=None, description="哪一次；不写是最近的 · of which time")
    error: str | None = Field(default=None, description="应当退不了：REFUSED · must fail: REFUSED")

    @field_validator("time")
    @classmethod
    def _time(cls, at: datetime | date | str | None) -> datetime | date | str | None:
        return moment(at)

    @model_validator(mode="after")
    def _one_of_both(self) -> CancelText:
        if bool(self.offer) == bool(self.match):
            raise wrong("要写 offer 或 match 中的一个。", "Write either offer or match.")
        if self.for_ and self.match:
            raise wrong(
                "取消撮合不写 for：谁登记的谁取消。", "for goes with an offer: a match is called off by who said it."
            )
        return self


class PersonOfStory(Part):
    """Who does a step; whom the story names first signs up at that moment."""

    who: str = Field(min_length=1, description="谁 · who")
    born: date | None = Field(default=None, description="哪天出生；不写是成年人 · date of birth; an adult without it")
    error: str | None = Field(
        default=None, description="应当不行：FULL、TAKEN、REFUSED · must fail: FULL, TAKEN or REFUSED"
    )


class SideOfMatchText(PersonOfStory):
    """Somebody says a need, or offers a supply."""

    match: str = Field(min_length=1, description="matches 里的名称 · the name in matches")
    from_: str = Field(alias="from", min_length=1, description="从哪里（地方代码） · from where, a code of a place")
    via: list[str] = Field(default=[], description="经过哪里 · by way of")
    to: str = Field(default="", description="到哪里 · to where")
    starts_at: datetime | date | str = Field(description="最早什么时候 · not before this")
    until_at: datetime | date | str | None = Field(
        default=None, description="最晚什么时候；不写是一小时后 · not after this; an hour later without it"
    )
    answers: dict[str, Any] = Field(default={}, description="表单填什么 · what its form gets")
    counter: bool = Field(default=False, description="窗口替他登记 · entered for them at the counter")
    for_: str = Field(
        default="",
        alias="for",
        description="need：替谁，bonds 里让他办的那个人 · of a need: for whom, one of bonds who lets them",
    )

    @field_validator("starts_at", "until_at")
    @classmethod
    def _moments(cls, at: datetime | date | str | None) -> datetime | date | str | None:
        return moment(at)


class PairText(PersonOfStory):
    """Somebody asks another, says yes or no to them, or says that they did not come. Of each the newest counts."""

    match: str = Field(min_length=1, description="matches 里的名称 · the name in matches")
    other: str = Field(min_length=1, description="对方是谁 · who the other is")


class LoanText(PersonOfStory):
    """A copy, or a title, and who it is about."""

    loans: str = Field(min_length=1, description="loans 里的名称 · the name in loans")
    copy_: str = Field(default="", alias="copy", description="条码 · what is on the copy")
    title: str = Field(default="", description="预约：哪一种 · reserve: by which value")
    who: str = Field(default="", description="谁；还书不用写 · who; not for what is taken back")
    for_: str = Field(
        default="",
        alias="for",
        description="reserve：替谁，bonds 里让他办的那个人 · of reserve: for whom, one of bonds who lets them",
    )


class BookText(CancelText):
    """Somebody books a time of an offer."""

    born: date | None = Field(default=None, description="哪天出生；不写是成年人 · date of birth; an adult without it")
    role: str = Field(default="", description="角色 · the role")
    team: str = Field(default="", description="团队的名称 · the team's name")
    members: dict[str, list[str]] = Field(default={}, description="队员：角色 → 姓名 · its members: role → names")
    answers: dict[str, Any] = Field(default={}, description="表单填什么 · what its form gets")
    error: str | None = Field(
        default=None, description="应当订不上：FULL 满了，REFUSED 不符合或已截止 · must fail: FULL or REFUSED"
    )
    waits: bool = Field(default=False, description="满了就候补（同 error: FULL） · with error FULL: then they wait")
    offered: bool = Field(
        default=False, description="候补轮到了，要下给他留的位子 · takes the place that was kept for who waited"
    )


class BookedText(BookText):
    """A booking that was made, and over, before the story begins."""

    time: datetime | date | str = Field(description="哪一次 · of which time")
    cancelled: bool = Field(default=False, description="提前退了；不写是来了 · given back in time; else they came")
    coming: bool = Field(default=False, description="订了，还没有到时候 · booked, and still to come")

    @field_validator("time")
    @classmethod
    def _when(cls, at: datetime | date | str) -> datetime | date | str | None:
        return moment(at)


class ArriveText(PersonOfStory):
    """Whoever booked has come, as at the door; or (match) who rides with another says that they arrived."""

    offer: str = Field(default="", description="offers 里的名称 · the name in offers")
    match: str = Field(default="", description="或者 matches 里的名称 · or the name in matches")
    other: str = Field(default="", description="撮合：对方是谁 · of a match: who the other is")

    @model_validator(mode="after")
    def _one_of_both(self) -> ArriveText:
        if bool(self.offer) == bool(self.match) or bool(self.match) != bool(self.other):
            raise wrong("要写 offer，或者 match 和 other。", "Write either offer, or match and other.")
        return self


class BringText(Part):
    """What somebody booked is brought to their door: handed over, or nobody opens."""

    offer: str = Field(min_length=1, description="offers 里的名称 · the name in offers")
    who: str = Field(min_length=1, description="谁订的 · whose it is")
    by: str = Field(min_length=1, description="谁送：报了那条路线、签到了的人 · who brings it, signed in on its round")
    to: str = Field(default="", description="当面交给了谁 · who took it")
    nobody: bool = Field(default=False, description="没有人开门 · nobody opens")
    words: str = Field(default="", description="没有人开门时看到什么 · what was seen where nobody opened")
    error: Literal["REFUSED"] | None = Field(
        default=None, description="应当不行：不在他的路线上、没有签到、没写谁收的 · must fail"
    )


class AttendText(Part):
    """Whoever booked has come, or goes: as at the door, now."""

    offer: str = Field(min_length=1, description="offers 里的名称 · the name in offers")
    who: str = Field(min_length=1, description="谁 · who")


class StepText(Part):
    """One step of a story: exactly one of its verbs (VERBS)."""

    task: str | None = Field(default=None, description="完成这个打开着的用户任务 · complete this open user task")
    answers: dict[str, Any] = Field(default={}, description="任务表单填什么 · what its form gets")
    by: Literal["agent"] | None = Field(
        default=None,
        description="由谁办：agent 是凭委托代办的人；不写是轮到的人 · who does it: the agent, by the mandate (also one "
        "that has ended); without it whose turn it is",
    )
    due: datetime | date | str | None = Field(
        default=None, description="这一步的期限应是哪天 · until when the step must be due"
    )
    refused: list[str] | None = Field(default=None, description="表单必须拒绝的字段 · the fields the form must refuse")
    wait: str | None = Field(
        default=None, description="过多久，如 P15D；到时的定时器照走 · time goes by, such as P15D; timers fire"
    )
    at: datetime | date | str | None = Field(default=None, description="时间走到这一刻 · time goes on until then")
    message: str | None = Field(default=None, description="送到一个消息 · this message arrives")
    key: str | int | None = Field(default=None, description="消息的关联键 · its correlation key")
    variables: dict[str, Any] = Field(
        default={}, description="消息或结果带来的内容 · what the message or answer brings"
    )
    answer: str | None = Field(default=None, description="等结果的服务任务得到结果 · an awaited effect is answered")
    error: str | None = Field(
        default=None,
        description="结果是这个错误代码；task 写 REFUSED：这个人办不了 · it is answered by this error code; of a task "
        "REFUSED: whoever it is may not do it",
    )
    return_: str | None = Field(default=None, alias="return", description="从这个任务退回 · send back from this task")
    to: str | None = Field(default=None, description="退回到哪个任务 · to which task")
    extend: str | None = Field(
        default=None,
        description="有权的人批准延期，理由是；refused: [] 是已经不能再延 · whoever may extends the limit, for this "
        "reason; with refused: [] it may not be extended any more",
    )
    review: str | None = Field(default=None, description="审核这个公开栏上等着的内容 · review what waits on this board")
    refuse: str | None = Field(default=None, description="审核不通过，理由是 · refuse it, for this reason")
    object: str | None = Field(
        default=None, description="一个群众对公开的内容这样说 · a resident says this about what is published"
    )
    board: str | None = Field(
        default=None, description="对哪个公开栏说；只有一个就不用写 · on which board; the only one without it"
    )
    handed: str | None = Field(
        default=None,
        description="这件交接（handovers 的名称）现在的一环交了 · the open link of this hand-over ends",
    )
    outcome: Literal["done", "different", "refused"] = Field(
        default="done", description="交了、有出入也收了、不收 · taken, taken though different, or not"
    )
    note: str = Field(default="", description="交接或出事的说明 · what is said of it")
    photos: list[str] = Field(default=[], description="照片的文件名 · names of photos")
    trouble: Literal["lost", "damaged"] | None = Field(
        default=None, description="拿着东西的人说丢了、坏了 · whoever has the thing says that it is lost or damaged"
    )
    thing: str = Field(default="", description="是哪件交接 · of which hand-over")
    shut: str | None = Field(
        default=None,
        description="people 里的这个人打不开这个件，也办不了它的任务 · "
        "this one of people neither opens the case nor takes a task of it",
    )
    follow: int | None = Field(
        default=None,
        ge=1,
        description="往下走“逐条办理”开出的第几件 · the story goes on with the n-th case that a for-each of it opened",
    )
    book: BookText | None = Field(default=None, description="有人预订（报名） · somebody books")
    cancel: CancelText | None = Field(default=None, description="有人取消预订 · somebody cancels")
    arrive: ArriveText | None = Field(
        default=None,
        description="订了的人来了，签到；撮合的说到了 · whoever booked checks in; of a match: says that they arrived",
    )
    leave: AttendText | None = Field(default=None, description="来了的人走了，签退 · whoever came checks out")
    bring: BringText | None = Field(
        default=None,
        description="订的送到了门口：当面交给了谁，或者没有人开门 · what was booked is brought to the door: handed "
        "over, or nobody opens",
    )
    supply: SideOfMatchText | None = Field(default=None, description="有人提供（撮合） · somebody offers a supply")
    need: SideOfMatchText | None = Field(default=None, description="有人提出需求（撮合） · somebody says a need")
    ask: PairText | None = Field(default=None, description="问对方（撮合） · one side asks the other")
    agree: PairText | None = Field(default=None, description="同意对方（撮合） · says yes to the other")
    decline: PairText | None = Field(default=None, description="不同意（撮合） · says no to the other")
    absent: PairText | None = Field(default=None, description="说对方没有来（撮合） · says that the other did not come")
    apart: PairText | None = Field(
        default=None, description="说以后不再和对方一起（撮合） · says: not again with the other"
    )
    rejoin: PairText | None = Field(
        default=None, description="改了主意，又可以配（撮合） · takes back that they said so"
    )
    charged: PairText | None = Field(
        default=None, description="说对方要收钱（撮合） · says that the other asks for money"
    )
    late: PairText | None = Field(default=None, description="说对方迟到了（撮合） · says that the other was late")
    lend: LoanText | None = Field(default=None, description="借出 · a copy is lent")
    take_back: LoanText | None = Field(default=None, description="还回 · a copy is back")
    renew: LoanText | None = Field(default=None, description="续借 · a loan is renewed")
    reserve: LoanText | None = Field(default=None, description="预约 · a title is reserved")
    recall: LoanText | None = Field(default=None, description="催还 · a copy is asked for")
    lose: LoanText | None = Field(default=None, description="登记遗失 · a copy is said to be lost")
    open: list[str] | None = Field(
        default=None, description="此刻打开着的任务，不多不少 · these tasks are open now, no others"
    )
    vote: dict[str, int] | None = Field(
        default=None,
        description="名册上还没投的人投票：选项 → 几个人，如 {yes: 6, no: 1}；列出选项的写 o1、o2，一人选几项写 o1+o2"
        " · people of the roll who have not voted do: choice → how many, such as {yes: 6, no: 1}; of options o1, o2, "
        "or o1+o2 by who chooses both",
    )
    body: str = Field(
        default="", description="投票的是哪个村（代码） · of a vote: in which village, by its code; else in any"
    )
    says: str = Field(default="", description="给读者的话 · a word for the reader")
    item: Any = Field(default=None, description="多实例里的哪一个 · which one of several instances")

    @field_validator("wait")
    @classmethod
    def _lasts(cls, wait: str | None) -> str | None:
        try:
            if wait is not None:
                isodate.parse_duration(wait)
        except (ValueError, TypeError):
            raise wrong(
                f"“{wait}”不是时长。请写 P15D（十五天）、PT2H（两小时）。",
                f'"{wait}" is no duration. Write P15D (fifteen days), PT2H (two hours).',
            ) from None
        return wait

    @field_validator("at", "due")
    @classmethod
    def _moment(cls, at: datetime | date | str | None) -> datetime | date | str | None:
        return moment(at)

    @field_validator("vote", mode="before")
    @classmethod
    def _choices(cls, vote: Any) -> Any:
        return choices(vote)

    @model_validator(mode="after")
    def _one_verb(self) -> StepText:
        given = {k for k, f in schema.fields(type(self)).items() if _name(k) in self.model_fields_set and f}
        verbs = [v for v in VERBS if v in given and v != "open"] or (["open"] if "open" in given else [])
        if "at" in verbs or "wait" in verbs:  # time goes on first, then the other
            verbs = [v for v in verbs if v not in ("at", "wait")] or ["at"]
        if len(verbs) != 1:
            listed = "、".join(VERBS)
            raise wrong(
                f"一步只能写一件事：{listed} 里的一个。", f"A step is exactly one of {listed.replace('、', ', ')}."
            )
        if verbs == ["return"] and not self.to:
            raise wrong("return 要写退回到哪一步（to）。", "return needs the step it goes back to (to).")
        if verbs == ["task"] and self.error not in (None, "REFUSED"):
            raise wrong("task 的 error 只能是 REFUSED。", "Of a task, error can only be REFUSED.")
        strange = sorted(given - VERBS[verbs[0]] - {verbs[0], "at", "wait", "says"})
        if strange:
            raise wrong(
                f"“{strange[0]}”不能和 {verbs[0]} 写在一步里。请另写一步，或删去。",
                f'"{strange[0]}" does not go with {verbs[0]}. Make it another step, or remove it.',
            )
        return self


def choices(vote: Any) -> Any:
    """Of a `vote`: YAML reads yes and no as true and false, and a vote is the one place where they are words.

    >>> choices({True: 6, "abstain": 1})
    {'yes': 6, 'abstain': 1}
    """
    if not isinstance(vote, dict):
        return vote
    return {("yes" if key else "no") if isinstance(key, bool) else key: n for key, n in vote.items()}


class EndText(Part):
    """What must be so after the last step; what is not named is not looked at."""

    finished: bool | None = Field(default=None, description="办件是否结束 · whether the case has ended")
    at: str | None = Field(default=None, description="走到过的结束事件或步骤 · the end event, or a step, it came to")
    outcome: str | None = Field(
        default=None, description="结果：done、approve、refuse、declined、withdrawn、ended… · the outcome"
    )
    papers: list[str] | None = Field(default=None, description="签发的文书，按次序 · papers issued, in order")
    notices: list[str] | None = Field(default=None, description="发出的通知，按次序 · notices sent, in order")
    effects: list[str] | None = Field(default=None, description="系统做的事，按次序 · effects, in order")
    due: date | str | None = Field(default=None, description="承诺时限的最后一天 · last day of the promised limit")
    statutory: date | str | None = Field(
        default=None, description="法定时限的最后一天 · last day of the statutory limit"
    )
    entries: dict[str, str] | None = Field(
        default=None,
        description="公开栏 → 最新一条：shown、review、refused、withdrawn、over · board → how its newest entry is",
    )
    registers: dict[str, dict[str, dict[str, Any]]] | None = Field(
        default=None,
        description="台账 → 姓名（物的写它的键） → 各项现在怎样，也可以写 state · register → name, or a thing's key "
        "→ how its fields are now, `state` too",
    )
    flags: list[str] | None = Field(
        default=None, description="办件上的标记，如 代收 · how the case is marked, such as received for another"
    )
    variables: dict[str, Any] | None = Field(default=None, description="变量 → 值 · variable → value")
    open: list[str] | None = Field(default=None, description="还打开着的任务 · tasks still open")


class PersonText(Part):
    """Somebody the stories name: who holds which post, and where."""

    name: str = Field(min_length=1, description="姓名 · the name")
    post: str = Field(min_length=1, description="担任的岗位 · the post they hold")
    at: str = Field(default="office", description="在哪个单位，写法同 groups · at which unit, as in groups")


class RoomText(Part):
    """A room the stories name."""

    name: str = Field(min_length=1, description="名称 · its name")
    at: str = Field(default="office", description="属于哪个单位，写法同 groups · of which unit, as in groups")
    offer: str = Field(min_length=1, description="是哪项供给（kind: room） · of which offer it is, of kind room")


class EntryText(Part):
    """What stands in a register before the stories begin."""

    register_: str = Field(alias="register", description="哪个台账 · which register")
    name: str = Field(default="", description="关于谁 · whom it is about")
    phone: str = Field(
        default="", description="此人的电话；不写由系统编一个 · their telephone; the hall makes one up without it"
    )
    id_number: str = Field(default="", description="身份证号 · their identity number")
    place: str = Field(default="", description="在哪个村（代码） · in which village, by its code")
    state: str = Field(default="", description="状态；不写用第一个 · its state; the first without it")
    facts: dict[str, Any] = Field(default={}, description="各项 · its fields")
    times: int = Field(
        default=1, ge=1, le=200, description="这样的几条，姓名后面加数 · so many like it, the names numbered"
    )


class OrderText(Part):
    """A dispatched order that the hall has when the stories begin: what it counts for in the rates of its month."""

    unit: str = Field(min_length=1, description="派给哪个单位（代码） · the unit that it was sent to, by its code")
    due: date = Field(description="哪天到期 · the day on which it is due")
    closed: date | None = Field(default=None, description="哪天办结；没办结不写 · when it was closed; open without it")
    answered: bool | None = Field(default=None, description="回访说按时联系过 · the asker says they were contacted")
    solved: bool | None = Field(default=None, description="回访说解决了 · the asker says it is solved")
    stars: int | None = Field(default=None, ge=1, le=5, description="几颗星 · how many stars")
    returned: int = Field(default=0, ge=0, description="退了几次单 · how often it was sent back")
    redone: int = Field(default=0, ge=0, description="重办了几次 · how often it was done again")
    left_out: str = Field(default="", max_length=20, description="为什么不计入 · why it counts in no rate")
    number: str = Field(
        default="", max_length=30, description="编号；不写由系统编 · its number; the hall makes one up without it"
    )
    times: int = Field(default=1, ge=1, le=200, description="这样的几张 · so many like it")

    @model_validator(mode="after")
    def _once(self) -> OrderText:
        if self.number and self.times > 1:
            raise wrong("写了 number 就是一张，不写 times。", "One order has a number: write no times with it.")
        return self


class SideText(Part):
    """One side of a bond."""

    name: str = Field(min_length=1, description="姓名 · name")
    id_number: str = Field(default="", description="身份证号 · identity number")
    phone: str = Field(default="", description="手机号 · telephone")
    born: date | None = Field(
        default=None,
        description="哪天出生：就是 book 里叫这个名字的人，有账号 · date of birth: the one of that name who books, "
        "with an account",
    )


class BondText(Part):
    """A bond that holds before the stories begin."""

    bond: str = Field(
        description="哪种关系：bonds 里的名称，或 guardian、family · which kind: of bonds, or of the hall"
    )
    subject: SideText | Literal["applicant"] = Field(
        description="被照顾、被代办的一方；applicant 是申请人 · whom it is about; applicant: who applies"
    )
    holder: SideText | Literal["applicant"] = Field(description="可以替他办的一方 · who may act")
    team: str = Field(
        default="",
        max_length=80,
        description="leader：团队的名称；只写姓名的人在大厅有账号 · of a leader: the team's name; who is written by "
        "name alone has an account",
    )

    @model_validator(mode="after")
    def _named(self) -> BondText:
        if bool(self.team) != (self.bond == LEADER):
            raise wrong(
                "bond: leader 要写 team（团队的名称），别的关系不写。",
                "bond: leader needs team, the team's name; other bonds have none.",
            )
        return self


class EarlierText(Part):
    """A case of this matter that is open when the story begins."""

    answers: dict[str, Any] = Field(description="申请表单填什么 · what the application form gets")


class StoryText(Part):
    """One example case."""

    name: str = Field(min_length=1, description="人们怎么称呼它 · what people call it")
    at: datetime | date | str = Field(description="申请的当地时间，如 2026-09-18 09:00 · local time of the application")
    answers: dict[str, Any] = Field(default={}, description="申请表单填什么 · what the application form gets")
    schedule: str = Field(
        default="",
        description="由这个定期开始，at 是它到期的时刻；不写 answers · begun by this schedule, due at `at`; no answers",
    )
    unit: str = Field(
        default="", description="定期为哪个单位开始（代码）；不写是第一个 · for which unit the schedule begins it"
    )
    refused: list[str] = Field(
        default=[],
        description="申请时就必须拒绝的字段（填错、晚了）；不写 steps 和 end · fields that the application is refused "
        "for, wrong or too late; no steps and no end then",
    )
    consent: bool = Field(
        default=True,
        description="同不同意申请前问的（apply.consent）；false 是不同意 · whether the person agrees to what is asked "
        "before (apply.consent)",
    )
    steps: list[StepText] = Field(default=[], description="一步一步 · step by step")
    end: EndText = Field(default=EndText(), description="最后应当怎样 · what must be so at the end")
    says: str = Field(default="", description="给读者的话 · a word for the reader")
    channel: Literal["online", "counter", "agent", "phone", "system"] = Field(
        default="online", description="从哪里申请 · how it is applied for"
    )
    counter: str = Field(
        default="",
        description="channel: counter 时在哪个单位的窗口收（代码）；不写是县里的 · of a counter, at whose: "
        "a unit's code; the county's without it",
    )
    place: str = Field(
        default="",
        description="件属于哪个村、哪个网格（代码）；不写是申请人住的村 · the village or grid the case "
        "belongs to, by its code; where the applicant lives without it",
    )
    facts: dict[str, Any] = Field(
        default={}, description="大厅另给的内容，如预约 · what the hall adds, such as a booking"
    )
    earlier: list[EarlierText] = Field(
        default=[],
        description="同一事项里更早、还在办的件，编号从 0001 起 · earlier cases, still open; numbered from 0001",
    )
    booked: list[BookedText] = Field(
        default=[], description="以前订过、已经过去的 · bookings made, and over, before the story begins"
    )

    @field_validator("at")
    @classmethod
    def _moment(cls, at: datetime | date | str) -> datetime | date | str | None:
        return moment(at)

    @model_validator(mode="after")
    def _begun(self) -> StoryText:
        if self.refused:
            if self.schedule or self.steps or self.end != EndText():
                raise wrong(
                    "申请被拒绝（refused）就没有办件，不写 schedule、steps 和 end。",
                    "An application that is refused opens no case: write no schedule, steps or end.",
                )
        elif not {"steps", "end"} <= self.model_fields_set:
            raise wrong(
                "缺少“steps”（一步一步，没有就写 []）和“end”（最后应当怎样）。",
                'Write "steps" (step by step; [] for none) and "end" (what must be so at the end).',
            )
        if self.counter and self.channel != "counter":
            raise wrong("counter 要和 channel: counter 一起写。", "counter goes with channel: counter.")
        if self.schedule and self.answers:
            raise wrong(
                "schedule 开始的故事，答案由定期自己填，不写 answers。",
                "A story that a schedule begins has no answers: the schedule gives them.",
            )
        if not self.schedule and ("answers" not in self.model_fields_set or self.unit):
            raise wrong(
                "缺少“answers”（申请表单填什么）；由定期开始的请写 schedule。",
                'Write "answers" (what the form gets), or the "schedule" that begins it.',
            )
        return self


def moment(value: datetime | date | str | None) -> datetime | date | str | None:
    """A moment or day as the library read it, or text that is one."""
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise wrong(
                f"“{value}”不是时间。请写 2026-09-18 09:00。", f'"{value}" is no time. Write 2026-09-18 09:00.'
            ) from None
    return value


@dataclass(frozen=True)
class Told:
    """All of a stories.yaml that can be read."""

    people: list[PersonText] = field(default_factory=list)
    rooms: list[RoomText] = field(default_factory=list)
    entries: list[EntryText] = field(default_factory=list)
    bonds: list[BondText] = field(default_factory=list)
    orders: list[OrderText] = field(default_factory=list)
    stories: list[tuple[int, StoryText]] = field(default_factory=list)  # each with its place in the list
    above: tuple[str, ...] = ()  # the keys under which the list of stories stands
    findings: list[Finding] = field(default_factory=list)  # every fault of what could not be read


def check(text: Text) -> Told:
    """The file as the models say it: a list of stories, or people, rooms and stories."""
    if any(f.rule != "duplicate-key" for f in text.findings) or text.value is None:
        return Told()
    listed: Any = text.value
    above: tuple[str, ...] = ()
    told = Told()
    if isinstance(listed, dict):
        above = ("stories",)
        told = Told(above=above)
        for key in listed:
            if key not in (known := ("people", "rooms", "entries", "bonds", "orders", "stories")):
                zh, en = meant(str(key), known)
                told.findings.append(text.error("stories", f"不认识“{key}”。{zh}", f'"{key}" is not known. {en}', key))
        _each(PersonText, _rows(listed, "people", text, told.findings), text, ("people",), told.findings, told.people)
        _each(RoomText, _rows(listed, "rooms", text, told.findings), text, ("rooms",), told.findings, told.rooms)
        _each(EntryText, _rows(listed, "entries", text, told.findings), text, ("entries",), told.findings, told.entries)
        _each(BondText, _rows(listed, "bonds", text, told.findings), text, ("bonds",), told.findings, told.bonds)
        _each(OrderText, _rows(listed, "orders", text, told.findings), text, ("orders",), told.findings, told.orders)
        listed = listed.get("stories") or []
    if not isinstance(listed, list):
        zh, en = (
            "stories.yaml 应是一列故事，每个以“- name:”开头。",
            "Expected a list of stories, each beginning with - name:.",
        )
        told.findings.append(text.error("stories", zh, en, *above))
        return told
    for n, one in enumerate(listed):
        found: list[StoryText] = []
        _each(StoryText, [one], text, above, told.findings, found, n)
        told.stories.extend((n, story) for story in found)
    first: dict[str, int] = {}
    for n, story in told.stories:
        if first.setdefault(story.name, n) != n:
            zh, en = f"有两个故事都叫“{story.name}”。", f"Two stories are called {story.name!r}."
            told.findings.append(text.error("stories", zh, en, *above, n, "name"))
    return told


def _rows(value: dict[Any, Any], key: str, text: Text, findings: list[Finding]) -> list[Any]:
    given = value.get(key) or []
    if isinstance(given, list):
        return given
    findings.append(text.error("stories", f"“{key}”应是一列。", f'"{key}" should be a list.', key))
    return []


def _each(
    model: type[Row],
    rows: list[Any],
    text: Text,
    above: tuple[str, ...],
    findings: list[Finding],
    into: list[Row],
    first: int = 0,
) -> None:
    for n, one in enumerate(rows, first):
        try:
            into.append(model.model_validate(one))
        except ValidationError as error:
            findings += schema.faults(model, error, text, "stories", *above, n)


def _name(key: str) -> str:
    return "return_" if key == "return" else key
