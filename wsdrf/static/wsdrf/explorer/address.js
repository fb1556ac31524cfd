// Where a consumer is, and how one says who one is.

/** @typedef {import("./catalogue.js").Consumer} Consumer */
/** @typedef {"session" | "anonymous" | "subprotocol" | "message" | "query"} Way */
/** @typedef {{way: Way, label: string, note: string, isPossible: boolean, hasToken: boolean}} Choice */

/**
 * Write the path of a consumer with values in the place of its parameters.
 * @param {Consumer} consumer
 * @param {{[name: string]: string}} values
 */
export function pathOf(consumer, values) {
  return consumer.path.replace(/<(?:([^<>:]+):)?([^<>:]+)>/g, (whole, converter, name) => {
    const value = values[name];
    if (!value) return whole;
    return converter === "path" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
  });
}

/**
 * Write the address of a socket on this site.
 * @param {string} path
 */
export function addressOf(path) {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
}

/**
 * Write the subprotocols that carry a token.
 * @param {string} token
 */
export function subprotocolsFor(token) {
  const bytes = new TextEncoder().encode(token);
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return ["wsdrf", `wsdrf.token.${encoded.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`];
}

/**
 * Say in which ways somebody can connect to a consumer, and what to know of each. A browser sends the site's cookies
 * with every handshake, so who is logged in cannot be nobody.
 * @param {Consumer} consumer
 * @param {string} user who is logged in on the site; empty for nobody
 * @returns {Choice[]}
 */
export function choicesFor(consumer, user) {
  const readsSession = consumer.carriers.includes("session");
  const sessionCounts = readsSession && user !== "";
  const both = sessionCounts ? `Your session as ${user} goes along in a cookie. ${orderOf(consumer)}` : "";
  /** @type {(way: Way, label: string, note: string) => Choice} */
  const token = (way, label, note) => ({ way, label, note: `${note} ${both}`.trim(), isPossible: true, hasToken: true });
  /** @type {{[carrier: string]: Choice}} */
  const tokens = {
    subprotocol: token("subprotocol", "Token, as a subprotocol", "It travels in the handshake."),
    message: token("message", "Token, in the first message", "An authenticate frame follows the handshake."),
    query: token("query", "Token, in the query", "Servers and proxies write addresses to their logs."),
  };
  return [
    ...(readsSession ? [session(user)] : []),
    ...consumer.carriers.flatMap((carrier) => tokens[carrier] ?? []),
    {
      way: "anonymous",
      label: "Without credentials",
      note: sessionCounts ? `Your browser sends your cookies whatever is chosen here. Log out to connect as nobody.` : "",
      isPossible: !sessionCounts,
      hasToken: false,
    },
  ];
}

/** @param {string} user @returns {Choice} */
function session(user) {
  const note = user ? "By the session cookie of this site." : "Nobody is logged in on this site.";
  return { way: "session", label: user ? `As ${user}` : "As who is logged in", note, isPossible: Boolean(user), hasToken: false };
}

/**
 * Say which of two credentials counts: the authentication class that finds somebody first.
 * @param {Consumer} consumer
 */
function orderOf(consumer) {
  const first = consumer.authentication.find((one) => one.kind !== "other");
  return first ? `${first.name} is asked first.` : "";
}
