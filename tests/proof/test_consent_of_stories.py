"""The fourth way in (tests/web/test_consent_everywhere.py has the others): a story applies as people do, so no matter
is proved around its consent."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands.cases import consent
from engine.proof import proving
from tests.cast import ROOT


@pytest.mark.wide
def test_a_story_asks_as_people_are_asked(scratch, monkeypatch):
    asked, kept = [], []
    ask, keep = consent.ask, consent.keep

    def asking(work, package, given, *args, **more):
        asked.append(package.name)
        return ask(work, package, given, *args, **more)

    def keeping(work, package, case, whose, **more):
        kept.append(whose[0])
        keep(work, package, case, whose, **more)

    monkeypatch.setattr(consent, "ask", asking)
    monkeypatch.setattr(consent, "keep", keeping)
    name = "jieshuzheng"
    verdict = proving.prove(name, matters.read_files(ROOT, name), scratch=scratch)
    assert not [f for f in verdict.findings if f.severity == "error"]
    assert set(asked) == {name} and "self" in kept
