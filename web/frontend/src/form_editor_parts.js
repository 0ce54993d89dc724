// What a designer can put on a form: form-js's own parts in Chinese, and ours, which are its parts with a property that
// the hall reads (an identity number, a signature, a village of the county).
import { FieldFactory, iconsByType } from "@bpmn-io/form-js-viewer";
import { say } from "./words.editor.js";

const options = () => [
  { label: say("Option {value}", { value: 1 }), value: "1" },
  { label: say("Option {value}", { value: 2 }), value: "2" },
];

/** type -> [its name in the palette, what it begins as beside its label]. */
const PLAIN = {
  textfield: ["Text field"],
  textarea: ["Text area"],
  number: ["Number"],
  datetime: ["Date time"],
  checkbox: ["Checkbox"],
  checklist: ["Checkbox group", () => ({ values: options() })],
  radio: ["Radio group", () => ({ values: options() })],
  select: ["Select", () => ({ values: options() })],
  taglist: ["Tag list", () => ({ values: options() })],
  filepicker: ["File picker"],
  text: ["Text view", () => ({ text: say("What people should know") })],
  group: ["Group"],
  dynamiclist: ["Dynamic list"],
  separator: ["Separator"],
  spacer: ["Spacer"],
};

/** Ours: name -> the part it is, and what it says. */
const OURS = {
  "cn-id": { type: "textfield", name: "Identity number", properties: { check: "cn-id" } },
  "cn-mobile": { type: "textfield", name: "Mobile number", properties: { check: "cn-mobile" } },
  "cn-phone": { type: "textfield", name: "Telephone", properties: { check: "cn-phone" } },
  uscc: { type: "textfield", name: "Credit code", properties: { check: "uscc" } },
  "bank-card": { type: "textfield", name: "Bank card", properties: { check: "bank-card" } },
  isbn: { type: "textfield", name: "Book number", properties: { check: "isbn" } },
  signature: { type: "textfield", name: "Signature", properties: { check: "signature" } },
  past: { type: "datetime", name: "Day until today", properties: { check: "past" } },
  villages: { type: "select", name: "Village", properties: { offers: "villages" } },
  towns: { type: "select", name: "Town", properties: { offers: "towns" } },
  offices: { type: "select", name: "Office", properties: { offers: "offices" } },
  rooms: { type: "select", name: "Place to book", properties: { offers: "rooms" } },
  register: { type: "select", name: "Entry of a register", properties: { offers: "register:" } },
};
const GROUP = { textfield: "basic-input", datetime: "basic-input", select: "selection" };

/** The name of a part, for the head of the panel: ours before form-js's. */
export function called(field) {
  const { check, offers = "" } = field.properties ?? {};
  const own = OURS[check] ?? OURS[offers.split(":")[0]];
  if (own?.type === field.type) return say(own.name);
  return say(PLAIN[field.type]?.[0] ?? field.type);
}

class Names {
  constructor(formFields) {
    for (const [type, [name, more]] of Object.entries(PLAIN)) {
      const Part = formFields.get(type);
      if (!Part) continue;
      const Named = (props) => Part(props);
      const { label, dateLabel } = Part.config.create({}, true);
      const begun = () => ({
        ...(label && { label: say(name) }),
        ...(dateLabel && { dateLabel: say(name) }),
        ...more?.(),
      });
      const create = (attrs = {}, isNew = true) => Part.config.create(isNew ? { ...begun(), ...attrs } : attrs, isNew);
      Named.config = { ...Part.config, name: say(name), create };
      if (Part.config.label) Named.config.label = say(name);
      formFields.register(type, Named);
    }
    for (const [id, own] of Object.entries(OURS)) {
      const Part = formFields.get(own.type);
      const Own = (props) => Part(props);
      Own.config = { ...Part.config, type: `yz:${id}`, name: say(own.name), group: GROUP[own.type], icon: iconsByType(own.type) };
      formFields.register(`yz:${id}`, Own);
    }
  }
}
Names.$inject = ["formFields"];

/** Makes of one of ours the part it is. */
class Factory extends FieldFactory {
  create(attrs, isNew = true) {
    const own = attrs.type?.startsWith("yz:") && OURS[attrs.type.slice(3)];
    if (!own) return super.create(attrs, isNew);
    const label = own.type === "datetime" ? { dateLabel: say(own.name) } : { label: say(own.name) };
    return super.create({ ...attrs, ...label, type: own.type, properties: { ...own.properties } }, isNew);
  }
}
Factory.$inject = FieldFactory.$inject;

export const partsModule = {
  __init__: ["partNames"],
  partNames: ["type", Names],
  fieldFactory: ["type", Factory],
};
