"""matter.yaml: what a matter is, for people and for the engine (RULES D8). Checked strictly; nothing is guessed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from engine import deadlines
from engine.matters import organs as organs_
from engine.matters.organs import Paper
from engine.matters.organs import Who as Signer

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

#: Words that make a list of materials endless: nobody can bring "other materials" (RULES D6).
_ENDLESS = ("其他", "其它", "有关", "相关")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Basis(Part):
    """One legal basis."""

    id: Annotated[
        str,
        Field(
            pattern=r"^([a-z][a-z0-9-]{0,39})?$",
            description="简称，文书按它引用；写了 id 的只印在引用它的文书上",
            json_schema_extra={"en": "What a paper names it by; an entry with an id is printed only where it is named"},
        ),
    ] = ""
    law: Line
    article: str = ""
    says: str = ""  # in our words
    grade: Literal["V", "S", "P"] = "S"  # read in the law's text, secondary source, our own default


class Material(Part):
    """One thing the applicant brings, or need not bring."""

    name: Line
    kind: Literal["required", "shared", "deferrable", "optional"] = "required"  # ● ✓ ○(容缺) and if there is one
    originals: int = Field(0, ge=0, le=20)
    copies: int = Field(0, ge=0, le=20)
    electronic: bool = True
    field: str = ""  # the form's field that takes it
    source: str = ""  # who issues it; for shared ones: from which service it comes
    note: str = ""
    basis: str = ""

    @field_validator("name")
    @classmethod
    def _named(cls, name: str) -> str:
        if any(word in name for word in _ENDLESS):
            raise ValueError(f"材料“{name}”不明确：不得以“其他”“有关”“相关”列材料，请写出具体名称")
        return name


class Limits(Part):
    """Which clocks the matter follows: a regime of engine/deadlines, and what the county promises."""

    regime: Line
    promised: str | int | None = None  # 3wd, 30cd, 24h, 即办
    promised_source: str = "县级服务承诺"
    steps: dict[str, str] = {}  # element -> limit

    @model_validator(mode="after")
    def _lawful(self) -> Limits:
        self.rules()  # refuses an unknown regime, and a promise longer than the law allows (RULES T8)
        return self

    def rules(self, on: date | None = None) -> deadlines.Rules:
        promised = None if self.promised is None else str(self.promised)
        return deadlines.rules(self.regime, promised=promised, steps=self.steps, on=on)


class Group(Part):
    """Who a candidate group of the diagram is: a post, in a unit told from the case."""

    post: Name
    # village, town, county: of the place the case belongs to; office: the deciding office; intake: who took it in;
    # any other text: a unit's code.
    at: str = "office"
    name: str = ""


class Notice(Part):
    """The text of a notice. Names in braces are filled: {number} {matter} {applicant} {office} {due} and facts."""

    zh: Line
    en: str = ""
    channels: tuple[Literal["sms", "screen", "wechat", "mail"], ...] = ("sms", "screen")


class Who(Part):
    """Which answers say who applies: dotted paths into the application form."""

    name: str = "applicant.name"
    phone: str = "applicant.phone"
    id_number: str = "applicant.id_number"
    agent: str = ""  # name of who acts for them, when the form asks
    born_on: str = ""  # else read from the identity number
    place: str = ""  # code of the village or community; else where the applicant, or the counter, belongs


class Apply(Part):
    """How an application begins."""

    form: str = "apply"
    channels: tuple[Literal["online", "counter", "agent", "phone", "system"], ...] = ("online", "counter")
    consent: str = ""  # separate consent asked before sending (PIPL 29)


class InForce(Part):
    since: date
    until: date | None = None


class Contact(Part):
    phone: str = ""
    where: str = ""


class Matter(Part):
    """A service matter."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9.-]{1,39}$")]
    parent: str = ""  # the main item a sub-item belongs to
    name: Line
    name_en: Line
    short: str = ""  # for a button
    summary: str = ""
    summary_en: str = ""
    shape: Literal["A", "B", "C", "D", "E", "F", "G", "H", "I"] = "A"
    service: int | None = Field(None, ge=1, le=42)  # its number in the list of services
    functions: tuple[str, ...] = ()  # 幼有所育, 老有所养, 病有所医, 食有所安, 居有所乐, 事有所办
    words: tuple[str, ...] = ()  # what people also call it, for search
    nature: str = ""  # 行政许可, 行政给付, 行政确认, 公共服务, 党务
    kind: Literal["即办件", "承诺件", "联办件"] = "承诺件"
    level: str = "县级"
    office: Line  # code of the deciding unit below the county: YB; or village, town, county: the case's own
    limits: Limits
    basis: tuple[Basis, ...] = Field(min_length=1)
    conditions: tuple[Line, ...] = ()
    materials: tuple[Material, ...] = ()
    results: tuple[Line, ...] = ()  # what the applicant gets
    visits: int = Field(0, ge=0, le=9)
    fee: str = "不收费"
    scope: str = "全县通办"
    agent: bool = True  # may be handled by an agent (代办)
    in_force: InForce
    contact: Contact = Contact()
    complaint: Contact = Contact()
    apply: Apply = Apply()
    who: Who = Who()
    groups: dict[str, Group] = {}
    notices: dict[str, Notice] = {}
    organs: Annotated[
        dict[Name, Signer],
        Field(
            description="署名机关：名称 -> 谁（office、intake、centre、committee、单位代码、{unit, at}，或一列联合署名）",
            json_schema_extra={
                "en": "Who decides and signs: a name -> a unit told from the case, or a list that signs jointly"
            },
        ),
    ] = {}
    papers: Annotated[
        dict[str, Paper],
        Field(
            description="可以签发的文书：种类 -> {organ, basis, remedy, note}；只写一列种类也行",
            json_schema_extra={
                "en": "The papers it may issue: kind -> {organ, basis, remedy, note}; or a list of kinds"
            },
        ),
    ] = {}
    withdraw: bool = True  # 撤销: the applicant may take it back
    readers: Literal["normal", "restricted"] = "normal"
    remedy: bool = True  # its refusals are administrative acts: 复议 and 诉讼 are told
    published: bool = True  # False: only for trying out
    #: Which door of the hall leads to it: report is 我要反映 on the home page and "对这件事有意见" on the page of a case.
    door: Literal["", "report"] = ""
    #: What opens it without an application. bad-rating: a named bad rating of any case (RULES E3); its form is given
    #: `rated` {number, matter, level, unit, comment} and `applicant` {name, phone}.
    opened_by: Literal["", "bad-rating"] = ""
    escalation: tuple[dict[str, Any], ...] | None = None  # engine/deadlines/escalation.py; None: the default
    extra: dict[str, Any] = {}  # data the matter's own page or board shows

    @field_validator("papers", mode="before")
    @classmethod
    def _listed(cls, papers: Any) -> Any:
        return organs_.papers(papers)

    @model_validator(mode="after")
    def _signed(self) -> Matter:
        faults = organs_.faults(self.organs, self.papers, [one.id for one in self.basis if one.id])
        if faults:
            raise ValueError("；".join(faults))
        return self

    @field_validator("escalation")
    @classmethod
    def _escalates(cls, rows: tuple[dict[str, Any], ...] | None) -> tuple[dict[str, Any], ...] | None:
        deadlines.Policy.read(rows)  # refused here, naming the row
        return rows

    def policy(self) -> deadlines.Policy:
        """Who is told and what is done when a deadline comes near or passes."""
        return deadlines.Policy.default() if self.escalation is None else deadlines.Policy.read(self.escalation)

    @field_validator("materials")
    @classmethod
    def _once(cls, materials: tuple[Material, ...]) -> tuple[Material, ...]:
        names = [m.name for m in materials]
        twice = {n for n in names if names.count(n) > 1}
        if twice:
            raise ValueError(f"同一材料不得要求两次：{'、'.join(sorted(twice))}")
        return materials
