"""What a file of a matter may say, as a form asks it: every key with its words, its kind and its choices. Pure.

    asking.asked(Matter)      {"root": "Matter", "models": {"Matter": [{"key": "code", "kind": "text", …}, …], …}}

It is made from the models that the check holds the file against (engine.matters.schema), so that what the form offers
and what the check knows are one.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from engine.matters import schema
from engine.matters.rewriting import as_json

#: The plain kinds: a type, and how it is asked.
_PLAIN = {str: "text", bool: "tick", int: "number", date: "day"}


def asked(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a model and of every model below it."""
    models: dict[str, list[dict[str, Any]]] = {}
    todo = [model]
    while todo:
        one = todo.pop()
        if one.__name__ in models:
            continue
        models[one.__name__] = [_field(key, field) for key, field in schema.fields(one).items()]
        for field in one.model_fields.values():
            todo += _models(field.annotation)
    return {"root": model.__name__, "models": models}


def _models(kind: Any) -> list[type[BaseModel]]:
    found = list(schema.models_in(kind))
    for inner in get_args(kind):
        found += _models(inner)
    return found


def _field(key: str, field: Any) -> dict[str, Any]:
    zh, _, en = (field.description or "").partition(" · ")
    value = None if field.default is PydanticUndefined else field.default
    told = as_json(list(value) if isinstance(value, tuple) else value)
    return {
        "key": key,
        "zh": zh,
        "en": en or zh,
        "required": field.is_required(),
        "default": told if isinstance(told, str | int | bool) else None,
        **_kind(field.annotation),
    }


def _kind(annotation: Any) -> dict[str, Any]:
    """How a value of this type is asked. What may be several things is asked as the richest a form can hold: a part
    before a text; else as a piece of YAML."""
    kinds = [one for one in schema.opened(annotation) if one is not type(None)]
    for one in kinds:
        if isinstance(one, type) and issubclass(one, BaseModel):
            return {"kind": "part", "model": one.__name__, "or": "text" if str in kinds else ""}
    if len(kinds) > 1:
        return {"kind": "text"} if str in kinds and all(one in (str, int) for one in kinds) else {"kind": "yaml"}
    one = kinds[0]
    origin, inner = get_origin(one), get_args(one)
    if origin is Literal:
        return {"kind": "choice", "choices": [str(choice) for choice in inner]}
    if origin in (tuple, list):
        below = _kind(inner[0])
        return (
            {"kind": "list", "of": below} if below["kind"] in ("text", "choice", "part", "number") else {"kind": "yaml"}
        )
    if origin is dict:
        below = _kind(inner[1])
        return {"kind": "names", "of": below} if below["kind"] in ("text", "choice", "part") else {"kind": "yaml"}
    return {"kind": _PLAIN.get(one, "yaml")}
