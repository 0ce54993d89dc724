"""One decision for one thing, whatever address asks; nobody sees more residents' data than their work needs, and who
looked behind a mask is told to the person and to the head."""

import io
import zipfile
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from engine.commands import cases
from engine.people import load, may
from engine.reads import case_list, sight
from engine.records import files
from engine.store.models import Case, Document, Event, Leave
from tests.hall import Open


def _paper(hall: Open, number: str, **is_: object) -> tuple[int, int]:
    """A made paper of the case as these columns say: (document, file)."""
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        row = work.session.scalar(select(Document).where(Document.case_id == case.id).order_by(Document.id))
        made = files.store(
            work,
            b"%PDF-1.7 13800000001 13900000002",
            "paper.pdf",
            "application/pdf",
            now=hall.clock(),
            case_id=case.id,
            field=f"paper:{row.kind}",
        )
        row.file_id, row.state, row.sha256 = made.id, "ready", made.sha256
        for name, value in is_.items():
            setattr(row, name, value)
        return row.id, made.id


def _party(hall: Open, number: str, short: str) -> None:
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        case.party_ids = [hall.cast.users[short]]


@pytest.mark.parametrize("who", ["zhang", "xu", "huang", None])
def test_a_file_that_is_an_internal_paper_is_refused_wherever_it_is_asked_for(hall: Open, who: str | None):
    number = hall.submit()
    _party(hall, number, "xu")  # the other side
    document, file = _paper(hall, number, public=False)
    client = hall.client(who)
    for address in (f"/papers/{document}.pdf", f"/files/{file}"):
        answer = client.get(address)
        assert answer.status_code in (302, 403, 404) and b"13900000002" not in answer.data, address


def test_a_void_paper_is_refused_wherever_it_is_asked_for(hall: Open):
    document, file = _paper(hall, hall.submit(), public=True, state="void")
    for who in ("zhang", "chen"):
        for address in (f"/papers/{document}.pdf", f"/files/{file}"):
            answer = hall.client(who).get(address)
            assert answer.status_code == 409 and "已作废" in answer.text, (who, address)


def test_a_paper_read_by_any_address_leaves_the_same_line(hall: Open):
    document, file = _paper(hall, hall.submit(), public=True)
    client = hall.client("zhang")
    assert client.get(f"/papers/{document}.pdf").status_code == 200
    assert client.get(f"/files/{file}").status_code == 200
    with hall.database.reading() as work:
        kept = list(work.session.scalars(select(Event).where(Event.kind == "document.read").order_by(Event.id)))
    assert [(e.facts, e.by_id) for e in kept] == [({"document": document}, hall.cast.users["zhang"])] * 2


def test_a_file_of_a_paper_that_was_made_again_is_nobodys(hall: Open):
    number = hall.submit()
    _document, old = _paper(hall, number, public=True)
    _paper(hall, number, public=True)
    assert hall.client("chen").get(f"/files/{old}").status_code == 404


@pytest.mark.parametrize("who", ["designer", "operator"])
def test_who_needs_no_residents_data_sees_none(hall: Open, who: str):
    number = hall.submit()
    document, file = _paper(hall, number, public=True)
    client = hall.client(who)
    for address in (
        f"/desk/cases/{number}",
        f"/desk/cases/{number}/glance",
        f"/papers/{document}.pdf",
        f"/files/{file}",
    ):
        assert client.get(address).status_code in (403, 404), address
    for address in (f"/desk/find?q={number}", "/desk/find?q=13800000001", "/desk/list/unit", "/desk/list/open"):
        text = client.get(address).text
        assert "张*丰" not in text and "138****0001" not in text, address
    sent = {"field": "phone", "purpose": "contact", "words": "打电话核对"}
    assert "13800000001" not in client.post(f"/desk/cases/{number}/reveal", data=sent).text


def _stand_in(hall: Open, away: str, agent: str, matters: list[str] | None) -> None:
    with hall.database.unit_of_work() as work:
        work.session.add(
            Leave(
                user_id=hall.cast.users[away],
                agent_id=hall.cast.users[agent],
                from_at=hall.clock(),
                until_at=hall.clock() + timedelta(days=2),
                matters=matters,
            )
        )


@pytest.mark.parametrize(
    ("matters", "restricted", "seen"),
    [
        (["daiban"], False, True),
        (["yuyue"], False, False),  # of another matter
        (None, False, True),
        (["daiban"], True, False),  # restricted: with those named, whatever the leave says
        (None, True, False),
    ],
)
def test_a_leave_lends_the_reading_of_its_matters_and_of_no_restricted_case(hall: Open, matters, restricted, seen):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        case.restricted = restricted
        case.office_id = case.unit_id = hall.cast.mz.id  # only its village is the absent agent's
    hall.task(number)
    _stand_in(hall, "chen", "huang", matters)
    with hall.database.reading() as work:
        huang = load(work, hall.cast.users["huang"], now=hall.clock())
        case = work.session.scalar(select(Case).where(Case.number == number))
        listed = work.session.scalar(select(Case.id).where(sight.of_cases(work, huang), Case.number == number))
        found = case_list.search(work, number, actor=huang, now=hall.clock(), limit=5)
        assert may(huang, "see", case) is seen
        assert (listed is not None) is seen
        assert bool(found) is seen


def test_looking_behind_a_mask_asks_a_purpose_of_the_list_and_words(hall: Open):
    number = hall.submit()
    client = hall.client("chen")
    for purpose, words in (("", "打电话核对"), ("1", "打电话核对"), ("contact", "1"), ("contact", "   电话 ")):
        sent = {"field": "phone", "purpose": purpose, "words": words}
        answer = client.post(f"/desk/cases/{number}/reveal", data=sent)
        assert answer.status_code == 422 and "13800000001" not in answer.text, (purpose, words)


def test_so_many_looks_an_hour_and_no_more(hall: Open):
    number = hall.submit()
    client = hall.client("chen")
    sent = {"field": "phone", "purpose": "contact", "words": "打电话核对"}
    codes = [client.post(f"/desk/cases/{number}/reveal", data=sent).status_code for _ in range(22)]
    assert codes == [200] * 20 + [429, 429]
    hall.clock.on(hours=1)
    assert client.post(f"/desk/cases/{number}/reveal", data=sent).status_code == 200


def test_a_head_takes_the_evidence_package_by_one_click_and_the_person_sees_it(hall: Open):
    number = hall.submit()
    head = hall.client("qian")
    page = head.get(f"/desk/cases/{number}").text
    assert "取责任证据包…" in page and f'action="/desk/cases/{number}/evidence"' in page
    assert "取责任证据包…" not in hall.client("lin").get(f"/desk/cases/{number}").text
    sent = {"purpose": "accountability", "words": "复议机关要的"}
    assert head.post(f"/desk/cases/{number}/evidence", data={**sent, "words": ""}).status_code == 422
    assert hall.client("lin").post(f"/desk/cases/{number}/evidence", data=sent).status_code in (403, 404)
    got = head.post(f"/desk/cases/{number}/evidence", data=sent)
    assert got.status_code == 200 and got.mimetype == "application/zip"
    assert number in unquote(got.headers["Content-Disposition"])
    with zipfile.ZipFile(io.BytesIO(got.data)) as package:
        assert {"index.html", "verify.py", "manifest.json"} <= set(package.namelist())
    mine = hall.client("zhang").get(f"/mine/{number}").text
    assert "责任证据包（全部）" in mine and "复议机关要的" in mine


def test_a_look_behind_a_mask_is_shown_to_the_person_and_to_the_head_and_to_nobody_else(hall: Open):
    number = hall.submit()
    sent = {"field": "id_number", "purpose": "verify", "words": "核对参保身份"}
    assert hall.client("chen").post(f"/desk/cases/{number}/reveal", data=sent).status_code == 200
    mine = hall.client("zhang").get(f"/mine/{number}").text
    assert "谁看过我的完整信息" in mine and "核对参保身份" in mine and "陈*云" in mine and "陈小云" not in mine
    head = hall.client("qian").get("/desk/overview/reveals").text
    assert "陈小云" in head and "核对身份和材料：核对参保身份" in head and number in head
    assert "核对参保身份" not in hall.client("lin").get(f"/desk/cases/{number}").text
    assert hall.client("chen").get("/desk/overview/reveals").status_code == 403


def test_the_recorded_facts_hold_the_purpose_and_not_the_words(hall: Open):
    number = hall.submit()
    with hall.database.unit_of_work() as work:
        case = work.session.scalar(select(Case).where(Case.number == number))
        by = load(work, hall.cast.users["chen"], now=hall.clock())
        cases.reveal(work, case.id, "phone", "contact", "张三丰家里没人", by=by, now=hall.clock())
    with hall.database.reading() as work:
        (kept,) = work.session.scalars(select(Event).where(Event.kind == "person.revealed"))
        assert kept.facts == {"field": "phone", "purpose": "contact"}
