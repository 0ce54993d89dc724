"""Papers, and whether one is genuine."""

from __future__ import annotations

import re

from flask import Response

from engine.commands import cases
from engine.errors import NotFound
from engine.reads import attachments
from web import edge, throttle
from web.api.declaring import Shape, operation, shaped


@operation(
    "get",
    "/documents/{document_id}",
    who="signed-in",
    tag="papers",
    gives=bytes,
    media="application/pdf",
    writes=True,
)
def document(document_id: int) -> Response:
    """The PDF of a paper. 409 while it is being made."""
    opened = cases.open_paper(edge.work(), document_id, by=edge.actor(), now=edge.now())
    return Response(opened.data, mimetype=opened.type, headers={"X-Content-SHA256": opened.sha256})


class VerifiedOut(Shape):
    title: str
    number: str | None
    person: str  # masked
    organ: str
    state: str


@operation("get", "/verify/{code}", who="anyone", tag="papers", gives=VerifiedOut)
def verify(code: str) -> VerifiedOut:
    """Whether a paper is one of ours, by its check code. Nothing personal is told."""
    throttle.count("verify")
    if not re.fullmatch(r"[0-9A-Za-z-]{8,40}", code):
        raise NotFound("没有这个查验码，请核对。", "There is no such code.")
    return shaped(VerifiedOut, attachments.verify(edge.work(), code))
