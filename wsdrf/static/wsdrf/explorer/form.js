// A form for any schema.

import { LeafField } from "./fields.js";
import { ListField, MapField } from "./list.js";
import { RecordField } from "./record.js";
import { kindOf, resolve } from "./schema.js";
import { UnionField } from "./union.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./catalogue.js").Definitions} Definitions */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Workshop} Workshop */

/** @type {{[kind: string]: new (schema: Schema, label: string, workshop: Workshop) => Field}} */
const FIELDS = { record: RecordField, map: MapField, list: ListField, tuple: ListField, union: UnionField };

/**
 * Make the form of a payload. `changed` is called when somebody edits it.
 * @param {Schema} schema
 * @param {string} label
 * @param {Definitions} defs
 * @param {() => void} changed
 * @returns {Field}
 */
export function makeForm(schema, label, defs, changed) {
  return make(schema, label, { defs, changed, make });
}

/**
 * @param {Schema} schema
 * @param {string} label
 * @param {Workshop} workshop
 * @returns {Field}
 */
function make(schema, label, workshop) {
  const found = resolve(schema, workshop.defs);
  return new (FIELDS[kindOf(found)] ?? LeafField)(found, label, workshop);
}
