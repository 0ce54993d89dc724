from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from engine.store import migrate
from engine.store.models import Base


def test_the_head_of_the_migrations_is_the_models(database):
    with database.engine.connect() as connection:
        assert (
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []
        )


def test_check_constraints_of_the_models_are_in_the_database(database):
    found = inspect(database.engine)
    for table in Base.metadata.tables.values():
        wanted = {c.name for c in table.constraints if c.__class__.__name__ == "CheckConstraint"}
        there = {c["name"] for c in found.get_check_constraints(table.name)}
        assert wanted <= there, table.name


def test_migrating_twice_changes_nothing(database):
    assert migrate.current(database) == migrate.head()
    assert migrate.upgrade(database) is False
