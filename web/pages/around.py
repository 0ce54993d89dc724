"""身边的服务: what the hall has beside applications: places to book, a board to read, things to lend, votes to cast.

Each noun's pages say here by a tile that there is something of theirs: on 身边的服务 for everybody, in 我的 for whoever
has something of their own there. A hall whose matters declare none of it shows no tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.reads import offers
from web import edge
from web.edge import guard
from web.language import english

pages = Blueprint("around", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """One way in: what it is called, a line under it, its picture, its address."""

    name: str
    line: str
    icon: str
    address: str


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


Says = Callable[[], Tile | None]

#: In the order in which they are shown.
TILES: tuple[Says, ...] = (
    # offers 供给与预订
    offers_tile,
    # matches 撮合
    # boards 公开栏
    # queues 取号
    # ballots 表决
    # registers 台账
)

#: What a resident has of their own, in 我的.
OWN: tuple[Says, ...] = (
    # offers 供给与预订
    own_bookings,
    # matches 撮合
    # bonds 关系
    # handovers 交接
    # ballots 表决
    # registers 台账
)


def shown(tiles: tuple[Says, ...]) -> list[Tile]:
    return [tile for says in tiles if (tile := says()) is not None]


@pages.app_context_processor
def own() -> dict[str, object]:
    """For the pages of residents: their tiles, asked for only where a template shows them."""
    return {"around_tiles": lambda: shown(TILES), "own_tiles": lambda: shown(OWN) if edge.actor().id else []}


@pages.get("/around")
@guard("anyone")
def tiles() -> ResponseReturnValue:
    return render_template("resident/around.html", tiles=shown(TILES), tab="resident.home")
