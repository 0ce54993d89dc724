// Every word that a script puts on a page. The English text is the key; a Chinese page takes the Chinese of this one
// table, an English page the key itself, or a better English where the key is only a name.
import en from "./words.en.json";
import zh from "./words.zh.json";

export const chinese = () => !document.documentElement.lang.startsWith("en");

/** The word for `key` in the page's language, its {places} filled from `values`. */
export function word(key, values = {}) {
  const text = (chinese() ? zh[key] : en[key]) ?? key;
  return text.replace(/{([^}]+)}/g, (whole, name) => (values[name] === undefined ? whole : String(values[name])));
}

/** A module for form-js, bpmn-js and dmn-js, which all ask a service called `translate`. */
export const translateModule = { translate: ["value", word] };
