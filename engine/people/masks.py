"""How a person is shown when nothing more is needed: 张*三, 138****0000, 3505**********1234. Pure."""

from __future__ import annotations


def name(text: str) -> str:
    """
    >>> [name(n) for n in ("张三", "张小三", "欧阳小三", "王", "")]
    ['张*', '张*三', '欧**三', '王', '']
    """
    if len(text) <= 1:
        return text
    if len(text) == 2:
        return text[0] + "*"
    return text[0] + "*" * (len(text) - 2) + text[-1]


def phone(text: str | None) -> str:
    """
    >>> phone("13800000000"), phone("0595-23521234"), phone(None)
    ('138****0000', '059******1234', '')
    """
    if not text:
        return ""
    return text[:3] + "*" * max(len(text) - 7, 4) + text[-4:]


def id_number(text: str | None) -> str:
    """
    A passport has half the places: as much shown of it would hide next to nothing.

    >>> id_number("350526196001011234"), id_number("E12345678"), id_number(None)
    ('3505**********1234', 'E******78', '')
    """
    if not text:
        return ""
    if len(text) < 15:
        return text[:1] + "*" * max(len(text) - 3, 4) + text[-2:]
    return text[:4] + "*" * max(len(text) - 8, 4) + text[-4:]
