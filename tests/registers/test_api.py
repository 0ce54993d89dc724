"""Registers over the interface for programs: the same rules as on the pages."""

from engine.store.models import RegisterEntry
from tests.cast import PASSWORD

from .test_pages import KEY, hall

__all__ = ["hall"]


def test_a_program_lists_reads_adds_and_changes_as_its_user_may(hall):
    client = hall.app.test_client()

    def call(method, path, login, sent=None):
        token = client.post("/api/v1/session", json={"login": login, "password": PASSWORD}).json["token"]
        headers = {"Authorization": f"Bearer {token}"}
        return client.open(f"/api/v1{path}", method=method, headers=headers, json=sent)

    mine = call("GET", "/registers", "zhou").json
    assert [r["may_write"] for r in mine if r["key"] == KEY] == [True]
    listed = call("GET", f"/registers/{KEY}/entries?field=name&text=张三丰", "zhou").json
    assert [e["title"] for e in listed["entries"]] == ["张*丰"] and listed["next"] is None
    whole = call("GET", f"/register-entries/{hall.entry}", "chen").json
    said = {f["name"]: f for f in whole["fields"]}
    assert said["policy"]["masked"] and "PICC" not in said["policy"]["text"]
    assert call("GET", f"/register-entries/{hall.entry}", "huang").status_code == 403
    sent = {"version": 1, "why": "补证书", "fields": {"skills": ["cook"]}}
    assert call("POST", f"/register-entries/{hall.entry}", "chen", sent).status_code == 403
    assert call("POST", f"/register-entries/{hall.entry}", "zhou", sent).json["version"] == 2
    assert call("POST", f"/register-entries/{hall.entry}", "zhou", sent).status_code == 409
    wrong = {"person": {"name": "许小妹", "phone": "13800000002"}, "fields": {"skills": ["dancing"]}}
    refused = call("POST", f"/registers/{KEY}/entries", "zhou", wrong)
    assert refused.status_code == 422 and refused.json["fields"][0]["field"] == "skills"
    made = call("POST", f"/registers/{KEY}/entries", "zhou", {**wrong, "fields": {"skills": ["cook"]}})
    assert made.status_code == 201
    with hall.database.reading() as work:
        assert work.session.get(RegisterEntry, made.json["id"]).facts == {"skills": ["cook"]}
