"""A register says something else of somebody: what they have open by it (撮合) is looked at again. Below registers and
matches both: a register's row knows no match, a match's rows no register."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from engine.reads import matches as reads
from engine.reads.knowing import Person
from engine.records import jobs
from engine.store import Work, keys
from engine.store.models import MatchSide


def look_again(work: Work, register: str, person: Person, version: int, now: datetime) -> None:
    """What a register says of this person has changed: what they have open by it is looked at again, now."""
    for what in reads.declared(work).values():
        for name in ("supply", "need"):
            side = what.match.of(name)
            texts = [*([side.who.if_] if side.who is not None else []), *(one.until for one in side.valid.values())]
            known = {one.key: key for key, one in what.package.declared("registers").items()}
            if not any(f"register.{known.get(register)}." in text for text in texts):
                continue
            phones = keys.blinds("phone", person.phone) if person.phone else ()
            mine: list[ColumnElement[bool]] = [MatchSide.person_index.in_((*person.indexes, *phones))]
            if person.user_id is not None:
                mine.append(MatchSide.user_id == person.user_id)
            query = select(MatchSide.id).where(
                MatchSide.match == what.key, MatchSide.side == name, MatchSide.ended_at.is_(None), or_(*mine)
            )
            for side_id in work.session.scalars(query).all():
                payload = {"side": side_id, "what": "documents"}
                key = f"match:{side_id}:documents:{register}:{version}"
                jobs.put_once(work, jobs.Kind.MATCH_DUE, key, payload, now=now)
