"""The machine, the telephone and the desk over HTTP: who gets a number where, and who sees what."""

import re

import pytest
from sqlalchemy import select

from engine import matters, people
from engine.commands import queues
from engine.people.tries import LIMITS
from engine.reads import tickets as reads
from engine.records import library
from engine.store.models import Hall, Ticket
from tests.cast import ROOT
from tests.hall import open_hall


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    opened = open_hall(sqlite, clock, tmp_path)
    with sqlite.unit_of_work() as work:
        windows = [
            {"code": "1", "name": "综合窗口", "unit": "350526106"},
            {"code": "2", "name": "医保窗口", "unit": "350526-YB"},
        ]
        queues.put_halls(work, [{"code": "jiayuan", "name": "办事大厅", "unit": "350526106", "windows": windows}])
        library.publish(work, matters.load(ROOT, "daoban"), by=people.SYSTEM, now=clock())
    return opened


def numbers(hall):
    with hall.database.reading() as work:
        return list(work.session.scalars(select(Ticket.number).order_by(Ticket.id)))


def test_nobody_takes_a_number_from_home(hall):
    assert hall.client().post("/halls/jiayuan/take", data={"queue": "hall"}).status_code == 409
    assert hall.client().post("/halls/jiayuan/take", data={"queue": "hall", "c": "0" * 10}).status_code == 409
    assert numbers(hall) == []
    assert "没有开成取号机" in hall.client().get("/halls/jiayuan/machine").text


def test_staff_make_a_browser_the_machine_and_are_signed_out_of_it(hall):
    machine = hall.client("zhou")
    assert machine.post("/desk/halls/jiayuan/machine").status_code == 302
    assert machine.get("/desk/halls/jiayuan").status_code == 302, "nobody is signed in here"
    answer = machine.post("/halls/jiayuan/take", data={"need": "sixty"}, follow_redirects=True)
    assert "B001" in answer.text and numbers(hall) == ["B001"]
    assert hall.client("sun").post("/desk/halls/jiayuan/machine").status_code == 403, "another office's clerk"


def test_a_telephone_follows_its_number_and_gives_it_up(hall, clock):
    with hall.database.reading() as work:
        code = reads.place_code(work.session.scalar(select(Hall)), clock())
    phone = hall.client()
    assert "取号" in phone.get(f"/halls/jiayuan/here?c={code}").text
    own = phone.post("/halls/jiayuan/take", data={"c": code}).headers["Location"]
    assert phone.post("/halls/jiayuan/take", data={"c": code}).headers["Location"] == own
    assert "下一位就是您" in phone.get(own).text
    assert "下一位就是您" in phone.get(f"{own}/now").text
    assert "C001" in phone.get(f"{own}/slip").text
    phone.post(f"{own}/leave")
    assert "已经取消" in phone.get(own).text
    assert hall.client().get("/tickets/nonsense").status_code == 404


def test_one_code_of_the_hall_is_no_flood_of_numbers(hall, clock):
    """One scan, sent home: each browser that forgot its cookie took another number, as often as it liked."""
    with hall.database.reading() as work:
        code = reads.place_code(work.session.scalar(select(Hall)), clock())
    most, sent = LIMITS["number"].most, {"c": code}
    for _ in range(most):
        assert hall.client().post("/halls/jiayuan/take", data=sent).status_code == 302
    flood = hall.client().post("/halls/jiayuan/take", data=sent)
    assert flood.status_code == 429 and "取号机上取" in flood.text and len(numbers(hall)) == most
    there = {"REMOTE_ADDR": "203.0.113.9"}
    assert hall.client().post("/halls/jiayuan/take", data=sent, environ_overrides=there).status_code == 302
    assert hall.client("zhang").post("/halls/jiayuan/take", data=sent).status_code == 302, "who signed in takes one"
    machine = hall.client("zhou")
    machine.post("/desk/halls/jiayuan/machine")
    assert machine.post("/halls/jiayuan/take", data={"need": "sixty"}).status_code == 302, "and so does the machine"
    clock.on(minutes=15)
    assert hall.client().post("/halls/jiayuan/take", data=sent).status_code == 302, "the hall's code of before"


def test_nobody_gives_up_or_comes_back_for_a_number_that_is_another_s(hall, clock):
    """What is called in the hall (C001) is no code; the code of the slip is not to be guessed."""
    with hall.database.reading() as work:
        place = reads.place_code(work.session.scalar(select(Hall)), clock())
    own = hall.client().post("/halls/jiayuan/take", data={"c": place}).headers["Location"]
    code, shown = own.rsplit("/", 1)[1], numbers(hall)[0]
    assert len(code) >= 16 and code not in hall.client().get("/halls/jiayuan/wall").text
    for guess in (shown, "1", code[:-1], code.swapcase(), f"{code}%00", "..%2f" + code):
        for verb in ("leave", "back"):
            assert hall.client().post(f"/tickets/{guess}/{verb}").status_code in (400, 404), (guess, verb)
        assert hall.client().get(f"/tickets/{guess}/now").status_code in (400, 404), guess
    with hall.database.reading() as work:
        assert work.session.scalars(select(Ticket.state)).one() == "waiting"


def test_which_hall_is_asked_only_where_there_are_several(hall):
    assert "没有窗口" in hall.client("sun").get("/desk/halls").text
    assert hall.client("zhou").get("/desk/halls").location.endswith("/desk/halls/jiayuan")
    assert "办事大厅" in hall.client().get("/halls").text and "0 位在等" in hall.client().get("/halls").text
    with hall.database.unit_of_work() as work:
        windows = [{"code": "1", "name": "窗口", "unit": "350526106"}]
        queues.put_halls(work, [{"code": "second", "name": "二号厅", "unit": "350526106", "windows": windows}])
        text = (ROOT / "bpmn/_shared/halls.yaml").read_text()
        files = matters.read_files(ROOT, "daoban")
        more = text + text.replace("queues:\n  hall:", "  more:").partition("# ")[2].partition("\n")[2].replace(
            "at: jiayuan", "at: second"
        )
        package = matters.read("daoban", {**files, "bpmn/_shared/halls.yaml": more.encode()})
        library.publish(work, package, by=people.SYSTEM, now=hall.clock())
    page = hall.client("zhou").get("/desk/halls").text
    assert "办事大厅" in page and "二号厅" in page


def test_the_clerks_day_at_the_window(hall):
    clerk = hall.client("zhou")
    page = clerk.get("/desk/halls", follow_redirects=True).text
    window = re.search(r"windows/(\d+)/sit", page)[1]
    clerk.post("/desk/halls/jiayuan/take", data={"name": "陈阿公", "phone": "13900000009", "need": "eighty"})
    other = hall.client("wang").get("/desk/halls/jiayuan").text
    assert "A001" in other and "陈阿公" not in other and "陈*公" in other
    assert "陈" not in hall.client().get("/halls/jiayuan/wall").text
    clerk.post(f"/desk/halls/jiayuan/windows/{window}/sit")
    page = clerk.post(f"/desk/halls/jiayuan/windows/{window}/next", follow_redirects=True).text
    ticket, version = re.search(r"tickets/(\d+)/serve", page)[1], re.search(r'name="version" value="(\d+)"', page)[1]
    assert "A001" in hall.client().get("/halls/jiayuan/wall/now").text
    step = f"/desk/halls/jiayuan/tickets/{ticket}"
    assert clerk.post(f"{step}/park", data={"version": version}).status_code == 409, "called once only"
    clerk.post(f"{step}/serve", data={"version": version})
    form = clerk.get(f"/desk/window/daoban?ticket={ticket}").text
    assert "13900000009" in form, "what the number knows is not asked again"
    assert hall.client("wang").get(f"/desk/window/daoban?ticket={ticket}").status_code == 404
    sent = {
        "answers": {"applicant": {"name": "陈阿公"}, "asked": "医保"},
        "channel": "counter",
        "once": "one",
        "ticket": int(ticket),
    }
    case = clerk.post("/desk/window/daoban", json=sent).json["location"]
    assert "A001" in clerk.get(case).text, "the case knows the number"
    page = clerk.get("/desk/halls/jiayuan").text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    clerk.post(f"{step}/done", data={"version": version})
    assert "办完" in clerk.get("/desk/halls/jiayuan/numbers").text
    assert hall.client("sun").get("/desk/halls/jiayuan").status_code == 403


def test_a_program_takes_calls_and_reads_the_counts(hall):
    client = hall.app.test_client()
    token = client.post("/api/v1/session", json={"login": "zhou", "password": "demo-2026-pass"}).json["token"]
    with_token = {"headers": {"Authorization": f"Bearer {token}"}}
    made = client.post("/api/v1/numbers", json={"queue": "hall", "needs": ["pregnant"]}, **with_token)
    assert (made.status_code, made.json["number"], made.json["before"]) == (201, "A001", 0)
    with hall.database.unit_of_work() as work:
        window = reads.desk(work, "jiayuan", hall.cast.zhou, now=hall.clock()).windows[0].id
        queues.sit(work, window, by=hall.cast.zhou, now=hall.clock())
    (called,) = client.post(f"/api/v1/windows/{window}/next", **with_token).json
    served = client.post(f"/api/v1/numbers/{called['id']}/serve", json={"version": called["version"]}, **with_token)
    assert served.json["state"] == "serving"
    assert client.get("/api/v1/halls/jiayuan").json["calls"][0]["number"] == "A001"
    assert client.get(f"/api/v1/numbers/{made.json['code']}").json["window"] == "1"
    counts = client.get("/api/v1/halls/jiayuan/measures?first=2026-09-18&last=2026-09-18", **with_token).json
    assert [(one["letter"], one["taken"]) for one in counts] == [("A", 1)]
