// A diagram to look at, with the step the case is at lit and the way it came drawn strong.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./diagram.css";
import { translateModule, word } from "./words.js";

/** How many stories pass an element, at its corner. */
function counts(overlays, elements, of) {
  overlays.remove({ type: "count" });
  for (const [id, n] of Object.entries(of ?? {})) {
    if (!elements.get(id) || elements.get(id).waypoints) continue;
    const badge = document.createElement("span");
    badge.className = "yz-count";
    badge.textContent = String(n);
    overlays.add(id, "count", { position: { top: -10, right: 10 }, html: badge, scale: { min: 0.6, max: 1.2 } });
  }
}

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
  const marked = [];
  const mark = (ids, name) => {
    for (const id of ids ?? [])
      if (elements.get(id)) {
        canvas.addMarker(id, name);
        marked.push([id, name]);
      }
  };
  const show = (known) => {
    for (const [id, name] of marked.splice(0)) canvas.removeMarker(id, name);
    mark(known.done, "yz-done");
    mark(known.flows, "yz-done");
    mark(known.current, "yz-current");
    mark(known.findings, "yz-finding");
    mark(known.bare, "yz-bare");
    for (const [id, level] of Object.entries(known.heat ?? {})) mark([id], `yz-heat-${level}`);
    counts(viewer.get("overlays"), elements, known.counts);
  };
  /** A step of a wide drawing is read at its own size, in the middle. */
  const centre = (id) => {
    const one = elements.get(id);
    if (!one || place.clientWidth === 0) return;
    canvas.setRootElement(canvas.findRoot(one) ?? canvas.getRootElement());
    canvas.resized();
    const scale = Math.max(canvas.zoom("fit-viewport"), 0.7);
    const { width, height } = canvas.viewbox().outer;
    const [x, y] = [one.x + (one.width ?? 0) / 2, one.y + (one.height ?? 0) / 2];
    const [wide, high] = [width / scale, height / scale];
    canvas.viewbox({ x: x - wide / 2, y: y - high / 2, width: wide, height: high });
  };
  root.addEventListener("yz:marks", (event) => {
    show(event.detail);
    if (event.detail.at) centre(event.detail.at);
  });
  show(root.marks ?? marks);
  // Where the flows that were taken are known (a play, the stories), nothing is guessed.
  const guessed = root.marks === undefined && marks.flows === undefined;
  const done = new Set(guessed ? [...(marks.done ?? []), ...(marks.current ?? [])] : []);
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
  if (root.marks?.at) centre(root.marks.at);
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
