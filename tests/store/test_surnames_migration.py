"""Cases of before are found by surname too, however many there are."""

import importlib

from sqlalchemy import select, update

from engine.commands import cases
from engine.store import keys
from engine.store.models import Case
from tests.cast import DAIBAN


def test_cases_of_before_get_the_index_of_their_surname(database, cast, clock, monkeypatch):
    names = ("张三丰", "欧阳小三", "阿依古丽·托合提")
    with database.unit_of_work() as work:
        for name in names:
            answers = {**DAIBAN, "applicant": {**DAIBAN["applicant"], "name": name}}
            cases.submit(work, "daiban", answers, by=cast.chen, now=clock(), channel="counter")
        work.session.execute(update(Case).values(surname_index=None))
    migration = importlib.import_module("engine.store.migrations.versions.0066_surnames")
    monkeypatch.setattr(migration, "AT_ONCE", 2)
    with database.unit_of_work() as work:
        migration._index(work.session.connection())
    with database.reading() as work:
        found = work.session.scalars(select(Case.surname_index).order_by(Case.id)).all()
    assert found == [keys.blind("surname", name) for name in ("张", "欧阳", "阿依古丽")]
