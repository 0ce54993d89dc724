"""Who came to the demo county's station for women and children: somebody whom the listener calls back, and a child
whose harm was reported at once. By the commands that the station uses; a hall without the matter has neither."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.commands import cases
from engine.people import Actor
from engine.store import Database
from engine.workdays import ZONE
from web.demo.playing import Player

LISTENER = "linsf"


def fill(database: Database, staff: Mapping[str, Actor], now: datetime) -> int:
    """Both; how many cases."""
    player = Player(database, staff)
    if not player.has("fuer"):
        return 0
    at = now - timedelta(days=3)
    first = _came(player, {"age": 34, "seen": ["family"], "suspect": "kin"}, "阿芳", at)
    player.step(first, {"talk": {**_TALK, "words": "他昨晚打了我一巴掌"}, "plan": {"next": "care"}}, at)
    at = now - timedelta(days=1)
    child = _came(player, {"age": 13, "seen": ["minor"], "suspect": "guardian"}, "", at)
    told = at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    player.step(child, {"report": {**_REPORT, "at": told}}, at + timedelta(minutes=6))
    return 2


def _came(player: Player, found: Mapping[str, Any], name: str, at: datetime) -> int:
    answers = {
        "help": {"danger": "no", "mind": "capable", "coerced": "no", "wants": "no", **found},
        "safe": {"words": "上午打店里电话，先说问毛线"},
        **({"applicant": {"name": name}} if name else {}),
    }
    case_id: int = player.do(
        lambda work: cases.submit(work, "fuer", answers, by=player.staff[LISTENER], now=at, channel="counter").case.id
    )
    return case_id


_TALK = {
    "relation": "丈夫",
    "children": "no",
    "weapon": "no",
    "wish": "先不报警",
    "risk": "low",
    "rights": True,
    "signed": "signed",
}
_REPORT = {
    "made": True,
    "post": "浔中派出所",
    "found": "班主任带来",
    "sort": "九、别的严重伤害、危险",
    "initials": "林某一号",
    "seen": "手臂上有几处淤青",
    "guardian": "suspect",
}
