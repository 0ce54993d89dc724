"""The documents as one site: `make docs`. Sphinx reads the same Markdown that a forge shows; a dead link is an
error."""

import re
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
#: Pages that lie at the top of the project, where a forge looks for them.
AT_THE_TOP = {name.lower(): f"{name}.md" for name in ("ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG")}

project = "一站 Yizhan"
author = "一站"
copyright = "一站, Apache-2.0"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["screenshots"]
language = "zh_CN"
myst_heading_anchors = 4
html_theme = "alabaster"
html_theme_options = {
    "description": "县域一站式政务服务大厅 · A county's one-stop service hall",
    "page_width": "1100px",
    "sidebar_width": "230px",
    "fixed_sidebar": True,
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sourcelink = False
highlight_language = "none"


def _from_the_top(app: Any, docname: str, source: list[str]) -> None:
    """The stand-in page becomes the file at the top, its links turned to where they lead from here."""
    if docname == "index" and not list(TOP.glob("docs/reference*.md")):
        source[0] = source[0].replace("reference*\n", "")  # an empty pattern is a warning, and a warning an error
    if docname in AT_THE_TOP:
        text = (TOP / AT_THE_TOP[docname]).read_text(encoding="utf-8")
        text = text.replace("](docs/", "](")
        source[0] = re.sub(r"\]\(([A-Z]+)\.md", lambda m: f"]({m[1].lower()}.md", text)


def setup(app: Any) -> None:
    """Sphinx's own hook."""
    app.connect("source-read", _from_the_top)
