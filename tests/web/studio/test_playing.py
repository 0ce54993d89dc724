"""A designer goes through a draft as each person in turn, and keeps what came of it as a story."""

from __future__ import annotations

import io
import json
import re

import pytest
import yaml
from sqlalchemy import delete, func, select

from engine.people import holders
from engine.store.models import Case, Document, Holding, Notice, Post, StudioDraft, StudioFile, Task
from tests import foreign
from tests.web.studio.drafts import NAME, text_of

HERE = f"/desk/matters/{NAME}/play"
STORIES = f"bpmn/{NAME}/stories.yaml"
AT = "2026-09-18 09:00"


def act(client, story=None, to=HERE, **more):
    return client.post(to, json={"of": "draft", "story": story or {}, **more}, headers={"Accept": "application/json"})


def played(client, story=None, **more):
    answer = act(client, story, **more)
    assert answer.status_code == 200, answer.text
    return answer.json["play"]


def begun(client):
    return played(client, act={"start": True}, at=AT, channel="online", answers=foreign.CALVES)


def rows(hall):
    with hall.database.reading() as work:
        return [work.session.scalar(select(func.count()).select_from(kind)) for kind in (Case, Task, Document, Notice)]


def story_named(client, name):
    """A story of the matter from its application, as the page begins it."""
    return played(client, act={"from": name, "whole": True})


def names(client):
    return [one["name"] for one in yaml.safe_load(text_of(client, STORIES))]


def test_the_page_draws_the_draft_and_only_designers_come_in(hall, designer):
    page = designer.get(f"{HERE}?of=draft")
    assert page.status_code == 200 and "试走" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert hall.client("lin").get(HERE).status_code in (403, 404)
    assert act(hall.client("lin")).status_code in (403, 404)


def test_it_begins_with_a_form_filled_in_as_the_first_story_has_it(designer):
    play = played(designer)
    assert play["story"] == {} and "谁来申请" in play["html"] and names(designer)[0] in play["html"]
    assert json.dumps(foreign.CALVES["owner"]["name"]) in play["html"]


def test_an_application_opens_the_first_step_and_nothing_of_it_is_in_the_hall(hall, designer):
    before = rows(hall)
    play = begun(designer)
    assert play["story"]["steps"] == [] and play["marks"]["current"]
    assert "轮到谁" in play["html"] and "办好，往下走" in play["html"]
    assert re.search("本县有 [1-9] 人", play["html"])
    assert rows(hall) == before


def test_a_post_that_nobody_of_the_county_holds_is_said(hall, designer):
    with hall.database.unit_of_work() as work:
        work.session.execute(delete(Holding).where(Holding.post_id.in_(select(Post.id).where(Post.role == "clerk"))))
        holders.forget(work)
    assert "本县现在没有人担任" in begun(designer)["html"]


def test_a_refused_application_says_which_field(designer):
    answer = act(designer, act={"start": True}, at=AT, channel="online", answers={"owner": {"name": "张三丰"}})
    assert answer.status_code == 422 and any("owner" in one["field"] for one in answer.json["fields"])


def test_a_step_back_is_the_story_without_its_last_step(designer):
    whole = story_named(designer, names(designer)[0])
    n = len(whole["story"]["steps"])
    assert n >= 1 and "走到头了" in whole["html"]
    back = played(designer, whole["story"], act={"back": n - 1})
    assert len(back["story"]["steps"]) == n - 1 and "走到头了" not in back["html"]


def test_the_clock_goes_on_by_working_days(designer):
    play = played(designer, begun(designer)["story"], act={"days": 3})
    assert play["story"]["steps"] == [{"at": "2026-09-22 09:00"}]  # Sunday the 20th is a working day


def test_what_a_file_cannot_be_read_for_is_said_in_place_of_the_play(designer):
    path = f"bpmn/{NAME}/matter.yaml"
    designer.post(f"/desk/matters/{NAME}/draft/file", json={"path": path, "text": "name: [", "base": 0})
    page = designer.get(f"{HERE}?of=draft")
    assert page.status_code == 200 and "还不能试走" in page.text


def test_a_story_that_the_draft_no_longer_allows_stops_where_it_stops(designer):
    story = story_named(designer, names(designer)[0])["story"]
    story["steps"].insert(0, {"task": "nobody"})
    play = played(designer, story)
    assert "没有打开" in play["html"] and "去掉后面的" in play["html"]


def test_a_paper_is_shown_where_nothing_runs(designer):
    for name in names(designer):
        whole = story_named(designer, name)
        if "data-play-paper" in whole["html"]:
            break
    code = whole["html"].split('data-play-paper="')[1].split('"')[0]
    page = designer.post(f"{HERE}/paper", data={"of": "draft", "code": code, "story": json.dumps(whole["story"])})
    assert page.status_code == 200 and "<style>" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script" not in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    answer = designer.post(f"{HERE}/paper", data={"of": "draft", "code": "x", "story": json.dumps(whole["story"])})
    assert answer.status_code == 404


def test_a_play_is_kept_as_a_story_after_the_others_and_every_other_byte_stays(hall, designer):
    before = text_of(designer, STORIES)
    play = story_named(designer, names(designer)[0])
    kept = act(designer, play["story"], to=f"{HERE}/story", called="试走出来的")
    assert kept.status_code == 200 and "试走出来的" in kept.json["said"]
    after = text_of(designer, STORIES)
    assert after.startswith(before.rstrip("\n")) and "- name: 试走出来的\n" in after
    twice = act(designer, play["story"], to=f"{HERE}/story", called="试走出来的")
    assert twice.status_code == 200 and text_of(designer, STORIES) == after
    shorter = {**play["story"], "steps": play["story"]["steps"][:-1]}
    again = act(designer, shorter, to=f"{HERE}/story", called="试走出来的")
    assert again.status_code == 422 and "已经有叫这个名称的故事" in again.json["detail"]
    assert "试走出来的" in designer.post(f"/desk/matters/{NAME}/draft/proof").text


def test_a_play_of_what_is_published_is_kept_in_a_draft_that_it_begins(hall, designer):
    name = names(designer)[0]
    designer.post(f"/desk/matters/{NAME}/draft/drop")
    story = played(designer, act={"from": name}, of="published")["story"]
    kept = designer.post(
        f"{HERE}/story",
        json={"of": "published", "story": story, "called": "申请了没人办"},
        headers={"Accept": "application/json"},
    )
    assert kept.status_code == 200
    with hall.database.reading() as work:
        draft = work.session.scalars(select(StudioDraft).where(StudioDraft.state == "open")).one()
        file = work.session.get_one(StudioFile, (draft.id, STORIES))
    assert "申请了没人办" in file.content.decode()


@pytest.mark.parametrize(
    "body", [[], {"story": 3}, {"story": {"at": "gestern"}}, {"story": {"at": AT, "steps": [{"x": 1}]}}]
)
def test_what_is_no_play_is_refused_in_words(designer, body):
    answer = designer.post(HERE, json=body, headers={"Accept": "application/json"})
    assert answer.status_code in (404, 422) and answer.json["detail"]


def test_a_file_of_a_play_is_its_name_alone(hall, designer):
    answer = designer.post(f"{HERE}/file", data={"file": (io.BytesIO(b"x"), "照片<1>.jpg")})
    assert answer.status_code == 200 and answer.json == {"id": "照片1.jpg", "name": "照片1.jpg"}


def test_the_proof_says_how_many_stories_pass_where_and_which_exit_has_none(designer):
    page = designer.post(f"/desk/matters/{NAME}/draft/proof")
    assert "故事走过哪里" in page.text and '"counts"' in page.text
    text = yaml.safe_load(text_of(designer, STORIES))
    one = yaml.safe_dump(text[:1], allow_unicode=True)
    designer.post(f"/desk/matters/{NAME}/draft/file", json={"path": STORIES, "text": one, "base": 0})
    page = designer.post(f"/desk/matters/{NAME}/draft/proof")
    assert "还没有故事的出口" in page.text
