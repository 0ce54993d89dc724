"""The English of a matter: a table beside its files, and what the check says is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine import matters
from engine.commands import gate
from engine.matters import english
from engine.process.language.read import parse

ROOT = Path(__file__).resolve().parent.parent.parent


def files(**changes: str) -> dict[str, bytes]:
    return {**matters.read_files(ROOT, "yuyue"), **{k: v.encode() for k, v in changes.items()}}


def check(name, found):
    return gate.check(matters.Source(name, found))


def hints(found):
    """What is said of English."""
    return [f for f in found if f.severity == "hint" and "english" in f.rule]


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_a_matter_with_a_table_has_no_text_without_english(name):
    found = matters.read_files(ROOT, name)
    if f"bpmn/{name}/en.yaml" not in found:
        pytest.skip("a matter without a table is shown in Chinese")
    assert [f.message_en for f in hints(check(name, found))] == []


def test_a_new_text_is_named_with_its_file_and_a_matter_without_a_table_gets_one_hint():
    form = files()["forms/yuyue/serve.form"].decode().replace("办了什么", "办成了什么")
    (one,) = hints(check("yuyue", files(**{"forms/yuyue/serve.form": form})))
    assert (one.file, one.rule) == ("forms/yuyue/serve.form", "no-english")
    assert "办成了什么" in one.message_zh and "bpmn/yuyue/en.yaml" in one.message_en
    without = {k: v for k, v in files().items() if k != "bpmn/yuyue/en.yaml"}
    (one,) = hints(check("yuyue", without))
    assert one.file == "bpmn/yuyue/matter.yaml" and "en.yaml" in one.message_zh
    assert matters.read("yuyue", without).english["申请人"] == "Applicant"  # the shared words are there all the same


def test_a_matter_only_for_trying_needs_no_english():
    tried = files()["bpmn/yuyue/matter.yaml"].decode() + "published: false\n"
    found = {k: v for k, v in files(**{"bpmn/yuyue/matter.yaml": tried}).items() if k != "bpmn/yuyue/en.yaml"}
    assert hints(check("yuyue", found)) == []


@pytest.mark.parametrize("table", ["是: yes", "- 一\n- 二", "受理: {a: b}", "受理: [", "受理: ''"])
def test_a_table_that_is_none_is_refused_in_plain_words(table):
    with pytest.raises(matters.BadMatter) as refused:
        matters.read("yuyue", files(**{"bpmn/yuyue/en.yaml": table}))
    assert refused.value.findings[0].file == "bpmn/yuyue/en.yaml"


def test_a_matters_own_word_goes_before_the_shared_one_and_a_new_word_is_a_new_version():
    table = files()["bpmn/yuyue/en.yaml"].decode()
    changed = matters.read("yuyue", files(**{"bpmn/yuyue/en.yaml": table + "\n办结: Closed\n"}))
    before = matters.load(ROOT, "yuyue")
    assert before.english["办结"] == "Done" and changed.english["办结"] == "Closed"
    assert changed.version != before.version


def test_a_text_with_its_english_beside_it_is_not_said_otherwise_in_the_table():
    table = files()["bpmn/yuyue/en.yaml"].decode()
    whole = files()["bpmn/yuyue/matter.yaml"].decode()
    name = yaml.safe_load(whole)["name"]
    found = hints(check("yuyue", files(**{"bpmn/yuyue/en.yaml": f"{table}\n{name}: Another name\n"})))
    (one,) = (f for f in found if f.rule == "english")
    assert one.file == "bpmn/yuyue/en.yaml" and name in one.message_zh and "has its English already" in one.message_en


def test_the_drawing_to_look_at_is_the_same_drawing_with_other_names():
    package = matters.load(ROOT, "yuyue")
    shown = english.diagram(package.diagram, package.english)
    before, after = parse(package.diagram, "a.bpmn")[0], parse(shown, "a.bpmn")[0]
    assert [e.tag for e in before.iter()] == [e.tag for e in after.iter()]
    assert [e.get("id") for e in before.iter() if isinstance(e.tag, str)] == [
        e.get("id") for e in after.iter() if isinstance(e.tag, str)
    ]
    names = {e.get("name") for e in english.named(after) if e.get("name")}
    assert "Confirm the booking" in names and "确认预约" not in names


def test_values_and_conditions_of_a_form_are_no_words_for_readers():
    schema = {
        "components": [
            {"label": "结果", "values": [{"label": "满意", "value": "满意"}], "conditional": {"hide": '=a = "满意"'}}
        ]
    }
    assert sorted(part[key] for part, key in english.seen(schema)) == ["满意", "结果"]


def test_a_content_folder_without_shared_words_has_the_programs_and_its_own_go_before(tmp_path):
    folder = tmp_path / "bpmn" / "a-matter"
    folder.mkdir(parents=True)
    (folder / "matter.yaml").write_text("{}", encoding="utf-8")
    assert english.read("a-matter", matters.read_files(tmp_path, "a-matter"))["受理"] == "Accept"
    own = tmp_path / "bpmn" / "_shared" / "en.yaml"
    own.parent.mkdir()
    own.write_text("受理: Take in\n", encoding="utf-8")
    assert english.read("a-matter", matters.read_files(tmp_path, "a-matter")) == {"受理": "Take in"}
