"""A matter is proved: the check, its stories by the real commands on a scratch hall, its papers drawn."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from types import SimpleNamespace

import pytest
import yaml
from sqlalchemy import select

from engine import matters
from engine.commands import wiring
from engine.matters import stories
from engine.proof import Scratch, county, playing, prove
from engine.proof.playing import play
from engine.proof.proving import Stage, as_json, from_json
from engine.records.papers import pages
from engine.store import keys
from engine.store.models import File
from tests.cast import ROOT

STORIES, MATTER = "bpmn/{}/stories.yaml", "bpmn/{}/matter.yaml"


def files_of(name, **changes):
    """The files of a matter, with some replaced by what a function makes of their text."""
    files = matters.read_files(ROOT, name)
    for path, change in changes.items():
        files[path] = change(files[path].decode()).encode()
    return files


def only(files, name, *wanted):
    """The matter with these of its stories, by their number."""
    found = yaml.safe_load(files[STORIES.format(name)])
    told = found["stories"] if isinstance(found, dict) else found
    kept = [told[n] for n in wanted]
    found = {**found, "stories": kept} if isinstance(found, dict) else kept
    files = {path: data for path, data in files.items() if not path.endswith("/clauses.yaml")}  # they name all of them
    return {**files, STORIES.format(name): yaml.safe_dump(found, allow_unicode=True, sort_keys=False).encode()}


def reasons(verdict):
    return [f.message_zh for f in verdict.reasons]


def problems(scratch, name, files):
    """What the first story finds by itself, where the check would have refused the matter before it was played."""
    stage = Stage(matters.read(name, files), scratch)
    return stage.play(stage.book.stories[0]).problems


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_every_story_of_the_house_goes_as_written_and_together_they_reach_every_end(scratch, name):
    played = []
    verdict = prove(name, matters.read_files(ROOT, name), scratch=scratch, each=played.append)
    assert reasons(verdict) == [] and verdict.good
    package = matters.load(ROOT, name)
    assert [t.name for t in verdict.stories] == [s.name for s in stories.read(package)]
    ends = {
        node.id
        for process in package.definition.diagrams[0].processes
        for _, node in process.walk()
        if node.kind == "endEvent" and package.main in (None, process.id)  # what `for-each` begins is no story's case
    }
    assert ends <= {element for one in played for element in one.trace}
    assert any(one.papers for one in played) or not package.info.papers


def test_a_story_that_goes_otherwise_says_what_and_on_which_line(scratch):
    files = only(files_of("daiban"), "daiban", 0, 6)
    said = files[STORIES.format("daiban")].decode().replace("outcome: approve", "outcome: declined")
    verdict = prove("daiban", {**files, STORIES.format("daiban"): said.encode()}, scratch=scratch)
    assert not verdict.good and [bool(t.problems) for t in verdict.stories] == [True, False]
    (finding,) = verdict.reasons
    assert (finding.file, finding.rule) == ("bpmn/daiban/stories.yaml", "story-failed")
    assert files[STORIES.format("daiban")].decode().splitlines()[finding.line - 1].startswith("- name: ")
    assert "outcome 应为 declined，实际是 approve" in finding.message_zh


def end(**changed):
    """A change of the first story's expectations."""

    def change(text):
        found = yaml.safe_load(text)
        found["stories"][0]["end"].update(changed)
        return yaml.safe_dump(found, allow_unicode=True, sort_keys=False)

    return change


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"papers": ["nothing"]}, "papers 应为 ['nothing']，实际是 ['authority'"),
        ({"notices": ["nothing"]}, "notices 应为 ['nothing']"),
        ({"at": "nowhere"}, "应走到“nowhere”"),
        ({"due": "2026-09-25"}, "due 应为 2026-09-25，实际是 2026-09-24"),
        ({"statutory": "2026-01-01"}, "statutory 应为 2026-01-01"),
        ({"open": ["review"]}, "open 应为 ['review']，实际是 []"),
        ({"finished": False}, "finished 应为 False，实际是 True"),
        ({"effects": []}, "effects 应为 []，实际是 ['"),
        ({"variables": {"agree": False}}, "变量 agree 应为 False，实际是 True"),
    ],
)
def test_each_expectation_is_compared_with_what_was_stored(scratch, expected, said):
    files = only(files_of("daiban"), "daiban", 0)
    files[STORIES.format("daiban")] = end(**expected)(files[STORIES.format("daiban")].decode()).encode()
    (problem,) = problems(scratch, "daiban", files)
    assert said in problem


def test_a_story_says_which_item_of_a_for_each_was_not_done_and_why(scratch):
    """Else the step only never ends, and nothing says that one of many was refused."""
    files = only(files_of("fenhong"), "fenhong", 0)
    drawing = "bpmn/fenhong/process.bpmn"
    each = b"{year: year, member: item.name, shares: item.shares, amount: amount}"
    assert each in files[drawing]
    files[drawing] = files[drawing].replace(each, each.replace(b"shares: item.shares", b"shares: null"))
    told = [one for one in problems(scratch, "fenhong", files) if "没有办成" in one]
    assert len(told) == len(set(told)) == 3, told
    assert "“给每位成员分到分”的第 1 条没有办成" in told[0] and "份额" in told[0]


def test_a_story_may_be_of_an_application_that_is_refused(scratch):
    """What is wrong, or comes too late, opens no case: without it a limit that counts backward has no story."""
    files = only(files_of("daiban"), "daiban", 0)
    path = STORIES.format("daiban")
    told = yaml.safe_load(files[path])
    first = (told["stories"] if isinstance(told, dict) else told)[0]
    answers = {**first["answers"]}

    def played(**changed):
        story = {key: value for key, value in first.items() if key not in ("steps", "end")} | changed
        again = {**told, "stories": [story]} if isinstance(told, dict) else [story]
        return {**files, path: yaml.safe_dump(again, allow_unicode=True, sort_keys=False).encode()}

    wrong = {**answers, "applicant": {**answers["applicant"], "phone": "123"}}
    assert problems(scratch, "daiban", played(answers=wrong, refused=["applicant.phone"])) == []
    (problem,) = problems(scratch, "daiban", played(refused=["applicant.phone"]))
    assert "应因 ['applicant.phone'] 被拒绝，但收下了" in problem
    (problem,) = problems(scratch, "daiban", played(answers=wrong, refused=["applicant.name"]))
    assert "applicant.phone" in problem
    for more in ({"steps": [{"wait": "P1D"}]}, {"end": {"finished": True}}):
        verdict = prove("daiban", played(answers=wrong, refused=["applicant.phone"], **more), scratch=scratch)
        assert any("写 schedule、steps 和 end" in one for one in reasons(verdict)), reasons(verdict)
    verdict = prove("daiban", played(answers=wrong, refused=["applicant.fone"]), scratch=scratch)
    assert any("applicant.phone" in one for one in reasons(verdict)), reasons(verdict)


def test_who_a_bond_of_the_stories_is_about_books_as_themselves(scratch):
    """A child with a guardian on record: by the name and the day of birth it is the one who books."""
    files = only(files_of("zhiyuan"), "zhiyuan", 0)
    matter, path = MATTER.format("zhiyuan"), STORIES.format("zhiyuan")
    text = files[matter].decode()
    who = text[text.index("\n    who: {if:") + 1 : text.index("    policy: {cancel_hours: 2")]
    files[matter] = text.replace(who, '    who: {if: "=count(bond.guardian) > 0", says: 有登记的监护人}\n').encode()
    told = yaml.safe_load(files[path])
    checked = told["stories"][0]["steps"][1]
    assert "task" in checked
    child = {"offer": "job", "role": "cut", "who": "小宝", "born": date(2016, 5, 1)}

    def found(subject):
        bonds = [{"bond": "guardian", "subject": subject, "holder": "applicant"}]
        story = {**told["stories"][0], "steps": [checked, {"book": child}], "end": {"finished": False}}
        again = {**told, "bonds": bonds, "stories": [story]}
        text = yaml.safe_dump(again, allow_unicode=True, sort_keys=False)
        return problems(scratch, "zhiyuan", {**files, path: text.encode()})

    assert found({"name": "小宝", "born": date(2016, 5, 1)}) == []
    (problem,) = found({"name": "大宝", "born": date(2015, 5, 1)})
    assert "有登记的监护人" in problem


def agents(told, story):
    """The step of this story, by its number from the end, that the agent does for the principal."""
    return next(s for s in told["stories"][story]["steps"] if s.get("task") == "correct" and s.get("by") == "agent")


@pytest.mark.parametrize("story", [-3, -2, -1])
def test_what_the_agent_may_do_by_the_mandate_is_compared_with_what_the_story_says(scratch, story):
    """-3: the mandate lets them; -2: it does not; -1: it has ended."""
    files = files_of("daiban")
    told = yaml.safe_load(files[STORIES.format("daiban")])
    step = agents(told, story)
    if step.pop("error", None) is None:
        step["error"] = "REFUSED"
    changed = {**files, STORIES.format("daiban"): yaml.safe_dump(told, allow_unicode=True, sort_keys=False).encode()}
    stage = Stage(matters.read("daiban", changed), scratch)
    found = stage.play(stage.book.stories[story]).problems
    assert found and (story != -3 or "“申请人补正”应办不了，但办成了" in found)


def test_a_name_that_a_paper_reads_and_nobody_gave_fails_the_story(scratch):
    own = (
        "---\nkind: acceptance\ntitle: 受理通知书\ntitle_en: Notice\nuses: [common]\n---\n<h1>受理通知书</h1>{{ "
        "parcel.tooo }}"
    )
    files = only(files_of("daiban"), "daiban", 0) | {"forms/daiban/acceptance.html": own.encode()}
    (problem,) = problems(scratch, "daiban", files)
    assert "受理通知书" in problem and "parcel" in problem


def test_a_paper_without_a_fact_it_needs_fails_the_story(scratch):
    head = "facts: {parcel.weight_on: 称重日期}"
    own = f"---\nkind: acceptance\ntitle: 受理通知书\ntitle_en: Notice\nuses: [common]\n{head}\n---\n受理通知书"
    files = only(files_of("daiban"), "daiban", 0) | {"forms/daiban/acceptance.html": own.encode()}
    (problem,) = problems(scratch, "daiban", files)
    assert "称重日期" in problem


def test_a_paper_that_does_not_print_its_title_fails_the_story(scratch):
    own = "---\nkind: acceptance\ntitle: 受理通知书\ntitle_en: Notice\nuses: [common]\n---\n<p>您好</p>"
    files = only(files_of("daiban"), "daiban", 0) | {"forms/daiban/acceptance.html": own.encode()}
    (problem,) = problems(scratch, "daiban", files)
    assert "没有印出自己的名称" in problem


def test_a_name_in_braces_that_nobody_fills_fails_the_story(scratch):
    def slip(text):
        assert "{number}" in text
        return text.replace("{number}", "{nummber}")

    files = only(files_of("fanying", **{MATTER.format("fanying"): slip}), "fanying", 0)
    assert any("{nummber} 没有填上内容" in problem for problem in problems(scratch, "fanying", files))


def test_a_handler_that_fails_is_a_finding_and_the_other_stories_are_played(scratch, monkeypatch):
    def broken(applying, effect):
        raise ZeroDivisionError("a handler's own fault")

    handlers = SimpleNamespace(**vars(wiring))
    handlers.EFFECTS = {**wiring.EFFECTS, "decline-case": broken}
    monkeypatch.setattr("engine.commands.cases.changing.wiring", handlers)
    verdict = prove("daiban", only(files_of("daiban"), "daiban", 6, 0), scratch=scratch)
    assert [bool(t.problems) for t in verdict.stories] == [True, False]
    assert "ZeroDivisionError" in verdict.reasons[0].message_zh


@pytest.mark.parametrize(
    "change",
    [
        {"bpmn/daiban/stories.yaml": b"- ["},
        {"bpmn/daiban/stories.yaml": b"- {taks: 1}"},
        {"bpmn/daiban/matter.yaml": b"]"},
        {"bpmn/daiban/matter.yaml": b"\xff\xfe"},
        {"bpmn/daiban/process.bpmn": b"<a/>"},
        {"bpmn/daiban/process.bpmn": b""},
        {"forms/daiban/apply.form": b"{"},
        {"forms/daiban/apply.form": b"[]"},
        {"bpmn/daiban/en.yaml": b"\x00"},
    ],
)
def test_whatever_a_file_holds_is_a_finding_and_never_a_traceback(scratch, change):
    verdict = prove("daiban", matters.read_files(ROOT, "daiban") | change, scratch=scratch)
    assert not verdict.good and verdict.stories == ()
    assert {f.file for f in verdict.reasons} & set(change)


def test_a_verdict_is_kept_as_plain_values_and_comes_back_the_same(scratch):
    verdict = prove("daiban", only(files_of("daiban"), "daiban", 4), scratch=scratch)
    again = from_json(json.loads(json.dumps(as_json(verdict))))
    assert again.findings == verdict.findings and [t.name for t in again.stories] == [t.name for t in verdict.stories]


def test_a_proof_reads_no_key_of_the_hall_and_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("YIZHAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("YIZHAN_DATA_KEY")
    monkeypatch.setattr(keys, "_current", None)
    with Scratch() as made:
        folder = made.database.files
        assert prove("daiban", only(files_of("daiban"), "daiban", 4), scratch=made).good
    assert not (tmp_path / "home").exists() and not folder.exists()
    assert keys._current is None


def test_the_county_is_put_back_for_each_story(scratch):
    package = matters.load(ROOT, "daiban")
    stage = Stage(package, scratch)
    first = stage.book.stories[0]
    a, b = stage.play(first), stage.play(first)
    assert (a.problems, b.problems) == ([], []) and a.case_id == b.case_id


def test_time_passes_only_when_the_story_says_so(scratch):
    """A deadline that passes while nobody waits for it in the story does nothing; when the story waits, it rings."""
    name = "daiban"
    files = only(files_of(name), name, 6)
    told = yaml.safe_load(files[STORIES.format(name)])
    (only_one,) = told["stories"]
    assert all("wait" not in step and "at" not in step for step in only_one["steps"])
    only_one["steps"].insert(0, {"wait": "P40D"})
    files[STORIES.format(name)] = yaml.safe_dump(told, allow_unicode=True).encode()
    found = []
    prove(name, files, scratch=scratch, each=found.append)
    (late,) = found
    assert late.story.steps[0] == {"wait": "P40D"} and late.outcome == "declined"


def test_what_all_stories_share_is_made_outside_their_clocks(scratch, monkeypatch):
    """The first story of a matter is charged neither for the county nor for the fonts and templates of its papers."""
    running, made = [], []

    class Clock:
        """`time`, as playing reads it: it starts and stops the clock of one story."""

        @staticmethod
        def process_time():
            running.pop() if running else running.append(True)
            return 0.0

    def told(what, real):
        def tell(*arguments, **more):
            made.append((what, bool(running)))
            return real(*arguments, **more)

        return tell

    monkeypatch.setattr(playing, "time", Clock)
    monkeypatch.setattr(county, "found", told("county", county.found))
    monkeypatch.setattr(pages, "_template", lru_cache(told("template", pages._template.__wrapped__)))
    verdict = prove("daiban", only(files_of("daiban"), "daiban", 0), scratch=scratch)
    assert verdict.played and not running
    assert {what for what, _ in made} == {"county", "template"}
    assert [what for what, during in made if during] == []


def with_file(told, name):
    """The first story hands in this file at a step or with the application."""
    return lambda text: yaml.safe_dump(told(yaml.safe_load(text), name), allow_unicode=True, sort_keys=False)


def test_a_story_hands_in_files_by_their_name_and_a_name_that_is_none_is_refused_with_an_example(scratch):
    def handing_in(found, name):
        found["stories"][0]["answers"]["id_copies"] = [name, "背面.png"]
        return found

    files = files_of("daiban", **{STORIES.format("daiban"): with_file(handing_in, "正面.jpg")})
    stage = Stage(matters.read("daiban", files), scratch)
    with scratch.inside() as database:
        played = play(database, stage.set(stage.book.stories[0]), stage.package, stage.book.stories[0])
        assert played.problems == []
        with database.reading() as work:
            handed = work.session.scalars(select(File).where(File.case_id == played.case_id, File.field == "id_copies"))
            assert [(one.name, one.type) for one in handed] == [("正面.jpg", "image/jpeg"), ("背面.png", "image/png")]

    wrong = files_of("daiban", **{STORIES.format("daiban"): with_file(handing_in, "file-1")})
    [problem] = problems(scratch, "daiban", wrong)
    assert "写它的名字，如 照片.jpg，这里是“file-1”" in problem
