// Two versions of a drawing under each other: what is new, gone, other or only moved is marked, and both move together.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./compare.css";
import { translateModule, word } from "./words.js";

const SIGNS = { added: "＋", changed: "～", gone: "－", moved: "↔" };
// What is drawn on which side: a new element stands on the right one only.
const SIDES = { before: ["gone", "changed", "moved"], after: ["added", "changed", "moved"] };

async function side(place, marks) {
  const viewer = new Viewer({ container: place, additionalModules: [translateModule] });
  try {
    const answer = await fetch(place.dataset.address);
    if (!answer.ok) throw new Error(String(answer.status));
    await viewer.importXML(await answer.text());
  } catch (error) {
    place.textContent = word("The diagram could not be drawn", { reason: error.message });
    return null;
  }
  const canvas = viewer.get("canvas");
  const elements = viewer.get("elementRegistry");
  const overlays = viewer.get("overlays");
  for (const what of SIDES[place.dataset.side])
    for (const id of marks[what] ?? []) {
      const element = elements.get(id);
      if (!element) continue;
      canvas.addMarker(id, `yz-${what}`);
      const html = document.createElement("span");
      html.className = `yz-sign yz-sign-${what}`;
      html.textContent = SIGNS[what];
      html.setAttribute("aria-hidden", "true");
      if (!element.waypoints) overlays.add(id, "change", { position: { top: -10, left: -10 }, scale: { min: 0.8 }, html });
    }
  const svg = place.querySelector("svg[data-element-id], .djs-container > svg");
  svg?.setAttribute("role", "img");
  svg?.setAttribute("aria-label", place.getAttribute("aria-label"));
  return viewer;
}

/** What is done to one of them is done to the other. */
function together(viewers) {
  let following = false;
  for (const one of viewers)
    one.get("eventBus").on("canvas.viewbox.changed", ({ viewbox }) => {
      if (following) return;
      following = true;
      const { x, y, width, height } = viewbox;
      for (const other of viewers) if (other !== one) other.get("canvas").viewbox({ x, y, width, height });
      following = false;
    });
}

function show(viewers, id) {
  for (const viewer of viewers) {
    const canvas = viewer.get("canvas");
    const element = viewer.get("elementRegistry").get(id);
    for (const lit of viewer.get("elementRegistry").filter((one) => canvas.hasMarker(one.id, "yz-shown")))
      canvas.removeMarker(lit.id, "yz-shown");
    if (!element) continue;
    canvas.setRootElement(canvas.findRoot(id) ?? canvas.getRootElement());
    canvas.addMarker(id, "yz-shown");
    const { x, y, width, height } = element.waypoints
      ? { ...element.waypoints[0], width: 0, height: 0 }
      : element;
    canvas.zoom(1);
    const { width: seen, height: high } = canvas.viewbox();
    canvas.viewbox({ x: x + width / 2 - seen / 2, y: y + height / 2 - high / 2, width: seen, height: high });
  }
}

async function draw(root) {
  const marks = JSON.parse(root.querySelector("script[data-marks]").textContent);
  const viewers = [];
  for (const place of root.querySelectorAll("[data-side]")) viewers.push(await side(place, marks));
  const drawn = viewers.filter(Boolean);
  if (drawn.length) {
    together(drawn);
    const last = drawn[drawn.length - 1];
    const fit = () => last.get("canvas").zoom("fit-viewport", "auto");
    fit();
    for (const button of root.querySelectorAll("[data-zoom]"))
      button.addEventListener("click", () =>
        button.dataset.zoom === "fit" ? fit() : last.get("zoomScroll").stepZoom(button.dataset.zoom === "in" ? 1 : -1),
      );
  }
  for (const button of document.querySelectorAll("[data-show]"))
    if (button.dataset.file === root.dataset.compare) {
      button.addEventListener("click", () => {
        show(drawn, button.dataset.show);
        root.scrollIntoView({ block: "start" });
      });
    }
  root.dataset.ready = "1";
}

for (const root of document.querySelectorAll("[data-compare]")) draw(root);
