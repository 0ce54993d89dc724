// A form, drawn from the same file the server checks. What is typed is kept on this device until it has been sent.
import { createForm } from "@bpmn-io/form-js-viewer";
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import "./form.css";
import { drafts } from "./drafts.js";
import { filesModule } from "./files.js";
import { giveKeys } from "./keys.js";
import { announce, csrf } from "./page.js";
import { selectModule } from "./select.js";
import { signatureModule } from "./signature.js";
import "./steady.js";
import { Steps } from "./steps.js";
import { chinese, translateModule, word } from "./words.js";

const MEGABYTE = 1024 * 1024;
//: After so long a person is told that it is still being sent, and that no answer came.
const SLOW = 8_000;
const GIVEN_UP = 60_000;
//: A check of one question is a comfort: without an answer by then, the person goes on.
const QUESTION = 4_000;

function read(root, name, otherwise) {
  const element = root.querySelector(`script[data-${name}]`);
  return element ? JSON.parse(element.textContent) : otherwise;
}

// form-js folds a list after its fifth line once it is drawn anew (a draft, a correction): what is wrong in the sixth
// would be asked for where nobody sees it.
function spread(part) {
  for (const one of part.components ?? []) {
    if (one.type === "dynamiclist") one.disableCollapse = true;
    spread(one);
  }
  return part;
}

class Island {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector("[data-form-place]");
    this.summary = root.querySelector("[data-form-summary]");
    this.status = root.querySelector("[data-form-status]");
    this.review = root.querySelector("[data-form-review]");
    this.draft = drafts(root.dataset.readonly ? "" : root.dataset.draft);
    this.limit = Number(root.dataset.uploadLimit || 20);
    this.files = {}; // number of a file the hall has -> its name
    this.sending = new Set(); // promises of files on their way
  }

  async draw() {
    const schema = spread(read(this.root, "schema"));
    const answers = read(this.root, "answers", {});
    const kept = this.draft.get();
    this.files = { ...kept?.files };
    // A filepicker's answer is the number under which the hall has the file. A draft of before held "files::1", which
    // meant nothing any more once the page was gone: it is said, not dropped.
    const lost = JSON.stringify(kept?.answers ?? {}).includes('"files::');
    const data = kept ? { ...answers, ...kept.answers } : answers;
    if (chinese()) {
      const spoken = { monthAriaLabel: "月", yearAriaLabel: "年", hourAriaLabel: "时", minuteAriaLabel: "分" };
      flatpickr.localize({ ...Mandarin, ...spoken });
    }
    const keeper = { upload: (file) => this.upload(file), named: (id) => this.files[id] };
    this.form = await createForm({
      container: this.place,
      schema,
      data,
      additionalModules: [translateModule, selectModule, signatureModule, filesModule(keeper)],
      // form-js takes what is typed 300 ms later, and draws a field anew from what it has: whoever typed into the next
      // field within that time lost it. Taken at once, nothing typed is ever drawn over, and a button finds it all.
      debounce: false,
    });
    if (this.root.dataset.readonly) this.form.setProperty("readOnly", true);
    this.finishDrawing();
    this.extras(kept?.extra);
    for (const field of this.root.querySelectorAll("[data-form-read]")) {
      field.addEventListener("change", () => this.know(field));
      this.know(field);
    }
    if (this.root.querySelector("[data-steps-bar]")) this.steps = new Steps(this);
    if (kept) this.say(word(lost ? "Restored without files" : "Restored"), true);
    const wrong = read(this.root, "wrong", []);
    if (wrong.length) this.showFields(wrong);
    this.was = JSON.stringify(this.written());
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.keep(), 300);
    };
    this.form.on("changed", later);
    for (const field of this.root.querySelectorAll("[data-form-extra]")) field.addEventListener("change", later);
    // A telephone may throw the page away while its camera or another program is in front.
    window.addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.keep());
    this.draft.elsewhere(() => this.say(word("Also open elsewhere"), true));
    for (const button of this.root.querySelectorAll("[data-form-send]"))
      button.addEventListener("click", (event) => this.send(event.currentTarget));
    for (const button of this.root.querySelectorAll("[data-form-restart]"))
      button.addEventListener("click", async () => {
        if (!(await sure(word("Really begin anew?"), word("Yes, begin anew"), word("No, keep it")))) return;
        this.leaving = true;
        this.draft.clear();
        location.reload();
      });
    for (const link of document.querySelectorAll("[data-form-goto]"))
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.edit();
        this.goTo(link.dataset.formGoto);
      });
    this.focusFirst();
    this.root.dataset.drawn = "1";
    for (const waiting of this.root.querySelectorAll("[data-form-waiting]")) waiting.remove();
  }

  /** What is typed now, as a draft keeps it. */
  written() {
    const answers = this.form._getSubmitData();
    const extra = {};
    for (const field of this.root.querySelectorAll("[data-form-extra]")) {
      if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
      extra[field.name] = field.name in extra ? `${extra[field.name]},${field.value}` : field.value;
    }
    return { answers, extra, files: this.files };
  }

  /** Keep what changed. Nothing is kept of a form that is on its way or was sent. */
  keep() {
    if (this.busy || this.leaving || this.root.dataset.readonly) return;
    const draft = this.written();
    const now = JSON.stringify(draft);
    if (now === this.was) return;
    this.was = now;
    if (this.draft.set(draft)) this.say(word("Saved on this phone"));
  }

  /** Fill the page's own fields beside the form as they were. */
  extras(kept = {}) {
    for (const field of this.root.querySelectorAll("[data-form-extra]")) {
      const value = kept[field.name];
      if (value === undefined || field.type === "hidden") continue;
      if (field.type === "checkbox" || field.type === "radio") field.checked = value.split(",").includes(field.value);
      else field.value = value;
    }
  }

  /** What a field of the page says, for the conditions of the form to read. It is sent beside the answers, not in them. */
  know(field) {
    const { data } = this.form._getState();
    this.form._setState({ data: { ...data, [field.name]: field.value } });
  }

  /** What form-js leaves to its host: languages of the parts, a mark for who cannot see the star. */
  finishDrawing() {
    const form = this.place.querySelector("form");
    form?.setAttribute("aria-label", this.root.dataset.label || "");
    form?.addEventListener("submit", (event) => event.preventDefault());
    // An input method's Enter confirms a word; it must never send the form.
    form?.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.tagName === "INPUT") event.preventDefault();
    });
    const keys = () => giveKeys(this.place, this.fields());
    keys();
    new MutationObserver(keys).observe(this.place, { childList: true, subtree: true });
  }

  say(text, lasting = false) {
    if (!this.status) return;
    this.status.textContent = text;
    const beside = this.review && !this.review.hidden && this.review.querySelector("[data-form-said]");
    if (beside) beside.textContent = text;
    clearTimeout(this.fading);
    if (!lasting) this.fading = setTimeout(() => (this.status.textContent = ""), 4000);
  }

  fields() {
    return this.form.get("formFieldRegistry").getAll();
  }

  /** The field at a path of the server's, "parties.0.name": {field, indexes}. */
  at(path) {
    const parts = path.split(".");
    const indexes = parts.filter((part) => /^\d+$/.test(part)).map(Number);
    const wanted = parts.filter((part) => !/^\d+$/.test(part)).join(".");
    const find = (components, prefix) => {
      for (const one of components ?? []) {
        const own = one.path ?? one.key;
        const here = own ? (prefix ? `${prefix}.${own}` : own) : prefix;
        if (own && here === wanted) return one;
        const below = find(one.components, here);
        if (below) return below;
      }
      return null;
    };
    return { field: find(this.form._getState().schema.components, ""), indexes };
  }

  /** Show errors [{field, label, text}] by the field and in a summary that leads to each. */
  showFields(wrong) {
    const errors = {};
    const shown = [];
    for (const one of wrong) {
      const { field, indexes } = this.at(one.field);
      if (field?.key) {
        // form-js keeps the errors of a field in a list under one key for each row.
        let place = errors;
        const steps = [field.id, ...indexes];
        for (const step of steps.slice(0, -1)) place = place[step] ??= {};
        const last = steps[steps.length - 1];
        place[last] = [...(place[last] ?? []), one.text];
      }
      shown.push({ ...one, id: field?.id, indexes });
    }
    this.form._setState({ errors });
    this.summarise(shown);
  }

  /** What to focus for a field. form-js ends its ids with the field's own, and then the row's or the option's number. */
  element(id, indexes = []) {
    if (!id) return null;
    const tail = ["", ...indexes].join("_");
    const all = [...this.place.querySelectorAll("input,select,textarea,canvas,button")].filter((one) => one.id);
    const found = all.find((one) => one.id.endsWith(`-${id}${tail}`)) ?? all.find((one) => one.id.includes(`-${id}`));
    // The input of a file has no shape of its own: the button beside it has.
    if (found?.type === "file") return found.parentElement.querySelector("button") ?? found;
    return found ?? null;
  }

  /** At a desk one types at once: the first field that can be written in has the focus, unless something else has. */
  focusFirst() {
    if (!document.documentElement.classList.contains("yz-staff") || document.activeElement !== document.body) return;
    const fields = [...this.place.querySelectorAll("input, select, textarea")].filter(
      (one) => one.offsetParent !== null && !one.disabled && !one.readOnly,
    );
    const first = fields[0];
    if (first?.closest(".fjs-form-field-datetime")) return; // its calendar would open over the page
    const chosen = first?.type === "radio" && fields.find((one) => one.name === first.name && one.checked);
    (chosen || first)?.focus({ preventScroll: true });
  }

  summarise(shown) {
    this.summary.replaceChildren();
    this.summary.hidden = !shown.length;
    if (!shown.length) return;
    const heading = document.createElement("h2");
    const inForm = shown.some((one) => one.field || one.id);
    heading.textContent = inForm ? word("There is a problem", { count: shown.length }) : word("Not sent yet");
    const list = document.createElement("ul");
    for (const one of shown) {
      const item = document.createElement("li");
      list.append(item);
      if (!one.field && !one.id) {
        item.textContent = one.text; // nothing to lead to
        continue;
      }
      const link = document.createElement("a");
      link.href = "#";
      link.textContent = one.label ? `${one.label}：${one.text}` : one.text;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const extra = one.field && this.root.querySelector(`[data-form-extra][name="${CSS.escape(one.field)}"]`);
        const target = this.element(one.id, one.indexes) ?? extra ?? this.place;
        this.steps?.reveal(target);
        target.scrollIntoView({ block: "center" });
        target.focus();
      });
      item.append(link);
    }
    this.summary.append(heading, list);
    this.showSummary();
    const first = shown.find((one) => one.field || one.id);
    const extra = first?.field && this.root.querySelector(`[data-form-extra][name="${CSS.escape(first.field)}"]`);
    if (first) this.steps?.reveal(this.element(first.id, first.indexes) ?? extra);
    this.summary.focus();
    announce(heading.textContent);
  }

  /** Where the person looks: beside the button they pressed on the page to check, above the form otherwise. */
  showSummary() {
    const checking = this.review && !this.review.hidden;
    const button = checking && this.review.querySelector("[data-form-send]");
    if (button) button.before(this.summary);
    else this.place.before(this.summary);
  }

  /** Bring a field before the person's eyes and under their fingers; the form, when there is no such field. */
  goTo(path) {
    const { field, indexes } = this.at(path);
    const extra = this.root.querySelector(`[data-form-extra][name="${CSS.escape(path)}"]`);
    const element = this.element(field?.id, indexes) ?? extra;
    this.steps?.reveal(element);
    (element ?? this.place).scrollIntoView({ block: "center" });
    element?.focus();
  }

  /** Words of a field's label without its markup. */
  label(field) {
    return String(field.label || field.dateLabel || field.key || "").replace(/^=.*/, "");
  }

  local(errors) {
    const shown = [];
    const collect = (id, value) => {
      if (Array.isArray(value) && typeof value[0] === "string") {
        const field = this.fields().find((each) => each.id === id);
        shown.push({ id, label: field ? this.label(field) : "", text: value[0] });
      } else if (value && typeof value === "object") for (const inner of Object.values(value)) collect(id, inner);
    };
    for (const [id, value] of Object.entries(errors)) collect(id, value);
    const order = this.fields().map((each) => each.id);
    return shown.sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id));
  }

  /** What is wrong in the part of the form whose elements are `within`; the rest of the form is not told off yet. */
  mistakes(within) {
    const errors = this.form.validate();
    const here = Object.fromEntries(Object.entries(errors).filter(([id]) => within(this.element(id))));
    this.form._setState({ errors: here });
    return this.local(here);
  }

  /** What the hall finds wrong in that part: a digit of a number, a character nobody can print. The rule is asked where
   * it stands, and not written a second time for the browser; without a network the person goes on. */
  async doubts(within) {
    const to = this.root.dataset.question;
    if (!to) return [];
    try {
      const answer = await this.post(to, { question: true, answers: this.written().answers }, QUESTION);
      const said = answer.status === 422 ? await answer.json() : {};
      return (said.fields ?? []).filter((one) => {
        const { field, indexes } = this.at(one.field);
        const element = field && this.element(field.id, indexes);
        return element && within(element);
      });
    } catch {
      return [];
    }
  }

  /** Send JSON in this page's name; an error after `limit` milliseconds without an answer. */
  async post(to, body, limit) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), limit);
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

  /** Send one chosen file; {id, name}. Whoever presses a button meanwhile waits for it. */
  async upload(file) {
    const sent = this.sendFile(file);
    this.sending.add(sent);
    try {
      const kept = await sent;
      this.files = { ...this.files, [kept.id]: kept.name };
      return kept;
    } finally {
      this.sending.delete(sent);
    }
  }

  async sendFile(file) {
    if (file.size > this.limit * MEGABYTE)
      throw new Error(word("Too large", { name: file.name, size: (file.size / MEGABYTE).toFixed(1), limit: this.limit }));
    const body = new FormData();
    body.append("file", file);
    let answer;
    try {
      answer = await fetch(this.root.dataset.upload, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
      });
    } catch {
      throw new Error(word("Upload failed", { name: file.name, reason: word("The network is not available") }));
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const reason = said.detail ?? word("The hall could not answer", { status: answer.status });
    throw new Error(said.fields?.[0]?.text ?? word("Upload failed", { name: file.name, reason }));
  }

  /** The answers, when every file has arrived; null when something is missing, which is then shown. */
  async answers(validated) {
    while (this.sending.size) await Promise.allSettled([...this.sending]);
    const { data, errors } = this.form.submit();
    if (validated && Object.keys(errors).length) {
      this.edit();
      this.summarise(this.local(errors));
      return null;
    }
    return data;
  }

  async send(button) {
    if (this.busy) return;
    this.keep();
    const validated = !("anyway" in button.dataset);
    this.busy = true;
    const buttons = [...this.root.querySelectorAll("[data-form-send]")];
    for (const each of buttons) each.setAttribute("aria-disabled", "true");
    let told = false; // the hall's own word stays; "sending" does not
    const slow = setTimeout(() => this.say(word("Still sending"), true), SLOW);
    try {
      const answers = await this.answers(validated);
      if (!answers) return;
      this.summarise([]);
      this.say(word(button.dataset.formSend === "check" ? "Checking" : "Sending"), true);
      const { extra } = this.written();
      const body = { ...JSON.parse(button.dataset.with || "{}"), ...extra, answers };
      told = await this.heard(await this.post(button.dataset.to, body, GIVEN_UP));
    } catch (error) {
      if (error.name === "AbortError") this.summarise([{ text: word("The hall did not answer in time") }]);
      else if (error instanceof TypeError) this.summarise([{ text: word("The network is not available") }]);
      else throw error;
    } finally {
      clearTimeout(slow);
      this.busy = false;
      for (const each of buttons) each.removeAttribute("aria-disabled");
      if (!this.leaving && !told) this.say("");
    }
  }

  /** What the hall answered; true when it said something that stands beside the form. */
  async heard(answer) {
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) {
      if (said.said) {
        this.say(said.said, true);
        return true;
      }
      if (said.review && this.review) {
        this.showReview(said.review);
        return false;
      }
      this.leaving = true;
      this.draft.clear();
      if (said.play) {
        document.dispatchEvent(new CustomEvent("yz:played", { detail: said.play })); // a play goes on in its page
        return false;
      }
      location.assign(said.location);
      return false;
    }
    if (said.fields?.some((one) => one.field)) {
      this.edit(); // what is wrong stands in the form: back to it
      this.showFields(said.fields);
      return false;
    }
    this.summarise([{ text: said.detail ?? word("The hall could not answer", { status: answer.status }) }]);
    if (said.location) {
      const link = document.createElement("a");
      link.href = said.location;
      link.className = "btn btn-outline-primary mt-2";
      link.textContent = said.location_words ?? said.location;
      this.summary.append(link);
    }
    return false;
  }

  /** Back from the check to the form. */
  edit() {
    this.root.querySelector("[data-form-edit]").hidden = false;
    if (this.review) this.review.hidden = true;
    this.showSummary();
  }

  /** The page to check one's answers on; the form stays as it was, behind it. */
  showReview(html) {
    this.review.innerHTML = html;
    this.root.querySelector("[data-form-edit]").hidden = true;
    this.review.hidden = false;
    this.steps?.reviewed();
    for (const back of this.review.querySelectorAll("[data-form-back]"))
      back.addEventListener("click", () => {
        this.edit();
        this.goTo(back.dataset.formBack);
      });
    for (const button of this.review.querySelectorAll("[data-form-send]"))
      button.addEventListener("click", (event) => this.send(event.currentTarget));
    const heading = this.review.querySelector("h1,h2");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
    window.scrollTo(0, 0);
  }
}

/** Ask before something is lost; true when the person is sure. */
function sure(question, yes, no) {
  return new Promise((answer) => {
    const dialog = document.createElement("dialog");
    dialog.className = "yz-dialog";
    const text = document.createElement("p");
    text.textContent = question;
    const buttons = document.createElement("p");
    buttons.className = "d-grid gap-2";
    for (const [words, value] of [[no, ""], [yes, "yes"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = value ? "btn btn-outline-primary" : "btn btn-primary";
      button.textContent = words;
      button.addEventListener("click", () => dialog.close(value));
      buttons.append(button);
    }
    dialog.append(text, buttons);
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

for (const root of document.querySelectorAll("[data-form]")) new Island(root).draw();
document.addEventListener("htmx:afterSwap", () => {
  for (const root of document.querySelectorAll("[data-form]:not([data-drawn])")) new Island(root).draw();
});
