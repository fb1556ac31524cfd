// Tables for readers: the fields of a payload, the replies of an action.

import { chips, h } from "./dom.js";
import { write } from "./json.js";
import { constraintsOf, itemsOf, kindOf, membersOf, resolve, typeText, valuesOf } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./catalogue.js").Definitions} Definitions */
/** @typedef {{name: string, schema: Schema, isRequired: boolean | null, depth: number}} Row */

const DEEPEST = 6;

/**
 * Write a table of everything that a payload holds; a sentence where it holds no fields.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @param {string} caption
 */
export function payloadTable(schema, defs, caption) {
  const rows = rowsOf(schema, defs);
  const head = h("tr", {}, ["Name", "Type", "Required", "Constraints", "Default"].map((one) => h("th", { scope: "col" }, one)));
  return h(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, head), h("tbody", {}, rows.map((row) => line(row, defs)))),
  );
}

/**
 * @param {Row} row
 * @param {Definitions} defs
 */
function line({ name, schema, isRequired }, defs) {
  const found = resolve(schema, defs);
  const limits = constraintsOf(schema, defs).map((one) => h("li", {}, one));
  const required = found.readOnly ? "read only" : isRequired === null ? "" : isRequired ? "yes" : "no";
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", { "data-label": "Type" }, h("code", {}, found.readOnly ? "ignored" : typeText(schema, defs))),
    h("td", { "data-label": "Required" }, required),
    h("td", { "data-label": "Constraints" }, found.description ? h("p", {}, found.description) : null, limits.length ? h("ul", {}, limits) : null),
    h("td", { "data-label": "Default" }, found.default === undefined ? "" : h("code", {}, write(found.default))),
  );
}

/**
 * @param {Schema} schema
 * @param {Definitions} defs
 * @returns {Row[]}
 */
function rowsOf(schema, defs) {
  const inner = partsOf(schema, defs, "", []);
  return inner.length ? inner : [{ name: "payload", schema, isRequired: null, depth: 0 }];
}

/**
 * Go through a schema; what contains itself is gone into once.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @param {string} path
 * @param {Schema[]} outer
 * @returns {Row[]}
 */
function partsOf(schema, defs, path, outer) {
  const found = resolve(schema, defs);
  if (outer.includes(found) || outer.length > DEEPEST) return [];
  const within = [...outer, found];
  /** @type {(inner: Schema, name: string) => Row[]} */
  const go = (inner, name) => partsOf(inner, defs, name, within);
  switch (kindOf(found)) {
    case "record": {
      const required = new Set(found.required);
      return Object.entries(found.properties ?? {}).flatMap(([name, one]) => {
        const full = path ? `${path}.${name}` : name;
        return [{ name: full, schema: one, isRequired: required.has(name), depth: outer.length }, ...go(one, full)];
      });
    }
    case "list":
      return go(itemsOf(found), `${path}[]`);
    case "tuple":
      return (found.prefixItems ?? []).flatMap((one, at) => go(one, `${path}[${at}]`));
    case "map":
      return go(valuesOf(found), `${path}{}`);
    case "union":
      return membersOf(found, defs).flatMap((one) => go(one, path ? `${path}(${typeText(one, defs)})` : typeText(one, defs)));
    default:
      return [];
  }
}

/**
 * Write a list of facts, each with its name; what is empty is left out.
 * @param {{[name: string]: string[] | string}} facts
 */
export function factList(facts) {
  const filled = Object.entries(facts).filter(([, value]) => value.length);
  return h(
    "dl",
    { class: "facts" },
    filled.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, typeof value === "string" ? value : chips("", value)))),
  );
}

/**
 * Write what a frame may be, and show its payload's fields on demand.
 * @param {string} action
 * @param {Schema | null} payload
 * @param {Definitions} defs
 * @param {(Node | null)[]} more
 */
export function frameItem(action, payload, defs, ...more) {
  const type = payload ? typeText(payload, defs) : "no payload";
  const isPlain = !payload || kindOf(resolve(payload, defs)) === "null";
  const head = [h("code", {}, action), h("span", { class: "muted" }, isPlain ? "no payload" : type)];
  if (isPlain || !payload) return h("li", { class: "frame" }, head, ...more);
  const details = h("details", {}, h("summary", {}, head));
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) details.append(payloadTable(payload, defs, `Fields of ${action}`));
  });
  return h("li", { class: "frame" }, details, ...more);
}
