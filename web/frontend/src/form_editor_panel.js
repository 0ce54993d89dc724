// What can be said of a part of a form, in the words of the hall: only what the hall reads.
import { Fragment, render } from "preact";
import { jsx, jsxs } from "preact/jsx-runtime";
import { called } from "./form_editor_parts.js";
import { say } from "./words.editor.js";

const PAUSE = 300;
const CHOICES = ["radio", "select", "checklist", "taglist"];
const INPUTS = ["textfield", "textarea", "number", "datetime", "checkbox", "filepicker", ...CHOICES];
const OFFERS = ["villages", "towns", "offices", "branches", "committees", "rooms"];
const CHECKS = ["cn-id", "cn-mobile", "cn-phone", "uscc", "bank-card", "isbn", "signature"];

const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text));
const text = (written) => (written === "" ? undefined : written);

/** The record with this key said, or without it; undefined when nothing is left. */
function said(record, key, value) {
  const { [key]: _was, ...others } = record ?? {};
  const next = value === undefined ? others : { ...record, [key]: value };
  return Object.keys(next).length ? next : undefined;
}

export class Panel {
  constructor(editor, place) {
    this.editor = editor;
    this.place = place;
    const bus = editor.get("eventBus");
    bus.on("selection.changed", () => this.draw());
    bus.on("commandStack.changed", () => this.draw());
    this.wrong = {};
    this.draw();
  }

  get field() {
    return this.editor.get("selection").get() ?? this.editor._getState().schema;
  }

  /** These properties of the field say this now. */
  set(field, properties) {
    const other = Object.keys(properties).filter((key) => JSON.stringify(field[key]) !== JSON.stringify(properties[key]));
    if (other.length) this.editor.get("modeling").editFormField(field, properties);
  }

  inside(field, record, key, value) {
    this.set(field, { [record]: said(field[record], key, value) });
  }

  /** A name under which answers are kept: one of its own. */
  rename(field, key, value) {
    const name = value.trim();
    if (name === field[key]) return;
    const paths = this.editor.get("pathRegistry");
    const parent = this.editor.get("formFieldRegistry").get(field._parent);
    const around = (parent && paths.getValuePath(parent)) || [];
    let wrong = null;
    if (!name.split(".").every((part) => /^[\p{L}\p{N}_]+$/u.test(part))) wrong = say("Letters, digits and _ only");
    else {
      const { config } = this.editor.get("formFields").get(field.type);
      const free = paths.canClaimPath([...around, ...name.split(".")], {
        isClosed: config.keyed,
        isRepeatable: config.repeatable,
        claimerId: field.id,
        knownAncestorIds: parent ? [parent.id] : [],
      });
      if (!free) wrong = say("There is one of that name already");
    }
    this.wrong = wrong ? { [`${field.id}.${key}`]: wrong } : {};
    if (wrong) this.draw();
    else this.set(field, { [key]: name });
  }

  draw() {
    const field = this.field;
    const nothing = field.type === "default";
    render(
      jsxs("div", {
        class: "yz-properties",
        children: [
          jsx("h2", { children: nothing ? say("The form") : called(field) }),
          nothing
            ? jsx("p", { class: "yz-soft", children: say("Choose a part to say what it asks.") })
            : jsx(Fragment, { children: this.entries(field) }, field.id),
        ],
      }),
      this.place,
    );
  }

  entries(field) {
    const { type, properties = {}, validate = {} } = field;
    const of = (list) => list.filter(Boolean);
    const asks = INPUTS.includes(type);
    const signature = properties.check === "signature";
    const check = (value) => this.inside(field, "properties", "check", value);
    const rule = (key, label, read = number) =>
      this.line(field, label, validate[key], (value) => this.inside(field, "validate", key, read(value)));
    const own = (key, label, help) =>
      this.line(field, label, properties[key], (value) => this.inside(field, "properties", key, text(value)), { help });
    const plain = (key, label, read = text, more = {}) =>
      this.line(field, label, field[key], (value) => this.set(field, { [key]: read(value) }), more);
    const tick = (key, label) => this.tick(field, label, field[key] === true, (on) => this.set(field, { [key]: on || undefined }));

    return of([
      type === "text" && plain("text", "Text", text, { rows: 6, help: "Markdown and {value}", live: true }),
      type === "datetime" &&
        this.choice(field, "What is asked", field.subtype, ["date", "time", "datetime"], (subtype) => this.kind(field, subtype)),
      type === "datetime" && field.subtype !== "time" && plain("dateLabel", "Question", text, { live: true }),
      type === "datetime" && field.subtype !== "date" && plain("timeLabel", "Question for the time", text, { live: true }),
      (asks || type === "group" || type === "dynamiclist") && type !== "datetime" && plain("label", "Question", text, { live: true }),
      asks && this.name(field, "key"),
      (type === "group" || type === "dynamiclist") && this.name(field, "path"),
      asks && !signature && plain("description", "A word below", text, { live: true }),
      signature && own("hint", "A word beside the box"),
      asks && this.tick(field, "Must be answered", validate.required === true, (on) => this.inside(field, "validate", "required", on || undefined)),
      asks && tick("readonly", "Only to read"),

      type === "textfield" && this.choice(field, "Checked as", properties.check, ["", ...CHECKS], (value) => check(text(value)), "check"),
      signature && own("signs", "Signs these answers", "Names, by commas"),
      type === "datetime" && this.tick(field, "Not after today", properties.check === "past", (on) => check(on ? "past" : undefined)),
      type === "datetime" && field.subtype !== "time" && tick("disallowPassedDates", "Not before today"),
      type === "datetime" && field.subtype !== "date" && plain("timeInterval", "Minutes between the times", number),
      (type === "textarea" || (type === "textfield" && !properties.check)) && rule("minLength", "Characters, at least"),
      (type === "textarea" || (type === "textfield" && !properties.check)) && rule("maxLength", "Characters, at most"),
      type === "textfield" && !properties.check && rule("pattern", "Pattern", text),
      validate.pattern && own("pattern_hint", "Said when the pattern does not fit"),
      type === "number" && rule("min", "At least"),
      type === "number" && rule("max", "At most"),
      type === "number" && plain("decimalDigits", "Decimal places", number),
      type === "number" &&
        this.line(field, "Unit behind", field.appearance?.suffixAdorner, (value) => this.inside(field, "appearance", "suffixAdorner", text(value))),
      ...(CHOICES.includes(type) ? this.options(field) : []),
      type === "select" && tick("searchable", "Can be searched"),
      type === "filepicker" && plain("accept", "Kinds of file", text, { help: "such as .pdf,image/*" }),
      type === "filepicker" && tick("multiple", "Several files"),
      type === "filepicker" && own("newer_than", "Newer than", "An answer or a variable with a moment"),
      type === "dynamiclist" && plain("defaultRepetitions", "Rows at first", number),
      type === "dynamiclist" && tick("allowAddRemove", "Rows can be added"),
      (type === "group" || type === "dynamiclist") && tick("showOutline", "With a frame"),
      ["textfield", "textarea", "number", "radio", "select"].includes(type) && !signature &&
        plain("defaultValue", "Filled in at first", type === "number" ? number : text),
      this.line(field, "Hidden when", field.conditional?.hide, (value) => this.inside(field, "conditional", "hide", condition(value)), {
        rows: 2,
        code: true,
        help: 'FEEL, such as =for_whom != "family"',
      }),
    ]);
  }

  /** A day, a time, or both: each with the label it needs. */
  kind(field, subtype) {
    const label = field.dateLabel ?? field.timeLabel ?? say("Date time");
    const time = { timeLabel: field.timeLabel ?? label, use24h: true, timeSerializingFormat: "no_timezone", timeInterval: field.timeInterval ?? 15 };
    const none = { timeLabel: undefined, use24h: undefined, timeSerializingFormat: undefined, timeInterval: undefined };
    this.set(field, {
      subtype,
      dateLabel: subtype === "time" ? undefined : label,
      ...(subtype === "date" ? none : time),
    });
  }

  /** Where the options come from, and which they are. */
  options(field) {
    const { offers } = field.properties ?? {};
    const register = offers?.startsWith("register:");
    const known = offers === undefined || OFFERS.includes(offers);
    const from = register ? "register:" : known ? (offers ?? "") : "role";
    const give = (value) => this.inside(field, "properties", "offers", value);
    const own = (key, label, help) =>
      this.line(field, label, field.properties?.[key], (value) => this.inside(field, "properties", key, text(value)), { help });
    const parts = [
      this.choice(field, "Options from", from, ["", ...OFFERS, "register:", "role"], (value) =>
        give(value === "role" ? "applicant" : text(value)), "offers"),
    ];
    if (register) {
      parts.push(
        this.line(field, "Register", offers.slice(9), (value) => give(`register:${value.trim()}`)),
        this.choice(field, "Only of the case's", field.properties?.within ?? "", ["", "village", "town", "county"],
          (value) => this.inside(field, "properties", "within", text(value)), "within"),
        own("beside", "Also written behind", "Names, by commas"),
        this.tick(field, "Expired ones too", field.properties?.expired === "true", (on) =>
          this.inside(field, "properties", "expired", on ? "true" : undefined)),
      );
    } else if (from === "role") parts.push(this.line(field, "Role", offers, (value) => give(text(value.trim()))));
    if (field.valuesExpression !== undefined)
      parts.push(this.line(field, "Options by FEEL", field.valuesExpression, (value) => this.set(field, { valuesExpression: value }), { code: true }));
    else parts.push(this.rows(field));
    return parts;
  }

  rows(field) {
    const values = field.values ?? [];
    const set = (next) => this.set(field, { values: next });
    const cell = (index, key, label) =>
      jsx("input", {
        class: "form-control form-control-sm",
        "aria-label": say(label, { value: index + 1 }),
        value: values[index][key] ?? "",
        ...this.writing((value) => {
          // what nobody named otherwise is kept as it is read
          const one = { ...values[index], [key]: value };
          if (key === "label" && values[index].value === values[index].label) one.value = value;
          set(values.map((each, at) => (at === index ? one : each)));
        }, true),
      });
    return jsxs("fieldset", {
      class: "yz-options",
      children: [
        jsx("legend", { children: say("Options") }),
        jsxs("div", {
          class: "yz-option yz-soft",
          "aria-hidden": "true",
          children: [jsx("span", { children: say("Read") }), jsx("span", { children: say("Kept") })],
        }),
        ...values.map((_one, index) =>
          jsxs("div", {
            class: "yz-option",
            children: [
              cell(index, "label", "Words of option {value}"),
              cell(index, "value", "Value of option {value}"),
              button("↑", say("Option {value} up", { value: index + 1 }), index > 0, () =>
                set(values.map((one, at) => (at === index - 1 ? values[index] : at === index ? values[index - 1] : one)))),
              button("×", say("Take away option {value}", { value: index + 1 }), true, () => set(values.filter((_each, at) => at !== index))),
            ],
          }, String(index)),
        ),
        jsx("button", {
          type: "button",
          class: "btn btn-sm",
          onClick: () => set([...values, fresh(values)]),
          children: say("One more option"),
        }),
      ],
    }, "values");
  }

  name(field, key) {
    return this.line(field, key === "key" ? "Kept as" : "Kept below", field[key], (value) => this.rename(field, key, value), {
      code: true,
      help: "The name of the answer in diagram and papers",
      wrong: this.wrong[`${field.id}.${key}`],
    });
  }

  /** What is typed counts once it is left, or a moment after the last stroke (`live`); never within an input method. */
  writing(set, live = false) {
    let timer;
    const now = (event) => {
      clearTimeout(timer);
      set(event.target.value);
    };
    return {
      onChange: now,
      onInput: (event) => {
        clearTimeout(timer);
        if (live && !event.isComposing) timer = setTimeout(() => now(event), PAUSE);
      },
      onCompositionEnd: (event) => {
        if (live) timer = setTimeout(() => now(event), PAUSE);
      },
    };
  }

  line(field, label, value, set, { rows = 0, code = false, help = "", live = false, wrong = "" } = {}) {
    const id = `yz-p-${field.id}-${label.replace(/\W/g, "")}`;
    const about = help || wrong ? `${id}-about` : undefined;
    const common = {
      id,
      class: `form-control form-control-sm${code ? " yz-code" : ""}${wrong ? " is-invalid" : ""}`,
      value: value ?? "",
      "aria-describedby": about,
      spellcheck: false,
      ...this.writing(set, live),
    };
    return jsxs("div", {
      class: "yz-property",
      children: [
        jsx("label", { class: "form-label", for: id, children: say(label) }),
        rows ? jsx("textarea", { ...common, rows }) : jsx("input", common),
        about && jsx("p", { id: about, class: wrong ? "yz-error" : "yz-soft", role: wrong ? "alert" : undefined, children: wrong || say(help) }),
      ],
    }, label);
  }

  tick(field, label, on, set) {
    const id = `yz-p-${field.id}-${label.replace(/\W/g, "")}`;
    return jsxs("div", {
      class: "form-check yz-property",
      children: [
        jsx("input", { type: "checkbox", class: "form-check-input", id, checked: on, onChange: (event) => set(event.target.checked) }),
        jsx("label", { class: "form-check-label", for: id, children: say(label) }),
      ],
    }, label);
  }

  choice(field, label, value, all, set, group = "kind") {
    const id = `yz-p-${field.id}-${label.replace(/\W/g, "")}`;
    const known = all.includes(value ?? "") ? all : [value, ...all];
    return jsxs("div", {
      class: "yz-property",
      children: [
        jsx("label", { class: "form-label", for: id, children: say(label) }),
        jsx("select", {
          id,
          class: "form-select form-select-sm",
          value: value ?? "",
          onChange: (event) => set(event.target.value),
          children: known.map((one) =>
            jsx("option", { value: one, selected: one === (value ?? ""), children: all.includes(one) ? say(`${group}: ${one || "none"}`) : one }, one)),
        }),
      ],
    }, label);
  }
}

/** FEEL begins with its sign. */
function condition(written) {
  const feel = written.trim();
  if (!feel) return undefined;
  return feel.startsWith("=") ? feel : `=${feel}`;
}

/** An option that none of the others is. */
function fresh(values) {
  let n = values.length + 1;
  while (values.some((one) => one.value === say("Option {value}", { value: n }))) n += 1;
  const name = say("Option {value}", { value: n });
  return { label: name, value: name };
}

function button(sign, words, can, onClick) {
  return jsx("button", { type: "button", class: "btn btn-sm btn-icon", title: words, "aria-label": words, disabled: !can, onClick, children: sign });
}
