"""What a matter must know of its county: the posts, the units, and who of them is there. A frozen value, for the check.

The edge reads it from the database (engine.reads.county), `yizhan check --county FILE` from a file such as
web/demo/county.yaml: only `units`, `posts`, `staff`, `resources` and `halls` are read there. Without one, what needs it
is a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from engine.findings import Finding
from engine.matters import lines
from engine.matters.organs import NEAREST, PLACES

#: 三员分立: who runs the hall, who gives access, who watches both. Nobody holds two of them on one day
#: (engine.people.administrators).
ADMINISTRATORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "operator": ("系统管理员", "system administrator"),
        "security": ("安全管理员", "security administrator"),
        "auditor": ("审计管理员", "audit administrator"),
    }
)
#: Units told from the case: of the place it belongs to, of who decides, of who took it in.
FROM_CASE = tuple(PLACES)
#: A community is the town's village.
_VILLAGES = frozenset({"village", "community"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the county (单位)."""

    code: str  # 350526-YB
    name: str
    kind: str  # county, office, town, village, community, grid, centre
    parent: str = ""  # code of the unit above
    seal: bool = True  # it has one, and signs papers


@dataclass(frozen=True, slots=True)
class Post:
    """A post (岗位)."""

    code: str  # window
    name: str
    role: str = "clerk"


@dataclass(frozen=True)
class County:
    """The county's lists."""

    units: tuple[Unit, ...]
    posts: tuple[Post, ...]
    held: frozenset[tuple[str, str]]  # (unit's code, post's code): somebody holds it
    logins: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()  # codes of what can be booked
    halls: Mapping[str, frozenset[str]] = field(default_factory=dict)  # code -> units that have a window there

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        """Units by their code, and by the short one of an office: YB for 350526-YB."""
        root = next((u.code for u in self.units if not u.parent), "")
        short = {u.code.removeprefix(f"{root}-"): u for u in self.units}
        return {**short, **{u.code: u for u in self.units}}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What may stand for a unit in a matter: told from the case, or a short or full code."""
        return (*FROM_CASE, *sorted(self.by_code))

    @cached_property
    def post_codes(self) -> frozenset[str]:
        return frozenset(post.code for post in self.posts)

    def above(self, unit: Unit) -> Iterable[Unit]:
        """The unit, and those above it up to the county."""
        seen: set[str] = set()
        at: Unit | None = unit
        while at is not None and at.code not in seen:
            seen.add(at.code)
            yield at
            at = self.by_code.get(at.parent) if at.parent else None

    def of_kind(self, kind: str) -> tuple[Unit, ...]:
        kinds = _VILLAGES if kind == "village" else {kind}
        return tuple(u for u in self.units if u.kind in kinds)

    def meant(self, at: str, office: str = "") -> tuple[Unit, ...]:
        """The units a word of a matter may mean; `office`: the matter's own, when `at` is office."""
        if at == "office" and office != "office":
            return self.meant(office or "county")
        if at == "grid":
            return self.of_kind("grid") or self.of_kind("village")
        if at in ("village", "town", "county", *NEAREST):
            return self.of_kind(at)
        if at in ("intake", "office"):
            return self.units
        found = self.by_code.get(at)
        return (found,) if found is not None else ()

    def answers(self, unit: Unit, post: str) -> bool:
        """Whether somebody holds the post there or further up, where the work goes then."""
        return any((one.code, post) in self.held for one in self.above(unit))


def read(data: bytes, file: str) -> tuple[County | None, list[Finding]]:
    """A county from its file, or what is wrong with it."""
    text = lines.read(data, file)
    if text.findings:
        return None, list(text.findings)
    found: Any = text.value
    try:
        county = of(found)
        staff = found.get("staff") or []
    except (KeyError, TypeError, AttributeError) as wrong:
        zh = f"县的文件要有 units（code、kind、parent）和 posts（code）；缺少或不对的是 {wrong}。"
        en = f"A county's file needs units (code, kind, parent) and posts (code); missing or wrong: {wrong}."
        return None, [text.error("county", zh, en)]
    return county, _apart(text, county.posts, staff)


def of(found: Mapping[str, Any]) -> County:
    """The county of such lists. KeyError, TypeError, AttributeError where they are otherwise."""
    units = tuple(
        Unit(
            str(u["code"]),
            str(u.get("name", "")),
            str(u["kind"]),
            str(u.get("parent") or ""),
            # as the hall enters a unit: its own name is its legal one, and a partner body or a grid has none
            bool(u.get("seal_name", "" if u["kind"] in ("partner", "grid") else "own")),
        )
        for u in found["units"]
    )
    posts = tuple(Post(str(p["code"]), str(p.get("name", "")), str(p.get("role", "clerk"))) for p in found["posts"])
    staff = found.get("staff") or []
    held = frozenset(
        (unit, post) for one in staff for unit, _, post in (str(h).rpartition(":") for h in one.get("holds") or ())
    )
    logins = frozenset(str(one["login"]) for one in staff)
    resources = frozenset(str(one["code"]) for one in found.get("resources") or ())
    halls = {
        str(one["code"]): frozenset(str(w["unit"]) for w in one.get("windows") or ())
        for one in found.get("halls") or ()
    }
    return County(units, posts, held, logins, resources, halls)


def together(roles: Iterable[str]) -> tuple[str, ...]:
    """Which of the three administrators are among these roles, when more than one is.

    >>> together(["operator", "clerk"]), together(["auditor", "operator"])
    ((), ('operator', 'auditor'))
    """
    given = set(roles)
    found = tuple(role for role in ADMINISTRATORS if role in given)
    return found if len(found) > 1 else ()


def _apart(text: lines.Text, posts: Iterable[Post], staff: Iterable[Any]) -> list[Finding]:
    """Whoever the file gives two of the three administrators' posts."""
    role = {post.code: post.role for post in posts}
    found = []
    for n, one in enumerate(staff):
        both = together(role.get(str(held).rpartition(":")[2], "") for held in one.get("holds") or ())
        if both:
            zh, en = (" 和 ".join(ADMINISTRATORS[r][0] for r in both), " and ".join(ADMINISTRATORS[r][1] for r in both))
            found.append(
                text.error(
                    "county",
                    f"{one['login']} 同时是{zh}。三员要由三个人担任，请把其中一个岗位给别人。",
                    f"{one['login']} is {en}. These are three people's posts: give one of them to somebody else.",
                    *("staff", n, "holds"),
                )
            )
    return found
