// Two small islands for a page where something is handed over, checked in or lent.
//
// <div data-scan="qr_code,ean_13" data-scanner="…/scanner-HASH.js" [data-scan-sends]>
//   <input …>                                    what is scanned goes here; typing, and a scanner that types, always work
//   <button type="button" data-scan-start hidden>     shown only where there is a camera
//   <div data-scan-place hidden><video muted playsinline></video>
//     <p data-scan-status role="status" data-looking="…" data-refused="…"></p>
//     <button type="button" data-scan-stop></button></div>
// </div>
// data-scan-sends: the form is sent as soon as something was read.
//
// <div data-pad><canvas width="600" height="200"></canvas><input type="hidden" …><button data-pad-clear></button></div>
import { draw, listen } from "./pad.js";

for (const place of document.querySelectorAll("[data-scan]")) scan(place);
for (const place of document.querySelectorAll("[data-pad]")) pad(place);

function scan(place) {
  const field = place.querySelector("input");
  const start = place.querySelector("[data-scan-start]");
  const view = place.querySelector("[data-scan-place]");
  const status = place.querySelector("[data-scan-status]");
  if (!navigator.mediaDevices?.getUserMedia || !start || !view) return;
  let stop = null;
  start.hidden = false;
  const end = () => {
    stop?.();
    stop = null;
    view.hidden = true;
    start.hidden = false;
  };
  start.addEventListener("click", async () => {
    start.hidden = true;
    view.hidden = false;
    status.textContent = status.dataset.looking;
    try {
      const { look } = await import(place.dataset.scanner);
      stop = await look(view.querySelector("video"), place.dataset.scan.split(","), (text) => {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
        end();
        field.focus();
        if ("scanSends" in place.dataset) field.form?.requestSubmit();
      });
      view.querySelector("[data-scan-stop]")?.focus();
    } catch {
      // No camera, no leave to use it, or no network: the person types.
      end();
      view.hidden = false;
      view.querySelector("video").hidden = true;
      view.querySelector("[data-scan-stop]").hidden = true;
      status.textContent = status.dataset.refused;
      field.focus();
    }
  });
  view.querySelector("[data-scan-stop]")?.addEventListener("click", () => {
    end();
    field.focus();
  });
  window.addEventListener("pagehide", end);
}

function pad(place) {
  const canvas = place.querySelector("canvas");
  const kept = place.querySelector("input");
  const show = () => draw(canvas, kept.value);
  let silent = listen(canvas, kept.value, keep);
  function keep(path) {
    kept.value = path;
  }
  place.querySelector("[data-pad-clear]")?.addEventListener("click", () => {
    kept.value = "";
    silent();
    silent = listen(canvas, "", keep);
    show();
  });
  show();
}

// A QR is good for half an hour at least: a page left open shows a new one in time.
if (document.querySelector("[data-renew]")) setTimeout(() => location.reload(), 20 * 60 * 1000);
