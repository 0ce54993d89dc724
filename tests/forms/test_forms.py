"""A form decides what may be answered, on the server, whatever the browser sends."""

import json
from decimal import Decimal

import pytest

from engine import forms
from engine.errors import Invalid, Refused
from engine.forms import Rights


def form(*components, **more):
    return forms.load(json.dumps({"type": "default", "id": "f", "components": list(components), **more}))


def text(key, label="", **more):
    return {"type": "textfield", "key": key, "label": label or key, **more}


NAME = text("name", "姓名", validate={"required": True, "maxLength": 20})
ID = text("id_number", "身份证号码", properties={"check": "cn-id"})


def errors(call, *args, **kw):
    with pytest.raises(Invalid) as caught:
        call(*args, **kw)
    return {e.field: e.zh for e in caught.value.fields}


def test_answers_come_out_normalised_and_unknown_names_are_dropped():
    got = forms.check(form(NAME, ID), {"name": " 张三 ", "id_number": "350526195102030045", "evil": 1})
    assert got == {"name": "张三", "id_number": "350526195102030045"}


def test_a_missing_required_field_is_named_with_what_to_do():
    assert errors(forms.check, form(NAME), {"name": "  "}) == {"name": "请填写“姓名”。"}


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("350526199001010011", "校验码"),
        ("35052619900101", "18位"),
        ("999999199001010016", "地区"),
        ("350526199002300019", "日期"),
        ("abc", "18位"),
    ],
)
def test_a_wrong_id_number_says_what_is_wrong(number, part):
    assert part in errors(forms.check, form(ID), {"id_number": number})["id_number"]


@pytest.mark.parametrize("number", ["12345", "1380000123", "abcdefghijk", "+1 650 253 0000"])
def test_a_wrong_mobile_number_is_refused(number):
    one = form(text("phone", "手机", properties={"check": "cn-mobile"}))
    assert "11位" in errors(forms.check, one, {"phone": number})["phone"]
    assert forms.check(one, {"phone": "138 0000 1234"}) == {"phone": "13800001234"}


def test_a_bank_card_and_a_credit_code_are_checked_by_their_check_digits():
    one = form(text("card", "卡", properties={"check": "bank-card"}), text("code", "码", properties={"check": "uscc"}))
    assert forms.check(one, {"card": "6222 0200 0000 0000 0004", "code": ""} | {"card": "4111 1111 1111 1111"})
    assert set(errors(forms.check, one, {"card": "4111111111111112", "code": "123"})) == {"card", "code"}


def test_numbers_are_decimal_and_bounded():
    one = form({"type": "number", "key": "n", "label": "人数", "decimalDigits": 0, "validate": {"min": 1, "max": 9}})
    assert forms.check(one, {"n": "3"}) == {"n": Decimal(3)}
    assert forms.check(one, {"n": 0.1 + 0.2} | {"n": 2}) == {"n": Decimal(2)}
    assert "小于" in errors(forms.check, one, {"n": 0})["n"]
    assert "整数" in errors(forms.check, one, {"n": "2.5"})["n"]
    for bad in ("NaN", "Infinity", "1e999999", True, "三"):
        assert "数字" in errors(forms.check, one, {"n": bad})["n"]


def test_a_choice_outside_the_options_is_refused():
    options = [{"label": "男", "value": "m"}, {"label": "女", "value": "f"}]
    one = form({"type": "radio", "key": "sex", "label": "性别", "values": options})
    assert forms.check(one, {"sex": "f"}) == {"sex": "f"}
    assert "选项" in errors(forms.check, one, {"sex": "x"})["sex"]


def test_a_list_names_the_row_that_is_wrong():
    people = {"type": "dynamiclist", "path": "parties", "label": "当事人", "components": [NAME, ID]}
    assert forms.check(form(people), {"parties": [{"name": "甲"}, {"name": "乙"}]}) == {
        "parties": [{"name": "甲"}, {"name": "乙"}]
    }
    assert set(errors(forms.check, form(people), {"parties": [{"name": "甲"}, {}]})) == {"parties.1.name"}
    assert "parties" in errors(forms.check, form(people), {"parties": "甲"})


def test_a_group_with_a_path_nests_its_fields():
    group = {"type": "group", "path": "applicant", "label": "申请人", "components": [NAME]}
    assert forms.check(form(group), {"applicant": {"name": "张三"}}) == {"applicant": {"name": "张三"}}
    assert set(errors(forms.check, form(group), {})) == {"applicant.name"}


def test_a_time_is_picked_by_the_clock_of_twenty_four_hours():
    day = {"type": "datetime", "key": "at", "subtype": "datetime", "dateLabel": "哪天", "timeLabel": "几点"}
    assert forms.browser_schema(form(day))["components"][0]["use24h"] is True
    said = forms.browser_schema(form({**day, "use24h": False}))
    assert said["components"][0]["use24h"] is False


def test_a_read_only_field_cannot_be_written_by_a_clever_browser():
    rights = Rights(read_only=frozenset({"name"}))
    assert forms.check(form(NAME), {"name": "李四"}, rights, known={"name": "张三"}) == {}
    assert forms.browser_schema(form(NAME), rights)["components"][0]["readonly"] is True


def test_a_hidden_field_is_neither_shown_nor_written():
    rights = Rights(hidden=frozenset({"name"}))
    assert forms.check(form(NAME, ID), {"name": "李四"}, rights) == {}
    assert [c["key"] for c in forms.browser_schema(form(NAME, ID), rights)["components"]] == ["id_number"]
    assert [line.path for line in forms.describe(form(NAME, ID), {"name": "张三"}, rights)] == ["id_number"]


def test_a_field_hidden_by_its_condition_is_not_required_and_not_kept():
    spouse = text("spouse", "配偶", validate={"required": True}, conditional={"hide": "=married != true"})
    one = form({"type": "checkbox", "key": "married", "label": "已婚"}, spouse)
    assert forms.check(one, {"married": False, "spouse": "某"}) == {"married": False}
    assert "spouse" in errors(forms.check, one, {"married": True})


def test_an_expression_is_computed_here_and_not_taken_from_the_browser():
    one = form(
        {"type": "number", "key": "a", "label": "甲"},
        {"type": "expression", "key": "double", "expression": "=a * 2", "computeOn": "change"},
    )
    assert forms.check(one, {"a": 4, "double": 999}) == {"a": Decimal(4), "double": 8}


def test_a_draft_keeps_what_it_can_and_refuses_nothing():
    assert forms.check(form(NAME, ID), {"id_number": "123"}, draft=True) == {"id_number": "123"}


def test_clearing_a_field_is_an_answer():
    one = form(text("note", "备注"))
    assert forms.check(one, {"note": ""}, known={"note": "旧"}) == {"note": None}


def test_a_pattern_is_read_by_feel_with_its_hint():
    one = form(text("code", "编码", validate={"pattern": "^[A-Z]{2}$"}, properties={"pattern_hint": "两个大写字母"}))
    assert forms.check(one, {"code": "AB"}) == {"code": "AB"}
    assert "两个大写字母" in errors(forms.check, one, {"code": "abc"})["code"]


def test_dates_are_real_dates():
    one = form({"type": "datetime", "subtype": "date", "key": "born", "dateLabel": "出生日期"})
    assert forms.check(one, {"born": "2020-02-29"}) == {"born": "2020-02-29"}
    assert "出生日期" in errors(forms.check, one, {"born": "2021-02-29"})["born"]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"{", "JSON"),
        (b"[]", "components"),
        (json.dumps({"components": [{"type": "textfield"}]}), "key"),
        (json.dumps({"components": [{"type": "hologram", "key": "x"}]}), "hologram"),
        (json.dumps({"components": [text("a"), text("a")]}), "同一个"),
        (json.dumps({"components": [{"type": "dynamiclist", "components": []}]}), "path"),
    ],
)
def test_a_form_that_cannot_be_right_does_not_load(data, part):
    with pytest.raises(Refused) as caught:
        forms.load(data, "某表")
    assert part in caught.value.zh


def test_answers_are_described_in_words():
    options = [{"label": "男", "value": "m"}]
    one = form(NAME, {"type": "radio", "key": "sex", "label": "性别", "values": options}, {"type": "text", "text": "x"})
    assert [(line.label, line.text) for line in forms.describe(one, {"name": "张三", "sex": "m"})] == [
        ("姓名", "张三"),
        ("性别", "男"),
    ]


def test_a_day_is_said_as_people_write_it_and_not_as_it_is_stored():
    one = form(*({"type": "datetime", "subtype": kind, "key": kind, f"{kind}Label": kind} for kind in ("date", "time")))
    said = [line.text for line in forms.describe(one, {"date": "2026-09-18", "time": "09:30"})]
    assert said == ["2026年9月18日", "09:30"]


PATH = "M10 10" + " L20 30" * 12


def signature(**more):
    return text("sign", "签名", properties={"check": "signature", "signs": "deal"}, validate={"required": True}, **more)


def test_a_signature_is_bound_to_what_the_case_holds_not_to_what_the_browser_says():
    known = {"deal": {"sum": 100}}
    got = forms.check(form(signature()), {"sign": PATH, "deal": {"sum": 1}}, known=known)
    assert forms.signing.fits(got["sign"], known)
    assert not forms.signing.fits(got["sign"], {"deal": {"sum": 1}})


@pytest.mark.parametrize("drawn", ["", "M1 1 L2 2", "<svg onload=alert(1)>", "M1 1" + " L2 2" * 9999])
def test_a_signature_that_is_none_is_asked_for_again(drawn):
    assert set(errors(forms.check, form(signature()), {"sign": drawn})) == {"sign"}


def test_a_signature_draws_only_a_path():
    assert "<script" not in forms.signing.svg({"path": "<script>"})
    assert PATH in forms.signing.svg({"path": PATH})


def test_a_moment_keeps_its_offset():
    one = form({"type": "datetime", "subtype": "datetime", "key": "when", "dateLabel": "时间"})
    assert forms.check(one, {"when": "2026-09-22T15:00+08:00"}) == {"when": "2026-09-22T15:00+08:00"}


def test_a_group_in_which_nothing_may_be_seen_is_not_drawn():
    group = {"type": "group", "path": "applicant", "label": "申请人", "components": [NAME]}
    drawn = forms.browser_schema(form(group, ID), Rights(hidden=frozenset({"applicant"})))
    assert [c.get("key") for c in drawn["components"]] == ["id_number"]
