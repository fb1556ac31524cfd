// The field for a union: which member it is, and the fields of that member.

import { fill, freshId, h } from "./dom.js";
import { Group } from "./group.js";
import { depthOf, fits, kindOf, membersOf, resolve, typeText } from "./schema.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Workshop} Workshop */

/** A union. Only the member that is chosen is built. @implements {Field} */
export class UnionField extends Group {
  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    super(schema, label, workshop);
    const { defs } = workshop;
    this.members = membersOf(schema, defs);
    this.label = label;
    this.selector = h(
      "select",
      { id: freshId(), "aria-label": `kind of ${label}` },
      this.members.map((one, at) => h("option", { value: at }, typeText(one, defs))),
    );
    this.selector.addEventListener("change", () => {
      this.choose(this.selector.selectedIndex);
      workshop.changed();
    });
    this.inner = h("div", { class: "member" });
    fill(this.body, this.selector, this.inner);
    this.field = this.choose(this.first());
  }

  /** Give the member to begin with: to build one is to build what it requires, and that has to come to an end. */
  first() {
    const { defs } = this.workshop;
    const safe = this.members.findIndex((one) => depthOf(one, defs, Math.max) < Infinity);
    if (safe >= 0) return safe;
    const depths = this.members.map((one) => depthOf(one, defs, Math.min));
    return depths.indexOf(Math.min(...depths));
  }

  /**
   * @param {number} at
   * @returns {Field}
   */
  choose(at) {
    this.selector.selectedIndex = at;
    const schema = this.members[at] ?? {};
    this.isNull = kindOf(resolve(schema, this.workshop.defs)) === "null";
    this.field = this.workshop.make(schema, typeText(schema, this.workshop.defs), this.workshop);
    fill(this.inner, this.isNull ? null : this.field.element);
    return this.field;
  }

  read() {
    return this.isNull ? null : this.field.read();
  }

  /** @param {Json} value */
  write(value) {
    const at = this.members.findIndex((one) => fits(value, one, this.workshop.defs));
    if (at < 0) return this.field.write(value);
    if (at !== this.selector.selectedIndex) this.choose(at);
    return this.isNull || this.field.write(value);
  }

  /** @param {string[]} path @returns {{field: Field, rest: string[]}} */
  find(path) {
    return this.isNull ? { field: this, rest: path } : this.field.find(path);
  }

  /** @override */
  focus() {
    this.selector.focus();
  }
}
