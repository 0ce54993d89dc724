"""How long a matter keeps personal data: not longer than it promised people, not shorter than it must answer for."""

from __future__ import annotations

import re

from engine.findings import meant
from engine.matters import keeping
from engine.matters.gate.reading import Reading

#: 保存三年, 保存 10 年: what people are told when they consent.
_PROMISED = re.compile(r"(?:保存|保留|保管)(?:期限?)?(?:为)?\s*([0-9]{1,3}|[一二三四五六七八九十]{1,3})\s*年")
_DIGITS = {zh: n for n, zh in enumerate("一二三四五六七八九", 1)}


def check(reading: Reading) -> None:
    info = reading.info
    if info is None:
        return
    kept = info.retention
    known = [one.id for one in info.basis if one.id]
    if kept.basis and kept.basis not in known:
        zh, en = meant(kept.basis, known, 40)
        reading.of_matter(
            "retention",
            f"retention 的依据“{kept.basis}”不在 basis 里。{zh}",
            f'The basis of retention, "{kept.basis}", is none of basis. {en}',
            "retention",
            "basis",
        )
    promised = _promised(info.apply.consent)
    if promised is not None and (kept.years == "permanent" or kept.years > promised):
        years_zh = "永久" if kept.years == "permanent" else f"{kept.years} 年"
        reading.of_matter(
            "retention",
            f"同意书说保存 {promised} 年，retention 却是{years_zh}。请写 retention: {promised}，或改同意书。",
            f"The consent says {promised} years, but retention is {kept.years}. Write retention: {promised}, or mend "
            "the consent.",
            *(("retention",) if "retention" in info.model_fields_set else ("apply", "consent")),
        )
    least = keeping.house().answerable
    decides = any(
        any(path.startswith("remedies.") for path in reading.kinds[kind].required) and info.tells_remedy(kind)
        for kind in info.papers
        if kind in reading.kinds
    )
    if decides and kept.years != "permanent" and kept.years < least:
        reading.of_matter(
            "retention",
            f"这个事项作出可以起诉的决定，{least} 年内都可能要说明理由（行政诉讼法 46），"
            f"retention 却只有 {kept.years} 年。",
            f"It makes decisions that may be sued for within {least} years, but retention is {kept.years}.",
            "retention",
        )


def _promised(consent: str) -> int | None:
    """How many years a sentence says.

    >>> _promised("登记资料保存三年。"), _promised("保存 15 年"), _promised("保存十年"), _promised("办完就删")
    (3, 15, 10, None)
    """
    found = _PROMISED.search(consent)
    if found is None:
        return None
    said = found[1]
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return _DIGITS.get(said)
    return (_DIGITS.get(tens, 1) * 10) + _DIGITS.get(ones, 0)
