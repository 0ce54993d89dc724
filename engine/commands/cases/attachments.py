"""The files that answers of a form name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import forms
from engine.errors import FieldError, Invalid
from engine.plain import is_id


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
