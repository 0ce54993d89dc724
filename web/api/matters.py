"""The matters of the hall."""

from __future__ import annotations

from typing import Any, Literal

from engine import forms
from engine.reads import form_choices
from engine.records import library
from engine.workdays import local_date
from web import edge
from web.api.declaring import Shape, operation


class MatterOut(Shape):
    name: str  # to be sent when applying
    code: str
    title: str
    summary: str
    functions: list[str]
    kind: str
    office: str
    visits: int
    fee: str
    channels: list[str]


class MaterialOut(Shape):
    name: str
    kind: str
    originals: int
    copies: int
    note: str


class Guide(MatterOut):
    version: str
    conditions: list[str]
    materials: list[MaterialOut]
    basis: list[str]
    retention: int | Literal["permanent"]  # years after the end that personal data are kept
    results: list[str]
    consent: str
    form: dict[str, Any]  # form-js schema


def _matter(package: Any) -> dict[str, Any]:
    info = package.info
    return {
        "name": package.name,
        "code": info.code,
        "title": info.name,
        "summary": info.summary,
        "functions": list(info.functions),
        "kind": info.kind,
        "office": info.office,
        "visits": info.visits,
        "fee": info.fee,
        "channels": list(info.apply.channels),
    }


@operation("get", "/matters", who="anyone", tag="matters", gives=list[MatterOut])
def matters() -> list[MatterOut]:
    """The matters of the hall; what only the hall itself opens, or its staff enter, is listed to its staff."""
    whole = edge.actor().kind == "staff"
    return [MatterOut(**_matter(p)) for p in library.published(edge.work()) if whole or p.info.for_residents]


@operation("get", "/matters/{name}", who="anyone", tag="matters", gives=Guide)
def matter(name: str) -> Guide:
    """One matter: conditions, materials, limits, and its application form."""
    package = library.current(edge.work(), name)
    info = package.info
    return Guide(
        **_matter(package),
        version=package.version,
        conditions=list(info.conditions),
        materials=[MaterialOut(**m.model_dump(include=set(MaterialOut.model_fields))) for m in info.materials],
        basis=[f"《{b.law}》{b.article}" for b in info.basis],
        retention=info.retention.years,
        results=list(info.results),
        consent=info.apply.consent,
        form=forms.browser_schema(
            form_choices.filled(edge.work(), package.form(info.apply.form), package, on=local_date(edge.now()))
        ),
    )
