"""For a monitoring program: does the process answer, can the hall serve, how does it do."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from engine import crypto
from web import edge, measures, settings
from web.edge import guard

pages = Blueprint("monitoring", __name__)


@pages.get("/healthz")
@guard("anyone", alone=True)
def healthz() -> ResponseReturnValue:
    """The process answers. Nothing else is asked: a database that is away is no reason to restart the web."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@guard("anyone", alone=True)
def readyz() -> ResponseReturnValue:
    """Whether to send people here: 200, or 503 with what is missing."""
    found = measures.ready(edge.hall(), now=edge.now())
    return jsonify(found), 200 if all(found.values()) else 503


@pages.get("/metrics")
@guard("anyone", alone=True)
def metrics() -> ResponseReturnValue:
    """To this machine itself, or with the token of the settings; to others there is no such page."""
    token = edge.hall().settings.metrics_token
    known = bool(token) and crypto.same(edge.bearer().encode(), token.encode())
    # What a proxy of this machine passes on comes from elsewhere, even where the settings know of no proxy.
    passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    if not known and (passed_on or not settings.loopback(request.remote_addr or "")):
        abort(404)
    return Response(measures.text(edge.hall()), content_type="text/plain; version=0.0.4; charset=utf-8")
