"""How papers write dates, sums and people: the filters of the templates. Pure.

GB/T 9704: Arabic digits, the full year, no zero padding. Sums also in capitals (票据法 8: both must agree).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from engine.workdays import say_month, say_whole

if TYPE_CHECKING:
    from engine.workdays import Day

CHINA = ZoneInfo("Asia/Shanghai")

#: What a copy hides: nothing (the office's own file), numbers (the parties' copies), or names too (public copies).
Copy = Literal["file", "party", "public"]


def day(value: str | date | None) -> str:
    """A date as official papers write it.

    >>> day("2026-01-05")
    '2026年1月5日'
    >>> day("2026-09-18T16:30:00+00:00")  # signed half past midnight
    '2026年9月19日'
    """
    if value is None or value == "":
        return ""
    return say_whole(_on(value))


def month(value: str | date | None) -> str:
    """The month of a date, where the day says nothing: what is paid for whole months.

    >>> month("2026-09-30")
    '2026年9月'
    """
    if value is None or value == "":
        return ""
    return say_month(_on(value))


def _on(value: str | date) -> date:
    """The day in China of a day or a moment."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value.astimezone(CHINA).date() if isinstance(value, datetime) else value


def moment(value: str | datetime | None) -> str:
    """A time with its day, in China.

    >>> moment("2026-01-05T01:03:00+00:00")
    '2026年1月5日 09:03'
    """
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    value = value.astimezone(CHINA)
    return f"{day(value.date())} {value:%H:%M}"


def account(days: Iterable[Day]) -> list[dict[str, Any]]:
    """The day-by-day account of a deadline as frozen facts (`deadline.account`), from `workdays` or the ledger."""
    plain = {"工作日": "", "起算日不计": "当日", "周末": "休息日"}
    return [
        {
            "on": one.date.isoformat(),
            "count": one.counts,
            "note": plain.get(one.kind, one.name if one.kind == "节假日" and one.name else one.kind),
        }
        for one in days
    ]


def weekday(value: str | date) -> str:
    """The day of the week.

    >>> weekday("2026-09-18")
    '星期五'
    >>> weekday("2026-09-18T16:30:00+00:00")
    '星期六'
    """
    return "星期" + "一二三四五六日"[_on(value).weekday()]


def hidden_number(value: str | None, copy: Copy) -> str:
    """An identity number: the region and the last two signs stay, unless it is the office's own file.

    >>> hidden_number("350526194903120023", "party")
    '350526**********23'
    """
    if not value:
        return ""
    if copy == "file" or len(value) < 8:
        return value
    return value[:6] + "*" * (len(value) - 8) + value[-2:]


def hidden_phone(value: str | None, copy: Copy) -> str:
    """A telephone number; on public copies the middle is hidden.

    >>> hidden_phone("13805950000", "public")
    '138****0000'
    """
    if not value:
        return ""
    if copy != "public" or len(value) < 8:
        return value
    return value[:3] + "*" * (len(value) - 7) + value[-4:]


def hidden_name(value: str | None, copy: Copy) -> str:
    """A person's name; on public copies only the last sign stays, as queue screens show it.

    >>> hidden_name("陈玉兰", "public")
    '**兰'
    """
    if not value:
        return ""
    return value if copy != "public" else "*" * (len(value) - 1) + value[-1]


#: What a name may break after: the end of a place, of an organ, of a part of one.
_ENDS = "省市县区镇乡村局厅委会院所站队处科办部）"


def balanced(text: str, most: int) -> list[str]:
    """A heading in as few lines of at most so many characters as it needs, broken by sense and about equally long.

    GB/T 9704 7.3.1: a title of several lines is broken where a word ends, its lines as a trapezium or a diamond.

    >>> balanced("德化县人力资源和社会保障局城乡居民社会养老保险管理中心", 20)
    ['德化县人力资源和社会保障局', '城乡居民社会养老保险管理中心']
    >>> balanced("德化县医疗保障局", 20)
    ['德化县医疗保障局']
    """
    count = -(-len(text) // most)
    if count < 2:
        return [text]
    ideal = len(text) / count

    def worth(at: int, wanted: float) -> float:
        return abs(at - wanted) + (0 if text[at - 1] in _ENDS else most / 4)

    lines, start = [], 0
    for left in range(count - 1, 0, -1):
        # What is left must still fit into the lines that are left.
        first, last = max(start + 1, len(text) - left * most), min(start + most, len(text) - left)
        at = min(range(first, last + 1), key=lambda at, wanted=start + ideal: worth(at, wanted))  # type: ignore[misc]
        lines.append(text[start:at])
        start = at
    return [*lines, text[start:]]


_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def capitals(value: str | int | float | Decimal) -> str:
    """A sum of yuan in capitals.

    >>> capitals("12003.50")
    '壹万贰仟零叁元伍角整'
    """
    cents = int((Decimal(str(value)) * 100).to_integral_value())
    if cents < 0 or cents >= 10**14:
        raise ValueError(f"Expected a sum from 0 up to a trillion, but got {value}")
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    text = _whole(yuan) + "元" if yuan else ""
    if not jiao and not fen:
        return (text or "零元") + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    text, gap = "", False
    groups = [(number // 10 ** (4 * n) % 10000, unit) for n, unit in ((2, "亿"), (1, "万"), (0, ""))]
    for group, unit in groups:
        if not group:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        gap = False
        part, zero = "", False
        for n, place in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
            digit = group // n % 10
            if digit:
                part += ("零" if zero and part else "") + _DIGITS[digit] + place
                zero = False
            else:
                zero = True
        text += part + unit
    return text


def money(value: str | int | float | Decimal) -> str:
    """A sum of yuan with two decimals and thousands marked.

    >>> money("1203.5")
    '1,203.50元'
    """
    return f"{Decimal(str(value)):,.2f}元"


def numeral(value: int) -> str:
    """A number below one hundred in Chinese, for the numbering of paragraphs.

    >>> numeral(12)
    '十二'
    """
    digits = "零一二三四五六七八九"
    if not 0 < value < 100:
        raise ValueError(f"Expected 1 to 99, but got {value}")
    tens, ones = divmod(value, 10)
    return ("" if not tens else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")
