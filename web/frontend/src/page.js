// What every page does, whoever looks at it.

/** The value the server set for this page's requests, so that no other site can send one in our name. */
export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Say something to a person who does not see the page change. */
export function announce(text) {
  const place = document.querySelector("[data-announce]");
  if (place) place.textContent = text;
}

/** Drafts live under this prefix and leave with the person who wrote them. */
export const DRAFTS = "yizhan:draft:";

function forgetDrafts() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(DRAFTS)) localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

/** The calendar of forms for every other day and time field: fetched only where a page has one. */
async function days() {
  if (!document.querySelector('input[type="date"],input[type="time"],input[type="datetime-local"]')) return;
  const { script, style } = document.querySelector('meta[name="days"]')?.dataset ?? {};
  if (!script) return;
  if (!document.querySelector(`link[href="${CSS.escape(style)}"]`)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = style;
    document.head.append(link);
  }
  (await import(script)).draw();
}

const SENT = "yizhan:sent";
const KEPT_TYPES = "input:not([type=hidden],[type=password],[type=file],[type=submit]), select, textarea";

/** What a form held when it was sent stays until the next page: when that says that it was refused, it is filled in
 * again, so that nobody types twice. */
function keepSent() {
  const refused = document.querySelector("[data-errors-summary][data-refused]");
  try {
    const kept = JSON.parse(sessionStorage.getItem(SENT) ?? "null");
    sessionStorage.removeItem(SENT);
    const form = refused && kept && [...document.forms].find((one) => one.method === "post" && one.action === kept.to);
    for (const [name, value, checked] of form ? kept.fields : []) {
      const field = [...form.querySelectorAll(KEPT_TYPES)].find(
        (one) => one.name === name && (!/^(radio|checkbox)$/.test(one.type) || one.value === value),
      );
      if (!field) continue;
      if (/^(radio|checkbox)$/.test(field.type)) field.checked = checked;
      else field.value = value;
    }
    form?.closest("details")?.setAttribute("open", "");
  } catch {
    // A browser that keeps nothing, or something that is not ours.
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.querySelector("input[type=password]")) return;
    const fields = [...form.querySelectorAll(KEPT_TYPES)].map((one) => [one.name, one.value, one.checked ?? false]);
    try {
      sessionStorage.setItem(SENT, JSON.stringify({ to: form.action, fields }));
    } catch {
      // the same
    }
  });
}

export function start() {
  for (const form of document.querySelectorAll("form[data-forget]")) form.addEventListener("submit", forgetDrafts);

  // A button pressed twice on a slow line must send once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.dataset.sent) return event.defaultPrevented || event.preventDefault();
    if (form.method === "post" && form.method !== "dialog") {
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 8000);
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // <button data-opens="id"> opens <dialog id="id">; a click beside it, or Esc, closes it.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    const printer = event.target.closest("[data-print]");
    if (printer) window.print();
  });

  days();
  document.addEventListener("htmx:afterSwap", days);

  // A page that answered a form says where it stands, so that reading it anew does not send the form once more.
  const here = document.body.dataset.here;
  if (here) history.replaceState(history.state, "", here);

  keepSent();

  // A summary of errors is what a person must read first.
  document.querySelector("[data-errors-summary]")?.focus();
}
