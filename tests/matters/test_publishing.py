"""A new version is checked, its stories are played, then it is published; running cases stay on theirs."""

import shutil
from pathlib import Path

from engine.records import library
from engine.store.models import Case
from tests import cast as the_cast
from tests.commands import acting
from web.settings import Settings
from web.start import publish

ROOT = Path(__file__).resolve().parents[2]


def content(tmp_path):
    for folder in ("bpmn", "forms"):
        for part in ("daiban", "_shared"):
            if (ROOT / folder / part).exists():
                shutil.copytree(ROOT / folder / part, tmp_path / folder / part)
    return tmp_path


def test_a_new_version_is_for_new_cases_only(sqlite, clock, tmp_path):
    with sqlite.unit_of_work() as work:
        cast = the_cast.hire(work, clock())
    old = acting.submit(sqlite, cast.zhang, clock())
    folder = content(tmp_path)
    matter = folder / "bpmn" / "daiban" / "matter.yaml"
    matter.write_text(matter.read_text().replace("visits: 0", "visits: 1"))
    done, faults = publish(sqlite, Settings(home=tmp_path, database_url="", secret_key="s", content=folder))
    assert (len(done), faults) == (1, {})
    new = acting.submit(sqlite, cast.xu, clock())
    with sqlite.reading() as work:
        versions = [work.session.get(Case, case).version_hash for case in (old, new)]
        assert [library.version(work, v).info.visits for v in versions] == [0, 1]
    acting.claim(sqlite, old, cast.chen, clock())
    acting.complete(sqlite, old, acting.TAKE_IN, cast.chen, clock())


def test_a_version_whose_story_goes_otherwise_is_not_published(sqlite, clock, tmp_path):
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock())
        before = library.current(work, "daiban").version
    folder = content(tmp_path)
    stories = folder / "bpmn" / "daiban" / "stories.yaml"
    stories.write_text(stories.read_text().replace("outcome: approve", "outcome: declined", 1))
    matter = folder / "bpmn" / "daiban" / "matter.yaml"
    matter.write_text(matter.read_text().replace("visits: 0", "visits: 1"))
    done, faults = publish(sqlite, Settings(home=tmp_path, database_url="", secret_key="s", content=folder))
    assert done == [] and "故事" in faults["daiban"]
    with sqlite.reading() as work:
        assert library.current(work, "daiban").version == before


def test_a_matter_that_cannot_run_is_refused_with_the_element(sqlite, clock, tmp_path):
    with sqlite.unit_of_work() as work:
        the_cast.hire(work, clock())
    folder = content(tmp_path)
    diagram = folder / "bpmn" / "daiban" / "process.bpmn"
    diagram.write_text(diagram.read_text().replace('formId="register"', 'formId="nowhere"'))
    done, faults = publish(sqlite, Settings(home=tmp_path, database_url="", secret_key="s", content=folder))
    assert done == [] and "nowhere" in faults["daiban"]
