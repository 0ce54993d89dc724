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

from engine.reads import tickets
from web import edge
from web.edge import guard

pages = Blueprint("around", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """One way in: what it is called, a line under it, its picture, its address."""

    name: str
    line: str
    icon: str
    address: str


Says = Callable[[], Tile | None]


def _line() -> Tile | None:
    found = tickets.halls(edge.work())
    if not found:
        return None
    return Tile(_("大厅取号"), _("现在有几位在等；在大厅里扫码取号"), "clock", url_for("tickets.halls"))


#: In the order in which they are shown.
TILES: tuple[Says, ...] = (
    # offers 供给与预订
    # matches 撮合
    # boards 公开栏
    _line,
    # ballots 表决
    # registers 台账
)

#: What a resident has of their own, in 我的.
OWN: tuple[Says, ...] = (
    # offers 供给与预订
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
