"""Publishing a draft, read like a release note: check, stories, what changed in words, recorded cases replayed."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime

from sqlalchemy import select

from engine.commands.worker import background
from engine.proof import playing, replays
from engine.store.models import Holding, Post
from engine.workdays import ZONE
from tests.hall import Open
from tests.web.studio.drafts import (
    NAME,
    a_name,
    current,
    keep,
    renamed,
    text_of,
)
from tests.web.studio.test_comparing import words

PAGE = f"/desk/matters/{NAME}/draft/release"


def work_off(hall: Open) -> None:
    equipment = dataclasses.replace(playing.equipment(), replay=replays.turn)
    while background.run(hall.database, equipment, now=hall.clock()):
        pass


def changed(client) -> str:
    """A draft in which a step is called otherwise; its name before."""
    text = text_of(client)
    step = a_name(text)
    keep(client, renamed(text, f'name="{step}"', f'name="{step}一下"'))
    return step


def test_the_page_says_what_is_other_and_leads_to_publishing(hall, designer):
    step = changed(designer)
    assert "看发布说明" in designer.get(f"/desk/matters/{NAME}/draft").text
    page = words(designer.get(PAGE).text)
    assert f"名称：“{step}” 改为 “{step}一下”" in page
    assert "没有发现问题" in page and "这样的内容还没有走过" in page and "改了什么，为什么" in page


def test_stories_are_played_when_asked_and_not_again_for_just_the_same(hall, designer, monkeypatch):
    changed(designer)
    assert designer.post(f"{PAGE}/stories", data={"revision": "0"}).status_code == 409, "it has changed since"
    assert designer.post(f"{PAGE}/stories", data={"revision": "1"}).status_code == 302
    page = words(designer.get(PAGE).text)
    assert "这样的内容还没有走过" not in page
    monkeypatch.setattr(playing, "play", lambda *_: (_ for _ in ()).throw(AssertionError("they were played already")))
    done = designer.post(f"/desk/matters/{NAME}/draft/publish", data={"revision": "1", "note": "换了说法"})
    assert done.status_code == 302


def test_a_draft_with_a_fault_says_it_and_offers_no_stories(hall, designer):
    keep(designer, text_of(designer).replace('decisionId="needs-tag"', 'decisionId="needs-nothing"'))
    page = designer.get(PAGE).text
    assert "needs-nothing" in page and "/release/stories" not in page


def test_a_draft_that_cannot_be_read_is_shown_all_the_same(hall, designer):
    keep(designer, "<not xml")
    assert designer.get(PAGE).status_code == 200


def test_replaying_is_begun_goes_on_in_the_background_and_is_told(hall, designer):
    changed(designer)
    assert designer.get(f"{PAGE}/replay").status_code == 200
    assert designer.post(f"{PAGE}/replay", data={"revision": "1", "most": "20"}).status_code == 302
    running = designer.get(PAGE).text
    assert "正在回放：0 / 0 件" in words(running) and "hx-get" in running
    work_off(hall)
    over = designer.get(f"{PAGE}/replay").text
    assert "还没有办完的件" in over and "hx-get" not in over
    for odd in ("7", "", "x", "-20", "99999999"):
        assert designer.post(f"{PAGE}/replay", data={"revision": "1", "most": odd}).status_code == 422, odd
    text = text_of(designer)
    keep(designer, text + "<!-- more -->", 1)
    hall.clock.on(minutes=5)
    keep(designer, text + "<!-- and more -->", 1)
    assert "之后草稿又改过" in designer.get(PAGE).text


def test_a_new_matter_has_nothing_to_be_compared_with_or_replayed(hall):
    client = hall.client("designer")
    client.post("/desk/matters/new", data={"name": "jiaxin", "title": "寄家信", "title_en": "Letters home"})
    page = client.get("/desk/matters/jiaxin/draft/release")
    assert "没有可比的旧版" in page.text and 'name="most"' not in page.text
    assert (
        client.post("/desk/matters/jiaxin/draft/release/replay", data={"revision": "0", "most": "20"}).status_code
        == 409
    )


def test_nobody_but_a_designer_sees_it(hall, designer):
    assert hall.client("chen").get(PAGE).status_code == 403


def test_an_english_page_says_it_in_english(hall, designer):
    changed(designer)
    designer.post("/language", data={"to": "en", "next": "/desk"})
    page = words(designer.get(PAGE).text)
    assert "What is other" in page and "is now" in page and not re.search("发布说明|走一遍", page)


def second(hall: Open):
    """Another designer, in a hall that wants two."""
    with hall.database.unit_of_work() as work:
        post = work.session.scalars(select(Post).where(Post.code == "designer")).one()
        work.session.add(Holding(user_id=hall.cast.users["chen"], unit_id=hall.cast.county.id, post_id=post.id))
    hall.app.settings = dataclasses.replace(hall.app.settings, publish_by_two=True)
    return hall.client("chen")


def ask(client, **more):
    return client.post(f"/desk/matters/{NAME}/draft/publish", data={"revision": "1", "note": "换了说法", **more})


def test_in_a_hall_of_two_a_second_designer_sees_what_waits_and_approves_it(hall, designer):
    other, step = second(hall), changed(designer)
    before = current(hall)
    assert "请人批准" in designer.get(PAGE).text
    asked = ask(designer)
    assert asked.status_code == 302 and asked.location.endswith(f"/{NAME}/release")
    assert current(hall) == before
    own = designer.get(f"/desk/matters/{NAME}/release").text
    assert "要另一位流程设计员批准" in own and "批准发布</button>" not in own
    assert designer.post(f"/desk/matters/{NAME}/release/approve", data={"why": "我自己"}).status_code == 403
    for page in (f"/desk/matters/{NAME}", f"/desk/matters/{NAME}/draft"):
        assert "请人批准发布" in designer.get(page).text
    seen = words(other.get(f"/desk/matters/{NAME}/release").text)
    assert f"名称：“{step}” 改为 “{step}一下”" in seen and "换了说法" in seen
    assert other.post(f"/desk/matters/{NAME}/release/approve", data={"why": ""}).status_code == 422
    assert other.post(f"/desk/matters/{NAME}/release/approve", data={"why": "看过"}).status_code == 302
    assert current(hall) != before
    assert other.post(f"/desk/matters/{NAME}/release/approve", data={"why": "看过"}).status_code == 409


def test_what_waits_is_sent_back_or_cancelled(hall, designer):
    other, _step = second(hall), changed(designer)
    before = current(hall)
    ask(designer)
    assert other.post(f"/desk/matters/{NAME}/release/refuse", data={"why": "再想想"}).status_code == 302
    assert "再想想" in designer.get(f"/desk/matters/{NAME}/release").text
    ask(designer)
    assert ask(designer).status_code == 409, "one waits already"
    assert designer.post(f"/desk/matters/{NAME}/release/cancel").status_code == 302
    assert current(hall) == before
    assert "已取消" in designer.get(f"/desk/matters/{NAME}/release").text


def test_a_day_is_set_and_the_worker_publishes_then(hall, designer):
    changed(designer)
    before = current(hall)
    for odd in ("soon", "2020-01-01T08:00", "2099-01-01T08:00"):
        assert ask(designer, in_force_at=odd).status_code == 422, odd
    assert ask(designer, in_force_at="2026-09-21T08:00").status_code == 302
    assert "生效" in designer.get(f"/desk/matters/{NAME}").text
    work_off(hall)
    assert current(hall) == before
    hall.clock.now = datetime(2026, 9, 21, 8, tzinfo=ZONE)
    work_off(hall)
    assert current(hall) != before


def test_a_matter_of_which_nothing_was_ever_released_has_no_such_page(hall, designer):
    assert designer.get(f"/desk/matters/{NAME}/release").status_code == 404
    assert designer.post(f"/desk/matters/{NAME}/release/cancel").status_code == 404
