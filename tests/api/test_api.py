"""A program's day: log in with a token, apply, claim, complete, fetch the paper; and what it is told when it is
wrong."""

import io
import json
import re
import zipfile
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from engine.store.models import Case, Consent, Document, User
from tests import made
from tests.cast import DAIBAN, PASSWORD
from tests.commands import acting
from web.api.declaring import OPERATIONS, description
from web.app import create_app
from web.settings import Settings


@pytest.fixture
def api(sqlite, clock, tmp_path):
    from tests import cast

    people = cast.hired(sqlite, clock())
    app = create_app(
        Settings(home=tmp_path, database_url="", secret_key="s" * 32), database=sqlite, clock=clock, testing=True
    )
    client = app.test_client()

    def call(method, path, sent=None, token=None, **more):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if sent is not None:
            more["json"] = sent
        return client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def resident(phone="13800000001"):
        asked = call("POST", "/session/code", {"phone": phone}).json
        answer = call("POST", "/session", {"phone": phone, "code": asked["shown"], "ask": asked["ask"]})
        assert answer.status_code == 201, answer.json
        return answer.json["token"]

    def staff(login):
        return call("POST", "/session", {"login": login, "password": PASSWORD}).json["token"]

    return SimpleNamespace(call=call, resident=resident, staff=staff, client=client, people=people, database=sqlite)


def applied(api, token, **more):
    answer = api.call("POST", "/cases", {"matter": "daiban", "answers": DAIBAN, "consent": True, **more}, token)
    assert answer.status_code == 201, answer.json
    return answer.json["number"]


def test_a_program_applies_and_a_clerk_completes(api):
    resident, clerk = api.resident(), api.staff("chen")
    assert "daiban" in [m["name"] for m in api.call("GET", "/matters").json]
    guide = api.call("GET", "/matters/daiban").json
    assert guide["form"]["components"] and guide["materials"]
    number = applied(api, resident)
    (row,) = api.call("GET", "/inbox?list=open", token=clerk).json["rows"]
    assert (row["number"], row["applicant"]) == (number, "张*丰")
    claimed = api.call("POST", f"/tasks/{row['task_id']}/claim", {"version": row["version"]}, clerk)
    assert claimed.status_code == 200
    task = api.call("GET", f"/tasks/{row['task_id']}", token=clerk).json
    assert task["can_work"] and task["form"]["components"]
    done = api.call(
        "POST",
        f"/tasks/{row['task_id']}/complete",
        {"version": claimed.json["version"], "answers": acting.TAKE_IN},
        clerk,
    )
    assert done.status_code == 200, done.json
    assert done.json["papers"] and done.json["opened"]
    seen = api.call("GET", f"/cases/{number}", token=resident).json
    assert seen["status"] == "running" and seen["due_at"] and seen["papers"][0]["state"] == "pending"
    paper = api.call("GET", f"/documents/{seen['papers'][0]['id']}", token=resident)
    assert paper.status_code == 409 and "正在" in paper.json["detail"]


def test_the_loser_of_a_race_is_told_who_acted(api):
    resident, chen, lin = api.resident(), api.staff("chen"), api.staff("lin")
    applied(api, resident)
    (row,) = api.call("GET", "/inbox?list=open", token=chen).json["rows"]
    assert api.call("POST", f"/tasks/{row['task_id']}/claim", {"version": row["version"]}, chen).status_code == 200
    lost = api.call("POST", f"/tasks/{row['task_id']}/claim", {"version": row["version"]}, lin)
    assert lost.status_code == 409 and lost.mimetype == "application/problem+json"
    assert "陈*云" in lost.json["detail"]


def test_the_same_key_makes_one_case(api):
    token = api.resident()
    assert applied(api, token, key="k1") == applied(api, token, key="k1")
    assert len(api.call("GET", "/cases", token=token).json) == 1


def test_a_field_that_is_wrong_is_named(api):
    wrong = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "id_number": "350526195003071238"}}
    answer = api.call("POST", "/cases", {"matter": "daiban", "answers": wrong, "consent": True}, api.resident())
    assert answer.status_code == 422
    assert [f["field"] for f in answer.json["fields"]] == ["applicant.id_number"]
    assert "校验码" in answer.json["fields"][0]["text"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"matter": "daiban"}, "answers"),
        ({"matter": "daiban", "answers": {}, "x": 1}, "x"),
        ({"answers": []}, "matter"),
    ],
)
def test_a_body_of_the_wrong_shape_names_the_field(api, sent, field):
    answer = api.call("POST", "/cases", sent, api.resident())
    assert answer.status_code == 422 and field in [f["field"] for f in answer.json["fields"]]


def test_malformed_json_is_said_to_be_malformed(api):
    answer = api.call("POST", "/cases", token=api.resident(), data=b'{"matter": ')
    assert answer.status_code == 422 and "JSON" in answer.json["fields"][0]["text"]


def test_a_photo_is_kept_and_named_by_its_content(api):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = head + made.picture("JPEG") + b"\r\n--b--\r\n"
    answer = api.call("POST", "/files", token=api.resident(), data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 201 and answer.json["type"] == "image/jpeg"


def test_an_unknown_matter_is_not_found(api):
    answer = api.call("POST", "/cases", {"matter": "nothing", "answers": {}}, api.resident())
    assert answer.status_code == 404 and answer.mimetype == "application/problem+json"


def test_a_file_too_large_is_refused_in_words(api):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.jpg"\r\n\r\n\xff\xd8\xff'
    body = head + b"0" * 30 * 1024 * 1024 + b"\r\n--b--\r\n"
    answer = api.call("POST", "/files", token=api.resident(), data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code in (413, 422) and answer.mimetype == "application/problem+json"


def test_without_a_token_nothing_opens_and_a_cookie_is_no_token(api):
    for one in OPERATIONS:
        path = one.path.replace("{number}", "1").replace("{name}", "x").replace("{code}", "ABCD-EFGH-1234")
        path = re.sub(r"\{\w+_id\}", "1", path)
        answer = api.call(one.method.upper(), path, {} if one.takes else None)
        if one.who == "anyone":
            assert answer.status_code != 401
        else:
            assert answer.status_code == 401, (one.name, answer.status_code)
            assert answer.mimetype == "application/problem+json"


def test_a_resident_sees_no_inbox_and_a_clerk_of_another_village_no_case(api):
    resident = api.resident()
    number = applied(api, resident)
    assert api.call("GET", "/inbox", token=resident).status_code == 403
    assert api.call("GET", f"/cases/{number}", token=api.staff("huang")).status_code in (403, 404)
    assert api.call("GET", f"/cases/{number}", token=api.resident("13800000002")).status_code == 404


def test_signing_out_ends_the_token(api):
    token = api.resident()
    assert api.call("DELETE", "/session", token=token).status_code == 204
    assert api.call("GET", "/cases", token=token).status_code == 401


def test_a_resident_changes_their_number_by_a_program_which_goes_on(api, clock):
    other = api.resident()
    clock.on(minutes=2)
    token = api.resident()
    refused = api.call("POST", "/account/number/codes", {"phone": "13800000002"}, token)
    assert refused.status_code == 422 and refused.json["fields"][0]["field"] == "phone"
    assert "已经有一个账号" in refused.json["fields"][0]["text"]
    asked = api.call("POST", "/account/number/codes", {"phone": "139 0000 0009"}, token).json
    codes = {"old_code": asked["shown_old"], "new_code": asked["shown_new"]}
    given = {"phone": "13900000009", "ask": asked["ask"], **codes}
    for wrong, field in (({"old_code": "12345"}, "old_code"), ({"new_code": "12345"}, "new_code")):
        answer = api.call("POST", "/account/number", given | wrong, token)
        assert (answer.status_code, answer.json["fields"][0]["field"]) == (422, field)
    assert api.call("POST", "/account/number", given | {"ask": "another"}, token).status_code == 422
    assert api.call("POST", "/account/number", given, api.staff("chen")).status_code == 403
    assert api.call("POST", "/account/number", given, token).status_code == 204
    assert api.call("GET", "/cases", token=token).status_code == 200
    assert api.call("GET", "/cases", token=other).status_code == 401
    with api.database.reading() as work:
        assert work.session.get(User, api.people.users["zhang"]).phone == "13900000009"
    clock.on(minutes=2)
    assert api.call("GET", "/cases", token=api.resident("13900000009")).status_code == 200


def test_six_changes_of_number_a_day_are_too_many_for_a_program_too(api, clock):
    token = api.resident()
    for n in range(5):
        clock.on(minutes=15)
        assert api.call("POST", "/account/number/codes", {"phone": f"1390000010{n}"}, token).status_code == 200
    clock.on(minutes=15)
    late = api.call("POST", "/account/number/codes", {"phone": "13900000109"}, token)
    assert late.status_code == 429 and int(late.headers["Retry-After"]) > 3600


def test_the_description_names_every_operation_and_its_shapes(api):
    found = api.client.get("/api/openapi.json").json
    assert found["openapi"] == "3.1.0"
    described = {(m, p) for p, methods in found["paths"].items() for m in methods}
    assert described == {(o.method, f"/v1{o.path}") for o in OPERATIONS}
    text = json.dumps(description())
    for name in set(text.split("#/components/schemas/")[1:]):
        assert name.split('"')[0] in found["components"]["schemas"]


def test_every_operation_says_that_it_may_refuse_what_is_not_readable_and_what_comes_too_often():
    for path, methods in description()["paths"].items():
        for method, one in methods.items():
            assert {"400", "429"} <= set(one["responses"]), (method, path)


def test_a_hall_that_is_busy_asks_to_send_it_again_and_changes_nothing(api, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from engine.commands import cases

    token = api.resident()

    def locked(*_given, **_named):
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(cases, "apply_online", locked)
    answer = api.call("POST", "/cases", {"matter": "daiban", "answers": DAIBAN, "consent": True}, token)
    assert answer.status_code == 503 and "再点一次" in answer.json["detail"]
    assert api.call("GET", "/cases", token=token).json == []


# ---------------------------------------------------------------- what no application of a person is


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"matter": "' + b"a" * 1_000_001 + b'"}', 413),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(30_000)) + b"}", 413),
        (b'{"answers": ' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"matter": "daiban", "answers": {"note": "\\ud800"}}', 422),
        (b'{"matter": "daiban", "answers": {"note": "a\\u0000b"}}', 422),
        (b'{"matter": ' + b"[" * 100_000, 422),
        (b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}", 422),
    ],
    ids=["a megabyte", "thirty thousand names", "deep", "half a pair", "nul", "endless", "five thousand unknown"],
)
def test_a_hostile_body_is_refused_in_words_and_at_once(api, body, status):
    answer = api.client.post(
        "/api/v1/cases",
        data=body,
        headers={"Authorization": f"Bearer {api.resident()}"},
        content_type="application/json",
    )
    assert answer.status_code == status, answer.text[:300]
    assert answer.json["detail"] and len(answer.text) < 20_000


def test_a_head_voids_a_paper_issues_it_again_and_corrects_a_name_and_a_clerk_does_not(api, clock):
    case_id = acting.accepted(api.database, api.people, clock)
    head, clerk = api.staff("wu"), api.staff("wang")
    with api.database.reading() as work:
        number = work.session.get_one(Case, case_id).number
        old = work.session.scalars(select(Document.id).where(Document.case_id == case_id).order_by(Document.id)).first()
    again, voided, applicant = f"/documents/{old}/reissue", f"/documents/{old}/void", f"/cases/{number}/applicant"
    for address in (again, voided, applicant):
        assert api.call("POST", address, {"reason": "我来", "name": "张三"}, clerk).status_code in (403, 422)
        assert api.call("POST", address, {"reason": "我来"}, clerk).status_code == 403
    assert api.call("POST", again, {"reason": ""}, head).status_code == 422
    new = api.call("POST", again, {"reason": "日期印错"}, head)
    assert new.status_code == 200 and new.json["id"] != old and new.json["state"] == "pending", new.json
    assert api.call("POST", voided, {"reason": "又错"}, head).status_code == 409  # it is void already
    wrong = api.call("POST", applicant, {"reason": "抄错", "id_number": "350526195003071238"}, head)
    assert wrong.status_code == 422 and "校验码" in wrong.json["detail"]
    done = api.call("POST", applicant, {"reason": "核对了身份证", "name": "张三峰"}, head)
    assert done.status_code == 200 and [one["id"] for one in done.json["papers"]], done.json
    assert api.call("POST", applicant, {"reason": "再来", "name": "张三峰"}, head).status_code == 409
    last = done.json["papers"][-1]["id"]
    assert api.call("POST", f"/documents/{last}/void", {"reason": "不用了"}, head).json["state"] == "void"
    assert api.call("POST", "/documents/999999/void", {"reason": "没有"}, head).status_code == 404


def test_a_program_sees_what_the_hall_has_takes_a_copy_and_asks_about_it(api):
    zhang, other = api.resident(), api.resident("13800000002")
    number = applied(api, zhang)
    mine = api.call("GET", "/own-data", token=zhang).json
    assert (mine["name"], mine["phone"], mine["counts"]["cases"]) == ("张三丰", "138****0001", 1)
    assert "13800000001" not in json.dumps(mine) and not mine["electronic"] and mine["requests"] == []
    # a copy: by a code for this alone
    for_coming_in = api.call("POST", "/session/code", {"phone": "13800000001"}).json
    wrong = api.call("POST", "/own-data/copy", {"code": for_coming_in["shown"], "ask": for_coming_in["ask"]}, zhang)
    assert wrong.status_code == 403
    asked = api.call("POST", "/own-data/copy/code", token=zhang).json
    typed = {"code": asked["shown"], "ask": asked["ask"]}
    entering = api.call("POST", "/session", {"phone": "13800000001", **typed})
    assert entering.status_code == 403
    assert api.call("POST", "/own-data/copy", typed, other).status_code == 403
    got = api.call("POST", "/own-data/copy", typed, zhang)
    assert (got.status_code, got.mimetype, got.headers["Cache-Control"]) == (200, "application/zip", "no-store")
    with zipfile.ZipFile(io.BytesIO(got.data)) as packed:
        assert [case["number"] for case in json.loads(packed.read("data.json"))["cases"]] == [number]
    # consents
    assert api.call("POST", "/own-data/electronic", token=zhang).status_code == 204
    (one,) = [c for c in api.call("GET", "/own-data", token=zhang).json["consents"] if c["what"] == ""]
    address = f"/own-data/consents/{one['id']}/withdraw"
    assert api.call("POST", address, token=other).status_code == 404
    assert [api.call("POST", address, token=zhang).status_code for _n in range(2)] == [204, 409]
    with api.database.reading() as work:
        assert work.session.get_one(Consent, one["id"]).withdrawn_at is not None
    # asked, and answered by the office
    sent = {"kind": "correct", "number": number, "words": "住址应当是苏洋村 9 号"}
    assert api.call("POST", "/own-data/requests", sent | {"words": "错"}, zhang).status_code == 422
    assert api.call("POST", "/own-data/requests", sent, other).status_code == 404
    said = api.call("POST", "/own-data/requests", sent, zhang)
    assert (said.status_code, said.json["state"], said.json["number"]) == (201, "open", number)
    assert api.call("POST", "/own-data/requests", sent, zhang).status_code == 409
    erase = api.call("POST", "/own-data/requests", {"kind": "erase"}, zhang).json
    answer, head = f"/data-requests/{said.json['id']}/answer", api.staff("zhao")
    (row,) = api.call("GET", "/data-requests", token=head).json
    assert (row["id"], row["who"]) == (said.json["id"], "张*丰")
    done = {"done": True, "answer": "已更正住址"}
    assert api.call("POST", answer, done, api.staff("huang")).status_code == 404
    assert api.call("POST", answer, done, zhang).status_code == 403
    assert api.call("POST", answer, done | {"answer": ""}, head).status_code == 422
    assert [api.call("POST", answer, done, head).status_code for _n in range(2)] == [200, 409]
    nothing = api.call("POST", f"/data-requests/{erase['id']}/answer", done, api.staff("wu"))
    assert nothing.status_code == 409 and "还在办" in nothing.json["detail"]
    states = {one["kind"]: one["state"] for one in api.call("GET", "/own-data", token=zhang).json["requests"]}
    assert states == {"correct": "done", "erase": "open"}


def test_a_program_asks_for_many_looks_and_another_persons_grants_them(api):
    chen, head = api.staff("chen"), api.staff("qian")
    sent = {"many": 40, "purpose": "verify", "words": "全村参保核对"}
    assert api.call("POST", "/many-looks", sent | {"many": 20}, chen).status_code == 422
    assert api.call("POST", "/many-looks", sent, api.staff("operator")).status_code == 403
    asked = api.call("POST", "/many-looks", sent, chen)
    assert (asked.status_code, asked.json["state"], asked.json["waits"]) == (201, "asked", False), asked.json
    assert api.call("POST", "/many-looks", sent, chen).status_code == 409
    answer = f"/many-looks/{asked.json['id']}/answer"
    assert api.call("POST", answer, {"yes": True}, chen).status_code == 403
    assert api.call("POST", answer, {"yes": True}, api.staff("zhao")).status_code == 404
    assert api.call("POST", answer, {"yes": False}, head).status_code == 422
    (row,) = [one for one in api.call("GET", "/many-looks", token=head).json if one["waits"]]
    assert row["id"] == asked.json["id"]
    done = api.call("POST", answer, {"yes": True}, head)
    assert (done.json["state"], done.json["many"]) == ("granted", 40)
    assert api.call("POST", answer, {"yes": True}, head).status_code == 409
    assert [one["state"] for one in api.call("GET", "/many-looks", token=chen).json] == ["granted"]
