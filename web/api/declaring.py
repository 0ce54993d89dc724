"""How an operation is declared: its path, who may call it, what it takes and gives. The description follows from it.

    @operation("post", "/cases", who="signed-in", takes=Application, gives=CaseOut, status=201)
    def apply(body: Application) -> CaseOut:
        '''Apply in a matter.'''

What is sent is checked by its pydantic model; what is wrong comes back as a problem document (RFC 9457) that names the
fields. Every operation runs inside the same guard and unit of work as a page.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, get_args, get_origin

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import RequestEntityTooLarge

from engine.errors import FieldError, Invalid
from engine.plain import MOST_ID, plain
from web import edge
from web.edge import Who, guard
from web.security import csrf

pages = Blueprint("api", __name__, url_prefix="/api")
csrf.exempt(pages)  # a call carries a token of its own, never a cookie


S = TypeVar("S", bound=BaseModel)


class Shape(BaseModel):
    """What is sent or given. Unknown names are refused, so that a misspelt field is not silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as described in the document."""

    method: str
    path: str  # with {names}
    name: str
    who: Who
    summary: str
    takes: type[BaseModel] | None
    query: type[BaseModel] | None
    gives: Any  # a Shape, list[Shape], bytes, or None
    status: int
    tag: str
    media: str = "application/json"
    file: bool = False  # it takes one, as multipart


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    who: Who,
    tag: str,
    takes: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    gives: Any = None,
    status: int = 200,
    media: str = "application/json",
    alone: bool = False,
    writes: bool | None = None,
    file: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation. The function gets the path's names, and `body` and `query` when it takes them."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        summary = (function.__doc__ or "").strip().split("\n")[0]
        OPERATIONS.append(
            Operation(method, path, function.__name__, who, summary, takes, query, gives, status, tag, media, file)
        )

        @guard(who, alone=alone, writes=writes, takes="file" if file else "json")
        @functools.wraps(function)
        def view(**named: Any) -> ResponseReturnValue:
            if takes is not None:
                named["body"] = _checked(takes, _sent())
            if query is not None:
                named["query"] = _checked(query, request.args.to_dict())
            found = function(**named)
            if isinstance(found, Response):
                return found
            if found is None:
                return "", 204 if status == 200 else status
            return jsonify(plain(found)), status

        rule = "/v1" + re.sub(r"\{(\w+)\}", lambda m: f"<{'int:' if m[1].endswith('_id') else ''}{m[1]}>", path)
        pages.add_url_rule(rule, function.__name__, view, methods=[method.upper()])
        return function

    return declare


#: The most names and values in a JSON body: beyond that it is no application of a person.
MOST_BYTES, MOST_VALUES, MOST_DEPTH = edge.MOST["json"], 20_000, 60


def _sent() -> Any:
    body = request.get_data()
    if len(body) > MOST_BYTES or body.count(b":") + body.count(b",") > 2 * MOST_VALUES:
        raise _too_large()
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        where = f"第 {error.lineno} 行第 {error.colno} 列" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid(
            [FieldError("", "请求内容", f"请求不是合法的 JSON（{where}）。", f"The body is not JSON: {error}.")]
        ) from None
    if not isinstance(sent, dict):
        raise Invalid([FieldError("", "请求内容", "请求应是一个 JSON 对象。", "The body should be a JSON object.")])
    _readable(sent, "", 0)
    return sent


def _too_large() -> RequestEntityTooLarge:
    return RequestEntityTooLarge(
        f"Expected a body of at most {MOST_BYTES} bytes and {MOST_VALUES} values, but it is larger."
    )


#: NUL, and halves of surrogate pairs: what is JSON and no text.
_UNREADABLE = re.compile("[\\x00\\ud800-\\udfff]")


def _readable(value: Any, path: str, depth: int) -> None:
    """Refuse by the field what no database and no paper takes."""
    if depth > MOST_DEPTH:
        zh, en = f"“{path[:40]}”嵌套太深，最多 {MOST_DEPTH} 层。", f"{path[:40]} is nested deeper than {MOST_DEPTH}."
        raise Invalid([FieldError(path, path, zh, en)])
    if isinstance(value, str) and _UNREADABLE.search(value):
        zh, en = (
            "有不能用的字符（NUL 或半个代理对）。请删去。",
            "There is a NUL or half of a surrogate pair: remove it.",
        )
        raise Invalid([FieldError(path, path, zh, en)])
    if isinstance(value, dict):
        for name, one in value.items():
            _readable(name, path, depth)
            _readable(one, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            _readable(one, f"{path}.{n}" if path else str(n), depth + 1)


#: So many faults are named; a body with more of them is not a person's.
MOST_FAULTS = 50

_WORDS = {
    "missing": ("缺少这一项。", "This is missing."),
    "extra_forbidden": ("没有这一项，请检查拼写。", "There is no such field: check the spelling."),
    "string_type": ("应为文字。", "This should be text."),
    "int_type": ("应为整数。", "This should be a whole number."),
    "int_parsing": ("应为整数。", "This should be a whole number."),
    "dict_type": ("应为一个对象。", "This should be an object."),
    "list_type": ("应为一个列表。", "This should be a list."),
    "datetime_parsing": ("应为带时区的时间，例如 2026-09-22T17:30:00+08:00。", "This should be a date-time."),
    "timezone_aware": ("时间要带时区，例如 2026-09-22T17:30:00+08:00。", "The time needs an offset."),
    "date_from_datetime_parsing": ("应为日期，例如 2026-09-22。", "This should be a date."),
}


def _checked(shape: type[BaseModel], sent: Any) -> BaseModel:
    try:
        found = shape.model_validate(sent)
    except ValidationError as error:
        fields = []
        for one in error.errors(include_url=False, include_input=False)[:MOST_FAULTS]:
            name = ".".join(str(part) for part in one["loc"])
            zh, en = _WORDS.get(one["type"], (f"不对：{one['msg']}", one["msg"]))
            fields.append(FieldError(name, name, f"“{name}”{zh}", f"{name}: {en}"))
        raise Invalid(fields) from None
    _holdable(found, "")
    return found


def _holdable(value: Any, path: str) -> None:
    """Refuse by the field a number that no database holds, and a day that nobody means."""
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        for name, one in value.items():
            _holdable(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for n, one in enumerate(value):
            _holdable(one, f"{path}.{n}" if path else str(n))
    elif isinstance(value, date) and not edge.FIRST_YEAR <= value.year <= edge.LAST_YEAR:
        zh, en = f"年份应在 {edge.FIRST_YEAR} 到 {edge.LAST_YEAR} 之间。", "The year is out of what may be."
        raise Invalid([FieldError(path, path, f"“{path[:40]}”{zh}", f"{path[:40]}: {en}")])
    elif isinstance(value, int | float) and not abs(value) <= MOST_ID:  # nan, too
        raise Invalid([FieldError(path, path, f"“{path[:40]}”的数太大。", f"{path[:40]}: the number is too large.")])


# ---------------------------------------------------------------- the description


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do, in the caller's language."},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {k: {"type": "string"} for k in ("field", "label", "text")},
            },
        },
        "facts": {"type": "object"},
    },
}
_REFUSALS = {
    "400": "not readable",
    "401": "not signed in",
    "403": "not yours",
    "404": "not found",
    "409": "not now",
    "413": "too large",
    "422": "fields are wrong",
    "429": "too many tries: wait",
}


def _shape_of(gives: Any) -> type[BaseModel] | None:
    inner = get_args(gives)[0] if get_origin(gives) is list else gives
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


@functools.cache
def description() -> Mapping[str, Any]:
    """The OpenAPI 3.1 document, from the operations themselves."""
    used: list[tuple[type[BaseModel], Any]] = []
    for one in OPERATIONS:
        for shape, mode in ((one.takes, "validation"), (_shape_of(one.gives), "serialization")):
            if shape is not None and (shape, mode) not in used:
                used.append((shape, mode))
    refs, schemas = models_json_schema(used, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(f"/v1{one.path}", {})[one.method] = _described(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "一站 API",
            "version": "1",
            "description": "County service hall: matters, applications, tasks, papers, bookings.",
        },
        "servers": [{"url": "/api"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(one: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"description": "done"}
    shape = _shape_of(one.gives)
    if shape is not None:
        ref = dict(refs[(shape, "serialization")])
        given["content"] = {
            one.media: {"schema": {"type": "array", "items": ref} if get_origin(one.gives) is list else ref}
        }
    elif one.gives is bytes:
        given["content"] = {one.media: {"schema": {"type": "string", "contentMediaType": one.media}}}
    status = str(204 if one.gives is None and one.status == 200 else one.status)
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "responses": {
            status: given,
            **{
                code: {
                    "description": words,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for code, words in _REFUSALS.items()
            },
        },
        "security": [] if one.who == "anyone" else [{"token": []}],
    }
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if name.endswith("_id") else "string"},
        }
        for name in re.findall(r"\{(\w+)\}", one.path)
    ]
    if one.query is not None:
        schema = one.query.model_json_schema()
        for name, inner in schema["properties"].items():
            parameters.append(
                {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": inner}
            )
    if parameters:
        found["parameters"] = parameters
    if one.takes is not None:
        ref = dict(refs[(one.takes, "validation")])
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref}}}
    elif one.file:
        binary = {"type": "object", "properties": {"file": {"type": "string", "contentMediaType": "*/*"}}}
        found["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": binary}}}
    return found


@pages.get("/openapi.json")
@guard("anyone", alone=True)
def openapi() -> ResponseReturnValue:
    return jsonify(description())


def shaped(shape: type[S], source: Any, **more: Any) -> S:
    """A shape from a read's plain value: the fields of one name, and what is given beside."""
    values = {name: getattr(source, name) for name in shape.model_fields if name not in more and hasattr(source, name)}
    return shape.model_validate({**values, **more}, from_attributes=True)
