"""Papers (文书): rendering, seals, check codes, signatures and numbers. Pure given facts: no database, no clock.

    papers.catalogue() -> list[PaperKind]              kinds, with the facts each needs
    papers.check(text, file) -> list[Finding]          what is wrong with a paper file, before anybody needs it
    papers.render(template, facts, ...) -> Rendered    facts to PDF, the same bytes every time
    papers.sign(pdf, identity, now=...) -> bytes       PAdES
    papers.validate(pdf, roots, now=...) -> Verdict    whether a signed PDF is whole and whose it is
    papers.Press(...).render(Job(...)) -> Made         renders and signs in worker processes
    papers.numbers, papers.codes                       办件编号, 文号, 查验码

WeasyPrint and pyHanko are imported when first used, so that a web process that only names papers stays small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.records.papers import codes as codes
    from engine.records.papers import numbers as numbers
    from engine.records.papers.checking import check
    from engine.records.papers.kinds import (
        BadPaper,
        Library,
        MissingFacts,
        PaperKind,
        catalogue,
        folder,
        library,
        read,
        use,
        using,
    )
    from engine.records.papers.pages import (
        Composed,
        ForbiddenResource,
        MissingGlyph,
        Rendered,
        as_page,
        compose,
        ready,
        render,
        warm,
    )
    from engine.records.papers.seals import Seal
    from engine.records.papers.signing import Identity, Verdict, demo_identity, sign, validate
    from engine.records.papers.workers import Job, Made, Press, PressFailed

_HOMES = {
    "checking": ("check",),
    "kinds": (
        "BadPaper",
        "Library",
        "MissingFacts",
        "PaperKind",
        "catalogue",
        "folder",
        "library",
        "read",
        "use",
        "using",
    ),
    "pages": (
        "Composed",
        "ForbiddenResource",
        "MissingGlyph",
        "Rendered",
        "as_page",
        "compose",
        "ready",
        "render",
        "warm",
    ),
    "seals": ("Seal",),
    "signing": ("Identity", "Verdict", "demo_identity", "sign", "validate"),
    "workers": ("Job", "Made", "Press", "PressFailed"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BadPaper",
    "Composed",
    "ForbiddenResource",
    "Identity",
    "Job",
    "Library",
    "Made",
    "MissingFacts",
    "MissingGlyph",
    "PaperKind",
    "Press",
    "PressFailed",
    "Rendered",
    "Seal",
    "Verdict",
    "as_page",
    "catalogue",
    "check",
    "codes",
    "compose",
    "demo_identity",
    "folder",
    "library",
    "numbers",
    "read",
    "ready",
    "render",
    "sign",
    "use",
    "using",
    "validate",
    "warm",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("codes", "numbers"):
        return importlib.import_module(f"engine.records.papers.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"engine.records.papers.{_HOME[name]}"), name)
    raise AttributeError(name)
