"""boards of matter.yaml: each slip is an error with its line and the nearest known word."""

from __future__ import annotations

import pytest

from engine import matters
from engine.commands import gate
from engine.findings import errors
from engine.matters import lines, schema
from engine.matters.nouns import Nouns
from engine.matters.nouns.boards import Shown, fault, personal
from tests.cast import ROOT
from tests.check.test_gate import COUNTY, HOUSE

NAME = "ganxu"
YAML, DIAGRAM, STORIES = (f"bpmn/{NAME}/{file}" for file in ("matter.yaml", "process.bpmn", "stories.yaml"))
CHANGES = 'target="facts.day"/><zeebe:input source="=postponed'
CONTACT = "ask: {title: 咨询, title_en: Ask, type: contact}"
FILES = matters.read_files(ROOT, NAME)


def look(file, right, slip):
    text = FILES[file].decode()
    assert right in text, right
    changed = {**FILES, file: text.replace(right, slip, 1).encode()}
    return [f for f in gate.check(matters.Source(NAME, changed), COUNTY, house=HOUSE) if f.severity != "hint"]


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule", "offered"),
    [
        (DIAGRAM, 'key="board" value="market"', 'key="board" value="markte"', "board-unknown", "market"),
        (DIAGRAM, 'target="facts.venue"', 'target="facts.venu"', "board-fact", "venue"),
        (DIAGRAM, '<zeebe:input source="=hours" target="facts.hours"/>', "", "board-fact", "hours"),
        (DIAGRAM, 'source="=asking" target', 'source="=applicant.phone" target', "board-personal", "applicant.phone"),
        (DIAGRAM, 'errorCode="NOT_PUBLISHED"', 'errorCode="NOT_PUBLISHD"', "board-refusal", "NOT_PUBLISHED"),
        (DIAGRAM, CHANGES, CHANGES.replace("day", "dya"), "board-fact", "day"),
        (YAML, "message: market-objection", "message: market-objecton", "board-message", "market-objection"),
        (YAML, 'until: "=day"', 'until: "=dya"', "board-until", "day"),
        (YAML, 'until: "=day"', 'until: "=day +"', "board-until", "until"),
        (YAML, "review: {post: head,", "review: {post: haed,", "post", "head"),
        (YAML, "at: town, within: 1wd", "at: twon, within: 1wd", "unit", "town"),
        (YAML, "within: 1wd", "within: 1wk", "matter", "1wk"),
        (YAML, "kind: market", "kind: markt", "matter", "market"),
        (YAML, "scope: town", "scope: twon", "matter", "town"),
        (YAML, "    day: day\n", "    day: hours\n", "matter", "date"),
        (YAML, "    where: venue", "    where: venu", "matter", "venue"),
        (YAML, "hides: {organiser: 承办单位}", "hides: {day: 日子}", "matter", "day"),
        (YAML, '    until: "=day"\n', "", "matter", "days"),
        (YAML, "objections: {who: anyone", "objections: {who: everyone", "matter", "anyone"),
        (YAML, CONTACT, "ask: {title: 手机, title_en: Ask}", "board-personal", "contact"),
        (STORIES, "{review: market}", "{review: markte}", "story-name", "market"),
        (STORIES, "entries: {market: over}", "entries: {market: ovre}", "story-name", "over"),
    ],
)
def test_a_slip_is_found_with_what_was_meant(file, right, slip, rule, offered):
    found = [f for f in look(file, right, slip) if f.rule == rule]
    assert found, [f.message_en for f in look(file, right, slip)]
    assert any(offered in f.message_zh and offered in f.message_en for f in found), [f.message_en for f in found]
    assert all(f.line > 0 for f in found)


def test_a_board_on_which_nothing_is_published_is_said():
    whole = (
        FILES[YAML]
        .decode()
        .replace(
            "boards:\n",
            "boards:\n  spare: {kind: notice, title: 公示, title_en: Notices, "
            "scope: village, shows: {name: {title: 名称, title_en: Name}}, days: 7}\n",
        )
    )
    found = gate.check(matters.Source(NAME, {**FILES, YAML: whole.encode()}), COUNTY, house=HOUSE)
    assert [f.rule for f in found if f.severity == "warning"] == ["board-unused"] and errors(found) == []


def test_a_shared_file_of_boards_is_read_as_matter_yaml_is():
    text = lines.read(
        b"boards: {wish: {kind: need, title: \xe7\x82\xb9\xe5\x8d\x95, scope: town, shows: {a: {title: A}}, days: 7, "
        b"reviw: {post: head}}}",
        "bpmn/_shared/wishes.yaml",
    )
    _, [only] = schema.check(Nouns, text, "matter")
    assert "review" in only.message_en and only.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "请打13800138000",
        "１３８００１３８０００",
        "138 0013 8000",
        "138-0013-8000",
        "一三八零零一三八零零零",
        "+86 13800138000",
        "身份证 350526196001011234",
        "35052619600101123X",
        "350526 19600101 1234",
        "卡号 6222 0212 0800 1234 567",
    ],
)
def test_numbers_of_a_person_are_found_however_they_are_written(text):
    assert personal(text) is not None


@pytest.mark.parametrize(
    "text",
    ["逢三逢八赶墟", "咨询 0595-23500203", "2026-12-21 7:00-12:00", "三八妇女节", "编号 2026000123", "一千人"],
)
def test_days_desks_and_counts_are_no_persons_numbers(text):
    assert personal(text) is None


def test_a_contact_is_a_desk_and_never_a_mobile():
    shown = Shown(title="咨询", type="contact")
    assert fault(shown, "0595-23500203") is None and fault(shown, "12345") is None
    assert fault(shown, "13800138000") is not None
