// The fields for arrays and for maps, to which items can be added.

import { button, fill, freshId, h } from "./dom.js";
import { showErrors } from "./fields.js";
import { Group } from "./group.js";
import { isObject } from "./json.js";
import { itemsOf, valuesOf } from "./schema.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Workshop} Workshop */
/** @typedef {{field: Field, element: HTMLElement, key: HTMLInputElement | null}} Item */

/** How many items a form shows; more can be sent as JSON. */
const MOST = 100;

/** Items that can be added and removed. */
class Items extends Group {
  /** @type {Item[]} */
  items = [];

  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   * @param {{noun: string, isFixed: boolean}} manner
   */
  constructor(schema, label, workshop, { noun, isFixed }) {
    super(schema, label, workshop);
    this.noun = noun;
    this.isFixed = isFixed;
    this.list = h("div", { class: "items" });
    this.adder = button(`Add ${noun}`, () => this.add(), { class: "quiet", "aria-label": `Add ${noun} to ${label}` });
    fill(this.body, this.list, isFixed ? null : this.adder);
  }

  /**
   * @param {Schema} schema
   * @param {HTMLInputElement | null} key
   */
  insert(schema, key) {
    const field = this.workshop.make(schema, key ? "value" : `${this.noun} ${this.items.length}`, this.workshop);
    const label = h("label", { class: "field" }, "key", key);
    const item = { field, key, element: h("div", { class: "item" }, key && label, field.element) };
    if (!this.isFixed) item.element.append(button("Remove", () => this.remove(item), { class: "quiet" }));
    this.items.push(item);
    this.list.append(item.element);
    this.name();
    return item;
  }

  add() {
    const item = this.insertNext();
    this.workshop.changed();
    (item.key ?? item.field).focus();
  }

  /** @returns {Item} */
  insertNext() {
    return this.insert(itemsOf(this.schema), null);
  }

  /** @param {number} count */
  grow(count) {
    while (this.items.length < Math.min(count, MOST)) this.insertNext();
  }

  /** @param {Item} item */
  remove(item) {
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    item.element.remove();
    this.name();
    this.workshop.changed();
    const next = this.items[Math.min(at, this.items.length - 1)]?.element.querySelector("button:last-child");
    (next instanceof HTMLButtonElement ? next : this.adder).focus();
  }

  name() {
    this.items.forEach(({ element, key }, at) => {
      const label = key ? null : element.querySelector("label, legend");
      if (label) label.textContent = `${this.noun} ${at}`;
      element.querySelector(":scope > button")?.setAttribute("aria-label", `Remove ${this.noun} ${at}`);
    });
  }

  /** @param {number} count */
  resize(count) {
    for (const item of this.items.splice(count)) item.element.remove();
    this.grow(count);
  }
}

/** An array: of items that are alike, or of a fixed length. @implements {Field} */
export class ListField extends Items {
  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    const isFixed = schema.prefixItems !== undefined || schema.maxItems?.text === "0";
    super(schema, label, workshop, { noun: "item", isFixed });
    this.grow(schema.prefixItems?.length ?? Number(schema.minItems ?? 0));
  }

  /** @override */
  insertNext() {
    return this.insert(this.schema.prefixItems?.[this.items.length] ?? itemsOf(this.schema), null);
  }

  read() {
    return this.items.map(({ field }) => field.read() ?? null);
  }

  /** @param {Json} value */
  write(value) {
    if (!Array.isArray(value) || value.length > MOST) return false;
    if (this.isFixed && this.items.length !== value.length) return false;
    this.resize(value.length);
    return value.map((one, at) => this.items[at]?.field.write(one) ?? false).every(Boolean);
  }

  /** @param {string[]} path @returns {{field: Field, rest: string[]}} */
  find(path) {
    const item = this.items[Number(path[0] ?? NaN)];
    return item ? item.field.find(path.slice(1)) : { field: this, rest: path };
  }
}

/** An object whose keys are data. @implements {Field} */
export class MapField extends Items {
  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    super(schema, label, workshop, { noun: "entry", isFixed: false });
    this.grow(Number(schema.minProperties ?? 0));
  }

  /** @override */
  insertNext() {
    const key = h("input", { type: "text", autocomplete: "off", spellcheck: "false", id: freshId() });
    key.addEventListener("input", () => {
      this.warn();
      this.workshop.changed();
    });
    return this.insert(valuesOf(this.schema), key);
  }

  warn() {
    const keys = this.items.map(({ key }) => key?.value);
    const isTwice = new Set(keys).size < keys.length;
    showErrors(this.errors, isTwice ? ["A key stands twice; the last one counts."] : []);
  }

  read() {
    /** @type {JsonObject} */
    const value = Object.create(null);
    for (const { field, key } of this.items) value[key?.value ?? ""] = field.read() ?? null;
    return value;
  }

  /** @param {Json} value */
  write(value) {
    const entries = isObject(value) ? Object.entries(value) : null;
    if (!entries || entries.length > MOST) return false;
    this.resize(entries.length);
    const all = entries.map(([key, one], at) => {
      const item = this.items[at];
      if (!item?.key) return false;
      item.key.value = key; // without line breaks, which a field of one line does not hold
      return item.field.write(one) && item.key.value === key;
    });
    this.warn();
    return all.every(Boolean);
  }

  /** @param {string[]} path @returns {{field: Field, rest: string[]}} */
  find(path) {
    const item = this.items.find(({ key }) => key?.value === path[0]);
    return item ? item.field.find(path.slice(1)) : { field: this, rest: path };
  }
}
