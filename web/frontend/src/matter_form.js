// matter.yaml as a form: every key the check knows, with its words and choices. What changes is written into the text
// by the server, place by place, so that comments, quotes and order stay as somebody wrote them.
import { render } from "preact";
import { jsx, jsxs } from "preact/jsx-runtime";
import "./matter_form.css";
import { beside } from "./beside.js";
import { keeping } from "./keeping.js";
import { csrf } from "./page.js";
import { chinese } from "./words.js";
import { say } from "./words.matter.js";

const LONG = 40;
const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The words of a key: what stands before the first colon is its name, what follows helps. */
function words(field) {
  const whole = chinese() ? field.zh : field.en;
  if (chinese() && /^[a-z]/.test(whole)) return { name: field.key, help: whole }; // it begins with its first choice
  const [, name, help = ""] = /^([^：:；;，,]{1,40})[：:；;，,]?\s*([\s\S]*)$/.exec(whole) ?? [null, field.key];
  return { name: name || field.key, help };
}

class MatterForm {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector("[data-matter-place]");
    this.text = JSON.parse(root.querySelector("[data-source]").textContent);
    this.asked = JSON.parse(root.querySelector("[data-asked]").textContent);
    this.pending = [];
    this.findings = [];
    this.open = new Set();
  }

  async begin() {
    const { root } = this;
    try {
      await this.write([]);
    } catch (error) {
      const said = root.querySelector("[data-unread]");
      said.textContent = say("The file could not be read", { reason: error.message });
      said.hidden = false;
      this.place.hidden = true;
    }
    this.kept = keeping(root, {
      text: async () => {
        const changes = this.pending.splice(0);
        if (changes.length) await this.write(changes);
        return this.text;
      },
      found: (findings) => {
        this.findings = findings;
        for (const { element } of findings) this.unfold(element);
        this.draw();
      },
      jump: (element) => this.jump(element),
    });
    this.draw();
    beside(root);
    root.written = () => this.text;
    root.dataset.ready = "1";
  }

  /** The text with these changes, from the server; what it cannot change is said, and stays as it was. */
  async write(changes) {
    const answer = await fetch(this.root.dataset.said, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" },
      body: JSON.stringify({ text: this.text, changes }),
    });
    const said = await answer.json();
    const unread = this.root.querySelector("[data-unread]");
    unread.hidden = answer.ok;
    if (!answer.ok) {
      unread.textContent = said.detail ?? String(answer.status);
      if (!changes.length) throw new Error(said.detail ?? String(answer.status));
      this.value = structuredClone(this.last); // what the text still says
      this.draw();
      return;
    }
    this.text = said.text;
    this.last = JSON.parse(said.value) ?? {};
    if (!this.pending.length) this.value = structuredClone(this.last);
    this.draw();
  }

  /** This place says this now; undefined: nothing. */
  set(at, value, as = "value") {
    this.pending.push(value === undefined ? { at } : { at, [as]: value });
    let below = this.value;
    for (const part of at.slice(0, -1)) below = below[part] ??= {};
    const last = at[at.length - 1];
    if (value !== undefined && as === "value") below[last] = value;
    else if (value === undefined && Array.isArray(below)) below.splice(last, 1);
    else if (value === undefined) delete below[last];
    this.draw();
    this.kept.changed();
  }

  draw() {
    if (!this.value) return;
    render(jsx("div", { children: this.part(this.asked.root, this.value, []) }), this.place);
  }

  /** What holds this place is open. */
  unfold(element) {
    const parts = String(element).split(".");
    for (let n = 1; n <= parts.length; n += 1) this.open.add(parts.slice(0, n).join("."));
    return parts;
  }

  jump(element) {
    const parts = this.unfold(element);
    this.draw();
    for (let n = parts.length; n > 0; n -= 1) {
      const found = this.place.querySelector(`[data-at="${CSS.escape(parts.slice(0, n).join("."))}"]`);
      if (!found) continue;
      found.scrollIntoView({ block: "center" });
      found.querySelector("input, select, textarea, summary")?.focus();
      return;
    }
  }

  wrong(at) {
    const key = at.join(".");
    const here = this.findings.filter((one) => one.element === key);
    if (!here.length) return null;
    return jsx("p", { class: "yz-error", children: here.map((one) => one.text).join(" ") });
  }

  /** The keys of a part that are said or must be, and a list of what else can be. */
  part(model, value, at) {
    const fields = this.asked.models[model];
    const keys = Object.keys(value ?? {});
    const place = (one) => (keys.includes(one.key) ? keys.indexOf(one.key) : keys.length);
    const shown = fields
      .filter((one) => one.required || value?.[one.key] !== undefined)
      .sort((one, other) => place(one) - place(other)); // as they stand in the file
    const others = fields.filter((one) => !shown.includes(one));
    const unknown = keys.filter((key) => !fields.some((one) => one.key === key));
    return [
      ...shown.map((field) => this.field(field, value?.[field.key], [...at, field.key])),
      ...unknown.map((key) =>
        this.field({ key, zh: key, en: key, kind: "yaml" }, value[key], [...at, key])),
      others.length
        ? jsxs("p", {
            class: "yz-more",
            children: [
              jsxs("label", {
                children: [
                  `${say("Say more")} `,
                  jsxs("select", {
                    class: "form-select form-select-sm",
                    value: "",
                    onChange: (event) => {
                      const field = others.find((one) => one.key === event.target.value);
                      event.target.value = "";
                      if (!field) return;
                      this.open.add([...at, field.key].join("."));
                      this.set([...at, field.key], this.begun(field));
                    },
                    children: [
                      jsx("option", { value: "", children: say("Choose what to add") }),
                      ...others.map((one) => jsx("option", { value: one.key, children: `${words(one).name}（${one.key}）` }, one.key)),
                    ],
                  }),
                ],
              }),
            ],
          }, "more")
        : null,
    ];
  }

  /** What a key says at first: its own default, else as little as its kind can. */
  begun(field) {
    if (field.default !== null && field.default !== undefined && field.default !== "") return field.default;
    if (field.kind === "choice") return field.choices.find((one) => one) ?? "";
    if (field.kind === "part") return this.least(field.model);
    return { tick: true, number: 1, day: new Date().toISOString().slice(0, 10), list: [], names: {} }[field.kind] ?? "";
  }

  least(model) {
    const needed = this.asked.models[model].filter((one) => one.required);
    return Object.fromEntries(needed.map((one) => [one.key, this.begun(one)]));
  }

  field(field, value, at) {
    const { name, help } = words(field);
    const id = `yz-m-${at.join("-").replace(/\s/g, "_")}`;
    const key = at.join(".");
    const head = [name, field.required ? "" : null, jsx("code", { class: "yz-soft", children: field.key })];
    const below = ["part", "list", "names"].includes(field.kind) && this.kindOf(field, value) !== "text" && !this.simple(field);
    const about = help ? jsx("p", { class: "yz-soft", id: `${id}-about`, children: help }) : null;
    const away = field.required
      ? null
      : jsx("button", {
          type: "button",
          class: below ? "btn btn-sm" : "btn btn-sm btn-icon",
          title: say("Take away {name}", { name }),
          "aria-label": say("Take away {name}", { name }),
          onClick: () => this.set(at, undefined),
          children: below ? say("Take away") : "×",
        });
    if (below)
      return jsxs("details", {
        class: "yz-part",
        "data-at": key,
        open: this.open.has(key),
        onToggle: (event) => (event.target.open ? this.open.add(key) : this.open.delete(key)),
        children: [
          jsxs("summary", { children: [...head, this.brief(value)] }),
          about,
          this.wrong(at),
          ...this.inner(field, value, at),
          away && jsx("p", { children: away }),
        ],
      }, key);
    return jsxs("div", {
      class: "yz-field",
      "data-at": key,
      children: [
        jsx("label", { class: "form-label", for: id, children: head }),
        jsxs("div", { class: "yz-value", children: [this.input(field, value, at, id, help), away] }),
        about,
        this.wrong(at),
      ],
    }, key);
  }

  simple(field) {
    return field.kind === "list" && field.of.kind !== "part";
  }

  kindOf(field, value) {
    if (field.kind === "part" && field.or === "text" && typeof value === "string") return "text";
    return field.kind;
  }

  /** A word of what is inside, for the head of a part that is closed. */
  brief(value) {
    const list = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
    const told = Array.isArray(value) || list.every(isRecord) ? String(list.length) : list.find((one) => typeof one === "string") ?? "";
    return jsx("span", { class: "yz-soft yz-brief", children: told });
  }

  inner(field, value, at) {
    if (field.kind === "part") return isRecord(value) ? this.part(field.model, value, at) : [this.yaml(value, at, `yz-m-${at.join("-")}`)];
    if (field.kind === "list" && (Array.isArray(value) || value === undefined)) return this.entries(field, value, at);
    if (field.kind === "names" && (isRecord(value) || value === undefined)) return this.named(field, value ?? {}, at);
    return [this.yaml(value, at, `yz-m-${at.join("-")}`)];
  }

  entries(field, said, at) {
    const value = said ?? [];
    return [
      ...value.map((one, n) =>
        this.field({ ...field.of, key: String(n + 1), zh: this.title(one, n), en: this.title(one, n), required: false }, one, [...at, n])),
      jsx("button", {
        type: "button",
        class: "btn btn-sm",
        onClick: () => {
          this.open.add([...at, value.length].join("."));
          const fresh = field.of.kind === "part" ? this.least(field.of.model) : "";
          if (said === undefined) this.set(at, [fresh]);
          else this.set([...at, value.length], fresh);
        },
        children: say("One more"),
      }),
    ];
  }

  title(one, n) {
    const told = isRecord(one) ? (one.name ?? one.title ?? one.law ?? one.id) : one;
    return String(told || say("Number {value}", { value: n + 1 })).replace(/[：:；;，,]/g, " ");
  }

  named(field, value, at) {
    const id = `yz-m-${at.join("-")}-new`;
    const add = () => {
      const input = document.getElementById(id);
      const name = input.value.trim();
      if (!name || name in value) return input.focus();
      input.value = "";
      this.open.add([...at, name].join("."));
      this.set([...at, name], field.of.kind === "part" ? this.least(field.of.model) : "");
    };
    return [
      ...Object.entries(value).map(([name, one]) =>
        this.field({ ...field.of, key: name, zh: this.title(one, 0) === say("Number {value}", { value: 1 }) ? name : this.title(one, 0), en: name, required: false }, one, [...at, name])),
      jsxs("p", {
        class: "yz-more",
        children: [
          jsx("label", { for: id, children: say("Name of the new one") }),
          jsx("input", { id, class: "form-control form-control-sm", onKeyDown: (event) => event.key === "Enter" && add() }),
          jsx("button", { type: "button", class: "btn btn-sm", onClick: add, children: say("Add") }),
        ],
      }),
    ];
  }

  input(field, value, at, id, help) {
    const about = { "aria-describedby": help ? `${id}-about` : undefined };
    const change = (read) => (event) => this.set(at, read(event.target.value));
    const kind = this.kindOf(field, value);
    if (kind === "tick")
      return jsx("input", { type: "checkbox", class: "form-check-input", id, checked: value === true, onChange: (event) => this.set(at, event.target.checked), ...about });
    if (kind === "choice")
      return jsx("select", {
        id,
        class: "form-select form-select-sm",
        value: value ?? "",
        onChange: change((text) => text),
        ...about,
        children: [...new Set([...field.choices, ...(value === undefined ? [""] : [String(value)])])].map((one) => jsx("option", { value: one, selected: one === (value ?? ""), children: one || say("Not said") }, one)),
      });
    if (kind === "list" && field.of.kind === "choice") {
      const chosen = Array.isArray(value) ? value : [];
      return jsx("div", {
        id,
        role: "group",
        class: "yz-ticks",
        children: field.of.choices.map((one) =>
          jsxs("label", {
            class: "form-check",
            children: [
              jsx("input", {
                type: "checkbox",
                class: "form-check-input",
                checked: chosen.includes(one),
                onChange: (event) => this.set(at, event.target.checked ? [...chosen, one] : chosen.filter((each) => each !== one)),
              }),
              one,
            ],
          }, one)),
      });
    }
    if (kind === "list" && (value === undefined || (Array.isArray(value) && value.every((one) => !isRecord(one)))))
      return jsx("textarea", {
        id,
        class: "form-control form-control-sm",
        rows: Math.min(8, (value?.length ?? 0) + 1),
        placeholder: say("One a line"),
        value: (value ?? []).join("\n"),
        onChange: change((text) => text.split("\n").map((one) => one.trim()).filter(Boolean).map((one) => (field.of.kind === "number" ? Number(one) : one))),
        ...about,
      });
    if (kind === "number" || kind === "day")
      return jsx("input", {
        type: kind === "day" ? "date" : "number",
        id,
        class: "form-control form-control-sm",
        value: value ?? "",
        onChange: change((text) => (text === "" ? undefined : kind === "day" ? text : Number(text))),
        ...about,
      });
    if (kind === "text" && (value === undefined || !(typeof value === "object"))) {
      const told = value === undefined || value === null ? "" : String(value);
      const common = { id, class: "form-control form-control-sm", value: told, onChange: change((text) => text), ...about };
      return told.length > LONG || told.includes("\n") ? jsx("textarea", { ...common, rows: Math.min(6, 1 + Math.ceil(told.length / 60)) }) : jsx("input", common);
    }
    return this.yaml(value, at, id);
  }

  /** What no field can ask is written as a piece of the file. JSON is YAML. */
  yaml(value, at, id) {
    return jsx("textarea", {
      id,
      class: "form-control form-control-sm yz-code",
      rows: 3,
      spellcheck: false,
      "aria-label": say("Written as text"),
      value: value === undefined ? "" : JSON.stringify(value, null, 1),
      onChange: (event) => this.set(at, event.target.value, "yaml"),
    });
  }
}

for (const root of document.querySelectorAll("[data-matter-form]")) new MatterForm(root).begin();
