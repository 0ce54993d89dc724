"""The stylesheets: one name means one thing."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.cast import ROOT

SHEETS = sorted((ROOT / "web" / "frontend" / "src").glob("*.css"))
#: A rule at the left margin, as the formatter writes it: not inside a media query.
RULE = re.compile(r"^(\.yz-[^{}]*?)\s*\{", re.M)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_class_of_ours_is_drawn_in_one_place(sheet):
    """The bar of a long form took the name of the way a case has come: with two steps the timeline fell to pieces."""
    found = Counter(RULE.findall(sheet.read_text(encoding="utf-8")))
    assert found, "no rule was read"
    assert [name for name, times in found.items() if times > 1] == []
