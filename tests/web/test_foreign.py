"""The hall needs no matter of ours: it runs with none at all, and with one the program has never heard of."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import select

from engine import matters
from engine.proof import publishing
from engine.records import library
from engine.store import connect
from engine.store.models import Case, Document, Notice, Task, User
from tests import cast as the_cast
from tests import foreign
from tests.hall import Open
from tests.services.telling import ROOT
from web import demo, progress, start
from web.app import create_app
from web.settings import Settings
from web.shell.run import demo_logins
from web.start import prepare

ROLES = (None, "zhang", "chen", "wang", "zhao", "wu", "designer", "operator")


@pytest.fixture
def content(tmp_path):
    (tmp_path / "content" / "bpmn").mkdir(parents=True)
    return tmp_path / "content"


@pytest.fixture
def hall(sqlite, clock, content, tmp_path):
    """A staffed hall that holds what the content folder holds and not one matter of the program's own."""

    def opened() -> Open:
        of = Settings(home=tmp_path, database_url=str(sqlite.url), secret_key="test", content=content)
        said: list[str] = []
        prepare(of, demo=False, say=said.append)
        app = create_app(of, database=sqlite, clock=clock, testing=True)
        app.config["WTF_CSRF_ENABLED"] = False
        with sqlite.reading() as work:
            return Open(app, sqlite, the_cast.meet(work, clock()), clock)

    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock(), ())
        foreign.hire(work, clock())
    yield opened
    from engine.records import papers

    papers.use(None)


def walk(hall: Open) -> list[str]:
    """Every page without a parameter, for everybody: those that fail."""
    pages = [r.rule for r in hall.app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.arguments]
    assert len(pages) > 30
    wrong = []
    for role in ROLES:
        client = hall.client(role)
        for page in pages:
            answer = client.get(page)
            if answer.status_code >= 500 and page != "/readyz":  # whose 503 says that no worker runs here
                wrong.append(f"{role}: {page}: {answer.status_code}")
    return wrong


def test_a_hall_without_any_matter_runs_and_every_page_opens(hall):
    opened = hall()
    assert walk(opened) == []
    assert opened.client("zhang").get("/api/v1/matters").status_code < 500
    with opened.database.reading() as work:
        assert library.published(work) == []


def test_a_content_folder_without_the_demo_matters_gets_the_people_of_the_demo_county_and_no_cases(tmp_path, content):
    """Somebody with a folder of their own can log in, publish and try it; nothing is made of matters that are not."""
    said: list[str] = []
    of = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'new.db'}", secret_key="test", content=content)
    prepare(of, demo=True, say=said.append)
    [line] = [line for line in said if "演示县" in line]
    assert "没有办件" in line and "daiban" in line
    database = connect(of.database_url, files=tmp_path / "files")
    with database.reading() as work:
        logins = set(work.session.scalars(select(User.login).where(User.kind == "staff")))
        assert set(demo.county()["shown"]) <= logins
        assert work.session.query(Case).count() == 0
    database.close()
    assert demo_logins(of) == demo.logins()


@pytest.mark.wide
def test_people_stand_before_a_matter_is_proved_each_opens_by_itself_and_a_start_broken_off_is_taken_up(
    tmp_path, content, monkeypatch
):
    for name in ("huage", "peishu"):  # two small ones
        for folder in ("bpmn", "forms"):
            shutil.copytree(ROOT / folder / name, content / folder / name)
    shutil.copytree(ROOT / "bpmn" / "_shared", content / "bpmn" / "_shared")
    shutil.copytree(ROOT / "forms" / "_shared", content / "forms" / "_shared")
    of = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'new.db'}", secret_key="test", content=content)
    begun = start.begin(of)
    database = connect(of.database_url, files=tmp_path / "files")

    def offered() -> list[str]:
        with database.reading() as work:
            return [one.name for one in library.published(work)]

    assert begun.there is not None and begun.there.residents and offered() == []
    again = start.begin(of)  # the first was broken off here
    assert [one.actor.id for one in again.there.residents] == [one.actor.id for one in begun.there.residents]
    seen = []
    say = progress.say
    monkeypatch.setattr(progress, "say", lambda *told: (seen.append((*told[1:], offered())), say(*told)))
    start.go_on(of, again)
    assert seen == [("proving", 1, 2, []), ("proving", 2, 2, ["huage"])]
    assert sorted(offered()) == ["huage", "peishu"]
    assert progress.read(tmp_path) is None and start.begin(of).there is None
    database.close()


def test_a_demo_hall_of_the_programs_own_matters_opens_them_checked_and_plays_their_stories_behind(
    tmp_path, content, monkeypatch
):
    """Whoever tries it out waits for no story; a worker begins when the people's life is made; what goes otherwise than
    its stories say is taken off."""
    for name in ("huage", "peishu"):  # two small ones
        for folder in ("bpmn", "forms"):
            shutil.copytree(ROOT / folder / name, content / folder / name)
    shutil.copytree(ROOT / "bpmn" / "_shared", content / "bpmn" / "_shared")
    shutil.copytree(ROOT / "forms" / "_shared", content / "forms" / "_shared")
    stories = content / "bpmn" / "huage" / "stories.yaml"
    said_wrong = stories.read_text(encoding="utf-8").replace("notices: [grid_year]", "notices: []", 1)
    stories.write_text(said_wrong, encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", content)
    of = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'new.db'}", secret_key="test", content=content)
    begun = start.begin(of)
    database = connect(of.database_url, files=tmp_path / "files")

    def offered() -> list[str]:
        with database.reading() as work:
            return sorted(one.name for one in library.published(work))

    seen, said = [], []
    start.go_on(of, begun, say=said.append, lived=lambda: seen.append((offered(), progress.read(tmp_path))))
    assert seen[0] == (["huage", "peishu"], None), "open, and nothing to wait for"
    assert offered() == ["peishu"]
    assert [line for line in said if "huage" in line and "已撤下" in line]
    assert start.begin(of).there is None
    database.close()


def test_a_bundle_is_offered_when_every_matter_whose_cases_it_opens_stands(tmp_path, monkeypatch):
    bundle = matters.load(ROOT, "canji")
    opened = sorted(publishing.calls(bundle))
    assert "canji_zheng" in opened and bundle.name not in opened
    published, waiting, done = [], [], set()
    monkeypatch.setattr(publishing, "publish", lambda _, plan, **__: published.extend(p.name for p in plan.matters))
    of, standing = len(opened) + 1, {"peishu"}
    for n, name in enumerate([bundle.name, *opened], 1):
        planned = publishing.Planned(name, name, "publish", "", None, False, 0, matters.load(ROOT, name))
        start._offer(None, tmp_path, publishing.Looked(planned, n, of), standing, waiting, done)
        assert (bundle.name in published) is (n == of)
    assert published == [*opened, bundle.name] and not waiting


def test_a_hall_without_the_demo_county_does_not_print_its_log_ins(tmp_path, content):
    of = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'new.db'}", secret_key="test", content=content)
    prepare(of, demo=False)
    assert demo_logins(of) == []


def test_a_matter_the_program_never_heard_of_is_applied_for_worked_on_and_ended(hall, content, clock):
    foreign.write(content)
    opened = hall()
    assert walk(opened) == []
    resident, vet = opened.client("zhang"), opened.client("vet")
    assert "牲畜耳标发放" in resident.get("/matters").text
    assert "牲畜耳标发放" in resident.get(f"/apply/{foreign.NAME}").text
    sent = resident.post(f"/apply/{foreign.NAME}", json={"answers": foreign.CALVES, "consent": True, "once": "1"})
    assert sent.status_code < 400, sent.text
    with opened.database.reading() as work:
        case = work.session.scalars(select(Case)).one()
        task = work.session.scalars(select(Task)).one()
        assert (case.matter, task.element, case.office_id) == (foreign.NAME, "visit-farm", task.unit_id)
    assert "上门查看" in vet.get("/desk/list/open").text
    assert resident.get(f"/mine/{case.number}").status_code == 200
    assert vet.get(f"/desk/cases/{case.number}").status_code == 200
    from engine.commands import cases
    from engine.people import load

    with opened.database.unit_of_work() as work:
        by = load(work, opened.cast.users["vet"], now=clock())
        cases.complete(work, task.id, {"fit": "yes", "remark": "健康"}, version=task.version, by=by, now=clock())
    with opened.database.reading() as work:
        assert work.session.get(Case, case.id).outcome == "done"
        assert work.session.scalars(select(Document.kind)).all() == ["tag_card"]
        assert {n.text for n in work.session.scalars(select(Notice).where(Notice.kind == "tag-ready"))} == {
            f"{case.number}：3枚耳标已发，请妥善保管。"
        }
    assert resident.get(f"/mine/{case.number}").status_code == 200
    assert walk(opened) == []


def test_a_withdrawn_matter_is_gone_from_the_lists_and_the_interface_and_its_case_goes_on(hall, content, clock):
    folder = foreign.write(content)
    opened = hall()
    resident = opened.client("zhang")
    resident.post(f"/apply/{foreign.NAME}", json={"answers": foreign.CALVES, "consent": True, "once": "1"})
    with opened.database.reading() as work:
        number = work.session.scalars(select(Case.number)).one()
    shutil.rmtree(folder)
    opened = hall()
    resident, vet = opened.client("zhang"), opened.client("vet")
    assert "牲畜耳标发放" not in resident.get("/matters").text
    assert resident.get(f"/apply/{foreign.NAME}").status_code == 404
    assert resident.post(f"/apply/{foreign.NAME}", json={"answers": foreign.CALVES}).status_code == 404
    assert foreign.NAME not in opened.app.test_client().get("/api/v1/matters").text
    assert resident.get(f"/mine/{number}").status_code == 200
    assert vet.get(f"/desk/cases/{number}").status_code == 200 and "上门查看" in vet.get("/desk/list/open").text
    assert walk(opened) == []


def test_the_foreign_matter_has_no_name_of_ours():
    """So that the tests above say something: none of its words stands in the program."""
    program = "\n".join(
        path.read_text(encoding="utf-8") for room in ("engine", "web") for path in (ROOT / room).rglob("*.py")
    )
    for word in (foreign.NAME, "visit-farm", "tag_card", "tag-ready", "herd-sold", "herd-form", "vets", "needs-tag"):
        assert word not in program, word
