"""The order in which people look for a name: by how it is said."""

from __future__ import annotations


def by_sound(text: str) -> bytes:
    """A key that puts Chinese names in the order of their pinyin: GB 2312 lists its common characters so, and GB 18030
    keeps that order. Letters and digits stand before them; a rare character after.

    >>> sorted(["长者午餐", "百姓书屋", "聚会房", "顺风车", "A 室"], key=by_sound)
    ['A 室', '百姓书屋', '长者午餐', '聚会房', '顺风车']
    """
    return text.casefold().encode("gb18030")
