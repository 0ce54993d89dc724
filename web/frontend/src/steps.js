// One question a screen: a long form for a person with a phone, who may be old or in a hurry. The form stays whole
// behind it (one draft, one set of answers); only the rows of other questions are out of sight. Whoever prefers the
// whole form asks for it, and is given it the next time too.
import { announce } from "./page.js";
import { word } from "./words.js";

//: Fewer questions than this are one page anyhow.
const FEWEST = 4;
const WHOLE = "yz-whole-form";
//: What a row must hold to be a question; texts and images lead in to the next one.
const ASKS = "input,select,textarea,canvas,.fjs-repeat-render-footer button";

function remembered() {
  try {
    return localStorage.getItem(WHOLE) === "1";
  } catch {
    return false;
  }
}

function remember(whole) {
  try {
    if (whole) localStorage.setItem(WHOLE, "1");
    else localStorage.removeItem(WHOLE);
  } catch {
    /* asked again the next time */
  }
}

export class Steps {
  /** island: the form's. Its page has [data-steps-last] (what belongs to the last screen) and [data-steps-bar]. */
  constructor(island) {
    this.island = island;
    this.bar = island.root.querySelector("[data-steps-bar]");
    this.last = [...island.root.querySelectorAll("[data-steps-last]")];
    this.whole = remembered();
    this.here = null; // the first row of the screen shown; "last" for the one without rows
    this.checked = false; // the answers were all looked at once: one may go back there from any question
    this.heading = this.bar.querySelector("[data-steps-heading]");
    this.back = this.bar.querySelector("[data-steps-back]");
    this.next = island.root.querySelector("[data-steps-next]");
    this.toggle = island.root.querySelector("[data-steps-whole]");
    this.back.addEventListener("click", () => history.back());
    this.next.addEventListener("click", () => this.forward());
    this.toggle.addEventListener("click", () => {
      this.whole = !this.whole;
      remember(this.whole);
      this.draw();
      this.heading.focus();
    });
    window.addEventListener("popstate", (event) => {
      const at = event.state?.step;
      if (at === undefined || this.whole) return;
      island.edit();
      this.go(this.screens()[Math.min(at, this.screens().length - 1)], false);
    });
    new MutationObserver(() => this.draw()).observe(island.place, { childList: true, subtree: true });
    history.replaceState({ step: 0 }, "");
    this.draw();
  }

  rows() {
    const first = this.island.place.querySelector(".fjs-layout-row");
    return first ? [...first.parentElement.children].filter((one) => one.classList.contains("fjs-layout-row")) : [];
  }

  /** The screens: lists of rows, the first of each its name. Rows that a condition has emptied belong to none. */
  screens() {
    const found = [];
    let leading = [];
    for (const row of this.rows()) {
      if (!row.querySelector(".fjs-form-field")) continue;
      leading.push(row);
      if (!row.querySelector(ASKS)) continue;
      found.push(leading);
      leading = [];
    }
    if (leading.length && found.length) found[found.length - 1].push(...leading);
    if (this.island.root.querySelector("[data-steps-last] [data-form-extra]")) found.push([]);
    return found;
  }

  get on() {
    return !this.whole && this.screens().length >= FEWEST;
  }

  at(screens = this.screens()) {
    const found = screens.findIndex((screen) => (screen[0] ?? "last") === this.here);
    return Math.max(0, found);
  }

  draw() {
    const screens = this.screens();
    const on = !this.whole && screens.length >= FEWEST;
    const at = this.at(screens);
    this.here = screens[at]?.[0] ?? (screens.length ? "last" : null);
    const shown = new Set(on ? screens[at] : this.rows());
    for (const row of this.rows()) row.classList.toggle("yz-elsewhere", !shown.has(row));
    const end = at === screens.length - 1;
    for (const part of this.last) part.hidden = on && !end && !(this.checked && part.dataset.stepsLast === "check");
    this.next.hidden = !on || end;
    this.bar.hidden = !on;
    this.back.hidden = !on || at === 0;
    this.toggle.hidden = screens.length < FEWEST;
    const words = on ? word("All on one page") : word("One question at a time");
    if (this.toggle.textContent !== words) this.toggle.textContent = words;
    const place = word("Question {at} of {all}", { at: at + 1, all: screens.length });
    if (this.heading.textContent !== place) this.heading.textContent = place;
    this.bar.querySelector("progress").max = screens.length;
    this.bar.querySelector("progress").value = at + 1;
  }

  /** Show a screen. `push`: a step of its own for the phone's back button. */
  go(screen, push = true) {
    this.here = screen[0] ?? "last";
    this.draw();
    const at = this.at();
    if (push) history.pushState({ step: at }, "");
    window.scrollTo(0, 0);
    this.heading.focus({ preventScroll: true });
    announce(this.heading.textContent);
  }

  /** The next question, when this one is answered well; its mistakes are told here and now. */
  async forward() {
    if (this.asking) return;
    const screens = this.screens();
    const at = this.at(screens);
    const here = (element) => screens[at].some((row) => row.contains(element));
    const wrong = this.island.mistakes(here);
    if (wrong.length) return this.island.summarise(wrong);
    this.asking = true;
    const doubts = await this.island.doubts(here);
    this.asking = false;
    if (doubts.length) return this.island.showFields(doubts);
    this.island.summarise([]);
    this.go(screens[Math.min(at + 1, screens.length - 1)]);
  }

  /** All answers are on the page to check them: from now on any question leads straight back there. */
  reviewed() {
    this.checked = true;
    this.draw();
    if (this.on) history.pushState({ step: this.at() }, "");
  }

  /** The screen an element is on. */
  of(element) {
    const screens = this.screens();
    if (element?.closest("[data-steps-last]")) return screens[screens.length - 1];
    return screens.find((screen) => screen.some((row) => row.contains(element)));
  }

  /** Bring the screen of an element into view, before it is focused. */
  reveal(element) {
    const screen = this.on && this.of(element);
    if (screen && (screen[0] ?? "last") !== this.here) this.go(screen);
  }
}
