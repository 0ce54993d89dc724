"""The browser's device cookie: signed, long-lived, for nothing but knowing the device again."""

from __future__ import annotations

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from engine.people.devices import Device

COOKIE = "yizhan_device"
LASTS_S = 400 * 24 * 3600  # as long as browsers keep a cookie


def current() -> Device:
    """The device of this request; one never seen before gets its id now, and keeps it once `keep` was called."""
    if "device" not in g:
        g.device = _read(request.cookies.get(COOKIE, ""))
    found: Device = g.device
    return found


def _read(cookie: str) -> Device:
    try:
        said = _signer().loads(cookie)
    except BadSignature:
        return Device()
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        return Device()
    return Device(said["id"], tuple(str(one) for one in said.get("known") or ()))


def keep(response: Response, device: Device) -> Response:
    """Give the browser this device to keep."""
    response.set_cookie(
        COOKIE,
        _signer().dumps({"id": device.id, "known": list(device.accounts)}),
        max_age=LASTS_S,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )
    return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="device")
