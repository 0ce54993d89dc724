"""Checks of well-known numbers, named in a field's custom property `check`.

    {"type": "textfield", "key": "id_number", "properties": {"check": "cn-id"}}

The algorithms are the library python-stdnum's (GB 11643, GB 32100, ISO 7812) and phonenumbers'.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import isbn, luhn, numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidComponent, ValidationError

from engine.forms import written


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a value does not fit, and what to do."""

    zh: str
    en: str


#: A passport, a travel permit, the permanent residence card of before 2023: letters and digits. A lone X at the end is
#: of an identity number that lost places. Of a passport all in digits the nation's letters are asked for, so that a
#: date of birth or half an identity number is not taken for one.
_OTHER_DOCUMENT = re.compile(r"(?=.*(?:[A-WYZ]|X.))(?=(?:.*[0-9]){4})[A-Z0-9]{6,15}")
#: First places of who has an 18-place number but no area on the mainland: residence permits of Hong Kong, Macao and
#: Taiwan (2018). The permanent residence card (2023) begins with 9, then province, and the nation's three digits.
_PERMITS = ("81", "82", "83")


def _cn_id(text: str) -> str | Wrong:
    """公民身份号码 (GB 11643): 18 characters: area, birth date, serial, check digit. So are the numbers of residence
    permits (81, 82, 83) and of the permanent residence card (9…). A passport or travel permit is taken as it is
    written: nobody is sent away for having no number of ours.

    The library's own `validate` is not used whole: it asks that the area's code existed in the year of birth, but
    numbers were first given out in the 1980s, with the codes of that day, to people of every age. It would send
    away everybody in Dehua born before 1985.
    """
    number = written.identity(text)
    if _OTHER_DOCUMENT.fullmatch(number):
        return number
    if len(number) != 18:
        return Wrong(
            f"身份证号码应为18位，现在是{len(number)}位。请对照身份证核对；用护照、通行证的，填证件上的字母和数字，"
            "全是数字的前面加国籍，例如 GBR123456789。",
            f"An ID number has 18 characters, this has {len(number)}. Check it against the card; of a passport or "
            "permit, enter its letters and digits; where it has digits alone, put the nation before: GBR123456789.",
        )
    try:
        if not (number[:17].isascii() and number[:17].isdigit() and number[17] in "0123456789X"):
            raise InvalidComponent
        ric.get_birth_date(number)
        area = number[1:3] if number[0] == "9" else number[:2]
        if area not in _PERMITS and not any(properties for _, properties in numdb.get("cn/loc").info(area)):
            raise InvalidComponent
    except ValidationError:
        return Wrong(
            "身份证号码不对：地区、出生日期或字符有误。请对照身份证核对。",
            "This is not an ID number: its area, birth date or characters are wrong. Check it against the card.",
        )
    if number[17] != ric.calc_check_digit(number):
        return Wrong(
            "身份证号码的最后一位（校验码）对不上，可能有一位输错了。请对照身份证核对。",
            "The last character of the ID number does not fit the others: one of them may be mistyped.",
        )
    return number


def _uscc(text: str) -> str | Wrong:
    """统一社会信用代码 (GB 32100): 18 characters with a check character."""
    try:
        return str(uscc.validate(written.identity(text)))
    except ValidationError:
        return Wrong(
            "统一社会信用代码不对，应为18位。请对照营业执照核对。",
            "This is not a unified social credit code (18 characters). Check it against the licence.",
        )


def _bank_card(text: str) -> str | Wrong:
    """Bank card number (ISO 7812): 12 to 19 digits with a Luhn check digit."""
    digits = written.identity(text)
    if digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and luhn.is_valid(digits):
        return digits
    return Wrong("银行卡号不对。请对照卡面数字核对。", "This is not a bank card number. Check it against the card.")


def _isbn(text: str) -> str | Wrong:
    """International book number (ISO 2108): 13 digits with their check digit; ten are written as thirteen."""
    digits = written.identity(text).replace("-", "").replace(" ", "")
    if isbn.is_valid(digits):
        return str(isbn.to_isbn13(digits).replace("-", ""))
    return Wrong(
        "书号（ISBN）不对，应为 13 位数字，印在封底条码下面。",
        "This is not an ISBN: 13 digits, printed under the bar code on the back.",
    )


def _phone(text: str, mobile: bool) -> str | Wrong:
    number = written.number(text)
    ours = number is not None and number.country_code == 86 and number.extension is None
    if ours and (written.mobile(text) or not mobile):
        return written.telephone(text)
    if mobile:
        return Wrong(
            "手机号码不对，应为11位数字，例如 13800001234。",
            "This is not a mobile number: 11 digits, such as 13800001234.",
        )
    return Wrong(
        "电话号码不对。手机11位，固定电话请带区号，例如 0595-23551234。",
        "This is not a telephone number. A mobile has 11 digits; a fixed line needs its area code.",
    )


def cn_mobile(text: str) -> str | Wrong:
    """Mainland mobile number -> 11 digits."""
    return _phone(text, mobile=True)


def cn_phone(text: str) -> str | Wrong:
    """Mainland mobile or fixed line -> digits (a fixed line with its area code)."""
    return _phone(text, mobile=False)


#: name of the check -> function from text to the normalised text, or why not.
CHECKS: dict[str, Callable[[str], str | Wrong]] = {
    "cn-id": _cn_id,
    "cn-mobile": cn_mobile,
    "cn-phone": cn_phone,
    "uscc": _uscc,
    "bank-card": _bank_card,
    "isbn": _isbn,
}
