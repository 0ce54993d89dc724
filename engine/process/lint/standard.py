"""What the standard asks of parts we only draw: data, item definitions. All of it warnings."""

from __future__ import annotations

from engine.process.lint.page import Page


def check_file(page: Page) -> None:
    """Data associations and input/output specifications."""
