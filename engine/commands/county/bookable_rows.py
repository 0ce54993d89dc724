"""可预约: the rows of what can be booked, of what may be done there, and of its times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from engine.commands.booking import office
from engine.commands.county.columns import ITEMS, OPENINGS, RESOURCES
from engine.commands.county.looking import Change, Look, now_of, setting
from engine.commands.county.reading import Row
from engine.errors import Refused
from engine.findings import meant
from engine.reads import offers
from engine.records import library
from engine.store import Work
from engine.store.models import Resource, ResourceOpening


def resources_of(look: Look) -> None:
    declared = set(offers.declared(look.work))
    matters = {package.name for package in library.published(look.work)}
    for row in look.book.of(RESOURCES):
        right = look.unit(row, "unit")
        for name, known, zh in (("offer", declared, "供给"), ("matter", matters, "事项")):
            value = row.values.get(name)
            if value and value not in known:
                cure_zh, cure_en = meant(str(value), known)
                zh = f"发布的事项里没有{zh}“{value}”。{cure_zh}"
                look.wrong(row, name, zh, f"No published matter has {value!r}. {cure_en}")
                right = False
        there = look.resources.get(str(row.values["code"]))
        if not right:
            continue
        title = f"{row.values['code']} {row.values['name']}"
        if there is None:
            look.new(row, title, _putting_resource(look, row, None))
        elif not _listed(look, row, "code"):
            continue
        else:
            now = {
                **now_of(there, "name", "kind", "offer", "matter", "name_en"),
                "unit": look.code_of(there.unit_id),
            }
            look.compare(row, title, now, _putting_resource(look, row, there))


def _putting_resource(look: Look, row: Row, there: Resource | None) -> Callable[[], None]:
    def do() -> None:
        resource = there
        if resource is None:
            resource = Resource(code=row.values["code"], matter="", items=[])
            look.work.session.add(resource)
        setting(resource, row, "name", "kind", "offer", "matter", "name_en")()
        resource.unit_id = look.place(row.values["unit"]).id
        look.work.session.flush()
        look.resources[resource.code] = resource

    return do


def _listed(look: Look, row: Row, name: str) -> bool:
    """Whether a bookable that is there is one that lists name: no case opened it, and it is in use."""
    there = look.resources.get(str(row.values[name]))
    if there is not None and there.case_id is not None:
        zh = "这个是办件开出来的，不能用导入改。"
        look.wrong(row, name, zh, "A case opened this one: a file does not change it.")
        return False
    if there is not None and not there.active:
        look.wrong(row, name, "这个已经不用了。请另起一个代码。", "This one is shut: give another code.")
        return False
    return True


def _bookable(look: Look, row: Row) -> bool:
    code = str(row.values["resource"])
    fresh = {str(one.values["code"]) for one in look.book.of(RESOURCES)}
    if code in fresh or code in look.resources:
        return _listed(look, row, "resource")
    if look.broken(RESOURCES, code):
        return False
    zh, en = meant(code, [*fresh, *look.resources], 3)
    look.wrong(row, "resource", f"没有可预约的“{code}”。{zh}", f"There is nothing bookable called {code!r}. {en}")
    return False


def items_of(look: Look) -> None:
    for row in look.book.of(ITEMS):
        if not _bookable(look, row):
            continue
        resource, code = row.key()
        there = look.resources.get(resource)
        listed = there.items if there is not None else []
        item = next((one for one in listed if str(one.get("code")) == code), None)
        title, do = f"{resource} {code}", _putting_item(look, row)
        if item is None:
            look.new(row, title, do)
        else:
            look.compare(row, title, {"name": item.get("name", ""), "bring": list(item.get("bring") or [])}, do)


def _putting_item(look: Look, row: Row) -> Callable[[], None]:
    def do() -> None:
        resource = look.resources[str(row.values["resource"])]
        code = str(row.values["code"])
        item = {name: row.values[name] for name in ("code", "name", "bring") if name in row.values}
        there = [str(one.get("code")) for one in resource.items]
        if code in there:
            resource.items = [{**one, **item} if str(one.get("code")) == code else one for one in resource.items]
        else:
            resource.items = [*resource.items, item]
        look.work.session.flush()

    return do


def openings_of(look: Look) -> None:
    """The rules of a bookable are its whole list: those of the file take the place of those of before."""
    rules: dict[str, list[tuple[Row, dict[str, Any]]]] = {}
    for row in look.book.of(OPENINGS):
        if not _bookable(look, row):
            continue
        rule = _rule(row.values)
        try:
            office.opening_of(rule)
        except Refused as error:
            look.wrong(row, "opens", error.zh, error.en)
            continue
        rules.setdefault(str(row.values["resource"]), []).append((row, rule))
    for code, found in rules.items():
        there = look.resources.get(code)
        before = [] if there is None else _rules_of(look.work, there)
        after = [rule for _, rule in found]
        if [_whole(rule) for rule in before] == [_whole(rule) for rule in after]:
            look.same += len(after)
            continue
        kept = "，已经放出的时段不变" if before else ""  # people may sit in them
        fields = (("预约时间", f"{len(before)} 条", f"{len(after)} 条{kept}"),)
        do = _putting_openings(look, code, after)
        look.changes.append(Change(OPENINGS, found[0][0].n, not before, code, fields, do))


def _putting_openings(look: Look, code: str, rules: Sequence[dict[str, Any]]) -> Callable[[], None]:
    def do() -> None:
        resource_id = look.resources[code].id
        look.work.session.execute(delete(ResourceOpening).where(ResourceOpening.resource_id == resource_id))
        look.work.session.add_all(ResourceOpening(resource_id=resource_id, rule=rule) for rule in rules)
        look.work.session.flush()

    return do


def _rule(said: Mapping[str, Any]) -> dict[str, Any]:
    """A row as `engine.booking` reads a rule; what is not said is left out."""
    rule: dict[str, Any] = {name: said[name] for name in ("opens", "closes", "minutes", "public")}
    named = (("staff", "staff"), ("kind", "kind"), ("days", "days"), ("weekdays", "weekdays"))
    for name, key in (*named, ("weeks", "weeks_of_month"), ("lunar", "lunar")):
        if said.get(name):
            rule[key] = said[name]
    return rule


def _rules_of(work: Work, resource: Resource) -> list[dict[str, Any]]:
    rows = select(ResourceOpening.rule).where(ResourceOpening.resource_id == resource.id).order_by(ResourceOpening.id)
    return list(work.session.scalars(rows))


def _whole(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with what it leaves out, to compare two."""
    return {"staff": 0, "kind": "normal", "days": "any", **rule}
