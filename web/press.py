"""The press of a real worker: made apart from the rest, because its processes take longest to start.

The worker starts them first and imports everything else meanwhile.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from engine.records import papers

#: Most processes of the press: papers of one completion are made beside each other.
MOST = 2


def start(
    home: Path,
    *,
    hall: str = "",
    signer: Path | None = None,
    password: str = "",
    tsa: str = "",
    trust: Path | None = None,
    fonts: Path | None = None,
    forms: Path | None = None,
) -> papers.Press:
    """A press whose processes are starting.

    `signer` is the office's own certificate (PKCS#12); without one papers are demonstrations, signed by a key of ours.
    `tsa` stamps the time, `trust` holds the roots of both authorities (PEM).
    `forms`: where shared papers and the letterhead are looked for before the program's own.
    """
    if signer is not None:
        identity = papers.Identity.open(signer, password or None, tsa=tsa, trust=trust)
    else:
        identity = papers.demo_identity(home / "keys", hall or "一站政务服务大厅", now=datetime.now(UTC))
    press = papers.Press(min(MOST, os.cpu_count() or 1), identity=identity, place=fonts, forms=forms)
    press.start()
    return press
