"""The sheets of a county's file: what each is called, its columns, what a cell may hold, and how it is filled in.

A word in a cell is what people write (部门, 是, 周一至周五); what is kept is the hall's own (office, true, 1..5).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType
from typing import Any

from engine.booking.slots import DAYS, KINDS
from engine.commands.hall import posts
from engine.errors import Refused
from engine.findings import meant
from engine.forms import written
from engine.people.units import CENTRE
from engine.workdays import lunar

UNIT_KINDS = MappingProxyType(
    {
        "县": "county",
        "部门": "office",
        "中心": "centre",
        "乡镇": "town",
        "村": "village",
        "社区": "community",
        "网格": "grid",
        "调委会": "committee",
        "协作单位": "partner",
        "党组织": "party",
    }
)
ROLES = MappingProxyType(
    {
        "经办": "clerk",
        "负责人": "supervisor",
        "流程设计员": "designer",
        "系统管理员": "operator",
        "安全管理员": "security",
        "审计管理员": "auditor",
    }
)
RESOURCE_KINDS = MappingProxyType({"窗口": "window", "人": "person", "房间": "room", "场次": "session", "座位": "seat"})
SLOT_KINDS = MappingProxyType(dict(zip(("上班时间", "八小时外", "非工作日"), KINDS, strict=True)))
SLOT_DAYS = MappingProxyType(dict(zip(("都开", "工作日", "非工作日"), DAYS, strict=True)))
WEEK = "一二三四五六日"

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{4}", re.ASCII)
_SPAN = re.compile(r"([0-2][0-9]:[0-5][0-9])-([0-2][0-9]:[0-5][0-9])", re.ASCII)


class Wrong(ValueError):
    """What is wrong with a cell, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how it is called in the file, whether every row needs it, how a cell is read."""

    name: str
    zh: str
    en: str
    how: str = ""  # how it is filled in, for the template
    needed: bool = False
    read: Callable[[str], Any] = str
    most: int = 80
    say: Callable[[Any], str] | None = None  # what was read, as a cell says it; None: it stands there as it is read


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `key`: the columns that tell its rows apart."""

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_zh: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_zh", MappingProxyType({one.zh: one for one in self.columns}))

    def column(self, name: str) -> Column:
        return next(one for one in self.columns if one.name == name)


def _choice(words: Mapping[str, str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in words.values():
            return text
        if text not in words:
            zh, en = meant(text, words)
            raise Wrong(f"没有“{text}”。{zh}", f"There is no {text!r}. {en}")
        return words[text]

    return read


def _pattern(pattern: re.Pattern[str], zh: str, en: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise Wrong(zh, en)
        return text

    return read


def _yes(text: str) -> bool:
    if text not in ("是", "否"):
        raise Wrong("请填“是”或“否”。", "Expected 是 (yes) or 否 (no).")
    return text == "是"


def _telephone(text: str) -> str:
    if written.number(text) is None:
        raise Wrong(
            "这不是电话号码。手机 11 位；固定电话写区号，如 0595-23500101。",
            "This is no telephone number: 11 digits for a mobile, a fixed line with its area code.",
        )
    return written.telephone(text)


def _mobile(text: str) -> str:
    if not written.mobile(text):
        raise Wrong("这不是手机号，应是 11 位。", "This is no mobile number: expected 11 digits.")
    return written.telephone(text)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Wrong("日期写作 2026-09-18。", "Write a date as 2026-09-18.") from None
    if not 2000 <= found.year <= 2099:
        raise Wrong("年份应在 2000 到 2099 之间。", "Expected a year from 2000 to 2099.")
    return found


def _clock(text: str) -> str:
    try:
        return time.fromisoformat(text).strftime("%H:%M")
    except ValueError:
        raise Wrong("时间写作 08:30。", "Write a time as 08:30.") from None


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not least <= int(text) <= most:
            raise Wrong(f"应是 {least} 到 {most} 的整数。", f"Expected a whole number from {least} to {most}.")
        return int(text)

    return read


def _is_time(text: str) -> bool:
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return True


def _spans(text: str) -> list[str]:
    """08:00-12:00、14:30-17:30; 不开 is no span."""
    if text == "不开":
        return []
    found = []
    for part in several(text):
        match = _SPAN.fullmatch(part.replace("—", "-").replace("–", "-").replace("：", ":"))
        if match is None or not _is_time(match[1]) or not _is_time(match[2]) or not match[1] < match[2]:
            raise Wrong(
                "写作 08:00-12:00、14:30-17:30；不开门写“不开”。",
                "Write 08:00-12:00、14:30-17:30, or 不开 when it is shut.",
            )
        found.append(f"{match[1]}-{match[2]}")
    if not found:
        raise Wrong("写作 08:00-12:00；不开门写“不开”。", "Write 08:00-12:00, or 不开 when it is shut.")
    if found != sorted(found) or any(one[6:] > after[:5] for one, after in itertools.pairwise(found)):
        raise Wrong("时段要先后有序、互不重叠。", "Expected spans in order, not overlapping.")
    return found


def _weekdays(text: str) -> list[int]:
    """一、三、五 or 一至五 -> ISO numbers."""
    found: set[int] = set()
    for part in several(text.replace("周", "").replace("星期", "")):
        first, _, last = part.replace("到", "至").partition("至")
        last = last or first
        known = len(first) == len(last) == 1 and first in WEEK and last in WEEK
        if not known or WEEK.index(last) < WEEK.index(first):
            raise Wrong("写作 一、三、五 或 一至五。", "Write 一、三、五 or 一至五 (Monday is 一).")
        found.update(range(WEEK.index(first) + 1, WEEK.index(last) + 2))
    if not found:
        raise Wrong("写作 一、三、五 或 一至五。", "Write 一、三、五 or 一至五 (Monday is 一).")
    return sorted(found)


def _weeks(text: str) -> list[int]:
    found = [part.removeprefix("第") for part in several(text)]
    if not found or not all(part in ("1", "2", "3", "4", "5") for part in found):
        raise Wrong("写作 1、3（当月第几个）。", "Write 1、3: which such weekday of the month.")
    return sorted(int(part) for part in found)


def _lunar(text: str) -> str:
    try:
        lunar.days(text)
    except Refused as error:
        raise Wrong("农历的日子写作 逢三逢八 或 初五。", f"Write lunar days as 逢三逢八 ({error}).") from None
    return text


def _centre(text: str) -> str:
    """集中、封闭、移民 -> gathered,gated,resettled: at most one of each pair, whatever the order."""
    said, found = several(text), []
    for pair in CENTRE:
        of = [code for code, word in pair.items() if word in said or code in said]
        if len(of) > 1:
            zh, en = "和".join(pair.values()), " and ".join(pair)
            raise Wrong(f"{zh}只能填一个。", f"A centre is not both {en}.")
        found += of
    words = [word for pair in CENTRE for word in pair.values()]
    strange = next((one for one in said if one not in words and one not in found), None)
    if strange is not None:
        zh, en = meant(strange, words)
        raise Wrong(f"没有“{strange}”。{zh}", f"There is no {strange!r}. {en}")
    return ",".join(found)


def centre_said(codes: str) -> str:
    """gathered,resettled -> 集中、移民."""
    return "、".join(word for pair in CENTRE for code, word in pair.items() if code in codes.split(","))


def several(text: str) -> list[str]:
    """What stands between 、 or commas."""
    return [one.strip() for one in text.replace("，", "、").replace(",", "、").split("、") if one.strip()]


_SAID_CODE = "由数字、字母和横线组成，最多 40 位"
_code = _pattern(_CODE, f"代码{_SAID_CODE}。", "A code is of digits, letters and dashes, at most 40.")


def _codes(name: str, zh: str, en: str, how: str, *, needed: bool = True) -> Column:
    return Column(name, zh, en, how, needed, _code, 40)


UNITS = Sheet(
    "units",
    "单位",
    "Units",
    ("code",),
    (
        _codes("code", "代码", "Code", f"区划代码，或加部门简称：350526-YB；{_SAID_CODE}"),
        Column("name", "名称", "Name", "全称：县医疗保障局", True),
        Column("kind", "类型", "Kind", "、".join(UNIT_KINDS), True, _choice(UNIT_KINDS)),
        _codes("parent", "上级代码", "Code of the unit above", "县不填，别的都要填", needed=False),
        Column("phone", "电话", "Telephone", "0595-23500101", read=_telephone),
        Column("address", "地址", "Address", most=200),
        Column("name_en", "英文名", "English name", most=120),
        Column("seal_name", "印章全称", "Name on the seal", "不填就用名称；协作单位没有章"),
        Column("word", "文号字", "Word of its papers' numbers", "文书编号的开头：德医保", most=20),
        Column(
            "number",
            "编号",
            "Number",
            "四位数字，进办件编号；不填自动编",
            read=_pattern(_NUMBER, "编号是四位数字。", "A number has four digits."),
        ),
        Column(
            "centre",
            "中心类型",
            "Type of its centre",
            f"邻里中心：{'；'.join('或'.join(pair.values()) for pair in CENTRE)}。写作 集中、封闭、移民；没有中心不填",
            read=_centre,
            say=centre_said,
        ),
    ),
)
HOURS = Sheet(
    "hours",
    "开门时间",
    "Opening hours",
    ("of",),
    (
        _codes("of", "单位或大厅代码", "Code of a unit or hall", "没有写的按县里统一的时间"),
        *(
            Column(f"d{n}", f"周{day}", en, "08:00-12:00、14:30-17:30；不填、写“不开”是不开门", read=_spans)
            for n, (day, en) in enumerate(zip(WEEK, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True), 1)
        ),
    ),
)
POSTS = Sheet(
    "posts",
    "岗位",
    "Posts",
    ("code",),
    (
        _codes("code", "代码", "Code", "事项的流程里写的：window、reviewer、agent、head"),
        Column("name", "名称", "Name", "综合窗口", True),
        Column("role", "角色", "Role", "、".join(ROLES), True, _choice(ROLES)),
        Column("name_en", "英文名", "English name", most=120),
    ),
)
PEOPLE = Sheet(
    "people",
    "人员",
    "Staff",
    ("login",),
    (
        Column(
            "login",
            "登录名",
            "Log-in",
            "3 到 40 个小写字母、数字、点、横线，字母开头",
            True,
            _pattern(posts.LOGIN, *posts.LOGIN_SAID),
        ),
        Column("name", "姓名", "Name", "", True, most=40),
        Column("phone", "手机", "Mobile", "11 位；收通知用", read=_mobile),
    ),
)
HOLDINGS = Sheet(
    "holdings",
    "任职",
    "Posts held",
    ("login", "unit", "post"),
    (
        Column("login", "登录名", "Log-in", "人员表里的", True),
        _codes("unit", "单位代码", "Code of the unit", "单位表里的"),
        _codes("post", "岗位代码", "Code of the post", "岗位表里的"),
        Column("from_on", "从", "From", "任职第一天：2026-09-18；不填是现在", read=_day),
        Column("until_on", "到", "Until", "任职最后一天；不填没有期限", read=_day),
    ),
)
HALLS = Sheet(
    "halls",
    "大厅",
    "Halls",
    ("code",),
    (
        _codes("code", "代码", "Code", "jiayuan"),
        Column("name", "名称", "Name", "", True),
        _codes("unit", "单位代码", "Code of its unit", "哪个单位管"),
        Column("address", "地址", "Address", most=200),
        Column("name_en", "英文名", "English name", most=120),
    ),
)
WINDOWS = Sheet(
    "windows",
    "窗口",
    "Counters",
    ("hall", "code"),
    (
        _codes("hall", "大厅代码", "Code of the hall", "大厅表里的"),
        Column("code", "窗口号", "Number", "叫号时说的：3", True, most=8),
        Column("name", "名称", "Name", "医保窗口", True, most=40),
        _codes("unit", "单位代码", "Code of its unit", "窗口归哪个单位"),
        Column("low", "低位", "Low", "轮椅能到的写“是”", read=_yes),
        Column("name_en", "英文名", "English name", most=80),
    ),
)
RESOURCES = Sheet(
    "resources",
    "可预约",
    "Bookable",
    ("code",),
    (
        _codes("code", "代码", "Code", "hall-evening"),
        Column("name", "名称", "Name", "", True),
        Column("kind", "类型", "Kind", "、".join(RESOURCE_KINDS), True, _choice(RESOURCE_KINDS)),
        _codes("unit", "单位代码", "Code of its unit", "哪个单位的"),
        Column("offer", "供给", "Offer", "事项里声明的供给，如 yuyue.window", most=81),
        Column("matter", "事项", "Matter", "预约以后开的事项；不填只是预约", most=40),
        Column("name_en", "英文名", "English name", most=120),
    ),
)
ITEMS = Sheet(
    "items",
    "预约办什么",
    "What may be done there",
    ("resource", "code"),
    (
        _codes("resource", "可预约代码", "Code of the bookable", ""),
        _codes("code", "代码", "Code", "medical"),
        Column("name", "名称", "Name", "医保参保、报销、备案", True),
        Column("bring", "带什么", "What to bring", "几样之间写顿号", read=several, most=200),
    ),
)
OPENINGS = Sheet(
    "openings",
    "预约时间",
    "Bookable times",
    ("resource", "opens", "days", "weekdays"),
    (
        _codes("resource", "可预约代码", "Code of the bookable", ""),
        Column("opens", "开始", "From", "09:00", True, _clock),
        Column("closes", "结束", "To", "11:30", True, _clock),
        Column("minutes", "每次分钟", "Minutes each", "30", True, _whole(5, 1440)),
        Column("public", "群众名额", "Places for residents", "每次几个", True, _whole(0, 10000)),
        Column("staff", "窗口名额", "Places by staff", "另外只能由窗口给的", read=_whole(0, 10000)),
        Column("kind", "时间类别", "Kind of time", "、".join(SLOT_KINDS), read=_choice(SLOT_KINDS)),
        Column("days", "哪些日子", "Days", "、".join(SLOT_DAYS), read=_choice(SLOT_DAYS)),
        Column("weekdays", "周几", "Weekdays", "一、三、五 或 一至五；不填都开", read=_weekdays),
        Column("weeks", "当月第几个", "Which of the month", "1、3；不填都开", read=_weeks),
        Column("lunar", "农历", "Lunar days", "逢三逢八；不填都开", read=_lunar),
    ),
)
#: In the order in which they are put in: what another names comes first.
SHEETS = (UNITS, POSTS, PEOPLE, HOLDINGS, HALLS, WINDOWS, HOURS, RESOURCES, ITEMS, OPENINGS)
BY_ZH: Mapping[str, Sheet] = MappingProxyType({one.zh: one for one in SHEETS})
