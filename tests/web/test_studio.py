"""A designer checks a draft and plays its stories in the browser, by the same function as publishing does."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine import matters
from engine.proof import proving
from tests import cast as the_cast
from tests import foreign
from tests.hall import Open
from web.app import create_app
from web.pages import studio
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


def packed(folder, **changes):
    """The matter as a zip, its folders inside another one as people pack them."""
    files = matters.read_files(folder, foreign.NAME)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            for part, (before, after) in changes.items():
                if part in name:
                    assert before in data.decode()
                    data = data.decode().replace(before, after).encode()
            archive.writestr(f"draft/{name}", data)
        archive.writestr("draft/../../evil.sh", b"x")
    return io.BytesIO(out.getvalue())


def send(hall, sent=None, short="designer"):
    data = {"draft": (sent, "draft.zip")} if sent is not None else {}
    return hall.client(short).post(f"/desk/matters/{foreign.NAME}/proof", data=data, content_type="multipart/form-data")


def test_what_the_content_folder_holds_is_checked_and_played(hall):
    text = send(hall).text
    assert "可以发布" in text and "看过了，发耳标" in text and "一个月没人去" in text
    path = hall.app.settings.content / "bpmn" / foreign.NAME / "stories.yaml"
    path.write_text(path.read_text().replace("outcome: done", "outcome: declined"))
    text = send(hall).text
    assert "可以发布" not in text and "outcome 应为 declined，实际是 done" in text


def test_a_draft_that_is_sent_is_judged_and_nothing_is_kept(hall):
    content = hall.app.settings.content
    assert "可以发布" in send(hall, packed(content)).text
    text = send(hall, packed(content, **{"process.bpmn": ('type="close-case"', 'type="closecase"')})).text
    assert "可以发布" not in text and "没有走" in text and "closecase" in text
    text = send(hall, packed(content, **{"stories.yaml": ("task: visit-farm", "taks: visit-farm")})).text
    assert "是不是“task”" in text
    with hall.database.reading() as work:
        from engine.records import library

        assert library.current(work, foreign.NAME).version == matters.load(content, foreign.NAME).version


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_draft_is_refused_in_plain_words(hall, data):
    answer = send(hall, io.BytesIO(data))
    assert answer.status_code in (200, 422) and "Traceback" not in answer.text
    if data:
        assert "zip" in answer.text


def test_a_zip_without_the_matter_or_too_large_is_refused(hall, monkeypatch):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bpmn/other/matter.yaml", b"x")
    assert "没有 bpmn/erbiao/matter.yaml" in send(hall, io.BytesIO(out.getvalue())).text
    monkeypatch.setattr("engine.matters.package.MOST_BYTES", 1000)
    assert "压缩包太大" in send(hall, packed(hall.app.settings.content)).text


def test_only_a_designer_may(hall):
    for short in ("wang", "zhao", "operator", "zhang"):
        assert send(hall, short=short).status_code in (302, 403), short


def test_the_page_of_a_matter_says_what_its_whole_check_found(hall):
    client = hall.client("designer")
    assert "没有发现问题" in client.get(f"/desk/matters/{foreign.NAME}").text
    assert client.get("/desk/matters").status_code == 200


def test_it_is_the_same_function():
    assert studio.prove is proving.prove
