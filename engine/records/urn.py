"""The urn of a secret ballot: votes go in one by one and come out together, and nothing says whose is whose.

    pair = new_pair()                           # the public half puts votes in, the private half takes them out
    box = empty(360, pair.public, about)        # as long as for a full house, from the first day to the last
    box = put(box, ["yes"], pair.public, about)
    votes = empty_out(box, pair.private, about) # in no order at all; the caller destroys box and key

A box is a row of cells of one length, as many as there are voters, each HPKE (RFC 9180, X25519) to the ballot's public
key: a vote, or a blank that looks like one. A vote takes the place of a blank that the box itself remembers, all cells
are put in a new order by the system's randomness, and the whole is sealed anew with the hall's key. So:

- the box has the same length whether nobody or everybody has voted, and no byte of it stays the same between two votes;
- putting a vote in opens no vote: the private half is read once, when they are counted;
- the votes of a body are one value. There is no row, no id, no time and no transaction that belongs to one of them.

Who has the hall's key and copies of the database from before and after one single vote can see which cell is new, and
with the private half what it says: no system that may count at its close can prevent that. docs/nouns.md says so.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from engine.crypto import boxes
from engine.store import keys

#: Every vote is padded to so many bytes before it is encrypted: options have short ids (o1, o2 …).
LENGTH = 128
CELL = LENGTH + boxes.OVERHEAD

#: The system's randomness, never a seed: an order that could be guessed would be a list of who voted what.
_random: Random = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Pair:
    """The two halves of a ballot's key, 32 bytes each."""

    public: bytes
    private: bytes = field(repr=False)


def new_pair() -> Pair:
    public, private = boxes.new_pair()
    return Pair(public, private)


def empty(voters: int, public: bytes, about: bytes) -> bytes:
    """A box with room for so many votes, all of it blank. `about` binds it to its body: it cannot be moved."""
    return _sealed([_cell(None, public, about) for _ in range(voters)], 0, about)


def put(box: bytes, vote: Sequence[str], public: bytes, about: bytes) -> bytes:
    """The box with one more vote in it, all in a new order."""
    cells, votes = _opened(box, about)
    if votes >= len(cells):
        raise ValueError(f"Expected room for a vote, but all {len(cells)} are cast")
    # The votes stand first, so that a blank can be found without opening anything; their order among themselves and
    # the blanks' is drawn anew every time.
    cast, blanks = cells[:votes], cells[votes:]
    _random.shuffle(blanks)
    cast.append(_cell(vote, public, about))
    _random.shuffle(cast)
    return _sealed(cast + blanks[1:], votes + 1, about)


def about(ballot_id: int, body_id: int) -> bytes:
    """What a box is bound to: the body of the ballot whose votes it holds."""
    return f"ballot {ballot_id} body {body_id}".encode()


def empty_out(box: bytes, private: bytes, about: bytes) -> list[list[str]]:
    """Every vote in the box, in an order drawn now."""
    cells, votes = _opened(box, about)
    found = []
    for plain in boxes.open_all(private, cells, about):
        said = json.loads(plain.rstrip(b" "))
        if said is not None:
            found.append([str(id) for id in said])
    if len(found) != votes:
        raise ValueError(f"Expected {votes} votes in the box, but there are {len(found)}")
    _random.shuffle(found)
    return found


def _cell(vote: Sequence[str] | None, public: bytes, about: bytes) -> bytes:
    plain = json.dumps(None if vote is None else list(vote), separators=(",", ":")).encode()
    if len(plain) > LENGTH:
        raise ValueError(f"Expected a vote of at most {LENGTH} bytes, but it has {len(plain)}")
    return boxes.seal_to(public, plain.ljust(LENGTH), about)


def _sealed(cells: Sequence[bytes], votes: int, about: bytes) -> bytes:
    return keys.current().seal(votes.to_bytes(4, "big") + b"".join(cells), b"urn:" + about)


def _opened(box: bytes, about: bytes) -> tuple[list[bytes], int]:
    plain = keys.current().open(box, b"urn:" + about)
    body = plain[4:]
    return [body[at : at + CELL] for at in range(0, len(body), CELL)], int.from_bytes(plain[:4], "big")
