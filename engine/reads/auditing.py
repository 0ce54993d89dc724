"""The audit as an audit administrator reads it (三员分立): what was done, by whom, the newest first, a page at a time.

An event holds ids, counts, dates and names of elements, never a person's data; so does this. Residents who acted are
told by their masked name. What the two other administrators did is one choice: who watches them is watched by nobody's
goodwill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.errors import NotFound
from engine.matters import BadMatter
from engine.matters.nouns.registers import Register
from engine.people import Actor, administrators, masks, require, units
from engine.reads import bonds, sight
from engine.records import audit, library
from engine.store import Work
from engine.store.models import Case, Document, Event, Holding, MatterVersion, Post, Task, User

#: Events on one page.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One event of the record."""

    id: int
    at: datetime
    kind: str
    who: str  # "": the hall itself
    for_whom: str  # 代理, 窗口: for whom it was done; "": for nobody else
    roles: tuple[str, ...]  # which of the three whoever did it is or was
    case_id: int | None
    number: str  # of the case; "" outside cases
    step: str  # the task's name; "" outside tasks
    facts: Mapping[str, Any]
    chain: str
    seq: int


@dataclass(frozen=True, slots=True)
class Named:
    """Whom and what the facts of these events point to, by name."""

    people: Mapping[int, str]  # by account; residents masked
    units: Mapping[int, str]
    steps: Mapping[tuple[int | None, str], str]  # by case and element
    papers: Mapping[tuple[int | None, str], str]  # by case and kind
    matters: Mapping[str, str]
    words: Mapping[tuple[str, str], str]  # by fact and its word: posts, registers, kinds of bonds


@dataclass(frozen=True, slots=True)
class Page:
    """Fifty of them, and where the next page begins."""

    acts: tuple[Act, ...]
    before: int  # id; 0: this is the last page
    kinds: tuple[str, ...]
    names: Named


#: Which facts are the id of an account, and which of a unit; where a word is both, in which kinds of event.
_PEOPLE = frozenset({"user", "agent", "taken_down_by"})
_UNITS = frozenset({"unit", "units", "office", "intake", "along"})
_BY_KIND = {
    ("account.merged", "from"): "person",
    ("account.merged", "into"): "person",
    ("account.phone-given-on", "before"): "person",
    ("account.phone-given-on", "now"): "person",
    ("board.followed", "place"): "unit",
    ("case.kept-away", "people"): "person",
    ("case.moved", "place"): "unit",
    ("case.referred", "from"): "unit",
    ("case.referred", "to"): "unit",
    ("person.handed-over", "from"): "person",
    ("person.handed-over", "to"): "person",
    ("task.delegated", "to"): "person",
    ("task.moved", "from"): "person",
    ("task.opinion", "to"): "person",
    ("task.taken-back", "from"): "person",
    ("task.taken-back", "to"): "person",
    ("task.transferred", "from"): "person",
    ("task.transferred", "to"): "person",
    ("task.unclaimed", "from"): "person",
    ("unit.changed", "into"): "unit",
    ("unit.changed", "people"): "person",
}


def refers(kind: str, fact: str) -> str:
    """Whether this fact of such an event is the id of a "person", or of a "unit"; "": of neither."""
    if fact in _PEOPLE:
        return "person"
    return "unit" if fact in _UNITS else _BY_KIND.get((kind, fact), "")


def record(
    work: Work, *, actor: Actor, kind: str = "", login: str = "", watched: bool = False, before: int = 0
) -> Page:
    """The record; of one kind, of one member of staff, of the two other administrators. By an audit administrator."""
    require(actor, "audit")
    # Of a confidential case not even that something happened; `yizhan audit verify` checks its chain all the same.
    query = select(Event).where(sight.open_ones(Event.case_id)).order_by(Event.id.desc()).limit(PAGE + 1)
    if kind:
        query = query.where(Event.kind == kind)
    if login:
        query = query.where(Event.by_id.in_(select(User.id).where(User.login == login, User.kind == "staff")))
    if watched:
        query = query.where(Event.by_id.in_(_administrators("operator", "security")))
    if before:
        query = query.where(Event.id < before)
    rows = work.session.scalars(query).all()
    shown = rows[:PAGE]
    ids = {one for e in shown for one in (e.by_id, e.for_id, *_pointed_to(e, "person"))} - {None}
    people = {u.id: u for u in work.session.scalars(select(User).where(User.id.in_(ids)))}
    roles: dict[int, list[str]] = {}
    held = (
        select(Holding.user_id, Post.role)
        .join(Post, Post.id == Holding.post_id)
        .where(Holding.user_id.in_(people), Post.role.in_(administrators.ROLES))
        .order_by(Holding.id)
    )
    for user_id, role in work.session.execute(held):
        roles.setdefault(user_id, []).append(role)
    cases = select(Case.id, Case.number).where(Case.id.in_({e.case_id for e in shown} - {None}))
    numbers: dict[int, str] = {id: number for id, number in work.session.execute(cases)}
    tasks = work.session.execute(
        select(Task.id, Task.case_id, Task.element, Task.name).where(Task.case_id.in_(numbers)).order_by(Task.id)
    ).all()
    steps = {id: name for id, _, _, name in tasks}
    papers = select(Document.case_id, Document.kind, Document.title).where(Document.case_id.in_(numbers))
    codes = {str(e.facts["matter"]) for e in shown if e.facts.get("matter")}
    matters = select(MatterVersion.matter, MatterVersion.name).where(MatterVersion.matter.in_(codes))
    return Page(
        tuple(
            Act(
                one.id,
                one.at,
                one.kind,
                _name(people.get(one.by_id or 0)),
                _name(people.get(one.for_id or 0)),
                tuple(dict.fromkeys(roles.get(one.by_id or 0, ()))),
                one.case_id,
                numbers.get(one.case_id or 0, ""),
                steps.get(one.task_id or 0, ""),
                one.facts,
                one.chain,
                one.seq,
            )
            for one in shown
        ),
        shown[-1].id if len(rows) > PAGE else 0,
        tuple(sorted(one.value for one in audit.Kind)),
        Named(
            {id: _name(one) for id, one in people.items()},
            {one.id: one.name for one in units.tree(work)},
            _others(work, shown) | {(case, element): name for _, case, element, name in tasks},
            {(case, kind): title for case, kind, title in work.session.execute(papers.order_by(Document.id))},
            {matter: name for matter, name in work.session.execute(matters.order_by(MatterVersion.published_at))},
            _words(work),
        ),
    )


def _others(work: Work, shown: Sequence[Event]) -> dict[tuple[int | None, str], str]:
    """Elements that are nobody's task, as their case's diagram calls them: timers, what the hall does."""
    asked = {(one.case_id, str(one.facts["element"])) for one in shown if "element" in one.facts and not one.task_id}
    versions = select(Case.id, Case.version_hash).where(Case.id.in_({id for id, _ in asked} - {None}))
    found: dict[tuple[int | None, str], str] = {}
    for case_id, hash in work.session.execute(versions.order_by(Case.id)).all():
        try:
            called = library.version(work, hash).element_names
        except BadMatter:  # of a program of before: its codes stand for themselves
            continue
        found |= {(id, element): called[element] for id, element in asked if id == case_id and element in called}
    return found


def _words(work: Work) -> dict[tuple[str, str], str]:
    """What the hall's own codes are called: posts, registers, kinds of bonds."""
    found = {("post", code): name for code, name in work.session.execute(select(Post.code, Post.name))}
    registers = library.of_kind(work, "registers", Register)
    found |= {("register", key): one.title for key, (one, _) in registers.items()}
    return found | {("kind", key): one.title for key, one in bonds.kinds(work).items()}


def case_of(work: Work, number: str, *, actor: Actor) -> int:
    """The case of this number, whose evidence package an audit administrator takes."""
    require(actor, "audit")
    found = work.session.scalar(select(Case.id).where(Case.number == number, ~Case.confidential))
    if found is None:
        raise NotFound("没有这个编号的办件，请核对。", f"There is no case {number!r}.")
    return found


def _pointed_to(one: Event, what: str) -> Iterator[int]:
    """The ids of accounts, or of units, that its facts name."""
    for fact, value in one.facts.items():
        if refers(one.kind, fact) == what:
            yield from (id for id in (value if isinstance(value, list) else [value]) if isinstance(id, int))


def _administrators(*roles: str) -> Any:
    """Accounts that hold such a post or held it."""
    return select(Holding.user_id).join(Post, Post.id == Holding.post_id).where(Post.role.in_(roles))


def _name(user: User | None) -> str:
    if user is None:
        return ""
    return user.name if user.kind == "staff" else masks.name(user.name)
