// A form, drawn from the same file the server checks. What is typed is kept on this device until it has been sent.
import { createForm } from "@bpmn-io/form-js-viewer";
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import "./form.css";
import { DRAFTS, announce, csrf } from "./page.js";
import { selectModule } from "./select.js";
import { signatureModule } from "./signature.js";
import { Steps } from "./steps.js";
import { chinese, translateModule, word } from "./words.js";

const MEGABYTE = 1024 * 1024;

function read(root, name, otherwise) {
  const element = root.querySelector(`script[data-${name}]`);
  return element ? JSON.parse(element.textContent) : otherwise;
}

function storage(key) {
  // Private windows and full disks refuse; typing must go on all the same.
  const name = key && DRAFTS + key;
  return {
    get() {
      try {
        return name && JSON.parse(localStorage.getItem(name));
      } catch {
        return null;
      }
    },
    set(value) {
      try {
        if (name) localStorage.setItem(name, JSON.stringify(value));
        return Boolean(name);
      } catch {
        return false;
      }
    },
    clear() {
      try {
        if (name) localStorage.removeItem(name);
      } catch {
        /* nothing kept */
      }
    },
  };
}

class Island {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector("[data-form-place]");
    this.summary = root.querySelector("[data-form-summary]");
    this.status = root.querySelector("[data-form-status]");
    this.review = root.querySelector("[data-form-review]");
    this.draft = storage(root.dataset.draft);
    this.limit = Number(root.dataset.uploadLimit || 20);
    this.uploaded = new Map(); // File -> what the server said it stored
  }

  async draw() {
    const schema = read(this.root, "schema");
    const answers = read(this.root, "answers", {});
    const kept = this.root.dataset.readonly ? null : this.draft.get();
    const data = kept ? { ...answers, ...kept } : answers;
    if (chinese()) {
      const spoken = { monthAriaLabel: "月", yearAriaLabel: "年", hourAriaLabel: "时", minuteAriaLabel: "分" };
      flatpickr.localize({ ...Mandarin, ...spoken });
    }
    this.form = await createForm({
      container: this.place,
      schema,
      data,
      additionalModules: [translateModule, selectModule, signatureModule],
      // form-js takes what is typed 300 ms later, and draws a field anew from what it has: whoever typed into the next
      // field within that time lost it. Taken at once, nothing typed is ever drawn over, and a button finds it all.
      debounce: false,
    });
    if (this.root.dataset.readonly) this.form.setProperty("readOnly", true);
    this.finishDrawing();
    if (this.root.querySelector("[data-steps-bar]")) this.steps = new Steps(this);
    if (kept) this.say(word("Restored"), true);
    const wrong = read(this.root, "wrong", []);
    if (wrong.length) this.showFields(wrong);
    let timer;
    this.form.on("changed", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (this.busy || this.root.dataset.readonly) return;
        const data = this.form._getSubmitData();
        const unchanged = JSON.stringify(data) === JSON.stringify(this.was ?? data);
        this.was = data;
        if (unchanged) return;
        if (this.draft.set(data)) this.say(word("Saved on this phone"));
      }, 300);
    });
    this.was = this.form._getSubmitData();
    for (const button of this.root.querySelectorAll("[data-form-send]"))
      button.addEventListener("click", (event) => this.send(event.currentTarget));
    for (const button of this.root.querySelectorAll("[data-form-restart]"))
      button.addEventListener("click", () => {
        this.draft.clear();
        location.reload();
      });
    this.root.dataset.drawn = "1";
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
  }

  say(text, lasting = false) {
    if (!this.status) return;
    this.status.textContent = text;
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
    return (
      all.find((one) => one.id.endsWith(`-${id}${tail}`)) ?? all.find((one) => one.id.includes(`-${id}`)) ?? null
    );
  }

  summarise(shown) {
    this.summary.replaceChildren();
    this.summary.hidden = !shown.length;
    if (!shown.length) return;
    const heading = document.createElement("h2");
    heading.textContent = word("There is a problem", { count: shown.length });
    const list = document.createElement("ul");
    for (const one of shown) {
      const item = document.createElement("li");
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
      list.append(item);
    }
    this.summary.append(heading, list);
    const first = shown.find((one) => one.field || one.id);
    const extra = first?.field && this.root.querySelector(`[data-form-extra][name="${CSS.escape(first.field)}"]`);
    if (first) this.steps?.reveal(this.element(first.id, first.indexes) ?? extra);
    this.summary.focus();
    announce(heading.textContent);
  }

  /** Words of a field's label without its markup. */
  label(field) {
    return String(field.label ?? field.dateLabel ?? field.key ?? "").replace(/^=.*/, "");
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

  async upload(file) {
    if (this.uploaded.has(file)) return this.uploaded.get(file);
    if (file.size > this.limit * MEGABYTE)
      throw new Error(word("Too large", { name: file.name, size: (file.size / MEGABYTE).toFixed(1), limit: this.limit }));
    this.say(word("Uploading {name}", { name: file.name }), true);
    const body = new FormData();
    body.append("file", file);
    const answer = await fetch(this.root.dataset.upload, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(word("Upload failed", { name: file.name, reason: said.detail ?? answer.status }));
    this.uploaded.set(file, said);
    return said;
  }

  /** The answers, with each chosen file sent and replaced by its name in the store. */
  async answers(validated) {
    const { data, files, errors } = this.form.submit();
    if (validated && Object.keys(errors).length) {
      this.summarise(this.local(errors));
      return null;
    }
    const wrong = [];
    const replace = async (value, field) => {
      if (typeof value === "string" && files.has(value)) {
        const sent = [];
        for (const file of files.get(value)) {
          try {
            sent.push((await this.upload(file)).id);
          } catch (error) {
            const owner = this.fields().find((each) => each.key === field);
            wrong.push({ field, label: owner ? this.label(owner) : "", text: error.message });
          }
        }
        return sent;
      }
      if (Array.isArray(value)) return Promise.all(value.map((one) => replace(one, field)));
      if (value && typeof value === "object") {
        const entries = Object.entries(value).map(async ([key, one]) => [key, await replace(one, field || key)]);
        return Object.fromEntries(await Promise.all(entries));
      }
      return value;
    };
    const full = {};
    for (const [key, value] of Object.entries(data)) full[key] = await replace(value, key);
    if (wrong.length) {
      this.showFields(wrong);
      return null;
    }
    return full;
  }

  async send(button) {
    if (this.busy) return;
    const validated = !("anyway" in button.dataset);
    this.busy = true;
    const buttons = [...this.root.querySelectorAll("[data-form-send]")];
    for (const each of buttons) each.setAttribute("aria-disabled", "true");
    try {
      const answers = await this.answers(validated);
      if (!answers) return;
      this.summarise([]);
      this.say(word(button.dataset.formSend === "check" ? "Checking" : "Sending"), true);
      const extra = {};
      for (const field of this.root.querySelectorAll("[data-form-extra]")) {
        if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
        extra[field.name] = field.name in extra ? `${extra[field.name]},${field.value}` : field.value;
      }
      const answer = await fetch(button.dataset.to, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" },
        body: JSON.stringify({ ...JSON.parse(button.dataset.with || "{}"), ...extra, answers }),
      });
      await this.heard(answer);
    } catch (error) {
      if (error instanceof TypeError) this.summarise([{ text: word("The network is not available") }]);
      else throw error;
    } finally {
      this.busy = false;
      for (const each of buttons) each.removeAttribute("aria-disabled");
      if (!this.leaving) this.say("");
    }
  }

  async heard(answer) {
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) {
      if (said.review && this.review) return this.showReview(said.review);
      if (said.said) return this.say(said.said, true);
      this.leaving = true;
      this.draft.clear();
      return location.assign(said.location);
    }
    if (said.fields) return this.showFields(said.fields);
    this.summarise([{ text: said.detail ?? word("The hall could not answer", { status: answer.status }) }]);
    if (said.location) {
      const link = document.createElement("a");
      link.href = said.location;
      link.className = "btn btn-outline-primary mt-2";
      link.textContent = said.location_words ?? said.location;
      this.summary.append(link);
    }
  }

  /** Back from the check to the form. */
  edit() {
    this.root.querySelector("[data-form-edit]").hidden = false;
    this.review.hidden = true;
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
        const { field, indexes } = this.at(back.dataset.formBack);
        const extra = this.root.querySelector(`[data-form-extra][name="${CSS.escape(back.dataset.formBack)}"]`);
        const element = this.element(field?.id, indexes) ?? extra;
        this.steps?.reveal(element);
        (element ?? this.place).scrollIntoView({ block: "center" });
        element?.focus();
      });
    for (const button of this.review.querySelectorAll("[data-form-send]"))
      button.addEventListener("click", (event) => this.send(event.currentTarget));
    const heading = this.review.querySelector("h1,h2");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
    window.scrollTo(0, 0);
  }
}

for (const root of document.querySelectorAll("[data-form]")) new Island(root).draw();
document.addEventListener("htmx:afterSwap", () => {
  for (const root of document.querySelectorAll("[data-form]:not([data-drawn])")) new Island(root).draw();
});
