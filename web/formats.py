"""How things are shown: moments, days, people, sizes. Chinese as people say it; English by Babel."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime, format_time
from flask_babel import gettext as _

from engine import workdays
from engine.people import masks
from engine.reads.lists import MOST
from web.language import english


def day(value: date | datetime | str | None, year: bool | None = None) -> str:
    """11月25日（周三）; with the year when it is not this one's or when asked."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    on = workdays.local_date(value) if isinstance(value, datetime) and value.tzinfo else value
    on = on.date() if isinstance(on, datetime) else on
    if english():
        return format_date(on, "EEE d MMM y" if year or year is None else "EEE d MMM", locale="en")
    return f"{on.year}年{workdays.say(on)}" if year else workdays.say(on)


def monthday(value: date) -> str:
    """11月25日, for a calendar that says the weekday below."""
    return format_date(value, "d MMM", locale="en") if english() else workdays.say_day(value)


def weekday(value: date) -> str:
    """周三"""
    return format_date(value, "EEE", locale="en") if english() else workdays.calendar.WEEKDAYS_ZH[value.weekday()]


def moment(value: datetime | None, year: bool = False) -> str:
    """11月25日（周三）17:30"""
    if value is None:
        return ""
    local = value.astimezone(workdays.ZONE)
    if english():
        return format_datetime(local, "EEE d MMM y, HH:mm", tzinfo=workdays.ZONE, locale="en")
    return f"{day(local.date(), year)}{local:%H:%M}"


def clock(value: datetime | None) -> str:
    """17:30"""
    return "" if value is None else format_time(value.astimezone(workdays.ZONE), "HH:mm", locale="zh_CN")


def due(value: datetime | None) -> str:
    """11月25日（周三）17:30 前; the end of a day is that day, as notices say it."""
    if value is None:
        return _("没有时限")
    last = _last_day(value)
    return _("%(moment)s 前", moment=moment(value) if last is None else day(last))


def _last_day(value: datetime) -> date | None:
    """The day at whose end this is, be it written as its last minute or as the midnight after; None: within a day."""
    local = value.astimezone(workdays.ZONE)
    if (local.hour, local.minute) == (0, 0):
        return local.date() - timedelta(days=1)
    return local.date() if (local.hour, local.minute) == (23, 59) else None


def left(value: datetime | None, now: datetime, calendar: workdays.Calendar | None = None) -> str:
    """还剩2个工作日 / 今天到期 / 已超2个工作日."""
    if value is None:
        return ""
    calendar = calendar or workdays.china()
    today, on = workdays.local_date(now), _last_day(value) or workdays.local_date(value)
    try:
        if now >= value:
            days = calendar.count(on, today)
            return _("已超%(n)s个工作日", n=days) if days else _("已超时")
        if on <= today:
            return _("今天到期")
        days = calendar.count(today, on)
        return _("还剩%(n)s个工作日", n=days) if days else _("今天到期")
    except workdays.UnknownYear:
        return ""


def lasting(span: timedelta) -> str:
    """3 分钟, 2 小时, 5 天: as long as it is, roughly."""
    seconds = abs(span.total_seconds())
    if seconds < 120:
        return _("%(n)s 秒", n=round(seconds))
    if seconds < 7200:
        return _("%(n)s 分钟", n=round(seconds / 60))
    if seconds < 2 * 86400:
        return _("%(n)s 小时", n=round(seconds / 3600))
    return _("%(n)s 天", n=round(seconds / 86400))


def size(count: int) -> str:
    """1.2 MB"""
    if count < 1024 * 1024:
        return f"{max(1, round(count / 1024))} KB"
    return f"{count / 1024 / 1024:.1f} MB"


COLOUR_WORDS = {
    "green": "正常",
    "yellow": "快到期",
    "red": "超承诺时限",
    "black": "超法定时限",
    "paused": "暂停计时",
    "none": "没有时限",
    "done": "已办结",
    "stopped": "时限已停，还没办完",
}


def many(count: int) -> str:
    """Beside a list: exact below what is counted at most, else 999+."""
    return str(count) if count < MOST else f"{MOST - 1}+"


filters = {
    "day": day,
    "monthday": monthday,
    "weekday": weekday,
    "moment": moment,
    "clock": clock,
    "due": due,
    "many": many,
    "size": size,
    "mask_name": masks.name,
    "mask_phone": masks.phone,
    "mask_id": masks.id_number,
}
