"""A designer plays a draft: a story while it is being written, step by step, back and forth, and kept as a story."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest

from engine import feel, forms, matters, workdays
from engine.errors import Invalid
from engine.matters import stories
from engine.plain import plain
from engine.proof import Scratch, made_up, storing, trying
from engine.proof.covering import covered
from engine.proof.moments import Beat, Moment, Moments
from engine.proof.proving import Stage
from engine.proof.trying import Tries
from engine.workdays import ZONE
from tests.cast import ROOT

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
DAIBAN = "daiban"


@pytest.fixture(scope="module")
def tries():
    made = Tries()
    yield made
    made.close()


@pytest.fixture(scope="module")
def package():
    return matters.read(DAIBAN, matters.read_files(ROOT, DAIBAN))


@pytest.fixture(scope="module")
def first(package):
    """The first story of the matter, as a play that nobody has gone on with, and its steps."""
    story = stories.book(package).stories[0]
    said = {"at": "2026-09-18 09:00", "answers": plain(dict(story.answers)), "steps": []}
    return said, [plain(dict(step)) for step in story.steps if step.keys() != {"open"}]


def on(said, *steps):
    return {**said, "steps": list(steps)}


def look(tries, package, said):
    return tries.look(package, said, content=ROOT)


def test_an_application_shows_who_gets_the_first_step_and_its_form_as_they_see_it(tries, package, first):
    seen = look(tries, package, first[0])
    (waiting,) = seen.waiting
    assert waiting.element == "take_in" and waiting.who == (("甲村", "代办员", "agent"),)
    assert waiting.desk is not None and waiting.desk.schema["components"]
    assert waiting.due_at is not None
    assert seen.papers[0].title == "收件凭证" and "收件凭证" in seen.beats[0].papers
    assert seen.outside is not None and seen.outside.mine


def test_a_step_more_is_played_from_the_moment_before_it(tries, package, first, monkeypatch):
    said, steps = first
    look(tries, package, said)
    played = []
    before = trying._one
    monkeypatch.setattr(trying, "_one", lambda player, n: played.append(n) or before(player, n))
    seen = look(tries, package, on(said, steps[0]))
    assert played == [1] and [one.element for one in seen.waiting] == ["accept"]
    back = look(tries, package, said)
    assert played == [1] and [one.element for one in back.waiting] == ["take_in"]


def test_what_was_dropped_from_memory_is_played_anew_and_says_the_same(package, first):
    said, steps = first
    small, large = Tries(Moments(1)), Tries()
    try:
        for n in range(3):
            one, other = (look(t, package, on(said, *steps[:n])) for t in (small, large))
            assert one.variables == other.variables and one.played.trace == other.played.trace
            assert [w.element for w in one.waiting] == [w.element for w in other.waiting]
    finally:
        small.close()
        large.close()


def test_a_refused_answer_stands_by_its_fields_and_nothing_has_happened(tries, package, first):
    said, steps = first
    before = look(tries, package, on(said, steps[0]))
    accept = {"task": "accept", "answers": {"decision": "correct"}}
    seen = look(tries, package, on(said, steps[0], accept, *steps[1:]))
    assert isinstance(seen.refused, Invalid) and seen.refused.by_field()
    assert len(seen.steps) == 1 and seen.variables == before.variables
    assert [one.element for one in seen.waiting] == ["accept"]


def test_an_application_that_the_form_refuses_opens_no_case(tries, package, first):
    seen = look(tries, package, {**first[0], "answers": {"for_whom": "self"}})
    assert isinstance(seen.refused, Invalid) and "applicant.name" in seen.refused.by_field()
    assert seen.waiting == () and seen.page is None


def test_the_clock_goes_to_what_falls_due_next_and_the_worker_does_it(tries, package, first):
    said, steps = first
    correct = {
        "task": "accept",
        "answers": {
            "decision": "correct",
            "correction": {"items": [{"material": "照片", "problem": "看不清", "fix": "重拍"}], "due_on": "2026-09-28"},
        },
    }
    play = on(said, steps[0], correct)
    for _ in range(20):
        seen = look(tries, package, play)
        if [one.element for one in seen.waiting] == ["late"]:
            break
        due = trying.next_due(seen)
        assert due is not None
        play = on(play, *play["steps"], {"at": due})
    assert seen.beats[-1].opened == ("逾期未补正的处理",) and seen.now > NOW


def test_working_days_are_counted_by_the_calendar(tries, package, first):
    seen = look(tries, package, first[0])
    assert trying.after(seen, 3, workdays.china()) == "2026-09-22 09:00"  # 20 September is a working Sunday


def test_a_notice_and_a_paper_are_seen_as_they_would_be(tries, package, first):
    said, steps = first
    seen = look(tries, package, on(said, *steps[:2]))
    notice = next(one for one in seen.notices if one.kind == "accepted")
    assert notice.text and "{" not in notice.text and notice.to
    sheet = next(one for one in seen.papers if one.kind == "acceptance")
    page = tries.paper(package, on(said, *steps[:2]), sheet.code, content=ROOT)
    assert "受理通知书" in page and "<script" not in page.lower() and "asset:" not in page


def test_a_play_without_an_end_is_told(package, first, monkeypatch):
    monkeypatch.setattr(trying, "PATIENCE_S", -1e9)
    impatient = Tries()
    try:
        seen = look(impatient, package, first[0])
    finally:
        impatient.close()
    assert seen.refused is not None and "还没有停" in seen.refused.zh


def test_two_plays_beside_each_other_do_not_mix(package, first):
    said, steps = first
    tries, seen = Tries(), {}

    def play(n):
        own = {**said, "at": f"2026-09-{18 + n} 09:00"}
        for k in range(3):
            seen[n] = look(tries, package, on(own, *steps[:k]))

    threads = [threading.Thread(target=play, args=(n,)) for n in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    tries.close()
    for n in range(3):
        assert seen[n].refused is None and len(seen[n].steps) == 2
        assert seen[n].page.received_at.day == 18 + n and seen[n].page.id == 1


def test_two_plays_of_one_day_begin_each_at_their_own_time(tries, package, first):
    for at in ("08:10", "16:50"):
        seen = look(tries, package, {**first[0], "at": f"2026-09-18 {at}"})
        assert f"{seen.now.astimezone(ZONE):%H:%M}" == at and seen.page.received_at == seen.now


def test_a_vote_of_a_story_is_played_as_the_file_has_it(tries):
    """YAML reads yes and no as true and false; a page can send neither as a key."""
    voted = matters.read("baotuan", matters.read_files(ROOT, "baotuan"))
    story = next(one for one in stories.book(voted).stories if any("vote" in step for step in one.steps))
    said = storing.of(story, whole=True)
    assert json.loads(json.dumps(said)) == said
    assert look(tries, voted, said).refused is None


def test_somebody_who_books_is_born_on_a_day_whatever_a_page_sends(tries):
    duty = matters.read("zhiban", matters.read_files(ROOT, "zhiban"))
    said = json.loads(json.dumps(storing.of(stories.book(duty).stories[0], whole=True)))
    assert any("born" in step.get("book", {}) for step in said["steps"])
    assert look(tries, duty, said).refused is None


def test_moments_are_bounded_by_bytes_and_the_oldest_go_first():
    def moment(n):
        return Moment(b"x" * n, None, NOW, "", 0, frozenset(), {}, {}, {}, {}, (0, 0, 0), Beat(NOW))

    kept = Moments(20_000)
    for n in range(5):
        kept.put(f"{n}", moment(2_000))
        kept.get("0")
    assert kept.size <= 20_000 and kept.get("0") is not None and kept.get("1") is None


# ---------------------------------------------------------------- kept as a story


def recorded(tries, package, said, name="试走出来的"):
    return storing.told(look(tries, package, said), said, name)


def test_a_play_kept_as_a_story_goes_as_it_is_written_in_the_proof(tries, package, first):
    said, steps = first
    bare = [{key: value for key, value in step.items() if key not in ("due", "open")} for step in steps]
    story = recorded(tries, package, on(said, *bare))
    assert story["end"]["outcome"] == "approve" and story["end"]["at"] == "done" and story["end"]["papers"]
    assert story["steps"][0]["due"].startswith("2026-09-22")
    path = stories.file_of(DAIBAN)
    files = {**package.files, path: storing.put(package.files[path], story)}
    whole = matters.read(DAIBAN, files)
    last = stories.book(whole).stories[-1]
    assert last.name == "试走出来的"
    with Scratch() as scratch:
        assert Stage(whole, scratch).play(last).problems == []


STORY = {"name": "新的", "at": "2026-09-18 09:00", "answers": {"a": "是"}, "steps": [{"task": "t"}], "end": {}}
WRITTEN = "- name: 新的\n  at: 2026-09-18 09:00\n  answers: {a: 是}\n  steps:\n    - {task: t}\n  end: {}\n"


INDENTED = "".join(f"  {line}\n" for line in WRITTEN.splitlines())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", WRITTEN),
        ("# 注\n", "# 注\n" + WRITTEN),
        ("- name: 旧\n  end: {}   # 话\n", "- name: 旧\n  end: {}   # 话\n" + WRITTEN),
        ("- name: 旧\n  end: {}", "- name: 旧\n  end: {}\n" + WRITTEN),
        ("- name: 旧\n\n# 完\n", "- name: 旧\n" + WRITTEN + "\n# 完\n"),
        ("people: []\nstories:\n  - name: 旧\n", "people: []\nstories:\n  - name: 旧\n" + INDENTED),
        ("stories:\n- name: 旧\nrooms: []\n", "stories:\n- name: 旧\n" + WRITTEN + "rooms: []\n"),
        ("people: []\n", "people: []\nstories:\n" + WRITTEN),
        ("stories: []\n", "stories:\n" + WRITTEN),
        ("- name: 旧\r\n", "- name: 旧\r\n" + WRITTEN.replace("\n", "\r\n")),
        ("\ufeff- name: 旧\n", "\ufeff- name: 旧\n" + WRITTEN),
    ],
)
def test_a_story_is_written_after_the_last_one_and_every_other_byte_stays(before, after):
    assert storing.put(before.encode(), STORY).decode() == after


@pytest.mark.parametrize("before", ["[{name: 旧}]\n", "name: [\n", "stories: {a: 1}\n"])
def test_a_file_that_is_no_list_of_stories_is_left_alone(before):
    with pytest.raises(Invalid):
        storing.put(before.encode(), STORY)


# ---------------------------------------------------------------- what a play begins with


def test_a_form_is_filled_in_so_that_it_takes_the_answers():
    for form in matters.read("tiaojie", matters.read_files(ROOT, "tiaojie")).forms.values():
        answers = made_up.made_up(form, now=NOW)
        assert forms.check(form, answers, env=feel.Env(now=NOW)) or not form.fields


def test_answers_of_a_step_are_those_of_the_stories_each_once(package):
    found = made_up.of_task(stories.book(package).stories, "accept")
    assert len(found) == len({str(one.answers) for one in found}) > 2
    assert all(one.name for one in found)


# ---------------------------------------------------------------- coverage


def test_coverage_says_by_how_many_stories_an_element_is_passed_and_which_exit_has_none():
    files = matters.read_files(ROOT, DAIBAN)
    package, played = matters.read(DAIBAN, files), []
    with Scratch() as scratch:
        stage = Stage(package, scratch)
        played = [stage.play(stage.book.stories[0])]
    found = covered(package, played)
    assert found.stories == 1 and found.passed["take_in"] == 1
    flows = {one.element: one for one in found.exits if one.kind == "flow"}
    assert any(one.stories for one in flows.values())
    ends = {one.element: one.stories for one in found.exits if one.kind == "end"}
    assert ends["done"] == 1 and ends["revocation"] == 0
    assert "revocation" in {one.element for one in found.missing}
