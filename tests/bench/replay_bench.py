"""What it costs to replay recorded cases on another version (发布回放): each is played twice by the real commands, on
the version it went by and on the new one. The rate is of CPU on one core, as the worker's lane does it.

    figures() -> rows of {name, value, unit, baseline, ratio, target, met}
"""

from __future__ import annotations

import time
from typing import Any

from engine import matters
from engine.proof import replaying
from engine.records import library
from tests.bench import halls
from tests.commands import acting

NAME = "daiban"
#: So many cases are measured; a thousand are told from them.
CASES = 30
OF = 1000


def figures() -> list[dict[str, Any]]:
    with halls.with_cast(NAME) as (database, cast, clock):
        id_ = acting.finished(database, cast, clock)
        with database.reading() as work:
            record = replaying.record(work, id_)
            before = library.current(work, NAME)
    files = dict(before.files)
    path = f"bpmn/{NAME}/matter.yaml"
    files[path] = files[path].replace(b"promised: 5wd", b"promised: 3wd")
    with replaying.Replay(before, matters.read(NAME, files)) as replay:
        replay.of(record)  # the scratch halls are made
        began = time.process_time()
        for _ in range(CASES):
            went = replay.of(record)
            assert went.hindered is None and went.differences, went
        took = time.process_time() - began
    rate = CASES / took
    return [
        {"name": f"replay of {OF:,} cases", "value": OF / rate, "unit": "s of CPU", "target": "", "met": None},
        {"name": "replay, rate (seven steps each, played twice)", "value": rate, "unit": "cases/s of CPU", "met": None},
    ]
