"""The store: tables, migrations, and one unit of work a request or job."""

from engine.store.clashes import again
from engine.store.db import Database, Work, connect, fresh

__all__ = ["Database", "Work", "again", "connect", "fresh"]
