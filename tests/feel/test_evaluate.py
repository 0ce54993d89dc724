"""What FEEL answers, in sentences."""

from decimal import Decimal

import pytest

from engine import feel


def test_a_condition_over_chinese_names_answers_a_text():
    assert feel.evaluate('if 年龄 >= 60 then "减免" else "全额"', {"年龄": 61}) == "减免"


def test_a_full_width_comma_is_refused_with_a_hint_in_both_languages():
    with pytest.raises(feel.FeelError) as caught:
        feel.compile("max(a，b)")
    assert caught.value.position == 5
    assert "请用英文半角写 ," in caught.value.zh
    assert "Write ," in caught.value.en


def test_a_name_with_a_minus_is_found_when_it_is_in_the_context():
    assert feel.evaluate("申请-审批 + 1", {"申请-审批": 1}) == Decimal(2)
    assert feel.evaluate("a - b", {"a": 3, "b": 1, "a-b": 9}) == Decimal(2)


def test_the_names_an_expression_reads_are_listed_without_built_ins_and_local_variables():
    expression = feel.compile("for x in 家庭成员 return max(x.收入, 最低收入)")
    assert expression.names == ("家庭成员", "最低收入")
