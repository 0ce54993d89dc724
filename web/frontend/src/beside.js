// Beside a text of a draft: what it gives people on the facts of a story, drawn anew when what was changed is kept.
import "./beside.css";
import { word } from "./words.js";

/** What stands beside, in `root`; call what comes back each time something was kept. */
export function beside(root) {
  const place = root.querySelector("[data-beside]");
  const story = place?.querySelector("[data-story]");
  if (!story) return () => {};
  const frame = place.querySelector("[data-paper]");
  const told = place.querySelector("[data-told]");
  const address = () => `${place.dataset.beside}${place.dataset.beside.includes("?") ? "&" : "?"}story=${encodeURIComponent(story.value)}`;
  let n = 0;

  async function run() {
    const mine = ++n;
    told.textContent = word("Playing");
    const answer = await fetch(address(), { headers: { Accept: "text/html" } }).catch(() => null);
    if (mine !== n) return; // another was asked for meanwhile
    if (answer?.ok) told.innerHTML = await answer.text();
    else told.textContent = word("The network is not available");
  }

  const draw = () => {
    frame.src = `${address()}&n=${++n}`;
  };
  story.addEventListener("change", frame ? draw : run);
  place.querySelector("[data-run]")?.addEventListener("click", run);
  if (frame) draw();
  return frame ? draw : () => {};
}
