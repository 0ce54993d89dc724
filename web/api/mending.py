"""更正 for programs: a head voids a wrong paper, issues it again, or corrects an applicant's name or number."""

from __future__ import annotations

from pydantic import Field

from engine.commands import cases
from engine.errors import NotFound
from engine.reads import case_page
from web import edge
from web.api.declaring import Shape, operation


class Why(Shape):
    reason: str = Field(min_length=1, max_length=200, description="For the record; shown where a paper is checked.")


class PaperOut(Shape):
    id: int
    number: str | None
    state: str


class CorrectIn(Why):
    """What is left out stays as it is."""

    name: str = Field("", max_length=80)
    id_number: str = Field("", max_length=80)
    phone: str = Field("", max_length=80)


class CorrectOut(Shape):
    number: str
    version: int
    papers: list[PaperOut]  # issued again
    notes: list[str]  # what stays as it was, such as a paper signed by hand


def _seen(document_id: int) -> str:
    """The number of its case. 404 for a paper they may not see, as the page says it: nobody learns that it is there."""
    number = case_page.number_of_paper(edge.work(), document_id)
    if not number or document_id not in {one.id for one in _papers(number)}:
        raise NotFound("没有这份文书，或您不能查看。", f"There is no document {document_id} you may see.")
    return number


def _papers(number: str) -> tuple[case_page.Paper, ...]:
    return case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now()).papers


def _made(number: str, codes: set[str]) -> list[PaperOut]:
    """Those of these check codes, read back: a paper has its id once it is written."""
    return [PaperOut(id=p.id, number=p.number, state=p.state) for p in _papers(number) if p.check_code in codes]


@operation("post", "/documents/{document_id}/void", who="supervisor", tag="papers", takes=Why, gives=PaperOut)
def void_paper(document_id: int, body: Why) -> PaperOut:
    """Void a wrong paper (作废): it counts no more, and whoever checks it is told why."""
    _seen(document_id)
    row = cases.void_paper(edge.work(), document_id, body.reason, by=edge.actor(), now=edge.now())
    return PaperOut(id=row.id, number=row.number, state=row.state)


@operation("post", "/documents/{document_id}/reissue", who="supervisor", tag="papers", takes=Why, gives=PaperOut)
def reissue_paper(document_id: int, body: Why) -> PaperOut:
    """Void a paper and issue it again under a new number; the answer is the new one."""
    number = _seen(document_id)
    row = cases.reissue_paper(edge.work(), document_id, body.reason, by=edge.actor(), now=edge.now())
    (new,) = _made(number, {row.check_code})
    return new


@operation("post", "/cases/{number}/applicant", who="supervisor", tag="cases", takes=CorrectIn, gives=CorrectOut)
def correct_applicant(number: str, body: CorrectIn) -> CorrectOut:
    """Correct the applicant's name, identity number or telephone; papers that hold it are issued again."""
    page = case_page.by_number(edge.work(), number, actor=edge.actor(), now=edge.now())
    given = {key: text for key in ("name", "id_number", "phone") if (text := getattr(body, key).strip())}
    done = cases.correct_applicant(edge.work(), page.id, given, body.reason, by=edge.actor(), now=edge.now())
    return CorrectOut(
        number=done.case.number,
        version=done.case.version,
        papers=_made(done.case.number, {one.check_code for one in done.documents}),
        notes=[change.name for change in done.changes if change.what == "note"],
    )
