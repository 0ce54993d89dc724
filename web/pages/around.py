"""身边的服务: what the hall has beside applications: places to book, a board to read, things to lend, votes to cast.

Each noun's pages say here by a tile that there is something of theirs: on 身边的服务 for everybody, in 我的 for whoever
has something of their own there. A hall whose matters declare none of it shows no tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import NotFound
from engine.people import units
from engine.people.units import Place
from engine.reads import attending, boards, coverage, curves, handovers, loans, offers, registers, tickets
from engine.records import library
from web import edge
from web.edge import guard
from web.language import english
from web.pages import ballots, matches
from web.pages.resident import FUNCTIONS

pages = Blueprint("around", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """One way in: what it is called, a line under it, its picture, its address."""

    name: str
    line: str
    icon: str
    address: str
    waits: bool = False  # something of theirs is to be done there: 我的 shows it first


def ballots_tile() -> Tile | None:
    """表决: what the hall has voted on."""
    line = ballots.waiting_line()
    return Tile(_("表决"), line, "vote", url_for("ballots.mine")) if line is not None else None


def own_ballots() -> Tile | None:
    """Only for somebody on a roll."""
    n = ballots.own_waiting()
    if n is None:
        return None
    line = _("%(n)s 项等您投", n=n) if n else _("公告、投票和结果")
    return Tile(_("表决"), line, "vote", url_for("ballots.mine"), waits=n > 0)


def _matches() -> Tile | None:
    line = matches.line()
    return Tile(_("互相帮"), line, "hand", url_for("matches.listed")) if line is not None else None


def _own_matches() -> Tile | None:
    line, n = matches.own_line()
    return Tile(_("互相帮，我的"), line, "hand", url_for("matches.mine"), waits=n > 0) if line is not None else None


def loans_tile() -> Tile | None:
    found = loans.shelves(edge.work())
    if not found:
        return None
    return Tile(_("借书借物"), _("查目录、预约、续借"), "paper", url_for("loans.listed"))


def own_loans() -> Tile | None:
    if not loans.there_are(edge.work()):
        return None
    n = loans.waiting(edge.work(), edge.actor())
    line = _("%(n)s 件借着的、预约的", n=n) if n else _("借了什么、什么时候还")
    return Tile(_("我的借阅"), line, "paper", url_for("loans.mine"))


def offers_tile() -> Tile | None:
    """Something can be booked here whose bookings are rows."""
    found = offers.kinds(edge.work(), now=edge.now())
    if not found:
        return None
    line = _("、").join((one.title_en if english() else one.title) for one in found[:4])
    return Tile(_("报名和预订"), line, "calendar", url_for("offers.listed"))


def own_bookings() -> Tile | None:
    """The bookings, where the hall offers any beside the counters."""
    if not offers.kinds(edge.work(), now=edge.now()):
        return None
    return Tile(_("我的预约和报名"), _("时间、二维码、取消"), "calendar", url_for("booking.mine"))


def own_hours() -> Tile | None:
    """The hours one gave, where there are any."""
    found = attending.hours(edge.work(), edge.actor())
    if not found.lines:
        return None
    return Tile(
        _("我的服务时长"),
        _("%(year)s 年 %(n)s 小时", year=found.years[0][0], n=found.years[0][1]),
        "clock",
        url_for("offers.hours"),
    )


Says = Callable[[], Tile | None]


def _own_registers() -> Tile | None:
    if not registers.mine(edge.work(), edge.actor(), now=edge.now()):
        return None
    return Tile(_("我的台账"), _("大厅为我保存的记录"), "paper", url_for("registers.mine"))


def _own_curves() -> Tile | None:
    if not curves.mine(edge.work(), edge.actor()):
        return None
    return Tile(_("我的测量"), _("量过的血压、血糖，只有您看得到"), "paper", url_for("curves.mine"))


def _boards() -> Tile | None:
    if not boards.declared(edge.work()):
        return None
    return Tile(_("公开栏"), _("村里、镇上公布的事：公示、活动、墟日"), "bell", url_for("boards.listed"))


def _told() -> Tile | None:
    if not boards.declared(edge.work()):
        return None
    return Tile(_("要不要告诉我"), _("公开栏有新的、改期、取消，短信告诉您"), "bell", url_for("boards.told"))


def _own_handovers() -> Tile | None:
    work = edge.work()
    if not handovers.there_are(work):
        return None
    n = handovers.waiting(work, edge.actor())
    line = _("%(n)s 件等您交接", n=n) if n else _("交给别人的、别人交给您的")
    return Tile(_("我的交接"), line, "parcel", url_for("handovers.mine"), waits=n > 0)


def _line() -> Tile | None:
    found = tickets.halls(edge.work())
    if not found:
        return None
    return Tile(_("大厅取号"), _("现在有几位在等；在大厅里扫码取号"), "clock", url_for("tickets.halls"))


def _near() -> Tile | None:
    if coverage.public(edge.work()) is None:
        return None
    return Tile(_("身边有什么"), _("离村里多远、几点开、电话"), "house", url_for("around.near"))


#: In the order in which they are shown.
TILES: tuple[Says, ...] = (
    # registers 台账
    _near,
    # offers 供给与预订
    offers_tile,
    # loans 借还
    loans_tile,
    # matches 撮合
    _matches,
    # boards 公开栏
    _boards,
    # ballots 表决
    ballots_tile,
    # queues 取号
    _line,
)


def _family() -> Tile | None:
    return Tile(_("家人"), _("谁能替我办，我能替谁办"), "people", url_for("bonds.mine"))


def _teams() -> Tile | None:
    if not any("team" in one.offer.taker for one in offers.declared(edge.work()).values()):
        return None
    return Tile(_("团队"), _("我带的队，我在的队"), "people", url_for("teams.mine"))


def _own_data() -> Tile | None:
    return Tile(
        _("我的信息"), _("大厅有我的什么、同意过什么、下载、更正、删除"), "lock", url_for("resident.own_data_page")
    )


#: What a resident has of their own, in 我的.
OWN: tuple[Says, ...] = (
    # offers 供给与预订
    own_bookings,
    own_hours,
    # loans 借还
    own_loans,
    # matches 撮合
    _own_matches,
    # bonds 关系
    _family,
    _teams,
    # handovers 交接
    _own_handovers,
    # ballots 表决
    own_ballots,
    # registers 台账
    _own_registers,
    _own_curves,
    # boards 公开栏
    _told,
    # privacy 个人信息
    _own_data,
)


assert len(set(TILES)) == len(TILES) and len(set(OWN)) == len(OWN), "a tile stands in the list twice"


#: Of these, where something may wait for them: every page counts that at its tab, and asks for no more.
WAITS: tuple[Says, ...] = (_own_matches, _own_handovers, own_ballots)


def shown(tiles: tuple[Says, ...]) -> list[Tile]:
    """Those that say something; each is asked once a page."""
    known: dict[Says, Tile | None] = g.setdefault("tiles", {})
    for says in tiles:
        if says not in known:
            known[says] = says()
    return [tile for says in tiles if (tile := known[says]) is not None]


def waiting_tiles() -> list[Tile]:
    """Where something waits for a resident."""
    return [tile for tile in shown(WAITS) if tile.waits]


@pages.app_context_processor
def own() -> dict[str, object]:
    """For the pages of residents: their tiles, asked for only where a template shows them."""
    return {"around_tiles": lambda: shown(TILES), "own_tiles": lambda: shown(OWN) if edge.actor().id else []}


@pages.get("/around")
@guard("anyone")
def tiles() -> ResponseReturnValue:
    return render_template("resident/around.html", tiles=shown(TILES), tab="resident.home")


@pages.get("/around/near")
@guard("anyone")
def near() -> ResponseReturnValue:
    """身边有什么: what is near a village; of a resident's own when they choose none."""
    work, code = edge.work(), request.args.get("village", "")[:40]
    tree = units.tree(work)
    village = _village(tree, code) if code else _own_village(tree)
    found = coverage.near(work, village, now=edge.now()) if village is not None else None
    told = found.tells if found is not None else ""
    offered = {p.name for p in library.published(work) if p.info.published}
    return render_template(
        "resident/near.html",
        near=found,
        towns=_by_town(tree),
        pictures=dict(FUNCTIONS),
        says=told if told in offered else "",
        tab="resident.home",
    )


def _village(tree: units.Tree, code: str) -> Place:
    found = tree.by_code.get(code)
    if found is None or not found.active or found.kind not in units.VILLAGES:
        raise NotFound("没有这个村（社区）。", f"There is no village {code!r}.")
    return found


def _own_village(tree: units.Tree) -> Place | None:
    place = tree.by_id.get(edge.actor().place_id or 0)
    return tree.level(tree.today(place), "village") if place is not None else None


def _by_town(tree: units.Tree) -> list[tuple[Place, list[Place]]]:
    """The towns with their villages, by code."""
    under: dict[int | None, list[Place]] = {}
    for one in sorted(tree.standing, key=lambda p: p.code):
        if one.kind in units.VILLAGES:
            under.setdefault(one.parent_id, []).append(one)
    return [(tree.by_id[town], villages) for town, villages in under.items() if town is not None]
