// A diagram to look at, with the step the case is at lit and the way it came drawn strong.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./diagram.css";
import { translateModule, word } from "./words.js";

async function draw(root) {
  root.dataset.drawn = "1";
  const place = root.querySelector("[data-diagram-place]");
  const viewer = new Viewer({ container: place, additionalModules: [translateModule] });
  const marks = JSON.parse(root.querySelector("script[data-marks]")?.textContent || "{}");
  try {
    const answer = await fetch(root.dataset.diagram);
    if (!answer.ok) throw new Error(String(answer.status));
    await viewer.importXML(await answer.text());
  } catch (error) {
    place.textContent = word("The diagram could not be drawn", { reason: error.message });
    return;
  }
  const canvas = viewer.get("canvas");
  const elements = viewer.get("elementRegistry");
  const mark = (ids, name) => {
    for (const id of ids ?? []) if (elements.get(id)) canvas.addMarker(id, name);
  };
  const done = new Set([...(marks.done ?? []), ...(marks.current ?? [])]);
  mark(marks.done, "yz-done");
  mark(marks.current, "yz-current");
  mark(marks.findings, "yz-finding");
  // Only people's steps are recorded; what ran by itself between two of them is on the way the case came.
  const passes = (one) => !/UserTask$|ManualTask$|CallActivity$|SubProcess$/.test(one.type);
  const back = (one, way) => {
    for (const flow of (one.incoming ?? []).filter((each) => each.type === "bpmn:SequenceFlow")) {
      const from = flow.source;
      if (!from || way.has(flow.id)) continue;
      way.add(flow.id);
      if (done.has(from.id) || from.type === "bpmn:StartEvent") {
        if (from.type === "bpmn:StartEvent") way.add(from.id);
        mark(way, "yz-done");
      } else if (passes(from)) {
        way.add(from.id);
        back(from, new Set(way));
      }
      way.delete(flow.id);
      way.delete(from.id);
    }
  };
  for (const id of done) if (elements.get(id)) back(elements.get(id), new Set());
  // The step the case is at may stand inside a sub-process with a plane of its own: that plane is the one to see first.
  const at = (marks.current ?? []).find((id) => elements.get(id));
  if (at) canvas.setRootElement(canvas.findRoot(at) ?? canvas.getRootElement());
  const fit = () => {
    if (place.clientWidth === 0) return;
    canvas.zoom("fit-viewport", "auto");
    if (canvas.zoom() > 1.1) canvas.zoom(1, "auto");
  };
  fit();
  document.addEventListener("yz:shown", () => {
    canvas.resized();
    fit();
  });
  const zoom = viewer.get("zoomScroll");
  for (const button of root.querySelectorAll("[data-zoom]"))
    button.addEventListener("click", () =>
      button.dataset.zoom === "fit" ? fit() : zoom.stepZoom(button.dataset.zoom === "in" ? 1 : -1),
    );
  const svg = place.querySelector("svg[data-element-id], .djs-container > svg");
  svg?.setAttribute("role", "img");
  svg?.setAttribute("aria-label", root.dataset.label || "");
  root.dataset.ready = "1";
}

const all = () => {
  for (const root of document.querySelectorAll("[data-diagram]:not([data-drawn])")) draw(root);
};
all();
document.addEventListener("htmx:afterSwap", all);
