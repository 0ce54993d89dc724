"""责任证据包: the parts of a case as a zip that proves itself, offline, with the program that stands in it (verify.py).

What goes in is gathered by engine.reads.evidence; here it gets its manifest (SHA-256 of each file, signed with the
hall's key) and becomes one file. The verifying program is part of ours, so that both change together, and imports
nothing of ours, so that it runs anywhere.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import crypto
from engine.plain import dumps
from engine.store import signing
from engine.workdays import ZONE

HERE = Path(__file__).parent
VERIFIER, MANIFEST = "verify.py", "manifest.json"
#: Of the package's form. The verifying program of a package knows its own.
FORM = 1


def pack(parts: Mapping[str, bytes], about: Mapping[str, Any], *, now: datetime) -> bytes:
    """The zip of these parts and the verifying program, with a signed manifest. `about` stands in the manifest."""
    files = {**parts, VERIFIER: (HERE / VERIFIER).read_bytes()}
    manifest = {
        "form": FORM,
        **about,
        "public": signing.public(),
        "known": sorted(signing.known()),
        "files": {name: crypto.fingerprint(data) for name, data in sorted(files.items())},
    }
    manifest["signature"] = signing.sign(f"yizhan evidence|{dumps(manifest, sort=True)}")
    out = io.BytesIO()
    stamp = now.astimezone(ZONE).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [*sorted(files.items()), (MANIFEST, as_json(manifest))]:
            entry = zipfile.ZipInfo(name, stamp)
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def as_json(value: Any) -> bytes:
    """A part, for people to read too."""
    return (json.dumps(json.loads(dumps(value)), ensure_ascii=False, indent=1) + "\n").encode()
