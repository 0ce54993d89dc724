"""What the process issues becomes a paper: the case's own facts fill the shared kinds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.commands import cases
from engine.commands.worker import background
from engine.records import files, papers
from engine.records.papers.workers import make
from engine.store.models import Document, File, Task
from tests.cast import DAIBAN
from tests.commands import acting
from tests.papers.made import flat, text


class Here:
    """The press without its processes, which test_press.py is about."""

    def render(self, job: papers.Job) -> papers.Made:
        return make(job)


def test_the_papers_of_a_case_are_rendered_and_read_back(database: Any, cast: Any, clock: Any, tmp_path: Any) -> None:
    def answer(who: Any, answers: dict[str, Any], now: Any) -> None:
        with database.unit_of_work() as work:
            task = work.session.scalars(select(Task).where(Task.state != "ended")).one()
            cases.claim(work, task.id, version=task.version, by=who, now=now)
            cases.complete(work, task.id, answers, version=task.version, by=who, now=now)

    with database.unit_of_work() as work:
        number = cases.submit(work, "daiban", DAIBAN, by=cast.zhang, now=clock()).case.number
    answer(cast.chen, acting.TAKE_IN, clock())
    answer(cast.wang, acting.ACCEPT, clock())
    answer(cast.wang, {"registration": {"result": "approve", "number": "350526000123"}}, clock.on(days=3))
    tools = background.Equipment(press=Here(), public_url="https://hall.example.cn", sign=False)
    while background.run(database, tools, now=clock()):
        pass
    with database.reading() as work:
        made = {row.kind: row for row in work.session.scalars(select(Document))}
        assert {row.state for row in made.values()} == {"ready"}
        accepted = made["acceptance"]
        pdf = files.read(work, work.session.get(File, accepted.file_id))
        read = flat(text(pdf, tmp_path))
        for words in (
            number,
            accepted.number,
            accepted.check_code,
            "德化县医疗保障局",
            "受理通知书",
            "期限逐日计算",
            "第1日",
        ):
            assert words in read, words
        assert DAIBAN["applicant"]["id_number"] not in read
        closed = flat(text(files.read(work, work.session.get(File, made["closing"].file_id)), tmp_path))
        assert "350526000123" in closed and "办结通知单" in closed
