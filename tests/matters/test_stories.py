"""Every matter's stories are played: tasks, due dates, papers, outcome are as the designer wrote them."""

from pathlib import Path

import pytest

from engine import matters, workdays
from engine.matters import stories

ROOT = Path(__file__).resolve().parent.parent.parent


def every_story():
    for name in matters.names(ROOT):
        package = matters.load(ROOT, name)
        for story in stories.read(package):
            yield pytest.param(package, story, id=f"{name}-{story.name}")


@pytest.mark.parametrize(("package", "story"), list(every_story()))
def test_the_story_goes_as_written(package, story):
    played = stories.play(package, story, workdays.china())
    assert played.problems == []


@pytest.mark.parametrize("name", matters.names(ROOT))
def test_the_stories_reach_every_end_of_the_diagram(name):
    package = matters.load(ROOT, name)
    ends = {
        node.id
        for process in package.definition.diagrams[0].processes
        for _, node in process.walk()
        if node.kind == "endEvent"
    }
    reached = set()
    for story in stories.read(package):
        reached |= set(stories.play(package, story, workdays.china()).trace)
    assert ends <= reached


def test_a_story_that_goes_otherwise_says_what_and_where():
    package = matters.load(ROOT, matters.names(ROOT)[0])
    story = stories.read(package)[0]
    wrong = stories.Story(story.name, story.at, story.answers, story.steps, {**story.end, "papers": ["nothing"]})
    assert any(
        "papers 应为 ['nothing']" in problem for problem in stories.play(package, wrong, workdays.china()).problems
    )
