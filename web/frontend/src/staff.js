import htmx from "htmx.org";
import { csrf, start } from "./page.js";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // other people's names do not belong in a browser's storage
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409|422", swap: true },
  { code: "...", swap: false, error: true },
];
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrf();
});

// On a narrow screen the menu is one row: what is open is brought into view.
document.querySelector(".yz-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Keys. A page says which it has: <a data-key="g i">, <button data-key="c">; `?` shows them all.
let before = "";
// A radio button or a box to tick takes no letters: the page's keys go on working while one has the focus.
const letters = "textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit], [type=file])";
const typing = (element) => element.isContentEditable || element.matches?.(letters) || element.closest?.("dialog[open]");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") {
    const main = document.querySelector("[data-main]");
    if (main) {
      event.preventDefault();
      main.click();
    }
    return;
  }
  // Out of a field, to the keys of the page; a calendar or a dialog that is open closes first.
  if (event.key === "Escape" && event.target.matches?.(letters) && !event.target.closest("dialog[open]"))
    return event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const pressed = before ? `${before} ${event.key}` : event.key;
  const find = (key) =>
    [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && one.offsetParent !== null);
  const target = find(pressed) ?? find(event.key);
  before = event.key === "g" ? "g" : "";
  if (event.key === "?") return document.getElementById("keys")?.showModal();
  if (event.key === "x" && pick(document.activeElement)) return event.preventDefault();
  if (event.key === "j" || event.key === "k") return move(event.key === "j" ? 1 : -1);
  if (!target) return;
  event.preventDefault();
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) target.focus();
  else target.click();
});

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return neighbour(step);
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))].focus();
}

// On a case, j and k go to the next and the one before of the list it was opened from.
const LISTED = "yizhan:listed";
const listed = [...document.querySelectorAll("a[data-row]")].map((row) => row.pathname + row.search);
try {
  if (listed.length) sessionStorage.setItem(LISTED, JSON.stringify(listed));
} catch {
  // A browser that keeps nothing has no neighbours.
}
function neighbour(step) {
  let known = [];
  try {
    known = JSON.parse(sessionStorage.getItem(LISTED)) ?? [];
  } catch {
    // the same
  }
  // A step that was taken is shown at its case's plain address.
  const here = known.indexOf(location.pathname + location.search);
  const at = here < 0 ? known.findIndex((one) => one.split("?")[0] === location.pathname) : here;
  const next = at < 0 ? undefined : known[at + step];
  if (next) location.assign(next);
}

// Rows picked for 批量. `x` picks the row one stands on; the toolbar says how many.
function pick(row) {
  const box = row?.closest?.("li")?.querySelector("[data-pick]");
  if (!box) return false;
  box.click();
  return true;
}
const bulk = document.querySelector("[data-bulk]");
if (bulk) {
  const boxes = [...document.querySelectorAll("[data-pick]")];
  const all = bulk.querySelector("[data-pick-all]");
  const said = bulk.querySelector("[data-picked]");
  const count = () => {
    const picked = boxes.filter((box) => box.checked).length;
    all.checked = picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
    said.textContent = picked ? said.dataset.words.replace("#", picked) : "";
    for (const button of bulk.querySelectorAll("button")) button.disabled = !picked;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  addEventListener("pageshow", count); // a browser that goes back keeps what was ticked
  count();
}

// Tabs of a case: the address keeps which one is open.
document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (!tab) return;
  event.preventDefault();
  choose(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  if (!tab || !["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(tab);
  const next =
    event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : at + (event.key === "ArrowRight" ? 1 : -1);
  choose(tabs[(next + tabs.length) % tabs.length]);
});
function choose(tab) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    other.classList.toggle("active", chosen);
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  tab.focus();
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
  document.dispatchEvent(new CustomEvent("yz:shown"));
}
const named = location.hash && document.querySelector(`[role=tab][aria-controls="${CSS.escape(location.hash.slice(1))}"]`);
if (named) choose(named);

start();

// A page with one thing to say or choose: its first field has the focus. A form of form-js looks after its own.
const saying = document.querySelector("main [data-main]")?.form;
if (saying && document.activeElement === document.body) {
  const first = saying.querySelector("input:not([type=hidden],[type=date],[type=time]), select, textarea");
  if (first && first.offsetParent !== null && !first.value) first.focus({ preventScroll: true });
}

