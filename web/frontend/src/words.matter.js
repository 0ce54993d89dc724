// The words of the form for matter.yaml; what each key means comes with it, from the models of the check.
import zh from "./words.matter.zh.json";
import { chinese, word } from "./words.js";

/** The word for an English one, its {places} filled from `values`. */
export function say(template, values = {}) {
  const own = chinese() ? zh[template] : undefined;
  if (own === undefined) return word(template, values);
  return own.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
}
