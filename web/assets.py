"""The built scripts and styles: found by manifest, sent packed, kept by the browser for a year."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory, url_for

from web.edge import guard

pages = Blueprint("assets", __name__)
BUILD = Path(__file__).parent / "static" / "build"


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    file = BUILD / "manifest.json"
    if not file.exists():
        raise RuntimeError("The pages' scripts and styles are not built: run `make setup`.")
    found: dict[str, str] = json.loads(file.read_text())
    return found


def asset(name: str) -> str:
    """The address of `resident.css`, `form.js` …"""
    return url_for("assets.static", name=_manifest()[name])


def assets_of(island: str) -> tuple[str, ...]:
    """Names of the files an island needs."""
    return tuple(n for n in (f"{island}-island.css", f"{island}.js") if n in _manifest())


@pages.get("/build/<path:name>")
@guard("anyone", alone=True)
def static(name: str) -> Response:
    kind = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.get(Path(name).suffix)
    if kind is None:
        abort(404)
    packed = request.accept_encodings.quality("gzip") > 0 and (BUILD / f"{name}.gz").is_file()
    response = send_from_directory(BUILD, f"{name}.gz" if packed else name, mimetype=kind, conditional=True)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
