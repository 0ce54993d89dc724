"""Pictures of what a journey saw, to be looked at: in the folder that YIZHAN_PICTURES names, else nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from tests.browser.conftest import axe, come, english_left

_WHOLE = "Math.max(document.documentElement.scrollHeight, window.innerHeight)"


def taken(page: Any, name: str = "") -> None:
    """The page as it stands, whole, by this name or its address; and nothing of it is wider than the screen."""
    come(page)
    name = name or re.sub(r"[^a-z0-9]+", "-", page.url.split("/", 3)[-1])
    folder = os.environ.get("YIZHAN_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        size = page.viewport_size  # the whole page at once, so that what sticks to the screen's edge lies at the end
        page.set_viewport_size({"width": size["width"], "height": page.evaluate(_WHOLE)})
        page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png")
        page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def looked_at(page: Any, name: str = "") -> None:
    """A picture; and a page of Chinese that everybody can use."""
    taken(page, name)
    assert axe(page) == [], name or page.url
    assert english_left(page) == [], name or page.url
