// Which keys a telephone shows for a field. A number is typed on number keys; an identity number may end in X and a
// passport begins with letters, and no telephone has those among its digits: a button brings the letters.
import { word } from "./words.js";

const KEYS = {
  "cn-mobile": { inputmode: "tel", autocomplete: "tel" },
  "cn-phone": { inputmode: "tel", autocomplete: "tel" },
  "cn-id": { inputmode: "numeric", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" },
  "bank-card": { inputmode: "numeric", autocomplete: "off" },
  isbn: { inputmode: "numeric", autocomplete: "off" },
  uscc: { autocapitalize: "characters", autocomplete: "off", spellcheck: "false" },
};
const TYPES = { phone: { inputmode: "tel" }, email: { inputmode: "email", autocomplete: "email", autocapitalize: "off" } };

function of(field) {
  if (field.type === "number") return { inputmode: field.decimalDigits > 0 ? "decimal" : "numeric" };
  if (field.type === "datetime") return { autocomplete: "off" };
  if (field.type !== "textfield") return null;
  return KEYS[field.properties?.check] ?? TYPES[field.validate?.validationType] ?? null;
}

/** Give the inputs of `place` the keys of their fields; rows may come later, so it is called again. */
export function giveKeys(place, fields) {
  for (const field of fields) {
    const keys = of(field);
    if (!keys) continue;
    const own = new RegExp(`-${field.id.replace(/\W/g, "\\$&")}(_\\d+)*(-date|-time)?$`); // apply_2, not apply_20
    for (const input of place.querySelectorAll(`input[id*="-${CSS.escape(field.id)}"]:not([data-keys])`)) {
      if (!own.test(input.id)) continue;
      input.dataset.keys = "1";
      for (const [name, value] of Object.entries(keys)) input.setAttribute(name, value);
      if (field.properties?.check === "cn-id" && !input.readOnly && !input.disabled) letters(input);
    }
  }
}

function letters(input) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fjs-button yz-letters";
  button.textContent = word("Letters such as X");
  button.addEventListener("click", () => {
    const digits = input.inputMode !== "text";
    input.inputMode = digits ? "text" : "numeric";
    button.textContent = word(digits ? "Number keys" : "Letters such as X");
    input.blur(); // a telephone changes its keys when the field is entered anew
    input.focus();
  });
  (input.closest(".fjs-input-group") ?? input).after(button);
}
