"""docs/feel.md is made from the table of functions."""

from pathlib import Path

from engine.feel import guide
from engine.feel.table import BUILT_INS


def test_the_guide_is_in_step_with_the_table() -> None:
    made = Path(__file__).resolve().parents[2] / "docs" / "feel.md"
    assert made.read_text(encoding="utf-8") == guide.text(), "run: yizhan docs"


def test_the_guide_names_every_function() -> None:
    text = guide.text()
    assert [name for name in BUILT_INS if f"`{name}(" not in text] == []
