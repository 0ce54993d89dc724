"""署名机关 of a case: which units sign a paper or decide a step, told from the matter and the case (RULES D11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import feel, forms
from engine.commands import candidates
from engine.errors import NotFound, NotNow
from engine.matters import organs
from engine.matters.info import Basis
from engine.people import units
from engine.people.units import Place

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How wide a seal is (国发〔1999〕25号): county 45 mm, town 42; a bureau at most 45, ours as a committee's 40.
MILLIMETRES = {"county": 45, "town": 42}


def of(a: Applying, name: str) -> tuple[Place, ...]:
    """The units behind a name of `organs`, or a word such as office: who leads stands first. One that several words
    mean signs once: where nobody is named beside the nearest committee, it signs alone."""
    who = a.package.info.organs.get(name, name)
    named = (_unit(a, one) for one in (who if isinstance(who, tuple) else (who,)))
    return tuple({one.id: one for one in named}.values())


def of_paper(a: Applying, kind: str, named: str = "") -> tuple[Place, ...]:
    """Who signs a paper of this kind in this case. `named`: the organ that the diagram's task says itself."""
    paper = a.package.info.papers.get(kind, organs.Paper())
    return of(a, named or paper.organ)


def _unit(a: Applying, who: organs.One) -> Place:
    if isinstance(who, str):
        return candidates.unit_at(a.work, who, place=a.place, intake=a.intake, office=a.office)
    told = forms.dig(a.variables, who.source) if who.source else None
    if told not in (None, ""):
        return _named(candidates.told_by(a.work, told, who.source, organs.KINDS[who.unit]), who)
    tree = units.tree(a.work)
    start = candidates.unit_at(a.work, who.at, place=a.place, intake=a.intake, office=a.office)
    found = tree.nearest(start, who.unit) if who.unit != "village" else tree.level(start, "village")
    if found is None:
        raise candidates.nowhere(who.unit, start)
    return found


def _named(place: Place, who: organs.UnitOf) -> Place:
    """The unit an answer names, when it is of the kind that signs: nobody else's seal is put by a slip of a code."""
    if place.kind not in units.alike(who.unit):
        word = organs.KINDS[who.unit]
        raise NotFound(
            f"{place.name}不是{word}，不能由它署名。请改“{who.source}”这一项。",
            f"Expected a unit of kind {who.unit} in the answer {who.source}, but {place.code} is a {place.kind}.",
            field=who.source,
        )
    return place


def must_seal(places: tuple[Place, ...], title: str, seal: str) -> None:
    """Refused when one of these units cannot put its seal to the paper. `seal`: as the kind of paper says."""
    without = [one.name for one in places if not one.seal_name]
    if without:
        names = "、".join(without)
        raise NotNow(
            f"《{title}》要由{names}署名，但{names}没有登记印章，不能署名。请由有印章的单位署名，或者先登记它的法定名称。",
            f"Expected units with a seal to sign {title}, but {', '.join(without)} has none. "
            "Let a unit with a seal sign, or register its legal name first.",
        )
    if seal == "committee" and places[0].kind != "committee":
        raise NotNow(
            f"《{title}》要盖人民调解委员会的印章（人民调解法 第二十九条），但署名的是{places[0].name}。"
            "请在 matter.yaml 里让人民调解委员会署名。",
            f"Expected {title} to bear a people's mediation committee's seal, but {places[0].name} would sign it. "
            "Name a committee as its organ in matter.yaml.",
        )


def facts(a: Applying, places: tuple[Place, ...]) -> dict[str, Any]:
    """What a paper says of who signs it: `organ` is the one that leads, `signers` all of them, each with its seal."""
    lead, info = places[0], a.package.info
    # The telephone and the counter that the matter names are its own office's, not those of whoever signs this one.
    own = lead.id == candidates.office_of(a.work, a.package, a.place, a.intake).id
    return {
        "organ": {
            "name": lead.seal_name or lead.name,
            "address": lead.address or (info.contact.where if own else ""),
            "phone": (info.contact.phone or lead.phone) if own else (lead.phone or info.contact.phone),
            "complaints": info.complaint.phone,
        },
        "signers": [
            {"organ": one.seal_name or one.name, "millimetres": MILLIMETRES.get(one.kind, 40)} for one in places
        ],
    }


def basis(a: Applying, kind: str, given: Mapping[str, Any]) -> list[Basis]:
    """The legal basis a paper of this kind prints: that of its own act, for its ground, and no other (RULES D11)."""
    entries = a.package.info.basis
    paper = a.package.info.papers.get(kind)
    if paper is None:
        return [one for one in entries if not one.id]
    ground = given.get("ground")
    variables = {**a.variables, **given}
    ids = organs.basis_of(paper, str(ground or ""), variables, feel.Env(now=a.now, calendar=a.work.calendar))
    if ids is None:
        return [one for one in entries if not one.id]
    known = {one.id: one for one in entries if one.id}
    missing = [one for one in ids if one not in known]
    if missing:
        raise NotFound(
            f"文书“{kind}”引用的依据 {'、'.join(missing)} 不在 matter.yaml 的 basis 里。",
            f"Expected the basis of the paper {kind} in matter.yaml, but {', '.join(missing)} is not there.",
        )
    return [known[one] for one in ids]
