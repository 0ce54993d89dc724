// A passkey is made ("create") or asked for ("get") by the browser; the form then goes as any other.
//
// <form data-passkey="get" data-options="/address" method="post" action="…" hidden>
//   <input type="hidden" name="csrf_token" …><input type="hidden" name="credential">
//   <button type="submit">…</button><p data-passkey-said data-failed="…" hidden></p>
// </form>
//
// The options come by POST as {"options": …}, or {"to": "/address"} when the person has to go elsewhere first.
import { csrf } from "./page.js";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const form of document.querySelectorAll("form[data-passkey]")) offer(form);
}

/** What the hall refuses, in words that are for the person. */
class Said extends Error {}

function offer(form) {
  const said = form.querySelector("[data-passkey-said]");
  const button = form.querySelector("button[type=submit]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.hidden = true;
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.options, {
        method: "POST",
        headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
      });
      const found = await answer.json();
      if (found.to) return location.assign(found.to);
      if (!answer.ok) throw new Said(found.detail);
      const made = await navigator.credentials[form.dataset.passkey]({ publicKey: read(found.options) });
      form.elements.credential.value = JSON.stringify(write(made));
      form.submit();
    } catch (error) {
      // What the browser says (it was called off, there is no network, a proxy sent a page) is for nobody.
      said.textContent = error instanceof Said && error.message ? error.message : said.dataset.failed;
      said.hidden = false;
      button.disabled = false;
    }
  });
}

function read(options) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) made.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) made.allowCredentials = known(options.allowCredentials);
  return made;
}

function write(made) {
  const { response } = made;
  const parts = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (response[name]) parts[name] = text(response[name]);
  if (response.getTransports) parts.transports = response.getTransports();
  return { id: made.id, rawId: text(made.rawId), type: made.type, response: parts };
}
