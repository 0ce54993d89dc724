// Days and times outside of forms, in the page's language and written as forms write them: a browser draws its own date
// field in the browser's language, whatever the page says. Fetched by page.js where a page has such a field.
//
// A telephone keeps its own wheel, as it does in forms: its owner knows it, and it speaks the telephone's language.
import flatpickr from "flatpickr";
import "flatpickr/dist/flatpickr.min.css";
import { Mandarin } from "flatpickr/dist/esm/l10n/zh.js";
import { chinese, word } from "./words.js";

const spoken = { monthAriaLabel: "月", yearAriaLabel: "年", hourAriaLabel: "时", minuteAriaLabel: "分" };
const KINDS = {
  date: { dateFormat: "Y-m-d", placeholder: "yyyy-mm-dd" },
  time: { dateFormat: "H:i", enableTime: true, noCalendar: true, placeholder: "hh:mm" },
  "datetime-local": { dateFormat: "Y-m-d H:i", enableTime: true, placeholder: "yyyy-mm-dd hh:mm" },
};

/** Give every native day and time field of the page a calendar; one that has its calendar is no native field any more. */
export function draw() {
  if (matchMedia("(pointer: coarse)").matches) return;
  for (const field of document.querySelectorAll(Object.keys(KINDS).map((kind) => `input[type="${kind}"]`).join(","))) {
    const { placeholder, ...kind } = KINDS[field.type];
    const limits = {};
    if (field.min) limits.minDate = field.min.replace("T", " ");
    if (field.max) limits.maxDate = field.max.replace("T", " ");
    const value = field.value.replace("T", " ");
    field.type = "text";
    field.value = value;
    field.placeholder ||= word(placeholder);
    field.autocomplete = "off";
    flatpickr(field, {
      ...kind,
      ...limits,
      allowInput: true,
      disableMobile: true,
      time_24hr: true,
      minuteIncrement: Math.max(1, Number(field.step || 300) / 60),
      locale: chinese() ? { ...Mandarin, ...spoken } : "default",
      // What is typed and is no day is the server's to refuse, by the field and in words.
      errorHandler: () => {},
      // In a dialog that lies above the page the calendar must lie in it, or it would be below.
      appendTo: field.closest("dialog") ?? undefined,
    });
  }
}
