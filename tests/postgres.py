"""PostgreSQL databases of tests: made once, washed between tests.

Copying a template costs half a second of disk for each test; emptying the dozen tables a test wrote to costs some
milliseconds. Each template keeps a copy of its rows and the shape of its tables in a schema of its own; `wash` brings a
database back to both, and says so when it cannot, because a test has changed the tables themselves.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

#: Made in every template, after its tables and rows: what `kept.wash()` goes back to.
KEEP = """
CREATE SCHEMA kept;
CREATE TABLE kept.sequences AS
    SELECT sequencename AS name, coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS called
    FROM pg_sequences WHERE schemaname = 'public';
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', 'rows_' || one, one);
    END LOOP;
END $$;
CREATE FUNCTION kept.shape() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT concat_ws(' ', c.relname, c.relkind) AS line FROM pg_class c WHERE c.relnamespace = \
'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', c.relname, a.attname, a.attnum, a.atttypid, a.attnotnull)
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
        UNION ALL SELECT concat_ws(' ', c.relname, t.tgname, t.tgenabled)
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ) AS lines
$$;
CREATE TABLE kept.shapes AS SELECT kept.shape() AS shape;
CREATE FUNCTION kept.wash() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE one text;
BEGIN
    IF kept.shape() <> (SELECT shape FROM kept.shapes) THEN RETURN false; END IF;
    SET LOCAL session_replication_role = replica;  -- neither foreign keys nor the triggers that refuse to forget
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', one);
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%I', one, 'rows_' || one);
    END LOOP;
    PERFORM setval(format('public.%I', name)::regclass, value, called) FROM kept.sequences;
    RETURN true;
END $$;
"""

_clean: dict[str, list[str]] = {}
_made = 0


def keep(connection: psycopg.Connection[Any]) -> None:
    """Give a template its memory."""
    connection.execute(KEEP)


def take(server: str, which: str) -> str:
    """The name of a database like this template, of nobody else in this run."""
    global _made
    waiting = _clean.setdefault(which, [])
    while waiting:
        name = waiting.pop()
        with psycopg.connect(_with_name(server, name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if connection.execute("SELECT kept.wash()").fetchone() == (True,):
                return name
    _made += 1
    name = f"t_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_{_made}"
    with psycopg.connect(server, autocommit=True) as connection:
        # Two copies of one template at once are refused: whoever comes second waits.
        connection.execute("SELECT pg_advisory_lock(1)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {which}")
    return name


def give_back(name: str, which: str) -> None:
    """The test is over; the next may have it."""
    _clean[which].append(name)


def _with_name(uri: str, name: str) -> str:
    return make_url(uri).set(database=name).render_as_string(hide_password=False)
