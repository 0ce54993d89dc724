"""Voting on the telephone and at the desk: the pages say that one has voted, and no page, address or log says what."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.commands.ballots import closing
from engine.matters.nouns.ballots import Ballot as Declaration
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Ballot, BallotMark, BallotVoter
from tests.ballots.world import CLOSES, DURING, OPEN, OPENS, SECRET, announced, line
from tests.hall import Open

FAMILY = Declaration.model_validate(
    {
        "name": "成员大会表决",
        "name_en": "Vote",
        "body": "members-assembly",
        "post": "agent",
        "proxies": {"per": "household", "most": 1},
    }
)


def held(hall: Open, what: Declaration = SECRET, **more) -> Ballot:
    """On the roll: 张三丰 and 许小妹 (one household) with accounts, and three without."""
    with hall.database.unit_of_work() as work:
        lines = [
            line(1).__class__("张三丰", "13800000001", household="1"),
            line(1).__class__("许小妹", "13800000002", household="1"),
            *(line(n, household="2") for n in range(3)),
        ]
        return announced(work, hall.cast, what, lines, **more)


def lines_of(hall: Open) -> dict[str, int]:
    with hall.database.reading() as work:
        return {one.name: one.id for one in work.session.scalars(select(BallotVoter))}


def marks(hall: Open) -> int:
    with hall.database.reading() as work:
        return work.session.scalar(select(func.count()).select_from(BallotMark)) or 0


def test_a_resident_reads_votes_with_one_confirm_and_is_told_only_that(hall: Open, clock, caplog):
    row = held(hall)
    client = hall.client("zhang")
    assert "公告中" in client.get("/ballots").text
    clock.now = DURING
    client = hall.client("zhang")
    page = client.get(f"/ballots/{row.code}").text
    assert "同意把村集体的 86 万元投到园区吗？" in page and "三个村各出一份。" in page and "截止" in page
    with caplog.at_level(logging.DEBUG):
        sure = client.post(f"/ballots/{row.code}/sure", data={"choice": "no"})
        assert "不同意" in sure.text and "不能改" in sure.text and marks(hall) == 0
        sent = client.post(f"/ballots/{row.code}/vote", data={"choice": "no"})
    assert sent.status_code == 302 and "no" not in sent.location.rpartition("/")[2].replace("done", "")
    done = client.get(sent.location).text
    assert "您已投票" in done and "不同意" not in done
    again = client.get(f"/ballots/{row.code}").text
    assert "您已投票" in again and "您投的是" not in again and 'name="choice"' not in again
    assert "choice" not in caplog.text and marks(hall) == 1


def test_the_answer_to_a_vote_is_the_same_whatever_was_voted(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    said = []
    for who, choice in (("zhang", "yes"), ("xu", "no")):
        client = hall.client(who)
        sent = client.post(f"/ballots/{row.code}/vote", data={"choice": choice})
        done = client.get(sent.location)
        said.append(
            (sent.status_code, sent.location, len(sent.data), sent.data, re.sub(r"I[jm][\w.-]{40,}", "", done.text))
        )
    assert said[0] == said[1]
    assert "no-store" in done.headers["Cache-Control"]


def test_nothing_chosen_comes_back_by_the_field(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    answer = hall.client("zhang").post(f"/ballots/{row.code}/sure", data={})
    assert answer.status_code == 422 and "请选一项" in answer.text and marks(hall) == 0


def test_voting_twice_in_secret_is_refused_in_words(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    client = hall.client("zhang")
    client.post(f"/ballots/{row.code}/vote", data={"choice": "yes"})
    answer = client.post(f"/ballots/{row.code}/vote", data={"choice": "no"})
    assert answer.status_code == 409 and "谁也认不出" in answer.text and marks(hall) == 1


def test_somebody_who_is_not_on_the_roll_does_not_see_it(hall: Open, clock):
    with hall.database.unit_of_work() as work:
        row = announced(work, hall.cast, OPEN, [line(1)])
    clock.now = DURING
    client = hall.client("zhang")
    assert client.get(f"/ballots/{row.code}").status_code == 403
    assert client.post(f"/ballots/{row.code}/vote", data={"choice": "yes"}).status_code == 403
    assert client.get("/ballots/unknown").status_code == 404
    assert row.code not in client.get("/ballots").text


def test_an_open_vote_may_be_changed_and_shows_what_it_is(hall: Open, clock):
    row = held(hall, OPEN)
    clock.now = DURING
    client = hall.client("zhang")
    client.post(f"/ballots/{row.code}/vote", data={"choice": "no"})
    client.post(f"/ballots/{row.code}/vote", data={"choice": "yes"})
    page = client.get(f"/ballots/{row.code}").text
    assert "您投的是：</p>" not in page and "<strong>同意</strong>" in page and "改投" in page


def test_one_of_the_household_is_sent_votes_and_is_named(hall: Open, clock):
    row = held(hall, FAMILY)
    clock.now = DURING
    zhang, xu, ids = hall.client("zhang"), hall.client("xu"), lines_of(hall)
    wrong = zhang.post(f"/ballots/{row.code}/send", data={"holder": ids["许小妹"]})
    assert wrong.status_code == 422 and "请先确认委托书" in wrong.text
    assert zhang.post(f"/ballots/{row.code}/send", data={"holder": ids["许小妹"], "mandate": "1"}).status_code == 302
    assert "您已委托 许小妹" in zhang.get(f"/ballots/{row.code}").text
    assert "替张三丰投" in xu.get(f"/ballots/{row.code}").text
    vote = {"choice": "yes", "for": ids["张三丰"]}
    assert "替张三丰投：" in xu.post(f"/ballots/{row.code}/sure", data=vote).text
    assert xu.post(f"/ballots/{row.code}/vote", data=vote).status_code == 302
    assert "许小妹 受您委托，已经替您投票" in zhang.get(f"/ballots/{row.code}").text
    assert zhang.post(f"/ballots/{row.code}/take-back").status_code == 409


def test_the_result_is_worked_out_in_words(hall: Open, clock):
    row = held(hall, OPEN)
    clock.now = DURING
    for who in ("zhang", "xu"):
        hall.client(who).post(f"/ballots/{row.code}/vote", data={"choice": "yes"})
    with hall.database.unit_of_work() as work:
        closing.due(work, row.id, now=CLOSES)
    clock.now = CLOSES
    page = hall.client("zhang").get(f"/ballots/{row.code}").text
    assert "到会人数不够，没有计票" in page and "全体 5 × 2/3，要有 4；实到 2：没有达到" in page
    desk = hall.client("chen").get(f"/desk/ballots/{row.code}").text
    assert "全体 5 × 2/3，要有 4；实到 2：没有达到" in desk


# ---------------------------------------------------------------- the desk


def test_the_desk_sees_how_many_have_voted_in_secret_and_not_who(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    hall.client("zhang").post(f"/ballots/{row.code}/vote", data={"choice": "yes"})
    client = hall.client("chen")
    assert "1 / 5" in client.get("/desk/ballots").text
    page = client.get(f"/desk/ballots/{row.code}").text
    assert "张三丰" not in page and "张*丰" in page and "已投</td>" not in page
    named = client.get(f"/desk/ballots/{row.code}?name=张三丰").text
    assert "张三丰" in named and "已投" in named


def test_somebody_without_a_telephone_votes_at_the_desk(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    client, who = hall.client("chen"), lines_of(hall)["村民0"]
    at = f"/desk/ballots/{row.code}/voters/{who}"
    assert "当面投票：村民0" in client.get(at).text
    wrong = client.post(f"{at}/booth", data={})
    assert wrong.status_code == 422 and "请先核对身份证" in wrong.text and "请写见证人的姓名" in wrong.text
    given = {"known": "1", "witness": "林志强"}
    assert "data-booth" in client.post(f"{at}/booth", data=given).text
    nothing = client.post(f"{at}/booth", data={**given, "step": "chosen"})
    assert nothing.status_code == 422 and "请选一项" in nothing.text
    sure = client.post(f"{at}/booth", data={**given, "step": "chosen", "choice": "abstain"}).text
    assert "您投：" in sure and "弃权" in sure and marks(hall) == 0
    done = client.post(f"{at}/cast", data={**given, "choice": "abstain"}, follow_redirects=True).text
    assert "选票已交出" in done and "弃权" not in done and marks(hall) == 1
    assert "已经投过票" in client.get(at).text


@pytest.mark.parametrize(("who", "status"), [("huang", 403), ("wang", 403), ("zhou", 200), ("wu", 200)])
def test_the_roll_is_for_the_village_and_those_above(hall: Open, clock, who, status):
    row = held(hall)
    assert hall.client(who).get(f"/desk/ballots/{row.code}").status_code == status
    voter = lines_of(hall)["村民0"]
    assert hall.client(who).get(f"/desk/ballots/{row.code}/voters/{voter}").status_code in (403, 404)


def test_a_mandate_on_paper_is_taken_down_at_the_desk(hall: Open, clock):
    row = held(hall, FAMILY)
    clock.now = OPENS - timedelta(days=1)
    client, ids = hall.client("chen"), lines_of(hall)
    at = f"/desk/ballots/{row.code}/voters/{ids['张三丰']}"
    assert client.post(f"{at}/mandate", data={"holder": ids["许小妹"]}).status_code == 422
    assert client.post(f"{at}/mandate", data={"holder": ids["许小妹"], "seen": "1"}).status_code == 302
    assert "已委托：许小妹" in client.get(at).text
    assert "替张三丰投" not in hall.client("xu").get(f"/ballots/{row.code}").text  # not before it opens


# ---------------------------------------------------------------- tiles, interface


def test_a_tile_says_what_waits_and_a_hall_without_votes_has_none(hall: Open, clock):
    held(hall)
    clock.now = DURING
    client = hall.client("zhang")
    assert "1 项等您投" in client.get("/mine").text
    with hall.database.reading() as work:
        assert library.declared(work, "ballots") == {}  # the matter published here declares none
    assert "表决" not in client.get("/around").text


def test_a_program_lists_reads_and_votes(hall: Open, clock):
    row = held(hall)
    clock.now = DURING
    from engine.people import login

    with hall.database.unit_of_work() as work:
        token = login.new_token(work, hall.cast.users["zhang"], now=DURING)
    client, head = hall.app.test_client(), {"Authorization": f"Bearer {token}"}
    assert [one["code"] for one in client.get("/api/v1/ballots", headers=head).json] == [row.code]
    sent = client.post(f"/api/v1/ballots/{row.code}/votes", json={"choice": ["yes"]}, headers=head)
    assert (sent.status_code, sent.json) == (201, {"voted": True})
    one = client.get(f"/api/v1/ballots/{row.code}", headers=head).json
    assert one["voted"] and one["choice"] == [] and one["result"] is None
    assert client.post(f"/api/v1/ballots/{row.code}/votes", json={"choice": []}, headers=head).status_code == 422
    assert SYSTEM.id is None
