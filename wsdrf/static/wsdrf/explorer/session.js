// One consumer's connection: the socket, what is known of who one is, and the calls under way.

import { addressOf, pathOf, subprotocolsFor } from "./address.js";
import { explainClose } from "./catalogue.js";
import { Signal } from "./dom.js";
import { Digits, isObject, parse, write } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./catalogue.js").Catalogue} Catalogue */
/** @typedef {import("./catalogue.js").Consumer} Consumer */
/** @typedef {import("./catalogue.js").Action} Action */
/** @typedef {import("./address.js").Way} Way */
/** @typedef {"waiting" | "streaming" | "answered" | "complete" | "cancelled" | "refused" | "lost"} Outcome */
/** @typedef {{id: number, action: Action, startedAt: number, milliseconds: number, items: number, outcome: Outcome, frame: JsonObject | null}} Call */
/** @typedef {{status: string, text: string, detail: string, isOk: boolean}} Verdict */
/** @typedef {{code: number, reason: string, means: string, advice: string, isLoginAsked: boolean}} Ending */
/**
 * What the log shows as one entry.
 * @typedef {object} Entry
 * @property {"sent" | "received" | "note"} direction
 * @property {string} name
 * @property {string} brief one line
 * @property {string} [text] all of it
 * @property {Call | null} [call]
 * @property {boolean} [isBad]
 */

const HIDDEN = "•••";

/** A connection to one consumer, which can be opened again and again. */
export class Session {
  /** @type {"closed" | "connecting" | "open"} */
  state = "closed";
  /** @type {{[name: string]: string}} */
  parameters = {};
  /** @type {Way} */
  way = "anonymous";
  /** Kept here, in memory, and nowhere else. */
  token = "";
  /** @type {Verdict | null} */
  verdict = null;
  /** @type {Ending | null} */
  ending = null;
  /** @type {Signal<Session>} */
  changed = new Signal();
  /** @type {Signal<Entry>} */
  logged = new Signal();
  /** @type {Signal<Call>} */
  called = new Signal();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, Call>} */
  #calls = new Map();
  #lastId = 0;

  /**
   * @param {Catalogue} catalogue
   * @param {Consumer} consumer
   */
  constructor(catalogue, consumer) {
    this.catalogue = catalogue;
    this.consumer = consumer;
  }

  get path() {
    return pathOf(this.consumer, this.parameters);
  }

  /** Open the connection, in the way and with the token that are set. */
  connect() {
    this.close();
    const query = this.way === "query" ? `?${new URLSearchParams([[this.consumer.query_name ?? "token", this.token]])}` : "";
    const hidden = query && `?${this.consumer.query_name ?? "token"}=${HIDDEN}`;
    const socket = new WebSocket(addressOf(this.path) + query, this.way === "subprotocol" ? subprotocolsFor(this.token) : []);
    this.#socket = socket;
    this.state = "connecting";
    this.verdict = this.ending = null;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", ({ data }) => this.#heard(socket, data));
    socket.addEventListener("close", ({ code, reason }) => this.#closed(socket, code, reason));
    const protocols = this.way === "subprotocol" ? `, subprotocols wsdrf, wsdrf.token.${HIDDEN}` : "";
    this.#note("connecting", `${addressOf(this.path)}${hidden}${protocols}`);
    this.changed.emit(this);
  }

  close() {
    this.#socket?.close(1000);
  }

  /**
   * Send a call with an id of its own. The payload goes as it is typed.
   * @param {Action} action
   * @param {string | undefined} payload JSON; `undefined` for none
   * @returns {Call}
   */
  call(action, payload) {
    const id = (this.#lastId += 1);
    /** @type {Call} */
    const call = { id, action, startedAt: performance.now(), milliseconds: 0, items: 0, outcome: "waiting", frame: null };
    this.#calls.set(String(id), call);
    const middle = payload === undefined ? "" : `,"payload":${payload}`;
    this.#send(`{"action":${JSON.stringify(action.action)}${middle},"id":${id}}`, call);
    return call;
  }

  /** @param {Call} call */
  cancel(call) {
    call.outcome = "cancelled";
    this.#send(`{"action":"cancel","id":${call.id}}`, call);
    this.called.emit(call);
  }

  ping() {
    this.#send('{"action":"ping"}', null);
  }

  /** @param {string} token */
  authenticate(token) {
    const text = (/** @type {string} */ one) => JSON.stringify({ action: "authenticate", token: one });
    this.#socket?.send(text(token));
    this.#log("sent", text(HIDDEN), null);
  }

  /**
   * @param {string} text
   * @param {Call | null} call
   */
  #send(text, call) {
    this.#socket?.send(text);
    this.#log("sent", text, call);
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) return;
    this.state = "open";
    this.#note("open", socket.protocol ? `with subprotocol ${socket.protocol}` : "the handshake was accepted");
    if (this.way === "message") this.authenticate(this.token);
    this.changed.emit(this);
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} data
   */
  #heard(socket, data) {
    if (socket !== this.#socket) return;
    const text = String(data);
    const frame = frameOf(text);
    if (frame?.["action"] === "authentication") {
      this.verdict = verdictOf(frame["payload"]);
      this.changed.emit(this);
    }
    const call = frame && (this.#callOf(frame) ?? this.#callWithout(frame));
    if (call && frame) advance(call, frame);
    this.#log("received", text, call);
    if (!call) return;
    if (call.outcome === "cancelled" ? frame?.["action"] === "complete" : !isUnderWay(call)) this.#calls.delete(String(call.id));
    this.called.emit(call);
  }

  /** @param {JsonObject} frame */
  #callOf(frame) {
    const id = frame["id"];
    return (id instanceof Digits && this.#calls.get(id.text)) || null;
  }

  /**
   * Find the call of an error that bears no id, as for what is no JSON: the one that waits, if it is the only one.
   * @param {JsonObject} frame
   */
  #callWithout(frame) {
    if (frame["action"] !== "error" || "id" in frame) return null;
    const [call, ...others] = [...this.#calls.values()].filter((one) => one.outcome === "waiting");
    return others.length ? null : (call ?? null);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  #closed(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.state = "closed";
    this.ending = { code, reason, ...explainClose(this.catalogue, code) };
    const said = [`${this.ending.means}.`, reason && `Reason: ${reason}`, code !== 1000 && this.ending.advice].filter(Boolean).join(" ");
    this.logged.emit({ direction: "note", name: `closed ${code}`, brief: said, isBad: code !== 1000 });
    for (const call of this.#calls.values()) {
      if (!isUnderWay(call)) continue;
      call.outcome = "lost";
      this.called.emit(call);
    }
    this.#calls.clear();
    this.changed.emit(this);
  }

  /**
   * @param {"sent" | "received"} direction
   * @param {string} text
   * @param {Call | null} call
   */
  #log(direction, text, call) {
    const frame = frameOf(text);
    const payload = frame?.["payload"];
    const name = typeof frame?.["action"] === "string" ? frame["action"] : "no frame";
    const isError = direction === "received" && name === "error" && isObject(payload);
    const brief = isError ? errorText(payload) : payload === undefined ? "" : write(payload);
    this.logged.emit({ direction, name, brief, text: frame ? write(frame, true) : text, call, isBad: isError });
  }

  /**
   * @param {string} name
   * @param {string} brief
   */
  #note(name, brief) {
    this.logged.emit({ direction: "note", name, brief });
  }
}

/**
 * Tell whether answers to a call are still to come.
 * @param {Call} call
 */
export function isUnderWay(call) {
  return call.outcome === "waiting" || call.outcome === "streaming";
}

/**
 * Write an error's payload as a sentence.
 * @param {JsonObject} payload
 */
export function errorText(payload) {
  const wait = payload["retry_after"] === undefined ? "" : ` Retry after ${payload["retry_after"]} s.`;
  return `${payload["status_code"]} ${payload["code"]}: ${payload["detail"]}${wait}`;
}

/**
 * @param {string} text
 * @returns {JsonObject | null}
 */
function frameOf(text) {
  try {
    const frame = parse(text);
    return isObject(frame) ? frame : null;
  } catch {
    return null;
  }
}

/**
 * @param {Json | undefined} payload
 * @returns {Verdict | null}
 */
function verdictOf(payload) {
  if (!isObject(payload)) return null;
  const data = payload["data"];
  const detail = isObject(data) ? String(data["detail"] ?? "") : "";
  const status = String(payload["status_code"]);
  return { status, text: String(payload["status_text"]), detail, isOk: status === "200" };
}

/**
 * Take a frame as the next answer of a call.
 * @param {Call} call
 * @param {JsonObject} frame
 */
function advance(call, frame) {
  call.milliseconds = performance.now() - call.startedAt;
  const action = frame["action"];
  if (action === "error") call.outcome = "refused";
  else if (action === "complete" && call.outcome !== "cancelled") call.outcome = "complete";
  else if (action !== "complete") {
    call.items += 1;
    if (call.outcome !== "cancelled") call.outcome = call.action.stream ? "streaming" : "answered";
  }
  if (action !== "complete" || !call.frame) call.frame = frame;
}
