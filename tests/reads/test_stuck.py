"""Where a case is held up, in a sentence."""

from types import SimpleNamespace
from typing import Any, cast

from engine.reads import stuck
from engine.store.models import Awaited
from tests.conftest import NOW


def test_what_is_waited_for_has_the_name_a_designer_gives_it_and_no_id(database):
    case = SimpleNamespace(id=1, status="open", paused_at=None, applicant_id=None)
    account = SimpleNamespace(due_on=None, phase="running", paused_for=None)
    vote = Awaited(case_id=1, element="all_vote", kind="open-ballot", key="k", since_at=NOW)
    with database.reading() as work:
        said = stuck.sentence(
            work,
            cast(Any, case),
            [],
            cast(Any, account),
            now=NOW,
            names={},
            for_applicant=True,
            incidents=[],
            timers=[],
            awaited=[vote],
            phone="",
        )
    assert "“开启表决”的结果" in said.zh and "Open a ballot" in said.en and "all_vote" not in said.zh + said.en
