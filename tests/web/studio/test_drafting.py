"""A designer changes a matter in the browser: a draft that is kept, checked, put back, proved and published."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from sqlalchemy import select

from engine import matters
from engine.matters import stories
from engine.people import SYSTEM
from engine.records import library
from engine.store.models import Holding, Post
from tests.web.studio.drafts import DRAWING, NAME, a_name, current, keep, publish_draft, renamed, text_of
from web.start import publish


def test_a_draft_says_what_the_published_version_says_and_there_is_one_of_each_matter(hall, designer):
    page = designer.get(f"/desk/matters/{NAME}/draft")
    assert page.status_code == 200 and "process.bpmn" in page.text and "没有发现问题" in page.text
    here = re.search(r'<a href="([^"]+)" aria-current="page"', page.text)
    assert here is not None and here[1] == "/desk/matters", "the column says where one is"
    again = designer.post(f"/desk/matters/{NAME}/draft")
    assert again.status_code == 302 and again.location.endswith(f"/{NAME}/draft")
    assert "接着改草稿" in designer.get(f"/desk/matters/{NAME}").text
    assert "正在改的草稿" in designer.get("/desk/matters").text


def test_every_change_is_kept_with_what_the_check_finds_and_nothing_is_offered(hall, designer):
    before, text = current(hall), text_of(designer)
    step = a_name(text)
    said = keep(designer, renamed(text, step, step + "一下")).json
    assert (said["revision"], said["changed"], said["findings"]) == (1, True, [])
    assert step + "一下" in text_of(designer)
    broken = text.replace('targetRef="visit-farm"', 'targetRef="nowhere"')
    found = keep(designer, broken, said["revision"]).json["findings"]
    assert any(one["severity"] == "error" and one["element"] and one["file"] == "process.bpmn" for one in found)
    assert found[0]["text"] in designer.get(f"/desk/matters/{NAME}/draft/edit").text
    assert current(hall) == before


def test_a_file_that_is_no_drawing_at_all_is_kept_and_said_to_be_none(hall, designer):
    said = keep(designer, "<not xml").json
    assert said["changed"] and any(one["severity"] == "error" for one in said["findings"])
    assert designer.get(f"/desk/matters/{NAME}/draft").status_code == 200


def test_what_says_the_same_in_other_blanks_is_no_change(hall, designer):
    text = text_of(designer)
    assert keep(designer, text.replace("/>", " />")).json == {
        "revision": 0,
        "changed": False,
        "findings": [],
        "others": [],
        "draft": NAME,
    }
    assert text_of(designer) == text


def test_two_who_change_one_file_do_not_write_over_each_other(hall, designer):
    other = hall.client("chen")
    with hall.database.unit_of_work() as work:
        post = work.session.scalars(select(Post).where(Post.code == "designer")).one()
        work.session.add(Holding(user_id=hall.cast.users["chen"], unit_id=hall.cast.county.id, post_id=post.id))
    text = text_of(designer)
    assert keep(designer, text + "\n<!-- one -->").status_code == 200
    late = keep(other, text + "\n<!-- two -->")
    assert late.status_code == 409 and "改过这个文件" in late.json["detail"]
    assert "one" in text_of(designer) and "two" not in text_of(designer)
    assert keep(other, text + "\n<!-- three -->", 1).status_code == 200
    seen = designer.post(f"/desk/matters/{NAME}/draft/here", json={"path": DRAWING}).json["others"]
    assert [one["file"] for one in seen] == ["process.bpmn"]


def test_who_goes_on_typing_makes_one_entry_and_a_pause_makes_another(hall, designer):
    text = text_of(designer)
    for n in range(3):
        said = keep(designer, f"{text}<!-- {n} -->", 1 if n else 0).json
        assert said["revision"] == 1
    hall.clock.on(minutes=5)
    assert keep(designer, f"{text}<!-- later -->", 1).json["revision"] == 2


def test_a_draft_goes_back_to_any_moment_and_what_came_after_is_not_lost(hall, designer):
    text = text_of(designer)
    keep(designer, text + "<!-- one -->")
    hall.clock.on(minutes=5)
    keep(designer, text + "<!-- two -->", 1)
    assert designer.post(f"/desk/matters/{NAME}/draft/restore", data={"revision": "1"}).status_code == 302
    assert text_of(designer) == text + "<!-- one -->"
    assert designer.post(f"/desk/matters/{NAME}/draft/restore", data={"revision": "2"}).status_code == 302
    assert text_of(designer) == text + "<!-- two -->"
    assert designer.post(f"/desk/matters/{NAME}/draft/restore", data={"revision": "0"}).status_code == 302
    assert text_of(designer) == text
    assert "回到第 2 次" in designer.get(f"/desk/matters/{NAME}/draft").text
    for odd in ("99", "-1", "x", ""):
        assert designer.post(f"/desk/matters/{NAME}/draft/restore", data={"revision": odd}).status_code == 404


def test_a_draft_goes_out_as_a_zip_and_comes_back_from_the_desktop(hall, designer):
    sent = designer.get(f"/desk/matters/{NAME}/draft/zip")
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert DRAWING in files
    changed = {**files, DRAWING: files[DRAWING].replace(b"</bpmn:definitions>", b"<!-- desk --></bpmn:definitions>")}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in changed.items():
            archive.writestr(f"work/{name}", content)
    packed = out.getvalue()
    for _n in range(2):  # the second time nothing is other than it is
        answer = designer.post(
            f"/desk/matters/{NAME}/draft/bring", data={"zip": (io.BytesIO(packed), "work.zip")}, follow_redirects=True
        )
        assert answer.status_code == 200
    assert "<!-- desk -->" in text_of(designer)


@pytest.mark.parametrize(
    "path",
    [
        "bpmn/daiban/process.bpmn",
        "bpmn/_shared/house.yaml",
        f"bpmn/{NAME}/../daiban/process.bpmn",
        f"bpmn/{NAME}/x.py",
        "/etc/passwd",
        f"forms/{NAME}/.form",
        "",
    ],
)
def test_a_draft_has_files_of_its_own_matter_and_no_other(hall, designer, path):
    assert keep(designer, "x", path=path).status_code == 422


def test_what_is_sent_wrongly_is_refused_and_says_what_is_wanted(hall, designer):
    for body in (
        {},
        {"path": DRAWING},
        {"path": DRAWING, "text": 1, "base": 0},
        {"path": DRAWING, "text": "", "base": "0"},
    ):
        answer = designer.post(f"/desk/matters/{NAME}/draft/file", json=body, headers={"Accept": "application/json"})
        assert answer.status_code == 422, body
    assert keep(designer, "\ud800").status_code == 422
    assert keep(designer, "x" * 1_000_001).status_code in (413, 422)


def test_a_draft_is_published_when_check_and_stories_hold_and_the_next_start_leaves_it(hall, designer):
    before, text = current(hall), text_of(designer)
    step = a_name(text)
    keep(designer, renamed(text, step, step + "一下"))
    assert publish_draft(designer, 0).status_code == 409, "it has changed since"
    assert publish_draft(designer, 1, " ").status_code == 422, "nobody says why"
    assert current(hall) == before
    assert publish_draft(designer, 1).status_code == 302
    made = current(hall)
    assert made != before
    page = designer.get(f"/desk/matters/{NAME}").text
    assert made[:12] in page and "改了名称" in page and "改这个事项" in page
    assert designer.get(f"/desk/matters/{NAME}/draft").status_code == 404
    publish(hall.database, hall.app.settings)
    assert current(hall) == made, "the folder still says what it said before the studio"
    written = hall.app.settings.content / DRAWING
    written.write_text(written.read_text().replace("</bpmn:definitions>", "<!-- new --></bpmn:definitions>"))
    publish(hall.database, hall.app.settings)
    assert current(hall) != made, "the folder says something new"


def test_a_draft_with_a_fault_is_not_published_and_the_faults_are_told(hall, designer):
    before = current(hall)
    keep(designer, text_of(designer).replace('decisionId="needs-tag"', 'decisionId="needs-nothing"'))
    answer = publish_draft(designer, 1)
    assert answer.status_code == 200 and "process.bpmn" in answer.text
    assert current(hall) == before
    assert designer.get(f"/desk/matters/{NAME}/draft").status_code == 200, "the draft is there still"


def test_an_older_version_is_chosen_again_and_a_matter_is_taken_off_and_stays_off(hall, designer):
    first, text = current(hall), text_of(designer)
    keep(designer, renamed(text, a_name(text), a_name(text) + "一下"))
    publish_draft(designer, 1)
    second = current(hall)
    assert designer.post(f"/desk/matters/{NAME}/choose", data={"version": first[:12]}).status_code == 302
    assert current(hall) == first
    publish(hall.database, hall.app.settings)
    assert current(hall) == first
    assert designer.post(f"/desk/matters/{NAME}/choose", data={"version": second[:12]}).status_code == 302
    assert current(hall) == second
    assert designer.post(f"/desk/matters/{NAME}/choose", data={"version": "nosuch"}).status_code == 404
    assert designer.post(f"/desk/matters/{NAME}/withdraw", data={"note": ""}).status_code == 422
    assert designer.post(f"/desk/matters/{NAME}/withdraw", data={"note": "换系统"}).status_code == 302
    publish(hall.database, hall.app.settings)
    with hall.database.reading() as work:
        assert [one.name for one in library.published(work)] == []
    with hall.database.unit_of_work() as work:
        library.publish(work, library.version(work, first), by=SYSTEM, now=hall.clock())
    publish(hall.database, hall.app.settings)
    assert current(hall) == first


def test_a_new_matter_begins_as_a_small_one_that_runs(hall):
    client = hall.client("designer")
    said = {"name": "jiaxin", "title": "寄家信", "title_en": "Letters home"}
    assert client.post("/desk/matters/new", data=said).status_code == 302
    page = client.get("/desk/matters/jiaxin/draft")
    assert "没有发现问题" in page.text
    proved = client.post("/desk/matters/jiaxin/draft/proof")
    assert proved.status_code == 200 and "可以发布" in proved.text
    done = client.post("/desk/matters/jiaxin/draft/publish", data={"revision": "0", "note": "新开"})
    assert done.status_code == 302
    with hall.database.reading() as work:
        assert "jiaxin" in [one.name for one in library.published(work)]
    publish(hall.database, hall.app.settings)
    with hall.database.reading() as work:
        assert "jiaxin" in [one.name for one in library.published(work)], "no folder has it, and it stays"
    for odd in ({**said, "name": "Ab"}, {**said, "name": "new"}, said, {**said, "name": "b2", "title": ""}):
        assert client.post("/desk/matters/new", data=odd).status_code == 422, odd


def test_a_draft_that_is_given_up_leaves_the_matter_as_it_is(hall, designer):
    before = current(hall)
    keep(designer, text_of(designer) + "<!-- x -->")
    assert designer.post(f"/desk/matters/{NAME}/draft/drop").status_code == 302
    assert current(hall) == before
    assert designer.get(f"/desk/matters/{NAME}/draft").status_code == 404
    assert designer.post(f"/desk/matters/{NAME}/draft").status_code == 302, "another one begins"
    assert "<!-- x -->" not in text_of(designer)


def test_a_file_is_added_and_taken_away_but_not_what_makes_a_matter(hall, designer):
    table = f"bpmn/{NAME}/notes.md"
    assert keep(designer, "只给自己看", path=table).json["revision"] == 1
    assert designer.post(f"/desk/matters/{NAME}/draft/remove", data={"path": table}).status_code == 302
    assert designer.get(f"/desk/matters/{NAME}/draft/file?path={table}").status_code == 404
    assert designer.post(f"/desk/matters/{NAME}/draft/remove", data={"path": DRAWING}).status_code == 409


def rewritten(client, text, changes):
    body = {"text": text, "changes": changes}
    return client.post(f"/desk/matters/{NAME}/draft/said", json=body, headers={"Accept": "application/json"})


def test_the_form_of_a_matter_changes_its_text_place_by_place_and_keeps_nothing(designer):
    text = "name: 借书  # a word\nlimits: {regime: service}\n"
    changes = [{"at": ["limits", "promised"], "value": "3wd"}, {"at": ["fee"], "yaml": "不收费"}, {"at": ["name"]}]
    answer = rewritten(designer, text, changes)
    assert answer.json["text"] == "limits: {regime: service, promised: 3wd}\nfee: 不收费\n"
    path = f"bpmn/{NAME}/matter.yaml"
    before = text_of(designer, path)
    assert rewritten(designer, before, [{"at": ["name"], "value": "别的"}]).status_code == 200
    assert text_of(designer, path) == before
    page = designer.get(f"/desk/matters/{NAME}/draft/edit?path={path}").text
    assert "data-matter-form" in page
    assert "data-text" in designer.get(f"/desk/matters/{NAME}/draft/edit?path={path}&shown=text").text


@pytest.mark.parametrize(
    "changes",
    [
        "name",
        ["name"],
        [{"at": "name"}],
        [{"at": []}],
        [{"at": [True], "value": 1}],
        [{"at": [{}], "value": 1}],
        [{"at": ["limits", "regime", "x"], "value": 1}],
        [{"at": ["name"], "yaml": "[["}],
        [{"at": ["name"], "yaml": "!!python/object/apply:os.system [ls]"}],
    ],
)
def test_what_is_no_change_of_a_text_is_refused_in_words(designer, changes):
    answer = rewritten(designer, "name: 借书\nlimits: {regime: service}\n", changes)
    assert answer.status_code in (400, 409, 422), answer.text
    assert answer.json["detail"]


def package_of_draft(client) -> matters.Package:
    """What the draft says, read from its zip."""
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/desk/matters/{NAME}/draft/zip").data))
    return matters.read(NAME, {name: archive.read(name) for name in archive.namelist()})


def test_what_is_shown_beside_a_text_is_of_its_draft_and_a_fault_is_told_in_words(designer):
    story = stories.read(package_of_draft(designer))[0].name
    told = designer.get(f"/desk/matters/{NAME}/draft/told", query_string={"story": story}).text
    assert "和故事写的一样。" in told
    absent = designer.get(f"/desk/matters/{NAME}/draft/told", query_string={"story": "<b>无</b>"})
    assert "事项里没有这个故事" in absent.text
    assert "<b>" not in absent.text
    path = f"bpmn/{NAME}/process.bpmn"
    keep(designer, "<broken", path=path)
    paper = designer.get(f"/desk/matters/{NAME}/draft/paper", query_string={"story": story, "path": "forms/x/y.html"})
    assert paper.status_code == 200
    assert "sandbox" in paper.headers["Content-Security-Policy"]
    assert "script-src" not in paper.headers["Content-Security-Policy"]
    assert "default-src 'none'" in paper.headers["Content-Security-Policy"]
