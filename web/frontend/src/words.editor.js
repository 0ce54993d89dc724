// The words of the form editor: ours for its palette and panel, on top of those every form has.
import en from "./words.editor.en.json";
import zh from "./words.editor.zh.json";
import { chinese, word } from "./words.js";

/** The word for an English one, its {places} filled from `values`. */
export function say(template, values = {}) {
  const own = (chinese() ? zh : en)[template];
  if (own === undefined) return word(template, values);
  return own.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
}

/** What the palette shows: what this hall can ask and keep. Others are drawn where a form has them already. */
const NOT_OFFERED = new Set(["default", "button", "html", "iframe", "image", "table", "documentPreview", "expression"]);
export const offered = (type) => !NOT_OFFERED.has(type);
