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
    found = number(text)
    if found is None or mobile(text):
        return True  # what is no number fails at the gateway, where an operator sees it
    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(found) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.UNKNOWN)


def name(text: str) -> str:
    """A name as it is compared: spaces, capitals and the kind of dot and apostrophe do not count.

    >>> name("阿依古丽．托合提") == name("阿依古丽・ 托合提") == name("阿依古丽·托合提")
    True
    """
    return _DOT.sub(DOTS[0], close(text)).replace("’", "'").replace("‘", "'")


#: kind of a blind index -> the writing it is made of.
WRITINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"id": identity, "phone": telephone, "name": name},
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
