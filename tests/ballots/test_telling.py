"""Those on a roll are told: that it is open, that it ends soon, how it ended; once each, and by whom they agreed to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from engine.commands import ballot_rows, ballots
from engine.commands.worker import background, telling_voters
from engine.people import SYSTEM
from engine.proof.playing import equipment
from engine.records import jobs
from engine.store.models import Ballot, BallotMark, BallotVoter, Job, Notice
from tests.ballots.world import CLOSES, DURING, OPEN, OPENS, SECRET, actor, village

REMINDED = CLOSES - timedelta(days=1)


def work_off(there, now):
    """The worker does what is due of the ballot; texts stay in the outbox."""
    mine = {jobs.Kind.BALLOT_DUE, jobs.Kind.BALLOT_TELL}
    handlers = {kind: one for kind, one in background.JOBS.items() if kind in mine}
    handlers[jobs.Kind.SEND_NOTICE] = _sent
    while background.run(there.database, equipment(), now=now, most=50, handlers=handlers):
        pass


def _sent(database, job, _equipment, now):
    with database.unit_of_work() as work:
        jobs.done(work, job, now=now)


def told(there, what):
    """channel -> how many were told this."""
    with there.database.reading() as work:
        key = f"ballot:{there.id}:{what}:"
        return Counter(work.session.scalars(select(Notice.channel).where(Notice.key.startswith(key))))


def vote(there, n, now=DURING):
    by = actor(there.database, there.users[n], now)
    with there.database.unit_of_work() as work:
        ballots.vote(work, there.code, ["yes"], by=by, now=now)


def phones(there):
    with there.database.reading() as work:
        kept = select(func.count()).where(BallotVoter.ballot_id == there.id, BallotVoter.phone.is_not(None))
        return work.session.scalar(kept)


def test_who_is_on_the_roll_is_told_and_by_text_message_who_agreed(database, cast):
    there = village(database, cast, SECRET, 5, of=lambda n: {"consents": n < 2})
    work_off(there, OPENS - timedelta(minutes=1))
    assert not told(there, "open") and phones(there) == 2
    work_off(there, OPENS)
    assert told(there, "open") == {"screen": 5, "sms": 2}
    vote(there, 0)
    vote(there, 3)
    work_off(there, REMINDED)
    assert told(there, "reminder") == {"screen": 3, "sms": 1}  # who has not voted, and no more
    work_off(there, CLOSES)
    assert told(there, "result") == {"screen": 5, "sms": 2} and phones(there) == 0
    with database.reading() as work:
        words = set(work.session.scalars(select(Notice.text).where(Notice.key.startswith(f"ballot:{there.id}:"))))
        assert not [one for one in words if "村民" in one or "同意" in one]  # nobody's name, nothing of a vote


def test_a_reminder_writes_nothing_where_votes_are(database, cast):
    there = village(database, cast, SECRET, 4)
    work_off(there, OPENS)
    vote(there, 1)

    def votes():
        with database.reading() as work:
            return [tuple(row) for row in work.session.execute(select(BallotMark.__table__))]

    before = votes()
    work_off(there, REMINDED)
    assert votes() == before and told(there, "reminder") == {"screen": 3}


def test_announcing_and_counting_tell_nobody_themselves(database, cast):
    there = village(database, cast, OPEN, 3, of=lambda n: {"consents": True})
    with database.unit_of_work() as work:
        ballots.closing.due(work, there.id, now=OPENS)
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(Notice)) == 0
        asked = select(Job.key).where(Job.kind == jobs.Kind.BALLOT_TELL.value).order_by(Job.id)
        assert list(work.session.scalars(asked)) == [
            f"ballot:{there.id}:tell:open",
            f"ballot:{there.id}:tell:reminder",
        ]


def test_a_long_roll_is_told_some_at_a_time_and_each_once(database, cast, monkeypatch):
    monkeypatch.setattr(telling_voters, "CHUNK", 4)
    there = village(database, cast, OPEN, 9)
    work_off(there, OPENS)
    work_off(there, OPENS)
    assert told(there, "open") == {"screen": 9}


def test_one_called_off_after_it_opened_is_told_and_reminds_nobody(database, cast):
    there = village(database, cast, OPEN, 3, of=lambda n: {"consents": True})
    work_off(there, OPENS)
    with database.unit_of_work() as work:
        row = work.session.get_one(Ballot, there.id)
        ballot_rows.withdraw(work, row, "名册有误", by=SYSTEM, now=DURING)
    work_off(there, REMINDED)
    assert told(there, "off") == {"screen": 3, "sms": 3} and not told(there, "reminder") and phones(there) == 0


def test_texts_asked_for_at_night_go_out_in_the_morning(database, cast):
    night = OPENS.replace(hour=14)  # 22:00 in Dehua
    there = village(
        database, cast, OPEN, 2, of=lambda n: {"consents": True}, opens=night, closes=night + timedelta(hours=30)
    )
    work_off(there, night)
    with database.reading() as work:
        texts = list(work.session.scalars(select(Notice).where(Notice.channel == "sms")))
        assert len(texts) == 2 and all(one.send_after > night + timedelta(hours=9) for one in texts)


def test_a_text_message_that_would_come_after_the_close_is_not_sent(database, cast):
    night = OPENS.replace(hour=14)  # 22:00 in Dehua: the morning is after the close
    there = village(
        database, cast, OPEN, 2, of=lambda n: {"consents": True}, opens=night, closes=night + timedelta(hours=3)
    )
    work_off(there, night)
    assert told(there, "open") == {"screen": 2}
