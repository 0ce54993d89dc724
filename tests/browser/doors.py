"""How a person comes in by a browser: at a telephone with a code, at a desk with a name. For browser tests and `make
shots`, which opens a hall of its own."""

from __future__ import annotations

import re
import shutil
from typing import Any


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Expected Chromium on this machine: `make setup-test` installs it."
    return found


def as_resident(page: Any, phone: str) -> None:
    """By telephone and the code that the page shows."""
    page.goto("/enter")
    page.fill("#phone", phone)
    page.click("main button[type=submit]")
    page.fill("#code", page.locator("[data-shown-code]").inner_text())
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/$"))


def as_staff(page: Any, name: str, password: str) -> None:
    page.goto("/desk/enter")
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/desk$"))
