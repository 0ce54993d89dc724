"""Who takes part in a case beside the applicant, and what they may say to it while it runs: `parties`, `tells`,
`meeting`
and `mandate` of matter.yaml.

    parties:
      party:    {name: 当事人, name_en: Party, from: parties, sees: [answers, papers], notes: private}
      mediator: {name: 调解员, name_en: Mediator, from: mediators, post: mediator, stand_aside: [self, kin, objected]}
    tells:
      refuse: {who: [party], taken_down_by: [mediator], words: 我不愿意调解, words_en: …, message: party-refused,
      sure: true}

A role without `post` is of people from outside, found again by name and telephone. A role with `post` is of staff,
chosen by name in an answer. A role's name is also a candidate user of the diagram (`party:mediator`) and the name of
the variable by which a step that is done once for each of them knows whose turn it is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from engine.matters.schema import OptionalFeel, Part, wrong

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
#: A dotted path into the answers.
Path = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")]

#: Who can speak of themselves in every case, whatever a matter declares.
ALWAYS = ("applicant", "agent")
#: What can be done to a case without a matter saying so: no tell has one of these names.
VERBS = frozenset({"withdraw", "rate", "suspend", "resume", "extend", "terminate", "reveal", "direct"})


class Declared(Part):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Keys(Declared):
    """Which key of a row says what of its person."""

    name: Id = Field(default="name", description="姓名；没有的一行不算 · the name; a row without one is nobody")
    phone: Id = Field(
        default="phone", description="电话，凭它找到本人的账号 · the telephone, by which the person's account is found"
    )
    id_number: Id = Field(default="id_number", description="身份证号 · the identity number")
    address: Id = Field(
        default="address", description="住址，凭它认出同户 · the address, by which a household is known again"
    )
    side: Id = Field(default="side", description="哪一方 · which side they are on")


class InPerson(Declared):
    """A party who has no telephone does their step at a desk: on the pad, or by a photographed fingerprint."""

    post: Id = Field(description="在哪个岗位的工作人员面前办 · the post of the staff before whom they do it")
    witness: bool = Field(
        default=True, description="要不要另写一名见证人 · whether somebody else must be named who was there"
    )


class Role(Declared):
    """One kind of people who take part."""

    name: Words = Field(description="叫什么：当事人、监护人、调解员 · what they are called: 当事人, 监护人, 调解员")
    name_en: Words = Field(description="英文 · the same in English")
    source: Path = Field(
        alias="from", description="名单在哪项答案，一行一人 · the answer that lists them, a row a person"
    )
    keys: Keys = Field(default=Keys(), description="一行里哪个键是什么 · which key of a row says what")
    post: Id | Literal[""] = Field(
        default="",
        description="是按名字选出来的、有这个岗位的工作人员；不写是外面的人 · they are staff who hold this "
        "post, chosen by name; else from outside",
    )
    register_: Id | Literal[""] = Field(
        default="",
        alias="register",
        description="工作人员：从哪个台账里选，凭账号认人；不写是有这个岗位的人 · of staff: the register they are "
        "chosen from, each known by their account; without it, whoever holds the post",
    )
    since: Literal["submission", "acceptance"] = Field(
        default="acceptance", description="有账号的从什么时候起看得到 · from when on those with an account see the case"
    )
    sees: tuple[Literal["answers", "papers", "phones"], ...] = Field(
        default=("answers", "papers"),
        description="看得到什么；phones 是别人的完整电话 · what they see of it; phones: the others' telephones "
        "unmasked",
    )
    in_person: InPerson | None = Field(
        default=None,
        description="外面的当事人没有手机的，怎么当面办自己那一步 · of people from outside: how one without a "
        "telephone does their step in person",
    )
    notes: Literal["none", "private"] = Field(
        default="none",
        description="private：可以记只有自己看的笔记（背对背） · private: staff keep notes about each of them "
        "that nobody else reads (背对背笔记)",
    )
    stand_aside: tuple[Literal["self", "household", "kin", "interest", "objected"], ...] = Field(
        default=(),
        description="工作人员：哪些人不能选，和每个外面的当事人比 · of staff: who must not be chosen, measured "
        "against every party from outside",
    )
    aside_if: tuple[Id, ...] = Field(
        default=(),
        description="工作人员：一行里哪些键为真时，这个人回避本件，这次谁也没有选定 · of staff: keys of a row that, "
        "when true, keep this person away from the case; nobody is chosen then",
    )
    objected: Path | Literal[""] = Field(
        default="",
        description="工作人员：被提出异议的名单在哪项答案 · of staff: the answer with the names of those objected to",
    )

    @model_validator(mode="after")
    def _staff(self) -> Role:
        if not self.post and (self.stand_aside or self.objected or self.aside_if or self.register_):
            raise wrong(
                "register、stand_aside、aside_if、objected 只用于有 post 的角色（选出来的工作人员）。",
                "register, stand_aside, aside_if and objected are of roles with a post (staff who are chosen).",
            )
        if self.post and self.in_person is not None:
            raise wrong(
                "in_person 只用于外面的当事人，有 post 的角色是工作人员，自己登录办理。",
                "in_person is of people from outside; a role with a post is of staff, who log in themselves.",
            )
        return self


class Asked(Declared):
    """One thing that is asked of whoever tells."""

    title: Words = Field(description="问什么 · the question")
    title_en: str = Field(default="", description="英文 · the same in English")
    kind: Literal["text", "number", "moment", "choice"] = Field(
        default="text",
        description="答的是什么；number 是不小于零的整数 · what is answered; a number: whole, and not below nothing",
    )
    required: bool = Field(default=False, description="必答 · whether it must be answered")
    most: int = Field(default=300, ge=1, le=2000, description="文字最多几个字 · of a text: so many characters at most")
    options: dict[str, Words] = Field(default={}, description="选项：值 → 文字 · of a choice: value -> words")
    people: Id | Literal[""] = Field(
        default="", description="选项是本案这个角色的人 · of a choice: the people of this role in this case"
    )
    rooms: bool = Field(
        default=False, description="选项里先列本事项的房间 · of a choice: the rooms of the matter, before the options"
    )
    keep: bool = Field(default=False, description="不填就保持原来的 · left empty, the answer stays as it is")

    @model_validator(mode="after")
    def _choice(self) -> Asked:
        if (self.kind == "choice") != bool(self.options or self.people or self.rooms):
            raise wrong(
                "kind: choice 要写 options、people 或 rooms，其他 kind 不写。",
                "A choice has options, people or rooms; no other kind has.",
            )
        return self


class Tell(Declared):
    """What somebody may say to a running case: a button while the diagram waits for its message."""

    who: tuple[str, ...] = Field(
        min_length=1,
        description="谁可以自己说：applicant、agent、parties 的角色、groups 的候选组 · who may say it of "
        "themselves: applicant, agent, a role of `parties`, a group of `groups`",
    )
    taken_down_by: tuple[str, ...] = Field(
        default=(),
        description="哪些工作人员可以登记是 who 里的当事人说的 · roles and groups of staff who may write down "
        "that a party of `who` said it",
    )
    words: Words = Field(description="说的话，也是按钮上的字 · what is said: the words on the button")
    words_en: Words = Field(description="英文 · the same in English")
    asked_as: str = Field(
        default="", description="上面的标题；不写就是那句话 · the heading above it; the words without it"
    )
    asked_as_en: str = Field(default="", description="英文 · the same in English")
    explains: str = Field(default="", description="说了会怎样，事先讲清 · what follows from it, told before")
    explains_en: str = Field(default="", description="英文 · the same in English")
    message: Words = Field(description="发给流程图的哪条消息 · the message of the diagram that it sends")
    while_: str = Field(
        default="",
        alias="while",
        description="只在这一步开着时；不写就是消息有人等时 · only while this step is open; else whenever the "
        "message is waited for",
    )
    teller: Path | Literal[""] = Field(
        default="", description="谁说的，记在哪项答案 · the answer that takes the name of who said it"
    )
    asks: dict[Path, Asked] = Field(
        default={},
        description="要问什么：记在哪项答案 → 问题 · what is asked: the answer that takes it -> the question",
    )
    sure: bool = Field(default=False, description="发出前再问一次 · asked once more before it is sent")
    done: str = Field(default="", description="说完以后告诉他什么 · what is said when it is done")
    done_en: str = Field(default="", description="英文 · the same in English")


class Meeting(Declared):
    """People of the case meet: the offers that are booked together for it, by `book` with a time, until `release`."""

    name: Words = Field(description="叫什么：调解会、听证会 · what it is called: 调解会, 听证会")
    name_en: Words = Field(description="英文 · the same in English")
    led_by: Id = Field(description="谁主持：占用时间的工作人员角色 · the role of staff whose time is taken")
    holds: tuple[Id, ...] = Field(
        default=(),
        description="一起订哪几项供给：房间（kind: room）、主持人的时间（kind: time） · the offers that are booked "
        "together: rooms, the time of who leads it",
    )
    answers: Path = Field(
        default="meeting",
        description="时间、时长、地点在哪项答案，出错也标在那里 · the answer that holds `when`, `minutes`, "
        "`place`: errors stand there",
    )
    due: str = Field(
        default="",
        description="改期时到期日跟着会走的步骤 · the step whose due day goes with the meeting when it is moved",
    )


class Mandate(Declared):
    """An authority given to an agent: where the answers say until when, and that it was signed."""

    until: Path = Field(description="最后一天在哪项答案 · the answer with its last day")
    signature: Path = Field(description="委托人签名在哪项答案 · the answer with the principal's signature")
    acts: OptionalFeel = Field(
        default="",
        description="代办员能不能替委托人办他自己的步骤，如补正（FEEL，读答案，算出 true 才能）；不写就不能 · whether "
        "the agent may do the principal's own steps too, such as a correction (FEEL over the answers); without it they "
        "may not",
    )
    ends: str = Field(
        default="",
        description="在流程以外撤销委托的（家人和委托页面、窗口），给流程图发哪条消息 · the message the diagram gets "
        "when the mandate is ended elsewhere: on the page of bonds, at a counter",
    )
