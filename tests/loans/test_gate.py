"""The gate on `loans:`: each slip of the pen is named at its line, with the nearest known word."""

import pytest

from engine import matters
from engine.matters.nouns.registers import RegisterField, parts
from tests.cast import ROOT
from tests.check.test_gate import look

GOOD = """registers:
  book:
    title: 图书
    title_en: Books
    about: thing
    key: barcode
    label: title
    fields:
      barcode: {title: 条码, required: true}
      title: {title: 书名, words: true}
      isbn: {title: ISBN}
      class: {title: 读者, type: choice, options: {child: 少儿, adult: 成人}}
      donor: {title: 捐赠人, kind: personal}
    states: {shelf: 在架, lent: 借出, held: 留架, lost: 遗失}
    readers: [window]
    search: [isbn, title]
  reader:
    title: 读者
    title_en: Readers
    about: person
    fields: {card: {title: 卡号}}
    readers: [window]
    search: [card]
loans:
  borrow:
    title: 借书
    title_en: Borrowing
    of: book
    reserve_by: isbn
    shows: [title, class]
    who: {if: '=person.age = null or person.age >= 14 or item.class = "child"', says: 少儿借少儿书}
    pause_when: overdue > 15cd
    missed: {after: 60cd, opens: daiban, with: {applicant.name: =loan.title}}
    card: {register: reader, by: card}
    desk: window
    states: {free: shelf}
"""


def said(right, slip):
    files = matters.read_files(ROOT, "yuyue")
    assert right in GOOD, right
    text = files["bpmn/yuyue/matter.yaml"].decode() + GOOD.replace(right, slip, 1)
    return look("yuyue", {**files, "bpmn/yuyue/matter.yaml": text.encode()})


def test_what_is_right_is_not_blamed():
    assert said("", "") == []


@pytest.mark.parametrize(
    ("right", "slip", "rule", "offered"),
    [
        ("of: book", "of: boook", "loan-register", "book"),
        ("of: book", "of: reader", "loan-register", "book"),
        ("reserve_by: isbn", "reserve_by: isnb", "loan-register", "isbn"),
        ("search: [isbn, title]", "search: [title]", "loan-register", "search"),
        ("[title, class]", "[titel, class]", "loan-register", "title"),
        ("[title, class]", "[donor, class]", "loan-register", "个人信息"),
        ("held: 留架", "keep: 留架", "loan-state", "held"),
        ("{free: shelf}", "{free: shlef}", "loan-state", "shelf"),
        ("lost: 遗失", "lost: {title: 遗失, ends: true}", "loan-state", "ends"),
        ("desk: window", "desk: windwo", "post", "window"),
        ("opens: daiban", "opens: diaban", "loan-missed", "daiban"),
        ("register: reader", "register: raeder", "loan-card", "reader"),
        ("by: card", "by: crad", "loan-card", "card"),
        ("item.class", "item.clas", "loan-feel", "class"),
        ("person.age >=", "person.aeg >=", "loan-feel", "age"),
        ("=loan.title", "=loan.titel", "loan-feel", "title"),
        ("=loan.title", "=loan.title +", "loan-feel", "FEEL"),
        ("overdue > 15cd", "overdue > 15", "matter", "pause_when"),
        ("overdue > 15cd", "overdue > 90cd", "matter", "pause_when"),
        ("{free: shelf}", "{free: lent}", "matter", "四个"),
        ("desk: window", "desk: window\n    reminds: [1, -3]", "matter", "reminds"),
        ("kind: personal}", "kind: personal, words: true}", "matter", "words"),
    ],
)
def test_a_slip_is_named_with_the_word_that_was_meant(right, slip, rule, offered):
    found = said(right, slip)
    assert rule in {f.rule for f in found}, found
    named = next(f for f in found if f.rule == rule)
    assert offered in named.message_zh + named.message_en and named.line > 1


def test_a_text_is_found_by_any_two_of_its_signs():
    assert parts("红楼梦 上") == ["红", "楼", "梦", "上", "红楼", "楼梦", "梦上"]
    with pytest.raises(ValueError, match="words"):
        RegisterField.model_validate({"title": "x", "type": "number", "words": True})
