"""What the papers of a doctor's round say that no story of theirs asks."""

from __future__ import annotations

from pathlib import Path

from engine import matters
from engine.records import papers
from tests.cast import ROOT
from tests.papers.facts import seal
from tests.papers.made import CODE, URL, flat, text

SEEN = {
    "case": {"number": "350526-20261220-3202-0001-8", "title": "巡诊登记"},
    "organ": {"name": "德化县医院"},
    "issued_on": "2026-12-20",
    "paper": {"number": None, "title": "巡诊登记"},
    "patient": {"name": "陈阿公", "age": 82, "complaint": "头有点晕"},
    "seen": {"finding": "血压正常", "advice": "少吃盐", "doctor": "陈志远", "number": "110350500012345"},
}


def test_the_record_of_a_round_says_that_it_is_no_certificate_of_diagnosis(tmp_path: Path) -> None:
    file = "forms/xunzhenji/round_record.html"
    kind = papers.library().read(matters.read_files(ROOT, "xunzhenji")[file].decode(), file)
    made = papers.render(kind, SEEN, check_code=CODE, verify_url=URL, seal=seal(kind, SEEN))
    words = flat(text(made.pdf, tmp_path))
    assert "本登记不是诊断证明" in words and "请看过您的医师所在的医疗机构开" in words
