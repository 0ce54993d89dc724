"""One-time codes by text: the same way from every page and program that asks for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engine.people import login
from engine.records import notices
from engine.store import Work


def send(
    work: Work,
    phone: str,
    says: Callable[[str], str],
    *,
    ask: str,
    now: datetime,
    known: bool = False,
    address: str = "",
) -> str:
    """A new code for this phone goes out in the words of `says`; the code, for a hall that shows it on the screen.

    Raises TooMany; the rest as `login.issue_code` has it.
    """
    code = login.issue_code(work, phone, now=now, ask=ask, known=known, address=address)
    notices.put(work, login.code_key(phone), says(code), kind=notices.CODE, now=now, address=phone, urgent=True)
    return code
