"""Many cases of one cause are one notice, though they are told of at one moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from engine.records import notices
from engine.store.models import Case, Notice, NoticeCase
from tests.commands import acting

ZH = notices.Words("一件出了故障。", "今天有 {count} 件，第一件 {number}。")
EN = notices.Words("One failed.", "{count} today, the first {number}.")


def tell(database: Any, case_id: int, user_id: int, now: Any, begun: Any = None, held: Any = None) -> None:
    with database.unit_of_work() as work:
        case = work.session.get_one(Case, case_id)
        notices.put_for_cause(work, "one", ZH, EN, kind="trouble", now=now, user_id=user_id, case=case)
        if begun is not None:
            begun.set()
            assert held.wait(60)


def told(database: Any) -> tuple[list[str], set[int]]:
    with database.reading() as work:
        texts = list(work.session.scalars(select(Notice.text).where(Notice.kind == "trouble")))
        return texts, set(work.session.scalars(select(NoticeCase.case_id)))


@pytest.mark.both
@pytest.mark.parametrize("told_before", [0, 1])
def test_two_that_tell_of_one_cause_at_one_moment_make_one_notice_that_counts_both(
    database: Any, cast: Any, clock: Any, told_before: int
) -> None:
    """The first has put its notice and not committed when the second comes to put its own: the second waits for it
    (SQLite: at its BEGIN) and adds its case, whether the notice is new or was there."""
    ids = [acting.submit(database, cast.zhang, clock()) for _ in range(2 + told_before)]
    for case_id in ids[2:]:
        tell(database, case_id, cast.zhao.id, clock())
    begun, held = threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def run(*args: Any) -> None:
        try:
            tell(database, *args)
        except BaseException as fault:  # told to the test, which fails with it
            faults.append(fault)

    first = threading.Thread(target=run, args=(ids[0], cast.zhao.id, clock(), begun, held))
    second = threading.Thread(target=run, args=(ids[1], cast.zhao.id, clock()))
    first.start()
    assert begun.wait(60)
    second.start()
    second.join(0.2)
    assert second.is_alive(), "it waits for the first, which has not committed"
    held.set()
    first.join(60)
    second.join(60)
    assert faults == []
    texts, cases_ = told(database)
    assert len(texts) == 1 and texts[0].startswith(f"今天有 {len(ids)} 件")
    assert cases_ == set(ids)


@pytest.mark.wide
def test_eight_at_once_are_one_notice_of_eight(database: Any, cast: Any, clock: Any) -> None:
    ids = [acting.submit(database, cast.zhang, clock()) for _ in range(8)]
    together, faults = threading.Barrier(len(ids)), []

    def run(case_id: int) -> None:
        try:
            together.wait(60)
            tell(database, case_id, cast.zhao.id, clock())
        except BaseException as fault:  # told to the test, which fails with it
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    texts, cases_ = told(database)
    assert len(texts) == 1 and texts[0].startswith("今天有 8 件") and cases_ == set(ids)
