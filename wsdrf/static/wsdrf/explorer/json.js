// JSON without loss: a number stays the digits that it was written with, since JavaScript rounds beyond 2 ** 53.

/** The digits of a JSON number. */
export class Digits {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

/** @typedef {{[key: string]: Json}} JsonObject */
/** @typedef {null | boolean | string | Digits | JsonObject | any[]} Json JSDoc has no way to name a list of itself */

const DEEPEST = 200;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
/** @type {{[word: string]: Json}} */
const WORDS = { true: true, false: false, null: null };

/**
 * Tell whether a text is a number as JSON writes one.
 * @param {string} text
 */
export function isNumber(text) {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(text)?.[0] === text;
}

/**
 * @param {Json | undefined} value
 * @returns {value is JsonObject}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);
}

/**
 * Read a text. Throws `SyntaxError`, which says where, also for a key that stands twice.
 * @param {string} text
 * @returns {Json}
 */
export function parse(text) {
  const reader = new Reader(text);
  const value = reader.value(0);
  if (reader.position < text.length) throw reader.error("Something follows the value");
  return value;
}

class Reader {
  position = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /**
   * @param {number} depth
   * @returns {Json}
   */
  value(depth) {
    if (depth > DEEPEST) throw this.error("It is nested too deeply");
    this.take(SPACE);
    const value = this.bare(depth);
    this.take(SPACE);
    return value;
  }

  /**
   * @param {number} depth
   * @returns {Json}
   */
  bare(depth) {
    if (this.skip("{")) return this.object(depth);
    if (this.skip("[")) return this.array(depth);
    const string = this.take(STRING);
    if (string) return JSON.parse(string);
    const number = this.take(NUMBER);
    if (number) return new Digits(number);
    const word = this.take(WORD);
    if (word) return WORDS[word] ?? null;
    throw this.error(this.position < this.text.length ? "This is no JSON value" : "The text ends too early");
  }

  /** @param {number} depth */
  array(depth) {
    /** @type {Json[]} */
    const items = [];
    this.take(SPACE);
    if (this.skip("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.skip(","));
    this.expect("]");
    return items;
  }

  /** @param {number} depth */
  object(depth) {
    /** @type {JsonObject} */
    const members = Object.create(null);
    this.take(SPACE);
    if (this.skip("}")) return members;
    do {
      this.take(SPACE);
      const string = this.take(STRING);
      if (!string) throw this.error("A key in double quotes is missing");
      const key = /** @type {string} */ (JSON.parse(string));
      if (key in members) throw this.error(`The key ${string} stands twice`);
      this.take(SPACE);
      this.expect(":");
      members[key] = this.value(depth + 1);
    } while (this.skip(","));
    this.expect("}");
    return members;
  }

  /** @param {RegExp} pattern */
  take(pattern) {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.position += found.length;
    return found;
  }

  /** @param {string} character */
  skip(character) {
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  /** @param {string} character */
  expect(character) {
    if (!this.skip(character)) throw this.error(`Here should be ${character}`);
  }

  /** @param {string} what */
  error(what) {
    const before = this.text.slice(0, this.position).split("\n");
    return new SyntaxError(`${what}, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}.`);
  }
}

/**
 * Write a value, in one line or with two spaces for each level.
 * @param {Json} value
 * @param {boolean} [isPretty]
 * @param {string} [margin]
 * @returns {string}
 */
export function write(value, isPretty = false, margin = "") {
  if (value instanceof Digits) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${margin}  `;
  const [open, close, parts] = Array.isArray(value)
    ? ["[", "]", value.map((item) => write(item, isPretty, inner))]
    : ["{", "}", Object.entries(value).map(([key, item]) => member(key, write(item, isPretty, inner), isPretty))];
  if (!parts.length) return open + close;
  return isPretty ? `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}` : open + parts.join(",") + close;
}

/**
 * @param {string} key
 * @param {string} value
 * @param {boolean} isPretty
 */
function member(key, value, isPretty) {
  return `${JSON.stringify(key)}:${isPretty ? " " : ""}${value}`;
}

/**
 * Tell whether two values are the same; numbers also where one is written otherwise, as long as JavaScript can tell.
 * @param {Json} left
 * @param {Json} right
 */
export function isSame(left, right) {
  const isAlike = left instanceof Digits && right instanceof Digits && Number(left) === Number(right);
  return (isAlike && Number.isSafeInteger(Number(left))) || write(left) === write(right);
}
