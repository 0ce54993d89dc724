"""Papers (文书): rendering, seals, check codes, signatures and numbers. Pure given facts: no database, no clock.

    papers.catalogue() -> list[PaperKind]              kinds, with the facts each needs
    papers.render(template, facts, ...) -> Rendered    facts to PDF, the same bytes every time
    papers.sign(pdf, signer) -> bytes                  PAdES
    papers.validate(pdf, roots, ...) -> Verdict        whether a signed PDF is whole and whose it is
    papers.Press(...)                                  renders and signs in worker processes
    papers.numbers, papers.codes                       办件编号, 文号, 查验码

WeasyPrint and pyHanko are imported when first used, so that a web process that only names papers stays small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.records.papers import codes as codes
    from engine.records.papers import numbers as numbers
    from engine.records.papers.kinds import (
        BadPaper,
        Library,
        MissingFacts,
        PaperKind,
        catalogue,
        library,
        read,
    )
    from engine.records.papers.pages import ForbiddenResource, MissingGlyph, Rendered, compose, render, warm
    from engine.records.papers.seals import Seal

_HOMES = {
    "kinds": ("BadPaper", "Library", "MissingFacts", "PaperKind", "catalogue", "library", "read"),
    "pages": ("Composed", "ForbiddenResource", "MissingGlyph", "Rendered", "compose", "render", "warm"),
    "seals": ("Seal",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BadPaper",
    "ForbiddenResource",
    "Library",
    "MissingFacts",
    "MissingGlyph",
    "PaperKind",
    "Rendered",
    "Seal",
    "catalogue",
    "codes",
    "compose",
    "library",
    "numbers",
    "read",
    "render",
    "warm",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("codes", "numbers"):
        return importlib.import_module(f"engine.records.papers.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"engine.records.papers.{_HOME[name]}"), name)
    raise AttributeError(name)
