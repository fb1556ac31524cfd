// A WebSocket that shows every frame, and what a close code means in words.

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

export function explainEnd(code) {
  return ENDS[code] ?? "The server did not say why.";
}

// For the client's option WebSocket; traced(direction, content) has "sent", "received", "opened" or "closed".
export function tracing(traced) {
  return class extends WebSocket {
    constructor(url, protocols = []) {
      super(url, protocols);
      traced("opened", { url, protocols: protocols.map(hideToken) });
      this.addEventListener("message", ({ data }) => traced("received", JSON.parse(data)));
      this.addEventListener("close", ({ code }) => traced("closed", { code, meaning: explainEnd(code) }));
    }

    send(text) {
      const frame = JSON.parse(text);
      traced("sent", frame.action === "authenticate" ? { ...frame, token: "•••" } : frame);
      super.send(text);
    }
  };
}

function hideToken(protocol) {
  return protocol.startsWith("wsdrf.token.") ? "wsdrf.token.•••" : protocol;
}
