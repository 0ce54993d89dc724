"""Every address that a template asks for by name is there: one that is not fails only when somebody opens the page."""

import re

from tests.cast import ROOT
from tests.hall import Open

TEMPLATES = ROOT / "web" / "templates"
ASKED = re.compile(r"""url_for\(\s*['"]([a-z_.]+)['"]""")


def test_every_address_that_a_template_asks_for_is_there(hall: Open):
    asked = {
        (one, file.relative_to(TEMPLATES).as_posix())
        for file in TEMPLATES.rglob("*.html")
        for one in ASKED.findall(file.read_text(encoding="utf-8"))
    }
    assert len(asked) > 100
    assert [one for one in sorted(asked) if one[0] not in hall.app.view_functions] == []
