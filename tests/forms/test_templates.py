"""A label may read what the case holds: filled where answers are described and refused, and no more of the case
handed over."""

from __future__ import annotations

import doctest
import json

import pytest

from engine import forms
from engine.errors import Invalid
from engine.forms import templates

FORM = forms.load(
    json.dumps(
        {
            "id": "deliver",
            "components": [
                {
                    "type": "textfield",
                    "key": "code",
                    "label": "送给{{receiver.name}}的取件码",
                    "validate": {"required": True},
                },
                {"type": "text", "id": "t", "text": "电话 {{receiver.phone}}，共 {{count(parcels)}} 件"},
                {
                    "type": "textfield",
                    "key": "note",
                    "label": "备注",
                    "conditional": {"hide": "=urgent != true"},
                },
            ],
        }
    )
)
CASE = {
    "receiver": {"name": "苏玉兰", "phone": "13800001234", "id_number": "350526"},
    "parcels": [1, 2],
    "urgent": False,
    "secret": "x",
}


def test_the_examples_hold() -> None:
    assert doctest.testmod(templates).failed == 0


def test_what_a_form_reads_of_its_case_is_known() -> None:
    assert templates.reads(FORM) == {"receiver.name", "receiver.phone", "parcels", "urgent"}


def test_the_page_is_given_those_values_and_nothing_else() -> None:
    given = forms.wanted(FORM, CASE, lambda path: True)
    assert given == {
        "receiver": {"name": "苏玉兰", "phone": "13800001234"},
        "parcels": [1, 2],
        "urgent": False,
    }


def test_what_the_step_hides_is_not_handed_over() -> None:
    given = forms.wanted(FORM, CASE, forms.Rights(hidden=frozenset({"receiver.phone", "parcels"})).sees)
    assert given == {"receiver": {"name": "苏玉兰"}, "urgent": False}


def test_an_answer_in_words_has_its_label_filled() -> None:
    (line, *_) = forms.describe(FORM, {**CASE, "code": "A1"})
    assert (line.label, line.text) == ("送给苏玉兰的取件码", "A1")


def test_a_refusal_names_the_field_as_the_person_sees_it() -> None:
    with pytest.raises(Invalid) as refused:
        forms.check(FORM, {}, known=CASE)
    assert refused.value.fields[0].label == "送给苏玉兰的取件码"
    assert "送给苏玉兰的取件码" in refused.value.fields[0].zh
