"""Files of a story: where a form takes files, the story writes their names, and the player hands them in."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import forms
from engine.errors import FieldError, Invalid
from engine.matters.stories import when
from engine.people import Actor
from engine.records import files, incoming
from engine.store import Work

#: By its ending, the type of a file that people may hand in.
_TAKEN = re.compile(r"@(\d{4}-\d{2}-\d{2} \d{2}:\d{2})")  # 路灯@2026-09-18 08:00.jpg: a camera says it was taken then
_TYPES = {ending: kind for kind, ending in incoming.kinds.ALLOWED.items()} | {"jpeg": "image/jpeg"}


def handed_in(work: Work, form: forms.Form, answers: Mapping[str, Any], *, by: Actor, now: datetime) -> dict[str, Any]:
    """The answers with every file that is named there uploaded by this person: its id stands for its name."""
    sent = copy.deepcopy(dict(answers))

    def uploaded(one: forms.Field, value: Any) -> Any:
        if one.type != "filepicker":
            return value
        return [_upload(work, name, one, by, now) for name in _listed(value)]

    forms.changed(form.fields, sent, uploaded)
    return sent


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _upload(work: Work, name: Any, one: forms.Field, by: Actor, now: datetime) -> str:
    kind = _TYPES.get(str(name).rpartition(".")[2].lower()) if "." in str(name) else None
    if kind is None:
        known = "、".join(sorted(_TYPES))
        zh = f"“{one.label}”收的是文件：故事里写它的名字，如 照片.jpg，这里是“{name}”。可以是 {known}。"
        en = f"{one.label!r} takes a file: a story writes its name, such as photo.jpg, not {name!r}. Kinds: {known}."
        raise Invalid([FieldError(one.key, one.label, zh, en)])
    said = _TAKEN.search(str(name))
    taken_at = when(said[1]) if said is not None else None
    row = files.store(
        work,
        str(name).encode(),
        str(name),
        kind,
        owner_id=by.id,
        now=now,
        field=one.key,
        taken_at=taken_at,
    )
    return str(row.id)
