"""Headers and cookies: what a browser is told not to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from web.settings import MOST_FORM, Settings

#: Nothing from elsewhere, nothing inline. Pictures may be data (signatures, QR codes, form-js icons).
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
csrf = CSRFProtect()

#: Fields of a form that a page sends; a list of a thousand records is far below.
MOST_FIELDS = 5_000


#: NUL, and halves of surrogate pairs: \\ud800 is JSON and no text.
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


def _typed() -> Iterator[str]:
    for values in (request.args, request.form):
        for name, text in values.items(multi=True):
            yield name
            yield text


def begin(app: Flask, settings: Settings, most_bytes: Callable[[str | None], int]) -> None:
    """`most_bytes`: what may be sent to a route."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="yizhan",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form typed over lunch must still be accepted
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=settings.hosts or None,
        # A whole request: one file, and what is typed around it.
        MAX_CONTENT_LENGTH=(settings.upload_mb + 2) * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=MOST_FORM,
        MAX_FORM_PARTS=MOST_FIELDS,
    )

    @app.before_request
    def bounded() -> None:
        """More than the route takes is not read, nor a form of so many fields that reading it takes seconds: before the
        token in it is looked for. (Our own server has not let it come: web/server.py.)"""
        most = most_bytes(request.endpoint)
        form = request.mimetype == "application/x-www-form-urlencoded"
        request.max_content_length = most = min(most, MOST_FORM) if form else most
        if (request.content_length or 0) > most or (form and request.get_data().count(b"&") > MOST_FIELDS):
            raise RequestEntityTooLarge(f"Expected at most {most} bytes and {MOST_FIELDS} fields.")

    csrf.init_app(app)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, settings.proxies, settings.proxies)  # type: ignore[method-assign]

    @app.before_request
    def readable() -> None:
        """No NUL and no half of a character pair in what is asked: no database takes the one, no file the other."""
        for text in (request.path, *_typed()):
            if _UNREADABLE.search(text):
                raise BadRequest("Expected text, but there is a NUL or half of a surrogate pair in it.")

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "geolocation=(), camera=(self), microphone=(self)"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if settings.https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "assets.static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
