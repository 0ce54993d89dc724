"""What a file of a matter may say: pydantic's models held against YAML with lines. Pure.

A key is added by adding a field to a model (info.Matter, story_file.StoryText …): with a type, and a description in
Chinese and English, divided by " · ". From it come the check (unknown keys and words with the nearest known one, by
line) and the reference (docs/reference.md). A validator refuses with `wrong(zh, en)`.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from engine import feel
from engine.findings import Finding, meant
from engine.matters.lines import Text

Model = TypeVar("Model", bound=BaseModel)


class Part(BaseModel):
    """A piece of a file: closed, so that a misspelt key is an error and not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def wrong(zh: str, en: str) -> PydanticCustomError:
    """What a validator raises: the sentence in both languages, saying what to do."""
    return PydanticCustomError("said", "{zh} {en}", {"zh": zh, "en": en})


def _readable(value: str) -> str:
    try:
        feel.compile(value.removeprefix("=") or "null")
    except feel.FeelError as error:
        raise wrong(f"不能这样写：{error}", f"This cannot be read: {error}") from None
    return value


#: An expression over a case's answers, as a file writes it: `=…`, or nothing.
OptionalFeel = Annotated[str, StringConstraints(pattern=r"^(=.*)?$"), AfterValidator(_readable)]

#: A fault at a place below the value a validator looks at: (path, Chinese, English).
Fault = tuple[tuple[str, ...], str, str]


def wrong_at(faults: Sequence[Fault]) -> PydanticCustomError:
    """What a validator of a whole part raises: each fault at its own place, so that each has its line."""
    text = "；".join(f"{'.'.join(path)}：{zh}" for path, zh, _ in faults)
    return PydanticCustomError("said-at", "{text}", {"text": text, "faults": list(faults)})


def check(model: type[Model], text: Text, rule: str) -> tuple[Model | None, list[Finding]]:
    """The file as this model says it, or every fault with its line. Nothing is said of a file that could not be
    read."""
    if any(f.rule != "duplicate-key" for f in text.findings):
        return None, []
    if not isinstance(text.value, dict):
        zh, en = (
            f"应是“键: 值”的一张表，现在{_is(text.value)[0]}。",
            f"Expected lines of key: value, but it {_is(text.value)[1]}.",
        )
        return None, [text.error(rule, zh, en)]
    try:
        return model.model_validate(text.value), []
    except ValidationError as error:
        return None, faults(model, error, text, rule)


def faults(model: type[BaseModel], error: ValidationError, text: Text, rule: str, *above: object) -> list[Finding]:
    """The faults of one value that stands in the file under `above`."""
    found: list[Finding] = []
    for fault in error.errors(include_url=False):
        where = tuple(p for p in fault["loc"] if not str(p).startswith(("function-", "tuple[", "dict[", "list[")))
        if fault["type"] == "said-at":
            for path, zh, en in fault["ctx"]["faults"]:
                place = ".".join(str(p) for p in (*where, *path))
                found.append(text.error(rule, f"“{place}”：{zh}", f"{place}: {en}", *above, *where, *path))
            continue
        if not isinstance(fault["input"], str) and (fault["type"] == "invalid_key" or where[-1:] == ("[key]",)):
            under = where[:-2] if where[-1] == "[key]" else where[:-1]
            keys = list(_keys(text, rule, (*above, *under)))
            found += [one for one in keys if one not in found]
            if keys:
                continue
        zh, en = _said(model, where, fault)
        found.append(text.error(rule, zh, en, *above, *where))
    return found


#: What YAML takes a word for, beside text.
_READ_AS = {"bool": ("真假", "true or false"), "int": ("数字", "a number"), "float": ("数字", "a number")}


def _keys(text: Text, rule: str, where: tuple[Any, ...]) -> Iterator[Finding]:
    """The keys under this path that YAML did not read as text, each as it was written."""
    for name, tag in text.no_texts.get(tuple(str(part) for part in where), ()):
        path = ".".join(str(part) for part in (*where, name))
        zh, en = _READ_AS.get(tag, ("别的", "something else"))
        yield text.error(
            rule,
            f'“{path}”：YAML 把没有引号的 {name} 读成{zh}，不是文字。请加引号："{name}"，或者换一个词。',
            f'{path}: without quotes YAML reads {name} as {en}, not text. Quote it ("{name}") or choose another word.',
            *where,
            name,
        )


def _said(model: type[BaseModel], where: tuple[Any, ...], fault: Any) -> tuple[str, str]:
    kind, context = fault["type"], fault.get("ctx") or {}
    path = ".".join(str(p) for p in where) or "整个文件"
    key = str(where[-1]) if where else ""
    got = fault.get("input")
    match kind:
        case "said":
            return f"“{path}”：{context['zh']}", f"{path}: {context['en']}"
        case "extra_forbidden":
            like = meant(key, keys_at(model, where[:-1]), 40)
            return f"不认识“{path}”。{like[0]}", f'"{path}" is not known here. {like[1]}'
        case "missing":
            zh, en = _about(model, where)
            return f"缺少“{path}”（{zh}）。请写上。", f'"{path}" is missing ({en}). Write it.'
        case "literal_error" | "enum":
            like = meant(str(got), re.findall(r"'([^']*)'", str(context.get("expected", ""))), 40)
            return f"“{path}”不能是“{_short(got)}”。{like[0]}", f'"{path}" cannot be "{_short(got)}". {like[1]}'
        case "string_pattern_mismatch":
            zh, en = _about(model, where)
            return (
                f"“{path}”的写法不对：“{_short(got)}”（{zh}）。应合于 {context.get('pattern')}。",
                f'"{path}" is written wrongly: "{_short(got)}" ({en}). It must fit {context.get("pattern")}.',
            )
    wants = _WANTS.get(kind)
    if wants is None:
        text = str(fault["msg"]).removeprefix("Value error, ")
        return f"“{path}”：{text}", f"{path}: {text}"
    wanted_zh, wanted_en = (one.format(**context) for one in wants)
    is_zh, is_en = _is(got)
    return f"“{path}”应{wanted_zh}，现在{is_zh}。", f'"{path}" should {wanted_en}, but it {is_en}.'


_WANTS = {
    "string_type": ("是文字（数字和 yes、no 要加引号）", "be text (quote numbers, yes and no)"),
    "string_too_short": ("至少 {min_length} 个字", "have at least {min_length} character(s)"),
    "string_too_long": ("至多 {max_length} 个字", "have at most {max_length} characters"),
    "bool_type": ("是 true 或 false", "be true or false"),
    "bool_parsing": ("是 true 或 false", "be true or false"),
    "int_type": ("是整数", "be a whole number"),
    "int_parsing": ("是整数", "be a whole number"),
    "int_from_float": ("是整数", "be a whole number"),
    "greater_than_equal": ("不小于 {ge}", "be {ge} or more"),
    "less_than_equal": ("不大于 {le}", "be {le} or less"),
    "date_type": ("是日期，写作 2026-09-18", "be a date such as 2026-09-18"),
    "date_parsing": ("是日期，写作 2026-09-18", "be a date such as 2026-09-18"),
    "date_from_datetime_parsing": ("是日期，写作 2026-09-18", "be a date such as 2026-09-18"),
    "date_from_datetime_inexact": ("是日期，写作 2026-09-18", "be a date such as 2026-09-18"),
    "datetime_type": ("是时间，写作 2026-09-18 09:00", "be a time such as 2026-09-18 09:00"),
    "datetime_parsing": ("是时间，写作 2026-09-18 09:00", "be a time such as 2026-09-18 09:00"),
    "datetime_from_date_parsing": ("是时间，写作 2026-09-18 09:00", "be a time such as 2026-09-18 09:00"),
    "tuple_type": ("是列表，写作 [甲, 乙]", "be a list such as [a, b]"),
    "list_type": ("是列表，写作 [甲, 乙]", "be a list such as [a, b]"),
    "dict_type": ("是“键: 值”的一张表", "be lines of key: value"),
    "model_type": ("是“键: 值”的一张表", "be lines of key: value"),
    "model_attributes_type": ("是“键: 值”的一张表", "be lines of key: value"),
    "too_short": ("至少有 {min_length} 项", "have at least {min_length} item(s)"),
    "too_long": ("至多有 {max_length} 项", "have at most {max_length} items"),
}


def _is(value: Any) -> tuple[str, str]:
    if value is None:
        return "是空的", "is empty"
    kinds = {bool: ("是/否", "yes or no"), dict: ("一张表", "a mapping"), list: ("一个列表", "a list")}
    zh, en = kinds.get(type(value), ("", ""))
    return (f"是{zh}", f"is {en}") if zh else (f"是“{_short(value)}”", f'is "{_short(value)}"')


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


# ---------------------------------------------------------------- what the models say of themselves


def keys_at(model: type[BaseModel], where: tuple[Any, ...]) -> list[str]:
    """The keys that may stand at this place of a file."""
    return [key for part in _parts_at(model, where) for key in fields(part)]


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """key as it is written -> its field."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def about(field: FieldInfo) -> tuple[str, str]:
    """A field's description, in Chinese and in English."""
    zh, _, en = (field.description or "").partition(" · ")
    return zh, en


def _about(model: type[BaseModel], where: tuple[Any, ...]) -> tuple[str, str]:
    for part in _parts_at(model, where[:-1]):
        field = fields(part).get(str(where[-1])) if where else None
        if field is not None and field.description:
            return about(field)
    return "必填", "required"


def called(model: type[BaseModel], where: tuple[Any, ...]) -> tuple[str, str] | None:
    """What the key at this place is for, shortly; None: no model says."""
    for part in _parts_at(model, where[:-1]):
        field = fields(part).get(str(where[-1]))
        if field is not None and field.description:
            zh, en = about(field)
            return re.split("[，；：（。,]", zh)[0].strip(), re.split("[,;:(]", en)[0].strip()
    return None


def _parts_at(model: type[BaseModel], where: tuple[Any, ...]) -> list[type[BaseModel]]:
    kinds: list[Any] = [model]
    for step in where:
        kinds = [under for kind in kinds for under in _under(kind, step)] or kinds
    return [part for kind in kinds for part in models_in(kind)]


def _under(kind: Any, step: Any) -> Iterator[Any]:
    for one in opened(kind):
        if isinstance(one, type) and issubclass(one, BaseModel):
            field = fields(one).get(str(step))
            if field is not None:
                yield field.annotation
        elif get_origin(one) in (tuple, list) and isinstance(step, int):
            yield get_args(one)[0]
        elif get_origin(one) in (dict, Mapping, types.MappingProxyType):
            yield get_args(one)[1]


def opened(kind: Any) -> Iterator[Any]:
    """The types a value may have: unions and annotations opened."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from opened(get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(kind):
            yield from opened(one)
    else:
        yield kind


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models a value of this type may be, itself or as an entry."""
    for one in opened(kind):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one


def written(kind: Any) -> tuple[str, str]:
    """A type in words: what a designer writes."""
    said = []
    for one in opened(kind):
        origin, inner = get_origin(one), get_args(one)
        if one is type(None):
            continue
        if origin is Literal:
            listed = "、".join(f"`{value}`" for value in inner)
            said.append((listed, listed.replace("、", ", ")))
        elif origin in (tuple, list):
            zh, en = written(inner[0])
            said.append((f"列表：{zh}", f"list: {en}"))
        elif origin is dict:
            zh, en = written(inner[1])
            said.append((f"名称 → {zh}", f"name → {en}"))
        elif isinstance(one, type) and issubclass(one, BaseModel):
            said.append((f"[{one.__name__}](#{one.__name__.lower()})",) * 2)
        else:
            said.append(_PLAIN.get(getattr(one, "__name__", ""), ("任意值", "any value")))
    return " / ".join(zh for zh, _ in said), " / ".join(en for _, en in said)


_PLAIN = {
    "str": ("文字", "text"),
    "int": ("整数", "whole number"),
    "bool": ("true 或 false", "true or false"),
    "date": ("日期", "date"),
    "datetime": ("时间", "time"),
}
