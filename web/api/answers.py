"""Where another office's answer comes in, when it was not there at once (engine/records/sources.py)."""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool

from engine.commands.worker import sharing
from web import edge
from web.api.declaring import Shape, operation


class AnswerIn(Shape):
    found: StrictBool
    data: dict[str, Any] | None = None  # the record, when there is one


class Taken(Shape):
    taken: bool  # false: the question was answered before, or nobody waits for it any more


@operation("post", "/answers/{number}/{effect}", who="anyone", tag="answers", takes=AnswerIn, gives=Taken)
def answer(number: str, effect: str, body: AnswerIn) -> Taken:
    """The answer to a question a case asked another office. The bearer token came with the question."""
    return Taken(
        taken=sharing.come_in(
            edge.work(), number[:40], effect[:80], edge.bearer(), body.found, body.data, now=edge.now()
        )
    )
