// Reading JSON Schema: what kind of value it asks for, and how to say that to a reader.

import { Digits, isObject, isSame, write } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./catalogue.js").Definitions} Definitions */
/**
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string} [title]
 * @property {string} [description]
 * @property {string | string[]} [type]
 * @property {Json} [const]
 * @property {Json[]} [enum]
 * @property {Json} [default]
 * @property {Schema[]} [anyOf]
 * @property {Schema[]} [oneOf]
 * @property {Schema[]} [allOf]
 * @property {Schema} [not]
 * @property {{[name: string]: Schema}} [properties]
 * @property {string[]} [required]
 * @property {Schema | boolean} [additionalProperties]
 * @property {Schema} [propertyNames]
 * @property {Schema | boolean} [items]
 * @property {Schema[]} [prefixItems]
 * @property {boolean} [uniqueItems]
 * @property {boolean} [readOnly]
 * @property {string} [pattern]
 * @property {string} [format]
 * @property {string} [contentEncoding]
 * @property {Digits} [minimum]
 * @property {Digits} [maximum]
 * @property {Digits} [exclusiveMinimum]
 * @property {Digits} [exclusiveMaximum]
 * @property {Digits} [minLength]
 * @property {Digits} [maxLength]
 * @property {Digits} [minItems]
 * @property {Digits} [maxItems]
 * @property {Digits} [minProperties]
 * @property {Digits} [maxProperties]
 * @property {string} [x-wsdrf-format]
 * @property {string[]} [x-wsdrf-undescribed]
 */
/**
 * @typedef {"union" | "choice" | "record" | "map" | "list" | "tuple" | "string" | "number" | "boolean" | "null" | "any"} Kind
 */

const SIMPLE = new Set(["string", "boolean", "null"]);
const WIDEST = new Set(["-9223372036854775808", "9223372036854775807"]);

/**
 * Follow references, and put what an `allOf` of one or more parts says into one schema.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @returns {Schema}
 */
export function resolve(schema, defs) {
  let found = schema;
  for (let turns = 0; found.$ref !== undefined && turns < 20; turns += 1) {
    found = defs[found.$ref.replace(/^#\/\$defs\//, "")] ?? {};
  }
  if (!found.allOf) return found;
  const { allOf, ...own } = found;
  return Object.assign({}, ...allOf.map((part) => resolve(part, defs)), own);
}

/**
 * Say what kind of field a schema, already resolved, takes.
 * @param {Schema} schema
 * @returns {Kind}
 */
export function kindOf(schema) {
  if (schema.enum || "const" in schema) return "choice";
  if (Array.isArray(schema.type)) return "union";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (SIMPLE.has(schema.type ?? "")) return /** @type {Kind} */ (schema.type);
  if (schema.anyOf || schema.oneOf) return "union";
  if (schema.type === "array") return Array.isArray(schema.prefixItems) ? "tuple" : "list";
  if (schema.type === "object") return schema.properties || schema.additionalProperties === false ? "record" : "map";
  return "any";
}

/**
 * Give the members of a union.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @returns {Schema[]}
 */
export function membersOf(schema, defs) {
  if (Array.isArray(schema.type)) {
    const { default: _, description: __, ...rest } = schema;
    return schema.type.map((type) => (type === "null" ? { type } : { ...rest, type }));
  }
  const members = (schema.oneOf ?? schema.anyOf ?? []).map((member) => resolve(member, defs));
  const tag = schema.required; // what tells the members apart has to be sent, though each has a default for it
  return tag ? members.map((one) => ({ ...one, required: [...new Set([...(one.required ?? []), ...tag])] })) : members;
}

/**
 * Name the type of a schema, for a reader; what contains itself goes by its name the second time.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @param {string[]} [outer] references that are being followed
 * @returns {string}
 */
export function typeText(schema, defs, outer = []) {
  const found = resolve(schema, defs);
  const within = schema.$ref === undefined ? outer : [...outer, schema.$ref];
  if (within.length > outer.length && outer.includes(schema.$ref ?? "")) return found.title ?? nameOf(schema);
  /** @param {Schema} inner */
  const text = (inner) => typeText(inner, defs, within);
  switch (kindOf(found)) {
    case "choice":
      return found.title ?? (found.enum ?? [found.const ?? null]).map((one) => write(one)).join(" | ");
    case "union":
      return membersOf(found, defs).map(text).join(" | ");
    case "record":
      return found.title ?? "object";
    case "map":
      return `map of ${text(valuesOf(found))}`;
    case "list":
      return `array of ${text(itemsOf(found))}`;
    case "tuple":
      return `[${(found.prefixItems ?? []).map(text).join(", ")}]`;
    case "any":
      return found.not ? "nothing" : "any JSON";
    default:
      return formatOf(found) || String(found.type);
  }
}

/** @param {Schema} schema */
function nameOf(schema) {
  return (schema.$ref ?? "").replace(/^#\/\$defs\//, "");
}

/**
 * Count the levels of the smallest value, where `pick` is `Math.min`, or of the first form that any choice of members
 * may lead to, where it is `Math.max`; `Infinity` for what never ends.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @param {(...depths: number[]) => number} pick
 * @param {string[]} [outer] references that are being followed
 * @returns {number}
 */
export function depthOf(schema, defs, pick, outer = []) {
  if (schema.$ref !== undefined && outer.includes(schema.$ref)) return Infinity;
  const found = resolve(schema, defs);
  const within = schema.$ref === undefined ? outer : [...outer, schema.$ref];
  const depths = innerOf(found).map((one) => depthOf(one, defs, pick, within));
  return kindOf(found) === "union" && depths.length ? pick(...depths) : 1 + Math.max(0, ...depths);
}

/**
 * Give what a value has to have in it, and of a union every member.
 * @param {Schema} schema
 * @returns {Schema[]}
 */
function innerOf(schema) {
  switch (kindOf(schema)) {
    case "union":
      return schema.oneOf ?? schema.anyOf ?? [];
    case "record":
      return (schema.required ?? []).map((name) => schema.properties?.[name] ?? {});
    case "list":
      return Number(schema.minItems ?? 0) ? [itemsOf(schema)] : [];
    case "map":
      return Number(schema.minProperties ?? 0) ? [valuesOf(schema)] : [];
    default:
      return schema.prefixItems ?? [];
  }
}

/**
 * Name the form of a text, such as `date-time`.
 * @param {Schema} schema
 */
export function formatOf(schema) {
  return schema.format ?? schema["x-wsdrf-format"] ?? schema.contentEncoding ?? "";
}

/** @param {Schema} schema @returns {Schema} */
export function itemsOf(schema) {
  return typeof schema.items === "object" ? schema.items : {};
}

/** @param {Schema} schema @returns {Schema} */
export function valuesOf(schema) {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
}

/**
 * Say in words what a value has to keep to. The 64 bits that every integer has are not worth a word.
 * @param {Schema} schema
 * @param {Definitions} defs
 * @returns {string[]}
 */
export function constraintsOf(schema, defs) {
  const found = resolve(schema, defs);
  const parts = found.anyOf && found.type === "string" ? Object.assign({}, ...found.anyOf, found) : found;
  return [
    span("length", parts.minLength, parts.maxLength),
    span("items", kindOf(found) === "list" ? parts.minItems : undefined, kindOf(found) === "list" ? parts.maxItems : undefined),
    span("keys", parts.minProperties, parts.maxProperties),
    span("", bound(parts.minimum), bound(parts.maximum)),
    parts.exclusiveMinimum ? `> ${parts.exclusiveMinimum}` : "",
    parts.exclusiveMaximum ? `< ${parts.exclusiveMaximum}` : "",
    parts.uniqueItems ? "no item twice" : "",
    parts.pattern && !formatOf(parts) ? `matches ${parts.pattern.replaceAll("$(?!\\n)", "$")}` : "",
    kindOf(found) === "choice" && found.title ? choicesText(found) : "",
    ...(found["x-wsdrf-undescribed"] ?? []).filter((one) => /^(validator|init|range|pattern|field)/.test(one)).map((one) => `also: ${one}`),
  ].filter(Boolean);
}

/** @param {Schema} schema */
function choicesText(schema) {
  return (schema.enum ?? [schema.const ?? null]).map((one) => write(one)).join(", ");
}

/** @param {Digits | undefined} digits */
function bound(digits) {
  return digits && WIDEST.has(digits.text) ? undefined : digits;
}

/**
 * @param {string} what
 * @param {Digits | undefined} least
 * @param {Digits | undefined} most
 */
function span(what, least, most) {
  if (!least && !most) return "";
  const range = least && most ? (isSame(least, most) ? `${least}` : `${least} to ${most}`) : least ? `≥ ${least}` : `≤ ${most}`;
  return what ? `${what} ${range}` : range;
}

/**
 * Tell whether a value is of the kind that a schema asks for; limits do not count.
 * @param {Json} value
 * @param {Schema} schema
 * @param {Definitions} defs
 * @returns {boolean}
 */
export function fits(value, schema, defs) {
  const found = resolve(schema, defs);
  switch (kindOf(found)) {
    case "choice":
      return (found.enum ?? [found.const ?? null]).some((one) => isSame(one, value));
    case "union":
      return membersOf(found, defs).some((one) => fits(value, one, defs));
    case "record":
      return isObject(value) && isRecord(value, found, defs);
    case "map":
      return isObject(value) && Object.values(value).every((one) => fits(one, valuesOf(found), defs));
    case "list":
      return Array.isArray(value) && value.every((one) => fits(one, itemsOf(found), defs));
    case "tuple": {
      const items = found.prefixItems ?? [];
      return Array.isArray(value) && value.length === items.length && value.every((one, at) => fits(one, items[at] ?? {}, defs));
    }
    case "number":
      return value instanceof Digits && (found.type === "number" || /^-?\d+$/.test(value.text));
    case "null":
      return value === null;
    case "any":
      return !found.not;
    default:
      return typeof value === found.type;
  }
}

/**
 * @param {import("./json.js").JsonObject} value
 * @param {Schema} schema
 * @param {Definitions} defs
 */
function isRecord(value, schema, defs) {
  const properties = schema.properties ?? {};
  return (
    (schema.required ?? []).every((name) => name in value) &&
    Object.entries(value).every(([name, one]) => properties[name] !== undefined && fits(one, properties[name], defs))
  );
}
