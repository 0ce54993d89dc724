// A file of a draft that is being changed: kept on the server as it changes, with what the check finds each time.
import { announce, csrf } from "./page.js";
import { word } from "./words.js";

const PAUSE = 500; // after the last stroke
const HERE = 20_000; // how often one says that one is still at it
const LIMIT = 20_000;

async function post(to, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIMIT);
  try {
    return await fetch(to, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" },
      body: JSON.stringify(body),
      signal: stop.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps what `text()` says whenever `changed` is called. found(findings): what the check finds, of all files. */
export function keeping(root, { text, found, jump }) {
  const { path, save, here } = root.dataset;
  const state = root.querySelector("[data-kept]");
  let base = Number(root.dataset.revision);
  let timer = null;
  let sending = false;
  let again = false;

  const say = (words, loud = false) => {
    state.textContent = words;
    state.classList.toggle("yz-error", loud);
    if (loud) announce(words);
  };

  function others(list) {
    const place = root.querySelector("[data-others]");
    place.hidden = !list.length;
    place.textContent = list.map((one) => word("Also at it", one)).join(" ");
  }

  function show(findings) {
    const list = root.querySelector("[data-findings]");
    root.querySelector("[data-nothing]").hidden = findings.length > 0;
    list.replaceChildren(
      ...findings.map((one) => {
        const item = document.createElement("li");
        item.className = `yz-${one.severity}`;
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-link p-0";
        button.dataset.at = one.element;
        button.dataset.in = one.path;
        button.textContent = one.where || one.file;
        const where = document.createElement("span");
        where.className = "yz-soft";
        where.textContent = one.line ? `${one.file}:${one.line}` : one.file;
        item.append(button, ` ${one.text} `, where);
        return item;
      }),
    );
    found?.(findings.filter((one) => one.path === path));
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      send();
    }, pause);
  }

  async function send() {
    if (sending) {
      again = true; // what changed meanwhile goes with the next one
      return;
    }
    sending = true;
    say(word("Keeping"));
    try {
      const answer = await post(save, { path, text: await text(), base });
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) {
        base = said.revision;
        // what changed meanwhile is not kept yet
        if (timer || again) say(word("Changed"));
        else say(word("Kept at", { time: new Date().toLocaleTimeString("zh-CN", { hour12: false }) }));
        others(said.others);
        show(said.findings);
      } else {
        say(said.detail || word("Not kept"), true);
        if (answer.status >= 500 || answer.status === 429) again = true;
      }
    } catch {
      say(word("Not kept"), true);
      again = true;
    } finally {
      sending = false;
      if (again) {
        again = false;
        later(PAUSE * 6);
      }
    }
  }

  root.querySelector("[data-findings]").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-at]");
    if (!button) return;
    if (button.dataset.in === path) jump?.(button.dataset.at);
    else location.assign(`?path=${encodeURIComponent(button.dataset.in)}`);
  });
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await post(here, { path }).catch(() => null);
    if (answer?.ok) others((await answer.json()).others);
  }, HERE);
  addEventListener("beforeunload", (event) => {
    if (timer || sending) event.preventDefault();
  });
  found?.(JSON.parse(root.querySelector("[data-first]").textContent).filter((one) => one.path === path));

  return {
    changed() {
      later(PAUSE);
      say(word("Changed"));
    },
  };
}
