// The field for an object with named properties.

import { fill, freshId, h } from "./dom.js";
import { LeafField } from "./fields.js";
import { Group } from "./group.js";
import { isObject } from "./json.js";
import { kindOf, resolve } from "./schema.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Workshop} Workshop */

const GROUPS = new Set(["record", "map", "list", "tuple", "union"]);

/** One property. What need not be sent has a box that says whether it is; typing into the field ticks it. */
class Property {
  /** @type {Field | null} */
  field = null;

  /**
   * @param {string} name
   * @param {Schema} schema
   * @param {boolean} isRequired
   * @param {Workshop} workshop
   */
  constructor(name, schema, isRequired, workshop) {
    this.name = name;
    this.schema = schema;
    this.isRequired = isRequired;
    this.changed = workshop.changed;
    this.workshop = { ...workshop, changed: () => this.edited() };
    this.box = h("input", { type: "checkbox", id: freshId() });
    this.box.addEventListener("change", () => {
      this.include(this.box.checked);
      this.changed();
    });
    this.element = h("div", { class: "property" });
    const isGroup = GROUPS.has(kindOf(resolve(schema, workshop.defs)));
    if (!isRequired) this.element.append(h("label", { class: "send" }, this.box, ` send ${name}`));
    // A group that is left out is not built, since a type may contain itself.
    if (isRequired || !isGroup) this.show();
    this.paint();
  }

  get isSent() {
    return this.isRequired || this.box.checked;
  }

  show() {
    if (!this.field) {
      this.field = this.workshop.make(this.schema, this.name, this.workshop);
      this.element.prepend(this.field.element);
    }
    return this.field;
  }

  edited() {
    this.include(this.show().read() !== undefined);
    this.changed();
  }

  /** @param {boolean} isSent */
  include(isSent) {
    this.box.checked = isSent;
    if (isSent) this.show();
    this.paint();
  }

  paint() {
    this.element.classList.toggle("left-out", !this.isSent);
    if (this.field?.isGroup) this.field.element.hidden = !this.isSent;
  }

  read() {
    return this.isSent ? this.field?.read() : undefined;
  }

  /** @param {Json | undefined} value */
  write(value) {
    if (value !== undefined) {
      this.include(true);
      return this.show().write(value);
    }
    if (!this.isRequired) {
      this.include(false);
      return true;
    }
    const field = this.show();
    return field instanceof LeafField && field.empty();
  }
}

/** An object with named properties. @implements {Field} */
export class RecordField extends Group {
  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    super(schema, label, workshop);
    const required = new Set(schema.required);
    this.properties = Object.entries(schema.properties ?? {})
      .filter(([, one]) => !one.readOnly)
      .map(([name, one]) => new Property(name, one, required.has(name), workshop));
    fill(this.body, this.properties.map((one) => one.element));
    if (!this.properties.length) fill(this.body, h("p", { class: "hint" }, "It has no fields."));
  }

  read() {
    /** @type {JsonObject} */
    const value = Object.create(null);
    for (const property of this.properties) {
      const read = property.read();
      if (read !== undefined) value[property.name] = read;
    }
    return value;
  }

  /** @param {Json} value */
  write(value) {
    if (!isObject(value)) return false;
    const names = new Set(this.properties.map((one) => one.name));
    const all = this.properties.map((one) => one.write(value[one.name]));
    return all.every(Boolean) && Object.keys(value).every((name) => names.has(name));
  }

  /** @param {string[]} path @returns {{field: Field, rest: string[]}} */
  find(path) {
    const property = this.properties.find((one) => one.name === path[0]);
    return property ? property.show().find(path.slice(1)) : { field: this, rest: path };
  }
}
