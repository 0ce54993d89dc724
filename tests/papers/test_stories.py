"""Every paper a matter's diagram issues in its stories can be written: the diagram gives what the kind asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import matters, workdays
from engine.matters import stories
from engine.records import papers
from tests.papers.facts import DEADLINE, MATERIALS, REMEDIES

ROOT = Path(__file__).resolve().parent.parent.parent

#: What engine.commands.effects.facts_of knows of any case.
CASE: dict[str, Any] = {
    "case": {"number": "350526-20260918-3201-0001-9", "title": "事项", "code": "X", "channel": "online"},
    "organ": {"name": "德化县医疗保障局", "address": "", "phone": "", "complaints": ""},
    "issued_on": "2026-09-18",
    "applicant": {"name": "张三丰"},
    "agent": {"name": "陈小云"},
    "received_at": "2026-09-18T09:00:00+08:00",
    "applied_on": "2026-09-18",
    "accepted_on": "2026-09-18",
    "finished_on": "2026-09-18",
    "channel": "网上",
    "place": "霞碧村",
    "materials": MATERIALS,
    "grounds": ["《社会保险经办条例》第六条"],
    "deadline": DEADLINE,
    "remedies": REMEDIES,
    "paper": {"number": "德〔2026〕1号"},
    "result": "准予",
}


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_every_paper_of_every_story_can_be_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = matters.load(ROOT, name)
    seen: list[Any] = []
    real = stories.clocks.apply

    def spy(ledger: Any, effect: Any, now: Any) -> Any:
        seen.append(effect)
        return real(ledger, effect, now)

    monkeypatch.setattr(stories.clocks, "apply", spy)
    for story in stories.read(package):
        stories.play(package, story, workdays.china())
    issued = [effect for effect in seen if effect.kind == "issue-paper"]
    assert issued
    for effect in issued:
        own = package.files.get(f"forms/{name}/{effect.headers['kind']}.html")
        kind = papers.library().read(own.decode()) if own else papers.library().kind(effect.headers["kind"])
        facts = {**CASE, **(effect.arguments.get("facts") or {})}
        if effect.arguments.get("reason"):
            facts.setdefault("reasons", [effect.arguments["reason"]])
        assert papers.compose(kind, facts, sample=True).html, kind.key
