"""Regimes: what the law says about a matter's clocks, read from dated data; and the Rules one matter follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import FieldError, Invalid

DATA = Path(__file__).parent / "data" / "regimes.yaml"
UNITS_ZH = {"wd": "个工作日", "cd": "日", "h": "小时"}
UNITS_EN = {"wd": "working days", "cd": "days", "h": "hours"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time: 20 working days (20wd), 30 calendar days (30cd) or 24 hours (24h)."""

    n: int
    unit: str  # wd, cd, h

    @classmethod
    def parse(cls, text: str | int | Limit, where: str = "limit") -> Limit:
        """
        >>> Limit.parse("20wd")
        Limit(n=20, unit='wd')
        """
        if isinstance(text, Limit):
            return text
        if text in ("即办", "0"):
            return cls(0, "wd")
        match = re.fullmatch(r"(\d{1,4})\s*(wd|cd|h|个工作日|工作日|日|天|小时)", str(text).strip())
        if not match:
            raise _invalid(
                where,
                f"时限 {text!r} 不认识：写作 20wd（工作日）、30cd（日历日）或 24h（小时）。",
                f"Expected a limit such as 20wd, 30cd or 24h, but got {text!r}.",
            )
        short = {"个工作日": "wd", "工作日": "wd", "日": "cd", "天": "cd", "小时": "h"}
        return cls(int(match[1]), short.get(match[2], match[2]))

    def __str__(self) -> str:
        return f"{self.n}{self.unit}"

    def zh(self) -> str:
        return "当日办结" if self.n == 0 else f"{self.n} {UNITS_ZH[self.unit]}"

    def en(self) -> str:
        return "the same day" if self.n == 0 else f"{self.n} {UNITS_EN[self.unit]}"

    def within(self, other: Limit) -> bool:
        """Whether this limit surely ends no later than the other one, whatever the calendar."""
        if self.unit == other.unit:
            return self.n <= other.n
        if self.unit == "cd" and other.unit == "wd":
            return self.n <= other.n  # n calendar days, rolled over a holiday, never pass n working days
        if self.unit == "h":
            return self.n <= 24 * other.n
        return self.n == 0


@dataclass(frozen=True, slots=True)
class Clause:
    """One limit of a regime and the article it comes from."""

    within: Limit
    source: str


@dataclass(frozen=True, slots=True)
class Extension:
    """How often, by how much and by whose word the main limit may be extended."""

    by: Limit
    times: int
    approver: str  # role: organ_head, government, supervisor, dispatcher, both_parties
    approver_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class Correction:
    """补正: how often the applicant may be asked, and whether after acceptance too."""

    times: int
    after_acceptance: bool
    source: str


@dataclass(frozen=True, slots=True)
class Pausing:
    """The closed list of causes that stop the clock."""

    causes: Mapping[str, str]  # id -> Chinese name
    notice: bool  # the time needed must be told in writing
    source: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """听证: asked for within, held within, told before."""

    ask: Limit
    hold: Limit
    notice: Limit
    source: str


@dataclass(frozen=True, slots=True)
class Regime:
    """One law's clocks, as in force from a date."""

    id: str
    name: str
    en: str
    valid_from: date
    source: str
    grade: str  # V, S, P
    starts: str  # "accepted" or "received": what the main clock starts from
    accept: Clause | None = None  # the window in which the office must accept or ask
    silence_accepts: bool = False  # silence past it is acceptance from the day of receipt
    correction: Correction | None = None
    decide: Clause | None = None  # the statutory limit; None: the law sets none
    extend: Extension | None = None
    pause: Pausing | None = None
    deliver: Clause | None = None
    hearing: Hearing | None = None
    steps: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """The clocks of one matter: its regime, what the county promises, and the limits of single steps."""

    regime: Regime
    promised: Limit | None  # 承诺时限; the statutory limit when the county promises nothing shorter
    statutory: Limit | None  # 法定时限
    steps: Mapping[str, Limit] = field(default_factory=dict)  # element or step name -> limit


def rules(
    regime_id: str,
    *,
    promised: str | Limit | None = None,
    steps: Mapping[str, str | Limit] | None = None,
    on: date | None = None,
) -> Rules:
    """The rules of a matter under a regime. Invalid when the promise is longer than the law allows (RULES T8)."""
    found = regime(regime_id, on)
    statutory = found.decide.within if found.decide else None
    promise = Limit.parse(promised, "promised") if promised is not None else statutory
    if promise and statutory and found.decide and not promise.within(statutory):
        raise _invalid(
            "promised",
            f"承诺时限（{promise.zh()}）不得超过法定时限（{statutory.zh()}，{found.decide.source}）。请缩短承诺时限。",
            f"Expected a promise within the statutory limit of {statutory.en()} ({found.decide.source}), "
            f"but it is {promise.en()}. Shorten the promise.",
        )
    own = {name: Limit.parse(limit, f"steps.{name}") for name, limit in (steps or {}).items()}
    return Rules(found, promise, statutory, {**found.steps, **own})


def regime(regime_id: str, on: date | None = None) -> Regime:
    """The regime of that id in force on a date (the newest when no date is given)."""
    entries = [r for r in regimes() if r.id == regime_id and (on is None or r.valid_from <= on)]
    if not entries:
        known = "、".join(sorted({r.id for r in regimes()}))
        when_zh, when_en = (f"（{on} 有效）", f" in force on {on}") if on else ("", "")
        raise _invalid(
            "regime",
            f"没有时限制度 {regime_id!r}{when_zh}。可用：{known}。",
            f"Expected a known regime{when_en}, but got {regime_id!r}. Known: {known}.",
        )
    return max(entries, key=lambda r: r.valid_from)


@lru_cache(maxsize=1)
def regimes() -> tuple[Regime, ...]:
    """Every regime of the shipped data."""
    return read(DATA.read_bytes())


def read(data: bytes | str) -> tuple[Regime, ...]:
    """Regimes from YAML. Invalid names the entry and the key that is wrong; nothing is guessed."""
    found = yaml.safe_load(data)
    if not isinstance(found, dict) or not isinstance(found.get("regimes"), list):
        raise _invalid("regimes", "缺 regimes 列表。", "Expected a list `regimes`.")
    return tuple(_regime(row, f"regimes[{i}]") for i, row in enumerate(found["regimes"]))


_REQUIRED = ("id", "name", "en", "valid_from", "source", "grade", "starts")
_OPTIONAL = ("accept", "correction", "decide", "extend", "pause", "deliver", "hearing", "steps")


def _regime(row: Any, where: str) -> Regime:
    if not isinstance(row, dict):
        raise _invalid(where, "应为键值表。", "Expected a mapping.")
    where = f"{where}({row.get('id', '?')})"
    faults = [k for k in _REQUIRED if not row.get(k)] + sorted(row.keys() - {*_REQUIRED, *_OPTIONAL})
    if faults:
        raise _invalid(f"{where}.{faults[0]}", "缺少或不认识的字段。", "Missing or unknown key.")
    if type(row["valid_from"]) is not date:
        raise _invalid(f"{where}.valid_from", "应为日期。", "Expected a date.")
    if row["starts"] not in ("accepted", "received"):
        raise _invalid(f"{where}.starts", "应为 accepted 或 received。", "Expected accepted or received.")

    def part(name: str, *keys: str) -> dict[str, Any] | None:
        value = row.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or set(value) - {*keys, "silence"} or set(keys) - set(value):
            raise _invalid(f"{where}.{name}", f"应有 {', '.join(keys)}。", f"Expected the keys {', '.join(keys)}.")
        return value

    def clause(name: str) -> Clause | None:
        value = part(name, "within", "source")
        return Clause(Limit.parse(value["within"], f"{where}.{name}.within"), value["source"]) if value else None

    extend = part("extend", "by", "times", "approver", "approver_zh", "source")
    correction = part("correction", "times", "after_acceptance", "source")
    pause = part("pause", "source", "notice", "causes")
    hearing = part("hearing", "ask", "hold", "notice", "source")
    return Regime(
        **{key: row[key] for key in _REQUIRED},
        accept=clause("accept"),
        silence_accepts=bool(row.get("accept")) and row["accept"].get("silence") == "accepted",
        correction=Correction(**correction) if correction else None,
        decide=clause("decide"),
        extend=Extension(**{**extend, "by": Limit.parse(extend["by"], f"{where}.extend.by")}) if extend else None,
        pause=Pausing(pause["causes"], pause["notice"], pause["source"]) if pause else None,
        deliver=clause("deliver"),
        hearing=Hearing(
            Limit.parse(hearing["ask"], f"{where}.hearing.ask"),
            Limit.parse(hearing["hold"], f"{where}.hearing.hold"),
            Limit.parse(hearing["notice"], f"{where}.hearing.notice"),
            hearing["source"],
        )
        if hearing
        else None,
        steps={name: Limit.parse(text, f"{where}.steps.{name}") for name, text in (row.get("steps") or {}).items()},
    )


def _invalid(where: str, zh: str, en: str) -> Invalid:
    return Invalid([FieldError(where, where, zh, en)], zh, en)
