"""The forms of the numbers: of a case (办件编号) and of a paper (文号). Pure: the counters are the database's.

A case number is read out over the telephone, typed from a printed receipt and kept for ever, so it is all digits, shows
where and when it was taken in, and carries a check digit (ISO/IEC 7064, MOD 11,10: every single wrong digit and almost
every swap of neighbours is found).

    350526-20260918-1203-0007-7     region, day received, office, serial of that office and day, check digit
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from stdnum.iso7064 import mod_11_10

from engine.errors import Refused


def check_digit(digits: str) -> str:
    """The check digit of ISO/IEC 7064 MOD 11,10 of a string of digits.

    >>> check_digit("0794")
    '5'
    """
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"Expected digits only, but got {digits!r}")
    return str(mod_11_10.calc_check_digit(digits))


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """A 办件编号 taken apart."""

    region: str  # six digits, GB/T 2260: 350526
    day: date  # the day received, in China
    office: str  # four digits: the code of the office that received
    serial: int  # 1 to 9999 (more digits when a day has more), without gaps for an office and day

    @property
    def digits(self) -> str:
        return f"{self.region}{self.day:%Y%m%d}{self.office}{self.serial:04d}"

    def __str__(self) -> str:
        return f"{self.region}-{self.day:%Y%m%d}-{self.office}-{self.serial:04d}-{check_digit(self.digits)}"


def case_number(region: str, day: date, office: str, serial: int) -> str:
    """The printed form of a case number; ValueError when a part has another shape.

    >>> case_number("350526", date(2026, 9, 18), "1203", 7)
    '350526-20260918-1203-0007-7'
    """
    if not re.fullmatch(r"[0-9]{6}", region):
        raise ValueError(f"Expected a region code of six digits, but got {region!r}")
    if not re.fullmatch(r"[0-9]{4}", office):
        raise ValueError(f"Expected an office code of four digits, but got {office!r}")
    if serial < 1:
        raise ValueError(f"Expected a serial from 1 up, but got {serial}")
    return str(CaseNumber(region, day, office, serial))


#: What people type for a hyphen and for digits: full-width forms, spaces, dots, Chinese dashes.
_TYPED = str.maketrans({**{chr(0xFF10 + n): str(n) for n in range(10)}, **dict.fromkeys(" \u3000\t.-－–—_/／·")})


def read_case_number(typed: str) -> CaseNumber:
    """A case number as a person typed it; Refused (with what to do) when it cannot be one.

    >>> read_case_number("350526 20260918 1203 0007 7").serial
    7
    """
    digits = typed.translate(_TYPED)
    found = re.fullmatch(r"([0-9]{6})([0-9]{8})([0-9]{4})([0-9]{4,})([0-9])", digits)
    if not found:
        raise Refused(
            "办件编号应为 23 位数字，例如 350526-20260918-1203-0007-7。请对照收件凭证重新输入。",
            "Expected a case number of 23 digits such as 350526-20260918-1203-0007-7. Please copy it from the receipt.",
        )
    region, day, office, serial, check = found.groups()
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        on = None
    if on is None or check_digit(digits[:-1]) != check:
        raise Refused(
            "办件编号有误：校验位不符，可能有一位数字输错或前后颠倒。请对照收件凭证重新输入。",
            "The case number's check digit does not fit: a digit may be wrong or swapped. Please copy it again.",
        )
    return CaseNumber(region, on, office, int(serial))


def paper_number(prefix: str, year: int, n: int) -> str:
    """A 文号 as GB/T 9704 writes it: full year in 〔〕, no 第, no leading zero.

    >>> paper_number("德医保受", 2026, 5)
    '德医保受〔2026〕5号'
    """
    if not prefix or year < 1000 or n < 1:
        raise ValueError(f"Expected a prefix, a full year and a number from 1 up, but got {prefix!r}, {year}, {n}")
    return f"{prefix}〔{year}〕{n}号"


def mediation_number(prefix: str, year: int, n: int, series: str = "人调") -> str:
    """The number of a paper of people's mediation: the Ministry's forms write the year first.

    >>> mediation_number("德浔富", 2026, 5)
    '（2026）德浔富人调字第5号'
    """
    if not prefix or year < 1000 or n < 1 or not series.startswith("人调"):
        raise ValueError(
            f"Expected a prefix, a full year, a number from 1 up, 人调…: {prefix!r}, {year}, {n}, {series!r}"
        )
    return f"（{year}）{prefix}{series}字第{n}号"


def read_paper_number(text: str) -> tuple[str, int, int]:
    """(prefix, year, n) of a 文号 of either form; ValueError when it is neither.

    >>> read_paper_number("德医保受〔2026〕5号")
    ('德医保受', 2026, 5)
    """
    plain = re.fullmatch(r"(.+)〔([0-9]{4})〕([1-9][0-9]*)号", text)
    if plain:
        return plain[1], int(plain[2]), int(plain[3])
    mediation = re.fullmatch(r"（([0-9]{4})）(.+)人调.?字第([1-9][0-9]*)号", text)
    if mediation:
        return mediation[2], int(mediation[1]), int(mediation[3])
    raise ValueError(f"Expected a paper number such as 德医保受〔2026〕5号, but got {text!r}")
