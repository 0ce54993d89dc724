"""谁能做什么, as matters say it themselves: who reads a register and what is masked in it, who writes; what a board
shows and to whom; who may take an offer. Told from the declarations of what is published now: never out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from engine.matters import Package
from engine.matters.nouns.boards import Board
from engine.matters.nouns.offers import Offer
from engine.matters.nouns.registers import Register
from engine.records import library
from engine.store import Work
from engine.store.models import Post

Pair = tuple[str, str]  # 中文, English


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do what with one part of a declaration."""

    what: Pair  # the whole of it, or one field
    who: Pair
    does: Pair
    but: Pair = ("", "")


@dataclass(frozen=True, slots=True)
class Rules:
    """One declaration and what it lets whom do."""

    kind: Pair
    title: Pair
    matter: Pair
    rules: tuple[Rule, ...]


MASKS: dict[str, Pair] = {
    "phone": ("电话只显示前三后四位", "telephones: first three and last four digits"),
    "id": ("证件号只显示头尾", "identity numbers: head and tail only"),
    "name": ("姓名只显示一部分", "names: partly"),
    "tail": ("只显示末几位", "the last characters only"),
    "hidden": ("不显示，要看得说明理由", "hidden; to see it one says why"),
    "none": ("全部显示", "whole"),
}
_WHOLE = ("整条", "the whole")
_SEE, _WRITE, _TAKE, _REVIEW = ("查看", "see"), ("登记、修改", "write"), ("预订", "book"), ("审核", "review")
_ANYONE = ("登录的人都可以", "anybody signed in")
SCOPES: dict[str, Pair] = {
    "village": ("本村（社区）的人", "people of the village"),
    "town": ("本镇的人", "people of the town"),
    "county": ("所有人", "everybody"),
}


def listed(work: Work) -> list[Rules]:
    """Every published register, board and offer, by kind and title."""
    posts = {row.code: (row.name, row.name_en or row.code) for row in work.session.scalars(select(Post))}

    def people(codes: tuple[str, ...]) -> Pair:
        if not codes:
            return ("没有人", "nobody")
        known = [posts.get(code, (code, code)) for code in codes]
        return ("、".join(zh for zh, _ in known), ", ".join(en for _, en in known))

    def of_register(one: Register) -> Iterator[Rule]:
        yield Rule(_WHOLE, people(one.readers), _SEE)
        yield Rule(_WHOLE, people(one.writers), _WRITE)
        for name, field in one.fields.items():
            mask = field.masked_as
            if field.readers or mask != "none":
                title = (field.title or name, field.title_en or name)
                yield Rule(title, people(field.readers or one.readers), _SEE, MASKS[mask])

    def of_board(one: Board) -> Iterator[Rule]:
        for name, shown in one.shows.items():
            but: Pair = ("", "")
            if shown.type == "person":
                but = (
                    (f"全名，依据：{shown.basis}", f"whole, by: {shown.basis}")
                    if shown.mask == "none"
                    else MASKS["name"]
                )
            yield Rule((shown.title, shown.title_en or name), SCOPES[one.scope], _SEE, but)
        for name, words in one.hides.items():
            yield Rule((words, name), ("办理单位和上级的人", "people of its unit and above"), _SEE)
        if one.review is not None:
            yield Rule(_WHOLE, people((one.review.post,)), _REVIEW)

    def of_offer(one: Offer) -> Iterator[Rule]:
        limits = [need for need in (one.who, *one.needs.values()) if need is not None]
        but = ("；".join(need.says for need in limits), "; ".join(need.says_en or need.says for need in limits))
        yield Rule(_WHOLE, _ANYONE if not limits else ("符合条件的人", "whoever meets the conditions"), _TAKE, but)

    def rules(kind: Pair, what: Register | Board | Offer, package: Package, told: Iterator[Rule]) -> Rules:
        matter = (package.info.name, package.info.name_en)
        return Rules(kind, (what.title, what.title_en or what.title), matter, tuple(told))

    registers = sorted(library.of_kind(work, "registers", Register).items())
    boards = sorted(library.of_kind(work, "boards", Board).items())
    offers = sorted(library.of_kind(work, "offers", Offer).items())
    return [
        *(rules(("台账", "Register"), one, of, of_register(one)) for _key, (one, of) in registers),
        *(rules(("公开栏", "Board"), one, of, of_board(one)) for _key, (one, of) in boards),
        *(rules(("供给", "Offer"), one, of, of_offer(one)) for _key, (one, of) in offers),
    ]
