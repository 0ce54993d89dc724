"""A matter is its files: read strictly, refused with every fault named, versioned by content."""

import json
import re

import pytest
import yaml

from engine import matters
from engine.errors import NotFound
from engine.matters import nodes
from tests.cast import ROOT

NAME = "bpmn/daiban/matter.yaml"


@pytest.fixture
def files():
    return matters.read_files(ROOT, "daiban")


def changed(files, **values):
    info = yaml.safe_load(files[NAME])
    info.update(values)
    return {**files, NAME: yaml.safe_dump(info, allow_unicode=True).encode()}


def refused(files):
    with pytest.raises(matters.BadMatter) as error:
        matters.read("daiban", files)
    return error.value.zh


def test_every_matter_of_the_house_loads_and_its_diagram_is_drawn():
    names = matters.names(ROOT)
    assert "daiban" in names
    for name in names:
        package = matters.load(ROOT, name)
        assert package.definition.executable(), name
        assert b"BPMNShape" in package.diagram, name


def test_how_sure_we_are_of_a_source_is_not_among_what_residents_are_told():
    """(V), (S) and (P) belong to a basis: to the conditions, the summary and the results they would be riddles."""
    told = [
        line
        for file in sorted(ROOT.glob("bpmn/*/matter.yaml"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith(("conditions:", "summary", "results:"))
    ]
    assert len(told) > 100
    assert [line for line in told if re.search(r"[（(][VSP][）)]", line)] == []


def test_a_promise_longer_than_the_law_allows_does_not_load(files):
    said = refused(changed(files, limits={"regime": "insurance_registration", "promised": "11wd"}))
    assert "承诺时限（11 个工作日）不得超过法定时限（10 个工作日" in said


@pytest.mark.parametrize("name", ["其他材料", "有关证明", "其它", "与申请相关的材料"])
def test_a_material_nobody_can_know_is_refused(files, name):
    assert "不明确" in refused(changed(files, materials=[{"name": name}]))


def test_the_same_material_is_not_asked_for_twice(files):
    assert "不得要求两次" in refused(changed(files, materials=[{"name": "身份证"}, {"name": "身份证"}]))


def test_a_key_nobody_knows_and_a_missing_one_are_named(files):
    assert "colour" in refused(changed(files, colour="red"))
    info = yaml.safe_load(files[NAME])
    del info["basis"]
    assert "basis" in refused({**files, NAME: yaml.safe_dump(info, allow_unicode=True).encode()})


def test_what_matter_yaml_says_about_the_form_must_be_so(files):
    assert "没有申请表单" in refused(changed(files, apply={"form": "nothing"}))
    assert "没有申请人姓名字段" in refused(changed(files, who={"name": "someone.name"}))
    assert "不在申请表单里" in refused(changed(files, materials=[{"name": "户口簿", "field": "nowhere"}]))


def test_a_broken_form_is_named(files):
    assert "forms/daiban/apply.form" in refused({**files, "forms/daiban/apply.form": b"{"})


def test_the_version_is_the_content_and_nothing_else(files):
    first = matters.read("daiban", files)
    assert matters.read("daiban", dict(reversed(files.items()))).version == first.version
    assert matters.read("daiban", {**files, "bpmn/daiban/stories.yaml": b"[]"}).version == first.version
    form = json.loads(files["forms/daiban/apply.form"])
    form["components"][0]["text"] = "## 别的说明"
    other = {**files, "forms/daiban/apply.form": json.dumps(form).encode()}
    assert matters.read("daiban", other).version != first.version


def test_a_package_comes_back_from_its_zip_the_same(files):
    first = matters.read("daiban", files)
    again = matters.from_zip("daiban", first.to_zip())
    assert again.version == first.version and again.to_zip() == first.to_zip()


def test_a_matter_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        matters.load(ROOT, "nowhere")


def test_a_node_says_which_operations_and_fields_it_allows(files):
    form = matters.read("daiban", files).form("register")
    assert nodes.operations({"operations": "transfer，remind"}) == {"transfer", "remind", "claim", "complete", "draft"}
    rights = nodes.rights(form, {"write": "registration"})
    assert rights.writes("registration.number") and not rights.writes("applicant.name")
    assert not nodes.rights(form, {"hidden": "applicant"}).sees("applicant.phone")
