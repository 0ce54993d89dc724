"""A story of a matter played through pages: whoever applies has a telephone of 360 pixels, whoever works on it a desk
of 1440. What is written on each page the story says, and it must end as the story says. What is no form (a booking, a
vote, a thing handed over, time that goes by) the proof does by the hall's commands: the pages of those nouns have tests
of their own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select, update

from engine import matters, people
from engine.matters import stories
from engine.people import holders, login, units
from engine.proof import county
from engine.proof.playing import Played, Player
from engine.store import Database
from engine.store.models import Case, Holding, Task, User
from tests.browser import filling, pictures
from tests.browser.conftest import Site, english_left, sign, whole
from tests.browser.filling import PHONE

DESK = 1440


def on_a_page(package: matters.Package, story: stories.Story) -> bool:
    """Whether somebody begins this story on a page: a telephone's, or a desk's."""
    by_hand = story.channel in ("online", "counter", "phone", "agent") and not story.schedule and not story.facts
    return by_hand and not story.refused and bool(package.form(package.info.apply.form).fields)


class Stage:
    """One hall at one address, in which one matter after the other has a county to itself: a hall is opened once."""

    def __init__(self, site: Site, empty: Path) -> None:
        self.site, self.empty, self.file = site, empty, Path(str(site.database.engine.url.database))
        self.phone, self.desk = site.page(PHONE, 780), site.page(DESK, 900)
        self._in: dict[Any, int] = {}

    @property
    def database(self) -> Database:
        return self.site.database

    @contextmanager
    def county_of(self, package: matters.Package, now: datetime) -> Iterator[county.Hall]:
        """The small county of the matter's stories, and nothing else."""
        self.database.engine.dispose()
        for end in ("-wal", "-shm"):
            Path(f"{self.file}{end}").unlink(missing_ok=True)
        shutil.copy(self.empty, self.file)
        self._in.clear()
        self.site.troubles.clear()
        with self.database.reading() as work:
            units.forget(work)
            holders.forget(work)
        self.database.forget_calendar()
        with self.database.unit_of_work() as work:
            hall = county.found(work, package, stories.book(package), now=now)
            work.session.execute(update(User).values(proved_at=now))  # nobody was silent for a season
        yield hall

    def of(self, by: people.Actor, now: datetime) -> Any:
        """Where this person works: a resident's telephone, or a desk. (That one comes in by a code or a password,
        test_journeys and test_signing_in see.)"""
        page = self.phone if by.kind == "resident" else self.desk
        page.clock.set_fixed_time(now)
        if self._in.get(page) != (by.id, now):  # days go by between two steps, and a session does not outlast them
            with self.database.unit_of_work() as work:
                token = login.open_session(work, by.id, now=now)
            signer = SecureCookieSessionInterface().get_signing_serializer(self.site.app)
            assert signer is not None
            page.context.add_cookies(
                [
                    {
                        "name": self.site.app.config["SESSION_COOKIE_NAME"],
                        "value": str(signer.dumps({"token": token})),
                        "url": self.site.address,
                    }
                ]
            )
            self._in[page] = (by.id, now)
        return page


class ByPages(Player):
    """Plays one story in the hall of this stage."""

    def __init__(self, stage: Stage, hall: county.Hall, package: matters.Package, story: stories.Story) -> None:
        super().__init__(stage.database, hall, package, story)
        self.stage = stage

    # ---- pages

    def seen(self, page: Any, name: str) -> None:
        """Whole and in Chinese as wide as it is; a desk's page on a telephone too, where a village's clerk has nothing
        else. (That each kind of page can be used by everybody, test_looks and test_easy ask once.)"""
        pictures.taken(page, f"{self.package.name}-{name}")
        left = english_left(page)
        if left:
            self.problem(f"{self.where}{page.url} has {left}")
        size = page.viewport_size
        if size["width"] > PHONE:
            page.set_viewport_size({"width": PHONE, "height": 780})
            pictures.taken(page, f"{self.package.name}-{name}")
            page.set_viewport_size(size)

    def write(self, page: Any, form: str, said: Mapping[str, Any]) -> None:
        page.wait_for_selector("[data-form][data-drawn]")
        filling.fill_in(page, self.package, form, said)
        for n in range(page.locator(".yz-signature-pad:visible").count()):
            sign(page, n)

    def _send(self, page: Any, button: str, onto: str) -> None:
        """Sent, and what is wrong is said by the page, not waited for."""
        page.get_by_role("button", name=button, exact=True).click()
        wrong = page.locator("[data-form-summary]:visible, .yz-errors:visible")
        page.locator(onto).or_(wrong).first.wait_for()
        assert not wrong.count(), wrong.first.inner_text()

    # ---- how it begins

    def submit(self) -> None:
        story = self.story
        if not on_a_page(self.package, story):
            super().submit()
            return
        with self.database.reading() as work:
            by = self.actor(work, self.hall.applicant if story.channel == "online" else self.hall.clerk)
        if story.counter and story.channel != "online":
            self._sits_at(by, story.counter)
        page = self.stage.of(by, self.now)
        (self._apply if story.channel == "online" else self._take_in)(page)

    def _sits_at(self, clerk: people.Actor, counter: str) -> None:
        """The clerk of everything has their first post where the story takes in: a page receives there."""
        with self.database.unit_of_work() as work:
            there = units.by_code(work, counter).id
            own = select(Holding.id).where(Holding.user_id == clerk.id, Holding.unit_id == there).order_by(Holding.id)
            work.session.execute(update(Holding).where(Holding.id == own.limit(1).scalar_subquery()).values(id=0))
            holders.forget(work)

    def _apply(self, page: Any) -> None:
        """Found in two taps, filled in, looked over, sent."""
        name = self.package.info.name
        page.goto("/")
        page.get_by_role("link", name="我要办事").click()
        page.get_by_role("link", name=re.compile(re.escape(name))).first.click()
        page.wait_for_url(re.compile(f"/matters/{self.package.name}"))
        self.seen(page, "guide")
        page.goto(f"/apply/{self.package.name}")
        oneself = page.get_by_role("link", name="给我自己办")  # asked of whoever may act for somebody
        if oneself.count():
            oneself.click()
        whole(page)
        self.write(page, self.package.info.apply.form, self.story.answers)
        assert not page.locator(
            "input:is([type=radio], [type=checkbox])[data-keys]"
        ).count()  # a field's keys are not its
        self.seen(page, "form")
        self._send(page, "下一步：核对", "h1:has-text('请核对您填的内容'), h2:has-text('请核对您填的内容')")
        self.seen(page, "check")
        page.get_by_role("button", name=re.compile("提交")).click()
        page.wait_for_url(re.compile("/mine/|/receipt"))
        self._begun()
        self.seen(page, "sent")

    def _take_in(self, page: Any) -> None:
        """Written down at a counter, by telephone, by an agent."""
        story = self.story
        page.goto("/desk/window")
        page.get_by_role("link", name=re.compile(re.escape(self.package.info.name))).first.click()
        self.write(page, self.package.info.apply.form, story.answers)
        page.locator("#channel").select_option(story.channel)
        if page.locator("#place").count():
            page.locator("#place").select_option(story.place or self.hall.village)
        if page.locator("#consent").count():
            page.locator("#consent").select_option("yes")
        self.seen(page, "take-in")
        self._send(page, "收件", "#tab-work")
        self._begun()
        self.seen(page, "taken-in")

    def _begun(self) -> None:
        with self.database.reading() as work:
            case = work.session.query(Case).order_by(Case.id.desc()).first()
            assert case is not None
            self.played.case_id, self.number = case.id, case.number

    # ---- its steps

    def _complete(self, step: Mapping[str, Any]) -> None:
        if "refused" in step or step.get("error") or "by" in step:
            super()._complete(step)
            return
        with self.database.reading() as work:
            task = self._task(work, str(step["task"]))
            by, case = self.holder(work, task), work.session.get_one(Case, task.case_id)
            number = case.number
            work.session.expunge_all()
        page = self.stage.of(by, self.now)
        said = step.get("answers") or {}
        (self._on_the_phone if by.kind == "resident" else self._at_the_desk)(page, number, task, said)
        self.played.tasks.append(task.element)

    def _at_the_desk(self, page: Any, number: str, task: Task, said: Mapping[str, Any]) -> None:
        page.goto(f"/desk/cases/{number}?step={task.id}")
        take = page.get_by_role("button", name=re.compile("^签收"))
        if take.count():
            take.click()
            page.get_by_text("已签收，归您办了。").wait_for()
            if not page.locator(f"[data-to='/desk/tasks/{task.id}/complete']").count():  # another step beside it
                page.goto(f"/desk/cases/{number}?step={task.id}")
        self.write(page, task.form or "", said)
        self.seen(page, task.element)
        self._send(page, "办好，往下走", ":text('已办好。')")

    def _on_the_phone(self, page: Any, number: str, task: Task, said: Mapping[str, Any]) -> None:
        page.goto(f"/mine/{number}")
        self.seen(page, f"{task.element}-asked")
        page.locator(f"a[href='/mine/task/{task.id}']").first.click()
        whole(page)
        self.write(page, task.form or "", said)
        self.seen(page, task.element)
        self._send(page, "提交", ":text('已经提交，谢谢。')")

    # ---- what came of it

    def end(self) -> None:
        """Whoever applied reads how it stands."""
        if self.story.channel == "online" and on_a_page(self.package, self.story):
            with self.database.reading() as work:
                by = self.actor(work, self.hall.applicant)
            page = self.stage.of(by, self.now)
            page.goto(f"/mine/{self.number}")
            self.seen(page, "end")


def played(stage: Stage, package: matters.Package, story: stories.Story) -> Played:
    """The story, through pages."""
    with stage.county_of(package, story.at.astimezone(UTC)) as hall:
        player = ByPages(stage, hall, package, story)
        stage.site.clock.now = player.now  # type: ignore[attr-defined]
        stage.site.app.clock = lambda: player.now
        stage.database.clock = stage.site.app.clock
        stage.database.watcher = player.watch
        try:
            player.run()
            player.end()
        finally:
            stage.database.watcher = None
    for one in stage.site.troubles:
        player.problem(one)
    return player.played
