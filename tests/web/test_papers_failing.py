"""A paper that cannot be made: seen on the case's page at once, tried again, an incident in the end, mended by a
person."""

from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker import background
from engine.records import papers
from engine.store.models import Case, Document, Incident, Job
from tests.commands import acting
from tests.hall import Open


class Press:
    """Fails with what it is given."""

    def __init__(self, error: Exception | None):
        self.error = error

    def render(self, job: papers.Job) -> papers.Made:
        if self.error is not None:
            raise self.error
        return papers.Made(b"%PDF-1.7 of a test" + (job.check_code or "").encode(), "", "", 1, False)


def _case(hall: Open) -> tuple[int, str]:
    case_id = acting.submit(hall.database, hall.cast.zhang, hall.clock())
    with hall.database.reading() as work:
        return case_id, work.session.get(Case, case_id).number


def _work_off(hall: Open, error: Exception | None) -> None:
    background.run(hall.database, background.Equipment(press=Press(error)), now=hall.clock())


def _page(hall: Open, number: str) -> str:
    return hall.client("chen").get(f"/desk/cases/{number}").text


DIED = papers.PressFailed("文书生成进程中断或超时，请稍后重试。", "It died.")


def test_a_first_failure_is_on_the_page_of_the_case_with_its_reason(hall: Open):
    _, number = _case(hall)
    assert "正在生成" in _page(hall, number)
    _work_off(hall, DIED)
    text = _page(hall, number)
    assert "生成未成，正在重试" in text and "文书生成进程中断或超时" in text


def test_it_is_tried_again_and_then_made(hall: Open):
    _, number = _case(hall)
    _work_off(hall, DIED)
    hall.clock.on(seconds=6)
    _work_off(hall, None)
    text = _page(hall, number)
    assert "/papers/" in text and "重试" not in text


def test_after_the_last_try_it_is_an_incident_on_the_page_until_a_person_mends_it(hall: Open):
    case_id, number = _case(hall)
    for _ in range(6):
        _work_off(hall, DIED)
        hall.clock.on(hours=2)
    text = _page(hall, number)
    assert "生成失败，已报运维" in text and "后台作业“制作文书”没有做成" in text
    with hall.database.reading() as work:
        incident = work.session.scalar(select(Incident.id).where(Incident.case_id == case_id))
    with hall.database.unit_of_work() as work:
        cases.retry(work, incident, by=hall.cast.operator, now=hall.clock())
    _work_off(hall, None)
    text = _page(hall, number)
    assert "/papers/" in text and "没有做成" not in text


def test_a_character_no_font_has_is_told_at_once_and_not_after_an_hour(hall: Open):
    _, number = _case(hall)
    _work_off(hall, papers.MissingGlyph("《收件凭证》中有字体打印不出的字：“𠀀”。", "No font has it."))
    with hall.database.reading() as work:
        assert work.session.scalar(select(Document.state)) == "failed"
        assert work.session.scalar(select(Job.state).where(Job.kind == "render-paper")) == "failed"
    text = _page(hall, number)
    assert "生成失败" in text and "字体打印不出的字" in text


def test_a_paper_that_failed_promises_nothing_wherever_it_is_asked_for(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        row = work.session.scalars(select(Document)).first()
        row.state = "failed"
        code, document_id = row.check_code, row.id
    zhang = hall.client("zhang")
    assert "没有生成成功" in zhang.get(f"/mine/{number}").text
    for page in (zhang.get(f"/papers/{document_id}.pdf"), hall.client().get(f"/v/{code}")):
        assert "没有生成成功" in page.text and "正在生成" not in page.text, page.text
