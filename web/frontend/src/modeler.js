// A diagram to change in the browser: of a draft, kept on the server as it changes; else to try, and to download.
import Modeler from "bpmn-js/lib/Modeler";
import {
  BpmnPropertiesPanelModule,
  BpmnPropertiesProviderModule,
  ZeebePropertiesProviderModule,
} from "bpmn-js-properties-panel";
import { CloudElementTemplatesPropertiesProviderModule } from "bpmn-js-element-templates";
import zeebeBehaviors from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";
import ElementTemplateChooser from "@bpmn-io/element-template-chooser";
import tokenSimulation from "bpmn-js-token-simulation";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css";
import "@bpmn-io/properties-panel/dist/assets/properties-panel.css";
import "bpmn-js-element-templates/dist/assets/element-templates.css";
import "@bpmn-io/element-template-chooser/dist/element-template-chooser.css";
import "bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css";
import "./diagram.css";
import { keeping } from "./keeping.js";
import { word } from "./words.js";
import { translate } from "./words.modeler.js";
import { changed } from "./xml_text.js";

/** What the check refuses is not offered: our hall runs no listeners and knows no workers' priorities. */
const REFUSED = new Set(["Zeebe__ExecutionListeners", "Zeebe__TaskListeners", "jobPriorityDefinition"]);

class OnlyWhatRuns {
  static $inject = ["propertiesPanel"];

  constructor(panel) {
    panel.registerProvider(100, this); // after those that put them there
  }

  getGroups() {
    return (groups) => groups.filter((one) => !REFUSED.has(one.id));
  }
}

/** Of a draft: every change is kept, and what the check finds stands at its element. */
function keep(root, modeler, written) {
  const [overlays, canvas, registry] = ["overlays", "canvas", "elementRegistry"].map((name) => modeler.get(name));
  let marked = [];

  function found(findings) {
    overlays.remove({ type: "finding" });
    for (const id of marked) canvas.removeMarker(id, "yz-found");
    marked = [];
    const of = new Map();
    for (const one of findings) if (registry.get(one.element)) of.set(one.element, [...(of.get(one.element) ?? []), one]);
    for (const [id, some] of of) {
      const badge = document.createElement("span");
      badge.className = `yz-badge yz-badge-${some.some((one) => one.severity === "error") ? "error" : "warning"}`;
      badge.textContent = String(some.length);
      badge.title = some.map((one) => one.text).join("\n");
      overlays.add(id, "finding", { position: { top: -10, right: 10 }, html: badge });
      canvas.addMarker(id, "yz-found");
      marked.push(id);
    }
  }

  const kept = keeping(root, {
    text: written,
    found,
    jump(id) {
      const element = registry.get(id);
      if (!element) return;
      canvas.scrollToElement(element);
      modeler.get("selection").select(element);
      root.querySelector("[data-modeler-place]").scrollIntoView({ block: "center" });
    },
  });
  modeler.on("commandStack.changed", () => kept.changed());
}

/** To be read without zooming in: what is small enough whole, else its beginning at its own size. */
function begin(modeler) {
  const canvas = modeler.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() >= 0.75) return;
  const starts = modeler.get("elementRegistry").filter((one) => one.type === "bpmn:StartEvent");
  const first = starts.sort((one, other) => one.x - other.x)[0];
  canvas.zoom(1);
  if (!first) return;
  const { width, height } = canvas.viewbox().outer;
  canvas.viewbox({ x: first.x - 140, y: first.y - height / 2, width, height });
}

async function draw(root) {
  const place = root.querySelector("[data-modeler-place]");
  const modeler = new Modeler({
    container: place,
    propertiesPanel: { parent: root.querySelector("[data-modeler-panel]") },
    additionalModules: [
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      ZeebePropertiesProviderModule,
      CloudElementTemplatesPropertiesProviderModule,
      ElementTemplateChooser,
      zeebeBehaviors,
      tokenSimulation,
      { translate: ["value", translate] },
      { __init__: ["onlyWhatRuns"], onlyWhatRuns: ["type", OnlyWhatRuns] },
      { bpmnDiOrdering: ["value", {}] }, // what was not touched stays where it stands in the file
    ],
    moddleExtensions: { zeebe },
  });
  const templates = JSON.parse(root.querySelector("script[data-templates]")?.textContent || "[]");
  if (templates.length) modeler.get("elementTemplatesLoader").setTemplates(templates);
  let [stored, base] = ["", ""];
  // Of the file only what was changed is written anew: its blanks, and what the canvas does not know, are the file's.
  const written = async () => changed(stored, base, (await modeler.saveXML({ format: true })).xml);
  try {
    const answer = await fetch(root.dataset.modeler);
    if (!answer.ok) throw new Error(String(answer.status));
    stored = await answer.text();
    await modeler.importXML(stored);
    base = (await modeler.saveXML({ format: true })).xml;
    begin(modeler);
  } catch (error) {
    place.textContent = word("The diagram could not be drawn", { reason: error.message });
  }
  if ("draft" in root.dataset) keep(root, modeler, written);
  root.querySelector("[data-modeler-download]")?.addEventListener("click", async () => {
    const xml = await written();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([xml], { type: "application/xml" }));
    link.download = root.dataset.file || "process.bpmn";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  root.querySelector("[data-modeler-fit]")?.addEventListener("click", () => modeler.get("canvas").zoom("fit-viewport", "auto"));
  root.querySelector("[data-modeler-undo]")?.addEventListener("click", () => modeler.get("commandStack").undo());
  root.querySelector("[data-modeler-redo]")?.addEventListener("click", () => modeler.get("commandStack").redo());
  root.written = written;
  root.dataset.ready = "1";
}

for (const root of document.querySelectorAll("[data-modeler]")) draw(root);
