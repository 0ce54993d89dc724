"""Decisions that a declaration names: by their id, as the run finds them."""

from __future__ import annotations

from engine.findings import meant
from engine.matters.gate.reading import Reading
from engine.matters.nouns import Declared


def by_id(reading: Reading, one: Declared, rule: str, name: str, *path: object) -> None:
    """A decision's name is not its id: the run finds it by either, an editor that renames it changes one of them."""
    model = reading.models.get(name)
    ids = [d.id for d in (*model.definitions.decisions, *model.definitions.services)] if model is not None else [name]
    if name not in ids:
        zh, en = meant(name, ids, 40)
        reading.of_noun(
            one,
            rule,
            f"“{name}”只是决策的名称，它的 id 是另一个。请写 id。{zh}",
            f'"{name}" is the name of the decision, its id is another: write the id. {en}',
            *path,
        )
