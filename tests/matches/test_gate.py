"""Every slip in a declaration of a match is an error with its line and the nearest known word."""

import pytest

from engine import matters
from tests.cast import ROOT
from tests.check.test_gate import look, with_slip

YAML = "bpmn/_shared/rides.yaml"


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule", "cure"),
    [
        (YAML, "ask: seats\n", "ask: seast\n", "match-name", "seats"),
        (YAML, "opens: xunche,", "opens: xunhce,", "match-name", "xunche"),
        (YAML, "=need.phone", "=need.phoen", "match-feel", "phone"),
        (YAML, "paper: ride_slip", "paper: ride_slp", "match-name", "ride_slip"),
        (
            YAML,
            "unmatched: {opens: xunche, answers: {applicant.name: =need.name,",
            "unmatched: {answers: {",
            "matter",
            "opens",
        ),
        (YAML, "ask: ride\n", "ask: rid\n", "match-name", "ride"),
        (YAML, "tells: [luggage]", "tells: [lugage]", "match-name", "luggage"),
        (YAML, "shows: [plate, remark]", "shows: [plate, remrak]", "match-name", "remark"),
        (YAML, "tells: [luggage]", "tells: [luggage, plate]", "match-personal", "shows"),
        (YAML, '"=ask.seats"', '"=ask.saets"', "match-feel", "seats"),
        (YAML, "=register.driver.state", "=register.drivr.state", "match-feel", "driver"),
        (YAML, "=register.driver.licence_until", "=register.driver.license_until", "match-feel", "licence_until"),
        (YAML, "=register.driver.policy", "=register.driver.polcy", "match-feel", "policy"),
        (YAML, "=ask.detour", "=ask.detuor", "match-feel", "detour"),
        (YAML, '"=ask.places"', '"=person.agee"', "match-feel", "age"),
        (YAML, '"=ask.places"', '"=ask.places +"', "match-feel", ""),
        (YAML, "accept: giver", "accept: givr", "matter", "giver"),
        (YAML, "until: 12h", "until: 12hours", "matter", "48h"),
        (YAML, "keep: 30cd", "keep: 30days", "matter", "3cd"),
        (YAML, "guardian: 18", "guardain: 18", "matter", "guardian"),
        (YAML, "kin: family", "kin: famly", "match-name", "family"),
        (YAML, "      posts: [window, agent, duty]\n", "      posts: [windwo]\n", "post", "window"),
        (YAML, "opens: weidao ", "opens: weidoa ", "match-name", "weidao"),
        (YAML, "=supply.phone", "=supply.phoen", "match-feel", "supply.phone"),
        (YAML, "      opens: weidao ", "      # no case ", "matter", "opens"),
        (YAML, "\n    posts: [window, agent, duty]\n", "\n    posts: [agnet]\n", "post", "agent"),
        (YAML, "opens: chidao,", "opens: chidoa,", "match-name", "chidao"),
        (YAML, "=late.phone", "=late.phoen", "match-feel", "late.phone"),
        (YAML, "within: 30cd", "within: 30days", "matter", "3cd"),
        (YAML, "takes: 2h\n", "takes: 24h\n", "matter", "超过一天"),
        (YAML, "    way: true\n", "    way: true\n    fee: shared\n", "matter", "shared"),
        ("forms/_shared/ride.form", "万一联系不上，打给谁（姓名和电话）", "愿意给多少油费", "match-fee", "不收费"),
    ],
)
def test_a_slip_is_an_error_with_its_line_and_the_nearest_word(file, right, slip, rule, cure):
    found = [one for one in with_slip("shunfeng", file, right, slip) if one.rule == rule]
    assert found, rule
    assert cure in found[0].message_zh
    assert found[0].line > 0


DRAWN = "bpmn/xunche/process.bpmn"


@pytest.mark.parametrize(
    ("file", "right", "slip", "rule"),
    [
        (DRAWN, 'type="match"', 'type="mathc"', "effect-unknown"),
        (DRAWN, 'target="supply"', 'target="suply"', "argument-unknown"),
        ("bpmn/xunche/stories.yaml", "match: ride, who: 林国强, from", "match: rid, who: 林国强, from", "story-name"),
        ("bpmn/xunche/stories.yaml", "seats: 2,", "seets: 2,", "story-field"),
    ],
)
def test_a_slip_in_what_a_case_does_with_a_match_is_an_error(file, right, slip, rule):
    assert [one for one in with_slip("xunche", file, right, slip) if one.rule == rule and one.severity == "error"]


@pytest.mark.parametrize("kind", ["open-need", "open-supply"])
def test_a_task_that_puts_something_names_a_match_and_says_where_to(kind):
    right = 'type="match"/><zeebe:taskHeaders><zeebe:header key="agreed" value="true"/>'
    other = f'type="{kind}"/><zeebe:taskHeaders><zeebe:header key="match" value="%s"/>'
    for name in ("rdie", "ride"):  # the second has a way, and no input says where to
        found = [one for one in with_slip("xunche", DRAWN, right, other % name) if one.rule == "match-unknown"]
        assert len(found) == 1


FIELD = '{"type": "%s", "key": "%s", "label": "%s", "id": "f_%s", "validate": {"required": true}}'
FORM = '{"schemaVersion": 19, "id": "%s", "type": "default", "components": [%s]}'


def test_the_example_of_tools_in_the_guide_is_right():
    """What docs/nouns.md shows of matches that are no rides passes the gate as it stands."""
    text = (ROOT / "docs/nouns.md").read_text()
    example = text.split("# bpmn/_shared/sharing.yaml\n")[1].split("```")[0]
    files = matters.read_files(ROOT, "shunfeng")
    files["bpmn/_shared/sharing.yaml"] = example.encode()
    yaml = "bpmn/shunfeng/matter.yaml"
    files[yaml] = files[yaml].replace(b"uses: [rides]", b"uses: [rides, sharing]")
    asked = [FIELD % ("textfield", "what", "是什么", "what"), FIELD % ("number", "many", "几件", "many")]
    for name, more in (("have", []), ("want", [FIELD % ("textfield", "use", "做什么用", "use")])):
        files[f"forms/shunfeng/{name}.form"] = (FORM % (name, ", ".join(asked + more))).encode()
    found = [one for one in look("shunfeng", files) if one.severity == "error"]
    assert found == []
    files["bpmn/_shared/sharing.yaml"] = example.replace("ask: want", "ask: wnat").encode()
    assert "match-name" in {one.rule for one in look("shunfeng", files) if one.severity == "error"}
