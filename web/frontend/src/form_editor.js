// A form of a draft: its parts are dragged from a palette, what each asks stands beside it, and the preview is drawn by
// what draws it for people. Of the file only what was changed is written anew.
import { FormEditor } from "@bpmn-io/form-js-editor";
import { createForm } from "@bpmn-io/form-js-viewer";
import flatpickr from "flatpickr";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import "@bpmn-io/form-js-editor/dist/assets/dragula.css";
import "@bpmn-io/form-js-editor/dist/assets/form-js-editor-base.css";
import "./form.css";
import "./form_editor.css";
import { filesModule } from "./files.js";
import { Panel } from "./form_editor_panel.js";
import { partsModule } from "./form_editor_parts.js";
import { changed } from "./json_text.js";
import { keeping } from "./keeping.js";
import { selectModule } from "./select.js";
import { signatureModule } from "./signature.js";
import { chinese } from "./words.js";
import { say } from "./words.editor.js";

const translated = { translate: ["value", say] };
const ours = [translated, selectModule, signatureModule];
//: Its own panel is not drawn: ours says what the hall reads, in the hall's words.
const none = { attachTo() {}, detach() {}, registerProvider() {} };
const withoutPanel = { propertiesPanel: ["value", none] };

/** What the editor says of the form, without the rows it gives every part: one alone in its row stands there anyhow. */
function plain(schema) {
  const inside = (components) => {
    const rows = new Map();
    for (const one of components ?? []) rows.set(one.layout?.row, (rows.get(one.layout?.row) ?? 0) + 1);
    return components?.map(({ layout, ...one }) => {
      const alone = !layout || (rows.get(layout.row) === 1 && !layout.columns);
      return { ...one, ...(alone ? {} : { layout }), ...(one.components && { components: inside(one.components) }) };
    });
  };
  return JSON.parse(JSON.stringify({ ...schema, components: inside(schema.components) }));
}

/** Options that the hall gives are not known here: two stand for them. */
function sampled(part) {
  if (part.properties?.offers && !part.values?.length)
    part.values = [1, 2].map((n) => ({ label: say("Given by the hall {value}", { value: n }), value: String(n) }));
  for (const one of part.components ?? []) sampled(one);
  return part;
}

class Preview {
  constructor(root, schema) {
    this.root = root;
    this.schema = schema;
    this.place = root.querySelector("[data-form-preview]");
    this.button = root.querySelector("[data-form-try]");
    this.button.addEventListener("click", () => this.toggle());
    root.querySelector("[data-form-validate]").addEventListener("click", () => this.form?.validate());
  }

  async toggle() {
    const on = this.place.hidden;
    this.button.setAttribute("aria-pressed", String(on));
    this.place.hidden = !on;
    this.root.querySelector("[data-form-edit]").hidden = on;
    this.root.querySelector("[data-form-validate]").hidden = !on;
    this.form?.destroy();
    this.form = null;
    if (!on) return;
    const keeper = { upload: () => Promise.reject(new Error(say("Nothing is sent here"))), named: () => undefined };
    this.form = await createForm({
      container: this.place,
      schema: sampled(this.schema()),
      additionalModules: [...ours, filesModule(keeper)],
      debounce: false,
    });
    this.place.querySelector("form")?.addEventListener("submit", (event) => event.preventDefault());
  }
}

async function draw(root) {
  const stored = JSON.parse(root.querySelector("[data-source]").textContent);
  const place = root.querySelector("[data-form-canvas]");
  if (chinese()) flatpickr.localize(Mandarin);
  const editor = new FormEditor({
    container: place,
    palette: { parent: root.querySelector("[data-form-palette]") },
    propertiesPanel: { parent: root.querySelector("[data-form-panel]") },
    additionalModules: [...ours, filesModule({ named: () => undefined }), partsModule, withoutPanel],
  });
  let base;
  try {
    await editor.importSchema(JSON.parse(stored));
    base = plain(editor.getSchema());
  } catch (error) {
    root.querySelector("[data-form-edit]").hidden = true;
    const said = root.querySelector("[data-unread]");
    said.textContent = say("The form could not be read", { reason: error.message });
    said.hidden = false;
    return;
  }
  const text = () => changed(stored, base, plain(editor.getSchema()));
  const registry = editor.get("formFieldRegistry");
  const of = (element) => registry.getAll().find((one) => [one.id, one.key, one.path].includes(element));

  let found = [];
  const mark = () => {
    for (const one of place.querySelectorAll("[data-found]")) {
      delete one.dataset.found;
      one.removeAttribute("title");
    }
    for (const finding of found) {
      const field = of(finding.element);
      const drawn = field && place.querySelector(`.fjs-element[data-id="${CSS.escape(field.id)}"]`);
      if (!drawn) continue;
      drawn.dataset.found = finding.severity === "error" || drawn.dataset.found === "error" ? "error" : "warning";
      drawn.title = [drawn.title, finding.text].filter(Boolean).join("\n");
    }
  };
  const kept = keeping(root, {
    text,
    found(findings) {
      found = findings;
      mark();
    },
    jump(element) {
      const field = of(element);
      if (!field) return;
      editor.get("selection").set(field);
      place.querySelector(`.fjs-element[data-id="${CSS.escape(field.id)}"]`)?.scrollIntoView({ block: "center" });
    },
  });
  new Panel(editor, root.querySelector("[data-form-panel]"));
  new Preview(root, () => plain(editor.getSchema()));
  const stack = editor.get("commandStack");
  editor.on("commandStack.changed", () => {
    kept.changed();
    requestAnimationFrame(mark);
  });
  root.querySelector("[data-undo]").addEventListener("click", () => stack.undo());
  root.querySelector("[data-redo]").addEventListener("click", () => stack.redo());
  root.written = text;
  requestAnimationFrame(() => {
    mark();
    root.dataset.ready = "1";
  });
}

for (const root of document.querySelectorAll("[data-form-editor]")) draw(root);
