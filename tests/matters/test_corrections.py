"""What a diagram may say in a 补正, read and completed."""

from datetime import date

import pytest

from engine.errors import Invalid
from engine.matters import corrections


def test_a_bare_list_of_what_is_missing_becomes_whole_items():
    (one,) = corrections.items_of(["身份证"])
    assert (one.material, one.problem, one.fix) == ("身份证", "没有提交，或者不符合法定形式", "按要求补齐后提交")


def test_each_part_that_is_missing_is_named():
    with pytest.raises(Invalid) as caught:
        corrections.items_of([{"material": "身份证", "problem": "反光", "fix": "重拍"}, {"material": "户口簿"}])
    assert [f.field for f in caught.value.fields] == ["items.1.problem", "items.1.fix"]


def test_without_a_day_the_county_s_default_counts():
    assert corrections.until(None, date(2026, 9, 18)) == date(2026, 10, 3)
    assert corrections.until("2026-09-28", date(2026, 9, 18)) == date(2026, 9, 28)
    with pytest.raises(Invalid):
        corrections.until("下周", date(2026, 9, 18))
