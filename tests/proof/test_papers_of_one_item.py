"""The papers that a matter brings itself, made from what its stories come to: with one item each is one page, and its
seal stands on it. (Those of the hall: test_look.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import matters
from engine.proof import playing, proving
from engine.records import papers
from tests.cast import ROOT
from tests.papers.test_look import box_of, of_one_item, pages

OWN = {name: sorted(one.stem for one in (ROOT / "forms" / name).glob("*.html")) for name in matters.names(ROOT)}


@pytest.mark.wide
@pytest.mark.parametrize("name", [name for name, own in OWN.items() if own])
def test_a_matter_s_own_papers_of_one_item_are_one_page(
    name: str, scratch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, papers.Job] = {}
    draw = playing.Drawing.render

    def keep(self: playing.Drawing, job: papers.Job) -> papers.Made:
        kind = papers.library().read(job.paper) if job.paper.startswith("---") else papers.library().kind(job.paper)
        made[kind.key] = job
        return draw(self, job)

    monkeypatch.setattr(playing.Drawing, "render", keep)
    proving.prove(name, matters.read_files(ROOT, name), scratch=scratch)
    assert set(OWN[name]) <= set(made), "a story comes to every paper"
    for key in OWN[name]:
        job = made[key]
        kind = papers.library().read(job.paper)
        done = papers.render(
            kind,
            of_one_item(dict(job.facts)),
            check_code=job.check_code,
            verify_url=job.verify_url,
            seal=job.seal,
            sample=job.sample,
        )
        assert done.pages == 1, key
        if kind.seal != "none":
            box = box_of(pages(done.pdf, tmp_path)[0], "red")
            assert box is not None and box[3] - box[1] > 35, key
