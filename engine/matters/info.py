"""matter.yaml: what a matter is, for people and for the engine (RULES D8). Checked strictly; nothing is guessed.

Every key is a field with a description "Chinese · English": the check's words and docs/reference.md come from it
(engine.matters.schema says how a key is added).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from engine import deadlines, feel
from engine.errors import Invalid
from engine.findings import meant
from engine.matters import keeping
from engine.matters import organs as organs_
from engine.matters.nouns import Nouns
from engine.matters.orders import Order
from engine.matters.organs import Paper
from engine.matters.organs import Who as Signer
from engine.matters.schema import OptionalFeel, Part, wrong, wrong_at
from engine.matters.taking_part import Id, Mandate, Meeting, Path, Role, Tell

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

#: Words that make a list of materials endless: nobody can bring "other materials" (RULES D6).
_ENDLESS = ("其他", "其它", "有关", "相关")

#: The six functions of the hall for a life, as the first page has them.
Function = Literal["幼有所育", "老有所养", "病有所医", "食有所安", "居有所乐", "事有所办"]


class Basis(Part):
    """One legal basis."""

    id: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9-]{0,39})?$",
        description=(
            "简称，文书按它引用；写了 id 的只印在引用它的文书上 · what a paper names it by; then printed only there"
        ),
    )
    law: Line = Field(description="法律、法规或文件的名称 · name of the law or document")
    article: str = Field(default="", description="第几条 · which article")
    says: str = Field(default="", description="用自己的话说它规定了什么 · what it says, in our words")
    grade: Literal["V", "S", "P"] = Field(
        default="S",
        description="出处：V 读过原文，S 二手，P 本县自定 · V read in the text, S second-hand, P our own default",
    )


class Material(Part):
    """One thing the applicant brings, or need not bring."""

    name: Line = Field(description="材料的具体名称，不用“其他”“有关” · its exact name")
    kind: Literal["required", "shared", "deferrable", "optional"] = Field(
        default="required",
        description="必交、共享免交、容缺后补、有就交 · required, shared between offices, later, if there is one",
    )
    originals: int = Field(default=0, ge=0, le=20, description="原件份数 · how many originals")
    copies: int = Field(default=0, ge=0, le=20, description="复印件份数 · how many copies")
    electronic: bool = Field(default=True, description="可以交电子件 · an electronic copy will do")
    field: str = Field(default="", description="申请表单里收它的字段 · the field of the application form that takes it")
    source: str = Field(default="", description="谁出具；共享的从哪里来 · who issues it; where a shared one comes from")
    note: str = Field(default="", description="给申请人的说明 · a word for the applicant")
    basis: str = Field(default="", description="要它的依据 · why it may be asked for")

    @field_validator("name")
    @classmethod
    def _named(cls, name: str) -> str:
        if any(word in name for word in _ENDLESS):
            raise wrong(
                f"材料“{name}”不明确：不得以“其他”“有关”“相关”列材料，请写出具体名称。",
                f'The material "{name}" is vague; write what exactly is to be brought.',
            )
        return name


class Limits(Part):
    """Which clocks the matter follows: a regime of engine/deadlines, and what the county promises."""

    regime: Line = Field(description="时限制度的 id，见下面的表 · id of a regime of time limits: the table below")
    promised: str | int | None = Field(
        default=None,
        description=(
            "承诺时限：3wd 工作日、30cd 日、24h 小时、即办；不得长于法定 · promised limit, never longer than the law's"
        ),
    )
    promised_source: str = Field(default="县级服务承诺", description="承诺写在哪里 · where it is promised")
    steps: dict[str, str] = Field(
        default={},
        description=(
            "用户任务的 id → 这一步的时限：3wd，或倒数的 3wd before event.held_on · id of a user task → its "
            "limit, or one that counts backward from a date of the answers"
        ),
    )

    @field_validator("regime")
    @classmethod
    def _known(cls, regime: str) -> str:
        ids = {r.id for r in deadlines.regimes()}
        if regime not in ids:
            like = meant(regime, ids, 40)
            raise wrong(f"没有时限制度“{regime}”。{like[0]}", f'There is no regime "{regime}". {like[1]}')
        return regime

    @model_validator(mode="after")
    def _lawful(self) -> Limits:
        try:
            self.rules()  # refuses a promise longer than the law allows (RULES T8), and a limit nobody can read
        except Invalid as refused:
            raise wrong(refused.zh, refused.en) from None
        return self

    def rules(self, on: date | None = None) -> deadlines.Rules:
        promised = None if self.promised is None else str(self.promised)
        return _rules(self.regime, promised, tuple(self.steps.items()), on)

    @property
    def backward(self) -> Mapping[str, deadlines.Before]:
        """The steps whose limit counts backward from a date."""
        return _backward(tuple(self.steps.items()))


# Each step of each case asks for these: they are read once.


@lru_cache(maxsize=1000)
def _rules(regime: str, promised: str | None, steps: tuple[tuple[str, str], ...], on: date | None) -> deadlines.Rules:
    backward = _backward(steps)
    forward = {step: text for step, text in steps if step not in backward}
    return deadlines.rules(regime, promised=promised, steps=forward, on=on)


@lru_cache(maxsize=1000)
def _backward(steps: tuple[tuple[str, str], ...]) -> Mapping[str, deadlines.Before]:
    read = {step: deadlines.Before.parse(text) for step, text in steps}
    return {step: one for step, one in read.items() if one is not None}


class Group(Part):
    """Who a candidate group of the diagram is: a post, in a unit told from the case."""

    post: Name = Field(description="岗位的代码，见县的岗位表 · code of a post of the county")
    at: str = Field(
        default="office",
        description="哪个单位的：village、town、county 办件所在的，office 主管的，intake 收件的，或单位代码 · of which "
        "unit: village, "
        "town, county of the case, the deciding office, who took it in, or a unit's code",
    )
    source: Path | Literal[""] = Field(
        default="",
        alias="from",
        description="由哪项答案说是哪个单位（表单里选的村、镇、部门）；没有填，就照 at · the answer that says "
        "which unit, by its code; `at` where there is none",
    )
    name: str = Field(default="", description="给人看的名称 · what people call it")


class Notice(Part):
    """The text of a notice. Names in braces are filled: {number} {matter} {applicant} {office} {due} and facts."""

    zh: Line = Field(description="中文内容，{名称} 处填入事实 · the Chinese text; {names} are filled in")
    en: str = Field(default="", description="英文内容 · the English text")
    channels: tuple[Literal["sms", "screen", "wechat", "mail"], ...] = Field(
        default=("sms", "screen"), description="经什么送 · by which ways it is sent"
    )


class Who(Part):
    """Which answers say who applies: dotted paths into the application form."""

    name: str = Field(default="applicant.name", description="申请人姓名的字段 · field of the applicant's name")
    phone: str = Field(default="applicant.phone", description="联系电话的字段 · field of the telephone")
    id_number: str = Field(default="applicant.id_number", description="身份证号的字段 · field of the identity number")
    agent: str = Field(default="", description="代理人姓名的字段 · field of the name of who acts for them")
    born_on: str = Field(
        default="",
        description="出生日期的字段；不写则由身份证号得出 · field of the date of birth; else from the number",
    )
    place: str = Field(
        default="",
        description="村（社区）代码的字段；不写则用申请人或窗口所在的 · field of the village's code; else where "
        "the applicant or the counter belongs",
    )


class InTime(Part):
    """Until when people may apply, counted backward from a date they give."""

    until: str = Field(
        description=(
            "最晚什么时候：20cd before event.held_on，或“event.held_on 前20日” · at the latest: 20cd before "
            "event.held_on (wd working days, cd days, h hours)"
        )
    )
    when: str = Field(
        default="",
        description="什么情况才算，FEEL，可用申请表单的答案；不写总是 · only when: FEEL over the answers; always",
    )
    says: str = Field(
        default="", max_length=80, description="办事指南上的话：一千人以上的活动 · a word for the guide: for whom it is"
    )
    exceptions: tuple[Line, ...] = Field(
        default=(), description="哪些情况晚了也收，告诉来晚的人 · when it is taken all the same, as it is told"
    )
    basis: str = Field(default="", description="依据（basis 里的 id） · the id of its basis")

    @field_validator("until")
    @classmethod
    def _read(cls, until: str) -> str:
        if deadlines.Before.parse(until) is None:
            raise wrong(
                f"看不懂“{until}”。请写 20cd before event.held_on（wd 工作日、cd 日、h 小时），event.held_on "
                "是申请表单的日期。",
                f'"{until}" cannot be read. Write 20cd before event.held_on (wd, cd or h); event.held_on is a date '
                "of the application form.",
            )
        return until

    @field_validator("when")
    @classmethod
    def _feel(cls, when: str) -> str:
        if when:
            try:
                feel.compile(when.removeprefix("="))
            except feel.FeelError as bad:
                raise wrong(f"when 的 FEEL 读不懂：{bad.zh}", f"The FEEL of when cannot be read: {bad.en}") from None
        return when

    @property
    def before(self) -> deadlines.Before:
        found = deadlines.Before.parse(self.until)
        assert found is not None  # the validator has read it
        return found


class TakenBack(Part):
    """What becomes of a case whose person takes their consent back, where consent is all it stands on."""

    ends: str = Field(
        default="",
        description="还在办的，给流程图发哪条消息，让它结束 · of a running case: the message by which the diagram ends",
    )
    erases: bool = Field(
        default=False,
        description="结束以后当晚清除里面的个人信息，不等保存期满；编号、时间、结果留下 · once it ended, what it "
        "says of people is erased in the coming night; number, times and outcome stay",
    )


class Apply(Part):
    """How an application begins."""

    form: str = Field(default="apply", description="申请表单的 id · id of the application form")
    channels: tuple[Literal["online", "counter", "agent", "phone", "system"], ...] = Field(
        default=("online", "counter"), description="从哪里申请 · by which ways people apply"
    )
    by: Literal["residents", "staff"] = Field(
        default="residents",
        description=(
            "谁来办：residents 群众（窗口也可以代收），staff 工作人员自己填报，只在窗口页列出 · who applies: residents "
            "(a counter may take it in), or staff, who find it on the counter's page alone"
        ),
    )
    consent: str = Field(
        default="", description="提交前另行征得的同意（个人信息保护法 29） · separate consent asked before sending"
    )
    withdrawal: str = Field(
        default="",
        description=(
            "撤回同意会停下什么，撤回以前说给本人；不写说通行的一句 · what taking the consent back stops, as it is "
            "said before; a common sentence without it"
        ),
    )
    unless: OptionalFeel = Field(
        default="",
        description="哪种情形不用先征得同意（FEEL，读答案）：紧急救命，或者法律规定要办的（个人信息保护法 13） · when "
        "consent is not awaited (FEEL over the answers): an emergency for life, or a duty by law",
    )
    consent_over: TakenBack = Field(
        default=TakenBack(), description="撤回同意以后怎么办 · what taking the consent back does"
    )
    in_time: tuple[InTime, ...] = Field(
        default=(),
        description=(
            "最晚什么时候申请，从答案里的日期倒数；晚了提交时就说 · until when, counted backward from a date of "
            "the "
            "answers: too late is said at submission"
        ),
    )


class Scope(Part):
    """通办: which counters take it in."""

    words: Line = Field(description="指南上的话：全县通办 · the words of the guide")
    within: Literal["county", "town", "village", "office"] = Field(
        description="哪里的窗口收：county 全县，town 申请人的镇，village 申请人的村和镇，office 主管单位 · whose "
        "counters take it in: of the county, the applicant's town, their village and town, or the deciding office"
    )
    otherwise: Literal["refuse", "receive"] = Field(
        default="refuse",
        description="别处的窗口：refuse 说明到哪里办，receive 代收，办件上标明 · other counters: say where to go, or "
        "receive for another, which is marked",
    )


class InForce(Part):
    """From when until when the matter is open."""

    since: date = Field(description="从哪天起办理 · open from this day")
    until: date | None = Field(default=None, description="办到哪天 · open until this day")


class Contact(Part):
    """Where people ask or complain."""

    phone: str = Field(default="", description="电话 · telephone")
    where: str = Field(default="", description="地点 · place")


class Matter(Nouns):
    """A service matter."""

    @property
    def services(self) -> tuple[int, ...]:
        """The services of the list that it carries, its own first."""
        return tuple(dict.fromkeys((*([self.service] if self.service is not None else []), *self.also)))

    @property
    def scope_words(self) -> str:
        """The words of the guide."""
        return self.scope.words if isinstance(self.scope, Scope) else self.scope

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9.-]{1,39}$")] = Field(
        description="事项编码：大写字母、数字、点、横线 · code: capitals, digits, dots and dashes"
    )
    parent: str = Field(default="", description="所属主项的编码 · code of the main item it belongs to")
    name: Line = Field(description="名称 · its name in Chinese")
    name_en: Line = Field(description="英文名称 · its name in English")
    short: str = Field(default="", description="按钮上的短名 · short name, for a button")
    summary: str = Field(default="", description="一两句话说明 · a sentence or two")
    summary_en: str = Field(default="", description="英文说明 · the same in English")
    shape: Literal["A", "B", "C", "D", "E", "F", "G", "H", "I"] = Field(
        default="A", description="流程的类型 · which kind of process it is"
    )
    service: int | None = Field(
        default=None, ge=1, le=42, description="服务清单里的编号 · its number in the list of services"
    )
    also: tuple[Annotated[int, Field(ge=1, le=42)], ...] = Field(
        default=(), description="还承担哪些服务 · which other services it carries too"
    )
    functions: tuple[Function, ...] = Field(
        default=(), description="首页的哪些类 · under which heads of the first page"
    )
    words: tuple[str, ...] = Field(
        default=(), description="群众还怎么叫它，供搜索 · what people also call it, for search"
    )
    nature: str = Field(default="", description="性质：行政许可、行政给付、公共服务等 · its nature in law")
    kind: Literal["即办件", "承诺件", "联办件"] = Field(
        default="承诺件", description="办件类型 · at once, promised, or of several offices"
    )
    level: str = Field(default="县级", description="层级 · level")
    office: Line = Field(
        description=(
            "主管单位的代码（如 YB），或 village、town、county、intake · code of the deciding unit, or one told "
            "from the case"
        )
    )
    limits: Limits = Field(description="时限 · time limits")
    basis: tuple[Basis, ...] = Field(min_length=1, description="法律依据，至少一条 · legal basis, at least one")
    conditions: tuple[Line, ...] = Field(default=(), description="受理条件 · conditions")
    materials: tuple[Material, ...] = Field(default=(), description="申请材料 · what is to be brought")
    results: tuple[Line, ...] = Field(default=(), description="办成后得到什么 · what the applicant gets")
    visits: int = Field(default=0, ge=0, le=9, description="到现场次数 · how often people must come")
    fee: str = Field(default="不收费", description="收费 · fee")
    scope: str | Scope = Field(
        default="全县通办",
        description="通办范围：一句话只写在指南上，写 within 的照着收件 · where it may be handled: a sentence is for "
        "the guide alone, `within` is held by the counters",
    )
    agent: bool = Field(default=True, description="可以代办 · may be handled by an agent")
    agent_words: Line = Field(
        default="",
        description="指南上“能不能代办”怎么说，不写按 agent · what the guide says where yes or no is not all of it",
    )
    agent_basis: str = Field(
        default="",
        description="法律让村（社区）没有委托书也可以替人提出的，写依据：basis 里的 id · the law by which a village "
        "may ask for somebody without a mandate: an id of `basis`",
    )
    in_force: InForce = Field(description="办理期 · from when until when")
    contact: Contact = Field(default=Contact(), description="咨询 · where people ask")
    complaint: Contact = Field(default=Contact(), description="投诉 · where people complain")
    apply: Apply = Field(default=Apply(), description="申请 · how an application begins")
    who: Who = Field(default=Who(), description="申请人信息在哪些字段 · which answers say who applies")
    groups: dict[str, Group] = Field(
        default={}, description="候选组 → 哪个岗位、在哪里 · candidate group → post and unit"
    )
    notices: dict[str, Notice] = Field(default={}, description="通知 → 内容 · notice → its text")
    organs: dict[Name, Signer] = Field(
        default={},
        description=(
            "署名机关：名称 → 谁（office、intake、centre、committee、party、单位代码、{unit, at}，或一列联合署名） · "
            "who decides and signs: a name → a unit told from the case, or a list that signs jointly"
        ),
    )
    papers: dict[str, Paper] = Field(
        default={},
        description="可以签发的文书：种类 → {organ, basis, remedy, note}；只写一列种类也行 · "
        "the papers it may issue: kind → {organ, basis, remedy, note}; or a list of kinds",
    )
    withdraw: bool = Field(default=True, description="申请人可以撤回 · the applicant may take it back")
    readers: Literal["normal", "restricted", "confidential"] = Field(
        default="normal",
        description="谁能看：restricted 只有承办的人，属地的村也看不到；confidential 只有主管单位自己的人，别人查、数、"
        "导出都像没有这件 · who reads it: restricted, only those who handle it, not the applicant's village as such; "
        "confidential, only the office's own people: to everybody else it is as if it were not there",
    )
    retention: keeping.Retention = Field(
        default_factory=keeping.of_house,
        description=(
            "个人信息保存多久：办结后几年（3），或 {years, basis}；不写是大厅的默认 · how long personal data are kept: "
            "years after the end (3), or {years, basis}; without it the hall's default"
        ),
    )
    remedy: bool = Field(
        default=True, description="不予决定要告知复议、诉讼 · its refusals tell of reconsideration and court"
    )
    published: bool = Field(default=True, description="false：只供试用 · false: only for trying out")
    door: Literal["", "report"] = Field(
        default="",
        description="哪扇门通到它：report 是首页的“我要反映”和办件页的“对这件事有意见” · "
        "which door of the hall leads to it: report is the one for complaints, on the home page and on a case",
    )
    opened_by: Literal["", "bad-rating"] = Field(
        default="",
        description="不用申请，由什么开启：bad-rating 是实名差评，表单得到 rated 和 applicant · "
        "what opens it without an application: a named bad rating, whose form is given rated and applicant (RULES E3)",
    )
    parties: dict[Id, Role] = Field(
        default={}, description="申请人之外谁参加：角色 -> 从哪项答案来、看什么 · who takes part beside the applicant"
    )
    tells: dict[Id, Tell] = Field(
        default={}, description="谁可以对办着的件说什么 · what they, or a post, may say to a running case"
    )
    meeting: Meeting | None = Field(
        default=None, description="会叫什么、谁主持 · what its meetings are called, and who leads them"
    )
    mandate: Mandate | None = Field(
        default=None,
        description="委托书由自己的流程签的，期限和签名在哪项答案；不写的，代办收件时由大厅问 · where a diagram has it "
        "signed: which answers say until when and hold the signature; without it the hall asks when an agent files",
    )
    order: Order | None = Field(
        default=None,
        description="派出去的工单怎样算进三率和月度通报 · how its dispatched orders count in the three rates",
    )
    uses: tuple[Name, ...] = Field(
        default=(),
        description="用到 bpmn/_shared 里的哪些文件（几个事项共用的台账、供给等） · files of bpmn/_shared it uses: "
        "nouns that several matters share",
    )
    escalation: tuple[dict[str, Any], ...] | None = Field(
        default=None,
        description="催办和升级的步骤；不写用默认的 · who is told as a deadline nears; the default without it",
    )
    extra: dict[str, Any] = Field(default={}, description="事项自己的页面用的数据 · data for the matter's own page")

    @field_validator("retention", mode="before")
    @classmethod
    def _years(cls, retention: Any) -> Any:
        return {"years": retention} if isinstance(retention, (int, str)) else retention

    @field_validator("papers", mode="before")
    @classmethod
    def _listed(cls, papers: Any) -> Any:
        return organs_.papers(papers)

    @model_validator(mode="after")
    def _signed(self) -> Matter:
        faults = organs_.faults(self.organs, self.papers, [one.id for one in self.basis if one.id])
        if faults:
            raise wrong_at(faults)
        return self

    @field_validator("escalation")
    @classmethod
    def _escalates(cls, rows: tuple[dict[str, Any], ...] | None) -> tuple[dict[str, Any], ...] | None:
        try:
            deadlines.Policy.read(rows)  # refused here, naming the row
        except Invalid as refused:
            first = refused.fields[0]
            raise wrong(f"{first.field}：{first.zh}", f"{first.field}: {first.en}") from None
        return rows

    def tells_remedy(self, kind: str) -> bool:
        """Whether a paper of this kind tells of reconsideration and court: as it says itself, else as the matter."""
        paper = self.papers.get(kind)
        return self.remedy if paper is None or paper.remedy is None else paper.remedy

    @property
    def internal(self) -> bool:
        """Only the hall itself opens it: by a schedule, a rating, another case. Residents and counters have no use for
        it in a list."""
        return set(self.apply.channels) == {"system"}

    @property
    def for_residents(self) -> bool:
        """Whether residents find it in a list: what the hall opens, and what its staff enter, they cannot begin."""
        return not self.internal and self.apply.by == "residents"

    def policy(self) -> deadlines.Policy:
        """Who is told and what is done when a deadline comes near or passes."""
        return deadlines.Policy.default() if self.escalation is None else deadlines.Policy.read(self.escalation)

    @field_validator("materials")
    @classmethod
    def _once(cls, materials: tuple[Material, ...]) -> tuple[Material, ...]:
        names = [m.name for m in materials]
        twice = "、".join(sorted({n for n in names if names.count(n) > 1}))
        if twice:
            raise wrong(
                f"同一材料不得要求两次：{twice}。请删去一处。", f"A material is asked for twice: {twice}. Remove one."
            )
        return materials
