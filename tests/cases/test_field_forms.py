"""What people type, and how: identity numbers, telephones, names, dates, and letters no paper can show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from stdnum.cn import ric

from engine import feel, forms
from engine.errors import Invalid
from engine.forms.kinds import CHECKS, Wrong, cn_phone
from engine.reads import case_list
from engine.records.papers import fonts
from tests.cast import DAIBAN, ROOT
from tests.hall import Open

NOW = datetime(2026, 9, 18, 1, tzinfo=UTC)

#: Somebody of Dehua, born on the first day of 1960; the last place is an X.
WITH_X = "35052619600101100X"


def checked(seventeen: str) -> str:
    """An identity number with its last place reckoned."""
    return seventeen + ric.calc_check_digit(seventeen + "0")


def wide(text: str) -> str:
    """The same in full-width characters, as a Chinese keyboard writes them."""
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


def named(name: str) -> dict[str, Any]:
    """An application of somebody of this name."""
    return {**DAIBAN, "applicant": {**DAIBAN["applicant"], "name": name}}


# ---------------------------------------------------------------- identity documents and telephones


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(WITH_X.lower(), id="a small x"),
        pytest.param(wide(WITH_X), id="full width"),
        pytest.param(f"{WITH_X[:6]} {WITH_X[6:14]} {WITH_X[14:]}", id="in groups"),
        pytest.param(checked("81000019800101001"), id="Hong Kong"),
        pytest.param(checked("82000019800101001"), id="Macao"),
        pytest.param(checked("83000019800101001"), id="Taiwan"),
        pytest.param(checked("91184019810803002"), id="permanent residence"),
    ],
)
def test_every_identity_document_is_taken_however_it_is_typed(typed: str) -> None:
    said = CHECKS["cn-id"](typed)
    assert not isinstance(said, Wrong), said.zh


@pytest.mark.parametrize(
    "typed",
    [
        "13800000001",
        "138 0000 0001",
        "138-0000-0001",
        "13800000001 ",
        "+8613800000001",
        "+86 138 0000 0001",
        "008613800000001",
        "(+86)13800000001",
        pytest.param(wide("13800000001"), id="full width"),
    ],
)
def test_a_code_is_sent_to_a_telephone_however_it_is_typed(hall: Open, typed: str) -> None:
    assert hall.client().post("/enter", data={"phone": typed}).status_code == 200


def test_a_fixed_line_is_kept_as_it_is_asked_for() -> None:
    assert cn_phone("0595-23551234") == "0595-23551234"


# ---------------------------------------------------------------- finding a person again


def found(hall: Open, text: str) -> list[str]:
    """The numbers of the cases 陈小云 finds."""
    with hall.database.reading() as work:
        chen = hall.cast.actor("chen", hall.clock(), work)
        return [row.number for row in case_list.search(work, text, actor=chen, now=hall.clock())]


@pytest.mark.parametrize("dot", "·•・‧．.", ids=lambda d: f"U+{ord(d):04X}")
def test_a_name_is_found_whichever_dot_it_was_typed_with(hall: Open, dot: str) -> None:
    number = hall.submit(**named(f"阿依古丽{dot}托合提"))
    assert found(hall, "阿依古丽·托合提") == [number]


def test_a_name_is_found_that_was_typed_with_a_space(hall: Open) -> None:
    number = hall.submit(**named("张 三丰"))
    assert found(hall, "张三丰") == [number]


@pytest.mark.parametrize(
    "typed",
    [
        "13800000001",
        "138 0000 0001",
        "138-0000-0001",
        "+8613800000001",
    ],
)
def test_a_case_is_found_by_telephone_however_it_is_typed(hall: Open, typed: str) -> None:
    number = hall.submit()
    assert found(hall, typed) == [number]


@pytest.mark.parametrize("typed", [WITH_X, WITH_X.lower(), "350526 19600101 100X"])
def test_a_case_is_found_by_identity_number_however_it_is_typed(hall: Open, typed: str) -> None:
    number = hall.submit(applicant={**DAIBAN["applicant"], "id_number": WITH_X})
    assert found(hall, typed) == [number]


# ---------------------------------------------------------------- dates

DAY = {
    "type": "default",
    "id": "day",
    "schemaVersion": 18,
    "components": [
        {
            "type": "datetime",
            "id": "d",
            "key": "day",
            "subtype": "date",
            "dateLabel": "到期日",
            "validate": {"required": True},
        },
    ],
}


def day_of(sent: str) -> Any:
    form = forms.load(json.dumps(DAY).encode())
    return forms.check(form, {"day": sent}, env=feel.Env(now=NOW))["day"]


@pytest.mark.parametrize(
    "sent",
    [
        "2026-09-30",
        "2026-09-30T00:00:00+08:00",
        "2026-09-29T16:00:00Z",
        "2026-09-29T16:00:00.000Z",
    ],
)
def test_a_date_sent_as_a_moment_is_the_day_in_the_county(sent: str) -> None:
    assert day_of(sent) == "2026-09-30"


def test_a_date_with_a_word_behind_it_is_refused() -> None:
    with pytest.raises(Invalid):
        day_of("2026-09-30foo")


# ---------------------------------------------------------------- names and letters


@pytest.mark.parametrize(
    "name",
    [
        "阿卜杜外力·买买提伊敏·阿卜杜热合曼·托乎提·吐尔逊江·艾力",
        "Maria Fernanda de los Angeles Rodriguez Gonzalez",
        "O'Neill-Škvorecký",
        "𠮷㛃䶮",
        "王",
    ],
)
def test_a_name_is_taken_as_it_stands_in_a_passport(hall: Open, name: str) -> None:
    answer = hall.client("zhang").post("/apply/daiban/check", json={"answers": named(name)})
    assert answer.status_code == 200, answer.get_json()["fields"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("井盖没了😡", id="emoji"),
        pytest.param("第3️⃣组", id="keycap"),
        pytest.param("王\ue863", id="private use"),
        pytest.param("葛\U000e0100文", id="variation selector"),
        pytest.param("ئۇيغۇر", id="Uyghur"),
        pytest.param("བོད་", id="Tibetan"),
    ],
)
def test_what_a_form_takes_a_paper_can_print(text: str) -> None:
    form = forms.load((ROOT / "forms" / "fanying" / "apply.form").read_bytes())
    answers = {
        "danger": "no",
        "kind": "problem",
        "report": {"text": text, "place": "路口"},
        "about": {"number": ""},
        "applicant": {"name": "张三丰", "phone": "13800000001"},
        "consent_visit": True,
    }
    try:
        taken = forms.check(form, answers, env=feel.Env(now=NOW))
    except Invalid as refused:
        assert [field.field for field in refused.fields] == ["report.text"]  # told at the field: right too
    else:
        assert fonts.missing(taken["report"]["text"]) == []


def test_a_household_of_two_hundred_is_taken_in(hall: Open) -> None:
    source = (ROOT / "forms" / "daiban" / "apply.form").read_text()
    relation = re.search(r'"value": "([^"]+)"', source[source.index("与申请人关系") :])
    assert relation is not None
    family = [
        {
            "name": "阿卜杜外力·买买提伊敏·阿卜杜热合曼",
            "id_number": checked(f"350526{1960 + n % 40}01{1 + n % 28:02d}{n:03d}"),
            "relation": relation[1],
        }
        for n in range(200)
    ]
    answers = {**DAIBAN, "for_whom": "family", "persons": family}
    sent = {"answers": answers, "consent": True, "once": "household"}
    answer = hall.client("zhang").post("/apply/daiban", json=sent)
    assert answer.status_code == 201, answer.get_json()
    number = answer.get_json()["location"].rsplit("/", 1)[1]
    assert hall.client("chen").get(f"/desk/cases/{number}").status_code == 200
