"""What a step hides is not in its page's JSON either, however deep it stands."""

from engine.forms import Rights
from engine.reads.case_page import _seen


def test_a_hidden_field_below_a_shown_one_is_not_sent():
    rights = Rights(hidden=frozenset({"applicant.id_number", "persons.phone", "secret"}))
    known = {
        "applicant": {"name": "张三丰", "id_number": "350526195003071239"},
        "persons": [{"name": "甲", "phone": "13800000001"}, {"name": "乙", "phone": "13800000002"}],
        "secret": {"anything": 1},
    }
    assert _seen(known, "", rights.sees) == {
        "applicant": {"name": "张三丰"},
        "persons": [{"name": "甲"}, {"name": "乙"}],
    }
