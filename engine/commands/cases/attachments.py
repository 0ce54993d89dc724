"""The files that answers of a form name, and whether they are as new as the form wants them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import forms
from engine.errors import FieldError, Invalid
from engine.plain import is_id
from engine.store import Work
from engine.store.models import File
from engine.workdays import ZONE


def file_ids(form: forms.Form, answers: Mapping[str, Any]) -> list[int]:
    found: list[int] = []

    def below(fields: tuple[forms.Field, ...], data: Any) -> None:
        for one in fields:
            value = forms.dig(data, one.key)
            if one.type == "dynamiclist":
                for row in value if isinstance(value, list) else []:
                    below(one.children, row)
            elif one.type == "filepicker" and value:
                for ref in value if isinstance(value, list) else [value]:
                    if not is_id(str(ref)):
                        zh = f"请重新上传“{one.label}”。"
                        raise Invalid([FieldError(one.key, one.label, zh, f"Upload {one.label!r} again.")])
                    found.append(int(ref))

    below(form.fields, answers)
    return found


def must_be_newer(work: Work, form: forms.Form, answers: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Invalid where a field wants files `newer_than` a moment of the case, or of the form, and one is older: taken
    before it, as the camera says, or handed in before it."""
    asked: list[tuple[str, forms.Field, datetime, list[int]]] = []
    for path, one in form.walk():
        since = _moment(one, answers, known)
        refs = forms.dig(answers, path)
        if since is not None and refs:
            asked.append((path, one, since, [int(ref) for ref in (refs if isinstance(refs, list) else [refs])]))
    if not asked:
        return
    ids = {each for _, _, _, refs in asked for each in refs}
    rows = {row.id: row for row in work.session.scalars(select(File).where(File.id.in_(ids)))}
    wrong = []
    for path, one, since, refs in asked:
        for row in (rows[ref] for ref in refs if ref in rows):
            at = min(row.taken_at or row.uploaded_at, row.uploaded_at)
            if at < since:
                then, limit = (f"{each.astimezone(ZONE):%Y-%m-%d %H:%M}" for each in (at, since))
                zh = f"“{one.label}”里的这张照片是 {then} 的，要 {limit} 以后拍的。请到现场重新拍一张。"
                en = f"A photo of {one.label!r} is of {then}; it has to be taken after {limit}. Take a new one there."
                wrong.append(FieldError(path, one.label, zh, en))
                break
    if wrong:
        raise Invalid(wrong)


def _moment(one: forms.Field, answers: Mapping[str, Any], known: Mapping[str, Any]) -> datetime | None:
    named = one.properties.get("newer_than")
    if one.type != "filepicker" or not isinstance(named, str):
        return None
    said = forms.dig(answers, named)
    said = forms.dig(known, named) if said is None else said
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None  # not known yet: nothing to be newer than
    return found if found.tzinfo is not None else found.replace(tzinfo=ZONE)
