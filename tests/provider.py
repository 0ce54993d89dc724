"""A county's single sign-on, small and real: discovery, keys, the code flow with PKCE and a nonce, over a socket."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "the hall", "a secret: with signs /+"


@dataclass
class Provider:
    """What it says, and what a test bends of it."""

    clock: Callable[[], datetime]
    address: str = ""
    who: dict[str, Any] = field(default_factory=lambda: {"sub": "10086", "preferred_username": "chen"})
    bend: dict[str, Any] = field(default_factory=dict)  # claims of the id_token
    says: dict[str, Any] = field(default_factory=dict)  # of the discovery document
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1", "use": "sig"}))
    signs: Any = None  # with another key than it shows
    algorithm: str = "ES256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256"],
            **self.says,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """The person signed in there: where their browser is sent back to."""
        assert query["client_id"] == CLIENT and query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256" and "openid" in query["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, authorization: str, sent: dict[str, str]) -> dict[str, Any] | None:
        """What a code is worth, once, to whoever began; None: nothing."""
        asked = self.codes.pop(sent.get("code", ""), None)
        kind, _, both = authorization.partition(" ")
        client, _, secret = base64.b64decode(both).decode().partition(":")
        if asked is None or kind != "Basic" or (unquote(client), unquote(secret)) != (CLIENT, SECRET):
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.who,
            **self.bend,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "1"}
        signed = jwt.encode(header, claims, self.signs or self.key, algorithms=[self.algorithm])
        return {"id_token": signed, "access_token": "a", "token_type": "Bearer", "expires_in": 300}


def shared(secret: str = SECRET) -> Any:
    """A key that both know: what signs with it could be anybody who has the secret."""
    return OctKey.import_key(secret)


@contextmanager
def open_provider(clock: Callable[[], datetime]) -> Iterator[Provider]:
    """It serves at an address of its own."""
    provider = Provider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                return self._say(provider.discovery())
            if parts.path == "/keys":
                return self._say({"keys": [provider.key.as_dict(private=False)]})
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            return self._say({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(self.headers.get("Authorization", ""), sent)
            self._say(found or {"error": "invalid_grant"}, 200 if found else 400)

        def _say(self, what: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Nothing on the screen of a test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
