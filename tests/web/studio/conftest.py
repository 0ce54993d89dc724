"""The hall of the studio's tests: its content folder holds one small matter, of which there is a draft."""

from __future__ import annotations

import pytest

from tests import cast as the_cast
from tests import foreign
from tests.hall import Open
from tests.web.studio.drafts import NAME
from web.app import create_app
from web.settings import Settings
from web.start import publish


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    """A hall whose content folder holds one small matter."""
    foreign.write(tmp_path / "content")
    of = Settings(home=tmp_path, database_url=str(sqlite.url), secret_key="test", content=tmp_path / "content")
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock(), ())
        foreign.hire(work, clock())
    publish(sqlite, of)
    app = create_app(of, database=sqlite, clock=clock, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    with sqlite.reading() as work:
        yield Open(app, sqlite, the_cast.meet(work, clock()), clock)
    from engine.records import papers

    papers.use(None)


@pytest.fixture
def designer(hall):
    client = hall.client("designer")
    assert client.post(f"/desk/matters/{NAME}/draft").status_code == 302
    return client
