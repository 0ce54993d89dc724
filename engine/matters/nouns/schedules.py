"""定期: a matter, or a process of it, that begins by itself.

schedules:
  report:
    title: 月度通报
    every: 每月5日 08:00            # or R/2026-01-05T08:00/P1M, "month on first working day at 08:00" …
    if_closed: next                # the day is no working day: same (default), next, previous
    for: town                      # one run for each town; without it one for the county
    missed: last                   # after a stand-still: each (default) in order, or only the last
    answers:                       # what the application form gets, in FEEL over run and unit
      month: "=run.period.from"
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from engine.matters import recurring
from engine.matters.recurring import Closed, Every
from engine.matters.schema import Part, wrong

#: `for:` -> the kinds of units it means.
UNITS: dict[str, tuple[str, ...]] = {
    "one": ("county",),
    "town": ("town",),
    "village": ("village", "community"),
    "centre": ("centre",),
    "office": ("office",),
}

#: `starts:` when the matter itself begins, as an application does.
MATTER = "matter"


def unreadable(text: str) -> tuple[str, str]:
    """What is said of a rule that cannot be read: what can be."""
    return (
        f"看不懂“{text}”。请写：每月5日 08:00、每月第一个工作日 08:00、每月最后一天 18:00、每季度5日 08:00、"
        "每年1月10日 09:00、"
        "每周一 08:00、每个工作日 08:00、每天 08:00，或者 R/2026-01-05T08:00/P1M（间隔不短于十五分钟）。",
        f'"{text}" is no rule. Write "month on day 5 at 08:00", "month on first working day at 08:00", "month on last '
        'day at 18:00", "quarter on day 5 at 08:00", "year on 01-10 at 09:00", "week on monday at 08:00", "working '
        'day at 08:00", "day at 08:00", or R/2026-01-05T08:00/P1M (no shorter than fifteen minutes).',
    )


class Schedule(Part):
    """A matter, or a process of it, that begins by itself."""

    title: str = Field(default="", max_length=80, description="给人看的名称 · what people call it")
    starts: str = Field(
        default=MATTER,
        description="开始什么：matter 是本事项，或一个流程的 id · what begins: matter, or the id of a process",
    )
    every: str = Field(
        default="",
        max_length=80,
        description=(
            "多久一次：每月5日 08:00、每月第一个工作日 08:00、每年1月10日 09:00、每个工作日 08:00，或 "
            "R/2026-01-05T08:00/P1M；流程图有定时启动事件的不写 · how often, in such words or as an ISO 8601 "
            "interval; "
            "left out where the diagram has a timer start event"
        ),
    )
    if_closed: Closed = Field(
        default="same",
        description=(
            "那天不是工作日：same 照旧，next 顺延，previous 提前 · when that day is no working day: all the same, the "
            "next one, the one before"
        ),
    )
    since: date | None = Field(default=None, alias="from", description="从哪天起 · from this day on")
    until: date | None = Field(default=None, description="到哪天为止 · until this day")
    for_: Literal["one", "town", "village", "centre", "office"] = Field(
        default="one",
        alias="for",
        description=(
            "全县一次，还是每个镇、村（社区）、中心、部门各一次 · once, or once for each town, village, "
            "centre or office"
        ),
    )
    missed: Literal["each", "last"] = Field(
        default="each",
        description=(
            "停机后补办：each 错过的逐次补上，last 只补最近一次 · after a stand-still: each one missed, in order, or "
            "only the last"
        ),
    )
    answers: dict[str, str] = Field(
        default={},
        description=(
            "字段 → 值，可用 FEEL：run.due、run.period.from、run.period.until、unit.code、unit.name · what the form "
            "gets: path → text, or FEEL over run and unit"
        ),
    )

    @field_validator("every")
    @classmethod
    def _read(cls, every: str) -> str:
        if every and recurring.read(every) is None:
            raise wrong(*unreadable(every))
        return every

    @model_validator(mode="after")
    def _sense(self) -> Schedule:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise wrong(
                f"until（{self.until}）早于 from（{self.since}），永远不会开始。",
                f"until ({self.until}) lies before from ({self.since}): it would never begin.",
            )
        rule = self.rule
        if rule is not None and self.if_closed != "same" and (rule.nth or rule.kind in ("day", "working-day")):
            raise wrong(
                f"“{rule.text}”不会落在休息日，或者每天都有，不用写 if_closed。要只在工作日，请写“每个工作日 08:00”。",
                f'"{rule.text}" falls on working days by itself, or on every day: remove if_closed. For working days '
                'only, write "working day at 08:00".',
            )
        return self

    @property
    def rule(self) -> Every | None:
        return recurring.read(self.every) if self.every else None
