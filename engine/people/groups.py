"""Which unit a candidate group of a matter means for one case, and who of it acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import forms
from engine.errors import NotFound
from engine.matters.info import Group
from engine.matters.organs import NEAREST
from engine.people import holders, units
from engine.people.actor import Actor
from engine.people.units import Place
from engine.store import Work
from engine.store.models import Case


def nowhere(kind: str, place: Place) -> NotFound:
    """There is no unit of this kind here, nor further up."""
    zh = {"committee": "人民调解委员会", "centre": "服务中心", "partner": "合作单位", "party": "党组织"}.get(kind, kind)
    return NotFound(
        f"{place.name}没有{zh}，上一级也没有。请先把它登记为单位。",
        f"Expected a unit of kind {kind} at {place.name} or above, but there is none. Enter it as a unit first.",
    )


def unit_at(work: Work, at: str, *, place: Place, intake: Place, office: Place) -> Place:
    """The unit meant by `grid` (where there is none, the village), `village`, `town`, `county`, `office`, `intake`,
    `committee`, `centre` or `party` (the nearest to the place), an office's short code, or a unit's code; of one that
    is no more, who took over from it."""
    tree = units.tree(work)
    place, intake, office = tree.today(place), tree.today(intake), tree.today(office)
    if at == "office":
        return office
    if at == "intake":
        return intake
    if at == "grid":
        grid = tree.level(place, "grid") or tree.level(intake, "grid")
        return grid or unit_at(work, "village", place=place, intake=intake, office=office)
    if at in ("village", "town", "county"):
        found = tree.level(place, at) or (tree.level(intake, at) if at != "county" else None)
        return found or (place if at == "village" else tree.county)
    if at in NEAREST:
        near = tree.nearest(place, at)
        if near is None:
            raise nowhere(at, place)
        return near
    named = tree.by_code.get(at) or tree.by_code.get(f"{tree.county.code}-{at}") or units.by_code(work, at)
    return tree.today(named)


def unit_of(
    work: Work, group: Group, answers: Mapping[str, Any], *, place: Place, intake: Place, office: Place
) -> Place:
    """The unit of a group in one case: the one an answer names, where the group says `from`; else as `at` says.

    Raises NotFound, with the field, when the answer names no unit that works.
    """
    told = forms.dig(answers, group.source) if group.source else None
    if told in (None, ""):
        return unit_at(work, group.at or "office", place=place, intake=intake, office=office)
    return told_by(work, told, group.source, group.name or group.post)


def told_by(work: Work, told: Any, source: str, who: str) -> Place:
    """The unit whose code an answer names; NotFound, with the field, when there is none. `who`: what is of it."""
    found = units.tree(work).by_code.get(str(told))
    if found is None:
        raise NotFound(
            f"“{who}”是哪个单位的，由“{source}”这一项说，但没有代码为“{told}”的单位。请改这一项。",
            f"The answer {source} says of which unit {who!r} is, but there is no unit with the code {told!r}.",
            field=source,
        )
    return found


def key_of(work: Work, group: Group, case: Case) -> str:
    """The candidate key of a group in this case: its post, at the unit where somebody holds it."""
    place, intake, office = (units.place(work, i) for i in (case.place_id, case.unit_id, case.office_id))
    meant = unit_of(work, group, case.answers, place=place, intake=intake, office=office)
    return f"p:{holders.nearest(work, meant, group.post).id}:{group.post}"


def of(work: Work, group: Group, case: Case, actor: Actor) -> bool:
    """Whether this actor is of the group in this case."""
    return actor.kind == "staff" and key_of(work, group, case) in actor.keys
