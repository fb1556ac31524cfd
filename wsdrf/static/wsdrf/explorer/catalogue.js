// What the server says of the project, and the places of the page that hashes name.

import { parse } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").Digits} Digits */
/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {{[name: string]: Schema}} Definitions */
/** @typedef {{name: string, type: string, pattern: string, description: string}} Parameter */
/** @typedef {{name: string, kind: "session" | "token" | "other", scheme: string}} AuthenticationClass */
/** @typedef {{action: string, payload: Schema | null}} Reply */
/** @typedef {{action: string, doc: string, payload: Schema | null, guards: string[]}} PublishedEvent */
/** @typedef {{means: string, retry: string}} CloseCode */
/** @typedef {"session" | "header" | "subprotocol" | "message" | "query"} Carrier */
/**
 * @typedef {object} Action
 * @property {string} action
 * @property {string} doc
 * @property {string} [method]
 * @property {boolean} stream
 * @property {boolean} concurrent
 * @property {Digits | null} timeout seconds
 * @property {Schema | null} payload
 * @property {boolean} payload_required
 * @property {Json} example
 * @property {string} [example_missing]
 * @property {Reply[]} replies
 * @property {string[]} guards
 * @property {string[]} throttles
 * @property {string[]} loads
 */
/**
 * @typedef {object} Consumer
 * @property {string} id
 * @property {string} name
 * @property {string} module
 * @property {string} path
 * @property {string} doc
 * @property {boolean} camelize
 * @property {string} denial
 * @property {Parameter[]} parameters
 * @property {string[]} guards
 * @property {string[]} throttles
 * @property {{[name: string]: Json}} limits
 * @property {AuthenticationClass[]} authentication
 * @property {Carrier[]} carriers
 * @property {string | null} [query_name]
 * @property {Action[]} actions
 * @property {PublishedEvent[]} events
 * @property {Definitions} $defs
 */
/**
 * @typedef {object} Catalogue
 * @property {string} title
 * @property {string | null} user
 * @property {{[code: string]: CloseCode}} close_codes
 * @property {Consumer[]} consumers
 * @property {string[]} strangers
 */
/** @typedef {{consumer: Consumer, actions: Action[]}} Found */
/** @typedef {{consumer: Consumer, action: Action | null}} Place */

/**
 * Fetch the catalogue. Throws `Error` with words for the reader.
 * @param {string} address
 * @returns {Promise<Catalogue>}
 */
export async function load(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`The catalogue was refused with ${response.status} ${response.statusText}.`);
  return /** @type {Catalogue} */ (/** @type {unknown} */ (parse(await response.text())));
}

/**
 * Find consumers and actions in which each word of the query stands.
 * @param {Catalogue} catalogue
 * @param {string} query
 * @returns {Found[]}
 */
export function search(catalogue, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  /** @param {string[]} texts */
  const has = (...texts) => words.every((word) => texts.join(" ").toLowerCase().includes(word));
  return catalogue.consumers.flatMap((consumer) => {
    const { name, path, doc, module, actions } = consumer;
    if (has(name, path, doc, module)) return [{ consumer, actions }];
    const found = actions.filter((one) => has(name, path, one.action, one.doc, ...one.guards));
    return found.length ? [{ consumer, actions: found }] : [];
  });
}

/**
 * Write the hash of a consumer or of one of its actions.
 * @param {Consumer} consumer
 * @param {Action | null} [action]
 */
export function hashOf(consumer, action = null) {
  return `#${consumer.id}${action ? `/${encodeURIComponent(action.action)}` : ""}`;
}

/**
 * Find what a hash names; `null` for nothing that is there.
 * @param {Catalogue} catalogue
 * @param {string} hash
 * @returns {Place | null}
 */
export function placeOf(catalogue, hash) {
  const [id, name] = hash.replace(/^#/, "").split("/", 2);
  const consumer = catalogue.consumers.find((one) => one.id === id);
  if (!consumer) return null;
  const action = name === undefined ? null : consumer.actions.find((one) => encodeURIComponent(one.action) === name);
  return action === undefined ? null : { consumer, action };
}

/** The words that tell whether to come back, in whole sentences. @type {{[retry: string]: string}} */
const ADVICE = {
  never: "Do not retry until the client, or what it asks for, has changed.",
  "after login": "Retry after logging in, or with other credentials.",
  "with back-off": "Retry with back-off: after a random pause, longer with every attempt.",
};

/**
 * Say what a close code means, and whether to come back.
 * @param {Catalogue} catalogue
 * @param {number} code
 * @returns {{means: string, advice: string, isLoginAsked: boolean}}
 */
export function explainClose(catalogue, code) {
  const known = catalogue.close_codes[code];
  const retry = known?.retry ?? (code >= 4400 && code < 4500 ? "never" : "with back-off");
  return { means: known?.means ?? unknownClose(code), advice: ADVICE[retry] ?? `Retry ${retry}.`, isLoginAsked: retry === "after login" };
}

/** @param {number} code */
function unknownClose(code) {
  if (code === 1006) {
    return "the handshake was refused, or the connection was lost; browsers do not tell which";
  }
  return code >= 4000 ? "a code of the project's own" : "the server, or the network in between, ended it";
}
