"""更正 at the desk: a supervisor voids, issues again and corrects; the check page tells a stranger why."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.store.models import Case, Document
from tests.commands import acting
from tests.hall import Open, open_hall


@pytest.fixture
def hall(sqlite, clock, tmp_path) -> Open:
    return open_hall(sqlite, clock, tmp_path)


def a_paper(hall: Open, case_id: int, kind: str = "acceptance") -> Document:
    with hall.database.reading() as work:
        found = select(Document).where(Document.case_id == case_id, Document.kind == kind).order_by(Document.id.desc())
        return work.session.scalars(found.limit(1)).one()


def number_of(hall: Open, case_id: int) -> str:
    with hall.database.reading() as work:
        return work.session.scalars(select(Case.number).where(Case.id == case_id)).one()


def test_a_supervisor_issues_a_paper_again_and_the_check_page_says_why_the_old_one_is_void(hall: Open):
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    number, old = number_of(hall, case_id), a_paper(hall, case_id)
    client = hall.client("zhao")
    address = f"/desk/cases/{number}/papers/{old.id}/mend"
    assert address in client.get(f"/desk/cases/{number}").text
    assert client.get(address).status_code == 200
    refused = client.post(address, data={"what": "again", "reason": " "})
    assert refused.status_code == 422 and "请填写重新签发的原因" in refused.text
    assert client.post(address, data={"what": "again", "reason": "承诺日期印错"}).status_code == 302
    new = a_paper(hall, case_id)
    told = hall.client().get(f"/v/{old.check_code}").text
    for words in ("这份文书已经作废", "承诺日期印错", new.number):
        assert words in told, words
    assert "作废原因" not in hall.client().get(f"/v/{new.check_code}").text


def test_a_supervisor_corrects_a_name_and_sees_what_is_wrong_by_its_field(hall: Open):
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    number = number_of(hall, case_id)
    client = hall.client("zhao")
    address = f"/desk/cases/{number}/correct"
    assert client.get(address).status_code == 200
    wrong = client.post(address, data={"id_number": "350526195003071238", "reason": "抄错"})
    assert wrong.status_code == 422 and "校验码" in wrong.text
    assert client.post(address, data={"name": "张三峰", "reason": "核对了身份证"}).status_code == 302
    assert a_paper(hall, case_id).facts["applicant"]["name"] == "张三峰"


def test_a_clerk_neither_sees_nor_does_it(hall: Open):
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    number, paper = number_of(hall, case_id), a_paper(hall, case_id)
    client = hall.client("wang")
    assert "/mend" not in client.get(f"/desk/cases/{number}").text
    for address in (f"/desk/cases/{number}/papers/{paper.id}/mend", f"/desk/cases/{number}/correct"):
        assert client.post(address, data={"reason": "我来", "name": "张三"}).status_code == 403
    assert a_paper(hall, case_id).id == paper.id
