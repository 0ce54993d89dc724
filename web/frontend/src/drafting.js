// A file of a draft, changed as text.
import { keeping } from "./keeping.js";

for (const root of document.querySelectorAll("[data-draft]")) {
  const field = root.querySelector("[data-text]");
  if (!field) continue;
  const kept = keeping(root, { text: () => field.value });
  field.addEventListener("input", () => kept.changed());
  root.dataset.ready = "1";
}
