// Decisions of a draft: tables, expressions and how they hang together. Of the file only what was changed is written.
import Modeler from "dmn-js/lib/Modeler";
import "dmn-js/dist/assets/diagram-js.css";
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-drd.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-decision-table-controls.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression-controls.css";
import "dmn-js/dist/assets/dmn-font/css/dmn-embedded.css";
import "./diagram.css";
import "./decision_editor.css";
import { laidOut } from "./decision_layout.js";
import { keeping } from "./keeping.js";
import { say } from "./words.decision.js";
import { changed } from "./xml_text.js";

//: What the hall's FEEL knows; Any where a context or a list comes in.
const TYPES = ["string", "boolean", "number", "date", "time", "dateTime", "dayTimeDuration", "yearMonthDuration", "Any"];
const common = {
  additionalModules: [{ translate: ["value", say] }],
  keyboard: { bind: true },
};

class Editor {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector("[data-decision-place]");
    this.stored = JSON.parse(root.querySelector("[data-source]").textContent);
    this.modeler = new Modeler({
      container: this.place,
      drd: common,
      decisionTable: common,
      literalExpression: common,
      boxedExpression: common,
      common: {
        dataTypes: TYPES,
        expressionLanguages: { options: [{ value: "feel", label: "FEEL" }], defaults: { editor: "feel" } },
      },
    });
    this.findings = [];
  }

  async draw() {
    const { modeler, root } = this;
    modeler.on("viewer.created", ({ viewer }) => {
      viewer.on("commandStack.changed", () => {
        this.kept?.changed();
        this.tabs();
      });
      viewer.on("import.done", () => requestAnimationFrame(() => this.mark()));
    });
    try {
      await modeler.importXML(laidOut(this.stored));
      this.base = (await modeler.saveXML({ format: true })).xml;
    } catch (error) {
      const said = root.querySelector("[data-unread]");
      said.textContent = say("The decisions could not be read", { reason: error.message });
      said.hidden = false;
      this.place.hidden = true;
      return;
    }
    const views = modeler.getViews();
    await this.open(views.find((view) => view.type !== "drd") ?? views[0]);
    this.kept = keeping(root, {
      text: () => this.text(),
      found: (findings) => {
        this.findings = findings;
        this.mark();
      },
      jump: (element) => this.jump(element),
    });
    const stack = () => modeler.getActiveViewer().get("commandStack");
    root.querySelector("[data-undo]").addEventListener("click", () => stack().undo());
    root.querySelector("[data-redo]").addEventListener("click", () => stack().redo());
    root.written = () => this.text();
    root.dataset.ready = "1";
  }

  async text() {
    return changed(this.stored, this.base, (await this.modeler.saveXML({ format: true })).xml);
  }

  async open(view) {
    await this.modeler.open(view);
    if (view.type === "drd") this.modeler.getActiveViewer().get("canvas").zoom("fit-viewport", "auto");
    this.tabs();
    this.mark();
  }

  /** One button for each decision, and one for how they hang together. */
  tabs() {
    const active = this.modeler.getActiveView();
    this.root.querySelector("[data-decision-views]").replaceChildren(
      ...this.modeler.getViews().map((view) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = `btn btn-sm${view.element === active?.element ? " active" : ""}`;
        button.setAttribute("aria-pressed", String(view.element === active?.element));
        button.textContent = view.type === "drd" ? say("How they hang together") : view.name || view.id;
        button.addEventListener("click", () => this.open(view));
        return button;
      }),
    );
  }

  /** What the check finds, at its rule, column or decision. */
  mark() {
    for (const one of this.place.querySelectorAll("[data-found]")) {
      delete one.dataset.found;
      one.removeAttribute("title");
    }
    for (const finding of this.findings) {
      const drawn = finding.element && this.place.querySelector(`[data-element-id="${CSS.escape(finding.element)}"], [data-row-id="${CSS.escape(finding.element)}"], [data-col-id="${CSS.escape(finding.element)}"]`);
      if (!drawn) continue;
      drawn.dataset.found = finding.severity;
      drawn.title = finding.text;
    }
  }

  async jump(element) {
    const holds = (view) => {
      const found = (one) => one && (one.id === element || [one.decisionLogic, ...(one.rule ?? []), ...(one.input ?? []), ...(one.output ?? [])].some((inner) => inner && found(inner)));
      return found(view.element);
    };
    const view = this.modeler.getViews().find((one) => one.type !== "drd" && holds(one));
    if (view) await this.open(view);
    this.place.querySelector("[data-found]")?.scrollIntoView({ block: "center" });
  }
}

for (const root of document.querySelectorAll("[data-decision-editor]")) new Editor(root).draw();
