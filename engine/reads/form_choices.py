"""Choices of a form that the hall gives, on a select, radio, checklist or taglist.

    {"type": "select", "key": "book", "label": "哪本书", "properties": {"offers": "register:book"}}
    {"type": "select", "key": "receiver.village", "label": "送到哪个村", "properties": {"offers": "villages"}}

Of a register the value is the entry's key, the words its label. Only things are offered: whoever fills in the form
reads the list, so the gate lets no field about a person be its key or label. Of villages, towns and offices the value
is the unit's code. What the form lists itself stands before them. What is sent is checked against the same list.

    {"properties": {"offers": "register:spot", "within": "town", "expired": "true"}}

`within: town` gives, where a step of a case is filled in, only what stands in the town the case belongs to, or with the
county itself; `expired: true` also what is past its valid_until, so that it can be looked at again.

    {"properties": {"offers": "register:lot", "beside": "number,left,unit"}}

`beside`: fields that are read after the label, so that two of one name are told apart and nobody chooses what is gone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine import forms
from engine.matters import Package
from engine.matters.nouns.registers import Register
from engine.people import units
from engine.records import registers
from engine.store import Work

#: How the property begins, and the most entries that a form offers.
OFFERS, MOST = "register:", 200
#: What else may be offered: units of these kinds.
UNITS = {
    "villages": units.VILLAGES,
    "towns": ("town",),
    "offices": ("office",),
    "branches": ("party",),
    "committees": ("committee",),
}


def named(form: forms.Form) -> set[str]:
    """The registers that fields of a form offer."""
    offers = (str(one.properties.get("offers") or "") for _path, one in form.walk())
    return {text.removeprefix(OFFERS) for text in offers if text.startswith(OFFERS)}


def filled(work: Work, form: forms.Form, package: Package, *, on: date, place_id: int | None = None) -> forms.Form:
    """The form with the entries that are valid on that day, in order of their label. place_id: of the case."""
    asked = {_asked(one.properties) for _path, one in form.walk()}
    values = {one: _values(work, package, one, on, place_id) for one in asked if one[0].startswith(OFFERS)}
    values |= {one: _units(work, UNITS[one[0]]) for one in asked if one[0] in UNITS}
    if not values:
        return form
    schema = copy.deepcopy(dict(form.schema))

    def fill(components: list[dict[str, Any]]) -> None:
        for one in components:
            fill(one.get("components") or [])
            offers = _asked(one.get("properties") or {})
            if offers in values:
                one["values"] = [*(one.get("values") or []), *values[offers]]

    fill(schema["components"])
    return forms.load(json.dumps(schema), form.id)


def _asked(properties: Mapping[str, Any]) -> tuple[str, str, bool, tuple[str, ...]]:
    """What a field offers, within what, whether with what has expired, and which fields are read beside."""
    beside = tuple(name.strip() for name in str(properties.get("beside") or "").split(",") if name.strip())
    within, expired = str(properties.get("within") or ""), str(properties.get("expired")).lower() == "true"
    return str(properties.get("offers") or ""), within, expired, beside


def _values(
    work: Work, package: Package, asked: tuple[str, str, bool, tuple[str, ...]], on: date, place_id: int | None
) -> list[dict[str, str]]:
    offers, within, expired, beside = asked
    one = package.declared("registers").get(offers.removeprefix(OFFERS))
    if one is None:
        return []
    places: list[int] = []
    tree = units.tree(work)
    if within and place_id in tree.by_id:
        town = tree.level(tree.by_id[place_id], within) or tree.by_id[place_id]
        places = [tree.county.id, *(p.id for p in tree.below(town))]
    states = [name for name, state in registers.register_of(one).states.items() if not state.ends] if expired else []
    entries = registers.matching(work, one, states=states, places=places, valid_on=None if expired else on, most=MOST)
    register = registers.register_of(one)
    found = [
        {
            "value": str(entry.key),
            "label": " · ".join([entry.title or str(entry.key), *_beside(register, entry.facts or {}, beside)]),
        }
        for entry in entries
        if entry.key
    ]
    return sorted(found, key=lambda each: each["label"])


def _beside(register: Register, facts: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """What these fields say: a number and a day with the name of the field, words as they are."""
    said = []
    for name in names:
        field, value = register.fields.get(name), facts.get(name)
        if field is not None and value not in (None, ""):
            text = field.options.get(str(value), str(value))
            said.append(f"{field.title} {text}" if field.type in ("number", "date") else text)
    return said


def _units(work: Work, kinds: tuple[str, ...]) -> list[dict[str, str]]:
    """The units of these kinds, by their code; a village with its town before it, for two may share a name. A town's
    own committee has it in its name already."""
    tree = units.tree(work)

    def words(one: units.Place) -> str:
        above = tree.by_id.get(one.parent_id or 0)
        of_town = above is not None and above.kind == "town" and not one.name.startswith(above.name)
        return f"{above.name}{one.name}" if above is not None and of_town else one.name

    found = [{"value": one.code, "label": words(one)} for one in tree if one.kind in kinds]
    return sorted(found, key=lambda each: each["value"])
