"""Text to tree: the grammar of DMN 1.5 (10.3.1.2), with names resolved against the scope by the longest match.

A FEEL name may hold spaces, operators and keywords (`date and time`, `申请人 - 姓名`). The parser is told the names
that are not plain words (`names`), and joins plain words that stand side by side. Spaces around an operator inside a
name count: `a-b` is the name where one is known, `a - b` stays a subtraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from engine.feel import tree
from engine.feel.errors import FeelError, limit
from engine.feel.tree import Node

#: Longest text of an expression, in characters.
MAX_TEXT: Final = 12_000
#: Deepest nesting; each level costs a few Python frames, of which there are 1,000.
MAX_DEPTH: Final = 80
#: Deepest tree; a chain such as a + b + c grows the tree without nesting the text.
MAX_TREE: Final = 250

NUMBERS: Final = Context(prec=34, Emin=-6143, Emax=6144, traps=[])

KEYWORDS: Final = frozenset(
    [
        "and",
        "between",
        "else",
        "every",
        "external",
        "false",
        "for",
        "function",
        "if",
        "in",
        "instance",
        "not",
        "null",
        "of",
        "or",
        "return",
        "satisfies",
        "some",
        "then",
        "true",
    ]
)
#: Words that end a run of joined words. `not`, `of`, `external`, `function` may stand inside names when joined.
_STOP: Final = frozenset(
    [
        "and",
        "between",
        "else",
        "for",
        "if",
        "in",
        "instance",
        "or",
        "return",
        "satisfies",
        "then",
        "true",
        "false",
        "null",
        "every",
        "some",
    ]
)

# The ranges of the standard's "name start char", less the full-width punctuation people type by mistake.
_START = (
    "?A-Z_a-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3005-\u3007\u3021-\u302f\u3031-\ud7ff\uf900-\ufdcf\ufdf0-\ufeff"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\U00010000-\U000effff"
).replace("?", "")
_PART = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"
_SPACE = "\\s\u0009\u000a-\u000d\u0020\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"

_TOKEN = re.compile(
    rf"""
    (?P<space>(?:[{_SPACE}]|//[^\n\r]*|/\*.*?\*/)+)
  | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<at>@\s*"(?:\\.|[^"\\])*")
  | (?P<string>"(?:\\.|[^"\\])*")
  | (?P<word>[{_START}][{_PART}]*)
  | (?P<op>\*\*|\.\.|<=|>=|!=|->|[-+*/=<>(){{}}\[\],.:?'])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_HINTS: Final = {
    "，": (",", "逗号", "comma"),
    "（": ("(", "括号", "parenthesis"),
    "）": (")", "括号", "parenthesis"),
    "：": (":", "冒号", "colon"),
    "；": (",", "逗号", "comma"),
    ";": (",", "逗号", "comma"),
    "“": ('"', "双引号", "double quote"),
    "”": ('"', "双引号", "double quote"),
    "‘": ('"', "双引号", "double quote"),
    "’": ('"', "双引号", "double quote"),
    "'": ('"', "双引号", "double quote"),
    "＝": ("=", "等号", "equals sign"),
    "＞": (">", "大于号", "greater-than sign"),
    "＜": ("<", "小于号", "less-than sign"),
    "≥": (">=", "大于等于", "greater-or-equal"),
    "≤": ("<=", "小于等于", "less-or-equal"),
    "≠": ("!=", "不等于", "not-equal"),
    "＋": ("+", "加号", "plus"),
    "－": ("-", "减号", "minus"),
    "—": ("-", "减号", "minus"),
    "–": ("-", "减号", "minus"),
    "×": ("*", "乘号", "times"),
    "÷": ("/", "除号", "division sign"),
    "。": (".", "点", "full stop"),
    "、": (",", "逗号", "comma"),
    "【": ("[", "方括号", "bracket"),
    "】": ("]", "方括号", "bracket"),
    "&": ("and", "并且", "and"),
    "|": ("or", "或者", "or"),
    "!": ("not(...)", "否定", "negation"),
    "%": ("modulo(a, b)", "取余", "remainder"),
    "^": ("**", "乘方", "power"),
}


class Token(NamedTuple):
    """A piece of the text. `spaced`: white space stands before it."""

    kind: str  # number, at, string, word, op, other, end
    text: str
    start: int
    end: int
    spaced: bool


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, an "end" token last. Raises FeelError for a text too long."""
    if len(text) > MAX_TEXT:
        raise limit(
            f"表达式太长：{len(text)} 个字符，最多 {MAX_TEXT} 个。请拆成几个决策或脚本。",
            f"The expression is too long: {len(text)} characters, at most {MAX_TEXT}. Split it.",
            MAX_TEXT,
            text[:200],
        )
    found: list[Token] = []
    spaced = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        if kind == "space":
            spaced = True
            continue
        found.append(Token(kind, match.group(), match.start(), match.end(), spaced))
        spaced = False
    found.append(Token("end", "", len(text), len(text), spaced))
    return found


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name that is not a plain word, cut as the tokens of a text are cut."""

    name: str
    parts: tuple[str, ...]
    spaced: tuple[bool, ...]  # before each part; only counts next to an operator


@lru_cache(maxsize=8192)
def known_name(name: str) -> KnownName | None:
    """The name cut in parts; None for a plain word (these need no telling), or what cannot be a name."""
    parts = tokens_of(name)[:-1] if len(name) <= 500 else []
    if len(parts) < 2 and not (parts and (parts[0].text in KEYWORDS or parts[0].kind != "word")):
        return None
    if not parts or parts[0].kind in ("number", "string", "at") or parts[0].text in "()[]{},?:":
        return None
    if all(part.kind == "word" and part.text not in _STOP for part in parts):
        # Words side by side are joined anyway; telling them gives them the exact spelling and the longest match.
        pass
    return KnownName(name, tuple(part.text for part in parts), tuple(part.spaced for part in parts))


def odd_names(names: Iterable[str]) -> frozenset[str]:
    """Those of the names that the parser has to be told of: anything but one plain word."""
    return frozenset(name for name in names if not name.isidentifier() or name in KEYWORDS)


_ESCAPES = re.compile(
    r"\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


def _unescape(match: re.Match[str]) -> str:
    body = match[1]
    if len(body) == 1:
        return _SIMPLE.get(body, match[0])
    if len(body) == 11:
        return chr(0x10000 + ((int(body[1:5], 16) - 0xD800) << 10) + int(body[7:11], 16) - 0xDC00)
    code = int(body[1:], 16)
    if 0xD800 <= code < 0xE000:
        # Half a pair is no character; it could not be stored or sent.
        return "\ufffd"
    return chr(code) if code < 0x110000 else match[0]


def string_value(quoted: str) -> str:
    """The text of a string literal. Unknown escapes (such as \\d in a pattern) stay as they are."""
    body = quoted[1:-1]
    return _ESCAPES.sub(_unescape, body) if "\\" in body else body


_COMPARISONS: Final = frozenset(("=", "!=", "<", "<=", ">", ">="))


class Parser:
    """Reads one text. Made for one use."""

    def __init__(self, text: str, names: Iterable[str] = ()) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.i = 0
        self.depth = 0
        self.work = 0
        self.known: dict[str, list[KnownName]] = {}
        for name in names:
            self.tell(name)

    # -- names ---------------------------------------------------------------------------------------------------

    def tell(self, name: str) -> None:
        """Let a name be matched from here on."""
        known = known_name(name)
        if known is None:
            return
        rivals = self.known.setdefault(known.parts[0], [])
        if known not in rivals:
            rivals.append(known)
            rivals.sort(key=lambda k: -len(k.parts))

    def match_known(self, at: int) -> tuple[str, int] | None:
        """The longest known name at token `at`: its spelling and the token after it."""
        tokens = self.tokens
        for known in self.known.get(tokens[at].text, ()):
            stop = at + len(known.parts)
            if stop >= len(tokens):
                continue
            for k in range(1, len(known.parts)):
                token = tokens[at + k]
                if token.text != known.parts[k]:
                    break
                if token.spaced != known.spaced[k] and not (
                    token.spaced and token.kind == "word" and tokens[at + k - 1].kind == "word"
                ):
                    break
            else:
                return known.name, stop
        return None

    def name(self, what: str) -> tuple[str, int, int]:
        """A name here: its spelling, start and end."""
        token = self.tokens[self.i]
        found = self.match_known(self.i)
        words = self.i
        while self.tokens[words].kind == "word" and (words == self.i or self.tokens[words].text not in _STOP):
            words += 1
        if found is not None and found[1] >= words:
            end = self.tokens[found[1] - 1].end
            self.i = found[1]
            return found[0], token.start, end
        if words == self.i:
            self.fail(what)
        # Words side by side are one name, but not over the start of a longer known one (x a-b is no name at all).
        text = " ".join(part.text for part in self.tokens[self.i : words])
        end = self.tokens[words - 1].end
        self.i = words
        return text, token.start, end

    def name_until(self, stops: frozenset[str], what: str) -> tuple[str, int, int]:
        """A name being declared: anything up to one of the stops, spaces made single."""
        first = self.i
        out = ""
        while True:
            token = self.tokens[self.i]
            if token.kind in ("end", "string", "at") or token.text in stops or token.text in "()[]{},:?":
                break
            if token.kind == "other":
                break
            if self.i == first and token.kind != "word":
                break
            out += (" " if token.spaced and out else "") + token.text
            self.i += 1
        if not out:
            self.fail(what)
        return out, self.tokens[first].start, self.tokens[self.i - 1].end

    # -- failing -------------------------------------------------------------------------------------------------

    def fail(self, expected: str, token: Token | None = None, zh: str = "", en: str = "") -> NoReturn:
        token = token or self.tokens[self.i]
        hint_zh = hint_en = ""
        shown = token.text if len(token.text) <= 30 else token.text[:30] + "…"
        if token.kind == "end":
            found_zh, found_en = "表达式在此结束", "the expression ends"
        else:
            found_zh, found_en = f"看到的是 {shown}", f"found {shown}"
        if token.text in _HINTS and (token.kind == "other" or token.text == "'"):
            want, word_zh, word_en = _HINTS[token.text]
            hint_zh = f"请用英文半角写 {want}（{word_zh}）。"
            hint_en = f"Write {want} ({word_en})."
        elif token.kind == "other" and token.text == '"':
            hint_zh, hint_en = '字符串缺少结尾的双引号 "。', 'The string lacks its closing double quote ".'
        elif token.text == "=" and self.i and self.tokens[self.i - 1].text == "=":
            hint_zh, hint_en = "判断相等只写一个 = 。", "Equality is a single = sign."
        elif token.text == "=" and self.i == 0:
            hint_zh, hint_en = (
                "开头的 = 不属于表达式，请去掉。",
                "The = in front is not part of the expression: take it off.",
            )
        elif token.text == "?" and self.i:
            hint_zh, hint_en = "条件请写 if … then … else …。", "Write a choice as if … then … else …."
        elif token.text == "null" and self.i:
            hint_zh, hint_en = "判断空值请写 = null 或 != null。", "Test for null with = null or != null."
        elif token.text == "," and token.kind == "op":
            hint_zh, hint_en = (
                "逗号只用在参数、列表和上下文里。",
                "A comma separates arguments, items and entries only.",
            )
        place = token.start
        line = self.text.count("\n", 0, place) + 1
        column = place - (self.text.rfind("\n", 0, place) + 1) + 1
        raise FeelError(
            (zh or f"第 {line} 行第 {column} 列：应为{_zh(expected)}，{found_zh}。") + hint_zh,
            (en or f"Line {line}, column {column}: expected {expected}, but {found_en}.")
            + (" " + hint_en if hint_en else ""),
            text=self.text,
            position=place,
            expected=expected,
            hint_zh=hint_zh,
            hint_en=hint_en,
        )

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise limit(
                f"表达式嵌套太深（超过 {MAX_DEPTH} 层）。请拆成几个决策或脚本。",
                f"The expression nests too deeply (more than {MAX_DEPTH} levels). Split it.",
                self.tokens[self.i].start,
                self.text,
            )

    def chain_too_long(self) -> NoReturn:
        raise limit(
            f"表达式一环扣一环太长（超过 {MAX_TREE} 层）。请拆成几步，或改用 sum、string join 等函数。",
            f"The expression chains too far (more than {MAX_TREE} levels). Split it, or use sum or string join.",
            self.tokens[self.i].start,
            self.text,
        )

    # -- tokens --------------------------------------------------------------------------------------------------

    def at(self, text: str) -> bool:
        token = self.tokens[self.i]
        return token.text == text and token.kind in ("op", "word")

    def take(self, text: str) -> bool:
        if self.at(text):
            self.i += 1
            return True
        return False

    def need(self, text: str, expected: str = "") -> Token:
        token = self.tokens[self.i]
        if token.text == text and token.kind in ("op", "word"):
            self.i += 1
            return token
        self.fail(expected or text)

    # -- grammar -------------------------------------------------------------------------------------------------

    def whole(self) -> Node:
        """The text as one expression."""
        node = self.expression()
        if self.tokens[self.i].kind != "end":
            self.fail("an operator or the end")
        return node

    def whole_tests(self) -> tree.UnaryTests:
        """The text as the unary tests of a decision table's cell."""
        start = self.tokens[0].start
        end = self.tokens[-1].end
        if self.at("-") and self.tokens[1].kind == "end":
            return tree.UnaryTests(start, end, [], False)
        if self.tokens[0].kind == "end":
            return tree.UnaryTests(start, end, [], False)
        if self.at("not") and self.tokens[1].text == "(":
            # not(a, b) negates tests; not(x) = y or not(x) and y is an ordinary expression.
            back = self.i
            try:
                self.i += 2
                tests = self.tests()
                self.need(")")
                if self.tokens[self.i].kind == "end":
                    return tree.UnaryTests(start, end, tests, True)
            except FeelError as error:
                if error.code == "limit":
                    raise
            self.i = back
            self.depth = 0
        tests = self.tests()
        if self.tokens[self.i].kind != "end":
            self.fail("a comma or the end")
        return tree.UnaryTests(start, end, tests, False)

    def tests(self) -> list[Node]:
        found = [self.test()]
        while self.take(","):
            found.append(self.test())
        return found

    def test(self) -> Node:
        token = self.tokens[self.i]
        if token.kind == "op" and token.text in _COMPARISONS:
            self.i += 1
            operand = self.binary(4)
            return tree.Compare(token.start, operand.end, token.text, operand)
        return self.expression()

    def expression(self) -> Node:
        return self.binary(1)

    def binary(self, level: int) -> Node:
        """An expression whose operators bind at least as tightly as `level`.

        1 or, 2 and, 3 comparison, 4 sum, 5 product, 6 power; unary minus binds tighter than a power (DMN 1.5 grammar).
        """
        self.deeper()
        depth = self.depth
        left = self.unary()
        tokens = self.tokens
        links = 0
        while True:
            token = tokens[self.i]
            links += 1
            if links > MAX_TREE:
                self.chain_too_long()
            op = token.text
            kind = token.kind
            if kind == "op":
                if op in ("+", "-"):
                    if level > 4:
                        break
                    self.i += 1
                    right = self.binary(5)
                elif op in ("*", "/"):
                    if level > 5:
                        break
                    self.i += 1
                    right = self.binary(6)
                elif op == "**":
                    if level > 6:
                        break
                    self.i += 1
                    right = self.binary(7)
                elif op in _COMPARISONS:
                    if level > 3:
                        break
                    self.i += 1
                    right = self.binary(4)
                else:
                    break
                left = tree.Binary(left.start, right.end, op, left, right)
            elif kind == "word":
                if op == "and":
                    if level > 2:
                        break
                    terms = [left]
                    while self.take("and"):
                        terms.append(self.binary(3))
                    left = tree.Logic(left.start, terms[-1].end, "and", terms)
                elif op == "or":
                    if level > 1:
                        break
                    terms = [left]
                    while self.take("or"):
                        terms.append(self.binary(2))
                    left = tree.Logic(left.start, terms[-1].end, "or", terms)
                elif op == "between":
                    if level > 3:
                        break
                    self.i += 1
                    low = self.binary(4)
                    self.need("and")
                    high = self.binary(4)
                    left = tree.Between(left.start, high.end, left, low, high)
                elif op == "in":
                    if level > 3:
                        break
                    self.i += 1
                    left = self.membership(left)
                else:
                    break
            else:
                break
        self.depth = depth - 1
        return left

    def membership(self, value: Node) -> Node:
        """After `in`: one test, or several in parentheses."""
        if self.at("("):
            back, depth = self.i, self.depth
            self.i += 1
            # "(1..5)" is a range, "(a, b)" are tests, "(a)" may go on: (a).b, (a)[1]
            try:
                tests = self.tests()
            except FeelError as error:
                if error.code == "limit":
                    raise
                tests = []
            if tests and self.at(")"):
                close = self.tokens[self.i]
                self.i += 1
                if len(tests) > 1 or not (self.tokens[self.i].kind == "op" and self.tokens[self.i].text in ".[(+-*/**"):
                    return tree.In(value.start, close.end, value, tests)
            self.i, self.depth = back, depth
        token = self.tokens[self.i]
        if token.kind == "op" and token.text in _COMPARISONS:
            test = self.test()
        else:
            test = self.binary(4)
        return tree.In(value.start, test.end, value, [test])

    def unary(self) -> Node:
        token = self.tokens[self.i]
        if token.kind == "op" and token.text == "-":
            self.i += 1
            self.deeper()
            operand = self.unary()
            self.depth -= 1
            return tree.Negate(token.start, operand.end, operand)
        return self.postfix(self.primary())

    def postfix(self, node: Node) -> Node:
        links = 0
        while True:
            token = self.tokens[self.i]
            text = token.text
            links += 1
            if links > MAX_TREE:
                self.chain_too_long()
            if token.kind == "op":
                if text == ".":
                    self.i += 1
                    if self.tokens[self.i].kind == "word" and self.tokens[self.i].text in KEYWORDS:
                        word = self.tokens[self.i]
                        found = self.match_known(self.i)
                        if found is None:
                            self.i += 1
                            node = tree.Path(node.start, word.end, node, word.text)
                            continue
                    name, _, end = self.name("a name")
                    node = tree.Path(node.start, end, node, name)
                elif text == "[":
                    if self.closing_bracket():
                        break
                    self.i += 1
                    condition = self.inside()
                    close = self.need("]")
                    node = tree.Filter(node.start, close.end, node, condition)
                elif text == "(":
                    self.i += 1
                    node = self.arguments(node)
                else:
                    break
            elif token.kind == "word" and text == "instance" and self.tokens[self.i + 1].text == "of":
                self.i += 2
                kind = self.type()
                node = tree.InstanceOf(node.start, kind.end, node, kind)
            else:
                break
        return node

    #: How many intervals are open whose end may be written `[`; 0 inside any other bracket.
    _intervals = 0

    def closing_bracket(self) -> bool:
        """Whether a `[` here ends the open interval (`[1..10[`) rather than starting a filter."""
        if not self._intervals:
            return False
        after = self.tokens[self.i + 1]
        if after.kind == "end":
            return True
        if after.kind == "word":
            return after.text in _STOP and after.text not in ("true", "false", "null", "if", "for", "some", "every")
        return after.kind == "op" and after.text in (
            ")",
            ",",
            ".",
            "]",
            "}",
            "[",
            "=",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
            "+",
            "*",
            "/",
        )

    def inside(self) -> Node:
        """An expression in brackets of its own."""
        outer, self._intervals = self._intervals, 0
        node = self.expression()
        self._intervals = outer
        return node

    def arguments(self, function: Node) -> Node:
        """After `(`: the arguments of a call."""
        outer, self._intervals = self._intervals, 0
        arguments: list[Node] = []
        names: list[str] | None = None
        if not self.at(")"):
            if self.named_argument():
                names = []
            while True:
                if names is not None:
                    name, _, _ = self.name_until(frozenset((":",)), "a parameter name")
                    self.need(":")
                    names.append(name)
                arguments.append(self.expression())
                if not self.take(","):
                    break
        close = self.need(")", ", or )")
        self._intervals = outer
        return tree.Call(function.start, close.end, function, arguments, names)

    def named_argument(self) -> bool:
        """Whether the arguments here are named: a name, then a colon."""
        at = self.i
        while True:
            token = self.tokens[at]
            if token.kind == "op" and token.text == ":":
                return at > self.i
            if token.kind not in ("word", "number") and not (token.kind == "op" and token.text in "-+*/.'**"):
                return False
            at += 1

    def primary(self) -> Node:
        token = self.tokens[self.i]
        # Reading `in (` tries two ways; nested and wrong, that would double at every level.
        self.work += 1
        if self.work > 2 * len(self.tokens) + 500:
            raise limit(
                "表达式的括号太乱，读不下去。请拆开写。",
                "The expression's parentheses are too tangled to read. Split it.",
                token.start,
                self.text,
            )
        kind = token.kind
        text = token.text
        if kind == "number":
            self.i += 1
            return tree.Constant(token.start, token.end, NUMBERS.create_decimal(text))
        if kind == "string":
            self.i += 1
            return tree.Constant(token.start, token.end, string_value(text))
        if kind == "at":
            self.i += 1
            return tree.At(token.start, token.end, string_value(text[text.index('"') :]))
        if kind == "word":
            if text in KEYWORDS:
                found = self.match_known(self.i)
                if found is not None and (found[1] > self.i + 1 or text not in _STOP):
                    name, start, end = self.name("a name")
                    return tree.Name(start, end, name)
                return self.keyword(token)
            name, start, end = self.name("a name")
            return tree.Name(start, end, name)
        if kind == "op":
            if text == "?":
                self.i += 1
                return tree.Placeholder(token.start, token.end)
            if text == "(":
                return self.parenthesis(token)
            if text == "[":
                return self.bracket(token)
            if text == "]":
                self.i += 1
                return self.interval(token, self.endpoint(), False)
            if text == "{":
                return self.context(token)
        if text in self.known:
            found = self.match_known(self.i)
            if found is not None:
                name, start, end = self.name("a name")
                return tree.Name(start, end, name)
        self.fail("an expression")

    def keyword(self, token: Token) -> Node:
        text = token.text
        if text in ("true", "false", "null"):
            self.i += 1
            return tree.Constant(token.start, token.end, {"true": True, "false": False}.get(text))
        if text == "if":
            self.i += 1
            condition = self.expression()
            self.need("then")
            yes = self.expression()
            self.need("else")
            no = self.expression()
            return tree.If(token.start, no.end, condition, yes, no)
        if text == "for":
            self.i += 1
            iterations = self.iterations()
            self.need("return")
            body = self.expression()
            return tree.For(token.start, body.end, iterations, body)
        if text in ("some", "every"):
            self.i += 1
            iterations = self.iterations()
            self.need("satisfies")
            body = self.expression()
            return tree.Quantified(token.start, body.end, text, iterations, body)
        if text == "function" and self.tokens[self.i + 1].text == "(":
            return self.function(token)
        if text in ("not", "of", "external", "function"):
            name, start, end = self.name("a name")
            return tree.Name(start, end, name)
        self.fail("an expression")

    def iterations(self) -> list[tree.Iteration]:
        found: list[tree.Iteration] = []
        while True:
            name, start, _ = self.name_until(frozenset(("in",)), "a variable name")
            self.tell(name)
            self.need("in")
            outer, self._intervals = self._intervals, 0
            source = self.expression()
            until: Node | None = None
            if self.take(".."):
                until = self.expression()
            self._intervals = outer
            found.append(tree.Iteration(start, (until or source).end, name, source, until))
            if not self.take(","):
                return found

    def function(self, token: Token) -> Node:
        self.i += 2
        names: list[str] = []
        types: list[tree.TypeName | None] = []
        if not self.at(")"):
            while True:
                name, _, _ = self.name_until(frozenset((":", ",", ")")), "a parameter name")
                self.tell(name)
                names.append(name)
                types.append(self.type() if self.take(":") else None)
                if not self.take(","):
                    break
        self.need(")", ", or )")
        external = self.take("external")
        body = self.expression()
        return tree.FunctionOf(token.start, body.end, names, types, body, external)

    def parenthesis(self, token: Token) -> Node:
        self.i += 1
        inner = self.tokens[self.i]
        if inner.kind == "op" and inner.text in _COMPARISONS:
            self.i += 1
            outer, self._intervals = self._intervals, 0
            operand = self.binary(4)
            self._intervals = outer
            close = self.need(")")
            return tree.Compare(token.start, close.end, inner.text, operand)
        node = self.inside()
        if self.at(".."):
            return self.interval(token, node, False)
        close = self.need(")")
        # The parentheses belong to the node's place in the text, so that hints can point at all of it.
        return node

    def bracket(self, token: Token) -> Node:
        self.i += 1
        outer, self._intervals = self._intervals, 0
        items: list[Node] = []
        if not self.at("]"):
            bare = self.tokens[self.i].text in _COMPARISONS
            items.append(self.test())
            if self.at("..") and not bare:
                self._intervals = outer
                return self.interval(token, items[0], True)
            while self.take(","):
                items.append(self.test())
        close = self.need("]", ", or ]")
        self._intervals = outer
        return tree.ListOf(token.start, close.end, items)

    def endpoint(self) -> Node:
        outer, self._intervals = self._intervals, self._intervals + 1
        node = self.binary(4)
        self._intervals = outer
        return node

    def interval(self, token: Token, low: Node, included: bool) -> Node:
        self.need("..")
        high = self.endpoint()
        close = self.tokens[self.i]
        if close.text not in ("]", ")", "[") or close.kind != "op":
            self.fail("], ) or [")
        self.i += 1
        return tree.Interval(token.start, close.end, low, high, included, close.text == "]")

    def context(self, token: Token) -> Node:
        self.i += 1
        outer, self._intervals = self._intervals, 0
        keys: list[str] = []
        values: list[Node] = []
        if not self.at("}"):
            while True:
                key = self.tokens[self.i]
                if key.kind == "string":
                    self.i += 1
                    name = string_value(key.text)
                else:
                    name, _, _ = self.name_until(frozenset((":",)), "an entry name")
                self.need(":")
                values.append(self.expression())
                keys.append(name)
                self.tell(name)
                if not self.take(","):
                    break
        close = self.need("}", ", or }")
        self._intervals = outer
        return tree.ContextOf(token.start, close.end, keys, values)

    def type(self) -> tree.TypeName:
        token = self.tokens[self.i]
        if token.kind != "word":
            self.fail("a type")
        self.deeper()
        after = self.tokens[self.i + 1]
        found: tree.TypeName
        if token.text in ("list", "range", "context", "function") and after.text == "<":
            self.i += 2
            of: list[tree.TypeName] = []
            names: list[str] = []
            if token.text == "context":
                while True:
                    name, _, _ = self.name_until(frozenset((":", ">")), "an entry name")
                    names.append(name)
                    self.need(":")
                    of.append(self.type())
                    if not self.take(","):
                        break
            elif not (token.text == "function" and self.at(">")):
                of.append(self.type())
                while token.text == "function" and self.take(","):
                    of.append(self.type())
            close = self.need(">")
            end = close.end
            if token.text == "function":
                self.need("->")
                of.append(self.type())
                end = of[-1].end
            found = tree.TypeName(token.start, end, token.text, of, names)
        else:
            matched = self.match_known(self.i)
            if matched is not None:
                name, start, end = self.name("a type")
            else:
                # `date and time` holds a keyword; names of the model may hold dots.
                words = [token.text]
                start, end = token.start, token.end
                self.i += 1
                if token.text == "date" and self.at("and") and self.tokens[self.i + 1].text == "time":
                    words += ["and", "time"]
                    end = self.tokens[self.i + 1].end
                    self.i += 2
                elif token.text in ("days", "years") and self.at("and"):
                    while self.tokens[self.i].kind == "word" and len(words) < 4:
                        words.append(self.tokens[self.i].text)
                        end = self.tokens[self.i].end
                        self.i += 1
                name = " ".join(words)
                while True:
                    token = self.tokens[self.i]
                    if token.kind == "word" and token.text not in _STOP and token.text != "external":
                        name += " " + token.text
                    elif token.text == "." and self.tokens[self.i + 1].kind == "word":
                        self.i += 1
                        token = self.tokens[self.i]
                        name += "." + token.text
                    else:
                        break
                    end = token.end
                    self.i += 1
            found = tree.TypeName(start, end, name, [], [])
        self.depth -= 1
        return found


_EXPECTED_ZH: Final = {
    "an expression": "一个表达式",
    "an operator or the end": "运算符或表达式结尾",
    "a comma or the end": "逗号或结尾",
    "a name": "一个名称",
    "a parameter name": "参数名",
    "an entry name": "条目名",
    "a variable name": "变量名",
    "a type": "一个类型",
}


def _zh(expected: str) -> str:
    return _EXPECTED_ZH.get(expected, f" {expected} ")


def parse(text: str, names: Iterable[str] = ()) -> Node:
    """The tree of an expression. `names`: names in scope that are not plain words (others do no harm)."""
    node = Parser(text, names).whole()
    _check_depth(node, text)
    return node


def parse_tests(text: str, names: Iterable[str] = ()) -> tree.UnaryTests:
    """The tree of unary tests, as in the cell of a decision table."""
    node = Parser(text, names).whole_tests()
    _check_depth(node, text)
    return node


def _check_depth(node: Node, text: str) -> None:
    level = [node]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_TREE:
            raise limit(
                f"表达式一环扣一环太长（超过 {MAX_TREE} 层）。请拆成几步，或改用 sum、string join 等函数。",
                f"The expression chains too far (more than {MAX_TREE} levels). Split it, or use sum or string join.",
                level[0].start,
                text,
            )
        level = [child for parent in level for child in tree.children(parent)]


def number(text: str) -> Decimal:
    """A number literal, rounded to 34 digits."""
    return NUMBERS.create_decimal(text)
