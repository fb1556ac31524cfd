// Making elements. Whatever comes from the server gets into the page as text, by no other way than this one.

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {{[name: string]: string | number | boolean | null | undefined}} Attributes */

/**
 * Make an element with attributes and children. An attribute that is `true` is set empty; `false` and `null` leave it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...filled(children));
  return element;
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
function filled(children) {
  return /** @type {(Node | string)[]} */ (children.flat().filter((child) => child || child === ""));
}

/**
 * Replace everything in an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...filled(children));
}

/**
 * Make a button that does something.
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {Attributes} [attributes]
 */
export function button(label, act, attributes = {}) {
  const element = h("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", act);
  return element;
}

let last = 0;

/** Give an id that no other element has. */
export function freshId() {
  last += 1;
  return `x${last}`;
}

/**
 * Write a docstring: its paragraphs as they are laid out, and what stands in backticks as code.
 * @param {string} text
 */
export function prose(text) {
  const paragraphs = text.split(/\n\s*\n/).filter((one) => one.trim());
  return h("div", { class: "prose" }, paragraphs.map((one) => h("p", {}, inline(one))));
}

/** @param {string} text */
function inline(text) {
  return text.split(/(``[^`]+``|`[^`]+`)/).map((part) => {
    const code = /^(`{1,2})([^`]+)\1$/.exec(part);
    return code ? h("code", {}, code[2]) : part;
  });
}

/**
 * Write a list of short facts; nothing where there is none.
 * @param {string} kind
 * @param {string[]} texts
 */
export function chips(kind, texts) {
  return texts.map((text) => h("span", { class: `chip ${kind}` }, text));
}

/** A value that others are told of when it changes. @template T */
export class Signal {
  /** @type {Set<(value: T) => void>} */
  #listeners = new Set();

  /**
   * Listen, until the function that this gives back is called.
   * @param {(value: T) => void} listener
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param {T} value */
  emit(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
