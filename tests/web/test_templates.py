"""What a template opens it closes: a heading that is not closed makes everything after it a heading."""

import re
from pathlib import Path

import pytest

from web import language

TEMPLATES = Path(language.__file__).parent / "templates"
TAGS = ("h1", "h2", "h3", "section", "details", "table", "tbody", "form", "ul", "ol", "dl", "main", "nav", "dialog")


@pytest.mark.parametrize("file", sorted(p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html")))
def test_every_element_of_a_template_is_closed(file: str) -> None:
    text = (TEMPLATES / file).read_text(encoding="utf-8")
    opened = {tag: len(re.findall(rf"<{tag}[\s>]", text)) for tag in TAGS}
    closed = {tag: len(re.findall(rf"</{tag}>", text)) for tag in TAGS}
    assert opened == closed
