"""The desk of the hall's people: the left column and who I am, on each of their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from engine.commands.hall import calendars
from engine.people import administrators, units
from engine.reads import (
    ballots,
    boards,
    handovers,
    loans,
    matches,
    offers,
    own_data,
    pressed,
    registers,
    schedules,
    tickets,
)
from engine.reads import inbox as lists
from web import edge, names
from web.pages import limits, operations

pages = Blueprint("desk", __name__, url_prefix="/desk")

#: So many units of one person the bar names; whoever points at them reads all.
SHOWN_UNITS = 2


@pages.app_context_processor
def shell() -> dict[str, Any]:
    """The left column and who I am, on every page of the hall's people."""
    actor = edge.actor()
    if actor.kind != "staff" or not request.path.startswith("/desk") or edge.must_first():
        return {}
    units_ = _units()
    return {"nav": _nav(), "standing": _standing(units_), "standing_whole": _("、").join(units_)}


def _units() -> list[str]:
    """Where the actor has posts of their own."""
    work = edge.work_or_none()
    own = [p for p in edge.actor().positions if p.for_id is None]
    if work is None or not own:
        return []
    tree = units.tree(work)
    found = dict.fromkeys(tree.by_id[p.unit_id].name for p in own if p.unit_id in tree.by_id)
    return [names.named(one) for one in found]


def _standing(units_: list[str]) -> str:
    """The same for the bar, which holds one line."""
    if len(units_) <= SHOWN_UNITS:
        return _("、").join(units_)
    return _("%(some)s等 %(n)s 处", some=_("、").join(units_[:SHOWN_UNITS]), n=len(units_))


def _nav() -> list[dict[str, Any]]:
    actor, work = edge.actor(), edge.work_or_none()
    number: Mapping[str, int] = lists.waiting(work, actor) if work is not None else {}
    which = request.view_args.get("which") if request.view_args else None

    def one(
        endpoint: str, name: str, icon: str, key: str = "", count: int | None = None, **values: str
    ) -> dict[str, Any]:
        here = request.endpoint == endpoint and (not values or values.get("which") == which)
        return {
            "address": address(endpoint, values),
            "name": name,
            "icon": icon,
            "key": key,
            "count": count,
            "here": here,
            "heading": "",
            "room": endpoint.partition(".")[0],
        }

    works = bool({"clerk", "supervisor"} & actor.roles)  # who only designs or keeps the machine has no case to do
    sections = (
        (
            _("办件"),
            [
                one("desk.inbox", _("待办"), "inbox", "g i", number.get("mine")),
                one("desk.listed", _("待签收"), "hand", "g c", number.get("open"), which="open"),
                *([one("desk.window", _("窗口"), "window", "g w")] if works else []),
                *([one("desk.listed", _("本单位在办"), "people", "g u", which="unit")] if works else []),
                *([one("services.carried", _("我代办的"), "walk", "g a")] if is_agent() else []),
                *([one("together.ask", _("名册一起办"), "people")] if is_agent() else []),
                one("desk.listed", _("已办"), "done", "g d", which="done"),
                one("desk.notices", _("抄送和通知"), "copy", "g n"),
                one("absences.mine", _("请假代理"), "person", "g l"),
            ],
        ),
        (_("服务"), [*([one("booking.week", _("预约"), "calendar", "g b")] if works else []), *_services(one)]),
        (_("管理"), _manages(one)),
        (_("设计"), _designs(one)),
    )
    for heading, found in sections:
        if found:
            found[0]["heading"] = heading
    shown = [entry for _heading, found in sections for entry in found]
    if not any(entry["here"] for entry in shown):  # a page under one of them: a line of a register, a ballot
        room = request.blueprint
        near = next((entry for entry in shown if entry["room"] == room != "desk"), None) or next(
            (entry for entry in shown if request.path.startswith(f"{entry['address']}/") and entry["room"] != "desk"),
            None,
        )
        if near is not None:
            near["here"] = True
    return shown


One = Callable[..., dict[str, Any]]


def _services(one: One) -> list[dict[str, Any]]:
    """What the hall has beside cases: of each kind only if something of it is published and concerns the actor."""
    actor, work = edge.actor(), edge.work_or_none()
    if work is None:
        return []
    found = []
    # queues 取号
    if tickets.halls(work, actor):
        found.append(one("tickets.desks", _("叫号"), "megaphone", "g h"))
    # offers 供给与预订
    if offers.at_work(work, actor):
        found.append(one("offers.week", _("供给"), "list", "g o"))
    # loans 借还
    if loans.desks(work, actor):
        found.append(one("loans.desks", _("借还"), "repeat", "g y"))
    # matches 撮合
    if matches.at_work(work, actor):
        found.append(one("matches.desk", _("撮合"), "hand"))
    # handovers 交接
    if any(p.reads for p in actor.positions) and handovers.there_are(work):
        found.append(one("handovers.desk", _("交接"), "parcel", "g j", handovers.waiting(work, actor) or None))
    # registers 台账
    if registers.for_actor(work, actor):
        found.append(one("registers.shelves", _("台账"), "paper", "g r"))
    # bonds 关系
    if {"clerk", "supervisor"} & actor.roles:
        found.append(one("bonds.listed", _("家人和委托关系"), "people"))
        found.append(one("residents.desk", _("群众账号"), "person"))
    # boards 公开栏
    if boards.concerned(work, actor=actor):
        found.append(one("boards.desk", _("公开栏"), "bell", "g p", boards.count(work, actor=actor)))
    # ballots 表决
    if ballots.held_by(work, actor):
        found.append(one("ballots.held", _("表决"), "vote", "g v"))
    return found


def _manages(one: One) -> list[dict[str, Any]]:
    actor, work = edge.actor(), edge.work_or_none()
    found = []
    if "supervisor" in actor.roles:
        found.append(one("overview.numbers", _("运行情况"), "chart", "g s"))
        found.append(one("logins.listed", _("人员登录"), "person"))
        if work is not None and pressed.there_are(work):
            found.append(one("overview.pressed_orders", _("督办"), "warn"))
        found.append(one("limits.extensions", _("待批延期"), "clock", "g e", limits.waiting()))
    # schedules 定期
    if work is not None and schedules.sees(work, actor):
        found.append(one("schedules.listed", _("定期"), "repeat", "g t"))
    if calendars.may_publish(actor):
        found.append(one("calendar.year", _("工作日历"), "calendar", "g k"))
    if "supervisor" in actor.roles:
        found.append(one("overview.reveals", _("谁看过完整信息"), "eye"))
    if {"clerk", "supervisor"} & actor.roles:
        found.append(one("desk.many_looks", _("批量查看"), "people"))
    if {"supervisor", *administrators.ROLES} & actor.roles:
        found.append(one("desk.permissions", _("谁能做什么"), "lock"))
        found.append(one("desk.retention", _("保存期限"), "clock"))
    if "security" in actor.roles:
        found.append(one("accounts.listed", _("账号和岗位"), "people", "g x"))
    if {"operator", "security"} & actor.roles:
        found.append(one("county.lists", _("县的名单"), "list"))
    if "auditor" in actor.roles:
        found.append(one("auditing.record", _("审计"), "history", "g q"))
    asked = own_data.waiting_count(work, actor) if work is not None and "supervisor" in actor.roles else 0
    if asked:
        found.append(one("desk.data_requests", _("本人对信息的要求"), "person", "", asked))
    if "operator" in actor.roles:
        found.append(one("operations.now", _("运维"), "gear", "g m", operations.open_incidents()))
    return found


def _designs(one: One) -> list[dict[str, Any]]:
    if "designer" not in edge.actor().roles:
        return []
    return [one("studio.matters", _("事项和流程"), "flow", "g f")]


def address(endpoint: str, values: Mapping[str, Any]) -> str:
    return url_for(endpoint, **values)


def is_agent(matter: str | None = None) -> bool:
    """Whether they may apply for others: by a post of their own, or for an agent who is away (in this matter)."""
    return any(p.post == "agent" and (matter is None or p.covers(matter)) for p in edge.actor().positions)
