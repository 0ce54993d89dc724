"""Which password may be set: long enough, and not one that a guesser tries first (NIST SP 800-63B, 5.1.1).

No rule asks for capitals or signs: they make people write P@ssw0rd1. What is refused is what is known to be tried: the
common ones (common_passwords.txt), rows of keys, numbers alone, a name with a birthday, one's own name, number,
telephone. A sentence of some words in any writing is welcome.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import FieldError, Invalid

LEAST, MOST = 10, 128
#: Shorter words of the list say nothing of what else is in a password.
LEAST_CORE = 4
#: Numbers alone: ten of them are a telephone or a birthday, and tried in seconds.
LEAST_DIGITS = 16

_LINES = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_ROWS = (*_LINES, *(line[::-1] for line in _LINES))
#: Letters that are written as signs.
_SIGNS = str.maketrans({"@": "a", "0": "o", "$": "s", "1": "l", "3": "e", "!": "i", "5": "s", "7": "t"})
_NOT_LETTERS = re.compile(r"[\W\d_]+")

#: Syllables of pinyin: beginning -> what may follow.
_SYLLABLES = {
    "": "a ai an ang ao e ei en er o ou yi ya yan yang yao ye yin ying yo yong you yu yuan yue yun wu wa wai wan wang "
    "wei wen weng wo",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo v ve",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
}
_PINYIN = "|".join(
    sorted((a + b for a, ends in _SYLLABLES.items() for b in ends.split()), key=lambda one: (-len(one), one))
)
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = rf"(?:{_YEAR}{_MONTH}{_DAY}|\d\d{_MONTH}{_DAY}|{_YEAR}{_MONTH}?|{_MONTH}{_DAY})"
_BETWEEN = r"[\W_]*"
#: A name in pinyin, or its first letters, and a day: in whichever order, with signs between.
_NAME = rf"(?:(?:{_PINYIN})(?:{_BETWEEN}(?:{_PINYIN})){{0,3}}|[a-z]{{1,4}})"
_NAMED_DAY = re.compile(rf"{_NAME}{_BETWEEN}{_DATE}{_BETWEEN}|{_DATE}{_BETWEEN}{_NAME}{_BETWEEN}")
_PHONE = re.compile(r"[a-z]{0,4}[\W_]*1[3-9]\d{9}[\W_]*[a-z]{0,4}")


@dataclass(frozen=True, slots=True)
class Whose:
    """What a guesser knows of the person."""

    login: str = ""
    name: str = ""
    phone: str = ""
    id_number: str = ""


def narrow(password: str) -> str:
    """One writing of a password, whatever keyboard it was typed on (NIST SP 800-63B: NFKC before it is hashed)."""
    return unicodedata.normalize("NFKC", password)


def check(password: str, whose: Whose, *, field: str = "password") -> None:
    """Invalid by the field when it is too short, or one that is tried first."""
    found = wrong(narrow(password), whose)
    if found is not None:
        raise Invalid([FieldError(field, "新密码", *found)])


def wrong(password: str, whose: Whose) -> tuple[str, str] | None:
    """What is wrong with it, in Chinese and English; None: it may be set.

    >>> wrong("海边的三条小船2", Whose()), wrong("kettle moss arbor", Whose())
    (None, None)
    >>> wrong("woaini1314", Whose())[1]
    'This password is one of the most common: it is tried first. Choose another.'
    """
    if len(password) < LEAST and not _long_in_han(password):
        return (
            f"密码至少 {LEAST} 位（汉字一个算两位），可以是一句只有您知道的话。",
            f"Expected at least {LEAST} characters: a sentence that only you know will do.",
        )
    if len(password) > MOST:
        return f"密码最多 {MOST} 位。", f"Expected at most {MOST} characters."
    low = password.strip().lower()
    own = _own(low, whose)
    if own is not None:
        return own
    if low.isdigit() and len(low) < LEAST_DIGITS:
        return (
            f"只有数字的密码太容易被猜到：请加上文字，或者至少 {LEAST_DIGITS} 位。",
            f"Numbers alone are guessed: add words, or give at least {LEAST_DIGITS}.",
        )
    if _common(low):
        return (
            "这个密码太常见，别人最先试的就是它。请换一个。",
            "This password is one of the most common: it is tried first. Choose another.",
        )
    if _PHONE.fullmatch(low) or _NAMED_DAY.fullmatch(low):
        return (
            "姓名拼音加生日、加手机号的密码很容易被猜到。请换一个。",
            "A name with a birthday or a telephone is guessed easily. Choose another.",
        )
    if _repeats(low) or _walks(low):
        return (
            "重复的字符、键盘上连着的键很容易被猜到。请换一个。",
            "Repeated characters and rows of keys are guessed easily. Choose another.",
        )
    return None


def _long_in_han(password: str) -> bool:
    """One of the tens of thousands of Chinese characters says more than one of sixty letters and digits."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in password) >= LEAST


def _own(low: str, whose: Whose) -> tuple[str, str] | None:
    born = whose.id_number[6:14]
    parts = (
        (whose.login.lower() if len(whose.login) >= 3 else "", "用户名", "log-in name"),
        (whose.name.lower() if len(whose.name) >= 2 else "", "姓名", "name"),
        (whose.phone[-8:], "手机号", "telephone"),
        (born, "出生日期", "day of birth"),
        (whose.id_number[-6:].lower(), "身份证号", "identity number"),
    )
    for part, zh, en in parts:
        if part and part in low:
            return f"密码里不要有自己的{zh}。", f"Expected a password without your {en}."
    return None


def _common(low: str) -> bool:
    """In the list; or what is left of it without the numbers and signs around it, or with letters for signs, is."""
    known = _known()
    if low in known or low.translate(_SIGNS) in known:
        return True
    core = low.strip("0123456789!@#$%^&*()_+-=.?,~ ")
    # Of a word with decoration, the word is most of what there is to guess.
    cores = (core, core.translate(_SIGNS), _NOT_LETTERS.sub("", low))
    return any(len(one) >= LEAST_CORE and one in known for one in cores)


def _repeats(low: str) -> bool:
    if len(set(low)) < 5:
        return True
    return any(low == (low[:n] * len(low))[: len(low)] for n in range(1, len(low) // 2 + 1))


def _walks(low: str) -> bool:
    """Nothing but rows of neighbouring keys: at least four in each."""
    at = 0
    while at < len(low):
        length = next(
            (n for n in range(len(low) - at, 3, -1) if any(low[at : at + n] in row for row in _ROWS)),
            0,
        )
        if not length:
            return False
        at += length
    return True


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())
