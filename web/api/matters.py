"""The matters of the hall."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from engine import forms
from engine.reads import form_choices
from engine.records import library
from engine.workdays import local_date
from web import edge, finding
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


class LookedFor(Shape):
    q: str = Field(min_length=1, max_length=60)  # as people say it: words, pinyin, first letters of pinyin


class FoundOut(Shape):
    """A matter of the hall, or what is done elsewhere: which window, what to bring, which number to call."""

    matter: str | None  # to be sent when applying; null: it is done elsewhere
    title: str
    summary: str
    where: str
    bring: str
    phone: str


@operation("get", "/find", who="anyone", tag="matters", query=LookedFor, gives=list[FoundOut])
def find(query: LookedFor) -> list[FoundOut]:
    """What is meant by what somebody types, the likeliest first; nothing when nothing is."""
    found = []
    for hit in finding.find(query.q):
        if hit.package is not None:
            info = hit.package.info
            found.append(
                FoundOut(matter=hit.package.name, title=info.name, summary=info.summary, where="", bring="", phone="")
            )
        elif (one := hit.elsewhere) is not None:
            found.append(
                FoundOut(matter=None, title=one.name, summary="", where=one.where, bring=one.bring, phone=one.phone)
            )
    if not found:
        finding.missed_it(query.q)
    return found


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
