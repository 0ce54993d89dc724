"""`yizhan pull`, change, `yizhan push`: a designer with git and a desktop modeler. And the zip of a draft."""

from __future__ import annotations

import io
import zipfile

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from engine.commands import studio
from engine.proof import pulling
from engine.store.models import StudioDraft
from tests.web.studio.drafts import (
    DRAWING,
    NAME,
    a_name,
    keep,
    renamed,
    text_of,
)
from web.cli import main

MATTER = f"bpmn/{NAME}/matter.yaml"


@pytest.fixture
def run(hall, monkeypatch, tmp_path):
    settings = hall.app.settings
    for key, value in (
        ("YIZHAN_HOME", settings.home),
        ("YIZHAN_DATABASE_URL", settings.database_url),
        ("YIZHAN_CONTENT", settings.content),
    ):
        monkeypatch.setenv(key, str(value))
    folder = tmp_path / "git"

    def call(command, *words, code=0):
        done = CliRunner().invoke(main, [command, str(folder), *words])
        assert done.exit_code == code, done.output
        return done.output

    call.folder = folder
    return call


def drafted(hall):
    with hall.database.reading() as work:
        row = work.session.scalar(select(StudioDraft).where(StudioDraft.state == "open"))
        return {} if row is None else studio.whole(work, row)


def change(run, before, after, path=DRAWING):
    file = run.folder / path
    file.write_bytes(renamed(file.read_text(), before, after).encode())


def test_pull_writes_the_published_files_and_a_second_pull_nothing(hall, run):
    assert "写了" in run("pull")
    assert (run.folder / DRAWING).is_file()
    stamps = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.is_file()}
    assert run.folder / pulling.MANIFEST in stamps
    assert "写了 0 个文件" in run("pull")
    assert stamps == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.is_file()}


def test_what_was_changed_in_the_folder_becomes_a_draft_and_is_said_in_words(hall, run):
    run("pull")
    step = a_name((run.folder / DRAWING).read_text())
    change(run, f'name="{step}"', f'name="{step}一下"')
    assert f"名称：“{step}” 改为 “{step}一下”" in run("push", "--by", "designer", "--preview")
    assert drafted(hall) == {}, "only looked at"
    assert f"名称：“{step}” 改为 “{step}一下”" in run("push", "--by", "designer")
    assert f"{step}一下".encode() in drafted(hall)[DRAWING]
    assert run("push", "--by", "designer") == "", "nothing is other any more"
    assert "写了 0 个文件" in run("pull")


def test_a_push_lays_over_what_others_changed_elsewhere_and_refuses_what_they_changed_too(hall, run, designer):
    run("pull")
    keep(designer, text_of(designer, MATTER) + "\n# 别人\n", path=MATTER)
    step = a_name((run.folder / DRAWING).read_text())
    change(run, f'name="{step}"', f'name="{step}一下"')
    run("push", "--by", "designer")
    assert "别人".encode() in drafted(hall)[MATTER] and f"{step}一下".encode() in drafted(hall)[DRAWING]
    change(run, "code:", "code: ", MATTER)
    hall.clock.on(minutes=5)
    said = run("push", "--by", "designer", code=1)
    assert MATTER in said and "工作室里也改过" in said
    assert "别人".encode() in drafted(hall)[MATTER]
    assert MATTER in run("pull", code=1), "both are named, and the folder keeps its own"
    assert "code: " in (run.folder / MATTER).read_text()
    run("push", "--by", "designer", code=1)
    run("pull", "--over")
    assert "别人" in (run.folder / MATTER).read_text()


def test_the_published_version_is_pulled_when_it_is_asked_for(hall, run, designer):
    keep(designer, text_of(designer) + "<!-- draft -->")
    run("pull", "--published")
    assert "<!-- draft -->" not in (run.folder / DRAWING).read_text()
    run("pull")
    assert "<!-- draft -->" in (run.folder / DRAWING).read_text()


def test_a_new_folder_begins_a_new_matter(hall, run):
    run("pull")
    new = run.folder / "bpmn" / "xinde"
    new.mkdir()
    for path in (run.folder / "bpmn" / NAME).iterdir():
        (new / path.name).write_bytes(path.read_bytes())
    assert "xinde" in run("push", "xinde", "--by", "designer")
    assert f"bpmn/xinde/{DRAWING.rpartition('/')[2]}" in drafted(hall)


def test_who_may_not_design_pushes_nothing_and_a_broken_manifest_is_refused(hall, run):
    run("pull")
    step = a_name((run.folder / DRAWING).read_text())
    change(run, f'name="{step}"', f'name="{step}一下"')
    run("push", "--by", "chen", code=1)
    assert drafted(hall) == {}
    (run.folder / pulling.MANIFEST).write_text("{}")
    run("push", "--by", "designer", code=1)
    run("pull", code=1)


def zipped(client, changes) -> bytes:
    """The draft as it is downloaded, with these files changed on a desktop."""
    sent = client.get(f"/desk/matters/{NAME}/draft/zip")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive, zipfile.ZipFile(out, "w") as packed:
        for name in archive.namelist():
            packed.writestr(name, changes.get(name, archive.read(name)))
    return out.getvalue()


def bring(client, packed: bytes):
    data = {"zip": (io.BytesIO(packed), "x.zip")}
    return client.post(f"/desk/matters/{NAME}/draft/bring", data=data, headers={"Accept": "application/json"})


def test_a_zip_that_comes_back_is_held_against_its_manifest(hall, designer):
    text = text_of(designer)
    packed = zipped(designer, {DRAWING: (text + "<!-- desk -->").encode()})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert NAME in pulling.read(archive.read(pulling.MANIFEST))
    keep(designer, text_of(designer, MATTER) + "\n# 别人\n", path=MATTER)
    assert bring(designer, packed).status_code == 302
    assert "<!-- desk -->" in text_of(designer) and "别人" in text_of(designer, MATTER), "what others did stays"
    again = zipped(designer, {DRAWING: (text + "<!-- later -->").encode()})
    hall.clock.on(minutes=5)
    keep(designer, text + "<!-- canvas -->", 99)
    refused = bring(designer, again)
    assert refused.status_code == 409 and "工作室里也改过" in refused.json["detail"]
    assert "<!-- canvas -->" in text_of(designer)


def test_a_zip_of_another_matter_or_with_a_broken_manifest_is_refused(hall, designer):
    other = pulling.written({"daiban": {"from": "draft", "mark": "0", "files": {}}})
    for manifest in (other, b"{", b"[]"):
        assert bring(designer, zipped(designer, {pulling.MANIFEST: manifest})).status_code == 422
