"""Choices of a form that a register gives: shown to whoever fills it in, and held to on submission."""

import json

import pytest

from engine import matters
from engine.commands import gate, register_rows
from engine.errors import Invalid
from engine.findings import errors
from engine.reads import form_choices
from engine.store.models import Case
from tests.between import small
from tests.check.test_gate import COUNTY, HOUSE
from tests.conftest import NOW

from .test_effects import FORM, matter, opened

BOOK = {"type": "select", "id": "b1", "key": "book", "label": "哪本书", "properties": {"offers": "register:book"}}
BODY = '<startEvent id="s"/>' + small.task("see", "看") + "<flow s see/><flow see e/><endEvent id='e'/>"


def with_book(**properties):
    files = matter(BODY)
    one = {**BOOK, **properties}
    form = {"type": "default", "id": "ask", "schemaVersion": 19, "components": [*FORM, one]}
    files["forms/volunteers/ask.form"] = json.dumps(form, ensure_ascii=False).encode()
    return files


def test_a_form_offers_the_entries_and_takes_no_other(database, cast):
    package = opened(with_book())
    small.publish(database, NOW, package)
    one = package.declared("registers")["book"]
    with database.unit_of_work() as work:
        for key, title in (("978-2", "围城"), ("978-1", "活着")):
            register_rows.put(work, one, {"barcode": key, "title": title}, by=cast.zhou, now=NOW, unit_id=cast.yb.id)
    with database.reading() as work:
        form = form_choices.filled(work, package.form("ask"), package, on=NOW.date())
        options = dict(form.walk())["book"].options
        assert [(o.value, o.label) for o in options] == [("978-1", "978-1"), ("978-2", "978-2")]
    case_id = small.submit(database, "volunteers", cast.zhang, NOW, book="978-1")
    with database.reading() as work:
        assert work.session.get(Case, case_id).answers["book"] == "978-1"
    with pytest.raises(Invalid) as refused:
        small.submit(database, "volunteers", cast.zhang, NOW, book="978-9")
    assert [f.field for f in refused.value.fields] == ["book"]


def test_what_stands_beside_a_choice_tells_two_of_one_name_apart(database, cast):
    package = opened(with_book(properties={"offers": "register:book", "beside": "title, count"}))
    one = package.declared("registers")["book"]
    with database.unit_of_work() as work:
        for key, facts in (("978-2", {}), ("978-1", {"title": "活着", "count": 3})):
            register_rows.put(work, one, {"barcode": key, **facts}, by=cast.zhou, now=NOW, unit_id=cast.yb.id)
    with database.reading() as work:
        form = form_choices.filled(work, package.form("ask"), package, on=NOW.date())
        assert [o.label for o in dict(form.walk())["book"].options] == ["978-1 · 活着 · 本数 3", "978-2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"properties": {"offers": "register:bok"}}, "book"),
        ({"properties": {"offers": "register:volunteer"}}, "没有按物登记的台账"),
        ({"type": "textfield"}, "只用于选项部件"),
        ({"properties": {"offers": "register:book", "beside": "titel"}}, "titel"),
        ({}, ""),
    ],
)
def test_a_slip_in_what_is_offered_is_found(change, said):
    found = errors(gate.check(matters.Source("volunteers", with_book(**change)), COUNTY, house=HOUSE))
    of_it = [f for f in found if f.rule == "offers"]
    assert any(said in f.message_zh for f in of_it) if said else of_it == []
