// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.
/** What a client says and raises, and the small deeds that it is made of. */
import { RETRIES } from "./closing.js";
/** The server refused a call, or failed at it. `code` is for programs, `retryAfter` is in seconds. */
export class CallError extends Error {
    name = "CallError";
    code;
    statusCode;
    detail;
    errors;
    retryAfter;
    constructor(failure) {
        super(`${failure.status_code} ${failure.code}: ${String(failure.detail)}`);
        this.code = failure.code ?? "error";
        this.statusCode = failure.status_code ?? 500;
        this.detail = failure.detail;
        this.errors = failure.errors ?? [];
        this.retryAfter = failure.retry_after ?? null;
    }
}
/** There is no connection. Whether the server has done a call that was sent is not known. */
export class Disconnected extends Error {
    closing;
    name = "Disconnected";
    constructor(closing) {
        super(`${closing.code} ${closing.detail}`.trim());
        this.closing = closing;
    }
}
/** Too many calls wait for a connection, or too many items of a stream for their reader. */
export class QueueFull extends Error {
    name = "QueueFull";
}
/** Something took longer than it may. */
export class TimedOut extends Error {
    name = "TimedOut";
}
export const BROKEN = 1006;
export const COMPLETE = Symbol("complete");
/** Tell what a close code asks for. */
export function retryOf(code) {
    return RETRIES[code] ?? (code >= 4400 && code < 4500 ? "never" : "with back-off");
}
/** One call: what came for it, in order, and who waits for it. */
export class Exchange {
    id;
    text;
    isSent = false;
    #items = [];
    #isFull = false;
    #wake = null;
    constructor(id, text) {
        this.id = id;
        this.text = text;
    }
    put(item, bound) {
        if (this.#isFull)
            return;
        this.#isFull = this.#items.length >= bound;
        this.#items.push(this.#isFull ? new QueueFull("The stream is read too slowly.") : item);
        this.#wake?.();
    }
    async next() {
        while (this.#items.length === 0) {
            await new Promise((resolve) => {
                this.#wake = resolve;
            });
        }
        const item = this.#items.shift();
        if (item instanceof Error)
            throw item;
        return item;
    }
}
export const DEFAULTS = {
    timeout: 30_000,
    connectTimeout: 30_000,
    openTimeout: 15_000,
    heartbeat: 25_000,
    backoff: 500,
    maxBackoff: 30_000,
    renewBefore: 30_000,
    maxQueue: 100,
    maxItems: 10_000,
};
export function closingOf(code, detail) {
    return { code, detail, retry: retryOf(code), isFinal: false };
}
/** Give the address of the consumer on the site `url`. */
export function address(url, face, params) {
    const site = url.replace(/\/+$/, "").replace(/^http/, "ws");
    const given = new Map(Object.entries(params));
    const path = face.path.replace(/\{([^{}]+)\}/g, (_, name) => {
        const encoded = encodeURIComponent(String(given.get(name)));
        return face.slashed.includes(name) ? encoded.replace(/%2F/g, "/") : encoded;
    });
    return site + path;
}
export function handshake(url, face, carrier, token) {
    if (token !== undefined && carrier === "query")
        return [`${url}?${new URLSearchParams({ [face.query]: token })}`];
    if (token === undefined || carrier !== "subprotocol")
        return [url];
    const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
    const plain = encoded.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
    return [url, ["wsdrf", `wsdrf.token.${plain}`]];
}
export async function ask(source) {
    return typeof source === "function" ? source() : source;
}
/** Tell when a JWT expires, in milliseconds since 1970; `null` for a token that does not say. */
export function expiryOf(token) {
    try {
        const claims = (token ?? "").split(".")[1] ?? "";
        const { exp } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
        return typeof exp === "number" ? exp * 1000 : null;
    }
    catch {
        return null;
    }
}
/** Wait so long, or until `stopped`; no timer is left behind. */
export async function pause(milliseconds, stopped) {
    let timer;
    await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, milliseconds))), stopped]);
    clearTimeout(timer);
}
export function reason(signal) {
    const given = signal?.reason;
    return given instanceof Error ? given : new Error(String(given));
}
export async function limited(work, timeout, signal, late) {
    let timer;
    let abort = () => undefined;
    const limit = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new TimedOut(late())), timeout);
        abort = () => reject(reason(signal));
        signal?.addEventListener("abort", abort);
        if (signal?.aborted)
            abort();
    });
    try {
        return await Promise.race([work, limit]);
    }
    finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        work.catch(() => undefined); // nobody waits for it any more
    }
}
