"""The tests' own PostgreSQL databases: what one test left is not there for the next."""

from sqlalchemy import func, select, text

from engine.store import db
from engine.store.models import Event, MatterVersion, User
from tests import postgres
from tests.cast import hire
from tests.conftest import NOW


def _opened(server, name):
    return db.connect(postgres._with_name(server, name))


def test_a_washed_database_has_the_rows_and_numbers_of_its_template_and_its_triggers_still_refuse(
    postgres_server, _postgres_template
):
    name = postgres.take(postgres_server, "template_empty")
    database = _opened(postgres_server, name)
    with database.unit_of_work() as work:
        hire(work, NOW)
    database.close()
    postgres.give_back(name, "template_empty")
    assert postgres.take(postgres_server, "template_empty") == name
    database = _opened(postgres_server, name)
    with database.unit_of_work() as work:
        for model in (User, Event, MatterVersion):
            assert work.session.scalar(select(func.count()).select_from(model)) == 0
        user = User(kind="staff", login="first", name="第一", created_at=NOW)
        work.session.add(user)
        work.session.flush()
        assert user.id == 1
        armed = text("SELECT tgenabled FROM pg_trigger WHERE tgname = 'event_append_only'")
        assert work.session.scalar(armed) == "O"
    database.close()
    postgres.give_back(name, "template_empty")


def test_a_database_whose_tables_a_test_changed_is_not_used_again(postgres_server, _postgres_template):
    name = postgres.take(postgres_server, "template_staffed")
    database = _opened(postgres_server, name)
    with database.unit_of_work() as work:
        work.session.execute(text("ALTER TABLE event DISABLE TRIGGER ALL"))
    database.close()
    postgres.give_back(name, "template_staffed")
    other = postgres.take(postgres_server, "template_staffed")
    assert other != name
    database = _opened(postgres_server, other)
    with database.reading() as work:
        assert work.session.scalar(select(func.count()).select_from(User)) > 0
    database.close()
    postgres.give_back(other, "template_staffed")
