// A file field with the property draw: signature is signed by hand on the screen. The picture becomes a file like any
// other: stored, hashed and bound to the case. Who cannot draw may choose a photograph of a signature instead.
import { Errors, FilePicker, Label } from "@bpmn-io/form-js-viewer";
import { jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useRef, useState } from "preact/hooks";
import { word } from "./words.js";

let registry = null;
let counted = 0;

function Signature(props) {
  const { field, domId, value, errors = [], readonly, disabled, onChange } = props;
  const pad = useRef(null);
  const [picture, setPicture] = useState(null);
  const closed = readonly || disabled;
  useEffect(() => {
    const canvas = pad.current;
    if (!canvas || closed) return undefined;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.lineWidth = 5;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.strokeStyle = "#111";
    let drawing = false;
    let length = 0;
    let last = null;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
    };
    const down = (event) => {
      event.preventDefault();
      canvas.focus();
      drawing = true;
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      pen.beginPath();
      pen.moveTo(...last);
    };
    const on = (event) => {
      if (!drawing) return;
      const here = at(event);
      length += Math.hypot(here[0] - last[0], here[1] - last[1]);
      last = here;
      pen.lineTo(...here);
      pen.stroke();
    };
    const up = () => {
      if (!drawing) return;
      drawing = false;
      if (length < 60) return; // a touch by mistake is no name
      canvas.toBlob((blob) => {
        const key = value || `files::signature-${++counted}`;
        registry.setFiles(key, [new File([blob], "signature.png", { type: "image/png" })]);
        setPicture(canvas.toDataURL("image/png"));
        onChange({ value: key });
      }, "image/png");
    };
    const events = { pointerdown: down, pointermove: on, pointerup: up, pointercancel: up };
    for (const [name, call] of Object.entries(events)) canvas.addEventListener(name, call);
    return () => {
      for (const [name, call] of Object.entries(events)) canvas.removeEventListener(name, call);
    };
  }, [picture === null, closed]);
  const again = () => {
    if (value) registry.deleteFiles(value);
    setPicture(null);
    onChange({ value: null });
  };
  return jsxs("div", {
    class: `fjs-form-field fjs-form-field-signature${errors.length ? " fjs-has-errors" : ""}`,
    children: [
      jsx(Label, { htmlFor: domId, label: field.label, required: field.validate?.required }),
      jsx("canvas", {
        id: domId,
        ref: pad,
        width: 600,
        height: 200,
        tabIndex: 0,
        role: "img",
        "aria-label": `${field.label}：${picture || value ? word("Signed") : word("Sign here")}`,
        class: "yz-signature yz-signature-pad",
      }),
      jsx("p", { class: "fjs-form-field-description", children: value ? word("Signed") : word("Sign here") }),
      value && !closed
        ? jsx("button", { type: "button", class: "fjs-button", onClick: again, children: word("Sign again") })
        : null,
      jsx(Errors, { id: `${domId}-error-message`, errors }),
    ],
  });
}

function Picker(props) {
  return props.field.properties?.draw === "signature" ? jsx(Signature, props) : jsx(FilePicker, props);
}
Picker.config = FilePicker.config;

class SignatureField {
  constructor(formFields, fileRegistry) {
    registry = fileRegistry;
    formFields.register("filepicker", Picker);
  }
}
SignatureField.$inject = ["formFields", "fileRegistry"];

export const signatureModule = { __init__: ["signatureField"], signatureField: ["type", SignatureField] };
