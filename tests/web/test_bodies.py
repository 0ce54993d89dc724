"""What a route lets come: a file where it takes one, a form or a JSON object elsewhere, and no more."""

import inspect
import io
import re
import sys
from datetime import UTC, datetime

import pytest

from engine.store import connect
from web import edge
from web.app import create_app
from web.settings import Settings


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    home = tmp_path_factory.mktemp("bodies")
    database = connect(f"sqlite:///{home / 'hall.db'}")  # nothing here comes as far as the database
    settings = Settings(home=home, database_url="", secret_key="test", upload_mb=5)
    yield create_app(settings, database=database, clock=lambda: datetime(2026, 9, 18, tzinfo=UTC), testing=True)
    database.close()


def reads_files(view):
    """Whether this view looks at what was uploaded, itself or by a helper beside it."""
    view = inspect.unwrap(view)
    text = inspect.getsource(view)
    beside = vars(sys.modules[view.__module__])
    helpers = [beside.get(name) for name in re.findall(r"\b(_\w+)\(", text)]
    return any("request.files" in one for one in (text, *map(inspect.getsource, filter(inspect.isfunction, helpers))))


def test_the_routes_that_take_a_file_are_those_that_read_one(app):
    taking = {name for name in app.view_functions if edge.guard_of(app, name).takes == "file"}
    reading = {name for name, view in app.view_functions.items() if name != "static" and reads_files(view)}
    assert taking == reading
    assert {"api.upload", "resident.upload", "bonds.make", "papers.compare"} <= reading


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/files", 7 << 20),
        ("GET", "/files", 2 << 20),
        ("POST", "/v/file", 7 << 20),
        ("POST", "/enter", 2 << 20),
        ("POST", "/api/v1/files", 7 << 20),
        ("POST", "/api/v1/cases", 1_000_000),
        ("POST", "/没有/这一页", 2 << 20),
        ("NONSENSE", "//", 2 << 20),
    ],
)
def test_a_server_knows_by_the_head_how_much_may_come(app, method, path, most):
    assert edge.most_at(app)(method, path) == most


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("path", "kind", "size", "status"),
    [
        ("/enter", "application/x-www-form-urlencoded", 3 << 20, 413),
        ("/enter", "multipart/form-data; boundary=x", 3 << 20, 413),
        ("/enter", "application/octet-stream", 3 << 20, 413),
        ("/api/v1/cases", "application/json", 1_000_001, 413),
        ("/v/file", "application/x-www-form-urlencoded", 3 << 20, 413),
        ("/v/file", "multipart/form-data; boundary=x", 8 << 20, 413),
        ("/v/file", "multipart/form-data; boundary=x", 3 << 20, 400),  # it may come; the token of the page is not in it
    ],
)
def test_more_than_the_route_takes_is_refused_by_whatever_server(app, path, kind, size, status, announced):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = head + b"a" * (size - len(head) - 7) + b"\r\n--x--" if "multipart" in kind else b"a" * size
    if announced:
        sent = {"data": body}
    else:  # in chunks: a server says by this that it knows the end
        sent = {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}
    answer = app.test_client().post(path, content_type=kind, headers={"Authorization": "Bearer x"}, **sent)
    assert answer.status_code == status
