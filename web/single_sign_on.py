"""The county's single sign-on: OpenID Connect, the code flow with PKCE (RFC 7636) and a nonce.

Where to go (`address`), and what came back made into claims that hold (`claims`): the code is exchanged by the hall
itself, and what the token says is believed only when its signature, issuer, audience, times and nonce are right. Each
call has one time in all and follows no redirect (engine.records.http_calls).
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from engine.errors import Refused
from engine.records import http_calls
from web.settings import Provider, loopback

#: Signatures that are believed: by a key pair. Never "none", never one made with the secret that both know.
SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA")
#: How far the clocks may be apart.
LEEWAY_S = 60
#: Seconds for each call.
CALL_S = 6.0


class NotDone(Refused):
    """Expected the single sign-on to say who it is, but it did not."""

    status = 502
    slug = "sso-not-done"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"统一登录没有完成（{why}）。请再试一次；还不行，请用用户名和密码登录，并告诉单位管理员。",
            f"The single sign-on was not completed ({why}). Try again; else sign in by name and password, and tell "
            "your administrator.",
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to be remembered until the person comes back."""

    state: str
    nonce: str
    verifier: str
    back: str  # the address they come back to

    def facts(self) -> dict[str, str]:
        return {"state": self.state, "nonce": self.nonce, "verifier": self.verifier, "back": self.back}


def address(provider: Provider, back: str) -> tuple[str, Begun]:
    """Where the person is sent, and what to remember."""
    begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), back)
    found = _metadata(provider)
    where: str = prepare_grant_uri(
        _endpoint(found, "authorization_endpoint"),
        provider.client,
        "code",
        redirect_uri=back,
        scope="openid profile",
        state=begun.state,
        nonce=begun.nonce,
        code_challenge=create_s256_code_challenge(begun.verifier),
        code_challenge_method="S256",
    )
    return where, begun


def claims(provider: Provider, begun: Begun, code: str, *, now: datetime) -> Mapping[str, Any]:
    """Who it is, by the token that this code is worth. Raises NotDone."""
    found = _metadata(provider)
    token = _exchange(provider, found, begun, code)
    keys = _json(Request(_endpoint(found, "jwks_uri"), headers={"Accept": "application/json"}))
    try:
        read = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(keys), algorithms=list(SIGNATURES))  # type: ignore[arg-type]
        said = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": found["issuer"]},
                "aud": {"essential": True, "value": provider.client},
                "sub": {"essential": True},
            },
            {"nonce": begun.nonce, "client_id": provider.client, "access_token": token.get("access_token")},
        )
        said.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NotDone(f"id_token: {type(wrong).__name__}") from wrong
    return dict(said)


def _metadata(provider: Provider) -> Mapping[str, Any]:
    found = _json(
        Request(f"{provider.issuer}/.well-known/openid-configuration", headers={"Accept": "application/json"})
    )
    if str(found.get("issuer", "")).rstrip("/") != provider.issuer:
        raise NotDone("issuer")
    return found


def _endpoint(found: Mapping[str, Any], name: str) -> str:
    url = str(found.get(name, ""))
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not loopback(parts.hostname)):
        raise NotDone(name)
    return url


def _exchange(provider: Provider, found: Mapping[str, Any], begun: Begun, code: str) -> Mapping[str, Any]:
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begun.back,
        "code_verifier": begun.verifier,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in ways:
        both = f"{quote(provider.client, safe='')}:{quote(provider.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
    else:
        sent |= {"client_id": provider.client, "client_secret": provider.secret}
    body = urlencode(sent).encode()
    return _json(Request(_endpoint(found, "token_endpoint"), data=body, headers=headers, method="POST"))


def _json(request: Request) -> Mapping[str, Any]:
    try:
        answer = http_calls.call(request, total_s=CALL_S)
        said = json.loads(answer.body)
    except (OSError, ValueError) as wrong:
        raise NotDone(type(wrong).__name__) from wrong
    if not isinstance(said, dict):
        raise NotDone("JSON")
    return said
