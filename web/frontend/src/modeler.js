// A diagram to try and change in the browser: nothing here is saved on the server.
import Modeler from "bpmn-js/lib/Modeler";
import {
  BpmnPropertiesPanelModule,
  BpmnPropertiesProviderModule,
  ZeebePropertiesProviderModule,
} from "bpmn-js-properties-panel";
import { CloudElementTemplatesPropertiesProviderModule } from "bpmn-js-element-templates";
import zeebeBehaviors from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";
import tokenSimulation from "bpmn-js-token-simulation";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css";
import "@bpmn-io/properties-panel/dist/assets/properties-panel.css";
import "bpmn-js-element-templates/dist/assets/element-templates.css";
import "bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css";
import "./diagram.css";
import { word } from "./words.js";
import { translate } from "./words.modeler.js";

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
      zeebeBehaviors,
      tokenSimulation,
      { translate: ["value", translate] },
    ],
    moddleExtensions: { zeebe },
  });
  const templates = JSON.parse(root.querySelector("script[data-templates]")?.textContent || "[]");
  if (templates.length) modeler.get("elementTemplatesLoader").setTemplates(templates);
  try {
    const answer = await fetch(root.dataset.modeler);
    if (!answer.ok) throw new Error(String(answer.status));
    await modeler.importXML(await answer.text());
    modeler.get("canvas").zoom("fit-viewport", "auto");
  } catch (error) {
    place.textContent = word("The diagram could not be drawn", { reason: error.message });
  }
  root.querySelector("[data-modeler-download]")?.addEventListener("click", async () => {
    const { xml } = await modeler.saveXML({ format: true });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([xml], { type: "application/xml" }));
    link.download = root.dataset.file || "process.bpmn";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  root.querySelector("[data-modeler-undo]")?.addEventListener("click", () => modeler.get("commandStack").undo());
  root.querySelector("[data-modeler-redo]")?.addEventListener("click", () => modeler.get("commandStack").redo());
  root.dataset.ready = "1";
}

for (const root of document.querySelectorAll("[data-modeler]")) draw(root);
