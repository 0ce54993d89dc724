"""The record in words: each fact that the program writes down has its name, and an id is said as whom it names."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

from flask_babel import force_locale

from engine.commands.hall import posts
from engine.people import SYSTEM, administrators
from engine.reads.auditing import Act, Named
from engine.store.models import Post
from tests.conftest import NOW
from web import recorded

ENGINE = Path(administrators.__file__).parent.parent
NAMES = Named(
    {7: "曹管理"},
    {3: "美湖镇"},
    {(1, "t1"): "受理"},
    {(1, "receipt"): "收件回执"},
    {"x": "高龄津贴"},
    {("post", "auditor"): "审计管理员"},
)


def act(of, /, **facts):
    return Act(1, datetime(2026, 11, 28, tzinfo=UTC), of, "", "", (), 1, "", "", facts, "user:0", 1)


def written_down() -> set[str]:
    """The words of the facts that stand in the sources: in a dictionary given to `audit.record` or `applying.record`,
    or put together before."""
    found: set[str] = set()
    for file in ENGINE.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        for function in ast.walk(ast.parse(source)) if "Kind." in source and "facts=" in source else ():
            if not isinstance(function, ast.FunctionDef):
                continue
            given = [
                keyword.value
                for call in ast.walk(function)
                if isinstance(call, ast.Call)
                for keyword in call.keywords
                if keyword.arg == "facts" and "Kind." in ast.unparse(call)
            ]
            names = {one.id for one in given if isinstance(one, ast.Name)}
            given += [
                one.value
                for one in ast.walk(function)
                if isinstance(one, (ast.Assign, ast.AnnAssign, ast.AugAssign))
                and one.value is not None
                and names & {n.id for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            ]
            for one in given:
                for made in ast.walk(one):
                    if isinstance(made, ast.Dict):
                        found |= {k.value for k in made.keys if isinstance(k, ast.Constant)}
    return found


def test_each_fact_that_is_written_down_has_its_name():
    found = written_down()
    assert len(found) > 120, "the reader of the sources found too little to be right"
    assert sorted(found - set(recorded.LABELS)) == [], "say in web/recorded.py what these facts are called"
    for zh, en in (*recorded.LABELS.values(), *recorded.WORDS.values()):
        assert zh and en.isascii()


SAID = (
    (
        act("person.post-changed", user=7, unit=3, post="auditor", term=["2026-01-01", None]),
        [("岗位", "审计管理员"), ("任期", "2026年1月1日（周四）"), ("单位", "美湖镇"), ("账号", "曹管理")],
        [("post", "审计管理员"), ("term", "Thu 1 Jan 2026"), ("unit", "美湖镇"), ("account", "曹管理")],
    ),
    (act("task.completed", element="t1", round=0), [("环节", "受理"), ("第几轮", "0")], None),
    (act("case.moved", office=[3, 9]), [("承办的单位", "美湖镇 → 9")], None),
    (act("person.logged-in", how="sso", program=True), [("怎么办的", "统一登录"), ("是程序", "是")], None),
    (act("case.erased", matter="x", why="asked"), [("事项", "高龄津贴"), ("为什么", "本人要求")], None),
    (act("document.issued", kind="receipt"), [("哪一种", "收件回执")], None),
    (act("document.rendered", sha256="ab" * 32), [("文件的指纹", "abababababab…")], None),
    # What a newer program wrote, or one that asked a machine: as a plain list, and nothing of nothing.
    (
        act("x.new", thing={"user": 7, "odd": "ü"}, none=None, empty=[], many=[1, 2]),
        [("要看几个人", "1、2"), ("thing", "账号：曹管理，odd：ü")],
        [("how many people", "1, 2"), ("thing", "account: 曹管理, odd: ü")],
    ),
)


def test_facts_are_said_in_both_languages(hall):
    with hall.app.test_request_context():
        assert [recorded.facts(one, NAMES) for one, _, _ in SAID] == [zh for _, zh, _ in SAID]
        with force_locale("en"):
            assert [recorded.facts(one, NAMES) for one, _, en in SAID if en] == [en for _, _, en in SAID if en]


def test_a_place_in_the_record_is_said_in_words(hall):
    codes = ("case:1#3", "user:7#2", "user:0#9", "seal:2", "unsealed", "queue_ticket:4")
    with hall.app.test_request_context():
        zh = ["办件 1，第 3 条", "账号 7，第 2 条", "大厅，第 9 条", "封存 2", "没有封存的", "queue_ticket:4"]
        assert [recorded.place(one) for one in codes] == zh
        with force_locale("en"):
            assert recorded.place("case:1#3") == "case 1, no. 3"


def test_the_page_says_whose_post_changed_and_shows_no_code(hall):
    with hall.database.unit_of_work() as work:
        work.session.add(Post(code="auditor", name="审计管理员", name_en="Auditor", role="auditor"))
        work.session.flush()
        user = posts.open_account(work, "auditor-1", "钟审计", by=SYSTEM, now=NOW)
        posts.take(work, user.id, hall.cast.county.id, "auditor", by=SYSTEM, now=NOW)
        hall.cast.users["auditor-1"] = user.id
    number = hall.submit()
    page = hall.client("auditor-1").get("/desk/audit").text
    assert "账号：钟审计" in page and f"单位：{hall.cast.county.name}" in page and number in page
    assert "{&#34;" not in page and "person.post-changed</span>" not in page and "<table" not in page
