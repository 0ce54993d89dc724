"""A designer changes a matter and publishes it as a release note: compared on the drawing and in words, two recorded
cases replayed of which one would be other, approved by a second designer, in force from a day on."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest
from sqlalchemy import select

from engine.commands import studio
from engine.commands.worker import background
from engine.proof import playing, replays
from engine.records import library
from engine.store.models import Case, Holding, Post, StudioDraft
from engine.workdays import ZONE
from tests.browser.conftest import Site, axe
from tests.commands import acting

MATTER = "daiban"
DRAWING = f"bpmn/{MATTER}/process.bpmn"
DECLINED = {"decision": "decline", "decline": {"ground": "not_ours", "reason": "已参加职工基本医疗保险"}}


def two_cases(site: Site) -> tuple[int, int]:
    """One that was registered, and one that was not taken on."""
    database, cast, clock = site.database, site.cast, site.clock
    good = acting.finished(database, cast, clock)
    other = acting.taken_in(database, cast, clock)
    acting.claim(database, other, cast.wang, clock.on(hours=1))
    acting.complete(database, other, DECLINED, cast.wang, clock.on(minutes=5))
    acting.handed_over(database, other, cast.chen, clock)
    with database.reading() as work:
        assert work.session.get_one(Case, other).outcome == "declined"
    return good, other


def changed(site: Site) -> None:
    """The step of registering is the counter's, and drawn a little to the right."""
    with site.database.unit_of_work() as work:
        draft = work.session.scalars(select(StudioDraft)).one()
        text = studio.whole(work, draft)[DRAWING].decode()
        head, tail = text.split('<bpmn:userTask id="register"', 1)
        tail = tail.replace('candidateGroups="医保审核"', 'candidateGroups="回访"', 1)
        now = site.clock()
        said = f'{head}<bpmn:userTask id="register"{tail}'.encode()
        studio.save(work, draft.id, DRAWING, said, base=0, by=site.cast.designer, now=now)


def work_off(site: Site) -> None:
    equipment = dataclasses.replace(playing.equipment(), replay=replays.turn)
    while background.run(site.database, equipment, now=site.clock()):
        pass


def version(site: Site) -> str:
    with site.database.reading() as work:
        return library.current(work, MATTER).version


@pytest.mark.browser
def test_a_release_is_compared_replayed_approved_and_comes_into_force_on_its_day(site: Site) -> None:
    good, _declined = two_cases(site)
    with site.database.unit_of_work() as work:
        post = work.session.scalars(select(Post).where(Post.code == "designer")).one()
        work.session.add(Holding(user_id=site.cast.users["chen"], unit_id=site.cast.county.id, post_id=post.id))
        number = work.session.get_one(Case, good).number
    site.app.settings = dataclasses.replace(site.app.settings, publish_by_two=True)
    before = version(site)

    page = site.staff("designer")
    page.goto(f"/desk/matters/{MATTER}")
    page.get_by_role("button", name="改这个事项").click()
    changed(site)

    # compared: the step is marked on both drawings, and said in words that lead there
    page.goto(f"/desk/matters/{MATTER}/compare")
    page.wait_for_selector("[data-compare][data-ready]")
    for side in ("before", "after"):
        assert page.locator(f"[data-side={side}] .yz-changed[data-element-id='register']").count() == 1
    assert page.get_by_text("哪些岗位可办：“医保审核” 改为 “回访”").is_visible()
    assert axe(page) == []
    page.get_by_role("button", name="医保参保登记").click()
    page.wait_for_selector("[data-side=after] .yz-shown[data-element-id='register']")

    # the release note: stories, and the two cases, of which one would be other
    page.goto(f"/desk/matters/{MATTER}/draft/release")
    assert page.get_by_text("哪些岗位可办：“医保审核” 改为 “回访”").is_visible()
    page.get_by_role("button", name="回放").click()
    page.get_by_text("正在回放").wait_for()
    work_off(site)
    page.get_by_text("回放了 2 件：1 件一样，1 件会不同").wait_for()  # fetched anew by itself
    said = page.locator("#replayed").inner_text()
    assert "“医保参保登记”改由" in said and number not in said
    page.get_by_text("哪些件").click()
    assert page.get_by_text(number).is_visible()
    assert axe(page) == []

    # why, from when on; a second designer approves
    page.get_by_label("改了什么，为什么").fill("登记改由镇里办，少跑一趟")
    page.get_by_label("生效日期").fill("2026-10-09T08:00")
    page.get_by_role("button", name="请人批准").click()
    page.get_by_text("要另一位流程设计员批准").wait_for()
    assert page.get_by_role("button", name="批准发布").count() == 0
    other = site.staff("chen")
    other.goto(f"/desk/matters/{MATTER}")
    other.get_by_role("link", name="去看").click()
    assert axe(other) == []
    other.get_by_label("看过什么").fill("对比和回放都看过")
    other.get_by_role("button", name="批准发布").click()
    other.get_by_text("已定下生效日期").wait_for()
    assert version(site) == before

    # on its day
    site.clock.now = datetime(2026, 10, 9, 8, tzinfo=ZONE)
    work_off(site)
    assert version(site) != before
    page = site.staff("designer")  # three weeks later nobody is signed in still
    page.goto(f"/desk/matters/{MATTER}")
    assert page.get_by_text("登记改由镇里办，少跑一趟").is_visible()
    assert not site.troubles
