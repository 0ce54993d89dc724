"""Matters between the studio and a folder: what is taken, what stays, what is refused."""

from __future__ import annotations

import pytest

from engine.matters import BadDraft
from engine.proof import pulling
from engine.proof.pulling import Merged, ToWrite

A, B, C = "bpmn/x/a.yaml", "bpmn/x/b.yaml", "bpmn/x/process.bpmn"
BASE = {A: b"1", B: b"2"}
PULLED = pulling.hashes(BASE)


def test_a_file_changed_outside_is_taken_and_one_changed_inside_stays():
    assert pulling.merged(PULLED, {A: b"one", B: b"2"}, {A: b"1", B: b"two"}) == Merged(
        {A: b"one", B: b"two"}, (A,), ()
    )


def test_a_file_changed_on_both_sides_is_named_and_the_same_change_on_both_is_none():
    assert pulling.merged(PULLED, {A: b"one", B: b"2"}, {A: b"eins", B: b"2"}).both == (A,)
    assert pulling.merged(PULLED, {A: b"one", B: b"2"}, {A: b"one", B: b"2"}) == Merged({A: b"one", B: b"2"}, (), ())


def test_files_come_and_go():
    found = pulling.merged(PULLED, {A: b"1", "bpmn/x/c.yaml": b"3"}, BASE)
    assert found == Merged({A: b"1", "bpmn/x/c.yaml": b"3"}, (B, "bpmn/x/c.yaml"), ())
    assert pulling.merged(PULLED, {A: b"1"}, {A: b"1", B: b"two"}).both == (B,), "taken away there, changed here"


def test_a_drawing_that_a_desktop_modeler_only_wrote_otherwise_was_not_changed():
    inside = {C: b'<a xmlns="https://x.test/"><b c="1"/></a>'}
    assert (
        pulling.merged(pulling.hashes(inside), {C: b"<a xmlns='https://x.test/'>\n <b c='1' />\n</a>"}, inside).changed
        == ()
    )


def test_a_drawing_whose_names_stand_for_nothing_is_other_and_breaks_nothing():
    inside = {C: b'<a xmlns="x"/>'}
    assert pulling.merged(pulling.hashes(inside), {C: b"<a xmlns='x' />"}, inside).changed == (C,)


def test_a_pull_writes_what_is_other_and_leaves_what_was_changed_in_the_folder():
    assert pulling.to_write({}, {}, BASE) == ToWrite((A, B), ())
    assert pulling.to_write(PULLED, BASE, BASE) == ToWrite((), ())
    assert pulling.to_write(PULLED, {A: b"one", B: b"2"}, {A: b"1", B: b"two"}) == ToWrite((B,), ())
    assert pulling.to_write(PULLED, {A: b"one", B: b"2"}, {A: b"eins", B: b"2"}) == ToWrite((), (A,))
    assert pulling.to_write(PULLED, {A: b"one"}, {A: b"1", B: b"2"}) == ToWrite((), ()), "taken away there alone"
    assert pulling.to_write(PULLED, {A: b"1", B: b"2"}, {A: b"1"}) == ToWrite((B,), ()), "taken away in the studio"
    assert pulling.to_write(PULLED, {A: b"one", B: b"2"}, {A: b"eins", B: b"2"}, over=True) == ToWrite((A,), ())
    assert pulling.to_write({}, {A: b"mine"}, BASE) == ToWrite((B,), (A,)), "a folder that was never pulled into"


def test_a_manifest_is_the_same_bytes_for_the_same_content_and_is_read_back():
    entry = pulling.entry(pulling.Here(BASE, "draft", "3"))
    other = pulling.entry(pulling.Here(dict(reversed(BASE.items())), "draft", "3"))
    assert pulling.written({"x": entry}) == pulling.written({"x": other})
    assert pulling.read(pulling.written({"x": entry}))["x"]["files"] == PULLED


@pytest.mark.parametrize(
    "broken",
    [b"", b"{}", b"[]", b'{"format": 2, "matters": {}}', b'{"format": 1, "matters": {"x": {"files": {"a": 1}}}}'],
)
def test_a_broken_manifest_is_refused(broken):
    with pytest.raises(BadDraft):
        pulling.read(broken)
