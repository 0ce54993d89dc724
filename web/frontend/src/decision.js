// A decision table to look at.
import Viewer from "dmn-js/lib/NavigatedViewer";
import "dmn-js/dist/assets/diagram-js.css";
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-drd.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "./diagram.css";
import { translateModule, word } from "./words.js";

async function draw(root) {
  const place = root.querySelector("[data-decision-place]");
  const common = { additionalModules: [translateModule] };
  const viewer = new Viewer({ container: place, drd: common, decisionTable: common, literalExpression: common });
  try {
    const answer = await fetch(root.dataset.decision);
    if (!answer.ok) throw new Error(String(answer.status));
    await viewer.importXML(await answer.text());
    const table = viewer.getViews().find((view) => view.type === "decisionTable");
    if (table) await viewer.open(table);
    // A wide table scrolls: the keyboard must be able to reach it too.
    const wide = place.querySelector(".tjs-table-container");
    if (wide) {
      wide.tabIndex = 0;
      wide.setAttribute("role", "region");
      wide.setAttribute("aria-label", document.title);
    }
  } catch (error) {
    place.textContent = word("The table could not be drawn", { reason: error.message });
  }
  root.dataset.ready = "1";
}

for (const root of document.querySelectorAll("[data-decision]")) draw(root);
