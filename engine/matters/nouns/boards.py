"""公开栏: what a matter lets the public read, and what of it.

    boards:
      market:
        kind: market
        title: 墟日
        title_en: Market days
        scope: town                                  # the village, town or county whose board it is
        shows:
          name:  {title: 哪里的墟, title_en: Which market}       # the first is the heading
          day:   {title: 日子, title_en: Day, type: date}
          phone: {title: 咨询, title_en: Ask, type: contact}
        hides: {organiser: 承办单位}                  # kept with the entry, for staff only
        day: day                                     # which of them is its day: then it has a calendar file
        until: "=day"                                # or days: 15
        review: {post: head, at: town, within: 1wd}  # read by somebody before the public does
        objections: {who: place, message: market-objection}

What is published is held against `shows`: a fact that stands in neither list is refused, and so is a telephone or an
identity number wherever it stands. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from engine.deadlines import Limit
from engine.errors import Invalid
from engine.forms import written
from engine.matters.schema import Part, wrong
from engine.matters.taking_part import Id, Words

#: What an entry is about -> what people call it.
KINDS: dict[str, tuple[str, str]] = {
    "notice": ("公示", "Notices"),
    "need": ("有人需要", "Needs"),
    "offer": ("有人提供", "Offers"),
    "activity": ("活动", "Activities"),
    "market": ("墟日", "Market days"),
    "sharing": ("信息共享", "Sharing"),
}
Kind = Literal["notice", "need", "offer", "activity", "market", "sharing"]
Scope = Literal["village", "town", "county"]

#: What the message of an objection brings.
OBJECTION = tuple(f"objection.{name}" for name in ("number", "entry", "who", "phone", "words", "at"))

#: Words in the name or title of a shown fact that promise what nobody may publish.
PERSONAL = ("phone", "mobile", "id_number", "identity", "身份证", "手机", "联系电话", "银行卡", "病", "诊断")

_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_CARD = re.compile(r"(?<!\d)\d{16,19}(?!\d)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-—–·.、]+(?=\d)")
#: Han digits stand for a number only in a row: 三八 is a word, 一三八零零一三八零零零 is not.
_HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九]{11,18}")


class Shown(Part):
    """One fact that the public reads."""

    title: Words = Field(description="叫什么 · what it is called")
    title_en: str = Field(default="", description="英文 · the same in English")
    type: Literal["text", "date", "moment", "number", "money", "person", "contact"] = Field(
        default="text",
        description="是什么：文字、日期、时刻、数、金额、人名（只显示张*三）、咨询电话（固定电话或短号） · text, a "
        "date, a moment, a number, money, a person's name (shown as 张*三), or a desk's telephone (never a mobile)",
    )
    mask: Literal["name", "none"] = Field(
        default="name",
        description="人名：name 只显示张*三；none 全名，要写 basis（依法公开，或本人同意） · a person's name: "
        "masked, or whole, which needs a basis",
    )
    basis: str = Field(
        default="",
        max_length=200,
        description="凭什么公开全名：法律的条文，或“本人同意” · why the whole name is shown: an article or consent",
    )
    required: bool = Field(default=True, description="必须有 · it must be there")
    most: int = Field(default=300, ge=1, le=2000, description="文字至多几个字 · at most so many characters")

    @model_validator(mode="after")
    def _named(self) -> Shown:
        if self.mask == "none" and self.type != "person":
            raise wrong("mask: none 只用于人名（type: person）。", "mask: none is for a person's name (type: person).")
        if self.mask == "none" and not self.basis.strip():
            raise wrong(
                "公开全名要写 basis：哪部法的哪一条，或“本人同意”。",
                "A whole name needs a basis: the article that has it published, or consent.",
            )
        if self.basis and self.mask != "none":
            raise wrong("basis 只用于公开全名（mask: none）。", "basis belongs to a whole name (mask: none).")
        return self


class Review(Part):
    """Who reads it before the public does."""

    post: Id = Field(description="哪个岗位审核 · which post reviews it")
    at: str = Field(default="office", description="在哪个单位，写法同 groups · at which unit, as in groups")
    within: str = Field(default="1wd", description="多久内审完：1wd、24h · within which time: 1wd, 24h")

    @model_validator(mode="after")
    def _limited(self) -> Review:
        try:
            Limit.parse(self.within)
        except Invalid as refused:
            raise wrong(refused.fields[0].zh, refused.fields[0].en) from None
        return self


class Objections(Part):
    """What readers may say to the case that published it."""

    who: Literal["anyone", "signed-in", "place"] = Field(
        default="signed-in",
        description="谁可以说：任何人（留姓名电话）、登录的人、本地方的人 · who may: anyone (with name and telephone), "
        "who is signed in, or who belongs to the place",
    )
    message: str = Field(min_length=1, description="变成办件的哪个消息 · which message of the diagram it becomes")
    words: Words = Field(default="提出异议", description="按钮上的话 · the words on the button")
    words_en: str = Field(default="Object", description="英文 · the same in English")


class Board(Part):
    """One board: what is published on it, for whom and how long."""

    kind: Kind = Field(
        description="哪一类：notice 公示、need 有人需要、offer 有人提供、activity 活动、market 墟日、sharing 信息共享"
        " · what its entries are"
    )
    title: Words = Field(description="叫什么 · what it is called")
    title_en: str = Field(default="", description="英文 · the same in English")
    scope: Scope = Field(description="给哪一级看：village、town、county · whose board it is")
    shows: dict[Id, Shown] = Field(
        min_length=1, description="公开哪些内容；第一项是标题 · what the public reads; the first is the heading"
    )
    hides: dict[Id, Words] = Field(
        default={},
        description="只给工作人员看的内容：名称 → 叫什么 · facts for the staff only: name → title",
    )
    day: Id | Literal[""] = Field(
        default="", description="哪一项是它的日子（才有日历文件） · which fact is its day: then it has a calendar file"
    )
    ends: Id | Literal[""] = Field(default="", description="哪一项是结束的时刻 · which fact is when it ends")
    where: Id | Literal[""] = Field(default="", description="哪一项是地点 · which fact says where")
    days: int | None = Field(
        default=None, ge=1, le=730, description="公开几天，第二天起算 · for how many days, from the next on"
    )
    until: str = Field(
        default="", description="公开到哪天：FEEL，如 =day · until which day: FEEL over the facts, such as =day"
    )
    review: Review | None = Field(default=None, description="先审后发 · read by somebody before the public does")
    objections: Objections | None = Field(
        default=None, description="看的人可以说什么 · what readers may say to the case"
    )

    @model_validator(mode="after")
    def _whole(self) -> Board:
        known = "、".join(self.shows)
        for key, types in (("day", ("date", "moment")), ("ends", ("moment", "date")), ("where", ("text",))):
            name = getattr(self, key)
            if name and name not in self.shows:
                raise wrong(
                    f"{key} 是“{name}”，但 shows 里没有这一项。有：{known}。",
                    f"{key} is {name!r}, which stands not in shows. There are: {known.replace('、', ', ')}.",
                )
            if name and self.shows[name].type not in types:
                raise wrong(
                    f"{key} 用的“{name}”应是 {'、'.join(types)}，现在是 {self.shows[name].type}。",
                    f"{key} needs {name!r} to be of type {' or '.join(types)}, but it is {self.shows[name].type}.",
                )
        both = sorted(set(self.hides) & set(self.shows))
        if both:
            raise wrong(
                f"“{both[0]}”又在 shows 又在 hides：公开还是不公开，只写一处。",
                f"{both[0]!r} stands in shows and in hides: write it in one of them.",
            )
        if (self.days is None) == (not self.until):
            raise wrong(
                "写 days（几天）或 until（到哪天），只写一个。", "Write either days or until, and only one of them."
            )
        if self.until and not self.until.startswith("="):
            raise wrong(
                f"until 是 FEEL，以 = 开头，如 =day；现在是“{self.until}”。",
                f"until is FEEL and begins with =, such as =day; it is {self.until!r}.",
            )
        if self.ends and not self.day:
            raise wrong("有 ends 就要有 day。", "ends needs day.")
        return self

    @property
    def heading(self) -> str:
        return next(iter(self.shows))


def personal(text: str) -> tuple[str, str] | None:
    """What of a person stands in a text that nobody may publish: (中文, English). Digits are found however they are
    written: full-width, with blanks or dashes between, or in Han.

    >>> personal("请打 １３８ 0013-8000"), personal("逢三逢八赶墟，咨询 0595-23500203")
    (('手机号码', 'a mobile number'), None)
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = _HAN_NUMBER.sub(lambda found: found.group().translate(_HAN_DIGITS), plain)
    close = _BETWEEN_DIGITS.sub("", plain)
    for one in (plain, close):
        if _IDENTITY.search(one):
            return "身份证号", "an identity number"
        if _CARD.search(one):
            return "银行卡号", "the number of a bank card"
        if _MOBILE.search(one):
            return "手机号码", "a mobile number"
    return None


def fault(shown: Shown, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value for this fact: (中文, English); None when it may be published."""
    if value is None or value == "":
        if shown.required:
            return (
                f"缺少“{shown.title}”，公开栏上必须有。",
                f"Expected {shown.title_en or shown.title}, but it is missing.",
            )
        return None
    if shown.type in ("number", "money"):
        try:
            float(str(value))
        except ValueError:
            return f"“{shown.title}”应是数，现在是“{value}”。", f"Expected a number, but it is {value!r}."
        return None
    text = str(value)
    if shown.type in ("date", "moment"):
        try:
            moment(text)
        except ValueError:
            return f"“{shown.title}”应是日期，现在是“{text[:40]}”。", f"Expected a date, but it is {text[:40]!r}."
        return None
    if len(text) > shown.most:
        return (
            f"“{shown.title}”有 {len(text)} 个字，至多 {shown.most} 个。",
            f"Expected at most {shown.most} characters, but there are {len(text)}.",
        )
    found = personal(text)
    if found is None and shown.type == "contact" and written.mobile(text):
        found = "手机号码", "a mobile number"
    if found is not None:
        return (
            f"“{shown.title}”里有{found[0]}，不能公开。请删去，或改用单位的固定电话。",
            f"{shown.title_en or shown.title} holds {found[1]}, which must not be public. Take it out, or give the "
            "desk's own telephone.",
        )
    return None


def moment(text: str) -> date | datetime:
    """A day or a moment, as a form or FEEL gives it. ValueError: neither."""
    text = text.split("@")[0].strip()
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
