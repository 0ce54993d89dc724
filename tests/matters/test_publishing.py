"""A matter is proved, then published; one that is wrong is named and left out; one that is gone is taken off."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select

from engine import matters, people
from engine.commands import cases, gate, wiring
from engine.errors import NotFound, Outdated
from engine.people import holders, units
from engine.proof import proving, publishing
from engine.proof.publishing import NoContent
from engine.reads.operations import operations
from engine.records import audit, library
from engine.store.models import Case, Event, Holding, MatterVerdict, MatterVersion
from tests import cast as the_cast
from tests.commands import acting
from web.settings import Settings
from web.start import lines, publish

ROOT = Path(__file__).resolve().parents[2]


def content(tmp_path, *names):
    """A content folder with these matters; without any, with 全程代办 alone."""
    for folder in ("bpmn", "forms"):
        for part in (*(names or ("daiban",)), "_shared"):
            if (ROOT / folder / part).exists():
                shutil.copytree(ROOT / folder / part, tmp_path / "content" / folder / part)
    return tmp_path / "content"


def settings(tmp_path, folder):
    return Settings(home=tmp_path, database_url="", secret_key="s", content=folder)


def change(folder, name, before, after, file="matter.yaml"):
    path = folder / "bpmn" / name / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


def short(folder, name="daiban", keep="不属于本机关，不予受理"):
    """Only one story of the matter: what is tried here is not the stories."""
    import yaml

    path = folder / "bpmn" / name / "stories.yaml"
    found = yaml.safe_load(path.read_text())
    found["stories"] = [story for story in found["stories"] if story["name"] == keep]
    path.write_text(yaml.safe_dump(found, allow_unicode=True))
    (path.parent / "clauses.yaml").unlink(missing_ok=True)  # they name the stories that show them


@pytest.fixture
def hall(sqlite, clock, tmp_path):
    """A staffed hall, and a content folder that it has published."""
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock(), ())
    folder = content(tmp_path)
    short(folder)
    publish(sqlite, settings(tmp_path, folder))
    with sqlite.reading() as work:
        cast = the_cast.meet(work, clock())
    return sqlite, cast, folder, settings(tmp_path, folder)


def test_a_new_version_is_for_new_cases_only(hall, clock):
    sqlite, cast, folder, of = hall
    old = acting.submit(sqlite, cast.zhang, clock())
    change(folder, "daiban", "visits: 0", "visits: 1")
    assert [one.name for one in publish(sqlite, of).that("publish")] == ["daiban"]
    new = acting.submit(sqlite, cast.xu, clock())
    with sqlite.reading() as work:
        versions = [work.session.get(Case, case).version_hash for case in (old, new)]
        assert [library.version(work, v).info.visits for v in versions] == [0, 1]
    acting.claim(sqlite, old, cast.chen, clock())
    acting.complete(sqlite, old, acting.TAKE_IN, cast.chen, clock())


def test_a_version_whose_story_goes_otherwise_is_not_published_and_the_one_before_goes_on(hall, clock):
    sqlite, cast, folder, of = hall
    with sqlite.reading() as work:
        before = library.current(work, "daiban").version
    change(folder, "daiban", "outcome: declined", "outcome: approve", "stories.yaml")
    change(folder, "daiban", "visits: 0", "visits: 1")
    plan = publish(sqlite, of)
    (refused,) = plan.that("refuse")
    assert refused.serving and "故事" in publishing.reasons_of(refused)[0].message_zh
    assert any("原来发布的版本照常使用" in line for line in lines(plan))
    with sqlite.reading() as work:
        assert library.current(work, "daiban").version == before
    acting.submit(sqlite, cast.zhang, clock())


def test_a_matter_that_cannot_run_is_refused_with_the_element(hall):
    sqlite, _cast, folder, of = hall
    change(folder, "daiban", 'formId="register"', 'formId="nowhere"', "process.bpmn")
    (refused,) = publish(sqlite, of).that("refuse")
    assert any("nowhere" in f.message_zh and f.element for f in publishing.reasons_of(refused))


def test_what_was_proved_once_is_not_proved_again(hall, monkeypatch):
    sqlite, _cast, folder, of = hall

    def prove(*_args, **_more):
        raise AssertionError("proved again")

    monkeypatch.setattr(publishing, "prove", prove)
    assert [one.does for one in publish(sqlite, of).matters] == ["keep"]
    change(folder, "daiban", "visits: 0", "visits: 1")
    with pytest.raises(AssertionError, match="proved again"):
        publish(sqlite, of)


def test_a_refusal_is_remembered_too_with_its_reasons(hall, monkeypatch):
    sqlite, _cast, folder, of = hall
    change(folder, "daiban", "outcome: declined", "outcome: approve", "stories.yaml")
    first = publishing.reasons_of(publish(sqlite, of).that("refuse")[0])
    monkeypatch.setattr(publishing, "prove", None)
    assert publishing.reasons_of(publish(sqlite, of).that("refuse")[0]) == first
    with sqlite.reading() as work:
        rows = {row.good: row.stands for row in work.session.scalars(select(MatterVerdict))}
        assert rows == {True: False, False: True}


@pytest.mark.parametrize("what", ["program", "papers"])
def test_another_program_or_paper_asks_for_a_new_proof(hall, monkeypatch, what, clock):
    sqlite, _cast, folder, of = hall
    if what == "program":
        monkeypatch.setattr("engine.proof.verdicts.program", lambda: "another")
    else:
        paper = folder / "forms" / "_shared" / "papers" / "closing.html"
        paper.write_text(paper.read_text() + "\n")
    asked = []
    publishing.look(sqlite, of.content, now=clock(), proving=asked.append)
    assert asked == ["daiban"]


def test_another_list_of_the_county_asks_for_the_check_again_and_not_for_the_stories(hall, clock, monkeypatch):
    sqlite, _cast, _folder, of = hall
    with sqlite.unit_of_work() as work:
        work.session.execute(delete(Holding).where(Holding.unit_id == units.by_code(work, "350526-YB").id))
        holders.forget(work)
    asked, checked, check = [], [], gate.check
    monkeypatch.setattr(gate, "check", lambda one, *rest, **more: checked.append(one.name) or check(one, *rest, **more))
    monkeypatch.setattr("engine.proof.proving.Stage", None)  # no story can be played
    (planned,) = publishing.look(sqlite, of.content, now=clock(), proving=asked.append).matters
    assert (asked, checked) == ([], ["daiban"])
    assert [t.name for t in planned.verdict.stories] == ["不属于本机关，不予受理"] and planned.verdict.played


def test_forty_broken_matters_stop_neither_the_start_nor_the_good_ones(sqlite, clock, tmp_path):
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock(), ())
    folder = content(tmp_path)
    short(folder)
    slips = (
        ("stories.yaml", b"- ["),
        ("stories.yaml", b"- {taks: 1}"),
        ("matter.yaml", b"]"),
        ("matter.yaml", b"\xff\xfe\x00"),
        ("process.bpmn", b"<a/>"),
        ("process.bpmn", b""),
        ("en.yaml", b"\x00"),
        ("matter.yaml", None),
    )
    for n in range(40):
        shutil.copytree(folder / "bpmn" / "daiban", folder / "bpmn" / f"broken{n}")
        shutil.copytree(folder / "forms" / "daiban", folder / "forms" / f"broken{n}")
        file, data = slips[n % len(slips)]
        path = folder / "bpmn" / f"broken{n}" / file
        path.unlink() if data is None else path.write_bytes(data)
    said = []
    plan = publish(sqlite, settings(tmp_path, folder), say=said.append)
    assert [one.name for one in plan.that("publish")] == ["daiban"]
    assert len(plan.that("refuse")) == 40
    shown = "\n".join(lines(plan))
    assert all(f"事项 broken{n} 未发布" in shown for n in range(40))
    with sqlite.reading() as work:
        assert [p.name for p in library.published(work)] == ["daiban"]
        cast = the_cast.meet(work, clock())
    acting.submit(sqlite, cast.zhang, clock())


# ---------------------------------------------------------------- taken off, and back


@pytest.mark.parametrize("how", ["unpublished", "gone"])
def test_a_matter_taken_off_gets_no_new_cases_its_running_ones_go_on_and_it_comes_back(hall, clock, how):
    sqlite, cast, folder, of = hall
    case = acting.submit(sqlite, cast.zhang, clock())
    kept = folder.parent / "kept"
    if how == "unpublished":
        path = folder / "bpmn" / "daiban" / "matter.yaml"
        path.write_text(path.read_text() + "\npublished: false\n")
    else:
        shutil.move(folder / "bpmn" / "daiban", kept)
    plan = publishing.look(sqlite, folder, now=clock())
    (planned,) = plan.that("withdraw")
    assert (planned.name, planned.running) == ("daiban", 1)
    assert any("还有 1 件在办，照旧办完" in line for line in lines(plan, planned=True))
    with sqlite.reading() as work:
        assert library.current(work, "daiban")  # a look changes nothing
    publish(sqlite, of)
    with sqlite.reading() as work:
        assert library.published(work) == []
    with pytest.raises(NotFound), sqlite.unit_of_work() as work:
        cases.submit(work, "daiban", the_cast.DAIBAN, by=cast.zhang, now=clock())
    acting.claim(sqlite, case, cast.chen, clock())
    acting.complete(sqlite, case, acting.TAKE_IN, cast.chen, clock())
    if how == "unpublished":
        path.write_text(path.read_text().replace("published: false", ""))
    else:
        shutil.move(kept, folder / "bpmn" / "daiban")
    assert [one.name for one in publish(sqlite, of).that("publish")] == ["daiban"]
    acting.submit(sqlite, cast.xu, clock())


def test_a_matter_is_taken_off_though_it_would_not_pass(hall):
    sqlite, _cast, folder, of = hall
    change(folder, "daiban", "outcome: declined", "outcome: approve", "stories.yaml")
    path = folder / "bpmn" / "daiban" / "matter.yaml"
    path.write_text(path.read_text() + "\npublished: false\n")
    assert [one.name for one in publish(sqlite, of).that("withdraw")] == ["daiban"]


def test_a_content_folder_that_is_not_there_withdraws_nothing(hall, clock):
    sqlite, _cast, folder, _of = hall
    with pytest.raises(NoContent, match="YIZHAN_CONTENT"):
        publishing.look(sqlite, folder / "nowhere", now=clock())
    with sqlite.reading() as work:
        assert library.current(work, "daiban")


def test_a_matter_yaml_that_was_misnamed_is_a_slip_and_no_wish_to_withdraw(hall):
    sqlite, _cast, folder, of = hall
    (folder / "bpmn" / "daiban" / "matter.yaml").rename(folder / "bpmn" / "daiban" / "matter.yml")
    plan = publish(sqlite, of)
    assert [one.does for one in plan.matters] == ["refuse"]
    with sqlite.reading() as work:
        assert library.current(work, "daiban")


# ---------------------------------------------------------------- who and why


def shell(hall, *arguments):
    from web.shell.publish import command

    sqlite, _cast, folder, of = hall
    env = {"YIZHAN_HOME": str(of.home), "YIZHAN_DATABASE_URL": str(sqlite.url), "YIZHAN_CONTENT": str(folder)}
    return CliRunner().invoke(command, arguments, env=env)


def test_who_publishes_by_hand_says_who_and_why_and_both_are_kept(hall):
    sqlite, cast, folder, _of = hall
    change(folder, "daiban", "visits: 0", "visits: 1")
    for arguments in ((), ("--by", "designer"), ("--note", "x"), ("--by", "designer", "--note", " ")):
        assert shell(hall, *arguments).exit_code == 2
    assert "没有登录名" in shell(hall, "--by", "nobody", "--note", "x").output
    assert shell(hall, "--by", "chen", "--note", "x").exit_code == 1  # no designer
    with sqlite.reading() as work:
        assert library.current(work, "daiban").info.visits == 0
    done = shell(hall, "--by", "designer", "--note", "跑一次改为一次")
    assert done.exit_code == 0 and "已发布 1 个事项" in done.output
    with sqlite.reading() as work:
        row = work.session.scalars(select(MatterVersion).where(MatterVersion.current)).one()
        assert (row.published_by_id, row.note) == (cast.users["designer"], "跑一次改为一次")
        event = work.session.scalars(
            select(Event).where(Event.kind == audit.Kind.MATTER_PUBLISHED).order_by(Event.id.desc())
        ).first()
        assert (event.by_id, event.facts["note"]) == (cast.users["designer"], "跑一次改为一次")
    assert "没有变化" in shell(hall, "--by", "designer", "--note", "again").output


def test_a_preview_says_what_would_happen_and_publishes_nothing(hall):
    sqlite, _cast, folder, _of = hall
    change(folder, "daiban", "visits: 0", "visits: 1")
    shown = shell(hall, "--preview")
    assert shown.exit_code == 0 and "将发布 1 个事项" in shown.output
    shutil.rmtree(folder / "bpmn" / "daiban")
    assert "将撤下" in shell(hall, "--preview").output
    with sqlite.reading() as work:
        assert library.current(work, "daiban").info.visits == 0
        assert work.session.scalar(select(func.count()).select_from(MatterVersion)) == 1


def test_a_fault_is_named_with_its_reason_and_the_exit_code_says_so(hall):
    _sqlite, _cast, folder, _of = hall
    change(folder, "daiban", "outcome: declined", "outcome: approve", "stories.yaml")
    shown = shell(hall, "--by", "designer", "--note", "x")
    assert shown.exit_code == 1 and "outcome 应为 approve，实际是 declined" in shown.output


def test_one_function_judges_for_all(monkeypatch):
    assert publishing.prove is proving.prove


# ---------------------------------------------------------------- versions that the program has outgrown


def without(monkeypatch, effect):
    """The program no longer has this effect."""
    monkeypatch.setattr(wiring, "EFFECTS", {kind: does for kind, does in wiring.EFFECTS.items() if kind != effect})


def test_a_case_on_a_version_that_asks_for_an_effect_that_is_gone_is_refused_in_plain_words(hall, clock, monkeypatch):
    sqlite, cast, _folder, of = hall
    case_id = acting.taken_in(sqlite, cast, clock)
    assert publish(sqlite, of).outdated == ()
    without(monkeypatch, "accept-case")
    acting.claim(sqlite, case_id, cast.wang, clock())
    before = acting.now_open(sqlite, case_id).element
    with pytest.raises(Outdated) as refused:
        acting.complete(sqlite, case_id, acting.ACCEPT, cast.wang, clock())
    assert "“受理”" in refused.value.zh and "“accept-case”" in refused.value.zh and "报运维" in refused.value.zh
    assert "accept-case" in refused.value.en and refused.value.status == 409
    assert acting.now_open(sqlite, case_id).element == before  # nothing was changed

    plan = publish(sqlite, of)
    (old,) = plan.outdated
    assert (old.matter, old.running) == ("daiban", 1)
    assert {f.element_name for f in old.findings} == {"受理"} and all(f.line for f in old.findings)
    said = "\n".join(lines(plan))
    assert "1 件在办" in said and old.version[:12] in said and "“受理”要做“accept-case”" in said
    with sqlite.reading() as work:
        page = operations(work, actor=cast.operator, now=clock())
        assert page.left_out == ()
        (shown,) = page.outdated
        assert (shown.name, shown.running) == ("daiban", 1) and "accept-case" in shown.reasons[0][1][0]

    monkeypatch.undo()  # the program has it again: the case goes on, and nobody is told of it
    acting.complete(sqlite, case_id, acting.ACCEPT, cast.wang, clock())
    assert publish(sqlite, of).outdated == ()
    with sqlite.reading() as work:
        assert operations(work, actor=cast.operator, now=clock()).outdated == ()


def test_so_is_one_whose_step_is_for_a_user_that_the_program_no_longer_knows(hall, clock):
    sqlite, cast, _folder, of = hall
    files = matters.read_files(ROOT, "daiban")
    drawing = files["bpmn/daiban/process.bpmn"].decode()
    assert 'assignee="applicant"' in drawing
    files["bpmn/daiban/process.bpmn"] = drawing.replace('assignee="applicant"', 'assignee="leads"').encode()
    with sqlite.unit_of_work() as work:
        library.publish(work, matters.read("daiban", files), by=people.SYSTEM, now=clock())
    case_id = acting.taken_in(sqlite, cast, clock)
    plan = publish(sqlite, of)  # the folder's own version is for new cases; the running one keeps its own
    assert [("leads" in f.message_zh, f.element_name) for f in plan.outdated[0].findings] == [(True, "申请人补正")]
    acting.claim(sqlite, case_id, cast.wang, clock())
    with pytest.raises(Outdated) as refused:
        acting.complete(sqlite, case_id, acting.CORRECT, cast.wang, clock())
    assert "“申请人补正”" in refused.value.zh and "“leads”" in refused.value.zh
    assert refused.value.facts == {"element": "申请人补正", "needs": "leads"}


def test_and_one_whose_matter_yaml_the_program_cannot_read_any_more(hall, clock, monkeypatch):
    sqlite, cast, _folder, of = hall
    acting.submit(sqlite, cast.zhang, clock())
    with sqlite.unit_of_work() as work:
        row = work.session.scalars(select(MatterVersion)).one()
        files = matters.read_files(ROOT, "daiban")
        text = files["bpmn/daiban/matter.yaml"].decode() + "leads: mediators\n"
        files["bpmn/daiban/matter.yaml"] = text.encode()
        row.content = zipped(files)
    monkeypatch.setattr(library, "_packages", type(library._packages)())  # as a start finds it
    (old,) = publish(sqlite, of).outdated
    assert any("leads" in f.message_zh for f in old.findings)


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()
