"""How often one address, or one person, may try something: looking a case up, verifying a paper, sending files."""

from __future__ import annotations

from flask import request

from engine.people import tries
from web import edge


def count(what: str, key: str = "") -> None:
    """Count one try; TooMany when there were too many. A transaction of its own: a refused try counts."""
    key = key or tries.network(request.remote_addr or "")
    with edge.hall().database.unit_of_work() as work:
        tries.spend(work, [(what, key)], now=edge.now())
