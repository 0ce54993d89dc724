"""通办: which counters take a matter in, as `scope` of matter.yaml says; and what a counter outside of it does."""

from __future__ import annotations

from engine.errors import NotNow
from engine.matters.info import Matter, Scope
from engine.people.units import Place, Tree

#: What a case is marked with that a counter outside of the scope took in, to hand it on to the office.
FOR_ANOTHER = "代收"


def check(info: Matter, tree: Tree, *, intake: Place, place: Place, office: Place) -> list[str]:
    """The case's flags. NotNow, with where to go, at a counter that does not take it in."""
    scope = info.scope
    if not isinstance(scope, Scope) or _inside(scope, tree, intake, place, office):
        return []
    if scope.otherwise == "receive":
        return [FOR_ANOTHER]
    at = office if scope.within == "office" else tree.level(place, scope.within) or office
    raise NotNow(
        f"“{info.name}”：{scope.words}，{intake.name}不收。请到{at.name}办{f'，电话 {at.phone}' if at.phone else ''}。",
        f"This is taken in at {at.name_en or at.name} and not here{f': telephone {at.phone}' if at.phone else ''}.",
    )


def _inside(scope: Scope, tree: Tree, intake: Place, place: Place, office: Place) -> bool:
    if scope.within == "county" or intake.id == office.id:
        return True
    if scope.within == "office":
        return False
    town = tree.level(place, "town")
    if scope.within == "town":
        return town is not None and tree.level(intake, "town") == town
    village = tree.level(place, "village") or place
    return intake.id == (town.id if town is not None else None) or tree.level(intake, "village") == village
