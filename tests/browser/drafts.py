"""A draft's editors: a page of them, and many files opened in one page."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Site

#: Draws each of these texts in an editor of its own, on one page, and says what each would keep.
_DRAWN = """async ([texts, editor, at]) => {
  const { sketch, turn } = window;
  window.turn = (turn ?? 0) + 1;
  const roots = texts.map((text, n) => {
    const one = sketch.cloneNode(true);
    if (one.dataset.modeler) one.dataset.modeler = `/drawn/${at + n}`;
    else one.querySelector('[data-source]').textContent = JSON.stringify(text);
    return one;
  });
  document.querySelector('main').replaceChildren(...roots);
  await import(`${document.querySelector(`script[src*="${editor}"]`).src}?n=${window.turn}`);
  const over = (one) => one.dataset.ready || one.querySelector('[data-unread]')?.hidden === false;
  while (!roots.every(over)) await new Promise((go) => requestAnimationFrame(go));
  const said = (one) => (one.dataset.ready ? one.written() : one.querySelector('[data-unread]').textContent);
  return Promise.all(roots.map(said));
}"""
_SKETCH = """addEventListener('DOMContentLoaded', () => {
  window.sketch = document.querySelector('[data-draft]')?.cloneNode(true);
}, true)"""
#: So many editors at once.
MANY = 40


def opened(site: Site, matter: str, path: str, *, width: int = 1440) -> Any:
    """The editor of this file in a draft of the matter."""
    page = site.staff("designer", width)
    page.goto(f"/desk/matters/{matter}")
    begin = page.get_by_role("button", name="改这个事项")
    if begin.count():
        begin.click()
    page.add_init_script(_SKETCH)
    page.goto(f"/desk/matters/{matter}/draft/edit?path={path}")
    page.wait_for_selector("[data-draft][data-ready]")
    return page


def unchanged(page: Any, editor: str, texts: list[str]) -> list[str]:
    """What the editor makes of each of these texts when nobody changes anything."""
    page.route("**/drawn/*", lambda route: route.fulfill(body=texts[int(route.request.url.rpartition("/")[2])]))
    found: list[str] = []
    for at in range(0, len(texts), MANY):
        found += page.evaluate(_DRAWN, [texts[at : at + MANY], editor, at])
    return found


def kept(page: Any, site: Site, matter: str, path: str) -> str:
    """The file as the server has it, once the page says that it is kept."""
    page.locator("[data-kept]", has_text="已存").wait_for()
    return str(page.request.get(f"/desk/matters/{matter}/draft/file?path={path}").text())
