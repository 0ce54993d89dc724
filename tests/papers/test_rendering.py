"""Papers are rendered from facts: whole, readable, the same every time, refused when something is missing."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Invalid
from engine.records import papers
from tests.papers.facts import FACTS, seal

CODE = "222J-62S6-2N52-G42B"
URL = "https://hall.example.cn/v/222J62S62N52G42B"


def render(key: str, facts: dict[str, Any] | None = None, **options: Any) -> papers.Rendered:
    kind = papers.library().kind(key)
    facts = facts or FACTS[key]
    options.setdefault("seal", seal(kind, facts))
    return papers.render(kind, facts, check_code=CODE, verify_url=URL, **options)


def text(pdf: bytes, folder: Path, *options: str) -> str:
    file = folder / "paper.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", *options, str(file), "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def flat(value: str) -> str:
    return "".join(value.split())


@pytest.mark.parametrize("key", sorted(FACTS))
def test_every_kind_reads_back_in_chinese(key: str, tmp_path: Path) -> None:
    kind = papers.library().kind(key)
    read = flat(text(render(key).pdf, tmp_path))
    facts = FACTS[key]
    assert flat(kind.title) in read
    assert facts["case"]["number"] in read
    assert facts["organ"]["name"] in read
    assert CODE in read


def test_the_same_facts_give_the_same_bytes() -> None:
    first, again = render("acceptance"), render("acceptance")
    assert first.pdf == again.pdf
    assert first.sha256 == again.sha256
    changed = copy.deepcopy(FACTS["acceptance"])
    changed["applicant"]["name"] = "陈玉莲"
    assert render("acceptance", changed).sha256 != first.sha256


def test_a_missing_fact_is_refused_by_name() -> None:
    facts = copy.deepcopy(FACTS["acceptance"])
    del facts["deadline"]["promised_on"]
    facts["materials"][1]["name"] = ""
    with pytest.raises(Invalid) as refused:
        render("acceptance", facts)
    assert set(refused.value.by_field()) == {"deadline.promised_on", "materials[1].name"}
    assert "承诺办结日期" in refused.value.zh and "受理通知书" in refused.value.zh
