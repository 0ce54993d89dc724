"""Finding what somebody means by what they type: a matter, or what is done elsewhere.

    finder = Finder([Thing("shitang", ("长者食堂用餐登记",), ("吃饭", "午餐"), "登记一次，就可以订午餐"), …])
    finder.find("老人吃饭去哪里")     # [Hit(thing, score, "吃饭")], the best first
    finder.find("chifan"); finder.find("cf"); finder.find("吃番")

What is typed is compared by its characters, then by its sound: pinyin, first letters of pinyin, a letter or a syllable
amiss, sounds that are one in the south (zh and z, l and n, ang and an). Nothing is guessed from less than half of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

#: How many are told at most.
MOST = 12
#: Less likely than this is not told at all; and nothing that is so much less likely than the best.
LEAST, SHARE = 3.0, 0.5
#: Of a number that is typed, 12345: fewer are in too many.
FEWEST_DIGITS = 3
#: What people say around what they mean, at its ends.
_AROUND = (
    *("请问", "我想", "我要", "想要", "要去", "怎么办理", "怎么办", "怎么弄", "怎么", "如何", "哪里能", "在哪里"),
    *("在哪儿", "在哪", "去哪里", "去哪儿", "去哪", "哪里", "哪儿", "办理", "申请", "咨询", "一下", "可以", "能不能"),
    *("需要", "帮我", "要带什么", "带什么", "找谁", "给谁", "打什么电话", "多少钱", "吗", "呢", "啊", "呀", "了", "的"),
    *("想", "要"),
)
_APART = re.compile(r"[\s，。、；：！？（）()“”\"'·…,.;:!?/|-]+")
_LETTERS = re.compile(r"[a-z]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Thing:
    """What can be found."""

    key: str
    names: tuple[str, ...]  # how it is called, in each language
    words: tuple[str, ...]  # how people call it
    text: str = ""  # a sentence about it


@dataclass(frozen=True, slots=True)
class Hit:
    """One that was found: how likely it is meant (10: its very name), and by which of its words."""

    thing: Thing
    score: float
    by: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a thing, with its sound."""

    text: str
    pairs: frozenset[str]
    sound: tuple[str, ...]  # its syllables, as the south hears them
    whole: str  # its pinyin in one, as it is typed
    first: str  # the first letters


def said(text: str) -> str:
    """What somebody typed, without signs and what one says around it.

    >>> said(" 请问，老人吃饭去哪里？")
    '老人吃饭'
    """
    bare = _APART.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    bare = bare.replace(" ", "") if _CHINESE.search(bare) else bare
    while True:
        for one in _AROUND:
            if bare.startswith(one) and len(bare) - len(one) >= 2:
                bare = bare[len(one) :]
                break
            if bare.endswith(one) and len(bare) - len(one) >= 2:
                bare = bare[: -len(one)]
                break
        else:
            return bare


@lru_cache(maxsize=8192)
def _syllables(text: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin  # its tables take a moment to read, which only who searches waits for

    found: list[str] = []
    for one in lazy_pinyin(text):
        found += _LETTERS.findall(one.casefold().replace("ü", "v"))
    return tuple(found)


def _heard(syllable: str) -> str:
    """One for those that are one in the south of the country.

    >>> _heard("zhang"), _heard("lin")
    ('zan', 'nin')
    """
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    if syllable[0] == "l":
        syllable = "n" + syllable[1:]
    return syllable[:-1] if syllable.endswith(("ang", "eng", "ing")) else syllable


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def _word(text: str) -> _Word:
    bare = _APART.sub("", unicodedata.normalize("NFKC", text).casefold())
    sounds = _syllables(bare) if _CHINESE.search(bare) else ()
    return _Word(
        bare, _pairs(bare), tuple(map(_heard, sounds)), "".join(sounds), "".join(one[0] for one in sounds if one)
    )


def _parts(name: str) -> list[str]:
    """A name and its parts: 说事评理（人民调解）."""
    parts = [part for part in _APART.split(name) if len(part) >= 2 and _CHINESE.search(part)]
    return list(dict.fromkeys([name, *parts]))


def near(one: Sequence[str], other: Sequence[str], most: int) -> bool:
    """Whether at most so many of them are amiss: another, one too many or too few, or two neighbours the wrong way.

    >>> near("yibao", "yiboa", 1), near("yibao", "yibo", 1), near("yibao", "canji", 1)
    (True, True, False)
    """
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > most:
            return False
    return row[-1] <= most


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for, with its sound."""

    text: str
    pairs: frozenset[str]
    sound: tuple[str, ...]
    letters: str  # it is letters alone: pinyin, first letters or English


def _asked(query: str) -> _Asked:
    text = said(query)
    chinese = bool(_CHINESE.search(text))
    letters = "" if chinese else "".join(_LETTERS.findall(text))
    return _Asked(text, _pairs(text), tuple(map(_heard, _syllables(text))) if chinese else (), letters)


def _by_characters(q: _Asked, w: _Word) -> float:
    if q.text == w.text:
        return 10.0
    if len(w.text) >= 2 and w.text in q.text:
        return 5.0 + 3.0 * len(w.text) / len(q.text)
    if len(q.text) >= 2 and q.text in w.text:
        return 5.0 + 3.0 * len(q.text) / len(w.text)
    if len(q.text) == 1:
        return 3.5 if q.text in w.text else 0.0
    if len(w.text) >= 3 and _in_order(w.text, q.text):
        return 4.5
    share = len(q.pairs & w.pairs) / len(q.pairs) if q.pairs else 0.0
    return 2.0 + 3.0 * share if share >= 0.5 else 0.0


def _in_order(short: str, long: str) -> bool:
    """Whether the characters of the one stand in the other in this order: 下班办 in 下班以后能办."""
    rest = iter(long)
    return all(one in rest for one in short)


def _by_sound(q: _Asked, w: _Word) -> float:
    """Other characters that are said the same, or one syllable amiss."""
    if len(q.sound) < 2 or len(w.sound) < 2:
        return 0.0
    if q.sound == w.sound:
        return 7.0
    n = len(w.sound)
    if n >= 3 and any(q.sound[i : i + n] == w.sound for i in range(len(q.sound) - n + 1)):
        return 4.0 + 2.0 * n / len(q.sound)
    m = len(q.sound)
    if m >= 3 and any(w.sound[i : i + m] == q.sound for i in range(n - m + 1)):
        return 4.0 + 2.0 * m / n
    return 4.0 if min(n, m) >= 4 and near(q.sound, w.sound, 1) else 0.0


def _by_letters(q: _Asked, w: _Word) -> float:
    """Pinyin, first letters, or an English word."""
    typed = q.letters
    if not w.whole:
        return 8.0 if typed == w.text else 6.0 if len(typed) >= 3 and typed in w.text else 0.0
    if typed == w.whole:
        return 9.0
    if typed == w.first:
        return 8.0 if len(typed) >= 2 else 0.0
    if len(typed) >= 3 and w.whole.startswith(typed):
        return 5.0 + 2.0 * len(typed) / len(w.whole)
    if len(typed) >= 3 and w.first.startswith(typed):
        return 5.0
    if len(w.whole) >= 5 and w.whole in typed:
        return 4.0 + 2.0 * len(w.whole) / len(typed)
    if len(typed) >= 5 and near(typed, w.whole, 1 if len(typed) < 9 else 2):
        return 4.5
    return 0.0


class Finder:
    """Looks among these things; made once, asked often."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._things = [
            (
                one,
                tuple(dict.fromkeys(_word(part) for name in one.names for part in _parts(name))),
                tuple(dict.fromkeys(_word(word) for word in one.words)),
                one.text.casefold(),
            )
            for one in things
        ]

    def find(self, query: str) -> list[Hit]:
        """What is meant, the likeliest first; nothing when nothing is."""
        q = _asked(query)
        if not q.text or (q.text.isdecimal() and len(q.text) < FEWEST_DIGITS):
            return []
        hits = []
        for thing, names, words, text in self._things:
            score, by = self._score(q, names, words, text)
            if score >= LEAST:
                hits.append(Hit(thing, score, by))
        hits.sort(key=lambda hit: -hit.score)  # of two alike, the one that was named first
        least = hits[0].score * SHARE if hits else 0.0
        return [hit for hit in hits if hit.score >= least][:MOST]

    def _score(self, q: _Asked, names: tuple[_Word, ...], words: tuple[_Word, ...], text: str) -> tuple[float, str]:
        found: list[tuple[float, str]] = []
        for word in (*names, *words):
            one = _by_letters(q, word) if q.letters else max(_by_characters(q, word), _by_sound(q, word))
            if one:
                found.append((one, word.text))
        if not q.letters and len(q.text) >= 2 and q.text in text:
            found.append((4.0, q.text))
        if not found:
            return 0.0, ""
        best, by = max(found)
        if q.letters:
            return best, by
        # of two that have one word of it, the one that has the others too
        covered = {i for i in range(len(q.text) - 1) if any(q.text[i : i + 2] in w.text for w in (*names, *words))}
        rest = {i for i in range(len(q.text) - 1) if q.text[i : i + 2] in text} - covered
        share = (len(covered) + 0.5 * len(rest)) / max(len(q.text) - 1, 1)
        return best + 2.0 * share, by
