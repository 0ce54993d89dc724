"""Every slip in a declaration of an offer is an error with its file, its line and the nearest known word."""

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import errors
from engine.matters import county as counties
from tests.cast import ROOT
from tests.offers.conftest import files_of

COUNTY, _ = counties.read((ROOT / "web" / "demo" / "county.yaml").read_bytes(), "county.yaml")
HOUSE = gate.house(ROOT)
FILE = "bpmn/zhiyuan/matter.yaml"

CHOICE = '    choice: {register: dish, title: 吃什么, title_en: Dish, when: "=true"}\n'
DOOR = "    door: {came: {mood: {title: 精神, title_en: Mood, kind: text}}, paper: day_slip}\n"
SLIPS = [
    # as it is, as it is slipped, the rule, what is offered instead
    ("at: centre", "at: cnetre", "offer-unit", "centre"),
    ("    at: centre\n", "", "offer-unit", "village"),
    ("ask: zhiyuan-lunch", "ask: zhiyuan-lnuch", "offer-name", "zhiyuan-lunch"),
    ("decision: lunch-price", "decision: lunch-prise", "offer-name", "lunch-price"),
    ('with: {age: "=person.age"}', "with: {}", "offer-price", "with"),
    ('with: {age: "=person.age"}', 'with: {agee: "=person.age"}', "offer-name", "age"),
    ("subsidy: {county:", "subsidy: {countyy:", "offer-price", "county"),
    ("{county: {title: 县里补, title_en:", "{county: {title: 县里补, register: helpd, title_en:", "offer-name", ""),
    (
        "{county: {title: 县里补,",
        '{county: {title: 县里补, pays: "=pric", title_en: x}, x: {title: x,',
        "offer-feel",
        "price",
    ),
    ("{county: {title: 县里补,", '{county: {title: 县里补, pays: "=1", share: 5,', "matter", "share"),
    ("    subsidy: {county: {title: 县里补, title_en: the county pays}}\n", "", "offer-price", "county"),
    ("subsidy: {county:", "subsidy: {self: {title: 本人}, county:", "matter", "self"),
    ("=person.age >= 60", "=person.agee >= 60", "offer-feel", "age"),
    ("=person.age >= 60", "=persn.age >= 60", "offer-feel", "person"),
    ("=person.age >= 60", "=person.age >=", "offer-feel", ""),
    ("covered: {tells: need-covered}", "covered: {tells: need-coverd}", "offer-name", "need-covered"),
    ("    opened_by: case\n", "", "matter", "opened_by"),
    ("mon-sat 11:00-12:30", "mon-sta 11:00-12:30", "matter", "mon-sat"),
    ("16:00 the day before", "16:00 yesterday", "matter", "the day before"),
    ("book_until_days: 10", "book_untill_days: 10", "matter", ""),
    ("after: 48h", "after: 48hours", "matter", "48h"),
    ("kind: meal", "kind: meel", "matter", "meal"),
    ("capacity: 2}", "capactiy: 2}", "matter", "capacity"),
    ("places: 2\n", 'places: "=need.n"\n', "matter", "opened_by"),
    ("places: 2\n", "places: 2\n    members: [bond, named]\n", "matter", "team"),
    ("places: 2\n", "places: 2\n    taker: team\n    members: [bond, name]\n", "matter", "named"),
    ("places: 2\n", "places: 2\n    taker: [person, team]\n    each: zhiyuan\n", "matter", "taker"),
    ("    opened_by: case\n", "    opened_by: case\n    standing: true\n", "matter", "opens"),
    ("places: 2\n", "places: 2\n    standing: term\n", "matter", "terms"),
    ("places: 2\n", "places: 2\n    check_out: [name]\n", "matter", "check_in"),
    ("places: 2\n", f"places: 2\n{CHOICE}", "offer-name", "物登记"),
    ("places: 2\n", f"places: 2\n    check_in: [name]\n    check_out: [name]\n{DOOR}", "offer-name", "papers"),
    ("places: 2\n", f"places: 2\n{DOOR}", "matter", "check_in"),
    (
        "places: 2\n",
        f"places: 2\n    check_in: [name]\n    check_out: [name]\n{DOOR}".replace("kind: text", "kind: choice"),
        "matter",
        "options",
    ),
    ("places: 2\n", f"places: 2\n{CHOICE}    each: zhiyuan\n", "matter", "choice"),
    ("places: 2\n", f"places: 2\n    taker: [person, team]\n{CHOICE}", "matter", "choice"),
    ("places: 2\n", f"places: 2\n{CHOICE}".replace("=true", "=entyr.days"), "offer-feel", "entry"),
    ("places: 2\n", "places: 2\n    hours: true\n", "matter", "check_out"),
    ("places: 2\n", "places: 2\n    check_in: [qr]\n    missed: {at: 25 o'clock}\n", "matter", "13:00"),
    ("places: 2\n", "places: 2\n    check_in: [qr]\n    missed: {opens: fanyin}\n", "offer-name", "fanying"),
    ("places: 2\n", 'places: 2\n    first: "=person.agee >= 60"\n', "offer-feel", "age"),
    ("    address_for: 7cd  ", "    #", "offer-address", "7cd"),
    ("address_for: 7cd", "address_for: 7dc", "matter", "3cd"),
    (
        "places: 2\n",
        'places: 2\n    check_in: [qr]\n    missed: {opens: fanying, answers: {what: "=booking.numbr"}}\n',
        "offer-feel",
        "number",
    ),
    (
        "places: 2\n",
        'places: 2\n    check_in: [qr]\n    check_out: [qr]\n    hours: {register: x, with: {n: "=1"}}\n',
        "offer-name",
        "",
    ),
]


@pytest.mark.parametrize("right, slip, rule, offered", SLIPS)
def test_a_slip_is_an_error_with_its_line_and_the_word_that_was_meant(right, slip, rule, offered):
    files = files_of()
    text = files[FILE].decode()
    assert right in text
    found = errors(
        gate.check(
            matters.Source("zhiyuan", {**files, FILE: text.replace(right, slip, 1).encode()}), COUNTY, house=HOUSE
        )
    )
    mine = [f for f in found if f.rule == rule and f.file == FILE]
    assert mine and mine[0].line > 0, found
    assert any(offered in f.message_zh and f.message_en for f in mine)


def test_the_lunch_passes():
    found = gate.check(matters.Source("zhiyuan", files_of()), COUNTY, house=HOUSE)
    assert [f for f in found if f.severity != "hint" and not f.file.endswith(".dmn")] == []


def test_a_step_that_opens_what_is_not_declared_is_named():
    files = files_of()
    file = "bpmn/zhiyuan/process.bpmn"
    files[file] = files[file].replace(b'key="offer" value="job"', b'key="offer" value="jobb"')
    found = errors(gate.check(matters.Source("zhiyuan", files), COUNTY, house=HOUSE))
    assert [(f.rule, f.element) for f in found] == [("offer-missing", "job-open")]
    assert "“job”" in found[0].message_zh


def test_a_step_that_holds_the_door_of_what_nobody_signs_in_at_is_named():
    files = matters.read_files(ROOT, "sidianban")
    file = "bpmn/sidianban/process.bpmn"
    files[file] = files[file].replace(
        b'key="offer" value="afternoon"/></zeebe:taskHeaders><zeebe:ioMapping',
        b'key="offer" value="aftrnoon"/></zeebe:taskHeaders><zeebe:ioMapping',
    )
    found = errors(gate.check(matters.Source("sidianban", files), COUNTY, house=HOUSE))
    assert ("offer-missing", "sk_lock") in [(f.rule, f.element) for f in found]
    assert any("“afternoon”" in f.message_zh for f in found)


def test_a_story_that_books_what_there_is_not_is_named():
    files = files_of()
    file = "bpmn/zhiyuan/stories.yaml"
    files[file] = files[file].replace(b"offer: job, role: cut, who", b"offer: jbo, role: cut, who", 1)
    found = errors(gate.check(matters.Source("zhiyuan", files), COUNTY, house=HOUSE))
    assert [f.rule for f in found] == ["story-name"] and "job" in found[0].message_zh
