"""JUEL, the expressions of Camunda 7, Flowable and Activiti, as FEEL: read by a tokeniser and a parser of its own.

    >>> feel("${amount > 500 && !empty reason}")
    'amount > 500 and not(reason = null or reason = "")'

What calls a program (a bean, a method that is not one of a few) is `NotFeel`: it cannot be said in FEEL, and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from engine.errors import Refused

#: What the names of those engines are called here.
NAMES: Mapping[str, str] = {
    "nrOfInstances": "numberOfInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
    "nrOfActiveInstances": "numberOfActiveInstances",
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)[LlFfDd]?(?![\w.])|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]]))"""
)
#: As deep as expressions may be nested.
DEEPEST = 60
_WORDS = {"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_WORDS |= {"div": "/", "mod": "%"}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))
_SAID = {"||": "or", "&&": "and", "==": "="}


class NotFeel(Refused):
    """Expected what FEEL can say, but this calls a program, or is no JUEL."""

    slug = "not-feel"


def is_expression(text: str) -> bool:
    return "${" in text or "#{" in text


def feel(text: str) -> str:
    """The FEEL of a text that may hold `${…}`: one expression, a plain text, or text and expressions joined."""
    parts = [part for part in re.split(r"([$#]\{[^}]*\})", text.strip()) if part]
    if len(parts) == 1 and is_expression(parts[0]):
        return _Parser(parts[0][2:-1]).whole()
    said = [
        f"string({_Parser(part[2:-1]).whole()})" if is_expression(part) else json.dumps(part, ensure_ascii=False)
        for part in parts
    ]
    return " + ".join(said) or '""'


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self.no(f"读不懂“{text[at : at + 20]}”", f"cannot read {text[at : at + 20]!r}")
            kind = found.lastgroup or ""
            value = found[kind]
            self.tokens.append(("sign", _WORDS[value]) if kind == "name" and value in _WORDS else (kind, value))
            at = found.end()
        if len(self.tokens) > 2000:
            raise self.no("太长了", "it is too long")

    def no(self, zh: str, en: str) -> NotFeel:
        return NotFeel(f"“{self.text.strip()[:120]}”不能写成 FEEL：{zh}。", f"{self.text.strip()[:120]!r}: {en}.")

    def whole(self) -> str:
        said = self.choice(0)
        if self.at < len(self.tokens):
            raise self.no(f"多出“{self.tokens[self.at][1]}”", f"there is {self.tokens[self.at][1]!r} too much")
        return said

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" else ""

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise self.no(f"这里应当是“{sign}”", f"expected {sign!r}")
        self.at += 1

    def choice(self, deep: int) -> str:
        said = self.binary(0, deep)
        if self.peek() != "?":
            return said
        self.take("?")
        yes = self.choice(deep + 1)
        self.take(":")
        return f"if {said} then {yes} else {self.choice(deep + 1)}"

    def binary(self, level: int, deep: int) -> str:
        if level == len(_LEVELS):
            return self.unary(deep)
        said = self.binary(level + 1, deep)
        while self.peek() in _LEVELS[level]:
            sign = self.peek()
            self.at += 1
            right = self.binary(level + 1, deep)
            said = f"modulo({said}, {right})" if sign == "%" else f"{said} {_SAID.get(sign, sign)} {right}"
        return said

    def unary(self, deep: int) -> str:
        if deep > DEEPEST:
            raise self.no("套得太深", "it is nested too deep")
        if self.peek() == "!":
            self.at += 1
            return f"not({self.unary(deep + 1)})"
        if self.peek() == "-":
            self.at += 1
            return f"-{self.unary(deep + 1)}"
        if self.at < len(self.tokens) and self.tokens[self.at] == ("name", "empty"):
            self.at += 1
            said = self.unary(deep + 1)
            return f'({said} = null or {said} = "")'
        return self.value(deep)

    def value(self, deep: int) -> str:
        if self.at >= len(self.tokens):
            raise self.no("没有写完", "it is not finished")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return token
        if kind == "text":
            return self.after(json.dumps(re.sub(r"\\(.)", r"\1", token[1:-1]), ensure_ascii=False), deep)
        if (kind, token) == ("sign", "("):
            said = f"({self.choice(deep + 1)})"
            self.take(")")
            return self.after(said, deep)
        if kind != "name":
            raise self.no(f"不应当有“{token}”", f"unexpected {token!r}")
        if token in ("true", "false", "null"):
            return token
        if self.peek() == "(":
            raise self.no(f"调用了程序“{token}()”", f"it calls the program {token}()")
        return self.after(NAMES.get(token, token), deep)

    def after(self, said: str, deep: int) -> str:
        """What follows a value: a property, an item, one of the few methods that FEEL has too."""
        while self.peek() in (".", "["):
            if self.peek() == "[":
                self.at += 1
                key = self.choice(deep + 1)
                self.take("]")
                named = re.fullmatch(r'"([A-Za-z_\u0080-\uffff]\w*)"', key)
                said = f"{said}.{named[1]}" if named else f"{said}[{key} + 1]"
                continue
            self.at += 1
            if self.at >= len(self.tokens) or self.tokens[self.at][0] != "name":
                raise self.no("“.”后面没有名称", "there is no name after a dot")
            name = self.tokens[self.at][1]
            self.at += 1
            said = self.called(said, name, deep) if self.peek() == "(" else self.member(said, name)
        return said

    @staticmethod
    def member(said: str, name: str) -> str:
        return name if said in ("execution", "task", "delegateTask") else f"{said}.{name}"

    def called(self, said: str, name: str, deep: int) -> str:
        self.take("(")
        given: list[str] = []
        while self.peek() != ")":
            given.append(self.choice(deep + 1))
            if self.peek() == ",":
                self.at += 1
        self.take(")")
        own = said in ("execution", "task", "delegateTask", "runtimeService")
        if own and name in ("getVariable", "getVariableLocal") and given and given[-1].startswith('"'):
            return str(json.loads(given[-1]))
        if own:
            raise self.no(f"调用了引擎的“{said}.{name}()”", f"it calls {said}.{name}() of the engine")
        match name, len(given):
            case "equals", 1:
                return f"({said} = {given[0]})"
            case "equalsIgnoreCase", 1:
                return f"(lower case({said}) = lower case({given[0]}))"
            case "contains", 1:
                return f"list contains({said}, {given[0]})"
            case (("size" | "length"), 0):
                return f"count({said})" if name == "size" else f"string length({said})"
            case "isEmpty", 0:
                return f'({said} = null or {said} = "" or {said} = [])'
            case "startsWith", 1:
                return f"starts with({said}, {given[0]})"
            case "endsWith", 1:
                return f"ends with({said}, {given[0]})"
            case "booleanValue" | "intValue" | "longValue" | "toString", 0:
                return said
        raise self.no(f"调用了程序“{said}.{name}()”", f"it calls the program {said}.{name}()")
