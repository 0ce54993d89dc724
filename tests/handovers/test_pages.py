"""The pages of hand-overs, and the interface for programs, over the whole application."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest

from engine.people import login
from engine.records import handovers as proofs
from engine.store.models import Case, HandoverLink
from tests.handovers import moving
from web.app import create_app
from web.settings import Settings


@pytest.fixture
def pages(hall: moving.Moving, tmp_path) -> SimpleNamespace:
    settings = Settings(home=tmp_path, database_url="", secret_key="a key of the tests")
    app = create_app(settings, database=hall.database, clock=hall.clock, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False

    def client(short: str):
        made = app.test_client()
        with hall.database.unit_of_work() as work:
            token = login.open_session(work, hall.users[short], now=hall.clock())
        with made.session_transaction() as session:
            session["token"] = token
        return made

    def token(short: str) -> dict[str, str]:
        with hall.database.unit_of_work() as work:
            return {"Authorization": f"Bearer {login.new_token(work, hall.users[short], now=hall.clock())}"}

    return SimpleNamespace(client=client, hall=hall, app=app, token=token)


def test_each_end_sees_its_own_code_and_never_the_other_s(pages):
    link = pages.hall.link(pages.hall.submit())
    mine, theirs = proofs.code(link, "giver"), proofs.code(link, "receiver")
    page = pages.client("zhang").get(f"/handovers/{link.id}").text
    assert f"{mine[:3]} {mine[3:]}" in page and f"{theirs[:3]} {theirs[3:]}" not in page
    assert "data:image/" in page
    page = pages.client("chen").get(f"/desk/handovers/{link.id}").text
    assert f"{theirs[:3]} {theirs[3:]}" in page and f"{mine[:3]} {mine[3:]}" not in page


def test_a_stranger_to_the_link_finds_nothing(pages):
    link = pages.hall.link(pages.hall.submit())
    assert pages.client("xu").get(f"/handovers/{link.id}").status_code == 404
    assert pages.client("huang").get(f"/desk/handovers/{link.id}").status_code == 404
    token = proofs.token(link, "giver", now=pages.hall.clock())
    assert pages.client("xu").get(f"/h/{token}").status_code == 404


def test_an_end_is_not_told_of_a_restricted_case_that_is_not_theirs_to_see(pages):
    """Who carries a thing learns what to carry, and not whose confidential matter it is of (Y3)."""
    case = pages.hall.submit()
    link = pages.hall.link(case)
    with pages.hall.database.unit_of_work() as work:
        number = work.session.get(Case, case).number
        work.session.get(HandoverLink, link.id).receiver_key = f"u:{pages.hall.users['xu']}"
    shown = pages.client("xu").get(f"/handovers/{link.id}")
    assert shown.status_code == 200 and number in shown.text
    with pages.hall.database.unit_of_work() as work:
        work.session.get(Case, case).restricted = True
    for path in (f"/handovers/{link.id}", "/handovers"):
        shown = pages.client("xu").get(path)
        assert shown.status_code == 200 and number not in shown.text
    assert number not in pages.app.test_client().get("/api/v1/handovers", headers=pages.token("xu")).text
    assert number in pages.client("zhang").get(f"/handovers/{link.id}").text  # the applicant, at the other end


def test_a_qr_opens_the_link_in_any_camera_with_the_code_filled_in(pages):
    link = pages.hall.link(pages.hall.submit())
    token = proofs.token(link, "giver", now=pages.hall.clock())
    chen = pages.client("chen")
    answer = chen.get(f"/h/{token}")
    assert answer.status_code == 302
    assert f'value="{token}"' in chen.get(answer.location).text
    answer = chen.post(f"/desk/handovers/{link.id}", data={"proof": token, "outcome": "done"})
    assert answer.status_code == 302
    assert pages.hall.link(link.handover.case_id, 1).state == "done"


def test_six_digits_typed_on_the_scan_desk_find_the_link(pages):
    link = pages.hall.link(pages.hall.submit())
    chen = pages.client("chen")
    page = chen.get("/desk/handovers").text
    assert "地瓜一箱" in page and "autofocus" in page
    answer = chen.post("/desk/handovers", data={"proof": proofs.code(link, "giver")})
    assert answer.status_code == 302 and f"/desk/handovers/{link.id}" in answer.location
    answer = chen.post("/desk/handovers", data={"proof": "000000"})
    assert answer.status_code == 422 and "没有找到这个码" in answer.text


def test_a_wrong_code_is_refused_at_the_field_and_counted(pages):
    link = pages.hall.link(pages.hall.submit())
    chen = pages.client("chen")
    wrong = "000000" if proofs.code(link, "giver") != "000000" else "111111"
    for _ in range(5):
        answer = chen.post(f"/desk/handovers/{link.id}", data={"proof": wrong, "outcome": "done"})
        assert answer.status_code == 422 and 'id="proof-error"' in answer.text
    right = {"proof": proofs.code(link, "giver"), "outcome": "done"}
    answer = chen.post(f"/desk/handovers/{link.id}", data=right)
    assert answer.status_code == 429 and "尝试次数过多" in answer.text
    assert pages.hall.link(link.handover.case_id).state == "open"


def test_what_is_different_takes_a_photo_with_the_form(pages):
    case_id = pages.hall.carried()
    link = pages.hall.link(case_id)
    lai = pages.client("lai")
    said = {"proof": proofs.code(link, "giver"), "outcome": "different", "note": "箱子一角湿了"}
    answer = lai.post(f"/desk/handovers/{link.id}", data=said)
    assert answer.status_code == 422 and 'id="photos-error"' in answer.text and "箱子一角湿了" in answer.text
    photo = (BytesIO(moving.PNG), "wet.png")
    answer = lai.post(f"/desk/handovers/{link.id}", data={**said, "photos": photo}, content_type="multipart/form-data")
    assert answer.status_code == 302
    done = pages.hall.link(case_id, 3)
    assert done.state == "different"
    page = lai.get(f"/desk/cases/{_number(pages, case_id)}").text
    assert "箱子一角湿了" in page and f"/files/{done.files[0]}" in page
    assert lai.get(f"/files/{done.files[0]}").status_code == 200


def _number(pages, case_id: int) -> str:
    from engine.store.models import Case

    with pages.hall.database.reading() as work:
        return work.session.get_one(Case, case_id).number


def test_the_chain_stands_on_the_case_with_masked_names(pages):
    case_id = pages.hall.carried()
    number = _number(pages, case_id)
    page = pages.client("zhang").get(f"/mine/{number}").text
    assert "郑*路" in page and "郑顺路" not in page
    page = pages.client("chen").get(f"/desk/cases/{number}").text
    assert "郑*路" in page and "城区驿站" in page


def test_mine_lists_what_waits_and_what_was(pages):
    case_id = pages.hall.submit()
    zhang = pages.client("zhang")
    assert "1 件等您交接" in zhang.get("/mine").text
    assert "地瓜一箱" in zhang.get("/handovers").text
    pages.hall.act(case_id, "chen")
    page = zhang.get("/handovers").text
    assert "交过的" in page and "现在没有等您交接的东西" in page


def test_who_has_it_tells_the_hall_that_it_is_lost(pages):
    case_id = pages.hall.carried()
    link = pages.hall.link(case_id)
    zheng = pages.client("zheng")
    assert "东西丢了" in zheng.get(f"/handovers/{link.id}").text
    answer = zheng.post(f"/handovers/{link.id}/trouble", data={"kind": "lost", "note": "车上颠下去了"})
    assert answer.status_code == 302
    assert "车上颠下去了" in pages.client("chen").get(f"/desk/cases/{_number(pages, case_id)}").text


def test_what_lay_at_the_station_when_its_case_ended_is_settled_by_a_word(pages):
    case_id = pages.hall.submit()
    pages.hall.act(case_id, "chen")
    chen, thing = pages.client("chen"), pages.hall.chain(case_id).id
    assert "怎么处理的" not in chen.get("/desk/handovers").text
    assert chen.post(f"/desk/handovers/things/{thing}", data={"note": "退给本人"}).status_code == 409  # it runs still
    pages.hall.complete(case_id, "chen", moving.FOUND)
    number = _number(pages, case_id)
    pages.client("zhang").post(f"/mine/{number}/withdraw", data={"reason": "不寄了"})
    assert "怎么处理的" in chen.get("/desk/handovers").text
    assert chen.post(f"/desk/handovers/things/{thing}", data={"note": ""}).status_code == 422
    assert pages.client("huang").post(f"/desk/handovers/things/{thing}", data={"note": "x"}).status_code == 404
    assert chen.post(f"/desk/handovers/things/{thing}", data={"note": "退给本人"}).status_code == 302
    assert "在我们手里的" not in chen.get("/desk/handovers").text
    assert "退给本人" in chen.get(f"/desk/cases/{number}").text
    assert chen.post(f"/desk/handovers/things/{thing}", data={"note": "再来"}).status_code == 409


def test_a_program_hands_over(pages):
    case_id = pages.hall.submit()
    client = pages.app.test_client()
    mine = client.get("/api/v1/handovers", headers=pages.token("zhang")).get_json()
    assert [(one["mine"], one["state"], one["thing"]) for one in mine] == [("giver", "open", "包裹")]
    chen = pages.token("chen")
    address = f"/api/v1/handovers/{mine[0]['id']}"
    theirs = client.get(address, headers=chen).get_json()
    assert theirs["mine"] == "receiver" and theirs["code"] != mine[0]["code"]
    wrong = client.post(f"{address}/end", json={"outcome": "done", "proof": "000000"}, headers=chen)
    assert wrong.status_code == 422 and wrong.get_json()["fields"][0]["field"] == "proof"
    said = {"outcome": "done", "proof": mine[0]["code"]}
    done = client.post(f"{address}/end", json=said, headers=chen)
    assert (done.status_code, done.get_json()["state"], done.get_json()["code"]) == (200, "done", "")
    assert client.post(f"{address}/end", json=said, headers=chen).status_code == 409
    assert client.get(address, headers=pages.token("xu")).status_code == 404
    assert pages.hall.chain(case_id).holder_end == "村驿站"
