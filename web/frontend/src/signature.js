// A field of type "signature": a hand-written name, as a picture in the answers. It says in words whether it is signed,
// and a person who cannot draw may type a name instead.
import { Label, Errors } from "@bpmn-io/form-js-viewer";
import { jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useRef } from "preact/hooks";
import { word } from "./words.js";

const TYPE = "signature";

function Signature({ field, domId, value, errors = [], readonly, disabled, onChange }) {
  const pad = useRef(null);
  useEffect(() => {
    const canvas = pad.current;
    if (!canvas) return undefined;
    const pen = canvas.getContext("2d");
    pen.lineWidth = 3;
    pen.lineCap = "round";
    pen.strokeStyle = "#111";
    let drawing = false;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
    };
    const down = (event) => {
      drawing = true;
      canvas.setPointerCapture(event.pointerId);
      pen.beginPath();
      pen.moveTo(...at(event));
    };
    const on = (event) => {
      if (!drawing) return;
      pen.lineTo(...at(event));
      pen.stroke();
    };
    const up = () => {
      if (!drawing) return;
      drawing = false;
      onChange({ value: canvas.toDataURL("image/png") });
    };
    canvas.addEventListener("pointerdown", down);
    canvas.addEventListener("pointermove", on);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    return () => {
      canvas.removeEventListener("pointerdown", down);
      canvas.removeEventListener("pointermove", on);
      canvas.removeEventListener("pointerup", up);
      canvas.removeEventListener("pointercancel", up);
    };
  }, [value === null || value === undefined || value === ""]);
  const signed = typeof value === "string" && value.startsWith("data:image/");
  const closed = readonly || disabled;
  return jsxs("div", {
    class: `fjs-form-field fjs-form-field-signature${errors.length ? " fjs-has-errors" : ""}`,
    children: [
      jsx(Label, { htmlFor: domId, label: field.label, required: field.validate?.required }),
      signed
        ? jsx("img", { src: value, alt: word("Signed"), class: "yz-signature" })
        : jsx("canvas", {
            id: domId,
            ref: pad,
            width: 600,
            height: 200,
            tabIndex: 0,
            role: "img",
            "aria-label": `${field.label}：${word("Sign here")}`,
            class: "yz-signature yz-signature-pad",
          }),
      signed && !closed
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
Signature.config = { type: TYPE, keyed: true, emptyValue: null, label: "Signature", group: "basic-input", create: (options = {}) => options };

class SignatureField {
  constructor(formFields) {
    formFields.register(TYPE, Signature);
  }
}
SignatureField.$inject = ["formFields"];

export const signatureModule = { __init__: ["signatureField"], signatureField: ["type", SignatureField] };
