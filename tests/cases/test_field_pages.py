"""What a telephone's browser makes of a form: no script, a keyboard of letters, a page that was thrown away."""

from __future__ import annotations

import re

from tests.cast import ROOT
from tests.hall import Open

SCRIPTS = ROOT / "web" / "frontend" / "src"


def test_a_form_page_says_whom_to_call_when_there_are_no_scripts(hall: Open) -> None:
    page = hall.client("zhang").get("/apply/daiban")
    assert page.status_code == 200
    said = re.search(r"<noscript[^>]*>(.*?)</noscript>", page.get_data(as_text=True), re.DOTALL)
    assert said is not None
    assert re.search(r"\d{5}", said[1]), f"no telephone to call: {said[1]}"


def test_a_draft_that_is_drawn_anew_looks_after_its_files() -> None:
    source = (SCRIPTS / "form.js").read_text("utf-8")
    drawing = source[source.index("async draw()") : source.index("finishDrawing() {")]
    assert "files::" in drawing or "filepicker" in drawing
