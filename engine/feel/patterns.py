"""Regular expressions as XPath has them (XQuery and XPath Functions 3.1, 5.6; XML Schema Part 2, appendix F).

They are rewritten for the `regex` library, which can stop after a while: a pattern that would run for years is refused.
"""

from __future__ import annotations

from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING, Any, Final

from engine.feel.errors import FeelError, limit
from engine.feel.runtime import MAX_STRING, too_long

if TYPE_CHECKING:
    from engine.feel.runtime import Run

MAX_PATTERN: Final = 2_000

_NAME_START = (
    ":A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u2"
    "18F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD"
)
_NAME_CHAR = _NAME_START + "\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040"
_CATEGORIES: Final = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)


class BadPattern(ValueError):
    """Expected an XPath pattern, but it is not one."""


class _Rewriter:
    def __init__(self, pattern: str, flags: str) -> None:
        self.p = pattern
        self.i = 0
        self.x = "x" in flags
        self.s = "s" in flags
        self.m = "m" in flags
        self.opened = 0
        self.closed: set[int] = set()

    def fail(self) -> BadPattern:
        return BadPattern(f"pattern error at character {self.i + 1}")

    def rewrite(self) -> str:
        p = self.p
        out: list[str] = []
        stack: list[int] = []
        quantifiable = False
        while self.i < len(p):
            c = p[self.i]
            if self.x and c in " \t\n\r":
                self.i += 1
                continue
            if c == "\\":
                self.i += 1
                out.append(self.escape(False))
                quantifiable = True
            elif c == "[":
                self.i += 1
                out.append(self.char_class())
                quantifiable = True
            elif c == "(":
                self.i += 1
                if p.startswith("?:", self.i):
                    self.i += 2
                    out.append("(?:")
                    stack.append(0)
                elif p.startswith("?", self.i):
                    raise self.fail()
                else:
                    self.opened += 1
                    stack.append(self.opened)
                    out.append("(")
                quantifiable = False
            elif c == ")":
                if not stack:
                    raise self.fail()
                self.closed.add(stack.pop())
                self.i += 1
                out.append(")")
                quantifiable = True
            elif c in "*+?":
                if not quantifiable:
                    raise self.fail()
                self.i += 1
                out.append(c + self.lazy())
                quantifiable = False
            elif c == "{":
                if not quantifiable:
                    raise self.fail()
                end = p.find("}", self.i)
                body = p[self.i + 1 : end].replace(" ", "") if self.x else p[self.i + 1 : end]
                low, comma, high = body.partition(",")
                if end < 0 or not low.isdecimal() or (high and not high.isdecimal()) or (high and int(high) < int(low)):
                    raise self.fail()
                if len(low) > 5 or len(high) > 5:
                    raise self.fail()
                self.i = end + 1
                out.append("{" + low + comma + high + "}" + self.lazy())
                quantifiable = False
            elif c == "|":
                self.i += 1
                out.append("|")
                quantifiable = False
            elif c == ".":
                self.i += 1
                out.append("." if self.s else "[^\\n\\r]")
                quantifiable = True
            elif c == "^":
                self.i += 1
                out.append("(?m:^)" if self.m else "\\A")
                quantifiable = False
            elif c == "$":
                self.i += 1
                out.append("(?m:$)" if self.m else "\\Z")
                quantifiable = False
            elif c in "]}":
                raise self.fail()
            else:
                self.i += 1
                out.append("\\" + c if c in "#&~-/ \t\n\r" or not c.isalnum() and c.isascii() else c)
                quantifiable = True
        if stack:
            raise self.fail()
        return "".join(out)

    def lazy(self) -> str:
        while self.x and self.i < len(self.p) and self.p[self.i] in " \t\n\r":
            self.i += 1
        if self.i < len(self.p) and self.p[self.i] == "?":
            self.i += 1
            return "?"
        return ""

    def escape(self, in_class: bool) -> str:
        p = self.p
        while self.x and not in_class and self.i < len(p) and p[self.i] in " \t\n\r":
            self.i += 1
        if self.i >= len(p):
            raise self.fail()
        c = p[self.i]
        self.i += 1
        if c in "nrt":
            return "\\" + c
        if c in "\\|.?*+(){}-[]^$":
            return "\\" + c
        if c == "s":
            return " \\t\\n\\r" if in_class else "[ \\t\\n\\r]"
        if c == "d":
            return "\\p{Nd}"
        if c == "D":
            return "\\P{Nd}"
        if c in "wWiIcCS":
            body = {
                "w": "^\\p{P}\\p{Z}\\p{C}",
                "W": "\\p{P}\\p{Z}\\p{C}",
                "i": _NAME_START,
                "I": "^" + _NAME_START,
                "c": _NAME_CHAR,
                "C": "^" + _NAME_CHAR,
                "S": "^ \\t\\n\\r",
            }[c]
            return f"[{body}]"
        if c in "pP":
            if self.i >= len(p) or p[self.i] != "{":
                raise self.fail()
            end = p.find("}", self.i)
            if end < 0:
                raise self.fail()
            name = p[self.i + 1 : end]
            if self.x:
                name = "".join(name.split())
            self.i = end + 1
            if name.startswith("Is"):
                if not name[2:].replace("-", "").isalnum():
                    raise self.fail()
                return f"\\{c}{{In{name[2:]}}}"
            if name not in _CATEGORIES:
                raise self.fail()
            return f"\\{c}{{{name}}}"
        if c.isdecimal() and c != "0" and not in_class:
            number = int(c)
            # A further digit belongs to the reference as long as so many groups are there.
            while self.i < len(p) and p[self.i].isdecimal() and number * 10 + int(p[self.i]) <= self.opened:
                number = number * 10 + int(p[self.i])
                self.i += 1
            if number not in self.closed:
                raise self.fail()
            return f"(?:\\{number})"
        raise self.fail()

    def char_class(self) -> str:
        """After `[`: the class, with `-[...]` taking away."""
        p = self.p
        negative = False
        if p.startswith("^", self.i):
            negative = True
            self.i += 1
        parts: list[str] = []
        minus = ""
        first = True
        while True:
            if self.i >= len(p):
                raise self.fail()
            c = p[self.i]
            if c == "]":
                if first:
                    raise self.fail()
                self.i += 1
                break
            if c == "-" and p.startswith("[", self.i + 1):
                if first:
                    raise self.fail()
                self.i += 2
                minus = "--" + self.char_class()
                if self.i >= len(p) or p[self.i] != "]":
                    raise self.fail()
                self.i += 1
                break
            low, single = self.class_char()
            first = False
            if single and p.startswith("-", self.i) and not p.startswith(("-]", "-["), self.i):
                self.i += 1
                high, also = self.class_char()
                if not also or _code(low) > _code(high):
                    raise self.fail()
                parts.append(f"{low}-{high}")
            else:
                parts.append(low)
        body = "".join(parts)
        if minus:
            return f"[[{'^' if negative else ''}{body}]{minus}]"
        return f"[{'^' if negative else ''}{body}]"

    def class_char(self) -> tuple[str, bool]:
        if self.i >= len(self.p):
            raise self.fail()
        c = self.p[self.i]
        if c == "\\":
            self.i += 1
            if self.i < len(self.p) and self.p[self.i].isdecimal():
                raise self.fail()
            escaped = self.escape(True)
            return escaped, len(escaped) == 2 and escaped[1] not in "pP"
        if c == "[":
            raise self.fail()
        self.i += 1
        return ("\\" + c if c in '&~|-^"#' else c), True


def _code(part: str) -> int:
    if len(part) == 2 and part[0] == "\\":
        return {"n": 10, "r": 13, "t": 9}.get(part[1], ord(part[1]))
    return ord(part)


@lru_cache(maxsize=256)
def compiled(pattern: str, flags: str) -> Any:
    """The pattern ready to use. Raises BadPattern where it or the flags are not XPath's."""
    import regex

    if any(flag not in "smixq" for flag in flags):
        raise BadPattern(f"unknown flags {flags!r}")
    if len(pattern) > MAX_PATTERN:
        raise limit("正则表达式太长。", f"The pattern is longer than {MAX_PATTERN} characters.")
    options = regex.V1
    if "i" in flags:
        options |= regex.IGNORECASE
    if "s" in flags:
        options |= regex.DOTALL
    if "q" in flags:
        return regex.compile(regex.escape(pattern), options)
    if pattern.count("{") > 50 or pattern.count("(") > 100:
        raise limit("正则表达式太复杂。", "The pattern is too complex.")
    text = _Rewriter(pattern, flags).rewrite()
    try:
        # XPath compares character by character: ß is not ss, whatever the case.
        return regex.compile("(?-f)" + text if "i" in flags else text, options)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise BadPattern(str(error)) from error


def _too_slow() -> FeelError:
    return limit(
        "正则表达式计算时间太长，已停止。请写得更简单。", "The pattern takes too long and was stopped. Make it simpler."
    )


class _Matching:
    """A pattern at work within the time the evaluation has left for patterns."""

    def __init__(self, run: Run, text: str, pattern: str, flags: str, may_be_empty: bool = False) -> None:
        self.run = run
        key = f"pattern {flags} {pattern}"
        # Making a pattern costs far more than using it.
        run.spend(4 + len(text) // 16 + (0 if key in run.cache else 400 + 4 * len(pattern)))
        run.cache[key] = True
        self.pattern = compiled(pattern, flags)
        if not may_be_empty and self.pattern.fullmatch("", timeout=1) is not None:
            raise BadPattern("the pattern matches nothing at all (FORX0003)")
        if run.pattern_seconds <= 0:
            raise _too_slow()

    def __enter__(self) -> tuple[Any, float]:
        self.started = thread_time()
        return self.pattern, self.run.pattern_seconds

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.run.pattern_seconds -= thread_time() - self.started
        if kind is not None and issubclass(kind, TimeoutError):
            raise _too_slow() from None


def matches(run: Run, text: str, pattern: str, flags: str) -> bool:
    """Whether the pattern is found anywhere in the text."""
    with _Matching(run, text, pattern, flags, True) as (found, seconds):
        return found.search(text, timeout=seconds) is not None


def replace(run: Run, text: str, pattern: str, replacement: str, flags: str) -> str:
    """All matches replaced; `$1` is a group, `$0` the match, `\\$` and `\\\\` the characters themselves."""
    with _Matching(run, text, pattern, flags) as (found, seconds):
        pieces = [replacement] if "q" in flags else _replacement(replacement, found.groups)
        made = 0

        def expand(match: Any) -> str:
            nonlocal made
            text = "".join(piece if isinstance(piece, str) else match[piece] or "" for piece in pieces)
            made += len(text)
            if made > MAX_STRING:
                raise too_long()
            run.spend(2 + (len(text) >> 6))
            return text

        return str(found.sub(expand, text, timeout=seconds))


def split(run: Run, text: str, pattern: str) -> list[str]:
    """The text between the matches."""
    out: list[str] = []
    at = 0
    with _Matching(run, text, pattern, "") as (found, seconds):
        for match in found.finditer(text, timeout=seconds):
            run.spend(4)
            if match.end() == match.start():
                continue
            out.append(text[at : match.start()])
            at = match.end()
    out.append(text[at:])
    return out


def _replacement(text: str, groups: int) -> list[str | int]:
    pieces: list[str | int] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            if text[i + 1 : i + 2] not in ("\\", "$"):
                raise BadPattern("a backslash in the replacement must stand before \\ or $")
            pieces.append(text[i + 1])
            i += 2
        elif c == "$":
            if not text[i + 1 : i + 2].isdecimal():
                raise BadPattern("a $ in the replacement must stand before a digit")
            number = int(text[i + 1])
            i += 2
            while i < len(text) and text[i].isdecimal() and number * 10 + int(text[i]) <= groups:
                number = number * 10 + int(text[i])
                i += 1
            # A group that is not there is nothing (XPath: a zero-length string).
            pieces.append(number if number <= groups else "")
        else:
            pieces.append(c)
            i += 1
    return pieces
