"""A telephone with a passkey, for tests: makes and answers as an authenticator does (WebAuthn level 2, ES256, no
attestation). Browsers' own is tried in tests/browser."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One key, as long as the test lasts."""

    origin: str = "http://localhost"
    rp_id: str = "localhost"
    verifies: bool = True  # asks its owner for a finger
    count: int = 0
    id: bytes = b"the key of a test"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())
    )

    def _data(self, extra: bytes = b"", flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + extra

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def create(self, options: dict[str, Any]) -> str:
        """The answer to navigator.credentials.create."""
        at = self.key.public_key().public_numbers()
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        made = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._data(attested, ATTESTED)})
        return self._said(
            attestationObject=bytes_to_base64url(made),
            clientDataJSON=bytes_to_base64url(self._client("webauthn.create", options)),
            transports=["internal", "a word of tomorrow"],
        )

    def get(self, options: dict[str, Any]) -> str:
        """The answer to navigator.credentials.get."""
        self.count += 1
        client, data = self._client("webauthn.get", options), self._data()
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._said(
            authenticatorData=bytes_to_base64url(data),
            clientDataJSON=bytes_to_base64url(client),
            signature=bytes_to_base64url(signed),
        )

    def _said(self, **response: Any) -> str:
        id_ = bytes_to_base64url(self.id)
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response})


def forged(answer: str, **response: str) -> str:
    """The same answer with other parts in it."""
    said = json.loads(answer)
    said["response"].update(response)
    return json.dumps(said)


def flipped(part: str) -> str:
    """One bit of it changed."""
    data = bytearray(base64url_to_bytes(part))
    data[-1] ^= 1
    return bytes_to_base64url(bytes(data))
