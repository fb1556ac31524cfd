// The parts of a form that hold one value each. What holds others is in record.js, list.js and union.js.

import { freshId, h } from "./dom.js";
import { Digits, isNumber, isSame, parse, write } from "./json.js";
import { constraintsOf, formatOf, kindOf, typeText } from "./schema.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./catalogue.js").Definitions} Definitions */
/**
 * What a field is made with. `make` makes a field of any kind, `changed` is called when somebody edits one.
 * @typedef {object} Workshop
 * @property {Definitions} defs
 * @property {(schema: Schema, label: string, workshop: Workshop) => Field} make
 * @property {() => void} changed
 */
/**
 * A field of any kind. `read` gives `undefined` for what is left out; `write` tells whether it could show the value;
 * `find` goes as far along a path as there are fields; `fail` shows what is wrong with the value itself.
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {boolean} isGroup
 * @property {() => Json | undefined} read
 * @property {(value: Json) => boolean} write
 * @property {(path: string[]) => {field: Field, rest: string[]}} find
 * @property {(messages: string[]) => void} fail
 * @property {() => void} focus
 */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
/** @typedef {{control: Control, read: () => Json | undefined, write: (value: Json) => boolean}} Leaf */

const LONG_TEXT = 100;
/** @type {{[format: string]: string}} */
const SAMPLES = {
  "date-time": "2026-11-23T10:00:00Z",
  date: "2026-11-23",
  "time-local": "10:00:00",
  duration: "PT1H30M",
  uuid: "8d4fb0b0-3f4c-4c7e-9a55-0d2b6a3d8f10",
  decimal: "12.50",
  base64: "d3NkcmY=",
};

/** A field of one control, with its label, its hint and its errors. @implements {Field} */
export class LeafField {
  isGroup = false;

  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    const id = freshId();
    this.leaf = makeLeaf(schema);
    this.control = this.leaf.control;
    this.errors = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
    const hint = hintOf(schema, workshop.defs);
    this.control.id = id;
    this.control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
    this.control.addEventListener(this.control instanceof HTMLSelectElement ? "change" : "input", () => {
      this.fail([]);
      workshop.changed();
    });
    const isCheck = this.control.getAttribute("type") === "checkbox";
    const name = h("label", { for: id }, label);
    this.element = h(
      "div",
      { class: isCheck ? "field check" : "field" },
      isCheck ? [this.control, name] : [name, this.control],
      h("p", { class: "hint", id: `${id}-hint` }, hint),
      this.errors,
    );
  }

  read() {
    return this.leaf.read();
  }

  /** @param {Json} value */
  write(value) {
    return this.leaf.write(value);
  }

  /** Empty the field; tell whether it is left out then. */
  empty() {
    if (!(this.control instanceof HTMLSelectElement) && this.control.type !== "checkbox") this.control.value = "";
    return this.read() === undefined;
  }

  /** @param {string[]} path @returns {{field: Field, rest: string[]}} */
  find(path) {
    return { field: this, rest: path };
  }

  /** @param {string[]} messages */
  fail(messages) {
    showErrors(this.errors, messages);
    if (messages.length) this.control.setAttribute("aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
  }

  focus() {
    this.control.focus();
  }
}

/**
 * @param {HTMLElement} element
 * @param {string[]} messages
 */
export function showErrors(element, messages) {
  element.textContent = messages.join(" ");
  element.hidden = !messages.length;
}

/**
 * @param {Schema} schema
 * @param {Definitions} defs
 */
export function hintOf(schema, defs) {
  const type = kindOf(schema) === "choice" ? (schema.title ?? "") : typeText(schema, defs);
  const fallback = schema.default === undefined ? "" : `default ${write(schema.default)}`;
  const facts = [type, ...constraintsOf(schema, defs).filter((one) => kindOf(schema) !== "choice" || one.startsWith("also")), fallback];
  return [facts.filter(Boolean).join(" · "), schema.description ?? ""].filter(Boolean).join(". ");
}

/**
 * @param {Schema} schema
 * @returns {Leaf}
 */
function makeLeaf(schema) {
  switch (kindOf(schema)) {
    case "choice":
      return choice(schema.enum ?? [schema.const ?? null]);
    case "boolean":
      return checkbox();
    case "number":
      return number(schema);
    case "null":
      return choice([null]);
    case "string":
      return text(schema);
    default:
      return anything();
  }
}

/**
 * @param {Json[]} options
 * @returns {Leaf}
 */
function choice(options) {
  const written = options.map((one) => (typeof one === "string" ? one || "(empty)" : write(one)));
  const control = h("select", {}, written.map((one, at) => h("option", { value: at }, one)));
  return {
    control,
    read: () => options[control.selectedIndex],
    write: (value) => {
      const at = options.findIndex((one) => isSame(one, value));
      if (at >= 0) control.selectedIndex = at;
      return at >= 0;
    },
  };
}

/** @returns {Leaf} */
function checkbox() {
  const control = h("input", { type: "checkbox" });
  return {
    control,
    read: () => control.checked,
    write: (value) => {
      if (typeof value === "boolean") control.checked = value;
      return typeof value === "boolean";
    },
  };
}

/**
 * A number is kept as it is typed; what is none goes as the text that it is, for the server to refuse.
 * @param {Schema} schema
 * @returns {Leaf}
 */
function number(schema) {
  const control = h("input", {
    type: "text",
    inputmode: schema.type === "integer" ? "numeric" : "decimal",
    placeholder: schema.default instanceof Digits ? schema.default.text : null,
    autocomplete: "off",
  });
  return {
    control,
    read: () => {
      const typed = control.value.trim();
      if (!typed) return undefined;
      return isNumber(typed) ? new Digits(typed) : control.value;
    },
    write: (value) => {
      const isShown = value instanceof Digits || (typeof value === "string" && value.trim() !== "" && !isNumber(value.trim()));
      if (isShown) control.value = String(value);
      return isShown;
    },
  };
}

/**
 * @param {Schema} schema
 * @returns {Leaf}
 */
function text(schema) {
  const isLong = !formatOf(schema) && !schema.pattern && !(Number(schema.maxLength ?? Infinity) <= LONG_TEXT);
  const facts = { autocomplete: "off", spellcheck: "false", placeholder: SAMPLES[formatOf(schema)] };
  const control = isLong ? h("textarea", { rows: 2, ...facts }) : h("input", { type: "text", ...facts });
  return {
    control,
    read: () => control.value,
    write: (value) => {
      if (typeof value === "string") control.value = value;
      return typeof value === "string" && control.value === value;
    },
  };
}

/** @returns {Leaf} */
function anything() {
  const control = h("textarea", { rows: 2, class: "code", spellcheck: "false", placeholder: "JSON" });
  return {
    control,
    read: () => {
      try {
        return control.value.trim() ? parse(control.value) : undefined;
      } catch {
        return control.value; // no JSON yet: as a text, which the JSON beside the form shows
      }
    },
    write: (value) => {
      control.value = write(value);
      return true;
    },
  };
}
