// A file of a draft, changed as text.
import { beside } from "./beside.js";
import { keeping } from "./keeping.js";

for (const root of document.querySelectorAll("[data-draft]")) {
  const field = root.querySelector("[data-text]");
  if (!field) continue;
  const shown = beside(root);
  let first = true;
  const found = () => {
    if (!first) shown(); // what the page began with is drawn already
    first = false;
  };
  const kept = keeping(root, { text: () => field.value, found });
  field.addEventListener("input", () => kept.changed());
  root.dataset.ready = "1";
}
