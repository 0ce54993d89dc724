"""One writing for what people write in many: identity documents, telephones, names.

What a form keeps and what a blind index is made of both go through here, so that what was stored in one writing is
found in every other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

import phonenumbers

from engine.forms import letters

#: What stands between the parts of a name of several parts. The first is the one of GB/T 15834 and the registers.
DOTS = "·•‧∙⋅・᛫●⸱."
_DOT = re.compile(f"[{re.escape(DOTS)}]")
#: Typed for the X that ends an identity number by who does not find the letter.
_CROSSES = str.maketrans("×Х✕✖", "XXXX")
_MOBILE = re.compile(r"1[3-9]\d{9}")


def narrow(text: str) -> str:
    """Full-width letters and digits as narrow ones; nothing that cannot be seen (a pasted number brings marks of
    direction and joiners along)."""
    narrow = unicodedata.normalize("NFKC", letters.seen(text))
    return "".join(c for c in narrow if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))


def close(text: str) -> str:
    """The same without any space, and in capitals."""
    return "".join(narrow(text).upper().split())


def identity(text: str) -> str:
    """A document's number without the spaces and dashes that group it.

    >>> identity("３５０５２６ 19600101－100x")
    '35052619600101100X'
    """
    grouped = close(text).translate(_CROSSES)
    return "".join(c for c in grouped if unicodedata.category(c) != "Pd")


def number(text: str) -> phonenumbers.PhoneNumber | None:
    """The telephone number that was meant, seen from China; None: it is none."""
    try:
        found = phonenumbers.parse(narrow(text), "CN")
    except phonenumbers.NumberParseException:
        return None
    # A country may open new ranges before the library knows them: what has a mobile's eleven places is one.
    known = phonenumbers.is_valid_number(found) or (
        found.country_code == 86 and _MOBILE.fullmatch(str(found.national_number)) is not None
    )
    return found if known else None


def telephone(text: str) -> str:
    """A mobile number as its 11 digits, a fixed line as 区号-号码, one of another country with its +; what is no
    number stays as it was.

    >>> [telephone(n) for n in ("(+86) 138-0000-0001", "００８６13800000001", "059523551234", "+852 2123 4567", "x 1")]
    ['13800000001', '13800000001', '0595-23551234', '+85221234567', 'X1']
    """
    if _MOBILE.fullmatch(text):  # as nearly all are written: there is nothing to find out
        return text
    found = number(text)
    if found is None:
        return close(text)
    if found.country_code != 86:
        return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    if _MOBILE.fullmatch(str(found.national_number)):
        return str(found.national_number)
    national = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.NATIONAL)
    return national.replace(" ", "-", 1).replace(" ", "")


def mobile(text: str) -> bool:
    """Whether this is a mainland mobile number."""
    return _MOBILE.fullmatch(telephone(text)) is not None


def takes_texts(text: str) -> bool:
    """Whether a text message can arrive: not at a fixed line, nor at a 400 or 800 number."""
    if mobile(text):
        return True
    found = number(text)
    if found is None:
        return True  # what is no number fails at the gateway, where an operator sees it
    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(found) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.UNKNOWN)


def name(text: str) -> str:
    """A name as it is compared: spaces, capitals and the kind of dot and apostrophe do not count.

    >>> name("阿依古丽．托合提") == name("阿依古丽・ 托合提") == name("阿依古丽·托合提")
    True
    """
    return _DOT.sub(DOTS[0], close(text)).replace("’", "'").replace("‘", "'")


#: Surnames of two characters: those of 百家姓, and what else is borne today.
DOUBLE = frozenset(
    """
    万俟 司马 上官 欧阳 夏侯 诸葛 闻人 东方 赫连 皇甫 尉迟 公羊 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 公孙 仲孙
    轩辕 令狐 钟离 宇文 长孙 慕容 鲜于 闾丘 司徒 司空 亓官 司寇 子车 颛孙 端木 巫马 公西 漆雕 乐正 壤驷 公良 拓跋
    夹谷 宰父 谷梁 段干 百里 东郭 南门 呼延 羊舌 微生 梁丘 左丘 东门 西门 南宫 第五 独孤 纳兰 完颜 叶赫 那拉 爱新觉罗
    """.split()  # noqa: SIM905
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


def surname(text: str) -> str:
    """What stands first in a name, by which people are asked for: the surname; of a name of parts its first part.

    >>> [surname(n) for n in ("张三丰", "欧阳小三", "欧", "阿依古丽·托合提", "SMITH, John", "")]
    ['张', '欧阳', '欧', '阿依古丽', 'SMITH', '']
    """
    parts = re.split(rf"[\s,，{re.escape(DOTS)}]+", narrow(text).strip())
    if not _HAN.match(parts[0]) or (len(parts) > 1 and _DOT.search(narrow(text))):
        return name(parts[0])
    whole = name(text)
    return next((whole[:n] for n in (4, 2) if whole[:n] in DOUBLE), whole[:1])


#: kind of a blind index -> the writing it is made of.
WRITINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"id": identity, "phone": telephone, "name": name, "surname": name},
)


def compared(kind: str, text: str) -> str:
    """The one writing of a value of this kind."""
    return WRITINGS.get(kind, close)(text)


def earlier(kind: str, text: str) -> tuple[str, ...]:
    """Writings under which rows of before 2026-12 may be indexed: as typed, with whichever dot."""
    typed = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if kind != "name" or not _DOT.search(typed):
        return (typed,)
    return (typed, *(_DOT.sub(dot, typed) for dot in DOTS))
