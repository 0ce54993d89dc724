"""SM2 (GB/T 32918.2, .5) over the points of gmssl, which is an optional extra: `pip install yizhan[sm]`.

Only gmssl's arithmetic is used. Its own random numbers come from `random`, which can be foreseen (a signature whose
number is foreseen gives the key away), it strips leading digits of some public keys, and it does not look whether a
signature's numbers and a key's point are what they must be: all that is done here, and held to the standard's vectors.
The arithmetic takes no constant time: sign where nobody can measure it, once a day and not once a request.
"""

from __future__ import annotations

import secrets
from typing import Any

from engine.crypto import hashes

_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_G = bytes.fromhex(
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
)
#: Who signs, where nobody says otherwise (GB/T 35276).
_WHO = b"1234567812345678"


class Unavailable(RuntimeError):
    """Expected the library of the extra `sm` (gmssl) for SM2, but it is not installed."""


def new_private() -> bytes:
    return (1 + secrets.randbelow(_N - 2)).to_bytes(32, "big")


def public_of(private: bytes) -> bytes:
    """The point, 64 bytes."""
    return _times(int.from_bytes(private, "big"), _G)


def sign(private: bytes, public: bytes, data: bytes) -> bytes:
    """r and s, 32 bytes each, over Z and the data."""
    digest = _digest(public, data)
    while True:
        made = _sign_with(private, digest, 1 + secrets.randbelow(_N - 1))
        if made is not None:
            return made


def _sign_with(private: bytes, digest: int, k: int) -> bytes | None:
    """None: this k gives none, take another."""
    d = int.from_bytes(private, "big")
    r = (digest + int.from_bytes(_times(k, _G)[:32], "big")) % _N
    if r == 0 or r + k == _N:
        return None
    s = pow(1 + d, -1, _N) * (k - r * d) % _N
    return None if s == 0 else r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verified(public: bytes, data: bytes, signature: bytes) -> bool:
    if len(signature) != 64 or not _on_curve(public):
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < _N and 0 < s < _N) or (r + s) % _N == 0:
        return False
    x = _sum_x(s, public, (r + s) % _N)
    return x is not None and (_digest(public, data) + x) % _N == r


def _digest(public: bytes, data: bytes) -> int:
    """e = SM3(Z || M), where Z binds who signs, the curve and the key."""
    of_curve = _A.to_bytes(32, "big") + _B.to_bytes(32, "big") + _G
    z = hashes.digest("sm3", (8 * len(_WHO)).to_bytes(2, "big") + _WHO + of_curve + public)
    return int.from_bytes(hashes.digest("sm3", z + data), "big")


def _on_curve(point: bytes) -> bool:
    if len(point) != 64:
        return False
    x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    return x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0


def _times(k: int, point: bytes) -> bytes:
    """[k]P by gmssl: its functions take and give numbers as hex digits."""
    return bytes.fromhex(_points()._kg(k, point.hex()))


def _sum_x(s: int, public: bytes, t: int) -> int | None:
    """The first coordinate of [s]G + [t]P; None: the sum is no point."""
    points = _points()
    one, other = points._kg(s, _G.hex()), points._kg(t, public.hex())
    if one == other:
        total = points._convert_jacb_to_nor(points._double_point(f"{one}1"))
    elif one[:64] == other[:64]:  # one the opposite of the other
        return None
    else:
        total = points._convert_jacb_to_nor(points._add_point(f"{one}1", other))
    return None if total is None else int(total[:64], 16)


def there() -> bool:
    """Whether the library is installed."""
    try:
        _points()
    except Unavailable:
        return False
    return True


def _points() -> Any:
    try:
        from gmssl.sm2 import CryptSM2
    except ImportError:
        raise Unavailable("Expected the library of the extra `sm` (gmssl) for SM2, but it is not installed") from None
    return CryptSM2(private_key="", public_key="")
