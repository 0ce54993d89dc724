// The words of the canvas: bpmn-js's own in Chinese, ours for the panel and for what asks no translation service.
import zh from "bpmn-js-i18n/translations/zn.js";
import panel from "./words.panel.zh.json";
import { chinese, word } from "./words.js";

/** The word for an English one, its {places} filled from `values`. */
export function translate(template, values = {}) {
  const text = chinese() ? (panel[template] ?? zh[template] ?? word(template)) : template;
  return text.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
}
