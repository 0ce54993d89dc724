"""Every number beside a list or a filter is the number of rows behind it, whatever else is chosen."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select, update

from engine.reads import inbox
from engine.store import Database, listing
from engine.store.models import Case, Task
from tests.conftest import Clock
from tests.hall import Open, open_hall

LISTS = {"mine": "/desk", "open": "/desk/list/open", "unit": "/desk/list/unit", "done": "/desk/list/done"}
MATTERS = {"daiban": "全程代办", "lundian": "论典", "zengju": "证据"}


def shuffle(hall: Open, draw: random.Random) -> None:
    """Give every case another matter, marks and clocks, and every task another place in the lists of 陈小云."""
    chen, now = hall.cast.users["chen"], hall.clock()

    def moment(*, never: float = 0.4) -> datetime | None:
        return None if draw.random() < never else now + timedelta(hours=draw.choice((-60, -1, 0, 1, 90)))

    with hall.database.unit_of_work() as work:
        tasks = work.session.execute(select(Task.id, Task.case_id).order_by(Task.id)).all()
        for task_id, case_id in tasks:
            matter = draw.choice(sorted(MATTERS))
            over = draw.random() < 0.2
            clocks = {name: moment() for name in ("promised_due", "statutory_due", "yellow_at")}
            marks = {"flags": sorted(draw.sample(inbox.FLAGS, draw.randrange(len(inbox.FLAGS) + 1)))}
            state = {"status": "finished" if over else "running", "finished_at": now if over else None}
            paused = {"paused_at": moment(never=0.8), "matter": matter, "matter_name": MATTERS[matter]}
            work.session.execute(update(Case).where(Case.id == case_id).values(**clocks, **marks, **state, **paused))
            place = draw.choice(("open", "mine", "done", "elsewhere"))
            ended = place == "done" or over
            work.session.execute(
                update(Task)
                .where(Task.id == task_id)
                .values(
                    due_at=moment(),
                    state="ended" if ended else "open" if place == "open" else "claimed",
                    assignee_id={"mine": chen, "elsewhere": hall.cast.users["lin"]}.get(place),
                    ended="APPROVED" if ended else None,
                    ended_at=now - timedelta(minutes=draw.randrange(90)) if ended else None,
                    ended_by_id=draw.choice((chen, hall.cast.users["lin"])) if ended else None,
                )
            )
            if place == "open" and not ended:
                values = {"candidates": [f"u:{chen}"]}
                work.session.execute(update(Task).where(Task.id == task_id).values(**values))
        listing.again(work.session, hall.database)


def page(client: Any, address: str) -> SimpleNamespace:
    """A page of a list as a person sees it: the number at its head, its rows through all its pages, its filters."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    text = unescape(answer.text)
    head = re.search(r'<h1>[^<]*<span class="yz-count">(\d+)</span>', text)
    assert head is not None
    filters = re.search(r'<section class="yz-pane yz-filters".*?</section>', text, re.DOTALL)
    assert filters is not None
    options = re.findall(
        r'<a href="([^"]+)"( aria-current="true")?>.*?<span class="yz-count">(\d+)</span></a>', filters[0], re.DOTALL
    )
    rows, onward = [], text
    while True:
        rows += re.findall(r'<span class="yz-number">([\d-]+)</span>', onward)
        found = re.search(r'href="([^"]+)">下一页', onward)
        if found is None:
            break
        onward = unescape(client.get(found[1]).text)
    numbers = {
        LISTS[which]: int(count)
        for which, count in (
            ("mine", _beside(text, r"待办")),
            ("open", _beside(text, r"待签收")),
        )
    }
    return SimpleNamespace(
        total=int(head[1]), rows=rows, options=[(to, bool(here), int(n)) for to, here, n in options], nav=numbers
    )


def _beside(text: str, name: str) -> str:
    """The number in the left column; none is shown for nothing."""
    found = re.search(rf"</svg>\s*{name}<span class=\"yz-count\">(\d+)</span>", text)
    return found[1] if found else "0"


class Reader:
    """Somebody at the desk; each page is opened once."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.pages: dict[str, SimpleNamespace] = {}

    def page(self, address: str) -> SimpleNamespace:
        if address not in self.pages:
            self.pages[address] = page(self.client, address)
        return self.pages[address]

    def agree(self, address: str) -> list[str]:
        """The head of a list counts its rows, and every filter on it leads to as many as it says. The filters."""
        here = self.page(address)
        assert here.total == len(here.rows) == len(set(here.rows)), address
        chosen = dict(parse_qsl(urlsplit(address).query))
        for to, current, _n in here.options:
            assert current == (dict(parse_qsl(urlsplit(to).query)) == chosen), f"{to} on {address}: what is chosen"
        assert address not in here.nav or here.nav[address] == here.total, f"the left column beside {address}"
        for to, _current, count in here.options:
            assert self.page(to).total == count, f"{address} -> {to}"
        return [to for to, _current, _n in here.options]

    def agree_below(self, address: str) -> None:
        """So every list that can be reached by filters."""
        waiting, seen = [address], set()
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += self.agree(at)


def filled(hall: Open, cases: int) -> Any:
    for _n in range(cases):
        hall.submit()
    return hall.client("chen")


def test_counts_are_the_lists_behind_them(hall: Open) -> None:
    client = filled(hall, 8)
    for seed, which in enumerate(LISTS.values()):
        draw = random.Random(seed)
        shuffle(hall, draw)
        reader = Reader(client)
        reader.agree(draw.choice(reader.agree(which)))


def test_what_no_filter_offers_narrows_nothing_and_an_empty_choice_can_be_let_go(hall: Open) -> None:
    client = filled(hall, 1)
    plain = page(client, "/desk/list/open")
    for odd in ("colour=purple", "flag=%25", "matter=nosuch"):
        assert page(client, f"/desk/list/open?{odd}").total == plain.total == 1
    empty = client.get("/desk/list/open?colour=black")
    printed = re.search(r"<p class=\"d-none d-print-block\" data-narrowed>(.*?)</p>", empty.text, re.DOTALL)
    assert "时限 超法定时限" in " ".join(printed[1].split()), "on paper it says of what it is the list"
    assert "data-narrowed" not in client.get("/desk/list/open").text
    assert "这样筛选，一件也没有" in empty.text and 'href="/desk/list/open"' in empty.text
    assert page(client, "/desk/list/open?colour=black").total == 0


@pytest.fixture
def either(database: Database, clock: Clock, tmp_path: Path) -> Open:
    return open_hall(database, clock, tmp_path)


@pytest.mark.wide
def test_counts_are_the_lists_behind_them_under_every_choice(either: Open) -> None:
    client = filled(either, 60)  # more than one page
    for seed, which in enumerate(LISTS.values()):
        shuffle(either, random.Random(100 + seed))
        Reader(client).agree_below(which)
