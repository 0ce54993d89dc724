"""Voting (表决): the verbs of residents and of the desk, and what the worker does when a ballot opens and closes.

vote(work, code, ["yes"], by=actor, now=now)                       # of themselves
vote(work, code, ["yes"], for_id=12, by=actor, now=now)            # with a written mandate
vote_in_person(work, code, 12, ["yes"], witness="…", by=clerk, now=now)
entrust(…), revoke(…), entrust_on_paper(…)
fall_due(…)                                                        # a job: opens, counts, answers the case
"""

from engine.commands.ballots.closing import fall_due
from engine.commands.ballots.proxies import entrust, entrust_on_paper, revoke
from engine.commands.ballots.voting import vote, vote_in_person

__all__ = ["entrust", "entrust_on_paper", "fall_due", "revoke", "vote", "vote_in_person"]
