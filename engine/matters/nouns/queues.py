"""queues: who waits in a hall now. Halls and windows are the county's (`halls:` of its file), not the matter's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from engine.booking import line
from engine.matters.schema import Part, wrong, wrong_at

Letter = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
#: 09:50, and with its class: B 09:50.
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Z] ([01][0-9]|2[0-3]):[0-5][0-9]$")]
#: 30s, 30min, 2h: how long somebody waits in a hall.
Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}(s|min|h)$")]


def span(text: str) -> timedelta:
    """
    >>> span("30s"), span("45min"), span("2h")
    (datetime.timedelta(seconds=30), datetime.timedelta(seconds=2700), datetime.timedelta(seconds=7200))
    """
    found = re.fullmatch(r"(\d+)(s|min|h)", text)
    if found is None:
        raise ValueError(f"Expected a span such as 45min or 2h, but it is {text!r}")
    return timedelta(seconds=int(found[1]) * {"s": 1, "min": 60, "h": 3600}[found[2]])


class QueueClass(Part):
    """One class of a line; they stand in the order in which they are called."""

    name: Short = Field(description="给人看的名称 · what people call it")
    name_en: str = Field(default="", description="英文名称 · the same in English")
    turn: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="前面各类叫过几个以后叫它一个 · after how many calls of the classes before it one of it is called",
    )
    first_after: Span | None = Field(
        default=None, description="等了多久排到最前，如 45min · who waited so long goes first, such as 45min"
    )
    keeps: bool = Field(
        default=False,
        description="过号不罚：回来仍在原位，引导员去找人 · whoever missed the call keeps the place",
    )


class Need(Part):
    """What somebody may say of themselves at the machine, by one touch. It is believed, and needs no document."""

    name: Short = Field(description="按钮上的字 · the words on the button")
    name_en: str = Field(default="", description="英文 · the same in English")
    class_: Letter | None = Field(
        default=None,
        alias="class",
        description="排到哪一类；不写不改变次序 · into which class it puts them; without it the order stays",
    )
    low: bool = Field(
        default=False,
        description="要低位窗口：有低位窗口开着就由它叫 · asks for a low counter, which calls them while one is open",
    )
    quiet: bool = Field(
        default=False,
        description="只由工作人员登记，号和大屏上看不出来 · entered by staff only; the number looks like any other",
    )
    help: Short | None = Field(default=None, description="叫号时提醒窗口怎么帮 · what the window is told to do")
    help_en: str = Field(default="", description="英文 · the same in English")
    age: int | None = Field(
        default=None,
        ge=0,
        le=120,
        description="已知满几岁也算 · who is known to be of this age has it without saying so",
    )


class Booked(Part):
    """Where those who booked a time stand in the line, once they are checked in."""

    class_: Letter = Field(alias="class", description="准时到的排到哪一类 · the class of who comes in time")
    early: Span = Field(default="15min", description="提前多久算准时 · how early is in time")
    late: Span = Field(default="10min", description="晚到多久以内算准时 · how late is still in time")


class Back(Part):
    """Who missed their call and comes back."""

    within: Span = Field(default="30min", description="多久以内回来有效 · within what time they may come back")
    places: int = Field(default=3, ge=0, le=20, description="让过几位再叫 · behind how many further calls")
    times: int = Field(default=1, ge=0, le=5, description="可以回来几次；再过号要重新取号 · how often")


class Example(Part):
    """A moment in the line, and who must be next: the check holds the declared order against it."""

    now: Clock = Field(description="几点 · at what time")
    waiting: tuple[Place, ...] = Field(
        min_length=1, description="谁在等：类和到的时间，如 B 09:50 · who waits: class, time"
    )
    called: str = Field(
        default="", pattern=r"^[A-Z]{0,40}$", description="前面依次叫了哪些类，如 AAB · the classes called so far"
    )
    next: Place = Field(description="下一个应当是谁 · who must be next")

    def found(self, order: tuple[line.Class, ...]) -> str:
        """Who is next by this order, as it is written in `waiting`."""

        def at(text: str) -> datetime:
            return datetime.combine(date(2026, 1, 5), time.fromisoformat(text.rpartition(" ")[2]), UTC)

        waiting = [line.Waits(n, one[0], at(one), n) for n, one in enumerate(self.waiting)]
        chosen = line.following(order, waiting, [line.Called(code) for code in self.called], at(self.now))
        return self.waiting[chosen.who.id] if chosen is not None else ""


class Queue(Part):
    """One line in a hall (一个队)."""

    name: Short = Field(description="给人看的名称 · what people call it")
    name_en: str = Field(default="", description="英文名称 · the same in English")
    at: Word = Field(description="在哪个大厅：县的清单里大厅的代码 · in which hall: a code of the county's halls")
    windows: tuple[str, ...] = Field(
        default=(),
        description="哪些单位的窗口叫这个队；不写是大厅的所有窗口 · units whose windows call it; else every window",
    )
    matters: tuple[Word, ...] = Field(
        default=(),
        description="取号时可以选哪些事项；不写是窗口能办的所有事项 · what one may take a number for; else "
        "whatever a counter takes in",
    )
    ask: bool = Field(
        default=True, description="也可以“先问问”，不选事项 · one may also take a number without saying what for"
    )
    classes: dict[Letter, QueueClass] = Field(
        min_length=1,
        description="各类，按叫号的先后；最后一类是其他人 · classes in the order of calling; the last is for others",
    )
    needs: dict[Word, Need] = Field(
        default={}, description="可以自己说的情形 → 排到哪一类 · what people may say → class"
    )
    decision: str = Field(
        default="",
        description="由哪张决策表定类（输入 needs、age、matter、booked），不写按 needs · a decision that gives the "
        "class from needs, age, matter, booked; by the needs without it",
    )
    booked: Booked | None = Field(default=None, description="预约签到的人怎么排 · where those who booked stand")
    calls: int = Field(default=3, ge=1, le=9, description="叫几次不到算过号 · how often a number is called")
    apart: Span = Field(
        default="30s",
        description="两次叫号隔多久，最后一次也等这么久才算过号 · how long between calls, and after the last",
    )
    back: Back = Field(default=Back(), description="过号的人回来 · who missed their call and comes back")
    shows: int = Field(default=6, ge=1, le=12, description="大屏上显示最近几个号 · how many numbers a screen shows")
    says: tuple[Literal["普通话", "闽南语"], ...] = Field(
        default=("普通话",), description="大屏用什么话叫号 · in which languages the screen calls"
    )

    examples: tuple[Example, ...] = Field(
        default=(), description="举例：这时候谁在等，下一个应当是谁 · worked examples: who waits, and who must be next"
    )

    @field_validator("says")
    @classmethod
    def _once(cls, says: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(says)) != len(says):
            raise wrong("同一种话写了两次，请删去一处。", "A language stands here twice: remove one.")
        return says

    @model_validator(mode="after")
    def _whole(self) -> Queue:
        faults: list[tuple[tuple[str, ...], str, str]] = []
        known = "、".join(self.classes)
        for path, code in (
            *((("needs", name, "class"), need.class_) for name, need in self.needs.items() if need.class_),
            *(((("booked", "class"), self.booked.class_),) if self.booked is not None else ()),
        ):
            if code not in self.classes:
                zh = f"没有“{code}”这一类。classes 里有：{known}。"
                faults.append((path, zh, f"There is no class {code!r}; there are {', '.join(self.classes)}."))
        for code, one in list(self.classes.items())[1:]:
            if one.turn is None and one.first_after is None:
                zh = (
                    f"“{one.name}”排在别的类后面，别人一直来就永远叫不到。请写 turn（如 3）或 first_after（如 45min）。"
                )
                en = (
                    f"The class {code} stands behind others and would never be called while they keep coming: write "
                    "turn (such as 3) or first_after (such as 45min)."
                )
                faults.append((("classes", code), zh, en))
        if faults:
            raise wrong_at(faults)
        return self

    @property
    def order(self) -> tuple[line.Class, ...]:
        """As engine.booking.line calls them."""
        return tuple(
            line.Class(code, one.turn, span(one.first_after) if one.first_after else None)
            for code, one in self.classes.items()
        )

    @property
    def others(self) -> str:
        """The class of whoever says nothing."""
        return list(self.classes)[-1]

    def class_of(self, needs: tuple[str, ...] = (), age: int | None = None) -> str:
        """The class by what somebody says and how old they are known to be: the first of all that hold."""
        held = {one.class_ for name, one in self.needs.items() if name in needs or _old(one, age)}
        return next((code for code in self.classes if code in held), self.others)

    def shown(self, letter: str, needs: Iterable[str] = ()) -> str:
        """The class that number, slip and screen say: of somebody who is not to stand out, that of everybody else."""
        return self.others if any(self.quiet(one) for one in needs) else letter

    def quiet(self, need: str) -> bool:
        return need in self.needs and self.needs[need].quiet

    def asks_low(self, needs: Iterable[str]) -> bool:
        return any(one in self.needs and self.needs[one].low for one in needs)


def _old(need: Need, age: int | None) -> bool:
    return need.age is not None and age is not None and age >= need.age
