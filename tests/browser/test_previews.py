"""Beside a text of a draft stands what it gives people: nothing of it runs, nothing is read for it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Site
from tests.browser.drafts import kept, opened
from tests.cast import ROOT

MATTER, PAPER = "daiban", "forms/daiban/closing.html"
#: What a template must not do: run in a browser, fetch, read a file of the machine.
HOSTILE = (
    "<script>parent.document.title = 'RAN'</script>",
    """<img src="file:///etc/passwd" onerror="parent.document.title = 'RAN'">""",
    '<img src="https://elsewhere.example/x.png">',
    '<iframe src="/desk"></iframe>',
    "{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__ }}",
    """<p onmouseover="parent.document.title = 'RAN'" style="background: url(https://elsewhere.example/y.png)">甲</p>""",
)


@pytest.mark.browser
def test_a_paper_is_shown_as_a_story_issues_it_and_a_story_is_played_beside_its_text(site: Site) -> None:
    page = opened(site, MATTER, "bpmn/daiban/stories.yaml")
    page.get_by_role("button", name="走一遍").click()
    page.get_by_text("和故事写的一样。").wait_for()
    told = page.locator("[data-told]").inner_text()
    assert "通知" in told
    assert "文书" in told
    assert "办理：" in told

    # beside matter.yaml too, with the words of its notices as people get them
    page.goto(f"/desk/matters/{MATTER}/draft/edit?path=bpmn/{MATTER}/matter.yaml")
    page.wait_for_selector("[data-draft][data-ready]")
    page.get_by_role("button", name="走一遍").click()
    page.locator("[data-told] .yz-play-notice").first.wait_for()
    assert not site.troubles


@pytest.mark.browser
def test_a_paper_is_shown_as_a_story_issues_it_and_a_hostile_one_runs_and_fetches_nothing(site: Site) -> None:
    page = opened(site, MATTER, "bpmn/daiban/stories.yaml")
    text = (ROOT / "forms" / "_shared" / "papers" / "closing.html").read_text(encoding="utf-8")
    sent = page.evaluate(
        """async ([path, text]) => (await fetch('/desk/matters/daiban/draft/file', {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content,
          },
          body: JSON.stringify({path, text, base: 0}),
        })).status""",
        [PAPER, text],
    )
    assert sent == 200
    asked: list[str] = []
    stopped: dict[str, str] = {}
    page.on("request", lambda one: asked.append(one.url))
    page.on("requestfailed", lambda one: stopped.update({one.url: one.failure}))
    page.goto(f"/desk/matters/{MATTER}/draft/edit?path={PAPER}")
    frame = page.frame_locator("[data-paper]")
    frame.get_by_text("办结通知单").first.wait_for()

    for piece in HOSTILE:
        page.locator("[data-text]").fill(text.replace("{% block body %}", "{% block body %}" + piece, 1))
        kept(page, site, MATTER, PAPER)
        frame.locator("p, td").first.wait_for()
        assert "root:" not in frame.locator("body").inner_text()
    assert page.title() != "RAN"
    # what names something elsewhere was stopped by the policy of the frame before it left the browser
    outside = {url for url in asked if not url.startswith((site.address, "data:"))}
    assert {stopped.get(url) for url in outside if url.startswith("http")} == {"csp"}, stopped
    assert outside <= stopped.keys()
    assert not [url for url in asked if url.endswith("/desk")]
