"""密钥轮换: everything that is sealed is sealed anew with the new data key, and every blind index made anew, while the
hall runs.

Small transactions, one after the other; where it stands is a row (`key_turn`), written with what was done, so it goes
on after any stop. Three stages:

    find    which indexes there are, in whatever column or key they stand (`b:…`, `pn:…`, inside JSON)
    seal    each sealed value that the new key does not open is opened with the old one and sealed; what an index was
            and is, is learned from the texts on the way
    index   each index is replaced; meanwhile look-ups ask by both keys

All three are gone through again until nothing is replaced any more: what was written by the old key behind the first
pass is found by the second.

An index of which no text is kept anywhere (of a device, of a log-in code's telephone) cannot be made anew: it is
counted, and what it was for begins anew, as after the hours it lives anyway. The audit's events are never touched.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from engine import crypto
from engine.errors import NotNow
from engine.forms import written
from engine.plain import dumps
from engine.records import files, urn
from engine.store import Database, Work, again, keys
from engine.store.keys import Keyring
from engine.store.models import BallotBody, File, KeyMove, KeyTurn
from engine.store.models.base import Base, Sealed, SealedBytes, SealedJson, as_stored, sealed_columns

log = logging.getLogger("yizhan.rotation")

#: Rows of one transaction: a writer who waits behind it waits for milliseconds.
MOST = 200
#: An index by either suite, wherever it stands.
_TOKEN = re.compile(r"(?<![0-9A-Za-z_-])(?:[0-9a-f]{32}|sm3:[0-9A-Za-z_-]{22})(?![0-9A-Za-z_-])")
#: `p:<telephone>:<name>` is cut off at sixty characters (engine.people.bonds.ref): the name's index is not whole.
_CUT = re.compile(r"(?<=:)(?:[0-9a-f]{25}|sm3:[0-9A-Za-z_-]{8,21})\Z")
#: Never changed: the audit, what is no text of ours, and our own bookkeeping.
_NEVER = frozenset({"event", "seal", "sealed_event", "matter_version", "matter_verdict", "calendar_file"}) | {
    "key_turn",
    "key_move",
}
_ABOUT: Mapping[type, bytes] = {Sealed: b"text", SealedJson: b"json", SealedBytes: b"bytes"}
#: Under which kinds a text may be indexed (engine.forms.written.WRITINGS and those with a writing of their own).
_KINDS = ("name", "surname", "phone", "id", "address", "household", "key", "value", "person", "case", "holder")
_LONGEST = 80


def begin(work: Work, *, now: datetime, again: bool = False) -> KeyTurn:
    """The change of the key that is open, or a new one. NotNow: there are no two keys."""
    if keys.current().other is None:
        raise NotNow(
            "没有两把密钥。换密钥时新旧两把要同时在（yizhan keys rotate 会准备；用 YIZHAN_DATA_KEY 的按手册写两把）。",
            "Expected two data keys, the new one and the old one: see the handbook, keys.",
        )
    row = open_turn(work)
    if row is None:
        row = KeyTurn(
            begun_at=now,
            done_at=None,
            again=again,
            stage="find",
            place="",
            after=[],
            sealed=0,
            files=0,
            indexed=0,
            left=0,
        )
        work.session.add(row)
        work.session.flush()
    return row


def open_turn(work: Work) -> KeyTurn | None:
    """The change of the key that is not done yet."""
    return work.session.scalar(select(KeyTurn).where(KeyTurn.done_at.is_(None)).order_by(KeyTurn.id.desc()).limit(1))


def go_on(database: Database, stage: str, *, now: datetime, most: int = MOST) -> bool:
    """One small transaction of this stage; whether there is more of it."""
    return again(lambda: _step(database, stage, now, most))


def _step(database: Database, stage: str, now: datetime, most: int) -> bool:
    with database.unit_of_work() as work:
        turn = begin(work, now=now)
        if turn.stage != stage:
            return False
        places = list(_places(stage))
        for place in places[places.index(turn.place) if turn.place else 0 :]:
            turn.place = place
            last = _file(work, turn) if place == "files" else _table(work, turn, stage, most)
            turn.after = list(last or ())
            if last is not None:  # tables where nothing is left take no step of their own
                return True
        turn.stage, turn.place = {"find": "seal", "seal": "index", "index": "done"}[stage], ""
        if turn.stage == "done":
            turn.done_at = now
            work.session.execute(delete(KeyMove))
        return False


def _places(stage: str) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        if table.name in _NEVER:
            continue
        if (sealed_columns(table) or table.name == "ballot_box") if stage == "seal" else _texts_of(table):
            yield table.name
    if stage == "seal":
        yield "files"


def _texts_of(table: Table) -> list[Column[Any]]:
    """The columns an index may stand in: texts and JSON that are not sealed."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, (String, Text, JSON))
        and not isinstance(column.type, tuple(_ABOUT))
        and column.name not in ("token_hash", "password_hash", "code_hash", "sha256", "hash", "version_hash")
    ]


def _table(work: Work, turn: KeyTurn, stage: str, most: int) -> tuple[Any, ...] | None:
    """The next rows of a table: the key of the last one; None when there are no more."""
    table = Base.metadata.tables[turn.place]
    key = list(table.primary_key.columns)
    sealed, texts = sealed_columns(table), _texts_of(table)
    if table.name == "ballot_box":
        sealed = [table.c.content]
    raw = as_stored(sealed)
    query = select(*key, *raw, *texts).order_by(*key).limit(most)
    if turn.after:
        query = query.where(tuple_(*key) > tuple_(*_typed(key, turn.after)))
    if stage != "find" and work.dialect == "postgresql":
        query = query.with_for_update()
    rows = work.session.execute(query).all()
    if not rows:
        return None
    first, second = len(key), len(key) + len(raw)
    learned: dict[str, str] = {}
    waiting: list[tuple[Any, ...]] = []
    tokens: set[str] = set()
    for row in rows:
        which, values, said = row[:first], row[first:second], dict(zip(texts, row[second:], strict=True))
        if stage == "seal":
            if table.name != "ballot_box":
                learned.update(_own(sealed, values))
            _seal_anew(work, turn, table, key, which, dict(zip(sealed, values, strict=True)))
        else:
            tokens |= {token for value in said.values() for token in _tokens(value)}
            waiting.append((which, said, (sealed, values)))
    if stage == "find":
        _remember(work, tokens)
    elif stage == "seal":
        _learn(work, learned)
    else:
        _index_anew(work, turn, table, key, waiting, tokens)
    return _plain_key(rows[-1][:first])


def _typed(key: Sequence[Column[Any]], after: Sequence[Any]) -> list[Any]:
    """The key of a row as the cursor keeps it, as its columns want it."""
    out = []
    for column, value in zip(key, after, strict=True):
        kind = column.type.python_type
        out.append(kind.fromisoformat(value) if hasattr(kind, "fromisoformat") and isinstance(value, str) else value)
    return out


def _plain_key(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in values)


# ---------------------------------------------------------------- sealing


def _seal_anew(
    work: Work,
    turn: KeyTurn,
    table: Table,
    key: Sequence[Column[Any]],
    which: Sequence[Any],
    values: Mapping[Column[Any], Any],
) -> None:
    ring = keys.current()
    new = {}
    for column, value in values.items():
        if value is None:
            continue
        about = _about(column.type) if table.name != "ballot_box" else _about_box(work, which[0])
        fresh = _fresh(ring, bytes(value), about)
        if fresh is not None:
            new[column.name] = type_coerce(fresh, LargeBinary)
    if new:
        same = [column == value for column, value in zip(key, which, strict=True)]
        work.session.execute(update(table).where(*same).values(new), execution_options={"synchronize_session": False})
        turn.sealed += len(new)


def _fresh(ring: Keyring, value: bytes, about: bytes) -> bytes | None:
    """The value sealed with the new key; None when it is already."""
    try:
        ring.alone().open(value, about)
    except crypto.NotOpened:
        return ring.seal(ring.open(value, about), about)
    return None


def _about(kind: Any) -> bytes:
    return next(about for of, about in _ABOUT.items() if isinstance(kind, of))


def _about_box(work: Work, body_id: int) -> bytes:
    ballot = work.session.scalar(select(BallotBody.ballot_id).where(BallotBody.id == body_id))
    return b"urn:" + urn.about(int(ballot or 0), body_id)


def _file(work: Work, turn: KeyTurn) -> tuple[Any, ...] | None:
    """The next stored file; alone, for it may be twenty megabytes. One that is done twice is the same file, so a stop
    between disk and database is none; whoever removes it waits for us, or its bytes would come back."""
    query = select(File.id, File.sha256).order_by(File.id).limit(1).with_for_update()
    if turn.after:
        query = query.where(File.id > turn.after[0])
    row = work.session.execute(query).one_or_none()
    if row is None:
        return None
    path = files.path(work, row.sha256)
    if path.is_file():  # one that is gone is a finding of `audit verify`, and no reason to stop here
        fresh = _fresh(keys.current(), path.read_bytes(), b"file")
        if fresh is not None:
            files.replace(path, fresh)
            turn.files += 1
    return (row.id,)


# ---------------------------------------------------------------- indexes


def _tokens(value: Any) -> set[str]:
    if value is None:
        return set()
    text = value if isinstance(value, str) else dumps(value)
    return set(_TOKEN.findall(text))


def _own(sealed: Sequence[Column[Any]], values: Sequence[Any]) -> dict[str, str]:
    """What the indexes of this row's own texts were, and are; those of today are what they are."""
    ring, texts = keys.current(), set()
    for column, value in zip(sealed, values, strict=True):
        if value is None or isinstance(column.type, SealedBytes):
            continue
        plain = ring.open(bytes(value), _about(column.type))
        said = json.loads(zlib.decompress(plain)) if isinstance(column.type, SealedJson) else plain.decode()
        texts |= set(_leaves(said))
    out = {}
    for kind, text in _indexed(texts):
        now = ring.alone().index(kind, written.compared(kind, text))
        assert ring.other is not None
        for one in {written.compared(kind, text), *written.earlier(kind, text)}:
            out[ring.other.index(kind, one)] = now
        out[now] = now
    return out


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, (str, int)) and not isinstance(value, bool) and 0 < len(str(value)) <= _LONGEST:
        yield str(value)


def _indexed(texts: set[str]) -> Iterator[tuple[str, str]]:
    """As what these texts may be indexed: each alone, and telephone and name together, as a person's key has them."""
    for text in texts:
        for kind in _KINDS:
            yield kind, text
        yield "surname", written.surname(text)
        yield "name", f"{text}/"
    phones = [text for text in texts if sum(map(str.isdigit, text)) >= 7 and len(text) <= 20]
    for phone in phones:
        for name in texts - {phone}:
            if len(name) <= 40:
                yield "person", f"{written.compared('phone', phone)}/{written.compared('name', name)}"
                yield "name", f"{name}/{phone}"


def _remember(work: Work, tokens: set[str]) -> None:
    """These indexes are there."""
    if tokens:
        insert = sqlite.insert(KeyMove) if work.dialect == "sqlite" else postgresql.insert(KeyMove)
        made = insert.on_conflict_do_nothing(index_elements=["old"])
        work.session.execute(made, [{"old": token, "new": None} for token in sorted(tokens)])


def _learn(work: Work, learned: Mapping[str, str]) -> None:
    """What those of them that are there are by the new key."""
    for some in _parts(sorted(learned)):
        there = work.session.scalars(select(KeyMove.old).where(KeyMove.old.in_(some), KeyMove.new.is_(None)))
        for old in there.all():
            work.session.execute(update(KeyMove).where(KeyMove.old == old).values(new=learned[old]))


def _index_anew(
    work: Work,
    turn: KeyTurn,
    table: Table,
    key: Sequence[Column[Any]],
    rows: Sequence[tuple[Any, ...]],
    tokens: set[str],
) -> None:
    known: dict[str, str] = {}
    for some in _parts(sorted(tokens)):
        found = select(KeyMove.old, KeyMove.new).where(KeyMove.old.in_(some), KeyMove.new.is_not(None))
        known.update({old: new for old, new in work.session.execute(found) if new is not None})
    done = set(known.values())
    for which, said, own in rows:
        moves = dict(known)
        here = {token for value in said.values() for token in _tokens(value)}
        # Written since they were looked for, or cut off so that they could not be.
        unknown = here - known.keys() - done or any(_tail(value) for value in said.values())
        if unknown and table.name != "ballot_box":
            moves |= _own(*own)
        new, turned_here = {}, 0
        for column, value in said.items():
            tokens_here = _tokens(value)
            turned = [token for token in tokens_here if moves.get(token, token) != token]
            turn.left += len(tokens_here - moves.keys() - set(moves.values()))
            made = _turned(value, moves)
            tail = _tail(value)
            if tail is not None:
                whole = _whole(work, tail, moves)
                turn.left += whole is None
                made = made if whole is None else (made[: -len(tail)] + whole)[:60]
            if made != value:
                new[column.name] = made
                turned_here += max(1, len(turned))
        if not new:
            continue
        if _put(work, table, key, which, new):
            turn.indexed += turned_here
        else:
            turn.left += turned_here
            log.warning("%s:%s says of a person what another row says", table.name, "-".join(map(str, which)))


def _put(work: Work, table: Table, key: Sequence[Column[Any]], which: Sequence[Any], new: Mapping[str, Any]) -> bool:
    """Write these into a row. False: of what they make of it the database may have one only, and has one. It was
    written by the new key while this one's index was by the old: they stay two, and somebody looks."""
    same = [column == value for column, value in zip(key, which, strict=True)]
    change = update(table).where(*same).values(new)
    never = {"synchronize_session": False}
    only = [one.columns.keys() for one in table.indexes if one.unique]
    only += [
        one.columns.keys() for one in table.constraints if isinstance(one, (PrimaryKeyConstraint, UniqueConstraint))
    ]
    if not any(set(columns) & new.keys() for columns in only):
        work.session.execute(change, execution_options=never)
        return True
    try:
        with work.session.begin_nested():
            work.session.execute(change, execution_options=never)
    except IntegrityError:
        return False
    return True


def _turned(value: Any, moves: Mapping[str, str]) -> Any:
    """The text or JSON with its indexes as they are now."""
    if value is None:
        return None
    text = value if isinstance(value, str) else dumps(value)
    made = _TOKEN.sub(lambda match: moves.get(match[0], match[0]), text)
    return made if isinstance(value, str) else json.loads(made)


def _tail(value: Any) -> str | None:
    """The end of a key that was cut off in the middle of an index."""
    if not isinstance(value, str) or len(value) != 60 or not value.startswith("p:"):
        return None
    found = _CUT.search(value)
    return None if found is None else found[0]


def _whole(work: Work, tail: str, moves: Mapping[str, str]) -> str | None:
    """What the index that begins so is by the new key: from the row's own text, else from where it stands whole."""
    own = next((new for old, new in moves.items() if old.startswith(tail)), None)
    if own is not None:
        return own
    there = select(KeyMove.new).where(KeyMove.old.startswith(tail, autoescape=True), KeyMove.new.is_not(None))
    return work.session.scalar(there.limit(1))


def _parts(values: Sequence[str], size: int = 400) -> Iterator[Sequence[str]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


# ---------------------------------------------------------------- the end


def newest(work: Work) -> KeyTurn | None:
    """The change of the key that was begun last."""
    return work.session.scalar(select(KeyTurn).order_by(KeyTurn.id.desc()).limit(1))


def is_whole(turn: KeyTurn | None) -> bool:
    """Whether a change found nothing to replace any more once every machine indexed by the new key."""
    return turn is not None and turn.done_at is not None and turn.again and not turn.indexed


def by_the_old(work: Work) -> list[str]:
    """What the new key alone does not open: table and key of each value, and files. Empty: the old key may go."""
    alone, out = keys.current().alone(), []
    for name in _places("seal"):
        if name == "files":
            continue
        table = Base.metadata.tables[name]
        key = list(table.primary_key.columns)
        sealed = [table.c.content] if name == "ballot_box" else sealed_columns(table)
        for row in work.session.execute(
            select(*key, *as_stored(sealed)).order_by(*key).execution_options(yield_per=1000)
        ):
            for column, value in zip(sealed, row[len(key) :], strict=True):
                about = _about(column.type) if name != "ballot_box" else _about_box(work, row[0])
                if value is not None and not _opens(alone, bytes(value), about):
                    out.append(f"{name}:{'-'.join(str(one) for one in row[: len(key)])}")
    for sha in work.session.scalars(select(File.sha256).distinct().order_by(File.sha256)):
        path = files.path(work, sha)
        if path.is_file() and not _opens(alone, path.read_bytes(), b"file"):
            out.append(f"files/{sha}")
    return out


def _opens(ring: Keyring, value: bytes, about: bytes) -> bool:
    try:
        ring.open(value, about)
    except crypto.NotOpened:
        return False
    return True
