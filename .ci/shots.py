#!/usr/bin/env python3
"""Pictures of every matter that residents can ask for, for docs/services.md: `make shots`.

A hall of the demo county is started in a temporary home; each matter's page is read on a phone of 390 x 844, signed in
as the demo resident. What residents do not see (internal matters) is shown by its diagram in the designers' rooms.
Pictures whose matter is gone are taken away. Needs Chromium,
and the project's root on the path, as make gives it.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser import doors

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots" / "services"
PORT = int(os.environ.get("SHOTS_PORT", "8077"))
ADDRESS = f"http://127.0.0.1:{PORT}"
RESIDENT, DESIGNER, PASSWORD = "13805950001", "hongsj", "yizhan2026"
COLOURS = 64  # of a picture: enough for pages of text, a third of the bytes
READY_S = 1800  # on a machine that many share, the first start takes as long


def wait(process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"The hall ended with {process.returncode} before it was ready")
        try:
            urllib.request.urlopen(f"{ADDRESS}/readyz", timeout=2)
            return
        except OSError:
            time.sleep(1)
    raise SystemExit(f"The hall was not ready within {READY_S} s")


def keep(page: Page, name: str, whole: bool = False) -> None:
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole)))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    print(name, flush=True)


def shoot() -> None:
    matters = sorted(one.parent.name for one in (ROOT / "bpmn").glob("[a-z]*/matter.yaml"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=doors.chromium(), args=["--no-sandbox"])
        phone = browser.new_page(base_url=ADDRESS, viewport={"width": 390, "height": 844})
        doors.as_resident(phone, RESIDENT)
        desk = browser.new_page(base_url=ADDRESS, viewport={"width": 1280, "height": 800})
        doors.as_staff(desk, DESIGNER, PASSWORD)
        phone.goto("/matters")
        seen = set(re.findall(r"/matters/([a-z_0-9]+)", phone.content()))
        for name in matters:
            if name in seen:
                phone.goto(f"/matters/{name}")
                keep(phone, name)
            else:
                desk.goto(f"/desk/matters/{name}")
                desk.wait_for_load_state("networkidle")
                keep(desk, name)
        browser.close()
    for old in FOLDER.glob("*.png"):
        if old.stem not in matters:
            old.unlink()


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="yizhan-shots-") as home:
        there = {**os.environ, "YIZHAN_HOME": home, "YIZHAN_PORT": str(PORT)}
        hall = subprocess.Popen([ROOT / ".venv" / "bin" / "yizhan", "run"], env=there, cwd=ROOT, text=True)
        try:
            wait(hall)
            shoot()
        finally:
            hall.terminate()
            hall.wait(30)
    return 0


if __name__ == "__main__":
    sys.exit(main())
