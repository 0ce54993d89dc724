"""家人 on the phone, the desk's list, the counter, and the door, by the real pages."""

import io
import re

from PIL import Image
from sqlalchemy import select

from engine import matters, people
from engine.records import library
from engine.store.models import Bond, Case
from tests.cast import DAIBAN, ROOT


def page(answer):
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def digits(text):
    return re.search(r'data-code aria-label="(\d{6})"', text)[1]


def bound(hall):
    """许小妹 may act for 张三丰."""
    code = digits(page(hall.client("zhang").post("/family/let", data={"lets": ["see", "apply", "book"]})))
    answer = hall.client("xu").post("/family/bind", data={"phone": "138 0000 0001", "code": code})
    assert answer.status_code == 302
    with hall.database.reading() as work:
        return work.session.scalar(select(Bond.id).order_by(Bond.id.desc()))


def test_binding_by_code_applying_for_the_other_and_ending_it(hall):
    bond = bound(hall)
    xu, zhang = hall.client("xu"), hall.client("zhang")
    assert "张三丰" in page(xu.get("/family")) and "许小妹" in page(zhang.get("/family"))
    assert "替张三丰办" in page(xu.get("/apply/daiban"))
    assert "350526195003071239" in page(xu.get(f"/apply/daiban?for={bond}"))
    assert xu.get("/apply/daiban?for=9999").status_code == 403
    answer = xu.post(f"/apply/daiban?for={bond}", json={"answers": DAIBAN, "consent": True, "once": "a"})
    assert answer.status_code == 201
    number = answer.json["location"].rpartition("/")[2]
    assert "许*妹 替 张三丰" in page(zhang.get(f"/mine/{number}"))
    assert "替张三丰办" in page(xu.get("/mine")) and number in page(xu.get("/mine"))
    assert number in page(zhang.get("/family")), "what was done for me"
    assert "许*妹" in page(hall.client("chen").get(f"/desk/cases/{number}"))
    assert "确认解除" in page(zhang.get(f"/family/{bond}"))
    assert zhang.post(f"/family/{bond}/end").status_code == 302
    assert xu.get(f"/mine/{number}").status_code == 404
    assert number not in page(xu.get("/mine")) and "张三丰" not in page(xu.get("/family"))


def test_a_wrong_code_is_said_by_its_field(hall):
    answer = hall.client("xu").post("/family/bind", data={"phone": "13800000001", "code": "12"})
    assert answer.status_code == 422 and "手机号和绑定码对不上" in answer.text


def test_asking_and_agreeing(hall):
    xu, zhang = hall.client("xu"), hall.client("zhang")
    assert xu.post("/family/ask", data={"phone": "13800000001", "name": "张三丰"}).status_code == 302
    asked = page(zhang.get("/family"))
    assert "许小妹想做您的家人" in asked
    bond = re.search(r"/family/(\d+)/yes", asked)[1]
    assert xu.post(f"/family/{bond}/yes").status_code == 404
    assert zhang.post(f"/family/{bond}/yes").status_code == 302
    assert "张三丰" in page(xu.get("/family"))


def registered(hall):
    """张三丰 is guardian of 张小宝, as the town's counter has it."""
    sent = {
        "kind": "guardian",
        "subject.name": "张小宝",
        "subject.id_number": "350526201601014013",
        "holder.name": "张三丰",
        "holder.phone": "13800000001",
        "holder.id_number": "350526195003071239",
    }
    zhou = hall.client("zhou")
    assert zhou.post("/desk/bonds/new", data=sent).status_code == 422, "no paper was seen"
    assert zhou.post("/desk/bonds/new", data={**sent, "shown": "household"}).status_code == 302
    with hall.database.reading() as work:
        return work.session.scalar(select(Bond.id).where(Bond.kind == "guardian"))


def test_the_counter_registers_lists_finds_and_ends(hall):
    bond = registered(hall)
    zhou = hall.client("zhou")
    assert "张*宝" in page(zhou.get("/desk/bonds")) and "张*宝" in page(zhou.get("/desk/bonds?q=13800000001"))
    assert "张*宝" not in page(zhou.get("/desk/bonds?q=13800000002"))
    assert "张*宝" not in page(hall.client("sun").get("/desk/bonds"))
    assert hall.client("sun").post(f"/desk/bonds/{bond}/end").status_code == 404
    assert zhou.post(f"/desk/bonds/{bond}/end").status_code == 302
    assert "窗口解除" in page(zhou.get("/desk/bonds"))


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")
    out.seek(0)
    return out


def test_the_guardian_keeps_the_list_with_pictures_and_the_door_goes_by_it(hall):
    with hall.database.unit_of_work() as work:
        library.publish(work, matters.load(ROOT, "jieren"), by=people.SYSTEM, now=hall.clock())
    guardian = registered(hall)
    zhang, at = hall.client("zhang"), f"/family/{guardian}/list/jieren.pick_up"
    assert "名单上还没有人" in page(zhang.get(at))
    sent = {"name": "李阿婆", "phone": "13800000066", "until": "2027-01-22"}
    refused = zhang.post(at, data=sent)
    assert refused.status_code == 422 and "请上传这个人的照片" in refused.text
    assert zhang.post(at, data={**sent, "photo": (picture(), "a.jpg")}).status_code == 302
    with hall.database.reading() as work:
        listed = work.session.scalar(select(Bond.id).where(Bond.kind == "jieren.pick_up"))
    assert "李阿婆" in page(zhang.get(at))
    assert zhang.get(f"/bonds/{listed}/photo").mimetype == "image/jpeg"
    assert hall.client("xu").get(f"/bonds/{listed}/photo").status_code == 404
    assert hall.client("xu").get(at).status_code == 404
    code = digits(page(zhang.post(f"{at}/code", data={"who": "王叔叔"})))
    zhou = hall.client("zhou")
    assert "李阿婆" in page(zhou.get(f"/desk/fetch/{listed}"))
    assert "可以接走" in page(zhou.post(f"/desk/fetch/{listed}", data={"who": listed}))
    assert "王叔叔" in page(zhou.post(f"/desk/fetch/{listed}", data={"code": code}))
    assert "先不放" in page(zhou.post(f"/desk/fetch/{listed}", data={"code": code}))
    assert hall.client("sun").get(f"/desk/fetch/{listed}").status_code == 404
    assert zhang.post(f"/family/{listed}/end").location == at
    assert "先不放" in page(zhou.post(f"/desk/fetch/{guardian}", data={"who": listed}))


def test_who_may_do_what_is_shown_to_heads_and_operators(hall):
    shown = page(hall.client("zhao").get("/desk/permissions"))
    assert "申请人让他看的人" in shown and "移送前的承办单位" in shown
    assert "台账：代办台账" in shown and "签收人" in shown and "姓名只显示一部分" in shown, "as 代办 declares it"
    assert hall.client("operator").get("/desk/permissions").status_code == 200
    assert hall.client("chen").get("/desk/permissions").status_code == 403


def test_a_guardian_applies_for_a_child_without_an_account(hall):
    bond = registered(hall)
    answers = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "name": "张小宝", "id_number": "350526201601014013"}}
    zhang = hall.client("zhang")
    refused = zhang.post("/apply/daiban?for=self", json={"answers": answers, "consent": True, "once": "a"})
    assert refused.status_code == 422
    made = zhang.post(f"/apply/daiban?for={bond}", json={"answers": answers, "consent": True, "once": "b"})
    assert made.status_code == 201
    number = made.json["location"].rpartition("/")[2]
    assert "张三丰 替 张小宝" in page(zhang.get(f"/mine/{number}")).replace("张*丰", "张三丰")
    with hall.database.reading() as work:
        assert work.session.scalar(select(Case.bond_id)) == bond
