"""The reference models of the OMG's Model Interchange Working Group: each gets a clean answer.

They are not part of this repository. Name the folder of the checked-out bpmn-miwg-test-suite in YIZHAN_MIWG to run
this; YIZHAN_MIWG_WRITE=1 writes the table of the guide anew (then run `yizhan docs`).
"""

import os
import re
from pathlib import Path

import pytest
import yaml

from engine import process
from engine.findings import errors
from engine.process import check
from engine.process.language import guide

FOLDER = os.environ.get("YIZHAN_MIWG")
TABLE = Path(process.__file__).parent / "miwg.yaml"


def executable(data: bytes) -> bytes:
    """The same drawing with every process marked executable."""
    data = re.sub(rb'(<(?:\w+:)?process\b[^>]*?)\s+isExecutable="\w+"', rb"\1", data)
    return re.sub(rb"(<(?:\w+:)?process\b)", rb'\1 isExecutable="true"', data)


def answers() -> list[dict]:
    files = {p.name: p.read_bytes() for p in sorted((Path(FOLDER) / "Reference").glob("*.bpmn"))}
    found = []
    for name in files:
        # C.9.0, C.9.1 and C.9.2 are one model in three files.
        together = {n: d for n, d in files.items() if n == name or name[:3] == n[:3] == "C.9"}
        findings = [f for f in check(together) if f.file == name]
        marked = [f for f in check({n: executable(d) for n, d in together.items()}) if f.file == name]
        assert not [f for f in findings + marked if f.rule == "check-failed"], name
        refused = errors(findings)
        row = {"model": name.removesuffix(".bpmn"), "answer": "refused" if refused else "accepted"}
        row |= {
            "errors": len(refused),
            "warnings": len(findings) - len(refused),
            "errors_when_executable": len(errors(marked)),
        }
        if refused:
            first = next((f for f in refused if f.rule != "not-executable"), refused[0])
            row |= {
                "element": first.element,
                "rule": first.rule,
                "says_zh": first.message_zh,
                "says_en": first.message_en,
            }
        found.append(row)
    return found


@pytest.mark.skipif(not FOLDER, reason="YIZHAN_MIWG names no folder")
def test_each_reference_model_is_accepted_or_refused_with_its_element_and_reason():
    found = answers()
    assert len(found) >= 21
    for row in found:
        assert row["answer"] == "accepted" or (row["element"] and row["says_zh"] and row["says_en"]), row
    if os.environ.get("YIZHAN_MIWG_WRITE"):
        TABLE.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=200), encoding="utf-8")
    assert guide.measured() == found


def test_the_table_of_the_guide_has_an_answer_for_every_model():
    rows = guide.measured()
    assert [r["model"] for r in rows][:2] == ["A.1.0", "A.2.0"] and rows[-1]["model"].startswith("C.9")
    assert all(r["answer"] in ("accepted", "refused") for r in rows)
