"""公开, 改公开内容, 撤下: what a matter puts before the public (boards of matter.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from engine import process
from engine.commands import board_rows as rows
from engine.commands.applying import env_of
from engine.commands.changes import Change
from engine.commands.effects.facts import key_of
from engine.errors import MEND, NotNow, Outdated
from engine.matters.nouns import Declared
from engine.matters.nouns.boards import Board
from engine.people import groups, holders, units
from engine.process import Effect
from engine.records import audit
from engine.store.models import Awaited, BoardEntry
from engine.workdays import local_date

if TYPE_CHECKING:
    from engine.commands.applying import Applying

#: How a refusal by the reviewer comes back to the diagram.
REFUSED = "NOT_PUBLISHED"
#: The ends of a case after which what it put up comes down by itself: nobody stands behind it any more.
TAKES_DOWN = frozenset({"withdrawn", "cancelled", "ended", "refused", "declined"})


def publish(a: Applying, effect: Effect) -> None:
    declared = _board(a, effect)
    board = declared.what
    assert isinstance(board, Board)
    place = _place(a, board, effect.arguments.get("place"))
    reviewed_at = None
    if board.review is not None:
        intake = units.place(a.work, a.case.unit_id)
        meant = groups.unit_at(a.work, board.review.at, place=place, intake=intake, office=a.office)
        reviewed_at = holders.nearest(a.work, meant, board.review.post)
    days = effect.headers.get("days")
    entry = rows.ask(
        a.work,
        declared,
        _facts(effect),
        env_of(a.work, a.now, a.office),
        key=key_of(a, effect),
        place=place,
        unit_id=a.case.office_id,
        now=a.now,
        case_id=a.case.id,
        by_id=a.by.id,
        until=effect.arguments.get("until"),
        days=int(days) if days else None,
        reviewed_at=reviewed_at,
        effect=effect.id,
    )
    shown = entry.state == "shown"
    kind = audit.Kind.BOARD_PUBLISHED if shown else audit.Kind.BOARD_ASKED
    a.record(kind, facts={"entry": entry.number, "board": declared.key})
    a.changes.append(
        Change("notice", f"{board.title}：{entry.title}", who="public", name_en=board.title_en or board.title)
    )
    if shown:
        a.answer(effect, results(entry))


def results(entry: BoardEntry) -> dict[str, Any]:
    """What the diagram hears of an entry that went up."""
    assert entry.from_at is not None
    return {
        "entry": entry.number,
        "published_on": local_date(entry.from_at).isoformat(),
        "published_until": rows.last_shown(entry).isoformat(),
    }


def change(a: Applying, effect: Effect) -> None:
    declared = _board(a, effect)
    board = declared.what
    assert isinstance(board, Board)
    number = effect.arguments.get("entry")
    found = _own(a, declared, str(number) if number else None)
    if not found:
        raise NotNow(
            f"公开栏“{board.title}”上没有这件事的内容可以改：没有公开，或者已经撤下、到期。请重新发布。",
            f"Expected something of this case on the board {board.title_en or board.title}, but nothing is up. "
            "Publish it anew.",
        )
    entry = found[0]
    reason = str(effect.arguments.get("reason") or "")
    if rows.change(
        a.work,
        entry,
        board,
        _facts(effect),
        env_of(a.work, a.now, a.office),
        now=a.now,
        reason=reason,
        until=effect.arguments.get("until"),
    ):
        a.record(audit.Kind.BOARD_CHANGED, facts={"entry": entry.number, "times": entry.changed})
        a.changes.append(Change("notice", f"{board.title}：{entry.title}", who="public", name_en=board.title_en))


def withdraw(a: Applying, effect: Effect) -> None:
    declared = _board(a, effect)
    number = effect.arguments.get("entry")
    for entry in _own(a, declared, str(number) if number else None):
        _take_down(a, entry, str(effect.arguments.get("reason") or ""))


def case_ended(a: Applying) -> None:
    """What waits to be reviewed of a case that is over waits for nothing; what is up comes down unless the case came to
    its own end."""
    if not a.package.declared("boards"):
        return
    for entry in rows.of_case(a.work, a.case.id):
        if entry.state == "review" or a.case.status != "finished" or a.case.outcome in TAKES_DOWN:
            _take_down(a, entry, "办件已结束")


def _take_down(a: Applying, entry: BoardEntry, reason: str) -> None:
    waited = entry.effect if entry.state == "review" else None
    rows.take_down(a.work, entry, "withdrawn", now=a.now, reason=reason)
    a.record(audit.Kind.BOARD_WITHDRAWN, facts={"entry": entry.number})
    if (
        waited is not None and a.case.status == "running"
    ):  # the step that asked for it waits no longer: nobody will review it
        a.work.session.execute(delete(Awaited).where(Awaited.case_id == a.case.id, Awaited.key == waited))
        a.answers.append(process.Throw(waited, REFUSED, reason))


def _own(a: Applying, declared: Declared, number: str | None) -> list[BoardEntry]:
    found = rows.of_case(a.work, a.case.id, declared.key)
    return found if number is None else [one for one in found if one.number == number]


def _facts(effect: Effect) -> Mapping[str, Any]:
    given = effect.arguments.get("facts")
    return given if isinstance(given, Mapping) else {}


def _board(a: Applying, effect: Effect) -> Declared:
    name = effect.headers.get("board") or ""
    found = a.package.declared("boards").get(name)
    if found is None:
        raise Outdated(
            f"流程要用公开栏“{name}”，这个事项版本没有写它，所以这一步没有办成。{MEND[0]}",
            f"The diagram names the board {name!r}, which this version of the matter does not declare. {MEND[1]}",
            element=effect.element,
            needs=name,
        )
    return found


def _place(a: Applying, board: Board, code: Any) -> units.Place:
    """On whose board: the village, town or county of the case, or of the unit that is named."""
    tree = units.tree(a.work)
    start = units.by_code(a.work, str(code)) if code else units.place(a.work, a.case.place_id)
    return tree.level(start, board.scope) or start
