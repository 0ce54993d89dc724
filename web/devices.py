"""The browser's device cookie: signed, long-lived, for nothing but knowing the device again."""

from __future__ import annotations

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from engine.people.devices import Device
from engine.people.sessions import From

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


#: What a browser calls itself -> what people call it; the first that fits.
_BROWSERS = {
    "MicroMessenger": "微信",
    "DingTalk": "钉钉",
    "QQBrowser": "QQ 浏览器",
    "360SE": "360 浏览器",
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "OpenHarmony": "鸿蒙",
    "HarmonyOS": "鸿蒙",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def described(user_agent: str) -> str:
    """A browser in words that somebody knows again in a list of their own.

    >>> described("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0")
    'Edge · Windows'
    >>> described("curl/8.0")
    ''
    """
    parts = (
        next((words for mark, words in table.items() if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(part for part in parts if part)


def here() -> From:
    """Where this request comes from."""
    return From(described(request.user_agent.string), request.remote_addr or "")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="device")
