// A text field with the property check: signature is signed by hand. Its answer is the pen's path in a box of 600 x 200,
// "M12 30 L13 31 …", which the server binds to what was signed. Who cannot draw is helped at a counter.
import { Errors, Label, Textfield } from "@bpmn-io/form-js-viewer";
import { jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useRef } from "preact/hooks";
import { draw, HEIGHT, listen, WIDTH } from "./pad.js";
import { word } from "./words.js";


/** What is kept of a signature, whether just drawn (a path) or stored (an object that holds one). */
const pathOf = (value) => (typeof value === "string" ? value : typeof value?.path === "string" ? value.path : "");

function Signature({ field, domId, value, errors = [], readonly, disabled, onChange }) {
  const pad = useRef(null);
  const path = pathOf(value);
  const closed = readonly || disabled;

  useEffect(() => draw(pad.current, path), [path]);

  useEffect(() => {
    const canvas = pad.current;
    if (closed) return undefined;
    return listen(canvas, path, (value) => onChange({ value }));
  }, [path, closed]);

  const words = path ? word("Signed") : word("Sign here");
  return jsxs("div", {
    class: `fjs-form-field fjs-form-field-signature${errors.length ? " fjs-has-errors" : ""}`,
    children: [
      jsx(Label, { htmlFor: domId, label: field.label, required: field.validate?.required }),
      jsx("canvas", {
        id: domId,
        ref: pad,
        width: WIDTH,
        height: HEIGHT,
        tabIndex: 0,
        role: "img",
        "aria-label": `${field.label}：${words}`,
        class: "yz-signature yz-signature-pad",
      }),
      jsx("p", { class: "fjs-form-field-description", children: words }),
      path && !closed
        ? jsx("button", {
            type: "button",
            class: "fjs-button",
            onClick: () => onChange({ value: null }),
            children: word("Sign again"),
          })
        : null,
      jsx(Errors, { id: `${domId}-error-message`, errors }),
    ],
  });
}

function Text(props) {
  return props.field.properties?.check === "signature" ? jsx(Signature, props) : jsx(Textfield, props);
}
Text.config = { ...Textfield.config, sanitizeValue: keepSignatures };

/** form-js turns objects into text; a stored signature must stay one. */
function keepSignatures(given) {
  if (given.formField?.properties?.check === "signature") return pathOf(given.value) || null;
  return Textfield.config.sanitizeValue(given);
}

class SignatureField {
  constructor(formFields) {
    formFields.register("textfield", Text);
  }
}
SignatureField.$inject = ["formFields"];

export const signatureModule = { __init__: ["signatureField"], signatureField: ["type", SignatureField] };
