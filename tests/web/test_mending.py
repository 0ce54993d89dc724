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


def test_a_head_of_where_the_person_lives_neither_sees_nor_does_it(hall: Open):
    """Of what the 医保局 signed and handles; what the village signed is theirs to void."""
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    number, paper, theirs = number_of(hall, case_id), a_paper(hall, case_id), a_paper(hall, case_id, "proxy_acceptance")
    town = hall.client("qian")
    text = town.get(f"/desk/cases/{number}").text
    assert f"/papers/{paper.id}/mend" not in text and f"/papers/{theirs.id}/mend" in text
    for words in (f"/desk/cases/{number}/correct", f"/desk/cases/{number}/hold"):
        assert words not in text
        assert words in hall.client("zhao").get(f"/desk/cases/{number}").text
    sent = {"reason": "行政诉讼要用", "name": "张三峰", "what": "void", "until_on": "2027-09-18"}
    for where in (f"papers/{paper.id}/mend", "correct", "hold", "let-go"):
        refused = town.post(f"/desk/cases/{number}/{where}", data=sent)
        assert refused.status_code == 403, where
    assert "由签发单位的负责人作废" in town.get(f"/desk/cases/{number}/papers/{paper.id}/mend").text
    assert "由承办单位的负责人更正" in town.get(f"/desk/cases/{number}/correct").text
    assert a_paper(hall, case_id).id == paper.id
    assert town.post(f"/desk/cases/{number}/papers/{theirs.id}/mend", data=sent).status_code == 302


def test_a_clerk_neither_sees_nor_does_it(hall: Open):
    case_id = acting.accepted(hall.database, hall.cast, hall.clock)
    number, paper = number_of(hall, case_id), a_paper(hall, case_id)
    client = hall.client("wang")
    assert "/mend" not in client.get(f"/desk/cases/{number}").text
    for address in (f"/desk/cases/{number}/papers/{paper.id}/mend", f"/desk/cases/{number}/correct"):
        assert client.post(address, data={"reason": "我来", "name": "张三"}).status_code == 403
    assert a_paper(hall, case_id).id == paper.id
