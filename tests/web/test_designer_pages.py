"""The designer's pages say what the gate says, of the whole package and with the county of the database."""

from __future__ import annotations

from engine import matters
from engine.people import SYSTEM
from engine.proof import Verdict, verdicts
from engine.records import library
from tests.cast import ROOT
from tests.hall import Open


def test_a_slip_of_a_published_version_stands_on_its_page_and_on_the_list(hall: Open) -> None:
    files = matters.read_files(ROOT, "daiban")
    name = "bpmn/daiban/process.bpmn"
    slipped = files[name].replace(b'value="claim,', b'value="clam,', 1).replace(b'name="apart"', b'name="aprat"', 1)
    package = matters.read("daiban", {**files, name: slipped})
    with hall.database.unit_of_work() as work:
        library.publish(work, package, by=SYSTEM, now=hall.clock())
    designer = hall.client("designer")
    page = designer.get("/desk/matters/daiban").text
    assert "clam" in page and "是不是“claim”" in page and "aprat" in page and "process.bpmn:" in page
    assert "还没检查完" in designer.get("/desk/matters").text, "nobody has proved it yet"
    with hall.database.unit_of_work() as work:
        found = Verdict("daiban", verdicts.findings_of(work, package))
        verdicts.keep(work, "key", found, version=package.version, now=hall.clock())
    assert "条提醒" in designer.get("/desk/matters").text
