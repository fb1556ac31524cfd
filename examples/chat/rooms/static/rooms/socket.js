// One connection to one room: credentials, calls and their answers, and why it ended.

export class Refusal extends Error {
  constructor({ status_code: status, code, detail, errors = [] }) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    Object.assign(this, { status, code, errors });
  }
}

const ENDS = {
  1000: "It ended as intended.",
  1001: "The page or the server went away.",
  1006: "The line broke without a word: the server is gone, or it refused the handshake.",
  4400: "Too many frames that the server could not read.",
  4401: "Your credentials are missing, wrong or no longer valid. Sign in again.",
  4403: "You may not be here. Trying again will not help until somebody lets you in.",
  4404: "There is no such room.",
  4408: "The server waited too long for an answer.",
  4413: "A frame was too big.",
  4429: "Too much at once. Wait a little before you come back.",
  4500: "The server made a mistake. Try again later.",
  4503: "The server is full or restarting. Try again in a moment.",
  4900: "An administrator ended all your connections. You are still signed in.", // the demo's own, see rooms/admin.py
};

// Codes after which the same person may try again at once or in a moment, without changing anything.
const COME_BACK = new Set([1001, 1006, 4408, 4429, 4500, 4503, 4900]);

export function needsLogin(code) {
  return code === 4401;
}

export function mayComeBack(code) {
  return COME_BACK.has(code);
}

export function explainEnd(code) {
  return ENDS[code] ?? "The server did not say why.";
}

function base64url(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// listeners: entered(data), turnedAway(authentication), unasked(frame), ended(code, reason),
// traced(direction, content) with direction "sent", "received", "opened" or "closed".
export class RoomSocket {
  #pending = new Map();
  #lastId = 0;
  #listeners;
  #socket;

  constructor(room, identity, listeners) {
    this.#listeners = listeners;
    const url = new URL(`/ws/rooms/${room.id}/`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const offered = identity.way === "subprotocol" ? ["wsdrf", `wsdrf.token.${base64url(identity.token)}`] : [];
    this.#socket = new WebSocket(url, offered);
    listeners.traced("opened", { url: url.href, protocols: offered.map(hideToken) });
    if (identity.way === "message") {
      this.#socket.addEventListener("open", () => this.#send({ action: "authenticate", token: identity.token }));
    }
    this.#socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    this.#socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
  }

  // Answers with the reply's payload (null where there is none), or throws a Refusal.
  // With eachItem it is a stream: each item is handed over as it comes, and the answer is its end.
  call(action, payload, eachItem = null) {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("You are not in a room."));
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject, eachItem }));
    this.#send(payload === undefined ? { action, id } : { action, payload, id });
    return answer;
  }

  close() {
    this.#socket.close(1000);
  }

  #send(frame) {
    this.#listeners.traced("sent", frame.action === "authenticate" ? { ...frame, token: "•••" } : frame);
    this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame) {
    this.#listeners.traced("received", frame);
    const call = this.#pending.get(frame.id);
    if (call?.eachItem && !["complete", "error"].includes(frame.action)) {
      call.eachItem(frame.payload);
    } else if (call) {
      this.#pending.delete(frame.id);
      if (frame.action === "error") call.reject(new Refusal(frame.payload));
      else call.resolve(frame.payload);
    } else if (frame.action === "authentication") {
      if (frame.payload.status_code === 200) this.#listeners.entered(frame.payload.data);
      else this.#listeners.turnedAway(frame.payload);
    } else {
      this.#listeners.unasked(frame);
    }
  }

  #end(code, reason) {
    this.#listeners.traced("closed", { code, meaning: explainEnd(code) });
    for (const call of this.#pending.values()) call.reject(new Error("The connection ended before the answer came."));
    this.#pending.clear();
    this.#listeners.ended(code, reason);
  }
}

function hideToken(protocol) {
  return protocol.startsWith("wsdrf.token.") ? "wsdrf.token.•••" : protocol;
}
