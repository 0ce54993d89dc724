"""A device that a person has signed in on before: what a stranger who guesses passwords has not.

The browser keeps a signed cookie (web/devices.py) with the device's own random id and the accounts that signed in on
it, each as a blind index (of a resident two: telephone and account). The cookie says nothing of them to whoever reads
it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from engine.store import keys

#: How many people one device is known for: the computer of a counter has several clerks.
MOST_ACCOUNTS = 16


@dataclass(frozen=True, slots=True)
class Device:
    """One browser."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    accounts: tuple[str, ...] = ()

    def knows(self, kind: str, name: str) -> bool:
        """Whether this person signed in here before. kind: "login", "phone", or "account" (its id)."""
        return account(kind, name) in self.accounts

    def knowing(self, kind: str, name: str) -> Device:
        """The same device, after this person signed in on it."""
        mark = account(kind, name)
        return replace(self, accounts=(mark, *(one for one in self.accounts if one != mark))[:MOST_ACCOUNTS])


def account(kind: str, name: str) -> str:
    return keys.blind("device", f"{kind}:{name.strip().lower()}")
