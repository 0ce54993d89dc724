// A list to choose from, as the phone's own: its wheel is known to everybody, its letters are large, and a screen reader
// says it. form-js's own box stays where one searches in it, or where the options come from data.
import { Description, Errors, Label, Select } from "@bpmn-io/form-js-viewer";
import { jsx, jsxs } from "preact/jsx-runtime";
import { word } from "./words.js";

function Native({ field, domId, value, errors = [], readonly, disabled, onBlur, onFocus, onChange }) {
  const options = field.values ?? [];
  const chosen = options.findIndex((one) => one.value === value);
  return jsxs("div", {
    class: `fjs-form-field fjs-form-field-select${errors.length ? " fjs-has-errors" : ""}`,
    children: [
      jsx(Label, { htmlFor: domId, label: field.label, required: field.validate?.required }),
      jsxs("select", {
        id: domId,
        class: "fjs-select yz-select",
        disabled: disabled || readonly,
        onBlur: () => onBlur?.(),
        onFocus: () => onFocus?.(),
        onChange: (event) => onChange({ value: options[Number(event.target.value)]?.value ?? null }),
        "aria-describedby": `${domId}-description ${domId}-error-message`,
        "aria-invalid": errors.length > 0,
        children: [
          jsx("option", { value: "", selected: chosen < 0, children: word("Choose one") }),
          ...options.map((one, index) =>
            jsx("option", { value: String(index), selected: index === chosen, children: one.label }, String(index)),
          ),
        ],
      }),
      jsx(Description, { id: `${domId}-description`, description: field.description }),
      jsx(Errors, { id: `${domId}-error-message`, errors }),
    ],
  });
}

function Choice(props) {
  const { field } = props;
  return Array.isArray(field.values) && !field.searchable ? jsx(Native, props) : jsx(Select, props);
}
Choice.config = Select.config;

class NativeSelect {
  constructor(formFields) {
    formFields.register("select", Choice);
  }
}
NativeSelect.$inject = ["formFields"];

export const selectModule = { __init__: ["nativeSelect"], nativeSelect: ["type", NativeSelect] };
