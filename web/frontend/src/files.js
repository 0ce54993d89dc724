// A field for files. What is chosen is sent at once, so that a telephone that throws the page away while its camera is
// open, a reload or a dead battery loses nothing: the draft keeps the number under which the hall has it.
import { Description, Errors, FilePicker, Label } from "@bpmn-io/form-js-viewer";
import { jsx, jsxs } from "preact/jsx-runtime";
import { useRef, useState } from "preact/hooks";
import { word } from "./words.js";

/** The module of one form. keeper: upload(file) -> {id, name}, named(id) -> its name or undefined. */
export function filesModule(keeper) {
  function Files({ field, domId, value, errors = [], readonly, disabled, onChange }) {
    const input = useRef(null);
    const latest = useRef([]); // several are sent at once, and each adds to what the others left
    const [wrong, setWrong] = useState([]);
    const [sending, setSending] = useState(0);
    const ids = Array.isArray(value) ? value.filter((one) => /^\d+$/.test(one)) : [];
    latest.current = ids;
    const closed = readonly || disabled;
    const several = field.multiple === true || field.multiple === "true" || field.multiple === "=true";

    const set = (next) => {
      latest.current = next;
      onChange({ value: next.length ? next : null });
    };
    const chosen = async (event) => {
      const files = [...event.target.files];
      event.target.value = ""; // the same file may be chosen again after it was refused
      setWrong([]);
      setSending((many) => many + files.length);
      for (const file of files) {
        try {
          const kept = String((await keeper.upload(file)).id);
          set(several ? [...latest.current.filter((one) => one !== kept), kept] : [kept]);
        } catch (error) {
          setWrong((before) => [...before, error.message]);
        } finally {
          setSending((many) => many - 1);
        }
      }
    };

    const item = (id, index) => {
      const name = keeper.named(id) ?? word("File {value}", { value: index + 1 });
      return jsxs(
        "li",
        {
          children: [
            jsx("a", { href: `/files/${id}`, target: "_blank", rel: "noopener", children: name }),
            closed
              ? null
              : jsx("button", {
                  type: "button",
                  class: "fjs-button",
                  "aria-label": word("Take away {name}", { name }),
                  onClick: () => set(latest.current.filter((one) => one !== id)),
                  children: word("Take away"),
                }),
          ],
        },
        id,
      );
    };
    const all = [...wrong, ...errors];
    return jsxs("div", {
      class: `fjs-form-field fjs-form-field-filepicker${all.length ? " fjs-has-errors" : ""}`,
      children: [
        jsx(Label, { htmlFor: domId, label: field.label, required: field.validate?.required }),
        jsx("input", {
          type: "file",
          class: "fjs-hidden",
          ref: input,
          id: domId,
          disabled: closed,
          multiple: several || undefined,
          accept: field.accept || undefined,
          onChange: chosen,
          "aria-describedby": `${domId}-description ${domId}-error-message`,
          "aria-invalid": all.length > 0,
        }),
        jsx("button", {
          type: "button",
          class: "fjs-button fjs-filepicker-button",
          disabled: closed,
          onClick: () => input.current.click(),
          children: word("Browse"),
        }),
        jsx("p", {
          class: "fjs-form-field-description",
          role: "status",
          children: sending
            ? word("Sending {value} files", { value: sending })
            : ids.length
              ? word("{value} files are here", { value: ids.length })
              : word("No files selected"),
        }),
        ids.length ? jsx("ul", { class: "yz-files", children: ids.map(item) }) : null,
        jsx(Description, { id: `${domId}-description`, description: field.description }),
        jsx(Errors, { id: `${domId}-error-message`, errors: all }),
      ],
    });
  }
  Files.config = { ...FilePicker.config, sanitizeValue: ({ value }) => (Array.isArray(value) ? value : null) };

  class SentFiles {
    constructor(formFields) {
      formFields.register("filepicker", Files);
    }
  }
  SentFiles.$inject = ["formFields"];
  return { __init__: ["sentFiles"], sentFiles: ["type", SentFiles] };
}
