// A play of a matter (试走): the story stands in this page, and is kept on this device; each act sends it and shows what
// came of it. Forms are drawn by form.js, the drawing by diagram.js.
import "./play.css";
import { announce, csrf, DRAFTS } from "./page.js";
import { word } from "./words.js";

class Play {
  constructor(root) {
    this.root = root;
    this.state = root.querySelector("[data-play-state]");
    this.wrong = root.querySelector("[data-play-wrong]");
    this.drawing = root.querySelector("[data-diagram]");
    this.kept = `${DRAFTS}play:${root.dataset.name}:${root.dataset.of}`;
    this.fill = {};
    this.story = this.before();
    root.addEventListener("click", (event) => this.pressed(event));
    root.addEventListener("change", (event) => {
      if (event.target.matches("[data-play-channel]")) this.ask({ channel: event.target.value });
    });
    root.addEventListener("toggle", (event) => this.paper(event.target), true);
    document.addEventListener("yz:played", (event) => this.show(event.detail));
    this.ask({}, true);
  }

  before() {
    try {
      return JSON.parse(localStorage.getItem(this.kept)) ?? {};
    } catch {
      return {}; // nothing there, or not ours
    }
  }

  keep() {
    try {
      localStorage.setItem(this.kept, JSON.stringify(this.story));
    } catch {
      // A full disk or a private window: the page has it still.
    }
  }

  body(more) {
    return { of: this.root.dataset.of, story: this.story, fill: this.fill, ...more };
  }

  async post(to, body) {
    const answer = await fetch(to, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const each = (said.fields ?? []).map((one) => (one.label ? `${one.label}：${one.text}` : one.text));
    throw new Error(each.join("；") || said.detail || word("The hall could not answer", { status: answer.status }));
  }

  /** One act; what it comes to. first: a story of before may not go any more, then it begins anew. */
  async ask(act, first = false) {
    if (this.busy) return;
    this.busy = true;
    this.state.setAttribute("aria-busy", "true");
    try {
      this.show((await this.post(this.root.dataset.play, this.body({ act }))).play);
    } catch (error) {
      if (first && this.story.at) {
        this.story = {};
        this.busy = false;
        await this.ask({});
        return;
      }
      this.say(error instanceof TypeError ? word("The network is not available") : error.message);
    } finally {
      this.busy = false;
      this.state.removeAttribute("aria-busy");
    }
  }

  say(text) {
    this.wrong.textContent = text;
    this.wrong.hidden = !text;
    if (text) this.wrong.scrollIntoView({ block: "nearest" });
  }

  show(play) {
    this.say("");
    this.story = play.story;
    this.keep();
    this.state.innerHTML = play.html;
    this.state.removeAttribute("aria-busy");
    for (const button of this.state.querySelectorAll("[data-play-send]"))
      button.dataset.with = JSON.stringify({ ...JSON.parse(button.dataset.with), story: this.story });
    this.drawing.marks = play.marks;
    this.drawing.dispatchEvent(new CustomEvent("yz:marks", { detail: play.marks }));
    document.dispatchEvent(new CustomEvent("htmx:afterSwap"));
    if (play.said) announce(play.said);
    this.root.dataset.ready = String((Number(this.root.dataset.ready) || 0) + 1);
  }

  pressed(event) {
    const button = event.target.closest("button");
    if (!button || !this.root.contains(button)) return;
    const { playAct, playFill, n } = button.dataset;
    if (playAct) this.act(JSON.parse(playAct));
    else if (playFill) {
      this.fill = { ...this.fill, [playFill]: Number(n) };
      this.ask({});
    } else if ("playType" in button.dataset) this.typed(button.closest("[data-play-typed]"));
    else if ("playStore" in button.dataset) this.store(button);
  }

  act(act) {
    if ("anew" in act) this.fill = {};
    this.ask(act);
  }

  typed(place) {
    const step = JSON.parse(place.dataset.playTyped);
    this.ask({ step: { ...step, typed: place.querySelector("textarea").value } });
  }

  /** It becomes a story of the draft. */
  async store(button) {
    const called = this.state.querySelector("#called");
    const kept = this.state.querySelector("[data-play-kept]");
    if (this.storing) return;
    this.storing = true;
    button.setAttribute("aria-disabled", "true");
    try {
      const said = await this.post(this.root.dataset.keep, this.body({ called: called.value }));
      this.say("");
      const link = document.createElement("a");
      link.href = said.location;
      link.textContent = said.said;
      kept.replaceChildren(link);
      called.value = "";
    } catch (error) {
      kept.textContent = error instanceof TypeError ? word("The network is not available") : error.message;
    } finally {
      this.storing = false;
      button.removeAttribute("aria-disabled");
    }
  }

  /** A paper is asked for when somebody opens it; it comes into a frame in which nothing runs. */
  paper(details) {
    if (!details.open || !details.dataset?.playPaper || details.dataset.shown) return;
    details.dataset.shown = "1";
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${this.root.dataset.play}/paper`;
    form.target = details.querySelector("iframe").name;
    form.hidden = true;
    const fields = { csrf_token: csrf(), of: this.root.dataset.of, code: details.dataset.playPaper };
    for (const [name, value] of Object.entries({ ...fields, story: JSON.stringify(this.story) })) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }
}

for (const root of document.querySelectorAll("[data-play]")) new Play(root);
